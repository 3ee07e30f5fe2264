"""Exercises of notebook 08: the rows of AlexNet, and a network of one's own under a budget."""

import math

import numpy as np

from cnnlib.course.judge.compare import describe_kind
from cnnlib.course.judge.exercise import ExerciseSet, NotAttempted
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case
from cnnlib.course.judge.show import Table
from cnnlib.layers import (
    Conv2d,
    Flatten,
    GlobalAvgPool2d,
    Layer,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sigmoid,
    Tanh,
)
from cnnlib.model import Parallel, Residual, Sequential

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


# 1. Larger photographs

fc6_inputs = chapter.prediction(
    "fc6_inputs",
    "Larger photographs",
    level=1,
    minutes=5,
    expected=7 * 7 * 256,
    mistakes=[
        (
            6 * 6 * 256,
            "That is FC6 for photographs of 227×227. Each map before it is larger now: compute the "
            "rows again.",
        ),
        (
            7 * 7 * 384,
            "The depth is 384 here. But POOL3 takes what CONV5 puts out, and CONV5 has 256 "
            "filters.",
        ),
        (15 * 15 * 256, "POOL3 is missing: it still makes 7×7 of 15×15."),
        (7 * 7, "These are the pixels of one map. There are 256 maps."),
        (
            7 * 7 * 256 * 4096,
            "Those are the weights of FC6. The question is how many numbers reach it.",
        ),
        (7 * 256, "The maps have two sides: 7·7 pixels each, and 256 of them."),
        (
            5 * 5 * 256,
            "The + 1 of the formula is missing. The first window needs no step, so there is one "
            "place more than there are steps.",
        ),
        (
            3 * 3 * 256,
            "The + 1 of the formula is missing in every row, so that even a convolution with same "
            "padding shrinks its maps.",
        ),
    ],
    why="CONV1 63, POOL1 31, CONV2 31, POOL2 15, CONV3 to CONV5 15, POOL3 7: so 7·7·256 = 12,544 "
    "numbers. The convolutions would take the larger photograph as they are, but FC6 would not "
    "fit.",
    hints=[
        "Start with CONV1: (259 - 11)/4 + 1 = 62 + 1 = 63. Then use the same formula row by row: "
        "the windows, strides and paddings are those of the table.",
        "POOL1 makes 31 of 63, POOL2 makes 15 of 31. What does POOL3 make of 15? FC6 gets every "
        "pixel of every map.",
    ],
)


# 2. Counting parameters, with groups


def _groups(rng: np.random.Generator) -> Call:
    groups = int(rng.integers(1, 5))
    c_in, c_out, kernel_size = (int(value) for value in rng.integers(1, 8, 3))
    return case(groups * c_in, groups * c_out, kernel_size, groups=groups)


def _conv_parameters(c_in, c_out, kernel_size, groups=1):
    """Count the weights filter by filter, and a bias for each."""
    filters = [kernel_size * kernel_size * c_in // groups] * c_out
    return sum(filters) + len(filters)


_GROUP_REGIONS = {
    "each channel is a group of its own": [case(6, 6, 3, groups=6), case(4, 12, 5, groups=4)],
    "the kernel is 1×1": [case(8, 3, 1), case(8, 4, 1, groups=2)],
    "there is one channel and one filter": [case(1, 1, 3)],
    "the layer is large": [case(4096, 4096, 11), case(100_000, 100_000, 7, groups=4)],
    "the kernel is larger than 7×7": [case(3, 5, 11), case(4, 6, 9, groups=2)],
    "`groups` is given as 1": [case(3, 5, 2, groups=1)],
}


@chapter.coding(
    "Parameters, in one piece or in groups",
    level=1,
    minutes=5,
    hand=[
        (case(3, 96, 11), 34_944),
        (case(96, 256, 5), 614_656),
        (case(96, 256, 5, groups=2), 307_456),
    ],
    cases=_groups,
    regions=_GROUP_REGIONS,
    oracle=_conv_parameters,
    hints=[
        "How many numbers does a single filter hold? It has a kernel for each channel that it "
        "sees, and one bias.",
        "In two groups a filter sees half of the channels, `c_in // 2`. There are still `c_out` "
        "filters, each with its bias.",
    ],
)
def conv_parameters(c_in, c_out, kernel_size, groups=1):
    """Return how many numbers a convolution learns."""
    channels = c_in // groups
    weights = kernel_size * kernel_size * channels
    return (weights + 1) * c_out


@conv_parameters.mistake("The biases are missing: one for each filter, so `c_out` in all.")
def _no_bias(c_in, c_out, kernel_size, groups=1):
    return kernel_size**2 * c_in // groups * c_out


@conv_parameters.mistake(
    "The biases are counted for the input channels. There is one for each filter: `c_out`."
)
def _bias_of_inputs(c_in, c_out, kernel_size, groups=1):
    return kernel_size**2 * c_in // groups * c_out + c_in


@conv_parameters.mistake(
    "Only one bias is counted for the whole layer. Each filter has its own: `c_out` in all."
)
def _one_bias(c_in, c_out, kernel_size, groups=1):
    return kernel_size**2 * c_in // groups * c_out + 1


@conv_parameters.mistake(
    "A bias is counted for each kernel. A filter adds up the results of its kernels, and one bias."
)
def _bias_of_kernels(c_in, c_out, kernel_size, groups=1):
    return (kernel_size**2 + 1) * c_in // groups * c_out


@conv_parameters.mistake(
    "The groups are not used. In two groups, each filter sees half of the input channels."
)
def _no_groups(c_in, c_out, kernel_size, groups=1):
    return (kernel_size**2 * c_in + 1) * c_out


@conv_parameters.mistake(
    "Two things: the biases are missing, one for each filter; and the groups are not used."
)
def _no_bias_no_groups(c_in, c_out, kernel_size, groups=1):
    return kernel_size**2 * c_in * c_out


@conv_parameters.mistake(
    "The biases are divided by the groups too. Each of the `c_out` filters keeps its bias: divide "
    "the weights only."
)
def _bias_in_groups(c_in, c_out, kernel_size, groups=1):
    return (kernel_size**2 * c_in + 1) * c_out // groups


@conv_parameters.mistake(
    "The weights are divided by the groups twice, as if there were fewer filters as well. A filter "
    "sees fewer channels, but there are still `c_out` filters."
)
def _groups_twice(c_in, c_out, kernel_size, groups=1):
    return kernel_size**2 * (c_in // groups) * (c_out // groups) + c_out


@conv_parameters.mistake(
    "This is one group. There are `groups` of them side by side, and together they have `c_out` "
    "filters."
)
def _one_group(c_in, c_out, kernel_size, groups=1):
    return (kernel_size**2 * (c_in // groups) + 1) * (c_out // groups)


@conv_parameters.mistake(
    "A kernel has two sides: `kernel_size * kernel_size` weights for each channel."
)
def _one_side(c_in, c_out, kernel_size, groups=1):
    return (kernel_size * c_in // groups + 1) * c_out


@conv_parameters.mistake(
    "The input channels are missing. A filter has one kernel for each channel that it sees."
)
def _no_channels(c_in, c_out, kernel_size, groups=1):
    return (kernel_size**2 + 1) * c_out


@conv_parameters.mistake("That is a single filter with its bias. The layer has `c_out` of them.")
def _one_filter(c_in, c_out, kernel_size, groups=1):
    return kernel_size**2 * c_in // groups + 1


@conv_parameters.mistake(
    "The biases are right, but the weights are those of a single filter. The layer has `c_out` of "
    "them."
)
def _weights_of_one_filter(c_in, c_out, kernel_size, groups=1):
    return kernel_size**2 * c_in // groups + c_out


@conv_parameters.mistake(
    "The weights are multiplied by the groups. In groups each filter sees fewer channels: divide."
)
def _times_groups(c_in, c_out, kernel_size, groups=1):
    return (kernel_size**2 * c_in * groups + 1) * c_out


# 3. Bytes to remember

memory = chapter.prediction(
    "memory",
    "Bytes to remember",
    level=1,
    minutes=3,
    expected=32 * 256 * 27 * 27 * 4,
    mistakes=[
        (256 * 27 * 27 * 4, "That is for one picture. The batch has 32."),
        (32 * 256 * 27 * 27, "These are the numbers. Each of them takes 4 bytes."),
        (32 * 256 * 27 * 27 * 32, "These are bits: a float32 has 32 of them, which is 4 bytes."),
        (
            614_656 * 4,
            "That is the memory of CONV2's parameters. The question is about its output, and "
            "every picture has one of its own.",
        ),
        (
            32 * 614_656 * 4,
            "That is the memory of CONV2's parameters, 32 times. The parameters are stored once; "
            "it is the output that every picture has for itself.",
        ),
        (
            256 * 27 * 27,
            "These are the numbers of one picture. There are 32, and 4 bytes to a number.",
        ),
        (
            32 * 96 * 27 * 27 * 4,
            "The depth is 96 here, which is what CONV2 gets. It puts out one map for each of its "
            "256 filters.",
        ),
        (
            32 * 256 * 13 * 13 * 4,
            "The size is 13×13 here, which is what POOL2 makes of CONV2's output.",
        ),
        (
            32 * 256 * 27 * 27 * 8,
            "A float32 takes 4 bytes: 32 bits, with 8 bits to a byte. 8 bytes would be float64.",
        ),
    ],
    why="32·256·27·27 = 5,971,968 numbers, and 4 bytes for each: almost 24 MB for one row of the "
    "table.",
    hints=[
        "How many numbers does CONV2 put out for one picture? Their shape is in the table: height "
        "times width times depth.",
        "256·27·27 numbers for one picture. Then 32 pictures, and 4 bytes for each number.",
    ],
)


# 4. Sizing the rows


def _shape_after(row, shape):
    """Return the shape that a row of the table puts out, its places counted one by one."""
    _, filters, window, stride, padding = row
    depth, *sides = shape
    places = (len(range(0, side + 2 * padding - window + 1, stride)) for side in sides)
    return (depth if filters is None else filters, *places)


def _output_shapes(shape, rows):
    shapes = {}
    for row in rows:
        shape = _shape_after(row, shape)
        shapes[row[0]] = shape
    return shapes


def _some_rows(rng: np.random.Generator) -> Call:
    shape = first = tuple(int(value) for value in rng.integers((1, 2, 2), (4, 16, 16)))
    rows = []
    for number in range(1, int(rng.integers(1, 4)) + 1):
        window = int(rng.integers(1, min(4, *shape[1:]) + 1))
        stride, padding = int(rng.integers(1, 4)), int(rng.integers(0, window // 2 + 1))
        pool = rng.random() < 0.4
        name, filters = ("POOL", None) if pool else ("CONV", int(rng.integers(1, 6)))
        rows.append((f"{name}{number}", filters, window, stride, padding))
        shape = _shape_after(rows[-1], shape)
    return case(first, rows)


_ROW_REGIONS = {
    "rows have names of their own": [
        case((2, 9, 9), [("POOLED", 3, 3, 1, 0), ("S2", None, 2, 2, 0), ("conv", 4, 1, 1, 0)]),
        case((2, 9, 9), [("first", None, 3, 2, 0), ("POOL", 5, 3, 1, 1)]),
    ],
    "there are no rows": [case((3, 5, 6), [])],
    "the photograph is wide or high": [
        case((3, 5, 40), [("CONV1", 2, 5, 3, 0), ("POOL1", None, 1, 2, 0)]),
        case((3, 40, 5), [("CONV1", 2, 5, 3, 0), ("POOL1", None, 1, 2, 0)]),
    ],
    "the stride leaves a remainder": [
        case((1, 10, 11), [("CONV1", 2, 3, 4, 0)]),
        case((1, 10, 11), [("POOL1", None, 3, 2, 1)]),
    ],
    "the stride is larger than the window": [case((1, 11, 9), [("CONV1", 3, 2, 5, 0)])],
    "the window covers the whole photograph": [case((2, 4, 4), [("CONV1", 3, 4, 1, 0)])],
    "the padding is large": [case((2, 3, 4), [("CONV1", 3, 3, 1, 4)])],
    "a convolution keeps the depth": [case((4, 6, 7), [("CONV1", 4, 3, 1, 1)])],
    "there are more than three rows": [
        case(
            (3, 40, 50),
            [
                ("CONV1", 8, 5, 2, 2),
                ("POOL1", None, 3, 2, 0),
                ("CONV2", 16, 3, 1, 1),
                ("CONV3", 4, 3, 1, 0),
                ("POOL2", None, 2, 2, 0),
            ],
        )
    ],
}


_ALEXNET = [
    ("CONV1", 96, 11, 4, 0),
    ("POOL1", None, 3, 2, 0),
    ("CONV2", 256, 5, 1, 2),
]


@chapter.coding(
    "Sizing the rows",
    level=2,
    minutes=15,
    hand=[
        (case((3, 227, 227), _ALEXNET[:1]), {"CONV1": (96, 55, 55)}),
        (
            case((3, 227, 227), _ALEXNET),
            {"CONV1": (96, 55, 55), "POOL1": (96, 27, 27), "CONV2": (256, 27, 27)},
        ),
    ],
    cases=_some_rows,
    regions=_ROW_REGIONS,
    oracle=_output_shapes,
    hints=[
        "The loop of this notebook keeps a depth and one size. Which third number does it need for "
        "photographs that are not square?",
        "Take the shape apart first: `depth, height, width = shape`. Each row then changes all "
        "three, and the next row starts from what came out.",
        "A pool has `filters` None: there the depth stays. Height and width get the same formula, "
        "with `//`, one after the other.",
    ],
)
def output_shapes(shape, rows):
    """Return the output shape (C, H, W) of each row under its name."""
    depth, height, width = shape
    shapes = {}
    for name, filters, window, stride, padding in rows:
        if filters is not None:
            depth = filters
        height = (height + 2 * padding - window) // stride + 1
        width = (width + 2 * padding - window) // stride + 1
        shapes[name] = (depth, height, width)
    return shapes


def _walk(shape, rows, size, depth=lambda c, filters: c if filters is None else filters):
    """Walk as the solution does, with another formula for sizes or for the depth."""
    shapes = {}
    for name, filters, window, stride, padding in rows:
        sides = tuple(size(n, window, stride, padding) for n in shape[1:])
        shape = shapes[name] = (depth(shape[0], filters), *sides)
    return shapes


def _size(size, window, stride, padding):
    return (size + 2 * padding - window) // stride + 1


@output_shapes.mistake(
    "The depth of a pool is None here. A pool makes as many maps as it is given: keep the depth."
)
def _pool_none(shape, rows):
    return _walk(shape, rows, _size, lambda c, filters: filters)


@output_shapes.mistake(
    "The depth never changes. A convolution makes one map for each of its filters."
)
def _depth_stays(shape, rows):
    return _walk(shape, rows, _size, lambda c, filters: c)


@output_shapes.mistake(
    "The depths are multiplied. Each filter adds up its results over all channels, so the new "
    "depth is the number of filters."
)
def _depth_multiplied(shape, rows):
    return _walk(shape, rows, _size, lambda c, filters: c * (filters or 1))


@output_shapes.mistake("The width is taken from the height. A photograph need not be square.")
def _square(shape, rows):
    walked = _walk(shape, rows, _size)
    return {name: (c, h, h) for name, (c, h, _) in walked.items()}


@output_shapes.mistake("The depth comes last, as on paper. In arrays it comes first: (C, H, W).")
def _depth_last(shape, rows):
    return {name: (h, w, c) for name, (c, h, w) in _walk(shape, rows, _size).items()}


@output_shapes.mistake(
    "Each row starts from the photograph again. It starts from what the row before it puts out."
)
def _from_the_start(shape, rows):
    depth, shapes = shape[0], {}
    for row in rows:
        depth = depth if row[1] is None else row[1]
        shapes[row[0]] = (depth, *(_size(n, *row[2:]) for n in shape[1:]))
    return shapes


@output_shapes.mistake("The padding is counted once. It is added at both ends: `2 * padding`.")
def _padding_once(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: (n + p - k) // s + 1)


@output_shapes.mistake("The padding is not used.")
def _no_padding(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: (n - k) // s + 1)


@output_shapes.mistake("The stride is not used.")
def _no_stride(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: n + 2 * p - k + 1)


@output_shapes.mistake("Neither the stride nor the padding is used.")
def _no_stride_no_padding(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: n - k + 1)


@output_shapes.mistake(
    "Two things: the padding is added at both ends, `2 * padding`; and there is one place more "
    "than there are steps, so add 1 after the division."
)
def _padding_once_no_first(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: (n + p - k) // s)


@output_shapes.mistake(
    "The first place is missing: there is one place more than there are steps. Add 1 after the "
    "division."
)
def _no_first(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: (n + 2 * p - k) // s)


@output_shapes.mistake(
    "The division is rounded up. A last step that does not fit is not made: round down, with `//`."
)
def _up(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1)


@output_shapes.mistake(
    "The division is rounded to the nearest whole number. A step that fits only in part is not "
    "made: round down, with `//`."
)
def _nearest(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: round((n + 2 * p - k) / s) + 1)


@output_shapes.mistake(
    "Only the window is divided by the stride, since `//` binds tighter than `+` and `-`. Put the "
    "sum in parentheses."
)
def _no_parentheses(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: n + 2 * p - k // s + 1)


@output_shapes.mistake(
    "The 1 is added before the division. It is the first place, not a pixel: divide, then add 1."
)
def _one_inside(shape, rows):
    return _walk(shape, rows, lambda n, k, s, p: (n + 2 * p - k + 1) // s)


@output_shapes.mistake(
    "The shape is taken apart as height, width, depth. In arrays the depth comes first."
)
def _unpacked_depth_last(shape, rows):
    h, w, c = shape
    walked = _walk((c, h, w), rows, _size)
    return {name: (h, w, c) for name, (c, h, w) in walked.items()}


@output_shapes.mistake(
    "The shape is taken apart as height, width, depth, although it is put together in the right "
    "order. In arrays the depth comes first."
)
def _unpacked_only(shape, rows):
    h, w, c = shape
    return _walk((c, h, w), rows, _size)


@output_shapes.mistake(
    "Only the first row is there. Is the `return` inside the loop? It belongs after the loop, as "
    "far to the left as `for`."
)
def _first_row_only(shape, rows):
    return _walk(shape, rows[:1], _size)


# 5. Counting the work


def _convolution(rng: np.random.Generator) -> Call:
    filters, window, stride = (int(value) for value in rng.integers(1, 5, 3))
    padding = int(rng.integers(0, 3))
    low = max(1, window - 2 * padding)
    shape = int(rng.integers(1, 5)), *(int(value) for value in rng.integers(low, 12, 2))
    return case(shape, filters, window, stride=stride, padding=padding)


def _multiply_adds(shape, filters, window, stride=1, padding=0):
    outputs = math.prod(_shape_after(("", filters, window, stride, padding), shape))
    return outputs * shape[0] * window * window


_WORK_REGIONS = {
    "the kernel is 1×1": [case((8, 5, 6), 3, 1), case((8, 5, 6), 3, 1, stride=2)],
    "there is one channel and one filter": [case((1, 5, 7), 1, 3)],
    "the stride leaves a remainder": [case((2, 10, 12), 3, 3, stride=4)],
    "the window covers the whole input": [case((3, 6, 6), 10, 6), case((3, 6, 5), 10, 5, stride=3)],
    "the padding is large": [case((2, 3, 4), 3, 3, padding=4)],
    "the input is wide or high": [case((2, 4, 60), 3, 3), case((2, 60, 4), 3, 3, stride=2)],
    "the work is large": [case((512, 1000, 2000), 512, 11, padding=5)],
}


@chapter.coding(
    "Counting the work",
    level=2,
    minutes=8,
    hand=[
        (case((3, 227, 227), 96, 11, stride=4), 105_415_200),
        (case((96, 27, 27), 256, 5, padding=2), 447_897_600),
    ],
    cases=_convolution,
    regions=_WORK_REGIONS,
    oracle=_multiply_adds,
    hints=[
        "What does a single number of the output cost? It is a sum over a window with all its "
        "channels.",
        "One output number costs `window * window * c` multiply-adds. How many output numbers are "
        "there? Find height and width of the output first.",
        "There are `filters * oh * ow` output numbers. The bias is added without a "
        "multiplication, so it does not count.",
    ],
)
def multiply_adds(shape, filters, window, stride=1, padding=0):
    """Return how many multiply-adds a convolution costs for one picture (C, H, W)."""
    c, h, w = shape
    oh = (h + 2 * padding - window) // stride + 1
    ow = (w + 2 * padding - window) // stride + 1
    weights = window * window * c * filters
    return weights * oh * ow


def _work(shape, filters, window, stride, padding):
    """Return the numbers that the work is made of: c, oh and ow."""
    return shape[0], *(_size(n, window, stride, padding) for n in shape[1:])


@multiply_adds.mistake(
    "The places are counted on the input. A filter is used once for each pixel of the output."
)
def _work_input_places(shape, filters, window, stride=1, padding=0):
    return window**2 * shape[0] * filters * shape[1] * shape[2]


@multiply_adds.mistake(
    "These are the weights. In a convolution, each of them is used at every pixel of the output."
)
def _work_weights_only(shape, filters, window, stride=1, padding=0):
    return window**2 * shape[0] * filters


@multiply_adds.mistake(
    "The biases are counted as well. A bias is added without a multiplication, so it is not a "
    "multiply-add."
)
def _work_bias(shape, filters, window, stride=1, padding=0):
    c, oh, ow = _work(shape, filters, window, stride, padding)
    return (window**2 * c + 1) * filters * oh * ow


@multiply_adds.mistake(
    "The input channels are missing. Each output number is a sum over all channels of its window."
)
def _work_no_channels(shape, filters, window, stride=1, padding=0):
    _, oh, ow = _work(shape, filters, window, stride, padding)
    return window**2 * filters * oh * ow


@multiply_adds.mistake("This is a single filter. The layer has `filters` of them.")
def _work_one_filter(shape, filters, window, stride=1, padding=0):
    c, oh, ow = _work(shape, filters, window, stride, padding)
    return window**2 * c * oh * ow


@multiply_adds.mistake("A window has two sides: `window * window` weights for each channel.")
def _work_one_side(shape, filters, window, stride=1, padding=0):
    c, oh, ow = _work(shape, filters, window, stride, padding)
    return window * c * filters * oh * ow


@multiply_adds.mistake(
    "The output is taken to be square: its height is used twice. Work out its width as well."
)
def _work_square(shape, filters, window, stride=1, padding=0):
    c, oh, _ = _work(shape, filters, window, stride, padding)
    return window**2 * c * filters * oh * oh


@multiply_adds.mistake(
    "The numbers are doubled. A multiply-add is one multiplication and the addition after it, and "
    "counts once; counted one by one they would be FLOPs."
)
def _work_flops(shape, filters, window, stride=1, padding=0):
    return 2 * _multiply_adds(shape, filters, window, stride, padding)


@multiply_adds.mistake("The stride is not used: the output is smaller than that.")
def _work_no_stride(shape, filters, window, stride=1, padding=0):
    return _multiply_adds(shape, filters, window, 1, padding)


@multiply_adds.mistake("The padding is not used: the output is larger than that.")
def _work_no_padding(shape, filters, window, stride=1, padding=0):
    c, oh, ow = _work(shape, filters, window, stride, 0)
    return window**2 * c * filters * oh * ow


@multiply_adds.mistake("Neither the stride nor the padding is used.")
def _work_no_stride_no_padding(shape, filters, window, stride=1, padding=0):
    c, oh, ow = _work(shape, filters, window, 1, 0)
    return window**2 * c * filters * oh * ow


@multiply_adds.mistake("The padding is counted once. It is added at both ends: `2 * padding`.")
def _work_padding_once(shape, filters, window, stride=1, padding=0):
    oh, ow = ((n + padding - window) // stride + 1 for n in shape[1:])
    return window**2 * shape[0] * filters * oh * ow


@multiply_adds.mistake(
    "The output is one too small each way: there is one place more than there are steps."
)
def _work_no_first(shape, filters, window, stride=1, padding=0):
    c, oh, ow = _work(shape, filters, window, stride, padding)
    return window**2 * c * filters * (oh - 1) * (ow - 1)


@multiply_adds.mistake(
    "The output is taken to be square: its width is used twice. Work out its height as well."
)
def _work_square_width(shape, filters, window, stride=1, padding=0):
    c, _, ow = _work(shape, filters, window, stride, padding)
    return window**2 * c * filters * ow * ow


@multiply_adds.mistake(
    "These are the numbers of the output. Each of them costs `window * window * c` multiply-adds."
)
def _work_outputs(shape, filters, window, stride=1, padding=0):
    _, oh, ow = _work(shape, filters, window, stride, padding)
    return filters * oh * ow


@multiply_adds.mistake(
    "Only the places down are counted. A window moves across as well: multiply by both."
)
def _work_one_column(shape, filters, window, stride=1, padding=0):
    c, oh, _ = _work(shape, filters, window, stride, padding)
    return window**2 * c * filters * oh


@multiply_adds.mistake(
    "The shape is taken apart as height, width, depth. In arrays the depth comes first."
)
def _work_depth_last(shape, filters, window, stride=1, padding=0):
    h, w, c = shape
    oh, ow = (_size(n, window, stride, padding) for n in (h, w))
    return window**2 * c * filters * oh * ow


# 6. What one value sees

view = chapter.prediction(
    "view",
    "What one value sees",
    level=2,
    minutes=3,
    expected=11 + 2 * 2 + 4 * 4,
    mistakes=[
        (11 + 2 * 4 + 4 * 8, "That is CONV2 of the true AlexNet, with a stride of 4 in CONV1."),
        (11 + 2 + 4, "The strides are not used. After a stride of 2, a step is worth 2 pixels."),
        (
            11 + 2 * 2 + 4 * 2,
            "POOL1's stride is missing. Strides multiply: before CONV2, a step is 2·2 = 4 pixels.",
        ),
        (
            1 + 10 * 2 + 2 * 4 + 4 * 4,
            "Each layer's own stride is counted in its own step. A step is the product of the "
            "strides before the layer, and for CONV1 it is 1 pixel.",
        ),
        (
            11 + 3 * 2 + 5 * 4,
            "A whole window is added each time. One of its pixels was seen before: a layer adds "
            "K - 1 steps.",
        ),
        (11 + 2 * 2, "That is what POOL1 sees. CONV2 comes after it."),
        (5, "That is the kernel on its own map. Each pixel of that map sees many of the input."),
        (11 + 4 * 4, "POOL1's window is missing: it adds 2 steps of 2 pixels."),
    ],
    why="CONV1 sees 11. POOL1 adds 2 steps of 2 pixels: 15. CONV2 adds 4 steps of 2·2 pixels: 31. "
    "Halving one stride took away 20 of the 51 pixels.",
    hints=[
        "CONV1 still sees 11 pixels. After it, how far apart are two neighbours of its map, "
        "measured in pixels of the photograph?",
        "POOL1 adds 3 - 1 = 2 steps of 2 pixels. Its own stride makes the next step twice as long, "
        "and CONV2 adds 5 - 1 = 4 of those.",
    ],
)


# 7. A network within a budget

INPUT = (3, 64, 64)
MOST_PARAMETERS = 100_000
MOST_WORK = 20_000_000
LEAST_VIEW = 40
LEAST_CONVOLUTIONS = 3
_ACTIVATIONS = (ReLU, LeakyReLU, Sigmoid, Tanh)


def _judge(build):
    """Return what keeps a network from the budget, the most basic thing first."""
    if isinstance(build, Layer):
        return (
            "Expected the function that makes the network, got a network. Hand over its name, "
            "without parentheses: `.check(my_network)`."
        )
    if not callable(build):
        came = describe_kind(build)
        return f"Expected a function that takes `rng` and returns a network, got {came}."
    network = build(np.random.default_rng(0))
    if network is ...:
        raise NotAttempted
    if network is None:
        return "The function returns None. Does it end with `return` and the network?"
    if not isinstance(network, Sequential):
        return (
            f"Expected a `Sequential`, got {describe_kind(network)}. Hand the layers to "
            "`Sequential(...)`, one after the other."
        )
    try:
        summary = network.summary(INPUT)
    except ValueError as error:
        return f"The layers do not fit together. {error}"
    rows = [row for row in summary.rows if row.values]  # a container's own row holds none
    if problem := _misfit(network, rows):
        return problem
    if problem := _over_budget(summary, rows) or _blind(network, rows):
        return problem, Table(str(summary))
    dtype = network.parameters()[0].dtype
    scores = network(np.zeros((2, *INPUT), dtype))
    if scores.shape != (2, 10):
        return f"Two pictures give the shape {scores.shape} instead of (2, 10)."
    return None


def _misfit(network, rows):
    shape = rows[-1].output_shape if rows else INPUT
    if shape != (10,):
        return f"Expected 10 scores, the shape (10,), got {shape}."
    convolutions = sum(isinstance(layer, Conv2d) for layer in _leaves(network))
    if convolutions < LEAST_CONVOLUTIONS:
        return (
            f"Expected at least {LEAST_CONVOLUTIONS} convolutions (`Conv2d`), got {convolutions}."
        )
    network.eval()  # nothing random while a layer is tried out
    try:
        ends = _follow(network, INPUT, [None])
    except _Bare as bare:
        return str(bare)
    network.train()
    if all(end is _ACTIVATED for end in ends):
        return (
            "After the last layer that learns comes an activation function. Scores may be "
            "negative: leave them as they are, softmax comes later."
        )
    return None


_ACTIVATED = object()  # what comes last on a way through the network: this, a layer, or None


class _Bare(Exception):
    """Two layers that learn follow each other with no activation function between."""


def _follow(layer, shape, before):
    """Follow every way through a layer; return what each ends with, a layer that learns or not.

    before : what the ways that lead here end with
    """
    ways = [(child, inner) for _, child, inner, _ in layer.flow(shape, (1, 1))]
    if isinstance(layer, Parallel):
        return [end for child, inner in ways for end in _follow(child, inner, before)]
    if isinstance(layer, Residual):
        ends = [end for child, inner in ways for end in _follow(child, inner, before)]
        bent = any(_activates(leaf, None) for leaf in _leaves(layer.main))
        # A shortcut that does nothing lies beside the activation functions of the main way.
        return ends if len(ways) > 1 or bent else [*ends, *before]
    if ways:
        for child, inner in ways:
            before = _follow(child, inner, before)
        return before
    if isinstance(layer, Conv2d | Linear):
        for one in before:
            if one is not None and one is not _ACTIVATED:
                raise _Bare(
                    f"Between {one!r} and {layer!r} there is no activation function. Put a "
                    "`ReLU()` after each layer that learns, except for the last."
                )
        own = type(layer) not in (Conv2d, Linear) and _bends(layer, shape)
        return [_ACTIVATED if own else layer]
    return [_ACTIVATED] if _activates(layer, shape) else before


def _activates(layer, shape):
    """Return whether a layer is an activation function, of the library or of the reader's own."""
    if isinstance(layer, _ACTIVATIONS):
        return True
    return not type(layer).__module__.startswith("cnnlib.") and (
        shape is None or _bends(layer, shape)
    )


def _bends(layer, shape):
    """Return whether a layer is more than a weighted sum: whether f(a + b) + f(0) ≠ f(a) + f(b)."""
    rng = np.random.default_rng(0)
    a, b = 10 * rng.standard_normal((2, 1, *shape), dtype=np.float32)
    dtype = next((parameter.dtype for parameter in layer.parameters()), np.float32)
    sums = [layer(x.astype(dtype)) for x in (a + b, 0 * a, a, b)]
    return not np.allclose(sums[0] + sums[1], sums[2] + sums[3], rtol=1e-3, atol=1e-2)


def _leaves(layer):
    children = [child for _, child in layer.children()]
    return [leaf for child in children for leaf in _leaves(child)] if children else [layer]


def _over_budget(summary, rows):
    if summary.parameters > MOST_PARAMETERS:
        row = max(rows, key=lambda row: row.parameters)
        return (
            f"It has {summary.parameters:,} parameters, and {MOST_PARAMETERS:,} are allowed. The "
            f"most, {row.parameters:,}, are in {row.name.strip()}. A dense layer gets smaller with "
            "the maps that reach it, a convolution with the depths before and after it."
        )
    if summary.multiply_adds > MOST_WORK:
        row = max(rows, key=lambda row: row.multiply_adds)
        return (
            f"It needs {summary.multiply_adds:,} multiply-adds, and {MOST_WORK:,} are allowed. The "
            f"most, {row.multiply_adds:,}, are in {row.name.strip()}. Make its maps smaller, with "
            "a stride or a pool before it, or take fewer filters."
        )
    return None


def _blind(network, rows):
    views = [
        row.receptive_field
        for layer, row in zip(_leaves(network), rows, strict=True)
        if row.receptive_field is not None and not isinstance(layer, GlobalAvgPool2d)
    ]
    if views[-1] < LEAST_VIEW:
        return (
            f"One value of the last map sees {views[-1]} pixels each way, and at least "
            f"{LEAST_VIEW} are needed. A pool or a stride early on makes every later step longer."
        )
    return None


def network(rng):
    """Return a small network for colour photographs of 64×64, with 10 scores."""
    return Sequential(
        *(Conv2d(3, 16, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2)),  # 64 → 32
        *(Conv2d(16, 32, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2)),  # 32 → 16
        *(Conv2d(32, 64, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2)),  # 16 → 8
        *(Conv2d(64, 64, 3, padding=1, rng=rng), ReLU(), MaxPool2d(2)),  # 8 → 4
        Flatten(),
        Linear(64 * 4 * 4, 10, rng=rng),
    )


network = chapter.project(
    "network",
    "A network within a budget",
    level=3,
    minutes=20,
    judge=_judge,
    solution=network,
    praise="It fits: the shapes, the parameters, the work and the view. Print its `summary` once "
    "more: which layer holds most of the parameters, and which does most of the work?",
    hints=[
        "Begin with the network of the last section, for 64×64 photographs, and print its "
        "`summary`. Which row breaks the budget of parameters, and which number makes it so large?",
        "After four pools of 2×2, 64 pixels have become 4. A dense layer on 64 maps of 4×4 has "
        "about 10,000 weights. Four convolutions with pools between them see far, too.",
        "Depths of 16, 32, 64 and 64 with 3×3 kernels and padding 1 stay within both budgets. "
        "After each convolution come a `ReLU()` and a `MaxPool2d(2)`.",
    ],
)


def _stage(c_in, c_out, rng, size=3, pool=2):
    return Conv2d(c_in, c_out, size, padding=size // 2, rng=rng), ReLU(), MaxPool2d(pool)


@network.mistake("parameters, and 100,000 are allowed. The most, 1,638,500, are in 9 Linear")
def _dense_too_early(rng):
    stages = *_stage(3, 16, rng), *_stage(16, 32, rng)
    deep = Conv2d(32, 64, 3, padding=1, rng=rng), ReLU()
    head = Linear(64 * 16 * 16, 100, rng=rng), ReLU(), Linear(100, 10, rng=rng)
    return Sequential(*stages, *deep, Flatten(), *head)


@network.mistake("multiply-adds, and 20,000,000 are allowed.")
def _too_much_work(rng):
    wide = Conv2d(3, 32, 3, padding=1, rng=rng), ReLU()
    stages = *_stage(32, 32, rng, pool=8), *_stage(32, 32, rng)
    return Sequential(*wide, *stages, Flatten(), Linear(32 * 4 * 4, 10, rng=rng))


@network.mistake("sees 15 pixels each way, and at least 40 are needed.")
def _too_near(rng):
    first = Conv2d(3, 16, 3, stride=2, padding=1, rng=rng), ReLU()
    second = Conv2d(16, 32, 3, stride=2, padding=1, rng=rng), ReLU()
    third = Conv2d(32, 64, 3, padding=1, rng=rng), ReLU()
    head = GlobalAvgPool2d(), Flatten(), Linear(64, 10, rng=rng)
    return Sequential(*first, *second, *third, *head)


@network.mistake("there is no activation function. Put a `ReLU()` after each layer that learns")
def _no_activation(rng):
    return Sequential(*(layer for layer in _right(rng) if not isinstance(layer, ReLU)))


@network.mistake("After the last layer that learns comes an activation function.")
def _activated_scores(rng):
    return Sequential(*_right(rng), ReLU())


@network.mistake("Expected at least 3 convolutions (`Conv2d`), got 2.")
def _too_few(rng):
    stages = *_stage(3, 8, rng, size=5, pool=4), *_stage(8, 16, rng, size=5, pool=4)
    return Sequential(*stages, Flatten(), Linear(16 * 4 * 4, 10, rng=rng))


@network.mistake("Expected 10 scores, the shape (10,), got (1000,).")
def _thousand_scores(rng):
    return Sequential(*_right(rng)[:-1], Linear(64 * 4 * 4, 1000, rng=rng))


@network.mistake("Put a Flatten before it")
def _no_flatten(rng):
    return Sequential(*(layer for layer in _right(rng) if not isinstance(layer, Flatten)))


@network.mistake("Expected a `Sequential`, got a list of 14.")
def _only_a_list(rng):
    return _right(rng)


def _right(rng):
    return list(network.model_answer(rng))


# The quiz

quiz = Quiz(
    "ex.quiz",
    (
        "An 11×11 window moves by 4, and the formula rounds down. Which photograph gives it 55 "
        "places along a row?",
        wrong(
            "224 pixels without padding, as the paper says",
            "(224 − 11)/4 is 53.25. Rounded down and plus 1 that is 54. (The authors' own program "
            "rounded up.)",
        ),
        wrong(
            "226 pixels without padding: the next even number that is large enough",
            "(226 − 11)/4 is 53.75, and rounding down makes 53 of it: 54 places. Without padding, "
            "227 is the smallest that gives 55.",
        ),
        wrong(
            "224 pixels with padding 1",
            "That makes 226 pixels, one too few. The two sides together need at least 3.",
        ),
        right(
            "224 pixels with padding 2",
            "228 − 11 = 217, which is 54 whole steps of 4 and so 55 places. The last column of the "
            "padding is never read.",
        ),
    ),
    (
        "A network has one ninth of AlexNet's parameters. What follows?",
        wrong(
            "It is about 9 times faster",
            "GoogLeNet is the counterexample of this notebook: one ninth of the parameters, and "
            "1.4 times the work.",
        ),
        right(
            "Its stored weights take one ninth of the room",
            "That, and no more. Work depends on how often each weight is used.",
        ),
        wrong(
            "It has fewer layers",
            "GoogLeNet has far more. Small kernels and a small head make many layers cheap.",
        ),
        wrong(
            "Training it takes one ninth of the memory",
            "During training, the activations of a large batch take most of the memory. They "
            "depend on the sizes of the maps, not on the number of parameters.",
        ),
    ),
    (
        "Somebody's table says that POOL3 takes 13×13×384. Which row shows that this is a slip?",
        right(
            "CONV5: it has 256 filters, so it puts out 256 maps",
            "POOL3 takes what CONV5 puts out. 384 is the depth of CONV3 and CONV4.",
        ),
        wrong(
            "POOL2: a pool never changes the depth",
            "True, but POOL2 comes three rows earlier. The convolutions after it set new depths.",
        ),
        wrong(
            "POOL3 itself: 3×3 windows with stride 2 do not fit into 13×13",
            "They do: (13 − 3)/2 + 1 = 6, with nothing left over. The size is right, but the depth "
            "is not.",
        ),
        wrong(
            "None: the depth may be 384 there",
            "The depth of a convolution's output is the number of its filters, and the row before "
            "has 256.",
        ),
    ),
    (
        "CONV4 is computed in two groups instead of one. What stays as it was?",
        wrong(
            "The number of its weights",
            "Each filter sees half of the maps, so half of the weights go.",
        ),
        wrong(
            "Its multiply-adds",
            "Each output number is a sum over half as many channels. The work halves with the "
            "weights.",
        ),
        right(
            "The shape of its output and the number of its biases",
            "There are still 384 filters, each with its map and its bias. They only look at fewer "
            "inputs.",
        ),
    ),
    (
        "A training run with batches of 128 does not fit into memory. What do you try first?",
        wrong(
            "Smaller dense layers, since they hold 94% of the parameters",
            "That changes the network. And at this batch size the activations take four times as "
            "much as all parameters: more than parameters, gradients and momentum together.",
        ),
        wrong(
            "A larger batch, so that the weights are loaded less often",
            "The activations grow with the batch. This needs more memory, not less.",
        ),
        right(
            "A smaller batch",
            "The activations, which take the most, shrink in proportion, and the network stays the "
            "same.",
        ),
        wrong(
            "Fewer filters in CONV5",
            "The large activations are at the start, where the maps are large. CONV5 has only a "
            "small part of them.",
        ),
    ),
    (
        "AlexNet is said to have eight layers. Which of these is one of the eight?",
        wrong(
            "POOL2",
            "A pool has nothing to learn, so it is not counted, although it changes the shape.",
        ),
        wrong(
            "NORM1",
            "Normalisation of this kind has four fixed constants and learns nothing.",
        ),
        wrong(
            "Dropout",
            "It sets values to zero during training. It has no weights and changes no shape.",
        ),
        right(
            "FC7",
            "Five convolutions and three dense layers learn: those are the eight.",
        ),
    ),
)
