"""A checker is worth what it catches: most of these tests make it fail."""

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.gradcheck import GradientError, check_gradient, numerical_gradient, relative_error


def square(x):
    return float((x**2).sum())


def test_slopes_of_a_parabola_by_hand():
    x = np.array([[1.0, -3.0], [0.0, 0.5]])
    np.testing.assert_allclose(numerical_gradient(square, x), 2 * x, atol=1e-9)
    assert x.tolist() == [[1, -3], [0, 0.5]]  # not written to


def test_relative_error_by_hand():
    error = relative_error(np.array([1.0, 2.0, 0.0]), np.array([1.0, 4.0, 0.0]))
    assert error.tolist() == [0, 0.5, 0]
    # 1e-9 against 0 beside a 1: compared with a thousandth of 1, not with itself
    assert relative_error(np.array([1.0, 1e-9]), np.array([1.0, 0.0]))[1] == pytest.approx(1e-6)
    assert relative_error(np.zeros(2), np.zeros(2)).tolist() == [0, 0]


def test_right_gradient_passes_and_returns_its_error():
    x = np.random.default_rng(0).standard_normal(5)
    assert check_gradient(square, x, 2 * x) < 1e-8


@pytest.mark.parametrize(
    "wrong",
    [
        lambda grad: np.zeros_like(grad),
        lambda grad: -grad,
        lambda grad: grad * 1.001,
        lambda grad: grad + 0.001,
        lambda grad: grad[::-1],
        lambda grad: np.where(np.arange(grad.size) == 3, 0, grad),
        lambda grad: np.where(np.arange(grad.size) == 3, np.nan, grad),
        lambda grad: np.where(np.arange(grad.size) == 3, np.inf, grad),
    ],
    ids=["zeros", "sign", "0.1% off", "shifted", "reversed", "one entry", "one NaN", "one inf"],
)
def test_wrong_gradients_fail(wrong):
    x = np.array([0.5, -1.0, 2.0, 0.25, 3.0])
    with pytest.raises(GradientError):
        check_gradient(square, x, wrong(2 * x))


def test_zeros_fail_even_where_most_of_the_gradient_is_zero():
    x = np.linspace(-9, 1, 11)
    with pytest.raises(GradientError, match="1 of 11 entries"):
        check_gradient(lambda x: float(F.relu(x).sum()), x + 0.5, np.append(np.zeros(9), [1, 0.0]))


def test_a_coarse_step_fails():
    x = np.array([1.0])
    slope = np.exp(x)
    assert check_gradient(lambda x: float(np.exp(x).sum()), x, slope) < 1e-9
    with pytest.raises(GradientError):
        check_gradient(lambda x: float(np.exp(x).sum()), x, slope, eps=0.1)


def test_the_message_shows_place_and_both_numbers():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    wrong = 2 * x
    wrong[1, 0] = 5.0
    with pytest.raises(GradientError) as caught:
        check_gradient(square, x, wrong)
    assert str(caught.value) == (
        "check_gradient: 1 of 4 entries differ. Worst at (1, 0): analytic 5, numerical 6, "
        "relative error 0.17 (tolerance 1e-06)."
    )


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda x: numerical_gradient(square, x.astype(np.float32)),
            TypeError,
            "astype(np.float64)",
        ),
        (
            lambda x: numerical_gradient(square, [1.0]),
            TypeError,
            "must be a NumPy array, got [1.0]",
        ),
        (lambda x: numerical_gradient(lambda x: x, x), TypeError, "f must return one number"),
        (lambda x: numerical_gradient(square, x, 0.0), ValueError, "eps must be positive"),
        (lambda x: check_gradient(square, x, np.zeros(3)), ValueError, "shape (3,), expected (2,)"),
    ],
)
def test_bad_calls_name_the_fix(call, error, words):
    with pytest.raises(error) as caught:
        call(np.array([1.0, 2.0]))
    assert words in str(caught.value)


def test_a_planted_bug_in_convolution_is_found():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((1, 1, 4, 4)), rng.standard_normal((1, 1, 2, 2))
    dout = rng.standard_normal((1, 1, 3, 3))

    def loss(x):
        return float((F.conv2d(x, weight) * dout).sum())

    dx = F.conv2d_backward(dout, x, weight)[0]
    check_gradient(loss, x, dx)
    forgot_to_flip = F.conv2d_backward(dout, x, weight[:, :, ::-1, ::-1].copy())[0]
    with pytest.raises(GradientError):
        check_gradient(loss, x, forgot_to_flip)


def test_the_largest_error_is_returned():
    x = np.array([1.0, -3.0, 2.0])
    off = np.array([1.0, 1.0 + 2e-4, 1.0 + 1e-4])
    found = check_gradient(lambda x: float((x**2).sum()), x, 2 * x * off, tolerance=1e-3)
    assert found == pytest.approx(2e-4 / (1 + 2e-4), rel=1e-4)
