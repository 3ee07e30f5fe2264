"""Every piece of code that a message of the library advises is executed, and mends what was wrong.

Each row of ADVICE provokes a message, names the code in it, and tries again with that code. One
test reads the messages in the source: advice that stands in no row fails it.
"""

import ast
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from cnnlib import functional as F
from cnnlib import layers, model, optim
from cnnlib.console import how_to_go_on
from cnnlib.datasets import as_photo, load_digits, open_photo
from cnnlib.files import check_folder
from cnnlib.gradcheck import numerical_gradient
from cnnlib.pretrained import imagenet_input
from cnnlib.training import evaluate, fit

PACKAGE = Path(__file__).parents[1] / "cnnlib"


@dataclass(frozen=True)
class Advice:
    """One message: what provokes it, the code that it advises, and what is right with it."""

    wrong: str  # statements; the last one raises, or returns the message
    advised: str  # stands in the message as it is
    right: str  # statements that must pass; ADVISED stands for the code
    before: str = ""  # statements that both need


def names() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    known: dict[str, Any] = {
        "np": np,
        "F": F,
        "PIL": PIL,
        "Path": Path,
        "rng": rng,
        "seed": 0,
        "flatten": F.flatten,
        "dropout_mask": F.dropout_mask,
        "images": rng.standard_normal((6, 1, 8, 8)),
        "labels": np.arange(6) % 3,
        "filters": rng.standard_normal((4, 3, 3, 3)),
        "CONV": {"out_channels": 4, "kernel_size": 3, "rng": rng, "dtype": np.float64},
    }
    for module in (layers, model, optim):
        known |= {name: getattr(module, name) for name in module.__all__}
    for function in (
        as_photo,
        open_photo,
        check_folder,
        numerical_gradient,
        evaluate,
        fit,
        how_to_go_on,
        load_digits,
        imagenet_input,
    ):
        known[function.__name__] = function
    return known


NETWORK = "layer = Linear(64, 3, rng=rng, dtype=np.float64); model = Sequential(Flatten(), layer)"
TRAINING = (
    f"{NETWORK}; optimizer = SGD(model.parameters(), lr=0.1)\n"
    "scheduler, data = None, (images, labels)\n"
    "def train(epochs=1, **other):\n"
    "    given = dict(model=model, train=data, optimizer=optimizer, rng=rng, scheduler=scheduler)\n"
    "    return fit(**given | other, epochs=epochs, batch_size=3, progress=False)\n"
)
A = Advice
ADVICE = [
    # --- the shape of an image
    A(
        "F.conv2d(x, filters[:, :1])",
        "x[None, None]",
        "F.conv2d(ADVISED, filters[:, :1])",
        "x = images[0, 0]",
    ),
    A(
        "F.conv2d(x, filters[:, :1])",
        "x[None]",
        "F.conv2d(ADVISED, filters[:, :1])",
        "x = images[0]",
    ),
    A(
        "F.conv2d(x, filters)",
        "x.transpose(2, 0, 1)[None]",
        "F.conv2d(ADVISED, filters)",
        "x = np.zeros((8, 8, 3))",
    ),
    A(
        "F.conv2d(x, filters)",
        "x.transpose(0, 3, 1, 2)",
        "F.conv2d(ADVISED, filters)",
        "x = np.zeros((2, 8, 8, 3))",
    ),
    A(
        "F.linear(x, weight)",
        "flatten(x)",
        "F.linear(ADVISED, weight)",
        "x, weight = images, np.zeros((3, 64))",
    ),
    A(
        "F.linear(x, weight)",
        "x[None]",
        "F.linear(ADVISED, weight)",
        "x, weight = np.zeros(4), np.zeros((3, 4))",
    ),
    A("F.flatten(x)", "x[None]", "F.flatten(ADVISED)", "x = np.zeros(4)"),
    A(
        "F.cross_entropy(logits, labels[:1])",
        "logits[None]",
        "F.cross_entropy(ADVISED, labels[:1])",
        "logits = np.zeros(3)",
    ),
    A(
        "F.conv2d(images, filters[:, :1], stride=0)",
        "stride=1",
        "F.conv2d(images, filters[:, :1], ADVISED)",
    ),
    A(
        "F.conv2d(images, filters[:, :1], padding=-1)",
        "padding=0",
        "F.conv2d(images, filters[:, :1], ADVISED)",
    ),
    A(
        "F.pad2d(images, 8, 'reflect')",
        "mode='replicate'",
        "F.pad2d(images, 8, ADVISED)",
    ),
    # --- kinds of numbers
    A("F.relu(x)", "np.array(x, dtype=np.float32)", "F.relu(ADVISED)", "x = [1.0, 2.0]"),
    A("F.relu(x)", "np.array([x])", "F.relu(ADVISED)", "x = np.array(3.0)"),
    A("F.relu(x)", "x.astype(np.float32)", "F.relu(ADVISED)", "x = np.arange(3)"),
    A(
        "F.relu(x)",
        "x.astype(np.float32) / 255",
        "assert F.relu(ADVISED).tolist() == [0, 1]",
        "x = np.array([0, 255], np.uint8)",
    ),
    A(
        "F.relu(x)",
        "x.astype(np.float32) / 65535",
        "assert F.relu(ADVISED).tolist() == [0, 1]",
        "x = np.array([0, 65535], np.uint16)",
    ),
    A(
        "F.linear(x, weight)",
        "weight.astype(np.float32)",
        "F.linear(x, ADVISED)",
        "x, weight = np.zeros((1, 4), np.float32), np.zeros((3, 4))",
    ),
    A(
        "F.linear(x, weight)",
        "x.astype(np.float32)",
        "F.linear(ADVISED, weight)",
        "x, weight = np.zeros((1, 4)), np.zeros((3, 4), np.float32)",
    ),
    A(
        "numerical_gradient(np.sum, x)",
        "x.astype(np.float64)",
        "numerical_gradient(np.sum, ADVISED)",
        "x = np.zeros(3, np.float32)",
    ),
    A(
        "numerical_gradient(lambda x: x * dout, x)",
        "(y * dout).sum()",
        "numerical_gradient(lambda y: ADVISED, x)",
        "x, dout = np.zeros(3), np.ones(3)",
    ),
    A(
        "F.dropout_mask((3,), 0.5, 0)",
        "rng=np.random.default_rng(seed)",
        "F.dropout_mask((3,), 0.5, ADVISED)",
    ),
    A(
        "F.dropout(x, np.ones(3))",
        "dropout_mask(x.shape, p, rng, x.dtype)",
        "F.dropout(x, ADVISED)",
        "x, p = np.zeros(4), 0.5",
    ),
    A(
        "F.dropout_mask(3, p, rng)",
        "x.shape",
        "F.dropout_mask(ADVISED, p, rng)",
        "x, p = np.zeros(4), 0.5",
    ),
    A(
        "F.conv2d(images, filters[:, :1], np.zeros(3))",
        "np.zeros(4)",
        "F.conv2d(images, filters[:, :1], ADVISED)",
    ),
    # --- labels
    A(
        "F.cross_entropy(x, targets)",
        "np.array(targets)",
        "F.cross_entropy(x, ADVISED)",
        "x, targets = np.zeros((2, 3)), [0, 1]",
    ),
    A(
        "F.cross_entropy(x, targets)",
        "targets.argmax(axis=1)",
        "F.cross_entropy(x, ADVISED)",
        "x, targets = np.zeros((3, 3)), np.eye(3)",
    ),
    A(
        "F.cross_entropy(x, targets)",
        "targets.astype(np.int64)",
        "F.cross_entropy(x, ADVISED)",
        "x, targets = np.zeros((2, 3)), np.array([0.0, 1.0])",
    ),
    A(
        "train(train=(images, targets))",
        "targets[:, 0]",
        "train(train=(images, ADVISED))",
        TRAINING + "targets = labels[:, None]",
    ),
    A(
        "train(train=(images, targets))",
        "np.unique(targets, return_inverse=True)[1]",
        "train(train=(images, ADVISED))",
        TRAINING + "targets = np.array(['cat', 'dog', 'owl'])[labels]",
    ),
    A(
        "train(train=(images.astype(np.float32), labels))",
        "images.astype(np.float64)",
        "train(train=(ADVISED, labels))",
        TRAINING,
    ),
    A(
        "train(train=(images, targets))",
        "targets.argmax(axis=1)",
        "train(train=(images, ADVISED))",
        TRAINING + "targets = np.eye(3)[labels]",
    ),
    # --- layers that do not fit
    A(
        "F.conv2d(images, filters)",
        "in_channels=1",
        "Conv2d(**CONV, ADVISED)(images)",
    ),
    A(
        "F.conv2d(np.zeros((1, 2, 8, 3)), filters)",
        "in_channels=2",
        "Conv2d(**CONV, ADVISED)(np.zeros((1, 2, 8, 3)))",
    ),
    A(
        "F.conv2d(np.zeros((1, 2, 8, 8)), filters)",
        "in_channels=2",
        "Conv2d(**CONV, ADVISED)(np.zeros((1, 2, 8, 8)))",
    ),
    A(
        "F.linear(np.zeros((2, 5)), np.zeros((3, 4)))",
        "in_features=5",
        "Linear(out_features=3, rng=rng, dtype=np.float64, ADVISED)(np.zeros((2, 5)))",
    ),
    A(
        "F.batch_norm2d(images, np.ones(3), np.ones(3))",
        "num_features=1",
        "BatchNorm2d(dtype=np.float64, ADVISED)(images)",
    ),
    A(
        "Conv2d(3, 4, 3, rng=rng).output_shape((1, 8, 8))",
        "in_channels=1",
        "Conv2d(out_channels=4, kernel_size=3, rng=rng, ADVISED).output_shape((1, 8, 8))",
    ),
    A(
        "Linear(3, 4, rng=rng).output_shape((2, 3))",
        "in_features=6",
        "Sequential(Flatten(), Linear(out_features=4, rng=rng, ADVISED)).output_shape((2, 3))",
    ),
    A(
        "BatchNorm2d(3).output_shape((1, 8, 8))",
        "num_features=1",
        "BatchNorm2d(ADVISED).output_shape((1, 8, 8))",
    ),
    A(
        "layer.backward(dout)",
        "y = layer(x)",
        "ADVISED; layer.backward(dout)",
        "layer, x, dout = ReLU(), images, images",
    ),
    A(
        "layer.backward(dout)",
        "layer.backward(dout)",
        "y = layer(x); ADVISED",
        "layer, x, dout = ReLU(), images, images",
    ),
    A("Sequential(layers)", "Sequential(*layers)", "ADVISED", "layers = [Flatten(), ReLU()]"),
    A(
        "evaluate(layer, (images, labels))",
        "Sequential(layer)",
        "evaluate(ADVISED, (F.flatten(images), labels))",
        NETWORK,
    ),
    # --- training
    A("SGD([], lr=0.1)", "model.parameters()", "SGD(ADVISED, lr=0.1)", NETWORK),
    A("SGD([1, 2], lr=0.1)", "model.parameters()", "SGD(ADVISED, lr=0.1)", NETWORK),
    A(
        "SGD(model.parameters(), lr=0.1).step()",
        "model.backward(dout)",
        "dout = np.ones_like(model(images)); ADVISED; SGD(model.parameters(), lr=0.1).step()",
        NETWORK,
    ),
    A(
        "class Mine(Scheduler): pass\nMine(optimizer)",
        "rate(self, epoch)",
        "class Mine(Scheduler):\n    def ADVISED: return 0.1\nMine(optimizer)",
        TRAINING,
    ),
    A("StepLR(model, 3)", "SGD(model.parameters(), lr=0.1)", "StepLR(ADVISED, 3)", NETWORK),
    A(
        "train(optimizer=None)",
        "SGD(model.parameters(), lr=0.1)",
        "train(optimizer=ADVISED)",
        TRAINING,
    ),
    A(
        "train(optimizer=SGD(Linear(2, 2, rng=rng).parameters(), lr=0.1))",
        "model.parameters()",
        "train(optimizer=SGD(ADVISED, lr=0.1))",
        TRAINING,
    ),
    A(
        "train(scheduler=0.1)",
        "StepLR(optimizer, step_size=5)",
        "train(scheduler=ADVISED)",
        TRAINING,
    ),
    A(
        "train(train=images)",
        "load_digits()",
        "digits = ADVISED; few = digits.train[0][:9], digits.train[1][:9]\n"
        "model = Sequential(Flatten(), Linear(784, 10, rng=rng))\n"
        "train(model=model, train=few, optimizer=SGD(model.parameters(), lr=0.1))",
        TRAINING,
    ),
    A(
        "train(train=(images, labels))",
        "np.isfinite(images).all()",
        "assert not ADVISED",
        TRAINING + "images[3] = np.inf",
    ),
    A("how_to_go_on(1, 2, 8)", "history=history", "history = train(); train(ADVISED)", TRAINING),
    A(
        "how_to_go_on(1, 2, 8)",
        "model.save('weights.npz')",
        "ADVISED; weight = layer.weight.value; weight *= 0; model.load('weights.npz')",
        NETWORK,
    ),
    # --- files and pictures
    A(
        "check_folder('fit', '~/a.npz')",
        "Path('~/a.npz').expanduser()",
        "check_folder('fit', ADVISED)",
    ),
    A(
        "as_photo(image)",
        "image.astype(np.float32)",
        "as_photo(ADVISED)",
        "image = np.full((2, 2), 0.5, object)",
    ),
    A(
        "as_photo(image)",
        "np.moveaxis(image, 0, -1)",
        "as_photo(ADVISED)",
        "image = np.zeros((3, 5, 6), np.uint8)",
    ),
    A(
        "as_photo(image)",
        "image[0]",
        "as_photo(ADVISED)",
        "image = np.zeros((2, 5, 6, 3), np.uint8)",
    ),
    A(
        "as_photo(image)",
        "np.clip(image, 0, 1)",
        "as_photo(ADVISED)",
        "image = np.array([[-0.1, 1.0]])",
    ),
    A(
        "as_photo(image)",
        "np.clip(image, 0, 255)",
        "as_photo(ADVISED)",
        "image = np.array([[-1, 256]])",
    ),
    A(
        "as_photo(image)",
        "(image - image.min()) / np.ptp(image.astype(float))",
        "as_photo(ADVISED)",
        "image = np.array([[-100, 27]], np.int8)",
    ),
    A(
        "as_photo(image)",
        "np.nan_to_num(image, nan=0, posinf=1, neginf=0)",
        "as_photo(ADVISED)",
        "image = np.array([[np.nan, np.inf, -np.inf, 0.5]])",
    ),
    A("as_photo(image)", "image / 255", "as_photo(ADVISED)", "image = np.array([[0.0, 200.0]])"),
    A("as_photo(path)", "open_photo(path)", "ADVISED", "path = 'cat.png'"),
    A("open_photo(image)", "as_photo(image)", "ADVISED", "image = np.zeros((2, 2), np.uint8)"),
    A(
        "open_photo('float.tif')",
        "image = np.array(PIL.Image.open('float.tif'))",
        "ADVISED; as_photo(image / 255)",
    ),
    A("open_photo('huge.jpg')", "size=1024", "open_photo('huge.jpg', ADVISED)"),
    A(
        "with open('a.txt') as f: open_photo(f)",
        "open(path, 'rb')",
        "with ADVISED as f: open_photo(f)",
        "path = 'cat.png'",
    ),
    A(
        "open_photo(source)",
        "source.seek(0)",
        "ADVISED; open_photo(source)",
        "source = open('cat.png', 'rb'); source.read()",
    ),
    *(
        A("imagenet_input(photo)", "as_photo(photo)", "imagenet_input(ADVISED)", f"photo = {wrong}")
        for wrong in ("np.zeros((5, 5, 3))", "np.zeros((5, 5), np.uint8)")
    ),
    A(
        "imagenet_input(path)",
        "open_photo(path)",
        "imagenet_input(ADVISED)",
        "path = 'cat.png'",
    ),
]

# Code in messages that is not run here: what a message has got, and lines for a shell.
NOT_ADVICE = {"alpha=…", "k=…", '…("that folder")', "momentum=None", "padding='same'"}
# Run where PyTorch is, by test_what_is_advised_works.
IN_INTEROP = {"into=model", "module.float()"}
FOR_A_SHELL = {
    "`git restore data/…`": "data/digits.npz",
    "`python data/make_….py`": "data/make_digits.py",
    "`pip install -e .`": "pyproject.toml",
    "`pip install pillow`": "pyproject.toml",
    "`pip install pooch`": "pyproject.toml",
    "`sudo apt install …`": "cnnlib/large_sets.py",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the files that the messages speak of."""
    path = tmp_path_factory.mktemp("advice")
    PIL.Image.new("RGB", (2, 2)).save(path / "cat.png")
    PIL.Image.fromarray(np.array([[0, 200]], np.float32)).save(path / "float.tif")
    PIL.Image.new("L", (10_000, 5_001)).save(path / "huge.jpg")
    (path / "a.txt").write_text("text")
    return path


def run(code: str, known: dict[str, Any]) -> Any:
    """Run statements; return the value of the last one if it is an expression."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<advice>", "exec"), known)
    if last is not None:
        return eval(compile(ast.Expression(last.value), "<advice>", "eval"), known)
    return None


def said(code: str, known: dict[str, Any]) -> str:
    try:
        return str(run(code, known))
    except Exception as error:
        return str(error)


@pytest.mark.parametrize("row", ADVICE, ids=lambda row: f"{row.wrong}: {row.advised}"[:70])
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_what_is_advised_mends_what_was_wrong(row, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert "ADVISED" in row.right
    known = names()
    if row.before:
        run(row.before, known)
    assert row.advised in said(row.wrong, known)
    known = names()
    if row.before:
        run(row.before, known)
    run(row.right.replace("ADVISED", row.advised), known)


# A call, an item, an argument by name, or anything between backticks.
_CALL = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
CODE = re.compile(
    rf"`[^`]+`|(?<![\w.…])[A-Za-z_…][\w.…]*(?:{_CALL}|\[[^\]]+\])(?:\.\w+{_CALL}|\[[^\]]+\])*"
    r"|\b\w+=(?:[\w.]*\w|…|'[^']*')"
)


def messages(source: str) -> list[str]:
    """Return the texts in a module, docstrings and reprs left out; … stands for what varies."""
    tree, skipped = ast.parse(source), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            with suppress(AttributeError, IndexError):
                skipped.add(id(node.body[0].value))
        if isinstance(node, ast.FunctionDef) and node.name == "__repr__":
            skipped |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(inner) for inner in ast.walk(node)} - {id(node)}
    found = []
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "…" for p in node.values]
            found.append("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return [text for text in found if " " in text]


def matches(fragment: str, code: str) -> bool:
    """Return whether a row's code is this fragment of a message, or holds it."""
    pattern = ".+".join(re.escape(part) for part in fragment.split("…"))
    return re.search(pattern, code) is not None


def fragments() -> list[tuple[str, str]]:
    return [
        (path.name, fragment)
        for path in sorted(PACKAGE.rglob("*.py"))
        if "course" not in path.relative_to(PACKAGE).parts and path.name != "__main__.py"
        for text in messages(path.read_text(encoding="utf-8"))
        for fragment in CODE.findall(text)
    ]


def test_every_piece_of_advice_in_the_source_is_run():
    found = fragments()
    assert len(found) > 50
    codes = [row.advised for row in ADVICE]
    missing = [
        (name, fragment)
        for name, fragment in found
        if fragment not in NOT_ADVICE | IN_INTEROP
        and fragment not in FOR_A_SHELL
        and not any(matches(fragment, code) for code in codes)
    ]
    assert not missing, f"give each a row in ADVICE: {missing}"


def test_lines_for_a_shell_name_what_is_there():
    known = {fragment for _, fragment in fragments()}
    for line, path in FOR_A_SHELL.items():
        assert line in known
        assert (PACKAGE.parent / path).exists()
    assert {"alpha=…", "k=…"} <= known


def test_advice_without_a_row_would_be_found():
    source = 'def f(x):\n    raise ValueError(f"f: no. Try x.reshape({x}, -1) or `make it`.")'
    assert [code for text in messages(source) for code in CODE.findall(text)] == [
        "x.reshape(…, -1)",
        "`make it`",
    ]
    assert not any(matches("x.reshape(…, -1)", row.advised) for row in ADVICE)
