"""The training as a film beside the report, if a plane shows all that the network has learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd.notation.labels import shorten
from nn.command.result import Result, Snapshot
from nn.data.dataset import Dataset
from nn.seeing import Film, Frame
from nn.seeing.film import units_of
from nn.training.loop import spread

MOST_POINTS = 1_000
"""At most this many samples are drawn; of more, some from all over the data."""


def sampled(data: Dataset) -> Dataset:
    """Return the samples that are drawn."""
    return data if len(data) <= MOST_POINTS else data.rows(spread(len(data), MOST_POINTS))


def film_of(result: Result) -> Film | None:
    """Return the training frame by frame, in the data's own units; None if no snapshots were taken."""
    if len(result.snapshots) < 2:
        return None
    job, model = result.job, result.job.model
    names = [shorten(name, 24) for name in job.data.classes or ()]
    first, second = (shorten(name, 40) for name in job.data.features)
    train = sampled(job.train)
    film = Film(train.X, train.y, axis_names=(first, second), names=names)
    last = [p.data for p in model.parameters()]
    try:
        for snapshot in result.snapshots:
            _put(result, snapshot.weights)
            film.frames.append(_frame(result, snapshot, film, train))
    finally:
        _put(result, last)
    return film


def _put(result: Result, weights: Sequence[float]) -> None:
    for p, x in zip(result.job.model.parameters(), weights, strict=True):
        p.data = x


def _frame(result: Result, snapshot: Snapshot, film: Film, train: Dataset) -> Frame:
    plane = film.plane
    support = np.array(result.support(plane.places().tolist()), np.float32).T
    right = [p == t for p, t in zip(result.predict(train.X), train.y, strict=True)]
    shape = (-1, len(plane.ys), len(plane.xs))
    predictor = result.job.predictor
    units = units_of(predictor.model, np.array(predictor.scaler.transform(film.places_of_units().tolist())))
    return Frame(snapshot.epoch, snapshot.loss, support.reshape(shape), tuple(right), units)
