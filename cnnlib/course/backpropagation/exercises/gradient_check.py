"""A judge of gradients, by nudging."""

from functools import partial
from typing import Any

import numpy as np

from cnnlib.course.backpropagation.exercises.shared import chapter
from cnnlib.course.judge.run import Call, case
from cnnlib.gradcheck import numerical_gradient


def sum_of_squares(x):
    """Return a loss with the slope 2x along each entry."""
    return (x**2).sum()


def sum_of_cubes(x):
    """Return a loss with the slope 3x² along each entry."""
    return (x**3).sum()


def weighted_sum(x):
    """Return a loss with the slopes 1, 2, 3 and so on, in reading order."""
    return (np.ravel(x) * np.arange(1, np.size(x) + 1)).sum()


def neighbour_products(x):
    """Return a loss in which each entry is multiplied by the next, in reading order."""
    return (np.ravel(x)[1:] * np.ravel(x)[:-1]).sum()


def _central_differences(f, x, eps):
    """Return (f(up) - f(down)) / (2 * eps) for each entry, worked out on paper."""
    if f is sum_of_squares:
        return 2 * x
    if f is sum_of_cubes:
        return 3 * x**2 + eps**2
    if f is weighted_sum:
        return np.arange(1.0, x.size + 1).reshape(x.shape)
    row = np.array([0, *np.ravel(x), 0])  # neighbour_products: the one before, and the one after
    return (row[:-2] + row[2:]).reshape(x.shape)


def _gradient_case(rng: np.random.Generator) -> Call:
    shape = tuple(rng.integers(1, 4, rng.integers(1, 3)))
    losses: tuple[Any, ...]
    if tiny := rng.random() < 0.25:  # the usual step; with the others all numbers are exact
        losses, step = (sum_of_squares, sum_of_cubes), {}
    else:
        losses = (sum_of_squares, sum_of_cubes, weighted_sum, neighbour_products)
        step = {"eps": float(rng.choice([0.125, 0.25, 0.5]))}
    f = losses[rng.integers(len(losses))]
    x = rng.integers(1, 7, shape) / 2 * rng.choice([-1, 1], shape)
    gradient = _central_differences(f, x, 0.0)
    if tiny or rng.random() < 0.8:  # with the usual step, rounding hides what a right one leaves
        place = tuple(rng.integers(shape))
        gradient[place] += rng.choice([-1, -0.5, 0.5, 1]) * (1 if tiny else rng.integers(1, 9))
    return case(f, x, gradient, **step)


def _gradient_regions() -> dict[str, list[Call]]:
    small, row = np.array([[0.125, -0.125]]), np.arange(1.0, 8)
    block = np.arange(12.0).reshape(2, 3, 2) - 5.5
    return {
        "`x` has one entry": [case(sum_of_squares, np.array([1.5]), np.array([2.0]), eps=0.5)],
        "`x` has three axes": [case(sum_of_squares, block, 2 * block - (block == 5.5), eps=0.5)],
        "`x` has more than six entries": [
            case(sum_of_squares, row, 2 * row + (row == 7), eps=0.25),
            case(sum_of_squares, row, 2 * row + (row == 1), eps=0.25),
            case(sum_of_squares, row, 2 * row - (row == 4), eps=0.25),
        ],
        "both slopes are 0": [
            case(sum_of_squares, np.zeros(2), np.zeros(2), eps=0.5),
            case(sum_of_squares, np.array([0.0, 1.0]), np.array([0.0, 1.0]), eps=0.5),
        ],
        "one slope is 0": [
            case(sum_of_squares, np.zeros(2), np.array([0.0, 0.5]), eps=0.5),
            case(sum_of_squares, np.array([1.0, 2.0]), np.array([2.0, 0.0]), eps=0.5),
        ],
        "the slopes have opposite signs": [
            case(sum_of_squares, np.array([1.0, -2.0]), np.array([-2.0, 4.0]), eps=0.5)
        ],
        "the slopes are small": [
            case(sum_of_squares, small, 2 * small + 0.0625, eps=0.125),
            case(sum_of_squares, small, 2 * small, eps=0.125),
        ],
        "the slopes are large": [
            case(sum_of_cubes, np.array([64.0, -64.0]), np.array([12288.25, 12352.25]), eps=0.5)
        ],
        "two entries are wrong": [
            case(sum_of_squares, np.array([1.0, 2, 4]), np.array([3.0, 4, 6]), eps=0.5),
            case(sum_of_squares, np.array([4.0, 2, 1]), np.array([6.0, 4, 3]), eps=0.5),
        ],
    }


def _gradient_error_oracle(f, x, gradient, eps=1e-5):
    errors, _ = _errors(_central_differences(f, x, eps), gradient)
    return float(errors.max())


def _errors(numeric, gradient):
    """Return the relative errors, 0 where both slopes are 0, and the sizes they are measured by."""
    size = np.maximum(abs(numeric), abs(gradient))
    return abs(numeric - gradient) / np.where(size == 0, 1, size), size


@chapter.coding(
    "A judge of your own",
    level=2,
    minutes=12,
    hand=[
        (case(sum_of_cubes, np.array([2.0]), np.array([13.0]), eps=1.0), 0.0),
        (case(sum_of_cubes, np.array([2.0]), np.array([26.0]), eps=1.0), 0.5),
        (case(sum_of_squares, np.array([[3.0, -1.0]]), np.array([[6.0, 2.0]]), eps=0.5), 2.0),
    ],
    cases=_gradient_case,
    regions=_gradient_regions(),
    oracle=_gradient_error_oracle,
    hints=[
        "Take one entry: `for place in np.ndindex(x.shape)`. Nudge it up in one copy of `x`, and "
        "down in another, and call `f` on both copies.",
        "The rise is `f(up) - f(down)`. The run is `2 * eps`, since one copy went up and the other "
        "down.",
        "The relative error is `abs(slope - gradient[place])` divided by the larger of "
        "`abs(slope)` and `abs(gradient[place])`. Keep the largest so far, and skip the division "
        "where both are 0.",
    ],
)
def gradient_error(f, x, gradient, eps=1e-5):
    """Return the largest relative error of a gradient, found by nudging."""
    worst = 0.0
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += eps
        down[place] -= eps
        slope = (f(up) - f(down)) / (2 * eps)
        larger = max(abs(slope), abs(gradient[place]))
        if larger > 0:
            worst = max(worst, abs(slope - gradient[place]) / larger)
    return worst


@gradient_error.mistake(
    "The difference is one-sided: it compares with `f(x)`. Nudge down as well, and divide by "
    "`2 * eps`; that is far closer to the slope."
)
def _one_sided(f, x, gradient, eps=1e-5):
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up = x.copy()
        up[place] += eps
        numeric[place] = (f(up) - f(x)) / eps
    return _errors(numeric, gradient)[0].max()


@gradient_error.mistake(
    "The numerical slope is twice as large as it should be. From one nudge to the other it is two "
    "steps: divide by `2 * eps`."
)
def _one_step(f, x, gradient, eps=1e-5):
    return _errors(2 * numerical_gradient(f, x, eps), gradient)[0].max()


@gradient_error.mistake(
    "The difference is one-sided: it compares `f(x)` with the nudge down. Nudge up as well, and "
    "divide by `2 * eps`; that is far closer to the slope."
)
def _one_sided_down(f, x, gradient, eps=1e-5):
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        down = x.copy()
        down[place] -= eps
        numeric[place] = (f(x) - f(down)) / eps
    return _errors(numeric, gradient)[0].max()


@gradient_error.mistake(
    "The numerical slope has the wrong sign. The rise is `f(up) - f(down)`, in this order."
)
def _down_minus_up(f, x, gradient, eps=1e-5):
    return _errors(-numerical_gradient(f, x, eps), gradient)[0].max()


@gradient_error.mistake(
    "This is what comes out when the numerical slope is always 0. Do both nudges go into the same "
    "array? `up = x` makes no copy; `up = x.copy()` does."
)
def _no_copies(f, x, gradient, eps=1e-5):
    return _errors(np.zeros_like(x), gradient)[0].max()


@gradient_error.mistake(
    "The entry is replaced by `eps`. It should be moved by `eps`: `+=` and `-=`, not `=`."
)
def _replaced(f, x, gradient, eps=1e-5):
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place], down[place] = eps, -eps
        numeric[place] = (f(up) - f(down)) / (2 * eps)
    return _errors(numeric, gradient)[0].max()


@gradient_error.mistake("The step is always 1e-5, whatever `eps` is. Use the argument.")
def _fixed_step(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, 1e-5), gradient)[0].max()


@gradient_error.mistake(
    "The smallest error is returned. One wrong entry is enough to be wrong: return the largest."
)
def _smallest(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].min()


@gradient_error.mistake(
    "The largest difference is divided by the largest slope. Divide entry by entry, each by its "
    "own slopes, and then take the largest."
)
def _overall(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = _errors(numeric, gradient)[1].max()
    return abs(numeric - gradient).max() / (size or 1)


@gradient_error.mistake(
    "The sizes are taken before the difference, so a slope of 2 and one of -2 seem to agree. Take "
    "`abs` of the difference."
)
def _sizes_first(f, x, gradient, eps=1e-5):
    return _errors(abs(numerical_gradient(f, x, eps)), abs(gradient))[0].max()


@gradient_error.mistake(
    "The difference is divided by 2 and then multiplied by `eps`. Python works from left to right "
    "in `a / 2 * eps`: write `a / (2 * eps)`."
)
def _no_parentheses(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps) * eps**2, gradient)[0].max()


@gradient_error.mistake(
    "The error is a mean over the entries. One wrong entry among many would hide there: return "
    "the largest."
)
def _mean_error(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].mean()


@gradient_error.mistake(
    "The errors of all entries are added up. The sum grows with the number of entries: return the "
    "largest."
)
def _sum_of_errors(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].sum()


@gradient_error.mistake(
    "It returns the error of the last entry. Keep the largest so far: `worst = max(worst, error)`."
)
def _last_error(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].flat[-1]


@gradient_error.mistake(
    "It returns the error of the first entry. Is a `return` or a `break` inside the loop?"
)
def _first_error(f, x, gradient, eps=1e-5):
    return _errors(numerical_gradient(f, x, eps), gradient)[0].flat[0]


@gradient_error.mistake(
    "That is the difference itself. Divide it by the larger of the two slopes: 0.001 is nothing "
    "beside a slope of 1,000."
)
def _absolute(f, x, gradient, eps=1e-5):
    return abs(numerical_gradient(f, x, eps) - gradient).max()


@gradient_error.mistake(
    "The difference keeps its sign, so one that is negative never counts. Take its size with `abs`."
)
def _signed(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = _errors(numeric, gradient)[1]
    return max(0.0, ((numeric - gradient) / np.where(size == 0, 1, size)).max())


@gradient_error.mistake(
    "The difference keeps its sign, so one that is positive never counts. Take its size with `abs`."
)
def _signed_other(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = _errors(numeric, gradient)[1]
    return max(0.0, ((gradient - numeric) / np.where(size == 0, 1, size)).max())


@gradient_error.mistake(
    "The slopes are compared with their signs, so a negative one seems small. Compare sizes: "
    "`max(abs(slope), abs(gradient[place]))`."
)
def _larger_with_sign(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    larger = np.maximum(numeric, gradient)
    good = larger > 0
    return (np.where(good, abs(numeric - gradient), 0) / np.where(good, larger, 1)).max()


@gradient_error.mistake(
    "The difference is divided by the sum of the two sizes. Divide by the larger of them alone."
)
def _by_sum(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    total = abs(numeric) + abs(gradient)
    return (abs(numeric - gradient) / np.where(total == 0, 1, total)).max()


def _relative_to(chosen, f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    size = abs(chosen(numeric, gradient))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = abs(numeric - gradient) / size
    return float(np.where(numeric == gradient, 0, error).max())


gradient_error.mistake(
    "The difference is divided by the numerical slope, which may be 0. Divide by the larger of the "
    "two sizes."
)(partial(_relative_to, lambda numeric, gradient: numeric))
gradient_error.mistake(
    "The difference is divided by the given gradient, which may be 0. Divide by the larger of the "
    "two sizes."
)(partial(_relative_to, lambda numeric, gradient: gradient))


@gradient_error.mistake(
    "Where both slopes are 0, it divides 0 by 0, and nan comes out. There the error is 0: skip the "
    "division."
)
def _zero_by_zero(f, x, gradient, eps=1e-5):
    numeric = numerical_gradient(f, x, eps)
    with np.errstate(invalid="ignore"):
        return (abs(numeric - gradient) / np.maximum(abs(numeric), abs(gradient))).max()


@gradient_error.mistake(
    "The nudges are not taken back, so from the second entry on the others are no longer what they "
    "were. Make fresh copies for each entry."
)
def _piled_nudges(f, x, gradient, eps=1e-5):
    numeric, up, down = np.zeros_like(x), x.copy(), x.copy()
    for place in np.ndindex(x.shape):
        up[place] += eps
        down[place] -= eps
        numeric[place] = (f(up) - f(down)) / (2 * eps)
    return _errors(numeric, gradient)[0].max()


@gradient_error.mistake(
    "All entries are nudged at once, which gives the sum of all slopes. Nudge one entry, and leave "
    "the others as they are."
)
def _all_at_once(f, x, gradient, eps=1e-5):
    slope = (f(x + eps) - f(x - eps)) / (2 * eps)
    return _errors(np.full_like(x, slope), gradient)[0].max()


@gradient_error.mistake(
    "`f` is given a single number. It takes the whole array, with one entry nudged: other entries "
    "may matter to the slope."
)
def _entry_alone(f, x, gradient, eps=1e-5):
    numeric = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        numeric[place] = (f(x[place] + eps) - f(x[place] - eps)) / (2 * eps)
    return _errors(numeric, gradient)[0].max()
