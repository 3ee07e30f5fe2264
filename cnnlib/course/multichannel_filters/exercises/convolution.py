"""A whole convolution layer."""

from typing import Any

import numpy as np

from cnnlib import functional as F
from cnnlib import reference
from cnnlib.course.judge.numbers import halves, random_dtype
from cnnlib.course.judge.run import Call, case
from cnnlib.course.multichannel_filters.exercises.shared import chapter, sides

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


# Two images of two channels, three filters and their biases, all numbers different.
_X = (np.arange(48.0) * 7 % 48).reshape(2, 2, 3, 4) / 2 - 8
_W = (np.arange(24.0) * 5 % 24).reshape(3, 2, 2, 2) / 2 - 6
_B = np.array([1.5, -2.0, 4.0])


def _conv2d_cases(rng: np.random.Generator) -> Call:
    n, c_in, c_out, kh, kw = sides(rng, 2, 3, 3, 3, 3)
    padding = int(rng.choice([0, 0, 1, 2]))
    stride = int(rng.choice([1, 1, 2, 3]))
    h, w = (int(rng.integers(max(1, k - 2 * padding), 7)) for k in (kh, kw))
    dtype = random_dtype(rng, float32=0.3)
    x, weight = (
        halves(rng, *shape).astype(dtype) for shape in ((n, c_in, h, w), (c_out, c_in, kh, kw))
    )
    options: dict[str, Any] = {}
    if rng.random() < 0.6:
        options["bias"] = halves(rng, c_out).astype(dtype)
    if stride > 1:
        options["stride"] = stride
    if padding > 0:
        options["padding"] = padding
    return case(x, weight, **options)


@chapter.coding(
    "A whole convolution layer",
    level=3,
    minutes=20,
    dtype="same",
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
    regions={
        "there is no bias": [case(_X, _W), case(_X, _W, stride=2), case(_X, _W, None, 1, 1)],
        "the bias is 0": [case(_X, _W, np.zeros(3))],
        "the filters are as many as the columns of a map": [
            case(_X, _W, _B),
            case(_X, _W[:2], _B[:2], 2),
        ],
        "there is one filter": [case(_X, _W[:1], _B[:1], padding=1)],
        "there is one channel": [case(_X[:, :1], _W[:, :1], _B), case(_X[:1, :1], _W[:, :1])],
        "images, channels and filters are as many": [case(_X, _W[:2], _B[:2], 1, 2)],
        "there are three different images": [case(np.concatenate([_X, -_X[:1]]), _W, _B)],
        "the kernels are 1×1": [
            case(_X, _W[:, :, :1, :1], _B),
            case(_X, _W[:, :, :1, :1], None, 2, 1),
        ],
        "the kernels are larger than the image": [case(_X[:, :, :1, :1], _W, _B, padding=1)],
        "the kernels are not square": [
            case(_X, _W[:, :, :1], _B),
            case(_X, _W[:, :, :, :1], _B, 1, 1),
        ],
        "the image is one row": [
            case(_X[:, :, :1], _W[:, :, :1], _B),
            case(_X[:, :, :1], _W, _B, 1, 1),
        ],
        "the image is one column": [case(_X[:, :, :, :1], _W[:, :, :, :1], _B)],
        "the last step does not fit": [case(_X, _W, _B, stride=2), case(_X, _W, _B, 3, 1)],
        "the stride is larger than the room": [case(_X, _W, _B, stride=9)],
        "the padding is as large as the kernel": [case(_X[:1], _W[:1], _B[:1], padding=2)],
        "all numbers are float32": [case(*(v.astype(np.float32) for v in (_X, _W, _B)), 2, 1)],
        "another batch had the same shape": [case(-_X, _W, _B), case(_X[::-1], _W, _B)],
    },
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
    "Only the last channel is left. Is there `=` where `+=` belongs, or is the sum set back inside "
    "the loop over the channels?"
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
    "The last row and the last column of each map are still 0. Do the loops end one early? "
    "`range(oh)` ends at `oh - 1` by itself."
)
def _loops_end_early(x, weight, bias=None, stride=1, padding=0):
    y = F.conv2d(x, weight, bias, stride, padding)
    y[:, :, -1], y[:, :, :, -1] = 0, 0
    return y


@conv2d.mistake(
    "Twice the padding is put on each side. `2 * padding` is what both sides get together: one "
    "`padding` at each end."
)
def _padding_twice(x, weight, bias=None, stride=1, padding=0):
    return F.conv2d(x, weight, bias, stride, 2 * padding)


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
    "It fails where no bias is given: `bias` is `None` then, and something is still computed with "
    "it. Use it only under `if bias is not None`."
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


@conv2d.mistake("The maps are right, but the channels are last. The result is (N, C_out, OH, OW).")
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


def _two_at_once(first: Any, second: Any) -> None:
    """Register two mistakes made at once. Each is its words and what it makes of each argument."""
    wrong = first[1] | second[1]

    def both(x, weight, bias=None, stride=1, padding=0):
        if bias is not None:
            bias = wrong.get("bias", lambda x, bias: bias)(x, bias)
        padded = np.pad(x, ((0, 0), (0, 0), *wrong.get("padding", _all_around)(padding)))
        steps = wrong.get("stride", lambda stride: stride)(stride)
        return F.conv2d(
            padded, weight[:, :, ::-1, ::-1] if "turn" in wrong else weight, bias, steps
        )

    conv2d.mistake(f"Two things at once: {first[0]}, and {second[0]}.")(both)


def _all_around(padding: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (padding, padding), (padding, padding)


_TURNED_KERNELS = ("the kernels are turned by half a turn", {"turn": True})
_BIASES = (
    ("the bias is missing", {"bias": lambda x, bias: None}),
    ("the bias is added once for each channel", {"bias": lambda x, bias: bias * x.shape[1]}),
    ("every map is given the bias of filter 0", {"bias": lambda x, b: np.full_like(b, b[0])}),
)
_PADDINGS = (
    ("the padding is not used", {"padding": lambda padding: ((0, 0), (0, 0))}),
    ("the padding is put above and to the left only", {"padding": lambda p: ((p, 0), (p, 0))}),
    ("the padding is put below and to the right only", {"padding": lambda p: ((0, p), (0, p))}),
)
_STRIDES = (
    ("the stride is not used", {"stride": lambda stride: 1}),
    ("the stride is used for the rows only", {"stride": lambda stride: (stride, 1)}),
    ("the stride is used for the columns only", {"stride": lambda stride: (1, stride)}),
)
for _group, _others in (
    ((_TURNED_KERNELS,), (*_BIASES, *_PADDINGS, *_STRIDES)),
    (_BIASES, (*_PADDINGS, *_STRIDES)),
    (_PADDINGS, _STRIDES),
):
    for _one in _group:
        for _other in _others:
            _two_at_once(_one, _other)
