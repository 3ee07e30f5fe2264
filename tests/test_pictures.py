"""Any photograph that a reader has becomes red, green and blue bytes, or is told why not."""

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from PIL import Image, features

from cnnlib.datasets import as_photo, load_photo, open_photo

WEBP = ["WEBP"] if features.check("webp") else []
RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (6, 9, 3), dtype=np.uint8)
GREY = RNG.integers(0, 256, (6, 9), dtype=np.uint8)
# Smooth, so that JPEG keeps it nearly as it is.
SMOOTH = np.add.outer(np.arange(24), 2 * np.arange(40))[:, :, None] + np.array([10, 60, 110])
SMOOTH = SMOOTH.astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def in_three(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[:, :, None], 3, axis=2)


def over_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Work it out with fractions: a share of the colour, the rest white."""
    share = alpha[..., None] / 255
    return np.floor(colours * share + 255 * (1 - share) + 0.5)


def refusal(read: Callable[[], np.ndarray]) -> str:
    """Return what is said against a photograph; nothing where it is read, and is then checked."""
    try:
        checked(read())
    except (ValueError, TypeError) as error:
        return str(error)
    return ""


def advised(message: str) -> list[str]:
    """Return the code that a message gives after a colon, up to the end of its sentence."""
    return re.findall(r": ((?:image(?! of| must)|np|\().+?)(?:\. |\.$)", message)


def checked(photo: np.ndarray) -> np.ndarray:
    """Return a photo after asking for what `open_photo` promises of every one."""
    assert photo.dtype == np.uint8
    assert photo.ndim == 3
    assert photo.shape[2] == 3
    assert photo.flags.writeable
    return photo


# --- every kind of file -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "TGA"])
def test_colour_comes_back_exactly(kind):
    np.testing.assert_array_equal(checked(open_photo(saved(Image.fromarray(COLOUR), kind))), COLOUR)


def test_jpeg_comes_back_nearly():
    photo = checked(open_photo(saved(Image.fromarray(SMOOTH), "JPEG", quality=95)))
    assert np.abs(photo.astype(int) - SMOOTH).max() <= 6


@pytest.mark.parametrize("kind", [kind for kind in ("webp", "avif") if features.check(kind)])
def test_new_kinds_are_read_where_pillow_reads_them(kind):
    photo = checked(open_photo(saved(Image.fromarray(SMOOTH), kind.upper(), quality=95)))
    assert np.abs(photo.astype(int) - SMOOTH).max() <= 12


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF"])
def test_grey_becomes_three_equal_channels(kind):
    np.testing.assert_array_equal(
        checked(open_photo(saved(Image.fromarray(GREY), kind))), in_three(GREY)
    )


def test_one_bit_is_black_and_white():
    bits = GREY > 127
    photo = checked(open_photo(saved(Image.fromarray(bits), "PNG")))
    np.testing.assert_array_equal(photo, in_three(bits * 255))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_scaled_and_do_not_wrap(kind):
    values = np.array([[0, 1, 128, 129, 256, 257], [514, 9999, 32768, 65407, 65534, 65535]])
    photo = open_photo(saved(Image.fromarray(values.astype(np.uint16)), kind))
    np.testing.assert_array_equal(checked(photo), in_three(np.round(values / 257)))


def test_a_dark_photograph_of_sixteen_bits_stays_dark():
    """The file says how many bits it has, so small numbers need no guess."""
    dark = np.full((2, 3), 200, dtype=np.uint16)
    assert (open_photo(saved(Image.fromarray(dark), "PNG")) == 1).all()


def test_sixteen_bits_of_colour():
    """Pillow writes no such file, so it is built by hand: k · 257 in 16 bits is k in 8."""
    import struct
    import zlib

    def chunk(name, body):
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    wide = (COLOUR.astype(">u2") * 257).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    head = struct.pack(">IIBBBBB", COLOUR.shape[1], COLOUR.shape[0], 16, 2, 0, 0, 0)
    packed = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    np.testing.assert_array_equal(checked(open_photo(packed)), COLOUR)


def test_a_palette_is_looked_up():
    picture = Image.fromarray(COLOUR).convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    photo = checked(open_photo(saved(picture, "PNG")))
    np.testing.assert_array_equal(photo, np.array(picture.convert("RGB")))


def test_a_clear_colour_of_a_palette_is_white():
    picture = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8)).convert("P")
    picture.putpalette([250, 0, 0, 0, 250, 0, 0, 0, 250])
    for kind in ("PNG", "GIF"):
        photo = checked(open_photo(saved(picture, kind, transparency=1)))
        assert photo.tolist() == [[[250, 0, 0], [255, 255, 255], [0, 0, 250]]]


def test_a_palette_may_be_partly_clear():
    picture = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8)).convert("P")
    picture.putpalette([250, 0, 0, 0, 250, 0, 0, 0, 250])
    photo = checked(open_photo(saved(picture, "PNG", transparency=bytes([255, 51, 0]))))
    assert photo.tolist() == [[[250, 0, 0], [204, 254, 204], [255, 255, 255]]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", *WEBP])
def test_alpha_is_laid_over_white(kind):
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    alpha = np.arange(54, dtype=np.uint8).reshape(6, 9) * 4
    alpha[0, :2] = 0, 255
    picture = Image.fromarray(np.dstack([COLOUR, alpha]))
    photo = checked(open_photo(saved(picture, kind, **options)))
    assert np.abs(photo - over_white(COLOUR, alpha)).max() <= 0
    assert (photo[0, 0] == 255).all()
    assert (photo[0, 1] == COLOUR[0, 1]).all()


def test_grey_with_alpha_is_laid_over_white():
    alpha = GREY[::-1, ::-1]
    picture = Image.merge("LA", (Image.fromarray(GREY), Image.fromarray(alpha.copy())))
    photo = checked(open_photo(saved(picture, "PNG")))
    np.testing.assert_array_equal(photo, over_white(in_three(GREY), alpha))


def test_one_clear_colour_is_white():
    photo = open_photo(
        saved(Image.fromarray(COLOUR), "PNG", transparency=tuple(COLOUR[2, 3].tolist()))
    )
    expected = COLOUR.copy()
    expected[2, 3] = 255
    np.testing.assert_array_equal(checked(photo), expected)
    photo = open_photo(saved(Image.fromarray(np.array([[7, 9]], np.uint8)), "PNG", transparency=7))
    assert photo.tolist() == [[[255] * 3, [9] * 3]]


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_inks_become_light(kind):
    """No ink is white paper, in JPEG too, where Adobe's programs store the inks inverted."""
    inks = np.zeros((16, 64, 4), dtype=np.uint8)
    inks[:, 16:32, 0] = 255  # cyan
    inks[:, 32:48, 2] = 255  # yellow
    inks[:, 48:, 3] = 255  # black
    picture = Image.frombytes("CMYK", (64, 16), inks.tobytes())
    options = {"quality": 100} if kind == "JPEG" else {}
    photo = checked(open_photo(saved(picture, kind, **options))).astype(int)
    expected = [[255, 255, 255], [0, 255, 255], [255, 255, 0], [0, 0, 0]]
    assert np.abs(photo[8, 8::16] - expected).max() <= 4


@pytest.mark.parametrize("mode", ["YCbCr", "LAB"])
def test_other_ways_to_write_a_colour(mode):
    if mode == "LAB":
        from PIL import ImageCms

        lab = ImageCms.createProfile("LAB")
        srgb = ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(Image.fromarray(SMOOTH), srgb, lab, outputMode="LAB")
    else:
        picture = Image.fromarray(SMOOTH).convert(mode)
    photo = checked(open_photo(saved(picture, "TIFF"))).astype(int)
    assert np.abs(photo - SMOOTH).max() <= 6


def test_floats_from_0_to_1():
    values = np.array([[0, 0.25, 0.5, 1]], dtype=np.float32)
    photo = checked(open_photo(saved(Image.fromarray(values), "TIFF")))
    np.testing.assert_array_equal(photo, in_three([[0, 64, 128, 255]] * np.ones((1, 1))))


def test_whole_numbers_of_32_bits():
    values = np.array([[0, 7, 255]], dtype=np.int32)
    photo = checked(open_photo(saved(Image.fromarray(values), "TIFF")))
    np.testing.assert_array_equal(photo, in_three(values))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([[0, 200]], np.float32), "If 255 is white: image / 255"),
        (np.array([[0, 60000]], np.int32), "If 65535 is white: image / 65535"),
        (np.array([[-1, 1]], np.float32), "Cut off what lies outside: np.clip(image, 0, 1)"),
        (np.array([[0, np.nan]], np.float32), "np.nan_to_num(image, nan=0, posinf=1, neginf=0)"),
    ],
)
def test_numbers_that_do_not_say_what_is_white_are_refused_with_a_way_out(tmp_path, values, said):
    path = tmp_path / "numbers.tif"
    Image.fromarray(values).save(path)
    with pytest.raises(ValueError, match=re.escape(said)) as caught:
        open_photo(path)
    reading = re.search(r"Read them with (image = .+?), and make", str(caught.value))[1]
    names = {"np": np, "PIL": PIL}
    exec(reading, names)
    for line in advised(str(caught.value)):
        checked(as_photo(eval(line, names)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", *WEBP])
def test_a_photograph_stands_upright(kind, orientation):
    upright = np.zeros((32, 48, 3), dtype=np.uint8)
    upright[:16, :16] = 200, 0, 0  # red above left, green above right, blue below left
    upright[:16, 32:] = 0, 200, 0
    upright[16:, :16] = 0, 0, 200
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100, "lossless": True} if kind == "WEBP" else {}
    picture = Image.fromarray(np.ascontiguousarray(stored))
    photo = checked(open_photo(saved(picture, kind, exif=exif, **options))).astype(int)
    assert photo.shape == upright.shape
    assert np.abs(photo - upright)[4::8, 4::8].max() <= 12
    small = open_photo(saved(picture, kind, exif=exif, **options), size=12)
    assert small.shape == (8, 12, 3)


def test_sixteen_bits_stand_upright_too():
    exif = Image.Exif()
    exif[0x0112] = 3
    values = np.array([[0, 65535]], dtype=np.uint16)
    photo = open_photo(saved(Image.fromarray(values), "PNG", exif=exif))
    assert photo[0, :, 0].tolist() == [255, 0]


def test_a_damaged_note_of_the_camera_does_no_harm():
    for exif in (b"Exif\0\0MM", b"Exif\0\0II*\0\xff\xff\xff\xff", b"nonsense"):
        picture = saved(Image.fromarray(SMOOTH), "JPEG", exif=exif)
        assert checked(open_photo(picture)).shape == SMOOTH.shape


@pytest.mark.parametrize("kind", ["GIF", "PNG", *WEBP, "TIFF"])
def test_of_a_moving_picture_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (4, 3), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    packed = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert (checked(open_photo(packed)) == [255, 0, 0]).all()


def test_one_pixel_is_a_photograph():
    photo = checked(open_photo(saved(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG")))
    assert photo.tolist() == [[[1, 2, 3]]]


# --- size -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((24, 40), 20, (12, 20)),
        ((40, 24), 20, (20, 12)),
        ((24, 40), 40, (24, 40)),
        ((24, 40), 100, (24, 40)),
        ((24, 40), 1, (1, 1)),
        ((1, 900), 9, (1, 9)),
        ((900, 1), 9, (9, 1)),
        ((801, 533), 100, (100, 67)),
    ],
)
def test_size_bounds_the_longer_side(kind, shape, size, expected):
    picture = Image.fromarray(np.full((*shape, 3), 90, dtype=np.uint8))
    photo = checked(open_photo(saved(picture, kind), size=size))
    assert photo.shape[:2] == expected
    assert np.abs(photo.astype(int) - 90).max() <= 3


def test_a_smaller_photograph_shows_the_same():
    cat = load_photo("cat")
    photo = open_photo(saved(Image.fromarray(cat), "PNG"), size=128)
    blocks = cat.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(photo - blocks).mean() < 4


@pytest.mark.parametrize("size", [0, -3, 2.5, "128", True])
def test_a_size_is_a_whole_number(size):
    with pytest.raises((ValueError, TypeError), match="open_photo: size must be"):
        open_photo(saved(Image.fromarray(COLOUR), "PNG"), size=size)


def huge(kind: str) -> bytes:
    """A picture of one colour, with more pixels than are opened."""
    return saved(Image.new("L", (10_000, 5_001), 128), kind)


def test_too_many_pixels_are_counted_and_a_way_out_is_named():
    with pytest.raises(ValueError, match=r"10000×5001 = 50,010,000 pixels.*size=1024") as caught:
        open_photo(huge("JPEG"))
    size = int(re.search(r"size=(\d+)", str(caught.value))[1])
    assert checked(open_photo(huge("JPEG"), size=size)).shape == (512, 1024, 3)


@pytest.mark.parametrize("size", [None, 64])
def test_too_many_pixels_of_a_kind_that_is_only_decoded_whole(size):
    with pytest.raises(ValueError, match=r"50,010,000 pixels.*Make it smaller in the program"):
        open_photo(huge("PNG"), size=size)


def test_a_bomb_is_told_as_a_large_picture_and_leaves_pillow_as_it_was(recwarn):
    """A few bytes that claim a billion pixels: Pillow would speak of an attack."""
    import struct
    import zlib

    packed = bytearray(saved(Image.new("1", (8, 8)), "PNG"))
    packed[16:24] = struct.pack(">II", 40_000, 40_000)
    packed[29:33] = struct.pack(">I", zlib.crc32(packed[12:29]))
    before = Image.MAX_IMAGE_PIXELS
    with pytest.raises(ValueError, match="1,600,000,000 pixels"):
        open_photo(bytes(packed))
    assert before == Image.MAX_IMAGE_PIXELS
    assert not recwarn.list


# --- where it comes from ----------------------------------------------------------------------


@pytest.fixture
def png(tmp_path) -> Path:
    path = tmp_path / "my cat 고양이 #1.png"
    Image.fromarray(COLOUR).save(path)
    return path


@pytest.mark.parametrize(
    "given",
    [
        str,
        Path,
        Path.read_bytes,
        lambda p: bytearray(p.read_bytes()),
        lambda p: memoryview(p.read_bytes()),
        lambda p: io.BytesIO(p.read_bytes()),
    ],
)
def test_a_path_bytes_and_a_file_are_all_read(png, given):
    np.testing.assert_array_equal(open_photo(given(png)), COLOUR)


def test_an_open_file_stays_open(png):
    with png.open("rb") as file:
        np.testing.assert_array_equal(open_photo(file), COLOUR)
        assert not file.closed


def test_a_wave_stands_for_the_home_folder(png, monkeypatch):
    monkeypatch.setenv("HOME", str(png.parent))
    monkeypatch.setenv("USERPROFILE", str(png.parent))
    np.testing.assert_array_equal(open_photo(f"~/{png.name}"), COLOUR)


def test_the_path_is_relative_to_the_current_folder(png, monkeypatch):
    monkeypatch.chdir(png.parent)
    np.testing.assert_array_equal(open_photo(png.name), COLOUR)


def test_a_wrong_ending_does_not_matter(png):
    other = png.with_suffix(".jpg")
    png.rename(other)
    np.testing.assert_array_equal(open_photo(other), COLOUR)


def test_no_file_names_the_folder_and_what_is_there(png):
    with pytest.raises(FileNotFoundError) as caught:
        open_photo(png.parent / "cat.png")
    assert "open_photo: there is no file" in str(caught.value)
    assert str(png.parent) in str(caught.value)
    assert png.name in str(caught.value)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "the path is empty"),
        ("   ", "the path is empty"),
        ("https://example.org/cat.jpg", "is an address"),
        ("file:///home/me/cat.jpg", "is an address"),
        ("data:image/png;base64,AAAA", "is an address"),
        ('"cat.jpg"', "Leave out the quotation marks"),
        ("C:\new\tiger.jpg", "r'C:"),
        ("a\0b.png", "there is no file"),
        ("no/such/folder/cat.png", "no folder"),
        ("~nobody-of-that-name/cat.png", "there is no file"),
        ("x" * 5000, "there is no file"),
    ],
)
def test_a_path_that_leads_nowhere(path, said):
    with pytest.raises((ValueError, FileNotFoundError), match="open_photo: ") as caught:
        open_photo(path)
    assert said in str(caught.value)


def test_a_folder_is_no_photograph(png):
    with pytest.raises(
        IsADirectoryError, match="is a folder, and one picture is expected"
    ) as caught:
        open_photo(png.parent)
    assert png.name in str(caught.value)


def test_a_file_that_may_not_be_read(png, monkeypatch):
    def refused(path, mode):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refused)  # root may read every file, whatever its mode
    with pytest.raises(PermissionError, match="may not be read"):
        open_photo(png)


@pytest.mark.parametrize("source", [None, 5, COLOUR, ["cat.jpg"], Image.fromarray(COLOUR)])
def test_what_is_no_source_is_refused(source):
    with pytest.raises(TypeError, match="open_photo: source must be a path, bytes or an open file"):
        open_photo(source)


def test_a_file_read_before_is_told_to_go_back(png):
    file = io.BytesIO(png.read_bytes())
    file.read()
    with pytest.raises(ValueError, match=r"source\.seek\(0\)"):
        open_photo(file)
    file.seek(0)
    open_photo(file)


def test_a_file_open_as_text_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("hello")
    with path.open() as file, pytest.raises(TypeError, match=r"open\(path, 'rb'\)"):
        open_photo(file)


def test_without_pillow_the_reader_is_told_what_to_install(png, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "PIL"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install pillow"):
        open_photo(png)


# --- what is no picture -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty (0 bytes)"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b"<HTML><body>", "a web page"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"PK\x03\x04....", "a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">', "an SVG drawing"),
        (b"This is my cat.", "is text"),
        ("Das ist für meine Katze.".encode(), "no picture of a kind"),
        (bytes(range(256)), "no picture of a kind"),
        (b"\xff\x0a123", "a JPEG XL picture"),
        (saved(Image.fromarray(SMOOTH), "JPEG")[:20], "damaged, or of a rare kind"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, content, said):
    path = tmp_path / "cat.jpg"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"^open_photo: .*cat\.jpg") as caught:
        open_photo(path)
    assert said in str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", *WEBP])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9, 0.98])
def test_a_file_that_is_cut_short_is_refused_in_words(kind, share):
    noise = np.random.default_rng(1).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    whole = saved(Image.fromarray(noise), kind)
    said = refusal(lambda: open_photo(whole[: int(share * len(whole))]))
    # Some decoders fill up what is missing at the very end.
    assert re.search("(cut short|damaged).*[.]$", said) or (share > 0.9 and not said)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", *WEBP, "PPM", "TGA"])
def test_a_damaged_file_is_opened_or_refused_in_words(kind):
    """Whatever Pillow raises inside, the reader gets a sentence about her file."""
    rng = np.random.default_rng(2)
    whole = saved(Image.fromarray(SMOOTH), kind)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 200), 3):
            damaged[place] = rng.integers(256)
        said = refusal(lambda content=bytes(damaged): open_photo(content))
        assert not said or said.startswith("open_photo: source (")


# --- arrays -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (COLOUR, COLOUR),
        (GREY, in_three(GREY)),
        (GREY[:, :, None], in_three(GREY)),
        (GREY > 9, in_three((GREY > 9) * 255)),
        (COLOUR.astype(np.int64), COLOUR),
        (COLOUR.astype(np.uint16) * 257, COLOUR),
        (COLOUR / 255, COLOUR),
        ((COLOUR / 255).astype(np.float32), COLOUR),
        (COLOUR.tolist(), COLOUR),
        (np.zeros((2, 2), np.uint16), np.zeros((2, 2, 3))),
        (np.dstack([COLOUR, GREY]), over_white(COLOUR, GREY)),
        (np.dstack([COLOUR, GREY]) / 255, over_white(COLOUR, GREY)),
        (np.dstack([COLOUR, GREY]).astype(np.uint16) * 257, over_white(COLOUR, GREY)),
        (np.dstack([GREY, GREY]), over_white(in_three(GREY), GREY)),
    ],
)
def test_an_array_becomes_a_photograph(image, expected):
    before = np.array(image)
    photo = checked(as_photo(image))
    np.testing.assert_array_equal(photo, expected)
    photo += 1
    np.testing.assert_array_equal(np.array(image), before)


@pytest.mark.parametrize(
    "image",
    [
        COLOUR.astype(np.uint16),  # bytes, or an almost black picture of 16 bits
        COLOUR.astype(float),
        COLOUR.astype(np.uint16).astype(np.int32) * 257,
        COLOUR.astype(float) * 257,
        COLOUR.astype(int) - 100,
        COLOUR / 100 - 1,
        np.where(GREY > 9, np.nan, 0.5),
        np.where(GREY > 9, np.inf, 0.5),
        COLOUR.transpose(2, 0, 1),
        COLOUR[None],
        np.array(COLOUR.tolist(), dtype=object),
        COLOUR.astype(int) * 1000,
    ],
)
def test_every_line_of_advice_for_an_array_works(image):
    said = refusal(lambda: as_photo(image))
    assert said.startswith("as_photo: ")
    assert advised(said)
    for line in advised(said):
        # It is read then, or another thing is wrong with it and is told next.
        assert refusal(lambda line=line: as_photo(eval(line, {"np": np, "image": image}))) != said


@pytest.mark.parametrize(
    "image",
    [
        None,
        "cat.jpg",
        5,
        Image.fromarray(COLOUR),
        np.zeros((2, 2, 5)),
        np.zeros(7),
        np.zeros((0, 4, 3), np.uint8),
        [[1, 2], [3]],
        np.zeros((2, 2), complex),
        np.array("a"),
    ],
)
def test_what_is_no_picture_is_refused_as_an_array(image):
    with pytest.raises((TypeError, ValueError), match=r"^as_photo: "):
        as_photo(image)


def test_advice_spoils_no_picture():
    """16 bits wrapped into 8 would look like noise: 10,000 would become 16."""
    ramp = np.linspace(0, 65535, 300).astype(np.uint16)[None]
    assert (np.diff(as_photo(ramp)[0, :, 0].astype(int)) >= 0).all()
