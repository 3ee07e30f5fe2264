"""Convolution: slide a small window, multiply, add. Forward, and what flows back.

Every window becomes a row of a matrix, every filter a column of another. Then the convolution of a
whole batch is one matrix product.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib.backend import accelerated
from cnnlib.checks import array, bias_vector, gradient, integer, pair, same_dtype
from cnnlib.functional.padding import pad2d, pad2d_backward
from cnnlib.shapes import fitting_size
from cnnlib.types import Array, Pair, Size

__all__ = ["conv2d", "conv2d_backward", "im2col"]


def im2col(x: Array, kernel_size: Size, stride: Size = 1) -> Array:
    """Return every window of `x` as one row of a matrix, so that convolution becomes a product.

    Parameters
    ----------
    x : array, (N, C, H, W)
        Already padded.
    kernel_size, stride : int or (int, int)

    Returns
    -------
    array, (N·OH·OW, KH·KW·C)
        Row (n, i, j) holds the window whose output is pixel (i, j) of sample n, its values in the
        order row, column, channel.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> im2col(x, 2)
    array([[0., 1., 3., 4.],
           [1., 2., 4., 5.],
           [3., 4., 6., 7.],
           [4., 5., 7., 8.]])

    References
    ----------
    Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
    processing", 2006.
    """
    x = array("im2col", "x", x, "N C H W")
    kh, kw = pair("im2col", "kernel_size", kernel_size, 1)
    sh, sw = pair("im2col", "stride", stride, 1)
    n, c, h, w = x.shape
    oh = fitting_size("im2col", "height", h, kh, sh, 0)
    ow = fitting_size("im2col", "width", w, kw, sw, 0)
    windows = sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::sh, ::sw]
    return windows.transpose(0, 2, 3, 4, 5, 1).reshape(n * oh * ow, kh * kw * c)


def _col2im(columns: Array, x: Array, kernel: Pair, stride: Pair) -> Array:
    """Add every row, its values in the order of `im2col`, to the pixels that its window held."""
    (n, c, h, w), (kh, kw), (sh, sw) = x.shape, kernel, stride
    oh, ow = (h - kh) // sh + 1, (w - kw) // sw + 1
    windows = columns.reshape(n, oh, ow, kh, kw, c).transpose(3, 4, 0, 5, 1, 2)
    y = np.zeros_like(x)
    for i in range(kh):
        for j in range(kw):
            y[:, :, i : i + sh * oh : sh, j : j + sw * ow : sw] += windows[i, j]
    return y


def _in_groups(columns: Array, weight: Array, groups: int) -> tuple[Array, Array]:
    """Return the windows of `im2col`, and the filters as columns, of each group of channels.

    Two arrays, (groups, N·OH·OW, KH·KW·C / groups) and (groups, KH·KW·C / groups, C_out / groups).
    """
    _, c_in, kh, kw = weight.shape
    windows = columns.reshape(-1, kh * kw, groups, c_in).transpose(2, 0, 1, 3)
    filters = weight.transpose(0, 2, 3, 1).reshape(groups, -1, kh * kw * c_in)
    return windows.reshape(groups, -1, kh * kw * c_in), filters.transpose(0, 2, 1)


def check_conv2d(
    op: str, x: Array, weight: Array, stride: Size, padding: Size, groups: int
) -> tuple[Pair, Pair, tuple[int, int, int, int]]:
    """Check what forward and backward share; return stride, padding and the output shape."""
    x = array(op, "x", x, "N C H W")
    weight = array(op, "weight", weight, "C_out C_in KH KW")
    same_dtype(op, "x", x, weight=weight)
    groups = integer(op, "groups", groups, 1)
    sh, sw = pair(op, "stride", stride, 1)
    ph, pw = pair(op, "padding", padding, 0)
    (n, c, h, w), (c_out, c_in, kh, kw) = x.shape, weight.shape
    if c_out % groups:
        raise ValueError(
            f"{op}: weight has {c_out} filters, which {groups} groups cannot share equally. "
            f"Choose a number of filters that {groups} divides."
        )
    if c != c_in * groups:
        where = f" in each of {groups} groups" if groups > 1 else ""
        fix = f"Build the layer with in_channels={c}."
        if w == c_in * groups:
            fix = (
                "If x is (N, H, W, C), reorder it: x.transpose(0, 3, 1, 2). "
                f"If not, build the layer with in_channels={c}."
            )
        elif c == 1 and c_in * groups == 3:
            fix = f"Convert the image to RGB or build the layer with in_channels={c}."
        raise ValueError(
            f"{op}: weight expects {c_in} input channels{where} but x has {c} "
            f"(x is {x.shape}, weight is {weight.shape}). {fix}"
        )
    oh = fitting_size(op, "height", h, kh, sh, ph)
    ow = fitting_size(op, "width", w, kw, sw, pw)
    return (sh, sw), (ph, pw), (n, c_out, oh, ow)


@accelerated
def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    groups: int = 1,
) -> Array:
    """Slide every filter over `x`; at each place multiply, add everything up, add the bias.

    As in every deep learning library the kernel is not flipped: strictly this is
    cross-correlation.

    Parameters
    ----------
    x : array, (N, C, H, W), float32 or float64
    weight : array, (C_out, C / groups, KH, KW)
        One filter for each output channel.
    bias : array, (C_out,), optional
        One number for each filter.
    stride, padding : int or (int, int)
        Step of the window, and rows and columns of zeros added on both sides. They take part like
        any number: zero times infinity is NaN.
    groups : int
        Input and output channels are cut into this many groups; each output group sees only its
        own input group.

    Returns
    -------
    array, (N, C_out, OH, OW), of the dtype of `x`

    Raises
    ------
    ValueError
        If shapes do not fit each other, or the kernel is larger than the padded image.
    TypeError
        If an array is not float32 or float64, or the two are mixed.

    Examples
    --------
    >>> x = np.array([[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]], float)
    >>> kernel = np.array([[11, 4], [5, 2]], float)
    >>> conv2d(x[None, None], kernel[None, None])[0, 0]
    array([[144.,  66., 160.],
           [247.,  97.,  95.],
           [215., 121., 136.]])

    References
    ----------
    Goodfellow, Bengio and Courville, "Deep Learning", 2016, equation 9.6.
    """
    op = "conv2d"
    stride, padding, (n, c_out, oh, ow) = check_conv2d(op, x, weight, stride, padding, groups)
    if bias is not None:
        bias = bias_vector(op, bias, x, weight)
    columns = im2col(pad2d(x, padding), weight.shape[2:], stride)
    windows, filters = _in_groups(columns, weight, groups)
    outputs = windows @ filters  # one product for each group
    y = outputs.transpose(1, 0, 2).reshape(n, oh, ow, c_out).transpose(0, 3, 1, 2)
    return y if bias is None else y + bias[:, None, None]


@accelerated
def conv2d_backward(
    dout: Array,
    x: Array,
    weight: Array,
    stride: Size = 1,
    padding: Size = 0,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """Return the gradients of the loss with respect to `x`, `weight` and the bias.

    Each output pixel is a sum of products, window times filter. So a weight collects ``dout``
    times the pixel it met, a pixel collects ``dout`` times the weight it met, and the bias
    collects ``dout`` itself.

    Parameters
    ----------
    dout : array, (N, C_out, OH, OW)
        Gradient of the loss with respect to the output of `conv2d`.
    x, weight, stride, padding, groups
        As they were given to `conv2d`.

    Returns
    -------
    dx : array, shaped like `x`
    dweight : array, shaped like `weight`
    dbias : array, (C_out,)

    Raises
    ------
    ValueError, TypeError
        As `conv2d`, and if `dout` does not have the shape of the output.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> weight = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> dx, dweight, dbias = conv2d_backward(np.ones((1, 1, 2, 2)), x, weight)
    >>> dx[0, 0]
    array([[ 1.,  3.,  2.],
           [ 4., 10.,  6.],
           [ 3.,  7.,  4.]])
    >>> dweight[0, 0], dbias
    (array([[ 8., 12.],
           [20., 24.]]), array([4.]))
    """
    op = "conv2d_backward"
    stride, padding, (n, c_out, oh, ow) = check_conv2d(op, x, weight, stride, padding, groups)
    dout = gradient(op, dout, (n, c_out, oh, ow), x)
    padded = pad2d(x, padding)
    _, c_in, kh, kw = weight.shape
    windows, filters = _in_groups(im2col(padded, (kh, kw), stride), weight, groups)
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, groups, c_out // groups).transpose(1, 0, 2)
    dfilters = windows.transpose(0, 2, 1) @ rows  # a row for each window, as in im2col
    dweight = dfilters.transpose(0, 2, 1).reshape(c_out, kh, kw, c_in).transpose(0, 3, 1, 2)
    dwindows = (rows @ filters.transpose(0, 2, 1)).reshape(groups, -1, kh * kw, c_in)
    dcolumns = dwindows.transpose(1, 2, 0, 3)
    dx = pad2d_backward(_col2im(dcolumns, padded, (kh, kw), stride), x, padding)
    return dx, dweight, rows.sum(axis=1).reshape(c_out)
