"""Exercises of notebook 05: pooling by hand and in loops, who won each window, and the way back."""

import numpy as np

from cnnlib import functional, reference
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case

chapter = ExerciseSet.of(__name__)
progress = chapter.progress

HAND = np.array(
    [[2.0, 3.0, 2.0, 0.0], [5.0, -2.0, 2.0, 8.0], [-1.0, -6.0, 7.0, 3.0], [-4.0, -5.0, 4.0, 2.0]]
)
ROW = np.array([[[[1.0, 4.0, 2.0, 5.0, 3.0]], [[-1.0, -2.0, -4.0, -3.0, -6.0]]]])


def _maps(rng: np.random.Generator, smallest: int = 1) -> np.ndarray:
    """Return a small batch of maps, at times without a positive number, at times in float32.

    In float32 the numbers have one sign: where large ones cancel, little of a mean is exact.
    """
    shape = (*rng.integers(1, 4, 2), *rng.integers(smallest, 8, 2))
    x = rng.integers(-8, rng.choice([9, 9, 0]), shape) / 2
    return (np.abs(x) if x.max() > 0 else x).astype(np.float32) if rng.random() < 0.5 else x


# Two images of two channels, all numbers different, and those numbers far below 0.
_X = (np.arange(80.0) * 27 % 80).reshape(2, 2, 4, 5) / 2 - 19
_FAR_BELOW = {
    "all numbers are negative": [(-np.abs(_X) - 0.5, 2, 2)],
    "all numbers are far below 0": [
        *((_X - below, 2, 1) for below in (150, 2000, 1e5)),
        *((_X * 1e8 - below, 3, 1) for below in (1e10, 1e12)),
    ],
    "all numbers are equal": [(np.full((1, 2, 3, 3), -7.0), 2, 1)],
    "all numbers are 0": [(np.zeros((2, 1, 3, 2)), 2, 1)],
}
_WINDOWS = {
    "the window is a single pixel": [(_X, 1, 1), (_X, 1, 2), (_X[:, :, :1], 1, 3)],
    "the window is as large as the map": [(_X[..., :4], 4, 1), (_X[..., :4], 4, 3)],
    "the windows overlap": [(_X, 3, 1), (_X, 3, 2), (_X, 4, 1)],
    "the windows leave gaps": [(_X, 1, 3), (_X, 2, 3)],
    "the last step does not fit": [(_X, 2, 2), (_X, 3, 2)],
    "the stride is larger than the map": [(_X, 2, 9)],
    "the map is one row": [(_X[:, :, :1], 1, 1)],
    "the map is one column": [(_X[..., :1], 1, 2)],
    "there are more images than channels": [(_X.reshape(4, 1, 4, 5), 2, 2)],
    "there are more channels than images": [(_X.reshape(1, 4, 4, 5), 2, 1)],
    "the maps hold float32": [(np.abs(_X).astype(np.float32), 2, 1)],
    "another batch had the same shape": [(_X[::-1], 2, 2), (_X + 1, 2, 2)],
}


# 1 to 3: predictions

shape = chapter.prediction(
    "shape",
    "The shape after pooling",
    level=1,
    minutes=2,
    expected=(2, 16, 14, 10),
    mistakes=[
        (
            (2, 16, 15, 10),
            "In the height, a remainder was rounded up, or halved: (30 − 3)/2 = 13.5. A window "
            "that does not fit is left out, so round down before you add 1.",
        ),
        ((2, 16, 13, 9), "The first position is missing. Add 1 to the number of steps."),
        ((2, 16, 10, 14), "Height and width are exchanged: (N, C, H, W) has the height first."),
        ((2, 16, 10, 7), "That is stride 3, with windows that touch. Here the stride is 2."),
        ((2, 16, 28, 19), "That is stride 1. Here the window moves on by 2."),
        ((2, 14, 10, 16), "The channels are last. In (N, C, H, W) they come second."),
        ((2, 1, 14, 10), "Pooling never adds channels up. All 16 are still there."),
        ((2, 8, 14, 10), "The channels are halved as well. Pooling leaves their number alone."),
        ((1, 16, 14, 10), "The batch has become one image. Each image is pooled on its own."),
        ((16, 14, 10), "The batch axis is missing. The two images stay two."),
    ],
    why="(30 − 3)/2 = 13.5, round down, add 1: 14. (21 − 3)/2 + 1 = 10. Images and channels stay.",
    hints=[
        "Two of the four numbers cannot change. Which?",
        "For each side: take the window off, divide by the stride, round down, add 1.",
    ],
)

maxima = chapter.prediction(
    "maxima",
    "Four windows that overlap",
    level=1,
    minutes=2,
    expected=np.array([[-1.0, -1.0], [4.0, -5.0]]),
    mistakes=[
        (
            np.array([[0.0, 0.0], [4.0, 0.0]]),
            "There is no 0 in the map. Where all numbers are negative, the largest is negative "
            "too: the one nearest to 0.",
        ),
        (
            np.array([[-6.0, -6.0], [-7.0, -8.0]]),
            "These are the smallest numbers. −6 is farther from 0 than −1, but smaller.",
        ),
        (np.array([[-3.0, -4.0], [-2.75, -6.5]]), "These are the means. Max pooling takes one."),
        (
            np.array([[-1.0]]),
            "That is stride 2: one window. With stride 1 there are two positions each way.",
        ),
        (
            np.array([[-1.0, 4.0], [-1.0, -5.0]]),
            "The four numbers are right, but rows and columns are exchanged.",
        ),
        (
            np.array([[1.0, 1.0], [4.0, 5.0]]),
            "The signs are lost. The largest of −3, −1, −2, −6 is −1.",
        ),
    ],
    why="The windows hold −3, −1, −2, −6; then −1, −4, −6, −5; then −2, −6, 4, −7; then −6, −5, "
    "−7, −8. The −1 wins twice, since two windows share it.",
    hints=[
        "The upper left window holds −3, −1, −2 and −6. Which of them is the largest?",
        "The next window starts one column further, and holds −1, −4, −6 and −5.",
    ],
)

room = chapter.prediction(
    "room",
    "How far may it move?",
    level=1,
    minutes=2,
    expected=2,
    mistakes=[
        (
            3,
            "Only the first column of a window has three pixels of room. Column 5 is the second "
            "column of its window.",
        ),
        (4, "A whole window's width always leads into the next window."),
        (
            1,
            "One pixel further is still inside. The windows are columns 0 to 3 and 4 to 7: where "
            "does the second one end?",
        ),
        (0, "Inside its window it may move, and the maximum stays. Column 5 is not at the end."),
        (7, "That is the last column of its window. How many steps is it away from column 5?"),
    ],
    why="The windows are columns 0–3, 4–7, 8–11 and so on. From 5 it may move to 6 and to 7; "
    "column 8 belongs to the next window.",
    hints=["Which columns does the window of column 5 cover?", "Columns 4, 5, 6 and 7."],
)


# 4: global average pooling


@chapter.coding(
    "Global average pooling",
    level=1,
    minutes=4,
    dtype="same",
    hand=[
        (
            case(np.array([[[[1.0, 9.0], [2.0, 4.0]], [[5.0, 0.0], [3.0, 8.0]]]])),
            np.array([[4, 4.0]]),
        ),
        (case(HAND[None, None]), np.array([[1.25]])),
    ],
    rtol=1e-5,
    regions={
        "the maps have one pixel": [case(_X[:, :, :1, :1])],
        "the maps are one row": [case(_X[:, :, :1])],
        "the maps are one column": [case(_X[..., :1])],
        "images and channels are as many": [case(_X)],
        "there is one image": [case(_X[:1])],
        "there is one channel": [case(_X[:, :1])],
        "all four sides are equal": [case(_X[:, :, :2, :2])],
        "all numbers are negative": [case(-np.abs(_X) - 1)],
        "the means are large": [case(_X + 1e6), case(_X * 1e6)],
        "the maps hold float32": [case(np.abs(_X).astype(np.float32))],
        "another batch had the same shape": [case(_X[::-1]), case(_X + 1)],
    },
    cases=lambda rng: case(_maps(rng)),
    oracle=lambda x: np.array(
        [[sum(one.ravel().tolist()) / one.size for one in image] for image in x], x.dtype
    ),
    hints=[
        "A mean over which axes of (N, C, H, W) leaves one number for each image and channel?",
        "Rows and columns are the axes 2 and 3. `mean` takes both at once: `axis=(…, …)`.",
    ],
)
def global_average(x):
    """Return the mean of each map: (N, C, H, W) becomes (N, C)."""
    return x.mean(axis=(2, 3))


@global_average.mistake("This is one mean of everything. Each map of each image has its own.")
def _one_mean(x):
    return x.mean()


@global_average.mistake("The mean runs over the channels too, but each channel has its own mean.")
def _over_channels(x):
    return x.mean(axis=(1, 2, 3))


@global_average.mistake("The mean runs over the batch too, but each image has its own means.")
def _over_batch(x):
    return x.mean(axis=(0, 2, 3))


@global_average.mistake(
    "The numbers are added up, but not divided by how many there are, H · W. Take the mean."
)
def _sum_for_mean(x):
    return x.sum(axis=(2, 3))


@global_average.mistake("This is the largest number of each map. The mean is asked for.")
def _largest(x):
    return x.max(axis=(2, 3))


@global_average.mistake(
    "The means are right, but two axes of length 1 are left at the end. The shape should be (N, C)."
)
def _axes_left(x):
    return x.mean(axis=(2, 3), keepdims=True)


@global_average.mistake("Only the rows are averaged, axis 2. The columns, axis 3, are left over.")
def _rows_only(x):
    return x.mean(axis=2)


@global_average.mistake("Only the columns are averaged, axis 3. The rows, axis 2, are left over.")
def _columns_only(x):
    return x.mean(axis=3)


# 5 and 6: windows


def _windows(rng: np.random.Generator) -> tuple[np.ndarray, int, int]:
    x = _maps(rng, smallest=2)
    kernel_size = int(rng.integers(1, min(*x.shape[2:], 4) + 1))
    return x, kernel_size, int(rng.integers(1, 4))


def _max_cases(rng: np.random.Generator) -> Call:
    return case(*_windows(rng))


def _avg_cases(rng: np.random.Generator) -> Call:
    x, kernel_size, stride = _windows(rng)
    return case(x, kernel_size) if rng.random() < 0.3 else case(x, kernel_size, stride=stride)


def _pool(x, kernel, stride, choose, size=None, start=None):
    """Pool with (rows, columns) of kernel and stride, and with wrong sizes and starts."""
    size = size or (lambda length, k, s: (length - k) // s + 1)
    start = start or (lambda position, k, s: position * s)
    (kh, kw), (sh, sw) = kernel, stride
    rows, columns = size(x.shape[2], kh, sh), size(x.shape[3], kw, sw)
    y = np.zeros((*x.shape[:2], rows, columns), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        top, left = start(i, kh, sh), start(j, kw, sw)
        y[n, c, i, j] = choose(x[n, c, top : top + kh, left : left + kw])
    return y


@chapter.coding(
    "Max pooling in loops",
    level=2,
    minutes=15,
    dtype="same",
    hand=[
        (case(HAND[None, None], 2, 2), np.array([[[[5.0, 8.0], [-1.0, 7.0]]]])),
        (
            case(HAND[None, None], 2, 1),
            np.array([[[[5.0, 3.0, 8.0], [5.0, 7.0, 8.0], [-1.0, 7.0, 7.0]]]]),
        ),
        (case(ROW, 1, 2), np.array([[[[1.0, 2.0, 3.0]], [[-1.0, -4.0, -6.0]]]])),
    ],
    regions={
        words: [case(*call) for call in calls] for words, calls in (_WINDOWS | _FAR_BELOW).items()
    },
    cases=_max_cases,
    oracle=reference.max_pool2d,
    hints=[
        "How many windows fit into a column of `x.shape[2]` pixels, and where does window `i` "
        "begin?",
        "The result is `np.zeros((n, c, rows, columns), x.dtype)`. Four loops visit each of its "
        "numbers: image, channel, row, column.",
        "Window (i, j) begins at row `i * stride` and column `j * stride`, and is `kernel_size` "
        "long each way. Write its `.max()` into place `[n, c, i, j]`.",
    ],
)
def max_pool(x, kernel_size, stride):
    """Return the largest number of each window, for each image and channel on its own."""
    images, channels, height, width = x.shape
    rows = (height - kernel_size) // stride + 1
    columns = (width - kernel_size) // stride + 1
    y = np.zeros((images, channels, rows, columns), x.dtype)
    for n in range(images):
        for c in range(channels):
            for i in range(rows):
                for j in range(columns):
                    top, left = i * stride, j * stride
                    window = x[n, c, top : top + kernel_size, left : left + kernel_size]
                    y[n, c, i, j] = window.max()
    return y


@max_pool.mistake(
    "0 wins where all numbers are negative: does the maximum start at 0? Start with the first "
    "number of the window, or with `-np.inf`."
)
def _from_zero(x, kernel_size, stride):
    return np.maximum(reference.max_pool2d(x, kernel_size, stride), 0)


@max_pool.mistake(
    "Window `i` begins at row `i`, as with stride 1. Multiply its start by the stride: "
    "`i * stride`, and `j * stride` for the columns."
)
def _start_not_multiplied(x, kernel_size, stride):
    return _pool(x, (kernel_size,) * 2, (stride,) * 2, np.max, start=lambda i, k, s: i)


@max_pool.mistake(
    "The windows touch, as if the stride were the kernel size. Window `i` begins at "
    "`i * stride`, and the stride counts in the output size too."
)
def _windows_touch(x, kernel_size, stride):
    return reference.max_pool2d(x, kernel_size)


@max_pool.mistake(
    "The output size is right, but the windows begin at `i * kernel_size` and run out of the map. "
    "They begin at `i * stride`."
)
def _start_by_kernel(x, kernel_size, stride):
    return _pool(x, (kernel_size,) * 2, (stride,) * 2, np.max, start=lambda i, k, s: i * k)


@max_pool.mistake(
    "The windows end at `(i + 1) * stride`, so each is as long as the stride. They end at "
    "`i * stride + kernel_size`."
)
def _as_long_as_the_stride(x, kernel_size, stride):
    size = lambda length, k, s: (length - kernel_size) // s + 1  # noqa: E731
    return _pool(x, (stride,) * 2, (stride,) * 2, np.max, size)


@max_pool.mistake(
    "The windows are one pixel too long. The end of a slice is not included: no `+ 1`."
)
def _window_too_long(x, kernel_size, stride):
    size = lambda length, k, s: (length - kernel_size) // s + 1  # noqa: E731
    return _pool(x, (kernel_size + 1,) * 2, (stride,) * 2, np.max, size)


@max_pool.mistake(
    "The number of windows is the length divided by the stride, which is right only where windows "
    "touch. Take the window off first: `(length - kernel_size) // stride + 1`."
)
def _length_by_stride(x, kernel_size, stride):
    return _pool(x, (kernel_size,) * 2, (stride,) * 2, np.max, lambda length, k, s: length // s)


@max_pool.mistake(
    "The number of windows is the length divided by the kernel size, which is right only where "
    "windows touch. What counts is the stride: `(length - kernel_size) // stride + 1`."
)
def _length_by_kernel(x, kernel_size, stride):
    return _pool(x, (kernel_size,) * 2, (stride,) * 2, np.max, lambda length, k, s: length // k)


@max_pool.mistake(
    "Row and column of the window are exchanged: `i` counts rows and `j` columns, in the result "
    "and in `x`."
)
def _window_exchanged(x, kernel_size, stride):
    shape = reference.max_pool2d(x, kernel_size, stride).shape
    y = np.zeros(shape, x.dtype)
    for n, c, i, j in np.ndindex(shape):
        top, left = j * stride, i * stride
        y[n, c, i, j] = x[n, c, top : top + kernel_size, left : left + kernel_size].max()
    return y


@max_pool.mistake(
    "Only the first row of windows is written; the rest is still 0. Is `return` inside "
    "the loop over rows?"
)
def _returns_after_a_row(x, kernel_size, stride):
    y = reference.max_pool2d(x, kernel_size, stride)
    y[:, :, 1:] = 0
    return y


@max_pool.mistake(
    "The last row and the last column of each map are still 0. Do the loops end one early? "
    "`range(rows)` ends at `rows - 1` by itself."
)
def _loops_end_early(x, kernel_size, stride):
    y = reference.max_pool2d(x, kernel_size, stride)
    y[:, :, -1], y[:, :, :, -1] = 0, 0
    return y


@max_pool.mistake(
    "Kernel size and stride are exchanged: windows are `kernel_size` long, and one begins every "
    "`stride` pixels."
)
def _sizes_exchanged(x, kernel_size, stride):
    return _pool(x, (stride,) * 2, (kernel_size,) * 2, np.max)


@max_pool.mistake(
    "The signs are lost. The largest of −3 and −1 is −1, and of −3 and 1 it is 1: compare the "
    "numbers as they are."
)
def _signs_lost(x, kernel_size, stride):
    return reference.max_pool2d(np.abs(x), kernel_size, stride)


@max_pool.mistake(
    "All images and channels come out the same: `.max()` looks at all of them together. Pool each "
    "map on its own."
)
def _largest_of_all(x, kernel_size, stride):
    y = reference.max_pool2d(x, kernel_size, stride)
    return np.broadcast_to(y.max(axis=(0, 1)), y.shape).copy()


@max_pool.mistake(
    "Python's `max` compares whole rows of the window. `window.max()` looks at each number in it."
)
def _max_of_rows(x, kernel_size, stride):
    return _pool(x, (kernel_size,) * 2, (stride,) * 2, max)


@max_pool.mistake(
    "The maximum found so far is not set back for each window, so it never falls again. Begin "
    "each window with its own first number."
)
def _never_falls(x, kernel_size, stride):
    y = reference.max_pool2d(x, kernel_size, stride)
    return np.maximum.accumulate(y.ravel()).reshape(y.shape)


@max_pool.mistake("The channels are added up, as in a convolution. Pooling keeps them apart.")
def _channels_added(x, kernel_size, stride):
    return reference.max_pool2d(x, kernel_size, stride).sum(axis=1, keepdims=True)


@max_pool.mistake("The stride is not used: the window moves on by one pixel.")
def _no_stride(x, kernel_size, stride):
    return reference.max_pool2d(x, kernel_size, 1)


@max_pool.mistake("The stride is used for the rows, but not for the columns.")
def _stride_for_rows(x, kernel_size, stride):
    return reference.max_pool2d(x, kernel_size, (stride, 1))


@max_pool.mistake("The stride is used for the columns, but not for the rows.")
def _stride_for_columns(x, kernel_size, stride):
    return reference.max_pool2d(x, kernel_size, (1, stride))


@max_pool.mistake(
    "The last window is missing in both directions. Between 3 windows there are 2 steps: add 1."
)
def _last_missing(x, kernel_size, stride):
    size = lambda length, k, s: (length - k) // s  # noqa: E731
    return _pool(x, (kernel_size,) * 2, (stride,) * 2, np.max, size)


@max_pool.mistake(
    "The size is rounded up, so the last window reaches past the edge. A window that does not fit "
    "is left out: round down, with `//`."
)
def _rounded_up(x, kernel_size, stride):
    size = lambda length, k, s: -(-(length - k) // s) + 1  # noqa: E731
    return _pool(x, (kernel_size,) * 2, (stride,) * 2, np.max, size)


@max_pool.mistake(
    "The maximum is taken over all channels. Pooling leaves each channel on its own, so the "
    "number of channels stays."
)
def _over_all_channels(x, kernel_size, stride):
    return reference.max_pool2d(x, kernel_size, stride).max(axis=1, keepdims=True)


@max_pool.mistake("The maximum is taken over the batch too. Each image is pooled on its own.")
def _over_all_images(x, kernel_size, stride):
    return reference.max_pool2d(x, kernel_size, stride).max(axis=0, keepdims=True)


@max_pool.mistake("Only the first channel is pooled. Loop over all of `x.shape[1]`.")
def _first_channel(x, kernel_size, stride):
    y = reference.max_pool2d(x, kernel_size, stride)
    y[:, 1:] = 0
    return y


@max_pool.mistake("Only the first image is pooled. Loop over all of `x.shape[0]`.")
def _first_image(x, kernel_size, stride):
    y = reference.max_pool2d(x, kernel_size, stride)
    y[1:] = 0
    return y


@max_pool.mistake(
    "This is average pooling: the mean of each window. The largest number is asked for."
)
def _mean_for_max(x, kernel_size, stride):
    return reference.avg_pool2d(x, kernel_size, stride)


@max_pool.mistake("This is min pooling: the smallest number of each window.")
def _min_for_max(x, kernel_size, stride):
    return functional.min_pool2d(x, kernel_size, stride)


@chapter.coding(
    "Average pooling",
    level=2,
    minutes=10,
    dtype="same",
    hand=[
        (case(HAND[None, None], 2), np.array([[[[2.0, 3.0], [-4.0, 4.0]]]])),
        (
            case(HAND[None, None], 2, stride=1),
            np.array([[[[2.0, 1.25, 3.0], [-1.0, 0.25, 5.0], [-4.0, 0.0, 4.0]]]]),
        ),
    ],
    rtol=1e-5,
    regions={
        "no stride is given": [case(_X, size) for size in (1, 2, 3, 4)],
        "the stride is given by position": [case(_X, 3, 1), case(_X, 2, 3)],
        **{words: [case(*call) for call in calls] for words, calls in _WINDOWS.items()},
        "all numbers are negative": [case(-np.abs(_X) - 0.5, 2)],
        "all numbers are 0": [case(np.zeros((2, 1, 3, 2)), 2)],
    },
    cases=_avg_cases,
    oracle=reference.avg_pool2d,
    hints=[
        "Which lines of `my_max_pool` know that it is max pooling?",
        "One line only. The other change: `if stride is None:` the stride is the kernel size, "
        "before anything is computed with it.",
        "The mean of a window is `window.mean()`, its sum divided by `kernel_size ** 2`.",
    ],
)
def avg_pool(x, kernel_size, stride=None):
    """Return the mean of each window; without a stride, the windows touch."""
    if stride is None:
        stride = kernel_size
    images, channels, height, width = x.shape
    rows = (height - kernel_size) // stride + 1
    columns = (width - kernel_size) // stride + 1
    y = np.zeros((images, channels, rows, columns), x.dtype)
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + kernel_size, left : left + kernel_size]
            y[:, :, i, j] = window.mean(axis=(2, 3))
    return y


@avg_pool.mistake(
    "The windows are added up, but not divided by how many numbers each holds. (And "
    "`/ kernel_size * kernel_size` divides, then multiplies back.)"
)
def _sums(x, kernel_size, stride=None):
    return reference.avg_pool2d(x, kernel_size, stride) * kernel_size**2


@avg_pool.mistake(
    "The sum is divided by `kernel_size`, but a window holds `kernel_size * kernel_size` numbers."
)
def _by_one_side(x, kernel_size, stride=None):
    return reference.avg_pool2d(x, kernel_size, stride) * kernel_size


@avg_pool.mistake(
    "The sum is divided by `2 * kernel_size`. A window holds `kernel_size ** 2` numbers, which is "
    "the same for 2×2 only."
)
def _by_twice_the_side(x, kernel_size, stride=None):
    return reference.avg_pool2d(x, kernel_size, stride) * kernel_size / 2


@avg_pool.mistake("The sum is divided by 4, which is right for 2×2 windows only.")
def _by_four(x, kernel_size, stride=None):
    return reference.avg_pool2d(x, kernel_size, stride) * kernel_size**2 / 4


@avg_pool.mistake(
    "The sum is divided by the number of pixels in the map. The mean of a window divides by the "
    "numbers in that window, `kernel_size ** 2`."
)
def _by_the_map(x, kernel_size, stride=None):
    return _sums(x, kernel_size, stride) / (x.shape[2] * x.shape[3])


@avg_pool.mistake("The means are rounded down to whole numbers. Divide with `/`, not with `//`.")
def _rounded_down(x, kernel_size, stride=None):
    return np.floor(reference.avg_pool2d(x, kernel_size, stride))


@avg_pool.mistake(
    "Without a stride the window moves by 1. It should move by its own size: 2 for 2×2 windows."
)
def _stride_one(x, kernel_size, stride=None):
    return reference.avg_pool2d(x, kernel_size, stride or 1)


@avg_pool.mistake(
    "Where no stride is given it is None, and something is computed with it while it still is. "
    "Begin with `if stride is None:` and give it the kernel size."
)
def _none_kept(x, kernel_size, stride=None):
    return _pool(x, (kernel_size,) * 2, (stride,) * 2, np.mean)


@avg_pool.mistake(
    "Without a stride the window always moves by 2, so 2×2 windows touch, but no others do."
)
def _stride_two(x, kernel_size, stride=None):
    return reference.avg_pool2d(x, kernel_size, stride or 2)


@avg_pool.mistake(
    "The sum is not set back to 0 for each window, so every window adds to those before it."
)
def _sum_goes_on(x, kernel_size, stride=None):
    sums = reference.avg_pool2d(x, kernel_size, stride) * kernel_size**2
    return (sums.cumsum() / kernel_size**2).reshape(sums.shape).astype(x.dtype)


@avg_pool.mistake(
    "Only the last pixel of each window counts. Is there `=` where `+=` belongs, or is the sum set "
    "back inside the inner loops?"
)
def _last_pixel(x, kernel_size, stride=None):
    step = kernel_size if stride is None else stride
    last = lambda window: window[-1, -1] / kernel_size**2  # noqa: E731
    return _pool(x, (kernel_size,) * 2, (step,) * 2, last)


@avg_pool.mistake(
    "`axis=(1, 2, 3)` averages the channels too, and the result does not fit. Average over the "
    "axes 2 and 3."
)
def _three_axes(x, kernel_size, stride=None):
    y = np.zeros_like(reference.avg_pool2d(x, kernel_size, stride))
    step = kernel_size if stride is None else stride
    for i, j in np.ndindex(y.shape[2:]):
        top, left = i * step, j * step
        window = x[:, :, top : top + kernel_size, left : left + kernel_size]
        y[:, :, i, j] = window.mean(axis=(1, 2, 3))
    return y


@avg_pool.mistake("A stride that is given is not used: the windows always touch.")
def _always_touching(x, kernel_size, stride=None):
    return reference.avg_pool2d(x, kernel_size)


@avg_pool.mistake(
    "The mean runs over the channels too, so all channels of the result are the same. "
    "Average over the axes 2 and 3 of the window only."
)
def _mixed_channels(x, kernel_size, stride=None):
    y = reference.avg_pool2d(x, kernel_size, stride)
    return np.broadcast_to(y.mean(axis=1, keepdims=True), y.shape).astype(x.dtype)


@avg_pool.mistake(
    "The mean runs over the batch too, so all images come out the same. Average over the "
    "axes 2 and 3 of the window only."
)
def _mixed_images(x, kernel_size, stride=None):
    y = reference.avg_pool2d(x, kernel_size, stride)
    return np.broadcast_to(y.mean(axis=0, keepdims=True), y.shape).astype(x.dtype)


@avg_pool.mistake(
    "The mean runs over images and channels too, so they all come out the same. Average over "
    "the axes 2 and 3 of the window only: `axis=(2, 3)`."
)
def _mixed_all(x, kernel_size, stride=None):
    y = reference.avg_pool2d(x, kernel_size, stride)
    return np.broadcast_to(y.mean(axis=(0, 1), keepdims=True), y.shape).astype(x.dtype)


@avg_pool.mistake("This is still max pooling: the largest number of each window.")
def _max_for_mean(x, kernel_size, stride=None):
    return reference.max_pool2d(x, kernel_size, stride)


@avg_pool.mistake(
    "Window `i` begins at row `i`. Multiply its start by the stride: `i * stride`, and "
    "`j * stride` for the columns."
)
def _unmultiplied(x, kernel_size, stride=None):
    step = kernel_size if stride is None else stride
    return _pool(x, (kernel_size,) * 2, (step,) * 2, np.mean, start=lambda i, k, s: i)


# 7: which pixel won


def _one_map(rng: np.random.Generator) -> Call:
    rows, columns = (int(n) for n in rng.integers(2, 8, 2))
    kernel_size = int(rng.integers(2, min(rows, columns, 4) + 1))
    highest = rng.choice([3, 9])  # few different numbers make ties
    image = rng.integers(-8, highest, (rows, columns)) / 2
    return case(
        np.maximum(image, -2) if highest == 3 else image, kernel_size, int(rng.integers(1, 4))
    )


def _winners_by_sorting(image, kernel_size, stride):
    """Find the winners in another way than the solution: sort by value, then by place."""
    shape = reference.max_pool2d(image[None, None], kernel_size, stride).shape[2:]
    rows, columns = np.zeros(shape, int), np.zeros(shape, int)
    for i, j in np.ndindex(shape):
        places = [
            (i * stride + a, j * stride + b) for a in range(kernel_size) for b in range(kernel_size)
        ]
        rows[i, j], columns[i, j] = min(places, key=lambda place: (-image[place], place))
    return rows, columns


def _winners(image, kernel_size, stride, place):
    """Return what `place(window, top, left)` says of each window, as two arrays."""
    shape = reference.max_pool2d(image[None, None], kernel_size, stride).shape[2:]
    rows, columns = np.zeros(shape, int), np.zeros(shape, int)
    for i, j in np.ndindex(shape):
        top, left = i * stride, j * stride
        window = image[top : top + kernel_size, left : left + kernel_size]
        rows[i, j], columns[i, j] = place(window, top, left)
    return rows, columns


def _first(window):
    return np.unravel_index(window.argmax(), window.shape)


@chapter.coding(
    "Who won?",
    level=3,
    minutes=15,
    dtype="kind",
    parts=("rows", "columns"),
    hand=[
        (
            case(HAND, 2, 2),
            (np.array([[1, 1], [2, 2]]), np.array([[0, 3], [0, 2]])),
        ),
        (case(np.array([[7.0, 7.0], [7.0, 1.0]]), 2, 1), (np.array([[0]]), np.array([[0]]))),
    ],
    regions={
        **{
            words: [case(image[0, 0], *window) for image, *window in calls]
            for words, calls in (_WINDOWS | _FAR_BELOW).items()
        },
        "the first and the last of a window tie": [case(np.eye(4) * [1, 3, 3, 1], 3, 1)],
        "the largest number is at the end of a window": [case(HAND[:, ::-1], 4, 1)],
        "the map is higher than wide": [case(_X[0, 0].T, 2, 2), case(_X[1, 0].T, 3, 1)],
    },
    cases=_one_map,
    oracle=_winners_by_sorting,
    hints=[
        "Keep the best place found so far, and compare each pixel of the window with it. With "
        "which place do you begin?",
        "Begin with the corner, (`top`, `left`). A pixel takes over only where it is larger, `>`: "
        "so the first of equals stays.",
        "The two results are arrays of whole numbers, `np.zeros((rows, columns), int)`. If you "
        "use `window.argmax()`, it counts from the corner of the window, row after row.",
    ],
)
def winners(image, kernel_size, stride):
    """Return rows and columns of the largest number of each window, the first one in a tie."""
    height = (image.shape[0] - kernel_size) // stride + 1
    width = (image.shape[1] - kernel_size) // stride + 1
    rows, columns = np.zeros((height, width), int), np.zeros((height, width), int)
    for i in range(height):
        for j in range(width):
            best_row, best_column = i * stride, j * stride
            for row in range(i * stride, i * stride + kernel_size):
                for column in range(j * stride, j * stride + kernel_size):
                    if image[row, column] > image[best_row, best_column]:
                        best_row, best_column = row, column
            rows[i, j], columns[i, j] = best_row, best_column
    return rows, columns


@winners.mistake(
    "The places are counted from the corner of each window. Add where the window begins: `top` "
    "to the row, `left` to the column."
)
def _inside_the_window(image, kernel_size, stride):
    return _winners(image, kernel_size, stride, lambda window, top, left: _first(window))


@winners.mistake("Rows and columns are exchanged. The rows come first.")
def _exchanged(image, kernel_size, stride):
    return _winners_by_sorting(image, kernel_size, stride)[::-1]


@winners.mistake(
    "In a tie the last of the equals wins here, but the first one should. Compare with `>`, not "
    "with `>=`."
)
def _last_of_equals(image, kernel_size, stride):
    def place(window, top, left):
        row, column = _first(window[::-1, ::-1])
        return top + kernel_size - 1 - row, left + kernel_size - 1 - column

    return _winners(image, kernel_size, stride, place)


@winners.mistake("These are the places of the smallest numbers. Turn the comparison around: `>`.")
def _smallest(image, kernel_size, stride):
    return _winners_by_sorting(-image, kernel_size, stride)


@winners.mistake("The places are counted from 1. In an array they are counted from 0.")
def _from_one(image, kernel_size, stride):
    return tuple(places + 1 for places in _winners_by_sorting(image, kernel_size, stride))


@winners.mistake("These are the corners of the windows. Where in the window is the largest number?")
def _corners(image, kernel_size, stride):
    return _winners(image, kernel_size, stride, lambda window, top, left: (top, left))


@winners.mistake(
    "`argmax` gives one number that counts through the window row after row. Its row is "
    "`number // kernel_size`, its column `number % kernel_size`."
)
def _one_number(image, kernel_size, stride):
    def place(window, top, left):
        return top + window.argmax(), left + window.argmax()

    return _winners(image, kernel_size, stride, place)


@winners.mistake(
    "`argmax` gives one number that counts through the window row after row. Its row is "
    "`number // kernel_size`, its column `number % kernel_size`. Then add where the window begins."
)
def _one_number_inside_the_window(image, kernel_size, stride):
    return _winners(image, kernel_size, stride, lambda window, top, left: (window.argmax(),) * 2)


@winners.mistake(
    "Rows and columns are exchanged, and they are counted from the corner of each window. The rows "
    "come first; add where the window begins: `top` to the row, `left` to the column."
)
def _exchanged_inside_the_window(image, kernel_size, stride):
    return _inside_the_window(image, kernel_size, stride)[::-1]


@winners.mistake(
    "Quotient and remainder are exchanged: the row is `number // kernel_size`, and the column "
    "`number % kernel_size`."
)
def _remainder_first(image, kernel_size, stride):
    def place(window, top, left):
        return top + window.argmax() % kernel_size, left + window.argmax() // kernel_size

    return _winners(image, kernel_size, stride, place)


@winners.mistake(
    "The windows begin at row `i` and column `j`, as with stride 1. Multiply both by the stride."
)
def _starts_unmultiplied(image, kernel_size, stride):
    rows, columns = _winners_by_sorting(image, kernel_size, 1)
    height, width = reference.max_pool2d(image[None, None], kernel_size, stride).shape[2:]
    return rows[:height, :width], columns[:height, :width]


@winners.mistake(
    "Row and column are searched for separately, so in a tie they may belong to "
    "different pixels. Find both of one pixel."
)
def _apart(image, kernel_size, stride):
    def place(window, top, left):
        return top + window.max(axis=1).argmax(), left + window.max(axis=0).argmax()

    return _winners(image, kernel_size, stride, place)


@winners.mistake(
    "The whole map is searched for the largest number of the window, so a place outside the "
    "window may be found. Search the window, and add where it begins."
)
def _whole_map(image, kernel_size, stride):
    def place(window, top, left):
        return np.argwhere(image == window.max())[0]

    return _winners(image, kernel_size, stride, place)


@winners.mistake("These are the numbers that won, not the places where they are.")
def _values(image, kernel_size, stride):
    y = reference.max_pool2d(image[None, None], kernel_size, stride)[0, 0]
    return y, y.copy()


@winners.mistake(
    "The places are right, but not in whole numbers; a float, say, is not an index. Make the "
    "arrays with `np.zeros(shape, int)`."
)
def _floats(image, kernel_size, stride):
    rows, columns = _winners_by_sorting(image, kernel_size, stride)
    return rows.astype(float), columns.astype(float)


# 8: the way back


def _pooled_with_places(image, kernel_size, stride):
    """Return a call: the pooled numbers of a map, where each had been, and the map's shape."""
    rows, columns = _winners_by_sorting(image, kernel_size, stride)
    return case(image[rows, columns], rows, columns, image.shape)


def _places(rng: np.random.Generator) -> Call:
    call = _one_map(rng)
    image = call.args[0] + 0.25  # no number is 0, so that each can be told from an empty pixel
    return _pooled_with_places(image.astype(rng.choice([np.float32, np.float64])), *call.args[1:])


def _put(pooled, rows, columns, shape, place):
    """Return zeros in which each number was put where `place(row, column)` says."""
    image = np.zeros(shape, pooled.dtype)
    for i, j in np.ndindex(pooled.shape):
        row, column = place(rows[i, j], columns[i, j])
        image[row, column] = pooled[i, j]
    return image


@chapter.coding(
    "Back to where it won",
    level=2,
    minutes=8,
    dtype="same",
    hand=[
        (
            _pooled_with_places(HAND, 2, 2),
            np.array([[0.0, 0, 0, 0], [5, 0, 0, 8], [-1, 0, 7, 0], [0, 0, 0, 0]]),
        ),
        (
            _pooled_with_places(np.array([[1.0, 2.0], [9.0, 3.0], [4.0, 5.0]]), 2, 1),
            np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 0.0]]),
        ),
    ],
    regions={
        **{
            words: [_pooled_with_places(image[0, 0], *window) for image, *window in calls]
            for words, calls in _WINDOWS.items()
        },
        "all numbers are negative": [_pooled_with_places(-np.abs(_X[0, 0]) - 0.5, 2, 2)],
        "the map is higher than wide": [
            _pooled_with_places(_X[0, 0].T, 2, 2),
            _pooled_with_places(_X[1, 0].T, 3, 1),
        ],
        "the map is square": [_pooled_with_places(_X[0, 0, :, :4], 2, 2)],
        "one pixel won several windows": [_pooled_with_places(_X[0, 0], 3, 1)],
    },
    cases=_places,
    oracle=lambda pooled, rows, columns, shape: np.array(
        [
            [
                next(
                    (
                        v
                        for v, r, c in zip(pooled.flat, rows.flat, columns.flat, strict=True)
                        if (r, c) == (row, column)
                    ),
                    0,
                )
                for column in range(shape[1])
            ]
            for row in range(shape[0])
        ],
        pooled.dtype,
    ),
    hints=[
        "Begin with a map full of zeros. How large is it, and of which `dtype`?",
        "`pooled[i, j]` belongs in one pixel: its row is `rows[i, j]`. What is its column?",
        "Two loops over `i` and `j`, and in them `image[rows[i, j], columns[i, j]] = …`. With `=` "
        "a pixel that won two windows gets its number once.",
    ],
)
def put_back(pooled, rows, columns, shape):
    """Return an array of this shape: each pooled number where it had won, zeros elsewhere."""
    image = np.zeros(shape, pooled.dtype)
    for i in range(pooled.shape[0]):
        for j in range(pooled.shape[1]):
            image[rows[i, j], columns[i, j]] = pooled[i, j]
    return image


@put_back.mistake(
    "A pixel that won several windows gets its number once for each of them. Here it is put back, "
    "so use `=` and not `+=`. (The gradient in 07 will add.)"
)
def _added_up(pooled, rows, columns, shape):
    image = np.zeros(shape, pooled.dtype)
    np.add.at(image, (rows, columns), pooled)
    return image


@put_back.mistake(
    "Rows and columns are exchanged. The row comes first: `image[rows[i, j], columns[i, j]]`."
)
def _unpooled_across(pooled, rows, columns, shape):
    return _put(pooled, rows, columns, shape, lambda row, column: (column, row))


@put_back.mistake(
    "The numbers are at the corners of the windows that touch, not where they had won. "
    "`rows` and `columns` hold the places."
)
def _at_the_corners(pooled, rows, columns, shape):
    high, wide = (side // many for side, many in zip(shape, pooled.shape, strict=True))
    image = np.zeros(shape, pooled.dtype)
    for i, j in np.ndindex(pooled.shape):
        image[i * high, j * wide] = pooled[i, j]
    return image


@put_back.mistake(
    "Each number is repeated over a whole window. Here it belongs in one pixel, the one that won; "
    "all others are 0."
)
def _repeated(pooled, rows, columns, shape):
    high, wide = (side // many for side, many in zip(shape, pooled.shape, strict=True))
    image = np.zeros(shape, pooled.dtype)
    whole = pooled.repeat(high, axis=0).repeat(wide, axis=1)
    image[: whole.shape[0], : whole.shape[1]] = whole
    return image


@put_back.mistake("The places are marked with 1. Put the pooled numbers there.")
def _marked(pooled, rows, columns, shape):
    return _put(np.ones_like(pooled), rows, columns, shape, lambda row, column: (row, column))


@put_back.mistake("The places are counted from 0 already: take nothing off and add nothing.")
def _one_off(pooled, rows, columns, shape):
    return _put(pooled, rows, columns, shape, lambda row, column: (row - 1, column - 1))


@put_back.mistake(
    "The numbers are cut to whole numbers, or the array was made for whole numbers. Make it with "
    "the `dtype` of `pooled`: `np.zeros(shape, pooled.dtype)`."
)
def _whole_numbers(pooled, rows, columns, shape):
    return put_back.model_answer(pooled.astype(int), rows, columns, shape)


@put_back.mistake(
    "The numbers are in the right places, but the map is not empty elsewhere: it should be 0 "
    "there. Begin with `np.zeros`, not with `np.ones`."
)
def _on_ones(pooled, rows, columns, shape):
    image = np.ones(shape, pooled.dtype)
    image[rows, columns] = pooled
    return image


@put_back.mistake(
    "The last number of each row or column is left out. Loop over `range(pooled.shape[0])` and "
    "`range(pooled.shape[1])`."
)
def _last_left_out(pooled, rows, columns, shape):
    return put_back.model_answer(pooled[:-1, :-1], rows, columns, shape)


@put_back.mistake(
    "Only the first row of `pooled` is put back. Is `return` inside the outer loop, one step too "
    "far to the right?"
)
def _first_row_only(pooled, rows, columns, shape):
    return put_back.model_answer(pooled[:1], rows, columns, shape)


@put_back.mistake("The map has the shape of `pooled`. It should have the old shape again, `shape`.")
def _small(pooled, rows, columns, shape):
    return pooled.copy()


# Two mistakes at once


@max_pool.mistake(
    "Two things at once: 0 wins where all numbers are negative, and window `i` begins at row `i`. "
    "Start the maximum with the first number of the window, and each window at `i * stride`."
)
def _from_zero_and_unmultiplied(x, kernel_size, stride):
    return np.maximum(_start_not_multiplied(x, kernel_size, stride), 0)


@max_pool.mistake(
    "Two things at once: 0 wins where all numbers are negative, and the stride is not used. Start "
    "the maximum with the first number of the window, and move on by `stride`."
)
def _from_zero_without_stride(x, kernel_size, stride):
    return _from_zero(x, kernel_size, 1)


@max_pool.mistake(
    "Two things at once: 0 wins where all numbers are negative, and the last window is missing in "
    "both directions. Start with the first number of the window, and add 1 to the steps."
)
def _from_zero_and_last_missing(x, kernel_size, stride):
    return np.maximum(_last_missing(x, kernel_size, stride), 0)


@avg_pool.mistake(
    "Two things at once: the windows are added up but not divided, and without a stride the window "
    "moves by 1. Divide by `kernel_size ** 2`; without a stride, the windows touch."
)
def _sums_and_stride_one(x, kernel_size, stride=None):
    return _sums(x, kernel_size, stride or 1)


@avg_pool.mistake(
    "Two things at once: this is still max pooling, and without a stride the window moves by 1. "
    "Take the mean; without a stride, the windows touch."
)
def _max_and_stride_one(x, kernel_size, stride=None):
    return reference.max_pool2d(x, kernel_size, stride or 1)


@winners.mistake(
    "Two things at once: the places are counted from the corner of each window, and in a tie the "
    "last of the equals wins. Add where the window begins, and compare with `>`."
)
def _last_inside_the_window(image, kernel_size, stride):
    def place(window, top, left):
        row, column = _first(window[::-1, ::-1])
        return kernel_size - 1 - row, kernel_size - 1 - column

    return _winners(image, kernel_size, stride, place)


@winners.mistake(
    "Two things at once: rows and columns are exchanged, and in a tie the last of the equals wins. "
    "The rows come first; compare with `>`."
)
def _last_exchanged(image, kernel_size, stride):
    return _last_of_equals(image, kernel_size, stride)[::-1]


@put_back.mistake(
    "Two things at once: rows and columns are exchanged, and a pixel that won several windows gets "
    "its number several times. The row comes first; use `=` and not `+=`."
)
def _across_and_added(pooled, rows, columns, shape):
    return _added_up(pooled, columns, rows, shape)


quiz = Quiz(
    "ex.quiz",
    (
        "How many learned parameters does max pooling have, with 3×3 windows and stride 2 on 64 "
        "channels?",
        wrong(
            "9",
            "A 3×3 kernel of a convolution holds nine weights. Pooling has a window of that size, "
            "and no weight in it.",
        ),
        wrong(
            "576",
            "9 · 64 would be one kernel for each channel. Pooling has none at all.",
        ),
        wrong(
            "2: kernel size and stride",
            "These two are hyperparameters. A person chooses them; training does not change them.",
        ),
        right("0", "There is nothing in it that training could change."),
    ),
    (
        "An image moves by exactly two pixels to the right. What happens to its 2×2 max pooled "
        "map, stride 2, away from the edges?",
        wrong(
            "Nothing: pooling is invariant.",
            "Only moves inside a window may go unnoticed. Two pixels lead each number into the "
            "next window.",
        ),
        right(
            "It moves by one cell, number for number.",
            "The shift is one stride. Position is not erased, it is written in larger units.",
        ),
        wrong(
            "It changes in a way that nobody can predict.",
            "It is closer to that for a shift by one pixel, where windows gather other pixels. "
            "Here each window gets what its neighbour had.",
        ),
        wrong("It moves by two cells.", "A cell of the map stands for two pixels."),
    ),
    (
        "Thin dark cracks on a bright wall must not get lost. Which pooling keeps them at full "
        "strength?",
        wrong(
            "Max pooling: it keeps the most important.",
            "It keeps the largest number. Beside bright wall, a dark crack never wins.",
        ),
        wrong("Average pooling: it looks at every pixel.", "It does, and dilutes the crack."),
        right(
            "Min pooling, or max pooling after all signs are changed.",
            "In a window with a crack, the crack is the smallest number.",
        ),
    ),
    (
        "Max pooling and average pooling: which of them gives the same result whether ReLU comes "
        "before it or after it?",
        right(
            "Max pooling alone.",
            "ReLU never reverses the order of two numbers, so the winner stays the winner. A "
            "mean changes if negative numbers are cut off first.",
        ),
        wrong(
            "Average pooling alone.",
            "The window 2, 3, 5, −2 refutes it: 2.5 with ReLU first, 2 with the mean first.",
        ),
        wrong(
            "Both.",
            "For max pooling yes. For the average 1 and −1 refute it: 0.5 with ReLU first, 0 with "
            "the mean first.",
        ),
        wrong("Neither.", "With max pooling a thousand of a thousand maps agreed, for a reason."),
    ),
    (
        "A network ends in convolution, global average pooling and a dense layer. It was trained "
        "on 224×224 pixels. May you give it 300×200?",
        wrong(
            "No: the dense layer needs a fixed number of inputs.",
            "It does, but global pooling hands it one number for each channel, whatever the size.",
        ),
        wrong(
            "Only if the image is square.", "A mean does not ask for the shape of what it averages."
        ),
        right(
            "Yes, it will run.",
            "A convolution takes any size, and the global average leaves one number per channel. "
            "How well it scores at that size is to be measured.",
        ),
        wrong(
            "Yes, and it will also say where in the image the thing is.",
            "It runs, but where something was is what a global average forgets.",
        ),
    ),
)
