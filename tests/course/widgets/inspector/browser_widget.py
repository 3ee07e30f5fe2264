"""The pixel inspector in a browser: walked and zoomed by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from stage import Stage

from cnnlib.course.widgets import PixelInspector
from cnnlib.course.widgets.inspector import pixel_window
from cnnlib.datasets import load_photo

CAT = load_photo("cat")


@pytest.fixture
def cat(stage: Callable[..., Stage]) -> Stage:
    """Return the photograph of notebook 01, at the light in the pupil."""
    return stage(PixelInspector(CAT, (62, 57)))


def numbers(shown: Stage) -> list[list[int]]:
    """Return the numbers that are written on the pixels, one list for each pixel."""
    if shown.root.locator(".look-numbers").is_hidden():
        return []
    texts = shown.root.locator(".look-numbers span").all_text_contents()
    return [[int(part.split()[-1]) for part in text.split("\n")] for text in texts]


def place(shown: Stage) -> str:
    return shown.root.locator(".look-place").inner_text().strip()


def told(row: int, column: int) -> str:
    red, green, blue = CAT[row, column]
    return f"Row {row}, column {column}: red {red}, green {green}, blue {blue}"


def test_it_opens_at_its_place(cat: Stage) -> None:
    assert place(cat) == told(62, 57)
    assert cat.spoken() == ""
    np.testing.assert_array_equal(cat.pixels("image"), CAT)
    row, column, side, _ = pixel_window((256, 256), (62, 57), 16)
    expected = CAT[row : row + side, column : column + side]
    np.testing.assert_array_equal(cat.pixels("window"), expected)
    assert numbers(cat) == []


def test_plus_zooms_until_the_numbers_show(cat: Stage) -> None:
    cat.board("window").focus()
    for side in (8, 4):
        cat.page.keyboard.press("+")
        assert cat.spoken() == f"{side} by {side} pixels, with their numbers."
        row, column, *_ = pixel_window((256, 256), (62, 57), side)
        expected = CAT[row : row + side, column : column + side]
        assert numbers(cat) == expected.reshape(-1, 3).tolist()
        np.testing.assert_array_equal(cat.pixels("window"), expected)
    assert cat.root.locator(".look-numbers span").first.text_content() == "R 53\nG 43\nB 31"
    cat.page.keyboard.press("+")
    assert cat.spoken() == "4 by 4 pixels, with their numbers. This is as far as it goes."
    for _ in range(4):
        cat.page.keyboard.press("-")
    assert cat.spoken() == "64 by 64 pixels."
    assert numbers(cat) == []


def test_keys_walk_and_the_window_follows(cat: Stage) -> None:
    cat.root.get_by_role("button", name="Zoom in").click()
    cat.board("window").focus()
    cat.page.keyboard.press("ArrowRight")
    assert cat.spoken() == told(62, 58) + "."
    for _ in range(3):
        cat.page.keyboard.press("Shift+ArrowDown")
    assert place(cat) == told(86, 58)
    row, column, side, _ = pixel_window((256, 256), (86, 58), 8)
    expected = CAT[row : row + side, column : column + side]
    assert numbers(cat) == expected.reshape(-1, 3).tolist()
    for _ in range(30):
        cat.page.keyboard.press("Shift+ArrowUp")
    assert place(cat) == told(0, 58)


def test_a_click_goes_there(cat: Stage) -> None:
    canvas = cat.board("image").locator("canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": 145.5 * box["width"] / 256, "y": 195.5 * box["height"] / 256})
    assert place(cat) == told(195, 145)
    canvas = cat.board("window").locator("canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": 0.5 * box["width"] / 16, "y": 0.5 * box["height"] / 16})
    assert place(cat) == told(187, 137)
    cat.page.keyboard.press("ArrowLeft")
    assert place(cat) == told(187, 136)


def test_grey_is_the_mean(cat: Stage) -> None:
    cat.page.get_by_role("combobox", name="Numbers").select_option("grey")
    grey = CAT.mean(axis=2).round()
    np.testing.assert_array_equal(cat.pixels("image"), np.stack([grey] * 3, axis=-1))
    assert cat.spoken() == f"Row 62, column 57: grey {grey[62, 57]:.0f}."
    cat.board("window").press("+")
    assert numbers(cat) == [[value] for value in grey[58:66, 53:61].ravel().tolist()]


def test_a_grey_image(stage: Callable[..., Stage]) -> None:
    shown = stage(PixelInspector(CAT[:9, :12, 0], (8, 11)))
    shown.board("window").press("+")
    assert numbers(shown) == [[value] for value in CAT[1:9, 4:12, 0].ravel().tolist()]
    assert shown.page.get_by_role("combobox", name="Numbers").count() == 0


def test_python_moves_it(cat: Stage) -> None:
    cat.set(place=[200, 3])
    assert place(cat) == told(200, 3)


def test_other_keys_change_nothing(cat: Stage) -> None:
    before = place(cat), cat.settings["place"]
    cat.board("window").focus()
    for key in ("a", "7", "Enter", "Escape"):
        cat.page.keyboard.press(key)
    assert (place(cat), cat.settings["place"]) == before


def test_how_soon_the_answer_comes(
    cat: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    cat.board("window").focus()
    assert median_redraw(cat.time_keys(["+", *["ArrowRight"] * 20])) < 2000


def test_without_a_kernel_it_goes_on(cat: Stage) -> None:
    cat.lose_kernel()
    cat.page.get_by_role("combobox", name="Numbers").select_option("grey")
    assert "grey" in place(cat)
    assert cat.dispose() == 0


def test_nothing_runs_over_at_double_size(zoomed: Callable[..., Stage]) -> None:
    zoomed(PixelInspector(CAT), width=480, height=600)
