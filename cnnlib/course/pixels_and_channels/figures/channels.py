"""The channels: their names and shades, and the colour images that a figure can draw."""

from __future__ import annotations

from numpy.typing import ArrayLike

from cnnlib.course.drawing.theme import require_numbers
from cnnlib.types import Array

CHANNELS = ("R", "G", "B")
CHANNEL_NAMES = ("red", "green", "blue")
# Dark enough for text on white; the letter is always beside the colour.
CHANNEL_COLOURS = ("#A84300", "#007556", "#005F97")
CHANNEL_TINTS = ("#FBE3D6", "#DDF2CF", "#D3E4FB")


def byte_values(name: str, values: ArrayLike, what: str) -> Array:
    """Return whole numbers from 0 to 255; raise for anything else."""
    array = require_numbers(name, values, what)
    if array.dtype.kind not in "iu" or array.min() < 0 or array.max() > 255:
        raise ValueError(
            f"{name}: {what} must hold whole numbers from 0 to 255, but is {array.dtype} from "
            f"{array.min():g} to {array.max():g}. Fractions of white become bytes with "
            "np.round(255 * x).astype(np.uint8)."
        )
    return array


def colour_patch(name: str, values: ArrayLike) -> Array:
    """Return a small colour image (H, W, 3) of bytes."""
    array = byte_values(name, values, "patch")
    if array.ndim != 3 or array.shape[-1] != 3:
        raise ValueError(
            f"{name}: patch must be colour, (H, W, 3), but its shape is {array.shape}. "
            "Cut it out with photo[top:bottom, left:right]."
        )
    return array
