"""How a picture travels to the browser: its bytes as text, far shorter than a list of numbers."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, cast

import numpy as np

from cnnlib import checks
from cnnlib.course.drawing.mending import Mending, picture_fix
from cnnlib.types import Array

LIMIT = 256  # pixels along a side


def pack(
    op: str, image: object, *, to_bytes: bool, colour: bool = True, smallest: int = 1
) -> dict[str, Any]:
    """Return an image as a dictionary that JSON can hold; refuse what is no image.

    Parameters
    ----------
    op : str
        Who asks, for the error message.
    image : array_like, Pillow picture or dict
        Grey (H, W) or colour (H, W, 3): whole numbers from 0 to 255, booleans, and, where floats
        are wanted, floats from 0 to 1 and 16 bits. Alpha that hides nothing is left out. A
        dictionary is one that `pack` has made, as the browser sends it back.
    to_bytes : bool
        Whether the image becomes uint8 from 0 to 255, or float64 from 0 to 1.
    colour : bool
        Whether the image may have colours.
    smallest : int
        The least height and width.

    Returns
    -------
    dict
        "shape", "dtype" (uint8 or float64), and "data", the bytes in base64.
    """
    came = _unpacked(op, image) if isinstance(image, dict) else image
    if isinstance(came, str | Path):
        raise TypeError(
            f"{op}: image must be an array, got {checks.describe(image)}. With `from "
            f"cnnlib.datasets import open_photo` give it open_photo({str(came)!r}, size={LIMIT})."
        )
    try:
        pixels = _plain(Mending("image", cast(Any, came)).array)
    except ValueError:  # rows of different lengths
        pixels = np.asarray(None)
    if not to_bytes and pixels.dtype == np.uint16 and pixels.size and not 0 < pixels.max() <= 255:
        pixels = pixels / 65535
    shapes = "(H, W) or (H, W, 3)" if colour else "(H, W)"
    kinds = "uint8 from 0 to 255" if to_bytes else "uint8 from 0 to 255 or floats from 0 to 1"
    problem = ""
    if pixels.dtype.kind not in "uif" or (to_bytes and pixels.dtype.kind == "f"):
        problem = f"must hold {kinds}, got {checks.describe(came)}"
    elif pixels.size == 0:
        problem = f"is empty: its shape is {pixels.shape}"
    elif pixels.ndim != 2 and not (colour and pixels.ndim == 3 and pixels.shape[2] == 3):
        problem = f"must have the shape {shapes}, got {pixels.shape}"
    elif not all(smallest <= size <= LIMIT for size in pixels.shape[:2]):
        size = f"{pixels.shape[0]}×{pixels.shape[1]}"
        problem = f"must be {smallest} to {LIMIT} pixels high and wide, got {size}"
    elif pixels.dtype.kind == "f" and not ((pixels >= 0) & (pixels <= 1)).all():  # nan is neither
        problem = f"must hold floats from 0 to 1, got {pixels.min():g} to {pixels.max():g}"
    elif pixels.dtype.kind != "f" and pixels.dtype != np.uint8:
        numbers = f"{pixels.min()} to {pixels.max()} in {pixels.dtype}"
        problem = f"must hold {kinds}, got {numbers}"
    if problem:
        fix = picture_fix(
            "image", cast(Any, came), to_bytes=to_bytes, colour=colour, smallest=smallest,
            largest=LIMIT,
        )  # fmt: skip
        raise (TypeError if problem.startswith(f"must hold {kinds}") else ValueError)(
            f"{op}: image {problem}.{f' Give it {fix}.' if fix else ''}"
        )
    if not to_bytes and pixels.dtype == np.uint8:
        pixels = pixels / 255
    if pixels.dtype != np.uint8:
        pixels = pixels.astype("<f8")
    return {
        "shape": list(pixels.shape),
        "dtype": str(pixels.dtype),
        "data": base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode("ascii"),
    }


def _plain(pixels: Array) -> Array:
    """Return the same picture as bytes or as floats, where that changes no number's meaning."""
    kind = pixels.dtype.kind
    if kind == "b":
        pixels = pixels.astype(np.uint8) * np.uint8(255)
    if pixels.size == 0 or kind not in "buif":
        return pixels
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        full = np.iinfo(pixels.dtype).max if pixels.dtype.kind in "iu" else 1
        if (pixels[..., -1] == full).all():
            pixels = pixels[..., 0] if pixels.shape[2] == 2 else pixels[..., :3]
    if pixels.dtype.kind in "iu" and pixels.dtype != np.uint16:
        return pixels.astype(np.uint8) if pixels.min() >= 0 and pixels.max() <= 255 else pixels
    return pixels


def _unpacked(op: str, packed: dict[str, Any]) -> Array:
    """Return the image that a dictionary holds, or say that it holds none."""
    try:
        return unpack(packed)
    except (KeyError, TypeError, ValueError):
        raise TypeError(
            f"{op}: image must be an array, got a dict that holds no picture."
        ) from None


def unpack(packed: dict[str, Any]) -> Array:
    """Return the image that `pack` put into a dictionary, in float64 or uint8."""
    kind = np.dtype(packed["dtype"]).newbyteorder("<")
    pixels = np.frombuffer(base64.b64decode(packed["data"]), kind)
    return pixels.reshape(packed["shape"])
