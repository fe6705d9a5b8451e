"""A training from the command line, from its first epoch to its result."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from time import perf_counter
from typing import Any

from nn.callbacks import Epoch, Training, evenly_spaced
from nn.command.job import Job
from nn.command.result import Result, Snapshot
from nn.command.settings import SCHEDULES
from nn.losses import Penalised
from nn.training.fit import fit
from nn.training.resume import Resume

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
    snapshots = [_snapshot(job, 0, None)] if job.on_a_plane and resume is None else []
    watched = evenly_spaced(job.settings.epochs, SNAPSHOTS) if job.on_a_plane else set()

    def after_an_epoch(training: Training, epoch: Epoch) -> None:
        if path is not None:
            job.save(path, training.state())
        if epoch.number in watched:
            snapshots.append(_snapshot(job, epoch.number, epoch.loss))

    callbacks: list[Any] = [after_an_epoch] if path is not None or watched else []
    schedule = SCHEDULES[job.settings.schedule](job.optimizer, job.settings.epochs)
    if schedule is not None:
        callbacks.append(schedule)
    if resume is not None:
        callbacks.append(Resume(resume))
    started = perf_counter()
    history = fit(
        job.model,
        *job.seen(job.train),
        loss=Penalised(job.settings.loss, l2=job.settings.l2),
        optimizer=job.optimizer,
        epochs=job.settings.epochs,
        batch_size=min(job.settings.batch, len(job.train)),
        seed=job.settings.seed,
        validation=job.seen(job.held_out) if len(job.held_out) else None,
        progress=progress,
        engine=job.settings.engine,
        dtype=job.settings.dtype,
        threads=job.settings.threads,
        callbacks=callbacks,
    )
    return Result(job, history, perf_counter() - started, snapshots)


def _snapshot(job: Job, epoch: int, loss: float | None) -> Snapshot:
    return Snapshot(epoch, loss, [p.data for p in job.model.parameters()])
