"""What messages say about a value, whatever the value is."""

import numpy as np
import pytest

from cnnlib import checks
from cnnlib.course.judge import compare


class Broken:
    """Its repr fails, as that of a half-built object does."""

    def __repr__(self):
        raise RuntimeError("no repr")


class BrokenText(str):
    __slots__ = ()
    __repr__ = Broken.__repr__


class BrokenNumber(int):
    __repr__ = Broken.__repr__


class BrokenFraction(float):
    __repr__ = Broken.__repr__


class BrokenList(list):
    __repr__ = Broken.__repr__


BROKEN = [
    Broken(),
    BrokenText("a"),
    BrokenNumber(3),
    BrokenFraction(0.5),
    BrokenList([1]),
    [Broken()],
    (1, Broken()),
    {"a": Broken()},
    np.array([Broken()]),
]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "None"),
        (True, "True"),
        (3, "3"),
        ("fast", "'fast'"),
        ([1, 2], "[1, 2]"),
        (list(range(50)), "a list"),
        (np.zeros((2, 3)), "an array of shape (2, 3) and dtype float64"),
        (np.float32(2), "a float32"),
        (len, "a builtin_function_or_method"),
        (OSError(), "an OSError"),
        ({}, "a dict"),
    ],
)
def test_a_value_is_described(value, words):
    assert checks.describe(value) == words


@pytest.mark.parametrize("value", BROKEN, ids=lambda value: type(value).__name__)
def test_a_value_whose_repr_fails_is_described_by_its_kind(value):
    kind = type(value).__name__
    kinds = {f"a {kind}", "an array of shape (1,) and dtype object"}
    assert checks.describe(value) in kinds
    for say in (compare.describe_kind, compare.show):
        assert isinstance(say(value), str)
    assert compare.difference(1.5, value) is not None or kind == "BrokenFraction"


def test_the_judge_describes_as_the_library_does_where_it_names_no_kind():
    for value in (None, np.zeros(3), OSError()):
        assert compare.describe_kind(value) == checks.describe(value)
    assert compare.describe_kind(3) == "the number 3"
    assert compare.describe_kind("a") == "the text 'a'"


def test_a_message_survives_a_value_whose_repr_fails():
    with pytest.raises(TypeError, match="stride must be a whole number, got a Broken"):
        checks.integer("conv2d", "stride", Broken(), 1)
    with pytest.raises(ValueError, match="pair, got a tuple"):
        checks.pair("conv2d", "stride", (1, 2, Broken()), 1)
    with pytest.raises(TypeError, match="x must be a NumPy array, got a list"):
        checks.float_array("conv2d", "x", [Broken()])


def test_sixteen_bits_are_told_their_own_divisor():
    image = np.array([[0, 65535]], dtype=np.uint16)
    with pytest.raises(TypeError, match=r"x.astype\(np.float32\) / 65535 turns 16 bits into 0–1"):
        checks.float_array("conv2d", "x", image)
    assert (image.astype(np.float32) / 65535 == [[0, 1]]).all()


def test_the_wider_of_two_is_told_to_become_float32():
    narrow, wide = np.ones(2, np.float32), np.ones(2)
    with pytest.raises(TypeError, match=r"weight is float64; .* weight.astype\(np.float32\)"):
        checks.same_dtype("conv2d", "x", narrow, weight=wide)
    with pytest.raises(TypeError, match=r"x is float64 but .* x.astype\(np.float32\)"):
        checks.same_dtype("conv2d", "x", wide, weight=narrow)


@pytest.mark.parametrize(
    ("targets", "advice"),
    [
        (np.array([[2], [0], [1]]), "targets[:, 0]"),
        (np.array(["cat", "dog", "cat"]), "np.unique(targets, return_inverse=True)[1]"),
        (np.array(["cat", "dog", "cat"], object), "np.unique(targets, return_inverse=True)[1]"),
        (np.array([2.0, 0.0, 1.0]), "targets.astype(np.int64)"),
        (np.array([True, False, True]), "targets.astype(np.int64)"),
    ],
)
@pytest.mark.parametrize("classes", [3, None])
def test_advice_for_labels_spoils_none_of_them(targets, advice, classes):
    with pytest.raises((ValueError, TypeError)) as caught:
        checks.labels("fit", targets, 3, classes)
    assert advice in str(caught.value)
    mended = eval(advice, {"np": np, "targets": targets})
    assert checks.labels("fit", mended, 3, classes) is mended
    classes_of = {str(label) for label in targets.ravel()}
    assert len(set(mended.tolist())) == len(classes_of)


@pytest.mark.parametrize("wrong", [0.5, np.nan, np.inf])
def test_what_is_no_label_is_not_rounded_to_one(wrong):
    with pytest.raises(TypeError, match=f"Among them is {wrong:g}: check where they come from"):
        checks.labels("fit", np.array([1.0, wrong, 0.0]), 3, 3)
