"""A network in words that the browser understands: `network.js` then computes what it answers."""

from __future__ import annotations

from typing import Any

from cnnlib.layers import Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential

__all__ = ["written"]


def written(model: Sequential) -> tuple[list[dict[str, Any]], bytes] | None:
    """Return the layers of a network, and its weights one after the other.

    Parameters
    ----------
    model : Sequential

    Returns
    -------
    (layers, weights), or None
        For each layer its kind, its name and its sizes; and the bytes of all weights and biases as
        float32. None if `network.js` does not know one of the layers.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> layers, weights = written(Sequential(Flatten(), Linear(4, 3, rng=rng)))
    >>> layers[1]
    {'kind': 'Linear', 'name': 'Linear(4, 3)', 'out': 3, 'bias': True}
    >>> len(weights) == 4 * (4 * 3 + 3)
    True
    """
    layers = [_layer(layer) for layer in model]
    known = [one for one in layers if one is not None]
    if len(known) < len(layers):
        return None
    weights = [parameter.value.astype("<f4").tobytes() for parameter in model.parameters()]
    return known, b"".join(weights)


def _layer(layer: Layer) -> dict[str, Any] | None:
    kind = type(layer)
    about: dict[str, Any] = {"kind": kind.__name__, "name": repr(layer)}
    if isinstance(layer, Conv2d) and layer.groups == 1 and layer.padding_mode == "zeros":
        about |= {"out": layer.out_channels, "bias": layer.bias is not None}
    elif isinstance(layer, Linear):
        return about | {"out": layer.out_features, "bias": layer.bias is not None}
    elif kind in (ReLU, Flatten, Dropout):
        return about
    elif kind is not MaxPool2d:
        return None
    return about | {
        name: list(getattr(layer, name)) for name in ("kernel_size", "stride", "padding")
    }
