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

from cnnlib.course.judge.compare import Terms, difference, show
from cnnlib.course.judge.run import Call, Outcome

NEARLY = 1e-3  # numbers that agree so far look equal in a table
ENOUGH = 5  # cases on either side before they count as a rule
PHOTOGRAPHS = ("image", "photo")  # arguments of these names are (H, W, C), not (C, H, W)


@dataclass(frozen=True)
class Trial:
    """A call, and the result expected of it.

    region : in words, what the call has in common with some others, where it was chosen for that
    """

    call: Call
    expected: Any
    by_hand: bool = False
    region: str = ""

    def terms(self, rtol: float, dtype: str) -> Terms:
        """Return what counts as equal here: of float32, no more can be asked than it holds."""
        given = (*self.call.args, *self.call.kwargs.values())
        single = any(isinstance(one, np.ndarray) and one.dtype == np.float32 for one in given)
        return Terms(rtol=rtol, dtype=dtype, single=single)


@dataclass(frozen=True)
class Mistake:
    """A classic wrong answer, and the words for a reader who makes it.

    seen : whether the source of an answer shows what the diagnosis says; None where it is unknown
    otherwise : the words where it does not; without any, the mistake is then not recognised
    """

    diagnosis: str
    function: Callable[..., Any]
    seen: Callable[[Any], bool | None] | None = None
    otherwise: str = ""

    def says(self, answer: Any) -> str:
        """Return the words for an answer that gives the same results, or ""."""
        known = self.seen is None or self.seen(answer)
        return self.diagnosis if known else self.otherwise


def same_outcome(mistaken: Outcome, outcome: Outcome, terms: Terms) -> bool:
    """Return whether a mistake and an answer give the same result in one case, dtypes aside.

    Where one of them raises, the other must raise the same kind of error, in the same words.
    """
    if mistaken.returned != outcome.returned:
        return False
    if not outcome.returned:
        return type(mistaken.error) is type(outcome.error) and same_wording(mistaken, outcome)
    found = difference(mistaken.value, outcome.value, terms=terms)
    return found is None or found.kind == "dtype"


def same_wording(one: Outcome, other: Outcome) -> bool:
    """Return whether two exceptions say the same, numbers and quoted names aside."""

    def wording(outcome: Outcome) -> str:
        return re.sub(r"'[^']*'|\d+", "", outcome.message)

    return wording(one) == wording(other)


def part(whole: Any, name: str, names: Sequence[str]) -> Any:
    """Return one of several results by its name, or None where it is not there."""
    if isinstance(whole, dict):
        return next((value for key, value in whole.items() if str(key) == name), None)
    several = isinstance(whole, tuple | list) or (isinstance(whole, np.ndarray) and whole.ndim)
    if several and name in names and names.index(name) < len(whole):
        return whole[names.index(name)]
    return None


def pattern(number: int, trials: Sequence[Trial], outcomes: Sequence[Outcome], rtol: float) -> str:
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
        value = _bare(firsts.pop())
        if scalar:
            return f"It gives {value} whatever the arguments are."
        if value == "0":
            return "Every entry of the result is 0. Is anything ever written into it?"
        return f"Every entry of the result is {value}, whatever the input is."
    expected, got = pairs[number]
    if not np.isfinite(got).all() and np.isfinite(expected).all():
        return "Some entries are not finite (nan or inf)." if got.size > 1 else ""
    if nearly := _nearly(pairs):
        return nearly
    for holds, sentence in _rules(pairs, Terms(rtol=rtol)):
        if holds:
            return sentence
    return ""


def _rules(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], terms: Terms
) -> Iterator[tuple[bool, str]]:
    def always(function: Callable[[np.ndarray], np.ndarray | None]) -> bool:
        for expected, got in pairs:
            other = function(expected)
            if other is None or other.shape != got.shape or not terms.close(other, got).all():
                return False
        return True

    yield always(lambda expected: -expected), "Every number has the wrong sign."
    flat_expected = np.concatenate([expected.ravel() for expected, _ in pairs])
    flat_got = np.concatenate([got.ravel() for _, got in pairs])
    if not flat_expected.size:
        return
    largest = np.abs(flat_expected).argmax()
    if flat_expected[largest]:
        factor = flat_got[largest] / flat_expected[largest]
        yield (
            factor != 0 and always(lambda expected: factor * expected),
            f"Every number is {_bare(factor)} times the expected one.",
        )
    offset = flat_got[0] - flat_expected[0]
    yield (
        always(lambda expected: expected + offset),
        f"Every number is {_bare(abs(offset))} too {'large' if offset > 0 else 'small'}.",
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


def _nearly(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> str:
    """Say by how much numbers are off that a table would show as equal."""
    terms = Terms(rtol=NEARLY, atol=0)
    if not all(terms.close(expected, got).all() for expected, got in pairs):
        return ""
    off = max(
        float(np.abs(expected - got).max() / np.abs(expected).max())
        for expected, got in pairs
        if expected.size and np.abs(expected).max() > 0
    )
    return (
        f"The numbers are nearly right: off by up to {off:.0e} of the largest. Is something "
        "rounded on the way, or a small constant added?"
    )


def _bare(value: float) -> str:
    """Return a number as it is spoken of: 4 and not 4.0."""
    return show(float(value)).removesuffix(".0")


def where_it_fails(
    function: Callable[..., Any], trials: Sequence[Trial], wrong: Sequence[bool]
) -> str:
    """Return which property of the arguments separates wrong cases from right ones, or ""."""
    facts = [_facts(function, trial.call) for trial in trials]
    best: tuple[int, int, str] | None = None
    for name in dict.fromkeys(name for one in facts for name in one):
        inside = [is_wrong for one, is_wrong in zip(facts, wrong, strict=True) if one.get(name)]
        outside = [
            is_wrong for one, is_wrong in zip(facts, wrong, strict=True) if not one.get(name)
        ]
        if len(outside) < ENOUGH or any(outside) or len(inside) < ENOUGH:
            continue
        failed, of = sum(inside), len(inside)
        if 2 * failed >= of and (best is None or failed / of > best[0] / best[1]):
            best = (failed, of, name)
    best = best or _region(trials, wrong)
    if best is None:
        return ""
    failed, of, name = best
    some = f" (in {failed} of {of} such cases)" if failed < of else ""
    return f"It goes wrong only where {name}{some}; all other cases are right."


def _region(trials: Sequence[Trial], wrong: Sequence[bool]) -> tuple[int, int, str] | None:
    """Return the region in which all wrong cases lie, where there is one."""
    regions = {trial.region for trial, is_wrong in zip(trials, wrong, strict=True) if is_wrong}
    if len(regions) != 1 or "" in regions or len(trials) - sum(wrong) < ENOUGH:
        return None
    (name,) = regions
    return sum(wrong), sum(trial.region == name for trial in trials), name


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
            grey_images = value.ndim == 3 and name == "images"
            if value.ndim == 4 or grey_images:
                facts[f"`{name}` holds more than one image"] = value.shape[0] > 1
            if value.ndim == 3 and name in PHOTOGRAPHS:
                facts[f"`{name}` is not square"] = value.shape[0] != value.shape[1]
                continue
            if value.ndim in (3, 4) and not grey_images:
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
    if isinstance(value, int) and abs(value) > 10**300:  # no float is as large
        return False
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
