"""Where no thread can be started, or one is lost, the caller's thread does the work: same bits."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from cnnlib import functional as F
from cnnlib.architectures import course_cnn
from cnnlib.fast import blas, threads
from cnnlib.optim import SGD
from cnnlib.training import fit, predict


@pytest.fixture(autouse=True)
def four_threads():
    """Begin without helpers, and leave none behind that a test has spoilt."""
    threads._forget_threads()
    threads.set_threads(4)
    yield
    threads.set_threads(None)
    threads._forget_threads()


def everything() -> bytes:
    """Return the bits of an operation, its gradients, a training and a prediction."""
    rng = np.random.default_rng(0)
    x, weight = (
        rng.standard_normal(shape, dtype=np.float32) for shape in ((64, 8, 32, 32), (16, 8, 3, 3))
    )
    y = F.conv2d(x, weight, padding=1)
    parts = [y, *F.conv2d_backward(y, x, weight, padding=1)]
    images, labels = rng.random((128, 1, 28, 28), dtype=np.float32), np.arange(128) % 10
    model = course_cnn(rng)
    optimizer = SGD(model.parameters(), lr=0.05)
    data = images, labels
    fit(model, data, data, epochs=1, batch_size=64, optimizer=optimizer, rng=rng, progress=False)
    parts += [p.value for p in model.parameters()]
    return b"".join(part.tobytes() for part in [*parts, predict(model, images)])


@pytest.fixture(scope="module")
def bits() -> bytes:
    threads.set_threads(4)
    return everything()


def refused(*_):
    raise RuntimeError("can't start new thread")


def out_of_memory(*_):
    raise MemoryError


def never(*_):
    """Return as if a thread had been started."""


@pytest.mark.parametrize("start", [refused, out_of_memory, never])
def test_no_thread_at_all(monkeypatch, bits, start):
    monkeypatch.setattr(threading.Thread, "start", start)
    assert everything() == bits
    assert threads._helpers == []
    assert threads._queue.empty()  # nothing waits there for threads that never come


def test_fewer_threads_than_asked_for(monkeypatch, bits):
    started, start = [], threading.Thread.start

    def twice(thread):
        if len(started) == 2:
            refused()
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", twice)
    assert everything() == bits
    monkeypatch.setattr(blas, "find_blas", lambda: blas.Blas(lambda: 1, lambda count: None, False))
    threads.split(lambda _: time.sleep(0.01), list(range(8)))
    assert len(threads._helpers) == 2


@pytest.mark.usefixtures("obedient_blas")
def test_threads_are_started_once_there_is_room_again(monkeypatch):
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refused)
        threads.split(lambda _: None, [0, 1, 2, 3])
        assert threads._helpers == []
    meeting, seen = threading.Barrier(2, timeout=60), set()

    def work(_):
        meeting.wait()
        seen.add(threading.current_thread())

    threads.set_threads(2)
    threads.split(work, [0, 1])
    assert len(seen) == 2


@pytest.mark.usefixtures("obedient_blas")
def test_a_helper_that_was_lost_is_replaced(monkeypatch):
    threads.split(lambda _: time.sleep(0.01), list(range(8)))
    assert len(threads._helpers) == 3
    with monkeypatch.context() as spoilt:
        spoilt.setattr(threads._Job, "help", out_of_memory)  # ends every thread that helps
        spoilt.setattr(threading, "excepthook", lambda _: None)
        threads.split(lambda _: time.sleep(0.01), list(range(8)))
        for thread in threads._helpers:
            thread.join(10)
    threads.split(lambda _: time.sleep(0.01), list(range(8)))
    assert [thread.is_alive() for thread in threads._helpers] == [True] * 3


@pytest.mark.usefixtures("obedient_blas")
@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, MemoryError])
def test_what_ends_a_helper_in_its_work_reaches_the_caller_and_nobody_waits(kind):
    caller = threading.current_thread()

    def work(_):
        if threading.current_thread() is not caller:
            raise kind
        time.sleep(0.02)

    with pytest.raises(kind):
        threads.split(work, list(range(50)))
    threads.split(lambda _: None, list(range(8)))  # and the next work is done


LIMITED = """
import os, resource, sys
import numpy as np
from cnnlib import functional as F
from cnnlib.architectures import course_cnn
from cnnlib.fast import blas, threads
from cnnlib.optim import SGD
from cnnlib.training import fit
from tqdm.auto import tqdm  # now: another user may not be able to read where it lies
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)  # root may start as many threads as it likes
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
import threading
try:
    threading.Thread(target=print).start()
except RuntimeError:
    print("refused")
threads.set_threads(4)
x, weight = np.ones((64, 8, 32, 32), np.float32), np.ones((16, 8, 3, 3), np.float32)
print(F.conv2d(x, weight).sum())
rng = np.random.default_rng(0)
model = course_cnn(rng)
data = rng.random((128, 1, 28, 28), dtype=np.float32), np.arange(128) % 10
optimizer = SGD(model.parameters(), lr=0.05)
history = fit(model, data, data, epochs=1, batch_size=64, optimizer=optimizer, rng=rng)
print(len(history.batch_losses))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits threads so")
def test_a_system_without_room_for_another_thread():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LIMITED],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["refused", str(np.float32(64 * 16 * 30 * 30 * 72)), "2"]
