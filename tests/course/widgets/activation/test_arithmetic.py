"""Activation functions in JavaScript: values and slopes are cnnlib's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets.activation import activation_at


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("activation/widget.js")


def test_the_browser_computes_what_cnnlib_computes(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    points = [0.0, 1000.0, -1000.0, *rng.normal(scale=3, size=200), *rng.normal(scale=200, size=50)]
    for x in points:
        leak = float(rng.uniform())
        found = javascript.call("atPoint", {"x": float(x), "negative_slope": leak})
        for name, (value, slope) in activation_at(x, leak).items():
            assert found[name]["value"] == pytest.approx(value, rel=1e-12, abs=1e-15)
            assert found[name]["slope"] == pytest.approx(slope, rel=1e-9, abs=1e-15)
