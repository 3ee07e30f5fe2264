"""Bad input: the message names the operation, what came, what was expected, and the fix."""

import numpy as np
import pytest

from cnnlib import functional as F

X = np.zeros((2, 3, 6, 5))
WEIGHT = np.zeros((4, 3, 3, 3))
GREY = np.zeros((8, 1, 28, 28), np.float32)
FILTERS = np.zeros((16, 3, 3, 3), np.float32)
LOGITS = np.zeros((5, 10))

CASES = {
    # --- wrong rank
    "(H, W) image": (
        lambda: F.conv2d(np.zeros((28, 28)), WEIGHT),
        ValueError,
        ["conv2d: x must have 4 axes (N, C, H, W), got shape (28, 28)", "x[None, None]"],
    ),
    "(H, W, C) photograph": (
        lambda: F.conv2d(np.zeros((28, 28, 3)), WEIGHT),
        ValueError,
        ["got shape (28, 28, 3)", "x.transpose(2, 0, 1)[None]"],
    ),
    "weight without channels": (
        lambda: F.conv2d(X, np.zeros((3, 3))),
        ValueError,
        ["conv2d: weight must have 4 axes (C_out, C_in, KH, KW), got shape (3, 3)"],
    ),
    "pooling rows": (
        lambda: F.max_pool2d(np.zeros((2, 48)), 2),
        ValueError,
        ["max_pool2d: x must have 4 axes", "(2, 48)"],
    ),
    "min pooling names itself": (
        lambda: F.min_pool2d(np.zeros((2, 48)), 2),
        ValueError,
        ["min_pool2d: x must have 4 axes"],
    ),
    "linear on images": (
        lambda: F.linear(X, np.zeros((10, 90))),
        ValueError,
        ["linear: x must have 2 axes (N, F), got shape (2, 3, 6, 5)", "flatten(x)"],
    ),
    "linear on one sample": (
        lambda: F.linear(np.zeros(90), np.zeros((10, 90))),
        ValueError,
        ["got shape (90,)", "x[None]"],
    ),
    "softmax of one row": (
        lambda: F.softmax(np.zeros(10)),
        ValueError,
        ["softmax: x must have 2 axes (N, C), got shape (10,)", "x[None]"],
    ),
    "flatten a vector": (lambda: F.flatten(np.zeros(4)), ValueError, ["batch axis", "x[None]"]),
    # --- shapes that do not fit each other
    "wrong channel count": (
        lambda: F.conv2d(GREY, FILTERS),
        ValueError,
        [
            "conv2d: weight expects 3 input channels but x has 1 "
            "(x is (8, 1, 28, 28), weight is (16, 3, 3, 3)). "
            "Convert the image to RGB or build the layer with in_channels=1."
        ],
    ),
    "channels last": (
        lambda: F.conv2d(np.zeros((8, 28, 28, 3)), WEIGHT),
        ValueError,
        ["expects 3 input channels but x has 28", "(N, H, W, C)", "x.transpose(0, 3, 1, 2)"],
    ),
    "wrong channel count in groups": (
        lambda: F.conv2d(X, np.zeros((4, 2, 3, 3)), groups=2),
        ValueError,
        ["expects 2 input channels in each of 2 groups but x has 3"],
    ),
    "filters that groups cannot share": (
        lambda: F.conv2d(X, np.zeros((3, 3, 3, 3)), groups=2),
        ValueError,
        ["3 filters, which 2 groups cannot share equally"],
    ),
    "bias of the wrong length": (
        lambda: F.conv2d(X, WEIGHT, np.zeros(3)),
        ValueError,
        ["conv2d: bias has shape (3,), expected (4,)"],
    ),
    "wrong feature count": (
        lambda: F.linear(np.zeros((2, 80)), np.zeros((10, 90))),
        ValueError,
        ["linear: weight expects 90 input features but x has 80", "in_features=80"],
    ),
    "linear bias": (
        lambda: F.linear(np.zeros((2, 90)), np.zeros((10, 90)), np.zeros(9)),
        ValueError,
        ["linear: bias has shape (9,), expected (10,)"],
    ),
    "dout of the wrong shape": (
        lambda: F.conv2d_backward(np.zeros((2, 4, 6, 5)), X, WEIGHT),
        ValueError,
        ["conv2d_backward: dout has shape (2, 4, 6, 5), expected (2, 4, 4, 3)"],
    ),
    "dout of relu": (
        lambda: F.relu_backward(np.zeros((2, 3)), np.zeros((3, 2))),
        ValueError,
        ["relu_backward: dout has shape (2, 3), expected (3, 2)"],
    ),
    "empty batch": (
        lambda: F.conv2d(np.zeros((0, 3, 6, 5)), WEIGHT),
        ValueError,
        ["conv2d: x is empty (shape (0, 3, 6, 5))"],
    ),
    # --- sizes
    "kernel larger than the image": (
        lambda: F.conv2d(X, np.zeros((4, 3, 3, 7))),
        ValueError,
        [
            "conv2d: the kernel does not fit",
            "kernel_size 7",
            "width 5 + 2·0 = 5",
            "padding of at least 1",
        ],
    ),
    "kernel larger than the padded image": (
        lambda: F.max_pool2d(X, 8, padding=0),
        ValueError,
        ["max_pool2d: the kernel does not fit", "height 6 + 2·0 = 6"],
    ),
    "stride 0": (
        lambda: F.conv2d(X, WEIGHT, stride=0),
        ValueError,
        ["conv2d: stride must be at least 1, got 0. Use stride=1"],
    ),
    "stride 0 in pooling": (
        lambda: F.avg_pool2d(X, 2, (1, 0)),
        ValueError,
        ["avg_pool2d: stride must be at least 1, got 0"],
    ),
    "negative padding": (
        lambda: F.conv2d(X, WEIGHT, padding=-1),
        ValueError,
        ["conv2d: padding must be at least 0, got -1. Use padding=0"],
    ),
    "padding that hides whole windows": (
        lambda: F.max_pool2d(X, 2, 2, 2),
        ValueError,
        ["max_pool2d: padding 2 is more than half of kernel_size 2"],
    ),
    "three strides": (
        lambda: F.conv2d(X, WEIGHT, stride=(1, 2, 3)),
        ValueError,
        ["stride must be one whole number or a (height, width) pair, got (1, 2, 3)"],
    ),
    "half a stride": (
        lambda: F.conv2d(X, WEIGHT, stride=1.5),
        TypeError,
        ["conv2d: stride must be a whole number, got 1.5. Divide with //"],
    ),
    "groups 0": (lambda: F.conv2d(X, WEIGHT, groups=0), ValueError, ["groups must be at least 1"]),
    # --- dtypes
    "bytes": (
        lambda: F.conv2d(np.zeros((1, 3, 6, 5), np.uint8), WEIGHT),
        TypeError,
        ["conv2d: x has dtype uint8, expected float32 or float64", "x.astype(np.float32) / 255"],
    ),
    "whole numbers": (
        lambda: F.relu(np.array([1, -2])),
        TypeError,
        ["relu: x has dtype int64", "x.astype(np.float32)"],
    ),
    "half precision": (
        lambda: F.softmax(np.zeros((2, 3), np.float16)),
        TypeError,
        ["softmax: x has dtype float16"],
    ),
    "a list": (
        lambda: F.max_pool2d([[1.0, 2.0], [3.0, 4.0]], 2),
        TypeError,
        ["max_pool2d: x must be a NumPy array", "np.array(x, dtype=np.float32)"],
    ),
    "None": (
        lambda: F.conv2d(X, None),
        TypeError,
        ["conv2d: weight must be a NumPy array, got None"],
    ),
    "mixed precision": (
        lambda: F.conv2d(GREY, np.zeros((4, 1, 3, 3))),
        TypeError,
        ["conv2d: x is float32 but weight is float64", "weight.astype(np.float32)"],
    ),
    "mixed precision going back": (
        lambda: F.relu_backward(np.zeros(3), np.zeros(3, np.float32)),
        TypeError,
        ["relu_backward: x is float32 but dout is float64"],
    ),
    # --- labels
    "label too large": (
        lambda: F.cross_entropy(LOGITS, np.array([0, 1, 10, 3, 4])),
        ValueError,
        ["cross_entropy: targets hold the class 10, expected 0 to 9", "10 columns"],
    ),
    "negative label": (
        lambda: F.cross_entropy_backward(LOGITS, np.array([0, -1, 2, 3, 4])),
        ValueError,
        ["cross_entropy_backward: targets hold the class -1"],
    ),
    "one-hot labels": (
        lambda: F.cross_entropy(LOGITS, np.eye(10)[:5]),
        ValueError,
        ["targets look one-hot", "targets.argmax(axis=1)"],
    ),
    "float labels": (
        lambda: F.cross_entropy(LOGITS, np.zeros(5)),
        TypeError,
        ["targets have dtype float64", "targets.astype(np.int64)"],
    ),
    "too few labels": (
        lambda: F.cross_entropy(LOGITS, np.zeros(4, int)),
        ValueError,
        ["targets have shape (4,), expected (5,)"],
    ),
    "labels in a list": (
        lambda: F.cross_entropy(LOGITS, [0, 1, 2, 3, 4]),
        TypeError,
        ["targets must be a NumPy array", "np.array(targets)"],
    ),
    # --- numbers out of range
    "slope that is no number": (
        lambda: F.leaky_relu(np.zeros(3), "0.1"),
        TypeError,
        ["leaky_relu: negative_slope must be a number, got '0.1'"],
    ),
    "dropping everything": (
        lambda: F.dropout_mask((3,), 1.0, np.random.default_rng(0)),
        ValueError,
        ["dropout_mask: p is the share of values dropped", "got 1.0"],
    ),
    "a seed instead of a generator": (
        lambda: F.dropout_mask((3,), 0.5, 0),
        TypeError,
        ["dropout_mask: rng must be a numpy.random.Generator", "default_rng(seed)"],
    ),
    "a mask of another shape": (
        lambda: F.dropout(np.zeros(3), np.zeros(4)),
        ValueError,
        ["dropout: mask has shape (4,) but x has (3,)"],
    ),
    "no eps": (
        lambda: F.batch_norm2d(X, np.ones(3), np.ones(3), eps=0.0),
        ValueError,
        ["batch_norm2d: eps must be positive, got 0.0"],
    ),
    "half of the statistics": (
        lambda: F.batch_norm2d(X, np.ones(3), np.ones(3), mean=np.ones(3)),
        ValueError,
        ["batch_norm2d: give both mean and var"],
    ),
    "a negative variance": (
        lambda: F.batch_norm2d(X, np.ones(3), np.ones(3), mean=np.ones(3), var=-np.ones(3)),
        ValueError,
        ["batch_norm2d: var holds a negative number"],
    ),
    "a divisor that can be zero": (
        lambda: F.local_response_norm(X, 3, k=0.0),
        ValueError,
        ["local_response_norm", "k must be positive"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_message_names_the_operation_and_the_fix(name):
    call, error, words = CASES[name]
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error  # not a subclass that NumPy raised
    for word in words:
        assert word in str(caught.value)
    assert "broadcast" not in str(caught.value)
