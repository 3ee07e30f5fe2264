"""A convolution with a stride and a padding for each axis."""

import numpy as np

from cnnlib import reference
from cnnlib.course.judge.run import Call, case
from cnnlib.course.padding_and_stride.exercises.shared import chapter


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
    cases=_images,
    oracle=lambda x, kernel, stride=(1, 1), padding=(0, 0): reference.conv2d(
        x[None, None], kernel[None, None], stride=stride, padding=padding
    )[0, 0],
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
    "The kernel is turned by half a turn. That is convolution in mathematics; networks "
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
