"""Questions that every operation asks of its arguments, and the answers it gives to bad ones.

A learner meets an error message far more often than a docstring. So each message says four
things: which operation, what came, what was expected, and how to mend it.
"""

import operator

import numpy as np

from cnnlib.types import Array

_SHAPE_FIXES = {
    2: "A single grey image (H, W) becomes a batch with x[None, None].",
    3: (
        "A single image (C, H, W) becomes a batch with x[None]; "
        "a photograph (H, W, C) with x.transpose(2, 0, 1)[None]."
    ),
}
_SIZE_FIXES = {
    "stride": "Use stride=1 to move by one pixel at a time.",
    "padding": "Use padding=0 for no border; to cut pixels off, slice the image.",
}


def describe(value: object) -> str:
    """Say what a value is, in the words that an error message needs.

    A short literal is written out as in code; of anything else its kind is named.
    """
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    kind = type(value).__name__
    kind = f"an {kind}" if kind[:1] in "aeiouAEIOU" else f"a {kind}"
    if isinstance(value, str | int | float | bool | tuple | list | None):
        text = written(value, kind)
        return text if len(text) <= 60 else kind
    return kind


def written(value: object, otherwise: str) -> str:
    """Return a value as ``repr`` writes it, or other words where its own ``repr`` fails."""
    try:
        return repr(value)
    except Exception:
        return otherwise


def integer(op: str, name: str, value: object, minimum: int) -> int:
    """Return `value` as an int that is at least `minimum`."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{op}: {name} must be a whole number, got {value!r}.")
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        fix = " Divide with // to stay with whole numbers." if isinstance(value, float) else ""
        raise TypeError(
            f"{op}: {name} must be a whole number, got {describe(value)}.{fix}"
        ) from None
    if number < minimum:
        fix = _SIZE_FIXES.get(name, f"Use {minimum} or more.")
        raise ValueError(f"{op}: {name} must be at least {minimum}, got {number}. {fix}")
    return number


def pair(op: str, name: str, value: object, minimum: int) -> tuple[int, int]:
    """Return an int or a (height, width) pair as a pair."""
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise ValueError(
                f"{op}: {name} must be one whole number or a (height, width) pair, got "
                f"{describe(value)}."
            )
        return integer(op, name, value[0], minimum), integer(op, name, value[1], minimum)
    number = integer(op, name, value, minimum)
    return number, number


def number(op: str, name: str, value: object) -> float:
    """Return `value` as a finite float."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{op}: {name} must be a number, got {describe(value)}.")
    if not np.isfinite(value):
        raise ValueError(f"{op}: {name} must be finite, got {value!r}.")
    return float(value)


def float_array(op: str, name: str, x: object) -> Array:
    """Return `x` if it is a float32 or float64 array, else say how to make it one."""
    code = name.split()[-1]  # "train images" is no name that can be typed
    if not isinstance(x, np.ndarray):
        fix = f"Wrap it: np.array({code}, dtype=np.float32)."
        if not (isinstance(x, list | tuple | int | float) or hasattr(x, "__array__")):
            fix = "Pass an array."
        raise TypeError(f"{op}: {name} must be a NumPy array, got {describe(x)}. {fix}")
    if x.dtype not in (np.float32, np.float64):
        fix = f"Convert it first: {code}.astype(np.float32)"
        if x.dtype == np.uint8:
            fix += " / 255 turns bytes into 0–1"
        elif x.dtype == np.uint16:
            fix += " / 65535 turns 16 bits into 0–1"
        raise TypeError(
            f"{op}: {name} has dtype {x.dtype}, expected float32 or float64 "
            f"({name} has shape {x.shape}). {fix}."
        )
    if x.ndim == 0:
        raise ValueError(
            f"{op}: {name} is a single number without axes, expected an array with at least one. "
            f"Write it as np.array([{code}])."
        )
    if x.size == 0:
        raise ValueError(f"{op}: {name} is empty (shape {x.shape}), expected at least one value.")
    return x


def array(op: str, name: str, x: object, letters: str) -> Array:
    """Return `x` if it is a float array with one axis for each of the `letters`, as "N C H W"."""
    x = float_array(op, name, x)
    axes = letters.split()
    if x.ndim != len(axes):
        expected = f"({', '.join(axes)})" if len(axes) > 1 else f"({axes[0]},)"
        fix = ""
        if letters == "N C H W":
            fix = " " + _SHAPE_FIXES.get(x.ndim, "Axes are batch, channels, height, width.")
        elif letters == "N F" and x.ndim == 4:
            fix = " Flatten it first: flatten(x)."
        elif letters in ("N F", "N C") and x.ndim == 1:
            fix = f" One sample becomes a batch of one with {name.split()[-1]}[None]."
        raise ValueError(
            f"{op}: {name} must have {len(axes)} axes {expected}, got shape {x.shape}.{fix}"
        )
    return x


def same_dtype(op: str, first: str, x: Array, **others: Array | None) -> None:
    """Refuse to mix float32 with float64: the result would silently become float64."""
    for name, other in others.items():
        if other is not None and other.dtype != x.dtype:
            wide = first if x.dtype == np.float64 else name
            raise TypeError(
                f"{op}: {first} is {x.dtype} but {name} is {other.dtype}; both must be the same. "
                f"Convert one: {wide}.astype(np.float32)."
            )


def generator(op: str, rng: object) -> np.random.Generator:
    """Return `rng` if it is a generator; a bare seed is refused, so that none is used twice."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{op}: rng must be a numpy.random.Generator, got {describe(rng)}. "
            "Pass rng=np.random.default_rng(seed)."
        )
    return rng


def bias_vector(op: str, bias: object, x: Array, weight: Array) -> Array:
    """Return `bias` if it holds one number for each output of `weight`."""
    bias = array(op, "bias", bias, "C_out")
    same_dtype(op, "x", x, bias=bias)
    if bias.shape != (len(weight),):
        raise ValueError(
            f"{op}: bias has shape {bias.shape}, expected ({len(weight)},), one number for each "
            f"output (weight is {weight.shape}). Leave it out, or make it np.zeros({len(weight)})."
        )
    return bias


def gradient(op: str, dout: object, shape: tuple[int, ...], x: Array) -> Array:
    """Return `dout` if it has the shape of the forward output and the dtype of `x`."""
    dout = float_array(op, "dout", dout)
    if dout.shape != shape:
        raise ValueError(
            f"{op}: dout has shape {dout.shape}, expected {shape}, the shape of the forward "
            f"output (x is {x.shape}). Pass the gradient of the loss with respect to that output."
        )
    same_dtype(op, "x", x, dout=dout)
    return dout


def labels(op: str, targets: object, samples: int, classes: int | None) -> Array:
    """Return `targets` if they are `samples` whole numbers in 0 … classes-1.

    How many classes there are is None where no scores exist yet to count them.
    """
    if not isinstance(targets, np.ndarray):
        raise TypeError(
            f"{op}: targets must be a NumPy array of class numbers, got {describe(targets)}. "
            "Wrap them: np.array(targets)."
        )
    if targets.ndim == 2 and targets.shape == (samples, classes):
        raise ValueError(
            f"{op}: targets look one-hot, shape {targets.shape}; expected class numbers of shape "
            f"({samples},). Convert them: targets.argmax(axis=1)."
        )
    if targets.shape != (samples,):
        row = "image" if classes is None else "row of logits"
        fix = ""
        if targets.shape == (samples, 1):
            fix = " Take their only column: targets[:, 0]."
        elif classes is None and targets.ndim == 2 and len(targets) == samples:
            fix = " If they are one-hot, convert them: targets.argmax(axis=1)."
        raise ValueError(
            f"{op}: targets have shape {targets.shape}, expected ({samples},), one class number "
            f"for each {row}.{fix}"
        )
    if targets.dtype.kind not in "iu":
        fix = "Convert them: targets.astype(np.int64)."
        if targets.dtype.kind not in "bf":
            fix = "Number the classes: np.unique(targets, return_inverse=True)[1]."
        elif not (whole := np.isfinite(targets) & (np.floor(targets) == targets)).all():
            fix = f"Among them is {targets[~whole][0]:g}: check where they come from."
        raise TypeError(
            f"{op}: targets have dtype {targets.dtype}, expected whole class numbers. {fix}"
        )
    low, high = int(targets.min()), int(targets.max())
    if low < 0 and classes is None:
        raise ValueError(
            f"{op}: targets hold the class {low}, expected 0 or more. Number the classes from 0 on."
        )
    classes = high + 1 if classes is None else classes
    if low < 0 or high >= classes:
        wrong = low if low < 0 else high
        raise ValueError(
            f"{op}: targets hold the class {wrong}, expected 0 to {classes - 1} because logits "
            f"have {classes} columns. Check the labels, or give the last layer more outputs."
        )
    return targets
