"""Exercises of notebook 03: how large the output is, and what padding and stride do to it."""

from itertools import count

import numpy as np

from cnnlib import reference, shapes
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


# 1. The shape of a map

shape = chapter.prediction(
    "shape",
    "The shape of a map",
    level=1,
    minutes=2,
    expected=(80, 106),
    mistakes=[
        ((106, 80), "Height and width are exchanged. In a shape, the height comes first."),
        (
            (79, 105),
            "These are the steps. Stops are one more than steps: the first stop needs no step.",
        ),
        (
            (79, 106),
            "The padding is counted once. It is added at both ends: 240 becomes 240 + 2·2.",
        ),
        ((78, 105), "The padding is missing: 240 becomes 240 + 2·2 before the kernel slides."),
        (
            (80, 107),
            "317 / 3 leaves a remainder, and it is rounded up here. A step that does not fit is "
            "not made: round down.",
        ),
        ((238, 318), "That is the map at stride 1. Here the window moves 3 pixels at a time."),
    ],
    why="Down: 240 + 4 - 7 = 237, that is 79 steps of 3 and so 80 stops. Across: "
    "320 + 4 - 7 = 317, that is 105 whole steps and so 106 stops.",
    hints=[
        "Height and width are worked out one after the other, each in the same way. How long is a "
        "column of 240 pixels once it is padded at both ends?",
        "Down, the last start is at 240 + 2·2 - 7 = 237. How many whole steps of 3 lead there? "
        "Stops are one more than steps.",
    ],
)


# 2. The size of the output


def _sizes(rng: np.random.Generator) -> Call:
    kernel_size, stride, padding = (int(rng.integers(low, 6)) for low in (1, 1, 0))
    size = int(rng.integers(max(1, kernel_size - 2 * padding), 40))
    return case(size, kernel_size, stride=stride, padding=padding)


def _positions(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    """Return in how many places a kernel fits on a row, by putting it there."""
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))


@chapter.coding(
    "The size of the output",
    level=1,
    minutes=5,
    hand=[
        (case(4, 2), 3),
        (case(4, 2, padding=1), 5),
        (case(4, 2, stride=2), 2),
        (case(8, 3, stride=2), 3),
    ],
    regions={
        "the window fits exactly once": [
            case(5, 5),
            case(1, 1),
            case(3, 7, padding=2),
            case(1, 3, 1, 1),
        ],
        "the stride is larger than the room": [
            case(6, 3, stride=4),
            case(6, 3, stride=9),
            case(2, 2, 5),
        ],
        "the kernel is larger than the row": [case(2, 5, padding=2), case(3, 4, 2, 1)],
        "the kernel is a single weight": [case(9, 1), case(9, 1, stride=2), case(9, 1, 3, 1)],
        "the padding is as large as the kernel": [case(4, 2, padding=2), case(4, 3, 2, 4)],
        "stride and padding are given by position": [case(8, 3, 2, 1), case(9, 4, 3, 2)],
        "the padding is given before the stride": [case(7, 3, padding=1, stride=2)],
        "the row is long": [case(224, 7, 2, 3), case(227, 11, 4), case(600, 3, 2)],
    },
    cases=_sizes,
    oracle=_positions,
    hints=[
        "Put a kernel of 2 on a row of 4 pixels, at the far left. How often can it step?",
        "Padding lengthens the row on both sides. The kernel can step until its right end is at "
        "the right end of the row: that leaves `size + 2 * padding - kernel_size` steps of 1.",
        "A step is `stride` pixels long, and only whole steps count: divide with `//`. Then count "
        "the first position too.",
    ],
)
def output_size(size, kernel_size, stride=1, padding=0):
    """Return how many positions a kernel has on a padded row."""
    last_start = size + 2 * padding - kernel_size
    steps = last_start // stride
    return steps + 1


@output_size.mistake(
    "The first position is missing. Between 3 positions there are 2 steps: add 1 at the end."
)
def _no_first(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) // stride


@output_size.mistake("The padding is counted once, but a row is padded at both ends.")
def _one_side(size, kernel_size, stride=1, padding=0):
    return (size + padding - kernel_size) // stride + 1


@output_size.mistake(
    "The padding is subtracted. It makes the row longer: `size + 2 * padding - kernel_size`."
)
def _padding_subtracted(size, kernel_size, stride=1, padding=0):
    return (size - 2 * padding - kernel_size) // stride + 1


@output_size.mistake(
    "One is added twice. With stride 1, `size + 2 * padding - kernel_size` steps are made, and the "
    "first position comes on top: divide, then add 1."
)
def _one_twice(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size + 1) // stride + 1


@output_size.mistake("The padding is not used.")
def _no_padding(size, kernel_size, stride=1, padding=0):
    return (size - kernel_size) // stride + 1


@output_size.mistake("The stride is not used.")
def _no_stride(size, kernel_size, stride=1, padding=0):
    return size + 2 * padding - kernel_size + 1


@output_size.mistake(
    "A last step that does not fit is counted, as if the division were rounded up. Round down, "
    "with `//`."
)
def _up(size, kernel_size, stride=1, padding=0):
    return -(-(size + 2 * padding - kernel_size) // stride) + 1


@output_size.mistake(
    "A part of a step is counted: `/` keeps the fraction, 2.5 steps. Only whole steps are made, so "
    "divide with `//`."
)
def _fractions(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) / stride + 1


@output_size.mistake(
    "The division is rounded to the nearest whole number. A step that fits only in part is not "
    "made: round down, with `//`."
)
def _nearest(size, kernel_size, stride=1, padding=0):
    return round((size + 2 * padding - kernel_size) / stride) + 1


@output_size.mistake(
    "The 1 is added before the division. It is the first position, not a pixel: divide, then add 1."
)
def _one_inside(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size + 1) // stride


@output_size.mistake(
    "Only `kernel_size` is divided by the stride, since `//` binds tighter than `+` and `-`. "
    "Put the sum in parentheses."
)
def _no_parentheses(size, kernel_size, stride=1, padding=0):
    return size + 2 * padding - kernel_size // stride + 1


@output_size.mistake(
    "The last position is missing where it ends exactly at the end of the row. It still fits: say "
    "`<=` in a `while`, and end a `range` one after the last start, which it leaves out itself."
)
def _range_end(size, kernel_size, stride=1, padding=0):
    return len(range(0, size + 2 * padding - kernel_size, stride))


@output_size.mistake(
    "The kernel is not subtracted. It must fit in whole, so its last start lies `kernel_size` "
    "before the end of the row."
)
def _no_kernel(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding) // stride + 1


# 3. The padding that keeps the size


def _padding_that_keeps(kernel_size: int) -> tuple[int, int]:
    """Add a pixel after the row and one before it in turn, until 120 pixels give 120."""
    before = after = 0
    while _positions(120 + before + after, kernel_size) < 120:
        before, after = (before, after + 1) if before == after else (before + 1, after)
    return before, after


@chapter.coding(
    "The padding that keeps the size",
    level=1,
    minutes=5,
    hand=[(case(3), (1, 1)), (case(2), (0, 1)), (case(5), (2, 2)), (case(4), (1, 2))],
    regions={
        "the kernel is a single weight": [case(1)],
        "the kernel is large": [case(31), case(32), case(100), case(101)],
    },
    cases=lambda rng: case(int(rng.integers(1, 30))),
    oracle=_padding_that_keeps,
    parts=("before", "after"),
    hints=[
        "Without padding, a kernel of 4 turns 28 pixels into 25. How many pixels have to be added "
        "in all, so that 28 come out?",
        "In all, `kernel_size - 1` pixels are missing. Half of them go in front. What if that is "
        "an odd number? A pixel cannot be halved, so round down.",
        "What does not go in front goes after the row: `total - before`.",
    ],
)
def same_padding(kernel_size):
    """Return how many pixels to add before and after a row, to keep its size at stride 1."""
    total = kernel_size - 1
    before = total // 2
    return before, total - before


@same_padding.mistake(
    "With an even kernel this is one pixel too few, and the row shrinks by 1. What does not go in "
    "front goes after it: `total - before`."
)
def _short(kernel_size):
    return (kernel_size - 1) // 2, (kernel_size - 1) // 2


@same_padding.mistake(
    "With an even kernel this is one pixel too many, and the row grows by 1. In all, "
    "`kernel_size - 1` pixels are needed."
)
def _long(kernel_size):
    return kernel_size // 2, kernel_size // 2


@same_padding.mistake(
    "With an even kernel the extra pixel is in front. Here it belongs at the end, as in the "
    "example."
)
def _in_front(kernel_size):
    return kernel_size // 2, (kernel_size - 1) // 2


@same_padding.mistake(
    "A pixel cannot be halved: an even kernel would get half of one on each side. Round down with "
    "`//` in front, and put the rest after it."
)
def _halves(kernel_size):
    return (kernel_size - 1) / 2, (kernel_size - 1) / 2


@same_padding.mistake(
    "Half a kernel goes on each side. But one of its pixels stays on the row: `kernel_size - 1` "
    "pixels are needed in all, and they cannot be halved."
)
def _half_a_kernel(kernel_size):
    return kernel_size / 2, kernel_size / 2


@same_padding.mistake(
    "This is full padding: the row grows by `kernel_size - 1`. Both sides together get that many."
)
def _full(kernel_size):
    return kernel_size - 1, kernel_size - 1


@same_padding.mistake(
    "Everything is put after the row. That keeps the size, but it moves the picture: share the "
    "pixels between both sides."
)
def _all_behind(kernel_size):
    return 0, kernel_size - 1


@same_padding.mistake(
    "One pixel too many in all. The kernel takes away `kernel_size - 1` pixels, since one of its "
    "pixels stays on the row."
)
def _whole_kernel(kernel_size):
    return kernel_size // 2, kernel_size - kernel_size // 2


# 4. A border of zeros


def _maps(rng: np.random.Generator) -> Call:
    n, c = (int(value) for value in rng.integers(1, 3, 2))
    h, w = (int(value) for value in rng.integers(1, 5, 2))
    x = rng.integers(-8, 9, (n, c, h, w)) / 2
    padding = tuple(int(value) for value in rng.integers(0, 4, 2))
    return case(x.astype([np.float32, np.float64][rng.integers(2)]), padding)


_CORNER = np.array([[[[5.0, 1.0], [15.0, 5.0]]]])
_BATCH = np.arange(1.0, 25.0).reshape(2, 2, 2, 3)


@chapter.coding(
    "A border of zeros",
    level=2,
    minutes=10,
    dtype="same",
    hand=[(case(_CORNER, (0, 1)), np.array([[[[0.0, 5, 1, 0], [0, 15, 5, 0]]]]))],
    regions={
        "there is no padding": [case(_BATCH, (0, 0))],
        "the padding down is 0": [case(_BATCH, (0, 2)), case(_CORNER, (0, 3))],
        "the padding across is 0": [case(_BATCH, (2, 0)), case(_CORNER, (3, 0))],
        "the maps have one pixel": [
            case(_BATCH[:, :, :1, :1], (1, 2)),
            case(_BATCH[:, :, :1, :1], (0, 1)),
        ],
        "the maps have one row": [case(_BATCH[:, :, :1], (1, 0)), case(_BATCH[:, :, :1], (2, 1))],
        "the maps have one column": [
            case(_BATCH[:, :, :, :1], (0, 1)),
            case(_BATCH[:, :, :, :1], (1, 2)),
        ],
        "the padding is larger than the maps": [case(_CORNER, (5, 4))],
        "there are many pictures and channels": [case(np.ones((4, 5, 1, 2)), (1, 1))],
        "the maps hold float32": [case(_BATCH.astype(np.float32), (1, 2))],
        "another batch had the same shape": [case(-_BATCH, (1, 2)), case(_BATCH, (1, 2))],
    },
    cases=_maps,
    oracle=lambda x, padding: np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding))),
    hints=[
        "Maps of 4×6 pixels, padded by (1, 2), become 6×10. What is then the shape of the whole "
        "batch, with its two axes in front?",
        "Make an array of zeros of that shape and of the dtype of `x`. In which row of it does the "
        "first row of `x` belong, and in which column its first column?",
        "The rows of `x` belong in the rows `down : down + h`. All four axes at once: "
        "`y[:, :, …, …] = x`.",
    ],
)
def pad(x, padding):
    """Put a border of zeros around each map of a batch (N, C, H, W)."""
    n, c, h, w = x.shape
    down, across = padding
    y = np.zeros((n, c, h + 2 * down, w + 2 * across), x.dtype)
    y[:, :, down : down + h, across : across + w] = x
    return y


def _bordered(x, top, bottom, left, right, mode="constant"):
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), mode=mode)


@pad.mistake("The border is added above and on the left only. Each axis gets it at both ends.")
def _pad_in_front(x, padding):
    return _bordered(x, padding[0], 0, padding[1], 0)


@pad.mistake("The border is added below and on the right only. Each axis gets it at both ends.")
def _pad_behind(x, padding):
    return _bordered(x, 0, padding[0], 0, padding[1])


@pad.mistake("The two paddings are exchanged: the first is for rows, above and below.")
def _pad_swapped(x, padding):
    return _bordered(x, padding[1], padding[1], padding[0], padding[0])


@pad.mistake("The first padding is used for both axes. The columns have one of their own.")
def _pad_first_for_both(x, padding):
    return _bordered(x, padding[0], padding[0], padding[0], padding[0])


@pad.mistake(
    "The size is right, but the maps are in the upper left corner. They begin in row "
    "`padding[0]` and column `padding[1]`."
)
def _pad_in_the_corner(x, padding):
    return _bordered(x, 0, 2 * padding[0], 0, 2 * padding[1])


@pad.mistake(
    "It goes wrong where a padding is 0. Does a slice end in `-down` or `-across`? `-0` is 0, so "
    "the slice `0:-0` is empty. Write the end as start plus size."
)
def _pad_minus_zero(x, padding):
    (down, across), (n, c, h, w) = padding, x.shape
    y = np.zeros((n, c, h + 2 * down, w + 2 * across), x.dtype)
    y[:, :, down:-down, across:-across] = x
    return y


@pad.mistake(
    "The slices end at the size of `x`, but they do not begin at 0. The end is start plus size: "
    "`down : down + h`."
)
def _pad_end(x, padding):
    (down, across), (n, c, h, w) = padding, x.shape
    y = np.zeros((n, c, h + 2 * down, w + 2 * across), x.dtype)
    y[:, :, down:h, across:w] = x
    return y


@pad.mistake(
    "The slices cut the first two axes, which are pictures and channels. Rows and columns are the "
    "last two: `y[:, :, …, …] = x`."
)
def _pad_first_axes(x, padding):
    (down, across), (n, c, h, w) = padding, x.shape
    y = np.zeros((n, c, h + 2 * down, w + 2 * across), x.dtype)
    y[down : down + h, across : across + w] = x
    return y


@pad.mistake(
    "`np.pad` takes a pair as (before, after), and for every axis. Give it one pair for each axis: "
    "`((0, 0), (0, 0), (down, down), (across, across))`."
)
def _pad_numpy_pair(x, padding):
    return np.pad(x, padding)


@pad.mistake("The border repeats the outermost pixel. Here it should be zeros.")
def _pad_edge(x, padding):
    return _bordered(x, padding[0], padding[0], padding[1], padding[1], "edge")


@pad.mistake(
    "The batch and the channels are padded as well. Extra pictures and channels appear: pad the "
    "last two axes only."
)
def _pad_all_axes(x, padding):
    return np.pad(x, ((padding[0],) * 2, (padding[1],) * 2) * 2)


# 5. Pixels that no window reads


def _row(rng: np.random.Generator) -> Call:
    kernel_size, stride = (int(value) for value in rng.integers(1, 5, 2))
    padding = int(rng.integers(0, 3))
    size = int(rng.integers(max(1, kernel_size - 2 * padding), 16))
    return case(size, kernel_size, stride=stride, padding=padding)


def _unread(size: int, kernel_size: int, stride: int = 1, padding: int = 0) -> int:
    """Return how many pixels are in no window, with the windows cut out by NumPy."""
    row = np.pad(np.arange(1, size + 1), padding)
    windows = np.lib.stride_tricks.sliding_window_view(row, kernel_size)[::stride]
    return len(set(range(1, size + 1)) - set(windows.ravel().tolist()))


@chapter.coding(
    "Pixels that no window reads",
    level=2,
    minutes=10,
    hand=[
        (case(8, 3, stride=2), 1),
        (case(8, 3, stride=3), 2),
        (case(8, 2, stride=3), 2),
        (case(8, 3, stride=2, padding=1), 0),
    ],
    regions={
        "every pixel is read": [case(6, 3), case(7, 3, stride=2), case(9, 3, 3)],
        "the window fits exactly once": [case(4, 4, stride=3), case(2, 4, padding=1)],
        "the stride is larger than the row": [
            case(7, 2, stride=9),
            case(5, 1, stride=5, padding=1),
        ],
        "the stride is larger than the kernel": [
            case(12, 2, stride=5),
            case(10, 1, 3),
            case(11, 2, 4, 1),
        ],
        "the kernel is larger than the row": [case(2, 5, padding=2), case(1, 4, 2, 2)],
        "whole windows lie on the border": [
            case(3, 1, padding=2),
            case(4, 2, 3, 4),
            case(1, 1, 2, 3),
        ],
        "the border alone is left over": [case(8, 3, stride=2, padding=1), case(5, 2, 2, 1)],
        "pixels of the picture are left over": [case(9, 3, 4, 1), case(10, 4, 5, 1)],
    },
    cases=_row,
    oracle=_unread,
    hints=[
        "Do it as on paper: draw the padded row, let every window shade what it reads, and count "
        "what stays white. What in Python could be shaded?",
        "A list of `False`, one for each place of the padded row. Windows start at "
        "`range(0, room - kernel_size + 1, stride)`, and each sets its places to `True`.",
        "The border is not part of the picture: look at the places from `padding` to "
        "`padding + size` only, and count each `False`.",
    ],
)
def unread(size, kernel_size, stride=1, padding=0):
    """Return how many pixels of a row no window reads."""
    room = size + 2 * padding
    seen = [False] * room
    for start in range(0, room - kernel_size + 1, stride):
        for place in range(start, start + kernel_size):
            seen[place] = True
    pixels = seen[padding : padding + size]
    return pixels.count(False)


def _shaded(size, kernel_size, padding, starts):
    seen = np.zeros(size + 2 * padding, bool)
    for start in starts:
        seen[start : start + kernel_size] = True
    return seen


@unread.mistake(
    "This is the remainder of the padded row. Its end is border, not picture, and where the stride "
    "is larger than the kernel, pixels between the windows are skipped too."
)
def _unread_remainder(size, kernel_size, stride=1, padding=0):
    return (size + 2 * padding - kernel_size) % stride


@unread.mistake(
    "What is left over at the end is right. But where the stride is larger than the kernel, the "
    "window also jumps over pixels in between."
)
def _unread_at_the_end(size, kernel_size, stride=1, padding=0):
    return max(0, (size + 2 * padding - kernel_size) % stride - padding)


@unread.mistake(
    "Places of the border are counted as well. Only pixels of the picture count, from `padding` "
    "to `padding + size`."
)
def _unread_border(size, kernel_size, stride=1, padding=0):
    starts = range(0, size + 2 * padding - kernel_size + 1, stride)
    return int((~_shaded(size, kernel_size, padding, starts)).sum())


@unread.mistake(
    "Places of the border are counted among the pixels that are read. They are not pixels of the "
    "picture: leave them out before you count."
)
def _unread_border_read(size, kernel_size, stride=1, padding=0):
    starts = range(0, size + 2 * padding - kernel_size + 1, stride)
    return size - int(_shaded(size, kernel_size, padding, starts).sum())


@unread.mistake("These are the pixels that are read. Count the others.")
def _unread_read(size, kernel_size, stride=1, padding=0):
    return size - _unread(size, kernel_size, stride, padding)


@unread.mistake("The padding is not used: windows also lie on the border.")
def _unread_no_padding(size, kernel_size, stride=1, padding=0):
    return _unread(size, kernel_size, stride) if size >= kernel_size else size


@unread.mistake(
    "The last window is missing where it ends exactly at the end of the row. A `range` leaves out "
    "its end, so it must go on to `room - kernel_size + 1`."
)
def _unread_range_end(size, kernel_size, stride=1, padding=0):
    starts = range(0, size + 2 * padding - kernel_size, stride)
    return int((~_shaded(size, kernel_size, padding, starts)[padding : padding + size]).sum())


@unread.mistake(
    "The number of windows is right, but they are side by side. Window `i` starts at "
    "`i * stride`, not at `i`."
)
def _unread_side_by_side(size, kernel_size, stride=1, padding=0):
    starts = range(shapes.output_size(size, kernel_size, stride, padding))
    return int((~_shaded(size, kernel_size, padding, starts)[padding : padding + size]).sum())


@unread.mistake(
    "Only the first place of each window is marked. A window reads `kernel_size` places."
)
def _unread_starts_only(size, kernel_size, stride=1, padding=0):
    starts = range(0, size + 2 * padding - kernel_size + 1, stride)
    return int((~_shaded(size, 1, padding, starts)[padding : padding + size]).sum())


@unread.mistake(
    "A window goes on to the end of the row even where it sticks out. One that does not fit in "
    "whole is never computed."
)
def _unread_sticks_out(size, kernel_size, stride=1, padding=0):
    starts = range(0, size + 2 * padding, stride)
    return int((~_shaded(size, kernel_size, padding, starts)[padding : padding + size]).sum())


@unread.mistake(
    "It goes wrong where the padding is 0. Does a slice end in `-padding`? `-0` is 0, so the slice "
    "`0:-0` is empty. Write the end as start plus size."
)
def _unread_minus_zero(size, kernel_size, stride=1, padding=0):
    starts = range(0, size + 2 * padding - kernel_size + 1, stride)
    return int((~_shaded(size, kernel_size, padding, starts)[padding:-padding]).sum())


@unread.mistake(
    "The last pixels are not looked at. The picture begins at `padding`, so it ends at "
    "`padding + size`, not at `size`."
)
def _unread_end(size, kernel_size, stride=1, padding=0):
    starts = range(0, size + 2 * padding - kernel_size + 1, stride)
    return int((~_shaded(size, kernel_size, padding, starts)[padding:size]).sum())


@unread.mistake(
    "This is the remainder of the row without its border. Windows lie on the border too, and "
    "where the stride is larger than the kernel, pixels between the windows are skipped."
)
def _unread_plain_remainder(size, kernel_size, stride=1, padding=0):
    return (size - kernel_size) % stride


# 6. Enough layers to see an ear


def _views(rng: np.random.Generator) -> Call:
    """Return a call whose stride leaves no gaps: as many pixels are seen as the view is wide."""
    target, kernel_size = int(rng.integers(1, 60)), int(rng.integers(2, 8))
    return case(target, kernel_size, stride=int(rng.integers(1, min(kernel_size, 3) + 1)))


def _layers_by_going_back(target: int, kernel_size: int, stride: int = 1) -> int:
    """Follow the first and the last pixel of a window back to the input, for more and more layers.

    The solution goes the other way, from the input to the output.
    """
    for layers in count():
        first = last = 0
        for _ in range(layers):
            first, last = first * stride, last * stride + kernel_size - 1
        if last - first + 1 >= target:
            return layers


@chapter.coding(
    "Enough layers to see an ear",
    level=2,
    minutes=10,
    hand=[(case(7, 3), 3), (case(8, 3), 4), (case(7, 3, stride=2), 2), (case(1, 3), 0)],
    regions={
        "one pixel is enough": [case(1, 2), case(1, 5, stride=3), case(1, 2, 2)],
        "one layer is just enough": [case(2, 2), case(5, 5, stride=2), case(3, 3, 3)],
        "one layer is just not enough": [case(3, 2), case(6, 5, stride=2), case(4, 3, 3)],
        "the field is exactly as wide as the target": [
            case(31, 3, stride=2),
            case(8, 2, 2),
            case(27, 3, 3),
        ],
        "the field is one pixel short of the target": [
            case(32, 3, stride=2),
            case(9, 2, 2),
            case(28, 3, 3),
        ],
        "the kernel is larger than the target": [case(4, 7), case(2, 7, stride=3)],
        "the stride is as large as the kernel": [case(50, 2, stride=2), case(50, 3, stride=3)],
        "the target is far": [case(1000, 3, stride=3), case(1025, 2, stride=2), case(90, 2)],
    },
    cases=_views,
    oracle=_layers_by_going_back,
    seconds=3.0,
    hints=[
        "Before the first layer, the receptive field of a pixel is 1 pixel: itself. How wide is it "
        "after one layer of 3×3, and after two?",
        "Keep three numbers: how wide the field is so far, how many input pixels a step is worth "
        "by now, and how many layers there are. Go on `while` the field is too narrow.",
        "A layer adds `(kernel_size - 1) * jump` pixels. Only then is the next step longer, by the "
        "factor `stride`.",
    ],
)
def layers_needed(target, kernel_size, stride=1):
    """Return how many equal layers give a receptive field of at least `target` pixels."""
    seen, jump, layers = 1, 1, 0
    while seen < target:
        seen = seen + (kernel_size - 1) * jump
        jump = jump * stride
        layers = layers + 1
    return layers


def _layers(target, start, grow):
    seen, layers = start, 0
    while seen < target:
        seen += grow(layers)
        layers += 1
    return layers


@layers_needed.mistake("The stride is not used. After each layer, a step is `stride` times longer.")
def _layers_no_stride(target, kernel_size, stride=1):
    return _layers(target, 1, lambda n: kernel_size - 1)


@layers_needed.mistake(
    "Each layer adds a whole kernel. One of its pixels was seen before, so a layer adds "
    "`kernel_size - 1` steps."
)
def _layers_whole_kernel(target, kernel_size, stride=1):
    return _layers(target, 1, lambda n: kernel_size * stride**n)


@layers_needed.mistake(
    "Sometimes this goes on although the field is wide enough. Before the first layer it is "
    "1 pixel, and `target` pixels are enough: start from 1, and go on `while seen < target`."
)
def _layers_from_zero(target, kernel_size, stride=1):
    return _layers(target, 0, lambda n: (kernel_size - 1) * stride**n)


@layers_needed.mistake(
    "A layer's own stride is counted in its own step. The step is the product of the strides "
    "before this layer: lengthen it afterwards."
)
def _layers_own_stride(target, kernel_size, stride=1):
    return _layers(target, 1, lambda n: (kernel_size - 1) * stride ** (n + 1))


@layers_needed.mistake(
    "Only one stride counts for each layer. Strides multiply: after two layers of stride 2, a step "
    "is 4 pixels of the input."
)
def _layers_one_stride(target, kernel_size, stride=1):
    return _layers(target, 1, lambda n: (kernel_size - 1) * (stride if n else 1))


@layers_needed.mistake(
    "Strides are added up. They multiply: after three layers of stride 2, a step is 8 pixels of "
    "the input, not 7."
)
def _layers_strides_added(target, kernel_size, stride=1):
    return _layers(target, 1, lambda n: (kernel_size - 1) * (1 + n * stride))


@layers_needed.mistake(
    "Strides are added up: with stride 2 the steps become 2, 4 and 6 pixels. They multiply: 2, 4, "
    "8."
)
def _layers_sum_of_strides(target, kernel_size, stride=1):
    return _layers(target, 1, lambda n: (kernel_size - 1) * max(1, n * stride))


@layers_needed.mistake(
    "The field itself is multiplied by the stride. It grows by `(kernel_size - 1) * jump`; only "
    "the step, `jump`, is multiplied."
)
def _layers_view_multiplied(target, kernel_size, stride=1):
    seen, layers = 1, 0
    while seen < target:
        seen, layers = seen * stride + (kernel_size - 1) * stride**layers, layers + 1
    return layers


@layers_needed.mistake(
    "Unless the field is exactly as wide as asked for, a layer is missing. Less than `target` is "
    "not enough: count the layer that goes beyond it too."
)
def _layers_one_less(target, kernel_size, stride=1):
    seen, layers = 1, 0
    while seen + (kernel_size - 1) * stride**layers <= target:
        seen += (kernel_size - 1) * stride**layers
        layers += 1
    return layers


@layers_needed.mistake(
    "The first layer is not counted. A field as wide as the kernel takes one layer already: start "
    "with 1 pixel and 0 layers."
)
def _layers_first_free(target, kernel_size, stride=1):
    return _layers(target, kernel_size, lambda n: (kernel_size - 1) * stride ** (n + 1))


@layers_needed.mistake(
    "Only `target` 1 goes wrong. Without any layer the field is the pixel itself: start with "
    "1 pixel and 0 layers."
)
def _layers_at_least_one(target, kernel_size, stride=1):
    return max(1, _layers(target, 1, lambda n: (kernel_size - 1) * stride**n))


# 7. Convolution with padding and stride


def _images(rng: np.random.Generator) -> Call:
    kernel = rng.integers(-4, 5, rng.integers(1, 4, 2)) / 2
    stride, padding = (tuple(int(v) for v in rng.integers(low, 4, 2)) for low in (1, 0))
    h, w = (
        int(rng.integers(max(1, k - 2 * p), 7)) for k, p in zip(kernel.shape, padding, strict=True)
    )
    x = rng.integers(-8, 9, (h, w)) / 2
    return case(x, kernel, stride=stride, padding=padding)


_X = np.array([[5.0, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]])
_KERNEL = np.array([[11.0, 4], [5, 2]])
_WIDE = np.array([[1.0, -2.0, 0.5], [0.0, 4.0, -3.0]])


def _convolved(x, kernel, stride=(1, 1), padding=(0, 0)):
    x, kernel = x.astype(float)[None, None], kernel.astype(float)[None, None]
    return reference.conv2d(x, kernel, stride=stride, padding=padding)[0, 0]


@chapter.coding(
    "Convolution with both knobs",
    level=3,
    minutes=20,
    hand=[
        (case(_X, _KERNEL), np.array([[144.0, 66, 160], [247, 97, 95], [215, 121, 136]])),
        (case(_X, _KERNEL, stride=(2, 2)), np.array([[144.0, 160], [215, 136]])),
        (
            case(_X, _KERNEL, stride=(1, 2), padding=(1, 0)),
            np.array([[27.0, 61], [144, 160], [247, 95], [215, 136], [177, 148]]),
        ),
    ],
    regions={
        "picture and kernel hold whole numbers": [
            case(_X.astype(int), _KERNEL.astype(int)),
            case(_X.astype(int), _KERNEL.astype(int), stride=(1, 2), padding=(1, 0)),
        ],
        "the picture holds whole numbers": [
            case(_X.astype(int), _KERNEL / 8, stride=(2, 1)),
            case(_X.astype(int), _WIDE, padding=(1, 1)),
        ],
        "the padding down is 0": [case(_X, _WIDE, padding=(0, 2)), case(_X, _WIDE, (2, 2), (0, 1))],
        "the padding across is 0": [
            case(_X, _WIDE, padding=(2, 0)),
            case(_X, _WIDE, (2, 2), (1, 0)),
        ],
        "the kernel is larger than the picture": [
            case(_X[:1, :2], _WIDE, padding=(1, 1)),
            case(_X[:1, :1], _WIDE, stride=(2, 2), padding=(2, 2)),
        ],
        "the stride is larger than the room": [
            case(_X, _WIDE, stride=(5, 4)),
            case(_X, _KERNEL, (9, 3)),
        ],
        "the stride is larger than the kernel": [case(_X, _WIDE[:1, :1] + 1, stride=(2, 3))],
        "the last step does not fit": [
            case(_X[:, :3], _KERNEL, stride=(3, 2)),
            case(_X, _WIDE, (2, 2)),
        ],
        "the picture is one row": [case(_X[:1], _KERNEL, (1, 1), (1, 0)), case(_X[:1], _WIDE[:1])],
        "the picture is one column": [
            case(_X[:, :1], _KERNEL, (1, 1), (0, 1)),
            case(_X[:, :1], _WIDE[:, :1]),
        ],
        "picture and kernel are a single number": [case(_X[:1, :1], _KERNEL[:1, :1])],
        "whole windows lie on the border": [case(_WIDE, _KERNEL, padding=(2, 3))],
        "another picture had the same shape": [case(-_X, _KERNEL), case(_X[::-1], _KERNEL)],
    },
    cases=_images,
    oracle=_convolved,
    hints=[
        "Three pieces: pad the input, find out how large the output is, and fill it cell by cell. "
        "Each piece is in this notebook, for one number where you now have two.",
        "Output cell `(i, j)` belongs to the window whose first pixel is in row `i * stride[0]` "
        "and column `j * stride[1]` of the padded input.",
        "The window is `padded[top : top + kh, left : left + kw]`. Multiply it by the kernel, cell "
        "by cell, and add everything up.",
    ],
)
def conv2d(x, kernel, stride=(1, 1), padding=(0, 0)):
    """Slide a kernel over a grey image; stride and padding are pairs (down, across)."""
    h, w = x.shape
    kh, kw = kernel.shape
    padded = np.zeros((h + 2 * padding[0], w + 2 * padding[1]))
    padded[padding[0] : padding[0] + h, padding[1] : padding[1] + w] = x
    oh = (h + 2 * padding[0] - kh) // stride[0] + 1
    ow = (w + 2 * padding[1] - kw) // stride[1] + 1
    y = np.zeros((oh, ow))
    for i in range(oh):
        for j in range(ow):
            top, left = i * stride[0], j * stride[1]
            window = padded[top : top + kh, left : left + kw]
            y[i, j] = (window * kernel).sum()
    return y


def _framed(x, padding):
    return np.pad(x, ((padding[0], padding[0]), (padding[1], padding[1])))


def _places(padded, kernel, stride):
    """Return the output size as the loops of a reader find it, whatever the kernel's size."""
    return tuple(
        (n - k) // s + 1 for n, k, s in zip(padded.shape, kernel.shape, stride, strict=True)
    )


def _slid(padded, kernel, stride, window=None, shape=None):
    """Slide as the solution does, but with another window or another output size."""
    (kh, kw), (down, across) = kernel.shape, stride
    y = np.zeros(shape or _places(padded, kernel, stride))
    for i, j in np.ndindex(y.shape):
        if window is None:
            cut = padded[i * down : i * down + kh, j * across : j * across + kw]
        else:
            cut = window(i, j)
        y[i, j] = (cut * kernel).sum()
    return y


@conv2d.mistake(
    "The kernel is flipped (half a turn). That is convolution in mathematics; networks "
    "slide the kernel as it is."
)
def _conv_flipped(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding), kernel[::-1, ::-1], stride)


@conv2d.mistake(
    "The kernel is transposed: its rows lie where its columns belong. Multiply the window by the "
    "kernel as it is."
)
def _conv_transposed(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded, (kh, kw) = _framed(x, padding), kernel.shape
    y = np.zeros(_places(padded, kernel, stride))
    for i, j in np.ndindex(y.shape):
        top, left = i * stride[0], j * stride[1]
        y[i, j] = (padded[top : top + kh, left : left + kw] * kernel.T).sum()
    return y


@conv2d.mistake(
    "`@` is the matrix product: rows times columns. Here each pixel meets one weight, cell by "
    "cell: `window * kernel`."
)
def _conv_matrix_product(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded, (kh, kw) = _framed(x, padding), kernel.shape
    y = np.zeros(_places(padded, kernel, stride))
    for i, j in np.ndindex(y.shape):
        top, left = i * stride[0], j * stride[1]
        y[i, j] = (padded[top : top + kh, left : left + kw] @ kernel).sum()
    return y


@conv2d.mistake("The mean of each window is taken. A convolution takes the sum.")
def _conv_mean(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding), kernel / kernel.size, stride)


@conv2d.mistake("The stride is not used.")
def _conv_no_stride(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding), kernel, (1, 1))


@conv2d.mistake("The stride is used for rows, but not for columns.")
def _conv_rows_only(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding), kernel, (stride[0], 1))


@conv2d.mistake("The first stride is used for both axes. Columns have `stride[1]`.")
def _conv_first_stride(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding), kernel, (stride[0], stride[0]))


@conv2d.mistake("The two strides are exchanged: the first is for the way down.")
def _conv_strides_swapped(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding), kernel, stride[::-1])


@conv2d.mistake(
    "The shape is right, but the windows move by 1. Cell `(i, j)` belongs to the window that "
    "starts at `(i * stride[0], j * stride[1])`."
)
def _conv_start(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded = _framed(x, padding)
    return _slid(padded, kernel, (1, 1), shape=_places(padded, kernel, stride))


@conv2d.mistake(
    "The shape is right, but across the windows move by 1. Column `j` of the output belongs to the "
    "window that starts in column `j * stride[1]`."
)
def _conv_start_across(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded = _framed(x, padding)
    return _slid(padded, kernel, (stride[0], 1), shape=_places(padded, kernel, stride))


@conv2d.mistake(
    "The windows start in the right place, but end too early: at `i + kh`. The end is the start "
    "plus the kernel size, `i * stride[0] + kh`."
)
def _conv_window_end(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded, (kh, kw) = _framed(x, padding), kernel.shape
    return _slid(
        padded,
        kernel,
        stride,
        lambda i, j: padded[i * stride[0] : i + kh, j * stride[1] : j + kw],
    )


@conv2d.mistake(
    "Height and width of the kernel are exchanged in the window. It has `kh` rows and `kw` columns."
)
def _conv_kernel_swapped(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded, (kh, kw), (down, across) = _framed(x, padding), kernel.shape, stride
    return _slid(
        padded,
        kernel,
        stride,
        lambda i, j: padded[i * down : i * down + kw, j * across : j * across + kh],
    )


@conv2d.mistake(
    "`i` and `j` are exchanged in the window: `i` counts rows of the output and moves the window "
    "down, `j` moves it across."
)
def _conv_indices_swapped(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded, (kh, kw), (down, across) = _framed(x, padding), kernel.shape, stride
    return _slid(
        padded,
        kernel,
        stride,
        lambda i, j: padded[j * down : j * down + kh, i * across : i * across + kw],
    )


@conv2d.mistake(
    "The last position is missing, down and across. Stops are one more than steps: add 1 to the "
    "output size."
)
def _conv_short(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded = _framed(x, padding)
    oh, ow = _places(padded, kernel, stride)
    return _slid(padded, kernel, stride, shape=(oh - 1, ow - 1))


@conv2d.mistake(
    "The last row and the last column of the output are still 0. Do the loops end one early? "
    "`range(oh)` ends at `oh - 1` by itself."
)
def _conv_loops_end_early(x, kernel, stride=(1, 1), padding=(0, 0)):
    y = _slid(_framed(x, padding), kernel, stride)
    y[-1], y[:, -1] = 0, 0
    return y


@conv2d.mistake(
    "Twice the padding is put on each side. `2 * padding` is what both sides get together: one "
    "`padding` at each end."
)
def _conv_padding_twice(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, (2 * padding[0], 2 * padding[1])), kernel, stride)


@conv2d.mistake(
    "The last position is missing where it ends exactly at the edge. A `range` leaves out its end, "
    "so it must go on to one after the last start."
)
def _conv_range_end(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded = _framed(x, padding)
    room = zip(padded.shape, kernel.shape, stride, strict=True)
    return _slid(padded, kernel, stride, shape=tuple(len(range(0, n - k, s)) for n, k, s in room))


@conv2d.mistake(
    "The output size is rounded up, so the last windows stick out. A step that does not fit is not "
    "made: round down, with `//`."
)
def _conv_up(x, kernel, stride=(1, 1), padding=(0, 0)):
    padded = _framed(x, padding)
    room = zip(padded.shape, kernel.shape, stride, strict=True)
    return _slid(padded, kernel, stride, shape=tuple(-(-(n - k) // s) + 1 for n, k, s in room))


@conv2d.mistake("The padding is not used.")
def _conv_no_padding(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(x, kernel, stride)


@conv2d.mistake(
    "The output has the size for the padded input, but the windows are cut from `x` itself. Cut "
    "them from the padded array."
)
def _conv_from_x(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(x, kernel, stride, shape=_places(_framed(x, padding), kernel, stride))


@conv2d.mistake("The two paddings are exchanged: the first is for rows, above and below.")
def _conv_paddings_swapped(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding[::-1]), kernel, stride)


@conv2d.mistake(
    "Both pairs are read as (across, down). They are (down, across): `stride[0]` and `padding[0]` "
    "are for the rows."
)
def _conv_pairs_swapped(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding[::-1]), kernel, stride[::-1])


@conv2d.mistake("The first padding is used for both axes. Columns have `padding[1]`.")
def _conv_first_padding(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(np.pad(x, padding[0]), kernel, stride)


@conv2d.mistake(
    "`np.pad` takes a pair as (before, after), and for both axes. Give it a pair for each axis: "
    "`((down, down), (across, across))`."
)
def _conv_numpy_pair(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(np.pad(x, padding), kernel, stride)


@conv2d.mistake("The padding is added above and on the left only. Each axis gets it at both ends.")
def _conv_in_front(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(np.pad(x, ((padding[0], 0), (padding[1], 0))), kernel, stride)


@conv2d.mistake("The padding is added below and on the right only. Each axis gets it at both ends.")
def _conv_behind(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(np.pad(x, ((0, padding[0]), (0, padding[1]))), kernel, stride)


@conv2d.mistake(
    "The padded array has the right size, but the picture is in its upper left corner. It "
    "begins in row `padding[0]` and column `padding[1]`."
)
def _conv_in_the_corner(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(np.pad(x, ((0, 2 * padding[0]), (0, 2 * padding[1]))), kernel, stride)


@conv2d.mistake(
    "The fractions are cut off where the picture holds whole numbers: is the output made in the "
    "dtype of the picture? A weight may be 0.5: make it with `np.zeros(shape)`."
)
def _conv_in_the_dtype_of_the_picture(x, kernel, stride=(1, 1), padding=(0, 0)):
    return _slid(_framed(x, padding), kernel, stride).astype(x.dtype)


def _two_at_once(first, second):
    """Register two mistakes made at once. Each is its words and what it makes of each argument."""
    words = f"Two things at once: {first[0]}, and {second[0]}."
    turned, framed, stepped = (first[1] | second[1]).get, _framed, lambda stride: stride

    def both(x, kernel, stride=(1, 1), padding=(0, 0)):
        kernel = kernel[::-1, ::-1] if turned("kernel") else kernel
        padded = turned("padding", framed)(x, padding)
        return _slid(padded, kernel, turned("stride", stepped)(stride))

    conv2d.mistake(words)(both)


_TURNED = ("the kernel is flipped (half a turn)", {"kernel": True})
_PADDINGS = (
    ("the padding is not used", {"padding": lambda x, padding: x}),
    (
        "the padding is added above and on the left only",
        {"padding": lambda x, p: np.pad(x, ((p[0], 0), (p[1], 0)))},
    ),
    (
        "the padding is added below and on the right only",
        {"padding": lambda x, p: np.pad(x, ((0, p[0]), (0, p[1])))},
    ),
    (
        "the picture is in the upper left corner of the padded array",
        {"padding": lambda x, p: np.pad(x, ((0, 2 * p[0]), (0, 2 * p[1])))},
    ),
    (
        "the first padding is used for both axes",
        {"padding": lambda x, p: np.pad(x, p[0])},
    ),
    ("the two paddings are exchanged", {"padding": lambda x, p: _framed(x, p[::-1])}),
)
_STRIDES = (
    ("the stride is not used", {"stride": lambda stride: (1, 1)}),
    ("the stride is used for rows only", {"stride": lambda stride: (stride[0], 1)}),
    ("the first stride is used for both axes", {"stride": lambda stride: (stride[0],) * 2}),
    ("the two strides are exchanged", {"stride": lambda stride: stride[::-1]}),
)
for _other in (*_PADDINGS, *_STRIDES):
    _two_at_once(_TURNED, _other)
for _padding in _PADDINGS:
    for _stride in _STRIDES:
        if "exchanged" not in _padding[0] or "exchanged" not in _stride[0]:  # has its own words
            _two_at_once(_padding, _stride)


quiz = Quiz(
    "ex.quiz",
    (
        "A 3×3 kernel slides over a picture at stride 1. With which padding does every pixel lie "
        "under equally many windows?",
        wrong(
            "0: no invented pixels, so no pixel is favoured",
            "Without padding a corner lies under a single window, and a pixel in the middle under "
            "9.",
        ),
        wrong(
            "1: that is same padding, which treats all pixels the same",
            "It keeps the size the same. A corner lies under 4 windows, an edge under 6, the "
            "interior under 9.",
        ),
        right(
            "2: the window must go so far out that its last weight meets the first pixel",
            "Full padding, K − 1. At stride 1 each pixel lies under each of the nine weights once.",
        ),
        wrong(
            "None: a border can never be made fair",
            "It can, at a price: with enough padding every pixel is read 9 times, but the map "
            "grows.",
        ),
    ),
    (
        "A map of 12×12 meets a 3×3 kernel at stride 2, without padding. (12 − 3)/2 is 4.5. What "
        "happens?",
        wrong(
            "An error: the division must come out whole",
            "CS231n's notes call it invalid, and it is a good habit to look. But frameworks round "
            "down, and so does `cnnlib`.",
        ),
        right(
            "The output is 5×5, and the last row and the last column of the input are never read",
            "Rounded down there are 4 whole steps, so 5 stops. The last window ends in row 10, and "
            "nothing says that row 11 is lost.",
        ),
        wrong(
            "The output is 6×6: the last window sticks out and reads zeros",
            "That would be rounding up, as AlexNet's own program did. The convolutions of today's "
            "libraries leave out a window that does not fit in whole.",
        ),
        wrong(
            "The output is 5×5, made of windows that are stretched a little to cover everything",
            "The size is right, but a window never changes its size or its step. What is left over "
            "stays unread.",
        ),
    ),
    (
        "A layer with a 5×5 kernel and padding 2 gets a map of 32×32. Its stride is 2. How large "
        "is the output?",
        right(
            "16×16",
            "32 + 4 − 5 = 31, that is 15 whole steps of 2, so 16 stops. The padding is called "
            "same, but it keeps the size at stride 1 only.",
        ),
        wrong(
            "32×32: padding 2 is same padding for a 5×5 kernel",
            "It is, at stride 1. At stride 2 the window stops half as often.",
        ),
        wrong(
            "14×14",
            "That is the output without padding: (32 − 5)/2 is 13.5, rounded down, plus 1.",
        ),
        wrong(
            "15×15",
            "These are the steps. There is one stop more than there are steps.",
        ),
    ),
    (
        "Why do nearly all kernels have an odd size?",
        wrong(
            "An even kernel cannot be slid over a picture",
            "It can: the 2×2 kernel of this notebook did.",
        ),
        wrong(
            "Odd kernels have fewer weights",
            "A 3×3 kernel has more weights than a 2×2. The number of weights does not decide it.",
        ),
        wrong(
            "The formula for the output size gives a whole number for odd kernels only",
            "At stride 1 there is no division in it, and at larger strides the remainder depends "
            "on the input too.",
        ),
        right(
            "They have a centre pixel, so equal padding on both sides can keep the size",
            "An even kernel would need half a pixel on each side. With all of it on one side, the "
            "picture moves.",
        ),
    ),
    (
        "At stride 1, a map holds `[[3, 8, 1], [4, 9, 2], [7, 5, 6]]`. A book prints "
        "`[[3, 1], [7, 11]]` for the same input and kernel at stride 2. What do you say?",
        wrong(
            "It may be right: at stride 2 the windows hold other pixels",
            "They are some of the same windows. Stride leaves windows out, and makes no new ones.",
        ),
        right(
            "It is wrong, and that can be seen without the input: 11 is not in the first map",
            "A strided map holds every second row and column of the map at stride 1: "
            "`[[3, 1], [7, 6]]`.",
        ),
        wrong(
            "Without the kernel nobody can say",
            "The first map is enough. Its cells `[::2, ::2]` are the whole answer.",
        ),
    ),
    (
        "Compare three layers of 3×3 with one of 7×7, each with C channels in and out. Which "
        "sentence is true?",
        wrong(
            "Both can compute exactly the same",
            "They see the same 49 pixels. But 27 numbers cannot set 49 weights freely: most 7×7 "
            "kernels are out of their reach.",
        ),
        wrong(
            "The stack sees 9×9 pixels, since three times three is nine",
            "Neighbouring windows overlap. Each layer adds K − 1 = 2 pixels: 3, 5, 7.",
        ),
        right(
            "Both see 7×7 pixels, and the stack has 27C² weights instead of 49C²",
            "About 55% of the weights for the same receptive field, with room for two more "
            "activation functions.",
        ),
        wrong(
            "The stack has more weights, because it has more layers",
            "Three times 9 is 27, and 7 times 7 is 49. The area of a kernel grows faster than its "
            "side.",
        ),
    ),
)
