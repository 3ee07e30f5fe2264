"""The figures of notebook 09 show the sizes, probabilities and curves they were given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from cnnlib.course import drawing
from cnnlib.course.training_a_cnn import figures

ODDS = np.array([[0.1, 0.7, 0.2, 0.0], [0.001, 0.299, 0.1, 0.6], [0.25, 0.25, 0.25, 0.25]])
IMAGES = np.linspace(0, 1, 3 * 4 * 4).reshape(3, 4, 4)


def texts(ax: Axes, gid: str) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


def names(ax: Axes) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def widths(ax: Axes) -> list[float]:
    return [patch.get_width() for patch in ax.patches if isinstance(patch, Rectangle)]


# data_parts


def test_parts_are_to_scale_and_stand_in_order() -> None:
    sizes = {"training": 8000, "validation": 1000, "test": 1000}
    ax = figures.data_parts(sizes, ["learn", "choose", "judge"]).axes[0]
    parts: list[Any] = [patch for patch in ax.patches if patch.get_gid() == "part"]
    assert [part.get_width() for part in parts] == pytest.approx([0.8, 0.1, 0.1])
    assert [part.get_x() for part in parts] == pytest.approx([0, 0.8, 0.9])
    assert texts(ax, "size") == ["training\n8,000", "validation\n1,000", "test\n1,000"]
    assert texts(ax, "job") == ["learn", "choose", "judge"]


def test_parts_differ_by_more_than_colour() -> None:
    ax = figures.data_parts({"a": 1, "b": 1, "c": 1}, ["x", "y", "z"]).axes[0]
    parts = [patch for patch in ax.patches if patch.get_gid() == "part"]
    assert len({part.get_hatch() for part in parts}) == 3


def test_labels_of_narrow_parts_do_not_touch() -> None:
    fig = figures.data_parts({"training": 8000, "validation": 1000, "test": 1000}, ["", "", ""])
    fig.draw_without_rendering()
    boxes = [t.get_window_extent() for t in fig.axes[0].texts if t.get_gid() == "size"]
    assert boxes[1].x1 < boxes[2].x0


@pytest.mark.parametrize(
    ("sizes", "jobs", "message"),
    [
        ({"a": 1, "b": 1}, ["x"], "2 parts came with 1 jobs"),
        ({"a": 1, "b": 0}, ["x", "y"], "the part 'b' has 0 images"),
    ],
)
def test_parts_refuse(sizes: dict[str, int], jobs: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        figures.data_parts(sizes, jobs)


# answers


def test_answers_show_the_most_probable_classes_with_their_probabilities() -> None:
    fig = figures.answers(IMAGES, ODDS, top=2)
    bars = fig.axes[1::2]
    assert [names(ax) for ax in bars] == [["1", "2"], ["3", "1"], ["0", "1"]]
    assert [widths(ax) for ax in bars] == [[0.7, 0.2], [0.6, 0.299], [0.25, 0.25]]
    assert [text.get_text() for text in bars[0].texts] == ["70%", "20%"]
    assert [ax.get_title() for ax in fig.axes[::2]] == ["read as 1", "read as 3", "read as 0"]


def test_answers_show_the_images_themselves() -> None:
    fig = figures.answers(IMAGES, ODDS, ncols=2)
    for ax, image in zip(fig.axes[::2], IMAGES, strict=True):
        assert np.array_equal(np.asarray(ax.images[0].get_array()), image)


def test_the_right_class_is_ticked_and_never_left_out() -> None:
    fig = figures.answers(IMAGES, ODDS, [1, 0, 3], top=2)
    bars = fig.axes[1::2]
    assert [names(ax) for ax in bars] == [["1 ✓", "2"], ["3", "0 ✓"], ["0", "3 ✓"]]
    assert widths(bars[1]) == [0.6, 0.001]
    assert fig.axes[2].get_title() == "a 0, read as 3"


def test_the_right_class_differs_by_more_than_colour() -> None:
    ax = figures.answers(IMAGES[:1], ODDS[:1], [2], top=3).axes[1]
    hatched = [bool(patch.get_hatch()) for patch in ax.patches]
    assert hatched == [False, True, False]


def test_only_certainty_is_written_as_certain() -> None:
    odds = np.array([[0.997, 0.003, 0.0], [1.0, 0.0, 0.0]])
    fig = figures.answers(IMAGES[:2], odds)
    written = [[text.get_text() for text in ax.texts] for ax in fig.axes[1::2]]
    assert written == [["> 99%", "< 1%", "0%"], ["100%", "0%", "0%"]]


def test_answers_leave_no_empty_axes_in_the_last_row() -> None:
    assert len(figures.answers(IMAGES, ODDS, ncols=2).axes) == 6


def test_each_image_stands_above_its_own_bars() -> None:
    fig = figures.answers(IMAGES, ODDS, ncols=2)
    fig.draw_without_rendering()
    for image, bars in zip(fig.axes[::2], fig.axes[1::2], strict=True):
        above, below = image.get_window_extent(), bars.get_window_extent()
        assert above.y0 > below.y1
        assert below.x0 < (above.x0 + above.x1) / 2 < below.x1


@pytest.mark.parametrize(
    ("images", "odds", "labels", "message"),
    [
        (IMAGES[0], ODDS[:1], None, r"images must be \(N, H, W\)"),
        (IMAGES[:0], ODDS[:0], None, "at least one"),
        (IMAGES, ODDS[:2], None, r"3 images came with probabilities of shape \(2, 4\)"),
        (IMAGES, ODDS, [1], r"3 images came with labels \(1,\)"),
    ],
)
def test_answers_refuse(images: Any, odds: Any, labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        figures.answers(images, odds, labels)


# before_after


def kernels(fig: Any, count: int, row: int) -> np.ndarray:
    axes = fig.axes[row * count : (row + 1) * count]
    return np.array([np.asarray(ax.images[0].get_array()) for ax in axes])


def test_rows_hold_the_start_the_end_and_the_change() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.standard_normal((2, 3, 5, 5))
    fig = figures.before_after(before, after)
    assert np.allclose(kernels(fig, 3, 0), before)
    assert np.allclose(kernels(fig, 3, 1), after)
    assert np.allclose(kernels(fig, 3, 2), after - before)
    assert [fig.axes[3 * row].get_ylabel() for row in range(3)] == ["start", "trained", "change"]


def test_all_kernels_share_one_scale_with_white_at_zero() -> None:
    before = np.zeros((2, 2, 2))
    after = np.arange(8.0).reshape(2, 2, 2) - 2
    fig = figures.before_after(before, after)
    limits = {ax.images[0].get_clim() for ax in fig.axes[:6]}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low == -high


def test_one_loud_weight_does_not_make_the_others_pale() -> None:
    before = np.full((4, 5, 5), 0.1)
    after = before.copy()
    after[0, 0, 0] = 50.0
    high = figures.before_after(before, after).axes[0].images[0].get_clim()[1]
    assert high < 1


def test_filters_that_did_not_move_are_drawn_too() -> None:
    same = np.zeros((2, 3, 3))
    fig = figures.before_after(same, same, change=False)
    assert [ax.get_ylabel() for ax in fig.axes if ax.get_ylabel()] == ["start", "trained"]


@pytest.mark.parametrize(
    ("before", "after"),
    [(np.zeros((2, 3, 3)), np.zeros((2, 5, 5))), (np.zeros((2, 1, 3, 3)), np.zeros((2, 1, 3, 3)))],
)
def test_before_after_refuses(before: Any, after: Any) -> None:
    with pytest.raises(ValueError, match="must both be"):
        figures.before_after(before, after)


# running_mean and batch_losses


def test_running_mean_by_hand() -> None:
    # 8; (8 + 2) / 2; (8 + 2 + 5) / 3; (2 + 5 + 11) / 3
    assert figures.running_mean([8, 2, 5, 11], 3).tolist() == [8, 5, 5, 6]
    assert figures.running_mean([8, 2], 1).tolist() == [8, 2]


@pytest.mark.parametrize(("values", "window"), [([[1.0]], 2), ([1.0], 0)])
def test_running_mean_refuses(values: Any, window: int) -> None:
    with pytest.raises(ValueError, match="one row of values and a window of at least 1"):
        figures.running_mean(values, window)


def test_batch_losses_are_smoothed_and_cut_off_at_the_ceiling() -> None:
    _, ax = drawing.new()
    figures.batch_losses({"slow": [2, 2, 1], "wild": [9, 1, 2]}, ax, window=2, ceiling=3)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[2, 2, 1.5], [9, 5, 1.5]]
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert ax.get_ylim() == (0, 3)
    assert ax.get_ylabel() == "loss, mean of 2 batches"
    assert [text.get_text() for text in ax.texts] == ["slow", "wild"]


# mark_best


def test_the_lowest_epoch_is_marked_counting_from_one() -> None:
    values = [0.9, 0.4, 0.6, 0.5]
    _, ax = drawing.new()
    figures.mark_best(values, drawing.curves({"loss": values}, ax), name="lowest")
    line = next(line for line in ax.lines if line.get_gid() == "best")
    assert np.asarray(line.get_xdata()).tolist() == [2, 2]
    assert texts(ax, "best") == ["lowest: epoch 2"]


# dots


def test_each_run_is_a_dot_and_each_recipe_has_its_mean() -> None:
    _, ax = drawing.new()
    figures.dots({"recipe": [0.98, 0.99], "no shifts": [0.97]}, ax)
    assert names(ax) == ["recipe", "no shifts"]
    first, mean, second, _ = ax.collections
    assert first.get_offsets().tolist() == [[0.98, 0], [0.99, 0]]
    assert second.get_offsets().tolist() == [[0.97, 1]]
    assert mean.get_segments()[0][:, 0].tolist() == pytest.approx([0.985, 0.985])
    assert ax.yaxis_inverted()


@pytest.mark.parametrize("scores", [{}, {"recipe": []}, {"recipe": 0.9}])
def test_dots_wants_accuracies(scores: Any) -> None:
    with pytest.raises(ValueError, match="accuracies"):
        figures.dots(scores, drawing.new()[1])


# calibration


def test_answers_are_grouped_by_their_confidence() -> None:
    _, ax = drawing.new()
    figures.calibration([0.5, 0.6, 0.95, 0.97, 1.0], [True, False, True, True, False], ax)
    assert names(ax) == ["0% to 60%: 2 digits", "90% to 99%: 2 digits", "99% to 100%: 1 digit"]
    shown = [text.get_text() for text in ax.texts]
    assert shown == ["55%", "96%", "100%", "50%", "100%", "0%"]
