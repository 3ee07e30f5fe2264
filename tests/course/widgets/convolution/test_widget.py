"""The convolution stepper in Python: what it refuses, what it shows, what it computes."""

import json

import numpy as np
import pytest
from drawn import numbers, outlines
from hypothesis import given
from hypothesis import strategies as st

from cnnlib import reference
from cnnlib.course.widgets import ConvolutionStepper
from cnnlib.course.widgets.convolution import window_arithmetic

X = [[5, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]]
KERNEL = [[11, 4], [5, 2]]


# The pure function


def test_one_window_by_hand():
    step = window_arithmetic([X], [KERNEL], 0, 1)
    assert step.window.tolist() == [[[1, 7], [5, 1]]]
    assert step.products.tolist() == [[[1 * 11, 7 * 4], [5 * 5, 1 * 2]]]
    assert step.sums.tolist() == [11 + 28 + 25 + 2]
    assert step.total == 66


def test_border_stride_bias_and_channels_by_hand():
    """Window (1, 1) at stride 2 with one border starts at row 1, column 1 of the image."""
    step = window_arithmetic([X, X], [KERNEL, [[0, 0], [0, 1]]], 1, 1, stride=2, padding=1, bias=-7)
    assert step.window[0].tolist() == [[5, 1], [6, 4]]
    assert step.sums.tolist() == [5 * 11 + 1 * 4 + 6 * 5 + 4 * 2, 4]
    assert step.total == 97 + 4 - 7
    corner = window_arithmetic([X], [KERNEL], 0, 0, padding=1)
    assert corner.window.tolist() == [[[0, 0], [0, 5]]]
    assert corner.total == 5 * 2


@st.composite
def calls(draw):
    channels, kh, kw = (draw(st.integers(1, 3)) for _ in range(3))
    padding, stride = draw(st.integers(0, 2)), draw(st.integers(1, 3))
    height, width = (draw(st.integers(max(1, k - 2 * padding), 6)) for k in (kh, kw))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    return {
        "image": rng.integers(-9, 10, (channels, height, width)),
        "kernel": rng.integers(-9, 10, (channels, kh, kw)),
        "stride": stride,
        "padding": padding,
        "bias": int(rng.integers(-9, 10)),
    }


@given(calls())
def test_all_windows_together_are_the_textbook_convolution(call):
    image, kernel = (call[name][None].astype(float) for name in ("image", "kernel"))
    expected = reference.conv2d(image, kernel, np.array([float(call["bias"])]), call["stride"],
                           call["padding"])[0, 0]  # fmt: skip
    found = [
        [window_arithmetic(**call, row=i, column=j).total for j in range(expected.shape[1])]
        for i in range(expected.shape[0])
    ]
    np.testing.assert_array_equal(found, expected)


@given(calls(), st.booleans())
def test_the_output_is_that_of_the_textbook(call, turned):
    stepper = ConvolutionStepper(**call, true_convolution=turned)
    image, kernel = (call[name][None].astype(float) for name in ("image", "kernel"))
    if turned:
        kernel = np.ascontiguousarray(kernel[:, :, ::-1, ::-1])
    bias = np.array([float(call["bias"])])
    expected = reference.conv2d(image, kernel, bias, call["stride"], call["padding"])[0, 0]
    np.testing.assert_array_equal(stepper.output, expected)


@pytest.mark.parametrize("place", [(3, 0), (0, 3), (-1, 0)])
def test_an_output_cell_that_is_not_there_is_refused(place):
    with pytest.raises(ValueError, match="3 rows and 3 columns"):
        window_arithmetic([X], [KERNEL], *place)


# Settings


def test_the_numbers_of_notebook_02():
    stepper = ConvolutionStepper(X, KERNEL)
    assert stepper.output.tolist() == [[144, 66, 160], [247, 97, 95], [215, 121, 136]]
    stepper.true_convolution = True
    assert stepper.output[0, 0] == 5 * 2 + 1 * 5 + 15 * 4 + 5 * 11 == 130


def test_images_come_back_in_the_shape_they_were_given():
    assert ConvolutionStepper(X, KERNEL).image.tolist() == X
    assert ConvolutionStepper([X, X], [KERNEL, KERNEL]).kernel.shape == (2, 2, 2)


def test_whole_numbers_travel_as_whole_numbers():
    stepper = ConvolutionStepper(np.array(X, dtype=np.float32), [[0.5, 1]], bias=np.float64(2))
    text = json.dumps(stepper.settings)
    assert '"image": [[[5, 1, 7, 13]' in text
    assert '"kernel": [[[0.5, 1.0]]]' in text
    assert '"bias": 2' in text


def test_image_and_kernel_change_together():
    stepper = ConvolutionStepper(X, KERNEL)
    stepper.set(image=[X, X], kernel=[KERNEL, KERNEL])
    assert stepper.output[0, 0] == 288


def test_the_arrays_given_are_not_kept():
    image = np.array(X)
    stepper = ConvolutionStepper(image, KERNEL)
    image[:] = 0
    assert stepper.output[0, 0] == 144


@pytest.mark.parametrize(
    ("change", "kind", "message"),
    [
        ({"image": [[1, 2], [3]]}, TypeError, "image must be a grid of numbers, rows of equal"),
        ({"image": "photo"}, TypeError, "image must be a grid of numbers"),
        ({"image": [1, 2, 3]}, ValueError, r"must have the shape \(H, W\).*got shape \(3,\)"),
        ({"image": np.zeros((1, 1, 4, 4))}, ValueError, r"got shape \(1, 1, 4, 4\)"),
        ({"image": np.zeros((0, 4))}, ValueError, r"got shape \(0, 4\)"),
        (
            {"image": np.zeros((29, 4))},
            ValueError,
            r"at most 8 channels of 28×28 numbers.*image\[:8, :8\]",
        ),
        ({"image": [[np.nan] * 4] * 4}, ValueError, "image holds nan or infinity"),
        ({"kernel": np.zeros((12, 1))}, ValueError, "at most 8 channels of 11×11"),
        ({"kernel": [[1j]]}, TypeError, "kernel must be a grid of numbers"),
        (
            {"kernel": np.zeros((5, 2))},
            ValueError,
            "kernel_size 5 is larger than the padded height",
        ),
        ({"kernel": np.zeros((2, 2, 2))}, ValueError, "image has 1, kernel has 2"),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0"),
        ({"stride": 1.5}, TypeError, "stride must be a whole number"),
        ({"stride": 99}, ValueError, "stride must be at most 28, got 99"),
        ({"padding": -1}, ValueError, "padding must be at least 0, got -1"),
        ({"bias": "1"}, TypeError, "bias must be a number"),
        ({"bias": np.inf}, ValueError, "bias must be finite"),
        ({"true_convolution": 1}, TypeError, "true_convolution must be True or False, got 1"),
    ],
)
def test_nonsense_is_refused_in_words(change, kind, message):
    with pytest.raises(kind, match=f"^ConvolutionStepper: .*{message}"):
        ConvolutionStepper(**{"image": X, "kernel": KERNEL} | change)
    stepper = ConvolutionStepper(X, KERNEL)
    before = stepper.settings
    with pytest.raises(kind):
        stepper.set(**change)
    assert stepper.settings == before


# The stored picture


def picture(stepper):
    figure, alt = stepper._picture()
    grids = [[text.get_text() for text in ax.texts] for ax in figure.axes]
    return [texts for texts in grids if texts], alt


def test_the_picture_holds_the_numbers():
    grids, alt = picture(ConvolutionStepper(X, KERNEL))
    assert grids[0] == [str(n) for n in np.ravel(X)]
    assert grids[-1] == ["144", "66", "160", "247", "97", "95", "215", "121", "136"]
    assert alt == (
        "Input, rows: 5 1 7 13; 15 5 1 13; 10 6 4 6; 15 3 12 4. Kernel, rows: 11 4; 5 2. Stride 1, "
        "padding 0, bias 0. The kernel lies on the upper left window of the input and gives 144, "
        "the first cell of the output, rows: 144 66 160; 247 97 95; 215 121 136."
    )


def test_the_picture_shows_border_bias_and_turn():
    grids, alt = picture(
        ConvolutionStepper([[3]], KERNEL, padding=1, bias=-2.5, true_convolution=True)
    )
    assert grids[0] == ["0"] * 4 + ["3"] + ["0"] * 4
    assert ["2", "5", "4", "11"] in grids
    assert "Kernel, flipped, rows: 2 5; 4 11." in alt
    assert "bias −2.5" in alt
    assert grids[-1] == ["30.5", "9.5", "12.5", "3.5"]


def test_the_picture_of_several_channels_shows_their_maps_and_the_sum():
    grids, alt = picture(ConvolutionStepper([[[1, 2]], [[3, 4]]], [[[10]], [[-1]]], bias=5))
    assert ["10", "20"] in grids
    assert ["−3", "−4"] in grids
    assert grids[-1] == ["12", "21"]
    assert "channel 1, rows: 3 4" in alt
    assert alt.endswith("gives 12, the first cell of the output, rows: 12 21.")


def test_the_picture_outlines_the_first_window_and_its_result():
    figure, _ = ConvolutionStepper(X, [[1, 2, 3], [4, 5, 6]])._picture()
    image, _, kernel, _, output = figure.axes
    assert outlines(image) == outlines(kernel) == [(0, 0, 2, 3)]
    assert outlines(output) == [(0, 0, 1, 1)]


def test_the_picture_of_several_channels_has_a_row_for_each():
    image, kernel = np.arange(24).reshape(2, 3, 4), [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [0, 1, 2]]]
    stepper = ConvolutionStepper(image, kernel)
    *rows, total = (ax for ax in stepper._picture()[0].axes if numbers(ax))
    maps = [ConvolutionStepper(x, w).output for x, w in zip(image, kernel, strict=True)]
    expected = [part for row in zip(image, kernel, maps, strict=True) for part in row]
    for ax, values in zip(rows, expected, strict=True):
        assert [int(text) for text in numbers(ax)] == np.ravel(values).tolist()
    assert [int(text) for text in numbers(total)] == np.ravel(sum(maps)).tolist()
    assert outlines(rows[0]) == outlines(rows[3]) == [(0, 0, 2, 3)]
    assert outlines(total) == [(0, 0, 1, 1)]


def test_the_repr_says_what_it_is():
    assert repr(ConvolutionStepper([X] * 3, [KERNEL] * 3, stride=2, bias=-0.5)) == (
        "ConvolutionStepper(3×4×4 image, 3×2×2 kernel, stride 2, padding 0, bias −0.5 → 2×2 output)"
    )
