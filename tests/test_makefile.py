"""What make passes on, refuses and removes, with stand-ins for all that it would run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")

# Stands in for a Python that is new enough: prints what it was given, and how it would run.
RECORDER = """#!/bin/sh
[ "$1" = -c ] && exit 0
for word in "$@"; do printf '<%s>' "$word"; done; echo
env | grep -E '^(PYTHON|MPLBACKEND|OPENBLAS)' | sort
"""
OLD = """#!/bin/sh
[ "$1" = --version ] && echo "Python 3.9.18" && exit 0
exit 1
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def course(tmp_path) -> Path:
    """Return a folder with the Makefile and stand-ins, at a path that is a trial to a shell."""
    folder = tmp_path / "CNN 강의 (2026) #1 'a' \"b\" $HOME"
    program(folder / ".venv/bin/python", RECORDER)
    program(folder / "path/python3", RECORDER)
    for name in ("sh", "find", "rm", "awk", "env", "grep", "sort", "echo", "test"):
        (folder / "path" / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("cnnlib", "data", "notebooks", "tests"):
        (folder / name).mkdir()
    return folder


def make(course: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "PYTHON", "MFLAGS"))}
    return subprocess.run(
        [shutil.which("make") or "make", *words],
        cwd=course,
        env={**clean, "PATH": str(course / "path"), **variables},
        capture_output=True,
        encoding="utf-8",
    )


def lines(done: subprocess.CompletedProcess[str], start: str) -> list[str]:
    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith(start)]


# Which folder and which notebook


@pytest.mark.parametrize(
    "name",
    ["mine", "/abs/path", "my cnn", "~/cnn", 'it\'s "mine"', "$HOME", "$(HOME)", "a#b", "강의", ""],
)
@pytest.mark.parametrize("target", ["lab", "my-copy"])
def test_the_name_of_the_copy_arrives_as_it_was_given(course, target, name):
    expected = f"<-m><cnnlib><{target}><--to><{name}>"
    given = lines(make(course, target, f"COPY={name}"), "<-m>")
    assert given == [expected + ("<--notebook><>" if target == "lab" else "")]
    assert lines(make(course, target, COPY=name), "<-m>") == given


def test_without_a_name_it_is_my_notebooks(course):
    assert lines(make(course, "my-copy"), "<-m>") == ["<-m><cnnlib><my-copy><--to><my-notebooks>"]


def test_a_notebook_and_options_for_jupyterlab(course):
    words = ("lab", "FIRST_NOTEBOOK=notebooks/my $0 #1.ipynb", "LAB_FLAGS=--no-browser --port=99")
    assert lines(make(course, *words), "<-m>") == [
        "<-m><cnnlib><lab><--to><my-notebooks><--notebook><notebooks/my $0 #1.ipynb>"
        "<--no-browser><--port=99>"
    ]


# Outer settings


def test_settings_of_python_from_outside_end_here(course):
    outer = {
        name: "/elsewhere"
        for name in ("PYTHONPATH", "PYTHONHOME", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "MPLBACKEND")
    }
    done = make(course, "my-copy", **outer, PYTHONUTF8="0")
    assert "/elsewhere" not in done.stdout
    assert set(lines(done, "PYTHON")) == {"PYTHONUTF8=1"}


# Which Python


def test_the_environment_is_made_by_the_first_python_that_is_new_enough(course):
    program(course / "path/python3", OLD)
    program(course / "path/python3.13", RECORDER)
    done = make(course, "my-copy")
    assert lines(done, "<cnnlib/course") == ["<cnnlib/course/tools/environment.py>"]
    done = make(course, "test-units")
    assert lines(done, "<cnnlib/course") == ["<cnnlib/course/tools/environment.py><--dev>"]


def test_an_old_python_is_named_with_its_version(course):
    program(course / "path/python3", OLD)
    (course / ".venv/bin/python").unlink()
    done = make(course, "lab")
    assert done.returncode != 0
    said = done.stderr.splitlines()
    assert said[:3] == [
        "The course needs Python 3.11 or newer, but found:",
        "  python3 (Python 3.9.18)",
        "Install it, or say where it is, as in: make lab PYTHON=/path/to/python3",
    ]
    assert "<" not in done.stdout


def test_without_any_python_this_is_said(course):
    (course / "path/python3").unlink()
    (course / ".venv/bin/python").unlink()
    assert "  nothing\n" in make(course, "lab").stderr


def test_a_python_that_the_reader_names_is_the_one_that_is_named_back(course, tmp_path):
    old = program(tmp_path / "old python", OLD)
    said = make(course, "test", f"PYTHON={old}").stderr
    assert f"  {old} (Python 3.9.18)\n" in said
    assert "make test PYTHON=" in said
    assert "  /no/such/python\n" in make(course, "lab", "PYTHON=/no/such/python").stderr


# What is removed


@pytest.mark.parametrize("copy", ["my-notebooks", "my cnn"])
def test_clean_removes_nothing_of_the_readers(course, copy):
    theirs = [
        course / copy / ".ipynb_checkpoints/01-checkpoint.ipynb",
        course / copy / "__pycache__/my_module.pyc",
        course / copy / "my.egg-info/PKG-INFO",
        course / "a project/build/thing",
        course / "a project/__pycache__/x.pyc",
    ]
    ours = [
        course / "cnnlib/course/__pycache__/x.pyc",
        course / "tests/__pycache__/x.pyc",
        course / "notebooks/.ipynb_checkpoints/01-checkpoint.ipynb",
        course / ".pytest_cache/x",
        course / "build/x",
    ]
    for path in (*theirs, *ours):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    elsewhere = course.parent / "elsewhere/__pycache__"
    elsewhere.mkdir(parents=True)
    (course / "data/linked").symlink_to(elsewhere.parent)
    done = make(course, "clean", f"COPY={copy}")
    assert done.returncode == 0, done.stderr
    assert all(path.exists() for path in theirs)
    assert not any(path.exists() for path in ours)
    assert not (course / ".venv").exists()
    assert elsewhere.exists()
