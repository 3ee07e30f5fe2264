"""Whatever BLAS NumPy has: it keeps to one thread, or the caller's thread works alone."""

import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from cnnlib.fast import blas, threads

HERE = Path(__file__).parent


class FakeAccelerate:
    """Apple's two functions: each thread has a choice of its own, and 0 to begin with."""

    def __init__(self, answer: int = 0) -> None:
        self._own, self.answer = threading.local(), answer

    def BLASGetThreading(self) -> int:
        return getattr(self._own, "model", 0)

    def BLASSetThreading(self, model: int) -> int:
        self._own.model = model
        return self.answer


def on_a_mac(monkeypatch, library):
    """Let NumPy say that it uses Accelerate, and be that library what the Mac has."""
    config = {"Build Dependencies": {"blas": {"name": "accelerate"}}}
    monkeypatch.setattr(np, "show_config", lambda mode: config)

    def load(name):
        if "Accelerate.framework" in str(name) and library is not None:
            return library
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", load)
    return blas.find_blas.__wrapped__()


def test_each_thread_of_a_mac_keeps_to_one_and_gets_its_own_back(monkeypatch):
    accelerate = FakeAccelerate()
    found = on_a_mac(monkeypatch, accelerate)
    assert found is not None
    monkeypatch.setattr(blas, "find_blas", lambda: found)
    threads._forget_threads()
    threads.set_threads(2)
    gate, seen = threading.Barrier(2, timeout=60), {}

    def work(_):
        gate.wait()
        seen[threading.current_thread()] = accelerate.BLASGetThreading()

    try:
        threads.split(work, [0, 1])
        assert list(seen.values()) == [1, 1]
        assert accelerate.BLASGetThreading() == 0
        with pytest.raises(ZeroDivisionError):
            threads.split(lambda part: 1 / part, [0, 1])
        assert accelerate.BLASGetThreading() == 0
    finally:
        threads.set_threads(None)
        threads._forget_threads()


@pytest.mark.parametrize("library", [None, object(), FakeAccelerate(answer=-1)])
def test_an_older_mac_cannot_be_asked(monkeypatch, library):
    assert on_a_mac(monkeypatch, library) is None


def test_what_no_mac_says_is_not_taken_for_one(monkeypatch):
    loaded = []
    monkeypatch.setattr(ctypes, "CDLL", loaded.append)
    config = {"Build Dependencies": {"blas": {"name": "mkl-sdl"}}}
    monkeypatch.setattr(np, "show_config", lambda mode: config)
    assert blas._accelerate() is None
    assert loaded == []


@pytest.mark.parametrize("config", [{}, {"Build Dependencies": {}}, None])
def test_a_numpy_that_does_not_say_how_it_was_built_is_none_either(monkeypatch, config):
    monkeypatch.setattr(np, "show_config", lambda mode: config)
    assert blas._accelerate() is None


def test_all_tests_of_this_folder_pass_where_blas_cannot_be_asked():
    environment = {"CNNLIB_TEST_SILENT_BLAS": "1", "OPENBLAS_NUM_THREADS": "1"}
    others = sorted(str(path) for path in HERE.glob("test_*.py") if path != Path(__file__))
    # Bits are compared: so BLAS, which nobody asks, is kept to one thread from outside.
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *others],
        env=os.environ | environment | {"PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:]
