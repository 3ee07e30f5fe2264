"""ONNX and safetensors files: read by programs that this project did not write.

Needs onnx, onnxruntime and safetensors: `make test-interop` makes an environment that has them.
"""

import nets
import numpy as np
import pytest

WHERE = "make test-interop installs the extras and runs these"
onnx = pytest.importorskip("onnx", reason=WHERE)
onnxruntime = pytest.importorskip("onnxruntime", reason=WHERE)
safetensors = pytest.importorskip("safetensors.numpy", reason=WHERE)

from onnx.reference import ReferenceEvaluator  # noqa: E402

from cnnlib.architectures import course_cnn, googlenet, resnet18  # noqa: E402
from cnnlib.interop import load_safetensors, save_safetensors, to_onnx  # noqa: E402
from cnnlib.interop.extras import NotCarriedError  # noqa: E402
from cnnlib.layers import BatchNorm2d, Linear, LocalResponseNorm, ReLU  # noqa: E402
from cnnlib.model import Sequential  # noqa: E402


def answers(path, x):
    """Return what ONNX's reference and onnxruntime compute from the file."""
    reference = ReferenceEvaluator(str(path)).run(None, {"images": x})[0]
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return reference, session.run(["scores"], {"images": x})[0]


@pytest.mark.parametrize("name", nets.LAYERS)
def test_each_layer_computes_the_same_from_the_file(name, tmp_path):
    model = nets.shaken(nets.LAYERS[name]())
    model.eval()
    to_onnx(model, tmp_path / "layer.onnx", nets.IMAGE)
    # As many images as channels: the reference of onnx 1.23 normalises one channel for each image.
    x = nets.images(nets.IMAGE[0], dtype=np.float32)
    expected = model(x.astype(np.float64))
    for answer in answers(tmp_path / "layer.onnx", x):
        assert answer.dtype == np.float32
        np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("build", "shape"),
    [(course_cnn, (1, 28, 28)), (googlenet, (3, 64, 64)), (resnet18, (3, 64, 64))],
)
def test_whole_networks_with_a_batch_of_any_size(build, shape, tmp_path):
    model = build(np.random.default_rng(0))
    model.eval()
    to_onnx(model, tmp_path / "net.onnx", shape)
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"))
    for n in (1, 3):
        x = np.random.default_rng(n).random((n, *shape), dtype=np.float32)
        scores = session.run(["scores"], {"images": x})[0]
        np.testing.assert_allclose(scores, model(x), rtol=1e-3, atol=1e-3)


def test_the_version_is_one_that_other_programs_take(tmp_path):
    to_onnx(course_cnn(np.random.default_rng(0)), tmp_path / "net.onnx", (1, 28, 28))
    made = onnx.load(tmp_path / "net.onnx")
    assert (made.ir_version, made.opset_import[0].version) == (10, 21)
    onnx.checker.check_model(made, full_check=True)
    assert made.graph.node[0].name == "0"
    assert {w.name for w in made.graph.initializer} == set(
        course_cnn(np.random.default_rng(0)).state_dict()
    )


def test_what_the_file_is_given_is_checked(tmp_path):
    path = tmp_path / "net.onnx"
    with pytest.raises(ValueError, match="expects 1 input channels, got 3"):
        to_onnx(course_cnn(np.random.default_rng(0)), path, (3, 28, 28))
    with pytest.raises(NotCarriedError, match=r"^to_onnx: layer 1, LocalResponseNorm\(4\), "):
        to_onnx(Sequential(ReLU(), LocalResponseNorm(4)), path, nets.IMAGE)

    class Doubled(ReLU):
        mixes_images = False

    with pytest.raises(NotCarriedError, match=r"^to_onnx: layer 0, Doubled\(\), "):
        to_onnx(Sequential(Doubled()), path, nets.IMAGE)
    assert not path.exists()


# --- safetensors ----------------------------------------------------------------------------------


def test_weights_come_back_bit_for_bit(tmp_path):
    model = nets.shaken(nets.a_network())
    save_safetensors(model, tmp_path / "w.safetensors")
    other = nets.a_network()
    load_safetensors(other, tmp_path / "w.safetensors")
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], value)
    assert set(safetensors.load_file(tmp_path / "w.safetensors")) == set(model.state_dict())


def test_an_array_that_lies_across_is_written_in_its_order(tmp_path):
    model = Sequential(Linear(3, 4, rng=np.random.default_rng(0)))
    across = np.arange(12, dtype=np.float32).reshape(3, 4).T
    model[0].weight.value = across
    save_safetensors(model, tmp_path / "w.safetensors")
    kept = safetensors.load_file(tmp_path / "w.safetensors")["0.weight"]
    np.testing.assert_array_equal(kept, across)


def test_pytorchs_count_of_batches_is_passed_over(tmp_path):
    model = Sequential(BatchNorm2d(2))
    arrays = model.state_dict() | {"0.num_batches_tracked": np.array(7)}
    safetensors.save_file(arrays, tmp_path / "w.safetensors")
    load_safetensors(model, tmp_path / "w.safetensors")


def test_files_that_cannot_be_read_say_so_and_change_nothing(tmp_path):
    model = nets.a_network()
    before = model.state_dict()
    with pytest.raises(FileNotFoundError, match=r"^load_safetensors: there is no file"):
        load_safetensors(model, tmp_path / "none.safetensors")
    save_safetensors(model, tmp_path / "w.safetensors")
    whole = (tmp_path / "w.safetensors").read_bytes()
    for damaged in (b"", b"PK", whole[:50], whole[:-3], b"\xff" * 100):
        (tmp_path / "w.safetensors").write_bytes(damaged)
        with pytest.raises(ValueError, match="no readable safetensors file"):
            load_safetensors(model, tmp_path / "w.safetensors")
    save_safetensors(course_cnn(np.random.default_rng(0)), tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="the weights do not fit"):
        load_safetensors(model, tmp_path / "w.safetensors")
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
