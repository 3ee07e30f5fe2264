"""Lines of code for error messages, each of which has been run before it is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnlib.types import Array

__all__ = ["Mending", "picture_fix"]


class Mending:
    """An array, and the code that makes it from what came.

    Parameters
    ----------
    name : str
        What the array is called where it comes from.
    value : array_like

    Examples
    --------
    >>> mending = Mending("image", [[0, 51]])
    >>> mending.do("{0} / 255")
    >>> mending.code, mending.array.tolist()
    ('np.array(image) / 255', [[0.0, 0.2]])
    """

    def __init__(self, name: str, value: ArrayLike) -> None:
        self.array: Array
        self.code = name if isinstance(value, np.ndarray) else f"np.array({name})"
        if type(value).__module__.startswith("PIL."):
            self._take(value)
        else:
            self.array = np.asarray(value)

    def _take(self, picture: Any) -> None:
        """Take a Pillow picture: of some kinds the numbers are no colours."""
        if picture.mode not in ("L", "LA", "RGB", "RGBA", "I", "F") and "16" not in picture.mode:
            clear = "transparency" in picture.info or picture.mode.upper() in ("PA", "LA", "RGBA")
            grey = picture.mode == "1"
            mode = "L" if grey else "RGBA" if clear else "RGB"
            picture, self.code = (
                picture.convert(mode),
                f"np.array({self.code[9:-1]}.convert({mode!r}))",
            )
        self.array = np.array(picture)

    def do(self, step: str) -> None:
        """Take one more step; ``{0}`` in it stands for what there is so far."""
        # The steps are those of this package, and nothing that a reader has written.
        self.array = eval(step.format("x"), {"np": np, "x": self.array})
        loose = " / " in self.code
        self.code = step.format(f"({self.code})" if loose else self.code)


def picture_fix(
    name: str,
    value: ArrayLike,
    *,
    to_bytes: bool,
    colour: bool = True,
    smallest: int = 1,
    largest: int | None = None,
) -> str:
    """Return a line of code that makes a picture of what came, or "" if there is none.

    Parameters
    ----------
    name : str
        What it is called.
    value : array_like
        What came: of another dtype or shape, with alpha, out of range, too large or too small.
    to_bytes : bool
        Whether uint8 from 0 to 255 is wanted, or floats from 0 to 1.
    colour : bool
        Whether (H, W, 3) will do; else only (H, W).
    smallest, largest : int
        Pixels along a side.

    Examples
    --------
    >>> picture_fix("image", np.zeros((2, 2, 4), dtype=np.uint16), to_bytes=False)
    'image[..., :3] / 65535'
    >>> picture_fix("image", np.zeros((2, 2, 4), dtype=np.uint8), to_bytes=False, colour=False)
    'image[..., :3].mean(axis=2) / 255'
    >>> picture_fix("image", np.ones((2, 2)), to_bytes=True)
    '(255 * image).round().astype(np.uint8)'
    """
    try:
        mending = Mending(name, value)
    except ValueError:  # rows of different lengths
        return ""
    if mending.array.dtype.kind not in "biuf" or mending.array.size == 0:
        return ""
    _one_picture(mending)
    if mending.array.ndim not in (2, 3):
        return ""
    if not np.isfinite(mending.array).all():
        mending.do("np.nan_to_num({0}, nan=0, posinf=0, neginf=0)")
    _right_size(mending, smallest, largest)
    white = _white(mending)
    if mending.array.ndim == 3 and not colour:
        mending.do("{0}.mean(axis=2)")
    whole = mending.array.dtype.kind in "iu"
    if to_bytes:
        steps = {
            1: "(255 * {0}).round().astype(np.uint8)",
            255: "{0}.astype(np.uint8)" if whole else "{0}.round().astype(np.uint8)",
            65535: "({0} / 257).round().astype(np.uint8)",
        }
        mending.do(steps[white])
    elif white > 1:
        mending.do(f"{{0}} / {white}")
    elif mending.array.dtype.kind != "f":
        mending.do("{0}.astype(float)")
    return mending.code


def _one_picture(mending: Mending) -> None:
    """Pick one picture and its colours, with the channels last."""
    while mending.array.ndim > 3:
        mending.do("{0}[0]")
    side = round(mending.array.size**0.5)
    if mending.array.ndim == 1 and side * side == mending.array.size:
        mending.do(f"{{0}}.reshape({side}, {side})")
    if mending.array.ndim != 3:
        return
    first, last = mending.array.shape[0], mending.array.shape[-1]
    if last not in (1, 2, 3, 4) and first in (3, 4):
        mending.do("np.moveaxis({0}, 0, -1)")
    elif last not in (1, 2, 3, 4):
        mending.do("{0}[0]")
    if mending.array.ndim == 3 and mending.array.shape[-1] == 4:
        mending.do("{0}[..., :3]")
    elif mending.array.ndim == 3 and mending.array.shape[-1] in (1, 2):
        mending.do("{0}[..., 0]")


def _right_size(mending: Mending, smallest: int, largest: int | None) -> None:
    """Draw each pixel of a small picture several times, and cut out a piece of a large one."""
    times = -(-smallest // min(mending.array.shape[:2]))
    if times > 1:
        mending.do(f"{{0}}.repeat({times}, axis=0).repeat({times}, axis=1)")
    if largest is not None and max(mending.array.shape[:2]) > largest:
        mending.do(f"{{0}}[:{largest}, :{largest}]")


def _white(mending: Mending) -> int:
    """Return which number is white; numbers that do not say it are brought between 0 and 1."""
    array: Any = mending.array
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 65535:
        if array.dtype.kind in "iu":
            mending.do("{0}.astype(float)")
        if 0 < high - low < float("inf"):
            mending.do("({0} - {0}.min()) / np.ptp({0})")
        else:
            mending.do("np.clip({0}, 0, 1)")
        return 1
    if array.dtype == bool or (array.dtype.kind == "f" and high <= 1):
        return 1
    if array.dtype == np.uint16 and high == 0:
        return 65535
    return 255 if high <= 255 else 65535
