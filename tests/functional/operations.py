"""Every operation of `cnnlib.functional`, one row each. Needs NumPy alone.

From the row of an operation follow

- its comparison with PyTorch, by stored results (`golden/`) and live where torch is installed;
- its comparison with the loops of `cnnlib.reference`, if they know it;
- its gradient check, in each of its cases;
- that it keeps the dtype, writes to no argument and does not mind the memory layout;
- its malformed calls (`tests/test_malformed.py`).
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from cnnlib import functional as F


@dataclass(frozen=True)
class Case:
    """One call of an operation: its array arguments by name and shape, and the other options.

    Its description, ``str(case)``, is the key of its stored results and the seed of its inputs.
    """

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


class Whole(NamedTuple):
    """What an option that is a whole number, or a pair of them, may be."""

    minimum: int
    none: bool = False
    huge: bool = False  # a million is no mistake
    pair: bool = True


@dataclass(frozen=True)
class Operation:
    """One row of the table. The first case should be an ordinary one in float64."""

    cases: list[Case]
    # PyTorch's way to say it: takes torch.nn.functional, then the arguments by cnnlib's names.
    torch: Callable[..., Any]
    random: Callable[[np.random.Generator], Case] | None = None  # a case of any shape that fits
    # What a malformed call may break, besides ranks and dtypes of arrays.
    lengths: dict[str, list[int]] = field(default_factory=dict)  # axes that others must match
    whole: dict[str, Whole] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    elementwise: bool = False  # x may have any rank, and the output has its shape
    any_rank: bool = False  # x may have any rank, and the output another


DTYPES = ("float64", "float32")
IMAGES, ROWS = {"x": (3, 4, 5, 2)}, {"x": (4, 6)}
CHANNELS = {"weight": (4,), "bias": (4,)}


def cases(op: str, *calls: tuple[Any, ...]) -> list[Case]:
    """Return the cases of an operation: shapes, options and ties of each, in both dtypes."""
    return [
        Case(op, shapes, *(rest[:1] or ({},)), dtype, *rest[1:])
        for dtype in DTYPES
        for shapes, *rest in calls
    ]


# --- convolution ----------------------------------------------------------------------------------


def convolution_cases() -> list[Case]:
    calls: list[tuple[Any, ...]] = []
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
                    calls.append((shapes, options))
    # Besides: no bias, and one place.
    alone = Case("conv2d", {"x": (1, 3, 5, 4), "weight": (2, 3, 5, 4)})
    return [*cases("conv2d", *calls), alone, *depthwise_cases()]


def depthwise_cases() -> list[Case]:
    """Each channel by itself: windows that overlap, touch, and leave pixels out; several sides."""
    calls = []
    for kernel, stride, padding in (
        ((3, 3), 1, 1),
        ((5, 5), 2, 2),
        ((3, 2), (1, 2), (0, 1)),
        ((2, 2), 3, 0),
        ((1, 1), 1, 0),
    ):
        shapes = {"x": (2, 5, 9, 8), "weight": (5, 1, *kernel), "bias": (5,)}
        calls.append((shapes, {"stride": stride, "padding": padding, "groups": 5}))
    return cases("conv2d", *calls)


def window(rng: np.random.Generator, largest: Callable[[int], int]) -> tuple[Any, ...]:
    """Draw kernel, stride, padding and an image size that they fit."""
    kernel, stride = (tuple(int(v) for v in rng.integers(1, 5, 2)) for _ in range(2))
    padding = tuple(int(rng.integers(0, largest(k) + 1)) for k in kernel)
    size = tuple(
        max(1, k - 2 * p) + int(rng.integers(0, 7)) for k, p in zip(kernel, padding, strict=True)
    )
    return kernel, stride, padding, size


def random_convolution(rng: np.random.Generator) -> Case:
    kernel, stride, padding, size = window(rng, lambda k: k)
    n, c_in, c_out, groups = (int(v) for v in rng.integers(1, 4, 4))
    if rng.random() < 0.3:  # depthwise
        c_in, c_out, groups = 1, 1, 7
    shapes = {
        "x": (n, c_in * groups, *size),
        "weight": (c_out * groups, c_in, *kernel),
        "bias": (c_out * groups,),
    }
    options = {"stride": stride, "padding": padding, "groups": groups}
    return Case("conv2d", shapes, options, str(rng.choice(DTYPES)))


# --- pooling --------------------------------------------------------------------------------------


def pooling(op: str, torch: Callable[..., Any]) -> Operation:
    calls = []
    for kernel, stride, padding in (
        (2, None, 0),
        (3, 2, 0),
        (3, 2, 1),
        (3, 1, 1),
        ((2, 3), (3, 1), (1, 0)),
        ((1, 4), (1, 2), (0, 2)),
    ):
        options = {"kernel_size": kernel, "stride": stride, "padding": padding}
        calls += [({"x": (2, 3, 7, 6)}, options, ties) for ties in (False, True)]

    def random(rng: np.random.Generator) -> Case:
        kernel, stride, padding, size = window(rng, lambda k: k // 2)
        options = {"kernel_size": kernel, "stride": stride, "padding": padding}
        shapes = {"x": (*(int(v) for v in rng.integers(1, 4, 2)), *size)}
        return Case(op, shapes, options, str(rng.choice(DTYPES)), bool(rng.random() < 0.5))

    whole = {"kernel_size": Whole(1), "stride": Whole(1, none=True, huge=True), "padding": Whole(0)}
    return Operation(cases(op, *calls), torch, random, whole=whole)


def unfold(T: ModuleType, x: Any, kernel_size: Any, stride: Any = 1) -> Any:
    """Return PyTorch's columns in the order of `im2col`: a row a window, channels last."""
    columns = T.unfold(x, kernel_size, stride=stride)
    n, c, places = len(x), x.shape[1], columns.shape[-1]
    return columns.reshape(n, c, -1, places).permute(0, 3, 2, 1).reshape(n * places, -1)


def pad(T: ModuleType, x: Any, padding: tuple[int, int], mode: str = "constant", value=0.0) -> Any:
    height, width = padding
    given = (value,) if mode == "constant" else ()
    return T.pad(x, (width, width, height, height), mode, *given)


def zero_pad(T: ModuleType, x: Any, padding: Any) -> Any:
    return T.pad(x, padding if isinstance(padding, tuple) else (padding,) * 4)


# --- the table ------------------------------------------------------------------------------------

# fmt: off
OPERATIONS = {
    "conv2d": Operation(
        convolution_cases(),
        lambda T, x, weight, bias=None, **options: T.conv2d(x, weight, bias, **options),
        random_convolution,
        lengths={"x": [1], "weight": [1], "bias": [0]},
        whole={
            "stride": Whole(1, huge=True),
            "padding": Whole(0, huge=True),
            "groups": Whole(1, pair=False),
        },
    ),
    "im2col": Operation(
        cases(
            "im2col",
            ({"x": (2, 3, 5, 4)}, {"kernel_size": (3, 2), "stride": (2, 1)}),
            ({"x": (1, 2, 4, 6)}, {"kernel_size": 2}),
        ),
        unfold,
        whole={"kernel_size": Whole(1), "stride": Whole(1, huge=True)},
    ),
    "pad2d": Operation(
        cases(
            "pad2d",
            (IMAGES, {"padding": (1, 2), "value": 0.5}),
            (IMAGES, {"padding": (3, 1), "mode": "reflect"}),
            (IMAGES, {"padding": (6, 3), "mode": "replicate"}),
        ),
        pad,
        whole={"padding": Whole(0, huge=True)},
        choices=("mode",),
    ),
    "zero_pad2d": Operation(
        cases(
            "zero_pad2d",
            (IMAGES, {"padding": (0, 1, 0, 1)}),
            (IMAGES, {"padding": (3, 0, 1, 2)}),
            (IMAGES, {"padding": 2}),
        ),
        zero_pad,
    ),
    "max_pool2d": pooling("max_pool2d", lambda T, x, **options: T.max_pool2d(x, **options)),
    "min_pool2d": pooling("min_pool2d", lambda T, x, **options: -T.max_pool2d(-x, **options)),
    "avg_pool2d": pooling("avg_pool2d", lambda T, x, **options: T.avg_pool2d(x, **options)),
    "global_avg_pool2d": Operation(
        cases("global_avg_pool2d", (IMAGES,)),
        lambda T, x: T.adaptive_avg_pool2d(x, 1),
    ),
    "relu": Operation(
        cases("relu", (IMAGES,), (IMAGES, {}, True)),  # with ties, some values are exactly zero
        lambda T, x: T.relu(x),
        elementwise=True,
    ),
    "relu6": Operation(
        cases("relu6", (IMAGES,), (IMAGES, {}, True)),
        lambda T, x: T.relu6(x),
        elementwise=True,
    ),
    "leaky_relu": Operation(
        cases("leaky_relu", (IMAGES, {"negative_slope": 0.2}), (IMAGES, {}, True)),
        lambda T, x, **options: T.leaky_relu(x, **options),
        numbers=("negative_slope",),
        elementwise=True,
    ),
    "sigmoid": Operation(
        cases("sigmoid", (IMAGES,)), lambda T, x: x.sigmoid(), elementwise=True
    ),
    "tanh": Operation(cases("tanh", (IMAGES,)), lambda T, x: x.tanh(), elementwise=True),
    "softmax": Operation(cases("softmax", (ROWS,)), lambda T, x: T.softmax(x, dim=1)),
    "log_softmax": Operation(cases("log_softmax", (ROWS,)), lambda T, x: T.log_softmax(x, dim=1)),
    "cross_entropy": Operation(
        cases("cross_entropy", ({"logits": (5, 7), "targets": (5,)},)),
        lambda T, logits, targets: T.cross_entropy(logits, targets),
    ),
    "linear": Operation(
        cases(
            "linear",
            ({"x": (3, 5), "weight": (4, 5), "bias": (4,)},),
            ({"x": (1, 5), "weight": (1, 5)},),
        ),
        lambda T, x, weight, bias=None: T.linear(x, weight, bias),
        lengths={"x": [1], "weight": [1], "bias": [0]},
    ),
    "flatten": Operation(cases("flatten", (IMAGES,)), lambda T, x: x.flatten(1), any_rank=True),
    "dropout": Operation(
        cases("dropout", (IMAGES | {"mask": (3, 4, 5, 2)},)),
        lambda T, x, mask: x * mask,
        lengths={"x": [0, 1], "mask": [0, 1]},
        elementwise=True,
    ),
    "batch_norm2d": Operation(
        cases(
            "batch_norm2d",
            (IMAGES | CHANNELS,),
            (IMAGES | CHANNELS, {"eps": 0.1}),
            (IMAGES | CHANNELS | {"mean": (4,), "var": (4,)},),
        ),
        lambda T, x, weight, bias, mean=None, var=None, eps=1e-5: T.batch_norm(
            x, mean, var, weight, bias, training=mean is None, eps=eps
        ),
        lengths={"x": [1], "weight": [0], "bias": [0], "mean": [0], "var": [0]},
        numbers=("eps",),
    ),
    "batch_statistics": Operation(
        cases("batch_statistics", (IMAGES,)),
        lambda T, x: [x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)],
    ),
    "local_response_norm": Operation(
        cases(
            "local_response_norm",
            *(
                ({"x": (2, 6, 3, 2)}, {"size": size, "alpha": 0.3, "beta": 0.75, "k": 2.0})
                for size in (1, 2, 3, 5, 9)
            ),
            ({"x": (2, 3, 1, 2)}, {"size": 4, "alpha": 0.9, "beta": 0.5}),
        ),
        lambda T, x, **options: T.local_response_norm(x, **options),
        whole={"size": Whole(1, huge=True, pair=False)},
        numbers=("alpha", "beta", "k"),
    ),
}
# fmt: on
CASES = [case for operation in OPERATIONS.values() for case in operation.cases]


# --- a case at work -------------------------------------------------------------------------------

LEARNED = ("x", "logits", "weight", "bias")  # the arguments that have a gradient


def has_backward(op: str) -> bool:
    return hasattr(F, f"{op}_backward")


def distinct(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return values in -4 … 4 with room between them and around 0: no ties, no kink nearby."""
    size = int(np.prod(shape))
    apart = min(0.25, 8 / size)
    return rng.permutation((np.arange(size) - size / 2 + 0.25) * apart).reshape(shape)


def sixteenths(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return random numbers that are short to store, and exact in float32."""
    return (16 * rng.standard_normal(shape)).round() / 16


def draw(
    case: Case,
    rng: np.random.Generator | None = None,
    values: Callable[[tuple[int, ...], np.random.Generator], np.ndarray] = sixteenths,
) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """Return the inputs of a case and the gradient that is sent back, if anything goes back."""
    if rng is None:
        rng = np.random.default_rng([*str(case).encode()])
    inputs = {}
    for name, shape in case.shapes.items():
        if name == "targets":
            inputs[name] = rng.integers(0, case.shapes["logits"][1], shape)
            continue
        array = values(shape, rng)
        if name == "var":
            array = np.abs(array) + 0.1
        if name == "mask":
            array = (array > 0) * 2.0
        if case.ties:
            array = array.round()
        inputs[name] = array.astype(case.dtype)
    if not has_backward(case.op):
        return inputs, None
    output, _ = run(case, inputs)
    return inputs, np.asarray(sixteenths(np.shape(output), rng), dtype=case.dtype)


def run(
    case: Case,
    inputs: dict[str, np.ndarray],
    dout: np.ndarray | None = None,
    module: ModuleType = F,
) -> tuple[Any, dict[str, np.ndarray]]:
    """Call cnnlib: return the output, and the gradients by name if `dout` is given."""
    forward = getattr(module, case.op)
    output = forward(**inputs, **case.options)
    if isinstance(output, tuple):
        output = np.stack(output)
    if dout is None:
        return output, {}
    backward = getattr(module, f"{case.op}_backward")
    takes = inspect.signature(backward).parameters
    given = {"dout": dout, **inputs, **case.options}
    grads = backward(**{name: value for name, value in given.items() if name in takes})
    if "dout" not in takes:
        grads = grads * dout  # the end of the network: nothing comes from behind it
    grads = grads if isinstance(grads, tuple) else (grads,)
    # A gradient for each learned argument, the bias included even where there is none.
    names = [name for name in inspect.signature(forward).parameters if name in LEARNED]
    named = dict(zip(names, grads, strict=True))
    return output, {f"d{name}": grad for name, grad in named.items() if name in inputs}
