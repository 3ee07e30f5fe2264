"""Sizing up in JavaScript: every shape and cost is cnnlib's."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import SizingExplorer
from cnnlib.course.widgets.sizing import size_up

FACTS = SizingExplorer.FACTS


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("sizing/widget.js")


def random_layers(rng: np.random.Generator) -> list[list[Any]]:
    """Layers of any kind and number; many do not fit."""
    layers: list[list[Any]] = []
    for _ in range(rng.integers(1, 7)):
        kernel, stride, padding = (int(rng.integers(a, b)) for a, b in ((1, 8), (1, 5), (0, 4)))
        match rng.choice(["conv", "conv", "pool", "dense"], p=[0.35, 0.25, 0.3, 0.1]):
            case "conv":
                groups = int(rng.choice([1, 1, 1, 2, 3]))
                layers.append(
                    ["conv", 6 * int(rng.integers(1, 9)), kernel, stride, padding, groups]
                )
            case "pool":
                layers.append(["pool", kernel, stride, min(padding, (kernel + 1) // 2)])
            case "dense":
                layers.append(["dense", int(rng.integers(1, 200))])
    return layers


def test_the_browser_computes_what_cnnlib_computes(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    fitting = 0
    for _ in range(400):
        shape = [int(rng.choice([1, 2, 3, 6])), *(int(n) for n in rng.integers(1, 120, 2))]
        layers = random_layers(rng)
        found = javascript.call("sized", {"shape": shape, "layers": layers}, FACTS)
        expected = size_up(tuple(shape), layers)
        for got, row in zip(found["rows"], expected, strict=True):
            assert got["name"] == row.name
            assert bool(got["problem"]) == bool(row.problem), (shape, layers)
            if row.output_shape is None:
                assert got["output"] is None
                continue
            fitting += 1
            assert got["output"] == list(row.output_shape)
            assert got["parameters"] == row.parameters
            assert got["multiplyAdds"] == row.multiply_adds
            assert got["memory"] == row.memory
            assert got["sees"] == row.receptive_field
        assert found["parameters"] == sum(row.parameters for row in expected)
        assert found["multiplyAdds"] == sum(row.multiply_adds for row in expected)
        assert found["memory"] == sum(row.memory for row in expected)
    assert fitting > 500


def test_the_fix_that_is_named_does_fit(javascript: Module) -> None:
    """Where a kernel is too large, the named padding works, and one less does not."""
    rng = np.random.default_rng(1)
    tried = 0
    for _ in range(200):
        side, kernel, padding = (int(rng.integers(a, b)) for a, b in ((1, 9), (1, 12), (0, 3)))
        layer = ["conv", 2, kernel, 1, padding, 1]
        row = javascript.call("sized", {"shape": [1, side, side], "layers": [layer]}, FACTS)[
            "rows"
        ][0]
        if not row["problem"]:
            continue
        tried += 1
        smaller, larger = map(
            int, re.search(r"kernel of (\d+) or less, or padding (\d+)", row["problem"]).groups()
        )
        for size, border, fits in [
            (smaller, padding, True),
            (smaller + 1, padding, False),
            (kernel, larger, True),
            (kernel, larger - 1, False),
        ]:
            made = size_up((1, side, side), [("conv", 2, size, 1, border)])[0]
            assert (made.output_shape is not None) == fits
    assert tried > 30


def test_what_floor_loses_is_what_no_window_reads(javascript: Module) -> None:
    rng = np.random.default_rng(2)
    for _ in range(200):
        side, kernel, stride = (int(rng.integers(a, b)) for a, b in ((12, 60), (1, 12), (1, 6)))
        padding = int(rng.integers(0, 3))
        layer = ["conv", 2, kernel, stride, padding, 1]
        row = javascript.call("sized", {"shape": [1, side, side], "layers": [layer]}, FACTS)[
            "rows"
        ][0]
        end = (row["output"][1] - 1) * stride + kernel - padding  # first pixel behind all windows
        lost, rest = max(0, side - end), (side + 2 * padding - kernel) % stride
        if lost == 0:
            assert ("Only border is left over" in row["note"]) == (rest > 0)
        elif lost == 1:
            assert "the last row and the last column are never read" in row["note"]
        else:
            assert f"the last {lost} rows and the last {lost} columns are" in row["note"]
        for way, number, made in re.findall(
            r"(padding|kernel of|input of) (\d+)\S* \(makes (\d+)×", row["note"]
        ):
            change = {"padding": padding, "kernel of": kernel, "input of": side}
            change[way] = int(number)
            s, k, p = change["input of"], change["kernel of"], change["padding"]
            assert (s + 2 * p - k) // stride + 1 == int(made)
            assert (int(made) - 1) * stride + k - p >= s  # all pixels are read
