"""The valley in JavaScript: the path is that of cnnlib's own optimiser."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import MomentumValley
from cnnlib.layers import Parameter
from cnnlib.optim import SGD


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("valley/widget.js")


def test_the_browser_walks_as_the_optimiser_does(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    facts = MomentumValley().facts
    for _ in range(50):
        settings = {
            "learning_rate": float(rng.uniform(0, 0.1)),
            "momentum": float(rng.uniform(0, 0.99)),
        }
        found = [one["place"] for one in javascript.call("descend", settings, facts)]
        np.testing.assert_allclose(found, MomentumValley(**settings).path, rtol=1e-9)
        weight = Parameter("weight", (2,), lambda: np.array([10.0, 1.0]), np.float64)
        optimizer = SGD([weight], lr=settings["learning_rate"], momentum=settings["momentum"])
        for place in found[1:]:
            weight.grad = np.array([1.0, 50.0]) * weight.value
            optimizer.step()
            np.testing.assert_allclose(place, weight.value, rtol=1e-9)


@pytest.mark.parametrize(("rate", "momentum"), [(0.03, 0), (0.01, 0.9), (0.05, 0.5), (0.02, 0.2)])
def test_the_factors_are_those_of_the_long_run(
    javascript: Module, rate: float, momentum: float
) -> None:
    """The largest eigenvalue of one step, velocity and place taken together."""
    for curvature in (1, 50):
        step = [[momentum, curvature], [-rate * momentum, 1 - rate * curvature]]
        expected = np.abs(np.linalg.eigvals(step)).max()
        settings = {"learning_rate": rate, "momentum": momentum}
        assert javascript.call("factor", settings, curvature) == pytest.approx(expected)


def test_beyond_the_limit_the_distance_grows(javascript: Module) -> None:
    facts = MomentumValley().facts
    for momentum in (0, 0.5, 0.9):
        limit = javascript.call("limit", {"learning_rate": 0, "momentum": momentum}, facts)
        assert limit == pytest.approx(2 * (1 + momentum) / 50)
        below, above = (
            javascript.call("factor", {"learning_rate": limit * by, "momentum": momentum}, 50)
            for by in (0.99, 1.01)
        )
        assert below < 1 < above


def test_the_words(javascript: Module) -> None:
    facts = MomentumValley().facts
    settings = {"learning_rate": 0.01, "momentum": 0.9}
    stations = javascript.call("descend", settings, facts)
    assert javascript.call("lines", settings, stations, 0) == ["start at (10, 1), velocity 0"]
    assert javascript.call("lines", settings, stations, 2) == [
        "velocity along x: 0.9 · 10 + 9.9 = 18.9",
        "x: 9.9 − 0.01 · 18.9 = 9.711",
        "velocity along y: 0.9 · 50 + 25 = 70",
        "y: 0.5 − 0.01 · 70 = −0.2",
    ]
    said = javascript.call("verdict", {"learning_rate": 0.041, "momentum": 0}, facts)
    assert "too large. With this momentum the learning rate may be at most 0.04." in said
