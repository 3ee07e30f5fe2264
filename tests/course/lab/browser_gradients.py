"""The widgets about slopes and gradients in a real JupyterLab, with a kernel behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from lab import Lab, Opened, Server, write
from playwright.sync_api import Locator, expect
from stage import enter

SOURCES = (
    "from cnnlib.course import widgets",
    "graph = widgets.ComputationGraph()\ngraph",
    "descent = widgets.DescentStepper([[1, 2, 3]], [[3, 6, 9]], learning_rate=0.05)\ndescent",
    "softmax = widgets.SoftmaxExplorer([0, 1, 2], right=2)\nsoftmax",
    "bend = widgets.ActivationExplorer()\nbend",
)


@pytest.fixture(scope="module")
def opened(window: Lab, server: Server) -> Iterator[Opened]:
    notebook = window.open(write(server, "gradients", *SOURCES))
    notebook.run_all()
    yield notebook
    notebook.close()


def widget(opened: Opened, cell: int) -> Locator:
    found = opened.cell(f"cell-{cell}").locator(".cnn-widget")
    expect(found).to_be_visible()
    return found


@pytest.mark.parametrize(
    ("cell", "field", "typed", "asked", "answer"),
    [
        (1, "b", "-10", "graph.flow.totals", {"x": 0, "w": 0, "b": 0, "t": 14}),
        (2, "Learning rate", "0.1", "descent.learning_rate", 0.1),
        (
            3,
            "Temperature T",
            "0.5",
            "softmax.probabilities.round(3).tolist()",
            [0.016, 0.117, 0.867],
        ),
        (4, "Point x", "3", "bend.at_point['relu']", [3, 1]),
    ],
)
def test_what_is_typed_is_known_to_python(
    opened: Opened, lab: Lab, cell: int, field: str, typed: str, asked: str, answer: object
) -> None:
    enter(widget(opened, cell).get_by_role("spinbutton", name=field, exact=True), typed)
    opened.python_comes_to(f"import json; print(json.dumps({asked}))", answer, json.loads)


@pytest.mark.parametrize(
    ("cell", "code", "where", "text"),
    [
        (
            1,
            "graph.graph = 'fork'",
            ".cnn-lines",
            "w = 2. Which L comes out? Say a number, then step.",
        ),
        (2, "descent.kernel = [[3]]", ".down-result", "The loss is 0. No step has been made yet."),
        (3, "softmax.set(scores=[5, 5], right=0)", ".soft-share >> nth=0", "0.500"),
        (4, "bend.x = 1", ".cnn-lines p >> nth=0", "max(0, 1) = 1"),
    ],
)
def test_what_python_sets_is_drawn(
    opened: Opened, lab: Lab, cell: int, code: str, where: str, text: str
) -> None:
    root = widget(opened, cell)
    opened.python(code)
    expect(root.locator(where)).to_have_text(text)
