"""The pooling explorer: what each window keeps, and which outputs stay when the picture moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import as_maps, integer_within, one_of, tidy, whole
from cnnlib.functional import avg_pool2d, max_pool2d, min_pool2d
from cnnlib.shapes import fitting_size
from cnnlib.types import Array

__all__ = ["PoolingExplorer", "pool", "unchanged"]

LIMITS = {"side": 28, "kernel_size": 28, "stride": 28, "shift": 8, "as_numbers": 10}
KINDS: dict[str, Callable[..., Array]] = {
    "max": max_pool2d,
    "average": avg_pool2d,
    "min": min_pool2d,
}


def pool(
    image: npt.ArrayLike, kind: str = "max", kernel_size: int = 2, stride: int | None = None
) -> Array:
    """Pool a single map with one of the three kinds.

    Parameters
    ----------
    image : array_like, shape (H, W)
        The map.
    kind : str
        ``"max"``, ``"average"`` or ``"min"``.
    kernel_size : int
        Height and width of the window.
    stride : int, optional
        The step of the window; the kernel size by default.

    Returns
    -------
    ndarray, shape (OH, OW)

    Raises
    ------
    ValueError
        If there is no such kind, or the window does not fit.

    Examples
    --------
    >>> hand = [[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]]
    >>> pool(hand, "average")
    array([[ 2.,  3.],
           [-4.,  4.]])
    """
    if kind not in KINDS:
        raise ValueError(f"pool: kind must be one of {', '.join(KINDS)}, got {kind!r}.")
    batch = np.asarray(image, dtype=np.float64)[None, None]
    return KINDS[kind](batch, kernel_size, stride)[0, 0]


def unchanged(
    image: npt.ArrayLike,
    shift: tuple[int, int],
    kind: str = "max",
    kernel_size: int = 2,
    stride: int | None = None,
) -> npt.NDArray[np.bool_]:
    """Say which outputs of pooling are the same after the picture has moved.

    Parameters
    ----------
    image : array_like, shape (H, W)
        The picture before it moves.
    shift : (int, int)
        How many pixels it moves down and to the right. As with `numpy.roll`, what leaves on one
        side comes in on the other; with a black border, only black comes in.
    kind, kernel_size, stride
        As `pool`.

    Returns
    -------
    ndarray of bool, shape (OH, OW)
        Equal but for the last digits, which depend on the order in which a mean is added up.

    Examples
    --------
    >>> unchanged([[9, 0, 0, 0], [0, 0, 0, 0]], (0, 1))
    array([[ True,  True]])
    >>> unchanged([[9, 0, 0, 0], [0, 0, 0, 0]], (0, 2))
    array([[False, False]])
    """
    moved = np.roll(np.asarray(image), shift, axis=(0, 1))
    before, after = (pool(one, kind, kernel_size, stride) for one in (image, moved))
    return np.isclose(before, after, rtol=1e-9, atol=1e-9)


class PoolingExplorer(Widget):
    """Pool a picture of your own, move it, and see which outputs stay as they were.

    The window walks over the output with the arrow keys, or follows the pointer, and the line
    below shows what it keeps. Two sliders move the picture; outputs that stay the same are marked
    and counted, for all three kinds of pooling. Every number of a small picture can be edited in
    place.

    Parameters
    ----------
    image : array_like, shape (H, W)
        The picture, at most 28×28 numbers. From 11 rows or columns on it is drawn in grey, black
        for 0, unless some number is negative.
    kind : str
        What a window keeps: ``"max"``, ``"average"`` or ``"min"``.
    kernel_size : int
        Height and width of the window.
    stride : int, optional
        The step of the window; the kernel size by default.
    shift : (int, int)
        How many pixels the picture has moved down and to the right, each from −8 to 8.

    Raises
    ------
    TypeError
        If an argument holds no numbers.
    ValueError
        If the window does not fit, or a number is too large.

    Examples
    --------
    >>> hand = [[2, 3, 2, 0], [5, -2, 2, 8], [-1, -6, 7, 3], [-4, -5, 4, 2]]
    >>> explorer = PoolingExplorer(hand)
    >>> explorer
    PoolingExplorer(4×4 picture, max of 2×2, stride 2, not moved → 2×2 output)
    >>> explorer.output
    array([[ 5.,  8.],
           [-1.,  7.]])
    >>> explorer.set(stride=1, kind="min")
    >>> explorer.output[0]
    array([-2., -2.,  0.])
    """

    _esm = script("pooling/widget.js")
    _css = styles("pooling/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {"limits": LIMITS}

    def __init__(
        self,
        image: npt.ArrayLike,
        kind: str = "max",
        kernel_size: int = 2,
        stride: int | None = None,
        shift: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(
            image=image,
            kind=kind,
            kernel_size=kernel_size,
            stride=kernel_size if stride is None else stride,
            shift=shift,
        )

    kind = setting("kind", "What a window keeps: max, average or min.")
    kernel_size = setting("kernel_size", "Height and width of the window.")
    stride = setting("stride", "The step of the window.")
    shift = setting("shift", "How many pixels the picture has moved down and to the right.")

    @property
    def image(self) -> Array:
        """The picture, (H, W), before it moves."""
        return np.array(self.settings["image"])

    @image.setter
    def image(self, value: npt.ArrayLike) -> None:
        self.set(image=value)

    @property
    def moved(self) -> Array:
        """The picture, (H, W), after it has moved."""
        return np.roll(self.image, self.shift, axis=(0, 1))

    @property
    def output(self) -> Array:
        """What pooling makes of the moved picture, (OH, OW)."""
        return pool(self.moved, self.kind, self.kernel_size, self.stride)

    @property
    def unchanged(self) -> npt.NDArray[np.bool_]:
        """Which outputs are the same as before the shift, (OH, OW)."""
        shift = (self.shift[0], self.shift[1])
        return unchanged(self.image, shift, self.kind, self.kernel_size, self.stride)

    def _checked(
        self,
        image: npt.ArrayLike,
        kind: str,
        kernel_size: int,
        stride: int,
        shift: tuple[int, int],
    ) -> dict[str, Any]:
        op = type(self).__name__
        # Up to 8 channels are let through, for which the next lines have a better answer.
        maps = as_maps(op, "image", image, side=LIMITS["side"], channels=8)
        if len(maps) != 1:
            raise ValueError(
                f"{op}: image has {len(maps)} channels, expected one map (H, W). Pooling works on "
                "each channel on its own: pass image[0]."
            )
        kind = one_of(op, "kind", kind, KINDS)
        sizes = {
            name: integer_within(op, name, value, 1, LIMITS[name])
            for name, value in (("kernel_size", kernel_size), ("stride", stride))
        }
        height, width = maps.shape[1:]
        for axis, size in (("height", height), ("width", width)):
            fitting_size(op, axis, size, **sizes, padding=0)
        down, right = checks.pair(op, "shift", shift, -LIMITS["shift"])
        if max(down, right) > LIMITS["shift"] or abs(down) >= height or abs(right) >= width:
            raise ValueError(
                f"{op}: shift must be at most {LIMITS['shift']} pixels, and less than the picture "
                f"is high or wide, got {shift!r} for {height}×{width}."
            )
        return {"image": tidy(maps[0]), "kind": kind, **sizes, "shift": [down, right]}

    def _picture(self) -> tuple[Figure, str]:
        k, stride = self.kernel_size, self.stride
        image, output, stays = whole(self.moved), whole(self.output), self.unchanged
        grey = max(image.shape) > LIMITS["as_numbers"] and image.min() >= 0
        shades: dict[str, Any] = {}
        if grey:
            top = float(image.max()) or 1.0
            shades = {"cmap": "gray", "vmin": 0, "vmax": top, "numbers": False}
        # A digit has only black in its corner.
        row, column = (n // 2 if grey else 0 for n in output.shape)
        options = {"highlight": [(row * stride, column * stride, k, k)]}
        where = _moved(self.shift)
        items: list[Any] = [(f"picture, {where}", image, {**options, **shades}), "→"]
        name = self.kind
        alt = [
            f"Picture, {where}, {drawing.grid_alt(image)}. {self.kind.capitalize()} of {k}×{k} "
            f"windows at stride {stride}, {drawing.grid_alt(output)}."
        ]
        if any(self.shift):
            before = whole(pool(self.image, self.kind, k, stride))
            items.append((f"{self.kind}, before", before, shades))
            alt.append(
                f"Before the shift, {drawing.grid_alt(before)}. Unchanged outputs: "
                f"{int(stays.sum())} of {stays.size}."
            )
            name = f"{self.kind}, after; {int(stays.sum())} of {stays.size} unchanged"
        items.append((name, output, {"highlight": [(row, column, 1, 1)], **shades}))
        return drawing.equation(items), " ".join(alt)

    def __repr__(self) -> str:
        (height, width), (oh, ow) = self.image.shape, self.output.shape
        return (
            f"PoolingExplorer({height}×{width} picture, {self.kind} of "
            f"{self.kernel_size}×{self.kernel_size}, stride {self.stride}, {_moved(self.shift)} → "
            f"{oh}×{ow} output)"
        )


def _moved(shift: tuple[int, int]) -> str:
    """Return "moved 2 right, 1 up", or "not moved"."""
    down, right = shift
    parts = [f"{abs(right)} {'right' if right > 0 else 'left'}"] if right else []
    parts += [f"{abs(down)} {'down' if down > 0 else 'up'}"] if down else []
    return f"moved {', '.join(parts)}" if parts else "not moved"
