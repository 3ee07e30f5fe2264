"""Look into the source of an answer before saying what stands in it.

Results alone seldom tell what was written: a function that handles only the first entry may hold a
`return` inside its loop, or a `break`, or no loop at all. Each question here is answered with True,
False, or None where the source is not known.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from cnnlib.course.judge.plain import is_a

LOOPS = (ast.For, ast.While)
FUNCTIONS = (ast.FunctionDef, ast.Lambda, ast.AsyncFunctionDef)
Question = Callable[[Any], bool | None]


def returns_in_a_loop(answer: Any) -> bool | None:
    """Return whether a `return` stands inside a loop, without a condition around it."""
    return _ask(answer, lambda tree: any(_returns_at_once(loop) for loop in _all(tree, LOOPS)))


def breaks_out(answer: Any) -> bool | None:
    """Return whether a `break` ends a loop."""
    return _ask(answer, lambda tree: any(_all(tree, ast.Break)))


def has_a_loop(answer: Any) -> bool | None:
    """Return whether there is a loop, or a comprehension."""
    loops = (*LOOPS, ast.comprehension)
    return _ask(answer, lambda tree: any(_all(tree, loops)))


def adds_in_place(answer: Any) -> bool | None:
    """Return whether something is added to what was there before, with `+=` or `y = y + …`."""

    def adds(tree: ast.AST) -> bool:
        if any(isinstance(one.op, ast.Add) for one in _all(tree, ast.AugAssign)):
            return True
        return any(
            isinstance(one.value, ast.BinOp)
            and isinstance(one.value.op, ast.Add)
            and ast.unparse(one.targets[0])
            in (ast.unparse(one.value.left), ast.unparse(one.value.right))
            for one in _all(tree, ast.Assign)
        )

    return _ask(answer, adds)


def asks_is_none(name: str) -> Question:
    """Return the question whether an answer asks `name is None`, or `name is not None`."""

    def asks(tree: ast.AST) -> bool:
        return any(
            isinstance(one.left, ast.Name)
            and one.left.id == name
            and isinstance(one.ops[0], ast.Is | ast.IsNot)
            and isinstance(one.comparators[0], ast.Constant)
            and one.comparators[0].value is None
            for one in _all(tree, ast.Compare)
        )

    return lambda answer: _ask(answer, asks)


def never(question: Question) -> Question:
    """Return the question for the opposite: "there is no `+=`" is seen where it is not there."""

    def opposite(answer: Any) -> bool | None:
        found = question(answer)
        return None if found is None else not found

    return opposite


def mentions(*words: str) -> Question:
    """Return the question whether one of these names, attributes or arguments occurs."""

    def occurs(tree: ast.AST) -> bool:
        named = (
            getattr(one, "id", None) or getattr(one, "attr", None) or getattr(one, "arg", None)
            for one in ast.walk(tree)
        )
        return any(name in words for name in named)

    return lambda answer: _ask(answer, occurs)


def _ask(answer: Any, question: Callable[[ast.AST], bool]) -> bool | None:
    tree = tree_of(answer)
    return None if tree is None else question(tree)


def text_of(answer: Any) -> str:
    """Return the source of a function or class as text, or "" where it is not known."""
    tree = tree_of(answer)
    return "" if tree is None else ast.unparse(tree)


def lines_of(error: BaseException | None) -> str:
    """Return the lines of code, the reader's own and others, that led to an error."""
    if error is None:
        return ""
    return "\n".join(frame.line or "" for frame in traceback.extract_tb(error.__traceback__))


def tree_of(answer: Any) -> ast.AST | None:
    """Return the syntax tree of a function or class, or None where its source is not known."""
    try:
        function = inspect.unwrap(answer)
        function = getattr(function, "__func__", function)
        if not inspect.isfunction(function) and not is_a(function, type):
            return None
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except Exception:  # typed elsewhere, changed since, a lambda within a line
        return None
    lines = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.ClassDef)]
    return lines[0] if lines and lines[0].name == function.__name__ else None


def _all(tree: ast.AST, kind: type | tuple[type, ...]) -> Iterator[Any]:
    return (one for one in ast.walk(tree) if isinstance(one, kind))


def _returns_at_once(loop: Any) -> bool:
    """Return whether a loop's own body, or that of a loop in it, ends with a `return`."""
    return any(
        isinstance(one, ast.Return) or (isinstance(one, LOOPS) and _returns_at_once(one))
        for one in loop.body
    )
