"""The kernel playground in a browser: nine numbers are changed, and the photograph follows."""

from __future__ import annotations

import io
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image
from stage import Stage

from cnnlib.course import drawing
from cnnlib.course.drawing.theme import DIVERGING
from cnnlib.course.widgets import KernelPlayground
from cnnlib.course.widgets.kernel import KERNELS, apply_kernel
from cnnlib.datasets import load_photo

CAT = load_photo("cat").mean(axis=2).reshape(64, 4, 64, 4).mean(axis=(1, 3)) / 255
SOBEL = np.array(KERNELS["Sobel"])


@pytest.fixture
def cat(stage: Callable[..., Stage]) -> Stage:
    """Return the photograph of notebook 02, under Sobel."""
    return stage(KernelPlayground(CAT))


def place(shown: Stage) -> str:
    return shown.root.locator(".cnn-worked-place").inner_text()


def choose(shown: Stage, label: str, value: str) -> None:
    shown.page.get_by_role("combobox", name=label).select_option(value)


def over(shown: Stage, name: str, row: int, column: int, size: tuple[int, int]) -> dict:
    box = shown.board(name).locator("canvas").bounding_box()
    return {
        "x": (column + 0.5) * box["width"] / size[1],
        "y": (row + 0.5) * box["height"] / size[0],
    }


def test_the_kernels_of_the_browser_are_those_of_python(cat: Stage) -> None:
    for name, kernel in KERNELS.items():
        choose(cat, "Kernel", name)
        np.testing.assert_allclose(cat.settings["kernel"], kernel)
        assert cat.call("named", kernel, KernelPlayground.FACTS) == name
        assert cat.spoken().startswith(name)


def test_grey_is_cut_off_at_0_and_1(cat: Stage) -> None:
    np.testing.assert_allclose(cat.pixels("picture")[:, :, 0], 255 * CAT, atol=0.51)
    choose(cat, "Show the result", "grey")
    for name, kernel in KERNELS.items():
        choose(cat, "Kernel", name)
        expected = 255 * np.clip(apply_kernel(CAT, kernel), 0, 1)
        shown = cat.pixels("result")
        np.testing.assert_allclose(shown, np.stack([expected] * 3, axis=-1), atol=0.51)
    result = apply_kernel(CAT, KERNELS["Sobel"])
    words = cat.root.locator(".kern-note").inner_text()
    assert f"{round(100 * (result < 0).mean())}% of it below 0, drawn black" in words
    assert "add up to 0" in words


def test_the_signed_map_is_centred_on_zero(cat: Stage) -> None:
    shown, result = cat.pixels("result"), apply_kernel(CAT, SOBEL)
    red, blue = shown[:, :, 0].astype(int), shown[:, :, 2].astype(int)
    far = np.abs(result) > 0.1 * np.abs(result).max()
    assert (red > blue)[far & (result > 0)].all()
    assert (red < blue)[far & (result < 0)].all()
    norm = mpl.colors.CenteredNorm(0, halfrange=np.abs(result).max())
    np.testing.assert_array_equal(
        shown, mpl.colormaps[DIVERGING](norm(result), bytes=True)[..., :3]
    )


def test_the_colours_are_those_of_the_figures(stage: Callable[..., Stage]) -> None:
    """A quarter of the largest value, and some more, painted by the browser and by Matplotlib."""
    values = [0.25, 1.0, -1.0, 0.0, -0.6, 0.9]
    image = np.tile((np.array(values) + 1) / 2, (3, 1))
    kernel = np.zeros((3, 3))
    kernel[1] = [-1, 0, 1]
    widget = KernelPlayground(image, kernel)
    fig, ax = drawing.new(width=3, height=3)
    drawing.kernel(widget.result, ax, numbers=False)
    picture = np.array(Image.open(io.BytesIO(drawing.to_png(fig))).convert("RGB"))
    painted = {tuple(colour) for colour in picture.reshape(-1, 3).tolist()}
    shown = stage(widget).pixels("result").reshape(-1, 3).tolist()
    assert len({tuple(colour) for colour in shown}) == 4
    assert {tuple(colour) for colour in shown} <= painted


def test_nothing_found_is_white(stage: Callable[..., Stage]) -> None:
    shown = stage(KernelPlayground(np.full((5, 5), 0.5)))
    assert (shown.pixels("result") == [247, 246, 246]).all()  # the middle one of 256 colours


def test_keys_walk_the_result(cat: Stage) -> None:
    result = apply_kernel(CAT, SOBEL)
    cat.board("result").focus()
    assert place(cat) == f"Result row 31, column 31: {result[31, 31]:.3g}".replace("-", "−")
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        cat.page.keyboard.press(key)
    value = f"{result[32, 33]:.3g}"
    assert place(cat) == f"Result row 32, column 33: {value}".replace("-", "−")
    assert cat.spoken() == f"Row 32, column 33: {value}.".replace("-", "minus ")
    for _ in range(9):
        cat.page.keyboard.press("Shift+ArrowUp")
    assert place(cat).startswith("Result row 0, column 33")
    assert cat.spoken().endswith("At the edge.")


def test_the_arithmetic_of_a_place_is_written_out(stage: Callable[..., Stage]) -> None:
    edge = np.array([[0, 0, 0, 1, 1, 1]] * 3, dtype=float)
    shown = stage(KernelPlayground(edge))
    shown.board("result").focus()
    shown.page.keyboard.press("ArrowLeft")
    assert shown.root.locator(".cnn-worked p").all_inner_texts()[:4] == [
        "Result row 0, column 1: 4",
        "0·(−1) + 0·0 + 1·1",
        "+ 0·(−2) + 0·0 + 1·2",
        "+ 0·(−1) + 0·0 + 1·1 = 4",
    ]
    assert shown.root.locator(".cnn-worked .cnn-spoken").inner_text().endswith("equals 4")


def test_the_pointer_shows_a_place_and_a_click_keeps_it(cat: Stage) -> None:
    cat.board("result").locator("canvas").hover(position=over(cat, "result", 50, 41, (62, 62)))
    assert place(cat).startswith("Result row 50, column 41")
    cat.board("picture").locator("canvas").hover(position=over(cat, "picture", 0, 9, (64, 64)))
    assert place(cat).startswith("Result row 0, column 8")  # the middle of the nearest window
    cat.page.mouse.move(1, 1)
    assert place(cat).startswith("Result row 31, column 31")
    cat.board("result").locator("canvas").click(position=over(cat, "result", 7, 3, (62, 62)))
    cat.page.mouse.move(1, 1)
    assert place(cat).startswith("Result row 7, column 3")


def test_a_weight_is_edited_with_the_keyboard(cat: Stage) -> None:
    cat.grid("kernel").cell(1, 1).focus()
    cat.page.keyboard.type("1/2")
    cat.page.keyboard.press("Enter")
    kernel = SOBEL.astype(float)
    kernel[1, 1] = 0.5
    assert cat.settings["kernel"] == kernel.tolist()
    assert cat.page.get_by_role("combobox", name="Kernel").input_value() == "your own"
    result = apply_kernel(CAT, kernel)
    cat.grid("kernel").cell(1, 1).press("Shift+Tab")
    assert f"from {result.min():.3g} to".replace("-", "−") in cat.spoken()


@pytest.mark.parametrize("typed", ["cat", "", "1e9", "2000", "--1"])
def test_nonsense_is_refused_and_loses_nothing(cat: Stage, typed: str) -> None:
    cell = cat.grid("kernel").cell(0, 2)
    cell.focus()
    cat.page.keyboard.press("Enter")
    cell.locator("input").fill(typed)
    cat.page.keyboard.press("Enter")
    assert "The number stays 1." in cat.complaint()
    assert cat.settings["kernel"] == SOBEL.tolist()


def test_your_own_is_made_by_editing(cat: Stage) -> None:
    choose(cat, "Kernel", "your own")
    assert cat.complaint() == "Edit a weight, and the kernel is your own."
    assert cat.page.get_by_role("combobox", name="Kernel").input_value() == "Sobel"


def test_python_changes_picture_and_kernel(cat: Stage) -> None:
    small = KernelPlayground(CAT[:10, :12], KERNELS["outline"])
    cat.set(**small.settings)
    assert cat.pixels("result").shape == (8, 10, 3)
    assert place(cat).startswith("Result row 7, column 9")
    assert "outline" in cat.board("result").locator("canvas").get_attribute("aria-label")


def test_how_soon_the_answer_comes(
    cat: Stage, median_redraw: Callable[[list[float]], float]
) -> None:
    cat.board("result").focus()
    times = cat.time_keys(["ArrowRight"] * 10)
    cat.grid("kernel").cell(0, 0).focus()
    times += cat.time_keys([key for digit in "123456789" for key in (digit, "Enter")])
    assert median_redraw(times) < 2000


def test_without_a_kernel_it_goes_on(cat: Stage) -> None:
    cat.lose_kernel()
    choose(cat, "Kernel", "identity")
    choose(cat, "Show the result", "grey")
    shown = cat.pixels("result")[:, :, 1]
    np.testing.assert_allclose(shown, 255 * CAT[1:-1, 1:-1], atol=0.51)
    assert cat.settings["kernel"] == KERNELS["identity"]
    assert cat.dispose() == 0


def test_nothing_runs_over_at_double_size(zoomed: Callable[..., Stage]) -> None:
    zoomed(KernelPlayground(CAT), width=480, height=600)
