"""The judge of `my_cnn`: its six functions one by one, how long they take, then the training."""

import inspect
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.architectures import course_cnn
from cnnlib.course.judge.compare import describe_kind, difference
from cnnlib.course.judge.exercise import Coding, ExerciseSet, NotAttempted
from cnnlib.course.judge.numbers import halves
from cnnlib.course.judge.run import Call, case
from cnnlib.course.judge.show import Table
from cnnlib.datasets import load_digits
from cnnlib.layers import Conv2d, Layer, Linear, MaxPool2d
from cnnlib.model import Sequential
from cnnlib.optim import Adam, CosineAnnealingLR
from cnnlib.training import evaluate, fit, random_shift

EPOCHS, BATCH = 4, 32
LEAST_ACCURACY = 0.97  # the recipe reaches 97.8 to 98.7% with other seeds, 98.4% with this one
PATIENCE = 240.0  # seconds that the training may take; the solution needs about 20
TIMES = 40.0  # as slow as cnnlib, at least, before it is called slow: a busy machine slows both
SLOW = 0.5  # seconds for two images, after which nobody waits for a whole batch
LONG_ENOUGH = 20.0  # seconds of measuring, after which it is not tried once more

GRADIENTS = ("dx", "dweight", "dbias")
SIX = (
    "conv2d",
    "conv2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "linear",
    "linear_backward",
)


class my_cnn:
    """The convolution, the pooling and the dense layer of a network."""

    def conv2d(self, x, weight, bias):
        kh, kw = weight.shape[2:]
        oh, ow = x.shape[2] - kh + 1, x.shape[3] - kw + 1
        y = np.zeros((len(x), oh, ow, len(weight)), x.dtype) + bias
        for i in range(kh):
            for j in range(kw):
                seen = x[:, :, i : i + oh, j : j + ow]  # what weight (i, j) meets
                y += np.tensordot(seen, weight[:, :, i, j], axes=(1, 1))
        return y.transpose(0, 3, 1, 2)

    def conv2d_backward(self, dout, x, weight):
        dx, dweight = np.zeros_like(x), np.zeros_like(weight)
        oh, ow = dout.shape[2:]
        for i in range(weight.shape[2]):
            for j in range(weight.shape[3]):
                seen = x[:, :, i : i + oh, j : j + ow]
                dweight[:, :, i, j] = np.tensordot(dout, seen, axes=((0, 2, 3), (0, 2, 3)))
                back = np.tensordot(dout, weight[:, :, i, j], axes=(1, 0))
                dx[:, :, i : i + oh, j : j + ow] += back.transpose(0, 3, 1, 2)
        return dx, dweight, dout.sum(axis=(0, 2, 3))

    def max_pool2d(self, x, size):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))

    def spread(self, values, size):
        return values.repeat(size, axis=2).repeat(size, axis=3)

    def max_pool2d_backward(self, dout, x, size):
        winners = x == self.spread(self.max_pool2d(x, size), size)
        return winners * self.spread(dout, size)

    def linear(self, x, weight, bias):
        return x @ weight.T + bias

    def linear_backward(self, dout, x, weight):
        return dout @ weight, dout.T @ x, dout.sum(axis=0)


# The six functions, each an exercise with its classic mistakes


class _Part(Coding):
    """One of the six functions. It is not declared in the chapter: `my_cnn` is."""

    @property
    def reader_name(self) -> str:
        return f"my_cnn().{self.name}"


PARTS: dict[str, _Part] = {}


def _part(
    cases: Callable[[np.random.Generator], Call], regions: dict[str, list[Call]]
) -> Callable[..., _Part]:
    def declare(solution: Callable[..., Any]) -> _Part:
        PARTS[solution.__name__] = part = _Part(
            ExerciseSet("my_cnn", "my_cnn"),
            solution.__name__,
            solution.__name__,
            level=1,
            minutes=1,
            hints=("", ""),
            solution=solution,
            cases=cases,
            regions=regions,
            parts=GRADIENTS,
            rtol=1e-5,
            dtype="same",
            count=60,
        )
        return part

    return declare


def _alike(rng: np.random.Generator, *values: Any) -> Call:
    """Return a call, one in four with its arrays in float32, as in the network."""
    single = rng.random() < 0.25
    return case(
        *(
            value.astype(np.float32) if single and isinstance(value, np.ndarray) else value
            for value in values
        )
    )


def _filters(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    n, c_in, c_out, kh, kw = (int(size) for size in rng.integers(1, 4, 5))
    h, w = kh + int(rng.integers(0, 4)), kw + int(rng.integers(0, 4))
    return halves(rng, n, c_in, h, w), halves(rng, c_out, c_in, kh, kw)


def _convolutions(rng: np.random.Generator) -> Call:
    x, weight = _filters(rng)
    return _alike(rng, x, weight, halves(rng, len(weight)))


def _convolutions_back(rng: np.random.Generator) -> Call:
    x, weight = _filters(rng)
    return _alike(rng, halves(rng, *reference.conv2d(x, weight).shape), x, weight)


def _windows(rng: np.random.Generator) -> tuple[np.ndarray, int]:
    size, (n, c, oh, ow) = int(rng.integers(2, 4)), rng.integers(1, 4, 4)
    count = int(n * c * oh * ow) * size**2
    values = (rng.permutation(count) - count // 2) / 2  # all different: no ties
    return values.reshape(n, c, oh * size, ow * size), size


def _pools(rng: np.random.Generator) -> Call:
    return _alike(rng, *_windows(rng))


def _pools_back(rng: np.random.Generator) -> Call:
    x, size = _windows(rng)
    return _alike(rng, halves(rng, *reference.max_pool2d(x, size).shape), x, size)


def _dense(rng: np.random.Generator) -> Call:
    n, features, out = (int(size) for size in rng.integers(1, 5, 3))
    return _alike(rng, halves(rng, n, features), halves(rng, out, features), halves(rng, out))


def _dense_back(rng: np.random.Generator) -> Call:
    x, weight, _ = _dense(rng).args
    return case(halves(rng, len(x), len(weight)).astype(x.dtype), x, weight)


def _convolution_regions(back: bool) -> dict[str, list[Call]]:
    rng = np.random.default_rng(9)

    def of(x: tuple[int, ...], weight: tuple[int, ...], scale: float = 1) -> Call:
        given = scale * halves(rng, *x), halves(rng, *weight)
        if not back:
            return case(*given, halves(rng, weight[0]))
        return case(halves(rng, *reference.conv2d(*given).shape), *given)

    return {
        "the kernel is 1×1": [of((2, 3, 3, 2), (2, 3, 1, 1))],
        "the kernel covers the whole image": [of((2, 2, 3, 4), (3, 2, 3, 4))],
        "every pixel is 0": [of((1, 1, 3, 3), (2, 1, 2, 2), scale=0)],
        "there are more than three of everything": [of((4, 5, 9, 8), (6, 5, 4, 5))],
        "there are as many images as channels and filters": [of((3, 3, 5, 5), (3, 3, 3, 3))],
    }


def _pool_regions(back: bool) -> dict[str, list[Call]]:
    rng = np.random.default_rng(9)

    def of(x: np.ndarray, size: int) -> Call:
        pooled = x.shape[0], x.shape[1], x.shape[2] // size, x.shape[3] // size
        return case(halves(rng, *pooled), x, size) if back else case(x, size)

    x = rng.permutation(48).reshape(1, 2, 4, 6) / 2
    return {
        "every value is negative": [of(x - 100, 2)],
        "every value is far below 0": [of(x - 1e5, 2), of(1e12 * (x - 100), 2)],
        "one window covers the whole map": [of(x[:, :, :, :4], 4)],
        "there are more than three of everything": [
            of(rng.permutation(4 * 5 * 8 * 10).reshape(4, 5, 8, 10) / 2, 2)
        ],
    }


def _dense_regions(back: bool) -> dict[str, list[Call]]:
    rng = np.random.default_rng(9)

    def of(n: int, features: int, out: int, scale: float = 1) -> Call:
        x, weight = scale * halves(rng, n, features), halves(rng, out, features)
        return case(halves(rng, n, out), x, weight) if back else case(x, weight, halves(rng, out))

    return {
        "there is one image": [of(1, 3, 2)],
        "there are as many images as inputs and outputs": [of(3, 3, 3)],
        "there are more than four of everything": [of(7, 6, 5)],
        "every input is 0": [of(2, 3, 2, scale=0)],
    }


@_part(_convolutions, _convolution_regions(back=False))
def conv2d(x, weight, bias):
    return reference.conv2d(x, weight, bias)


@conv2d.mistake(
    "The kernel is flipped. The course, like PyTorch, slides it over the images as it is."
)
def _flipped(x, weight, bias):
    return F.conv2d(x, weight[:, :, ::-1, ::-1], bias)


@conv2d.mistake("The bias is missing. Each filter adds its own `bias` to all of its output.")
def _no_bias(x, weight, bias):
    return F.conv2d(x, weight)


@conv2d.mistake(
    "Only the first input channel is used. A filter has a kernel for each, and the results add up."
)
def _first_channel(x, weight, bias):
    return F.conv2d(x[:, :1], weight[:, :1], bias)


@conv2d.mistake(
    "Every filter gives the result of the first: the loop over filters uses `weight[0]`."
)
def _first_filter(x, weight, bias):
    return F.conv2d(x, np.repeat(weight[:1], len(weight), axis=0), bias)


@conv2d.mistake(
    "The bias is added once for each input channel. It belongs to the filter: add it once."
)
def _much_bias(x, weight, bias):
    return F.conv2d(x, weight, bias * x.shape[1])


@conv2d.mistake(
    "One row and one column are missing at the end: there are `h - kh + 1` positions, not `h - kh`."
)
def _short(x, weight, bias):
    return F.conv2d(x, weight, bias)[:, :, :-1, :-1]


@conv2d.mistake(
    "All images give the result of the first one: is `x[0]` used where `x[n]` is meant?"
)
def _first_image(x, weight, bias):
    return F.conv2d(np.repeat(x[:1], len(x), axis=0), weight, bias)


@_part(_convolutions_back, _convolution_regions(back=True))
def conv2d_backward(dout, x, weight):
    return reference.conv2d_backward(dout, x, weight)


def _other(dx: Any = None, dweight: Any = None, dbias: Any = None) -> Callable[..., Any]:
    """Return the right backward function with one result replaced."""

    def backward(dout, x, weight):
        right = (F.conv2d_backward if x.ndim == 4 else F.linear_backward)(dout, x, weight)
        changes = (dx, dweight, dbias)
        return tuple(
            one if change is None else change(dout, x, weight, one)
            for change, one in zip(changes, right, strict=True)
        )

    return backward


def _each_image(dout, x, weight):
    return [F.conv2d_backward(dout[n : n + 1], x[n : n + 1], weight)[1] for n in range(len(x))]


conv2d_backward.mistake(
    "dweight comes from the last image alone. Add up the images with `+=`, starting from zeros."
)(_other(dweight=lambda dout, x, weight, _: _each_image(dout, x, weight)[-1]))

conv2d_backward.mistake(
    "dweight is divided by the number of images. The loss has already averaged; here it is a sum."
)(_other(dweight=lambda dout, x, weight, right: right / len(x)))

conv2d_backward.mistake(
    "dweight is rotated by half a turn. Weight (i, j) meets the pixels that begin at (i, j)."
)(_other(dweight=lambda dout, x, weight, right: right[:, :, ::-1, ::-1]))

conv2d_backward.mistake(
    "In dx the kernel lies the wrong way round. With a full convolution, flip it in both "
    "directions; adding window by window, do not."
)(
    _other(
        dx=lambda dout, x, weight, _: F.conv2d_backward(dout, x, weight[:, :, ::-1, ::-1].copy())[0]
    )
)


def _overwritten(dout, x, weight, _):
    dx = np.zeros_like(x)
    kh, kw = weight.shape[2:]
    for n, i, j in np.ndindex(len(x), *dout.shape[2:]):
        dx[n, :, i : i + kh, j : j + kw] = np.tensordot(dout[n, :, i, j], weight, axes=(0, 0))
    return dx


conv2d_backward.mistake(
    "In dx, each window overwrites what the one before it left. A pixel lies in several windows "
    "and collects from all of them: `+=`."
)(_other(dx=_overwritten))


conv2d_backward.mistake(
    "dbias is the mean of `dout`. A bias is added at every place, so it collects the sum."
)(_other(dbias=lambda dout, x, weight, _: dout.mean(axis=(0, 2, 3))))

conv2d_backward.mistake(
    "dbias comes from the first image alone. Sum over the images too: `axis=(0, 2, 3)`."
)(_other(dbias=lambda dout, x, weight, _: dout[0].sum(axis=(1, 2))))

conv2d_backward.mistake(
    "dbias keeps an axis for the images. They share one bias: sum over axes 0, 2 and 3."
)(_other(dbias=lambda dout, x, weight, _: dout.sum(axis=(2, 3))))


@conv2d_backward.mistake(
    "dx and dweight are exchanged. Return `dx, dweight, dbias`, in this order."
)
def _filters_first(dout, x, weight):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight)
    return dweight, dx, dbias


@_part(_pools, _pool_regions(back=False))
def max_pool2d(x, size):
    return reference.max_pool2d(x, size)


@max_pool2d.mistake("That is the mean of each window. Keep its largest value.")
def _mean(x, size):
    return F.avg_pool2d(x, size)


@max_pool2d.mistake(
    "The windows overlap: they step by 1. Here they lie side by side and step by `size`."
)
def _overlap(x, size):
    return F.max_pool2d(x, size, 1)


@max_pool2d.mistake(
    "Where all values of a window are negative, 0 comes out. Start the maximum from one of the "
    "values, or from `-np.inf`."
)
def _from_zero(x, size):
    return np.maximum(F.max_pool2d(x, size), 0)


@max_pool2d.mistake("The size is always 2 here. Use the argument `size`.")
def _always_two(x, size):
    return F.max_pool2d(x, 2)


@_part(_pools_back, _pool_regions(back=True))
def max_pool2d_backward(dout, x, size):
    return reference.max_pool2d_backward(dout, x, size)


@max_pool2d_backward.mistake(
    "Every pixel of a window gets the gradient. Only the largest did anything for the result, so "
    "only it gets some."
)
def _all_win(dout, x, size):
    return dout.repeat(size, axis=2).repeat(size, axis=3)


@max_pool2d_backward.mistake(
    "The gradient is shared out equally, as for average pooling. Here the winner takes it all."
)
def _shared(dout, x, size):
    return F.avg_pool2d_backward(dout, x, size)


@max_pool2d_backward.mistake(
    "The winners get 1. By the chain rule they get 1 times the gradient that arrives: `dout`."
)
def _only_ones(dout, x, size):
    return F.max_pool2d_backward(np.ones_like(dout), x, size)


@max_pool2d_backward.mistake(
    "The first pixel of each window gets the gradient. It goes to the place of the largest value."
)
def _first_pixel(dout, x, size):
    dx = np.zeros_like(x)
    dx[:, :, ::size, ::size] = dout
    return dx


@max_pool2d_backward.mistake(
    "The winners get their value times the gradient. The value decides who wins; what it gets is "
    "`dout`."
)
def _times_value(dout, x, size):
    return x * F.max_pool2d_backward(dout, x, size)


@_part(_dense, _dense_regions(back=False))
def linear(x, weight, bias):
    return reference.linear(x, weight, bias)


@linear.mistake("The bias is missing. Add it to every row: `+ bias`.")
def _dense_no_bias(x, weight, bias):
    return F.linear(x, weight)


@linear.mistake("The weight has a row for each output. So it is `x @ weight.T`, not `x @ weight`.")
def _untransposed(x, weight, bias):
    return x @ weight + bias


@linear.mistake(
    "The result has a column for each image. It should have a row for each: `x @ weight.T`."
)
def _columns(x, weight, bias):
    return (x @ weight.T + bias).T


@linear.mistake("The bias is subtracted. Add it.")
def _minus_bias(x, weight, bias):
    return F.linear(x, weight, -bias)


@_part(_dense_back, _dense_regions(back=True))
def linear_backward(dout, x, weight):
    return reference.linear_backward(dout, x, weight)


linear_backward.mistake(
    "dweight has its axes exchanged. It must have the shape of `weight`: `dout.T @ x`."
)(_other(dweight=lambda dout, x, weight, right: right.T))

linear_backward.mistake(
    "dweight is divided by the number of images. The loss has already averaged; here it is a sum."
)(_other(dweight=lambda dout, x, weight, right: right / len(x)))

linear_backward.mistake("dbias keeps a row for each image. They share one bias: sum over axis 0.")(
    _other(dbias=lambda dout, x, weight, _: dout.copy())
)

linear_backward.mistake(
    "dbias is the mean of `dout`. Every image was given the bias, so it collects the sum."
)(_other(dbias=lambda dout, x, weight, _: dout.mean(axis=0)))

linear_backward.mistake(
    "dbias is summed along the outputs. There is one bias for each output: sum over the images, "
    "axis 0."
)(_other(dbias=lambda dout, x, weight, _: dout.sum(axis=1)))

linear_backward.mistake(
    "dx uses the transposed weight. Going back, each input collects over the outputs: "
    "`dout @ weight`."
)(_other(dx=lambda dout, x, weight, _: dout @ weight.T))


@linear_backward.mistake(
    "dx and dweight are exchanged. Return `dx, dweight, dbias`, in this order."
)
def _weights_first(dout, x, weight):
    return dout.T @ x, dout @ weight, dout.sum(axis=0)


# The judge


def judge(answer: Any) -> str | tuple[str | Table, ...] | None:
    """Return what is wrong with a class that holds the six functions, or None."""
    own = answer() if isinstance(answer, type) else answer
    return _methods(answer, own) or _functions(own) or _at_full_size(own) or _training(own)


def _methods(answer: Any, own: Any) -> str | None:
    missing = [name for name in SIX if not callable(getattr(own, name, None))]
    if len(missing) == len(SIX):
        return f"Expected a class with six functions, `conv2d` first, got {describe_kind(answer)}."
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        return f"The class has no {listed}. Keep the names that the exercise gives."
    for name in SIX:
        written = inspect.getattr_static(type(own), name, None)
        if not inspect.isfunction(written):
            continue
        if next(iter(inspect.signature(written).parameters), "x") in ("x", "dout"):
            return f"`{name}` is in a class, so its first argument must be `self`."
    return None


def _functions(own: Any) -> str | tuple[str | Table, ...] | None:
    """Judge each function on small arrays, and name the first that is wrong."""
    right: list[str] = []
    open_: list[str] = []
    for name in SIX:
        verdict = PARTS[name].judge(getattr(own, name))
        if verdict.status == "wrong":
            return (f"In `{name}`: {verdict.diagnosis}", *verdict.details, *_so_far(right))
        (right if verdict.passed else open_).append(name)
    if not right:
        raise NotAttempted
    if open_:
        return f"{' '.join(_so_far(right))} Still to be written: {_listed(open_)}."
    return None


def _so_far(right: list[str]) -> tuple[str, ...]:
    return (f"Right so far: {_listed(right)}.",) if right else ()


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _calls() -> list[tuple[str, tuple[Any, ...]]]:
    """Return what the functions are given in one step of the training."""
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    calls: list[tuple[str, tuple[Any, ...]]] = []
    for x, weight in (((1, 28, 28), (16, 1, 5, 5)), ((16, 12, 12), (32, 16, 5, 5))):
        forward = (normal(BATCH, *x), normal(*weight), normal(weight[0]))
        dout = normal(*F.conv2d(*forward).shape)
        calls += [("conv2d", forward), ("conv2d_backward", (dout, *forward[:2]))]
        pooled = (dout, 2)
        dpooled = normal(*F.max_pool2d(*pooled).shape)
        calls += [("max_pool2d", pooled), ("max_pool2d_backward", (dpooled, *pooled))]
    for features, out in ((512, 128), (128, 10)):
        forward = (normal(BATCH, features), normal(out, features), normal(out))
        calls += [("linear", forward), ("linear_backward", (normal(BATCH, out), *forward[:2]))]
    return calls


ARRAYS_OF_IMAGES = {"conv2d": 1, "max_pool2d": 1, "linear": 1}  # backward: dout and x


def _at_full_size(own: Any) -> str | None:
    """Try the functions at the sizes of the network, and see whether they are fast enough."""
    calls = _calls()
    for name, given in calls:
        if wrong := _wrong_at_full_size(own, name, given):
            return wrong
    start = time.perf_counter()
    for _ in range(3):  # a machine that is busy for a moment makes everything slow
        seconds = dict.fromkeys(SIX, 0.0)
        library = 0.0
        for name, given in calls:
            seconds[name] += _seconds(own, name, given)
            library += _seconds(F, name, given)
        steps = EPOCHS * -(-8000 // BATCH)
        total = steps * sum(seconds.values())
        if total <= PATIENCE or sum(seconds.values()) <= TIMES * library:
            return None
        if time.perf_counter() - start > LONG_ENOUGH:
            break
    slowest = max(seconds, key=lambda name: seconds[name])
    return (
        f"All six functions are right, but the training would take about {_duration(total)}. "
        f"Most of it goes into `{slowest}`: {seconds[slowest]:.2g} s for {BATCH} images, and there "
        f"are {steps:,} such steps. {FASTER[slowest.removesuffix('_backward')]}"
    )


def _two_images(name: str, given: tuple[Any, ...]) -> tuple[Any, ...]:
    count = ARRAYS_OF_IMAGES.get(name, 2)
    return (*(array[:2] for array in given[:count]), *given[count:])


def _wrong_at_full_size(own: Any, name: str, given: tuple[Any, ...]) -> str | None:
    """Compare a function with the library's on two images, and on the whole batch if it is fast."""
    for some in (_two_images(name, given), given):
        took, result = _timed(getattr(own, name), some)
        expected = getattr(F, name)(*some)
        if found := difference(expected, result, rtol=1e-3, dtype="same", parts=GRADIENTS):
            x = some[ARRAYS_OF_IMAGES.get(name, 2) - 1]
            return (
                f"`{name}` is right on small arrays, but not at the sizes of the network, where x "
                f"is {x.shape}. Is a size fixed in it? {found.text}"
            )
        if took > SLOW:
            return None
    return None


def _seconds(own: Any, name: str, given: tuple[Any, ...]) -> float:
    """Return how long a function takes for a batch, estimated from two images if it is slow."""
    function = getattr(own, name)
    took, _ = _timed(function, _two_images(name, given))
    if took > SLOW:
        return took * BATCH / 2
    return min(_timed(function, given)[0] for _ in range(3))


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"


FASTER = {
    "conv2d": "Vectorise it with im2col, as in 04: gather all windows into one matrix and multiply "
    "once. Or loop over the places of the kernel alone, and take whole slices of the images.",
    "max_pool2d": "Vectorise it: `x.reshape(n, c, oh, size, ow, size)` has a window in axes 3 "
    "and 5.",
    "linear": "Vectorise it: one matrix product with `@` does all images at once.",
}


def _timed(function: Callable[..., Any], given: tuple[Any, ...]) -> tuple[float, Any]:
    """Return the seconds that a call took, without those in which other programs ran."""
    start, worked = time.perf_counter(), time.process_time()
    result = function(*given)
    passed, worked = time.perf_counter() - start, time.process_time() - worked
    return (min(passed, worked) if worked else passed), result  # in a browser that clock stands


class _Own(Layer):
    """A layer of the course network that computes with the reader's functions."""

    def __init__(self, layer: Layer, forward: Callable[..., Any], backward: Callable[..., Any]):
        super().__init__()
        self._layer, self._forward, self._backward = layer, forward, backward

    def parameters(self) -> list[Any]:
        return self._layer.parameters()

    def _arguments(self) -> list[Any]:
        return [parameter.value for parameter in self.parameters()] or [2]

    def forward(self, x: np.ndarray) -> np.ndarray:
        self._x = x
        y: np.ndarray = self._forward(x, *self._arguments())
        return y

    def backward(self, dout: np.ndarray) -> np.ndarray:
        result = self._backward(dout, self.input(), self._arguments()[0])
        dx, *gradients = result if self.parameters() else (result,)
        for parameter, gradient in zip(self.parameters(), gradients, strict=True):
            parameter.grad = gradient
        return np.asarray(dx)


def _network(own: Any, rng: np.random.Generator) -> Sequential:
    """Return the course network with the reader's functions in place of those of cnnlib."""
    kinds: dict[type, str] = {Conv2d: "conv2d", MaxPool2d: "max_pool2d", Linear: "linear"}
    layers = []
    for layer in course_cnn(rng).layers:
        if name := kinds.get(type(layer)):
            layer = _Own(layer, getattr(own, name), getattr(own, f"{name}_backward"))
        layers.append(layer)
    return Sequential(*layers)


def _training(own: Any) -> str | None:
    """Train the network, and read the validation digits."""
    digits, rng = load_digits(), np.random.default_rng(0)
    model = _network(own, rng)
    adam = Adam(model.parameters(), lr=0.002)
    history = fit(
        model,
        digits.train,
        epochs=EPOCHS,
        batch_size=BATCH,
        optimizer=adam,
        scheduler=CosineAnnealingLR(adam, EPOCHS),
        augment=lambda images, rng: random_shift(images, rng, 1),
        rng=rng,
    )
    if history.interrupted:
        return (
            "All six functions are right. The training was stopped by hand; check again to go on."
        )
    _, accuracy = evaluate(model, digits.validation)
    if accuracy >= LEAST_ACCURACY:
        return None
    return (
        f"All six functions are right one by one, but together they read only {accuracy:.1%} of "
        "the validation digits. Does one of them keep something from one call to the next?"
    )
