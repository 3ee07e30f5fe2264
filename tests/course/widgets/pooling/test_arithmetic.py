"""Pooling in JavaScript: every output is cnnlib's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import PoolingExplorer
from cnnlib.course.widgets.pooling import pool
from cnnlib.datasets import load_digits

HAND = [[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]]


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("pooling/widget.js")


def random_settings(rng: np.random.Generator, *, whole: bool) -> dict[str, Any]:
    height, width = (int(n) for n in rng.integers(1, 10, 2))
    draw = rng.integers(-9, 10, (height, width)) if whole else rng.normal(size=(height, width))
    reach = [min(8, n - 1) for n in (height, width)]
    return {
        "image": draw.tolist(),
        "kind": str(rng.choice(["max", "average", "min"])),
        "kernel_size": int(rng.integers(1, min(height, width) + 1)),
        "stride": int(rng.integers(1, 5)),
        "shift": [int(rng.integers(-n, n + 1)) for n in reach],
    }


@pytest.mark.parametrize("whole", [True, False])
def test_the_browser_computes_what_cnnlib_computes(javascript: Module, whole: bool) -> None:
    rng = np.random.default_rng(0)
    for settings in (random_settings(rng, whole=whole) for _ in range(200)):
        expected = PoolingExplorer(**settings)
        moved = javascript.call("shifted", settings)
        assert moved == expected.moved.tolist()
        output = javascript.call("pooled", moved, settings)
        np.testing.assert_allclose(output, expected.output, rtol=1e-12, atol=1e-12)
        assert javascript.call("unchanged", settings) == expected.unchanged.tolist(), settings


def test_the_tally_is_the_share_that_notebook_05_measures(javascript: Module) -> None:
    digit = (load_digits().train.images[46, 0] * 255).round().astype(int)
    explorer = PoolingExplorer(digit, shift=(0, 1))
    for kind in ("max", "average", "min"):
        found = javascript.call("tally", explorer.settings, kind)
        before, after = (pool(x, kind) for x in (explorer.image, explorer.moved))
        ink = (before > 0) | (after > 0)
        assert found["inkStays"] == (before == after)[ink].sum()
        assert found["ofInk"] == ink.sum()
        assert found["stays"] == (before == after).sum()
        assert found["of"] == 196


def test_what_python_refuses_the_browser_explains(javascript: Module) -> None:
    settings = {**PoolingExplorer(HAND).settings, "image": np.ones((3, 5)).tolist()}
    for kernel_size in range(1, 7):
        fits = javascript.call("problem", {**settings, "kernel_size": kernel_size}) == ""
        assert fits == (kernel_size <= 3)
