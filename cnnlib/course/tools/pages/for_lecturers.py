"""The page *For lecturers*: its second half is told from the notebooks and the exercises.

``make api`` writes it. The plan in the first half is written by hand, in the page itself.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.judge.exercise import Exercise
from cnnlib.course.tools.my_copy import COURSE
from cnnlib.course.tools.pages.path import lecture_path

__all__ = ["PAGE", "chapter_by_chapter", "questions", "with_chapters"]

PAGE = Path(__file__).parents[2] / "for_lecturers.md"
MARK = "<!-- What follows is written by `make api` from the notebooks and the exercises. -->\n"
ASKED = re.compile(r"\*\*(?:Ask the room|Predict, then run)\.\*\* *(.+)")


def questions(notebook: NotebookNode) -> list[tuple[str, str]]:
    """Return what to ask a room in a lecture, and what the note says of the answers to expect.

    Parameters
    ----------
    notebook : NotebookNode

    Returns
    -------
    list of (str, str)
        In the order of the path; a question that stands in the note alone is empty.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> lecture = {"slide": "slide", "minutes": 2, "note": "Expect 3."}
    >>> cell = new_markdown_cell("**Ask the room.** How many?", metadata={"lecture": lecture})
    >>> questions(new_notebook(cells=[cell]))
    [('How many?', 'Expect 3.')]
    """
    found = []
    for slide in lecture_path(notebook):
        for cell in slide.cells:
            note = cell.metadata.lecture.get("note", "")
            if "expect" in note.lower():
                asked = ASKED.search(cell.source) if cell.cell_type == "markdown" else None
                found.append((asked[1].strip() if asked else "", note))
    return found


def chapter_by_chapter() -> str:
    """Return the half of the page that is told from the notebooks, in Markdown.

    Examples
    --------
    >>> print(chapter_by_chapter().splitlines()[1])
    ### [00 Start here](../../notebooks/00_start_here.ipynb)
    """
    return "".join(_told(chapter) for chapter in CHAPTERS)


def _told(chapter: Chapter) -> str:
    notebook = nbformat.read(COURSE / f"{chapter.notebook}.ipynb", as_version=4)
    slides = lecture_path(notebook)
    link = f"[{chapter.heading}](../../notebooks/{chapter.notebook}.ipynb)"
    lines = [f"\n### {link}\n", f"Lecture: {sum(slide.minutes for slide in slides):g} minutes.\n"]
    for asked, note in questions(notebook):
        lines.append(f"- {f'**{asked}** ' if asked else ''}{note}")
    exercises = chapter.exercises().chapter.exercises.values()
    for name, levels in (("Homework", (1, 2)), ("For those who want more", (3,))):
        those = [one for one in exercises if one.level in levels]
        if those:
            minutes = sum(one.minutes for one in those)
            named = ", ".join(map(_named, those))
            lines.append(f"\n{name}, about {minutes} minutes: {named}.")
    return "\n".join(lines) + "\n"


def _named(exercise: Exercise) -> str:
    return f"{exercise.title} (`{exercise.name}`)"


def with_chapters(page: str) -> str:
    r"""Return the page with its second half as the notebooks and the exercises have it.

    Parameters
    ----------
    page : str

    Returns
    -------
    str

    Examples
    --------
    >>> print(with_chapters("# For lecturers\n").splitlines()[0])
    # For lecturers
    """
    return page.partition(MARK)[0] + MARK + chapter_by_chapter()
