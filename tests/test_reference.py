"""The judge is judged too: by hand values, and against SciPy where it is installed."""

import importlib.util

import numpy as np
import pytest

from cnnlib import reference

INPUT = np.array([[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]], float)
KERNEL = np.array([[11, 4], [5, 2]], float)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[144, 66, 160], [247, 97, 95], [215, 121, 136]]),
        ({"stride": 2}, [[144, 160], [215, 136]]),
        (
            {"padding": 1},
            [
                [10, 27, 19, 61, 65],
                [50, 144, 66, 160, 208],
                [80, 247, 97, 95, 173],
                [70, 215, 121, 136, 86],
                [60, 177, 81, 148, 44],
            ],
        ),
    ],
)
def test_convolution_by_hand(options, expected):
    y = reference.conv2d(INPUT[None, None], KERNEL[None, None], np.array([0.5]), **options)
    assert y[0, 0].tolist() == (np.array(expected) + 0.5).tolist()


def test_groups_see_only_their_own_channels():
    x = np.array([1.0, 2.0]).reshape(1, 2, 1, 1)
    weight = np.array([10.0, 100.0]).reshape(2, 1, 1, 1)
    assert reference.conv2d(x, weight, groups=2).ravel().tolist() == [10, 200]
    dx, dweight, dbias = reference.conv2d_backward(np.ones((1, 2, 1, 1)), x, weight, groups=2)
    assert dx.ravel().tolist() == [10, 100]
    assert dweight.ravel().tolist() == [1, 2]
    assert dbias.tolist() == [1, 1]


def test_convolution_backward_by_hand():
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    weight = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    dx, dweight, dbias = reference.conv2d_backward(np.ones((1, 1, 2, 2)), x, weight)
    assert dx[0, 0].tolist() == [[1, 3, 2], [4, 10, 6], [3, 7, 4]]
    assert dweight[0, 0].tolist() == [[8, 12], [20, 24]]
    assert dbias.tolist() == [4]


def test_pooling_by_hand():
    x = np.array([[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]], float)[None, None]
    assert reference.max_pool2d(x, 2)[0, 0].tolist() == [[5, 8], [-1, 7]]
    assert reference.avg_pool2d(x, 2)[0, 0].tolist() == [[2, 3], [-4, 4]]
    assert reference.max_pool2d(x, 3, 1, 1)[0, 0, 0].tolist() == [5, 5, 8, 8]
    dout = np.array([[1.0, 2.0], [3.0, 4.0]])[None, None]
    assert reference.max_pool2d_backward(dout, x, 2)[0, 0].tolist() == [
        [0, 0, 0, 0],
        [1, 0, 0, 2],
        [3, 0, 4, 0],
        [0, 0, 0, 0],
    ]
    assert reference.avg_pool2d_backward(dout, x, 2)[0, 0, 0].tolist() == [0.25, 0.25, 0.5, 0.5]


def test_linear_by_hand():
    x, weight = np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])
    assert reference.linear(x, weight, np.array([10.0, 20.0])).tolist() == [[21, 37]]
    dx, dweight, dbias = reference.linear_backward(np.array([[1.0, -1.0]]), x, weight)
    assert (dx.tolist(), dweight.tolist(), dbias.tolist()) == (
        [[-2, -2]],
        [[1, 2], [-1, -2]],
        [1, -1],
    )


if importlib.util.find_spec("scipy"):

    def test_scipy_agrees():
        from scipy.signal import correlate2d

        rng = np.random.default_rng(0)
        x, weight = rng.standard_normal((7, 6)), rng.standard_normal((3, 2))
        y = reference.conv2d(x[None, None], weight[None, None])
        np.testing.assert_allclose(y[0, 0], correlate2d(x, weight, mode="valid"), rtol=1e-12)
