"""Softmax in JavaScript: probabilities and losses are cnnlib's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import SoftmaxExplorer


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("softmax/widget.js")


def test_the_browser_computes_what_cnnlib_computes(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        settings = {
            "scores": rng.normal(
                scale=rng.choice([1, 30, 2000]), size=rng.integers(2, 11)
            ).tolist(),
            "temperature": float(np.exp(rng.uniform(np.log(0.01), np.log(1000)))),
        }
        settings["right"] = int(rng.integers(len(settings["scores"])))
        found, expected = javascript.call("softened", settings), SoftmaxExplorer(**settings)
        np.testing.assert_allclose(
            found["probabilities"], expected.probabilities, rtol=1e-9, atol=1e-300
        )
        assert found["loss"] == pytest.approx(expected.loss, rel=1e-9, abs=1e-12)
