"""Tests of what exists for speed alone: whatever the environment says, the fast code runs."""

from collections.abc import Iterator

import pytest

from cnnlib import backend


@pytest.fixture(autouse=True)
def fast() -> Iterator[None]:
    with backend.using("fast"):
        yield
