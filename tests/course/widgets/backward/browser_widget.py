"""The backward stepper in a browser: both views fill the gradient that cnnlib gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stage import Stage

from cnnlib.course.widgets import BackwardStepper


@pytest.fixture
def stepper(stage: Callable[..., Stage]) -> Stage:
    return stage(BackwardStepper([[1, 2], [-1, 3]], [[1, -2], [3, 2]]))


def lines(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


def show_all(shown: Stage) -> list[list[float | None]]:
    shown.page.get_by_role("button", name="Show all").click()
    return shown.grid("dX").numbers()


def test_it_opens_on_the_corner(stepper: Stage) -> None:
    assert lines(stepper) == ["1·1 = 1"]
    assert stepper.grid("dX").numbers()[0] == [1, None, None]
    assert stepper.spoken() == ""


def test_both_views_end_in_cnnlibs_gradient(stepper: Stage) -> None:
    assert show_all(stepper) == BackwardStepper(**stepper.settings).dx.tolist()
    stepper.page.get_by_label("Show", exact=True).select_option("shares")
    assert stepper.grid("dX").numbers()[0] == [1, -2, 0]
    assert show_all(stepper) == BackwardStepper(**stepper.settings).dx.tolist()


def test_stride_and_edits_follow(stepper: Stage) -> None:
    stepper.enter("Stride", "2")
    stepper.enter("Remainder", "1")
    stepper.grid("kernel").cell(0, 0).dblclick()  # it shows the flipped kernel
    stepper.page.keyboard.type("9")
    stepper.page.keyboard.press("Enter")
    assert stepper.settings["kernel"] == [[1, -2], [3, 9]]
    assert show_all(stepper) == BackwardStepper(**stepper.settings).dx.tolist()
    assert "transposed convolution" in stepper.root.inner_text()


def test_zeros_cannot_be_edited_and_nonsense_is_refused(stepper: Stage) -> None:
    stepper.grid("dout").cell(0, 0).dblclick()
    assert "put there by the law" in stepper.complaint()
    stepper.enter("Remainder", "1")
    assert "the remainder is at most 0" in stepper.complaint()


def test_a_click_on_the_result_goes_there(stepper: Stage) -> None:
    cell = stepper.grid("dX").cell(1, 1)
    cell.focus()
    stepper.page.keyboard.press("Enter")
    assert lines(stepper) == ["1·2 + 2·3 + (−1)·(−2) + 3·1 = 13"]


def test_without_a_kernel_all_goes_on_and_nothing_is_left_behind(stepper: Stage) -> None:
    stepper.lose_kernel()
    stepper.page.get_by_role("button", name="Step", exact=True).click()
    assert lines(stepper) == ["1·(−2) + 2·1 = 0"]
    assert stepper.dispose() == 0
