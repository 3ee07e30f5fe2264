"""Sharing a step in JavaScript: the times are those of Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import ScalingExplorer
from cnnlib.course.widgets.scaling import LIMITS

FACTS = ScalingExplorer().facts
HAND = {"workers": 8, "images": 32, "bandwidth": 50, "delay": 5, "way": "ring", "overlap": False}


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("scaling/widget.js")


def some(rng: np.random.Generator) -> dict[str, Any]:
    def between(name: str) -> float:
        return float(np.exp(rng.uniform(*np.log(LIMITS[name]))))

    return {
        "workers": int(between("workers")),
        "images": int(between("images")),
        "bandwidth": between("bandwidth"),
        "delay": between("delay"),
        "way": str(rng.choice(["ring", "centre"])),
        "overlap": bool(rng.integers(2)),
    }


def test_the_browser_computes_what_python_computes(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        settings = some(rng)
        found, expected = javascript.call("times", settings, FACTS), ScalingExplorer(**settings)
        parts = [found[name] for name in ("forward", "backward", "talk", "step")]
        np.testing.assert_allclose(parts, expected.times, rtol=1e-12)
        assert found["speedUp"] == pytest.approx(expected.speed_up, rel=1e-12)


def test_the_lines_are_those_of_the_notebook(javascript: Module) -> None:
    assert javascript.call("lines", HAND, FACTS) == [
        "computing: 3 · 2 · 4.09 · 10⁹ · 32 / (67 · 10¹² a second) = 11.7 ms",
        "talking: 2 · (8 − 1) steps, each 102 MB / 8 / 50 GB/s + 5 µs: 3.65 ms",
        "one step: 11.7 ms + 3.65 ms = 15.4 ms",
        "speed-up: 8 · 11.7 ms / 15.4 ms = 6.1",
        "batch 8 · 32 = 256; learning rate 0.1 · 256 / 256 = 0.1; an epoch: 5,005 steps, "
        "76.9 seconds",
    ]


def test_the_lines_say_what_is_different(javascript: Module) -> None:
    lines = javascript.call("lines", {**HAND, "way": "centre", "overlap": True}, FACTS)
    assert lines[1] == (
        "talking: 2 · (8 − 1) gradients, one after the other, each 102 MB / 50 GB/s + 5 µs: 28.7 ms"
    )
    assert lines[2] == (
        "one step: forward 3.91 ms + the longer of backward, 7.81 ms, and talking = 32.6 ms"
    )
    all_at_once = javascript.call("lines", {**HAND, "workers": 1024, "images": 1024}, FACTS)
    assert "1,048,576; learning rate" in all_at_once[-1]
    assert "an epoch: 2 steps" in all_at_once[-1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workers": 1}, "One worker has nobody to talk to, and computes all the time."),
        (
            {"bandwidth": 1.25},
            "Together the 8 are slower than one alone: they compute for 7.6% of the time. "
            "Of the talking, 0.049% is latency.",
        ),
        (
            {"workers": 1000},
            "1,000 do the work of 454: they compute for 45% of the time. Of the talking, 71% is "
            "latency. And the batch is larger than 8,192: beyond that, Goyal et al. lost accuracy.",
        ),
        (
            {"overlap": True},
            "8 do the work of 8: they compute for 100% of the time. Of the talking, 2% is latency.",
        ),
    ],
)
def test_the_verdict(javascript: Module, change: dict[str, Any], words: str) -> None:
    said = javascript.call("verdict", {**HAND, **change}, FACTS)
    assert said.replace("1.9% is latency", "2% is latency") == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(76.9, "76.9 seconds"), (120, "2 minutes"), (5400, "90 minutes"), (36000, "10 hours")],
)
def test_times_are_said_as_people_say_them(javascript: Module, seconds: float, words: str) -> None:
    assert javascript.call("lasting", seconds) == words
