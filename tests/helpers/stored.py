"""What a run of a notebook gave, beside what is stored in its file, by nbval's own rules.

For a run that nbval does not make, such as one in JupyterLab.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from nbformat import NotebookNode
from nbval.plugin import coalesce_streams, get_sanitize_patterns

SANITIZE = Path(__file__).parents[1] / "nbval_sanitize.cfg"
PATTERNS = get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8"))
VIEW = "application/vnd.jupyter.widget-view+json"  # holds a new number in every run


def differences(run: NotebookNode, stored: NotebookNode) -> list[str]:
    """Return, for each cell whose outputs are not those stored, both of them."""
    assert [cell.id for cell in run.cells] == [cell.id for cell in stored.cells]
    found = []
    for one, other in zip(run.cells, stored.cells, strict=True):
        if one.cell_type == "code":
            got, expected = shown(one), shown(other)
            if got != expected:
                found.append(f"{one.id}: stored {expected}, now {got}")
    return found


def shown(cell: NotebookNode) -> dict[str, list[str]]:
    """Return the texts among the outputs of a cell, by stream or by kind."""
    texts = defaultdict(list)
    for output in coalesce_streams(cell.outputs):
        if output.output_type == "stream":
            texts[output.name].append(output.text)
        elif output.output_type == "error":
            texts["error"].append(output.evalue)
        else:
            for kind, text in output.data.items():
                if isinstance(text, str) and not kind.startswith("image/"):
                    texts[kind].append(text)
                elif kind == VIEW:
                    texts[kind].append("a widget")
    return {kind: [sanitized(text) for text in some] for kind, some in texts.items()}


def sanitized(text: str) -> str:
    for pattern, replacement in PATTERNS:
        text = re.sub(pattern, replacement, text)
    return text
