"""The descent stepper in Python: its stops against cnnlib, its refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.course import drawing
from cnnlib.course.widgets import DescentStepper
from cnnlib.course.widgets.descent import descend
from cnnlib.functional import conv2d
from cnnlib.gradcheck import check_gradient

X = [[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]]
DUE = [[144, 66, 160], [247, 97, 95], [215, 121, 136]]
KERNEL = [[11, 4], [5, 2]]


def test_it_finds_the_kernel_of_the_hand_calculation():
    last = descend(X, DUE, np.zeros((2, 2)), 0.005, 300)[-1]
    np.testing.assert_array_equal(last.weights.round(2), KERNEL)
    assert last.loss < 1e-4


def test_at_the_right_kernel_nothing_moves():
    for station in descend(X, DUE, KERNEL, 0.004, 3):
        np.testing.assert_array_equal(station.weights, KERNEL)
        assert station.loss == 0


def test_too_long_a_step_is_given_up():
    stations = descend(X, DUE, np.zeros((2, 2)), 0.0065, 100)
    losses = [station.loss for station in stations]
    assert losses == sorted(losses)
    assert losses[-1] > 1e6 * losses[0] >= losses[-2]


@given(st.integers(0, 1000))
def test_the_gradient_is_right_and_the_step_goes_against_it(seed):
    rng = np.random.default_rng(seed)
    kh, kw, oh, ow = (int(n) for n in rng.integers(1, 4, 4))
    image = rng.normal(size=(oh + kh - 1, ow + kw - 1))
    target, kernel = rng.normal(size=(oh, ow)), rng.normal(size=(kh, kw))
    first, second = descend(image, target, kernel, 0.01, 1)

    def loss(weights):
        return float(((conv2d(image[None, None], weights[None, None])[0, 0] - target) ** 2).mean())

    assert first.loss == pytest.approx(loss(kernel))
    assert check_gradient(loss, kernel, first.gradient) < 1e-5
    np.testing.assert_allclose(second.weights, kernel - 0.01 * first.gradient, rtol=1e-12)


def test_the_kernel_starts_at_zeros_of_the_right_shape():
    stepper = DescentStepper(np.ones((4, 5)), np.ones((3, 2)))
    assert np.shape(stepper.kernel) == (2, 4)
    assert not np.any(stepper.kernel)
    stepper.kernel = np.ones((2, 4))
    assert stepper.descend(0)[0].loss == 49


def test_the_picture_says_what_happened():
    _, alt = DescentStepper(X, DUE)._picture()
    assert "learning rate 0.004. Loss: step 0 2.328e+04; step 1 5810; step 10 78.91;" in alt
    _, alt = DescentStepper(X, DUE, KERNEL)._picture()  # a loss of 0 has no logarithm
    assert "step 100 0." in alt


def test_the_picture_draws_the_descent():
    stepper = DescentStepper(X, DUE)
    fig, alt = stepper._picture()
    losses = [station.loss for station in stepper.descend(100)]
    np.testing.assert_allclose(fig.axes[0].lines[0].get_ydata(), losses)
    last = stepper.descend(100)[-1].weights
    shown = [text.get_text() for text in fig.axes[-1].texts]
    assert shown == [f"{weight:.1f}" for weight in last.ravel()]
    assert "Kernel at the start rows: 0 0; 0 0, after 100 steps rows: " in alt
    assert alt.endswith(f"{drawing.grid_alt(last.round(2))}.")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"target": np.ones((5, 3))}, ValueError, r"\(5, 3\), larger than the image \(4, 4\)"),
        (
            {"kernel": np.ones((3, 3))},
            ValueError,
            r"shape \(3, 3\); to make a target \(3, 3\) from",
        ),
        ({"learning_rate": -1}, ValueError, "learning_rate must be 0 to 1000, got -1"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number, got 'fast'"),
        ({"image": [[1], [2, 3]]}, TypeError, "image must be a grid of numbers"),
        (
            {"image": np.ones(4)},
            ValueError,
            r"shape \(H, W\), at most \(28, 28\), got shape \(4,\)",
        ),
        ({"target": [[np.nan]]}, ValueError, "target holds nan or infinity"),
        ({"image": np.ones((9, 9)), "target": [[1]]}, ValueError, "a kernel of 9×9; at most 7×7"),
        ({"image": np.ones((3, 9)), "target": [[1]]}, ValueError, "a kernel of 3×9; at most 7×7"),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        DescentStepper(**{"image": X, "target": DUE, **arguments})
