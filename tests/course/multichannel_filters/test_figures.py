"""The figures of the chapter on multi-channel filters show the numbers of the arrays they got."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cnnlib import functional, reference
from cnnlib.course import drawing
from cnnlib.course.multichannel_filters import figures

IMAGE = np.array(
    [
        [[1, 2, 0], [0, 1, 3], [2, 1, 0]],
        [[0, 1, 1], [2, 0, 1], [1, 3, 0]],
        [[2, 0, 1], [1, 1, 0], [0, 2, 1]],
    ]
)
FILTERS = np.array(
    [
        [[[1, 0], [0, 2]], [[0, 1], [-2, 0]], [[-1, 1], [0, 1]]],
        [[[0, 1], [1, 0]], [[1, 0], [0, -1]], [[1, 1], [0, -1]]],
    ]
)


def numbers(ax: Axes) -> list[int | None]:
    """Read the numbers in the cells of a grid, row by row; None where a cell is empty."""
    cells = [text.get_text() for text in ax.texts if text.get_gid() == "cell-number"]
    return [int(cell.replace("−", "-")) if cell else None for cell in cells]


def grids(fig: Figure) -> list[Axes]:
    """Return the axes that hold grids of numbers."""
    return [ax for ax in fig.axes if ax.images]


def outlines(ax: Axes) -> list[tuple[float, float, float, float]]:
    """Return the outlined windows as (row, column, height, width)."""
    boxes = [patch for patch in ax.patches if patch.get_gid() == "highlight"]
    return [
        (box.get_y() + 0.5, box.get_x() + 0.5, box.get_height(), box.get_width()) for box in boxes
    ]


def words(fig: Figure) -> list[str]:
    return [text.get_text() for text in fig.texts]


def centre(ax: Axes) -> tuple[float, float]:
    box = ax.get_position()
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def inside_figure(fig: Figure) -> None:
    """Check that drawing keeps every grid and text in the picture and adds no error."""
    assert drawing.to_png(fig)[1:4] == b"PNG"
    for ax in grids(fig):
        box = ax.get_position()
        assert 0 <= box.x0 < box.x1 <= 1
        assert 0 <= box.y0 < box.y1 <= 1
    for text in fig.texts:
        x, y = text.get_position()
        assert 0 <= x <= 1
        assert 0 <= y <= 1


class TestFilterSum:
    def test_shows_image_kernel_and_result_of_each_channel_then_sum_and_map(self) -> None:
        fig = figures.filter_sum(IMAGE, FILTERS[0], bias=2)
        shown = [numbers(ax) for ax in grids(fig)]
        results = [[3, 8, 2, 1], [-3, 1, -2, -5], [-1, 1, 2, 0]]  # by hand
        expected = []
        for c in range(3):
            expected += [IMAGE[c].ravel().tolist(), FILTERS[0, c].ravel().tolist(), results[c]]
        assert shown == [*expected, [-1, 10, 2, -4], [1, 12, 4, -2]]

    def test_agrees_with_plain_loops_on_another_shape(self) -> None:
        rng = np.random.default_rng(1)
        x, weight = rng.integers(-4, 5, (2, 4, 5)), rng.integers(-3, 4, (2, 3, 2))
        fig = figures.filter_sum(x, weight, bias=-1)
        y = reference.conv2d(x[None].astype(float), weight[None].astype(float), np.array([-1.0]))
        assert numbers(grids(fig)[-1]) == y.astype(int).ravel().tolist()
        assert words(fig)[:1] == ["channel 0"]

    def test_names_channels_and_writes_the_bias_once(self) -> None:
        texts = words(figures.filter_sum(IMAGE, FILTERS[0], bias=2))
        assert [text for text in texts if text in ("red", "green", "blue")] == [
            "red",
            "green",
            "blue",
        ]
        assert texts.count("+ 2") == 1
        assert texts.count("⋆") == 3
        assert texts.count("+") == 2  # three results, added
        assert "−3" in words(figures.filter_sum(IMAGE, FILTERS[1], bias=-3))

    def test_rows_run_downwards_and_columns_to_the_right(self) -> None:
        fig = figures.filter_sum(IMAGE, FILTERS[0], bias=2)
        places = [centre(ax) for ax in grids(fig)]
        rows = [places[3 * c : 3 * c + 3] for c in range(3)]
        for row in rows:
            assert row[0][0] < row[1][0] < row[2][0] < places[9][0] < places[10][0]
            assert row[0][1] == pytest.approx(row[2][1])
        assert rows[0][0][1] > rows[1][0][1] > rows[2][0][1]
        inside_figure(fig)

    def test_each_channel_has_its_own_tint(self) -> None:
        axes = grids(figures.filter_sum(IMAGE, FILTERS[0]))
        tints = [tuple(ax.images[0].get_array()[0, 0]) for ax in axes]
        assert tints[0] == tints[1] == tints[2] == pytest.approx(to_rgb(figures.TINTS["red"]))
        assert len({tints[0], tints[3], tints[6], tints[9]}) == 4


class TestOneCell:
    def test_first_cell_by_hand(self) -> None:
        fig = figures.one_cell(IMAGE, FILTERS[0], 2)
        axes = grids(fig)
        assert [numbers(axes[3 * c + 2]) for c in range(3)] == [
            [1, 0, 0, 2],
            [0, 1, -4, 0],
            [-2, 0, 0, 1],
        ]
        assert words(fig)[-1] == "3 + (−3) + (−1) + 2 = 1"
        inside_figure(fig)

    def test_outlines_the_window_in_each_channel(self) -> None:
        fig = figures.one_cell(IMAGE, FILTERS[0], 2, row=1, column=0)
        for c in range(3):
            assert outlines(grids(fig)[3 * c]) == [(1, 0, 2, 2)]
            assert outlines(grids(fig)[3 * c + 1]) == []

    @pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 1), (1, 0), (1, 1)])
    def test_every_cell_agrees_with_the_convolution(self, row: int, column: int) -> None:
        y = functional.conv2d(IMAGE[None].astype(float), FILTERS[:1].astype(float))
        fig = figures.one_cell(IMAGE, FILTERS[0], -3, row, column)
        result = words(fig)[-1].rpartition("= ")[2]
        assert int(result.replace("−", "-")) == y[0, 0, row, column] - 3

    @pytest.mark.parametrize(("row", "column"), [(2, 0), (0, 2), (-1, 0)])
    def test_refuses_a_cell_outside_the_map(self, row: int, column: int) -> None:
        with pytest.raises(ValueError, match=r"one_cell: the feature map is 2×2.*row of 0 to 1"):
            figures.one_cell(IMAGE, FILTERS[0], 2, row, column)


class TestKernels:
    def test_a_row_for_each_filter_a_column_for_each_channel(self) -> None:
        fig = figures.kernels(FILTERS, bias=[2, -3])
        shown = [numbers(ax) for ax in grids(fig)]
        assert shown == [
            *[FILTERS[0, c].ravel().tolist() for c in range(3)],
            [2],
            *[FILTERS[1, c].ravel().tolist() for c in range(3)],
            [-3],
        ]
        places = [centre(ax) for ax in grids(fig)]
        assert places[0][1] > places[4][1]
        assert places[0][0] < places[1][0] < places[2][0] < places[3][0]
        assert places[0][0] == pytest.approx(places[4][0])
        inside_figure(fig)

    def test_headings(self) -> None:
        texts = words(figures.kernels(np.zeros((1, 2, 3, 3)), filter_names=["edge"]))
        assert texts == ["edge", "channel 0", "channel 1"]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"bias": [1]}, "bias has 1 entries"),
            ({"channel_names": ["red"]}, "channel_names has 1 entries"),
            ({"filter_names": ["a", "b", "c"]}, "filter_names has 3 entries"),
        ],
    )
    def test_refuses_what_does_not_fit(self, options: dict[str, list[str]], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            figures.kernels(FILTERS, **options)

    def test_refuses_a_single_filter(self) -> None:
        with pytest.raises(ValueError, match=r"shape is \(3, 2, 2\).*weight\[None\]"):
            figures.kernels(FILTERS[0])


class TestFilterBank:
    def sizes(self, fig: Figure) -> list[str]:
        return [text.get_text() for text in fig.axes[0].texts if text.get_gid() == "size"]

    def test_sizes_of_the_curriculum(self) -> None:
        fig = figures.filter_bank((3, 32, 32), filters=4, kernel_size=5)
        assert self.sizes(fig) == ["32×32×3", "5×5×3 each", "28×28×1 each", "28×28×4"]
        inside_figure(fig)

    def test_stride_padding_and_a_shape_that_is_not_square(self) -> None:
        fig = figures.filter_bank((8, 9, 13), filters=2, kernel_size=3, stride=2, padding=1)
        assert self.sizes(fig) == ["9×13×8", "3×3×8 each", "5×7×1 each", "5×7×2"]

    @pytest.mark.parametrize("filters", [1, 4, 6])
    def test_filters_and_maps_carry_the_same_numbers(self, filters: int) -> None:
        fig = figures.filter_bank((3, 32, 32), filters, 5)
        labels = [text.get_text() for text in fig.axes[0].texts if text.get_text().isdigit()]
        assert labels == [str(k) for k in range(filters) for _ in ("filter", "map")]

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [(1, []), (2, ["0 in front,\n1 at the back"]), (6, ["0 in front,\n5 at the back"])],
    )
    def test_the_order_of_the_stacked_maps_is_written(
        self, filters: int, expected: list[str]
    ) -> None:
        fig = figures.filter_bank((3, 32, 32), filters, 5)
        assert [t.get_text() for t in fig.axes[0].texts if t.get_gid() == "order"] == expected
        inside_figure(fig)

    @pytest.mark.parametrize("filters", [0, 7])
    def test_refuses_numbers_that_do_not_fit(self, filters: int) -> None:
        with pytest.raises(ValueError, match="draws 1 to 6 filters"):
            figures.filter_bank((3, 32, 32), filters, 5)

    def test_refuses_a_kernel_that_is_too_large(self) -> None:
        with pytest.raises(ValueError, match="kernel does not fit"):
            figures.filter_bank((3, 4, 4), 2, 5)


class TestActivations:
    def test_curves_are_those_of_the_functions(self) -> None:
        functions = {"ReLU": functional.relu, "tanh": functional.tanh}
        fig = figures.activations(functions, reach=3)
        assert [ax.get_title() for ax in fig.axes] == ["ReLU", "tanh"]
        for ax, function in zip(fig.axes, functions.values(), strict=True):
            x, y = np.asarray(ax.lines[0].get_xdata()), np.asarray(ax.lines[0].get_ydata())
            assert (x[0], x[-1]) == (-3, 3)
            assert 0.0 in x  # the bend of ReLU is on the grid
            assert np.array_equal(y, function(x))

    def test_share_one_scale(self) -> None:
        fig = figures.activations({"a": functional.relu, "b": functional.sigmoid})
        assert fig.axes[0].get_ylim() == fig.axes[1].get_ylim()

    def test_one_function_alone(self) -> None:
        assert len(figures.activations({"ReLU": functional.relu}).axes) == 1

    def test_refuses_nothing(self) -> None:
        with pytest.raises(ValueError, match="functions is empty"):
            figures.activations({})


class TestUnrolled:
    def test_rows_are_windows_in_the_order_channel_row_column(self) -> None:
        fig = figures.unrolled(IMAGE, 2)
        axes = grids(fig)
        assert [numbers(ax) for ax in axes[:3]] == [channel.ravel().tolist() for channel in IMAGE]
        matrix = np.hstack([np.reshape(numbers(ax), (4, 4)) for ax in axes[3:]])
        windows = [IMAGE[:, i : i + 2, j : j + 2].ravel() for i in range(2) for j in range(2)]
        assert np.array_equal(matrix, windows)
        assert matrix[0].tolist() == [1, 2, 0, 1, 0, 1, 2, 0, 2, 0, 1, 1]
        inside_figure(fig)

    def test_fills_one_row_after_the_other(self) -> None:
        for filled in range(1, 5):
            axes = grids(figures.unrolled(IMAGE, 2, filled))
            for ax in axes[3:]:
                cells = np.reshape(np.array(numbers(ax), dtype=object), (4, 4))
                assert all(cell is not None for cell in cells[:filled].ravel())
                assert all(cell is None for cell in cells[filled:].ravel())

    @pytest.mark.parametrize(("filled", "row", "column"), [(1, 0, 0), (2, 0, 1), (3, 1, 0)])
    def test_outlines_the_window_and_its_row(self, filled: int, row: int, column: int) -> None:
        axes = grids(figures.unrolled(IMAGE, 2, filled))
        for ax in axes[:3]:
            assert outlines(ax) == [(row, column, 2, 2)]
        for ax in axes[3:]:
            assert outlines(ax) == [(filled - 1, 0, 1, 4)]

    def test_on_a_shape_that_is_not_square(self) -> None:
        x = np.arange(20).reshape(1, 4, 5)
        axes = grids(figures.unrolled(x, 3, filled=5))
        assert numbers(axes[1])[36:45] == x[0, 1:4, 1:4].ravel().tolist()  # row 4: place (1, 1)
        assert outlines(axes[0]) == [(1, 1, 3, 3)]

    @pytest.mark.parametrize("filled", [0, 5])
    def test_refuses_rows_that_are_not_there(self, filled: int) -> None:
        with pytest.raises(
            ValueError, match=f"filled must be 1 to 4, the windows, but is {filled}"
        ):
            figures.unrolled(IMAGE, 2, filled)

    def test_refuses_a_kernel_that_is_too_large(self) -> None:
        with pytest.raises(ValueError, match="4×4 does not fit into an image of 3×3"):
            figures.unrolled(IMAGE, 4)


class TestProduct:
    def test_windows_times_filters(self) -> None:
        fig = figures.product(IMAGE, FILTERS)
        axes = grids(fig)
        assert len(axes) == 7
        windows = np.hstack([np.reshape(numbers(ax), (4, 4)) for ax in axes[:3]])
        filters = np.vstack([np.reshape(numbers(ax), (4, 2)) for ax in axes[3:6]])
        result = np.reshape(numbers(axes[6]), (4, 2))
        assert np.array_equal(windows @ filters, result)
        y = functional.conv2d(IMAGE[None].astype(float), FILTERS.astype(float))[0]
        assert np.array_equal(result.T.reshape(2, 2, 2), y)
        inside_figure(fig)

    def test_outlines_the_first_row_column_and_cell(self) -> None:
        axes = grids(figures.product(IMAGE, FILTERS))
        assert all(outlines(ax) == [(0, 0, 1, 4)] for ax in axes[:3])
        assert all(outlines(ax) == [(0, 0, 4, 1)] for ax in axes[3:6])
        assert outlines(axes[6]) == [(0, 0, 1, 1)]

    def test_refuses_kernels_that_are_not_square(self) -> None:
        with pytest.raises(ValueError, match=r"weight must be \(C_out, C, K, K\)"):
            figures.product(IMAGE, np.zeros((2, 3, 2, 1)))


@pytest.mark.parametrize("draw", [figures.filter_sum, figures.one_cell])
class TestWhatDoesNotFit:
    def test_batch(self, draw) -> None:
        with pytest.raises(ValueError, match=r"x must be one image.*\(1, 3, 3, 3\).*x\[0\]"):
            draw(IMAGE[None], FILTERS[0])

    def test_several_filters(self, draw) -> None:
        with pytest.raises(ValueError, match=r"weight must be one filter.*weight\[0\]"):
            draw(IMAGE, FILTERS)

    def test_depth(self, draw) -> None:
        with pytest.raises(ValueError, match="the filter has 2 kernels but x has 3 channels"):
            draw(IMAGE, FILTERS[0, :2])

    def test_names(self, draw) -> None:
        with pytest.raises(ValueError, match="2 names came for 3 channels"):
            draw(IMAGE, FILTERS[0], names=["a", "b"])

    def test_kernel_too_large(self, draw) -> None:
        with pytest.raises(ValueError, match=f"{draw.__name__}: a kernel of 4×4 does not fit"):
            draw(IMAGE, np.zeros((3, 4, 4)))


def test_arguments_are_left_as_they_were() -> None:
    x, weight = IMAGE.copy(), FILTERS.copy()
    figures.filter_sum(x, weight[0], 2)
    figures.one_cell(x, weight[0], 2)
    figures.unrolled(x, 2, 1)
    figures.product(x, weight)
    figures.kernels(weight)
    assert np.array_equal(x, IMAGE)
    assert np.array_equal(weight, FILTERS)
