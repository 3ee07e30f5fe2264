"""The geometry explorer: where windows stop, which pixels they read, how far a cell sees back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import integer_within
from cnnlib.shapes import fitting_size, receptive_field
from cnnlib.types import Array

__all__ = ["GeometryExplorer", "coverage", "ways"]

LIMITS = {"side": 28, "kernel_size": 11, "stride": 11, "padding": 10, "layers": 4}


def coverage(
    size: int | tuple[int, int], kernel_size: int, stride: int = 1, padding: int = 0
) -> Array:
    """Count how many windows read each pixel.

    Parameters
    ----------
    size : int or (int, int)
        Height and width of the input, in pixels.
    kernel_size, stride, padding : int
        The same down and across.

    Returns
    -------
    ndarray of int, shape (H, W)
        The border of zeros is left out.

    Raises
    ------
    ValueError, TypeError
        If the kernel does not fit, or a number is none that makes sense.

    Examples
    --------
    >>> coverage(4, kernel_size=3, padding=1)
    array([[4, 6, 6, 4],
           [6, 9, 9, 6],
           [6, 9, 9, 6],
           [4, 6, 6, 4]])
    >>> coverage((1, 5), kernel_size=1, stride=2)
    array([[1, 0, 1, 0, 1]])
    """
    height, width = checks.pair("coverage", "size", size, 1)
    layer = (kernel_size, stride, padding)
    return np.outer(_reads(height, *layer), _reads(width, *layer))


def _reads(size: int, kernel_size: int, stride: int, padding: int) -> Array:
    """Count the windows that read each pixel along one axis."""
    counts = np.zeros(size + 2 * padding, dtype=np.int64)
    for stop in range(fitting_size("coverage", "size", size, kernel_size, stride, padding)):
        counts[stop * stride : stop * stride + kernel_size] += 1
    return counts[padding : padding + size]


def ways(
    size: int, layers: Iterable[tuple[int, int, int]], level: int, place: int
) -> list[list[int]]:
    """Count, along one axis, in how many ways each cell of each map is linked with one cell.

    The links lead back through the windows that the cell was made from, and forth to the windows
    that read it. The cells with a count above 0 in the input are the receptive field.

    Parameters
    ----------
    size : int
        Length of the input, in pixels.
    layers : iterable of (kernel_size, stride, padding)
        From the first layer to the last.
    level : int
        The map that the cell is in: 0 is the input, 1 what the first layer makes of it.
    place : int
        The cell, counted from 0 with the border of that map.

    Returns
    -------
    list of list of int
        For each map, border included, a count for each cell.

    Raises
    ------
    ValueError
        If there is no such cell, or a kernel does not fit.

    Examples
    --------
    Of two layers with kernel 3, one output cell sees five pixels, the middle one in three ways:

    >>> ways(5, [(3, 1, 0), (3, 1, 0)], level=2, place=0)
    [[1, 2, 3, 2, 1], [1, 1, 1], [1]]
    """
    layers = list(layers)
    lengths = [size]
    for layer in layers:
        lengths.append(fitting_size("ways", "size", lengths[-1], *layer))
    borders = [*(padding for _, _, padding in layers), 0]
    counts = [np.zeros(n + 2 * p, dtype=np.int64) for n, p in zip(lengths, borders, strict=True)]
    if not (0 <= level <= len(layers) and 0 <= place < len(counts[level])):
        raise ValueError(
            f"ways: there is no cell {place} in map {level}; the maps have, with their borders, "
            f"{', '.join(str(len(one)) for one in counts)} cells. Count from 0."
        )
    counts[level][place] = 1
    for k in range(level - 1, -1, -1):
        kernel_size, stride, _ = layers[k]
        for i in range(lengths[k + 1]):
            above = counts[k + 1][i + borders[k + 1]]
            counts[k][i * stride : i * stride + kernel_size] += above
    for k in range(level, len(layers)):
        kernel_size, stride, _ = layers[k]
        for i in range(lengths[k + 1]):
            below = counts[k][i * stride : i * stride + kernel_size]
            counts[k + 1][i + borders[k + 1]] += below.sum()
    return [one.tolist() for one in counts]


class GeometryExplorer(Widget):
    """See which pixels windows read, how often, and how far one output cell sees back.

    Each layer has a kernel size, a stride and a padding; the formula for its output is beside
    them, with the numbers put in. Each cell says how many windows read it. Point at a cell, or
    walk with the arrow keys: the cells that it was made from, back to the input, are outlined,
    and so are the cells that read it.

    Parameters
    ----------
    size : int or (int, int)
        Height and width of the input, at most 28.
    layers : sequence of (kernel_size, stride) or (kernel_size, stride, padding)
        One to four layers, from the first to the last.

    Raises
    ------
    TypeError
        If a number is no whole number.
    ValueError
        If a kernel does not fit, or there is more than can be drawn.

    Examples
    --------
    >>> explorer = GeometryExplorer(8, [(3, 2)])
    >>> explorer
    GeometryExplorer(8×8 → kernel 3, stride 2, padding 0 → 3×3)
    >>> explorer.coverage[0]
    array([1, 1, 2, 1, 2, 1, 1, 0])
    >>> explorer.layers = [(3, 1, 1), (3, 2, 1)]
    >>> explorer.shapes
    [(8, 8), (8, 8), (4, 4)]
    >>> explorer.receptive_field
    [3, 5]
    """

    _esm = script("geometry/widget.js")
    _css = styles("geometry/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"limits": LIMITS}

    def __init__(
        self, size: int | tuple[int, int] = 4, layers: Iterable[tuple[int, ...]] = ((2, 1, 1),)
    ) -> None:
        super().__init__(size=size, layers=layers)

    size = setting("size", "Height and width of the input.")
    layers = setting("layers", "Kernel size, stride and padding of each layer.")

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Height and width of every map: the input first, the output last."""
        maps = [tuple(self.size)]
        for layer in self.layers:
            h, w = (fitting_size("shapes", "size", n, *layer) for n in maps[-1])
            maps.append((h, w))
        return maps

    @property
    def coverage(self) -> Array:
        """How many windows of the first layer read each pixel of the input, (H, W)."""
        return coverage(tuple(self.size), *self.layers[0])

    @property
    def receptive_field(self) -> list[int]:
        """How many input pixels, along one axis, a cell after each layer can see."""
        return receptive_field([(kernel, stride) for kernel, stride, _ in self.layers])

    def _checked(
        self, size: int | tuple[int, int], layers: Iterable[tuple[int, ...]]
    ) -> dict[str, Any]:
        op = type(self).__name__
        height, width = checks.pair(op, "size", size, 1)
        if max(height, width) > LIMITS["side"]:
            came = f"{height}×{width}" if max(height, width) < 10**9 else "far more"
            raise ValueError(
                f"{op}: size must be at most {LIMITS['side']}, got {came}. The rules are "
                "the same for small inputs; for large ones ask cnnlib.shapes.output_size."
            )
        try:
            given = [tuple(layer) for layer in layers]
        except TypeError:
            raise TypeError(
                f"{op}: layers must be a list of (kernel_size, stride, padding), got "
                f"{checks.describe(layers)}. For one layer write [(3, 1, 0)]."
            ) from None
        if not 1 <= len(given) <= LIMITS["layers"]:
            raise ValueError(
                f"{op}: layers must be 1 to {LIMITS['layers']} layers, got {len(given)}."
            )
        checked, now = [], (height, width)
        for k, layer in enumerate(given, start=1):
            if len(layer) not in (2, 3):
                raise ValueError(
                    f"{op}: layer {k} must be (kernel_size, stride) or (kernel_size, stride, "
                    f"padding), got {layer!r}."
                )
            numbers = []
            names = ("kernel_size", "stride", "padding")
            for name, value in zip(names, (*layer, 0)[:3], strict=True):
                least = 0 if name == "padding" else 1
                numbers.append(
                    integer_within(op, name, value, least, LIMITS[name], f" in layer {k}")
                )
            axes = zip(("height", "width"), now, strict=True)
            h, w = (fitting_size(f"{op}, layer {k}", axis, n, *numbers) for axis, n in axes)
            now = (h, w)
            checked.append(numbers)
        return {"size": [height, width], "layers": checked}

    def _picture(self) -> tuple[Figure, str]:
        shapes, layers = self.shapes, self.layers
        middle = [(n - 1) // 2 for n in shapes[-1]]
        triples = [(k, s, p) for k, s, p in layers]
        down, across = (
            ways(n, triples, len(layers), at) for n, at in zip(self.size, middle, strict=True)
        )
        items: list[Any] = []
        alt = []
        for level, (height, width) in enumerate(shapes):
            spans = [np.flatnonzero(axis[level]) for axis in (down, across)]
            (top, left), (low, right) = ([s[k] for s in spans] for k in (0, -1))
            options: dict[str, Any] = {"highlight": [(top, left, low - top + 1, right - left + 1)]}
            name = f"{_name(level, len(layers))}, {height}×{width}"
            if level == len(layers):
                items.append((name, np.full((height, width), np.nan), options))
                break
            kernel_size, stride, padding = layers[level]
            counts = coverage((height, width), kernel_size, stride, padding)
            framed = np.pad(counts.astype(float), padding, constant_values=np.nan)
            if padding:
                options["padding"] = padding
            items += [(name, framed, options), "→"]
            # Nobody listens to the counts of a whole stack of maps.
            read = drawing.grid_alt(counts) if len(layers) == 1 else _span(counts)
            unread = int((counts == 0).sum())
            alt.append(
                f"{name.capitalize()}; windows that read each pixel: {read}; {unread or 'none'} "
                f"never read. Kernel {kernel_size}, stride {stride}, padding {padding}."
            )
        oh, ow = shapes[-1]
        alt.append(f"Output, {oh}×{ow}. Outlined is what its middle cell was made from:")
        seen = [
            f"{_seen(down[k], layers[k][2])} by {_seen(across[k], layers[k][2])} of the "
            f"{_name(k, len(layers))}"
            for k in range(len(layers) - 1, -1, -1)
        ]
        alt.append(", ".join(seen).replace("of the map", "of map") + ".")
        fig = drawing.equation(items)
        for ax in fig.axes:
            _cross_out(ax)
        return fig, " ".join(alt)

    def __repr__(self) -> str:
        maps = [f"{h}×{w}" for h, w in self.shapes]
        steps = [f"kernel {k}, stride {s}, padding {p}" for k, s, p in self.layers]
        pairs = zip(steps, maps[1:], strict=True)
        return (
            f"GeometryExplorer({maps[0]}"
            + "".join(f" → {step} → {size}" for step, size in pairs)
            + ")"
        )


def _name(level: int, last: int) -> str:
    if level == 0:
        return "input"
    return "output" if level == last else f"map {level}"


def _span(counts: Array) -> str:
    return f"{counts.min()} to {counts.max()}"


def _seen(axis: list[int], padding: int) -> int:
    """Count the cells that are linked, the border aside."""
    return sum(count > 0 for count in axis[padding : len(axis) - padding])


def _cross_out(ax: Any) -> None:
    """Mark the cells that hold a 0: no window reads them."""
    for text in ax.texts:
        if text.get_text() == "0":
            x, y = text.get_position()
            ax.add_patch(
                Rectangle(
                    (x - 0.42, y - 0.42),
                    0.84,
                    0.84,
                    fill=False,
                    hatch="xx",
                    edgecolor=drawing.COLORS["vermillion"],
                    linewidth=1.4,
                    gid="unread",
                )
            )
            text.set_bbox({"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"})
