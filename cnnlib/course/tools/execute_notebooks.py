"""Run the notebooks and store their outputs in one normal form. This is `make notebooks`.

The stored notebook is what a reader sees before running anything, and what the tests compare
with. So two runs of the same notebook must leave the same bytes: nothing may remain that
depends on the hour, the machine or the program in which the notebook was last saved.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from cnnlib.course.tools.notebook_rules import (
    CELL_METADATA,
    METADATA,
    OUTPUT_RULES,
    RANDOM_ID,
    READABLE_ID,
    Notebook,
)
from cnnlib.files import check_writable, write_whole

CELL_TIMEOUT = 900  # seconds
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

# What the kernel does last, so that widgets which ask it can do without.
PACK = "from cnnlib.course.widgets.kit.base import pack_all\n\npack_all()"

# What tqdm writes behind the counts: "[00:01<00:00, 93.75it/s, loss=0.123]".
TQDM_TIMES = re.compile(r" \[[\d:?<]+, [^,\]]+(?:, (?P<postfix>[^\]]*))?\]$")


class NotebookError(Exception):
    """A notebook could not be run, or its outputs must not be stored."""


class _ThisPython(AsyncKernelManager):
    """Start kernels with the Python that runs this file, whatever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(**get_kernel_dict())


def execute(path: Path, timeout: int = CELL_TIMEOUT, keep_widgets: bool = False) -> NotebookNode:
    """Run a notebook from a fresh kernel and return it, normalised. The file is not written.

    With `keep_widgets` the state of the course's own widgets stays in it, for a page that shows
    them alive; and they take along what they would ask a kernel for.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)
    if keep_widgets:
        notebook.cells.append(nbformat.v4.new_code_cell(PACK))
    running: list[NotebookNode] = []
    client = nbclient.NotebookClient(
        notebook,
        kernel_manager_class=_ThisPython,
        timeout=timeout,
        record_timing=False,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=lambda cell, cell_index: running.append(cell),
    )
    try:
        # Whatever has been solved on this machine, the stored notebook shows a fresh start.
        with tempfile.TemporaryDirectory() as nobodys:
            client.execute(
                # The kernel's log is not part of any cell, and it warns about its own transport.
                stderr=subprocess.DEVNULL,
                env=os.environ | {"CNNLIB_PROGRESS": str(Path(nobodys) / "progress.json")},
            )
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise NotebookError(_failure(path, running[-1], error)) from error
    if keep_widgets:
        notebook.cells.pop()
    normalise(notebook, keep_widgets)
    problems = [
        str(problem)
        for rule in OUTPUT_RULES
        for problem in rule(Notebook(name=path.stem, content=notebook))
    ]
    if problems:
        raise NotebookError("\n".join(problems))
    return notebook


def _failure(path: Path, cell: NotebookNode, error: Exception) -> str:
    """Say which cell failed, and how, without the colours meant for a terminal."""
    details = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    return f"{path.stem}, cell `{cell.id}`: {type(error).__name__}\n{details}"


def normalise(notebook: NotebookNode, keep_widgets: bool = False) -> NotebookNode:
    """Take out of a notebook what would differ in the next run. Changes it and returns it."""
    widgets = notebook.metadata.get("widgets")
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(METADATA)
    if widgets is not None:
        notebook.metadata.widgets = widgets
    _name_cells(notebook)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
        )
        cell.source = cell.source.rstrip()
        if cell.cell_type == "code":
            cell.outputs = _join_streams(cell.outputs)
    _finish_progress_bars(notebook)
    _number_widgets(notebook)
    if not keep_widgets:
        _drop_drawn_widgets(notebook)
    nbformat.validate(notebook)
    return notebook


def _name_cells(notebook: NotebookNode) -> None:
    """Name the cells that an editor has given a random id after the heading they stand under.

    A name, once given, stays: it is what tests and links refer to.
    """
    taken = {cell.id for cell in notebook.cells}
    heading = "start"
    for cell in notebook.cells:
        title = re.search(r"^#+ +(.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and title:
            heading = "-".join(re.findall(r"[a-z0-9]+", title[1].lower())) or heading
            heading = heading.lstrip("0123456789-") or "start"
        if READABLE_ID.fullmatch(cell.id) and not RANDOM_ID.fullmatch(cell.id):
            continue
        name, number = heading[:50].rstrip("-"), 1
        while (candidate := name if number == 1 else f"{name}-{number}") in taken:
            number += 1
        cell.id = candidate
        taken.add(candidate)


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of printed text. Where a kernel cuts them depends on timing."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and last.get("name") == output.name:
            last["text"] += output.text
        else:
            joined.append(output)
    return joined


def _finish_progress_bars(notebook: NotebookNode) -> None:
    """Show each tqdm bar as it ended, without its timings.

    A bar's text is stored as it was at the start ("0%"), which is also all that a reader sees
    where no widgets run. The stored state of the widget knows how the bar ended.
    """
    state = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for output in _outputs(notebook):
        model_id = output.get("data", {}).get(WIDGET_VIEW, {}).get("model_id")
        parts = _progress_bar(state, model_id)
        if parts is None:
            continue
        left, bar, right = parts
        percentage, counts = _text_of(left), TQDM_TIMES.sub(_keep_postfix, _text_of(right))
        if bar.get("bar_style", "") == "":
            # The bar was removed when it ended (leave=False). How far it was drawn before
            # that is a matter of timing, so show it as it began.
            bar["value"] = 0.0
            percentage = re.sub(r" *\d+%$", "  0%", percentage)
            counts = re.sub(r"^ [^/ ]+", " 0", counts)
        left["value"], right["value"] = _as_html(percentage), _as_html(counts)
        blocks = int(10 * bar["value"] / bar["max"])
        output.data["text/plain"] = f"{percentage}|{'█' * blocks:10}|{counts}"


State = dict[str, Any]  # of a widget


def _progress_bar(state: State, model_id: str) -> tuple[State, State, State] | None:
    """Return the states of the three parts of a tqdm bar with a known total, or None."""
    box = state.get(model_id, {})
    children = [
        state.get(child.removeprefix("IPY_MODEL_"), {})
        for child in box.get("state", {}).get("children", [])
    ]
    if [child.get("model_name") for child in children] != [
        "HTMLModel",
        "FloatProgressModel",
        "HTMLModel",
    ]:
        return None
    left, bar, right = (child["state"] for child in children)
    return (left, bar, right) if _text_of(left).endswith("%") else None


def _text_of(label: State) -> str:
    return html.unescape(label.get("value", "")).replace("\N{FIGURE SPACE}", " ")


def _as_html(text: str) -> str:
    return html.escape(text, quote=False).replace(" ", "\N{FIGURE SPACE}")


def _keep_postfix(times: re.Match[str]) -> str:
    return f", {times['postfix']}" if times["postfix"] else ""


def _number_widgets(notebook: NotebookNode) -> None:
    """Replace the widgets' random ids with numbers in the order in which they were made."""
    state = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    ids = {old: f"widget-{number:04d}" for number, old in enumerate(state, start=1)}
    if not ids:
        return
    # An id may stand anywhere in the state or in a view, alone or behind "IPY_MODEL_".
    pattern = re.compile("|".join(map(re.escape, ids)))

    def renumber(value: object) -> NotebookNode:
        text = pattern.sub(lambda found: ids[found[0]], json.dumps(value))
        return nbformat.from_dict(json.loads(text))

    notebook.metadata.widgets = renumber(notebook.metadata.widgets)
    for output in _outputs(notebook):
        if WIDGET_VIEW in output.get("data", {}):
            output.data[WIDGET_VIEW] = renumber(output.data[WIDGET_VIEW])


def _drop_drawn_widgets(notebook: NotebookNode) -> None:
    """Forget the state of the course's own widgets; their outputs hold a picture instead.

    The state holds all of a widget's JavaScript. And where there is state, an HTML export shows
    no picture, but asks the network for the programs that would draw the widget.
    """
    metadata = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {})
    state = metadata.get("state", {})
    for name, widget in list(state.items()):
        if widget.get("model_module") == "anywidget":
            state.pop(widget["state"].get("layout", "").removeprefix("IPY_MODEL_"), None)
            del state[name]
    if metadata and not state:
        del notebook.metadata["widgets"]


def _outputs(notebook: NotebookNode) -> Iterator[NotebookNode]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def dumps(notebook: NotebookNode) -> str:
    """Return the text of a notebook file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all."""
    write_whole(path, dumps(notebook).encode())


def main(arguments: list[str] | None = None) -> int:
    """Run the named notebooks in order. A notebook that fails is left as it was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path, help="the .ipynb files")
    parser.add_argument("--timeout", type=int, default=CELL_TIMEOUT, help="seconds for one cell")
    options = parser.parse_args(arguments)
    failed = []
    for path in options.notebooks:
        print(f"{path} ...", flush=True)
        try:
            check_writable("make notebooks", path)  # before minutes are spent
            write(execute(path, options.timeout), path)
        except (NotebookError, OSError, nbformat.ValidationError) as error:
            print(f"{error}\n{path} was left as it was.\n", file=sys.stderr, flush=True)
            failed.append(path)
    if failed:
        print(f"Failed: {', '.join(map(str, failed))}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
