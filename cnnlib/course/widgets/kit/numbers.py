"""Tables of numbers that a learner gives to a widget, and how they travel to the browser."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.drawing.mending import Mending
from cnnlib.types import Array

LARGEST = 1e9  # of numbers that are shown, as in the fields of the browser


def written(value: float, fmt: str = ".6g") -> str:
    """Write a number for a reader, with a true minus sign.

    Examples
    --------
    >>> written(-2.5), written(1 / 9, ".3g")
    ('−2.5', '0.111')
    """
    return drawing.format_numbers([value], fmt)[0]


def sizes(array: Array) -> str:
    """Write the shape of an array, as in 3×32×32."""
    return "×".join(map(str, array.shape))


def integer_within(
    op: str, name: str, value: object, least: int, most: int, where: str = ""
) -> int:
    """Return a whole number, or say that it is none, too small or too large.

    Examples
    --------
    >>> integer_within("Stepper", "stride", 29, 1, 28)
    Traceback (most recent call last):
    ValueError: Stepper: stride must be at most 28, got 29.
    """
    number = checks.integer(op, name, value, least)
    if number > most:
        came = f"{number:,}" if number < 10**15 else "far more"
        raise ValueError(f"{op}: {name} must be at most {most:,}, got {came}{where}.")
    return number


def number_within(op: str, name: str, value: object, least: float, most: float) -> float:
    """Return a number from `least` to `most`, or say what came instead."""
    if isinstance(value, int) and not -(10**300) < value < 10**300:  # no float is as large
        raise ValueError(
            f"{op}: {name} must be {least:g} to {most:g}, got {checks.describe(value)}."
        )
    number = checks.number(op, name, value)
    if not least <= number <= most:
        raise ValueError(f"{op}: {name} must be {least:g} to {most:g}, got {number:g}.")
    return number


def flag(op: str, name: str, value: object) -> bool:
    """Return True or False, or say what came instead."""
    if not isinstance(value, bool):
        raise TypeError(f"{op}: {name} must be True or False, got {checks.describe(value)}.")
    return value


def one_of(op: str, name: str, value: object, choices: Iterable[str]) -> str:
    """Return one of a few words, or say which there are."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{op}: {name} must be one of {', '.join(choices)}, got {value!r}.")
    return value


def as_numbers(
    op: str,
    name: str,
    value: npt.ArrayLike,
    expected: str = "a grid of numbers, rows of equal length",
    example: str = "[[1, 2], [3, 4]]",
) -> Array:
    """Return an array of any shape that holds numbers, or say what came instead.

    Parameters
    ----------
    op, name : str
        Who asks, and for which argument.
    value : array_like
        What came.
    expected, example : str
        What should have come, in words and in code.
    """
    try:
        array = Mending(name, value).array
    except ValueError:  # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind == "b":
        raise TypeError(
            f"{op}: {name} must be {expected}, got {checks.describe(value)}. As 0 and 1 it is "
            f"np.array({name}).astype(int)."
        )
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"{op}: {name} must be {expected}, got {checks.describe(value)}. "
            f"Write it as np.array({example})."
        )
    return array


def refuse_wild(op: str, name: str, array: Array) -> None:
    """Refuse what nobody can read, and what JSON or the browser's arithmetic cannot hold."""
    if not np.isfinite(array).all():
        raise ValueError(
            f"{op}: {name} holds nan or infinity. Replace them: "
            f"np.nan_to_num({name}, nan=0, posinf=0, neginf=0)."
        )
    largest = float(np.abs(array.astype(float)).max())
    if largest > LARGEST:
        raise ValueError(
            f"{op}: {name} holds numbers up to {largest:.3g}; at most {LARGEST:,.0f} can be read. "
            f"Make them smaller: np.array({name}) / {largest:.0e}."
        )


def as_maps(op: str, name: str, value: npt.ArrayLike, *, side: int, channels: int) -> Array:
    """Return (C, H, W) numbers, few enough to be read, or say what came instead."""
    array = as_numbers(op, name, value)
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or array.size == 0:
        raise ValueError(
            f"{op}: {name} must have the shape (H, W), or (channels, H, W), got shape "
            f"{np.shape(value)}.{_maps_fix(name, value, side, channels)}"
        )
    if max(array.shape[1:]) > side or len(array) > channels:
        raise ValueError(
            f"{op}: {name} has the shape {array.shape}; at most {channels} channels of "
            f"{side}×{side} numbers can be read.{_maps_fix(name, value, side, channels)}"
        )
    refuse_wild(op, name, array)
    return array


def _maps_fix(name: str, value: npt.ArrayLike, side: int, channels: int) -> str:
    """Say with which line of code maps come out of it, if there is one."""
    mending = Mending(name, value)
    while mending.array.ndim > 3:
        mending.do("{0}[0]")
    if mending.array.ndim == 1:
        mending.do("{0}[None]")
    if mending.array.size == 0 or mending.array.ndim == 0:
        return ""
    first, last = mending.array.shape[0], mending.array.shape[-1]
    if mending.array.ndim == 3 and last <= 4 < first:
        mending.do("np.moveaxis({0}, -1, 0)")
    if mending.array.ndim == 3 and len(mending.array) > channels:
        mending.do(f"{{0}}[:{channels}]")
    if max(mending.array.shape[-2:]) > side:
        rest = "..., " if mending.array.ndim == 3 else ""
        mending.do(f"{{0}}[{rest}:{min(side, 8)}, :{min(side, 8)}]")
    return f" Give it {mending.code}."


def whole(array: Array) -> Array:
    """Return whole numbers as integers, so that they are written without a point."""
    rounded = np.round(array)
    return rounded.astype(np.int64) if np.array_equal(array, rounded) else array


def tidy(array: Array) -> Any:
    """Return nested lists for JSON, with 5 in place of 5.0."""
    rounded = np.round(array)
    if np.array_equal(array, rounded) and np.abs(array).max() < 2**53:
        return rounded.astype(np.int64).tolist()
    return array.astype(np.float64).tolist()
