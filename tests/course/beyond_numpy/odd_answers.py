"""Right answers to the exercises of notebook 12, of odd kinds. All of them pass."""

from fractions import Fraction

import numpy as np
from answers import Answers

right = Answers()

right.values("momentum", 0.01, np.float64(0.01), np.float32(0.01), 1 - 0.99, Fraction(1, 100))
right.values("groups", 6, 6.0, np.int64(6), np.uint8(6), Fraction(6))
right.values("dilated", 24, 24.0, np.int8(24), np.array(24), Fraction(24))


@right.to("keras_dense")
def by_moveaxis(kernel, shape):
    c, h, w = shape
    maps = np.moveaxis(kernel.reshape(h, w, c, -1), 2, 0)
    return maps.reshape(c * h * w, -1).T


@right.to("keras_dense")
def by_an_order(kernel, shape):
    c, h, w = shape
    order = np.arange(h * w * c).reshape(h, w, c).transpose(2, 0, 1).ravel()
    return kernel.T[:, order]


@right.to("keras_dense")
def by_einsum(kernel, shape):
    c, h, w = shape
    return np.einsum("hwco->ochw", kernel.reshape(h, w, c, -1)).reshape(-1, c * h * w)


@right.to("keras_dense")
def place_by_place(kernel, shape):
    c, h, w = shape
    places = [(i * w + j) * c + k for k in range(c) for i in range(h) for j in range(w)]
    return np.array([[float(kernel[p, o]) for p in places] for o in range(kernel.shape[1])])


@right.to("accumulate")
def by_a_loop(gradients, every):
    steps = [
        gradients[k : k + every].mean(axis=0) for k in range(0, len(gradients) - every + 1, every)
    ]
    return np.array(steps)


@right.to("accumulate")
def by_reduceat(gradients, every):
    steps = len(gradients) // every
    return np.add.reduceat(gradients[: steps * every], np.arange(steps) * every) / every


@right.to("accumulate")
def by_a_matrix(gradients, every):
    steps = len(gradients) // every
    return np.kron(np.eye(steps), np.full((1, every), 1 / every)) @ gradients[: steps * every]


@right.to("accumulate")
def in_float32(gradients, every):
    steps = len(gradients) // every
    cut = gradients[: steps * every].astype(np.float32)
    return cut.reshape(steps, every, -1).sum(1) / np.float32(every)


@right.to("average_gradient")
def by_numpys_average(gradients, counts):
    return np.average(gradients, axis=0, weights=counts)


@right.to("average_gradient")
def by_a_product(gradients, counts):
    return counts @ gradients / sum(counts)


@right.to("average_gradient")
def by_shares(gradients, counts):
    return gradients.T @ (counts / counts.sum())


@right.to("average_gradient")
def image_by_image(gradients, counts):
    if counts.max() > 100:
        counts = counts / np.gcd.reduce(counts)
    return np.repeat(gradients, counts.astype(int), axis=0).mean(axis=0)


@right.to("all_reduce_seconds")
def by_shares_of_bytes(numbers, workers, bandwidth):
    return 2 * (1 - 1 / workers) * numbers * np.dtype(np.float32).itemsize / bandwidth


@right.to("all_reduce_seconds")
def step_by_step(numbers, workers, bandwidth):
    return sum(4 * numbers / workers / bandwidth for _ in range(2 * (workers - 1)))


@right.to("all_reduce_seconds")
def in_fractions(numbers, workers, bandwidth):
    return Fraction(8 * numbers * (workers - 1), workers * int(bandwidth))
