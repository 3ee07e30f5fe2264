"""The activation explorer in Python: its numbers against nudges, its refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.course.widgets import ActivationExplorer
from cnnlib.course.widgets.activation import activation_at


def test_values_of_the_notebook():
    found = activation_at(-2)
    assert found["relu"] == (0, 0)
    assert found["leaky_relu"] == (-0.2, 0.1)
    assert found["sigmoid"][0] == pytest.approx(0.1192, abs=1e-4)
    assert found["tanh"][1] == pytest.approx(1 - np.tanh(2) ** 2)


@given(st.floats(-5, 5), st.floats(0, 1))
def test_a_nudge_tells_the_slope(x, negative_slope):
    if abs(x) < 1e-4:
        x = 0.5  # a nudge across the corner tells nothing
    after = activation_at(x + 1e-6, negative_slope)
    before = activation_at(x - 1e-6, negative_slope)
    for name, (_, slope) in activation_at(x, negative_slope).items():
        assert slope == pytest.approx((after[name][0] - before[name][0]) / 2e-6, abs=1e-6)


def test_at_the_corner_the_left_side_counts():
    found = activation_at(0, 0.3)
    assert (found["relu"][1], found["leaky_relu"][1]) == (0, 0.3)


def test_far_away_nothing_overflows():
    assert activation_at(-1000)["sigmoid"] == (0, 0)
    assert activation_at(1000)["tanh"] == (1, 0)


def test_the_picture_says_values_and_slopes():
    _, alt = ActivationExplorer(1.2)._picture()
    assert alt == (
        "Four activation functions with their tangents at 1.2: ReLU 1.2 with slope 1; leaky ReLU "
        "1.2 with slope 1; sigmoid 0.769 with slope 0.178; tanh 0.834 with slope 0.305."
    )


def test_the_picture_draws_the_curves_and_their_tangents():
    fig, _ = ActivationExplorer(-1.5, negative_slope=0.4)._picture()
    for ax, (value, slope) in zip(fig.axes, activation_at(-1.5, 0.4).values(), strict=True):
        curve, *_axes, tangent, point = ax.lines
        (x0, x1), (y0, y1) = tangent.get_xdata(), tangent.get_ydata()
        assert (y1 - y0) / (x1 - x0) == pytest.approx(slope)
        assert np.interp(-1.5, [x0, x1], [y0, y1]) == pytest.approx(value)
        assert (point.get_xdata().item(), point.get_ydata().item()) == (-1.5, value)
        assert np.interp(-1.5, *curve.get_data()) == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"x": "2"}, TypeError, "x must be a number, got '2'"),
        ({"x": np.inf}, ValueError, "x must be finite"),
        ({"x": 1001}, ValueError, "x must be -1000 to 1000, got 1001"),
        ({"x": -1001}, ValueError, "x must be -1000 to 1000, got -1001"),
        ({"negative_slope": -0.1}, ValueError, "negative_slope must be 0 to 1, got -0.1"),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        ActivationExplorer(**arguments)
