"""Pooling: one number for each window, each channel on its own, nothing learned."""

from collections.abc import Iterator

import numpy as np

from cnnlib.backend import accelerated
from cnnlib.checks import array, gradient, pair
from cnnlib.functional.padding import pad2d, pad2d_backward
from cnnlib.shapes import fitting_size
from cnnlib.types import Array, Pair, Size

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "min_pool2d",
    "min_pool2d_backward",
]


def check_pool2d(
    op: str, x: Array, kernel_size: Size, stride: Size | None, padding: Size
) -> tuple[Pair, Pair, Pair, tuple[int, int, int, int]]:
    """Return kernel, stride and padding as pairs, and the output shape."""
    x = array(op, "x", x, "N C H W")
    kernel = pair(op, "kernel_size", kernel_size, 1)
    steps = kernel if stride is None else pair(op, "stride", stride, 1)
    border = pair(op, "padding", padding, 0)
    if border[0] > kernel[0] // 2 or border[1] > kernel[1] // 2:
        raise ValueError(
            f"{op}: padding {padding} is more than half of kernel_size {kernel_size}; some "
            "windows would lie wholly in the border. Use at most half the kernel size."
        )
    n, c, h, w = x.shape
    oh = fitting_size(op, "height", h, kernel[0], steps[0], border[0])
    ow = fitting_size(op, "width", w, kernel[1], steps[1], border[1])
    return kernel, steps, border, (n, c, oh, ow)


def places(kernel: Pair, stride: Pair, out: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Yield, for each place in the window, the rows and columns that all windows hold there.

    Sixteen windows of 2×2 are four strided slices of the image: top left pixels, top right,
    bottom left, bottom right.
    """
    (sh, sw), (oh, ow) = stride, out[2:]
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            yield slice(i, i + sh * oh, sh), slice(j, j + sw * ow, sw)


def _windows(x: Array, kernel: Pair, stride: Pair, out: tuple[int, ...]) -> Array:
    """Return the pixels of every window in reading order, (KH·KW, N, C, OH, OW)."""
    return np.stack([x[:, :, rows, columns] for rows, columns in places(kernel, stride, out)])


@accelerated
def max_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Keep the largest value of each window.

    A NaN counts as larger than any number, so that it is not lost. The border never wins, not even
    over pixels of minus infinity. Of several equal winners the first in row-major order (row by
    row, left to right) counts: the whole gradient goes there. NaNs count as equal (PyTorch takes
    the last of them).

    Parameters
    ----------
    x : array, (N, C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        The kernel size unless given, so that windows touch without overlapping.
    padding : int or (int, int)
        Rows and columns added on both sides; at most half the kernel size.

    Returns
    -------
    array, (N, C, OH, OW)

    Raises
    ------
    ValueError, TypeError
        If sizes do not fit or `x` is not a float image batch.

    Examples
    --------
    >>> x = np.array([[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]], float)
    >>> max_pool2d(x[None, None], 2)[0, 0]
    array([[ 5.,  8.],
           [-1.,  7.]])

    References
    ----------
    Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 9.3.
    """
    kernel, steps, border, shape = check_pool2d("max_pool2d", x, kernel_size, stride, padding)
    return _windows(pad2d(x, border, value=-np.inf), kernel, steps, shape).max(axis=0)


@accelerated
def max_pool2d_backward(
    dout: Array, x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Array:
    """Send each output's gradient to the pixel that won its window; the others get nothing.

    Which pixel that is, `max_pool2d` says. One that won several overlapping windows collects from
    each. The others get 0 even where the gradient is infinite or NaN.

    Parameters
    ----------
    dout : array, (N, C, OH, OW)
    x, kernel_size, stride, padding
        As they were given to `max_pool2d`.

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> x = np.array([[1.0, 4.0], [4.0, 2.0]])[None, None]
    >>> max_pool2d_backward(np.ones((1, 1, 1, 1)), x, 2)[0, 0]
    array([[0., 1.],
           [0., 0.]])
    """
    op = "max_pool2d_backward"
    kernel, steps, border, shape = check_pool2d(op, x, kernel_size, stride, padding)
    dout = gradient(op, dout, shape, x)
    padded = pad2d(x, border, value=-np.inf)
    windows, inside = (
        _windows(values, kernel, steps, shape)
        for values in (padded, pad2d(np.ones_like(x), border) > 0)
    )
    wins = ((windows == windows.max(axis=0)) | np.isnan(windows)) & inside
    first = wins.argmax(axis=0)  # of several True, argmax returns the first
    dx = np.zeros_like(padded)
    for place, (rows, columns) in enumerate(places(kernel, steps, shape)):
        dx[:, :, rows, columns] += np.where(first == place, dout, 0)
    return pad2d_backward(dx, x, border)


def min_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Keep the smallest value of each window: max pooling seen in a mirror.

    Parameters, returns and rules as `max_pool2d`; a NaN counts as smaller than any number.

    Examples
    --------
    >>> min_pool2d(np.array([[[[2.0, 3.0], [5.0, -2.0]]]]), 2)[0, 0]
    array([[-2.]])
    """
    check_pool2d("min_pool2d", x, kernel_size, stride, padding)
    return -max_pool2d(-x, kernel_size, stride, padding)


def min_pool2d_backward(
    dout: Array, x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Array:
    """Send each output's gradient to the smallest pixel of its window, the first in a tie.

    Parameters and returns as `max_pool2d_backward`.

    Examples
    --------
    >>> x = np.array([[1.0, 4.0], [4.0, 2.0]])[None, None]
    >>> min_pool2d_backward(np.ones((1, 1, 1, 1)), x, 2)[0, 0]
    array([[1., 0.],
           [0., 0.]])
    """
    op = "min_pool2d_backward"
    *_, shape = check_pool2d(op, x, kernel_size, stride, padding)
    dout = gradient(op, dout, shape, x)
    # Two mirrors: the output was negated, and so was the input.
    return max_pool2d_backward(dout, -x, kernel_size, stride, padding)


@accelerated
def avg_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Keep the mean of each window.

    Parameters
    ----------
    x : array, (N, C, H, W)
    kernel_size : int or (int, int)
    stride : int or (int, int), optional
        The kernel size unless given.
    padding : int or (int, int)
        Border of zeros, which counts in the mean, as in PyTorch's default.

    Returns
    -------
    array, (N, C, OH, OW)

    Raises
    ------
    ValueError, TypeError
        If sizes do not fit or `x` is not a float image batch.

    Examples
    --------
    >>> x = np.array([[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]], float)
    >>> avg_pool2d(x[None, None], 2)[0, 0]
    array([[ 2.,  3.],
           [-4.,  4.]])
    """
    kernel, steps, border, shape = check_pool2d("avg_pool2d", x, kernel_size, stride, padding)
    return _windows(pad2d(x, border), kernel, steps, shape).mean(axis=0)


@accelerated
def avg_pool2d_backward(
    dout: Array, x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Array:
    """Share each output's gradient equally among the pixels of its window.

    Parameters
    ----------
    dout : array, (N, C, OH, OW)
    x, kernel_size, stride, padding
        As they were given to `avg_pool2d`.

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> avg_pool2d_backward(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 2, 2)), 2)[0, 0]
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    op = "avg_pool2d_backward"
    kernel, steps, border, shape = check_pool2d(op, x, kernel_size, stride, padding)
    share = gradient(op, dout, shape, x) / (kernel[0] * kernel[1])
    dx = np.zeros_like(pad2d(x, border))
    for rows, columns in places(kernel, steps, shape):
        dx[:, :, rows, columns] += share
    return pad2d_backward(dx, x, border)


def global_avg_pool2d(x: Array) -> Array:
    """Keep one number for each channel, the mean of its whole map.

    Parameters
    ----------
    x : array, (N, C, H, W)

    Returns
    -------
    array, (N, C, 1, 1)

    Examples
    --------
    >>> global_avg_pool2d(np.arange(8.0).reshape(1, 2, 2, 2)).ravel()
    array([1.5, 5.5])

    References
    ----------
    Lin, Chen and Yan, "Network in network", 2014, section 3.2.
    """
    return array("global_avg_pool2d", "x", x, "N C H W").mean(axis=(2, 3), keepdims=True)


def global_avg_pool2d_backward(dout: Array, x: Array) -> Array:
    """Share each channel's gradient equally among all its pixels.

    Parameters
    ----------
    dout : array, (N, C, 1, 1)
    x : array, (N, C, H, W)

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> global_avg_pool2d_backward(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 2, 2)))[0, 0]
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    op = "global_avg_pool2d_backward"
    x = array(op, "x", x, "N C H W")
    n, c, h, w = x.shape
    dout = gradient(op, dout, (n, c, 1, 1), x)
    return np.broadcast_to(dout / (h * w), x.shape).copy()
