"""Box ∗ box in a browser: the box is slid by key, by mouse and by itself when asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stage import Stage

from cnnlib.course.widgets import BoxSlider


@pytest.fixture
def boxes(stage: Callable[..., Stage]) -> Stage:
    return stage(BoxSlider())


def said(shown: Stage) -> str:
    return shown.root.locator(".cnn-lines").inner_text()


def test_it_opens_still(boxes: Stage) -> None:
    assert said(boxes) == "t = 0.5: overlap from 0 to 0.5, area 0.5"
    assert boxes.spoken() == ""


def test_the_box_is_slid(boxes: Stage) -> None:
    boxes.page.get_by_role("slider", name="Step", exact=True).focus()
    boxes.page.keyboard.press("ArrowRight")
    assert boxes.settings["t"] == 0.55
    boxes.page.keyboard.press("End")
    assert said(boxes) == "t = 4: no overlap, the area is 0"
    assert "no overlap" in boxes.spoken()


def test_it_is_dragged_in_a_chart(boxes: Stage) -> None:
    box = boxes.root.get_by_role("img").first.bounding_box()
    em = box["width"] / 30
    left, right = box["x"] + 4.4 * em, box["x"] + box["width"] - 0.8 * em
    boxes.page.mouse.move(left + (right - left) * 3 / 6, box["y"] + box["height"] / 2)
    boxes.page.mouse.down()
    boxes.page.mouse.up()
    assert boxes.settings["t"] == pytest.approx(1, abs=0.06)


def test_a_wider_box_gives_a_level_top(boxes: Stage) -> None:
    boxes.page.get_by_role("slider", name="Width of the fixed box").focus()
    boxes.page.keyboard.press("End")
    assert boxes.settings["first"] == 2
    boxes.set(t=1.5)
    assert said(boxes) == "t = 1.5: overlap from 0.5 to 1.5, area 1"


def test_without_a_kernel_all_goes_on_and_nothing_is_left_behind(boxes: Stage) -> None:
    boxes.lose_kernel()
    boxes.page.get_by_role("button", name="Step", exact=True).click()
    assert said(boxes).startswith("t = 0.55")
    boxes.page.get_by_role("button", name="Play").click()
    assert boxes.dispose() == 0
