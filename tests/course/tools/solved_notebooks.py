"""Every notebook gives its stored outputs; solved, and run from the last cell up, all is right.

`make test-notebooks` runs this. Each notebook goes through one kernel, under nbval, three times:

1. as it is, and each output is compared with the stored one;
2. with the text of each solution, as a reader sees it, pasted over the stub: all exercises, and
   all cells that read a name which comes from one;
3. from the last cell back up: after Run All, a reader returns to any cell, changes a number and
   runs that cell again.
"""

import ast
import copy
import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from stored import SANITIZE

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.judge import Exercise
from cnnlib.course.tools.notebook_rules import FOLDER
from cnnlib.course.tools.open_code import judged

pytestmark = pytest.mark.timeout(2400)  # whole notebooks are run


def solve(source: str, exercise: Exercise) -> str:
    """Return the source of a cell with the reader's stub replaced by the solution."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        named = getattr(node, "name", None)  # a function or a class
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named = node.targets[0].id
        if named == exercise.reader_name:
            assert node.end_lineno is not None
            lines[node.lineno - 1 : node.end_lineno] = exercise.solution().code.splitlines()
            return "\n".join(lines)
    raise AssertionError(f"There is no stub {exercise.reader_name} in:\n{source}")


def solve_all(cells: list[nbformat.NotebookNode], chapter: Chapter) -> dict[str, Exercise]:
    """Fill in every solution, and return which exercise the cell with each id then solves."""
    exercises = chapter.exercises().chapter.exercises
    solved: dict[str, Exercise] = {}
    for cell in cells:
        for exercise in exercises.values():
            source = "".join(cell["source"])  # a file may hold a list of lines
            if cell["cell_type"] == "code" and f"ex.{exercise.name}.check(" in source:
                cell["source"] = solve(source, exercise)
                solved[cell["id"]] = exercise
    assert list(solved.values()) == list(exercises.values())
    return solved


def touched(cells: list[nbformat.NotebookNode], solved: Collection[str]) -> list[str]:
    """Return the sources of the exercises, and of each cell that a solution may change."""
    chosen, changed = set(solved), set[str]()
    for statement in judged(cells):
        if statement.cell in chosen or statement.reads & changed:
            chosen.add(statement.cell)
            changed |= statement.writes
    return [cell.source for cell in cells if cell.id in chosen]


def test_what_reads_an_answer_is_run_again_and_nothing_else() -> None:
    sources = (
        "x = 1",
        "answer = 2",
        "y = x",
        "z = []\nz.append(answer)",
        "for one in z:\n    w = one",
    )
    cells = [new_code_cell(source, id=str(number)) for number, source in enumerate(sources)]
    assert touched(cells, {"1"}) == [sources[1], *sources[3:]]


# The last chapters take longest. Begun first, none of them runs alone while the others have ended.
@pytest.mark.parametrize("chapter", CHAPTERS[::-1], ids=lambda chapter: chapter.slug)
def test_outputs_are_as_stored_and_all_solutions_right(chapter: Chapter, tmp_path: Path) -> None:
    notebook = nbformat.read(FOLDER / f"{chapter.notebook}.ipynb", as_version=4)
    code = [copy.deepcopy(cell) for cell in notebook.cells if cell.cell_type == "code"]
    solved = solve_all(code, chapter)
    sources = [cell.source for cell in code]
    all_done = f'assert "{len(solved)} of {len(solved)} done" in repr(ex.progress())'
    # From the last cell to the first, each finds the names as Run All, or a cell below, left them.
    for number, source in enumerate([*touched(code, solved), all_done, *sources[::-1], all_done]):
        again = new_code_cell(source, id=f"again-{number}")
        again.metadata.tags = ["nbval-ignore-output"]  # an error still fails it
        notebook.cells.append(again)
    path = tmp_path / f"{chapter.notebook}.ipynb"
    nbformat.write(notebook, path)

    progress = tmp_path / "progress.json"
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", str(path), "--nbval", "--nbval-current-env"),
            *("--nbval-cell-timeout=900", f"--nbval-sanitize-with={SANITIZE}", "--quiet"),
            *(f"--rootdir={tmp_path}", "-p", "no:cacheprovider", "--timeout=1000"),
        ],
        env={**os.environ, "CNNLIB_PROGRESS": str(progress)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    count = sum(cell.cell_type == "code" for cell in notebook.cells)
    assert f"{count} passed" in ran.stdout  # none was skipped, and none overlooked
