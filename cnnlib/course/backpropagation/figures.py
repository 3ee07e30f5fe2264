"""Figures of notebook 07: graphs, sliding gradients, valleys, a clinic, what leaves a layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.text import Annotation
from numpy.typing import ArrayLike

from cnnlib.course import drawing
from cnnlib.course.drawing.theme import INK, arrow

__all__ = [
    "GRAPHS",
    "activations",
    "clinic",
    "five_steps",
    "graph",
    "sliding_sums",
    "step_error",
    "valley",
]

Verdict = tuple[bool | None, str]
Node = tuple[float, float, str]

STEPS = (
    ("1 initialise", "random weights\nof the right size"),
    ("2 forward", "image in,\nscores out"),
    ("3 loss", "one number:\nhow wrong"),
    ("4 backward", "a slope for\nevery weight"),
    ("5 update", "a small step\ndownhill"),
)
# The graphs of the chapter: the boxes, and each arrow under the name of what it carries.
GRAPHS: dict[str, tuple[dict[str, Node], dict[str, tuple[str, str]], float]] = {
    "chain": (
        {
            "x": (0, 0, "x"),
            "times": (2, 0, "× 3"),
            "minus": (4, 0, "− 1"),
            "square": (6, 0, "square"),
            "L": (8, 0, "L"),
        },
        {
            "x": ("x", "times"),
            "u": ("times", "minus"),
            "v": ("minus", "square"),
            "L": ("square", "L"),
        },
        1.5,
    ),
    "neuron": (
        {
            "x": (0, 0.9, "x"),
            "w": (0, -0.9, "w"),
            "times": (2, 0, "×"),
            "b": (2.4, -1.6, "b"),
            "plus": (4, 0, "+"),
            "relu": (6, 0, "ReLU"),
            "t": (6.5, -1.6, "t"),
            "square": (8.2, 0, "(a − t)²"),
            "L": (10.2, 0, "L"),
        },
        {
            "x": ("x", "times"),
            "w": ("w", "times"),
            "product": ("times", "plus"),
            "b": ("b", "plus"),
            "z": ("plus", "relu"),
            "a": ("relu", "square"),
            "t": ("t", "square"),
            "L": ("square", "L"),
        },
        3.0,
    ),
    "fork": (
        {
            "w": (0, 0, "w"),
            "times 3": (2.4, 0.8, "× 3"),
            "times 5": (2.4, -0.8, "× 5"),
            "times 2": (4.8, 0.8, "× 2"),
            "times -1": (4.8, -0.8, "× (−1)"),
            "plus": (7.2, 0, "+"),
            "L": (9, 0, "L"),
        },
        {
            "w, upper": ("w", "times 3"),
            "w, lower": ("w", "times 5"),
            "3w": ("times 3", "times 2"),
            "5w": ("times 5", "times -1"),
            "6w": ("times 2", "plus"),
            "-5w": ("times -1", "plus"),
            "L": ("plus", "L"),
        },
        2.5,
    ),
}


@drawing.styled
def graph(name: str, values: Mapping[str, float], gradients: Mapping[str, float]) -> Figure:
    """Draw one of the chapter's computation graphs with a value and a gradient on each arrow.

    Parameters
    ----------
    name : {"chain", "neuron", "fork"}
        Which graph; `GRAPHS` holds their boxes and arrows.
    values, gradients : mapping from the name of an arrow to a number
        What flows forward, written above the arrow, and backward, written below it. An arrow
        that is left out carries no number.

    Returns
    -------
    Figure
        One axes. Texts carry the gid ``"node"``, ``"value"`` or ``"gradient"``.

    Raises
    ------
    ValueError
        If there is no such graph, or it has no arrow of a given name.

    Examples
    --------
    >>> from cnnlib.course.backpropagation import figures
    >>> fig = figures.graph("chain", {"x": 2, "u": 6}, {"u": 10})
    >>> [text.get_text() for text in fig.axes[0].texts if text.get_gid() == "gradient"]
    ['10']
    """
    if name not in GRAPHS:
        raise ValueError(f"graph: there is no graph {name!r}; choose one of {list(GRAPHS)}.")
    nodes, arrows, height = GRAPHS[name]
    for given in (*values, *gradients):
        if given not in arrows:
            raise ValueError(
                f"graph: the {name} has no arrow {given!r}; its arrows are {list(arrows)}."
            )
    edges = [(*ends, values.get(key), gradients.get(key)) for key, ends in arrows.items()]
    fig, ax = drawing.new(height=height)
    drawing.graph(nodes, edges, ax)
    for text in ax.texts:
        if isinstance(text, Annotation):
            # Numbers are wider than they are high, so they need more room beside a sloping edge.
            right, up = text.xyann
            text.xyann = (1.9 * right, up)
    return fig


@drawing.styled
def five_steps() -> Figure:
    """Draw the five steps of training: one to begin with, then four that repeat.

    Returns
    -------
    Figure
        One axes. The names of the steps carry the gid ``"step"``, from left to right.

    Examples
    --------
    >>> from cnnlib.course.backpropagation import figures
    >>> texts = figures.five_steps().axes[0].texts
    >>> [text.get_text() for text in texts if text.get_gid() == "step"][3]
    '4 backward'
    """
    fig, ax = drawing.new(width=9.0, height=2.5)
    width, height, pitch = 1.7, 1.35, 2.15
    for k, (name, meaning) in enumerate(STEPS):
        x = k * pitch
        backward = name.endswith("backward")
        ax.add_patch(
            FancyBboxPatch(
                (x - width / 2, -height / 2),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=0.12",
                facecolor="#FBE9DD" if backward else "#EEF3F8",
                edgecolor=drawing.COLORS["vermillion"] if backward else INK,
                linewidth=2.6 if backward else 1.3,
            )
        )
        ax.text(x, 0.36, name, ha="center", va="center", weight="bold", fontsize=12.5, gid="step")
        ax.text(x, -0.2, meaning, ha="center", va="center", fontsize=11, linespacing=1.3)
        if k:
            start, stop = (x - pitch + width / 2 + 0.04, 0), (x - width / 2 - 0.04, 0)
            ax.add_patch(arrow(start, stop))
    below = -height / 2 - 0.05
    ax.add_patch(arrow((4 * pitch, below), (pitch, below), connectionstyle="bar,fraction=-0.06"))
    ax.text(
        2.5 * pitch,
        -height / 2 - 0.52,
        "again, with the next batch of images",
        ha="center",
        va="center",
        fontsize=12,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 3},
    )
    ax.set(xlim=(-width / 2 - 0.1, 4 * pitch + width / 2 + 0.1), ylim=(-1.45, 0.8))
    ax.set_aspect("equal")
    ax.set_axis_off()
    return fig


@drawing.styled
def sliding_sums(
    values: ArrayLike,
    kernel: ArrayLike,
    *,
    name: str = "y",
    padding: int = 0,
    cell: float = 0.62,
    title: str | None = None,
) -> Figure:
    """Draw every stop of a sliding window, each with its products and their sum.

    Panel (i, j) of the figure is where entry (i, j) is in the result. In the cells of the
    window the weight is written below the number that it multiplies.

    Parameters
    ----------
    values : array_like, shape (H, W)
        What the window slides over.
    kernel : array_like, shape (KH, KW)
        The weights in the window. It is not flipped.
    name : str
        The name of the result, as in ``dW[0, 1] = 4``.
    padding : int
        How many outer rows and columns of ``values`` are padding, drawn grey.
    cell : float
        Width of a cell in inches.
    title : str, optional
        A title above all.

    Returns
    -------
    Figure
        OH × OW axes in row-major order; the sums are in their titles.

    Raises
    ------
    ValueError
        If the kernel is larger than the array.

    Examples
    --------
    >>> from cnnlib.course.backpropagation import figures
    >>> fig = figures.sliding_sums([[3, 1, 2]], [[1, 2]], name="dW")
    >>> [ax.get_title() for ax in fig.axes]
    ['dW[0, 0] = 5', 'dW[0, 1] = 5']
    """
    array, weights = np.asarray(values), np.asarray(kernel)
    if array.ndim != 2 or weights.ndim != 2:
        raise ValueError(
            "sliding_sums: values and kernel must be 2-D, but their shapes are "
            f"{array.shape} and {weights.shape}. Pick one map first, for example x[0, 0]."
        )
    (h, w), (kh, kw) = array.shape, weights.shape
    if kh > h or kw > w:
        raise ValueError(
            f"sliding_sums: the kernel is {kh}×{kw}, larger than values, which are {h}×{w}. "
            "Pass the larger array first."
        )
    rows, cols = h - kh + 1, w - kw + 1
    factors = ["× " + text for text in drawing.format_numbers(weights)]
    fig, axes = drawing.new(
        rows,
        cols,
        width=cols * (w * cell + 0.5),
        height=rows * (h * cell + 0.5) + (0.4 if title else 0.0),
        title=title,
    )
    for (i, j), ax in np.ndenumerate(np.reshape(axes, (rows, cols))):
        drawing.grid(array, ax, highlight=[(i, j, kh, kw)], padding=padding)
        for hatch in [patch for patch in ax.patches if patch.get_gid() == "padding"]:
            hatch.remove()  # it would only disturb behind two lines of text
        for (k, m), factor in zip(np.ndindex(kh, kw), factors, strict=True):
            text = ax.texts[(i + k) * w + j + m]
            text.set_text(f"{text.get_text()}\n{factor}")
            text.set_va("center")
            text.set_linespacing(1.1)
            text.set_weight("bold")
        total = (array[i : i + kh, j : j + kw] * weights).sum()
        ax.set_title(f"{name}[{i}, {j}] = {drawing.format_numbers([total])[0]}")
    return fig


@drawing.styled
def step_error(steps: ArrayLike, errors: Mapping[str, ArrayLike], ax: Axes) -> Axes:
    """Draw the error of a numerical gradient against its step, on logarithmic axes.

    Parameters
    ----------
    steps : array_like, shape (S,)
        Step sizes, all positive.
    errors : mapping from name to array_like, shape (S,)
        Absolute errors. A zero has no logarithm and leaves a gap.
    ax : Axes
        Where to draw.

    Returns
    -------
    Axes
        ``ax``; the curves are ``ax.lines`` in order.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.backpropagation import figures
    >>> fig, ax = drawing.new()
    >>> ax = figures.step_error([1e-2, 1e-1], {"central": [1e-4, 1e-2]}, ax)
    >>> ax.get_xscale()
    'log'
    """
    drawn = {}
    for name, values in errors.items():
        error = np.asarray(values, dtype=float)
        drawn[name] = np.where(error > 0, error, np.nan)
    drawing.curves(
        drawn,
        ax,
        x=steps,
        xscale="log",
        yscale="log",
        markers=False,
        labels="none",
        xlabel="step h",
        ylabel="error of the slope",
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.3)
    for side, text in (
        ("left", "← too small: rounding"),
        ("right", "too large: the curve bends →"),
    ):
        where = 0.0 if side == "left" else 1.0
        ax.text(where, 1.03, text, transform=ax.transAxes, ha=side, gid="side")
    return ax


@drawing.styled
def valley(
    curvature: tuple[float, float],
    paths: Mapping[str, ArrayLike],
    ax: Axes,
    *,
    title: str | None = None,
) -> Axes:
    """Draw paths into the valley ``(a·x² + b·y²) / 2`` over its contour lines.

    Parameters
    ----------
    curvature : (float, float)
        a and b.
    paths : mapping from name to array_like, shape (steps + 1, 2)
        The places visited, the start first.
    ax : Axes
        Where to draw.
    title : str, optional
        Text above the picture.

    Returns
    -------
    Axes
        ``ax``; the paths are the first ``ax.lines``, in order.

    Raises
    ------
    ValueError
        If a path is not a list of (x, y) places.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib.course.backpropagation import figures
    >>> fig, ax = drawing.new()
    >>> ax = figures.valley((1, 20), {"SGD": [(10, 1), (9.1, -0.8)]}, ax)
    >>> ax.lines[0].get_ydata().tolist()
    [1.0, -0.8]
    """
    places = {}
    for name, path in paths.items():
        places[name] = np.asarray(path, dtype=float)
        if places[name].ndim != 2 or places[name].shape[1] != 2:
            raise ValueError(
                f"valley: the path {name!r} must have shape (steps + 1, 2), "
                f"but its shape is {places[name].shape}."
            )
    visited = np.concatenate(list(places.values()))
    low, high = visited.min(axis=0), visited.max(axis=0)
    low, high = np.minimum(low, 0), np.maximum(high, 0)
    low, high = low - 0.12 * (high - low), high + 0.12 * (high - low)
    x, y = np.meshgrid(np.linspace(low[0], high[0], 161), np.linspace(low[1], high[1], 161))
    loss = (curvature[0] * x**2 + curvature[1] * y**2) / 2
    levels = loss.max() * np.linspace(0.05, 1, 8) ** 2
    ax.contour(x, y, loss, levels=levels, colors="#C4C4C4", linewidths=0.9, zorder=1)
    for k, (name, path) in enumerate(places.items()):
        ax.plot(
            path[:, 0],
            path[:, 1],
            color=drawing.CYCLE[k % len(drawing.CYCLE)],
            linestyle=drawing.LINE_STYLES[k % len(drawing.LINE_STYLES)],
            marker=drawing.MARKERS[k % len(drawing.MARKERS)],
            markersize=5,
            markeredgecolor="white",
            linewidth=1.8,
            label=name,
            zorder=3,
        )
    ax.plot(0, 0, marker="*", color=INK, markersize=15, linestyle="", zorder=4, label="minimum")
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="x", ylabel="y")
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.3)
    if title is not None:
        ax.set_title(title)
    return ax


@drawing.styled
def activations(named: Mapping[str, ArrayLike]) -> Figure:
    """Draw how often each value leaves a layer, one histogram for each of some layers.

    Parameters
    ----------
    named : mapping from title to array_like
        What left the layer, for all images and places.

    Returns
    -------
    Figure
        One axes for each. Each has 30 bars from its smallest value to its largest, their heights
        in shares of all values; where all values are equal there is one bar.

    Raises
    ------
    ValueError
        If there is no layer, or a layer without values.

    Examples
    --------
    >>> from cnnlib.course.backpropagation import figures
    >>> fig = figures.activations({"alive": [0, 0, 1, 2], "dead": [0, 0, 0, 0]})
    >>> [len(ax.patches) for ax in fig.axes]
    [30, 1]
    """
    if not named:
        raise ValueError("activations: there is no layer; pass a dict from title to values.")
    fig, axes = drawing.new(ncols=len(named), height=2.5, width=10)
    for ax, (title, values) in zip(np.atleast_1d(axes), named.items(), strict=True):
        flat = np.ravel(values)
        if not flat.size:
            raise ValueError(f"activations: {title!r} has no values.")
        low, high = float(flat.min()), float(flat.max())
        counts, edges = np.histogram(flat, bins=30 if high > low else 1)
        width = edges[1] - edges[0] if high > low else 0.2
        middles = (edges[:-1] + edges[1:]) / 2
        ax.bar(middles, counts / flat.size, width, color=drawing.COLORS["blue"])
        ax.set(ylim=(0, 1.05), title=title, xlabel="value")
        if high == low:
            ax.set(xlim=(low - 1, high + 1))
    np.atleast_1d(axes)[0].set_ylabel("share")
    return fig


@drawing.styled
def clinic(rungs: Sequence[str], patients: Mapping[str, Sequence[Verdict]]) -> Figure:
    """Draw which network passes which test: a row for each network, a column for each rung.

    Parameters
    ----------
    rungs : sequence of str
        Names of the tests, in their order.
    patients : mapping from name to sequence of (passed, text)
        A verdict for each test: True, False, or None where the test was not tried. The text,
        such as a measured value, is written beside the sign ✓ or ✗.

    Returns
    -------
    Figure
        One axes; the verdicts carry the gid ``"verdict"``, in row-major order.

    Raises
    ------
    ValueError
        If a network does not have one verdict for each test.

    Examples
    --------
    >>> from cnnlib.course.backpropagation import figures
    >>> fig = figures.clinic(["first loss"], {"A": [(False, "180")], "B": [(True, "2.3")]})
    >>> [text.get_text() for text in fig.axes[0].texts if text.get_gid() == "verdict"]
    ['✗  180', '✓  2.3']
    """
    for name, verdicts in patients.items():
        if len(verdicts) != len(rungs):
            raise ValueError(
                f"clinic: {name!r} has {len(verdicts)} verdicts for {len(rungs)} tests; pass "
                "(None, '') for a test that was not tried."
            )
    fig, ax = drawing.new(width=9.0, height=0.62 * len(patients) + 0.6)
    for i, (name, verdicts) in enumerate(patients.items()):
        ax.text(-0.08, i, name, ha="right", va="center")
        for j, (passed, text) in enumerate(verdicts):
            sign, color = {
                True: ("✓", drawing.COLORS["green"]),
                False: ("✗", drawing.COLORS["vermillion"]),
                None: ("", "#B0B0B0"),
            }[passed]
            ax.add_patch(
                Rectangle(
                    (j, i - 0.42),
                    0.94,
                    0.84,
                    facecolor=mpl.colors.to_rgba(color, 0.16),
                    edgecolor=color,
                    linewidth=3.0 if passed is False else 1.2,
                )
            )
            ax.text(
                j + 0.47,
                i,
                f"{sign}  {text}".strip() if sign else "not tried",
                ha="center",
                va="center",
                weight="bold" if passed is False else "normal",
                color=INK if sign else "#6B6B6B",
                gid="verdict",
            )
    for j, rung in enumerate(rungs):
        ax.text(j + 0.47, -0.58, rung, ha="center", va="bottom", weight="bold", gid="rung")
    ax.set(xlim=(-1.45, len(rungs)), ylim=(len(patients) - 0.5, -1.0))
    ax.set_axis_off()
    return fig
