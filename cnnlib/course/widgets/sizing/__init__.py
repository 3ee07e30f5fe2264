"""The sizing explorer: a network as a table of layers, and what each of them makes and costs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import integer_within
from cnnlib.layers import Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnlib.model import Sequential
from cnnlib.types import Shape

__all__ = ["SizedLayer", "SizingExplorer", "size_up"]

PARTS = {
    "conv": ("filters", "kernel_size", "stride", "padding", "groups"),
    "pool": ("kernel_size", "stride", "padding"),
    "dense": ("neurons",),
}
# No product or sum of numbers within these limits is too large for the browser's arithmetic.
LIMITS = {
    "channels": 2048,
    "side": 512,
    "layers": 24,
    "filters": 2048,
    "neurons": 10_000,
    "kernel_size": 11,
    "stride": 11,
    "padding": 10,
    "groups": 2048,
}


def _alexnet(groups: int) -> list[tuple[Any, ...]]:
    return [
        ("conv", 96, 11, 4),
        ("pool", 3, 2),
        ("conv", 256, 5, 1, 2, groups),
        ("pool", 3, 2),
        ("conv", 384, 3, 1, 1),
        ("conv", 384, 3, 1, 1, groups),
        ("conv", 256, 3, 1, 1, groups),
        ("pool", 3, 2),
        *(("dense", neurons) for neurons in (4096, 4096, 1000)),
    ]


NETWORKS: dict[str, tuple[Shape, list[tuple[Any, ...]]]] = {
    "AlexNet": ((3, 227, 227), _alexnet(1)),
    "AlexNet in two groups": ((3, 227, 227), _alexnet(2)),
    "AlexNet for 224×224": ((3, 224, 224), _alexnet(1)),
    "LeNet-5": (
        (1, 32, 32),
        [
            ("conv", 6, 5),
            ("pool", 2),
            ("conv", 16, 5),
            ("pool", 2),
            ("conv", 120, 5),
            ("dense", 84),
            ("dense", 10),
        ],
    ),
    "the network of this course": (
        (1, 28, 28),
        [("conv", 16, 5), ("pool", 2), ("conv", 32, 5), ("pool", 2), ("dense", 128), ("dense", 10)],
    ),
}


@dataclass(frozen=True)
class SizedLayer:
    """What one layer makes of its input, and what it costs for one sample.

    Where a layer cannot work, `problem` says why, and it and all layers after it have the shape
    None and no costs.
    """

    name: str
    output_shape: Shape | None = None
    parameters: int = 0
    multiply_adds: int = 0
    memory: int = 0
    receptive_field: int | None = None
    problem: str = ""


def size_up(shape: Shape, layers: Iterable[Sequence[Any]]) -> list[SizedLayer]:
    """Walk down the layers, and say what each of them makes and costs.

    The numbers are those of cnnlib's own layers. A dense layer flattens what it is given.

    Parameters
    ----------
    shape : (C, H, W)
        Of one sample.
    layers : iterable
        ``("conv", filters, kernel_size, stride, padding, groups)``,
        ``("pool", kernel_size, stride, padding)`` or ``("dense", neurons)``. What is left out at
        the end is 1 for stride and groups, and 0 for padding; the stride of a pool is its
        kernel size.

    Returns
    -------
    list of SizedLayer
        One for each layer, with the names that the literature uses: CONV1, POOL1, FC2.

    Examples
    --------
    >>> rows = size_up((3, 227, 227), [("conv", 96, 11, 4), ("pool", 3, 2), ("conv", 256, 28)])
    >>> rows[0].output_shape, rows[0].parameters, rows[1].receptive_field
    ((96, 55, 55), 34944, 19)
    >>> rows[2].problem.split(": ")[1]
    'the kernel does not fit'
    """
    rows: list[SizedLayer] = []
    now, view, broken = tuple(shape), (1, 1), False
    filled = [_filled(layer) for layer in layers]
    for name, (kind, *numbers) in zip(_names(filled), filled, strict=True):
        if broken:
            rows.append(SizedLayer(name))
            continue
        try:
            layer = _layer(kind, numbers, now, np.random.default_rng(0))
            came = (math.prod(now),) if kind == "dense" else now
            output = layer.output_shape(came)
        except ValueError as error:
            rows.append(SizedLayer(name, problem=str(error)))
            broken = True
            continue
        view = layer.receptive_field(*view, now)
        rows.append(
            SizedLayer(
                name,
                output,
                sum(parameter.size for parameter in layer.parameters()),
                layer.multiply_adds(came),
                4 * math.prod(output),
                view[0] if len(output) == 3 else None,
            )
        )
        now = output
    return rows


def _filled(layer: Sequence[Any]) -> list[Any]:
    """Put in the numbers that may be left out."""
    kind, *given = layer
    defaults = {"conv": [None, None, 1, 0, 1], "pool": [None, given[0] if given else None, 0]}
    return [kind, *given, *defaults.get(kind, [])[len(given) :]]


def _names(layers: Iterable[Sequence[Any]]) -> list[str]:
    """Count what learns in one row, and pools in another, as in CONV1, POOL1, CONV2, FC3."""
    names, learning, pools = [], 0, 0
    for kind, *_ in layers:
        if kind == "pool":
            pools += 1
            names.append(f"POOL{pools}")
        else:
            learning += 1
            names.append(f"{'CONV' if kind == 'conv' else 'FC'}{learning}")
    return names


def _layer(kind: str, numbers: list[int], shape: Shape, rng: np.random.Generator) -> Layer:
    if kind == "dense":
        return Linear(math.prod(shape), numbers[0], rng=rng)
    if len(shape) != 3:
        raise ValueError(
            f"{kind}: expected maps of shape (C, H, W), got {shape}, what a dense layer puts out. "
            "Move it before the first dense layer."
        )
    if kind == "pool":
        kernel_size, stride, padding = numbers
        if 2 * padding > kernel_size:  # the layer itself says so only when it is run
            raise ValueError(
                f"MaxPool2d: padding {padding} is more than half of kernel_size {kernel_size}; "
                f"some windows would hold padding only. Use at most {kernel_size // 2}."
            )
        return MaxPool2d(kernel_size, stride, padding)
    filters, kernel_size, stride, padding, groups = numbers
    return Conv2d(shape[0], filters, kernel_size, stride, padding, groups, rng=rng)


class SizingExplorer(Widget):
    """Change the layers of a network, and see every shape, and what each layer costs.

    Layers are added, moved and removed; their numbers are typed, or stepped with the arrow keys.
    Where a layer cannot work, the table says why, and what would help.

    Parameters
    ----------
    shape : (C, H, W)
        Of one sample: at most 2,048 channels of 512×512.
    layers : sequence of tuple
        One to 24 layers, as `size_up` takes them. AlexNet unless given.

    Raises
    ------
    TypeError
        If a number is no whole number.
    ValueError
        If a number is out of range, or there is no such kind of layer. A layer that does not fit
        is no error here: the table shows it.

    Examples
    --------
    >>> explorer = SizingExplorer()
    >>> explorer
    SizingExplorer(3×227×227, 11 layers → 1000; 62,378,344 parameters, 1,135,256,096 multiply-adds)
    >>> explorer.shape = (3, 224, 224)
    >>> explorer.rows[0].output_shape
    (96, 54, 54)
    >>> explorer.layers = [("conv", 8, 3), ("pool", 2), ("dense", 10)]
    >>> explorer.parameters
    985914
    """

    _esm = script("sizing/widget.js")
    _css = styles("sizing/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {
        "parts": PARTS,
        "limits": LIMITS,
        "networks": {
            name: {"shape": shape, "layers": [_filled(layer) for layer in layers]}
            for name, (shape, layers) in NETWORKS.items()
        },
    }

    def __init__(
        self,
        shape: Shape = NETWORKS["AlexNet"][0],
        layers: Iterable[Sequence[Any]] = tuple(NETWORKS["AlexNet"][1]),
    ) -> None:
        super().__init__(shape=shape, layers=layers)

    shape = setting("shape", "Shape of one sample, (C, H, W).")
    layers = setting("layers", "Kind and numbers of each layer.")

    @property
    def rows(self) -> list[SizedLayer]:
        """What each layer makes and costs."""
        return size_up(self.shape, self.layers)

    @property
    def parameters(self) -> int:
        """How many numbers all layers learn."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """How many multiplications, each with its addition, one sample costs."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes that the outputs of all layers in the table take for one sample, in float32."""
        return sum(row.memory for row in self.rows)

    def network(self, rng: np.random.Generator) -> Sequential:
        """Return the network, with ReLU after each layer that learns but the last.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the first weights.

        Returns
        -------
        Sequential

        Raises
        ------
        ValueError
            If a layer cannot work.
        """
        parts: list[Layer] = []
        now: Shape = tuple(self.shape)
        learning = [k for k, (kind, *_) in enumerate(self.layers) if kind != "pool"]
        for k, (kind, *numbers) in enumerate(self.layers):
            layer = _layer(kind, numbers, now, rng)
            if kind == "dense" and len(now) == 3:
                parts.append(Flatten())
                now = parts[-1].output_shape(now)
            parts.append(layer)
            now = layer.output_shape(now)
            if kind != "pool" and k != learning[-1]:
                parts.append(ReLU())
        return Sequential(*parts)

    def _checked(self, shape: Shape, layers: Iterable[Sequence[Any]]) -> dict[str, Any]:
        op = type(self).__name__
        if not isinstance(shape, tuple | list) or len(shape) != 3:
            raise ValueError(f"{op}: shape must be (C, H, W), got {shape!r}. Write (3, 227, 227).")
        limits = (LIMITS["channels"], LIMITS["side"], LIMITS["side"])
        names = ("channels", "height", "width")
        checked_shape = [
            integer_within(op, name, size, 1, limit)
            for name, size, limit in zip(names, shape, limits, strict=True)
        ]
        given = list(layers) if isinstance(layers, Iterable) else []
        if not 1 <= len(given) <= LIMITS["layers"]:
            raise ValueError(
                f"{op}: layers must be a list of 1 to {LIMITS['layers']} layers, got "
                f'{checks.describe(layers)}. For one layer write [("conv", 8, 3)].'
            )
        checked = []
        for k, layer in enumerate(given, start=1):
            where = f"{op}: layer {k}"
            known = isinstance(layer, tuple | list) and layer and isinstance(layer[0], str)
            if not known or layer[0] not in PARTS:
                raise ValueError(
                    f"{where}: a layer begins with one of {', '.join(PARTS)}, got "
                    f"{checks.describe(layer)}. "
                    'Write ("conv", filters, kernel_size), ("pool", kernel_size) or '
                    '("dense", neurons).'
                )
            kind, *numbers = _filled(layer)
            parts = PARTS[kind]
            if len(numbers) != len(parts) or None in numbers:
                raise ValueError(
                    f"{where}: {kind} takes the numbers {', '.join(parts)}, got {layer!r}."
                )
            checked.append(
                [
                    kind,
                    *(
                        integer_within(where, part, value, int(part != "padding"), LIMITS[part])
                        for part, value in zip(parts, numbers, strict=True)
                    ),
                ]
            )
        return {"shape": checked_shape, "layers": checked}

    def _picture(self) -> tuple[Figure, str]:
        rows = self.rows
        table = [("layer", "window", "output", "parameters", "multiply-adds", "memory", "sees")]
        alt = [f"A network sized up, row by row. Input {_times(self.shape)}."]
        for row, (kind, *numbers) in zip(rows, self.layers, strict=True):
            told = _told(kind, numbers)
            if row.output_shape is None:
                mark = "✗ does not fit" if row.problem else "?"
                table.append((row.name, told, mark, "", "", "", ""))
                if row.problem:
                    alt.append(f"{row.name}, {told}, does not fit. {row.problem}")
                continue
            sees = "" if row.receptive_field is None else str(row.receptive_field)
            size, memory = _times(row.output_shape), f"{row.memory:,} B"
            costs = f"{row.parameters:,}", f"{row.multiply_adds:,}"
            table.append((row.name, told, size, *costs, memory, sees))
            learns = f", {row.parameters:,} parameters" if row.parameters else ""
            alt.append(f"{row.name}, {told}: {size}{learns}.")
        totals = f"{self.parameters:,}", f"{self.multiply_adds:,}", f"{self.memory:,} B"
        table.append(("total", "", "", *totals, ""))
        alt.append(f"In all {totals[0]} parameters, {totals[1]} multiply-adds, {totals[2]}.")
        fig, ax = drawing.new(width=11, height=0.32 * len(table) + 0.3)
        ax.axis("off")
        ax.set(xlim=(0, 11), ylim=(len(table) + 0.2, -0.8))
        edges = (0.0, 0.9, 5.3, 6.9, 8.6, 10.2, 11.0)
        for i, line in enumerate(table):
            weight = "bold" if i in (0, len(table) - 1) or "✗" in line[2] else "normal"
            for k, (x, text) in enumerate(zip(edges, line, strict=True)):
                side = "left" if k < 2 else "right"
                ax.text(x, i, text, ha=side, va="center", fontsize=11, weight=weight)
        for y in (0.5, len(table) - 1.5):
            ax.axhline(y, color="0.4", linewidth=0.8)
        return fig, " ".join(alt)

    def __repr__(self) -> str:
        rows = self.rows
        stuck = [row for row in rows if row.problem]
        count = f"{len(rows)} layer{'s' if len(rows) > 1 else ''}"
        if stuck:
            return f"SizingExplorer({_times(self.shape)}, {count}; {stuck[0].name} does not fit)"
        end = rows[-1].output_shape
        return (
            f"SizingExplorer({_times(self.shape)}, {count} → {_times(end or ())}; "
            f"{self.parameters:,} parameters, {self.multiply_adds:,} multiply-adds)"
        )


def _times(shape: Sequence[int]) -> str:
    return "×".join(str(size) for size in shape)


def _told(kind: str, numbers: list[int]) -> str:
    """Write a layer as the notebook does: 96 of 11×11, stride 4."""
    if kind == "dense":
        return f"{numbers[0]:,} neurons"
    filters, (kernel_size, stride, padding, *groups) = (
        (numbers[0], numbers[1:]) if kind == "conv" else (None, numbers)
    )
    text = f"{kernel_size}×{kernel_size}, stride {stride}"
    if filters is not None:
        text = f"{filters} of {text}"
    if padding:
        text += f", padding {padding}"
    return text + (f", {groups[0]} groups" if groups and groups[0] > 1 else "")
