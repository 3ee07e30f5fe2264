"""Memory to work in, used again and again: fresh from the system it is slow at first touch."""

import ctypes
import math
import threading
from functools import cache
from typing import Any

import numpy as np

from cnnlib.types import Array

_own = threading.local()
_LARGEST_KEPT = 32 << 20  # bytes; a larger workspace is not worth holding on to


def workspace(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return an array to scribble in, the same memory at every call with that name.

    Each thread has its own, so nobody else writes there; but what it holds is gone at the next
    call, so it must never be returned.
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
def keep_memory() -> None:
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
