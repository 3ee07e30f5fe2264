"""What each ingredient of the recipe is worth: the same training, with one thing changed.

Twenty-one trainings, three seeds for each recipe, take several minutes. So the results are stored
beside this file, and the notebook reads them:

    python -m cnnlib.course.training_a_cnn.ingredients
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.datasets import Digits, load_digits
from cnnlib.files import write_whole
from cnnlib.optim import SGD, CosineAnnealingLR
from cnnlib.training import evaluate, fit, random_shift

__all__ = ["RECIPES", "stored"]

RESULTS = Path(__file__).with_name("ingredients.json")
SEEDS = (0, 1, 2)

# What differs from the recipe of the notebook, and nothing else.
RECIPES: dict[str, dict[str, Any]] = {
    "the recipe": {},
    "constant rate": {"schedule": False},
    "no shifts": {"augment": None},
    "no weight decay": {"decay": 0.0},
    "batches of 16": {"batch_size": 16},
    "batches of 256": {"batch_size": 256},
    "batches of 1,024": {"batch_size": 1024},
}


def train_once(
    digits: Digits,
    seed: int,
    *,
    epochs: int = 12,
    schedule: bool = True,
    augment: Callable[..., Any] | None = random_shift,
    decay: float = 1e-3,
    batch_size: int = 64,
) -> float:
    """Train the course's network once; return its accuracy on the validation digits."""
    rng = np.random.default_rng(seed)
    model = course_cnn(rng)
    sgd = SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=decay)
    fit(
        model,
        digits.train,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=sgd,
        scheduler=CosineAnnealingLR(sgd, epochs) if schedule else None,
        augment=augment,
        rng=rng,
        progress=False,
    )
    return evaluate(model, digits.validation)[1]


def measure(digits: Digits | None = None, **options: Any) -> dict[str, list[float]]:
    """Return the validation accuracy of each recipe, once for each seed.

    Parameters
    ----------
    digits : Digits, optional
        The course's own by default.
    **options
        Handed to `train_once`, such as ``epochs=1``.

    Returns
    -------
    dict from the name of a recipe to three accuracies from 0 to 1
    """
    digits = digits or load_digits()
    return {
        name: [train_once(digits, seed, **options | changed) for seed in SEEDS]
        for name, changed in RECIPES.items()
    }


def stored() -> dict[str, list[float]]:
    """Return what `measure` has found, as it is stored beside this file.

    Examples
    --------
    >>> list(stored())[:2]
    ['the recipe', 'constant rate']
    """
    results: dict[str, list[float]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return results


if __name__ == "__main__":
    write_whole(RESULTS, (json.dumps(measure(), indent=1) + "\n").encode())
    for name, scores in stored().items():
        print(f"{name:18}", "  ".join(f"{score:.1%}" for score in scores))
