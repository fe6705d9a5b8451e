"""What `fit` is given to train on and to judge by: checked, and put together by shape."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from autograd import Value
from autograd.notation.hints import described
from nn.checks import check_lengths
from nn.data.buckets import Bucket, Buckets
from nn.data.feeding import Feeding, feeding_of
from nn.data.samples import Samples, Weighted, split
from nn.data.structures import by_sample, places_by_shape
from nn.losses import Loss
from nn.module import mode

T = TypeVar("T")


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

    Raises:
        TypeError, ValueError: if the data do not suit each other, the model or the loss.
    """

    train: Samples | Buckets
    held_out: Samples | Buckets | None

    def __init__(
        self, model: Any, X: Any, y: Any, loss: Loss, validation: Any, rng: random.Random | None
    ) -> None:
        self._model, self._loss = model, loss
        self._feedings: dict[Hashable, Feeding] = {}
        parts = [self._buckets(X, y, "X", "y")]
        if isinstance(validation, float | int):
            if not 0 < validation < 1:
                raise ValueError(
                    f"validation is a pair (X, y) or a fraction between 0 and 1; got {validation!r}"
                )
        elif validation is not None:
            if not isinstance(validation, tuple | list) or len(validation) != 2:
                raise TypeError(f"validation is a pair (X, y) or a fraction; got {described(validation)}")
            X, y = validation
            parts.append(self._buckets(X, y, "the validation X", "the validation y"))
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
        return feeding.cost(self._loss)(feeding.put(samples.row(i)), samples.target(i))

    def _buckets(self, X: Any, y: Any, name_X: str, name_y: str) -> list[Bucket]:
        """Return the samples of each shape, checked."""
        shapes = feeding_of(self._model).shapes(X)
        y, weights = (y.y, y.weights) if isinstance(y, Weighted) else (y, None)
        if shapes is None or len(set(shapes)) < 2:
            shape = shapes[0] if shapes else None
            return [self._bucket(shape, X, y, weights, (name_X, name_y))]
        targets = by_sample(y, name_y)
        check_lengths(shapes, targets, name_X, name_y)
        if weights is not None:
            check_lengths(shapes, weights, name_X, "weights")
        places = places_by_shape(shapes)

        def bucket(at: Sequence[int], names: tuple[str, str]) -> Bucket:
            own = None if weights is None else [weights[i] for i in at]
            return self._bucket(shapes[at[0]], [X[i] for i in at], [targets[i] for i in at], own, names, at)

        return [_naming(bucket, at, name_X, name_y) for at in places.values()]

    def _bucket(
        self, shape: Hashable, X: Any, y: Any, weights: Any, names: tuple[str, str],
        places: Sequence[int] | None = None,
    ) -> Bucket:  # fmt: skip
        """Return samples of one shape, checked; they are all that there are unless their places are given."""
        feeding = self._feedings.setdefault(shape, feeding_of(self._model))
        rows = feeding.features(X, names[0])
        wanted, threshold = feeding.targets(y, self._loss, rows, names[1])
        check_lengths(rows, wanted, *names)
        if weights is not None:
            check_lengths(rows, weights, names[0], "weights")
        return Bucket(shape, feeding, Samples(rows, wanted, threshold, weights), places or range(len(rows)))

    def _tried(self, bucket: Bucket) -> Value:
        """Return the loss of a first sample: what a model or a loss cannot take comes to light now."""
        feeding, samples = bucket.feeding, bucket.samples
        with mode(self._model, training=False):
            value = feeding.cost(self._loss)(feeding.first(samples), samples.target(0))
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


def _naming(
    bucket: Callable[[Sequence[int], tuple[str, str]], Bucket],
    places: Sequence[int],
    name_X: str,
    name_y: str,
) -> Bucket:
    """Return a bucket, or let the error name the first sample that it cannot take among all of them."""
    kinds = TypeError, ValueError, IndexError
    try:
        return bucket(places, (name_X, name_y))
    except kinds:
        for i in places:
            names = f"{name_X}[{i}:{i + 1}]", f"{name_y}[{i}:{i + 1}]"
            try:
                bucket([i], names)
            except kinds as error:
                if any(name in str(error) for name in names):
                    raise
                raise type(error)(f"sample {i} of {name_X}: {error}") from error
        raise
