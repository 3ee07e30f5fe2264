"""Activation functions in a browser: the point is moved, values and slopes are cnnlib's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from stage import Stage

from cnnlib.course.widgets import ActivationExplorer, SoftmaxExplorer
from cnnlib.course.widgets.activation import activation_at

WIDE = 13.6  # em, of a chart


@pytest.fixture
def explorer(stage: Callable[..., Stage]) -> Stage:
    """Return the point that notebook 04 looks at: the −2 of its hand calculation."""
    return stage(ActivationExplorer())


def lines(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


# The arithmetic


# What is shown


def test_it_opens_at_minus_two(explorer: Stage) -> None:
    assert lines(explorer) == [
        "max(0, −2) = 0",
        "slope 0",
        "0.1 · (−2) = −0.2",
        "slope 0.1",
        "1 / (1 + e^2) = 0.1192",
        "slope s · (1 − s) = 0.105",
        "tanh(−2) = −0.964",
        "slope 1 − tanh² = 0.07065",
    ]
    assert explorer.spoken() == ""


def test_the_charts_say_what_they_show(explorer: Stage) -> None:
    charts = explorer.root.get_by_role("img")
    assert charts.count() == 4
    assert charts.nth(2).get_attribute("aria-label") == (
        "Chart of sigmoid from minus 6 to 6, with its tangent at minus 2: value 0.1192, "
        "slope 0.105."
    )


def test_the_dot_lies_on_the_curve(explorer: Stage) -> None:
    for x in ("-4", "0.5", "3"):
        explorer.enter("Point x", x)
        dots = explorer.root.locator(".svg-dot")
        for k, (value, _) in enumerate(activation_at(float(x)).values()):
            chart = explorer.root.get_by_role("img").nth(k).bounding_box()
            dot = dots.nth(k).bounding_box()
            low, high = -2, 6
            em = chart["width"] / WIDE
            top, bottom = chart["y"] + 0.7 * em, chart["y"] + chart["height"] - 1.6 * em
            expected = bottom - (value - low) / (high - low) * (bottom - top)
            assert dot["y"] + dot["height"] / 2 == pytest.approx(expected, abs=1.5)


# The point moves


def test_the_slider_moves_the_point(explorer: Stage) -> None:
    slider = explorer.page.get_by_role("slider")
    slider.focus()
    explorer.page.keyboard.press("ArrowRight")
    assert explorer.settings["x"] == -1.9
    assert slider.get_attribute("aria-valuetext") == "minus 1.9"
    assert explorer.spoken() == (
        "At minus 1.9: ReLU 0, slope 0; leaky ReLU minus 0.19, slope 0.1; sigmoid 0.13, slope "
        "0.113; tanh minus 0.956, slope 0.0856."
    )
    explorer.page.keyboard.press("End")
    assert explorer.settings["x"] == 6
    assert "nearly flat" in explorer.root.locator(".bend-note").inner_text()


def test_the_point_is_dragged_in_a_chart(explorer: Stage) -> None:
    box = explorer.root.get_by_role("img").nth(3).bounding_box()
    em = box["width"] / WIDE
    left, right = box["x"] + 4.4 * em, box["x"] + box["width"] - 0.8 * em
    middle = box["y"] + box["height"] / 2
    explorer.page.mouse.move((left + right) / 2, middle)
    explorer.page.mouse.down()
    assert explorer.settings["x"] == pytest.approx(0, abs=0.05)
    explorer.page.mouse.move(left + 0.75 * (right - left), middle, steps=4)
    assert explorer.settings["x"] == pytest.approx(3, abs=0.1)
    explorer.page.mouse.move(right + 300, middle)  # the pointer may leave the chart
    assert explorer.settings["x"] == 6
    explorer.page.mouse.up()
    explorer.page.mouse.move(left, middle)  # no longer held
    assert explorer.settings["x"] == 6


def test_the_corner_is_explained(explorer: Stage) -> None:
    explorer.enter("Point x", "0")
    assert lines(explorer)[:4] == [
        "max(0, 0) = 0",
        "slope 0, a corner: cnnlib takes the left side",
        "0.1 · 0 = 0",
        "slope 0.1, a corner: cnnlib takes the left side",
    ]


def test_the_slope_of_leaky_relu_is_changed(explorer: Stage) -> None:
    leak = explorer.field("Leaky ReLU's slope below 0")
    leak.focus()
    explorer.page.keyboard.press("ArrowUp")
    assert explorer.settings["negative_slope"] == 0.15
    assert lines(explorer)[2] == "0.15 · (−2) = −0.3"
    expect(leak).to_be_focused()


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("Point x", "left", "“left” is no number. Type one such as 3, −2.5 or 1/9."),
        ("Point x", "2000", "Point x must be at most 1000, not 2000."),
        (
            "Leaky ReLU's slope below 0",
            "-1",
            "Leaky ReLU's slope below 0 must be at least 0, not −1.",
        ),
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


def test_a_point_beyond_the_charts_has_its_numbers_all_the_same(explorer: Stage) -> None:
    explorer.enter("Point x", "1000")
    assert lines(explorer)[4:] == [
        "1 / (1 + e^(−1000)) = 1",
        "slope s · (1 − s) = 0",
        "tanh(1000) = 1",
        "slope 1 − tanh² = 0",
    ]


# Size, time, kernel, end


def test_four_charts_stand_in_a_row_beside_another_widget(
    explorer: Stage, stage: Callable[..., Stage]
) -> None:
    """JupyterLab leaves a widget about 850 pixels, and style sheets come in any order."""
    stage(SoftmaxExplorer([1, 2]), name="second")
    explorer.page.set_viewport_size({"width": 866, "height": 900})
    charts = [chart.bounding_box() for chart in explorer.root.get_by_role("img").all()]
    assert len({chart["y"] for chart in charts}) == 1


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(ActivationExplorer())
    charts = shown.root.get_by_role("img").all()
    assert len(charts) == 4
    for chart in charts:
        box = chart.bounding_box()
        assert box["x"] + box["width"] <= shown.page.viewport_size["width"]


def test_how_soon_the_answer_comes(
    explorer: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    explorer.field("Point x").focus()
    times = explorer.time_keys(["ArrowUp", "ArrowDown"] * 12)
    assert median_redraw(times) < 2000  # the median, for the machine is shared


def test_without_a_kernel_all_goes_on(explorer: Stage) -> None:
    explorer.lose_kernel()
    explorer.enter("Point x", "1")
    assert lines(explorer)[0] == "max(0, 1) = 1"


def test_nothing_is_left_behind(explorer: Stage) -> None:
    assert explorer.dispose() == 0
