"""The fused layers of `cnnlib.fast.fused` against the plain ones that they stand for."""

import numpy as np
import pytest

from cnnlib.architectures import alexnet, course_cnn, lenet5
from cnnlib.fast import fused
from cnnlib.fast.fused import ConvPool, backward_weights, fused_replica
from cnnlib.fast.replicas import replicate
from cnnlib.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from cnnlib.model import Parallel, Residual, Sequential


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def network(rng, relu, pool, bias, **settings):
    conv = Conv2d(**settings, bias=bias, rng=rng, dtype=np.float64)
    if bias:
        conv.bias.value = rng.standard_normal(conv.out_channels)
    return Sequential(conv, *([ReLU()] if relu else []), MaxPool2d(pool))


def results(model, x, dout):
    """Return the output, the gradient of the input, and those of the weights."""
    y = model(x)
    dx = model.backward(dout)
    return [y, dx, *(parameter.grad for parameter in model.parameters())]


CASES = [
    # in, out, kernel, stride, padding, pool, height and width
    (1, 16, 5, 1, 0, 2, (28, 28)),
    (16, 3, 5, 1, 0, 2, (12, 12)),
    (3, 4, 3, 1, 1, 2, (9, 8)),  # the last row is in no window
    (2, 3, 3, 2, 1, 2, (14, 11)),
    (2, 3, (3, 2), (1, 2), (0, 2), 3, (13, 17)),
    (3, 2, 2, 1, 0, (2, 1), (5, 4)),
    (1, 1, 1, 1, 0, 2, (3, 3)),
    (1, 2, 4, 3, 2, 2, (8, 8)),
    (2, 2, 3, 1, 0, 1, (6, 5)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("whole_numbers", [True, False], ids=["ties", "floats"])
def test_fused_layers_do_what_the_plain_ones_do(rng, case, relu, bias, whole_numbers):
    c_in, c_out, kernel, stride, padding, pool, size = case
    settings = {"in_channels": c_in, "out_channels": c_out, "kernel_size": kernel}
    model = network(rng, relu, pool, bias, **settings, stride=stride, padding=padding)
    x = rng.standard_normal((5, c_in, *size))
    if whole_numbers:  # many windows then have several largest pixels: the first takes it all
        x = np.rint(x)
        for parameter in model.parameters():
            parameter.value = np.rint(parameter.value)
    replica, plain = fused_replica(model), replicate(model)
    assert [type(layer) for layer in replica.layers] == [ConvPool]
    dout = rng.standard_normal(plain(x).shape)
    expected = results(plain, x, dout)
    for array, expected_array in zip(results(replica, x, dout), expected, strict=True):
        assert array.shape == expected_array.shape
        np.testing.assert_allclose(array, expected_array, rtol=1e-10, atol=1e-10)
    assert replica.layers[0].kept is None  # it was the fused way that ran, and it let go
    replica(x)
    backward_weights(replica, dout)
    for parameter, expected_grad in zip(replica.parameters(), expected[2:], strict=True):
        np.testing.assert_allclose(parameter.grad, expected_grad, rtol=1e-10, atol=1e-10)


def test_a_negative_zero_or_a_closed_window_lets_nothing_through(rng):
    model = network(rng, True, 2, True, in_channels=1, out_channels=1, kernel_size=1)
    model[0].weight.value = np.ones((1, 1, 1, 1))
    model[0].bias.value = np.array([-1.0])
    x = np.array([[[[0.0, 1.0], [1.0, 0.5]]]])  # the largest is exactly 0 after the bias
    replica = fused_replica(model)
    y, dx, *_ = results(replica, x, np.ones((1, 1, 1, 1)))
    assert y.item() == 0
    assert not dx.any()


@pytest.mark.parametrize("relu", [True, False])
def test_what_is_not_finite_takes_the_way_of_the_plain_layers(rng, relu):
    model = network(rng, relu, 2, False, in_channels=1, out_channels=1, kernel_size=1)
    model[0].weight.value = np.ones((1, 1, 1, 1))
    x = np.array([[[[5.0, np.nan, 7.0, 7.0, 1.0, 2.0], [np.nan, 9.0, 1.0, 2.0, np.inf, 3.0]]]])
    dout = np.array([[[[10.0, 20.0, 30.0]]]])
    with np.errstate(invalid="ignore"):
        fused_results = results(fused_replica(model), x, dout)
    for array, expected in zip(fused_results, results(replicate(model), x, dout), strict=True):
        np.testing.assert_array_equal(array, expected)
    np.testing.assert_array_equal(fused_results[0], [[[[np.nan, 7, np.inf]]]])
    first, second = fused_results[1][0, 0].tolist()
    assert first == [0, 10, 20, 0, 0, 0]
    assert second == [0, 0, 0, 0, 30, 0]


@pytest.mark.parametrize("spoilt", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("place", ["dout", "weight"])
def test_a_gradient_or_weight_that_is_not_finite_goes_where_it_goes_plainly(rng, place, spoilt):
    model = network(rng, True, 2, True, in_channels=2, out_channels=3, kernel_size=3)
    x, dout = rng.standard_normal((2, 2, 9, 9)), rng.standard_normal((2, 3, 3, 3))
    if place == "dout":
        dout[0, 1, 2, 0] = spoilt
    else:
        model[0].weight.value[1, 0, 2, 1] = spoilt
    with np.errstate(invalid="ignore"):
        fused, plain = (results(make(model), x, dout) for make in (fused_replica, replicate))
    for array, expected in zip(fused, plain, strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-10, atol=1e-10)


def kinds(model):
    return [type(layer).__name__ for layer in fused_replica(model).layers]


def test_which_layers_are_fused(rng):
    tail = ["Flatten", "Linear", "ReLU", "Linear"]
    assert kinds(course_cnn(rng)) == ["ConvPool", "ConvPool", *tail]
    assert "ConvPool" not in kinds(lenet5(rng))
    assert "ConvPool" not in kinds(alexnet(rng))  # its pooling windows overlap
    plain = ["Conv2d", "ReLU", "MaxPool2d"]

    def run(pool=None, relu=None, c_in=2, **settings):
        conv = Conv2d(c_in, 2, 3, **settings, rng=rng)
        return Sequential(conv, relu or ReLU(), pool or MaxPool2d(2))

    assert kinds(run()) == ["ConvPool"]
    assert kinds(run(groups=2)) == plain
    assert kinds(run(padding=1, padding_mode="reflect")) == plain
    assert kinds(run(MaxPool2d(3, 2))) == plain
    assert kinds(run(MaxPool2d(2, padding=1))) == plain
    assert kinds(run(c_in=64)) == plain  # the zeros of the frames would cost too much
    assert kinds(run(relu=Dropout(0.5, rng=rng)))[1] == "Dropout"

    class Watched(ReLU):
        pass

    assert kinds(run(relu=Watched())) == ["Conv2d", "Watched", "MaxPool2d"]
    two = Sequential(*run().layers, BatchNorm2d(2), *run().layers)
    assert kinds(two) == ["ConvPool", "BatchNorm2d", "ConvPool"]


def test_layers_deep_inside_are_fused_too(rng):
    def run():
        return Sequential(Conv2d(1, 1, 3, padding=1, rng=rng), ReLU(), MaxPool2d(1))

    model = Sequential(Residual(run()), Parallel(run(), run()))
    other = fused_replica(model)
    inner = [other[0].main, *other[1].branches]
    assert [type(part.layers[0]) for part in inner] == [ConvPool] * 3
    x = rng.standard_normal((2, 1, 4, 4), dtype=np.float32)
    np.testing.assert_allclose(other(x), model(x), atol=1e-6)


def test_the_network_itself_stays_as_it_is(rng):
    model = course_cnn(rng)
    before = repr(model)
    other = fused_replica(model)
    x = rng.random((3, 1, 28, 28), dtype=np.float32)
    other.backward(np.ones_like(other(x)))
    assert repr(model) == before
    for own, shared in zip(model.parameters(), other.parameters(), strict=True):
        assert own.grad is None
        assert own.value is shared.value
        assert shared.grad.shape == own.shape


def test_what_is_too_large_to_keep_goes_the_plain_way(rng, monkeypatch):
    model = network(rng, True, 2, True, in_channels=2, out_channels=3, kernel_size=3)
    x = rng.standard_normal((4, 2, 8, 8))
    replica, plain = fused_replica(model), replicate(model)
    dout = rng.standard_normal(plain(x).shape)
    monkeypatch.setattr(fused, "_LARGEST_MATRIX", 1000)
    replica(x)
    assert replica.layers[0].kept is None
    for array, expected_array in zip(
        results(replica, x, dout), results(plain, x, dout), strict=True
    ):
        np.testing.assert_array_equal(array, expected_array)


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((2, 3, 28, 28), np.float32),
        np.zeros((2, 28, 28), np.float32),
        np.zeros((2, 1, 4, 4), np.float32),
        np.zeros((2, 1, 5, 5), np.float32),
        np.zeros((2, 1, 28, 28)),
        np.zeros((2, 1, 28, 28), int),
    ],
    ids=lambda x: f"{x.shape} {x.dtype}",
)
def test_what_is_wrong_is_said_in_the_words_of_the_plain_layers(rng, x):
    model = Sequential(Conv2d(1, 2, 5, rng=rng), ReLU(), MaxPool2d(2), Flatten())
    messages = []
    for some in (model, fused_replica(model)):
        with pytest.raises((ValueError, TypeError)) as caught:
            some(x)
        messages.append((caught.type, str(caught.value)))
    assert messages[0] == messages[1]


def test_a_linear_layer_takes_the_maps_in_the_usual_order(rng):
    model = Sequential(
        Conv2d(1, 4, 3, rng=rng, dtype=np.float64),
        MaxPool2d(2),
        Flatten(),
        Linear(4 * 3 * 3, 5, rng=rng, dtype=np.float64),
    )
    x = rng.standard_normal((6, 1, 8, 8))
    np.testing.assert_allclose(fused_replica(model)(x), model(x), rtol=1e-12)
