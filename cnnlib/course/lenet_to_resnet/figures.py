"""Figures of notebook 11: the contest, accuracy against work, and what depth does to training."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, NullFormatter

from cnnlib.course import drawing
from cnnlib.course.drawing.theme import GREY, INK, arrow
from cnnlib.course.lenet_to_resnet.networks import C3_TABLE, TEMPLATES
from cnnlib.course.lenet_to_resnet.published import Annotator, Measured, Winner
from cnnlib.layers import BatchNorm2d, Conv2d, Layer, MaxPool2d, ReLU
from cnnlib.model import Parallel, Residual, Sequential
from cnnlib.types import Array

__all__ = [
    "accuracy_against_work",
    "blocks",
    "by_depth",
    "by_rate",
    "c3_table",
    "contest",
    "templates",
]

# Where a name stands beside its circle, in points, where right of it there is no room.
_NAMES = {
    "VGG-16": (0, -34, "center"),
    "VGG-11": (0, -32, "center"),
    "VGG-19": (0, 29, "center"),
    "ResNet-18": (7, -13, "left"),
    "GoogLeNet": (-8, 5, "right"),
    "EfficientNet-B0": (9, 4, "left"),
    "EfficientNet-Lite0": (9, -4, "left"),
    "MobileNetV2": (8, -8, "left"),
    "ResNet-101": (3, -22, "left"),
    "ResNet-152": (0, 20, "center"),
    "Inception v3": (-12, 10, "right"),
    "AlexNet": (19, -4, "left"),
}


@drawing.styled
def contest(winners: Sequence[Winner], humans: Sequence[Annotator]) -> Figure:
    """Draw each year's lowest error as a bar, and the two annotators as lines.

    Examples
    --------
    >>> from cnnlib.course.lenet_to_resnet.published import HUMANS, WINNERS
    >>> [text.get_text() for text in contest(WINNERS, HUMANS).axes[0].texts][:2]
    ['28.2%', '25.8%']
    """
    fig, ax = drawing.new(height=4.4)
    names = [f"{one.year} {one.team}" for one in winners]
    drawing.bars(names, [one.error for one in winners], ax, fmt=lambda value: f"{value:g}%")
    for share in ax.texts:  # a line may pass where one stands
        share.set(zorder=6, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})
    for style, person in zip(("--", ":"), humans, strict=True):
        ax.axvline(person.error, color="black", linestyle=style, linewidth=1.6, zorder=5)
        ax.annotate(
            f"{person.name}: {person.error:g}% of {person.sorted:,}",
            (person.error, -0.5),
            (0, 4),
            textcoords="offset points",
            ha="center" if person.error > 9 else "right",
            va="bottom",
            fontsize=11,
            annotation_clip=False,
        )
    ax.set_xlabel("photographs whose class is not among five guesses, %")
    return fig


@drawing.styled
def accuracy_against_work(networks: Sequence[Measured], *, marked: Sequence[str] = ()) -> Figure:
    """Draw accuracy against multiply-adds; a circle's area stands for the learned numbers.

    Parameters
    ----------
    networks : sequence of Measured
    marked : sequence of str
        Names of those to draw in a second colour, with a thick edge.

    Returns
    -------
    Figure
        Circles in the order given, each with its name; a legend of three sizes.

    Examples
    --------
    >>> from cnnlib.course.lenet_to_resnet.published import MEASURED
    >>> fig = accuracy_against_work(MEASURED[:2])
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['AlexNet', 'VGG-11']
    """
    fig, ax = drawing.new(height=6.2)
    for one in networks:
        chosen = one.name in marked
        ax.scatter(
            one.billions,
            one.accuracy,
            s=_area(one.parameters),
            facecolor=drawing.COLORS["orange" if chosen else "blue"],
            edgecolor="black",
            alpha=0.6,
            linewidth=1.8 if chosen else 0.7,
            zorder=3,
        )
        right = np.sqrt(_area(one.parameters)) / 2 + 3
        x, y, side = _NAMES.get(one.name, (right, -4, "left"))
        ax.annotate(
            one.name, (one.billions, one.accuracy), (x, y), textcoords="offset points",
            ha=side, fontsize=11, zorder=6,
        )  # fmt: skip
    for millions in (5, 25, 125):
        ax.scatter([], [], s=_area(millions * 1e6), facecolor="none", edgecolor="black",
                   label=f"{millions} million")  # fmt: skip
    ax.legend(
        title="learned numbers",
        loc="lower right",
        labelspacing=1.6,
        handletextpad=1.5,
        borderpad=1.2,
        frameon=True,
    )
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set(xlim=(0.2, 40), xticks=[0.3, 1, 3, 10, 30])
    ax.set_xlabel("multiply-adds for one photograph, billions")
    ax.set_ylabel("right at the first guess, %")
    ax.grid(True)
    return fig


def _area(parameters: float) -> float:
    """Return the area of a circle, in square points."""
    return 14 * parameters / 1e6


def c3_table() -> Figure:
    """Draw which maps of S2 each map of C3 reads, as the table in the paper.

    Examples
    --------
    >>> c3_table().axes[0].get_xlabel()
    'map of C3'
    """
    reads = np.full((6, len(C3_TABLE)), np.nan)
    for column, maps in enumerate(C3_TABLE):
        reads[list(maps), column] = 1
    fig, ax = drawing.new(height=3.2)
    drawing.grid(reads, ax, fmt=lambda _: "×", indices=True)
    with drawing.style():
        ax.set(xlabel="map of C3", ylabel="map of S2")
    return fig


@drawing.styled
def templates(answers: Array, classes: Sequence[int]) -> Figure:
    """Draw F6's answers to some classes, what differs in them and in the templates, and those.

    Parameters
    ----------
    answers : array, (10, 84)
        For each class the mean of F6's values.
    classes : sequence of N int
        Which of them are drawn, as 12×7 pixels.

    Returns
    -------
    Figure
        Four rows of N axes.

    Examples
    --------
    >>> len(templates(np.zeros((10, 84)), [3, 7]).axes)
    8
    """
    answers = answers.reshape(-1, 12, 7)
    rows = {
        "F6, {}": answers,
        "F6 − mean": answers - answers.mean(axis=0),
        "{} − mean": TEMPLATES - TEMPLATES.mean(axis=0),
        "drawn {}": TEMPLATES,
    }
    shown = [row[k] for row in rows.values() for k in classes]
    titles = [title.format(k) for title in rows for k in classes]
    return drawing.gallery(
        np.array(shown), ncols=len(classes), titles=titles, vmin=-1.2, vmax=1.2, cell=1.0
    )


@drawing.styled
def blocks(drawn: Mapping[str, tuple[Layer, int]], *, height: float = 3.6) -> Figure:
    """Draw blocks from top to bottom, side by side, with the ways that lead through each.

    A box is a convolution or a pool, and says its kernel and how many channels it puts out. Where
    there are one or two ways, more channels make a wider box. Normalisation and ReLU are left out.

    Parameters
    ----------
    drawn : mapping from title to (block, channels)
        A `Parallel`, a `Residual`, or a `Sequential` with one way, and how many channels come in.
    height : float
        In inches.

    Returns
    -------
    Figure
        An axes for each block. Its boxes carry the gid ``"layer"``.

    Raises
    ------
    TypeError
        If there is a layer within that has no box.

    Examples
    --------
    >>> from cnnlib.layers import Conv2d
    >>> layer = Conv2d(8, 8, 3, padding=1, rng=np.random.default_rng(0))
    >>> (ax,) = blocks({"residual": (Residual(Sequential(layer)), 8)}).axes
    >>> [text.get_text() for text in ax.texts]
    ['8', '3×3, 8', '+', '8']
    """
    ways = [_ways(block) for block, _ in drawn.values()]
    fig, axes = drawing.new(
        ncols=len(drawn), height=height, width=9, width_ratios=[len(one) for one in ways]
    )
    for ax, (title, (block, channels)), one in zip(
        np.atleast_1d(axes), drawn.items(), ways, strict=True
    ):
        ax.set_title(title)
        _draw_ways(ax, one, channels, _JOINTS.get(type(block), ""))
    return fig


_JOINTS: dict[type, str] = {Parallel: "stacked", Residual: "+"}
_Box = tuple[str, int]  # what it says, and how many channels it puts out; 0: as many as came in


def _ways(block: Layer) -> list[list[_Box]]:
    if isinstance(block, Residual):
        past = [] if block.shortcut is None else _boxes(block.shortcut)
        return [_boxes(block.main), past]
    if isinstance(block, Parallel):
        return [_boxes(branch) for branch in block.branches]
    return [_boxes(block)]


def _boxes(way: Layer) -> list[_Box]:
    found: list[_Box] = []
    for layer in way if isinstance(way, Sequential) else [way]:
        if isinstance(layer, Conv2d):
            kind = " depthwise" if layer.groups == layer.in_channels > 1 else ""
            size = "×".join(map(str, layer.weight.shape[2:]))
            found.append((f"{size}{kind}, {layer.out_channels}", layer.out_channels))
        elif isinstance(layer, MaxPool2d):
            found.append((f"{'×'.join(map(str, layer.kernel_size))} max pool", 0))
        elif isinstance(layer, Sequential | Residual | Parallel):
            raise TypeError(f"blocks: {layer!r} would be one way within another.")
        elif not isinstance(layer, BatchNorm2d | ReLU):
            raise TypeError(f"blocks: {layer!r} has no box.")
    if not found:
        raise TypeError(f"blocks: {way!r} has neither a convolution nor a pool.")
    return found


def _draw_ways(ax: Axes, ways: list[list[_Box]], channels: int, joint: str) -> None:
    ax.set(xlim=(-0.52, len(ways) - 0.48), ylim=(0, 1))
    ax.set_axis_off()
    middle, last = (len(ways) - 1) / 2, len(ways) - 1
    widest = max([channels, *(count for way in ways for _, count in way)])
    top, low = 0.87, 0.22 if joint else 0.13
    bottom = low + 0.03
    step = (top - bottom) / max(map(len, ways))

    def line(*points: tuple[float, float]) -> None:
        ax.plot(*zip(*points, strict=True), color=GREY, linewidth=1.5)

    line((middle, 0.92), (middle, top))
    line((0, top), (last, top))
    ax.text(middle, 0.96, str(channels), ha="center", va="center", weight="bold")
    out = 0
    for x, way in enumerate(ways):
        before, count = top, channels
        for k, (text, own) in enumerate(way):
            count = own or count
            wide = 0.94 * max(0.45, count / widest) if len(ways) < 3 else 0.94
            y = top - (k + 0.55) * (top - bottom) / len(way)
            ax.add_patch(arrow((x, before), (x, y + 0.27 * step)))
            _box(ax, x, y, wide, 0.54 * step, text)
            before = y - 0.27 * step
        line((x, before), (x, low))
        out = out + count if joint == "stacked" else count
    line((0, low), (last, low))
    ax.add_patch(arrow((middle, low), (middle, 0.06)))
    if joint:
        size = 15 if joint == "+" else 11
        frame = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": INK}
        ax.text(middle, low, joint, ha="center", va="center", fontsize=size, bbox=frame)
    ax.text(middle, 0.025, str(out), ha="center", va="center", weight="bold")


def _box(ax: Axes, x: float, y: float, wide: float, high: float, text: str) -> None:
    ax.add_patch(
        Rectangle(
            (x - wide / 2, y - high / 2),
            wide,
            high,
            facecolor="#DCE8F2",
            edgecolor=INK,
            linewidth=1.3,
            gid="layer",
            zorder=3,
        )
    )
    ax.text(x, y, text, ha="center", va="center", fontsize=11, zorder=4)


@drawing.styled
def by_depth(
    depths: Sequence[int],
    rows: Mapping[str, Sequence[Sequence[float]]],
    ax: Axes,
    *,
    ylabel: str,
    yscale: str = "linear",
    xlabel: str = "layers that learn",
) -> Axes:
    """Draw the mean of several runs against the depth, and each run as a small dot.

    Parameters
    ----------
    depths : sequence of int
    rows : mapping of name to one sequence of runs for each depth
    ax : Axes
    ylabel, yscale, xlabel : str

    Examples
    --------
    >>> fig, ax = drawing.new()
    >>> ax = by_depth([8, 20], {"plain": [[1, 3], [2, 4]]}, ax, ylabel="loss")
    >>> ax.lines[0].get_ydata().tolist()
    [2.0, 3.0]
    """
    means = {name: [float(np.mean(one)) for one in runs] for name, runs in rows.items()}
    drawing.curves(means, ax, x=list(depths), xlabel=xlabel, ylabel=ylabel, yscale=yscale)
    for color, runs in zip(drawing.CYCLE, rows.values(), strict=False):
        for depth, values in zip(depths, runs, strict=True):
            ax.scatter([depth] * len(values), values, s=16, color=color, alpha=0.55, zorder=2)
    ax.set_xticks(list(depths))
    return ax


@drawing.styled
def by_rate(
    rates: Sequence[float], rows: Mapping[str, Sequence[Sequence[float]]], ax: Axes
) -> Axes:
    """Draw the mean training loss against the learning rate, on log axes, and each run as a dot.

    Parameters
    ----------
    rates : sequence of float
    rows : mapping of name to one sequence of runs for each rate
    ax : Axes

    Examples
    --------
    >>> fig, ax = drawing.new()
    >>> ax = by_rate([0.1, 1], {"with": [[1, 3], [2, 4]]}, ax)
    >>> ax.get_xlabel()
    'learning rate'
    """
    means = {name: [float(np.mean(one)) for one in runs] for name, runs in rows.items()}
    drawing.curves(
        means, ax, x=list(rates), xlabel="learning rate", ylabel="training loss", xscale="log"
    )
    for color, runs in zip(drawing.CYCLE, rows.values(), strict=False):
        for rate, values in zip(rates, runs, strict=True):
            ax.scatter([rate] * len(values), values, s=16, color=color, alpha=0.55, zorder=2)
    ax.set_xticks(list(rates), labels=[f"{rate:g}" for rate in rates])
    ax.xaxis.set_minor_formatter(NullFormatter())
    return ax
