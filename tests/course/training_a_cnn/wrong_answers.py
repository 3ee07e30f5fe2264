"""Answers to the exercises of notebook 09 that are wrong, most of them in one region only.

Those to `my_cnn` are in `test_exercises.py`.
"""

import numpy as np
from answers import Answers

from cnnlib import functional as F

wrong = Answers()

wrong.values("steps", 93.75, 94, -96, "96 steps", (96, 1), True, np.nan)
wrong.values("parameters", (117, 866), 117_866.5, 80_202, "117,866", 117_867, np.inf)
wrong.values("learning_rate", 0, -1e-4, np.nan, np.inf, "0.0001", True, 1e-4 + 0j)
wrong.values("learning_rate", np.array([1e-4]), np.complex128(1e-4))


# Shares: a class that is never recognised or never answered, one class, large counts.


@wrong.to("class_accuracy")
def in_whole_percent(matrix):
    return np.floor(100 * matrix.diagonal() / matrix.sum(axis=1)) / 100


@wrong.to("class_accuracy")
def in_percent(matrix):
    return 100 * matrix.diagonal() / matrix.sum(axis=1)


@wrong.to("class_accuracy")
def never_zero(matrix):
    return np.maximum(matrix.diagonal() / matrix.sum(axis=1), 1e-3)


@wrong.to("class_accuracy")
def of_symmetric_confusions(matrix):
    both = matrix + matrix.T
    return both.diagonal() / both.sum(axis=1)


@wrong.to("class_accuracy")
def one_class_is_a_number(matrix):
    shares = matrix.diagonal() / matrix.sum(axis=1)
    return shares.item() if len(shares) == 1 else shares


@wrong.to("class_accuracy")
def counted_in_32_bits(matrix):
    small = matrix.astype(np.int32)
    return small.diagonal() / small.sum(axis=1, dtype=np.int32)


@wrong.to("class_accuracy")
def five_classes_at_most(matrix):
    shares = np.zeros(len(matrix))
    for k in range(min(5, len(matrix))):
        shares[k] = matrix[k, k] / matrix[k].sum()
    return shares


@wrong.to("class_accuracy")
def normalises_the_argument(matrix):
    shares = matrix.diagonal() / matrix.sum(axis=1)
    matrix[:] = 0
    return shares


@wrong.to("class_accuracy")
def never_answered_means_never_asked(matrix):
    answered = matrix.sum(axis=0) > 0
    return np.where(answered, matrix.diagonal() / matrix.sum(axis=1), np.nan)


# Moves: none, by the whole size or more, upwards, of negative pixels, of one pixel.


def moved(images, down, right):
    h, w = images.shape[2:]
    rows, columns = abs(down), abs(right)
    wide = np.pad(images, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    return wide[:, :, rows - down : rows - down + h, columns - right : columns - right + w]


@wrong.to("shift")
def a_border_of_one_image(images, down, right):
    h, w = images.shape[2:]
    wide = np.pad(images, ((0, 0), (0, 0), (h, h), (w, w)))
    return wide[:, :, h - down : 2 * h - down, w - right : 2 * w - right]


@wrong.to("shift")
def around_and_around(images, down, right):
    h, w = images.shape[2:]
    return moved(images, int(np.fmod(down, h)), int(np.fmod(right, w)))


@wrong.to("shift")
def never_beyond_the_last_row(images, down, right):
    h, w = images.shape[2:]
    return moved(images, max(-h + 1, min(h - 1, down)), max(-w + 1, min(w - 1, right)))


@wrong.to("shift")
def no_move_is_everything(images, down, right):
    result = np.zeros_like(images)
    if down > 0 or right > 0 or down < 0 or right < 0:
        result[:] = moved(images, down, right)
    return result


@wrong.to("shift")
def slices_with_minus(images, down, right):
    result = np.zeros_like(images)
    h, w = images.shape[2:]
    if down >= 0 and right >= 0:
        result[:, :, down:, right:] = images[:, :, : max(h - down, 0), : max(w - right, 0)]
    else:
        result[:, :, :down, :right] = images[:, :, -down:, -right:]
    return result


@wrong.to("shift")
def dark_pixels_are_gaps(images, down, right):
    return np.maximum(moved(images, down, right), 0)


@wrong.to("shift")
def ones_come_in(images, down, right):
    filled = moved(images + 1, down, right)
    return filled - 1 + (filled == 0)


@wrong.to("shift")
def four_rows_at_most(images, down, right):
    result = moved(images, down, right)
    result = result.copy()
    result[:, :, 4:] = 0
    return result


@wrong.to("shift")
def the_first_image_alone(images, down, right):
    result = images.copy()
    result[:1] = moved(images[:1], down, right)
    return result


@wrong.to("shift")
def moved_in_place(images, down, right):
    images[:] = moved(images, down, right)
    return images


@wrong.to("shift")
def zeros_under_a_mask(images, down, right):
    inside = moved(np.ones_like(images), down, right) > 0
    return np.ma.masked_array(np.roll(images, (down, right), (2, 3)), mask=~inside)


@wrong.to("shift")
def halved_bytes(images, down, right):
    result = moved(images, down, right)
    return result // 2 * 2 if result.dtype.kind in "iu" else result


# The loop: batches of one or of all, a rest, many epochs, scores of any size.


def loop(
    batches=lambda order, size: np.split(order, range(size, len(order), size)),
    back=F.cross_entropy_backward,
    orders=lambda rng, n, epochs: [rng.permutation(n) for _ in range(epochs)],
    rate=lambda lr, epoch: lr,
):
    """Return a training with one thing changed."""

    def train(x, labels, weight, bias, epochs, batch_size, lr, seed):
        rng = np.random.default_rng(seed)
        for epoch, order in enumerate(orders(rng, len(x), epochs)):
            for batch in batches(order, batch_size):
                dscores = back(F.linear(x[batch], weight, bias), labels[batch])
                _, dweight, dbias = F.linear_backward(dscores, x[batch], weight)
                weight = weight - rate(lr, epoch) * dweight
                bias = bias - rate(lr, epoch) * dbias
        return weight, bias

    return train


def clipped(scores, labels):
    return F.cross_entropy_backward(np.clip(scores, -30, 30), labels)


def by_the_full_batch(scores, labels):
    return F.cross_entropy_backward(scores, labels) * len(labels) / max(2, len(labels))


for _name, _training in {
    "equal parts": loop(batches=lambda order, size: np.array_split(order, -(-len(order) // size))),
    "a rest of one is dropped": loop(
        batches=lambda order, size: [
            part
            for part in np.split(order, range(size, len(order), size))
            if len(part) > 1 or size == 1
        ]
    ),
    "at most four batches": loop(
        batches=lambda order, size: np.split(order, range(size, len(order), size))[:4]
    ),
    "batches smaller than the data": loop(
        batches=lambda order, size: (
            np.split(order, range(size, len(order), size))
            if size < len(order)
            else [order[:-1]]
            if len(order) > 1
            else [order]
        )
    ),
    "large scores are clipped": loop(back=clipped),
    "a batch of one counts half": loop(back=by_the_full_batch),
    "the rate falls": loop(rate=lambda lr, epoch: lr / (1 + epoch)),
    "the rate has a floor": loop(rate=lambda lr, epoch: max(lr, 0.01)),
    "three epochs at most": loop(
        orders=lambda rng, n, epochs: [rng.permutation(n) for _ in range(min(epochs, 3))]
    ),
    "drawn with replacement": loop(
        orders=lambda rng, n, epochs: [rng.integers(0, n, n) for _ in range(epochs)]
    ),
    "the order is sorted back": loop(
        orders=lambda rng, n, epochs: [np.argsort(rng.permutation(n)) for _ in range(epochs)]
    ),
    "a generator for each epoch": loop(
        orders=lambda rng, n, epochs: [
            np.random.default_rng(epoch).permutation(n) for epoch in range(epochs)
        ]
    ),
}.items():
    wrong.add("train", _name, _training)


@wrong.to("train")
def steps_in_place(x, labels, weight, bias, epochs, batch_size, lr, seed):
    new = loop()(x, labels, weight, bias, epochs, batch_size, lr, seed)
    weight[:], bias[:] = new
    return weight, bias


@wrong.to("train")
def shuffles_the_data(x, labels, weight, bias, epochs, batch_size, lr, seed):
    new = loop()(x, labels, weight, bias, epochs, batch_size, lr, seed)
    labels.sort()
    return new


@wrong.to("train")
def the_bias_first(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return loop()(x, labels, weight, bias, epochs, batch_size, lr, seed)[::-1]


@wrong.to("train")
def the_weight_alone(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return loop()(x, labels, weight, bias, epochs, batch_size, lr, seed)[0]


trained = []


@wrong.to("train")
def goes_on_from_the_last_call(x, labels, weight, bias, epochs, batch_size, lr, seed):
    if trained and trained[0].shape == weight.shape:
        weight = trained.pop()
    new = loop()(x, labels, weight, bias, epochs, batch_size, lr, seed)
    trained[:] = [new[0]]
    return new
