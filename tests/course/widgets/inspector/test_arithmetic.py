"""The pixel inspector in JavaScript: its window is Python's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets.inspector import pixel_window


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("inspector/widget.js")


def test_the_window_is_that_of_python(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = rng.integers(8, 60, size=2)
        at, side = rng.integers(size), int(rng.integers(1, 65))
        expected = pixel_window(tuple(size.tolist()), tuple(at.tolist()), side)
        assert javascript.call("windowAt", size.tolist(), at.tolist(), side) == list(expected[:3])
