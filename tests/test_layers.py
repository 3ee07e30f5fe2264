"""Layers: the right function is called with the right arguments, and gradients land in place."""

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib import further, layers
from cnnlib.gradcheck import check_gradient
from cnnlib.model import Container, Parallel, Residual, Sequential

pytestmark = pytest.mark.usefixtures("both_backends")


def rng():
    return np.random.default_rng(0)


IMAGE = np.random.default_rng(1).standard_normal((2, 4, 6, 5))
ROWS = np.random.default_rng(2).standard_normal((3, 8))
FURTHER = [name for name in further.__all__ if isinstance(getattr(further, name), type)]
CASES = {
    "Conv2d": (
        lambda: layers.Conv2d(4, 6, (3, 2), (1, 2), (1, 0), 2, rng=rng(), dtype=np.float64),
        IMAGE,
    ),
    "Conv2d without bias": (
        lambda: layers.Conv2d(4, 2, 3, bias=False, rng=rng(), dtype=np.float64),
        IMAGE,
    ),
    "Linear": (lambda: layers.Linear(8, 3, rng=rng(), dtype=np.float64), ROWS),
    "Linear without bias": (
        lambda: layers.Linear(8, 3, bias=False, rng=rng(), dtype=np.float64),
        ROWS,
    ),
    "ReLU": (layers.ReLU, IMAGE),
    "ReLU6": (layers.ReLU6, 4 * IMAGE),
    "ZeroPad2d": (lambda: further.ZeroPad2d((1, 0, 2, 3)), IMAGE),
    "LeakyReLU": (lambda: layers.LeakyReLU(0.2), IMAGE),
    "Sigmoid": (layers.Sigmoid, IMAGE),
    "Tanh": (layers.Tanh, IMAGE),
    "MaxPool2d": (lambda: layers.MaxPool2d((3, 2), 2, (1, 0)), IMAGE),
    "MinPool2d": (lambda: layers.MinPool2d(3, (1, 2)), IMAGE),
    "AvgPool2d": (lambda: layers.AvgPool2d(2, 1, 1), IMAGE),
    "GlobalAvgPool2d": (layers.GlobalAvgPool2d, IMAGE),
    "Conv2d reflect": (
        lambda: layers.Conv2d(4, 2, 3, 2, 2, padding_mode="reflect", rng=rng(), dtype=np.float64),
        IMAGE,
    ),
    "Conv2d replicate": (
        lambda: layers.Conv2d(
            4, 2, 3, 1, (0, 2), padding_mode="replicate", rng=rng(), dtype=np.float64
        ),
        IMAGE,
    ),
    "BatchNorm2d": (lambda: layers.BatchNorm2d(4, dtype=np.float64), IMAGE),
    "LocalResponseNorm": (lambda: layers.LocalResponseNorm(3, 0.5, 0.6, 2.0), IMAGE),
    "Flatten": (layers.Flatten, IMAGE),
}


def test_every_layer_is_in_the_table():
    tested = {name.split()[0] for name in CASES}
    assert tested | {"Dropout", "Layer", "Parameter"} == {*layers.__all__, *FURTHER}


@pytest.mark.parametrize("name", sorted(CASES))
def test_gradients_of_input_and_every_parameter(name):
    make, x = CASES[name]
    layer = make()
    if getattr(layer, "bias", None) is not None:
        layer.bias.value = rng().standard_normal(layer.bias.shape)
    dout = rng().standard_normal(layer(x).shape)
    dx = layer.backward(dout)

    def loss_of_x(value):
        return float((layer(value) * dout).sum())

    check_gradient(loss_of_x, x, dx)
    for parameter in layer.parameters():
        start, grad = parameter.value, parameter.grad

        def loss_of_weight(value, parameter=parameter):
            parameter.value = value
            return float((layer(x) * dout).sum())

        check_gradient(loss_of_weight, start, grad)
        parameter.value = start


# --- which layers mix the images of a batch ------------------------------------------------------


def batch_norm():
    return layers.BatchNorm2d(4, dtype=np.float64)


WORDS = {
    **{name: case for name, case in CASES.items() if name != "BatchNorm2d"},
    "Dropout": (lambda: layers.Dropout(0.5, rng=rng()), IMAGE),
    "BatchNorm2d": (batch_norm, IMAGE),
    "Sequential": (lambda: Sequential(layers.ReLU(), layers.Flatten()), IMAGE),
    "Sequential that mixes": (lambda: Sequential(layers.ReLU(), batch_norm()), IMAGE),
    "Residual": (lambda: Residual(layers.Tanh()), IMAGE),
    "Residual that mixes": (lambda: Residual(layers.ReLU(), batch_norm()), IMAGE),
    "Parallel": (lambda: Parallel(layers.ReLU(), layers.Tanh()), IMAGE),
    "Parallel that mixes": (lambda: Parallel(Sequential(batch_norm()), layers.ReLU()), IMAGE),
}


def test_every_layer_of_the_library_declares_whether_it_mixes_images():
    library = [getattr(layers, name) for name in layers.__all__ if name != "Parameter"]
    library += [getattr(further, name) for name in FURTHER]
    library += [Sequential, Residual, Parallel, Container]
    assert all("mixes_images" in vars(layer) for layer in library)
    tested = {name.split()[0] for name in WORDS}
    assert tested | {"Layer", "Container"} == {layer.__name__ for layer in library}


def results(layer, x, dout):
    """Return the output, the gradient of the input, and those of the weights."""
    y, dx = layer(x), layer.backward(dout)
    return y, dx, [parameter.grad for parameter in layer.parameters()]


@pytest.mark.parametrize("training", [True, False], ids=["training", "in use"])
@pytest.mark.parametrize("name", sorted(WORDS))
def test_a_batch_is_the_sum_of_its_halves_unless_the_layer_mixes_images(name, training):
    make, x = WORDS[name]
    x = np.concatenate([x, x[::-1] * 1.5 + 0.25])
    whole, halves = make_ready(make, training), make_ready(make, training)
    dout = np.random.default_rng(5).standard_normal((len(x), *make()(x).shape[1:]))
    y, dx, gradients = results(whole, x, dout)
    # The second half first: parts have no order.
    y2, dx2, second = results(halves, x[2:], dout[2:])
    y1, dx1, first = results(halves, x[:2], dout[:2])
    pairs = [(y, np.concatenate([y1, y2])), (dx, np.concatenate([dx1, dx2]))]
    pairs += zip(gradients, (a + b for a, b in zip(first, second, strict=True)), strict=True)
    same = all(np.allclose(one, other, rtol=1e-9, atol=1e-9) for one, other in pairs)
    assert same is not halves.mixes_images


def make_ready(make, training):
    layer = make()
    layer.train(training)
    return layer


def test_a_subclass_declares_for_itself():
    class Watched(layers.ReLU):
        pass

    class Careful(layers.ReLU):
        mixes_images = False

    class Own(layers.Layer):
        pass

    class Branches(Parallel):
        pass

    assert Watched().mixes_images
    assert Own().mixes_images
    assert Branches(layers.ReLU()).mixes_images
    assert not Careful().mixes_images


@pytest.mark.parametrize("name", sorted(CASES))
def test_output_shape_is_told_without_computing(name):
    make, x = CASES[name]
    layer = make()
    assert layer.output_shape(x.shape[1:]) == layer(x).shape[1:]


@pytest.mark.parametrize("name", sorted(CASES))
def test_backward_before_forward_says_so(name):
    layer = CASES[name][0]()
    with pytest.raises(ValueError, match=r"backward: there is no input .* Call the layer"):
        layer.backward(np.zeros((1, 1)))


@pytest.mark.parametrize("name", sorted(CASES))
def test_repr_names_the_class(name):
    layer = CASES[name][0]()
    assert repr(layer).startswith(type(layer).__name__ + "(")


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda: layers.Conv2d(1, 2, 3, rng=rng()), ["weight", "bias"]),
        (lambda: layers.Conv2d(1, 2, 3, bias=False, rng=rng()), ["weight"]),
        (lambda: layers.Linear(1, 2, rng=rng()), ["weight", "bias"]),
        (lambda: layers.Linear(2, 1, bias=False, rng=rng()), ["weight"]),
        (lambda: layers.BatchNorm2d(2), ["weight", "bias"]),
        (layers.ReLU, []),
        (lambda: layers.MaxPool2d(1), []),
    ],
)
def test_parameters_and_their_names(make, names):
    layer = make()
    assert [parameter.name for parameter in layer.parameters()] == names
    assert all(p.value.dtype == np.float32 for p in (*layer.parameters(), *layer.buffers()))
    assert all(p.grad is None for p in layer.parameters())


def test_running_statistics_have_names():
    assert [b.name for b in layers.BatchNorm2d(2).buffers()] == ["running_mean", "running_var"]


def test_the_first_weights_come_from_a_seed_that_the_generator_draws():
    conv = layers.Conv2d(2, 3, 5, rng=np.random.default_rng(4))
    seed = int(np.random.default_rng(4).integers(2**63))
    normal = np.random.default_rng(seed).standard_normal((3, 2, 5, 5), dtype=np.float32)
    assert (conv.weight.value == normal * np.float32(np.sqrt(2 / 50))).all()


def test_train_and_eval_switch_the_layer():
    layer = layers.Dropout(0.5, rng=rng())
    layer.eval()
    assert layer.training is False
    layer.train()
    assert layer.training is True


def test_what_a_layer_adds_to_the_view():
    conv = layers.Conv2d(1, 1, (5, 3), (3, 2), rng=rng())
    assert conv.window == ((5, 3), (3, 2))
    assert conv.receptive_field(10, 2, (1, 9, 9)) == (10 + 4 * 2, 6)
    assert layers.MaxPool2d((3, 2), (2, 1)).window == ((3, 2), (2, 1))
    assert layers.ReLU().receptive_field(7, 4, (1, 9, 9)) == (7, 4)
    assert layers.GlobalAvgPool2d().receptive_field(7, 4, (1, 5, 3)) == (7 + 4 * 4, 20)


def test_batch_norm_uses_its_own_eps():
    x = IMAGE[:, :2]
    norm = layers.BatchNorm2d(2, eps=10.0, momentum=1.0, dtype=np.float64)
    ones, zeros = np.ones(2), np.zeros(2)
    assert (norm(x) == F.batch_norm2d(x, ones, zeros, eps=10.0)).all()
    count = x.size // 2
    mean, var = F.batch_statistics(x)
    np.testing.assert_allclose(norm.running_mean.value, mean)
    np.testing.assert_allclose(norm.running_var.value, var * count / (count - 1))
    norm.eval()
    var = var * count / (count - 1)
    np.testing.assert_allclose(norm(x), F.batch_norm2d(x, ones, zeros, mean, var, 10.0))
    dx = norm.backward(x)
    np.testing.assert_allclose(dx, F.batch_norm2d_backward(x, x, ones, mean, var, 10.0)[0])


def test_repr_shows_what_is_unusual():
    assert repr(layers.Conv2d(1, 2, 3, rng=rng())) == "Conv2d(1, 2, kernel_size=3)"
    assert (
        repr(layers.Conv2d(2, 4, (3, 1), 2, (1, 0), 2, False, rng=rng()))
        == "Conv2d(2, 4, kernel_size=(3, 1), stride=2, padding=(1, 0), groups=2, bias=False)"
    )
    assert repr(layers.MaxPool2d(3, 2, 1)) == "MaxPool2d(3, stride=2, padding=1)"
    assert repr(layers.AvgPool2d(2)) == "AvgPool2d(2)"
    assert repr(layers.AvgPool2d((2, 3))) == "AvgPool2d((2, 3))"
    assert repr(layers.Linear(3, 2, rng=rng())) == "Linear(3, 2)"
    mirrored = layers.Conv2d(1, 1, 3, padding=1, padding_mode="reflect", rng=rng())
    assert repr(mirrored) == "Conv2d(1, 1, kernel_size=3, padding=1, padding_mode='reflect')"
    assert repr(layers.Linear(3, 2, False, rng=rng())) == "Linear(3, 2, bias=False)"


def test_weights_are_he_normal_and_biases_zero():
    conv = layers.Conv2d(16, 64, 5, rng=rng())
    assert conv.weight.value.dtype == np.float32
    # 25,600 draws: their spread is known to about half a percent
    assert conv.weight.value.std() == pytest.approx(np.sqrt(2 / (16 * 25)), rel=0.03)
    assert abs(conv.weight.value.mean()) < 0.002
    assert conv.bias.value.tolist() == [0] * 64
    dense = layers.Linear(400, 64, rng=rng())
    assert dense.weight.value.std() == pytest.approx(np.sqrt(2 / 400), rel=0.03)


def test_same_seed_same_weights_whichever_layer_is_used_first():
    first, second = (
        (layers.Conv2d(1, 2, 3, rng=g), layers.Linear(3, 2, rng=g)) for g in (rng(), rng())
    )
    a, b = first[0].weight.value, first[1].weight.value
    d, c = second[1].weight.value, second[0].weight.value  # the other way round
    assert (a == c).all()
    assert (b == d).all()
    other = layers.Conv2d(1, 2, 3, rng=np.random.default_rng(1)).weight.value
    assert (a != other).all()


def test_weights_take_no_memory_until_they_are_used():
    huge = layers.Linear(10**6, 10**6, rng=rng())  # 4 TB, were they made
    assert huge.weight.size == 10**12
    assert huge.output_shape((10**6,)) == (10**6,)


def test_multiply_adds_by_hand():
    conv = layers.Conv2d(3, 96, 11, 4, rng=rng())
    assert conv.multiply_adds((3, 227, 227)) == 11 * 11 * 3 * 96 * 55 * 55
    grouped = layers.Conv2d(96, 256, 5, padding=2, groups=2, rng=rng())
    assert grouped.multiply_adds((96, 27, 27)) == 5 * 5 * 48 * 256 * 27 * 27
    assert layers.Linear(9216, 4096, rng=rng()).multiply_adds((9216,)) == 9216 * 4096
    assert layers.MaxPool2d(2).multiply_adds((96, 27, 27)) == 0


def test_each_backward_writes_the_gradient_anew():
    dense = layers.Linear(8, 3, rng=rng(), dtype=np.float64)
    dout = np.ones((3, 3))
    dense(ROWS)
    dense.backward(dout)
    once = dense.weight.grad.copy()
    dense.backward(dout)
    assert (dense.weight.grad == once).all()


def test_dropout_drops_only_while_training():
    layer = layers.Dropout(0.5, rng=rng())
    x = np.ones((1, 1000))
    y = layer(x)
    dropped = y == 0
    assert 400 < dropped.sum() < 600
    assert (y[~dropped] == 2).all()
    assert (layer.backward(np.ones_like(x)) == y).all()  # the same ones are dropped going back
    assert (layer(x) != y).any()  # and others the next time
    layer.training = False
    assert (layer(x) == x).all()
    assert (layer.backward(x) == x).all()


def test_the_smallest_settings_are_allowed():
    x = np.ones((2, 3, 1, 1), np.float32)
    assert (layers.Dropout(0.0, rng=rng())(x) == x).all()
    assert layers.Dropout(0.5, rng=rng())(x).dtype == np.float32
    np.testing.assert_allclose(layers.LocalResponseNorm(1, alpha=1.0, beta=1.0)(x), 0.5)
    assert layers.BatchNorm2d(3, momentum=1.0)(x).shape == x.shape
    with pytest.raises(ValueError, match=r"at most 1, got 1\.5"):
        layers.BatchNorm2d(3, momentum=1.5)


def test_a_failed_call_does_not_replace_the_remembered_input():
    conv = layers.Conv2d(4, 2, 3, rng=rng(), dtype=np.float64)
    y = conv(IMAGE)
    with pytest.raises(ValueError, match="must have 4 axes"):
        conv(IMAGE[0])
    assert conv.backward(y).shape == IMAGE.shape


def test_parameter_keeps_shape_and_dtype():
    parameter = layers.Parameter("weight", (2, 3), lambda: np.zeros((2, 3)), np.float32)
    parameter.value = np.ones((2, 3))
    assert parameter.value.dtype == np.float32
    with pytest.raises(
        ValueError, match=r"Parameter weight: expected .* \(2, 3\), got .* \(3, 2\)"
    ):
        parameter.value = np.ones((3, 2))
    assert repr(parameter) == "Parameter(weight, shape=(2, 3), dtype=float32)"


@pytest.mark.parametrize("used_before", [True, False], ids=["used", "not yet used"])
def test_another_dtype_reaches_every_array_and_keeps_the_values(used_before):
    net, single = (
        Sequential(
            layers.Conv2d(4, 2, 3, rng=g),
            Residual(Sequential(layers.BatchNorm2d(2), layers.Conv2d(2, 2, 1, rng=g))),
        )
        for g in (rng(), rng())
    )
    if used_before:
        net.forward(IMAGE.astype(np.float32))
        single.forward(IMAGE.astype(np.float32))
    assert net.to(np.float64) is net
    arrays = net.state_dict()
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float64)}
    for name, array in single.state_dict().items():
        assert (arrays[name] == array).all(), name
    assert net(IMAGE).dtype == net.backward(net(IMAGE)).dtype == np.float64
    assert {p.grad.dtype for p in net.parameters()} == {np.dtype(np.float64)}
    net.to("float32")
    assert [p.grad for p in net.parameters()] == [None] * 6  # of the other dtype
    assert net(IMAGE.astype(np.float32)).dtype == np.float32
    with pytest.raises(TypeError, match=r"Sequential\.to: dtype must be float32 or float64"):
        net.to(int)
    assert net.parameters()[0].dtype == np.float32


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: layers.Conv2d(0, 1, 3, rng=rng()), ValueError, ["in_channels must be at least 1"]),
        (lambda: layers.Conv2d(1, 1, 3, 0, rng=rng()), ValueError, ["stride must be at least 1"]),
        (lambda: layers.Conv2d(3, 4, 3, groups=2, rng=rng()), ValueError, ["2 groups", "equally"]),
        (lambda: layers.Conv2d(1, 1, 3, rng=0), TypeError, ["default_rng(seed)", "got 0"]),
        (lambda: layers.Conv2d(1, 1, 3, rng=rng(), dtype=int), TypeError, ["float32 or float64"]),
        (
            lambda: layers.Conv2d(1, 1, 3, padding_mode="mirror", rng=rng()),
            ValueError,
            ["padding_mode must be one of zeros, reflect, replicate", "'mirror'"],
        ),
        (lambda: layers.BatchNorm2d(4, momentum=0), ValueError, ["momentum must be above 0"]),
        (
            lambda: layers.BatchNorm2d(4).output_shape((3, 2, 2)),
            ValueError,
            ["expects 4 channels, got 3", "num_features=3"],
        ),
        (
            lambda: layers.BatchNorm2d(4)(np.zeros((1, 3, 2, 2), np.float32)),
            ValueError,
            ["weight has shape (4,), expected (3,)", "num_features=3"],
        ),
        (lambda: layers.Linear(3, 2.5, rng=rng()), TypeError, ["out_features", "2.5"]),
        (lambda: layers.MaxPool2d((2, 2, 2)), ValueError, ["MaxPool2d", "(height, width) pair"]),
        (lambda: layers.Dropout(1.0, rng=rng()), ValueError, ["below 1, got 1.0"]),
        (
            lambda: layers.Conv2d(3, 4, 5, rng=rng()).output_shape((1, 28, 28)),
            ValueError,
            ["expects 3 input channels, got 1", "in_channels=1"],
        ),
        (
            lambda: layers.Conv2d(3, 4, 5, rng=rng()).output_shape((3, 4, 28)),
            ValueError,
            ["Conv2d: the kernel does not fit", "height 4"],
        ),
        (
            lambda: layers.Conv2d(3, 4, 5, rng=rng()).output_shape((3, 28, 4)),
            ValueError,
            ["Conv2d: the kernel does not fit", "width 4"],
        ),
        (
            lambda: layers.MaxPool2d(3).output_shape((3, 2, 28)),
            ValueError,
            ["MaxPool2d: the kernel does not fit", "height 2"],
        ),
        (
            lambda: layers.AvgPool2d(3).output_shape((3, 28, 2)),
            ValueError,
            ["AvgPool2d: the kernel does not fit", "width 2"],
        ),
        (
            lambda: layers.Linear(10, 2, rng=rng()).output_shape((8,)),
            ValueError,
            ["got the shape (8,). Build the layer with in_features=8"],
        ),
        (
            lambda: layers.Linear(10, 2, rng=rng()).output_shape((4, 2)),
            ValueError,
            ["Put a Flatten before it"],
        ),
        (
            lambda: layers.Linear(10, 2, rng=rng()).output_shape((3, 4, 4)),
            ValueError,
            ["Put a Flatten before it", "in_features=48"],
        ),
        (lambda: layers.MaxPool2d(2).output_shape((48,)), ValueError, ["(C, H, W), got (48,)"]),
    ],
)
def test_bad_layers_name_the_fix(make, error, words):
    with pytest.raises(error) as caught:
        make()
    for word in words:
        assert word in str(caught.value)


def test_running_statistics_by_hand():
    norm = layers.BatchNorm2d(1, momentum=0.25, dtype=np.float64)
    norm(np.array([1.0, 3.0]).reshape(2, 1, 1, 1))
    # mean 2, unbiased variance 2: 0.75·0 + 0.25·2 and 0.75·1 + 0.25·2
    assert norm.running_mean.value.tolist() == [0.5]
    assert norm.running_var.value.tolist() == [1.25]
    norm.eval()
    y = norm(np.array([[[[0.5]]]]))
    assert y.tolist() == [[[[0.0]]]]


def test_functional_and_layer_agree():
    conv = layers.Conv2d(4, 2, 3, 2, 1, rng=rng(), dtype=np.float64)
    assert (conv(IMAGE) == F.conv2d(IMAGE, conv.weight.value, conv.bias.value, 2, 1)).all()


def test_leaky_relu_uses_its_own_slope():
    layer = layers.LeakyReLU(0.25)
    x = np.array([[-4.0, 8.0]])
    assert layer(x).tolist() == [[-1.0, 8.0]]
    assert layer.backward(np.ones((1, 2))).tolist() == [[0.25, 1.0]]
