"""The exercises count as the library does, and the judge of the small net measures."""

import numpy as np
import pytest

from cnnlib.architectures import course_cnn, googlenet
from cnnlib.course.lenet_to_resnet import exercises as ex
from cnnlib.course.lenet_to_resnet import small_net_judge as judged
from cnnlib.datasets import Digits, Split, load_digits
from cnnlib.history import History
from cnnlib.layers import BatchNorm2d, Conv2d, Flatten, GlobalAvgPool2d, Layer, Linear, ReLU
from cnnlib.model import Parallel, Residual, Sequential
from cnnlib.training import DivergedError


@pytest.fixture(autouse=True)
def record(tmp_path, monkeypatch):
    """Keep the record of progress of these tests to themselves."""
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))


def test_every_inception_block_of_googlenet_is_counted():
    blocks = [one for one in googlenet(np.random.default_rng(0)) if isinstance(one, Parallel)]
    assert len(blocks) == 9
    for block in blocks:
        convolutions = [one for one in block.leaves() if isinstance(one, Conv2d)]
        one, reduce3, three, reduce5, five, pool = (layer.out_channels for layer in convolutions)
        counted = ex.inception_parameters.model_answer(
            convolutions[0].in_channels, one, reduce3, three, reduce5, five, pool
        )
        assert counted == sum(parameter.size for parameter in block.parameters())


def test_the_two_steps_are_counted_as_the_library_does():
    rng = np.random.default_rng(0)
    full = Conv2d(64, 128, 3, bias=False, rng=rng)
    steps = (
        Conv2d(64, 64, 3, groups=64, bias=False, rng=rng),
        Conv2d(64, 128, 1, bias=False, rng=rng),
    )
    sizes = full.weight.size, sum(step.weight.size for step in steps)
    assert ex.separable.expected == sizes


def test_one_row_of_the_table_is_wrong_and_it_is_the_sixth():
    rng = np.random.default_rng(0)

    def conv(c_in, c_out, size=3, stride=1):
        layer = Conv2d(c_in, c_out, size, stride, size // 2, bias=False, rng=rng)
        return layer, BatchNorm2d(c_out)

    def block(c_in, c_out):
        stride = 1 if c_in == c_out else 2
        main = Sequential(*conv(c_in, c_out, stride=stride), ReLU(), *conv(c_out, c_out))
        return Residual(main, None if stride == 1 else Sequential(*conv(c_in, c_out, 1, 2)))

    first, norm = conv(3, 16)
    rows = [first, norm, block(16, 16), block(16, 32), block(32, 32), block(32, 64)]
    rows += [GlobalAvgPool2d(), Sequential(Flatten(), Linear(64, 10, rng=rng))]
    printed = [432, 32, 4_672, 14_528, 18_560, 55_552, 0, 650]
    shapes = ["16×32×32"] * 3 + ["32×16×16"] * 2 + ["64×8×8", "64×1×1", "10"]
    shape, wrong = (3, 32, 32), []
    for number, (row, count, told) in enumerate(zip(rows, printed, shapes, strict=True), start=1):
        shape = row.output_shape(shape)
        assert "×".join(map(str, shape)) == told
        if sum(parameter.size for parameter in row.parameters()) != count:
            wrong.append(number)
    assert wrong == [ex.wrong_row.expected]
    assert sum(parameter.size for parameter in rows[5].parameters()) == 57_728
    answered = {value for value, _ in ex.wrong_row.mistakes}
    assert {1, 2, 3, 4, 5, 7, 8} < answered
    assert set(printed) - {0} < answered  # who answers with a number of the table is told so
    assert {57_728, 57_728 - 55_552} < answered
    assert ex.wrong_row.expected not in answered


def test_a_folded_convolution_does_the_work_of_both_layers():
    rng = np.random.default_rng(1)
    layer, norm = Conv2d(3, 4, 3, rng=rng, dtype=np.float64), BatchNorm2d(4, dtype=np.float64)
    for parameter in (*norm.parameters(), *norm.buffers(), layer.bias):
        parameter.value = rng.uniform(0.5, 2, 4)
    norm.eval()
    folded = Conv2d(3, 4, 3, rng=rng, dtype=np.float64)
    folded.weight.value, folded.bias.value = ex.fold_batch_norm.model_answer(
        layer.weight.value, layer.bias.value, norm.weight.value, norm.bias.value,
        norm.running_mean.value, norm.running_var.value, norm.eps,
    )  # fmt: skip
    x = rng.normal(size=(2, 3, 6, 6))
    np.testing.assert_allclose(folded(x), norm(layer(x)), atol=1e-12)


# The small net


@pytest.fixture
def quick(monkeypatch):
    """Let the judge train on a handful of digits, once."""
    digits = load_digits()
    small = Digits(*(Split(part.images[:64], part.labels[:64]) for part in digits))
    monkeypatch.setattr(judged, "load_digits", lambda: small)
    monkeypatch.setattr(judged, "SEEDS", (0,))
    monkeypatch.setattr(judged, "EPOCHS", 1)


def test_the_network_of_09_reads_what_the_exercise_says():
    assert judged.try_network(course_cnn) == pytest.approx(judged.NINE, abs=0.01)
    assert course_cnn(np.random.default_rng(0)).summary(judged.INPUT).parameters == 80_202


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (judged.small_net(np.random.default_rng(0)), "without parentheses"),
        (5, "Expected a function that takes `rng` and returns a network, got"),
        (lambda rng: None, "returns None"),
        (lambda rng: Sequential(), "Expected 10 scores, the shape (10,), got (1, 28, 28)"),
        (lambda rng: Sequential(Conv2d(3, 8, 3, rng=rng)), "Build the layer with in_channels=1"),
        (lambda rng: Sequential(Linear(784, 10, rng=rng)), "Put a Flatten before it"),
        (lambda rng: Sequential(Flatten(), Linear(784, 64, rng=rng), ReLU(),
                                Linear(64, 10, rng=rng)), "It has 50,890 numbers"),
        (lambda: judged.small_net(np.random.default_rng(0)), "It is called with one argument"),
        (lambda rng, width: judged.small_net(rng), "It is called with one argument"),
        (lambda rng: Sequential(Conv2d(1, 4, 5, rng=rng, dtype=np.float64), ReLU(), Flatten(),
                                Linear(2304, 10, rng=rng)), "are float32, others float64"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_network_is_said(answer, words):
    verdict = ex.small_net.check(answer)
    assert verdict.status == "wrong"
    assert words in " ".join(repr(verdict).split())


def test_a_network_that_is_made_once_and_handed_out_again_is_refused():
    """Else the second training would go on where the first one ended."""
    made = judged.small_net(np.random.default_rng(0))
    for build in (lambda rng: made, lambda rng: Sequential(*made.layers)):
        verdict = ex.small_net.check(build)
        assert verdict.status == "wrong"
        assert "Make the layers inside the function" in " ".join(repr(verdict).split())


def test_a_network_in_float64_is_trained_like_any_other(quick):
    def build(rng):
        return Sequential(Flatten(), Linear(784, 10, rng=rng, dtype=np.float64))

    assert 0 < judged.try_network(build) < 1


def test_a_network_that_learns_nothing_is_told_so():
    class Ten(Layer):
        def forward(self, x):
            return x.reshape(len(x), -1)[:, :10]

        def output_shape(self, shape):
            return (10,)

    assert "learns nothing" in repr(ex.small_net.check(lambda rng: Sequential(Ten())))


def test_a_stub_is_not_attempted():
    assert ex.small_net.check(lambda rng: ...).status == "todo"


def test_a_layer_that_loses_images_is_noticed():
    class Lost(Layer):
        def forward(self, x):
            return x[:1]

    def build(rng):
        return Sequential(Flatten(), Linear(784, 10, rng=rng), Lost())

    assert "Two digits give the shape (1, 10)" in repr(ex.small_net.check(build))


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (0.975, "fewer mistakes"),
        (judged.NINE, "It is close."),
        (0.7, "It is a weaker network"),
        (0.0, "no longer a number"),
    ],
)
def test_the_verdict_follows_the_measurement(accuracy, words, monkeypatch):
    monkeypatch.setattr(judged, "try_network", lambda build: accuracy)
    verdict = ex.small_net.check(judged.small_net)
    assert words in " ".join(repr(verdict).split())
    assert verdict.passed == (accuracy > judged.NINE)


def test_a_training_that_bursts_counts_as_nothing(quick, monkeypatch):
    def burst(*args, **options):
        raise DivergedError("the loss is nan", History())

    assert 0 < judged.try_network(judged.small_net) < 1
    monkeypatch.setattr(judged, "fit", burst)
    assert judged.try_network(judged.small_net) == 0
