"""What all widgets share in JavaScript: numbers and words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from node import Module

from cnnlib.course.drawing.theme import DIVERGING, diverging_colours


@pytest.fixture(scope="module")
def kit(module_in_node: Callable[[str], Module]) -> Callable[..., Any]:
    """Return a function that calls a function of the kit."""
    return module_in_node("kit/kit.js").call


# Numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (144, "144"),
        (-2.5, "−2.5"),
        (-0.0, "0"),
        (1 / 9, "0.111111"),
        (0.1 + 0.2, "0.3"),
        (1234567.891, "1234570"),
        (1e-9, "1·10^−9"),
        (-1e21, "−1·10^21"),
    ],
)
def test_numbers_are_written_for_a_reader(kit, value, text):
    assert kit("number", value) == text


def test_numbers_are_spoken_with_their_sign(kit):
    assert kit("spoken", -2.5) == "minus 2.5"
    assert kit("term", -2.5) == "(−2.5)"
    assert kit("term", 2) == "2"


def test_arithmetic_is_spoken_in_words(kit):
    assert (
        kit("aloud", "L = (a − t)² = (−2)² = 4")
        == "L equals a minus t squared equals minus 2 squared equals 4"
    )
    assert kit("aloud", "1 · (−4) + 2·10^−9") == "1 times minus 4 plus 2 times 10 to the minus 9"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("3", 3),
        (" -2.5 ", -2.5),
        ("−1", -1),
        ("0,5", 0.5),
        ("1/9", 1 / 9),
        ("-1/4", -0.25),
        (".5", 0.5),
        ("2e2", 200),
        ("-0", 0),
    ],
)
def test_numbers_are_read_as_a_learner_types_them(kit, typed, value):
    assert kit("readNumber", typed) == {"value": value}


@pytest.mark.parametrize(
    "typed",
    [
        "x",
        "1.2.3",
        "1,2,3",
        "--1",
        "1/0",
        "1/",
        "NaN",
        "Infinity",
        "1e999",
        "−",
        "３",
        "٣",
        "²",
        "½",
        "0x10",
        "1_000",
        "1 000",
        "1.000,5",
        "e5",
        ".",
        ",5",
        "∞",
        "1e",
        "١/٢",
    ],
)
def test_what_is_no_number_is_refused_in_words(kit, typed):
    found = kit("readNumber", typed)
    assert found == {"problem": f"“{typed}” is no number. Type one such as 3, −2.5 or 1/9."}


def test_limits_are_explained(kit):
    limits = {"min": 1, "max": 9, "whole": True, "name": "Stride"}
    assert kit("readNumber", "0", limits)["problem"] == "Stride must be at least 1, not 0."
    assert kit("readNumber", "10", limits)["problem"] == "Stride must be at most 9, not 10."
    assert "whole number, but 1.5" in kit("readNumber", "1.5", limits)["problem"]
    assert kit("readNumber", "  ", limits)["problem"].startswith("Stride is empty.")


def test_one_number_of_a_table_is_replaced(kit):
    assert kit("withNumber", [[1, 2], [3, 4]], 1, 0, 9) == [[1, 2], [9, 4]]


def test_a_value_is_kept_between_two_ends(kit):
    assert [kit("clamp", value, 0, 3) for value in (-1, 0, 2.5, 3, 4)] == [0, 0, 2.5, 3, 3]


def test_a_sum_leaves_no_dust(kit):
    assert kit("dusted", 0.1 + 0.2) == 0.3
    assert str(kit("dusted", -0.0)) == "0"


@pytest.mark.parametrize(
    ("words", "text"),
    [([], ""), (["red"], "red"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined(kit, words, text):
    assert kit("joined", words) == text


# Colours


@pytest.mark.parametrize("most", [1, 0.3, 7])
def test_a_value_has_the_colour_that_figures_give_it(module_in_node, most):
    """Also on the edges between two colours, which are the multiples of 1/128."""
    pixels, colours = module_in_node("kit/pixels.js"), diverging_colours()
    values = np.concatenate([np.linspace(-1, 1, 257), [0.25, -1.5, 1.5]]) * most
    norm = mpl.colors.CenteredNorm(0, halfrange=most)
    expected = mpl.colormaps[DIVERGING](norm(values), bytes=True)[:, :3].tolist()
    found = [pixels.call("signedColour", colours, value, most) for value in values.tolist()]
    assert found == expected
    assert pixels.call("signedColour", colours, 0.25, 1) == [250, 204, 180]
