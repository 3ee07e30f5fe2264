"""Show a figure with its alternative text, and put array values into words."""

from __future__ import annotations

import base64
import html
import io
import re
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.text import Annotation, Text
from numpy.typing import ArrayLike
from PIL import Image

from cnnlib.course.drawing.theme import (
    MUTED,
    PALE,
    format_numbers,
    require_numbers,
    root_figure,
    style,
)

PAD = 0.08  # inches of paper around a figure
DPI = 110  # of the figure on the page; drawn at twice that, to be crisp on any screen
AREA = 2000  # pixels: a colour that fills so many is that of a cell, and kept exactly
PALETTES = (64, 128, 256)  # colours of a stored picture; as few as the eye allows
CELL_NUMBER = "cell-number"  # marks the numbers in grid cells
MAX_CELL_FONT = 17.0  # points
MAX_PRINTED = 110  # characters of a line of text, before any indent
LINE_END = "line-end"  # marks the labels at the ends of curves
TRUE_COLOUR = "true-colour"  # marks patches whose colour is the matter, as in a swatch

# A figure has ink on white paper. In JupyterLab's dark theme a sheet over it turns that round, and
# keeps the hues; the sheet has holes where colours are data: photographs, maps, swatches.
# A browser may let the sheet reach a pixel further than the picture, or less far, and either way a
# light line would show: an outline in the colour of the page lies over the edge.
_DUSK = (
    "<style>.cnn-dusk{display:none}@media screen{[data-jp-theme-light=false] .cnn-dusk{"
    "display:block;position:absolute;inset:0;"
    "outline:3px solid var(--jp-layout-color0);outline-offset:-1px;"
    "backdrop-filter:invert(.93) hue-rotate(180deg)}}</style>"
)


def show(fig: Figure | Axes, alt: str) -> None:
    """Display a figure in the notebook together with a text that says what it shows.

    JupyterLab gives a plain picture no alternative text, so the figure is sent as an HTML
    ``<img>`` with an ``alt`` attribute, and the same text is the plain-text form of the output.

    Parameters
    ----------
    fig : Figure or Axes
        The figure, or any one of its axes.
    alt : str
        What a reader who cannot see the picture needs to know: a sentence, with the numbers.

    Raises
    ------
    TypeError
        If ``fig`` is neither a figure nor axes, or ``alt`` is not text.
    ValueError
        If ``alt`` is not a sentence.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(width=3)
    >>> drawing.show(drawing.grid([[1, 2]], ax), "One row of two cells: 1 2.")
    One row of two cells: 1 2.
    """
    alt = check_alt(alt)
    bundle = to_bundle(fig, alt)
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import display

    if InteractiveShell.initialized():
        display(bundle, raw=True)  # type: ignore[no-untyped-call]
    else:  # a plain Python prompt cannot show pictures
        print(alt)


def show_error(error: BaseException) -> None:
    """Print what an error says, one sentence a line.

    JupyterLab breaks a line that is too long for the page anywhere, even within a word.

    Parameters
    ----------
    error : exception

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> from cnnlib import functional
    >>> try:
    ...     functional.relu(np.array([1, -2]))
    ... except TypeError as error:
    ...     drawing.show_error(error)
    relu: x has dtype int64, expected float32 or float64 (x has shape (2,)).
      Convert it first: x.astype(np.float32).
    """
    sentences = re.split(r"(?<=[.…]) +", str(error))
    folds = textwrap.TextWrapper(MAX_PRINTED, break_long_words=False, break_on_hyphens=False)
    lines = [line for each in sentences for line in folds.wrap(each)]
    print("\n  ".join(lines))


def check_alt(alt: str) -> str:
    """Return ``alt`` on one line if it is a sentence, and raise with the fix otherwise."""
    if not isinstance(alt, str):
        raise TypeError(f"show: alt must be text, but is {type(alt).__name__}.")
    alt = " ".join(alt.split())
    if len(alt.split()) < 3:
        raise ValueError(
            f"show: alt must be a sentence that says what the figure shows, but is {alt!r}. "
            "Name the things in it and their numbers; drawing.grid_alt(array) writes the numbers."
        )
    return alt


def to_bundle(
    fig: Figure | Axes, alt: str, *, mark: str = "", style_sheet: str = ""
) -> dict[str, str]:
    """Return the display bundle of a figure: ``text/html`` and ``text/plain``.

    `mark` is a class of the picture, by which the style sheet that goes with it finds it.
    """
    picture, holes = _drawn(fig)
    width = int.from_bytes(picture[16:20], "big") // 2  # from the PNG header; see DPI
    code = base64.b64encode(picture).decode("ascii")
    named = f'class="{mark}" ' if mark else ""
    markup = (
        f"{style_sheet}{_DUSK}"
        '<div style="position: relative; width: fit-content; max-width: 100%">'
        f'<img {named}alt="{html.escape(alt, quote=True)}" width="{width}" '
        'style="display: block; max-width: 100%; height: auto" '
        f'src="data:image/png;base64,{code}">'
        f'<div class="cnn-dusk" aria-hidden="true" style="{_cut(holes)}"></div></div>'
    )
    return {"text/html": markup, "text/plain": alt}


def to_png(fig: Figure | Axes) -> bytes:
    """Draw a figure as a small PNG: the same bytes for the same figure, no date, no software name.

    Parameters
    ----------
    fig : Figure or Axes
        The figure, or any one of its axes.

    Returns
    -------
    bytes
        The picture at twice the size at which it is displayed.

    Examples
    --------
    >>> from cnnlib.course import drawing
    >>> fig, ax = drawing.new(width=3)
    >>> drawing.to_png(ax)[1:4]
    b'PNG'
    """
    return _drawn(fig)[0]


Hole = tuple[float, float, float, float]  # left, top, right, bottom, in shares of the picture


def _drawn(fig: Figure | Axes) -> tuple[bytes, list[Hole]]:
    """Return the picture of a figure, and where on it colours are data."""
    if isinstance(fig, Axes):
        found = root_figure(fig)
        if found is None:
            raise ValueError("show: these axes were removed from their figure.")
        fig = found
    if not isinstance(fig, Figure):
        raise TypeError(
            f"show: expected a Figure or an Axes, but got {type(fig).__name__}. "
            "Pass what drawing.new() or a drawing function returned."
        )
    buffer = io.BytesIO()
    with style():
        canvas = FigureCanvasAgg(fig)
        fit(fig)
        canvas.print_figure(
            buffer,
            format="png",
            dpi=2 * DPI,
            bbox_inches="tight",
            pad_inches=PAD,
        )
        holes = _holes(fig)
    return _compress(buffer), holes


def _holes(fig: Figure) -> list[Hole]:
    """Return the parts of the stored picture that are photographs, maps or swatches."""
    page = fig.get_tightbbox(fig.canvas.get_renderer()).padded(PAD)  # type: ignore[attr-defined]
    found: list[Hole] = []
    for ax in fig.axes:
        artists: list[Any] = [image for image in ax.images if not _is_plain(image)]
        artists += [one for one in ax.collections if isinstance(one, QuadMesh)]
        artists += [one for one in ax.patches if one.get_gid() == TRUE_COLOUR]
        for artist in artists:
            if not artist.get_visible():
                continue
            box = artist.get_window_extent()
            x0, x1 = ((x / fig.dpi - page.x0) / page.width for x in (box.x0, box.x1))
            y0, y1 = ((page.y1 - y / fig.dpi) / page.height for y in (box.y1, box.y0))
            found = _joined(found, (x0, y0, x1, y1))
    return found


def _joined(holes: list[Hole], new: Hole) -> list[Hole]:
    """Return the holes with another one, so that none lies over another.

    Where two are cut, the sheet would be whole again. Two that make up a rectangle become one; of a
    new one that overlaps, as the channels of a stack do, only the rest is cut out besides.
    """
    for hole in holes:
        left, top, right, bottom = both = _around(hole, new)
        shared = max(0, min(hole[2], new[2]) - max(hole[0], new[0]))
        shared *= max(0, min(hole[3], new[3]) - max(hole[1], new[1]))
        spare = (right - left) * (bottom - top) - (_area(hole) + _area(new) - shared)
        if spare < 0.01 * min(_area(hole), _area(new)):
            return _joined([one for one in holes if one != hole], both)
    rest = [new]
    for hole in holes:
        rest = [part for piece in rest for part in _without(piece, hole)]
    return [*holes, *rest]


def _around(a: Hole, b: Hole) -> Hole:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _area(hole: Hole) -> float:
    return (hole[2] - hole[0]) * (hole[3] - hole[1])


def _without(piece: Hole, hole: Hole) -> list[Hole]:
    """Return what is left of a piece: above the hole, below it, and on its two sides."""
    left, top, right, bottom = piece
    if left >= hole[2] or hole[0] >= right or top >= hole[3] or hole[1] >= bottom:
        return [piece]
    upper, lower = max(top, hole[1]), min(bottom, hole[3])
    parts = [
        (left, top, right, upper),
        (left, lower, right, bottom),
        (left, upper, hole[0], lower),
        (hole[2], upper, right, lower),
    ]
    return [part for part in parts if part[0] < part[2] and part[1] < part[3]]


def _is_plain(image: AxesImage) -> bool:
    """Whether an image is nothing but the paper of a grid of numbers."""
    array = np.asarray(image.get_array())
    if array.ndim != 3:
        return False
    colours = np.unique(array.reshape(-1, array.shape[2])[:, :3], axis=0)
    paper = np.array([to_rgb(PALE), to_rgb(MUTED)])
    return all(np.isclose(paper, one).all(axis=1).any() for one in colours)


def _cut(holes: list[Hole]) -> str:
    """Return the style that cuts holes into the sheet of the dark theme."""
    if not holes:
        return "clip-path: none"
    start = "-2% -2%"  # beyond the edge, with room for the outline
    corners = [f"{start}, 102% -2%, 102% 102%, -2% 102%, {start}"]
    for hole in holes:
        left, top, right, bottom = (f"{100 * share:.1f}%" for share in hole)
        around = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
        corners.append(", ".join(" ".join(corner) for corner in around) + f", {start}")
    return f"clip-path: polygon(evenodd, {', '.join(corners)})"


def _compress(png: io.BytesIO) -> bytes:
    """Store the picture with a small palette wherever the eye sees no difference.

    A colour that fills a whole cell stays exactly what it is: its numbers may stand beside it.

    In a browser's Python the picture stays as it was drawn: the search for a palette would take
    longer than the drawing, and what it saves is room in a repository.
    """
    if sys.platform == "emscripten":
        return png.getvalue()
    picture = Image.open(png).convert("RGB")
    counts = picture.getcolors(picture.width * picture.height) or []
    all_areas = sorted(colour for count, colour in counts if count >= AREA)
    before, kept = np.asarray(picture, dtype=np.int16), picture
    for size in PALETTES:
        areas = all_areas[: size - 64 if size == 256 else None]
        if len(areas) > size // 2 and size < 256:
            continue
        # Maximum coverage spreads the palette over all colours that occur, however few their
        # pixels: the light in a cat's eye stays blue.
        few = picture.quantize(
            size - len(areas), method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
        palette = Image.new("P", (1, 1))
        palette.putpalette(
            [*np.ravel(areas).astype(int).tolist(), *(few.getpalette() or [])[: 3 * size]]
        )
        drawn = picture.quantize(palette=palette, dither=Image.Dither.NONE)
        drawn = _with_areas(picture, drawn, areas)
        after = np.asarray(drawn.convert("RGB"), dtype=np.int16)
        if np.abs(before - after).max() <= 20:
            kept = drawn
            break
    out = io.BytesIO()
    kept.save(out, format="PNG", optimize=True)  # writes neither date nor software name
    return out.getvalue()


def _with_areas(picture: Image.Image, kept: Image.Image, areas: list[Any]) -> Image.Image:
    """Give every pixel of these colours its own place of the palette, where they come first.

    Pillow looks for the nearest colour in steps of four, and may miss the one that is equal.
    """
    codes = np.asarray(picture).astype(np.int32) @ (1 << 16, 1 << 8, 1)
    places = np.array(kept)
    wanted = np.array(areas, dtype=np.int32).reshape(-1, 3) @ (1 << 16, 1 << 8, 1)
    for place, code in enumerate(wanted):
        places[codes == code] = place
    exact = Image.fromarray(places, mode="P")
    exact.putpalette(kept.getpalette() or [])
    return exact


def fit(fig: Figure) -> None:
    """Fit the text to the layout: numbers to their cells, titles to their axes, labels apart."""
    fig.draw_without_rendering()
    for ax in fig.axes:
        _fit_cell_numbers(ax)
        _fit_line_ends(ax)
    if _wrap_titles(fig):
        fig.draw_without_rendering()
        for ax in fig.axes:
            _fit_cell_numbers(ax)


def _fit_cell_numbers(ax: Axes) -> None:
    """Give all numbers of a grid the one size at which the widest fits its cell."""
    texts = [text for text in ax.texts if text.get_gid() == CELL_NUMBER]
    if not texts:
        return
    corner, other = ax.transData.transform([(0, 0), (1, 1)])
    cell_width, cell_height = np.abs(other - corner)
    boxes = [text.get_window_extent() for text in texts]
    room = min(
        0.84 * cell_width / max(max(box.width for box in boxes), 1.0),
        0.62 * cell_height / max(max(box.height for box in boxes), 1.0),
    )
    size = float(np.clip(texts[0].get_fontsize() * room, 4.0, MAX_CELL_FONT))
    for text in texts:
        text.set_fontsize(size)


def _fit_line_ends(ax: Axes) -> None:
    """Push the labels at the ends of curves apart until none covers another."""
    labels = [t for t in ax.texts if isinstance(t, Annotation) and t.get_gid() == LINE_END]
    if not labels:
        return
    for label in labels:
        label.set_position((8.0, 0.0))
    boxes = [label.get_window_extent() for label in labels]
    wanted = np.array([(box.y0 + box.y1) / 2 for box in boxes])
    order = np.argsort(wanted, kind="stable")
    gap = 1.08 * max(box.height for box in boxes)
    # Labels that touch form a block; a block sits at the mean of the places its labels want.
    blocks: list[list[int]] = []
    for index in order.tolist():
        blocks.append([index])
        while len(blocks) > 1:
            upper, lower = blocks[-1], blocks[-2]
            bottom = wanted[upper].mean() - gap * (len(upper) - 1) / 2
            top = wanted[lower].mean() + gap * (len(lower) - 1) / 2
            if bottom - top >= gap:
                break
            blocks[-2:] = [lower + upper]
    figure = root_figure(ax)
    points = 72.0 / (figure.dpi if figure is not None else 72.0)
    for block in blocks:
        start = wanted[block].mean() - gap * (len(block) - 1) / 2
        for step, index in enumerate(block):
            labels[index].set_position((8.0, float(start + gap * step - wanted[index]) * points))


def _wrap_titles(fig: Figure) -> bool:
    """Break titles that are wider than the room above their axes; say whether any was."""
    wrapped = False
    for ax in fig.axes:
        title = ax.title
        if not title.get_text() or title.get_gid() == "fixed":
            continue
        room = _title_room(ax, fig)
        if _width(title) > room:
            words = title.get_text()
            for columns in range(len(words) - 1, 5, -1):
                title.set_text("\n".join(textwrap.wrap(words, columns, break_long_words=False)))
                if _width(title) <= room:
                    break
            wrapped = True
    return wrapped


def _width(text: Text) -> float:
    return float(text.get_window_extent().width)


def _title_room(ax: Axes, fig: Figure) -> float:
    """Width in pixels that a title may take: up to half-way to the axes on either side."""
    box = ax.get_window_extent()
    centre = (box.x0 + box.x1) / 2
    left, right = centre - fig.bbox.x0, fig.bbox.x1 - centre
    for other in fig.axes:
        there = other.get_window_extent()
        if other is ax or there.y1 < box.y0 or there.y0 > box.y1:
            continue
        between = abs((there.x0 + there.x1) / 2 - centre)
        if between < 1:
            continue
        # The gap is shared in proportion to the widths, so a wide neighbour gets more of it.
        share = between * box.width / (box.width + there.width)
        share = max(share, box.width / 2)
        if there.x0 > box.x0:
            right = min(right, share)
        else:
            left = min(left, share)
    return 2 * min(left, right) - 6


def grid_alt(
    values: ArrayLike,
    fmt: str | Callable[[Any], str] | None = None,
    *,
    max_cells: int = 100,
) -> str:
    """Write an array in words, for an alternative text.

    Parameters
    ----------
    values : array_like
        A 1-D or 2-D array.
    fmt : str or callable, optional
        How to write each number; see `format_numbers`.
    max_cells : int
        A larger array is summarised by its size and range, since nobody listens to 784 numbers.

    Returns
    -------
    str
        The rows from the top, separated by semicolons.

    Raises
    ------
    ValueError
        If ``values`` has more than two dimensions.

    Examples
    --------
    >>> from cnnlib.course.drawing import grid_alt
    >>> grid_alt([[5, 1], [15, 5]])
    'rows: 5 1; 15 5'
    >>> grid_alt([3, 4])
    'values: 3 4'
    """
    array = require_numbers("grid_alt", values)
    if array.ndim > 2:
        raise ValueError(
            f"grid_alt: values must be 1-D or 2-D, but its shape is {array.shape}. "
            "Describe one map at a time."
        )
    if array.size > max_cells:
        low, high = format_numbers([np.nanmin(array), np.nanmax(array)], fmt)
        shape = " by ".join(str(size) for size in array.shape)
        return f"{shape} values from {low} to {high}"
    texts = format_numbers(array, fmt, missing="empty")
    if array.ndim < 2:
        return "values: " + " ".join(texts)
    columns = array.shape[1]
    rows = [" ".join(texts[k : k + columns]) for k in range(0, len(texts), columns)]
    return "rows: " + "; ".join(rows)
