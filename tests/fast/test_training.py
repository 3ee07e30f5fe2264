"""A training step in shares gives what the plain loop gives."""

import numpy as np
import pytest

from cnnlib import backend
from cnnlib.fast import threads
from cnnlib.fast.replicas import can_split, replicate
from cnnlib.layers import Conv2d, Flatten, Layer, Linear, ReLU
from cnnlib.model import Sequential
from cnnlib.optim import SGD
from cnnlib.training import fit, predict


@pytest.fixture(autouse=True)
def as_before():
    yield
    threads.set_threads(None)


class BatchMean(Layer):
    """Subtracts from each pixel its mean over the batch: written by the rules, nothing declared."""

    def forward(self, x):
        self._x = x
        return x - x.mean(axis=0)

    def backward(self, dout):
        return dout - dout.mean(axis=0)


def trained(count, name, *middle):
    """Return the losses of a short training and the scores afterwards."""
    threads.set_threads(count)
    rng = np.random.default_rng(0)
    images = rng.random((128, 1, 8, 8)) + rng.random((128, 1, 1, 1)) * 4
    labels = rng.integers(0, 4, 128)
    conv = Conv2d(1, 4, 3, rng=rng, dtype=np.float64)
    linear = Linear(4 * 6 * 6, 4, rng=rng, dtype=np.float64)
    model = Sequential(conv, *(make() for make in middle), Flatten(), linear)
    with backend.using(name):
        history = fit(
            model,
            (images, labels),
            epochs=2,
            batch_size=64,
            optimizer=SGD(model.parameters(), lr=0.01),
            rng=np.random.default_rng(1),
            progress=False,
        )
        return np.array(history.batch_losses), predict(model, images[:64])


@pytest.mark.parametrize("middle", [(BatchMean, ReLU), (ReLU,)], ids=["mixing", "apart"])
def test_threads_and_backends_agree(middle):
    losses, scores = trained(1, "plain", *middle)
    for count in (1, 2, 3, 5):
        other_losses, other_scores = trained(count, "fast", *middle)
        np.testing.assert_allclose(other_losses, losses, rtol=1e-10)
        np.testing.assert_allclose(other_scores, scores, rtol=1e-9, atol=1e-9)


def test_a_layer_that_mixes_images_split_all_the_same_would_be_noticed(monkeypatch):
    # The test above can fail: with a false declaration the losses differ.
    losses, _ = trained(2, "plain", BatchMean)
    monkeypatch.setattr(BatchMean, "mixes_images", False)
    other_losses, _ = trained(2, "fast", BatchMean)
    assert abs(other_losses[0] - losses[0]) > 1e-6


def test_a_layer_in_two_places_is_one_layer_in_a_replica_too():
    shared = Linear(4, 4, rng=np.random.default_rng(0))
    replica = replicate(Sequential(shared, ReLU(), shared))
    assert replica[0] is replica[2]
    assert replica[0] is not shared
    assert replica[0].weight is not shared.weight
    assert replica[0].weight.value is shared.weight.value


def test_layers_in_tuples_and_dicts_are_replicated():
    class Pair(Layer):
        def __init__(self):
            super().__init__()
            self.inner = (ReLU(), {"last": ReLU()})

    pair = Pair()
    first, others = replicate(pair).inner
    assert first is not pair.inner[0]
    assert others["last"] is not pair.inner[1]["last"]


def test_a_method_replaced_in_an_object_keeps_the_batch_whole():
    layer = ReLU()
    assert can_split(Sequential(layer))
    layer.forward = layer.forward
    assert not can_split(Sequential(layer))
