"""The filter stepper in a browser: driven by mouse and by keyboard, compared with cnnlib."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stage import Stage

from cnnlib.course.widgets import FilterStepper

IMAGE = [[[1, 2, 0], [0, 1, 3], [2, 1, 0]], [[0, 1, 1], [2, 0, 1], [1, 3, 0]]]
FILTERS = [[[[1, 0], [0, 2]], [[0, 1], [-2, 0]]], [[[0, 1], [1, 0]], [[1, 0], [0, -1]]]]


@pytest.fixture
def stepper(stage: Callable[..., Stage]) -> Stage:
    return stage(FilterStepper(IMAGE, FILTERS, [2, -3]))


def lines(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


def fill(shown: Stage) -> list[list[list[float | None]]]:
    shown.page.get_by_role("button", name="Fill all").click()
    return [shown.grid(f"map {f}").numbers() for f in range(2)]


def test_it_opens_on_the_first_window_of_filter_0(stepper: Stage) -> None:
    assert lines(stepper) == [
        "channel 0: 1·1 + 2·0 + 0·0 + 1·2 = 1 + 0 + 0 + 2 = 3",
        "channel 1: 0·0 + 1·1 + 2·(−2) + 0·0 = 0 + 1 + (−4) + 0 = −3",
        "all channels: 3 + (−3) = 0",
        "with the bias: 0 + 2 = 2",
    ]
    for channel in ("input, channel 0", "input, channel 1"):
        assert stepper.grid(channel).marked("in-window") == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert stepper.spoken() == ""


def test_the_steps_go_through_one_map_after_the_other(stepper: Stage) -> None:
    step = stepper.page.get_by_role("button", name="Step", exact=True)
    for _ in range(4):
        step.click()
    assert stepper.root.locator(".cnn-worked-place").inner_text() == "Map 1, row 0, column 0"
    assert len(stepper.grid("filter 1, kernel 0").marked("in-window")) == 4
    assert stepper.grid("filter 0, kernel 0").marked("in-window") == []


def test_all_maps_are_cnnlibs_whatever_is_edited(stepper: Stage) -> None:
    assert fill(stepper) == FilterStepper(**stepper.settings).output.tolist()
    stepper.enter("Bias of filter 1", "10")
    stepper.grid("filter 1, kernel 1").cell(0, 0).dblclick()
    stepper.page.keyboard.type("7")
    stepper.page.keyboard.press("Enter")
    stepper.enter("Padding", "1")
    stepper.enter("Stride", "2")
    assert stepper.settings["filters"][1][1][0][0] == 7
    assert fill(stepper) == FilterStepper(**stepper.settings).output.tolist()


def test_the_keyboard_walks_on_a_map(stepper: Stage) -> None:
    stepper.grid("map 1").cell(0, 0).focus()
    stepper.page.keyboard.press("ArrowRight")
    assert stepper.root.locator(".cnn-worked-place").inner_text() == "Map 1, row 0, column 1"
    assert stepper.spoken().startswith("Map 1, row 0, column 1.")


def test_what_does_not_fit_is_refused(stepper: Stage) -> None:
    stepper.enter("Padding", "9")
    assert "Padding must be at most 6, not 9." in stepper.complaint()
    stepper.enter("Stride", "0")
    assert "Stride must be at least 1, not 0." in stepper.complaint()


def test_without_a_kernel_all_goes_on(stepper: Stage) -> None:
    stepper.lose_kernel()
    stepper.enter("Bias of filter 0", "3")
    assert lines(stepper)[-1] == "with the bias: 0 + 3 = 3"


def test_nothing_is_left_behind(stepper: Stage) -> None:
    stepper.page.get_by_role("button", name="Play").click()
    assert stepper.dispose() == 0
