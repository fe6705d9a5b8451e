"""Buckets: samples that differ in shape, put together with those of their own shape.

A batch has samples of one bucket, so that its samples can be computed together.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from math import ceil

from nn.data.feeding import Feeding
from nn.data.samples import Samples, weights_of_mean_one


@dataclass(frozen=True)
class Bucket:
    """Samples of one shape.

    Attributes:
        shape: what `nn.data.structures.shape_of` says of each.
        feeding: how the model takes them.
        samples: the samples.
        places: where each of them stands among all.
    """

    shape: Hashable
    feeding: Feeding
    samples: Samples
    places: Sequence[int]


class Buckets:
    """Samples of several shapes; see `nn.data.samples.Samples`.

    Args:
        parts: the samples of each shape.
    """

    def __init__(self, parts: Sequence[Bucket]) -> None:
        self.parts = list(parts)
        count = sum(len(part.places) for part in parts)
        self._of, self._at = array("q", bytes(8 * count)), array("q", bytes(8 * count))
        for k, part in enumerate(self.parts):
            for j, i in enumerate(part.places):
                self._of[i], self._at[i] = k, j
        self.threshold = _threshold([part.samples for part in parts])
        for k, part in enumerate(self.parts):
            if part.samples.threshold != self.threshold:
                self.parts[k] = replace(part, samples=replace(part.samples, threshold=self.threshold))

    def __len__(self) -> int:
        return len(self._of)

    def find(self, i: int) -> tuple[Bucket, int]:
        """Return the bucket of sample ``i``, and its place there."""
        return self.parts[self._of[i]], self._at[i]

    def within(self, places: Sequence[int]) -> list[int]:
        """Return where samples stand in the bucket that they are all in."""
        return [self._at[i] for i in places]

    def take(self, indices: Sequence[int]) -> Buckets:
        """Return the samples with these indices, in this order."""
        chosen: list[list[int]] = [[] for _ in self.parts]
        for k, i in enumerate(indices):
            chosen[self._of[i]].append(k)
        return Buckets([
            replace(part, samples=part.samples.take(self.within([indices[k] for k in new])), places=new)
            for part, new in zip(self.parts, chosen, strict=True)
            if new
        ])  # fmt: skip

    def told_apart(self, threshold: float | None) -> Buckets:
        """Return the samples with this threshold; see `Samples`."""
        return Buckets([
            replace(part, samples=replace(part.samples, threshold=threshold)) for part in self.parts
        ])  # fmt: skip

    def weighted(self) -> Buckets:
        """Return the samples with weights whose mean is 1; see `Samples.weighted`."""
        given = [part.samples.weights or [1.0] * len(part.places) for part in self.parts]
        scaled = iter(weights_of_mean_one([w for weights in given for w in weights]))
        return Buckets([
            replace(part, samples=replace(part.samples, weights=[next(scaled) for _ in part.places]))
            for part in self.parts
        ])  # fmt: skip

    def count(self, size: int | None) -> int:
        """Return how many batches of at most this many samples an epoch has."""
        return sum(ceil(len(part.places) / (size or len(part.places))) for part in self.parts)

    def batches(self, size: int | None, rng: random.Random | None) -> list[Sequence[int]]:
        """Return the places of the samples of one epoch, batch by batch, each of one bucket.

        Args:
            size: how many samples a batch has, less where a bucket is at its end; with None a bucket is
                one batch.
            rng: shuffles the samples, and then the batches.  With None the samples are taken in the order
                given, and a batch comes when its last sample does; those that are not full come last.
        """
        order = list(range(len(self)))
        if rng is not None:
            rng.shuffle(order)
        open_batches: dict[int, list[int]] = {}
        batches: list[Sequence[int]] = []
        for i in order:
            batch = open_batches.setdefault(self._of[i], [])
            batch.append(i)
            if len(batch) == size:
                batches.append(open_batches.pop(self._of[i]))
        batches += open_batches.values()
        if rng is not None:
            rng.shuffle(batches)
        return batches


def _threshold(parts: Sequence[Samples]) -> float | None:
    """Return what tells the classes apart in all parts; one of them may have samples of one class alone."""
    found = {part.threshold for part in parts}
    if len(found) < 2:
        return next(iter(found), None)
    numbers: dict[bool, set[float]] = {True: set(), False: set()}
    for part in parts:
        numbers[part.threshold is not None].update(x for row in part.y for x in row)
    thresholds = found - {None}
    return thresholds.pop() if len(thresholds) == 1 and numbers[False] <= numbers[True] else None
