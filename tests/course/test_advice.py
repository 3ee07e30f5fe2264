"""Each piece of code in the hints and diagnoses of an exercise runs, with the names it uses."""

import keyword
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.course.chapters import CHAPTERS
from cnnlib.course.judge import Exercise, Prediction
from cnnlib.course.training_a_cnn import exercises as training
from cnnlib.course.training_a_cnn import my_cnn_judge
from cnnlib.functional import conv2d
from cnnlib.gradcheck import check_gradient
from cnnlib.layers import Conv2d, MaxPool2d, ReLU
from cnnlib.model import Sequential

EXERCISES = {
    one.key: one for chapter in CHAPTERS for one in chapter.exercises().chapter.exercises.values()
} | {part.key: part for part in my_cnn_judge.PARTS.values()}
PICTURE, KERNEL, BATCH = np.ones((6, 6)), np.ones((2, 2)), np.ones((2, 3, 6, 6))
PHOTO, SQUARE = np.ones((4, 4, 3), np.uint8), np.ones((3, 3))
LAYER = SimpleNamespace(x=SQUARE, weight=SQUARE, bias=np.ones(3), dweight=SQUARE, dbias=np.ones(3))
INDEX = {"i": 1, "j": 2, "m": 1, "n": 0, "k": 1, "c": 1}
SIZES = {"kh": 2, "kw": 2, "oh": 5, "ow": 5, "shape": (5, 5), "height": 6, "width": 6}
ROW = {"size": 8, "kernel_size": 3, "stride": 2, "padding": 1, "room": 10}
PAIRS = {"stride": (2, 1), "padding": (1, 2), "down": 1, "across": 2, "h": 6, "w": 6}

# The names that an exercise and its hints have; "..." is what a blank in its code stands for.
NAMES: dict[str, dict[str, Any]] = {
    "pixels_and_channels.darker": {},
    "pixels_and_channels.crop": {
        "top": 1, "left": 2, "height": 2, "width": 3, "rows": 0, "columns": 1,
        "digit": np.ones((28, 28)), "row": PICTURE,
    },
    "pixels_and_channels.brighten": {
        **INDEX, "image": PHOTO, "values": PHOTO * 1.0, "result": PHOTO.copy(), "x": PHOTO,
        "...": "values[0, 0, 0]",
    },
    "pixels_and_channels.grey": {"x": PHOTO, "image": PHOTO, "...": "2"},
    "pixels_and_channels.to_network": {"x": PHOTO},
    "pixels_and_channels.unscramble": {
        "rows": np.ones((3, 3)), "order": np.array([2, 0, 1]), "k": 1, "plain": np.zeros((3, 3)),
        "x": np.ones((3, 3)), "row": np.ones((3, 3)),
    },
    "convolution.feature_map": {
        **INDEX, **SIZES, "x": PICTURE, "kernel": KERNEL, "oh": 6, "ow": 6,
    },
    "convolution.true_convolution": {**INDEX, **SIZES, "x": PICTURE, "kernel": KERNEL, "a": KERNEL},
    "convolution.slopes_with_bias": {
        **INDEX, **SIZES, "x": PICTURE, "kernel": KERNEL, "error": np.ones((5, 5)),
        "conv2d": conv2d,
    },
    "padding_and_stride.output_size": ROW,
    "padding_and_stride.same_padding": {**ROW, "total": 3, "before": 1},
    "padding_and_stride.pad": {
        **PAIRS, "x": BATCH, "y": np.zeros((2, 3, 6, 6)), "row": PICTURE, "…": ":",
    },
    "padding_and_stride.unread": {**ROW, **INDEX, "row": np.ones(10)},
    "padding_and_stride.layers_needed": {**ROW, "jump": 2, "seen": 1, "target": 5},
    "padding_and_stride.conv2d": {
        **PAIRS, **INDEX, **SIZES, "x": PICTURE, "padded": PICTURE, "top": 1, "left": 2,
        "window": KERNEL, "kernel": KERNEL,
    },
    "multichannel_filters.parameter_count": {
        **SIZES, "channels": 3, "filters": 4, "stack": [(4, 2, 2)],
    },
    "multichannel_filters.combined_bias": {
        "first_bias": np.ones(3), "second_weight": np.ones((2, 3, 2, 2)), "second_bias": np.ones(2),
        "mid": 2, "out": 1,
    },
    "multichannel_filters.im2col": {
        **INDEX, **SIZES, "stride": 2, "image": BATCH[0], "x": BATCH, "rows": [[1, 2], [3, 4]],
        "N": 1, "C": 1, "H": 1, "W": 1,
    },
    "multichannel_filters.conv2d": {
        **INDEX, "x": BATCH, "weight": np.ones((3, 3, 2, 2)), "bias": np.ones(3), "stride": 2,
        "padding": 1, "oh": 3, "out": 2, "image": 1, "padded": np.ones((2, 3, 8, 8)),
        "shape": (2, 3, 3, 3),
        "y": np.ones((2, 3, 3, 3)),
    },
    "pooling.global_average": {"…": "2"},
    "pooling.max_pool": {
        **ROW, **INDEX, "x": BATCH, "window": KERNEL, "rows": 3, "columns": 3, "length": 8,
    },
    "pooling.avg_pool": {**ROW, **INDEX, "x": BATCH, "window": KERNEL, "my_max_pool": F.max_pool2d},
    "pooling.winners": {
        **ROW, **INDEX, "window": KERNEL, "rows": 3, "columns": 3, "shape": (3, 3), "number": 5,
        "top": 1, "left": 2,
    },
    "pooling.put_back": {
        **INDEX, "rows": np.zeros((3, 3), int), "columns": np.zeros((3, 3), int),
        "image": np.ones((9, 9)), "pooled": np.ones((3, 3)), "shape": (9, 9), "…": "1.0",
    },
    "flatten_and_fully_connected.flat_place": {"c": 2},
    "flatten_and_fully_connected.dense": {
        "x": SQUARE, "weight": SQUARE, "bias": np.ones(1), "y": SQUARE, "dense": F.linear,
        "n": 0, "k": 0, "i": 1,
    },
    "flatten_and_fully_connected.softmax": {
        "x": SQUARE, "z": SQUARE, "exps": np.ones(3), "n": 0, "inf": np.inf,
    },
    "flatten_and_fully_connected.batch_loss": {},
    "flatten_and_fully_connected.cross_entropy": {
        "x": SQUARE, "logits": SQUARE, "log_p": -SQUARE, "targets": np.array([0, 2, 1]), "n": 0,
    },
    "flatten_and_fully_connected.channels_last": {
        **INDEX, **SIZES, "channels": 3, "x": SQUARE, "weight": SQUARE, "moved": SQUARE,
        "old": 0, "new": 1,
    },
    "backpropagation.relu_backward": {
        "x": SQUARE, "dout": SQUARE, "leak": 0.5, "condition": SQUARE > 1, "a": SQUARE, "b": SQUARE,
    },
    "backpropagation.linear_layer": {
        **dict.fromkeys(("x", "dout", "weight", "dweight", "dbias", "dx"), SQUARE),
        "self": LAYER, "forward": F.linear, "backward": F.linear_backward,
    },
    "backpropagation.max_pool2d_backward": {
        **ROW, **INDEX, "x": BATCH, "dout": BATCH, "window": KERNEL,
    },
    "backpropagation.gradient_error": {
        "f": np.sum, "x": SQUARE, "gradient": SQUARE, "eps": 1e-5, "place": (0, 1), "slope": -2.0,
        "up": SQUARE, "down": SQUARE, "worst": 0.0, "error": 1.0, "a": 2.0,
    },
    "backpropagation.conv2d_backward": {
        **INDEX, **PAIRS, "o": 0, "p": 1, "x": BATCH, "dout": BATCH, "weight": KERNEL[None],
        "stride": 2, "padding": 1, "window": KERNEL, "pixel": 3.0, "d": 2.0, "a": np.ones(4),
        "dx": BATCH, "dweight": KERNEL, "dbias": np.ones(1),
    },
    "backpropagation.repaired_step": {
        "maps": BATCH, "weight": SQUARE, "dflat": SQUARE, "check_gradient": check_gradient,
        "cross_entropy_backward": F.cross_entropy_backward, "lr": 0.1,
    },
    "alexnet_sizing.conv_parameters": {
        "c_in": 4, "c_out": 2, "kernel_size": 3, "groups": 2,
    },
    "alexnet_sizing.output_shapes": {**ROW, "shape": (3, 5, 6), "filters": None},
    "alexnet_sizing.multiply_adds": {**ROW, **SIZES, "window": 3, "filters": 2, "c": 3},
    "alexnet_sizing.network": {
        "Conv2d": Conv2d, "ReLU": ReLU, "MaxPool2d": MaxPool2d, "Sequential": Sequential,
        "x": Sequential(), "rng": np.random.default_rng(0),
    },
    "training_a_cnn.class_accuracy": {"x": SQUARE, "matrix": SQUARE},
    "training_a_cnn.shift": {**INDEX, "h": 6, "down": 1, "right": 2, "images": BATCH, "x": KERNEL},
    "training_a_cnn.train": {
        **dict.fromkeys(("x", "weight", "dweight", "p", "y"), SQUARE), "bias": np.ones(3),
        "dbias": np.ones(3), "labels": np.arange(3), "chosen": np.array([2, 0]), "lr": 0.1,
        "epochs": 2, "batch_size": 2, "seed": 0, "start": 0, "order": np.arange(3),
        "rng": np.random.default_rng(0),
    },
    "training_a_cnn.learning_rate": {"ex": training, "lr": 1e30},
    "training_a_cnn.my_cnn": {
        **dict.fromkeys(my_cnn_judge.SIX, F.linear), "x": np.ones((2, 3, 4, 4)), "i": 1, "j": 1,
        "n": 2, "c": 3, "oh": 2, "ow": 2, "size": 2,
    },
    "my_cnn.conv2d": {**INDEX, **SIZES, "h": 6, "x": BATCH, "weight": KERNEL, "bias": np.ones(1)},
    "my_cnn.conv2d_backward": {"dout": BATCH, "dx": BATCH, "dweight": BATCH, "dbias": np.ones(3)},
    "my_cnn.max_pool2d": {"size": 2},
    "my_cnn.max_pool2d_backward": {"dout": BATCH},
    "my_cnn.linear": {"x": SQUARE, "weight": SQUARE, "bias": np.ones(3)},
    "my_cnn.linear_backward": {
        **dict.fromkeys(("x", "weight", "dout", "dx", "dweight"), SQUARE), "dbias": np.ones(3),
    },
}  # fmt: skip


def code_of(exercise: Exercise) -> list[str]:
    """Return what stands between backticks in the hints and diagnoses, but signs and keywords."""
    texts = list(exercise.hints)
    for mistake in exercise.mistakes:  # type: ignore[attr-defined]
        texts.append(mistake[1] if isinstance(exercise, Prediction) else mistake.diagnosis)
    found = {piece for text in texts for piece in re.findall(r"`([^`]+)`", text)}
    return sorted(one for one in found if re.search(r"\w", one) and not keyword.iskeyword(one))


def readings(piece: str) -> list[str]:
    """Return the programs that a piece of code may be a part of."""
    return [
        piece,
        f"x{piece}",  # .mean()
        f"x.{piece}",  # transpose(2, 0, 1)
        f"row[{piece}]",  # top : top + height
        f"x.mean({piece})",  # axis=(2, 3)
        f"1 {piece}",  # / 255
        f"{piece.rstrip(':')}: break"
        if piece.startswith("while")
        else f"{piece.rstrip(':')}: pass",
        f"[].{piece}",  # append
        f"np.{piece}",  # int16
    ]


def run(piece: str, names: dict[str, Any]) -> None:
    """Run a piece of code in the first reading that runs; raise what went wrong in the last."""
    for blank in ("...", "…"):
        piece = piece.replace(blank, names[blank]) if blank in names else piece
    error: Exception | None = None
    for program in readings(piece):
        given = {name: np.copy(v) if isinstance(v, np.ndarray) else v for name, v in names.items()}
        try:
            exec(program, {"np": np, "F": F, **given})
            return
        except Exception as failure:
            error = error or failure
    raise AssertionError(f"`{piece}` does not run: {error!r}")


@pytest.mark.parametrize("key", NAMES)
def test_advised_code_runs(key: str) -> None:
    pieces = code_of(EXERCISES[key])
    assert pieces
    for piece in pieces:
        run(piece, NAMES[key])


def test_no_exercise_with_code_is_left_out() -> None:
    rooms = {key.partition(".")[0] for key in NAMES}
    spoken = {
        key for key, one in EXERCISES.items() if key.partition(".")[0] in rooms and code_of(one)
    }
    assert spoken == set(NAMES)


@pytest.mark.parametrize(
    ("right", "misspelt"),
    [
        ("x.max()", "x.maximum()"),
        ("np.zeros(x.shape, x.dtype)", "np.zeros(x.shape, x.type)"),
        ("down : down + h", "down : down + height"),
        ("y[:, :, …, …] = x", "y[:, :, …, …, …] = x"),
    ],
)
def test_code_that_is_misspelt_is_noticed(right: str, misspelt: str) -> None:
    names = NAMES["padding_and_stride.pad"]
    run(right, names)
    with pytest.raises(AssertionError, match="does not run"):
        run(misspelt, names)
