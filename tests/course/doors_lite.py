"""The course in a browser without Python: ``make lite``, then JupyterLite in Chromium, offline.

The packages of Pyodide 0.27.7 have to be given: ``make test-doors CNNLIB_PYODIDE=folder``.
"""

from __future__ import annotations

import functools
import gzip
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from course.tools.solved_notebooks import solve, solve_all
from lab import OPEN, RUN_ALL, SHOW_CELL, within
from playwright.sync_api import Browser, BrowserContext, Page

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.tools.pages import lite

ROOT = Path(__file__).parents[2]
PYODIDE = os.environ.get("CNNLIB_PYODIDE", "")
PATIENCE = 1_500_000  # milliseconds, for a notebook in a browser's Python on a busy machine
VIEW = "application/vnd.jupyter.widget-view+json"
FIRST_LOAD = 40_000_000  # bytes over the wire, before the first cell can run

pytestmark = [
    pytest.mark.timeout(6000),  # whole notebooks are run, and the site may be built first
    pytest.mark.skipif(
        not PYODIDE,
        reason="JupyterLite was NOT tried: CNNLIB_PYODIDE names no folder with the packages of "
        "Pyodide 0.27.7",
    ),
]

WRITE = """
async ([path, id, source]) => {
  const cell = [...panels[path].content.model.cells].find((one) => one.id === id);
  cell.sharedModel.setSource(source);
  await panels[path].context.save();
}
"""

RUN_SOME = """
async ([path, ids]) => {
  const notebook = panels[path].content;
  window.jupyterapp.shell.activateById(panels[path].id);
  for (const id of ids) {
    notebook.activeCellIndex = notebook.widgets.findIndex((cell) => cell.model.id === id);
    await window.jupyterapp.commands.execute("notebook:run-cell");
  }
  const last = notebook.activeCell.model;
  return {
    source: notebook.widgets.map((cell) => cell.model.sharedModel.getSource()),
    text: last.outputs.toJSON().map((output) => output.data?.["text/plain"] ?? "").join("\\n"),
  };
}
"""


class Site:
    """The built site behind a plain web server, which notes what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: set[str] = set()
        asked = self.asked

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                asked.add(urlsplit(self.path).path)

        serve = functools.partial(Handler, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), serve)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def loaded(self) -> int:
        """Return how many bytes all that was asked for has, as a server compresses it."""
        files = [self.folder / path.lstrip("/") for path in self.asked]
        return sum(len(gzip.compress(file.read_bytes(), 6)) for file in files if file.is_file())


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    subprocess.run(["make", "lite", f"PYODIDE={PYODIDE}"], cwd=ROOT, check=True)
    running = Site(ROOT / "build" / "lite")
    yield running
    running.server.shutdown()


@pytest.fixture(scope="module")
def window(browser: Browser, site: Site) -> Iterator[tuple[BrowserContext, list[str]]]:
    """Return a browser of its own, and what it asked of any other host."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    made.set_default_timeout(PATIENCE)
    foreign: list[str] = []

    def look_at(request: Any) -> None:
        if not request.url.startswith((f"{site.url}/", "data:", "blob:")):
            foreign.append(request.url)

    made.on("request", look_at)
    yield made, foreign
    made.close()


def start(page: Page, site: Site, path: str) -> None:
    """Open JupyterLite, and a notebook in it."""
    page.goto(f"{site.url}/lab/index.html")
    page.wait_for_function("window.jupyterapp !== undefined")
    within(page, OPEN, path, PATIENCE)


@pytest.mark.parametrize(
    ("number", "name"), [(2, "feature_map"), (5, "max_pool")], ids=["02", "05"]
)
def test_a_notebook_runs_and_its_progress_stays(
    number: int, name: str, window: tuple[BrowserContext, list[str]], site: Site
) -> None:
    chapter = CHAPTERS[number]
    path, answer = f"{chapter.notebook}.ipynb", f"{name.replace('_', '-')}-answer"
    cells = json.loads((site.folder / "files" / path).read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)
    stub = "".join(next(cell["source"] for cell in cells if cell["id"] == answer))
    solved = solve(stub, chapter.exercises().chapter.exercises[name])
    context, foreign = window
    page = context.new_page()
    start(page, site, path)
    within(page, WRITE, [path, answer, solved])
    ran = {cell["id"]: cell for cell in within(page, RUN_ALL, path, PATIENCE)}
    failed = [
        (each, output["text"])
        for each, cell in ran.items()
        for output in cell["outputs"]
        if output["type"] == "error"
    ]
    assert failed == []
    assert all(cell["count"] for cell in ran.values())
    assert "✓" in ran[answer]["outputs"][-1]["text"]
    widgets = [each for each, cell in ran.items() if VIEW in str(cell["outputs"])]
    page.evaluate(SHOW_CELL, [path, widgets[0]])
    page.locator(".jp-Notebook .cnn-head").first.wait_for()
    assert site.loaded() < FIRST_LOAD

    page.reload()
    start(page, site, path)
    again = within(page, RUN_SOME, [path, ["imports", "exercise-progress"]], PATIENCE)
    assert solved in again["source"]
    assert f"✓ {name}" in again["text"]
    assert foreign == []
    page.close()


def under_node(site: Site, cells: list[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """Run cells in the Pyodide of the site, and return what each of those with code came to."""
    node = shutil.which("node")
    assert node is not None, "Node runs Pyodide here; it is not installed"
    notebook = folder / "notebook.ipynb"
    notebook.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    helper = ROOT / "tests" / "helpers" / "pyodide_cells.mjs"
    done = subprocess.run(
        [node, helper, site.folder / "static" / "pyodide", notebook],
        text=True, encoding="utf-8", capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("chapter", CHAPTERS[::-1], ids=lambda chapter: chapter.slug)
def test_every_notebook_runs_to_its_end_with_every_exercise_solved(
    chapter: Chapter, site: Site, tmp_path: Path
) -> None:
    file = site.folder / "files" / f"{chapter.notebook}.ipynb"
    cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
    solved = solve_all(cells, chapter)
    ran = {cell["id"]: cell for cell in under_node(site, cells, tmp_path)}
    assert list(ran) == [cell["id"] for cell in cells if cell["cell_type"] == "code"]
    assert {each: cell["error"] for each, cell in ran.items() if cell["error"]} == {}
    for each, exercise in solved.items():
        assert ran[each]["said"].startswith(f"✓ {exercise.name}: right"), ran[each]["said"]
    ids = {cell["id"] for cell in cells}
    slow = {each: cell["seconds"] for each, cell in ran.items() if cell["seconds"] > 4 * lite.LONG}
    assert [each for each in slow if f"{each}-in-browser" not in ids] == []


def test_a_loop_that_never_ends_is_stopped_in_a_check(site: Site, tmp_path: Path) -> None:
    answer = "def my_feature_map(x, kernel, bias=0):\n    while True: pass"
    sources = [
        "import numpy as np\nfrom cnnlib.course.convolution import exercises as ex\n"
        "from cnnlib.course.judge import run\nrun.SLOWER = 0.2",
        f"{answer}\nex.feature_map.check(my_feature_map)",
        f"{CHAPTERS[2].exercises().feature_map.solution().code}\nrun.SLOWER = 6\n"
        "ex.feature_map.check(my_feature_map)",
    ]
    cells = [
        {"cell_type": "code", "id": f"{number}", "source": source, "metadata": {}}
        for number, source in enumerate(sources)
    ]
    _, endless, right = under_node(site, cells, tmp_path)
    assert "The call was stopped after 2 seconds" in " ".join(endless["said"].split())
    assert right["said"].startswith("✓ feature_map: right")
