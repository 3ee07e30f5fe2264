"""Pooling slice by slice: `cnnlib.functional.pooling` with speed.

All windows are worked on at once, one place of the window after another: whole-array operations on
strided slices, many times faster than gathering the windows.
"""

from inspect import unwrap

import numpy as np

from cnnlib.checks import gradient
from cnnlib.fast.padding import pad2d
from cnnlib.functional import pooling
from cnnlib.functional.pooling import check_pool2d, places
from cnnlib.types import Array, Pair, Size


def _fold(pairwise: np.ufunc, x: Array, kernel: Pair, stride: Pair, out: tuple[int, ...]) -> Array:
    """Return the largest, or the sum, of each window: first down its columns, then across.

    That takes fewer steps, and the first half of them goes along whole rows of the image.
    """
    for axis, size, step, count in zip((2, 3), kernel, stride, out[2:], strict=True):
        before = (slice(None),) * axis
        places = [x[(*before, slice(i, i + step * count, step))] for i in range(size)]
        y = pairwise(places[0], places[1]) if size > 1 else places[0].copy(order="K")
        for place in places[2:]:
            pairwise(y, place, out=y)
        x = y
    return x


def _as_in_memory(dout: Array, x: Array) -> Array:
    """Return `dout` with its axes in the same order in memory as those of `x`, for speed."""
    if dout.strides[1] < dout.strides[3] or x.strides[1] > x.strides[3]:
        return dout
    return np.ascontiguousarray(dout.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def _border(padded: Array, padding: Pair, value: float) -> None:
    """Fill the border with one value."""
    ph, pw = padding
    h, w = padded.shape[2:]
    padded[:, :, :ph] = padded[:, :, h - ph :] = value
    padded[:, :, :, :pw] = padded[:, :, :, w - pw :] = value


def _crop(padded: Array, padding: Pair, like: Array) -> Array:
    (ph, pw), (h, w) = padding, like.shape[2:]
    return padded[:, :, ph : ph + h, pw : pw + w]


def max_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Pool as `cnnlib.functional.max_pool2d`."""
    kernel, steps, border, shape = check_pool2d("max_pool2d", x, kernel_size, stride, padding)
    if border != (0, 0):
        x = pad2d(x, border, value=-np.inf)
    return _fold(np.maximum, x, kernel, steps, shape)


def max_pool2d_backward(
    dout: Array, x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Array:
    """Return the gradient as `cnnlib.functional.max_pool2d_backward`."""
    op = "max_pool2d_backward"
    kernel, steps, border, shape = check_pool2d(op, x, kernel_size, stride, padding)
    dout = _as_in_memory(gradient(op, dout, shape, x), x)
    if not np.isfinite(dout).all():  # the products below would make NaN of 0 · inf
        return unwrap(pooling.max_pool2d_backward)(dout, x, kernel, steps, border)
    padded = pad2d(x, border, value=-np.inf) if border != (0, 0) else x
    y = _fold(np.maximum, padded, kernel, steps, shape)
    if border != (0, 0):
        _border(padded, border, np.nan)  # equal to nothing, so that it wins nothing
    dx = np.zeros_like(padded)
    overlapping = kernel[0] > steps[0] or kernel[1] > steps[1]
    open_windows = np.ones_like(y, dtype=bool)
    for rows, columns in places(kernel, steps, shape):
        wins = padded[:, :, rows, columns] == y
        wins &= open_windows
        open_windows ^= wins
        if overlapping:
            dx[:, :, rows, columns] += wins * dout
        else:
            np.multiply(wins, dout, out=dx[:, :, rows, columns])
    if open_windows.any():  # their largest value is NaN, which equals nothing either
        if border != (0, 0):
            _border(padded, border, -np.inf)
        for rows, columns in places(kernel, steps, shape):
            wins = np.isnan(padded[:, :, rows, columns]) & open_windows
            open_windows ^= wins
            dx[:, :, rows, columns] += wins * dout
    return _crop(dx, border, x)


def avg_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Pool as `cnnlib.functional.avg_pool2d`."""
    kernel, steps, border, shape = check_pool2d("avg_pool2d", x, kernel_size, stride, padding)
    if border != (0, 0):
        x = pad2d(x, border)
    y = _fold(np.add, x, kernel, steps, shape)
    y /= kernel[0] * kernel[1]
    return y


def avg_pool2d_backward(
    dout: Array, x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Array:
    """Return the gradient as `cnnlib.functional.avg_pool2d_backward`."""
    op = "avg_pool2d_backward"
    kernel, steps, border, shape = check_pool2d(op, x, kernel_size, stride, padding)
    share = _as_in_memory(gradient(op, dout, shape, x), x) / (kernel[0] * kernel[1])
    # As in `_fold`, but backwards: first across, then down the columns.
    n, c, h, w = x.shape
    wide = np.zeros((n, shape[2], w + 2 * border[1], c), dtype=x.dtype).transpose(0, 3, 1, 2)
    for j in range(kernel[1]):
        wide[:, :, :, j : j + steps[1] * shape[3] : steps[1]] += share
    dx = np.zeros((n, h + 2 * border[0], wide.shape[3], c), dtype=x.dtype).transpose(0, 3, 1, 2)
    for i in range(kernel[0]):
        dx[:, :, i : i + steps[0] * shape[2] : steps[0]] += wide
    return _crop(dx, border, x)
