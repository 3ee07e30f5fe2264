"""The pages of the web edition, as Markdown for Sphinx; `doors_site.py` looks at the site."""

from __future__ import annotations

import io
import re

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.tools.execute_notebooks import WIDGET_VIEW
from cnnlib.course.tools.my_copy import COURSE
from cnnlib.course.tools.pages import site
from cnnlib.course.tools.pages.live import kind_of
from cnnlib.course.tools.pages.revive import cells_needed
from cnnlib.course.tools.pages.site import Pictures, chapter_page, glossary_page


def printed(text: str) -> NotebookNode:
    return new_output("stream", name="stdout", text=text)


def page(*cells: NotebookNode, **options: str) -> str:
    return chapter_page(new_notebook(cells=list(cells)), Pictures(), **options)


def test_links_between_notebooks_become_links_between_pages() -> None:
    text = page(new_markdown_cell("[one](01_pixels.ipynb), [two](02_a_b.ipynb#By-hand)"))
    assert "[one](01_pixels.md), [two](02_a_b.md#By-hand)" in text


def test_no_line_begins_with_the_stop_after_a_formula() -> None:
    text = page(new_markdown_cell("$x$, $y$ ($z$).\n\n$$a$$\n\n`$b$.`"))
    assert re.findall('<span class="cnn-together">(.*?)</span>', text) == ["$x$,", "$z$)."]


def test_what_is_printed_is_text_whatever_it_looks_like() -> None:
    text = page(new_code_cell("print()", outputs=[printed("<b>\n\n`````````\n&")]))
    assert "&lt;b&gt;\n\n`````````\n&amp;" in text


@pytest.mark.parametrize("hidden", [True, False])
def test_code_is_folded_where_the_notebook_folds_it(hidden: bool) -> None:
    metadata = {"jupyter": {"source_hidden": True}} if hidden else {}
    text = page(new_code_cell("x = 1", metadata=metadata))
    assert "x = 1" in text
    assert ("<details" in text) == hidden


def test_after_a_prediction_all_outcomes_are_folded_until_the_text_goes_on() -> None:
    def code(text: str) -> NotebookNode:
        return new_code_cell("print()", outputs=[printed(text)])

    asked = new_markdown_cell("**Predict, then run.** How many?")
    text = page(
        code("before"), asked, code("first"), code("second"), new_markdown_cell("x"), code("after")
    )
    folded = "".join(re.findall("<details.*?</details>", text, re.DOTALL))
    assert [name for name in ("before", "first", "second", "after") if name in folded] == [
        "first",
        "second",
    ]


def test_a_picture_becomes_a_file_whose_size_is_known_before_it_comes() -> None:
    (notebook,) = COURSE.glob("02_*.ipynb")
    cell = next(c for c in nbformat.read(notebook, 4).cells if c.id == "question-figure")
    pictures = Pictures()
    text = chapter_page(new_notebook(cells=[cell, new_code_cell(outputs=cell.outputs)]), pictures)
    ((name, content),) = pictures.files.items()
    assert text.count(f'src="_static/pictures/{name}"') == 2
    assert "base64" not in text
    width, height = map(int, re.search(r'width="(\d+)".*?height="(\d+)"', text).groups())
    columns, rows = Image.open(io.BytesIO(content)).size
    assert abs(width * rows / columns - height) <= 0.5


def test_run_it_here_stands_below_the_title_and_only_where_it_leads_somewhere() -> None:
    cells = (new_markdown_cell("# Title"), new_markdown_cell("Text"))
    assert "Run it here" not in page(*cells)
    text = page(*cells, run_here="../lite/lab/index.html?path=a.ipynb")
    assert text.index("# Title") < text.index('"../lite/lab/index.html?path=a.ipynb"')
    assert text.index("Run it here") < text.index("Text")


def test_a_widget_that_needs_python_says_where_it_runs() -> None:
    view = {WIDGET_VIEW: {"model_id": "a"}, "text/plain": "AttackLab(0)"}
    picture = {"text/html": '<img class="cnn-stand-in">'}
    outputs = [new_output("display_data", data=data) for data in (view, picture)]
    cells = new_markdown_cell("# Title"), new_code_cell("lab", outputs=outputs)
    assert "It runs in JupyterLab.</p><img" in page(*cells)
    assert 'JupyterLab: <a href="../lite">run it here</a>.</p>' in page(*cells, run_here="../lite")


@pytest.fixture(scope="module")
def notebooks() -> dict[site.Chapter, NotebookNode]:
    return {c: nbformat.read(COURSE / f"{c.notebook}.ipynb", as_version=4) for c in CHAPTERS}


def test_the_front_page_tells_what_it_is_and_each_chapter_with_its_minutes(notebooks) -> None:
    text = site._front_page(notebooks)
    assert text.startswith("# Convolutional networks from the pixel up\n")
    assert "](cover.png)" in text
    for chapter in CHAPTERS:
        row = next(line for line in text.splitlines() if f"]({chapter.notebook}.md)" in line)
        assert chapter.goal in row
        assert re.search(r"\| \d{2,3} \|$", row)


def test_the_glossary_holds_the_words_of_every_chapter(notebooks) -> None:
    text = glossary_page(notebooks)
    for chapter in CHAPTERS:
        assert text.count(f"[{chapter.number:02}]({chapter.notebook}.md)") >= 5
    assert "| stride | 스트라이드" in text


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.notebook)
def test_to_bring_the_widgets_back_few_cells_are_needed(notebooks, chapter) -> None:
    notebook = notebooks[chapter]
    shown = [
        cell.id
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if (kind := kind_of(output)) is not None and not kind.needs_kernel
    ]
    needed = cells_needed(notebook, shown)
    assert set(shown) <= set(needed)
    assert len(needed) <= 15
    assert (needed == []) == (shown == [])


def test_a_cell_is_needed_for_what_it_changes_too() -> None:
    sources = {
        "first": "x = [0]\nunused = 1",
        "second": "x[0] = 2",
        "third": "unused = 5",
        "fourth": "def f():\n    return x",
        "fifth": "y = f()",
        "sixth": "y",
    }
    cells = [new_code_cell(source, id=name) for name, source in sources.items()]
    needed = cells_needed(new_notebook(cells=cells), ["sixth"])
    assert needed == ["first", "second", "fourth", "fifth", "sixth"]


def test_what_a_function_does_to_what_it_is_given_changes_nothing_of_that_name() -> None:
    sources = {
        "first": "model = [0]\nlist_of = []",
        "second": "def f(model, *, list_of):\n    model.append(1)\n    list_of[0] = 2",
        "third": "def g():\n    list_of.append(3)",
        "last": "print(model, list_of)",
    }
    cells = [new_code_cell(source, id=name) for name, source in sources.items()]
    assert cells_needed(new_notebook(cells=cells), ["last"]) == ["first", "third", "last"]


def test_a_name_bound_anew_needs_nothing_from_before() -> None:
    cells = [new_code_cell(f"x = {i}", id=f"c{i}") for i in range(3)]
    cells.append(new_code_cell("print(x)", id="last"))
    assert cells_needed(new_notebook(cells=cells), ["last"]) == ["c2", "last"]


def test_a_progress_bar_is_no_widget_of_the_course() -> None:
    data = {WIDGET_VIEW: {"model_id": "a"}, "text/plain": "training: 100%|█| 5/5 (done)"}
    assert kind_of(new_output("display_data", data=data)) is None
