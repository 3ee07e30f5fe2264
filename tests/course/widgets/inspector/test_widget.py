"""The pixel inspector in Python: its window, its picture, its refusals."""

import numpy as np
import pytest
from drawn import numbers, outlines, pixels
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.course.widgets import PixelInspector
from cnnlib.course.widgets.inspector import pixel_window
from cnnlib.datasets import load_photo

CAT = load_photo("cat")


@given(st.integers(8, 40), st.integers(8, 40), st.integers(1, 64), st.data())
def test_the_window_lies_inside_and_holds_its_pixel(rows, columns, side, data):
    place = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    row, column, height, width = pixel_window((rows, columns), place, side)
    assert height == width == min(side, rows, columns)
    assert 0 <= row <= place[0] < row + height <= rows
    assert 0 <= column <= place[1] < column + width <= columns


def test_the_light_in_the_pupil():
    inspector = PixelInspector(CAT, (62, 57))
    assert inspector.pixel == CAT[62, 57].tolist()
    np.testing.assert_array_equal(inspector.image, CAT)
    _, alt = inspector._picture()
    assert alt == (
        "An image of 256 by 256 pixels, and rows 60 to 63, columns 55 to 58 of it in numbers. "
        f"The pixel in row 62, column 57 is red, green, blue = {CAT[62, 57].tolist()}."
    )


def test_the_picture_shows_the_pixels_around_the_place():
    image = CAT[:40, :60]
    figure, _ = PixelInspector(image, (5, 50))._picture()
    whole, near = figure.axes
    np.testing.assert_array_equal(pixels(whole), image)
    assert outlines(whole) == [(3, 48, 4, 4)]
    np.testing.assert_array_equal(pixels(near), image[3:7, 48:52])
    assert {(patch.get_y(), patch.get_x()) for patch in near.patches} == {(1.5, 1.5)}
    figure, alt = PixelInspector(image, (5, 50), show="grey")._picture()
    told = f"is grey {image[5, 50].mean():.0f}, the mean of red, green, blue = "
    assert told + f"{image[5, 50].tolist()}." in alt
    grey = image[3:7, 48:52].mean(axis=2).round()
    assert [int(text) for text in numbers(figure.axes[1])] == grey.ravel().tolist()


def test_a_grey_image_has_one_number():
    inspector = PixelInspector(CAT[:, :, 1], (3, 4))
    assert inspector.pixel == CAT[3, 4, 1]
    assert inspector._picture()[1].endswith(f"is {CAT[3, 4, 1]}.")


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"image": CAT / 255}, TypeError, r"Give it \(255 \* image\)\.round\(\)"),
        ({"image": CAT[:7]}, ValueError, "must be 8 to 256 pixels .* got 7×256"),
        ({"image": CAT.transpose(2, 0, 1)}, ValueError, r"shape \(H, W\) or \(H, W, 3\)"),
        ({"place": (256, 0)}, ValueError, "no pixel at place .256, 0.; rows go from 0 to 255"),
        ({"image": CAT[:9], "place": (9, 0)}, ValueError, "no pixel at place .9, 0."),
        ({"image": CAT[:, :9], "place": (0, 9)}, ValueError, "no pixel at place .0, 9."),
        ({"place": (-1, 0)}, ValueError, "place must be at least 0"),
        ({"place": (0.5, 0)}, TypeError, "place must be a whole number"),
        ({"show": "red"}, ValueError, "show must be one of rgb, grey"),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        PixelInspector(**{"image": CAT, **arguments})
