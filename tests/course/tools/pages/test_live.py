"""A notebook that was run, made ready for a page without a kernel."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from cnnlib.course.tools.execute_notebooks import execute
from cnnlib.course.tools.pages.live import Live, live

SOURCE = """
from cnnlib.course import widgets
from cnnlib.pretrained import load_digits_cnn

stepper = widgets.ConvolutionStepper([[5, 1, 7], [15, 5, 1]], [[11, 4], [5, 2]])
display(stepper)
display(stepper)
display(widgets.ConvolutionStepper([[1, 2]], [[3]]))
display(widgets.DrawingPad(load_digits_cnn()))
print("</script><!-- said in between")
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    cell = nbformat.v4.new_code_cell(SOURCE, id="all")
    path = tmp_path_factory.mktemp("live") / "a.ipynb"
    path.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[cell])), encoding="utf-8")
    return execute(path, keep_widgets=True)


@pytest.fixture(scope="module")
def page(ran: NotebookNode) -> Live:
    return live(ran)


def places(page: Live) -> list[str]:
    return [
        model
        for output in page.notebook.cells[0].outputs
        for model in re.findall('data-model="(.*?)"', output.get("data", {}).get("text/html", ""))
    ]


def test_each_view_has_a_place_and_two_views_share_a_widget(page: Live) -> None:
    first, second, third = places(page)
    assert first == second != third
    assert set(page.models) == {first, third}


def test_modules_and_sheets_are_kept_once(page: Live) -> None:
    assert len(page.modules) == len(page.styles) == 1
    (module,) = page.modules.values()
    assert "export default" in module


def test_a_widget_that_asks_python_shows_its_picture_and_says_so(page: Live) -> None:
    texts = [o.get("data", {}).get("text/html", "") for o in page.notebook.cells[0].outputs]
    (pad,) = [text for text in texts if "cnn-needs-kernel" in text]
    assert "data:image/png" in pad


def test_the_settings_are_those_of_the_widget(page: Live) -> None:
    state: dict[str, Any] = page.models[places(page)[0]]["state"]
    assert state["settings"]["kernel"] == [[[11, 4], [5, 2]]]
    assert {name for name in state if name.startswith("_")} == set()


def test_what_stands_on_the_page_ends_no_script(page: Live) -> None:
    text = re.search('id="cnn-page">(.*?)</script>', page.html(), re.DOTALL)
    assert text is not None
    assert json.loads(text[1])["models"] == page.models


def test_the_notebook_given_is_left_as_it_was(ran: NotebookNode) -> None:
    before = nbformat.writes(ran)
    live(ran)
    assert nbformat.writes(ran) == before


def test_without_widgets_there_is_no_script() -> None:
    assert live(nbformat.v4.new_notebook()).html() == ""


def test_the_host_speaks_to_nobody() -> None:
    text = (Path(live.__code__.co_filename).with_name("host.js")).read_text(encoding="utf-8")
    assert "http" not in text
    assert "fetch" not in text
