"""The figures of the dense chapter show the numbers, outlines and bars they were given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.flatten_and_fully_connected import figures

BLOCK = np.arange(12).reshape(2, 2, 3)


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def outlines(ax: Axes) -> list[tuple[Any, ...]]:
    """Return the outlined windows as (row, column, height, width, edge colour, line style)."""
    return [
        (
            box.get_y() + 0.5,
            box.get_x() + 0.5,
            box.get_height(),
            box.get_width(),
            box.get_edgecolor(),
            str(box.get_linestyle()),
        )
        for box in ax.patches
        if box.get_gid() == "highlight"
    ]


def cell_inches(fig: Figure, ax: Axes) -> tuple[float, float]:
    ax.apply_aspect()
    corner, other = ax.transData.transform([(0, 0), (1, 1)]) / fig.dpi
    return float(other[0] - corner[0]), float(corner[1] - other[1])


# flattening


def test_the_row_holds_channel_after_channel_row_after_row() -> None:
    first, second, row = figures.flattening(BLOCK).axes
    assert texts(first) == ["0", "1", "2", "3", "4", "5"]
    assert texts(second) == ["6", "7", "8", "9", "10", "11"]
    assert texts(row) == [str(k) for k in range(12)]
    assert [label.get_text() for label in row.get_xticklabels()] == texts(row)
    assert [ax.get_title() for ax in (first, second, row)] == [
        "channel 0",
        "channel 1",
        "flattened",
    ]


def test_a_channel_and_its_stretch_of_the_row_have_one_outline() -> None:
    first, second, row = figures.flattening(BLOCK).axes
    (one,), (two,) = outlines(first), outlines(second)
    stretch_one, stretch_two = outlines(row)
    # Each further outline of one grid is drawn a little inside its window.
    assert one[:4] == pytest.approx((0, 0, 2, 3))
    assert two[:4] == pytest.approx((0, 0, 2, 3), abs=0.11)
    assert stretch_one[:4] == pytest.approx((0, 0, 1, 6))
    assert stretch_two[:4] == pytest.approx((0, 6, 1, 6), abs=0.11)
    assert one[4:] == stretch_one[4:]
    assert two[4:] == stretch_two[4:]
    assert one[4] != two[4]
    assert one[5] != two[5]


@pytest.mark.parametrize("shape", [(2, 2, 3), (3, 2, 2), (1, 4, 3)])
def test_cells_are_square_of_one_size_and_inside_the_page(shape: tuple[int, int, int]) -> None:
    fig = figures.flattening(np.zeros(shape, dtype=int))
    sizes = [cell_inches(fig, ax) for ax in fig.axes]
    np.testing.assert_allclose(sizes, sizes[0][0], rtol=0.03)
    # The title of the row and the indices above it have room below the channels.
    gap = fig.axes[0].get_position().y0 - fig.axes[-1].get_position().y1
    assert gap * fig.get_figheight() > 0.6
    for ax in fig.axes:
        box = ax.get_position()
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= 1
        assert box.y1 <= 1


def test_numbers_are_written_as_asked() -> None:
    fig = figures.flattening(BLOCK, fmt="03d")
    assert texts(fig.axes[1])[:2] == ["006", "007"]


def test_a_batch_is_no_block() -> None:
    with pytest.raises(ValueError, match=r"must be \(C, H, W\).*\(1, 2, 2, 3\).*x\[0\]"):
        figures.flattening(BLOCK[None])


# surprise


def test_the_curve_is_minus_the_logarithm() -> None:
    _, ax = drawing.new()
    figures.surprise({"a half": 0.5, "sure": 1.0}, ax)
    curve, half, sure = ax.lines
    p, loss = np.asarray(curve.get_xdata(), float), np.asarray(curve.get_ydata(), float)
    np.testing.assert_allclose(np.exp(-loss), p)
    assert p.min() < 0.01
    assert p.max() == 1
    np.testing.assert_allclose(np.ravel(half.get_data()), [0.5, np.log(2)])
    np.testing.assert_allclose(np.ravel(sure.get_data()), [1, 0])
    assert texts(ax) == ["a half: 0.69", "sure: 0.00"]


@pytest.mark.parametrize("p", [0.0, -0.1, 1.5])
def test_no_other_number_is_a_probability(p: float) -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match=r"'odd' has p = .* above 0 and at most 1"):
        figures.surprise({"odd": p}, ax)


# verdicts

PROBABILITIES = np.array([[0.1, 0.7, 0.2, 0.0], [0.05, 0.15, 0.799, 0.001]])


def widths(ax: Axes) -> list[float]:
    return [float(bar.get_width()) for bar in ax.patches]


def test_bars_are_the_most_probable_classes_in_order() -> None:
    fig = figures.verdicts(np.zeros((2, 4, 4)), PROBABILITIES, [2, 3])
    chart = fig.axes[1]
    assert [label.get_text() for label in chart.get_yticklabels()] == ["1", "2", "0"]
    assert widths(chart) == pytest.approx([0.7, 0.2, 0.1])
    assert texts(chart) == ["70%", "20% ✓", "10%"]
    assert fig.axes[0].get_title() == "a 2"
    assert chart.get_title() == "says 1"


def test_the_right_class_is_always_there_hatched_and_ticked() -> None:
    fig = figures.verdicts(np.zeros((2, 4, 4)), PROBABILITIES, [2, 3])
    assert [bool(bar.get_hatch()) for bar in fig.axes[1].patches] == [False, True, False]
    second = fig.axes[3]
    assert [label.get_text() for label in second.get_yticklabels()] == ["2", "1", "3"]
    assert texts(second) == ["80%", "15%", "<1% ✓"]
    assert [bool(bar.get_hatch()) for bar in second.patches] == [False, False, True]


def test_a_long_bar_holds_its_number() -> None:
    fig = figures.verdicts(np.zeros((2, 4, 4)), PROBABILITIES, [2, 3])
    assert [text.get_horizontalalignment() for text in fig.axes[1].texts] == [
        "right",
        "left",
        "left",
    ]


def test_places_without_an_image_stay_empty() -> None:
    fig = figures.verdicts(np.zeros((4, 4, 4)), np.full((4, 3), 1 / 3), [0, 1, 2, 0], ncols=3)
    assert len(fig.axes) == 8


def test_counts_must_agree() -> None:
    with pytest.raises(ValueError, match=r"2 images came with probabilities of shape \(2, 4\)"):
        figures.verdicts(np.zeros((2, 4, 4)), PROBABILITIES, [2])


def test_scores_stand_under_the_middle_of_their_window() -> None:
    scores = np.zeros((3, 9))
    scores[2, 0] = scores[1, 4] = scores[0, 8] = 1
    strip, below = figures.score_strip(np.zeros((4, 12)), scores).axes
    assert strip.get_xlim() == below.get_xlim() == (-0.5, 11.5)
    marks = below.lines[0].get_xydata()
    assert np.asarray(marks).tolist() == [[1.5, 2], [5.5, 1], [9.5, 0]]
    assert list(below.images[0].get_extent())[:2] == [1.0, 10.0]


def test_scores_of_another_strip_are_refused() -> None:
    with pytest.raises(ValueError, match="9 places on a strip of 12 columns"):
        figures.score_strip(np.zeros((4, 12)), np.zeros((3, 8)))


def test_a_region_is_where_its_class_has_the_highest_score() -> None:
    weight, bias = np.array([[1, 0], [0, 1], [-1, -1.0]]), np.array([0, 0, 1.0])
    _, ax = drawing.new()
    figures.regions(weight, bias, [[2, 1]], ax)
    fields = {patch.get_gid(): patch.get_path() for patch in ax.patches}
    for point in np.random.default_rng(0).uniform(-3, 3, (200, 2)):
        inside = [name for name, path in fields.items() if path.contains_point(point)]
        assert inside == [f"class {(weight @ point + bias).argmax()}"]
    assert texts(ax) == ["class 0", "class 1", "class 2"]
    assert ax.lines[0].get_xydata().tolist() == [[2, 1]]


def test_the_borders_are_the_straight_lines_where_two_scores_are_equal() -> None:
    weight, bias = np.array([[1, 0], [0, 1], [-1, -1.0]]), np.array([0, 0, 1.0])
    _, ax = drawing.new()
    figures.regions(weight, bias, [[2, 1]], ax)
    sides = [side for lines in ax.collections for side in lines.get_segments()]
    assert len(sides) == 6  # three borders, each drawn from both of its sides
    for side in sides:
        best = np.sort(side @ weight.T + bias, axis=1)
        np.testing.assert_allclose(best[:, -1], best[:, -2], atol=1e-12)


def test_of_two_classes_with_equal_scores_the_first_wins() -> None:
    _, ax = drawing.new()
    figures.regions([[1, 0], [1, 0], [-1, 0]], [0, 0, 0], [[1, 1]], ax)
    assert texts(ax) == ["class 0", "class 2"]


def test_a_class_that_never_wins_has_no_region() -> None:
    _, ax = drawing.new()
    figures.regions([[1, 0], [-1, 0], [0, 0]], [0, 0, -1], [[1, 1]], ax)
    assert texts(ax) == ["class 0", "class 1"]


@pytest.mark.parametrize("weight", [[1, 2], [[1, 2, 3]], [[1, 2]] * 5])
def test_only_two_pixels_and_four_classes_can_be_drawn(weight: list[Any]) -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match="two numbers for each of at most 4 classes"):
        figures.regions(weight, np.zeros(len(weight)), [[0, 0]], ax)
