"""The computation graph in a browser: stepped, edited, compared with cnnlib."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from stage import Stage

from cnnlib.course.widgets import ActivationExplorer, ComputationGraph
from cnnlib.course.widgets.graph import INPUTS


@pytest.fixture
def neuron(stage: Callable[..., Stage]) -> Stage:
    """Return the calculation that notebook 07 does by hand."""
    return stage(ComputationGraph())


def lines(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


def numbers(shown: Stage, kind: str) -> list[str]:
    """The numbers on the arrows, in the order in which the arrows are drawn."""
    return shown.root.locator(f".flow-{kind}").all_text_contents()


# The arithmetic


# Steps


def test_it_opens_with_the_inputs_alone(neuron: Stage) -> None:
    assert numbers(neuron, "value") == ["2", "3", "−1", "7"]
    assert numbers(neuron, "gradient") == []
    assert lines(neuron) == [
        "x = 2, w = 3, b = −1, t = 7. Which L comes out? Say a number, then step."
    ]
    assert neuron.spoken() == ""


def test_each_step_writes_its_arithmetic(neuron: Stage) -> None:
    expected = [
        ["product = x · w = 2 · 3 = 6"],
        ["z = product + b = 6 + (−1) = 5"],
        ["a = max(0, z) = max(0, 5) = 5"],
        ["L = (a − t)² = (5 − 7)² = (−2)² = 4"],
        ["L moves as fast as itself: its gradient is 1."],
        [
            "to a: 1 · (−4) = −4, local slope −4 (2 · (a − t) = 2 · (−2))",
            "to t: 1 · 4 = 4, local slope 4 (−2 · (a − t) = −2 · (−2))",
        ],
        ["to z: −4 · 1 = −4, local slope 1 (the gate is open, for z = 5 is positive)"],
        [
            "to product: −4 · 1 = −4, local slope 1 (plus passes on)",
            "to b: −4 · 1 = −4, local slope 1 (plus passes on)",
        ],
        [
            "to x: −4 · 3 = −12, local slope 3 (the other factor, w = 3)",
            "to w: −4 · 2 = −8, local slope 2 (the other factor, x = 2)",
        ],
    ]
    for text in expected:
        neuron.press("Step")
        assert lines(neuron) == text
    assert neuron.spoken().startswith("Backward, box ×. to x: minus 4 times 3 equals minus 12")
    assert numbers(neuron, "value") == ["2", "3", "6", "−1", "5", "5", "7", "4"]
    assert numbers(neuron, "gradient") == ["−12", "−8", "−4", "−4", "−4", "−4", "4", "1"]
    neuron.press("Back", 4)
    assert numbers(neuron, "gradient") == ["1"]


def test_the_slider_and_the_keyboard_do_the_same(neuron: Stage) -> None:
    slider = neuron.page.get_by_role("slider")
    slider.focus()
    neuron.page.keyboard.press("ArrowRight")
    assert lines(neuron) == ["product = x · w = 2 · 3 = 6"]
    neuron.page.keyboard.press("End")
    assert numbers(neuron, "gradient")[:2] == ["−12", "−8"]
    assert slider.get_attribute("aria-valuetext") == "Backward, box ×"
    neuron.page.keyboard.press("Home")
    assert numbers(neuron, "gradient") == []


def test_play_runs_to_the_end_and_speaks_briefly(neuron: Stage) -> None:
    neuron.page.get_by_label("Speed").select_option("fast")
    neuron.press("Play")
    expect(neuron.page.get_by_role("button", name="Play")).to_be_visible()
    assert numbers(neuron, "gradient")[:2] == ["−12", "−8"]
    assert "local slope" not in neuron.spoken()
    assert neuron.spoken().endswith("to w: minus 4 times 2 equals minus 8")


def test_the_picture_says_what_is_on_it(neuron: Stage) -> None:
    picture = neuron.root.get_by_role("img")
    assert picture.get_attribute("aria-label") == (
        "Computation graph. Values: x 2; w 3; b minus 1; t 7."
    )
    neuron.press("Show all")
    assert "Gradients: L 1; a minus 4; t 4; z minus 4" in picture.get_attribute("aria-label")


def test_where_paths_meet_gradients_add(stage: Callable[..., Stage]) -> None:
    fork = stage(ComputationGraph("fork"))
    fork.press("Show all")
    assert lines(fork) == ["Where paths meet, gradients add: 6 + (−5) = 1 for w."]
    assert numbers(fork, "gradient")[-1] == "1"  # under w itself
    assert fork.spoken() == "L is 2. Gradients, w: 1."


# Numbers of one's own


def test_an_input_is_changed_and_all_numbers_follow(neuron: Stage) -> None:
    neuron.press("Show all")
    neuron.enter("b", "-10")
    assert neuron.settings["inputs"] == {"x": 2, "w": 3, "b": -10, "t": 7}
    assert numbers(neuron, "value") == ["2", "3", "6", "−10", "−4", "0", "7", "49"]
    assert numbers(neuron, "gradient") == ["0", "0", "0", "0", "0", "−14", "14", "1"]
    assert neuron.spoken() == "L is 49. Gradients, x: 0; w: 0; b: 0; t: 14."
    neuron.press("Back", 2)
    assert lines(neuron) == [
        "to z: −14 · 0 = 0, local slope 0 (the gate is shut, for z = −4 is not positive)"
    ]


def test_an_input_is_stepped_with_the_arrow_keys(neuron: Stage) -> None:
    field = neuron.page.get_by_role("spinbutton", name="w", exact=True)
    field.focus()
    neuron.page.keyboard.press("ArrowUp")
    assert neuron.settings["inputs"]["w"] == 4
    expect(field).to_be_focused()
    assert neuron.spoken() == "w is 4."


def test_another_graph_is_chosen(neuron: Stage) -> None:
    neuron.press("Step", 3)
    neuron.page.get_by_label("Graph", exact=True).select_option("chain")
    assert neuron.settings == {"graph": "chain", "inputs": {"x": 2}}
    assert numbers(neuron, "value") == ["2"]
    assert neuron.root.get_by_role("spinbutton").count() == 1
    neuron.press("Show all")
    assert numbers(neuron, "gradient") == ["30", "10", "10", "1"]
    neuron.set(graph="fork", inputs={"w": 3})  # as Python would
    assert numbers(neuron, "value") == ["3", "3"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("much", "“much” is no number. Type one such as 3, −2.5 or 1/9. w stays at 3."),
        ("", "w is empty. Type a number such as 3 or −2.5. w stays at 3."),
        ("2e6", "w must be at most 1000000, not 2000000. w stays at 3."),
    ],
)
def test_nonsense_is_explained_and_loses_nothing(neuron: Stage, typed: str, words: str) -> None:
    neuron.press("Step", 2)
    before = neuron.settings
    neuron.enter("w", typed)
    assert neuron.complaint() == words
    assert neuron.settings == before
    assert lines(neuron) == ["z = product + b = 6 + (−1) = 5"]
    neuron.enter("w", "1/2")
    assert neuron.complaint() == ""
    assert lines(neuron) == ["z = product + b = 1 + (−1) = 0"]


# The look


@pytest.mark.parametrize("name", INPUTS)
def test_no_number_touches_another(stage: Callable[..., Stage], name: str) -> None:
    shown = stage(ComputationGraph(name))
    shown.press("Show all")
    boxes = [node.bounding_box() for node in shown.root.locator(".svg-text").all()]
    assert len(boxes) > 4
    for k, one in enumerate(boxes):
        for other in boxes[:k]:
            apart = (
                one["x"] > other["x"] + other["width"]
                or other["x"] > one["x"] + one["width"]
                or one["y"] > other["y"] + other["height"] - 4
                or other["y"] > one["y"] + one["height"] - 4
            )
            assert apart, (one, other)


def test_values_and_gradients_differ_by_more_than_colour(neuron: Stage) -> None:
    neuron.press("Show all")
    style = "(node) => [getComputedStyle(node).fontWeight, getComputedStyle(node).fontStyle]"
    assert neuron.root.locator(".flow-value").first.evaluate(style) == ["700", "normal"]
    assert neuron.root.locator(".flow-gradient").first.evaluate(style) == ["400", "italic"]


def test_another_widget_on_the_page_changes_nothing(
    neuron: Stage, stage: Callable[..., Stage]
) -> None:
    neuron.press("Show all")
    style = "(node) => { const s = getComputedStyle(node); return [s.fill, s.fontStyle]; }"
    before = neuron.root.locator(".flow-gradient").first.evaluate(style)
    stage(ActivationExplorer(), name="second")
    assert neuron.root.locator(".flow-gradient").first.evaluate(style) == before
    assert neuron.root.locator(".flow-value").first.evaluate(style) != before


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(ComputationGraph())
    shown.press("Show all")
    name = shown.root.locator(".flow-name").last
    name.scroll_into_view_if_needed()
    frame = shown.root.locator(".flow-canvas").bounding_box()
    last = name.bounding_box()
    assert frame["x"] + frame["width"] <= 350
    assert last["x"] + last["width"] <= frame["x"] + frame["width"]


# Time, kernel, end


def test_how_soon_the_answer_comes(
    neuron: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    times = []
    for name in ("Step", "Back"):
        neuron.page.get_by_role("button", name=name, exact=True).focus()
        times += neuron.time_keys(["Enter"] * 8)
    assert median_redraw(times) < 2000  # the median, for the machine is shared


def test_without_a_kernel_all_goes_on(neuron: Stage) -> None:
    neuron.lose_kernel()
    neuron.press("Show all")
    neuron.enter("x", "3")
    assert numbers(neuron, "gradient")[0] == "6"  # 2 · (8 − 7) · 3


def test_nothing_is_left_behind(neuron: Stage) -> None:
    neuron.press("Play")
    assert neuron.dispose() == 0
