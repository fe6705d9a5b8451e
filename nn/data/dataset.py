"""A data set: rows of features, targets, names; and how it is split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from autograd.notation.labels import shorten
from autograd.notation.numbers import counted
from nn.checks import generator
from nn.data.plan import Plan
from nn.data.samples import Table, columns_of, rows_at

Task = Literal["classification", "regression"]


@dataclass(frozen=True)
class Dataset:
    """Rows of numbers with one target each.

    Attributes:
        name: what to call it.
        X: one row per sample, one number per feature: a list of lists, `Rows`, or an array.
        y: one target per sample: an index into ``classes``, or for a regression a float.
        features: the names of the columns of ``X``.
        target: the name of what is to be learned.
        classes: the names of the classes in the order of their index; None for a regression.
        image: (height, width) if a row is a picture, pixel by pixel; all columns then share one
            scale.
        test: separate samples to judge by; None if there are none.
        plan: what the columns of the table became from which it was read; None if it was none.

    >>> from nn.data import xor
    >>> xor()
    Dataset xor: 4 rows of 2 numbers, 2 classes
    """

    name: str
    X: Table
    y: list[float]
    features: tuple[str, ...]
    target: str
    classes: tuple[str, ...] | None = None
    image: tuple[int, int] | None = None
    test: Dataset | None = None
    plan: Plan | None = None

    @property
    def task(self) -> Task:
        """What is to be learned: "classification" or "regression"."""
        return "regression" if self.classes is None else "classification"

    def __len__(self) -> int:
        return len(self.X)

    def __repr__(self) -> str:
        pictures = "" if self.image is None else f" ({self.image[0]} × {self.image[1]} pictures)"
        learned = self.target if self.classes is None else f"{len(self.classes)} classes"
        size = f"{counted(len(self), 'row')} of {counted(len(self.features), 'number')}{pictures}"
        return f"Dataset {self.name}: {size}, {learned}"

    def rows(self, indices: Iterable[int]) -> Dataset:
        """Return the samples with these indices, in this order.

        >>> from nn.data import load
        >>> load("xor").rows([3, 0]).X
        [[1.0, 1.0], [0.0, 0.0]]
        """
        chosen = list(indices)
        return replace(self, X=rows_at(self.X, chosen), y=[self.y[i] for i in chosen])


def remarks(data: Dataset) -> list[str]:
    """Return what is odd about a data set and yet not an error, one sentence for each oddity.

    >>> remarks(Dataset("small", [[1.0, 7.0], [2.0, 7.0]], [0.5, 1.5], ("x1", "x2"), "y"))
    ['x2 is 7 in every row: nothing can be learned from it.']
    """
    said = []
    if data.image is None:
        columns = zip(data.features, columns_of(data.X), strict=True)
        constant = [(shorten(name, 30), column[0]) for name, column in columns if min(column) == max(column)]
        said += [f"{name} is {x:g} in every row: nothing can be learned from it." for name, x in constant]
    classes = data.classes or ()
    counts = Counter(data.y) if classes else {}
    alone = [classes[int(k)] for k, n in sorted(counts.items()) if n == 1]
    said += [f"the class {shorten(k, 30)} has one sample: it is learned, but never judged." for k in alone]
    return said


def split(data: Dataset, held_out: float, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Split the data in two: rows to train on, and rows held out to judge the training by.

    Classes keep their shares in both parts as nearly as whole rows allow, and a class keeps a row
    to train on as long as it has one.

    Args:
        data: at least two rows, if any are to be held out.
        held_out: the share to hold out, 0 ≤ held_out < 1; if it is above 0, at least one row is held out.
        seed: the same seed gives the same parts.

    Raises:
        ValueError: for another share, or if nothing would be left to train on.

    >>> from nn.data import load
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
    rng = generator(seed)
    shuffled = [rng.sample(group, len(group)) for group in groups]
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
    """Share out ``total`` in proportion to ``sizes``, each share leaving one behind.

    The method is that of the largest remainder (Hamilton's).
    """
    exact = [total * size / sum(sizes) for size in sizes]
    shares = [min(int(share), size - 1) for share, size in zip(exact, sizes, strict=True)]
    while sum(shares) < total:
        room = [i for i, size in enumerate(sizes) if shares[i] < size - 1]
        shares[max(room, key=lambda i: exact[i] - shares[i])] += 1
    return shares
