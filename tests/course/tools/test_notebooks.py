"""Every notebook keeps the rules of `notebook_rules`, and every rule catches what breaks it.

The notebooks are not run here: `make test` runs them under nbval, which compares each cell with
its stored output. nbval passes a notebook that was never run, and sees no difference between
two pictures. So these tests look at what nbval does not.
"""

import copy
import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from cnnlib.course.judge import Exercise, ExerciseSet
from cnnlib.course.tools import notebook_rules
from cnnlib.course.tools.execute_notebooks import dumps, normalise
from cnnlib.course.tools.notebook_rules import FOLDER, NAMES, NOT_COMPARED, RULES, Notebook, Rule


def name_of(rule: Rule) -> str:
    return rule.__name__


def broken(rule: Rule, notebook: Notebook) -> list[str]:
    return [str(problem) for problem in rule(notebook)]


@functools.cache
def stored(name: str) -> Notebook:
    """Return one of the course's notebooks. Not to be changed: the other tests read it too."""
    if not (FOLDER / f"{name}.ipynb").exists():
        pytest.fail(f"notebooks/{name}.ipynb is missing.", pytrace=False)
    return Notebook.read(name)


def test_the_notebooks_of_the_chapters_and_nothing_else() -> None:
    found = {path.name for path in FOLDER.iterdir() if path.name != ".ipynb_checkpoints"}
    expected = {f"{name}.ipynb" for name in NAMES}
    assert found == expected, (
        f"notebooks/ lacks {sorted(expected - found)} and must not hold {sorted(found - expected)}."
    )


@pytest.mark.parametrize("rule", RULES, ids=name_of)
@pytest.mark.parametrize("name", NAMES)
def test_notebook_keeps_the_rule(name: str, rule: Rule) -> None:
    problems = broken(rule, stored(name))
    assert not problems, f"{rule.__doc__}\n" + "\n".join(problems)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_stored_in_the_normal_form(name: str) -> None:
    notebook = stored(name)
    normal = dumps(normalise(copy.deepcopy(notebook.content)))
    assert normal == notebook.text, (
        f"{name} was saved by an editor. Run `make notebooks NB=notebooks/{name}.ipynb`."
    )


def test_cells_that_nbval_does_not_compare_are_in_known_notebooks() -> None:
    assert set(NOT_COMPARED) <= set(NAMES)
    assert all(reason for cells in NOT_COMPARED.values() for reason in cells.values())


# The rules themselves


def html_output(markup: str, text: str = "A picture.") -> NotebookNode:
    return new_output("display_data", data={"text/html": markup, "text/plain": text})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / f"{name}.ipynb").touch()
    return tmp_path


def declared() -> tuple[Exercise, ...]:
    facts = {"expected": 2, "mistakes": [], "why": "Two.", "hints": ["Count.", "1 + 1"]}
    chapter = ExerciseSet("example", "01 Example")
    return (chapter.prediction("total", "A sum", level=1, minutes=2, **facts),)


@pytest.fixture
def sound(folder: Path) -> Notebook:
    """Return a small notebook that keeps every rule."""
    alt = "A grid of two rows and three columns that holds the numbers 1 to 6."
    picture = f'<img alt="{alt}" src="data:image/png;base64,iVBORw0KGgo=">'
    prose = "This sentence has eight words in all, repeated. " * 5
    folded = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
    cells = [
        new_markdown_cell("# 01 Pixels and channels\n\nWhat a picture is.", id="title"),
        new_markdown_cell(
            "## By the end you can\n\n- read pictures\n\n**Time:** about 5 minutes, "
            "exercises not counted",
            id="goals",
        ),
        new_markdown_cell("## A question\n\nWhat is colour?", id="question"),
        new_code_cell("import numpy as np", id="imports", execution_count=1),
        new_markdown_cell(
            f"## By hand\n\n{prose}\n\n**Predict, then run.** What is the sum?", id="by-hand"
        ),
        new_code_cell(
            "x = np.arange(1, 7).reshape(2, 3)\nx.sum()",
            id="by-hand-sum",
            execution_count=2,
            outputs=[
                new_output("execute_result", data={"text/plain": "np.int64(21)"}, execution_count=2)
            ],
        ),
        new_code_cell(
            "figures.show(fig, alt)",
            id="by-hand-figure",
            execution_count=3,
            outputs=[html_output(picture, alt)],
            metadata=folded,
        ),
        new_markdown_cell(
            "<details><summary>Answer</summary>\n\nIt is 21.\n\n</details>", id="by-hand-answer"
        ),
        new_markdown_cell(
            "## Traps\n\nThe name `color` is code; see [02](02_convolution.ipynb#by-hand).",
            id="traps",
        ),
        new_markdown_cell("## Exercises\n\nOne, about 2 minutes together.", id="exercises"),
        new_markdown_cell(
            "### Exercise 1 · A sum\n★☆☆ · about 2 minutes\n\nAdd one and one.",
            id="exercise-total",
        ),
        new_code_cell(
            "my_total = ...\n\nex.total.check(my_total)\n# ex.total.hint()\n# ex.total.solution()",
            id="total-answer",
            execution_count=4,
            outputs=[
                new_output(
                    "execute_result",
                    data={"text/plain": "○ total: not attempted yet"},
                    execution_count=4,
                )
            ],
        ),
        new_code_cell("ex.progress()", id="exercise-progress", execution_count=5),
        new_markdown_cell("## Quiz\n\nTwo questions.", id="quiz"),
        new_code_cell("ex.quiz", id="quiz-questions", execution_count=6),
        new_markdown_cell("## Recap\n\nA picture is a grid of numbers.", id="recap"),
        new_markdown_cell(
            "## Glossary\n\n| English | Korean | Meaning |\n|---|---|---|\n"
            "| pixel | 픽셀 | one point of a picture |\n| channel | 채널 | one of its layers |",
            id="glossary",
        ),
        new_markdown_cell("Next: [02 Convolution](02_convolution.ipynb)", id="next"),
    ]
    for part in cells[:8]:
        part.metadata.lecture = {"slide": "slide", "minutes": 5.5, "note": "Say what you see."}
    content = normalise(new_notebook(cells=cells))
    return Notebook("01_pixels_and_channels", content, dumps(content), folder, declared())


def cell(notebook: Notebook, cell_id: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == cell_id)


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_a_sound_notebook_breaks_no_rule(sound: Notebook, rule: Rule) -> None:
    assert broken(rule, sound) == []


def test_normal_form_is_stable(sound: Notebook) -> None:
    assert dumps(normalise(copy.deepcopy(sound.content))) == sound.text


def put(cell_id: str, **values: object) -> Callable[[Notebook], None]:
    """Return a change that sets fields of one cell."""
    return lambda notebook: cell(notebook, cell_id).update(values)


def show(*outputs: NotebookNode, source: str = "x.sum()") -> Callable[[Notebook], None]:
    """Return a change that gives one code cell other outputs."""
    return put("by-hand-sum", source=source, outputs=list(outputs))


def printed(text: str, stream: str = "stdout") -> NotebookNode:
    return new_output("stream", name=stream, text=text)


def drop(cell_id: str) -> Callable[[Notebook], None]:
    return lambda notebook: notebook.cells.remove(cell(notebook, cell_id))


def never_executed(notebook: Notebook) -> None:
    for code in notebook.code:
        code.execution_count, code.outputs = None, []


def old_format(notebook: Notebook) -> None:
    notebook.content.nbformat_minor = 4


def unknown_cell_type(notebook: Notebook) -> None:
    notebook.cells[0].cell_type = "note"


def too_large(notebook: Notebook) -> None:
    notebook.text = " " * notebook_rules.MAX_BYTES


def editor_metadata(notebook: Notebook) -> None:
    notebook.content.metadata.language_info.version = "3.11.7"


def long_cells(notebook: Notebook) -> None:
    for code in notebook.code:
        code.source = "\n".join(["x = 1"] * (notebook_rules.MAX_MEDIAN_LINES + 1))


def sections_out_of_order(notebook: Notebook) -> None:
    cell(notebook, "traps").source = "## Recap"
    cell(notebook, "recap").source = "## Traps"


def no_lecture(notebook: Notebook) -> None:
    for part in notebook.cells:
        part.metadata.pop("lecture", None)


def lecture(cell_id: str, **values: object) -> Callable[[Notebook], None]:
    """Return a change that sets fields of a cell's lecture metadata."""

    def change(notebook: Notebook) -> None:
        cell(notebook, cell_id).metadata.setdefault("lecture", {}).update(values)

    return change


PICTURE = "data:image/png;base64,iVBORw0KGgo="
BREAKAGES: list[tuple[str, Rule, Callable[[Notebook], None]]] = [
    ("never executed", notebook_rules.executed_in_order, never_executed),
    ("one count wrong", notebook_rules.executed_in_order, put("by-hand-sum", execution_count=4)),
    (
        "an error",
        notebook_rules.no_errors,
        show(new_output("error", ename="ValueError", evalue="no", traceback=["no"])),
    ),
    ("a warning", notebook_rules.no_errors, show(printed("careful", "stderr"))),
    (
        "somebody's progress",
        notebook_rules.nobody_solved_it,
        show(printed("02 Convolution: 3 of 7 done")),
    ),
    (
        "a path in an output",
        notebook_rules.no_machine_paths,
        show(printed("saved to /home/ada/course/weights.npz")),
    ),
    (
        "a path in a result",
        notebook_rules.no_machine_paths,
        show(new_output("execute_result", data={"text/plain": "'/Users/ada/x'"})),
    ),
    (
        "a path in a source",
        notebook_rules.no_machine_paths,
        put("by-hand-sum", source='open("/tmp/weights.npz")'),
    ),
    (
        "a Windows path",
        notebook_rules.no_machine_paths,
        show(printed(r"C:\Users\ada\weights.npz")),
    ),
    (
        "an installed file",
        notebook_rules.no_machine_paths,
        show(printed("lib/python3.11/site-packages/numpy/core.py:3")),
    ),
    (
        "an address in memory",
        notebook_rules.no_memory_addresses,
        show(new_output("display_data", data={"text/plain": "<Axes object at 0x7f00dead>"})),
    ),
    (
        "a path in a traceback",
        notebook_rules.no_machine_paths,
        show(new_output("error", ename="E", evalue="no", traceback=["File /home/ada/x.py"])),
    ),
    (
        "a path from home",
        notebook_rules.no_machine_paths,
        show(printed("saved to ~/course/weights.npz")),
    ),
    (
        "a line that is too long",
        notebook_rules.lines_that_fit,
        show(printed("short\n" + 113 * "x")),
    ),
    ("an older format", notebook_rules.valid_format, old_format),
    ("an invalid file", notebook_rules.valid_format, unknown_cell_type),
    ("a large file", notebook_rules.small_file, too_large),
    ("an editor's metadata", notebook_rules.minimal_metadata, editor_metadata),
    (
        "a cell's timings",
        notebook_rules.minimal_metadata,
        put("by-hand", metadata={"execution": {"iopub.status.busy": "2026-01-01"}}),
    ),
    (
        "the timings of a code cell",
        notebook_rules.minimal_metadata,
        put("by-hand-sum", metadata={"execution": {"iopub.status.busy": "2026-01-01"}}),
    ),
    ("a random id", notebook_rules.readable_ids, put("by-hand", id="1f0c2b7e")),
    (
        "a long random id",
        notebook_rules.readable_ids,
        put("by-hand", id="c8b0c6be-9f55-4a0e-8d0f-54c1f1e0a111"),
    ),
    ("an id in other letters", notebook_rules.readable_ids, put("by-hand", id="By_Hand")),
    ("an id given twice", notebook_rules.readable_ids, put("by-hand", id="traps")),
    ("an empty cell", notebook_rules.no_empty_cells, put("traps", source=" \n")),
    (
        "no alternative text",
        notebook_rules.described_figures,
        show(html_output(f'<img src="{PICTURE}">')),
    ),
    (
        "a short alternative text",
        notebook_rules.described_figures,
        show(html_output(f'<img src="{PICTURE}" alt="A plot.">')),
    ),
    (
        "a drawing without a label",
        notebook_rules.described_figures,
        show(html_output("<svg><path d='M0 0'/></svg>")),
    ),
    (
        "a bare picture",
        notebook_rules.described_figures,
        show(new_output("display_data", data={"image/png": "iVBORw0KGgo="})),
    ),
    (
        "a bare photograph",
        notebook_rules.described_figures,
        show(new_output("display_data", data={"image/jpeg": "/9j/4AAQ"})),
    ),
    (
        "a bare drawing",
        notebook_rules.described_figures,
        show(new_output("display_data", data={"image/svg+xml": "<svg/>"})),
    ),
    (
        "an undescribed picture in the prose, as HTML",
        notebook_rules.described_figures,
        put("traps", source='## Traps\n\n<img src="../data/cat.png" alt="A cat.">'),
    ),
    (
        "an undescribed picture in the prose",
        notebook_rules.described_figures,
        put("traps", source="## Traps\n\n![](../data/cat.png)"),
    ),
    (
        "a long cell",
        notebook_rules.short_cells,
        put("by-hand-sum", source="\n".join(["x = 1"] * (notebook_rules.MAX_LINES + 1))),
    ),
    ("long cells throughout", notebook_rules.short_cells, long_cells),
    ("a late import", notebook_rules.one_import_cell, put("by-hand-sum", source="import math")),
    (
        "a late import within a block",
        notebook_rules.one_import_cell,
        put("by-hand-sum", source="try:\n    from scipy import signal\nexcept ImportError: ..."),
    ),
    ("a magic", notebook_rules.plain_python, put("by-hand-sum", source="%pip install numpy")),
    ("a shell line", notebook_rules.plain_python, put("by-hand-sum", source="!ls")),
    (
        "a path edit",
        notebook_rules.plain_python,
        put("imports", source='import sys\nsys.path.append("..")'),
    ),
    (
        "a trailing semicolon",
        notebook_rules.no_trailing_semicolon,
        put("by-hand-sum", source="x.sum();  # quiet"),
    ),
    (
        "a tag for nbval",
        notebook_rules.compared_by_nbval,
        put("by-hand-sum", metadata={"tags": ["nbval-ignore-output"]}),
    ),
    (
        "a tag that permits an error",
        notebook_rules.compared_by_nbval,
        put("by-hand-sum", metadata={"tags": ["raises-exception"]}),
    ),
    (
        "a comment for nbval",
        notebook_rules.compared_by_nbval,
        put("by-hand-sum", source="# NBVAL_SKIP\nx.sum()"),
    ),
    (
        "a comment for nbval by its other name",
        notebook_rules.compared_by_nbval,
        put("by-hand-sum", source="# PYTEST_VALIDATE_IGNORE_OUTPUT\nx.sum()"),
    ),
    (
        "a tag for nbval in capitals",
        notebook_rules.compared_by_nbval,
        put("by-hand-sum", metadata={"tags": ["NBVAL_SKIP"]}),
    ),
    ("no title", notebook_rules.numbered_title, drop("title")),
    ("another number", notebook_rules.numbered_title, put("title", source="# 02 Pixels")),
    ("two titles", notebook_rules.numbered_title, put("traps", source="# Traps")),
    ("a section missing", notebook_rules.required_sections, drop("traps")),
    (
        "a section renamed",
        notebook_rules.required_sections,
        put("traps", source="## Common traps"),
    ),
    (
        "a section twice",
        notebook_rules.required_sections,
        put("recap", source="## Recap\n\nA grid.\n\n## Traps"),
    ),
    ("sections out of order", notebook_rules.required_sections, sections_out_of_order),
    ("no way onwards", notebook_rules.leads_on, drop("next")),
    (
        "the wrong way onwards",
        notebook_rules.leads_on,
        put("next", source="Next: [03](03_padding_and_stride.ipynb)"),
    ),
    (
        "a broken link",
        notebook_rules.sound_links,
        put("traps", source="## Traps\n\nSee [pooling](05_poling.ipynb)."),
    ),
    (
        "a registry's address",
        notebook_rules.sound_links,
        put("traps", source=f"## Traps\n\nSee https://{notebook_rules.REGISTRY_HOSTS[0]}/x."),
    ),
    (
        "a registry's address in an output",
        notebook_rules.sound_links,
        show(printed(f"Looking in {notebook_rules.REGISTRY_HOSTS[-1]}")),
    ),
    (
        "little prose",
        notebook_rules.more_prose_than_code,
        put("by-hand-sum", source="\n".join(["x = 1"] * 60)),
    ),
    (
        "no time stated",
        notebook_rules.honest_minutes,
        put("goals", source="## By the end you can\n\n- read pictures"),
    ),
    (
        "a time that is too short",
        notebook_rules.honest_minutes,
        put("traps", source="## Traps\n\n" + "A long story. " * 900),
    ),
    (
        "a task on paper that takes longer than is stated",
        notebook_rules.honest_minutes,
        put("traps", source="## Traps\n\nCount on paper; allow 20 minutes."),
    ),
    (
        "a time that is too long",
        notebook_rules.honest_minutes,
        put("goals", source="## By the end you can\n\n**Time:** about 60 minutes"),
    ),
    (
        "a sitting that is too long",
        notebook_rules.honest_minutes,
        put(
            "goals",
            source="## By the end you can\n\n**Time:** about 60 minutes, exercises not counted"
            + " word" * 9000,
        ),
    ),
    (
        "a sitting that does not say how long it is",
        notebook_rules.honest_minutes,
        put("traps", source="## Traps\n\n*Sitting 2 of 2 · about 40 minutes*"),
    ),
    ("a prediction without its answer", notebook_rules.answered_questions, drop("by-hand-answer")),
    (
        "an answer for everybody to see",
        notebook_rules.answered_questions,
        put("by-hand-answer", source="It is 21."),
    ),
    (
        "a Try it without its answer",
        notebook_rules.answered_questions,
        put("traps", source="## Traps\n\n**Try it.** Change a number."),
    ),
    (
        "two questions with one answer",
        notebook_rules.answered_questions,
        put(
            "by-hand-answer",
            source="**Ask the room.** Why?\n\n<details><summary>Answer</summary>\n\nSo."
            "\n\n</details>",
        ),
    ),
    (
        "a figure whose code is open",
        notebook_rules.folded_plumbing,
        put("by-hand-figure", metadata={}),
    ),
    (
        "a lesson that is folded",
        notebook_rules.folded_plumbing,
        put(
            "by-hand-sum",
            metadata={"jupyter": {"source_hidden": True}, "tags": ["hide-input"]},
        ),
    ),
    (
        "a folded cell without its tag",
        notebook_rules.folded_plumbing,
        put("by-hand-figure", metadata={"jupyter": {"source_hidden": True}}),
    ),
    (
        "much plumbing",
        notebook_rules.mostly_lesson,
        put("by-hand-sum", source="x = 1\nassert x == 1\nassert x > 0"),
    ),
    ("no lecture path", notebook_rules.lecture_path, no_lecture),
    ("a long lecture", notebook_rules.lecture_path, lecture("title", minutes=60)),
    ("a slide of no known kind", notebook_rules.lecture_path, lecture("traps", slide="deck")),
    ("a slide without minutes", notebook_rules.lecture_path, lecture("recap", slide="slide")),
    (
        "a question to the room without the wrong answers",
        notebook_rules.lecture_path,
        put("question", source="## A question\n\n**Ask the room.** What is colour?"),
    ),
    (
        "an exercise of another name",
        notebook_rules.complete_exercises,
        put("total-answer", source="my_sum = ...\n\nex.sum.check(my_sum)"),
    ),
    (
        "an exercise without its heading",
        notebook_rules.complete_exercises,
        put("exercise-total", source="Add one and one."),
    ),
    (
        "an exercise without hints",
        notebook_rules.complete_exercises,
        put("total-answer", source="my_total = ...\n\nex.total.check(my_total)"),
    ),
    (
        "an exercise without its solution",
        notebook_rules.complete_exercises,
        put("total-answer", source="my_total = ...\n\nex.total.check(my_total)\n# ex.total.hint()"),
    ),
    (
        "an exercise of another difficulty",
        notebook_rules.complete_exercises,
        put("exercise-total", source="### Exercise 1 · A sum\n★★☆ · about 2 minutes\n\nAdd."),
    ),
    (
        "an exercise that is solved",
        notebook_rules.complete_exercises,
        lambda notebook: cell(notebook, "total-answer").outputs.clear(),
    ),
    (
        "another sum of minutes",
        notebook_rules.complete_exercises,
        put("exercises", source="## Exercises\n\nOne, about 3 minutes together."),
    ),
    (
        "no progress",
        notebook_rules.complete_exercises,
        put("exercise-progress", source="2 + 2"),
    ),
    ("no quiz", notebook_rules.complete_exercises, put("quiz-questions", source="2 + 2")),
    (
        "American spelling",
        notebook_rules.british_spelling,
        put("traps", source="## Traps\n\nA gray image has one channel; normalize it."),
    ),
    (
        "American spelling in an alternative text",
        notebook_rules.british_spelling,
        show(html_output(f'<img src="{PICTURE}" alt="The same photograph in color.">')),
    ),
    ("no glossary", notebook_rules.korean_glossary, put("glossary", source="## Glossary")),
    (
        "a term whose row is too short",
        notebook_rules.korean_glossary,
        put("glossary", source="## Glossary\n\n| English | Korean |\n|---|---|\n| pixel |"),
    ),
    (
        "a term that is used before it is defined",
        notebook_rules.terms_defined_before_use,
        put("recap", source="## Recap\n\nIt has two channels. A **channel** is one of its layers."),
    ),
    (
        "a term without Korean",
        notebook_rules.korean_glossary,
        put(
            "glossary",
            source="## Glossary\n\n| English | Korean |\n|---|---|\n| pixel | 픽셀 |\n| kernel | |",
        ),
    ),
]


@pytest.mark.parametrize(
    ("rule", "change"),
    [(rule, change) for _, rule, change in BREAKAGES],
    ids=[b[0] for b in BREAKAGES],
)
def test_a_broken_notebook_is_caught(
    sound: Notebook, rule: Rule, change: Callable[[Notebook], None]
) -> None:
    change(sound)
    problems = broken(rule, sound)
    assert problems, f"{rule.__name__} did not notice."
    assert all(problem.startswith(sound.name) for problem in problems)


def test_sittings_that_do_not_add_up_are_caught() -> None:
    notebook = Notebook.read("05_pooling")
    goals = next(one for one in notebook.prose if "**Time:**" in one.source)
    assert "about 95 minutes" in goals.source
    goals.source = goals.source.replace("about 95 minutes", "about 100 minutes")
    (problem,) = broken(notebook_rules.honest_minutes, notebook)
    assert "states 100 minutes, and 35 + 30 + 30 = 95 for its sittings" in problem


def test_every_rule_is_tested_by_breaking_it() -> None:
    assert {name_of(rule) for rule in RULES} == {name_of(rule) for _, rule, _ in BREAKAGES}


def test_a_name_on_the_list_for_nbval_needs_its_cell(
    sound: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NOT_COMPARED, sound.name, {"gone": "a progress bar"})
    assert broken(notebook_rules.compared_by_nbval, sound) == [
        "01_pixels_and_channels: has no tagged cell `gone` any more. Remove it from NOT_COMPARED."
    ]


def test_the_last_notebook_may_lead_back(sound: Notebook) -> None:
    sound.name = NAMES[-1]
    assert broken(notebook_rules.leads_on, sound)
    cell(sound, "next").source = f"Back to [the start]({NAMES[0]}.ipynb)"
    assert broken(notebook_rules.leads_on, sound) == []


def test_the_lecture_of_a_notebook_may_have_a_length_of_its_own(sound: Notebook) -> None:
    sound.name = NAMES[0]
    assert broken(notebook_rules.lecture_path, sound)  # 44 minutes, for the door
    for part in sound.cells[:8]:
        part.metadata.lecture["minutes"] = 2.5
    assert broken(notebook_rules.lecture_path, sound) == []
    assert set(notebook_rules.OTHER_LECTURES) <= set(NAMES)
    assert all(reason for _, reason in notebook_rules.OTHER_LECTURES.values())


WIDGET_MINUTES = notebook_rules.MINUTES["widget"]


@pytest.mark.parametrize(
    ("source", "minutes"),
    [
        ("widgets.PoolingExplorer(hand)", WIDGET_MINUTES),
        ("pad = widgets.DrawingPad(model)\npad", WIDGET_MINUTES),
        ("assert widgets.PoolingExplorer(hand).output.all()", 0.15),
        ("fresh = widgets.PoolingExplorer(hand)\nassert fresh.output.all()", 0.15),
    ],
)
def test_time_for_a_widget_is_counted_where_one_is_shown(
    sound: Notebook, source: str, minutes: float
) -> None:
    folded = {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
    put("by-hand-sum", source=source, metadata=folded)(sound)
    before = sum(length for _, length in notebook_rules._sittings(sound))
    put("by-hand-sum", source="assert True", metadata=folded)(sound)
    after = sum(length for _, length in notebook_rules._sittings(sound))
    assert before - after == pytest.approx(minutes - 0.15)


def test_time_to_try_is_counted_for_what_is_asked_and_not_for_its_numbered_answers(
    sound: Notebook,
) -> None:
    asked = "## Try it\n\n1. Change.\n2. Change."
    answers = "\n\n<details><summary>Answer</summary>\n\n1. It grows.\n2. It falls.\n\n</details>"
    times = []
    for source in (asked, asked + answers):
        put("traps", source=source)(sound)
        times.append(sum(length for _, length in notebook_rules._sittings(sound)))
    words = len(answers.split()) / notebook_rules.WORDS_PER_MINUTE
    assert times[1] - times[0] == pytest.approx(words)
