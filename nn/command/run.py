"""A training from the command line, from its first epoch to its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from time import perf_counter
from typing import Any

from nn import losses
from nn.command.job import Job
from nn.command.result import Result, Snapshot
from nn.command.settings import SCHEDULES
from nn.training.fit import fit
from nn.training.history import evenly_spaced

SNAPSHOTS = 30
"""About this many snapshots are taken of a network that can be drawn while it learns."""


def run(
    job: Job,
    progress: bool = True,
    path: str | PathLike[str] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Result:
    """Train the network of a job; an interrupt (Ctrl-C) ends the training early and keeps what was learned.

    Args:
        job: made by `prepare`.
        progress: show a progress bar on a terminal.
        path: where a checkpoint is written after each epoch.
        resume: the state of a training to continue; see `resumed`.
    """
    loss = losses.by_name(job.settings.loss)
    snapshots = [_snapshot(job, 0, None)] if job.on_a_plane and resume is None else []
    started = perf_counter()
    history = fit(
        job.model,
        *job.seen(job.train),
        loss=loss,
        optimizer=job.optimizer,
        epochs=job.settings.epochs,
        batch_size=min(job.settings.batch, len(job.train)),
        seed=job.settings.seed,
        l2=job.settings.l2,
        validation=job.seen(job.held_out) if len(job.held_out) else None,
        progress=progress,
        engine=job.settings.engine,
        schedule=SCHEDULES[job.settings.schedule](job.optimizer, job.settings.epochs),
        checkpoint=_after_an_epoch(job, path, snapshots),
        resume=resume,
    )
    return Result(job, history, perf_counter() - started, snapshots)


def _after_an_epoch(
    job: Job, path: str | PathLike[str] | None, snapshots: list[Snapshot]
) -> Callable[[Mapping[str, Any]], None] | None:
    """Return what writes a checkpoint and takes a snapshot after each epoch; None if neither is wanted."""
    watched = evenly_spaced(job.settings.epochs, SNAPSHOTS) if job.on_a_plane else set()
    if path is None and not watched:
        return None

    def after_an_epoch(state: Mapping[str, Any]) -> None:
        if path is not None:
            job.save(path, state)
        if state["epoch"] in watched:
            snapshots.append(_snapshot(job, state["epoch"], state["history"]["loss"][-1]))

    return after_an_epoch


def _snapshot(job: Job, epoch: int, loss: float | None) -> Snapshot:
    return Snapshot(epoch, loss, [p.data for p in job.model.parameters()])
