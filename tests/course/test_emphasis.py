"""Exercises, quizzes and widgets are shown as they are: no asterisks of Markdown in their texts."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cnnlib.course

COURSE = Path(cnnlib.course.__file__).parent
# One or two asterisks around words, as Markdown writes emphasis; `dw * x` and `**options` are code.
EMPHASIS = re.compile(r"(?<![\w*`/])(\*{1,2})[^\W\d_](?:[^*\n`]{0,60}[\w.!?])?\1(?![\w*])")
NOT_SHOWN = {"tools"}  # patterns of file names


def emphasised(text: str) -> list[str]:
    return [found[0] for found in EMPHASIS.finditer(text)]


def shown_strings(source: str) -> Iterator[str]:
    """Yield the strings of a Python file that are no docstrings."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node not in docstrings
        ):
            yield node.value


def files(pattern: str) -> list[Path]:
    found = [
        path for path in COURSE.rglob(pattern) if path.relative_to(COURSE).parts[0] not in NOT_SHOWN
    ]
    assert len(found) > 20
    return found


def test_no_text_of_the_course_shows_the_asterisks_of_markdown() -> None:
    found = [
        f"{path.relative_to(COURSE)}: {one}"
        for path in files("*.py")
        for text in shown_strings(path.read_text(encoding="utf-8"))
        for one in emphasised(text)
    ]
    assert found == []


def test_no_widget_shows_the_asterisks_of_markdown() -> None:
    comment = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
    found = [
        f"{path.relative_to(COURSE)}: {one}"
        for path in files("*.js")
        for one in emphasised(comment.sub("", path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('why("It asks whether its *input* was positive.")', ["*input*"]),
        ('f"**Never** {x}"', ["**Never**"]),
        ('hint("`(K * K * c_in + 1) * c_out` numbers")', []),
        ('hint("dw = e * x and dx = e * w")', []),
        ('hint("`f(*shape, **options)`")', []),
        ('def f():\n    """The *largest*."""', []),
    ],
)
def test_what_counts_as_emphasis(source: str, found: list[str]) -> None:
    assert [one for text in shown_strings(source) for one in emphasised(text)] == found
