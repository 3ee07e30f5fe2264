"""The pooling explorer in a browser: driven by mouse and by keyboard, compared with cnnlib."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator
from stage import Stage

from cnnlib.course.widgets import PoolingExplorer
from cnnlib.course.widgets.pooling import pool
from cnnlib.datasets import load_digits

HAND = [[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]]


@pytest.fixture
def hand(stage: Callable[..., Stage]) -> Stage:
    """Return the calculation that notebook 05 does by hand."""
    return stage(PoolingExplorer(HAND))


@pytest.fixture
def seven(stage: Callable[..., Stage]) -> Stage:
    """Return a digit of MNIST, which is drawn in grey."""
    digit = (load_digits().train.images[46, 0] * 255).round().astype(int)
    return stage(PoolingExplorer(digit))


def slider(shown: Stage, name: str) -> Locator:
    return shown.root.get_by_role("slider", name=name)


def choose(shown: Stage, kind: str) -> None:
    shown.root.get_by_label("Keep").select_option(kind)


def line(shown: Stage) -> str:
    return shown.root.locator(".cnn-lines").inner_text()


def table(shown: Stage) -> list[str]:
    return shown.root.locator("tbody tr").all_inner_texts()


# The arithmetic


# What is shown


def test_it_opens_on_the_hand_calculation(hand: Stage) -> None:
    assert hand.grid("output").numbers() == [[5, 8], [-1, 7]]
    assert line(hand) == "The largest of 2, 3, 5, −2 is 5."
    assert hand.grid("picture").marked("in-window") == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert hand.grid("picture").marked("pool-winner") == [(1, 0)]
    assert not hand.grid("output before the shift").node.is_visible()
    assert not hand.root.get_by_role("table").is_visible()
    assert hand.spoken() == ""


def test_the_three_kinds(hand: Stage) -> None:
    choose(hand, "average")
    assert hand.grid("output").numbers() == [[2, 3], [-4, 4]]
    assert line(hand) == "(2 + 3 + 5 + (−2)) / 4 = 8 / 4 = 2"
    assert hand.spoken() == (
        "Output row 0, column 0. 2 plus 3 plus 5 plus minus 2 equals 8; divided by 4, 2."
    )
    assert hand.grid("picture").marked("pool-winner") == []
    choose(hand, "min")
    assert hand.grid("output").numbers() == [[-2, 0], [-6, 2]]
    assert hand.grid("picture").marked("pool-winner") == [(1, 1)]


def test_windows_that_overlap(hand: Stage) -> None:
    note = hand.root.locator(".pool-note")
    assert note.inner_text() == "2×2 windows of 2×2. They touch, and do not overlap."
    hand.field("Stride").press("ArrowDown")
    assert hand.grid("output").numbers() == [[5, 3, 8], [5, 7, 8], [-1, 7, 7]]
    assert note.inner_text() == "3×3 windows of 2×2. They overlap: a pixel is read up to 4 times."
    hand.enter("Window", "3")
    hand.enter("Stride", "2")
    assert note.inner_text() == (
        "One window of 3×3 fits. No window reads row 3 or column 3: 7 of 16 pixels are never seen."
    )
    hand.enter("Window", "1")
    assert "There are gaps between them. No window reads rows 1 and 3" in note.inner_text()


def test_the_window_follows_keys_mouse_and_pointer(hand: Stage) -> None:
    hand.grid("output").cell(0, 0).focus()
    hand.page.keyboard.press("ArrowDown")
    assert line(hand) == "The largest of −1, −6, −4, −5 is −1."
    assert hand.spoken() == (
        "Output row 1, column 0. The largest of minus 1, minus 6, minus 4, minus 5 is minus 1."
    )
    hand.grid("output").cell(0, 1).hover()
    assert line(hand).endswith("is 8.")
    hand.page.mouse.move(2, 2)
    assert line(hand).endswith("is −1.")
    hand.grid("output").cell(1, 1).click()
    assert hand.grid("picture").marked("pool-winner") == [(2, 2)]


def test_a_number_is_edited_also_when_the_picture_has_moved(hand: Stage) -> None:
    slider(hand, "Move right").press("ArrowRight")
    hand.grid("picture").cell(1, 0).dblclick()  # the 8, which came in from the right
    hand.page.keyboard.type("80")
    hand.page.keyboard.press("Enter")
    assert hand.settings["image"][1] == [5, -2, 2, 80]
    assert hand.grid("output").numbers()[0][0] == 80
    hand.grid("picture").cell(0, 0).focus()
    hand.page.keyboard.type("8x")
    hand.page.keyboard.press("Enter")
    assert hand.complaint().startswith("“8x” is no number.")


# The shift


def test_the_slider_moves_the_picture_and_marks_what_stays(hand: Stage) -> None:
    slider(hand, "Move right").press("ArrowRight")
    assert hand.settings["shift"] == [0, 1]
    assert hand.grid("picture").numbers()[0] == [0, 2, 3, 2]
    assert hand.grid("output").numbers() == [[8, 3], [3, 7]]
    assert hand.grid("output before the shift").numbers() == [[5, 8], [-1, 7]]
    assert hand.grid("output").marked("pool-same") == [(1, 1)]
    sign = "(node) => getComputedStyle(node, '::after').content"
    assert hand.grid("output").cell(1, 1).evaluate(sign) == '"="'
    label = hand.grid("output").cell(1, 1).get_attribute("aria-label")
    assert label == "output row 1, column 1: 7, unchanged"
    assert hand.spoken() == "Moved 1 right. 1 of 4 outputs unchanged."
    assert table(hand) == ["max\t1 of 4", "average\t0 of 4", "min\t0 of 4"]


def test_up_left_and_back(hand: Stage) -> None:
    down = slider(hand, "Move down")
    down.press("ArrowLeft")
    slider(hand, "Move right").press("Home")
    assert hand.settings["shift"] == [-1, -3]
    assert down.get_attribute("aria-valuetext") == "minus 1"
    expected = np.roll(HAND, (-1, -3), axis=(0, 1))
    assert hand.grid("picture").numbers() == expected.tolist()
    home = hand.root.get_by_role("button", name="Back to its place")
    home.press("Enter")
    assert hand.settings["shift"] == [0, 0]
    assert hand.grid("output").numbers() == [[5, 8], [-1, 7]]


def test_the_slider_is_dragged(hand: Stage) -> None:
    right = slider(hand, "Move right")
    box = right.bounding_box()
    middle = box["y"] + box["height"] / 2
    hand.page.mouse.move(box["x"] + box["width"] / 2, middle)
    hand.page.mouse.down()
    hand.page.mouse.move(box["x"] + box["width"], middle, steps=4)
    hand.page.mouse.up()
    assert hand.settings["shift"] == [0, 3]


def test_a_bright_pixel_of_the_notebook(stage: Callable[..., Stage]) -> None:
    toy = np.zeros((4, 4), dtype=int)
    toy[1, 0] = 9
    shown = stage(PoolingExplorer(toy))
    right = slider(shown, "Move right")
    found = []
    for _ in range(3):
        right.press("ArrowRight")
        found.append(table(shown)[0])
    assert found == ["max\t4 of 4\t1 of 1", "max\t2 of 4\t0 of 2", "max\t2 of 4\t0 of 2"]


def test_a_digit_is_drawn_in_grey(seven: Stage) -> None:
    assert "".join(map("".join, seven.grid("output").texts())) == ""
    image = np.array(seven.settings["image"])
    row, column = np.unravel_index(image.argmax(), image.shape)
    ground = "(node) => getComputedStyle(node).backgroundColor"
    assert seven.grid("picture").cell(row, column).evaluate(ground) == "rgb(255, 255, 255)"
    assert seven.grid("picture").cell(0, 0).evaluate(ground) == "rgb(0, 0, 0)"
    assert seven.root.locator(".cnn-worked-place").inner_text().startswith("Output row 7, column 7")
    label = seven.grid("picture").cell(row, column).get_attribute("aria-label")
    assert label.startswith(f"picture row {row}, column {column}: 255")
    slider(seven, "Move right").press("ArrowRight")
    due = PoolingExplorer(**seven.settings).unchanged
    assert len(seven.grid("output").marked("pool-same")) == due.sum()
    seven.set(image=HAND, shift=[0, 0])  # back to numbers
    assert seven.grid("output").numbers() == [[5, 8], [-1, 7]]
    assert seven.grid("picture").cell(0, 0).get_attribute("style") in ("", None)


# Nonsense


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("Window", "0", "Window must be at least 1, not 0. Window stays at 2."),
        ("Window", "2.5", "Window must be a whole number, but 2.5 is not one. Window stays at 2."),
        (
            "Window",
            "5",
            "The window does not fit: it has 5 rows, but the picture has 4. Use a window of at "
            "most 4. Window stays at 2.",
        ),
        (
            "Stride",
            "far",
            "“far” is no number. Type one such as 3, −2.5 or 1/9. Stride stays at 2.",
        ),
        ("Stride", "-1", "Stride must be at least 1, not −1. Stride stays at 2."),
    ],
)
def test_impossible_settings_are_explained(hand: Stage, name: str, typed: str, words: str) -> None:
    before = hand.settings
    hand.enter(name, typed)
    assert hand.complaint() == words
    assert hand.settings == before
    assert hand.grid("output").numbers() == [[5, 8], [-1, 7]]
    hand.enter(name, "1")
    assert hand.complaint() == ""


# The look, time, kernel, end


def test_at_twice_the_size_all_can_be_reached(zoomed: Callable[..., Stage]) -> None:
    shown = zoomed(PoolingExplorer(np.arange(28 * 28).reshape(28, 28), shift=(0, 1)))
    shown.grid("output").cell(13, 13).click()
    assert (
        shown.root.locator(".cnn-worked-place").inner_text().startswith("Output row 13, column 13")
    )


def test_how_soon_the_answer_comes(
    seven: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    slider(seven, "Move right").focus()
    times = seven.time_keys(["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"] * 5)
    assert median_redraw(times) < 2000  # the median, for the machine is shared


def test_without_a_kernel_all_goes_on(hand: Stage) -> None:
    hand.lose_kernel()
    choose(hand, "min")
    slider(hand, "Move down").press("ArrowRight")
    assert hand.grid("output").numbers() == pool(np.roll(HAND, 1, axis=0), "min").tolist()


def test_two_on_one_page_do_not_mix(hand: Stage, stage: Callable[..., Stage]) -> None:
    second = stage(PoolingExplorer(np.eye(6, dtype=int)), name="second")
    slider(second, "Move right").press("ArrowRight")
    assert hand.settings["shift"] == [0, 0]


def test_nothing_is_left_behind(hand: Stage) -> None:
    assert hand.dispose() == 0
