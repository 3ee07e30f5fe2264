"""What the attack lab computes in JavaScript is what Python computes."""

import numpy as np
import pytest
from subjects import digits, photographs

from cnnlib.course.widgets import AttackLab
from cnnlib.course.widgets.attack import MAGNIFIED

MODULE = "attack/widget.js"


@pytest.mark.parametrize("make", [photographs, digits])
def test_the_changed_picture_and_the_difference_are_pythons(module_in_node, make) -> None:
    javascript = module_in_node(MODULE)
    lab = AttackLab(make())
    white = lab.given[0]["white"]
    for share in (0, 0.3, 1):
        lab.epsilon = share * lab.given[0]["largest"]
        flat = lab.pixels.ravel().tolist()
        signs = lab.signs.ravel().tolist()
        made = list(javascript.call("changed", flat, signs, lab.epsilon, white))
        np.testing.assert_allclose(made, lab.changed.ravel(), rtol=1e-6)
        apart = javascript.call("difference", flat, made, MAGNIFIED[white], white)
        expected = white / 2 + MAGNIFIED[white] * (lab.changed - lab.pixels).ravel()
        np.testing.assert_allclose(apart, expected, atol=1e-4 * white)


def test_the_largest_change_stays_within_the_range_when_magnified() -> None:
    for one in AttackLab({"a": photographs(), "b": digits()}).given:
        assert 0.9 < one["magnified"] * one["largest"] / (one["white"] / 2) <= 1


def test_the_outcome_in_words(module_in_node) -> None:
    javascript = module_in_node(MODULE)

    def said(odds: list[float], epsilon: float, white: int = 255) -> str:
        given = {"before": [0.1, 0.9], "odds": odds, "classes": ["cup", "espresso"]}
        return javascript.call("outcomeWords", {**given, "epsilon": epsilon, "white": white})

    assert said([0.1, 0.9], 0) == "Unchanged, the network says espresso, 90.0%."
    assert said([0.2, 0.8], 1) == (
        "With 1 grey level it still says espresso: 90.0% before, 80.0% now."
    )
    assert said([0.98, 0.02], 2.5) == (
        "With 2.5 grey levels it says cup, 98.0%. Espresso falls from 90.0% to 2.0%."
    )
    assert said([0.98, 0.02], 0.1, 1).startswith("With 0.1 of 1 it says cup")


def test_what_was_most_probable_stays_in_the_list(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    before = [0.05, 0.8, 0.05, 0.05, 0.05]
    assert javascript.call("listed", [0.4, 0.01, 0.3, 0.2, 0.09], before, 3) == [0, 2, 3, 1]
    assert javascript.call("listed", before, before, 3) == [1, 0, 2]
