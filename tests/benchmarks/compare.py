"""How fast is cnnlib? Side by side with PyTorch, textbook loops, and what the machine can do.

    make bench                         # or: python tests/benchmarks/compare.py
    make bench BENCH_FLAGS=--quick     # a tenth of the rounds
    make bench BENCH_PYTHON=python3    # with a Python of your own, one that has PyTorch
    make bench BENCH_FLAGS=--one-thread   # where the machine is busy with other things

Every round runs cnnlib, then PyTorch, and takes their ratio; the table shows medians over all
rounds. So a machine that is busy for a while slows both down. Each turn begins with a short pause:
PyTorch's threads go on spinning for some milliseconds after their work is done, which would take a
processor from whoever comes next. Then it runs for a while before anything counts. After a pause
all threads of a program may find themselves on one processor, until the system moves them: for
up to 60 milliseconds a small step takes as long as on one thread. A training does not pause.

The last columns put the times into proportion. `bound` is what the multiplications alone would
take at the best speed at which NumPy multiplies large matrices (1024×1024, float32, all threads).
`loops` is how long `cnnlib.reference` would take: its convolutions are run at a small size, and
scaled up by the number of multiplications.
"""

import argparse
import gc
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
for folder in (ROOT, Path(__file__).parent):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

import numpy as np  # noqa: E402

import cnnlib  # noqa: E402
from cnnlib import architectures, datasets, reference  # noqa: E402
from cnnlib import functional as F  # noqa: E402
from cnnlib.fast import threads  # noqa: E402
from cnnlib.layers import BatchNorm2d  # noqa: E402
from cnnlib.model import Sequential  # noqa: E402
from cnnlib.optim import SGD  # noqa: E402
from cnnlib.training import _step, fit, predict  # noqa: E402

Run = Callable[[], object]
TORCH = importlib.util.find_spec("torch") is not None
CLOCK = time.perf_counter
PAUSE = 0.05  # seconds; PyTorch's threads have gone to sleep by then
WARM_UP = 0.1  # seconds; until then the system has moved the threads to processors of their own
RUNS_IN_A_TURN = 4


@dataclass
class Row:
    """One kind of work: how to prepare it in both libraries, and what it costs."""

    name: str
    prepare: Callable[[], tuple[Run, Run | None]]
    multiply_adds: float
    rounds: int
    target: float | None = None
    long: bool = False  # long enough to be measured at its first run


# The work


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def training_step(name: str, shape: tuple[int, ...], batch: int) -> tuple[Run, Run | None]:
    """A whole step: forward, loss, backward, and an update with momentum."""
    x, y = random(batch, *shape), np.random.default_rng(1).integers(0, 10, batch)
    model: Sequential = getattr(architectures, name)(np.random.default_rng(2))
    model.train()
    settings = {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-3}
    optimizer = SGD(model.parameters(), **settings)
    if not TORCH:
        return lambda: _step(model, optimizer, x, y), None

    import networks
    import torch

    other = getattr(networks, name)()
    other_optimizer = torch.optim.SGD(other.parameters(), **settings)
    tx, ty, loss_of = torch.from_numpy(x), torch.from_numpy(y), torch.nn.CrossEntropyLoss()

    def torch_step() -> tuple[float, int]:
        other_optimizer.zero_grad()
        logits = other(tx)
        loss = loss_of(logits, ty)
        loss.backward()
        other_optimizer.step()
        return loss.item(), int((logits.argmax(1) == ty).sum())

    return lambda: _step(model, optimizer, x, y), torch_step


def inference(name: str, shape: tuple[int, ...], batch: int) -> tuple[Run, Run | None]:
    """Scores for a batch of images."""
    x = random(batch, *shape)
    model: Sequential = getattr(architectures, name)(np.random.default_rng(2))
    model.eval()
    if not TORCH:
        return lambda: predict(model, x), None

    import networks
    import torch

    other, tx = getattr(networks, name)().eval(), torch.from_numpy(x)

    def torch_inference() -> object:
        with torch.inference_mode():
            return other(tx)

    return lambda: predict(model, x), torch_inference


def photograph(backward: bool) -> tuple[Run, Run | None]:
    """One 224×224 photograph through EfficientNet-Lite0, and perhaps back to its pixels.

    Both networks are folded, without batch normalisation. Both find the weights' gradients too.
    """
    x, dout = random(1, 3, 224, 224), np.eye(1000, dtype=np.float32)[:1]
    model = architectures.efficientnet_lite0(np.random.default_rng(2), folded=True)
    model.eval()

    def cnnlib_run() -> object:
        logits = model(x)
        return model.backward(dout) if backward else logits

    if not TORCH:
        return cnnlib_run, None

    import networks
    import torch

    other = networks.efficientnet_lite0().eval()
    tx, tdout = torch.from_numpy(x), torch.from_numpy(dout)

    def torch_run() -> object:
        if not backward:
            with torch.inference_mode():
                return other(tx)
        other.zero_grad()
        pixels = tx.detach().requires_grad_()
        other(pixels).backward(tdout)
        return pixels.grad

    return cnnlib_run, torch_run


def convolution(
    batch: int,
    c_in: int,
    size: int,
    c_out: int,
    kernel: int = 3,
    groups: int = 1,
    last: bool = False,
) -> tuple[Run, Run | None]:
    """A convolution forward and backward that keeps the size; `last`: channels-last in memory."""
    x, dout = random(batch, c_in, size, size), random(batch, c_out, size, size)
    weight, bias = random(c_out, c_in // groups, kernel, kernel), random(c_out)
    settings = 1, kernel // 2
    if last:
        x, dout = (
            np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2) for a in (x, dout)
        )

    def cnnlib_run() -> object:
        y = F.conv2d(x, weight, bias, *settings, groups)
        return y, F.conv2d_backward(dout, x, weight, *settings, groups)

    if not TORCH:
        return cnnlib_run, None

    import torch

    tensors = [torch.from_numpy(a).requires_grad_() for a in (x, weight, bias)]
    tdout = torch.from_numpy(dout)

    def torch_run() -> object:
        y = torch.nn.functional.conv2d(*tensors, *settings, groups=groups)
        return torch.autograd.grad(y, tensors, tdout)

    return cnnlib_run, torch_run


def peer(which: str, batch: int, c_in: int, size: int, c_out: int) -> tuple[Run, Run | None]:
    """The same convolution both ways, beside how other courses in NumPy compute theirs."""
    import peers

    x, dout = random(batch, c_in, size, size), random(batch, c_out, size, size)
    weight, bias = random(c_out, c_in, 3, 3), random(c_out)

    def cnnlib_run() -> object:
        return F.conv2d(x, weight, bias, 1, 1), F.conv2d_backward(dout, x, weight, 1, 1)

    forward, backward = getattr(peers, which)

    def peer_run() -> object:
        y, columns = forward(x, weight, bias, 1)
        return y, backward(dout, x, weight, columns, 1)

    return cnnlib_run, peer_run


def batch_norm() -> tuple[Run, Run | None]:
    """Batch normalisation of 64×64×16×16 in training, forward and backward."""
    x, dout = random(64, 64, 16, 16), random(64, 64, 16, 16)
    layer = BatchNorm2d(64)
    layer.train()

    def cnnlib_run() -> object:
        return layer(x), layer.backward(dout)

    if not TORCH:
        return cnnlib_run, None

    import torch

    other, tx = torch.nn.BatchNorm2d(64).train(), torch.from_numpy(x).requires_grad_()
    tdout, learned = torch.from_numpy(dout), (tx, other.weight, other.bias)
    return cnnlib_run, lambda: torch.autograd.grad(other(tx), learned, tdout)


def pooling(which: str, size: int, stride: int, padding: int) -> tuple[Run, Run | None]:
    """Pooling of 64×32×32×32, forward and backward."""
    x = random(64, 32, 32, 32)
    settings = size, stride, padding
    forward, backward = getattr(F, f"{which}_pool2d"), getattr(F, f"{which}_pool2d_backward")
    dout = random(*forward(x, *settings).shape)

    def cnnlib_run() -> object:
        return forward(x, *settings), backward(dout, x, *settings)

    if not TORCH:
        return cnnlib_run, None

    import torch

    pool = getattr(torch.nn.functional, f"{which}_pool2d")
    tx, tdout = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dout)
    return cnnlib_run, lambda: torch.autograd.grad(pool(tx, *settings), tx, tdout)


def epoch(images: int = 60_000, batch: int = 64) -> tuple[Run, Run | None]:
    """A whole epoch of the course's network on Fashion-MNIST, or on noise where that is missing.

    Each epoch shuffles, cuts into batches and takes a step for each, as `cnnlib.training.fit` does.
    """
    try:
        parts = datasets.load_fashion_mnist()[:2]  # the official 60,000
        x, y = (np.concatenate(both)[:images] for both in zip(*parts, strict=True))
    except (FileNotFoundError, ImportError):
        x, y = random(images, 1, 28, 28), np.random.default_rng(1).integers(0, 10, images)
    settings = {"lr": 0.01, "momentum": 0.9, "weight_decay": 1e-3}
    rng = np.random.default_rng(2)
    model = architectures.course_cnn(rng)
    optimizer = SGD(model.parameters(), **settings)

    def cnnlib_run() -> object:
        return fit(
            model, (x, y), epochs=1, batch_size=batch, optimizer=optimizer, rng=rng, progress=False
        )

    if not TORCH:
        return cnnlib_run, None

    import networks
    import torch

    other, loss_of = networks.course_cnn(), torch.nn.CrossEntropyLoss()
    other_optimizer = torch.optim.SGD(other.parameters(), **settings)
    tx, ty = torch.from_numpy(np.ascontiguousarray(x)), torch.from_numpy(y.astype(np.int64))

    def torch_run() -> object:
        total = 0.0
        for chosen in torch.randperm(len(tx)).split(batch):
            other_optimizer.zero_grad()
            loss = loss_of(other(tx[chosen]), ty[chosen])
            loss.backward()
            other_optimizer.step()
            total += loss.item()
        return total

    return cnnlib_run, torch_run


def matrix_product() -> tuple[Run, Run | None]:
    """The product of two large matrices, one for each thread at a time in NumPy."""
    a, parts = random(1024, 1024), threads.blocks(1024, 1024 // max(threads.threads(), 1))
    y = np.empty_like(a)

    def numpy_product() -> np.ndarray:
        threads.split(lambda rows: np.matmul(a[rows], a, out=y[rows]), parts)
        return y

    if not TORCH:
        return numpy_product, None

    import torch

    ta = torch.from_numpy(a)
    return numpy_product, lambda: ta @ ta


def macs(name: str, shape: tuple[int, ...], batch: int, step: bool = False) -> float:
    """Multiply-adds of a forward pass, or of a step, which leaves out one part: the first dx."""
    model: Sequential = getattr(architectures, name)(np.random.default_rng(0))
    forward = model.multiply_adds(shape)
    return batch * (3 * forward - model[0].multiply_adds(shape) if step else forward)


def conv_macs(batch: int, c_in: int, size: int, c_out: int, kernel: int = 3) -> float:
    return 3 * batch * size**2 * c_out * c_in * kernel**2


def table_rows() -> list[Row]:
    digit, lenet, photo, small = (1, 28, 28), (1, 32, 32), (3, 227, 227), (3, 64, 64)
    conv = (64, 32, 32, 64)
    return [
        Row(
            "course CNN, training step, batch 64",
            lambda: training_step("course_cnn", digit, 64),
            macs("course_cnn", digit, 64, step=True),
            200,
            0.9,
        ),
        Row(
            "course CNN, inference, batch 256",
            lambda: inference("course_cnn", digit, 256),
            macs("course_cnn", digit, 256),
            100,
            1.0,
        ),
        Row(
            "conv2d 64×32×32×32 → 64, 3×3, both ways",
            lambda: convolution(*conv),
            conv_macs(*conv),
            30,
            1.0,
        ),
        Row(
            "the same, channels-last in memory",
            lambda: convolution(*conv, last=True),
            conv_macs(*conv),
            30,
            1.0,
        ),
        Row(
            "AlexNet, inference, one 227×227 image",
            lambda: inference("alexnet", photo, 1),
            macs("alexnet", photo, 1),
            30,
            1.0,
        ),
        Row(
            "LeNet-5, training step, batch 64",
            lambda: training_step("lenet5", lenet, 64),
            macs("lenet5", lenet, 64, step=True),
            100,
            1.0,
        ),
        Row(
            "ResNet-18, inference, one 64×64 image",
            lambda: inference("resnet18", small, 1),
            macs("resnet18", small, 1),
            50,
            1.0,
        ),
        Row(
            "ResNet-18, inference, eight 64×64 images",
            lambda: inference("resnet18", small, 8),
            macs("resnet18", small, 8),
            30,
            1.0,
        ),
        Row(
            "EfficientNet-Lite0, inference, one photograph",
            lambda: photograph(backward=False),
            macs("efficientnet_lite0", (3, 224, 224), 1),
            30,
            2.0,
        ),
        Row(
            "EfficientNet-Lite0, there and back to the pixels",
            lambda: photograph(backward=True),
            3 * macs("efficientnet_lite0", (3, 224, 224), 1),
            20,
            2.0,
        ),
        Row(
            "conv2d 16×16×16×16 → 16, 3×3, both ways",
            lambda: convolution(16, 16, 16, 16),
            conv_macs(16, 16, 16, 16),
            30,
            1.2,
        ),
        Row(
            "conv2d 64×16×14×14 → 32, 3×3, both ways",
            lambda: convolution(64, 16, 14, 32),
            conv_macs(64, 16, 14, 32),
            30,
            1.2,
        ),
        Row(
            "conv2d 1×480×14×14 → 112, 1×1, both ways",
            lambda: convolution(1, 480, 14, 112, kernel=1),
            conv_macs(1, 480, 14, 112, 1),
            30,
            1.2,
        ),
        Row(
            "depthwise 1×240×28×28, 5×5, both ways",
            lambda: convolution(1, 240, 28, 240, kernel=5, groups=240),
            conv_macs(1, 1, 28, 240, 5),
            30,
            1.5,
        ),
        Row(
            "batch norm, training step, 64×64×16×16",
            batch_norm,
            0,
            30,
            1.5,
        ),
        Row(
            "max pooling 64×32×32×32, 2×2, both ways",
            lambda: pooling("max", 2, 2, 0),
            0,
            30,
            1.5,
        ),
        Row(
            "max pooling 64×32×32×32, 3×3 at 2, both ways",
            lambda: pooling("max", 3, 2, 1),
            0,
            30,
            1.5,
        ),
        Row(
            "average pooling 64×32×32×32, 2×2, both ways",
            lambda: pooling("avg", 2, 2, 0),
            0,
            30,
            1.5,
        ),
    ]


def scaling_rows() -> list[Row]:
    digit = (1, 28, 28)
    rows = [
        Row(
            f"course CNN, training step, batch {batch}",
            lambda batch=batch: training_step("course_cnn", digit, batch),
            macs("course_cnn", digit, batch, step=True),
            40,
            0.9,
        )
        for batch in (1, 4, 16, 64, 256)
    ]
    sizes = [(16, 32, size, 32) for size in (8, 16, 32, 64)]
    sizes += [(16, channels, 16, channels) for channels in (4, 16, 64, 256)]
    rows += [
        Row(
            f"conv2d {n}×{c}×{s}×{s} → {out}, 3×3, both ways",
            lambda n=n, c=c, s=s, out=out: convolution(n, c, s, out),
            conv_macs(n, c, s, out),
            20,
        )
        for n, c, s, out in sizes
    ]
    return rows


def peer_rows() -> list[Row]:
    """What other courses compute in NumPy alone; cnnlib shall take a third of their time."""
    sizes = [("Deep learning from scratch", "from_scratch"), ("CS231n, not compiled", "cs231n")]
    return [
        Row(
            f"{name}, conv2d 16×16×16×16 → 16, 3×3, both ways",
            lambda which=which: peer(which, 16, 16, 16, 16),
            conv_macs(16, 16, 16, 16),
            10,
            0.33,
        )
        for name, which in sizes
    ] + [
        Row(
            f"{name}, conv2d 64×16×14×14 → 32, 3×3, both ways",
            lambda which=which: peer(which, 64, 16, 14, 32),
            conv_macs(64, 16, 14, 32),
            5,
            0.33,
        )
        for name, which in sizes
    ]


def long_rows() -> list[Row]:
    digit = (1, 28, 28)
    return [
        Row(
            "Fashion-MNIST, an epoch of 60,000 images, batch 64",
            epoch,
            macs("course_cnn", digit, 60_000, step=True),
            3,
            1.0,
            long=True,
        )
    ]


# Measuring


def seconds(run: Run) -> float:
    """Return the time of one run among others of its kind, as in a training.

    The pause lets the other library's threads come to rest: PyTorch's keep turning for a while,
    and would take a processor from whoever comes next. After it the first runs find cold memory,
    and threads that share a processor, so they do not count.
    """
    time.sleep(PAUSE)
    awake = CLOCK() + WARM_UP
    run()
    while CLOCK() < awake:
        run()
    times = []
    for _ in range(RUNS_IN_A_TURN):
        started = CLOCK()
        run()
        times.append(CLOCK() - started)
    return statistics.median(times)


@dataclass
class Result:
    """Seconds, and cnnlib's time as a multiple of PyTorch's."""

    cnnlib: float
    best: float
    torch: float | None
    ratio: float | None
    best_ratio: float | None


def seconds_once(run: Run) -> float:
    """Return the time of one long run, for which a cold start is nothing."""
    time.sleep(PAUSE)
    started = CLOCK()
    run()
    return CLOCK() - started


def measure(row: Row, share: float) -> Result:
    """Run both in turn; medians over the rounds, and the ratio of the two fastest runs."""
    timed = seconds_once if row.long else seconds
    run, other = row.prepare()
    rounds = max(round(row.rounds * share), 3)
    for _ in range(0 if row.long else 2):
        run()
        if other is not None:
            other()
    gc.collect()
    pairs = [(timed(run), timed(other) if other else None) for _ in range(rounds)]
    own = np.array([pair[0] for pair in pairs])
    if other is None:
        return Result(float(np.median(own)), float(own.min()), None, None, None)
    others = np.array([pair[1] for pair in pairs])
    return Result(
        float(np.median(own)),
        float(own.min()),
        float(np.median(others)),
        float(np.median(own / others)),
        float(own.min() / others.min()),
    )


def loop_speed() -> float:
    """Return how many multiply-adds `cnnlib.reference` does in a second, forward and backward."""
    x, weight, dout = random(1, 4, 10, 10), random(4, 4, 3, 3), random(1, 4, 8, 8)
    started = time.perf_counter()
    reference.conv2d(x, weight)
    reference.conv2d_backward(dout, x, weight)
    return 3 * 8 * 8 * 4 * 4 * 9 / (time.perf_counter() - started)


def fresh(program: str, *arguments: str, **environment: str) -> Any:
    """Run a program in a new Python and return what it prints, read as JSON."""
    folders = [str(ROOT), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, folders))} | environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def import_seconds(rounds: int) -> float:
    """Return how long `import cnnlib` takes once Python has compiled the files."""
    program = (
        "import time, numpy; t = time.perf_counter(); import cnnlib; print(time.perf_counter() - t)"
    )
    with tempfile.TemporaryDirectory() as compiled:
        settings = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        _first, *others = (fresh(program, **settings) for _ in range(rounds + 1))
    return float(np.median(others))


def step_memory(which: str, batch: int = 64) -> float | None:
    """Return the bytes that five training steps of the course CNN add at their peak.

    A step with two images comes first, so that threads, libraries, weights and momentum are there
    already. Linux alone tells the peak of a chosen time; elsewhere there is no figure.
    """
    program = """
import sys, compare
which = ("cnnlib", "torch").index(sys.argv[1])
run = compare.training_step("course_cnn", (1, 28, 28), int(sys.argv[2]))[which]
compare.training_step("course_cnn", (1, 28, 28), 2)[which]()
def status(name):
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(l for l in lines if l.startswith(name + ":")).split()[1])
open("/proc/self/clear_refs", "w").write("5")
before = status("VmRSS")
for _ in range(5):
    run()
print(status("VmHWM") - before)
"""
    if not Path("/proc/self/clear_refs").exists():
        return None
    return float(np.median([fresh(program, which, str(batch)) for _ in range(3)]))


# Telling


def blas_name() -> str:
    """Return which of its kernels OpenBLAS uses; they differ in speed by a factor of two."""
    try:
        import ctypes

        core = importlib.import_module("numpy._core._multiarray_umath")
        name = ctypes.CDLL(core.__file__).scipy_openblas_get_corename64_
        name.restype = ctypes.c_char_p
        return f"OpenBLAS with {name().decode()} kernels"
    except (AttributeError, OSError):
        return "a BLAS that does not tell its name"


def milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value * 1e3:,.2f}" if value < 0.1 else f"{value * 1e3:,.0f}"


def show(title: str, rows: list[list[str]]) -> None:
    """Print a table in Markdown, its columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(f"\n{title}\n")
    for i, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("| " + " | ".join(cells) + " |")
        if i == 0:
            rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
            print("| " + " | ".join(rule) + " |", flush=True)


def compare(
    rows: list[Row], share: float, speed: float, loops: float, other: str = "PyTorch"
) -> list[list[str]]:
    """Measure the rows; return the lines of the table."""
    lines = [
        ["work", "cnnlib ms", f"{other} ms", "ratio", "of fastest", "target", "bound ms", "loops s"]
    ]
    for row in rows:
        result = measure(row, share)
        print(f"  {row.name}", file=sys.stderr, flush=True)
        lines.append(
            [
                row.name,
                milliseconds(result.cnnlib),
                milliseconds(result.torch) if result.torch else "not installed",
                f"{result.ratio:.2f}" if result.ratio else "–",
                f"{result.best_ratio:.2f}" if result.best_ratio else "–",
                f"≤ {row.target}" if row.target else "",
                milliseconds(row.multiply_adds / speed) if row.multiply_adds else "",
                f"{row.multiply_adds / loops:,.0f}" if row.multiply_adds else "",
            ]
        )
    return lines


def main(words: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Compare cnnlib with PyTorch.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds, no scaling")
    parser.add_argument("--only", metavar="WORD", default="", help="rows whose name holds this")
    parser.add_argument(
        "--one-thread",
        action="store_true",
        help="processor time on one thread each, which a busy machine distorts less",
    )
    arguments = parser.parse_args(words)
    share = 0.1 if arguments.quick else 1.0
    if arguments.one_thread:
        global CLOCK
        CLOCK = time.process_time
        threads.set_threads(1)

    torch_name = "PyTorch is not installed"
    if TORCH:
        import torch

        torch.set_num_threads(threads.threads())
        torch_name = f"PyTorch {torch.__version__}"
    product = measure(Row("matrix product", matrix_product, 1024**3, 40), share)
    speed, loops = 1024**3 / product.best, loop_speed()
    print(
        f"cnnlib {cnnlib.__version__}, NumPy {np.__version__}, {torch_name}, {platform.machine()}"
    )
    print(f"{platform.machine()}, threads: {threads.threads()}, {blas_name()}")
    print(f"matrix product, 1024×1024, float32: {2 * speed / 1e9:.0f} GFLOP/s in NumPy", end="")
    other_speed = speed * product.best_ratio if product.best_ratio else None
    print(f", {2 * other_speed / 1e9:.0f} in PyTorch" if other_speed else "")
    print(
        f"textbook loops: {loops / 1e6:.2f} million multiply-adds a second, at 1×4×10×10 → 4, 3×3"
    )

    wanted = [row for row in table_rows() if arguments.only in row.name]
    if wanted:
        show(
            "Processor time (medians)" if arguments.one_thread else "Time (medians)",
            compare(wanted, share, speed, loops),
        )
    if not arguments.quick:
        wanted = [row for row in scaling_rows() if arguments.only in row.name]
        if wanted:
            show("Scaling", compare(wanted, share, speed, loops))
        wanted = [row for row in peer_rows() if arguments.only in row.name]
        if wanted:
            show("Beside other courses", compare(wanted, share, speed, loops, "theirs"))
        wanted = [row for row in long_rows() if arguments.only in row.name]
        if wanted:
            show("A whole epoch", compare(wanted, share, speed, loops))
    if not arguments.only:
        own, other = step_memory("cnnlib"), step_memory("torch") if TORCH else None
        lines = [["", "cnnlib", "PyTorch", "ratio", "target"]]
        ratio = f"{own / other:.2f}" if own and other else "–"
        told = [f"{value / 1e6:.1f} MB" if value else "–" for value in (own, other)]
        lines.append(["peak memory that a training step of batch 64 adds", *told, ratio, "≤ 1.5"])
        imported = import_seconds(3 if arguments.quick else 9)
        lines.append(["import cnnlib, after import numpy", f"{imported:.3f} s", "", "", "≤ 0.1 s"])
        show("Memory and import", lines)


if __name__ == "__main__":
    main()
