"""Thousands of malformed calls: each is refused by our own message, none slips through.

A valid call of every public function is broken in one place at a time, in every way listed here
that cannot be right. The answer must be a plain ValueError or TypeError whose message starts with
the name of the operation: not a NumPy message from inside, and never an array.
"""

import inspect
import re

import numpy as np
import pytest
from operations import OPERATIONS, draw

from cnnlib import functional as F
from cnnlib import gradcheck, layers, reference, shapes, training
from cnnlib.model import Sequential
from cnnlib.optim import SGD

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 4, 6, 5))
ROWS = RNG.standard_normal((3, 5))

# --- what is never an array of the right kind ---------------------------------------------------


def broken_arrays(good):
    """Yield arrays (and other things) that no operation may take in place of `good`."""
    yield from (None, "x", 3.0, 7, b"", [], {}, object(), range(3), np.float64(1.0))
    yield good.tolist()
    for dtype in (int, np.uint8, bool, complex, np.float16, object, "U8", np.longdouble):
        if np.dtype(dtype) != np.float64:
            yield np.ones(good.shape, dtype)
    yield np.zeros((0, *good.shape[1:]))
    yield np.zeros((*good.shape[:-1], 0))
    yield np.array(1.0)


def broken_ranks(good):
    """Yield arrays with one axis too many or too few."""
    yield good[None]
    yield good[..., None]
    if good.ndim > 1:
        yield good[0]
        yield good[..., 0]
        yield good.ravel()


def broken_lengths(good, axes):
    """Yield arrays that are one too long, or twice as long, along an axis that must match."""
    for axis in axes:
        yield np.concatenate([good, good[(slice(None),) * axis + (slice(0, 1),)]], axis=axis)
        yield np.concatenate([good, good], axis=axis)
        if good.shape[axis] > 2:
            yield good[(slice(None),) * axis + (slice(0, -2),)]


NOT_SIZES = ["3", 1.0, 2.5, None, True, (), (1,), (1, 2, 3), [1, 2.5], (True, 1), ("1", 1), {}]
NOT_SIZES += [float("nan"), float("inf"), -1, (-1, 1), (1, -7), 10**6, (10**6, 1), np.array([1, 2])]
NOT_SIZES += [1 + 0j, b"2", object(), np.float32(2), (None, None), ((1, 1), 1)]
NOT_NUMBERS = ["0.1", None, True, (0.1,), [], float("nan"), float("inf"), 1j, object(), np.ones(2)]


def sizes(minimum, allows_none=False, allows_large=False):
    """Return what may not stand for a size of at least `minimum`."""
    bad = [value for value in NOT_SIZES if not (value is None and allows_none)]
    if allows_large:
        bad = [value for value in bad if str(value) not in ("1000000", "(1000000, 1)")]
    if minimum == 1:
        bad += [0, (0, 1), (1, 0)]
    return bad


# --- one valid call of every operation, broken in one place at a time ----------------------------


def broken_targets(targets, classes):
    """Yield what may not stand for the right classes of some samples."""
    yield from (None, 1, "0", targets.tolist(), targets * 1.0, targets + classes, targets - classes)
    yield from (targets[:3], targets[None], np.eye(classes)[targets], targets.astype(bool))
    yield from (targets.astype(object), targets.astype("U1"), np.array(1))
    yield from (np.append(targets, 0), targets + 10**12, targets.astype(complex))


def broken_values(op, key, value, arguments):
    """Yield what may not stand in place of one array of a valid call."""
    row = OPERATIONS[op]
    if key == "targets":
        yield from broken_targets(value, arguments["logits"].shape[1])
        return
    for bad in broken_arrays(value):
        optional = bad is None and key == "bias" and op != "batch_norm2d"
        if not optional:
            yield bad
    # Where the output has the shape of x, any rank will do; but then dout must follow.
    if key != "x" or not (row.any_rank or (row.elementwise and "dout" not in arguments)):
        yield from broken_ranks(value)
    yield from broken_lengths(
        value, range(value.ndim) if key == "dout" else row.lengths.get(key, [])
    )
    floats = [v for v in arguments.values() if isinstance(v, np.ndarray) and v.dtype == float]
    if len(floats) > 1:
        yield value.astype(np.float32)  # mixed precision


def broken_calls(name, arguments):
    """Yield every broken variant of a valid call, and the name of what is broken in it."""
    op = name.removesuffix("_backward")
    row = OPERATIONS[op]
    wrong = {
        key: list(broken_values(op, key, value, arguments))
        for key, value in arguments.items()
        if isinstance(value, np.ndarray)
    }
    for key, allowed in row.whole.items():
        wrong[key] = sizes(allowed.minimum, allowed.none, allowed.huge)
        if not allowed.pair:
            wrong[key].append((2, 2))
    wrong |= {key: NOT_NUMBERS for key in row.numbers}
    wrong |= {key: ["", "nothing like it", None, 1] for key in row.choices}
    return [(key, {**arguments, key: bad}) for key, values in wrong.items() for bad in values]


def valid_calls(op):
    """Return the valid calls of an operation: one for each choice of optional arguments."""
    calls = {}
    for case in OPERATIONS[op].cases:
        given = tuple(sorted([*case.shapes, *case.options]))
        if case.dtype == "float64" and given not in calls:
            calls[given] = case
    for case in calls.values():
        inputs, dout = draw(case)
        arguments = {**inputs, **case.options}
        yield op, arguments
        if dout is not None:
            takes = inspect.signature(getattr(F, f"{op}_backward")).parameters
            every = {"dout": dout, **arguments}
            yield f"{op}_backward", {key: every[key] for key in takes if key in every}


CALLS = [call for op in OPERATIONS for call in valid_calls(op)]


def refused(function, name, arguments, key=""):
    """Call, and return None if it was refused as it should be, else what happened.

    The message must start with the name of the operation and hold that of the broken argument.
    """
    try:
        result = function(**arguments)
    except (ValueError, TypeError) as error:
        if type(error) not in (ValueError, TypeError):
            return f"{type(error).__name__}: {error}"
        message = str(error)
        if not message.startswith(f"{name}: "):
            return f"message does not name {name}: {message}"
        if not re.search(rf"\b{key}\b", message.removeprefix(f"{name}: ")):
            return f"message does not name {key}: {message}"
        return None
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"returned {type(result).__name__}"


def told(arguments):
    return ", ".join(
        f"{key}={value.dtype}{value.shape}" if isinstance(value, np.ndarray) else f"{key}={value!r}"
        for key, value in arguments.items()
    )


def problems_of(function, name, arguments):
    """Break a valid call in every way; return what was not refused as it should be."""
    function(**arguments)  # the valid call works
    return [
        f"{name}({told(broken)}): {problem}"
        for key, broken in broken_calls(name, arguments)
        if (problem := refused(function, name, broken, key)) is not None
    ]


@pytest.mark.parametrize(("name", "arguments"), CALLS, ids=lambda value: str(value)[:30])
def test_every_malformed_call_is_refused(name, arguments):
    problems = problems_of(getattr(F, name), name, arguments)
    assert not problems, "\n".join(problems)
    assert len(broken_calls(name, arguments)) > 10


@pytest.mark.parametrize("name", reference.__all__)
def test_the_textbook_refuses_the_same_calls(name):
    calls = [arguments for called, arguments in CALLS if called == name]
    assert calls
    problems = [p for call in calls for p in problems_of(getattr(reference, name), name, call)]
    assert not problems, "\n".join(problems)


def test_thousands_are_tried():
    assert sum(len(broken_calls(name, arguments)) for name, arguments in CALLS) > 2000


DATA = (ROWS, np.array([0, 1, 2]))
MODEL = Sequential(layers.Linear(5, 3, rng=RNG, dtype=np.float64))
FIT = {
    "model": MODEL,
    "train": DATA,
    "epochs": 1,
    "batch_size": 2,
    "optimizer": SGD(MODEL.parameters(), 0.0),
    "rng": RNG,
    "progress": False,
}
JUNK = [None, "x", 0, 1.5, [], {}, object(), np.ones(3), layers.ReLU(), (ROWS,), np.random]
OTHERS = [
    (training.fit, FIT, "model", JUNK),
    (training.fit, FIT, "train", JUNK),
    (training.fit, FIT, "validation", [bad for bad in JUNK if bad is not None]),
    (training.fit, FIT, "epochs", sizes(1, allows_large=True)),
    (training.fit, FIT, "batch_size", sizes(1, allows_large=True)),
    (training.fit, FIT, "optimizer", JUNK),
    (training.fit, FIT, "rng", JUNK),
    (training.evaluate, {"model": MODEL, "data": DATA}, "model", JUNK),
    (training.evaluate, {"model": MODEL, "data": DATA}, "data", JUNK),
    (training.predict, {"model": MODEL, "images": ROWS}, "model", JUNK),
    (training.predict, {"model": MODEL, "images": ROWS}, "images", list(broken_arrays(ROWS))),
    (training.random_shift, {"images": X, "rng": RNG}, "images", list(broken_arrays(X))),
    (training.random_shift, {"images": X, "rng": RNG}, "rng", JUNK),
    (training.random_shift, {"images": X, "rng": RNG}, "max_shift", sizes(0, allows_large=True)),
    (gradcheck.numerical_gradient, {"f": np.sum, "x": ROWS}, "x", list(broken_arrays(ROWS))),
    (gradcheck.numerical_gradient, {"f": np.sum, "x": ROWS}, "f", [None, "x", 0, ROWS]),
    (gradcheck.numerical_gradient, {"f": np.sum, "x": ROWS}, "eps", NOT_NUMBERS),
    (gradcheck.relative_error, {"analytic": ROWS, "numeric": ROWS}, "numeric", [ROWS[0], None]),
    (gradcheck.relative_error, {"analytic": ROWS, "numeric": ROWS}, "analytic", [ROWS.T, "x"]),
    (F.dropout_mask, {"shape": (2,), "p": 0.5, "rng": RNG}, "shape", [None, 3, "x", (0,), (1.5,)]),
    (F.dropout_mask, {"shape": (2,), "p": 0.5, "rng": RNG}, "p", [*NOT_NUMBERS, -0.1, 1.0]),
    (F.dropout_mask, {"shape": (2,), "p": 0.5, "rng": RNG}, "rng", JUNK),
]


@pytest.mark.parametrize(
    ("function", "arguments", "key", "wrong"),
    OTHERS,
    ids=[f"{function.__name__} {key}" for function, _, key, _ in OTHERS],
)
def test_training_and_gradient_checks_refuse_nonsense(function, arguments, key, wrong):
    function(**arguments)
    problems = []
    for bad in wrong:
        broken = {**arguments, key: bad}
        problem = refused(function, function.__name__, broken, key)
        if problem is not None:
            problems.append(f"{function.__name__}({key}={bad!r}): {problem}")
    assert not problems, "\n".join(problems)


def test_whole_number_functions_refuse_nonsense():
    calls = 0
    for value in NOT_SIZES:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            continue
        for position in range(4):
            arguments = [9, 3, 1, 1]
            if position == 3 and isinstance(value, int) and value == 0:
                continue
            arguments[position] = value
            problem = refused(lambda a=arguments: shapes.output_size(*a), "output_size", {})
            assert problem is None, f"output_size{tuple(arguments)}: {problem}"
            calls += 1
        for name in ("same_padding",):
            problem = refused(lambda v=value: shapes.same_padding(v), name, {})
            assert problem is None, f"{name}({value!r}): {problem}"
        problem = refused(lambda v=value: shapes.receptive_field([(v, 1)]), "receptive_field", {})
        assert problem is None, f"receptive_field([({value!r}, 1)]): {problem}"
    assert calls > 80


LAYERS = {
    "Conv2d": {
        "in_channels": 2,
        "out_channels": 4,
        "kernel_size": 3,
        "stride": 1,
        "padding": 0,
        "groups": 1,
    },
    "Linear": {"in_features": 3, "out_features": 2},
    "MaxPool2d": {"kernel_size": 2, "stride": 2, "padding": 0},
    "MinPool2d": {"kernel_size": 2, "stride": 2, "padding": 0},
    "AvgPool2d": {"kernel_size": 2, "stride": 2, "padding": 0},
    "BatchNorm2d": {"num_features": 3},
    "LocalResponseNorm": {"size": 3},
    "LeakyReLU": {},
    "Dropout": {},
}
LAYER_NUMBERS = {
    "BatchNorm2d": ("eps", "momentum"),
    "LocalResponseNorm": ("alpha", "beta", "k"),
    "LeakyReLU": ("negative_slope",),
    "Dropout": ("p",),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_refuse_nonsense_when_built(name):
    make = getattr(layers, name)
    extra = {"rng": RNG} if name in ("Conv2d", "Linear", "Dropout") else {}
    problems = []
    for key in LAYERS[name]:
        minimum = 0 if key == "padding" else 1
        nothing = key == "stride" and name.endswith("Pool2d")  # then it is the kernel size
        for bad in sizes(minimum, allows_none=nothing, allows_large=True):
            arguments = {**LAYERS[name], key: bad, **extra}
            problem = refused(make, name, arguments, key)
            if problem is not None:
                problems.append(f"{name}({told(arguments)}): {problem}")
    for key in LAYER_NUMBERS.get(name, ()):
        for bad in NOT_NUMBERS:
            arguments = {**LAYERS[name], key: bad, **extra}
            problem = refused(make, name, arguments, key)
            if problem is not None:
                problems.append(f"{name}({told(arguments)}): {problem}")
    if name in ("Conv2d", "Linear", "BatchNorm2d"):
        for bad in (int, np.uint8, np.float16, complex):
            problem = refused(make, name, {**LAYERS[name], **extra, "dtype": bad}, "dtype")
            if problem is not None:
                problems.append(f"{name}(dtype={bad}): {problem}")
    for bad in (None, 0, "seed", np.random):
        if extra:
            problem = refused(make, name, {**LAYERS[name], "rng": bad}, "rng")
            if problem is not None:
                problems.append(f"{name}(rng={bad!r}): {problem}")
    assert not problems, "\n".join(problems)
