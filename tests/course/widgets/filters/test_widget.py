"""The filter stepper in Python: what it refuses, what it shows, what it computes."""

import numpy as np
import pytest
from drawn import numbers, outlines

from cnnlib.course.widgets import FilterStepper

IMAGE = [[[1, 2, 0], [0, 1, 3], [2, 1, 0]], [[0, 1, 1], [2, 0, 1], [1, 3, 0]]]
FILTERS = [[[[1, 0], [0, 2]], [[0, 1], [-2, 0]]], [[[0, 1], [1, 0]], [[1, 0], [0, -1]]]]


def test_two_filters_by_hand():
    stepper = FilterStepper(IMAGE, FILTERS, [2, -3])
    red = 1 * 1 + 2 * 0 + 0 * 0 + 1 * 2
    green = 0 * 0 + 1 * 1 + 2 * -2 + 0 * 0
    assert stepper.output[0, 0, 0] == red + green + 2
    assert stepper.output[1, 0, 0] == (2 + 0) + (0 - 0) - 3
    stepper.set(stride=2, padding=1)
    assert stepper.output.shape == (2, 2, 2)


def test_biases_are_zero_unless_given():
    assert FilterStepper(IMAGE, FILTERS).biases.tolist() == [0, 0]
    single = FilterStepper([[1, 2]], [[[[3]]]])
    assert single.output.tolist() == [[[3, 6]]]


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"image": IMAGE[0]}, ValueError, "image has 1, each filter has 2"),
        ({"filters": FILTERS[0]}, ValueError, r"shape \(C_out, C, KH, KW\), got shape \(2, 2, 2\)"),
        ({"filters": np.zeros((5, 2, 2, 2))}, ValueError, r"filters\[:4, :4, :7, :7\]"),
        ({"filters": np.zeros((0, 2, 2, 2))}, ValueError, r"got shape \(0, 2, 2, 2\)"),
        ({"filters": "two"}, TypeError, "filters must be an array of numbers"),
        ({"filters": np.full((2, 2, 1, 1), np.nan)}, ValueError, "filters holds nan"),
        ({"filters": np.ones((2, 2, 4, 1))}, ValueError, "larger than the padded height"),
        ({"biases": [1]}, ValueError, r"shape \(2,\), one number for each filter"),
        ({"biases": [1, np.inf]}, ValueError, "biases holds nan or infinity"),
        ({"stride": 0}, ValueError, "stride must be at least 1"),
        ({"padding": 7}, ValueError, "padding must be at most 6"),
    ],
)
def test_nonsense_is_refused_in_words(change, kind, message):
    with pytest.raises(kind, match=f"^FilterStepper: .*{message}"):
        FilterStepper(**{"image": IMAGE, "filters": FILTERS, "biases": [2, -3]} | change)
    stepper = FilterStepper(IMAGE, FILTERS, [2, -3])
    before = stepper.settings
    with pytest.raises(kind):
        stepper.set(**change)
    assert stepper.settings == before


def test_the_picture_holds_every_channel_kernel_and_map():
    stepper = FilterStepper(IMAGE, FILTERS, [2, -3])
    figure, alt = stepper._picture()
    found = [_whole(numbers(ax)) for ax in figure.axes if numbers(ax)]
    expected = []
    for c in range(2):
        expected += [np.ravel(IMAGE[c]), *(np.ravel(one[c]) for one in FILTERS)]
        expected.append(np.ravel(stepper.output[c]))
    assert found == [one.astype(int).tolist() for one in expected]
    assert outlines(figure.axes[0]) == [(0, 0, 2, 2)]
    assert alt.startswith("2 filters over 2 channels, stride 1, padding 0. The first window under ")
    assert "map 1, rows:" in alt


def test_more_filters_than_channels_fit_into_the_picture():
    figure, _ = FilterStepper([[1, 2]], [[[[3]]], [[[4]]], [[[5]]]])._picture()
    shown = [_whole(numbers(ax)) for ax in figure.axes if numbers(ax)]
    assert shown == [[1, 2], [3], [4], [5], [3, 6], [4, 8], [5, 10]]


def _whole(texts):
    return [int(text.replace("−", "-")) for text in texts]


def test_the_repr_says_what_it_is():
    assert repr(FilterStepper(IMAGE, FILTERS, padding=1)) == (
        "FilterStepper(2×3×3 image, 2 filters of 2×2×2, stride 1, padding 1 → 2×4×4 output)"
    )
