"""A lecture opens a copy, and keeps what a lecturer changed in it."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from cnnlib.course.tools.my_copy import COURSE
from cnnlib.course.tools.pages import lecture
from cnnlib.course.tools.pages.lecture import folder_for_lectures, prepare, settings


def test_a_lecture_is_a_copy_with_the_kinds_of_its_slides(tmp_path: Path) -> None:
    (original,) = COURSE.glob("02_*.ipynb")
    before = original.read_bytes()
    target = prepare("02", tmp_path / "new")
    assert target == tmp_path / "new" / original.name
    assert original.read_bytes() == before
    for cell in nbformat.read(target, as_version=4).cells:
        kind = cell.metadata.get("lecture", {}).get("slide", "skip")
        shown = cell.metadata.get("slideshow", {}).get("slide_type")
        assert shown == (None if kind == "same" else kind)


def test_a_deck_that_is_there_is_kept(tmp_path: Path) -> None:
    target = prepare("02", tmp_path)
    target.write_text("mine", encoding="utf-8")
    assert prepare("02", tmp_path) == target
    assert target.read_text(encoding="utf-8") == "mine"


def test_a_notebook_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no notebook 99"):
        prepare("99", tmp_path)


def test_a_path_names_a_notebook_too(tmp_path: Path) -> None:
    (original,) = COURSE.glob("02_*.ipynb")
    assert prepare(str(original), tmp_path) == tmp_path / original.name


def test_the_deck_is_on_whatever_the_last_lecture_left(tmp_path: Path) -> None:
    for _ in range(2):
        switches, windows = (Path(one.partition("=")[2]) for one in settings(tmp_path))
        switch = switches / "@deathbeds" / "jupyterlab-deck" / "plugin.jupyterlab-settings"
        themes = switches / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
        assert json.loads(switch.read_text(encoding="utf-8")) == {"active": True}
        assert json.loads(themes.read_text(encoding="utf-8"))["overrides"]["code-font-size"]
        keys = switches / "@jupyterlab" / "shortcuts-extension" / "shortcuts.jupyterlab-settings"
        shortcuts = json.loads(keys.read_text(encoding="utf-8"))["shortcuts"]
        bound = {(one["keys"][0], one["args"]["alternate"]) for one in shortcuts}
        assert bound == {
            ("Space", "forward"),
            ("PageDown", "forward"),
            ("Shift Space", "back"),
            ("PageUp", "back"),
        }
        assert list(windows.iterdir()) == []
        switch.write_text(json.dumps({"active": False}), encoding="utf-8")
        (windows / "left.json").touch()


def test_an_installed_wheel_keeps_its_lectures_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert folder_for_lectures() == lecture.ROOT / "my-lectures"
    monkeypatch.setattr(lecture, "BUNDLED", COURSE)
    assert folder_for_lectures() == tmp_path / "my-lectures"


def test_without_the_deck_the_message_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lecture.importlib.util, "find_spec", lambda name: None)
    assert lecture.main(["02"]) == 1
    assert "make lecture" in capsys.readouterr().err
