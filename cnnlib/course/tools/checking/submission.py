"""Read a submitted notebook, and find what has to run before an exercise can be judged.

Nothing is believed but the source of the cells: stored outputs are not looked at. And a notebook is
not run from top to bottom, for one slow or broken cell would keep all others from being judged. An
exercise needs the cells that define the names in its answer, the cells that these need, and so on.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import json
import re
import symtable
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from cnnlib.course.chapters import CHAPTERS, Chapter
from cnnlib.course.judge import Exercise

LARGEST = 50_000_000  # bytes
_BUILTIN = frozenset(dir(builtins))
OTHER_LANGUAGES = re.compile(r"^\s*(%|!|\?)|\?\s*$")  # magics, shell commands, questions for help


class UnreadableError(ValueError):
    """A file is no notebook, or belongs to no chapter of the course."""


@dataclass(frozen=True)
class Cell:
    """A code cell: its place among all cells, counted from 1, and its source."""

    place: int
    source: str

    @cached_property
    def python(self) -> str:
        """The source with magics and shell commands blanked out, where they stand in the way."""
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            ast.parse(self.source)
            return self.source
        if self.source.lstrip().startswith("%%"):
            return ""
        lines = self.source.split("\n")
        return "\n".join("" if OTHER_LANGUAGES.search(line) else line for line in lines)

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree, or None where the source is not Python."""
        try:
            return ast.parse(self.python)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def defines(self) -> frozenset[str]:
        """The names that are bound, or changed, at the top level of the cell."""
        return frozenset(_bound(self.tree.body)) if self.tree else frozenset()

    @cached_property
    def needs(self) -> frozenset[str]:
        """The names that must have a value before the cell can run."""
        if self.tree is None:
            return frozenset()
        needed: set[str] = set()
        later: set[str] = set()  # what functions read when they are called
        bound: set[str] = set()
        for statement in self.tree.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                later |= _read(statement)
            else:
                needed |= _read(statement) - bound
            bound |= set(_bound([statement]))
        return frozenset((needed | (later - bound)) - _BUILTIN)

    @cached_property
    def imports_all(self) -> bool:
        """Whether it holds ``from … import *``, which may define anything."""
        return self.tree is not None and any(
            isinstance(one, ast.ImportFrom) and any(name.name == "*" for name in one.names)
            for one in ast.walk(self.tree)
        )


@dataclass(frozen=True)
class Answer:
    """A place where an exercise is answered.

    exercise : its name
    cell : the cell in which the answer stands
    given : the expression that is handed over, such as ``my_size``
    """

    exercise: str
    cell: Cell
    given: str


@dataclass
class Submission:
    """One notebook that was handed in.

    chapter : the chapter of the course whose exercises it holds
    cells : its code cells
    """

    chapter: Chapter
    cells: list[Cell] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Submission:
        """Read a notebook.

        Raises
        ------
        UnreadableError : it is too large, no notebook, or of no chapter
        OSError : it cannot be read
        """
        size = path.stat().st_size
        if size > LARGEST:
            raise UnreadableError(
                f"the file has {size:,} bytes; a notebook of the course has less than a million, "
                f"and nothing above {LARGEST:,} is read"
            )
        cells = _code_cells(path.read_bytes())
        chapter = _chapter(path.name, [cell.source for cell in cells])
        return cls(chapter, cells)

    def answers(self, exercise: Exercise) -> list[Answer]:
        """Return where an exercise is answered, the last such cell first.

        Where no cell calls ``check``, one that defines the reader's name will do.
        """
        asked: list[Answer] = []
        named: list[Answer] = []
        for cell in reversed(self.cells):
            if cell.tree is None:
                # The newest answer may be the one that does not parse.
                if re.search(rf"\b{re.escape(exercise.reader_name)}\b", cell.source):
                    asked.append(Answer(exercise.name, cell, exercise.reader_name))
                continue
            asked += [
                Answer(exercise.name, cell, given)
                for given in _handed_over(cell.tree, exercise.name)
            ]
            if exercise.reader_name in cell.defines:
                named.append(Answer(exercise.name, cell, exercise.reader_name))
        return asked or named

    def needed(self, cell: Cell, given: str) -> list[Cell]:
        """Return the cells that have to run before a cell, in their order.

        A name is looked up in the nearest cell above that defines it, and where none does in the
        nearest below: in a session, cells are run in any order.
        """
        wanted: dict[int, Cell] = {one.place: one for one in self.cells if one.imports_all}
        todo: list[tuple[Cell, Iterable[str]]] = [(cell, cell.needs | _names(given))]
        while todo:
            reader, names = todo.pop()
            for name in names:
                for found in self._definitions(name, reader, cell):
                    if found.place not in wanted:
                        wanted[found.place] = found
                        todo.append((found, found.needs))
        wanted.pop(cell.place, None)
        above = [one for place, one in sorted(wanted.items()) if place < cell.place]
        below = [one for place, one in sorted(wanted.items()) if place > cell.place]
        return below + above

    def _definitions(self, name: str, reader: Cell, last: Cell) -> list[Cell]:
        """Return the cells that give a name its value: one that binds it, and what changes that."""
        cells = [one for one in self.cells if name in one.defines and one.place != last.place]
        above = [one for one in cells if one.place < reader.place]
        if not above:
            if name in reader.defines:
                return []
            return [one for one in cells if one.place > reader.place][:1]
        chain = []
        for one in reversed(above):
            chain.append(one)
            if name not in one.needs:  # it binds the name anew
                break
        return chain


def without_checks(tree: ast.Module, exercises: Iterable[str]) -> list[ast.stmt]:
    """Return the statements of a cell without those that only ask the judge."""
    known = {*exercises, "quiz", "progress"}

    def asks(statement: ast.stmt) -> bool:
        if not isinstance(statement, ast.Expr):
            return False
        return any(
            isinstance(one, ast.Attribute) and one.attr in known for one in ast.walk(statement)
        )

    return [statement for statement in tree.body if not asks(statement)]


def _code_cells(content: bytes) -> list[Cell]:
    """Return the code cells of a notebook file, of format 3 or 4."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
        cells = notebook.get("cells")
        if cells is None:
            cells = [one for sheet in notebook["worksheets"] for one in sheet["cells"]]
        return [
            Cell(place, _source(cell))
            for place, cell in enumerate(cells, start=1)
            if cell.get("cell_type") == "code"
        ]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableError(
            f"the file is no notebook ({type(error).__name__}: {error})"
        ) from None


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))
    return source if isinstance(source, str) else "".join(map(str, source))


def _chapter(name: str, sources: list[str]) -> Chapter:
    """Return the chapter whose exercises a notebook imports, or after which it is named."""
    text = "\n".join(sources)
    for chapter in CHAPTERS:
        if re.search(rf"^\s*(from|import)\s+{re.escape(chapter.room)}\b", text, re.MULTILINE):
            return chapter
    for chapter in CHAPTERS:
        if chapter.slug in name.lower().replace("-", "_").replace(" ", "_"):
            return chapter
    raise UnreadableError(
        "no chapter was recognised: no cell imports the exercises of one, and the file is not "
        "named after one"
    )


def _bound(body: Iterable[ast.stmt]) -> Iterable[str]:
    """Yield the names that statements bind or change, those in functions and classes aside."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
            continue
        for one in _outside_functions(statement):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store | ast.Del):
                yield one.id
            elif isinstance(one, ast.alias):
                yield (one.asname or one.name).split(".")[0]
            elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield one.name
            elif (
                isinstance(one, ast.Subscript | ast.Attribute)
                and isinstance(one.ctx, ast.Store)
                and (root := _root(one)) is not None
            ):
                yield root  # ``x[0] = 1`` changes x


def _read(statement: ast.stmt) -> set[str]:
    """Return the global names that a statement reads, in functions and comprehensions too."""
    names = {
        one.target.id
        for one in _outside_functions(statement)
        if isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name)
    }
    tables = [symtable.symtable(ast.unparse(statement), "cell", "exec")]
    while tables:
        table = tables.pop()
        names |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module")
        }
        tables += table.get_children()
    return names


def _outside_functions(node: ast.AST) -> Iterable[ast.AST]:
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _outside_functions(child)


def _root(node: ast.AST) -> str | None:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _names(expression: str) -> frozenset[str]:
    tree = ast.parse(expression, mode="eval")
    return frozenset(one.id for one in ast.walk(tree) if isinstance(one, ast.Name))


def _handed_over(tree: ast.Module, exercise: str) -> Iterable[str]:
    """Yield what a cell hands to ``….exercise.check(…)``, as source."""
    for one in ast.walk(tree):
        if (
            isinstance(one, ast.Call)
            and isinstance(one.func, ast.Attribute)
            and one.func.attr == "check"
            and isinstance(one.func.value, ast.Attribute)
            and one.func.value.attr == exercise
            and len(one.args) == 1
            and not one.keywords
        ):
            yield ast.unparse(one.args[0])
