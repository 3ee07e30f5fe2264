"""Pooling slice by slice: `cnnlib.functional.pooling` with speed.

All windows are worked on at once, one place of the window after another: whole-array operations on
strided slices, many times faster than gathering the windows. On the way back from max pooling this
is done for a few images at a time, which stay in the cache from one slice to the next.
"""

import numpy as np

from cnnlib.checks import gradient
from cnnlib.fast.padding import copy_channels_last, pad2d
from cnnlib.fast.threads import blocks, split
from cnnlib.fast.workspace import workspace
from cnnlib.functional.pooling import check_pool2d, places
from cnnlib.types import Array, Pair, Size

_BLOCK_BYTES = 1 << 19  # of an array that is kept for the next slice
_FEWEST_PLANES = 16  # that are laid side by side; with fewer the runs are short all the same


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
    dout = gradient(op, dout, shape, x)
    overlapping = kernel[0] > steps[0] or kernel[1] > steps[1]
    if overlapping and x.flags.c_contiguous and x.shape[0] * x.shape[1] >= _FEWEST_PLANES:
        return _back_side_by_side(dout, x, kernel, steps, border)
    dout = _as_in_memory(dout, x)
    padded = pad2d(x, border, value=-np.inf) if border != (0, 0) else x
    dx = np.zeros_like(padded)

    def work(images: slice) -> None:
        _send_back(dout[images], padded[images], dx[images], kernel, steps, border)

    parts = blocks(len(x), max(4 * _BLOCK_BYTES * len(x) // x.nbytes, 1))
    if len(parts) == 1:
        work(parts[0])
    else:
        split(work, parts)
    return _crop(dx, border, x)


def _send_back(
    dout: Array, padded: Array, dx: Array, kernel: Pair, stride: Pair, border: Pair
) -> None:
    """Add the gradient to `dx`, zeros shaped like `padded`, whose border is minus infinity."""
    y = _fold(np.maximum, padded, kernel, stride, dout.shape)
    if border != (0, 0):
        _border(padded, border, np.nan)  # equal to nothing, so that it wins nothing
    finite = np.isfinite(dout).all()  # else a product would make NaN of 0 · inf
    assigned = finite and kernel[0] <= stride[0] and kernel[1] <= stride[1]
    open_windows = np.ones_like(y, dtype=bool)
    for rows, columns in places(kernel, stride, dout.shape):
        wins = padded[:, :, rows, columns] == y
        wins &= open_windows
        open_windows ^= wins
        if assigned:
            np.multiply(wins, dout, out=dx[:, :, rows, columns])
        else:
            dx[:, :, rows, columns] += wins * dout if finite else np.where(wins, dout, 0)
    if open_windows.any():  # their largest value is NaN, which equals nothing either
        if border != (0, 0):
            _border(padded, border, -np.inf)
        for rows, columns in places(kernel, stride, dout.shape):
            wins = np.isnan(padded[:, :, rows, columns]) & open_windows
            open_windows ^= wins
            dx[:, :, rows, columns] += np.where(wins, dout, 0)


def _back_side_by_side(dout: Array, x: Array, kernel: Pair, stride: Pair, border: Pair) -> Array:
    """Return the gradient where windows overlap and each plane lies by itself in memory.

    The planes of a block are laid side by side, as (H, W, images · C): then a slice consists of
    long runs, whatever the step of the window. With 3×3 windows at stride 2 this takes half of the
    time, though the block is copied before and after.
    """
    n, c, h, w = x.shape
    size = h + 2 * border[0], w + 2 * border[1]
    dx = np.empty((n, h, w, c), x.dtype).transpose(0, 3, 1, 2)
    planes = max(_BLOCK_BYTES // (size[0] * size[1] * x.itemsize), _FEWEST_PLANES)

    def work(block: tuple[slice, slice]) -> None:
        part, sent = x[block], dout[block]
        lying = *size, *part.shape[:2]
        padded, room = workspace("in", lying, x.dtype), workspace("out", lying, x.dtype)
        maps, dmaps = padded.transpose(2, 3, 0, 1), room.transpose(2, 3, 0, 1)
        _border(maps, border, -np.inf)
        ph, pw = border
        _lay_side_by_side(part, padded[ph : ph + h, pw : pw + w])
        windows = workspace("sent", (*sent.shape[2:], *part.shape[:2]), x.dtype)
        _lay_side_by_side(sent, windows)
        room.fill(0)
        _send_back(windows.transpose(2, 3, 0, 1), maps, dmaps, kernel, stride, border)
        dx[block] = _crop(dmaps, border, part)

    some = blocks(c, planes)
    split(work, [(i, j) for i in blocks(n, max(planes // c, 1)) for j in some])
    return dx


def _lay_side_by_side(x: Array, y: Array) -> None:
    """Copy `x`, (N, C, H, W), to `y`, (H, W, N, C), whose planes are neighbours in memory."""
    n, c, h, w = x.shape
    copy_channels_last(x.reshape(1, n * c, h, w), y.reshape(1, h, w, n * c))


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
