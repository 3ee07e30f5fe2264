"""Activation functions of networks for phones."""

import numpy as np

from cnnlib.backend import accelerated
from cnnlib.checks import float_array, gradient
from cnnlib.types import Array

__all__ = ["relu6", "relu6_backward"]


@accelerated
def relu6(x: Array) -> Array:
    """Return ``min(max(0, x), 6)``: ReLU with a ceiling.

    What never exceeds 6 can be written in one byte without losing much.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> relu6(np.array([-2.0, 3.0, 8.0]))
    array([0., 3., 6.])

    References
    ----------
    Krizhevsky, "Convolutional deep belief networks on CIFAR-10", 2010.
    """
    return np.clip(float_array("relu6", "x", x), 0, 6)


@accelerated
def relu6_backward(dout: Array, x: Array) -> Array:
    """Let the gradient pass where `x` was between 0 and 6, and stop it elsewhere.

    At exactly 0 and 6 there is no slope; like PyTorch we take 0. A NaN lets it pass.

    Parameters
    ----------
    dout, x : arrays of one shape

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> relu6_backward(np.array([5.0, 5.0, 5.0]), np.array([-2.0, 3.0, 8.0]))
    array([0., 5., 0.])
    """
    x = float_array("relu6_backward", "x", x)
    dout = gradient("relu6_backward", dout, x.shape, x)
    return np.where((x <= 0) | (x >= 6), 0, dout)
