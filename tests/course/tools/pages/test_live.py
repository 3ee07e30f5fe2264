"""A notebook that was run, made ready for a page without a kernel."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from cnnlib.course.tools.execute_notebooks import execute
from cnnlib.course.tools.pages.live import Live, live
from cnnlib.pretrained import load_digits_cnn

SOURCE = """
import numpy as np
from cnnlib.course import widgets
from cnnlib.layers import Flatten, Linear, Sigmoid
from cnnlib.model import Sequential
from cnnlib.pretrained import load_digits_cnn

stepper = widgets.ConvolutionStepper([[5, 1, 7], [15, 5, 1]], [[11, 4], [5, 2]])
display(stepper)
display(stepper)
display(widgets.ConvolutionStepper([[1, 2]], [[3]]))
display(widgets.DrawingPad(load_digits_cnn()))
strange = Sequential(Flatten(), Sigmoid(), Linear(784, 10, rng=np.random.default_rng(0)))
display(widgets.DrawingPad(strange))
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
    first, second, third, fourth = places(page)
    assert first == second
    assert set(page.models) == {first, third, fourth}
    assert len(page.models) == 3


def test_modules_and_sheets_are_kept_once(page: Live) -> None:
    assert len(page.modules) == len(page.styles) == 2
    assert all("export default" in module for module in page.modules.values())


def test_the_pad_takes_its_network_along_and_no_answer(page: Live) -> None:
    state: dict[str, Any] = page.models[places(page)[-1]]["state"]
    weights = base64.b64decode(state["packed"]["weights"]["$bytes"])
    model = load_digits_cnn()
    expected = np.concatenate([one.value.ravel() for one in model.parameters()])
    np.testing.assert_array_equal(np.frombuffer(weights, np.float32), expected)
    assert [layer["name"] for layer in state["packed"]["layers"]] == [repr(one) for one in model]
    assert state["answer"]["maps"] == {"$bytes": ""}


def test_a_widget_that_asks_python_shows_its_picture_and_says_so(page: Live) -> None:
    """As does a pad whose network the browser does not know."""
    texts = [o.get("data", {}).get("text/html", "") for o in page.notebook.cells[0].outputs]
    (pad,) = [text for text in texts if "cnn-needs-kernel" in text]
    assert "data:image/png" in pad


def test_what_packs_the_widgets_is_no_cell_of_the_notebook(ran: NotebookNode) -> None:
    assert [cell.id for cell in ran.cells] == ["all"]


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
