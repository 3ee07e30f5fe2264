"""The pad without a kernel, in JavaScript: MNIST's form, the layers and the answer are cnnlib's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from node import Module

from cnnlib.course.widgets import DrawingPad
from cnnlib.course.widgets.drawing import BOX, DIGIT, FINE, SIDE, as_mnist
from cnnlib.datasets import load_digits
from cnnlib.pretrained import load_digits_cnn

SIZES = {"digit": DIGIT, "fine": FINE, "box": BOX}


@pytest.fixture(scope="module")
def mnist(module_in_node: Callable[[str], Module]) -> Callable[..., Any]:
    return module_in_node("drawing/mnist.js").call


@pytest.fixture(scope="module")
def pad(module_in_node: Callable[[str], Module]) -> Callable[..., Any]:
    return module_in_node("drawing/widget.js").call


def drawings() -> list[np.ndarray]:
    """Return drawings of many forms: nothing, a point, bars whose centre is in a middle, blots."""
    rng = np.random.default_rng(0)
    found = [np.zeros((SIDE, SIDE), np.uint8)]
    for _ in range(120):
        ink = np.zeros((SIDE, SIDE), np.uint8)
        for _ in range(int(rng.integers(1, 4))):
            (top, left), (height, width) = rng.integers(0, SIDE, 2), rng.integers(1, SIDE, 2)
            grey = rng.integers(1, 256, ink[top : top + height, left : left + width].shape)
            ink[top : top + height, left : left + width] = 255 if rng.random() < 0.5 else grey
        found.append(ink)
    return found


def sent(values: np.ndarray) -> dict[str, list[int]]:
    """Return bytes as they are sent to Node."""
    return {"$bytes": list(values.tobytes())}


@pytest.mark.parametrize("value", [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, 2.6, -2.6, 7.0])
def test_middles_are_rounded_as_python_rounds_them(mnist, value: float) -> None:
    assert mnist("rounded", value) == round(value)


def test_drawings_take_the_form_that_python_gives_them(mnist) -> None:
    for ink in drawings():
        expected = as_mnist(ink / 255)
        np.testing.assert_allclose(mnist("asMnist", sent(ink), SIZES), expected.ravel(), atol=1e-6)


def test_drawings_are_only_made_smaller_as_python_does_it(mnist) -> None:
    for ink in drawings()[::10]:
        expected = ink.reshape(DIGIT, FINE, DIGIT, FINE).mean(axis=(1, 3)).ravel() / 255
        np.testing.assert_allclose(mnist("smaller", sent(ink), SIZES), expected, atol=1e-6)


def test_the_answer_without_a_kernel_is_the_answer_of_the_kernel(pad) -> None:
    widget = DrawingPad(load_digits_cnn())
    images = load_digits().test.images
    for k in range(10):
        widget.ink = np.kron(
            np.round(255 * images[k, 0]).astype(np.uint8), np.ones((FINE, FINE), np.uint8)
        ).tobytes()
        widget.centred = k % 3 != 2
        with_kernel = widget.answer
        luggage = widget.luggage()
        layers, weights = luggage["layers"], np.frombuffer(luggage["weights"], np.uint8)
        ink = np.frombuffer(widget.ink, np.uint8)
        found = pad("answerOf", sent(ink), widget.centred, layers, sent(weights), SIZES)
        assert found["mass"] == with_kernel["mass"]
        assert found["centred"] == with_kernel["centred"]
        assert found["layers"] == with_kernel["layers"]
        kinds = {"image": np.float32, "odds": np.float64, "maps": np.float32}
        for name, kind in kinds.items():
            expected = np.frombuffer(with_kernel[name], kind)
            np.testing.assert_allclose(found[name], expected, atol=1e-5, err_msg=name)
        assert int(np.argmax(found["odds"])) == int(widget.probabilities.argmax())
