"""The container: order, names, summary, and weights that survive being saved."""

import numpy as np
import pytest

from cnnlib import archive
from cnnlib.architectures import course_cnn
from cnnlib.functional import cross_entropy, cross_entropy_backward
from cnnlib.gradcheck import check_gradient
from cnnlib.layers import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    GlobalAvgPool2d,
    Linear,
    MaxPool2d,
    ReLU,
)
from cnnlib.model import Parallel, Residual, Sequential

pytestmark = pytest.mark.usefixtures("both_backends")


def small(seed=0, dtype=np.float64, outputs=3):
    rng = np.random.default_rng(seed)
    return Sequential(
        Conv2d(2, 3, (3, 2), padding=(1, 0), rng=rng, dtype=dtype),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        Linear(3 * 3 * 2, outputs, rng=rng, dtype=dtype),
    )


X = np.random.default_rng(5).standard_normal((4, 2, 6, 5))
Y = np.array([0, 2, 1, 1])


def test_forward_runs_the_layers_in_order():
    model = small()
    x = X
    for layer in model:
        x = layer(x)
    assert (model(X) == x).all()
    assert len(model) == 5
    assert model[3] is model.layers[3]


def test_gradients_through_the_whole_network():
    model = small()
    dx = model.backward(cross_entropy_backward(model(X), Y))
    check_gradient(lambda x: cross_entropy(model(x), Y), X, dx)
    for parameter in model.parameters():
        start, grad = parameter.value.copy(), parameter.grad.copy()

        def loss(value, parameter=parameter):
            parameter.value = value
            return cross_entropy(model(X), Y)

        check_gradient(loss, start, grad)
        parameter.value = start


def test_a_container_lists_the_statistics_of_all_its_layers():
    first, second = BatchNorm2d(2), BatchNorm2d(3)
    model = Sequential(first, Residual(Sequential(ReLU(), second)))
    assert [id(buffer) for buffer in model.buffers()] == [
        id(first.running_mean),
        id(first.running_var),
        id(second.running_mean),
        id(second.running_var),
    ]


def test_names_follow_the_position():
    names = [name for name, _ in small().named_parameters()]
    assert names == ["0.weight", "0.bias", "4.weight", "4.bias"]


def test_train_and_eval_reach_every_layer():
    model = Sequential(Dropout(0.9, rng=np.random.default_rng(0)), Flatten())
    x = np.ones((1, 100))
    assert (model(x) == 0).sum() > 50
    model.eval()
    assert (model(x) == x).all()
    model.train()
    assert (model(x) == 0).sum() > 50


def test_summary_of_the_course_network_by_hand():
    summary = course_cnn(np.random.default_rng(0)).summary((1, 28, 28))
    shapes = [row.output_shape for row in summary.rows]
    assert shapes == [
        (16, 24, 24), (16, 24, 24), (16, 12, 12),
        (32, 8, 8), (32, 8, 8), (32, 4, 4),
        (512,), (128,), (128,), (10,),
    ]  # fmt: skip
    parameters = [row.parameters for row in summary.rows if row.parameters]
    assert parameters == [25 * 16 + 16, 25 * 16 * 32 + 32, 512 * 128 + 128, 128 * 10 + 10]
    assert summary.parameters == sum(parameters) == 80_202
    assert summary.multiply_adds == (
        25 * 16 * 24 * 24 + 25 * 16 * 32 * 8 * 8 + 512 * 128 + 128 * 10
    )
    values = sum(np.prod(shape) for shape in shapes)
    assert summary.memory == 4 * values
    fields = [row.receptive_field for row in summary.rows]
    assert fields == [5, 5, 6, 14, 14, 16, None, None, None, None]


def test_summary_prints_a_table_whose_columns_line_up():
    lines = str(small().summary((2, 6, 5))).splitlines()
    assert lines[0].split("  ")[-1] == "sees"
    # parameters 3·2·3·2 + 3 and 18·3 + 3; multiply-adds 36·(6·4) and 18·3; 72 outputs of 4 bytes
    assert lines[1].split()[-6:] == ["3×6×4", "39", "864", "288", "B", "3"]
    assert lines[-1].split() == ["total", "96", "918", "732", "B"]
    end = lines[0].index("multiply-adds") + len("multiply-adds")
    for line, number in ((lines[1], "864"), (lines[5], "54"), (lines[-1], "918")):
        assert line[:end].endswith(" " + number)


def test_global_pooling_sees_everything():
    conv = Conv2d(1, 2, 3, stride=2, rng=np.random.default_rng(0))
    rows = Sequential(conv, GlobalAvgPool2d()).summary((1, 9, 9)).rows
    # four outputs, two pixels apart, each 3 wide: 3 + 3·2 = 9
    assert [row.receptive_field for row in rows] == [3, 9]


def test_summary_names_the_layer_that_does_not_fit():
    with pytest.raises(ValueError, match=r"layer 4, Linear\(18, 3\): Linear: expects 18 input"):
        small().summary((2, 8, 8))


def test_state_dict_is_a_copy():
    model = small()
    state = model.state_dict()
    state["0.weight"][...] = 99
    assert (model[0].weight.value != 99).all()


def test_save_and_load_are_exact(tmp_path):
    model, other = small(0, np.float32), small(1, np.float32)
    x = X.astype(np.float32)
    assert (model(x) != other(x)).any()
    model.save(tmp_path / "weights.npz")
    other.load(tmp_path / "weights.npz")
    assert (model(x) == other(x)).all()
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]


def test_a_save_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "weights.npz"
    model = small()
    model.save(path)
    before = path.read_bytes()

    def full_disk(*arguments, **options):
        raise OSError("No space left on device")

    monkeypatch.setattr(archive.np, "savez", full_disk)
    with pytest.raises(OSError, match="No space left"):
        small(1).save(path)
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["weights.npz"]


def unchanged_after(call, model, error, words):
    before = model.state_dict()
    with pytest.raises(error) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
    for name, value in model.state_dict().items():
        assert (value == before[name]).all()


@pytest.mark.parametrize("keep", [0, 1, 100, 1000, -1])
def test_truncated_files_say_so(tmp_path, keep):
    path = tmp_path / "weights.npz"
    model = small()
    small(1).save(path)
    path.write_bytes(path.read_bytes()[:keep])
    unchanged_after(
        lambda: model.load(path), model, ValueError, ["weights.npz", "readable archive"]
    )


def test_pickles_are_refused(tmp_path):
    path = tmp_path / "weights.npz"
    np.savez(path, **{"0.weight": np.array([print], dtype=object)})
    model = small()
    unchanged_after(lambda: model.load(path), model, ValueError, ["readable archive", "pickle"])


def test_other_files_are_refused(tmp_path):
    model = small()
    text = tmp_path / "notes.npz"
    text.write_text("not weights")
    unchanged_after(lambda: model.load(text), model, ValueError, ["readable archive"])
    single = tmp_path / "single.npy"
    np.save(single, np.zeros(3))
    unchanged_after(lambda: model.load(single), model, ValueError, ["readable archive"])
    missing = tmp_path / "none.npz"
    unchanged_after(lambda: model.load(missing), model, FileNotFoundError, ["there is no file"])


def test_another_networks_weights_are_refused(tmp_path):
    model = small()
    state = small(1).state_dict()
    other = small(1, outputs=4).state_dict()
    unchanged_after(
        lambda: model.load_state_dict(other),
        model,
        ValueError,
        ["4.weight has shape (4, 18), expected (3, 18)", "4.bias has shape"],
    )
    missing = {name: value for name, value in state.items() if name != "0.bias"}
    unchanged_after(
        lambda: model.load_state_dict(missing), model, ValueError, ["0.bias is missing"]
    )
    unchanged_after(
        lambda: model.load_state_dict(state | {"9.weight": np.zeros(1)}),
        model,
        ValueError,
        ["9.weight is not known here"],
    )


def test_only_layers_are_accepted():
    with pytest.raises(TypeError, match="item 1 must be a layer, got a function"):
        Sequential(ReLU(), lambda x: x)
    with pytest.raises(TypeError, match=r"Unpack the list: Sequential\(\*layers\)"):
        Sequential([ReLU(), ReLU()])


def test_repr_lists_the_layers():
    assert repr(Sequential(ReLU(), MaxPool2d(2))) == (
        "Sequential(\n  (0): ReLU()\n  (1): MaxPool2d(2)\n)"
    )


# --- containers inside containers ---------------------------------------------------------------


def branched(dtype=np.float64):
    """Return a small network with a shortcut, branches and batch normalisation."""
    rng = np.random.default_rng(3)

    def conv(c_in, c_out, size, **options):
        return Conv2d(c_in, c_out, size, padding=size // 2, rng=rng, dtype=dtype, **options)

    return Sequential(
        Residual(
            Sequential(conv(2, 4, 3, stride=2), BatchNorm2d(4, dtype=dtype), ReLU()),
            conv(2, 4, 1, stride=2),
        ),
        Parallel(conv(4, 2, 1), Sequential(conv(4, 1, 1), ReLU(), conv(1, 3, 5))),
        Residual(conv(5, 5, 3)),
        Flatten(),
        Linear(5 * 3 * 3, 3, rng=rng, dtype=dtype),
    )


def test_residual_and_parallel_by_hand():
    x = np.array([[1.0, -2.0], [3.0, -4.0]])[None, None]
    residual = Residual(ReLU())
    assert residual(x).ravel().tolist() == [2, -2, 6, -4]
    # the plus sign: 1 by the shortcut everywhere, and 1 more where ReLU lets it through
    assert residual.backward(np.ones_like(x)).ravel().tolist() == [2, 1, 2, 1]
    parallel = Parallel(ReLU(), MaxPool2d(1), ReLU())
    assert parallel(x)[0, :, 0, 1].tolist() == [0, -2, 0]
    dout = np.stack([np.full((2, 2), 1.0), np.full((2, 2), 10.0), np.full((2, 2), 100.0)])[None]
    assert parallel.backward(dout).ravel().tolist() == [111, 10, 111, 10]


def test_gradients_through_shortcuts_and_branches():
    model = branched()
    model.backward(cross_entropy_backward(model(X), Y))
    dx = model.backward(cross_entropy_backward(model(X), Y))
    check_gradient(lambda x: cross_entropy(model(x), Y), X, dx)
    for name, parameter in model.named_parameters():
        if name == "0.main.0.bias":
            # Batch normalisation takes the mean off again: this bias changes nothing.
            assert np.abs(parameter.grad).max() < 1e-12
            continue
        start, grad = parameter.value.copy(), parameter.grad.copy()

        def loss(value, parameter=parameter):
            parameter.value = value
            return cross_entropy(model(X), Y)

        check_gradient(loss, start, grad)
        parameter.value = start


def test_names_are_paths_and_running_statistics_are_saved(tmp_path):
    model = branched()
    names = [name for name, _ in model.named_parameters()]
    assert names[:6] == [
        "0.main.0.weight",
        "0.main.0.bias",
        "0.main.1.weight",
        "0.main.1.bias",
        "0.shortcut.weight",
        "0.shortcut.bias",
    ]
    assert "1.1.2.weight" in names
    extra = set(model.state_dict()) - set(names)
    assert extra == {"0.main.1.running_mean", "0.main.1.running_var"}
    model(X)
    model.save(tmp_path / "weights.npz")
    other = branched()
    other.load(tmp_path / "weights.npz")
    model.eval()
    other.eval()
    assert (model(X) == other(X)).all()


def test_eval_reaches_the_innermost_layer_and_fixes_the_statistics():
    model = branched()
    model(X)
    model.eval()
    together = model(X)
    alone = np.concatenate([model(x[None]) for x in X])
    np.testing.assert_allclose(together, alone, rtol=1e-10, atol=1e-12)
    statistics = model.state_dict()["0.main.1.running_mean"]
    model(X + 5)
    assert (model.state_dict()["0.main.1.running_mean"] == statistics).all()
    model.train()
    model(X + 5)
    assert (model.state_dict()["0.main.1.running_mean"] != statistics).all()


def test_gradients_in_use_treat_the_statistics_as_fixed():
    model = branched()
    model(X)
    model.eval()
    dx = model.backward(cross_entropy_backward(model(X), Y))
    check_gradient(lambda x: cross_entropy(model(x), Y), X, dx)


def test_summary_opens_containers_as_deep_as_asked():
    model = branched()
    deep, flat = model.summary((2, 6, 5)), model.summary((2, 6, 5), depth=1)
    assert deep.parameters == flat.parameters == sum(p.size for p in model.parameters())
    assert deep.multiply_adds == flat.multiply_adds == model.multiply_adds((2, 6, 5))
    assert deep.memory == flat.memory
    assert len(flat.rows) == 5
    names = [row.name.split()[0] for row in deep.rows]
    assert names[:7] == ["0", "0.main", "0.main.0", "0.main.1", "0.main.2", "0.shortcut", "1"]
    # 3×3 at stride 2 sees 3; the 5×5 in the longer branch reaches 4 steps of 2 further
    assert [row.receptive_field for row in flat.rows] == [3, 3 + 4 * 2, 11 + 2 * 2, None, None]


def test_summary_names_the_innermost_layer_that_does_not_fit():
    with pytest.raises(ValueError, match=r"summary: layer 0.main.0, Conv2d\(2, 4.*got 3"):
        branched().summary((3, 6, 5))


def test_ways_of_unequal_shape_are_explained():
    rng = np.random.default_rng(0)
    wider = Conv2d(2, 4, 1, rng=rng, dtype=np.float64)
    smaller = Conv2d(2, 2, 3, rng=rng, dtype=np.float64)
    with pytest.raises(ValueError, match=r"Residual: the main way .* 1×1 convolution"):
        Residual(wider)(X)
    with pytest.raises(ValueError, match="Residual: the main way"):
        Residual(wider).output_shape((2, 6, 5))
    with pytest.raises(
        ValueError, match=r"Parallel: the branches return \[\(4, 6, 5\), \(2, 4, 3\)\]"
    ):
        Parallel(wider, smaller)(X)
    with pytest.raises(ValueError, match="at least one branch"):
        Parallel()
    with pytest.raises(TypeError, match="main must be a layer"):
        Residual("main")
    parallel = Parallel(wider)
    with pytest.raises(ValueError, match="Call the layer on a batch first"):
        parallel.backward(X)
    parallel(X)
    with pytest.raises(ValueError, match=r"expected 4 channels"):
        parallel.backward(X)
