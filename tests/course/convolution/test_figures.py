"""The figures of notebook 02 show the numbers that they claim to show."""

import re
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnnlib import reference
from cnnlib.course import drawing
from cnnlib.course.convolution import figures

X = np.array([[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]])
K = np.array([[11, 4], [5, 2]])
CORRELATION = np.array([[144, 66, 160], [247, 97, 95], [215, 121, 136]])
CONVOLUTION = np.array([[130, 68, 226], [161, 83, 149], [143, 176, 130]])


def numbers(ax: Axes) -> list[str]:
    """Return the texts in the cells of a grid, empty cells included."""
    return [text.get_text() for text in ax.texts]


def values(ax: Axes) -> list[float]:
    return [float(text.replace("−", "-")) for text in numbers(ax)]


def outlines(ax: Axes) -> list[tuple[float, float, float, float]]:
    """Return the outlined windows as (row, column, height, width)."""
    found = []
    for patch in ax.patches:
        if patch.get_gid() == "highlight":
            (column, row), height, width = patch.get_xy(), patch.get_height(), patch.get_width()
            middle = (row + height / 2, column + width / 2)
            height, width = round(height), round(width)
            place = (middle[0] - (height - 1) / 2, middle[1] - (width - 1) / 2)
            found.append((round(place[0], 6), round(place[1], 6), height, width))
    return found


def cell_size(ax: Axes) -> tuple[float, float]:
    """Return width and height of a cell in pixels, after layout."""
    corner, other = ax.transData.transform([(0, 0), (1, 1)])
    return tuple(np.abs(other - corner))


def box(t: np.ndarray) -> np.ndarray:
    return ((t >= 0) & (t < 1)).astype(float)


# riddle


def test_riddle_is_the_sliding_sum_of_the_hidden_kernel() -> None:
    picture = np.random.default_rng(0).random((5, 7))
    expected = reference.conv2d(picture[None, None], figures.RIDDLE[None, None])[0, 0]
    assert figures.riddle(picture) == pytest.approx(expected)


def test_riddle_keeps_brightness_and_its_kernel_has_no_symmetry_to_hide_behind() -> None:
    assert figures.RIDDLE.sum() == 1
    for other in (np.rot90(figures.RIDDLE, 2), figures.RIDDLE[::-1], figures.RIDDLE[:, ::-1]):
        assert not np.array_equal(figures.RIDDLE, other)


def test_riddle_takes_whole_numbers() -> None:
    assert figures.riddle(np.full((3, 4), 7)).tolist() == [[7.0, 7.0]]


def test_riddle_refuses_a_picture_smaller_than_its_kernel() -> None:
    with pytest.raises(ValueError, match=r"riddle: a kernel of shape \(3, 3\) does not fit"):
        figures.riddle(np.ones((2, 5)))


# arithmetic


@pytest.mark.parametrize(
    ("window", "weights", "expected"),
    [
        (X[:2, :2], K, "5·11 + 1·4 + 15·5 + 5·2 = 144"),
        (X[2:, 2:], K, "4·11 + 6·4 + 12·5 + 4·2 = 136"),
        ([5, -1, 3], [1, -1, -2], "5·1 + (−1)·(−1) + 3·(−2) = 0"),
        ([0.5], [0.5], "0.5·0.5 = 0.25"),
    ],
)
def test_arithmetic_is_written_as_on_paper(window: Any, weights: Any, expected: str) -> None:
    assert figures.arithmetic(window, weights) == expected


def test_arithmetic_needs_one_weight_for_each_value() -> None:
    with pytest.raises(ValueError, match=r"window is \(2,\) and weights are \(3,\)"):
        figures.arithmetic([1, 2], [1, 2, 3])


# walk


def test_walk_shows_every_window_with_its_sum() -> None:
    fig = figures.walk(X, K)
    assert len(fig.axes) == 9
    for ax, (i, j) in zip(fig.axes, np.ndindex(3, 3), strict=True):
        assert ax.get_title() == f"row {i}, column {j}"
        assert outlines(ax) == [(i, j, 2, 2)]
        assert values(ax) == X.ravel().tolist()
        products, total = ax.get_xlabel().split(" = ")
        pairs = [[int(n) for n in product.split("·")] for product in products.split(" + ")]
        assert [a for a, _ in pairs] == X[i : i + 2, j : j + 2].ravel().tolist()
        assert [b for _, b in pairs] == K.ravel().tolist()
        assert int(total) == CORRELATION[i, j]


def test_walk_takes_input_and_kernel_that_are_not_square() -> None:
    fig = figures.walk([[1, 2, 3], [4, 5, 6]], [[1, 10]])
    assert [ax.get_title() for ax in fig.axes] == [
        f"row {i}, column {j}" for i, j in np.ndindex(2, 2)
    ]
    assert [int(ax.get_xlabel().split(" = ")[1]) for ax in fig.axes] == [21, 32, 54, 65]


def test_walk_refuses_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="5×5 stops are too many"):
        figures.walk(np.ones((6, 6)), np.ones((2, 2)))
    with pytest.raises(ValueError, match="does not fit into an input of shape"):
        figures.walk(K, X)
    with pytest.raises(ValueError, match=r"x must be 2-D and not empty, but its shape is \(1, 4"):
        figures.walk(X[None], K)
    with pytest.raises(TypeError, match="weights must hold real numbers"):
        figures.walk(X, [["a"]])


# sliding_sums


def test_sliding_sums_write_the_convolution() -> None:
    f, g = [2, 1, 3], [1, 4, 2]
    fig = figures.sliding_sums(f, g)
    texts = [ax.texts[0].get_text() for ax in fig.axes[1::2]]
    assert texts[2] == "t = 2:   2·2 + 1·4 + 3·1 = 11"
    assert [int(text.split(" = ")[-1]) for text in texts] == np.convolve(f, g).tolist()
    assert [text.split(":")[0] for text in texts] == [f"t = {t}" for t in range(5)]


def test_sliding_sums_turn_g_and_slide_it_by_one() -> None:
    fig = figures.sliding_sums([2, 1, 3], [1, 4, 2])
    for t, ax in enumerate(fig.axes[::2]):
        texts = numbers(ax)
        assert texts[:7] == ["", "", "2", "1", "3", "", ""]
        expected = [""] * 7
        expected[t : t + 3] = ["2", "4", "1"]
        assert texts[7:] == expected
        both = [k for k in range(7) if texts[k] and expected[k]]
        assert outlines(ax) == [(0, both[0], 2, len(both))]


def test_sliding_sums_of_lists_of_different_length() -> None:
    fig = figures.sliding_sums([1, 2], [1, 10, 100])
    texts = [ax.texts[0].get_text() for ax in fig.axes[1::2]]
    assert [int(text.split(" = ")[-1]) for text in texts] == [1, 12, 120, 200]


def test_sliding_sums_refuse_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="f must be 1-D"):
        figures.sliding_sums(X, [1])
    with pytest.raises(ValueError, match="13 positions are too many"):
        figures.sliding_sums(np.ones(7), np.ones(7))


# sliding_areas

TIMES = [0, 0.5, 1, 1.5, 2]


def test_two_boxes_give_a_triangle() -> None:
    fig = figures.sliding_areas(box, box, TIMES, names=("box", "box"))
    *frames, chart = fig.axes
    assert [ax.get_title() for ax in frames] == ["t = 0", "t = 0.5", "t = 1", "t = 1.5", "t = 2"]
    assert [ax.get_xlabel() for ax in frames] == [
        f"area {area}" for area in ("0.00", "0.50", "1.00", "0.50", "0.00")
    ]
    t, area = chart.lines[0].get_data()
    assert area == pytest.approx(1 - np.abs(t - 1), abs=2e-3)
    assert chart.lines[1].get_xdata().tolist() == TIMES
    assert chart.lines[1].get_ydata() == pytest.approx([0, 0.5, 1, 0.5, 0], abs=1e-9)
    assert [text.get_text() for text in chart.texts] == ["0.00", "0.50", "1.00", "0.50", "0.00"]
    assert "dashed: box(t − τ)" in fig.get_suptitle()


def test_the_second_curve_slides_in_flipped() -> None:
    def ramp(t: np.ndarray) -> np.ndarray:
        return t * box(t)

    frame = figures.sliding_areas(box, ramp, [1, 2]).axes[0]
    still, moving = frame.lines[0], frame.lines[1]
    tau, height = moving.get_data()
    inside = (tau > 0.01) & (tau < 0.99)
    assert height[inside] == pytest.approx(1 - tau[inside])  # ramp(1 − τ) falls
    assert still.get_linestyle() != moving.get_linestyle()
    assert frame.get_xlabel() == "area 0.50"


def test_the_hatched_area_is_the_product() -> None:
    frame = figures.sliding_areas(box, box, [0.5, 1]).axes[0]
    (area,) = frame.collections
    corners = area.get_paths()[0].vertices
    filled = corners[corners[:, 1] > 0.5, 0]
    assert (filled.min(), filled.max()) == pytest.approx((0, 0.5), abs=2e-3)
    assert area.get_hatch()


def test_sliding_areas_refuse_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="two to seven times, not 1"):
        figures.sliding_areas(box, box, [1])
    with pytest.raises(ValueError, match="span must rise"):
        figures.sliding_areas(box, box, TIMES, span=(1, 1))


# two_ways


def two_ways() -> Figure:
    return figures.two_ways(X, K, CORRELATION, CONVOLUTION)


def test_two_ways_show_the_kernel_as_it_is_and_flipped() -> None:
    above, below = np.reshape(two_ways().axes, (2, 5))
    assert values(above[2]) == [11, 4, 5, 2]
    assert values(below[2]) == [2, 5, 4, 11]
    assert outlines(above[2]) == [(0, 0, 1, 1)]
    assert outlines(below[2]) == [(1, 1, 1, 1)]  # where the 11 has gone
    for line, output in ((above, CORRELATION), (below, CONVOLUTION)):
        assert values(line[0]) == X.ravel().tolist()
        assert outlines(line[0]) == [(0, 0, 2, 2)]
        assert values(line[4]) == output.ravel().tolist()
        assert outlines(line[4]) == [(0, 0, 1, 1)]
        assert [line[k].texts[0].get_text() for k in (1, 3)] == ["⋆", "="]
    assert [above[4].get_title(), below[4].get_title()] == ["cross-correlation", "convolution"]


def test_two_ways_draw_all_cells_in_one_size() -> None:
    fig = two_ways()
    drawing.to_png(fig)
    sizes = np.array([cell_size(ax) for ax in np.reshape(fig.axes, (2, 5))[:, ::2].ravel()])
    assert sizes.min() > 0.97 * sizes.max()


def test_two_ways_refuse_an_output_with_its_border() -> None:
    with pytest.raises(ValueError, match=r"an output has shape \(5, 5\).*gives \(3, 3\)"):
        figures.two_ways(X, K, CORRELATION, np.ones((5, 5)))


# effects


def test_effects_show_each_kernel_beside_its_map() -> None:
    kernels = {"blur": np.full((3, 3), 1 / 9), "Sobel": [[-1, 0, 1]], "odd": [[0.37, 0.5]]}
    maps = [np.full((2, 3), 0.25), np.array([[-1.0, 0.5], [0.75, 2.0]]), np.zeros((2, 2))]
    fig = figures.effects(kernels, maps, ncols=2)
    assert len(fig.axes) == 6  # the empty fourth place is gone
    assert [ax.get_title() for ax in fig.axes[::2]] == ["blur", "Sobel", "odd"]
    assert numbers(fig.axes[0]) == ["1/9"] * 9
    assert numbers(fig.axes[2]) == ["−1", "0", "1"]
    assert numbers(fig.axes[4]) == ["0.37", "1/2"]
    assert np.array_equal(fig.axes[1].images[0].get_array(), maps[0])
    # A grey picture cannot show what is below 0 or above 1.
    assert fig.axes[3].images[0].get_array().tolist() == [[0, 0.5], [0.75, 1]]


def test_signed_effects_are_blue_below_zero_and_red_above() -> None:
    fig = figures.effects({"Sobel": [[-1, 0, 1]]}, [[[-2.0, 0.0, 2.0]]], signed=True)
    below, zero, above = fig.axes[1].images[0].get_array()[0]
    assert below[2] > below[0]
    assert above[0] > above[2]
    assert zero.min() > 0.95


def test_effects_need_one_map_for_each_kernel() -> None:
    with pytest.raises(ValueError, match="1 kernels came with 2 maps"):
        figures.effects({"one": [[1]]}, [X, X])
    with pytest.raises(ValueError, match="0 kernels came with 0 maps"):
        figures.effects({}, [])


# commuting_square


def test_commuting_square_shows_four_maps_and_four_arrows() -> None:
    x, moved_x = np.zeros((3, 3)), np.zeros((3, 3))
    x[0, 0], moved_x[1, 1] = 1, 1
    y, moved_y = np.array([[-2.0, 1.0], [0, 0]]), np.array([[0, 0], [1.0, -1.0]])
    fig = figures.commuting_square(x, y, moved_x, moved_y)
    assert np.array_equal(fig.axes[0].images[0].get_array(), x)
    assert np.array_equal(fig.axes[2].images[0].get_array(), moved_x)
    first, second = (fig.axes[k].images[0].get_array() for k in (1, 3))
    # One scale for both maps: equal values have equal colours.
    assert first[0, 1].tolist() == second[1, 0].tolist()
    assert first[0, 0].tolist() != second[1, 1].tolist()
    arrows = [ax.texts[0].get_text() for ax in fig.axes[4:]]
    assert [re.sub(r"[\s→↓]", "", text) for text in arrows] == [
        "convolve",
        "shift",
        "shift",
        "convolve",
    ]


def test_commuting_square_refuses_maps_of_different_shape() -> None:
    with pytest.raises(ValueError, match="must keep its shape"):
        figures.commuting_square(np.zeros((3, 3)), X, np.zeros((4, 3)), X)


# learning

LOSSES = np.array([8.0, 4.0, 2.0, 1.0])
SNAPSHOTS = {0: np.zeros((1, 2)), 1: np.array([[0.5, -1.0]]), 3: np.array([[1.04, -2.0]])}


def test_learning_draws_the_loss_and_marks_the_snapshots() -> None:
    chart = figures.learning(LOSSES, SNAPSHOTS).axes[0]
    assert chart.lines[0].get_xdata().tolist() == [0, 1, 2, 3]
    assert chart.lines[0].get_ydata().tolist() == LOSSES.tolist()
    assert chart.lines[1].get_xdata().tolist() == [0, 1, 3]
    assert chart.lines[1].get_ydata().tolist() == [8, 4, 1]
    assert [label.get_text() for label in chart.get_xticklabels()] == ["0", "1", "3"]
    assert chart.get_yscale() == "log"


def test_learning_draws_the_kernels_on_one_scale_in_one_size() -> None:
    fig = figures.learning(LOSSES, SNAPSHOTS)
    kernels = fig.axes[1:]
    assert [ax.get_title() for ax in kernels] == ["step 0", "step 1", "step 3"]
    assert [numbers(ax) for ax in kernels] == [["0.0", "0.0"], ["0.5", "−1.0"], ["1.0", "−2.0"]]
    drawing.to_png(fig)
    assert {text.get_fontsize() for ax in kernels for text in ax.texts} == {11}
    # −1 of −2 is paler than −2 of −2, so the scale is shared.
    half, full = (ax.images[0].get_array()[0, 1] for ax in kernels[1:])
    assert half.sum() > full.sum()


@pytest.mark.parametrize("steps", [{}, {4: X}, {-1: X}])
def test_learning_refuses_snapshots_without_a_loss(steps: dict[int, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="snapshots must be of steps 0 to 3"):
        figures.learning(LOSSES, steps)


def test_shrinking_takes_the_mean_of_each_block() -> None:
    picture = np.arange(24.0).reshape(4, 6)
    small = figures.shrink(picture, 2)
    assert small.shape == (2, 3)
    assert small[1, 2] == picture[2:4, 4:6].mean()
    with pytest.raises(ValueError, match="blocks of 3×3 do not fill a picture of 4×6"):
        figures.shrink(picture, 3)


def test_descending_finds_the_kernel_that_made_the_target() -> None:
    rng = np.random.default_rng(0)
    picture, kernel = rng.normal(size=(12, 12)), rng.normal(size=(3, 3))
    target = reference.conv2d(picture[None, None], kernel[None, None])[0, 0]
    weights, loss = figures.descend(picture, target, steps=400, learning_rate=0.2)
    assert np.allclose(weights, kernel, atol=1e-3)
    assert loss < 1e-5
    start, first_loss = figures.descend(picture, target, steps=0, learning_rate=0.2)
    assert not start.any()
    assert first_loss == pytest.approx((target**2).mean())


def test_a_template_search_outlines_what_was_found() -> None:
    picture = np.random.default_rng(0).random((20, 20))
    template = picture[3:8, 4:9] - picture[3:8, 4:9].mean()
    answers = reference.conv2d(picture[None, None], template[None, None])[0, 0]
    fig = figures.template_search(picture, template, answers, [(3, 4), (10, 11)])
    assert outlines(fig.axes[2]) == [(3, 4, 5, 5), (10, 11, 5, 5)]
    assert drawing.to_png(fig)


def test_dense_local_and_shared_count_their_weights() -> None:
    matrix = np.array([[11, 4, 0, 5], [0, 11, 4, 5]])
    fig = figures.dense_local_shared(matrix)
    assert [ax.get_title() for ax in fig.axes] == [
        "dense: 8 weights",
        "local: 6 weights",
        "shared: 3 weights",
    ]
    assert numbers(fig.axes[2]) == ["11", "4", "", "5", "", "11", "4", "5"]
    assert not numbers(fig.axes[0])
    assert drawing.to_png(fig)
