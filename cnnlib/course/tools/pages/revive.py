"""The widgets of a stored notebook, alive again, without running all of it.

A stored notebook holds pictures of its widgets and not their state, which is large. To have the
state back, the cells that show widgets are run, with the cells whose names they need. Whether that
was enough is checked: each widget has to describe itself as it does in the stored notebook.
"""

from __future__ import annotations

import ast
import copy
import symtable
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from cnnlib.course.tools.execute_notebooks import WIDGET_STATE, WIDGET_VIEW, execute
from cnnlib.course.tools.pages.live import kind_of

__all__ = ["cells_needed", "revived"]


def revived(path: Path) -> NotebookNode:
    """Return a stored notebook with the state of each widget that lives without a kernel.

    Parameters
    ----------
    path : Path
        A notebook with its outputs. The file is not written.

    Returns
    -------
    NotebookNode
        The outputs are the stored ones, for `cnnlib.course.tools.pages.live.live`.

    Raises
    ------
    NotebookError : a cell fails
    ValueError : a widget is not the stored one, even after all cells were run

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.ipynb"
    ...     text = nbformat.writes(nbformat.v4.new_notebook())
    ...     _ = path.write_text(text, encoding="utf-8")
    ...     revived(path).cells
    []
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets", None)
    targets = [cell.id for cell in notebook.cells if _shows_live_widget(cell)]
    if not targets:
        return notebook
    wanted = {cell.id: _described(cell) for cell in notebook.cells if cell.id in targets}
    for chosen in (cells_needed(notebook, targets), _all_until(notebook, targets[-1])):
        ran = _run(notebook, chosen)
        cells = {cell.id: cell for cell in ran.cells}
        if all(_described(cells[name]) == wanted[name] for name in targets):
            break
    else:
        differing = [name for name in targets if _described(cells[name]) != wanted[name]]
        raise ValueError(
            f"{path.stem}: the widgets of {', '.join(differing)} are not those that the notebook "
            "holds. Run `make notebooks` first."
        )
    for cell in notebook.cells:
        if cell.id in targets:
            cell.outputs = cells[cell.id].outputs
    notebook.metadata["widgets"] = ran.metadata["widgets"]
    return notebook


def cells_needed(notebook: NotebookNode, targets: list[str]) -> list[str]:
    """Return the ids of the cells that have to run before some cells can, and theirs, in order.

    It follows names: a cell is needed if it binds one, or assigns to a part of one, or calls a
    method of one and drops the result. What a function changes in its arguments is not seen.

    Parameters
    ----------
    notebook : NotebookNode
    targets : list of str
        Ids of code cells.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> sources = {"a": "x = [1]", "b": "y = 2", "c": "x.append(3)", "d": "print(x)"}
    >>> cells = [new_code_cell(source, id=name) for name, source in sources.items()]
    >>> cells_needed(new_notebook(cells=cells), ["d"])
    ['a', 'c', 'd']
    """
    needed: list[str] = []
    wanted: set[str] = set()
    modules = _imported(notebook)
    for cell in reversed(notebook.cells):
        if cell.cell_type != "code":
            continue
        steps = [_names(statement, modules) for statement in ast.parse(cell.source).body]
        if cell.id in targets or any(step.changed & wanted for step in steps):
            needed.append(cell.id)
            for step in reversed(steps):
                wanted = wanted - step.bound | step.read
    return needed[::-1]


def _imported(notebook: NotebookNode) -> set[str]:
    return {
        alias.asname or alias.name.partition(".")[0]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }


@dataclass
class _Step:
    """What a statement does with names."""

    read: set[str]
    changed: set[str]
    bound: set[str]  # anew, whatever they were before


def _names(statement: ast.stmt, modules: set[str]) -> _Step:
    source = ast.unparse(statement)
    read = _read(symtable.symtable(source, "cell", "exec"))
    match statement:
        case ast.Assign() | ast.AnnAssign() | ast.FunctionDef() | ast.ClassDef():
            bound = _assigned(source)
        case ast.Import() | ast.ImportFrom():
            bound = _assigned(source)
        case _:  # what stands in a loop or after an `if` may not come to pass
            bound = set()
    changed = _assigned(source) | _parts_changed(statement) - modules
    return _Step(read, changed, bound)


def _parts_changed(node: ast.AST) -> set[str]:
    """Return the names of which a part is assigned to, or a method called for what it does.

    What a function calls by a name of its own is nothing outside.
    """
    changed: set[str] = set()
    match node:
        case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()):
            changed |= _root(node)
        case ast.Expr(value=ast.Call(func=ast.Attribute() as function)):
            changed |= _root(function)
    for child in ast.iter_child_nodes(node):
        changed |= _parts_changed(child)
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        given = node.args
        own = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        changed -= {one.arg for one in own if one is not None}
    return changed


def _assigned(source: str) -> set[str]:
    symbols = symtable.symtable(source, "cell", "exec").get_symbols()
    return {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}


def _read(table: symtable.SymbolTable) -> set[str]:
    """Return the global names that a statement, and the functions in it, refer to."""
    top = table.get_type() == "module"
    read = {
        one.get_name()
        for one in table.get_symbols()
        if one.is_referenced() and (top or one.is_global())
    }
    return read.union(*map(_read, table.get_children()))


def _root(node: ast.AST) -> set[str]:
    """Return the name that stands at the beginning of ``name.part[0].other``, as a set."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _shows_live_widget(cell: NotebookNode) -> bool:
    kinds = [kind_of(output) for output in cell.get("outputs", [])]
    return any(kind is not None and not kind.needs_kernel for kind in kinds)


def _described(cell: NotebookNode) -> list[str]:
    """Return what a cell's widgets say of themselves, and what is said of their pictures."""
    return [
        output.data["text/plain"]
        for output in cell.get("outputs", [])
        if WIDGET_VIEW in output.get("data", {})
        or "cnn-stand-in" in "".join(output.get("data", {}).get("text/html", ""))
    ]


def _all_until(notebook: NotebookNode, last: str) -> list[str]:
    names = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    return names[: names.index(last) + 1]


def _run(notebook: NotebookNode, chosen: list[str]) -> NotebookNode:
    part = copy.deepcopy(notebook)
    part.cells = [cell for cell in part.cells if cell.id in chosen]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.ipynb"
        path.write_text(nbformat.writes(part), encoding="utf-8")
        ran = execute(path, keep_widgets=True)
    assert WIDGET_STATE in ran.metadata["widgets"]
    return ran
