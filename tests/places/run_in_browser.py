"""Run a notebook to its end in a browser, in a course that is installed somewhere else.

Start JupyterLab as a reader does, by a command in a folder, and open what it opens::

    python tests/places/run_in_browser.py FOLDER [--notebook 02_convolution] -- COMMAND ...

as in ``... /srv/course -- make lab``. The command must take LAB_FLAGS as make does, or options for
JupyterLab at its end. This prints what the notebook printed from the course, and fails with what
went wrong.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
from lab import Lab

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LIMIT = 300  # seconds for an installed JupyterLab to answer


class Address:
    """Where a JupyterLab that others have started answers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(
    command: list[str], folder: Path, log: Path, **options: Any
) -> Iterator[tuple[Address, str]]:
    """Start JupyterLab by a reader's command; yield its address and the notebook it opens."""
    address = Address(free_port())
    flags = [
        "--no-browser",
        f"--ServerApp.port={address.port}",
        "--ServerApp.ip=127.0.0.1",
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
    ]
    # "make lab" takes them in a variable; a command for another user's shell takes either form.
    if "make lab" in " ".join(command):
        flags = [f"LAB_FLAGS={' '.join(flags)}"]
    command = [*command, *flags]
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
        try:
            yield address, _opens(address, process, log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def _opens(address: Address, process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until JupyterLab answers; return the path of the notebook that it opens."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address.url}/", timeout=5) as answer:
                return unquote(urlsplit(answer.url).path).removeprefix("/lab/tree/")
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')[-3000:]}")


def run(command: list[str], folder: Path, notebook: str, log: Path) -> dict[str, object]:
    """Run a notebook of the reader's copy; return where its course lies, and what it showed."""
    with started(command, folder, log) as (address, first), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        lab = Lab(browser, address)
        opened = lab.open(str(Path(first).with_name(notebook)))
        before = lab.page.evaluate(
            "(path) => [...panels[path].content.model.cells]"
            ".filter((cell) => cell.type === 'code' && cell.outputs.length).length",
            opened.path,
        )
        cells = opened.run_all()
        outputs = [(cell["id"], output) for cell in cells for output in cell["outputs"]]
        errors = [f"{where}: {one['text']}" for where, one in outputs if one["type"] == "error"]
        views = [where for where, one in outputs if any("widget-view" in k for k in one["kinds"])]
        shown = opened.cell(views[0]).locator(".cnn-widget").first
        shown.wait_for(state="visible")
        where = opened.python(
            "import cnnlib, os, sys; print(cnnlib.__file__, sys.executable, "
            "os.environ.get('OPENBLAS_NUM_THREADS'), os.getcwd(), sep='|')"
        )
        streams = [one["text"] for _, one in outputs if one["type"] == "stream"]
        opened.save()
        saved = lab.page.evaluate(
            "(path) => Object.keys(panels[path].content.model.sharedModel.metadata ?? {})",
            opened.path,
        )
        found = {
            "first": first,
            "cells": len(cells),
            "not run": sum(cell["count"] is None for cell in cells),
            "cells with outputs before": before,
            "widgets": len(views),
            "errors": errors,
            "complaints": lab.take_complaints(),
            "warnings": [text for text in streams if "arning" in text],
            "where": where,
            "widgets saved": "widgets" in saved,
        }
        opened.close()
        browser.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--notebook", default="02_convolution")
    parser.add_argument("--log", type=Path, default=Path("/tmp/run_in_browser.log"))
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    found = run(options.command, options.folder, options.notebook, options.log)
    for name, value in found.items():
        print(f"{name}: {value}")
    if found["errors"] or found["complaints"] or found["warnings"] or found["not run"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
