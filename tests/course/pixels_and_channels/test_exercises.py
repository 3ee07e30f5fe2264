"""Wrong answers to the exercises of notebook 01, written otherwise than the planted ones."""

import numpy as np
import pytest

from cnnlib.course.pixels_and_channels import exercises as ex


def brighten_in_loops(image, amount):
    out = image.copy()
    for place in np.ndindex(image.shape):
        out[place] = min(255, max(0, image[place] + amount))
    return out


def crop_in_loops(image, top, left, height, width):
    window = np.zeros((height, width), image.dtype)
    for i in range(height):
        for j in range(width):
            window[i, j] = image[i, j]
    return window


def brighten_a_loop_variable(image, amount):
    result = image.copy()
    for row in result.astype(int):
        for pixel in row:
            pixel = np.clip(pixel + amount, 0, 255)
    return result


def unscramble_until_a_break(rows, order):
    plain = np.zeros_like(rows)
    for k, place in enumerate(order):
        plain[:, place] = rows[:, k]
        break
    return plain


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        (ex.brighten, brighten_in_loops, "200 + 100 gives 44"),
        (ex.brighten, lambda image, amount: np.clip(image + amount, 0, 255), "gives 44"),
        (ex.crop, crop_in_loops, "`top` and `left` are not used"),
        (ex.grey, lambda image: np.array([[sum(p) / 3 for p in row] for row in image]), "88"),
        (ex.grey, lambda image: image.mean(axis=2).astype(np.uint8), "rounded down"),
        (
            ex.to_network,
            lambda photo: (photo.transpose(2, 0, 1)[None] / 255).astype(np.uint8),
            "fractions are cut off",
        ),
        (ex.brighten, brighten_a_loop_variable, "Does a loop give its own variable a new value?"),
        (
            ex.brighten,
            lambda image, amount: np.clip((image.astype(int) + amount).astype(np.uint8), 0, 255),
            "only then go back to bytes",
        ),
        (ex.grey, lambda image: (image / 3).sum(axis=2).astype(np.float32), "not in float64"),
        (
            ex.to_network,
            lambda photo: np.resize(photo, (1, 3, *photo.shape[:2])).astype(np.float32) / 255,
            "mixed up, as by `reshape`",
        ),
        (ex.crop, lambda image, *box: ex.crop.model_answer(image, *box).tolist(), "np.array("),
        (ex.unscramble, unscramble_until_a_break, "Is the `return` inside the loop?"),
        (ex.unscramble, lambda rows, order: np.take(rows, order, axis=1), "a second time"),
    ],
)
def test_a_variant_of_a_mistake_is_named(exercise, answer, words):
    assert words in exercise.check(answer).diagnosis


@pytest.mark.parametrize("answer", [[246, 60, 170], np.array([246, 60, 170], np.uint8)])
def test_the_darker_pixel_may_be_a_list_or_bytes(answer, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))
    assert ex.darker.check(answer)
    assert not ex.darker.check([246.9, 60, 170])
