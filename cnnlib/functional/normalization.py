"""Normalisation: bring activations to a common scale.

Batch normalisation compares each channel with itself over the batch; local response normalisation
compares each value with its neighbouring channels at the same pixel.
"""

import numpy as np

from cnnlib.backend import accelerated
from cnnlib.checks import array, gradient, integer, number, same_dtype
from cnnlib.types import Array

__all__ = [
    "batch_norm2d",
    "batch_norm2d_backward",
    "batch_statistics",
    "local_response_norm",
    "local_response_norm_backward",
]


@accelerated
def batch_statistics(x: Array) -> tuple[Array, Array]:
    """Return the mean and variance of each channel over batch, height and width.

    Parameters
    ----------
    x : array, (N, C, H, W)

    Returns
    -------
    mean, var : arrays, (C,), of the dtype of `x`
        The variance divides by the number of values, not by one less.

    Examples
    --------
    >>> mean, var = batch_statistics(np.array([1.0, 3.0]).reshape(2, 1, 1, 1))
    >>> mean, var
    (array([2.]), array([1.]))
    """
    x = array("batch_statistics", "x", x, "N C H W")
    # Adding up many float32 values in float32 would lose digits.
    mean = x.mean(axis=(0, 2, 3), dtype=np.float64)
    centred = x - mean.astype(x.dtype)[:, None, None]
    var = np.square(centred).mean(axis=(0, 2, 3), dtype=np.float64)
    return mean.astype(x.dtype), var.astype(x.dtype)


def check_batch_norm2d(
    op: str, x: Array, eps: float, **per_channel: Array | None
) -> tuple[Array, Array]:
    """Check the arguments; return mean and 1 / standard deviation."""
    x = array(op, "x", x, "N C H W")
    channels = x.shape[1]
    for name, values in per_channel.items():
        if values is None and name in ("mean", "var"):
            continue
        values = array(op, name, values, "C")
        same_dtype(op, "x", x, **{name: values})
        if values.shape != (channels,):
            raise ValueError(
                f"{op}: {name} has shape {values.shape}, expected ({channels},), one number for "
                f"each channel (x is {x.shape}). Build the layer with num_features={channels}."
            )
    eps = number(op, "eps", eps)
    if eps <= 0:
        raise ValueError(f"{op}: eps must be positive, got {eps}; it keeps the division finite.")
    mean, var = per_channel["mean"], per_channel["var"]
    if (mean is None) != (var is None):
        raise ValueError(f"{op}: give both mean and var, or neither to take the batch's own.")
    if mean is None or var is None:
        mean, var = batch_statistics(x)
    elif (var < 0).any():
        raise ValueError(f"{op}: var holds a negative number; a variance is at least 0.")
    return mean, 1 / np.sqrt(var + x.dtype.type(eps))


@accelerated
def batch_norm2d(
    x: Array,
    weight: Array,
    bias: Array,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """Give each channel mean 0 and variance 1, then a scale and a shift that are learned.

    ``y = (x - mean) / sqrt(var + eps) * weight + bias``, channel by channel.

    Parameters
    ----------
    x : array, (N, C, H, W)
    weight, bias : arrays, (C,)
    mean, var : arrays, (C,), optional
        Fixed statistics, for a network in use. While training leave them out: then those of this
        very batch are taken.
    eps : float
        Keeps the division finite where a channel does not vary.

    Returns
    -------
    array, shaped like `x`

    Raises
    ------
    ValueError, TypeError
        If a shape or dtype does not fit `x`.

    Examples
    --------
    >>> x = np.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    >>> batch_norm2d(x, np.ones(1), np.zeros(1)).ravel().round(3)
    array([-1.,  1.])

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", 2015, algorithm 1.
    """
    mean, scale = check_batch_norm2d(
        "batch_norm2d", x, eps, weight=weight, bias=bias, mean=mean, var=var
    )
    # Centre first: a large mean would swallow digits of what is left of x.
    return (x - mean[:, None, None]) * (scale * weight)[:, None, None] + bias[:, None, None]


@accelerated
def batch_norm2d_backward(
    dout: Array,
    x: Array,
    weight: Array,
    mean: Array | None = None,
    var: Array | None = None,
    eps: float = 1e-5,
) -> tuple[Array, Array, Array]:
    """Return the gradients of the loss with respect to `x`, `weight` and the bias.

    With the batch's own statistics every value of a channel moves that channel's mean and
    variance, and through them all the others. So from the plain gradient two parts are taken off:
    its mean, and what points along the normalised values.

    Parameters
    ----------
    dout : array, shaped like `x`
    x, weight, mean, var, eps
        As they were given to `batch_norm2d`.

    Returns
    -------
    dx : array, shaped like `x`
    dweight, dbias : arrays, (C,)

    Examples
    --------
    >>> x = np.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    >>> dx, dweight, dbias = batch_norm2d_backward(np.ones((2, 1, 1, 1)), x, np.ones(1))
    >>> dbias
    array([2.])

    References
    ----------
    Ioffe and Szegedy, 2015, section 3.
    """
    op = "batch_norm2d_backward"
    centre, scale = check_batch_norm2d(op, x, eps, weight=weight, mean=mean, var=var)
    normal = (x - centre[:, None, None]) * scale[:, None, None]
    dout = gradient(op, dout, x.shape, x)
    dbias = dout.sum(axis=(0, 2, 3))
    dweight = (dout * normal).sum(axis=(0, 2, 3))
    dnormal = dout
    if mean is None:
        count = x.size // x.shape[1]
        dnormal = dout - (dbias[:, None, None] + normal * dweight[:, None, None]) / count
    return dnormal * (weight * scale)[:, None, None], dweight, dbias


def _window_sum(x: Array, before: int, after: int) -> Array:
    """Return, for each channel, the sum over itself and its neighbours across channels."""
    total = np.zeros_like(x)
    c = x.shape[1]
    for shift in range(-before, after + 1):
        low, high = max(0, -shift), min(c, c - shift)
        if low < high:
            total[:, low:high] += x[:, low + shift : high + shift]
    return total


def _check(
    op: str, x: Array, size: int, alpha: float, beta: float, k: float
) -> tuple[int, float, float, float]:
    array(op, "x", x, "N C H W")
    size = integer(op, "size", size, 1)
    alpha, beta, k = number(op, "alpha", alpha), number(op, "beta", beta), number(op, "k", k)
    if alpha < 0 or k <= 0:
        raise ValueError(
            f"{op}: alpha must not be negative and k must be positive, got alpha={alpha}, k={k}; "
            "else the divisor could reach zero."
        )
    return size, alpha, beta, k


def local_response_norm(
    x: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """Divide each value by a measure of how loud its neighbouring channels are at that pixel.

    ``y = x / (k + alpha / size * sum of x² over size channels) ** beta``.

    Parameters
    ----------
    x : array, (N, C, H, W)
    size : int
        How many channels take part, centred on the one being divided (for an even size one more
        before than after, as in PyTorch).
    alpha, beta, k : float
        Strength, exponent and offset. AlexNet used size 5, k 2, beta 0.75 and, in this form,
        alpha 5e-4: the paper's 1e-4 is not divided by the size.

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> x = np.array([3.0, 4.0]).reshape(1, 2, 1, 1)
    >>> local_response_norm(x, size=2, alpha=2.0, beta=0.5, k=1.0).ravel().round(3)
    array([0.949, 0.784])

    References
    ----------
    Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural
    networks", 2012, section 3.3.
    """
    size, alpha, beta, k = _check("local_response_norm", x, size, alpha, beta, k)
    before = size // 2
    loudness = k + alpha / size * _window_sum(x * x, before, size - 1 - before)
    return x * loudness**-beta


def local_response_norm_backward(
    dout: Array, x: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Array:
    """Return the gradient with respect to `x`, through the value and through the divisor.

    Parameters
    ----------
    dout : array, shaped like `x`
    x, size, alpha, beta, k
        As they were given to `local_response_norm`.

    Returns
    -------
    array, shaped like `x`

    Examples
    --------
    >>> one = np.ones((1, 1, 1, 1))
    >>> local_response_norm_backward(one, one, size=1, alpha=1.0, beta=1.0).ravel()
    array([0.])
    """
    op = "local_response_norm_backward"
    size, alpha, beta, k = _check(op, x, size, alpha, beta, k)
    dout = gradient(op, dout, x.shape, x)
    before = size // 2
    after = size - 1 - before
    loudness = k + alpha / size * _window_sum(x * x, before, after)
    # Channel c stands in the divisor of every channel whose window holds c: the window mirrored.
    through_divisor = _window_sum(dout * x * loudness ** (-beta - 1), after, before)
    return dout * loudness**-beta - 2 * alpha * beta / size * x * through_divisor
