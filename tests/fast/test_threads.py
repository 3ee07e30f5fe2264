"""Sharing work among threads changes how long it takes, and nothing else."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.architectures import course_cnn, lenet5
from cnnlib.fast import blas, threads, workspace
from cnnlib.fast.convolution import conv2d_backward_weights
from cnnlib.fast.replicas import can_split, replicate
from cnnlib.layers import BatchNorm2d, Conv2d, Dropout, Flatten, Linear, ReLU
from cnnlib.model import Parallel, Residual, Sequential
from cnnlib.optim import SGD
from cnnlib.training import _step, fit, predict

THREADS = (1, 2, 3, 5)


@pytest.fixture(autouse=True)
def as_before():
    yield
    threads.set_threads(None)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def with_threads(run):
    """Return what `run` returns, as bytes, for each number of threads."""
    results = []
    for count in THREADS:
        threads.set_threads(count)
        results.append([np.asarray(part).tobytes() for part in run()])
    return results


# (x, weight, stride, padding, groups): many small images, rows of large images, images of one
# channel, fewer windows than filters, borders, steps, groups
CONVOLUTIONS = [
    ((64, 1, 28, 28), (16, 1, 5, 5), 1, 0, 1),
    ((64, 16, 12, 12), (32, 16, 5, 5), 1, 0, 1),
    ((16, 32, 32, 32), (64, 32, 3, 3), 1, 1, 1),
    ((1, 3, 227, 227), (96, 3, 11, 11), 4, 0, 1),
    ((2, 24, 61, 53), (40, 24, 5, 3), (2, 1), (2, 1), 1),
    ((1, 256, 3, 3), (512, 256, 3, 3), 1, 1, 1),
    ((8, 8, 40, 40), (12, 4, 3, 3), 1, 1, 2),
    ((1, 64, 20, 150), (16, 64, 1, 1), 1, (100, 0), 1),  # blocks that see nothing but border
    ((2, 3, 1, 2), (4, 3, 10, 9), 1, (6, 5), 1),  # some weights meet nothing but border
]


def arrays(rng, x, weight, dtype=np.float32):
    return (rng.standard_normal(shape, dtype=dtype) for shape in (x, weight, weight[:1]))


@pytest.mark.parametrize(("x", "weight", "stride", "padding", "groups"), CONVOLUTIONS)
def test_convolution_has_the_same_bits_with_any_number_of_threads(
    rng, x, weight, stride, padding, groups
):
    x, weight, bias = arrays(rng, x, weight)
    dout = rng.standard_normal(
        F.conv2d(x, weight, bias, stride, padding, groups).shape, dtype=np.float32
    )
    results = with_threads(
        lambda: (
            F.conv2d(x, weight, bias, stride, padding, groups),
            *F.conv2d_backward(dout, x, weight, stride, padding, groups),
        )
    )
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize(("x", "weight", "stride", "padding", "groups"), CONVOLUTIONS)
def test_blocks_change_nothing_beyond_rounding(rng, x, weight, stride, padding, groups):
    x, weight, bias = arrays(rng, x, weight, np.float64)
    (sh, sw), (ph, pw) = np.broadcast_to(stride, 2), np.broadcast_to(padding, 2)
    y = F.conv2d(x, weight, bias, stride, padding, groups)
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], (2, 3))
    windows = windows[:, :, ::sh, ::sw]
    parts = [
        np.tensordot(part, filters, ((1, 4, 5), (1, 2, 3)))
        for part, filters in zip(
            np.split(windows, groups, axis=1), np.split(weight, groups), strict=True
        )
    ]
    expected = np.concatenate(parts, axis=3).transpose(0, 3, 1, 2) + bias[:, None, None]
    np.testing.assert_allclose(y, expected, atol=1e-10)
    # The gradient belongs to the function: <dout, conv(x)> = <dx, x> = <dweight, weight>.
    dout = rng.standard_normal(y.shape)
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding, groups)
    product = (dout * (y - bias[:, None, None])).sum()
    np.testing.assert_allclose((dx * x).sum(), product, rtol=1e-9)
    np.testing.assert_allclose((dweight * weight).sum(), product, rtol=1e-9)
    np.testing.assert_allclose(dbias, dout.sum(axis=(0, 2, 3)), rtol=1e-9, atol=1e-9)
    alone = conv2d_backward_weights(dout, x, weight, stride, padding, groups)
    for one, other in zip(alone, (dweight, dbias), strict=True):
        np.testing.assert_array_equal(one, other)


def test_dense_layer_has_the_same_bits_with_any_number_of_threads(rng):
    x, weight = rng.standard_normal((3, 2000)), rng.standard_normal((1500, 2000))
    dout = rng.standard_normal((3, 1500))
    results = with_threads(lambda: (F.linear(x, weight), *F.linear_backward(dout, x, weight)))
    assert all(result == results[0] for result in results)
    np.testing.assert_allclose(F.linear(x, weight), x @ weight.T, atol=1e-10)


@pytest.mark.parametrize("network", [course_cnn, lenet5])
@pytest.mark.parametrize("samples", [5, 64, 70, 200])
def test_training_and_prediction_have_the_same_bits(network, samples):
    size = 28 if network is course_cnn else 32
    images = np.random.default_rng(1).random((samples, 1, size, size), dtype=np.float32)
    labels = np.arange(samples) % 10

    def run():
        model = network(np.random.default_rng(2))
        optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
        fit(
            model,
            (images, labels),
            epochs=2,
            batch_size=64,
            optimizer=optimizer,
            rng=np.random.default_rng(3),
            progress=False,
        )
        return *model.state_dict().values(), predict(model, images)

    results = with_threads(run)
    assert all(result == results[0] for result in results)


def test_a_step_in_shares_is_the_step_of_the_whole_batch(rng):
    x, y = rng.random((70, 1, 28, 28)), np.arange(70) % 10
    steps = []
    for kept_whole in (False, True):
        model = course_cnn(np.random.default_rng(0), dtype=np.float64)
        if kept_whole:
            model.layers[1].forward = model.layers[1].forward  # no longer ReLU's own
        loss, right = _step(model, SGD(model.parameters(), lr=0.1), x, y)
        steps.append((loss, right, model))
    (loss, right, model), (whole_loss, whole_right, whole_model) = steps
    assert abs(loss - whole_loss) < 1e-12
    assert right == whole_right
    for own, expected in zip(model.parameters(), whole_model.parameters(), strict=True):
        np.testing.assert_allclose(own.grad, expected.grad, atol=1e-12)
        np.testing.assert_allclose(own.value, expected.value, atol=1e-12)
    assert can_split(model)
    assert not can_split(whole_model)


class Watched(ReLU):
    """A layer of a reader, that does more than its parent."""

    def forward(self, x):
        self.seen = x.shape
        return super().forward(x)


def test_only_layers_known_to_treat_images_one_by_one_are_shared(rng):
    assert can_split(course_cnn(rng))
    assert can_split(Residual(Sequential(ReLU())))
    norm, drop = BatchNorm2d(2), Dropout(0.5, rng=rng)
    for layer in (norm, drop, Sequential(drop), Residual(norm), Parallel(ReLU(), norm)):
        layer.train()
        assert not can_split(layer)
        layer.eval()
        assert can_split(layer)
    assert not can_split(Sequential(Watched()))


def test_a_layer_of_ones_own_sees_the_whole_batch(rng):
    layer = Watched()
    model = Sequential(Conv2d(1, 1, 1, rng=rng), layer, Flatten(), Linear(16, 10, rng=rng))
    x = rng.random((64, 1, 4, 4), dtype=np.float32)
    _step(model, SGD(model.parameters(), lr=0.1), x, np.arange(64) % 10)
    assert layer.seen == x.shape
    predict(model, x)
    assert layer.seen == x.shape


def test_a_large_network_is_not_trained_in_replicas(rng):
    # Eight gradients of a million weights each would take too much memory.
    for width, kept_whole in ((1000, True), (10, False)):
        model = Sequential(
            Conv2d(1, 1, 1, rng=rng),
            Flatten(),
            Linear(1200, width, rng=rng),
            Linear(width, 10, rng=rng),
        )
        x = rng.random((64, 1, 30, 40), dtype=np.float32)
        _step(model, SGD(model.parameters(), lr=0.1), x, np.arange(64) % 10)
        assert (model.layers[2]._x is not None) == kept_whole


def test_a_network_without_convolutions_is_trained_as_a_loop_of_ones_own_would(rng):
    images, labels = rng.random((70, 1, 28, 28), dtype=np.float32), np.arange(70) % 10
    ours, theirs = (
        Sequential(Flatten(), Linear(784, 10, rng=np.random.default_rng(1))) for _ in range(2)
    )
    _step(ours, SGD(ours.parameters(), lr=0.1), images, labels)
    theirs.backward(F.cross_entropy_backward(theirs(images), labels))
    SGD(theirs.parameters(), lr=0.1).step()
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_array_equal(own.value, other.value)


def test_replicas_share_weights_and_nothing_else(rng):
    model = Sequential(Residual(Conv2d(2, 2, 3, padding=1, rng=rng)), Parallel(ReLU(), ReLU()))
    other = replicate(model)
    x = rng.random((1, 2, 4, 4), dtype=np.float32)
    y = other(x)
    np.testing.assert_array_equal(y, model(x))
    other.backward(y)
    for own, shared in zip(model.parameters(), other.parameters(), strict=True):
        assert own.value is shared.value
        assert own.grad is None
        assert shared.grad is not None
    assert repr(other) == repr(model)


# What goes wrong on the way


@pytest.mark.parametrize("count", THREADS)
def test_what_a_block_raises_reaches_the_caller(count):
    threads.set_threads(count)
    done = []

    def work(part):
        if part == 5:
            raise ValueError("conv2d: something is wrong with part 5.")
        done.append(part)

    for _ in range(20):
        with pytest.raises(ValueError, match=r"^conv2d: something is wrong with part 5\.$"):
            threads.split(work, list(range(8)))
    assert 5 not in done
    threads.split(done.append, [100, 101, 102])
    assert {100, 101, 102} <= set(done)


@pytest.mark.usefixtures("obedient_blas")
def test_after_an_error_the_blocks_that_are_left_are_not_begun():
    threads.set_threads(2)
    gate, begun = threading.Barrier(2, timeout=30), []

    def work(part):
        begun.append(part)
        if part < 2:
            gate.wait()
        if threading.current_thread() is threading.main_thread():
            raise ValueError("stop")
        threading.Event().wait(0.2)

    with pytest.raises(ValueError, match="stop"):
        threads.split(work, list(range(100)))
    assert len(begun) == 2


def meet(work, count=2):
    """Run `work` on `count` threads, each of which has begun before any goes on."""
    threads.set_threads(count)
    gate = threading.Barrier(count, timeout=30)

    def part(_number):
        gate.wait()
        work()

    threads.split(part, list(range(count)))


@pytest.mark.usefixtures("obedient_blas")
def test_settings_of_the_callers_thread_hold_in_all():
    seen = []

    def work():
        seen.append((threading.current_thread().name, np.geterr()["over"]))

    with np.errstate(over="raise"):
        meet(work)
    assert len({name for name, _ in seen}) == 2
    assert {setting for _, setting in seen} == {"raise"}


def test_a_warning_that_is_an_error_reaches_the_caller(rng):
    x = np.full((64, 16, 12, 12), 3e38, dtype=np.float32)
    weight = np.ones((32, 16, 5, 5), dtype=np.float32)
    threads.set_threads(2)
    with np.errstate(over="raise", invalid="raise"), pytest.raises(FloatingPointError):
        threads.split(lambda part: np.multiply(x[part], 10), threads.blocks(64, 8))
    assert F.conv2d(x * 0, weight).max() == 0


@pytest.mark.usefixtures("obedient_blas")
def test_ctrl_c_waits_for_the_blocks_under_way():
    main, finished = threading.main_thread(), []

    def work():
        if threading.current_thread() is main:
            signal.raise_signal(signal.SIGINT)
        else:
            for _ in range(50):
                np.ones((100, 100)) @ np.ones((100, 100))
            finished.append(True)

    with pytest.raises(KeyboardInterrupt):
        meet(work)
    assert finished == [True]


@pytest.mark.usefixtures("obedient_blas")
def test_ctrl_c_while_waiting_for_a_helper_waits_too():
    main, finished = threading.main_thread(), []

    def work():
        if threading.current_thread() is not main:
            threading.Event().wait(0.2)
            signal.pthread_kill(main.ident, signal.SIGINT) if hasattr(
                signal, "pthread_kill"
            ) else signal.raise_signal(signal.SIGINT)
            threading.Event().wait(0.2)
            finished.append(True)

    with pytest.raises(KeyboardInterrupt):
        meet(work)
    assert finished == [True]


def test_ctrl_c_in_a_shared_step_loses_nothing(rng):
    images, labels = rng.random((256, 1, 28, 28), dtype=np.float32), np.arange(256) % 10

    def train(stop_at, epochs=1):
        model = course_cnn(np.random.default_rng(0))
        steps = 0

        def interrupt(x, _rng):
            nonlocal steps
            steps += 1
            if steps == stop_at:
                signal.raise_signal(signal.SIGINT)
            return x

        history = fit(
            model,
            (images[: 64 * (stop_at or 4)] if stop_at is None else images, labels),
            epochs=epochs,
            batch_size=64,
            optimizer=SGD(model.parameters(), lr=0.05),
            rng=np.random.default_rng(3),
            augment=interrupt,
            progress=False,
        )
        return model.state_dict(), history

    threads.set_threads(2)
    stopped, history = train(stop_at=2)
    assert history.interrupted
    assert len(history.batch_losses) == 2
    _, whole = train(stop_at=None)
    assert whole.batch_losses[:2] == history.batch_losses
    assert all(np.isfinite(value).all() for value in stopped.values())


# Memory


def test_results_are_the_callers_own(rng):
    for x, weight, stride, padding, groups in CONVOLUTIONS[:3] + CONVOLUTIONS[5:7]:
        x, weight, bias = arrays(rng, x, weight)
        first = F.conv2d(x, weight, bias, stride, padding, groups)
        dout = np.ones_like(first)
        gradients = F.conv2d_backward(dout, x, weight, stride, padding, groups)
        kept = [part.copy() for part in (first, *gradients)]
        F.conv2d(-2 * x, weight, bias, stride, padding, groups)
        F.conv2d_backward(3 * dout, -x, 5 * weight, stride, padding, groups)
        for result, copy in zip((first, *gradients), kept, strict=True):
            np.testing.assert_array_equal(result, copy)
        assert not any(np.shares_memory(first, part) for part in (x, weight, bias))


def test_arguments_are_never_written_to(rng):
    x, weight, bias = arrays(rng, (40, 8, 20, 20), (16, 8, 3, 3))
    for part in (x, weight, bias):
        part.flags.writeable = False
    y = F.conv2d(x, weight, bias, padding=1)
    y.flags.writeable = False
    F.conv2d_backward(y, x, weight, padding=1)
    pooled = F.max_pool2d(y, 2)
    pooled.flags.writeable = False
    F.max_pool2d_backward(pooled, y, 2)


def test_the_images_of_a_step_are_not_written_to(rng):
    x, y = rng.random((64, 1, 28, 28), dtype=np.float32), np.arange(64) % 10
    x.flags.writeable = y.flags.writeable = False
    model = course_cnn(rng)
    _step(model, SGD(model.parameters(), lr=0.1), x, y)
    predict(model, x)


def test_float32_stays_float32_inside(rng, monkeypatch):
    seen = set()
    plain_workspace, matmul = workspace.workspace, np.matmul

    def watched_matmul(a, b, **settings):
        seen.update((a.dtype, b.dtype))
        return matmul(a, b, **settings)

    def watched_workspace(name, shape, dtype):
        seen.add(np.dtype(dtype))
        return plain_workspace(name, shape, dtype)

    monkeypatch.setattr(np, "matmul", watched_matmul)
    monkeypatch.setattr("cnnlib.fast.convolution.workspace", watched_workspace)
    model = course_cnn(rng)
    optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3, nesterov=True)
    x = rng.random((64, 1, 28, 28), dtype=np.float32)
    _step(model, optimizer, x, np.arange(64) % 10)
    assert seen == {np.dtype(np.float32)}
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    assert {p.value.dtype for p in model.parameters()} == {np.dtype(np.float32)}


# Several users at once


def test_several_threads_of_the_caller_may_work_at_once(rng):
    images = rng.random((8, 70, 1, 28, 28), dtype=np.float32)
    labels = np.arange(70) % 10

    def train(i):
        model = course_cnn(np.random.default_rng(i))
        optimizer = SGD(model.parameters(), lr=0.05)
        losses = [_step(model, optimizer, images[i], labels)[0] for _ in range(3)]
        return losses, predict(model, images[i]).tobytes()

    threads.set_threads(3)
    alone = [train(i) for i in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(train, range(8))) == alone


def test_a_block_may_share_work_itself(rng):
    x, weight, _ = arrays(rng, (64, 16, 12, 12), (32, 16, 5, 5))
    threads.set_threads(2)
    expected = F.conv2d(x, weight)
    results = [None] * 4

    def work(i):
        results[i] = F.conv2d(x, weight)

    threads.split(work, list(range(4)))
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_work_within_a_block_stays_on_its_thread():
    homes = []

    def outer(_):
        seen = set()

        def inner(_):
            threading.Event().wait(0.005)
            seen.add(threading.current_thread())

        threads.split(inner, list(range(8)))
        homes.append(seen == {threading.current_thread()})

    threads.set_threads(3)
    threads.split(outer, [0, 1])
    assert homes == [True, True]


def run_python(program, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


FORK = """
import multiprocessing, numpy as np
from cnnlib.fast import threads
from cnnlib.functional import conv2d
threads.set_threads(2)
x, w = np.ones((64, 16, 12, 12), np.float32), np.ones((32, 16, 5, 5), np.float32)
def run(_):
    return float(conv2d(x, w).sum())
run(0)
how = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
if how is None:
    print(run(0), run(0), run(0))
else:
    with multiprocessing.get_context(how).Pool(2) as pool:
        print(*pool.map(run, range(2)), run(0))
"""


def test_a_forked_process_can_go_on():
    assert run_python(FORK) == [str(64 * 32 * 64 * 400.0)] * 3


# How many threads


@pytest.mark.parametrize(("setting", "count"), [("1", "1"), ("3", "3")])
def test_the_environment_chooses_the_number_of_threads(setting, count):
    program = "from cnnlib.fast import threads; print(threads.threads())"
    assert run_python(program, CNNLIB_NUM_THREADS=setting) == [count]


@pytest.mark.parametrize("setting", ["", "0", "many"])
def test_without_a_number_all_processors_are_used(setting):
    program = "from cnnlib.fast import threads; print(threads.threads())"
    count = int(run_python(program, CNNLIB_NUM_THREADS=setting)[0])
    assert 1 <= count <= threads.MOST_THREADS


def test_there_are_never_more_than_eight(monkeypatch):
    monkeypatch.delenv("CNNLIB_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    threads.set_threads(None)
    assert threads.threads() == 8


def fake_blas(monkeypatch, count):
    """Stand in for a BLAS with `count` threads; return the numbers that it was told."""
    told = [count]
    monkeypatch.setattr(blas, "find_blas", lambda: blas.Blas(lambda: told[-1], told.append, False))
    return told


def test_blas_keeps_to_one_thread_meanwhile_and_gets_its_own_back(monkeypatch):
    told = fake_blas(monkeypatch, 4)
    threads.set_threads(2)
    inside = []
    threads.split(lambda _: inside.append(told[-1]), [0, 1, 2])
    assert inside == [1, 1, 1]
    assert told == [4, 1, 4]
    with pytest.raises(ZeroDivisionError):
        threads.split(lambda part: 1 / part, [1, 0, 2])
    assert told == [4, 1, 4, 1, 4]


def test_blas_gets_its_own_back_after_the_last_of_several_users(monkeypatch):
    told = fake_blas(monkeypatch, 4)
    with blas.one_blas_thread():
        with blas.one_blas_thread():
            assert told[-1] == 1
        assert told[-1] == 1
    assert told == [4, 1, 4]


def test_the_blas_of_this_numpy_is_asked(monkeypatch):
    found = blas.find_blas()
    if found is None:  # nothing to ask: everything runs on the caller's thread
        seen = set()
        threads.split(lambda _: seen.add(threading.current_thread()), list(range(8)))
        assert seen == {threading.current_thread()}
    else:
        read = found.read
        before, inside = read(), []
        threads.split(lambda _: inside.append(read()), [0, 1])
        assert inside == [1, 1]
        assert read() == before


def test_without_a_blas_to_ask_one_thread_does_it_all_to_the_same_bits(rng, monkeypatch):
    x, weight, _ = arrays(rng, (64, 16, 12, 12), (32, 16, 5, 5))
    threads.set_threads(4)
    expected = F.conv2d(x, weight)
    seen = set()
    with blas.one_blas_thread():  # else BLAS, which is asked no more, adds in another order
        monkeypatch.setattr(blas, "find_blas", lambda: None)
        threads.split(lambda _: seen.add(threading.current_thread()), list(range(8)))
        assert seen == {threading.current_thread()}
        np.testing.assert_array_equal(F.conv2d(x, weight), expected)


def test_a_very_large_workspace_is_not_kept(monkeypatch):
    single = np.dtype(np.float32)
    first, second = (workspace.workspace("test", (10, 10), single) for _ in range(2))
    assert np.shares_memory(first, second)
    monkeypatch.setattr(workspace, "_LARGEST_KEPT", 100)
    large, again = (workspace.workspace("test", (10, 10), single) for _ in range(2))
    assert not np.shares_memory(large, again)


# Blocks


def test_blocks_cover_everything_once():
    for total in (1, 7, 8, 9, 64):
        for size in (1, 3, 8, 100):
            parts = threads.blocks(total, size)
            assert [i for part in parts for i in range(total)[part]] == list(range(total))
            assert all(part.stop - part.start <= size for part in parts)
            assert len(parts) in (1, 2, 4, 8, 16, 32, total)


def test_a_sum_has_every_part_once():
    for count in (1, 2, 7, 8, 9, 30):
        total = threads.split_sum(lambda part: np.eye(40)[part], list(range(count)))
        np.testing.assert_array_equal(total, np.arange(40) < count)
