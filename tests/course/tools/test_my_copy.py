"""An update of the course never overwrites a reader's work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlib.course.tools import my_copy
from cnnlib.course.tools.my_copy import copy_notebooks

ROOT = Path(__file__).parents[3]
NAME = "01_a.ipynb"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / NAME).write_text("version 1")
    (folder / "02_b.ipynb").write_text("second")
    return folder


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "my-notebooks"


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.glob("*.ipynb"))}


def test_the_first_time_everything_is_copied(course, mine):
    assert set(copy_notebooks(mine, course).values()) == {my_copy.NEW}
    assert contents(mine) == contents(course)
    assert set(copy_notebooks(mine, course).values()) == {my_copy.SAME}


def test_what_the_reader_has_changed_is_kept(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_text("my work")
    assert copy_notebooks(mine, course)[NAME] == my_copy.KEPT
    assert contents(mine) == {NAME: "my work", "02_b.ipynb": "second"}


def test_what_the_reader_has_not_changed_is_updated(course, mine):
    copy_notebooks(mine, course)
    (course / NAME).write_text("version 2")
    assert copy_notebooks(mine, course)[NAME] == my_copy.UPDATED
    assert contents(mine)[NAME] == "version 2"


def test_a_newer_version_is_put_beside_the_readers_own(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_text("my work")
    (course / NAME).write_text("version 2")
    assert "01_a.new.ipynb" in copy_notebooks(mine, course)[NAME]
    assert contents(mine)[NAME] == "my work"
    assert contents(mine)["01_a.new.ipynb"] == "version 2"
    assert copy_notebooks(mine, course)[NAME] == my_copy.KEPT  # said once, not at every start


def test_a_newer_version_overwrites_no_earlier_one_that_was_worked_in(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_text("my work")
    (course / NAME).write_text("version 2")
    copy_notebooks(mine, course)
    (mine / "01_a.new.ipynb").write_text("my other work")
    (course / NAME).write_text("version 3")
    assert "01_a.new-2.ipynb" in copy_notebooks(mine, course)[NAME]
    assert contents(mine)["01_a.new.ipynb"] == "my other work"


@pytest.mark.parametrize("record", [None, "", "{", "[]", '{"01_a.ipynb": 3}'])
def test_without_a_record_nothing_is_overwritten(course, mine, record):
    copy_notebooks(mine, course)
    (mine / NAME).write_text("my work")
    path = mine / my_copy.RECORD
    path.unlink()
    if record is not None:
        path.write_text(record)
    copy_notebooks(mine, course)
    assert contents(mine)[NAME] == "my work"
    assert contents(mine)["01_a.new.ipynb"] == "version 1"


def test_notebooks_of_the_readers_own_are_left_alone(course, mine):
    mine.mkdir()
    (mine / "notes.ipynb").write_text("mine")
    copy_notebooks(mine, course)
    assert contents(mine)["notes.ipynb"] == "mine"


def test_a_write_that_fails_leaves_the_old_file_whole(course, mine, monkeypatch):
    copy_notebooks(mine, course)
    (course / NAME).write_text("version 2")

    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        copy_notebooks(mine, course)
    assert contents(mine)[NAME] == "version 1"
    assert sorted(path.name for path in mine.iterdir()) == [
        my_copy.RECORD, NAME, "02_b.ipynb",
    ]  # fmt: skip


def test_a_copy_that_broke_off_remembers_what_it_has_brought(course, mine, monkeypatch):
    replace = os.replace

    def full(temporary, path):
        if path.name == "02_b.ipynb":
            raise OSError("no space left")
        replace(temporary, path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(OSError, match="no space left"):
            copy_notebooks(mine, course)
    (course / NAME).write_text("version 2")
    assert copy_notebooks(mine, course) == {NAME: my_copy.UPDATED, "02_b.ipynb": my_copy.NEW}


def test_a_newer_version_that_lies_there_already_is_not_put_there_again(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_text("my work")
    for _ in range(2):
        (mine / my_copy.RECORD).unlink()
        copy_notebooks(mine, course)
    assert set(contents(mine)) == {NAME, "01_a.new.ipynb", "02_b.ipynb"}


def test_everybody_can_read_the_copy(course, mine):
    copy_notebooks(mine, course)
    assert {path.stat().st_mode & 0o444 for path in mine.iterdir()} == {0o444}


def test_nonsense_is_refused(course, mine, tmp_path):
    with pytest.raises(ValueError, match="holds the course itself"):
        copy_notebooks(course, course)
    with pytest.raises(ValueError, match="holds the course itself"):
        copy_notebooks(course / ".." / course.name, course)
    with pytest.raises(FileNotFoundError, match="no notebooks"):
        copy_notebooks(mine, tmp_path / "nowhere")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ValueError, match="is a file"):
        copy_notebooks(file, course)


def test_the_command_copies_the_course(tmp_path):
    command = [sys.executable, "-m", "cnnlib", "my-copy", "--to", "mine"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.count("copied") == 9
    copied = {path.name for path in (tmp_path / "mine").glob("*.ipynb")}
    assert copied == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "9 notebooks are up to date" in again.stdout


def test_version_control_ignores_the_copy():
    assert "my-notebooks/" in (ROOT / ".gitignore").read_text().splitlines()
