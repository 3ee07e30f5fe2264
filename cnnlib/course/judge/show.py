"""What the reader sees: verdicts, hints and solutions, as text and as HTML that say the same.

The text is deterministic, so a test can compare it. The HTML takes its colours from JupyterLab,
so it follows the light and the dark theme; symbol and words carry the meaning without colour.
"""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass, field
from typing import Literal

WIDTH = 80
Status = Literal["todo", "wrong", "right"]
SYMBOLS: dict[Status, str] = {"todo": "○", "wrong": "✗", "right": "✓"}
WORDS: dict[Status, str] = {"todo": "not attempted yet", "wrong": "not yet right", "right": "right"}
COLOURS: dict[Status, str] = {
    "todo": "var(--jp-border-color1, #9e9e9e)",
    "wrong": "var(--jp-warn-color0, #b35900)",
    "right": "var(--jp-info-color1, #0072b2)",
}


@dataclass(frozen=True)
class Table:
    """A piece of text in which the columns are aligned: a call, an array."""

    text: str


Block = str | Table


@dataclass(frozen=True)
class Verdict:
    """What a check found. True exactly where the answer is right.

    status : "todo", "wrong" or "right"
    name : the exercise
    diagnosis : the sentence that says what is wrong, or what was checked
    details : the failing call, what was expected, what was returned
    words : what the headline says, where it is not what the status says
    """

    status: Status
    name: str
    diagnosis: str
    details: tuple[Block, ...] = field(default=())
    words: str = ""

    @property
    def passed(self) -> bool:
        return self.status == "right"

    def __bool__(self) -> bool:
        return self.passed

    @property
    def headline(self) -> str:
        return f"{SYMBOLS[self.status]} {self.name}: {self.words or WORDS[self.status]}"

    def __repr__(self) -> str:
        return as_text(self.headline, (self.diagnosis, *self.details))

    def _repr_html_(self) -> str:
        return as_html(self.headline, (self.diagnosis, *self.details), COLOURS[self.status])


@dataclass(frozen=True)
class Hint:
    """One hint, with its place among the others."""

    name: str
    number: int
    of: int
    text: str

    @property
    def _headline(self) -> str:
        return f"{self.name}: hint {self.number} of {self.of}"

    @property
    def _blocks(self) -> tuple[Block, ...]:
        if self.number < self.of:
            return (self.text, "For the next hint, run the line again.")
        return (self.text, "That was the last hint. After it comes `.solution()`.")

    def __repr__(self) -> str:
        return as_text(self._headline, self._blocks)

    def _repr_html_(self) -> str:
        return as_html(self._headline, self._blocks, COLOURS["todo"])


@dataclass(frozen=True)
class Solution:
    """The solution as code to read and to paste, with a sentence about it."""

    name: str
    code: str
    why: str = ""

    @property
    def _blocks(self) -> tuple[Block, ...]:
        return (Table(self.code), self.why) if self.why else (Table(self.code),)

    def __repr__(self) -> str:
        return as_text(f"{self.name}: the solution", self._blocks)

    def _repr_html_(self) -> str:
        return as_html(f"{self.name}: the solution", self._blocks, COLOURS["todo"])


def as_text(headline: str, blocks: tuple[Block, ...]) -> str:
    """Return a message as plain text: paragraphs wrapped, tables indented."""
    parts = [headline]
    for block in blocks:
        if isinstance(block, Table):
            parts.append(textwrap.indent(block.text, "    "))
        else:
            parts.append(fill(block))
    return "\n".join(parts)


def fill(text: str, indent: str = "") -> str:
    """Wrap each line of a text at a width that fits a notebook."""
    return "\n".join(
        textwrap.fill(
            line,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    )


def as_html(headline: str, blocks: tuple[Block, ...], colour: str) -> str:
    """Return the same message as HTML, with a bar of the given colour at its side."""
    parts = [f"<strong>{inline(headline)}</strong>"]
    for block in blocks:
        if isinstance(block, Table):
            parts.append(
                '<pre style="margin: 0.4em 0; padding: 0.4em 0.8em; overflow-x: auto; '
                "background: var(--jp-layout-color2, #eeeeee); "
                'color: var(--jp-content-font-color1, #000000)">'
                f"{html.escape(block.text)}</pre>"
            )
        else:
            parts += [
                f'<p style="margin: 0.4em 0">{inline(line)}</p>' for line in block.splitlines()
            ]
    return (
        f'<div role="status" style="border-left: 0.4em solid {colour}; padding: 0.2em 0.8em; '
        f'max-width: 60em; color: var(--jp-content-font-color1, #000000)">{"".join(parts)}</div>'
    )


def inline(text: str) -> str:
    """Return one line of text as HTML, with `code` between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
