"""The geometry explorer in a browser: driven by mouse and by keyboard, compared with cnnlib."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, expect
from stage import Stage, enter

from cnnlib.course.widgets import GeometryExplorer


@pytest.fixture
def hand(stage: Callable[..., Stage]) -> Stage:
    """Return the hand calculation of notebook 03: 4×4 pixels, kernel 2, padding 1."""
    return stage(GeometryExplorer())


@pytest.fixture
def stack(stage: Callable[..., Stage]) -> Stage:
    """Return three layers of kernel 3, as notebook 03 draws them back from one output pixel."""
    return stage(GeometryExplorer(9, [(3, 1)] * 3))


def field(shown: Stage, name: str, layer: str = "Layer") -> Locator:
    group = shown.root.get_by_role("group", name=layer, exact=True)
    return group.get_by_role("spinbutton", name=name, exact=True)


def formulas(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


def notes(shown: Stage) -> list[str]:
    return shown.root.locator(".geo-note").all_inner_texts()


def story(shown: Stage) -> str:
    return shown.root.locator(".geo-story").inner_text()


def linked(shown: Stage, name: str) -> tuple[int, int, int, int]:
    """Return first and last row, first and last column of the cells linked with the chosen one."""
    places = np.array(shown.grid(name).marked("geo-link"))
    return (*places.min(axis=0).tolist(), *places.max(axis=0).tolist())


# The arithmetic


# What is shown


def test_it_opens_on_the_hand_calculation(hand: Stage) -> None:
    assert formulas(hand) == ["height and width: ⌊(4 + 2·1 − 2) / 1⌋ + 1 = ⌊4 / 1⌋ + 1 = 4 + 1 = 5"]
    assert notes(hand) == ["Every pixel is read equally often: 4 times."]
    inner = [row[1:-1] for row in hand.grid("input").numbers()[1:-1]]
    assert inner == [[4] * 4] * 4
    assert len(hand.grid("input").marked("border")) == 36 - 16
    assert hand.grid("output").numbers() == [[None] * 5] * 5
    assert hand.spoken() == ""


def test_pixels_that_are_never_seen_are_named_and_crossed_out(stage: Callable[..., Stage]) -> None:
    shown = stage(GeometryExplorer(8, [(3, 2)]))
    assert notes(shown) == [
        "No window reads row 7 or column 7: 15 of 64 pixels are never seen. "
        "The division of the height and width leaves the remainder 1."
    ]
    expected = {(i, j) for i in range(8) for j in range(8) if 7 in (i, j)}
    assert set(shown.grid("input").marked("geo-unread")) == expected
    corner = shown.grid("input").cell(7, 7)
    assert corner.get_attribute("aria-label") == "input row 7, column 7, never read"
    assert "linear-gradient" in corner.evaluate("(n) => getComputedStyle(n).backgroundImage")
    enter(field(shown, "Stride"), "3")
    assert notes(shown)[0].startswith("No window reads rows 6 and 7 or columns 6 and 7: 28 of 64")
    enter(field(shown, "Kernel"), "2")
    assert notes(shown) == [
        "No window reads rows 2 and 5 or columns 2 and 5: 28 of 64 pixels are never seen."
    ]


def test_a_remainder_may_fall_on_the_border(stage: Callable[..., Stage]) -> None:
    shown = stage(GeometryExplorer(8, [(3, 2, 1)]))
    assert notes(shown) == [
        "Pixels are read from 1 to 4 times. The division of the height and width leaves the "
        "remainder 1. Only border is left over there."
    ]
    assert shown.grid("input").marked("geo-unread") == []


def test_windows_of_nothing_but_border_are_counted(hand: Stage) -> None:
    enter(field(hand, "Padding"), "2")
    assert (
        "24 windows hold nothing but border: padding 2 is more than kernel − 1." in notes(hand)[0]
    )
    assert hand.grid("output").cell(6, 6).count() == 1
    hand.grid("output").cell(0, 0).click()
    assert "Made from: input, nothing but border." in story(hand)


def test_height_and_width_have_lines_of_their_own(stage: Callable[..., Stage]) -> None:
    shown = stage(GeometryExplorer((7, 12), [(3, 2, 1)]))
    assert [line.rpartition(" ")[2] for line in formulas(shown)] == ["4", "6"]
    assert formulas(shown)[1].startswith("width: ⌊(12 + 2·1 − 3) / 2⌋ + 1 = ⌊11 / 2⌋ + 1 = 5 + 1")
    spoken = shown.root.locator(".geo-layer .cnn-spoken").inner_text()
    assert (
        "12 plus 2 times 1 minus 3 equals 11; divided by 2 and rounded down, 5; plus 1, 6" in spoken
    )


# Back through the layers


def test_the_field_is_drawn_back_from_one_output_pixel(stack: Stage) -> None:
    assert linked(stack, "map 2") == (1, 1, 3, 3)
    assert linked(stack, "map 1") == (1, 1, 5, 5)
    assert linked(stack, "input") == (1, 1, 7, 7)
    text = stack.root.locator(".geo-field").inner_text()
    assert text.endswith("1 + (3 − 1)·1 = 3; 3 + (3 − 1)·1 = 5; 5 + (3 − 1)·1 = 7.")
    frame = stack.grid("input").node.locator(".cnn-frame-first").bounding_box()
    cell = stack.grid("input").cell(1, 1).bounding_box()
    assert frame["x"] == pytest.approx(cell["x"], abs=2)
    assert frame["width"] == pytest.approx(7 * cell["width"], abs=2)


def test_another_pixel_is_chosen_by_mouse_and_by_keyboard(stack: Stage) -> None:
    stack.grid("output").cell(0, 0).click()
    assert linked(stack, "input") == (0, 0, 6, 6)
    stack.page.mouse.move(2, 2)
    for key, corner in [("ArrowDown", (1, 0)), ("ArrowRight", (1, 1)), ("Control+End", (2, 2))]:
        stack.page.keyboard.press(key)
        assert linked(stack, "input")[:2] == corner
        row, column = corner
        assert stack.spoken().startswith(
            f"Output row {row}, column {column}. Made from: map 2, rows"
        )
    assert "input, rows 2 to 8 and columns 2 to 8 (7 × 7)." in stack.spoken()
    stack.page.keyboard.press("Enter")  # again
    assert stack.spoken().startswith("Output row 2, column 2.")


def test_pointing_shows_and_does_not_choose(stack: Stage) -> None:
    stack.grid("map 2").cell(0, 0).hover()
    assert linked(stack, "input") == (0, 0, 4, 4)
    assert linked(stack, "output") == (0, 0, 0, 0)
    stack.page.mouse.move(2, 2)
    assert linked(stack, "input") == (1, 1, 7, 7)
    assert stack.spoken() == ""


def test_a_pixel_shows_who_reads_it(stack: Stage) -> None:
    stack.grid("input").cell(0, 1).click()
    assert linked(stack, "map 1") == (0, 0, 0, 1)
    assert (
        story(stack)
        == "Input row 0, column 1. Read by 2 windows. It contributes to 2 output cells."
    )
    label = stack.grid("map 1").cell(0, 1).get_attribute("aria-label")
    assert label == "map 1 row 0, column 1, read 2 times, reads the chosen cell"
    assert stack.grid("map 1").node.locator(".cnn-frame-second").is_visible()


def test_the_ways_are_those_of_the_trap(stack: Stage) -> None:
    stack.root.get_by_label("Numbers in the cells").select_option("ways")
    one = [1, 3, 6, 7, 6, 3, 1]
    numbers = stack.grid("input").numbers()
    assert [row[1:-1] for row in numbers[1:-1]] == np.outer(one, one).tolist()
    assert numbers[0] == [None] * 9
    assert "7 × 7" in story(stack)
    assert stack.spoken() == "Each cell says how many ways lead to the chosen cell."


def test_a_field_with_gaps_and_one_over_the_border_are_told(stage: Callable[..., Stage]) -> None:
    shown = stage(GeometryExplorer(8, [(2, 3), (2, 1)]))
    columns = {j for _, j in shown.grid("input").marked("geo-gaps")}
    assert columns == {0, 1, 3, 4}
    assert "By the formula it reaches over 5 × 5; the rest is border or skipped." in story(shown)
    shown.set(size=[5, 5], layers=[[3, 1, 1], [3, 1, 1]])
    shown.grid("output").cell(0, 0).click()
    assert "input, rows 0 to 2 and columns 0 to 2 (3 × 3)" in story(shown)
    assert "By the formula it reaches over 5 × 5; the rest is border." in story(shown)


# Settings


def test_layers_are_added_and_removed(hand: Stage) -> None:
    hand.root.get_by_role("button", name="Add a layer").press("Enter")
    assert hand.settings["layers"] == [[2, 1, 1]] * 2
    assert hand.grid("map 1").node.is_visible()
    enter(field(hand, "Kernel", "Layer 2"), "3")
    assert hand.settings["layers"] == [[2, 1, 1], [3, 1, 1]]
    assert hand.spoken().startswith("Output 5 by 5. Layer 1: Every pixel is read equally often")
    remove = hand.root.get_by_role("button", name="Remove the last layer")
    remove.press("Enter")
    assert hand.settings["layers"] == [[2, 1, 1]]
    remove.press("Enter")
    assert hand.complaint() == "At least one layer must stay."
    expect(remove).to_be_focused()
    for _ in range(4):
        hand.root.get_by_role("button", name="Add a layer").press("Enter")
    assert hand.complaint() == "At most 4 layers can be drawn."
    assert len(hand.settings["layers"]) == 4


def test_there_may_be_no_room_for_a_layer(stage: Callable[..., Stage]) -> None:
    shown = stage(GeometryExplorer(8, [(3, 2)]))
    add = shown.root.get_by_role("button", name="Add a layer")
    add.click()
    add.click()
    assert shown.complaint().startswith(
        "No room for another layer like the last one. Layer 3: the kernel does not fit: it has 3 "
        "rows, but map 2 has 1."
    )
    assert len(shown.settings["layers"]) == 2


def test_valid_same_and_full_padding(stack: Stage) -> None:
    stack.press("Same")
    assert [shape.rpartition(" ")[2] for shape in formulas(stack)] == ["9", "9", "9"]
    stack.press("Full")
    assert [shape.rpartition(" ")[2] for shape in formulas(stack)] == ["11", "13", "15"]
    assert all("equally often: 9 times" in note for note in notes(stack))
    stack.press("None (valid)")
    enter(field(stack, "Kernel", "Layer 2"), "4")
    before = stack.settings
    stack.press("Same")
    assert stack.complaint() == (
        "Same padding is (kernel − 1) / 2. For a kernel of 4 that is 1.5, and there are no half "
        "pixels. Use a kernel of 3 or 5."
    )
    assert stack.settings == before


def test_arrow_keys_in_a_field(hand: Stage) -> None:
    field(hand, "Stride").press("ArrowUp")
    assert hand.settings["layers"] == [[2, 2, 1]]
    assert hand.spoken().startswith("Output 3 by 3.")
    field(hand, "Padding").press("ArrowDown")
    assert hand.settings["layers"] == [[2, 2, 0]]


@pytest.mark.parametrize(
    ("group", "name", "typed", "words"),
    [
        ("Layer", "Stride", "0", "Stride must be at least 1, not 0. Stride stays at 1."),
        ("Layer", "Stride", "1.5", "Stride must be a whole number, but 1.5 is not one. Stride st"),
        ("Layer", "Padding", "-1", "Padding must be at least 0, not −1. Padding stays at 1."),
        ("Layer", "Padding", "wide", "“wide” is no number. Type one such as 3, −2.5 or 1/9."),
        ("Layer", "Kernel", "", "Kernel is empty."),
        ("Input", "Rows", "29", "Rows must be at most 28, not 29. Rows stays at 4."),
        (
            "Layer",
            "Kernel",
            "9",
            "The kernel does not fit: it has 9 rows, but the input with its border (4 + 2·1) has "
            "6. The last start would be −3, before the first. Use a smaller kernel, a padding of "
            "at least 3, or a larger input. Kernel stays at 2.",
        ),
    ],
)
def test_impossible_settings_are_explained(
    hand: Stage, group: str, name: str, typed: str, words: str
) -> None:
    before = hand.settings
    enter(field(hand, name, group), typed)
    assert hand.complaint().startswith(words)
    assert hand.settings == before
    assert hand.grid("output").cell(4, 4).count() == 1
    enter(field(hand, "Stride"), "2")  # a sound value takes the complaint back
    assert hand.complaint() == ""


def test_a_smaller_map_forgets_a_cell_that_is_gone(hand: Stage) -> None:
    hand.grid("output").cell(4, 4).click()
    hand.page.mouse.move(2, 2)
    enter(field(hand, "Stride"), "3")
    assert story(hand).startswith("Output row 0, column 0.")
    hand.set(size=[1, 1], layers=[[1, 1, 0]])
    assert story(hand).startswith("Output row 0, column 0. Made from: input, row 0 and column 0")


# The look, time, kernel, end


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(GeometryExplorer(28, [(3, 1, 1), (3, 2, 1)]))
    shown.grid("output").cell(13, 13).click()
    assert "input, rows 24 to 27" in story(shown)


def test_how_soon_the_answer_comes(
    stack: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    stack.grid("output").cell(0, 0).focus()
    times = stack.time_keys(["ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"] * 10)
    assert median_redraw(times) < 2000  # the median, for the machine is shared


def test_without_a_kernel_all_goes_on(hand: Stage) -> None:
    hand.lose_kernel()
    enter(field(hand, "Stride"), "2")
    hand.root.get_by_role("button", name="Add a layer").click()
    assert formulas(hand)[1].endswith("= 2")


def test_two_on_one_page_do_not_mix(hand: Stage, stage: Callable[..., Stage]) -> None:
    second = stage(GeometryExplorer(8, [(3, 2)]), name="second")
    enter(field(second, "Stride"), "3")
    assert hand.settings["layers"] == [[2, 1, 1]]
    assert second.settings["layers"] == [[3, 3, 0]]


def test_nothing_is_left_behind(hand: Stage) -> None:
    assert hand.dispose() == 0


def test_a_layer_may_go_while_its_number_is_edited(stack: Stage) -> None:
    field(stack, "Kernel", "Layer 3").fill("2")
    stack.set(layers=[[3, 1, 0]])
    assert stack.settings["layers"] == [[3, 1, 0]]
