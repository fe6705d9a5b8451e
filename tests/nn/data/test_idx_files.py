"""IDX files: what they hold, plain or gzip, and every way in which one can be bad."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import idx_files as idx
from nn.data import load
from nn.data.idx_files import read_folder, read_idx

MNIST = Path(__file__).parents[4] / "shared" / "data" / "mnist"
NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def written(array, code=0x08):
    sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.tobytes()


def pictures(count, labels, size=(3, 2)):
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, *size), np.uint8)
    return written(images), written(np.array(labels, np.uint8))


@pytest.fixture
def folder(tmp_path):
    """A small set: 6 pictures to train on, 4 to test, of the labels 2, 5 and 7."""
    parts = (*pictures(6, [2, 5, 7, 2, 5, 7]), *pictures(4, [7, 2, 2, 5]))
    for name, content in zip(NAMES, parts, strict=True):
        (tmp_path / name).write_bytes(content)
    return tmp_path


@given(st.lists(st.integers(1, 4), min_size=3, max_size=3), st.booleans())
def test_what_was_written_is_read(tmp_path_factory, sizes, zipped):
    path = tmp_path_factory.getbasetemp() / "images"
    images = np.random.default_rng(0).integers(0, 256, sizes, np.uint8)
    path.write_bytes(gzip.compress(written(images)) if zipped else written(images))
    assert read_idx(path, 3).tolist() == images.tolist()


def test_a_folder_of_four_files_is_a_data_set_with_a_test_part(folder):
    data = load("idx", folder=folder)
    assert (len(data), len(data.test), data.image) == (6, 4, (3, 2))
    assert data.classes == data.test.classes == ("2", "5", "7")
    assert (data.y, data.test.y) == ([0, 1, 2, 0, 1, 2], [2, 0, 0, 1])
    assert data.X.shape == (6, 6)
    assert data.X[1].tolist() == read_idx(folder / NAMES[0], 3)[1].ravel().tolist()


def test_zipped_and_dotted_names_are_found_too(folder):
    data = load("idx", folder=folder)
    (folder / NAMES[0]).rename(folder / "train-images.idx3-ubyte")
    (folder / f"{NAMES[1]}.gz").write_bytes(gzip.compress((folder / NAMES[1]).read_bytes()))
    (folder / NAMES[1]).unlink()
    again = load("idx", folder=folder)
    assert (again.X.tolist(), again.y) == (data.X.tolist(), data.y)


def test_mnist_is_known_by_its_checksums(folder, monkeypatch):
    with pytest.raises(
        ValueError, match=r"train-images-idx3-ubyte: its checksum is not that of MNIST's file"
    ):
        load("mnist", folder=folder)
    sums = {
        part: idx.sha256((folder / name).read_bytes()).hexdigest()
        for part, name in zip(idx.PARTS, NAMES, strict=True)
    }
    monkeypatch.setattr(idx, "MNIST", sums)
    assert len(load("mnist", folder=folder)) == 6


@pytest.mark.skipif(not MNIST.is_dir(), reason="MNIST's files are not here")
def test_mnist_itself_is_60_000_digits_and_10_000():
    train, test = read_folder(MNIST, idx.MNIST)
    assert (train.images.shape, test.images.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


GOOD = written(np.arange(12, dtype=np.uint8).reshape(2, 3, 2))
SIZES = b"".join(n.to_bytes(4, "big") for n in (2, 3, 2))
BAD = {
    "empty": (b"", "it begins with nothing, not with 00 00 08"),
    "text": (b"label,pixel1\n", "it begins with 6c 61 62 65"),
    "picture": (b"\x89PNG\r\n\x1a\n", "it begins with 89 50 4e 47"),
    "floats": (b"\0\0\x0d\x03" + SIZES, r"it holds floats; images and labels are unsigned bytes"),
    "no type": (b"\0\0\x77\x03" + SIZES, r"an unknown type \(0x77\)"),
    "labels": (written(np.zeros(5, np.uint8)), "it has 1 dimensions; 3 are wanted: images × height × width"),
    "no header": (GOOD[:9], "it is cut off in its header"),
    "cut off": (GOOD[:-1], "its header tells 2 × 3 × 2 bytes, and 11 are there: it is cut off"),
    "too long": (GOOD + b"\0", "its header tells 2 × 3 × 2 bytes, and more are there"),
    "huge": (b"\0\0\x08\x03" + b"\xff" * 12, "more than the 1,073,741,824 that are read"),
    "nothing": (b"\0\0\x08\x03" + bytes(12), "there is nothing in it"),
    "zip cut off": (gzip.compress(GOOD)[:-6], "gzip data are cut off or damaged"),
    "zip damaged": (gzip.compress(GOOD)[:-8] + bytes(8), "gzip data are cut off or damaged"),
    "zip of nothing": (b"\x1f\x8b", "gzip data are cut off or damaged"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_what_is_wrong_with_it(tmp_path, content, message):
    (tmp_path / "images").write_bytes(content)
    with pytest.raises(ValueError, match=rf"images: .*{message}"):
        read_idx(tmp_path / "images", 3)


def test_a_changed_byte_of_a_zipped_file_never_goes_unseen(tmp_path):
    path, whole = tmp_path / "images", gzip.compress(GOOD, mtime=0)
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            assert written(read_idx(path, 3)) == GOOD  # a bit of the header that says nothing, as the time
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (NAMES[1], written(np.zeros(5, np.uint8)), "has 6 images, and .*train-labels-idx1-ubyte 5 labels"),
        (
            NAMES[3],
            written(np.full(4, 9, np.uint8)),
            "test picture 1 is a 9; the training pictures are 2, 5, 7",
        ),
        (NAMES[2], pictures(4, [0] * 4, (2, 2))[0], "has images of 2 × 2, the training images 3 × 2"),
    ],
)
def test_files_that_do_not_suit_each_other_are_refused(folder, name, content, message):
    (folder / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load("idx", folder=folder)


def test_missing_files_are_named(folder):
    (folder / NAMES[1]).unlink()
    (folder / NAMES[2]).unlink()
    with pytest.raises(
        FileNotFoundError, match=rf"lacks {NAMES[1]}\.gz, {NAMES[2]}\.gz \(or the same without"
    ):
        load("idx", folder=folder)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        load("mnist", folder=folder / "nowhere")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": "mnist"}, r"read from its four files; name the folder where they are \(--data FOLDER\)"),
        ({"data": "xor", "folder": "f"}, "xor is not read from a folder; that is for mnist and idx"),
        ({"data": "mnist", "folder": "f", "target": "y"}, "mnist has its own target"),
    ],
)
def test_what_a_name_does_not_take_is_said(arguments, message):
    with pytest.raises(ValueError, match=message):
        load(**arguments)


LAYOUTS = {
    "torchvision": lambda name: f"MNIST/raw/{name}",
    "Kaggle, a folder per file": lambda name: f"{name}/{name}",
    "Kaggle, dotted": lambda name: name.replace("-idx", ".idx"),
    "EMNIST": lambda name: f"gzip/emnist-letters-{name.replace('t10k', 'test')}",
    "Fashion-MNIST, one folder down": lambda name: f"fashion/{name}",
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_files_are_found_as_people_have_them(folder, tmp_path_factory, layout):
    place = tmp_path_factory.mktemp("data")
    for name in NAMES:
        path = place / layout(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((folder / name).read_bytes())
    (place / "readme.txt").write_text("about")
    data = load("idx", folder=place)
    assert (data.y, data.test.y) == ([0, 1, 2, 0, 1, 2], [2, 0, 0, 1])


def test_several_sets_side_by_side_are_named_and_what_is_there_instead_too(folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("data")
    for kind in ("letters", "digits"):
        for name in NAMES:
            (place / f"emnist-{kind}-{name}").write_bytes((folder / name).read_bytes())
    with pytest.raises(ValueError, match=r"several sets .*emnist-digits-train.*emnist-letters-train"):
        load("idx", folder=place)
    (place / "empty").mkdir()
    (place / "empty" / "pictures.zip").touch()
    with pytest.raises(FileNotFoundError, match=r"lacks .*; there is pictures\.zip"):
        load("idx", folder=place / "empty")


@pytest.mark.parametrize(("count", "said"), [(1, "the one picture is labelled 7"), (3, "all 3 pictures are")])
def test_one_image_or_one_class_is_said(folder, count, said):
    images, labels = pictures(count, [7] * count)
    (folder / NAMES[0]).write_bytes(images)
    (folder / NAMES[1]).write_bytes(labels)
    with pytest.raises(ValueError, match=f"{said}.*at least two classes"):
        load("idx", folder=folder)
