"""Tests of what exists for speed alone: whatever the environment says, the fast code runs."""

import os
from collections.abc import Iterator

import pytest

from cnnlib import backend
from cnnlib.fast import blas


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # `test_blas.py` runs this folder once more as on a computer whose BLAS cannot be asked.
    if os.environ.get("CNNLIB_TEST_SILENT_BLAS"):
        monkeypatch.setattr(blas, "find_blas", lambda: None)
    with backend.using("fast"):
        yield


@pytest.fixture
def obedient_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for a BLAS that can be asked, so that there are helpers on every computer."""
    silent = blas.Blas(read=lambda: 1, write=lambda count: None, per_thread=False)
    monkeypatch.setattr(blas, "find_blas", lambda: silent)
