"""Right answers in odd forms, made from the solutions by kinds.

A form changes how an answer is called, a kind changes what it returns, and a habit changes what
else it does. Where the judge may refuse a kind, the kind names the remedy that the message must
give, and the word by which the exercise asks for another type.
"""

from __future__ import annotations

import array
import asyncio
import collections
import contextlib
import copy
import decimal
import fractions
import functools
import inspect
import io
import locale
import logging
import os
import sys
import tempfile
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnlib.course.judge import Coding

HAND_AND = 10  # so many random cases beside the hand values: a matrix multiplies


@dataclass(frozen=True)
class Odd:
    """A right answer of some kind, and the remedy that a refusal must name (none: it passes)."""

    kind: str
    answer: Any
    remedy: str = ""


class NotApplicable(Exception):
    """Raised by a kind that makes no sense for a value."""


def few(exercise: Coding) -> Coding:
    """Return the same exercise with few of its cases: the hand values and some of each size."""
    other = copy.copy(exercise)
    trials = exercise.trials
    by_hand = [trial for trial in trials if trial.by_hand]
    rest = [trial for trial in trials if not trial.by_hand]
    step = max(1, len(rest) // HAND_AND)
    other._kept = by_hand + rest[::step]
    other._mistaken = {}
    return other


# The form of a function


def written(function: Callable[..., Any], template: str, **changes: Any) -> Callable[..., Any]:
    """Return a function made of source, in which {sig} and {args} are those of `function`."""
    parameters = list(inspect.signature(function).parameters.values())
    sig = [
        one.name if one.default is one.empty else f"{one.name}=DEFAULTS[{one.name!r}]"
        for one in parameters
    ]
    slash = changes.pop("positional", None)
    if slash is not None:
        sig.insert(slash, "/")
    if changes.pop("annotated", False):
        sig = [f"{one.split('=')[0]}: 'Any'{one[len(one.split('=')[0]) :]}" for one in sig]
    source = template.format(sig=", ".join(sig), args=", ".join(one.name for one in parameters))
    space = {
        "solve": function,
        "DEFAULTS": {one.name: one.default for one in parameters},
        "functools": functools,
        **changes,
    }
    exec(source, space)
    return space["answer"]


def forms(exercise: Coding) -> Iterator[tuple[str, Any]]:
    """Yield the solution in every form that a callable may have."""
    f = exercise.model_answer
    names = list(inspect.signature(f).parameters)
    by_name = {name for trial in exercise.trials for name in trial.call.kwargs}
    positional = min([names.index(name) for name in by_name] or [len(names)])

    yield "def", written(f, "def answer({sig}): return solve({args})")
    yield "lambda", written(f, "answer = lambda {sig}: solve({args})")
    yield (
        "annotated",
        written(f, "def answer({sig}) -> 'Any': return solve({args})", annotated=True),
    )
    yield "more defaults", written(f, "def answer({sig}, _debug=False): return solve({args})")
    yield "keyword only more", written(f, "def answer({sig}, *, _log=None): return solve({args})")
    yield "and whatever else", written(f, "def answer({sig}, *a, **k): return solve({args})")
    if positional:
        yield (
            "positional only",
            written(f, "def answer({sig}): return solve({args})", positional=positional),
        )
    yield "renamed, positional", _renamed(f, names, positional)
    yield "stars", lambda *args, **kwargs: f(*args, **kwargs)
    yield "partial", functools.partial(f)
    yield "partial of a partial", functools.partial(functools.partial(f))

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        return f(*args, **kwargs)

    yield "decorated", decorated
    yield "decorated twice", functools.wraps(decorated)(lambda *a, **k: decorated(*a, **k))
    yield "context manager above", np.errstate(all="ignore")(f)

    method = written(f, "def answer(self, {sig}): return solve({args})")
    yield "bound method", type("Mine", (), {"solve": method})().solve
    yield "callable object", type("Mine", (), {"__call__": method})()
    yield "slots", type("Mine", (), {"__slots__": (), "__call__": method})()
    yield "static method", type("Mine", (), {"solve": staticmethod(f)}).solve
    yield "class method", type("Mine", (), {"solve": classmethod(method)}).solve
    yield "descriptor", type("Mine", (), {"solve": functools.partialmethod(method)})().solve
    yield "method type", types.MethodType(method, object())

    def outer() -> Callable[..., Any]:
        kept = f

        def inner(*args: Any, **kwargs: Any) -> Any:
            return kept(*args, **kwargs)

        return inner

    yield "closure", outer()
    yield "no source", types.FunctionType(f.__code__, f.__globals__, "mine", f.__defaults__)
    yield "without a name", _nameless(f)
    yield "single dispatch", functools.singledispatch(f)
    try:
        for trial in exercise.trials:
            hash((trial.call.args, tuple(trial.call.kwargs.values())))
    except TypeError:
        pass
    else:
        yield "lru_cache", functools.lru_cache(maxsize=None)(f)
        yield "cached", functools.cache(f)


def _renamed(f: Callable[..., Any], names: list[str], positional: int) -> Callable[..., Any]:
    """Return a function with other names for what is always given by position."""
    parameters = list(inspect.signature(f).parameters.values())
    sig = [
        (f"arg{i}" if i < positional else one.name)
        + ("" if one.default is one.empty else f"=DEFAULTS[{one.name!r}]")
        for i, one in enumerate(parameters)
    ]
    args = [f"arg{i}" if i < positional else name for i, name in enumerate(names)]
    space = {"solve": f, "DEFAULTS": {one.name: one.default for one in parameters}}
    exec(f"def answer({', '.join(sig)}): return solve({', '.join(args)})", space)
    return space["answer"]


def _nameless(f: Callable[..., Any]) -> Callable[..., Any]:
    class Mine:
        def __init__(self) -> None:
            self.__signature__ = inspect.signature(f)

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return f(*args, **kwargs)

        def __getattr__(self, name: str) -> Any:
            raise AttributeError(name)

    return Mine()


def class_forms(made: type) -> Iterator[tuple[str, Any]]:
    """Yield a class that solves an exercise, in every form that a class may have."""
    yield "subclass", type("Mine", (made,), {})
    yield "subclass of a subclass", type("Mine", (type("Less", (made,), {}),), {})
    yield "with more arguments", type("Mine", (made,), {"__init__": _takes_more(made)})
    yield "metaclass", type("Meta", (type,), {})("Mine", (made,), {})
    yield "mixin", type("Mine", (type("Other", (), {}), made), {})
    yield "called as a function too", type("Mine", (made,), {"__call__": made.forward})
    yield "long repr", type("Mine", (made,), {"__repr__": lambda self: "x" * 10**6})

    class Inside:
        """Hand everything on to another object."""

        def __init__(self, weight: Any, bias: Any) -> None:
            self._inner = made(weight, bias)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

    yield "hands on", Inside


def _takes_more(made: type) -> Callable[..., None]:
    def init(self: Any, weight: Any, bias: Any, name: str = "mine", **options: Any) -> None:
        made.__init__(self, weight, bias)

    return init


# The kind of a result


class Sub(np.ndarray):
    """A reader's own kind of array."""


def _integers(a: np.ndarray, dtype: Any) -> np.ndarray:
    """Return an array as integers where nothing is lost, as it is elsewhere."""
    with np.errstate(invalid="ignore"):
        cast = a.astype(dtype)
    return cast if np.array_equal(cast.astype(float), a.astype(float)) else a


def _spread(a: np.ndarray) -> np.ndarray:
    wide = np.zeros(tuple(2 * n for n in a.shape), a.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in a.shape)]
    view[...] = a
    return view


def _read_only(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a.flags.writeable = False
    return a


def _misaligned(a: np.ndarray) -> np.ndarray:
    raw = np.zeros(a.nbytes + 1, np.uint8)
    view = raw[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


def _from_a_dlpack(a: np.ndarray) -> np.ndarray:
    return np.from_dlpack(a.copy())


def _flipped_twice(a: np.ndarray) -> np.ndarray:
    turned = tuple(slice(None, None, -1) for _ in a.shape)
    return np.ascontiguousarray(a[turned])[turned]


def _where_zero(a: np.ndarray) -> np.ndarray:
    return np.where(a == 0, -0.0, a).astype(a.dtype) if a.dtype.kind == "f" else a


def _matrix(a: np.ndarray) -> Any:
    if a.ndim != 2:
        raise NotApplicable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.matrix(a)


def _python_array(a: np.ndarray) -> Any:
    if a.ndim != 1 or a.dtype.kind != "f":
        raise NotApplicable
    return array.array("d", a.tolist())


def _memory(a: np.ndarray) -> Any:
    if not a.size or a.dtype.byteorder == ">":
        raise NotApplicable
    return memoryview(np.ascontiguousarray(a))


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


# How an array may be handed back. Values, not memory, are what an exercise asks for.
ARRAYS: dict[str, Callable[[np.ndarray], Any]] = {
    "in Fortran order": np.asfortranarray,
    "not contiguous": _spread,
    "not aligned": _misaligned,
    "with negative strides": _flipped_twice,
    "read only": _read_only,
    "a broadcast view": lambda a: np.broadcast_to(a, a.shape),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "from another library": _from_a_dlpack,
    "of a subclass": lambda a: a.view(Sub),
    "a matrix": _matrix,
    "a record array": lambda a: a.view(np.recarray),
    "masked nowhere": lambda a: np.ma.array(a),
    "masked nowhere, with a mask": lambda a: np.ma.array(a, mask=np.zeros(a.shape, bool)),
    "with negative zeros": _where_zero,
    "computed in float32": lambda a: (
        a.astype(np.float32).astype(a.dtype) if a.dtype.kind == "f" else a
    ),
}

# These change the dtype, so they pass where no text asks for one.
DTYPES: dict[str, Callable[[np.ndarray], Any]] = {
    "in float64": lambda a: a.astype(np.float64),
    "in float32": lambda a: a.astype(np.float32),
    "in longdouble": lambda a: a.astype(np.longdouble),
    "in float16 where that is enough": lambda a: (
        a.astype(np.float16) if np.array_equal(a.astype(np.float16), a) else a
    ),
    "whole numbers in int64": lambda a: _integers(a, np.int64),
    "whole numbers in int32": lambda a: _integers(a, np.int32),
    "whole numbers in int16": lambda a: _integers(a, np.int16),
    "whole numbers in int8": lambda a: _integers(a, np.int8),
    "whole numbers in uint8": lambda a: _integers(a, np.uint8),
    "whole numbers in uint64": lambda a: _integers(a, np.uint64),
    "zeros and ones as truth values": lambda a: _integers(a, bool),
}

# Here the next line of a reader's code would fail, so they may be refused: (change, remedy).
NOT_ARRAYS: dict[str, tuple[Callable[[np.ndarray], Any], str]] = {
    "a list": (lambda a: a.tolist(), r"np\.array\("),
    "tuples": (lambda a: _tuples(a.tolist()), r"np\.array\("),
    "a list of arrays": (list, r"np\.array\("),
    "a memoryview": (_memory, r"np\.array\("),
    "a Python array": (_python_array, r"np\.array\("),
    "an iterator": (iter, r"list|np\.array"),
    "complex numbers": (lambda a: a.astype(complex), r"\.real"),
    "Python's numbers": (lambda a: a.astype(object), r"\.astype\("),
    "texts": (lambda a: a.astype(str), r"\.astype\("),
}


def _fits(dtype: Any) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        info = np.iinfo(dtype)
        if not info.min <= value <= info.max:
            return value
        return dtype(value)

    return convert


class Whole(int):
    """A reader's own kind of whole number."""


class Float(float):
    """A reader's own kind of number."""


WHOLE: dict[str, Callable[[Any], Any]] = {
    "an int8": _fits(np.int8),
    "a uint8": _fits(np.uint8),
    "an int32": _fits(np.int32),
    "an int64": _fits(np.int64),
    "a uint64": _fits(np.uint64),
    "an int of a subclass": Whole,
    "an array without axes": lambda value: np.array(value),
}
NOT_WHOLE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a float": (float, r"`int`|int\("),
    "a float64": (np.float64, r"`int`|int\("),
    "a Fraction": (fractions.Fraction, r"`int`|int\("),
    "a Decimal": (decimal.Decimal, r"`int`|int\("),
    "a complex number": (complex, r"\.real"),
    "an array of one": (lambda value: np.array([value]), r"\.item\(\)"),
    "a list of one": (lambda value: [value], "without the brackets"),
    "a tuple of one": (lambda value: (value,), "comma"),
    "a text": (str, "without the quotes"),
}
NUMBERS: dict[str, Callable[[Any], Any]] = {
    "a float64": np.float64,
    "a float32": np.float32,
    "a longdouble": np.longdouble,
    "a float of a subclass": Float,
    "an array without axes": lambda value: np.array(value),
    "a whole number where it is one": lambda value: int(value) if value == int(value) else value,
    "a Fraction": lambda value: fractions.Fraction(float(value)),
}
NOT_NUMBERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a Decimal": (lambda value: decimal.Decimal(float(value)), r"float\("),
    "a complex number": (complex, r"\.real"),
    "an array of one": (lambda value: np.array([value]), r"\.item\(\)"),
    "a list of one": (lambda value: [value], "without the brackets"),
    "a tuple of one": (lambda value: (value,), "comma"),
    "a text": (lambda value: repr(float(value)), "without the quotes"),
}


class Row(tuple):
    """A reader's own kind of tuple."""


def _named(value: tuple[Any, ...]) -> Any:
    return collections.namedtuple("Answer", [f"part{i}" for i in range(len(value))])(*value)


def _stacked(value: tuple[Any, ...]) -> Any:
    if len({np.shape(one) for one in value}) != 1:
        raise NotApplicable
    return np.array(value)


TUPLES: dict[str, Callable[[Any], Any]] = {
    "a list": list,
    "a named tuple": _named,
    "a tuple of a subclass": Row,
    "stacked in one array": _stacked,
}
NOT_TUPLES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a generator": (lambda value: (one for one in value), r"tuple\("),
    "an iterator": (iter, r"tuple\("),
    "a map": (lambda value: map(lambda one: one, value), r"tuple\("),
    "the values of a dict": (lambda value: dict(enumerate(value)).values(), r"tuple\("),
    "a deque": (collections.deque, r"tuple\("),
}
DICTS: dict[str, Callable[[Any], Any]] = {
    "in order": collections.OrderedDict,
    "the other way round": lambda value: dict(reversed(list(value.items()))),
    "with a default": lambda value: collections.defaultdict(tuple, value),
    "with lists inside": lambda value: {name: list(one) for name, one in value.items()},
    "with arrays inside": lambda value: {name: np.array(one) for name, one in value.items()},
    "with NumPy's texts": lambda value: {np.str_(name): one for name, one in value.items()},
}
NOT_DICTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a proxy": (types.MappingProxyType, r"dict\("),
    "pairs": (lambda value: list(value.items()), r"dict\("),
    "a UserDict": (collections.UserDict, r"dict\("),
}


def kinds(exercise: Coding) -> Iterator[tuple[str, Callable[[Any], Any], str]]:
    """Yield (kind, change of a result, remedy where it may be refused) for an exercise."""
    for kind, change, remedy in _kinds(exercise):
        with contextlib.suppress(NotApplicable):
            change(exercise.trials[0].expected)
            yield kind, change, remedy


def _kinds(exercise: Coding) -> Iterator[tuple[str, Callable[[Any], Any], str]]:
    expected = exercise.trials[0].expected
    strict = exercise.dtype == "same"
    if _holds(expected, np.ndarray):
        for name, change in ARRAYS.items():
            yield f"array {name}", _inside(change, np.ndarray), ""
        for name, change in DTYPES.items():
            remedy = r"`\.?astype\(|\.astype\(" if strict else ""
            if exercise.dtype == "kind" and name.startswith(("in ", "zeros")):
                remedy = r"\.astype\(|np\.zeros\("
            yield f"array {name}", _inside(change, np.ndarray), remedy
        for name, (change, remedy) in NOT_ARRAYS.items():
            yield f"for an array {name}", _inside(change, np.ndarray), remedy
    if isinstance(expected, np.ndarray):
        yield "one buffer for all results", _buffered(), ""
        yield "the same object for equal results", _remembered(), ""
    for type_, good, bad in ((int, WHOLE, NOT_WHOLE), (float, NUMBERS, NOT_NUMBERS)):
        if _holds(expected, type_):
            for name, change in good.items():
                yield f"number as {name}", _inside(change, type_), ""
            for name, (change, remedy) in bad.items():
                yield f"number as {name}", _inside(change, type_), remedy
    for type_, good, bad in ((tuple, TUPLES, NOT_TUPLES), (dict, DICTS, NOT_DICTS)):
        if isinstance(expected, type_):
            for name, change in good.items():
                yield f"{type_.__name__} as {name}", change, ""
            for name, (change, remedy) in bad.items():
                yield f"{type_.__name__} as {name}", change, remedy


def _holds(value: Any, kind: type) -> bool:
    if isinstance(value, tuple | list):
        return any(_holds(one, kind) for one in value)
    if isinstance(value, dict):
        return any(_holds(one, kind) for one in value.values())
    return isinstance(value, kind) and not isinstance(value, bool)


def _inside(change: Callable[[Any], Any], kind: type) -> Callable[[Any], Any]:
    """Apply a change to everything of a type inside a result."""

    def everywhere(value: Any) -> Any:
        if isinstance(value, tuple | list):
            return type(value)(map(everywhere, value))
        if isinstance(value, dict):
            return {name: everywhere(one) for name, one in value.items()}
        is_one = isinstance(value, kind) and not isinstance(value, bool)
        return change(value) if is_one else value

    return everywhere


def _buffered() -> Callable[[Any], Any]:
    """Return every result in the same memory, as careful programs do."""
    memory = np.zeros(0, np.uint8)

    def write(value: np.ndarray) -> np.ndarray:
        nonlocal memory
        if memory.nbytes < value.nbytes:
            memory = np.zeros(value.nbytes, np.uint8)
        out = memory[: value.nbytes].view(value.dtype).reshape(value.shape)
        out[...] = value
        return out

    return write


def _remembered() -> Callable[[Any], Any]:
    known: dict[Any, Any] = {}
    return lambda value: known.setdefault((value.shape, value.tobytes(), value.dtype), value)


# What else an answer may do


def habits(f: Callable[..., Any]) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield a function that does something beside its work, again and again."""
    log = logging.getLogger("reader")

    @functools.wraps(f)
    def prints(*args: Any, **kwargs: Any) -> Any:
        print("x is", *args)
        print("to the other stream", file=sys.stderr)
        return f(*args, **kwargs)

    yield "prints", prints

    @functools.wraps(f)
    def warns(*args: Any, **kwargs: Any) -> Any:
        warnings.warn("the student says hi", stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        return f(*args, **kwargs)

    yield "warns", warns

    @functools.wraps(f)
    def logs(*args: Any, **kwargs: Any) -> Any:
        log.warning("shape %s", np.shape(args[0]))
        return f(*args, **kwargs)

    yield "logs", logs

    @functools.wraps(f)
    def numpy_settings(*args: Any, **kwargs: Any) -> Any:
        old, old_print = np.geterr(), np.get_printoptions()
        np.seterr(all="ignore")
        np.set_printoptions(precision=1)
        try:
            return f(*args, **kwargs)
        finally:
            np.seterr(**old)
            np.set_printoptions(**old_print)

    yield "changes settings and restores them", numpy_settings

    @functools.wraps(f)
    def leaves(*args: Any, **kwargs: Any) -> Any:
        np.seterr(all="raise")
        with np.errstate(all="ignore"):
            return f(*args, **kwargs)

    yield "leaves settings changed", leaves

    @functools.wraps(f)
    def seeds(*args: Any, **kwargs: Any) -> Any:
        np.random.seed(0)  # noqa: NPY002
        return f(*args, **kwargs)

    yield "seeds the old generator", seeds

    @functools.wraps(f)
    def with_errors(*args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(ZeroDivisionError):
            1 / 0  # noqa: B018
        try:
            raise KeyError("caught")
        except KeyError:
            return f(*args, **kwargs)

    yield "catches its own exceptions", with_errors

    @functools.wraps(f)
    def by_recursion(*args: Any, **kwargs: Any) -> Any:
        def again(depth: int) -> Any:
            return again(depth - 1) if depth else f(*args, **kwargs)

        return again(50)

    yield "recursion", by_recursion

    @functools.wraps(f)
    def in_a_thread(*args: Any, **kwargs: Any) -> Any:
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(f(*args, **kwargs)))
        thread.start()
        thread.join()
        return found[0]

    yield "a thread", in_a_thread

    @functools.wraps(f)
    def in_a_pool(*args: Any, **kwargs: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(f, *args, **kwargs).result()

    yield "a pool of threads", in_a_pool

    @functools.wraps(f)
    def in_a_loop(*args: Any, **kwargs: Any) -> Any:
        async def work() -> Any:
            return f(*args, **kwargs)

        return asyncio.run(work())

    yield "an event loop", in_a_loop

    @functools.wraps(f)
    def elsewhere(*args: Any, **kwargs: Any) -> Any:
        here = os.getcwd()
        os.chdir(tempfile.gettempdir())
        try:
            return f(*args, **kwargs)
        finally:
            os.chdir(here)

    yield "another folder", elsewhere

    @functools.wraps(f)
    def redirects(*args: Any, **kwargs: Any) -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            print("hidden")
            return f(*args, **kwargs)

    yield "redirects what it prints", redirects

    @functools.wraps(f)
    def on_a_copy(*args: Any, **kwargs: Any) -> Any:
        return f(*copy.deepcopy(args), **copy.deepcopy(kwargs))

    yield "works on copies", on_a_copy

    @functools.wraps(f)
    def counts(*args: Any, **kwargs: Any) -> Any:
        counts.calls += 1  # type: ignore[attr-defined]
        return f(*args, **kwargs)

    counts.calls = 0  # type: ignore[attr-defined]
    yield "counts its calls", counts

    @functools.wraps(f)
    def freezes(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        return f(*args, **kwargs)

    yield "protects its arguments", freezes


# The session in which it is checked


@contextlib.contextmanager
def _numpy_without(*names: str, value: Any = (3, 3)) -> Iterator[None]:
    kept = {name: getattr(np, name) for name in names}
    try:
        for name in names:
            setattr(np, name, value)
        yield
    finally:
        for name, one in kept.items():
            setattr(np, name, one)


@contextlib.contextmanager
def _module_without(module: Any, *names: str, value: Any = None) -> Iterator[None]:
    kept = {name: getattr(module, name) for name in names}
    try:
        for name in names:
            setattr(module, name, value)
        yield
    finally:
        for name, one in kept.items():
            setattr(module, name, one)


@contextlib.contextmanager
def _seterr(**kinds: Any) -> Iterator[None]:
    old = np.seterr(**kinds)
    try:
        yield
    finally:
        np.seterr(**old)


@contextlib.contextmanager
def _print_options() -> Iterator[None]:
    old = np.get_printoptions()

    def fails(value: Any) -> str:
        raise ValueError("no printing")

    np.set_printoptions(precision=0, threshold=1, edgeitems=0, formatter={"all": fails})
    try:
        yield
    finally:
        np.set_printoptions(**old)


@contextlib.contextmanager
def _warnings_as_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@contextlib.contextmanager
def _recursion_limit() -> Iterator[None]:
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(max(len(inspect.stack(0)) + 60, 120))
    try:
        yield
    finally:
        sys.setrecursionlimit(old)


@contextlib.contextmanager
def _folder() -> Iterator[None]:
    old = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(old)


@contextlib.contextmanager
def _decimal() -> Iterator[None]:
    with decimal.localcontext() as context:
        context.prec = 1
        context.traps[decimal.Inexact] = True
        yield


@contextlib.contextmanager
def _locale() -> Iterator[None]:
    old = locale.setlocale(locale.LC_ALL)
    for name in ("de_DE.UTF-8", "tr_TR.UTF-8", "C.UTF-8", "C"):
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, name)
            break
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, old)


@contextlib.contextmanager
def _streams() -> Iterator[None]:
    kept = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = None  # type: ignore[assignment]  # as under pythonw
    try:
        yield
    finally:
        sys.stdout, sys.stderr = kept


MUCH_USED = (
    "zeros", "array", "asarray", "ndarray", "isfinite", "abs", "concatenate", "array_equal",
    "errstate", "float32", "float64", "number", "generic", "bool_", "integer", "floating", "size",
    "isnan", "trunc", "atleast_2d", "ndindex", "allclose", "matrix", "inf", "nan", "newaxis",
)  # fmt: skip

SESSIONS: dict[str, Callable[[], contextlib.AbstractContextManager[None]]] = {
    "floating-point errors raised": lambda: _seterr(all="raise"),
    "floating-point errors ignored": lambda: _seterr(all="ignore"),
    "floating-point errors called": lambda: _seterr(all="print"),
    "odd print options": _print_options,
    "warnings as errors": _warnings_as_errors,
    "a low recursion limit": _recursion_limit,
    "another folder": _folder,
    "another decimal context": _decimal,
    "another locale": _locale,
    "no standard streams": _streams,
    "np.zeros = (3, 3)": lambda: _numpy_without("zeros"),
    "np.array = None": lambda: _numpy_without("array", value=None),
    "much of NumPy overwritten": lambda: _numpy_without(*MUCH_USED, value=None),
    "all of NumPy overwritten": lambda: _numpy_without(
        *(name for name in np.__all__ if hasattr(np, name)), value=0
    ),
    "np.random.default_rng = None": lambda: _module_without(np.random, "default_rng", "Generator"),
    "np.linalg.norm = 1": lambda: _module_without(np.linalg, "norm", "inv", value=1),
    "math overwritten": lambda: _module_without(__import__("math"), "exp", "log", "fsum", "sqrt"),
    "print = None for everybody": lambda: _module_without(
        __import__("builtins"), "print", "sum", "max", "min", "sorted"
    ),
}


def replay(exercise: Coding) -> Callable[..., Any]:
    """Return a right answer that calls nothing of NumPy: it knows the results."""
    known = [(trial.call, trial.expected) for trial in exercise.trials]
    signature = inspect.signature(exercise._use(exercise.model_answer))
    turn = 0

    def answer(*args: Any, **kwargs: Any) -> Any:
        nonlocal turn
        value = known[turn % len(known)][1]
        turn += 1
        return copy.deepcopy(value)

    answer.__signature__ = signature  # type: ignore[attr-defined]
    return answer


def odd_answers(exercise: Coding) -> Iterator[Odd]:
    """Yield the solution of an exercise in all forms, kinds and habits that apply to it."""
    solution = exercise.model_answer
    if isinstance(solution, type):
        for name, answer in class_forms(solution):
            yield Odd(f"form: {name}", answer)
        for name, change, remedy in kinds(exercise):
            if name.startswith(("array", "for an array")):
                yield Odd(f"result: {name}", _changing_class(solution, change), remedy)
        return
    for name, answer in forms(exercise):
        yield Odd(f"form: {name}", answer)
    for name, change, remedy in kinds(exercise):
        yield Odd(f"result: {name}", _changing(solution, change), remedy)
    for name, answer in habits(solution):
        yield Odd(f"habit: {name}", answer)


def _changing(f: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(f)
    def answer(*args: Any, **kwargs: Any) -> Any:
        value = f(*args, **kwargs)
        try:
            return change(value)
        except NotApplicable:  # here, but not everywhere
            return value

    return answer


def _changing_class(made: type, change_one: Callable[[Any], Any]) -> type:
    def change(value: Any) -> Any:
        try:
            return change_one(value)
        except NotApplicable:
            return value

    def forward(self: Any, x: Any) -> Any:
        return change(made.forward(self, x))

    def backward(self: Any, dout: Any) -> Any:
        dx = made.backward(self, dout)
        self.dweight, self.dbias = change(self.dweight), change(self.dbias)
        return change(dx)

    return type("Mine", (made,), {"forward": forward, "backward": backward})


def odd_values(expected: Any) -> Iterator[Odd]:
    """Yield the right answer to a prediction in every kind that a value may have."""
    if isinstance(expected, np.ndarray):
        good = {**ARRAYS, **DTYPES, **{n: NOT_ARRAYS[n][0] for n in ("a list", "tuples")}}
        bad = {n: one for n, one in NOT_ARRAYS.items() if n not in good}
    elif isinstance(expected, tuple):
        good, bad = {**TUPLES, "floats": lambda v: tuple(map(float, v))}, NOT_TUPLES
    elif isinstance(expected, int):
        good = {**WHOLE, "a float": float, "a float64": np.float64, "a float32": np.float32}
        bad = {n: one for n, one in NOT_WHOLE.items() if n not in good}
    else:
        good, bad = NUMBERS, NOT_NUMBERS
    for name, change in good.items():
        with contextlib.suppress(NotApplicable):
            yield Odd(f"value: {name}", change(expected))
    for name, (change, remedy) in bad.items():
        with contextlib.suppress(NotApplicable):
            yield Odd(f"value: {name}", change(expected), remedy)
