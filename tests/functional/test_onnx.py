"""The ONNX node conformance cases, for the operators that cnnlib claims.

Each stored case is run, or is left out for a reason that `why_not` states. `TABLE` says how many
of each; a change in either number turns a test red.
"""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cnnlib import functional as F

STORED = {}
CASES = []
for path in sorted((Path(__file__).parent / "golden" / "onnx").glob("*.npz")):
    with np.load(path, allow_pickle=False) as file:
        STORED |= {key: file[key] for key in file.files if key != "about"}
        CASES += json.loads(str(file["about"]))["cases"]

# operator: (cases that run, cases left out)
TABLE = {
    "AveragePool": (4, 16),
    "BatchNormalization": (4, 0),
    "Conv": (6, 0),
    "Flatten": (9, 0),
    "Gemm": (10, 1),
    "GlobalAveragePool": (2, 0),
    "LRN": (2, 0),
    "LeakyRelu": (3, 0),
    "LogSoftmax": (7, 0),
    "MaxPool": (7, 12),
    "Relu": (1, 0),
    "Sigmoid": (2, 0),
    "Softmax": (7, 0),
    "SoftmaxCrossEntropyLoss": (2, 32),
    "Tanh": (2, 0),
}

# why cases are left out: how many
REASONS = {
    "a label for each pixel: cnnlib has one for each image": 18,
    "one or three spatial axes: cnnlib has images only": 12,
    "a loss that is not the mean": 8,
    "more padding on one side than on the other": 4,
    "sizes rounded up: cnnlib floors, as PyTorch does unless told otherwise": 4,
    "classes of unequal weight": 4,
    "padding of more than half the window, which PyTorch refuses too": 3,
    "a mean that leaves its padding out: cnnlib's counts it": 2,
    "dilation": 2,
    "labels to be ignored": 2,
    "a bias of its own for every sample": 1,
    "whole numbers: cnnlib computes with floats only, and says so": 1,
}


def symmetric_padding(case):
    """Return the padding as (height, width), or None if the two sides of an axis differ."""
    attributes = case["attributes"]
    height, width = case["shape"][2:]
    kernel = attributes["kernel_shape"]
    strides = attributes.get("strides", [1, 1])
    auto = attributes.get("auto_pad", "NOTSET")
    if auto == "NOTSET":
        top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    else:
        # SAME: so much that the output has ceil(size / stride) pixels; an odd one on one side.
        totals = [
            max(0, (-(-size // s) - 1) * s + k - size)
            for size, k, s in zip((height, width), kernel, strides, strict=True)
        ]
        top, left = (total // 2 for total in totals)
        bottom, right = (total - total // 2 for total in totals)
    return (top, left) if (top, left) == (bottom, right) else None


def why_not(case):
    """Return why a case is out of scope, or None if it must run."""
    op, attributes, shape = case["op"], case["attributes"], case["shape"]
    if op in ("Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "BatchNormalization", "LRN"):
        if len(shape) != 4:
            return "one or three spatial axes: cnnlib has images only"
        if case["dtype"] != "float32":
            return "whole numbers: cnnlib computes with floats only, and says so"
    if op in ("Conv", "MaxPool", "AveragePool"):
        if any(d != 1 for d in attributes.get("dilations", [])):
            return "dilation"
        padding = symmetric_padding(case)
        if padding is None:
            return "more padding on one side than on the other"
        if op != "Conv" and any(
            p > k // 2 for p, k in zip(padding, attributes["kernel_shape"], strict=True)
        ):
            return "padding of more than half the window, which PyTorch refuses too"
        if attributes.get("ceil_mode"):
            return "sizes rounded up: cnnlib floors, as PyTorch does unless told otherwise"
        if op == "AveragePool" and padding != (0, 0) and not attributes.get("count_include_pad"):
            return "a mean that leaves its padding out: cnnlib's counts it"
    if op == "Gemm" and case["inputs"] == 3:
        bias = STORED[f"{case['name']}/in2"]
        if bias.ndim == 2 and len(bias) > 1:
            return "a bias of its own for every sample"
    if op == "SoftmaxCrossEntropyLoss":
        if len(shape) != 2:
            return "a label for each pixel: cnnlib has one for each image"
        if attributes.get("reduction", "mean") != "mean":
            return "a loss that is not the mean"
        if case["inputs"] == 3:
            return "classes of unequal weight"
        if "ignore_index" in attributes:
            return "labels to be ignored"
    return None


def run(case):
    """Translate a case into calls of cnnlib."""
    op, attributes = case["op"], case["attributes"]
    x, *others = (STORED[f"{case['name']}/in{i}"] for i in range(case["inputs"]))
    if op == "Conv":
        return F.conv2d(
            x,
            *others,
            stride=tuple(attributes.get("strides", (1, 1))),
            padding=symmetric_padding(case),
            groups=attributes.get("group", 1),
        )
    if op in ("MaxPool", "AveragePool"):
        pool = F.max_pool2d if op == "MaxPool" else F.avg_pool2d
        # ONNX's stride is 1 unless given, PyTorch's the kernel size.
        stride = tuple(attributes.get("strides", (1, 1)))
        return pool(x, tuple(attributes["kernel_shape"]), stride, symmetric_padding(case))
    if op == "BatchNormalization":
        weight, bias, mean, var = others
        statistics = () if attributes.get("training_mode") else (mean, var)
        return F.batch_norm2d(x, weight, bias, *statistics, eps=attributes.get("epsilon", 1e-5))
    if op == "LRN":
        return F.local_response_norm(
            x,
            attributes["size"],
            attributes.get("alpha", 1e-4),
            attributes.get("beta", 0.75),
            attributes.get("bias", 1.0),
        )
    if op == "Gemm":
        (weight, *bias) = others
        x = np.float32(attributes.get("alpha", 1.0)) * (x.T if attributes.get("transA") else x)
        weight = weight if attributes.get("transB") else weight.T
        if bias:
            bias = [
                np.broadcast_to(bias[0], (1, len(weight)))[0]
                * np.float32(attributes.get("beta", 1))
            ]
        return F.linear(x, weight, *bias)
    if op in ("Softmax", "LogSoftmax"):
        # cnnlib works on rows: bring the axis to the end and back.
        axis = attributes.get("axis", -1)
        moved = np.moveaxis(x, axis, -1)
        function = F.softmax if op == "Softmax" else F.log_softmax
        return np.moveaxis(
            function(moved.reshape(-1, moved.shape[-1])).reshape(moved.shape), -1, axis
        )
    if op == "Flatten":
        axis = attributes.get("axis", 1) % x.ndim
        # cnnlib keeps the first axis; ONNX may gather several of them first.
        return F.flatten(x.reshape(int(np.prod(x.shape[:axis])), -1))
    if op == "SoftmaxCrossEntropyLoss":
        return F.cross_entropy(x, *others)
    if op == "LeakyRelu":
        return F.leaky_relu(x, attributes.get("alpha", 0.01))
    return {
        "GlobalAveragePool": F.global_avg_pool2d,
        "Relu": F.relu,
        "Sigmoid": F.sigmoid,
        "Tanh": F.tanh,
    }[op](x)


CLAIMED = [case for case in CASES if why_not(case) is None]


@pytest.mark.parametrize("case", CLAIMED, ids=lambda case: case["name"])
def test_conformance(case):
    expected = STORED[f"{case['name']}/out"]
    result = run(case)
    assert np.shape(result) == expected.shape
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


def test_the_table_is_true():
    ran = Counter(case["op"] for case in CLAIMED)
    left_out = Counter(case["op"] for case in CASES if why_not(case) is not None)
    assert {op: (ran[op], left_out[op]) for op in sorted(ran | left_out)} == TABLE


def test_the_reasons_are_counted():
    reasons = Counter(why_not(case) for case in CASES)
    assert reasons.pop(None) == len(CLAIMED)
    assert reasons == REASONS
