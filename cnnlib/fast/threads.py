"""Work cut into blocks and shared among threads: faster, and to the same bits.

NumPy lets go of Python's lock while it computes, so two threads do compute at the same time. Three
rules keep the results independent of how many threads there are:

- Work is cut into blocks by its shape alone. A thread takes the next block that is left; which
  thread that is decides only who writes a result, never what is written.
- Sums over blocks are added in a fixed order.
- BLAS, which multiplies matrices for NumPy, keeps to one thread meanwhile (`cnnlib.fast.blas`).

Where that last rule cannot be kept, because NumPy's BLAS has no such switch (MKL, BLIS, Accelerate
before macOS 15), all blocks run on the caller's thread; so they do where no thread can be started.
The results are the same bits. The environment variable ``CNNLIB_NUM_THREADS`` chooses the
number of threads; unless set, it is the number of processors, at most 8.
"""

import contextvars
import itertools
import os
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

from cnnlib.fast.blas import keep_to_one_blas_thread, one_blas_thread
from cnnlib.fast.workspace import keep_memory
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
    keep_memory()
    with one_blas_thread() as quiet:
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


# Threads

_own = threading.local()  # whether a thread is at work on a block
_chosen: int | None = None
_queue: SimpleQueue[tuple[contextvars.Context, "_Job"]] = SimpleQueue()
_helpers: list[threading.Thread] = []
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
        """Do the blocks together with some helpers, and return when all are done."""
        helpers = _start(helpers)
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
        try:
            context.run(self.do)
        finally:  # whatever ends this thread: the caller waits for it
            with self.lock:
                self.helpers -= 1
                if self.waiting and self.helpers == 0:
                    self.all_back.release()

    def wait(self) -> None:
        """Wait for the helpers, after Ctrl-C too: they may still write to the caller's arrays."""
        with self.lock:
            self.waiting = self.helpers > 0
        while self.helpers:
            try:
                self.all_back.acquire()
            except KeyboardInterrupt as stop:
                self.error = stop
                self.left.clear()


def _start(wanted: int) -> int:
    """Start threads until `wanted` of them live; return how many do, which may be none.

    A system may have no room for another thread, and some, such as a browser, have none at all.
    """
    global _helpers
    living = [thread for thread in _helpers if thread.is_alive()]
    if len(living) < wanted:
        with _starting:
            living = [thread for thread in _helpers if thread.is_alive()]
            while len(living) < wanted:
                name = f"cnnlib-{len(living) + 1}"
                thread = threading.Thread(target=_help, args=(_queue,), name=name, daemon=True)
                try:
                    thread.start()
                except (RuntimeError, OSError, MemoryError):
                    break
                if not thread.is_alive():
                    break
                living.append(thread)
            _helpers = living
    return min(wanted, len(living))


def _help(queue: SimpleQueue[tuple[contextvars.Context, _Job]]) -> None:
    keep_to_one_blas_thread()
    while True:
        context, job = queue.get()
        job.help(context)
        del context, job  # hold on to nothing while waiting


def _forget_threads() -> None:
    """Begin anew in a forked process: threads do not survive a fork."""
    global _queue, _helpers, _starting
    _queue, _helpers, _starting = SimpleQueue(), [], threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_threads)
