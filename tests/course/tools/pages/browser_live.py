"""A page without a kernel, opened as a file: its widgets answer."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from cnnlib.course.tools.execute_notebooks import execute
from cnnlib.course.tools.pages.live import live

SOURCE = """
from cnnlib.course import widgets
stepper = widgets.ConvolutionStepper([[5, 1, 7], [15, 5, 1]], [[11, 4], [5, 2]])
display(stepper)
display(stepper)
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    path = folder / "a.ipynb"
    cells = [nbformat.v4.new_code_cell(SOURCE, id="all")]
    path.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=cells)), encoding="utf-8")
    page = live(execute(path, keep_widgets=True))
    outputs = [output.data["text/html"] for output in page.notebook.cells[0].outputs]
    html = f'<!doctype html><meta charset="utf-8"><body>{"".join(outputs)}{page.html()}</body>'
    (folder / "a.html").write_text(html, encoding="utf-8")
    return folder / "a.html"


def test_a_widget_answers_and_two_views_go_together(page: Page, written: Path) -> None:
    page.goto(written.as_uri())
    places = page.locator(".cnn-live")
    expect(places.locator(".cnn-widget")).to_have_count(2)
    expect(places.locator("img.cnn-stand-in")).to_have_count(0)
    first, second = places.nth(0), places.nth(1)
    expect(first).to_contain_text("= 144")
    first.get_by_role("spinbutton", name="Bias", exact=True).fill("10")
    first.get_by_role("spinbutton", name="Bias", exact=True).press("Enter")
    expect(second.get_by_role("spinbutton", name="Bias", exact=True)).to_have_value("10")
    expect(second).to_contain_text("= 154")
