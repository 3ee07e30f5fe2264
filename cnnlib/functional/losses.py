"""From scores to probabilities to one number that says how wrong the network is."""

import numpy as np

from cnnlib.checks import array, gradient, labels
from cnnlib.types import Array

__all__ = [
    "cross_entropy",
    "cross_entropy_backward",
    "log_softmax",
    "log_softmax_backward",
    "softmax",
    "softmax_backward",
]


def log_softmax(x: Array) -> Array:
    """Return the logarithm of `softmax`, without ever computing a large exponential.

    Subtracting a row's maximum first changes nothing (it cancels), and makes every exponent
    zero or negative, so that ``exp`` cannot overflow.

    Parameters
    ----------
    x : array, (N, C)
        Scores (logits), one row for each sample.

    Returns
    -------
    array, (N, C)
        Logarithms of probabilities, all ≤ 0.

    Examples
    --------
    >>> log_softmax(np.array([[1000.0, 1000.0]])).round(3)
    array([[-0.693, -0.693]])
    """
    x = array("log_softmax", "x", x, "N C")
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def log_softmax_backward(dout: Array, x: Array) -> Array:
    """Return the gradient with respect to the scores: ``dout - softmax(x) * sum(dout)``.

    Parameters
    ----------
    dout, x : arrays, (N, C)

    Returns
    -------
    array, (N, C)

    Examples
    --------
    >>> log_softmax_backward(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([[ 0.5, -0.5]])
    """
    op = "log_softmax_backward"
    x = array(op, "x", x, "N C")
    dout = gradient(op, dout, x.shape, x)
    return dout - softmax(x) * dout.sum(axis=1, keepdims=True)


def softmax(x: Array) -> Array:
    """Turn each row of scores into probabilities: ``exp(x)`` divided by the row's sum of them.

    Parameters
    ----------
    x : array, (N, C)

    Returns
    -------
    array, (N, C)
        Every row is positive and sums to 1.

    Examples
    --------
    >>> softmax(np.array([[0.0, np.log(3.0)]]))
    array([[0.25, 0.75]])

    References
    ----------
    Goodfellow, Bengio and Courville, "Deep Learning", 2016, equation 4.1 and section 4.1.
    """
    x = array("softmax", "x", x, "N C")
    exps = np.exp(x - x.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def softmax_backward(dout: Array, x: Array) -> Array:
    """Return the gradient with respect to the scores: ``p * (dout - sum(p * dout))``.

    Parameters
    ----------
    dout, x : arrays, (N, C)

    Returns
    -------
    array, (N, C)

    Examples
    --------
    >>> softmax_backward(np.array([[1.0, 0.0]]), np.array([[0.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """
    op = "softmax_backward"
    x = array(op, "x", x, "N C")
    dout = gradient(op, dout, x.shape, x)
    p = softmax(x)
    return p * (dout - (p * dout).sum(axis=1, keepdims=True))


def cross_entropy(logits: Array, targets: Array) -> float:
    """Return the mean of ``-log(probability given to the right class)``.

    Parameters
    ----------
    logits : array, (N, C)
        Scores, not probabilities: the softmax is inside.
    targets : integer array, (N,)
        The right class of each sample, 0 to C - 1.

    Returns
    -------
    float
        In nats. A network that gives every class the same score has ``ln C``.

    Raises
    ------
    ValueError
        If a label is out of range, or the shapes do not fit.
    TypeError
        If logits are not floats or targets not whole numbers.

    Examples
    --------
    >>> round(cross_entropy(np.zeros((1, 10)), np.array([3])), 3)
    2.303

    References
    ----------
    Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 6.2.2.3.
    """
    logits = array("cross_entropy", "logits", logits, "N C")
    targets = labels("cross_entropy", targets, *logits.shape)
    picked = log_softmax(logits)[np.arange(len(targets)), targets]
    return float(-picked.mean())


def cross_entropy_backward(logits: Array, targets: Array) -> Array:
    """Return the gradient with respect to the logits: ``(p - y) / N``.

    p are the probabilities, y is 1 for the right class and 0 elsewhere.

    Parameters
    ----------
    logits : array, (N, C)
    targets : integer array, (N,)

    Returns
    -------
    array, (N, C)

    Examples
    --------
    >>> cross_entropy_backward(np.array([[0.0, 0.0]]), np.array([1]))
    array([[ 0.5, -0.5]])
    """
    op = "cross_entropy_backward"
    logits = array(op, "logits", logits, "N C")
    targets = labels(op, targets, *logits.shape)
    dlogits = softmax(logits)
    dlogits[np.arange(len(targets)), targets] -= 1
    return dlogits / len(targets)
