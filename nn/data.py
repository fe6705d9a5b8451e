"""Data sets: some that are always at hand, MNIST's files, any CSV file, and tables in memory.

A `Dataset` is rows of numbers with one target each.  `load` finds one by name or path; `from_arrays`
and `from_frame` take what NumPy and pandas hold; `split` keeps some rows out of training; `Scaler`
(scaling.py) brings the columns to a common size and back.

>>> data = load("xor")
>>> data.X, data.y
([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from os import PathLike
from pathlib import Path
from random import Random
from typing import Any, Literal

from nn import idx as idx_files
from nn.columns import (
    FEWEST_ROWS,
    MOST_CLASSES,
    Column,
    check_count,
    check_filled,
    check_names,
    features_of,
    naming,
    read_cells,
    read_columns,
    targets_of,
)
from nn.names import did_you_mean
from nn.samples import Table, plain, taken
from nn.samples import features as table_of
from nn.scaling import Scaler

__all__ = [
    "FOLDERS",
    "NAMED",
    "Dataset",
    "Scaler",
    "cancer",
    "diabetes",
    "digits",
    "from_arrays",
    "from_csv",
    "from_frame",
    "idx",
    "iris",
    "load",
    "mnist",
    "moons",
    "remarks",
    "split",
    "wine",
    "xor",
]

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Dataset:
    """Rows of numbers with one target each.

    Attributes:
        name: what to call it.
        X: one row a sample, one number a feature: a list of lists, or an array.
        y: one target a sample: an index into ``classes``, or for a regression a float.
        features: the names of the columns of ``X``.
        target: the name of what is to be learned.
        classes: the names of the classes in the order of their index; None for a regression.
        image: (height, width) where a row is a picture, pixel by pixel; all columns then share one
            scale.
        test: further samples that come apart from these, to judge by; None where there are none.
    """

    name: str
    X: Table
    y: list[float]
    features: tuple[str, ...]
    target: str
    classes: tuple[str, ...] | None = None
    image: tuple[int, int] | None = None
    test: Dataset | None = None

    @property
    def task(self) -> Task:
        """What is to be learned: "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"

    def __len__(self) -> int:
        return len(self.X)

    def rows(self, indices: Iterable[int]) -> Dataset:
        """The samples with these indices, in this order.

        >>> load("xor").rows([3, 0]).X
        [[1.0, 1.0], [0.0, 0.0]]
        """
        chosen = list(indices)
        return replace(self, X=taken(self.X, chosen), y=[self.y[i] for i in chosen])


# -------------------------------------------------------------------------------- the named sets


def xor() -> Dataset:
    """Exclusive or: four points that no straight line separates."""
    X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    return Dataset("xor", X, [0, 1, 1, 0], ("x1", "x2"), "x1 xor x2", ("0", "1"))


def moons(samples: int = 200, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two interleaved half circles (scikit-learn's ``make_moons``).

    Args:
        samples: how many points, at least 4.
        noise: the standard deviation of what is added to every coordinate.
        seed: the same seed gives the same points.
    """
    if samples < FEWEST_ROWS:
        raise ValueError(f"moons takes at least {FEWEST_ROWS} samples; got {samples}")
    X, y = _sklearn("moons").make_moons(n_samples=samples, noise=noise, random_state=seed)
    return Dataset("moons", X.tolist(), y.tolist(), ("x1", "x2"), "moon", ("upper", "lower"))


def digits() -> Dataset:
    """1,797 handwritten digits of 8 × 8 pixels, each 0 (white) … 16 (black), from scikit-learn."""
    found = _sklearn("digits").load_digits()
    features = tuple(f"pixel {row},{column}" for row in range(1, 9) for column in range(1, 9))
    classes = tuple(str(digit) for digit in found.target_names)
    return Dataset("digits", found.data.tolist(), found.target.tolist(), features, "digit", classes, (8, 8))


def _bunch(name: str, loader: str) -> Dataset:
    """One of scikit-learn's tables."""
    found = getattr(_sklearn(name), loader)()
    features = tuple(map(str, found.feature_names))
    classes = tuple(map(str, found.target_names)) if "target_names" in found else None
    target = "class" if classes else "target"
    return Dataset(name, found.data.tolist(), found.target.tolist(), features, target, classes)


def iris() -> Dataset:
    """150 irises of three kinds by length and width of sepals and petals (Fisher's, from scikit-learn)."""
    return replace(_bunch("iris", "load_iris"), target="kind")


def wine() -> Dataset:
    """178 wines of three vineyards by 13 chemical quantities (from scikit-learn)."""
    return replace(_bunch("wine", "load_wine"), target="vineyard")


def cancer() -> Dataset:
    """569 tumours, malignant or benign, by 30 measures of their cells (Wisconsin's, from scikit-learn)."""
    return replace(_bunch("cancer", "load_breast_cancer"), target="tumour")


def diabetes() -> Dataset:
    """442 patients: how far their diabetes went in a year, by 10 measures (from scikit-learn)."""
    return replace(_bunch("diabetes", "load_diabetes"), target="progression")


NAMED: dict[str, Callable[[], Dataset]] = {
    "xor": xor,
    "moons": moons,
    "digits": digits,
    "iris": iris,
    "wine": wine,
    "cancer": cancer,
    "diabetes": diabetes,
}


def mnist(folder: str | PathLike[str]) -> Dataset:
    """MNIST from its four files: 60,000 handwritten digits of 28 × 28 bytes, and 10,000 as ``test``.

    Args:
        folder: where the files are, plain or gzip, their content verified by its checksums; see
            `nn.idx.read_folder`.

    Raises:
        FileNotFoundError, ValueError, ImportError: see `nn.idx.read_folder`.
    """
    return _pictures("mnist", *idx_files.read_folder(folder, idx_files.MNIST))


def idx(folder: str | PathLike[str]) -> Dataset:
    """A set of pictures in four files of MNIST's names and format, such as Fashion-MNIST.

    Raises:
        FileNotFoundError, ValueError, ImportError: see `nn.idx.read_folder`; and if a test picture
            has a label that no training picture has.
    """
    path = Path(folder)
    return _pictures(path.resolve().name, *idx_files.read_folder(path))


FOLDERS: dict[str, Callable[[str | PathLike[str]], Dataset]] = {"mnist": mnist, "idx": idx}
"""Sets that are read from a folder."""


def _pictures(name: str, train: idx_files.Pictures, test: idx_files.Pictures) -> Dataset:
    height, width = train.images.shape[1:]
    found = sorted(set(train.labels.tolist()))
    index = {label: k for k, label in enumerate(found)}
    for i, label in enumerate(test.labels.tolist()):
        if label not in index:
            raise ValueError(f"test picture {i + 1} is a {label}; the training pictures are {_span(found)}")
    features = tuple(
        f"pixel {row},{column}" for row in range(1, height + 1) for column in range(1, width + 1)
    )
    classes = tuple(map(str, found))

    def part(pictures: idx_files.Pictures) -> Dataset:
        X = pictures.images.reshape(len(pictures.images), -1)
        y: list[float] = [index[label] for label in pictures.labels.tolist()]
        return Dataset(name, X, y, features, "digit", classes, (height, width))

    return replace(part(train), test=part(test))


def _span(labels: Sequence[int]) -> str:
    return ", ".join(map(str, labels)) if len(labels) <= MOST_CLASSES else f"{labels[0]} … {labels[-1]}"


def load(
    data: str | PathLike[str], target: str | None = None, folder: str | PathLike[str] | None = None
) -> Dataset:
    """A data set by name, or from a CSV file.

    Args:
        data: a name of `NAMED` or of `FOLDERS`, or the path of a CSV file.
        target: the column to learn, for a CSV file only.
        folder: where the files are, for a name of `FOLDERS` only.

    Raises:
        FileNotFoundError: if there is neither a set nor a file of that name.
        ValueError: if ``target`` or ``folder`` is missing, or not wanted, or a file is refused (see
            `from_csv` and `mnist`).
        ImportError: if scikit-learn is wanted and not installed.
    """
    name = str(data)
    _check_what_is_given(name, target, folder)
    if name in FOLDERS and folder is not None:
        return FOLDERS[name](folder)
    if name in NAMED:
        return NAMED[name]()
    path = Path(data)
    if not path.exists():
        if path.suffix or len(path.parts) > 1:
            raise FileNotFoundError(f"there is no file {name}")
        known = [*NAMED, *FOLDERS]
        raise FileNotFoundError(
            f"unknown data {name!r}{did_you_mean(name, known)} "
            f"Known are: {', '.join(known)}, and the paths of CSV files"
        )
    if target is None:
        with naming(path):
            columns = ", ".join(read_cells(path)[0])
        raise ValueError(f"which column of {name} is to be learned? Name one as the target: {columns}")
    return from_csv(path, target)


def _check_what_is_given(name: str, target: str | None, folder: Any) -> None:
    if name in FOLDERS and folder is None:
        raise ValueError(
            f"{name} is read from its four files; name the folder where they are (--data FOLDER)"
        )
    if name not in FOLDERS and folder is not None:
        raise ValueError(f"{name} is not read from a folder; that is for {' and '.join(FOLDERS)}")
    if (name in NAMED or name in FOLDERS) and target is not None:
        raise ValueError(f"{name} has its own target; a target column is for CSV files")


def _sklearn(name: str) -> Any:
    try:
        return import_module("sklearn.datasets")
    except ModuleNotFoundError:
        raise ImportError(f'{name} needs scikit-learn: pip install "chainrule[train]"') from None


# --------------------------------------------------------------------------------- tables in memory


def from_arrays(X: Any, y: Any, name: str = "data", target: str = "target") -> Dataset:
    """A data set from a table and its targets: lists, NumPy arrays, a pandas frame and a series.

    Args:
        X: one row of numbers a sample; a frame's columns give the features their names.
        y: one target a sample; which are classes is decided as in `from_csv`.
        name: what to call the set.
        target: what to call what is learned, where ``y`` is no series with a name.

    Raises:
        TypeError, ValueError: if they are no such table, or not as many as each other; naming the place.

    >>> from_arrays([[0.0, 1.0], [1.0, 0.0]] * 2, ["no", "yes"] * 2).classes
    ('no', 'yes')
    """
    table = table_of(X)
    cells = [str(t) for t in plain(y)]
    if len(cells) != len(table):
        raise ValueError(f"X has {len(table)} rows, but y has {len(cells)}: one a sample")
    check_count(len(cells))
    named = getattr(y, "name", None)
    column = Column(target if named is None else str(named), cells)
    check_filled([column])
    targets, classes = targets_of(column)
    names = X.columns if hasattr(X, "columns") else [f"x{i}" for i in range(1, len(table[0]) + 1)]
    return Dataset(name, table, targets, tuple(map(str, names)), column.name, classes)


def from_frame(frame: Any, target: str, name: str = "data") -> Dataset:
    """A data set from a pandas frame, read as `from_csv` reads a file.

    Args:
        frame: the table.
        target: the name of the column to learn; all others are features.
        name: what to call the set.

    Raises:
        TypeError: if it is no frame.
        ValueError: see `from_csv`.
    """
    if not hasattr(frame, "columns"):
        raise TypeError(f"from_frame takes a pandas frame; got {type(frame).__name__}")
    header = [str(column) for column in frame.columns]
    check_names(header)
    columns = [
        Column(name, [str(x).strip() for x in frame[column].tolist()])
        for name, column in zip(header, frame.columns, strict=True)
    ]
    return _dataset(name, columns, target)


# ------------------------------------------------------------------------------------- CSV files


def from_csv(path: str | PathLike[str], target: str) -> Dataset:
    """A data set from a CSV file with a header line.

    The file is UTF-8 text, its cells separated by commas, semicolons or tabs, whichever the header
    has most of.  The target decides the task: a column of text, or of whole numbers with at most
    20 distinct values, names classes, provided that each occurs twice or more on average; any
    other column of numbers is a regression.  A feature column of text with at most 12 distinct
    values, each occurring twice or more on average, becomes one column of 0 and 1 a value.

    Args:
        path: the file.
        target: the name of the column to learn; all others are features.

    Raises:
        FileNotFoundError: if there is no such file.
        OSError: if it cannot be read.
        ValueError: naming the place, for a file that is not UTF-8 text or empty, a column without
            a name, a name that occurs twice, a row of another length, a missing or infinite cell,
            a column of text with too many distinct values, a target that is no column or always
            the same, or fewer than 4 rows.
    """
    path = Path(path)
    with naming(path):
        return _dataset(path.stem, read_columns(path), target)


def _dataset(name: str, columns: list[Column], target: str) -> Dataset:
    names = [column.name for column in columns]
    if target not in names:
        raise ValueError(
            f"there is no column {target!r}{did_you_mean(target, names)} Columns are: {', '.join(names)}"
        )
    check_count(len(columns[0].cells))
    check_filled(columns)
    y, classes = targets_of(columns[names.index(target)])
    encoded = [pair for column in columns if column.name != target for pair in features_of(column)]
    features = tuple(name for name, _ in encoded)
    X = [list(row) for row in zip(*[numbers for _, numbers in encoded], strict=True)]
    return Dataset(name, X, y, features, target, classes)


def remarks(data: Dataset) -> list[str]:
    """What is odd about a data set and yet no error, a sentence each.

    >>> remarks(from_arrays([[1.0, 7.0], [2.0, 7.0]] * 2, [0, 1] * 2))
    ['x2 is 7 in every row: nothing can be learned from it.']
    """
    said = []
    if data.image is None:
        columns = zip(data.features, zip(*plain(data.X), strict=True), strict=True)
        constant = [(name, column[0]) for name, column in columns if min(column) == max(column)]
        said += [f"{name} is {x:g} in every row: nothing can be learned from it." for name, x in constant]
    classes = data.classes or ()
    counts = Counter(data.y) if classes else {}
    alone = [classes[int(k)] for k, n in sorted(counts.items()) if n == 1]
    said += [f"the class {name} has one sample: it is learned, but never judged." for name in alone]
    return said


# -------------------------------------------------------------------------------- held-out rows


def split(data: Dataset, held_out: float, seed: int = 0) -> tuple[Dataset, Dataset]:
    """The data in two: rows to train on, and rows held out to judge the training by.

    Classes keep their shares in both parts as nearly as whole rows allow, and a class keeps a row
    to train on as long as it has one.

    Args:
        data: at least two rows, if any are to be held out.
        held_out: the share to hold out, 0 ≤ held_out < 1; above 0 it is one row at least.
        seed: the same seed gives the same parts.

    Raises:
        ValueError: for another share, or if nothing would be left to train on.

    >>> train, held_out = split(load("xor"), 0.5)
    >>> len(train), len(held_out), sorted(held_out.y)
    (2, 2, [0, 1])
    """
    if not 0 <= held_out < 1:
        raise ValueError(f"held_out is a share, at least 0 and below 1; got {held_out}")
    wanted = max(1, round(held_out * len(data))) if held_out else 0
    groups = _by_class(data)
    if wanted > len(data) - len(groups):
        raise ValueError(
            f"{wanted} of {len(data)} rows cannot be held out: too few would be left to train on"
        )
    random = Random(seed)
    shuffled = [random.sample(group, len(group)) for group in groups]
    counts = _apportion(wanted, [len(group) for group in groups])
    kept = sorted(i for group, n in zip(shuffled, counts, strict=True) for i in group[n:])
    out = sorted(i for group, n in zip(shuffled, counts, strict=True) for i in group[:n])
    return data.rows(kept), data.rows(out)


def _by_class(data: Dataset) -> list[list[int]]:
    if data.classes is None:
        return [list(range(len(data)))]
    groups: dict[float, list[int]] = {}
    for i, y in enumerate(data.y):
        groups.setdefault(y, []).append(i)
    return [groups[y] for y in sorted(groups)]


def _apportion(total: int, sizes: list[int]) -> list[int]:
    """``total`` shared out in proportion to ``sizes``, each share leaving one behind.

    By the method of the largest remainder (Hamilton's).
    """
    exact = [total * size / sum(sizes) for size in sizes]
    shares = [min(int(share), size - 1) for share, size in zip(exact, sizes, strict=True)]
    while sum(shares) < total:
        room = [i for i, size in enumerate(sizes) if shares[i] < size - 1]
        shares[max(room, key=lambda i: exact[i] - shares[i])] += 1
    return shares
