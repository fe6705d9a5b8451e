"""What a network is trained on: rows of numbers and their targets, checked before anything else.

Lists, NumPy arrays and pandas frames are all accepted.  An array stays as it is, be it of bytes, and its
numbers become floats where they are used; everything else becomes `Rows`.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from numbers import Real
from typing import Any, TypeAlias

from autograd import Constant, no_grad
from autograd.notation.hints import described
from nn import losses
from nn.checks import check_not_empty, finite_number, listed
from nn.data.rows import Held, Rows
from nn.losses import Loss
from nn.outputs import single_or_list

PARTICULAR = (losses.hinge, losses.binary_cross_entropy, losses.cross_entropy, losses.kl_divergence)
"""The losses that accept only some numbers as targets."""

ERRORS: tuple[Loss, ...] = (losses.mse, losses.half_mse, losses.mae, losses.huber)
"""The losses that measure how far the outputs are from the targets."""

Table: TypeAlias = Any
"""Rows of numbers: a NumPy array of two dimensions, or a table that is `nn.data.rows.Held`."""
PLAIN = {float, int, bool}
"""Numbers of these types are what they seem: no further look is needed to take them for numbers."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples and their targets; told apart by identity.

    Attributes:
        X: one row of features per sample.
        y: one row of targets per sample, one target per output.
        threshold: what a single output is compared with to tell two classes apart; with several
            outputs, any number means that the targets are classes.  None if they are not.
        weights: what the loss of each sample is multiplied by; 1 on average.  None for 1 everywhere.
    """

    X: Table
    y: Table
    threshold: float | None = None
    weights: Sequence[float] | None = None

    def __len__(self) -> int:
        return len(self.X)

    def row(self, i: int) -> list[float]:
        """Return the features of sample ``i``; an array's numbers come as floats."""
        return row_of(self.X, i)

    def target(self, i: int) -> Any:
        """Return the target of sample ``i`` as a loss takes it: a number, or one number per output."""
        return single_or_list(row_of(self.y, i))

    def take(self, indices: Sequence[int]) -> Samples:
        """Return the samples with these indices, in this order."""
        weights = None if self.weights is None else [self.weights[i] for i in indices]
        return Samples(rows_at(self.X, indices), rows_at(self.y, indices), self.threshold, weights)

    def weighted(self) -> Samples:
        """Return the samples with weights whose mean is 1, in the proportions of those that they have."""
        return replace(self, weights=weights_of_mean_one(self.weights or [1.0] * len(self)))


def weights_of_mean_one(weights: Sequence[float]) -> list[float]:
    """Return weights whose mean is 1, in the proportions of these.

    Raises:
        ValueError: if all are 0.
    """
    total = sum(weights)
    if not total:
        raise ValueError("the weights of the samples are all 0: there is nothing to learn from")
    return [w * len(weights) / total for w in weights]


def split(samples: Any, fraction: float, rng: random.Random | None) -> tuple[Any, Any]:
    """Return all samples but a fraction of them, and that fraction: a random one, or the last.

    Raises:
        ValueError: if nothing would be left on one side.
    """
    held_out = round(fraction * len(samples))
    if not 0 < held_out < len(samples):
        raise ValueError(
            f"validation={fraction!r} of {len(samples)} samples leaves {held_out} to validate on and "
            f"{len(samples) - held_out} to train on; both take at least one"
        )
    order = list(range(len(samples)))
    if rng is not None:
        rng.shuffle(order)
    return samples.take(sorted(order[:-held_out])), samples.take(sorted(order[-held_out:]))


@dataclass(frozen=True)
class Weighted:
    """Targets with a weight per sample: the loss of a batch counts each sample as often as its weight says.

    `nn.fit` takes it in the place of ``y``, and in a pair of validation data.  Only the proportions of
    the weights matter: they are divided by their mean.  A full batch with a weight of 2 is the batch
    with that sample twice.  The accuracy counts every sample once.

    Args:
        y: the targets.
        weights: a number from 0 up for each of them.

    Raises:
        TypeError, ValueError: if the weights are not such numbers.

    >>> Weighted([1, -1, 1], [1.0, 2.0, 1.0]).weights
    [1.0, 2.0, 1.0]
    """

    y: Any
    weights: Any

    def __post_init__(self) -> None:
        weights = listed("weights holds one number per sample", self.weights)
        numbers = [finite_number(f"weights[{i}]", w, at_least=0.0) for i, w in enumerate(weights)]
        object.__setattr__(self, "weights", numbers)


def as_list(table: Any) -> Any:
    """Return a row of a table, or the whole of it, as a list."""
    return table.tolist() if hasattr(table, "tolist") else table


def row_of(table: Table, i: int) -> list[float]:
    """Return a row of a table as a list; an array's numbers come as floats."""
    row = table[i]
    return row.astype(float).tolist() if hasattr(row, "astype") else row  # type: ignore[no-any-return]


def rows_at(table: Table, indices: Sequence[int]) -> Table:
    """Return the rows with these indices, in this order."""
    if isinstance(table, Held):
        return table.take(indices)
    return table[list(indices)] if is_array(table) else [table[i] for i in indices]


def columns_of(table: Table) -> Iterable[Sequence[float]]:
    """Return the columns of a table, one after the other."""
    if isinstance(table, Rows):
        return table.by_column()
    return zip(*as_list(table), strict=True)


def features(X: Any, name: str = "X", columns: int | None = None) -> Table:
    """Return ``X`` as rows of finite floats, all of one length.

    Args:
        X: one row per sample: a list of lists, a NumPy array, a pandas frame.
        name: what messages call it.
        columns: how many numbers a row must have, if that is known.

    Raises:
        TypeError: if it is not a table of numbers.
        ValueError: if it is empty or ragged, or a number in it is not finite.
    """
    table = _table(X, name)
    if len(table) and not isinstance(table, Held) and _is_flat(table):
        raise TypeError(f"{name} is a table, one row per sample; for one feature write [[x] for x in {name}]")
    table = _checked(table, name, _column_names(X))
    if columns is not None and len(table[0]) != columns:
        raise ValueError(f"the network takes {columns} inputs, but the rows of {name} have {len(table[0])}")
    return table


def targets(y: Any, outputs: int, loss: Loss, name: str = "y") -> tuple[Table, float | None]:
    """Return ``y`` as rows with one finite float per output, and the threshold of `Samples`.

    For a network of several outputs, one whole number per sample is a class, counted from 0; it
    becomes a row of zeros with a one at that class.

    Raises:
        TypeError: if it is not numbers.
        ValueError: if it is empty or ragged, does not suit the outputs or the loss, or a number in
            it is not finite.
    """
    table = _table(y, name)
    if len(table) and not isinstance(table, Held) and _is_flat(table):
        table = table.reshape(-1, 1) if is_array(table) else [[t] for t in table]
    table = _checked(table, name, _column_names(y))
    width = len(table[0])
    of_classes = width == 1 < outputs
    if not of_classes and width != outputs:
        raise ValueError(f"the network has {outputs} outputs, but the rows of {name} have {width} targets")
    particular = function_of(loss) in PARTICULAR
    distinct = _distinct(table, len(table) if particular or of_classes else max(3, outputs))
    if of_classes:
        _check_classes(distinct, outputs, name)
        table = _one_hot(table, outputs)
        distinct = {tuple(float(k == t) for k in range(outputs)): i for (t,), i in distinct.items()}
    if particular:
        _check_takes(loss, distinct, name)
    return table, _threshold(list(distinct), loss)


def _table(data: Any, name: str) -> Any:
    """Return the data as a list, or as they are if they are `Held` or an array of numbers."""
    if isinstance(data, Held):
        return data
    if hasattr(data, "to_numpy"):
        data = data.to_numpy()
    if hasattr(getattr(data, "mask", None), "any") and data.mask.any():
        raise ValueError(f"{name} has masked numbers: fill them in, or leave those samples out")
    if is_array(data) and data.ndim:
        return data
    if hasattr(data, "tolist"):
        data = data.tolist()
    return listed(f"{name} holds one row per sample", data)


def is_array(data: Any) -> bool:
    """Return whether the data are a NumPy array of real numbers."""
    return hasattr(data, "ndim") and getattr(getattr(data, "dtype", None), "kind", "") in tuple("biuf")


def _is_flat(table: Any) -> bool:
    return bool(table.ndim == 1) if is_array(table) else isinstance(table[0], Real)


def _column_names(data: Any) -> list[str] | None:
    return [repr(name) for name in data.columns] if hasattr(data, "columns") else None


def _checked(table: Any, name: str, columns: list[str] | None) -> Table:
    check_not_empty(name, table)
    if isinstance(table, Held):
        return table
    if is_array(table):
        return _checked_array(table, name, columns)
    numbers, width = array("d"), 0
    for i, row in enumerate(table):
        if not (isinstance(row, list) and PLAIN.issuperset(map(type, row)) and isfinite(sum(row))):
            row = finite_row(row, f"row {i} of {name}", partial(_place, name, columns, i))
        width = width if i else len(row)
        if len(row) != width:
            raise ValueError(
                f"{name} is ragged: row {i} has {len(row)} numbers where row 0 has {width}; rows of unequal "
                "length are taken as X by a Module of your own, and as y by a loss of your own"
            )
        numbers.extend(row)
    if not width:
        raise ValueError(f"the rows of {name} are empty: there is nothing to learn from")
    return Rows(numbers, width)


def _checked_array(table: Any, name: str, columns: list[str] | None) -> Table:
    import numpy as np  # an array came in, so it is installed

    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(f"{name} has two dimensions, samples × columns; got the shape {table.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        sound = table.dtype.kind != "f" or np.isfinite(table.sum())
    for i, j in () if sound else np.argwhere(~np.isfinite(table)):  # none, if only the sum is infinite
        raise ValueError(f"{_place(name, columns, i, j)} is {table[i, j]}; it has to be a finite number")
    return table


def finite_row(row: Any, name: str, place: Callable[[int], str]) -> list[float]:
    """Return a row of finite numbers as floats.

    Args:
        row: the numbers.
        name: what messages call the row.
        place: what messages call the number at a position in it.

    Raises:
        TypeError, ValueError: if it is not a row, or something in it is not a finite number.
    """
    if isinstance(row, (str, bytes)) or not isinstance(row, Iterable):
        raise TypeError(f"{name} is {described(row)}, not a row of numbers")
    numbers = list(row)
    for j, x in enumerate(numbers):
        if not isinstance(x, Real):
            raise TypeError(f"{place(j)} is {described(x)}, not a number")
        if not isfinite(x):
            raise ValueError(f"{place(j)} is {x!r}; it has to be a finite number")
    return [float(x) for x in numbers]


def _place(name: str, columns: list[str] | None, i: int, j: int) -> str:
    return f"row {i}, column {columns[j] if columns else j} of {name} (counted from 0)"


def _check_classes(distinct: Mapping[tuple[float, ...], int], classes: int, name: str) -> None:
    for (t,), i in distinct.items():
        if t not in range(classes):
            raise ValueError(
                f"row {i} of {name} is {t:g}; for a network of {classes} outputs it is a class, "
                f"a whole number from 0 to {classes - 1}, or one target per output"
            )


def _one_hot(table: Table, classes: int) -> Table:
    if is_array(table):
        import numpy as np  # an array came in, so it is installed

        return np.eye(classes)[table[:, 0].astype(int)]
    numbers = array("d", bytes(8 * classes * len(table)))
    for i, t in enumerate(table.numbers):
        numbers[i * classes + int(t)] = 1.0
    return Rows(numbers, classes)


def _distinct(table: Table, most: int) -> dict[tuple[float, ...], int]:
    """Return the distinct rows, each with the place where it comes first: all, or one more than ``most``."""
    first: dict[tuple[float, ...], int] = {}
    pairs: Iterable[tuple[tuple[float, ...], int]]
    if is_array(table):
        import numpy as np  # an array came in, so it is installed

        only = table[:, 0] if table.shape[1] == 1 else table
        _, places = np.unique(only, axis=0, return_index=True)
        pairs = [(tuple(row_of(table, i)), i) for i in np.sort(places)[: most + 1].tolist()]
    else:
        pairs = ((tuple(row), i) for i, row in enumerate(table))
    for row, i in pairs:
        first.setdefault(row, i)
        if len(first) > most:
            break
    return first


def _check_takes(loss: Loss, distinct: Mapping[tuple[float, ...], int], name: str) -> None:
    """Compute a loss that accepts only some targets for each distinct one, with outputs of 0."""
    outputs = [Constant(0.0)] * len(next(iter(distinct)))
    with no_grad():
        for row, i in distinct.items():
            try:
                loss(outputs, row)
            except ValueError as error:
                raise ValueError(f"row {i} of {name}: {error}") from None


def _threshold(rows: Sequence[tuple[float, ...]], loss: Loss) -> float | None:
    """Return what tells the classes apart: their middle, or 0 if the outputs are scores or logits.

    None if the targets are not classes: other numbers, or the same for all samples, unless the loss
    takes nothing but classes.

    Args:
        rows: the distinct targets.
        loss: what they are compared by.
    """
    if len(rows) == 1 and function_of(loss) not in PARTICULAR:
        return None
    if len(rows[0]) > 1:
        one_hot = all(row.count(0.0) == len(row) - 1 and 1.0 in row for row in rows)
        return 0.0 if one_hot else None
    found = {row[0] for row in rows}
    if found <= {-1.0, 1.0}:
        return 0.0
    if found <= {0.0, 1.0}:
        errors: dict[Loss, float] = dict.fromkeys(ERRORS, 0.5)
        return {losses.binary_cross_entropy: 0.0, **errors}.get(function_of(loss))
    return None


def function_of(loss: Any) -> Any:
    """Return a loss without the options that a `functools.partial` gives it."""
    return function_of(loss.func) if isinstance(loss, partial) else loss
