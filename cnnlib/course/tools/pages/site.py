"""Build the web edition, a static site of all notebooks: ``make site``.

Each notebook becomes a page with its stored outputs. Sphinx makes the pages, the search and the
navigation; what a notebook has beyond Markdown is written as HTML here. No page asks another host.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from nbformat import NotebookNode

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.tools.environment import ROOT
from cnnlib.course.tools.execute_notebooks import NotebookError
from cnnlib.course.tools.my_copy import COURSE
from cnnlib.course.tools.pages import formulas
from cnnlib.course.tools.pages.built import finish
from cnnlib.course.tools.pages.live import live
from cnnlib.course.tools.pages.revive import revived

__all__ = ["Pictures", "build", "chapter_page", "glossary_page", "slug"]

LOOK = Path(__file__).with_name("site_look")
FENCE = "`" * 9  # longer than any in a notebook
PICTURE = re.compile(r'<img ([^>]*?)src="data:image/png;base64,([^"]+)"')
FORMULA = re.compile(r"(?<![$\\`])\$[^$\n`]+\$[.,;:?!)]+")  # in a line, with its stop
LINK = re.compile(r"\]\((\d\d_\w+)\.ipynb(#[^)]*)?\)")
TIME = re.compile(r"\*\*Time:\*\* about (\d+) minutes")


@dataclass
class Pictures:
    """The pictures of the pages, each once, as files: a browser loads those that it shows.

    Attributes
    ----------
    folder : str
        Where they lie, seen from a page.
    files : dict of str to bytes
    """

    folder: str = "_static/pictures"
    files: dict[str, bytes] = field(default_factory=dict)

    def taken_out(self, text: str) -> str:
        """Return HTML whose pictures are links to files.

        Parameters
        ----------
        text : str

        Returns
        -------
        str
        """
        return PICTURE.sub(self._linked, text)

    def _linked(self, found: re.Match[str]) -> str:
        content = base64.b64decode(found[2])
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.png"
        self.files[name] = content
        # With its height known, a page does not jump when the picture comes.
        columns, rows = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))
        width = re.search(r'width="(\d+)"', found[1])
        height = f'height="{round(int(width[1]) * rows / columns)}" ' if width else ""
        return f'<img {found[1]}{height}loading="lazy" src="{self.folder}/{name}"'


def slug(title: str) -> str:
    """Return the anchor of a heading, as JupyterLab makes it.

    Parameters
    ----------
    title : str

    Returns
    -------
    str

    Examples
    --------
    >>> slug("Back to the question")
    'Back-to-the-question'
    """
    return title.replace(" ", "-")


def chapter_page(notebook: NotebookNode, pictures: Pictures, run_here: str = "") -> str:
    r"""Return a notebook as a page in Markdown, for Sphinx.

    Code that only draws is folded. So is what comes out after a prediction was asked for, and every
    answer.

    Parameters
    ----------
    notebook : NotebookNode
        With the state of its widgets: `cnnlib.course.tools.pages.revive.revived`.
    pictures : Pictures
        Receives the pictures.
    run_here : str, optional
        Where the notebook can be run in the browser.

    Returns
    -------
    str

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
    >>> cells = [new_markdown_cell("# One"), new_code_cell("x = 1"), new_markdown_cell("Two")]
    >>> print(chapter_page(new_notebook(cells=cells), Pictures()))
    # One
    <BLANKLINE>
    `````````python
    x = 1
    `````````
    <BLANKLINE>
    Two
    <BLANKLINE>
    """
    page = live(notebook, run_here)
    parts: list[str] = []
    predicting = False
    for cell in page.notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(_with_its_stop(_linked(cell.source)))
            predicting = re.search(r"\bPredict\b", cell.source) is not None
        else:
            parts += [_code(cell), *_outputs(cell, pictures, predicting)]
        if run_here:  # after the title
            parts.append(_raw(f'<p class="cnn-run-here"><a href="{run_here}">Run it here</a></p>'))
            run_here = ""
    if page.models:
        parts.append(_raw(pictures.taken_out(page.html())))
    return "\n\n".join(part for part in parts if part) + "\n"


def _linked(source: str) -> str:
    return LINK.sub(lambda found: f"]({found[1]}.md{found[2] or ''})", source)


def _with_its_stop(source: str) -> str:
    """Return Markdown in which no line begins with the full stop or comma after a formula."""
    return FORMULA.sub(r'<span class="cnn-together">\g<0></span>', source)


def _raw(text: str) -> str:
    return f"{FENCE}{{raw}} html\n{text}\n{FENCE}"


def _code(cell: NotebookNode) -> str:
    if not cell.source.strip():
        return ""
    code = f"{FENCE}python\n{cell.source}\n{FENCE}"
    if not cell.metadata.get("jupyter", {}).get("source_hidden"):
        return code
    what = "Show the code" if cell.outputs else "Show how this was checked"
    return (
        f'<details class="cnn-code"><summary>{what}</summary>\n\n{code}\n\n'
        "<!-- end of the code --></details>"
    )


def _outputs(cell: NotebookNode, pictures: Pictures, predicting: bool) -> list[str]:
    """Return the outputs of a cell; folded, but for widgets, where they were to be predicted."""
    shown: list[str] = []
    folded: list[str] = []
    for output in cell.outputs:
        data = output.get("data", {})
        if output.output_type == "stream":
            text = f'<pre class="cnn-printed">{html.escape(output.text.rstrip())}</pre>'
        elif data.get("text/html"):
            text = pictures.taken_out("".join(data["text/html"]))
        elif data.get("text/plain"):
            text = f'<pre class="cnn-printed">{html.escape(data["text/plain"])}</pre>'
        else:
            continue
        widget = "cnn-live" in text or "cnn-needs-kernel" in text
        kind = "cnn-output cnn-with-widget" if widget else "cnn-output"
        widths = [int(width) for width in re.findall(r'<img [^>]*?width="(\d+)"', text)]
        width = f' style="--cnn-width: {max(widths)}px"' if widths else ""
        boxed = f'<div class="{kind}"{width}>{text}</div>'
        (folded if predicting and not widget else shown).append(boxed)
    if folded:
        inner = "\n".join(folded)
        shown.append(
            '<details class="cnn-outcome"><summary>Predicted? Show what comes out</summary>'
            f"{inner}</details>"
        )
    return [_raw(text) for text in shown]


def glossary_page(notebooks: dict[Chapter, NotebookNode]) -> str:
    r"""Return the glossaries of all chapters as one table, in Markdown.

    Parameters
    ----------
    notebooks : dict of Chapter to NotebookNode

    Returns
    -------
    str

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> text = "| Term | Korean | Meaning |\n|---|---|---|\n| a map | 맵 | a grid |"
    >>> notebook = new_notebook(cells=[new_markdown_cell(text, id="glossary")])
    >>> print(glossary_page({CHAPTERS[2]: notebook}).splitlines()[-1])
    | a map | 맵 | a grid | [02](02_convolution.md) |
    """
    rows = []
    for chapter, notebook in notebooks.items():
        for cell in notebook.cells:
            if cell.id == "glossary":
                table = [line for line in cell.source.splitlines() if line.startswith("|")]
                rows += [
                    f"{row} [{chapter.number:02}]({chapter.notebook}.md) |" for row in table[2:]
                ]
    head = "| Term | Korean (한국어) | Meaning | Chapter |\n|---|---|---|---|\n"
    return (
        "# Glossary\n\nThe words of all chapters, in English and Korean.\n\n"
        + head
        + "\n".join(sorted(rows, key=str.casefold))
        + "\n"
    )


def _front_page(notebooks: dict[Chapter, NotebookNode]) -> str:
    """Return the first page: what README says of the course, and the chapters with their times."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    about, found, _ = readme.partition("\nYou need Python")
    if not found:
        raise ValueError("README.md no longer says 'You need Python', where the front page ends.")
    lines = ["| Chapter | After it you can | Min. |", "|---|---|---|"]
    for chapter, notebook in notebooks.items():
        times = [TIME.findall(cell.source) for cell in notebook.cells]
        minutes = next(one[0] for one in times if one)
        link = f"[{chapter.heading}]({chapter.notebook}.md)"
        lines.append(f"| {link} | {chapter.goal} | {minutes} |")
    names = "\n".join(chapter.notebook for chapter in notebooks)
    return (
        about.replace("(.github/cover.png)", "(cover.png)")
        + "\n## The course\n\n"
        + "\n".join(lines)
        + "\n\n"
        + (LOOK / "how_to_read.md").read_text(encoding="utf-8")
        + f"\n```{{toctree}}\n:hidden:\n:caption: Chapters\n\n{names}\n```\n"
        + "\n```{toctree}\n:hidden:\n:caption: To look up\n\nglossary\nlibrary\n```\n"
    )


def write_sources(folder: Path, lite: str = "", only: tuple[str, ...] = ()) -> None:
    """Write the pages in Markdown, with all that they show.

    Parameters
    ----------
    folder : Path
        It is emptied first.
    lite : str, optional
        Where JupyterLite lies, seen from a page.
    only : tuple of str, optional
        The beginnings of notebooks' names: the site of these alone.

    Raises
    ------
    NotebookError, ValueError : a notebook's widgets could not be brought back
    ValueError : no notebook's name begins so
    """
    chapters = [chapter for chapter in CHAPTERS if chapter.notebook.startswith(only or ("",))]
    if not chapters:
        raise ValueError(f"site: no notebook's name begins with {' or '.join(only)}.")
    shutil.rmtree(folder, ignore_errors=True)
    static = folder / "_static"
    (static / "pictures").mkdir(parents=True)
    paths = [COURSE / f"{chapter.notebook}.ipynb" for chapter in chapters]
    with ThreadPoolExecutor(2) as pool:  # each waits for a kernel of its own
        notebooks = dict(zip(chapters, pool.map(revived, paths), strict=True))
    pictures = Pictures()
    for chapter, notebook in notebooks.items():
        run_here = f"{lite}/lab/index.html?path={chapter.notebook}.ipynb" if lite else ""
        text = chapter_page(notebook, pictures, run_here)
        (folder / f"{chapter.notebook}.md").write_text(text, encoding="utf-8")
    for name, content in pictures.files.items():
        (static / "pictures" / name).write_bytes(content)
    pages = {
        "index": _front_page(notebooks),
        "glossary": glossary_page(notebooks),
        "library": (ROOT / "cnnlib" / "README.md").read_text(encoding="utf-8"),
    }
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    shutil.copy(ROOT / ".github" / "cover.png", folder)
    shutil.copy(LOOK / "site.css", static)
    (static / "formulas.js").write_text(formulas.mathjax(), encoding="utf-8")


def _settings(whole: bool) -> dict[str, object]:
    """Return the settings of Sphinx, for the whole course or a part of it."""
    return {
        "project": "Convolutional networks from the pixel up",
        "html_title": "CNNs from the pixel up",
        "language": "en",
        "extensions": ["myst_parser"],
        "myst_enable_extensions": ["dollarmath", "amsmath"],
        "myst_heading_anchors": 4,
        "myst_heading_slug_func": f"{__name__}.{slug.__name__}",
        "myst_update_mathjax": False,
        # A notebook may leave a level of headings out; a part has links to the rest.
        "suppress_warnings": ["myst.header"] + ["myst.xref_missing"] * (not whole),
        "html_theme": "furo",
        "html_static_path": ["_static"],
        "html_css_files": ["site.css"],
        "html_copy_source": False,
        "html_use_index": False,
        "html_show_copyright": False,
        "mathjax_path": "formulas.js",
        "mathjax3_config": formulas.options(),
    }


def build(out: Path, lite: str = "", only: tuple[str, ...] = ()) -> None:
    """Build the site.

    Parameters
    ----------
    out : Path
        The folder for the pages; it is emptied first. What they were made from goes beside it.
    lite, only : optional
        As for `write_sources`.

    Raises
    ------
    ModuleNotFoundError : Sphinx, its theme or MathJax is missing
    RuntimeError : Sphinx warns of something, such as a link that leads nowhere
    ValueError : as for `write_sources`

    Examples
    --------
    >>> build(Path("site"), only=("99",))
    Traceback (most recent call last):
    ValueError: site: no notebook's name begins with 99.
    """
    sources = out.with_name(f"{out.name}-sources")
    write_sources(sources, lite, only)
    shutil.rmtree(out, ignore_errors=True)
    sphinx = import_module("sphinx.application").Sphinx
    with (sources / "warnings.txt").open("w", encoding="utf-8") as warnings:
        app = sphinx(
            sources,
            None,
            out,
            sources / "_doctrees",
            "html",
            confoverrides=_settings(whole=not only),
            status=None,
            warning=warnings,
        )
        app.build()
    said = (sources / "warnings.txt").read_text(encoding="utf-8")
    if app.statuscode or said:
        raise RuntimeError(f"Sphinx is not content with the pages:\n{said}")
    (out / "objects.inv").unlink()  # for the sites of other libraries
    shutil.rmtree(out / ".doctrees", ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Build the site, and say where it is, how large, and how long that took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    parser.add_argument("--lite", default="", help="where JupyterLite lies, seen from a page")
    parser.add_argument("--only", nargs="+", default=[], help="the beginnings of notebooks' names")
    options = parser.parse_args(arguments)
    return finish(
        lambda: build(options.out, options.lite, tuple(options.only)),
        options.out / "index.html",
        (ModuleNotFoundError, NotebookError, RuntimeError, ValueError),
    )


if __name__ == "__main__":
    sys.exit(main())
