"""Every operation is tested twice: as the readable code and as the fast code."""

import pytest


@pytest.fixture(autouse=True)
def _both(both_backends: None) -> None:
    """Take both for all tests of this folder."""
