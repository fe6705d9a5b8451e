"""A training from the command line, from its first epoch to its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd.notation.signals import Ending
from nn.callbacks import Epoch, Training, evenly_spaced
from nn.command.course import Clock, Ends, Lines, Saving
from nn.command.job import Job
from nn.command.result import Result, Snapshot
from nn.command.settings import SCHEDULES
from nn.losses import Penalised
from nn.training.early_stopping import EarlyStopping
from nn.training.fit import fit
from nn.training.resume import Resume

SNAPSHOTS = 30
"""About this many snapshots are taken of a network that can be drawn while it learns."""


def run(
    job: Job,
    progress: str = "none",
    saving: Saving | None = None,
    resume: Mapping[str, Any] | None = None,
    ending: Ending | None = None,
) -> Result:
    """Train the network of a job; an interrupt (Ctrl-C) ends the training early and keeps what was learned.

    Args:
        job: made by `prepare`.
        progress: one of `nn.command.course.PROGRESS`.
        saving: keeps the training in a file after each epoch.
        resume: the state of a training to continue; see `resumed`.
        ending: tells whether the training is to end early.
    """
    snapshots = [_snapshot(job, 0, None)] if job.on_a_plane and resume is None else []
    watched = evenly_spaced(job.settings.epochs, SNAPSHOTS) if job.on_a_plane else set()

    def after_an_epoch(training: Training, epoch: Epoch) -> None:
        if epoch.number in watched:
            snapshots.append(_snapshot(job, epoch.number, epoch.loss))

    clock = Clock()
    schedule = SCHEDULES[job.settings.schedule](job.optimizer, job.settings.epochs)
    best = job.settings.keep == "best" and len(job.held_out) > 0
    callbacks: list[Any] = [
        EarlyStopping(job.settings.epochs) if best else None,
        schedule,
        saving,
        after_an_epoch if watched else None,
        Lines() if progress == "lines" else None,
        None if resume is None else Resume(resume),
        None if ending is None else Ends(ending),
        clock,
    ]
    history = fit(
        job.model,
        *job.seen(job.train),
        loss=Penalised(job.settings.loss, l2=job.settings.l2),
        optimizer=job.optimizer,
        epochs=job.settings.epochs,
        batch_size=min(job.settings.batch, len(job.train)),
        seed=job.settings.seed,
        validation=job.seen(job.held_out) if len(job.held_out) else None,
        progress=progress == "bar",
        engine=job.settings.engine,
        dtype=job.settings.dtype,
        threads=job.settings.threads,
        callbacks=[callback for callback in callbacks if callback is not None],
    )
    return Result(job, history, clock.seconds, snapshots)


def _snapshot(job: Job, epoch: int, loss: float | None) -> Snapshot:
    return Snapshot(epoch, loss, [p.data for p in job.model.parameters()])
