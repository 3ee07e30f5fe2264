"""Maps and parameters, counted."""

from typing import Any

import numpy as np

from cnnlib.course.judge.run import Call, case
from cnnlib.course.multichannel_filters.exercises.shared import chapter, sides

maps_out = chapter.prediction(
    "maps_out",
    "What comes out",
    level=1,
    minutes=1,
    expected=(6, 16, 26),
    mistakes=[
        ((3, 16, 26), "As many maps as channels went in? Each of the six filters looks at all "
         "three channels and makes one map."),
        ((18, 16, 26), "That counts the kernels, 6 · 3. The three results of a filter are added, "
         "and make one map."),
        ((1, 16, 26), "Within a filter the results are added. The maps of different filters are "
         "stacked."),
        ((9, 16, 26), "The channels and the filters are added up. The six filters alone decide "
         "how many maps come out."),
        ((6, 15, 25), "One place is missing each way: 20 − 5 + 1 rows, 28 − 3 + 1 columns."),
        ((6, 20, 28), "Without padding a map is smaller than its input: a kernel of 5 rows costs "
         "four of them."),
        ((6, 18, 24), "The two sides of the kernel are exchanged: it has 5 rows and 3 columns."),
        ((6, 26, 16), "Rows and columns are exchanged: the height comes before the width."),
        ((16, 26, 6), "The numbers are right. But the arrays of this course have the channels "
         "first: (C, H, W)."),
    ],
    why="Six filters, six maps; 20 − 5 + 1 = 16 rows and 28 − 3 + 1 = 26 columns.",
    hints=[
        "How many maps does one filter make, after it has added up what its kernels found?",
        "The number of filters comes first. Rows and columns shrink as in 02: size − kernel + 1.",
    ],
)  # fmt: skip

mixed_pixel = chapter.prediction(
    "mixed_pixel",
    "One pixel through a 1×1 layer",
    level=1,
    minutes=2,
    expected=(4, 0),
    mistakes=[
        ((4, -1), "The convolution is right. ReLU is missing: of −1 it leaves 0."),
        ((4, 1), "The convolution gives 4 and −1. ReLU does not change the sign of −1, it "
         "cuts it off at 0."),
        ((4, -0.1), "That is leaky ReLU. ReLU leaves nothing of what is below 0."),
        ((3, 0), "The biases are missing. They come before ReLU: 3 + 1 and −5 + 4."),
        ((3, -5), "Those are the sums of the products. The biases 1 and 4 are still to be added, "
         "and then comes ReLU."),
        ((3, 4), "The bias came after ReLU, for the second filter, and is missing for the first. "
         "Add both to the sums, 3 and −5, and then cut off."),
        ((4, 4), "The biases came after ReLU. They belong to the convolution: −5 + 4 = −1, and "
         "then ReLU gives 0."),
        ((6, 7), "The bias was added once for each channel. It comes once for each filter."),
    ],
    why="1 · 4 + 2 · 1 − 1 · 3 + 1 = 4 stays. 0 · 4 − 2 · 1 − 1 · 3 + 4 = −1, and ReLU makes it 0.",
    hints=[
        "A 1×1 filter has one weight for each channel. Three products, one sum, one bias.",
        "The two sums with their biases are 3 + 1 and −5 + 4. What does max(0, x) make of them?",
    ],
)  # fmt: skip

weight_shape = chapter.prediction(
    "weight_shape",
    "Reading it backwards",
    level=1,
    minutes=2,
    expected=(20, 8, 3, 5),
    mistakes=[
        ((8, 20, 3, 5), "Filters and channels are exchanged: C_out comes first, and 20 maps come "
         "out."),
        ((20, 8, 5, 3), "Rows and columns of the kernel are exchanged: the height falls from 30 "
         "to 28, the width from 40 to 36."),
        ((3, 5, 8, 20), "The numbers are right. Papers often write them in this order; the "
         "weights of this course are (C_out, C_in, KH, KW)."),
        ((20, 8, 2, 4), "That is how much height and width shrink. A kernel of K rows costs "
         "K − 1 of them, so K is one larger."),
        ((20, 3, 5), "The depth is missing: each filter has a kernel for each of the 8 channels."),
        ((20, 1, 3, 5), "A filter is as deep as its input: a kernel for each of the 8 channels."),
        ((20, 8, 28, 36), "The last two are the size of the map. A kernel of K rows leaves "
         "30 − K + 1 of 30: solve for K."),
    ],
    why="20 maps out are 20 filters, 8 channels in are 8 kernels in each, and 30 − 28 + 1 = 3 "
    "rows by 40 − 36 + 1 = 5 columns.",
    hints=[
        "Which of the numbers in the shapes decides how many filters there are? And which one how "
        "deep they are?",
        "From 28 = 30 − KH + 1 follows KH. The width has its own.",
    ],
)  # fmt: skip


def _stacks(rng: np.random.Generator) -> Call:
    channels, depth = sides(rng, 5, 3)
    return case(channels, [tuple(sides(rng, 6, 4, 4)) for _ in range(depth)])


def _count(channels: int, stack: Any) -> int:
    """Make the arrays of each layer, and count what is in them."""
    total = 0
    for filters, kh, kw in stack:
        weight = np.empty((filters, channels, kh, kw))
        total += weight.size + len(weight)
        channels = filters
    return total


@chapter.coding(
    "Counting parameters",
    level=2,
    minutes=6,
    hand=[
        (case(3, [(4, 5, 5)]), 304),
        (case(3, [(4, 5, 5), (6, 3, 3)]), 526),
        (case(64, [(192, 3, 3)]), 110_784),
    ],
    regions={
        "there is one layer": [case(3, [(4, 5, 5)]), case(1, [(1, 1, 1)]), case(7, [(2, 1, 3)])],
        "the image is grey": [case(1, [(8, 3, 3), (4, 3, 3)])],
        "a layer has one filter": [
            case(3, [(1, 3, 3), (5, 2, 2)]),
            case(4, [(6, 1, 2), (1, 1, 1)]),
        ],
        "the kernels are 1×1": [case(5, [(2, 1, 1), (3, 1, 1)])],
        "the kernels are not square": [case(2, [(3, 1, 5), (2, 4, 1)])],
        "all layers are equal": [case(6, [(6, 3, 3)] * 4)],
        "there are many layers": [case(3, [(n, 1 + n % 3, 2) for n in range(1, 13)])],
        "the layers are large": [case(512, [(512, 3, 3), (1000, 1, 1)]), case(256, [(384, 3, 3)])],
        "another image had the same stack": [case(1, [(4, 5, 5)]), case(9, [(4, 5, 5)])],
    },
    cases=_stacks,
    oracle=_count,
    hints=[
        "How many numbers does one filter learn, with its bias? And how many filters are there?",
        "One filter has kh · kw weights for each channel of its input, and one bias. How many "
        "channels does the second layer see?",
        "Loop with `for filters, kh, kw in stack:`. Add up `filters * (kh * kw * channels + 1)`; "
        "after each layer, `channels` is the number of its filters.",
    ],
)
def parameter_count(channels, stack):
    """Return how many numbers a stack of layers (filters, kh, kw) learns."""
    total = 0
    for filters, kh, kw in stack:
        total += filters * (kh * kw * channels + 1)
        channels = filters
    return total


@parameter_count.mistake("The biases are missing: one for each filter.")
def _weights_only(channels, stack):
    return _count(channels, stack) - sum(filters for filters, _, _ in stack)


@parameter_count.mistake(
    "The bias is counted once for each kernel. A filter has one bias, added after its kernels' "
    "results are added up."
)
def _bias_per_kernel(channels, stack):
    total = 0
    for filters, kh, kw in stack:
        total += filters * channels * (kh * kw + 1)
        channels = filters
    return total


@parameter_count.mistake("There is one bias for each layer in this count. Each filter has its own.")
def _bias_per_layer(channels, stack):
    return _weights_only(channels, stack) + len(stack)


@parameter_count.mistake(
    "Every layer is given the depth of the image. From the second layer on, the input is what "
    "the layer before put out: as many channels as it has filters."
)
def _depth_of_image(channels, stack):
    return sum(filters * (kh * kw * channels + 1) for filters, kh, kw in stack)


@parameter_count.mistake(
    "The depth is missing: each filter is counted as one kernel. It has a kernel for each channel "
    "of its input."
)
def _flat_filters(channels, stack):
    return sum(filters * (kh * kw + 1) for filters, kh, kw in stack)


@parameter_count.mistake(
    "Each layer is counted as if it had a single filter. Multiply by the number of filters."
)
def _one_filter_each(channels, stack):
    total = 0
    for filters, kh, kw in stack:
        total += kh * kw * channels + 1
        channels = filters
    return total


@parameter_count.mistake(
    "The bias is counted once for each layer's input channel, and not once for each filter."
)
def _bias_per_channel(channels, stack):
    depths = [channels, *(filters for filters, _, _ in stack)]
    return _weights_only(channels, stack) + sum(depths[:-1])


@parameter_count.mistake(
    "The kernels are counted as if they were square. A kernel of `kh` rows and `kw` columns has "
    "`kh * kw` weights."
)
def _square(channels, stack):
    return _count(channels, [(filters, kh, kh) for filters, kh, _ in stack])


@parameter_count.mistake(
    "Only the last layer is counted. Is there `=` where `+=` belongs, or is the sum set back "
    "inside the loop?"
)
def _last_layer(channels, stack):
    depths = [channels, *(filters for filters, _, _ in stack)]
    return _count(depths[-2], stack[-1:])


@parameter_count.mistake(
    "Only the first layer is counted. Is `return` indented too far, inside the loop?"
)
def _first_layer(channels, stack):
    return _count(channels, stack[:1])


@parameter_count.mistake(
    "The depth is renewed too early: each filter is counted as deep as its own layer has filters. "
    "First count, then set `channels = filters`."
)
def _depth_too_early(channels, stack):
    return sum(filters * (kh * kw * filters + 1) for filters, kh, kw in stack)


@parameter_count.mistake(
    "The depth grows from layer to layer, as if earlier maps stayed. A layer sees only what the "
    "layer before put out: `channels = filters`, and not `+=`."
)
def _depth_adds_up(channels, stack):
    total = 0
    for filters, kh, kw in stack:
        total += filters * (kh * kw * channels + 1)
        channels += filters
    return total


@parameter_count.mistake("The sides of a kernel are added. It has `kh * kw` weights.")
def _sides_added(channels, stack):
    return _count(channels, [(filters, kh + kw, 1) for filters, kh, kw in stack])


@parameter_count.mistake(
    "The biases are missing, one for each filter. And every layer is given the depth of the image, "
    "but from the second one on it sees the maps of the layer before."
)
def _weights_of_image_depth(channels, stack):
    return sum(filters * kh * kw * channels for filters, kh, kw in stack)
