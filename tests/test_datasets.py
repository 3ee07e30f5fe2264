"""The bundled data is what data/README.md says, and a damaged file never gets through."""

import hashlib
import importlib.util
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from cnnlib import datasets
from cnnlib.datasets import DamagedFileError, load_digits, load_photo, photo_names

DATA = Path(__file__).resolve().parent.parent / "data"
SPLITS = ["train", "validation", "test"]
# Images of 0, 1, … 9 among the first 10,000 of MNIST's training file.
CLASS_COUNTS = np.array([1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978])


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a copy of the data folder, to be damaged, that CNNLIB_DATA points to."""
    for name in datasets.FILES:
        shutil.copy(DATA / name, tmp_path / name)
    monkeypatch.setenv("CNNLIB_DATA", str(tmp_path))
    return tmp_path


def script(name):
    spec = importlib.util.spec_from_file_location(name, DATA / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- digits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "size"), [("train", 8000), ("validation", 1000), ("test", 1000)])
def test_digits_have_the_documented_shapes_types_and_ranges(digits, name, size):
    images, labels = getattr(digits, name)
    assert images.shape == (size, 1, 28, 28)
    assert images.dtype == np.float32
    assert images.min() == 0
    assert images.max() == 1
    assert labels.shape == (size,)
    assert labels.dtype == np.int64
    assert set(labels.tolist()) == set(range(10))


def test_digits_unpack_in_the_documented_order(digits):
    train, validation, test = digits
    assert train is digits.train
    assert validation is digits.validation
    assert test is digits.test


def test_digits_are_bytes_divided_by_255(digits):
    with np.load(DATA / "digits.npz") as archive:
        for name in SPLITS:
            expected = archive[f"{name}_images"] / np.float32(255)
            np.testing.assert_array_equal(getattr(digits, name).images[:, 0], expected)
            np.testing.assert_array_equal(getattr(digits, name).labels, archive[f"{name}_labels"])


def test_class_counts_add_up_to_the_first_ten_thousand(digits):
    total = sum(np.bincount(split.labels, minlength=10) for split in digits)
    np.testing.assert_array_equal(total, CLASS_COUNTS)


@pytest.mark.parametrize("name", SPLITS)
def test_class_proportions_are_within_one_image(digits, name):
    labels = getattr(digits, name).labels
    due = CLASS_COUNTS * len(labels) / 10_000
    assert np.abs(np.bincount(labels, minlength=10) - due).max() < 1


def test_no_image_stands_twice(digits):
    seen = {name: {image.tobytes() for image in getattr(digits, name).images} for name in SPLITS}
    assert [len(seen[name]) for name in SPLITS] == [8000, 1000, 1000]
    assert len(seen["train"] | seen["validation"] | seen["test"]) == 10_000


@pytest.mark.parametrize("name", SPLITS)
def test_every_batch_is_mixed(digits, name):
    labels = getattr(digits, name).labels
    batches = labels[: len(labels) // 100 * 100].reshape(-1, 100)
    assert min(len(set(batch.tolist())) for batch in batches) >= 8


def test_labels_belong_to_their_images(digits):
    # The nearest class mean reads about four in five MNIST digits; with labels out of step it
    # would read one in ten.
    train, _, test = digits
    pixels = test.images.reshape(1000, -1)
    means = np.stack([train.images[train.labels == k].mean(axis=0).ravel() for k in range(10)])
    distances = ((pixels[:, np.newaxis] - means) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == test.labels).mean() > 0.75


def test_digits_are_fresh_on_every_call():
    first = load_digits()
    kept = first.train.images.copy(), first.train.labels.copy()
    first.train.images[:] = -1
    first.train.labels[:] = -1
    second = load_digits()
    np.testing.assert_array_equal(second.train.images, kept[0])
    np.testing.assert_array_equal(second.train.labels, kept[1])


# --- photographs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape"),
    [("cat", (256, 256, 3)), ("coffee", (200, 300, 3)), ("rocket", (200, 300, 3))],
)
def test_photos_are_colour_bytes(name, shape):
    photo = load_photo(name)
    assert photo.shape == shape
    assert photo.dtype == np.uint8
    # A real photograph uses most of the 256 values, and its channels differ.
    assert len(np.unique(photo)) > 200
    red, green, blue = np.moveaxis(photo, 2, 0)
    assert (red != green).mean() > 0.5
    assert (green != blue).mean() > 0.5


def test_photo_names_are_the_photos():
    assert photo_names() == ("cat", "coffee", "rocket")
    assert all(load_photo(name).ndim == 3 for name in photo_names())


def test_the_cat_comes_unasked_and_is_big_enough_for_alexnet():
    np.testing.assert_array_equal(load_photo(), load_photo("cat"))
    assert min(load_photo().shape[:2]) >= 227


def test_coffee_is_red_and_the_evening_sky_blue():
    # Channel order: were it BGR, both would fail.
    coffee, rocket = load_photo("coffee").mean(axis=(0, 1)), load_photo("rocket").mean(axis=(0, 1))
    assert coffee.argmax() == 0
    assert rocket.argmax() == 2


def test_photos_are_fresh_on_every_call():
    first = load_photo("cat")
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(load_photo("cat"), kept)


def test_unknown_photo_lists_the_names():
    expected = "load_photo: there is no photograph named 'dog'. Choose one of 'cat', 'coffee', 'ro"
    with pytest.raises(ValueError, match=re.escape(expected)):
        load_photo("dog")


def test_photo_name_must_be_a_string():
    expected = "load_photo: name must be a string such as 'cat', got 0."
    with pytest.raises(TypeError, match=re.escape(expected)):
        load_photo(0)


# --- checked before they are read -------------------------------------------------------------

LOADERS = [
    pytest.param("digits.npz", load_digits, "load_digits", id="digits"),
    pytest.param("photos.npz", load_photo, "load_photo", id="photo"),
    pytest.param("photos.npz", photo_names, "photo_names", id="names"),
]


def assert_says(error, *parts):
    message = str(error.value)
    for part in parts:
        assert part in message, f"{part!r} is missing from: {message}"


@pytest.mark.parametrize(("name", "load", "operation"), LOADERS)
def test_missing_file(folder, name, load, operation):
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError) as error:
        load()
    size, sha256 = datasets.FILES[name]
    stem = Path(name).stem
    assert_says(
        error,
        f"{operation}: there is no file {folder / name}.",
        f"Expected {size:,} bytes with SHA-256 {sha256[:12]}…",
        f"`git restore data/{name}`",
        f"`python data/make_{stem}.py`",
        f"CNNLIB_DATA sends cnnlib to {folder}: unset it",
    )
    assert (DATA / f"make_{stem}.py").is_file()


@pytest.mark.parametrize(("name", "load", "operation"), LOADERS)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda packed: packed[:1000], "is cut short"),
        (lambda packed: packed[:-1], "is cut short"),
        (lambda packed: b"", "is cut short"),
        (lambda packed: packed + b"\n", "is too long"),
    ],
    ids=["first kilobyte", "last byte lost", "empty", "one byte more"],
)
def test_file_of_the_wrong_size(folder, name, load, operation, damage, words):
    packed = damage((DATA / name).read_bytes())
    (folder / name).write_bytes(packed)
    with pytest.raises(DamagedFileError) as error:
        load()
    size, sha256 = datasets.FILES[name]
    assert_says(
        error,
        f"{operation}: the file {folder / name} {words}.",
        f"Expected {size:,} bytes with SHA-256 {sha256[:12]}…",
        f"found {len(packed):,} bytes with SHA-256 {hashlib.sha256(packed).hexdigest()[:12]}…",
        f"`git restore data/{name}`",
    )


@pytest.mark.parametrize(("name", "load", "operation"), LOADERS)
@pytest.mark.parametrize("where", [0.0, 0.31, 0.5, 0.77, 1.0])
def test_one_flipped_bit(folder, name, load, operation, where):
    packed = bytearray((DATA / name).read_bytes())
    packed[int(where * (len(packed) - 1))] ^= 1
    (folder / name).write_bytes(packed)
    with pytest.raises(DamagedFileError) as error:
        load()
    size, sha256 = datasets.FILES[name]
    assert_says(
        error,
        f"{operation}: the file {folder / name} has the right size but not the right contents.",
        f"SHA-256 {sha256[:12]}…, found {size:,} bytes with SHA-256 "
        f"{hashlib.sha256(packed).hexdigest()[:12]}…",
        f"`git restore data/{name}`",
    )


def test_damage_is_a_value_error():
    assert issubclass(DamagedFileError, ValueError)


def test_restoring_the_file_is_enough(folder):
    (folder / "photos.npz").write_bytes(b"gone")
    with pytest.raises(DamagedFileError):
        load_photo()
    shutil.copy(DATA / "photos.npz", folder / "photos.npz")
    assert load_photo().shape == (256, 256, 3)


def test_pickles_are_refused(folder, monkeypatch):
    # Even a file whose hash is on record may not run code when it is opened.
    buffer = io.BytesIO()
    np.savez_compressed(buffer, cat=np.array([{"a": "pickled object"}], dtype=object))
    packed = buffer.getvalue()
    (folder / "photos.npz").write_bytes(packed)
    record = datasets._Recorded(len(packed), hashlib.sha256(packed).hexdigest())
    monkeypatch.setitem(datasets.FILES, "photos.npz", record)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_photo("cat")


# --- the data folder --------------------------------------------------------------------------


def test_environment_variable_names_the_folder(folder, monkeypatch):
    monkeypatch.setattr(datasets, "__file__", "/nowhere/cnnlib/datasets.py")
    assert load_photo().shape == (256, 256, 3)
    assert len(load_digits().test.labels) == 1000


def test_environment_variable_may_start_at_home(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    monkeypatch.setenv("USERPROFILE", str(folder.parent))
    monkeypatch.setenv("CNNLIB_DATA", f"~/{folder.name}")
    monkeypatch.setattr(datasets, "__file__", "/nowhere/cnnlib/datasets.py")
    assert load_photo().shape == (256, 256, 3)


@pytest.mark.parametrize("value", [None, ""], ids=["unset", "empty"])
def test_without_it_the_folder_beside_the_package(monkeypatch, value):
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("CNNLIB_DATA", value)
    assert datasets._data_folder() == DATA
    assert load_photo().shape == (256, 256, 3)


def test_wrong_folder(tmp_path, monkeypatch):
    wrong = tmp_path / "no such folder"
    monkeypatch.setenv("CNNLIB_DATA", str(wrong))
    with pytest.raises(FileNotFoundError) as error:
        load_digits()
    assert_says(
        error,
        f"load_digits: there is no file {wrong / 'digits.npz'}.",
        f"The environment variable CNNLIB_DATA sends cnnlib to {wrong}: unset it",
    )


def test_missing_file_in_the_course_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "cnnlib" / "datasets.py"))
    (tmp_path / "data").mkdir()
    with pytest.raises(FileNotFoundError) as error:
        load_digits()
    assert_says(
        error,
        f"there is no file {tmp_path.resolve() / 'data' / 'digits.npz'}.",
        "To restore it, run `git restore data/digits.npz` in the course folder",
    )
    assert "CNNLIB_DATA" not in str(error.value)


def test_package_installed_apart_from_the_course(tmp_path, monkeypatch):
    monkeypatch.delenv("CNNLIB_DATA", raising=False)
    monkeypatch.setattr(datasets, "__file__", str(tmp_path / "cnnlib" / "datasets.py"))
    with pytest.raises(FileNotFoundError) as error:
        load_digits()
    assert_says(error, "installed apart from the course", "`pip install -e .`", "CNNLIB_DATA")
    assert "git restore" not in str(error.value)


# --- in step: the files, the records, the README, the scripts ---------------------------------


def test_records_match_the_files():
    for name, (size, sha256) in datasets.FILES.items():
        packed = (DATA / name).read_bytes()
        assert (len(packed), hashlib.sha256(packed).hexdigest()) == (size, sha256)
    assert {path.name for path in DATA.glob("*.npz")} == set(datasets.FILES)


def test_readme_names_the_same_sizes_and_hashes():
    rows = re.findall(r"\| `(\S+\.npz)` \| ([\d,]+) \| `([0-9a-f]{64})` \|", readme())
    records = [(name, f"{size:,}", sha256) for name, (size, sha256) in datasets.FILES.items()]
    assert rows == records


def test_readme_names_the_same_arrays():
    rows = re.findall(r"\| `(\S+\.npz)` \| `([\w.]+)` \| (\(.+?\)) \| (\w+) \|", readme())
    arrays = []
    for name in datasets.FILES:
        with np.load(DATA / name) as archive:
            arrays += [(name, key, str(a.shape), str(a.dtype)) for key, a in archive.items()]
    assert rows == arrays


def test_readme_counts_the_same_digits(digits):
    for name in SPLITS:
        counts = np.bincount(getattr(digits, name).labels, minlength=10)
        row = [name, *counts, counts.sum()]
        assert "| " + " | ".join(map(str, row)) + " |" in readme()


def readme():
    return (DATA / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("stem", ["digits", "photos"])
def test_build_script_made_these_arrays(stem):
    with np.load(DATA / f"{stem}.npz") as archive:
        contents = b"".join(array.tobytes() for array in archive.values())
    assert hashlib.sha256(contents).hexdigest() == script(f"make_{stem}").ARRAYS_SHA256


def test_build_script_shares_out_by_largest_remainder():
    # Quotas of 4 among counts 5, 3, 2: 2.0, 1.2, 0.8. Whole parts 2 + 1 + 0, the last one to 0.8.
    share_out = script("make_digits").share_out
    assert share_out(np.array([5, 3, 2]), 4).tolist() == [2, 1, 1]
    # Quotas 0.5 and 0.5: a tie goes to the lower digit.
    assert share_out(np.array([7, 7]), 1).tolist() == [1, 0]


def test_build_script_stops_at_an_image_in_two_splits():
    module = script("make_digits")
    with np.load(DATA / "digits.npz") as archive:
        arrays = dict(archive)
    module.check_splits(arrays)
    arrays["test_images"][5] = arrays["train_images"][7999]
    with pytest.raises(SystemExit, match="one image is both in train and in test"):
        module.check_splits(arrays)


def test_build_script_halves_by_rounded_means():
    # One channel of four rows: (255 + 255 + 255 + 254) / 4 = 254.75 → 255, (1 + 2 + 3 + 0) / 4
    # = 1.5 → 2, (0 + 0 + 0 + 1) / 4 = 0.25 → 0, (8 + 8 + 9 + 9) / 4 = 8.5 → 9.
    grid = [[255, 255, 1, 2], [255, 254, 3, 0], [0, 0, 8, 8], [0, 1, 9, 9]]
    photo = np.repeat(np.array(grid, dtype=np.uint8)[:, :, np.newaxis], 3, axis=2)
    halved = script("make_photos").halve(photo)
    assert halved.dtype == np.uint8
    assert halved[:, :, 0].tolist() == [[255, 2], [0, 9]]
    assert halved.shape == (2, 2, 3)
