"""Call a learner's function safely: catch its exception, stop its endless loop, keep its prints.

`run` never raises for what the learner's code does. It returns an `Outcome`: the result, or what
went wrong and in which line. Python raises an exception in a running thread between two bytecode
instructions, so an endless loop can be stopped; a single call into compiled code, such as a huge
matrix product, cannot be stopped before it returns.
"""

from __future__ import annotations

import contextlib
import ctypes
import inspect
import io
import linecache
import threading
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PRINTED_CHARACTERS = 300  # how much of what a function prints is shown
RETRY = 0.01  # seconds between two tries to stop a loop that catches every exception


class _TimeUpError(BaseException):
    """Raised inside the learner's code; no `except Exception` catches it."""


class _Printed(io.TextIOBase):
    """Keep the beginning of what is printed, and drop the rest: a loop may print for ever."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        if len(self.text) <= PRINTED_CHARACTERS:
            self.text += text[: PRINTED_CHARACTERS + 1 - len(self.text)]
        return len(text)


@dataclass(frozen=True)
class Call:
    """The arguments of one call, by position and by name."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def copy(self) -> Call:
        """Return the same call with copies of its arrays."""
        return Call(
            tuple(_copy(value) for value in self.args),
            {name: _copy(value) for name, value in self.kwargs.items()},
        )

    def named(self, function: Callable[..., Any]) -> dict[str, Any]:
        """Return the arguments under the names that `function` gives them."""
        bound = inspect.signature(function).bind(*self.args, **self.kwargs)
        return dict(bound.arguments)

    def size(self) -> tuple[float, int, str]:
        """Return a key that sorts small cases, with short numbers, before large ones."""
        values = (*self.args, *self.kwargs.values())
        elements = sum(np.size(value) for value in values)
        amount = sum(float(np.abs(value).sum()) for value in values if _is_number(value))
        return (elements + amount / 8, len(values), repr(self.kwargs))


def case(*args: Any, **kwargs: Any) -> Call:
    """Return one call to try, written as the call itself: `case(x, weight, stride=2)`."""
    return Call(args, kwargs)


@dataclass(frozen=True)
class Outcome:
    """What one call of the learner's function led to."""

    value: Any = None
    error: BaseException | None = None
    line: str = ""  # the line of the learner's code where the error arose, with its number
    timed_out: bool = False
    printed: str = ""
    warned: str = ""  # the first warning, such as an overflow
    changed: str = ""  # the name of an argument that was written to

    @property
    def returned(self) -> bool:
        return self.error is None and not self.timed_out


def run(function: Callable[..., Any], call: Call, seconds: float) -> Outcome:
    """Call `function` with copies of the arguments, for at most so many seconds."""
    given = call.copy()
    printed = _Printed()
    value, error, line, timed_out = None, None, "", False
    limit = _TimeLimit(seconds)
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            try:
                limit.start()
                value = function(*given.args, **given.kwargs)
            finally:
                limit.settle()
        except _TimeUpError as stop:
            limit.settle()
            timed_out, line = True, _own_line(stop, function)
        except KeyboardInterrupt:
            raise  # the reader pressed stop
        except (Exception, SystemExit) as failure:
            error, line = failure, _own_line(failure, function)
    return Outcome(
        value=value,
        error=error,
        line=line,
        timed_out=timed_out,
        printed=printed.text,
        warned=str(caught[0].message) if caught else "",
        changed=_changed(call, given, function),
    )


class _TimeLimit:
    """Raise _TimeUpError in this thread when the time is up, until `settle` is called.

    The exception may arrive anywhere after `start`, even in `settle`. So `settle` can be called
    twice and interrupted anywhere; once it has returned, no exception can arrive.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._over = False
        self._wait = threading.Lock()
        self._wait.acquire()
        self._target = ctypes.c_ulong(threading.get_ident())
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._watcher.start()

    def _watch(self) -> None:
        # Again and again, since the code may catch the first: `except:` catches everything.
        seconds = self._seconds
        while not self._wait.acquire(timeout=seconds) and not self._over:
            _raise_in_thread(self._target, ctypes.py_object(_TimeUpError))
            seconds = RETRY

    def settle(self) -> None:
        self._over = True
        if self._wait.locked():
            self._wait.release()
        if self._watcher.ident is not None:
            self._watcher.join()
        _raise_in_thread(self._target, None)  # one may be on its way: take it back


_raise_in_thread = ctypes.pythonapi.PyThreadState_SetAsyncExc


def _own_line(error: BaseException, function: Callable[..., Any]) -> str:
    """Return the last line of the learner's own code that led to an error: "line 4: y[i] = 0"."""
    own = _code_file(function)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    if not frames or frames[-1].lineno is None:
        return ""
    number = frames[-1].lineno
    text = linecache.getline(own, number).strip()
    return f"line {number}: {text}" if text else f"line {number}"


def _code_file(function: Callable[..., Any]) -> str:
    """Return the file, or the notebook cell, in which a function or class was written."""
    function = inspect.unwrap(function)
    if isinstance(function, type):
        for value in vars(function).values():
            if inspect.isfunction(value):
                return value.__code__.co_filename
        return ""
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None)
    return code.co_filename if code is not None else ""


def _changed(call: Call, given: Call, function: Callable[..., Any]) -> str:
    """Return the name of the first argument that the call has written to, or ""."""
    try:
        names = list(inspect.signature(function).parameters)
    except ValueError:  # some compiled functions have none
        names = []
    for number, (before, after) in enumerate(zip(call.args, given.args, strict=True)):
        if not _same(before, after):
            return names[number] if number < len(names) else f"argument {number + 1}"
    for name, before in call.kwargs.items():
        if not _same(before, given.kwargs[name]):
            return name
    return ""


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and np.array_equal(before, after, equal_nan=True)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(
            _same(value, after[name]) for name, value in before.items()
        )
    return True


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list):
        return [_copy(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_copy(item) for item in value)
    if isinstance(value, dict):
        return {name: _copy(item) for name, item in value.items()}
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | tuple) and not isinstance(value, bool)
