"""The softmax explorer in Python: its numbers against cnnlib, its refusals."""

import numpy as np
import pytest
from drawn import lengths
from hypothesis import given
from hypothesis import strategies as st

from cnnlib import functional as F
from cnnlib.course.widgets import SoftmaxExplorer
from cnnlib.course.widgets.softmax import tempered_softmax

SCORES = st.lists(st.floats(-50, 50), min_size=2, max_size=10)


def test_the_hand_calculation():
    z = np.log([1.0, 2.0, 5.0])
    np.testing.assert_allclose(tempered_softmax(z), [1 / 8, 2 / 8, 5 / 8])
    np.testing.assert_allclose(tempered_softmax(z, 0.5), [1 / 30, 4 / 30, 25 / 30])
    explorer = SoftmaxExplorer(z, right=1)
    assert explorer.loss == pytest.approx(np.log(4))


@given(SCORES, st.floats(0.1, 100))
def test_temperature_keeps_the_order_and_makes_probabilities(scores, temperature):
    p = tempered_softmax(scores, temperature)
    assert p.sum() == pytest.approx(1)
    assert (np.diff(p[np.argsort(scores)]) >= 0).all()
    np.testing.assert_allclose(p, F.softmax(np.array([scores]) / temperature)[0])


@given(SCORES)
def test_heat_levels_out_and_cold_decides(scores):
    highest = [tempered_softmax(scores, t).max() for t in (0.1, 1, 10, 1000)]
    assert highest == sorted(highest, reverse=True) or np.ptp(highest) < 1e-9


def test_scores_that_are_far_apart_do_no_harm():
    explorer = SoftmaxExplorer([1000, 0, -1e6], temperature=0.01, right=2)
    assert explorer.probabilities.tolist() == [1, 0, 0]
    assert explorer.loss == 100_100_000


def test_the_picture_says_what_it_shows():
    _, alt = SoftmaxExplorer([0, 0, 0, 0], temperature=2)._picture()
    assert alt == (
        "Scores of 4 classes, 0, 0, 0, 0, at temperature 2 give the probabilities 0.250, "
        "0.250, 0.250, 0.250. The cross-entropy of class 0 is 1.386."
    )


def test_the_picture_draws_scores_and_probabilities():
    explorer = SoftmaxExplorer([1, -2, 3], right=1)
    left, right = explorer._picture()[0].axes
    assert lengths(left) == [1, -2, 3]
    np.testing.assert_allclose(lengths(right), explorer.probabilities)
    first, chosen, last = (patch.get_facecolor() for patch in right.patches)
    assert first == last != chosen


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"scores": "123"}, TypeError, "scores must be a row of numbers, got '123'"),
        ({"scores": [[1, 2], [3]]}, TypeError, "scores must be a row of numbers"),
        ({"scores": [1]}, ValueError, r"for 2 to 10 classes C, got shape \(1,\)"),
        ({"scores": [[1, 2]]}, ValueError, r"Pick one sample of a batch with scores\[0\]"),
        ({"scores": [1, np.nan]}, ValueError, "no score may be nan, or beyond a million"),
        ({"temperature": 0}, ValueError, "temperature must be 0.01 to 1000, got 0"),
        ({"right": 3}, ValueError, "there is no class 3; 3 scores make the classes 0 to 2"),
        ({"right": 1.0}, TypeError, "right must be a whole number"),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        SoftmaxExplorer(**{"scores": [1, 2, 3], **arguments})
