"""Formulas in plain Python, for oracles. They share nothing with `cnnlib.functional`."""

from __future__ import annotations

import math

import numpy as np


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return the probabilities of each row of scores, in their dtype."""
    p = np.zeros_like(scores)
    for n, row in enumerate(scores.tolist()):
        largest = max(row)
        exps = [math.exp(score - largest) for score in row]
        p[n] = [one / math.fsum(exps) for one in exps]
    return p


def cross_entropy(scores: np.ndarray, targets: np.ndarray) -> float:
    """Return the mean of -ln p over the rows, where p is the softmax of the right class."""
    losses = []
    for row, target in zip(scores.tolist(), targets.tolist(), strict=True):
        largest = max(row)
        log_sum = math.log(math.fsum(math.exp(score - largest) for score in row))
        losses.append(log_sum - (row[target] - largest))
    return math.fsum(losses) / len(losses)


def cross_entropy_backward(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the gradient of `cross_entropy` for the scores: (p - 1 at the right class) / N."""
    gradient = softmax(scores)
    for n, target in enumerate(targets.tolist()):
        gradient[n, target] -= 1
    return gradient / len(scores)
