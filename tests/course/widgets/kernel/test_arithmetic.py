"""The kernel playground in JavaScript: its results are cnnlib's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import KernelPlayground
from cnnlib.course.widgets.kernel import apply_kernel


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("kernel/widget.js")


def test_the_browser_computes_what_cnnlib_computes(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        image = rng.uniform(size=rng.integers(3, 24, size=2))
        kernel = rng.normal(scale=3, size=(3, 3))
        found = javascript.call("applied", KernelPlayground(image, kernel).settings)
        np.testing.assert_allclose(found, apply_kernel(image, kernel).ravel(), atol=1e-12)
