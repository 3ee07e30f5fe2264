"""What the network comparer computes in JavaScript is what Python computes."""

import numpy as np
import pytest
from examples import example

MODULE = "comparer/widget.js"


def test_totals_are_those_of_the_summaries(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    comparer = example("comparer")
    told = comparer.given
    rows = {row["name"]: row for row in comparer.rows}
    for network in told["networks"]:
        assert javascript.call("rowOf", network, told["columns"]) == rows[network["name"]]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", ["name", "parameters", "depth", "year", "error, %", "source"])
def test_the_order_is_pythons(module_in_node, column, descending) -> None:
    comparer = example("comparer")
    javascript = module_in_node(MODULE)
    told = comparer.given
    rows = [javascript.call("rowOf", one, told["columns"]) for one in told["networks"]]
    comparer.set(sort=column, descending=descending)
    assert javascript.call("sorted", rows, column, descending) == comparer.rows


def test_bars_in_proportion(module_in_node) -> None:
    drawn = module_in_node(MODULE).call("lengths", [4, None, 1, "x", 2], "linear")
    assert drawn == {"low": 0, "high": 4, "bars": [1, 0, 0.25, 0, 0.5]}
    assert module_in_node(MODULE).call("lengths", [0, None], "log")["bars"] == [0, 0]


def test_bars_by_powers_of_ten(module_in_node) -> None:
    """Equal factors are equal steps, and the smallest value has a bar that is seen."""
    javascript = module_in_node(MODULE)
    drawn = javascript.call("lengths", [20, 200, 2000], "log")
    assert [drawn["low"], drawn["high"]] == [10, 2000]
    np.testing.assert_allclose(np.diff(drawn["bars"]), 1 / np.log10(200))
    assert drawn["bars"][2] == 1
    for values in ([10, 1000], [1, 10], [0.001, 5], [999.9999, 1000], [7]):
        drawn = javascript.call("lengths", values, "log")
        assert drawn["low"] < min(values)
        expected = np.log10(np.array(values) / drawn["low"]) / np.log10(max(values) / drawn["low"])
        np.testing.assert_allclose(drawn["bars"], expected)
        assert min(drawn["bars"]) > 0
    assert javascript.call("lengths", [0, 50, 500], "log")["bars"][0] == 0


def test_numbers_are_written_for_their_column(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    texts = {
        ("parameters", 138357544): "138,357,544",
        ("memory", 58864): "58.9 kB",
        ("memory", 128_200_000): "128.2 MB",
        ("memory", 400): "400 B",
        ("depth", 50): "50",
        ("top-5 error, %", 7.3): "7.3",
        ("year", "2014"): "2014",
        ("depth", None): "–",
    }
    for (column, value), text in texts.items():
        assert javascript.call("written", column, value) == text


def test_a_layer_in_words(module_in_node) -> None:
    javascript = module_in_node(MODULE)
    lenet = example("comparer").given["networks"][1]
    assert javascript.call("layerWords", lenet, 0, "multiply-adds") == (
        "Layer 1 of 12, 0 Conv2d(1, 6, kernel_size=5), output 6×28×28: 117,600 multiply-adds "
        "(28.2% of all)."
    )
    assert javascript.call("layerWords", lenet, 1, "parameters") == (
        "Layer 2 of 12, 1 Tanh(), output 6×28×28: 0 parameters."
    )
    assert "18.8 kB of memory" in javascript.call("layerWords", lenet, 0, "memory")


def test_bars_of_layers_stand_on_the_ground(module_in_node) -> None:
    drawn = module_in_node(MODULE).call("strip", [0.5, 1, 0], 1)
    assert drawn["others"] == "M0.1 10V5h0.8V10zM2.1 10V10h0.8V10z"
    assert drawn["chosen"] == "M1.1 10V0h0.8V10z"
