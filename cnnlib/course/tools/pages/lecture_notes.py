"""Print a lecturer's notes: ``make lecture-notes``, or ``make lecture-notes NB=02``.

For each notebook a list of its slides, with the minute at which each begins and what to say. It is
made from the notebooks' own metadata, in Markdown.
"""

from __future__ import annotations

import re
import sys

import nbformat
from nbformat import NotebookNode

from cnnlib.course.tools.pages.chosen import chosen
from cnnlib.course.tools.pages.path import Slide, lecture_path

__all__ = ["lecture_notes"]


def lecture_notes(name: str, notebook: NotebookNode) -> str:
    """Return the notes for one lecture, in Markdown.

    Parameters
    ----------
    name : str
        The heading.
    notebook : NotebookNode

    Returns
    -------
    str

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> lecture = {"slide": "slide", "minutes": 4, "note": "Ask for guesses."}
    >>> cells = [new_markdown_cell("# A", metadata={"lecture": lecture})]
    >>> print(lecture_notes("01", new_notebook(cells=cells)), end="")
    ## 01: 4 minutes
    <BLANKLINE>
    - **0–4** A
      - Ask for guesses.
    """
    slides = lecture_path(notebook)
    lines = [f"## {name}: {sum(slide.minutes for slide in slides):g} minutes", ""]
    start = 0.0
    for slide in slides:
        lines.append(f"- **{start:g}–{start + slide.minutes:g}** {_title(slide)}".rstrip())
        lines += [f"  - {note}" for note in slide.notes]
        start += slide.minutes
    return "\n".join(lines) + "\n"


def _title(slide: Slide) -> str:
    """Return the first heading on a slide, or nothing."""
    for cell in slide.cells:
        if cell.cell_type == "markdown":
            heading = re.search(r"^#+ +(.+)$", cell.source, re.MULTILINE)
            if heading:
                return heading[1]
    return ""


def main(names: list[str]) -> int:
    """Print the notes for these notebooks, named by path or number, or for all."""
    try:
        paths = chosen(names)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        print(lecture_notes(path.stem, notebook))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
