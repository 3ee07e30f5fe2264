"""What the doors say and refuse, whether or not the libraries behind them are installed."""

import inspect
import sys
import tomllib
from pathlib import Path

import nets
import numpy as np
import pytest

from cnnlib import further, interop, layers
from cnnlib.interop import extras, onnx_file, pytorch
from cnnlib.layers import Conv2d, Linear, ReLU
from cnnlib.model import Container, Sequential

ROOT = Path(__file__).parents[2]
MODEL = Sequential(Linear(2, 3, rng=np.random.default_rng(0)))


@pytest.fixture
def nothing_installed(monkeypatch):
    for name in extras.EXTRAS:
        for loaded in [m for m in sys.modules if m.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, loaded)
        monkeypatch.setitem(sys.modules, name, None)


CALLS = {
    "to_torch": lambda path: interop.to_torch(MODEL),
    "from_torch": lambda path: interop.from_torch(object()),
    "to_onnx": lambda path: interop.to_onnx(MODEL, path, (2,)),
    "save_safetensors": lambda path: interop.save_safetensors(MODEL, path),
    "load_safetensors": lambda path: interop.load_safetensors(MODEL, path),
}


def test_every_door_is_tried_here():
    assert set(CALLS) == set(interop.__all__)


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("name", CALLS)
def test_a_missing_library_is_named_with_the_line_that_installs_it(name, tmp_path):
    with pytest.raises(ImportError) as error:
        CALLS[name](tmp_path / "file")
    message = str(error.value)
    assert message.startswith(f"{name}: ")
    assert any(f"{called} is not installed" in message for _, called in extras.EXTRAS.values())
    assert list(tmp_path.iterdir()) == []
    extra = message.partition('pip install -e ".[')[2].partition("]")[0]
    assert extra in declared_extras()


def declared_extras():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["optional-dependencies"]


def test_each_library_comes_with_the_extra_that_the_message_names():
    for library, (extra, _) in extras.EXTRAS.items():
        assert any(line.startswith(library) for line in declared_extras()[extra]), library


def test_a_library_that_is_broken_is_not_called_missing(monkeypatch, tmp_path):
    (tmp_path / "torch.py").write_text("import a_part_of_torch_that_is_missing")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(ModuleNotFoundError, match="a_part_of_torch_that_is_missing"):
        extras.library("to_torch", "torch")


def test_every_layer_is_carried_and_tried():
    kinds = {
        thing
        for module in (layers, further)
        for thing in (getattr(module, name) for name in module.__all__)
        if isinstance(thing, type) and issubclass(thing, layers.Layer)
    } - {layers.Layer}
    assert nets.covered() == {kind.__name__ for kind in kinds} | nets.CONTAINERS
    assert set(onnx_file.NODES) == kinds
    assert {*pytorch.WAYS, layers.MinPool2d} == kinds


# What a layer may be told. A new setting must travel, or be refused, before it stands here.
SETTINGS = {
    "AvgPool2d": "kernel_size stride padding",
    "BatchNorm2d": "num_features eps momentum dtype",
    "Conv2d": "in_channels out_channels kernel_size stride padding groups bias padding_mode "
    "rng dtype",
    "Dropout": "p rng",
    "LeakyReLU": "negative_slope",
    "Linear": "in_features out_features bias rng dtype",
    "LocalResponseNorm": "size alpha beta k",
    "MaxPool2d": "kernel_size stride padding",
    "MinPool2d": "kernel_size stride padding",
    "ZeroPad2d": "padding",
}


@pytest.mark.parametrize("kind", onnx_file.NODES, ids=lambda kind: kind.__name__)
def test_no_setting_of_a_layer_is_left_behind(kind):
    assert list(inspect.signature(kind).parameters) == SETTINGS.get(kind.__name__, "").split()


@pytest.mark.parametrize("name", nets.LAYERS)
def test_the_networks_of_these_tests_run(name):
    layer = nets.LAYERS[name]()
    assert layer(nets.images()).shape == (3, *layer.output_shape(nets.IMAGE))


@pytest.mark.parametrize("what", [None, "model", [ReLU()], ReLU, np.zeros(3)])
@pytest.mark.parametrize("door", ["to_torch", "to_onnx"])
def test_what_is_no_network_is_refused(door, what, tmp_path):
    given = (what,) if door == "to_torch" else (what, tmp_path / "file.onnx", (2,))
    with pytest.raises(TypeError, match=f"^{door}: expected a network of cnnlib, got "):
        getattr(interop, door)(*given)


@pytest.mark.parametrize("door", ["to_onnx", "save_safetensors"])
def test_a_folder_that_is_missing_is_named_before_any_work(door, tmp_path):
    path = tmp_path / "missing" / "file"
    given = (MODEL, path, (2,)) if door == "to_onnx" else (MODEL, path)
    with pytest.raises(FileNotFoundError, match=f"^{door}: there is no folder"):
        getattr(interop, door)(*given)


class Doubled(ReLU):
    mixes_images = False


def test_the_refusal_names_place_layer_and_reason():
    refusal = str(extras.own_layer("to_torch", "2.main.0", Doubled()))
    assert refusal.startswith("to_torch: layer 2.main.0, Doubled(), cannot be carried over: ")


def test_nothing_else_in_cnnlib_imports_the_doors():
    sources = (ROOT / "cnnlib").rglob("*.py")
    outside = [path for path in sources if not {"interop", "course"} & set(path.parts)]
    assert len(outside) > 20
    for path in outside:
        assert "interop" not in path.read_text(encoding="utf-8"), path


def test_the_container_of_a_door_is_cnnlibs():
    assert isinstance(nets.a_network(), Container)
    assert nets.a_network().output_shape(nets.IMAGE) == (5,)
    assert isinstance(nets.LAYERS["Conv2d"](), Conv2d)
