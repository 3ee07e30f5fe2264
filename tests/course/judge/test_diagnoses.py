"""What a diagnosis states is true: it was verified, or it is a question."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cnnlib.course.judge import Coding, ExerciseSet, case, source
from cnnlib.course.judge.compare import Terms, describe_kind, difference, show, table
from cnnlib.course.judge.show import Table

FACTS: dict[str, Any] = {"level": 1, "minutes": 1, "hints": ["x", "y"]}


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


@pytest.fixture
def chapter() -> ExerciseSet:
    return ExerciseSet("example", "00 Example")


def said(verdict: Any) -> str:
    return repr(verdict).replace("\n", " ")


def doubling(chapter: ExerciseSet, **declared: Any) -> Coding:
    settings = {
        "cases": lambda rng: case(rng.integers(-9, 10, rng.integers(2, 5, 2)) / 2, 2.5),
        "hand": [(case(np.array([[1.0, 2.5]])), np.array([[2.0, 5.0]]))],
        **declared,
    }

    @chapter.coding("Double", name=f"double{len(chapter.exercises)}", **FACTS, **settings)
    def double(x, factor=2.0):
        return x * factor

    return double


# Types: each refusal names what to write, and that works


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        (7200, (7, 200), "`7,200`, with a comma, is a tuple in Python. If it is meant as one "
         "number, write 7200 or 7_200."),
        (1234567, (1, 234, 567), "write 1234567 or 1_234_567."),
        (7200, (2, 400), "write 2400 or 2_400."),
        (7000, (7, 0), "write 7000 or 7_000."),
        (10, (1, 2), "Expected a whole number, got a tuple of 2."),
        (3, Fraction(3), "Fraction(3, 1) is a Fraction, and a whole number was expected. Convert"),
        (3, 3.0, "3.0 is a float, and a whole number was expected. Divide with `//`"),
        (105415200, 105415200.0, "105415200.0 is a float"),
        (3, Decimal(3), "`int(...)` or `float(...)` converts it."),
        (3, np.array([3]), "`.item()` takes the number out of it."),
        (0.5, np.array([[0.5]]), "`.item()` takes the number out of it."),
        (0.5, [0.5], "without the brackets"),
        (0.5, (0.5,), "leave the comma out"),
        (3, "3", "Write the number without the quotes: 3."),
        ((4, 8), "(4, 8)", "Expected a tuple of 2, got the text '(4, 8)'. Leave out the quotes."),
        ((4, 8), "4 by 8", "Expected a tuple of 2, got the text '4 by 8'."),
        (np.ones(2), "[1, 1]", "Leave out the quotes."),
        ((4, 8), iter((4, 8)), "got an iterator. Collect them: `tuple(...)`."),
        (0.5, "0.5", "Write the number without the quotes: 0.5."),
        (7200, "7,200", "Write the number without the quotes: 7200."),
        (3, "many", "Expected a whole number, got the text 'many'."),
        (3, 3 + 0j, "`.real`"),
        (0.5, 0.5j, "Expected a number, got the number 0.5j."),
        (1, True, "`int(...)` makes 0 or 1 of it."),
        ((1, 2), (one for one in (1, 2)), "`tuple(...)`"),
        ((1, 2), 3, "Expected a tuple of 2, got the number 3."),
        ((1, 2), {1, 2}, "got a set. A set has no order: write round brackets"),
        ((1, 2), (None, 2), "In entry 1: Expected 1, got None."),
        ({"a": 1}, [("a", 1)], "`dict(...)`"),
        ({"a": 1}, {"b": 1}, "Expected the keys 'a', got 'b'."),
        (np.ones((2, 2)), [[1, 1], [1, 1]], "`np.array(...)`"),
        (np.ones((2, 2)), [[1, 1], [1]], "Its rows have different lengths"),
        (np.ones(2), (np.ones(2), np.ones(3)), "Entry 1 is the right one: return it alone."),
        (np.ones(2), [1, 1, 1], "Expected an array of shape (2,), got a list of 3."),
        (np.ones(2), iter([1, 1]), "`np.array(list(...))`"),
        (np.ones(2), np.ones(2, complex), "`.real`"),
        (np.ones(2), np.ones(2) * 1j, "complex numbers (dtype complex128); expected numbers"),
        (np.ones(2), np.array(["1", "1"]), "`.astype(float)`"),
        (np.ones(2), np.array(["a", "b"]), "The entries are texts"),
        (np.ones(2), np.ma.array([1, 1], mask=[0, 1]), "1 of its entries is masked"),
        (np.ones((2, 2)), 4.0, "Was everything added up to one number?"),
        (np.ones((2, 2)), np.array(4.0), "It has no axis instead of 2."),
        (np.full(3, 1 / 3), np.full(3, 1 / 3, np.float16), "float16 keeps no more than three"),
    ],
)  # fmt: skip
def test_a_type_is_refused_with_its_remedy(expected, got, words):
    found = difference(expected, got)
    assert found is not None
    assert words in found.text, found.text


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (np.ones(2), (np.zeros((2, 2)), np.ones(3))),
        (np.ones(2), [[1, 2], [3]]),
        (np.ones((2, 2)), [1, 2, 3]),
        (np.ones(2), {"a": 1}),
    ],
)
def test_no_remedy_leads_into_the_next_error(expected, got):
    assert "np.array" not in difference(expected, got).text


REMEDIES = [
    ("`.item()`", lambda x: x.item(), np.array([3]), 3),
    ("`int`", int, 3.0, 3),
    ("`int`", int, Fraction(3), 3),
    ("`int(...)`", int, Decimal(3), 3),
    ("`float(...)`", float, Decimal("0.5"), 0.5),
    ("`.real`", lambda x: x.real, np.ones(2, complex), np.ones(2)),
    ("`tuple(...)`", tuple, iter((1, 2)), (1, 2)),
    ("`dict(...)`", dict, [("a", 1)], {"a": 1}),
    ("`np.array(...)`", np.array, [1.0, 2.0], np.array([1.0, 2.0])),
    ("`np.array(list(...))`", lambda x: np.array(list(x)), iter([1.0, 2.0]), np.array([1.0, 2.0])),
    ("`.astype(float)`", lambda x: x.astype(float), np.array(["1"]), np.ones(1)),
    ("`.astype(np.float32)`", lambda x: x.astype(np.float32), np.ones(2), np.ones(2, np.float32)),
    ("`.filled(0)`", lambda x: x.filled(0), np.ma.array([1, 1], mask=[0, 1]), np.array([1, 0])),
]


@pytest.mark.parametrize(("code", "remedy", "value", "right"), REMEDIES)
def test_every_remedy_does_what_it_says(code, remedy, value, right):
    mended = remedy(value)
    if not hasattr(value, "__next__"):
        assert code in difference(right, value, dtype="same").text
    assert difference(right, mended, dtype="same") is None


def test_arrays_and_lists_pass_where_they_can_be_used_the_same_way():
    for got in ([1, 2], np.array([1, 2]), (np.int8(1), np.array(2))):
        assert difference((1, 2), got) is None
    for got in (np.array(3), np.uint8(3)):
        assert difference(3, got) is None
    for got in (Fraction(1, 2), np.float32(0.5), np.array(0.5)):
        assert difference(0.5, got) is None


@pytest.mark.parametrize(
    ("dtype", "passes"),
    [
        ("any", ["float64", "float32", "int64", "uint8", "bool"]),
        ("kind", ["int64", "uint8", "int8"]),
        ("same", ["int64"]),
    ],
)
def test_a_dtype_is_asked_for_in_three_ways(dtype, passes):
    for name in ["float64", "float32", "int64", "uint8", "int8", "bool"]:
        found = difference(np.array([0, 1]), np.array([0, 1]).astype(name), dtype=dtype)
        assert (found is None) == (name in passes or dtype == "any"), name
        if found:
            assert f"but their dtype is {name}" in found.text


# One tolerance


def test_brackets_stand_where_the_verdict_sees_a_difference(chapter):
    expected = np.array([[1.0, 2.0, 3.0]])
    got = expected + np.array([[0, 5e-6, 5e-2]])
    assert table(got, expected, Terms(rtol=1e-5)).count("[") == 1
    assert table(got, expected, Terms(rtol=1e-7)).count("[") == 2
    exercise = doubling(chapter, rtol=1e-2)
    assert exercise.check(lambda x, factor=2.0: x * factor * 1.001).passed

    def wrong_once(x, factor=2.0):
        y = x * factor * 1.001
        y[0, 0] += 9
        return y

    shown = [part.text for part in exercise.check(wrong_once).details if isinstance(part, Table)]
    assert shown[-1].count("[") == 1


def test_of_float32_no_more_is_asked_than_it_holds():
    expected = np.array([1.0, 2.0])
    assert difference(expected, np.float32(expected * (1 + 3e-5))) is None
    assert difference(expected, expected * (1 + 3e-5)) is not None
    assert difference(expected, np.float32(expected * 1.001)) is not None
    assert difference(0.5, 0.5 * (1 + 3e-5), terms=Terms(single=True)) is None


@pytest.mark.parametrize("factor", [1 + 5e-6, 1 + 2e-5, 1 - 3e-4])
def test_what_is_nearly_right_is_not_called_once_the_expected(chapter, factor):
    text = doubling(chapter).check(lambda x, scale=2.0: x * scale * factor).diagnosis
    assert text.startswith("The numbers are nearly right: off by up to")
    assert "1.0 times" not in text
    assert "Is something rounded" in text


# Patterns in the numbers


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x, factor=2.0: np.zeros(x.shape), "Every entry of the result is 0. Is anything"),
        (lambda x, factor=2.0: np.full(x.shape, 3), "Every entry of the result is 3, whatever"),
        (lambda x, factor=2.0: x * factor * 4, "Every number is 4 times the expected one."),
        (lambda x, factor=2.0: x * factor / 4, "Every number is 0.25 times the expected one."),
        (lambda x, factor=2.0: x * factor + 1, "Every number is 1 too large."),
        (lambda x, factor=2.0: x * factor - 0.5, "Every number is 0.5 too small."),
    ],
)
def test_a_pattern_is_said_in_plain_numbers(chapter, answer, words):
    assert words in said(doubling(chapter).check(answer))


def test_where_only_part_of_the_cases_fail_their_number_is_told(chapter):
    @chapter.coding(
        "Sum", **FACTS, cases=lambda rng: case(int(rng.integers(9)), stride=int(rng.integers(1, 3)))
    )
    def add(size, stride=1):
        return size + stride

    text = add.check(lambda size, stride=1: size + stride + (stride > 1)).diagnosis
    assert text.endswith("It goes wrong only where `stride` is not 1; all other cases are right.")

    def in_part(size, stride=1):
        return size + stride + (stride > 1 and size > 2)

    text = add.check(in_part).diagnosis
    assert re.search(r"only where `stride` is not 1 \(in \d+ of \d+ such cases\); all", text)


def test_a_region_is_named_where_all_that_fails_lies_in_it(chapter):
    regions = {"`factor` is 0": [case(np.ones((2, 2)), 0.0), case(np.ones((3, 2)), 0.0)]}
    exercise = doubling(chapter, regions=regions)
    assert len(exercise.trials) == 203
    verdict = exercise.check(exercise.model_answer)
    assert verdict.diagnosis == (
        "It agrees with 1 worked out by hand, 2 chosen on purpose and 200 random cases."
    )
    text = exercise.check(lambda x, factor=2.0: x * (factor or 7)).diagnosis
    assert "It goes wrong only where `factor` is 0; all other cases are right." in text


def test_nan_is_not_too_small(chapter):
    number = chapter.prediction("number", "N", expected=4, mistakes=[], why="So.", **FACTS)
    pair = chapter.prediction("pair", "P", expected=(4, 8), mistakes=[], why="So.", **FACTS)
    assert "nan is not a number" in number.check(float("nan")).diagnosis
    assert "nan is not a number" in pair.check((4, float("nan"))).diagnosis


def test_names_keep_their_capitals():
    found = difference({"CONV1": (1, 2)}, {"CONV1": (1, 3)})
    assert found.text.startswith("In CONV1: In entry 2")
    assert show({"CONV1": 2}) == "{'CONV1': 2}"
    assert describe_kind(type("MyNet", (), {})) == "the class MyNet"


# Mistakes


def test_a_mistake_is_stated_only_where_the_source_shows_it(chapter):
    @chapter.coding("Total", **FACTS, cases=lambda rng: case(rng.integers(1, 9, 4).tolist()))
    def total(values):
        return sum(values)

    @total.mistake(
        "A `return` stands inside the loop.",
        seen=source.returns_in_a_loop,
        otherwise="Only the first number counts. Does the loop reach the others?",
    )
    def returns_early(values):
        result = 0
        for value in values:
            result += value
            return result

    def no_loop(values):
        return values[0]

    def breaks(values):
        result = 0
        for value in values:
            result += value
            break
        return result

    assert total.check(returns_early).diagnosis == "A `return` stands inside the loop."
    for answer in (no_loop, breaks, lambda values: values[0]):
        assert total.check(answer).diagnosis.startswith("Only the first number counts.")


def test_a_mistake_without_other_words_is_not_told_where_it_is_not_seen(chapter):
    exercise = doubling(chapter)

    @exercise.mistake("The loop breaks.", seen=source.breaks_out)
    def breaks(x, factor=2.0):
        for _ in (1,):
            break
        return x

    assert exercise.check(breaks).diagnosis == "The loop breaks."
    assert exercise.check(lambda x, factor=2.0: x.copy()).diagnosis != "The loop breaks."


def test_a_mistake_that_raises_is_recognised_by_its_words(chapter):
    exercise = doubling(chapter)

    @exercise.mistake("Ask first: `if bias is not None`.")
    def asks_a_truth(x, factor=2.0):
        if factor > 2:
            raise ValueError("The truth value of an array is ambiguous")
        return x

    def another(x, factor=2.0):
        if factor > 2:
            raise ValueError("operands could not be broadcast")
        return x

    assert exercise.check(asks_a_truth).diagnosis.startswith("Ask first")
    assert "Ask first" not in exercise.check(another).diagnosis


def test_a_right_result_in_a_wrong_form_is_no_mistake(chapter):
    exercise = doubling(chapter, dtype="same")

    @exercise.mistake("The numbers are right, but float32.")
    def single(x, factor=2.0):
        return (x * factor).astype(np.float32)

    assert exercise.check(single).diagnosis == "The numbers are right, but float32."
    verdict = exercise.check(lambda x, factor=2.0: (x * factor).tolist())
    assert "got a list" in verdict.diagnosis


# Sources


def in_a_loop(values):
    for one in values:
        return one


def in_a_nested_loop(values):
    for row in values:
        for one in row:
            return one


def under_a_condition(values):
    for one in values:
        if one:
            return one


def behind_it(values):
    result = 0
    for one in values:
        result += one
    return result


def written_out(values):
    result = 0
    for one in values:
        result = result + one
    return result


def set_again(values):
    for one in values:
        result = 0
        result = one
    return result


def asks(x, bias=None):
    if bias is not None:
        x = x + bias
    return x


def asks_truth(x, bias=None):
    return x + bias if bias else x


@pytest.mark.parametrize(
    ("question", "yes", "no"),
    [
        (source.returns_in_a_loop, [in_a_loop, in_a_nested_loop], [behind_it, under_a_condition]),
        (source.adds_in_place, [behind_it, written_out], [set_again, in_a_loop]),
        (source.never(source.adds_in_place), [set_again], [behind_it, written_out]),
        (source.asks_is_none("bias"), [asks], [asks_truth, behind_it]),
        (source.has_a_loop, [behind_it], [asks]),
        (source.mentions("bias"), [asks], [behind_it]),
        (source.breaks_out, [], [behind_it]),
    ],
)
def test_questions_to_a_source(question, yes, no):
    assert [question(one) for one in yes] == [True] * len(yes)
    assert [question(one) for one in no] == [False] * len(no)
    for unknown in (len, eval("lambda x: x"), object(), None, 3):
        assert question(unknown) is None


GRADIENTS = {"parts": ("dx", "dweight", "dbias")}
LOOKS_LIKE_DX = np.arange(8.0).reshape(2, 1, 2, 2)


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (
            LOOKS_LIKE_DX,
            "Expected 3 results (dx, dweight, dbias), got a single array. It agrees with dx: "
            "return the others as well, with commas between them.",
        ),
        (
            LOOKS_LIKE_DX + 1,
            "Expected 3 results (dx, dweight, dbias), got a single array of shape (2, 1, 2, 2), "
            "which is that of dx. Return all 3, with commas between them.",
        ),
        (
            np.ones((3, 5)),
            "Expected 3 results (dx, dweight, dbias), got a single array of shape (3, 5). Return "
            "all 3, with commas between them.",
        ),
        ((LOOKS_LIKE_DX, np.ones(1)), "Expected 3 results (dx, dweight, dbias), got 2."),
    ],
)
def test_one_array_in_place_of_several_is_not_counted_by_its_first_axis(got, words):
    due = (LOOKS_LIKE_DX, np.full(1, 16.0), np.full(1, 8.0))
    assert difference(due, got, **GRADIENTS).text == words


def test_several_results_may_come_as_one_array_of_them():
    due = (np.ones(2), np.zeros(2), np.ones(2))
    assert difference(due, np.array(due), **GRADIENTS) is None
    unlike = np.empty(3, dtype=object)
    unlike[:] = np.ones((2, 2)), np.zeros(2), np.ones(2)
    assert difference(tuple(unlike), unlike, **GRADIENTS) is None
    wrong = difference(due, np.ones((3, 2)), **GRADIENTS)
    assert (wrong.part, wrong.text[:11]) == ("dweight", "In dweight:")
