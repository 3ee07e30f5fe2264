"""The geometry explorer in JavaScript: it counts what cnnlib counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import GeometryExplorer
from cnnlib.course.widgets.geometry import coverage, ways
from cnnlib.shapes import output_size, receptive_field


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("geometry/widget.js")


def random_settings(rng: np.random.Generator) -> dict[str, Any]:
    now = size = rng.integers(1, 15, 2).tolist()
    layers = []
    for _ in range(int(rng.integers(1, 5))):
        padding, stride = int(rng.integers(0, 4)), int(rng.integers(1, 5))
        kernel_size = int(rng.integers(1, min(*now, 6) + 2 * padding + 1))
        layers.append([min(kernel_size, 11), stride, padding])
        now = [output_size(n, *layers[-1]) for n in now]
    return {"size": size, "layers": layers}


def test_the_browser_counts_what_cnnlib_counts(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    for settings in (random_settings(rng) for _ in range(150)):
        explorer = GeometryExplorer(**settings)
        assert [tuple(s) for s in javascript.call("sizes", settings)] == explorer.shapes
        for level, layer in enumerate(settings["layers"]):
            expected = coverage(explorer.shapes[level], *layer)
            assert javascript.call("coverage", settings, level) == expected.tolist()
        fields = [(k, s) for k, s, _ in settings["layers"]]
        assert javascript.call("receptiveField", settings["layers"]) == receptive_field(fields)


def test_the_browser_follows_links_as_cnnlib_does(javascript: Module) -> None:
    rng = np.random.default_rng(1)
    for settings in (random_settings(rng) for _ in range(150)):
        shapes, layers = GeometryExplorer(**settings).shapes, settings["layers"]
        level = int(rng.integers(len(shapes)))
        border = layers[level][2] if level < len(layers) else 0
        place = int(rng.integers(shapes[level][0] + 2 * border))
        call = (settings["size"][0], layers, level, place)
        assert javascript.call("ways", *call) == ways(*call)


def test_what_python_refuses_the_browser_explains(javascript: Module) -> None:
    rng = np.random.default_rng(2)
    refused = 0
    for _ in range(150):
        layers = [[int(n) for n in rng.integers((1, 1, 0), (7, 4, 3))] for _ in range(2)]
        settings = {"size": rng.integers(1, 9, 2).tolist(), "layers": layers}
        try:
            GeometryExplorer(**settings)
        except ValueError:
            refused += 1
            assert "does not fit" in javascript.call("problem", settings)
        else:
            assert javascript.call("problem", settings) == ""
    assert 20 < refused < 130
