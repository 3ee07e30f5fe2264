"""The one switch: run the readable code of the course, or the fast code with the same results.

The environment variable ``CNNLIB_BACKEND`` chooses ``plain`` or ``fast``; unless set, it is fast.
"""

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

__all__ = ["accelerated", "backend", "set_backend", "using"]

P = ParamSpec("P")
R = TypeVar("R")


def _known(op: str, name: object) -> str:
    if name not in ("plain", "fast"):
        raise ValueError(f"{op}: expected plain or fast, got {name!r}. Choose one of the two.")
    return str(name)


_current = _known("CNNLIB_BACKEND", os.environ.get("CNNLIB_BACKEND") or "fast")


def backend() -> str:
    """Return which code runs: ``plain`` or ``fast``.

    Examples
    --------
    >>> backend() in ("plain", "fast")
    True
    """
    return _current


def set_backend(name: str) -> None:
    """Choose which code runs from now on, in the whole process.

    Parameters
    ----------
    name : {"plain", "fast"}

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> set_backend(backend())
    """
    global _current
    _current = _known("set_backend", name)


@contextmanager
def using(name: str) -> Iterator[None]:
    """Choose which code runs within a ``with`` block.

    Examples
    --------
    >>> with using("plain"):
    ...     backend()
    'plain'
    """
    before = _current
    set_backend(name)
    try:
        yield
    finally:
        set_backend(before)


def accelerated(plain: Callable[P, R]) -> Callable[P, R]:
    """Mark a readable function that has a fast version, and call the one that is chosen.

    The fast version has the same name, arguments and results. It lies in the folder ``fast``, in
    the file of the same name: for ``cnnlib.functional.pooling`` in ``cnnlib.fast.pooling``. It is
    imported at its first call.

    Examples
    --------
    >>> from cnnlib.functional import conv2d
    >>> conv2d.__wrapped__.__module__
    'cnnlib.functional.convolution'
    """
    fast: Callable[P, R] | None = None

    @wraps(plain)
    def chosen(*args: P.args, **kwargs: P.kwargs) -> R:
        nonlocal fast
        if _current == "plain":
            return plain(*args, **kwargs)
        if fast is None:
            home = f"cnnlib.fast.{plain.__module__.rpartition('.')[2]}"
            fast = getattr(importlib.import_module(home), plain.__name__)
        return fast(*args, **kwargs)

    return chosen
