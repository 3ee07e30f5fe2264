"""Activation functions: one number in, one number out, and a bend that makes depth worth it."""

import numpy as np

from cnnlib.backend import accelerated
from cnnlib.checks import float_array, gradient, number
from cnnlib.types import Array

__all__ = [
    "leaky_relu",
    "leaky_relu_backward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "tanh",
    "tanh_backward",
]


@accelerated
def relu(x: Array) -> Array:
    """Return ``max(0, x)``: positive values pass, negative ones become zero.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010.
    """
    return np.maximum(float_array("relu", "x", x), 0)


@accelerated
def relu_backward(dout: Array, x: Array) -> Array:
    """Let the gradient pass where `x` was positive, and stop it elsewhere.

    At exactly zero ReLU has no slope; like PyTorch we take 0. A NaN lets it pass.

    Parameters
    ----------
    dout, x : arrays of one shape

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> relu_backward(np.array([5.0, 5.0, 5.0]), np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 5.])
    """
    x = float_array("relu_backward", "x", x)
    return np.where(x <= 0, 0, gradient("relu_backward", dout, x.shape, x))


def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    """Return `x` where it is positive, and ``negative_slope * x`` elsewhere.

    Parameters
    ----------
    x : array of any shape
    negative_slope : float
        Slope on the negative side. ReLU has 0 there, and a unit stuck there never learns.

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> leaky_relu(np.array([-2.0, 3.0]), 0.1)
    array([-0.2,  3. ])

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013.
    """
    x = float_array("leaky_relu", "x", x)
    slope = number("leaky_relu", "negative_slope", negative_slope)
    return np.where(x > 0, x, x.dtype.type(slope) * x)


def leaky_relu_backward(dout: Array, x: Array, negative_slope: float = 0.01) -> Array:
    """Pass the gradient, scaled by `negative_slope` where `x` was not positive.

    Parameters
    ----------
    dout, x : arrays of one shape
    negative_slope : float

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> leaky_relu_backward(np.array([5.0, 5.0]), np.array([-2.0, 3.0]), 0.1)
    array([0.5, 5. ])
    """
    op = "leaky_relu_backward"
    x = float_array(op, "x", x)
    slope = number(op, "negative_slope", negative_slope)
    dout = gradient(op, dout, x.shape, x)
    return np.where(x > 0, dout, x.dtype.type(slope) * dout)


def sigmoid(x: Array) -> Array:
    """Return ``1 / (1 + exp(-x))``, which squeezes any number into 0–1.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])

    References
    ----------
    Goodfellow, Bengio and Courville, "Deep Learning", 2016, equation 3.30.
    """
    x = float_array("sigmoid", "x", x)
    # exp of a negative number never overflows, so both branches use exp(-|x|).
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def sigmoid_backward(dout: Array, x: Array) -> Array:
    """Scale the gradient by the slope ``s (1 - s)``, which is at most 1/4.

    Parameters
    ----------
    dout, x : arrays of one shape

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> sigmoid_backward(np.array([1.0]), np.array([0.0]))
    array([0.25])
    """
    op = "sigmoid_backward"
    x = float_array(op, "x", x)
    s = sigmoid(x)
    return gradient(op, dout, x.shape, x) * s * (1 - s)


def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent, which squeezes any number into -1 … 1.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> tanh(np.array([0.0]))
    array([0.])

    References
    ----------
    LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998, section 4.4.
    """
    return np.tanh(float_array("tanh", "x", x))


def tanh_backward(dout: Array, x: Array) -> Array:
    """Scale the gradient by the slope ``1 - tanh(x)²``, which is at most 1.

    Parameters
    ----------
    dout, x : arrays of one shape

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> tanh_backward(np.array([1.0]), np.array([0.0]))
    array([1.])
    """
    op = "tanh_backward"
    x = float_array(op, "x", x)
    return gradient(op, dout, x.shape, x) * (1 - np.tanh(x) ** 2)
