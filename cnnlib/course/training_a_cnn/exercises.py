"""Exercises of notebook 09: a training counted, its loop, its rate, and a network of one's own."""

import numbers
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.course.judge import textbook
from cnnlib.course.judge.compare import describe_kind, show
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.numbers import random_dtype
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case
from cnnlib.course.training_a_cnn import my_cnn_judge
from cnnlib.datasets import load_digits
from cnnlib.layers import Flatten, Linear, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD
from cnnlib.training import DivergedError, evaluate, fit

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


# Counting

steps = chapter.prediction(
    "steps",
    "How many steps",
    level=1,
    minutes=2,
    expected=96,
    mistakes=[
        (93, "The last 16 digits of each epoch are missing. They make a batch too, a smaller one."),
        (93.75, "A step is taken or not, so the number is whole. The last batch is a smaller one."),
        (94, "The rest is rounded up only once. Every epoch ends with a smaller batch of its own."),
        (32, "That is one epoch. There are three."),
        (6000, "That is how many images are seen. One step uses a batch of 64 of them."),
        (192, "That is 64 · 3: the size of a batch is not a number of batches."),
    ],
    why="2,000 = 31 · 64 + 16, so an epoch has 31 full batches and a small one: 32 steps, and "
    "3 · 32 = 96.",
    hints=[
        "How many full batches of 64 fit into 2,000 digits, and how many digits are left?",
        "What is left is a batch as well. Count one epoch first, then take it three times.",
    ],
)

parameters = chapter.prediction(
    "parameters",
    "Colour, and 32 pixels",
    level=1,
    minutes=5,
    expected=117_866,
    mistakes=[
        (80_202, "That is the network for digits. Which of its layers meet the larger image?"),
        (
            117_066,
            "The size is right, but the first filters still have one kernel each. In colour they "
            "need three: 5 · 5 · 3 weights for each filter.",
        ),
        (
            81_002,
            "The colour is right, but the dense layer is still that of 28 pixels. Follow the map: "
            "32 → 28 → 14 → 10 → 5.",
        ),
        (117_680, "The biases are missing: 16 + 32 + 128 + 10 = 186."),
        (
            107_466,
            "The second convolution does not see the colours. Its filters are as deep as the 16 "
            "maps before it.",
        ),
        (
            162_922,
            "The map is 5 by 5 where it is flattened, not 6 by 6: a kernel of 5 turns 14 into 10, "
            "and the pool halves that.",
        ),
        (
            19_562,
            "The pooled map has 5 · 5 places in each of 32 channels: 800 values reach the dense "
            "layer, not 32.",
        ),
    ],
    why="5·5·3·16 + 16 = 1,216; 5·5·16·32 + 32 = 12,832; 32·5·5 = 800 values, so "
    "800·128 + 128 = 102,528; 128·10 + 10 = 1,290. Together 117,866.",
    hints=[
        "Only two layers change: the one that meets the colours, and the one that meets the "
        "flattened map.",
        "The map goes 32 → 28 → 14 → 10 → 5. How many values are there in 32 channels of 5 by 5?",
        "1,216 + 12,832 + (800 · 128 + 128) + 1,290.",
    ],
)


# The confusion matrix


def _matrices(rng: np.random.Generator) -> Call:
    classes = int(rng.integers(2, 6))
    matrix = rng.integers(0, 6, (classes, classes))
    matrix[:, int(rng.integers(classes))] += 1  # every class occurs
    return case(matrix)


_MATRIX_REGIONS = {
    "a class is never recognised": [
        case(np.array([[0, 3], [1, 2]])),
        case(np.array([[0, 1], [2, 0]])),
    ],
    "a class is never answered": [case(np.array([[0, 2, 0], [0, 5, 1], [0, 0, 4]]))],
    "everything is recognised": [case(np.diag([3, 1, 7]))],
    "there is one class": [case(np.array([[4]]))],
    "there are ten classes": [
        case(np.arange(100).reshape(10, 10) % 7 + 50 * np.eye(10, dtype=int))
    ],
    "the counts are large": [case(np.array([[3 * 10**9, 2 * 10**9], [1, 4]]))],
    "the shares have many digits": [
        case(np.array([[2, 1], [3, 4]])),
        case(np.array([[5, 6], [1, 12]])),
    ],
}


@chapter.coding(
    "Which digit is the hardest?",
    level=1,
    minutes=5,
    hand=[
        (case(np.array([[1, 1, 0], [0, 2, 0], [1, 0, 1]])), np.array([0.5, 1.0, 0.5])),
        (case(np.array([[3, 1], [0, 4]])), np.array([0.75, 1.0])),
    ],
    cases=_matrices,
    regions=_MATRIX_REGIONS,
    oracle=lambda matrix: np.array([row[k] / sum(row) for k, row in enumerate(matrix.tolist())]),
    hints=[
        "In `[[3, 1], [0, 4]]`, class 0 is in the first row. How many are there, and how many "
        "of them are right?",
        "The hits are the diagonal, `matrix.diagonal()`. How often each class occurs is the sum "
        "of its row.",
        "`matrix.sum(axis=1)` adds along each row. Divide the hits by it.",
    ],
)
def class_accuracy(matrix):
    """Return for each true class which share of it is recognised."""
    hits = matrix.diagonal()
    return hits / matrix.sum(axis=1)


@class_accuracy.mistake(
    "These are shares of the answers, column by column. Each true class has a row: which share of "
    "it is recognised? Sum along `axis=1`."
)
def _by_answer(matrix):
    with np.errstate(invalid="ignore"):
        return matrix.diagonal() / matrix.sum(axis=0)


@class_accuracy.mistake(
    "The hits are divided by all images. Divide each by the images of its own class: the sum of "
    "its row."
)
def _of_all(matrix):
    return matrix.diagonal() / matrix.sum()


@class_accuracy.mistake(
    "That is the accuracy of all classes together, one number. Return one for each class."
)
def _overall(matrix):
    return matrix.trace() / matrix.sum()


@class_accuracy.mistake("These are the shares that are wrong. Subtract them from 1.")
def _errors(matrix):
    return 1 - matrix.diagonal() / matrix.sum(axis=1)


@class_accuracy.mistake(
    "The fractions are cut off, so every share below 1 becomes 0. Divide with `/`, not `//`, "
    "and keep the shares in an array of floats."
)
def _whole(matrix):
    return matrix.diagonal() // matrix.sum(axis=1)


@class_accuracy.mistake(
    "This is the whole matrix, divided. Only the hits are asked for: its diagonal."
)
def _whole_matrix(matrix):
    return matrix / matrix.sum(axis=1, keepdims=True)


@class_accuracy.mistake(
    "That is the largest entry of each row. The hits are on the diagonal, even where a mistake "
    "is more frequent."
)
def _largest(matrix):
    return matrix.max(axis=1) / matrix.sum(axis=1)


@class_accuracy.mistake(
    "The shares are rounded. Return them with all their digits, and round only when you print."
)
def _rounded(matrix):
    return np.round(matrix.diagonal() / matrix.sum(axis=1), 2)


@class_accuracy.mistake("These are the hits. Divide each by how often its class occurs.")
def _counts(matrix):
    return matrix.diagonal().copy()


# Moved digits


def _images(rng: np.random.Generator) -> Call:
    n, c, h, w = (int(size) for size in rng.integers(1, [3, 3, 5, 5]))
    images = rng.integers(1, 9, (n, c, h, w)) / 2
    images = images.astype(random_dtype(rng, float32=0.3))
    return case(images, int(rng.integers(-h, h + 1)), int(rng.integers(-w, w + 1)))


def _cut_out(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Give the images a wide border of zeros, and cut them out elsewhere."""
    (h, w), rows, columns = images.shape[2:], abs(down), abs(right)
    wide = np.pad(images, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    top, left = rows - down, columns - right
    return wide[:, :, top : top + h, left : left + w]


def _shift_regions() -> dict[str, list[Call]]:
    x = np.arange(1.0, 13).reshape(1, 1, 3, 4)
    several = np.arange(1.0, 37).reshape(2, 3, 2, 3)
    return {
        "the move is 0": [case(x, 0, 0), case(several, 0, 0)],
        "the image moves by its whole size": [case(x, 3, 0), case(x, 0, -4), case(x, -3, 4)],
        "the image moves by more than its size": [
            *(case(x, down, right) for down, right in ((4, 0), (-5, 0), (0, 9), (0, -6), (7, 8))),
            case(x, 5, 1),
        ],
        "the image moves up or to the left": [
            case(x, -1, 0),
            case(x, 0, -2),
            case(several, -1, -1),
        ],
        "pixels are negative": [case(-x, 1, 1), case(4 - x, -1, 2)],
        "there is one pixel": [
            case(np.ones((1, 1, 1, 1)), 0, 0),
            case(np.ones((1, 1, 1, 1)), 1, 0),
        ],
        "pixels are whole numbers": [
            case(np.array([[[[255, 1], [0, 7]]]], np.uint8), 1, -1),
            case(x.astype(int), -2, 1),
        ],
        "the image is larger than 4×4": [case(np.arange(1.0, 57).reshape(1, 1, 7, 8), 2, -5)],
    }


_SQUARE = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])


@chapter.coding(
    "Move the digit",
    level=2,
    minutes=10,
    hand=[
        (case(_SQUARE, 1, 0), np.array([[[[0.0, 0.0], [1.0, 2.0]]]])),
        (case(_SQUARE, 0, -1), np.array([[[[2.0, 0.0], [4.0, 0.0]]]])),
    ],
    cases=_images,
    regions=_shift_regions(),
    oracle=_cut_out,
    hints=[
        "After a move by one down, what is in row 0? And from which row did row 1 come?",
        "Pixel (i, j) of the result comes from (i - down, j - right), if that lies inside the "
        "image. If not, it is 0.",
        "Start from `np.zeros_like(images)`. Ask `0 <= i - down < h` before you copy: an index "
        "of -1 would be the last row.",
    ],
)
def shift(images, down, right):
    """Return the images, moved down and right by so many pixels; zeros come in."""
    h, w = images.shape[2:]
    moved = np.zeros_like(images)
    for i in range(h):
        for j in range(w):
            if 0 <= i - down < h and 0 <= j - right < w:
                moved[:, :, i, j] = images[:, :, i - down, j - right]
    return moved


@shift.mistake(
    "What leaves on one side comes in again on the other, as with `np.roll`. A stroke would appear "
    "where none was written: let zeros come in."
)
def _rolled(images, down, right):
    return np.roll(images, (down, right), axis=(2, 3))


@shift.mistake(
    "Two things: it moves the wrong way, and what leaves on one side comes in again on the other. "
    "Pixel (i, j) comes from (i - down, j - right), or is 0."
)
def _rolled_backwards(images, down, right):
    return np.roll(images, (-down, -right), axis=(2, 3))


@shift.mistake(
    "Two things: `down` moves along axis 2 and `right` along axis 3, not the other way round; and "
    "what leaves on one side comes in again on the other, where zeros should."
)
def _rolled_exchanged(images, down, right):
    return np.roll(images, (right, down), axis=(2, 3))


@shift.mistake(
    "It moves the wrong way. Pixel (i, j) of the result comes from (i - down, j - right)."
)
def _backwards(images, down, right):
    return _cut_out(images, -down, -right)


@shift.mistake("Rows and columns are exchanged: `down` moves along axis 2, `right` along axis 3.")
def _exchanged(images, down, right):
    h, w = images.shape[2:]
    size = h + w
    wide = np.pad(images, ((0, 0), (0, 0), (size, size), (size, size)))
    return wide[:, :, size - right : size - right + h, size - down : size - down + w]


@shift.mistake(
    "The gap is filled with copies of the border pixels. Zeros should come in: around a digit the "
    "image is black."
)
def _smeared(images, down, right):
    h, w = images.shape[2:]
    rows = np.clip(np.arange(h) - down, 0, h - 1)
    return images[:, :, rows][..., np.clip(np.arange(w) - right, 0, w - 1)]


@shift.mistake("It moves down, but not to the right: `right` is not used.")
def _only_down(images, down, right):
    return _cut_out(images, down, 0)


@shift.mistake("It moves to the right, but not down: `down` is not used.")
def _only_right(images, down, right):
    return _cut_out(images, 0, right)


@shift.mistake(
    "The image has grown by the rows and columns that came in. Its size stays: what leaves is lost."
)
def _grown(images, down, right):
    rows, columns = ((max(by, 0), max(-by, 0)) for by in (down, right))
    return np.pad(images, ((0, 0), (0, 0), rows, columns))


@shift.mistake("The old pixels still show in the gap. Start from zeros, not from a copy.")
def _ghost(images, down, right):
    moved = images.copy()
    h, w = images.shape[2:]
    for i in range(h):
        for j in range(w):
            if 0 <= i - down < h and 0 <= j - right < w:
                moved[:, :, i, j] = images[:, :, i - down, j - right]
    return moved


@shift.mistake(
    "This is what comes out of slices such as `[down:]` and `[:h - down]`. They mean something "
    "else when `down` is negative, or larger than the image. Treat these moves too, or copy pixel "
    "by pixel."
)
def _slices(images, down, right):
    h, w = images.shape[2:]
    moved = np.zeros_like(images)
    moved[:, :, down:, right:] = images[:, :, : h - down, : w - right]
    return moved


@shift.mistake(
    "An index below 0 counts from the end, so rows from the other side come in. Ask whether "
    "`0 <= i - down < h` before you copy."
)
def _unasked(images, down, right):
    moved = np.zeros_like(images)
    for i in range(images.shape[2]):
        for j in range(images.shape[3]):
            moved[:, :, i, j] = images[:, :, i - down, j - right]
    return moved


@shift.mistake(
    "Row 0 and column 0 of the image are lost. Index 0 lies inside: `0 <= i - down < h`, not "
    "`0 < i - down < h`."
)
def _too_strict(images, down, right):
    moved = np.zeros_like(images)
    h, w = images.shape[2:]
    for i in range(h):
        for j in range(w):
            if 0 < i - down < h and 0 < j - right < w:
                moved[:, :, i, j] = images[:, :, i - down, j - right]
    return moved


@shift.mistake(
    "A pixel that leaves at the top or on the left comes in on the other side, since an index "
    "below 0 counts from the end. Ask whether `0 <= i + down < h`: both ends count."
)
def _half_asked(images, down, right):
    moved = np.zeros_like(images)
    h, w = images.shape[2:]
    for i in range(h):
        for j in range(w):
            if i + down < h and j + right < w:
                moved[:, :, i + down, j + right] = images[:, :, i, j]
    return moved


@shift.mistake(
    "Negative numbers are taken for positive ones. `down=-1` moves up by one, and `right=-1` left."
)
def _positive(images, down, right):
    return _cut_out(images, abs(down), abs(right))


@shift.mistake(
    "Moves down and to the right are done, but a negative move needs its border on the other side: "
    "zeros come in at the bottom or on the right."
)
def _padded(images, down, right):
    h, w = images.shape[2:]
    return np.pad(images, ((0, 0), (0, 0), (down, 0), (right, 0)))[:, :, :h, :w]


@shift.mistake(
    "After `np.roll`, the first `down` rows and `right` columns are cleared. After a negative "
    "move, the rows that came round are at the other end."
)
def _cleared(images, down, right):
    moved = np.roll(images, (down, right), axis=(2, 3))
    moved[:, :, :down] = 0
    moved[:, :, :, :right] = 0
    return moved


@shift.mistake("The images or channels are moved: axes 0 and 1. Rows are axis 2, columns axis 3.")
def _first_axes(images, down, right):
    return _cut_out(images.transpose(2, 3, 0, 1), down, right).transpose(2, 3, 0, 1)


# The loop


def _trainings(rng: np.random.Generator) -> Call:
    n, features, classes = int(rng.integers(1, 8)), int(rng.integers(1, 4)), int(rng.integers(2, 4))
    return case(
        rng.integers(-4, 5, (n, features)) / 2,
        rng.integers(classes, size=n),
        rng.integers(-2, 3, (classes, features)) / 2,
        rng.integers(-2, 3, classes) / 2,
        epochs=int(rng.integers(1, 4)),
        batch_size=int(rng.integers(1, 5)),
        lr=float(rng.choice([0.25, 0.5, 1.0])),
        seed=int(rng.integers(100)),
    )


def _training_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(9)

    def of(n: int, batch_size: int, epochs: int = 2, lr: float = 0.5, scale: float = 1) -> Call:
        return case(
            scale * rng.integers(-4, 5, (n, 3)) / 2,
            rng.integers(3, size=n),
            rng.integers(-2, 3, (3, 3)) / 2,
            rng.integers(-2, 3, 3) / 2,
            epochs=epochs,
            batch_size=batch_size,
            lr=lr,
            seed=int(rng.integers(100)),
        )

    return {
        "a batch holds all samples": [of(5, 5), of(4, 4, epochs=3)],
        "a batch may hold more than all samples": [of(3, 10), of(1, 2)],
        "a batch holds one sample": [of(4, 1)],
        "the last batch holds one sample": [of(7, 3), of(9, 4)],
        "there is one epoch": [of(6, 2, epochs=1)],
        "there are more than three epochs": [of(6, 4, epochs=6)],
        "there are more than seven samples": [of(20, 6)],
        "`lr` is small": [of(5, 2, lr=2**-10)],
        "the scores are large": [of(5, 2, scale=500)],
    }


def _by_the_textbook(x, labels, weight, bias, epochs, batch_size, lr, seed):
    """Train as the solution does, with the loops of the textbook for every gradient."""
    rng = np.random.default_rng(seed)
    for order in [rng.permutation(len(x)) for _ in range(epochs)]:
        for batch in np.split(order, range(batch_size, len(x), batch_size)):
            scores = reference.linear(x[batch], weight, bias)
            dscores = textbook.cross_entropy_backward(scores, labels[batch])
            _, dweight, dbias = reference.linear_backward(dscores, x[batch], weight)
            weight, bias = weight - lr * dweight, bias - lr * dbias
    return weight, bias


_ONE = case(
    np.array([[2.0, 1.0]]),
    np.array([0]),
    np.zeros((2, 2)),
    np.zeros(2),
    epochs=1,
    batch_size=1,
    lr=0.5,
    seed=0,
)


@chapter.coding(
    "The training loop",
    level=2,
    minutes=15,
    hand=[(_ONE, (np.array([[0.5, 0.25], [-0.5, -0.25]]), np.array([0.25, -0.25])))],
    cases=_trainings,
    regions=_training_regions(),
    oracle=_by_the_textbook,
    parts=("weight", "bias"),
    hints=[
        "Two loops, one inside the other. What changes from epoch to epoch, and what from batch "
        "to batch?",
        "Make the generator once, at the top. At the start of each epoch draw `order = "
        "rng.permutation(len(x))`, then walk through it in slices of `batch_size`.",
        "In a batch: `F.linear`, `F.cross_entropy_backward`, `F.linear_backward`; then "
        "`weight = weight - lr * dweight`, and the same for the bias. `x` and `labels` take the "
        "same slice of the order.",
    ],
)
def train(x, labels, weight, bias, epochs, batch_size, lr, seed):
    """Return the weight and bias of a linear classifier after training."""
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            chosen = order[start : start + batch_size]
            scores = F.linear(x[chosen], weight, bias)
            dscores = F.cross_entropy_backward(scores, labels[chosen])
            _, dweight, dbias = F.linear_backward(dscores, x[chosen], weight)
            weight = weight - lr * dweight
            bias = bias - lr * dbias
    return weight, bias


def _loop(
    x,
    labels,
    weight,
    bias,
    epochs,
    batch_size,
    lr,
    seed,
    order_of=lambda rng, n: rng.permutation(n),
    starts_of=lambda n, batch_size: range(0, n, batch_size),
    labels_of=lambda labels, chosen, start: labels[chosen],
    chosen_of=lambda order, start, batch_size: order[start : start + batch_size],
    scores_back=F.cross_entropy_backward,
    scaled=lambda gradient, count: gradient,
    old=False,
    forget=False,
):
    """Return what a training loop with one thing changed comes to."""
    rng = np.random.default_rng(seed)
    first = weight, bias
    for _ in range(epochs):
        order = order_of(rng, len(x))
        before = weight, bias
        if forget:
            weight, bias = first
        for start in starts_of(len(x), batch_size):
            chosen = chosen_of(order, start, batch_size)
            at = before if old else (weight, bias)
            dscores = scores_back(F.linear(x[chosen], *at), labels_of(labels, chosen, start))
            _, dweight, dbias = F.linear_backward(dscores, x[chosen], at[0])
            weight = weight - lr * scaled(dweight, len(chosen))
            bias = bias - lr * scaled(dbias, len(chosen))
    return weight, bias


def _slip(diagnosis: str, **changed: Any) -> None:
    """Register a loop with one thing changed as a classic mistake."""

    def mistaken(x, labels, weight, bias, epochs, batch_size, lr, seed):
        return _loop(x, labels, weight, bias, epochs, batch_size, lr, seed, **changed)

    train.mistake(diagnosis)(mistaken)


_slip(
    "The steps go uphill. The gradient points to where the loss grows: subtract it.",
    scaled=lambda gradient, count: -gradient,
)
_slip(
    "The images are shuffled, but the labels are not, so each image gets the label of another. "
    "Take `labels[chosen]` as well.",
    labels_of=lambda labels, chosen, start: labels[start : start + len(chosen)],
)
_slip(
    "The samples come in the order in which they are stored. Draw `rng.permutation(len(x))` at "
    "the start of each epoch.",
    order_of=lambda rng, n: np.arange(n),
)
_slip(
    "The last batch is missing when it is not full. Let the slices run to the end: "
    "`range(0, len(x), batch_size)`.",
    starts_of=lambda n, batch_size: range(0, n - batch_size + 1, batch_size),
)
_slip(
    "Only the first batch of each epoch is used. Walk through the whole order.",
    starts_of=lambda n, batch_size: range(1),
)
_slip(
    "The gradient is divided by the number of samples a second time. `F.cross_entropy_backward` "
    "has done that already.",
    scaled=lambda gradient, count: gradient / count,
)
_slip(
    "The gradients of a batch are added up. Take their mean, as `F.cross_entropy_backward` does; "
    "otherwise a larger batch takes larger steps.",
    scaled=lambda gradient, count: gradient * count,
)
_slip(
    "The slices begin at 0, 1, 2 … instead of at 0, `batch_size`, 2 · `batch_size` …: batches "
    "overlap, or are left out.",
    starts_of=lambda n, batch_size: range(n // batch_size),
)
_slip(
    "This is what comes out of `order[start:batch_size]`, which is empty from the second batch on. "
    "A slice ends at `start + batch_size`.",
    chosen_of=lambda order, start, batch_size: order[start:batch_size],
)
_slip(
    "The right class is missing in the gradient of the scores. It is `p - y`, not the "
    "probabilities alone: `F.cross_entropy_backward` gives it.",
    scores_back=lambda scores, labels: F.softmax(scores) / len(labels),
)
_slip(
    "All gradients of an epoch are taken at the weights with which it began. After each step the "
    "next batch must see the new weights.",
    old=True,
)
_slip(
    "Every epoch begins again at the first weights. Set them once, before the loop over epochs.",
    forget=True,
)


@train.mistake(
    "Every epoch takes the samples in the same order. Make the generator once, before the loops, "
    "and draw a new order in each epoch."
)
def _same_order(x, labels, weight, bias, epochs, batch_size, lr, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    return _loop(
        x, labels, weight, bias, epochs, batch_size, lr, seed, order_of=lambda rng, n: order
    )


@train.mistake(
    "It trains for one epoch, whatever `epochs` is. Is a `return` or a `break` inside the loop?"
)
def _one_epoch(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return _loop(x, labels, weight, bias, 1, batch_size, lr, seed)


@train.mistake(
    "It stops after the first step. Is the `return` inside the loops? It belongs after both."
)
def _one_step(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return _loop(x, labels, weight, bias, 1, batch_size, lr, seed, starts_of=lambda n, size: [0])


@train.mistake("One epoch is missing: `range(epochs)` begins at 0 and gives all of them.")
def _epoch_short(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return _loop(x, labels, weight, bias, epochs - 1, batch_size, lr, seed)


@train.mistake("There is one epoch too many. `range(epochs)` gives exactly `epochs` of them.")
def _epoch_more(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return _loop(x, labels, weight, bias, epochs + 1, batch_size, lr, seed)


@train.mistake(
    "This is what comes out when the seed is always 0. Use the argument: "
    "`np.random.default_rng(seed)`."
)
def _other_seed(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return _loop(x, labels, weight, bias, epochs, batch_size, lr, 0)


@train.mistake("The bias takes its step without the learning rate: `bias - lr * dbias`.")
def _bias_leaps(x, labels, weight, bias, epochs, batch_size, lr, seed):
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            chosen = order[start : start + batch_size]
            dscores = F.cross_entropy_backward(F.linear(x[chosen], weight, bias), labels[chosen])
            weight = weight - lr * F.linear_backward(dscores, x[chosen], weight)[1]
            bias = bias - dscores.sum(axis=0)
    return weight, bias


@train.mistake("All samples make one step together: `batch_size` is not used.")
def _no_batches(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return _loop(x, labels, weight, bias, epochs, len(x), lr, seed)


@train.mistake("The bias stays as it was. It takes a step like the weight: `bias - lr * dbias`.")
def _bias_stays(x, labels, weight, bias, epochs, batch_size, lr, seed):
    start = bias
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for first in range(0, len(x), batch_size):
            chosen = order[first : first + batch_size]
            dscores = F.cross_entropy_backward(F.linear(x[chosen], weight, start), labels[chosen])
            weight = weight - lr * F.linear_backward(dscores, x[chosen], weight)[1]
    return weight, start.copy()


@train.mistake("The learning rate is not used: multiply the gradient by `lr` before subtracting.")
def _no_rate(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return _loop(x, labels, weight, bias, epochs, batch_size, 1.0, seed)


@train.mistake("The weights come back as they were given. Are the new ones returned?")
def _untouched(x, labels, weight, bias, epochs, batch_size, lr, seed):
    return weight.copy(), bias.copy()


# The hunt

LEAST_RATE_ACCURACY = 0.77  # the best rates reach 83 to 85%
RATE_SEEDS = (0, 1, 2)


@cache
def _bytes() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return 2,000 training digits and the validation digits, with pixels from 0 to 255."""
    digits = load_digits()
    few = digits.train.images[:2000] * np.float32(255), digits.train.labels[:2000]
    return few, (digits.validation.images * np.float32(255), digits.validation.labels)


@cache
def try_rate(lr: float) -> float:
    """Return the validation accuracy after a short training on pixels from 0 to 255.

    A network with one hidden layer of 128 sees 2,000 digits three times, in batches of 50, with
    SGD of the given learning rate and a momentum of 0.9. The mean of three seeds is returned, and
    0 where the loss was no longer a number.
    """
    few, validation = _bytes()
    accuracies = []
    for seed in RATE_SEEDS:
        rng = np.random.default_rng(seed)
        model = Sequential(Flatten(), Linear(784, 128, rng=rng), ReLU(), Linear(128, 10, rng=rng))
        sgd = SGD(model.parameters(), lr=lr, momentum=0.9)
        try:
            fit(model, few, epochs=3, batch_size=50, optimizer=sgd, rng=rng, progress=False)
        except DivergedError:
            return 0.0
        accuracies.append(evaluate(model, validation)[1])
    return float(np.mean(accuracies))


def _judge_rate(answer: Any) -> str | None:
    if isinstance(answer, np.ndarray) and answer.ndim == 0:
        answer = answer.item()
    if isinstance(answer, bool) or not isinstance(answer, numbers.Real | Decimal):
        remedy = ""
        if isinstance(answer, str):
            remedy = " Write the number without the quotes."
        elif isinstance(answer, np.ndarray | list | tuple) and np.size(answer) == 1:
            remedy = " Take the number out of it: `[0]`."
        return (
            "Expected one number as the learning rate, such as 0.05, got "
            f"{describe_kind(answer)}.{remedy}"
        )
    lr = float(answer)
    if not np.isfinite(lr) or lr < 0:
        return f"A learning rate is a positive number; {show(lr)} is not."
    if lr == 0:
        return "With a rate of 0 no weight moves, and the network stays as random as it began."
    accuracy = try_rate(lr)
    if accuracy >= LEAST_RATE_ACCURACY:
        return None
    reads = f"With {show(lr)} the network reads {accuracy:.0%} of the validation digits. "
    if accuracy == 0:
        return (
            f"With {show(lr)} the loss is soon no longer a number. That is far too large; go down "
            "in factors of ten."
        )
    if lr > 7e-5 and accuracy < 0.2:
        return (
            reads
            + "That is little better than guessing: after such large steps nearly all ReLUs are "
            "dead, and no gradient comes back. Far too large; go down in factors of ten."
        )
    if lr > 7e-5:
        return reads + "Too large: the steps jump across the valley. Try a smaller one."
    if accuracy < 0.6:
        return (
            reads
            + "Far too small: after 120 steps it has hardly moved from where it began. Go up in "
            "factors of ten."
        )
    return reads + "Too small, but near: it learns, and 120 steps are not enough. Try a larger one."


learning_rate = chapter.project(
    "learning_rate",
    "A learning-rate hunt",
    level=2,
    minutes=10,
    judge=_judge_rate,
    model_answer=1e-4,
    solution="""rates = [10.0**power for power in range(-8, 1)]  # coarse: factors of ten
best = max(rates, key=ex.try_rate)
finer = [best / 4, best / 2, best, 2 * best, 4 * best]
my_learning_rate = max(finer, key=ex.try_rate)""",
    praise="At this rate the network learns. Pixels 255 times as large make the gradients of the "
    "first layer larger too, so the rate must be far smaller than 0.05. Dividing the images by "
    "255 would have saved you the hunt.",
    hints=[
        "Which rates are possible at all? Print `ex.try_rate(lr)` for 1, 0.1, 0.01 and so on, down "
        "to 0.00000001.",
        "Between a rate that is too large and one that is too small lies a good one. Now try "
        "double and half of the best.",
        "It lies between 0.00001 and 0.001.",
    ],
)


for _diagnosis, _rate in (
    ("Far too large; go down in factors of ten.", 0.05),
    ("the loss is soon no longer a number", 1e30),
    ("Too large: the steps jump across the valley.", 6e-4),
    ("Too small, but near", 7e-6),
    ("Far too small", 1e-7),
    ("no weight moves", 0),
    ("is a positive number", -0.01),
):

    def make_rate(rate: float = _rate) -> float:
        """Return a rate that does not work."""
        return rate

    learning_rate.mistake(_diagnosis)(make_rate)


# The capstone

my_cnn = chapter.project(
    "my_cnn",
    "The whole network, on your own functions",
    level=3,
    minutes=45,
    judge=my_cnn_judge.judge,
    solution=my_cnn_judge.my_cnn,
    praise="Your convolution, your pooling and your dense layer, forward and backward, have "
    "trained the course network: it reads at least 97% of the validation digits, from which "
    "it learned nothing. Every number on the way was computed by your own lines.",
    hints=[
        "Begin with `linear` and `linear_backward`, a few short lines, and check after each "
        "function: those that still return the three dots are left for later.",
        "For speed, loop over the places (i, j) of the kernel only. The pixels that weight (i, j) "
        "meets are the slice `x[:, :, i : i + oh, j : j + ow]` of all images at once, and "
        "`np.tensordot` multiplies and adds over the axes that you name.",
        "For the pool, `x.reshape(n, c, oh, size, ow, size)` has a window in axes 3 and 5. Going "
        "back, `repeat` spreads a pooled map to the size of `x`, and comparing `x` with it shows "
        "the winners. (Where the largest value occurs twice, both places then get the gradient, "
        "which is fine here.)",
    ],
)


class _Flipped(my_cnn_judge.my_cnn):
    def conv2d(self, x, weight, bias):
        return super().conv2d(x, weight[:, :, ::-1, ::-1], bias)


class _Averaging(my_cnn_judge.my_cnn):
    def conv2d_backward(self, dout, x, weight):
        dx, dweight, dbias = super().conv2d_backward(dout, x, weight)
        return dx, dweight / len(x), dbias


class _SharingPool(my_cnn_judge.my_cnn):
    def max_pool2d_backward(self, dout, x, size):
        return self.spread(dout, size) / size**2


class _Turned(my_cnn_judge.my_cnn):
    def linear_backward(self, dout, x, weight):
        return dout @ weight, x.T @ dout, dout.sum(axis=0)


class _Unfinished(my_cnn_judge.my_cnn):
    def conv2d_backward(self, dout, x, weight):
        return ...


class _Loops(my_cnn_judge.my_cnn):
    def conv2d(self, x, weight, bias):
        y = np.zeros(F.conv2d(x, weight).shape, x.dtype)
        kh, kw = weight.shape[2:]
        for n, out, i, j in np.ndindex(y.shape):
            y[n, out, i, j] = np.sum(x[n, :, i : i + kh, j : j + kw] * weight[out]) + bias[out]
        return y


for _diagnosis, _wrong_class in (
    ("In `conv2d`: The kernel is flipped.", _Flipped),
    ("In `conv2d_backward`: dweight is divided by the number of images.", _Averaging),
    ("In `max_pool2d_backward`: The gradient is shared out equally", _SharingPool),
    ("In `linear_backward`: dweight has its axes exchanged.", _Turned),
    ("Still to be written: `conv2d_backward`.", _Unfinished),
    ("Vectorise it with im2col", _Loops),
):
    my_cnn.mistake(_diagnosis)(_wrong_class)


quiz = Quiz(
    "ex.quiz",
    (
        "You have trained twenty networks with different settings. How do you find the best one, "
        "and an honest score for it?",
        wrong(
            "Measure all twenty on the test digits, and report the best score",
            "The winner of twenty is partly the luckiest, and its score includes the luck. The "
            "test set would have become a second validation set.",
        ),
        wrong(
            "Choose by the validation digits, and report that validation score",
            "The choice is sound, but the score is flattering: you kept the network that looked "
            "best on just these digits.",
        ),
        right(
            "Choose by the validation digits, then measure the chosen one on the test digits",
            "Nothing was chosen by the test digits, so their score is honest, once.",
        ),
        wrong(
            "Choose by the training loss, and then report the test score",
            "The score would be honest, but the choice is poor: the lowest training loss may "
            "belong to the network that knows its images by heart.",
        ),
    ),
    (
        "Before the first step, the loss of a network for ten classes is 14.2. What does that "
        "tell you?",
        right(
            "Its scores are far too large: look at the first weights, or at the range of the "
            "pixels",
            "A network that knows nothing should say about the same for all ten, which costs "
            "ln 10 = 2.3. To lose 14, it must be very sure of wrong answers.",
        ),
        wrong(
            "The learning rate is too large",
            "That is the usual cause of a large loss later on. But no step has been taken yet, so "
            "the rate cannot have done anything.",
        ),
        wrong(
            "Nothing: before training, any loss is as good as another",
            "Random weights are no reason for strong opinions. The first loss is the cheapest test "
            "there is, and this network has failed it.",
        ),
        wrong(
            "Some layer gets no gradient",
            "That would be a good reason for a loss that does not fall. The first loss is "
            "computed by the forward pass alone.",
        ),
    ),
    (
        "After the first epoch, training accuracy is 84% and validation accuracy 93%. The "
        "training images are moved by up to two pixels. What is the most likely reason?",
        wrong(
            "Validation images have slipped into the training set",
            "A leak is worth a check, and would raise the validation score. But nothing here calls "
            "for one: the two figures are not measured in the same way.",
        ),
        wrong(
            "The network is overfitting",
            "Overfitting looks the other way round: the training score is far above the validation "
            "score.",
        ),
        wrong(
            "The validation set is smaller, so its score comes out higher",
            "A small set makes a score less certain, in both directions. It does not raise it.",
        ),
        right(
            "Training was measured on moved digits, while the weights still improved; validation "
            "at the end, on digits that were not moved",
            "The first batches of the epoch were read by a network that knew next to nothing, "
            "and they count in the mean.",
        ),
    ),
    (
        "A CNN reads 97% of the digits. Which experiment shows that its convolutions have learned "
        "something?",
        wrong(
            "Its score is better than that of a linear network",
            "A better score may come from the dense layers alone: random filters that never learn "
            "gave a good score too.",
        ),
        right(
            "Train a copy from the same first weights with frozen filters, and compare",
            "The two differ in one thing only: whether the filters learn. What the frozen copy "
            "loses is what their learning was worth.",
        ),
        wrong(
            "Its convolutions do 94% of the multiply-adds",
            "That is the cost of the convolutions. They cost the same when they learn nothing.",
        ),
        wrong(
            "A gradient reaches the filters in the first step",
            "Without a gradient they could not learn, so it is worth a look. But a gradient may "
            "arrive and lead nowhere.",
        ),
    ),
    (
        "On the same 1,000 test digits, network A makes 13 mistakes and network B 17. Which one "
        "is better?",
        wrong(
            "A, since it makes fewer mistakes",
            "On these thousand it does. Another thousand digits may reverse the order.",
        ),
        wrong(
            "A, by a quarter: 13 mistakes are 24% fewer than 17",
            "A percentage of small numbers sounds large. The difference is four digits, and chance "
            "alone moves such a score by as much.",
        ),
        right(
            "1,000 digits are too few to tell",
            "The standard error of such a score is about 4 digits in 1,000, as large as the "
            "difference.",
        ),
    ),
    (
        "The validation loss rises from epoch to epoch, while the validation accuracy stays where "
        "it is. What is happening?",
        right(
            "The network becomes more certain of the answers that it gets wrong",
            "Accuracy counts only whether an answer is right. The loss also counts how certain it "
            "was, and a confident mistake is expensive.",
        ),
        wrong(
            "The loss has a bug: the two must move together",
            "They often do, which makes this tempting. But accuracy looks at the largest score "
            "alone, and the loss at all of them.",
        ),
        wrong(
            "The learning rate is too small",
            "Then the loss would fall slowly. Here it rises.",
        ),
        wrong(
            "Nothing that matters: accuracy is what counts",
            "Probabilities are used, too: the post office of this notebook lets the network read "
            "only what it is sure of. A network that is sure and wrong is of little use there.",
        ),
    ),
)
