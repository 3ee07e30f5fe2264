"""Changed copies of images: what may change does, and nothing else."""

import numpy as np
import pytest

from cnnlib.augmentation import random_flip


def test_each_image_is_mirrored_or_as_it_was() -> None:
    images = np.random.default_rng(0).random((200, 2, 3, 5))
    kept = images.copy()
    flipped = random_flip(images, np.random.default_rng(1))
    same = (flipped == images).all(axis=(1, 2, 3))
    mirrored = (flipped == images[..., ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 70 < mirrored.sum() < 130  # half of them: 100, give or take four standard errors of 7
    np.testing.assert_array_equal(images, kept)


def test_float32_stays_and_the_same_seed_gives_the_same() -> None:
    images = np.random.default_rng(0).random((20, 1, 4, 4), dtype=np.float32)
    first, second = (random_flip(images, np.random.default_rng(3)) for _ in range(2))
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("images", [np.zeros((4, 4)), np.zeros((1, 1, 2, 2), int), [[1.0]]])
def test_what_is_no_batch_is_refused(images: object) -> None:
    with pytest.raises((TypeError, ValueError), match="random_flip: images"):
        random_flip(images, np.random.default_rng(0))  # type: ignore[arg-type]


def test_it_wants_a_generator() -> None:
    with pytest.raises(TypeError, match="random_flip"):
        random_flip(np.zeros((1, 1, 2, 2)), 7)  # type: ignore[arg-type]
