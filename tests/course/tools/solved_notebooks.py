"""Every notebook, with every solution filled in where a reader would put it: all is right.

`make test-notebooks` runs this after nbval. It takes the text of each solution as a reader sees
it, pastes it over the stub, and runs the whole notebook. Then it goes back up: after Run All, a
reader returns to any cell, changes a number and runs that cell again.
"""

import ast
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.judge import Exercise
from cnnlib.course.tools.execute_notebooks import execute
from cnnlib.course.tools.notebook_rules import FOLDER

pytestmark = pytest.mark.timeout(1200)  # whole notebooks are run


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


def result(cell: nbformat.NotebookNode) -> str:
    """Return the text of the last output: before it, a training may have shown its progress."""
    return cell.outputs[-1].get("data", {}).get("text/plain", "")


# The last chapters take longest. Begun first, none of them runs alone while the others have ended.
@pytest.mark.parametrize("chapter", CHAPTERS[::-1], ids=lambda chapter: chapter.slug)
def test_all_solutions_are_right_in_their_notebook(
    chapter: Chapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))
    notebook = nbformat.read(FOLDER / f"{chapter.notebook}.ipynb", as_version=4)
    solved = solve_all(notebook.cells, chapter)
    # From the last cell to the first, each finds the names as Run All, or a cell below, left them.
    once = len(notebook.cells)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells += [new_code_cell(cell.source, id=f"{cell.id}-x") for cell in code[::-1]]
    path = tmp_path / f"{chapter.notebook}.ipynb"
    nbformat.write(notebook, path)

    done = execute(path)  # an error in any cell ends it
    for cell in done.cells[:once]:
        if cell.id in solved:
            verdict = result(cell)
            assert verdict.startswith(f"✓ {solved[cell.id].name}: right"), verdict
    progress = next(result(cell) for cell in done.cells if cell.source == "ex.progress()")
    assert f"{len(solved)} of {len(solved)} done" in progress
