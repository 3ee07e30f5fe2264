"""The page for lecturers says what the notebooks say."""

from __future__ import annotations

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.tools.environment import ROOT
from cnnlib.course.tools.pages import for_lecturers
from cnnlib.course.tools.pages.chosen import chosen


def test_the_page_is_up_to_date() -> None:
    page = for_lecturers.PAGE.read_text(encoding="utf-8")
    assert for_lecturers.with_chapters(page) == page, "run: make api"
    assert page.count("\n### [") == len(CHAPTERS)


def test_readme_leads_to_it() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"]({for_lecturers.PAGE.relative_to(ROOT).as_posix()})" in readme


def test_a_question_has_the_answers_to_expect_and_other_notes_are_left_out() -> None:
    def given(note: str) -> dict[str, object]:
        return {"lecture": {"slide": "slide", "minutes": 1, "note": note}}

    cells = [
        new_markdown_cell("Look.\n\n**Ask the room.** How many?", metadata=given("Expect 3.")),
        new_markdown_cell("**Ask the room.** Why?", metadata=given("Wait.")),
        new_code_cell("1", metadata=given("Wrong answers to expect: 2.")),
        new_markdown_cell("**Ask the room.** Not on the path?"),
    ]
    found = for_lecturers.questions(new_notebook(cells=cells))
    assert found == [("How many?", "Expect 3."), ("", "Wrong answers to expect: 2.")]


def test_notebooks_are_named_by_number_or_path_and_all_without_a_name() -> None:
    (path,) = chosen(["02"])
    assert path.name == "02_convolution.ipynb"
    assert chosen([str(path)]) == [path]
    assert [path.stem for path in chosen([])] == [chapter.notebook for chapter in CHAPTERS]
