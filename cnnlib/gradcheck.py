"""Is this gradient right? Nudge every input a little, watch the loss, compare."""

from collections.abc import Callable

import numpy as np

from cnnlib.checks import describe, float_array, number
from cnnlib.types import Array

__all__ = ["GradientError", "check_gradient", "numerical_gradient", "relative_error"]


class GradientError(ValueError):
    """The analytic gradient differs from the numerical one."""


def numerical_gradient(f: Callable[[Array], float], x: Array, eps: float = 1e-5) -> Array:
    """Return the slope of `f` along every entry of `x`, by central differences.

    ``(f(x + eps) - f(x - eps)) / (2 eps)``, one entry at a time: two calls of `f` an entry, so
    keep `x` small.

    Parameters
    ----------
    f : callable
        Takes an array like `x`, returns one number.
    x : float64 array of any shape
        Never written to. float32 keeps about seven digits, and the difference of two nearly equal
        losses loses most of them; so float64 it is.
    eps : float
        Step. Too large, and the curve bends within it; too small, and rounding drowns the
        difference.

    Returns
    -------
    array, shaped like `x`

    Raises
    ------
    TypeError
        If `x` is not float64, or `f` does not return one number.

    Examples
    --------
    >>> numerical_gradient(lambda x: float((x**2).sum()), np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])

    References
    ----------
    Press et al., "Numerical Recipes", 3rd edition, 2007, section 5.7.
    """
    op = "numerical_gradient"
    x = float_array(op, "x", x)
    if x.dtype != np.float64:
        raise TypeError(
            f"{op}: x is {x.dtype}, too coarse for differences. Convert it: x.astype(np.float64)."
        )
    if not callable(f):
        raise TypeError(f"{op}: f must be a function of one array, got {describe(f)}.")
    eps = number(op, "eps", eps)
    if eps <= 0:
        raise ValueError(f"{op}: eps must be positive, got {eps}.")

    def value(point: Array) -> float:
        result = f(point)
        if np.ndim(result) != 0:
            raise TypeError(
                f"{op}: f must return one number, got {describe(result)}. "
                "Reduce the output first, for example with (y * dout).sum()."
            )
        return float(result)

    grad = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += eps
        below[place] -= eps
        grad[place] = (value(above) - value(below)) / (2 * eps)
    return grad


def relative_error(analytic: Array, numeric: Array) -> Array:
    """Return, entry by entry, how far two gradients are apart compared with their own size.

    Entries much smaller than the largest (below a thousandth of it) are compared with that
    thousandth, since their own last digits are rounding noise.

    Parameters
    ----------
    analytic, numeric : arrays of one shape

    Returns
    -------
    array of that shape, 0 where they agree

    Examples
    --------
    >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    array([0. , 0.5])
    """
    analytic = float_array("relative_error", "analytic", analytic)
    numeric = float_array("relative_error", "numeric", numeric)
    if analytic.shape != numeric.shape:
        raise ValueError(
            f"relative_error: analytic has shape {analytic.shape} but numeric has {numeric.shape}; "
            "both must hold one slope for each entry of x."
        )
    size = np.maximum(np.abs(analytic), np.abs(numeric))
    floor = max(1e-3 * float(size.max(initial=0)), np.finfo(np.float64).tiny)
    error: Array = np.abs(analytic - numeric) / np.maximum(size, floor)
    return error


def check_gradient(
    f: Callable[[Array], float],
    x: Array,
    analytic: Array,
    eps: float = 1e-5,
    tolerance: float = 1e-6,
) -> float:
    """Compare an analytic gradient with the numerical one; raise if they differ.

    Parameters
    ----------
    f : callable
        Takes an array like `x`, returns one number.
    x : float64 array
    analytic : array, shaped like `x`
        What the backward function returned.
    eps : float
        Step of the numerical gradient.
    tolerance : float
        Largest relative error that passes. In float64 a right gradient usually stays below 1e-7,
        a wrong one is above 1e-2.

    Returns
    -------
    float
        The largest relative error found.

    Raises
    ------
    GradientError
        Naming the worst entry, with both numbers.
    ValueError
        If `analytic` does not have the shape of `x`.

    Examples
    --------
    >>> x = np.array([1.0, -3.0])
    >>> check_gradient(lambda x: float((x**2).sum()), x, 2 * x) < 1e-8
    True
    """
    op = "check_gradient"
    analytic = float_array(op, "analytic", analytic)
    numeric = numerical_gradient(f, x, eps)
    if analytic.shape != x.shape:
        raise ValueError(
            f"{op}: analytic has shape {analytic.shape}, expected {x.shape}, the shape of x: "
            "one slope for each entry."
        )
    if not np.isfinite(analytic).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(analytic))[0])
        raise GradientError(f"{op}: the analytic gradient at {place} is {analytic[place]}.")
    error = relative_error(analytic, numeric)
    place = tuple(int(i) for i in np.unravel_index(int(error.argmax()), error.shape))
    worst = float(error[place])
    if not worst <= tolerance:
        wrong = int((error > tolerance).sum())
        raise GradientError(
            f"{op}: {wrong} of {error.size} entries differ. Worst at {place}: analytic "
            f"{analytic[place]:.6g}, numerical {numeric[place]:.6g}, relative error {worst:.2g} "
            f"(tolerance {tolerance:.0e})."
        )
    return worst
