"""The pooling explorer in Python: what it computes, what it refuses, what it shows."""

import numpy as np
import pytest
from drawn import numbers, outlines, pixels
from hypothesis import given
from hypothesis import strategies as st

from cnnlib import reference
from cnnlib.course.widgets import PoolingExplorer
from cnnlib.course.widgets.pooling import pool, unchanged

HAND = [[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]]


# The pure functions


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("max", [[5, 8], [-1, 7]]), ("average", [[2, 3], [-4, 4]]), ("min", [[-2, 0], [-6, 2]])],
)
def test_pool_by_hand(kind, expected):
    assert pool(HAND, kind).tolist() == expected


def test_pool_overlapping_by_hand():
    assert pool(HAND, "max", 2, 1).tolist() == [[5, 3, 8], [5, 7, 8], [-1, 7, 7]]


@given(st.integers(0, 1000))
def test_pool_is_the_textbook_pooling(seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(-9, 10, rng.integers(1, 9, 2)).astype(float)
    kernel_size, stride = int(rng.integers(1, min(image.shape) + 1)), int(rng.integers(1, 4))
    for kind, textbook in (("max", reference.max_pool2d), ("average", reference.avg_pool2d)):
        expected = textbook(image[None, None], kernel_size, stride)[0, 0]
        np.testing.assert_allclose(pool(image, kind, kernel_size, stride), expected)
    smallest = -reference.max_pool2d(-image[None, None], kernel_size, stride)[0, 0]
    np.testing.assert_array_equal(pool(image, "min", kernel_size, stride), smallest)


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="kind must be one of max, average, min, got 'median'"):
        pool(HAND, "median")


def test_a_bright_pixel_may_move_within_its_window():
    """Notebook 05: from column 0 to 1 nothing changes, from 1 to 2 it does."""
    for column, stays in ((0, True), (1, False), (2, True)):
        toy = np.zeros((4, 4))
        toy[1, column] = 9
        assert unchanged(toy, (0, 1)).all() == stays


def test_not_moved_is_unchanged():
    assert unchanged(HAND, (0, 0), "average", 3, 1).all()


def test_a_mean_that_is_added_up_in_another_order_counts_as_the_same():
    image = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])
    before, after = (pool(x, "average", 3) for x in (image, np.roll(image, 1, axis=1)))
    assert before[0, 0] == pytest.approx(after[0, 0])
    assert unchanged(image, (0, 1), "average", 3).all()


# The widget


def test_the_widget_pools_the_moved_picture():
    explorer = PoolingExplorer(HAND, shift=(0, 1))
    assert explorer.moved[0].tolist() == [0, 2, 3, 2]
    assert explorer.output.tolist() == [[8, 3], [3, 7]]
    assert explorer.unchanged.tolist() == [[False, False], [False, True]]
    explorer.shift = (0, -1)
    assert explorer.moved[0].tolist() == [3, 2, 0, 2]
    explorer.set(shift=(0, 0), kind="average")
    assert explorer.output.tolist() == [[2, 3], [-4, 4]]
    explorer.image = np.ones((3, 3))
    assert explorer.image.dtype.kind == "i"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"image": np.zeros((3, 4, 4))}, r"image has 3 channels, .* pass image\[0\]"),
        ({"image": np.zeros((40, 40))}, r"Give it image\[:8, :8\]"),
        ({"image": [[1, np.nan]]}, "nan or infinity"),
        ({"kind": "mean"}, "kind must be one of max, average, min, got 'mean'"),
        ({"kernel_size": 5}, "the kernel does not fit: kernel_size 5 is larger than"),
        ({"kernel_size": 0}, "kernel_size must be at least 1, got 0"),
        ({"stride": 29}, "stride must be at most 28, got 29"),
        ({"shift": (0, 4)}, r"less than the picture is high or wide, got \(0, 4\) for 4×4"),
        ({"image": np.ones((2, 5)), "shift": (2, 0)}, r"got \(2, 0\) for 2×5"),
        ({"image": np.ones((5, 2)), "shift": (0, 2)}, r"got \(0, 2\) for 5×2"),
        ({"shift": (-9, 0)}, "must be at least -8, got -9"),
    ],
)
def test_settings_without_sense_are_refused(settings, words):
    explorer = PoolingExplorer(HAND)
    before = explorer.settings
    with pytest.raises(ValueError, match=words):
        explorer.set(**settings)
    assert explorer.settings == before


def test_words_are_no_picture():
    with pytest.raises(TypeError, match="image must be a grid of numbers"):
        PoolingExplorer("hand")


def test_the_picture_tells_the_numbers_and_what_stays():
    _, alt = PoolingExplorer(HAND)._picture()
    assert alt.endswith("Max of 2×2 windows at stride 2, rows: 5 8; −1 7.")
    figure, alt = PoolingExplorer(HAND, shift=(0, 1))._picture()
    assert alt.startswith("Picture, moved 1 right, rows: 0 2 3 2; 8 5 −2 2;")
    assert alt.endswith("Before the shift, rows: 5 8; −1 7. Unchanged outputs: 1 of 4.")
    assert [ax.get_title().replace("\n", " ") for ax in figure.axes if ax.get_title()] == [
        "picture, moved 1 right",
        "max, before",
        "max, after; 1 of 4 unchanged",
    ]


def test_the_picture_draws_what_it_tells():
    explorer = PoolingExplorer(HAND, shift=(0, 1))
    picture, before, after = (ax for ax in explorer._picture()[0].axes if numbers(ax))
    assert numbers(picture)[:4] == ["0", "2", "3", "2"]
    assert numbers(before) == ["5", "8", "−1", "7"]
    assert numbers(after) == ["8", "3", "3", "7"]
    assert outlines(picture) == [(0, 0, 2, 2)]
    # A grey picture shows its middle: output (2, 3) of 5×6 looks at rows 4 and 5, columns 6 and 7.
    image = np.arange(120).reshape(10, 12)
    picture, _, output = PoolingExplorer(image)._picture()[0].axes
    assert outlines(picture) == [(4, 6, 2, 2)]
    assert outlines(output) == [(2, 3, 1, 1)]
    assert pixels(picture)[-1, -1, 0] == 1
    assert pixels(picture)[0, 0, 0] == 0


def test_a_large_picture_is_drawn_in_grey_and_one_with_negative_numbers_is_not():
    image = np.arange(144).reshape(12, 12)
    figure, _ = PoolingExplorer(image)._picture()
    assert not figure.axes[0].texts
    figure, _ = PoolingExplorer(image - 1)._picture()
    assert len(figure.axes[0].texts) == 144


def test_the_repr_says_all_but_the_numbers():
    assert repr(PoolingExplorer(np.ones((6, 5)), "min", 3, 1, (-2, 1))) == (
        "PoolingExplorer(6×5 picture, min of 3×3, stride 1, moved 1 right, 2 up → 4×3 output)"
    )
