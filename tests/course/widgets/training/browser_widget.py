"""The training dashboard in a browser, with the test's own process as its kernel."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from stage import Stage

from cnnlib.course.widgets import TrainingDashboard
from cnnlib.course.widgets.training import gradient_norms
from cnnlib.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD

IMAGES = np.random.default_rng(5).random((60, 1, 8, 8)).astype(np.float32)
LABELS = (IMAGES.mean(axis=(1, 2, 3)) > 0.5).astype(np.int64)


def dashboard(epochs: int = 3, spoil: bool = False) -> TrainingDashboard:
    """Return one that takes 0.02 s for a batch, 6 batches for an epoch."""
    rng = np.random.default_rng(0)
    model = Sequential(
        Conv2d(1, 3, 3, rng=rng), ReLU(), MaxPool2d(2), Flatten(), Linear(27, 2, rng=rng)
    )

    def slowly(images: np.ndarray, _: np.random.Generator) -> np.ndarray:
        time.sleep(0.02)
        return images * np.float32(np.nan) if spoil else images

    return TrainingDashboard(
        model,
        (IMAGES[:48], LABELS[:48]),
        (IMAGES[48:], LABELS[48:]),
        epochs=epochs,
        batch_size=8,
        optimizer=SGD(model.parameters(), lr=0.05),
        rng=rng,
        augment=slowly,
    )


@pytest.fixture
def shown(stage: Callable[..., Stage]) -> Stage:
    return stage(dashboard())


def python(s: Stage) -> TrainingDashboard:
    assert isinstance(s.widget, TrainingDashboard)
    return s.widget


def button(s: Stage, name: str) -> Locator:
    return s.root.get_by_role("button", name=name, exact=True)


def status(s: Stage) -> Locator:
    return s.root.locator(".train-status")


def follow(s: Stage, phase: str) -> None:
    """Bring the browser the news until the training is in a phase."""
    deadline = time.monotonic() + 30
    while python(s).progress["phase"] != phase:
        assert time.monotonic() < deadline
        s.page.wait_for_timeout(20)
        s.pull()
    s.pull()


def test_it_is_trained_stopped_and_trained_on_with_the_mouse(shown: Stage) -> None:
    expect(status(shown)).to_have_text("Not started: 3 epochs of 6 batches are planned.")
    button(shown, "Train").click()
    follow(shown, "running")
    button(shown, "Stop").click()
    follow(shown, "stopped")
    expect(status(shown)).to_contain_text("Nothing is lost.")
    losses = len(python(shown).history.batch_losses)
    shown.page.wait_for_timeout(100)
    assert len(python(shown).history.batch_losses) == losses
    button(shown, "Go on").click()
    follow(shown, "done")
    assert len(python(shown).history.batch_losses) == 18
    expect(status(shown)).to_contain_text("Done: 3 of 3 epochs.")


def test_it_is_trained_stopped_and_trained_on_with_the_keys(shown: Stage) -> None:
    press = shown.page.keyboard.press
    button(shown, "Train").focus()
    press("Space")
    follow(shown, "running")
    expect(button(shown, "Stop")).to_be_focused()
    assert shown.spoken().startswith("Training: epoch 1 of 3, batch")
    press("Escape")
    follow(shown, "stopped")
    assert shown.spoken().startswith("Stopped: epoch")
    expect(button(shown, "Go on")).to_be_focused()
    press("Enter")
    follow(shown, "done")
    assert shown.spoken().startswith("Done: 3 of 3 epochs.")
    expect(button(shown, "Train")).to_be_focused()


def test_what_is_shown_is_what_happened(shown: Stage) -> None:
    python(shown).start()
    python(shown).wait()
    shown.pull()
    history, model = python(shown).history, python(shown).model
    shown.root.locator("summary", has_text="Table").click()
    rows = shown.root.locator(".train-table tr").all_inner_texts()
    assert len(rows) == 4
    for epoch, row in zip(history.epochs, rows[1:], strict=True):
        number, loss, right, val_loss, val_right = row.split("\t")
        assert int(number) == epoch.number
        assert float(loss) == pytest.approx(epoch.train_loss, rel=5e-3)
        assert float(val_loss) == pytest.approx(epoch.validation_loss, rel=5e-3)
        assert right == f"{epoch.train_accuracy:.1%}"
        assert val_right == f"{epoch.validation_accuracy:.1%}"
    texts = shown.root.locator(".train-norms dd:not(.train-bar)").all_inner_texts()
    names = shown.root.locator(".train-norms dt").all_inner_texts()
    norms = gradient_norms(model)
    assert names == list(norms)
    assert [float(text) for text in texts] == pytest.approx(list(norms.values()), rel=5e-3)
    words = shown.root.locator(".svg-picture").first.get_attribute("aria-label")
    assert words is not None
    assert words.startswith("Loss. training batches: 18 points, from ")
    tiles = shown.root.locator(".maps-tile")
    assert tiles.count() == 3
    tiles.nth(1).focus()
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("ArrowDown")
    shown.page.keyboard.press("ArrowRight")
    got = shown.root.locator(".maps-read").inner_text()
    place, value = got.split(": ")
    assert place == "filter 1, row 1, column 1"
    expected = float(model[0].weight.value[1, 0, 1, 1])
    assert float(value.replace("−", "-")) == pytest.approx(expected, rel=1e-3)


def test_the_curve_lies_where_the_losses_are(shown: Stage) -> None:
    python(shown).start()
    python(shown).wait()
    shown.pull()
    curve = shown.root.locator(".svg-picture").first.locator(".svg-curve").get_attribute("points")
    assert curve is not None
    points = np.array([pair.split(",") for pair in curve.split()], float)
    losses = np.array(python(shown).history.batch_losses)
    np.testing.assert_allclose(points[:, 0], 44 + np.arange(1, 19) / 6 / 3 * 218, atol=0.06)
    high = min(max(losses.max(), 0.1), 5)
    np.testing.assert_allclose(points[:, 1], 124 - losses / high * 117, atol=0.06)


def test_more_epochs_can_be_planned_when_all_are_done(shown: Stage) -> None:
    python(shown).start()
    python(shown).wait()
    shown.pull()
    expect(button(shown, "Train")).to_have_attribute("aria-disabled", "true")
    button(shown, "Train").focus()
    shown.page.keyboard.press("Enter")
    assert shown.complaint() == "All 3 epochs are done. Raise Epochs to train more."
    epochs = shown.root.get_by_role("spinbutton", name="Epochs")
    epochs.focus()
    shown.page.keyboard.press("ArrowUp")
    button(shown, "Train").click()
    follow(shown, "done")
    shown.page.wait_for_function("stage.widget.model.get('progress').epochs.length === 4")
    assert shown.complaint() == ""


@pytest.mark.parametrize("nonsense", ["", "many", "2.5", "0", "1001", "-3"])
def test_nonsensical_epochs_are_refused_in_words(shown: Stage, nonsense: str) -> None:
    epochs = shown.root.get_by_role("spinbutton", name="Epochs")
    epochs.fill(nonsense)
    epochs.press("Enter")
    assert "Epochs stays at 3." in shown.complaint()
    assert python(shown).epochs == 3


def test_a_training_that_fails_says_why(stage: Callable[..., Stage]) -> None:
    s = stage(dashboard(spoil=True))
    button(s, "Train").click()
    follow(s, "failed")
    assert "the loss became nan" in s.complaint()
    assert "Try a smaller learning rate" in s.complaint()
    expect(button(s, "Go on")).to_be_visible()


def test_nothing_moves_by_itself(shown: Stage) -> None:
    before = shown.root.inner_text()
    shown.page.wait_for_timeout(500)
    shown.pull()
    assert shown.root.inner_text() == before
    assert python(shown).history.batch_losses == []


def test_a_kernel_that_is_silent_is_told(make_page: Callable[..., Page]) -> None:
    shown = Stage(make_page(), dashboard())  # the clock is that of the whole window
    shown.page.clock.install()
    shown.lose_kernel()
    button(shown, "Train").click()
    expect(status(shown)).to_contain_text("Starting …")
    shown.page.clock.run_for(6000)
    assert "The kernel has not answered." in shown.complaint()
    expect(button(shown, "Train")).not_to_have_attribute("aria-disabled", "true")


def test_nothing_is_wider_than_a_narrow_page_at_twice_the_size(
    stage: Callable[..., Stage],
) -> None:
    widget = dashboard()
    widget.start()
    widget.wait()
    s = stage(widget, dark=True)
    s.page.set_viewport_size({"width": 640, "height": 900})
    s.page.add_style_tag(content="body { zoom: 2; margin: 0 }")
    assert s.page.evaluate("document.documentElement.scrollWidth") <= 640


def test_no_listener_is_left(shown: Stage) -> None:
    assert shown.dispose() == 0
