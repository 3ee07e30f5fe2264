"""The course really installed in awkward places: moved, copied, shared, and without make.

`make test-places` runs this. It installs the course twice with pip, so it needs pip's cache or the
network, and a few minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from run_in_browser import Address, started

from cnnlib.course.chapters import CHAPTERS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(3600)  # pip is slow where others are at work

# Settings of a reader's that would install elsewhere, something else, or nothing.
HOSTILE = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONPATH": "/elsewhere",
    "PYTHONWARNINGS": "error",
    "PIP_USER": "1",
    "PIP_TARGET": "/elsewhere",
    "PIP_CONSTRAINT": "/elsewhere.txt",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_NO_DEPS": "1",
}
# Alone in a cell, what a reader's first figure would bring to light: a warning of Matplotlib's.
FIRST_FIGURE = (
    "from cnnlib.course import drawing; fig, ax = drawing.new(height=1); fig.canvas.draw()"
)


def checkout(folder: Path) -> Path:
    """Copy what version control holds of the course."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def outer(**variables: str) -> dict[str, str]:
    """Return an environment without what a run under make has set."""
    mine = ("MAKE", "MFLAGS", "JUPYTER", "IPYTHON", "MPL", "CNNLIB", "OPENBLAS", "PYTHON", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    return {**kept, **variables}


def run(folder: Path, *words: str | Path, check: bool = True, **options: object) -> str:
    options = {"env": outer(), **options}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="surrogateescape",
        **options,
    )
    assert (done.returncode == 0) == check, done.stdout
    return done.stdout


def place_of_cnnlib(python: Path, folder: Path) -> Path:
    """Ask a Python, in an awkward locale, where it would import the course from."""
    code = "import cnnlib, os, sys; sys.stdout.buffer.write(os.fsencode(cnnlib.__file__))"
    env = outer(LC_ALL="C", PYTHONUTF8="0")
    return Path(run(folder, python, "-c", code, env=env)).parents[1]


def _is_new_enough(python: Path) -> bool:
    code = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"
    return python.exists() and subprocess.run([python, "-c", code]).returncode == 0


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Return a folder that others may enter: pytest closes its own to all but their owner."""
    with tempfile.TemporaryDirectory(prefix="cnnlib-places-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="module")
def installed(place: Path) -> Path:
    """Return a course that make has installed, at a path and under settings that are a trial."""
    made = checkout(place / "CNN 강의 (2026) #1 'a'" / "course")
    # One in somebody's home folder, nobody else may run.
    everybodys = Path("/usr/bin/python3")
    named = [f"PYTHON={everybodys}"] if _is_new_enough(everybodys) else []
    said = run(made, "make", "my-copy", *named, env=outer(**HOSTILE))
    assert said.count("copied") == len(CHAPTERS), said
    assert len(list((made / "my-notebooks").glob("*.ipynb"))) == len(CHAPTERS)
    return made


@pytest.fixture
def elsewhere(installed: Path, tmp_path: Path) -> Iterator[Path]:
    """Return where the installed course lies after it was moved; afterwards it goes back."""
    moved = tmp_path / "moved here" / "강의 2"
    moved.parent.mkdir()
    installed.rename(moved)
    yield moved
    moved.rename(installed)


def test_a_second_make_installs_nothing(installed: Path) -> None:
    said = run(installed, "make", "my-copy", env=outer(**HOSTILE, PIP_NO_INDEX="1"))
    assert said == f"my-notebooks: {len(CHAPTERS)} notebooks are up to date\n"


def test_it_was_installed_for_itself_alone(installed: Path) -> None:
    names = {path.name for path in installed.iterdir()} - {"my-notebooks", ".venv"}
    tracked = run(ROOT, "git", "ls-files").splitlines()
    assert names == {name.partition("/")[0] for name in tracked}
    pinned = (installed / "constraints.txt").read_text(encoding="utf-8").splitlines()
    listed = run(installed, installed / ".venv/bin/python", "-m", "pip", "list", "--format=json")
    versions = {one["name"].lower(): one["version"] for one in json.loads(listed.splitlines()[0])}
    assert f"jupyterlab=={versions['jupyterlab']}" in pinned
    assert f"pillow=={versions['pillow']}" in pinned


def test_after_a_move_everything_runs(elsewhere: Path) -> None:
    python = elsewhere / ".venv/bin/python"
    assert place_of_cnnlib(python, elsewhere / "my-notebooks") == elsewhere
    prefix = run(elsewhere, ".venv/bin/jupyter", "--paths")
    assert str(elsewhere / ".venv/share/jupyter") in prefix
    said = run(elsewhere, "make", "my-copy", env=outer(PIP_NO_INDEX="1"))
    assert said == f"my-notebooks: {len(CHAPTERS)} notebooks are up to date\n"
    activated = ". .venv/bin/activate && python -c 'import sys; print(sys.prefix)'"
    assert run(elsewhere, "sh", "-c", activated).strip() == str(elsewhere / ".venv")


@pytest.mark.parametrize("original", ["changed", "deleted"])
def test_a_copy_runs_its_own_course(installed: Path, tmp_path: Path, original: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(installed, copy, symlinks=True)
    front = installed / "cnnlib" / "__init__.py"
    hidden = front.rename(front.with_suffix(".hidden"))
    if original == "changed":
        front.write_text("raise RuntimeError('this is the original')")
    try:
        assert place_of_cnnlib(copy / ".venv/bin/python", copy / "my-notebooks") == copy
        assert str(copy / ".venv/share/jupyter") in run(copy, ".venv/bin/jupyter", "--paths")
    finally:
        hidden.replace(front)


# Somebody else's folder


class Student:
    """Somebody who may read the course but not write to it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir()
        self.options: dict[str, object] = {}
        if os.geteuid() == 0:  # whoever may write everything has to be somebody else
            os.chown(home, 65534, 65534)
            self.options = {"user": 65534, "group": 65534, "extra_groups": []}
        self.env = outer(HOME=str(home), XDG_CACHE_HOME=str(home / ".cache"))


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size) for path in folder.rglob("*")
    }


@pytest.fixture
def shared(installed: Path) -> Iterator[Path]:
    """Return the installed course where nobody may write, without the copy of its owner."""
    own = installed / "my-notebooks"
    kept = own.rename(installed.parent / "kept")
    folders = [installed, *(path for path in installed.rglob("*") if path.is_dir())]
    modes = {path: path.stat().st_mode for path in folders if not path.is_symlink()}
    for path in modes:
        path.chmod(0o555)
    yield installed
    for path, mode in modes.items():
        path.chmod(mode)
    kept.rename(own)


def reachable(path: Path) -> bool:
    """Say whether another user may run a program: not one in somebody's home folder."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def test_a_shared_folder_is_an_ordinary_classroom(shared: Path, place: Path) -> None:
    python = shared / ".venv/bin/python"
    student = Student(place / "student")
    before = snapshot(shared)
    if os.geteuid() == 0 and not reachable(python):
        said = run(shared, "make", "my-copy", check=False, env=student.env, **student.options)
        assert "Ask its owner to run `make my-copy`, with a Python that you may run too" in said
        assert snapshot(shared) == before
        return

    # Without a folder of their own they are told how to name one.
    said = run(shared, "make", "my-copy", check=False, env=student.env, **student.options)
    assert "my-notebooks cannot be written (Permission denied)" in said
    assert "make lab COPY=~/cnnlib-notebooks" in said
    assert "Traceback" not in said

    command = [str(python), "-m", "cnnlib", "lab", "--to", "~/my cnn"]
    log = place / "lab.log"
    options = {"env": student.env, **student.options}
    with started(command, shared, log, **options) as (address, first):
        assert first == "00_start_here.ipynb"
        assert cells_of(address, first)
    assert len(list((student.home / "my cnn").glob("*.ipynb"))) == len(CHAPTERS)
    assert "Traceback" not in log.read_text(encoding="utf-8")

    # What the lab sets, a kernel inherits: the first figure comes without a warning.
    setting = "from cnnlib.course.tools import lab; import os, subprocess, sys; sys.exit("
    setting += f"subprocess.call([sys.executable, '-c', {FIRST_FIGURE!r}], env=lab.environment()))"
    said = run(shared, python, "-B", "-c", setting, env=student.env, **student.options)
    assert said == ""
    assert snapshot(shared) == before


def cells_of(address: Address, path: str) -> list[object]:
    with urllib.request.urlopen(f"{address.url}/api/contents/{path}", timeout=30) as answer:
        return json.load(answer)["content"]["cells"]


# Without make, and without a network


def test_without_make_it_is_the_same_course(tmp_path: Path) -> None:
    """The three lines that README gives for Windows, as other systems spell them."""
    course = checkout(tmp_path / "강의 two")
    run(course, sys.executable, "-m", "venv", ".venv")
    python = course / ".venv/bin/python"
    run(course, python, "-m", "pip", "install", "-q", "-c", "constraints.txt", "-e", ".")
    # Python starts in a locale that cannot spell the folder, and the first start settles the rest.
    said = run(course, python, "-m", "cnnlib", "my-copy", env=outer(LC_ALL="C", PYTHONUTF8="0"))
    assert said.count("copied") == len(CHAPTERS)
    assert place_of_cnnlib(python, tmp_path) == course
    log = tmp_path / "lab.log"
    command = [str(python), "-m", "cnnlib", "lab", "--notebook", "02"]
    with started(command, course, log, env=outer()) as (address, first):
        assert first == "my-notebooks/02_convolution.ipynb"
        assert cells_of(address, first)
        with urllib.request.urlopen(
            f"{address.url}/lab/api/settings/@jupyter-widgets/jupyterlab-manager:plugin"
        ) as answer:
            schema = json.load(answer)["schema"]
        assert schema["properties"]["saveState"]["default"] is True
    moved = course.rename(tmp_path / "moved")
    python = moved / ".venv/bin/python"
    assert place_of_cnnlib(python, moved / "my-notebooks") == moved


def test_a_wheel_opens_where_nothing_else_is(tmp_path: Path) -> None:
    """The wheel alone: no clone, no make, a folder in Hangul; and each starts with a copy there."""
    run(checkout(tmp_path / "course"), sys.executable, "-m", "pip", "wheel", "-q", "--no-deps",
        "--wheel-dir", tmp_path, ".")  # fmt: skip
    shutil.rmtree(tmp_path / "course")
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.stat().st_size < 20_000_000
    run(tmp_path, sys.executable, "-m", "venv", "empty")
    python = tmp_path / "empty/bin/python"
    run(tmp_path, python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel)
    place = tmp_path / "강의"
    place.mkdir()
    command = [str(tmp_path / "empty/bin/cnnlib"), "lab", "--notebook", "02"]
    with started(command, place, tmp_path / "lab.log", env=outer()) as (address, first):
        assert first == "02_convolution.ipynb"
        assert cells_of(address, first)
    copied = {path.stem for path in (place / "my-notebooks").glob("*.ipynb")}
    assert copied == {chapter.notebook for chapter in CHAPTERS}
    asked = "import cnnlib.datasets as d; print(len(d.load_digits().train.labels), d.__file__)"
    words, file = run(place, python, "-c", asked).split(maxsplit=1)
    assert words == "8000"
    assert Path(file.strip()).is_relative_to(tmp_path / "empty")


def test_without_a_network_one_line_says_so_soon(tmp_path: Path) -> None:
    course = checkout(tmp_path / "course")
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_EXTRA_INDEX_URL": "http://127.0.0.1:9/more",
        "PIP_FIND_LINKS": "http://127.0.0.1:9/links",
        "PIP_CACHE_DIR": str(tmp_path / "cache"),
    }
    begin = time.monotonic()
    said = run(course, "make", "lab", check=False, env=outer(**nowhere)).splitlines()
    assert time.monotonic() - begin < 300  # half a minute on a quiet machine, environment included
    assert said[0].startswith("Installing the course into .venv.")
    assert said[1].startswith("No package index could be reached")
    assert "Connect to the network and run the same command again" in said[1]
    assert len(said) == 3  # and make's own last word
