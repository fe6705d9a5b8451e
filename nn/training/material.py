"""What `fit` is given to train on and to judge by: checked, and put together by shape."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from inspect import Signature, signature
from itertools import zip_longest
from typing import Any, TypeVar

from autograd import Value
from autograd.notation.hints import described
from nn.checks import check_lengths
from nn.complaints import say_single
from nn.data.buckets import Bucket, Buckets
from nn.data.feeding import Feeding, feeding_of
from nn.data.samples import Samples, Weighted, function_of, split
from nn.data.structures import (
    KeyedShape,
    by_sample,
    check_alike,
    check_numbers,
    is_nested,
    naming_first,
    places_by_shape,
)
from nn.losses import Loss
from nn.module import mode

T = TypeVar("T")


@dataclass(frozen=True)
class _Given:
    """Samples with their targets as they were given.

    Attributes:
        X, y: the samples and their targets, or None where there are none.
        names: what messages call the two.
        weights: one per sample, or None.
        shapes: that of each sample, if they may differ.
        wanted: that of each target, if they may differ.
    """

    X: Any
    y: Any
    names: tuple[str, str]
    weights: Sequence[float] | None = None
    shapes: Sequence[Hashable] = ()
    wanted: Sequence[Hashable] = ()

    def at(self, places: Sequence[int], named: str = "") -> _Given:
        """Return the samples at these places, in lists; messages add ``named`` to what they are called."""
        X, y, weights = (
            None if some is None else [some[i] for i in places] for some in (self.X, self.y, self.weights)
        )
        return _Given(X, y, (self.names[0] + named, self.names[1] + named), weights)


class Material:
    """The samples of a training.

    Args:
        model, X, y, validation: as `nn.fit` takes them.
        loss: what outputs are compared with targets by.
        rng: decides which samples are held out, if a fraction is.

    Attributes:
        train, held_out: the samples, those to judge by perhaps None.
        feeding: how the model takes them, if they are of one shape.
        first: the loss of a sample.
        loss: what outputs are compared with targets by, also where there are no targets.

    Raises:
        TypeError, ValueError: if the data do not suit each other, the model or the loss.
    """

    train: Samples | Buckets
    held_out: Samples | Buckets | None

    def __init__(
        self, model: Any, X: Any, y: Any, loss: Loss, validation: Any, rng: random.Random | None
    ) -> None:
        self._model, self.loss = model, of_prediction(loss, y)
        self._feedings: dict[Hashable, Feeding] = {}
        given = [self._given(X, y, "X", "y")]
        if isinstance(validation, float | int):
            if not 0 < validation < 1:
                raise ValueError(
                    f"validation is a pair (X, y) or a fraction between 0 and 1; got {validation!r}"
                )
        elif validation is not None:
            if not isinstance(validation, tuple | list) or len(validation) != 2:
                raise TypeError(f"validation is a pair (X, y) or a fraction; got {described(validation)}")
            X, y = validation
            of_prediction(loss, y, "the validation y")
            given.append(self._given(X, y, "the validation X", "the validation y"))
            if (given[0].y is None) != (given[1].y is None):
                raise TypeError("y and the validation y are both targets, or both None; one of them is None")
            if all(data.shapes and isinstance(data.X, list | tuple) for data in given):
                check_alike(given[1].X, given[1].shapes, "the validation X", given[0].X[0])
        self._as_given = len({shape for data in given for shape in data.wanted}) > 1
        parts = [self._buckets(data) for data in given]
        shapes = {bucket.shape: bucket for part in reversed(parts) for bucket in reversed(part)}
        self.first = [self._tried(bucket) for bucket in shapes.values()][-1]
        self.feeding = parts[0][0].feeding
        together = [part[0].samples if len(shapes) == 1 else Buckets(part) for part in parts]
        self.train, self.held_out = together[0], None
        if len(together) > 1:
            self.held_out = _as_judged(together[1], self.train)
        elif validation is not None:
            self.train, self.held_out = split(self.train, float(validation), rng)
        if any(bucket.samples.weights is not None for part in parts for bucket in part):
            self.train = self.train.weighted()
            self.held_out = None if self.held_out is None else self.held_out.weighted()

    def loss_of(self, i: int) -> Value:
        """Return the loss of a training sample, as the Value whose graph led to it."""
        if isinstance(self.train, Samples):
            return self._loss_in(self.feeding, self.train, i)
        bucket, place = self.train.find(i)
        return self._loss_in(bucket.feeding, bucket.samples, place)

    def _loss_in(self, feeding: Feeding, samples: Samples, i: int) -> Value:
        return feeding.cost(self.loss)(feeding.put(samples.row(i)), samples.target(i))

    def _given(self, X: Any, y: Any, name_X: str, name_y: str) -> _Given:
        """Return samples with what is known of their shapes and those of their targets."""
        feeding = feeding_of(self._model)
        y, weights = (y.y, y.weights) if isinstance(y, Weighted) else (y, None)
        X, shapes = feeding.apart(X, name_X)
        y, wanted = (y, ()) if y is None else feeding.targets_apart(y, self.loss, X, name_y)
        return _Given(X, y, (name_X, name_y), weights, shapes, wanted)

    def _buckets(self, data: _Given) -> list[Bucket]:
        """Return the samples of each shape, checked."""
        shapes, shape = data.shapes, data.shapes[0] if data.shapes else None
        if len(set(shapes)) < 2 and not self._as_given and shape in (self._feedings or [shape]):
            return [self._bucket(data, shape)]
        name_X, name_y = data.names
        data = replace(
            data, X=by_sample(data.X, name_X), y=None if data.y is None else by_sample(data.y, name_y)
        )
        for of_each, name in ((data.y, name_y), (data.weights, "weights")):
            if of_each is not None:
                check_lengths(data.X, of_each, name_X, name)
        if self._as_given:
            pairs = zip_longest(shapes, data.wanted)
            shapes = [KeyedShape(("X", "y"), pair) for pair in pairs]
        return [self._named(data, shapes[places[0]], places) for places in places_by_shape(shapes).values()]

    def _bucket(self, data: _Given, shape: Hashable, places: Sequence[int] | None = None) -> Bucket:
        """Return samples of one shape, checked; they are all that there are unless their places are given."""
        feeding = self._feedings.setdefault(shape, feeding_of(self._model))
        feeding.as_given = self._as_given
        name_X, name_y = data.names
        rows = feeding.features(data.X, name_X)
        wanted, threshold = feeding.targets(data.y, self.loss, rows, name_y)
        check_lengths(rows, wanted, name_X, name_y)
        if data.weights is not None:
            check_lengths(rows, data.weights, name_X, "weights")
        samples = Samples(rows, wanted, threshold, data.weights)
        return Bucket(shape, feeding, samples, places or range(len(rows)))

    def _named(self, data: _Given, shape: Hashable, places: Sequence[int]) -> Bucket:
        """Return a bucket, or let the error name the first sample that it cannot take among all of them."""

        def alone(i: int, named: str) -> None:
            if data.y is not None and (self._as_given or is_nested(data.y[i])):
                check_numbers(data.y[i], f"{data.names[1]}[{i}]")
            self._bucket(data.at([i], named), shape, [i])

        with naming_first(data.X, places, data.names, alone):
            return self._bucket(data.at(places), shape, places)

    def _tried(self, bucket: Bucket) -> Value:
        """Return the loss of a first sample: what a model or a loss cannot take comes to light now."""
        feeding, samples = bucket.feeding, bucket.samples
        try:
            with mode(self._model, training=False):
                value = feeding.cost(self.loss)(feeding.first(samples), samples.target(0))
        except Exception as error:
            say_single(error)
            if bucket.shape is not None:
                error.add_note(f"raised for the first sample of shape {bucket.shape}")
            raise
        if not isinstance(value, Value):
            raise TypeError(f"a loss gives a Value; this one gave {described(value)}")
        return value


def _as_judged(held_out: Any, train: Any) -> Any:
    """Return samples to judge by as those that the training learns from are judged."""
    if isinstance(held_out, Buckets):
        return held_out.told_apart(train.threshold)
    if len(held_out.X[0]) != len(train.X[0]):
        raise ValueError(f"X has {len(train.X[0])} columns, the validation X {len(held_out.X[0])}")
    return replace(held_out, threshold=train.threshold)


def of_prediction(loss: Loss, y: Any, name: str = "y") -> Loss:
    """Return a loss as a function of a prediction and a target, also where there are no targets.

    Args:
        loss: takes a prediction and a target, or where ``y`` is None a prediction alone.
        y: the targets, or None.
        name: what messages call them.

    Raises:
        TypeError: if the loss takes another number of arguments.
    """
    alone = (y.y if isinstance(y, Weighted) else y) is None
    called = getattr(function_of(loss), "__name__", "the loss")
    try:
        taken = signature(loss)
    except (TypeError, ValueError):  # as of a function in C
        pass
    else:
        if not _takes(taken, 1 if alone else 2) and _takes(taken, 2 if alone else 1):
            does, remedy = (
                (f"compares a prediction with a target, and {name} is None", "give the targets")
                if alone
                else (f"takes a prediction alone, and {name} holds targets", f"give None for {name}")
            )
            wanted = "the prediction alone" if alone else "a prediction and a target"
            raise TypeError(f"{called} {does}: {remedy}, or as the loss a function of {wanted}")
    return (lambda prediction, target: loss(prediction)) if alone else loss  # type: ignore[call-arg]


def _takes(taken: Signature, arguments: int) -> bool:
    """Return whether a function can be called with so many arguments."""
    try:
        taken.bind(*[None] * arguments)
    except TypeError:
        return False
    return True
