"""The size of the output, and the padding that keeps it."""

import numpy as np

from cnnlib.course.judge.run import Call, case
from cnnlib.course.padding_and_stride.exercises.shared import chapter

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


@output_size.mistake("The padding is not used.")
def _no_padding(size, kernel_size, stride=1, padding=0):
    return (size - kernel_size) // stride + 1


@output_size.mistake("The stride is not used.")
def _no_stride(size, kernel_size, stride=1, padding=0):
    return size + 2 * padding - kernel_size + 1


@output_size.mistake(
    "The division is rounded up. A last step that does not fit is not made: round down, with `//`."
)
def _up(size, kernel_size, stride=1, padding=0):
    return -(-(size + 2 * padding - kernel_size) // stride) + 1


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
    """Add a pixel behind and one in front in turn, until 30 pixels give 30."""
    before = after = 0
    while _positions(30 + before + after, kernel_size) < 30:
        before, after = (before, after + 1) if before == after else (before + 1, after)
    return before, after


@chapter.coding(
    "The padding that keeps the size",
    level=1,
    minutes=5,
    hand=[(case(3), (1, 1)), (case(2), (0, 1)), (case(5), (2, 2)), (case(4), (1, 2))],
    cases=lambda rng: case(int(rng.integers(1, 30))),
    oracle=_padding_that_keeps,
    parts=("before", "after"),
    hints=[
        "Without padding, a kernel of 4 turns 28 pixels into 25. How many pixels have to be added "
        "in all, so that 28 come out?",
        "In all, `kernel_size - 1` pixels are missing. Half of them go in front. What if that is "
        "an odd number? A pixel cannot be halved, so round down.",
        "What does not go in front goes behind: `total - before`.",
    ],
)
def same_padding(kernel_size):
    """Return how many pixels to add before and after a row, to keep its size at stride 1."""
    total = kernel_size - 1
    before = total // 2
    return before, total - before


@same_padding.mistake(
    "With an even kernel this is one pixel too few, and the row shrinks by 1. What does not go in "
    "front goes behind: `total - before`."
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
    "With an even kernel the extra pixel is in front. Here it belongs behind, as in the example."
)
def _in_front(kernel_size):
    return kernel_size // 2, (kernel_size - 1) // 2


@same_padding.mistake(
    "This is full padding: the row grows by `kernel_size - 1`. Both sides together get that many."
)
def _full(kernel_size):
    return kernel_size - 1, kernel_size - 1


@same_padding.mistake(
    "Everything is put behind the row. That keeps the size, but it moves the picture: share the "
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
