"""A network in JavaScript: each layer makes what cnnlib's makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import NODE, WITHOUT, Module

from cnnlib.course.widgets.drawing import layer_outputs
from cnnlib.course.widgets.kit.network import written
from cnnlib.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnlib.model import Residual, Sequential

RNG = np.random.default_rng(0)
NETWORKS = {
    "one filter": [Conv2d(1, 1, 3, rng=RNG)],
    "filters with a border": [Conv2d(1, 4, (3, 5), padding=(2, 1), rng=RNG), ReLU()],
    "strides": [Conv2d(1, 2, 4, stride=(3, 2), padding=3, rng=RNG), Conv2d(2, 3, 2, rng=RNG)],
    "no bias": [Conv2d(1, 3, 5, bias=False, rng=RNG), Flatten(), Linear(3 * 7 * 9, 2, rng=RNG)],
    "pooling": [Conv2d(1, 2, 2, rng=RNG), MaxPool2d(2)],
    "windows that overlap": [MaxPool2d((3, 2), stride=(2, 1), padding=1)],
    "dense": [Flatten(), Linear(143, 20, rng=RNG), Dropout(0.5, rng=RNG), Linear(20, 4, rng=RNG)],
}


@pytest.mark.skipif(NODE is None, reason=WITHOUT)
@pytest.mark.parametrize("layers", NETWORKS.values(), ids=NETWORKS)
def test_every_layer_makes_what_cnnlibs_makes(
    module_in_node: Callable[[str], Module], layers: list[Layer]
) -> None:
    model = Sequential(*layers)
    for parameter in model.parameters():  # biases too are not zero
        parameter.value = RNG.normal(size=parameter.shape).astype(np.float32)
    model.eval()
    image = RNG.normal(size=(11, 13)).astype(np.float32)
    found = _in_javascript(module_in_node("kit/network.js"), model, image)
    expected = layer_outputs(model, image)
    assert len(found) == len(expected)
    for made, (name, values) in zip(found, expected, strict=True):
        assert made["shape"] == list(values.shape), name
        np.testing.assert_allclose(
            made["values"], values.ravel(), rtol=1e-4, atol=1e-4, err_msg=name
        )


def _in_javascript(node: Module, model: Sequential, image: np.ndarray) -> Any:
    description = written(model)
    assert description is not None
    layers, weights = description
    given = {"shape": [1, *image.shape], "values": image.ravel().tolist()}
    floats = np.frombuffer(weights, np.float32).tolist()
    return node.call("layerOutputs", layers, {"$floats": floats}, given)


@pytest.mark.skipif(NODE is None, reason=WITHOUT)
def test_shares_come_from_scores_without_overflow(module_in_node) -> None:
    node = module_in_node("kit/network.js")
    for scores in ([0.0, 0.0], [1000.0, 0.0], [-3.0, 1.0, 2.0]):
        z = np.array(scores) - max(scores)
        np.testing.assert_allclose(node.call("softmax", scores), np.exp(z) / np.exp(z).sum())


@pytest.mark.parametrize(
    "layer",
    [
        BatchNorm2d(1),
        Conv2d(2, 2, 3, groups=2, rng=RNG),
        Conv2d(1, 1, 3, padding=1, padding_mode="reflect", rng=RNG),
        Residual(Sequential(ReLU())),
    ],
    ids=repr,
)
def test_what_the_browser_does_not_know_is_not_written(layer: Layer) -> None:
    assert written(Sequential(layer)) is None
