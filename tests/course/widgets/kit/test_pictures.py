"""Whatever picture a learner hands over: it is shown truly, or a line of code says what will be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnlib.architectures import course_cnn
from cnnlib.course import drawing, widgets
from cnnlib.course.widgets.drawing import as_mnist
from cnnlib.datasets import load_photo, open_photo

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 14)).astype(np.uint8)
RGB = RNG.integers(0, 256, (12, 14, 3)).astype(np.uint8)
ALPHA = RNG.integers(0, 256, (12, 14, 1)).astype(np.uint8)
OPAQUE = np.full_like(ALPHA, 255)
WIDE = RNG.integers(0, 65536, (12, 14)).astype(np.uint16)
PALETTE = Image.fromarray(RGB).quantize(16)

PICTURES: dict[str, Any] = {
    "grey": GREY,
    "grey with an axis": GREY[..., None],
    "grey and alpha": np.dstack([GREY, ALPHA]),
    "grey and full alpha": np.dstack([GREY, OPAQUE]),
    "colour": RGB,
    "colour and alpha": np.dstack([RGB, ALPHA]),
    "colour and full alpha": np.dstack([RGB, OPAQUE]),
    "16 bits": WIDE,
    "16 bits, colour": np.dstack([WIDE] * 3),
    "16 bits, dark": (WIDE // 257).astype(np.uint16),
    "floats": GREY / 255,
    "float32": (RGB / 255).astype(np.float32),
    "float16": (GREY / 255).astype(np.float16),
    "floats up to 255": RGB.astype(float),
    "floats up to 65535": WIDE.astype(np.float32),
    "booleans": GREY > 128,
    "int64": GREY.astype(np.int64),
    "int16": RGB.astype(np.int16),
    "big-endian": WIDE.astype(">u2"),
    "signed": RNG.normal(size=(12, 14)),
    "negative int": GREY.astype(int) - 9,
    "beyond 255": RGB.astype(int) * 2,
    "nan": np.where(GREY > 200, np.nan, GREY / 255),
    "infinite": np.where(GREY > 200, np.inf, GREY / 255),
    "huge": RNG.normal(size=(12, 14)) * 1e300,
    "constant beyond": np.full((12, 14), -7.0),
    "channels first": np.moveaxis(RGB, -1, 0) / 255,
    "a batch": RNG.random((2, 1, 28, 28)),
    "feature maps": RNG.random((16, 24, 24)),
    "one channel first": RNG.random((1, 28, 28)),
    "flat": RNG.random(784),
    "one pixel": np.full((1, 1), 9, np.uint8),
    "one row": np.full((1, 700, 3), 9, np.uint8),
    "large": RNG.integers(0, 256, (300, 400, 3)).astype(np.uint8),
    "rows of lists": [[0, 128, 255]] * 3,
    "read backwards": RGB[::-1, ::-1],
    "column-major": np.asfortranarray(RGB),
    "read-only": load_photo("cat")[:20, :20],
    "Pillow, colour": Image.fromarray(RGB),
    "Pillow, palette": PALETTE,
    "Pillow, grey": Image.fromarray(GREY),
    "Pillow, 16 bits": Image.fromarray(WIDE),
    "Pillow, alpha": Image.fromarray(np.dstack([RGB, ALPHA])),
    "Pillow, print": Image.fromarray(RGB).convert("CMYK"),
    "Pillow, one bit": Image.fromarray(GREY).convert("1"),
}
HOPELESS: dict[str, Any] = {
    "nothing": None,
    "empty": np.zeros((0, 3)),
    "text": np.array([["a"]]),
    "complex": np.ones((9, 9), complex),
    "objects": np.array([[None] * 9] * 9),
    "ragged": [[1, 2], [3]],
    "a number": 7,
    "a dict": {},
    "another dict": {"shape": [2, 2], "dtype": "uint8", "data": "!"},
    "a set": {1, 2},
}


def figure(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda img: function(img, drawing.new(width=2)[1])


def kernel_for(image: Any) -> Any:
    """Return a kernel with as many channels as the image."""
    maps = isinstance(image, np.ndarray) and image.ndim == 3
    return np.ones((len(image), 1, 1)) if maps else [[1]]


MODEL = course_cnn(np.random.default_rng(0))
PLACES: dict[str, Callable[[Any], Any]] = {
    "PixelInspector": widgets.PixelInspector,
    "KernelPlayground": widgets.KernelPlayground,
    "DrawingPad": lambda image: widgets.DrawingPad(MODEL, image),
    "PoolingExplorer": lambda image: widgets.PoolingExplorer(image, kernel_size=1),
    "ConvolutionStepper": lambda image: widgets.ConvolutionStepper(image, kernel_for(image)),
    "drawing.image": figure(drawing.image),
    "drawing.number_image": figure(drawing.number_image),
    "drawing.gallery": lambda images: drawing.gallery([images]),
}
ADVICE = re.compile(
    r"(?:[Gg]ive it|pass|Replace them:|Make them smaller:|it is) (.+?)(?=\.$|\. |, or )"
)


def advised(error: Exception) -> list[str]:
    return ADVICE.findall(str(error))


def follow(place: Callable[[Any], Any], picture: Any, error: Exception) -> Any:
    """Do what an error advises, as long as there is something to do; return what comes out."""
    names: dict[str, Any] = {"np": np, "as_mnist": as_mnist, "open_photo": open_photo}
    for _ in range(4):
        lines = advised(error)
        assert lines, error
        (line, *_) = lines
        names |= {"image": picture, "img": picture, "images": [picture]}
        picture = eval(line, names)
        try:
            return place(picture)
        except (TypeError, ValueError) as another:
            error = another
    raise AssertionError(f"no advice helped: {error}")


# Whoever draws numbers in cells wants few: for these, colour is three maps.
@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("kind", PICTURES)
@pytest.mark.filterwarnings("error")
def test_a_picture_is_taken_or_the_advice_works(where: str, kind: str) -> None:
    place, picture = PLACES[where], PICTURES[kind]
    try:
        place(picture)
    except (TypeError, ValueError) as error:
        follow(place, picture, error)


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("kind", HOPELESS)
@pytest.mark.filterwarnings("error")
def test_what_is_no_picture_is_refused_in_words(where: str, kind: str) -> None:
    if (where, kind) == ("DrawingPad", "nothing"):
        return  # an empty pad
    with pytest.raises((TypeError, ValueError)) as caught:
        PLACES[where](HOPELESS[kind])
    said = str(caught.value)
    assert said.startswith(where.removeprefix("drawing.") + ":")
    assert len(said.split()) > 5


def test_the_first_advice_for_common_photographs_does() -> None:
    """At once, and not line by line."""
    for kind in ("16 bits", "16 bits, colour", "colour and alpha", "large", "floats up to 255"):
        for where in ("PixelInspector", "KernelPlayground", "drawing.image"):
            picture = PICTURES[kind]
            try:
                PLACES[where](picture)
            except (TypeError, ValueError) as error:
                (line,) = advised(error)
                PLACES[where](eval(line, {"np": np, "image": picture, "img": picture}))


def test_numbers_are_kept() -> None:
    def inspected(image: Any) -> list[Any]:
        return widgets.PixelInspector(image).image.tolist()

    assert inspected(GREY[..., None]) == GREY.tolist()
    assert inspected(np.dstack([RGB, OPAQUE])) == RGB.tolist()
    assert inspected(PALETTE) == np.asarray(PALETTE.convert("RGB")).tolist()
    assert inspected(GREY.astype(np.int64)) == GREY.tolist()
    assert inspected(GREY > 128) == (255 * (GREY > 128)).tolist()
    played = widgets.KernelPlayground(WIDE).image
    np.testing.assert_allclose(played, WIDE / 65535)
    np.testing.assert_allclose(widgets.KernelPlayground(GREY > 128).image, GREY > 128)
    np.testing.assert_allclose(
        widgets.KernelPlayground(Image.fromarray(GREY)).image, GREY / 255, atol=1e-12
    )


def test_sixteen_bits_are_advised_to_be_divided() -> None:
    with pytest.raises(TypeError, match=r"Give it \(image / 257\)\.round\(\)\.astype\(np\.uint8\)"):
        widgets.PixelInspector(WIDE)
    with pytest.raises(ValueError, match=r"Give it img / 65535\."):
        PLACES["drawing.image"](WIDE)
    with pytest.raises(ValueError, match=r"Give it image\[\.\.\., :3\]\.mean\(axis=2\) / 255\."):
        widgets.KernelPlayground(np.dstack([RGB, ALPHA]))


def test_a_path_is_to_be_opened(tmp_path) -> None:
    path = tmp_path / "mine.png"
    Image.fromarray(RGB).save(path)
    for name in (path, str(path)):
        with pytest.raises(TypeError, match="open_photo") as caught:
            widgets.PixelInspector(name)
        (line,) = advised(caught.value)
        widgets.PixelInspector(eval(line, {"open_photo": open_photo}))


COLOURS = {
    "shares": (0.5, 0, 1),
    "an array of shares": np.array([0.5, 0.1, 1]),
    "floats": np.array([200.0, 3.0, 255.0]),
    "16 bits": np.array([65535, 300, 7], dtype=np.uint16),
    "with alpha": [1, 2, 3, 255],
    "beyond": [-4, 300, 9],
    "a photograph": RGB,
}


@pytest.mark.parametrize("kind", COLOURS)
def test_the_advice_for_a_colour_works(kind: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        widgets.ColourMixer(COLOURS[kind])
    (line,) = re.findall(r"(?:Give it|such as) (np\S*\(.*|colour\[.*)\.$", str(caught.value))
    widgets.ColourMixer(eval(line.removeprefix("one pixel, "), {"np": np, "colour": COLOURS[kind]}))
