"""Depthwise convolution: each channel has a filter of its own, and is alone with it.

There is nothing for a matrix product to add up. But channels-last in memory the same weight of all
filters meets a run of neighbouring numbers, the channels of a pixel, and `numpy.einsum` multiplies
and adds such runs in one go. The windows are a view of the padded image, with nothing copied. What
is worked on at a time is a band of rows that stays in the cache.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnlib.fast.threads import blocks, split, split_sum
from cnnlib.fast.workspace import workspace
from cnnlib.types import Array, Pair

Block = tuple[slice, slice]  # images, and rows

_BAND_BYTES = 192 << 10  # of output
_RUN = 512  # numbers; shorter runs are slow, and longer ones not faster


def _bands(count: int, height: int, row_bytes: int) -> list[Block]:
    """Cut images into bands of rows, or small images into runs of them."""
    rows = max(_BAND_BYTES // row_bytes, 1)
    if rows >= height:
        return [(images, slice(0, height)) for images in blocks(count, rows // height)]
    bands = blocks(height, rows)
    return [(slice(n, n + 1), band) for n in range(count) for band in bands]


def _pixels_in_a_run(width: int, channels: int) -> int:
    """Return how many pixels of a row share one run: it divides the width."""
    most = max(_RUN // channels, 1)
    return max(d for d in range(1, min(width, most) + 1) if width % d == 0)


def _part(x: Array, rows: Pair, columns: Pair) -> Array:
    """Return rows and columns from … to of `x`, (N, H, W, C), zeros outside, its channels a run."""
    n, h, w, c = x.shape
    (top, bottom), (left, right) = rows, columns
    if top >= 0 and bottom <= h and left >= 0 and right <= w and x.strides[3] == x.itemsize:
        return x[:, top:bottom, left:right]
    part = workspace("padded", (n, bottom - top, right - left, c), x.dtype)
    up, west = min(max(-top, 0), bottom - top), min(max(-left, 0), right - left)
    down, east = max(min(h, bottom) - top, up), max(min(w, right) - left, west)
    part[:, :up] = 0
    part[:, down:] = 0
    part[:, up:down, :west] = 0
    part[:, up:down, east:] = 0
    part[:, up:down, west:east] = x[:, top + up : top + down, left + west : left + east]
    return part


def _windows(x: Array, kernel: Pair, stride: Pair, size: Pair, pixels: int = 1) -> Array:
    """Return a view of (N, H, W, C) by place in the window: (KH, KW, N, OH, OW / pixels, pixels·C).

    Several pixels share one run only where windows are one pixel apart.
    """
    image, row, column, channel = x.strides
    (kh, kw), (sh, sw), (oh, ow), (n, _, _, c) = kernel, stride, size, x.shape
    shape = kh, kw, n, oh, ow // pixels, pixels * c
    steps = row, column, image, sh * row, sw * column * pixels, channel
    return as_strided(x, shape, steps, writeable=False)


def _convolve(windows: Array, taps: Array, out: Array) -> None:
    """Add up all windows times the weights, (KH, KW, C), in `out`, (N, OH, OW, C)."""
    _, _, n, oh, runs, length = windows.shape
    pixels = length // out.shape[3]
    if pixels > 1:
        taps = np.tile(taps, (1, 1, pixels))
    out = out if pixels == 1 else out.reshape(n, oh, runs, length)
    np.einsum("ijnrqc,ijc->nrqc", windows, taps, out=out)


def depthwise(
    x: Array, weight: Array, bias: Array | None, stride: Pair, padding: Pair, size: Pair
) -> Array:
    """Return the output of `conv2d` with as many groups as channels and filters.

    Parameters
    ----------
    x : array, (N, C, H, W)
    weight : array, (C, 1, KH, KW)
    bias : array, (C,), optional
    stride, padding : (int, int)
    size : (int, int)
        Height and width of the output.
    """
    n, c = x.shape[:2]
    (oh, ow), (ph, pw), (sh, sw), (kh, kw) = size, padding, stride, weight.shape[2:]
    last = x.transpose(0, 2, 3, 1)
    pixels = _pixels_in_a_run(ow, c) if sw == 1 else 1
    taps = np.ascontiguousarray(weight[:, 0].transpose(1, 2, 0))
    columns = -pw, (ow - 1) * sw + kw - pw
    y = np.empty((n, oh, ow, c), dtype=x.dtype)

    def work(block: Block) -> None:
        images, band = block
        rows = band.start * sh - ph, (band.stop - 1) * sh + kh - ph
        part, out = _part(last[images], rows, columns), y[images, band]
        _convolve(_windows(part, (kh, kw), stride, (out.shape[1], ow), pixels), taps, out)
        if bias is not None:
            out += bias

    split(work, _bands(n, oh, ow * c * x.itemsize))
    return y.transpose(0, 3, 1, 2)


def depthwise_weight_gradients(
    dout: Array, x: Array, weight: Array, stride: Pair, padding: Pair
) -> tuple[Array, Array]:
    """Return the gradients of weight and bias: at each place of the window, pixels times `dout`."""
    n, c, oh, ow = dout.shape
    (ph, pw), (sh, sw), (kh, kw) = padding, stride, weight.shape[2:]
    last, douts = x.transpose(0, 2, 3, 1), dout.transpose(0, 2, 3, 1)
    columns = -pw, (ow - 1) * sw + kw - pw

    def work(block: Block) -> Array:
        images, band = block
        rows = band.start * sh - ph, (band.stop - 1) * sh + kh - ph
        sent = np.ascontiguousarray(douts[images, band])
        part = _part(last[images], rows, columns)
        windows = _windows(part, (kh, kw), stride, (sent.shape[1], ow))
        sums = np.empty((kh * kw + 1, c), dtype=x.dtype)
        np.einsum("ijnrqc,nrqc->ijc", windows, sent, out=sums[:-1].reshape(kh, kw, c))
        np.einsum("nrqc->c", sent, out=sums[-1])
        return sums

    total = split_sum(work, _bands(n, oh, ow * c * x.itemsize))
    return np.ascontiguousarray(total[:-1].T).reshape(weight.shape), total[-1]


def depthwise_input_gradient(
    dout: Array, x: Array, weight: Array, stride: Pair, padding: Pair
) -> Array:
    """Return the gradient of `x`: `dout`, convolved with the mirrored kernel.

    Where windows move by 2, a pixel in an even row of the padded image meets only the even rows of
    the kernel. So rows and columns are dealt out by their remainder, and each such phase has its
    part of the kernel.
    """
    n, c, h, w = x.shape
    (sh, sw), (ph, pw), (kh, kw) = stride, padding, weight.shape[2:]
    douts = dout.transpose(0, 2, 3, 1)
    mirrored = np.ascontiguousarray(weight[:, 0].transpose(1, 2, 0))
    dx = np.empty((n, h, w, c), dtype=x.dtype)
    # Pixel p of x lies in the padded image at p + padding = phase + i · stride. These are all i.
    height, width = (h + ph - 1) // sh + 1, (w + pw - 1) // sw + 1
    above, before = (kh - 1) // sh, (kw - 1) // sw  # so many windows before the i-th reach it too

    def work(block: Block) -> None:
        images, band = block
        sent = _part(douts[images], (band.start - above, band.stop), (-before, width))
        for a, b in np.ndindex(stride):
            (top, bottom), (left, right) = _reach(a, ph, sh, h), _reach(b, pw, sw, w)
            top, bottom = max(top, band.start), min(bottom, band.stop)
            if bottom <= top or right <= left:
                continue
            out = dx[
                images,
                a + sh * top - ph : a + sh * (bottom - 1) - ph + 1 : sh,
                b + sw * left - pw : b + sw * (right - 1) - pw + 1 : sw,
            ]
            taps = mirrored[a::sh, b::sw][::-1, ::-1]
            if not taps.size:  # windows further apart than they are wide
                out[...] = 0
                continue
            kernel, size = (len(taps), taps.shape[1]), (bottom - top, right - left)
            first = top - band.start + above - kernel[0] + 1
            met = sent[:, first:, left + before - kernel[1] + 1 :]
            pixels = _pixels_in_a_run(size[1], c) if sw == 1 else 1
            _convolve(_windows(met, kernel, (1, 1), size, pixels), taps, out)

    split(work, _bands(n, height, width * c * x.itemsize))
    return dx.transpose(0, 3, 1, 2)


def _reach(phase: int, padding: int, stride: int, size: int) -> Pair:
    """Return from which i to which ``phase + i · stride - padding`` is a pixel."""
    first = -((phase - padding) // stride)
    return max(first, 0), (size - 1 + padding - phase) // stride + 1
