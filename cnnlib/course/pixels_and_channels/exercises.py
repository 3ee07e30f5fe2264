"""Exercises of notebook 01: windows, light and channels of an image, and the way to a network."""

import numpy as np

from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


def _bytes(values):
    return np.array(values, dtype=np.uint8)


def _photo(rng: np.random.Generator) -> np.ndarray:
    """Return a small photograph (H, W, 3), with dark and bright numbers among the others."""
    return _bytes(rng.choice([0, 10, 50, 100, 128, 200, 230, 255], (*rng.integers(1, 5, 2), 3)))


# 1 and 2: predictions

numbers = chapter.prediction(
    "numbers",
    "How many numbers?",
    level=1,
    minutes=1,
    expected=40 * 60 * 3,
    mistakes=[
        (40 * 60, "These are the pixels. Each of them holds three numbers."),
        (40 + 60 + 3, "The three lengths are added. A block of 40 rows of 60 has 40 · 60 pixels."),
        ((40 + 60) * 3, "Rows and columns are added. 40 rows of 60 pixels hold 40 · 60 pixels."),
        (
            40 * 60 * 4,
            "That is four numbers for each pixel. A colour needs three: red, green, blue.",
        ),
        (
            40 * 60 * 3 * 256,
            "256 is how many values one number can take, not how many numbers there are.",
        ),
    ],
    why="H · W · C = 40 · 60 · 3 = 7,200: 2,400 pixels, each of three numbers.",
    hints=["How many pixels are 40 rows of 60?", "Each of the 2,400 pixels holds three numbers."],
)

darker = chapter.prediction(
    "darker",
    "A darker pixel",
    level=1,
    minutes=2,
    expected=np.array([246, 60, 170]),
    mistakes=[
        (
            np.array([-10, 60, 170]),
            "A byte cannot be negative. Below 0 it goes on from the other end, like a clock.",
        ),
        (
            np.array([0, 60, 170]),
            "A byte does not stop at 0, it wraps around. Only `np.clip` stops there.",
        ),
        (np.array([10, 60, 170]), "A byte does not drop the minus sign. It wraps around below 0."),
        (
            np.array([245, 60, 170]),
            "One step too far: the step down from 0 is a step too, and it ends at 255.",
        ),
        (
            np.array([226, 60, 170]),
            "226 is 30 below 256, as if it began at 0. It begins at 20: twenty steps lead to 0, "
            "and ten are left.",
        ),
        (
            np.array([236, 60, 170]),
            "236 is 20 below 256. But 30 is subtracted: twenty steps lead from 20 to 0, and ten "
            "are left.",
        ),
        (np.array([50, 120, 230]), "That is 30 more in each. Here 30 is subtracted."),
    ],
    why="20 − 30 = −10, and bytes wrap around: −10 + 256 = 246. The red lamp was nearly off and is "
    "now nearly full, and NumPy said nothing.",
    hints=[
        "Two of the three numbers are at least 30: nothing special happens to them.",
        "20 steps down from 20 reach 0. Ten steps are left, and the next one leads to 255.",
    ],
)


# 3: cut out a window

_PICTURE = _bytes(np.arange(20).reshape(4, 5))


def _windows(rng: np.random.Generator) -> Call:
    rows, columns = (int(n) for n in rng.integers(2, 8, 2))
    height, width = int(rng.integers(1, rows + 1)), int(rng.integers(1, columns + 1))
    top, left = int(rng.integers(rows - height + 1)), int(rng.integers(columns - width + 1))
    return case(_bytes(rng.integers(0, 256, (rows, columns))), top, left, height, width)


@chapter.coding(
    "Cut out a window",
    level=1,
    minutes=5,
    hand=[
        (
            case(_bytes(np.arange(20).reshape(4, 5)), 1, 2, 2, 3),
            _bytes([[7, 8, 9], [12, 13, 14]]),
        )
    ],
    regions={
        "the window is the whole image": [case(_PICTURE, 0, 0, 4, 5)],
        "the window touches the lower right corner": [case(_PICTURE, 1, 2, 3, 3)],
        "the window is a single pixel": [case(_PICTURE, *at, 1, 1) for at in ((0, 0), (3, 4))],
        "the window is one row": [case(_PICTURE, 3, 0, 1, 5), case(_PICTURE[:1], 0, 1, 1, 2)],
        "the window is one column": [case(_PICTURE, 0, 4, 4, 1), case(_PICTURE[:, :1], 1, 0, 2, 1)],
        "another image had the same window before": [case(255 - _PICTURE, 1, 2, 2, 3)],
    },
    cases=_windows,
    oracle=lambda image, top, left, height, width: image.take(
        np.arange(top, top + height), axis=0
    ).take(np.arange(left, left + width), axis=1),
    hints=[
        "`digit[7:15, 11:19]` cut out 8 rows and 8 columns. Where do 15 and 19 come from?",
        "A slice names its first row and the row after its last. The rows are "
        "`top`, `top + 1`, … `top + height - 1`.",
        "So the rows are `top : top + height`. The columns go after the comma in the same way.",
    ],
)
def crop(image, top, left, height, width):
    """Return the window of a grey image that begins in row `top` and column `left`."""
    return image[top : top + height, left : left + width]


@crop.mistake(
    "The slice ends at row `height`, but a slice counts from the edge of the image, not of the "
    "window. It ends at `top + height`, and the columns at `left + width`."
)
def _size_as_end(image, top, left, height, width):
    return image[top:height, left:width]


@crop.mistake("Rows and columns are exchanged. An array wants the row first: `[rows, columns]`.")
def _columns_first(image, top, left, height, width):
    return image[left : left + width, top : top + height]


@crop.mistake(
    "The size is right, but the corner is not: `top` is used for the columns and `left` for the "
    "rows."
)
def _corner_exchanged(image, top, left, height, width):
    return image[left : left + height, top : top + width]


@crop.mistake("The end of a slice is not included anyway, so nothing is taken off: no `- 1`.")
def _one_short(image, top, left, height, width):
    return image[top : top + height - 1, left : left + width - 1]


@crop.mistake("One row and one column too many. A slice stops before its end: no `+ 1`.")
def _one_long(image, top, left, height, width):
    return image[top : top + height + 1, left : left + width + 1]


@crop.mistake(
    "The window begins one row and one column too late. Rows are counted from 0: no `+ 1`."
)
def _from_one(image, top, left, height, width):
    return image[top + 1 : top + height + 1, left + 1 : left + width + 1]


@crop.mistake(
    "Two pairs of brackets both cut rows: the second cuts the rows of what the first left. Put "
    "both slices into one pair, `[rows, columns]`."
)
def _brackets_twice(image, top, left, height, width):
    return image[top : top + height][left : left + width]


@crop.mistake("`top` and `left` are not used: this is the upper left corner of the image.")
def _no_corner(image, top, left, height, width):
    return image[:height, :width]


@crop.mistake("The columns are not cut. After the comma they need a slice of their own.")
def _rows_only(image, top, left, height, width):
    return image[top : top + height]


@crop.mistake("`height` and `width` are exchanged: rows end at `top + height`.")
def _size_exchanged(image, top, left, height, width):
    return image[top : top + width, left : left + height]


@crop.mistake("The slices have no end, so they run to the edge of the image.")
def _no_end(image, top, left, height, width):
    return image[top:, left:]


# 4: more light

_PIXELS = _bytes([[[200, 20, 128], [0, 255, 1]]])


def _light(rng: np.random.Generator) -> Call:
    return case(_photo(rng), int(rng.choice([-200, -101, -50, -9, 10, 55, 100, 201])))


@chapter.coding(
    "More light",
    level=2,
    minutes=8,
    dtype="same",
    hand=[
        (case(_bytes([[[200, 20, 128]]]), 100), _bytes([[[255, 120, 228]]])),
        (case(_bytes([[[200, 20, 128]]]), -50), _bytes([[[150, 0, 78]]])),
    ],
    regions={
        "the amount is 0": [case(_PIXELS, 0), case(_photo(np.random.default_rng(1)), 0)],
        "the amount is 1 or −1": [case(_PIXELS, amount) for amount in (1, -1)],
        "the amount is beyond a byte": [
            case(_PIXELS, amount) for amount in (255, -255, 256, -256, 300, -300, 1000, -1000)
        ],
        "the photograph is black": [
            case(_bytes(np.zeros((2, 1, 3))), amount) for amount in (9, -9)
        ],
        "the photograph is white": [case(_bytes(np.full((1, 3, 3), 255)), a) for a in (9, -9)],
        "another photograph had the same shape": [case(_PIXELS[:, ::-1], 50)],
    },
    cases=_light,
    oracle=lambda image, amount: np.array(
        [min(255, max(0, int(value) + amount)) for value in image.ravel()], np.uint8
    ).reshape(image.shape),
    hints=[
        "What is 200 + 100 in bytes? At which moment does it go wrong, and what must come before?",
        "`image.astype(np.int16)` has room for 300 and for −30. Add there.",
        "Then `np.clip(values, 0, 255)` cuts off both ends, and `.astype(np.uint8)` goes back.",
    ],
)
def brighten(image, amount):
    """Return a photograph in bytes with an amount added, cut off at 0 and at 255."""
    wide = image.astype(np.int16) + amount
    return np.clip(wide, 0, 255).astype(np.uint8)


@brighten.mistake(
    "The bytes wrap around while they are added: 200 + 100 gives 44, and then it is too late to "
    "clip. Make room first with `image.astype(np.int16)`."
)
def _in_bytes(image, amount):
    return image + amount


@brighten.mistake(
    "300 becomes 44 here. Cut off with `np.clip(..., 0, 255)` after the addition, in a type with "
    "room for 300, and only then go back to bytes."
)
def _not_clipped(image, amount):
    return (image.astype(np.int16) + amount).astype(np.uint8)


@brighten.mistake(
    "Only the upper end is cut off. A negative amount leads below 0, and −30 becomes 226."
)
def _no_lower_end(image, amount):
    return np.minimum(image.astype(np.int16) + amount, 255).astype(np.uint8)


@brighten.mistake("Only the lower end is cut off. 300 is above 255, and it becomes 44.")
def _no_upper_end(image, amount):
    return np.maximum(image.astype(np.int16) + amount, 0).astype(np.uint8)


@brighten.mistake(
    "The numbers are cut off at 256, and as a byte 256 becomes 0. The largest byte is 255."
)
def _one_above(image, amount):
    return np.clip(image.astype(np.int16) + amount, 0, 256).astype(np.uint8)


@brighten.mistake("The numbers are right, but they are not bytes. End with `.astype(np.uint8)`.")
def _not_bytes(image, amount):
    return np.clip(image.astype(np.int16) + amount, 0, 255)


@brighten.mistake(
    "`int8` reaches only from −128 to 127, so 200 is −56 in it. `int16` has room enough."
)
def _small_room(image, amount):
    return np.clip(image.astype(np.int8) + amount, 0, 255).astype(np.uint8)


@brighten.mistake(
    "Unsigned types such as `uint16` have room above 255, but none below 0, so a negative amount "
    "does not fit. `int16` has both."
)
def _no_room_below(image, amount):
    return np.clip(image.astype(np.uint16) + amount, 0, 255).astype(np.uint8)


@brighten.mistake(
    "The numbers are cut off rightly, but not as bytes: in `int8` 255 reads as −1. End with "
    "`.astype(np.uint8)`."
)
def _signed_bytes(image, amount):
    return np.clip(image.astype(np.int16) + amount, 0, 255).astype(np.int8)


@brighten.mistake(
    "The photograph comes back as it was. Does a loop give its own variable a new value? That "
    "writes nothing into an array: `result[i, j, c] = ...` does."
)
def _nothing_written(image, amount):
    return image.copy()


@brighten.mistake("The amount is subtracted. To brighten, add it.")
def _taken_away(image, amount):
    return np.clip(image.astype(np.int16) - amount, 0, 255).astype(np.uint8)


# 5: from colour to grey


def _ramp(height: int, width: int) -> np.ndarray:
    """Return a photograph of this size whose numbers are all different, most of them odd."""
    return _bytes(np.arange(height * width * 3).reshape(height, width, 3) * 37 % 256)


_SHAPES = {
    "the photograph is 3 pixels high": [case(_ramp(3, 2))],
    "the photograph is 3 pixels wide": [case(_ramp(2, 3))],
    "the photograph is 3×3": [case(_ramp(3, 3))],
    "the photograph is one row": [case(_ramp(1, 4))],
    "the photograph is one column": [case(_ramp(4, 1))],
    "the photograph is a single pixel": [case(_ramp(1, 1))],
    "the photograph is black": [case(_bytes(np.zeros((2, 1, 3))))],
    "the photograph is white": [case(_bytes(np.full((1, 2, 3), 255)))],
    "the photograph is nearly black": [case(_bytes([[[0, 1, 1], [1, 0, 1]]]))],
    "another photograph had the same shape": [case(255 - _ramp(2, 3))],
}


@chapter.coding(
    "From colour to grey",
    level=2,
    minutes=8,
    dtype="same",
    hand=[
        (case(_bytes([[[10, 20, 60]]])), np.array([[30.0]])),
        (case(_bytes([[[200, 200, 200], [1, 1, 2]]])), np.array([[200.0, 4 / 3]])),
    ],
    regions=_SHAPES,
    cases=lambda rng: case(_photo(rng)),
    oracle=lambda image: image.mean(axis=2),
    hints=[
        "Three grey pictures are to become one. Along which axis of (H, W, 3) do they lie?",
        "200 + 200 + 200 is 600. Is there room for it in a byte?",
        "Either make room first, with `astype(float)`, or let `image.mean(axis=...)` do both.",
    ],
)
def grey(image):
    """Return the mean of the three channels of each pixel, as an (H, W) array of floats."""
    wide = image.astype(float)
    return (wide[:, :, 0] + wide[:, :, 1] + wide[:, :, 2]) / 3


@grey.mistake(
    "The sum of three bytes wraps around at 256: 200 + 200 + 200 gives 88. Make room before you "
    "add, with `astype(float)`."
)
def _sum_of_bytes(image):
    return (image[:, :, 0] + image[:, :, 1] + image[:, :, 2]) / 3


@grey.mistake("The channels are added, but not divided by 3.")
def _sum_for_mean(image):
    return image.sum(axis=2).astype(float)


@grey.mistake("This is the mean of each column. The channels lie along the last axis: `axis=2`.")
def _mean_of_columns(image):
    return image.mean(axis=0)


@grey.mistake("This is the mean of each row. The channels lie along the last axis: `axis=2`.")
def _mean_of_rows(image):
    return image.mean(axis=1)


@grey.mistake("This is one mean of the whole image. Each pixel needs its own: `axis=2`.")
def _one_mean(image):
    return image.mean()


@grey.mistake("The means are right, but a third axis of length 1 is left. A grey image is (H, W).")
def _axis_left(image):
    return image.mean(axis=2, keepdims=True)


@grey.mistake(
    "The means are rounded down to whole numbers. Keep the fractions: divide with `/`, and do "
    "not go back to bytes."
)
def _rounded_down(image):
    return image.sum(axis=2) // 3


@grey.mistake("These are the weights for how bright the eye sees a colour. Here all count alike.")
def _eye(image):
    return image @ np.array([0.299, 0.587, 0.114])


@grey.mistake("This is the red channel alone. Green and blue count as well.")
def _red_alone(image):
    return image[:, :, 0].astype(float)


@grey.mistake("The means are rounded. Keep the fractions, such as 1.33.")
def _rounded(image):
    return image.mean(axis=2).round()


@grey.mistake(
    "Only the last channel is divided by 3, since `/` comes before `+`. Put parentheses around "
    "the sum."
)
def _no_parentheses(image):
    wide = image.astype(float)
    return wide[:, :, 0] + wide[:, :, 1] + wide[:, :, 2] / 3


@grey.mistake("The means are right, but not in float64. `astype(float)` gives it.")
def _float32(image):
    return image.astype(np.float32).mean(axis=2)


# 6: to a network


@chapter.coding(
    "From the camera to the network",
    level=2,
    minutes=10,
    dtype="same",
    hand=[
        (
            case(_bytes([[[0, 51, 255], [102, 0, 204]]])),
            np.array([[[[0, 0.4]], [[0.2, 0]], [[1, 0.8]]]], np.float32),
        )
    ],
    regions=_SHAPES,
    cases=lambda rng: case(_photo(rng)),
    oracle=lambda photo: np.moveaxis(photo, -1, 0)[np.newaxis].astype(np.float32) / np.float32(255),
    hints=[
        "Three things change: the order of the axes, the number of axes, and the kind of number.",
        "`transpose(2, 0, 1)` brings the channels to the front, and `[None]` adds the batch axis.",
        "`/ 255` alone makes float64. Convert to `np.float32` first.",
    ],
)
def to_network(photo):
    """Return a photograph (H, W, 3) in bytes as a batch (1, 3, H, W) of float32 from 0 to 1."""
    batch = photo.transpose(2, 0, 1)[None]
    return batch.astype(np.float32) / 255


@to_network.mistake(
    "The shape is right, but the pixels are mixed up, as by `reshape`, which keeps the order of "
    "the numbers in memory. `transpose(2, 0, 1)` moves the axes."
)
def _reshaped(photo):
    height, width, channels = photo.shape
    return photo.reshape(1, channels, height, width).astype(np.float32) / 255


@to_network.mistake(
    "Rows and columns are exchanged on the way: the picture lies on its side. In "
    "`transpose(2, 0, 1)` rows still come before columns."
)
def _on_its_side(photo):
    return photo.T[None].astype(np.float32) / 255


@to_network.mistake(
    "The channels are still last. A network wants them before the rows: `transpose(2, 0, 1)`."
)
def _channels_last(photo):
    return photo[None].astype(np.float32) / 255


@to_network.mistake("The batch axis is missing. `[None]` puts an axis of length 1 in front.")
def _no_batch(photo):
    return photo.transpose(2, 0, 1).astype(np.float32) / 255


@to_network.mistake("The numbers still reach from 0 to 255. Divide by 255.")
def _not_divided(photo):
    return photo.transpose(2, 0, 1)[None].astype(np.float32)


@to_network.mistake("This is divided by 256, so white becomes 0.996. The largest byte is 255.")
def _by_256(photo):
    return photo.transpose(2, 0, 1)[None].astype(np.float32) / 256


@to_network.mistake(
    "All but white becomes 0: the fractions are cut off. Divide with `/`, not with `//`, and turn "
    "to float32 before, not to whole numbers after."
)
def _fractions_cut(photo):
    return (photo.transpose(2, 0, 1)[None] // 255).astype(np.float32)


@to_network.mistake(
    "This is divided by the largest number of this photograph, so a dark one becomes bright. "
    "Divide every photograph by 255, whatever is in it."
)
def _by_its_own_largest(photo):
    return photo.transpose(2, 0, 1)[None].astype(np.float32) / photo.max()


@to_network.mistake(
    "`transpose(1, 2, 0)` leads the other way, from channels first to channels last. Here "
    "old axis 2 is to come first: `transpose(2, 0, 1)`."
)
def _other_way(photo):
    return photo.transpose(1, 2, 0)[None].astype(np.float32) / 255


@to_network.mistake(
    "The numbers are right, but not float32. Dividing bytes gives float64, so write "
    "`.astype(np.float32)` as well."
)
def _float64(photo):
    return photo.transpose(2, 0, 1)[None] / 255


# 7: undo the permutation


def _scrambled(rng: np.random.Generator) -> Call:
    count, features = int(rng.integers(1, 5)), int(rng.integers(2, 7))
    return case(rng.integers(-8, 9, (count, features)) / 2, rng.permutation(features))


@chapter.coding(
    "Read the scrambled pictures",
    level=3,
    minutes=12,
    hand=[
        (
            case(np.array([[30.0, 20.0, 10.0]]), np.array([2, 0, 1])),
            np.array([[20.0, 10.0, 30.0]]),
        )
    ],
    regions={
        "the order changes nothing": [case(np.array([[1.0, 2.0, 3.0]]), np.arange(3))],
        "there is one pixel": [case(np.array([[4.0], [5.0]]), np.array([0]))],
        "the rows are as many as the pixels": [
            case(np.arange(9.0).reshape(3, 3), np.array(order)) for order in ([1, 2, 0], [2, 0, 1])
        ],
        "the rows are more than the pixels": [
            case(np.arange(15.0).reshape(5, 3), np.array([1, 2, 0]))
        ],
        "the rows hold whole numbers": [case(np.array([[30, 20, 10]]), np.array([2, 0, 1]))],
        "the rows hold bytes": [case(_bytes([[200, 0, 9, 7]]), np.array([1, 2, 3, 0]))],
    },
    cases=_scrambled,
    oracle=lambda rows, order: rows[:, np.argsort(order)],
    hints=[
        "`plain[:, order]` put the number from place `order[k]` at place `k`. With the order "
        "2, 0, 1: where did the number at place 0 of the scrambled row come from?",
        "It came from place 2, so it has to go back there. What is read at place `k` is written "
        "to place `order[k]`.",
        "Make a new array like `rows` (`np.zeros_like`). Then either a loop over `k` fills one "
        "column at a time, or `order` is on the left of the `=`.",
    ],
)
def unscramble(rows, order):
    """Return the rows with each number back at the place it had before `rows[:, order]`."""
    plain = np.zeros_like(rows)
    for k in range(len(order)):
        plain[:, order[k]] = rows[:, k]
    return plain


@unscramble.mistake(
    "The order is applied a second time, which scrambles further. To undo it, what is at "
    "place `k` must go to place `order[k]`."
)
def _once_more(rows, order):
    return rows[:, order]


@unscramble.mistake(
    "An order is not undone by reading it backwards. What is at place `k` must go to place "
    "`order[k]`."
)
def _order_backwards(rows, order):
    return rows[:, order[::-1]]


@unscramble.mistake(
    "The numbers are sorted by their size, but their places before were not by size. Only `order` "
    "says where each came from."
)
def _sorted(rows, order):
    return np.sort(rows, axis=1)


@unscramble.mistake("Each row is read backwards, and `order` is not used.")
def _rows_backwards(rows, order):
    return rows[:, ::-1]


@unscramble.mistake("The rows come back as they were, still scrambled.")
def _unchanged(rows, order):
    return rows.copy()


@unscramble.mistake("Only the first row is restored. Each row of the batch was scrambled.")
def _first_row_only(rows, order):
    plain = np.zeros_like(rows)
    plain[0, order] = rows[0]
    return plain


@unscramble.mistake(
    "The order moves whole rows here, the images of the batch. It belongs to the second axis: "
    "`[:, order]`."
)
def _whole_rows(rows, order):
    return rows[order]


@unscramble.mistake(
    "`plain[order]` writes whole rows, the images of the batch. Columns come after the comma: "
    "`plain[:, order]`."
)
def _written_to_rows(rows, order):
    plain = np.zeros_like(rows)
    plain[order] = rows
    return plain


@unscramble.mistake(
    "Numbers are overwritten that are still to be read. Write into a new array, "
    "`np.zeros_like(rows)`."
)
def _in_place(rows, order):
    for k in range(len(order)):
        rows[:, order[k]] = rows[:, k]
    return rows


@unscramble.mistake(
    "Only the column `order[0]` is written, the others are still 0. Is the `return` inside the "
    "loop? Then move it to the left."
)
def _returns_at_once(rows, order):
    plain = np.zeros_like(rows)
    plain[:, order[0]] = rows[:, 0]
    return plain


quiz = Quiz(
    "ex.quiz",
    (
        "A paint program says that a pixel lies at x = 57, y = 62. How do you read it from "
        "`photo`?",
        wrong(
            "`photo[57, 62]`",
            "x counts columns, and an array wants the row first. This is another pixel, and no "
            "error says so.",
        ),
        right("`photo[62, 57]`", "Row 62, then column 57. Many texts write it the other way."),
        wrong(
            "`photo[62][57][0]`",
            "The place is right, but the `[0]` takes only the red number of the pixel.",
        ),
        wrong(
            "`photo[-62, 57]`",
            "y does grow upwards in school algebra, but rows are counted downwards from the top. "
            "−62 counts from the bottom.",
        ),
    ),
    (
        "You show the blue channel of a photograph as a grey picture. How does a white cup look "
        "in it?",
        wrong("Black: only blue things are bright.", "White light contains blue as well."),
        wrong(
            "Blue.",
            "One channel is one number for each pixel. Shown alone, that is a grey picture.",
        ),
        wrong(
            "Mid grey: a third of the light is blue.",
            "White is 255, 255, 255. Each channel is at its full value, not at a third.",
        ),
        right("White.", "White is red, green and blue at their full values, so its blue is 255."),
    ),
    (
        "A photograph in bytes becomes `photo.astype(np.float32) / 255`. What is the price?",
        right(
            "It takes four times the memory.",
            "Four bytes for each number instead of one. That is why files keep bytes.",
        ),
        wrong(
            "It is darker: 1 is less than 255.",
            "Only the scale has changed. 1 is now full light, and a picture is drawn from 0 to 1.",
        ),
        wrong(
            "Fine differences are lost by rounding.",
            "All 256 levels stay apart. Times 255 and rounded, the bytes are back exactly.",
        ),
    ),
    (
        "You have a photograph (H, W, 3) and call `photo.reshape(3, H, W)` to bring the channels "
        "to the front. What happens?",
        wrong("The same as by `transpose`.", "The shapes agree, but the numbers do not."),
        wrong(
            "An error: the axes do not fit.",
            "3 · H · W numbers fit into both shapes, so no error warns you.",
        ),
        right(
            "The shape is right, and the sheets hold a mixture of red, green and blue.",
            "`reshape` keeps the line of numbers as it is, and cuts it into other pieces.",
        ),
        wrong(
            "Red and blue are exchanged.",
            "That happens where the channels are read backwards, `[:, :, ::-1]`.",
        ),
    ),
    (
        "You write `moved = photo.transpose(2, 0, 1)` and then `moved[2] = 0`. What happens to "
        "`photo`?",
        wrong(
            "Nothing: `moved` is an array of its own.",
            "Its shape is its own, the memory is not: `transpose` gives a view. Only a `.copy()` "
            "would be safe to write into.",
        ),
        wrong(
            "Its third row turns black.",
            "It would, after `photo[2] = 0`. In `moved` the first axis counts channels.",
        ),
        wrong(
            "It loses its red.",
            "Red is channel 0. `moved[2]` is the third channel.",
        ),
        right(
            "It loses its blue.",
            "Both names look at the same memory, and channel 2 is blue. White turns yellow.",
        ),
    ),
    (
        "Every digit is scrambled by one fixed order. Why does a linear classifier score as well "
        "as before?",
        wrong(
            "It first learns to put the pixels back.",
            "It never learns where a pixel was, and need not: each number keeps its own weight.",
        ),
        right(
            "It is a weighted sum, and a sum does not mind the order of its terms.",
            "Each number keeps a weight of its own, wherever it is, as long as it is "
            "there in every image.",
        ),
        wrong(
            "Scrambling loses only what is not needed to tell digits apart.",
            "You could not read the digits any more. What was lost is needed by you, and by a "
            "network that looks at neighbours.",
        ),
        wrong(
            "The digits are so easy that even guessing does well.",
            "Guessing gets one in ten right, not nine.",
        ),
    ),
)
