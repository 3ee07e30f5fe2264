"""Where NumPy was built without a BLAS, as in a browser: products run along memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnlib import backend
from cnnlib import functional as F
from cnnlib.architectures import course_cnn
from cnnlib.fast import blas
from cnnlib.training import loss_and_gradients


@pytest.fixture
def no_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse what NumPy's own loops are slow at; a sum, as a product with ones, is no loss."""
    own = np.matmul

    def matmul(left: Any, right: Any, *args: Any, **kwargs: Any) -> Any:
        if left.ndim == 2:
            assert left.flags.c_contiguous, "rows that are spread over the memory"
            assert right.swapaxes(-1, -2).flags.c_contiguous, "columns that are"
        return own(left, right, *args, **kwargs)

    monkeypatch.setattr(blas, "has_blas", lambda: False)
    monkeypatch.setattr(np, "matmul", matmul)


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"Build Dependencies": {"blas": {"name": "scipy-openblas"}}}, True),
        ({"Build Dependencies": {"blas": {"name": "none"}}}, False),
        ({"Build Dependencies": {"blas": {"name": "auto"}}}, False),
        ({"Build Dependencies": {"blas": {"name": "auto", "found": True}}}, True),
        ({}, True),
    ],
)
def test_numpy_says_whether_it_has_one(
    config: dict[str, Any], found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "show_config", lambda mode: config)
    assert blas.has_blas.__wrapped__() is found


def test_products_are_the_same(no_blas: None) -> None:
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((5, 7)), rng.standard_normal((7, 4))
    stack, out = rng.standard_normal((3, 7, 4)), np.empty((3, 5, 4))
    assert np.allclose(blas.matmul(left, right), left @ right)
    assert np.allclose(blas.matmul(right.T, left.T), (left @ right).T)
    assert blas.matmul(left, stack, out=out) is out
    assert np.allclose(out, left @ stack)


def test_layers_and_a_training_step_are_the_same(no_blas: None) -> None:
    rng = np.random.default_rng(1)
    x, weight = rng.standard_normal((3, 2, 9, 8)), rng.standard_normal((4, 2, 3, 3))
    bias, dout = rng.standard_normal(4), rng.standard_normal((3, 4, 5, 4))
    images = rng.standard_normal((6, 1, 28, 28))
    labels = np.arange(6)
    found = {}
    for name in ("plain", "fast"):
        with backend.using(name):
            model = course_cnn(np.random.default_rng(2), dtype=np.float64)
            loss, scores = loss_and_gradients(model, images, labels)
            found[name] = [
                F.conv2d(x, weight, bias, stride=2, padding=1),
                *F.conv2d_backward(dout, x, weight, stride=2, padding=1),
                *F.linear_backward(scores, images.reshape(6, -1), np.ones((10, 784))),
                loss,
                scores,
                *(parameter.grad for parameter in model.parameters()),
            ]
    for plain, fast in zip(found["plain"], found["fast"], strict=True):
        assert np.allclose(plain, fast, rtol=1e-9, atol=1e-12)
