"""Write what is told from the code: ``make api``.

That is the reference page, cnnlib/README.md, from the docstrings; the table of the chapters in
README.md, from the list of the chapters; and the second half of the page for lecturers,
cnnlib/course/for_lecturers.md, from the notebooks and the exercises.
"""

import importlib
import inspect
import re
from collections.abc import Callable
from pathlib import Path

from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.tools.pages import for_lecturers

PAGE = Path(__file__).parents[2] / "README.md"
README = Path(__file__).parents[3] / "README.md"
TABLE_HEAD = "| | Notebook | After it you can |\n|---|---|---|\n"

# In the order of the course. What a module calls public is in its __all__.
MODULES = (
    "backend",
    "shapes",
    "functional",
    "reference",
    "gradcheck",
    "datasets",
    "idx",
    "layers",
    "further",
    "optim",
    "model",
    "summary",
    "architectures",
    "pretrained",
    "training",
    "augmentation",
    "history",
    "archive",
    "files",
    "interop",
    "course.chapters",
    "course.drawing",
    "course.widgets",
    "course.judge",
)

HEAD = """\
# cnnlib

The reference of the library, one line for each public name. The full text, with shapes, errors and
an example, is in the docstring: `help(F.conv2d)` in Python, `F.conv2d?` in a notebook.

How it is built:

- Arrays are (N, C, H, W) and float32 or float64; what comes in as float32 goes out as float32.
- A backward function takes `dout`, then the arguments of its forward function.
- Arguments are never written to. Nothing is random but through a generator that is passed in.
- A bad argument raises ValueError or TypeError: which operation, what it got, what it
  expected, and the fix.
- The same seed gives the same bits on the same machine with the same NumPy. NumPy's matrix product
  may add in another order on another processor or with another number of BLAS threads; then the
  last digits differ. Set `OPENBLAS_NUM_THREADS=1` to rule the threads out. Where NumPy's BLAS
  cannot be told to keep to one thread (MKL, BLIS, Accelerate before macOS 15), cnnlib starts no
  threads of its own: it is slower, and has the same results.

This page is made by `make api`; a test keeps it true.
"""


def first_line(thing: object) -> str:
    """Return the first sentence of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ")


def signature(thing: Callable[..., object]) -> str:
    """Return the arguments by name, defaults included, without types."""
    parameters = []
    star = False
    for parameter in inspect.signature(thing).parameters.values():
        text = parameter.name
        if parameter.kind is parameter.VAR_POSITIONAL:
            text, star = f"*{text}", True
        elif parameter.kind is parameter.KEYWORD_ONLY and not star:
            parameters.append("*")
            star = True
        if parameter.kind is parameter.VAR_KEYWORD:
            text = f"**{text}"
        if parameter.default is not parameter.empty:
            default = parameter.default
            name = getattr(default, "__name__", None)
            text += f"={name or repr(default)}"
        parameters.append(text)
    return f"({', '.join(parameters)})"


def build() -> str:
    """Return the page."""
    parts = [HEAD]
    for name in MODULES:
        module = importlib.import_module(f"cnnlib.{name}")
        parts.append(f"\n## {name}\n\n{first_line(module)}\n\n| Name | What it does |\n|---|---|\n")
        for public in module.__all__:
            thing = getattr(module, public)
            if not callable(thing):
                continue  # the colours and styles of figures
            is_error = isinstance(thing, type) and issubclass(thing, Exception)
            arguments = "" if is_error else signature(thing)
            parts.append(f"| `{public}{arguments}` | {first_line(thing)} |\n")
    return "".join(parts)


def with_chapters(readme: str) -> str:
    """Return README with its table of chapters as the list of chapters has it."""
    rows = (
        f"| {chapter.number:02} | [{chapter.title}](notebooks/{chapter.notebook}.ipynb) "
        f"| {chapter.goal} |\n"
        for chapter in CHAPTERS
    )
    before, after = readme.split(TABLE_HEAD)
    return before + TABLE_HEAD + "".join(rows) + re.sub(r"\A(?:\|.*\n)*", "", after)


if __name__ == "__main__":
    README.write_text(with_chapters(README.read_text(encoding="utf-8")), encoding="utf-8")
    PAGE.write_text(build(), encoding="utf-8")
    lecturers = for_lecturers.PAGE.read_text(encoding="utf-8")
    for_lecturers.PAGE.write_text(for_lecturers.with_chapters(lecturers), encoding="utf-8")
    print(f"{PAGE.relative_to(PAGE.parents[1])}: {len(build().splitlines())} lines")
