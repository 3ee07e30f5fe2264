"""What every layer of a network makes of one picture, and which part of the picture it sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnlib.layers import Layer
from cnnlib.model import Parallel, Residual, Sequential
from cnnlib.types import Array, Pair, Shape

__all__ = ["Axis", "LayerOutput", "axis_window", "outputs"]


@dataclass(frozen=True)
class Axis:
    """Where the places of a map look along one axis: place k begins at ``start + k * jump``.

    Beyond the edge of the picture lie the borders that the layers have put around it.
    """

    start: int = 0
    jump: int = 1
    field: int = 1

    def through(self, kernel_size: int, stride: int, before: int) -> Axis:
        """Return the same behind a window that slides, with a border of so many before."""
        return Axis(
            self.start - before * self.jump,
            self.jump * stride,
            self.field + (kernel_size - 1) * self.jump,
        )

    def with_other(self, other: Axis) -> Axis:
        """Return what is seen by this and by another way to the same map."""
        start = min(self.start, other.start)
        end = max(self.start + self.field, other.start + other.field)
        return Axis(start, self.jump, end - start)


def axis_window(axis: Axis, place: int, size: int) -> tuple[int, int]:
    """Return where a place looks, as (first, length), as far as the picture goes.

    Examples
    --------
    >>> axis_window(Axis(start=-2, jump=4, field=11), 1, 28)
    (2, 11)
    >>> axis_window(Axis(start=-2, jump=4, field=11), 0, 28)
    (0, 9)
    """
    first = axis.start + place * axis.jump
    low, high = max(first, 0), min(first + axis.field, size)
    return low, max(high - low, 0)


View = tuple[Axis, Axis]


@dataclass(frozen=True)
class LayerOutput:
    """What one layer makes: maps (C, H, W), each place with its view, or values (F,)."""

    path: str
    title: str
    values: Array
    view: View | None

    @property
    def name(self) -> str:
        """Its path and what it is, as in a summary."""
        return f"{self.path} {self.title}"


def outputs(model: Sequential, x: Array) -> list[LayerOutput]:
    """Return what each layer makes of one picture, from first to last.

    The sum of a `Residual` and the stack of a `Parallel` stand behind the layers inside. A
    container of your own counts as one layer.

    Parameters
    ----------
    model : Sequential
        As it is: in its training behaviour or not.
    x : array, shape (1, C, H, W)

    Returns
    -------
    list of LayerOutput

    Examples
    --------
    >>> from cnnlib.architectures import course_cnn
    >>> made = outputs(course_cnn(np.random.default_rng(0)), np.zeros((1, 1, 28, 28), np.float32))
    >>> [(one.name, one.values.shape) for one in made][2:4]
    [('2 MaxPool2d(2)', (16, 12, 12)), ('3 Conv2d(16, 32, kernel_size=5)', (32, 8, 8))]
    >>> made[3].view
    (Axis(start=0, jump=2, field=14), Axis(start=0, jump=2, field=14))
    """
    collected: list[LayerOutput] = []
    _run(model, x, (Axis(), Axis()), "", collected)
    return collected


def _run(
    layer: Layer, x: Array, view: View | None, path: str, collected: list[LayerOutput]
) -> tuple[Array, View | None]:
    """Run a layer, collect what it and those inside make, and return its output and view."""
    inside = layer.children() if isinstance(layer, Sequential | Residual | Parallel) else []
    if isinstance(layer, Sequential):
        for name, child in inside:
            x, view = _run(child, x, view, f"{path}{name}.", collected)
        return x, view
    runs = [_run(child, x, view, f"{path}{name}.", collected) for name, child in inside]
    if isinstance(layer, Residual) and layer.shortcut is None:
        runs.append((x, view))
    if isinstance(layer, Residual):
        y, title = runs[0][0] + runs[1][0], "Residual: the sum"
    elif isinstance(layer, Parallel):
        y, title = np.concatenate([made for made, _ in runs], axis=1), "Parallel: the stack"
    else:
        y, title = layer(x), repr(layer) if "\n" not in repr(layer) else type(layer).__name__
    views = [seen for _, seen in runs] if inside else [_behind(layer, x.shape[1:], view)]
    seen = _joined(views) if y.ndim == 4 else None
    collected.append(LayerOutput(path.rstrip("."), title, y[0], seen))
    return y, seen


def _joined(views: list[View | None]) -> View | None:
    """Return what is seen by several ways to the same map."""
    known = [view for view in views if view is not None]
    if len(known) < len(views):
        return None
    rows, columns = known[0]
    for other in known[1:]:
        rows, columns = rows.with_other(other[0]), columns.with_other(other[1])
    return rows, columns


def _behind(layer: Layer, shape: Shape, view: View | None) -> View | None:
    """Return what is seen behind a layer that slides a window; shape is that of its input."""
    if view is None or len(shape) != 3:
        return None
    rows, columns = (
        axis.through(kernel_size, stride, before)
        for axis, (kernel_size, stride), before in zip(
            view, _windows(layer, shape), _borders(layer), strict=True
        )
    )
    return rows, columns


def _windows(layer: Layer, shape: Shape) -> tuple[Pair, Pair]:
    """Return kernel size and stride for each axis."""
    if layer.window != Layer.window:
        return layer.window
    # What has no window of its own may still have one that depends on the map, as a global mean.
    channels, height, width = shape
    return (
        layer.receptive_field(1, 1, (channels, height, width)),
        layer.receptive_field(1, 1, (channels, width, height)),
    )


def _borders(layer: Layer) -> tuple[int, int]:
    """Return how much border the layer puts before the first row, and before the first column."""
    padding: tuple[int, ...] = getattr(layer, "padding", (0, 0))
    if len(padding) == 4:  # left, right, top, bottom, as PyTorch orders them
        return padding[2], padding[0]
    return padding[0], padding[1]
