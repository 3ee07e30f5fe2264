"""An update of the course never overwrites a reader's work, and the copy gives no answer away."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.tools import my_copy
from cnnlib.course.tools.my_copy import (
    GONE,
    KEPT,
    NEW,
    SAME,
    UPDATED,
    cells_digest,
    copy_notebooks,
    folder_for,
    without_outputs,
)

ROOT = Path(__file__).parents[3]
NAME = "01_a.ipynb"
SAVED_BY_A_KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "version": "3.13.1"},
}


def notebook(*sources: str, outputs: bool = True, **metadata: object) -> bytes:
    """Return a notebook of a heading and code cells, as the course stores it: run."""
    cells: list[dict[str, object]] = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# Title\n", "Text."]}
    ]
    for number, source in enumerate(sources, start=1):
        shown = [{"output_type": "stream", "name": "stdout", "text": [f"answer {number}\n"]}]
        cells.append(
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {},
                "execution_count": number if outputs else None,
                "outputs": shown if outputs else [],
                "source": source,
            }
        )
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(content, indent=1) + "\n").encode()


ONE, TWO, THREE = notebook("x = 1"), notebook("x = 2"), notebook("x = 3")
MINE = notebook("x = 'my work'")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / NAME).write_bytes(ONE)
    (folder / "02_b.ipynb").write_bytes(notebook("second"))
    return folder


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return tmp_path / "my-notebooks"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}


def texts(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_bytes())["cells"]]


def run_all(path: Path) -> None:
    """Do what JupyterLab does when all cells are run and the notebook is saved."""
    saved = json.loads(path.read_bytes())
    for number, cell in enumerate(saved["cells"]):
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
        cell["metadata"]["jupyter"] = {"source_hidden": True}
        if cell["cell_type"] == "code":
            cell["execution_count"] = number + 7
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["my run\n"]}]
    saved["metadata"] = {**SAVED_BY_A_KERNEL, "widgets": {"state": {}}}
    path.write_text(json.dumps(saved), encoding="utf-8")


# What is copied


def test_the_copy_has_the_cells_and_no_outputs(course, mine):
    (course / NAME).write_bytes(notebook("x = 1", "x", widgets={"state": {"of": "a widget"}}))
    assert set(copy_notebooks(mine, course).values()) == {NEW}
    copied = json.loads((mine / NAME).read_bytes())
    stored = json.loads((course / NAME).read_bytes())
    assert [cell["id"] for cell in copied["cells"]] == [cell["id"] for cell in stored["cells"]]
    assert texts(mine / NAME) == texts(course / NAME)
    assert all(not cell.get("outputs") for cell in copied["cells"])
    assert all(cell.get("execution_count") is None for cell in copied["cells"])
    assert "widgets" not in copied["metadata"]
    assert "answer" not in (mine / NAME).read_text(encoding="utf-8")
    assert set(copy_notebooks(mine, course).values()) == {SAME}


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_each_notebook_of_the_course_is_copied_as_nobody_has_run_it(path):
    import nbformat

    copied = nbformat.reads(without_outputs(path.read_bytes()).decode(), as_version=4)
    nbformat.validate(copied)
    stored = nbformat.read(path, as_version=4)
    assert [(c.id, c.source) for c in copied.cells] == [(c.id, c.source) for c in stored.cells]
    assert not any(cell.get("outputs") for cell in copied.cells)
    assert any(cell.get("outputs") for cell in stored.cells)
    assert cells_digest(without_outputs(path.read_bytes())) == cells_digest(path.read_bytes())


def test_no_copy_asks_for_a_kernel_that_only_its_author_has(course, mine):
    odd = {"display_name": "cnn-dev", "language": "python", "name": "conda-env-cnn-dev-py"}
    (course / NAME).write_bytes(notebook("x = 1", kernelspec=odd))
    copy_notebooks(mine, course)
    assert json.loads((mine / NAME).read_bytes())["metadata"]["kernelspec"]["name"] == "python3"


# What is kept, and what is brought up to date


def test_what_the_reader_has_changed_is_kept(course, mine):
    copy_notebooks(mine, course)
    before = contents(mine)["02_b.ipynb"]
    (mine / NAME).write_bytes(MINE)
    assert copy_notebooks(mine, course)[NAME] == KEPT
    assert contents(mine) == {NAME: MINE, "02_b.ipynb": before}


def test_what_the_reader_has_not_changed_is_updated(course, mine):
    copy_notebooks(mine, course)
    (course / NAME).write_bytes(TWO)
    assert copy_notebooks(mine, course)[NAME] == UPDATED
    assert texts(mine / NAME)[1] == "x = 2"


def test_what_was_only_run_keeps_its_outputs_until_there_is_a_newer_version(course, mine):
    copy_notebooks(mine, course)
    run_all(mine / NAME)
    saved = contents(mine)[NAME]
    assert copy_notebooks(mine, course)[NAME] == SAME
    assert contents(mine)[NAME] == saved
    (course / NAME).write_bytes(TWO)
    assert copy_notebooks(mine, course)[NAME] == UPDATED
    assert contents(mine)[NAME] == without_outputs(TWO)


def test_a_course_that_was_only_run_again_is_no_newer_version(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_bytes(MINE)
    run_all(mine / "02_b.ipynb")
    before = contents(mine)
    for path in course.iterdir():
        path.write_bytes(path.read_bytes().replace(b"answer", b"another answer"))
    assert copy_notebooks(mine, course) == {NAME: KEPT, "02_b.ipynb": SAME}
    assert contents(mine) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda cells: cells.pop(),
        lambda cells: cells.reverse(),
        lambda cells: cells.append({**cells[0], "source": "My own remark."}),
        lambda cells: cells[0].update(source="# Title"),
        lambda cells: cells[1].update(cell_type="raw"),
        lambda cells: cells[0].update(attachments={"me.png": {"image/png": "AAAA"}}),
    ],
)
def test_every_change_of_a_cell_counts(course, mine, change):
    copy_notebooks(mine, course)
    own = json.loads((mine / NAME).read_bytes())
    change(own["cells"])
    (mine / NAME).write_text(json.dumps(own), encoding="utf-8")
    (course / NAME).write_bytes(TWO)
    assert copy_notebooks(mine, course)[NAME].startswith(KEPT)
    assert json.loads((mine / NAME).read_bytes()) == own


def test_a_newer_version_is_put_beside_the_readers_own(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_bytes(MINE)
    (course / NAME).write_bytes(TWO)
    assert "01_a.new.ipynb" in copy_notebooks(mine, course)[NAME]
    assert contents(mine)[NAME] == MINE
    assert contents(mine)["01_a.new.ipynb"] == without_outputs(TWO)
    assert copy_notebooks(mine, course)[NAME] == KEPT  # said once, not at every start


def test_a_newer_version_replaces_an_earlier_one_that_nobody_has_worked_in(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_bytes(MINE)
    (course / NAME).write_bytes(TWO)
    copy_notebooks(mine, course)
    (course / NAME).write_bytes(THREE)
    assert "01_a.new.ipynb" in copy_notebooks(mine, course)[NAME]
    assert contents(mine)["01_a.new.ipynb"] == without_outputs(THREE)
    assert set(contents(mine)) == {NAME, "01_a.new.ipynb", "02_b.ipynb"}


def test_a_newer_version_overwrites_no_earlier_one_that_was_worked_in(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_bytes(MINE)
    (course / NAME).write_bytes(TWO)
    copy_notebooks(mine, course)
    other = notebook("x = 'my other work'")
    (mine / "01_a.new.ipynb").write_bytes(other)
    (course / NAME).write_bytes(THREE)
    assert "01_a.new-2.ipynb" in copy_notebooks(mine, course)[NAME]
    assert contents(mine)["01_a.new.ipynb"] == other
    assert contents(mine)["01_a.new-2.ipynb"] == without_outputs(THREE)


def test_a_notebook_that_joins_the_course_joins_the_copy(course, mine):
    copy_notebooks(mine, course)
    (course / "03_c.ipynb").write_bytes(notebook("third"))
    assert copy_notebooks(mine, course) == {NAME: SAME, "02_b.ipynb": SAME, "03_c.ipynb": NEW}


def test_a_notebook_that_leaves_the_course_stays_and_this_is_said_once(course, mine):
    copy_notebooks(mine, course)
    (course / NAME).rename(course / "01_renamed.ipynb")
    before = contents(mine)[NAME]
    assert copy_notebooks(mine, course) == {
        "01_renamed.ipynb": NEW,
        "02_b.ipynb": SAME,
        NAME: GONE,
    }
    assert contents(mine)[NAME] == before
    assert NAME not in copy_notebooks(mine, course)


# A copy that an earlier version of the course has made: with outputs, and the whole file recorded


@pytest.fixture
def earlier(course, mine):
    mine.mkdir()
    record = {}
    for path in course.iterdir():
        (mine / path.name).write_bytes(path.read_bytes())
        record[path.name] = my_copy._digest(path.read_bytes())
    (mine / my_copy.RECORD).write_text(json.dumps(record))
    return mine


def test_an_earlier_copy_that_nobody_touched_loses_its_outputs(course, earlier):
    assert copy_notebooks(earlier, course)[NAME] == UPDATED
    assert contents(earlier)[NAME] == without_outputs(ONE)
    assert copy_notebooks(earlier, course)[NAME] == SAME


def test_an_earlier_copy_that_nobody_touched_is_updated(course, earlier):
    (course / NAME).write_bytes(TWO)
    assert copy_notebooks(earlier, course)[NAME] == UPDATED
    assert contents(earlier)[NAME] == without_outputs(TWO)


def test_an_earlier_copy_that_was_worked_in_is_kept(course, earlier):
    (earlier / NAME).write_bytes(MINE)
    run_all(earlier / "02_b.ipynb")
    run = contents(earlier)["02_b.ipynb"]
    assert copy_notebooks(earlier, course) == {NAME: KEPT, "02_b.ipynb": SAME}
    assert contents(earlier) == {NAME: MINE, "02_b.ipynb": run}


# What readers do to their folder


@pytest.mark.parametrize(
    "record", [None, b"", b"{", b"[]", b'{"01_a.ipynb": 3}', b"\xff\xfe", b"[" * 100_000]
)
def test_without_a_record_nothing_is_overwritten(course, mine, record):
    copy_notebooks(mine, course)
    (mine / NAME).write_bytes(MINE)
    path = mine / my_copy.RECORD
    path.unlink()
    if record is not None:
        path.write_bytes(record)
    assert copy_notebooks(mine, course)["02_b.ipynb"] == SAME
    assert contents(mine)[NAME] == MINE
    assert contents(mine)["01_a.new.ipynb"] == without_outputs(ONE)


@pytest.mark.parametrize(
    "content", [b"", b"not JSON", b"\xff", b"[]", b'{"cells": 3}', b"[" * 9999]
)
def test_a_broken_notebook_of_the_readers_is_theirs(course, mine, content):
    copy_notebooks(mine, course)
    (mine / NAME).write_bytes(content)
    assert copy_notebooks(mine, course)[NAME] == KEPT
    (course / NAME).write_bytes(TWO)
    copy_notebooks(mine, course)
    assert contents(mine)[NAME] == content
    assert contents(mine)["01_a.new.ipynb"] == without_outputs(TWO)


@pytest.mark.parametrize("content", [b"", b"<<<<<<< HEAD\n{}", b'{"cells": [3], "metadata": {}}'])
def test_a_broken_notebook_of_the_course_is_named_with_the_way_to_mend_it(course, mine, content):
    (course / NAME).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{NAME} is damaged .* git checkout -- notebooks/{NAME}"):
        copy_notebooks(mine, course)


def test_notebooks_of_the_readers_own_are_left_alone(course, mine):
    mine.mkdir()
    (mine / "notes.ipynb").write_text("mine")
    copy_notebooks(mine, course)
    assert contents(mine)["notes.ipynb"] == b"mine"


def test_a_link_to_the_course_is_not_written_through(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).unlink()
    (mine / NAME).symlink_to(course / NAME)
    assert copy_notebooks(mine, course)[NAME] == SAME
    (course / NAME).write_bytes(TWO)
    copy_notebooks(mine, course)
    assert (course / NAME).read_bytes() == TWO


@pytest.mark.parametrize("how", ["a folder", "a link to nowhere", "a link to itself"])
def test_what_is_no_file_is_kept_too(course, mine, how):
    mine.mkdir()
    own = mine / NAME
    if how == "a folder":
        own.mkdir()
    else:
        own.symlink_to(own if how == "a link to itself" else "nowhere")
    assert "01_a.new.ipynb" in copy_notebooks(mine, course)[NAME]
    assert copy_notebooks(mine, course)[NAME] == KEPT
    assert own.is_symlink() or own.is_dir()


def test_a_notebook_that_the_reader_has_protected_is_kept(course, mine, monkeypatch):
    copy_notebooks(mine, course)
    before = contents(mine)[NAME]
    (course / NAME).write_bytes(TWO)
    access = os.access
    monkeypatch.setattr(  # the superuser, who may run this, can write everything
        os, "access", lambda path, mode: Path(path).name != NAME and access(path, mode)
    )
    assert "01_a.new.ipynb" in copy_notebooks(mine, course)[NAME]
    assert contents(mine)[NAME] == before


def test_a_folder_that_is_a_link_is_followed(course, mine, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    mine.symlink_to(tmp_path / "elsewhere")
    assert copy_notebooks(mine, course)[NAME] == NEW
    assert (tmp_path / "elsewhere" / NAME).is_file()


# When writing fails


def full(*args):
    raise OSError(28, "No space left on device")


def test_a_write_that_fails_leaves_the_old_file_whole(course, mine, monkeypatch):
    copy_notebooks(mine, course)
    (course / NAME).write_bytes(TWO)
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"cannot be written \(No space left.*COPY=.*--to"):
        copy_notebooks(mine, course)
    assert contents(mine)[NAME] == without_outputs(ONE)
    assert sorted(path.name for path in mine.iterdir()) == [
        my_copy.RECORD, NAME, "02_b.ipynb",
    ]  # fmt: skip


def test_a_copy_that_broke_off_remembers_what_it_has_brought(course, mine, monkeypatch):
    replace = os.replace

    def nearly_full(temporary, path):
        if path.name == "02_b.ipynb":
            full()
        replace(temporary, path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", nearly_full)
        with pytest.raises(OSError, match="No space left"):
            copy_notebooks(mine, course)
    (course / NAME).write_bytes(TWO)
    assert copy_notebooks(mine, course) == {NAME: UPDATED, "02_b.ipynb": NEW}


def test_a_newer_version_that_lies_there_already_is_not_put_there_again(course, mine):
    copy_notebooks(mine, course)
    (mine / NAME).write_bytes(MINE)
    for _ in range(2):
        (mine / my_copy.RECORD).unlink()
        copy_notebooks(mine, course)
    assert set(contents(mine)) == {NAME, "01_a.new.ipynb", "02_b.ipynb"}


def test_everybody_can_read_the_copy(course, mine):
    copy_notebooks(mine, course)
    assert {path.stat().st_mode & 0o444 for path in mine.iterdir()} == {0o444}


def test_a_copy_that_is_up_to_date_is_not_written(course, mine):
    copy_notebooks(mine, course)
    before = {path: path.stat().st_mtime_ns for path in mine.iterdir()}
    copy_notebooks(mine, course)
    assert {path: path.stat().st_mtime_ns for path in mine.iterdir()} == before


@pytest.mark.parametrize("folder", ["no-rights", "in-a-file/mine"])
def test_a_folder_that_cannot_be_written_is_named_with_another(
    course, tmp_path, monkeypatch, folder
):
    (tmp_path / "in-a-file").touch()
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path).name != "no-rights" and access(path, mode)
    )
    with pytest.raises(OSError, match=r"cannot be written .*make lab COPY=~/.* lab --to ~/"):
        copy_notebooks(tmp_path / folder, course)


# Which folder is meant


def test_the_course_is_no_place_for_the_copy(course, mine, tmp_path):
    for place in (course, course / ".." / course.name, course / "mine", tmp_path / "cnnlib/mine"):
        with pytest.raises(ValueError, match=r"holds the course itself.*COPY=.*--to"):
            copy_notebooks(place, course)
    with pytest.raises(ValueError, match="holds the course itself"):
        copy_notebooks(tmp_path, course)
    mine.symlink_to(course)
    with pytest.raises(ValueError, match="holds the course itself"):
        copy_notebooks(mine, course)


def test_nonsense_is_refused(mine, course, tmp_path):
    with pytest.raises(FileNotFoundError, match="no notebooks"):
        copy_notebooks(mine, tmp_path / "nowhere")
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ValueError, match=r"is a file.*COPY="):
        copy_notebooks(file, course)
    mine.symlink_to("nowhere-at-all")
    with pytest.raises(ValueError, match="link that leads nowhere"):
        copy_notebooks(mine, course)


def test_a_folder_may_be_named_in_every_way(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert folder_for("") == ROOT / "my-notebooks"
    assert folder_for("~/my cnn") == tmp_path / "my cnn"
    assert folder_for("a/../b '#1'") == tmp_path / "b '#1'"
    assert folder_for(str(tmp_path / "abs")) == tmp_path / "abs"
    with pytest.raises(ValueError, match=r"no home folder is known for ~nobody-here/x.*--to"):
        folder_for("~nobody-here/x")


# The command


def my_copy_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cnnlib", "my-copy", *arguments]


def test_the_command_copies_the_course(tmp_path):
    command = my_copy_command("--to", "mine")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.count("copied") == len(CHAPTERS)
    assert f"mine{os.sep}00_start_here.ipynb: copied" in done.stdout
    copied = {path.name for path in (tmp_path / "mine").glob("*.ipynb")}
    assert copied == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"{len(CHAPTERS)} notebooks are up to date" in again.stdout


def test_two_commands_at_once_leave_one_sound_copy(tmp_path):
    command = my_copy_command("--to", "mine")
    running = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(3)
    ]
    for process in running:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
    done = copy_notebooks(tmp_path / "mine")
    assert set(done.values()) == {SAME}
    assert {path.suffix for path in (tmp_path / "mine").iterdir()} == {".ipynb", ".json"}


def test_the_command_says_what_it_cannot_do_in_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    command = my_copy_command("--to", "file")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("my-copy: ")
    assert "COPY=~/cnnlib-notebooks" in done.stderr
    assert "Traceback" not in done.stderr


def test_version_control_ignores_the_copy():
    assert "my-notebooks/" in (ROOT / ".gitignore").read_text().splitlines()
