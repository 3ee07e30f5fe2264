"""A handout is told from the notebook and its quiz. That each is one page is tried in a browser."""

from __future__ import annotations

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.tools.my_copy import COURSE
from cnnlib.course.tools.pages import handouts

PATH = {"lecture": {"slide": "slide", "minutes": 1}}


def pictured(name: str, on_path: bool = True) -> nbformat.NotebookNode:
    image = new_output("display_data", data={"text/html": f'<div><img alt="{name}"></div>'})
    return new_code_cell("", outputs=[image], metadata=PATH if on_path else {})


def test_the_figure_is_that_of_the_calculation_by_hand() -> None:
    cells = [
        new_markdown_cell("## The idea"),
        pictured("idea"),
        new_markdown_cell("## By hand"),
        pictured("aside", on_path=False),
        pictured("first"),
        pictured("second"),
    ]
    assert handouts.figure(new_notebook(cells=cells)) == '<img alt="first">'


def test_without_one_it_is_the_first_after_the_question() -> None:
    question = [new_markdown_cell("## A question"), pictured("riddle")]
    idea = [new_markdown_cell("## The idea"), pictured("idea")]
    assert handouts.figure(new_notebook(cells=question + idea)) == '<img alt="idea">'
    assert handouts.figure(new_notebook(cells=question)) == '<img alt="riddle">'
    assert handouts.figure(new_notebook()) == ""


def test_the_picture_of_a_widget_is_no_figure() -> None:
    cell = pictured("widget")
    cell.outputs[0].data["text/html"] = '<img class="cnn-stand-in">'
    assert handouts.figure(new_notebook(cells=[new_markdown_cell("## By hand"), cell])) == ""


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.notebook)
def test_the_sheet_of_every_chapter_has_all_its_parts(chapter: Chapter) -> None:
    notebook = nbformat.read(COURSE / f"{chapter.notebook}.ipynb", as_version=4)
    text = handouts.sheet(chapter, notebook)
    promise, keep, asked = text.split("<h2>")[1:]
    assert "<img" in text
    assert promise.count("<li>") >= 4
    assert keep.count("<li>") >= 5
    assert asked.count('class="question"') == handouts.QUESTIONS
    quiz = chapter.exercises().quiz
    number, letter = asked.partition("Right: ")[2].split(" · ")[0].split()
    assert quiz.answer(int(number), letter).passed


def test_a_notebook_of_ones_own_is_refused(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "own.ipynb"
    own.write_text(nbformat.writes(new_notebook()), encoding="utf-8")
    assert handouts.main([str(own), "--to", str(tmp_path / "out")]) == 1
    assert "no chapter" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
