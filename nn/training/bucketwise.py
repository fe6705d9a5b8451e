"""Training on samples of several shapes: each shape has an engine, and all of them one set of numbers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from nn.data.buckets import Bucket, Buckets
from nn.health.units import Inside, Watched
from nn.training.engine import Engine, Hook
from nn.training.loop import spread


class BucketEngine:
    """Trains on the samples of a bucket by the engine for their shape; see `nn.training.engine.Engine`.

    That of the largest bucket is made at once, the others when they are first needed.  A parameter that no
    sample of a batch reaches, such as the row of a position that short sequences do not have, has the
    gradient 0 there: it moves on by its momentum, as a row of a table does in other frameworks.

    Args:
        make: makes the engine for a bucket, which looks at what is watched.
        train: the samples to train on.
        watched: what is looked at besides the steps: samples of the largest bucket.
        most: how many of them.
        say: told, before an engine is made in the course of the training, what for.
    """

    def __init__(
        self, make: Callable[[Bucket, Watched], Any], train: Buckets, watched: Watched, most: int,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._make, self._train, self._say = make, train, say
        self._engines: dict[Hashable, Any] = {}
        largest = max(train.parts, key=lambda part: len(part.places))
        self._largest: Engine = self._engine(
            largest, Watched(watched.model, spread(len(largest.places), most))
        )
        self._watched = Watched(watched.model)
        self.name = self._largest.name

    def _engine(self, bucket: Bucket, watched: Watched | None = None) -> Any:
        if bucket.shape not in self._engines:
            self._say(f"preparing samples of shape {bucket.shape}")
            self._engines[bucket.shape] = self._make(bucket, watched or self._watched)
        return self._engines[bucket.shape]

    def step(self, batch: Sequence[int], on_gradients: Hook = None) -> tuple[float, float]:
        bucket, _ = self._train.find(batch[0])
        found: tuple[float, float] = self._engine(bucket).step(self._train.within(batch), on_gradients)
        return found

    def evaluate(self, samples: Buckets) -> tuple[float, float]:
        total, right = 0.0, 0.0
        for bucket in samples.parts:
            loss, hits = self._engine(bucket).evaluate(bucket.samples)
            total, right = total + loss * len(bucket.places), right + hits
        return total / len(samples), right

    def check(self, samples: Buckets, name: str) -> None:
        for bucket in samples.parts:
            self._engine(bucket).check(bucket.samples, f"the samples of shape {bucket.shape} in {name}")

    def inside(self) -> Inside:
        return self._largest.inside()

    def finish(self) -> None:
        for engine in reversed(self._engines.values()):
            engine.finish()

    def __getattr__(self, name: str) -> Any:
        """Leave the numbers to one of the engines, which all share them."""
        return getattr(self._largest, name)
