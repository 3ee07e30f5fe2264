"""Fully connected layers on all threads: `cnnlib.functional.dense` with speed."""

import numpy as np

from cnnlib.checks import bias_vector, gradient
from cnnlib.fast.blas import matmul
from cnnlib.fast.threads import blocks, split
from cnnlib.functional.dense import check_linear
from cnnlib.types import Array

_BLOCK_BYTES = 2 << 20


def product(left: Array, right: Array) -> Array:
    """Return ``left @ right``, the columns of a large `right` dealt out among threads."""
    y = np.empty((len(left), right.shape[1]), dtype=left.dtype)

    def work(columns: slice) -> None:
        matmul(left, right[:, columns], out=y[:, columns])

    column_bytes = right.nbytes // right.shape[1]
    split(work, blocks(right.shape[1], max(_BLOCK_BYTES // column_bytes, 16)))
    return y


def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Return the outputs as `cnnlib.functional.linear`."""
    check_linear("linear", x, weight)
    if bias is not None:
        bias = bias_vector("linear", bias, x, weight)
    y = product(x, weight.T)
    if bias is not None:
        y += bias
    return y


def linear_backward(dout: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Return the gradients as `cnnlib.functional.linear_backward`."""
    op = "linear_backward"
    check_linear(op, x, weight)
    dout = gradient(op, dout, (len(x), len(weight)), x)
    return product(dout, weight), product(dout.T, x), dout.sum(axis=0)
