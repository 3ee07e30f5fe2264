"""Photographs that you have, in files or as arrays, made into what the course works on."""

import contextlib
import io
import re
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from cnnlib.checks import describe, integer
from cnnlib.types import Array

__all__ = ["as_photo", "open_photo"]

MOST_PIXELS = 50_000_000  # as many as a phone takes; 150 MB as an array
_EXTENSIONS = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif"}
_SAVE_A_COPY = "Open it in the program that shows your pictures, and save a copy as JPEG or PNG."

# What a file begins with, what it then is, and what to do. Asked only when Pillow knows no answer.
_KINDS = (
    (
        rb"\s*(<!doctype html|<html|<head|<body)",
        "a web page that was saved under the name of a picture",
        "In the browser open the picture by itself, and save that.",
    ),
    (rb".{4}ftyp(heic|heix|hevc|heim|heis|mif1|msf1)", "a HEIC picture", _SAVE_A_COPY),
    (rb".{4}ftypavi[fs]", "an AVIF picture", _SAVE_A_COPY),
    (rb".{4}ftyp", "a video", "Save one frame of it as JPEG or PNG."),
    (rb"RIFF.{4}WEBP", "a WebP picture", _SAVE_A_COPY),
    (rb"\xff\x0a|.{4}JXL ", "a JPEG XL picture", _SAVE_A_COPY),
    (rb"%PDF", "a PDF", "Save its picture as JPEG or PNG."),
    (rb"PK\x03\x04", "a zip archive or an office document", "Take the picture out of it first."),
    (rb"version https://git-lfs", "a placeholder of Git LFS", "Fetch the picture: git lfs pull."),
    (rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg|<svg)", "an SVG drawing", _SAVE_A_COPY),
    (rb"\xff\xd8\xff|\x89PNG|GIF8|BM|II\*\0|MM\0\*", "damaged, or of a rare kind", _SAVE_A_COPY),
    (rb"[\t\n\r\x20-\x7e]*\Z", "text", "Name the file of a picture, such as JPEG or PNG."),
)


def open_photo(
    source: str | Path | bytes | bytearray | memoryview | BinaryIO, *, size: int | None = None
) -> NDArray[np.uint8]:
    """Return any photograph that you have as red, green and blue bytes, or say why not.

    Everything that Pillow reads will do: JPEG, PNG, WebP, GIF, TIFF, BMP and more, in colour or
    grey, with a palette, for print (CMYK) or with 16 bits. The picture is turned upright as the
    camera noted it (EXIF). What is transparent is laid over white. Of a moving picture the first
    frame is taken. 16 bits are scaled to 8, so that 65535 becomes 255.

    Parameters
    ----------
    source : str, Path, bytes or open binary file
        Where it is; ``~`` stands for your home folder.
    size : int, optional
        Shrink it until neither side is longer, in pixels. A smaller picture stays as it is.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If there is no such file, it is a folder, or may not be read.
    ValueError
        If it is no picture, cut short, damaged, or larger than 50 million pixels.
    TypeError
        If `source` is none of these kinds.
    ImportError
        If Pillow is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> path = Path(tempfile.mkdtemp()) / "grey.png"
    >>> Image.fromarray(np.array([[0, 65535]], dtype=np.uint16)).save(path)
    >>> open_photo(path).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    op = "open_photo"
    if size is not None:
        size = integer(op, "size", size, 1)
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        raise ImportError(
            f"{op}: Pillow reads the pictures, and it is not installed. Install it with "
            "`pip install pillow`."
        ) from None
    name, file = _opened(op, source)
    with file as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about notes in the file that nobody asked for
        return _decoded(op, name, stream, size)


def as_photo(image: Array) -> NDArray[np.uint8]:
    """Return a picture that you have as an array as red, green and blue bytes, or say why not.

    Parameters
    ----------
    image : array, (H, W), (H, W, 1), (H, W, 2), (H, W, 3) or (H, W, 4)
        Grey, grey with alpha, colour, or colour with alpha; alpha is laid over white. uint8 from 0
        to 255, uint16 from 0 to 65535, other integers from 0 to 255, floats from 0 to 1, or bool.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        A new array.

    Raises
    ------
    TypeError, ValueError
        If it is no picture, or its numbers do not say which of them is white.

    Examples
    --------
    >>> as_photo(np.array([[0.0, 1.0]])).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    op = "as_photo"
    if isinstance(image, tuple | list):
        try:
            image = np.array(image)
        except ValueError:
            raise ValueError(f"{op}: the rows of image are not equally long.") from None
    if not isinstance(image, np.ndarray):
        raise TypeError(
            f"{op}: image must be an array, got {describe(image)}. A picture in a file is read "
            "with open_photo(path)."
        )
    if image.ndim == 2:
        image = image[:, :, None]
    if image.ndim != 3 or image.shape[2] not in (1, 2, 3, 4) or image.size == 0:
        fix = ""
        if image.ndim == 3 and image.shape[0] in (1, 3, 4) and image.size:
            fix = " Its channels come first; move them last: np.moveaxis(image, 0, -1)."
        elif image.ndim == 4 and image.size:
            fix = " Take one of the batch: image[0]."
        raise ValueError(
            f"{op}: image must have the shape (H, W), (H, W, 3) or (H, W, 4), got "
            f"{image.shape}.{fix}"
        )
    return _over_white(_as_bytes(op, image))


def _as_bytes(op: str, image: Array) -> NDArray[np.uint8]:
    """Return the numbers of a picture from 0 to 255, or say that nobody can tell what is white."""
    kind, dtype = image.dtype.kind, image.dtype
    if dtype == np.uint8:
        return image
    if kind == "b":
        return image.astype(np.uint8) * np.uint8(255)
    if kind not in "iuf":
        raise TypeError(
            f"{op}: image must hold numbers, got dtype {dtype}. Convert it: "
            "image.astype(np.float32)."
        )
    low, high = image.min(), image.max()
    if kind == "f" and low >= 0 and high <= 1:
        return (image * 255).round().astype(np.uint8)
    if dtype == np.uint16 and not 0 < high <= 255:
        return _of_16_bits(image)
    if kind in "iu" and dtype != np.uint16 and low >= 0 and high <= 255:
        return image.astype(np.uint8)
    expected = "floats from 0 to 1" if kind == "f" else "whole numbers from 0 to 255"
    if not np.isfinite([low, high]).all():
        fix = "Replace what is no number: np.nan_to_num(image, nan=0, posinf=1, neginf=0)."
    elif low < 0 or high > 65535:
        fix = (
            f"Cut off what lies outside: np.clip(image, 0, {1 if kind == 'f' else 255}). "
            "Or let black be the lowest and white the highest: "
            "(image - image.min()) / np.ptp(image.astype(float))."
        )
    elif dtype == np.uint16:
        expected = "0 to 65535, and these would be almost black"
        fix = "If 255 is white: image / 255. If 65535 is: image / 65535."
    else:
        white = 255 if high <= 255 else 65535
        fix = f"If {white} is white: image / {white}."
    raise ValueError(
        f"{op}: image of dtype {dtype} holds {low:g} to {high:g}, expected {expected}. {fix}"
    )


def _of_16_bits(image: Array) -> NDArray[np.uint8]:
    """Scale 0 to 65535 to 0 to 255."""
    return (image / np.float32(257)).round().astype(np.uint8)


def _over_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W, 3) from grey or colour, with or without alpha, laid over white."""
    channels = pixels.shape[2]
    colours = pixels[:, :, :3] if channels > 2 else pixels[:, :, [0, 0, 0]]
    if channels in (1, 3):
        return colours.copy()
    alpha = pixels[:, :, -1:].astype(np.uint16)
    mixed = colours * alpha + (255 - alpha) * np.uint16(255)  # at most 255 · 255, so 16 bits do
    return ((mixed + 127) // 255).astype(np.uint8)


# Files


def _opened(op: str, source: Any) -> tuple[str, Any]:
    """Return what a source is called, and its bytes as an open file."""
    if isinstance(source, bytes | bytearray | memoryview):
        return f"source ({len(source):,} bytes)", io.BytesIO(source)
    if hasattr(source, "read"):
        name = str(getattr(source, "name", None) or "source")
        content = source.read()
        if isinstance(content, str):
            raise TypeError(
                f"{op}: {name} is open as text. Open it as bytes: open(path, 'rb'); or give the "
                "path alone."
            )
        if not content:
            raise ValueError(
                f"{op}: nothing was left to read in {name}. If it has been read before, go back "
                "to its beginning: source.seek(0)."
            )
        return name, io.BytesIO(content)
    if not isinstance(source, str | Path):
        raise TypeError(
            f"{op}: source must be a path, bytes or an open file, got {describe(source)}. A "
            "picture that is an array already is converted with as_photo(image)."
        )
    return str(source), _open_path(op, str(source)).open("rb")


def _open_path(op: str, text: str) -> Path:
    """Return the file at a path, if there is one that may be read."""
    if not text.strip():
        raise ValueError(f"{op}: the path is empty. Name a picture, such as 'cat.jpg'.")
    if re.match(r"[a-z][a-z0-9+.-]+:/|data:", text, re.IGNORECASE):
        raise ValueError(
            f"{op}: {text[:80]} is an address, and only files on this computer are opened. Save "
            "the picture with your browser, and give the path of that file."
        )
    try:
        path = Path(text).expanduser()
        missing = not path.exists()
    except (OSError, RuntimeError, ValueError):  # too long, no such user, a NUL in it
        path, missing = Path(text), True
    if missing:
        raise FileNotFoundError(f"{op}: there is no file {text!r}{_where(text, path)}")
    if path.is_dir():
        raise IsADirectoryError(
            f"{op}: {text} is a folder, and one picture is expected. {_pictures_in(path)}"
        )
    if not path.is_file():
        raise ValueError(f"{op}: {text} is a device and no file. Give the path of a picture.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise type(error)(
            f"{op}: {text} may not be read ({error.strerror}). Check its permissions, or copy it "
            "into your own folder."
        ) from None
    return path


def _where(text: str, path: Path) -> str:
    """Say where a file was looked for, and why it may not be there."""
    if re.fullmatch(r"\s*(['\"]).*\1\s*", text):
        return ". Leave out the quotation marks inside the path."
    if re.search(r"[\x00-\x1f]", text):
        return ". A backslash in a path needs an r before the quotation mark: r'C:\\new\\cat.jpg'."
    try:
        folder = path.parent.resolve()
        if not folder.is_dir():
            return f", and no folder {folder} either. Check the path."
        return f" in {folder}. {_pictures_in(folder)}"
    except (OSError, RuntimeError, ValueError):
        return ". Check the path."


def _pictures_in(folder: Path) -> str:
    """Name a few pictures of a folder, to choose one from."""
    try:
        names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in _EXTENSIONS)
    except OSError:
        names = []
    if not names:
        return "There are no pictures in that folder: copy yours into it, or check the path."
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"The pictures in that folder: {', '.join(names[:5])}{more}."


def _decoded(op: str, name: str, file: BinaryIO, size: int | None) -> NDArray[np.uint8]:
    """Read a picture as Pillow does, upright, and as three bytes a pixel."""
    from PIL import Image, UnidentifiedImageError

    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None  # the limit below speaks of the photograph, Pillow's of attacks
    try:
        picture = Image.open(file)
    except UnidentifiedImageError:
        raise _no_picture(op, name, file) from None
    except Exception as error:
        raise _damaged(op, name, error) from None
    finally:
        Image.MAX_IMAGE_PIXELS = limit
    shorter, longer = sorted(picture.size)
    jpeg = picture.format in ("JPEG", "MPO")
    if size is not None and jpeg:
        wide, high = picture.size
        # Decoded at 1/2, 1/4 or 1/8 of its size, as long as that is large enough.
        picture.draft(None, (-(-wide * size // longer), -(-high * size // longer)))
    width, height = picture.size
    if width * height > MOST_PIXELS:
        fix = "Make it smaller in the program that shows your pictures."
        if jpeg and size is None:
            fix = "Open it smaller, with its longer side as you need it: size=1024."
        raise ValueError(
            f"{op}: {name} has {width}×{height} = {width * height:,} pixels, expected at most "
            f"{MOST_PIXELS:,}. {fix}"
        )
    try:
        numbers = _numbers(picture)
    except MemoryError:
        raise MemoryError(
            f"{op}: there is too little memory for {width}×{height} pixels. Make {name} smaller "
            "in the program that shows your pictures."
        ) from None
    except Exception as error:
        raise _damaged(op, name, error) from None
    try:
        pixels = as_photo(numbers)
    except ValueError as error:
        raise ValueError(
            f"{op}: {name} does not say which of its numbers is white. Read them with "
            f"image = np.array(PIL.Image.open({name!r})), and make a photograph of them. {error}"
        ) from None
    if size is None or max(pixels.shape[:2]) <= size:
        return pixels
    short = max(1, round(shorter * size / longer))
    smaller = (size, short) if pixels.shape[1] >= pixels.shape[0] else (short, size)
    return np.array(Image.fromarray(pixels).resize(smaller, Image.Resampling.LANCZOS))


def _numbers(picture: Any) -> Array:
    """Decode a picture and turn it upright; return its numbers as `as_photo` takes them."""
    from PIL import ImageOps

    kind, clear = picture.format, "transparency" in picture.info
    picture.load()
    with contextlib.suppress(Exception):  # where the note is damaged, the picture is not
        picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I;16"):
        return _of_16_bits(np.array(picture))
    if picture.mode == "I" and kind in ("PNG", "PPM"):  # 16 bits in 32
        return _of_16_bits(np.array(picture))
    if picture.mode in ("I", "F"):
        return np.array(picture)
    clear = clear or picture.mode in ("RGBA", "RGBa", "LA", "La", "PA")
    return np.array(picture.convert("RGBA" if clear else "RGB"))


def _no_picture(op: str, name: str, file: BinaryIO) -> ValueError:
    """Return an error that says what a file is, if it is nothing that Pillow reads."""
    file.seek(0)
    start = file.read(512)
    if not start:
        return ValueError(
            f"{op}: {name} is empty (0 bytes). It may not have been copied or downloaded whole; "
            "fetch it again."
        )
    for pattern, what, fix in _KINDS:
        if re.match(pattern, start, re.DOTALL | re.IGNORECASE):
            return ValueError(f"{op}: {name} is {what}, which cannot be read here. {fix}")
    return ValueError(f"{op}: {name} is no picture of a kind that can be read here. {_SAVE_A_COPY}")


def _damaged(op: str, name: str, error: Exception) -> ValueError:
    """Return an error that says that a picture cannot be read to its end."""
    reason = str(error).rstrip(".") or type(error).__name__
    return ValueError(
        f"{op}: {name} is cut short or damaged ({reason}). Copy or download it again, or save it "
        "anew as JPEG or PNG."
    )
