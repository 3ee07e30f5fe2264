"""The backward stepper in Python: what it computes, refuses and shows."""

import numpy as np
import pytest

from cnnlib.course.widgets import BackwardStepper
from cnnlib.functional import conv2d
from cnnlib.gradcheck import numerical_gradient

DOUT, KERNEL = [[1, 2], [-1, 3]], [[1, -2], [3, 2]]


def test_the_numbers_of_notebook_07():
    assert BackwardStepper(DOUT, KERNEL).dx.tolist() == [[1, 0, -4], [2, 13, -2], [-3, 7, 6]]


@pytest.mark.parametrize(("stride", "padding", "remainder"), [(1, 0, 0), (2, 0, 1), (3, 1, 2)])
def test_dx_is_the_slope_of_the_loss(stride, padding, remainder):
    stepper = BackwardStepper(DOUT, KERNEL, stride, padding, remainder)
    image = np.random.default_rng(0).normal(size=stepper.dx.shape)
    dout, kernel = (np.array(one, dtype=float) for one in (DOUT, KERNEL))

    def loss(x):
        y = conv2d(x[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0]
        return float((y * dout).sum())

    np.testing.assert_allclose(stepper.dx, numerical_gradient(loss, image), atol=1e-6)


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"dout": [1, 2]}, ValueError, "dout must have the shape"),
        ({"dout": np.zeros((7, 7))}, ValueError, "at most 1 channels of 6×6"),
        ({"kernel": "k"}, TypeError, "kernel must be a grid of numbers"),
        ({"stride": 0}, ValueError, "stride must be at least 1"),
        ({"remainder": 1}, ValueError, "remainder must be smaller than the stride, 1, got 1"),
        ({"padding": 2}, ValueError, "padding 2 leaves nothing of the input"),
        ({"view": "magic"}, ValueError, "view must be one of law, shares"),
    ],
)
def test_nonsense_is_refused_in_words(change, kind, message):
    with pytest.raises(kind, match=f"^BackwardStepper: .*{message}"):
        BackwardStepper(**{"dout": DOUT, "kernel": KERNEL} | change)


def test_the_picture_tells_the_law():
    _, alt = BackwardStepper(DOUT, KERNEL, stride=2, remainder=1)._picture()
    assert "flipped kernel, rows: 2 3; −2 1" in alt
    assert "1 left over" in alt
    assert repr(BackwardStepper(DOUT, KERNEL, 2, 0, 1)) == (
        "BackwardStepper(2×2 dout, 2×2 kernel, stride 2, padding 0, 1 left over → 5×5 dX)"
    )
