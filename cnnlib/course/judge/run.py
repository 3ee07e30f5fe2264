"""Call a learner's function safely: catch its exception, stop its endless loop, keep its prints.

`run` never raises for what the learner's code does. It returns an `Outcome`: the result, or what
went wrong and in which line. Python raises an exception in a running thread between two bytecode
instructions, so an endless loop can be stopped; a single call into compiled code, such as a huge
matrix product or ``sum(itertools.repeat(1))``, cannot be stopped before it returns. Only a process
of its own could be ended there, and answers could not live in one: they need the notebook's names,
and objects that cannot be sent. "Restart kernel" ends such a call.

Where no thread can be started, as in a browser, Python itself looks at the clock before each line
of the learner's code. That slows the code down, so it may take `SLOWER` times as long.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import inspect
import io
import linecache
import os
import re
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic, sleep  # by name: a reader may have overwritten what `time` holds
from typing import Any, TextIO

import numpy as np

from cnnlib.course.judge.compare import PRINTED_CHARACTERS
from cnnlib.course.judge.plain import cut, is_a, plain, text_of
from cnnlib.course.judge.session import the_readers

MESSAGE_CHARACTERS = 300  # how much of an exception's or a warning's message is shown
RETRY = 0.01  # seconds between two looks at the clock, and two tries to stop a loop
SLOWER = 6  # how much longer a call may take where no thread can watch it
IDLE = 1.0  # seconds after the last call until nobody looks any more


class _TimeUpError(BaseException):
    """Raised inside the learner's code; no `except Exception` catches it."""


class _Printed(io.TextIOBase):
    """Keep the beginning of what is printed, and drop the rest: a loop may print for ever."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        if len(self.text) <= PRINTED_CHARACTERS:
            self.text += text[: PRINTED_CHARACTERS + 1 - len(self.text)]
        else:
            self._turn_away()
        return len(text)

    def _turn_away(self) -> None:
        # Whatever follows goes where nobody calls Python for it: ten times as fast.
        if sys.stdout is self:
            sys.stdout = _nowhere()
        if sys.stderr is self:
            sys.stderr = _nowhere()


_opened: list[TextIO] = []


def _nowhere() -> TextIO:
    if not _opened or _opened[0].closed:
        _opened[:] = [open(os.devnull, "w", encoding="utf-8", errors="replace")]  # noqa: SIM115
        atexit.register(_opened[0].close)
    return _opened[0]


class _Publisher:
    """Take what an answer displays, as pictures, tables and progress bars are, and drop it."""

    def publish(self, *args: Any, **kwargs: Any) -> None:
        pass

    def clear_output(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return self.publish


@contextlib.contextmanager
def _nothing_displayed() -> Iterator[None]:
    """Keep `display` and figures of an answer, called 200 times, out of the notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        yield
        return
    kept = shell.display_pub
    shell.display_pub = _Publisher()
    try:
        yield
    finally:
        shell.display_pub = kept


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

    value: Any = None  # taken apart by `plain`
    error: BaseException | None = None
    message: str = ""  # of the error
    line: str = ""  # the line of the learner's code where the error arose, with its number
    timed_out: bool = False
    seconds: float = 0.0  # for how long the call was allowed to run
    printed: str = ""
    warned: str = ""  # the first warning of NumPy's, such as an overflow
    changed: str = ""  # the name of an argument that was written to

    @property
    def returned(self) -> bool:
        return self.error is None and not self.timed_out


def run(
    function: Callable[..., Any],
    call: Call,
    seconds: float,
    take: Callable[[Any], Any] = plain,
) -> Outcome:
    """Call `function` with copies of the arguments, for at most so many seconds.

    take : makes of what it returns what is kept; it may run code of the learner's
    """
    given = call.copy()
    printed = _Printed()
    value, error, message, line, timed_out = None, None, "", "", False
    limit = _TimeLimit(seconds, code_file(function))
    with (
        _nothing_displayed(),
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        the_readers(),
    ):
        warnings.simplefilter("always")
        try:
            try:
                limit.start()
                try:
                    value = take(function(*given.args, **given.kwargs))
                except (KeyboardInterrupt, _TimeUpError):
                    raise  # the reader pressed stop, or the time is up
                except BaseException as failure:
                    error, message = failure, text_of(failure)
            finally:
                limit.settle()
        except _TimeUpError as stop:
            limit.settle()
            timed_out, error, line = True, None, _own_line(stop, function)
    if error is not None:
        line = _own_line(error, function)
    return Outcome(
        value=value,
        error=error,
        message=cut(" ".join(message.split()), MESSAGE_CHARACTERS),
        line=line,
        timed_out=timed_out,
        seconds=limit.seconds,
        printed=printed.text,
        warned=_numpys(caught),
        changed=_changed(call, given, function),
    )


def _numpys(caught: list[warnings.WarningMessage]) -> str:
    """Return the first warning that NumPy gave, such as an overflow; others are the reader's."""
    for one in caught or ():
        text = text_of(one.message)
        if one.category is RuntimeWarning and re.search("encountered in|Mean of empty slice", text):
            return cut(text, MESSAGE_CHARACTERS)
    return ""


class _TimeLimit:
    """Raise _TimeUpError in this thread when the time is up, until `settle` is called.

    The exception may arrive anywhere after `start`, even in `settle`. So `settle` can be called
    twice and interrupted anywhere; once it has returned, no exception can arrive.
    """

    def __init__(self, seconds: float, file: str) -> None:
        self.seconds = seconds
        self._file = file  # of the learner's code
        self._end = monotonic() + seconds
        self._over = False
        self._stopping = False
        self._sent = False
        self._target = ctypes.c_ulong(threading.get_ident())
        self._traced: tuple[Any] | None = None  # what traced this thread before

    def start(self) -> None:
        with contextlib.suppress(RuntimeError, MemoryError):  # no thread can be started
            _watch.over(self)
            return
        self.seconds *= SLOWER
        self._end = monotonic() + self.seconds
        self._traced = (sys.gettrace(),)
        sys.settrace(self._trace_call)

    def look(self) -> None:
        """Stop the call if its time is up; the watching thread asks again and again.

        The code may catch the first exception, and the second: `except:` catches everything.
        """
        if monotonic() >= self._end:
            self._stopping = True  # said before `_over` is read: see `settle`
            if not self._over:
                self._sent = True
                _raise_in_thread(self._target, ctypes.py_object(_TimeUpError))
            self._stopping = False

    def _trace_call(self, frame: types.FrameType, event: str, value: Any) -> Any:
        # Python calls this at each call, and what it returns at each line there and each turn of a
        # loop. The notebook's other cells are the learner's code too.
        if frame.f_code.co_filename != self._file and frame.f_globals.get("__name__") != "__main__":
            return None
        return self._trace_line(frame, event, value)

    def _trace_line(self, frame: types.FrameType, event: str, value: Any) -> Any:
        if monotonic() > self._end and not self._over:
            raise _TimeUpError
        return self._trace_line

    def settle(self) -> None:
        self._over = True  # said before `_stopping` is read: one of the two sees the other
        _watch.limits.discard(self)
        if self._traced is not None:  # nobody watches, and nothing was sent
            sys.settrace(*self._traced)
            return
        while self._stopping:
            sleep(0)
        if self._sent:
            # One may be on its way. Were None put in its place, Python 3.11 would go on waiting for
            # it, and whoever traces or profiles would wait for ever. So let it arrive here.
            try:
                _raise_in_thread(self._target, ctypes.py_object(_TimeUpError))
                while True:
                    pass
            except _TimeUpError:
                pass


class _Watch:
    """One thread that looks after all limits, while there are any and a moment longer.

    A check makes hundreds of calls. A thread for each took 40% of its time, and more where the
    processor is busy with other work.
    """

    def __init__(self) -> None:
        self.limits: set[_TimeLimit] = set()
        self._awake = False

    def over(self, limit: _TimeLimit) -> None:
        self.limits.add(limit)
        if not self._awake:
            self._awake = True
            try:
                threading.Thread(target=self._stay, daemon=True).start()
            except BaseException:
                self._awake = False
                raise

    def _stay(self) -> None:
        idle = 0.0
        while idle < IDLE:
            sleep(RETRY)
            idle = 0 if self.limits else idle + RETRY
            for limit in tuple(self.limits):
                limit.look()
        self._awake = False
        if self.limits:  # added in between, by one who still saw it awake
            self._awake = True
            self._stay()


_watch = _Watch()
if hasattr(os, "register_at_fork"):  # the thread stays behind in the parent
    os.register_at_fork(after_in_child=_watch.__init__)  # type: ignore[misc]


_raise_in_thread = ctypes.pythonapi.PyThreadState_SetAsyncExc


def _own_line(error: BaseException, function: Callable[..., Any]) -> str:
    """Return the last line of the learner's own code that led to an error: "line 4: y[i] = 0"."""
    own = code_file(function)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    if not own or not frames or frames[-1].lineno is None:
        return ""
    number = frames[-1].lineno
    text = cut(linecache.getline(own, number).strip(), MESSAGE_CHARACTERS)
    return f"line {number}: {text}" if text else f"line {number}"


def code_file(function: Callable[..., Any]) -> str:
    """Return the file, or the notebook cell, in which a function or class was written, or ""."""
    try:
        return _codes(function)[0].co_filename
    except Exception:  # compiled, or an object that misbehaves
        return ""


def _codes(function: Any) -> list[types.CodeType]:
    """Return the code of a function, or of the functions of a class."""
    while True:
        function = inspect.unwrap(function)
        if is_a(function, functools.partial):
            function = function.func
        elif hasattr(function, "__func__"):
            function = function.__func__
        else:
            break
    if is_a(function, type):
        return [one.__code__ for one in vars(function).values() if inspect.isfunction(one)]
    if not inspect.isfunction(function):
        function = inspect.unwrap(type(function).__call__)
    return [function.__code__]


def _changed(call: Call, given: Call, function: Callable[..., Any]) -> str:
    """Return the name of the first argument that the call has written to, or ""."""
    for number, (before, after) in enumerate(zip(call.args, given.args, strict=True)):
        if not _is_same(before, after):
            return _names(function).get(number, f"argument {number + 1}")
    for name, before in call.kwargs.items():
        if not _is_same(before, given.kwargs[name]):
            return name
    return ""


def _names(function: Callable[..., Any]) -> dict[int, str]:
    """Return the names of the arguments that are given by position."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except Exception:  # some compiled functions have none, and some objects misbehave
        return {}
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {n: one.name for n, one in enumerate(parameters) if one.kind in by_place}


def _is_same(before: Any, after: Any) -> bool:
    try:
        return _same(before, after)
    except Exception:  # what was put into a list may misbehave
        return False


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and np.array_equal(before, after, equal_nan=True)
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(
            _same(value, after[name]) for name, value in before.items()
        )
    return type(before) is type(after) and (callable(before) or bool(before == after))


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
