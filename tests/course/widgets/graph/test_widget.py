"""The computation graph in Python: its numbers against cnnlib and against nudges, its refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlib import functional as F
from cnnlib.course.backpropagation import figures
from cnnlib.course.widgets import ComputationGraph
from cnnlib.course.widgets.graph import INPUTS, RULES, graph_flow
from cnnlib.gradcheck import numerical_gradient

NUMBERS = st.floats(-9, 9)


def test_the_hand_calculation():
    flow = graph_flow("neuron", {"x": 2, "w": 3, "b": -1, "t": 7})
    assert flow.values == {"x": 2, "w": 3, "b": -1, "t": 7, "product": 6, "z": 5, "a": 5, "L": 4}
    assert flow.totals == {"x": -12, "w": -8, "b": -4, "t": 4}


def test_the_other_graphs_of_the_chapter():
    assert graph_flow("chain", {"x": 2}).gradients == {"L": 1, "v": 10, "u": 10, "x": 30}
    fork = graph_flow("fork", {"w": 2})
    assert (fork.values["L"], fork.gradients["w, upper"], fork.gradients["w, lower"]) == (2, 6, -5)
    assert fork.totals == {"w": 1}


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_the_neuron_is_a_linear_layer_with_a_relu(x, w, b, t):
    flow = graph_flow("neuron", {"x": x, "w": w, "b": b, "t": t})
    inputs, weight, bias = np.array([[x]]), np.array([[w]]), np.array([b])
    z = F.linear(inputs, weight, bias)
    a = F.relu(z)
    dz = F.relu_backward(2 * (a - t), z)
    dx, dw, db = F.linear_backward(dz, inputs, weight)
    np.testing.assert_allclose(flow.values["L"], ((a - t) ** 2).sum(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        [flow.totals[name] for name in "xwb"],
        [dx.item(), dw.item(), db.item()],
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize("name", INPUTS)
def test_nudging_an_input_tells_the_same(name):
    rng = np.random.default_rng(0)
    for _ in range(20):
        start = rng.uniform(0.5, 3, len(INPUTS[name]))  # the ReLU stays open
        measured = numerical_gradient(
            lambda v: float(graph_flow(name, dict(zip(INPUTS[name], v, strict=True))).values["L"]),
            start,
        )
        flow = graph_flow(name, dict(zip(INPUTS[name], start, strict=True)))
        np.testing.assert_allclose(list(flow.totals.values()), measured, rtol=1e-6, atol=1e-6)


def test_a_shut_gate_lets_nothing_through():
    flow = graph_flow("neuron", {"x": 2, "w": 3, "b": -6, "t": 7})  # z is exactly 0
    assert flow.gradients["a"] == -14
    assert flow.totals == {"x": 0, "w": 0, "b": 0, "t": 14}


@pytest.mark.parametrize("name", RULES)
def test_boxes_and_arrows_are_those_of_the_figures(name):
    nodes, arrows, _ = figures.GRAPHS[name]
    for rule in RULES[name]:
        assert rule.box in nodes
        assert all(arrows[arrow][1] == rule.box for arrow in rule.inputs)
        assert arrows[rule.output][0] == rule.box


def test_a_new_graph_starts_with_its_own_numbers():
    graph = ComputationGraph()
    graph.inputs = {"x": 1, "w": 2, "b": 0.5, "t": 0}
    assert repr(graph) == "ComputationGraph(neuron, x = 1, w = 2, b = 0.5, t = 0 → L = 6.25)"
    graph.graph = "chain"
    assert repr(graph) == "ComputationGraph(chain, x = 2 → L = 25)"


def test_the_picture_says_every_number():
    _, alt = ComputationGraph()._picture()
    assert alt == (
        "A computation graph, the neuron. Values, forward: x 2; w 3; b −1; t 7; product 6; z 5; "
        "a 5; L 4. Gradients of L, backward: L 1; a −4; t 4; z −4; product −4; b −4; x −12; w −8."
    )


def test_the_picture_writes_values_and_gradients_beside_their_arrows():
    graph = ComputationGraph("chain")
    ax = graph._picture()[0].axes[0]
    for kind, expected in (("value", graph.flow.values), ("gradient", graph.flow.gradients)):
        shown = [text.get_text() for text in ax.texts if text.get_gid() == kind]
        assert [int(text) for text in shown] == [expected[arrow] for arrow in ("x", "u", "v", "L")]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"graph": "net"}, ValueError, "no graph 'net'; choose one of 'neuron', 'chain', 'fork'"),
        ({"inputs": {"x": 1}}, ValueError, "the neuron has the inputs x, w, b, t, got x"),
        ({"graph": "chain", "inputs": {}}, ValueError, "has the inputs x, got none"),
        ({"graph": "chain", "inputs": 3}, TypeError, "must be a dict from name to number, got 3"),
        ({"graph": "fork", "inputs": {"w": "2"}}, TypeError, "w must be a number, got '2'"),
        ({"graph": "fork", "inputs": {"w": np.nan}}, ValueError, "w must be finite"),
        (
            {"graph": "fork", "inputs": {"w": 2e6}},
            ValueError,
            r"w must be -1e\+06 to 1e\+06, got 2e\+06",
        ),
        (
            {"graph": "fork", "inputs": {"w": -2e6}},
            ValueError,
            r"w must be -1e\+06 to 1e\+06, got -2e\+06",
        ),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        ComputationGraph(**arguments)
