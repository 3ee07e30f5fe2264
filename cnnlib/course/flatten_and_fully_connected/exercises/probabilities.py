"""A softmax that cannot overflow."""

import numpy as np

from cnnlib.course.flatten_and_fully_connected.exercises.shared import chapter, scores
from cnnlib.course.judge import textbook
from cnnlib.course.judge.numbers import halves, random_dtype
from cnnlib.course.judge.run import Call, case


def _softmax_case(rng: np.random.Generator) -> Call:
    return case(scores(rng).astype(random_dtype(rng)))


def _softmax_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(6)
    return {
        "every score is 0": [case(np.zeros((2, 3)))],
        "all scores of a row are equal": [case(np.array([[5.0, 5, 5], [-2000, -2000, -2000]]))],
        "there is only one class": [case(np.array([[3.0], [-1000.0]]))],
        "all scores lie near -1000": [case(halves(rng, 1, 3) - 1000)],
        "one row lies near 1000, another near -1000": [
            case(np.array([[1000.0, 1001, 999], [-1000, -1001, -999]])),
            case(np.array([[-1000.0, -1001], [1000, 1001]], np.float32)),
        ],
        "the scores go to a million": [case(np.array([[1e6, 1e6 - 1], [-1e6, 1 - 1e6]]))],
        "the scores of one row lie far apart": [case(np.array([[-1000.0, 0, 1000, 999]]))],
        "there are more than four rows and classes": [case(halves(rng, 6, 12))],
    }


@chapter.coding(
    "A softmax that cannot overflow",
    level=2,
    minutes=10,
    hand=[
        (case(np.log([[1.0, 2.0, 5.0]])), np.array([[0.125, 0.25, 0.625]])),
        (case(np.array([[0.0, 0.0], [1000.0, 1000.0]])), np.array([[0.5, 0.5], [0.5, 0.5]])),
    ],
    cases=_softmax_case,
    regions=_softmax_regions(),
    oracle=textbook.softmax,
    dtype="same",
    rtol=2e-4,  # a float32 near 1000 is known to 0.00006, and so is the exponent
    hints=[
        "Begin with the exponentials of one row, divided by their sum. What happens to a score "
        "of 1000?",
        "Only differences count. Subtract a number from all scores of the row, so that the "
        "largest exponent is 0.",
        "Each row is a sample with its own largest score and its own sum. In a loop over the rows, "
        "`z[n].max()` and `exps.sum()` belong to row `n` alone. Without a loop, use `axis=1` and "
        "`keepdims=True`, which keeps (3, 1) instead of (3,), so that rows stay rows.",
    ],
)
def softmax(z):
    """Return the probabilities that belong to each row of scores."""
    p = np.zeros(z.shape, z.dtype)
    for n in range(len(z)):
        exps = np.exp(z[n] - z[n].max())
        p[n] = exps / exps.sum()
    return p


def largest(z):
    """Return the largest score of each row, as a column."""
    return z.max(axis=1, keepdims=True)


def _shares(exps):
    return exps / exps.sum(axis=1, keepdims=True)


@softmax.mistake(
    "The exponentials are taken of the scores as they are. `exp(1000)` is `inf`, and `inf / inf` "
    "is `nan`: subtract the largest score of the row first."
)
def naive_softmax(z):
    """Return the probabilities without subtracting the largest score first."""
    return _shares(np.exp(z))


@softmax.mistake("The exponentials are there, but the division by their sum is missing.")
def _not_divided(z):
    return np.exp(z - largest(z))


@softmax.mistake(
    "The exponentials are taken of the scores as they are, so large ones overflow; and the "
    "division by their sum is missing."
)
def _naive_not_divided(z):
    return np.exp(z)


@softmax.mistake(
    "The scores are divided by their sum, without `exp`. Negative scores would give negative "
    "probabilities: raise e to each score first."
)
def _no_exp(z):
    return z / z.sum(axis=1, keepdims=True)


@softmax.mistake(
    "All numbers of the batch together add up to 1. Each row must: it is a sample of its own, with "
    "its own largest score and its own sum."
)
def _whole_batch(z):
    exps = np.exp(z - z.max())
    return exps / exps.sum()


@softmax.mistake("The sum goes over the whole batch. Divide each row by its own sum.")
def _sum_of_batch(z):
    exps = np.exp(z - largest(z))
    return exps / exps.sum()


@softmax.mistake(
    "The sum goes over the whole batch, and nothing is subtracted before `exp`. Divide each row by "
    "its own sum, and subtract its largest score first."
)
def _naive_whole_batch(z):
    exps = np.exp(z)
    return exps / exps.sum()


@softmax.mistake(
    "The columns add up to 1: that is `axis=0`, down the batch. Each sample is a row, so `axis=1`."
)
def _columns(z):
    exps = np.exp(z - z.max(axis=0))
    return exps / exps.sum(axis=0)


@softmax.mistake(
    "The columns add up to 1, and large scores overflow. Each sample is a row, so sum with "
    "`axis=1`, and subtract the largest score of the row before `exp`."
)
def _naive_columns(z):
    exps = np.exp(z)
    return exps / exps.sum(axis=0)


@softmax.mistake(
    "The largest score of the whole batch is subtracted. In a row that lies far below, every "
    "exponential becomes 0, and 0 / 0 is `nan`: each row needs its own largest score."
)
def _largest_of_batch(z):
    return _shares(np.exp(z - z.max()))


@softmax.mistake(
    "The sum is not set back to 0 for the next row, so it carries on from the row before. Start it "
    "inside the loop over the rows."
)
def _carried_on(z):
    exps = np.exp(z - largest(z))
    return exps / np.cumsum(exps.sum(axis=1))[:, None]


@softmax.mistake(
    "The exponentials are divided by the largest of them. Then they do not add up to 1: divide by "
    "their sum."
)
def _share_of_largest(z):
    exps = np.exp(z)
    return exps / largest(exps)


@softmax.mistake(
    "The largest score is subtracted above the line, but not in the sum below it. It only cancels "
    "if it is subtracted in both."
)
def _above_only(z):
    return np.exp(z - largest(z)) / np.exp(z).sum(axis=1, keepdims=True)


@softmax.mistake(
    "The smallest score is subtracted. Then no exponent is below 0, and a large one still "
    "overflows: subtract the largest."
)
def _smallest(z):
    return _shares(np.exp(z - z.min(axis=1, keepdims=True)))


@softmax.mistake(
    "The largest distance from 0 is subtracted. If all scores are far below 0, they end up further "
    "below, and 0 / 0 is `nan`: take the largest score itself, without `abs`."
)
def _largest_distance(z):
    return _shares(np.exp(z - np.abs(z).max(axis=1, keepdims=True)))


@softmax.mistake(
    "The mean is subtracted. A score may still lie far above it and overflow: subtract the largest."
)
def _mean(z):
    return _shares(np.exp(z - z.mean(axis=1, keepdims=True)))


@softmax.mistake(
    "The scores are divided by the largest. That changes their differences, and with them the "
    "probabilities: subtract it."
)
def _divided_by_largest(z):
    return _shares(np.exp(z / largest(z)))


@softmax.mistake(
    "The sign is flipped: the smallest score gets the largest probability. Subtract the largest "
    "score from the others, not the others from it."
)
def _turned(z):
    return _shares(np.exp(z.min(axis=1, keepdims=True) - z))


@softmax.mistake(
    "These are the logarithms of the probabilities: log-softmax. Return the probabilities "
    "themselves."
)
def _logarithms(z):
    shifted = z - largest(z)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


@softmax.mistake(
    "The maximum and the sum have lost an axis: with shape (rows,) NumPy lines them up with the "
    "columns. `keepdims=True` keeps them as (rows, 1)."
)
def _lost_axis(z):
    exps = np.exp(z - z.max(axis=1))
    return exps / exps.sum(axis=1)


@softmax.mistake(
    "The sum has lost an axis: with shape (rows,) NumPy lines it up with the columns. "
    "`sum(axis=1, keepdims=True)` keeps it as (rows, 1)."
)
def _sum_lost_axis(z):
    exps = np.exp(z - largest(z))
    return exps / exps.sum(axis=1)


@softmax.mistake(
    "The maximum has lost an axis: with shape (rows,) NumPy lines it up with the columns. "
    "`max(axis=1, keepdims=True)` keeps it as (rows, 1)."
)
def _largest_lost_axis(z):
    return _shares(np.exp(z - z.max(axis=1)))
