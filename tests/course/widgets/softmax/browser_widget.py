"""Softmax in a browser: scores, temperature and right class, compared with cnnlib."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import expect
from stage import Stage

from cnnlib.course.widgets import SoftmaxExplorer


@pytest.fixture
def explorer(stage: Callable[..., Stage]) -> Stage:
    """Return the calculation that notebook 06 does by hand."""
    return stage(SoftmaxExplorer(np.log([1.0, 2.0, 5.0]), right=2))


def shares(shown: Stage) -> list[str]:
    return shown.root.locator(".soft-share").all_inner_texts()


def lines(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


# The arithmetic


# What is shown


def test_it_opens_on_the_hand_calculation(explorer: Stage) -> None:
    assert shares(explorer) == ["0.125", "0.250", "0.625"]
    assert lines(explorer) == [
        "class 2: p = 5 / (1 + 2 + 5) = 5 / 8 = 0.625",
        "cross-entropy of class 2: −ln p = 0.47",
    ]
    assert explorer.spoken() == ""


def test_the_bars_are_as_long_as_the_probabilities(explorer: Stage) -> None:
    widths = [bar.bounding_box()["width"] for bar in explorer.root.locator(".soft-bar").all()]
    np.testing.assert_allclose(np.array(widths) / sum(widths), [0.125, 0.25, 0.625], atol=0.02)


def test_the_right_class_differs_by_more_than_colour(explorer: Stage) -> None:
    background = "(node) => getComputedStyle(node).backgroundImage"
    bars = explorer.root.locator(".soft-bar")
    assert bars.nth(0).evaluate(background) == "none"
    assert "repeating-linear-gradient" in bars.nth(2).evaluate(background)


# Temperature


def test_the_temperature_is_typed(explorer: Stage) -> None:
    explorer.enter("Temperature T", "0.5")
    assert explorer.settings["temperature"] == 0.5
    assert lines(explorer)[0] == "class 2: p = 25 / (1 + 4 + 25) = 25 / 30 = 0.833"
    assert explorer.spoken() == (
        "Probabilities: class 0 0.033, class 1 0.133, class 2 0.833. "
        "Cross-entropy of class 2: 0.1823."
    )
    explorer.page.get_by_role("button", name="T = 1").click()
    assert shares(explorer) == ["0.125", "0.250", "0.625"]


def test_the_temperature_is_moved_with_the_slider(explorer: Stage) -> None:
    slider = explorer.page.get_by_role("slider")
    slider.focus()
    explorer.page.keyboard.press("End")
    assert explorer.settings["temperature"] == 1000
    assert shares(explorer) == ["0.333", "0.333", "0.334"]
    assert "level out" in explorer.root.locator(".soft-note").inner_text()
    explorer.page.keyboard.press("Home")
    assert explorer.settings["temperature"] == 0.01
    assert shares(explorer)[2] == "1"
    explorer.page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.011"
    box = slider.bounding_box()
    explorer.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert 1 < explorer.settings["temperature"] < 10


# Scores and classes


def test_a_score_is_changed(explorer: Stage) -> None:
    explorer.enter("Score of class 0", "1.60944")
    np.testing.assert_allclose(explorer.settings["scores"][0], np.log(5), atol=1e-5)
    assert shares(explorer) == ["0.417", "0.167", "0.417"]
    score = explorer.field("Score of class 1")
    score.focus()
    explorer.page.keyboard.press("ArrowDown")
    assert score.input_value() == "0.593147"
    expect(score).to_be_focused()


def test_only_differences_count(explorer: Stage) -> None:
    explorer.page.get_by_role("button", name="All scores + 100").press("Enter")
    assert explorer.field("Score of class 0").input_value() == "100"
    assert shares(explorer) == ["0.125", "0.250", "0.625"]
    explorer.page.get_by_role("button", name="All scores − 100").click()
    assert explorer.field("Score of class 0").input_value() == "0"


def test_powers_that_are_too_large_are_explained(explorer: Stage) -> None:
    explorer.enter("Score of class 2", "1000")
    assert explorer.root.locator(".soft-number").all_inner_texts()[-2:] == ["∞", "∞"]
    assert lines(explorer) == [
        "The powers of e are too large for the computer. The highest score is subtracted from all "
        "scores first, which changes no probability: class 2 has p = 1.",
        "cross-entropy of class 2: −ln p = 0",
    ]
    explorer.set(scores=[-1000, -1000], right=0)
    assert lines(explorer)[0].startswith("The powers of e are too small")
    assert shares(explorer) == ["0.500", "0.500"]


@pytest.mark.parametrize("entered", [True, False])
def test_a_row_may_go_while_its_score_is_edited(explorer: Stage, entered: bool) -> None:
    score = explorer.field("Score of class 2")
    score.fill("7")
    if entered:
        score.press("Enter")
    explorer.set(scores=[0, 0], right=0)
    assert explorer.settings["scores"] == [0, 0]
    assert shares(explorer) == ["0.500", "0.500"]


def test_the_right_class_is_chosen(explorer: Stage) -> None:
    explorer.page.get_by_role("radio", name="class 1 is right").check()
    assert explorer.settings["right"] == 1
    assert lines(explorer)[1] == "cross-entropy of class 1: −ln p = 1.386"
    explorer.page.keyboard.press("ArrowUp")
    assert explorer.settings["right"] == 0
    assert lines(explorer)[1] == "cross-entropy of class 0: −ln p = 2.079"


def test_classes_come_and_go(explorer: Stage) -> None:
    explorer.enter("Classes", "4")
    assert shares(explorer) == ["0.111", "0.222", "0.556", "0.111"]
    explorer.enter("Classes", "2")
    assert explorer.settings["right"] == 1
    assert shares(explorer) == ["0.333", "0.667"]


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("Temperature T", "0", "Temperature T must be at least 0.01, not 0."),
        ("Temperature T", "hot", "“hot” is no number. Type one such as 3, −2.5 or 1/9."),
        ("Classes", "11", "Classes must be at most 10, not 11."),
        ("Classes", "2.5", "Classes must be a whole number, but 2.5 is not one."),
        ("Score of class 0", "", "Score of class 0 is empty. Type a number such as 3 or −2.5."),
        ("Score of class 0", "2e6", "Score of class 0 must be at most 1000000, not 2000000."),
    ],
)
def test_nonsense_is_explained_and_loses_nothing(
    explorer: Stage, name: str, typed: str, words: str
) -> None:
    before = explorer.settings
    held = explorer.field(name).input_value()
    explorer.enter(name, typed)
    assert explorer.complaint() == f"{words} {name} stays at {held}."
    assert explorer.settings == before


def test_a_shift_beyond_all_bounds_is_refused(explorer: Stage) -> None:
    explorer.enter("Score of class 0", "999999")
    explorer.page.get_by_role("button", name="All scores + 100").click()
    assert explorer.complaint().startswith("No score may be beyond a million.")
    assert explorer.settings["scores"][0] == 999999


# Size, time, kernel, end


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(SoftmaxExplorer([1, 2, 3], temperature=2))
    shown.root.locator(".soft-scroll").evaluate("(node) => node.scrollTo(9999, 0)")
    box = shown.root.locator(".soft-share").last.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= shown.page.viewport_size["width"]


def test_how_soon_the_answer_comes(
    explorer: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    explorer.field("Score of class 1").focus()
    times = explorer.time_keys(["ArrowUp", "ArrowDown"] * 12)
    assert median_redraw(times) < 2000  # the median, for the machine is shared


def test_without_a_kernel_all_goes_on(explorer: Stage) -> None:
    explorer.lose_kernel()
    explorer.enter("Temperature T", "0.5")
    assert shares(explorer) == ["0.033", "0.133", "0.833"]


def test_nothing_is_left_behind(explorer: Stage) -> None:
    assert explorer.dispose() == 0
