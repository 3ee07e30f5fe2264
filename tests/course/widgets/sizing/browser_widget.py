"""The sizing explorer in a browser: rows edited, added, moved, and compared with cnnlib."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from stage import Stage

from cnnlib.course.widgets import SizingExplorer
from cnnlib.course.widgets.sizing import LIMITS, NETWORKS


@pytest.fixture
def explorer(stage: Callable[..., Stage]) -> Stage:
    return stage(SizingExplorer())


@pytest.fixture
def small(stage: Callable[..., Stage]) -> Stage:
    return stage(SizingExplorer((3, 32, 32), [("conv", 8, 5), ("pool", 2), ("dense", 10)]))


def mark(shown: Stage, name: str) -> Locator:
    return shown.page.get_by_role("radio", name=name, exact=True)


def texts(shown: Stage) -> list[list[str]]:
    """What stands in each row: its name, and the five results."""
    rows = shown.root.locator("tbody tr:not(.size-note)").all()
    return [
        [row.locator("th").inner_text().strip(), *row.locator(".size-number").all_inner_texts()]
        for row in rows
    ]


def names(shown: Stage) -> list[str]:
    return [name for name, *_ in texts(shown)]


def notes(shown: Stage) -> list[str]:
    return [note for note in shown.root.locator(".size-note:visible").all_inner_texts() if note]


def totals(shown: Stage) -> list[str]:
    return shown.root.locator("tfoot .size-number").all_inner_texts()[1:4]


def lines(shown: Stage) -> list[str]:
    return shown.root.locator(".cnn-lines p").all_inner_texts()


# The arithmetic


# What is shown


def test_it_opens_on_alexnet(explorer: Stage) -> None:
    shown = texts(explorer)
    assert shown[0] == ["CONV1", "96×55×55", "34,944", "105,415,200", "1.2 MB", "11"]
    assert shown[7] == ["POOL3", "256×6×6", "0", "0", "36.9 kB", "195"]
    assert shown[10] == ["FC8", "1000", "4,097,000", "4,096,000", "4.0 kB", "all"]
    assert totals(explorer) == ["62,378,344", "1,135,256,096", "3.1 MB"]
    assert notes(explorer) == []
    assert explorer.spoken() == ""
    assert lines(explorer) == [
        "CONV1: (227 + 2·0 − 11) / 4 + 1 = 216 / 4 + 1 = 55",
        "parameters: (11·11·3 + 1)·96 = 34,944",
        "multiply-adds: 11·11·3·96·55·55 = 105,415,200",
        "memory: 4·96·55·55 = 1,161,600 bytes",
        "sees: 1 + (11 − 1)·1 = 11 pixels",
    ]


def test_the_224_puzzle(explorer: Stage) -> None:
    explorer.enter("Height", "224")
    explorer.enter("Width", "224")
    assert texts(explorer)[0][1] == "96×54×54"
    assert notes(explorer)[0] == (
        "△ (224 + 2·0 − 11) / 4 = 53.25 is rounded down to 53: the last row and the last column "
        "are never read. Nothing is lost with padding 2 (makes 55×55) or an input of 227×227 "
        "(makes 55×55)."
    )
    explorer.enter("Padding of row 1", "2")
    assert texts(explorer)[0][1] == "96×55×55"
    assert notes(explorer) == [
        "△ (224 + 2·2 − 11) / 4 = 54.25 is rounded down to 54. Only border is left over; no pixel "
        "is lost."
    ]
    assert totals(explorer)[0] == "62,378,344"


def test_a_network_is_chosen(explorer: Stage) -> None:
    choice = explorer.page.get_by_role("combobox", name="Begin with")
    choice.select_option("LeNet-5")
    assert totals(explorer)[0] == "61,706"
    assert explorer.spoken().startswith("LeNet-5. Output 10. 61,706 parameters")
    choice.select_option("AlexNet in two groups")
    assert totals(explorer)[:2] == ["60,965,224", "724,406,816"]
    mark(explorer, "CONV2").check()
    assert lines(explorer)[1] == "parameters: (5·5·96/2 + 1)·256 = 307,456"
    choice.select_option("the network of this course")
    assert explorer.settings == SizingExplorer(*NETWORKS["the network of this course"]).settings
    explorer.enter("Filters of row 1", "17")
    expect(choice).to_have_value("")


# Rows that cannot work


def test_a_row_that_does_not_fit_is_marked_and_the_fix_named(small: Stage) -> None:
    small.enter("Height", "4")
    assert texts(small)[0][:3] == ["CONV1", "✗ no fit", ""]
    assert [row[1] for row in texts(small)[1:]] == ["? waits", "? waits"]
    assert notes(small) == [
        "✗ The kernel does not fit: 5 is larger than the height 4 + 2·0 = 4. Use a kernel of 4 or "
        "less, or padding 1 or more."
    ]
    assert small.spoken().startswith("CONV1 does not fit. The kernel does not fit")
    assert small.root.locator(".size-state").inner_text() == (
        "✗ CONV1 does not fit: the total counts the rows above it only."
    )
    small.enter("Padding of row 1", "1")
    assert texts(small)[0][1] == "8×2×30"
    assert small.root.locator(".size-state").inner_text() == "✓ All rows fit."


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (
            [["conv", 9, 3, 1, 0, 2]],
            "2 groups cannot share 3 input channels and 9 filters equally. Groups that can: "
            "1 or 3.",
        ),
        (
            [["dense", 9], ["pool", 2, 2, 0]],
            "Pool rows need maps, but FC1 has made one list of numbers of them. Move this row "
            "above FC1, or remove it.",
        ),
        (
            [["pool", 3, 2, 2]],
            "Padding 2 is more than half of the kernel 3: some windows would hold nothing but "
            "padding. Use padding 1 or less.",
        ),
        (
            [["pool", 11, 11, 0], ["pool", 3, 2, 0], ["pool", 5, 1, 0]],
            "The kernel does not fit: 3 is larger than the height 2 + 2·0 = 2. Use a kernel of 2 "
            "or less, or padding 1 or more.",
        ),
    ],
)
def test_each_reason_is_told(small: Stage, layers: list[list[Any]], words: str) -> None:
    small.set(layers=layers)
    assert [note for note in notes(small) if "✗" in note] == [f"✗ {words}"]


# Rows come, go and move


def test_rows_are_added_moved_and_removed_with_the_mouse(small: Stage) -> None:
    small.press("Convolution")
    assert small.settings["layers"][1] == ["conv", 16, 3, 1, 1, 1]
    assert names(small) == ["CONV1", "CONV2", "POOL1", "FC3"]
    assert small.spoken().startswith("CONV2 added. Output 10.")
    small.press("Move down")
    assert names(small) == ["CONV1", "POOL1", "CONV2", "FC3"]
    expect(mark(small, "CONV2")).to_be_checked()
    small.press("Dense")
    small.press("Pool")
    assert names(small) == ["CONV1", "POOL1", "CONV2", "FC3", "POOL2", "FC4"]
    assert notes(small)[0].startswith("✗ Pool rows need maps")
    small.press("Remove")
    small.press("Remove")
    assert names(small) == ["CONV1", "POOL1", "CONV2", "FC3"]
    small.press("Move up")
    small.press("Move down")
    small.press("Move down")
    assert small.complaint() == "FC3 is already the last row."


def test_rows_are_chosen_moved_and_removed_with_the_keyboard(small: Stage) -> None:
    mark(small, "CONV1").focus()
    keys = small.page.keyboard
    keys.press("ArrowDown")
    expect(mark(small, "POOL1")).to_be_focused()
    assert small.spoken() == "POOL1: output 8 by 14 by 14, 0 parameters."
    keys.press("Alt+ArrowUp")
    assert names(small) == ["POOL1", "CONV1", "FC2"]
    expect(mark(small, "POOL1")).to_be_focused()
    assert small.spoken().startswith("Moved up, now POOL1. Output 10.")
    keys.press("Delete")
    assert names(small) == ["CONV1", "FC2"]
    expect(mark(small, "CONV1")).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Delete")
    expect(mark(small, "CONV1")).to_be_focused()
    keys.press("Delete")
    assert small.complaint() == "At least one row must stay."
    assert names(small) == ["CONV1"]


def test_fields_are_stepped_and_walked_with_the_keyboard(explorer: Stage) -> None:
    explorer.field("Filters of row 1").focus()
    explorer.page.keyboard.press("ArrowUp")
    assert explorer.settings["layers"][0][1] == 97
    explorer.page.keyboard.press("PageDown")  # a pool has no filters
    expect(explorer.field("Filters of row 3")).to_be_focused()
    expect(mark(explorer, "CONV2")).to_be_checked()
    explorer.page.keyboard.press("PageUp")
    expect(explorer.field("Filters of row 1")).to_be_focused()
    explorer.page.keyboard.press("PageUp")
    expect(explorer.field("Filters of row 1")).to_be_focused()


def test_the_table_holds_so_many_rows(small: Stage) -> None:
    for _ in range(LIMITS["layers"] - 3):
        small.press("Convolution")
    assert len(names(small)) == LIMITS["layers"]
    small.press("Dense")
    assert small.complaint() == "The table holds 24 rows. Remove one first."


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("Kernel of row 1", "0", "Kernel of row 1 must be at least 1, not 0."),
        ("Stride of row 2", "2.5", "Stride of row 2 must be a whole number, but 2.5 is not one."),
        ("Neurons of row 3", "many", "“many” is no number. Type one such as 3, −2.5 or 1/9."),
        ("Padding of row 1", "-1", "Padding of row 1 must be at least 0, not −1."),
        ("Width", "513", "Width must be at most 512, not 513."),
        ("Channels", "", "Channels is empty. Type a number such as 3 or −2.5."),
    ],
)
def test_nonsense_is_explained_and_loses_nothing(
    small: Stage, name: str, typed: str, words: str
) -> None:
    before, held = small.settings, small.field(name).input_value()
    small.enter(name, typed)
    assert small.complaint() == f"{words} {name} stays at {held}."
    assert small.settings == before


# Look, size, time, kernel, end


@pytest.mark.parametrize("dark", [False, True])
def test_the_focus_is_seen(stage: Callable[..., Stage], dark: bool) -> None:
    shown = stage(SizingExplorer(), dark=dark)
    shown.field("Kernel of row 3").focus()
    style = "(node) => getComputedStyle(node).outlineStyle"
    assert shown.field("Kernel of row 3").evaluate(style) == "solid"
    mark(shown, "CONV1").focus()
    shown.page.keyboard.press("ArrowDown")
    assert mark(shown, "POOL1").evaluate(style) == "solid"


def test_the_bars_are_shares(explorer: Stage) -> None:
    cell = explorer.root.locator("tbody tr:not(.size-note)").nth(8).locator(".size-number").nth(1)
    share = float(cell.evaluate("(node) => node.style.getPropertyValue('--size-share')"))
    assert share == pytest.approx(37_752_832 / 62_378_344)


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(SizingExplorer((3, 224, 224)))
    width = shown.page.viewport_size["width"]
    notes = [note for note in shown.root.locator(".size-note div").all() if note.is_visible()]
    assert notes
    scroll = shown.root.locator(".size-scroll")
    for place in (0, 9999):
        scroll.evaluate("(node, place) => node.scrollTo(place, 0)", place)
        for note in notes:  # a note stays in view, however far the table is scrolled
            box = note.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    box = shown.root.locator("tbody .size-number").nth(4).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


def test_how_soon_the_answer_comes(
    explorer: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    explorer.field("Stride of row 2").focus()
    times = explorer.time_keys(["ArrowUp", "ArrowDown"] * 12)
    assert median_redraw(times) < 2000  # the machine is shared


def test_without_a_kernel_all_goes_on(small: Stage) -> None:
    small.lose_kernel()
    small.enter("Kernel of row 1", "3")
    assert texts(small)[0][1] == "8×30×30"


def test_nothing_is_left_behind(explorer: Stage) -> None:
    assert explorer.dispose() == 0


def test_a_row_may_go_while_its_number_is_edited(small: Stage) -> None:
    small.field("Neurons of row 3").fill("7")
    small.set(layers=[["dense", 4]])
    assert small.settings["layers"] == [["dense", 4]]
    assert names(small) == ["FC1"]
