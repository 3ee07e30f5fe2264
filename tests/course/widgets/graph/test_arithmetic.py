"""The computation graph in JavaScript: every value and gradient is Python's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import ComputationGraph
from cnnlib.course.widgets.graph import INPUTS, graph_flow


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("graph/widget.js")


@pytest.mark.parametrize("whole", [True, False])
def test_the_browser_computes_what_python_computes(javascript: Module, whole: bool) -> None:
    rng = np.random.default_rng(0)
    for k in range(240):
        name = list(INPUTS)[k % 3]
        draw: Any = rng.integers(-9, 10, 4) if whole else rng.normal(scale=3, size=4)
        inputs = dict(zip(INPUTS[name], draw.tolist(), strict=False))
        found = javascript.call("flow", ComputationGraph.FACTS["graphs"][name], inputs)
        expected = graph_flow(name, inputs)
        for part, numbers_due in expected._asdict().items():
            assert set(found[part]) == set(numbers_due)
            for arrow, value in numbers_due.items():
                assert found[part][arrow] == (value if whole else pytest.approx(value, rel=1e-12))
