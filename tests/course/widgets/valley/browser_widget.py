"""The valley in a browser: two sliders, a path, a verdict."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from stage import Stage

from cnnlib.course.widgets import MomentumValley


@pytest.fixture
def valley(stage: Callable[..., Stage]) -> Stage:
    return stage(MomentumValley(0.03))


def test_it_opens_with_the_whole_path(valley: Stage) -> None:
    assert "step 60 of 60" in valley.root.inner_text()
    assert "multiplies the distance to the bottom by 0.97 along" in valley.root.inner_text()
    assert valley.spoken() == ""


def test_the_sliders_change_the_path(valley: Stage) -> None:
    valley.page.get_by_role("slider", name="Momentum").focus()
    for _ in range(3):
        valley.page.keyboard.press("ArrowRight")
    assert valley.settings["momentum"] == 0.03
    valley.page.get_by_role("slider", name="Learning rate").focus()
    valley.page.keyboard.press("End")
    assert valley.settings["learning_rate"] == 0.1
    assert "too large" in valley.root.locator(".valley-note").inner_text()
    assert "too large" in valley.spoken()


def test_it_walks_step_by_step(valley: Stage) -> None:
    valley.page.get_by_role("slider", name="Step", exact=True).focus()
    valley.page.keyboard.press("Home")
    assert "start at (10, 1)" in valley.root.inner_text()
    valley.page.get_by_role("button", name="Step", exact=True).click()
    assert valley.root.locator(".cnn-lines p").all_inner_texts()[1] == "x: 10 − 0.03 · 10 = 9.7"


def test_without_a_kernel_all_goes_on_and_nothing_is_left_behind(valley: Stage) -> None:
    valley.lose_kernel()
    valley.page.get_by_role("slider", name="Momentum").focus()
    valley.page.keyboard.press("ArrowRight")
    assert valley.settings["momentum"] == 0.01
    valley.page.get_by_role("button", name="Play").click()
    assert valley.dispose() == 0
