"""BLAS, which multiplies matrices for NumPy: what to do without it, and how to keep it quiet.

While our threads are at work, BLAS keeps to one thread: with several it would compete with ours for
the same processors, and add up in another order.
"""

import ctypes
import importlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cnnlib.types import Array

_quiet = 0  # how many calls want BLAS to keep to one thread
_quiet_lock = threading.Lock()
_loud = 1  # how many threads it had before


@cache
def has_blas() -> bool:
    """Return whether NumPy was built with a BLAS. In a browser's Python it was not."""
    try:
        config: Any = np.show_config(mode="dicts")
        blas = config["Build Dependencies"]["blas"]
    except (KeyError, TypeError):  # a NumPy that does not say
        return True
    # "auto" stands where it was looked for, and not found.
    return bool(blas.get("found")) or blas.get("name") not in ("", "auto", "none")


def matmul(left: Array, right: Array, out: Array | None = None) -> Array:
    """Return ``np.matmul(left, right, out)`` for a matrix `left`, quickly without a BLAS too.

    NumPy's own loops go along the rows of `left` and down the columns of `right`. Where the numbers
    of each lie side by side in memory, a training step takes half the time.
    """
    if right.ndim < 2 or has_blas():
        return np.matmul(left, right, out=out)
    columns = np.ascontiguousarray(right.swapaxes(-1, -2)).swapaxes(-1, -2)
    return np.matmul(np.ascontiguousarray(left), columns, out=out)


class Blas(NamedTuple):
    """How a BLAS is asked for its number of threads, and told."""

    read: Callable[[], int]
    write: Callable[[int], object]
    per_thread: bool  # whether the number belongs to the thread that asks


@cache
def find_blas() -> Blas | None:
    """Return how NumPy's BLAS is asked to keep to one thread, or None if it cannot be asked."""
    return _openblas() or _accelerate()


def _openblas() -> Blas | None:
    """Look for OpenBLAS.

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
                return Blas(read, write, per_thread=False) if kind() < 2 else None
    return None


_BLAS_FUNCTIONS = ("get_num_threads", "set_num_threads", "get_parallel")


def _accelerate() -> Blas | None:
    """Look for Apple's Accelerate, which NumPy's packages for Macs use.

    Since macOS 15 each thread may choose: 0 stands for as many threads as Accelerate likes, and 1
    for a single one.
    """
    try:
        config: Any = np.show_config(mode="dicts")
        if config["Build Dependencies"]["blas"]["name"].lower() != "accelerate":
            return None
        library = ctypes.CDLL("/System/Library/Frameworks/Accelerate.framework/Accelerate")
        read, write = library.BLASGetThreading, library.BLASSetThreading
    except (KeyError, TypeError, OSError, AttributeError):  # no such note, no Mac, or an older one
        return None
    # It returns -1 where the choice is not supported.
    return Blas(read, write, per_thread=True) if write(read()) == 0 else None


@contextmanager
def one_blas_thread() -> Iterator[bool]:
    """Keep BLAS to one thread for a while; yield whether that can be done."""
    global _quiet, _loud
    blas = find_blas()
    if blas is None:
        yield False
        return
    if blas.per_thread:
        before = blas.read()
        blas.write(1)
        try:
            yield True
        finally:
            blas.write(before)
        return
    with _quiet_lock:
        _quiet += 1
        if _quiet == 1:
            _loud = blas.read()
            if _loud != 1:
                blas.write(1)
    try:
        yield True
    finally:
        with _quiet_lock:
            _quiet -= 1
            if _quiet == 0 and _loud != 1:
                blas.write(_loud)


def keep_to_one_blas_thread() -> None:
    """Tell a BLAS that gives each thread a number of its own what a thread of ours wants."""
    blas = find_blas()
    if blas is not None and blas.per_thread:
        blas.write(1)


def _forget_users() -> None:
    """Begin anew in a forked process, where the threads that wanted quiet do not exist."""
    global _quiet, _quiet_lock
    _quiet, _quiet_lock = 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_users)
