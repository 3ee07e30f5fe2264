"""Answers to the exercises of notebook 12 that are wrong, most of them in one region only."""

import numpy as np
from answers import Answers

wrong = Answers()

wrong.values("momentum", 0.99, 0.1, 0.001, 1, "0.01", (0.99, 0.01), np.nan)
wrong.values("groups", 8, 12, 5, 6.5, "48 / 8", (6, 16), [6], -6, True)
wrong.values("dilated", 30, 21, 22, 24.5, (24, 24), "24 × 24", 576)


@wrong.to("keras_dense")
def square_maps_only(kernel, shape):
    c, h, _ = shape
    side = kernel.reshape(-1, h, c, kernel.shape[1])
    return side.transpose(3, 2, 1, 0).reshape(kernel.shape[1], -1)


@wrong.to("keras_dense")
def turned_if_oblong(kernel, shape):
    c, h, w = shape
    maps = kernel.reshape(h, w, c, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
    return maps.T if kernel.shape[0] != kernel.shape[1] else maps


@wrong.to("keras_dense")
def still_maps(kernel, shape):
    c, h, w = shape
    return kernel.reshape(h, w, c, -1).transpose(3, 2, 0, 1)


@wrong.to("keras_dense")
def as_it_came(kernel, shape):
    return kernel


@wrong.to("accumulate")
def rest_joins_the_last_step(gradients, every):
    steps = len(gradients) // every
    ends = [*range(0, steps * every, every)]
    return np.add.reduceat(gradients, ends) / every


@wrong.to("accumulate")
def the_first_numbers_only(gradients, every):
    steps = len(gradients) // every
    return gradients[: steps * every, 0].reshape(steps, every).mean(axis=1)


@wrong.to("accumulate")
def interleaved(gradients, every):
    steps = len(gradients) // every
    cut = gradients[: steps * every]
    return cut.reshape(every, steps, gradients.shape[1]).mean(axis=0)


@wrong.to("average_gradient")
def nobody_without_images(gradients, counts):
    return np.average(gradients, axis=0, weights=np.maximum(counts, 1))


@wrong.to("average_gradient")
def the_busiest(gradients, counts):
    return gradients[counts.argmax()]


@wrong.to("average_gradient")
def along_the_wrong_axis(gradients, counts):
    return (gradients * counts[:, None]).sum(axis=1) / counts.sum()


@wrong.to("average_gradient")
def small_counts_only(gradients, counts):
    weights = np.minimum(counts, 100)
    return weights @ gradients / weights.sum()


@wrong.to("all_reduce_seconds")
def two_at_least(numbers, workers, bandwidth):
    workers = max(workers, 2)
    return 8 * numbers * (workers - 1) / workers / bandwidth


@wrong.to("all_reduce_seconds")
def eight_at_most(numbers, workers, bandwidth):
    workers = min(workers, 100)
    return 8 * numbers * (workers - 1) / workers / bandwidth


@wrong.to("all_reduce_seconds")
def in_milliseconds(numbers, workers, bandwidth):
    return 8000 * numbers * (workers - 1) / workers / bandwidth


@wrong.to("all_reduce_seconds")
def whole_seconds(numbers, workers, bandwidth):
    return 8 * numbers * (workers - 1) // workers // bandwidth
