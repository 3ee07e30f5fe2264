"""Widgets that live on a page: what a notebook that was run says of them, made ready for a browser.

A widget whose arithmetic is in JavaScript needs no kernel. Its module, its sheet and its settings
are in the state that the kernel left behind; a small script puts them where the widget stood.
Widgets that ask Python show their picture, and say so.
"""

from __future__ import annotations

import copy
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from cnnlib.course import widgets
from cnnlib.course.tools.execute_notebooks import WIDGET_STATE, WIDGET_VIEW
from cnnlib.course.widgets.kit.base import Widget

__all__ = ["Live", "kind_of", "live"]

HOST = Path(__file__).with_name("host.js")
NEEDS_KERNEL = (
    '<p class="cnn-needs-kernel">This widget computes in Python, so this page has its picture. '
    "It runs in JupyterLab{here}.</p>"
)
# What anywidget keeps beside a widget's own values.
_INNER = (
    "_anywidget_id",
    "_css",
    "_dom_classes",
    "_esm",
    "_model_",
    "_view_",
    "layout",
    "tabbable",
)


@dataclass
class Live:
    """A notebook for a page, and what its widgets need there.

    Attributes
    ----------
    notebook : NotebookNode
        With a place, ``<div class="cnn-live" data-model="…">``, wherever a widget lives.
    models : dict
        For each widget its state, and the names of its module and its sheet.
    modules, styles : dict
        The texts, each once.
    """

    notebook: NotebookNode
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    styles: dict[str, str] = field(default_factory=dict)

    def html(self, then: str = "") -> str:
        """Return what stands at the end of the page: the widgets, and the script that shows them.

        It is empty where no widget lives and nothing is to come then.

        Parameters
        ----------
        then : str
            JavaScript of a module, for when all widgets are in their places.
        """
        if not self.models and not then:
            return ""
        page = {"models": self.models, "modules": self.modules, "styles": self.styles}
        # Within a script element, "</" and "<!--" would end or open something.
        text = json.dumps(page).replace("<", "\\u003c")
        return (
            f'<script type="application/json" id="cnn-page">{text}</script>\n'
            f'<script type="module">\n{HOST.read_text(encoding="utf-8")}\n'
            'const page = JSON.parse(document.getElementById("cnn-page").textContent);\n'
            f"await show(document, page);\n{then}</script>\n"
        )


def live(notebook: NotebookNode, run_here: str = "") -> Live:
    """Return a notebook whose widgets live without a kernel, as far as they can.

    Parameters
    ----------
    notebook : NotebookNode
        As `cnnlib.course.tools.execute_notebooks.execute` returns it with ``keep_widgets=True``. It
        is not changed.
    run_here : str, optional
        Where it can be run in the browser: a widget that needs Python says so.

    Returns
    -------
    Live

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> live(new_notebook(cells=[new_markdown_cell("# No widgets")])).html()
    ''
    """
    page = Live(copy.deepcopy(notebook))
    states = page.notebook.metadata.pop("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for cell in page.notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = _placed(cell.outputs, states, page, run_here)
    return page


def kind_of(output: NotebookNode) -> type[Widget] | None:
    """Return which of the course's widgets an output shows, or None.

    Parameters
    ----------
    output : NotebookNode
        Of a code cell, stored or fresh.

    Returns
    -------
    type or None

    Examples
    --------
    >>> from nbformat.v4 import new_output
    >>> text = "BoxSlider(t = 0.5, widths 1 and 1: area 0.5)"
    >>> data = {WIDGET_VIEW: {"model_id": "widget-0001"}, "text/plain": text}
    >>> kind_of(new_output("display_data", data=data)).__name__
    'BoxSlider'
    """
    data = output.get("data", {})
    if WIDGET_VIEW not in data:
        return None
    name = "".join(data.get("text/plain", "")).partition("(")[0]
    kind = getattr(widgets, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, Widget) else None


def _placed(
    outputs: list[NotebookNode], states: dict[str, Any], page: Live, run_here: str
) -> list[NotebookNode]:
    """Return the outputs of a cell, with a place for each widget, and its picture inside it."""
    placed: list[NotebookNode] = []
    waiting: str | None = None  # the place whose picture is the next output
    for output in outputs:
        data = output.get("data", {})
        picture = "cnn-stand-in" in "".join(data.get("text/html", ""))
        if WIDGET_VIEW in data:
            model = data[WIDGET_VIEW]["model_id"]
            kind = kind_of(output)
            if kind is None:  # a progress bar: its text remains
                del data[WIDGET_VIEW]
                placed.append(output)
            elif kind.needs_kernel or not states[model]["state"].get("packed", True):
                here = f': <a href="{run_here}">run it here</a>' if run_here else ""
                waiting = NEEDS_KERNEL.replace("{here}", here) + "{picture}"
            else:
                _keep(model, states[model], page)
                waiting = f'<div class="cnn-live" data-model="{model}">{{picture}}</div>'
        elif picture and waiting is not None:
            inner = _unhidden("".join(data["text/html"]))
            placed.append(_html(waiting.replace("{picture}", inner)))
            waiting = None
        else:
            placed.append(output)
    return placed


def _html(text: str) -> NotebookNode:
    return new_output("display_data", data={"text/html": text, "text/plain": ""})


def _unhidden(picture: str) -> str:
    """Return a picture without the sheet that hides it where its widget lives."""
    return (
        picture[picture.index("</style>") + len("</style>") :] if "<style>" in picture else picture
    )


def _keep(model: str, stored: dict[str, Any], page: Live) -> None:
    """Put what a widget needs on the page."""
    state = stored["state"]
    own = {name: value for name, value in state.items() if not name.startswith(_INNER)}
    for buffer in stored.get("buffers", []):
        *path, last = buffer["path"]
        place: Any = own
        for step in path:
            place = place[step]
        place[last] = {"$bytes": buffer["data"]}
    names = {}
    for kind, text, texts in (
        ("module", state["_esm"], page.modules),
        ("style", state.get("_css", ""), page.styles),
    ):
        names[kind] = hashlib.sha256(text.encode()).hexdigest()[:12]
        texts[names[kind]] = text
    page.models[model] = {"state": own, **names}
