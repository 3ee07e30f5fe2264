"""A class hands in its notebooks: honest ones, odd ones, and some that mean harm."""

import csv
import io
import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from cnnlib.__main__ import main
from cnnlib.course.convolution import exercises as ex
from cnnlib.course.tools.checking import collect, report
from cnnlib.course.tools.checking.collect import Work, check_class, student_of

COURSE = Path(__file__).parents[4] / "notebooks"
IMPORTS = next(
    cell.source
    for cell in nbformat.read(COURSE / "02_convolution.ipynb", as_version=4).cells
    if cell.cell_type == "code"
)
ANSWERS = {
    name: f"{one.solution().code}\n\nex.{name}.check({one.reader_name})"
    for name, one in ex.chapter.exercises.items()
}
RIGHT = ANSWERS["feature_map"]
CHECK = "\nex.feature_map.check(my_feature_map)"
STUB = "def my_feature_map(x, kernel, bias=0):\n    return ...\n" + CHECK

pytestmark = pytest.mark.timeout(1200)


def hand_in(folder: Path, student: str, *sources: str, name: str = "02_convolution.ipynb") -> Path:
    """Write a notebook of code cells as a student's work."""
    path = folder / student / name
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell(one) for one in (IMPORTS, *sources)]), path)
    return path


# The first three classic mistakes of the exercise, as a reader makes them.
MISTAKEN = (
    RIGHT.replace("total = bias", "total = 0"),
    RIGHT.replace("total = bias", "total = 0").replace("[m, n]\n", "[m, n] + bias\n"),
    RIGHT.replace("kernel[m, n]", "kernel[kh - 1 - m, kw - 1 - n]"),
)


HONEST = {
    "all right": (list(ANSWERS.values()), {name: "right" for name in ANSWERS}),
    "untouched": ([STUB], {"feature_map": "todo"}),
    "not kept": ([], {"feature_map": "unknown"}),
    "helper above": (
        [
            "def window(x, i, j, k):\n    return x[i:i + k.shape[0], j:j + k.shape[1]]",
            "def my_feature_map(x, kernel, bias=0):\n"
            "    h, w = x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1\n"
            "    rows = [[(window(x, i, j, kernel) * kernel).sum() for j in range(w)]\n"
            "            for i in range(h)]\n    return bias + np.array(rows)" + CHECK,
        ],
        {"feature_map": "right"},
    ),
    "helper below": (
        [
            RIGHT.replace("(my_feature_map)", "(twin)"),
            "twin = my_feature_map",
        ],
        {"feature_map": "right"},
    ),
    "beside a cell that never ends": (["while True:\n    pass", RIGHT], {"feature_map": "right"}),
    "beside a broken cell": (["x = (", "1 / 0", RIGHT], {"feature_map": "right"}),
    "magics": (["%matplotlib inline\n!ls\nimport math", "%%time\n" + STUB, RIGHT],
               {"feature_map": "right"}),
    "no call of check": ([RIGHT.replace(CHECK, "")], {"feature_map": "right"}),
    "the last attempt counts": ([RIGHT, STUB.replace("return ...", "return x")],
                                {"feature_map": "wrong"}),
    "an empty stub below": ([RIGHT, STUB], {"feature_map": "right"}),
    "no Python": (["def my_feature_map(x, kernel, bias=0)\n    return x" + CHECK],
                  {"feature_map": "wrong"}),
    "an unknown name": (["def my_feature_map(x, kernel, bias=0):\n    return helper(x)" + CHECK],
                        {"feature_map": "wrong"}),
    "numpy overwritten": ([RIGHT.replace("\nex.", "\nnp.zeros = np.ones = 3\nex.")],
                          {"feature_map": "unknown"}),
}  # fmt: skip
FORGED = "Its outputs say ✓"
HOSTILE = {
    "loops": "def my_feature_map(x, kernel, bias=0):\n    return x\nwhile True:\n    pass" + CHECK,
    "leaves": "import os\nos._exit(0)" + CHECK,
    "exits": "import sys\nsys.exit('bye')" + CHECK,
    "eats memory": "my_feature_map = [np.zeros(10**8) for _ in range(100)]" + CHECK,
    "deletes": "import shutil\nshutil.rmtree({victim!r})\n" + RIGHT,
    "writes": "open({victim!r} + '/new.txt', 'w').write('x')\n" + RIGHT,
    "calls home": "import socket\nsocket.create_connection(('127.0.0.1', {port}))\n" + RIGHT,
    "starts programs": "import os\nos.system('touch ' + {victim!r} + '/made')\n" + RIGHT,
    "forks": "import os\nwhile True:\n    os.fork()" + CHECK,
    "forks aside": "import multiprocessing\n"
    "p = multiprocessing.get_context('spawn').Process(target=print)\np.start()\n" + RIGHT,
    "forks below": "import sys, os\nfor name in [n for n in sys.modules if 'subprocess' in n]:\n"
    "    del sys.modules[name]\nimport _posixsubprocess\n" + RIGHT,
    "threads": "import threading, time\nwhile True:\n"
    "    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()" + CHECK,
    "deletes aside": "import os\nos.remove('dear.txt', dir_fd=os.open({victim!r}, 0))\n" + RIGHT,
    "fills a database": "import sqlite3\n"
    "sqlite3.connect({victim!r} + '/new.db').execute('create table t (x)')\n" + RIGHT,
    "copies": "import glob, json\nfor path in glob.glob({folder!r} + '/*/*.ipynb'):\n"
    "    for cell in json.load(open(path))['cells']:\n"
    "        exec(''.join(cell['source']).partition('ex.')[0])" + CHECK,
    "copies by name": "import json\n"
    "cells = json.load(open({folder!r} + '/honest all right/02_convolution.ipynb'))['cells']\n"
    "exec(''.join(cells[1]['source']).partition('ex.')[0])" + CHECK,
    "writes the report": "open({report!r} + '/class.csv', 'w').write('all right')\n" + RIGHT,
    "sleeps": "import time\ntime.sleep(10**6)" + CHECK,
    "floods": "for _ in range(200_000):\n    print('x' * 1000)\n" + RIGHT,
    "judges itself": "import cnnlib.course.judge as j\nj.Verdict.passed = True\n"
    "class ex:\n    class feature_map:\n        check = print\n" + STUB,
    "breaks the words": "class Odd(Exception):\n    def __str__(self):\n        raise self\n"
    "def my_feature_map(x, kernel, bias=0):\n    raise Odd" + CHECK,
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory):
    """Return the work of a class of more than thirty, judged, and the folder they aimed at."""
    folder = tmp_path_factory.mktemp("class")
    victim = tmp_path_factory.mktemp("victim")
    (victim / "dear.txt").write_text("dear")
    to = tmp_path_factory.mktemp("report")
    for name, (sources, _) in HONEST.items():
        hand_in(folder, f"honest {name}", *sources)
    for number, source in enumerate(MISTAKEN):
        assert source != RIGHT
        for student in range(number + 1):
            hand_in(folder, f"mistaken {number}{student}", source)
    for name, source in HOSTILE.items():
        for word, value in {"victim": victim, "folder": folder, "report": to}.items():
            source = source.replace(f"{{{word}!r}}", repr(str(value)))
        source = source.replace("{port}", "9")
        hand_in(folder, f"hostile {name}", source)
    forged = hand_in(folder, "hostile forged", STUB)
    notebook = nbformat.read(forged, as_version=4)
    notebook.cells[1].outputs = [new_output("stream", text="✓ feature_map: right")]
    nbformat.write(notebook, forged)
    for name, content in {
        "no json": "hello",
        "deep": "[" * 100_000,
        "another": json.dumps({"cells": []}),
        "empty": "",
        "list": "[1, 2]",
    }.items():
        path = folder / f"hostile {name}" / "work.ipynb"
        path.parent.mkdir()
        path.write_text(content)
    (folder / "hostile folder" / "a.ipynb").mkdir(parents=True)
    large = folder / "hostile large" / "02_convolution.ipynb"
    large.parent.mkdir()
    with large.open("wb") as file:
        file.truncate(200_000_000)
    os.mkfifo(large.with_name("pipe.ipynb"))
    secret = victim.parent / "secret"
    secret.mkdir()
    hand_in(secret, "x", RIGHT)
    for name, aim in {
        "linked file/02_convolution.ipynb": folder / "honest all right" / "02_convolution.ipynb",
        "linked device/02_convolution.ipynb": Path("/dev/zero"),
        "linked nowhere/02_convolution.ipynb": folder / "nobody",
        "linked folder": secret,
        "linked round/round": folder,
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).symlink_to(aim)
    works = check_class(folder, seconds=20, megabytes=3000, jobs=2, say=lambda line: None)
    assert not list(to.iterdir())
    return {work.student: work for work in works}, victim


def status(work: Work, exercise: str = "feature_map") -> str:
    return work.verdicts[exercise]["status"]


def test_a_class_has_more_than_thirty_members(found) -> None:
    works, _ = found
    assert len(works) >= 30
    assert sum(name.startswith("hostile") for name in works) >= 10


@pytest.mark.parametrize("name", HONEST)
def test_honest_work_is_judged(found, name: str) -> None:
    work = found[0][f"honest {name}"]
    for exercise, expected in HONEST[name][1].items():
        assert status(work, exercise) == expected, work.verdicts[exercise]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_work_harms_nobody(found, name: str) -> None:
    works, victim = found
    assert [one.name for one in victim.iterdir()] == ["dear.txt"]
    work = works[f"hostile {name}"]
    assert set(work.verdicts) == set(ANSWERS)
    assert status(work, "map_shape") == "unknown"  # not answered, and not lost
    expected = {
        "loops": ("unknown", "stopped after 20 seconds"),
        "leaves": ("unknown", "ended its own process"),
        "exits": ("wrong", "SystemExit: bye"),
        "eats memory": ("unknown", "memory"),
        "forks aside": ("wrong", "without other programs"),
        "forks below": ("wrong", "without other programs"),
        "threads": ("wrong", "can't start new thread"),
        "deletes aside": ("wrong", "PermissionError"),
        "fills a database": ("wrong", "without changing files"),
        "copies": ("wrong", "NameError"),  # it found nobody to copy from
        "copies by name": ("wrong", "without the work of others"),
        "writes the report": ("wrong", "without writing files"),
        "sleeps": ("unknown", "stopped after 20 seconds"),
        "floods": ("right", ""),
        "judges itself": ("todo", ""),
        "breaks the words": ("wrong", "Odd"),
        "forks": ("wrong", "without other programs"),
        "deletes": ("wrong", "without changing files"),
        "writes": ("wrong", "without writing files"),
        "calls home": ("wrong", "without the network"),
        "starts programs": ("wrong", "without other programs"),
    }[name]
    assert status(work) == expected[0], work.verdicts["feature_map"]
    assert expected[1] in work.verdicts["feature_map"]["text"]


def test_stored_outputs_count_for_nothing(found) -> None:
    assert status(found[0]["hostile forged"]) == "todo"


@pytest.mark.parametrize("name", ["no json", "deep", "another", "empty", "list"])
def test_what_is_no_notebook_is_named(found, name: str) -> None:
    work = found[0][f"hostile {name}"]
    assert work.chapter is None
    assert "no notebook" in work.trouble or "no chapter" in work.trouble


def test_a_notebook_of_200_megabytes_is_not_opened(found) -> None:
    work = found[0]["hostile large"]
    assert work.chapter is None
    assert "200,000,000 bytes" in work.trouble


@pytest.mark.parametrize(
    "name", ["linked file", "linked device", "linked nowhere", "linked folder", "linked round"]
)
def test_a_link_is_named_and_not_followed(found, name: str) -> None:
    work = found[0][name]
    assert work.chapter is None
    assert work.trouble.startswith("a link")


def test_the_page_says_what_many_got_wrong(found) -> None:
    works = list(found[0].values())
    shared = report.common_mistakes(works, "feature_map")
    for number in (1, 2):
        diagnosis = ex.feature_map.mistakes[number].diagnosis
        assert (number + 1, diagnosis) in shared
    page = report.as_page(works)
    assert f"<strong>3 of {sum(one.chapter is not None for one in works)}</strong>" in page
    assert "hostile no json" in page
    assert "for teaching, not for exams" in page
    assert not re.search(r"<script|https?://", page)


def test_the_table_has_a_row_for_each_student_and_exercise(found) -> None:
    works = list(found[0].values())
    rows = list(csv.DictReader(io.StringIO(report.as_csv(works))))
    read = [one for one in works if one.chapter]
    assert len(rows) == len(read) * len(ANSWERS) + len(works) - len(read)
    assert {row["verdict"] for row in rows} == {"✓", "✗", "○", "?"}


def test_names_are_not_taken_for_formulas_or_for_html() -> None:
    work = Work("=cmd()", "<b>x</b>.ipynb", None, "<i>no</i>")
    assert next(csv.DictReader(io.StringIO(report.as_csv([work]))))["student"] == "'=cmd()"
    assert "<b>" not in report.as_page([work])
    assert "<i>" not in report.as_page([work])


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("Ada Lovelace/02_convolution.ipynb", "Ada Lovelace"),
        ("김아다/sub/02.ipynb", "김아다"),
        ("02_convolution/ada.ipynb", "ada"),
        ("submitted/ada/week 2/02_convolution.ipynb", "ada"),
        ("ada_02_convolution.ipynb", "ada"),
        ("02_convolution - ada.ipynb", "ada"),
        ("02_convolution.ipynb", "02_convolution"),
    ],
)
def test_whose_work_it_is(path: str, student: str) -> None:
    assert student_of(Path(path)) == student


def test_the_shell(tmp_path: Path, monkeypatch, capsys) -> None:
    hand_in(tmp_path / "class", "ada", RIGHT)
    (tmp_path / "class" / ".ipynb_checkpoints").mkdir()
    (tmp_path / "class" / ".ipynb_checkpoints" / "x.ipynb").write_text("")
    to = tmp_path / "report"
    monkeypatch.setattr("sys.argv", ["cnnlib", "check", str(tmp_path / "class"), "--to", str(to)])
    main()
    said = capsys.readouterr().out
    assert "02_convolution.ipynb: 1 of 7 right" in said
    assert (to / "class.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,")
    assert "<h2>02 Convolution</h2>" in (to / "class.html").read_text(encoding="utf-8")


def test_the_report_does_not_lie_among_what_was_handed_in(tmp_path: Path, monkeypatch) -> None:
    hand_in(tmp_path, "ada", RIGHT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["cnnlib", "check", "."])
    with pytest.raises(SystemExit, match="among what was handed in"):
        main()
    assert {path.name for path in tmp_path.iterdir()} == {"ada"}


@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_a_wrong_folder_is_named(tmp_path: Path, monkeypatch, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(
        "sys.argv", ["cnnlib", "check", str(tmp_path / folder), "--to", str(tmp_path / "to")]
    )
    with pytest.raises(SystemExit, match=f"check: .*{folder}"):
        main()


def test_each_chapter_is_read_with_all_its_answers() -> None:
    for chapter in collect.CHAPTERS:
        path = COURSE / f"{chapter.notebook}.ipynb"
        submission = collect.Submission.read(path)
        assert submission.chapter == chapter
        for exercise in chapter.exercises().chapter.exercises.values():
            (answer,) = submission.answers(exercise)
            needed = submission.needed(answer.cell, answer.given)
            assert "import" in needed[0].source, exercise.key
