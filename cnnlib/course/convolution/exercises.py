"""Exercises of notebook 02: slide a kernel, multiply, add; flip it; design one; learn one."""

from typing import Any

import numpy as np

from cnnlib import reference
from cnnlib.course.judge.exercise import ExerciseSet
from cnnlib.course.judge.numbers import halves
from cnnlib.course.judge.quiz import Quiz, right, wrong
from cnnlib.course.judge.run import Call, case
from cnnlib.functional import conv2d

chapter = ExerciseSet.of(__name__)
progress = chapter.progress

# The numbers of the notebook's hand calculation.
_X = np.array([[5.0, 1, 7, 13], [15, 5, 1, 13], [10, 6, 4, 6], [15, 3, 12, 4]])
_KERNEL = np.array([[11.0, 4], [5, 2]])
_CORNER = np.array([[0.0, 0, 0], [0, 0, 5], [0, -1, 3]])
_CORNER_KERNEL = np.array([[-1.0, 2, 0], [1, 0, 1], [0, -1, -2]])


def _sizes(rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Return the sides of a kernel, and those of a picture that it fits into."""
    kh, kw = (int(side) for side in rng.integers(1, 4, 2))
    oh, ow = (int(side) for side in rng.integers(1, 4, 2))
    return kh, kw, kh + oh - 1, kw + ow - 1


def _slide(x: Any, kernel: Any) -> Any:
    """Return the sliding sums of one picture and one kernel."""
    (kh, kw), (h, w) = kernel.shape, x.shape
    y = np.zeros((h - kh + 1, w - kw + 1))
    for i, j in np.ndindex(y.shape):
        y[i, j] = (x[i : i + kh, j : j + kw] * kernel).sum()
    return y


map_shape = chapter.prediction(
    "map_shape",
    "The shape of a map",
    level=1,
    minutes=1,
    expected=(4, 8),
    mistakes=[
        ((6, 9), "That is the input. The kernel must lie inside it all the time, so the map is "
         "smaller: a kernel of 3 rows costs two rows, one of 2 columns costs one column."),
        ((8, 4), "Rows and columns are exchanged. A shape names the rows first."),
        ((3, 7), "One place is missing each way. A kernel as large as the input still fits once, "
         "so 1 comes back: 6 − 3 + 1 rows."),
        ((5, 7), "The two sides of the kernel are exchanged: it has 3 rows and 2 columns."),
        ((3, 2), "That is the kernel. The question is in how many places it fits."),
        ((8, 10), "That is the map when the kernel may hang over the edge, as long as one weight "
         "lies on the picture. Here it lies inside with all of them."),
        ((18, 18), "The sides are multiplied. Count places: where can the top row of the kernel "
         "lie, among 6 rows?"),
    ],
    why="6 − 3 + 1 = 4 places down and 9 − 2 + 1 = 8 places across.",
    hints=[
        "Put a kernel of 3 rows at the very top of 6 rows. How often can it step down?",
        "It starts in row 0 and ends in row 3, where it covers rows 3, 4 and 5. Do the same for "
        "the columns.",
    ],
)  # fmt: skip

one_cell = chapter.prediction(
    "one_cell",
    "One cell by hand",
    level=1,
    minutes=2,
    expected=2,
    mistakes=[
        (-8, "The products are right and the bias is missing: −8 + 10."),
        (4, "That is true convolution: the kernel was flipped (half a turn). Here it lies on the "
         "window as it is."),
        (1, "The kernel lies there with rows and columns exchanged: 4 belongs on the −1, and 5 on "
         "the 0."),
        (32, "The bias is added with each of the four products. It comes once for the cell."),
        (14, "A minus sign is lost: 3 · (−2) is −6."),
        (10, "Is that the bias alone? Add it to the four products. Or is a minus sign lost? "
         "(−1) · 4 is −4."),
        (-18, "The bias is subtracted here: −8 − 10. It is added."),
        (22, "The minus signs are lost: (−1) · 4 is −4, and 3 · (−2) is −6."),
    ],
    why="2 · 1 + (−1) · 4 + 0 · 5 + 3 · (−2) = 2 − 4 + 0 − 6 = −8, and with the bias, 2.",
    hints=[
        "Four products, each of a number and the weight that lies on it. Then one sum.",
        "The first two products are 2 · 1 and (−1) · 4. The bias joins at the end, once.",
    ],
)  # fmt: skip

shared_numbers = chapter.prediction(
    "shared_numbers",
    "How many numbers are learned",
    level=1,
    minutes=1,
    expected=26,
    mistakes=[
        (25, "The 25 weights are right. The bias is a number that is learned too."),
        (7_321, "The 25 weights are right, but there is one bias for the kernel, not one for each "
         "of the 76 · 96 output cells."),
        (182_400, "That gives each of the 76 · 96 output cells weights of its own. They all share "
         "the same 25. (And there is a bias.)"),
        (189_696, "That gives each of the 76 · 96 output cells a kernel and a bias of its own. "
         "They all share the same 26 numbers."),
        (58_368_000, "That is a dense layer: a weight for each of the 8,000 pixels in each of the "
         "7,296 cells. A kernel is local, and shared."),
        (58_375_296, "That is a dense layer with its biases. A kernel looks at 25 pixels, and "
         "uses the same weights everywhere."),
        (7_296, "That is how many cells the map has. How many numbers make them?"),
        (8_000, "That is how many pixels there are. The size of the picture plays no part."),
    ],
    why="5 · 5 weights and one bias. The size of the picture plays no part.",
    hints=[
        "The kernel slides. Does it change on its way?",
        "Count the weights of one kernel, and add what is added to every cell.",
    ],
)  # fmt: skip


def _judge_level_edges(answer: Any) -> str | None:
    """Return what is wrong with a detector of edges from dark above to bright below."""
    try:
        kernel = np.array(answer, dtype=float)
    except (TypeError, ValueError):
        kernel = np.zeros(())
    if kernel.shape != (3, 3):
        return "Expected a kernel of 3×3 numbers: `np.array([[..., ..., ...], ...])`."
    if not np.isfinite(kernel).all():
        return "Each weight must be a finite number; there is an inf or a nan."
    kernel = kernel.round(9) + 0.0  # thirds and the like
    if not kernel.any():
        return "A kernel of zeros answers 0 everywhere, at edges too."
    rows, columns = kernel.sum(axis=1).round(6), kernel.sum(axis=0).round(6)
    if total := round(kernel.sum(), 6):
        return (
            f"The weights sum to {total:g}, so a flat white picture of ones gives {total:g} and "
            "not 0. Plus and minus must cancel."
        )
    if columns.any() and not rows.any():
        return "This finds vertical edges. Swap rows and columns: `.T`."
    if columns.any():
        return (
            "It responds to vertical edges too, because its columns sum to "
            f"{', '.join(f'{value:g}' for value in columns)}. Each column must sum to 0."
        )
    below, above = rows[2], rows[1] + rows[2]  # the edge lies below, or above, the middle row
    if not rows.any():
        return "It does not respond to horizontal edges either: each of its rows sums to 0."
    if below < 0 < above or above < 0 < below:
        return (
            f"The same edge gives {above:g} above the middle row and {below:g} below it. The "
            "signs must not change: minus in the upper part, plus in the lower."
        )
    if max(below, above) <= 0:
        return (
            "The sign is wrong: it answers below 0 where dark turns to bright on the way down. "
            "The plus must lie where the answer should be bright."
        )
    strongest = round(kernel[kernel > 0].sum(), 6)
    if abs(strongest - 1) > 2e-3:  # 0.333 will do for a third
        return (
            f"It finds the right edges. But white under every plus and black under every minus "
            f"gives {strongest:g} instead of 1: divide all weights by {strongest:g}."
        )
    return None


level_edges = chapter.project(
    "level_edges",
    "Design a kernel",
    level=2,
    minutes=5,
    judge=_judge_level_edges,
    solution="my_level_edges = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 4",
    model_answer=np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 4,
    praise="It is blind to flat areas and to vertical edges, and answers 1 at most, where black "
    "turns to white on the way down.",
    hints=[
        "Which number makes a kernel answer 0 on everything flat? And where must the plus lie, "
        "if below should be bright?",
        "Begin with minus in the upper row and plus in the lower one. What does a vertical edge "
        "give then, if each column sums to 0?",
        "Last, the size. Put white, 1, under every plus and black, 0, under every minus. Divide "
        "the weights by what comes out.",
    ],
)


def _wrong_kernel(diagnosis: str, kernel: Any) -> None:
    def make_kernel() -> Any:
        return np.array(kernel)

    level_edges.mistake(diagnosis)(make_kernel)


for _diagnosis, _kernel in (
    ("A kernel of zeros", [[0, 0, 0]] * 3),
    ("The weights sum to 1", [[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    ("This finds vertical edges.", [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    ("It responds to vertical edges too", [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    ("It does not respond to horizontal edges either", [[-1, 0, 1], [0, 0, 0], [1, 0, -1]]),
    ("The signs must not change", [[-1, -1, -1], [2, 2, 2], [-1, -1, -1]]),
    ("The sign is wrong", [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]),
    ("divide all weights by 4", [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    ("Expected a kernel of 3×3 numbers", [-1, -2, -1, 0, 0, 0, 1, 2, 1]),
):
    _wrong_kernel(_diagnosis, _kernel)


def _map_cases(rng: np.random.Generator) -> Call:
    kh, kw, h, w = _sizes(rng)
    x, kernel = halves(rng, h, w), halves(rng, kh, kw)
    if rng.random() < 0.3:
        return case(x, kernel)
    return case(x, kernel, float(halves(rng, 1)[0]))


def _map_oracle(x: Any, kernel: Any, bias: float = 0) -> Any:
    x, kernel = x.astype(float)[None, None], kernel.astype(float)[None, None]
    return reference.conv2d(x, kernel, np.array([float(bias)]))[0, 0]


def _pictures(*also: Any) -> dict[str, list[Call]]:
    """Return calls with pictures and kernels of special shapes and kinds, and these arguments."""
    row, wide = np.array([[2.0, -1.0, 0.5, 3.0]]), np.array([[1.0, -2.0, 0.0], [4.0, 0.5, -3.0]])
    square = np.array([[0.0, 1.5], [-2.0, 3.0]])
    return {
        "the kernel is a single weight": [case(wide, np.array([[-1.5]]), *also)],
        "the kernel is as large as the picture": [case(wide, wide - 1, *also)],
        "the picture is a single pixel": [case(np.array([[3.0]]), np.array([[-2.0]]), *also)],
        "the picture is one row": [case(row, np.array([[1.0, 0.5]]), *also)],
        "the picture is one column": [case(row.T, np.array([[1.0], [-0.5], [2.0]]), *also)],
        "the kernel is one row": [case(wide, np.array([[1.0, 0.5]]), *also)],
        "the kernel is one column": [case(wide, np.array([[1.0], [-0.5]]), *also)],
        "the kernel is higher than wide": [case(wide.T, wide.T[:, :1], *also)],
        "the picture is 0 everywhere": [case(np.zeros((2, 3)), square, *also)],
        "the kernel is 0 everywhere": [case(wide, np.zeros((1, 2)), *also)],
        "another picture had the same shape": [
            case(-wide, square, *also),
            case(wide, square, *also),
        ],
    }


_WHOLE_X, _WHOLE_KERNEL = _X.astype(int), _KERNEL.astype(int)


@chapter.coding(
    "Four loops and a bias",
    level=2,
    minutes=15,
    hand=[
        (case(_X, _KERNEL), np.array([[144.0, 66, 160], [247, 97, 95], [215, 121, 136]])),
        (case(_CORNER, _CORNER_KERNEL, 3.0), np.array([[3.0]])),
    ],
    regions={
        **_pictures(-1.5),
        "picture and kernel hold whole numbers": [
            case(_WHOLE_X, _WHOLE_KERNEL, *bias) for bias in ((), (10,), (0.5,), (-2.25,))
        ],
        "the picture holds whole numbers": [
            case(_WHOLE_X, _KERNEL / 8),
            case(_WHOLE_X, _KERNEL, 0.5),
        ],
        "the kernel holds whole numbers": [
            case(_X / 4, _WHOLE_KERNEL),
            case(_X / 4, -_WHOLE_KERNEL, 1),
        ],
        "the bias is 0": [case(_X, _KERNEL, 0), case(_X, _KERNEL, 0.0)],
        "the bias is large": [case(_X, _KERNEL, 1000.0), case(_X, _KERNEL, -1000.0)],
        "the bias is given by name": [case(_X[:2, :3], _KERNEL, bias=-4.5)],
    },
    cases=_map_cases,
    oracle=_map_oracle,
    hints=[
        "How many places are there down, and how many across? Make an array of zeros of that "
        "shape, and two loops, `i` and `j`, that visit each of its cells.",
        "For one cell, two more loops, `m` and `n`, visit the weights. The weight `kernel[m, n]` "
        "lies on the pixel `m` rows and `n` columns away from the corner of the window.",
        "The corner of the window is `x[i, j]`. Start each cell with the bias, and add "
        "`x[i + m, j + n] * kernel[m, n]` with `+=`.",
    ],
)
def feature_map(x, kernel, bias=0):
    """Slide the kernel over the picture, multiply, add, and add the bias to every cell."""
    kh, kw = kernel.shape
    oh, ow = x.shape[0] - kh + 1, x.shape[1] - kw + 1
    y = np.zeros((oh, ow))
    for i in range(oh):
        for j in range(ow):
            total = bias
            for m in range(kh):
                for n in range(kw):
                    total += x[i + m, j + n] * kernel[m, n]
            y[i, j] = total
    return y


@feature_map.mistake("The bias is missing. It is one number, added to every cell of the map.")
def _no_bias(x, kernel, bias=0):
    return _slide(x, kernel)


@feature_map.mistake(
    "The bias is added with every product. It comes once for each cell: start the sum with it, "
    "or add it after the two inner loops."
)
def _bias_in_every_product(x, kernel, bias=0):
    return _slide(x, kernel) + bias * kernel.size


@feature_map.mistake(
    "The kernel is flipped (half a turn), which makes this true convolution. Here the weight "
    "`kernel[m, n]` lies on the pixel `x[i + m, j + n]`."
)
def _turned(x, kernel, bias=0):
    return _slide(x, kernel[::-1, ::-1]) + bias


@feature_map.mistake(
    "The last row and the last column of the map are missing. A kernel as large as the input "
    "fits once, so there are `x.shape[0] - kh + 1` places."
)
def _one_short(x, kernel, bias=0):
    return _slide(x, kernel)[:-1, :-1] + bias


@feature_map.mistake(
    "The map is as large as the input, and zeros remain where the kernel does not fit. Make it "
    "`x.shape[0] - kh + 1` rows by `x.shape[1] - kw + 1` columns."
)
def _large_map(x, kernel, bias=0):
    small = _slide(x, kernel) + bias
    y = np.zeros(x.shape)
    y[: small.shape[0], : small.shape[1]] = small
    return y


@feature_map.mistake(
    "The map is as large as the input: beyond the places where the kernel fits there is nothing "
    "but the bias. It has `x.shape[0] - kh + 1` rows and `x.shape[1] - kw + 1` columns."
)
def _large_map_with_bias(x, kernel, bias=0):
    return _large_map(x, kernel) + bias


@feature_map.mistake(
    "The window never moves: every cell is that of the upper left corner. The pixel is "
    "`x[i + m, j + n]`, counted from the window's place."
)
def _window_stays(x, kernel, bias=0):
    y = _slide(x, kernel)
    return np.full(y.shape, y[0, 0]) + bias


@feature_map.mistake(
    "Only the last product of each window is left, plus the bias. Is there `=` where `+=` belongs, "
    "or is the sum set back inside the inner loops?"
)
def _last_product(x, kernel, bias=0):
    (kh, kw), (h, w) = kernel.shape, x.shape
    return x[kh - 1 : h, kw - 1 : w] * kernel[-1, -1] + bias


@feature_map.mistake(
    "Only the last product of each window is left, without the bias. Is there `=` where `+=` "
    "belongs? `=` replaces the sum that began with the bias."
)
def _last_product_alone(x, kernel, bias=0):
    return _last_product(x, kernel)


@feature_map.mistake(
    "The sum runs on from cell to cell. It must start anew in each one: set it inside the loop "
    "over `j`."
)
def _running_sum(x, kernel, bias=0):
    y = _slide(x, kernel)
    return y.cumsum().reshape(y.shape) + bias


@feature_map.mistake("That is the mean of the products. A convolution takes their sum.")
def _mean(x, kernel, bias=0):
    return _slide(x, kernel) / kernel.size + bias


@feature_map.mistake(
    "Only the first row of the map is filled. Is `return` indented too far, inside the loop "
    "over `i`?"
)
def _first_row(x, kernel, bias=0):
    y = _slide(x, kernel) + bias
    y[1:] = 0
    return y


@feature_map.mistake(
    "Only the first cell of the map is filled. Is `return` indented too far, inside the loop "
    "over `j`?"
)
def _first_cell(x, kernel, bias=0):
    y = np.zeros_like(_slide(x, kernel))
    y[0, 0] = _slide(x, kernel)[0, 0] + bias
    return y


@feature_map.mistake(
    "The sign `@` is the matrix product, which pairs rows with columns. Here each number meets "
    "the weight that lies on it: `*`."
)
def _matrix_product(x, kernel, bias=0):
    (kh, kw), (h, w) = kernel.shape, x.shape
    y = np.zeros((h - kh + 1, w - kw + 1))
    for i, j in np.ndindex(y.shape):
        y[i, j] = (x[i : i + kh, j : j + kw] @ kernel).sum() + bias
    return y


@feature_map.mistake(
    "Rows and columns change places between window and kernel: `m` counts the rows of both and "
    "`n` the columns, so `kernel[m, n]` meets `x[i + m, j + n]`."
)
def _kernel_exchanged(x, kernel, bias=0):
    y = _slide(x, kernel)
    for (i, j), _ in np.ndenumerate(y):
        y[i, j] = bias + sum(x[i + m, j + n] * kernel[n, m] for m, n in np.ndindex(kernel.shape))
    return y


@feature_map.mistake(
    "The place of the window is exchanged: `i` counts rows and `j` columns, so the pixel is "
    "`x[i + m, j + n]`, and not `x[j + m, i + n]`."
)
def _place_exchanged(x, kernel, bias=0):
    y = _slide(x, kernel)
    for (i, j), _ in np.ndenumerate(y):
        y[i, j] = bias + sum(x[j + m, i + n] * kernel[m, n] for m, n in np.ndindex(kernel.shape))
    return y


@feature_map.mistake(
    "The kernel runs over the edge of the picture. It fits into `x.shape[0] - kh + 1` places down "
    "and `x.shape[1] - kw + 1` across, and only these are visited."
)
def _over_the_edge(x, kernel, bias=0):
    y = np.zeros(x.shape)
    for (i, j), _ in np.ndenumerate(y):
        y[i, j] = bias + sum(x[i + m, j + n] * kernel[m, n] for m, n in np.ndindex(kernel.shape))
    return y


@feature_map.mistake(
    "Both outer loops run over the rows of the map. `j` counts its columns: `range(ow)`."
)
def _square_map(x, kernel, bias=0):
    y = np.zeros_like(_slide(x, kernel))
    for i, j in np.ndindex(len(y), len(y)):
        y[i, j] = bias + sum(x[i + m, j + n] * kernel[m, n] for m, n in np.ndindex(kernel.shape))
    return y


@feature_map.mistake(
    "The loop over `j` goes to the number of rows of the map, as that over `i` does. It must go to "
    "the number of its columns, `ow`."
)
def _square_map_of_slices(x, kernel, bias=0):
    (kh, kw), y = kernel.shape, np.zeros_like(_slide(x, kernel))
    for i, j in np.ndindex(len(y), len(y)):
        y[i, j] = (x[i : i + kh, j : j + kw] * kernel).sum() + bias
    return y


@feature_map.mistake(
    "The first row and the first column of the map are empty. Places are counted from 0: "
    "`range(oh)` begins there."
)
def _from_one(x, kernel, bias=0):
    y = _slide(x, kernel) + bias
    y[0], y[:, 0] = 0, 0
    return y


@feature_map.mistake(
    "The last row and the last column of the map are still 0. Do the outer loops end one early? "
    "`range(oh)` ends at `oh - 1` by itself."
)
def _loops_end_early(x, kernel, bias=0):
    y = _slide(x, kernel) + bias
    y[-1], y[:, -1] = 0, 0
    return y


@feature_map.mistake("The bias is subtracted. It is added to every cell, whatever its sign.")
def _bias_subtracted(x, kernel, bias=0):
    return _slide(x, kernel) - bias


@feature_map.mistake("The sums are multiplied by the bias. It is added to them.")
def _bias_multiplied(x, kernel, bias=0):
    return _slide(x, kernel) * bias


@feature_map.mistake(
    "The last row and the last column of the kernel are not used. `range(kh)` already ends at "
    "`kh - 1`."
)
def _short_kernel(x, kernel, bias=0):
    inner = kernel.copy()
    inner[-1], inner[:, -1] = 0, 0
    return _slide(x, inner) + bias


@feature_map.mistake(
    "The numbers are right, but they are in one long row. Give them their places: "
    "`.reshape(oh, ow)`."
)
def _one_row(x, kernel, bias=0):
    return (_slide(x, kernel) + bias).ravel()


@feature_map.mistake(
    "The window ends in the wrong place. A slice names its end, not its length: the window is "
    "`x[i : i + kh, j : j + kw]`."
)
def _slice_ends(x, kernel, bias=0):
    y = np.zeros_like(_slide(x, kernel))
    for (i, j), _ in np.ndenumerate(y):
        y[i, j] = (x[i : kernel.shape[0], j : kernel.shape[1]] * kernel).sum() + bias
    return y


@feature_map.mistake(
    "The fractions are cut off where the picture holds whole numbers: is the map made in the dtype "
    "of the picture? A weight or a bias may be 0.5: make it with `np.zeros(shape)`."
)
def _in_the_dtype_of_the_picture(x, kernel, bias=0):
    return (_slide(x, kernel) + bias).astype(x.dtype)


@feature_map.mistake(
    "The kernel is flipped (half a turn), and the bias is missing. The weight `kernel[m, n]` lies "
    "on the pixel `x[i + m, j + n]`, and the bias joins every cell."
)
def _turned_without_bias(x, kernel, bias=0):
    return _turned(x, kernel)


@feature_map.mistake(
    "The kernel is flipped (half a turn), and the bias is added with every product. The weight "
    "`kernel[m, n]` lies on the pixel `x[i + m, j + n]`, and the bias comes once for each cell."
)
def _turned_with_every_bias(x, kernel, bias=0):
    return _turned(x, kernel, bias * kernel.size)


@feature_map.mistake(
    "Rows and columns change places between window and kernel, and the bias is missing. "
    "`kernel[m, n]` meets `x[i + m, j + n]`, and the bias joins every cell."
)
def _exchanged_without_bias(x, kernel, bias=0):
    return _kernel_exchanged(x, kernel)


@feature_map.mistake(
    "The last row and the last column of the map are missing, and so is the bias. There are "
    "`x.shape[0] - kh + 1` places, and the bias joins each of them."
)
def _one_short_without_bias(x, kernel, bias=0):
    return _one_short(x, kernel)


@feature_map.mistake(
    "The last row and the last column of the map are missing, and the kernel is flipped (half "
    "a turn). There are `x.shape[0] - kh + 1` places, and `kernel[m, n]` lies on `x[i + m, j + n]`."
)
def _one_short_and_turned(x, kernel, bias=0):
    return _one_short(x, kernel[::-1, ::-1], bias)


def _turn_cases(rng: np.random.Generator) -> Call:
    kh, kw, h, w = _sizes(rng)
    return case(halves(rng, h, w), halves(rng, kh, kw))


@chapter.coding(
    "True convolution",
    level=2,
    minutes=5,
    hand=[(case(_X, _KERNEL), np.array([[130.0, 68, 226], [161, 83, 149], [143, 176, 130]]))],
    regions={
        **_pictures(),
        "picture and kernel hold whole numbers": [case(_WHOLE_X, _WHOLE_KERNEL)],
        "the picture holds whole numbers": [case(_WHOLE_X, _KERNEL / 8)],
        "the kernel looks the same after half a turn": [
            case(_X, np.array([[3.0, 1.0], [1.0, 3.0]]))
        ],
        "the kernel is symmetric": [case(_X, np.array([[1.0, 2.0], [2.0, 5.0]]))],
    },
    cases=_turn_cases,
    oracle=lambda x, kernel: _map_oracle(x, np.rot90(kernel, 2)),
    hints=[
        "Where does the 11 of the kernel lie after half a turn? Only one thing changes against "
        "the four loops.",
        "The last row becomes the first and the last column becomes the first. `a[::-1]` reads "
        "the first axis of an array backwards.",
        "Either slide `kernel[::-1, ::-1]`, or take the weight `kernel[kh - 1 - m, kw - 1 - n]` "
        "in the innermost line.",
    ],
)
def true_convolution(x, kernel):
    """Flip the kernel (half a turn), then slide it over the picture."""
    kh, kw = kernel.shape
    oh, ow = x.shape[0] - kh + 1, x.shape[1] - kw + 1
    y = np.zeros((oh, ow))
    for i in range(oh):
        for j in range(ow):
            for m in range(kh):
                for n in range(kw):
                    y[i, j] += x[i + m, j + n] * kernel[kh - 1 - m, kw - 1 - n]
    return y


@true_convolution.mistake(
    "That is cross-correlation: the kernel is not flipped. True convolution flips it (half "
    "a turn) before it slides."
)
def _not_turned(x, kernel):
    return _slide(x, kernel)


@true_convolution.mistake(
    "The kernel is flipped upside down, but not left to right. Half a turn does both: "
    "`kernel[::-1, ::-1]`."
)
def _upside_down(x, kernel):
    return _slide(x, kernel[::-1])


@true_convolution.mistake(
    "The kernel is flipped left to right, but not upside down. Half a turn does both: "
    "`kernel[::-1, ::-1]`."
)
def _left_to_right(x, kernel):
    return _slide(x, kernel[:, ::-1])


@true_convolution.mistake(
    "Rows and columns of the kernel are exchanged; `.T` mirrors it along its diagonal. Half a "
    "turn reads both axes backwards: `kernel[::-1, ::-1]`."
)
def _transposed(x, kernel):
    return _slide(x, kernel.T)


@true_convolution.mistake(
    "That is a quarter turn to the left. Half a turn is two of them: `np.rot90(kernel, 2)`."
)
def _quarter_turn(x, kernel):
    return _slide(x, np.rot90(kernel))


@true_convolution.mistake(
    "That is the map of cross-correlation, turned. It also comes out if picture and kernel are "
    "both turned. Flip the kernel alone, before it slides: picture and map stay as they are."
)
def _map_turned(x, kernel):
    return _slide(x, kernel)[::-1, ::-1]


@true_convolution.mistake(
    "That is a quarter turn to the right. Half a turn is two of them: `np.rot90(kernel, 2)`."
)
def _quarter_turn_right(x, kernel):
    return _slide(x, np.rot90(kernel, 3))


@true_convolution.mistake(
    "This is what comes out when `x[i - m, j - n]` reaches below 0: Python then counts from the "
    "end of the picture. Keep the places where the kernel fits, and turn the weight: "
    "`kernel[kh - 1 - m, kw - 1 - n]`."
)
def _below_zero(x, kernel):
    y = np.zeros_like(_slide(x, kernel))
    for (i, j), _ in np.ndenumerate(y):
        y[i, j] = sum(x[i - m, j - n] * kernel[m, n] for m, n in np.ndindex(kernel.shape))
    return y


@true_convolution.mistake(
    "The map is the right one after half a turn. That comes out if the picture is turned in place "
    "of the kernel, or kernel and map both. Turn the kernel alone."
)
def _picture_turned(x, kernel):
    return _slide(x[::-1, ::-1], kernel)


@true_convolution.mistake(
    "`kernel[-m, -n]` begins with `kernel[0, 0]`, because −0 is 0. The last row is number −1: "
    "`kernel[-1 - m, -1 - n]`."
)
def _minus_zero(x, kernel):
    return _slide(x, np.roll(kernel[::-1, ::-1], (1, 1), axis=(0, 1)))


@true_convolution.mistake(
    "Here the kernel may hang over the edge, which makes the map larger than the picture. Keep "
    "only the places where the whole kernel fits."
)
def _full(x, kernel):
    kh, kw = kernel.shape
    return _slide(np.pad(x, ((kh - 1, kh - 1), (kw - 1, kw - 1))), kernel[::-1, ::-1])


@true_convolution.mistake(
    "The fractions are cut off where the picture holds whole numbers: is the map made in the dtype "
    "of the picture? A weight may be 0.5: make it with `np.zeros(shape)`."
)
def _turned_in_the_dtype_of_the_picture(x, kernel):
    return _slide(x, kernel[::-1, ::-1]).astype(x.dtype)


def _slope_cases(rng: np.random.Generator) -> Call:
    kh, kw, h, w = _sizes(rng)
    target = halves(rng, h - kh + 1, w - kw + 1)
    return case(halves(rng, h, w), halves(rng, kh, kw), float(halves(rng, 1)[0]), target)


def _slope_oracle(x: Any, kernel: Any, bias: float, target: Any) -> tuple[Any, float]:
    x, kernel = x[None, None], kernel[None, None]
    error = reference.conv2d(x, kernel, np.array([bias])) - target
    _, dkernel, dbias = reference.conv2d_backward(2 * error / error.size, x, kernel)
    return dkernel[0, 0], float(dbias[0])


@chapter.coding(
    "The slope of the bias",
    level=3,
    minutes=15,
    hand=[
        (
            case(np.array([[1.0, 2.0]]), np.array([[3.0]]), 1.0, np.array([[0.0, 0.0]])),
            (np.array([[18.0]]), 11.0),
        )
    ],
    regions={
        "the bias is 0": [case(_X, _KERNEL, 0.0, np.ones((3, 3)))],
        "the output is the target": [case(_X, _KERNEL, 0.0, _slide(_X, _KERNEL))],
        "the target is 0 everywhere": [case(_X[:2], _KERNEL, 2.5, np.zeros((1, 3)))],
        "the map has one cell": [case(_X, _X.T / 8, -1.0, np.array([[3.5]]))],
        "the kernel is a single weight": [case(_X[:2, :3], np.array([[0.5]]), 1.5, _X[1:3, 1:])],
        "the map is one row": [case(_X[:2], _KERNEL, 1.0, np.array([[0.0, 1.0, -2.0]]))],
        "the map is one column": [case(_X[:, :2], _KERNEL, 1.0, np.array([[0.0], [1.0], [-2.0]]))],
        "another picture had the same shape": [case(-_X, _KERNEL, 1.0, np.ones((3, 3)))],
    },
    cases=_slope_cases,
    oracle=_slope_oracle,
    parts=("the slopes of the kernel", "the slope of the bias"),
    hints=[
        "First the error: what the kernel and the bias give, minus the target. `conv2d` takes "
        "`x[None, None]` and `kernel[None, None]`; `[0, 0]` takes the axes off again.",
        "Turn the weight `(m, n)` up a little: each cell grows by the pixel that this weight lies "
        "on. For all cells together these pixels are a piece of `x` of the map's shape that "
        "begins at row `m`, column `n`.",
        "Turn the bias up a little: each cell grows by exactly that much, as if its pixel were "
        "1. So its slope is the mean of `2 * error`, with nothing to multiply.",
    ],
)
def slopes_with_bias(x, kernel, bias, target):
    """Return the slopes of the mean squared error for the kernel, and for the bias."""
    error = conv2d(x[None, None], kernel[None, None])[0, 0] + bias - target
    oh, ow = error.shape
    slopes = np.zeros(kernel.shape)
    for m in range(kernel.shape[0]):
        for n in range(kernel.shape[1]):
            pixels = x[m : m + oh, n : n + ow]
            slopes[m, n] = (2 * error * pixels).mean()
    return slopes, (2 * error).mean()


def _slopes_of(x: Any, kernel: Any, error: Any) -> tuple[Any, float]:
    """Return the slopes that a given error leads to."""
    return 2 * _slide(x, error) / error.size, 2 * float(error.mean())


def _error(x: Any, kernel: Any, bias: float, target: Any) -> Any:
    return _slide(x, kernel) + bias - target


@slopes_with_bias.mistake(
    "The factor 2 is missing in both results. It comes from the square: where e grows a little, "
    "e² grows 2e times as much."
)
def _no_two(x, kernel, bias, target):
    return _slopes_of(x, kernel, _error(x, kernel, bias, target) / 2)


@slopes_with_bias.mistake(
    "The slopes of the kernel are right. That of the bias lacks the factor 2, which comes from "
    "the square."
)
def _no_two_for_bias(x, kernel, bias, target):
    error = _error(x, kernel, bias, target)
    return _slopes_of(x, kernel, error)[0], float(error.mean())


@slopes_with_bias.mistake(
    "These are sums over the cells. The loss is the mean of the squares, so each slope is a mean "
    "too: `.mean()`."
)
def _sums(x, kernel, bias, target):
    error = _error(x, kernel, bias, target)
    return _slopes_of(x, kernel, error * error.size)


@slopes_with_bias.mistake(
    "The slopes of the kernel are right. That of the bias is a sum over the cells: take their mean."
)
def _sum_for_bias(x, kernel, bias, target):
    error = _error(x, kernel, bias, target)
    return _slopes_of(x, kernel, error)[0], 2 * float(error.sum())


@slopes_with_bias.mistake(
    "The slope of the bias is right. Those of the kernel are sums over the cells: take their mean."
)
def _sums_for_kernel(x, kernel, bias, target):
    error = _error(x, kernel, bias, target)
    slopes, slope = _slopes_of(x, kernel, error)
    return slopes * error.size, slope


@slopes_with_bias.mistake(
    "The slopes of the kernel are right. That of the bias was multiplied by pixels, but no pixel "
    "meets the bias: take the mean of `2 * error` alone."
)
def _pixels_for_bias(x, kernel, bias, target):
    error = _error(x, kernel, bias, target)
    slopes, _ = _slopes_of(x, kernel, error)
    return slopes, slopes[0, 0]


@slopes_with_bias.mistake(
    "The slopes of the kernel are right. In place of the bias's slope comes the loss itself, the "
    "mean of the squares: the slope is the mean of twice the error."
)
def _loss_for_bias(x, kernel, bias, target):
    error = _error(x, kernel, bias, target)
    return _slopes_of(x, kernel, error)[0], float((error**2).mean())


@slopes_with_bias.mistake(
    "The error is squared. The square is in the loss; its slope has twice the error in its place, "
    "and that keeps its sign."
)
def _squared(x, kernel, bias, target):
    return _slopes_of(x, kernel, _error(x, kernel, bias, target) ** 2)


@slopes_with_bias.mistake(
    "Every sign is wrong. The error is the output minus the target: positive where the output is "
    "too high."
)
def _sign(x, kernel, bias, target):
    return _slopes_of(x, kernel, -_error(x, kernel, bias, target))


@slopes_with_bias.mistake(
    "The error is computed without the bias. The output is the sliding sum plus the bias, and "
    "then the target is subtracted."
)
def _bias_not_in_output(x, kernel, bias, target):
    return _slopes_of(x, kernel, _error(x, kernel, 0, target))


@slopes_with_bias.mistake(
    "Every weight gets the pixels of the upper left weight. Those of the weight `(m, n)` begin at "
    "row `m` and column `n`: `x[m : m + oh, n : n + ow]`."
)
def _pixels_stay(x, kernel, bias, target):
    error = _error(x, kernel, bias, target)
    slopes, slope = _slopes_of(x, kernel, error)
    return np.full(slopes.shape, slopes[0, 0]), slope


@slopes_with_bias.mistake(
    "The pixels are missing: every weight gets the slope of the bias. A weight counts as much as "
    "the pixels that it lies on, so multiply by them before the mean."
)
def _no_pixels(x, kernel, bias, target):
    slope = _slopes_of(x, kernel, _error(x, kernel, bias, target))[1]
    return np.full(kernel.shape, slope), slope


@slopes_with_bias.mistake(
    "The slopes of the kernel are flipped (half a turn). The kernel slides as it is, so its "
    "slopes are not flipped either."
)
def _turned_slopes(x, kernel, bias, target):
    slopes, slope = _slopes_of(x, kernel, _error(x, kernel, bias, target))
    return slopes[::-1, ::-1], slope


@slopes_with_bias.mistake(
    "The slopes of the kernel are right. That of the bias was multiplied by the bias: a bias is "
    "added, so turning it up a little raises each cell by that much, whatever its value."
)
def _times_bias(x, kernel, bias, target):
    slopes, slope = _slopes_of(x, kernel, _error(x, kernel, bias, target))
    return slopes, slope * bias


@slopes_with_bias.mistake(
    "The slopes of the kernel are right. That of the bias is 0, as if the loss did not depend on "
    "it: a little more bias raises every cell by that much."
)
def _no_slope_for_bias(x, kernel, bias, target):
    return _slopes_of(x, kernel, _error(x, kernel, bias, target))[0], 0.0


quiz = Quiz(
    "ex.quiz",
    (
        "Two programs learn a kernel from the same pair of pictures. One library flips the kernel "
        "before it slides, the other does not. What differs in the end?",
        wrong(
            "The loss: true convolution reaches a lower one.",
            "It sounds as if the true one must be better. Both can produce exactly the same maps, "
            "so both reach the same loss.",
        ),
        wrong(
            "Nothing: the nine learned weights are the same.",
            "The maps are the same, but the weights cannot be. The first library flips them once "
            "more before it uses them.",
        ),
        right(
            "The learned kernels: one is the other, flipped.",
            "Learning finds whatever the library needs to give the right map. Where the library "
            "flips the kernel, that is the flipped one.",
        ),
        wrong(
            "Without the flip, nothing is learned.",
            "The notebook learned its kernel without a flip. The slopes follow whichever operation "
            "is used.",
        ),
    ),
    (
        "Which kernel gives the same map with and without the flip, on every picture?",
        wrong(
            "`[[1, 2], [2, 5]]`, because it is symmetric.",
            "Swapping rows and columns leaves it alone, and that is what symmetric means for a "
            "matrix. The flip makes it `[[5, 2], [2, 1]]`.",
        ),
        right(
            "`[[3, 1], [1, 3]]`, because half a turn leaves it alone.",
            "The first number changes places with the last, and the second with the third. All "
            "four stay what they were.",
        ),
        wrong(
            "Sobel, because its two sides mirror each other.",
            "They mirror each other with the opposite sign. The flip makes Sobel its own "
            "negative, and the map changes sign.",
        ),
        wrong(
            "None: the two operations always give different maps.",
            "They are two operations, but some kernels look the same after half a turn: box blur, "
            "sharpen, outline.",
        ),
    ),
    (
        "A digit moves 5 pixels to the right and stays inside the picture. What happens to its "
        "Sobel map?",
        right(
            "It moves 5 cells to the right and is otherwise the same.",
            "The same weights do the same thing at every place. That is translation equivariance.",
        ),
        wrong(
            "Nothing: convolution does not mind where the digit is.",
            "That would be invariance, and many texts promise it. The map says where the edges "
            "are, so it must move with them.",
        ),
        wrong(
            "Its numbers change, because other pixels lie under the kernel.",
            "At one fixed place they do. But what left one place arrives 5 cells further on, "
            "number for number.",
        ),
        wrong(
            "It moves 5 cells to the left.",
            "The flip of true convolution may suggest a mirror. With or without the flip, a map "
            "moves the same way as its picture.",
        ),
    ),
    (
        "One cell of a feature map is 0. What do you know about its window?",
        wrong(
            "It is black.",
            "A black window gives 0 indeed, if there is no bias. But there are many other windows "
            "that do.",
        ),
        wrong(
            "It is flat: all its pixels are alike.",
            "A flat window gives 0 only where the weights sum to 0. And windows that are not flat "
            "can give 0 as well.",
        ),
        wrong(
            "It lies on the edge of the picture.",
            "The second hand calculation did, and gave 0, but not for that reason: three of its "
            "products were 5, 1 and −6.",
        ),
        right(
            "Only that its products, with the bias, sum to 0.",
            "Positive and negative products may cancel, or all may be 0. One number cannot tell "
            "you more.",
        ),
    ),
    (
        "A vertical white bar stands on black. Its Sobel map is drawn as a grey picture: 0 and "
        "below black, the largest number white. What do you see?",
        wrong(
            "Two bright lines, one at each side of the bar.",
            "The map responds at both sides. But at the right side bright turns to dark, the "
            "response is negative, and negative is drawn black.",
        ),
        wrong(
            "The bar itself, bright.",
            "Inside the bar all pixels are alike, and the weights of Sobel sum to 0. There the map "
            "is 0, black.",
        ),
        right(
            "One bright line, at the left side of the bar.",
            "There dark turns to bright, and the response is positive. The negative one at the "
            "right side is lost in the black: a map is not a picture.",
        ),
    ),
    (
        "The picture becomes twice as high and twice as wide. How many more weights does a 3×3 "
        "convolution need, and how many a dense layer whose output grows with it?",
        wrong(
            "Both need 4 times as many.",
            "There are 4 times as many pixels. But the kernel is the same at every place, and the "
            "dense layer has a weight for every pair of pixel and cell.",
        ),
        right(
            "The convolution needs none, the dense layer about 16 times as many.",
            "Nine weights serve any size. In the dense layer 4 times the pixels meet 4 times the "
            "cells.",
        ),
        wrong(
            "The convolution needs none, the dense layer 4 times as many.",
            "The first half is right. The dense layer has 4 times as many inputs and also 4 times "
            "as many outputs, and a weight for each pair.",
        ),
        wrong(
            "The convolution needs 4 times as many, the dense layer 16 times.",
            "The second half is right. The kernel only slides further: no weight is added.",
        ),
    ),
)
