"""The figures of notebook 07 carry the numbers that they are given, each in its place."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle
from matplotlib.text import Annotation

from cnnlib.course import drawing
from cnnlib.course.backpropagation import figures

IMAGE = np.array([[3, 1, 2], [0, 4, 1], [2, 5, 3]])
KERNEL = np.array([[1, -2], [3, 2]])
DOUT = np.array([[1, 2], [-1, 3]])


def texts(ax: Axes, gid: str) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_gid() == gid]


# The five steps


def test_five_steps_stand_in_their_order_from_left_to_right() -> None:
    (ax,) = figures.five_steps().axes
    steps = [text for text in ax.texts if text.get_gid() == "step"]
    assert [step.get_text() for step in steps] == [
        "1 initialise",
        "2 forward",
        "3 loss",
        "4 backward",
        "5 update",
    ]
    places = [step.get_position()[0] for step in steps]
    assert places == sorted(places)


def test_the_way_back_leads_from_update_to_forward() -> None:
    (ax,) = figures.five_steps().axes
    boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    assert len(boxes) == 5
    assert len(arrows) == 5
    centres = [box.get_x() + box.get_width() / 2 for box in boxes]
    (start, _), (stop, _) = arrows[-1]._posA_posB
    assert (start, stop) == pytest.approx((centres[4], centres[1]))
    # Among the others each leads from one box to the next.
    for arrow, left, right in zip(arrows[:4], boxes[:4], boxes[1:], strict=True):
        (start, _), (stop, _) = arrow._posA_posB
        assert left.get_x() + left.get_width() < start < stop < right.get_x()


def test_only_backward_is_marked() -> None:
    (ax,) = figures.five_steps().axes
    boxes = [patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    marked = [k for k, box in enumerate(boxes) if box.get_linewidth() > 2]
    assert marked == [3]


# Graphs


def test_neuron_has_a_value_and_a_gradient_on_every_edge() -> None:
    values = {"x": 2, "w": 3, "product": 6, "b": -1, "z": 5, "a": 5, "t": 7, "L": 4}
    gradients = {"x": -12, "w": -8, "product": -4, "b": -4, "z": -4, "a": -4, "t": 4, "L": 1}
    (ax,) = figures.graph("neuron", values, gradients).axes
    assert texts(ax, "value") == ["2", "3", "6", "−1", "5", "5", "7", "4"]
    assert texts(ax, "gradient") == ["−12", "−8", "−4", "−4", "−4", "−4", "4", "1"]


@pytest.mark.parametrize("name", figures.GRAPHS)
def test_numbers_stand_at_their_own_edge_and_on_their_own_side(name: str) -> None:
    nodes, arrows, _ = figures.GRAPHS[name]
    values = {arrow: k for k, arrow in enumerate(arrows)}
    gradients = {arrow: 100 + k for k, arrow in enumerate(arrows)}
    (ax,) = figures.graph(name, values, gradients).axes
    assert texts(ax, "node") == [text for _, _, text in nodes.values()]
    numbers = {text.get_text(): text for text in ax.texts if isinstance(text, Annotation)}
    for k, (start, end) in enumerate(arrows.values()):
        middle = (np.array(nodes[start][:2]) + np.array(nodes[end][:2])) / 2
        value, gradient = numbers[str(k)], numbers[str(100 + k)]
        assert value.xy == pytest.approx(tuple(middle))
        assert gradient.xy == pytest.approx(tuple(middle))
        assert value.xyann[1] > 0 > gradient.xyann[1]


def routes(name: str, start: str) -> list[list[str]]:
    """Return every way along the arrows of a graph, from a box to where no arrow leads on."""
    onwards = [end for begin, end in figures.GRAPHS[name][1].values() if begin == start]
    if not onwards:
        return [[start]]
    return [[start, *rest] for end in onwards for rest in routes(name, end)]


def test_arrows_lead_where_the_arithmetic_goes() -> None:
    assert routes("chain", "x") == [["x", "times", "minus", "square", "L"]]
    rest = ["plus", "relu", "square", "L"]
    assert routes("neuron", "x") == [["x", "times", *rest]]
    assert routes("neuron", "w") == [["w", "times", *rest]]
    assert routes("neuron", "b") == [["b", *rest]]
    assert routes("neuron", "t") == [["t", "square", "L"]]
    assert routes("fork", "w") == [
        ["w", "times 3", "times 2", "plus", "L"],
        ["w", "times 5", "times -1", "plus", "L"],
    ]


def test_an_edge_without_numbers_stays_bare() -> None:
    (ax,) = figures.graph("chain", {"x": 2}, {}).axes
    assert texts(ax, "value") == ["2"]
    assert texts(ax, "gradient") == []


def test_graph_refuses_unknown_names() -> None:
    with pytest.raises(ValueError, match=r"no graph 'ring'.*chain.*neuron.*fork"):
        figures.graph("ring", {}, {})
    with pytest.raises(ValueError, match="the chain has no arrow 'q'"):
        figures.graph("chain", {"q": 1}, {})


# Sliding sums


def test_sliding_sums_are_the_gradient_of_the_weights() -> None:
    fig = figures.sliding_sums(IMAGE, DOUT, name="dW")
    assert [ax.get_title() for ax in fig.axes] == [
        "dW[0, 0] = 17",
        "dW[0, 1] = 4",
        "dW[1, 0] = 21",
        "dW[1, 1] = 10",
    ]


def test_each_panel_frames_its_window_and_writes_its_products() -> None:
    fig = figures.sliding_sums(IMAGE, DOUT)
    for (i, j), ax in zip(np.ndindex(2, 2), fig.axes, strict=True):
        cells = np.array([text.get_text() for text in ax.texts], dtype=object).reshape(3, 3)
        for (row, column), text in np.ndenumerate(cells):
            inside = i <= row < i + 2 and j <= column < j + 2
            value = str(IMAGE[row, column])
            if inside:
                factor = str(DOUT[row - i, column - j]).replace("-", "−")
                assert text == f"{value}\n× {factor}"
            else:
                assert text == value
        (frame,) = [patch for patch in ax.patches if patch.get_gid() == "highlight"]
        assert (frame.get_x(), frame.get_y()) == (j - 0.5, i - 0.5)
        assert (frame.get_width(), frame.get_height()) == (2, 2)


def test_sliding_sums_over_padding_are_the_gradient_of_the_input() -> None:
    fig = figures.sliding_sums(np.pad(DOUT, 1), KERNEL[::-1, ::-1], name="dX", padding=1)
    sums = [int(ax.get_title().split("= ")[1].replace("−", "-")) for ax in fig.axes]
    assert sums == [1, 0, -4, 2, 13, -2, -3, 7, 6]
    # The border is grey and the middle is not.
    colours = fig.axes[0].images[0].get_array()
    assert (colours[0] == colours[0, 0]).all()
    assert not np.array_equal(colours[1, 1], colours[0, 0])


def test_sliding_sums_of_a_row_and_of_floats() -> None:
    fig = figures.sliding_sums([[0.5, 1.0, 2.0]], [[2.0, 1.0]], name="y")
    assert [ax.get_title() for ax in fig.axes] == ["y[0, 0] = 2", "y[0, 1] = 4"]
    assert fig.axes[0].texts[0].get_text() == "0.5\n× 2"


def test_sliding_sums_say_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="the kernel is 3×3, larger than values, which are 2×2"):
        figures.sliding_sums(DOUT, IMAGE)
    with pytest.raises(ValueError, match=r"must be 2-D.*\(1, 2, 2\)"):
        figures.sliding_sums(DOUT[None], KERNEL)


# The error of a numerical gradient


def test_step_error_is_drawn_on_logarithmic_axes() -> None:
    _, ax = drawing.new()
    steps = [1e-2, 1e-1, 1.0]
    figures.step_error(steps, {"central": [1e-4, 1e-2, 1], "one-sided": [0, 0.6, 7]}, ax)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    central, one_sided = ax.lines
    assert central.get_xdata().tolist() == steps
    assert central.get_ydata().tolist() == [1e-4, 1e-2, 1]
    assert np.isnan(one_sided.get_ydata()[0])  # a zero has no logarithm
    assert one_sided.get_ydata()[1:].tolist() == [0.6, 7]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["central", "one-sided"]


def test_step_error_names_both_sides() -> None:
    _, ax = drawing.new()
    figures.step_error([1e-2, 1e-1], {"central": [1e-4, 1e-2]}, ax)
    left, right = (text for text in ax.texts if text.get_gid() == "side")
    assert "rounding" in left.get_text()
    assert "bends" in right.get_text()
    assert left.get_position()[0] < right.get_position()[0]


# The valley


def test_valley_draws_the_paths_and_the_minimum() -> None:
    paths = {"SGD": [(10, 1), (9.7, -0.5)], "Adam": [(10, 1), (9.5, 0.5), (9, 0.1)]}
    _, ax = drawing.new()
    figures.valley((1, 50), paths, ax, title="two weights")
    sgd, adam, star = ax.lines
    assert sgd.get_xydata().tolist() == [[10, 1], [9.7, -0.5]]
    assert adam.get_xydata().tolist() == [[10, 1], [9.5, 0.5], [9, 0.1]]
    assert star.get_xydata().tolist() == [[0, 0]]
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["SGD", "Adam", "minimum"]
    assert sgd.get_marker() != adam.get_marker()
    assert ax.get_title() == "two weights"


def test_valley_shows_the_start_and_the_minimum() -> None:
    _, ax = drawing.new()
    figures.valley((1, 50), {"SGD": [(10, 1), (9.7, -0.5)]}, ax)
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert left < 0 < 10 < right
    assert low < -0.5 < 1 < high


def test_contours_of_the_valley_are_ellipses_of_its_curvature() -> None:
    _, ax = drawing.new()
    figures.valley((1, 4), {"path": [(-4, -4), (4, 4)]}, ax)
    (contours,) = ax.collections
    innermost = contours.get_paths()[0].vertices
    reach = np.abs(innermost).max(axis=0)
    # Four times as steep across: half as wide there, up to the mesh of the drawing.
    assert reach[0] / reach[1] == pytest.approx(2, rel=0.05)


def test_valley_refuses_what_is_no_path() -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match=r"the path 'SGD' must have shape \(steps \+ 1, 2\)"):
        figures.valley((1, 50), {"SGD": [[1, 2, 3]]}, ax)


# The clinic

RUNGS = ["first loss", "check"]
PATIENTS = {"healthy": [(True, "2.41"), (True, "")], "A": [(False, "202"), (None, "")]}


def test_clinic_writes_each_verdict_in_its_row_and_column() -> None:
    (ax,) = figures.clinic(RUNGS, PATIENTS).axes
    verdicts = [text for text in ax.texts if text.get_gid() == "verdict"]
    assert [text.get_text() for text in verdicts] == ["✓  2.41", "✓", "✗  202", "not tried"]
    rows = [round(text.get_position()[1]) for text in verdicts]
    assert rows == [0, 0, 1, 1]
    columns = [int(text.get_position()[0]) for text in verdicts]
    assert columns == [0, 1, 0, 1]
    assert texts(ax, "rung") == RUNGS
    names = [text.get_text() for text in ax.texts if text.get_gid() is None]
    assert names == ["healthy", "A"]


def test_a_failed_rung_is_marked_by_more_than_its_colour() -> None:
    (ax,) = figures.clinic(RUNGS, PATIENTS).axes
    widths = [patch.get_linewidth() for patch in ax.patches if isinstance(patch, Rectangle)]
    assert widths[2] > max(widths[0], widths[1], widths[3])


def test_clinic_wants_a_verdict_for_each_rung() -> None:
    with pytest.raises(ValueError, match="'A' has 1 verdicts for 2 tests"):
        figures.clinic(RUNGS, {"A": [(True, "")]})


# All of them


def test_every_figure_can_be_drawn() -> None:
    _, valley = drawing.new()
    figures.valley((1, 50), {"SGD": [(10, 1), (9.7, -0.5)]}, valley)
    _, error = drawing.new()
    figures.step_error([1e-2, 1e-1], {"central": [1e-4, 1e-2]}, error)
    drawn = [
        figures.five_steps(),
        figures.graph("fork", {"L": 2}, {"L": 1}),
        figures.sliding_sums(IMAGE, DOUT),
        figures.clinic(RUNGS, PATIENTS),
        valley,
        error,
    ]
    for figure in drawn:
        assert drawing.to_png(figure).startswith(b"\x89PNG")


def test_a_histogram_shows_the_share_of_each_value_that_leaves_a_layer() -> None:
    fig = figures.activations({"ReLU": [0.0] * 6 + [3.0] * 2, "dead": np.zeros((2, 5))})
    heights = [[bar.get_height() for bar in ax.patches] for ax in fig.axes]
    assert (heights[0][0], heights[0][-1], sum(heights[0])) == (0.75, 0.25, 1)
    assert heights[1] == [1]
    assert [ax.get_title() for ax in fig.axes] == ["ReLU", "dead"]
    with pytest.raises(ValueError, match="there is no layer"):
        figures.activations({})
    with pytest.raises(ValueError, match="'empty' has no values"):
        figures.activations({"empty": []})
