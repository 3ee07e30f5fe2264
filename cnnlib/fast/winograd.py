"""Winograd's convolution: a 3×3 kernel, one pixel at a step, with half of the multiplications.

Four neighbouring outputs of a filter with three weights take 4 · 3 products. They are the same as
the coefficients of a product of two polynomials, and that one is known from its values at six
points: 6 products, where each factor's values are sums of its coefficients that do not depend on
the other factor. So, down every column of an image,

    y = A.T @ ((G @ weights) * (B.T @ pixels))        4 outputs, 3 weights, 6 pixels

with three small matrices that never change. Along the rows of the kernel nothing is saved; the
sum over three columns and all channels is one matrix product, as in `cnnlib.fast.convolution`.

Rounding grows with the size of the numbers in the matrices. The points 0, ±2/3, ±3/2 and infinity
keep it small: against float64 the error is 1.4 times that of the direct product at 32 channels and
2.2 times at 512; with the usual 0, ±1, ±2 it is 2.0 and 3.3 times. It is relative to the largest of
the six pixels. Work in float64, or with fewer than 16 channels, is never done this way.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cnnlib.fast.threads import blocks, split, split_sum
from cnnlib.fast.workspace import workspace
from cnnlib.types import Array, Pair

Block = tuple[slice, slice]  # images, and steps of four output rows

_OUT, _TAPS, _IN = 4, 3, 6  # outputs, weights and pixels of one step
_POINTS = (0, 2 / 3, -2 / 3, 3 / 2, -3 / 2)  # and infinity, whose value is the last coefficient

_FEWEST_CHANNELS = 16
_FEWEST_ROWS = 256  # of each matrix product; with fewer, preparing the filters takes too long
_MOST_WORK = 0.7  # of the multiplications of the direct product
_BLOCK_BYTES = 2 << 20


def _matrices() -> tuple[Array, Array, Array]:
    """Return ``A.T`` (4, 6), ``G`` (6, 3) and ``B.T`` (6, 6), by Toom and Cook's method."""
    last = _IN - 1
    out, taps, pixels = np.zeros((_OUT, _IN)), np.zeros((_IN, _TAPS)), np.zeros((_IN, _IN))
    for i, point in enumerate(_POINTS):
        others = [other for other in _POINTS if other != point]
        out[:, i] = [point**k for k in range(_OUT)]
        taps[i] = [point**k for k in range(_TAPS)]
        taps[i] /= math.prod(point - other for other in others)
        pixels[i, :last] = np.poly(others)[::-1]
    out[-1, last] = taps[last, -1] = 1
    pixels[last] = np.poly(_POINTS)[::-1]
    a, g, b = (np.ascontiguousarray(m, dtype=np.float32) for m in (out, taps, pixels))
    return a, g, b


_AT, _G, _BT = _matrices()
_A, _B = np.ascontiguousarray(_AT.T), np.ascontiguousarray(_BT.T)


def suits(x: Array, weight: Array, stride: Pair, padding: Pair) -> bool:
    """Return whether this way is open, and shorter than the direct one.

    Measured both ways on one thread beside the direct products: 0.67 of their time for 64×32×32×32
    → 64 (0.9 times PyTorch's), 0.73 for 16×64×16×16 → 64, 0.93 for 64×16×14×14 → 32.
    """
    c_out, c_in, kh, kw = weight.shape
    if (kh, kw) != (3, 3) or stride != (1, 1) or max(padding) > 2 or x.dtype != np.float32:
        return False
    n, _, h, w = x.shape
    oh, ow = h + 2 * padding[0] - 2, w + 2 * padding[1] - 2
    steps, line = -(-oh // _OUT), w + padding[1]
    return (
        min(c_in, c_out) >= _FEWEST_CHANNELS
        and n * steps * line >= _FEWEST_ROWS
        and steps * line * _IN <= _MOST_WORK * oh * ow * _TAPS
    )


def _blocks(count: int, steps: int, line: int, channels: int) -> list[Block]:
    """Cut the images so that the planes of pixels and of outputs take about `_BLOCK_BYTES`."""
    rows = max(_BLOCK_BYTES // (_IN * channels * 4), _FEWEST_ROWS)
    if rows >= steps * line:
        return [(images, slice(0, steps)) for images in blocks(count, rows // (steps * line))]
    bands = blocks(steps, max(rows // line, 1))
    return [(images, band) for images in blocks(count, 1) for band in bands]


def _planes(
    name: str, x: Array, block: Block, count: int, first: int, left: int, line: int, lead: int = 0
) -> Array:
    """Return rows ``first + 4·i + r`` of the images as plane r of `count`, (count, pixels, C).

    The pixels of a plane follow each other in the order step i, image, column. A row of an image
    has `left` zeros before it, and after it as many as make `line` pixels. At the end of a plane
    stand 3 zeros more, or 4 or 5: so many that the number of pixels is divisible by three.
    """
    images, band = block
    x = x[images]
    n, h, w, c = x.shape
    steps = band.stop - band.start
    length = steps * n * line
    planes = workspace(name, (count, 3 * (-(-length // 3) + 1), c), x.dtype)
    planes[:, :lead] = 0
    planes[:, lead + length :] = 0
    for r, plane in enumerate(planes[:, lead : lead + length].reshape(count, steps, n, line, c)):
        row = first + _OUT * band.start + r  # that of the first step
        start = min(max(-(row // _OUT), 0), steps)
        stop = max(min((h - 1 - row) // _OUT + 1, steps), start)
        plane[:start] = 0
        plane[stop:] = 0
        inside = plane[start:stop]
        inside[:, :, :left] = 0
        inside[:, :, left + w :] = 0
        if stop > start:
            rows = x[:, row + _OUT * start : row + _OUT * stop : _OUT]
            inside[:, :, left : left + w] = rows.transpose(1, 0, 2, 3)
    return planes


def _transform(name: str, matrix: Array, planes: Array) -> Array:
    """Return ``matrix @ planes``, in two thirds of the time of adding up planes one by one."""
    y = workspace(name, (len(matrix), *planes.shape[1:]), planes.dtype)
    np.matmul(matrix, planes.reshape(len(planes), -1), out=y.reshape(len(y), -1))
    return y


def _windows(planes: Array) -> Array:
    """Return all runs of three pixels as rows, (planes, 3, rows, 3·C): a view, nothing is copied.

    Matrix k holds the windows that begin at pixel k, k + 3, k + 6 …, which do not overlap: BLAS
    takes such a matrix as it lies.
    """
    count, length, c = planes.shape
    plane, pixel, item = planes.strides
    return as_strided(
        planes,
        (count, 3, length // 3 - 1, 3 * c),
        (plane, pixel, 3 * pixel, item),
        writeable=False,
    )


def _thirds(planes: Array) -> Array:
    """Return pixels k, k + 3, k + 6 … of each plane as matrix k, (planes, 3, rows, C)."""
    count, length, c = planes.shape
    return planes.reshape(count, length // 3, 3, c).transpose(0, 2, 1, 3)


def convolve(x: Array, weight: Array, bias: Array | None, padding: Pair) -> Array | None:
    """Return the output, or None where a number that is not finite would spoil its neighbours.

    Parameters
    ----------
    x : array, (N, H, W, C)
    weight : array, (C_out, C, 3, 3)
    bias : array, (C_out,), optional
    padding : (int, int)

    Returns
    -------
    array, (N, OH, OW, C_out), or None
    """
    (n, h, w, c), c_out, (ph, pw) = x.shape, len(weight), padding
    oh, ow = h + 2 * ph - 2, w + 2 * pw - 2
    steps, line = -(-oh // _OUT), w + pw
    filters = (_G @ weight.transpose(2, 3, 1, 0).reshape(_TAPS, -1)).reshape(_IN, 1, 3 * c, c_out)
    y = np.empty((n, oh, ow * c_out), dtype=x.dtype)
    bias_row = np.zeros(ow * c_out, x.dtype) if bias is None else np.tile(bias, ow)
    parts = _blocks(n, steps, line, c + c_out)
    sound = [False] * len(parts)

    def work(i: int) -> None:
        images, band = parts[i]
        planes = _transform("V", _BT, _planes("X", x, parts[i], _IN, -ph, pw, line))
        products = workspace("M", (_IN, planes.shape[1] - 3, c_out), x.dtype)
        np.matmul(_windows(planes), filters, out=_thirds(products))
        sums = _transform("Y", _AT, products)
        sound[i] = bool(np.isfinite(sums.sum()))
        count = band.stop - band.start
        rows = sums[:, : count * len(y[images]) * line].reshape(_OUT, count, -1, line * c_out)
        for r in range(_OUT):
            out = y[images, _OUT * band.start + r : _OUT * band.stop : _OUT].transpose(1, 0, 2)
            np.add(rows[r, : len(out), :, : ow * c_out], bias_row, out=out)

    split(work, list(range(len(parts))))
    return y.reshape(n, oh, ow, c_out) if all(sound) else None


def gradients(
    dout: Array, x: Array, weight: Array, padding: Pair, wanted: bool
) -> tuple[Array, Array, Array] | None:
    """Return the gradients of x, weight and bias, or None as `convolve`.

    Each step of `convolve` is linear in the weights and in the pixels, so each is walked back by
    its transpose. ``A @ dout`` is the same for both: found once for both, it takes a tenth off
    forward and backward together at 64×16×14×14 → 32.

    Parameters
    ----------
    dout : array, (N, OH, OW, C_out)
    x : array, (N, H, W, C)
    weight : array, (C_out, C, 3, 3)
    padding : (int, int)
    wanted : bool
        Whether the gradient of x is; if not, it is empty.

    Returns
    -------
    (array, (N, H, W, C); array, (C_out, C, 3, 3); array, (C_out,)), or None
    """
    (n, _, w, c), (_, oh, _, c_out), (ph, pw) = x.shape, dout.shape, padding
    line, steps = w + pw, -(-oh // _OUT)
    parts = _blocks(n, steps, line, c + c_out)
    shared = wanted and parts[0][1] == slice(0, steps)  # else rows belong to two blocks
    filters = (_G @ weight.transpose(2, 3, 0, 1)[:, ::-1].reshape(_TAPS, -1)).reshape(
        _IN, 1, 3 * c_out, c
    )
    dx = np.empty(x.shape if shared else 0, x.dtype)

    def work(block: Block) -> Array:
        planes = _transform("V", _BT, _planes("X", x, block, _IN, -ph, pw, line))
        sent = _planes("dY", dout, block, _OUT, 0, 0, line, lead=2)
        products = _transform("M", _A, sent)
        total = np.empty((_IN * 3 * c + 1, c_out), dtype=x.dtype)
        # By place of the window, so that nothing is left to add up.
        item, count = planes.itemsize, products.shape[1] - 3
        places = as_strided(planes, (_IN, 3, c, count), (*planes.strides[:2], item, c * item))
        np.matmul(places, products[:, None, 2:-1], out=total[:-1].reshape(_IN, 3, c, c_out))
        rows = sent.reshape(-1, c_out)
        np.matmul(np.ones(len(rows), x.dtype), rows, out=total[-1])
        if shared:
            # A pixel was in three windows of its row: the one that it began, and two before.
            pixels = workspace("dV", (_IN, count, c), x.dtype)
            np.matmul(_windows(products), filters, out=_thirds(pixels))
            _add_rows(_transform("dX", _B, pixels), dx[block[0]], ph, pw, line)
        return total

    total = split_sum(work, parts)
    if not np.isfinite(total).all() or not np.isfinite(dx.sum()):
        return None
    dweight = (_G.T @ total[:-1].reshape(_IN, -1)).reshape(_TAPS, 3, c, c_out)
    if wanted and not shared:
        # Each pixel gets from the windows around it what the mirrored kernel collects.
        mirrored = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        found = convolve(dout, mirrored, None, (2 - ph, 2 - pw))
        if found is None:
            return None
        dx = found
    return dx, np.ascontiguousarray(dweight.transpose(3, 2, 0, 1)), total[-1]


def _add_rows(planes: Array, dx: Array, top: int, left: int, line: int) -> None:
    """Add up what each step sends to its six rows of the images."""
    n, h, w, c = dx.shape
    steps = -(-(h + 2 * top - 2) // _OUT)
    sent = planes[:, : steps * n * line].reshape(_IN, steps, n, line, c)[..., left : left + w, :]
    dx[:, _OUT * steps - top :] = 0  # the last rows lie in no step but the one before
    for r, rows in enumerate(sent.transpose(0, 2, 1, 3, 4)):
        start = max(-((r - top) // _OUT), 0)
        stop = min((h - 1 - r + top) // _OUT + 1, steps)
        target = dx[:, r - top + _OUT * start : r - top + _OUT * stop : _OUT]
        if r < _OUT:
            target[...] = rows[:, start:stop]
        else:
            target += rows[:, start:stop]
