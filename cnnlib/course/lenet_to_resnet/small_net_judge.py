"""The judge of `small_net`: counts its numbers and its work, then trains it with three seeds."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlib.course.judge.compare import describe_kind
from cnnlib.course.judge.exercise import NotAttempted
from cnnlib.course.judge.show import Table
from cnnlib.datasets import load_digits
from cnnlib.history import DivergedError
from cnnlib.layers import BatchNorm2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD, CosineAnnealingLR
from cnnlib.training import evaluate, fit, random_shift

INPUT = (1, 28, 28)
MOST_PARAMETERS = 50_000
MOST_WORK = 3_000_000
SEEDS = (0, 1, 2)
DIGITS, EPOCHS, BATCH = 2000, 4, 32
# What `try_network(course_cnn)` gives, the network of notebook 09; a test measures it again.
NINE = 0.957


def small_net(rng):
    """Return a network of fewer than 50,000 numbers that beats the one of notebook 09."""
    return Sequential(
        *(Conv2d(1, 16, 5, bias=False, rng=rng), BatchNorm2d(16), ReLU(), MaxPool2d(2)),
        *(Conv2d(16, 32, 5, bias=False, rng=rng), BatchNorm2d(32), ReLU(), MaxPool2d(2)),
        *(Conv2d(32, 64, 3, bias=False, rng=rng), BatchNorm2d(64), ReLU()),
        *(Flatten(), Linear(64 * 2 * 2, 10, rng=rng)),
    )


def try_network(build: Callable[[np.random.Generator], Sequential]) -> float:
    """Return a network's mean accuracy on the validation digits, after three short trainings.

    It sees 2,000 training digits four times, moved by up to two pixels, in batches of 32, with
    momentum, weight decay and a rate that glides to zero: the recipe of notebook 09, shortened. A
    training whose loss is no longer a number counts as 0.

    Parameters
    ----------
    build : callable
        Takes a generator, returns a network of (N, 1, 28, 28).

    Returns
    -------
    float
        The mean of three seeds.
    """
    digits = load_digits()
    accuracies = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        model = build(rng)
        model.train()
        dtype = model.parameters()[0].dtype
        few = digits.train.images[:DIGITS].astype(dtype), digits.train.labels[:DIGITS]
        new = digits.validation.images.astype(dtype), digits.validation.labels
        sgd = SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
        try:
            fit(
                model,
                few,
                epochs=EPOCHS,
                batch_size=BATCH,
                optimizer=sgd,
                scheduler=CosineAnnealingLR(sgd, EPOCHS),
                augment=random_shift,
                rng=rng,
                progress=False,
            )
        except DivergedError:
            return 0.0
        accuracies.append(evaluate(model, new)[1])
    return float(np.mean(accuracies))


def judge(build: Any) -> str | tuple[str | Table, ...] | None:
    """Return what keeps a network from passing, the most basic thing first."""
    if isinstance(build, Layer):
        return (
            "Expected the function that makes the network, got a network. Hand over its name, "
            "without parentheses: `.check(my_small_net)`."
        )
    if not callable(build):
        came = describe_kind(build)
        return f"Expected a function that takes `rng` and returns a network, got {came}."
    if not _takes_rng(build):
        return "It is called with one argument, a generator: begin it with `def my_small_net(rng):`"
    network = build(np.random.default_rng(0))
    if network is ...:
        raise NotAttempted
    if network is None:
        return "The function returns None. Does it end with `return` and the network?"
    if not isinstance(network, Sequential):
        return (
            f"Expected a `Sequential`, got {describe_kind(network)}. Hand the layers to "
            "`Sequential(...)`, one after the other."
        )
    if problem := _misfit(network):
        return problem
    again = {id(parameter) for parameter in build(np.random.default_rng(1)).parameters()}
    if any(id(parameter) in again for parameter in network.parameters()):
        return (
            "Called twice, it returns the same weights. So the second training would go on where "
            "the first one ended. Make the layers inside the function."
        )
    accuracy = try_network(build)
    if accuracy > NINE:
        return None
    if accuracy == 0:
        return "In one of the trainings the loss is soon no longer a number. Normalise its layers."
    reads = f"It reads {accuracy:.1%} of the validation digits, and the network of 09 {NINE:.1%}. "
    if accuracy < 0.9:
        return (
            f"{reads}It is a weaker network: four short epochs are not enough for it. Batch "
            "normalisation makes training faster; a global average over few channels keeps little."
        )
    return (
        f"{reads}It is close. What costs many numbers and brings little? And where is batch "
        "normalisation still missing?"
    )


def _takes_rng(build: Callable[..., Any]) -> bool:
    """Return whether a function can be called with one argument; True if nobody knows."""
    try:
        signature = inspect.signature(build)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(None)
    except TypeError:
        return False
    return True


def _misfit(network: Sequential) -> str | tuple[str | Table, ...] | None:
    """Return what is wrong before any training."""
    try:
        summary = network.summary(INPUT)
    except ValueError as error:
        return f"The layers do not fit together. {error}"
    rows = [row for row in summary.rows if row.values]  # a container's own row holds none
    shape = rows[-1].output_shape if rows else INPUT
    if shape != (10,):
        return f"Expected 10 scores, the shape (10,), got {shape}."
    if summary.parameters >= MOST_PARAMETERS:
        row = max(rows, key=lambda row: row.parameters)
        return (
            f"It has {summary.parameters:,} numbers, and fewer than {MOST_PARAMETERS:,} are "
            f"allowed. The most, {row.parameters:,}, are in {row.name.strip()}.",
            Table(str(summary)),
        )
    if summary.multiply_adds > MOST_WORK:
        row = max(rows, key=lambda row: row.multiply_adds)
        return (
            f"It needs {summary.multiply_adds:,} multiply-adds for a digit, and {MOST_WORK:,} are "
            f"allowed, so that three trainings end soon. The most, {row.multiply_adds:,}, are in "
            f"{row.name.strip()}.",
            Table(str(summary)),
        )
    dtypes = [parameter.dtype for parameter in network.parameters()]
    if not dtypes:
        return "It has no weights, so it learns nothing. Which of its layers should learn?"
    if len(set(dtypes)) > 1:
        one, other = sorted({str(dtype) for dtype in dtypes})[:2]
        return (
            f"Some of its weights are {one}, others {other}. Give all layers one dtype, or leave "
            "`dtype=` out."
        )
    scores = network(np.zeros((2, *INPUT), dtypes[0]))
    if scores.shape != (2, 10):
        return f"Two digits give the shape {scores.shape} instead of (2, 10)."
    return None
