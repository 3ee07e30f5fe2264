"""The figures of the pooling chapter show the numbers, sizes and windows they were given."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.pooling import figures

HAND = np.array([[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]])
HAND_MAX = np.array([[5, 8], [-1, 7]])


def inches(fig: Figure, axes: int) -> tuple[float, float, float, float]:
    """Return left, low, width and height of one axes."""
    width, height = fig.get_size_inches()
    box = fig.axes[axes].get_position()
    return box.x0 * width, box.y0 * height, box.width * width, box.height * height


def cell_inches(fig: Figure, axes: int) -> tuple[float, float]:
    """Return the width and height of one cell of a grid as drawn."""
    ax = fig.axes[axes]
    ax.apply_aspect()
    corner, other = ax.transData.transform([(0, 0), (1, 1)]) / fig.dpi
    return float(other[0] - corner[0]), float(corner[1] - other[1])


def numbers(fig: Figure, axes: int) -> list[int]:
    return [int(text.get_text().replace("−", "-")) for text in fig.axes[axes].texts]


def window_lines(fig: Figure, axes: int) -> set[tuple[str, float, float, float]]:
    """Return the thick lines as (direction, position, start, end), in cell units."""
    found = set()
    for lines in fig.axes[axes].collections:
        if isinstance(lines, LineCollection) and lines.get_gid() == "window":
            for (x0, y0), (x1, y1) in lines.get_segments():
                if y0 == y1:
                    found.add(("across", float(y0), float(x0), float(x1)))
                else:
                    found.add(("down", float(x0), float(y0), float(y1)))
    return found


# to_scale


def test_a_pixel_has_the_same_size_in_every_map() -> None:
    maps = [np.zeros((28, 28)), np.zeros((14, 14)), np.zeros((7, 3))]
    fig = figures.to_scale(maps, ["a", "b", "c"])
    for k, one in enumerate(maps):
        _, _, width, height = inches(fig, k)
        pixel = inches(fig, 0)[2] / 28
        assert (width, height) == pytest.approx((one.shape[1] * pixel, one.shape[0] * pixel))


def test_maps_stand_in_order_on_one_middle_line_within_the_figure() -> None:
    fig = figures.to_scale([np.zeros((8, 8)), np.zeros((4, 4)), np.zeros((2, 2))], ["a", "b", "c"])
    boxes = [inches(fig, k) for k in range(3)]
    middles = [low + height / 2 for _, low, _, height in boxes]
    assert middles == pytest.approx([middles[0]] * 3)
    for (left, _, width, _), (after, _, _, _) in pairwise(boxes):
        assert after > left + width
    assert boxes[-1][0] + boxes[-1][2] == pytest.approx(fig.get_size_inches()[0])


def test_to_scale_shows_the_pixels_the_titles_and_the_steps() -> None:
    first, second = np.array([[0.0, 0.25], [0.5, 1.0]]), np.array([[1.0]])
    fig = figures.to_scale([first, second], ["2×2", "1×1"], steps=["max 2×2"])
    assert [ax.get_title() for ax in fig.axes[:2]] == ["2×2", "1×1"]
    assert np.array_equal(fig.axes[0].images[0].get_array(), first)
    assert np.array_equal(fig.axes[1].images[0].get_array(), second)
    assert [text.get_text() for text in fig.axes[2].texts] == ["max 2×2\n→"]
    # Grey values are absolute: a map of one value is not stretched to black or white.
    assert fig.axes[1].images[0].get_clim() == (0, 1)


def test_to_scale_without_steps_draws_plain_arrows() -> None:
    fig = figures.to_scale([np.zeros((2, 2)), np.zeros((1, 1))], ["a", "b"])
    assert [text.get_text() for ax in fig.axes[2:] for text in ax.texts] == ["→"]


def test_to_scale_draws_no_arrow_where_nothing_leads() -> None:
    fig = figures.to_scale([np.zeros((2, 2))] * 3, ["a", "b", "c"], steps=["max", None])
    assert [text.get_text() for ax in fig.axes[3:] for text in ax.texts] == ["max\n→"]


@pytest.mark.parametrize(
    ("maps", "titles", "steps", "message"),
    [
        ([], [], None, "maps is empty"),
        ([np.zeros((2, 2))], ["a", "b"], None, "expected 1 titles, got 2"),
        ([np.zeros((2, 2))], ["a"], ["max"], "expected 0 steps, got 1"),
        ([np.zeros((1, 2, 2))], ["a"], None, r"map 0 must be 2-D.*\(1, 2, 2\)"),
    ],
)
def test_to_scale_says_what_does_not_fit(
    maps: Any, titles: list[str], steps: list[str] | None, message: str
) -> None:
    with pytest.raises(ValueError, match=f"to_scale: .*{message}"):
        figures.to_scale(maps, titles, steps=steps)


# pairs


def test_pairs_show_inputs_then_outputs_then_arrows() -> None:
    fig = figures.pairs([HAND, HAND.T], [HAND_MAX, HAND_MAX.T], 2, titles=["a", "b"])
    assert [numbers(fig, k) for k in range(4)] == [
        HAND.ravel().tolist(),
        HAND.T.ravel().tolist(),
        HAND_MAX.ravel().tolist(),
        HAND_MAX.T.ravel().tolist(),
    ]
    assert [ax.get_title() for ax in fig.axes[:2]] == ["a", "b"]
    assert [ax.texts[0].get_text() for ax in fig.axes[4:]] == ["↓ max", "↓ max"]


def test_each_output_stands_below_the_middle_of_its_input_in_cells_of_one_size() -> None:
    fig = figures.pairs([HAND, HAND[:, :2]], [HAND_MAX, HAND_MAX[:, :1]], 2)
    cell = cell_inches(fig, 0)[0]
    for above, below, shape in ((0, 2, (2, 2)), (1, 3, (2, 1))):
        left, low, width, _ = inches(fig, above)
        pooled_left, pooled_low, pooled_width, pooled_height = inches(fig, below)
        assert pooled_left + pooled_width / 2 == pytest.approx(left + width / 2)
        assert pooled_low + pooled_height < low
        assert cell_inches(fig, below) == pytest.approx((cell, cell))
        assert fig.axes[below].images[0].get_array().shape[:2] == shape


def test_thick_lines_part_the_windows_of_the_inputs_only() -> None:
    fig = figures.pairs([HAND], [HAND_MAX], 2)
    edges = (-0.5, 1.5, 3.5)
    expected = {("across", edge, -0.5, 3.5) for edge in edges}
    expected |= {("down", edge, -0.5, 3.5) for edge in edges}
    assert window_lines(fig, 0) == expected
    assert window_lines(fig, 1) == set()


def test_leftover_rows_and_columns_lie_outside_the_windows() -> None:
    fig = figures.pairs([np.zeros((5, 4))], [np.zeros((1, 2))], (3, 2))
    assert window_lines(fig, 0) == {
        ("across", -0.5, -0.5, 3.5),
        ("across", 2.5, -0.5, 3.5),
        ("down", -0.5, -0.5, 2.5),
        ("down", 1.5, -0.5, 2.5),
        ("down", 3.5, -0.5, 2.5),
    }


def test_many_inputs_stay_within_the_width() -> None:
    fig = figures.pairs([HAND] * 5, [HAND_MAX] * 5, 2, width=7.0)
    assert fig.get_size_inches()[0] == pytest.approx(7.0)
    assert inches(fig, 4)[0] + inches(fig, 4)[2] <= 7.0 + 1e-9


def test_grid_options_and_the_name_of_the_operation_are_passed_on() -> None:
    fig = figures.pairs(
        [HAND], [HAND.reshape(2, 2, 2, 2).mean(axis=(1, 3))], 2, operation="average", fmt=".1f"
    )
    assert [text.get_text() for text in fig.axes[1].texts] == ["2.0", "3.0", "−4.0", "4.0"]
    assert fig.axes[2].texts[0].get_text() == "↓ average"


@pytest.mark.parametrize(
    ("inputs", "outputs", "window", "options", "message"),
    [
        ([], [], 2, {}, "0 inputs came with 0 outputs"),
        ([HAND], [], 2, {}, "1 inputs came with 0 outputs"),
        ([HAND], [HAND_MAX], 2, {"titles": ["a", "b"]}, "expected 1 titles, got 2"),
        ([HAND], [HAND_MAX], 3, {}, r"3×3 do not turn .*\(4, 4\) .*\(2, 2\)"),
        ([HAND], [HAND_MAX], 0, {}, "windows of 0×0"),
        ([HAND[None]], [HAND_MAX], 2, {}, "input 0 must be 2-D"),
    ],
)
def test_pairs_say_what_does_not_fit(
    inputs: Any, outputs: Any, window: int, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=f"pairs: .*{message}"):
        figures.pairs(inputs, outputs, window, **options)


# over_shift


def test_over_shift_draws_each_measure_with_one_legend() -> None:
    same = {"none": [1.0, 0.16, 0.09], "max 2×2": [1.0, 0.33, 0.15]}
    change = {"none": [0.0, 0.60, 0.94], "max 2×2": [0.0, 0.47, 0.75]}
    fig = figures.over_shift(range(3), {"unchanged": same, "change": change}, legend=1)
    left, right = fig.axes
    for ax, label, series in ((left, "unchanged", same), (right, "change", change)):
        assert ax.get_ylabel() == label
        assert ax.get_xlabel() == "shift in pixels"
        for line, values in zip(ax.lines, series.values(), strict=True):
            assert np.array_equal(line.get_xdata(), [0, 1, 2])
            assert np.array_equal(line.get_ydata(), values)
    assert left.get_legend() is None
    assert [text.get_text() for text in right.get_legend().get_texts()] == list(same)


def test_a_series_looks_the_same_in_every_panel() -> None:
    series = {"none": [0.0, 1.0], "max": [0.0, 0.5], "average": [0.0, 0.6]}
    fig = figures.over_shift([0, 1], {"a": series, "b": series})
    looks = [
        [(line.get_color(), line.get_linestyle(), line.get_marker()) for line in ax.lines]
        for ax in fig.axes
    ]
    assert looks[0] == looks[1]
    assert len(set(looks[0])) == 3


@pytest.mark.parametrize(
    ("panels", "legend", "message"),
    [
        ({}, 0, "the same series"),
        ({"a": {"max": [1.0]}, "b": {"average": [1.0]}}, 0, "got .*'max'.*'average'"),
        ({"a": {"max": [1.0]}}, 1, "legend must be 0 to 0, got 1"),
    ],
)
def test_over_shift_says_what_does_not_fit(panels: Any, legend: int, message: str) -> None:
    with pytest.raises(ValueError, match=f"over_shift: .*{message}"):
        figures.over_shift([0], panels, legend=legend)


# All of them


def test_the_figures_can_be_drawn_and_keep_their_texts_apart() -> None:
    fig = figures.to_scale([np.eye(28), np.eye(14), np.eye(7)], ["28×28", "14×14", "7×7"])
    drawing.to_png(fig)
    titles = [ax.title.get_window_extent() for ax in fig.axes[:3]]
    for one, after in pairwise(titles):
        assert one.x1 < after.x0
    fig = figures.pairs([HAND], [HAND_MAX], 2, titles=["the map by hand"])
    drawing.to_png(fig)
    assert fig.axes[0].get_title() == "the map by hand"
    title = fig.axes[0].title.get_window_extent()
    assert title.y0 > fig.axes[0].get_window_extent().y1
    assert title.y1 <= fig.bbox.y1 + 1  # a pixel: the fonts differ
