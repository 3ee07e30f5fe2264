"""Padding that lies channels-last in memory, as convolution and pooling with speed want it."""

import numpy as np

from cnnlib.checks import array
from cnnlib.functional.further.padding import check_sides
from cnnlib.functional.padding import border_sources, check_pad2d
from cnnlib.types import Array, Sides, Size


def pad2d(x: Array, padding: Size, mode: str = "constant", value: float = 0.0) -> Array:
    """Return a copy with a border as `cnnlib.functional.pad2d`."""
    ph, pw = check_pad2d("pad2d", x, padding, mode, value)
    n, c, h, w = x.shape
    last = x.transpose(0, 2, 3, 1)
    if mode == "constant":
        padded = np.full((n, h + 2 * ph, w + 2 * pw, c), value, dtype=x.dtype)
        padded[:, ph : ph + h, pw : pw + w] = last
    else:
        padded = last[:, border_sources(h, ph, mode)][:, :, border_sources(w, pw, mode)]
    return padded.transpose(0, 3, 1, 2)


def zero_pad2d(x: Array, padding: int | Sides) -> Array:
    """Return a copy with a border of zeros as `cnnlib.functional.zero_pad2d`."""
    n, c, h, w = array("zero_pad2d", "x", x, "N C H W").shape
    left, right, top, bottom = check_sides("zero_pad2d", padding)
    padded = np.zeros((n, top + h + bottom, left + w + right, c), dtype=x.dtype)
    padded[:, top : top + h, left : left + w] = x.transpose(0, 2, 3, 1)
    return padded.transpose(0, 3, 1, 2)
