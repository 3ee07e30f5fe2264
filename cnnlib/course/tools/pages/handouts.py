"""Write a page to print for each chapter: ``make handouts``, or ``make handouts NB=02``.

It is one sheet of A4: the promise, a figure, the recap with its formulas and numbers, and three
questions of the quiz. All of it comes from the notebook, as it is stored, and from its quiz.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.judge import show
from cnnlib.course.judge.quiz import LETTERS, Question
from cnnlib.course.tools.pages import formulas
from cnnlib.course.tools.pages.chosen import chosen
from cnnlib.course.tools.pages.slides import markdown
from cnnlib.files import write_whole

__all__ = ["figure", "section"]

TARGET = Path("build") / "handouts"
QUESTIONS = 3
STYLE = """
@page { size: A4; margin: 13mm 15mm; }
body { margin: 0; color: #000; font-family: system-ui, "DejaVu Sans", sans-serif; }
.sheet { box-sizing: border-box; width: 180mm; height: 270mm; margin: 0 auto; overflow: hidden;
  break-after: page; break-inside: avoid; font-size: 10.5pt; line-height: 1.35; }
.sheet:last-child { break-after: auto; }
@media screen { body { background: #888; } .sheet { background: #fff; margin: 8mm auto;
  box-sizing: content-box; padding: 13mm 15mm; } }
h1 { font-size: 20pt; margin: 0; }
h2 { font-size: 12pt; margin: 1.1em 0 0.3em; border-bottom: 0.4mm solid #000; }
p, ul, ol { margin: 0.25em 0; }
ul, ol { padding-left: 1.5em; }
.figure { text-align: center; margin: 3mm 0 0; }
.figure img { margin: 0 auto; max-width: 100%; width: auto; max-height: 62mm; }
.question { break-inside: avoid; margin: 0.5em 0; }
.options { padding-left: 1.5em; }
.options span { display: inline-block; margin-right: 1.4em; text-indent: -1.4em;
  padding-left: 1.4em; }
.key { margin-top: 1em; font-size: 8pt; color: #444; }
code { font-family: "DejaVu Sans Mono", monospace; font-size: 0.9em; }
"""
# The text becomes smaller until it fits, which is before anybody prints.
FIT = """
await MathJax.startup.promise;
await Promise.all([...document.images].map((image) => image.decode()));
for (const sheet of document.querySelectorAll(".sheet")) {
  for (let size = 10.5; size > 6 && sheet.scrollHeight > sheet.clientHeight; size -= 0.25) {
    sheet.style.fontSize = `${size}pt`;
  }
}
document.body.dataset.ready = "";
"""


def section(notebook: NotebookNode, title: str) -> str:
    r"""Return what a notebook says under a heading, up to the next; nothing, if it has none.

    Parameters
    ----------
    notebook : NotebookNode
    title : str

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> cells = [new_markdown_cell("## Recap\n\nOne.\n\n## Next")]
    >>> section(new_notebook(cells=cells), "Recap")
    'One.'
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", cell.source, re.M | re.S)
            if found:
                return found[1].strip()
    return ""


def figure(notebook: NotebookNode) -> str:
    """Return the figure that stands for a chapter, in HTML; nothing, if it has none.

    It is the first on the path of the lecture in the section *By hand*, or, if there is none, the
    first after the question.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
    >>> drawn = new_output("display_data", {"text/html": "<img src='grid.png'>"})
    >>> cell = new_code_cell("draw()", outputs=[drawn], metadata={"lecture": {}})
    >>> figure(new_notebook(cells=[new_markdown_cell("## By hand"), cell]))
    "<img src='grid.png'>"
    """
    heading = ""
    found: dict[str, str] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            titles = re.findall(r"^## (.+)$", cell.source, re.M)
            heading = titles[-1] if titles else heading
        elif "lecture" in cell.metadata:
            for output in cell.outputs:
                image = re.search(
                    "<img[^>]*>", "".join(output.get("data", {}).get("text/html", ""))
                )
                if image and "cnn-stand-in" not in "".join(output.data["text/html"]):
                    found.setdefault(heading, image[0])
    later = [image for title, image in found.items() if title != "A question"]
    return found.get("By hand") or next(iter(later or found.values()), "")


def sheet(chapter: Chapter, notebook: NotebookNode) -> str:
    """Return the sheet of a chapter, in HTML.

    Parameters
    ----------
    chapter : Chapter
    notebook : NotebookNode
        With outputs.
    """
    goals = re.findall(r"^- .+(?:\n  .+)*", section(notebook, "By the end you can"), re.M)
    questions = chapter.exercises().quiz.questions[:QUESTIONS]
    key = " · ".join(
        f"{number} {letter}"
        for number, question in enumerate(questions, start=1)
        for letter, option in zip(LETTERS, question.options, strict=False)
        if option.right
    )
    return (
        f'<section class="sheet">\n<h1>{html.escape(chapter.heading)}</h1>\n'
        f"<p>After it you can {html.escape(chapter.goal)}.</p>\n"
        f'<div class="figure">{figure(notebook)}</div>\n'
        f"<h2>By the end you can</h2>\n{markdown(chr(10).join(goals))}\n"
        f"<h2>What to keep</h2>\n{markdown(section(notebook, 'Recap'))}\n"
        "<h2>Three questions</h2>\n"
        + "".join(_asked(number, one) for number, one in enumerate(questions, start=1))
        + f'<p class="key">Right: {key}. Why, and what is wrong with the others, the quiz at the '
        f"end of the notebook tells. (Convolutional networks from the pixel up, {chapter.notebook})"
        "</p>\n"
        "</section>\n"
    )


def _asked(number: int, question: Question) -> str:
    options = "".join(
        f"<span>☐ {letter}&nbsp;&nbsp;{show.inline(option.text)}</span> "
        for letter, option in zip(LETTERS, question.options, strict=False)
    )
    return (
        f'<div class="question"><strong>{number}.</strong> {show.inline(question.text)}'
        f'<div class="options">{options}</div></div>\n'
    )


def page(sheets: list[str]) -> str:
    """Return a whole page of sheets, which asks for no other file.

    Parameters
    ----------
    sheets : list of str

    Raises
    ------
    ModuleNotFoundError : MathJax, which draws the formulas, is not installed
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<title>Handouts</title>\n"
        f"<style>{STYLE}</style>\n{formulas.head(dollars=True)}</head>\n<body>\n"
        f'{"".join(sheets)}<script type="module">{FIT}</script>\n</body>\n</html>\n'
    )


def main(arguments: list[str] | None = None) -> int:
    """Write the handouts of these chapters; of all, and all in one, unless some are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", help="numbers or paths; all, unless given")
    parser.add_argument("--to", type=Path, default=TARGET, metavar="FOLDER")
    options = parser.parse_args(arguments)
    chapters = {chapter.notebook: chapter for chapter in CHAPTERS}
    try:
        sheets = {}
        for path in chosen(options.notebooks):
            if path.stem not in chapters:
                raise ValueError(f"handouts: {path} is no chapter of the course")
            notebook = nbformat.read(path, as_version=4)
            sheets[path.stem] = [sheet(chapters[path.stem], notebook)]
        if not options.notebooks:
            sheets["all"] = [one for own in sheets.values() for one in own]
        options.to.mkdir(parents=True, exist_ok=True)
        for name, own in sheets.items():
            write_whole(options.to / f"{name}.html", page(own).encode())
    except (ModuleNotFoundError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{options.to}: {len(sheets)} files. Open one in a browser and print it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
