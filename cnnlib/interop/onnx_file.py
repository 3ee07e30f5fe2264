"""A network as an ONNX file, which other programs run: a phone's, a browser's, a server's.

The file holds the graph and the weights. It is for use and not for training: dropout is left out,
and batch normalisation uses its running averages.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cnnlib import layers as L
from cnnlib.checks import describe
from cnnlib.files import check_writable, write_whole
from cnnlib.further import ZeroPad2d
from cnnlib.interop.extras import NotCarriedError, library, own_layer
from cnnlib.layers import Layer
from cnnlib.model import Parallel, Residual, Sequential
from cnnlib.types import Array, Pair, Shape

__all__ = ["to_onnx"]

# Programs refuse what is newer than they are. These are from 2024, and enough for every layer here.
IR_VERSION, OPSET = 10, 21


def to_onnx(model: Layer, path: str | Path, input_shape: Shape) -> None:
    """Write a network to an ONNX file, whole or not at all.

    Parameters
    ----------
    model : Layer
        Usually a `Sequential`.
    path : str or Path
        Conventionally ending in ``.onnx``.
    input_shape : (C, H, W)
        Of one sample, without a batch axis. The file takes batches of any size N under the name
        ``images``, float32, and returns ``scores``.

    Raises
    ------
    ImportError
        If the library onnx is not installed.
    TypeError
        If a layer cannot be carried over; its place and the reason are named.
    ValueError
        If the sample does not fit the network.

    Examples
    --------
    >>> from cnnlib.layers import Linear
    >>> to_onnx(Linear(2, 3, rng=np.random.default_rng(0)), "small.onnx", (2,))  # doctest: +SKIP

    References
    ----------
    "Open Neural Network Exchange: Operators", opset 21.
    """
    if not isinstance(model, Layer):
        raise TypeError(f"to_onnx: expected a network of cnnlib, got {describe(model)}.")
    check_writable("to_onnx", path)
    onnx = library("to_onnx", "onnx")
    input_shape = tuple(input_shape)
    output_shape = model.output_shape(input_shape)
    graph = _Graph(onnx)
    scores = graph.add("", model, "images")
    graph.node("Identity", [scores], "scores")
    ends = [("images", input_shape), ("scores", output_shape)]
    given, returned = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", *shape])
        for name, shape in ends
    )
    made = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "cnnlib", [given], [returned], graph.weights),
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="cnnlib",
    )
    onnx.checker.check_model(made, full_check=True)
    write_whole(path, made.SerializeToString())


class _Graph:
    """The nodes and weights of a graph as it grows."""

    def __init__(self, onnx: Any) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add one operation; return the name of its output."""
        self.nodes.append(
            self.onnx.helper.make_node(kind, inputs, [output], name=output, **attributes)
        )
        return output

    def weight(self, name: str, value: Array) -> str:
        """Add an array; return its name."""
        value = np.ascontiguousarray(value, dtype=np.float32)
        self.weights.append(self.onnx.numpy_helper.from_array(value, name))
        return name

    def constant(self, name: str, value: Array) -> str:
        """Add an array that is no weight, with its own dtype; return its name."""
        self.weights.append(self.onnx.numpy_helper.from_array(value, name))
        return name

    def add(self, path: str, layer: Layer, x: str) -> str:
        """Add a layer and all inside it; return the name of its output."""
        inner = f"{path}." if path else ""
        if type(layer) is Sequential:
            for name, child in layer.children():
                x = self.add(f"{inner}{name}", child, x)
            return x
        outputs = [self.add(f"{inner}{name}", child, x) for name, child in layer.children()]
        if type(layer) is Residual:
            short = outputs[1] if len(outputs) > 1 else x
            return self.node("Add", [outputs[0], short], f"{inner}sum")
        if type(layer) is Parallel:
            return self.node("Concat", outputs, f"{inner}stacked", axis=1)
        if type(layer) not in NODES:
            raise own_layer("to_onnx", path, layer)
        return NODES[type(layer)](self, path or "layer", layer, x)


# --- the table ------------------------------------------------------------------------------------

Node = Callable[[_Graph, str, Any, str], str]  # (graph, path, layer, input) → output


def _pads(padding: Pair) -> list[int]:
    """Return a border as ONNX writes it: top, left, bottom, right."""
    return [*padding, *padding]


def _conv(graph: _Graph, path: str, layer: L.Conv2d, x: str) -> str:
    padding = layer.padding
    if layer.padding_mode != "zeros":
        mode = {"reflect": "reflect", "replicate": "edge"}[layer.padding_mode]
        before = [0, 0, *padding]
        border = graph.constant(f"{path}.border", np.array([*before, *before], dtype=np.int64))
        x, padding = graph.node("Pad", [x, border], f"{path}.padded", mode=mode), (0, 0)
    inputs = [x, graph.weight(f"{path}.weight", layer.weight.value)]
    if layer.bias is not None:
        inputs.append(graph.weight(f"{path}.bias", layer.bias.value))
    return graph.node(
        "Conv",
        inputs,
        path,
        kernel_shape=layer.kernel_size,
        strides=layer.stride,
        pads=_pads(padding),
        group=layer.groups,
    )


def _zero_pad(graph: _Graph, path: str, layer: ZeroPad2d, x: str) -> str:
    left, right, top, bottom = layer.padding
    sides = np.array([0, 0, top, left, 0, 0, bottom, right], dtype=np.int64)
    return graph.node("Pad", [x, graph.constant(f"{path}.border", sides)], path, mode="constant")


def _linear(graph: _Graph, path: str, layer: L.Linear, x: str) -> str:
    inputs = [x, graph.weight(f"{path}.weight", layer.weight.value)]
    if layer.bias is not None:
        inputs.append(graph.weight(f"{path}.bias", layer.bias.value))
    return graph.node("Gemm", inputs, path, transB=1)


def _norm(graph: _Graph, path: str, layer: L.BatchNorm2d, x: str) -> str:
    kept = [layer.weight, layer.bias, layer.running_mean, layer.running_var]
    inputs = [x, *(graph.weight(f"{path}.{array.name}", array.value) for array in kept)]
    return graph.node("BatchNormalization", inputs, path, epsilon=layer.eps)


def _pool(kind: str, **more: int) -> Node:
    def pool(graph: _Graph, path: str, layer: Any, x: str) -> str:
        sizes = {"kernel_shape": layer.kernel_size, "strides": layer.stride}
        return graph.node(kind, [x], path, **sizes, pads=_pads(layer.padding), **more)

    return pool


def _min_pool(graph: _Graph, path: str, layer: L.MinPool2d, x: str) -> str:
    x = graph.node("Neg", [x], f"{path}.negated")
    largest = _pool("MaxPool")(graph, f"{path}.largest", layer, x)
    return graph.node("Neg", [largest], path)


def _response_norm(graph: _Graph, path: str, layer: L.LocalResponseNorm, x: str) -> str:
    if layer.size % 2 == 0:
        raise NotCarriedError(
            "to_onnx",
            path,
            repr(layer),
            "ONNX puts the extra channel of an even size on the other side. Use an odd size.",
        )
    numbers = {"alpha": layer.alpha, "beta": layer.beta, "bias": layer.k}
    return graph.node("LRN", [x], path, size=layer.size, **numbers)


def _relu6(graph: _Graph, path: str, layer: L.ReLU6, x: str) -> str:
    ends = [
        graph.constant(f"{path}.{name}", np.array(end, dtype=np.float32))
        for name, end in (("low", 0), ("high", 6))
    ]
    return graph.node("Clip", [x, *ends], path)


def _plain(kind: str, **attributes: Any) -> Node:
    return lambda graph, path, layer, x: graph.node(kind, [x], path, **attributes)


NODES: dict[type[Layer], Node] = {
    L.Conv2d: _conv,
    L.Linear: _linear,
    L.BatchNorm2d: _norm,
    L.ReLU: _plain("Relu"),
    L.ReLU6: _relu6,
    L.LeakyReLU: lambda graph, path, layer, x: graph.node(
        "LeakyRelu", [x], path, alpha=layer.negative_slope
    ),
    L.Sigmoid: _plain("Sigmoid"),
    L.Tanh: _plain("Tanh"),
    L.MaxPool2d: _pool("MaxPool"),
    L.MinPool2d: _min_pool,
    L.AvgPool2d: _pool("AveragePool", count_include_pad=1),
    L.GlobalAvgPool2d: _plain("GlobalAveragePool"),
    L.LocalResponseNorm: _response_norm,
    ZeroPad2d: _zero_pad,
    L.Flatten: _plain("Flatten", axis=1),
    L.Dropout: lambda graph, path, layer, x: x,  # in use, it does nothing
}
