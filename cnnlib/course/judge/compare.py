"""Compare a result with the expected one, and say the difference in words and in small tables.

A result is a number, a text, a truth value, an array, or a tuple, list or dict of these. Nothing
is converted: a float is not an int, and a list is not an array, since the next operation would fail
on it.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnlib import checks

MAX_ROWS = 8  # of a table
MAX_COLUMNS = 10
MAX_SLICES = 4  # of a block, printed one below the other


@dataclass(frozen=True)
class Difference:
    """How a result differs from the expected one: the kind of difference, and a sentence."""

    kind: str  # "none", "type", "shape", "value", "cut" (to integers), "dtype" (else right)
    text: str
    part: str = ""  # which of several results, such as "dweight"


def difference(
    expected: Any,
    got: Any,
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    parts: Sequence[str] = (),
    dtype: str = "same",
) -> Difference | None:
    """Return how `got` differs from `expected`, or None where they agree.

    Floats agree where they lie within ``atol + rtol * largest expected entry``. Arrays with the
    right numbers agree in "any" `dtype`, in one of the same "kind", or in the "same" only.
    """
    if got is None and expected is not None:
        return Difference("none", "It returns None.")
    if expected is None:
        return (
            None if got is None else Difference("type", f"Expected None, got {describe_kind(got)}.")
        )
    if isinstance(expected, dict):
        return _dict_difference(expected, got, rtol, atol)
    if isinstance(expected, tuple | list):
        return _tuple_difference(expected, got, rtol, atol, parts, dtype)
    if isinstance(expected, np.ndarray):
        return _array_difference(expected, got, rtol, atol, dtype)
    if isinstance(expected, bool | np.bool_):
        if not isinstance(got, bool | np.bool_):
            return Difference("type", f"Expected True or False, got {describe_kind(got)}.")
    elif isinstance(expected, numbers.Integral):
        if isinstance(got, bool | np.bool_) or not isinstance(got, numbers.Number):
            return Difference("type", f"Expected a whole number, got {describe_kind(got)}.")
        if not isinstance(got, numbers.Integral):
            if isinstance(got, numbers.Real) and float(got) == int(expected):
                return Difference(
                    "dtype",
                    f"{show(got)} is a float, and a whole number was expected. Divide with `//`, "
                    "which stays whole, or convert with `int`.",
                )
            return Difference("value", f"Expected {show(expected)}, got {show(got)}.")
    elif isinstance(expected, numbers.Real):
        if isinstance(got, np.ndarray) and got.ndim == 0:
            got = got[()]
        if isinstance(got, bool | np.bool_) or not isinstance(got, numbers.Real):
            return Difference("type", f"Expected a number, got {describe_kind(got)}.")
        if not _close(np.asarray(expected, float), np.asarray(got, float), rtol, atol).all():
            return Difference("value", f"Expected {show(expected)}, got {show(got)}.")
        return None
    elif isinstance(expected, str):
        if not isinstance(got, str):
            return Difference("type", f"Expected a text, got {describe_kind(got)}.")
        if expected.strip().lower() == got.strip().lower():
            return None
    if expected != got:
        return Difference("value", f"Expected {show(expected)}, got {show(got)}.")
    return None


def _tuple_difference(
    expected: Sequence[Any], got: Any, rtol: float, atol: float, parts: Sequence[str], dtype: str
) -> Difference | None:
    names = [parts[i] if i < len(parts) else f"entry {i + 1}" for i in range(len(expected))]
    if not isinstance(got, tuple | list):
        listed = ", ".join(names)
        return Difference(
            "type", f"Expected {len(expected)} results ({listed}), got {describe_kind(got)}."
        )
    if len(got) != len(expected):
        return Difference(
            "shape", f"Expected {len(expected)} entries ({', '.join(names)}), got {len(got)}."
        )
    return _worst(
        (name, difference(one_expected, one_got, rtol=rtol, atol=atol, dtype=dtype))
        for name, one_expected, one_got in zip(names, expected, got, strict=True)
    )


def _worst(found: Iterable[tuple[str, Difference | None]]) -> Difference | None:
    """Return the first difference of several parts. A wrong dtype counts only where it is alone."""
    there = [(name, one) for name, one in found if one is not None]
    if not there:
        return None
    name, one = min(there, key=lambda pair: pair[1].kind == "dtype")
    return Difference(one.kind, f"In {name}: {one.text}", name)


def _dict_difference(
    expected: dict[Any, Any], got: Any, rtol: float, atol: float
) -> Difference | None:
    if not isinstance(got, dict):
        return Difference("type", f"Expected a dict, got {describe_kind(got)}.")
    if expected.keys() != got.keys():
        return Difference(
            "shape", f"Expected the keys {sorted(map(str, expected))}, got {sorted(map(str, got))}."
        )
    return _worst(
        (str(name), difference(value, got[name], rtol=rtol, atol=atol))
        for name, value in expected.items()
    )


def _array_difference(
    expected: np.ndarray, got: Any, rtol: float, atol: float, dtype: str
) -> Difference | None:
    if not isinstance(got, np.ndarray):
        if isinstance(got, list | tuple):
            how = "Turn it into one with `np.array(...)`."
        elif isinstance(got, numbers.Number | np.generic):
            how = "Was everything added up to one number?"
        else:
            how = "Return the array itself."
        return Difference("type", f"Expected an array, got {describe_kind(got)}. {how}")
    if got.shape != expected.shape:
        return Difference(
            "shape",
            f"Expected the shape {expected.shape}, got {got.shape}.{_shape_remark(expected, got)}",
        )
    if got.dtype.kind not in "biuf":
        return Difference("type", f"The entries have dtype {got.dtype}; expected {expected.dtype}.")
    close = _close(expected.astype(float), got.astype(float), rtol, atol)
    if expected.dtype.kind == "f" and got.dtype.kind in "biu":
        cut = _close(np.trunc(expected), got.astype(float), rtol, atol)
        if cut.all() and not (close.all() and dtype == "any"):
            return Difference(
                "dtype" if close.all() else "cut",
                f"The entries have dtype {got.dtype}, so their fractions are cut off; "
                f"expected {expected.dtype}. An array made by `np.zeros(shape)` or "
                "`np.zeros(shape, x.dtype)` keeps them.",
            )
    if not close.all():
        count = int((~close).sum())
        where = (
            "Every entry differs."
            if count == expected.size
            else f"{count} of {expected.size} differ."
        )
        if expected.size > 1:
            return Difference("value", where)
        return Difference("value", f"Expected {show(expected.item())}, got {show(got.item())}.")
    if not _same_dtype(expected.dtype, got.dtype, dtype):
        return Difference(
            "dtype",
            f"The numbers are right, but their dtype is {got.dtype}; expected {expected.dtype}. "
            "Make new arrays with the dtype of the input: `np.zeros(shape, x.dtype)`.",
        )
    return None


def _same_dtype(expected: np.dtype, got: np.dtype, asked: str) -> bool:
    """Return whether a dtype is as asked: "any", one of the same "kind", or the "same"."""
    whole = ("i", "u")
    if asked == "any" and "b" not in (expected.kind, got.kind):
        return True
    if asked == "kind" and (expected.kind == got.kind or {expected.kind, got.kind} <= set(whole)):
        return True
    return expected == got


def _close(expected: np.ndarray, got: np.ndarray, rtol: float, atol: float) -> np.ndarray:
    """Return where numbers agree, measured against the largest one expected."""
    finite = np.abs(expected[np.isfinite(expected)])
    bound = atol + rtol * (finite.max() if finite.size else 0.0)
    with np.errstate(invalid="ignore"):
        near: np.ndarray = np.abs(expected - got) <= bound
    same: np.ndarray = near | (expected == got) | (np.isnan(expected) & np.isnan(got))
    return same


def _shape_remark(expected: np.ndarray, got: np.ndarray) -> str:
    if got.ndim != expected.ndim:
        axes = "1 axis" if got.ndim == 1 else f"{got.ndim} axes"
        return f" It has {axes} instead of {expected.ndim}."
    if sorted(got.shape) == sorted(expected.shape):
        return " The axes are in another order."
    off = [
        f"axis {axis} is {abs(g - d)} too {'long' if g > d else 'short'}"
        for axis, (g, d) in enumerate(zip(got.shape, expected.shape, strict=True))
        if g != d
    ]
    return f" {' and '.join(off).capitalize()}."


def describe_kind(value: Any) -> str:
    """Name the kind of a value as well, where `checks.describe` only writes it: "the number 3"."""
    if isinstance(value, bool | np.bool_):
        return f"the truth value {value}"
    if isinstance(value, numbers.Number):
        return f"the number {show(value)}"
    if isinstance(value, str):
        return f"the text {show(value)}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return f"the function {getattr(value, '__name__', type(value).__name__)}"
    return checks.describe(value)


def show(value: Any) -> str:
    """Return a value as a reader would write it: numbers without trailing digits of noise."""
    if isinstance(value, np.bool_):
        return str(bool(value))
    if isinstance(value, np.integer):
        return str(int(value))
    if isinstance(value, np.floating | float):
        text = _number(float(value))
        return f"{text}.0" if text.lstrip("-").isdigit() else text  # a float looks like one
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if isinstance(value, tuple):
        inside = ", ".join(show(item) for item in value)
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, list):
        return f"[{', '.join(show(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{show(k)}: {show(v)}" for k, v in value.items()) + "}"
    if callable(value):
        return str(getattr(value, "__name__", type(value).__name__))
    text = "..." if value is ... else checks.written(value, f"a {type(value).__name__}")
    return f"a {type(value).__name__}" if " at 0x" in text else text


def table(value: Any, differs_from: Any = None) -> str:
    """Return a value as an aligned table. Entries that differ from another are in brackets."""
    if isinstance(value, tuple | list) and any(isinstance(v, np.ndarray) for v in value):
        others = (
            differs_from
            if isinstance(differs_from, tuple | list) and len(differs_from) == len(value)
            else [None] * len(value)
        )
        return "\n".join(
            f"entry {number}\n{table(one, other)}"
            for number, (one, other) in enumerate(zip(value, others, strict=True), start=1)
        )
    if not isinstance(value, np.ndarray) or value.ndim == 0 or value.dtype.kind not in "biuf":
        text = show(value if not isinstance(value, np.ndarray) or value.ndim else value[()])
        return text if len(text) <= 400 else text[:400] + " …"
    wrong = None
    if isinstance(differs_from, np.ndarray) and differs_from.shape == value.shape:
        wrong = ~_close(differs_from.astype(float), value.astype(float), 1e-6, 1e-9)
    return "\n".join(_slices(value, wrong))


def _slices(value: np.ndarray, wrong: np.ndarray | None) -> list[str]:
    """Return the lines of a table: a block of more than two axes comes slice by slice."""
    if value.size == 0:
        return [f"(no entries: the shape is {value.shape})"]
    if value.ndim <= 2:
        return _grid(np.atleast_2d(value), None if wrong is None else np.atleast_2d(wrong))
    lines = []
    indices = list(np.ndindex(value.shape[:-2]))
    if len(indices) > MAX_SLICES and wrong is not None and wrong.any():
        indices.sort(key=lambda index: not wrong[index].any())  # those with a difference first
    for index in indices[:MAX_SLICES]:
        lines.append(f"[{', '.join(map(str, index))}]")
        lines += _grid(value[index], None if wrong is None else wrong[index])
    if len(indices) > MAX_SLICES:
        lines.append(f"… and {len(indices) - MAX_SLICES} more slices")
    return lines


def _grid(value: np.ndarray, wrong: np.ndarray | None) -> list[str]:
    rows, columns = (min(n, m) for n, m in zip(value.shape, (MAX_ROWS, MAX_COLUMNS), strict=True))
    texts = [
        [
            f"[{_entry(value[i, j])}]"
            if wrong is not None and wrong[i, j]
            else f" {_entry(value[i, j])} "
            for j in range(columns)
        ]
        for i in range(rows)
    ]
    width = max((len(text) for row in texts for text in row), default=0)
    lines = ["".join(text.rjust(width) for text in row).rstrip() for row in texts]
    if value.shape[1] > columns:
        lines = [f"{line}  …" for line in lines]
    if value.shape[0] > rows:
        lines.append(f" … and {value.shape[0] - rows} more rows")
    return lines


def _entry(value: Any) -> str:
    return str(value) if isinstance(value, np.bool_) else _number(float(value))


def _number(value: float) -> str:
    text = f"{value:.6g}"
    return "0" if text == "-0" else text
