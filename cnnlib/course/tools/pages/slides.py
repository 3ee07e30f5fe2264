"""Write lectures as decks of slides: ``make slides``, or ``make slides NB=02``.

A deck is one HTML file for each notebook, in build/slides. It needs no network, no kernel and no
file beside it: outputs are the stored ones, and what the widgets need is in the page. Which cells
are on it, for how many minutes and with which notes is the notebook's own metadata; `slides.js`
lays them out on screens.

The slides are shown by reveal.js, whose files come with the Python package sphinx-revealjs.
"""

from __future__ import annotations

import argparse
import html
import importlib.util
import re
import sys
import time
from pathlib import Path

from nbformat import NotebookNode

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.tools.execute_notebooks import NotebookError
from cnnlib.course.tools.pages import formulas
from cnnlib.course.tools.pages.chosen import chosen
from cnnlib.course.tools.pages.live import live
from cnnlib.course.tools.pages.path import Slide, lecture_path
from cnnlib.course.tools.pages.revive import revived
from cnnlib.files import check_writable, write_whole

__all__ = ["shown"]

HERE = Path(__file__).parent
TARGET = Path("build") / "slides"
# How long a reader takes is nothing to a room.
SITTING = re.compile(r"^\*Sitting \d.*\*$", re.MULTILINE)
NO_REVEAL = (
    "slides: reveal.js is missing. `make slides` installs it, and so does "
    "`python -m pip install 'cnnlib[slides]'`."
)


def shown(cell: NotebookNode) -> str:
    """Return what a slide shows of a cell, in HTML.

    Code that only draws or checks is folded, as in the notebook.

    Parameters
    ----------
    cell : NotebookNode
        A code cell has been run.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell
    >>> print(shown(new_markdown_cell("Slide, *multiply*, add.")))
    <p>Slide, <em>multiply</em>, add.</p>
    """
    if cell.cell_type == "markdown":
        return markdown(SITTING.sub("", cell.source))
    code = _code(cell.source)
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        code = f'<details class="code"><summary>Code</summary>{code}</details>'
    return "\n".join([code, *filter(None, map(_output, cell.outputs))])


def markdown(source: str) -> str:
    """Return Markdown as HTML.

    A link to another notebook leads to that one's page. One within the notebook leads nowhere here,
    and is text.
    """
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    text = str(MarkdownWithMath(renderer=renderer).render(source))
    text = re.sub(r'<a href="#[^"]*">(.*?)</a>', r"\1", text, flags=re.DOTALL)
    return re.sub(r'href="(\d\d_\w+)\.ipynb(#[^"]*)?"', r'href="\1.html"', text).strip()


def _code(source: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    coloured: str = highlight(source, PythonLexer(), HtmlFormatter())
    return coloured.strip()


def _colours() -> str:
    from pygments.formatters import HtmlFormatter

    rules: str = HtmlFormatter().get_style_defs(".highlight")
    return rules


def _output(output: NotebookNode) -> str:
    """Return an output in HTML; nothing, if there is nothing to see."""
    if output.output_type == "stream":
        return _printed(output.text)
    if output.output_type == "error":
        return _printed(f"{output.ename}: {output.evalue}")
    data = output.data
    if "text/html" in data:
        return f'<div class="output">{data["text/html"]}</div>'
    if "image/png" in data:
        return f'<div class="output"><img src="data:image/png;base64,{data["image/png"]}"></div>'
    return _printed(data.get("text/plain", ""))


def _printed(text: str) -> str:
    from nbconvert.filters import strip_ansi

    text = strip_ansi(text).rstrip()
    return f'<pre class="printed">{html.escape(text)}</pre>' if text else ""


def _headings(notebook: NotebookNode) -> dict[str, tuple[str, str]]:
    """Return, for each cell, the section and the part of it that the cell ends in."""
    found, section, part = {}, "", ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for marks, title in re.findall(r"^(#{1,3}) +(.+)$", cell.source, re.MULTILINE):
                section, part = (section, title) if marks == "###" else (title, "")
        found[cell.id] = (section, part)
    return found


def _section(slide: Slide, start: float, total: float, headings: tuple[str, str]) -> str:
    """Return a slide, still as one screen however long it is."""
    cells = []
    for cell in slide.cells:
        lecture = cell.metadata.lecture
        kind = "fragment" if lecture.slide == "fragment" else "same"
        note = (
            f'<aside class="notes">{markdown(lecture.note)}</aside>' if lecture.get("note") else ""
        )
        cells.append(
            f'<div class="cell {cell.cell_type}" data-id="{cell.id}" data-kind="{kind}">'
            f"{shown(cell)}{note}</div>"
        )
    end = start + slide.minutes
    section, part = map(html.escape, headings)
    return (
        f'<section class="unpaged" data-kind="{slide.kind}" data-minutes="{slide.minutes:g}" '
        f'data-section="{section}" data-part="{part}" '
        f'data-when="Minutes {start:g} to {end:g} of {total:g}">\n'
        + "\n".join(cells)
        + "\n</section>"
    )


def page(title: str, notebook: NotebookNode) -> str:
    """Return the deck of a notebook: a whole page, which asks for no other file.

    Parameters
    ----------
    title : str
    notebook : NotebookNode
        With its outputs and the state of its widgets, as `revive.revived` returns it.
        It is not changed.

    Raises
    ------
    ModuleNotFoundError : reveal.js or MathJax is not installed
    ValueError : its path is none
    """
    alive = live(notebook)
    for model in alive.models.values():
        model["state"]["large"] = True  # for the back row
    slides = lecture_path(alive.notebook)
    total = sum(slide.minutes for slide in slides)
    headings = _headings(notebook)
    sections, start = [], 0.0
    for slide in slides:
        sections.append(_section(slide, start, total, headings[slide.cells[0].id]))
        start += slide.minutes
    reveal = _reveal()
    styles = {
        "reveal": _text(reveal / "dist/reset.css") + _text(reveal / "dist/reveal.css"),
        "slides": _colours() + _text(HERE / "slides.css"),
    }
    scripts = [_text(reveal / "dist/reveal.js"), _text(reveal / "plugin/notes/notes.js")]
    start_deck = _text(HERE / "slides.js") + "\nawait deck(document, Reveal, RevealNotes);\n"
    sheet = "".join(f"@layer {name} {{\n{text}\n}}\n" for name, text in styles.items())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{sheet}</style>\n"
        + formulas.head(dollars=True)
        + "</head>\n<body>\n"
        '<p class="waiting">The slides are being laid out …</p>\n'
        + f'<div class="reveal"><div class="slides">\n{"".join(sections)}\n</div></div>\n'
        + "".join(f"<script>\n{_inside_script(script)}\n</script>\n" for script in scripts)
        + alive.html(start_deck)
        + "</body>\n</html>\n"
    )


def _text(path: Path) -> str:
    """Return a file, without the line that names its map: a browser would look for that."""
    return re.sub(r"(?m)^//# sourceMappingURL=.*$", "", path.read_text(encoding="utf-8"))


def _inside_script(script: str) -> str:
    return re.sub(r"</(script)", r"<\\/\1", script, flags=re.IGNORECASE)


def _reveal() -> Path:
    """Return the folder of reveal.js. Its package is not imported: it would import Sphinx."""
    found = importlib.util.find_spec("sphinx_revealjs")
    if found is None or found.origin is None:
        raise ModuleNotFoundError(NO_REVEAL)
    return Path(found.origin).parent / "_static" / "revealjs"


def write(path: Path, folder: Path) -> Path:
    """Write the deck of a notebook into a folder; return where it is."""
    titles = {chapter.notebook: chapter.heading for chapter in CHAPTERS}
    target = folder / f"{path.stem}.html"
    text = page(titles.get(path.stem, path.stem), revived(path))
    write_whole(target, text.encode())
    return target


def main(arguments: list[str] | None = None) -> int:
    """Write the decks of these notebooks, or of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", help="numbers or paths; all, unless given")
    parser.add_argument("--to", type=Path, default=TARGET, metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        _reveal()  # before minutes are spent
        paths = chosen(options.notebooks)
        options.to.mkdir(parents=True, exist_ok=True)
        check_writable("slides", options.to / f"{paths[0].stem}.html")
        for path in paths:
            started = time.perf_counter()
            target = write(path, options.to)
            seconds, size = time.perf_counter() - started, target.stat().st_size / 1e6
            print(f"{target}: {size:.1f} MB, {seconds:.0f} s", flush=True)
    except (ModuleNotFoundError, NotebookError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print("Open one in a browser. The space bar goes on, S opens the speaker's window, ? helps.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
