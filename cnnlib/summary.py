"""The table of a network's layers: shapes, weights, work, memory and what each pixel sees."""

import math
from dataclasses import dataclass

from cnnlib.checks import integer
from cnnlib.layers import Layer
from cnnlib.types import Shape

__all__ = ["Summary", "SummaryRow"]


@dataclass(frozen=True)
class SummaryRow:
    """What one layer does to the shape, and what it costs for one sample.

    A container whose inner layers have rows of their own counts nothing itself.
    """

    name: str
    output_shape: Shape
    parameters: int
    multiply_adds: int
    values: int
    receptive_field: int | None

    @property
    def memory(self) -> int:
        """Bytes that the output takes in float32."""
        return 4 * self.values


@dataclass(frozen=True)
class Summary:
    """The table of a network's layers. Print it, or read its ``rows``."""

    input_shape: Shape
    rows: list[SummaryRow]

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(row.parameters for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """How many multiplications, each with its addition, one sample costs."""
        return sum(row.multiply_adds for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes that all outputs of one sample take in float32."""
        return sum(row.memory for row in self.rows)

    def __str__(self) -> str:
        table = [("layer", "output shape", "parameters", "multiply-adds", "memory", "sees")]
        for row in self.rows:
            table.append(
                (
                    row.name,
                    "×".join(str(size) for size in row.output_shape),
                    f"{row.parameters:,}" if row.values else "",
                    f"{row.multiply_adds:,}" if row.values else "",
                    _bytes(row.memory) if row.values else "",
                    "" if row.receptive_field is None else str(row.receptive_field),
                )
            )
        totals = f"{self.parameters:,}", f"{self.multiply_adds:,}", _bytes(self.memory)
        table.append(("total", "", *totals, ""))
        widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
        lines = []
        for first, *others in table:
            cells = [first.ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    __repr__ = __str__


def _bytes(count: int) -> str:
    """Write a number of bytes in kB (1,000 bytes) or MB where it is large."""
    for unit, size in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def summarise(container: Layer, input_shape: Shape, depth: int | None) -> Summary:
    """Do the work of `Container.summary`."""
    limit = math.inf if depth is None else integer("summary", "depth", depth, 1)
    rows: list[SummaryRow] = []
    _append_rows(rows, container, input_shape, (1, 1), "", 1, limit)
    return Summary(input_shape, rows)


def _append_rows(
    rows: list[SummaryRow],
    container: Layer,
    shape: Shape,
    view: tuple[int, int],
    prefix: str,
    level: int,
    limit: float,
) -> None:
    """Append a row for each child, and its children's below it."""
    for name, child, child_shape, child_view in container.flow(shape, view):
        path = f"{prefix}{name}"
        try:
            output = child.output_shape(child_shape)
        except ValueError as error:
            # A container's own failure is told by the layer inside that caused it.
            _append_rows(rows, child, child_shape, child_view, f"{path}.", level, math.inf)
            raise ValueError(f"summary: layer {path}, {child!r}: {error}") from None
        opened = bool(child.children()) and level < limit
        title = type(child).__name__ if child.children() else repr(child)
        rows.append(
            SummaryRow(
                name=f"{'  ' * (level - 1)}{path} {title}",
                output_shape=output,
                parameters=0 if opened else sum(p.size for p in child.parameters()),
                multiply_adds=0 if opened else child.multiply_adds(child_shape),
                values=0 if opened else _output_values(child, child_shape),
                receptive_field=child.receptive_field(*child_view, child_shape)[0]
                if len(output) == 3
                else None,
            )
        )
        if opened:
            _append_rows(rows, child, child_shape, child_view, f"{path}.", level + 1, limit)


def _output_values(layer: Layer, shape: Shape) -> int:
    """Return how many numbers one sample's outputs hold, inner layers of a container included."""
    if layer.children():
        return sum(_output_values(child, inner) for _, child, inner, _ in layer.flow(shape, (1, 1)))
    return math.prod(layer.output_shape(shape))
