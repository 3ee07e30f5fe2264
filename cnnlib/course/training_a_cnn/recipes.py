"""How the course trains from the shell: one recipe, and what each data set changes in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.augmentation import random_flip
from cnnlib.datasets import Digits, Parts, load_digits, load_fashion_mnist, load_mnist
from cnnlib.history import History
from cnnlib.model import Sequential
from cnnlib.optim import SGD, CosineAnnealingLR
from cnnlib.training import fit, predict, random_shift
from cnnlib.types import Array

__all__ = ["EARLIER", "RECIPES", "Recipe", "mirrored_accuracy", "train"]


@dataclass(frozen=True)
class Recipe:
    """What a data set asks for; all else is the same for each.

    Attributes
    ----------
    load : callable
        Returns the three parts.
    augment : callable
        What the batches go through.
    epochs : int
    width : int
        How many times as wide as the network of the notebook.
    dropout : float
        Probability of dropout before the dense layers.
    batch_norm : bool
        Whether batch normalisation follows the convolutions.
    kernel_size, padding : int
        Of the convolutions.
    decay : float
        Weight decay.
    mirrored : bool
        Whether the network may also be asked about mirror images: see `mirrored_accuracy`.
    """

    load: Callable[[], Digits | Parts]
    augment: Callable[..., Any]
    epochs: int
    width: int = 1
    dropout: float = 0.0
    batch_norm: bool = False
    kernel_size: int = 5
    padding: int = 0
    decay: float = 1e-3
    mirrored: bool = False

    def network(self, rng: np.random.Generator) -> Sequential:
        """Return the network with its first weights."""
        return course_cnn(
            rng,
            width=self.width,
            dropout=self.dropout,
            batch_norm=self.batch_norm,
            kernel_size=self.kernel_size,
            padding=self.padding,
        )


def flip_and_shift(images: Array, rng: np.random.Generator) -> Array:
    """Mirror half of the images, and move each by a pixel at most."""
    return random_shift(random_flip(images, rng), rng, max_shift=1)


RECIPES = {
    "digits": Recipe(load_digits, random_shift, epochs=12),
    "fashion": Recipe(
        load_fashion_mnist,
        random_flip,
        epochs=22,
        width=2,
        dropout=0.3,
        batch_norm=True,
        kernel_size=3,
        padding=1,
        decay=5e-4,
        mirrored=True,
    ),
    "mnist": Recipe(load_mnist, random_shift, epochs=12),
}
# What was tried before for the clothes: first, a network held back so much that it hardly fits what
# it has seen; then one whose dense layers see 4×4 places of each map, where the third sees 7×7; the
# third drops more values than the last, and learns for fewer epochs.
EARLIER = (
    Recipe(load_fashion_mnist, flip_and_shift, epochs=15, width=2),
    Recipe(
        load_fashion_mnist,
        random_flip,
        epochs=12,
        width=2,
        dropout=0.3,
        batch_norm=True,
        decay=5e-4,
    ),
    replace(RECIPES["fashion"], epochs=18, dropout=0.5, mirrored=False),
)


def train(
    recipe: Recipe,
    parts: Digits | Parts,
    seed: int,
    epochs: int | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> tuple[Sequential, History]:
    """Train the course's network as a recipe says, and return it with its history.

    Parameters
    ----------
    recipe : Recipe
    parts : Digits or Parts
        Learned from and validated on; the test part is left alone.
    seed : int
    epochs : int, optional
        Instead of the recipe's.
    checkpoint : str or Path, optional
        As for `cnnlib.training.fit`.
    progress : bool

    Examples
    --------
    >>> digits = load_digits()
    >>> small = digits._replace(train=tuple(part[:64] for part in digits.train))
    >>> model, history = train(RECIPES["digits"], small, seed=0, epochs=1, progress=False)
    >>> history
    History(1 epochs, 1 batches)
    """
    epochs = recipe.epochs if epochs is None else epochs
    rng = np.random.default_rng(seed)
    model = recipe.network(rng)
    sgd = SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=recipe.decay)
    history = fit(
        model,
        parts.train,
        parts.validation,
        epochs=epochs,
        batch_size=64,
        optimizer=sgd,
        scheduler=CosineAnnealingLR(sgd, epochs),
        augment=recipe.augment,
        checkpoint=checkpoint,
        rng=rng,
        progress=progress,
    )
    return model, history


def mirrored_accuracy(model: Sequential, part: tuple[Array, Array]) -> float:
    """Return the accuracy if the scores of each image and of its mirror image are added.

    Parameters
    ----------
    model : Sequential
    part : (images, labels)

    Examples
    --------
    >>> digits = load_digits()
    >>> model = RECIPES["digits"].network(np.random.default_rng(0))
    >>> images, labels = digits.validation
    >>> mirrored_accuracy(model, (images[..., ::-1], labels)) == mirrored_accuracy(
    ...     model, (images, labels)
    ... )
    True
    """
    images, labels = part
    scores = predict(model, images) + predict(model, np.ascontiguousarray(images[..., ::-1]))
    return float((scores.argmax(axis=1) == labels).mean())
