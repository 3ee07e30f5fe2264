"""The row of a flattened map, and a dense layer for a batch."""

import numpy as np

from cnnlib import reference
from cnnlib.course.flatten_and_fully_connected.exercises.shared import chapter
from cnnlib.course.judge.numbers import halves, random_dtype
from cnnlib.course.judge.run import Call, case

# The place in the row

flat_place = chapter.prediction(
    "flat_place",
    "A place in the row",
    level=1,
    minutes=2,
    expected=48,
    mistakes=[
        (49, "Places are counted from 0: the first number of the row is at place 0."),
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
    expected=313_700,
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
            "That is the number of inputs. Each of the 100 outputs has a weight for every one of "
            "them.",
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
    dtype = random_dtype(rng)
    x, weight, bias = (
        halves(rng, *shape).astype(dtype)
        for shape in ((samples, inputs), (outputs, inputs), (outputs,))
    )
    return case(x, weight, bias if rng.random() < 0.7 else None)


def _dense_call(rng: np.random.Generator, n: int, inputs: int, outputs: int, bias=True) -> Call:
    x, weight = halves(rng, n, inputs), halves(rng, outputs, inputs)
    return case(x, weight, halves(rng, outputs) if bias else None)


def _dense_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(6)
    big, square = (7, 10, 6), (3, 3, 3)
    return {
        "there are more than four samples, inputs and outputs": [_dense_call(rng, *big)],
        "there are as many samples as inputs and outputs": [
            _dense_call(rng, *square),
            _dense_call(rng, *square, bias=False),
        ],
        "every input is 0": [case(np.zeros((2, 3)), halves(rng, 2, 3), np.array([0.5, -1.0]))],
        "every bias is 0": [case(halves(rng, 2, 3), halves(rng, 2, 3), np.zeros(2))],
        "every score is negative": [
            case(np.ones((2, 2)), np.full((3, 2), -1.5), np.array([0.5, -1.0, -2.0]))
        ],
        "the inputs are large": [
            case(1000 * halves(rng, 2, 3), halves(rng, 2, 3), np.array([0.5, -1.0]))
        ],
    }


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
    regions=_dense_regions(),
    oracle=reference.linear,
    dtype="same",
    hints=[
        "The lesson's `dense` does it for one sample. Which loop goes around it, and which shape "
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
    "With a bias it is right; without one, where `bias` is None, it raises an error. None cannot "
    "be added: is there an `if bias is not None` before each line that uses the bias?"
)
def _none_added(x, weight, bias=None):
    return x @ weight.T + bias


@dense.mistake(
    "An `if` needs one truth value, and an array of several numbers has none. That is what happens "
    "with `if bias` and with `if bias != None`. Ask `if bias is not None`."
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
    "Only the last input counts, and the bias does not. Does each product overwrite the one "
    "before, with `=` where `+=` is needed? Or is the sum set back inside the loop over the inputs?"
)
def _overwritten(x, weight, bias=None):
    return np.outer(x[:, -1], weight[:, -1])


@dense.mistake(
    "Only the last input counts. Does each product overwrite the one before, with `=` where `+=` "
    "is needed? Or is the sum set back inside the loop over the inputs?"
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
    "Only as many inputs are added as there are samples. Does the loop over the inputs end at "
    "`len(x)`? That is the number of samples; the number of inputs is `x.shape[1]`."
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
    "This is `x @ weight`, which pairs the inputs with the rows of the weight. But its rows belong "
    "to the outputs: use `x @ weight.T`."
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
    "The result is transposed: it has a row for each output. It should have one for each sample."
)
def _transposed_with_bias(x, weight, bias=None):
    return _plus(x @ weight.T, bias).T


@dense.mistake(
    "The samples are added up. Each has scores of its own: return a row for each sample."
)
def _summed_over_batch(x, weight, bias=None):
    return _plus((x @ weight.T).sum(axis=0), bias)


@dense.mistake("Only the first sample gets its scores. Go through all rows of `x`.")
def _first_sample(x, weight, bias=None):
    y = np.zeros((len(x), len(weight)), x.dtype)
    y[0] = _plus(x[0] @ weight.T, bias)
    return y


@dense.mistake("Only the scores of the first sample come back. Is the `return` inside the loop?")
def _one_sample(x, weight, bias=None):
    return _plus(x[0] @ weight.T, bias)


@dense.mistake(
    "Negative scores have become 0. A dense layer has no ReLU in it: that is another layer."
)
def _with_relu(x, weight, bias=None):
    return np.maximum(_plus(x @ weight.T, bias), 0)
