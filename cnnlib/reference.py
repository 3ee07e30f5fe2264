"""The textbook, in plain loops: slow, obvious, and the judge of everything faster.

Same names and arguments as in `cnnlib.functional`, and nothing else from there: what is judged has
no say in the verdict. Nothing here is clever, so that a reader can check it against the formula
with one finger on each. Use it on small arrays.
"""

import numpy as np

from cnnlib.checks import array, bias_vector, gradient, integer, pair, same_dtype
from cnnlib.types import Array, Pair, Size

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "linear",
    "linear_backward",
    "max_pool2d",
    "max_pool2d_backward",
]


def _tops(op: str, size: int, kernel: int, stride: int, padding: int) -> range:
    """Return the pixel at which each window begins, along one axis; the border is negative."""
    tops = range(-padding, size + padding - kernel + 1, stride)
    if not tops:
        raise ValueError(
            f"{op}: the kernel does not fit: kernel_size {kernel} is larger than {size} pixels "
            f"with a padding of {padding} on both sides."
        )
    return tops


def _check_conv2d(
    op: str, x: Array, weight: Array, stride: Size, padding: Size, groups: int
) -> tuple[range, range]:
    """Check the arguments; return where the windows begin, by row and by column."""
    _, c, h, w = array(op, "x", x, "N C H W").shape
    c_out, c_in, kh, kw = array(op, "weight", weight, "C_out C_in KH KW").shape
    same_dtype(op, "x", x, weight=weight)
    (sh, sw), (ph, pw) = pair(op, "stride", stride, 1), pair(op, "padding", padding, 0)
    if c != c_in * integer(op, "groups", groups, 1) or c_out % groups:
        raise ValueError(
            f"{op}: weight of shape {weight.shape} does not fit x of shape {x.shape} "
            f"in {groups} groups."
        )
    return _tops(op, h, kh, sh, ph), _tops(op, w, kw, sw, pw)


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    groups: int = 1,
) -> Array:
    """Convolve as the formula says: for every output pixel, multiply and add.

    Arguments and result as `cnnlib.functional.conv2d`.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])[None, None]
    >>> conv2d(x, np.ones((1, 1, 2, 2)))[0, 0]
    array([[10.]])
    """
    tops, lefts = _check_conv2d("conv2d", x, weight, stride, padding, groups)
    if bias is not None:
        bias = bias_vector("conv2d", bias, x, weight)
    (n, _, h, w), (c_out, c_in, kh, kw) = x.shape, weight.shape
    y = np.zeros((n, c_out, len(tops), len(lefts)), dtype=x.dtype)
    for sample, out, i, j in np.ndindex(y.shape):
        first = out // (c_out // groups) * c_in  # first input channel of this group
        total = 0.0 if bias is None else float(bias[out])
        for c, k, m in np.ndindex(c_in, kh, kw):
            row, column = tops[i] + k, lefts[j] + m
            inside = 0 <= row < h and 0 <= column < w  # outside are zeros
            pixel = x[sample, first + c, row, column] if inside else 0
            total += float(pixel) * float(weight[out, c, k, m])
        y[sample, out, i, j] = total
    return y


def conv2d_backward(
    dout: Array,
    x: Array,
    weight: Array,
    stride: Size = 1,
    padding: Size = 0,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """Walk through the same products as `conv2d` and hand each factor its share.

    Every product ``x · weight`` of the forward pass gives ``dout · weight`` to the pixel and
    ``dout · x`` to the weight. Arguments and result as `cnnlib.functional.conv2d_backward`.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])[None, None]
    >>> dx, dweight, dbias = conv2d_backward(np.full((1, 1, 1, 1), 2.0), x, np.ones((1, 1, 2, 2)))
    >>> dweight[0, 0]
    array([[2., 4.],
           [6., 8.]])
    """
    op = "conv2d_backward"
    tops, lefts = _check_conv2d(op, x, weight, stride, padding, groups)
    (n, _, h, w), (c_out, c_in, kh, kw) = x.shape, weight.shape
    dout = gradient(op, dout, (n, c_out, len(tops), len(lefts)), x)
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    dbias = np.zeros(c_out, dtype=x.dtype)
    for sample, out, i, j in np.ndindex(dout.shape):
        first, d = out // (c_out // groups) * c_in, dout[sample, out, i, j]
        dbias[out] += d
        for c, k, m in np.ndindex(c_in, kh, kw):
            row, column = tops[i] + k, lefts[j] + m
            if 0 <= row < h and 0 <= column < w:
                pixel = (sample, first + c, row, column)
                dx[pixel] += d * weight[out, c, k, m]
                dweight[out, c, k, m] += d * x[pixel]
            else:
                dweight[out, c, k, m] += d * 0  # NaN, if d is infinite
    return dx, dweight, dbias


def _pool_windows(
    op: str, x: Array, kernel_size: Size, stride: Size | None, padding: Size
) -> tuple[list[list[list[Pair]]], tuple[int, ...], int]:
    """Return each output pixel's (row, column) places that exist, output shape and window size."""
    _, _, h, w = array(op, "x", x, "N C H W").shape
    kh, kw = kernel = pair(op, "kernel_size", kernel_size, 1)
    sh, sw = kernel if stride is None else pair(op, "stride", stride, 1)
    ph, pw = pair(op, "padding", padding, 0)
    if 2 * ph > kh or 2 * pw > kw:
        raise ValueError(f"{op}: padding {padding} is more than half of kernel_size {kernel_size}.")
    tops, lefts = _tops(op, h, kh, sh, ph), _tops(op, w, kw, sw, pw)

    def inside(row: int, column: int) -> bool:
        return 0 <= row < h and 0 <= column < w

    windows = [
        [
            [(r, c) for r in range(top, top + kh) for c in range(left, left + kw) if inside(r, c)]
            for left in lefts
        ]
        for top in tops
    ]
    return windows, (*x.shape[:2], len(tops), len(lefts)), kh * kw


def _winner(image: Array, places: list[Pair]) -> Pair:
    """Return the first place that holds the largest value; a NaN is larger than any number."""
    winner = places[0]
    for place in places[1:]:
        best, value = image[winner], image[place]
        if value > best or (np.isnan(value) and not np.isnan(best)):
            winner = place
    return winner


def max_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Take the largest value of each window. Arguments as `cnnlib.functional.max_pool2d`.

    Examples
    --------
    >>> max_pool2d(np.array([[1.0, 2.0], [3.0, 4.0]])[None, None], 2)[0, 0]
    array([[4.]])
    """
    windows, shape, _ = _pool_windows("max_pool2d", x, kernel_size, stride, padding)
    y = np.zeros(shape, dtype=x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = x[n, c][_winner(x[n, c], windows[i][j])]
    return y


def max_pool2d_backward(
    dout: Array, x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Array:
    """Give each gradient to the pixel that won its window, the first in a tie.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])[None, None]
    >>> max_pool2d_backward(np.ones((1, 1, 1, 1)), x, 2)[0, 0]
    array([[0., 0.],
           [0., 1.]])
    """
    windows, shape, _ = _pool_windows("max_pool2d_backward", x, kernel_size, stride, padding)
    dout = gradient("max_pool2d_backward", dout, shape, x)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        dx[n, c][_winner(x[n, c], windows[i][j])] += dout[n, c, i, j]
    return dx


def avg_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Take the mean of each window, zeros of the border included.

    Examples
    --------
    >>> avg_pool2d(np.array([[1.0, 2.0], [3.0, 4.0]])[None, None], 2)[0, 0]
    array([[2.5]])
    """
    windows, shape, size = _pool_windows("avg_pool2d", x, kernel_size, stride, padding)
    y = np.zeros(shape, dtype=x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = sum(x[n, c, row, column] for row, column in windows[i][j]) / size
    return y


def avg_pool2d_backward(
    dout: Array, x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Array:
    """Give each pixel of a window an equal share of its gradient.

    Examples
    --------
    >>> avg_pool2d_backward(np.ones((1, 1, 1, 1)), np.zeros((1, 1, 2, 2)), 2)[0, 0]
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    windows, shape, size = _pool_windows("avg_pool2d_backward", x, kernel_size, stride, padding)
    dout = gradient("avg_pool2d_backward", dout, shape, x)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        for row, column in windows[i][j]:
            dx[n, c, row, column] += dout[n, c, i, j] / size
    return dx


def _check_linear(op: str, x: Array, weight: Array) -> None:
    features = array(op, "x", x, "N F").shape[1]
    same_dtype(op, "x", x, weight=array(op, "weight", weight, "out_features in_features"))
    if weight.shape[1] != features:
        raise ValueError(f"{op}: weight of shape {weight.shape} does not fit x of {x.shape}.")


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Add up input times weight for every output. Arguments as `cnnlib.functional.linear`.

    Examples
    --------
    >>> linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    array([[11.]])
    """
    _check_linear("linear", x, weight)
    if bias is not None:
        bias = bias_vector("linear", bias, x, weight)
    y = np.zeros((len(x), len(weight)), dtype=x.dtype)
    for n, out in np.ndindex(y.shape):
        y[n, out] = 0 if bias is None else bias[out]
        for feature in range(x.shape[1]):
            y[n, out] += x[n, feature] * weight[out, feature]
    return y


def linear_backward(dout: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Hand each factor of each product its share of the gradient.

    Examples
    --------
    >>> linear_backward(np.array([[2.0]]), np.array([[1.0, 5.0]]), np.array([[3.0, 4.0]]))[0]
    array([[6., 8.]])
    """
    _check_linear("linear_backward", x, weight)
    dout = gradient("linear_backward", dout, (len(x), len(weight)), x)
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    dbias = np.zeros(len(weight), dtype=x.dtype)
    for n, out in np.ndindex(dout.shape):
        dbias[out] += dout[n, out]
        for feature in range(x.shape[1]):
            dx[n, feature] += dout[n, out] * weight[out, feature]
            dweight[out, feature] += dout[n, out] * x[n, feature]
    return dx, dweight, dbias
