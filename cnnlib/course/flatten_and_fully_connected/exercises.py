"""Exercises of notebook 06: from maps to a row, to scores, to probabilities, to a loss."""

import numpy as np

from cnnlib import functional, reference
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


def _halves(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-8, 9, shape) / 2


# The place in the row

flat_place = chapter.prediction(
    "flat_place",
    "A place in the row",
    level=1,
    minutes=2,
    answer=48,
    mistakes=[
        (49, "The places are counted from 0: the first number of the row is at place 0."),
        (26, "That is the order row, column, channel. Here whole channels come first."),
        (8, "Two whole channels come before channel 2, and their numbers count too."),
        (53, "Within a channel, that goes down the columns. Each row is read from left to right."),
        (38, "A channel has 4 rows, so `c` is multiplied by 4. 3 is the number of channels."),
        (58, "A channel has 4 rows, so `c` is multiplied by 4. 5 is the length of a row."),
        (43, "Row 1 is the second row, so one whole row of channel 2 comes before it."),
    ],
    why="Before it come 2 channels of 4 rows, and 1 row: 9 rows of 5. Then 3 columns: "
    "(2 · 4 + 1) · 5 + 3 = 48.",
    hints=[
        "How many whole channels come before channel 2? How many numbers are in each?",
        "Count in three steps: whole channels of 4 · 5 numbers, then whole rows of 5, then "
        "columns. All of them are counted from 0.",
    ],
)

# Parameters

dense_parameters = chapter.prediction(
    "dense_parameters",
    "The price of a dense layer",
    level=1,
    minutes=2,
    answer=313_700,
    mistakes=[
        (313_600, "The biases are missing: one for each of the 100 outputs."),
        (316_736, "The biases belong to the outputs, not to the inputs: there are 100 of them."),
        (5_000, "That is one map. All 64 maps are flattened into one row."),
        (44_900, "A map of 7×7 has 49 numbers, and only 7 of them are counted."),
        (
            6_500,
            "That is one number for each map, as after global average pooling. Flattening "
            "keeps all 49 numbers of a map.",
        ),
        (
            3_136,
            "That is how many inputs there are. Each of the 100 outputs has a weight for every "
            "one of them.",
        ),
        (
            3_236,
            "Inputs and outputs are added. Every input meets every output, so they are multiplied.",
        ),
        (313_764, "The biases belong to the outputs, not to the maps: there are 100 of them."),
    ],
    why="64 · 7 · 7 = 3,136 inputs. Times 100 outputs that is 313,600 weights, and 100 biases.",
    hints=[
        "How long is the row after flattening? All maps, all rows, all columns go into it.",
        "One weight for each pair of an input and an output, then one bias for each output.",
    ],
)


# The dense layer


def _dense_case(rng: np.random.Generator) -> Call:
    samples, inputs, outputs = (int(n) for n in rng.integers(1, 5, 3))
    dtype = np.float32 if rng.random() < 0.2 else np.float64
    x, weight, bias = (
        _halves(rng, *shape).astype(dtype)
        for shape in ((samples, inputs), (outputs, inputs), (outputs,))
    )
    return case(x, weight, bias if rng.random() < 0.7 else None)


_X = np.array([[1.0, 0.0, 2.0, 0.0, 0.0, 3.0, 0.0, 1.0]])
_W = np.array(
    [
        [1.0, 2.0, 0.0, -1.0, 3.0, 1.0, 0.0, -2.0],
        [0.0, 1.0, -1.0, 2.0, 1.0, 0.0, 2.0, 4.0],
        [2.0, 0.0, 1.0, 1.0, -1.0, -1.0, 0.0, 1.0],
    ]
)
_TWO = np.array([[1.0, 2.0], [0.0, 1.0]])


@chapter.coding(
    "A dense layer for a batch",
    level=2,
    minutes=10,
    hand=[
        (case(_TWO, np.array([[3.0, 4.0]]), np.array([0.5])), np.array([[11.5], [4.5]])),
        (case(_X, _W, np.array([1.0, 0.0, -2.0])), np.array([[3.0, 2.0, 0.0]])),
        (case(_X, _W, None), np.array([[2.0, 2.0, 2.0]])),
    ],
    cases=_dense_case,
    oracle=reference.linear,
    hints=[
        "The lesson's `dense` does it for one sample. What has to go round it, and which shape "
        "does the result have?",
        "The result has one row for each sample and one column for each output. Three loops: over "
        "samples `n`, outputs `k` and inputs `i`. Each adds `x[n, i] * weight[k, i]`.",
        "Start `y[n, k]` at 0. Add the bias once for each output, and only if it is not None.",
    ],
)
def dense(x, weight, bias=None):
    """Return the scores of each sample: one row of x, one row of scores."""
    y = np.zeros((len(x), len(weight)), x.dtype)
    for n in range(len(x)):
        for k in range(len(weight)):
            if bias is not None:
                y[n, k] = bias[k]
            for i in range(x.shape[1]):
                y[n, k] += weight[k, i] * x[n, i]
    return y


def _plus(y, bias):
    return y if bias is None else y + bias


@dense.mistake("The bias is missing: one number for each output, added to its weighted sum.")
def _no_bias(x, weight, bias=None):
    return x @ weight.T


@dense.mistake(
    "A layer without bias has `bias=None`, and None cannot be added. Ask first: "
    "`if bias is not None`."
)
def _none_added(x, weight, bias=None):
    return x @ weight.T + bias


@dense.mistake(
    "`if bias` asks whether an array of several numbers is true, which has no answer. Ask "
    "`if bias is not None`."
)
def _truth_of_bias(x, weight, bias=None):
    return x @ weight.T + bias if bias else x @ weight.T


@dense.mistake(
    "The bias is added once for each input. Add it once for each output, outside the loop over "
    "the inputs."
)
def _bias_each_time(x, weight, bias=None):
    return x @ weight.T if bias is None else x @ weight.T + x.shape[1] * bias


@dense.mistake("The bias is subtracted. It is added to the weighted sum.")
def _bias_subtracted(x, weight, bias=None):
    return _plus(x @ weight.T, None if bias is None else -bias)


@dense.mistake(
    "Each product overwrites the one before, so that only the last input counts. Write `+=` "
    "inside the loop over the inputs."
)
def _overwritten(x, weight, bias=None):
    return np.outer(x[:, -1], weight[:, -1])


@dense.mistake(
    "Only the last input counts: each product overwrites the sum before the bias is added. Write "
    "`+=` inside the loop over the inputs."
)
def _overwritten_then_bias(x, weight, bias=None):
    return _plus(np.outer(x[:, -1], weight[:, -1]), bias)


@dense.mistake(
    "The sum is not set back to 0 for the next output, so it carries on from the one before. Start "
    "it inside the loop over the outputs."
)
def _not_reset(x, weight, bias=None):
    return _plus(np.cumsum(x @ weight.T).reshape(len(x), len(weight)), bias)


@dense.mistake(
    "`len(x)` is the number of samples here, and the loop over the inputs ends there. The number "
    "of inputs is `x.shape[1]`."
)
def _samples_for_inputs(x, weight, bias=None):
    y = np.zeros((len(x), len(weight)), x.dtype)
    for n, k in np.ndindex(y.shape):
        for i in range(len(x)):
            y[n, k] += weight[k, i] * x[n, i]
    return _plus(y, bias)


@dense.mistake(
    "The bias is taken by the number of the sample, `bias[n]`. It belongs to the output: `bias[k]`."
)
def _bias_of_sample(x, weight, bias=None):
    y = x @ weight.T
    for n, k in np.ndindex(y.shape):
        y[n, k] += 0 if bias is None else bias[n]
    return y


@dense.mistake("The last input is left out. `range(x.shape[1])` goes through all of them.")
def _last_left_out(x, weight, bias=None):
    return _plus(x[:, :-1] @ weight[:, :-1].T, bias)


@dense.mistake("The first input is left out. Inputs are counted from 0.")
def _first_left_out(x, weight, bias=None):
    return _plus(x[:, 1:] @ weight[:, 1:].T, bias)


@dense.mistake(
    "`x @ weight` pairs inputs with rows of the weight, but those belong to the outputs. It takes "
    "`x @ weight.T`, with rows and columns of the weight swapped."
)
def _not_transposed(x, weight, bias=None):
    return _plus(x @ weight, bias)


@dense.mistake(
    "The two indices of the weight are exchanged. Its shape is (outputs, inputs), so the output "
    "comes first: `weight[k, i]`."
)
def _indices_exchanged(x, weight, bias=None):
    y = np.zeros((len(x), len(weight)), x.dtype)
    for n, k in np.ndindex(y.shape):
        for i in range(x.shape[1]):
            y[n, k] += weight[i, k] * x[n, i]
    return _plus(y, bias)


@dense.mistake(
    "`weight @ x` is right for one sample that is a column. Here each sample is a row: "
    "`x @ weight.T`."
)
def _as_on_paper(x, weight, bias=None):
    return _plus(weight @ x, bias)


@dense.mistake(
    "Samples and outputs are exchanged: `weight @ x.T` has a row for each output. Here each sample "
    "is a row, so `x @ weight.T`."
)
def _transposed(x, weight, bias=None):
    return _plus(weight @ x.T, bias)


@dense.mistake(
    "The result is transposed: it has a row for each output. A row for each sample is due."
)
def _transposed_with_bias(x, weight, bias=None):
    return _plus(x @ weight.T, bias).T


@dense.mistake(
    "The samples are added together. Each has scores of its own: a row for each sample is due."
)
def _summed_over_batch(x, weight, bias=None):
    return _plus((x @ weight.T).sum(axis=0), bias)


@dense.mistake("Only the first sample gets its scores. Go through all rows of `x`.")
def _first_sample(x, weight, bias=None):
    y = np.zeros((len(x), len(weight)), x.dtype)
    y[0] = _plus(x[0] @ weight.T, bias)
    return y


@dense.mistake(
    "Only the scores of the first sample come back. Does `return` stand inside the loop?"
)
def _one_sample(x, weight, bias=None):
    return _plus(x[0] @ weight.T, bias)


@dense.mistake("Negative scores have become 0. A dense layer holds no ReLU: that is a layer apart.")
def _with_relu(x, weight, bias=None):
    return np.maximum(_plus(x @ weight.T, bias), 0)


# Softmax


def _scores(rng: np.random.Generator) -> np.ndarray:
    """Return scores of which some rows, or single entries, are far from the others."""
    samples, classes = int(rng.integers(1, 5)), int(rng.integers(2, 5))
    z = _halves(rng, samples, classes)
    if rng.random() < 0.4:
        z += rng.choice([-1000, 0, 100, 1000], (samples, 1))
    if rng.random() < 0.3:
        z[rng.integers(samples), rng.integers(classes)] += rng.choice([-2000, 1000])
    return z


def _softmax_case(rng: np.random.Generator) -> Call:
    return case(_scores(rng).astype(np.float32 if rng.random() < 0.2 else np.float64))


@chapter.coding(
    "A softmax that cannot overflow",
    level=2,
    minutes=10,
    hand=[
        (case(np.log([[1.0, 2.0, 5.0]])), np.array([[0.125, 0.25, 0.625]])),
        (case(np.array([[1000.0, 1000 + np.log(3)]])), np.array([[0.25, 0.75]])),
    ],
    cases=_softmax_case,
    oracle=functional.softmax,
    rtol=1e-5,
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


def _largest(z):
    return z.max(axis=1, keepdims=True)


def _shares(exps):
    return exps / exps.sum(axis=1, keepdims=True)


@softmax.mistake(
    "The exponentials are taken of the scores as they are. `exp(1000)` is `inf`, and `inf / inf` "
    "is `nan`: subtract the largest score of the row first."
)
def _naive(z):
    return _shares(np.exp(z))


@softmax.mistake("The exponentials are there, but the division by their sum is missing.")
def _not_divided(z):
    return np.exp(z - _largest(z))


@softmax.mistake(
    "The exponentials are of the bare scores, so large ones overflow, and the division by their "
    "sum is missing."
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
    exps = np.exp(z - _largest(z))
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
    exps = np.exp(z - _largest(z))
    return exps / np.cumsum(exps.sum(axis=1))[:, None]


@softmax.mistake(
    "The exponentials are divided by the largest of them. Then they do not add up to 1: divide by "
    "their sum."
)
def _share_of_largest(z):
    exps = np.exp(z)
    return exps / _largest(exps)


@softmax.mistake(
    "The largest score is subtracted above the line, but not in the sum below it. It only cancels "
    "if it is subtracted in both."
)
def _above_only(z):
    return np.exp(z - _largest(z)) / np.exp(z).sum(axis=1, keepdims=True)


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
    return _shares(np.exp(z / _largest(z)))


@softmax.mistake(
    "The sign is turned: `z.max() - z` gives the largest probability to the smallest score."
)
def _turned(z):
    return _shares(np.exp(z.min(axis=1, keepdims=True) - z))


@softmax.mistake(
    "These are the logarithms of the probabilities: log-softmax. Here the probabilities themselves "
    "are due."
)
def _logarithms(z):
    shifted = z - _largest(z)
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
    exps = np.exp(z - _largest(z))
    return exps / exps.sum(axis=1)


@softmax.mistake(
    "The maximum has lost an axis: with shape (rows,) NumPy lines it up with the columns. "
    "`max(axis=1, keepdims=True)` keeps it as (rows, 1)."
)
def _largest_lost_axis(z):
    return _shares(np.exp(z - z.max(axis=1)))


# Cross-entropy

batch_loss = chapter.prediction(
    "batch_loss",
    "The loss of a batch",
    level=1,
    minutes=3,
    answer=float(1.5 * np.log(2)),
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
    logits = _scores(rng)
    return case(logits, rng.integers(logits.shape[1], size=len(logits)))


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
    oracle=functional.cross_entropy,
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
    return float(-_picked(logits - _largest(logits), targets).mean())


@cross_entropy.mistake(
    "The sum of the exponentials is subtracted as it is. Subtract its logarithm: `np.log` of it."
)
def _without_log(logits, targets):
    shifted = logits - _largest(logits)
    return float(-_picked(shifted - np.exp(shifted).sum(axis=1, keepdims=True), targets).mean())


@cross_entropy.mistake(
    "The largest score is subtracted inside the sum only. It only cancels if the score of the "
    "right class is shifted as well."
)
def _shifted_in_sum_only(logits, targets):
    sums = np.exp(logits - _largest(logits)).sum(axis=1)
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
    "The small number inside the logarithm keeps the loss from becoming infinite, but caps it near "
    "27.6. The true loss of (0, 1000) is 1000: compute the log-softmax instead."
)
def _capped(logits, targets):
    return float(-np.log(_picked(functional.softmax(logits), targets) + 1e-12).mean())


@cross_entropy.mistake(
    "`exp` meets the scores as they are, and `exp(1000)` is `inf`. Subtract the largest score of "
    "the row first."
)
def _naive_loss(logits, targets):
    return float(-np.log(_picked(_naive(logits), targets)).mean())


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
    shifted = logits - _largest(logits)
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
    "Softmax is applied twice. The second one squeezes even a perfect answer, so that the loss "
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
    "`log_p[:, targets]` takes the columns of all targets from every row. Take one entry of each "
    "row: `log_p[np.arange(len(targets)), targets]`, or a loop."
)
def _all_pairs(logits, targets):
    return float(-functional.log_softmax(logits)[:, targets].mean())


@cross_entropy.mistake(
    "`log_p[targets]` takes the entries of all targets. Row `n` has one right class: "
    "`log_p[targets[n]]`."
)
def _all_targets(logits, targets):
    return -functional.log_softmax(logits)[:, targets].mean(axis=0)


@cross_entropy.mistake(
    "`log_p[targets]` takes whole rows, as if the targets were samples. Take one entry of each "
    "row: `log_p[np.arange(len(targets)), targets]`, or a loop."
)
def _rows_taken(logits, targets):
    return float(-functional.log_softmax(logits)[targets].mean())


@cross_entropy.mistake(
    "It divides by all entries, samples times classes. There is one loss for each sample, so "
    "divide by the number of samples."
)
def _over_entries(logits, targets):
    return float(-_picked(functional.log_softmax(logits), targets).sum() / logits.size)


@cross_entropy.mistake(
    "It divides by the number of classes. The mean goes over the samples: divide by `len(logits)`."
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


@cross_entropy.mistake("Only the first sample counts. Does `return` stand inside the loop?")
def _first_only(logits, targets):
    return functional.cross_entropy(logits[:1], targets[:1])


@cross_entropy.mistake(
    "Only the loss of the first sample is in the mean: the `return` stands inside the loop. Move "
    "it out to the left."
)
def _returned_early(logits, targets):
    return functional.cross_entropy(logits[:1], targets[:1]) / len(logits)


@cross_entropy.mistake(
    "The division stands inside the loop, so that early losses are divided again and again. Divide "
    "once, at the end."
)
def _divided_in_loop(logits, targets):
    total = 0.0
    for loss in -_picked(functional.log_softmax(logits), targets):
        total = (total + loss) / len(logits)
    return total


@cross_entropy.mistake(
    "Only the last sample counts: each loss overwrites the one before. Add them up with `+=`."
)
def _last_only(logits, targets):
    return functional.cross_entropy(logits[-1:], targets[-1:]) / len(logits)


@cross_entropy.mistake("One loss for each sample came. Return their mean, a single number.")
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
    "The logarithm is to the base 2. The natural logarithm is due, `np.log`, which undoes `np.exp`."
)
def _base_two(logits, targets):
    return functional.cross_entropy(logits, targets) / float(np.log(2))


# Another order


def _order_case(rng: np.random.Generator) -> Call:
    outputs = int(rng.integers(1, 3))
    channels, height, width = (int(n) for n in rng.integers(1, 5, 3))
    return case(_halves(rng, outputs, channels * height * width), channels, height, width)


def _as_blocks(weight, *axes):
    return weight.reshape(len(weight), *axes)


def _in_rows(blocks):
    return blocks.reshape(len(blocks), -1)


_ADDRESSES = np.array([[0.0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112]])
_REORDERED = np.array([[0.0, 100, 1, 101, 2, 102, 10, 110, 11, 111, 12, 112]])


@chapter.coding(
    "Weights for another order",
    level=3,
    minutes=15,
    hand=[
        (case(np.array([[1.0, 2.0, 3.0, 4.0]]), 2, 1, 2), np.array([[1.0, 3.0, 2.0, 4.0]])),
        (case(_ADDRESSES, 2, 2, 3), _REORDERED),
    ],
    cases=_order_case,
    oracle=lambda weight, channels, height, width: _in_rows(
        _as_blocks(weight, channels, height, width).transpose(0, 2, 3, 1)
    ),
    hints=[
        "Every column of `weight` belongs to one address: channel, row, column. At which place "
        "does that address stand in the old order, and at which in the new one?",
        "The old place is `(c * height + i) * width + j`. In the new order, whole rows come first, "
        "then whole pixels, then channels. How many numbers does a pixel have, how many a row?",
        "The new place is `(i * width + j) * channels + c`. Make an array like `weight`, walk "
        "through all addresses in three loops, and copy column after column: "
        "`moved[:, new] = weight[:, old]`.",
    ],
)
def channels_last(weight, channels, height, width):
    """Return the weight with its columns moved to the order row, column, channel."""
    moved = np.zeros(weight.shape, weight.dtype)
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                old = (c * height + i) * width + j
                new = (i * width + j) * channels + c
                moved[:, new] = weight[:, old]
    return moved


@channels_last.mistake(
    "The columns have not moved. `reshape` alone never moves a number: it needs a `transpose` in "
    "between, or a loop that copies."
)
def _not_moved(weight, channels, height, width):
    return weight.copy()


@channels_last.mistake(
    "The columns are moved the other way, from (row, column, channel) to (channel, row, column): "
    "exchange the old and the new place."
)
def _other_way(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, height, width, channels).transpose(0, 3, 1, 2))


@channels_last.mistake(
    "The order is column, row, channel. The channels are in the right place, but rows come before "
    "columns."
)
def _columns_first(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, channels, height, width).transpose(0, 3, 2, 1))


@channels_last.mistake(
    "The order is row, channel, column. The channel has to go past the column as well, to the "
    "last place."
)
def _halfway(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, channels, height, width).transpose(0, 2, 1, 3))


@channels_last.mistake(
    "The order is channel, column, row: rows and columns are exchanged, and the channels still "
    "come first."
)
def _channels_stay(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, channels, height, width).transpose(0, 1, 3, 2))


@channels_last.mistake(
    "In the new place, a row is counted as `height` pixels long. It has `width` pixels: "
    "`(i * width + j) * channels + c`."
)
def _height_for_width(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, (i * height + j) * channels + c] = weight[:, (c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "In the old place, a row is counted as `height` numbers long. It has `width` numbers: "
    "`(c * height + i) * width + j`."
)
def _old_height_for_width(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, (i * width + j) * channels + c] = weight[:, (c * height + i) * height + j]
    return moved


@channels_last.mistake(
    "In the new place, a pixel is counted as `width` numbers long. It has one for each channel: "
    "`(i * width + j) * channels + c`."
)
def _width_for_channels(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, (i * width + j) * width + c] = weight[:, (c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "In the old place, a channel is counted as `channels` rows long. It has `height` rows: "
    "`(c * height + i) * width + j`."
)
def _channels_for_height(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, (i * width + j) * channels + c] = weight[:, (c * channels + i) * width + j]
    return moved


@channels_last.mistake(
    "In the new place, `i * width` is not multiplied by `channels`. It needs parentheses: "
    "`(i * width + j) * channels + c`."
)
def _no_parentheses(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, i * width + j * channels + c] = weight[:, (c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "Columns are written into the array that is still being read, so some are lost before their "
    "turn comes. Make a new array for the result."
)
def _written_while_read(weight, channels, height, width):
    for c, i, j in np.ndindex(channels, height, width):
        weight[:, (i * width + j) * channels + c] = weight[:, (c * height + i) * width + j]
    return weight


@channels_last.mistake(
    "Whole rows are moved, and those belong to the outputs. The places are columns: "
    "`moved[:, new] = weight[:, old]`."
)
def _rows_moved(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[(i * width + j) * channels + c] = weight[(c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "Only the first row is moved. Every row of the weight is an output, and `moved[:, new]` takes "
    "all of them at once."
)
def _first_output(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[0, (i * width + j) * channels + c] = weight[0, (c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "The order within a row is right, but the block is read as (height, channels, width). The "
    "weight was learned as (channels, height, width)."
)
def _wrong_block(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, height, channels, width).transpose(0, 1, 3, 2))


quiz = Quiz(
    "ex.quiz",
    (
        "In 01, flattening did harm. Why is it safe after convolution and pooling?",
        wrong(
            "The maps are so small that neighbours no longer matter.",
            "Small helps with the number of weights. But 7×7 pixels of a raw image, flattened, "
            "would have lost their neighbours just the same.",
        ),
        wrong(
            "The dense layer learns which numbers were neighbours.",
            "It may learn large weights, but it is never told who stood beside whom: shuffle the "
            "row once and for all, and it learns equally well.",
        ),
        right(
            "Each value already says what was found in its neighbourhood.",
            "The filters have compared the neighbours before. What is left to do is to weigh what "
            "they found, and a weighted sum can do that in any fixed order.",
        ),
        wrong(
            "ReLU has removed everything that depends on the order.",
            "ReLU treats each number alone. It makes negative ones 0 and changes nothing about "
            "the order.",
        ),
    ),
    (
        "All ten scores of a network are multiplied by 3. What happens to its answer?",
        wrong(
            "Nothing at all: only differences between scores count.",
            "That holds when the same number is *added* to every score. Multiplying makes the "
            "differences three times as large.",
        ),
        right(
            "The same class wins, with a larger probability.",
            "The order of the scores stays, so the winner stays. Larger differences make the "
            "softmax surer, though the network knows no more than before.",
        ),
        wrong(
            "Every probability is multiplied by 3.",
            "Then they would add up to 3. Softmax divides by the sum, so they always add up to 1.",
        ),
        wrong(
            "Another class may win, since exponentials grow so fast.",
            "They grow fast, but always in the same order: the largest score has the largest "
            "exponential, whatever positive factor it is multiplied by.",
        ),
    ),
    (
        "A network for digits is shown a photograph of a cat. Softmax gives the class 3 a "
        "probability of 0.97. What does this tell you?",
        right(
            "That the score of the 3 lies far above the other nine scores.",
            "Softmax only compares the ten scores with each other. They must share out 1 among "
            "them, even where none of the ten fits.",
        ),
        wrong(
            "That the network is right in 97 of 100 such cases.",
            "That would have to be counted on pictures with known answers. The number comes from "
            "ten scores alone, and here no answer is right at all.",
        ),
        wrong(
            "That the cat has the shape of a 3 to 97%.",
            "It has so in comparison with nine other digits only. There is no class for "
            "“none of these”, so one of the ten has to take the 1.",
        ),
        wrong(
            "That softmax was computed wrongly, or else all ten would be near 0.",
            "All ten cannot be near 0, since they add up to 1. This number is computed rightly; "
            "it answers another question.",
        ),
    ),
    (
        "A model ends in a softmax layer, and its output goes into `F.cross_entropy`. What do you "
        "notice?",
        wrong(
            "An error: `F.cross_entropy` refuses probabilities.",
            "It cannot know. Probabilities are floats of the same shape as scores, so nothing "
            "looks wrong about them.",
        ),
        wrong(
            "Nothing: softmax of probabilities gives the same probabilities.",
            "It does not. From 0, 0 and 1 it makes about 0.21, 0.21 and 0.58, since only their "
            "small differences count.",
        ),
        wrong(
            "The loss becomes `nan`, because two exponentials overflow.",
            "Probabilities lie between 0 and 1, so the second exponential is at most e. Nothing "
            "overflows.",
        ),
        right(
            "No error, but the loss stays well above 0 even for perfect answers.",
            "A softmax is inside `F.cross_entropy`, so it is applied twice. Among three classes a "
            "perfect answer still costs 0.55. Hand it the scores.",
        ),
    ),
    (
        "A new network for ten classes has a first loss of 40. What is the likeliest reading?",
        wrong(
            "All is well: it has not learned anything yet.",
            "A network without an opinion has the loss ln 10 = 2.303. At 40 it is very sure of "
            "wrong answers.",
        ),
        right(
            "Its scores are far too large: perhaps the pixels were not divided by 255.",
            "Large scores make the softmax sure of itself, at random and mostly wrongly, and that "
            "is what cross-entropy punishes most.",
        ),
        wrong(
            "The learning rate is too high.",
            "The first loss is measured before the first step, so the learning rate has not acted "
            "yet. It would be the suspect if the loss rose later.",
        ),
        wrong(
            "There are too few training digits.",
            "That shows later, as a gap between training and validation. The first loss hardly "
            "depends on how many digits there are.",
        ),
    ),
    (
        "A dense layer from 28×28 pixels to ten scores is rewritten as a convolution with ten "
        "28×28 kernels. It gets one grey image of 30×40 pixels. What comes out?",
        wrong(
            "An error, since a dense layer accepts one size only.",
            "The dense layer would refuse. As a convolution, the same weights slide over any "
            "image that is at least 28×28.",
        ),
        wrong(
            "Ten scores, as before.",
            "That is what comes out for 28×28, where the kernel fits in one place only. Here it "
            "fits in more.",
        ),
        right(
            "Ten maps of 3×13.",
            "The kernel fits at 30 − 28 + 1 = 3 heights and 40 − 28 + 1 = 13 widths. At each place "
            "the ten scores are those of the dense layer for that window.",
        ),
        wrong(
            "Ten maps of 30×40.",
            "That would need padding. Without it, a kernel of 28 fits in 3 rows and 13 columns of "
            "places only.",
        ),
    ),
)
