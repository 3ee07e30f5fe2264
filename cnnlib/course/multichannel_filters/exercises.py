"""Exercises of notebook 04: filters of many kernels, their parameters, and the matrix product."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cnnlib import functional as F
from cnnlib import layers, reference
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case

chapter = ExerciseSet.of(__name__)
progress = chapter.progress

# The image and the two filters of the notebook's hand calculation.
_IMAGE = np.array(
    [
        [[1.0, 2, 0], [0, 1, 3], [2, 1, 0]],
        [[0, 1, 1], [2, 0, 1], [1, 3, 0]],
        [[2, 0, 1], [1, 1, 0], [0, 2, 1]],
    ]
)
_WEIGHT = np.array(
    [
        [[[1.0, 0], [0, 2]], [[0, 1], [-2, 0]], [[-1, 1], [0, 1]]],
        [[[0, 1], [1, 0]], [[1, 0], [0, -1]], [[1, 1], [0, -1]]],
    ]
)
_BIAS = np.array([2.0, -3.0])
# The picture and the kernel of 02, with stride and padding as in 03.
_PICTURE = np.array([[[[5.0, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]]]])
_KERNEL = np.array([[[[11.0, 4], [5, 2]]]])


def _halves(rng: np.random.Generator, *shape: int) -> Any:
    """Return multiples of one half, which are exact in every float."""
    return rng.integers(-8, 9, shape) / 2


def _sides(rng: np.random.Generator, *tops: int) -> list[int]:
    """Return a whole number from 1 to each of the given ones."""
    return [int(rng.integers(1, top + 1)) for top in tops]


maps_out = chapter.prediction(
    "maps_out",
    "What comes out",
    level=1,
    minutes=1,
    answer=(6, 16, 26),
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
    answer=(4, 0),
    mistakes=[
        ((4, -1), "The convolution is right. ReLU is missing: of −1 it leaves 0."),
        ((4, 1), "The convolution gives 4 and −1. ReLU does not turn the sign of −1, it cuts it "
         "off at 0."),
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
    answer=(20, 8, 3, 5),
    mistakes=[
        ((8, 20, 3, 5), "Filters and channels are exchanged: C_out stands first, and 20 maps come "
         "out."),
        ((20, 8, 5, 3), "Rows and columns of the kernel are exchanged: the height falls from 30 "
         "to 28, the width from 40 to 36."),
        ((3, 5, 8, 20), "The numbers are right. Papers often write them in this order; the "
         "weights of this course are (C_out, C_in, KH, KW)."),
        ((20, 8, 2, 4), "By so much height and width fall. A kernel of K rows costs K − 1 of "
         "them, so K is one larger."),
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
    channels, depth = _sides(rng, 5, 3)
    return case(channels, [tuple(_sides(rng, 6, 4, 4)) for _ in range(depth)])


def _count(channels: int, stack: Any) -> int:
    total = 0
    for filters, kh, kw in stack:
        layer = layers.Conv2d(channels, filters, (kh, kw), rng=np.random.default_rng(0))
        total += sum(p.size for p in layer.parameters())
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
    "Only the last layer is counted: `=` replaces the sum so far. To add up, write `+=`."
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


def _bias_cases(rng: np.random.Generator) -> Call:
    mid, out, kh, kw = _sides(rng, 3, 3, 3, 3)
    return case(_halves(rng, mid), _halves(rng, out, mid, kh, kw), _halves(rng, out))


def _combined_bias(first_bias: Any, second_weight: Any, second_bias: Any) -> Any:
    """Give the second layer what the first one puts out for a black image: its biases."""
    maps = np.broadcast_to(first_bias[:, None, None], second_weight.shape[1:])
    return F.conv2d(maps[None], second_weight, second_bias)[0, :, 0, 0]


@chapter.coding(
    "The bias of two layers in one",
    level=2,
    minutes=8,
    hand=[
        (
            case(np.array([2.0]), np.array([[[[1.0, 0.0], [3.0, -1.0]]]]), np.array([5.0])),
            np.array([11.0]),
        )
    ],
    cases=_bias_cases,
    oracle=_combined_bias,
    hints=[
        "Give the two layers a black image, all zeros. What does the first layer put out then, "
        "and what does the second layer make of it?",
        "Middle map `mid` is then `first_bias[mid]` in every cell. The kernel "
        "`second_weight[out, mid]` multiplies that number by each of its weights and adds up.",
        "So the channel `mid` adds `first_bias[mid]` times the sum of the weights in "
        "`second_weight[out, mid]`. Add this up over `mid`, and do not forget `second_bias[out]`.",
    ],
)
def combined_bias(first_bias, second_weight, second_bias):
    """Return the biases of the one layer that does what two layers do."""
    result = second_bias.copy()
    for out in range(second_weight.shape[0]):
        for mid in range(second_weight.shape[1]):
            result[out] += first_bias[mid] * second_weight[out, mid].sum()
    return result


@combined_bias.mistake(
    "The biases of the second layer are missing. They are added at the end, as they are."
)
def _no_second_bias(first_bias, second_weight, second_bias):
    return second_weight.sum(axis=(2, 3)) @ first_bias


@combined_bias.mistake(
    "The biases of the first layer are added up as they are. On their way through the second "
    "layer they are multiplied by its weights."
)
def _first_unweighted(first_bias, second_weight, second_bias):
    return second_bias + first_bias.sum()


@combined_bias.mistake(
    "Bias is added to bias, place by place. But each output channel sees all middle channels, "
    "through the weights of its filter."
)
def _plain_sum(first_bias, second_weight, second_bias):
    return first_bias + second_bias


@combined_bias.mistake(
    "The biases of the first layer are missing. Every middle number is larger by such a bias, and "
    "the second layer passes that on."
)
def _second_only(first_bias, second_weight, second_bias):
    return second_bias.copy()


@combined_bias.mistake(
    "The bias of a middle channel meets the mean of its kernel. It meets every weight of it, and "
    "the products are added: the sum."
)
def _mean_of_kernel(first_bias, second_weight, second_bias):
    return second_weight.mean(axis=(2, 3)) @ first_bias + second_bias


@combined_bias.mistake(
    "Only the upper left weight of each kernel is used. The bias lies under all of them, so take "
    "the sum of the kernel."
)
def _one_weight(first_bias, second_weight, second_bias):
    return second_weight[:, :, 0, 0] @ first_bias + second_bias


@combined_bias.mistake(
    "All weights of a filter meet the sum of all biases. Each middle channel has its own bias, "
    "which meets its own kernel only: `first_bias[mid] * second_weight[out, mid].sum()`."
)
def _all_with_all(first_bias, second_weight, second_bias):
    return second_weight.sum(axis=(1, 2, 3)) * first_bias.sum() + second_bias


@combined_bias.mistake(
    "The bias of the second layer is added once for each middle channel. It comes once for each "
    "filter."
)
def _second_bias_again(first_bias, second_weight, second_bias):
    return second_weight.sum(axis=(2, 3)) @ first_bias + len(first_bias) * second_bias


@combined_bias.mistake(
    "Only the last middle channel is left: `=` replaces what was there. To add up, write `+=`."
)
def _last_channel(first_bias, second_weight, second_bias):
    return second_weight[:, -1].sum(axis=(1, 2)) * first_bias[-1]


@combined_bias.mistake(
    "Only the last middle channel is left, plus the bias of the second layer: `=` replaces what "
    "was there. To add up, write `+=`."
)
def _last_channel_and_bias(first_bias, second_weight, second_bias):
    return second_weight[:, -1].sum(axis=(1, 2)) * first_bias[-1] + second_bias


@combined_bias.mistake(
    "The bias of the first layer is chosen by the number of the output channel. Kernel "
    "`second_weight[out, mid]` lies on middle map `mid`, so it meets `first_bias[mid]`."
)
def _bias_of_out(first_bias, second_weight, second_bias):
    result = second_bias.copy()
    for out, mid in np.ndindex(second_weight.shape[:2]):
        result[out] += first_bias[out] * second_weight[out, mid].sum()
    return result


@combined_bias.mistake(
    "The matrix product is the wrong way round. Each row of sums belongs to an output channel and "
    "meets all of `first_bias`: `second_weight.sum(axis=(2, 3)) @ first_bias`."
)
def _product_reversed(first_bias, second_weight, second_bias):
    return first_bias @ second_weight.sum(axis=(2, 3)) + second_bias


def _im2col_cases(rng: np.random.Generator) -> Call:
    n, c, kh, kw, oh, ow = _sides(rng, 2, 3, 3, 3, 3, 3)
    stride = int(rng.choice([1, 1, 2, 3]))
    room = [int(rest) for rest in rng.integers(0, stride, 2)]
    h, w = kh + (oh - 1) * stride + room[0], kw + (ow - 1) * stride + room[1]
    x = _halves(rng, n, c, h, w)
    return case(x, kh, kw) if stride == 1 else case(x, kh, kw, stride=stride)


def _windows(x: Any, kh: int, kw: int, stride: int = 1) -> Any:
    """Return all windows: image, channel, output row and column, kernel row and column."""
    return sliding_window_view(x, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]


def _rows(windows: Any, *order: int) -> Any:
    """Return windows as a matrix: the first three axes of the order in its rows."""
    moved = windows.transpose(order)
    return moved.reshape(int(np.prod(moved.shape[:3])), -1)


@chapter.coding(
    "Windows as rows",
    level=2,
    minutes=12,
    hand=[
        (
            case(np.array([[[[1.0, 2, 3], [4, 5, 6]]]]), 2, 2),
            np.array([[1.0, 2, 4, 5], [2, 3, 5, 6]]),
        )
    ],
    cases=_im2col_cases,
    oracle=lambda x, kh, kw, stride=1: _rows(_windows(x, kh, kw, stride), 0, 2, 3, 1, 4, 5),
    hints=[
        "Which loops visit all windows, in the order of the rows? Images first, then the rows of "
        "the map, then its columns.",
        "One window is `image[:, i : i + kh, j : j + kw]`, with all channels. `ravel` makes one "
        "list of it, in the order that is due.",
        "With a stride, `i` takes the values of `range(0, height - kh + 1, stride)`. Collect the "
        "lists with `append`, and end with `np.array(rows)`.",
    ],
)
def im2col(x, kh, kw, stride=1):
    """Return every window of a batch as a row, in the order channel, row, column."""
    rows = []
    for image in x:
        for i in range(0, x.shape[2] - kh + 1, stride):
            for j in range(0, x.shape[3] - kw + 1, stride):
                rows.append(image[:, i : i + kh, j : j + kw].ravel())
    return np.array(rows)


@im2col.mistake(
    "The order inside a row is row, column, channel, as in cnnlib's own `F.im2col`. Here it is "
    "channel, row, column: `ravel` of a window of shape (C, KH, KW)."
)
def _channels_last(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw, stride), 0, 2, 3, 4, 5, 1)


@im2col.mistake("The matrix lies on its side: each window is a column. Return its `.T`.")
def _on_its_side(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw, stride), 0, 2, 3, 1, 4, 5).T


@im2col.mistake(
    "The windows are visited column by column. The loop over the rows of the map is the outer "
    "one, and that over its columns the inner one."
)
def _column_by_column(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw, stride), 0, 3, 2, 1, 4, 5)


@im2col.mistake(
    "The images take turns at each place. The loop over the images is the outermost one, so that "
    "all rows of an image stay together."
)
def _images_inside(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw, stride), 2, 3, 0, 1, 4, 5)


@im2col.mistake("The stride is not used.")
def _stride_unused(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw), 0, 2, 3, 1, 4, 5)


@im2col.mistake("The stride is used down, but not across: `j` must go in steps of it too.")
def _stride_down(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw)[:, :, ::stride], 0, 2, 3, 1, 4, 5)


@im2col.mistake("The stride is used across, but not down: `i` must go in steps of it too.")
def _stride_across(x, kh, kw, stride=1):
    return _rows(_windows(x, kh, kw)[:, :, :, ::stride], 0, 2, 3, 1, 4, 5)


@im2col.mistake(
    "There are as many windows as the stride leaves, but they begin one pixel apart. Window "
    "`(i, j)` begins at row `i * stride`, column `j * stride`."
)
def _starts_unscaled(x, kh, kw, stride=1):
    oh, ow = _windows(x, kh, kw, stride).shape[2:4]
    return _rows(_windows(x, kh, kw)[:, :, :oh, :ow], 0, 2, 3, 1, 4, 5)


@im2col.mistake(
    "Only the windows of the first image are there. Loop over all of `x`, and return after the "
    "loop."
)
def _first_image(x, kh, kw, stride=1):
    return im2col.answer(x[:1], kh, kw, stride)


@im2col.mistake(
    "Each channel has a row of its own. A row holds the whole window, all channels one after the "
    "other, because a filter looks at all of them at once."
)
def _channel_rows(x, kh, kw, stride=1):
    windows = _windows(x, kh, kw, stride).transpose(0, 2, 3, 1, 4, 5)
    return windows.reshape(-1, kh * kw)


@im2col.mistake(
    "The channels are added up inside the window. Keep them apart here: the product with the "
    "filters will add."
)
def _channels_added(x, kh, kw, stride=1):
    return im2col.answer(x.sum(axis=1, keepdims=True), kh, kw, stride)


@im2col.mistake(
    "The last windows are missing. The last one begins at row `height - kh`, and `range` leaves "
    "out its end: `range(0, height - kh + 1, stride)`, and so for the columns."
)
def _one_short(x, kh, kw, stride=1):
    rows = [
        image[:, i : i + kh, j : j + kw].ravel()
        for image in x
        for i in range(0, x.shape[2] - kh, stride)
        for j in range(0, x.shape[3] - kw, stride)
    ]
    return np.array(rows)


@im2col.mistake(
    "The windows run over the edge, where they are cut short, so the rows differ in length. The "
    "last window begins at `height - kh`: `range(0, height - kh + 1, stride)`."
)
def _over_the_edge(x, kh, kw, stride=1):
    rows = [
        image[:, i : i + kh, j : j + kw].ravel()
        for image in x
        for i in range(0, x.shape[2], stride)
        for j in range(0, x.shape[3], stride)
    ]
    return np.array(rows)


@im2col.mistake(
    "The windows of all images stand in one row. Each image has rows of its own: loop over the "
    "images too."
)
def _images_side_by_side(x, kh, kw, stride=1):
    windows = _windows(x, kh, kw, stride).transpose(2, 3, 0, 1, 4, 5)
    return windows.reshape(windows.shape[0] * windows.shape[1], -1)


@im2col.mistake("The sides of the window are exchanged: it has `kh` rows and `kw` columns.")
def _sides_exchanged(x, kh, kw, stride=1):
    return im2col.answer(x, kw, kh, stride)


@im2col.mistake(
    "Each window still has its three axes, channel, row and column. `.ravel()` makes one list of "
    "it."
)
def _not_flat(x, kh, kw, stride=1):
    windows = _windows(x, kh, kw, stride).transpose(0, 2, 3, 1, 4, 5)
    return windows.reshape(-1, *windows.shape[3:])


@im2col.mistake(
    "All windows stand in one long list. `extend` adds number by number; `append` adds the window "
    "as one row."
)
def _extended(x, kh, kw, stride=1):
    return im2col.answer(x, kh, kw, stride).ravel()


@im2col.mistake(
    "The wrong axes are taken for height and width. In `(N, C, H, W)` they are `x.shape[2]` and "
    "`x.shape[3]`."
)
def _wrong_axes(x, kh, kw, stride=1):
    rows = [
        image[:, i : i + kh, j : j + kw].ravel()
        for image in x
        for i in range(0, x.shape[1] - kh + 1, stride)
        for j in range(0, x.shape[2] - kw + 1, stride)
    ]
    return np.array(rows)


def _conv2d_cases(rng: np.random.Generator) -> Call:
    n, c_in, c_out, kh, kw = _sides(rng, 2, 3, 3, 3, 3)
    padding = int(rng.choice([0, 0, 1, 2]))
    stride = int(rng.choice([1, 1, 2, 3]))
    h, w = (int(rng.integers(max(1, k - 2 * padding), 7)) for k in (kh, kw))
    dtype = np.float32 if rng.random() < 0.3 else np.float64
    x, weight = (
        _halves(rng, *shape).astype(dtype) for shape in ((n, c_in, h, w), (c_out, c_in, kh, kw))
    )
    options: dict[str, Any] = {}
    if rng.random() < 0.6:
        options["bias"] = _halves(rng, c_out).astype(dtype)
    if stride > 1:
        options["stride"] = stride
    if padding > 0:
        options["padding"] = padding
    return case(x, weight, **options)


@chapter.coding(
    "A whole convolution layer",
    level=3,
    minutes=20,
    hand=[
        (
            case(_IMAGE[None], _WEIGHT, _BIAS),
            np.array([[[[1.0, 12], [4, -2]], [[0, -1], [-1, 1]]]]),
        ),
        (case(_PICTURE, _KERNEL, stride=2), np.array([[[[144.0, 160], [215, 136]]]])),
        (
            case(_PICTURE, _KERNEL, padding=1),
            np.array(
                [
                    [
                        [
                            [10.0, 27, 19, 61, 65],
                            [50, 144, 66, 160, 208],
                            [80, 247, 97, 95, 173],
                            [70, 215, 121, 136, 86],
                            [60, 177, 81, 148, 44],
                        ]
                    ]
                ]
            ),
        ),
    ],
    cases=_conv2d_cases,
    oracle=reference.conv2d,
    hints=[
        "Four loops visit every output number: image, filter, row and column. How many rows and "
        "columns are there, with padding and stride? (03 has the formula.)",
        "Put the border of zeros around `x` first: `F.pad2d(x, padding)`. Then the window of "
        "output cell `(i, j)` begins at row `i * stride` and column `j * stride` and has all "
        "channels.",
        "Window and filter have the same shape, (C_in, KH, KW). Multiply them and take the sum of "
        "everything; that adds up the channels too. Add `bias[out]` only if `bias is not None`, "
        "and make the output with `np.zeros(shape, x.dtype)`.",
    ],
)
def conv2d(x, weight, bias=None, stride=1, padding=0):
    """Return the map of every filter for every image, (N, C_out, OH, OW)."""
    padded = F.pad2d(x, padding)
    (n, _, h, w), (c_out, _, kh, kw) = padded.shape, weight.shape
    oh, ow = (h - kh) // stride + 1, (w - kw) // stride + 1
    y = np.zeros((n, c_out, oh, ow), x.dtype)
    for image in range(n):
        for out in range(c_out):
            for i in range(oh):
                for j in range(ow):
                    top, left = i * stride, j * stride
                    window = padded[image, :, top : top + kh, left : left + kw]
                    y[image, out, i, j] = (window * weight[out]).sum()
            if bias is not None:
                y[image, out] += bias[out]
    return y


def _add(y: Any, bias: Any) -> Any:
    return y if bias is None else y + bias[:, None, None]


@conv2d.mistake("The bias is missing: `bias[out]` is added to every cell of map `out`.")
def _no_bias(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, None, stride, padding)


@conv2d.mistake(
    "The bias is added once for each channel. Add it once, after the loop over the channels."
)
def _bias_in_every_channel(x, weight, bias=None, stride=1, padding=0):
    many = None if bias is None else bias * x.shape[1]
    return F.conv2d(x, weight, many, stride, padding)


@conv2d.mistake("Every map is given the bias of filter 0. Each filter has its own: `bias[out]`.")
def _first_bias(x, weight, bias=None, stride=1, padding=0):
    first = None if bias is None else np.full_like(bias, bias[0])
    return F.conv2d(x, weight, first, stride, padding)


@conv2d.mistake(
    "The kernels are turned by half a turn, which makes this true convolution. Use them as they "
    "are."
)
def _turned(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight[:, :, ::-1, ::-1], bias, stride, padding)


@conv2d.mistake(
    "Only channel 0 is used. Each channel meets its own kernel, and the results are added."
)
def _first_channel(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x[:, :1], weight[:, :1], bias, stride, padding)


@conv2d.mistake(
    "Only the last channel is left: `=` replaces the results of those before. To add up, write "
    "`+=`."
)
def _last_channel_only(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x[:, -1:], weight[:, -1:], bias, stride, padding)


@conv2d.mistake(
    "All channels meet kernel 0 of the filter. Each has its own: channel `c` meets "
    "`weight[out, c]`."
)
def _first_kernel(x, weight, bias=None, stride=1, padding=0):
    same = np.repeat(weight[:, :1], weight.shape[1], axis=1)
    return F.conv2d(x, same, bias, stride, padding)


@conv2d.mistake("That is the mean over the channels. Their results are added.")
def _channel_mean(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight / x.dtype.type(x.shape[1]), bias, stride, padding)


@conv2d.mistake(
    "The results of the channels are kept apart and stacked. Inside a filter they are added; only "
    "the maps of different filters are stacked."
)
def _stacked(x, weight, bias=None, stride=1, padding=0):
    parts = [
        F.conv2d(x[:, c : c + 1], weight[:, c : c + 1], bias, stride, padding)
        for c in range(x.shape[1])
    ]
    return np.concatenate(parts, axis=1)


@conv2d.mistake("The stride is not used.")
def _stride_unused_here(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, 1, padding)


@conv2d.mistake("The stride is used for the rows, but not for the columns.")
def _stride_rows(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, (stride, 1), padding)


@conv2d.mistake("The stride is used for the columns, but not for the rows.")
def _stride_columns(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, (1, stride), padding)


@conv2d.mistake(
    "The map has the right size, but its windows begin one pixel apart. Window `(i, j)` begins at "
    "row `i * stride`, column `j * stride`."
)
def _window_unscaled(x, weight, bias=None, stride=1, padding=0):
    oh, ow = F.conv2d(x, weight, bias, stride, padding).shape[2:]
    return F.conv2d(x, weight, bias, 1, padding)[:, :, :oh, :ow]


@conv2d.mistake("The padding is not used. Put the border of zeros around `x` first.")
def _no_padding(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, stride)


@conv2d.mistake(
    "The padding is put above and to the left only. It goes on all four sides, so the height "
    "grows by `2 * padding`."
)
def _padding_above(x, weight, bias=None, stride=1, padding=0):
    padded = np.pad(x, ((0, 0), (0, 0), (padding, 0), (padding, 0)))
    return F.conv2d(padded, weight, bias, stride)


@conv2d.mistake(
    "The padding is put below and to the right only. It goes on all four sides, so the height "
    "grows by `2 * padding`."
)
def _padding_below(x, weight, bias=None, stride=1, padding=0):
    padded = np.pad(x, ((0, 0), (0, 0), (0, padding), (0, padding)))
    return F.conv2d(padded, weight, bias, stride)


@conv2d.mistake(
    "The size is rounded up, so the last window hangs over the border. Where the last step does "
    "not fit it is left out: `//` rounds down."
)
def _rounded_up(x, weight, bias=None, stride=1, padding=0):
    (h, w), (kh, kw) = x.shape[2:], weight.shape[2:]
    more = [-(size + 2 * padding - k) % stride for size, k in ((h, kh), (w, kw))]
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding + more[0]), (padding, padding + more[1])))
    return F.conv2d(padded, weight, bias, stride)


@conv2d.mistake(
    "Every map is that of filter 0. Map `out` is made by its own filter, `weight[out]`."
)
def _first_filter(x, weight, bias=None, stride=1, padding=0):
    same = np.repeat(weight[:1], len(weight), axis=0)
    return F.conv2d(x, same, bias, stride, padding)


@conv2d.mistake(
    "Every image is given the maps of image 0. The window is cut from its own image: "
    "`padded[image, :, ...]`."
)
def _first_image_again(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(np.repeat(x[:1], len(x), axis=0), weight, bias, stride, padding)


@conv2d.mistake(
    "Only the first image is computed, and the others stay 0. Is `return` indented too far, "
    "inside the loop over the images?"
)
def _others_zero(x, weight, bias=None, stride=1, padding=0):
    y = F.conv2d(x, weight, bias, stride, padding)
    y[1:] = 0
    return y


@conv2d.mistake(
    "The images of the batch are added up. Each has maps of its own: the sum goes over channels, "
    "rows and columns of a window, and not over the images."
)
def _batch_added(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x.sum(axis=0, keepdims=True), weight, bias, stride, padding)


@conv2d.mistake(
    "One row and one column are missing. A kernel fits once more than it can step: end with `+ 1`."
)
def _no_plus_one(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, stride, padding)[:, :, :-1, :-1]


def _looped(padded: Any, shape: Any, weight: Any, bias: Any, stride: int) -> Any:
    """Run the loops of the solution over an array that is padded in some way."""
    y = np.zeros(shape, padded.dtype)
    for image, out, i, j in np.ndindex(*shape):
        top, left = i * stride, j * stride
        window = padded[image, :, top : top + weight.shape[2], left : left + weight.shape[3]]
        y[image, out, i, j] = (window * weight[out]).sum() + (0 if bias is None else bias[out])
    return y


@conv2d.mistake(
    "The size counts the padding, but the windows are cut from `x` itself, where they run over "
    "the edge. Cut them from the padded array."
)
def _windows_of_unpadded(x, weight, bias=None, stride=1, padding=0):
    shape = F.conv2d(x, weight, bias, stride, padding).shape
    return _looped(x, shape, weight, bias, stride)


@conv2d.mistake(
    "`np.pad(x, padding)` pads all four axes, so there are images and channels of zeros as well. "
    "Pad rows and columns only: `F.pad2d(x, padding)`."
)
def _all_axes_padded(x, weight, bias=None, stride=1, padding=0):
    padded, (c_out, _, kh, kw) = np.pad(x, padding), weight.shape
    (n, _, h, w) = padded.shape
    shape = (n, c_out, (h - kh) // stride + 1, (w - kw) // stride + 1)
    return _looped(padded, shape, weight, bias, stride)


@conv2d.mistake(
    "It fails where no bias is given, since `bias` is `None` then. Ask before using it: "
    "`if bias is not None`."
)
def _none_not_asked(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, None, stride, padding) + bias[:, None, None]


@conv2d.mistake(
    "The biases are laid along the columns of each map: `y + bias` pairs the last axes. Each bias "
    "belongs to a map: `bias[:, None, None]`."
)
def _bias_along_columns(x, weight, bias=None, stride=1, padding=0):
    y = F.conv2d(x, weight, None, stride, padding)
    return y if bias is None else y + bias


@conv2d.mistake(
    "The biases are laid along the columns of each map: `y += bias` pairs the last axes. Each bias "
    "belongs to a map: `y += bias[:, None, None]`."
)
def _bias_added_along_columns(x, weight, bias=None, stride=1, padding=0):
    y = F.conv2d(x, weight, None, stride, padding)
    if bias is not None:
        y += bias
    return y


@conv2d.mistake("All biases are added to every map. Map `out` gets its own only: `bias[out]`.")
def _all_biases(x, weight, bias=None, stride=1, padding=0):
    every = None if bias is None else np.full_like(bias, bias.sum())
    return F.conv2d(x, weight, every, stride, padding)


@conv2d.mistake(
    "The maps of all filters are added up. They are stacked: `y[image, out, i, j]` has a place "
    "for each filter."
)
def _filters_added(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, stride, padding).sum(axis=1)


@conv2d.mistake(
    "The maps are right, but the channels stand last. The result is (N, C_out, OH, OW)."
)
def _channels_behind(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, stride, padding).transpose(0, 2, 3, 1)


@conv2d.mistake(
    "Only the first map of the first image is filled. Is `return` indented too far, inside the "
    "loop over the filters?"
)
def _first_map(x, weight, bias=None, stride=1, padding=0):
    y = F.conv2d(x, weight, bias, stride, padding)
    kept = np.zeros_like(y)
    kept[0, 0] = y[0, 0]
    return kept


quiz = Quiz(
    "ex.quiz",
    (
        "The first layer of a network looks at colour images. How many filters does it have?",
        wrong(
            "Three, one each for red, green and blue.",
            "Many texts say so. Three is the number of kernels in each filter; every filter looks "
            "at all three channels.",
        ),
        wrong(
            "One, because the results of the channels are added.",
            "They are added inside one filter, and so one filter makes one map. A layer may have "
            "many filters.",
        ),
        right(
            "As many as its author chose.",
            "The number of filters is free. It decides how many maps come out, and nothing about "
            "the image sets it.",
        ),
        wrong(
            "A multiple of three.",
            "The number of kernels is a multiple of three, because each filter has three. The "
            "number of filters can be any.",
        ),
    ),
    (
        "A layer has 4 filters of 5×5 on an input with 8 channels. Which count is right?",
        wrong(
            "4 kernels and 4 biases.",
            "That takes filter and kernel for one thing. Each filter is a stack of 8 kernels.",
        ),
        right(
            "32 kernels and 4 biases.",
            "Each of the 4 filters has 8 kernels and, after adding their results, one bias.",
        ),
        wrong(
            "32 kernels and 32 biases.",
            "The 32 kernels are right. But the bias is added once for each filter, after the "
            "results of its kernels are added.",
        ),
        wrong(
            "8 kernels and 8 biases.",
            "That has one kernel for each channel, which is what a single filter needs. There are "
            "4 filters.",
        ),
    ),
    (
        "Which 1×1 filter, with weights for red, green and blue, answers to a red saucer and "
        "hardly to a white cup?",
        wrong(
            "(1, 0, 0)",
            "That is the red channel itself. White contains all the red there is, so the cup is "
            "even brighter than the saucer.",
        ),
        wrong(
            "(1/3, 1/3, 1/3)",
            "That is the mean, a grey picture. White is brightest in it.",
        ),
        wrong(
            "(−1/2, −1/2, 1)",
            "That one asks for blue: on the saucer it answers below 0.",
        ),
        right(
            "(1, −1/2, −1/2)",
            "On white, green and blue cancel the red, and 0 is left. On the saucer there is "
            "little of them to cancel it.",
        ),
    ),
    (
        "Two 3×3 convolutions follow each other with nothing between them. What can the pair do "
        "that one convolution cannot?",
        right(
            "Nothing: a single 5×5 convolution gives the same numbers.",
            "A weighted sum of weighted sums is a weighted sum. Only a bend between the two, such "
            "as ReLU, makes the second layer worth having.",
        ),
        wrong(
            "It can find more complicated shapes.",
            "That is what depth is for, but only with an activation function in between. Without "
            "it the two collapse into one layer.",
        ),
        wrong(
            "It sees a larger part of the image than any single convolution.",
            "It sees 5×5 pixels, more than one 3×3 layer does. A single 5×5 layer sees as many.",
        ),
        wrong(
            "It gives numbers below zero.",
            "One convolution does that too, with negative weights.",
        ),
    ),
    (
        "What does a 1×1 convolution do to an input of 64 channels?",
        wrong(
            "It multiplies every number by the same weight.",
            "With one channel and one filter it would. Each filter here has 64 weights, one for "
            "each channel.",
        ),
        wrong(
            "It makes the image smaller.",
            "Height and width stay, because a kernel of 1 fits at every pixel. The number of "
            "channels can become smaller.",
        ),
        wrong(
            "It mixes each pixel with its neighbours.",
            "A kernel of 1×1 covers a single pixel. It takes at least 2 pixels to see a neighbour.",
        ),
        right(
            "It mixes the channels of each pixel: a small matrix product at every place.",
            "Every filter gives a weighted sum of the 64 numbers of a pixel, the same at every "
            "pixel.",
        ),
    ),
    (
        "Why is a convolution by im2col faster than the plain loops?",
        wrong(
            "It needs fewer multiplications.",
            "It makes exactly as many. The windows overlap, and each is still multiplied in full.",
        ),
        right(
            "It does the same multiplications in long, regular runs.",
            "The work of Python's loops around each product is gone. The price is memory: up to "
            "K² times the image.",
        ),
        wrong(
            "It needs less memory.",
            "It needs more: each pixel is written down once for every window that it lies in.",
        ),
        wrong(
            "It leaves out the products with zeros of the padding.",
            "The zeros are written into the matrix like any other number, and multiplied too.",
        ),
    ),
)
