"""Every operation of the course, forward and backward, as pure functions.

A backward function takes `dout`, the gradient of the loss with respect to the forward output,
then the arguments of the forward function, and returns the gradient of each array among them.
Nothing is remembered between calls and no argument is ever written to.

One module for each part of the course: `convolution`, `padding`, `pooling`, `activations`, `dense`,
`losses`, `normalization`.
"""

from cnnlib.functional.activations import (
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from cnnlib.functional.convolution import conv2d, conv2d_backward, im2col
from cnnlib.functional.dense import (
    dropout,
    dropout_backward,
    dropout_mask,
    flatten,
    flatten_backward,
    linear,
    linear_backward,
)
from cnnlib.functional.losses import (
    cross_entropy,
    cross_entropy_backward,
    log_softmax,
    log_softmax_backward,
    softmax,
    softmax_backward,
)
from cnnlib.functional.normalization import (
    batch_norm2d,
    batch_norm2d_backward,
    batch_statistics,
    local_response_norm,
    local_response_norm_backward,
)
from cnnlib.functional.padding import pad2d, pad2d_backward
from cnnlib.functional.pooling import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    min_pool2d,
    min_pool2d_backward,
)

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm2d",
    "batch_norm2d_backward",
    "batch_statistics",
    "conv2d",
    "conv2d_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "dropout",
    "dropout_backward",
    "dropout_mask",
    "flatten",
    "flatten_backward",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "im2col",
    "leaky_relu",
    "leaky_relu_backward",
    "linear",
    "linear_backward",
    "local_response_norm",
    "local_response_norm_backward",
    "log_softmax",
    "log_softmax_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "min_pool2d",
    "min_pool2d_backward",
    "pad2d",
    "pad2d_backward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "tanh",
    "tanh_backward",
]
