"""The occlusion brush in a real browser, with the test's own process as its kernel."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from stage import Stage
from subjects import WORDS, digits, photographs

from cnnlib.course.widgets import OcclusionBrush
from cnnlib.course.widgets.kit.subject import Subject
from cnnlib.course.widgets.occlusion import FILLS, corners


def brush() -> OcclusionBrush:
    return OcclusionBrush({"photographs": photographs(), "digits": digits()}, size=8, step=4)


@pytest.fixture
def shown(stage: Callable[..., Stage]) -> Stage:
    return stage(brush())


def python(s: Stage) -> OcclusionBrush:
    assert isinstance(s.widget, OcclusionBrush)
    return s.widget


def tried(s: Stage) -> Locator:
    return s.root.locator(".occ-tried")


def agrees(s: Stage) -> None:
    """Assert that the pictures and the words are Python's."""
    expect(s.root.locator(".cnn-widget")).not_to_have_attribute("aria-busy", "true")
    widget, one = python(s), python(s)._subject
    expected = np.moveaxis(255 * widget.covered / one.white, 0, -1)
    assert np.abs(s.pixels("picture").astype(float) - expected).max() <= 0.51
    classes = one.classes
    words = f"{classes[widget.watched]}: {widget.probability:.1%}, without the square"
    expect(s.root.locator(".occ-words")).to_contain_text(words)
    known = np.isfinite(widget.heat)
    count = "all" if known.all() else f"{known.sum()} of"
    expect(tried(s)).to_contain_text(f"{count} {known.size} places tried: ")
    # Only where something was tried, the map has a colour.
    drawn = s.pixels("map").astype(int)
    starts = [corners(length, widget.size, widget.step) for length in one.shape[1:]]
    for i, row in enumerate(starts[0]):
        for j, column in enumerate(starts[1]):
            middle = drawn[row + widget.size // 2, column + widget.size // 2]
            lost = widget.before - widget.heat[i, j]
            if not known[i, j]:
                assert np.ptp(middle) == 0
            elif abs(lost) > 0.5 * np.nanmax(np.abs(widget.before - widget.heat)):
                assert (middle[0] > middle[2]) == (lost > 0)


def test_the_square_is_moved_with_the_keys(shown: Stage) -> None:
    shown.board("picture").focus()
    places = [(1, 0), (1, 2), (1, 4), (1, 3), (0, 3), (0, 3)]
    keys = ["ArrowDown", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowLeft", "ArrowUp", "ArrowUp"]
    for key, place in zip(keys, places, strict=True):
        shown.page.keyboard.press(key)
        agrees(shown)
        assert tuple(python(shown).place) == place
    assert shown.spoken().startswith("Square on rows 0 to 7, columns 12 to 19. ")
    assert np.isfinite(python(shown).heat).sum() == 6  # where it stopped, and no more


def test_the_square_is_dragged(shown: Stage) -> None:
    box = shown.board("picture").locator("canvas").bounding_box()
    pixel = box["width"] / 24
    mouse = shown.page.mouse
    mouse.move(box["x"] + 4 * pixel, box["y"] + 4 * pixel)
    mouse.down()
    mouse.move(box["x"] + 12 * pixel, box["y"] + 12 * pixel, steps=4)
    mouse.up()
    agrees(shown)
    assert tuple(python(shown).place) == (2, 2)
    before = np.isfinite(python(shown).heat).sum()
    mouse.move(box["x"] + 20 * pixel, box["y"] + 20 * pixel)
    agrees(shown)
    assert np.isfinite(python(shown).heat).sum() == before


def test_all_places_are_tried_by_themselves(shown: Stage) -> None:
    shown.press("Try all")
    expect(tried(shown)).to_contain_text("all 25 places tried")
    agrees(shown)
    assert shown.spoken().startswith("All places are tried. all 25 places tried: ")
    expect(shown.root.get_by_role("button", name="Try all")).to_be_visible()
    shown.press("Try all")
    assert shown.spoken() == "All places are tried."


@pytest.mark.parametrize("how", ["button", "Escape", "arrow"])
def test_trying_all_is_stopped(
    stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    forward = Subject.probabilities

    def slowly(self: Subject, pixels: np.ndarray) -> np.ndarray:
        time.sleep(0.1)
        return forward(self, pixels)

    monkeypatch.setattr(Subject, "probabilities", slowly)
    shown = stage(brush())
    shown.press("Try all")
    if how == "button":
        shown.press("Stop")
    elif how == "Escape":
        shown.root.get_by_role("button", name="Stop").press("Escape")
    else:
        shown.board("picture").press("ArrowDown")
    expect(shown.root.get_by_role("button", name="Try all")).to_be_visible()
    agrees(shown)
    done = int(np.isfinite(python(shown).heat).sum())
    assert done < 25
    shown.page.wait_for_timeout(400)
    assert int(np.isfinite(python(shown).heat).sum()) == done
    agrees(shown)


def test_size_step_class_and_fill(shown: Stage) -> None:
    shown.enter("Size", "12")
    agrees(shown)
    shown.enter("Step", "6")
    agrees(shown)
    assert (python(shown).size, python(shown).step) == (12, 6)
    for fill in FILLS:
        shown.root.get_by_label("Square", exact=True).select_option(fill)
        agrees(shown)
    for word in WORDS:
        shown.root.get_by_label("Class", exact=True).select_option(label=word)
        agrees(shown)
        assert WORDS[python(shown).watched] == word


def test_a_place_beyond_the_new_grid_moves_inside(shown: Stage) -> None:
    python(shown).place = (4, 4)
    shown.pull()
    shown.enter("Size", "24")
    agrees(shown)
    assert tuple(python(shown).place) == (0, 0)


def test_what_makes_no_sense_is_refused(shown: Stage) -> None:
    shown.enter("Size", "25")
    assert shown.complaint() == "The picture has only 24 pixels. Size stays at 8."
    shown.enter("Size", "0")
    assert shown.complaint() == "Size must be at least 1, not 0. Size stays at 8."
    shown.enter("Step", "half")
    assert "is no number" in shown.complaint()
    shown.enter("Size", "9")
    assert shown.complaint() == ""
    agrees(shown)


def test_another_network_and_picture(shown: Stage) -> None:
    shown.root.get_by_label("Picture", exact=True).select_option("a ramp")
    agrees(shown)
    shown.root.get_by_label("Network", exact=True).select_option("digits")
    agrees(shown)
    assert (python(shown).size, python(shown).step, python(shown).of) == (7, 3, None)


def test_without_a_kernel_it_says_so(page: Page) -> None:
    page.clock.install()
    shown = Stage(page, brush())
    shown.lose_kernel()
    shown.press("Try all")
    expect(shown.root.locator(".subject-note")).to_have_text("computing …")
    page.clock.run_for(20_000)
    assert "The kernel has not answered." in shown.complaint()
    shown.press("Stop")
    expect(shown.root.get_by_role("button", name="Try all")).to_be_visible()


def test_it_fits_a_phone_and_leaves_nothing_behind(page: Page, zoomed) -> None:
    zoomed(brush())
    page.set_viewport_size({"width": 360, "height": 800})
    shown = Stage(page, brush())
    assert shown.overflow() <= 0
    assert shown.dispose() == 0
