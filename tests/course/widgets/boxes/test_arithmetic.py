"""Box ∗ box in JavaScript and in Python is the integral, summed up in thin strips."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import BoxSlider
from cnnlib.course.widgets.boxes import overlap


def test_the_area_is_the_integral() -> None:
    strip = 0.001
    tau = np.arange(-3, 5, strip) + strip / 2

    def box(x: np.ndarray, wide: float) -> np.ndarray:
        return ((x >= 0) & (x < wide)).astype(float)

    for t, first, second in ((0.3, 1, 1), (1.7, 1, 1), (1.5, 2, 0.5), (2.9, 1, 2), (3.5, 1, 2)):
        area = (box(tau, first) * box(t - tau, second)).sum() * strip
        assert overlap(t, first, second) == pytest.approx(area, abs=0.003)


def test_the_browser_finds_the_same_area(module_in_node: Callable[[str], Module]) -> None:
    javascript = module_in_node("boxes/widget.js")
    rng = np.random.default_rng(0)
    for _ in range(100):
        t, first, second = rng.uniform([0, 0.2, 0.2], [4, 2, 2]).tolist()
        widget = BoxSlider(t, first, second)
        assert javascript.call("area", widget.settings) == pytest.approx(widget.area, abs=1e-12)


def test_the_words(module_in_node: Callable[[str], Module]) -> None:
    javascript = module_in_node("boxes/widget.js")
    said = javascript.call("line", {"t": 1.5, "first": 1, "second": 1})
    assert said == "t = 1.5: overlap from 0.5 to 1, area 0.5"
    nothing = javascript.call("line", {"t": 3, "first": 1, "second": 1})
    assert nothing == "t = 3: no overlap, the area is 0"
