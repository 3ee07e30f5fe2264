"""Depthwise convolution: each channel has a filter of its own, and is alone with it.

There is nothing for a matrix product to add up. So the output is built tap by tap: the whole image,
shifted, times one weight a channel, added to what is there. Channels-last in memory a shifted row
of the image is one contiguous run, as long as the row. What is worked on at a time is a band of
rows that stays in the cache.

Where windows move by 2, the image is first dealt out into its even and odd rows and columns: within
each of these, called phases, the windows move by 1.
"""

import itertools

import numpy as np

from cnnlib.fast.threads import blocks, split, split_sum
from cnnlib.fast.workspace import workspace
from cnnlib.types import Array, Pair

Block = tuple[slice, slice]  # images, and rows

_BAND_BYTES = 96 << 10  # of output; with what it is computed from, it stays in the second cache
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


def _taps(weight: Array, pixels: int) -> Array:
    """Return the weights by their place in the kernel, (KH, KW, pixels·C): again for each pixel."""
    return np.tile(weight[:, 0].transpose(1, 2, 0), (1, 1, pixels))


def _runs(x: Array, pixels: int) -> Array:
    """Return a view of (B, R, W, C), its rows contiguous, as (B, R, W / pixels, pixels·C)."""
    b, r, w, c = x.shape
    image, row, _, channel = x.strides
    shape, steps = (b, r, w // pixels, pixels * c), (image, row, pixels * c * channel, channel)
    return np.lib.stride_tricks.as_strided(x, shape, steps)


def _padded(x: Array, name: str, rows: Pair, columns: Pair) -> Array:
    """Return rows and columns from … to of `x`, (N, H, W, C), in a workspace, zeros outside."""
    n, h, w, c = x.shape
    (top, bottom), (left, right) = rows, columns
    padded = workspace(name, (n, bottom - top, right - left, c), x.dtype)
    inside = [
        slice(min(max(-start, 0), stop - start), min(max(size - start, 0), stop - start))
        for (start, stop), size in ((rows, h), (columns, w))
    ]
    (up, down), (west, east) = ((part.start, max(part.stop, part.start)) for part in inside)
    padded[:, :up] = 0
    padded[:, down:] = 0
    padded[:, up:down, :west] = 0
    padded[:, up:down, east:] = 0
    padded[:, up:down, west:east] = x[:, top + up : top + down, left + west : left + east]
    return padded


def _phases(x: Array, band: slice, kernel: Pair, stride: Pair, padding: Pair, width: int) -> Array:
    """Return what a band of output rows looks at, by phase: (SH, SW, B, R, W, C), in a workspace.

    Pixel (i, j) of phase (a, b) is pixel (a + i · SH, b + j · SW) of the padded image.
    """
    (kh, kw), (sh, sw), (ph, pw) = kernel, stride, padding
    rows = band.stop - band.start + (kh - 1) // sh
    columns = width + (kw - 1) // sw
    top = band.start * sh - ph
    padded = _padded(x, "padded", (top, top + rows * sh), (-pw, columns * sw - pw))
    if stride == (1, 1):
        return padded[None, None]
    n, c = len(x), x.shape[3]
    phases = workspace("phases", (sh, sw, n, rows, columns, c), x.dtype)
    dealt = padded.reshape(n, rows, sh, columns, sw, c)
    np.copyto(phases, dealt.transpose(2, 4, 0, 1, 3, 5))
    return phases


def _shifted(phases: Array, tap: Pair, stride: Pair, rows: int, width: int) -> Array:
    """Return a view of the pixels that meet one weight of the kernel, (B, R, W, C)."""
    (i, a), (j, b) = (divmod(place, step) for place, step in zip(tap, stride, strict=True))
    view: Array = phases[a, b, :, i : i + rows, j : j + width]
    return view


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
    oh, ow = size
    kernel = weight.shape[2], weight.shape[3]
    last = x.transpose(0, 2, 3, 1)
    pixels = _pixels_in_a_run(ow, c)
    taps = _taps(weight, pixels)
    summand = None if bias is None else np.tile(bias, pixels)
    y = np.empty((n, oh, ow, c), dtype=x.dtype)

    def work(block: Block) -> None:
        images, band = block
        phases = _phases(last[images], band, kernel, stride, padding, ow)
        total = _runs(y[images, band], pixels)
        product = workspace("product", total.shape, x.dtype)
        for tap in np.ndindex(kernel):
            shifted = _runs(_shifted(phases, tap, stride, band.stop - band.start, ow), pixels)
            if tap == (0, 0):
                np.multiply(shifted, taps[tap], out=total)
            else:
                np.multiply(shifted, taps[tap], out=product)
                np.add(total, product, out=total)
        if summand is not None:
            np.add(total, summand, out=total)

    split(work, _bands(n, oh, ow * c * x.itemsize))
    return y.transpose(0, 3, 1, 2)


def depthwise_weight_gradients(
    dout: Array, x: Array, weight: Array, stride: Pair, padding: Pair
) -> tuple[Array, Array]:
    """Return the gradients of weight and bias: at each place of the kernel, pixels times `dout`."""
    n, c, oh, ow = dout.shape
    kernel = kh, kw = weight.shape[2], weight.shape[3]
    last, douts = x.transpose(0, 2, 3, 1), dout.transpose(0, 2, 3, 1)
    pixels = _pixels_in_a_run(ow, c)

    def work(block: Block) -> Array:
        images, band = block
        phases = _phases(last[images], band, kernel, stride, padding, ow)
        sent = _runs(_as_rows(douts[images, band]), pixels)
        product = workspace("product", sent.shape, x.dtype)
        sums = np.empty((kh * kw + 1, pixels * c), dtype=x.dtype)
        for place, tap in enumerate(np.ndindex(kernel)):
            shifted = _runs(_shifted(phases, tap, stride, band.stop - band.start, ow), pixels)
            np.multiply(shifted, sent, out=product)
            np.add.reduce(product.reshape(-1, pixels * c), axis=0, out=sums[place])
        np.add.reduce(sent.reshape(-1, pixels * c), axis=0, out=sums[-1])
        return sums.reshape(-1, pixels, c).sum(axis=1)

    total = split_sum(work, _bands(n, oh, ow * c * x.itemsize))
    return np.ascontiguousarray(total[:-1].T).reshape(weight.shape), total[-1]


def _as_rows(x: Array) -> Array:
    """Return (B, R, W, C), or a copy in a workspace if it does not lie so in memory."""
    if x.flags.c_contiguous:
        return x
    rows = workspace("rows", x.shape, x.dtype)
    np.copyto(rows, x)
    return rows


def depthwise_input_gradient(
    dout: Array, x: Array, weight: Array, stride: Pair, padding: Pair
) -> Array:
    """Return the gradient of `x`: within each phase, `dout` convolved with the mirrored kernel."""
    n, c, h, w = x.shape
    (sh, sw), (ph, pw), (kh, kw) = stride, padding, weight.shape[2:]
    douts = dout.transpose(0, 2, 3, 1)
    up, left = (kh - 1) // sh, (kw - 1) // sw  # as many windows further up, and left, reach a pixel
    # Pixel p of x lies in the padded image at p + ph = a + i · SH. These are all i, and all j.
    height, width = (h + ph - 1) // sh + 1, (w + pw - 1) // sw + 1
    dx = np.empty((n, h, w, c), dtype=x.dtype)
    wide = [_reach(b, pw, sw, w) for b in range(sw)]
    pixels = [_pixels_in_a_run(max(stop - start, 1), c) for start, stop in wide]
    taps = [_taps(weight, count) for count in pixels]

    def work(block: Block) -> None:
        images, band = block
        sent = _padded(douts[images], "padded", (band.start - up, band.stop), (-left, width))
        for a, b in np.ndindex(stride):
            first, last = _reach(a, ph, sh, h)
            first, last = max(first, band.start), min(last, band.stop)
            start, stop = wide[b]
            if last <= first or stop <= start:
                continue
            shape = (len(sent), last - first, stop - start, c)
            target = dx[images, a + sh * first - ph : a + sh * last - ph : sh]
            target = target[:, :, b + sw * start - pw : b + sw * stop - pw : sw]
            whole = stride == (1, 1)
            total = _runs(target if whole else workspace("total", shape, x.dtype), pixels[b])
            product = workspace("product", total.shape, x.dtype)
            empty = True
            for i, j in itertools.product(range(a, kh, sh), range(b, kw, sw)):
                row, column = first - band.start + up - i // sh, start + left - j // sw
                part = sent[:, row : row + last - first, column : column + stop - start]
                runs, tap = _runs(part, pixels[b]), taps[b][i, j]
                if empty:
                    np.multiply(runs, tap, out=total)
                    empty = False
                else:
                    np.multiply(runs, tap, out=product)
                    np.add(total, product, out=total)
            if empty:  # windows further apart than they are wide
                target[...] = 0
            elif not whole:
                np.copyto(target, total.reshape(shape))

    split(work, _bands(n, height, width * c * x.itemsize))
    return dx.transpose(0, 3, 1, 2)


def _reach(phase: int, padding: int, step: int, size: int) -> Pair:
    """Return from which i to which ``phase + i · step - padding`` is a pixel."""
    first = -((phase - padding) // step)
    return max(first, 0), (size - 1 + padding - phase) // step + 1
