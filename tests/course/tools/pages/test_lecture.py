"""A lecture opens a copy, and keeps what a lecturer changed in it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from cnnlib.course.tools.my_copy import COURSE
from cnnlib.course.tools.pages.lecture import prepare


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
