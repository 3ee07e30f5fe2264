"""LeNet-5 counts as its paper says, and what is new in it has the right gradients."""

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.course.lenet_to_resnet.networks import (
    C3_TABLE,
    TEMPLATES,
    Jolt,
    ScaledTanh,
    SparseConv2d,
    Subsample,
    Templates,
    deep_net,
    for_lenet,
    lenet5_1998,
)
from cnnlib.gradcheck import check_gradient
from cnnlib.layers import Conv2d
from cnnlib.model import Residual


def test_lenet_counts_as_its_paper_says():
    summary = lenet5_1998(np.random.default_rng(0)).summary((1, 32, 32))
    learned = [row.parameters for row in summary.rows if row.parameters]
    assert learned == [156, 12, 1516, 32, 48_120, 10_164]
    assert summary.parameters == 60_000


def test_the_table_of_c3_is_that_of_the_paper():
    assert [len(maps) for maps in C3_TABLE] == [3] * 6 + [4] * 9 + [6]
    assert sum(map(len, C3_TABLE)) == 60
    readers = [sum(channel in maps for maps in C3_TABLE) for channel in range(6)]
    assert readers == [10] * 6  # every map of S2 is read equally often
    assert len(set(C3_TABLE)) == 16


def test_a_sparse_convolution_reads_what_its_table_names():
    rng = np.random.default_rng(0)
    sparse = SparseConv2d([(0,), (1, 2)], 3, 2, rng=rng)
    assert sparse.weight.shape == (3, 2, 2)
    sparse.weight.value = np.arange(12.0).reshape(3, 2, 2)
    sparse.bias.value = np.array([0.5, -1.0])
    x = np.zeros((1, 3, 2, 2))
    x[0, :, 0, 0] = 1, 10, 100
    # The first filter sees 1 · 0, the second 10 · 4 + 100 · 8.
    np.testing.assert_array_equal(sparse(x).ravel(), [0.5, 839.0])
    everything = SparseConv2d([(0, 1)] * 4, 2, 3, rng=rng)
    picture = rng.normal(size=(2, 2, 6, 5))
    weight = everything.weight.value.reshape(4, 2, 3, 3).astype(float)
    np.testing.assert_allclose(everything(picture), F.conv2d(picture, weight), atol=1e-12)
    assert everything.output_shape((2, 6, 5)) == (4, 4, 3)
    assert everything.multiply_adds((2, 6, 5)) == 4 * 2 * 9 * 4 * 3


def test_subsampling_adds_scales_and_shifts():
    layer = Subsample(2)
    layer.weight.value, layer.bias.value = np.array([0.5, 2.0]), np.array([1.0, 0.0])
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(layer(np.stack([x, x])[None]).ravel(), [6.0, 20.0])


def test_a_jolt_shifts_and_stretches_each_channel_anew_and_only_in_training():
    jolt = Jolt(0.5, 1.25, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(4, 3, 5, 5))
    first, second = jolt(x), jolt(x)
    factor = first.std(axis=(0, 2, 3)) / x.std(axis=(0, 2, 3))
    moved = first.mean(axis=(0, 2, 3)) - factor * x.mean(axis=(0, 2, 3))
    assert ((factor > 0.8) & (factor < 1.25) & (np.abs(moved) < 0.5)).all()
    np.testing.assert_allclose(first, x * factor[:, None, None] + moved[:, None, None])
    assert np.abs(second - first).min() > 0
    means, deviations = jolt.handed_on[1]
    np.testing.assert_allclose(means, second.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(deviations, second.std(axis=(0, 2, 3)))
    factor = second.std(axis=(0, 2, 3)) / x.std(axis=(0, 2, 3))
    np.testing.assert_allclose(jolt.backward(x), x * factor[:, None, None])
    jolt.eval()
    np.testing.assert_array_equal(jolt(x), x)
    np.testing.assert_array_equal(jolt.backward(x), x)
    assert len(jolt.handed_on) == 2


def test_a_jolt_of_nothing_watches():
    watch = Jolt(0, 1, rng=np.random.default_rng(0))
    x = np.random.default_rng(1).normal(size=(4, 3, 5, 5))
    np.testing.assert_array_equal(watch(x), x)
    assert len(watch.handed_on) == 1


def test_scaled_tanh_leaves_one_at_one():
    assert ScaledTanh()(np.array([[1.0, -1.0]])).round(4).tolist() == [[1.0, -1.0]]


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (ScaledTanh(), (2, 3)),
        (Subsample(2), (2, 2, 4, 6)),
        (SparseConv2d([(0, 2), (1,)], 3, 2, rng=np.random.default_rng(1)), (2, 3, 4, 3)),
        (Templates(), (2, 84)),
    ],
    ids=lambda one: type(one).__name__ if not isinstance(one, tuple) else "",
)
def test_gradients(layer, shape):
    rng = np.random.default_rng(2)
    x = rng.normal(size=shape)
    dout = rng.normal(size=layer(x).shape)
    for parameter in layer.parameters():
        parameter.dtype = np.dtype(np.float64)
        parameter.value = rng.normal(size=parameter.shape)
    layer(x)
    dx = layer.backward(dout)
    check_gradient(lambda x: float((layer(x) * dout).sum()), x, dx)
    layer(x)
    layer.backward(dout)
    for parameter in layer.parameters():

        def loss(value, parameter=parameter):
            kept = parameter.value
            parameter.value = value
            y = float((layer(x) * dout).sum())
            parameter.value = kept
            return y

        check_gradient(loss, parameter.value, parameter.grad)


def test_the_nearest_template_wins():
    scores = Templates()(TEMPLATES.reshape(10, 84).astype(float))
    assert scores.argmax(axis=1).tolist() == list(range(10))
    differing = (TEMPLATES[:, None] != TEMPLATES[None]).sum(axis=(2, 3))
    np.testing.assert_allclose(scores, -2 * differing)  # each pixel that differs costs ½ · 2²
    assert differing[~np.eye(10, dtype=bool)].min() >= 4


def test_layers_whose_images_do_not_meet_say_so():
    rng = np.random.default_rng(0)
    model = lenet5_1998(rng)
    assert not model.mixes_images
    x = for_lenet(rng.random((4, 1, 28, 28)).astype(np.float32))
    halves = np.concatenate([model(x[:2]), model(x[2:])])
    np.testing.assert_allclose(model(x), halves, rtol=1e-5, atol=1e-5)


def test_the_digits_are_made_ready_as_the_paper_says():
    ready = for_lenet(np.ones((1, 1, 28, 28), dtype=np.float32))
    assert ready.shape == (1, 1, 32, 32)
    assert ready[0, 0, 16, 16] == pytest.approx(1.175)
    assert ready[0, 0, 0, 0] == pytest.approx(-0.1)


@pytest.mark.parametrize("depth", [4, 8, 20])
def test_a_deep_net_has_as_many_layers_as_it_says(depth):
    for shortcuts in (False, True):
        net = deep_net(depth, np.random.default_rng(0), shortcuts=shortcuts)
        learning = [one for one in net.leaves() if type(one).__name__ in ("Conv2d", "Linear")]
        assert len(learning) == depth
        assert sum(isinstance(one, Residual) for one in net) == shortcuts * (depth // 2 - 1)
    assert net(np.zeros((1, 1, 28, 28), np.float32)).shape == (1, 10)


def test_shortcuts_and_nothing_else_tell_two_nets_apart():
    plain, residual = (
        deep_net(8, np.random.default_rng(3), shortcuts=one) for one in (False, True)
    )
    pairs = list(zip(plain.parameters(), residual.parameters(), strict=True))
    assert all(np.array_equal(one.value, other.value) for one, other in pairs)
    x = np.random.default_rng(0).random((2, 1, 28, 28)).astype(np.float32)
    assert not np.allclose(plain(x), residual(x))


def test_without_normalisation_the_convolutions_have_biases():
    net = deep_net(6, np.random.default_rng(0), shortcuts=False, normalised=False)
    convolutions = [one for one in net.leaves() if isinstance(one, Conv2d)]
    assert all(one.bias is not None for one in convolutions)


@pytest.mark.parametrize("depth", [2, 7, 9])
def test_an_impossible_depth_is_refused(depth):
    with pytest.raises(ValueError, match=f"even and at least 4, got {depth}"):
        deep_net(depth, np.random.default_rng(0), shortcuts=True)
