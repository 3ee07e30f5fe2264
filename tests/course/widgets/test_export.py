"""A notebook that was run and exported shows each widget's picture, whatever it is exported to."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from examples import WIDGETS
from exported import alternative_texts, nbconvert, notebook
from nbconvert import HTMLExporter, MarkdownExporter, SlidesExporter

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a notebook with the widgets' state in it, as JupyterLab and nbconvert leave it."""
    path = tmp_path_factory.mktemp("export") / "widgets.ipynb"
    path.write_text(nbformat.writes(notebook()), encoding="utf-8")
    nbconvert(path, "--execute", "--to", "notebook", "--inplace")
    return path


def without_state(path: Path) -> nbformat.NotebookNode:
    """Return the notebook as an editor leaves it that stores no widgets."""
    content = nbformat.read(path, as_version=4)
    del content.metadata["widgets"]
    return content


def pictures(page: str) -> list[str]:
    return [picture["alt"] for picture in BeautifulSoup(page, "html.parser").find_all("img")]


def test_each_widget_leaves_a_view_and_its_picture(executed):
    cells = nbformat.read(executed, as_version=4).cells
    alts = alternative_texts()
    for cell in cells:
        view, picture = (output.data for output in cell.outputs)
        assert set(view) == {VIEW, "text/plain"}
        assert set(picture) == {"text/html", "text/plain"}
        assert picture["text/plain"] == alts[cell.id]
        assert view["text/plain"].startswith(re.match(r"\w+", view["text/plain"])[0] + "(")


@pytest.mark.parametrize("exporter", [HTMLExporter, SlidesExporter, MarkdownExporter])
@pytest.mark.parametrize("stored", [True, False])
def test_an_export_shows_every_picture_once(executed, exporter, stored):
    content = nbformat.read(executed, as_version=4) if stored else without_state(executed)
    text, _ = exporter().from_notebook_node(content)
    assert pictures(text) == list(alternative_texts().values())


def test_one_command_runs_and_exports(executed, tmp_path):
    """`jupyter nbconvert --execute --to html`, with whatever settings it finds."""
    content = notebook()
    content.cells = content.cells[:2]
    path = tmp_path / "two.ipynb"
    path.write_text(nbformat.writes(content), encoding="utf-8")
    nbconvert(path, "--execute", "--to", "html")
    alts = alternative_texts()
    assert pictures(path.with_suffix(".html").read_text(encoding="utf-8")) == [
        alts[name] for name in WIDGETS[:2]
    ]
