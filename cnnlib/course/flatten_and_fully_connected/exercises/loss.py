"""The loss of a batch, and cross-entropy from scores."""

import numpy as np

from cnnlib import functional
from cnnlib.course.flatten_and_fully_connected.exercises.probabilities import largest, naive_softmax
from cnnlib.course.flatten_and_fully_connected.exercises.shared import chapter, scores
from cnnlib.course.judge import textbook
from cnnlib.course.judge.numbers import halves
from cnnlib.course.judge.run import Call, case

batch_loss = chapter.prediction(
    "batch_loss",
    "The loss of a batch",
    level=1,
    minutes=3,
    expected=float(1.5 * np.log(2)),
    tolerance=0.005,
    mistakes=[
        (
            float(6 * np.log(2)),
            "That is the sum of the four losses. The loss of a batch is their mean.",
        ),
        (
            float(-np.log(0.46875)),
            "That is the loss of the mean probability. Take the logarithm of "
            "each first, then the mean.",
        ),
        (
            float(-1.5 * np.log(2)),
            "The minus is missing. Logarithms of probabilities are negative, and "
            "the loss is minus that.",
        ),
        (
            1.5,
            "That is the logarithm to the base 2. The loss uses the natural logarithm, `np.log`.",
        ),
        (
            float(1.5 * np.log10(2)),
            "That is the logarithm to the base 10. The loss uses the natural logarithm, `np.log`.",
        ),
        (0.53125, "That is the mean of 1 − p. Cross-entropy takes −ln p."),
        (
            float(2 * np.log(2)),
            "The sample with p = 1 counts too. Its loss is 0, and there are four samples.",
        ),
    ],
    why="The losses are 0, ln 2, 2 ln 2 and 3 ln 2, together 6 ln 2. Their mean is "
    "1.5 ln 2 = 1.040.",
    hints=[
        "Each sample has a loss of its own, −ln p. What is it for p = 1?",
        "−ln(1/2) = ln 2 = 0.693, −ln(1/4) is twice and −ln(1/8) three times as much. Add up the "
        "four, divide by 4.",
    ],
)


def _loss_case(rng: np.random.Generator) -> Call:
    logits = scores(rng)
    return case(logits, rng.integers(logits.shape[1], size=len(logits)))


def _loss_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(6)
    return {
        "every score is 0": [case(np.zeros((2, 3)), np.array([2, 0]))],
        "there is only one class": [case(np.array([[3.0], [-1000.0]]), np.array([0, 0]))],
        "the right class is far below the others": [
            case(np.array([[1000.0, -1000, 0]]), np.array([1])),
            case(np.array([[-1000.0, 0, 3]]), np.array([0])),
        ],
        "the right class is far above the others": [
            case(np.array([[1000.0, -1000, 0], [-3, 50, 2]]), np.array([0, 1]))
        ],
        "all scores lie near -1000": [case(halves(rng, 2, 3) - 1000, np.array([1, 2]))],
        "the scores go to a million": [
            case(np.array([[1e6, -1e6], [1e6, 1e6 - 1]]), np.array([1, 1]))
        ],
        "every sample has the same right class": [case(halves(rng, 3, 3), np.array([1, 1, 1]))],
        "there are more than four samples and classes": [
            case(halves(rng, 6, 12), np.array([11, 0, 5, 5, 7, 1]))
        ],
    }


@chapter.coding(
    "Cross-entropy from scores",
    level=3,
    minutes=15,
    hand=[
        (case(np.array([[0.0, 0.0]]), np.array([1])), float(np.log(2))),
        (case(np.array([[0.0, 1000.0]]), np.array([0])), 1000.0),
        (
            case(np.log([[1.0, 2.0, 5.0]] * 3), np.array([0, 1, 2])),
            float(np.log(8) + np.log(4) + np.log(1.6)) / 3,
        ),
    ],
    cases=_loss_case,
    regions=_loss_regions(),
    oracle=textbook.cross_entropy,
    hints=[
        "One sample at a time: its row of logits, and the number of its right class. Which single "
        "number does the loss need from that row?",
        "It needs the log-softmax at the right class. Subtract the row's largest score, then "
        "subtract the logarithm of the sum of the exponentials. No probability is ever made.",
        "Add up minus that number for all samples, and divide by how many there are. For the "
        "scores (0, 1000) and right class 0: shifted −1000 and 0, log of the sum 0, loss 1000.",
    ],
)
def cross_entropy(logits, targets):
    """Return the mean of minus the log-softmax at the right class of each row."""
    total = 0.0
    for n in range(len(logits)):
        shifted = logits[n] - logits[n].max()
        log_p = shifted - np.log(np.exp(shifted).sum())
        total -= log_p[targets[n]]
    return total / len(logits)


def _picked(table, targets):
    return table[np.arange(len(targets)), targets]


@cross_entropy.mistake(
    "The losses are added up. The loss of a batch is their mean: divide by the number of samples."
)
def _summed(logits, targets):
    return float(-_picked(functional.log_softmax(logits), targets).sum())


@cross_entropy.mistake(
    "The minus is missing. Logarithms of probabilities are negative or 0, and a loss is positive "
    "or 0."
)
def _no_minus(logits, targets):
    return float(_picked(functional.log_softmax(logits), targets).mean())


@cross_entropy.mistake(
    "The sum of the exponentials is missing. From the shifted score of the right class, subtract "
    "the logarithm of that sum."
)
def _without_sum(logits, targets):
    return float(-_picked(logits - largest(logits), targets).mean())


@cross_entropy.mistake(
    "The sum of the exponentials is subtracted as it is. Subtract its logarithm: `np.log` of it."
)
def _without_log(logits, targets):
    shifted = logits - largest(logits)
    return float(-_picked(shifted - np.exp(shifted).sum(axis=1, keepdims=True), targets).mean())


@cross_entropy.mistake(
    "The largest score is subtracted inside the sum only. It only cancels if the score of the "
    "right class is shifted as well."
)
def _shifted_in_sum_only(logits, targets):
    sums = np.exp(logits - largest(logits)).sum(axis=1)
    return float((np.log(sums) - _picked(logits, targets)).mean())


@cross_entropy.mistake(
    "The logarithm is taken of a finished softmax. e to the power of −1000 becomes exactly 0, and "
    "its logarithm minus infinity: compute the log-softmax instead."
)
def _log_of_softmax(logits, targets):
    return float(-np.log(_picked(functional.softmax(logits), targets)).mean())


@cross_entropy.mistake(
    "One-hot rows are multiplied by the logarithm of a finished softmax. There 0 meets minus "
    "infinity, and their product is `nan`: compute the log-softmax instead."
)
def _one_hot_of_softmax(logits, targets):
    rows = np.eye(logits.shape[1])[targets]
    return float(-(rows * np.log(functional.softmax(logits))).sum(axis=1).mean())


@cross_entropy.mistake(
    "A small number keeps the probability away from 0. The loss cannot become infinite then, but "
    "it stops near 27.6, and that of (0, 1000) should be 1000: compute the log-softmax instead."
)
def _capped(logits, targets):
    return float(-np.log(_picked(functional.softmax(logits), targets) + 1e-12).mean())


@cross_entropy.mistake(
    "`exp` meets the scores as they are, and `exp(1000)` is `inf`. Subtract the largest score of "
    "the row first."
)
def _naive_loss(logits, targets):
    return float(-np.log(_picked(naive_softmax(logits), targets)).mean())


@cross_entropy.mistake(
    "The formula is right on paper, but `exp` meets the scores as they are, and the logarithm of "
    "`inf` is `inf`. Subtract the largest score of the row first."
)
def _naive_log_softmax(logits, targets):
    return float((np.log(np.exp(logits).sum(axis=1)) - _picked(logits, targets)).mean())


@cross_entropy.mistake(
    "Softmax and the sum go over the whole batch, as if it were one row. Each row has its own "
    "largest score and its own sum."
)
def _one_row(logits, targets):
    shifted = logits - logits.max()
    return float(-_picked(shifted - np.log(np.exp(shifted).sum()), targets).mean())


@cross_entropy.mistake(
    "The sum of the exponentials goes over the whole batch. Each row has its own sum: "
    "`sum(axis=1, keepdims=True)`."
)
def _sum_of_all_rows(logits, targets):
    shifted = logits - largest(logits)
    return float(-_picked(shifted - np.log(np.exp(shifted).sum()), targets).mean())


@cross_entropy.mistake(
    "The largest score of the whole batch is subtracted. In a row that lies far below, every "
    "exponential becomes 0, and the logarithm of 0 is minus infinity."
)
def _shifted_by_batch(logits, targets):
    shifted = logits - logits.max()
    sums = np.exp(shifted).sum(axis=1, keepdims=True)
    return float(-_picked(shifted - np.log(sums), targets).mean())


@cross_entropy.mistake(
    "The softmax runs down the columns, over the batch. Each sample is a row, so `axis=1`."
)
def _down_columns(logits, targets):
    return float(-_picked(functional.log_softmax(logits.T).T, targets).mean())


@cross_entropy.mistake(
    "Softmax is applied twice. The second one squeezes even a perfect answer, so the loss "
    "cannot come near 0."
)
def _twice(logits, targets):
    return functional.cross_entropy(functional.softmax(logits), targets)


@cross_entropy.mistake(
    "The softmax is missing: the logarithm is taken of the scores, which may be negative."
)
def _no_softmax(logits, targets):
    return float(-np.log(_picked(logits, targets)).mean())


@cross_entropy.mistake(
    "This is the mean of `log_p[:, targets]`, which takes the columns of all targets from every "
    "row. Take one entry of each row, with `log_p[np.arange(len(targets)), targets]` or a loop."
)
def _all_pairs(logits, targets):
    return float(-functional.log_softmax(logits)[:, targets].mean())


@cross_entropy.mistake(
    "One number for each target is returned: in every row, the entries of all targets are taken. "
    "Row `n` has one right class, `targets[n]`."
)
def _all_targets(logits, targets):
    return -functional.log_softmax(logits)[:, targets].mean(axis=0)


@cross_entropy.mistake(
    "This is the mean of `log_p[targets]`, which takes whole rows, as if the targets were samples. "
    "Take one entry of each row, with `log_p[np.arange(len(targets)), targets]` or a loop."
)
def _rows_taken(logits, targets):
    return float(-functional.log_softmax(logits)[targets].mean())


@cross_entropy.mistake(
    "The sum is divided by the number of all entries, samples times classes. There is one loss "
    "for each sample, so divide by the number of samples."
)
def _over_entries(logits, targets):
    return float(-_picked(functional.log_softmax(logits), targets).sum() / logits.size)


@cross_entropy.mistake(
    "The sum is divided by the number of classes. The mean goes over the samples: divide by "
    "`len(logits)`."
)
def _over_classes(logits, targets):
    return float(-_picked(functional.log_softmax(logits), targets).sum() / logits.shape[1])


@cross_entropy.mistake(
    "The targets are not used: this is the loss of the most probable class, which may be wrong."
)
def _of_largest(logits, targets):
    return float(-functional.log_softmax(logits).max(axis=1).mean())


@cross_entropy.mistake(
    "The targets are not used: the logarithms of all classes are averaged. Only the right class "
    "of each row counts."
)
def _of_all_classes(logits, targets):
    return float(-functional.log_softmax(logits).mean())


@cross_entropy.mistake(
    "The targets count from 0, so they are the indices already. Do not subtract 1."
)
def _from_one(logits, targets):
    return float(-_picked(functional.log_softmax(logits), targets - 1).mean())


@cross_entropy.mistake(
    "Only the first sample counts: this is its loss. Is the `return` inside the loop?"
)
def _first_only(logits, targets):
    return functional.cross_entropy(logits[:1], targets[:1])


@cross_entropy.mistake(
    "Only the loss of the first sample is counted, and divided by the number of all samples. Is "
    "a `return` or a `break` inside the loop?"
)
def _returned_early(logits, targets):
    return functional.cross_entropy(logits[:1], targets[:1]) / len(logits)


@cross_entropy.mistake(
    "The sum is divided in every turn of the loop, so early losses are divided again and again. "
    "Divide once, at the end."
)
def _divided_in_loop(logits, targets):
    total = 0.0
    for loss in -_picked(functional.log_softmax(logits), targets):
        total = (total + loss) / len(logits)
    return total


@cross_entropy.mistake(
    "Only the loss of the last sample is counted, and divided by the number of all samples. Does "
    "each loss overwrite the one before, or is the sum set back to 0 inside the loop?"
)
def _last_only(logits, targets):
    return functional.cross_entropy(logits[-1:], targets[-1:]) / len(logits)


@cross_entropy.mistake("One loss for each sample is returned. Return their mean, a single number.")
def _each(logits, targets):
    return -_picked(functional.log_softmax(logits), targets)


@cross_entropy.mistake(
    "The probabilities are averaged before the logarithm. Take −ln of each first, then the mean."
)
def _mean_first(logits, targets):
    return float(-np.log(_picked(functional.softmax(logits), targets).mean()))


@cross_entropy.mistake("That is the mean of 1 − p. Cross-entropy takes −ln p.")
def _shortfall(logits, targets):
    return float(1 - _picked(functional.softmax(logits), targets).mean())


@cross_entropy.mistake(
    "The logarithm is to the base 2. Use the natural logarithm, `np.log`, which undoes `np.exp`."
)
def _base_two(logits, targets):
    return functional.cross_entropy(logits, targets) / float(np.log(2))
