"""Exercises of notebook 00: shape, slice, axis, broadcasting, None and reshape, once each."""

import numpy as np

from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case

chapter = ExerciseSet.of(__name__)
progress = chapter.progress


def _picture(rng: np.random.Generator) -> np.ndarray:
    """Return a small grey picture (H, W) of halves, with negative numbers among them."""
    return rng.integers(-8, 9, rng.integers(1, 6, 2)) / 2


_GREY = np.arange(20.0).reshape(4, 5) / 2 - 3
_PHOTO = np.arange(24.0).reshape(3, 2, 4) / 2 - 5


# 1: tried in the middle of the notebook

pixels = chapter.prediction(
    "pixels",
    "Your first answer",
    level=1,
    minutes=1,
    expected=784,
    mistakes=[
        (56, "Rows and columns are added. Each of the 28 rows has 28 numbers: multiply."),
        (
            28 * 28 * 3,
            "Three numbers for each pixel would be colour. A grey picture has one.",
        ),
        (28, "That is one row. There are 28 of them."),
        (28 * 28 * 256, "256 is how many greys a pixel can show. Each pixel is one number."),
        ((28, 28), "That is the shape. How many numbers does it hold?"),
    ],
    why="28 rows of 28 numbers: 28 · 28 = 784.",
    hints=["How many numbers are in one row?", "28 rows, 28 numbers in each."],
)


# 2 to 4: predictions

sliced = chapter.prediction(
    "sliced",
    "The shape of a slice",
    level=1,
    minutes=2,
    expected=(40, 300),
    mistakes=[
        (
            (40, 300, 3),
            "The last entry in the brackets is the number 0, not a slice. A number picks one "
            "channel, and that axis is gone.",
        ),
        (
            (40, 300, 1),
            "A number in brackets removes its axis. A slice such as `0:1` would keep it, with "
            "length 1.",
        ),
        ((41, 300), "A slice stops before its end: rows 10 to 49, which are 50 − 10 of them."),
        ((60, 300), "10 and 50 are where the rows begin and end. How many lie between them?"),
        ((50, 300), "The rows begin at 10 and not at 0. How many are left?"),
        ((300, 40), "Rows come first in a shape, then columns."),
        (
            (40, 3),
            "The lone colon takes all 300 columns. It is the channel axis that goes.",
        ),
        ((40,), "The lone colon keeps its axis: all 300 columns are still there."),
        (
            40 * 300,
            "That is how many numbers there are. A shape is written in round brackets, one "
            "length for each axis.",
        ),
    ],
    why="Rows 10 to 49 are 40, the lone colon keeps all 300 columns, and the 0 takes one channel "
    "out: (40, 300).",
    hints=[
        "The three entries between the commas are for the rows, the columns and the channels.",
        "`10:50` stops before 50, `:` keeps everything, and a plain number removes its axis.",
    ],
)

added = chapter.prediction(
    "added",
    "A row added to a table",
    level=1,
    minutes=2,
    expected=np.array([[31, 22, 13], [34, 25, 16]]),
    mistakes=[
        (
            np.array([[1, 2, 3], [4, 5, 6], [30, 20, 10]]),
            "`+` does not put a row below. It adds number to number.",
        ),
        (
            np.array([[31, 22, 13], [4, 5, 6]]),
            "The row is added to every row of the table, not to the first alone.",
        ),
        (
            np.array([[1, 2, 3], [34, 25, 16]]),
            "The row is added to every row of the table, not to the last alone.",
        ),
        (np.array([[30, 40, 30], [120, 100, 60]]), "That is the product. Here it says `+`."),
        (
            np.array([[61, 62, 63], [64, 65, 66]]),
            "The sum of the row, 60, is added everywhere. Each "
            "number of the row goes to its own column.",
        ),
        (np.array([35, 27, 19]), "The rows of the table are added up as well. They stay two."),
    ],
    why="The row has as many numbers as the table has columns, so it is used again for each row: "
    "1 + 30, 2 + 20, 3 + 10, then 4 + 30, 5 + 20, 6 + 10.",
    hints=[
        "The row (3,) fits the last axis of the table (2, 3).",
        "The first row becomes 1 + 30, 2 + 20, 3 + 10. And the second?",
    ],
)

folded = chapter.prediction(
    "folded",
    "The missing length",
    level=1,
    minutes=2,
    expected=(2, 12, 5),
    mistakes=[
        (
            (2, -1, 5),
            "−1 is not a length. It asks NumPy to find the length that makes the numbers fit.",
        ),
        ((2, 60, 5), "60 is what is left of 120 for the first 2. The 5 takes its share too."),
        ((2, 24, 5), "24 · 2 · 5 would be 240 numbers. There are 120."),
        ((2, 6, 5), "That holds 60 numbers. There are 120, and none gets lost."),
        ((2, 7, 5), "The lengths 3 and 4 are not added. What is asked is how many numbers fit."),
        ((2, 3, 4, 5), "That is the shape before. Afterwards there are three axes."),
        (12, "That is the length that NumPy puts in for −1. What is the whole shape?"),
    ],
    why="There are 2 · 3 · 4 · 5 = 120 numbers. 2 and 5 account for 10, so the third length is 12.",
    hints=["How many numbers does the array hold?", "120 = 2 · ? · 5"],
)


# 5: an axis


@chapter.coding(
    "The mean of each row",
    level=1,
    minutes=3,
    hand=[
        (case(np.array([[1.0, 3.0, 2.0], [6.0, 6.0, 0.0]])), np.array([2.0, 4.0])),
    ],
    rtol=1e-5,
    regions={
        "there are as many rows as columns": [case(_GREY[:, :4])],
        "there is one row": [case(_GREY[:1])],
        "there is one column": [case(_GREY[:, :1])],
        "all numbers are negative": [case(-np.abs(_GREY) - 1)],
        "another picture had the same shape": [case(_GREY[::-1]), case(_GREY + 1)],
    },
    cases=lambda rng: case(_picture(rng)),
    oracle=lambda picture: np.array([sum(row.tolist()) / len(row) for row in picture]),
    hints=[
        "`picture.mean(axis=0)` lets the rows disappear and leaves one mean for each column.",
        "Here the columns are to disappear. They are axis 1.",
    ],
)
def row_means(picture):
    """Return the mean of each row of a picture (H, W), an array of H numbers."""
    return picture.mean(axis=1)


@row_means.mistake(
    "These are the means of the columns. The axis that you name is the one that disappears: for "
    "one mean a row, the columns must go, `axis=1`."
)
def _columns(picture):
    return picture.mean(axis=0)


@row_means.mistake("This is one mean of the whole picture. Each row has its own: name an axis.")
def _whole(picture):
    return picture.mean()


@row_means.mistake(
    "Each row is added up and divided by the number of rows. Divide by how many numbers stand in a "
    "row: that is the number of columns."
)
def _by_rows(picture):
    return picture.sum(axis=1) / len(picture)


@row_means.mistake("The rows are added up, but not divided by how many numbers are in each.")
def _sums(picture):
    return picture.sum(axis=1)


@row_means.mistake(
    "The means are right, but an axis of length 1 is left over: the shape should be (H,), not "
    "(H, 1). Leave `keepdims` out."
)
def _kept(picture):
    return picture.mean(axis=1, keepdims=True)


@row_means.mistake("This is the largest number of each row. The mean is asked for.")
def _largest(picture):
    return picture.max(axis=1)


# 6: a slice


def _at_least_three(rng: np.random.Generator) -> Call:
    return case(rng.integers(-8, 9, rng.integers(3, 7, 2)) / 2)


@chapter.coding(
    "Take off the border",
    level=1,
    minutes=3,
    hand=[
        (
            case(np.array([[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]])),
            np.array([[6.0, 7.0], [10.0, 11.0]]),
        ),
    ],
    regions={
        "one pixel is left": [case(_GREY[:3, :3])],
        "one row is left": [case(_GREY[:3])],
        "one column is left": [case(_GREY[:, :3])],
        "the picture is tall": [case(np.arange(21.0).reshape(7, 3))],
        "another picture had the same shape": [case(_GREY[::-1]), case(_GREY + 1)],
    },
    cases=_at_least_three,
    oracle=lambda picture: picture.take(np.arange(1, picture.shape[0] - 1), axis=0).take(
        np.arange(1, picture.shape[1] - 1), axis=1
    ),
    hints=[
        "Which is the first row that stays, and before which row does the slice stop?",
        "Negative numbers count from the end: `1:-1` leaves out the first and the last.",
    ],
)
def without_border(picture):
    """Return a picture (H, W) without its outermost pixels: an array (H − 2, W − 2)."""
    return picture[1:-1, 1:-1]


@without_border.mistake(
    "The last row and the last column are still there. A slice without an end runs to the edge; "
    "`1:-1` stops before the last."
)
def _no_end(picture):
    return picture[1:, 1:]


@without_border.mistake("The first row and the first column are still there. Counting starts at 0.")
def _no_start(picture):
    return picture[:-1, :-1]


@without_border.mistake("The rows are cut, the columns are not. They need a slice of their own.")
def _rows_only(picture):
    return picture[1:-1]


@without_border.mistake("The columns are cut, the rows are not. They need a slice of their own.")
def _columns_only(picture):
    return picture[:, 1:-1]


@without_border.mistake(
    "The border is black, but still there. Leave its rows and columns out, so that the result is "
    "smaller: (H − 2, W − 2)."
)
def _blackened(picture):
    out = np.zeros_like(picture)
    out[1:-1, 1:-1] = picture[1:-1, 1:-1]
    return out


@without_border.mistake(
    "One row and one column too many are cut off at the end: a slice stops before its end, so "
    "−1 as the end already leaves out the last."
)
def _one_short(picture):
    return picture[1:-2, 1:-2]


@without_border.mistake(
    "Two pairs of brackets both cut rows: the second cuts the rows of what the first left. Put "
    "both slices into one pair, with a comma."
)
def _brackets_twice(picture):
    return picture[1:-1][1:-1]


# 7: None makes room


def _channels(rng: np.random.Generator) -> Call:
    shape = rng.integers(1, 5, 3)
    return case(rng.integers(-8, 9, shape) / 2, rng.integers(-4, 5, shape[0]) / 2)


@chapter.coding(
    "A factor for each channel",
    level=2,
    minutes=4,
    hand=[
        (
            case(np.array([[[1.0, 2.0]], [[3.0, 4.0]]]), np.array([10.0, 0.5])),
            np.array([[[10.0, 20.0]], [[1.5, 2.0]]]),
        ),
    ],
    regions={
        "all three lengths are equal": [case(_PHOTO[:2, :, :2], np.array([2.0, -1.0]))],
        "channels and columns are as many": [case(_PHOTO[:, :, :3], np.array([2.0, -1.0, 0.5]))],
        "channels and rows are as many": [case(_PHOTO[:2], np.array([2.0, -1.0]))],
        "there is one channel": [case(_PHOTO[:1], np.array([3.0]))],
        "a factor is 0": [case(_PHOTO, np.array([0.0, 1.0, 2.0]))],
        "other factors came before": [case(_PHOTO, np.array([2.0, 3.0, 4.0]))],
    },
    cases=_channels,
    oracle=lambda photo, factors: np.array(
        [
            [[n * f for n in row] for row in channel]
            for channel, f in zip(photo.tolist(), factors.tolist(), strict=True)
        ]
    ),
    hints=[
        "Shapes are compared from the right. (C,) would be laid along the columns.",
        "The factors need two more axes after their own: the shape (C, 1, 1).",
        "Each `None` in brackets adds an axis of length 1; the colon keeps the one that is "
        "there already.",
    ],
)
def by_channel(photo, factors):
    """Return an array (C, H, W): each channel of the photo times its own factor, of shape (C,)."""
    return photo * factors[:, None, None]


@by_channel.mistake(
    "The factors lie along the columns: without `None`, shapes are matched from the right. Give "
    "them the shape (C, 1, 1)."
)
def _along_columns(photo, factors):
    return photo * factors


@by_channel.mistake(
    "The factors lie along the rows: one `None` gives the shape (C, 1), and two are needed."
)
def _along_rows(photo, factors):
    return photo * factors[:, None]


@by_channel.mistake("The factors are added. Each channel is to be multiplied by its factor.")
def _plus(photo, factors):
    return photo + factors[:, None, None]


@by_channel.mistake("Every channel is multiplied by the first factor. Each has its own.")
def _first(photo, factors):
    return photo * factors[0]


@by_channel.mistake("The channels are also added up. They stay apart: the shape is (C, H, W).")
def _summed(photo, factors):
    return (photo * factors[:, None, None]).sum(axis=0)


quiz = Quiz(
    "ex.quiz",
    (
        "You are about to run a cell under the words “Predict, then run”. What is the best "
        "first step?",
        wrong(
            "Run it, and see whether the result makes sense.",
            "Once seen, nearly every result makes sense. That is the trouble.",
        ),
        right(
            "Say your guess aloud, or write it down, and then run it.",
            "Where your guess and the machine disagree, there is something to learn.",
        ),
        wrong(
            "Open the folded answer, to know what to look for.",
            "Then you have read the answer, not found it. Keep it for afterwards.",
        ),
    ),
    (
        "`.check` shows ○. What does it mean?",
        wrong("The answer is wrong.", "A wrong answer gets a ✗, and what is wrong with it."),
        wrong("The answer is right.", "A right answer gets a ✓, and a sentence that says why."),
        right(
            "Nothing was tried yet: the three dots are still there.",
            "Write your answer in their place and run the cell again.",
        ),
    ),
    (
        "`a` has two rows and three columns. `b = a[:, 0]`, and then `b[:] = 0`. What becomes of "
        "`a`?",
        right(
            "Its first column is 0.", "A slice is a view: `b` is a window on the numbers of `a`."
        ),
        wrong(
            "Nothing: `b` is a copy.", "So it would be with a Python list. In NumPy it is a view."
        ),
        wrong("Its first row is 0.", "Rows come first in the brackets: `[:, 0]` is column 0."),
        wrong("All of it is 0.", "The window shows one column. The others are left as they were."),
    ),
    (
        "An array has the shape (3, 200, 300). What is left after `.mean(axis=0)`?",
        right("(200, 300)", "The axis that is named disappears: here the three channels."),
        wrong("(3,)", "That would be left if rows and columns disappeared, `axis=(1, 2)`."),
        wrong("(3, 1, 1)", "The first length is the one that goes."),
        wrong("(1,)", "Without `axis=`, a single number would be left, with the shape ()."),
    ),
    (
        "The photograph network must choose among a thousand words, and it gives espresso 0.9. "
        "Which of these is shown by that?",
        wrong(
            "It is right with probability 0.9.",
            "That number is the network's own. Whether it is right that often has to be counted "
            "(notebook 09).",
        ),
        wrong(
            "It knows what coffee is.",
            "It turns pixels into scores. What it looks at is the question of notebook 10.",
        ),
        right(
            "Of its thousand words, this one fits the pixels best, by far.",
            "It has to choose one of the thousand, even for a picture of noise.",
        ),
    ),
)
