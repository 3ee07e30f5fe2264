"""Figures of notebook 02: a window that slides, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from cnnlib.course import drawing
from cnnlib.course.drawing.display import TRUE_COLOUR
from cnnlib.course.drawing.theme import LINE
from cnnlib.functional import conv2d
from cnnlib.types import Array

__all__ = [
    "RIDDLE",
    "arithmetic",
    "commuting_square",
    "dense_local_shared",
    "descend",
    "effects",
    "learning",
    "riddle",
    "shrink",
    "sliding_areas",
    "sliding_sums",
    "template_search",
    "two_ways",
    "walk",
]

Function = Callable[[Array], Array]

HATCHED = "#F6D9C4"  # behind the hatching of an area

# The kernel that the opening question hides. The notebook finds it by gradient descent.
RIDDLE = np.array([[0, 1, 2], [-1, 1, 1], [-2, -1, 0]], dtype=np.float64)


def riddle(picture: ArrayLike) -> Array:
    """Return a grey picture after a kernel that the reader does not know yet.

    Parameters
    ----------
    picture : array_like, shape (H, W)
        Grey values from 0 to 1.

    Returns
    -------
    array of float64, shape (H - 2, W - 2)
        May reach below 0 and above 1.

    Raises
    ------
    TypeError
        If the picture holds no real numbers.
    ValueError
        If it is not 2-D or smaller than 3×3.

    Examples
    --------
    >>> riddle(np.ones((3, 3)))
    array([[1.]])
    """
    grey = _map("riddle", picture, "picture")
    _places("riddle", grey.shape, RIDDLE.shape)
    return conv2d(grey.astype(np.float64)[None, None], RIDDLE[None, None])[0, 0]


def shrink(picture: ArrayLike, factor: int) -> Array:
    """Replace each block of pixels by its mean.

    Parameters
    ----------
    picture : array_like, shape (H, W)
        Height and width must be multiples of the factor.
    factor : int
        Height and width of a block.

    Returns
    -------
    array of float64, shape (H / factor, W / factor)

    Raises
    ------
    ValueError
        If the blocks do not fill the picture.

    Examples
    --------
    >>> shrink([[1, 3], [5, 7]], 2)
    array([[4.]])
    """
    grey = _map("shrink", picture, "picture").astype(np.float64)
    height, width = grey.shape
    if height % factor or width % factor:
        raise ValueError(
            f"shrink: blocks of {factor}×{factor} do not fill a picture of {height}×{width}."
        )
    blocks = grey.reshape(height // factor, factor, width // factor, factor)
    return blocks.mean(axis=(1, 3))


def descend(
    picture: ArrayLike, target: ArrayLike, *, steps: int, learning_rate: float
) -> tuple[Array, float]:
    """Learn a 3×3 kernel by gradient descent from zeros, as the notebook does.

    Parameters
    ----------
    picture : array_like, shape (H, W)
        The input.
    target : array_like, shape (H - 2, W - 2)
        What the kernel should make of it.
    steps : int
        How often all weights are moved.
    learning_rate : float
        The size of a step.

    Returns
    -------
    (array of shape (3, 3), float)
        The weights after the last step, and their mean squared error.

    Examples
    --------
    >>> picture = np.eye(5)
    >>> weights, loss = descend(picture, 2 * picture[1:-1, 1:-1], steps=100, learning_rate=0.5)
    >>> loss < 0.001
    True
    """
    grey = _map("descend", picture, "picture").astype(np.float64)[None, None]
    wanted = _map("descend", target, "target").astype(np.float64)
    weights = np.zeros((3, 3))

    def error() -> Array:
        return conv2d(grey, weights[None, None])[0, 0] - wanted

    for _ in range(steps):
        off = error()
        slope = conv2d(grey, off[None, None])[0, 0] * 2 / off.size
        weights = weights - learning_rate * slope
    return weights, float((error() ** 2).mean())


def _map(name: str, values: ArrayLike, what: str, ndim: int = 2) -> Array:
    """Return ``values`` as an array of real numbers with ``ndim`` axes, or say what it is."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name}: {what} must hold real numbers, but its dtype is {array.dtype}. "
            "Pass integers or floats."
        )
    if array.ndim != ndim or array.size == 0:
        fix = "Pick one map first, for example x[0, 0]." if ndim == 2 else "Pass one list."
        raise ValueError(
            f"{name}: {what} must be {ndim}-D and not empty, but its shape is {array.shape}. {fix}"
        )
    return array


def _places(name: str, size: tuple[int, ...], window: tuple[int, ...]) -> tuple[int, int]:
    """Return how many places a window has, down and across, at stride 1 without padding."""
    rows, cols = size[0] - window[0] + 1, size[1] - window[1] + 1
    if rows < 1 or cols < 1:
        raise ValueError(
            f"{name}: a kernel of shape {window} does not fit into an input of shape {size}. "
            "Use a smaller kernel."
        )
    return rows, cols


def arithmetic(window: ArrayLike, weights: ArrayLike) -> str:
    """Write a sum of products as one would on paper.

    Parameters
    ----------
    window, weights : array_like of one shape
        The factors; each value of the window is multiplied by the weight in the same place.

    Returns
    -------
    str
        Products in row-major order, then their sum. Negative factors are in brackets.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> arithmetic([[5, 1], [15, 5]], [[11, 4], [5, 2]])
    '5·11 + 1·4 + 15·5 + 5·2 = 144'
    >>> arithmetic([3, -1], [2, -1])
    '3·2 + (−1)·(−1) = 7'
    """
    first, second = np.asarray(window), np.asarray(weights)
    if first.shape != second.shape:
        raise ValueError(
            f"arithmetic: window is {first.shape} and weights are {second.shape}, "
            "but each value needs one weight. Cut out a window of the kernel's size."
        )
    factors = [[_bracketed(text) for text in drawing.format_numbers(a)] for a in (first, second)]
    products = " + ".join(f"{a}·{b}" for a, b in zip(*factors, strict=True))
    total = drawing.format_numbers([float((first.astype(float) * second.astype(float)).sum())])[0]
    return f"{products} = {total}"


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("−") else text


@drawing.styled
def walk(x: ArrayLike, weights: ArrayLike) -> Figure:
    """Draw every stop of a kernel on its way over an array, each with its arithmetic.

    Parameters
    ----------
    x : array_like, shape (H, W)
        The input.
    weights : array_like, shape (KH, KW)
        The kernel; stride 1, no padding.

    Returns
    -------
    Figure
        One axes for each output cell, in row-major order. The window is outlined, the title
        names the cell and the label below is its arithmetic.

    Raises
    ------
    ValueError
        If the kernel does not fit, or there are more than 16 stops.

    Examples
    --------
    >>> fig = walk([[5, 1, 7], [15, 5, 1]], [[11, 4], [5, 2]])
    >>> [ax.get_xlabel() for ax in fig.axes]
    ['5·11 + 1·4 + 15·5 + 5·2 = 144', '1·11 + 7·4 + 5·5 + 1·2 = 66']
    """
    array, small = _map("walk", x, "x"), _map("walk", weights, "weights")
    rows, cols = _places("walk", array.shape, small.shape)
    if rows * cols > 16:
        raise ValueError(
            f"walk: {rows}×{cols} stops are too many for one picture; at most 16 can be read. "
            "Use a smaller input or a larger kernel."
        )
    kh, kw = small.shape
    height = rows * (0.75 + 1.75 * array.shape[0] / array.shape[1])
    fig, axes = drawing.new(rows, cols, width=3.0 * min(cols, 3), height=height)
    for (i, j), ax in zip(np.ndindex(rows, cols), np.ravel(axes), strict=True):
        drawing.grid(array, ax, title=f"row {i}, column {j}", highlight=[(i, j, kh, kw)])
        ax.set_xlabel(arithmetic(array[i : i + kh, j : j + kw], small), fontsize=11, labelpad=6)
    return fig


@drawing.styled
def sliding_sums(f: ArrayLike, g: ArrayLike) -> Figure:
    """Draw a discrete convolution in one dimension: f stays, g is flipped and slides.

    Parameters
    ----------
    f, g : array_like, 1-D
        Short lists of numbers.

    Returns
    -------
    Figure
        For each position t a pair of axes: the two rows of numbers with the overlap outlined,
        and the sum ``(f∗g)[t]`` written out.

    Raises
    ------
    ValueError
        If f or g is not 1-D, or there are more than 12 positions.

    Examples
    --------
    >>> fig = sliding_sums([2, 1], [1, 4])
    >>> [ax.texts[0].get_text() for ax in fig.axes[1::2]]
    ['t = 0:   2·1 = 2', 't = 1:   2·4 + 1·1 = 9', 't = 2:   1·4 = 4']
    """
    first = _map("sliding_sums", f, "f", ndim=1)
    second = _map("sliding_sums", g, "g", ndim=1)
    n, m = first.size, second.size
    frames = n + m - 1
    if frames > 12:
        raise ValueError(
            f"sliding_sums: {frames} positions are too many for one picture; at most 12 can be "
            "read. Use shorter lists."
        )
    columns = n + 2 * (m - 1)
    cell = min(0.5, 6.0 / columns)
    fig, axes = drawing.new(
        frames,
        2,
        width=9.0,
        height=frames * (2 * cell + 0.25),
        width_ratios=[columns * cell + 0.8, 8.2 - columns * cell],
    )
    for t, (left, right) in enumerate(np.reshape(axes, (frames, 2))):
        shown = np.full((2, columns), np.nan)
        shown[0, m - 1 : m - 1 + n] = first
        shown[1, t : t + m] = second[::-1]
        overlap = [k for k in range(n) if 0 <= t - k < m]
        window = (0, overlap[0] + m - 1, 2, len(overlap))
        drawing.grid(shown, left, highlight=[window], row_labels=["f", "g flipped"])
        text = arithmetic([first[k] for k in overlap], [second[t - k] for k in overlap])
        right.set_axis_off()
        right.set(xlim=(0, 1), ylim=(0, 1))
        right.text(0.0, 0.5, f"t = {t}:   {text}", va="center", ha="left", fontsize=14)
    return fig


@drawing.styled
def sliding_areas(
    f: Function,
    g: Function,
    times: Sequence[float],
    *,
    span: tuple[float, float] = (-1.25, 2.25),
    names: tuple[str, str] = ("f", "g"),
) -> Figure:
    """Draw a convolution in continuous time: g flipped slides over f, frame by frame.

    Each frame shows f(τ), g(t − τ) and, hatched, their product. The chart below shows the area
    of the product against t, with a dot for each frame.

    Parameters
    ----------
    f, g : callable
        From an array of times to an array of values that are not negative.
    times : sequence of float
        One t for each frame, two to seven of them.
    span : (float, float)
        The range of τ that is drawn and added up; it must hold all of f.
    names : (str, str)
        What to call f and g.

    Returns
    -------
    Figure
        One axes for each frame, then the chart: its first line is the whole curve, its second
        the dots.

    Raises
    ------
    ValueError
        If the number of frames or the span does not fit.

    Examples
    --------
    >>> def box(t):
    ...     return ((t >= 0) & (t < 1)).astype(float)
    >>> fig = sliding_areas(box, box, [0.5, 1.0])
    >>> [ax.get_xlabel() for ax in fig.axes[:2]]
    ['area 0.50', 'area 1.00']
    """
    if not 2 <= len(times) <= 7:
        raise ValueError(f"sliding_areas: give two to seven times, not {len(times)}.")
    low, high = span
    if high <= low:
        raise ValueError(f"sliding_areas: span must rise, but is {span}.")
    # Midpoints of thin strips: a jump of f or g then falls between two of them.
    strips = max(200, round((high - low) * 1000))
    width = (high - low) / strips
    tau = low + (np.arange(strips) + 0.5) * width
    still = f(tau)

    def area(t: float) -> float:
        return float((still * g(t - tau)).sum() * width)

    fig = Figure(figsize=(9.0, 4.9), layout="constrained")
    layout = fig.add_gridspec(2, len(times), height_ratios=[1.0, 1.25])
    top = 1.18 * max(float(still.max()), *(float(g(t - tau).max()) for t in times))
    for k, t in enumerate(times):
        ax = fig.add_subplot(layout[0, k])
        _frame(ax, tau, still, g(t - tau))
        ax.set(xlim=span, ylim=(0, top or 1.0), title=f"t = {t:g}")
        ax.set_xticks(list(range(int(np.ceil(low)), int(np.floor(high)) + 1)))
        ax.set_xlabel(f"area {drawing.format_numbers([area(t)], '.2f')[0]}", fontweight="bold")

    chart = fig.add_subplot(layout[1, :])
    reach = np.linspace(min(times), max(times), 201)
    chart.plot(reach, [area(t) for t in reach], color=drawing.COLORS["black"], zorder=3)
    heights = [area(t) for t in times]
    _dots(chart, times, heights)
    for t, height in zip(times, heights, strict=True):
        chart.annotate(
            drawing.format_numbers([height], ".2f")[0],
            (t, height),
            (0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=11,
        )
    peak = max(heights) or 1.0
    chart.set(xlabel="t, how far the dashed curve has slid", ylabel="area")
    chart.set_ylim(-0.12 * peak, 1.3 * peak)
    chart.set_xticks(list(times))
    chart.grid(axis="y")
    fig.suptitle(f"solid: {names[0]}(τ)     dashed: {names[1]}(t − τ)     hatched: product")
    return fig


def _frame(ax: Axes, tau: Array, still: Array, moving: Array) -> None:
    """Draw one frame: the fixed curve, the sliding one, and their product as an area."""
    blue, red = drawing.COLORS["blue"], drawing.COLORS["vermillion"]
    ax.fill_between(
        tau,
        still * moving,
        facecolor=HATCHED,
        edgecolor=red,
        hatch=drawing.HATCHES[1],
        linewidth=0,
        zorder=2,
    )
    ax.plot(tau, still, color=blue, linestyle=drawing.LINE_STYLES[0], zorder=3)
    ax.plot(tau, moving, color=red, linestyle=drawing.LINE_STYLES[1], zorder=4)
    ax.axhline(0, color=LINE, linewidth=0.9, zorder=1)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _dots(ax: Axes, x: Sequence[float], y: Sequence[float]) -> None:
    """Mark the points that the small pictures of a figure belong to."""
    ax.plot(
        x,
        y,
        linestyle="none",
        marker=drawing.MARKERS[0],
        markersize=10,
        color=drawing.COLORS["vermillion"],
        markeredgecolor="white",
        zorder=4,
    )


@drawing.styled
def two_ways(
    x: ArrayLike, weights: ArrayLike, correlation: ArrayLike, convolution: ArrayLike
) -> Figure:
    """Draw cross-correlation above convolution: the same kernel as it is, and flipped.

    Parameters
    ----------
    x : array_like, shape (H, W)
        The input.
    weights : array_like, shape (KH, KW)
        The kernel.
    correlation, convolution : array_like, shape (H - KH + 1, W - KW + 1)
        The maps without and with the turn.

    Returns
    -------
    Figure
        Two rows of five axes: input, sign, kernel, equals, output. The first window, the first
        output cell and, with a dashed line, the upper left weight are outlined.

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> fig = two_ways([[1, 2], [3, 4]], [[1, 0], [0, 0]], [[1]], [[4]])
    >>> [ax.get_title() for ax in fig.axes[2::5]]
    ['kernel as it is', 'kernel flipped']
    """
    array, small = _map("two_ways", x, "x"), _map("two_ways", weights, "weights")
    (h, w), (kh, kw) = array.shape, small.shape
    oh, ow = _places("two_ways", array.shape, small.shape)
    outputs = [_map("two_ways", one, "the output") for one in (correlation, convolution)]
    for one in outputs:
        if one.shape != (oh, ow):
            raise ValueError(
                f"two_ways: an output has shape {one.shape}, but a kernel of shape {small.shape} "
                f"on an input of shape {array.shape} gives {(oh, ow)}. Leave the border out."
            )
    cell = 0.5
    columns = [float(w), 1.4, float(kw), 1.4, float(ow)]
    fig, axes = drawing.new(
        2, 5, width=(sum(columns) + 4) * cell, height=2 * (h * cell + 0.6), width_ratios=columns
    )
    cases = [
        (small, (0, 0, 1, 1), "kernel as it is", "cross-correlation"),
        (small[::-1, ::-1], (kh - 1, kw - 1, 1, 1), "kernel flipped", "convolution"),
    ]
    for line, output, (used, corner, name, result) in zip(axes, outputs, cases, strict=True):
        _same_cells(drawing.grid(array, line[0], highlight=[(0, 0, kh, kw)]), "input", h, h)
        drawing.operator(line[1], "⋆")
        _same_cells(drawing.grid(used, line[2], highlight=[None, corner]), name, kh, h)
        drawing.operator(line[3], "=")
        _same_cells(drawing.grid(output, line[4], highlight=[(0, 0, 1, 1)]), result, oh, h)
    return fig


def _same_cells(ax: Axes, title: str, rows: int, room: int) -> None:
    """Give a grid the height of a taller one, so the cells of both have one size."""
    spare = (room - rows) / 2
    low, high = ax.get_ylim()
    ax.set_ylim(low + spare, high - spare)
    ax.set_title(title, y=1 - spare / (room + 0.12))


def _fraction(value: Any) -> str:
    """Write a weight as a whole number or a simple fraction where it is one."""
    fraction = Fraction(float(value)).limit_denominator(64)
    if abs(float(fraction) - float(value)) > 1e-9:
        return format(float(value), ".2f")
    return str(fraction)


@drawing.styled
def effects(
    kernels: Mapping[str, ArrayLike],
    maps: Sequence[ArrayLike],
    *,
    ncols: int = 2,
    signed: bool = False,
) -> Figure:
    """Draw several kernels, each beside the map that it made of a picture.

    Parameters
    ----------
    kernels : mapping from name to array_like, shape (KH, KW)
        The kernels.
    maps : sequence of array_like, shape (OH, OW)
        Their maps, in the same order.
    ncols : int
        Pairs of kernel and map in a row.
    signed : bool
        Draw the maps with blue below zero, white at zero and red above. Without it they are
        grey pictures: what lies below 0 is black, what lies above 1 is white.

    Returns
    -------
    Figure
        For each kernel two axes: the kernel, titled with its name, and the map.

    Raises
    ------
    ValueError
        If there is no kernel, or the numbers of kernels and maps differ.

    Examples
    --------
    >>> fig = effects({"identity": [[1]]}, [[[0.5, 2.0]]])
    >>> fig.axes[1].images[0].get_array().tolist()
    [[0.5, 1.0]]
    """
    if not kernels or len(kernels) != len(maps):
        raise ValueError(
            f"effects: {len(kernels)} kernels came with {len(maps)} maps. Pass at least one "
            "kernel, and one map for each."
        )
    results = [_map("effects", one, "a map") for one in maps]
    nrows = -(-len(kernels) // ncols)
    pair = 9.0 / ncols
    aspect = max(one.shape[0] / one.shape[1] for one in results)
    fig, axes = drawing.new(
        nrows,
        2 * ncols,
        width=9.0,
        height=nrows * (0.64 * pair * aspect + 0.1),
        width_ratios=[0.5, 1.0] * ncols,
    )
    slots = np.reshape(axes, (nrows * ncols, 2))
    for spare in slots[len(kernels) :].ravel():
        fig.delaxes(spare)
    for (left, right), (name, weights), result in zip(
        slots[: len(kernels)], kernels.items(), results, strict=True
    ):
        drawing.kernel(
            _map("effects", weights, f"the kernel {name!r}"), left, title=name, fmt=_fraction
        )
        if signed:
            drawing.kernel(result, right, numbers=False)
        else:
            drawing.image(np.clip(result.astype(float), 0, 1), right)
    return fig


@drawing.styled
def commuting_square(x: ArrayLike, y: ArrayLike, moved_x: ArrayLike, moved_y: ArrayLike) -> Figure:
    """Draw the two ways from a picture to the feature map of the shifted picture.

    Parameters
    ----------
    x : array_like, shape (H, W)
        The picture, grey from 0 to 1.
    y : array_like, shape (OH, OW)
        Its feature map.
    moved_x : array_like, shape (H, W)
        The shifted picture.
    moved_y : array_like, shape (OH, OW)
        The feature map that both ways lead to.

    Returns
    -------
    Figure
        Four pictures, in the order of the arguments, then four arrows.

    Raises
    ------
    ValueError
        If a shape does not fit, or the picture does not hold 0 to 1.

    Examples
    --------
    >>> blank = np.zeros((4, 4))
    >>> fig = commuting_square(blank, blank, blank, blank)
    >>> [ax.get_title() for ax in fig.axes[:2]]
    ['picture', 'feature map']
    """
    maps = [_map("commuting_square", one, "a map") for one in (x, y, moved_x, moved_y)]
    if maps[0].shape != maps[2].shape or maps[1].shape != maps[3].shape:
        raise ValueError(
            "commuting_square: what is shifted must keep its shape, but the shapes are "
            f"{maps[0].shape} and {maps[2].shape}, {maps[1].shape} and {maps[3].shape}."
        )
    fig = Figure(figsize=(7.2, 6.2), layout="constrained")
    layout = fig.add_gridspec(3, 3, width_ratios=[4.0, 1.7, 4.0], height_ratios=[4.0, 0.6, 4.0])
    places = [(0, 0), (0, 2), (2, 0), (2, 2)]
    titles = ["picture", "feature map", "shifted picture", "the same, either way"]
    reach = float(max(np.abs(maps[1]).max(), np.abs(maps[3]).max())) or 1.0
    for k, (place, title) in enumerate(zip(places, titles, strict=True)):
        ax = fig.add_subplot(layout[place])
        if k % 2:
            drawing.kernel(maps[k], ax, title=title, numbers=False, vmax=reach)
            ax.spines[:].set_visible(True)
        else:
            drawing.image(maps[k], ax, title=title)
    for place, text in [
        ((0, 1), "convolve\n→"),
        ((1, 0), "↓  shift"),
        ((1, 2), "↓  shift"),
        ((2, 1), "convolve\n→"),
    ]:
        drawing.operator(fig.add_subplot(layout[place]), text, fontsize=15)
    return fig


@drawing.styled
def learning(losses: ArrayLike, snapshots: Mapping[int, ArrayLike]) -> Figure:
    """Draw how the loss fell while a kernel was learned, and the kernel at some of the steps.

    Parameters
    ----------
    losses : array_like, 1-D
        The loss after 0, 1, 2 … steps; positive, since the axis is logarithmic.
    snapshots : mapping from step to array_like, shape (KH, KW)
        The kernel after that many steps.

    Returns
    -------
    Figure
        The chart, whose second line holds the dots at the snapshots, then one axes for each.

    Raises
    ------
    ValueError
        If there is no snapshot, or one of a step that has no loss.

    Examples
    --------
    >>> fig = learning([4.0, 1.0], {0: [[0.0]], 1: [[2.0]]})
    >>> [ax.get_title() for ax in fig.axes[1:]]
    ['step 0', 'step 1']
    """
    loss = _map("learning", losses, "losses", ndim=1).astype(float)
    steps = list(snapshots)
    if not steps or min(steps) < 0 or max(steps) >= loss.size:
        raise ValueError(
            f"learning: snapshots must be of steps 0 to {loss.size - 1}, for which there is a "
            f"loss, but they are of {steps}."
        )
    fig = Figure(figsize=(9.0, 5.2), layout="constrained")
    layout = fig.add_gridspec(2, len(steps), height_ratios=[1.45, 1.0])
    chart = fig.add_subplot(layout[0, :])
    drawing.curves(
        {"loss": loss},
        chart,
        x=np.arange(loss.size),
        xlabel="step (logarithmic from 1 on)",
        ylabel="mean squared error",
        labels="none",
        yscale="log",
        markers=False,
    )
    _dots(chart, steps, loss[steps].tolist())
    chart.set_xscale("symlog", linthresh=1)  # a plain logarithm has no place for step 0
    chart.set_xticks(steps, labels=[str(step) for step in steps])
    chart.minorticks_off()
    kernels = [_map("learning", snapshots[step], f"the kernel of step {step}") for step in steps]
    reach = float(max(np.abs(one).max() for one in kernels)) or 1.0
    for k, step in enumerate(steps):
        ax = fig.add_subplot(layout[1, k])
        drawing.kernel(kernels[k], ax, title=f"step {step}", vmax=reach, fmt=".1f")
        for text in ax.texts:  # one size in all kernels, not one in each
            text.set(gid="weight", fontsize=11)
    return fig


def template_search(
    picture: ArrayLike, template: ArrayLike, answers: ArrayLike, found: Sequence[tuple[int, int]]
) -> Figure:
    """Draw a template, its answers all over a picture, and the windows that answered most.

    Parameters
    ----------
    picture : array_like, shape (H, W)
        Grey values from 0 to 1.
    template : array_like, shape (KH, KW)
        The kernel.
    answers : array_like, shape (H - KH + 1, W - KW + 1)
        The map.
    found : sequence of (row, column)
        The upper left corners of the windows to outline, the best one first.

    Returns
    -------
    Figure
        Three axes: the template, the map, the picture.

    Examples
    --------
    >>> fig = template_search(np.zeros((4, 4)), np.ones((2, 2)), np.zeros((3, 3)), [(0, 1)])
    >>> [ax.get_title() for ax in fig.axes]
    ['the template', 'its answers', 'where they are largest']
    """
    weights = _map("template_search", template, "template")
    maps = _map("template_search", answers, "answers")
    height, width = weights.shape
    fig, (left, middle, right) = drawing.new(
        ncols=3, width=9.0, height=3.4, width_ratios=[0.5, 1, 1]
    )
    drawing.kernel(weights, left, title="the template", numbers=False)
    drawing.kernel(maps, middle, title="its answers", numbers=False)
    middle.set(xticks=[], yticks=[])
    drawing.image(
        picture,
        right,
        title="where they are largest",
        highlight=[(row, column, height, width) for row, column in found],
    )
    return fig


def dense_local_shared(matrix: ArrayLike) -> Figure:
    """Draw what becomes of a dense layer that is made local, and then shared.

    Parameters
    ----------
    matrix : array_like, shape (outputs, inputs)
        The convolution as a dense layer: zero where an output does not look.

    Returns
    -------
    Figure
        Three axes, with the number of different weights above each.

    Examples
    --------
    >>> fig = dense_local_shared([[1, 2, 0], [0, 1, 2]])
    >>> [ax.get_title() for ax in fig.axes]
    ['dense: 6 weights', 'local: 4 weights', 'shared: 2 weights']
    """
    shared = _map("dense_local_shared", matrix, "matrix").astype(float)
    there = shared != 0
    dense = np.random.default_rng(0).permutation(shared.size).reshape(shared.shape).astype(float)
    fig = Figure(figsize=(9.0, 6.2), layout="constrained")
    layout = fig.add_gridspec(2, 2, height_ratios=[1, 1.9])
    places = {"dense": layout[0, 0], "local": layout[0, 1], "shared": layout[1, :]}
    stages = {
        "dense": dense,
        "local": np.where(there, dense, np.nan),
        "shared": np.where(there, shared, np.nan),
    }
    for name, stage in stages.items():
        ax = fig.add_subplot(places[name])
        count = len(np.unique(stage[np.isfinite(stage)]))
        drawing.grid(
            stage,
            ax,
            title=f"{name}: {count} weights",
            cmap="viridis",
            numbers=name == "shared",
        )
        ax.set(xlabel="inputs", ylabel="outputs")
        if name != "dense":  # where no weight is, the paper shows, in the dark theme too
            (cells,) = ax.images
            cells.set_visible(False)
            colours = np.asarray(cells.get_array())
            for i, j in np.argwhere(there).tolist():
                shade = tuple(colours[i, j].tolist())
                ax.add_patch(
                    Rectangle((j - 0.5, i - 0.5), 1, 1, fc=shade, ec="none", gid=TRUE_COLOUR)
                )
    return fig
