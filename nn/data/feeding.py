"""Feeding: how samples are put to a model, and how its outputs and their targets are read.

Whatever samples look like, training goes by tables: a row of numbers per sample.  A model takes such a
row itself; or what it takes is put together from the row's numbers, in the structure that the samples had.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence
from functools import cached_property
from numbers import Real
from typing import Any

from autograd import Value, mean
from autograd.extend import Container
from autograd.notation.hints import described, short_repr
from autograd.notation.numbers import counted
from nn import losses
from nn.checks import check_not_empty
from nn.data.rows import Rows
from nn.data.samples import PLAIN, Samples, Table, as_list, features, finite_row, function_of, targets
from nn.data.structures import (
    by_sample,
    check_alike,
    from_columns,
    inputs_of,
    is_nested,
    shapes_of,
    taken_apart,
)
from nn.losses import Loss
from nn.module import Module, mode
from nn.outputs import single_or_list


class Feeding:
    """How a model takes samples: one row of numbers each, or any structure of numbers.

    A model whose call takes several inputs is given them by columns, ``X = (users, items)`` or
    ``{"user": …, "item": …}``; so is one whose only input is a tuple or a dictionary.  A list of samples
    may hold nested lists, tuples and dictionaries.  Whole numbers in a structure stay whole.

    A Module that takes its samples in a way of its own has an attribute ``feeding``: an object of a
    subclass of this.

    Args:
        model: the model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._inputs: Container | None = None
        self._outputs: Container | None = None
        self._targets: Container | None = None
        self._first: tuple[Table, Any] | None = None  # the rows last looked at, and what their first gives
        self.as_given = False  # whether a loss is given the targets as they are, lists of one number too
        self._listed = False  # whether the model gives a list, be it of one output
        self._wide = self._wanted = 0  # of each position: its outputs, and the numbers of its target

    # ------------------------------------------------------------------------------------ what goes in

    def apart(self, X: Any, name: str = "X") -> tuple[Any, Sequence[Hashable]]:
        """Return the samples, as `features` takes them too, and the shape of each, in which they may differ.

        There are no shapes where they may not differ: the model takes rows of a certain length.

        Raises:
            TypeError, ValueError: if samples differ in more than lengths, or are not samples at all.
        """
        if isinstance(getattr(self.model, "nin", None), int):
            return X, ()
        structures = self._structures(X, name)
        return _with_shapes(X if structures is None else structures, name)

    def features(self, X: Any, name: str = "X") -> Table:
        """Return ``X`` as one row per sample, checked.

        Raises:
            TypeError, ValueError: if it does not suit the model; messages call it by ``name``.
        """
        samples = self._structures(X, name)
        if samples is None:
            nin = getattr(self.model, "nin", None)
            return features(X, name, nin if isinstance(nin, int) else None)
        self._inputs, rows = taken_apart(samples, name, self._inputs)
        return rows

    def _structures(self, X: Any, name: str) -> list[Any] | None:
        """Return the samples, if they are more than rows of numbers; else None."""
        count = self._count
        if count < 2:
            if isinstance(getattr(self.model, "nin", None), int):  # it says itself that it takes rows
                return None
            if isinstance(X, tuple) and X and all(map(_is_table, X)):
                return from_columns(X, name)
            return by_sample(X, name) if isinstance(X, dict) or _is_table_of_tables(X) else None
        as_columns = isinstance(X, tuple) and len(X) == count
        samples = from_columns(X, name) if as_columns else by_sample(X, name)
        for i, sample in enumerate(samples):
            if not isinstance(sample, list | tuple | dict) or len(sample) != count:
                raise ValueError(
                    f"{type(self.model).__name__} takes {count} inputs: {name} is a tuple of as many "
                    f"columns, or holds as many inputs per sample; sample {i} is {short_repr(sample)}"
                )
        return samples

    @cached_property
    def _count(self) -> int:
        return inputs_of(self.model)

    @property
    def rowwise(self) -> Any:
        """The model as one that takes rows: the model itself, unless they have to be put together."""
        return self.model if self._inputs is None else Rowwise(self)

    def put(self, row: Sequence[Any]) -> Any:
        """Return what the model gives for a row of `features`."""
        if self._inputs is None:
            return self.model(row)
        sample = self._inputs.filled(row)
        if self._count < 2:
            return self.model(sample)
        return self.model(**sample) if isinstance(sample, dict) else self.model(*sample)

    # ----------------------------------------------------------------------------------- what comes out

    def outputs(self, rows: Table) -> Any:
        """Return what the model gives for the first of these rows, whose structure `shaped` keeps to."""
        with mode(self.model, training=False):
            prediction = self.put(Samples(rows, ()).row(0))
        try:
            form = Container(prediction, "the output")
        except TypeError:
            form = None
        if form is None or not form.leaves or not all(isinstance(v, Value) for v in form.leaves):
            raise TypeError(
                f"a model gives a Value, or a list of them; this one gave {short_repr(prediction)}"
            )
        self._outputs = form if is_nested(prediction) else None
        self._listed = isinstance(prediction, list)
        self._wide = _width_of_positions(prediction)
        self._first = rows, prediction
        return prediction

    def first(self, samples: Samples) -> Any:
        """Return what the model gives for the first of these samples; `outputs` may have found it already."""
        (rows, prediction), self._first = self._first or (None, None), None
        return prediction if rows is samples.X else self.put(samples.row(0))

    def shaped(self, row: Sequence[float]) -> Any:
        """Return a row of outputs in the shape in which the model gives them."""
        if self._outputs is not None:
            return self._outputs.filled(row)
        return list(row) if self._listed else single_or_list(row)

    def answers(self, row: Sequence[float]) -> list[Sequence[float]]:
        """Return the parts of a row of outputs, or of targets, that are each right or wrong.

        Raises:
            TypeError: if outputs in a structure name no classes.
        """
        if self._outputs is not None:
            raise TypeError(
                "classes are named by one output, or by a list of them; this model gives "
                f"{short_repr(self.shaped(row))}"
            )
        return [row]

    # -------------------------------------------------------------------------------- what is compared

    def targets(self, y: Any, loss: Loss, rows: Table, name: str = "y") -> tuple[Table, float | None]:
        """Return ``y`` as one row per sample, checked, and the threshold of `nn.data.samples.Samples`.

        Targets may have any structure that a function of your own takes as the loss; the losses of
        `nn.losses` compare one output, or a list of them, with as many numbers.

        Args:
            y: the targets of these rows of features.
            loss: what they are to be compared by.
            rows: what `features` returned.
            name: what messages call it.

        Raises:
            TypeError, ValueError: if they do not suit the model, its outputs or the loss.
        """
        prediction = self.outputs(rows)
        if y is None:
            self._wide = 0
            return self.no_targets(rows), None
        of_ours = _is_ours(loss)
        if of_ours and self._wide:
            return self._of_positions(y, len(prediction), loss, name), None
        self._wide = 0
        as_given = self.as_given or (not of_ours and self._listed and len(prediction) == 1 and _has_lists(y))
        structures = by_sample(y, name) if as_given else self._target_structures(y, prediction, name)
        if structures is None and self._outputs is None:
            outputs = 1 if isinstance(prediction, Value) else len(prediction)
            if of_ours or not (isinstance(prediction, tuple) or _width(y) not in (1, outputs)):
                return targets(y, outputs, loss, name)
        if of_ours:
            raise TypeError(
                f"{function_of(loss).__name__} compares one output, or a list of them, with as many numbers; "
                f"this model gives {short_repr(prediction)}: as the loss, give a function of what the model "
                "gives and of a target"
            )
        samples = by_sample(y, name) if structures is None else structures
        self._targets, table = taken_apart(samples, name, self._targets)
        return table, None

    def targets_apart(self, y: Any, loss: Loss, X: Any, name: str) -> tuple[Any, Sequence[Hashable]]:
        """Return the targets, as `targets` takes them too, and the shape of each, in which they may differ.

        There are no shapes where they may not differ: a loss of `nn.losses` wants those of the outputs.

        Args:
            y, loss, name: see `targets`.
            X: the samples.

        Raises:
            TypeError, ValueError: if targets differ in more than lengths, or are not targets at all.
        """
        if _is_ours(loss):
            return y, ()
        if isinstance(y, tuple):
            in_order = hasattr(X, "ndim") or isinstance(X, list | tuple)
            first = X[:1] if in_order else X
            structures = self._target_structures(y, self.outputs(self.features(first)), name)
        else:
            structures = by_sample(y, name) if isinstance(y, dict) else None
        return _with_shapes(y if structures is None else structures, name)

    def no_targets(self, rows: Table) -> Table:
        """Return what stands for the targets of a loss that takes the prediction alone."""
        return Rows(array("d", bytes(8 * len(rows))), 1)

    def _target_structures(self, y: Any, prediction: Any, name: str) -> list[Any] | None:
        """Return the targets one by one, if they are more than numbers or rows of numbers; else None."""
        if isinstance(y, tuple) and isinstance(prediction, tuple) and len(y) == len(prediction):
            return from_columns(y, name)
        return by_sample(y, name) if isinstance(y, dict) or _is_table_of_tables(y) else None

    def _of_positions(self, y: Any, count: int, loss: Loss, name: str) -> Rows:
        """Return the targets of all positions: a class for each, or a number for each of its outputs."""
        classes, wide, numbers = frozenset(range(self._wide)), self._wide, array("d")
        compact = function_of(loss) is losses.cross_entropy
        for i, sample in enumerate(by_sample(y, name)):
            row = as_list(sample)
            if not isinstance(row, list | tuple) or len(row) != count:
                has = f"{len(row)}" if isinstance(row, list | tuple) else described(row)
                raise ValueError(
                    f"{name} has a target for each of the {counted(count, 'position')}; sample {i} has {has}"
                )
            place = f"sample {i} of {name}"
            if wide > 1 and PLAIN.issuperset(map(type, row)):
                for t, x in enumerate(row):
                    if x not in classes:
                        raise ValueError(
                            f"position {t} of {place} is {x!r}; it is a class, a whole number "
                            f"from 0 to {wide - 1}, or one target per output"
                        )
                row = row if compact else [float(k == t) for t in row for k in range(wide)]
            else:
                parts = [[x] if isinstance(x, Real) else as_list(x) for x in row]
                row = [x for t, part in enumerate(parts) for x in _finite(part, f"position {t} of {place}")]
            self._wanted = self._wanted or len(row) // count
            if len(row) != count * self._wanted or self._wanted not in (1, wide):
                raise ValueError(
                    f"the positions of sample {i} of {name} have other targets than those before it, or not "
                    f"a class, or a target for each of {counted(wide, 'output')}"
                )
            numbers.extend(row)
        check_not_empty(name, numbers)
        return Rows(numbers, count * self._wanted, range(count) if self._wanted < wide else ())

    def cost(self, loss: Loss) -> Loss:
        """Return the loss of one sample, as a function of what the model gives and of a row of `targets`.

        The loss of several positions is the mean of theirs.
        """
        if self._wide and self._wanted:
            return mean_over_positions(loss, self._wanted)
        form = self._targets
        if form is None:
            return loss
        return lambda prediction, row: loss(prediction, form.filled(row if isinstance(row, list) else [row]))

    def windows(self, rows: Table) -> Any:
        """Return how samples are cut into windows that are trained on in turn; None if they are not."""
        return None


class Rowwise(Module):
    """A model that takes structures as one that takes rows of their numbers."""

    def __init__(self, feeding: Feeding) -> None:
        self.model, self._put = feeding.model, feeding.put

    def __call__(self, row: Sequence[Any]) -> Any:
        """Return what the model gives."""
        return self._put(row)


def feeding_of(model: Any) -> Feeding:
    """Return how this model takes its samples."""
    feeding = getattr(model, "feeding", None)
    return feeding if isinstance(feeding, Feeding) else Feeding(model)


def mean_over_positions(loss: Loss, wanted: int) -> Loss:
    """Return the mean of a loss over positions, or steps, each with its own outputs and target.

    Args:
        loss: that of one position.
        wanted: how many numbers the target of one has.
    """

    def of_positions(prediction: Any, target: Any) -> Value:
        row = list(target) if isinstance(target, Sequence) else [target]
        each = [single_or_list(row[k : k + wanted]) for k in range(0, len(row), wanted)]
        return mean(loss(outputs, t) for outputs, t in zip(prediction, each, strict=True))

    return of_positions


def _is_ours(loss: Loss) -> bool:
    """Return whether a loss is one of `nn.losses`, which compares outputs with as many numbers."""
    return function_of(loss) in losses.LOSSES.values()


def _with_shapes(samples: Any, name: str) -> tuple[Any, Sequence[Hashable]]:
    """Return samples and the shape of each; none if they are numbers."""
    shapes = shapes_of(samples) or ()
    if isinstance(samples, list | tuple):
        check_alike(samples, shapes, name)
    return samples, shapes


def _finite(part: Any, place: str) -> list[float]:
    return finite_row(part, place, lambda j: f"target {j} of {place}")


def _width_of_positions(prediction: Any) -> int:
    """Return how many outputs each position has, if a model gives a list of outputs for each; else 0."""
    if not isinstance(prediction, list) or not all(isinstance(part, list) for part in prediction):
        return 0
    widths = {len(part) for part in prediction}
    flat = all(isinstance(v, Value) for part in prediction for v in part)
    return widths.pop() if flat and len(widths) == 1 else 0


def _is_table(part: Any) -> bool:
    """Return whether something holds rows, or structures, rather than numbers."""
    return is_nested(part[:1] if isinstance(part, list | tuple) else part)


def _width(y: Any) -> int:
    """Return how many numbers the targets of a sample have."""
    if isinstance(y, list | tuple):
        return len(y[0]) if y and hasattr(y[0], "__len__") else 1
    return int(y.shape[1]) if getattr(y, "ndim", 0) == 2 else 1


def _has_lists(y: Any) -> bool:
    """Return whether the first target is a list of numbers, not a number or a row of an array."""
    return isinstance(y, list | tuple) and bool(y) and isinstance(y[0], list | tuple)


def _is_table_of_tables(data: Any) -> bool:
    """Return whether the first sample is more than a row of numbers."""
    if isinstance(data, list | tuple):
        return bool(data) and is_nested(data[0])
    return bool(getattr(data, "ndim", 0) > 2)
