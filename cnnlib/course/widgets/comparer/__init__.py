"""The network comparer: what famous networks cost, side by side, and layer by layer."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, ClassVar

import traitlets
from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course import drawing
from cnnlib.course.widgets.kit.base import Widget, setting
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import flag, one_of
from cnnlib.summary import Summary, SummaryRow

__all__ = ["NetworkComparer", "depth_of"]

COUNTED = ("parameters", "multiply-adds", "memory", "depth")
MEASURES = COUNTED[:3]
SCALES = ("log", "linear")
NETWORKS = 30
BRANCHING = ("Residual", "Parallel")  # whose ways lie side by side
CONTAINERS = (*BRANCHING, "Sequential")

Published = Mapping[str, Mapping[str, float | str]]


def depth_of(summary: Summary) -> int | None:
    """Return how many layers with weights lie behind one another, on the longest way.

    So the papers count: 18 and 50 for the two ResNets. Layers that only shift and scale, such as
    batch normalisation, are left out; what multiplies its input by weights counts.

    Parameters
    ----------
    summary : Summary
        In full depth.

    Returns
    -------
    int or None
        None if a container in it is not opened, so that nobody knows.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.architectures import googlenet, resnet18
    >>> rng = np.random.default_rng(0)
    >>> depth_of(resnet18(rng).summary((3, 224, 224)))
    18
    >>> depth_of(googlenet(rng).summary((3, 224, 224)))
    22
    """
    rows = [(len(row.name) - len(row.name.lstrip()), row) for row in summary.rows]
    if any(row.values and _title(row) in CONTAINERS for _, row in rows):
        return None
    position = 0

    def ways(level: int) -> list[int]:
        """Return the depth of each row of a level, those inside it included."""
        nonlocal position
        found = []
        while position < len(rows) and rows[position][0] == level:
            row = rows[position][1]
            position += 1
            inside = rows[position][0] > level if position < len(rows) else False
            if inside:
                parts = ways(rows[position][0])
                found.append(max(parts) if _title(row) in BRANCHING else sum(parts))
            else:
                found.append(int(row.parameters > 0 and row.multiply_adds > 0))
        return found

    return sum(ways(0))


def _title(row: SummaryRow) -> str:
    return row.name.split(maxsplit=1)[-1]


class NetworkComparer(Widget):
    """Compare networks by what they learn, compute and remember, and by what was published of them.

    Columns are sorted by a click; bars are drawn to scale, or by powers of ten. Below is
    one network, layer by layer.

    Parameters
    ----------
    summaries : mapping from str to Summary
        The networks, as ``model.summary(input_shape)`` sizes them up, in full depth.
    published : mapping from str to mapping, optional
        Further columns: for some of the networks, numbers or texts by the name of the column.
        Years are best given as texts, which have no bar.
    sort : str
        A column: ``"name"``, ``"parameters"``, ``"multiply-adds"``, ``"memory"``, ``"depth"`` or
        one that is published.
    descending : bool
    scale : {"log", "linear"}
        Of the bars.
    network : str, optional
        Whose layers are shown; the first unless given.
    measure : {"parameters", "multiply-adds", "memory"}
        What is shown of them.

    Raises
    ------
    TypeError, ValueError
        If something is of the wrong kind, or there is no such column or network.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlib.architectures import lenet5, vgg16
    >>> rng = np.random.default_rng(0)
    >>> comparer = NetworkComparer({"VGG-16": vgg16(rng).summary((3, 224, 224)),
    ...                             "LeNet-5": lenet5(rng).summary((1, 32, 32))})
    >>> comparer
    NetworkComparer(2 networks by parameters: LeNet-5, VGG-16)
    >>> comparer.rows[1]["parameters"]
    138357544
    """

    _esm = script("comparer/widget.js")
    _css = styles("comparer/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {
        "counted": COUNTED,
        "measures": MEASURES,
        "scales": SCALES,
    }

    given = traitlets.Any().tag(sync=True)

    def __init__(
        self,
        summaries: Mapping[str, Summary],
        published: Published | None = None,
        *,
        sort: str = "parameters",
        descending: bool = False,
        scale: str = "log",
        network: str | None = None,
        measure: str = "parameters",
    ) -> None:
        op = type(self).__name__
        self._summaries = _checked_summaries(op, summaries)
        self._published, self._columns = _checked_published(op, published, list(self._summaries))
        first = next(iter(self._summaries)) if network is None else network
        super().__init__(
            sort=sort, descending=descending, scale=scale, network=first, measure=measure
        )
        self.given = {
            "columns": self._columns,
            "networks": [
                {
                    "name": name,
                    "depth": depth_of(summary),
                    "layers": [_told(row) for row in summary.rows if row.values],
                    "published": self._published.get(name, {}),
                }
                for name, summary in self._summaries.items()
            ],
        }

    sort = setting("sort", "The column by which the networks are sorted.")
    descending = setting("descending", "Whether the largest comes first.")
    scale = setting("scale", 'Of the bars: "log" or "linear".')
    network = setting("network", "Whose layers are shown.")
    measure = setting("measure", "What is shown of its layers.")

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The table as it is sorted; what is not known is None."""
        rows = [
            {
                "name": name,
                "parameters": summary.parameters,
                "multiply-adds": summary.multiply_adds,
                "memory": summary.memory,
                "depth": depth_of(summary),
                **{column: self._published.get(name, {}).get(column) for column in self._columns},
            }
            for name, summary in self._summaries.items()
        ]
        known = [row for row in rows if row[self.sort] is not None]
        # One column holds numbers alone, or texts alone.
        known.sort(key=operator.itemgetter(self.sort), reverse=self.descending)
        return known + [row for row in rows if row[self.sort] is None]

    def _checked(
        self, sort: object, descending: object, scale: object, network: object, measure: object
    ) -> dict[str, Any]:
        op = type(self).__name__
        return {
            "sort": one_of(op, "sort", sort, ("name", *COUNTED, *self._columns)),
            "descending": flag(op, "descending", descending),
            "scale": one_of(op, "scale", scale, SCALES),
            "network": one_of(op, "network", network, self._summaries),
            "measure": one_of(op, "measure", measure, MEASURES),
        }

    def _picture(self) -> tuple[Figure, str]:
        rows = self.rows
        names = [row["name"] for row in rows]
        fig, axes = drawing.new(ncols=3, width=13, height=1.1 + 0.42 * len(rows))
        for ax, (column, unit) in zip(
            axes, {"parameters": 1, "multiply-adds": 1e6, "memory": 1e6}.items(), strict=True
        ):
            title = {1: column, 1e6: f"{column}, millions"}[unit]
            drawing.bars(
                names,
                [row[column] if unit == 1 else row[column] / unit for row in rows],
                ax,
                fmt="," if unit == 1 else ",.1f",
                title=title if column != "memory" else "memory, MB",
                log=self.scale == "log",
            )
        told = [
            f"{row['name']}: {row['parameters']:,} learned numbers, {row['multiply-adds']:,} "
            f"multiply-adds, {row['memory'] / 1e6:,.1f} MB"
            + "".join(f", {name} {row[name]}" for name in self._columns if row[name] is not None)
            for row in rows
        ]
        return fig, f"Networks compared, sorted by {self.sort}. {'; '.join(told)}."

    def __repr__(self) -> str:
        names = ", ".join(row["name"] for row in self.rows)
        return f"{type(self).__name__}({len(self._summaries)} networks by {self.sort}: {names})"


def _told(row: SummaryRow) -> list[Any]:
    size = "×".join(map(str, row.output_shape))
    return [row.name.strip(), size, row.parameters, row.multiply_adds, row.memory]


def _checked_summaries(op: str, summaries: object) -> dict[str, Summary]:
    right = isinstance(summaries, Mapping) and 1 <= len(summaries) <= NETWORKS
    if not right or not all(
        isinstance(name, str) and name and isinstance(one, Summary)
        for name, one in summaries.items()  # type: ignore[attr-defined]
    ):
        raise TypeError(
            f"{op}: summaries must be a dict of 1 to {NETWORKS} summaries by the names of the "
            f"networks, got {checks.describe(summaries)}. Write "
            '{"VGG-16": vgg16(rng).summary((3, 224, 224))}.'
        )
    return dict(summaries)  # type: ignore[call-overload]


def _checked_published(
    op: str, published: Published | None, names: list[str]
) -> tuple[dict[str, dict[str, float | str]], list[str]]:
    """Return what is published of each network, and the columns in the order in which they come."""
    found: dict[str, dict[str, float | str]] = {}
    kinds: dict[str, type] = {}
    for name, columns in ({} if published is None else published).items():
        if name not in names:
            raise ValueError(
                f"{op}: published names {name!r}, but the networks are {', '.join(names)}."
            )
        found[name] = {}
        for column, value in columns.items():
            if not isinstance(column, str) or column in ("name", *COUNTED) or not column:
                raise ValueError(
                    f"{op}: a published column needs a name of its own, got {column!r}."
                )
            if not isinstance(value, str):
                number = checks.number(op, f"{column} of {name}", value)
                value = int(number) if number == int(number) else number
            kind = kinds.setdefault(column, str if isinstance(value, str) else float)
            if (kind is str) != isinstance(value, str):
                raise TypeError(
                    f"{op}: column {column!r} holds numbers and texts. Write all of one kind."
                )
            found[name][column] = value
    return found, list(kinds)
