"""Sizes are whole numbers; every one here can be checked on paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.shapes import output_size, receptive_field, same_padding


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((4, 2), 3),  # 4 - 2 + 1
        ((5, 3, 2), 2),  # (5 - 3) / 2 + 1
        ((4, 2, 1, 1), 5),  # (4 + 2 - 2) / 1 + 1
        ((32, 5), 28),
        ((227, 11, 4), 55),
        ((224, 11, 4, 2), 55),  # (224 + 4 - 11) / 4 = 54.25, floored
        ((55, 3, 2), 27),
        ((1, 1), 1),
    ],
)
def test_output_size_by_hand(arguments, expected):
    assert output_size(*arguments) == expected


@given(
    size=st.integers(1, 60),
    kernel=st.integers(1, 12),
    stride=st.integers(1, 7),
    padding=st.integers(0, 6),
)
def test_output_size_counts_the_places_a_window_can_stand(size, kernel, stride, padding):
    places = [
        start
        for start in range(-padding, size + padding)
        if start + kernel <= size + padding and (start + padding) % stride == 0
    ]
    if places:
        assert output_size(size, kernel, stride, padding) == len(places)
    else:
        with pytest.raises(ValueError, match="kernel does not fit"):
            output_size(size, kernel, stride, padding)


@given(st.integers(1, 50), st.integers(0, 10))
def test_same_padding_keeps_the_size(size, half):
    kernel = 2 * half + 1
    assert output_size(size, kernel, 1, same_padding(kernel)) == size


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: output_size(4, 5), ValueError, ["kernel_size 5", "4 + 2·0 = 4", "at least 1"]),
        (lambda: output_size(4, 2, 0), ValueError, ["stride must be at least 1", "got 0"]),
        (lambda: output_size(4, 2, 1, -1), ValueError, ["padding must be at least 0", "-1"]),
        (lambda: output_size(4.0, 2), TypeError, ["size must be a whole number", "4.0"]),
        (lambda: output_size(True, 1), TypeError, ["size must be a whole number", "True"]),
        (lambda: same_padding(4), ValueError, ["kernel_size 4 is even", "Use 3 or 5"]),
        (lambda: receptive_field([3]), ValueError, ["(kernel_size, stride) pair", "got 3"]),
        (
            lambda: receptive_field([(3, 1, 1)]),
            ValueError,
            ["(kernel_size, stride) pair", "(3, 1, 1)"],
        ),
    ],
)
def test_bad_sizes_name_the_fix(call, error, words):
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)


def test_receptive_field_of_alexnet():
    convolutions_and_pools = [
        (11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2),
    ]  # fmt: skip
    assert receptive_field(convolutions_and_pools) == [11, 19, 51, 67, 99, 131, 163, 195]


def test_receptive_field_is_what_an_output_depends_on():
    # Walk back from one output pixel: an output at o needs inputs o·stride … o·stride + kernel - 1.
    layers = [(3, 2), (2, 1), (5, 3), (1, 1), (4, 2)]
    low = high = 0
    for kernel, stride in reversed(layers):
        low, high = low * stride, high * stride + kernel - 1
    assert receptive_field(layers)[-1] == high - low + 1
