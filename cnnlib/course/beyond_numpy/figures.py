"""Figures of notebook 12: doors, times, a batch shared out among workers, and their ring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from cnnlib.course import drawing
from cnnlib.course.drawing.theme import GREY, INK, arrow

__all__ = ["cost_of_growth", "doors", "profiles", "ring", "ring_holdings", "shared_batch"]

FILLS = ("#DCE8F2", "#FBE9DD", "#DDF0E8", "#F3E3EE")


@drawing.styled
def doors(present: Mapping[str, bool | None]) -> Figure:
    """Draw the network in the middle and what it can be carried to, with what is installed here.

    Parameters
    ----------
    present : mapping from name to bool or None
        The doors from top to bottom; whether each is open on this machine. None: its answers are
        recorded everywhere.

    Returns
    -------
    Figure
        One axes. The boxes carry the gid ``"door"``, what stands below their names ``"state"``.

    Examples
    --------
    >>> from cnnlib.course.beyond_numpy import figures
    >>> fig = figures.doors({"PyTorch": True, "ONNX": False})
    >>> [text.get_text() for text in fig.axes[0].texts if text.get_gid() == "state"]
    ['asked here, live', 'not here: recorded answers']
    """
    fig, ax = drawing.new(height=3.4)
    ax.set(xlim=(0, 10), ylim=(0, 1))
    ax.set_axis_off()
    _box(ax, 0.1, 0.3, 2.9, 0.4, FILLS[0])
    ax.text(1.55, 0.5, "the network of 09\n80,202 numbers\nin NumPy", ha="center", va="center")
    step = 1 / len(present)
    for k, (name, here) in enumerate(present.items()):
        middle = 1 - step * (k + 0.5)
        _box(ax, 5.4, middle - 0.42 * step, 4.4, 0.84 * step, FILLS[1 + k % 3], gid="door")
        up, down = middle + 0.13 * step, middle - 0.2 * step
        ax.text(7.6, up, name, ha="center", va="center", weight="bold")
        states = {True: "asked here, live", False: "not here: recorded answers"}
        state = states.get(bool(here)) if here is not None else "recorded answers"
        ax.text(7.6, down, state, ha="center", va="center", color=GREY, fontsize=11, gid="state")
        ax.add_patch(arrow((3.1, 0.5 + 0.07 * (1.5 - k)), (5.3, middle)))
    return fig


def _box(
    ax: Axes, x: float, y: float, width: float, height: float, color: str, gid: str | None = None
) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.06",
            mutation_aspect=0.3,
            facecolor=color,
            edgecolor=INK,
            linewidth=1.3,
            gid=gid,
        )
    )


@drawing.styled
def profiles(named: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Draw how one training step divides among the layers, one panel for each machine.

    Parameters
    ----------
    named : mapping from title to profile
        A profile as `cnnlib.course.beyond_numpy.timing.profile` returns it.

    Returns
    -------
    Figure
        One axes for each. Each layer has a bar for forward and one for backward, in milliseconds.

    Raises
    ------
    ValueError
        If there is no profile.

    Examples
    --------
    >>> from cnnlib.course.beyond_numpy import figures
    >>> fig = figures.profiles({"here": {"0 Conv2d": (0.002, 0.004), "1 ReLU": (0.001, 0.001)}})
    >>> [float(bar.get_width()) for bar in fig.axes[0].patches]
    [2.0, 1.0, 4.0, 1.0]
    """
    if not named:
        raise ValueError("profiles: there is no profile; pass a dict from title to profile.")
    fig, axes = drawing.new(ncols=len(named), height=4.0)
    for k, (ax, (title, profile)) in enumerate(
        zip(np.atleast_1d(axes), named.items(), strict=True)
    ):
        layers = list(profile)
        at = np.arange(len(layers))
        kinds = ("forward", "blue", ""), ("backward", "orange", "///")
        for way, (label, color, hatch) in enumerate(kinds):
            ax.barh(
                at + 0.4 * way - 0.2,
                [1000 * profile[layer][way] for layer in layers],
                0.38,
                label=label,
                color=drawing.COLORS[color],
                hatch=hatch,
                edgecolor="white",
            )
        ax.set_yticks(at, layers if k == 0 else [""] * len(layers))
        ax.invert_yaxis()
        ax.set(xlabel="milliseconds", title=title)
    np.atleast_1d(axes)[0].legend(loc="lower right")
    return fig


@drawing.styled
def shared_batch(workers: Sequence[str], result: str) -> Figure:
    """Draw one batch that is shared out: a part, a gradient and a copy of the weights for each.

    Parameters
    ----------
    workers : sequence of str
        What each worker's gradient is, such as ``"gradient (1, 4)"``.
    result : str
        What the average is.

    Returns
    -------
    Figure
        One axes. The boxes of the workers carry the gid ``"worker"``.

    Examples
    --------
    >>> from cnnlib.course.beyond_numpy import figures
    >>> fig = figures.shared_batch(["(1, 4)", "(5, 0)"], "(3, 2)")
    >>> sum(patch.get_gid() == "worker" for patch in fig.axes[0].patches)
    2
    """
    fig, ax = drawing.new(height=3.2)
    ax.set(xlim=(0, 10), ylim=(0, 1))
    ax.set_axis_off()
    _box(ax, 0.1, 0.32, 1.9, 0.36, FILLS[0])
    ax.text(1.05, 0.5, "one batch", ha="center", va="center")
    step = 1 / len(workers)
    for k, text in enumerate(workers):
        middle = 1 - step * (k + 0.5)
        _box(ax, 3.1, middle - 0.38 * step, 2.9, 0.76 * step, FILLS[1 + k % 3], gid="worker")
        ax.text(4.55, middle, f"worker {k + 1}\n{text}", ha="center", va="center")
        ax.add_patch(arrow((2.1, 0.5), (3.0, middle)))
        ax.add_patch(arrow((6.1, middle), (7.1, 0.5)))
    _box(ax, 7.2, 0.28, 2.7, 0.44, FILLS[0])
    ax.text(8.55, 0.5, f"average\n{result}\nsame step for all", ha="center", va="center")
    return fig


def ring_holdings(workers: int) -> list[list[list[frozenset[int]]]]:
    """Return what each worker of a ring all-reduce holds, before it and after each of its steps.

    Parameters
    ----------
    workers : int
        At least 2. Each cuts its gradient into as many pieces.

    Returns
    -------
    list of list of list of frozenset
        ``holdings[step][worker][piece]``: whose gradients are in that sum. The first entry is the
        beginning; then come ``workers - 1`` steps that add up and as many that pass on.

    Raises
    ------
    ValueError
        If there are fewer than two workers.

    Examples
    --------
    >>> from cnnlib.course.beyond_numpy import figures
    >>> before, added, passed = figures.ring_holdings(2)
    >>> [sorted(piece) for piece in before[0]], [sorted(piece) for piece in added[0]]
    ([[0], [0]], [[0], [0, 1]])
    >>> all(len(piece) == 2 for worker in passed for piece in worker)
    True
    """
    if workers < 2:
        raise ValueError(f"ring_holdings: expected at least 2 workers, got {workers}.")
    holdings = [[[frozenset({me})] * workers for me in range(workers)]]
    for step in range(2 * (workers - 1)):
        adding = step < workers - 1
        before, after = holdings[-1], [list(pieces) for pieces in holdings[-1]]
        for me in range(workers):
            right = (me + 1) % workers
            k = (me - step) % workers if adding else (me + 1 - (step - workers + 1)) % workers
            after[right][k] = before[right][k] | before[me][k] if adding else before[me][k]
        holdings.append(after)
    return holdings


@drawing.styled
def ring(workers: int = 3) -> Figure:
    """Draw a ring all-reduce: who sends to whom, and what each worker holds after each step.

    Parameters
    ----------
    workers : int
        At least 2. Beyond 4 the cells are too small to read.

    Returns
    -------
    Figure
        One axes for the circle, then one for each state. A cell is a piece of a gradient; its
        numbers are the workers whose gradients are added up in it, or "all". A cell that just
        arrived has the gid ``"arrived"``, one that holds the sum of all is green.

    Raises
    ------
    ValueError
        If there are fewer than two workers.

    Examples
    --------
    >>> from cnnlib.course.beyond_numpy import figures
    >>> fig = figures.ring(3)
    >>> [ax.get_title() for ax in fig.axes[1:]]
    ['before', '1: add', '2: add', '3: pass on', '4: pass on']
    """
    holdings = ring_holdings(workers)
    fig, axes = drawing.new(ncols=1 + len(holdings), height=2.6)
    _circle(axes[0], workers)
    for step, (ax, state) in enumerate(zip(axes[1:], holdings, strict=True)):
        kind = "before" if step == 0 else f"{step}: {'add' if step < workers else 'pass on'}"
        ax.set(xlim=(0, workers), ylim=(workers, 0), title=kind)
        ax.set_axis_off()
        for me, pieces in enumerate(state):
            for k, piece in enumerate(pieces):
                arrived = step > 0 and piece != holdings[step - 1][me][k]
                color = FILLS[2] if len(piece) == workers else "white"
                edge = drawing.COLORS["orange"] if arrived else INK
                cell = Rectangle(
                    (k + 0.05, me + 0.12),
                    0.9,
                    0.76,
                    facecolor=color,
                    edgecolor=edge,
                    linewidth=2.6 if arrived else 1,
                    gid="arrived" if arrived else None,
                )
                ax.add_patch(cell)
                names = "+".join(str(one + 1) for one in sorted(piece))
                text = "all" if len(piece) == workers else names
                ax.text(k + 0.5, me + 0.5, text, ha="center", va="center", fontsize=9)
    return fig


def _circle(ax: Axes, workers: int) -> None:
    """Draw the workers in a circle, each with an arrow to the next."""
    ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", title="the ring")
    ax.set_axis_off()
    turns = 2 * np.pi * np.arange(workers) / workers
    places = np.stack([np.sin(turns), np.cos(turns)], axis=1)
    for me, here in enumerate(places):
        there = places[(me + 1) % workers]
        way = there - here
        gap = 0.45 * way / np.linalg.norm(way)
        ax.add_patch(arrow(tuple(here + gap), tuple(there - gap)))
        ax.add_patch(Circle(tuple(here), 0.36, facecolor=FILLS[0], edgecolor=INK, linewidth=1.3))
        ax.text(float(here[0]), float(here[1]), str(me + 1), ha="center", va="center")


@drawing.styled
def cost_of_growth(workers: Sequence[int], times: Mapping[str, Sequence[float]]) -> Figure:
    """Draw how long workers talk at each step, against how many there are.

    Parameters
    ----------
    workers : sequence of int
    times : mapping from name to sequence of float
        Seconds for each number of workers.

    Returns
    -------
    Figure
        One axes with a curve for each name, both scales logarithmic.

    Examples
    --------
    >>> from cnnlib.course.beyond_numpy import figures
    >>> fig = figures.cost_of_growth([2, 8], {"Ethernet": [0.08, 0.14]})
    >>> fig.axes[0].lines[0].get_ydata().tolist()
    [80.0, 140.0]
    """
    fig, ax = drawing.new(height=3.6)
    milliseconds = {name: 1000 * np.array(values) for name, values in times.items()}
    drawing.curves(
        milliseconds,
        ax,
        x=workers,
        xlabel="workers",
        ylabel="milliseconds a step",
        xscale="log",
        yscale="log",
        markers=False,
    )
    return fig
