"""Max pooling, backwards."""

import numpy as np

from cnnlib import reference
from cnnlib.course.backpropagation.exercises.shared import chapter, maps
from cnnlib.course.judge.numbers import halves, random_dtype
from cnnlib.course.judge.run import Call, case


def _pool_case(rng: np.random.Generator) -> Call:
    kernel_size, stride = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    n, c = rng.integers(1, 3, 2)
    h, w = kernel_size + rng.integers(0, 5, 2)
    shape = (n, c, *((side - kernel_size) // stride + 1 for side in (h, w)))
    dtype = random_dtype(rng)
    x = halves(rng, n, c, h, w, dtype=dtype)
    return case(halves(rng, *shape, dtype=dtype), x, kernel_size, stride)


def _pool_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(7)

    def of(x: np.ndarray, kernel_size: int, stride: int) -> Call:
        sides = ((side - kernel_size) // stride + 1 for side in x.shape[2:])
        return case(halves(rng, *x.shape[:2], *sides), x, kernel_size, stride)

    x = halves(rng, 2, 2, 5, 4)
    nearly = maps([1.0, 1 + 1e-9], [1 + 2e-9, 1.0])
    return {
        "all cells of a window are equal": [of(np.full((1, 1, 4, 4), 2.5), 2, 2)],
        "windows that overlap hold equal cells": [of(np.zeros((1, 2, 3, 4)), 2, 1)],
        "every cell is negative": [of(x - 10, 2, 1)],
        "every cell is far below 0": [of(x - 1e4, 2, 1), of(1e12 * (x - 10), 3, 2)],
        "two cells are nearly equal": [of(nearly, 2, 1)],
        "one window covers the whole map": [of(halves(rng, 2, 1, 3, 3), 3, 1)],
        "every window has one cell": [of(x, 1, 1), of(x, 1, 2)],
        "cells are left out between the windows": [of(halves(rng, 1, 2, 7, 8), 2, 3)],
        "the last rows and columns belong to no window": [of(halves(rng, 1, 2, 6, 7), 3, 2)],
        "the windows are larger than 3×3": [of(np.arange(42.0).reshape(1, 1, 6, 7), 5, 1)],
        "every `dout` is 0": [case(np.zeros((2, 2, 2, 2)), x[:, :, :4], 2, 2)],
    }


@chapter.coding(
    "Max pooling: back to the winners",
    level=2,
    minutes=12,
    hand=[
        (
            case(
                maps([4, 8], [-4, 12]),
                maps([2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]),
                2,
                2,
            ),
            maps([0, 0, 0, 0], [4, 0, 0, 8], [-4, 0, 12, 0], [0, 0, 0, 0]),
        ),
        (case(maps([10, 20]), maps([1, 5, 2], [0, 3, 1]), 2, 1), maps([0, 30, 0], [0, 0, 0])),
        (case(maps([1]), maps([0, 0], [0, 0]), 2, 2), maps([1, 0], [0, 0])),
    ],
    cases=_pool_case,
    regions=_pool_regions(),
    oracle=reference.max_pool2d_backward,
    hints=[
        "Start with zeros in the shape of `x`, and go through the entries of `dout`, one window "
        "each: `for n, c, i, j in np.ndindex(dout.shape)`.",
        "The window of entry (i, j) starts in row `i * stride` and column `j * stride`. "
        "`window.argmax()` numbers its cells in reading order; the first of equal ones wins.",
        "`np.unravel_index(window.argmax(), window.shape)` gives row and column inside the "
        "window. Add the start of the window, and then `+=`, since a cell may win twice.",
    ],
)
def max_pool2d_backward(dout, x, kernel_size, stride):
    """Give each gradient to the winner of its window."""
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + kernel_size, left : left + kernel_size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
    return dx


def _over_windows(give, dout, x, kernel_size, stride, rows=None, columns=None):
    """Return dx, with `give(dx_window, x_window, d)` called for each window."""
    dx = np.zeros_like(x)
    rows, columns = rows or stride, columns or stride
    for n, c, i, j in np.ndindex(dout.shape):
        place = n, c, *(slice(a, a + kernel_size) for a in (i * rows, j * columns))
        give(dx[place], x[place], dout[n, c, i, j])
    return dx


def _winner(window):
    return np.unravel_index(window.argmax(), window.shape)


def _to_winner(dx, x, d):
    dx[_winner(x)] += d


@max_pool2d_backward.mistake(
    "A cell that wins several windows keeps only the last gradient. Where paths meet, gradients "
    "add: `+=`, not `=`."
)
def _overwrites(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx[_winner(window)] = d

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The stride is not used: window (i, j) starts in row `i * stride` and column `j * stride`."
)
def _stride_unused(dout, x, kernel_size, stride):
    return _over_windows(_to_winner, dout, x, kernel_size, 1)


@max_pool2d_backward.mistake(
    "The windows step by `kernel_size`. They step by `stride`, which may be smaller or larger."
)
def _steps_by_kernel(dout, x, kernel_size, stride):
    return _over_windows(_to_winner, dout, x, kernel_size, kernel_size)


@max_pool2d_backward.mistake("The stride is used for rows but not for columns: `j * stride`.")
def _stride_rows(dout, x, kernel_size, stride):
    return _over_windows(_to_winner, dout, x, kernel_size, stride, columns=1)


@max_pool2d_backward.mistake("The stride is used for columns but not for rows: `i * stride`.")
def _stride_columns(dout, x, kernel_size, stride):
    return _over_windows(_to_winner, dout, x, kernel_size, stride, rows=1)


@max_pool2d_backward.mistake(
    "Where several cells share the maximum, each gets the whole gradient. Only the first in "
    "reading order does; `argmax` finds it."
)
def _all_winners(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx += d * (window == window.max())

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "Where several cells share the maximum, the gradient is divided among them. Here the first in "
    "reading order takes it whole, as in PyTorch."
)
def _divided_among(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx += d * (window == window.max()) / (window == window.max()).sum()

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "Where several cells share the maximum, the last one wins here. The first in reading order "
    "should: compare with `>`, not `>=`, or use `argmax`."
)
def _last_winner(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx[::-1, ::-1][_winner(window[::-1, ::-1])] += d

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "Row and column of the winner are counted inside its window. Add where the window starts: "
    "`i * stride` and `j * stride`."
)
def _inside_window(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride :, j * stride :][:kernel_size, :kernel_size]
        dx[n, c][_winner(window)] += dout[n, c, i, j]
    return dx


@max_pool2d_backward.mistake(
    "The winner gets its own value. It should get the gradient of its window, `dout[n, c, i, j]`."
)
def _gives_value(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx[_winner(window)] += window.max()

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The gradient is multiplied by the winner's value. The slope of a winner is 1, so it gets the "
    "gradient as it is."
)
def _times_value(dout, x, kernel_size, stride):
    return _over_windows(
        lambda dx, window, d: _to_winner(dx, window, d * window.max()), dout, x, kernel_size, stride
    )


@max_pool2d_backward.mistake(
    "The winners get a 1. That is their slope: multiply it by the gradient of the window, "
    "`dout[n, c, i, j]`."
)
def _gives_one(dout, x, kernel_size, stride):
    return _over_windows(
        lambda dx, window, d: _to_winner(dx, window, 1), dout, x, kernel_size, stride
    )


@max_pool2d_backward.mistake(
    "Windows without a positive entry give their gradient to no cell. Does the search for the "
    "largest start at 0? Start it at the first cell, or at `-np.inf`."
)
def _starts_at_zero(dout, x, kernel_size, stride):
    def give(dx, window, d):
        if window.max() > 0:
            _to_winner(dx, window, d)

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The entry farthest from 0 wins here, so -6 beats 3. Look for the largest, with its sign."
)
def _farthest(dout, x, kernel_size, stride):
    return _over_windows(
        lambda dx, window, d: _to_winner(dx, abs(window), d), dout, x, kernel_size, stride
    )


@max_pool2d_backward.mistake(
    "Each window overwrites all its cells, also what they got from other windows, and equal cells "
    "all win. Add with `+=`, and only at the first winner."
)
def _mask_overwrites(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx[...] = np.where(window == window.max(), d, 0)

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The winners are found in the right windows, but written `i` rows down and `j` columns to the "
    "right. A window starts at `i * stride` and `j * stride`."
)
def _written_without_stride(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        window = x[n, c, i * stride :, j * stride :][:kernel_size, :kernel_size]
        _to_winner(dx[n, c, i:, j:][:kernel_size, :kernel_size], window, dout[n, c, i, j])
    return dx


@max_pool2d_backward.mistake(
    "Only the first window gives its gradient away. Is a `return` or a `break` inside the loop?"
)
def _returns_early(dout, x, kernel_size, stride):
    first = np.zeros_like(dout)
    first[0, 0, 0, 0] = dout[0, 0, 0, 0]
    return _over_windows(_to_winner, first, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "Each cell of the window gets the gradient. Only the winner moved the output, so only the "
    "winner gets it."
)
def _to_everyone(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx += d

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The gradient is shared out among all cells. That is average pooling; here the winner takes "
    "all."
)
def _shares_out(dout, x, kernel_size, stride):
    def give(dx, window, d):
        dx += d / window.size

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The smallest cell gets the gradient. Max pooling keeps the largest: `argmax`."
)
def _to_loser(dout, x, kernel_size, stride):
    return _over_windows(
        lambda dx, window, d: _to_winner(dx, -window, d), dout, x, kernel_size, stride
    )


@max_pool2d_backward.mistake("Row and column of the winner are exchanged.")
def _exchanged(dout, x, kernel_size, stride):
    def give(dx, window, d):
        _to_winner(dx.T, window, d)

    return _over_windows(give, dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The winner of the first channel gets the gradients of all channels. Each channel has winners "
    "of its own: look in `x[n, c]`."
)
def _first_channel(dout, x, kernel_size, stride):
    return _over_windows_of(x[:, :1], dout, x, kernel_size, stride)


@max_pool2d_backward.mistake(
    "The winner of the first image gets the gradients of all images. Each image has winners of "
    "its own: look in `x[n, c]`."
)
def _first_image(dout, x, kernel_size, stride):
    return _over_windows_of(x[:1], dout, x, kernel_size, stride)


def _over_windows_of(some, dout, x, kernel_size, stride):
    alike = np.broadcast_to(some, x.shape).copy()
    return _over_windows(_to_winner, dout, alike, kernel_size, stride)
