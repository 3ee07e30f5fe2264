"""The geometry explorer in Python: what it counts, what it refuses, what it shows."""

import numpy as np
import pytest
from drawn import outlines
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.course.widgets import GeometryExplorer
from cnnlib.course.widgets.geometry import coverage, ways
from cnnlib.functional import conv2d, conv2d_backward
from cnnlib.shapes import output_size, receptive_field


@st.composite
def axes(draw, most=3):
    """A length, and layers that fit into it one after the other."""
    size = now = draw(st.integers(1, 14))
    layers = []
    for _ in range(draw(st.integers(1, most))):
        padding, stride = draw(st.integers(0, 3)), draw(st.integers(1, 4))
        kernel_size = draw(st.integers(1, min(5, now + 2 * padding)))
        layers.append((kernel_size, stride, padding))
        now = output_size(now, kernel_size, stride, padding)
    return size, layers


# Coverage


def test_coverage_of_the_hand_calculation_is_flat():
    assert (coverage(4, 2, padding=1) == 4).all()


def test_coverage_at_stride_two_leaves_the_last_row_and_column():
    counts = coverage(8, 3, stride=2)
    assert counts[0].tolist() == [1, 1, 2, 1, 2, 1, 1, 0]
    assert (counts == 0).sum() == 15


@given(axes(most=1), axes(most=1))
def test_coverage_is_the_gradient_of_the_sum_of_all_windows(down, across):
    """Each window adds up its pixels, so a pixel's gradient is how many windows read it."""
    (height, [(kernel_size, stride, padding)]), (width, _) = down, across
    width = max(width, kernel_size)
    x, weight = np.zeros((1, 1, height, width)), np.ones((1, 1, kernel_size, kernel_size))
    dout = np.ones_like(conv2d(x, weight, stride=stride, padding=padding))
    dx = conv2d_backward(dout, x, weight, stride=stride, padding=padding)[0]
    np.testing.assert_array_equal(
        coverage((height, width), kernel_size, stride, padding), dx[0, 0].astype(int)
    )


def test_coverage_refuses_a_kernel_that_does_not_fit():
    with pytest.raises(ValueError, match="the kernel does not fit: kernel_size 5 is larger"):
        coverage(4, 5)


# Ways


def test_three_layers_by_hand():
    """Notebook 03 counts 1, 3, 6, 7, 6, 3, 1 ways through three layers of kernel 3."""
    counts = ways(9, [(3, 1, 0)] * 3, level=3, place=1)
    assert counts[0] == [0, 1, 3, 6, 7, 6, 3, 1, 0]
    assert counts[3] == [0, 1, 0]


@given(axes(), st.data())
def test_ways_back_are_the_gradient_through_all_layers(axis, data):
    size, layers = axis
    maps = [np.zeros((1, 1, 1, size))]
    for kernel_size, stride, padding in layers:
        weight = np.ones((1, 1, 1, kernel_size))
        maps.append(conv2d(maps[-1], weight, stride=(1, stride), padding=(0, padding)))
    place = data.draw(st.integers(0, maps[-1].shape[3] - 1))
    found = ways(size, layers, len(layers), place)
    dout = np.zeros_like(maps[-1])
    dout[..., place] = 1
    for k in range(len(layers) - 1, -1, -1):
        kernel_size, stride, padding = layers[k]
        weight = np.ones((1, 1, 1, kernel_size))
        dout = conv2d_backward(dout, maps[k], weight, stride=(1, stride), padding=(0, padding))[0]
        inside = found[k][padding : len(found[k]) - padding]
        assert inside == dout.ravel().astype(int).tolist()


@given(axes(), st.data())
def test_ways_forth_are_what_a_single_lit_pixel_becomes(axis, data):
    size, layers = axis
    place = data.draw(st.integers(0, size - 1))
    x = np.zeros((1, 1, 1, size))
    x[..., place] = 1
    found = ways(size, layers, 0, place + layers[0][2])
    for k, (kernel_size, stride, padding) in enumerate(layers, start=1):
        weight = np.ones((1, 1, 1, kernel_size))
        x = conv2d(x, weight, stride=(1, stride), padding=(0, padding))
        border = layers[k][2] if k < len(layers) else 0
        inside = found[k][border : len(found[k]) - border]
        assert inside == x.ravel().astype(int).tolist()


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=3))
def test_the_field_reaches_as_far_as_the_formula_says(layers):
    size = receptive_field(layers)[-1]
    counts = ways(size, [(k, s, 0) for k, s in layers], len(layers), 0)[0]
    assert counts[0] > 0
    assert counts[-1] > 0


def test_there_is_no_cell_outside():
    with pytest.raises(ValueError, match=r"no cell 6 in map 1; .* 4, 6, 4 cells. Count from 0"):
        ways(4, [(1, 1, 0), (3, 1, 1)], level=1, place=6)


# The widget


def test_the_default_is_the_hand_calculation_of_notebook_03():
    explorer = GeometryExplorer()
    assert repr(explorer) == "GeometryExplorer(4×4 → kernel 2, stride 1, padding 1 → 5×5)"
    assert (explorer.coverage == 4).all()


def test_sizes_follow_the_layers():
    explorer = GeometryExplorer((7, 12), [(3, 2, 1), (2, 3)])
    assert explorer.shapes == [(7, 12), (4, 6), (1, 2)]
    assert explorer.receptive_field == [3, 5]
    explorer.size = 8
    assert explorer.shapes == [(8, 8), (4, 4), (1, 1)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"size": 29}, "size must be at most 28, got 29×29"),
        ({"size": 0}, "size must be at least 1, got 0"),
        ({"layers": []}, "must be 1 to 4 layers, got 0"),
        ({"layers": [(1, 1)] * 5}, "must be 1 to 4 layers, got 5"),
        ({"layers": [(3,)]}, r"layer 1 must be \(kernel_size, stride\) or .*, got \(3,\)"),
        ({"layers": [(3, 0)]}, "stride must be at least 1, got 0"),
        ({"layers": [(3, 1, -1)]}, "padding must be at least 0, got -1"),
        ({"layers": [(12, 1, 10)]}, "kernel_size must be at most 11, got 12 in layer 1"),
        ({"size": (3, 8), "layers": [(4, 1)]}, "larger than the padded height 3"),
        ({"size": (8, 3), "layers": [(4, 1)]}, "larger than the padded width 3"),
        (
            {"layers": [(3, 2), (2, 1)]},
            r"layer 2: the kernel does not fit: kernel_size 2 is larger than the padded height 1",
        ),
    ],
)
def test_settings_without_sense_are_refused(settings, words):
    explorer = GeometryExplorer()
    with pytest.raises(ValueError, match=words):
        explorer.set(**settings)
    assert explorer.settings == GeometryExplorer().settings


def test_layers_that_are_no_list_are_refused():
    with pytest.raises(TypeError, match=r"layers must be a list of \(kernel_size, stride, padding"):
        GeometryExplorer(4, 3)
    with pytest.raises(TypeError, match=r"layers must be a list .*, got \(3, 1\)"):
        GeometryExplorer(4, (3, 1))  # one layer without its list
    with pytest.raises(TypeError, match=r"stride must be a whole number, got 1\.5"):
        GeometryExplorer(4, [(3, 1.5)])


def test_the_picture_tells_what_is_read_and_seen():
    figure, alt = GeometryExplorer(8, [(3, 2)])._picture()
    assert "1 1 2 1 2 1 1 0; " in alt
    assert "15 never read" in alt
    assert alt.endswith("what its middle cell was made from: 3 by 3 of the input.")
    crossed = [p for ax in figure.axes for p in ax.patches if p.get_gid() == "unread"]
    assert len(crossed) == 15


def test_the_picture_keeps_down_and_across_apart():
    """Three rows of output and one column: the middle cell stands in row 1, column 0."""
    figure, alt = GeometryExplorer((5, 3), [(3, 1)])._picture()
    source, *_, result = (ax for ax in figure.axes if ax.images)
    assert outlines(source) == [(1, 0, 3, 3)]
    assert outlines(result) == [(1, 0, 1, 1)]
    _, alt = GeometryExplorer((8, 1), [(3, 1, 1)])._picture()
    assert alt.endswith("its middle cell was made from: 3 by 1 of the input.")


def test_the_picture_draws_the_field_back_through_all_maps():
    figure, alt = GeometryExplorer(9, [(3, 1)] * 3)._picture()
    assert alt.endswith("made from: 3 by 3 of map 2, 5 by 5 of map 1, 7 by 7 of the input.")
    assert "Map 1, 7×7; windows that read each pixel: 1 to 9; none never read." in alt
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titles == ["input, 9×9", "map 1, 7×7", "map 2, 5×5", "output, 3×3"]
