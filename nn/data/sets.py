"""Data sets that are always at hand, folders of IDX files, and `load`, which finds one by name or path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from autograd.files.reading import naming_file
from autograd.notation.hints import did_you_mean
from nn.checks import import_extra
from nn.data import idx_files
from nn.data.columns import MOST_CLASSES
from nn.data.dataset import Dataset
from nn.data.planar import circles, clusters, hills, moons, quadrants, ramp, spirals
from nn.data.table_files import read_table
from nn.data.tables import from_csv


def xor() -> Dataset:
    """Return exclusive or: four points that no straight line separates."""
    X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    return Dataset("xor", X, [0, 1, 1, 0], ("x1", "x2"), "x1 xor x2", ("0", "1"))


def digits() -> Dataset:
    """Return 1,797 handwritten digits of 8 × 8 pixels, each 0 (white) … 16 (black), from scikit-learn."""
    return replace(_bunch("digits", "load_digits", "digit"), features=_pixels(8, 8), image=(8, 8))


def _pixels(height: int, width: int) -> tuple[str, ...]:
    return tuple(f"pixel {row},{column}" for row in range(1, height + 1) for column in range(1, width + 1))


def _bunch(name: str, loader: str, target: str) -> Dataset:
    """Return one of scikit-learn's tables."""
    found = getattr(import_extra("sklearn.datasets", name), loader)()
    features = tuple(map(str, found.feature_names))
    classes = tuple(map(str, found.target_names)) if "target_names" in found else None
    return Dataset(name, found.data.tolist(), found.target.tolist(), features, target, classes)


def iris() -> Dataset:
    """Return 150 irises of three kinds by size of sepals and petals (Fisher's, from scikit-learn)."""
    return _bunch("iris", "load_iris", "kind")


def wine() -> Dataset:
    """Return 178 wines of three vineyards by 13 chemical quantities (from scikit-learn)."""
    return _bunch("wine", "load_wine", "vineyard")


def cancer() -> Dataset:
    """Return 569 tumours, malignant or benign, by 30 measures of cells (Wisconsin's, from scikit-learn)."""
    return _bunch("cancer", "load_breast_cancer", "tumour")


def diabetes() -> Dataset:
    """Return 442 patients: how far diabetes went in a year, by 10 measures (from scikit-learn)."""
    return _bunch("diabetes", "load_diabetes", "progression")


NAMED: dict[str, Callable[[], Dataset]] = {
    named.__name__: named
    for named in (
        xor, moons, circles, clusters, quadrants, spirals, ramp, hills, digits, iris, wine, cancer, diabetes,
    )
}  # fmt: skip
"""The sets that are always at hand, by name."""


def mnist(folder: str | PathLike[str]) -> Dataset:
    """Read MNIST from its four files: 60,000 handwritten digits of 28 × 28 bytes, and 10,000 as ``test``.

    Args:
        folder: where the files are, plain or gzip; their content is compared with its checksums, see
            `nn.data.idx_files.read_folder`.

    Raises:
        FileNotFoundError, ValueError, ImportError: see `nn.data.idx_files.read_folder`.
    """
    return _pictures("mnist", *idx_files.read_folder(folder, idx_files.MNIST))


def idx(folder: str | PathLike[str]) -> Dataset:
    """Read a set of pictures from four files of MNIST's names and format, such as Fashion-MNIST.

    Raises:
        FileNotFoundError, ValueError, ImportError: see `nn.data.idx_files.read_folder`; and if a test picture
            has a label that no training picture has.
    """
    path = Path(folder)
    return _pictures(path.resolve().name, *idx_files.read_folder(path))


FOLDERS: dict[str, Callable[[str | PathLike[str]], Dataset]] = {"mnist": mnist, "idx": idx}
"""The sets that are read from a folder, by name."""


def _pictures(name: str, train: idx_files.Pictures, test: idx_files.Pictures) -> Dataset:
    height, width = train.images.shape[1:]
    found = sorted(set(train.labels.tolist()))
    if len(found) < 2:
        count = "the one picture is" if len(train.labels) == 1 else f"all {len(train.labels):,} pictures are"
        raise ValueError(f"{count} labelled {found[0]}; at least two classes are wanted to tell apart")
    index = {label: k for k, label in enumerate(found)}
    for i, label in enumerate(test.labels.tolist()):
        if label not in index:
            raise ValueError(f"test picture {i + 1} is a {label}; the training pictures are {_span(found)}")
    features, classes = _pixels(height, width), tuple(map(str, found))

    def part(pictures: idx_files.Pictures) -> Dataset:
        X = pictures.images.reshape(len(pictures.images), -1)
        y: list[float] = [index[label] for label in pictures.labels.tolist()]
        return Dataset(name, X, y, features, "digit", classes, (height, width))

    return replace(part(train), test=part(test))


def _span(labels: Sequence[int]) -> str:
    return ", ".join(map(str, labels)) if len(labels) <= MOST_CLASSES else f"{labels[0]} … {labels[-1]}"


def load(
    data: str | PathLike[str],
    target: str | None = None,
    folder: str | PathLike[str] | None = None,
    **options: Any,
) -> Dataset:
    """Return a data set by name, or read it from a file.

    Args:
        data: a name of `NAMED` or of `FOLDERS`, or the path of a table, ``-`` for standard input.
        target: the column to learn, for a table only.
        folder: where the files are, for a name of `FOLDERS` only.
        options: how a table is read; see `from_csv`.

    Raises:
        FileNotFoundError: if there is neither a set nor a file of that name.
        ValueError: if ``target`` or ``folder`` is missing, or not wanted, or a file is refused (see
            `from_csv` and `mnist`).
        ImportError: if scikit-learn or pandas is wanted and not installed.
    """
    name = str(data)
    _check_what_is_given(name, target, folder, options)
    if name in FOLDERS and folder is not None:
        return FOLDERS[name](folder)
    if name in NAMED:
        return NAMED[name]()
    path = Path(data)
    if name != "-" and not path.exists():
        if path.suffix or len(path.parts) > 1:
            raise FileNotFoundError(f"there is no file {name}")
        known = [*NAMED, *FOLDERS]
        raise FileNotFoundError(
            f"unknown data {name!r}{did_you_mean(name, known, otherwise='.')} "
            f"Known are: {', '.join(known)}, and the paths of tables, such as CSV files"
        )
    if target is None:
        with naming_file(path):
            columns = ", ".join(str(column) for column in read_table(path)[0].columns if column != "")
        raise ValueError(
            f"which column of {name} is to be learned? Name one as the target (--target): {columns}"
        )
    return from_csv(path, target, **options)


def _check_what_is_given(name: str, target: str | None, folder: Any, options: dict[str, Any]) -> None:
    if name in FOLDERS and folder is None:
        raise ValueError(
            f"{name} is read from its four files; name the folder where they are (--data FOLDER)"
        )
    if name not in FOLDERS and folder is not None:
        raise ValueError(f"{name} is not read from a folder; that is for {' and '.join(FOLDERS)}")
    if name in NAMED or name in FOLDERS:
        if target is not None:
            raise ValueError(f"{name} has its own target; a target column is for tables")
        if options:
            raise ValueError(f"{name} is read as it is; {', '.join(options)} is for tables")
