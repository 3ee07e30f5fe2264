"""Diagrams: the blocks of a network and small computation graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.text import Text

from cnnlib.course.drawing.theme import (
    COLORS,
    CYCLE,
    INK,
    arrow,
    format_numbers,
    require_axes,
    styled,
    text_inches,
)

Block = tuple[int, int, int, str]


@styled
def volumes(
    blocks: Sequence[Block],
    *,
    operations: Sequence[str] | None = None,
    rows: int = 1,
    title: str | None = None,
) -> Figure:
    r"""Draw the volumes that flow through a network as blocks, side by side.

    The front face is H high and W wide, and the block is C deep. Lengths are compressed (they
    grow with the 0.45th power of the size) to fit 3×224×224 and 256×6×6 into one picture. A
    block with H = W = 1 is a vector and drawn as an upright bar, whose height follows the
    logarithm of its length. The exact size is written below.

    Parameters
    ----------
    blocks : sequence of (C, H, W, label)
        Channels, height, width and a name, which may be empty and may hold line breaks.
    operations : sequence of str, optional
        What leads from each block to the next: one text fewer than blocks.
    rows : int
        How many rows to break a long network into.
    title : str, optional
        Text above the picture.

    Returns
    -------
    Figure
        One axes; its texts hold the sizes and labels.

    Raises
    ------
    ValueError
        If a size is not positive or the number of operations does not fit.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig = drawing.volumes([(3, 32, 32, "input"), (4, 28, 28, "features")])
    >>> fig.axes[0].texts[0].get_text()
    'input\n3@32×32'
    """
    if not len(blocks):
        raise ValueError("volumes: blocks is empty; pass (channels, height, width, label) tuples.")
    for block in blocks:
        if len(block) != 4 or min(block[:3]) < 1:
            raise ValueError(
                "volumes: each block is (channels, height, width, label) with sizes of at least "
                f"1, but one is {block!r}."
            )
    if rows < 1:
        raise ValueError(f"volumes: rows must be at least 1, but is {rows}.")
    if operations is not None and len(operations) != len(blocks) - 1:
        raise ValueError(
            f"volumes: {len(blocks)} blocks have {len(blocks) - 1} steps between them, "
            f"but {len(operations)} operations came."
        )
    measure = Figure()
    shapes = [_block_inches(block) for block in blocks]
    captions = [_caption(block) for block in blocks]
    caption_sizes = [text_inches(measure, caption, 11) for caption in captions]
    steps = [text_inches(measure, text, 11) for text in operations or []]
    per_row = -(-len(blocks) // rows)
    room = 0.42  # for an arrow, in inches

    used_rows = -(-len(blocks) // per_row)
    members = [range(r * per_row, min((r + 1) * per_row, len(blocks))) for r in range(used_rows)]
    bodies = [max(shapes[k].height for k in row) for row in members]
    under = [max(caption_sizes[k][1] for k in row) for row in members]
    # A row may be low and its operations several lines high: they need room over the arrows.
    tallest_step = max((height for _, height in steps), default=0.0) + 0.1
    over = [max(0.0, tallest_step - body / 2) for body in bodies]

    centres: list[tuple[float, float]] = []
    right, y = 0.0, 0.0
    for r, row in enumerate(members):
        if r:
            y -= bodies[r - 1] / 2 + 0.1 + under[r - 1] + 0.3 + over[r] + bodies[r] / 2
        for k in row:
            half = max(shapes[k].width, caption_sizes[k][0]) / 2
            if k == row[0]:
                x = half
            else:
                before = shapes[k - 1]
                caption_gap = (caption_sizes[k - 1][0] + caption_sizes[k][0]) / 2 + 0.15
                step = max(room, steps[k - 1][0] if steps else 0.0) + 0.16
                x = centres[-1][0] + max(caption_gap, (before.width + shapes[k].width) / 2 + step)
            centres.append((x, y))
            right = max(right, x + half)
        last = row[-1]
        if last + 1 < len(blocks):  # the arrow that leads out of the row
            out = max(room + 0.1, steps[last][0] + 0.1 if steps else 0.0)
            right = max(right, x + shapes[last].width / 2 + out)

    top = bodies[0] / 2 + over[0] + 0.05 + (0.4 if title else 0.0)
    bottom = y - bodies[-1] / 2 - 0.1 - under[-1] - 0.05
    width, height = right + 0.1, top - bottom
    fig = Figure(figsize=(width, height))
    ax = fig.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_axis_off()
    # One unit of the axes is one inch, as measured above.
    ax.set(xlim=(-0.05, width - 0.05), ylim=(bottom, top))
    for k, (x, y) in enumerate(centres):
        _draw_block(ax, shapes[k], x, y, CYCLE[0] if blocks[k][1:3] != (1, 1) else CYCLE[1])
        ax.text(
            x,
            y - bodies[k // per_row] / 2 - 0.1,
            captions[k],
            ha="center",
            va="top",
            fontsize=11,
            linespacing=1.25,
            color=INK,
        )
    for k in range(len(blocks) - 1):
        (x, y), (next_x, next_y) = centres[k], centres[k + 1]
        start = x + shapes[k].width / 2
        stop = next_x - shapes[k + 1].width / 2
        if y != next_y:  # the row ends: point out of it
            stop = start + max(room + 0.1, steps[k][0] + 0.1 if steps else 0.0)
        ax.add_patch(arrow((start + 0.05, y), (stop - 0.05, y), mutation_scale=13, linewidth=1.4))
        if operations is not None:
            ax.text(
                (start + stop) / 2,
                y + 0.08,
                operations[k],
                ha="center",
                va="bottom",
                fontsize=11,
                color="#444444",
            )
    if title is not None:
        ax.text(width / 2 - 0.05, top - 0.05, title, ha="center", va="top", fontsize=13)
    return fig


class _Shape:
    """The size of a drawn block in inches: face, depth shift, and the whole."""

    def __init__(self, face_width: float, face_height: float, depth: float) -> None:
        self.face = (face_width, face_height)
        # Depth goes to the right and upwards at 30 degrees.
        self.shift = (depth * np.cos(np.pi / 6), depth * np.sin(np.pi / 6))
        self.width = face_width + self.shift[0]
        self.height = face_height + self.shift[1]


def _block_inches(block: Block) -> _Shape:
    channels, height, width, _ = block
    unit, power = 0.12, 0.45
    if height == width == 1:
        return _Shape(0.16, 0.15 * float(np.log2(channels + 3)), 0.1)
    return _Shape(unit * width**power, unit * height**power, 0.06 * channels**power)


def _caption(block: Block) -> str:
    channels, height, width, label = block
    size = f"{channels:,}" if height == width == 1 else f"{channels}@{height}×{width}"
    return f"{label}\n{size}" if label else size


def _draw_block(ax: Axes, shape: _Shape, x: float, y: float, color: str) -> None:
    """Draw the three visible faces of a box whose picture is centred at (x, y)."""
    (w, h), (dx, dy) = shape.face, shape.shift
    left, low = x - shape.width / 2, y - shape.height / 2
    front = np.array([(0, 0), (w, 0), (w, h), (0, h)])
    over = np.array([(0, h), (w, h), (w + dx, h + dy), (dx, h + dy)])
    side = np.array([(w, 0), (w + dx, dy), (w + dx, h + dy), (w, h)])
    for face, alpha in ((front, 0.30), (over, 0.18), (side, 0.50)):
        corners = face + np.array([left, low])
        ax.add_patch(Polygon(corners, closed=True, facecolor="white", edgecolor="none"))
        ax.add_patch(Polygon(corners, closed=True, facecolor=color, alpha=alpha, edgecolor="none"))
        ax.add_patch(
            Polygon(
                corners, closed=True, fill=False, edgecolor=INK, linewidth=1.1, joinstyle="round"
            )
        )


@styled
def graph(
    nodes: Mapping[str, tuple[float, float, str]],
    edges: Sequence[tuple[Any, ...]],
    ax: Axes,
    *,
    fmt: str | None = None,
    fontsize: float = 13.0,
    title: str | None = None,
) -> Axes:
    """Draw a computation graph: values flow forward above the arrows, gradients below them.

    Parameters
    ----------
    nodes : mapping from name to (x, y, text)
        Where each box is, in units of which both directions share one scale, and what is written
        in it. About 2 units between neighbours is a good distance.
    edges : sequence of (start, end), (start, end, value) or (start, end, value, gradient)
        Arrows between named nodes. Value and gradient are numbers or texts; None leaves one out.
    ax : Axes
        Where to draw.
    fmt : str, optional
        How to write numbers; see `format_numbers`.
    fontsize : float
        Points, for boxes and numbers.
    title : str, optional
        Text above the graph.

    Returns
    -------
    Axes
        ``ax``. Texts carry the gid ``"node"``, ``"value"`` or ``"gradient"``.

    Raises
    ------
    ValueError
        If an edge names a missing node, or does not have two to four parts.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(height=2)
    >>> nodes = {"x": (0, 0, "x"), "square": (2, 0, "·²"), "out": (4, 0, "y")}
    >>> edges = [("x", "square", 3, 6), ("square", "out", 9, 1)]
    >>> ax = drawing.graph(nodes, edges, ax)
    >>> [text.get_text() for text in ax.texts if text.get_gid() == "gradient"]
    ['6', '1']
    """
    ax = require_axes("graph", ax)
    if not nodes:
        raise ValueError("graph: nodes is empty; pass a dict from name to (x, y, text).")
    boxes: dict[str, Text] = {}
    for name, (x, y, text) in nodes.items():
        boxes[name] = ax.text(
            x,
            y,
            text,
            ha="center",
            va="center",
            fontsize=fontsize,
            zorder=4,
            gid="node",
            bbox={
                "boxstyle": "round,pad=0.45",
                "facecolor": "#EEF3F8",
                "edgecolor": INK,
                "linewidth": 1.3,
            },
        )
    for edge in edges:
        if not 2 <= len(edge) <= 4:
            raise ValueError(
                f"graph: an edge is (start, end, value, gradient), the last two optional, "
                f"but one is {edge!r}."
            )
        start, end, value, gradient = (*edge, None, None)[:4]
        for name in (start, end):
            if name not in nodes:
                raise ValueError(
                    f"graph: the edge {edge!r} names {name!r}, which is not among the nodes "
                    f"{list(nodes)}."
                )
        here, there = np.array(nodes[start][:2], float), np.array(nodes[end][:2], float)
        ax.add_patch(
            arrow(
                tuple(here),
                tuple(there),
                patchA=boxes[start].get_bbox_patch(),
                patchB=boxes[end].get_bbox_patch(),
                mutation_scale=13,
                linewidth=1.4,
                shrinkA=2,
                shrinkB=2,
                # After the boxes: an arrow ends at the box as it was drawn last.
                zorder=4.5,
            )
        )
        run = there - here
        if run[0] < 0:
            run = -run
        normal = np.array([-run[1], run[0]]) / max(float(np.hypot(*run)), 1e-9)
        middle = (here + there) / 2
        for what, side, kind, color in (
            (value, 1.0, "value", COLORS["blue"]),
            (gradient, -1.0, "gradient", "#B34700"),
        ):
            if what is None:
                continue
            text = what if isinstance(what, str) else format_numbers([what], fmt)[0]
            offset = side * normal * (fontsize * 0.85)
            ax.annotate(
                text,
                tuple(middle),
                tuple(offset),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=fontsize,
                color=color,
                gid=kind,
                zorder=5,
                fontweight="bold" if kind == "value" else "normal",
                fontstyle="normal" if kind == "value" else "italic",
                bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"},
            )
    spots = np.array([place[:2] for place in nodes.values()], dtype=float)
    low, high = spots.min(axis=0) - 0.7, spots.max(axis=0) + 0.7
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return ax
