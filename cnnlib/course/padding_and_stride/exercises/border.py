"""A border of zeros."""

import numpy as np

from cnnlib.course.judge.run import Call, case
from cnnlib.course.padding_and_stride.exercises.shared import chapter


def _maps(rng: np.random.Generator) -> Call:
    n, c = (int(value) for value in rng.integers(1, 3, 2))
    h, w = (int(value) for value in rng.integers(1, 5, 2))
    x = rng.integers(-8, 9, (n, c, h, w)) / 2
    padding = tuple(int(value) for value in rng.integers(0, 4, 2))
    return case(x.astype([np.float32, np.float64][rng.integers(2)]), padding)


_CORNER = np.array([[[[5.0, 1.0], [15.0, 5.0]]]])


@chapter.coding(
    "A border of zeros",
    level=2,
    minutes=10,
    hand=[(case(_CORNER, (0, 1)), np.array([[[[0.0, 5, 1, 0], [0, 15, 5, 0]]]]))],
    cases=_maps,
    oracle=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding))),
    hints=[
        "Maps of 4×6 pixels, padded by (1, 2), become 6×10. Which shape has the whole batch, with "
        "its two axes in front?",
        "Make an array of zeros of that shape and of the dtype of `x`. In which row of it does the "
        "first row of `x` belong, and in which column its first column?",
        "The rows of `x` belong in the rows `down : down + h`. All four axes at once: "
        "`y[:, :, …, …] = x`.",
    ],
)
def pad(x, padding):
    """Put a border of zeros around each map of a batch (N, C, H, W)."""
    n, c, h, w = x.shape
    down, across = padding
    y = np.zeros((n, c, h + 2 * down, w + 2 * across), x.dtype)
    y[:, :, down : down + h, across : across + w] = x
    return y


def _bordered(x, top, bottom, left, right, mode="constant"):
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), mode=mode)


@pad.mistake("The border is added above and on the left only. Each axis gets it at both ends.")
def _pad_in_front(x, padding):
    return _bordered(x, padding[0], 0, padding[1], 0)


@pad.mistake("The border is added below and on the right only. Each axis gets it at both ends.")
def _pad_behind(x, padding):
    return _bordered(x, 0, padding[0], 0, padding[1])


@pad.mistake("The two paddings are exchanged: the first is for rows, above and below.")
def _pad_swapped(x, padding):
    return _bordered(x, padding[1], padding[1], padding[0], padding[0])


@pad.mistake("The first padding is used for both axes. The columns have one of their own.")
def _pad_first_for_both(x, padding):
    return _bordered(x, padding[0], padding[0], padding[0], padding[0])


@pad.mistake(
    "The size is right, but the maps are in the upper left corner. They begin in row "
    "`padding[0]` and column `padding[1]`."
)
def _pad_in_the_corner(x, padding):
    return _bordered(x, 0, 2 * padding[0], 0, 2 * padding[1])


@pad.mistake(
    "Where a padding is 0 it goes wrong: `-0` is 0, so the slice `0:-0` is empty. Write the end as "
    "start plus size."
)
def _pad_minus_zero(x, padding):
    (down, across), (n, c, h, w) = padding, x.shape
    y = np.zeros((n, c, h + 2 * down, w + 2 * across), x.dtype)
    y[:, :, down:-down, across:-across] = x
    return y


@pad.mistake(
    "The slices end at the size of `x`, but they do not begin at 0. The end is start plus size: "
    "`down : down + h`."
)
def _pad_end(x, padding):
    (down, across), (n, c, h, w) = padding, x.shape
    y = np.zeros((n, c, h + 2 * down, w + 2 * across), x.dtype)
    y[:, :, down:h, across:w] = x
    return y


@pad.mistake(
    "The slices cut the first two axes, which are pictures and channels. Rows and columns are the "
    "last two: `y[:, :, …, …] = x`."
)
def _pad_first_axes(x, padding):
    (down, across), (n, c, h, w) = padding, x.shape
    y = np.zeros((n, c, h + 2 * down, w + 2 * across), x.dtype)
    y[down : down + h, across : across + w] = x
    return y


@pad.mistake(
    "`np.pad` takes a pair as (before, after), and for every axis. Give it one pair for each axis: "
    "`((0, 0), (0, 0), (down, down), (across, across))`."
)
def _pad_numpy_pair(x, padding):
    return np.pad(x, padding)


@pad.mistake("The border repeats the outermost pixel. Here it should be zeros.")
def _pad_edge(x, padding):
    return _bordered(x, padding[0], padding[0], padding[1], padding[1], "edge")


@pad.mistake(
    "The batch and the channels are padded as well. Pictures and channels that nobody handed over "
    "appear: pad the last two axes only."
)
def _pad_all_axes(x, padding):
    return np.pad(x, ((padding[0],) * 2, (padding[1],) * 2) * 2)
