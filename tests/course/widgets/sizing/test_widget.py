"""The sizing explorer in Python: its numbers are the summary's, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.architectures import alexnet, course_cnn, lenet5
from cnnlib.course.widgets import SizingExplorer
from cnnlib.course.widgets.sizing import LIMITS, NETWORKS, size_up
from cnnlib.layers import Conv2d, Linear, MaxPool2d
from cnnlib.shapes import output_size

RNG = np.random.default_rng(0)


@st.composite
def networks(draw):
    """A shape, and layers that fit it."""
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 30), st.integers(1, 30)))
    (depth, *sides), layers = shape, []
    for _ in range(draw(st.integers(0, 4))):
        stride, padding = draw(st.integers(1, 4)), draw(st.integers(0, 3))
        kernel_size = draw(st.integers(1, min(7, *(side + 2 * padding for side in sides))))
        if draw(st.booleans()):
            groups = draw(st.sampled_from([g for g in range(1, depth + 1) if depth % g == 0]))
            depth = groups * draw(st.integers(1, 4))
            layers.append(("conv", depth, kernel_size, stride, padding, groups))
        else:
            padding = min(padding, kernel_size // 2)
            if min(sides) + 2 * padding < kernel_size:
                continue
            layers.append(("pool", kernel_size, stride, padding))
        sides = [output_size(side, kernel_size, stride, padding) for side in sides]
    layers += [("dense", n) for n in draw(st.lists(st.integers(1, 50), max_size=2))]
    return shape, layers or [("dense", 3)]


@given(networks())
def test_every_row_is_that_of_the_summary(network):
    explorer = SizingExplorer(*network)
    summary = explorer.network(RNG).summary(tuple(explorer.shape))
    due = [
        (row.output_shape, row.parameters, row.multiply_adds, row.memory, row.receptive_field)
        for row in summary.rows
        if "ReLU" not in row.name and "Flatten" not in row.name
    ]
    found = [
        (row.output_shape, row.parameters, row.multiply_adds, row.memory, row.receptive_field)
        for row in explorer.rows
    ]
    assert found == due
    assert explorer.parameters == summary.parameters
    assert explorer.multiply_adds == summary.multiply_adds


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("AlexNet", alexnet(RNG)),
        ("AlexNet in two groups", alexnet(RNG, groups=2)),
        ("LeNet-5", lenet5(RNG)),
        ("the network of this course", course_cnn(RNG)),
    ],
)
def test_the_networks_with_a_name_are_those_of_cnnlib(name, model):
    shape, layers = NETWORKS[name]
    summary = model.summary(shape)
    rows = size_up(shape, layers)
    assert sum(row.parameters for row in rows) == summary.parameters
    assert sum(row.multiply_adds for row in rows) == summary.multiply_adds
    assert rows[-1].output_shape == summary.rows[-1].output_shape


def test_the_names_are_those_of_the_notebook():
    names = [row.name for row in SizingExplorer().rows]
    assert names == [
        *("CONV1", "POOL1", "CONV2", "POOL2", "CONV3", "CONV4", "CONV5", "POOL3"),
        *("FC6", "FC7", "FC8"),
    ]


def test_the_network_runs():
    explorer = SizingExplorer((1, 28, 28), NETWORKS["the network of this course"][1])
    model = explorer.network(RNG)
    kinds = [type(layer) for layer in model if isinstance(layer, Conv2d | Linear | MaxPool2d)]
    assert kinds == [Conv2d, MaxPool2d, Conv2d, MaxPool2d, Linear, Linear]
    assert model(np.zeros((2, 1, 28, 28), dtype=np.float32)).shape == (2, 10)
    assert str(model) == str(course_cnn(RNG))


@pytest.mark.parametrize(
    ("layers", "broken", "words"),
    [
        ([("pool", 2), ("conv", 4, 5)], 1, "kernel_size 5 is larger than the padded height 4"),
        ([("conv", 4, 3, 1, 1, 2)], 0, "2 groups cannot share 3 input and 4 output channels"),
        ([("dense", 4), ("conv", 4, 3)], 1, r"expected maps of shape \(C, H, W\), got \(4,\)"),
        ([("pool", 3, 1, 2)], 0, "padding 2 is more than half of kernel_size 3"),
    ],
)
def test_a_layer_that_does_not_fit_is_shown_not_refused(layers, broken, words):
    explorer = SizingExplorer((3, 8, 9), [*layers, ("dense", 2)])
    rows = explorer.rows
    assert [row.output_shape is None for row in rows] == [k >= broken for k in range(len(rows))]
    assert [bool(row.problem) for row in rows] == [k == broken for k in range(len(rows))]
    with pytest.raises(ValueError, match=words):
        raise ValueError(rows[broken].problem)
    assert f"{rows[broken].name} does not fit" in repr(explorer)
    assert "does not fit. " in explorer._picture()[1]
    with pytest.raises(ValueError, match=words):
        explorer.network(RNG)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"shape": (227, 227)}, r"shape must be \(C, H, W\), got \(227, 227\)"),
        ({"shape": (3, 0, 9)}, "height must be at least 1, got 0"),
        ({"shape": (3, 9, 513)}, "width must be at most 512, got 513"),
        ({"layers": []}, "list of 1 to 24 layers"),
        ({"layers": [("dense", 1)] * 25}, "list of 1 to 24 layers"),
        ({"layers": ("dense", 1)}, "layer 1: a layer begins with one of conv, pool, dense"),
        ({"layers": [("norm", 1)]}, r"begins with one of conv, pool, dense, got \('norm', 1\)"),
        ({"layers": [("conv", 3)]}, "conv takes the numbers filters, kernel_size, stride"),
        ({"layers": [("dense", 3, 1)]}, r"dense takes the numbers neurons, got \('dense', 3, 1\)"),
        ({"layers": [("pool", 0)]}, "layer 1: kernel_size must be at least 1, got 0"),
        ({"layers": [("conv", 9999, 3)]}, "filters must be at most 2,048, got 9,999"),
    ],
)
def test_settings_without_sense_are_refused(settings, words):
    explorer = SizingExplorer()
    with pytest.raises(ValueError, match=words):
        explorer.set(**settings)
    assert explorer.settings == SizingExplorer().settings


def test_a_number_that_is_not_whole_is_refused():
    with pytest.raises(TypeError, match=r"stride must be a whole number, got 1\.5"):
        SizingExplorer(layers=[("conv", 3, 3, 1.5)])


def test_no_total_is_too_large_for_the_browser():
    """A browser counts exactly up to 2**53."""
    shape = (LIMITS["channels"], LIMITS["side"], LIMITS["side"])
    conv = ("conv", LIMITS["filters"], LIMITS["kernel_size"], 1, LIMITS["padding"])
    assert SizingExplorer(shape, [conv] * LIMITS["layers"]).multiply_adds < 2**53


def test_the_picture_tells_shapes_and_totals():
    _, alt = SizingExplorer()._picture()
    assert "Input 3×227×227. CONV1, 96 of 11×11, stride 4: 96×55×55, 34,944 parameters." in alt
    assert alt.endswith("62,378,344 parameters, 1,135,256,096 multiply-adds, 3,126,944 B.")


def test_the_table_of_the_picture_holds_every_number():
    explorer = SizingExplorer((3, 30, 32), [("conv", 4, 5), ("pool", 2)])
    figure, _ = explorer._picture()
    texts = [text.get_text() for text in figure.axes[0].texts]
    conv, pool = explorer.rows
    assert texts[7:14] == [
        *("CONV1", "4 of 5×5, stride 1", "4×26×28", f"{conv.parameters:,}"),
        *(f"{conv.multiply_adds:,}", f"{conv.memory:,} B", "5"),
    ]
    assert texts[14:21] == [
        "POOL1",
        "2×2, stride 2",
        "4×13×14",
        "0",
        "0",
        f"{pool.memory:,} B",
        "6",
    ]
    assert texts[24:27] == [
        f"{explorer.parameters:,}", f"{explorer.multiply_adds:,}", f"{explorer.memory:,} B",
    ]  # fmt: skip
