"""Gradient descent in JavaScript: every stop is cnnlib's."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import DescentStepper
from cnnlib.course.widgets.descent import descend

X = [[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]]
DUE = [[144, 66, 160], [247, 97, 95], [215, 121, 136]]
FACTS = DescentStepper.FACTS


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("descent/widget.js")


def test_the_browser_computes_what_cnnlib_computes(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        kh, kw = (int(n) for n in rng.integers(1, 4, 2))
        oh, ow = (int(n) for n in rng.integers(1, 5, 2))
        settings = {
            "image": rng.normal(size=(oh + kh - 1, ow + kw - 1)).tolist(),
            "target": rng.normal(size=(oh, ow)).tolist(),
            "kernel": rng.normal(size=(kh, kw)).tolist(),
            "learning_rate": float(rng.choice([0.001, 0.1, 3])),
        }
        found = javascript.call("descend", settings, FACTS, 12)
        expected = descend(**settings, steps=12)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            for name, value in other._asdict().items():
                np.testing.assert_allclose(one[name], value, rtol=1e-9, atol=1e-9)


def test_the_limit_of_the_learning_rate_is_right(javascript: Module) -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        kh, kw = (int(n) for n in rng.integers(1, 4, 2))
        image = rng.normal(size=(kh + 3, kw + 3))
        windows = np.lib.stride_tricks.sliding_window_view(image, (kh, kw)).reshape(16, -1)
        expected = np.linalg.eigvalsh(2 * windows.T @ windows / 16)[-1]
        settings = {"image": image.tolist(), "kernel": np.zeros((kh, kw)).tolist()}
        found = javascript.call("sharpest", {**settings, "target": np.zeros((4, 4)).tolist()})
        assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("rate", "falls"), [(0.0053, True), (0.0055, False)])
def test_the_limit_that_is_named_holds(javascript: Module, rate: float, falls: bool) -> None:
    found = javascript.call(
        "descend", DescentStepper(X, DUE, learning_rate=rate).settings, FACTS, 2000
    )
    assert (found[-1]["loss"] < found[0]["loss"]) == falls
