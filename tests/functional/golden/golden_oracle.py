"""What PyTorch says to a case of `golden_cases.py`. Needs torch."""

import numpy as np
import torch
import torch.nn.functional as T
from golden_cases import Case

# cnnlib's name and arguments on the left, PyTorch's on the right.
CALLS = {
    "conv2d": lambda x, weight, bias=None, **options: T.conv2d(x, weight, bias, **options),
    "max_pool2d": T.max_pool2d,
    "min_pool2d": lambda x, **options: -T.max_pool2d(-x, **options),
    "avg_pool2d": T.avg_pool2d,
    "global_avg_pool2d": lambda x: T.adaptive_avg_pool2d(x, 1),
    "linear": T.linear,
    "flatten": lambda x: torch.flatten(x, 1),
    "relu": T.relu,
    "leaky_relu": T.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": lambda x: T.softmax(x, dim=1),
    "log_softmax": lambda x: T.log_softmax(x, dim=1),
    "cross_entropy": lambda x, targets: T.cross_entropy(x, targets),
    "batch_norm2d": lambda x, weight, bias, mean=None, var=None, eps=1e-5: T.batch_norm(
        x, mean, var, weight, bias, training=mean is None, eps=eps
    ),
    "pad2d": lambda x, padding, mode="constant", value=0.0: (
        T.pad(x, (padding[1], padding[1], padding[0], padding[0]), mode, value)
        if mode == "constant"
        else T.pad(x, (padding[1], padding[1], padding[0], padding[0]), mode)
    ),
    "dropout": lambda x, mask: x * mask,
    "local_response_norm": T.local_response_norm,
}
LEARNED = ("x", "weight", "bias")


def expected(case: Case, inputs: dict[str, np.ndarray], dout: np.ndarray) -> dict[str, np.ndarray]:
    """Return PyTorch's output as ``y`` and its gradients as ``dx``, ``dweight``, ``dbias``."""
    tensors = {name: torch.from_numpy(value.copy()) for name, value in inputs.items()}
    for name in LEARNED:
        if name in tensors:
            tensors[name].requires_grad_()
    x = tensors.pop("x")
    y = CALLS[case.op](x, **tensors, **case.options)
    tensors["x"] = x
    y.backward(torch.from_numpy(np.asarray(dout)))
    results = {"y": y.detach().numpy()}
    for name in LEARNED:
        if name in tensors:
            results[f"d{name}"] = tensors[name].grad.numpy()
    return results
