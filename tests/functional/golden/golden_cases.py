"""What is compared with PyTorch: operations, shapes, options. Needs NumPy alone."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cnnlib import functional as F


@dataclass(frozen=True)
class Case:
    """One call of an operation: its array arguments by name and shape, and the other options."""

    op: str
    shapes: dict[str, tuple[int, ...]]
    options: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float64"
    ties: bool = False  # round the values, so that some are equal

    def __str__(self) -> str:
        shapes = ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        ties = ", ties" if self.ties else ""
        return f"{self.op}({shapes}{', ' if options else ''}{options}) {self.dtype}{ties}"


def _convolutions() -> list[Case]:
    cases = []
    for dtype in ("float64", "float32"):
        for stride in (1, 2, (1, 3)):
            for padding in (0, 1, (2, 0)):
                for kernel in ((3, 3), (2, 4), (1, 1)):
                    for groups in (1, 2):
                        shapes = {
                            "x": (2, 2 * groups, 6, 7),
                            "weight": (2 * groups, 2, *kernel),
                            "bias": (2 * groups,),
                        }
                        options = {"stride": stride, "padding": padding, "groups": groups}
                        cases.append(Case("conv2d", shapes, options, dtype))
    cases.append(Case("conv2d", {"x": (1, 3, 5, 4), "weight": (2, 3, 5, 4)}))  # no bias, one place
    return cases


def _pools() -> list[Case]:
    cases = []
    for op in ("max_pool2d", "avg_pool2d", "min_pool2d"):
        for dtype in ("float64", "float32"):
            for kernel, stride, padding in (
                (2, None, 0),
                (3, 2, 0),
                (3, 2, 1),
                (3, 1, 1),
                ((2, 3), (3, 1), (1, 0)),
                ((1, 4), (1, 2), (0, 2)),
            ):
                options = {"kernel_size": kernel, "stride": stride, "padding": padding}
                for ties in (False, True):
                    cases.append(Case(op, {"x": (2, 3, 7, 6)}, options, dtype, ties))
    return cases


def _others() -> list[Case]:
    images, rows = {"x": (3, 4, 5, 2)}, {"x": (4, 6)}
    channels = {"weight": (4,), "bias": (4,)}
    cases = []
    for dtype in ("float64", "float32"):
        cases += [
            Case("linear", {"x": (3, 5), "weight": (4, 5), "bias": (4,)}, {}, dtype),
            Case("linear", {"x": (1, 5), "weight": (1, 5)}, {}, dtype),
            Case("flatten", images, {}, dtype),
            Case("relu", images, {}, dtype),
            Case("relu", images, {}, dtype, ties=True),  # some values are exactly zero
            Case("leaky_relu", images, {"negative_slope": 0.2}, dtype),
            Case("leaky_relu", images, {}, dtype, ties=True),
            Case("sigmoid", images, {}, dtype),
            Case("tanh", images, {}, dtype),
            Case("softmax", rows, {}, dtype),
            Case("log_softmax", rows, {}, dtype),
            Case("cross_entropy", {"x": (5, 7)}, {}, dtype),
            Case("global_avg_pool2d", images, {}, dtype),
            Case("batch_norm2d", images | channels, {}, dtype),
            Case("batch_norm2d", images | channels, {"eps": 0.1}, dtype),
            Case("batch_norm2d", images | channels | {"mean": (4,), "var": (4,)}, {}, dtype),
            Case("pad2d", images, {"padding": (1, 2), "value": 0.5}, dtype),
            Case("pad2d", images, {"padding": (3, 1), "mode": "reflect"}, dtype),
            Case("pad2d", images, {"padding": (6, 3), "mode": "replicate"}, dtype),
            Case("dropout", images | {"mask": (3, 4, 5, 2)}, {}, dtype),
        ]
        for size in (1, 2, 3, 5, 9):
            options = {"size": size, "alpha": 0.3, "beta": 0.75, "k": 2.0}
            cases.append(Case("local_response_norm", {"x": (2, 6, 3, 2)}, options, dtype))
    return cases


CASES = _convolutions() + _pools() + _others()


def draw(
    case: Case, rng: np.random.Generator | None = None
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the inputs of a case and the gradient that is sent back through it."""
    if rng is None:
        rng = np.random.default_rng([*str(case).encode()])
    inputs = {}
    for name, shape in case.shapes.items():
        # Sixteenths: short to store, and exact in float32.
        values = (16 * rng.standard_normal(shape)).round() / 16
        if name == "var":
            values = np.abs(values) + 0.1
        if name == "mask":
            values = (values > 0) * 2.0
        if case.ties:
            values = values.round()
        inputs[name] = values.astype(case.dtype)
    if case.op == "cross_entropy":
        rows, classes = case.shapes["x"]
        inputs["targets"] = rng.integers(0, classes, rows)
    output, _ = ours(case, inputs, None)
    dout = (16 * rng.standard_normal(np.shape(output))).round() / 16
    return inputs, np.asarray(dout, dtype=case.dtype)


def ours(
    case: Case, inputs: dict[str, np.ndarray], dout: np.ndarray | None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Run cnnlib: return the output, and the gradients by name if `dout` is given."""
    forward, backward = getattr(F, case.op), getattr(F, f"{case.op}_backward")
    if case.op == "cross_entropy":
        logits, targets = inputs["x"], inputs["targets"]
        output = np.asarray(forward(logits, targets))
        return output, {} if dout is None else {"dx": backward(logits, targets) * dout}
    output = forward(**inputs, **case.options)
    if dout is None:
        return output, {}
    arguments = {name: value for name, value in inputs.items() if name != "bias"}
    grads = backward(dout, **arguments, **case.options)
    if not isinstance(grads, tuple):
        return output, {"dx": grads}
    names = ("dx", "dweight", "dbias")[: 3 if "bias" in inputs else 2]
    return output, dict(zip(names, grads, strict=False))
