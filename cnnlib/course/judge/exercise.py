"""Exercises that judge an answer, and say what is wrong with it and why.

An exercise is declared once: its facts, its hand values, a source of random cases, the classic
mistakes with their diagnoses, hints, and the solution, whose source is what the reader is shown.
There are three kinds. A `Coding` exercise takes a function or a class, a `Prediction` takes a
value, and a `Project` takes whatever its own judge can measure, such as a trained network.
"""

from __future__ import annotations

import inspect
import re
import textwrap
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from cnnlib.course.chapters import chapter_of
from cnnlib.course.judge import diagnose, record, remarks, source
from cnnlib.course.judge.compare import (
    RIGHT_BUT,
    Difference,
    Terms,
    describe_kind,
    difference,
    printed_result,
    show,
    table,
)
from cnnlib.course.judge.diagnose import Mistake, Trial
from cnnlib.course.judge.plain import Foreign, is_a, text_of, type_name
from cnnlib.course.judge.run import Call, Outcome, run
from cnnlib.course.judge.session import orderly, overwritten
from cnnlib.course.judge.show import Hint, Solution, Table, Verdict, as_html, as_text

RANDOM_CASES = 200
SECONDS_PER_CALL = 10.0
SECONDS_PER_CHECK = 120.0

Function = TypeVar("Function", bound=Callable[..., Any])
Hand = tuple[Call, Any]
Judge = Callable[[Any], str | tuple[str | Table, ...] | None]


class Exercise(ABC):
    """What all exercises have: a title, a difficulty, minutes, hints and a solution.

    Its name in the chapter is the name under which it is declared. The reader's own function or
    value is called ``my_`` and that name. That is the *answer*, which `check` judges; the course's
    own, which passes, is the *model answer*.
    """

    def __init__(
        self,
        chapter: ExerciseSet,
        name: str,
        title: str,
        *,
        level: int,
        minutes: int,
        hints: Sequence[str],
    ) -> None:
        if level not in (1, 2, 3):
            raise ValueError(f"{name}: the level is 1, 2 or 3, not {level!r}")
        if not 2 <= len(hints) <= 3:
            raise ValueError(f"{name}: give two or three hints, not {len(hints)}")
        self.chapter = chapter
        self.name = name
        self.title = title
        self.level = level
        self.minutes = minutes
        self.hints = tuple(hints)
        self._hints_given = 0

    @property
    def reader_name(self) -> str:
        """The name that the reader gives to the answer."""
        return self.name if self.name.startswith("my_") else f"my_{self.name}"

    def check(self, answer: Any = ...) -> Verdict:
        """Judge an answer: ○ not attempted, ✗ with the diagnosis, or ✓."""
        with orderly():
            verdict = self.judge(answer)
            note = record.record(self.key) if verdict.passed else ""
        return replace(verdict, details=(*verdict.details, note)) if note else verdict

    @property
    def key(self) -> str:
        """The name of the exercise in the record of progress."""
        return f"{self.chapter.name}.{self.name}"

    def hint(self, number: int | None = None) -> Hint:
        """Return the next hint, or the one with the given number, counted from 1."""
        if number is None:
            number = min(self._hints_given + 1, len(self.hints))
        whole = is_a(number, int) and not is_a(number, bool)
        if not whole or number not in range(1, len(self.hints) + 1):
            raise ValueError(
                f"hint: the hints of {self.name} are numbered from 1 to {len(self.hints)}, "
                f"but {show(number)} was asked for"
            )
        self._hints_given = max(self._hints_given, number)
        return Hint(self.name, number, len(self.hints), self.hints[number - 1])

    @abstractmethod
    def solution(self) -> Solution:
        """Return the solution as code to read, and to paste."""

    def judge(self, answer: Any) -> Verdict:
        """Judge an answer as `check` does, and record nothing."""
        with orderly():
            try:
                return self._judge(answer)
            except Exception as fault:
                # The reader's own exceptions are caught where the answer is called: this is ours.
                kind, text = type_name(fault), text_of(fault)
                return self._open(
                    f"The check itself failed, with {kind}: {text}. That says nothing about your "
                    "answer. Restart the kernel and try again."
                )

    @abstractmethod
    def _judge(self, answer: Any) -> Verdict:
        """Judge an answer, in an orderly session."""

    def _open(self, text: str, *details: str | Table) -> Verdict:
        return Verdict("todo", self.name, text, tuple(details), "could not be judged")

    def _todo(self, text: str) -> Verdict:
        return Verdict("todo", self.name, text)

    def _wrong(self, diagnosis: str, *details: str | Table) -> Verdict:
        return Verdict("wrong", self.name, diagnosis, tuple(details))

    def _right(self, text: str, *details: str | Table) -> Verdict:
        return Verdict("right", self.name, text, tuple(details))

    def _facts(self) -> tuple[str, tuple[str, ...]]:
        headline = f"{self.name}: {self.title}"
        return headline, (
            f"{record.stars(self.level)}, about {self.minutes} "
            f"minute{'s' if self.minutes > 1 else ''}",
            f"`.check({self.reader_name})` judges your answer, `.hint()` helps in "
            f"{len(self.hints)} steps, `.solution()` shows one way to do it.",
        )

    def __repr__(self) -> str:
        return as_text(*self._facts())

    def _repr_html_(self) -> str:
        return as_html(*self._facts(), "var(--jp-border-color1, #9e9e9e)")


class Prediction(Exercise):
    """An exercise whose answer is a value: a shape, a count, a small array.

    Parameters beyond those of `Exercise`
    -------------------------------------
    expected : the right value
    mistakes : (value, diagnosis) for each wrong answer that is worth naming
    why : a sentence or two that explain the right answer, shown once it is given
    tolerance : how far off a float may be, relative to its size
    """

    def __init__(
        self,
        *args: Any,
        expected: Any,
        mistakes: Iterable[tuple[Any, str]],
        why: str,
        tolerance: float = 1e-6,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.mistakes = tuple(mistakes)
        self.why = why
        self.tolerance = tolerance

    @property
    def model_answer(self) -> Any:
        return self.expected

    def solution(self) -> Solution:
        value = self.expected
        text = f"np.array({value.tolist()})" if isinstance(value, np.ndarray) else show(value)
        if isinstance(value, float):
            text = repr(value)
        return Solution(self.name, f"{self.reader_name} = {text}", self.why)

    def _judge(self, answer: Any) -> Verdict:
        if answer is ...:
            return self._todo(f"Replace the three dots: `{self.reader_name} = ...`")
        if callable(answer):
            return self._wrong(
                f"Expected a value, got {describe_kind(answer)}. Call it, or write down what it "
                "returns."
            )
        # What a conversion runs of the reader's own may raise, or never end.
        given = run(lambda: answer, Call(()), SECONDS_PER_CALL)
        answer = self._like_expected(given.value)
        found = self._differs(self.expected, answer)
        if found is None:
            return self._right(self.why)
        for value, diagnosis in self.mistakes:
            if self._differs(value, answer) is None:
                return self._wrong(diagnosis)
        if found.kind == "none":
            return self._wrong("None is not an answer yet. Put your prediction there.")
        if isinstance(self.expected, np.ndarray) and isinstance(answer, np.ndarray):
            return self._wrong(found.text, "Got:", Table(table(answer)))
        if found.kind != "value":  # says what kind of value is expected, not which one
            return self._wrong(found.text)
        if _is_number(self.expected) and _is_number(answer):
            return self._wrong(f"{self._side(self.expected, answer)}. `.hint()` helps.")
        text = f"{show(answer)} is not it"
        if isinstance(self.expected, tuple) and all(map(_is_number, (*self.expected, *answer))):
            sides = map(self._side, self.expected, answer)
            text += f": {', '.join(sides)}"
        return self._wrong(f"{text}. `.hint()` helps.")

    def _side(self, expected: float, number: float) -> str:
        """Say on which side of the expected number another one lies."""
        if self._differs(expected, number) is None:
            return f"{show(number)} is right"
        if number != number:
            return f"{show(number)} is not a number"
        return f"{show(number)} is too {'large' if number > expected else 'small'}"

    def _like_expected(self, answer: Any) -> Any:
        """Take a list for a tuple, nested lists for an array, 48.0 for 48: it is a value."""
        if is_a(answer, Foreign) and answer.array is not None:
            answer = answer.array
        if isinstance(self.expected, np.ndarray):
            return _as_numbers(answer)
        if isinstance(self.expected, tuple) and isinstance(answer, tuple | list | np.ndarray):
            if np.ndim(answer) == 0 and isinstance(answer, np.ndarray):
                return answer[()]
            return tuple(map(_as_whole, answer))
        return _as_whole(answer) if isinstance(self.expected, int) else answer

    def _differs(self, expected: Any, answer: Any) -> Difference | None:
        return difference(expected, answer, rtol=self.tolerance)


def _as_whole(value: Any) -> Any:
    """Take 4.0, Fraction(4) and the like for 4, and NumPy's numbers for Python's."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float | Fraction | Decimal) and value == value // 1:
        return int(value)
    return value


def _as_numbers(value: Any) -> Any:
    """Take nested lists, and objects that are numbers, for an array."""
    try:
        array = np.array(value) if isinstance(value, list | tuple) else value
        if isinstance(array, np.ndarray) and array.dtype == object:
            array = array.astype(float)
    except (ValueError, TypeError, OverflowError):  # rows of different lengths
        return value
    return array


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


class Coding(Exercise):
    """An exercise whose answer is a function, or a class, tried on hand values and random cases.

    Parameters beyond those of `Exercise`
    -------------------------------------
    solution : the function that solves it, whose source is shown; its docstring says what to do
    cases : makes the arguments of one random call from a generator
    oracle : returns the expected result for the same arguments; by default the solution
    hand : (call, expected result) for values worked out by hand, which are tried first
    call : how to use an answer, where that is not ``answer(*arguments)``: a class, say
    call_source : how such a use is written, where it is not the call of a function
    parts : names of the results, where there are several: ``("dx", "dweight", "dbias")``
    regions : calls that are tried besides the random ones, under what they have in common
    dtype : whether an array may have "any" dtype, one of the same "kind", or only the "same"
    rtol : how far off a float may be, relative to the largest one expected
    count : how many random cases are tried
    seconds : how long one call may take
    """

    def __init__(
        self,
        *args: Any,
        solution: Callable[..., Any],
        cases: Callable[[np.random.Generator], Call],
        oracle: Callable[..., Any] | None = None,
        hand: Sequence[Hand] = (),
        call: Callable[..., Any] | None = None,
        call_source: str = "",
        parts: Sequence[str] = (),
        regions: Mapping[str, Sequence[Call]] | None = None,
        dtype: str = "any",
        rtol: float = 1e-6,
        count: int = RANDOM_CASES,
        seconds: float = SECONDS_PER_CALL,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.model_answer = solution
        self.mistakes: list[Mistake] = []
        self._cases = cases
        self._oracle = oracle or (lambda *a, **k: self._use(solution)(*a, **k))
        self._hand = tuple(hand)
        self._call = call
        self._call_source = call_source
        self._parts = tuple(parts)
        self._regions = dict(regions or {})
        self.dtype = dtype
        self._rtol = rtol
        self._count = count
        self._seconds = seconds
        self._kept: list[Trial] = []
        self._mistaken: dict[int, list[Outcome]] = {}

    def mistake(
        self,
        diagnosis: str,
        *,
        seen: Callable[[Any], bool | None] | None = None,
        otherwise: str = "",
    ) -> Callable[[Function], Function]:
        """Register a classic wrong answer, with the words for a reader who makes it.

        seen : asks the source of an answer whether the words are true of it (see `source`)
        otherwise : the words where they are not, or where there is no source
        """

        def register(function: Function) -> Function:
            self.mistakes.append(Mistake(diagnosis, function, seen, otherwise))
            return function

        return register

    def solution(self) -> Solution:
        return Solution(self.name, _source(self.model_answer, self.name, self.reader_name))

    @property
    def trials(self) -> list[Trial]:
        """Every call that is tried, with its result: hand values, then random cases by size."""
        if not self._kept:
            with orderly():
                self._kept = self._all_trials()
        return self._kept

    def _all_trials(self) -> list[Trial]:
        rng = np.random.default_rng(zlib.crc32(self.key.encode()))
        calls = [(call, name) for name, some in self._regions.items() for call in some]
        calls += [(self._cases(rng), "") for _ in range(self._count)]
        calls.sort(key=lambda pair: pair[0].size())
        trials = [Trial(call, value, by_hand=True) for call, value in self._hand]
        for call, region in calls:
            given = call.copy()
            expected = self._oracle(*given.args, **given.kwargs)
            trials.append(Trial(call, expected, region=region))
        return trials

    def _use(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function that is called with the arguments of a case."""
        if self._call is None:
            return answer
        call = self._call

        def use(*args: Any, **kwargs: Any) -> Any:
            return call(answer, *args, **kwargs)

        use.__wrapped__ = answer  # type: ignore[attr-defined]  # errors are traced to its source
        use.__signature__ = _without_first(inspect.signature(call))  # type: ignore[attr-defined]
        return use

    def _judge(self, answer: Any) -> Verdict:
        kind = "class" if isinstance(self.model_answer, type) else "function"
        if answer is ...:
            return self._todo(f"Write the {kind} `{self.reader_name}`, then hand it over.")
        if not callable(answer):
            return self._wrong(
                f"Expected the {kind} itself, got {describe_kind(answer)}. Hand over its name, "
                f"without parentheses: `.check({self.reader_name})`."
            )
        if kind == "class" and not is_a(answer, type):
            return self._wrong(
                f"Expected a class, got {describe_kind(answer)}. Hand over the name of the class: "
                f"`.check({self.reader_name})`."
            )
        if self._call is None and (problem := self._signature_problem(answer)):
            return self._wrong(problem)
        outcomes = self._try(answer)
        if outcomes[0].returned and _is_stub(outcomes[0].value):
            return self._todo(f"`{self.reader_name}` still returns the three dots. Write its body.")
        return self._verdict(outcomes, answer)

    def _signature_problem(self, answer: Callable[..., Any]) -> str:
        trials = self.trials
        try:
            signature = inspect.signature(answer)
            names = list(signature.parameters)
        except Exception:  # some compiled functions have none, and some objects misbehave
            return ""
        expected = inspect.signature(self.model_answer)
        expected_names = list(expected.parameters)
        if names != expected_names and sorted(names) == sorted(expected_names):
            return (
                f"Its arguments are in another order: `({', '.join(names)})`, but it is called "
                f"with `({', '.join(expected_names)})`."
            )
        for trial in trials:  # some leave out what others give
            if not _binds(signature, trial.call):
                return (
                    f"It is called as `{self.reader_name}{_plain(expected)}`, but yours takes "
                    f"`{_plain(signature)}`. Keep the arguments that the exercise gives."
                )
        return ""

    def _try(self, answer: Callable[..., Any]) -> list[Outcome]:
        """Call the answer with each case in turn; stop where going on would only take time."""
        outcomes: list[Outcome] = []
        start = time.monotonic()
        for trial in self.trials:
            outcome = run(self._use(answer), trial.call, self._seconds)
            outcomes.append(outcome)
            if outcome.timed_out or (len(outcomes) == 1 and _is_stub(outcome.value)):
                break
            if time.monotonic() - start > SECONDS_PER_CHECK:
                break
        return outcomes

    def _terms(self, trial: Trial) -> Terms:
        """Return what counts as equal in one case, for the verdict, the mistakes and the tables."""
        return trial.terms(self._rtol, self.dtype)

    def _differs(self, trial: Trial, outcome: Outcome) -> Difference | None:
        return difference(
            trial.expected, outcome.value, terms=self._terms(trial), parts=self._parts
        )

    def _verdict(self, outcomes: list[Outcome], answer: Any = None) -> Verdict:
        trials = self.trials[: len(outcomes)]
        wrong = self._first_wrong(trials, outcomes)
        if wrong is not None:
            return self._diagnosis(wrong, trials, outcomes, answer)
        for trial, outcome in zip(trials, outcomes, strict=True):
            if outcome.changed:
                return self._wrong(_written_to(outcome.changed), *self._failing_call(trial))
        if len(outcomes) < len(self.trials):
            return self._wrong(
                f"The first {len(outcomes)} of {len(self.trials)} cases are right, but they took "
                f"more than {SECONDS_PER_CHECK:.0f} seconds, so the rest were not tried. Can you "
                "do without an inner loop?"
            )
        hand = sum(trial.by_hand for trial in trials)
        chosen = sum(bool(trial.region) for trial in trials)
        counts = [f"{hand} worked out by hand"] if hand else []
        counts += [f"{chosen} chosen on purpose"] if chosen else []
        before = f"{', '.join(counts)} and " if counts else ""
        return self._right(f"It agrees with {before}{len(trials) - hand - chosen} random cases.")

    def _first_wrong(self, trials: list[Trial], outcomes: list[Outcome]) -> int | None:
        """Return the number of the first case that fails, or None.

        A case with the right numbers in a wrong dtype or form counts only if there is no other:
        its table would not show the wrong numbers that the diagnosis names.
        """
        only_dtype = None
        for number, (trial, outcome) in enumerate(zip(trials, outcomes, strict=True)):
            found = self._differs(trial, outcome) if outcome.returned else None
            if not outcome.returned or (found is not None and found.kind not in RIGHT_BUT):
                return number
            if found is not None and only_dtype is None:
                only_dtype = number
        return only_dtype

    def _diagnosis(
        self, number: int, trials: list[Trial], outcomes: list[Outcome], answer: Any
    ) -> Verdict:
        """Say what is wrong, and show the case with this number."""
        trial, outcome = trials[number], outcomes[number]
        if outcome.timed_out:
            return self._wrong(
                f"The call was stopped after {outcome.seconds:g} seconds. Does a loop never end? "
                + (f"It was in {outcome.line}" if outcome.line else ""),
                *self._failing_call(trial),
            )
        for one, refused in zip(trials, outcomes, strict=True):
            if is_a(refused.error, Refused):
                return self._wrong(refused.message, *self._failing_call(one))
        if fault := self._not_the_answers(trial, outcome, answer):
            return self._open(fault, *self._failing_call(trial))
        wrong = [
            not outcome.returned or bool(self._differs(trial, outcome))
            for trial, outcome in zip(trials, outcomes, strict=True)
        ]
        for index, mistake in enumerate(self.mistakes):
            if self._recognises(index, outcomes, wrong) and (text := mistake.says(answer)):
                return self._wrong(text, *self._evidence(trial, outcome))
        where = diagnose.where_it_fails(self.model_answer, trials, wrong)
        if outcome.error is not None:
            text = f"{remarks.explain(outcome)} {where}".strip()
            return self._wrong(text, *self._failing_call(trial), *_printed(outcome))
        found = self._differs(trial, outcome)
        assert found is not None  # that is why this case was chosen
        if found.kind == "none" and not found.part:
            if printed_result(outcome.printed, trial.expected):
                text = (
                    "It prints its result and returns None. End with `return` and the value: "
                    "a printed number can be read, but not used."
                )
            else:
                text = "It returns None. Does it end with `return` and the result?"
            return self._wrong(text, *self._failing_call(trial), *_printed(outcome))
        pattern = self._pattern(found, number, trials, outcomes) if found.kind == "value" else ""
        sentences = (pattern or (found.text if found.kind != "value" else ""), where)
        text = " ".join(sentence for sentence in sentences if sentence)
        if not text:
            entries = isinstance(trial.expected, np.ndarray) or found.part
            text = found.text if entries else "The result differs."
        if outcome.warned:
            text += f" NumPy warned: {outcome.warned}."
        if found.kind in RIGHT_BUT:  # tables would show the same numbers twice
            return self._wrong(text, *self._failing_call(trial), *_printed(outcome))
        return self._wrong(text, *self._evidence(trial, outcome))

    def _not_the_answers(self, trial: Trial, outcome: Outcome, answer: Any) -> str:
        """Say what is wrong with the session or the computer, where that made an answer fail."""
        code = source.text_of(answer) + source.lines_of(outcome.error)
        for name, now in overwritten():
            if re.search(rf"(?<![\w.]){re.escape(name)}\b", code):
                raised = f" with {type_name(outcome.error)}" if outcome.error is not None else ""
                return (
                    f"`{name}` means something else in this session: somewhere it was overwritten, "
                    f"and now it is {describe_kind(now)}. Your answer uses it, and fails{raised}. "
                    f"Take out the line with `{name} = …`, restart the kernel and try again."
                )
        if outcome.error is None:
            return ""
        solved = run(self._use(self.model_answer), trial.call, self._seconds)
        if solved.error is None:
            return ""
        return (
            f"The course's own solution fails here as well, with {type_name(solved.error)}: "
            f"{solved.message.rstrip('.') or 'no message'}. So it is this session or this "
            "computer, and not your answer. Restart the kernel and try again."
        )

    def _pattern(
        self, found: Difference, number: int, trials: list[Trial], outcomes: list[Outcome]
    ) -> str:
        """Return a rule that holds for the wrong numbers, in the first result that is wrong."""
        if not found.part:
            return diagnose.pattern(number, trials, outcomes, self._rtol)
        name = found.part
        text = diagnose.pattern(
            number,
            [
                Trial(t.call, diagnose.part(t.expected, name, self._names(t.expected)))
                for t in trials
            ],
            [
                replace(o, value=diagnose.part(o.value, name, self._names(t.expected)))
                for t, o in zip(trials, outcomes, strict=True)
            ],
            self._rtol,
        )
        return f"In {name}: {text}" if text else ""

    def _names(self, expected: Any) -> list[str]:
        """Return the names of several results."""
        if not isinstance(expected, tuple | list):
            return []
        named = list(self._parts[: len(expected)])
        return named + [f"entry {number + 1}" for number in range(len(named), len(expected))]

    def _recognises(self, index: int, outcomes: list[Outcome], wrong: list[bool]) -> bool:
        """Whether a classic mistake gives the same result as the answer in every case.

        The mistake is tried case by case, and only as far as it agrees: most differ early.
        """
        use = self._use(self.mistakes[index].function)
        tried = self._mistaken.setdefault(index, [])
        for number, outcome in enumerate(outcomes):
            if number == len(tried):
                tried.append(run(use, self.trials[number].call, self._seconds))
            terms = self._terms(self.trials[number])
            if not diagnose.same_outcome(tried[number], outcome, terms):
                return False
        return any(wrong)

    def _evidence(self, trial: Trial, outcome: Outcome) -> tuple[str | Table, ...]:
        """Return the failing call, the expected result and the actual one, as small tables."""
        expected, got = trial.expected, outcome.value
        terms = self._terms(trial)
        intro = "Worked out by hand:" if trial.by_hand else "The smallest case where it shows:"
        parts: list[str | Table] = [intro, Table(self._call_text(trial))]
        if outcome.error is not None:
            return (*parts, remarks.explain(outcome))
        found = self._differs(trial, outcome)
        if found is not None and found.part:
            names = self._names(expected)
            expected, got = (diagnose.part(value, found.part, names) for value in (expected, got))
            parts.append(f"In {found.part}:")
        shape = f" {expected.shape}" if isinstance(expected, np.ndarray) else ""
        got_shape = f" {got.shape}" if isinstance(got, np.ndarray) else ""
        marked = (
            isinstance(expected, np.ndarray) and isinstance(got, np.ndarray) and shape == got_shape
        )
        named = self._parts
        parts += [f"Expected{shape}:", Table(table(expected, names=named))]
        note = ", with brackets where it differs" if marked and expected.size > 1 else ""
        marks = expected if note else None
        parts += [f"Got{got_shape}{note}:", Table(table(got, marks, terms, named))]
        return (*parts, *_printed(outcome))

    def _failing_call(self, trial: Trial) -> tuple[str | Table, ...]:
        return ("The call:", Table(self._call_text(trial)))

    def _call_text(self, trial: Trial) -> str:
        """Return a call as the reader would write it, with its arrays as tables below."""
        signature = inspect.signature(self._use(self.model_answer))
        bound = signature.bind(*trial.call.args, **trial.call.kwargs).arguments
        positional = len(trial.call.args)
        names, below = [], []
        for number, (name, value) in enumerate(bound.items()):
            is_array = isinstance(value, np.ndarray) and value.ndim > 0
            text = name if is_array else show(value)
            named = number >= positional
            names.append(f"{name}={text}" if named else text)
            if is_array:
                below.append(f"{name} {value.shape}\n{table(value)}")
        text = self._call_source or f"{self.reader_name}({', '.join(names)})"
        return "\n".join([text, *below])


class Project(Exercise):
    """An exercise with its own judge: a trained network, a chosen learning rate.

    Parameters beyond those of `Exercise`
    -------------------------------------
    judge : takes the answer; returns what is wrong with it, alone or followed by details (texts
        and tables), or nothing where it is right
    solution : a function or class whose source is shown, or the solution as text
    praise : what a right answer is told
    model_answer : the solution as a value, where it is given as text

    A judge that calls the learner's code may let its exceptions through: they are explained.
    """

    def __init__(
        self,
        *args: Any,
        judge: Judge,
        solution: Any,
        praise: str,
        model_answer: Any = ...,
        seconds: float = 600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._judgement = judge
        self._solution = solution
        self.model_answer = solution if model_answer is ... else model_answer
        self._praise = praise
        self._seconds = seconds
        self.mistakes: list[Mistake] = []

    def mistake(self, diagnosis: str) -> Callable[[Function], Function]:
        """Register a wrong answer that the judge must refuse in words that hold `diagnosis`.

        Tests hand it to the judge; a function that takes no arguments and whose name begins with
        ``make_`` makes the answer.
        """

        def register(function: Function) -> Function:
            self.mistakes.append(Mistake(diagnosis, function))
            return function

        return register

    def solution(self) -> Solution:
        if isinstance(self._solution, str):
            return Solution(self.name, self._solution)
        return Solution(self.name, _source(self._solution, self.name, self.reader_name))

    def _judge(self, answer: Any) -> Verdict:
        if answer is ...:
            return self._todo(f"Write `{self.reader_name}`, then hand it over.")
        judging = _Judging(self._judgement, answer)
        outcome = run(judging, Call(()), self._seconds, take=lambda said: said)
        if outcome.timed_out:
            return self._wrong(
                f"It was stopped after {outcome.seconds:g} seconds. Does a loop never end?"
            )
        if isinstance(outcome.error, NotAttempted):
            return self._todo(f"`{self.reader_name}` still returns the three dots.")
        if is_a(outcome.error, Refused):
            return self._wrong(outcome.message, *_printed(outcome))
        if outcome.error is not None and not callable(answer):
            return self._open(
                f"The check itself failed, with {type_name(outcome.error)}: "
                f"{outcome.message.rstrip('.')}. That says nothing about your answer. Restart the "
                "kernel and try again."
            )
        if outcome.error is not None:
            return self._wrong(remarks.explain(outcome), *_printed(outcome))
        if outcome.value:
            said = (outcome.value,) if isinstance(outcome.value, str) else outcome.value
            return self._wrong(*said, *_printed(outcome))
        return self._right(self._praise)


class NotAttempted(Exception):
    """Raised by a judge that finds the three dots where a result should be."""


class Refused(Exception):
    """Raised by the course's own code that uses an answer, with the diagnosis as its text."""


class _Judging:
    """Call a judge with an answer, so that errors are traced to the source of the answer."""

    def __init__(self, judge: Judge, answer: Any) -> None:
        self._judge = judge
        self._answer = answer
        if callable(answer):
            self.__wrapped__ = answer  # errors are traced to its source
            self.__signature__ = inspect.Signature()

    def __call__(self) -> str | tuple[str | Table, ...] | None:
        with orderly():
            return self._judge(self._answer)


class ExerciseSet:
    """The exercises of one notebook, in order.

    Parameters
    ----------
    name : prefix of its exercises in the record of progress
    title : as in the notebook, with its number
    """

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.title = title
        self.exercises: dict[str, Exercise] = {}

    @classmethod
    def of(cls, module: str) -> ExerciseSet:
        """Return an empty set for the chapter whose room holds the module, its ``__name__``."""
        chapter = chapter_of(module)
        return cls(chapter.slug, chapter.heading)

    def gather(self, package: str, *files: str) -> dict[str, Exercise]:
        """Import the files that declare the exercises, in this order; return all by name."""
        for file in files:
            import_module(f"{package}.{file}")
        return self.exercises

    def coding(
        self, title: str, *, name: str | None = None, **declared: Any
    ) -> Callable[[Callable[..., Any]], Coding]:
        """Declare a coding exercise; the decorated function or class is its solution."""

        def declare(solution: Callable[..., Any]) -> Coding:
            made = Coding(self, name or solution.__name__, title, solution=solution, **declared)
            return self._add(made)

        return declare

    def prediction(self, name: str, title: str, **declared: Any) -> Prediction:
        """Declare an exercise whose answer is a value."""
        return self._add(Prediction(self, name, title, **declared))

    def project(self, name: str, title: str, **declared: Any) -> Project:
        """Declare an exercise with its own judge."""
        return self._add(Project(self, name, title, **declared))

    def progress(self) -> record.Progress:
        """Return which exercises of this chapter are done."""
        return progress_of([self])

    _Kind = TypeVar("_Kind", bound=Exercise)

    def _add(self, exercise: _Kind) -> _Kind:
        if exercise.name in self.exercises:
            raise ValueError(f"{self.name}: there are two exercises named {exercise.name}")
        self.exercises[exercise.name] = exercise
        return exercise


def progress_of(chapters: Iterable[ExerciseSet]) -> record.Progress:
    """Return which exercises of these chapters are done."""
    done, note = record.read()
    rows = tuple(
        (
            chapter.title,
            tuple(
                (one.name, one.level, one.minutes, one.key in done)
                for one in chapter.exercises.values()
            ),
        )
        for chapter in chapters
    )
    return record.Progress(rows, note)


def _is_stub(value: Any) -> bool:
    return value is ... or (isinstance(value, tuple) and bool(value) and value[0] is ...)


def _binds(signature: inspect.Signature, call: Call) -> bool:
    """Return whether the arguments of a call fit."""
    try:
        signature.bind(*call.args, **call.kwargs)
    except TypeError:
        return False
    return True


def _written_to(name: str) -> str:
    """Say that an argument was written to; its place may be all that is known of it."""
    which = f"its argument `{name}`" if name.isidentifier() else f"its {name}"
    copy = f"`{name} = {name}.copy()`" if name.isidentifier() else "`x = x.copy()`"
    return (
        f"The result is right, but the call writes to {which}, which belongs to the caller. Work "
        f"on a copy: {copy}."
    )


def _printed(outcome: Outcome) -> tuple[str | Table, ...]:
    return ("It printed:", Table(outcome.printed.rstrip())) if outcome.printed.strip() else ()


def _without_first(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _plain(signature: inspect.Signature) -> str:
    """Return a signature without its annotations."""
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(plain))


def _source(solution: Any, name: str, reader_name: str) -> str:
    """Return the source of a solution as the reader would write it: no decorator, own name."""
    lines, _ = inspect.getsourcelines(solution)
    text = textwrap.dedent("".join(lines))
    text = text[re.search(r"^(?:def|class) ", text, re.MULTILINE).start() :]  # type: ignore[union-attr]
    return re.sub(rf"(?<![\w.]){name}(?=\()|(?<=^class ){name}\b", reader_name, text).rstrip()
