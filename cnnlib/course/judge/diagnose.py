"""Find out what is wrong with an answer from how it fails.

It looks, in this order, for a classic mistake that fails in exactly the same way, for a pattern in
the numbers, such as a sign, and for the arguments that cause it. If none of these helps, it shows
the smallest failing case.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnlib.course.judge.compare import difference, show
from cnnlib.course.judge.run import Call, Outcome

ENOUGH = 5  # cases on either side before they count as a rule
PHOTOGRAPHS = ("image", "photo")  # arguments of these names are (H, W, C), not (C, H, W)


@dataclass(frozen=True)
class Trial:
    """A call, and the result expected of it."""

    call: Call
    expected: Any
    by_hand: bool = False


@dataclass(frozen=True)
class Mistake:
    """A classic wrong answer, and the words for a reader who makes it."""

    diagnosis: str
    function: Callable[..., Any]


def same_outcome(mistaken: Outcome, outcome: Outcome, rtol: float) -> bool:
    """Return whether a mistake and an answer give the same result in one case, dtypes aside.

    Where one of them raises, the other must raise the same kind of error.
    """
    if mistaken.returned != outcome.returned:
        return False
    if not outcome.returned:
        return type(mistaken.error) is type(outcome.error)
    found = difference(mistaken.value, outcome.value, rtol=rtol)
    return found is None or found.kind == "dtype"


def same_wording(one: Outcome, other: Outcome) -> bool:
    """Return whether two exceptions say the same, numbers and quoted names aside."""

    def wording(outcome: Outcome) -> str:
        return re.sub(r"'[^']*'|\d+", "", str(outcome.error))

    return wording(one) == wording(other)


def explain_error(outcome: Outcome) -> str:
    """Return in words which exception arose, where, and what it usually means."""
    error = outcome.error
    kind = type(error).__name__
    place = f" in {outcome.line}" if outcome.line else ""
    message = str(error).strip().rstrip(".") or "no message"
    text = f"It raised {kind}{place}: {message}."
    remark = next((why for part, why in MESSAGES if part in message), "")
    remark = remark or next((why for known, why in REMARKS if isinstance(error, known)), "")
    return f"{text} {remark}".strip()


REMARKS: tuple[tuple[type[BaseException], str], ...] = (
    (IndexError, "An index is past the end: how many positions are there, counted from 0?"),
    (UnboundLocalError, "A name is used before it gets a value: does it start at 0 somewhere?"),
    (NameError, "A name is spelt differently from where it was made, or was never made."),
    (ZeroDivisionError, "Something is divided by zero: which count can be 0 there?"),
    (RecursionError, "The function calls itself without end."),
    (NotImplementedError, "That part is still to be written."),
    (OverflowError, "A number does not fit: bytes (`uint8`) reach from 0 to 255, floats to 1e308."),
    (SystemExit, "Leave out `exit`: a function ends with `return`."),
)


MESSAGES: tuple[tuple[str, str], ...] = (
    # Before the next one: NumPy names both in one message, and this is what went wrong.
    ("inhomogeneous", "The rows have different lengths, so they do not form an array."),
    (
        "setting an array element with a sequence",
        "A whole row was given where one number belongs: is an index missing?",
    ),
    (
        "only integers, slices",
        "An index must be a whole number: is a float, or an array of floats, used as one?",
    ),
    (
        "must be of integer",
        "An index must be a whole number: is a float, or an array of floats, used as one?",
    ),
    ("math domain error", "The logarithm of 0, or of a negative number, does not exist."),
    (
        "truth value of an array",
        "Python's own `max`, `min` and `if` take single values. For the largest entry of an array "
        "write `x.max()`; to ask whether an argument was given, `if bias is not None`.",
    ),
    ("cannot be interpreted as an integer", "A size must be whole: divide with `//`."),
    (
        "could not be broadcast",
        "Two arrays of different shapes meet. Print both shapes right before that line.",
    ),
    (
        "values to unpack",
        "There must be as many names on the left of the `=` as values on the right. Print the "
        "right side: how many are there?",
    ),
    (
        "'int' and 'tuple'",
        "A pair is used like one number. Take it apart first: `down, across = pair`.",
    ),
    (
        "unsupported operand type(s) for +: 'NoneType'",
        "A name holds None: was the argument not given, or does a function lack its `return`?",
    ),
)


def part(whole: Any, name: str, names: Sequence[str]) -> Any:
    """Return one of several results by its name, or None where it is not there."""
    if isinstance(whole, dict):
        return next((value for key, value in whole.items() if str(key) == name), None)
    if isinstance(whole, tuple | list) and name in names and names.index(name) < len(whole):
        return whole[names.index(name)]
    return None


def pattern(number: int, trials: Sequence[Trial], outcomes: Sequence[Outcome]) -> str:
    """Return a sentence about a rule that the wrong numbers follow in every case, or "".

    number : the case that the reader will see
    """
    values = [outcome.value for outcome in outcomes if outcome.returned]
    if values and all(isinstance(value, bool | str) and value == values[0] for value in values):
        return f"It gives {show(values[0])} whatever the arguments are."
    pairs = [
        (np.asarray(trial.expected, float), np.asarray(outcome.value, float))
        for trial, outcome in zip(trials, outcomes, strict=True)
        if outcome.returned and _numeric(trial.expected) and _numeric(outcome.value)
    ]
    if len(pairs) < len(outcomes) or any(expected.shape != got.shape for expected, got in pairs):
        return ""
    scalar = all(expected.ndim == 0 for expected, _ in pairs)
    firsts = {float(got.flat[0]) for _, got in pairs if got.size}
    constant = len(firsts) == 1 and all((got == got.flat[0]).all() for _, got in pairs if got.size)
    if constant and any(expected.size > 1 or scalar for expected, _ in pairs):
        value = show(firsts.pop())
        if scalar:
            return f"It gives {value} whatever the arguments are."
        if value == "0":
            return "Every entry of the result is 0: nothing is ever written into it."
        return f"Every entry of the result is {value}, whatever the input is."
    expected, got = pairs[number]
    if not np.isfinite(got).all() and np.isfinite(expected).all():
        return "Some entries are not finite (nan or inf)."
    for holds, sentence in _rules(pairs):
        if holds:
            return sentence
    return ""


def _rules(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterator[tuple[bool, str]]:
    def always(function: Callable[[np.ndarray], np.ndarray | None]) -> bool:
        for expected, got in pairs:
            other = function(expected)
            if other is None or other.shape != got.shape or not np.allclose(other, got, atol=1e-9):
                return False
        return True

    yield always(lambda expected: -expected), "Every number has the wrong sign."
    flat_expected = np.concatenate([expected.ravel() for expected, _ in pairs])
    flat_got = np.concatenate([got.ravel() for _, got in pairs])
    largest = np.abs(flat_expected).argmax()
    if flat_expected[largest]:
        factor = flat_got[largest] / flat_expected[largest]
        yield (
            factor != 0 and always(lambda expected: factor * expected),
            f"Every number is {show(float(factor))} times the expected one.",
        )
    offset = flat_got[0] - flat_expected[0]
    yield (
        always(lambda expected: expected + offset),
        f"Every number is {show(float(abs(offset)))} too {'large' if offset > 0 else 'small'}.",
    )
    yield always(np.trunc), "Every number is cut off to a whole one."
    if all(expected.ndim >= 2 for expected, _ in pairs):
        yield (
            always(lambda expected: expected.swapaxes(-1, -2)),
            "Rows and columns are exchanged.",
        )
        yield (
            always(lambda expected: expected[..., ::-1, ::-1]),
            "The result is rotated by half a turn.",
        )


def where_it_fails(
    function: Callable[..., Any], trials: Sequence[Trial], wrong: Sequence[bool]
) -> str:
    """Return which property of the arguments separates wrong cases from right ones, or ""."""
    facts = [_facts(function, trial.call) for trial in trials]
    best: tuple[float, str] | None = None
    for name in dict.fromkeys(name for one in facts for name in one):
        inside = [is_wrong for one, is_wrong in zip(facts, wrong, strict=True) if one.get(name)]
        outside = [
            is_wrong for one, is_wrong in zip(facts, wrong, strict=True) if not one.get(name)
        ]
        if len(outside) < ENOUGH or any(outside) or len(inside) < ENOUGH:
            continue
        share = sum(inside) / len(inside)
        if share >= 0.5 and (best is None or share > best[0]):
            best = (share, name)
    if best is None:
        return ""
    return f"It goes wrong only where {best[1]}; all other cases are right."


def _facts(function: Callable[..., Any], call: Call) -> dict[str, bool]:
    """Return statements about the arguments of a call, and whether each is true."""
    facts: dict[str, bool] = {}
    try:
        signature = inspect.signature(function)
        bound = signature.bind(*call.args, **call.kwargs)
    except (TypeError, ValueError):
        return facts
    bound.apply_defaults()
    for name, value in bound.arguments.items():
        default = signature.parameters[name].default
        if isinstance(value, np.ndarray):
            if "weight" in name and value.ndim == 4:
                facts[f"`{name}` holds more than one filter"] = value.shape[0] > 1
                facts[f"`{name}` has more than one kernel in a filter"] = value.shape[1] > 1
                facts[f"`{name}` has kernels that are not square"] = (
                    value.shape[-1] != value.shape[-2]
                )
                continue
            if value.ndim == 4:
                facts[f"`{name}` holds more than one image"] = value.shape[0] > 1
            if value.ndim == 3 and name in PHOTOGRAPHS:
                facts[f"`{name}` is not square"] = value.shape[0] != value.shape[1]
                continue
            if value.ndim in (3, 4):
                facts[f"`{name}` has more than one channel"] = value.shape[-3] > 1
            if value.ndim >= 2:
                facts[f"`{name}` is not square"] = value.shape[-1] != value.shape[-2]
            if value.dtype.kind == "f":
                facts[f"`{name}` holds float32"] = value.dtype == np.float32
                facts[f"`{name}` has negative entries"] = bool((value < 0).any())
        elif value is None or isinstance(value, bool):
            facts[f"`{name}` is {value}"] = True
        if default is inspect.Parameter.empty or isinstance(default, np.ndarray):
            if isinstance(value, int) and not isinstance(value, bool):
                facts[f"`{name}` is not 1"] = value != 1
                facts[f"`{name}` is even"] = value % 2 == 0
                facts[f"`{name}` is negative"] = value < 0
        elif default is None:
            facts[f"`{name}` is given"] = value is not None
        else:
            facts[f"`{name}` is not {show(default)}"] = bool(value != default)
    return facts


def _numeric(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
