"""Networks that hold every layer of cnnlib, for the tests of the doors."""

import numpy as np

from cnnlib import layers as L
from cnnlib.further import ZeroPad2d
from cnnlib.model import Container, Parallel, Residual, Sequential

IMAGE = (4, 9, 8)  # (C, H, W) of one sample


def conv(*args, rng=None, **kwargs):
    return L.Conv2d(*args, rng=rng or np.random.default_rng(1), dtype=np.float64, **kwargs)


def dense(*args, **kwargs):
    return L.Linear(*args, rng=np.random.default_rng(2), dtype=np.float64, **kwargs)


# Each layer in the settings that change what it computes; each takes IMAGE.
LAYERS = {
    "Conv2d": lambda: conv(4, 6, (3, 2), (1, 2), (1, 0), 2),
    "Conv2d without bias": lambda: conv(4, 2, 3, bias=False),
    "Conv2d, a filter a channel": lambda: conv(4, 8, 3, 2, 1, groups=4),
    "Conv2d reflect": lambda: conv(4, 2, 3, 2, (2, 1), padding_mode="reflect"),
    "Conv2d replicate": lambda: conv(4, 2, 3, 1, (0, 2), padding_mode="replicate"),
    "Linear": lambda: Sequential(L.Flatten(), dense(4 * 9 * 8, 3)),
    "Linear without bias": lambda: Sequential(L.Flatten(), dense(4 * 9 * 8, 3, bias=False)),
    "BatchNorm2d": lambda: L.BatchNorm2d(4, eps=1e-3, momentum=0.3, dtype=np.float64),
    "ReLU": L.ReLU,
    "ReLU6": lambda: Sequential(conv(4, 4, 1), L.ReLU6()),
    "ZeroPad2d": lambda: ZeroPad2d((0, 1, 2, 3)),
    "LeakyReLU": lambda: L.LeakyReLU(0.2),
    "Sigmoid": L.Sigmoid,
    "Tanh": L.Tanh,
    "MaxPool2d": lambda: L.MaxPool2d((3, 2), 2, (1, 0)),
    "MinPool2d": lambda: L.MinPool2d(3, (1, 2), (1, 1)),
    "AvgPool2d": lambda: L.AvgPool2d((2, 3), 1, 1),
    "GlobalAvgPool2d": L.GlobalAvgPool2d,
    "LocalResponseNorm": lambda: L.LocalResponseNorm(3, 0.5, 0.6, 2.0),
    "Flatten": L.Flatten,
    "Dropout": lambda: L.Dropout(0.5, rng=np.random.default_rng(3)),
    "Sequential": lambda: Sequential(L.ReLU(), Sequential(conv(4, 2, 1)), Sequential()),
    "Residual": lambda: Residual(Sequential(conv(4, 4, 3, padding=1), L.ReLU())),
    "Residual with a shortcut": lambda: Residual(conv(4, 6, 3, 2, 1), conv(4, 6, 1, 2)),
    "Parallel": lambda: Parallel(conv(4, 2, 1), Sequential(L.MaxPool2d(3, 1, 1), L.Tanh())),
}
CONTAINERS = {"Sequential", "Residual", "Parallel"}


def a_network() -> Sequential:
    """Return a network in which most of them meet, in float32."""
    rng = np.random.default_rng(4)
    one = {"rng": rng, "dtype": np.float32}
    block = Sequential(L.Conv2d(8, 8, 3, padding=1, **one), L.BatchNorm2d(8), L.LeakyReLU(0.1))
    return Sequential(
        L.Conv2d(4, 8, 3, padding=1, padding_mode="replicate", **one),
        L.ReLU(),
        Residual(block),
        Parallel(L.Conv2d(8, 4, 1, **one), L.MaxPool2d(3, 1, 1)),
        L.LocalResponseNorm(5),
        L.AvgPool2d(2),
        L.Flatten(),
        L.Linear(12 * 4 * 4, 5, **one),
    )


def shaken(model: L.Layer) -> L.Layer:
    """Give every array of a network values of its own, running averages too, and return it."""
    rng = np.random.default_rng(5)
    for array in (*model.parameters(), *model.buffers()):
        value = rng.standard_normal(array.shape) / 2
        array.value = np.abs(value) + 0.1 if array.name == "running_var" else value
    return model


def images(n: int = 3, dtype: type = np.float64) -> np.ndarray:
    return np.random.default_rng(6).standard_normal((n, *IMAGE)).astype(dtype)


def covered() -> set[str]:
    """Return the names of the layers that stand in LAYERS."""
    return {name.split()[0].rstrip(",") for name in LAYERS}


def state(model: L.Layer) -> dict[str, np.ndarray]:
    if isinstance(model, Container):
        return model.state_dict()
    return {array.name: array.value for array in (*model.parameters(), *model.buffers())}
