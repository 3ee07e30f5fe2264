"""Exercises of notebook 10: where a network looks, what it looks for, and how it is fooled."""

from typing import Any

import numpy as np

from cnnlib.course.judge.compare import describe_kind, show
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case
from cnnlib.datasets import load_digits
from cnnlib.functional import softmax
from cnnlib.pretrained import load_digits_cnn
from cnnlib.types import Array

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


# 1. The worst push

push = chapter.prediction(
    "push",
    "The worst push",
    level=1,
    minutes=3,
    expected=0.5,
    mistakes=[
        (
            0.1,
            "Did all four inputs go up? Then the weights add with their signs, 2 + 1 − 0.5 − 1.5 "
            "= 1. But each input may go its own way: up or down, as its weight has it.",
        ),
        (
            0.125,
            "0.125 is the mean push of one input, 0.1 · 1.25. All four are pushed at once.",
        ),
        (0.2, "That is the largest weight alone. All four inputs are pushed, not one."),
        (
            5.0,
            "5 is the sum of the sizes of the weights. Each input moves by 0.1 only: multiply.",
        ),
        (0.4, "0.4 is 0.1 · 4: four inputs, each moved by 0.1. Each counts with its weight."),
        (
            0.1 * np.sqrt(7.5),
            "That is the length of the weights times 0.1, which is right where the length of the "
            "change is limited. Here every single input may move by 0.1.",
        ),
        (
            1.0,
            "Either the weights were added with their signs, 2 + 1 − 0.5 − 1.5, and ε is missing, "
            "or the push was counted twice, from −0.1 to 0.1. Each input moves by 0.1, in the "
            "direction that suits its own weight.",
        ),
        (-0.5, "The size is right. But the question is how far the score can rise."),
    ],
    why="0.1 · (2 + 1 + 0.5 + 1.5) = 0.5. Where a weight is positive its input goes up, where it "
    "is negative down: then nothing cancels.",
    hints=[
        "In which direction must each of the four inputs go, so that the score rises?",
        "An input with the weight −0.5 goes down by 0.1, and so adds 0.05.",
    ],
)


# 2. Class activation map


def _maps_and_weight(rng: np.random.Generator) -> Call:
    shape = tuple(int(side) for side in rng.integers(1, 5, 3))
    return case(rng.integers(-4, 9, shape) / 2, rng.integers(-4, 5, shape[0]) / 2)


_MAPS = np.array([[[1.0, 0.0], [3.0, 0.0]], [[0.0, 2.0], [0.0, 2.0]]])
_THREE = np.arange(24.0).reshape(3, 2, 4) - 5


@chapter.coding(
    "The class activation map",
    level=1,
    minutes=5,
    hand=[
        (case(_MAPS, np.array([2.0, -1.0])), np.array([[2.0, -2.0], [6.0, -2.0]])),
        (case(_MAPS, np.array([0.0, 1.0])), np.array([[0.0, 2.0], [0.0, 2.0]])),
    ],
    regions={
        "all weights are negative": [case(_THREE, np.array([-1.0, -2.0, -0.5]))],
        "all weights are 0": [case(_THREE, np.zeros(3))],
        "the maps are wide or high": [
            case(_THREE, np.array([1.0, 2.0, -1.0])),
            case(_THREE.transpose(0, 2, 1), np.array([1.0, 2.0, -1.0])),
        ],
        "there is one channel": [case(_THREE[:1], np.array([3.0]))],
        "there is one pixel": [case(_THREE[:, :1, :1], np.array([1.0, -2.0, 4.0]))],
        "there are as many channels as rows": [case(_THREE[:2], np.array([1.0, -2.0]))],
        "all three sides are equal": [
            case(np.arange(27.0).reshape(3, 3, 3), np.array([1.0, -1.0, 2.0]))
        ],
        "the numbers are large": [case(_THREE * 1e5, np.array([1.0, -2.0, 3.0]))],
        "there are many channels": [
            case(np.arange(80.0).reshape(20, 2, 2) % 7, np.arange(20.0) - 10)
        ],
    },
    cases=_maps_and_weight,
    oracle=lambda maps, weight: sum(
        (one * share for one, share in zip(maps, weight, strict=True)), np.zeros(maps.shape[1:])
    ),
    hints=[
        "Each channel's map is multiplied by one number, its weight for the class. What happens to "
        "the results?",
        "`weight[:, None, None]` has the shape (C, 1, 1) and is multiplied by all maps at once. "
        "Over which axis do you then add?",
    ],
)
def class_map(maps, weight):
    """Return the class activation map, (H, W), of maps (C, H, W) and one weight a channel."""
    return (weight[:, None, None] * maps).sum(axis=0)


@class_map.mistake(
    "The channels are averaged. Their weighted maps are added up: the mean of the score runs over "
    "the places, not over the channels."
)
def _mean_of_channels(maps, weight):
    return (weight[:, None, None] * maps).mean(axis=0)


@class_map.mistake("The weights are missing: this adds up the maps as they are.")
def _no_weights(maps, weight):
    return maps.sum(axis=0)


@class_map.mistake(
    "Negative places are cut off, as Grad-CAM does. The class activation map keeps them, so that "
    "its mean is the score."
)
def _positive_part(maps, weight):
    return np.maximum((weight[:, None, None] * maps).sum(axis=0), 0)


@class_map.mistake(
    "Channels with a negative weight count as if it were positive. They speak against the class: "
    "leave out the `abs`."
)
def _sizes_of_weights(maps, weight):
    return (np.abs(weight)[:, None, None] * maps).sum(axis=0)


@class_map.mistake(
    "These are the weighted maps, one for each channel. Add them up over the channels, axis 0."
)
def _not_added(maps, weight):
    return weight[:, None, None] * maps


@class_map.mistake(
    "That is the score, one number: the mean over all places. The map keeps the places."
)
def _score(maps, weight):
    return float((weight * maps.mean(axis=(1, 2))).sum())


@class_map.mistake("Only the channel with the largest weight is shown. All of them add up.")
def _strongest_channel(maps, weight):
    return weight.max() * maps[weight.argmax()]


@class_map.mistake(
    "The map is stretched to the range 0 to 1. That is for the picture; here its numbers count."
)
def _stretched(maps, weight):
    found = (weight[:, None, None] * maps).sum(axis=0)
    return (found - found.min()) / (np.ptp(found) or 1)


@class_map.mistake(
    "The weighted maps are added, and divided by the number of places. The mean comes after the "
    "map: it gives the score."
)
def _divided_by_places(maps, weight):
    return (weight[:, None, None] * maps).sum(axis=0) / maps[0].size


# 3. What a channel likes best


def _images_and_maps(rng: np.random.Generator) -> Call:
    count, size = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    height, width = (int(side) for side in rng.integers(size, size + 4, 2))
    images = rng.integers(0, 9, (count, height, width)) / 2
    maps = rng.permutation(count * (height - size + 1) * (width - size + 1)) / 2 - 3
    return case(images, maps.reshape(count, height - size + 1, width - size + 1), size)


_PICTURES = np.arange(60.0).reshape(3, 4, 5)
_PEAK = np.zeros((3, 3, 4))
_PEAK[1, 2, 1] = 5.0
_EVERYWHERE = [
    case(_PICTURES, np.where(np.arange(36).reshape(3, 3, 4) == k, 1.0, 0.0), 2) for k in range(36)
]


@chapter.coding(
    "What a channel likes best",
    level=2,
    minutes=10,
    hand=[
        (
            case(np.arange(12.0).reshape(1, 3, 4), np.array([[[0.0, 1.0, 7.0], [2.0, 0, 3]]]), 2),
            np.array([[2.0, 3.0], [6.0, 7.0]]),
        ),
        (case(_PICTURES, _PEAK, 2), np.array([[31.0, 32.0], [36.0, 37.0]])),
    ],
    regions={
        "the strongest place is any of them": _EVERYWHERE,
        "all activations are negative": [case(_PICTURES, -1 - _PEAK[::-1] * 0.1, 2)],
        "the activations are tiny": [case(_PICTURES, _PEAK * 1e-9, 2)],
        "a patch is one pixel": [case(_PICTURES, -_PICTURES, 1), case(_PICTURES, _PICTURES, 1)],
        "a patch is the whole image": [
            case(_PICTURES[:, :, :4], np.array([[[1.0]], [[3]], [[2]]]), 4)
        ],
        "there is one image": [case(_PICTURES[:1], _PEAK[1:2], 2)],
        "two places are equally strong": [
            case(_PICTURES, np.ones((3, 3, 4)), 2),
            case(_PICTURES, _PEAK + _PEAK[::-1, ::-1], 2),
        ],
        "images and maps are square": [
            case(np.arange(32.0).reshape(2, 4, 4), np.arange(18.0).reshape(2, 3, 3) % 11, 2)
        ],
    },
    cases=_images_and_maps,
    oracle=lambda images, maps, size: _cut(images, maps, size),
    hints=[
        "`maps.argmax()` is a single number that counts through all images, rows and columns. "
        "Which function of NumPy turns it into (image, row, column)?",
        "`np.unravel_index(maps.argmax(), maps.shape)`. Place (row, column) of the map was "
        "computed from the window that begins at (row, column) of the image.",
    ],
)
def strongest_patch(images, maps, size):
    """Return the patch (size, size) of the images on which the maps are strongest."""
    image, row, column = np.unravel_index(maps.argmax(), maps.shape)
    return images[image, row : row + size, column : column + size]


def _cut(images: Array, maps: Array, size: int) -> Array:
    """Return the patch under the first of the largest activations, found by a plain search."""
    best = (0, 0, 0)
    for place in np.ndindex(maps.shape):
        if maps[place] > maps[best]:
            best = place
    n, i, j = best
    patch: Array = np.array(images[n, i : i + size, j : j + size])
    return patch


def _patch_at(images, n, i, j, size):
    return images[n, max(i, 0) : max(i, 0) + size, max(j, 0) : max(j, 0) + size]


@strongest_patch.mistake(
    "This is the patch where the activation is smallest: `argmin` for `argmax`."
)
def _weakest(images, maps, size):
    n, i, j = np.unravel_index(maps.argmin(), maps.shape)
    return _patch_at(images, n, i, j, size)


@strongest_patch.mistake(
    "Negative activations count like positive ones. The largest number is wanted, not the largest "
    "size: leave out the `abs`."
)
def _by_size(images, maps, size):
    n, i, j = np.unravel_index(np.abs(maps).argmax(), maps.shape)
    return _patch_at(images, n, i, j, size)


@strongest_patch.mistake(
    "The patch is cut from the first image, whichever image the strongest place is in."
)
def _first_image(images, maps, size):
    _, i, j = np.unravel_index(maps.argmax(), maps.shape)
    return _patch_at(images, 0, i, j, size)


@strongest_patch.mistake(
    "The patch is cut from the maps. The question is what the channel saw: cut it from the images."
)
def _from_the_maps(images, maps, size):
    n, i, j = np.unravel_index(maps.argmax(), maps.shape)
    return _patch_at(maps, n, i, j, size)


@strongest_patch.mistake(
    "Rows and columns are exchanged: the place is (image, row, column), and the row comes first."
)
def _exchanged(images, maps, size):
    n, i, j = np.unravel_index(maps.argmax(), maps.shape)
    return images[n, j : j + size, i : i + size]


@strongest_patch.mistake(
    "The patch is centred on the place. Without padding, place (row, column) of a map belongs to "
    "the window that begins there."
)
def _centred(images, maps, size):
    n, i, j = np.unravel_index(maps.argmax(), maps.shape)
    return _patch_at(images, n, i - size // 2, j - size // 2, size)


@strongest_patch.mistake(
    "These are the indices of the strongest place. Now cut the patch out of the image."
)
def _place(images, maps, size):
    return np.array(np.unravel_index(maps.argmax(), maps.shape))


@strongest_patch.mistake(
    "The number from `argmax` is taken apart with the shape of the images. It counts through the "
    "maps, which are smaller: use `maps.shape`."
)
def _wrong_shape(images, maps, size):
    n, i, j = np.unravel_index(maps.argmax(), images.shape)
    return images[n, i : i + size, j : j + size]


@strongest_patch.mistake(
    "Only the map of the first image is searched. The strongest place may be in any of them."
)
def _searched_in_the_first(images, maps, size):
    i, j = np.unravel_index(maps[0].argmax(), maps[0].shape)
    return images[0, i : i + size, j : j + size]


@strongest_patch.mistake(
    "The place is multiplied by `size`, as if the windows lay side by side. At stride 1 the next "
    "window begins one pixel further on."
)
def _side_by_side(images, maps, size):
    n, i, j = np.unravel_index(maps.argmax(), maps.shape)
    return images[n, i * size : (i + 1) * size, j * size : (j + 1) * size]


@strongest_patch.mistake(
    "A slice ends at its second number: from `row` to `row + size`, not from `row` to `size`."
)
def _ends_at_size(images, maps, size):
    n, i, j = np.unravel_index(maps.argmax(), maps.shape)
    return images[n, i:size, j:size]


# 4. Occlusion


def _covered_cases(rng: np.random.Generator) -> Call:
    size = int(rng.integers(1, 4))
    rows, columns = (int(number) * size for number in rng.integers(1, 4, 2))
    image = rng.integers(0, 9, (rows, columns)) / 8
    return case(image, rng.integers(-4, 5, (rows, columns)) / 2, size)


_IMAGE = np.array([[1.0, 0.0, 0.5, 0.5], [1.0, 0.5, 0.0, 1.0]])
_WEIGHT = np.array([[2.0, 1.0, -1.0, 0.0], [0.0, 4.0, 2.0, 2.0]])
_LARGE = np.arange(72.0).reshape(6, 12) % 7 / 8
_LARGE_WEIGHT = np.arange(72.0).reshape(6, 12) % 5 - 2


def _occlusion(image, weight, size, grey=0.5):
    falls = np.zeros((image.shape[0] // size, image.shape[1] // size))
    for place in np.ndindex(image.shape):
        falls[place[0] // size, place[1] // size] += weight[place] * (image[place] - grey)
    return falls


@chapter.coding(
    "A grey square",
    level=2,
    minutes=12,
    hand=[
        (case(_IMAGE, _WEIGHT, 2), np.array([[0.5, 0.0]])),
        (case(_IMAGE[:, :1], _WEIGHT[:, :1], 1), np.array([[1.0], [0.0]])),
    ],
    regions={
        "the image is one square": [case(_IMAGE[:, :2], _WEIGHT[:, :2], 2)],
        "a square is one pixel": [case(_IMAGE, _WEIGHT, 1)],
        "the image is wide or high": [
            case(_LARGE, _LARGE_WEIGHT, 3),
            case(_LARGE.T.copy(), _LARGE_WEIGHT.T.copy(), 3),
            case(_LARGE, _LARGE_WEIGHT, 2),
        ],
        "the image is grey already": [case(np.full((2, 4), 0.5), _WEIGHT, 2)],
        "all weights are negative": [case(_IMAGE, -np.abs(_WEIGHT) - 1, 2)],
        "all weights are 0": [case(_IMAGE, np.zeros((2, 4)), 1)],
        "the image is black": [case(np.zeros((4, 4)), np.arange(16.0).reshape(4, 4), 2)],
        "the image is float32": [case(_IMAGE.astype(np.float32), _WEIGHT, 2)],
    },
    cases=_covered_cases,
    oracle=_occlusion,
    rtol=1e-5,
    hints=[
        "For each square: copy the image, paint the square grey, compute the score again. How much "
        "lower is it?",
        "Square (i, j) covers the rows from `i * size` to `(i + 1) * size`, and the columns from "
        "`j * size` to `(j + 1) * size`.",
        "`covered = image.copy()` must stand inside the loops. Otherwise the squares of before are "
        "still grey.",
    ],
)
def occlusion(image, weight, size):
    """Return how far the score (weight * image).sum() falls under each square of grey, 0.5."""
    score = (weight * image).sum()
    falls = np.zeros((image.shape[0] // size, image.shape[1] // size))
    for i in range(falls.shape[0]):
        for j in range(falls.shape[1]):
            covered = image.copy()
            covered[i * size : (i + 1) * size, j * size : (j + 1) * size] = 0.5
            falls[i, j] = score - (weight * covered).sum()
    return falls


@occlusion.mistake(
    "The signs are turned round. A fall is the score of the whole image minus that of the covered "
    "one."
)
def _rises(image, weight, size):
    return -_occlusion(image, weight, size)


@occlusion.mistake(
    "The squares stay grey: each is added to those before it. Copy the image anew for every square."
)
def _never_uncovered(image, weight, size):
    return np.cumsum(_occlusion(image, weight, size).ravel()).reshape(
        image.shape[0] // size, image.shape[1] // size
    )


@occlusion.mistake("The square is black, 0. Grey is 0.5.")
def _black(image, weight, size):
    return _occlusion(image, weight, size, grey=0.0)


@occlusion.mistake(
    "Two things: the square is black, 0, where grey is 0.5; and the signs are turned round. A fall "
    "is the score of the whole image minus that of the covered one."
)
def _rises_under_black(image, weight, size):
    return -_occlusion(image, weight, size, grey=0.0)


@occlusion.mistake(
    "The square is painted with 127, the grey of bytes. Here pixels run from 0 to 1."
)
def _grey_of_bytes(image, weight, size):
    return _occlusion(image, weight, size, grey=127.0)


@occlusion.mistake("The square is white, 1. Grey is 0.5.")
def _white(image, weight, size):
    return _occlusion(image, weight, size, grey=1.0)


@occlusion.mistake(
    "These are the scores of the covered images. The question is how far each lies below the score "
    "of the whole image."
)
def _scores(image, weight, size):
    return (weight * image).sum() - _occlusion(image, weight, size)


@occlusion.mistake(
    "Square (i, j) begins at row `i` and column `j`, as if squares overlapped. They lie side by "
    "side: multiply by `size`."
)
def _overlapping(image, weight, size):
    falls = np.zeros((image.shape[0] // size, image.shape[1] // size))
    loss = weight * (image - 0.5)
    for i, j in np.ndindex(falls.shape):
        falls[i, j] = loss[i : i + size, j : j + size].sum()
    return falls


@occlusion.mistake(
    "Everything is grey except the square. Cover the square, and leave the rest as it is."
)
def _all_but_the_square(image, weight, size):
    falls = _occlusion(image, weight, size)
    return falls.sum() - falls


@occlusion.mistake(
    "Each fall is divided by the number of pixels in the square. The score is a sum, not a mean."
)
def _per_pixel(image, weight, size):
    return _occlusion(image, weight, size) / size**2


# 5. One step of the attack


def _steps(rng: np.random.Generator) -> Call:
    shape = tuple(int(side) for side in rng.integers(1, 5, 2))
    image = rng.integers(0, 9, shape) / 8
    gradient = rng.integers(-3, 4, shape) / 2
    return case(image, gradient, int(rng.integers(1, 5)) / 8)


_STEP_IMAGE = np.array([[0.25, 0.5, 0.75, 0.0], [1.0, 0.0, 1.0, 0.5]])
_STEP_GRADIENT = np.array([[3.0, -0.5, 0.25, -1.0], [2.0, 1.0, -4.0, 0.0]])


@chapter.coding(
    "One step of the attack",
    level=1,
    minutes=6,
    hand=[
        (
            case(np.array([[0.25, 0.5, 1.0, 0.0]]), np.array([[3.0, -0.5, 2.0, 1.0]]), 0.125),
            np.array([[0.375, 0.375, 1.0, 0.125]]),
        ),
        (
            case(_STEP_IMAGE, _STEP_GRADIENT, 0.125),
            np.array([[0.375, 0.375, 0.875, 0.0], [1.0, 0.125, 0.875, 0.5]]),
        ),
    ],
    regions={
        "some gradients are 0": [case(np.full((2, 2), 0.5), np.array([[0.0, 1], [0, -1]]), 0.25)],
        "the gradient is tiny": [case(_STEP_IMAGE, _STEP_GRADIENT * 1e-12, 0.25)],
        "the gradient is huge": [case(_STEP_IMAGE, _STEP_GRADIENT * 1e12, 0.25)],
        "epsilon is 0": [case(_STEP_IMAGE, _STEP_GRADIENT, 0.0)],
        "epsilon is 1": [case(_STEP_IMAGE, _STEP_GRADIENT, 1.0)],
        "the image is a batch": [
            case(np.full((2, 1, 2, 3), 0.25), np.arange(12.0).reshape(2, 1, 2, 3) - 5, 0.5)
        ],
        "the image is float32": [
            case(_STEP_IMAGE.astype(np.float32), _STEP_GRADIENT.astype(np.float32), 0.25)
        ],
    },
    cases=_steps,
    oracle=lambda image, gradient, epsilon: np.array(
        [
            min(max(pixel + epsilon * ((slope > 0) - (slope < 0)), 0), 1)
            for pixel, slope in zip(image.ravel().tolist(), gradient.ravel().tolist(), strict=True)
        ],
        image.dtype,
    ).reshape(image.shape),
    hints=[
        "Only the direction of each pixel's gradient counts, not its size. `np.sign` makes −1, 0 "
        "or 1 of it.",
        "A pixel cannot be darker than 0 or brighter than 1: `np.clip(…, 0, 1)` at the end.",
    ],
)
def fgsm(image, gradient, epsilon):
    """Return the image, each pixel moved by epsilon the way its gradient points, within 0 to 1."""
    return np.clip(image + epsilon * np.sign(gradient), 0, 1)


@fgsm.mistake(
    "Some pixels lie below 0 or above 1, and are no pixels any more. Clip the result: "
    "`np.clip(…, 0, 1)`."
)
def _not_clipped(image, gradient, epsilon):
    return image + epsilon * np.sign(gradient)


@fgsm.mistake(
    "The step follows the size of the gradient. Every pixel may move by the same epsilon: take the "
    "sign."
)
def _no_sign(image, gradient, epsilon):
    return np.clip(image + epsilon * gradient, 0, 1)


@fgsm.mistake(
    "The step goes downhill, as in training. The attack wants a larger loss: add, where gradient "
    "descent subtracts."
)
def _downhill(image, gradient, epsilon):
    return np.clip(image - epsilon * np.sign(gradient), 0, 1)


@fgsm.mistake(
    "Two things: the step goes downhill, and pixels leave the range 0 to 1. Add, and clip."
)
def _downhill_not_clipped(image, gradient, epsilon):
    return image - epsilon * np.sign(gradient)


@fgsm.mistake(
    "Two things: the step follows the size of the gradient, and pixels leave the range 0 to 1. "
    "Take the sign, and clip."
)
def _plain_ascent(image, gradient, epsilon):
    return image + epsilon * gradient


@fgsm.mistake("A gradient of 0 counts as positive here. It gives no direction: `np.sign(0)` is 0.")
def _zero_is_up(image, gradient, epsilon):
    return np.clip(image + epsilon * np.where(gradient >= 0, 1, -1), 0, 1)


@fgsm.mistake(
    "The gradient is divided by its largest size, so only one pixel moves by epsilon. With the "
    "sign, all of them do."
)
def _divided(image, gradient, epsilon):
    return np.clip(image + epsilon * gradient / (np.abs(gradient).max() or 1), 0, 1)


@fgsm.mistake("This is the change alone. Add it to the image, then clip.")
def _change_alone(image, gradient, epsilon):
    return epsilon * np.sign(gradient)


@fgsm.mistake(
    "The change is clipped to 0 … 1, so that no pixel ever gets darker. Clip the sum of image and "
    "change."
)
def _change_clipped(image, gradient, epsilon):
    return np.clip(image + np.clip(epsilon * np.sign(gradient), 0, 1), 0, 1)


@fgsm.mistake("Every pixel gets brighter here. Where the gradient is negative it must get darker.")
def _always_up(image, gradient, epsilon):
    return np.clip(image + epsilon, 0, 1)


@fgsm.mistake(
    "Epsilon is inside the sign, where it is lost: `np.sign` makes 1 of every positive number. "
    "Multiply the sign by it."
)
def _epsilon_in_the_sign(image, gradient, epsilon):
    return np.clip(image + np.sign(epsilon * gradient), 0, 1)


# 6. Five dots

DIGIT = 6  # of the validation digits: a one
DOTS = 5


def with_dots(dots: Any) -> Array:
    """Return the one of exercise 6, (1, 1, 28, 28), with the pixels (row, column) made white."""
    image: Array = load_digits().validation.images[DIGIT : DIGIT + 1].copy()
    for row, column in dots:
        image[0, 0, row, column] = 1
    return image


def try_dots(dots: Any) -> float:
    """Return the probability of a 1 that the network gives the digit with these white dots."""
    probabilities = softmax(load_digits_cnn()(with_dots(dots)))
    return float(probabilities[0, 1])


def _judge_dots(answer: Any) -> str | None:
    if isinstance(answer, np.ndarray):
        answer = answer.tolist()
    if not isinstance(answer, list | tuple | set | frozenset):
        return (
            f"Expected a list of dots such as [(3, 4), (20, 9)], got {describe_kind(answer)}. "
            "Each dot is a pair: row, column."
        )
    dots = []
    for dot in answer:
        pair = tuple(dot) if isinstance(dot, list | tuple | np.ndarray) else ()
        whole = [
            isinstance(one, int | float | np.number)
            and not isinstance(one, bool)
            and one == one // 1
            for one in pair
        ]
        if len(pair) != 2 or not all(whole):
            return f"{show(dot)} is no dot. Each dot is a pair of whole numbers: (row, column)."
        dots.append((int(pair[0]), int(pair[1])))
    for row, column in dots:
        if not (0 <= row < 28 and 0 <= column < 28):
            return f"({row}, {column}) lies outside the digit. Rows and columns run from 0 to 27."
    if len(set(dots)) > DOTS:
        return f"These are {len(set(dots))} dots, and {DOTS} are allowed."
    if not dots:
        return "Without a dot the network is right. Name up to five places (row, column)."
    scores = load_digits_cnn()(with_dots(dots))
    said, probability = int(scores.argmax()), float(softmax(scores)[0, 1])
    if said != 1:
        return None
    plain = with_dots([])[0, 0]
    if all(plain[dot] > 0.9 for dot in dots):
        return "All these pixels are white already, so the image has not changed. Look beside it."
    spare = DOTS - len(set(dots))
    more = f" You have {spare} left." if spare else ""
    if probability > 0.97:
        return (
            f"It still says 1, with a probability of {probability:.1%}. These dots hardly count: "
            f"let the gradient choose the next one.{more}"
        )
    return (
        f"It still says 1, but with {probability:.0%} it begins to doubt. Choose the dots one by "
        f"one, with a new gradient after each.{more}"
    )


_DOTS_SOLUTION = """my_dots = []
for _ in range(5):
    image = ex.with_dots(my_dots)
    gradient = cnn.backward(F.cross_entropy_backward(cnn(image), np.array([1])))
    gain = gradient * (1 - image)  # a dark pixel can rise by more than a light one
    row, column = divmod(int(gain.argmax()), 28)
    my_dots.append((row, column))"""

dots = chapter.project(
    "dots",
    "Five dots",
    level=3,
    minutes=15,
    judge=_judge_dots,
    model_answer=[(5, 16), (5, 17), (5, 15), (5, 14), (4, 14)],
    solution=_DOTS_SOLUTION,
    praise="It no longer says 1. A person still does: at most five pixels of 784 are different. "
    "Of 200 tries with five random dots none fooled it, so it is the choice that does it.",
    hints=[
        "Where would white paint make a different digit of this one? `ex.try_dots([(5, 16)])` says "
        "how probable the network finds a 1 with one dot. Try some.",
        "The gradient of the loss says which pixel to raise: `cnn.backward(F.cross_entropy_backward"
        "(cnn(image), [1]))`. A pixel that is nearly white cannot rise much: multiply by "
        "`1 - image`.",
        "Put one dot where that product is largest, compute the gradient anew for the image with "
        "the dot, and go on. Five dots chosen by the first gradient are not enough.",
    ],
)


for _diagnosis, _dots in (
    ("and 5 are allowed", [(0, k) for k in range(6)]),
    ("lies outside the digit", [(28, 3)]),
    ("is no dot", [3, 4]),
    ("Expected a list of dots", 17),
    ("Without a dot the network is right", []),
    ("These dots hardly count", [(0, 0), (27, 27)]),
    ("it begins to doubt", [(5, 16), (5, 17), (5, 15)]),
):

    def make_dots(dots: Any = _dots) -> Any:
        """Return dots that do not fool the network."""
        return dots

    dots.mistake(_diagnosis)(make_dots)


quiz = Quiz(
    "ex.quiz",
    (
        "A network names photographs of huskies and wolves, and its class activation maps for "
        "“wolf” light up on the snow. What have you learned?",
        wrong(
            "That it recognises wolves by their fur, which is white like snow",
            "The map is on the snow, not on the animal. It says which places of the photograph "
            "raise the score.",
        ),
        right(
            "That snow speaks for “wolf” here, so a husky in snow may well be called one",
            "The mean of the map is the score (with the bias), so those places carried it. A place "
            "sees more than its own square, so make sure: cover the snow and look.",
        ),
        wrong(
            "Nothing: such maps are only pictures",
            "This one is arithmetic: its mean plus the bias is the score.",
        ),
        wrong(
            "That the network needs more layers",
            "A deeper network, trained on the same photographs, can take the same short cut.",
        ),
    ),
    (
        "You draw the picture of a new, very sharp method of saliency. What do you try first?",
        wrong(
            "Show it to colleagues: they see whether it makes sense",
            "People like sharp edges. A method that copies the edges of the photograph pleases, "
            "whatever the network does.",
        ),
        right(
            "Draw it again for a network with random weights",
            "If the picture stays, it does not come from what the network has learned. Adebayo and "
            "others found this in 2018 of some well-known methods.",
        ),
        wrong(
            "Take a larger photograph, so that it gets sharper still",
            "Sharpness is not the question. Does the picture depend on the network?",
        ),
    ),
    (
        "ε is the same for both. Why does the gradient's sign do harm where random signs do not?",
        wrong(
            "Random signs change fewer pixels",
            "Both change every pixel by ε. That is what makes the comparison fair.",
        ),
        wrong(
            "The gradient's signs make a larger change, which is easier to see",
            "Every pixel moves by ε in both. Their lengths are the same, √n·ε.",
        ),
        right(
            "With the gradient's sign all small effects add up; random ones cancel",
            "ε·n·mean|w| against something like ε·√n·|w|: with 150,528 inputs that is a factor of "
            "hundreds.",
        ),
        wrong(
            "The network was trained with random noise",
            "It was not. Of all the directions in so many dimensions nearly none is a bad one.",
        ),
    ),
    (
        "Cover any single quarter of the cat with grey, and “a cat” keeps its 0.87. What follows?",
        right(
            "No quarter is needed by itself: what the others show is enough",
            "A fall shows what could not be replaced. Where nothing falls, there may be evidence "
            "all the same, and the class activation map found it nearly everywhere.",
        ),
        wrong(
            "The network does not look at the cat",
            "Then the class activation map could not add up to the cat's score from places on "
            "the cat.",
        ),
        wrong(
            "The quarters hold no evidence",
            "Each holds some, and the others make up for it. Cover two or three at once, and look.",
        ),
    ),
    (
        "A new defence makes the gradient 0 on nearly all images, and FGSM stops working. What do "
        "you do?",
        wrong(
            "Publish it: without a gradient nobody can attack",
            "An attacker trains a network of their own on similar images, and uses its gradient.",
        ),
        right(
            "Attack it with steps that were computed for another network",
            "The weakness may still be there, with only the gradient hidden. Adversarial examples "
            "transfer: the last layer times 1,000 stopped FGSM, and the borrowed step left 77%.",
        ),
        wrong(
            "Try FGSM with a larger ε",
            "The sign of 0 is 0: times any ε it moves nothing.",
        ),
    ),
    (
        "The network for photographs is shown a handwritten 3. What may you conclude from its "
        "answer?",
        wrong(
            "That the 3 resembles whatever it names",
            "It must distribute 100% over its thousand classes, and “none of these” is not among "
            "them.",
        ),
        wrong(
            "That a probability below 5% means “I do not know”",
            "It may be low for such images, and nothing forces it to be: the rocket is called a "
            "missile with 37%, and the last sitting made noise a toaster with more than 99%.",
        ),
        right(
            "Only which of its thousand classes scores highest",
            "Softmax compares scores with each other. It has no way to say that all of them are "
            "wrong.",
        ),
    ),
)
