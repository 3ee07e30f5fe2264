"""The pixel inspector in a browser: walked and zoomed by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Locator, Page
from stage import Stage

from cnnlib.datasets import load_photo
from cnnlib.widgets import PixelInspector
from cnnlib.widgets.inspector import pixel_window

CAT = load_photo("cat")


@pytest.fixture
def cat(stage: Callable[..., Stage]) -> Stage:
    """Return the photograph of notebook 01, at the light in the pupil."""
    return stage(PixelInspector(CAT, (62, 57)))


def board(shown: Stage, name: str) -> Locator:
    return shown.root.locator(f".pix-board[aria-label^='{name}']")


def pixels(shown: Stage, name: str) -> np.ndarray:
    """Return what a canvas shows, as (rows, columns, 3) bytes."""
    flat, rows, columns = (
        board(shown, name)
        .locator("canvas")
        .evaluate(
            "(c) => [[...c.getContext('2d').getImageData(0, 0, c.width, c.height).data],"
            " c.height, c.width]"
        )
    )
    return np.array(flat).reshape(rows, columns, 4)[:, :, :3]


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
    np.testing.assert_array_equal(pixels(cat, "image"), CAT)
    row, column, side, _ = pixel_window((256, 256), (62, 57), 16)
    due = CAT[row : row + side, column : column + side]
    np.testing.assert_array_equal(pixels(cat, "window"), due)
    assert numbers(cat) == []


def test_the_window_is_that_of_python(cat: Stage) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = rng.integers(8, 60, size=2)
        at, side = rng.integers(size), int(rng.integers(1, 65))
        due = pixel_window(tuple(size.tolist()), tuple(at.tolist()), side)
        assert cat.call("windowAt", size.tolist(), at.tolist(), side) == list(due[:3])


def test_plus_zooms_until_the_numbers_show(cat: Stage) -> None:
    board(cat, "window").focus()
    for side in (8, 4):
        cat.page.keyboard.press("+")
        assert cat.spoken() == f"{side} by {side} pixels, with their numbers."
        row, column, *_ = pixel_window((256, 256), (62, 57), side)
        due = CAT[row : row + side, column : column + side]
        assert numbers(cat) == due.reshape(-1, 3).tolist()
        np.testing.assert_array_equal(pixels(cat, "window"), due)
    assert cat.root.locator(".look-numbers span").first.text_content() == "R 53\nG 43\nB 31"
    cat.page.keyboard.press("+")
    assert cat.spoken() == "4 by 4 pixels, with their numbers. This is as far as it goes."
    for _ in range(4):
        cat.page.keyboard.press("-")
    assert cat.spoken() == "64 by 64 pixels."
    assert numbers(cat) == []


def test_keys_walk_and_the_window_follows(cat: Stage) -> None:
    cat.root.get_by_role("button", name="Zoom in").click()
    board(cat, "window").focus()
    cat.page.keyboard.press("ArrowRight")
    assert cat.spoken() == told(62, 58) + "."
    for _ in range(3):
        cat.page.keyboard.press("Shift+ArrowDown")
    assert place(cat) == told(86, 58)
    row, column, side, _ = pixel_window((256, 256), (86, 58), 8)
    due = CAT[row : row + side, column : column + side]
    assert numbers(cat) == due.reshape(-1, 3).tolist()
    for _ in range(30):
        cat.page.keyboard.press("Shift+ArrowUp")
    assert place(cat) == told(0, 58)


def test_a_click_goes_there(cat: Stage) -> None:
    canvas = board(cat, "image").locator("canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": 145.5 * box["width"] / 256, "y": 195.5 * box["height"] / 256})
    assert place(cat) == told(195, 145)
    canvas = board(cat, "window").locator("canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": 0.5 * box["width"] / 16, "y": 0.5 * box["height"] / 16})
    assert place(cat) == told(187, 137)
    cat.page.keyboard.press("ArrowLeft")
    assert place(cat) == told(187, 136)


def test_grey_is_the_mean(cat: Stage) -> None:
    cat.page.get_by_role("combobox", name="Numbers").select_option("grey")
    grey = CAT.mean(axis=2).round()
    np.testing.assert_array_equal(pixels(cat, "image"), np.stack([grey] * 3, axis=-1))
    assert cat.spoken() == f"Row 62, column 57: grey {grey[62, 57]:.0f}."
    board(cat, "window").press("+")
    assert numbers(cat) == [[value] for value in grey[58:66, 53:61].ravel().tolist()]


def test_a_grey_image(stage: Callable[..., Stage]) -> None:
    shown = stage(PixelInspector(CAT[:9, :12, 0], (8, 11)))
    board(shown, "window").press("+")
    assert numbers(shown) == [[value] for value in CAT[1:9, 4:12, 0].ravel().tolist()]
    assert shown.page.get_by_role("combobox", name="Numbers").count() == 0


def test_python_moves_it(cat: Stage) -> None:
    cat.set(place=[200, 3])
    assert place(cat) == told(200, 3)


def test_other_keys_change_nothing(cat: Stage) -> None:
    before = place(cat), cat.settings["place"]
    board(cat, "window").focus()
    for key in ("a", "7", "Enter", "Escape"):
        cat.page.keyboard.press(key)
    assert (place(cat), cat.settings["place"]) == before


def test_the_answer_comes_within_a_frame_or_two(
    cat: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    board(cat, "window").press("+")
    for _ in range(20):
        cat.page.keyboard.press("ArrowRight")
    assert median_redraw(cat.redraws()) < 2000


def test_without_a_kernel_it_goes_on(cat: Stage) -> None:
    cat.page.evaluate("window.kernelIsGone = true")
    cat.page.get_by_role("combobox", name="Numbers").select_option("grey")
    assert "grey" in place(cat)
    assert cat.dispose() == 0


def test_nothing_runs_over_at_double_size(make_page: Callable[..., Page]) -> None:
    page = make_page(device_scale_factor=2)
    page.set_viewport_size({"width": 480, "height": 600})
    Stage(page, PixelInspector(CAT))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
