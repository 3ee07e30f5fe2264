"""Windows as rows of a matrix."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib.course.judge.numbers import halves
from cnnlib.course.judge.run import Call, case
from cnnlib.course.multichannel_filters.exercises.shared import chapter, sides


def _im2col_cases(rng: np.random.Generator) -> Call:
    n, c, kh, kw, oh, ow = sides(rng, 2, 3, 3, 3, 3, 3)
    stride = int(rng.choice([1, 1, 2, 3]))
    room = [int(rest) for rest in rng.integers(0, stride, 2)]
    h, w = kh + (oh - 1) * stride + room[0], kw + (ow - 1) * stride + room[1]
    x = halves(rng, n, c, h, w)
    return case(x, kh, kw) if stride == 1 else case(x, kh, kw, stride=stride)


def _windows(x: Any, kh: int, kw: int, stride: int = 1) -> Any:
    """Return all windows: image, channel, output row and column, kernel row and column."""
    return sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]


def _rows(windows: Any, *order: int) -> Any:
    """Return windows as a matrix: the first three axes of the order in its rows."""
    moved = windows.transpose(order)
    return moved.reshape(int(np.prod(moved.shape[:3])), -1)


_IMAGES = np.arange(1.0, 49.0).reshape(2, 2, 3, 4)


@chapter.coding(
    "Windows as rows",
    level=2,
    minutes=12,
    hand=[
        (
            case(np.array([[[[1.0, 2, 3], [4, 5, 6]]]]), 2, 2),
            np.array([[1.0, 2, 4, 5], [2, 3, 5, 6]]),
        )
    ],
    regions={
        "there are two images": [case(_IMAGES, 2, 2), case(_IMAGES, 1, 3)],
        "there is one channel": [case(_IMAGES[:, :1], 2, 2), case(_IMAGES[:1, :1], 3, 1)],
        "the window is a single pixel": [case(_IMAGES, 1, 1), case(_IMAGES, 1, 1, stride=2)],
        "the window is as large as the image": [case(_IMAGES, 3, 4), case(_IMAGES, 3, 4, stride=2)],
        "the image is one row": [case(_IMAGES[:, :, :1], 1, 2), case(_IMAGES[:, :, :1], 1, 1, 3)],
        "the image is one column": [
            case(_IMAGES[:, :, :, :1], 2, 1),
            case(_IMAGES[:, :, :, :1], 1, 1, 2),
        ],
        "the stride does not divide": [case(_IMAGES, 2, 2, stride=2), case(_IMAGES, 2, 1, 2)],
        "the stride is larger than the window": [
            case(_IMAGES, 1, 1, stride=3),
            case(_IMAGES, 2, 1, 3),
        ],
        "the stride is larger than the image": [case(_IMAGES, 2, 2, stride=7)],
        "another batch had the same shape": [case(-_IMAGES, 2, 2)],
    },
    cases=_im2col_cases,
    oracle=lambda x, kh, kw, stride=1: _rows(_windows(x, kh, kw, stride), 0, 2, 3, 1, 4, 5),
    hints=[
        "Which loops visit all windows, in the order of the rows? Images first, then the rows of "
        "the map, then its columns.",
        "One window is `image[:, i : i + kh, j : j + kw]`, with all channels. `ravel` makes one "
        "list of it, in the right order.",
        "With a stride, `i` takes the values of `range(0, height - kh + 1, stride)`. Collect the "
        "lists with `append`, and end with `np.array(rows)`.",
    ],
)
def im2col(x, kh, kw, stride=1):
    """Return every window of a batch as a row, in the order channel, row, column."""
    rows = []
    for image in x:
        for i in range(0, x.shape[2] - kh + 1, stride):
            for j in range(0, x.shape[3] - kw + 1, stride):
                rows.append(image[:, i : i + kh, j : j + kw].ravel())
    return np.array(rows)


@im2col.mistake(
    "The order inside a row is row, column, channel, as in cnnlib's own `F.im2col`. Here it is "
    "channel, row, column: `ravel` of a window of shape (C, KH, KW)."
)
def _channels_last(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw, stride), 0, 2, 3, 4, 5, 1)


@im2col.mistake("The matrix lies on its side: each window is a column. Return its `.T`.")
def _on_its_side(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw, stride), 0, 2, 3, 1, 4, 5).T


@im2col.mistake(
    "The windows are visited column by column. The loop over the rows of the map is the outer "
    "one, and that over its columns the inner one."
)
def _column_by_column(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw, stride), 0, 3, 2, 1, 4, 5)


@im2col.mistake(
    "The images take turns at each place. The loop over the images is the outermost one, so that "
    "all rows of an image stay together."
)
def _images_inside(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw, stride), 2, 3, 0, 1, 4, 5)


@im2col.mistake("The stride is not used.")
def _stride_unused(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw), 0, 2, 3, 1, 4, 5)


@im2col.mistake("The stride is used down, but not across: `j` must go in steps of it too.")
def _stride_down(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw)[:, :, ::stride], 0, 2, 3, 1, 4, 5)


@im2col.mistake("The stride is used across, but not down: `i` must go in steps of it too.")
def _stride_across(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw)[:, :, :, ::stride], 0, 2, 3, 1, 4, 5)


@im2col.mistake(
    "There are as many windows as the stride leaves, but they begin one pixel apart. Window "
    "`(i, j)` begins at row `i * stride`, column `j * stride`."
)
def _starts_unscaled(x, kh, kw, stride=1):
    oh, ow = _windows(x, kh, kw, stride).shape[2:4]
    return _rows(_windows(x, kh, kw)[:, :, :oh, :ow], 0, 2, 3, 1, 4, 5)


@im2col.mistake(
    "Only the windows of the first image are there. Loop over all of `x`, and return after the "
    "loop."
)
def _first_image(x, kh, kw, stride=1):
    return im2col.model_answer(x[:1], kh, kw, stride)


@im2col.mistake(
    "Each channel has a row of its own. A row holds the whole window, all channels one after the "
    "other, because a filter looks at all of them at once."
)
def _channel_rows(x, kh, kw, stride=1):
    windows = _windows(x, kh, kw, stride).transpose(0, 2, 3, 1, 4, 5)
    return windows.reshape(-1, kh * kw)


@im2col.mistake(
    "The channels are added up inside the window. Keep them apart here: the product with the "
    "filters will add."
)
def _channels_added(x, kh, kw, stride=1):
    return im2col.model_answer(x.sum(axis=1, keepdims=True), kh, kw, stride)


@im2col.mistake(
    "The last windows are missing. The last one begins at row `height - kh`, and `range` leaves "
    "out its end: `range(0, height - kh + 1, stride)`, and so for the columns."
)
def _one_short(x, kh, kw, stride=1):
    rows = [
        image[:, i : i + kh, j : j + kw].ravel()
        for image in x
        for i in range(0, x.shape[2] - kh, stride)
        for j in range(0, x.shape[3] - kw, stride)
    ]
    return np.array(rows)


@im2col.mistake(
    "The windows run over the edge, where they are cut short, so the rows differ in length. The "
    "last window begins at `height - kh`: `range(0, height - kh + 1, stride)`."
)
def _over_the_edge(x, kh, kw, stride=1):
    rows = [
        image[:, i : i + kh, j : j + kw].ravel()
        for image in x
        for i in range(0, x.shape[2], stride)
        for j in range(0, x.shape[3], stride)
    ]
    return np.array(rows)


@im2col.mistake(
    "The windows of all images are in one row. Each image has rows of its own: loop over the "
    "images too."
)
def _images_side_by_side(x, kh, kw, stride=1):
    windows = _windows(x, kh, kw, stride).transpose(2, 3, 0, 1, 4, 5)
    return windows.reshape(windows.shape[0] * windows.shape[1], -1)


@im2col.mistake("The sides of the window are exchanged: it has `kh` rows and `kw` columns.")
def _sides_exchanged(x, kh, kw, stride=1):
    return im2col.model_answer(x, kw, kh, stride)


@im2col.mistake(
    "Each window still has its three axes, channel, row and column. `.ravel()` makes one list of "
    "it."
)
def _not_flat(x, kh, kw, stride=1):
    windows = _windows(x, kh, kw, stride).transpose(0, 2, 3, 1, 4, 5)
    return windows.reshape(-1, *windows.shape[3:])


@im2col.mistake(
    "All windows are in one long list. `extend` adds number by number; `append` adds the window "
    "as one row."
)
def _extended(x, kh, kw, stride=1):
    return im2col.model_answer(x, kh, kw, stride).ravel()


@im2col.mistake(
    "The wrong axes are taken for height and width. In `(N, C, H, W)` they are `x.shape[2]` and "
    "`x.shape[3]`."
)
def _wrong_axes(x, kh, kw, stride=1):
    rows = [
        image[:, i : i + kh, j : j + kw].ravel()
        for image in x
        for i in range(0, x.shape[1] - kh + 1, stride)
        for j in range(0, x.shape[2] - kw + 1, stride)
    ]
    return np.array(rows)
