"""Gradient descent in a browser: stepped, edited, driven too fast, compared with cnnlib."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect
from stage import Stage

from cnnlib.course.widgets import DescentStepper
from cnnlib.course.widgets.descent import descend

X = [[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]]
DUE = [[144, 66, 160], [247, 97, 95], [215, 121, 136]]
KERNEL = [[11, 4], [5, 2]]


@pytest.fixture
def stepper(stage: Callable[..., Stage]) -> Stage:
    """Return the pair of input and output that notebook 02 works out by hand."""
    return stage(DescentStepper(X, DUE))


def lines(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


def text(shown: Stage, name: str) -> str:
    return shown.root.locator(f".down-{name}").inner_text()


def place(shown: Stage) -> str:
    return shown.root.locator(".cnn-worked-place").inner_text()


# The arithmetic


# Steps


def test_it_opens_on_a_kernel_of_zeros(stepper: Stage) -> None:
    assert place(stepper) == "Step 0, loss"
    assert stepper.grid("kernel").numbers() == [[0, 0], [0, 0]]
    assert stepper.grid("error").numbers() == [[-v for v in row] for row in DUE]
    assert stepper.grid("gradient").numbers() == [[None, None], [None, None]]
    assert lines(stepper)[0].startswith("loss = ((−144)² + (−66)² + (−160)² + ")
    assert lines(stepper)[0].endswith(" / 9 = 23277")
    assert stepper.spoken() == ""


def test_loss_gradient_and_update_come_one_by_one(stepper: Stage) -> None:
    first, second = descend(X, DUE, np.zeros((2, 2)), 0.004, 1)
    stepper.press("Step")
    assert place(stepper) == "Step 0, gradient"
    np.testing.assert_array_equal(stepper.grid("gradient").numbers(), first.gradient.round())
    assert lines(stepper)[0].startswith(
        "gradient of weight (0, 0) = 2/9 · ((−144) · 5 + (−66) · 1 + (−160) · 7 + (−247) · 15 + "
    )
    assert len(stepper.grid("input").marked("in-window")) == 9
    stepper.press("Step")
    np.testing.assert_allclose(stepper.grid("next kernel").numbers(), second.weights, rtol=1e-3)
    assert lines(stepper)[0].startswith("weight (0, 0): 0 − 0.004 · (−")
    assert stepper.spoken().startswith("Step 0, update. weight 0, 0: 0 minus 0.004 times minus")
    stepper.press("Step")
    assert place(stepper) == "Step 1, loss"
    np.testing.assert_allclose(stepper.grid("kernel").numbers(), second.weights, rtol=1e-3)
    assert text(stepper, "result") == "The loss fell from 23277 to 5809.7."


def test_the_walk_is_counted_in_steps_whatever_the_stops(stepper: Stage) -> None:
    """Three stops make one step, so a count of stops would be three times too large."""
    place = stepper.root.locator(".cnn-place")
    assert place.inner_text() == "step 0 of 200, loss"
    for told in ("step 0 of 200, gradient", "step 0 of 200, update", "step 1 of 200, loss"):
        stepper.press("Step")
        assert place.inner_text() == told
    stepper.page.get_by_role("slider").press("End")
    assert place.inner_text() == "step 200 of 200, loss"
    stepper.page.get_by_role("switch").press("Enter")
    assert place.inner_text() == "step 200 of 200"
    stepper.press("Start again")
    assert place.inner_text() == "step 0 of 200"


def test_a_descent_that_is_given_up_counts_the_steps_it_took(stepper: Stage) -> None:
    stepper.enter("Learning rate", "1")
    taken = len(descend(X, DUE, np.zeros((2, 2)), 1, 200)) - 1
    assert 0 < taken < 200
    assert stepper.root.locator(".cnn-place").inner_text() == f"step 0 of {taken}, loss"


def test_whole_steps_lead_to_the_kernel(stepper: Stage) -> None:
    switch = stepper.page.get_by_role("switch")
    switch.press("Enter")
    expect(switch).not_to_be_checked()
    stepper.page.get_by_role("slider").press("End")
    expected = descend(X, DUE, np.zeros((2, 2)), 0.004, 200)[-1]
    assert place(stepper) == "Step 200"
    np.testing.assert_allclose(stepper.grid("kernel").numbers(), expected.weights, rtol=1e-3)
    np.testing.assert_allclose(stepper.grid("kernel").numbers(), KERNEL, atol=0.001)
    assert len(lines(stepper)) == 3
    stepper.press("Start again")
    assert stepper.grid("kernel").numbers() == [[0, 0], [0, 0]]


def test_play_can_be_paused_and_speaks_briefly(stepper: Stage) -> None:
    stepper.page.get_by_role("switch").click()
    stepper.page.get_by_label("Speed").select_option("fast")
    stepper.press("Play")
    expect(stepper.root.locator(".cnn-worked-place")).not_to_have_text("Step 0")
    stepper.page.keyboard.press("Escape")
    expect(stepper.page.get_by_role("button", name="Play")).to_be_visible()
    assert "The loss fell from" in stepper.spoken()
    assert "weight" not in stepper.spoken()


def test_another_weight_is_chosen_by_keyboard_and_by_pointing(stepper: Stage) -> None:
    stepper.press("Step")
    stepper.grid("kernel").cell(0, 0).focus()
    stepper.page.keyboard.press("ArrowRight")
    assert lines(stepper)[0].startswith("gradient of weight (0, 1) = 2/9 · ((−144) · 1 + ")
    stepper.grid("gradient").cell(1, 0).hover()
    assert lines(stepper)[0].startswith("gradient of weight (1, 0) = 2/9 · ((−144) · 15 + ")
    assert stepper.grid("input").marked("in-window")[0] == (1, 0)


# Numbers of one's own


def test_too_large_a_learning_rate_is_explained(stepper: Stage) -> None:
    stepper.press("Step", 3)
    stepper.enter("Learning rate", "0.006")
    assert stepper.settings["learning_rate"] == 0.006
    assert text(stepper, "result") == "The loss rose from 23277 to 35053."
    assert text(stepper, "note") == (
        "This learning rate is too large. Where the valley is narrowest, each step multiplies the "
        "distance to its bottom by 1 − 0.006 · 372.3 = −1.23: past the bottom, and further away "
        "on the other side each time. In the end the loss grows without bounds. Any learning rate "
        "below 2 / 372.3 = 0.00537 reaches the bottom."
    )
    assert stepper.spoken().startswith("This learning rate is too large.")
    assert text(stepper, "legend") == "solid: rate 0.006; dashed: rate 0.004"
    stepper.page.get_by_role("slider").press("End")
    assert "more than a million times the first" in text(stepper, "result")


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ("0", "With a learning rate of 0 nothing moves."),
        ("0.001", "0.628: never past the bottom."),
        ("0.005", "−0.862: past the bottom, but nearer each time."),
    ],
)
def test_other_learning_rates_are_explained(stepper: Stage, rate: str, words: str) -> None:
    stepper.enter("Learning rate", rate)
    assert words in text(stepper, "note")


def test_an_edited_weight_is_a_new_start(stepper: Stage) -> None:
    stepper.press("Step", 3)
    kernel = stepper.grid("kernel").numbers()
    stepper.grid("kernel").cell(0, 0).focus()
    stepper.page.keyboard.type("11")
    stepper.page.keyboard.press("Enter")
    np.testing.assert_allclose(
        stepper.settings["kernel"], [[11, kernel[0][1]], kernel[1]], rtol=1e-3
    )
    assert place(stepper) == "Step 0, loss"
    assert stepper.spoken().startswith("Start again. The loss is ")


def test_target_and_input_are_edited(stepper: Stage) -> None:
    stepper.grid("target").cell(0, 0).dblclick()
    stepper.page.keyboard.type("0")
    stepper.page.keyboard.press("Enter")
    stepper.grid("input").cell(3, 3).dblclick()
    stepper.page.keyboard.type("-1")
    stepper.page.keyboard.press("Enter")
    assert stepper.settings["target"][0] == [0, 66, 160]
    assert stepper.settings["image"][3] == [15, 3, 12, -1]
    assert stepper.grid("error").numbers()[0] == [0, -66, -160]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("fast", "“fast” is no number. Type one such as 3, −2.5 or 1/9."),
        ("-1", "Learning rate must be at least 0, not −1."),
        ("2000", "Learning rate must be at most 1000, not 2000."),
    ],
)
def test_nonsense_is_explained_and_loses_nothing(stepper: Stage, typed: str, words: str) -> None:
    before = stepper.settings
    stepper.enter("Learning rate", typed)
    assert stepper.complaint() == f"{words} Learning rate stays at 0.004."
    assert stepper.settings == before


def test_an_input_of_zeros_is_flat_ground(stage: Callable[..., Stage]) -> None:
    shown = stage(DescentStepper(np.zeros((3, 3)), np.ones((2, 2))))
    assert "the ground is flat" in text(shown, "note")
    shown.press("Step", 3)
    assert text(shown, "result") == "The loss stays at 1."


# The look


def test_the_chart_says_what_it_shows(stepper: Stage) -> None:
    stepper.press("Step", 3)
    assert stepper.root.get_by_role("img").get_attribute("aria-label") == (
        "Chart of the loss over the steps, its axis logarithmic. Step 0: 23277. Step 1: 5809.7."
    )


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(DescentStepper(np.ones((28, 28)), np.ones((24, 24))))
    shown.press("Step")
    assert lines(shown)[0].endswith("(the sum of 576 products, error · pixel) = −2")


# Time, kernel, end


def test_how_soon_the_answer_comes(
    stepper: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    times = []
    for name in ("Step", "Back"):
        stepper.page.get_by_role("button", name=name, exact=True).focus()
        times += stepper.time_keys(["Enter"] * 12)
    assert median_redraw(times) < 2000  # the median, for the machine is shared


def test_without_a_kernel_all_goes_on(stepper: Stage) -> None:
    stepper.lose_kernel()
    stepper.enter("Learning rate", "0.001")
    stepper.press("Step", 3)
    assert text(stepper, "result") == "The loss fell from 23277 to 9416.3."


def test_nothing_is_left_behind(stepper: Stage) -> None:
    stepper.press("Play")
    assert stepper.dispose() == 0
