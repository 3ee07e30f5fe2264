"""Networks with a name: their published totals, and their gradients."""

import resource

import numpy as np
import pytest

from cnnlib import architectures
from cnnlib.functional import cross_entropy, cross_entropy_backward
from cnnlib.gradcheck import numerical_gradient, relative_error
from cnnlib.layers import Conv2d, Linear, MaxPool2d

pytestmark = pytest.mark.usefixtures("both_backends")


def rng():
    return np.random.default_rng(0)


NETWORKS = {
    "course_cnn": (architectures.course_cnn, (1, 28, 28), 80_202),
    "lenet5": (architectures.lenet5, (1, 32, 32), 61_706),
    "alexnet": (architectures.alexnet, (3, 227, 227), 62_378_344),
    "alexnet in two groups": (
        lambda rng, **options: architectures.alexnet(rng, groups=2, **options),
        (3, 227, 227),
        60_965_224,
    ),
    "vgg16": (architectures.vgg16, (3, 224, 224), 138_357_544),
    "googlenet": (architectures.googlenet, (3, 224, 224), 6_998_552),
    "resnet18": (architectures.resnet18, (3, 224, 224), 11_689_512),
    "resnet50": (architectures.resnet50, (3, 224, 224), 25_557_032),
    "efficientnet_lite0": (architectures.efficientnet_lite0, (3, 224, 224), 4_652_008),
    "efficientnet_lite0 folded": (
        lambda rng, **options: architectures.efficientnet_lite0(rng, folded=True, **options),
        (3, 224, 224),
        4_652_008 - 21_008,  # of each filter's scale and shift a bias is left
    ),
}


def test_every_architecture_is_in_the_table():
    assert {name.split()[0] for name in NETWORKS} == set(architectures.__all__)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_the_published_ones(name):
    make, shape, parameters = NETWORKS[name]
    model = make(rng())
    assert model.summary(shape).parameters == parameters
    assert sum(parameter.size for parameter in model.parameters()) == parameters


def test_alexnet_row_by_row():
    summary = architectures.alexnet(rng()).summary((3, 227, 227))
    weighted = [row.parameters for row in summary.rows if row.parameters]
    assert weighted == [
        34_944, 614_656, 885_120, 1_327_488, 884_992, 37_752_832, 16_781_312, 4_097_000,
    ]  # fmt: skip
    model = architectures.alexnet(rng())
    sizes = [
        row.output_shape
        for row, layer in zip(summary.rows, model, strict=True)
        if isinstance(layer, Conv2d | MaxPool2d | Linear)
    ]
    assert sizes == [
        (96, 55, 55), (96, 27, 27), (256, 27, 27), (256, 13, 13),
        (384, 13, 13), (384, 13, 13), (256, 13, 13), (256, 6, 6),
        (4096,), (4096,), (1000,),
    ]  # fmt: skip
    fields = [
        row.receptive_field
        for row, layer in zip(summary.rows, model, strict=True)
        if isinstance(layer, Conv2d | MaxPool2d)
    ]
    assert fields == [11, 19, 51, 67, 99, 131, 163, 195]
    assert summary.multiply_adds == 1_135_256_096
    grouped = architectures.alexnet(rng(), groups=2).summary((3, 227, 227))
    assert grouped.multiply_adds == 724_406_816
    weighted = [row.parameters for row in grouped.rows if row.parameters]
    assert [weighted[i] for i in (1, 3, 4)] == [307_456, 663_936, 442_624]


def test_known_shapes_on_the_way():
    shapes = [
        row.output_shape for row in architectures.googlenet(rng()).summary((3, 224, 224), 1).rows
    ]
    for shape in ((64, 112, 112), (64, 56, 56), (192, 28, 28), (256, 28, 28), (480, 14, 14)):
        assert shape in shapes
    assert shapes[-5:] == [(1024, 7, 7), (1024, 1, 1), (1024,), (1024,), (1000,)]
    shapes = [
        row.output_shape for row in architectures.resnet50(rng()).summary((3, 224, 224), 1).rows
    ]
    for shape in ((64, 56, 56), (256, 56, 56), (512, 28, 28), (1024, 14, 14), (2048, 7, 7)):
        assert shape in shapes


def test_efficientnet_lite0_stage_by_stage():
    summary = architectures.efficientnet_lite0(rng()).summary((3, 224, 224), 1)
    assert summary.multiply_adds == 385_187_552
    blocks = [row.output_shape for row in summary.rows[4:20]]
    stages = [(16, 112), (24, 56), (40, 28), (80, 14), (112, 14), (192, 7), (320, 7)]
    repeats = (1, 2, 2, 3, 3, 4, 1)
    assert blocks == [
        (channels, size, size)
        for (channels, size), count in zip(stages, repeats, strict=True)
        for _ in range(count)
    ]
    shortcuts = [row.name.split()[0] for row in summary.rows if "Residual" in row.name]
    assert len(shortcuts) == sum(count - 1 for count in repeats)
    assert [row.output_shape for row in summary.rows[-4:]] == [
        (1280, 1, 1),
        (1280,),
        (1280,),
        (1000,),
    ]


def test_a_summary_allocates_no_weights():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    summary = architectures.vgg16(rng()).summary((3, 224, 224))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert summary.parameters * 4 > 550e6
    assert (after - before) * 1024 < 50e6


def test_other_numbers_of_classes():
    for name, (make, shape, _) in NETWORKS.items():
        if name != "course_cnn":
            assert make(rng(), num_classes=7).output_shape(shape) == (7,)


# Small enough for a numerical gradient, large enough to reach the last pool.
TOYS = {
    "course_cnn": (1, 28, 28),
    "lenet5": (1, 32, 32),
    "alexnet in two groups": (3, 67, 67),
    "vgg16": (3, 32, 32),
    "googlenet": (3, 32, 32),
    "resnet18": (3, 64, 64),
    "resnet50": (3, 64, 64),
    "efficientnet_lite0 folded": (3, 64, 64),
}


def with_small_head(model, shape):
    """Swap the dense layers, which expect a full-size image, for one that fits a small one."""
    flat = [type(layer).__name__ for layer in model].index("Flatten")
    for layer in model.layers[: flat + 1]:
        shape = layer.output_shape(shape)
    model.layers[flat + 1 :] = [Linear(shape[0], 3, rng=rng(), dtype=np.float64)]
    return model


@pytest.mark.parametrize("name", TOYS)
def test_gradients_from_end_to_end(name):
    make, _, _ = NETWORKS[name]
    shape = TOYS[name]
    model = with_small_head(make(rng(), dtype=np.float64), shape)
    model.train()
    x = rng().standard_normal((4, *shape))
    y = np.array([0, 2, 1, 1])
    model(x)
    dx = model.backward(cross_entropy_backward(model(x), y))
    assert dx.shape == x.shape
    # Every pixel and weight would take hours: nudge everything along random directions instead.
    directions = np.random.default_rng(1)
    step = directions.standard_normal(x.shape)

    def along_x(t):
        return cross_entropy(model(x + t[0] * step), y)

    numeric = numerical_gradient(along_x, np.zeros(1), eps=1e-8)
    assert relative_error(np.array([np.vdot(dx, step)]), numeric)[0] < 1e-3

    model.backward(cross_entropy_backward(model(x), y))
    convolutions = [p for p in model.parameters() if p.value.ndim == 4]
    for parameter in (convolutions[0], convolutions[-1], model.parameters()[-2]):
        start, grad = parameter.value.copy(), parameter.grad.copy()
        step = directions.standard_normal(start.shape)

        def along_weight(t, parameter=parameter, start=start, step=step):
            parameter.value = start + t[0] * step
            return cross_entropy(model(x), y)

        numeric = numerical_gradient(along_weight, np.zeros(1), eps=1e-8)
        parameter.value = start
        assert relative_error(np.array([np.vdot(grad, step)]), numeric)[0] < 1e-3


def test_alexnet_runs_at_full_size():
    model = architectures.alexnet(rng())
    model.eval()
    x = rng().random((1, 3, 227, 227), dtype=np.float32)
    logits = model(x)
    assert logits.shape == (1, 1000)
    assert np.isfinite(logits).all()
    assert model.backward(np.ones_like(logits)).shape == x.shape
