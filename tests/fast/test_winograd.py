"""Winograd's convolution: fewer multiplications, and what the direct product would give."""

import numpy as np
import pytest

from cnnlib import backend
from cnnlib import functional as F
from cnnlib.fast import threads, winograd

# (x, filters, padding): even and odd sizes, borders, bands of a large image, images in a row
SHAPES = [
    ((6, 16, 16, 16), 20, 1),
    ((4, 17, 31, 33), 19, (0, 2)),
    ((4, 20, 30, 29), 17, (2, 1)),
    ((2, 16, 15, 40), 33, 0),
    ((1, 32, 100, 150), 32, 1),
    ((9, 64, 12, 12), 48, 1),
]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def arrays(rng, shape, filters, padding):
    x = rng.standard_normal(shape, dtype=np.float32)
    weight = rng.standard_normal((filters, shape[1], 3, 3), dtype=np.float32)
    bias = rng.standard_normal(filters, dtype=np.float32)
    (ph, pw), (n, _, h, w) = np.broadcast_to(padding, 2), shape
    dout = rng.standard_normal((n, filters, h + 2 * ph - 2, w + 2 * pw - 2), dtype=np.float32)
    assert winograd.suits(x, weight, (1, 1), (int(ph), int(pw)))
    return x, weight, bias, dout


def results(x, weight, bias, dout, padding):
    return F.conv2d(x, weight, bias, 1, padding), *F.conv2d_backward(dout, x, weight, 1, padding)


@pytest.mark.parametrize(("shape", "filters", "padding"), SHAPES)
def test_the_error_is_at_most_four_times_that_of_the_direct_product(
    rng, monkeypatch, shape, filters, padding
):
    parts = arrays(rng, shape, filters, padding)
    exact = results(*(part.astype(np.float64) for part in parts), padding)
    short = results(*parts, padding)
    monkeypatch.setattr(winograd, "suits", lambda *arguments: False)
    direct = results(*parts, padding)
    for one, other, right in zip(short, direct, exact, strict=True):
        assert one.dtype == np.float32
        assert np.square(one - right).mean() <= 16 * np.square(other - right).mean()


def test_it_is_another_sum_than_the_direct_product(rng, monkeypatch):
    """If the two had the same bits, nothing here would be tested."""
    parts = arrays(rng, *SHAPES[0])
    short = results(*parts, 1)
    monkeypatch.setattr(winograd, "suits", lambda *arguments: False)
    for one, other in zip(short[:3], results(*parts, 1)[:3], strict=True):
        assert (one != other).any()


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(("shape", "filters", "padding"), SHAPES)
def test_the_bits_are_the_same_for_every_number_of_threads_and_every_layout(
    rng, shape, filters, padding, last
):
    x, weight, bias, dout = arrays(rng, shape, filters, padding)
    try:
        threads.set_threads(1)
        alone = results(x, weight, bias, dout, padding)
        threads.set_threads(3)
        if last:
            x, dout = (
                np.ascontiguousarray(part.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
                for part in (x, dout)
            )
        together = results(x, weight, bias, dout, padding)
    finally:
        threads.set_threads(None)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("spoilt", ["x", "weight", "bias", "dout"])
def test_what_is_not_finite_spoils_what_it_meets_and_no_more(rng, spoilt, bad):
    parts = dict(zip(("x", "weight", "bias", "dout"), arrays(rng, *SHAPES[0]), strict=True))
    parts[spoilt].flat[parts[spoilt].size // 2] = bad
    with np.errstate(invalid="ignore"):
        quick = results(**parts, padding=1)
        with backend.using("plain"):
            plain = results(**parts, padding=1)
    for one, other in zip(quick, plain, strict=True):
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other))
        np.testing.assert_array_equal(np.isinf(one), np.isinf(other))
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-3)


def test_the_three_matrices_convolve_any_numbers(rng):
    weights, pixels = rng.standard_normal(3), rng.standard_normal(6)
    products = (winograd._G @ weights) * (winograd._BT @ pixels)
    expected = [weights @ pixels[i : i + 3] for i in range(4)]
    np.testing.assert_allclose(winograd._AT @ products, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"dtype": np.float64}, "exact arithmetic for gradient checks"),
        ({"stride": 2}, "windows two pixels apart share less"),
        ({"kernel": 5}, "another kernel has other matrices"),
        ({"channels": 8}, "the sums would take longer than the products"),
        ({"images": 1}, "preparing the filters would take longer than using them"),
        ({"size": 5}, "most of the last step would be thrown away"),
    ],
)
def test_it_runs_where_it_is_shorter(change, reason):
    case = {"dtype": np.float32, "stride": 1, "kernel": 3, "channels": 16, "images": 64, "size": 16}
    case |= change
    x = np.zeros((case["images"], case["channels"], case["size"], case["size"]), case["dtype"])
    weight = np.zeros((16, case["channels"], case["kernel"], case["kernel"]), case["dtype"])
    open_way = winograd.suits(x, weight, (case["stride"],) * 2, (1, 1))
    assert open_way == (reason is None)
