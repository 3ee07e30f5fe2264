"""The path of a lecture is the metadata of the notebook's cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from cnnlib.course.tools.environment import ROOT
from cnnlib.course.tools.pages.lecture_notes import lecture_notes
from cnnlib.course.tools.pages.path import deck, lecture_path

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def notebook(*lectures: dict[str, Any] | None) -> NotebookNode:
    cells = [nbformat.v4.new_markdown_cell(f"## Cell {i}") for i in range(len(lectures))]
    for cell, lecture in zip(cells, lectures, strict=True):
        if lecture is not None:
            cell.metadata["lecture"] = NotebookNode(lecture)
    return nbformat.v4.new_notebook(cells=cells)


SMALL = (
    None,
    {"slide": "slide", "minutes": 2, "note": "Ask."},
    {"slide": "same"},
    None,
    {"slide": "fragment", "note": "Wait."},
    {"slide": "subslide", "minutes": 3},
)


def test_slides_take_their_cells_minutes_and_notes_from_the_metadata() -> None:
    first, second = lecture_path(notebook(*SMALL))
    assert [cell.source for cell in first.cells] == ["## Cell 1", "## Cell 2", "## Cell 4"]
    assert (first.kind, first.minutes, first.notes) == ("slide", 2, ["Ask.", "Wait."])
    assert (second.kind, second.minutes, second.notes) == ("subslide", 3, [])


def test_a_deck_skips_what_is_not_on_the_path_and_names_no_type_for_same() -> None:
    given = notebook(*SMALL)
    before = nbformat.writes(given)
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in deck(given).cells]
    assert kinds == ["skip", "slide", None, "skip", "fragment", "subslide"]
    assert nbformat.writes(given) == before


@pytest.mark.parametrize("lecture", [{"slide": "same"}, {"slide": "fragment"}, {"slide": "-"}])
def test_what_begins_no_slide_is_refused(lecture: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="slide"):
        lecture_path(notebook(lecture))


def test_the_notes_say_when_each_slide_begins() -> None:
    text = lecture_notes("A", notebook(*SMALL))
    assert text == ("## A: 5 minutes\n\n- **0–2** Cell 1\n  - Ask.\n  - Wait.\n- **2–5** Cell 5\n")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_path_of_every_notebook_is_all_that_its_cells_say(path: Path) -> None:
    given = nbformat.read(path, as_version=4)
    slides = lecture_path(given)
    marked = [cell for cell in given.cells if "lecture" in cell.metadata]
    assert [cell for slide in slides for cell in slide.cells] == marked
    said = sum(cell.metadata["lecture"].get("minutes", 0) for cell in marked)
    assert sum(slide.minutes for slide in slides) == said
    if not path.stem.startswith("00"):
        assert 40 <= said <= 50
