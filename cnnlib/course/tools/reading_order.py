"""Count the lines of code that a reader of the library meets, module by module.

Docstrings, comments and blank lines do not count::

    python -m cnnlib.course.tools.reading_order
"""

import ast
import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[3]

# In this order. A name is a module of cnnlib, or a folder of modules.
READING_ORDER = (
    "shapes",
    "functional",
    "reference",
    "gradcheck",
    "layers",
    "model",
    "optim",
    "training",
)
LIMIT = 2000
_SENTENCE = re.compile(r"([\d,]+) lines of code")


def code_lines(source: str) -> int:
    r"""Return how many lines hold code: not blank, not only a comment, no docstring.

    Examples
    --------
    >>> code_lines('"A docstring."\n\n# A comment.\nx = (\n    1\n)  # 1\n')
    3
    """
    quiet = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in quiet:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                lines.difference_update(range(first.lineno, (first.end_lineno or 0) + 1))
    return len(lines)


def count(name: str) -> int:
    """Return the lines of code of a module or of a folder of modules."""
    place = ROOT / "cnnlib" / name
    files = sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    return sum(code_lines(path.read_text(encoding="utf-8")) for path in files)


def total() -> int:
    """Return the lines of code of the whole reading order."""
    return sum(count(name) for name in READING_ORDER)


def stated() -> int:
    """Return the number that README.md states, in the words "1,234 lines of code"."""
    found = _SENTENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    if len(found) != 1:
        raise ValueError(f'README.md: expected "N lines of code" once, got {found}.')
    return int(found[0].replace(",", ""))


def main() -> None:
    """Print a table, and what README.md should say."""
    for name in READING_ORDER:
        print(f"{name:12}{count(name):6,}")
    print(f"{'total':12}{total():6,}   (below {LIMIT:,}; README.md states {stated():,})")


if __name__ == "__main__":
    main()
