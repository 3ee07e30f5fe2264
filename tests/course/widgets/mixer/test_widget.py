"""The colour mixer in Python: its numbers, its words, its refusals."""

import colorsys

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cnnlib.course.pixels_and_channels import exercises as ex
from cnnlib.course.widgets import ColourMixer
from cnnlib.course.widgets.mixer import channel_parts, colour_words, grey_level, hex_code
from cnnlib.datasets import load_photo

COLOURS = st.tuples(*[st.integers(0, 255)] * 3)
LIGHT = load_photo("cat")[62, 57]


@given(COLOURS)
def test_the_lamps_add_up_to_the_colour(colour):
    parts = channel_parts(colour)
    assert parts.sum(axis=0).tolist() == list(colour)
    assert np.count_nonzero(parts) == np.count_nonzero(colour)


@given(COLOURS)
def test_the_grey_is_that_of_the_course(colour):
    """Notebook 01 takes the mean of the channels, and asks for it in exercise 5."""
    image = np.array([[colour]], dtype=np.uint8)
    assert grey_level(colour) == pytest.approx(image.mean(axis=2)[0, 0], rel=1e-15)


def test_the_grey_solves_the_exercise(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNLIB_PROGRESS", str(tmp_path / "progress.json"))
    assert ex.grey.check(
        lambda image: np.array([[grey_level(pixel) for pixel in row] for row in image])
    )


@given(COLOURS)
def test_the_hex_code_reads_back(colour):
    code = hex_code(colour)
    assert tuple(bytes.fromhex(code.removeprefix("#"))) == colour


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((40, 40, 40), "dark grey"),
        ((220, 220, 220), "light grey"),
        ((255, 0, 0), "red"),
        ((0, 255, 0), "green"),
        ((0, 0, 255), "blue"),
        ((255, 255, 0), "yellow"),
        ((255, 0, 255), "magenta"),
        ((0, 255, 255), "cyan"),
        ((255, 140, 0), "orange"),
        ((110, 60, 20), "brown"),
        ((255, 175, 185), "pink"),
        ((231, 185, 167), "light brown"),
        ((255, 230, 205), "very light orange"),
        ((230, 190, 190), "pink"),
        ((210, 185, 185), "greyish pink"),
        ((0, 0, 90), "dark blue"),
        ((30, 0, 0), "very dark red"),
        ((235, 245, 205), "very light yellow-green"),
        ((90, 110, 90), "greyish green"),
        ((130, 134, 136), "grey, slightly blue"),
        ((5, 6, 8), "nearly black"),
        ((249, 251, 255), "nearly white"),
        ((255, 0, 1), "red"),  # the hue just below a full turn
        (LIGHT, "light blue"),
    ],
)
def test_colours_in_words(colour, words):
    assert colour_words(colour) == words


@given(COLOURS)
@example((255, 0, 1))
@example((179, 89, 134))  # 330 degrees, where magenta ends and red begins
def test_the_hue_in_words_is_that_of_the_standard_library(colour):
    """Full lightness and saturation leave nothing but the hue to name."""
    hue, _, saturation = colorsys.rgb_to_hls(*(value / 255 for value in colour))
    if saturation == 0:
        return
    pure = np.array(colorsys.hls_to_rgb(hue, 0.5, 1)) * 255
    ends = {"red": (-30, 15), "orange": (15, 45), "yellow": (45, 70), "yellow-green": (70, 95)}
    ends |= {"green": (95, 155), "blue-green": (155, 172), "cyan": (172, 195), "blue": (195, 258)}
    ends |= {"violet": (258, 288), "magenta": (288, 330)}
    low, high = ends[colour_words(pure.round().astype(np.uint8))]
    # The pure colour was rounded to bytes, which may turn its hue by 0.3 degrees either way.
    assert (360 * hue - low + 0.3) % 360 <= high - low + 0.6


@given(COLOURS)
def test_every_colour_has_a_name(colour):
    words = colour_words(colour)
    is_grey = len(set(colour)) == 1
    assert is_grey == (words in ("black", "white", "grey", "dark grey", "light grey"))


def test_a_pixel_of_a_photograph_is_a_colour():
    mixer = ColourMixer(LIGHT)
    assert mixer.colour == [167, 185, 231]
    assert mixer.target is None
    mixer.target = load_photo("cat")[120, 120]
    assert mixer.settings == {"colour": [167, 185, 231], "target": [186, 134, 94]}
    assert repr(mixer) == "ColourMixer([167, 185, 231], light blue, target brown)"


def test_the_picture_says_what_it_shows():
    fig, alt = ColourMixer(LIGHT, target=(0, 0, 0))._picture()
    assert alt == (
        "Red, green and blue lamps mix to [167, 185, 231], light blue: [167, 0, 0] + [0, 185, 0] "
        "+ [0, 0, 231]. The grey of this colour is 194.33. The target is black."
    )
    texts = [text.get_text() for text in fig.axes[0].texts]
    assert texts[6:] == ["mixed", "167  185  231", "its grey", "194  194  194"]
    faces = [patch.get_facecolor()[:3] for patch in fig.axes[0].patches]
    np.testing.assert_allclose(faces[:3], np.diag(LIGHT / 255))
    np.testing.assert_allclose(faces[3], LIGHT / 255)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"colour": "red"}, TypeError, r"three whole numbers, got 'red'. Write it as \(255"),
        (
            {"colour": (0.5, 0, 1)},
            TypeError,
            r"np\.clip\(255 \* np\.array\(colour\), 0, 255\)\.round",
        ),
        ({"colour": (True, False, True)}, TypeError, "colour must be three whole numbers"),
        ({"colour": None}, TypeError, "colour must be three whole numbers, got None"),
        ({"colour": [[1, 2], [3]]}, TypeError, "colour must be three whole numbers"),
        ({"colour": (1, 2)}, ValueError, r"red, green and blue, got shape \(2,\)"),
        (
            {"colour": load_photo("cat")},
            ValueError,
            r"one pixel, such as np\.array\(colour\)\[0, 0\]",
        ),
        ({"colour": (0, 256, 0)}, ValueError, r"0 to 255, got \[0, 256, 0\]. Give it np.clip"),
        ({"colour": (0, -1, 0)}, ValueError, "each number of colour must be 0 to 255"),
        ({"target": (0, 0, 300)}, ValueError, "each number of target must be 0 to 255"),
        ({"target": 7}, ValueError, r"target must be three numbers, .* got shape \(\)"),
    ],
)
def test_refusals(arguments, error, words):
    with pytest.raises(error, match=words):
        ColourMixer(**arguments)


def test_nonsense_from_the_browser_changes_nothing():
    mixer = ColourMixer(LIGHT)
    with pytest.raises(TypeError, match="three whole numbers"):
        mixer.set_state({"settings": {"colour": [1, 2, 3.5], "target": None}})
    assert mixer.colour == [167, 185, 231]
