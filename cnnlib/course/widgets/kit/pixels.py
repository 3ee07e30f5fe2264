"""How a picture travels to the browser: its bytes as text, far shorter than a list of numbers."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from cnnlib import checks
from cnnlib.types import Array

LIMIT = 256  # pixels along a side


def pack(op: str, image: object, *, axes: tuple[int, ...], smallest: int = 1) -> dict[str, Any]:
    """Return an image as a dictionary that JSON can hold; refuse what is no image.

    Parameters
    ----------
    op : str
        Who asks, for the error message.
    image : array_like or dict
        Grey (H, W) or colour (H, W, 3): uint8 from 0 to 255, or floats from 0 to 1. A dictionary
        is one that `pack` has made, as the browser sends it back.
    axes : tuple of int
        How many axes the image may have: 2 for grey, 3 for colour.
    smallest : int
        The least height and width.

    Returns
    -------
    dict
        "shape", "dtype" (uint8 or float64), and "data", the bytes in base64.
    """
    pixels = unpack(image) if isinstance(image, dict) else np.asarray(image)
    shapes = " or ".join({2: "(H, W)", 3: "(H, W, 3)"}[n] for n in axes)
    if pixels.dtype != np.uint8 and pixels.dtype.kind != "f":
        raise TypeError(
            f"{op}: image must hold uint8 from 0 to 255 or floats from 0 to 1, got "
            f"{checks.describe(image)}. Convert it with image.astype(np.uint8)."
        )
    if pixels.ndim not in axes or (pixels.ndim == 3 and pixels.shape[2] != 3):
        fix = " Make it grey with image.mean(axis=2)." if axes == (2,) else ""
        raise ValueError(f"{op}: image must have the shape {shapes}, got {pixels.shape}.{fix}")
    if not all(smallest <= size <= LIMIT for size in pixels.shape[:2]):
        raise ValueError(
            f"{op}: image must be {smallest} to {LIMIT} pixels high and wide, got "
            f"{pixels.shape[0]}×{pixels.shape[1]}. Cut out a piece, as in image[:128, :128]."
        )
    if pixels.dtype != np.uint8:
        pixels = pixels.astype("<f8")
        if not ((pixels >= 0) & (pixels <= 1)).all():  # nan is neither
            raise ValueError(
                f"{op}: floats of an image go from 0 to 1, got {pixels.min():g} to "
                f"{pixels.max():g}. Divide bytes by 255."
            )
    return {
        "shape": list(pixels.shape),
        "dtype": str(pixels.dtype),
        "data": base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode("ascii"),
    }


def unpack(packed: dict[str, Any]) -> Array:
    """Return the image that `pack` put into a dictionary, in float64 or uint8."""
    kind = np.dtype(packed["dtype"]).newbyteorder("<")
    pixels = np.frombuffer(base64.b64decode(packed["data"]), kind)
    return pixels.reshape(packed["shape"])
