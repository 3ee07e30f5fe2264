"""What adversarial training buys, and what it costs: the same training, with one thing changed.

Six epochs of the recipe of notebook 09, as it is, or with half of every batch attacked first. Eight
trainings, four seeds each, take many minutes. So the results are stored beside this file, and the
notebook reads them:

    python -m cnnlib.course.inside_the_network.robust
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.datasets import Digits, Split, load_digits
from cnnlib.files import write_whole
from cnnlib.functional import cross_entropy_backward
from cnnlib.model import Sequential
from cnnlib.optim import SGD, CosineAnnealingLR
from cnnlib.training import evaluate, loss_and_gradients, random_shift
from cnnlib.types import Array

__all__ = ["EPSILONS", "SEEDS", "TRAINED_AT", "stored"]

RESULTS = Path(__file__).with_name("robust.json")
SEEDS = (0, 1, 2, 3)
TRAINED_AT = {"plain": 0.0, "attacked": 0.2}  # the only thing that differs
EPSILONS = (0.0, 0.05, 0.1, 0.2, 0.3)
MEASURED_ON = 500  # validation digits; an attack in steps takes its time
STEPS = 10  # of the attack that goes in steps


def fgsm(model: Sequential, images: Array, labels: Array, epsilon: float) -> Array:
    """Return the images, each pixel moved by epsilon in the direction that raises the loss."""
    gradient = model.backward(cross_entropy_backward(model(images), labels))
    return np.clip(images + np.float32(epsilon) * np.sign(gradient), 0, 1)


def in_steps(model: Sequential, images: Array, labels: Array, epsilon: float) -> Array:
    """Return the images after an attack in ten steps, none of which leads further than epsilon."""
    size = np.float32(2.5 * epsilon / STEPS)
    moved = images
    for _ in range(STEPS):
        gradient = model.backward(cross_entropy_backward(model(moved), labels))
        moved = moved + size * np.sign(gradient)
        low, high = images - np.float32(epsilon), images + np.float32(epsilon)
        moved = np.clip(np.clip(moved, low, high), 0, 1)
    return moved


def random_signs(images: Array, epsilon: float, rng: np.random.Generator) -> Array:
    """Return the images, each pixel moved by epsilon, up or down by chance."""
    signs = rng.choice(np.array([-1, 1], np.float32), images.shape)
    return np.clip(images + np.float32(epsilon) * signs, 0, 1)


def train_once(digits: Digits, seed: int, *, epsilon: float = 0.0, epochs: int = 6) -> Sequential:
    """Train the course's network once; with an epsilon, half of every batch is attacked first."""
    rng = np.random.default_rng(seed)
    model = course_cnn(rng)
    sgd = SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3)
    schedule = CosineAnnealingLR(sgd, epochs)
    images, labels = digits.train
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(order), 64):
            chosen = order[start : start + 64]
            batch = random_shift(images[chosen], rng)
            if epsilon:
                half = len(batch) // 2
                batch[:half] = fgsm(model, batch[:half], labels[chosen[:half]], epsilon)
            loss_and_gradients(model, batch, labels[chosen])
            sgd.step()
        schedule.step()
    return model


def measure_once(
    model: Sequential, lender: Sequential, part: Split, seed: int
) -> dict[str, list[float]]:
    """Return the accuracy at every epsilon, under four ways to move the images.

    By chance, along the gradient of another network (the lender), along the network's own in one
    step, and along its own in ten.
    """
    images, labels = part.images[:MEASURED_ON], part.labels[:MEASURED_ON]
    rng = np.random.default_rng(1000 + seed)
    found: dict[str, list[float]] = {"by chance": [], "borrowed": [], "at once": [], "in steps": []}
    for epsilon in EPSILONS:
        changed = {
            "by chance": random_signs(images, epsilon, rng),
            "borrowed": fgsm(lender, images, labels, epsilon),
            "at once": fgsm(model, images, labels, epsilon),
            "in steps": in_steps(model, images, labels, epsilon),
        }
        for name, moved in changed.items():
            found[name].append(round(evaluate(model, (moved, labels))[1], 4))
    return found


def measure(digits: Digits | None = None, **options: Any) -> dict[str, list[dict[str, Any]]]:
    """Return what `measure_once` finds on validation digits, for each training and seed.

    The lender is always a network that was trained without attacks, from the next seed.

    Parameters
    ----------
    digits : Digits, optional
        The course's own by default.
    **options
        Handed to `train_once`, such as ``epochs=1``.

    Returns
    -------
    dict from "plain" and "attacked" to a list with the results of each seed

    References
    ----------
    Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", 2015,
    section 6: half of the loss is that of attacked images. Madry, Makelov, Schmidt, Tsipras and
    Vladu, "Towards deep learning models resistant to adversarial attacks", 2018: attack in steps
    to see what it was worth.
    """
    digits = digits or load_digits()
    trained = {
        name: [train_once(digits, seed, epsilon=epsilon, **options) for seed in SEEDS]
        for name, epsilon in TRAINED_AT.items()
    }
    lenders = trained["plain"][1:] + trained["plain"][:1]
    return {
        name: [
            measure_once(model, lender, digits.validation, seed)
            for model, lender, seed in zip(models, lenders, SEEDS, strict=True)
        ]
        for name, models in trained.items()
    }


def stored() -> dict[str, dict[str, np.ndarray[Any, Any]]]:
    """Return what `measure` has found, as it is stored beside this file.

    Returns
    -------
    dict from "plain" and "attacked" to a dict from "by chance", "borrowed", "at once" and
    "in steps" to an array of accuracies, (seeds, epsilons)

    Examples
    --------
    >>> stored()["plain"]["at once"].shape
    (4, 5)
    """
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    return {
        name: {kind: np.array([one[kind] for one in runs]) for kind in runs[0]}
        for name, runs in results.items()
    }


if __name__ == "__main__":
    write_whole(RESULTS, (json.dumps(measure(), indent=1) + "\n").encode())
    for training, kinds in stored().items():
        for kind, accuracies in kinds.items():
            print(f"{training:9} {kind:10}", "  ".join(f"{a:.1%}" for a in accuracies.mean(axis=0)))
