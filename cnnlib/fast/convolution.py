"""Convolution block by block, on all threads: `cnnlib.functional.convolution` with speed.

Arrays are (N, C, H, W) for every caller. In memory the values lie channels-last, as (N, H, W, C):
then the C numbers of a pixel are neighbours, a row of a window is one contiguous run, and
collecting windows is a fast copy. The caller never notices; only the strides of the array tell.
"""

from inspect import unwrap

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnlib.checks import bias_vector, gradient
from cnnlib.fast import winograd
from cnnlib.fast.blas import matmul
from cnnlib.fast.dense import product
from cnnlib.fast.depthwise import (
    depthwise,
    depthwise_input_gradient,
    depthwise_weight_gradients,
)
from cnnlib.fast.padding import copy_channels_last
from cnnlib.fast.threads import blocks, split, split_sum
from cnnlib.fast.workspace import workspace
from cnnlib.functional import convolution
from cnnlib.functional.convolution import check_conv2d
from cnnlib.types import Array, Pair, Size

Shape = tuple[int, int, int, int]


def _windows(x: Array, kernel: Pair, stride: Pair) -> Array:
    """Return a view of all windows of `x`, (N, OH, OW, KH, KW, C): steps in memory, no copy."""
    (n, c, h, w), (kh, kw), (sh, sw) = x.shape, kernel, stride
    sample, channel, row, column = x.strides
    shape = (n, (h - kh) // sh + 1, (w - kw) // sw + 1, kh, kw, c)
    steps = (sample, sh * row, sw * column, row, column, channel)
    return as_strided(x, shape, steps, writeable=False)


# The matrix of all windows holds every pixel KH·KW times. So it is made and used block by block:
# a block is a few images, or some output rows of one image, small enough to stay in the cache.
Block = tuple[slice, slice]  # images, and output rows

_BLOCK_BYTES = 4 << 20


def _blocks(dout_shape: Shape, weight: Array) -> list[Block]:
    """Cut the output into blocks whose matrix takes about `_BLOCK_BYTES`."""
    n, c_out, oh, ow = dout_shape
    # BLAS reorders the filters for every product. With many rows to each product that pays.
    rows = max(_BLOCK_BYTES * c_out // weight.nbytes, 2 * c_out)
    if rows >= oh * ow:
        return [(images, slice(0, oh)) for images in blocks(n, rows // (oh * ow))]
    bands = blocks(oh, -(-oh // -(-oh * ow // rows)))
    return [(images, band) for images in blocks(n, 1) for band in bands]


def _bordered(x: Array, block: Block, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return the part of the padded `x` that a block looks at, channels-last in memory."""
    (ph, pw), (h, w) = padding, x.shape[2:]
    images, rows = block
    top, bottom = rows.start * stride[0], (rows.stop - 1) * stride[0] + kernel[0]
    part = x[images]
    if padding == (0, 0) and (x.shape[1] == 1 or x.strides[1] == x.itemsize):
        return part[:, :, top:bottom]
    padded = workspace("padded", (len(part), bottom - top, w + 2 * pw, x.shape[1]), x.dtype)
    first = min(max(top - ph, 0), h)
    last = max(min(bottom - ph, h), first)
    start = max(first + ph - top, 0)
    inside = slice(start, start + last - first)
    if padding != (0, 0):
        padded[:, : inside.start] = 0
        padded[:, inside.stop :] = 0
        padded[:, inside, :pw] = 0
        padded[:, inside, pw + w :] = 0
    copy_channels_last(part[:, :, first:last], padded[:, inside, pw : pw + w])
    return padded.transpose(0, 3, 1, 2)


def _block_im2col(x: Array, block: Block, kernel: Pair, stride: Pair, padding: Pair) -> Array:
    """Return `im2col` of one block, in a workspace."""
    windows = _windows(_bordered(x, block, kernel, stride, padding), kernel, stride)
    n, oh, ow, kh, kw, c = windows.shape
    if kernel == (1, 1) and stride == (1, 1):  # the pixels themselves: no copy, if they lie well
        return windows.reshape(n * oh * ow, c)
    if kw * c < 16:
        # Rows of a window this short are slow to copy. Take the image rows of one place of the
        # window after another: the same matrix, lying transposed in memory.
        columns = workspace("columns", (kh, kw, c, n, oh, ow), x.dtype)
        np.copyto(columns, windows.transpose(3, 4, 5, 0, 1, 2))
        return columns.reshape(kh * kw * c, n * oh * ow).T
    columns = workspace("columns", windows.shape, x.dtype)
    np.copyto(columns, windows)
    return columns.reshape(n * oh * ow, kh * kw * c)


def _columns(weight: Array) -> Array:
    """Return the filters as columns, (KH·KW·C, C_out), in the row order of `im2col`."""
    return weight.transpose(0, 2, 3, 1).reshape(len(weight), -1).T


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Size = 1,
    padding: Size = 0,
    groups: int = 1,
) -> Array:
    """Convolve as `cnnlib.functional.conv2d`."""
    op = "conv2d"
    stride, padding, (n, c_out, oh, ow) = check_conv2d(op, x, weight, stride, padding, groups)
    if bias is not None:
        bias = bias_vector(op, bias, x, weight)
    if _is_depthwise(weight, groups):
        return depthwise(x, weight, bias, stride, padding, (oh, ow))
    if groups > 1:
        y = np.concatenate(
            [
                conv2d(x_part, weight_part, None, stride, padding)
                for x_part, weight_part in zip(
                    np.split(x, groups, axis=1), np.split(weight, groups), strict=True
                )
            ],
            axis=1,
        )
        return y if bias is None else y + bias[:, None, None]
    if winograd.suits(x, weight, stride, padding):
        last = winograd.convolve(_pixels(x), weight, bias, padding)
        if last is not None:
            return last.transpose(0, 3, 1, 2)
    kernel = weight.shape[2:]
    if n * oh * ow < c_out:
        # Few windows and many filters, as deep in a network: sort the windows as the filters lie.
        whole = slice(0, n), slice(0, oh)
        windows = _windows(_bordered(x, whole, kernel, stride, padding), kernel, stride)
        rows = windows.transpose(0, 1, 2, 5, 3, 4).reshape(n * oh * ow, -1)
        y = product(rows, weight.reshape(c_out, -1).T)
        if bias is not None:
            y += bias
        return y.reshape(n, oh, ow, c_out).transpose(0, 3, 1, 2)
    columns = _columns(weight)
    y = np.empty((n, oh, ow, c_out), dtype=x.dtype)

    def work(block: Block) -> None:
        part = y[block]
        rows = part.reshape(-1, c_out)
        matmul(_block_im2col(x, block, kernel, stride, padding), columns, out=rows)
        if bias is not None:
            part.reshape(-1, ow * c_out)[...] += bias_row

    # The bias of a whole image row at once: long additions are faster than many short ones.
    bias_row = None if bias is None else np.tile(bias, ow)
    split(work, _blocks((n, c_out, oh, ow), weight))
    return y.transpose(0, 3, 1, 2)


def _is_depthwise(weight: Array, groups: int) -> bool:
    """Return whether each channel has one filter of its own."""
    return 1 < groups == len(weight) and weight.shape[1] == 1


def conv2d_backward(
    dout: Array,
    x: Array,
    weight: Array,
    stride: Size = 1,
    padding: Size = 0,
    groups: int = 1,
) -> tuple[Array, Array, Array]:
    """Return the gradients as `cnnlib.functional.conv2d_backward`."""
    op = "conv2d_backward"
    dx, dweight, dbias = _gradients(op, dout, x, weight, stride, padding, groups, wanted=True)
    return dx, dweight, dbias


def conv2d_backward_weights(
    dout: Array,
    x: Array,
    weight: Array,
    stride: Size = 1,
    padding: Size = 0,
    groups: int = 1,
) -> tuple[Array, Array]:
    """Return what `conv2d_backward` does but the gradient of `x`, and save half of the work.

    The first layer of a network needs no more: nobody learns the images.
    """
    op = "conv2d_backward"
    _, dweight, dbias = _gradients(op, dout, x, weight, stride, padding, groups, wanted=False)
    return dweight, dbias


def _gradients(
    op: str,
    dout: Array,
    x: Array,
    weight: Array,
    stride: Size,
    padding: Size,
    groups: int,
    wanted: bool,
) -> tuple[Array, Array, Array]:
    """Return the three gradients; that of `x` is empty unless it is wanted."""
    stride, padding, out_shape = check_conv2d(op, x, weight, stride, padding, groups)
    dout = gradient(op, dout, out_shape, x)
    if _is_depthwise(weight, groups) and not (wanted and not np.isfinite(weight).all()):
        dweight, dbias = depthwise_weight_gradients(dout, x, weight, stride, padding)
        if not wanted:
            return np.empty(0, x.dtype), dweight, dbias
        return depthwise_input_gradient(dout, x, weight, stride, padding), dweight, dbias
    if groups > 1:
        parts = [
            _gradients(op, *arrays, stride, padding, 1, wanted)
            for arrays in zip(
                np.split(dout, groups, axis=1),
                np.split(x, groups, axis=1),
                np.split(weight, groups),
                strict=True,
            )
        ]
        dxs, dweights, dbiases = zip(*parts, strict=True)
        dx = np.concatenate(dxs, axis=1 if wanted else 0)
        return dx, np.concatenate(dweights), np.concatenate(dbiases)
    if wanted and not np.isfinite(weight).all():  # between the windows 0 · inf would be NaN
        return unwrap(convolution.conv2d_backward)(dout, x, weight, stride, padding)
    dout = _channels_last(dout)
    if winograd.suits(x, weight, stride, padding):
        found = winograd.gradients(_pixels(dout), _pixels(x), weight, padding, wanted)
        if found is not None:
            dx, dweight, dbias = found
            return dx.transpose(0, 3, 1, 2) if wanted else dx, dweight, dbias
    dweight, dbias = _weight_gradients(dout, x, weight, stride, padding)
    dx = _input_gradient(dout, x, weight, stride, padding) if wanted else np.empty(0, x.dtype)
    return dx, dweight, dbias


def _pixels(x: Array) -> Array:
    """Return `x` as contiguous pixels, (N, H, W, C)."""
    return _channels_last(x).transpose(0, 2, 3, 1)


def _channels_last(x: Array) -> Array:
    """Return `x`, or a copy that lies channels-last in memory: once, for all who need it so."""
    if x.transpose(0, 2, 3, 1).flags.c_contiguous:
        return x
    (n, c, h, w), y = x.shape, np.empty_like(x.transpose(0, 2, 3, 1), order="C")

    def work(images: slice) -> None:
        copy_channels_last(x[images], y[images])

    split(work, blocks(n, max(_BLOCK_BYTES // (c * h * w * x.itemsize), 1)))
    return y.transpose(0, 3, 1, 2)


def _weight_gradients(
    dout: Array, x: Array, weight: Array, stride: Pair, padding: Pair
) -> tuple[Array, Array]:
    """Return the gradients of weight and bias: ``im2col(x).T @ dout``, and the sum of `dout`."""
    c_out, c_in, kh, kw = weight.shape
    douts = dout.transpose(0, 2, 3, 1)

    def work(block: Block) -> Array:
        rows = douts[block].reshape(-1, c_out)
        columns = _block_im2col(x, block, (kh, kw), stride, padding)
        total = np.empty((columns.shape[1] + 1, c_out), dtype=x.dtype)
        matmul(columns.T, rows, out=total[:-1])
        np.matmul(np.ones(len(rows), dtype=x.dtype), rows, out=total[-1])
        return total

    total = split_sum(work, _blocks(dout.shape, weight))
    dweight = total[:-1].reshape(kh, kw, c_in, c_out).transpose(3, 2, 0, 1)
    return np.ascontiguousarray(dweight), total[-1]


def _input_gradient(dout: Array, x: Array, weight: Array, stride: Pair, padding: Pair) -> Array:
    """Return the gradient of `x`: every place of the window sends ``dout @ weight`` back.

    What a pixel gets from the windows to its left and right is one product, as in `conv2d`. That
    is taken for each row of the kernel, and what the rows send is added up.
    """
    (n, c_in, h, w), (c_out, _, kh, kw) = x.shape, weight.shape
    (sh, sw), (ph, pw), (oh, ow) = stride, padding, dout.shape[2:]
    douts = dout.transpose(0, 2, 3, 1)
    if (kh, kw) == stride == (1, 1) and padding == (0, 0):  # each pixel was a window
        filters = weight.reshape(c_out, c_in)
        return (
            _times(douts.reshape(-1, c_out), filters).reshape(n, h, w, c_in).transpose(0, 3, 1, 2)
        )
    # A window further left meets the pixel further right in its kernel: so the kernel is mirrored.
    kernel_rows = weight[..., ::-1].transpose(2, 3, 0, 1).reshape(kh, kw * c_out, c_in)
    windows, columns = _meeting(kw - 1 - pw, sw, ow, w + kw - 1)
    dx = np.empty((n, h, w, c_in), dtype=x.dtype)

    def work(images: slice) -> None:
        part = douts[images]
        spread = workspace("padded", (len(part), oh, w + kw - 1, c_out), x.dtype)
        spread.fill(0)
        spread[:, :, columns] = part[:, :, windows]
        around = workspace("columns", (len(part) * oh * w, kw * c_out), x.dtype)
        view = _windows(spread.transpose(0, 3, 1, 2), (1, kw), (1, 1))
        np.copyto(around.reshape(view.shape), view)
        sent = workspace("sent", (kh, len(around), c_in), x.dtype)
        matmul(around, kernel_rows, out=sent)
        dx[images] = 0
        for i, rows in enumerate(sent.reshape(kh, -1, oh, w, c_in)):
            above, lines = _meeting(i - ph, sh, oh, h)
            dx[images, lines] += rows[:, above]

    size = max(_BLOCK_BYTES // (oh * w * max(kw * c_out, kh * c_in) * x.itemsize), 1)
    split(work, blocks(n, size))
    return dx.transpose(0, 3, 1, 2)


def _times(rows: Array, filters: Array) -> Array:
    """Return ``rows @ filters``, dealt out among threads."""
    if len(rows) < filters.shape[1]:
        return product(rows, filters)
    y = np.empty((len(rows), filters.shape[1]), dtype=rows.dtype)

    def work(block: slice) -> None:
        matmul(rows[block], filters, out=y[block])

    row_bytes = sum(filters.shape) * rows.itemsize
    split(work, blocks(len(rows), max(_BLOCK_BYTES // row_bytes, filters.shape[1])))
    return y


def _meeting(place: int, step: int, count: int, size: int) -> tuple[slice, slice]:
    """Return which of `count` windows hold a pixel at their `place`, and which pixels those are.

    Window k has it at ``place + step * k``, unless that is none of the `size` pixels.
    """
    first = max(-(place // step), 0)
    last = max(min(count, (size - 1 - place) // step + 1), first)
    return slice(first, last), slice(place + step * first, place + step * last, step)
