"""A network in PyTorch computes what it computed here: outputs, gradients, and back again.

Needs PyTorch: `make test-interop` makes an environment that has it.
"""

import doctest

import nets
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="make test-interop installs PyTorch and runs these")
nn = torch.nn

from cnnlib import functional as F  # noqa: E402
from cnnlib import interop, layers  # noqa: E402
from cnnlib.architectures import (  # noqa: E402
    alexnet,
    course_cnn,
    efficientnet_lite0,
    googlenet,
    lenet5,
    resnet18,
    resnet50,
)
from cnnlib.interop import from_torch, to_torch  # noqa: E402
from cnnlib.interop import pytorch as pytorch_module  # noqa: E402
from cnnlib.interop.extras import NotCarriedError  # noqa: E402
from cnnlib.layers import BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU  # noqa: E402
from cnnlib.model import Residual, Sequential  # noqa: E402


def both(model, module, x):
    """Send x and a gradient through both; return (output, dx, gradients by name) of each."""
    y = model(x)
    dout = np.random.default_rng(7).standard_normal(y.shape).astype(x.dtype)
    dx = model.backward(dout)
    if isinstance(model, layers.Layer) and hasattr(model, "named_parameters"):
        named = model.named_parameters()
    else:
        named = [(parameter.name, parameter) for parameter in model.parameters()]
    ours = (y, dx, {name: parameter.grad for name, parameter in named})

    leaf = torch.tensor(x, requires_grad=True)
    out = module(leaf)
    out.backward(torch.tensor(dout))
    grads = {name: parameter.grad.numpy() for name, parameter in module.named_parameters()}
    return ours, (out.detach().numpy(), leaf.grad.numpy(), grads)


def assert_same(ours, theirs, **limits):
    np.testing.assert_allclose(theirs[0], ours[0], **limits)
    np.testing.assert_allclose(theirs[1], ours[1], **limits)
    assert list(theirs[2]) == list(ours[2])
    for name, grad in ours[2].items():
        np.testing.assert_allclose(theirs[2][name], grad, err_msg=name, **limits)


CLOSE = {"rtol": 1e-9, "atol": 1e-9}
CLOSE_32 = {"rtol": 1e-4, "atol": 1e-4}


@pytest.mark.parametrize("training", [True, False], ids=["training", "in use"])
@pytest.mark.parametrize("name", sorted(set(nets.LAYERS) - {"Dropout"}))
def test_each_layer_there_and_back(name, training):
    model = nets.shaken(nets.LAYERS[name]())
    model.train(training)
    module = to_torch(model)
    assert_same(*both(model, module, nets.images()), **CLOSE)
    assert [m.training for m in module.modules()] == [training] * len(list(module.modules()))
    # What training changes besides the weights has changed alike.
    for key, value in nets.state(model).items():
        np.testing.assert_allclose(module.state_dict()[key].numpy(), value, err_msg=key, **CLOSE)
    again = from_torch(nn.Sequential(module))[0]
    assert repr(again) == repr(model)
    assert nets.state(again).keys() == nets.state(model).keys()
    module.zero_grad()
    assert_same(*both(again, module, nets.images()), **CLOSE)


def test_dropout_drops_there_while_training_and_lets_all_through_in_use():
    model = Sequential(nets.LAYERS["Dropout"]())
    x = np.ones((4, 1000), dtype=np.float32)
    dropped = to_torch(model)(torch.tensor(x)).numpy()
    assert set(np.unique(dropped)) == {0, 2}
    model.eval()
    np.testing.assert_array_equal(to_torch(model)(torch.tensor(x)).numpy(), x)
    with pytest.raises(TypeError, match=r"Pass rng=np.random.default_rng\(0\)"):
        from_torch(to_torch(model))
    again = from_torch(to_torch(model), rng=np.random.default_rng(0))
    assert repr(again) == repr(model)
    assert not again[0].training


def test_a_sequential_becomes_pytorchs_own_and_loads_its_state_strictly():
    model = course_cnn(np.random.default_rng(0))
    module = to_torch(model)
    assert type(module) is nn.Sequential
    kinds = [type(m).__name__ for m in module]
    assert kinds == [type(layer).__name__ for layer in model]
    fresh = nn.Sequential(
        *[nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2)],
        *[nn.Flatten(), nn.Linear(512, 128), nn.ReLU(), nn.Linear(128, 10)],
    )
    tensors = {k: torch.from_numpy(v) for k, v in model.state_dict().items()}
    fresh.load_state_dict(tensors, strict=True)
    x = torch.rand(2, 1, 28, 28)
    assert torch.equal(fresh(x), module(x))


def test_the_way_back_is_exact_bit_for_bit():
    model = nets.shaken(nets.a_network())
    again = from_torch(to_torch(model))
    assert repr(again) == repr(model)
    before, after = model.state_dict(), again.state_dict()
    assert list(before) == list(after)
    for name in before:
        assert before[name].dtype == after[name].dtype
        np.testing.assert_array_equal(before[name], after[name])


def test_both_sides_have_their_own_arrays():
    model = course_cnn(np.random.default_rng(0))
    module = to_torch(model)
    again = from_torch(module)
    with torch.no_grad():
        module[0].weight.zero_()
    assert model[0].weight.value.any()
    assert again[0].weight.value.any()


def test_carrying_draws_no_random_numbers_there():
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    to_torch(nets.a_network())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    "build", [course_cnn, lenet5, googlenet, resnet18, resnet50, efficientnet_lite0]
)
def test_every_architecture_gives_the_same_scores_and_gradients(build):
    model = build(np.random.default_rng(0), dtype=np.float64)
    side = {course_cnn: (1, 28, 28), lenet5: (1, 32, 32)}.get(build, (3, 32, 32))
    model.eval()
    x = np.random.default_rng(8).random((2, *side))
    assert_same(*both(model, to_torch(model), x), rtol=1e-7, atol=1e-7)


def test_the_widest_dense_layers_are_carried_too():
    model = alexnet(np.random.default_rng(0))
    model.eval()
    x = np.random.default_rng(8).random((1, 3, 227, 227), dtype=np.float32)
    with torch.no_grad():
        scores = to_torch(model)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(scores, model(x), rtol=1e-3, atol=1e-3)


def test_the_gradient_of_the_loss_is_the_same():
    model = course_cnn(np.random.default_rng(0))
    module = to_torch(model)
    x = np.random.default_rng(1).random((8, 1, 28, 28), dtype=np.float32)
    targets = np.arange(8) % 10
    scores = model(x)
    model.backward(F.cross_entropy_backward(scores, targets))
    loss = nn.functional.cross_entropy(module(torch.tensor(x)), torch.tensor(targets))
    loss.backward()
    assert loss.item() == pytest.approx(F.cross_entropy(scores, targets), rel=1e-5)
    theirs = dict(module.named_parameters())
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(theirs[name].grad.numpy(), parameter.grad, **CLOSE_32)


# --- into a network that is there -----------------------------------------------------------------


class Net(nn.Module):
    """As most tutorials write it: layers with names, and a forward of its own."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 2, 3)
        self.fc = nn.Linear(2 * 13 * 13, 10)

    def forward(self, x):
        return self.fc(nn.functional.max_pool2d(nn.functional.relu(self.conv1(x)), 2).flatten(1))


def ours():
    rng = np.random.default_rng(0)
    return Sequential(
        Conv2d(1, 2, 3, rng=rng), ReLU(), MaxPool2d(2), Flatten(), Linear(338, 10, rng=rng)
    )


def test_a_module_of_ones_own_hands_its_weights_to_the_same_network_here():
    net, model = Net(), ours()
    with pytest.raises(NotCarriedError, match=r"a Net cannot be carried over.*into=model"):
        from_torch(net)
    assert from_torch(net, model, names={"conv1": "0", "fc": "4"}) is model
    x = np.random.default_rng(1).random((2, 1, 28, 28), dtype=np.float32)
    with torch.no_grad():
        np.testing.assert_allclose(net(torch.tensor(x)).numpy(), model(x), rtol=1e-5, atol=1e-5)


def test_weights_that_do_not_fit_change_nothing():
    model = ours()
    before = model.state_dict()
    for names in (None, {"conv1": "0"}, {"conv1": "4", "fc": "0"}):
        with pytest.raises(ValueError, match="the weights do not fit this network"):
            from_torch(Net(), model, names=names)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_names_without_a_network_are_refused():
    with pytest.raises(TypeError, match="into="):
        from_torch(nn.Sequential(), names={"a": "b"})
    with pytest.raises(TypeError, match="into must be a network of cnnlib, got "):
        from_torch(nn.Sequential(), into=nn.Sequential())
    with pytest.raises(TypeError, match=r"expected a torch.nn.Module, got "):
        from_torch(ours())


# --- what cannot be carried -----------------------------------------------------------------------

REFUSED = {
    "dilated": (lambda: nn.Conv2d(1, 1, 3, dilation=2), "dilation"),
    "circular": (lambda: nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), "reflect"),
    "same, even": (lambda: nn.Conv2d(1, 1, 2, padding="same"), "unequal borders"),
    "bfloat16": (lambda: nn.Linear(2, 3, dtype=torch.bfloat16), r"module.float\(\)"),
    "no scale": (lambda: nn.BatchNorm2d(2, affine=False), "scale"),
    "no averages": (lambda: nn.BatchNorm2d(2, track_running_stats=False), "running averages"),
    "cumulative": (lambda: nn.BatchNorm2d(2, momentum=None), "momentum=None"),
    "ceil": (lambda: nn.MaxPool2d(2, ceil_mode=True), "rounds the size down"),
    "dilated pool": (lambda: nn.MaxPool2d(2, dilation=2), "no dilation"),
    "indices": (lambda: nn.MaxPool2d(2, return_indices=True), "one array"),
    "ceil, average": (lambda: nn.AvgPool2d(2, ceil_mode=True), "rounds the size down"),
    "divisor": (lambda: nn.AvgPool2d(2, divisor_override=3), "size of the window"),
    "border": (lambda: nn.AvgPool2d(2, padding=1, count_include_pad=False), "counts the zeros"),
    "adaptive": (lambda: nn.AdaptiveAvgPool2d(2), "one number"),
    "flatten": (lambda: nn.Flatten(2), "batch axis"),
    "softmax": (lambda: nn.Softmax(dim=1), "nothing that computes the same"),
    "gelu": (lambda: nn.GELU(), "nothing that computes the same"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_different_here_is_refused_with_its_place_and_reason(name):
    make, reason = REFUSED[name]
    module = nn.Sequential(nn.ReLU(), nn.Sequential(make()))
    with pytest.raises(NotCarriedError, match=reason) as error:
        from_torch(module)
    kind = type(module[1][0]).__name__
    assert str(error.value).startswith(f"from_torch: layer 1.0, {kind}(")


CARRIED = {
    "same": lambda: nn.Conv2d(2, 3, (3, 5), padding="same"),
    "valid": lambda: nn.Conv2d(2, 3, 3, padding="valid"),
    "whole numbers": lambda: nn.AvgPool2d(2, 1, 0, count_include_pad=False),
    "inplace": lambda: nn.ReLU(inplace=True),
    "identity": nn.Identity,
    "adaptive": lambda: nn.AdaptiveAvgPool2d(1),
}


@pytest.mark.parametrize("name", CARRIED)
def test_other_ways_to_say_the_same_are_understood(name):
    module = nn.Sequential(CARRIED[name]()).double()
    x = np.random.default_rng(0).standard_normal((2, 2, 7, 6))
    with torch.no_grad():
        np.testing.assert_allclose(from_torch(module)(x), module(torch.tensor(x)).numpy(), **CLOSE)


class Doubled(ReLU):
    mixes_images = False


def test_a_layer_of_ones_own_is_refused_however_deep_it_lies():
    with pytest.raises(NotCarriedError, match=r"^to_torch: layer 1.main.0, Doubled\(\), "):
        to_torch(Sequential(ReLU(), Residual(Sequential(Doubled()))))


def test_examples_in_the_docstrings():
    for module in (pytorch_module,):
        flags = doctest.NORMALIZE_WHITESPACE
        for test in doctest.DocTestFinder().find(module, extraglobs={"np": np}):
            for example in test.examples:
                example.options.pop(doctest.SKIP, None)
            assert doctest.DocTestRunner(optionflags=flags).run(test).failed == 0


def test_batch_norm_counts_its_batches_there_and_nobody_minds():
    module = to_torch(Sequential(BatchNorm2d(4)))
    assert "0.num_batches_tracked" in module.state_dict()
    assert "0.num_batches_tracked" not in interop.from_torch(module).state_dict()


def test_what_is_advised_works() -> None:
    layers_of = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    module = layers_of.half()
    with pytest.raises(NotCarriedError, match=r"module\.float\(\)"):
        from_torch(module)
    assert from_torch(module.float()).layers[1].weight.value.shape == (3, 4)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dense = nn.Linear(4, 3)

    model = Sequential(Flatten(), Linear(4, 3, rng=np.random.default_rng(0)))
    with pytest.raises(NotCarriedError, match="into=model"):
        from_torch(Net())
    carried = Net()
    from_torch(carried, into=model, names={"dense": "1"})
    np.testing.assert_array_equal(model[1].weight.value, carried.dense.weight.detach().numpy())
