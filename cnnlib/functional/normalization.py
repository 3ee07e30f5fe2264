"""Normalisation: bring activations to a common scale."""

import numpy as np

from cnnlib._checks import Array, array, gradient, integer, number

__all__ = ["local_response_norm", "local_response_norm_backward"]


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
