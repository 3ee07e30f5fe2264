"""Build data/photos.npz: three photographs, cropped and sized for the course.

    python data/make_photos.py [scikit_image-0.26.0-….whl] [--output data/photos.npz]

The photographs come from the scikit-image 0.26.0 wheel. Without a path to it the script fetches
it with `pip download`, so only a rebuild needs the network: the finished file is in the
repository. Needs NumPy and Pillow (which matplotlib brings along).
"""

import argparse
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # cnnlib, installed or not
from sources import check_hash, pypi_wheel, sha256

from cnnlib.files import check_writable, write_whole

PACKAGE = "scikit-image==0.26.0"
# The wheel differs from platform to platform, the photographs in it do not: pin those.
SOURCES = {
    "chelsea.png": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "coffee.png": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "rocket.jpg": "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
}
# Of the three arrays' bytes, in the order saved. Unlike the hash of the .npz file it does not
# depend on how zlib packs them, so it holds on every machine.
ARRAYS_SHA256 = "52602de8880779ef3a11242738f86ae7e5460a6a6b8203ca4a7641233b0281a4"


def read_photo(wheel, name):
    """Return one photograph of the wheel, (H, W, 3) uint8."""
    packed = wheel.read(f"skimage/data/{name}")
    check_hash(name, sha256(packed), SOURCES[name])
    with Image.open(io.BytesIO(packed)) as photo:
        return np.asarray(photo.convert("RGB"))


def halve(photo):
    """Return the photograph at half size: each pixel the rounded mean of a 2×2 block."""
    height, width, channels = photo.shape
    blocks = photo.reshape(height // 2, 2, width // 2, 2, channels).astype(np.uint16)
    # uint16, because four bytes add up to as much as 1020; + 2 makes the division round.
    return ((blocks.sum(axis=(1, 3), dtype=np.uint16) + 2) // 4).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description="Build data/photos.npz.")
    parser.add_argument("wheel", nargs="?", type=Path, help="the scikit-image wheel, if at hand")
    default = Path(__file__).parent / "photos.npz"
    parser.add_argument("-o", "--output", type=Path, default=default)
    options = parser.parse_args()
    try:
        check_writable("make_photos", options.output)  # before anything is fetched
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None

    packed = options.wheel.read_bytes() if options.wheel else pypi_wheel(PACKAGE)
    with zipfile.ZipFile(io.BytesIO(packed)) as wheel:
        arrays = {
            # Both eyes and the nose lie within the central 227×227 as well.
            "cat": read_photo(wheel, "chelsea.png")[40:296, 112:368],
            # Two photographs that are not square: a mix-up of H and W shows at once.
            "coffee": halve(read_photo(wheel, "coffee.png")),
            "rocket": halve(read_photo(wheel, "rocket.jpg")[27:427, 28:628]),
        }
    contents = b"".join(array.tobytes() for array in arrays.values())
    check_hash("the arrays", sha256(contents), ARRAYS_SHA256)

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(options.output, buffer.getvalue())
    print(f"{options.output.name}  {len(buffer.getvalue())} bytes")
    print(f"SHA-256 {sha256(buffer.getvalue())}")


if __name__ == "__main__":
    main()
