"""The map of the course: how long each notebook takes, as the notebooks themselves state it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from cnnlib.course.chapters import CHAPTERS, Chapter

__all__ = ["Stop", "course_map"]

_PACKAGE = Path(__file__).parents[2]
_BUNDLED = _PACKAGE / "bundled" / "notebooks"  # where a wheel has them
FOLDER = _BUNDLED if _BUNDLED.is_dir() else _PACKAGE.parent / "notebooks"
_TIME = re.compile(r"\*\*Time:\*\* about (\d+) minutes(?: in (\d+) sittings)?")
_EXERCISES = re.compile(r"about (\d+) minutes together")


class Stop(NamedTuple):
    """A notebook on the map.

    Attributes
    ----------
    heading : str
        Number and title.
    goal : str
        What a reader can do after it.
    minutes : int
        To read, exercises not counted.
    sittings : int
    exercises : int
        Minutes for the exercises.
    """

    heading: str
    goal: str
    minutes: int
    sittings: int
    exercises: int


def course_map(folder: Path = FOLDER) -> list[Stop]:
    """Return every notebook of the course with the minutes that it states for itself.

    Parameters
    ----------
    folder : Path
        Where the notebooks lie.

    Raises
    ------
    ValueError
        If a notebook states no time.

    Examples
    --------
    >>> course_map()[1].heading
    '01 Pixels and channels'
    """
    return [_stop(chapter, folder) for chapter in CHAPTERS]


def _stop(chapter: Chapter, folder: Path) -> Stop:
    content = json.loads((folder / f"{chapter.notebook}.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in content["cells"] if cell["cell_type"] == "markdown"]
    text = " ".join(" ".join("".join(cell["source"]).split()) for cell in cells)
    time, exercises = _TIME.search(text), _EXERCISES.search(text)
    if time is None or exercises is None:
        raise ValueError(
            f"course_map: {chapter.notebook} does not say how long it takes. Expected "
            "**Time:** about N minutes, and exercises of about N minutes together."
        )
    sittings = int(time[2] or 1)
    return Stop(chapter.heading, chapter.goal, int(time[1]), sittings, int(exercises[1]))
