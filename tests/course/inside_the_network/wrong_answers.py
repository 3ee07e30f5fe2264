"""Answers to the exercises of notebook 10 that are right nearly everywhere, and wrong somewhere."""

import numpy as np
from answers import Answers

from cnnlib.course.inside_the_network import exercises as ex

wrong = Answers()
class_map = ex.class_map.model_answer
strongest_patch = ex.strongest_patch.model_answer
occlusion = ex.occlusion.model_answer
fgsm = ex.fgsm.model_answer

wrong.values("push", 0.51, 5, "0.5", (0.5,), [0.5, 0.5], True, None, np.nan, 0.1 * 7.5)
wrong.values(
    "dots",
    "5, 16",
    [5, 16],
    [(5, 16, 1)],
    [(5.5, 16)],
    [(5, -1)],
    [("5", "16")],
    None,
    [(5, 16)] * 5,
    [(k, k) for k in range(5)],
    np.zeros((28, 28)),
    True,
)


@wrong.to("class_map")
def of_positive_weights(maps, weight):
    return class_map(maps, np.maximum(weight, 0))


@wrong.to("class_map")
def turned_where_square(maps, weight):
    found = class_map(maps, weight)
    return found.T if found.shape[0] == found.shape[1] else found


@wrong.to("class_map")
def ten_channels_at_most(maps, weight):
    return class_map(maps[:10], weight[:10])


@wrong.to("class_map")
def of_normalised_weights(maps, weight):
    return class_map(maps, weight / (np.abs(weight).sum() or 1))


@wrong.to("class_map")
def without_axes_of_one(maps, weight):
    return class_map(maps, weight).squeeze()


@wrong.to("class_map")
def weights_along_the_rows(maps, weight):
    if len(weight) == maps.shape[1]:
        return (weight[:, None] * maps).sum(axis=0)
    return class_map(maps, weight)


@wrong.to("strongest_patch")
def from_zero(images, maps, size):
    best, place = 0.0, (0, 0, 0)
    for one in np.ndindex(maps.shape):
        if maps[one] > best:
            best, place = maps[one], one
    n, i, j = place
    return images[n, i : i + size, j : j + size]


@wrong.to("strongest_patch")
def the_last_of_equals(images, maps, size):
    n, i, j = np.argwhere(maps == maps.max())[-1]
    return images[n, i : i + size, j : j + size]


@wrong.to("strongest_patch")
def with_the_height_for_the_width(images, maps, size):
    n, rest = divmod(int(maps.argmax()), maps[0].size)
    i, j = divmod(rest, maps.shape[1])
    return images[n, i : i + size, j : j + size]


@wrong.to("strongest_patch")
def rounded_activations(images, maps, size):
    return strongest_patch(images, maps.round(6), size)


@wrong.to("strongest_patch")
def brightest_patch(images, maps, size):
    sums = np.zeros(maps.shape)
    for n, i, j in np.ndindex(maps.shape):
        sums[n, i, j] = images[n, i : i + size, j : j + size].sum()
    return strongest_patch(images, sums, size)


@wrong.to("occlusion")
def in_whole_numbers(image, weight, size):
    falls = np.zeros((image.shape[0] // size, image.shape[1] // size), int)
    falls[...] = occlusion(image, weight, size)
    return falls


@wrong.to("occlusion")
def only_falls(image, weight, size):
    return np.maximum(occlusion(image, weight, size), 0)


@wrong.to("occlusion")
def as_many_rows_as_columns(image, weight, size):
    falls = occlusion(image, weight, size)
    side = min(falls.shape)
    return falls[:side, :side]


@wrong.to("occlusion")
def grey_is_the_mean(image, weight, size):
    falls = np.zeros((image.shape[0] // size, image.shape[1] // size))
    for i, j in np.ndindex(falls.shape):
        part = np.s_[i * size : (i + 1) * size, j * size : (j + 1) * size]
        falls[i, j] = (weight[part] * (image[part] - image.mean())).sum()
    return falls


@wrong.to("occlusion")
def paints_the_callers_image(image, weight, size):
    falls = occlusion(image, weight, size)
    image[:] = 0.5
    return falls


@wrong.to("fgsm")
def up_where_flat(image, gradient, epsilon):
    return np.clip(image + epsilon * np.where(gradient < 0, -1, 1), 0, 1)


@wrong.to("fgsm")
def clipped_above_only(image, gradient, epsilon):
    return np.minimum(image + epsilon * np.sign(gradient), 1)


@wrong.to("fgsm")
def clipped_below_only(image, gradient, epsilon):
    return np.maximum(image + epsilon * np.sign(gradient), 0)


@wrong.to("fgsm")
def flat_below_a_millionth(image, gradient, epsilon):
    return fgsm(image, np.where(np.abs(gradient) < 1e-6, 0, gradient), epsilon)


@wrong.to("fgsm")
def divided_by_its_size(image, gradient, epsilon):
    return np.clip(image + epsilon * gradient / (np.abs(gradient) + 1e-8), 0, 1)


@wrong.to("fgsm")
def wraps_around(image, gradient, epsilon):
    return (image + epsilon * np.sign(gradient)) % 1.0


@wrong.to("fgsm")
def moves_the_callers_image(image, gradient, epsilon):
    image += epsilon * np.sign(gradient)
    return np.clip(image, 0, 1)
