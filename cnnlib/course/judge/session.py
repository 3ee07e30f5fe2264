"""Work beside a reader whose session is in disorder: ``np.zeros = (3, 3)``, ``np.seterr``.

The judge uses NumPy in the same process as the reader. While it works, NumPy's names and settings
are as they were when the judge was imported; while the reader's answer is called, they are again
what the reader made of them, all but how NumPy treats overflow and the like: no right answer fails
because a warning was made an error.
"""

from __future__ import annotations

import builtins
import contextlib
import inspect
import math
import warnings
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, ModuleType
from typing import Any

import numpy as np

MODULES: tuple[ModuleType, ...] = (
    builtins,
    math,
    np,
    np.random,
    np.linalg,
    np.lib.stride_tricks,
    np.ma,
    inspect,
)


def _is_its_own(module: ModuleType, name: str, value: Any) -> bool:
    # Jupyter gives `builtins` names of its own, and a new `input` for every cell.
    known = module is not builtins or isinstance(value, type | BuiltinFunctionType)
    return known and not name.startswith("_")


_FIRST: tuple[tuple[ModuleType, dict[str, Any]], ...] = tuple(
    (module, {name: one for name, one in vars(module).items() if _is_its_own(module, name, one)})
    for module in MODULES
)
_errstate, _printoptions, _get, _set = np.errstate, np.printoptions, getattr, setattr
_PRINTING = np.get_printoptions()
_catch_warnings, _simplefilter = warnings.catch_warnings, warnings.simplefilter
_MISSING = object()


class Overwritten:
    """The names of modules that now mean something else, and a way to and from that state."""

    def __init__(self) -> None:
        self.names = [
            (module, name, value, now)
            for module, first in _FIRST
            for name, value in first.items()
            if (now := _get(module, name, _MISSING)) is not value
        ]

    def restore(self) -> None:
        """Give every name what it meant at first."""
        for module, name, value, _ in self.names:
            _set(module, name, value)

    def undo(self) -> None:
        """Give every name again what the reader made of it."""
        for module, name, _, now in self.names:
            if now is not _MISSING:
                _set(module, name, now)
            else:
                delattr(module, name)


_now: list[Overwritten] = []  # of the check that is running


@contextlib.contextmanager
def orderly() -> Iterator[None]:
    """Work with NumPy as it was imported, and without its warnings."""
    found = Overwritten()
    found.restore()
    _now.append(found)
    try:
        with _errstate(all="ignore"), _printoptions(**_PRINTING), _catch_warnings():
            _simplefilter("ignore")
            yield
    finally:
        _now.pop()
        found.undo()


@contextlib.contextmanager
def the_readers() -> Iterator[None]:
    """Work, inside of `orderly`, in the session as the reader made it."""
    settings = _errstate(divide="warn", over="warn", under="ignore", invalid="warn")
    if not _now or not _now[-1].names:
        with settings:
            yield
        return
    found = _now[-1]
    found.undo()
    try:
        with settings:
            yield
    finally:
        found.restore()


def overwritten() -> list[tuple[str, Any]]:
    """Return the names that the reader has overwritten, with what they mean now: ("np.zeros", 0)."""
    written = {"numpy": "np", "builtins": ""}
    found = []
    for module, name, _, now in _now[-1].names if _now else Overwritten().names:
        first, *rest = module.__name__.split(".")
        path = [written.get(first, first), *rest, name]
        found.append((".".join(part for part in path if part), now))
    return found


def in_order(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function so that all of it happens in an orderly session."""

    def orderly_function(*args: Any, **kwargs: Any) -> Any:
        with orderly():
            return function(*args, **kwargs)

    orderly_function.__doc__ = function.__doc__
    orderly_function.__name__ = function.__name__
    orderly_function.__wrapped__ = function  # type: ignore[attr-defined]
    return orderly_function
