"""Convolution in JavaScript: every product and sum is cnnlib's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import ConvolutionStepper
from cnnlib.course.widgets.convolution import window_arithmetic


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("convolution/widget.js")


def random_settings(rng: np.random.Generator, *, whole: bool) -> dict[str, Any]:
    channels = int(rng.integers(1, 4))
    kh, kw = (int(n) for n in rng.integers(1, 5, 2))
    padding = int(rng.integers(0, 3))
    height = int(rng.integers(max(1, kh - 2 * padding), 9))
    width = int(rng.integers(max(1, kw - 2 * padding), 9))
    draw = (lambda *s: rng.integers(-20, 21, s)) if whole else (lambda *s: rng.normal(size=s))
    return {
        "image": draw(channels, height, width).tolist(),
        "kernel": draw(channels, kh, kw).tolist(),
        "stride": int(rng.integers(1, 4)),
        "padding": padding,
        "bias": float(draw(1)[0]),
        "true_convolution": bool(rng.integers(0, 2)),
    }


@pytest.mark.parametrize("whole", [True, False])
def test_the_browser_computes_what_cnnlib_computes(javascript: Module, whole: bool) -> None:
    rng = np.random.default_rng(0)
    for settings in (random_settings(rng, whole=whole) for _ in range(200)):
        result = javascript.call("output", settings)
        expected = ConvolutionStepper(**settings).output
        if whole:
            np.testing.assert_array_equal(result, expected, err_msg=str(settings))
        else:
            np.testing.assert_allclose(result, expected, rtol=1e-12, atol=1e-12)


def test_each_window_and_product_is_that_of_the_pure_function(javascript: Module) -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        settings = random_settings(rng, whole=True)
        rows, columns = ConvolutionStepper(**settings).output.shape
        row, column = int(rng.integers(rows)), int(rng.integers(columns))
        found = javascript.call("arithmetic", settings, row, column)
        kernel = np.array(settings["kernel"])
        if settings["true_convolution"]:
            kernel = kernel[:, ::-1, ::-1]
        expected = window_arithmetic(
            settings["image"],
            kernel,
            row,
            column,
            stride=settings["stride"],
            padding=settings["padding"],
            bias=settings["bias"],
        )
        assert [part["window"] for part in found["channels"]] == expected.window.tolist()
        assert [part["products"] for part in found["channels"]] == expected.products.tolist()
        assert [part["sum"] for part in found["channels"]] == expected.sums.tolist()
        assert found["total"] == expected.total
