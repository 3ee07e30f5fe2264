"""Answers to the exercises of notebook 07 that are wrong, most of them in one region only."""

# Learners zip without `strict`.
# ruff: noqa: B905

import numpy as np
from answers import Answers

from cnnlib import functional as F
from cnnlib.course.backpropagation import exercises as ex

wrong = Answers()

wrong.values("two_paths", 27, -28, 28.5, 40, "28 or so", (8, 20), np.nan, None)


# The gate: an x of exactly 0 or close to it, a leak of 0 or 1, and shapes of other kinds.


@wrong.to("relu_backward")
def open_close_to_zero(dout, x, leak=0):
    return np.where(x > -1e-6, dout, leak * dout)


@wrong.to("relu_backward")
def shut_close_to_zero(dout, x, leak=0):
    return np.where(x > 1e-6, dout, leak * dout)


@wrong.to("relu_backward")
def half_open_at_zero(dout, x, leak=0):
    return dout * (leak + (1 - leak) * np.heaviside(x, 0.5))


@wrong.to("relu_backward")
def an_unusual_leak_is_ignored(dout, x, leak=0):
    return np.where(x > 0, dout, (leak if leak < 1 else 0) * dout)


@wrong.to("relu_backward")
def no_leak_means_a_small_one(dout, x, leak=0):
    return np.where(x > 0, dout, (leak or 0.01) * dout)


@wrong.to("relu_backward")
def in_whole_numbers(dout, x, leak=0):
    return np.where(x > 0, dout, leak * dout).astype(int)


@wrong.to("relu_backward")
def written_into_dout(dout, x, leak=0):
    dout[x <= 0] *= leak
    return dout


@wrong.to("relu_backward")
def negative_gradients_do_not_leak(dout, x, leak=0):
    return np.where(x > 0, dout, np.maximum(leak * dout, 0))


@wrong.to("relu_backward")
def two_axes_only(dout, x, leak=0):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(x.shape[:2]):
        dx[i, j] = np.where(x[i, j] > 0, dout[i, j], leak * dout[i, j])
    return dx


# A layer: state that belongs to no layer, weights that move, batches of another size.

Right = ex.linear_layer.model_answer


@wrong.to("linear_layer")
class KeepsItsInputOnTheClass(Right):
    def forward(self, x):
        type(self).x = x
        return x @ self.weight.T + self.bias


@wrong.to("linear_layer")
class KeepsItsWeightOnTheClass(Right):
    def __init__(self, weight, bias):
        type(self).weight, type(self).bias = weight, bias


kept = {}


@wrong.to("linear_layer")
class KeepsItsInputInAGlobal(Right):
    def forward(self, x):
        kept["x"] = x
        return x @ self.weight.T + self.bias

    def backward(self, dout):
        self.x = kept["x"]
        return super().backward(dout)


@wrong.to("linear_layer")
class LeavesItsGradientsOnTheClass(Right):
    def backward(self, dout):
        super().backward(dout)
        type(self).dweight, type(self).dbias = vars(self).pop("dweight"), vars(self).pop("dbias")
        return dout @ self.weight


@wrong.to("linear_layer")
class KeepsTheFirstBatch(Right):
    def forward(self, x):
        if not hasattr(self, "x") or len(self.x) > len(x):
            self.x = x
        return x @ self.weight.T + self.bias


@wrong.to("linear_layer")
class TakesASmallStep(Right):
    def backward(self, dout):
        dx = super().backward(dout)
        self.weight = self.weight - 0.01 * self.dweight
        return dx


@wrong.to("linear_layer")
class TakesAStepInPlace(Right):
    def backward(self, dout):
        dx = super().backward(dout)
        self.bias -= 0.1 * self.dbias
        return dx


@wrong.to("linear_layer")
class TurnsItsWeightEachTime(Right):
    def forward(self, x):
        self.x = x
        self.weight = self.weight.T
        return x @ self.weight + self.bias

    def backward(self, dout):
        self.dweight, self.dbias = dout.T @ self.x, dout.sum(axis=0)
        return dout @ self.weight.T


@wrong.to("linear_layer")
class MixesTheGradientsOfTwoBatches(Right):
    def backward(self, dout):
        before = getattr(self, "dbias", 0)
        dx = super().backward(dout)
        self.dbias = self.dbias + 0.5 * before
        return dx


@wrong.to("linear_layer")
class ReturnsEverything(Right):
    def backward(self, dout):
        return dout @ self.weight, dout.T @ self.x, dout.sum(axis=0)


@wrong.to("linear_layer")
class ReturnsNothing(Right):
    def backward(self, dout):
        super().backward(dout)


@wrong.to("linear_layer")
class LeavesNothing(Right):
    def backward(self, dout):
        return dout @ self.weight


@wrong.to("linear_layer")
class LeavesNoBias(Right):
    def backward(self, dout):
        self.dweight = dout.T @ self.x
        return dout @ self.weight


@wrong.to("linear_layer")
class ChangesItsInput(Right):
    def forward(self, x):
        y = super().forward(x.copy())
        x *= 2
        return y


@wrong.to("linear_layer")
class LosesTheAxisOfOneSample(Right):
    def backward(self, dout):
        return super().backward(dout).squeeze()


@wrong.to("linear_layer")
class LosesTheAxisOfOneOutput(Right):
    def backward(self, dout):
        dx = super().backward(dout)
        self.dweight = self.dweight[0] if len(self.dweight) == 1 else self.dweight
        return dx


# Max pooling: ties, cells far below 0, windows that overlap, and cells in no window.


def windows(dout, kernel_size, stride):
    for n, c, i, j in np.ndindex(dout.shape):
        rows, columns = (slice(a * stride, a * stride + kernel_size) for a in (i, j))
        yield (n, c, rows, columns), dout[n, c, i, j]


def pool_from(start):
    """Return a pooling that looks for a value larger than `start`."""

    def pool_backward(dout, x, kernel_size, stride):
        dx = np.zeros_like(x)
        for place, d in windows(dout, kernel_size, stride):
            largest, winner = start, (0, 0)
            for cell, value in np.ndenumerate(x[place]):
                if value > largest:
                    largest, winner = value, cell
            dx[place][winner] += d
        return dx

    return pool_backward


for _start in (-1, -99, -999, -1e9):
    wrong.add("max_pool2d_backward", f"the maximum starts at {_start}", pool_from(_start))


@wrong.to("max_pool2d_backward")
def nearly_equal_cells_share(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for place, d in windows(dout, kernel_size, stride):
        mask = np.isclose(x[place], x[place].max(), rtol=1e-5)
        first = np.flatnonzero(mask)[0]
        dx[place][np.unravel_index(first, mask.shape)] += d
    return dx


@wrong.to("max_pool2d_backward")
def a_tie_of_all_goes_to_the_last(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for place, d in windows(dout, kernel_size, stride):
        tie = (x[place] == x[place].max()).all()
        winner = x[place].size - 1 if tie else x[place].argmax()
        dx[place][np.unravel_index(winner, x[place].shape)] += d
    return dx


@wrong.to("max_pool2d_backward")
def ties_in_column_order(dout, x, kernel_size, stride):
    dx = np.zeros_like(x)
    for place, d in windows(dout, kernel_size, stride):
        dx[place].T[np.unravel_index(x[place].T.argmax(), x[place].shape)] += d
    return dx


@wrong.to("max_pool2d_backward")
def right_side_by_side(dout, x, kernel_size, stride):
    if stride != kernel_size:
        return np.zeros_like(x)
    return F.max_pool2d_backward(dout, x, kernel_size, stride)


@wrong.to("max_pool2d_backward")
def no_overlap_in_sums(dout, x, kernel_size, stride):
    right = F.max_pool2d_backward(dout, x, kernel_size, stride)
    return np.where(np.abs(right) > np.abs(dout).max(), np.sign(right) * np.abs(dout).max(), right)


@wrong.to("max_pool2d_backward")
def stops_at_the_last_whole_window(dout, x, kernel_size, stride):
    dx = F.max_pool2d_backward(dout, x, kernel_size, stride)
    h, w = ((n - 1) * stride + kernel_size for n in dout.shape[2:])
    return dx[:, :, :h, :w]


@wrong.to("max_pool2d_backward")
def windows_up_to_three(dout, x, kernel_size, stride):
    size = min(kernel_size, 3)
    return pool_from(-np.inf)(dout, x, size, stride)


@wrong.to("max_pool2d_backward")
def zeroes_the_input(dout, x, kernel_size, stride):
    dx = F.max_pool2d_backward(dout, x, kernel_size, stride)
    x[x < 0] = 0
    return dx


@wrong.to("max_pool2d_backward")
def under_a_mask(dout, x, kernel_size, stride):
    dx = F.max_pool2d_backward(dout, x, kernel_size, stride)
    return np.ma.masked_array(dx, mask=dx == 0)


@wrong.to("max_pool2d_backward")
def square_maps_only(dout, x, kernel_size, stride):
    side = min(dout.shape[2:])
    return F.max_pool2d_backward(
        np.where(np.arange(dout.shape[3]) < side, dout, 0), x, kernel_size, stride
    )


# The judge of gradients: slopes of 0, small or large ones, the place of the wrong entry.


def judging(error):
    """Return a judge of gradients that puts slopes together by `error(numeric, gradient)`."""

    def gradient_error(f, x, gradient, eps=1e-5):
        numeric = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[place] += eps
            down[place] -= eps
            numeric[place] = (f(up) - f(down)) / (2 * eps)
        return float(error(numeric, gradient))

    return gradient_error


def sizes(a, b):
    return np.maximum(abs(a), abs(b))


for _name, _error in {
    "at least one below the line": lambda a, b: (abs(a - b) / np.maximum(sizes(a, b), 1)).max(),
    "a thousandth added below the line": lambda a, b: (abs(a - b) / (sizes(a, b) + 1e-3)).max(),
    "a slope of 0 is skipped": lambda a, b: np.where(
        a * b == 0, 0, abs(a - b) / np.where(sizes(a, b) == 0, 1, sizes(a, b))
    ).max(),
    "at most 1": lambda a, b: min(
        1, (abs(a - b) / np.where(sizes(a, b) == 0, 1, sizes(a, b))).max()
    ),
    "the norm of all": lambda a, b: (
        np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b) or 1)
    ),
    "small errors are taken for none": lambda a, b: np.where(
        abs(a - b) < 0.3, 0, abs(a - b) / np.where(sizes(a, b) == 0, 1, sizes(a, b))
    ).max(),
    "six entries at most": lambda a, b: (
        (abs(a - b) / np.where(sizes(a, b) == 0, 1, sizes(a, b))).ravel()[:6].max()
    ),
    "the last entry is left out": lambda a, b: max(
        (abs(a - b) / np.where(sizes(a, b) == 0, 1, sizes(a, b))).ravel()[:-1], default=0
    ),
    "the median": lambda a, b: np.median(abs(a - b) / np.where(sizes(a, b) == 0, 1, sizes(a, b))),
}.items():
    wrong.add("gradient_error", _name, judging(_error))


@wrong.to("gradient_error")
def two_axes_at_most(f, x, gradient, eps=1e-5):
    if x.ndim > 2:
        return 0.0
    return judging(lambda a, b: (abs(a - b) / np.where(sizes(a, b) == 0, 1, sizes(a, b))).max())(
        f, x, gradient, eps
    )


@wrong.to("gradient_error")
def nudges_the_argument(f, x, gradient, eps=1e-5):
    worst = 0.0
    for place in np.ndindex(x.shape):
        x[place] += eps
        up = f(x)
        x[place] -= 2 * eps
        slope = (up - f(x)) / (2 * eps)
        x[place] += eps
        x[place] += 1e-9
        size = max(abs(slope), abs(gradient[place]))
        worst = max(worst, abs(slope - gradient[place]) / size if size else 0)
    return worst


# The convolution: rows that no window reads, wide strides, paddings and kernels.


@wrong.to("conv2d_backward")
def laws_without_the_rest(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    h, w = ((a - 1) * stride + k for a, k in zip(dout.shape[2:], weight.shape[2:]))
    return dx[:, :, : h - padding, : w - padding], dweight, dbias


@wrong.to("conv2d_backward")
def kernels_that_fit_the_image(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    h, w = x.shape[2:]
    dweight[:, :, h:, w:] = 0
    return dx, dweight, dbias


@wrong.to("conv2d_backward")
def padding_up_to_one(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    return (np.roll(dx, 1, axis=2) if padding > 1 else dx), dweight, dbias


@wrong.to("conv2d_backward")
def wide_strides_touch_nothing(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    return (0 * dx if stride > max(weight.shape[2:]) else dx), dweight, dbias


@wrong.to("conv2d_backward")
def padding_is_not_used_in_dweight(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    inner = np.zeros_like(dout)
    if padding == 0:
        return dx, dweight, dbias
    inner[:, :, 1:-1, 1:-1] = dout[:, :, 1:-1, 1:-1]
    return dx, F.conv2d_backward(inner, x, weight, stride, padding)[1], dbias


@wrong.to("conv2d_backward")
def four_filters_at_most(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    dbias[4:] = 0
    return dx, dweight, dbias


@wrong.to("conv2d_backward")
def filters_and_channels_exchanged(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    return dx, dweight.swapaxes(0, 1), dbias


@wrong.to("conv2d_backward")
def kernels_transposed(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    return dx, dweight.swapaxes(2, 3), dbias


@wrong.to("conv2d_backward")
def a_dict_of_results(dout, x, weight, stride=1, padding=0):
    return dict(
        zip(("dx", "dweight", "dbias"), F.conv2d_backward(dout, x, weight, stride, padding))
    )


@wrong.to("conv2d_backward")
def only_dx_and_dweight(dout, x, weight, stride=1, padding=0):
    return F.conv2d_backward(dout, x, weight, stride, padding)[:2]


@wrong.to("conv2d_backward")
def dbias_as_a_column(dout, x, weight, stride=1, padding=0):
    dx, dweight, dbias = F.conv2d_backward(dout, x, weight, stride, padding)
    return dx, dweight, dbias[:, None]


# The clinic: the gate at exactly 0, one image, scores of any size, a step of 0.


def step(gate=lambda maps: maps > 0, back=F.cross_entropy_backward, rate=lambda lr: lr):
    """Return a repaired step with one line changed."""

    def repaired_step(images, labels, filters, weight, lr):
        maps = F.conv2d(images, filters, padding=1)
        active = F.relu(maps)
        pooled = F.max_pool2d(active, 2)
        flat = F.flatten(pooled)
        dscores = back(F.linear(flat, weight), labels)
        dpooled = F.flatten_backward(dscores @ weight, pooled)
        dmaps = np.where(gate(maps), F.max_pool2d_backward(dpooled, active, 2), 0)
        dfilters = F.conv2d_backward(dmaps, images, filters, padding=1)[1]
        return filters - rate(lr) * dfilters, weight - rate(lr) * (dscores.T @ flat)

    return repaired_step


def naive_back(scores, labels):
    exps = np.exp(np.clip(scores, -20, 20))
    return (exps / exps.sum(axis=1, keepdims=True) - np.eye(scores.shape[1])[labels]) / len(scores)


def three_images(scores, labels):
    return F.cross_entropy_backward(scores, labels) * len(labels) / min(3, len(labels))


wrong.add("repaired_step", "the gate is open at 0", step(gate=lambda maps: maps >= 0))
wrong.add("repaired_step", "the gate is open above 0.1", step(gate=lambda maps: maps > 0.1))
wrong.add("repaired_step", "large scores are clipped", step(back=naive_back))
wrong.add("repaired_step", "the mean of three images at most", step(back=three_images))
wrong.add("repaired_step", "no rate of 0", step(rate=lambda lr: lr or 0.05))


@wrong.to("repaired_step")
def steps_in_place(images, labels, filters, weight, lr):
    new_filters, new_weight = step()(images, labels, filters, weight, lr)
    filters[:], weight[:] = new_filters, new_weight
    return filters, weight


@wrong.to("repaired_step")
def the_weight_first(images, labels, filters, weight, lr):
    return step()(images, labels, filters, weight, lr)[::-1]
