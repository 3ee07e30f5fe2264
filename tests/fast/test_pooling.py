"""Max pooling block by block gives what the readable code gives, bit for bit."""

from inspect import unwrap

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.fast import pooling, threads

# kernel, stride, padding
WINDOWS = [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 3, 1), ((3, 2), (2, 1), (0, 1))]
ORDERS = {"first": (0, 1, 2, 3), "last": (0, 2, 3, 1), "images last": (1, 2, 3, 0)}
# The planes of the second lie 4096 bytes apart; of the third, one image is more than a block.
SHAPES = [(5, 7, 9, 11), (9, 16, 32, 32), (2, 20, 90, 90)]


@pytest.fixture(autouse=True)
def as_before():
    yield
    threads.set_threads(None)


def lying(x, order):
    axes = ORDERS[order]
    return np.ascontiguousarray(x.transpose(axes)).transpose(np.argsort(axes))


def numbers(shape, kind):
    """Return numbers of which many are equal, as after ReLU, or all kinds that are not finite."""
    x = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    if kind == "ties":
        return np.maximum(np.round(x), 0)
    if kind == "not finite":
        x.flat[::7], x.flat[::5], x.flat[::11] = np.nan, -np.inf, np.inf
    return x


@pytest.mark.parametrize("kind", ["ties", "not finite"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("window", WINDOWS)
def test_both_ways_are_those_of_the_readable_code(window, shape, order, kind):
    x = lying(numbers(shape, kind), order)
    before, y = x.copy(), F.max_pool2d(x, *window)
    dout = numbers(y.shape, "not finite" if kind == "not finite" else "")
    with np.errstate(invalid="ignore"):  # a pixel may get infinity and minus infinity
        dx = F.max_pool2d_backward(dout, x, *window)
        expected = unwrap(F.max_pool2d_backward)(dout, x, *window)
    np.testing.assert_array_equal(y, unwrap(F.max_pool2d)(x, *window))
    np.testing.assert_array_equal(dx, expected)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("order", ORDERS)
def test_any_number_of_threads_finds_the_same_bits(monkeypatch, window, order):
    monkeypatch.setattr(pooling, "_BLOCK_BYTES", 1 << 14)
    x = lying(numbers((6, 20, 18, 18), "ties"), order)
    dout = numbers(F.max_pool2d(x, *window).shape, "")
    found = []
    for count in (1, 2, 3, 5):
        threads.set_threads(count)
        found.append(F.max_pool2d_backward(dout, x, *window))
    for dx in found:
        np.testing.assert_array_equal(dx, found[0])
    np.testing.assert_array_equal(found[0], unwrap(F.max_pool2d_backward)(dout, x, *window))
