"""The network comparer: its numbers are those of the summaries, and the rest is passed in."""

import numpy as np
import pytest
from drawn import lengths
from examples import example

from cnnlib.architectures import (
    alexnet,
    course_cnn,
    efficientnet_lite0,
    googlenet,
    lenet5,
    resnet18,
    resnet50,
    vgg16,
)
from cnnlib.course.widgets import NetworkComparer
from cnnlib.course.widgets.comparer import depth_of
from cnnlib.layers import Conv2d, Flatten, Linear, ReLU
from cnnlib.model import Parallel, Residual, Sequential
from cnnlib.summary import Summary


def sized(build, shape=(3, 224, 224)) -> Summary:
    return build(np.random.default_rng(0)).summary(shape)


@pytest.fixture
def comparer() -> NetworkComparer:
    return example("comparer")


@pytest.mark.parametrize(
    ("build", "shape", "depth"),
    [
        (lenet5, (1, 32, 32), 5),
        (alexnet, (3, 227, 227), 8),
        (vgg16, (3, 224, 224), 16),
        (googlenet, (3, 224, 224), 22),
        (resnet18, (3, 224, 224), 18),
        (resnet50, (3, 224, 224), 50),
        (course_cnn, (1, 28, 28), 4),
        # The stem, 2 layers in the first block, 3 in each of 15 others, the head, the dense layer.
        (efficientnet_lite0, (3, 224, 224), 1 + 2 + 15 * 3 + 1 + 1),
    ],
)
def test_the_depth_is_the_one_in_the_papers_names(build, shape, depth):
    assert depth_of(sized(build, shape)) == depth


def test_by_hand_the_longest_way_counts():
    rng = np.random.default_rng(0)

    def conv(channels: int = 2) -> Conv2d:
        return Conv2d(channels, channels, 3, padding=1, rng=rng)

    model = Sequential(
        conv(),
        Residual(Sequential(conv(), ReLU(), conv()), shortcut=conv()),  # 2, not 3
        Parallel(Sequential(conv(), conv(), conv()), conv()),  # 3, not 4
        Residual(Sequential(conv(4))),
        Sequential(Sequential(ReLU()), conv(4)),
        Flatten(),
        Linear(4 * 64, 3, rng=rng),
    )
    assert depth_of(model.summary((2, 8, 8))) == 1 + 2 + 3 + 1 + 1 + 1
    assert depth_of(model.summary((2, 8, 8), depth=1)) is None


def test_the_rows_hold_the_totals_and_what_is_published(comparer):
    rows = {row["name"]: row for row in comparer.rows}
    resnet = sized(resnet18)
    assert rows["ResNet-18"] == {
        "name": "ResNet-18",
        "parameters": resnet.parameters,
        "multiply-adds": resnet.multiply_adds,
        "memory": resnet.memory,
        "depth": 18,
        "year": "2015",
        "error, %": 10.5,
        "source": None,
    }
    assert list(rows["the course's"].values())[-3:] == [None, None, None]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", ["name", "parameters", "memory", "depth", "year", "error, %"])
def test_rows_are_sorted_and_the_unknown_comes_last(comparer, column, descending):
    comparer.set(sort=column, descending=descending)
    values = [row[column] for row in comparer.rows]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=descending)
    assert values == known + [None] * (len(values) - len(known))
    assert len(values) == 4


def test_the_layers_go_to_the_browser(comparer):
    told = {one["name"]: one for one in comparer.given["networks"]}
    layers = told["LeNet-5"]["layers"]
    rows = sized(lenet5, (1, 32, 32)).rows
    assert [layer[0] for layer in layers] == [row.name for row in rows]
    assert layers[0] == ["0 Conv2d(1, 6, kernel_size=5)", "6×28×28", 156, 117600, 18816]
    for name, build in (("ResNet-18", resnet18), ("GoogLeNet", googlenet)):
        summary = sized(build)
        sums = [sum(layer[k] for layer in told[name]["layers"]) for k in (2, 3, 4)]
        assert sums == [summary.parameters, summary.multiply_adds, summary.memory]


LENET = sized(lenet5, (1, 32, 32))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"summaries": {}}, TypeError, "summaries must be a dict of 1 to 30 summaries"),
        ({"summaries": {"a": 1}}, TypeError, "summaries must be a dict"),
        ({"summaries": LENET}, TypeError, "summaries must be a dict"),
        ({"published": {"b": {}}}, ValueError, "published names 'b', but the networks are a"),
        ({"published": {"a": {"memory": 3}}}, ValueError, "needs a name of its own, got 'memory'"),
        ({"published": {"a": {"x": None}}}, TypeError, "x of a must be"),
        ({"published": {"a": {"x": float("nan")}}}, ValueError, "x of a must be finite, got nan"),
        (
            {"summaries": {"a": LENET, "b": LENET}, "published": {"a": {"x": 1}, "b": {"x": "1"}}},
            TypeError,
            "column 'x' holds numbers and texts",
        ),
        ({"sort": "beauty"}, ValueError, "sort must be one of name, parameters, multiply-adds"),
        ({"scale": "square"}, ValueError, "scale must be one of log, linear"),
        ({"network": "b"}, ValueError, "network must be one of a, got 'b'"),
        ({"measure": "depth"}, ValueError, "measure must be one of parameters, multiply-adds"),
        ({"descending": 1}, TypeError, "descending must be True or False"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        NetworkComparer(**{"summaries": {"a": LENET}, **arguments})


def test_the_picture_shows_the_three_totals(comparer):
    comparer.set(scale="linear")
    fig, alt = comparer._picture()
    rows = comparer.rows
    for ax, (column, unit) in zip(
        fig.axes, (("parameters", 1), ("multiply-adds", 1e6), ("memory", 1e6)), strict=True
    ):
        np.testing.assert_allclose(lengths(ax), [row[column] / unit for row in rows])
    assert fig.axes[0].texts[0].get_text() == f"{rows[0]['parameters']:,}"
    assert "LeNet-5: 61,706 learned numbers, 416,520 multiply-adds, 0.1 MB, year 1998;" in alt


def test_the_repr(comparer):
    assert repr(comparer) == (
        "NetworkComparer(4 networks by parameters: LeNet-5, the course's, GoogLeNet, ResNet-18)"
    )
