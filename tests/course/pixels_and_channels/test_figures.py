"""The figures of notebook 01: what they draw is what the arrays hold."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from cnnlib.course import drawing
from cnnlib.course.pixels_and_channels import figures
from cnnlib.course.pixels_and_channels.figures.channels import CHANNEL_COLOURS, CHANNEL_TINTS
from cnnlib.datasets import load_photo


def texts(ax: Axes, gid: str | None = None) -> list[str]:
    return [text.get_text() for text in ax.texts if gid is None or text.get_gid() == gid]


def draw(fig: Figure) -> None:
    """Lay the figure out as `drawing.show` does; a broken artist raises here."""
    assert drawing.to_png(fig)[1:4] == b"PNG"


@pytest.fixture
def patch() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 4, 3), dtype=np.uint8)


def test_zoom_shows_the_windows_of_the_whole_image() -> None:
    photo = load_photo("cat")
    fig = figures.zoom(photo, [(44, 28, 64, 64), (54, 49, 16, 12)])
    whole, eye, light = fig.axes
    assert np.array_equal(whole.images[0].get_array(), photo)
    assert np.array_equal(eye.images[0].get_array(), photo[44:108, 28:92])
    assert np.array_equal(light.images[0].get_array(), photo[54:70, 49:61])
    assert light.get_title() == "16×12 pixels"
    draw(fig)


def test_zoom_outlines_each_window_where_it_lies_in_the_panel_before() -> None:
    fig = figures.zoom(np.zeros((64, 64)), [(8, 4, 32, 16), (10, 7, 4, 4)])
    borders = [[p for p in ax.patches if p.get_gid() == "highlight"] for ax in fig.axes]
    assert [len(found) for found in borders] == [1, 1, 0]
    first, second = borders[0][0], borders[1][0]
    assert first.get_xy() == (4 - 0.5, 8 - 0.5)
    assert (first.get_width(), first.get_height()) == (16, 32)
    # The second window is counted from the first, and drawn a little inside its pixels.
    assert second.get_xy() == pytest.approx((3 - 0.5, 2 - 0.5), abs=0.06)
    # A window and the frame of the panel that shows it have one colour.
    assert fig.axes[1].spines["left"].get_edgecolor()[:3] == first.get_edgecolor()[:3]
    assert fig.axes[2].spines["left"].get_edgecolor()[:3] == second.get_edgecolor()[:3]
    assert first.get_edgecolor() != second.get_edgecolor()


def test_zoom_leads_from_the_window_to_the_next_panel() -> None:
    fig = figures.zoom(np.zeros((64, 64)), [(8, 4, 32, 16)])
    upper, lower = (artist for artist in fig.artists if artist.get_gid() == "lead")
    assert upper.xy1 == (4 + 16 - 0.5, 8 - 0.5)
    assert lower.xy1 == (4 + 16 - 0.5, 8 + 32 - 0.5)
    assert (upper.xy2, lower.xy2) == ((0, 1), (0, 0))


@pytest.mark.parametrize(
    "windows", [[(0, 0, 65, 8)], [(60, 0, 8, 8)], [(8, 8, 16, 16), (4, 8, 4, 4)], [(-1, 0, 8, 8)]]
)
def test_zoom_names_a_window_that_reaches_out(windows: list) -> None:
    with pytest.raises(ValueError, match=r"zoom: the window .* does not lie in"):
        figures.zoom(np.zeros((64, 64)), windows)


def test_zoom_needs_a_window() -> None:
    with pytest.raises(ValueError, match="zoom: windows is empty"):
        figures.zoom(np.zeros((64, 64)), [])


def test_lead_joins_axes_of_one_figure_only() -> None:
    _, one = drawing.new()
    _, other = drawing.new()
    with pytest.raises(ValueError, match="lead: start and stop must be axes of one figure"):
        figures.lead(one, other, (0, 0, 1, 1))
    with pytest.raises(TypeError, match="lead: ax must be one Axes"):
        figures.lead(one, "right", (0, 0, 1, 1))


def test_rgb_grid_writes_the_three_numbers_of_each_pixel(patch: np.ndarray) -> None:
    fig, ax = drawing.new()
    figures.rgb_grid(patch, ax, origin=(60, 55))
    assert np.array_equal(ax.images[0].get_array(), patch)
    for text, rgb in zip(ax.texts, patch.reshape(-1, 3), strict=True):
        words = text.get_text().split()
        assert words[::2] == ["R", "G", "B"]
        assert [int(word) for word in words[1::2]] == rgb.tolist()
    places = [text.get_position() for text in ax.texts]
    assert places == [(j, i) for i in range(2) for j in range(4)]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["55", "56", "57", "58"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["60", "61"]
    draw(fig)


def test_rgb_grid_text_can_be_read_on_its_pixel() -> None:
    _, ax = drawing.new()
    figures.rgb_grid(np.array([[[0, 0, 0], [255, 255, 255]]]), ax)
    assert [text.get_color() for text in ax.texts] == ["white", "black"]


def test_rgb_grid_outlines_a_pixel_counted_in_the_whole_image(patch: np.ndarray) -> None:
    _, ax = drawing.new()
    figures.rgb_grid(patch, ax, origin=(60, 55), highlight=[(61, 57)])
    assert {p.get_xy() for p in ax.patches if p.get_gid() == "highlight"} == {(1.5, 0.5)}
    with pytest.raises(ValueError, match=r"pixel \(62, 57\) is not in the patch, .*60 to 61"):
        figures.rgb_grid(patch, ax, origin=(60, 55), highlight=[(62, 57)])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((2, 2)), "must hold whole numbers from 0 to 255, but is float64"),
        (np.full((2, 2, 3), 256), "must hold whole numbers from 0 to 255"),
        (np.full((2, 2, 3), -1), "must hold whole numbers from 0 to 255"),
        (np.zeros((2, 2), dtype=np.uint8), r"must be colour, \(H, W, 3\)"),
        (np.zeros((3, 2, 2), dtype=np.uint8), r"must be colour, \(H, W, 3\)"),
    ],
)
def test_colour_patches_are_checked(bad: np.ndarray, message: str) -> None:
    _, ax = drawing.new()
    for function in (lambda x: figures.rgb_grid(x, ax), figures.block, figures.memory):
        with pytest.raises(ValueError, match=message):
            function(bad)


def test_recipe_draws_three_bars_and_their_mixture() -> None:
    fig, ax = drawing.new()
    figures.recipe([167, 185, 231], ax, title="a pixel")
    assert [bar.get_width() for bar in ax.patches[:3]] == [167, 185, 231]
    assert ax.patches[-1].get_facecolor()[:3] == pytest.approx((167 / 255, 185 / 255, 231 / 255))
    assert texts(ax) == ["167", "185", "231"]
    labels = [tick.get_text() for tick in ax.get_yticklabels()]
    assert labels == ["red", "green", "blue", "mixed"]
    draw(fig)


def test_recipe_needs_three_bytes() -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match="recipe: rgb must be three numbers"):
        figures.recipe([1, 2], ax)
    with pytest.raises(ValueError, match="recipe: rgb must hold whole numbers from 0 to 255"):
        figures.recipe([1, 2, 300], ax)


def test_swatches_show_the_colours_they_name() -> None:
    fig = figures.swatches({"red": (255, 0, 0), "mud": (110, 60, 20)})
    (ax,) = fig.axes
    assert [p.get_facecolor()[:3] for p in ax.patches] == [
        pytest.approx((1, 0, 0)),
        pytest.approx((110 / 255, 60 / 255, 20 / 255)),
    ]
    assert texts(ax) == ["red", "255  0  0", "mud", "110  60  20"]
    draw(fig)


def test_swatches_name_the_colour_that_is_none() -> None:
    with pytest.raises(ValueError, match="the colour 'glare' must hold whole numbers"):
        figures.swatches({"red": (255, 0, 0), "glare": (300, 0, 0)})
    with pytest.raises(ValueError, match="swatches: colors is empty"):
        figures.swatches({})


def test_light_discs_hold_every_mixture_of_full_lamps() -> None:
    lights = figures.light_discs(100, 130)
    assert lights.shape == (100, 130, 3)
    assert lights.dtype == np.uint8
    found = {tuple(rgb) for rgb in lights.reshape(-1, 3).tolist()}
    assert found == {(r, g, b) for r in (0, 255) for g in (0, 255) for b in (0, 255)}
    sizes = (lights == 255).sum(axis=(0, 1))
    assert sizes.max() - sizes.min() < 0.02 * sizes.min()  # three discs of one size


def test_light_discs_need_room() -> None:
    with pytest.raises(ValueError, match="at least 8 pixels, got 7 and 90"):
        figures.light_discs(7, 90)


def test_additive_mixing_names_each_mixture_where_it_is() -> None:
    lights = figures.light_discs()
    fig, ax = drawing.new(width=5.6, height=4.7)
    figures.additive_mixing(lights, ax)
    assert [text.split()[0] for text in texts(ax)] == [
        "red", "green", "blue", "yellow", "magenta", "cyan", "white", "black",
    ]  # fmt: skip
    for text in ax.texts:
        col, row = text.get_position()
        assert text.get_text().split()[1:] == [str(value) for value in lights[row, col]]
    draw(fig)


def test_additive_mixing_follows_the_image() -> None:
    lights = figures.light_discs()
    lights[:, :, 0] = 0  # the red lamp is off
    _, ax = drawing.new()
    figures.additive_mixing(lights, ax)
    assert sorted(text.split()[0] for text in texts(ax)) == [
        "black", "black", "blue", "blue", "cyan", "cyan", "green", "green",
    ]  # fmt: skip


def test_block_draws_each_channel_as_a_sheet(patch: np.ndarray) -> None:
    fig = figures.block(patch)
    (ax,) = fig.axes
    for c, letter in enumerate("RGB"):
        assert texts(ax, letter) == [str(value) for value in patch[:, :, c].ravel()]
    assert texts(ax, "size") == ["H = 2 rows", "W = 4 columns", "C = 3 channels"]
    assert sorted(texts(ax, "channel")) == ["blue", "green", "red"]
    draw(fig)


def test_block_has_red_in_front(patch: np.ndarray) -> None:
    (ax,) = figures.block(patch).axes
    order = {
        letter: {text.get_zorder() for text in ax.texts if text.get_gid() == letter}
        for letter in "RGB"
    }
    assert min(order["R"]) > max(order["G"])
    assert min(order["G"]) > max(order["B"])


def test_block_outlines_a_pixel_on_each_sheet(patch: np.ndarray) -> None:
    (ax,) = figures.block(patch, pixel=(1, 3)).axes
    corners = {p.get_xy() for p in ax.patches if p.get_gid() == "pixel"}
    assert len(corners) == 3
    inside = {
        letter: [
            text.get_text()
            for text in ax.texts
            if text.get_gid() == letter
            and any(
                x < text.get_position()[0] < x + 1 and y < text.get_position()[1] < y + 1
                for x, y in corners
            )
        ]
        for letter in "RGB"
    }
    for c, letter in enumerate("RGB"):
        assert str(patch[1, 3, c]) in inside[letter]
    with pytest.raises(ValueError, match=r"block: the pixel \(2, 0\) is not in a patch"):
        figures.block(patch, pixel=(2, 0))


def test_memory_holds_both_orders(patch: np.ndarray) -> None:
    small = patch[:, :2]
    fig = figures.memory(small)
    (ax,) = fig.axes
    assert texts(ax, "hwc") == [str(value) for value in small.ravel()]
    assert texts(ax, "chw") == [str(value) for value in small.transpose(2, 0, 1).ravel()]
    assert texts(ax, "letter") == [*"RGB" * 4, *"RRRRGGGGBBBB"]
    draw(fig)


def test_memory_lines_lead_from_each_number_to_itself() -> None:
    numbers = np.arange(12).reshape(2, 2, 3)  # all different, so a number knows its places
    (ax,) = figures.memory(numbers).axes
    above = {t.get_position()[0]: t.get_text() for t in ax.texts if t.get_gid() == "hwc"}
    below = {t.get_position()[0]: t.get_text() for t in ax.texts if t.get_gid() == "chw"}
    links = [line.get_xdata() for line in ax.lines if line.get_color() in CHANNEL_COLOURS]
    assert len(links) == 12
    assert all(above[start] == below[stop] for start, stop in links)


@pytest.mark.parametrize(
    ("start", "step", "end"), [(200, 100, 44), (0, 255, 255), (255, 1, 0), (10, 20, 30)]
)
def test_wraparound_ends_where_bytes_do(start: int, step: int, end: int) -> None:
    fig, ax = drawing.new(width=4)
    figures.wraparound(start, step, ax)
    total = np.array([start], dtype=np.uint8) + np.array([step], dtype=np.uint8)
    assert texts(ax, "start") == [str(start)]
    assert texts(ax, "step") == [f"+{step}"]
    assert texts(ax, "end") == [str(total[0])] == [str(end)]
    assert f"{start} + {step} = {start + step}" in texts(ax, "sum")[0]
    assert ("− 256" in texts(ax, "sum")[0]) == (start + step > 255)
    draw(fig)


def test_wraparound_puts_zero_on_top_and_counts_clockwise() -> None:
    _, ax = drawing.new(width=4)
    figures.wraparound(192, 64, ax)
    marks = {text.get_text(): text.get_position() for text in ax.texts if not text.get_gid()}
    assert marks["0"][1] > 0 > marks["128"][1]
    assert marks["64"][0] > 0 > marks["192"][0]


@pytest.mark.parametrize(("start", "step"), [(256, 1), (-1, 1), (0, 0), (0, 256)])
def test_wraparound_refuses_what_is_no_byte(start: int, step: int) -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match="wraparound: start must be 0 to 255"):
        figures.wraparound(start, step, ax)


def test_neighbour_density_counts_the_pairs() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (20, 20), dtype=np.uint8)
    fig, ax = drawing.new(width=4)
    left, right = picture[:, :-1], picture[:, 1:]
    figures.neighbour_density(left, right, ax, bins=4)
    counts = ax.images[0].get_array().filled(0)
    assert counts.sum() == left.size
    # Rows count the second pixel, columns the first.
    assert counts[3, 0] == ((right >= 192) & (left < 64)).sum()
    draw(fig)


def test_neighbour_density_lies_on_the_diagonal_for_equal_neighbours() -> None:
    values = np.arange(256)
    _, ax = drawing.new(width=4)
    figures.neighbour_density(values, values, ax, bins=8)
    assert np.array_equal(ax.images[0].get_array().filled(0), 32 * np.eye(8))


def test_neighbour_density_refuses_pairs_that_do_not_match() -> None:
    _, ax = drawing.new()
    with pytest.raises(ValueError, match=r"one shape, but have \(2,\) and \(3,\)"):
        figures.neighbour_density([1, 2], [1, 2, 3], ax)
    with pytest.raises(ValueError, match="first must hold whole numbers"):
        figures.neighbour_density([0.5], [0.5], ax)


def test_channel_colours_can_be_read_on_their_tints() -> None:
    for color, tint in zip(CHANNEL_COLOURS, CHANNEL_TINTS, strict=True):
        low, high = sorted(0.05 + relative_luminance(c) for c in (color, tint))
        assert high / low >= 4.5


def relative_luminance(color: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_pipeline_leads_from_the_picture_to_the_answer() -> None:
    fig = figures.pipeline(np.zeros((28, 30)))
    said = texts(fig.axes[1], "node")
    assert said[0] == "a block of\nnumbers\n28×30"
    assert len(said) == 5
    draw(fig)


def test_neighbours_in_order_shows_each_picture_above_its_density() -> None:
    rng = np.random.default_rng(0)
    ramp = np.tile(np.arange(0, 64, 4, dtype=np.uint8), (16, 1))
    noise = rng.integers(0, 256, (16, 16), dtype=np.uint8)
    fig = figures.neighbours_in_order({"ramp": ramp, "noise": noise}, [1.0, 0.02])
    titles = [ax.get_title() for ax in fig.axes]
    assert titles == ["ramp", "noise", "correlation 1.00", "correlation 0.02"]
    counts = [np.ma.filled(ax.images[0].get_array(), 0) for ax in fig.axes[2:]]
    assert [count.sum() for count in counts] == [16 * 15, 16 * 15]
    draw(fig)
