"""MNIST and Fashion-MNIST whole: found wherever they lie, and nothing wrong gets through.

The true files (30 MB and 12 MB) are not needed: small files of the same form stand in for them.
"""

import gzip
import hashlib
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from cnnlib import datasets, large_sets
from cnnlib.datasets import DamagedFileError, load_fashion_mnist, load_mnist
from cnnlib.idx import idx_bytes, read_idx
from cnnlib.large_sets import FASHION_MNIST, MNIST, LargeSet, Recorded

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        NAMES[0]: rng.integers(0, 256, (12, 28, 28)).astype(np.uint8),
        NAMES[1]: rng.integers(0, 10, 12).astype(np.uint8),
        NAMES[2]: rng.integers(0, 256, (5, 28, 28)).astype(np.uint8),
        NAMES[3]: rng.integers(0, 10, 5).astype(np.uint8),
    }


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """Let the sets be small ones that lie nowhere; return what must be in their files."""
    monkeypatch.setenv("CNNLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets, "VALIDATION_IMAGES", 4)
    small = arrays()
    files = {
        name: Recorded(values.shape, hashlib.sha256(idx_bytes(values)).hexdigest())
        for name, values in small.items()
    }
    for known, name in ((FASHION_MNIST, "FASHION_MNIST"), (MNIST, "MNIST")):
        debian = str(tmp_path / "debian/fashion-mnist") if known.debian else ""
        monkeypatch.setattr(datasets, name, LargeSet(known.name, files, known.sources, debian))
    return small


def put(folder: Path, small: dict[str, np.ndarray], packed: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in small.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(values)))
        else:
            (folder / name).write_bytes(idx_bytes(values))
    return folder


def without_pooch(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pooch", None)


# --- IDX --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (0, 5), (1, 1, 1, 1)])
@pytest.mark.parametrize("packed", [True, False])
def test_what_is_written_is_read(tmp_path, shape, packed):
    values = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    content = idx_bytes(values)
    (tmp_path / "file").write_bytes(gzip.compress(content) if packed else content)
    read = read_idx(tmp_path / "file")
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, values)
    read[...] = 0  # a copy of our own, which may be written to


def test_the_header_is_that_of_the_official_files():
    # Of MNIST's training images: magic number 2051, then 60,000 images of 28 rows and 28 columns.
    head = idx_bytes(np.zeros((60_000, 28, 28), np.uint8))[:16]
    assert np.frombuffer(head, ">i4").tolist() == [2051, 60_000, 28, 28]
    labels = idx_bytes(np.zeros(10_000, np.uint8))[:8]
    assert np.frombuffer(labels, ">i4").tolist() == [2049, 10_000]


SOUND = idx_bytes(np.arange(6, dtype=np.uint8).reshape(2, 3))
# The time in a packed file would be part of a test's name, and two workers would not find the same
# tests.
PACKED = gzip.compress(SOUND, mtime=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Expected at least 4 bytes that say what it holds; found 0"),
        (SOUND[:3], "found 3"),
        (SOUND[:9], "Expected 12 bytes before the values; found 9 in all"),
        (SOUND[:-1], "Expected 18 bytes for an array of shape (2, 3); found 17"),
        (SOUND + b"\0", "Expected 18 bytes for an array of shape (2, 3); found 19"),
        (b"\1" + SOUND[1:], "number of axes; found 1, 0, 8, 2"),
        (SOUND[:2] + b"\x0d" + SOUND[3:], "values of one byte) and the number of axes; found 0, 0"),
        (SOUND[:3] + b"\0" + SOUND[4:], "found 0, 0, 8, 0"),
        (b"<html>not found</html>", "found 60, 104, 116, 109"),
        (PACKED[:-4], "Expected a whole gzip file"),
        (PACKED[:12] + b"xxxxxxxx", "Expected a whole gzip file"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(tmp_path, content, words):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DamagedFileError, match=re.escape(words)) as error:
        read_idx(tmp_path / "file")
    assert str(error.value).startswith(f"read_idx: the file {tmp_path / 'file'} is no sound IDX")
    assert "Delete it and get it again." in str(error.value)


def test_no_file():
    with pytest.raises(FileNotFoundError):
        read_idx("no-such-file")


# --- found ------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", [load_fashion_mnist, load_mnist])
@pytest.mark.parametrize("packed", [True, False])
def test_a_given_folder(tmp_path, nowhere, load, packed):
    parts = load(put(tmp_path / "given", nowhere, packed))
    assert [part.images.shape for part in parts] == [(8, 1, 28, 28), (4, 1, 28, 28), (5, 1, 28, 28)]
    pixels = np.concatenate([parts.train.images, parts.validation.images])[:, 0]
    np.testing.assert_array_equal(pixels, nowhere[NAMES[0]] / np.float32(255))
    labels = np.concatenate([parts.train.labels, parts.validation.labels])
    np.testing.assert_array_equal(labels, nowhere[NAMES[1]])
    np.testing.assert_array_equal(parts.test.images[:, 0], nowhere[NAMES[2]] / np.float32(255))
    np.testing.assert_array_equal(parts.test.labels, nowhere[NAMES[3]])
    assert parts.train.images.dtype == np.float32
    assert parts.train.labels.dtype == np.int64


def test_the_cache_comes_before_debian(tmp_path, nowhere, monkeypatch):
    without_pooch(monkeypatch)
    put(tmp_path / "debian/fashion-mnist", nowhere)
    assert len(load_fashion_mnist().test.labels) == 5
    cached = put(tmp_path / "cache/fashion-mnist", nowhere)
    (cached / f"{NAMES[3]}.gz").write_bytes(b"spoilt")
    with pytest.raises(DamagedFileError, match=re.escape(str(cached))):
        load_fashion_mnist()


def test_half_a_set_is_no_set(tmp_path, nowhere, monkeypatch):
    without_pooch(monkeypatch)
    put(tmp_path / "debian/fashion-mnist", nowhere)
    half = put(tmp_path / "cache/fashion-mnist", nowhere)
    (half / f"{NAMES[0]}.gz").unlink()
    assert len(load_fashion_mnist().test.labels) == 5  # Debian's


def test_a_given_folder_that_lacks_a_file(tmp_path, nowhere):
    folder = put(tmp_path / "given", nowhere)
    (folder / f"{NAMES[2]}.gz").unlink()
    words = f"load_mnist: there is no file {NAMES[2]} or {NAMES[2]}.gz in {folder}."
    with pytest.raises(FileNotFoundError, match=re.escape(words)):
        load_mnist(folder)


# --- checked ----------------------------------------------------------------------------------


def test_one_pixel_changed(tmp_path, nowhere):
    spoilt = {name: values.copy() for name, values in nowhere.items()}
    spoilt[NAMES[2]][4, 20, 3] ^= 1
    with pytest.raises(DamagedFileError, match="right size but not the right contents"):
        load_fashion_mnist(put(tmp_path / "given", spoilt))


def test_files_of_another_size(tmp_path, nowhere):
    other = nowhere | {NAMES[3]: nowhere[NAMES[3]][:4]}
    words = r"holds an array of shape \(4,\). Expected \(5,\): it is a file of another data set"
    with pytest.raises(DamagedFileError, match=words):
        load_fashion_mnist(put(tmp_path / "given", other))


def test_how_it_is_packed_does_not_matter(tmp_path, nowhere):
    folder = put(tmp_path / "given", nowhere)
    for path in folder.iterdir():
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 1, mtime=7))
    assert len(load_mnist(folder).test.labels) == 5


def test_the_records_are_those_of_the_official_files():
    for known in (FASHION_MNIST, MNIST):
        assert tuple(known.files) == NAMES
        shapes = [recorded.shape for recorded in known.files.values()]
        assert shapes == [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
        assert all(re.fullmatch("[0-9a-f]{64}", one.sha256) for one in known.files.values())
        assert all(source.endswith("/") for source in known.sources)
    hashes = {one.sha256 for known in (FASHION_MNIST, MNIST) for one in known.files.values()}
    assert len(hashes) == 8


@pytest.mark.skipif(
    not Path(FASHION_MNIST.debian).is_dir(), reason="Debian's dataset-fashion-mnist is not here"
)
def test_the_true_files_of_debian_are_the_recorded_ones():
    for name in NAMES[1:]:  # all but the largest, to save time
        values = read_idx(Path(FASHION_MNIST.debian) / f"{name}.gz")
        found = hashlib.sha256(idx_bytes(values)).hexdigest()
        assert found == FASHION_MNIST.files[name].sha256


# --- fetched ----------------------------------------------------------------------------------


class Web:
    """What pooch would do, with files in place of the network."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages, self.asked = pages, []

    def retrieve(self, url, known_hash, fname, path):
        self.asked.append(url)
        assert known_hash is None  # of the packed file: it depends on who has packed it
        if url not in self.pages:
            raise OSError(f"404 for {url}")
        Path(path).mkdir(parents=True, exist_ok=True)
        (Path(path) / fname).write_bytes(self.pages[url])


@pytest.fixture
def web(nowhere, monkeypatch):
    pages = {
        f"{source}{name}.gz": gzip.compress(idx_bytes(values))
        for source in MNIST.sources
        for name, values in nowhere.items()
    }
    web = Web(pages)
    stand_in = types.SimpleNamespace(retrieve=web.retrieve, get_logger=large_sets.logging.getLogger)
    monkeypatch.setitem(sys.modules, "pooch", stand_in)
    return web


def test_what_is_nowhere_is_fetched_once(web, tmp_path):
    assert len(load_mnist().test.labels) == 5
    assert web.asked == [f"{MNIST.sources[0]}{name}.gz" for name in NAMES]
    assert len(list((tmp_path / "cache/mnist").iterdir())) == 4
    assert len(load_mnist().test.labels) == 5
    assert len(web.asked) == 4


def test_the_second_address_is_tried_where_the_first_fails(web):
    first, second = (f"{source}{NAMES[1]}.gz" for source in MNIST.sources)
    del web.pages[first]
    assert len(load_mnist().test.labels) == 5
    assert web.asked[1:3] == [first, second]


def test_a_page_that_is_no_such_file_is_not_kept(web, tmp_path):
    for source in MNIST.sources:
        web.pages[f"{source}{NAMES[0]}.gz"] = b"<html>sorry</html>"
    with pytest.raises(FileNotFoundError, match="no sound IDX"):
        load_mnist()
    assert list((tmp_path / "cache/mnist").iterdir()) == []


def test_offline_it_says_what_to_do(web, tmp_path):
    web.pages.clear()
    with pytest.raises(FileNotFoundError) as error:
        load_fashion_mnist()
    said = str(error.value)
    for words in (
        "load_fashion_mnist: the data set fashion-mnist is not on this machine",
        "train-images-idx3-ubyte.gz could not be fetched (OSError: 404",
        str(tmp_path / "cache/fashion-mnist"),
        str(tmp_path / "debian/fashion-mnist"),
        "`sudo apt install dataset-fashion-mnist`",
        'load_fashion_mnist("that folder")',
        FASHION_MNIST.sources[0],
    ):
        assert words in said, words


def test_without_pooch_it_says_what_to_do(nowhere, monkeypatch):
    without_pooch(monkeypatch)
    with pytest.raises(FileNotFoundError) as error:
        load_mnist()
    for words in ("pooch, which would fetch it, is not installed", "`pip install pooch`"):
        assert words in str(error.value)
    assert "apt" not in str(error.value)  # Debian has no package of MNIST
