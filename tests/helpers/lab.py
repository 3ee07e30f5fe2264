"""A real JupyterLab for the tests: a server of its own, and notebooks opened in it."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Browser, Locator, Page, expect

from cnnlib.course.tools.notebook_rules import METADATA

ROOT = Path(__file__).parents[2]
PATIENCE = 60_000  # milliseconds; a shared machine may be slow for a moment
RUN_PATIENCE = 1_200_000  # for all cells of a notebook; some train networks, beside other tests

# Opens a notebook, waits until its kernel answers, and returns. JupyterLab shows `restored`
# before the notebook it opens, and a kernel that is not yet there is asked for in a dialog.
OPEN = """
async (path) => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = await app.commands.execute("docmanager:open", { path, factory: "Notebook" });
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  await panel.revealed;
  app.shell.activateById(panel.id);
  window.panels = { ...window.panels, [path]: panel };
}
"""

RUN_ALL = """
async (path) => {
  const panel = window.panels[path];
  window.jupyterapp.shell.activateById(panel.id);
  await window.jupyterapp.commands.execute("notebook:run-all-cells");
  const cells = [...panel.content.model.cells].filter((cell) => cell.type === "code");
  return cells.map((cell) => ({
    id: cell.id,
    count: cell.executionCount,
    outputs: cell.outputs.toJSON().map((output) => ({
      type: output.output_type,
      kinds: Object.keys(output.data ?? {}),
      text: output.evalue ?? output.text ?? output.data?.["text/plain"] ?? "",
    })),
  }));
}
"""

# A picture of what is in view would miss cells that JupyterLab draws late.
SHOW_CELL = """
async ([path, id]) => {
  const notebook = window.panels[path].content;
  const index = notebook.widgets.findIndex((cell) => cell.model.id === id);
  notebook.activeCellIndex = index;
  await notebook.scrollToItem(index, "center");
}
"""


# What JupyterLab itself complains of when a notebook is closed while it still asks the kernel.
OWN_COMPLAINTS = re.compile(
    r"Could not restore the debugger state"
    r"|Canceled future for (debug|create_subshell|comm_info|kernel_info)_request"
)


def defaults_of_the_course() -> str:
    """Return the settings that the course gives to JupyterLab."""
    return (ROOT / "cnnlib/course/tools/jupyterlab.json").read_text(encoding="utf-8")


def within(page: Page, function: str, argument: Any, limit: int = PATIENCE) -> Any:
    """Call an asynchronous function in the page; unlike `evaluate`, do not wait for ever."""
    return page.evaluate(
        f"""async ([argument, limit]) => {{
          const late = new Promise((_, reject) => setTimeout(
            () => reject(new Error(`no answer within ${{limit}} ms; the page shows: ` +
              document.body.innerText.slice(-300))), limit));
          return await Promise.race([({function})(argument), late]);
        }}""",
        [argument, limit],
    )


# Writes into a cell as somebody who types, runs it, and returns what it says.
REWRITE = """
async ([path, id, source]) => {
  const notebook = window.panels[path].content;
  window.jupyterapp.shell.activateById(window.panels[path].id);
  notebook.activeCellIndex = notebook.widgets.findIndex((cell) => cell.model.id === id);
  notebook.activeCell.model.sharedModel.setSource(source);
  await window.jupyterapp.commands.execute("notebook:run-cell");
  const outputs = notebook.activeCell.model.outputs.toJSON();
  return outputs.map((one) => one.data?.["text/plain"] ?? one.evalue ?? one.text).join("\\n");
}
"""


class Server:
    """JupyterLab over copies of the course's notebooks, with no settings of anybody's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "course"
        self.folder.mkdir(parents=True)
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            shutil.copy(path, self.folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        settings = folder / "settings"
        settings.mkdir()
        (settings / "overrides.json").write_text(defaults_of_the_course(), encoding="utf-8")
        environment = os.environ | {
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_DATA_DIR": str(folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "IPYTHONDIR": str(folder / "ipython"),
            "CNNLIB_PROGRESS": str(folder / "progress.json"),
            # Another order of adding than elsewhere: what a notebook prints must not depend on it.
            "OPENBLAS_CORETYPE": "Nehalem",
            "OPENBLAS_NUM_THREADS": "2",
        }
        environment.pop("MPLBACKEND", None)  # the unit tests' own
        self.log = (folder / "server.log").open("w")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                f"--ServerApp.port={self.port}",
                "--ServerApp.port_retries=0",
                "--ServerApp.ip=127.0.0.1",
                f"--ServerApp.root_dir={self.folder}",
                "--IdentityProvider.token=",
                "--LabApp.expose_app_in_browser=True",
                f"--LabApp.app_settings_dir={settings}",
            ],
            env=environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/api/status", timeout=5):
                    return
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.2)
        text = Path(self.log.name).read_text(encoding="utf-8")
        self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{text[-3000:]}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Lab:
    """A window of JupyterLab. It keeps what went wrong on the page."""

    def __init__(self, browser: Browser, server: Server) -> None:
        self.server = server
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.context.set_default_timeout(PATIENCE)
        self.context.on("request", self._look_at)
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self._complain(error.stack or str(error)))
        self.page.on("console", self._listen)
        self.page.goto(f"{server.url}/lab/workspaces/test?reset")
        self.page.wait_for_function("window.jupyterapp !== undefined")
        self.page.evaluate("window.jupyterapp.restored.then(() => null)")

    def _look_at(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("data", "blob"):
            return
        if address.netloc != f"127.0.0.1:{self.server.port}":
            self.foreign.append(request.url)

    def _listen(self, said: Any) -> None:
        if said.type == "error":
            self._complain(f"{said.text} ({said.location.get('url', '')})")

    def _complain(self, text: str) -> None:
        if not OWN_COMPLAINTS.search(text):
            self.errors.append(text)

    def take_complaints(self) -> list[str]:
        """Return what went wrong since the last call."""
        found = self.errors + [f"request to {address}" for address in self.foreign]
        self.errors.clear()
        self.foreign.clear()
        return found

    def open(self, name: str) -> Opened:
        path = f"{name}.ipynb"
        within(self.page, OPEN, path)
        return Opened(self, path)

    def theme(self, name: str) -> None:
        """Switch to "JupyterLab Dark" or "JupyterLab Light"."""
        self.page.evaluate(
            "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        dark = "false" if "Dark" in name else "true"
        self.page.locator(f"body[data-jp-theme-light={dark}]").wait_for(state="attached")
        # JupyterLab trips over its own splash screen if it has to show the next one too soon.
        self.page.evaluate("() => { window.lastSplash = performance.now(); }")
        self.page.wait_for_function(
            """() => {
              const now = performance.now();
              if (document.querySelector("#jupyterlab-splash")) window.lastSplash = now;
              return now - window.lastSplash > 1000;
            }"""
        )

    def close(self) -> None:
        self.context.close()


class Opened:
    """A notebook that is open in JupyterLab."""

    def __init__(self, lab: Lab, path: str) -> None:
        self.lab = lab
        self.page = lab.page
        self.path = path

    def run_all(self) -> list[dict[str, Any]]:
        """Run all cells; return each code cell's id, count and outputs."""
        return within(self.page, RUN_ALL, self.path, limit=RUN_PATIENCE)

    def cell(self, cell_id: str) -> Locator:
        """Scroll to a cell and return it."""
        self.page.evaluate(SHOW_CELL, [self.path, cell_id])
        index = self.page.evaluate(
            "([path, id]) => panels[path].content.widgets.findIndex((c) => c.model.id === id)",
            [self.path, cell_id],
        )
        node = self.page.evaluate(
            "(path) => panels[path].content.node.closest('.jp-NotebookPanel').id", self.path
        )
        return self.page.locator(f"[id='{node}'] .jp-Cell[data-windowed-list-index='{index}']")

    def python(self, code: str) -> str:
        """Run code in the notebook's kernel, beside its cells; return what it prints."""
        return within(
            self.page,
            """async ([path, code]) => {
              const kernel = panels[path].sessionContext.session.kernel;
              const future = kernel.requestExecute({ code, store_history: false });
              let text = "";
              future.onIOPub = (message) => {
                text += message.content.text ?? "";
                if (message.header.msg_type === "error") text += message.content.evalue;
              };
              await future.done;
              return text;
            }""",
            [self.path, code],
        ).strip()

    def python_comes_to(
        self, code: str, expected: object, read: Callable[[str], object] = str
    ) -> None:
        """Run code again and again until what it prints, when read, is what is expected.

        What is done in the browser takes a moment to be known in the kernel: JupyterLab hands it
        over beside the cells, and a widget waits with each change until the last one is answered.
        """
        deadline = time.monotonic() + PATIENCE / 1000
        while (said := read(self.python(code))) != expected and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        assert said == expected

    def rewrite(self, cell_id: str, source: str) -> str:
        """Write into a cell and run it; return what it says."""
        return within(self.page, REWRITE, [self.path, cell_id, source])

    def restart(self) -> None:
        within(
            self.page,
            """async (path) => {
              const session = panels[path].sessionContext;
              await session.restartKernel();
              await session.session.kernel.info;
            }""",
            self.path,
        )

    def save(self) -> None:
        within(self.page, "(path) => panels[path].context.save()", self.path)

    def close(self, *, shut_down: bool = True) -> None:
        """Close the notebook; with `shut_down`, its kernel too."""
        within(
            self.page,
            """async ([path, shutDown]) => {
              const panel = panels[path];
              if (panel.isDisposed) return;
              if (shutDown) await panel.sessionContext.shutdown();
              panel.context.model.dirty = false;
              panel.close();
            }""",
            [self.path, shut_down],
        )


def write(server: Server, name: str, *sources: str) -> str:
    """Put a notebook of code cells beside the course's own."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(sources)]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=METADATA)
    (server.folder / f"{name}.ipynb").write_text(nbformat.writes(notebook), encoding="utf-8")
    return name


def widget(opened: Opened, cell: str = "cell-1") -> Locator:
    found = opened.cell(cell).locator(".cnn-widget")
    expect(found).to_be_visible()
    return found


def ids_of_cells(opened: Opened) -> list[str]:
    return opened.page.evaluate(
        "(path) => [...panels[path].content.model.cells].map((cell) => cell.id)", opened.path
    )
