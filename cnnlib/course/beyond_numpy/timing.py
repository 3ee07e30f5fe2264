"""Where the time of one training step goes, and one convolution computed in four ways.

Times differ from machine to machine. So they are measured by a command, on a machine that is named,
and stored beside this file; the notebook reads them:

    python -m cnnlib.course.beyond_numpy.timing

The fourth way is PyTorch's. Where PyTorch is not installed, the stored time of it is kept.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.backend import using
from cnnlib.files import write_whole
from cnnlib.interop.extras import library
from cnnlib.model import Sequential
from cnnlib.types import Array

__all__ = ["CONVOLUTION", "profile", "stored"]

RESULTS = Path(__file__).with_name("timing.json")
# The second convolution of the course's network: filters, channels, kernel, size of the input.
CONVOLUTION = {"filters": 32, "channels": 16, "kernel_size": 5, "size": 12}


def seconds(action: Callable[[], object], repeats: int) -> float:
    """Return the shortest processor time of several, for which other programs matter least."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times)


def profile(model: Sequential, images: Array, labels: Array, repeats: int = 5) -> dict[str, Any]:
    """Return the processor time of each layer in one step, forward and backward.

    Parameters
    ----------
    model : Sequential
    images, labels : arrays
        One batch.
    repeats : int
        The quickest of so many runs counts.

    Returns
    -------
    dict from ``"0 Conv2d"`` and the like to (forward, backward) in seconds

    Examples
    --------
    >>> from cnnlib.layers import Flatten, Linear
    >>> net = Sequential(Flatten(), Linear(4, 2, rng=np.random.default_rng(0), dtype=np.float64))
    >>> list(profile(net, np.ones((3, 1, 2, 2)), np.array([0, 1, 0])))
    ['0 Flatten', '1 Linear']
    """
    names = [f"{k} {type(layer).__name__}" for k, layer in enumerate(model)]
    forward: dict[str, list[float]] = {name: [] for name in names}
    backward: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(repeats):
        x = images
        for name, layer in zip(names, model, strict=True):
            start = time.process_time()
            x = layer(x)
            forward[name].append(time.process_time() - start)
        dout = F.cross_entropy_backward(x, labels)
        for name, layer in zip(reversed(names), reversed(model.layers), strict=True):
            start = time.process_time()
            dout = layer.backward(dout)
            backward[name].append(time.process_time() - start)
    return {name: (min(forward[name]), min(backward[name])) for name in names}


def convolution_ways(batch: int = 64, repeats: int = 60) -> dict[str, float]:
    """Return the seconds for one image of a batch, for each way to compute the convolution."""
    rng = np.random.default_rng(0)
    c, size, k = (CONVOLUTION[name] for name in ("channels", "size", "kernel_size"))
    x = rng.standard_normal((batch, c, size, size)).astype(np.float32)
    weight = rng.standard_normal((CONVOLUTION["filters"], c, k, k)).astype(np.float32)
    bias = np.zeros(CONVOLUTION["filters"], dtype=np.float32)

    ways = {"loops": seconds(lambda: reference.conv2d(x[:1], weight, bias), 5)}
    for name, backend in (("im2col", "plain"), ("blocked", "fast")):
        with using(backend):
            ways[name] = seconds(lambda: F.conv2d(x, weight, bias), repeats) / batch
    if find_spec("torch"):
        torch = library("timing", "torch")
        torch.set_num_threads(int(os.environ.get("OPENBLAS_NUM_THREADS", "1")))
        tensors = [torch.from_numpy(array) for array in (x, weight, bias)]
        with torch.no_grad():
            conv2d = torch.nn.functional.conv2d
            ways["PyTorch"] = seconds(lambda: conv2d(*tensors), repeats) / batch
    return ways


def stored() -> dict[str, Any]:
    """Return what was measured: the machine, the profile in seconds, the ways in seconds.

    Examples
    --------
    >>> list(stored())
    ['machine', 'profile', 'ways']
    """
    results: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return results


def machine() -> str:
    """Return the processor's name as the system tells it, and how many threads were used."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text(encoding="utf-8").splitlines()
        found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        name = found[0] if found else name
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "1")
    return f"{name}, {threads} thread"


def measure() -> dict[str, Any]:
    """Return all that is stored, measured here."""
    from cnnlib.datasets import load_digits
    from cnnlib.pretrained import load_digits_cnn

    digits = load_digits().train
    step = profile(load_digits_cnn(), digits.images[:64], digits.labels[:64], repeats=100)
    ways = convolution_ways()
    if "PyTorch" not in ways and RESULTS.exists():
        ways["PyTorch"] = stored()["ways"]["PyTorch"]
    return {"machine": machine(), "profile": step, "ways": ways}


if __name__ == "__main__":
    write_whole(RESULTS, (json.dumps(measure(), indent=1) + "\n").encode())
    for name, took in stored()["ways"].items():
        print(f"{name:10} {1e6 * took:12,.1f} µs an image")
