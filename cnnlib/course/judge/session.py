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
from collections.abc import Iterator
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


# What was in disorder when each `orderly` began, and None on top while the reader's code runs.
_stack: list[Overwritten | None] = []


@contextlib.contextmanager
def orderly() -> Iterator[None]:
    """Work with NumPy as it was imported, and without its warnings."""
    if _stack and _stack[-1] is not None:  # it is in order already
        yield
        return
    found = Overwritten()
    found.restore()
    _stack.append(found)
    try:
        with _errstate(all="ignore"), _printoptions(**_PRINTING), _catch_warnings():
            _simplefilter("ignore")
            yield
    finally:
        _stack.pop()
        found.undo()


@contextlib.contextmanager
def the_readers() -> Iterator[None]:
    """Work, inside of `orderly`, in the session as the reader made it."""
    found = _stack[-1] if _stack else None
    _stack.append(None)
    if found is not None:
        found.undo()
    try:
        with _errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            yield
    finally:
        _stack.pop()
        if found is not None:
            found.restore()


def overwritten() -> list[tuple[str, Any]]:
    """Return the names that the reader has overwritten, with what they mean now."""
    written = {"numpy": "np", "builtins": ""}
    found = []
    for module, name, _, now in _disorder().names:
        first, *rest = module.__name__.split(".")
        path = [written.get(first, first), *rest, name]
        found.append((".".join(part for part in path if part), now))
    return found


def _disorder() -> Overwritten:
    return next((found for found in reversed(_stack) if found is not None), None) or Overwritten()
