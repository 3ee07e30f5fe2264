"""What PyTorch, ONNX and a browser answered, for a reader who has none of them.

Notebook 12 asks these libraries where they are installed, and reads their answers here where they
are not. Both print the same lines, and nbval compares them. The answers are made, in an environment
that has the extras ``torch`` and ``onnx``, by

    python -m cnnlib.course.beyond_numpy.recorded

With ``--web FOLDER`` a browser answers too; the folder is the ``dist`` of npm's onnxruntime-web.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib import functional as F
from cnnlib.course.beyond_numpy import browser
from cnnlib.datasets import load_digits
from cnnlib.files import write_whole
from cnnlib.interop import from_torch, to_onnx, to_torch
from cnnlib.interop.extras import library
from cnnlib.pretrained import load_digits_cnn

__all__ = ["answer", "stored"]

RESULTS = Path(__file__).with_name("recorded.json")
IMAGES = 4  # of the validation digits: these are shown to the network
BATCH = 64  # of the training digits: from these come the gradients
PICTURE = [[5.0, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]]  # of notebook 02
KERNEL = [[11.0, 4], [5, 2]]


@cache
def stored() -> dict[str, Any]:
    """Return all recorded answers by name.

    Examples
    --------
    >>> stored()["made_with"]["torch"].partition("+")[0]
    '2.13.0'
    """
    results: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return results


def answer(name: str) -> Any:
    """Return one recorded answer, lists of numbers as an array.

    Examples
    --------
    >>> answer("dilated")
    array([[141., 105.],
           [268., 130.]])
    """
    value = stored()[name]
    return np.array(value) if isinstance(value, list) else value


def torch_answers() -> dict[str, Any]:
    """Ask PyTorch all that the notebook asks."""
    torch = library("recorded", "torch")
    conv = torch.nn.functional
    digits = load_digits()
    net = to_torch(load_digits_cnn())
    sent, back = (model.state_dict() for model in (load_digits_cnn(), from_torch(net)))
    scores = net(torch.from_numpy(digits.validation.images[:IMAGES]))
    images = torch.from_numpy(digits.train.images[:BATCH])
    labels = torch.from_numpy(digits.train.labels[:BATCH].astype(np.int64))
    conv.cross_entropy(net(images), labels).backward()
    gradients = {name: float(p.grad.norm()) for name, p in net.named_parameters()}
    ours = load_digits_cnn()
    ours.backward(F.cross_entropy_backward(ours(digits.train.images[:BATCH]), labels.numpy()))
    pairs = zip(ours.parameters(), net.parameters(), strict=True)
    apart = max(float(abs(p.grad - q.grad.numpy()).max()) for p, q in pairs)

    picture, kernel = torch.tensor([[PICTURE]]), torch.tensor([[KERNEL]])
    small = torch.tensor([[[[1.0, 2], [3, 4]]]])
    return {
        "scores": scores.detach().numpy().tolist(),
        "returned": sum(np.array_equal(sent[name], back[name]) for name in sent),
        "gradients": gradients,
        "apart": apart,  # the largest difference of two numbers in them
        "kept": _kept_gradients(torch),
        "neuron": _neuron(torch),
        "dilated": conv.conv2d(picture, kernel, dilation=2)[0, 0].tolist(),
        "transposed": conv.conv_transpose2d(small, kernel, stride=2)[0, 0].tolist(),
        "overlapping": conv.conv_transpose2d(small, kernel)[0, 0].tolist(),
        "grouped": list(torch.nn.Conv2d(32, 64, 3, groups=4).weight.shape),
    }


def _kept_gradients(torch: Any) -> list[list[float]]:
    """Return what `.grad` holds after each of three steps, without `zero_grad` and with it."""
    found = []
    for clean in (False, True):
        w, seen = torch.tensor(2.0, requires_grad=True), []
        for _ in range(3):
            if clean:
                w.grad = None  # what zero_grad does
            loss = 6 * w - 5 * w
            loss.backward()
            seen.append(float(w.grad))
        found.append(seen)
    return found


def _neuron(torch: Any) -> list[float]:
    """Return the gradients of the neuron of notebook 07: for x, w and b."""
    x, w, b = (torch.tensor(value, requires_grad=True) for value in (2.0, 3.0, -1.0))
    loss = (torch.relu(x * w + b) - 7) ** 2
    loss.backward()
    return [float(leaf.grad) for leaf in (x, w, b)]


def onnx_answers(folder: Path) -> dict[str, Any]:
    """Write the network to a file, and let onnxruntime run it."""
    onnxruntime = library("recorded", "onnxruntime")
    path = folder / "digits.onnx"
    to_onnx(load_digits_cnn(), path, (1, 28, 28))
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    images = load_digits().validation.images[:IMAGES]
    return {
        "onnx_bytes": path.stat().st_size,
        "onnx_scores": session.run(["scores"], {"images": images})[0].tolist(),
    }


def trained_together(world: int, steps: int = 125) -> dict[str, Any]:
    """Run the training script in so many processes; return its report."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        launch = ["torch.distributed.run", "--standalone", f"--nproc-per-node={world}", "-m"]
        script = ["cnnlib.interop.train_ddp", "--steps", str(steps), "--report", str(report)]
        subprocess.run([sys.executable, "-m", *launch, *script], check=True)
        told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return told


def measure(web: Path | None) -> dict[str, Any]:
    """Return all that is stored. Without a browser, what one answered before is kept."""
    made_with = {name: version(name) for name in ("torch", "onnx", "onnxruntime", "safetensors")}
    results: dict[str, Any] = {"made_with": made_with, **torch_answers()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results |= onnx_answers(folder)
        if web is not None:
            images = load_digits().validation.images[:IMAGES]
            scores, what = browser.scores(folder / "digits.onnx", images, web)
            results["web_scores"], made_with["browser"] = scores, what
        else:
            results["web_scores"] = stored()["web_scores"]
            made_with["browser"] = stored()["made_with"]["browser"]
    results["together"] = {str(world): trained_together(world) for world in (1, 2)}
    return results


def _rounded(value: Any) -> Any:
    """Keep seven digits, which is what float32 holds."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    return value


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--web", type=Path, help="the dist folder of onnxruntime-web")
    found = _rounded(measure(parser.parse_args().web))
    write_whole(RESULTS, (json.dumps(found) + "\n").encode())
    print("recorded:", ", ".join(found))
