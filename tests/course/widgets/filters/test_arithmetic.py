"""Several filters in JavaScript: every map and every product is cnnlib's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib import reference
from cnnlib.course.widgets import FilterStepper
from cnnlib.course.widgets.convolution import window_arithmetic


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("filters/widget.js")


def random_settings(rng: np.random.Generator) -> dict[str, Any]:
    count, channels = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    kh, kw = (int(n) for n in rng.integers(1, 5, 2))
    padding = int(rng.integers(0, 3))
    height = int(rng.integers(max(1, kh - 2 * padding), 8))
    width = int(rng.integers(max(1, kw - 2 * padding), 8))
    return {
        "image": rng.integers(-20, 21, (channels, height, width)).tolist(),
        "filters": rng.integers(-20, 21, (count, channels, kh, kw)).tolist(),
        "biases": rng.integers(-20, 21, count).tolist(),
        "stride": int(rng.integers(1, 4)),
        "padding": padding,
    }


def test_the_browser_computes_what_cnnlib_computes(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    for settings in (random_settings(rng) for _ in range(100)):
        found = javascript.call("maps", settings)
        np.testing.assert_array_equal(found, FilterStepper(**settings).output, str(settings))


def test_the_maps_are_those_of_the_textbook() -> None:
    rng = np.random.default_rng(1)
    for settings in (random_settings(rng) for _ in range(30)):
        image, filters, biases = (
            np.array(settings[name], dtype=float) for name in ("image", "filters", "biases")
        )
        expected = reference.conv2d(
            image[None], filters, biases, settings["stride"], settings["padding"]
        )[0]
        np.testing.assert_array_equal(FilterStepper(**settings).output, expected)


def test_each_product_is_that_of_the_pure_function(javascript: Module) -> None:
    rng = np.random.default_rng(2)
    for settings in (random_settings(rng) for _ in range(40)):
        count, rows, columns = FilterStepper(**settings).output.shape
        f, row, column = (int(rng.integers(size)) for size in (count, rows, columns))
        found = javascript.call("arithmetic", settings, [f, row, column])
        expected = window_arithmetic(
            settings["image"],
            settings["filters"][f],
            row,
            column,
            stride=settings["stride"],
            padding=settings["padding"],
            bias=settings["biases"][f],
        )
        assert [part["window"] for part in found["channels"]] == expected.window.tolist()
        assert [part["products"] for part in found["channels"]] == expected.products.tolist()
        assert found["total"] == expected.total


def test_the_words_hold_every_sum(javascript: Module) -> None:
    settings = {
        "image": [[[1, 2]], [[0, 3]]],
        "filters": [[[[1, 0]], [[2, -1]]], [[[1, 1]], [[0, 1]]]],
        "biases": [5, 0],
        "stride": 1,
        "padding": 0,
    }
    assert javascript.call("lines", settings, [0, 0, 0]) == [
        "channel 0: 1·1 + 2·0 = 1 + 0 = 1",
        "channel 1: 0·2 + 3·(−1) = 0 + (−3) = −3",
        "all channels: 1 + (−3) = −2",
        "with the bias: −2 + 5 = 3",
    ]
    assert javascript.call("sentence", settings, [1, 0, 0], {"brief": True}) == (
        "Map 1, row 0, column 0: 6."
    )
