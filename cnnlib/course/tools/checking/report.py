"""Write what was found in the work of a class: a table for a spreadsheet, and a page to read."""

from __future__ import annotations

import csv
import html
import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cnnlib.course.chapters import Chapter
from cnnlib.course.judge.show import inline
from cnnlib.course.tools.checking.collect import Work
from cnnlib.files import write_whole

SYMBOLS = {"right": "✓", "wrong": "✗", "todo": "○", "unknown": "?"}
WORDS = {
    "right": "right",
    "wrong": "not yet right",
    "todo": "not attempted",
    "unknown": "could not be judged",
}
SHARED = 2  # a mistake of so many is common

LIMITS = (
    "Only the source of the cells counts: stored outputs are not looked at. Answers to the quiz "
    "leave no trace in a notebook and are not judged.",
    "An exercise is judged after the cells that define what its answer uses, not after the whole "
    "notebook. What a magic command or a shell command would have defined is missing.",
    "A notebook is run with your rights, in a process of its own, with limits on time and memory. "
    "Python's own functions refuse it the network, other programs, changes to files outside its "
    "folder, and the work of others. On Linux, since 5.13, the kernel refuses most of that too, "
    "and keeps it from your files; elsewhere compiled code can do it all, and Python can read "
    "them. Check what strangers wrote on a machine that holds nothing of value.",
    "A notebook runs beside its judge, so one that sets out to cheat can. And it is not asked who "
    "wrote an answer: solutions stand one call away. So this is for teaching, not for exams.",
)


def write_report(works: list[Work], folder: Path) -> tuple[Path, Path]:
    """Write ``class.csv`` and ``class.html`` into a folder; return their paths.

    Raises
    ------
    OSError : the folder cannot be written
    """
    folder.mkdir(parents=True, exist_ok=True)
    table, page = folder / "class.csv", folder / "class.html"
    # The mark at the start tells spreadsheets that the rest is UTF-8.
    write_whole(table, ("\ufeff" + as_csv(works)).encode())
    write_whole(page, as_page(works).encode())
    return table, page


def chapters_of(works: Iterable[Work]) -> list[Chapter]:
    """Return the chapters that were handed in, in the order of the course."""
    return sorted({work.chapter for work in works if work.chapter}, key=lambda one: one.number)


def as_csv(works: list[Work]) -> str:
    """Return one row for each notebook and exercise."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["student", "file", "chapter", "exercise", "verdict", "in words", "diagnosis"])
    for work in works:
        if work.chapter is None:
            writer.writerow(
                map(_harmless, [work.student, work.file, "", "", "?", "", work.trouble])
            )
        for name, one in work.verdicts.items():
            heading = work.chapter.heading if work.chapter else ""
            status = one["status"]
            row = [work.student, work.file, heading, name, SYMBOLS[status], WORDS[status],
                   one["diagnosis"]]  # fmt: skip
            writer.writerow(map(_harmless, row))
    return out.getvalue()


def _harmless(text: str) -> str:
    """Keep a spreadsheet from taking a name for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def common_mistakes(works: Iterable[Work], exercise: str) -> list[tuple[int, str]]:
    """Return how many notebooks got each diagnosis for an exercise, the most frequent first."""
    counts = Counter(
        work.verdicts[exercise]["diagnosis"]
        for work in works
        if work.verdicts.get(exercise, {}).get("status") == "wrong"
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [(count, diagnosis) for diagnosis, count in ordered]


def as_page(works: list[Work]) -> str:
    """Return the page: for each chapter a table, and what many got wrong."""
    parts = []
    for chapter in chapters_of(works):
        parts.append(_chapter(chapter, [one for one in works if one.chapter == chapter]))
    unread = [work for work in works if work.chapter is None]
    if unread:
        rows = "".join(
            f"<li><strong>{html.escape(work.student)}</strong>, {html.escape(work.file)}: "
            f"{html.escape(work.trouble)}</li>"
            for work in unread
        )
        parts.append(f"<h2>Not read</h2><ul>{rows}</ul>")
    limits = "".join(f"<li>{html.escape(text)}</li>" for text in LIMITS)
    legend = ", ".join(f"{symbol} {WORDS[status]}" for status, symbol in SYMBOLS.items())
    return PAGE.format(
        count=len(works),
        students=len({work.student for work in works}),
        legend=legend,
        body="\n".join(parts),
        limits=limits,
    )


def _chapter(chapter: Chapter, works: list[Work]) -> str:
    exercises = chapter.exercises().chapter.exercises
    twice = {name for name, n in Counter(work.student for work in works).items() if n > 1}
    head = "".join(f'<th scope="col"><code>{name}</code></th>' for name in exercises)
    rows = []
    for work in works:
        name = html.escape(work.student)
        if work.student in twice:
            name += f"<br><small>{html.escape(work.file)}</small>"
        cells = "".join(_cell(work.verdicts[one]) for one in exercises)
        right = sum(one["status"] == "right" for one in work.verdicts.values())
        rows.append(f'<tr><th scope="row">{name}</th>{cells}<td>{right}</td></tr>')
    sums = "".join(
        f"<td>{sum(work.verdicts[name]['status'] == 'right' for work in works)}</td>"
        for name in exercises
    )
    rows.append(f'<tr class="sum"><th scope="row">right, of {len(works)}</th>{sums}<td></td></tr>')
    return (
        f"<h2>{html.escape(chapter.heading)}</h2>"
        f'<div class="wide"><table><thead><tr><th scope="col">Student</th>{head}'
        f'<th scope="col">right</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
        f"{_mistakes(works, list(exercises))}"
    )


def _cell(verdict: dict[str, str]) -> str:
    status = verdict["status"]
    symbol = f'<span title="{WORDS[status]}">{SYMBOLS[status]}</span>'
    if status in ("right", "todo"):
        return f'<td class="{status}">{symbol}</td>'
    text = html.escape(verdict["text"])
    return (
        f'<td class="{status}"><details><summary>{symbol}</summary><pre>{text}</pre></details></td>'
    )


def _mistakes(works: list[Work], exercises: list[str]) -> str:
    items = []
    for name in exercises:
        shared = [(n, text) for n, text in common_mistakes(works, name) if n >= SHARED]
        for count, diagnosis in shared:
            items.append(
                f"<li><strong>{count} of {len(works)}</strong> in <code>{name}</code>: "
                f"{inline(diagnosis)}</li>"
            )
    if not items:
        return "<p>No mistake was made by two.</p>"
    return f"<h3>What many got wrong</h3><ul>{''.join(items)}</ul>"


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The work of the class</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto;
       padding: 0 1rem; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid color-mix(in srgb, currentColor 30%, transparent);
          padding: 0.3rem 0.6rem; text-align: center; vertical-align: top; }}
th[scope=row] {{ text-align: left; font-weight: 600; }}
.sum {{ font-weight: 600; }}
.wrong, .unknown {{ background: color-mix(in srgb, orange 25%, transparent); }}
.right {{ background: color-mix(in srgb, dodgerblue 20%, transparent); }}
summary {{ cursor: pointer; }}
pre {{ text-align: left; white-space: pre-wrap; max-width: 40rem; font-size: 0.85rem; }}
</style>
</head>
<body>
<h1>The work of the class</h1>
<p>{count} notebooks of {students} students. {legend}.
Open a ✗ or ? to read what its author would see.</p>
{body}
<h2>What this page cannot know</h2>
<ul>{limits}</ul>
</body>
</html>
"""
