"""The weights of a dense layer for channels that come last."""

import numpy as np

from cnnlib.course.flatten_and_fully_connected.exercises.shared import chapter
from cnnlib.course.judge.numbers import halves
from cnnlib.course.judge.run import Call, case


def _order_case(rng: np.random.Generator) -> Call:
    outputs = int(rng.integers(1, 3))
    channels, height, width = (int(n) for n in rng.integers(1, 5, 3))
    return case(halves(rng, outputs, channels * height * width), channels, height, width)


def _as_blocks(weight, *axes):
    return weight.reshape(len(weight), *axes)


def _in_rows(blocks):
    return blocks.reshape(len(blocks), -1)


def _order_regions() -> dict[str, list[Call]]:
    rng = np.random.default_rng(6)

    def of(outputs: int, *sizes: int) -> Call:
        return case(halves(rng, outputs, int(np.prod(sizes))), *sizes)

    return {
        "there is one channel": [of(2, 1, 3, 4)],
        "there is one row": [of(2, 3, 1, 4)],
        "there is one column": [of(2, 3, 4, 1)],
        "there are as many channels as rows and columns": [of(2, 2, 2, 2), of(1, 3, 3, 3)],
        "the maps are larger than 4×4": [of(1, 2, 5, 6), of(1, 6, 6, 5)],
        "there are more than two outputs": [of(5, 2, 2, 3)],
        "every weight is 0": [case(np.zeros((2, 12)), 2, 2, 3)],
    }


_ADDRESSES = np.array([[0.0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112]])
_REORDERED = np.array([[0.0, 100, 1, 101, 2, 102, 10, 110, 11, 111, 12, 112]])


@chapter.coding(
    "Weights for another order",
    level=3,
    minutes=15,
    hand=[
        (case(np.array([[1.0, 2.0, 3.0, 4.0]]), 2, 1, 2), np.array([[1.0, 3.0, 2.0, 4.0]])),
        (case(_ADDRESSES, 2, 2, 3), _REORDERED),
    ],
    cases=_order_case,
    regions=_order_regions(),
    oracle=lambda weight, channels, height, width: _in_rows(
        _as_blocks(weight, channels, height, width).transpose(0, 2, 3, 1)
    ),
    hints=[
        "Every column of `weight` belongs to one address: channel, row, column. At which place "
        "is that address in the old order, and at which in the new one?",
        "The old place is `(c * height + i) * width + j`. In the new order, whole rows come first, "
        "then whole pixels, then channels. How many numbers does a pixel have, how many a row?",
        "The new place is `(i * width + j) * channels + c`. Make an array like `weight`, walk "
        "through all addresses in three loops, and copy column after column: "
        "`moved[:, new] = weight[:, old]`.",
    ],
)
def channels_last(weight, channels, height, width):
    """Return the weight with its columns moved to the order row, column, channel."""
    moved = np.zeros(weight.shape, weight.dtype)
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                old = (c * height + i) * width + j
                new = (i * width + j) * channels + c
                moved[:, new] = weight[:, old]
    return moved


@channels_last.mistake(
    "The columns have not moved. `reshape` alone never moves a number: it needs a `transpose` in "
    "between, or a loop that copies."
)
def _not_moved(weight, channels, height, width):
    return weight.copy()


@channels_last.mistake(
    "The columns are moved the other way, from (row, column, channel) to (channel, row, column): "
    "exchange the old and the new place."
)
def _other_way(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, height, width, channels).transpose(0, 3, 1, 2))


@channels_last.mistake(
    "The order is column, row, channel. The channels are in the right place, but rows come before "
    "columns."
)
def _columns_first(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, channels, height, width).transpose(0, 3, 2, 1))


@channels_last.mistake(
    "The order is row, channel, column. The channel has to go past the column as well, to the "
    "last place."
)
def _halfway(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, channels, height, width).transpose(0, 2, 1, 3))


@channels_last.mistake(
    "The order is channel, column, row: rows and columns are exchanged, and the channels still "
    "come first."
)
def _channels_stay(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, channels, height, width).transpose(0, 1, 3, 2))


@channels_last.mistake(
    "In the new place, a row is counted as `height` pixels long. It has `width` pixels: "
    "`(i * width + j) * channels + c`."
)
def _height_for_width(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, (i * height + j) * channels + c] = weight[:, (c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "In the old place, a row is counted as `height` numbers long. It has `width` numbers: "
    "`(c * height + i) * width + j`."
)
def _old_height_for_width(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, (i * width + j) * channels + c] = weight[:, (c * height + i) * height + j]
    return moved


@channels_last.mistake(
    "In the new place, a pixel is counted as `width` numbers long. It has one for each channel: "
    "`(i * width + j) * channels + c`."
)
def _width_for_channels(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, (i * width + j) * width + c] = weight[:, (c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "In the old place, a channel is counted as `channels` rows long. It has `height` rows: "
    "`(c * height + i) * width + j`."
)
def _channels_for_height(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, (i * width + j) * channels + c] = weight[:, (c * channels + i) * width + j]
    return moved


@channels_last.mistake(
    "In the new place, `i * width` is not multiplied by `channels`. It needs parentheses: "
    "`(i * width + j) * channels + c`."
)
def _no_parentheses(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[:, i * width + j * channels + c] = weight[:, (c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "Columns are written into the array that is still being read, so some are lost before they "
    "are copied. Make a new array for the result."
)
def _written_while_read(weight, channels, height, width):
    for c, i, j in np.ndindex(channels, height, width):
        weight[:, (i * width + j) * channels + c] = weight[:, (c * height + i) * width + j]
    return weight


@channels_last.mistake(
    "Whole rows are moved, and those belong to the outputs. The places are columns: "
    "`moved[:, new] = weight[:, old]`."
)
def _rows_moved(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[(i * width + j) * channels + c] = weight[(c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "Only the first row is moved. Every row of the weight is an output, and `moved[:, new]` takes "
    "all of them at once."
)
def _first_output(weight, channels, height, width):
    moved = np.zeros(weight.shape, weight.dtype)
    for c, i, j in np.ndindex(channels, height, width):
        moved[0, (i * width + j) * channels + c] = weight[0, (c * height + i) * width + j]
    return moved


@channels_last.mistake(
    "The order within a row is right, but the block is read as (height, channels, width). The "
    "weight was learned as (channels, height, width)."
)
def _wrong_block(weight, channels, height, width):
    return _in_rows(_as_blocks(weight, height, channels, width).transpose(0, 1, 3, 2))
