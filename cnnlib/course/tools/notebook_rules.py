"""What every notebook of the course must be, as rules that can be run.

A rule takes a `Notebook` and yields a `Problem` for each place that breaks it. A problem names
the notebook and the cell, and says what to do. `test_notebooks.py` applies the rules to the
notebooks, and breaks a sound notebook in every way to see that each rule notices.
"""

from __future__ import annotations

import ast
import io
import re
import statistics
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.judge import Exercise
from cnnlib.course.tools.open_code import FOLDED_TAG, is_folded, open_share, plumbing_cells

FOLDER = Path(__file__).parents[3] / "notebooks"
NAMES = tuple(chapter.notebook for chapter in CHAPTERS)
HEADINGS = (
    "By the end you can",
    "A question",
    "By hand",
    "Traps",
    "Exercises",
    "Quiz",
    "Recap",
    "Glossary",
)

# nbval compares every cell. It skips, or does not compare, exactly the cells named here, each
# with its reason: {"notebook": {"cell-id": "why"}}. Never to hide a number.
NOT_COMPARED: dict[str, dict[str, str]] = {}

# A term of the glossary is not used before it is defined, in bold, in this notebook or an earlier
# one. Where one is all the same, it says here why: {"notebook": {"term": "why"}}.
USED_BEFORE_DEFINED: dict[str, dict[str, str]] = {
    "01_pixels_and_channels": {
        "pixel": "the opening question is about one, and everybody knows the word",
        "network": "the course is named after it; what it is comes with the first picture",
    },
    "05_pooling": {
        "pooling": "the opening question asks about it before anybody knows what it is",
        "max pooling": "the opening question asks about it before anybody knows what it is",
    },
}

MAX_BYTES = 1_000_000
MAX_LINES = 25  # of one code cell
MAX_MEDIAN_LINES = 6
MAX_WIDTH = 112  # characters of a printed line
MIN_WORDS_PER_LINE = 5  # of prose, for each line of code
MIN_ALT_CHARACTERS = 20
MIN_LESSON_PERCENT = 80  # of the open code

# How long a notebook takes, in minutes. A reader who follows every step reads slowly, stops at a
# prediction, and plays with a widget for a while. A task on paper says how long it takes: "allow 5
# minutes". Nobody has measured it: it is a model.
WORDS_PER_MINUTE = 150
MINUTES = {"open cell": 0.3, "folded cell": 0.15, "prediction": 1, "try it": 1.5, "widget": 3}
MAX_SITTING = 45
LECTURE_MINUTES = (40, 50)  # of the path through a notebook for a room
# Another length for a notebook that is no lecture by itself, with the reason.
OTHER_LECTURES = {"00_start_here": ((15, 25), "it is the door: a room goes on to 01 at once")}
SLIDES = {"slide", "subslide", "fragment", "same"}

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = {"jupyter", "lecture", "tags"}  # what an author may set on a cell

MACHINE_PATH = re.compile(
    r"(?<![\w.:/-])/(?:home|root|Users|tmp|private|var|usr|opt|mnt|work|workspace)/"
    r"|\b[A-Za-z]:\\{1,2}(?:Users|Windows|Program Files|Documents|Temp)\b"
    r"|\bsite-packages\b"
    r"|(?<![\w./])~/",
    re.IGNORECASE,
)
# In two halves, so no file of the course names such a host, this one included.
REGISTRY_HOSTS = tuple(
    "".join(halves)
    for halves in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("anaconda", ".org"),
        ("anaconda", ".com"),
        ("unpkg", ".com"),
        ("jsdelivr", ".net"),
    )
)
AMERICAN = re.compile(
    r"\b(?:(?:dis)?colors?|colored|coloring|colorful|grays?|gray(?:ish|scale)|centers?|centered"
    r"|centering|behaviors?|neighbors?|neighbor(?:hoods?|ing)|favors?|favorite|flavors?|labeled"
    r"|labeling|modeled|modeling|canceled"
    r"|(?:analy|normali|initiali|optimi|regulari|visuali|summari|generali|minimi|maximi|recogni"
    r"|organi|reali|standardi|memori|locali|quanti|randomi|penali|vectori)z"
    r"(?:e|es|ed|ing|er|ers|ation|ations))\b",
    re.IGNORECASE,
)
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=.*\d)[0-9a-f]{8}")
READABLE_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
PREDICTION = re.compile(r"\*\*Predict, then [^*]+?[.:]\*\*")
TRY_IT = re.compile(r"\*\*Try it[.:]\*\*")
FOLDED_ANSWER = re.compile(r"<details>.*?</details>", re.DOTALL)
ON_PAPER = re.compile(r"\b[Aa]llow (\d+) minutes\b")
ROOM = re.compile(r"\*\*Ask the room[.:]\*\*")
SITTING = re.compile(r"^\*Sitting (\d+) of (\d+) · about (\d+) minutes\*$", re.MULTILINE)
HANGUL = re.compile(r"[가-힣]")
PICTURE_BYTES = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")
MARKDOWN_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\([^)]*\)")
MARKDOWN_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)[^)]*\)")


@dataclass
class Notebook:
    """A notebook with its name, its place, and its text where it was read from a file."""

    name: str
    content: NotebookNode
    text: str = ""
    folder: Path = FOLDER  # where its links lead from
    declared: tuple[Exercise, ...] | None = None  # its exercises, where they are not the course's

    @classmethod
    def read(cls, name: str) -> Notebook:
        text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
        return cls(name, nbformat.reads(text, as_version=nbformat.NO_CONVERT), text)

    @property
    def cells(self) -> list[NotebookNode]:
        return self.content.cells

    @property
    def code(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def prose(self) -> list[NotebookNode]:
        return [cell for cell in self.cells if cell.cell_type == "markdown"]

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        if self.declared is not None or self.name not in NAMES:
            return self.declared or ()
        module = CHAPTERS[NAMES.index(self.name)].exercises()
        return tuple(module.chapter.exercises.values())

    def problem(self, what: str, cell: NotebookNode | None = None) -> Problem:
        return Problem(self.name, cell.get("id", "?") if cell else "", what)


class Problem(NamedTuple):
    """What is wrong, where, and what to do about it."""

    notebook: str
    cell: str
    what: str

    def __str__(self) -> str:
        place = f"{self.notebook}, cell `{self.cell}`" if self.cell else self.notebook
        return f"{place}: {self.what}"


Rule = Callable[[Notebook], Iterator[Problem]]


# The file


def valid_format(notebook: Notebook) -> Iterator[Problem]:
    """The file is a valid notebook of format 4.5."""
    version = (notebook.content.nbformat, notebook.content.nbformat_minor)
    if version != (4, 5):
        yield notebook.problem(f"has format {version}, not (4, 5). Run `make notebooks`.")
        return
    try:
        nbformat.validate(notebook.content)
    except nbformat.ValidationError as error:
        yield notebook.problem(f"is no valid notebook: {str(error).splitlines()[0]}")


def small_file(notebook: Notebook) -> Iterator[Problem]:
    """The file is small enough to read on a code host."""
    size = len(notebook.text.encode())
    if size >= MAX_BYTES:
        yield notebook.problem(
            f"has {size:,} bytes; the limit is {MAX_BYTES:,}. Draw fewer or smaller figures."
        )


def minimal_metadata(notebook: Notebook) -> Iterator[Problem]:
    """The metadata hold nothing that depends on the machine or the editor."""
    kept = {key: value for key, value in notebook.content.metadata.items() if key != "widgets"}
    if kept != METADATA:
        yield notebook.problem(f"has the metadata {kept}. Run `make notebooks`.")
    for cell in notebook.cells:
        extra = sorted(set(cell.metadata) - CELL_METADATA)
        if extra:
            yield notebook.problem(f"has the metadata {extra}. Run `make notebooks`.", cell)


def readable_ids(notebook: Notebook) -> Iterator[Problem]:
    """Each cell has a unique id that a person can read: words-with-hyphens."""
    for cell in notebook.cells:
        if not READABLE_ID.fullmatch(cell.id) or RANDOM_ID.fullmatch(cell.id):
            yield notebook.problem(
                "needs an id like `by-hand-2`; `make notebooks` gives one.", cell
            )
    for name, count in Counter(cell.id for cell in notebook.cells).items():
        if count > 1:
            yield notebook.problem(f"has {count} cells with the id `{name}`. Rename all but one.")


def no_empty_cells(notebook: Notebook) -> Iterator[Problem]:
    """No cell is empty."""
    for cell in notebook.cells:
        if not cell.source.strip():
            yield notebook.problem("is empty. Delete it.", cell)


# The outputs


def executed_in_order(notebook: Notebook) -> Iterator[Problem]:
    """Every code cell was run once, from top to bottom. nbval passes cells that never ran."""
    for number, cell in enumerate(notebook.code, start=1):
        if cell.execution_count != number:
            yield notebook.problem(
                f"has the execution count {cell.execution_count}, not {number}. "
                "Run `make notebooks`.",
                cell,
            )


def no_errors(notebook: Notebook) -> Iterator[Problem]:
    """No cell ended in an exception or wrote to standard error."""
    for cell in notebook.code:
        for output in cell.outputs:
            if output.output_type == "error":
                yield notebook.problem(
                    f"raised {output.ename}: {output.evalue}. Mend it; to show an error on "
                    "purpose, catch it and print it.",
                    cell,
                )
            elif output.get("name") == "stderr":
                yield notebook.problem(
                    f"wrote to standard error: {output.text.strip()!r}. Remove the cause.", cell
                )


def nobody_solved_it(notebook: Notebook) -> Iterator[Problem]:
    """The stored progress is that of a reader who begins."""
    for cell in notebook.code:
        done = {
            count
            for text in _output_texts(cell)
            for count in re.findall(r"\b([1-9]\d*) of \d+ done\b", text)
        }
        for count in sorted(done):
            yield notebook.problem(
                f"says that {count} of the exercises are done. Store it with `make notebooks`, "
                "which runs it without a record.",
                cell,
            )


def no_machine_paths(notebook: Notebook) -> Iterator[Problem]:
    """No source or output holds a path of one machine."""
    for cell in notebook.cells:
        for text in (cell.source, *_output_texts(cell)):
            if found := MACHINE_PATH.search(PICTURE_BYTES.sub("", text)):
                around = text[max(0, found.start() - 10) : found.end() + 20]
                yield notebook.problem(
                    f"names a place on one machine ({around!r}). Use a relative path or none.",
                    cell,
                )


def no_memory_addresses(notebook: Notebook) -> Iterator[Problem]:
    """No output shows where an object lies in memory, which differs in every run."""
    for cell in notebook.code:
        for text in _output_texts(cell):
            if found := re.search(r"<[^<>]* at 0x[0-9a-fA-F]+[^<>]*>", text):
                yield notebook.problem(
                    f"shows {found[0]}, which differs in every run. Print what matters, or "
                    "assign the result to `_`.",
                    cell,
                )


def lines_that_fit(notebook: Notebook) -> Iterator[Problem]:
    """No printed line is so long that JupyterLab breaks it, which it does within words."""
    for cell in notebook.code:
        for output in cell.outputs:
            longest = max(map(len, output.get("text", "").splitlines()), default=0)
            if longest > MAX_WIDTH:
                yield notebook.problem(
                    f"prints a line of {longest} characters, more than {MAX_WIDTH}. Print it in "
                    "parts; an error, with `figures.show_error`.",
                    cell,
                )


def described_figures(notebook: Notebook) -> Iterator[Problem]:
    """Each picture has a text for those who do not see it."""
    advice = "Say in a sentence what the reader should see."
    for cell in notebook.code:
        for output in cell.outputs:
            data = output.get("data", {})
            for kind in sorted(set(data) & {"image/png", "image/jpeg", "image/svg+xml"}):
                yield notebook.problem(
                    f"shows a bare {kind}. Display it with figures.show(fig, alt).", cell
                )
            for alt in _picture_texts(data.get("text/html", "")):
                if len(alt) < MIN_ALT_CHARACTERS:
                    yield notebook.problem(
                        f"shows a picture with the alternative text {alt!r}. {advice}", cell
                    )
    for cell in notebook.prose:
        texts = [found["alt"].strip() for found in MARKDOWN_IMAGE.finditer(cell.source)]
        for alt in texts + _picture_texts(cell.source):
            if len(alt) < MIN_ALT_CHARACTERS:
                yield notebook.problem(
                    f"holds a picture with the alternative text {alt!r}. {advice}", cell
                )


# The code


def short_cells(notebook: Notebook) -> Iterator[Problem]:
    """Code comes in steps that can be read one at a time."""
    for cell in notebook.code:
        if (length := len(cell.source.splitlines())) > MAX_LINES:
            yield notebook.problem(
                f"has {length} lines; the limit is {MAX_LINES}. Split it at a sentence.", cell
            )
    lesson = [cell for cell in _lesson(notebook) if cell.cell_type == "code"]
    lengths = [len(cell.source.splitlines()) for cell in lesson]
    if lengths and (median := statistics.median(lengths)) > MAX_MEDIAN_LINES:
        yield notebook.problem(
            f"has code cells of {median:g} lines in the median; the limit is "
            f"{MAX_MEDIAN_LINES}. Split the long ones, or move plumbing into cnnlib."
        )


def one_import_cell(notebook: Notebook) -> Iterator[Problem]:
    """All imports stand in the first code cell."""
    for cell in notebook.code[1:]:
        tree = _parse(cell)
        if tree and any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(tree)):
            yield notebook.problem("imports something. Imports stand in the first code cell.", cell)


def plain_python(notebook: Notebook) -> Iterator[Problem]:
    """Cells hold Python that would run anywhere: no magics, no shell, no path edits."""
    for cell in notebook.code:
        tree = _parse(cell)
        if tree is None:
            yield notebook.problem("is not plain Python. Use no `%`, `!` or `?` lines.", cell)
        elif any(_is_sys_path(node) for node in ast.walk(tree)):
            yield notebook.problem("touches sys.path. cnnlib is installed: import it.", cell)


def no_trailing_semicolon(notebook: Notebook) -> Iterator[Problem]:
    """No cell hides its result with a semicolon: nbval does not know that custom."""
    for cell in notebook.code:
        if _parse(cell) is None:
            continue  # plain_python reports it
        skipped = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
        tokens = list(tokenize.generate_tokens(io.StringIO(cell.source).readline))
        code = [token.string for token in tokens if token.type not in skipped and token.string]
        if code and code[-1] == ";":
            yield notebook.problem("ends in `;`. Write `_ = ...` instead.", cell)


def compared_by_nbval(notebook: Notebook) -> Iterator[Problem]:
    """Cells that nbval skips or does not compare are exactly those agreed upon."""
    agreed = NOT_COMPARED.get(notebook.name, {})
    tagged = {}
    for cell in notebook.cells:
        tags = {tag.lower().replace("_", "-") for tag in cell.metadata.get("tags", [])}
        marks = {tag for tag in tags if tag.startswith("nbval-") or tag == "raises-exception"}
        marks |= set(re.findall(r"# *((?:NBVAL|PYTEST_VALIDATE)_\w+)", cell.source))
        if marks:
            tagged[cell.id] = sorted(marks)
        if marks and cell.id not in agreed:
            yield notebook.problem(
                f"is kept from comparison by {sorted(marks)}. Make its output repeatable, or add "
                "it to NOT_COMPARED with the reason.",
                cell,
            )
    for cell_id in sorted(set(agreed) - set(tagged)):
        yield notebook.problem(
            f"has no tagged cell `{cell_id}` any more. Remove it from NOT_COMPARED."
        )


# The prose


def numbered_title(notebook: Notebook) -> Iterator[Problem]:
    """The first cell is the title, with the notebook's number."""
    number = notebook.name[:2]
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not re.match(rf"# {number} \S", first.source):
        yield notebook.problem(f"must open with the title: `# {number} ...`.", first)
    titles = [cell for cell in notebook.prose for _ in _headings(cell.source, level=1)]
    for cell in titles[1:]:
        yield notebook.problem("holds a second title. Use `##`.", cell)


def required_sections(notebook: Notebook) -> Iterator[Problem]:
    """The sections that every notebook has are there, once each and in this order."""
    found = [
        heading
        for cell in notebook.prose
        for heading in _headings(cell.source, level=2)
        if heading in HEADINGS
    ]
    for heading in HEADINGS:
        if (count := found.count(heading)) != 1:
            yield notebook.problem(f"has the heading `## {heading}` {count} times, not once.")
    if sorted(found) == sorted(HEADINGS) and found != list(HEADINGS):
        yield notebook.problem(f"has its sections in the order {found}, not {list(HEADINGS)}.")


def leads_on(notebook: Notebook) -> Iterator[Problem]:
    """The last cell says where to go next."""
    last = notebook.cells[-1]
    if notebook.name == NAMES[-1]:
        back = f"({NAMES[0]}.ipynb)"
        if back not in last.source and "where to go next" not in last.source.lower():
            yield notebook.problem(f"must say where to go next, or link back: `[...]{back}`.", last)
        return
    after = NAMES.index(notebook.name) + 1 if notebook.name in NAMES else 0
    link = f"({NAMES[after]}.ipynb)"
    if not re.search(rf"^Next: \[[^\]]+\]{re.escape(link)}", last.source, re.MULTILINE):
        yield notebook.problem(f"must be the link onwards: `Next: [...]{link}`.", last)


def sound_links(notebook: Notebook) -> Iterator[Problem]:
    """Links to files lead to files, and no link leads to a package registry."""
    for cell in notebook.prose:
        for found in MARKDOWN_LINK.finditer(cell.source):
            target = found["target"].partition("#")[0]
            if not target or re.match(r"[a-z]+:", target):  # in this notebook, or on the web
                continue
            if not (notebook.folder / target).exists():
                yield notebook.problem(f"links to {target}, which does not exist.", cell)
    for cell in notebook.cells:
        text = "\n".join((cell.source, *_output_texts(cell))).lower()
        for host in REGISTRY_HOSTS:
            if host in text:
                yield notebook.problem(f"names the package registry {host}. Take it out.", cell)


def more_prose_than_code(notebook: Notebook) -> Iterator[Problem]:
    """A notebook explains: there are several words of prose for each line of code."""
    words = sum(len(re.findall(r"[^\W_]+", _plain_prose(cell.source))) for cell in notebook.prose)
    lines = sum(len(cell.source.splitlines()) for cell in notebook.code)
    if words < MIN_WORDS_PER_LINE * lines:
        yield notebook.problem(
            f"has {words} words of prose for {lines} lines of code, and needs "
            f"{MIN_WORDS_PER_LINE} words for each line. Explain more, or move plumbing into cnnlib."
        )


def honest_minutes(notebook: Notebook) -> Iterator[Problem]:
    """The time that a notebook states is what the model says, exercises aside, and so for sittings.

    A sitting begins with a line `*Sitting 2 of 3 · about 35 minutes*` under a heading. What is
    stated for the sittings adds up to what is stated for all of them.
    """
    sittings = list(_sittings(notebook))
    total = sum(minutes for _, minutes in sittings)
    estimate = _round_to_five(total)
    many = f" in {len(sittings)} sittings" if len(sittings) > 1 else ""
    stated = re.search(
        rf"\*\*Time:\*\* about (\d+) minutes{many}, exercises not counted",
        "".join(cell.source for cell in notebook.prose[:3]),
    )
    if stated is None or abs(int(stated[1]) - total) > 5:
        yield notebook.problem(
            f"takes about {total:.0f} minutes by its length. Write under the goals: "
            f"**Time:** about {estimate} minutes{many}, exercises not counted"
        )
    said = [int(line[3]) for cell, _ in sittings if (line := SITTING.search(cell.source))]
    if stated and said and sum(said) != int(stated[1]):
        parts = " + ".join(map(str, said))
        yield notebook.problem(
            f"states {stated[1]} minutes, and {parts} = {sum(said)} for its sittings. They are "
            + ", ".join(f"{minutes:.1f}" for _, minutes in sittings)
            + " by their length."
        )
    for number, (cell, minutes) in enumerate(sittings, start=1):
        if minutes > MAX_SITTING:
            yield notebook.problem(
                f"begins a sitting of {minutes:.0f} minutes; the limit is {MAX_SITTING}. Shorten "
                f"it, or begin another sitting under a heading: *Sitting {number + 1} of ...*",
                cell,
            )
        found = SITTING.search(cell.source)
        expected = (str(number), str(len(sittings)))
        if len(sittings) > 1 and (found is None or found.groups()[:2] != expected):
            yield notebook.problem(
                f"needs a line `*Sitting {number} of {len(sittings)} · about "
                f"{_round_to_five(minutes)} minutes*` under its heading.",
                cell,
            )
        elif found and abs(int(found[3]) - minutes) > 4:
            yield notebook.problem(
                f"begins a sitting of about {_round_to_five(minutes)} minutes, not {found[3]}.",
                cell,
            )


def answered_questions(notebook: Notebook) -> Iterator[Problem]:
    """After a prediction, a Try it or a question to the room stands its answer, folded.

    It stands in the same cell or further down, before another question and the next section.
    """
    waiting: NotebookNode | None = None
    for cell in _lesson(notebook):
        if cell.cell_type != "markdown":
            continue
        asks = any(mark.search(cell.source) for mark in (PREDICTION, TRY_IT, ROOM))
        answers = re.search(
            r"^<details>\s*<summary>.+?</summary>\n\n.+?\n\n</details>$",
            cell.source,
            re.MULTILINE | re.DOTALL,
        )
        leaves = _headings(cell.source, level=2)
        if waiting is not None and (leaves or (asks and not _opens_with_answer(cell.source))):
            yield notebook.problem(
                "asks something, and no folded answer follows: "
                "<details><summary>Answer</summary>, an empty line, the answer, an empty line, "
                "</details>.",
                waiting,
            )
            waiting = None
        if answers:
            waiting = None
            rest = cell.source[answers.end() :]
            asks = any(mark.search(rest) for mark in (PREDICTION, TRY_IT, ROOM))
        if asks:
            waiting = cell
    if waiting is not None:
        yield notebook.problem("asks something, and no folded answer follows.", waiting)


def folded_plumbing(notebook: Notebook) -> Iterator[Problem]:
    """Cells that only draw or check are folded, and no cell that teaches is."""
    lesson = list(_lesson(notebook))
    plumbing = set(plumbing_cells(lesson))
    for cell in notebook.code[1:]:  # the first holds the imports, and stays open
        tagged = FOLDED_TAG in cell.metadata.get("tags", [])
        if is_folded(cell) != tagged:
            yield notebook.problem(
                f"must have both `source_hidden` and the tag `{FOLDED_TAG}`, or neither.", cell
            )
        if is_folded(cell) and cell.id not in plumbing:
            yield notebook.problem("is folded, and holds more than plumbing. Open it.", cell)
        elif cell.id in plumbing and not is_folded(cell):
            yield notebook.problem(
                "only draws or checks. Fold it: `jupyter.source_hidden`, and the tag "
                f"`{FOLDED_TAG}`.",
                cell,
            )


def mostly_lesson(notebook: Notebook) -> Iterator[Problem]:
    """Most of the code that a reader sees is the lesson."""
    share = open_share(list(_lesson(notebook)))
    if share.percent < MIN_LESSON_PERCENT:
        yield notebook.problem(
            f"has {share.lines} lines of open code, and {share.lesson} of them "
            f"({share.percent:.0f}%) are the lesson; at least {MIN_LESSON_PERCENT}% should be. "
            "Move what draws or asserts into folded cells, or into cnnlib."
        )


def lecture_path(notebook: Notebook) -> Iterator[Problem]:
    """A path of fifty minutes for a room: slides, their minutes, and what to say.

    A cell on the path has `lecture` metadata: `slide` (slide, subslide, fragment, or same, which
    goes on below the cell before), on the first cell of a slide `minutes`, and where there is
    something to say `note`.
    """
    total, notes, begun = 0.0, 0, False
    for cell in notebook.cells:
        lecture = cell.metadata.get("lecture")
        if lecture is None:
            continue
        kind = lecture.get("slide")
        if kind not in SLIDES or set(lecture) - {"slide", "minutes", "note"}:
            yield notebook.problem(f"has the lecture metadata {dict(lecture)}.", cell)
            continue
        if not begun and kind != "slide":
            yield notebook.problem("is the first of the path, and must be a `slide`.", cell)
        begun = True
        if (kind in ("slide", "subslide")) != ("minutes" in lecture):
            yield notebook.problem(
                "must state `minutes` where a slide begins, and nowhere else.", cell
            )
        total += lecture.get("minutes", 0)
        notes += bool(lecture.get("note"))
        if ROOM.search(cell.source) and "expect" not in lecture.get("note", "").lower():
            yield notebook.problem(
                "asks the room; its `note` must say which wrong answers to expect.", cell
            )
    low, high = OTHER_LECTURES.get(notebook.name, (LECTURE_MINUTES, ""))[0]
    if not low <= total <= high:
        yield notebook.problem(
            f"has a lecture path of {total:g} minutes, not {low} to {high}. Choose its cells by "
            "their `lecture` metadata."
        )
    if notes < 8:
        yield notebook.problem(f"has {notes} speaker notes on its lecture path, fewer than 8.")


def complete_exercises(notebook: Notebook) -> Iterator[Problem]:
    """Each exercise of the chapter has its heading, its facts and its stub, in the right order."""
    declared = notebook.exercises
    checked = [
        found[1]
        for cell in notebook.code
        if (found := re.search(r"^ex\.(\w+)\.check\(", cell.source, re.MULTILINE))
    ]
    if checked != [exercise.name for exercise in declared]:
        yield notebook.problem(f"checks {checked}, not {[one.name for one in declared]}.")
        return
    for number, exercise in enumerate(declared, start=1):
        minutes = f"{exercise.minutes} minute{'s' if exercise.minutes > 1 else ''}"
        stars = "★" * exercise.level + "☆" * (3 - exercise.level)
        head = f"### Exercise {number} · {exercise.title}\n{stars} · about {minutes}\n"
        at = next(
            place
            for place, cell in enumerate(notebook.cells)
            if cell.cell_type == "code" and f"ex.{exercise.name}.check(" in cell.source
        )
        prompt, stub = notebook.cells[at - 1], notebook.cells[at]
        if prompt.cell_type != "markdown" or not prompt.source.startswith(head):
            yield notebook.problem(f"must begin with {head!r}.", prompt)
        for line in (
            f"ex.{exercise.name}.check({exercise.reader_name})",
            f"# ex.{exercise.name}.hint()",
            f"# ex.{exercise.name}.solution()",
        ):
            if line not in stub.source.splitlines():
                yield notebook.problem(f"lacks the line `{line}`.", stub)
        if not any("○" in text for text in _output_texts(stub)):
            yield notebook.problem("is solved. Leave the three dots for the reader.", stub)
    total = sum(exercise.minutes for exercise in declared)
    prose = " ".join(cell.source for cell in notebook.prose)
    if f"about {total} minutes together" not in " ".join(prose.split()):
        yield notebook.problem(
            f"must say that its exercises take `about {total} minutes together`."
        )
    for line in ("ex.progress()", "ex.quiz"):
        if sum(cell.source.strip() == line for cell in notebook.code) != 1:
            yield notebook.problem(f"must have one cell that holds `{line}` alone.")


def british_spelling(notebook: Notebook) -> Iterator[Problem]:
    """Prose is in British spelling. Code keeps the names that the field uses."""
    for cell in notebook.cells:
        texts = [_plain_prose(cell.source)] if cell.cell_type == "markdown" else []
        for output in cell.get("outputs", []):
            texts += _picture_texts(output.get("data", {}).get("text/html", ""))
        for text in texts:
            for word in dict.fromkeys(AMERICAN.findall(text)):
                yield notebook.problem(
                    f"spells `{word}` the American way. Put code between backticks.", cell
                )


def korean_glossary(notebook: Notebook) -> Iterator[Problem]:
    """The glossary is a table that gives each term in Korean too."""
    prose = "\n\n".join(cell.source for cell in notebook.prose)
    section = re.search(r"^## Glossary *$(.*?)(?=^## |\Z)", prose, re.MULTILINE | re.DOTALL)
    rows = [
        [field.strip() for field in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        for line in (section[1] if section else "").splitlines()
        if line.strip().startswith("|")
    ]
    header = rows[0] if rows else []
    columns = [number for number, field in enumerate(header) if field.startswith("Korean")]
    if len(rows) < 3 or not columns:
        yield notebook.problem(
            "has no glossary table with a column `Korean`: | English | Korean | Meaning |."
        )
        return
    for row in rows[2:]:
        if columns[0] >= len(row) or not HANGUL.search(row[columns[0]]):
            yield notebook.problem(f"has a glossary row without its Korean term: {row}.")


def terms_defined_before_use(notebook: Notebook) -> Iterator[Problem]:
    """A term of the glossary is defined, in bold, before the notebook uses it.

    A term that an earlier notebook has in its glossary is known. Title, goals and headings may
    name what is to come, and so may what `USED_BEFORE_DEFINED` lists with its reason.
    """
    if notebook.name not in NAMES:
        return
    excused = USED_BEFORE_DEFINED.get(notebook.name, {})
    earlier = NAMES[: NAMES.index(notebook.name)]
    known = {term for name in earlier for term in glossary_terms(Notebook.read(name))}
    for term in glossary_terms(notebook):
        used, defined = first_use(notebook, term), first_definition(notebook, term)
        if used is None or defined is None or used.place >= defined.place or term in known:
            continue
        if term not in excused:
            yield notebook.problem(
                f"uses “{term}” («{used.words}»), and the cell `{defined.cell.id}` defines it "
                "only later. Define it here, in bold, or say it in other words.",
                used.cell,
            )


# Rules on what a run puts out. `make notebooks` refuses to store what breaks them.
OUTPUT_RULES: tuple[Rule, ...] = (
    executed_in_order,
    no_errors,
    no_machine_paths,
    no_memory_addresses,
)
RULES: tuple[Rule, ...] = (
    *OUTPUT_RULES,
    nobody_solved_it,  # not of every run: a test solves the exercises on purpose
    valid_format,
    small_file,
    minimal_metadata,
    readable_ids,
    no_empty_cells,
    lines_that_fit,
    described_figures,
    short_cells,
    one_import_cell,
    plain_python,
    no_trailing_semicolon,
    compared_by_nbval,
    numbered_title,
    required_sections,
    leads_on,
    sound_links,
    more_prose_than_code,
    honest_minutes,
    complete_exercises,
    british_spelling,
    korean_glossary,
    terms_defined_before_use,
    answered_questions,
    folded_plumbing,
    mostly_lesson,
    lecture_path,
)


# Reading cells


class Mention(NamedTuple):
    """Where a term stands in the prose of a notebook."""

    place: tuple[int, int]  # which cell, and where in it
    cell: NotebookNode
    words: str  # around it


def glossary_terms(notebook: Notebook) -> list[str]:
    """Return the terms that the glossary explains; “flip, turn” are two."""
    prose = "\n\n".join(cell.source for cell in notebook.prose)
    section = re.search(r"^## Glossary *$(.*?)(?=^## |\Z)", prose, re.MULTILINE | re.DOTALL)
    lines = [line for line in (section[1] if section else "").splitlines() if line.startswith("|")]
    firsts = [re.split(r"(?<!\\)\|", line.strip("|"))[0] for line in lines[2:]]
    terms = [re.sub(r"\(.*?\)|[`*]", "", one).strip() for text in firsts for one in text.split(",")]
    return [term.lower() for term in terms if term]


def first_use(notebook: Notebook, term: str) -> Mention | None:
    """Return where the prose uses a term first, its plural included."""
    return _first(notebook, rf"(?<![\w-]){re.escape(term)}(?:s|es)?(?![\w-])")


def first_definition(notebook: Notebook, term: str) -> Mention | None:
    """Return where a term stands in bold first: there it is defined."""
    return _first(notebook, rf"\*\*{re.escape(term)}(?:s|es)?[.,:]?\*\*")


def _first(notebook: Notebook, pattern: str) -> Mention | None:
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown" or number == 0:
            continue
        if _headings(cell.source, level=2) == ["By the end you can"]:
            continue
        text = _plain_prose(re.sub(r"^#+ .*$", "", cell.source, flags=re.MULTILINE))
        if found := re.search(pattern, text, re.IGNORECASE):
            around = text[max(0, found.start() - 30) : found.end() + 20]
            return Mention((number, found.start()), cell, " ".join(around.split()))
    return None


def _lesson(notebook: Notebook) -> Iterator[NotebookNode]:
    """Yield the cells of a notebook without the exercises and the quiz."""
    inside = False
    for cell in notebook.cells:
        headings = _headings(cell.source, level=2) if cell.cell_type == "markdown" else []
        if headings:
            inside = headings[0] in ("Exercises", "Quiz")
        if not inside:
            yield cell


def _sittings(notebook: Notebook) -> Iterator[tuple[NotebookNode, float]]:
    """Yield the cell that begins each sitting, and the minutes that the sitting takes."""
    first, minutes = None, 0.0
    for cell in _lesson(notebook):
        if first is None:
            first = cell
        elif (found := SITTING.search(cell.source)) and found[1] != "1":
            yield first, minutes
            first, minutes = cell, 0.0
        elif found:
            first = cell
        minutes += _minutes(cell)
    if first is not None:
        yield first, minutes


def _minutes(cell: NotebookNode) -> float:
    """Return how long a reader stays at a cell, by the model."""
    if cell.cell_type == "markdown":
        own = _headings(cell.source, level=2) == ["Try it"]
        asked = FOLDED_ANSWER.sub("", cell.source)  # its answers may be numbered as well
        tries = len(re.findall(r"^\d+\. ", asked, re.MULTILINE)) if own else 0
        return (
            len(cell.source.split()) / WORDS_PER_MINUTE
            + MINUTES["prediction"] * len(PREDICTION.findall(cell.source))
            + MINUTES["try it"] * (len(TRY_IT.findall(cell.source)) + tries)
            + sum(int(minutes) for minutes in ON_PAPER.findall(cell.source))
        )
    if _shows_widget(cell):
        return MINUTES["widget"]
    return MINUTES["folded cell" if is_folded(cell) else "open cell"]


def _shows_widget(cell: NotebookNode) -> bool:
    """Return whether a cell puts a widget before the reader; a check may build one in passing."""
    if not re.search(r"\bwidgets\.[A-Z]", cell.source):
        return False
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError:
        return False
    return isinstance(statements[-1], ast.Expr)


def _round_to_five(minutes: float) -> int:
    return max(5, 5 * round(minutes / 5))


def _opens_with_answer(source: str) -> bool:
    return source.lstrip().startswith("<details>")


def _output_texts(cell: NotebookNode) -> Iterator[str]:
    """Yield every text that a cell has put out, without the bytes of pictures."""
    for output in cell.get("outputs", []):
        values = [*output.get("data", {}).values(), output.get("text"), output.get("evalue")]
        values += output.get("traceback", [])
        for value in values:
            if isinstance(value, str):
                yield PICTURE_BYTES.sub("", value)


class _Pictures(HTMLParser):
    """Collect the alternative texts of the pictures in a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "img":
            self.texts.append((values.get("alt") or "").strip())
        elif tag == "svg" and values.get("aria-hidden") != "true":
            self.texts.append((values.get("aria-label") or "").strip())


def _picture_texts(markup: str) -> list[str]:
    parser = _Pictures()
    parser.feed(PICTURE_BYTES.sub("", markup))
    return parser.texts


def _plain_prose(source: str) -> str:
    """Return Markdown without what is not prose: code, formulas, link targets, HTML tags."""
    for pattern in (
        r"^(```|~~~).*?^\1",
        r"``.*?``|`[^`\n]*`",
        r"\$\$.*?\$\$|\$[^$\n]*\$",
        r"(?<=\])\([^)]*\)",
        r"<[^>]*>|https?://\S+",
    ):
        source = re.sub(pattern, " ", source, flags=re.MULTILINE | re.DOTALL)
    return source


def _headings(source: str, level: int) -> list[str]:
    source = re.sub(r"^(```|~~~).*?^\1", "", source, flags=re.MULTILINE | re.DOTALL)
    return re.findall(rf"^#{{{level}}} +(.+?) *$", source, re.MULTILINE)


def _parse(cell: NotebookNode) -> ast.Module | None:
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return None


def _is_sys_path(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "path"
        and isinstance(node.value, ast.Name)
        and node.value.id == "sys"
    )
