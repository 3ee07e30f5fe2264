"""A notebook that shows every widget, run as a learner would run it before exporting it."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import nbformat
from examples import TESTS, WIDGETS, example

# The examples share a helper, which a kernel does not find by itself.
SHOW = "import runpy, sys\nsys.path.append({here!r})\nrunpy.run_path({path!r})['example']()"


def notebook() -> nbformat.NotebookNode:
    """Return a notebook that was not run, with a cell for each widget, named after it."""
    cells = [
        nbformat.v4.new_code_cell(
            SHOW.format(here=str(Path(__file__).parent), path=str(TESTS / name / "example.py")),
            id=name,
        )
        for name in WIDGETS
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def nbconvert(path: Path, *options: str) -> None:
    """Call nbconvert as in a shell."""
    command = [sys.executable, "-m", "jupyter", "nbconvert", *options, str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


@functools.cache
def alternative_texts() -> dict[str, str]:
    """What each picture says to those who do not see it."""
    return {name: example(name)._picture()[1] for name in WIDGETS}
