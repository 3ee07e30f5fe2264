"""Small networks and pictures for the widgets that look into a network."""

from __future__ import annotations

import numpy as np

from cnnlib.architectures import course_cnn
from cnnlib.course.widgets import subject
from cnnlib.course.widgets.kit.subject import Subject
from cnnlib.layers import AvgPool2d, Conv2d, Flatten, GlobalAvgPool2d, Linear, MaxPool2d, ReLU
from cnnlib.model import Parallel, Residual, Sequential
from cnnlib.types import Array

WORDS = ("cat", "cup", "rocket", "sunset", "tabby")


def prepare(photo: Array) -> Array:
    """Take every second pixel, as a network with a mean and a scale of its own takes it."""
    return ((np.moveaxis(photo[::2, ::2], -1, 0)[None] - 127.0) / 128).astype(np.float32)


def branched(rng: np.random.Generator) -> Sequential:
    """Return a network for (N, 3, 24, 24) with every kind of container in it."""
    return Sequential(
        Conv2d(3, 4, 3, stride=2, padding=1, rng=rng),  # 12
        ReLU(),
        Residual(Sequential(Conv2d(4, 4, 3, padding=1, rng=rng), ReLU())),
        Parallel(Conv2d(4, 3, 1, rng=rng), MaxPool2d(3, 1, 1)),
        AvgPool2d(2),  # 6
        GlobalAvgPool2d(),
        Flatten(),
        Linear(7, len(WORDS), rng=rng),
    )


def photographs(seed: int = 0) -> Subject:
    """Return pictures of bytes, 48×48, and a network that sees each of them at 24×24."""
    rng = np.random.default_rng(seed)
    pictures = {
        name: rng.integers(0, 256, (48, 48, 3), dtype=np.uint8) for name in ("noise", "more noise")
    }
    pictures["a ramp"] = np.repeat(np.arange(0, 240, 5, dtype=np.uint8), 144).reshape(48, 48, 3)
    return subject(branched(rng), pictures, WORDS, prepare=prepare)


def digits(seed: int = 0) -> Subject:
    """Return grey pictures of floats, and the network of the course, untrained."""
    rng = np.random.default_rng(seed)
    pictures = {"a one": np.pad(np.ones((18, 3)), ((5, 5), (12, 13))), "a line": np.eye(28)}
    return subject(course_cnn(rng), pictures, labels={"a one": 1})
