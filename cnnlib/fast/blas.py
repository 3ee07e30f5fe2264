"""Keeping BLAS, which multiplies matrices for NumPy, to one thread while ours are at work.

With several it would compete with ours for the same processors, and add up in another order.
"""

import ctypes
import importlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

_quiet = 0  # how many calls want BLAS to keep to one thread
_quiet_lock = threading.Lock()
_loud = 1  # how many threads it had before


@cache
def find_blas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Return the functions that read and set OpenBLAS's number of threads, if they are found.

    NumPy has no function for this. OpenBLAS is loaded together with NumPy, under names that
    depend on how it was built.
    """
    core = importlib.import_module("numpy._core._multiarray_umath")
    folder = Path(np.__file__).parent
    bundled = [*folder.glob(".dylibs/*openblas*"), *folder.parent.glob("numpy.libs/*openblas*")]
    for path in (core.__file__, *bundled):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for before, after in (("scipy_", "64_"), ("", "64_"), ("scipy_", ""), ("", "")):
            names = [f"{before}openblas_{what}{after}" for what in _BLAS_FUNCTIONS]
            if all(hasattr(library, name) for name in names):
                read, write, kind = (getattr(library, name) for name in names)
                # With OpenMP (kind 2) the number belongs to one thread, and ours would not obey.
                return (read, write) if kind() < 2 else None
    return None


_BLAS_FUNCTIONS = ("get_num_threads", "set_num_threads", "get_parallel")


@contextmanager
def one_blas_thread() -> Iterator[bool]:
    """Keep BLAS to one thread for a while; yield whether that can be done."""
    global _quiet, _loud
    blas = find_blas()
    if blas is None:
        yield False
        return
    read, write = blas
    with _quiet_lock:
        _quiet += 1
        if _quiet == 1:
            _loud = read()
            if _loud != 1:
                write(1)
    try:
        yield True
    finally:
        with _quiet_lock:
            _quiet -= 1
            if _quiet == 0 and _loud != 1:
                write(_loud)


def _forget_users() -> None:
    """Begin anew in a forked process, where the threads that wanted quiet do not exist."""
    global _quiet, _quiet_lock
    _quiet, _quiet_lock = 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_users)
