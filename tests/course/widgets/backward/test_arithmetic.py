"""Backwards in JavaScript: the law, the shares and cnnlib agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import BackwardStepper


@pytest.fixture(scope="module")
def javascript(module_in_node: Callable[[str], Module]) -> Module:
    return module_in_node("backward/widget.js")


def random_settings(rng: np.random.Generator) -> dict[str, Any]:
    stride = int(rng.integers(1, 4))
    oh, ow, kh, kw = (int(n) for n in rng.integers(1, 5, 4))
    remainder = int(rng.integers(0, stride))
    shortest = min((oh - 1) * stride + kh, (ow - 1) * stride + kw) + remainder
    return {
        "dout": rng.integers(-9, 10, (oh, ow)).tolist(),
        "kernel": rng.integers(-9, 10, (kh, kw)).tolist(),
        "stride": stride,
        "padding": int(rng.integers(0, min(4, (shortest + 1) // 2))),
        "remainder": remainder,
        "view": "law",
    }


def test_law_and_shares_are_cnnlibs_gradient(javascript: Module) -> None:
    rng = np.random.default_rng(0)
    for settings in (random_settings(rng) for _ in range(150)):
        expected = BackwardStepper(**settings).dx
        for name in ("byLaw", "byShares"):
            whole = javascript.call(name, settings)
            found = javascript.call("cropped", whole, settings["padding"])
            np.testing.assert_array_equal(found, expected, f"{name} {settings}")


def test_the_lines_of_both_views(javascript: Module) -> None:
    settings = {
        "dout": [[1, 2], [-1, 3]],
        "kernel": [[1, -2], [3, 2]],
        "stride": 1,
        "padding": 0,
        "remainder": 0,
        "view": "law",
    }
    assert javascript.call("lines", settings, 4) == ["1·2 + 2·3 + (−1)·(−2) + 3·1 = 13"]
    assert javascript.call("placeOf", settings, 4) == "dX row 1, column 1"
    shares = settings | {"view": "shares"}
    assert javascript.call("lines", shares, 2)[0] == "shares: (−1)·1, (−1)·(−2), (−1)·3, (−1)·2"
    assert javascript.call("placeOf", shares, 2) == "Output row 1, column 0"
    assert javascript.call("stepCount", settings) == 9
    assert javascript.call("stepCount", shares) == 4


def test_what_no_window_read_is_said(javascript: Module) -> None:
    settings = {
        "dout": [[1]],
        "kernel": [[2, 1]],
        "stride": 3,
        "padding": 0,
        "remainder": 2,
        "view": "law",
    }
    assert javascript.call("byLaw", settings) == [[2, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert javascript.call("lines", settings, 3) == [
        "no window of the forward pass read this pixel: 0"
    ]


def test_what_makes_no_sense_is_refused(javascript: Module) -> None:
    settings = {
        "dout": [[1]],
        "kernel": [[2]],
        "stride": 2,
        "padding": 0,
        "remainder": 0,
        "view": "law",
    }
    assert javascript.call("problem", settings) == ""
    assert "the remainder is at most 1" in javascript.call("problem", settings | {"remainder": 2})
    assert "leaves nothing" in javascript.call("problem", settings | {"padding": 1})
