"""Activation functions with speed."""

import numpy as np

from cnnlib.checks import float_array, gradient
from cnnlib.fast.threads import blocks, split
from cnnlib.types import Array


def relu(x: Array) -> Array:
    """Return ``max(0, x)`` as `cnnlib.functional.relu`; NumPy clips three times as fast."""
    y: Array = np.clip(float_array("relu", "x", x), 0, np.inf)
    return y


def relu_backward(dout: Array, x: Array) -> Array:
    """Return the gradient as `cnnlib.functional.relu_backward`; a product is far faster."""
    x = float_array("relu_backward", "x", x)
    dout = gradient("relu_backward", dout, x.shape, x)
    passes = ~(x <= 0)
    if np.isfinite(dout).all():
        return dout * passes
    return np.where(passes, dout, 0)  # 0 · inf would be NaN


_BLOCK = 1 << 16  # numbers; as many as stay in the cache from one step to the next


def relu6(x: Array) -> Array:
    """Return ``min(max(0, x), 6)`` as `cnnlib.functional.relu6`, block by block."""
    y = np.empty_like(float_array("relu6", "x", x))
    values, clipped = x.ravel("K"), y.ravel("K")  # both in the order in which they lie in memory

    def work(block: slice) -> None:
        np.clip(values[block], 0, 6, out=clipped[block])

    split(work, blocks(x.size, _BLOCK))
    return y


def relu6_backward(dout: Array, x: Array) -> Array:
    """Return the gradient as `cnnlib.functional.relu6_backward`; a product is far faster."""
    x = float_array("relu6_backward", "x", x)
    dout = gradient("relu6_backward", dout, x.shape, x)
    dx = np.empty_like(x)
    if dout.strides != dx.strides:  # in the order of x, so that equal places meet
        dx[...] = dout
        dout = dx
    values, sent, passed = x.ravel("K"), dout.ravel("K"), dx.ravel("K")

    def work(block: slice) -> None:
        stops = values[block] <= 0
        stops |= values[block] >= 6
        if np.isfinite(sent[block]).all():
            np.multiply(sent[block], ~stops, out=passed[block])
        else:  # 0 · inf would be NaN
            passed[block] = np.where(stops, 0, sent[block])

    split(work, blocks(x.size, _BLOCK))
    return dx
