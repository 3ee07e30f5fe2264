"""Sharing a step in a browser: dials, the bars of a step, a verdict."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from stage import Stage

from cnnlib.course.widgets import ScalingExplorer


@pytest.fixture
def explorer(stage: Callable[..., Stage]) -> Stage:
    return stage(ScalingExplorer(8))


def verdict(shown: Stage) -> str:
    return shown.root.locator(".scaling-note").inner_text()


def test_it_opens_on_the_numbers_of_the_notebook(explorer: Stage) -> None:
    assert verdict(explorer).startswith("8 do the work of 6.1: they compute for 76% of the time.")
    assert explorer.root.locator(".scaling-value").all_inner_texts() == [
        "3.91 ms",
        "7.81 ms",
        "3.65 ms",
    ]
    assert explorer.spoken() == ""


def test_the_bars_lie_one_after_the_other(explorer: Stage) -> None:
    boxes = [bar.bounding_box() for bar in explorer.root.locator(".scaling-bar").all()]
    widths = [box["width"] for box in boxes]
    assert widths[1] / widths[0] == pytest.approx(2, rel=0.05)
    for before, after in pairwise(boxes):
        assert after["x"] == pytest.approx(before["x"] + before["width"], abs=1.5)
    explorer.page.get_by_role("switch", name="Talk during backward").click()
    boxes = [bar.bounding_box() for bar in explorer.root.locator(".scaling-bar").all()]
    assert boxes[2]["x"] == pytest.approx(boxes[1]["x"], abs=1.5)
    assert "8 do the work of 8" in explorer.spoken()


def test_workers_are_typed_and_moved(explorer: Stage) -> None:
    explorer.enter("Workers", "1000")
    assert explorer.settings["workers"] == 1000
    assert "454" in verdict(explorer)
    slider = explorer.page.get_by_role("slider", name="Workers, slider")
    slider.focus()
    explorer.page.keyboard.press("Home")
    assert explorer.settings["workers"] == 1
    explorer.page.keyboard.press("End")
    assert explorer.settings["workers"] == 1024
    explorer.page.keyboard.press("ArrowLeft")
    assert explorer.settings["workers"] == 512


def test_each_slider_leaves_its_end(explorer: Stage) -> None:
    for name in ("Workers", "Photographs for each", "Wire, GB a second", "Latency, µs"):
        slider = explorer.page.get_by_role("slider", name=f"{name}, slider")
        slider.focus()
        seen = set()
        explorer.page.keyboard.press("Home")
        for _ in range(5):
            seen.add(slider.get_attribute("aria-valuetext"))
            explorer.page.keyboard.press("ArrowRight")
        assert len(seen) == 5


def test_a_wire_is_chosen(explorer: Stage) -> None:
    explorer.page.get_by_label("Wire", exact=True).select_option(label="Ethernet, 10 Gbit/s")
    assert explorer.settings["bandwidth"] == 1.25
    assert "slower than one alone" in verdict(explorer)
    explorer.enter("Wire, GB a second", "2")
    assert explorer.page.get_by_label("Wire", exact=True).input_value() == ""


def test_one_in_the_middle_is_slower(explorer: Stage) -> None:
    explorer.page.get_by_label("Averaged by").select_option(label="one in the middle")
    assert explorer.settings["way"] == "centre"
    assert explorer.root.locator(".scaling-value").all_inner_texts()[2] == "28.7 ms"


def test_nonsense_is_explained_and_loses_nothing(explorer: Stage) -> None:
    before = explorer.settings
    explorer.enter("Workers", "2000")
    assert explorer.complaint() == "Workers must be at most 1024, not 2000. Workers stays at 8."
    assert explorer.settings == before


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(ScalingExplorer(1000, bandwidth=1.25))
    for part in (".scaling-value", ".scaling-dial input", ".scaling-note"):
        box = shown.root.locator(part).last.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= shown.page.viewport_size["width"]


def test_without_a_kernel_all_goes_on_and_nothing_is_left_behind(explorer: Stage) -> None:
    explorer.lose_kernel()
    explorer.enter("Workers", "64")
    assert "64 do the work of" in verdict(explorer)
    assert explorer.dispose() == 0
