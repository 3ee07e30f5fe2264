"""The networks that come trained: what PyTorch says, what was recorded, and damaged files."""

import hashlib
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from cnnlib import backend, datasets
from cnnlib.datasets import DamagedFileError, load_digits, load_photo, photo_names
from cnnlib.fast import threads
from cnnlib.functional import softmax
from cnnlib.layers import BatchNorm2d, Conv2d, Linear
from cnnlib.pretrained import imagenet_input, load_digits_cnn, load_efficientnet_lite0
from cnnlib.training import evaluate

DATA = Path(__file__).parents[1] / "data"
with np.load(Path(__file__).parent / "pretrained" / "lite0.npz") as file:
    GOLDEN = dict(file)


@pytest.fixture(scope="module")
def lite0():
    return load_efficientnet_lite0()


# --- EfficientNet-Lite0 ---------------------------------------------------------------------------

CALLS = [("fast", name) for name in ("cat", "coffee", "rocket")] + [("plain", "coffee")]


@pytest.mark.parametrize(("code", "name"), CALLS)
def test_scores_and_gradients_are_those_of_pytorch(lite0, code, name):
    with backend.using(code):
        logits = lite0.model(imagenet_input(load_photo(name)))
        dout = np.zeros_like(logits)
        dout[0, logits.argmax()] = 1
        dx = lite0.model.backward(dout)
    assert logits.dtype == dx.dtype == np.float32
    assert np.abs(logits[0] - GOLDEN[f"{name}/logits"]).max() < 1e-3
    assert logits.argmax() == GOLDEN[f"{name}/logits"].argmax()
    theirs = GOLDEN[f"{name}/gradient"]
    assert np.abs(theirs).max() > 0.001
    off = np.abs(dx.ravel()[GOLDEN[f"{name}/pixels"]] - theirs).max()
    assert off < 1e-3 * np.abs(dx).max()


# What the classes are, and how sure the network is of each.
SEEN = {
    "cat": [("Egyptian cat", 0.381), ("tiger cat", 0.322), ("tabby, tabby cat", 0.166)],
    "coffee": [("espresso", 0.899), ("cup", 0.035)],
    "rocket": [("missile", 0.374), ("projectile, missile", 0.354)],
}


@pytest.mark.parametrize("name", SEEN)
def test_what_it_sees(lite0, name):
    probabilities = softmax(lite0.model(imagenet_input(load_photo(name))))[0]
    order = probabilities.argsort()[::-1]
    for place, (label, probability) in zip(order, SEEN[name], strict=False):
        assert lite0.classes[place] == label
        assert probabilities[place] == pytest.approx(probability, abs=0.0006)


def test_one_byte_a_weight_costs_little():
    for name in photo_names():
        (whole,), (exact,) = (
            softmax(GOLDEN[f"{name}/{what}"][None]) for what in ("logits", "float logits")
        )
        assert whole.argmax() == exact.argmax()
        assert np.abs(whole - exact).max() < 0.06  # most for the rocket: 0.428 becomes 0.374
    cat = softmax(GOLDEN["cat/float logits"][None])[0, 285]
    assert cat == pytest.approx(0.394, abs=0.0006)  # and 0.381 in bytes


def test_the_weights_are_whole_numbers_times_a_scale(lite0):
    layers = [layer for layer in lite0.model.leaves() if isinstance(layer, Conv2d | Linear)]
    assert not any(isinstance(layer, BatchNorm2d) for layer in lite0.model.leaves())
    assert len(layers) == 50
    for layer in layers:
        rows = layer.weight.value.reshape(len(layer.weight.value), -1)
        largest = np.abs(rows).max(axis=1, keepdims=True)
        counted = 127 * rows / np.where(largest > 0, largest, 1)
        np.testing.assert_allclose(counted, counted.round(), atol=1e-4)


def test_the_thousand_names(lite0):
    assert len(lite0.classes) == len(set(lite0.classes)) + 1 == 1000  # a crane is two things
    assert lite0.classes[0] == "tench, Tinca tinca"
    assert lite0.classes[999] == "toilet tissue, toilet paper, bathroom tissue"
    assert all(name == name.strip() and name.isascii() for name in lite0.classes)


def test_it_comes_in_eval_and_anew(lite0):
    other = load_efficientnet_lite0().model
    assert not other.training
    other[1].weight.value[...] = 0
    assert lite0.model[1].weight.value.any()


def test_the_same_bits_for_every_number_of_threads(lite0):
    x, before = imagenet_input(load_photo("cat")), threads.threads()
    results = []
    try:
        for count in (1, 2, 5):
            threads.set_threads(count)
            logits = lite0.model(x)
            dx = lite0.model.backward(np.ones_like(logits))
            grads = [parameter.grad for parameter in lite0.model.parameters()]
            results.append([logits, dx, *(grad.copy() for grad in grads)])
    finally:
        threads.set_threads(before)
    for others in results[1:]:
        assert all((a == b).all() for a, b in zip(results[0], others, strict=True))


# --- what it is shown -----------------------------------------------------------------------------


def test_bytes_become_numbers_about_zero():
    photo = np.full((224, 224, 3), [0, 127, 255], dtype=np.uint8)
    x = imagenet_input(photo)
    assert (x.shape, x.dtype) == ((1, 3, 224, 224), np.float32)
    assert [set(channel.ravel().tolist()) for channel in x[0]] == [{-127 / 128}, {0.0}, {1.0}]


def test_a_photograph_of_the_right_size_keeps_every_pixel():
    photo = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    x = imagenet_input(photo)
    assert ((x[0].transpose(1, 2, 0) * 128 + 127) == photo).all()


def test_other_shapes_are_squeezed_whole():
    photo = np.zeros((100, 400, 3), dtype=np.uint8)
    photo[:, :200] = 255  # the left half, and nothing is cut off
    x = imagenet_input(photo)[0, 0]
    assert (x[:, :110] == 1).all()
    assert (x[:, 114:] == -127 / 128).all()


@pytest.mark.parametrize(
    ("photo", "error", "words"),
    [
        (np.zeros((5, 5, 3)), TypeError, "photo must be an array of uint8, got an array of shape"),
        ("cat", TypeError, "photo must be an array of uint8, got 'cat'."),
        (
            np.zeros((5, 5), np.uint8),
            ValueError,
            "photo must have the shape (H, W, 3), got (5, 5).",
        ),
        (np.zeros((0, 5, 3), np.uint8), ValueError, "photo must have the shape (H, W, 3), got (0"),
        (np.zeros((3, 5, 5), np.uint8), ValueError, "photo must have the shape (H, W, 3), got (3"),
    ],
)
def test_what_is_no_photograph(photo, error, words):
    with pytest.raises(error, match=f"^{re.escape(f'imagenet_input: {words}')}"):
        imagenet_input(photo)


# --- the digits' network --------------------------------------------------------------------------


def test_the_accuracy_is_the_recorded_one():
    digits, model = load_digits(), load_digits_cnn()
    assert evaluate(model, digits.validation)[1] == pytest.approx(0.987, abs=1e-6)
    assert evaluate(model, digits.test)[1] == pytest.approx(0.986, abs=1e-6)
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert "98.7% of the\nvalidation digits and 98.6% of the test digits" in readme


def test_the_digits_network_comes_in_eval_and_anew():
    first, second = load_digits_cnn(), load_digits_cnn()
    assert not first.training
    first[0].weight.value[...] = 0
    assert second[0].weight.value.any()


# --- checked before they are read -----------------------------------------------------------------

LOADERS = [
    ("imagenet_net.npz", load_efficientnet_lite0, "`python data/make_imagenet_net.py`"),
    ("digits_net.npz", load_digits_cnn, None),
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a copy of the data folder, to be damaged, that CNNLIB_DATA points to."""
    for name, _, _ in LOADERS:
        shutil.copy(DATA / name, tmp_path / name)
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("name", "load", "rebuilt"), LOADERS)
def test_missing_file(folder, name, load, rebuilt):
    (folder / name).unlink()
    expected = f"{load.__name__}: there is no file {folder / name}."
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(expected)}") as error:
        load()
    assert f"run `git restore data/{name}` in the course folder" in str(error.value)
    if rebuilt is None:
        assert "rebuild" not in str(error.value)
    else:
        assert f"or rebuild it there with {rebuilt}" in str(error.value)


@pytest.mark.parametrize(("name", "load", "rebuilt"), LOADERS)
@pytest.mark.parametrize("where", [0.0, 0.5, 1.0])
def test_one_flipped_bit(folder, name, load, rebuilt, where):
    packed = bytearray((DATA / name).read_bytes())
    packed[int(where * (len(packed) - 1))] ^= 1
    (folder / name).write_bytes(packed)
    found = hashlib.sha256(packed).hexdigest()[:12]
    with pytest.raises(DamagedFileError, match=f"SHA-256 {found}") as error:
        load()
    assert str(error.value).startswith(f"{load.__name__}: the file {folder / name} has the right")


def test_the_script_made_these_arrays():
    source = (DATA / "make_imagenet_net.py").read_text(encoding="utf-8")
    with np.load(DATA / "imagenet_net.npz") as archive:
        contents = b"".join(array.tobytes() for array in archive.values())
    assert f'ARRAYS_SHA256 = "{hashlib.sha256(contents).hexdigest()}"' in source
    assert set(datasets.FILES) >= {name for name, _, _ in LOADERS}
