"""The nearest neighbour: the simplest recogniser of digits there is, for what pooling leaves."""

from __future__ import annotations

from cnnlib.types import Array

__all__ = ["nearest"]


def nearest(unknown: Array, known: Array) -> Array:
    """Find the known map that is most similar to each unknown one.

    Similar means: a small sum of squared differences. As (a − b)² = a² − 2ab + b², all of them
    together take one matrix product.

    Parameters
    ----------
    unknown : ndarray, shape (N, C, H, W)
    known : ndarray, shape (M, C, H, W)

    Returns
    -------
    ndarray of int, shape (N,)
        Where the nearest stands in `known`, the first one in a tie.

    Examples
    --------
    >>> known = np.array([[[[0.0, 0.0]]], [[[5.0, 5.0]]]])
    >>> nearest(np.array([[[[4.0, 5.0]]], [[[1.0, -1.0]]]]), known)
    array([1, 0])
    """
    a, b = unknown.reshape(len(unknown), -1), known.reshape(len(known), -1)
    # Each row lacks its own a², which moves no minimum.
    distances: Array = (b**2).sum(axis=1) - 2 * a @ b.T
    nearest_places: Array = distances.argmin(axis=1)
    return nearest_places
