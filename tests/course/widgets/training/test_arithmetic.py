"""The training dashboard in JavaScript: the axes of its charts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from node import Module


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("training/widget.js")


def test_ticks_are_few_and_round(javascript: Module) -> None:
    for high in np.random.default_rng(0).uniform(0.01, 60, 50):
        ticks = javascript.call("ticks", float(high))
        assert 2 <= len(ticks) <= 6
        assert ticks[0] == 0
        assert ticks[-1] <= high * (1 + 1e-9)
        first = f"{ticks[1]:.6e}"
        assert first[0] in "125"
        assert set(first[2:8]) == {"0"}
