"""The ideas of the famous networks, each tried small on the digits: one thing changed at a time.

Some hundred and fifty trainings take about twenty minutes. So the results are stored beside this
file, and the notebook reads them:

    python -m cnnlib.course.lenet_to_resnet.experiments            # all of them
    python -m cnnlib.course.lenet_to_resnet.experiments depth      # one, the others stay
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib.architectures import lenet5
from cnnlib.course.lenet_to_resnet.networks import Jolt, deep_net, for_lenet, lenet5_1998
from cnnlib.datasets import Digits, Split, load_digits
from cnnlib.files import write_whole
from cnnlib.history import DivergedError
from cnnlib.layers import Conv2d, Flatten, GlobalAvgPool2d, Layer, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD, CosineAnnealingLR
from cnnlib.training import evaluate, fit

__all__ = ["BODIES", "EXPERIMENTS", "HEADS", "SEEDS", "framed", "stored"]

RESULTS = Path(__file__).with_name("experiments.json")
SEEDS = (0, 1, 2)
CHANNELS = 16  # of the frame in which bodies and heads are compared

Results = dict[str, list[dict[str, float]]]
Builder = Callable[[np.random.Generator], Sequential]
Row = tuple[str, Builder, dict[str, Any]]  # its name, its network, and its own options


def _conv(
    size: int,
    rng: np.random.Generator,
    c_in: int = CHANNELS,
    c_out: int = CHANNELS,
    groups: int = 1,
) -> Conv2d:
    return Conv2d(c_in, c_out, size, padding=size // 2, groups=groups, rng=rng)


# What stands between two pools of the frame. All keep the shape, (16, H, W).
BODIES: dict[str, Callable[[np.random.Generator], list[Layer]]] = {
    "one 3×3": lambda rng: [_conv(3, rng), ReLU()],
    "one 5×5": lambda rng: [_conv(5, rng), ReLU()],
    "two 3×3": lambda rng: [_conv(3, rng), ReLU(), _conv(3, rng), ReLU()],
    "two 3×3, no ReLU between": lambda rng: [_conv(3, rng), _conv(3, rng), ReLU()],
    "1×1 to 4, then 5×5": lambda rng: [
        *(_conv(1, rng, c_out=4), ReLU()),
        *(_conv(5, rng, c_in=4), ReLU()),
    ],
    "depthwise 3×3, then 1×1": lambda rng: [
        *(_conv(3, rng, groups=CHANNELS), ReLU()),
        *(_conv(1, rng), ReLU()),
    ],
}

# What turns the last maps, 16 of 7×7, into ten scores.
HEADS: dict[str, Callable[[np.random.Generator], list[Layer]]] = {
    "dense 784 → 128 → 10": lambda rng: [
        Flatten(),
        *(Linear(CHANNELS * 49, 128, rng=rng), ReLU(), Linear(128, 10, rng=rng)),
    ],
    "dense 784 → 10": lambda rng: [Flatten(), Linear(CHANNELS * 49, 10, rng=rng)],
    "global average, 16 → 10": lambda rng: [
        *(GlobalAvgPool2d(), Flatten(), Linear(CHANNELS, 10, rng=rng)),
    ],
}


def framed(
    rng: np.random.Generator, body: str = "two 3×3", head: str = "dense 784 → 10"
) -> Sequential:
    """Return a small network with a given body, at 14×14 and again at 7×7, and a given head.

    Parameters
    ----------
    rng : numpy.random.Generator
    body : one of `BODIES`
    head : one of `HEADS`

    Returns
    -------
    Sequential
        Takes (N, 1, 28, 28), returns ten scores.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> [framed(rng, body=b).summary((1, 28, 28)).parameters for b in ("one 5×5", "two 3×3")]
    [20842, 17290]
    """
    return Sequential(
        *(Conv2d(1, CHANNELS, 3, stride=2, padding=1, rng=rng), ReLU()),
        *BODIES[body](rng),
        MaxPool2d(2),
        *BODIES[body](rng),
        *HEADS[head](rng),
    )


def train_once(
    build: Builder,
    digits: Digits,
    seed: int,
    *,
    epochs: int,
    lr: float = 0.05,
    images: int | None = None,
) -> dict[str, float]:
    """Train a network once; return its losses and accuracies on what it learned from and on new.

    The loss on the training digits is measured again at the end, with the final weights.
    """
    rng = np.random.default_rng(seed)
    model = build(rng)
    train = Split(digits.train.images[:images], digits.train.labels[:images])
    sgd = SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=1e-4)
    schedule = CosineAnnealingLR(sgd, epochs)
    options: dict[str, Any] = {"optimizer": sgd, "scheduler": schedule, "rng": rng}
    try:
        fit(model, train, epochs=epochs, batch_size=64, progress=False, **options)
    except DivergedError:
        return {"diverged": 1.0}
    train_loss, train_accuracy = evaluate(model, train)
    validation_loss, validation_accuracy = evaluate(model, digits.validation)
    measured = {
        "train_loss": train_loss,
        "train_accuracy": train_accuracy,
        "validation_loss": validation_loss,
        "validation_accuracy": validation_accuracy,
    }
    return {name: round(value, 4) for name, value in measured.items()}


def _compared(
    rows: Iterable[Row],
    digits: Digits,
    seeds: Iterable[int],
    **options: Any,
) -> Results:
    return {
        name: [train_once(build, digits, seed, **options | own) for seed in seeds]
        for name, build, own in rows
    }


DEPTHS = (8, 20, 32, 44)
RATES = (0.01, 0.05, 0.2, 0.8)
OTHER_RATES = (0.01, 0.2)  # besides the 0.05 of all the others


def depth(digits: Digits, seeds: Iterable[int] = SEEDS, **options: Any) -> Results:
    """Train plain and residual nets of growing depth, on 4,000 digits, three times over."""

    def build(depth: int, shortcuts: bool) -> Builder:
        return lambda rng: deep_net(depth, rng, shortcuts=shortcuts)

    kinds = (("plain", False), ("residual", True))
    rows: list[Row] = [(f"{kind} {d}", build(d, s), {}) for d in DEPTHS for kind, s in kinds]
    return _compared(rows, digits, tuple(seeds), **{"epochs": 3, "images": 4000} | options)


def longer(digits: Digits, seeds: Iterable[int] = SEEDS, **options: Any) -> Results:
    """Train the plain and the residual net of the greatest depth twice as long."""
    deepest = DEPTHS[-1]
    rows: list[Row] = [
        (f"plain {deepest}", lambda rng: deep_net(deepest, rng, shortcuts=False), {}),
        (f"residual {deepest}", lambda rng: deep_net(deepest, rng, shortcuts=True), {}),
    ]
    return _compared(rows, digits, tuple(seeds), **{"epochs": 6, "images": 4000} | options)


def rate(digits: Digits, seeds: Iterable[int] = SEEDS, **options: Any) -> Results:
    """Train the plain net of 20 layers at other learning rates."""
    rows: list[Row] = [
        (f"{lr:g}", lambda rng: deep_net(20, rng, shortcuts=False), {"lr": lr})
        for lr in OTHER_RATES
    ]
    return _compared(rows, digits, tuple(seeds), **{"epochs": 3, "images": 4000} | options)


def normalisation(digits: Digits, seeds: Iterable[int] = SEEDS, **options: Any) -> Results:
    """Train a plain net of 10 layers with and without batch normalisation, at four rates."""

    def build(normalised: bool) -> Builder:
        return lambda rng: deep_net(10, rng, shortcuts=False, normalised=normalised)

    rows: list[Row] = [
        (f"{name} {lr:g}", build(normalised), {"lr": lr})
        for name, normalised in (("without", False), ("with", True))
        for lr in RATES
    ]
    return _compared(rows, digits, tuple(seeds), **{"epochs": 4, "images": 2000} | options)


# Whether it is normalised, and how far the noise behind that shifts and stretches.
NOISES = {"without": (False, 0, 1), "with": (True, 0, 1), "with, then noise": (True, 0.5, 1.25)}
NOISE_RATES = (0.05, 0.2)
NOISE_SEEDS = tuple(range(10))


def noise(digits: Digits, seeds: Iterable[int] = NOISE_SEEDS, **options: Any) -> Results:
    """Train a plain net of 10 layers without, with, and with normalisation and noise behind it.

    Besides its losses, each run says how far the distributions move that its layers hand on: by
    how much the mean of a channel changes from one step to the next, in deviations of the channel.
    """
    return {
        f"{name} {lr:g}": [_jolted(digits, seed, *NOISES[name], lr=lr, **options) for seed in seeds]
        for lr in NOISE_RATES
        for name in NOISES
    }


def _jolted(
    digits: Digits, seed: int, normalised: bool, shift: float, stretch: float, **options: Any
) -> dict[str, float]:
    jolts: list[Jolt] = []
    of_noise = np.random.default_rng((seed, 1))

    def jolt() -> Jolt:
        jolts.append(Jolt(shift, stretch, rng=of_noise))
        return jolts[-1]

    def build(rng: np.random.Generator) -> Sequential:
        return deep_net(10, rng, shortcuts=False, normalised=normalised, behind=jolt)

    measured = train_once(build, digits, seed, **{"epochs": 4, "images": 2000} | options)
    moves = []
    for one in jolts:
        means, deviations = (np.array(values) for values in zip(*one.handed_on, strict=True))
        moves.append(np.abs(np.diff(means, axis=0)) / np.maximum(deviations[1:], 1e-12))
    return measured | {"moved": round(float(np.mean(moves)), 4)}


def bodies(digits: Digits, seeds: Iterable[int] = SEEDS, **options: Any) -> Results:
    """Train the bodies of `BODIES` in one frame, on 2,000 digits, five times over."""

    def build(name: str) -> Builder:
        return lambda rng: framed(rng, body=name)

    rows: list[Row] = [(name, build(name), {}) for name in BODIES]
    return _compared(
        rows, digits, tuple(seeds), **{"epochs": 5, "lr": 0.02, "images": 2000} | options
    )


def heads(digits: Digits, seeds: Iterable[int] = SEEDS, **options: Any) -> Results:
    """Train the heads of `HEADS` on one frame, on 2,000 digits, five times over."""

    def build(name: str) -> Builder:
        return lambda rng: framed(rng, head=name)

    rows: list[Row] = [(name, build(name), {}) for name in HEADS]
    return _compared(
        rows, digits, tuple(seeds), **{"epochs": 5, "lr": 0.02, "images": 2000} | options
    )


def lenet(digits: Digits, seeds: Iterable[int] = SEEDS, **options: Any) -> Results:
    """Train LeNet-5 as it is taught today and as it was published, on 4,000 digits, twice over."""
    wide = Digits(*(Split(for_lenet(part.images), part.labels) for part in digits))
    rows: list[Row] = [
        ("dense C3", lenet5, {}),
        ("as published", lenet5_1998, {}),
    ]
    return _compared(
        rows, wide, tuple(seeds), **{"epochs": 2, "lr": 0.01, "images": 4000} | options
    )


EXPERIMENTS: dict[str, Callable[..., Results]] = {
    "depth": depth,
    "longer": longer,
    "rate": rate,
    "normalisation": normalisation,
    "noise": noise,
    "bodies": bodies,
    "heads": heads,
    "lenet": lenet,
}


def stored(experiment: str) -> Results:
    """Return what an experiment has found: for each row one dictionary a seed.

    Parameters
    ----------
    experiment : one of `EXPERIMENTS`

    Examples
    --------
    >>> list(stored("heads"))
    ['dense 784 → 128 → 10', 'dense 784 → 10', 'global average, 16 → 10']
    """
    results: Results = json.loads(RESULTS.read_text(encoding="utf-8"))[experiment]
    return results


def write_results(experiment: str, results: Results) -> None:
    """Store the results of one experiment, and leave the others as they are."""
    everything = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    ordered = {name: everything.get(name) for name in EXPERIMENTS} | {experiment: results}
    text = json.dumps(
        {name: one for name, one in ordered.items() if one}, indent=1, ensure_ascii=False
    )
    write_whole(RESULTS, f"{text}\n".encode())


if __name__ == "__main__":
    for name in sys.argv[1:] or EXPERIMENTS:
        write_results(name, EXPERIMENTS[name](load_digits()))
        for row, runs in stored(name).items():
            print(f"{name:14} {row:26}", *(list(run.values()) for run in runs), flush=True)
