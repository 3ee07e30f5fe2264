"""The figures of notebook 03 show the stops, counts and cells that they should."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from cnnlib.course import drawing
from cnnlib.course.padding_and_stride import figures
from cnnlib.functional import conv2d
from cnnlib.shapes import output_size, receptive_field


def marked(ax: Axes, gid: str) -> list[Patch]:
    return [patch for patch in ax.patches if patch.get_gid() == gid]


def windows(ax: Axes, gid: str = "highlight") -> list[tuple[int, int, int, int]]:
    """Return rectangles as (row, column, height, width) in whole cells."""
    found = []
    for box in marked(ax, gid):
        assert isinstance(box, Rectangle)
        # An inset, the same on all sides, keeps neighbouring outlines apart.
        inset = (round(box.get_width()) - box.get_width()) / 2
        place = (box.get_y() + 0.5 - inset, box.get_x() + 0.5 - inset)
        size = (box.get_height() + 2 * inset, box.get_width() + 2 * inset)
        found.append(tuple(round(number) for number in (*place, *size)))
        assert np.allclose(found[-1], (*place, *size))
    return found


def texts(ax: Axes, gid: str | None = None) -> list[str]:
    return [text.get_text() for text in ax.texts if gid is None or text.get_gid() == gid]


def cell_inches(ax: Axes) -> float:
    """Return the width of one cell of a grid in inches."""
    fig = ax.get_figure()
    assert isinstance(fig, Figure)
    low, high = ax.get_xlim()
    return ax.get_position().width * fig.get_size_inches()[0] / (high - low)


def coverage(size: int, kernel_size: int, stride: int, pad: int) -> np.ndarray:
    """Count the windows over each pixel, one pixel at a time."""
    counts = np.zeros((size, size), dtype=int)
    stops = [k * stride - pad for k in range(output_size(size, kernel_size, stride, pad))]
    for i, j in np.ndindex(counts.shape):
        down = sum(start <= i < start + kernel_size for start in stops)
        across = sum(start <= j < start + kernel_size for start in stops)
        counts[i, j] = down * across
    return counts


# Plans: padded input above, output below

CASES = [
    ("plain", 4, 2, 1, 0),
    ("padded", 4, 2, 1, 1),
    ("strided", 4, 2, 2, 0),
]


def test_plans_outline_the_first_two_stops_and_their_cells() -> None:
    fig = figures.plans(CASES)
    inputs, outputs = fig.axes[0:6:2], fig.axes[1:6:2]
    assert [ax.get_title() for ax in inputs] == ["plain", "padded", "strided"]
    assert [windows(ax) for ax in inputs] == [
        [(0, 0, 2, 2), (0, 1, 2, 2)],
        [(0, 0, 2, 2), (0, 1, 2, 2)],
        [(0, 0, 2, 2), (0, 2, 2, 2)],
    ]
    assert [windows(ax) for ax in outputs] == [[(0, 0, 1, 1), (0, 1, 1, 1)]] * 3


def test_plans_draw_the_sizes_that_they_name() -> None:
    fig = figures.plans(CASES)
    for (_, size, _, _, pad), above, below, expected in zip(
        CASES, fig.axes[0:6:2], fig.axes[1:6:2], (3, 5, 2), strict=True
    ):
        assert above.images[0].get_array().shape[:2] == (size + 2 * pad,) * 2
        assert below.images[0].get_array().shape[:2] == (expected, expected)
        assert above.get_xlabel() == f"{size}×{size} pixels in"
        assert below.get_xlabel() == f"{expected}×{expected} numbers out"
    assert [len(marked(ax, "padding")) for ax in fig.axes[0:6:2]] == [0, 36 - 16, 0]
    assert [texts(ax) for ax in fig.axes[6:]] == [["↓"]] * 3


def test_plans_keep_one_size_of_cell_and_the_width() -> None:
    fig = figures.plans(CASES, width=6.5)
    cells = [cell_inches(ax) for ax in fig.axes[:6]]
    # The outer border of a grid takes 0.12 of a cell, whatever the number of cells.
    assert np.ptp(cells) < 0.06 * max(cells)
    assert fig.get_size_inches()[0] <= 6.5 + 1e-9


def test_plans_refuse_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match=r"plans: cases is empty"):
        figures.plans([])
    with pytest.raises(ValueError, match=r"plans: the case \('one', 3, 3, 1, 0\).*one stop"):
        figures.plans([("one", 3, 3, 1, 0)])
    with pytest.raises(ValueError, match="larger than the padded"):
        figures.plans([("none", 2, 3, 1, 0)])


# Stops along one row


@pytest.mark.parametrize(
    ("size", "kernel_size", "stride", "pad", "starts", "unread"),
    [
        (7, 3, 2, 0, [0, 2, 4], []),
        (8, 3, 2, 0, [0, 2, 4], [7]),
        (8, 3, 2, 1, [-1, 1, 3, 5], [8]),
        (8, 2, 3, 0, [0, 3, 6], [2, 5]),
        (4, 2, 1, 0, [0, 1, 2], []),
    ],
)
def test_stops_are_where_the_window_fits(
    size: int, kernel_size: int, stride: int, pad: int, starts: list[int], unread: list[int]
) -> None:
    _, ax = drawing.new()
    figures.stops(size, kernel_size, ax, stride=stride, padding=pad, title="a row")
    bars = [box for box in marked(ax, "stop") if isinstance(box, Rectangle)]
    assert [box.get_x() + 0.5 for box in bars] == starts
    assert {box.get_width() for box in bars} == {kernel_size}
    assert texts(ax, "stop-name") == [f"stop {k + 1}" for k in range(len(starts))]
    assert [column for _, column, _, _ in windows(ax, "unread")] == unread
    assert ax.get_title() == "a row"
    # No two bars lie on top of each other.
    heights = [box.get_y() for box in bars]
    assert np.all(np.diff(heights) > bars[0].get_height())


def test_stops_number_the_pixels_and_hatch_the_border() -> None:
    _, ax = drawing.new()
    figures.stops(3, 3, ax, padding=2)
    numbers = [text for text in texts(ax) if not text.startswith("stop")]
    assert numbers == ["−2", "−1", "0", "1", "2", "3", "4"]
    assert [column for _, column, _, _ in windows(ax, "pixel")] == [0, 1, 2]
    assert [column for _, column, _, _ in windows(ax, "padding")] == [-2, -1, 3, 4]
    low, high = ax.get_xlim()
    assert low < -2.5
    assert high > 4.5


def test_stops_refuse_a_kernel_that_does_not_fit() -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match="larger than the padded"):
        figures.stops(2, 3, ax)
    with pytest.raises(TypeError, match=r"stops: ax must be one Axes"):
        figures.stops(4, 2, "ax")  # type: ignore[arg-type]


# Coverage maps


@pytest.mark.parametrize("setting", [(5, 3, 1, 1), (8, 3, 2, 0), (8, 2, 3, 0), (6, 3, 2, 1)])
def test_coverage_map_writes_every_count_and_frames_the_unread(
    setting: tuple[int, int, int, int],
) -> None:
    counts = coverage(*setting)
    _, ax = drawing.new()
    figures.coverage_map(counts, ax, title="counts")
    assert texts(ax) == [str(count) for count in counts.ravel()]
    unread = {(row, column) for row, column, _, _ in windows(ax, "unread")}
    assert unread == {(i, j) for i, j in np.ndindex(counts.shape) if counts[i, j] == 0}
    assert ax.get_title() == "counts"


def test_coverage_map_colours_follow_the_counts() -> None:
    _, ax = drawing.new()
    figures.coverage_map([[4, 6, 9]], ax, vmax=9)
    shown = np.asarray(ax.images[0].get_array())[0]
    viridis = mpl.colormaps["viridis"]
    assert np.allclose(shown, [viridis(count / 9)[:3] for count in (4, 6, 9)], atol=0.01)


def test_coverage_maps_share_cells_and_colours() -> None:
    maps = [coverage(4, 2, 1, 1), coverage(5, 3, 1, 1), coverage(5, 3, 1, 2)]
    fig = figures.coverage_maps(maps, ["a", "b", "c"])
    assert [ax.get_title() for ax in fig.axes] == ["a", "b", "c"]
    assert [texts(ax) for ax in fig.axes] == [[str(n) for n in one.ravel()] for one in maps]
    cells = [cell_inches(ax) for ax in fig.axes]
    assert np.ptp(cells) < 0.03 * max(cells)
    # The 4 of the first map has the colour of the 4 in the corner of the second.
    first, second = (np.asarray(ax.images[0].get_array()) for ax in fig.axes[:2])
    assert np.array_equal(first[1, 1], second[0, 0])
    assert not np.array_equal(second[0, 0], second[1, 1])


def test_coverage_maps_refuse_what_does_not_fit() -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match=r"coverage_map: counts must be 0 or more.*-1"):
        figures.coverage_map([[1, -1]], ax)
    with pytest.raises(ValueError, match=r"got 1 maps and 2 titles"):
        figures.coverage_maps([[[1]]], ["a", "b"])
    with pytest.raises(ValueError, match=r"got 0 maps"):
        figures.coverage_maps([], [])


# Centres of kernels


def test_centres_of_odd_kernels_lie_in_a_pixel_and_of_even_ones_do_not() -> None:
    sizes = [1, 3, 5, 2, 4]
    fig = figures.centres(sizes)
    assert [ax.get_title() for ax in fig.axes] == ["1×1", "3×3", "5×5", "2×2", "4×4"]
    assert [ax.get_xlabel().replace("\n", " ") for ax in fig.axes] == [
        "centre pixel",
        "centre pixel, 1 on each side",
        "centre pixel, 2 on each side",
        "no centre pixel",
        "no centre pixel",
    ]
    assert [windows(ax) for ax in fig.axes] == [
        [(0, 0, 1, 1)],
        [(1, 1, 1, 1)],
        [(2, 2, 1, 1)],
        [],
        [],
    ]
    crosses = [[float(x) for x in ax.lines[0].get_xdata()] for ax in fig.axes[3:]]
    assert crosses == [[0.5], [1.5]]
    cells = [cell_inches(ax) for ax in fig.axes[1:]]
    assert np.ptp(cells) < 0.06 * max(cells)


def test_centres_refuse_no_kernel() -> None:
    with pytest.raises(ValueError, match="centres: kernel_sizes"):
        figures.centres([])
    with pytest.raises(ValueError, match="centres: kernel_sizes"):
        figures.centres([3, 0])


# The cone behind one output pixel


def rows_of(ax: Axes, gid: str) -> dict[int, list[float]]:
    """Return the centres of the cells by level, 0 for the input."""
    rows: dict[int, list[float]] = {}
    for box in marked(ax, gid):
        assert isinstance(box, Rectangle)
        level = round((box.get_y() + box.get_height() / 2) / 1.9)
        rows.setdefault(level, []).append(box.get_x() + box.get_width() / 2)
    return rows


@pytest.mark.parametrize(
    "layers",
    [
        [(3, 1)],
        [(3, 1), (3, 1)],
        [(3, 1), (3, 1), (3, 1)],
        [(3, 2), (3, 1)],
        [(3, 2), (3, 2)],
        [(5, 1), (2, 2)],
    ],
)
def test_cone_shows_the_pixels_that_change_the_output(layers: list[tuple[int, int]]) -> None:
    _, ax = drawing.new()
    figures.cone(layers, ax)
    seen = rows_of(ax, "seen")
    unseen = rows_of(ax, "unseen")
    width = len(seen[0]) + len(unseen.get(0, []))

    # Light one input pixel after the other and run the layers with weights of 1.
    y = np.eye(width).reshape(width, 1, 1, width)
    for kernel_size, stride in layers:
        y = conv2d(y, np.ones((1, 1, 1, kernel_size)), stride=(1, stride))
    assert y.shape[-1] == 3
    noticed = np.flatnonzero(y[:, 0, 0, 1])
    assert np.allclose(seen[0], noticed)
    assert len(noticed) == receptive_field(layers)[-1]
    assert len(seen[len(layers)]) == 1
    assert len(unseen[len(layers)]) == 2


def test_cone_stands_above_the_middle_of_what_it_sees() -> None:
    _, ax = drawing.new()
    figures.cone([(3, 2), (3, 1)], ax, title="two layers")
    seen = rows_of(ax, "seen")
    assert np.allclose(seen[0], [2, 3, 4, 5, 6, 7, 8])
    assert np.allclose(seen[1], [3, 5, 7])
    assert np.allclose(seen[2], [5])
    assert texts(ax, "row") == ["1 output pixel", "3 after layer 1", "7 input pixels"]
    assert ax.get_title() == "two layers"
    assert len(marked(ax, "fan")) == 1 + 3


def test_cone_tells_seen_from_unseen_without_colour() -> None:
    _, ax = drawing.new()
    figures.cone([(3, 1)], ax)
    assert {box.get_linestyle() for box in marked(ax, "seen")} == {"-"}
    assert "-" not in {box.get_linestyle() for box in marked(ax, "unseen")}


def test_cone_refuses_what_cannot_be_drawn() -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match=r"cone: needs a layer"):
        figures.cone([], ax)
    with pytest.raises(ValueError, match=r"outputs 0"):
        figures.cone([(3, 1)], ax, outputs=0)
    with pytest.raises(ValueError, match="receptive_field"):
        figures.cone([(3, 0)], ax)


# All of them as pictures


def test_every_text_stays_inside_the_picture() -> None:
    fig, ax = drawing.new(width=9, height=4.6)
    figures.cone([(3, 1), (3, 1), (3, 1)], ax)
    drawn = [
        fig,
        figures.plans(CASES),
        figures.centres([3, 5, 7, 2, 4]),
        figures.coverage_maps([coverage(8, 3, 2, 0)] * 3, ["one", "two", "three"], indices=True),
    ]
    for figure in drawn:
        assert drawing.to_png(figure)[1:4] == b"PNG"
        for axes in figure.axes:
            for text in axes.texts:
                if not re.fullmatch(r"\d*", text.get_text()):
                    box = text.get_window_extent()
                    assert box.x0 >= -1, text.get_text()
                    assert box.x1 <= figure.bbox.x1 + 1, text.get_text()


def test_the_networks_span_what_is_published() -> None:
    # Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", 2019.
    spans = {
        name: receptive_field([(kernel, stride) for kernel, stride, _ in layers])[-1]
        for name, layers in figures.NETWORKS.items()
    }
    assert spans == {"AlexNet": 195, "VGG-16": 212, "ResNet-50": 483}


def test_the_networks_end_with_the_maps_that_are_published() -> None:
    for name, layers in figures.NETWORKS.items():
        size = 224
        for kernel, stride, padding in layers:
            size = output_size(size, kernel, stride, padding)
        assert size == (6 if name == "AlexNet" else 7), name


def test_aliasing_makes_rings_and_a_blur_removes_them() -> None:
    fig = figures.aliasing(4)
    whole, thinned, blurred = (np.asarray(ax.images[0].get_array()) for ax in fig.axes)
    assert whole.shape[:2] == (192, 192)
    assert thinned.shape[:2] == blurred.shape[:2] == (48, 48)
    # Where the rings are finest, at the middle of the left edge, nothing but the blur is grey.
    at_the_edge = (slice(18, 30), slice(0, 4))
    assert np.ptp(thinned[at_the_edge]) > 3 * np.ptp(blurred[at_the_edge])
    with pytest.raises(ValueError, match="step must be at least 2"):
        figures.aliasing(1)


# Where the fields lie


def test_the_fields_of_the_first_and_the_last_cell_are_where_the_windows_lead_back_to():
    layers = [(3, 2, 1), (2, 2, 0), (3, 1, 1)]
    ax = figures.fields({"a": layers, "b": layers[:1]}, 20).axes[0]
    cells = output_size(output_size(output_size(20, 3, 2, 1), 2, 2), 3, 1, 1)
    for network, last, bars in ((layers, cells - 1, (0, 1)), (layers[:1], 9, (2, 3))):
        for cell, bar in zip((0, last), bars, strict=True):
            pixels = {cell}
            for kernel_size, stride, padding in reversed(network):
                pixels = {stride * p + k - padding for p in pixels for k in range(kernel_size)}
            field = marked(ax, "field")[bar]
            assert isinstance(field, Rectangle)
            assert (field.get_x(), field.get_width()) == (min(pixels), len(pixels))
    (picture,) = marked(ax, "picture")
    assert isinstance(picture, Rectangle)
    assert (picture.get_x(), picture.get_width()) == (0, 20)
    assert texts(ax) == ["first cell", "last cell"] * 2


def test_fields_need_a_network():
    with pytest.raises(ValueError, match="needs a network"):
        figures.fields({}, 20)
