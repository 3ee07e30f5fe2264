"""Flatten and fully connected: every input meets every output."""

import numpy as np

from cnnlib.backend import accelerated
from cnnlib.checks import (
    array,
    bias_vector,
    describe,
    float_array,
    generator,
    gradient,
    integer,
    number,
    same_dtype,
)
from cnnlib.types import Array

__all__ = [
    "dropout",
    "dropout_backward",
    "dropout_mask",
    "flatten",
    "flatten_backward",
    "linear",
    "linear_backward",
]


def flatten(x: Array) -> Array:
    """Return each sample as one row of numbers, in the order channel, row, column.

    Parameters
    ----------
    x : array, (N, …) with at least two axes

    Returns
    -------
    array, (N, F)

    Examples
    --------
    >>> flatten(np.zeros((2, 3, 4, 4))).shape
    (2, 48)
    """
    return _rows("flatten", x)


def _rows(op: str, x: Array) -> Array:
    x = float_array(op, "x", x)
    if x.ndim < 2:
        raise ValueError(
            f"{op}: x must have a batch axis and at least one more, got shape {x.shape}. "
            "Add a batch axis with x[None]."
        )
    return x.reshape(len(x), -1)


def flatten_backward(dout: Array, x: Array) -> Array:
    """Put the row of gradients back into the shape of `x`; the values do not change.

    Parameters
    ----------
    dout : array, (N, F)
    x : array, (N, …)

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> flatten_backward(np.zeros((2, 48)), np.zeros((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    """
    op = "flatten_backward"
    return gradient(op, dout, _rows(op, x).shape, x).reshape(x.shape)


def check_linear(op: str, x: Array, weight: Array) -> None:
    x = array(op, "x", x, "N F")
    weight = array(op, "weight", weight, "out_features in_features")
    same_dtype(op, "x", x, weight=weight)
    if x.shape[1] != weight.shape[1]:
        raise ValueError(
            f"{op}: weight expects {weight.shape[1]} input features but x has {x.shape[1]} "
            f"(x is {x.shape}, weight is {weight.shape}). "
            f"Build the layer with in_features={x.shape[1]}."
        )


@accelerated
def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Return ``x @ weight.T + bias``: each output is a weighted sum of all inputs.

    Parameters
    ----------
    x : array, (N, in_features)
    weight : array, (out_features, in_features)
    bias : array, (out_features,), optional

    Returns
    -------
    array, (N, out_features)

    Raises
    ------
    ValueError
        If shapes do not fit each other.
    TypeError
        If an array is not float32 or float64, or the two are mixed.

    Examples
    --------
    >>> linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]]), np.array([0.5, 0.0]))
    array([[11.5, 17. ]])
    """
    check_linear("linear", x, weight)
    if bias is not None:
        bias = bias_vector("linear", bias, x, weight)
    y = x @ weight.T
    return y if bias is None else y + bias


@accelerated
def linear_backward(dout: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Return the gradients of the loss with respect to `x`, `weight` and the bias.

    Parameters
    ----------
    dout : array, (N, out_features)
    x : array, (N, in_features)
    weight : array, (out_features, in_features)

    Returns
    -------
    dx : array, shaped like `x`
    dweight : array, shaped like `weight`
    dbias : array, (out_features,)

    Examples
    --------
    >>> dx, dweight, dbias = linear_backward(
    ...     np.array([[1.0, 10.0]]), np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]])
    ... )
    >>> dx, dweight, dbias
    (array([[53., 64.]]), array([[ 1.,  2.],
           [10., 20.]]), array([ 1., 10.]))
    """
    op = "linear_backward"
    check_linear(op, x, weight)
    dout = gradient(op, dout, (len(x), len(weight)), x)
    return dout @ weight, dout.T @ x, dout.sum(axis=0)


def _check_probability(op: str, p: float) -> float:
    p = number(op, "p", p)
    if not 0 <= p < 1:
        raise ValueError(
            f"{op}: p is the share of values dropped, at least 0 and below 1, got {p}."
        )
    return p


def dropout_mask(
    shape: tuple[int, ...],
    p: float,
    rng: np.random.Generator,
    dtype: np.typing.DTypeLike = np.float32,
) -> Array:
    """Draw what `dropout` multiplies by: 0 with probability `p`, else ``1 / (1 - p)``.

    The survivors are scaled up so that the expected sum stays what it was; nothing has to
    change when the trained network is used.

    Parameters
    ----------
    shape : tuple of int
    p : float
        Share of values to drop, 0 ≤ p < 1.
    rng : numpy.random.Generator
    dtype : float32 or float64

    Returns
    -------
    array of the given shape

    Examples
    --------
    >>> sorted(set(dropout_mask((100,), 0.5, np.random.default_rng(0)).tolist()))
    [0.0, 2.0]

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
    """
    p = _check_probability("dropout_mask", p)
    if not isinstance(shape, tuple):
        raise TypeError(
            f"dropout_mask: shape must be a tuple of whole numbers, got {describe(shape)}. "
            "Pass x.shape."
        )
    shape = tuple(integer("dropout_mask", "shape", size, 1) for size in shape)
    rng = generator("dropout_mask", rng)
    keep = rng.random(shape, dtype=np.float32) >= p
    return keep.astype(dtype) / (1 - p)


def _masked(op: str, x: Array, mask: Array) -> tuple[Array, Array]:
    x = float_array(op, "x", x)
    mask = float_array(op, "mask", mask)
    if mask.shape != x.shape:
        raise ValueError(
            f"{op}: mask has shape {mask.shape} but x has {x.shape}. "
            "Draw it with dropout_mask(x.shape, p, rng, x.dtype)."
        )
    same_dtype(op, "x", x, mask=mask)
    return x, mask


def dropout(x: Array, mask: Array) -> Array:
    """Multiply by the mask that `dropout_mask` drew.

    Parameters
    ----------
    x, mask : arrays of one shape and dtype

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> dropout(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0, 2.0]))
    array([0., 4., 6.])
    """
    x, mask = _masked("dropout", x, mask)
    return x * mask


def dropout_backward(dout: Array, x: Array, mask: Array) -> Array:
    """Multiply the gradient by the same mask: what was dropped gets nothing.

    Parameters
    ----------
    dout, x, mask : arrays of one shape and dtype

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> ones = np.ones(3)
    >>> dropout_backward(ones, ones, np.array([0.0, 2.0, 2.0]))
    array([0., 2., 2.])
    """
    op = "dropout_backward"
    x, mask = _masked(op, x, mask)
    return gradient(op, dout, x.shape, x) * mask
