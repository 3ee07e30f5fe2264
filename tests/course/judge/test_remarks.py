"""A remark behind an exception is true wherever it stands, and what it advises works."""

import math
import re
import sys
from typing import Any

import numpy as np
import pytest

from cnnlib.course.judge import remarks
from cnnlib.course.judge.run import Call, run

# Each line has a line of its own in this file, as the remark may look at it.


def too_many_indices(x):
    return x[0, 0, 0]


def mask_of_another_shape(x):
    return x[np.array([True, False, True])]


def past_the_end(x):
    return x[99]


def past_the_end_of_a_list(x):
    return x.tolist()[99]


def float_as_index(x):
    return x[1.0]


def float_array_as_index(x):
    return x[np.array([0.0, 1.0])]


def float_in_a_list(x):
    place = 1.0
    return [1, 2][place]


def ragged(x):
    return np.array([[1.0], [2.0, 3.0]])


def row_into_a_place(x):
    y = np.zeros(3)
    y[0] = x[0]
    return y


def range_of_a_shape(x):
    for i in range(x.shape):
        return i


def zeros_of_a_tuple_inside(x):
    return np.zeros(((2, 3), 4))


def shape_called(x):
    return x.shape()


def shape_called_with_an_index(x):
    return x.shape(0)


def zeros_of_two_numbers(x):
    return np.zeros(2, 3)


def ones_of_two_numbers(x):
    return np.ones(x.shape[0], x.shape[1])


def array_called(x):
    return x(0)


def product_without_a_star(x):
    two = 2
    return two(x)


def sum_overwritten(x):
    sum = 0
    return sum(x)


def max_overwritten(x):
    max = x[0, 0]
    return max(x[0])


def float_size(x):
    return np.zeros(x.shape[0] / 2)


def range_of_a_float(x):
    return list(range(len(x) / 2))


def truth_of_an_array(x):
    return 1 if x > 0 else 2


def largest_of_an_array(x):
    return max(0, x)


def no_broadcast(x):
    return x + np.ones((5, 7))


def no_broadcast_into(x):
    y = np.zeros((3, 3))
    y[0:2, 0:2] = np.ones((3, 1))
    return y


def matmul(x):
    return x @ x


def dot(x):
    return np.dot(x, x)


def reshape(x):
    return x.reshape(4, 4)


def none_plus(x):
    return None + x[0, 0]


def none_index(x):
    nothing = None
    return nothing[0]


def none_call(x):
    return (lambda: None)()()


def none_attribute(x):
    return (lambda: None)().shape


def none_unpacked(x):
    a, b = (lambda: None)()
    return a + b


def none_compared(x):
    return None < 3


def pair_as_a_number(x):
    return x.shape[0] + 2 * 3 - (1, 2)


def pair_divided(x):
    return x.shape // 2


def list_times_float(x):
    return [1.0, 2.0] * 2.0


def too_few_names(x):
    a, b = (1, 2, 3)
    return a, b


def too_many_names(x):
    a, b, c = x.shape
    return a, b, c


def one_value_unpacked(x):
    a, b = len(x)
    return a + b


def never_made(x):
    return resullt  # noqa: F821


def before_its_value(x):
    for value in x[0]:
        total += value  # noqa: F821, F841
    return 0


def by_zero(x):
    return 3 // (len(x) - len(x))


def without_end(x):
    return without_end(x)


def deep_but_finite(x, depth=10**5):
    return depth if depth == 0 else deep_but_finite(x, depth - 1)


def log_of_zero(x):
    return math.log(0)


def root_of_negative(x):
    return math.sqrt(-1)


def whole_of_inf(x):
    return int(float("inf"))


def whole_of_nan(x):
    return int(float("nan"))


def byte_too_large(x):
    return np.uint8(300)


def byte_array_too_large(x):
    y = np.zeros(2, np.uint8)
    y[0] = 256
    return y


def exp_too_large(x):
    return math.exp(1000)


def power_too_large(x):
    return 10.0**400


def factorial_as_float(x):
    return float(math.factorial(200))


def empty_max(x):
    return x[:, 5:].max()


def read_only(x):
    y = np.broadcast_to(x, x.shape)
    y[0] = 1
    return y


def integers_in_place(x):
    y = np.zeros(2, int)
    y += 0.5
    return y


def left_out(x):
    return np.clip()


def unfinished(x):
    raise NotImplementedError


def exits(x):
    sys.exit()


def misspelt(x):
    return x.shap


# Neighbours that no remark must explain


def own_error(x):
    raise ValueError("my own words")


def key_missing(x):
    return {"a": 1}["b"]


def iterator_is_over(x):
    return next(iter([]))


def asserts(x):
    assert len(x) == 99


def math_error_of_another_kind(x):
    raise ValueError("math domain error of mine")


def text_plus_number(x):
    return "a" + 1


def bad_int(x):
    return int("three")


CASES: list[tuple[Any, str]] = [
    (too_many_indices, "more indices than axes"),
    (mask_of_another_shape, "The array of True and False has another shape"),
    (past_the_end, "past the end"),
    (past_the_end_of_a_list, "past the end"),
    (float_as_index, "An index must be a whole number"),
    (float_array_as_index, "An index must be a whole number"),
    (float_in_a_list, "An index must be a whole number"),
    (ragged, "rows have different lengths"),
    (row_into_a_place, "A whole row was given"),
    (range_of_a_shape, "range(x.shape[0])"),
    (zeros_of_a_tuple_inside, ""),
    (shape_called, "write brackets: `x.shape[0]`"),
    (shape_called_with_an_index, "write brackets: `x.shape[0]`"),
    (zeros_of_two_numbers, "np.zeros((2, 3))"),
    (ones_of_two_numbers, "np.zeros((2, 3))"),
    (array_called, "write brackets: `x[0, 0]`"),
    (product_without_a_star, "is a `*` missing"),
    (sum_overwritten, "`sum = 0`"),
    (max_overwritten, "`sum = 0`"),
    (float_size, "divide with `//`"),
    (range_of_a_float, "divide with `//`"),
    (truth_of_an_array, "here is a whole array"),
    (largest_of_an_array, "here is a whole array"),
    (no_broadcast, "Two arrays of different shapes meet"),
    (no_broadcast_into, "Two arrays of different shapes meet"),
    (matmul, "In a matrix product"),
    (dot, "In a matrix product"),
    (reshape, "keeps the number of entries"),
    (none_plus, "Something is None"),
    (none_index, "Something is None"),
    (none_call, "Something is None"),
    (none_attribute, "Something is None"),
    (none_unpacked, "Something is None"),
    (none_compared, "Something is None"),
    (pair_as_a_number, "down, across = pair"),
    (pair_divided, "down, across = pair"),
    (list_times_float, "Make an array of it first"),
    (too_few_names, "as many names on the left"),
    (too_many_names, "as many names on the left"),
    (one_value_unpacked, "as many names on the left"),
    (never_made, "No such name is known here"),
    (before_its_value, "before it gets a value"),
    (by_zero, "which count can be 0"),
    (without_end, "nested too deeply"),
    (deep_but_finite, "nested too deeply"),
    (log_of_zero, "logarithm of 0"),
    (root_of_negative, "nor does the root"),
    (whole_of_inf, "inf and nan are no whole numbers"),
    (whole_of_nan, "inf and nan are no whole numbers"),
    (byte_too_large, "does not fit into that dtype"),
    (byte_array_too_large, "does not fit into that dtype"),
    (exp_too_large, "larger than a float can be"),
    (power_too_large, "larger than a float can be"),
    (factorial_as_float, "larger than a float can be"),
    (empty_max, "An empty array"),
    (read_only, "must not be written to"),
    (integers_in_place, "Make a float array first"),
    (left_out, "without one of its arguments"),
    (unfinished, "still to be written"),
    (exits, "Leave out `exit`"),
    (misspelt, "no such name behind the dot"),
    (own_error, ""),
    (key_missing, ""),
    (iterator_is_over, ""),
    (asserts, ""),
    (math_error_of_another_kind, ""),
    (text_plus_number, ""),
    (bad_int, ""),
]


@pytest.mark.parametrize(("answer", "words"), CASES, ids=[one.__name__ for one, _ in CASES])
def test_an_exception_gets_the_remark_that_fits(answer, words):
    outcome = run(answer, Call((np.arange(6.0).reshape(2, 3),)), 10)
    assert outcome.error is not None
    said = remarks.remark_on(outcome)
    assert (words in said) if words else (said == ""), f"{outcome.message!r}: {said!r}"
    assert said in remarks.explain(outcome)


def test_every_remark_has_a_case():
    outcomes = [run(answer, Call((np.arange(6.0).reshape(2, 3),)), 10) for answer, _ in CASES]
    given = {remarks.remark_on(outcome) for outcome in outcomes}
    assert {remark.text for remark in remarks.REMARKS} <= given


def test_an_exception_is_told_with_its_line():
    outcome = run(shape_called, Call((np.ones((2, 3)),)), 10)
    text = remarks.explain(outcome)
    assert text.startswith("It raised TypeError in line ")
    assert "return x.shape(): 'tuple' object is not callable." in text


def test_a_line_that_ends_with_a_colon_has_one():
    outcome = run(range_of_a_shape, Call((np.ones((2, 3)),)), 10)
    assert "::" not in remarks.explain(outcome)


# Every line of code in a remark, and a session in which it does what the remark says.
ADVISED = {
    "x.max()": {"x": np.arange(6)},
    "if bias is not None": {"bias": np.ones(2)},
    "range(x.shape[0])": {"x": np.ones((2, 3))},
    "np.zeros((2, 3))": {},
    "x.shape[0]": {"x": np.ones((2, 3))},
    "x[0, 0]": {"x": np.ones((2, 3))},
    "sum = 0": {},
    "del sum": {"sum": 0},
    ".astype(int)": {"x": np.ones(2, np.uint8)},
    "down, across = pair": {"pair": (1, 2)},
    "np.array(values)": {"values": [1.0, 2.0]},
    "x = x.copy()": {"x": np.ones(2)},
    "x = x.astype(float)": {"x": np.ones(2, int)},
}
# Names, and what is quoted to be left out.
NO_LINES = {"exit", "return", "=", "//", "max", "min", "if", "range", "exp", "uint8", "*", ".T",
            ".shape", "reshape"}  # fmt: skip


def test_every_line_of_code_in_a_remark_runs():
    written = {code for remark in remarks.REMARKS for code in re.findall(r"`([^`]+)`", remark.text)}
    assert written - NO_LINES == set(ADVISED)
    for code, session in ADVISED.items():
        line = f"{code}: pass" if code.startswith("if ") else code
        exec(f"x{line}" if line.startswith(".") else line, {"np": np, **session})
