"""Compare a result with the expected one, and say the difference in words and in small tables.

A result is a number, a text, a truth value, an array, or a tuple, list or dict of these. What can
be used in the same way is right: a list for a tuple, a float32 for a float. What would fail in the
reader's next line is not: a float for a whole number, a list for an array. Then the difference
says what to write; a remedy is only named where it leads to the expected result.
"""

from __future__ import annotations

import ast
import math
import numbers
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from cnnlib.course.judge.plain import Foreign, cut, is_a, plain

MAX_ROWS = 8  # of a table
MAX_COLUMNS = 10
MAX_SLICES = 4  # of a block, printed one below the other
MAX_SHOWN = 100  # characters of a value within a sentence
PRINTED_CHARACTERS = 300  # how much of what a function prints is kept
MAX_TEXT = 400  # characters of a value that stands alone

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
RIGHT_BUT = ("dtype", "form")
SINGLE = 1e-4  # how far off a float32 may be: each of its roundings is 6e-8 of a larger number


@dataclass(frozen=True)
class Difference:
    """How a result differs from the expected one: the kind of difference, and a sentence."""

    # "none", "type", "shape", "value", "cut" (to integers); and where the numbers are right,
    # "dtype" for their kind and "form" for what holds them, a list for an array
    kind: str
    text: str
    part: str = ""  # which of several results, such as "dweight"


@dataclass(frozen=True)
class Terms:
    """What counts as equal, for the verdict and for the brackets in a table.

    rtol, atol : floats agree within ``atol + rtol * largest expected entry``
    dtype : arrays may have "any" dtype, one of the same "kind", or the "same" only
    single : whether the numbers were made from float32, of which no more can be asked than it holds
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    dtype: str = "any"
    single: bool = False

    def close(self, expected: np.ndarray, got: np.ndarray) -> np.ndarray:
        """Return where numbers agree, measured against the largest one expected."""
        single = self.single or any(
            one.dtype.kind == "f" and one.dtype.itemsize <= 4 for one in (expected, got)
        )
        with np.errstate(all="ignore"):
            expected, got = expected.astype(float), got.astype(float)
            finite = np.abs(expected[np.isfinite(expected)])
            rtol = max(self.rtol, SINGLE) if single and self.rtol else self.rtol
            bound = self.atol + rtol * (finite.max() if finite.size else 0.0)
            near: np.ndarray = np.abs(expected - got) <= bound
        same: np.ndarray = near | (expected == got) | (np.isnan(expected) & np.isnan(got))
        return same


def difference(
    expected: Any,
    got: Any,
    *,
    terms: Terms | None = None,
    parts: Sequence[str] = (),
    **settings: Any,
) -> Difference | None:
    """Return how `got` differs from `expected`, or None where they agree.

    settings : those of `Terms`, where no terms are given
    """
    return _difference(expected, plain(got), terms or Terms(**settings), parts)


def _difference(
    expected: Any, got: Any, terms: Terms, parts: Sequence[str] = ()
) -> Difference | None:
    if got is None and expected is not None:
        return Difference("none", "It returns None.")
    if expected is None:
        return None if got is None else _wrong_kind("None", got)
    if isinstance(expected, dict):
        return _dict_difference(expected, got, terms)
    if isinstance(expected, tuple | list):
        return _tuple_difference(expected, got, terms, parts)
    if isinstance(expected, np.ndarray):
        return _array_difference(expected, got, terms)
    got = _without_axes(got)
    if isinstance(expected, bool | np.bool_):
        if not isinstance(got, bool | np.bool_):
            return _wrong_kind("True or False", got)
        return None if expected == got else _wrong_value(expected, got)
    if isinstance(expected, numbers.Real):
        return _number_difference(expected, got, terms)
    if isinstance(expected, str):
        if not isinstance(got, str):
            return _wrong_kind("a text", got)
        same = expected.strip().lower() == got.strip().lower()
        return None if same else _wrong_value(expected, got)
    return None if got == expected else _wrong_value(expected, got)


def _wrong_kind(expected: str, got: Any, remedy: str = "", kind: str = "type") -> Difference:
    text = f"Expected {expected}, got {describe_kind(got)}."
    return Difference(kind, f"{text} {remedy}".strip())


def _wrong_value(expected: Any, got: Any) -> Difference:
    return Difference("value", f"Expected {show(expected)}, got {show(got)}.")


def _without_axes(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


# Numbers


def _number_difference(expected: Any, got: Any, terms: Terms) -> Difference | None:
    whole = isinstance(expected, numbers.Integral)
    kind = "a whole number" if whole else "a number"
    if isinstance(got, bool | np.bool_):
        right = whole and expected == int(got)
        return _wrong_kind(kind, got, "`int(...)` makes 0 or 1 of it." if right else "")
    if not isinstance(got, numbers.Real):
        return _no_number(kind, expected, got, terms)
    if not _agree(expected, got, terms):
        return _wrong_value(expected, got)
    if not whole or isinstance(got, numbers.Integral):
        return None
    if isinstance(got, Fraction):
        kind, remedy = "a Fraction", "Convert it with `int`."
    else:
        kind, remedy = "a float", "Divide with `//`, which stays whole, or convert with `int`."
    return Difference("dtype", f"{show(got)} is {kind}, and a whole number was expected. {remedy}")


def _agree(expected: Any, got: Any, terms: Terms) -> bool:
    """Return whether two numbers agree: whole ones exactly, others within the terms."""
    if isinstance(expected, numbers.Integral):
        return bool(got == int(expected))
    try:
        return bool(terms.close(np.asarray(expected), _as_float(got)).all())
    except OverflowError:  # a whole number with more than 308 digits
        return False


def _as_float(value: Any) -> np.ndarray:
    return np.asarray(value if isinstance(value, np.generic) else float(value))


def _no_number(kind: str, expected: Any, got: Any, terms: Terms) -> Difference:
    """Say how to get at the number, where `got` holds the right one."""
    inside, remedy = _number_in(got)
    inside = _without_axes(inside)
    if isinstance(inside, numbers.Real) and _agree(expected, inside, terms):
        return _wrong_kind(kind, got, remedy, "form")
    return _wrong_kind(kind, got, _comma(got))


def _number_in(got: Any) -> tuple[Any, str]:
    """Return the number that something holds, and how a reader gets at it."""
    if isinstance(got, np.ndarray) and got.size == 1:
        return got.reshape(())[()], "`.item()` takes the number out of it."
    if isinstance(got, list) and len(got) == 1:
        return got[0], "Write the number without the brackets."
    if isinstance(got, tuple) and len(got) == 1:
        return got[0], "A comma behind a value makes a tuple of it: leave the comma out."
    if isinstance(got, tuple) and (number := _read_with_commas(got)) is not None:
        return number, _comma(got)
    if isinstance(got, str) and (read := _read(got)) is not None:
        return read, f"Write the number without the quotes: {show(read)}."
    if isinstance(got, Decimal):
        return (float(got) if got.is_finite() else None), "`int(...)` or `float(...)` converts it."
    if isinstance(got, complex | np.complexfloating) and got.imag == 0:
        return got.real, "Its real part is `.real`."
    if isinstance(got, Foreign) and got.array is not None and got.array.size == 1:
        return got.array.item(), "`float(...)` or `int(...)` makes a number of it."
    return None, ""


def _read(text: str) -> float | int | None:
    for number in (int, float):
        try:
            return number(text[:50].replace(",", ""))
        except ValueError:
            continue
    return None


def _read_with_commas(got: tuple[Any, ...]) -> int | None:
    """Return the number that a tuple looks like in print: (7, 200) for 7,200."""
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in got)
    if not whole or len(got) < 2 or not 1 <= abs(got[0]) <= 999:
        return None
    # Python reads 7,200 and 7,000 as tuples, and refuses 7,024 for its leading zero.
    if not all(one == 0 or 100 <= one <= 999 for one in got[1:]):
        return None
    size = int("".join([str(abs(got[0])), *(f"{one:03d}" for one in got[1:])]))
    return size if got[0] > 0 else -size


def _comma(got: Any) -> str:
    number = _read_with_commas(got) if isinstance(got, tuple) else None
    if number is None:
        return ""
    return (
        f"`{number:,}`, with a comma, is a tuple in Python. If it is meant as one number, write "
        f"{number} or {number:_}."
    )


# Tuples and dicts


def _tuple_difference(
    expected: Sequence[Any], got: Any, terms: Terms, parts: Sequence[str]
) -> Difference | None:
    names = [parts[i] if i < len(parts) else f"entry {i + 1}" for i in range(len(expected))]
    results = f"{len(expected)} results ({', '.join(names)})"
    if isinstance(got, np.ndarray) and got.ndim:
        if parts and got.dtype != object and not _is_stack(expected, got):
            return Difference("shape", f"Expected {results}, {_lone(expected, got, terms, names)}")
        got = tuple(got)
    if not isinstance(got, tuple | list):
        kind = results if parts else f"a tuple of {len(expected)}"
        if isinstance(got, str):
            return _unquoted(kind, expected, got, terms)
        if isinstance(got, Foreign) and got.items is not None:
            right = _tuple_difference(expected, got.items, terms, parts) is None
            remedy = "Collect them: `tuple(...)`."
            if got.kind == "a set":
                remedy = "A set has no order: write round brackets in place of the curly ones."
            return _wrong_kind(kind, got, remedy, "form" if right else "type")
        return _wrong_kind(kind, got)
    if len(got) != len(expected):
        what = results if parts else f"{len(expected)} entries"
        return Difference("shape", f"Expected {what}, got {len(got)}.")
    return _worst(
        (name, _part_difference(one_expected, one_got, terms))
        for name, one_expected, one_got in zip(names, expected, got, strict=True)
    )


def _is_stack(expected: Sequence[Any], got: np.ndarray) -> bool:
    """Whether an array can be read as several results, one after the other."""
    return len(got) == len(expected) and all(np.shape(one) == got.shape[1:] for one in expected)


def _lone(expected: Sequence[Any], got: np.ndarray, terms: Terms, names: Sequence[str]) -> str:
    """Say which of several results a single array is, or looks like."""
    several = list(zip(names, expected, strict=True))
    for name, one in several:
        if isinstance(one, np.ndarray) and _difference(one, got, terms) is None:
            told = f"got a single array. It agrees with {name}"
            return f"{told}: return the others as well, with commas between them."
    alike = [name for name, one in several if np.shape(one) == got.shape]
    which = f", which is that of {alike[0]}" if alike else ""
    told = f"got a single array of shape {got.shape}{which}"
    return f"{told}. Return all {len(expected)}, with commas between them."


def _unquoted(kind: str, expected: Any, got: str, terms: Terms) -> Difference:
    """Say whether a text would be right as code."""
    try:
        value = ast.literal_eval(got)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _wrong_kind(kind, got)
    if isinstance(expected, np.ndarray):
        value = _as_array(value)
    if value is None or isinstance(value, str):
        return _wrong_kind(kind, got)
    right = _difference(expected, value, replace(terms, dtype="any")) is None
    return _wrong_kind(kind, got, "Leave out the quotes." if right else "")


def _part_difference(expected: Any, got: Any, terms: Terms) -> Difference | None:
    """Return the difference of one of several results, of which none "returns None"."""
    if got is None and expected is not None:
        of = f" of shape {expected.shape}" if isinstance(expected, np.ndarray) else ""
        what = f"an array{of}" if of else show(expected)
        return Difference("none", f"Expected {what}, got None.")
    return _difference(expected, got, terms)


def _worst(found: Iterable[tuple[str, Difference | None]]) -> Difference | None:
    """Return the first difference of several parts. A wrong dtype counts only where it is alone."""
    there = [(name, one) for name, one in found if one is not None]
    if not there:
        return None
    name, one = min(there, key=lambda pair: pair[1].kind in RIGHT_BUT)
    return Difference(one.kind, f"In {name}: {one.text}", name)


def _dict_difference(expected: dict[Any, Any], got: Any, terms: Terms) -> Difference | None:
    if not isinstance(got, dict):
        pairs = got.pairs if isinstance(got, Foreign) else _as_dict(got)
        if pairs is not None and _dict_difference(expected, pairs, terms) is None:
            return _wrong_kind("a dict", got, "`dict(...)` makes one of it.", "form")
        return _wrong_kind("a dict", got)
    if expected.keys() != got.keys():
        return Difference("shape", f"Expected the keys {_keys(expected)}, got {_keys(got)}.")
    return _worst(
        (str(name), _part_difference(value, got[name], terms)) for name, value in expected.items()
    )


def _as_dict(got: Any) -> dict[Any, Any] | None:
    try:
        return dict(got)
    except (TypeError, ValueError):
        return None


def _keys(value: dict[Any, Any]) -> str:
    return cut(", ".join(sorted(show(key) for key in value)) or "of no entry", MAX_TEXT)


# Arrays


def _array_difference(expected: np.ndarray, got: Any, terms: Terms) -> Difference | None:
    if not isinstance(got, np.ndarray):
        return _no_array(expected, got, terms)
    if got.shape != expected.shape:
        return Difference(
            "shape",
            f"Expected the shape {expected.shape}, got {got.shape}.{_shape_remark(expected, got)}",
        )
    if got.dtype.kind not in "biuf":
        return _no_numbers(expected, got, terms)
    close = terms.close(expected, got)
    whole = expected.dtype.kind == "f" and got.dtype.kind in "biu"
    if whole and not close.all() and terms.close(np.trunc(expected), got).all():
        return Difference(
            "cut",
            f"The entries have dtype {got.dtype}, so their fractions are cut off. An array made by "
            "`np.zeros(shape)` keeps them.",
        )
    if not close.all():
        return _wrong_entries(expected, got, close)
    return _dtype_difference(expected, got, terms)


def _wrong_entries(expected: np.ndarray, got: np.ndarray, close: np.ndarray) -> Difference:
    if expected.size == 1:
        return _wrong_value(expected.item(), got.item())
    count = int((~close).sum())
    all_differ = count == expected.size
    some = f"{count} of {expected.size} {'differs' if count == 1 else 'differ'}."
    text = "Every entry differs." if all_differ else some
    if got.dtype == np.float16 and Terms(rtol=2e-3).close(expected, got.astype(float)).all():
        text += " float16 keeps no more than three digits: compute in float32 or float64."
    return Difference("value", text)


def _dtype_difference(expected: np.ndarray, got: np.ndarray, terms: Terms) -> Difference | None:
    """Return whether a dtype is not as the text asks, where it asks for one."""
    kinds = {expected.dtype.kind, got.dtype.kind}
    if terms.dtype == "any" or expected.dtype == got.dtype:
        return None
    if terms.dtype == "kind" and (len(kinds) == 1 or kinds <= {"i", "u"}):
        return None
    return Difference(
        "dtype",
        f"The numbers are right, but their dtype is {got.dtype}; expected {expected.dtype}. "
        f"`.astype(np.{expected.dtype})` converts them.",
    )


def _no_array(expected: np.ndarray, got: Any, terms: Terms) -> Difference:
    """Say how to make an array of what is none, where that gives the right one."""
    kind = "an array"
    if isinstance(got, Foreign) and got.masked:
        return _wrong_kind(
            kind,
            got,
            f"{got.masked} of its entries {'is' if got.masked == 1 else 'are'} masked, so there "
            "is no number. `.filled(0)` puts zeros there.",
        )
    if isinstance(got, Foreign) and got.array is not None:
        return _made_of(expected, got.array, terms, got, "Turn it into one with `np.array(...)`.")
    if isinstance(got, Foreign) and got.items is not None:
        once = "It hands out its entries only once. Collect them: `np.array(list(...))`."
        return _made_of(expected, _as_array(got.items), terms, got, once)
    if isinstance(got, str):
        return _unquoted(kind, expected, got, terms)
    if isinstance(got, list | tuple):
        for number, one in enumerate(got, start=1):
            if isinstance(one, np.ndarray) and _array_difference(expected, one, terms) is None:
                return _wrong_kind(kind, got, f"Entry {number} is the right one: return it alone.")
        array = _as_array(got)
        if array is None and len({len(row) if is_a(row, (list, tuple)) else 0 for row in got}) > 1:
            return _wrong_kind(
                kind, got, "Its rows have different lengths, so they do not form an array."
            )
        return _made_of(expected, array, terms, got, "Turn it into one with `np.array(...)`.")
    if isinstance(got, numbers.Number | np.generic):
        if expected.size == 1:
            return _wrong_kind(f"an array of shape {expected.shape}", got)
        return _wrong_kind(kind, got, "Was everything added up to one number?")
    return _wrong_kind(kind, got)


def _made_of(
    expected: np.ndarray, array: np.ndarray | None, terms: Terms, got: Any, remedy: str
) -> Difference:
    """Name a remedy where it leads to an array of the expected shape."""
    if array is None or array.shape != expected.shape:
        return _wrong_kind(f"an array of shape {expected.shape}", got)
    right = _array_difference(expected, array, replace(terms, dtype="any")) is None
    return _wrong_kind("an array", got, remedy, "form" if right else "type")


def _as_array(value: Any) -> np.ndarray | None:
    """Return the array that ``np.array`` makes of lists of numbers, or None."""
    try:
        array = np.array(value)
    except (ValueError, TypeError, OverflowError):  # rows of different lengths
        return None
    return array if array.dtype.kind in "biuf" else None


def _no_numbers(expected: np.ndarray, got: np.ndarray, terms: Terms) -> Difference:
    """Say how to get at the numbers of an array of another kind."""
    if got.dtype.kind == "c":
        what, convert = "complex numbers", ".real"
        real = got.real if not np.abs(got.imag).max(initial=0) > terms.atol else None
    else:
        what = {"O": "Python objects", "U": "texts", "S": "bytes"}.get(got.dtype.kind, "no numbers")
        convert = ".astype(float)"
        try:
            real = got.astype(float)
        except Exception:  # what an object array holds may misbehave
            real = None
    text = f"The entries are {what} (dtype {got.dtype}); expected numbers ({expected.dtype})."
    if real is None or _array_difference(expected, real, replace(terms, dtype="any")) is not None:
        return Difference("type", text)
    return Difference("form", f"{text} `{convert}` makes numbers of them.")


def _shape_remark(expected: np.ndarray, got: np.ndarray) -> str:
    if got.ndim != expected.ndim:
        axes = {0: "no axis", 1: "1 axis"}.get(got.ndim, f"{got.ndim} axes")
        return f" It has {axes} instead of {expected.ndim}."
    if sorted(got.shape) == sorted(expected.shape):
        return " The axes are in another order."
    off = [
        f"axis {axis} is {abs(g - d)} too {'long' if g > d else 'short'}"
        for axis, (g, d) in enumerate(zip(got.shape, expected.shape, strict=True))
        if g != d
    ]
    return f" {sentence(' and '.join(off))}"


def sentence(text: str) -> str:
    """Return a text with a capital in front and a full stop, and all names in it as they are."""
    return f"{text[:1].upper()}{text[1:]}."


# In words and tables


def describe_kind(value: Any) -> str:
    """Name the kind of a value, and of a short one also what it is: "the number 3"."""
    value = value if is_a(value, Foreign) else plain(value)
    if isinstance(value, Foreign):
        return value.kind
    if isinstance(value, bool | np.bool_):
        return f"the truth value {value}"
    if isinstance(value, numbers.Number):
        return f"the number {show(value)}"
    if isinstance(value, str):
        return f"the text {show(value)}"
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return "None" if value is None else show(value)


def show(value: Any) -> str:
    """Return a value as a reader would write it: numbers without trailing digits of noise."""
    return _shown(value if is_a(value, Foreign) else plain(value))


def _shown(value: Any) -> str:
    if isinstance(value, np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return _digits(int(value))
    if isinstance(value, np.floating | float):
        text = _number(float(value))
        return f"{text}.0" if text.lstrip("-").isdigit() else text  # a float looks like one
    if isinstance(value, np.ndarray):
        return f"array {value.shape}"
    if isinstance(value, Foreign):
        return value.kind.removeprefix("the function ").removeprefix("the class ")
    if isinstance(value, tuple):
        inside = ", ".join(_shown(item) for item in value)
        return f"({inside},)" if len(value) == 1 else cut(f"({inside})", MAX_TEXT)
    if isinstance(value, list):
        return cut(f"[{', '.join(_shown(item) for item in value)}]", MAX_TEXT)
    if isinstance(value, dict):
        inside = ", ".join(f"{_shown(k)}: {_shown(v)}" for k, v in value.items())
        return cut(f"{{{inside}}}", MAX_TEXT)
    if value is ...:
        return "..."
    if isinstance(value, np.generic):
        return cut(str(value), MAX_SHOWN)
    return repr(cut(value, MAX_SHOWN)) if isinstance(value, str) else cut(repr(value), MAX_SHOWN)


def _digits(value: int) -> str:
    if abs(value) < 10**30:
        return str(value)
    return f"a number of about {int(math.log10(abs(value))) + 1} digits"


def table(
    value: Any,
    differs_from: Any = None,
    terms: Terms | None = None,
    names: Sequence[str] = (),
) -> str:
    """Return a value as an aligned table. Entries that differ from another are in brackets.

    names : of several results, where they have names and none is missing
    """
    if isinstance(value, tuple | list) and any(isinstance(v, np.ndarray) for v in value):
        others = (
            differs_from
            if isinstance(differs_from, tuple | list) and len(differs_from) == len(value)
            else [None] * len(value)
        )
        if len(names) != len(value):
            names = [f"entry {number + 1}" for number in range(len(value))]
        return "\n".join(
            f"{name}\n{table(one, other, terms)}"
            for name, one, other in zip(names, value, others, strict=True)
        )
    if not isinstance(value, np.ndarray) or value.ndim == 0 or value.dtype.kind not in "biuf":
        return cut(show(_without_axes(value)), MAX_TEXT)
    wrong = None
    if isinstance(differs_from, np.ndarray) and differs_from.shape == value.shape:
        wrong = ~(terms or Terms()).close(differs_from, value)
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
    whole = abs(value) < 1e15 and value == int(value) if math.isfinite(value) else False
    text = f"{value:.0f}" if whole else f"{value:.6g}"
    return "0" if text == "-0" else text


def printed_result(printed: str, expected: Any) -> bool:
    """Return whether a print shows the expected numbers one after the other.

    It may be rounded, and cut off behind the first ones.
    """
    shown = [float(one) for one in re.findall(NUMBER, printed)]
    looked_for = _flat(expected)
    size = len(looked_for)
    if len(printed) > PRINTED_CHARACTERS:
        size = min(size, 10)
    return size > 0 and any(
        all(
            math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-6)
            for one, other in zip(shown[start:], looked_for[:size], strict=False)
        )
        for start in range(len(shown) - size + 1)
    )


def _flat(value: Any) -> list[float]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return [number for one in value for number in _flat(one)]
    if isinstance(value, np.ndarray):
        return [float(one) for one in value.ravel()]
    return [float(value)] if isinstance(value, numbers.Real) else []
