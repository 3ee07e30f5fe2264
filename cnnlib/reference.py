"""The textbook, in plain loops: slow, obvious, and the judge of everything faster.

Same names, arguments and errors as in `cnnlib.functional`. Nothing here is clever, so that a
reader can check it against the formula with one finger on each. Use it on small arrays.
"""

import numpy as np

from cnnlib.checks import bias_vector, gradient
from cnnlib.functional.convolution import check_conv2d
from cnnlib.functional.dense import check_linear
from cnnlib.functional.pooling import check_pool2d
from cnnlib.types import Array, Size

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
    (sh, sw), (ph, pw), shape = check_conv2d("conv2d", x, weight, stride, padding, groups)
    if bias is not None:
        bias = bias_vector("conv2d", bias, x, weight)
    (n, _, h, w), (c_out, c_in, kh, kw), (oh, ow) = x.shape, weight.shape, shape[2:]
    y = np.zeros(shape, dtype=x.dtype)
    for sample in range(n):
        for out in range(c_out):
            first = out // (c_out // groups) * c_in  # first input channel of this group
            for i in range(oh):
                for j in range(ow):
                    total = 0.0 if bias is None else float(bias[out])
                    for c in range(c_in):
                        for k in range(kh):
                            for m in range(kw):
                                row, column = i * sh + k - ph, j * sw + m - pw
                                if 0 <= row < h and 0 <= column < w:  # outside are zeros
                                    total += float(x[sample, first + c, row, column]) * float(
                                        weight[out, c, k, m]
                                    )
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
    (sh, sw), (ph, pw), shape = check_conv2d(op, x, weight, stride, padding, groups)
    dout = gradient(op, dout, shape, x)
    (n, _, h, w), (c_out, c_in, kh, kw) = x.shape, weight.shape
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    dbias = np.zeros(c_out, dtype=x.dtype)
    for sample in range(n):
        for out in range(c_out):
            first = out // (c_out // groups) * c_in
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    d = dout[sample, out, i, j]
                    dbias[out] += d
                    for c in range(c_in):
                        for k in range(kh):
                            for m in range(kw):
                                row, column = i * sh + k - ph, j * sw + m - pw
                                if 0 <= row < h and 0 <= column < w:
                                    pixel = (sample, first + c, row, column)
                                    dx[pixel] += d * weight[out, c, k, m]
                                    dweight[out, c, k, m] += d * x[pixel]
    return dx, dweight, dbias


def _pool_windows(
    op: str, x: Array, kernel_size: Size, stride: Size | None, padding: Size
) -> tuple[Array, int]:
    """Return for each output pixel the (row, column) places that exist, and the window's size."""
    (kh, kw), (sh, sw), (ph, pw), shape = check_pool2d(op, x, kernel_size, stride, padding)
    h, w = x.shape[2:]
    windows = np.empty(shape[2:], dtype=object)
    for i, j in np.ndindex(windows.shape):
        places = [(i * sh + k - ph, j * sw + m - pw) for k in range(kh) for m in range(kw)]
        windows[i, j] = [(r, c) for r, c in places if 0 <= r < h and 0 <= c < w]
    return windows, kh * kw


def max_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Take the largest value of each window. Arguments as `cnnlib.functional.max_pool2d`.

    Examples
    --------
    >>> max_pool2d(np.array([[1.0, 2.0], [3.0, 4.0]])[None, None], 2)[0, 0]
    array([[4.]])
    """
    windows, _ = _pool_windows("max_pool2d", x, kernel_size, stride, padding)
    y = np.zeros((*x.shape[:2], *windows.shape), dtype=x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = max(x[n, c, row, column] for row, column in windows[i, j])
    return y


def max_pool2d_backward(
    dout: Array, x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0
) -> Array:
    """Give each gradient to the first largest pixel of its window.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])[None, None]
    >>> max_pool2d_backward(np.ones((1, 1, 1, 1)), x, 2)[0, 0]
    array([[0., 0.],
           [0., 1.]])
    """
    windows, _ = _pool_windows("max_pool2d_backward", x, kernel_size, stride, padding)
    dout = gradient("max_pool2d_backward", dout, (*x.shape[:2], *windows.shape), x)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        row, column = max(windows[i, j], key=lambda place: x[n, c, *place])
        dx[n, c, row, column] += dout[n, c, i, j]
    return dx


def avg_pool2d(x: Array, kernel_size: Size, stride: Size | None = None, padding: Size = 0) -> Array:
    """Take the mean of each window, zeros of the border included.

    Examples
    --------
    >>> avg_pool2d(np.array([[1.0, 2.0], [3.0, 4.0]])[None, None], 2)[0, 0]
    array([[2.5]])
    """
    windows, size = _pool_windows("avg_pool2d", x, kernel_size, stride, padding)
    y = np.zeros((*x.shape[:2], *windows.shape), dtype=x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = sum(x[n, c, row, column] for row, column in windows[i, j]) / size
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
    windows, size = _pool_windows("avg_pool2d_backward", x, kernel_size, stride, padding)
    dout = gradient("avg_pool2d_backward", dout, (*x.shape[:2], *windows.shape), x)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        for row, column in windows[i, j]:
            dx[n, c, row, column] += dout[n, c, i, j] / size
    return dx


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Add up input times weight for every output. Arguments as `cnnlib.functional.linear`.

    Examples
    --------
    >>> linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    array([[11.]])
    """
    check_linear("linear", x, weight)
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
    check_linear("linear_backward", x, weight)
    dout = gradient("linear_backward", dout, (len(x), len(weight)), x)
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    dbias = np.zeros(len(weight), dtype=x.dtype)
    for n, out in np.ndindex(dout.shape):
        dbias[out] += dout[n, out]
        for feature in range(x.shape[1]):
            dx[n, feature] += dout[n, out] * weight[out, feature]
            dweight[out, feature] += dout[n, out] * x[n, feature]
    return dx, dweight, dbias
