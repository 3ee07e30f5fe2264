"""Padding that lies channels-last in memory, as convolution and pooling with speed want it."""

import numpy as np

from cnnlib.functional.padding import border_sources, check_pad2d
from cnnlib.types import Array, Size


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
