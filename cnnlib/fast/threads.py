"""Work cut into blocks and shared among threads: faster, and to the same bits.

NumPy lets go of Python's lock while it computes, so two threads do compute at the same time. Three
rules keep the results independent of how many threads there are:

- Work is cut into blocks by its shape alone. A thread takes the next block that is left; which
  thread that is decides only who writes a result, never what is written.
- Sums over blocks are added in a fixed order.
- BLAS, which multiplies matrices for NumPy, keeps to one thread meanwhile. With several it would
  compete with ours for the same processors, and add up in another order.

Where that last rule cannot be kept, because NumPy was built with a BLAS that we cannot ask, all
blocks run on the caller's thread. Set the environment variable ``CNNLIB_NUM_THREADS`` to choose the
number of threads; unless set, it is the number of processors, at most 8.
"""

import contextvars
import ctypes
import importlib
import itertools
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

from cnnlib.types import Array

MOST_THREADS = 8  # sums are kept in at most so many parts, so more threads would find no work
Block = TypeVar("Block")


# Blocks


def blocks(total: int, size: int) -> list[slice]:
    """Cut ``range(total)`` into runs of at most `size`: 1, 2, 4, 8 … of them, nearly equal.

    A power of two is shared fairly among 2, 4 or 8 threads.
    """
    count = min(1 << (-(-total // size) - 1).bit_length(), total)
    edges = [i * total // count for i in range(count + 1)]
    return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def split(work: Callable[[Block], None], parts: list[Block]) -> None:
    """Call `work` on every part, on all threads. Each call must write to a place of its own."""
    if getattr(_own, "busy", False):  # a helper asks no others for help
        for part in parts:
            work(part)
        return
    _keep_memory()
    with _one_blas_thread() as quiet:
        helpers = min(threads(), len(parts)) - 1 if quiet else 0
        if helpers < 1:
            for part in parts:
                work(part)
        else:
            _Job(work, parts).share(helpers)


def split_sum(work: Callable[[Block], Array], parts: list[Block]) -> Array:
    """Return the sum of ``work(part)`` over all parts, added in an order that never changes.

    It is the sum that training on several machines takes too: each adds up the gradient of its
    own images, and then those sums are added.
    """
    lanes = blocks(len(parts), -(-len(parts) // MOST_THREADS))
    sums: list[Array] = [np.empty(0)] * len(lanes)

    def add_up(lane: int) -> None:
        first, *others = parts[lanes[lane]]
        total = work(first)
        for part in others:
            total += work(part)
        sums[lane] = total

    split(add_up, list(range(len(lanes))))
    total, *others = sums
    for other in others:
        total += other
    return total


# Workspaces

_own = threading.local()  # what belongs to one thread
_LARGEST_KEPT = 32 << 20  # bytes; a larger workspace is not worth holding on to


def workspace(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array to scribble in, the same memory at every call with that name.

    Memory fresh from the system is slow at first touch. Each thread has its own, so nobody else
    writes there; but what it holds is gone at the next call, so it must never be returned.
    """
    count = math.prod(shape) * dtype.itemsize
    if count > _LARGEST_KEPT:
        return np.empty(shape, dtype)
    buffer = getattr(_own, name, None)
    if buffer is None or buffer.size < count:
        buffer = np.empty(count, dtype=np.uint8)
        setattr(_own, name, buffer)
    array: Array = buffer[:count].view(dtype).reshape(shape)
    return array


@cache
def _keep_memory() -> None:
    """Ask the C library of Linux to keep memory that was freed for the next request.

    Unless asked it hands large arrays back to the system at once, and every step of a training
    fetches thousands of pages anew: a tenth of its time.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another system, another C library
        return
    trim_threshold, mmap_threshold = -1, -3  # their numbers in malloc.h
    mallopt(mmap_threshold, 32 << 20)
    mallopt(trim_threshold, 256 << 20)


# Threads

_chosen: int | None = None
_queue: SimpleQueue[tuple[contextvars.Context, "_Job"]] = SimpleQueue()
_started = 0
_starting = threading.Lock()


def threads() -> int:
    """Return how many threads share the work."""
    global _chosen
    if _chosen is None:
        wanted = os.environ.get("CNNLIB_NUM_THREADS", "")
        if hasattr(os, "sched_getaffinity"):
            processors = len(os.sched_getaffinity(0))
        else:
            processors = os.cpu_count() or 1
        _chosen = int(wanted) if wanted.isdecimal() and int(wanted) else min(processors, 8)
    return _chosen


def set_threads(count: int | None) -> None:
    """Choose how many threads share the work from now on; None for as many as processors."""
    global _chosen
    _chosen = count


class _Job:
    """Blocks that are left to do, and who is at work on them."""

    def __init__(self, work: Callable[[Any], None], parts: list[Any]) -> None:
        self.work = work
        self.left = deque(parts)
        self.helpers = 0
        self.error: BaseException | None = None
        self.lock = threading.Lock()
        self.all_back = threading.Lock()
        self.all_back.acquire()
        self.waiting = False

    def share(self, helpers: int) -> None:
        """Do the blocks together with so many helpers, and return when all are done."""
        _start(helpers)
        try:
            for _ in range(helpers):
                # A copy of the context takes along np.errstate, which belongs to a thread.
                _queue.put((contextvars.copy_context(), self))
            self.do()
        finally:
            self.wait()
        if self.error is not None:
            error, self.error = self.error, None  # else error and job would keep each other alive
            try:
                raise error
            finally:
                del error

    def do(self) -> None:
        """Take blocks until none is left. What a block raises is kept for the caller."""
        _own.busy = True
        try:
            while self.left:
                try:
                    part = self.left.popleft()
                except IndexError:  # another thread was faster
                    return
                self.work(part)
        except BaseException as error:
            self.error = error
            self.left.clear()
        finally:
            _own.busy = False

    def help(self, context: contextvars.Context) -> None:
        """Do the same on a helper's thread, unless it comes too late."""
        with self.lock:
            if not self.left:
                return
            self.helpers += 1
        context.run(self.do)
        with self.lock:
            self.helpers -= 1
            if self.waiting and self.helpers == 0:
                self.all_back.release()

    def wait(self) -> None:
        """Wait for the helpers: they may still write to the caller's arrays. So does Ctrl-C."""
        with self.lock:
            self.waiting = self.helpers > 0
        while self.helpers:
            try:
                self.all_back.acquire()
            except KeyboardInterrupt as stop:
                self.error = stop
                self.left.clear()


def _start(helpers: int) -> None:
    """See to it that so many helpers are waiting for work."""
    global _started
    if _started >= helpers:
        return
    with _starting:
        while _started < helpers:
            name = f"cnnlib-{_started + 1}"
            threading.Thread(target=_help, args=(_queue,), name=name, daemon=True).start()
            _started += 1


def _help(queue: SimpleQueue[tuple[contextvars.Context, _Job]]) -> None:
    while True:
        context, job = queue.get()
        job.help(context)
        del context, job  # hold on to nothing while waiting


def _forget_threads() -> None:
    """Begin anew in a forked process: threads do not survive a fork."""
    global _queue, _started, _starting, _quiet, _quiet_lock
    _queue, _started, _starting = SimpleQueue(), 0, threading.Lock()
    _quiet, _quiet_lock = 0, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)


# BLAS

_quiet = 0  # how many calls want BLAS to keep to one thread
_quiet_lock = threading.Lock()
_loud = 1  # how many threads it had before


@cache
def _blas() -> tuple[Callable[[], int], Callable[[int], None]] | None:
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
def _one_blas_thread() -> Iterator[bool]:
    """Keep BLAS to one thread for a while; yield whether that can be done."""
    global _quiet, _loud
    blas = _blas()
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
