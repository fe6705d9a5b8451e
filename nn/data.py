"""Data sets: some that are always at hand, MNIST's files, any CSV file, and tables in memory.

A `Dataset` is rows of numbers with one target each.  `load` finds one by name or path; `from_arrays`
and `from_frame` take what NumPy and pandas hold; `split` keeps some rows out of training; `Scaler`
brings the columns to a common size and back.

>>> data = load("xor")
>>> data.X, data.y
([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0])
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from io import StringIO
from math import fsum, isfinite, sqrt
from os import PathLike
from pathlib import Path
from random import Random
from typing import Any, Literal

from nn import idx as idx_files
from nn.names import did_you_mean
from nn.samples import Table, is_array, plain, taken
from nn.samples import features as table_of

Task = Literal["classification", "regression"]

MOST_CLASSES = 20
"""A column of whole numbers with no more distinct values than this names classes."""
MOST_CATEGORIES = 12
"""A feature column of text with no more distinct values than this is one-hot encoded."""
FEWEST_ROWS = 4
"""As many as XOR has; with fewer there is nothing to learn."""
MISSING = {"", "na", "n/a", "nan", "null", "none"}
"""How files write that a cell is missing, in any case."""


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
        with _naming(path):
            columns = ", ".join(_read(path)[0])
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
    _check_count(len(cells))
    named = getattr(y, "name", None)
    column = Column(target if named is None else str(named), cells)
    _check_filled([column])
    targets, classes = _target(column)
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
    _check_names(header)
    columns = [
        Column(name, [str(x).strip() for x in frame[column].tolist()])
        for name, column in zip(header, frame.columns, strict=True)
    ]
    return _dataset(name, columns, target)


# ------------------------------------------------------------------------------------- CSV files


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, its cells, and in which line of a file each stands."""

    name: str
    cells: list[str]
    lines: list[int] | None = None

    def place(self, row: int) -> str:
        """Where the cell of the row with this index stands, for a message."""
        return f"{self._row(row)}, column {self.name!r}"

    def first(self, wanted: Callable[[str], bool]) -> str:
        """The first such cell and its row, for a message."""
        row = next(row for row, cell in enumerate(self.cells) if wanted(cell))
        return f"{self.cells[row]!r} in {self._row(row)}"

    def _row(self, row: int) -> str:
        return f"row {row + 1} (line {self.lines[row]})" if self.lines else f"row {row + 1}"

    def numbers(self) -> list[float] | None:
        """The cells as floats, or None if one of them is text.

        Raises:
            ValueError: for a cell that is infinite.
        """
        found = []
        for row, cell in enumerate(self.cells):
            number = _number(cell)
            if number is None:
                return None
            if not isfinite(number):
                raise ValueError(f"{self.place(row)}: {cell} is not a finite number")
            found.append(number)
        return found


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
    with _naming(path):
        return _dataset(path.stem, _columns(path), target)


def _dataset(name: str, columns: list[Column], target: str) -> Dataset:
    names = [column.name for column in columns]
    if target not in names:
        raise ValueError(
            f"there is no column {target!r}{did_you_mean(target, names)} Columns are: {', '.join(names)}"
        )
    _check_count(len(columns[0].cells))
    _check_filled(columns)
    y, classes = _target(columns[names.index(target)])
    encoded = [pair for column in columns if column.name != target for pair in _feature(column)]
    features = tuple(name for name, _ in encoded)
    X = [list(row) for row in zip(*[numbers for _, numbers in encoded], strict=True)]
    return Dataset(name, X, y, features, target, classes)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the file's name before what is wrong with it."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _columns(path: Path) -> list[Column]:
    """The columns of a file, with a name each."""
    header, rows, lines = _read(path)
    _check_header(header)
    return [Column(name, [row[i] for row in rows], lines) for i, name in enumerate(header)]


def _check_count(rows: int) -> None:
    if rows < FEWEST_ROWS:
        raise ValueError(f"{rows} rows are too few; at least {FEWEST_ROWS} are wanted")


def _check_filled(columns: list[Column]) -> None:
    for cells in zip(*[enumerate(column.cells) for column in columns], strict=True):
        for column, (row, cell) in zip(columns, cells, strict=True):
            if cell.lower() in MISSING:
                raise ValueError(f"{column.place(row)} is missing; fill it in, or leave the row out")


def _read(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """The header, the rows, and the line of the file that each row ends on."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a CSV file")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"not UTF-8 text (byte {error.object[error.start]:#04x} at offset {error.start}); "
            "save it as UTF-8"
        ) from None
    if "\0" in text:
        raise ValueError("not a text file: it holds zero bytes")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    table = StringIO(text, newline="")
    reader = csv.reader(table, delimiter=delimiter, skipinitialspace=True, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    if not rows:
        raise ValueError("the file is empty")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(rows[0]):
            raise ValueError(f"line {line} has {len(row)} cells, the header has {len(rows[0])}")
    return rows[0], rows[1:], lines[1:]


def _check_header(header: list[str]) -> None:
    _check_names(header)
    if all(_number(name) is not None for name in header):
        raise ValueError("the first line holds numbers; a header line with the columns' names is wanted")


def _check_names(header: list[str]) -> None:
    for i, name in enumerate(header, start=1):
        if not name:
            raise ValueError(f"column {i} has no name in the header line")
    name, count = Counter(header).most_common(1)[0]
    if count > 1:
        raise ValueError(f"{count} columns are called {name!r}; give each a name of its own")
    if len(header) < 2:
        raise ValueError(f"{name!r} is the only column; a target and at least one feature are wanted")


def _target(column: Column) -> tuple[list[float], tuple[str, ...] | None]:
    """The targets, and the names of the classes if they are classes."""
    numbers = column.numbers()
    keys: list[Any] = column.cells if numbers is None else numbers
    distinct = sorted(set(keys))
    repeated = 2 * len(distinct) <= len(keys)
    if len(distinct) == 1:
        raise ValueError(f"the target column {column.name!r} is {column.cells[0]} in every row")
    if numbers is None:
        if not repeated:
            raise ValueError(
                f"the target column {column.name!r} is text with {len(distinct)} distinct values in "
                f"{len(keys)} rows ({column.first(_is_text)}, …); classes have to repeat"
            )
        names = tuple(distinct)
    elif repeated and len(distinct) <= MOST_CLASSES and all(n == int(n) for n in numbers):
        names = tuple(str(int(n)) for n in distinct)
    else:
        return numbers, None
    index = {key: i for i, key in enumerate(distinct)}
    return [index[key] for key in keys], names


def _feature(column: Column) -> list[tuple[str, list[float]]]:
    """The column as named columns of numbers: itself, or one a value of its text."""
    numbers = column.numbers()
    if numbers is not None:
        return [(column.name, numbers)]
    values = sorted(set(column.cells))
    if len(values) > MOST_CATEGORIES or 2 * len(values) > len(column.cells):
        raise ValueError(
            f"the column {column.name!r} is text ({column.first(_is_text)}, …) with {len(values)} distinct "
            f"values in {len(column.cells)} rows, too many to encode; leave it out or turn it into numbers"
        )
    return [(f"{column.name}={value}", [float(cell == value) for cell in column.cells]) for value in values]


def _is_text(cell: str) -> bool:
    return _number(cell) is None


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # Python reads 1_000 as a number; nobody else does
    except ValueError:
        return None


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


# --------------------------------------------------------------------- held-out rows and scaling


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


@dataclass(frozen=True)
class Scaler:
    """Brings each column to mean 0 and standard deviation 1, and back.

    A column that never changes is only moved to 0.

    Attributes:
        mean: one a column.
        std: one a column, never 0.

    >>> scaler = Scaler.fit([[1.0, 5.0], [3.0, 5.0]])
    >>> scaler.transform([[1.0, 5.0], [5.0, 6.0]])
    [[-1.0, 0.0], [3.0, 1.0]]
    >>> scaler.inverse([[3.0, 1.0]])
    [[5.0, 6.0]]
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(cls, rows: Table, together: bool = False) -> Scaler:
        """The scaler that standardises these rows.

        Args:
            rows: at least one row; every row the same number of floats.
            together: one mean and one standard deviation over all columns, for columns that share
                a unit, such as the pixels of a picture.

        Raises:
            ValueError: for no rows, or numbers too large to add up.
        """
        if not len(rows):
            raise ValueError("there are no rows to fit a scaler to")
        width = len(rows[0])
        if is_array(rows):
            return cls(*_array_mean_and_std(rows, together))
        if together:
            mean, std = _mean_and_std([x for row in rows for x in row], 0)
            return cls((mean,) * width, (std,) * width)
        fitted = [_mean_and_std(column, i) for i, column in enumerate(zip(*rows, strict=True))]
        return cls(tuple(mean for mean, _ in fitted), tuple(std for _, std in fitted))

    def transform(self, rows: Table) -> Table:
        """The rows in standard deviations from the mean; of an array an array."""
        if is_array(rows):
            return (rows - _row(self.mean)) / _row(self.std)
        return [[(x - m) / s for x, m, s in zip(row, self.mean, self.std, strict=True)] for row in rows]

    def inverse(self, rows: Table) -> Table:
        """The rows that `transform` would turn into these."""
        if is_array(rows):
            return rows * _row(self.std) + _row(self.mean)
        return [[z * s + m for z, m, s in zip(row, self.mean, self.std, strict=True)] for row in rows]


def _array_mean_and_std(rows: Any, together: bool) -> tuple[tuple[float, ...], tuple[float, ...]]:
    numpy = import_module("numpy")  # an array came in, so it is installed
    axis, ones = None if together else 0, numpy.ones(len(rows[0]))
    low, high = rows.min(axis), rows.max(axis)
    with numpy.errstate(over="ignore", invalid="ignore"):
        mean = numpy.where(low == high, low, rows.mean(axis, dtype=float))
        std = numpy.where(low == high, 1.0, rows.std(axis, dtype=float))
    if not numpy.isfinite(std).all():
        raise ValueError(f"X holds numbers too large to scale, up to {rows.max():g}")
    std = numpy.where(std == 0, 1.0, std)
    return tuple((mean * ones).tolist()), tuple((std * ones).tolist())


def _row(numbers: Any) -> Any:
    return import_module("numpy").asarray(numbers, float)


def _mean_and_std(column: Sequence[float], index: int) -> tuple[float, float]:
    if min(column) == max(column):
        return column[0], 1.0
    try:
        mean = fsum(column) / len(column)
        std = sqrt(fsum((x - mean) ** 2 for x in column) / len(column))
    except OverflowError:
        std = float("inf")
    if not isfinite(std):
        raise ValueError(f"column {index + 1} holds numbers too large to scale, up to {max(column):g}")
    return mean, std or 1.0
