"""A computation graph: values flow forward, gradients flow back, a number on every arrow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from matplotlib.figure import Figure

from cnnlib import checks
from cnnlib.course.backpropagation import figures
from cnnlib.course.widgets.kit.base import Widget
from cnnlib.course.widgets.kit.bundle import script, styles
from cnnlib.course.widgets.kit.numbers import number_within, written

__all__ = ["ComputationGraph", "Flow", "graph_flow"]

LIMIT = 1e6  # for the inputs


class Rule(NamedTuple):
    """What a box does: with which arrows, and onto which arrow."""

    box: str
    does: str
    inputs: tuple[str, ...]
    output: str
    by: float = 0


class Flow(NamedTuple):
    """All numbers of a computation graph.

    Parameters
    ----------
    values : dict from the name of an arrow to a number
        What flows forward.
    gradients : dict from the name of an arrow to a number
        What flows back: how fast L moves when the value of this arrow moves.
    totals : dict from the name of an input to a number
        The gradient of each input: the sum over the arrows that leave it.
    """

    values: dict[str, float]
    gradients: dict[str, float]
    totals: dict[str, float]


# In the order of the work. The boxes and arrows stand in `figures.GRAPHS`.
RULES: dict[str, tuple[Rule, ...]] = {
    "neuron": (
        Rule("times", "product", ("x", "w"), "product"),
        Rule("plus", "sum", ("product", "b"), "z"),
        Rule("relu", "relu", ("z",), "a"),
        Rule("square", "squared difference", ("a", "t"), "L"),
    ),
    "chain": (
        Rule("times", "scale", ("x",), "u", 3),
        Rule("minus", "shift", ("u",), "v", -1),
        Rule("square", "square", ("v",), "L"),
    ),
    "fork": (
        Rule("times 3", "scale", ("w, upper",), "3w", 3),
        Rule("times 5", "scale", ("w, lower",), "5w", 5),
        Rule("times 2", "scale", ("3w",), "6w", 2),
        Rule("times -1", "scale", ("5w",), "-5w", -1),
        Rule("plus", "sum", ("6w", "-5w"), "L"),
    ),
}
INPUTS: dict[str, dict[str, float]] = {
    "neuron": {"x": 2, "w": 3, "b": -1, "t": 7},
    "chain": {"x": 2},
    "fork": {"w": 2},
}

# What each kind of box puts out, and its local slope along each of its inputs.
_FORWARD: dict[str, Callable[..., float]] = {
    "product": lambda a, b, by: a * b,
    "sum": lambda a, b, by: a + b,
    "relu": lambda a, by: max(a, 0),
    "square": lambda a, by: a * a,
    "squared difference": lambda a, b, by: (a - b) * (a - b),
    "scale": lambda a, by: by * a,
    "shift": lambda a, by: a + by,
}
_SLOPES: dict[str, Callable[..., tuple[float, ...]]] = {
    "product": lambda a, b, by: (b, a),
    "sum": lambda a, b, by: (1, 1),
    "relu": lambda a, by: (1 if a > 0 else 0,),
    "square": lambda a, by: (2 * a,),
    "squared difference": lambda a, b, by: (2 * (a - b), -2 * (a - b)),
    "scale": lambda a, by: (by,),
    "shift": lambda a, by: (1,),
}


def graph_flow(graph: str, inputs: Mapping[str, float]) -> Flow:
    """Push values forward through one of the chapter's graphs, and gradients back.

    Parameters
    ----------
    graph : {"neuron", "chain", "fork"}
        Which graph; `cnnlib.course.backpropagation.figures.GRAPHS` holds their boxes and arrows.
    inputs : mapping from name to number
        Where to start: x, w, b and t of the neuron, x of the chain, w of the fork.

    Returns
    -------
    Flow

    Raises
    ------
    ValueError
        If there is no such graph, or its inputs have other names.

    Examples
    --------
    >>> flow = graph_flow("neuron", {"x": 2, "w": 3, "b": -1, "t": 7})
    >>> flow.values["L"]
    4
    >>> flow.totals
    {'x': -12, 'w': -8, 'b': -4, 't': 4}
    """
    _check_names("graph_flow", graph, inputs)
    starts = {name: _leaving(graph, name) for name in inputs}
    values = {arrow: inputs[name] for name, arrows in starts.items() for arrow in arrows}
    for rule in RULES[graph]:
        given = [values[arrow] for arrow in rule.inputs]
        values[rule.output] = _FORWARD[rule.does](*given, by=rule.by)
    gradients: dict[str, float] = {"L": 1}
    for rule in reversed(RULES[graph]):
        given = [values[arrow] for arrow in rule.inputs]
        slopes = _SLOPES[rule.does](*given, by=rule.by)
        for arrow, slope in zip(rule.inputs, slopes, strict=True):
            gradients[arrow] = gradients[rule.output] * slope
    totals = {name: sum(gradients[arrow] for arrow in starts[name]) for name in inputs}
    return Flow(values, gradients, totals)


def _leaving(graph: str, node: str) -> list[str]:
    _, arrows, _ = figures.GRAPHS[graph]
    return [arrow for arrow, (start, _) in arrows.items() if start == node]


def _check_names(op: str, graph: object, inputs: Mapping[str, object]) -> None:
    if not isinstance(graph, str) or graph not in INPUTS:
        raise ValueError(
            f"{op}: there is no graph {checks.describe(graph)}; choose one of "
            f"{', '.join(map(repr, INPUTS))}."
        )
    expected = INPUTS[str(graph)]
    if set(inputs) != set(expected):
        raise ValueError(
            f"{op}: the {graph} has the inputs {', '.join(expected)}, got "
            f"{', '.join(map(str, inputs)) or 'none'}. Give each of them a number, and no other."
        )


class ComputationGraph(Widget):
    """Step through a small graph: values forward, gradients back, a number on every arrow.

    At each step the arithmetic of one box is written out. The inputs can be changed at any time.

    Parameters
    ----------
    graph : {"neuron", "chain", "fork"}
        A neuron with its loss; three boxes in a row; or a value that is used twice.
    inputs : mapping from name to number, optional
        As for `graph_flow`; by default the numbers of the hand calculation. At most a million.

    Raises
    ------
    TypeError
        If an input is no number.
    ValueError
        If there is no such graph, its inputs have other names, or one is too large.

    Examples
    --------
    >>> graph = ComputationGraph()
    >>> graph
    ComputationGraph(neuron, x = 2, w = 3, b = −1, t = 7 → L = 4)
    >>> graph.flow.totals
    {'x': -12, 'w': -8, 'b': -4, 't': 4}
    """

    _esm = script("graph/widget.js")
    _css = styles("graph/widget.js")
    FACTS: ClassVar[dict[str, Any]] = {
        "limit": LIMIT,
        "graphs": {
            name: {
                "nodes": figures.GRAPHS[name][0],
                "arrows": figures.GRAPHS[name][1],
                "rules": [rule._asdict() for rule in rules],
                "inputs": INPUTS[name],
            }
            for name, rules in RULES.items()
        },
    }

    def __init__(self, graph: str = "neuron", inputs: Mapping[str, float] | None = None) -> None:
        super().__init__(graph=graph, inputs=inputs)

    @property
    def graph(self) -> str:
        """Which graph is shown. A new one starts with its own numbers."""
        return str(self.settings["graph"])

    @graph.setter
    def graph(self, value: str) -> None:
        self.set(graph=value, inputs=None)

    @property
    def inputs(self) -> dict[str, float]:
        """The numbers at the start of the arrows."""
        return dict(self.settings["inputs"])

    @inputs.setter
    def inputs(self, value: Mapping[str, float]) -> None:
        self.set(inputs=value)

    @property
    def flow(self) -> Flow:
        """All values and gradients, as `graph_flow` works them out."""
        return graph_flow(self.graph, self.inputs)

    def _checked(self, graph: str, inputs: Mapping[str, float] | None) -> dict[str, Any]:
        op = type(self).__name__
        if inputs is None:
            inputs = INPUTS.get(graph, {}) if isinstance(graph, str) else {}
        if not isinstance(inputs, Mapping):
            raise TypeError(
                f"{op}: inputs must be a dict from name to number, got "
                f"{checks.describe(inputs)}. Write it as {{'x': 2}}."
            )
        _check_names(op, graph, inputs)
        numbers = {}
        for name in INPUTS[graph]:
            value = number_within(op, name, inputs[name], -LIMIT, LIMIT)
            numbers[name] = int(value) if value.is_integer() else value
        return {"graph": graph, "inputs": numbers}

    def _picture(self) -> tuple[Figure, str]:
        flow = self.flow
        alt = (
            f"A computation graph, the {self.graph}. Values, forward: {_list(flow.values)}. "
            f"Gradients of L, backward: {_list(flow.gradients)}."
        )
        return figures.graph(self.graph, flow.values, flow.gradients), alt

    def __repr__(self) -> str:
        given = ", ".join(f"{name} = {written(value)}" for name, value in self.inputs.items())
        return f"ComputationGraph({self.graph}, {given} → L = {written(self.flow.values['L'])})"


def _list(numbers: Mapping[str, float]) -> str:
    return "; ".join(f"{name} {written(value)}" for name, value in numbers.items())
