"""Batch normalisation in blocks computes what the readable code does, however the batch lies."""

from inspect import unwrap

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.fast import normalization, threads

LARGE = (40, 64, 8, 8)
# the shape, and its axes in the order in which they lie in memory
LYING = [
    (LARGE, (0, 1, 2, 3)),
    (LARGE, (0, 2, 3, 1)),
    (LARGE, (1, 2, 3, 0)),  # as a fused convolution leaves it
    ((2, 3, 150, 171), (0, 1, 2, 3)),
    ((2, 3, 150, 171), (0, 2, 3, 1)),
    ((3, 2, 5, 4), (0, 1, 2, 3)),
]


@pytest.fixture(autouse=True)
def as_before():
    yield
    threads.set_threads(None)


def batch(shape, order, dtype=np.float32, mean=3.0):
    """Return x, dout, weight and bias."""
    rng = np.random.default_rng(0)
    x, dout = rng.standard_normal((2, *shape))
    x += mean + np.arange(shape[1])[:, None, None]
    x, dout = (
        np.ascontiguousarray(part.astype(dtype).transpose(order)).transpose(np.argsort(order))
        for part in (x, dout)
    )
    return x, dout, *rng.standard_normal((2, shape[1])).astype(dtype)


def results(x, dout, weight, bias, readable=False, given=False):
    functions = F.batch_statistics, F.batch_norm2d, F.batch_norm2d_backward
    if readable:
        functions = tuple(unwrap(function) for function in functions)
    statistics, forward, backward = functions
    own = tuple(part + x.dtype.type(0.5) for part in statistics(x)) if given else ()
    return *statistics(x), forward(x, weight, bias, *own), *backward(dout, x, weight, *own)


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize(("shape", "order"), LYING)
def test_it_is_what_the_readable_code_computes(shape, order, given):
    arrays = batch(shape, order, np.float64)
    pairs = zip(results(*arrays, given=given), results(*arrays, True, given), strict=True)
    for ours, expected in pairs:
        assert ours.dtype == expected.dtype
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("shape", "order"), LYING)
def test_gradient_and_input_need_not_lie_alike(shape, order):
    x, dout, weight, bias = batch(shape, order)
    sent = np.ascontiguousarray(dout)
    dx, expected = (F.batch_norm2d_backward(part, x, weight)[0] for part in (sent, dout))
    np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-5)
    assert F.batch_norm2d(x, weight, bias).strides == x.strides


@pytest.mark.parametrize("mean", [0, 10, 100])
@pytest.mark.parametrize(("shape", "order"), LYING[:2])
def test_float32_is_as_exact_as_in_the_readable_code(shape, order, mean):
    arrays = batch(shape, order, mean=mean)
    exact = results(*(part.astype(np.float64) for part in arrays), True)
    spread = np.sqrt(exact[1])  # a mean may be close to 0: its error counts beside the spread

    def errors(parts):
        return [np.sqrt(np.mean((a - b) ** 2)) for a, b in zip(parts, exact, strict=True)]

    ours, readable = errors(results(*arrays)), errors(results(*arrays, True))
    for own, other, scale in zip(ours, readable, (spread.mean(), *[0] * 5), strict=True):
        assert own <= 2 * other + 1e-8 * scale


@pytest.mark.parametrize(("shape", "order"), LYING)
def test_any_number_of_threads_finds_the_same_bits(monkeypatch, shape, order):
    monkeypatch.setattr(normalization, "_BLOCK_BYTES", 1 << 16)
    arrays, found = batch(shape, order), []
    for count in (1, 2, 3, 5):
        threads.set_threads(count)
        found.append([part.tobytes() for part in results(*arrays)])
    assert all(bits == found[0] for bits in found)


def test_sums_that_float32_cannot_hold_are_taken_as_in_the_readable_code():
    x, dout, weight, bias = batch(LARGE, (0, 1, 2, 3))
    x = x + np.float32(3e38)
    with np.errstate(over="ignore", invalid="ignore"):
        ours = results(x, dout, weight, bias)
        expected = results(x, dout, weight, bias, True)
    assert np.isfinite(ours[0]).all()
    for own, other in zip(ours, expected, strict=True):
        np.testing.assert_array_equal(own, other)


def test_a_number_that_is_not_finite_spoils_its_channel_alone():
    x, dout, weight, bias = batch(LARGE, (0, 2, 3, 1))
    x[1, 5, 2, 3] = np.nan
    with np.errstate(invalid="ignore"):
        mean, var, y, dx, _, _ = results(x, dout, weight, bias)
    others = np.arange(LARGE[1]) != 5
    for part in (mean, var, y.transpose(1, 0, 2, 3), dx.transpose(1, 0, 2, 3)):
        assert np.isnan(part[5]).all()
        assert np.isfinite(part[others]).all()
