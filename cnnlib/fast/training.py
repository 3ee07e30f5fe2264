"""A training step whose images are dealt out among threads: `cnnlib.training` with speed.

Each thread runs its share of the batch through a replica of the model, which has the same weights
and gradients of its own. Loss and gradients of the batch are the sums of those of the shares, each
counted by its part of the images. Training on several machines does the same.
"""

import numpy as np

from cnnlib.fast.fused import backward_weights, fused_replica
from cnnlib.fast.replicas import can_split
from cnnlib.fast.threads import MOST_THREADS, blocks, split
from cnnlib.functional import cross_entropy, cross_entropy_backward
from cnnlib.layers import Conv2d
from cnnlib.model import Sequential
from cnnlib.types import Array

# A share is at least 32 images: with fewer, calling NumPy takes longer than the computation. A
# network without convolutions is done before another thread wakes up. And each share has gradients
# of its own: where the weights are many, only single operations are shared.
_SMALLEST_SHARE = 32
_MOST_WEIGHTS = 1_000_000


def loss_and_gradients(model: Sequential, x: Array, y: Array) -> tuple[float, Array]:
    """Run forward and backward as `cnnlib.training.loss_and_gradients`."""
    shares = _shares(model, len(x))
    replicas, outputs, losses = [model] * len(shares), [x] * len(shares), [0.0] * len(shares)

    def work(i: int) -> None:
        if len(shares) > 1:
            replicas[i] = fused_replica(model)
        outputs[i] = logits = replicas[i](x[shares[i]])
        part = len(logits) / len(x)
        losses[i] = part * cross_entropy(logits, y[shares[i]])
        backward_weights(replicas[i], part * cross_entropy_backward(logits, y[shares[i]]))

    split(work, list(range(len(shares))))
    if len(shares) > 1:
        _add_gradients(model, replicas)
    return sum(losses), np.concatenate(outputs)


def scores(model: Sequential, images: Array) -> Array:
    """Run a batch forward as `cnnlib.training.scores`."""
    shares = _shares(model, len(images), training=False)
    if len(shares) == 1:
        return model(images)
    outputs = [images] * len(shares)

    def forward(i: int) -> None:
        outputs[i] = fused_replica(model)(images[shares[i]])

    split(forward, list(range(len(shares))))
    return np.concatenate(outputs)


def _shares(model: Sequential, samples: int, training: bool = True) -> list[slice]:
    """Cut a batch into shares for the threads, or leave it whole where the layers need that."""
    whole = [slice(0, samples)]
    if samples < 2 * _SMALLEST_SHARE or not can_split(model):
        return whole
    if not any(isinstance(layer, Conv2d) for layer in model.leaves()):
        return whole
    if training and sum(parameter.size for parameter in model.parameters()) > _MOST_WEIGHTS:
        return whole
    return blocks(samples, max(_SMALLEST_SHARE, -(-samples // MOST_THREADS)))


def _add_gradients(model: Sequential, replicas: list[Sequential]) -> None:
    """Leave the sum of all gradients in the model, added in an order that never changes."""
    for parameter, *others in zip(
        model.parameters(), *(replica.parameters() for replica in replicas), strict=True
    ):
        first, *rest = (other.grad for other in others)
        for grad in rest:
            first += grad
        parameter.grad = first
