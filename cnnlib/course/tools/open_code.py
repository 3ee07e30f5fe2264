"""How much of the code that a reader sees is the lesson, and how much is plumbing.

Plumbing is code that asserts, draws, or prepares what is drawn: a description, a list of cells to
highlight. A reader who looks for the idea has to read past it. So a cell that holds nothing else
is folded: its input is hidden until somebody opens it. Imports count as neither: they stand
together in one cell.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from nbformat import NotebookNode

FOLDED_TAG = "hide-input"  # the name that other readers of notebooks know for a folded cell

# Whatever is called on these draws, all but the calls that put a message before the reader.
DRAWING = {"drawing", "figures", "plt", "display", "ax", "axes", "fig"}
SHOWING = {"drawing.show_error"}
CHECKING = {"assert_array_equal", "assert_allclose", "assert_raises"}
CHANGING = {"append", "extend", "insert", "update", "add", "sort", "reverse", "fill", "clear"}
# What was computed for its own sake and what is only shown are told apart by who reads it.
COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try)


@dataclass
class Statement:
    """A statement of a notebook, one of a loop's body included, with the lines that it takes."""

    node: ast.stmt
    cell: str
    lines: int
    body: list[Statement] = field(default_factory=list)  # of a loop, a branch, a `with`
    lesson: bool = False

    @property
    def reads(self) -> set[str]:
        """Names that are read, in a loop's head but not in its body."""
        inner = {id(name) for one in self.body for name in ast.walk(one.node)}
        own = {
            name.id
            for name in ast.walk(self.node)
            if isinstance(name, ast.Name)
            and id(name) not in inner
            and (isinstance(name.ctx, ast.Load) or isinstance(self.node, ast.AugAssign))
        }
        return own - _bound_within(self.node)

    @property
    def writes(self) -> set[str]:
        """Names that get a value; `x[0] = 1` and `x.sort()` change x, and count as writing it."""
        if isinstance(self.node, ast.FunctionDef | ast.ClassDef):
            return {self.node.name}
        if isinstance(self.node, ast.For):
            return set(_names(self.node.target))
        if isinstance(self.node, ast.Assign):
            return {name for target in self.node.targets for name in _names(target)}
        if isinstance(self.node, ast.AugAssign | ast.AnnAssign):
            return set(_names(self.node.target))
        return set(_names(self._changed)) if self._changed else set()

    @property
    def _changed(self) -> ast.expr | None:
        """What a call such as `sizes.append(1)` changes."""
        call = getattr(self.node, "value", None)
        if not isinstance(self.node, ast.Expr) or not isinstance(call, ast.Call):
            return None
        if isinstance(call.func, ast.Attribute) and call.func.attr in CHANGING:
            return call.func.value
        return None

    @property
    def is_plumbing_by_nature(self) -> bool:
        """Whether it asserts or draws, whoever reads its result."""
        if isinstance(self.node, ast.Assert):
            return True
        value = getattr(self.node, "value", None)
        if isinstance(self.node, ast.With):
            value = self.node.items[0].context_expr
        if not isinstance(value, ast.Call):
            return False
        path = ast.unparse(value.func)
        if path in SHOWING:
            return False
        root = path.replace("[", ".").split(".")[0]
        return root in DRAWING or path.split(".")[-1] in CHECKING

    @property
    def speaks(self) -> bool:
        """Whether it puts something before the reader, such as a number."""
        return isinstance(self.node, ast.Expr) and (
            not self.is_plumbing_by_nature and self._changed is None
        )


class Share(NamedTuple):
    """The lines of open code of a notebook, and how many of them are the lesson."""

    lesson: int
    lines: int

    @property
    def percent(self) -> float:
        """The share of the lesson, from 0 to 100."""
        return 100 * self.lesson / max(1, self.lines)


def is_folded(cell: NotebookNode) -> bool:
    """Return whether the input of a cell is hidden until a reader opens it."""
    return bool(cell.metadata.get("jupyter", {}).get("source_hidden"))


def open_share(cells: list[NotebookNode]) -> Share:
    """Return the share of the lesson in the open code of these cells."""
    folded = {cell.id for cell in cells if is_folded(cell)}
    code = [one for one in judged(cells) if one.cell not in folded]
    return Share(sum(one.lines for one in code if one.lesson), sum(one.lines for one in code))


def plumbing_cells(cells: list[NotebookNode]) -> list[str]:
    """Return the ids of the cells that hold nothing but plumbing."""
    kinds: dict[str, list[bool]] = {}
    for statement in judged(cells):
        kinds.setdefault(statement.cell, []).append(statement.lesson)
    return [cell for cell, lesson in kinds.items() if not any(lesson)]


def judged(cells: Iterable[NotebookNode]) -> list[Statement]:
    """Return every statement of the cells, with the lesson told from the plumbing.

    What is printed is the lesson, and so is whatever has led to it. A name that only a picture or
    an assertion reads was prepared for that picture.
    """
    code = [one for cell in cells for one in _read(cell)]
    flat = list(_flatten(code))
    read_by_any = {name for one in flat for name in one.reads}
    for one in flat:
        unread = bool(one.writes - {"_"}) and not one.writes & read_by_any
        one.lesson = one.speaks or (unread and not one.is_plumbing_by_nature)
    changed = True
    while changed:
        changed = False
        wanted: set[str] = set()  # by the lesson further down
        for one in reversed(flat):
            if not one.lesson and not one.is_plumbing_by_nature:
                inner = any(part.lesson for part in one.body)
                # The variable of a loop serves its body, and nothing after it.
                if inner or (one.writes & wanted and not isinstance(one.node, ast.For)):
                    one.lesson = changed = True
            if isinstance(one.node, ast.For) or (
                isinstance(one.node, ast.Assign) and not _changes_part(one.node)
            ):
                wanted -= one.writes
            if one.lesson:
                wanted |= one.reads
    return flat


def _read(cell: NotebookNode) -> list[Statement]:
    if cell.cell_type != "code":
        return []
    try:
        return list(_statements(ast.parse(cell.source).body, cell.id))
    except SyntaxError:
        return []


def _statements(nodes: list[ast.stmt], cell: str) -> Iterator[Statement]:
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        assert node.end_lineno is not None
        lines = node.end_lineno - node.lineno + 1
        body: list[Statement] = []
        if isinstance(node, COMPOUND) and not Statement(node, cell, 0).is_plumbing_by_nature:
            handlers = [one for handler in getattr(node, "handlers", []) for one in handler.body]
            parts = node.body + handlers + getattr(node, "orelse", [])
            body = list(_statements(parts, cell))
            lines -= sum(one.lines for part in body for one in _flatten([part]))
        yield Statement(node, cell, lines, body)


def _bound_within(node: ast.AST) -> set[str]:
    """Return the names of parameters, of comprehensions and, in a function, of what it assigns."""
    bound = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    for one in ast.walk(node):
        if isinstance(one, ast.comprehension):
            bound |= set(_names(one.target))
    if isinstance(node, ast.FunctionDef):
        stored = (one for one in ast.walk(node) if isinstance(one, ast.Name))
        bound |= {name.id for name in stored if isinstance(name.ctx, ast.Store)}
    return bound


def _flatten(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield each statement, and after a loop's head the statements of its body."""
    for statement in statements:
        yield statement
        yield from _flatten(statement.body)


def _names(target: ast.AST) -> Iterator[str]:
    """Yield the names that an assignment to a target gives a value, or changes."""
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            yield from _names(element)
    elif isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        yield from _names(target.value)


def _changes_part(node: ast.Assign) -> bool:
    return any(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets)
