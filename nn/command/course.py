"""What goes with a training from the command line: its clock, its lines, its file, and its early end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from os import PathLike
from pathlib import Path
from time import perf_counter
from typing import Any

from autograd.files.atomic_write import check_place
from autograd.notation.command_line import in_one_line, refuse, say
from autograd.notation.numbers import number
from autograd.notation.signals import Ending, code_of
from nn.callbacks import Callback, Epoch, Training, evenly_spaced
from nn.checks import one_of
from nn.saving.checkpoint import is_checkpoint
from nn.training.history import History

PROGRESS = {
    "bar": "a bar on a terminal",
    "lines": "a line now and then",
    "none": "nothing",
}
"""How a training shows how far it is."""
LINES = 20
"""At most this many epochs get a line."""


class Ends(Callback):
    """Ends a training between two steps if the program was told to end."""

    patient = True

    def __init__(self, ending: Ending) -> None:
        self.ending = ending

    def on_batch_end(self, training: Training, loss: float, samples: int) -> None:
        self.ending.check()

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        self.ending.check()


class Clock(Callback):
    """Measures how long a training takes, without what is compiled before it.

    Attributes:
        seconds: from the first step on.
    """

    idle = True
    seconds = 0.0

    def on_train_begin(self, training: Training) -> None:
        self.seconds = -perf_counter()

    def on_train_end(self, training: Training) -> None:
        self.seconds += perf_counter()


class Lines(Callback):
    """Prints a line for some of the epochs, evenly spaced, the last one among them."""

    patient = True

    def on_train_begin(self, training: Training) -> None:
        self.shown = evenly_spaced(training.epochs, LINES)

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        if epoch.number in self.shown:
            held_out = "" if epoch.val_loss is None else f", held out {number(epoch.val_loss)}"
            say(f"epoch {epoch.number:5,}  loss {number(epoch.loss)}{held_out}")


class Saving(Callback):
    """Keeps a training in a file after each epoch; where that fails, it says so and the training goes on.

    Args:
        path: the file.
        save: writes the model and a state there.

    Attributes:
        error: why the last state is not in the file; "" if it is.
    """

    comes_last = True

    def __init__(self, path: str | PathLike[str], save: Callable[[Any, Any], None]) -> None:
        self.path, self._save = path, save
        self.error = ""

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        training.write()
        before = self.error
        self.keep(training.state())
        if self.error and not before:
            say(f"warning: {self.error}; the training goes on", to=sys.stderr)

    def keep(self, state: Any) -> None:
        """Write a state, or note why it cannot be written."""
        try:
            self._save(self.path, state)
            self.error = ""
        except OSError as error:
            self.error = in_one_line(error)


def kept(saving: Saving | None, history: History, anew: bool) -> int:
    """Say where a training is kept, or why it is not; return the exit code of the program so far.

    Args:
        saving: what kept it; None if nothing was to be kept.
        history: the training.
        anew: whether it has come to the end of an epoch.
    """
    if saving is not None:
        if history.state is not None and (saving.error or history.best_epoch is not None):
            saving.keep(history.state)  # there may be room by now; the best weights were put back at the end
        if saving.error:
            return refuse(saving.error)
        if anew:
            say(f"saved     {saving.path}")
    return code_of(KeyboardInterrupt()) if history.interrupted else 0


def given_of(arguments: Any, settings: Any) -> dict[str, Any]:
    """Return what was given of a class of settings, by name."""
    return {f.name: x for f in fields(settings) if (x := getattr(arguments, f.name, None)) is not None}


def shown(progress: str | None) -> str:
    """Return how a training shows how far it is: as chosen, else with a bar on a terminal, and with lines.

    Raises:
        ValueError: if there is no such way.
    """
    if progress is None:
        return "bar" if sys.stderr.isatty() else "lines"
    return one_of("progress", progress, {name: name for name in PROGRESS})


def save_here(path: str | PathLike[str], report: Path | None = None) -> None:
    """Refuse to save where nothing can be, or where something else is or will be; nothing is changed.

    Raises:
        OSError: if so.
    """
    check_place(path, is_checkpoint)
    if report is not None and Path(path).resolve().is_relative_to(report.resolve()):
        raise OSError(f"{path} is in the folder of the report, which replaces all in it; save elsewhere")
