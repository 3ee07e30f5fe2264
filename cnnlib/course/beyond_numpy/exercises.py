"""Exercises of notebook 12: names with two meanings, gradients that add up, what a wire costs."""

import numpy as np

from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


def _halves(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-8, 9, shape) / 2


# 1. One name, two meanings

momentum = chapter.prediction(
    "momentum",
    "One name, two meanings",
    level=1,
    minutes=3,
    expected=0.01,
    mistakes=[
        (
            0.99,
            "That keeps 1% of the old average and takes 99% of the newest batch: the running mean "
            "would jump with every batch. In cnnlib and PyTorch, momentum is the share of the new.",
        ),
        (0.1, "That is PyTorch's default. Keras's 0.99 averages over ten times as many batches."),
        (0.9, "0.9 would be the share of the newest batch. Keras's 0.99 leaves much less to it."),
        (1.99, "The two shares, of the old and of the new, add up to 1."),
        (-0.01, "A share is not negative: 1 - 0.99, not 0.99 - 1."),
    ],
    why="Keras's 0.99 is what is kept of the old average, so 1 - 0.99 = 0.01 of each new batch "
    "goes in. That is what PyTorch and cnnlib call momentum.",
    hints=[
        "Write both rules down. Keras: new average = 0.99 · old + … · batch. What stands at the "
        "dots?",
        "cnnlib: new average = (1 - momentum) · old + momentum · batch. Compare the two factors of "
        "the batch.",
    ],
)


# 2. Reading a state_dict

groups = chapter.prediction(
    "groups",
    "Read a state_dict",
    level=1,
    minutes=4,
    expected=6,
    mistakes=[
        (
            8,
            "8 is how many channels each filter sees. How many sets of 8 are there in 48 channels?",
        ),
        (12, "That is 96 / 8. The groups divide the channels that come in, and 48 come in."),
        (1, "In one group each filter would see all 48 channels: the shape would be 96, 48, 3, 3."),
        (48, "With a group for each channel, each filter would see one: 96, 1, 3, 3."),
        (2, "96 / 48 = 2 filters for each channel, but that is not what groups counts."),
        (16, "96 / 6 = 16 filters are in each group. How many groups are there?"),
    ],
    why="Each filter sees 8 of the 48 channels, so the channels lie in 48 / 8 = 6 groups. Each "
    "group has 96 / 6 = 16 filters.",
    hints=[
        "The shape of a convolution's weight is (C_out, C_in / groups, KH, KW). Which of the four "
        "numbers holds the groups?",
        "C_in is 48: the layer before has 48 filters. And C_in / groups is 8.",
    ],
)


# 3. Dense weights from a library that puts channels last


def _dense(rng: np.random.Generator) -> Call:
    c, h, w, out = (int(v) for v in rng.integers(1, 5, 4))
    return case(_halves(rng, h * w * c, out), (c, h, w))


_DENSE_REGIONS = {
    "there is one channel": [case(np.arange(12.0).reshape(6, 2), (1, 2, 3))],
    "each map is a single pixel": [case(np.arange(8.0).reshape(4, 2), (4, 1, 1))],
    "there are as many channels as rows and columns": [
        case(np.arange(16.0).reshape(8, 2), (2, 2, 2)),
        case(np.arange(27.0).reshape(27, 1), (3, 3, 3)),
    ],
    "the maps are not square": [case(np.arange(24.0).reshape(12, 2), (2, 2, 3))],
    "the layer is square": [case(np.arange(16.0).reshape(4, 4), (2, 1, 2))],
}


def _dense_by_loops(kernel, shape):
    c, h, w = shape
    weight = np.zeros((kernel.shape[1], c * h * w))
    for k in range(c):
        for i in range(h):
            for j in range(w):
                weight[:, (k * h + i) * w + j] = kernel[(i * w + j) * c + k]
    return weight


@chapter.coding(
    "Dense weights from Keras",
    level=3,
    minutes=12,
    hand=[
        (
            case(np.array([[1.0], [2], [3], [4]]), (2, 1, 2)),
            np.array([[1.0, 3, 2, 4]]),
        ),
    ],
    cases=_dense,
    regions=_DENSE_REGIONS,
    oracle=_dense_by_loops,
    hints=[
        "Undo the flattening first: which shape did the map have when it was flattened, channels "
        "last? `kernel.reshape(h, w, c, -1)` gives each weight its row, column and channel back.",
        "Now put the axes in the order that cnnlib wants: the output first, then channel, row, "
        "column. `.transpose(3, 2, 0, 1)` does that.",
        "Flatten again, and keep the outputs apart: `.reshape(outputs, -1)`.",
    ],
)
def keras_dense(kernel, shape):
    """Return the weight of cnnlib's Linear for a dense kernel that follows channels-last maps."""
    c, h, w = shape
    kernel = kernel.reshape(h, w, c, -1)
    return kernel.transpose(3, 2, 0, 1).reshape(kernel.shape[3], -1)


@keras_dense.mistake(
    "The matrix is transposed, but its columns are still in the order row, column, channel. cnnlib "
    "flattens channel, row, column: the columns have to move too."
)
def _only_turned(kernel, shape):
    return kernel.T


@keras_dense.mistake(
    "The numbers are in the right order, but the matrix is not transposed: cnnlib wants the "
    "outputs first, (outputs, inputs)."
)
def _not_turned(kernel, shape):
    return _dense_by_loops(kernel, shape).T


@keras_dense.mistake(
    "The rows and columns of the map are swapped. Within a channel, cnnlib reads row by row, "
    "as Keras does."
)
def _rows_and_columns(kernel, shape):
    c, h, w = shape
    kernel = kernel.reshape(h, w, c, -1)
    return kernel.transpose(3, 2, 1, 0).reshape(kernel.shape[3], -1)


@keras_dense.mistake(
    "`reshape(c, h, w, …)` reads the rows as if the channels came first. In Keras they come last: "
    "reshape to (h, w, c, …), then move the axes."
)
def _read_as_ours(kernel, shape):
    c, h, w = shape
    kernel = kernel.reshape(c, h, w, -1)
    return kernel.transpose(3, 1, 2, 0).reshape(kernel.shape[3], -1)


# 4. Gradients that add up


def _accumulating(rng: np.random.Generator) -> Call:
    every = int(rng.integers(1, 5))
    return case(_halves(rng, every + int(rng.integers(0, 8)), int(rng.integers(1, 4))), every)


_ACCUMULATE_REGIONS = {
    "every part makes a step": [case(np.array([[1.0], [2], [3]]), 1)],
    "all parts make one step": [case(np.array([[1.0], [2], [6]]), 3)],
    "some parts are left over at the end": [
        case(np.array([[1.0], [3], [5]]), 2),
        case(np.arange(14.0).reshape(7, 2), 3),
    ],
    "the number of parts is a multiple": [case(np.arange(16.0).reshape(8, 2), 4)],
}


def _accumulated_slowly(gradients, every):
    steps, kept = [], np.zeros(gradients.shape[1])
    for number, gradient in enumerate(gradients, start=1):
        kept = kept + gradient / every
        if number % every == 0:
            steps.append(kept)
            kept = np.zeros(gradients.shape[1])
    return np.array(steps)


@chapter.coding(
    "A large batch in small parts",
    level=2,
    minutes=10,
    hand=[
        (
            case(np.array([[1.0, 0], [3, 2], [5, 5], [7, 1]]), 2),
            np.array([[2.0, 1], [6, 3]]),
        ),
    ],
    cases=_accumulating,
    regions=_ACCUMULATE_REGIONS,
    oracle=_accumulated_slowly,
    hints=[
        "How many steps are there? `len(gradients) // every`. What is left over makes none.",
        "Each step uses the mean of its parts, since each part's gradient is itself a mean over as "
        "many images. Then `.grad` is cleared, and the next step begins from zero.",
        "With `steps = len(gradients) // every`, cut off the rest and give the parts of a step an "
        "axis of their own: `gradients[: steps * every].reshape(steps, every, -1)`.",
    ],
)
def accumulate(gradients, every):
    """Return the gradient of each step, one row for each."""
    steps = len(gradients) // every
    parts = gradients[: steps * every].reshape(steps, every, -1)
    return parts.mean(axis=1)


@accumulate.mistake(
    "These are sums. The gradient of a large batch is a mean: divide each part, or its loss, by "
    "`every`."
)
def _summed(gradients, every):
    return _accumulated_slowly(gradients, every) * every


@accumulate.mistake(
    "`.grad` is never cleared here: each step still carries the parts of the steps before it. "
    "Begin from zero after each step, as `zero_grad` does."
)
def _never_cleared(gradients, every):
    return np.cumsum(_accumulated_slowly(gradients, every), axis=0)


@accumulate.mistake(
    "`.grad` is cleared before every part, so that only the last part of each step is left, "
    "divided by `every`. Clear it after a step, not after a part."
)
def _cleared_too_often(gradients, every):
    steps = len(gradients) // every
    return gradients[every - 1 : steps * every : every] / every


@accumulate.mistake(
    "Every row is the same, and holds the sum of all parts. If one array goes into the list each "
    "time, the list holds it many times over, and it goes on changing: store a copy. And begin "
    "each step from zero."
)
def _one_array(gradients, every):
    return np.tile(gradients.sum(axis=0) / every, (len(gradients) // every, 1))


@accumulate.mistake(
    "Every row is the same, and holds only what comes after the last step. If the array in the "
    "list is the one that is cleared and filled again, the list changes with it: store a copy."
)
def _one_array_cleared(gradients, every):
    steps = len(gradients) // every
    rest = gradients[steps * every :].sum(axis=0) / every
    return np.tile(rest, (steps, 1))


@accumulate.mistake(
    "Each step uses its last part alone. The parts before it belong to the step too."
)
def _last_part(gradients, every):
    steps = len(gradients) // every
    return gradients[every - 1 : steps * every : every]


@accumulate.mistake(
    "The parts left over at the end make a step of their own here. They wait for more parts: only "
    "full groups of `every` make a step."
)
def _rest_is_a_step(gradients, every):
    parts = [gradients[k : k + every].mean(axis=0) for k in range(0, len(gradients), every)]
    return np.array(parts)


# 5. Two workers that did not see equally many images


def _workers(rng: np.random.Generator) -> Call:
    workers, numbers = int(rng.integers(1, 6)), int(rng.integers(1, 5))
    return case(_halves(rng, workers, numbers), rng.integers(1, 9, workers))


_WORKER_REGIONS = {
    "there is one worker": [case(np.array([[1.0, -2]]), np.array([5]))],
    "all workers saw equally many": [case(np.array([[1.0], [3]]), np.array([4, 4]))],
    "one worker saw no image": [case(np.array([[1.0, 1], [3, 0]]), np.array([0, 4]))],
    "the counts are large": [case(np.array([[1.0], [2]]), np.array([40_000, 10_000]))],
    "there are as many workers as numbers": [
        case(np.array([[1.0, 2], [3, 5]]), np.array([1, 3])),
    ],
}


@chapter.coding(
    "Workers with unequal shares",
    level=2,
    minutes=6,
    hand=[
        (case(np.array([[1.0, 4], [5, 0]]), np.array([3, 1])), np.array([2.0, 3])),
    ],
    cases=_workers,
    regions=_WORKER_REGIONS,
    oracle=lambda gradients, counts: (
        sum(count * gradient for count, gradient in zip(counts, gradients, strict=True))
        / counts.sum()
    ),
    hints=[
        "Each worker's gradient is a mean. Turn it back into the sum over its images: times its "
        "count.",
        "Add these sums, and divide by the number of all images. `counts[:, None]` gives each row "
        "its own factor.",
    ],
)
def average_gradient(gradients, counts):
    """Return the gradient of the whole batch, from each worker's mean and its number of images."""
    return (gradients * counts[:, None]).sum(axis=0) / counts.sum()


@average_gradient.mistake(
    "This is the plain mean of the workers. A worker that saw three times as many images must "
    "count three times as much."
)
def _plain_mean(gradients, counts):
    return gradients.mean(axis=0)


@average_gradient.mistake(
    "The counts lie along the numbers of a gradient: without `None`, shapes are matched from the "
    "right. `counts[:, None]` gives each row its own count."
)
def _along_the_numbers(gradients, counts):
    return (gradients * counts).sum(axis=0) / counts.sum()


@average_gradient.mistake(
    "The sum of the workers' means is divided by the number of images. Each mean has to be "
    "multiplied by its own count first."
)
def _means_by_images(gradients, counts):
    return gradients.sum(axis=0) / counts.sum()


@average_gradient.mistake("The gradients are added up, but a mean is asked for: divide.")
def _plain_sum(gradients, counts):
    return gradients.sum(axis=0)


@average_gradient.mistake(
    "This is the sum over all images. The loss is a mean, so divide by how many images there are."
)
def _sum_over_images(gradients, counts):
    return (gradients * counts[:, None]).sum(axis=0)


@average_gradient.mistake(
    "The weighted sum is divided by the number of workers. Divide it by the number of images."
)
def _by_workers(gradients, counts):
    return (gradients * counts[:, None]).mean(axis=0)


@average_gradient.mistake(
    "Each gradient is divided by its count, so that a worker counts less the more images it saw. "
    "It is the other way round."
)
def _inverse(gradients, counts):
    with np.errstate(divide="ignore", invalid="ignore"):
        return (gradients / counts[:, None]).sum(axis=0) / (1 / counts).sum()


# 6. A kernel with holes

dilated = chapter.prediction(
    "dilated",
    "A kernel with holes",
    level=1,
    minutes=4,
    expected=24,
    mistakes=[
        (30, "That is without dilation. The kernel's nine numbers now lie 4 pixels apart."),
        (
            21,
            "That is for a kernel that spans 12 pixels. Between 3 numbers there are 2 gaps: it "
            "spans 1 + 2·4.",
        ),
        (20, "The + 1 of the formula went the other way: 32 - 9 + 1."),
        (23, "The + 1 is missing: the first window needs no step."),
        (
            26,
            "4 is how far apart two numbers lie, so that there are 3 holes between them: the "
            "kernel spans 9 pixels, not 7.",
        ),
        (
            18,
            "Here each gap has 4 holes, or the span is added twice. Dilation 4 puts the numbers 4 "
            "apart: 0, 4, 8.",
        ),
        (8, "Dilation is not a stride: the windows still move by one pixel."),
        (
            28,
            "That takes off the dilation alone. What counts is how many pixels the kernel spans, "
            "from its first number to its last.",
        ),
        (9, "That is what the kernel spans. At how many places does it fit into 32 pixels?"),
        (32, "The size stays with padding. Here there is none."),
        ((24, 24), "24 is right for each side. The height alone is asked for: write 24."),
    ],
    why="The numbers of a row lie at 0, 4 and 8: the kernel spans 4·(3 - 1) + 1 = 9 pixels, with "
    "nine weights as before. 32 - 9 + 1 = 24.",
    hints=[
        "At which places does a row of three numbers lie, if they are 4 pixels apart? How many "
        "pixels is that from the first to the last, both counted?",
        "Then use the formula of notebook 03 with that span as kernel size.",
    ],
)


# 7. What a wire costs


def _wire(rng: np.random.Generator) -> Call:
    numbers = int(rng.integers(1, 10)) * 10 ** int(rng.integers(0, 8))
    workers = int(rng.choice([1, 2, 3, 4, 8, 16, 100]))
    return case(numbers, workers, float(rng.choice([1e6, 1.25e9, 5e10])))


_WIRE_REGIONS = {
    "there is one worker, which has nobody to talk to": [case(1000, 1, 1e6)],
    "there are two workers": [case(1000, 2, 1e6)],
    "there are a thousand workers": [case(25_557_032, 1000, 5e10)],
    "the network is large": [case(10**11, 64, 1e9)],
    "the network is a single number": [case(1, 4, 1e6)],
}


@chapter.coding(
    "What a wire costs",
    level=2,
    minutes=6,
    hand=[
        (case(25_000_000, 5, 1e9), 0.16),
        (case(1_000_000, 2, 1e6), 4.0),
    ],
    cases=_wire,
    regions=_WIRE_REGIONS,
    oracle=lambda numbers, workers, bandwidth: numbers * 8 * (workers - 1) / (workers * bandwidth),
    hints=[
        "How many bytes are the gradients? Each is a float32.",
        "In the ring, each worker sends workers - 1 pieces twice: once to add up, once to hand "
        "round. A piece is one part in `workers` of the bytes.",
    ],
)
def all_reduce_seconds(numbers, workers, bandwidth):
    """Return how long a ring all-reduce of float32 gradients takes, in seconds."""
    piece = 4 * numbers / workers
    return 2 * (workers - 1) * piece / bandwidth


@all_reduce_seconds.mistake(
    "This is half of it: the pieces are sent round once. The first round adds them up, the second "
    "hands the sums to everybody."
)
def _once_round(numbers, workers, bandwidth):
    return 4 * numbers * (workers - 1) / workers / bandwidth


@all_reduce_seconds.mistake(
    "Numbers are not bytes: each float32 takes 4 of them, and the bandwidth is in bytes."
)
def _not_bytes(numbers, workers, bandwidth):
    return 2 * numbers * (workers - 1) / workers / bandwidth


@all_reduce_seconds.mistake(
    "This sends the whole gradient at every step of the ring. A worker sends one piece at a time, "
    "one part in `workers` of it."
)
def _whole_each_time(numbers, workers, bandwidth):
    return 2 * (workers - 1) * 4 * numbers / bandwidth


@all_reduce_seconds.mistake(
    "There are `workers - 1` steps in each round, not `workers`. To visit all the others, a piece "
    "travels along one wire fewer than there are workers."
)
def _one_too_many(numbers, workers, bandwidth):
    return 2 * 4 * numbers / bandwidth


@all_reduce_seconds.mistake(
    "A float32 takes 4 bytes. Eight would be a float64, as NumPy makes them by itself."
)
def _doubles(numbers, workers, bandwidth):
    return 2 * 8 * numbers * (workers - 1) / workers / bandwidth


@all_reduce_seconds.mistake(
    "This is the time to send the whole gradient once. In the ring there are two rounds of "
    "`workers - 1` steps, and each step sends one part in `workers` of it."
)
def _whole_once(numbers, workers, bandwidth):
    return 4 * numbers / bandwidth


@all_reduce_seconds.mistake(
    "4 bytes are 32 bits, but this bandwidth is in bytes for each second already."
)
def _bits(numbers, workers, bandwidth):
    return 2 * 32 * numbers * (workers - 1) / workers / bandwidth


@all_reduce_seconds.mistake(
    "The pieces are rounded up to whole numbers here. A real ring does that too; this exercise "
    "takes exactly one part in `workers`, as the formula of the notebook does."
)
def _rounded_up(numbers, workers, bandwidth):
    return 2 * (workers - 1) * 4 * -(-numbers // workers) / bandwidth


@all_reduce_seconds.mistake(
    "`//` throws away what is left over: the pieces together would be less than the gradient. "
    "Divide with `/`."
)
def _rounded_down(numbers, workers, bandwidth):
    return 2 * (workers - 1) * 4 * (numbers // workers) / bandwidth


def _rounding(digits):
    def seconds(numbers, workers, bandwidth):
        return round(2 * 4 * numbers * (workers - 1) / workers / bandwidth, digits)

    return seconds


for _digits in range(1, 7):
    all_reduce_seconds.mistake(
        f"The seconds are rounded to {_digits} decimal{'s' if _digits > 1 else ''}, and a small "
        "gradient takes less than that. Do not round."
    )(_rounding(_digits))


quiz = Quiz(
    "ex.quiz",
    (
        "In PyTorch you run forward and `backward` twice, without `zero_grad` in between. What is "
        "in `.grad`?",
        wrong(
            "The gradient of the second call",
            "That is how cnnlib does it: each backward overwrites. PyTorch adds.",
        ),
        right(
            "The sum of both gradients",
            "`backward` adds to `.grad`. That is why the loop clears it, and why a large batch can "
            "be worked through in parts.",
        ),
        wrong(
            "The mean of both gradients",
            "Nothing is divided. To get a mean, divide each loss by the number of parts.",
        ),
        wrong(
            "Nothing: the second call is an error",
            "After a second forward pass it is allowed, and useful. What PyTorch refuses is a "
            "second `backward` through the same graph.",
        ),
    ),
    (
        "The scores of cnnlib and of PyTorch differ in the sixth digit. Why?",
        wrong(
            "PyTorch rounds the weights when it takes them over",
            "The weights travel bit for bit, and the notebook checks it on the way back.",
        ),
        right(
            "Both add the same products in another order, and float32 rounds each sum",
            "As in notebook 09: the last digits depend on the order of the additions.",
        ),
        wrong(
            "One of them has a mistake in a layer",
            "A wrong layer would most likely change the first digits. In float64 the difference "
            "shrinks with the rounding; a mistake would stay.",
        ),
        wrong(
            "The network was still in training",
            "This network has no dropout and no batch normalisation, so it computes the same "
            "either way.",
        ),
    ),
    (
        "Two workers see half of a batch each, and their gradients are averaged. When is that the "
        "gradient of the whole batch?",
        wrong(
            "Always",
            "With unequal halves the plain average weighs some images more than others.",
        ),
        right(
            "When both halves hold equally many images, and no layer mixes them",
            "The mean of two means over equal counts is the mean of all. Batch normalisation "
            "would see two half batches instead of one whole.",
        ),
        wrong(
            "Only when the learning rate is halved",
            "The learning rate plays no part in the gradient.",
        ),
        wrong(
            "Never exactly, the workers have different weights",
            "They start from the same weights and take the same steps, so the weights stay equal.",
        ),
    ),
    (
        "A transposed convolution with stride 2 makes 8×8 of 4×4. Does it undo a convolution?",
        wrong("Yes, it is its inverse", "It gives back the shape, not the values."),
        right(
            "No: it is the backward pass of a convolution, used as a forward pass",
            "Each input number is spread out over a window. The matrix is transposed, not "
            "inverted.",
        ),
        wrong(
            "No: it is a convolution with the kernel turned upside down and nothing else",
            "With stride 2 it also puts zeros between the inputs, and the maps become larger.",
        ),
        wrong(
            "Yes, if the kernel is symmetric",
            "Then it still spreads and adds. A blur stays blurred.",
        ),
    ),
    (
        "From 8 to 1,000 workers, how does the time of a ring all-reduce change by the formula?",
        right(
            "By about a seventh: 2·(p − 1)/p goes from 1.75 to 2.0",
            "Each worker sends almost the same number of bytes. What grows is the number of steps, "
            "and each has its delay.",
        ),
        wrong("It is 125 times as long", "The pieces become smaller as the ring becomes longer."),
        wrong("It is a 125th of it", "Each worker sends no fewer bytes than before."),
        wrong(
            "Not at all: each worker sends the whole gradient once",
            "It sends nearly all of it twice, and the share that it need not send shrinks.",
        ),
    ),
    (
        "Your friend has `digits.onnx` and a program that runs it. What must you still tell her?",
        wrong(
            "The order of the layers",
            "The file lists them, in order and with their settings. A file of weights alone would "
            "not.",
        ),
        wrong(
            "The learning rate",
            "It was needed to find the weights. To use them, nobody needs it.",
        ),
        right(
            "How to prepare a picture",
            "One channel of 28×28, numbers from 0 to 1, white on black. With dark ink on white "
            "paper the network answers too, and most likely wrongly.",
        ),
        wrong(
            "Nothing: the file holds all of it",
            "It says that the input is 28×28 with one channel, but not that 0 is black and 1 is "
            "white.",
        ),
    ),
)
