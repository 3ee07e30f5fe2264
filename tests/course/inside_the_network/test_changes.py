"""Rotation against NumPy's own quarter turns, and pictures that come back as they were."""

import numpy as np
import pytest

from cnnlib.course.inside_the_network import changes
from cnnlib.datasets import load_photo
from cnnlib.pretrained import imagenet_input


@pytest.mark.parametrize("quarters", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("size", [4, 5])
def test_quarter_turns_are_exact(quarters: int, size: int) -> None:
    images = np.random.default_rng(0).random((2, 1, size, size))
    turned = changes.rotate(images, 90 * quarters)
    np.testing.assert_allclose(turned, np.rot90(images, quarters, axes=(2, 3)), atol=1e-9)


def test_a_small_turn_keeps_the_middle_and_the_dtype() -> None:
    images = np.zeros((1, 1, 9, 9), np.float32)
    images[0, 0, 4, 4] = 1
    turned = changes.rotate(images, 20)
    assert turned.dtype == np.float32
    assert turned[0, 0, 4, 4] == 1
    there_and_back = changes.rotate(changes.rotate(np.ones((1, 1, 9, 9)), 30), -30)
    np.testing.assert_allclose(there_and_back[0, 0, 3:6, 3:6], 1, atol=1e-6)


def test_a_point_goes_anticlockwise() -> None:
    images = np.zeros((1, 1, 11, 11))
    images[0, 0, 5, 9] = 1  # to the right of the middle
    turned = changes.rotate(images, 45)[0, 0]
    row, column = np.unravel_index(turned.argmax(), turned.shape)
    assert row < 5
    assert column > 5


def test_a_photograph_comes_back_as_it_was_resized() -> None:
    x = imagenet_input(load_photo("cat"))
    picture = changes.as_picture(x)
    np.testing.assert_array_equal(
        (picture.transpose(2, 0, 1)[None].astype(np.float32) - 127) / 128, x
    )


def test_a_crop_is_grey_outside() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    np.testing.assert_array_equal(changes.crop(picture, 1, 1, 2), picture[1:3, 1:3])
    corner = changes.crop(picture, -1, 3, 2)
    assert (corner[0] == 127).all()
    np.testing.assert_array_equal(corner[1, 0], picture[0, 3])


def test_a_digit_becomes_a_photograph() -> None:
    digit = np.random.default_rng(0).random((28, 28))
    photo = changes.digit_as_photo(digit)
    assert photo.dtype == np.uint8
    np.testing.assert_array_equal(photo[::8, ::8, 1], (digit * 255).round())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: changes.rotate(np.zeros((3, 3)), 10), "rotate: images must be"),
        (lambda: changes.as_picture(np.zeros((2, 3, 4, 4))), "as_picture: x must be"),
    ],
)
def test_other_shapes_are_refused(call, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()
