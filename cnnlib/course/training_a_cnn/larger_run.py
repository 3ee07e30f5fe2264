"""The larger run: the whole of Fashion-MNIST, for whose test others have published their scores.

Each seed takes half an hour. So what came of it is stored beside this file, and the notebook reads
it:

    python -m cnnlib.course.training_a_cnn.larger_run 0 1 2

With ``--try 1``, ``2`` or ``3`` it is one of the recipes before this one that is run again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from cnnlib.course.training_a_cnn.recipes import (
    EARLIER,
    RECIPES,
    Recipe,
    mirrored_accuracy,
    train,
)
from cnnlib.datasets import Parts, load_fashion_mnist
from cnnlib.files import write_whole
from cnnlib.training import evaluate

__all__ = ["PUBLISHED", "earlier", "stored"]

RESULTS = Path(__file__).with_name("larger_run.json")
TRIES = [Path(__file__).with_name(f"{name}_try.json") for name in ("first", "second", "third")]
SERIES = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")

# From the table "Benchmark" in the README of zalandoresearch/fashion-mnist, as it stood in March
# 2022. Those who published it have not tested the scores again, and say so.
PUBLISHED = {
    "people, 1,000 pictures": 0.835,
    "dense, 256-128-100": 0.8833,
    "2 convolutions, pooling (a)": 0.876,
    "2 convolutions, pooling (b)": 0.916,
    "2 convolutions, below 100,000 weights": 0.925,
    "2 convolutions, pooling, batch norm": 0.934,
    "ResNet-18, flips, shifts, rotations": 0.949,
}


def run_once(
    parts: Parts,
    seed: int,
    recipe: Recipe = RECIPES["fashion"],
    epochs: int | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Train once, and score the test images once.

    Parameters
    ----------
    parts : Parts
    seed : int
    recipe : Recipe
    epochs : int, optional
        Instead of the recipe's.
    progress : bool

    Returns
    -------
    dict
        The seed, the figures of each epoch, the accuracy on the test images, the weights in the
        network, and the seconds that the processor has worked, all threads together. Where the
        recipe asks for it, also the accuracies with mirror images.
    """
    started = time.process_time()
    model, history = train(recipe, parts, seed, epochs, progress=progress)
    seconds = time.process_time() - started
    mirrored = {}
    if recipe.mirrored:
        for name, part in {"validation": parts.validation, "test": parts.test}.items():
            mirrored[f"mirrored_{name}_accuracy"] = round(mirrored_accuracy(model, part), 6)
    return {
        "seed": seed,
        "parameters": sum(parameter.size for parameter in model.parameters()),
        "processor_seconds": round(seconds),
        "test_accuracy": round(evaluate(model, parts.test)[1], 6),
        **mirrored,
        **{name: [round(value, 4) for value in history.series(name)] for name in SERIES},
    }


def stored() -> list[dict[str, Any]]:
    """Return what the runs came to, one for each seed, as it is stored beside this file.

    Examples
    --------
    >>> len(stored()[0]["validation_accuracy"])
    22
    """
    runs: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return runs


def earlier() -> list[dict[str, Any]]:
    """Return the one run of each recipe that was tried before, in their order.

    Examples
    --------
    >>> [len(run["train_loss"]) for run in earlier()]
    [15, 12, 18]
    """
    return [json.loads(path.read_text(encoding="utf-8"))[0] for path in TRIES]


def keep(run: dict[str, Any], path: Path = RESULTS) -> None:
    """Store a run in the place of an earlier one with its seed."""
    others = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    runs = [other for other in others if other["seed"] != run["seed"]] + [run]
    lines = [json.dumps(one) for one in sorted(runs, key=lambda one: one["seed"])]
    write_whole(path, ("[\n" + ",\n".join(lines) + "\n]\n").encode())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train on the whole of Fashion-MNIST.")
    parser.add_argument("seeds", nargs="*", type=int, default=[0])
    parser.add_argument(
        "--try", dest="number", type=int, choices=[1, 2, 3], help="an earlier recipe"
    )
    options = parser.parse_args()
    if options.number is None:
        chosen, path = RECIPES["fashion"], RESULTS
    else:
        chosen, path = EARLIER[options.number - 1], TRIES[options.number - 1]
    everything = load_fashion_mnist()
    for seed in options.seeds:
        keep(done := run_once(everything, seed, chosen, progress=True), path)
        print(f"seed {seed}: test accuracy {done['test_accuracy']:.2%}")
