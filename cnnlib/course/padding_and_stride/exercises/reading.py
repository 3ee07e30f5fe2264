"""Pixels that no window reads, and layers that see far enough."""

from itertools import count

import numpy as np

from cnnlib import shapes
from cnnlib.course.judge.run import Call, case
from cnnlib.course.padding_and_stride.exercises.shared import chapter

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
    "Where the padding is 0 it goes wrong: `-0` is 0, so the slice `0:-0` is empty. Write the end "
    "as start plus size."
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
    target, kernel_size, stride = (int(rng.integers(1, high)) for high in (60, 7, 4))
    return case(target, kernel_size + 1, stride=stride)


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
    cases=_views,
    oracle=_layers_by_going_back,
    seconds=3.0,
    hints=[
        "Before the first layer, a pixel sees 1 pixel: itself. What does it see after one layer of "
        "3×3, and after two?",
        "Keep three numbers: what is seen so far, how many input pixels a step is worth by now, "
        "and how many layers there are. Go on `while` too little is seen.",
        "A layer adds `(kernel_size - 1) * jump` pixels. Only then is the next step longer, by the "
        "factor `stride`.",
    ],
)
def layers_needed(target, kernel_size, stride=1):
    """Return how many equal layers an output pixel needs to see `target` pixels."""
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
    "Sometimes this goes on although enough is seen. Before the first layer a pixel sees 1 pixel, "
    "itself, and `target` pixels are enough: start from 1, and go on `while seen < target`."
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
    "Unless the view is exactly as large as asked for, a layer is missing. Less than `target` is "
    "not enough: count the layer that goes beyond it too."
)
def _layers_one_less(target, kernel_size, stride=1):
    seen, layers = 1, 0
    while seen + (kernel_size - 1) * stride**layers <= target:
        seen += (kernel_size - 1) * stride**layers
        layers += 1
    return layers


@layers_needed.mistake(
    "The first layer is not counted. To see a whole kernel takes one layer already: start with "
    "1 pixel and 0 layers."
)
def _layers_first_free(target, kernel_size, stride=1):
    return _layers(target, kernel_size, lambda n: (kernel_size - 1) * stride ** (n + 1))


@layers_needed.mistake(
    "Only `target` 1 goes wrong. A pixel sees itself without any layer: start with 1 pixel and "
    "0 layers."
)
def _layers_at_least_one(target, kernel_size, stride=1):
    return max(1, _layers(target, 1, lambda n: (kernel_size - 1) * stride**n))
