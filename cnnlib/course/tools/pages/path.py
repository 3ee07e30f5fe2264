"""The path of a lecture: which cells of a notebook a room sees, for how long, with which notes.

It is the notebook's own metadata, and is written down nowhere else. Every way to give a lecture
takes it from here.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from nbformat import NotebookNode

__all__ = ["Slide", "deck", "lecture_path"]

ON_PATH = ("slide", "subslide", "fragment", "same")


@dataclass
class Slide:
    """What is on the screen at one time.

    Attributes
    ----------
    cells : list of NotebookNode
    kind : str
        ``slide``, or ``subslide`` for one that goes on with the subject of the last.
    minutes : float
    notes : list of str
        What the lecturer says, or asks the room, in the order of the cells.
    """

    kind: str
    minutes: float
    cells: list[NotebookNode] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def lecture_path(notebook: NotebookNode) -> list[Slide]:
    """Return the slides of a notebook.

    Parameters
    ----------
    notebook : NotebookNode

    Returns
    -------
    list of Slide

    Raises
    ------
    ValueError : a cell's place on the path is none that there is, or the first begins no slide

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> lecture = {"slide": "slide", "minutes": 4, "note": "Ask for guesses."}
    >>> cells = [new_markdown_cell("# A", metadata={"lecture": lecture}), new_markdown_cell("b")]
    >>> [(slide.minutes, slide.notes) for slide in lecture_path(new_notebook(cells=cells))]
    [(4, ['Ask for guesses.'])]
    """
    slides: list[Slide] = []
    for cell in notebook.cells:
        lecture = cell.metadata.get("lecture")
        if lecture is None:
            continue
        kind = lecture.get("slide")
        if kind not in ON_PATH:
            raise ValueError(f"cell {cell.get('id')} has the slide {kind!r}, none of {ON_PATH}")
        if kind in ("slide", "subslide"):
            slides.append(Slide(kind, lecture.get("minutes", 0)))
        elif not slides:
            raise ValueError(f"cell {cell.get('id')} is a {kind}, but no slide has begun")
        slides[-1].cells.append(cell)
        if lecture.get("note"):
            slides[-1].notes.append(lecture["note"])
    return slides


def deck(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of a notebook with the metadata that slide programs read.

    They want ``slideshow.slide_type``. A cell that stays on the slide before it has none: with
    ``"-"``, JupyterLab's deck shows blank slides. What is not on the path is skipped, but still
    runs.

    Parameters
    ----------
    notebook : NotebookNode
        It is not changed.

    Returns
    -------
    NotebookNode

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> lecture = {"slide": "slide", "minutes": 4, "note": "Ask for guesses."}
    >>> cells = [new_markdown_cell("# A", metadata={"lecture": lecture}), new_markdown_cell("b")]
    >>> [cell.metadata.slideshow.slide_type for cell in deck(new_notebook(cells=cells)).cells]
    ['slide', 'skip']
    """
    lecture_path(notebook)  # raises for a path that is none
    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        cell.metadata.pop("slideshow", None)
        kind = cell.metadata.get("lecture", {}).get("slide", "skip")
        if kind != "same":
            cell.metadata["slideshow"] = NotebookNode(slide_type=kind)
    return shown
