"""The figure toolkit: what is drawn equals the data, and what is shown carries its text."""

import base64
import html
import io
import re
import subprocess
import sys
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from cnnlib.course import drawing
from cnnlib.course.drawing.theme import contrast
from cnnlib.datasets import load_photo

INPUT = np.array([[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]])
KERNEL = np.array([[11, 4], [5, 2]])
OUTPUT = np.array([[144, 66, 160], [247, 97, 95], [215, 121, 136]])


def one_axes(**options):
    return drawing.new(**options)[1]


def numbers(ax):
    return [text for text in ax.texts if text.get_gid() == "cell-number"]


def drawn(ax):
    """Return {(row, column): number} as read off the axes."""
    return {
        (round(text.get_position()[1]), round(text.get_position()[0])): float(
            text.get_text().replace("−", "-")
        )
        for text in numbers(ax)
    }


def patches(ax, gid):
    return [patch for patch in ax.patches if patch.get_gid() == gid]


def settle(fig):
    """Lay the figure out as `show` does, so that the places of its texts can be asked for."""
    drawing.to_png(fig)
    fig.draw_without_rendering()


def decode(png):
    return Image.open(io.BytesIO(png))


# ---------------------------------------------------------------- style


def test_importing_and_drawing_leave_the_settings_of_matplotlib_alone():
    code = """
import matplotlib as mpl
mpl.rcParams["font.size"] = 7.5
before = dict(mpl.rcParams)
from cnnlib.course import drawing
fig, ax = drawing.new()
drawing.grid([[1, 2]], ax, title="two")
drawing.to_png(drawing.gallery([[[0, 1]]]))
assert dict(mpl.rcParams) == before
import sys
pyplot = sys.modules.get("matplotlib.pyplot")
assert pyplot is None or not pyplot.get_fignums()
print(ax.texts[0].get_fontfamily(), ax.title.get_fontsize())
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr == ""
    assert result.stdout == "['DejaVu Sans'] 13.0\n"


def test_style_is_put_back_after_an_error():
    before = dict(mpl.rcParams)

    @drawing.styled
    def fail():
        assert mpl.rcParams["axes.titlesize"] == 13.0
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert dict(mpl.rcParams) == before


def test_new_gives_axes_shaped_like_subplots():
    fig, ax = drawing.new(width=6, height=2)
    assert fig.get_size_inches().tolist() == [6, 2]
    assert ax.figure is fig
    assert drawing.new(ncols=3)[1].shape == (3,)
    assert drawing.new(nrows=2, ncols=3)[1].shape == (2, 3)


@pytest.mark.parametrize("options", [{"nrows": 0}, {"ncols": -1}, {"width": 0}, {"height": -2}])
def test_new_refuses_sizes_that_are_not_positive(options):
    with pytest.raises(ValueError, match=r"new: .* but are"):
        drawing.new(**options)


def test_series_differ_in_more_than_colour():
    count = len(drawing.CYCLE)
    for carrier in (drawing.CYCLE, drawing.LINE_STYLES, drawing.MARKERS, drawing.HATCHES):
        assert len(set(carrier)) == len(carrier) == count


@pytest.mark.parametrize(
    ("values", "fmt", "expected"),
    [
        ([5, -3, 0], None, ["5", "−3", "0"]),
        ([5.0, -3.0], None, ["5", "−3"]),
        ([0.5, 2.0], None, ["0.5", "2.0"]),
        ([0.333333, -2.0], None, ["0.33", "−2.00"]),
        ([0.0123, 0.004], None, ["0.012", "0.004"]),
        ([0.00002], None, ["2.0e−05"]),
        ([1.0, np.nan], None, ["1", "?"]),
        ([-0.001, 3.14159], ".1f", ["0.0", "3.1"]),
        ([0.914], ".1%", ["91.4%"]),
        ([62378344], ",", ["62,378,344"]),
        ([2], lambda value: f"<{value}>", ["<2>"]),
        ([True, False], None, ["1", "0"]),
    ],
)
def test_format_numbers(values, fmt, expected):
    assert drawing.format_numbers(values, fmt, missing="?") == expected


# ---------------------------------------------------------------- grid


def test_grid_writes_each_number_into_its_cell():
    ax = drawing.grid(INPUT, one_axes())
    assert drawn(ax) == {index: value for index, value in np.ndenumerate(INPUT)}


def test_grid_of_one_dimension_is_one_row():
    ax = drawing.grid([3, 1, 4], one_axes(), indices=True)
    assert drawn(ax) == {(0, 0): 3, (0, 1): 1, (0, 2): 4}
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "2"]
    assert ax.get_yticklabels() == []


def test_grid_row_0_is_at_the_top():
    ax = drawing.grid(INPUT, one_axes())
    bottom, top = ax.get_ylim()
    assert bottom > top


def test_highlights_lie_on_the_cells_they_name():
    ax = drawing.grid(INPUT, one_axes(), highlight=[(1, 2, 2, 2), None, (0, 0, 1, 3)])
    first, third = patches(ax, "highlight")
    assert first.get_bbox().extents.tolist() == pytest.approx([1.5, 0.5, 3.5, 2.5])
    x0, y0, x1, y1 = third.get_bbox().extents
    assert (x0, y0) == pytest.approx((-0.5, -0.5), abs=0.2)
    assert (x1, y1) == pytest.approx((2.5, 0.5), abs=0.2)
    # A style belongs to the place in the list, so None skips one.
    assert mpl.colors.to_hex(first.get_edgecolor()).upper() == drawing.CYCLE[0]
    assert mpl.colors.to_hex(third.get_edgecolor()).upper() == drawing.CYCLE[2]
    assert first.get_linestyle() != third.get_linestyle()


def test_padding_cells_are_hatched_and_only_they():
    ax = drawing.grid(np.pad(INPUT, 1), one_axes(), padding=1)
    cells = {(round(p.get_y() + 0.5), round(p.get_x() + 0.5)) for p in patches(ax, "padding")}
    border = {(i, j) for i in range(6) for j in range(6) if {i, j} & {0, 5}}
    assert cells == border
    assert all(patch.get_hatch() for patch in patches(ax, "padding"))


def test_indices_start_at_the_origin():
    ax = drawing.grid(np.zeros((2, 3), int), one_axes(), indices=True, origin=(-1, 5))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["−1", "0"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["5", "6", "7"]


def test_row_and_column_labels():
    ax = drawing.grid(KERNEL, one_axes(), row_labels=["cat", "dog"], col_labels=["a", "b"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b"]


def test_nan_leaves_a_cell_empty_or_marked():
    values = [[1.0, np.nan]]
    assert [t.get_text() for t in drawing.grid(values, one_axes()).texts] == ["1", ""]
    marked = drawing.grid(values, one_axes(), missing="?", cmap="viridis")
    assert [t.get_text() for t in marked.texts] == ["1", "?"]


@pytest.mark.parametrize("cmap", [None, "gray", "viridis", "cividis", "RdBu_r"])
def test_numbers_contrast_with_their_cells(cmap):
    values = np.arange(64).reshape(8, 8)
    ax = drawing.grid(values, one_axes(), cmap=cmap, padding=1)
    cells = np.asarray(ax.images[0].get_array())
    assert len(ax.texts) >= values.size
    for text in ax.texts:
        x, y = text.get_position()
        assert contrast(text.get_color(), cells[int(y), int(x)]) >= 4.5


def test_numbers_may_be_left_out():
    assert len(drawing.grid(INPUT, one_axes(), numbers=False).texts) == 0


def test_values_at_the_ends_of_the_scale_have_the_colours_of_the_ends():
    ax = drawing.grid([[0, 255, 128]], one_axes(), cmap="gray", vmin=0, vmax=255)
    cells = np.asarray(ax.images[0].get_array())
    assert cells[0, 0].tolist() == [0, 0, 0]
    assert cells[0, 1].tolist() == [1, 1, 1]
    assert cells[0, 2] == pytest.approx(128 / 255, abs=0.01)


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.zeros((2, 2, 2)), {}, r"grid: values must be 2-D.*\(2, 2, 2\).*x\[0, 0\]"),
        (np.zeros((0, 2)), {}, r"grid: values is empty"),
        ([[1, 2], [3]], {}, r"grid: values has rows of unequal length"),
        (KERNEL, {"highlight": [(1, 1, 2, 2)]}, r"window \(1, 1, 2, 2\).*shape \(2, 2\)"),
        (KERNEL, {"highlight": [(0, 0, 0, 1)]}, r"window \(0, 0, 0, 1\)"),
        (KERNEL, {"highlight": [(-1, 0, 1, 1)]}, r"window \(-1, 0, 1, 1\)"),
        (KERNEL, {"highlight": (0, 0, 1, 1)}, "Put a single window in a list"),
        (KERNEL, {"padding": 1}, r"padding \(1, 1\) leaves no cell"),
        (np.zeros((50, 51)), {}, r"shape \(50, 51\) are too many numbers.*numbers=False"),
        (KERNEL, {"row_labels": ["one"]}, r"row_labels has 1 texts for 2 cells"),
        (KERNEL, {"col_labels": ["one"]}, r"col_labels has 1 texts for 2 cells"),
    ],
)
def test_grid_refuses_what_does_not_fit(values, options, message):
    with pytest.raises(ValueError, match=message):
        drawing.grid(values, one_axes(), **options)


def test_grid_refuses_wrong_types():
    with pytest.raises(TypeError, match="real numbers"):
        drawing.grid([["a", "b"]], one_axes())
    with pytest.raises(TypeError, match=r"array of 2 axes: pick one"):
        drawing.grid(KERNEL, drawing.new(ncols=2)[1])
    with pytest.raises(TypeError, match=r"whole figure"):
        drawing.grid(KERNEL, drawing.new()[0])
    with pytest.raises(TypeError, match="padding must be an integer or a pair"):
        drawing.grid(KERNEL, one_axes(), padding="same")


@pytest.mark.parametrize("values", [[[-1, 0, 4]], [[-4, 0, 1]], [[-8, 0, -2]]])
def test_kernel_colours_are_symmetric_around_zero(values):
    ax = drawing.kernel(values, one_axes())
    other = drawing.kernel(-np.array(values), one_axes())
    cells = np.asarray(ax.images[0].get_array())[0]
    mirrored = np.asarray(other.images[0].get_array())[0]
    assert cells[1] == pytest.approx(1.0, abs=0.04)  # zero is white
    for cell, value, opposite in zip(cells, values[0], mirrored, strict=True):
        red, blue = cell[0], cell[2]
        assert np.sign(red - blue) == np.sign(value) or value == 0
        assert np.sign(opposite[0] - opposite[2]) == -np.sign(value) or value == 0
    strongest = int(np.argmax(np.abs(values)))
    assert cells[strongest] == pytest.approx(
        mpl.colormaps["RdBu_r"](float(values[0][strongest] > 0))[:3]
    )


# ---------------------------------------------------------------- images


def test_image_keeps_its_values_and_scale():
    pixels = np.full((4, 6), 100, dtype=np.uint8)
    picture = drawing.image(pixels, one_axes(), title="flat").images[0]
    assert np.array_equal(picture.get_array(), pixels)
    assert picture.get_clim() == (0, 255)
    assert picture.get_interpolation() == "none"
    assert drawing.image(pixels / 255, one_axes()).images[0].get_clim() == (0, 1)


def test_image_in_colour():
    pixels = np.random.default_rng(1).integers(0, 256, (4, 6, 3))
    picture = drawing.image(pixels, one_axes()).images[0]
    assert np.array_equal(picture.get_array(), pixels)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((3, 8, 8)), r"Give it np.moveaxis\(img, 0, -1\)"),
        (np.zeros((1, 8, 8)), r"img\[0\]"),
        (np.zeros((1, 3, 8, 8)), r"\(1, 3, 8, 8\)"),
        (np.full((8, 8), 255.0), r"floats from 0 to 1, but holds 255 to 255"),
        (np.full((8, 8), -1), r"integers from 0 to 255, but holds -1 to -1"),
        (np.full((8, 8), np.nan), r"floats from 0 to 1"),
    ],
)
def test_image_refuses_what_is_no_image(pixels, message):
    with pytest.raises(ValueError, match=message):
        drawing.image(pixels, one_axes())


def test_number_image_writes_the_pixels():
    pixels = np.array([[0, 128], [255, 7]], dtype=np.uint8)
    ax = drawing.number_image(pixels, one_axes())
    assert drawn(ax) == {(0, 0): 0, (0, 1): 128, (1, 0): 255, (1, 1): 7}
    with pytest.raises(ValueError, match=r"Give it img\.mean\(axis=2\)"):
        drawing.number_image(np.zeros((4, 4, 3)), one_axes())


def test_gallery_shows_every_map_on_one_scale():
    maps = np.random.default_rng(2).normal(size=(5, 3, 4))
    fig = drawing.gallery(maps, titles=list("abcde"), ncols=3)
    assert len(fig.axes) == 5
    assert [ax.get_title() for ax in fig.axes] == list("abcde")
    for ax, one in zip(fig.axes, maps, strict=True):
        assert np.array_equal(ax.images[0].get_array(), one)
        assert ax.images[0].get_clim() == (maps.min(), maps.max())


def test_gallery_with_a_scale_for_each():
    maps = [np.array([[0.0, 1.0]]), np.array([[5.0, 9.0]])]
    fig = drawing.gallery(maps, scale="each")
    assert [ax.images[0].get_clim() for ax in fig.axes] == [(0, 1), (5, 9)]


@pytest.mark.parametrize("scale", ["shared", "each"])
def test_diverging_gallery_is_centred_on_zero(scale):
    fig = drawing.gallery(
        [np.array([[-1.0, 4.0]]), np.array([[-3.0, 2.0]])], diverging=True, scale=scale
    )
    limits = [ax.images[0].get_clim() for ax in fig.axes]
    assert limits == ([(-4, 4), (-4, 4)] if scale == "shared" else [(-4, 4), (-3, 3)])


def test_gallery_colorbar_has_axes_of_its_own_after_the_maps():
    fig = drawing.gallery(np.zeros((2, 3, 3)), colorbar=True, vmin=0, vmax=2)
    assert len(fig.axes) == 3
    assert fig.axes[2].get_ylim() == (0, 2)


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ([], {}, "images is empty"),
        (np.zeros((3, 3)), {}, r"list of maps, but its shape is \(3, 3\)"),
        (np.zeros((2, 4, 3, 5)), {}, r"number 0 is \(4, 3, 5\)"),
        (np.zeros((2, 3, 3)), {"titles": ["one"]}, "1 titles came for 2 images"),
        (np.zeros((2, 3, 3)), {"scale": "own"}, "'own'"),
        (np.zeros((2, 3, 3)), {"scale": "each", "colorbar": True}, "one scale for all"),
    ],
)
def test_gallery_refuses_what_does_not_fit(images, options, message):
    with pytest.raises(ValueError, match=message):
        drawing.gallery(images, **options)


# ---------------------------------------------------------------- equation


def cell_inches(fig, ax):
    (x0, y0), (x1, y1) = ax.transData.transform([(0, 0), (1, 1)])
    return abs(x1 - x0) / fig.dpi, abs(y1 - y0) / fig.dpi


def test_equation_draws_its_parts_in_order():
    fig = drawing.equation([("input", INPUT), "⋆", ("kernel", KERNEL), "=", ("output", OUTPUT)])
    assert [ax.get_title() for ax in fig.axes] == ["input", "", "kernel", "", "output"]
    for ax, array in zip(fig.axes[::2], (INPUT, KERNEL, OUTPUT), strict=True):
        assert drawn(ax) == dict(np.ndenumerate(array))
    assert [ax.texts[0].get_text() for ax in fig.axes[1::2]] == ["⋆", "="]


def test_equation_cells_have_one_size_and_one_centre_line():
    padded = ("padded", np.pad(INPUT, 1), {"indices": True, "padding": 1})
    fig = drawing.equation([padded, "⋆", ("kernel", KERNEL), "=", OUTPUT])
    fig.draw_without_rendering()
    sizes = [cell_inches(fig, ax) for ax in fig.axes[::2]]
    assert np.allclose(sizes, sizes[0][0], rtol=1e-6)
    boxes = [ax.get_position() for ax in fig.axes]
    assert np.ptp([(box.y0 + box.y1) / 2 for box in boxes]) < 1e-9
    assert all(left.x1 <= right.x0 for left, right in pairwise(boxes))


def test_equation_is_no_wider_than_asked():
    wide = np.zeros((3, 14), int)
    fig = drawing.equation([wide, "+", wide, "=", wide], width=9)
    assert fig.get_size_inches()[0] <= 9
    fig = drawing.equation([KERNEL], cell=0.5)
    assert cell_inches(fig, fig.axes[0]) == pytest.approx((0.5, 0.5))


def test_equation_passes_options_on():
    fig = drawing.equation(
        [
            ("signed", [[-1, 1]], {"signed": True}),
            ("pixels", np.array([[0, 255]], dtype=np.uint8), {"image": True}),
            ("marked", [[1, 2]], {"highlight": [(0, 1, 1, 1)]}),
        ]
    )
    signed, pixels, marked = fig.axes
    cells = np.asarray(signed.images[0].get_array())[0]
    assert cells[0][2] > cells[0][0]  # −1 is blue
    assert cells[1][0] > cells[1][2]  # +1 is red
    assert np.asarray(pixels.images[0].get_array())[0].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert patches(marked, "highlight")[0].get_bbox().extents.tolist() == [0.5, -0.5, 1.5, 0.5]


def test_equation_titles_do_not_touch():
    long = "a title that is far longer than its grid"
    fig = drawing.equation([(long, [[1]]), "+", (long, [[2]]), "=", (long, [[3]])])
    fig.draw_without_rendering()
    boxes = [ax.title.get_window_extent() for ax in fig.axes[::2]]
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    assert boxes[0].x0 >= 0
    assert boxes[-1].x1 <= fig.bbox.x1
    assert fig.axes[0].get_title().replace("\n", " ") == long


@pytest.mark.parametrize("items", [[], "⋆"])
def test_equation_needs_something_to_draw(items):
    with pytest.raises(ValueError, match="at least one array or sign"):
        drawing.equation(items)


def test_equation_names_a_malformed_item():
    with pytest.raises(TypeError, match=r"titled item is \(title, array\)"):
        drawing.equation([("input", INPUT, [(0, 0, 1, 1)])])


# ---------------------------------------------------------------- charts


def test_curves_draw_the_data_and_name_it():
    ax = drawing.curves({"train_loss": [2.0, 1.0], "b": [3.0, 0.5]}, one_axes(), xlabel="epoch")
    assert [line.get_ydata().tolist() for line in ax.lines] == [[2.0, 1.0], [3.0, 0.5]]
    assert [text.get_text() for text in ax.texts] == ["train loss", "b"]
    assert [text.xy for text in ax.texts] == [(2.0, 1.0), (2.0, 0.5)]
    assert ax.get_xlabel() == "epoch"
    looks = [(line.get_color(), line.get_marker(), line.get_linestyle()) for line in ax.lines]
    assert all(a != b for a, b in zip(*looks, strict=True))


def test_labels_at_the_ends_do_not_overlap():
    ax = one_axes()
    drawing.curves([(f"curve {k}", [0.0, 1.0 + 0.001 * k]) for k in range(6)], ax)
    settle(ax.figure)
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 0.5 for low, high in pairwise(boxes))


def test_names_of_curves_can_be_read_on_white():
    ax = drawing.curves({str(k): [k, k] for k in range(7)}, one_axes())
    assert all(contrast(text.get_color(), "white") >= 4.5 for text in ax.texts)


def test_curves_take_positions_and_a_legend():
    ax = drawing.curves({"a": [1, 2]}, one_axes(), x=[0.1, 10], xscale="log", labels="legend")
    assert ax.lines[0].get_xdata().tolist() == [0.1, 10]
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a"]


@pytest.mark.parametrize(
    ("series", "options", "message"),
    [
        ({}, {}, "series is empty"),
        ({"a": [1, 2]}, {"x": [1, 2, 3]}, r"'a'.*shape is \(2,\).*\(3,\)"),
        ({"a": [[1, 2]]}, {}, r"'a' must be 1-D"),
        ({"a": [1, 2]}, {"labels": "left"}, "'left'"),
    ],
)
def test_curves_refuse_what_does_not_fit(series, options, message):
    with pytest.raises(ValueError, match=message):
        drawing.curves(series, one_axes(), **options)


def test_bars_have_the_lengths_and_write_the_values():
    ax = drawing.bars(["linear", "CNN"], [0.914, 0.985], one_axes(), fmt=".1%", highlight=[1])
    assert [bar.get_width() for bar in ax.patches] == [0.914, 0.985]
    assert [text.get_text() for text in ax.texts] == ["91.4%", "98.5%"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["linear", "CNN"]
    plain, marked = ax.patches
    assert (plain.get_hatch() or "") != marked.get_hatch()
    bottom, top = ax.get_ylim()
    assert bottom > top  # the first bar is on top


def test_grouped_bars_have_a_legend_and_hatches():
    values = {"parameters": [1, 2], "multiply-adds": [30, 4]}
    ax = drawing.bars(["conv", "fc"], values, one_axes())
    assert [bar.get_width() for bar in ax.patches] == [1, 2, 30, 4]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(values)
    spans = sorted((bar.get_y(), bar.get_y() + bar.get_height()) for bar in ax.patches)
    assert all(low[1] <= high[0] for low, high in pairwise(spans))
    assert len({bar.get_hatch() for bar in ax.patches}) == 2


def test_bars_refuse_a_wrong_count():
    with pytest.raises(ValueError, match=r"2 labels came for values of shape \(3,\)"):
        drawing.bars(["a", "b"], [1, 2, 3], one_axes())
    with pytest.raises(ValueError, match=r"series 'x'"):
        drawing.bars(["a", "b"], {"x": [1]}, one_axes())
    with pytest.raises(ValueError, match="values is empty"):
        drawing.bars(["a"], {}, one_axes())


def test_confusion_matrix_writes_counts_and_leaves_zeros_blank():
    matrix = np.array([[90, 0, 2], [0, 80, 0], [1, 0, 70]])
    ax = drawing.confusion_matrix(matrix, one_axes(), ["a", "b", "c"])
    assert drawn(ax) == {(i, j): n for (i, j), n in np.ndenumerate(matrix) if n}
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")
    cells = np.asarray(ax.images[0].get_array())
    assert cells[0, 1].tolist() == [1, 1, 1]
    for text in numbers(ax):
        x, y = text.get_position()
        assert contrast(text.get_color(), cells[int(y), int(x)]) >= 4.5


def test_a_single_mistake_shows_beside_a_thousand_hits():
    ax = drawing.confusion_matrix([[1000, 1, 0], [30, 900, 0], [0, 0, 800]], one_axes())
    cells = np.asarray(ax.images[0].get_array())
    assert np.abs(cells[0, 1] - cells[0, 2]).max() > 0.3  # one against none
    assert np.abs(cells[0, 1] - cells[1, 0]).max() > 0.3  # one against thirty


@pytest.mark.parametrize(
    ("matrix", "names", "message"),
    [
        (np.zeros((2, 3), int), None, r"square.*\(2, 3\)"),
        (np.eye(2), None, "counts.*float64"),
        (np.array([[1, -1], [0, 1]]), None, "smallest value -1"),
        (np.eye(2, dtype=int), ["a"], "1 class names came for 2 classes"),
    ],
)
def test_confusion_matrix_refuses_what_is_none(matrix, names, message):
    with pytest.raises(ValueError, match=message):
        drawing.confusion_matrix(matrix, one_axes(), names)


# ---------------------------------------------------------------- diagrams

ALEXNET = [
    (3, 224, 224, "input"),
    (96, 55, 55, "CONV1"),
    (256, 27, 27, "CONV2"),
    (384, 13, 13, "CONV3"),
    (256, 6, 6, "POOL3"),
    (4096, 1, 1, "FC6"),
    (1000, 1, 1, "FC8"),
]


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_volumes_say_their_sizes_without_overlap(rows):
    steps = ["11×11 / 4", "a long operation\nin two lines", "3×3", "", "flatten", "dense"]
    fig = drawing.volumes(ALEXNET, operations=steps, rows=rows, title="AlexNet")
    texts = fig.axes[0].texts
    words = [text.get_text() for text in texts]
    for caption in ("input\n3@224×224", "CONV3\n384@13×13", "FC6\n4,096"):
        assert caption in words
    assert all(step in words for step in steps)
    fig.draw_without_rendering()
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[k + 1 :])
        assert box.x0 >= 0
        assert box.x1 <= fig.bbox.x1
        assert box.y0 >= 0
        assert box.y1 <= fig.bbox.y1


def test_larger_volumes_are_drawn_larger():
    def face(block):
        corners = drawing.volumes([block]).axes[0].patches[0].get_xy()
        return np.ptp(corners, axis=0)

    assert face((3, 64, 32, ""))[1] > face((3, 32, 32, ""))[1]
    assert face((3, 32, 64, ""))[0] > face((3, 32, 32, ""))[0]
    assert face((1000, 1, 1, ""))[1] > face((10, 1, 1, ""))[1]


def test_volumes_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="blocks is empty"):
        drawing.volumes([])
    with pytest.raises(ValueError, match=r"\(0, 2, 2, 'none'\)"):
        drawing.volumes([(0, 2, 2, "none")])
    with pytest.raises(ValueError, match="2 blocks have 1 steps between them, but 2 operations"):
        drawing.volumes(ALEXNET[:2], operations=["a", "b"])
    with pytest.raises(ValueError, match="rows must be at least 1, but is 0"):
        drawing.volumes(ALEXNET, rows=0)


NODES = {"x": (0, 1, "x"), "w": (0, -1, "w"), "mul": (2.2, 0, "×"), "loss": (4.4, 0, "loss")}


def test_graph_puts_values_above_and_gradients_below():
    edges = [("x", "mul", 3, -2), ("w", "mul", -2, 3), ("mul", "loss", -6, 1)]
    ax = drawing.graph(NODES, edges, one_axes())
    texts = {kind: [t for t in ax.texts if t.get_gid() == kind] for kind in ("value", "gradient")}
    assert [text.get_text() for text in texts["value"]] == ["3", "−2", "−6"]
    assert [text.get_text() for text in texts["gradient"]] == ["−2", "3", "1"]
    settle(ax.figure)
    for value, gradient in zip(texts["value"], texts["gradient"], strict=True):
        assert value.get_window_extent().y0 > gradient.get_window_extent().y0
    nodes = {t.get_text(): t.get_position() for t in ax.texts if t.get_gid() == "node"}
    assert nodes == {text: (x, y) for x, y, text in NODES.values()}


def test_graph_arrows_reach_from_box_to_box():
    ax = drawing.graph(NODES, [("x", "mul")], one_axes())
    settle(ax.figure)
    (arrow,) = [p for p in ax.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
    ends = arrow.get_transform().transform(arrow.get_path().vertices)  # cut off at the boxes
    boxes = {t.get_text(): t.get_bbox_patch().get_window_extent() for t in ax.texts}
    # An arrow is cut off at the boxes as last drawn: so the boxes must be drawn before it.
    assert arrow.get_zorder() > max(text.get_zorder() for text in ax.texts)
    start, stop = ends[0], ends[2]
    for end, name in ((start, "x"), (stop, "×")):
        box = boxes[name]
        gap = max(box.x0 - end[0], end[0] - box.x1, box.y0 - end[1], end[1] - box.y1)
        assert 0 <= gap < 10


def test_graph_refuses_unknown_nodes_and_odd_edges():
    with pytest.raises(ValueError, match=r"names 'y'.*'mul'"):
        drawing.graph(NODES, [("x", "y")], one_axes())
    with pytest.raises(ValueError, match="the last two optional"):
        drawing.graph(NODES, [("x",)], one_axes())
    with pytest.raises(ValueError, match="nodes is empty"):
        drawing.graph({}, [], one_axes())


# ---------------------------------------------------------------- show


def shown(monkeypatch, fig, alt):
    """Return what `show` hands to the notebook."""
    out = []
    from IPython import display
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setattr(InteractiveShell, "initialized", lambda: True)
    monkeypatch.setattr(display, "display", lambda *data, raw: out.append((data, raw)))
    assert drawing.show(fig, alt) is None
    return out


def test_show_puts_out_one_bundle_with_picture_and_text(monkeypatch):
    ax = drawing.grid(KERNEL, one_axes(width=3))
    alt = 'Kernel "K" & more: 5 < 11 > 2.'
    (((bundle,), raw),) = shown(monkeypatch, ax, alt)
    assert raw
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == alt
    match = re.search(
        r'<img alt="([^"<>]*)" width="(\d+)" style="[^"]*" '
        r'src="data:image/png;base64,([A-Za-z0-9+/=]+)">',
        bundle["text/html"],
    )
    assert html.unescape(match[1]) == alt
    picture = decode(base64.b64decode(match[3]))
    assert picture.width // 2 == int(match[2])  # drawn twice as fine as displayed
    assert picture.info == {}  # no date, no software


def holes(markup: str) -> list[list[tuple[float, float]]]:
    """Return the holes of the sheet for dark themes, each as its corners in per cent."""
    polygon = re.search(r"clip-path: polygon\(evenodd, (.*?)\)", markup)
    if polygon is None:
        assert "clip-path: none" in markup
        return []
    pairs = [pair.split() for pair in polygon[1].replace("%", "").split(", ")]
    corners = [(float(x), float(y)) for x, y in pairs]
    ring, corners = corners[:5], corners[5:]
    # A sheet that ends with the picture would cut off the outline that lies over its edge.
    assert all(not 0 <= one <= 100 for corner in ring for one in corner)
    return [corners[k : k + 5] for k in range(0, len(corners), 6)]


def test_pictures_that_overlap_are_kept_and_the_paper_beside_them_is_not(monkeypatch):
    """Channels drawn as a stack: what lies in two holes would not be cut."""
    fig, under = drawing.new(width=3, height=3)
    under.set_axis_off()
    places = [(0.1, 0.1), (0.3, 0.3), (0.5, 0.5)]  # from below, in shares of the figure
    for left, bottom in places:
        ax = fig.add_axes((left, bottom, 0.4, 0.4))
        ax.set_axis_off()
        ax.imshow([[[1.0, 0, 0]]], aspect="auto")
    (((bundle,), _),) = shown(monkeypatch, fig, "Three sheets in a stack.")
    found = holes(bundle["text/html"])
    picture = decode(base64.b64decode(re.search(r"base64,([^\"]+)", bundle["text/html"])[1]))
    red = np.asarray(picture.convert("RGB"))[..., 1] < 128
    y, x = np.mgrid[0 : red.shape[0], 0 : red.shape[1]]
    x, y = 100 * (x + 0.5) / red.shape[1], 100 * (y + 0.5) / red.shape[0]
    times = sum(
        (hole[0][0] < x) & (x < hole[2][0]) & (hole[0][1] < y) & (y < hole[1][1]) for hole in found
    )
    wrong = (times % 2 == 1) != red
    assert wrong.mean() < 0.02  # the edges, to the tenth of a per cent


def test_in_a_dark_theme_ink_and_paper_turn_round_and_pictures_stay(monkeypatch):
    """A photograph is kept by a hole in the sheet, a grid without colours is not."""
    fig, (left, right) = drawing.new(ncols=2, width=4, height=2)
    drawing.grid(KERNEL, left)
    right.imshow([[[1.0, 0, 0], [0, 1.0, 0]]], aspect="auto")
    (((bundle,), _),) = shown(monkeypatch, fig, "A grid beside red and green.")
    (hole,) = holes(bundle["text/html"])
    picture = decode(base64.b64decode(re.search(r"base64,([^\"]+)", bundle["text/html"])[1]))
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    coloured = np.ptp(pixels, axis=2) > 200
    rows, columns = np.flatnonzero(coloured.any(axis=1)), np.flatnonzero(coloured.any(axis=0))
    found = [100 * columns[0] / picture.width, 100 * rows[0] / picture.height]
    found += [100 * columns[-1] / picture.width, 100 * rows[-1] / picture.height]
    assert [*hole[0], *hole[2]] == pytest.approx(found, abs=1.5)


def test_a_figure_of_ink_alone_has_a_whole_sheet(monkeypatch):
    (((bundle,), _),) = shown(monkeypatch, drawing.grid(KERNEL, one_axes(width=3)), "A small grid.")
    assert holes(bundle["text/html"]) == []


def test_show_joins_the_lines_of_an_alternative_text(monkeypatch):
    (((bundle,), _),) = shown(monkeypatch, drawing.new(width=2)[0], "One\n   empty figure.")
    assert bundle["text/plain"] == "One empty figure."


@pytest.mark.parametrize("alt", ["", "   ", "figure", "a cat"])
def test_show_wants_a_sentence(alt):
    with pytest.raises(ValueError, match="must be a sentence"):
        drawing.show(drawing.new(width=2)[0], alt)


def test_show_refuses_wrong_types():
    with pytest.raises(TypeError, match="alt must be text, but is NoneType"):
        drawing.show(drawing.new(width=2)[0], None)
    with pytest.raises(TypeError, match="expected a Figure or an Axes, but got ndarray"):
        drawing.show(INPUT, "A grid of numbers.")


def test_show_at_a_plain_prompt_prints_the_text(capsys):
    drawing.show(drawing.new(width=2)[0], "Nothing at all.")
    assert capsys.readouterr().out == "Nothing at all.\n"


def test_an_error_is_shown_one_sentence_a_line_and_no_word_is_broken(capsys):
    first = f"conv2d: x is {'a-long-story ' * 10}of 1.5 lines."
    drawing.show_error(ValueError(f"{first} Use F.pad."))
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == "  Use F.pad."
    assert len(lines) == 2
    assert all(len(line) <= 112 for line in lines)
    assert " ".join(line.strip() for line in lines) == first
    drawing.show_error(ValueError(""))
    assert capsys.readouterr().out == "\n"


def test_the_same_figure_gives_the_same_bytes():
    def draw():
        rng = np.random.default_rng(3)
        fig, (left, right) = drawing.new(ncols=2)
        drawing.image(rng.integers(0, 256, (40, 40, 3)), left, title="noise")
        drawing.curves({"a": rng.random(9), "b": rng.random(9)}, right)
        return drawing.to_png(fig)

    assert draw() == draw()


def test_drawing_a_figure_twice_changes_nothing():
    fig = drawing.equation([("input", INPUT), "⋆", ("kernel", KERNEL), "=", ("output", OUTPUT)])
    assert drawing.to_png(fig) == drawing.to_png(fig)


def test_pictures_are_small_and_white_stays_white():
    fig = drawing.equation([("input", INPUT), "⋆", ("kernel", KERNEL), "=", ("output", OUTPUT)])
    png = drawing.to_png(fig)
    assert len(png) < 60_000
    picture = decode(png).convert("RGB")
    assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_compression_is_true_to_the_colours():
    # More colours than a palette holds: a smooth photograph-like picture.
    x, y = np.meshgrid(np.linspace(0, 1, 200), np.linspace(0, 1, 200))
    smooth = np.stack([x, 0.3 + 0.2 * y, 0.5 + 0.1 * x * y], axis=2)
    fig, ax = drawing.new(width=3, height=3)
    drawing.image(smooth, ax)
    exact = io.BytesIO()
    fig.savefig(exact, format="png", dpi=220, bbox_inches="tight", pad_inches=0.08)
    want = np.asarray(decode(exact.getvalue()).convert("RGB"), dtype=int)
    have = np.asarray(decode(drawing.to_png(fig)).convert("RGB"), dtype=int)
    assert have.shape == want.shape
    assert np.abs(have - want).mean() < 4
    assert have[0, 0].tolist() == [255, 255, 255]
    # Noise in all colours cannot be reduced; it is kept as it is.
    fig, ax = drawing.new(width=3, height=3)
    drawing.image(np.random.default_rng(4).random((80, 80, 3)), ax)
    assert decode(drawing.to_png(fig)).mode == "RGB"


def test_in_a_browser_no_time_is_spent_on_a_smaller_picture(monkeypatch):
    fig, _ = drawing.new(width=3, height=3)
    small = decode(drawing.to_png(fig)).convert("RGB")

    def refuse(*args, **kwargs):
        raise AssertionError("a palette was looked for")

    monkeypatch.setattr(Image.Image, "quantize", refuse)
    with pytest.raises(AssertionError, match="palette"):
        drawing.to_png(fig)
    monkeypatch.setattr(sys, "platform", "emscripten")
    drawn = decode(drawing.to_png(fig)).convert("RGB")
    assert drawn.size == small.size
    assert np.abs(np.asarray(drawn, dtype=int) - np.asarray(small, dtype=int)).max() <= 20


def test_a_cell_has_exactly_the_colour_that_its_numbers_say():
    # Beside a photograph, which takes the whole palette and more.
    photo = load_photo("cat")
    fig, (left, right) = drawing.new(ncols=2)
    drawing.image(photo, left)
    patch = photo[60:64, 55:59]
    drawing.image(patch, right)
    picture = decode(drawing.to_png(fig))
    assert picture.mode == "P"  # and so it is small
    seen = dict((colour, n) for n, colour in picture.convert("RGB").getcolors(10**6))
    assert all(seen.get(tuple(colour), 0) > 2000 for colour in patch.reshape(-1, 3).tolist())


def test_numbers_fit_their_cells_after_layout():
    fig, axes = drawing.new(ncols=3)
    for ax in axes:
        drawing.grid(np.full((9, 9), 12345), ax)
    settle(fig)
    for ax in axes:
        cell = cell_inches(fig, ax)[0] * fig.dpi
        assert len(ax.texts) == 81
        assert all(text.get_window_extent().width <= cell for text in ax.texts)


def test_long_titles_are_broken_and_do_not_touch():
    fig, axes = drawing.new(ncols=3)
    for ax in axes:
        drawing.grid(INPUT, ax, title="a title that is much too long for so small an axes")
    settle(fig)
    boxes = [ax.title.get_window_extent() for ax in axes]
    assert all(a.x1 <= b.x0 for a, b in pairwise(boxes))
    assert "\n" in axes[0].get_title()


# ---------------------------------------------------------------- alternative text


def test_grid_alt_reads_the_rows():
    assert drawing.grid_alt(INPUT) == "rows: 5 1 7 13; 15 5 1 13; 10 6 4 6; 15 3 12 4"
    assert drawing.grid_alt([1, -2]) == "values: 1 −2"
    assert drawing.grid_alt([[0.5, np.nan]], ".2f") == "rows: 0.50 empty"


def test_grid_alt_summarises_what_nobody_would_listen_to():
    assert drawing.grid_alt(np.arange(784).reshape(28, 28)) == "28 by 28 values from 0 to 783"
    with pytest.raises(ValueError, match="one map at a time"):
        drawing.grid_alt(np.zeros((2, 2, 2)))
