"""Right answers to the exercises of notebook 10, of as many kinds as readers write them in."""

from fractions import Fraction

import numpy as np
from answers import Answers

right = Answers()

right.values("push", 0.5, np.float64(0.5), np.float32(0.5), Fraction(1, 2), np.array(0.5))
right.values(
    "dots",
    [(5, 16), (5, 17), (5, 15), (5, 14), (4, 14)],
    ((5, 16), (5, 17), (5, 15), (5, 14), (4, 14)),
    {(5, 16), (5, 17), (5, 15), (5, 14), (4, 14)},
    [[5, 16], [5, 17], [5, 15], [5, 14], [4, 14]],
    np.array([[5, 16], [5, 17], [5, 15], [5, 14], [4, 14]]),
    [(5.0, 16), (5, 17), (5, 15), (np.int64(5), 14), (4, 14), (4, 14)],
)


@right.to("class_map")
def by_tensordot(maps, weight):
    return np.tensordot(weight, maps, axes=1)


@right.to("class_map")
def by_einsum(maps, weight):
    return np.einsum("c,chw->hw", weight, maps)


@right.to("class_map")
def by_a_matrix_product(maps, weight):
    return (weight @ maps.reshape(len(maps), -1)).reshape(maps.shape[1:])


@right.to("class_map")
def by_a_sum_of_maps(maps, weight):
    return sum(w * one for w, one in zip(weight, maps, strict=True))


@right.to("class_map")
def by_loops(maps, weight):
    found = np.zeros(maps.shape[1:])
    for c, i, j in np.ndindex(maps.shape):
        found[i, j] += weight[c] * maps[c, i, j]
    return found


@right.to("class_map")
def channels_last(maps, weight):
    return np.moveaxis(maps, 0, -1) @ weight


@right.to("strongest_patch")
def by_a_search(images, maps, size):
    best, patch = -np.inf, None
    for n, i, j in np.ndindex(maps.shape):
        if maps[n, i, j] > best:
            best, patch = maps[n, i, j], images[n, i : i + size, j : j + size]
    return patch


@right.to("strongest_patch")
def by_the_first_place_of_the_maximum(images, maps, size):
    n, i, j = np.argwhere(maps == maps.max())[0]
    return images[n, i : i + size, j : j + size].copy()


@right.to("strongest_patch")
def by_divmod(images, maps, size):
    n, rest = divmod(int(np.argmax(maps)), maps[0].size)
    i, j = divmod(rest, maps.shape[2])
    return images[n][i:][:size][:, j:][:, :size]


@right.to("strongest_patch")
def by_where(images, maps, size):
    n, i, j = (one[0] for one in np.where(maps == np.max(maps)))
    return images[n, i : i + size, j : j + size]


@right.to("occlusion")
def by_the_difference(image, weight, size):
    loss = weight * (image - 0.5)
    h, w = loss.shape
    return loss.reshape(h // size, size, w // size, size).sum(axis=(1, 3))


@right.to("occlusion")
def square_by_square(image, weight, size):
    falls = []
    for top in range(0, image.shape[0], size):
        falls.append([])
        for left in range(0, image.shape[1], size):
            part = np.s_[top : top + size, left : left + size]
            falls[-1].append((weight[part] * image[part]).sum() - 0.5 * weight[part].sum())
    return np.array(falls)


@right.to("occlusion")
def by_a_mask(image, weight, size):
    rows, columns = np.indices(image.shape) // size
    falls = np.zeros((rows.max() + 1, columns.max() + 1))
    for i, j in np.ndindex(falls.shape):
        covered = np.where((rows == i) & (columns == j), 0.5, image)
        falls[i, j] = np.vdot(weight, image) - np.vdot(weight, covered)
    return falls


@right.to("fgsm")
def by_where_and_minimum(image, gradient, epsilon):
    signs = np.where(gradient > 0, 1, np.where(gradient < 0, -1, 0))
    return np.minimum(np.maximum(image + epsilon * signs, 0), 1)


@right.to("fgsm")
def in_place_on_a_copy(image, gradient, epsilon):
    moved = image.copy()
    moved[gradient > 0] += epsilon
    moved[gradient < 0] -= epsilon
    return moved.clip(0, 1)


@right.to("fgsm")
def by_two_masks(image, gradient, epsilon):
    change = epsilon * (gradient > 0) - epsilon * (gradient < 0)
    return np.clip(image + change, 0.0, 1.0)
