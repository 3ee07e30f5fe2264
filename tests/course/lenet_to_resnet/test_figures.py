"""The figures of notebook 11 show the numbers that they were given."""

import numpy as np
import pytest

from cnnlib.architectures import efficientnet_lite0, googlenet, resnet18, resnet50, vgg16
from cnnlib.course import drawing
from cnnlib.course.lenet_to_resnet import figures
from cnnlib.course.lenet_to_resnet.networks import C3_TABLE, TEMPLATES
from cnnlib.course.lenet_to_resnet.published import HUMANS, MEASURED, SECOND_RECIPE, WINNERS
from cnnlib.layers import BatchNorm2d, Conv2d, MaxPool2d, ReLU
from cnnlib.model import Parallel, Residual, Sequential


def test_the_contest_has_a_bar_for_each_year_and_a_line_for_each_person():
    (ax,) = figures.contest(WINNERS, HUMANS).axes
    assert [bar.get_width() for bar in ax.patches] == [one.error for one in WINNERS]
    lines = [line.get_xdata()[0] for line in ax.lines]
    assert all(person.error in lines for person in HUMANS)
    texts = [text.get_text() for text in ax.texts]
    assert "A1: 5.1% of 1,500" in texts
    assert "A2: 12% of 258" in texts


def test_a_circle_stands_where_its_network_was_measured():
    (ax,) = figures.accuracy_against_work(MEASURED, marked=["VGG-16"]).axes
    circles = ax.collections[: len(MEASURED)]
    for circle, one in zip(circles, MEASURED, strict=True):
        assert tuple(circle.get_offsets()[0]) == (one.billions, one.accuracy)
    areas = [circle.get_sizes()[0] for circle in circles]
    ratio = MEASURED[0].parameters / MEASURED[6].parameters
    assert areas[0] / areas[6] == pytest.approx(ratio)
    thick = [circle.get_linewidths()[0] > 1 for circle in circles]
    assert [one.name for one, chosen in zip(MEASURED, thick, strict=True) if chosen] == ["VGG-16"]


def test_every_row_has_a_source_and_counts_as_the_library_does():
    assert all(one.source for one in (*WINNERS, *MEASURED))
    ours = {"VGG-16": vgg16, "ResNet-18": resnet18, "ResNet-50": resnet50}
    ours["EfficientNet-Lite0"] = efficientnet_lite0
    for one in MEASURED:
        if one.name in ours:
            summary = ours[one.name](np.random.default_rng(0)).summary((3, 224, 224))
            assert one.parameters == summary.parameters
            assert one.billions == pytest.approx(summary.multiply_adds / 1e9, abs=0.001)
    (fifty,) = (one for one in MEASURED if one.name == "ResNet-50")
    assert (fifty.parameters, fifty.billions) == (SECOND_RECIPE.parameters, SECOND_RECIPE.billions)


def test_the_table_of_c3_has_a_sign_for_each_kernel():
    (ax,) = figures.c3_table().axes
    signs = [text for text in ax.texts if text.get_text() == "×"]
    assert len(signs) == sum(map(len, C3_TABLE)) == 60


def labels(ax):
    return [text.get_text() for text in ax.texts]


def test_an_inception_block_is_drawn_with_its_four_ways():
    rng = np.random.default_rng(0)
    block = next(layer for layer in googlenet(rng) if isinstance(layer, Parallel))
    (ax,) = figures.blocks({"inception 3a": (block, 192)}).axes
    assert ax.get_title() == "inception 3a"
    ways = ["1×1, 64", "1×1, 96", "3×3, 128", "1×1, 16", "5×5, 32", "3×3 max pool", "1×1, 32"]
    assert labels(ax) == ["192", *ways, "stacked", "256"]


def test_a_shortcut_goes_past_the_convolutions_and_ends_in_a_plus():
    rng = np.random.default_rng(0)
    main = Sequential(
        *(Conv2d(24, 144, 1, rng=rng), BatchNorm2d(144), ReLU()),
        *(Conv2d(144, 144, 3, padding=1, groups=144, rng=rng), ReLU()),
        Conv2d(144, 24, 1, rng=rng),
    )
    turned = Conv2d(24, 24, 1, rng=rng)
    drawn = {"plain": main, "past": Residual(main), "other": Residual(main, turned)}
    plain, past, other = figures.blocks({name: (one, 24) for name, one in drawn.items()}).axes
    boxes = ["1×1, 144", "3×3 depthwise, 144", "1×1, 24"]
    assert labels(plain) == ["24", *boxes, "24"]
    assert labels(past) == ["24", *boxes, "+", "24"]
    assert labels(other) == ["24", *boxes, "1×1, 24", "+", "24"]
    widths = [patch.get_width() for patch in past.patches if patch.get_gid() == "layer"]
    assert widths[0] == widths[1] > 2 * widths[2]  # wide where there are many channels


def test_a_block_that_holds_another_kind_of_layer_is_refused():
    with pytest.raises(TypeError, match="blocks: BatchNorm2d"):
        figures.blocks({"nothing": (BatchNorm2d(3), 3)})
    with pytest.raises(TypeError, match="would be one way within another"):
        figures.blocks({"deep": (Residual(Residual(MaxPool2d(3, 1, 1))), 3)})


def test_answers_stand_above_what_differs_in_them_and_in_the_templates():
    fig = figures.templates(TEMPLATES.reshape(10, 84), [2, 5])
    raw, _, _, other, _, rest, _, drawn = (ax.images[0].get_array() for ax in fig.axes)
    np.testing.assert_array_equal(raw, TEMPLATES[2])
    np.testing.assert_array_equal(other, TEMPLATES[5] - TEMPLATES.mean(axis=0))
    np.testing.assert_array_equal(other, rest)
    np.testing.assert_array_equal(drawn, TEMPLATES[5])


@pytest.mark.parametrize("draw", [figures.by_depth, figures.by_rate])
def test_means_are_drawn_as_lines_and_runs_as_dots(draw):
    fig, ax = drawing.new()
    rows = {"plain": [[1.0, 3.0], [2.0, 4.0], [5.0, 5.0]], "other": [[0.1], [0.2], [0.3]]}
    options = {"ylabel": "loss"} if draw is figures.by_depth else {}
    draw([1, 2, 4], rows, ax, **options)
    assert ax.lines[0].get_ydata().tolist() == [2.0, 3.0, 5.0]
    dots = [tuple(point) for one in ax.collections for point in one.get_offsets()]
    assert {(1.0, 1.0), (1.0, 3.0), (2.0, 4.0), (4.0, 0.3)} <= set(dots)
    assert len(dots) == 9
    fig.canvas.draw()
