"""One switch chooses between the readable and the fast code; nothing but speed depends on it."""

import importlib
import inspect
import os
import subprocess
import sys
from types import FunctionType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlib import backend, training
from cnnlib import functional as F
from cnnlib.architectures import course_cnn, lenet5
from cnnlib.optim import SGD

ACCELERATED = {
    name: function
    for module in (F, training)
    for name, function in vars(module).items()
    if isinstance(function, FunctionType)
    and function.__code__ is backend.accelerated(F.conv2d).__code__
}


def in_fresh_python(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        env={key: value for key, value in os.environ.items() if key != "CNNLIB_BACKEND"}
        | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


# --- the switch ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "fast"),
        ({"CNNLIB_BACKEND": ""}, "fast"),
        ({"CNNLIB_BACKEND": "fast"}, "fast"),
        ({"CNNLIB_BACKEND": "plain"}, "plain"),
    ],
    ids=str,
)
def test_the_environment_chooses(environment, expected):
    program = "import cnnlib; print(cnnlib.backend.backend())"
    assert in_fresh_python(program, **environment).stdout.strip() == expected


def test_another_value_is_refused_with_the_two_that_exist():
    done = in_fresh_python("import cnnlib", CNNLIB_BACKEND="quick")
    assert done.returncode == 1
    message = "ValueError: CNNLIB_BACKEND: expected plain or fast, got 'quick'."
    assert message in done.stderr
    with pytest.raises(ValueError, match=r"^set_backend: expected plain or fast, got 'Fast'"):
        backend.set_backend("Fast")


def test_a_with_block_puts_the_switch_back_even_after_an_error():
    before = backend.backend()
    with backend.using("plain"), backend.using("fast"):
        assert backend.backend() == "fast"
    with pytest.raises(ZeroDivisionError), backend.using("plain"):
        1 / (backend.backend() != "plain")
    assert backend.backend() == before


def test_the_fast_code_is_not_even_imported_under_the_plain_backend():
    program = """
import sys, numpy as np, cnnlib
from cnnlib.architectures import course_cnn
from cnnlib.optim import SGD
from cnnlib.training import fit
model = course_cnn(np.random.default_rng(0))
images = np.zeros((64, 1, 28, 28), np.float32)
fit(model, (images, np.zeros(64, int)), epochs=1, batch_size=64,
    optimizer=SGD(model.parameters(), lr=0.1), rng=np.random.default_rng(0), progress=False)
print([name for name in sys.modules if name.startswith("cnnlib.fast")])
import threading
print(threading.active_count())
"""
    done = in_fresh_python(program, CNNLIB_BACKEND="plain")
    assert done.stdout.split() == ["[]", "1"], done.stderr


def test_importing_cnnlib_leaves_the_fast_code_for_later():
    program = "import cnnlib, sys; print([m for m in sys.modules if m.startswith('cnnlib.fast')])"
    assert in_fresh_python(program).stdout.split() == ["[]"]


# --- what stands behind it ----------------------------------------------------------------------


def test_the_functions_with_a_fast_version():
    assert {"conv2d", "conv2d_backward", "max_pool2d", "linear", "scores"} <= set(ACCELERATED)
    files = {function.__module__.rpartition(".")[2] for function in ACCELERATED.values()}
    assert files == {
        "activations",
        "convolution",
        "dense",
        "normalization",
        "padding",
        "pooling",
        "training",
    }


@pytest.mark.parametrize("name", sorted(ACCELERATED))
def test_both_versions_take_the_same_arguments(name):
    home = ACCELERATED[name].__module__.rpartition(".")[2]
    fast = getattr(importlib.import_module(f"cnnlib.fast.{home}"), name)
    assert fast is not ACCELERATED[name]
    assert inspect.signature(fast) == inspect.signature(ACCELERATED[name])


@pytest.mark.parametrize("name", ["plain", "fast"])
def test_what_a_reader_opens_is_the_lesson(name):
    with backend.using(name):
        source = inspect.getsource(F.conv2d)
    assert "im2col(pad2d(x, padding)" in source
    assert "windows @ filters" in source
    assert list(inspect.signature(F.conv2d).parameters)[:3] == ["x", "weight", "bias"]


@pytest.mark.parametrize("name", ["plain", "fast"])
def test_the_chosen_code_is_called(name, monkeypatch):
    called = []
    monkeypatch.setattr(
        "cnnlib.functional.convolution.im2col", lambda *_: called.append("plain") or np.ones((1, 1))
    )
    monkeypatch.setattr(
        "cnnlib.fast.convolution.split", lambda *_: called.append("fast"), raising=True
    )
    with backend.using(name):
        F.conv2d(np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 1)))
    assert called == [name]


# --- the same results ---------------------------------------------------------------------------


def both(run):
    """Return what `run` returns under each backend."""
    results = []
    for name in ("plain", "fast"):
        with backend.using(name):
            results.append(run())
    return results


def assert_same(results, rtol=1e-10):
    plain, fast = (result if isinstance(result, tuple) else (result,) for result in results)
    for one, other in zip(plain, fast, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        np.testing.assert_allclose(other, one, rtol=rtol, atol=rtol)


SIZES = st.integers(1, 4)


@given(
    kernel=st.tuples(SIZES, SIZES),
    stride=st.tuples(SIZES, SIZES),
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    groups=st.integers(1, 3),
    channels=st.tuples(SIZES, st.integers(1, 12)),
    samples=SIZES,
    extra=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    bias=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=100)
def test_convolution(kernel, stride, padding, groups, channels, samples, extra, bias, dtype, seed):
    (kh, kw), (c_in, c_out), rng = kernel, channels, np.random.default_rng(seed)
    x = rng.standard_normal((samples, c_in * groups, kh + extra[0], kw + extra[1])).astype(dtype)
    weight = rng.standard_normal((c_out * groups, c_in, kh, kw)).astype(dtype)
    vector = weight[:, 0, 0, 0].copy() if bias else None
    options = {"stride": stride, "padding": padding, "groups": groups}
    rtol = 1e-10 if dtype == np.float64 else 1e-3
    results = both(lambda: F.conv2d(x, weight, vector, **options))
    assert_same(results, rtol)
    dout = rng.standard_normal(results[0].shape).astype(dtype)
    assert_same(both(lambda: F.conv2d_backward(dout, x, weight, **options)), rtol)


@given(
    name=st.sampled_from(["max_pool2d", "min_pool2d", "avg_pool2d"]),
    kernel=st.tuples(SIZES, SIZES),
    stride=st.none() | st.tuples(SIZES, SIZES),
    pad=st.booleans(),
    extra=st.tuples(st.integers(0, 7), st.integers(0, 7)),
    values=st.sampled_from(["distinct", "ties", "special"]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=150)
def test_pooling(name, kernel, stride, pad, extra, values, seed):
    padding = (kernel[0] // 2, kernel[1] // 2) if pad else 0
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((2, 3, kernel[0] + extra[0], kernel[1] + extra[1]))
    if values == "ties":
        x = x.round()
    elif values == "special" and name != "avg_pool2d":
        x = rng.choice([np.nan, -np.inf, np.inf, 1.0], x.shape)
    arguments = x, kernel, stride, padding
    results = both(lambda: getattr(F, name)(*arguments))
    assert_same(results)
    dout = rng.standard_normal(results[0].shape)
    assert_same(both(lambda: getattr(F, f"{name}_backward")(dout, *arguments)))


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 9), st.integers(0, 2**32))
@settings(max_examples=50)
def test_linear(features, outputs, samples, seed):
    rng = np.random.default_rng(seed)
    x, weight = rng.standard_normal((samples, features)), rng.standard_normal((outputs, features))
    dout = rng.standard_normal((samples, outputs))
    assert_same(both(lambda: F.linear(x, weight, weight[:, 0].copy())))
    assert_same(both(lambda: F.linear_backward(dout, x, weight)))


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate"])
def test_padding(mode):
    x = np.random.default_rng(0).standard_normal((2, 3, 5, 4))
    assert_same(both(lambda: F.pad2d(x, (3, 2), mode)), rtol=0)


def test_relu_and_batch_norm():
    x = np.random.default_rng(0).standard_normal((4, 3, 5, 4), dtype=np.float32)
    assert_same(both(lambda: F.relu(x)), rtol=0)
    weight, bias = x[0, :, 0, 0].copy(), x[1, :, 0, 0].copy()
    assert_same(both(lambda: F.batch_norm2d(x, weight, bias)), rtol=0)


@pytest.mark.parametrize("network", [course_cnn, lenet5])
@pytest.mark.parametrize("samples", [3, 70])
def test_training_and_prediction(network, samples):
    size = 28 if network is course_cnn else 32
    images = np.random.default_rng(1).random((samples, 1, size, size))
    labels = np.arange(samples) % 10

    def run():
        model = network(np.random.default_rng(2), dtype=np.float64)
        history = training.fit(
            model,
            (images, labels),
            epochs=3,
            batch_size=64,
            optimizer=SGD(model.parameters(), lr=0.05, momentum=0.9),
            rng=np.random.default_rng(3),
            progress=False,
        )
        losses = np.array(history.batch_losses)
        return losses, training.predict(model, images), *model.state_dict().values()

    assert_same(both(run), rtol=1e-9)


# --- the same errors ----------------------------------------------------------------------------

IMAGES, WEIGHT = np.zeros((2, 3, 8, 8)), np.zeros((4, 3, 3, 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda: F.conv2d(IMAGES[0], WEIGHT),
        lambda: F.conv2d(IMAGES, WEIGHT[:, :1]),
        lambda: F.conv2d(IMAGES, WEIGHT.astype(np.float32)),
        lambda: F.conv2d(IMAGES, WEIGHT, np.zeros(3)),
        lambda: F.conv2d(IMAGES, WEIGHT, groups=3),
        lambda: F.conv2d(IMAGES, WEIGHT, stride=0),
        lambda: F.conv2d(IMAGES),
        lambda: F.conv2d_backward(IMAGES, IMAGES, WEIGHT),
        lambda: F.max_pool2d(IMAGES, 2, padding=2),
        lambda: F.max_pool2d_backward(IMAGES, IMAGES, 2),
        lambda: F.avg_pool2d(IMAGES, 9),
        lambda: F.avg_pool2d_backward(IMAGES, IMAGES, 2),
        lambda: F.linear(IMAGES, WEIGHT),
        lambda: F.linear_backward(IMAGES, WEIGHT[0, 0], WEIGHT[0, 1]),
        lambda: F.pad2d(IMAGES, 9, "reflect"),
        lambda: F.pad2d(IMAGES, 1, value=np.nan),
        lambda: F.relu([1.0]),
        lambda: F.batch_norm2d(IMAGES, np.zeros(3), np.zeros(2)),
    ],
)
def test_a_bad_call_gets_the_same_answer(call):
    def caught():
        with pytest.raises((ValueError, TypeError)) as error:
            call()
        return error.type, str(error.value)

    plain, fast = both(caught)
    assert plain == fast
