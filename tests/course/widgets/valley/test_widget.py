"""The valley in Python."""

import numpy as np
import pytest

from cnnlib.course.widgets import MomentumValley
from cnnlib.course.widgets.valley import valley_path


def test_the_numbers_of_notebook_07():
    assert valley_path(0.03, 0, steps=2).round(4).tolist() == [[10, 1], [9.7, -0.5], [9.409, 0.25]]
    assert valley_path(0.01, 0.9, steps=2).round(4).tolist() == [[10, 1], [9.9, 0.5], [9.711, -0.2]]


def test_too_large_a_rate_is_given_up():
    valley = MomentumValley(0.1, 0)
    assert len(valley.path) < 61
    assert valley.losses[-1] > 1e6 * valley.losses[0]
    assert np.isfinite(valley.losses).all()


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"learning_rate": -1}, ValueError, "learning_rate must be 0 to 0.1, got -1"),
        ({"momentum": 1}, ValueError, "momentum must be 0 to 0.99, got 1"),
        ({"momentum": "much"}, TypeError, "momentum must be a number"),
    ],
)
def test_nonsense_is_refused_in_words(change, kind, message):
    with pytest.raises(kind, match=f"^MomentumValley: .*{message}"):
        MomentumValley(**change)


def test_the_picture_and_the_repr_tell_the_end():
    valley = MomentumValley(0.01, 0.9)
    figure, alt = valley._picture()
    assert len(figure.axes) == 2
    assert "After 60 steps" in alt
    assert repr(valley).startswith("MomentumValley(learning rate 0.01, momentum 0.9: loss 75 → 0.0")
    assert MomentumValley(0.1)._picture()[1].startswith("A path into a long valley")
