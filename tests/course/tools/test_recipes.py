"""CONTRIBUTING's recipes are performed, step by step, in a copy of the course.

A recipe stands under a heading such as "### A layer: 2 places". Its steps are sentences of a fixed
form, most of them with the text to be written below. So what a newcomer is told to do is what is
tried here, and the number of places to touch is counted.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from inner import inner_environment
from nbformat.v4 import new_code_cell, new_markdown_cell

ROOT = Path(__file__).parents[3]
COPIED = (
    "cnnlib",
    "data",
    "notebooks",
    "tests",
    "CONTRIBUTING.md",
    "README.md",
    "pyproject.toml",
)
# How many places a recipe may touch. A new folder counts once, whatever is in it; files that a
# command writes do not count.
MOST_PLACES = {"layer": 2, "operation": 4, "exercise": 2, "widget": 4, "chapter": 4}

FENCE = r"\n\n```\w*\n(?P<text>.*?)```"
STEPS = {
    "insert": r"In `(?P<path>[^`]+)`, (?P<where>after|before) `(?P<line>[^`]+)`:" + FENCE,
    "cells": r"In `(?P<path>[^`]+)`, new cells before the cell `(?P<cell>[^`]+)`:" + FENCE,
    "append": r"At the end of `(?P<path>[^`]+)`:" + FENCE,
    "create": r"In a new file `(?P<path>[^`]+)`:" + FENCE,
    "copy": r"Copy `(?P<source>[^`]+)` to `(?P<path>[^`]+)`",
    "replace": r"In `(?P<path>[^`]+)`, replace `(?P<old>[^`]+)` with `(?P<new>[^`]+)`",
    "run": r"Run:" + FENCE,
}

pytestmark = pytest.mark.timeout(1200)  # whole notebooks are run


@dataclass(frozen=True)
class Step:
    """One thing that a recipe tells to do."""

    kind: str
    said: dict[str, str]


@dataclass(frozen=True)
class Recipe:
    """What CONTRIBUTING tells to do to add one thing."""

    places: int
    steps: tuple[Step, ...]

    def touched(self) -> set[str]:
        """Return the files and folders that somebody changes by hand."""
        paths = [step.said["path"] for step in self.steps if step.kind != "run"]
        new = {str(Path(path).parent) for path in paths if not (ROOT / path).parent.exists()}
        return {next((n for n in new if path.startswith(f"{n}/")), path) for path in paths}


def steps_of(section: str) -> Iterator[Step]:
    """Yield the steps of a section in their order."""
    found = []
    for kind, form in STEPS.items():
        for match in re.finditer(rf"^(?:\d\. |- )?{form}", section, re.MULTILINE | re.DOTALL):
            found.append((match.start(), Step(kind, match.groupdict())))
    yield from (step for _, step in sorted(found, key=lambda pair: pair[0]))


def recipes(text: str) -> dict[str, Recipe]:
    """Return the recipes in CONTRIBUTING, by what they add."""
    heading = r"^### An? (?P<what>\w+): (?P<places>\d) places\n"
    section = re.compile(rf"{heading}(?P<text>.*?)(?=^## |^### An? |\Z)", re.MULTILINE | re.DOTALL)
    return {
        found["what"]: Recipe(int(found["places"]), tuple(steps_of(found["text"])))
        for found in section.finditer(text)
    }


RECIPES = recipes((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))


class Copy:
    """A copy of the course, in which anything may be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            if (ROOT / name).is_dir():
                ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
                shutil.copytree(ROOT / name, folder / name, ignore=ignored)
            else:
                shutil.copy(ROOT / name, folder / name)

    def perform(self, step: Step) -> None:
        """Do what a step says."""
        getattr(self, f"_{step.kind}")(**step.said)

    def _insert(self, path: str, where: str, line: str, text: str) -> None:
        before = self.read(path)
        place = re.search(rf"^{re.escape(line)}.*\n", before, re.MULTILINE)
        assert place, f"{path} has no line that begins with {line!r}"
        at = place.end() if where == "after" else place.start()
        self.write(path, before[:at] + text + before[at:])

    def _cells(self, path: str, cell: str, text: str) -> None:
        """Put cells into a notebook; a line such as "# %% [markdown] its-id" begins each."""
        notebook = nbformat.read(self.folder / path, as_version=4)
        at = [one.id for one in notebook.cells].index(cell)
        parts = re.split(r"^# %%( \[markdown\])? (.*)\n", text, flags=re.MULTILINE)[1:]
        new = [
            (new_markdown_cell if markdown else new_code_cell)(source.rstrip(), id=name)
            for markdown, name, source in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        ]
        notebook.cells[at:at] = new
        nbformat.write(notebook, self.folder / path)

    def _append(self, path: str, text: str) -> None:
        self.write(path, f"{self.read(path).rstrip()}\n\n\n{text}")

    def _create(self, path: str, text: str) -> None:
        assert not (self.folder / path).exists()
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        self.write(path, text)

    def _copy(self, source: str, path: str) -> None:
        copy = shutil.copytree if (self.folder / source).is_dir() else shutil.copy
        copy(self.folder / source, self.folder / path)

    def _replace(self, path: str, old: str, new: str) -> None:
        inside = self.folder / path
        files = sorted(inside.rglob("*.py")) if inside.is_dir() else [inside]
        texts = {file: file.read_text(encoding="utf-8") for file in files}
        assert any(old in text for text in texts.values()), f"{path} does not hold {old!r}"
        for file, text in texts.items():
            file.write_text(text.replace(old, new), encoding="utf-8")

    def _run(self, text: str) -> None:
        for line in text.splitlines():
            done = self.run(*self._command(line))
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"

    def _command(self, line: str) -> list[str]:
        """Return what make would run, with this Python in place of the environment of make."""
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        make, target, *settings = shlex.split(line)
        assert make == "make"
        rule = re.search(rf"^{target}:.*\n\t\$\(BIN\)/python (.*)", makefile, re.MULTILINE)
        assert rule, f"make {target} runs no Python"
        values = dict(setting.split("=", 1) for setting in settings)
        words = re.sub(r"\$\((\w+)\)", lambda name: values.get(name[1], ""), rule[1])
        return [sys.executable, *shlex.split(words)]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy, and with its modules."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=inner_environment(
                PYTHONPATH=str(self.folder), CNNLIB_PROGRESS=str(self.folder / "progress.json")
            ),
            capture_output=True,
            text=True,
            timeout=600,
        )

    def passes(self, *files: str, tests: str) -> None:
        """Run tests of the copy; they must pass, and each of the files must have some."""
        command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *files]
        done = self.run(*command, "-k", tests)
        assert done.returncode == 0, done.stdout + done.stderr
        for file in files:
            assert re.search(rf"^{file}.* PASSED", done.stdout, re.MULTILINE), f"none in {file}"

    def read(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text, encoding="utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    made = Copy(tmp_path)
    done = made.run(sys.executable, "-c", "import cnnlib; print(cnnlib.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)  # not the course that is tested
    return made


def follow(name: str, copy: Copy) -> None:
    for step in RECIPES[name].steps:
        copy.perform(step)


def test_there_is_a_recipe_for_everything() -> None:
    assert set(RECIPES) == set(MOST_PLACES)


@pytest.mark.parametrize("name", MOST_PLACES)
def test_few_places_are_touched(name: str) -> None:
    recipe = RECIPES[name]
    assert len(recipe.touched()) == recipe.places, recipe.touched()
    assert recipe.places <= MOST_PLACES[name]


def test_a_layer(copy: Copy) -> None:
    follow("layer", copy)
    copy.passes(
        *("tests/test_layers.py", "tests/test_malformed.py", "tests/test_examples.py"),
        "tests/course/tools/test_api_page.py",
        tests="Softmax or table or layers or api_page",
    )


def test_an_operation(copy: Copy) -> None:
    follow("operation", copy)
    copy.passes(
        *("tests/functional", "tests/test_malformed.py", "tests/test_examples.py"),
        "tests/course/tools/test_api_page.py",
        tests="hardtanh or has_a_row or activations or api_page",
    )


def test_a_widget(copy: Copy) -> None:
    follow("widget", copy)
    copy.passes(
        *("tests/course/widgets/test_widgets.py", "tests/course/widgets/bias"),
        *("tests/course/tools/test_notebooks.py", "tests/test_examples.py"),
        tests="bias or 06_flatten_and_fully_connected",
    )


def test_an_exercise(copy: Copy) -> None:
    follow("exercise", copy)
    copy.passes(
        *("tests/course/judge", "tests/course/tools/test_notebooks.py"),
        tests="full_padding or 03_padding_and_stride",
    )


def test_a_chapter(copy: Copy) -> None:
    follow("chapter", copy)
    copy.passes(
        *("tests/course/judge", "tests/course/tools/test_notebooks.py"),
        *("tests/course/tools/test_api_page.py", "tests/test_imports.py"),
        tests="(subsampling and (complete or notebook)) or 09_ or the_notebooks"
        " or api_page or imports",
    )


# The reading of recipes


def test_the_steps_are_read_in_their_order() -> None:
    text = (
        "## Add\n\n### A thing: 2 places\n\nIn a new file `a/b.py`:\n\n```python\nx = 1\n```\n\n"
        "In `README.md`, after `# `:\n\n```\nmore\n```\n\nCopy `a` to `c`.\n\n"
        "Run:\n\n```\nmake api\n```\n\n## Other\n\nAt the end of `z`:\n\n```\n```\n"
    )
    recipe = recipes(text)["thing"]
    assert [step.kind for step in recipe.steps] == ["create", "insert", "copy", "run"]
    assert recipe.steps[0].said == {"path": "a/b.py", "text": "x = 1\n"}
    assert recipe.touched() == {"a", "README.md", "c"}
