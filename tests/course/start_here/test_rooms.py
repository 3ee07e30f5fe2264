"""What notebook 00 leans on: the map of the course, the look at the installation, its figures."""

import json
from pathlib import Path

import numpy as np
import pytest

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.start_here import figures
from cnnlib.course.start_here.course_map import FOLDER, Stop, course_map
from cnnlib.course.start_here.installation import LIBRARIES, look
from cnnlib.datasets import load_photo


def shelf(folder: Path, text: str) -> Path:
    """Return a folder in which every notebook says this."""
    folder.mkdir()
    cell = {"cell_type": "markdown", "source": text.splitlines(keepends=True)}
    for chapter in CHAPTERS:
        path = folder / f"{chapter.notebook}.ipynb"
        path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    return folder


def test_the_map_names_every_notebook_in_order() -> None:
    stops = course_map(FOLDER)
    assert [stop.heading for stop in stops] == [chapter.heading for chapter in CHAPTERS]
    assert all(20 <= stop.minutes <= 180 and 10 <= stop.exercises <= 180 for stop in stops)
    assert all(stop.minutes <= 45 * stop.sittings + 5 for stop in stops)


def test_the_minutes_are_those_that_the_notebooks_state(tmp_path: Path) -> None:
    text = "**Time:** about 80 minutes in 2 sittings, exercises not counted\n"
    text += "Seven exercises, about 46\nminutes together."
    for stop in course_map(shelf(tmp_path / "long", text)):
        assert stop[2:] == (80, 2, 46)
    text = "**Time:** about 30 minutes, exercises not counted. Three, about 9 minutes together."
    assert course_map(shelf(tmp_path / "short", text))[0][2:] == (30, 1, 9)


@pytest.mark.parametrize("text", ["about 9 minutes together", "**Time:** about 30 minutes"])
def test_a_notebook_without_its_minutes_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="course_map: 00_start_here does not say how long"):
        course_map(shelf(tmp_path / "silent", text))


def test_here_all_is_there() -> None:
    report = look()
    assert report.missing == {}
    assert len(report.found) == 1 + len(LIBRARIES) + 4
    assert repr(report).endswith("All is there.")


def test_what_is_missing_is_named_with_its_cure() -> None:
    def unreadable() -> None:
        raise FileNotFoundError("load_digits: there is no file. Run `git restore`.")

    report = look((3, 10), has=lambda name: name != "anywidget", data={"digits": unreadable})
    assert list(report.missing) == ["Python 3.11 or newer", "anywidget, for the widgets", "digits"]
    said = repr(report)
    cure = "  What helps: in the course folder, run `make lab` again"
    assert f"✗ anywidget, for the widgets is missing\n{cure}" in said
    assert "✗ digits is missing\n  What helps: load_digits: there is no file." in said
    assert said.endswith("3 missing")
    assert "✓ numpy, for the numbers" in said


def test_a_damaged_file_counts_as_missing() -> None:
    def damaged() -> None:
        raise ValueError("is cut short")

    assert look(data={"photographs": damaged}).missing == {"photographs": "is cut short"}


def test_photographs_stand_beside_their_three_best_words() -> None:
    odds = np.array([[0.1, 0.6, 0.05, 0.25], [0.4, 0.1, 0.3, 0.2]])
    fig = figures.named([load_photo("cat"), load_photo("coffee")], odds, ["a, one", "b", "c", "d"])
    assert len(fig.axes) == 4
    right = [ax for ax in fig.axes if ax.patches]
    named = [[label.get_text() for label in ax.get_yticklabels()] for ax in right]
    assert named == [["b", "d", "a"], ["a", "c", "d"]]
    assert [[text.get_text() for text in ax.texts] for ax in right] == [
        ["60%", "25%", "10%"],
        ["40%", "30%", "20%"],
    ]


def test_the_row_is_drawn_once_for_each_row_of_the_table() -> None:
    fig = figures.stretched([[1, 2], [3, 4]], [10, 20])
    numbers = [[text.get_text() for text in ax.texts] for ax in fig.axes]
    assert numbers == [["1", "2", "3", "4"], ["10", "20"] * 2, ["11", "22", "13", "24"]]


def test_the_map_has_two_bars_for_each_notebook() -> None:
    stops = [Stop("00 A", "", 30, 1, 17), Stop("01 B", "", 80, 2, 46)]
    (ax,) = figures.map_of_minutes(stops).axes
    assert [bar.get_width() for bar in ax.patches] == [30, 80, 17, 46]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["00 A", "01 B"]
