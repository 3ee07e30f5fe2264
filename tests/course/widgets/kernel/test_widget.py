"""The kernel playground in Python: its numbers, its picture, its refusals."""

import numpy as np
import pytest
from drawn import numbers, pixels
from hypothesis import given
from hypothesis import strategies as st

from cnnlib import reference
from cnnlib.course.widgets import KernelPlayground
from cnnlib.course.widgets.kernel import KERNELS, apply_kernel
from cnnlib.course.widgets.kit.pixels import pack, unpack
from cnnlib.datasets import load_photo

EDGE = np.array([[0, 0, 0, 1, 1, 1]] * 3, dtype=float)


@given(st.integers(3, 9), st.integers(3, 9), st.integers(0, 2**32 - 1))
def test_the_result_is_what_four_loops_compute(rows, columns, seed):
    rng = np.random.default_rng(seed)
    image, kernel = rng.uniform(size=(rows, columns)), rng.normal(size=(3, 3))
    expected = reference.conv2d(image[None, None], kernel[None, None])[0, 0]
    np.testing.assert_allclose(KernelPlayground(image, kernel).result, expected, atol=1e-12)
    np.testing.assert_allclose(apply_kernel(image, kernel), expected, atol=1e-12)


@given(st.sampled_from([(5, 7), (4, 6, 3)]), st.booleans(), st.integers(0, 2**32 - 1))
def test_a_picture_comes_back_as_it_went(shape, as_bytes, seed):
    image = np.random.default_rng(seed).uniform(size=shape)
    if as_bytes:
        image = (255 * image).astype(np.uint8)
    packed = pack("op", image, to_bytes=image.dtype == np.uint8)
    np.testing.assert_array_equal(unpack(packed), image)
    assert unpack(packed).dtype == image.dtype
    assert pack("op", packed, to_bytes=image.dtype == np.uint8) == packed


def test_an_edge_under_sobel():
    playground = KernelPlayground(EDGE)
    assert playground.result.tolist() == [[0, 4, 4, 0]]
    assert playground.name == "Sobel"
    _, alt = playground._picture()
    assert "A grey picture of 3 by 6 pixels and Sobel" in alt
    assert alt.endswith("The result goes from 0 to 4, and 0% of it lies below 0.")


@pytest.mark.parametrize("show", ["signed", "grey"])
def test_the_picture_shows_picture_kernel_and_result(show):
    image = np.array([[0, 0, 0, 1, 1, 0.5]] * 3)  # a bright edge, and a dark one
    kernel = [[0, 0, 0], [-1, 0, 0.5], [0, 0, 0]]
    playground = KernelPlayground(image, kernel, show=show)
    left, middle, right = playground._picture()[0].axes
    np.testing.assert_array_equal(pixels(left), image)
    assert numbers(middle) == ["0", "0", "0", "−1", "0", "0.5", "0", "0", "0"]
    (result,) = playground.result
    assert result.tolist() == [0, 0.5, 0.5, -0.75]
    if show == "grey":
        np.testing.assert_array_equal(pixels(right)[0], [0, 0.5, 0.5, 0])
    else:
        red, _, blue, *_ = pixels(right)[0].T
        np.testing.assert_array_equal(np.sign((red - blue).round(1)), np.sign(result))


def test_every_kernel_has_its_name_and_its_picture():
    grey = load_photo("cat")[:24, :24].mean(axis=2) / 255
    for name, kernel in KERNELS.items():
        playground = KernelPlayground(grey, kernel, show="grey")
        assert playground.name == name
        assert name in playground._picture()[1]


def test_bytes_become_fractions():
    image = np.array([[0, 51, 255]] * 3, dtype=np.uint8)
    assert KernelPlayground(image).image[0].tolist() == [0, 0.2, 1]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"image": np.zeros((2, 9))}, ValueError, "must be 3 to 256 pixels .* got 2×9"),
        ({"image": np.zeros((9, 257))}, ValueError, "must be 3 to 256 pixels .* got 9×257"),
        ({"image": np.zeros((4, 4, 3))}, ValueError, "mean.axis=2"),
        ({"image": np.full((4, 4), 1j)}, TypeError, "image must hold uint8"),
        (
            {"image": np.full((4, 4), 7.0)},
            ValueError,
            "from 0 to 1, got 7 to 7. Give it image / 255",
        ),
        ({"image": np.full((4, 4), np.nan)}, ValueError, "from 0 to 1, got nan.*np.nan_to_num"),
        ({"kernel": np.ones((2, 2))}, ValueError, r"shape \(3, 3\), got \(2, 2\)"),
        ({"kernel": [[1, 2, 3], [4, 5]]}, TypeError, "kernel must be a table of numbers"),
        ({"kernel": np.full((3, 3), 1001)}, ValueError, "beyond 1000"),
        ({"show": "red"}, ValueError, "show must be one of signed, grey, got 'red'"),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        KernelPlayground(**{"image": EDGE, **arguments})
