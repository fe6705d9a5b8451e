"""Checkpointing: a training that writes itself to a file after each epoch, and continues from there."""

from __future__ import annotations

import warnings
from os import PathLike
from pathlib import Path
from typing import Any

from autograd.files.atomic_write import check_place, write_whole
from autograd.notation.command_line import in_one_line
from nn.callbacks import Callback, Epoch, Training
from nn.checks import yes_or_no
from nn.saving.checkpoint import Checkpoint, packed, save


class ModelCheckpoint(Callback):
    """Writes the model and the state of its training to a file after each epoch.

    The file is a `nn.Checkpoint`, which appears whole or not at all.  Where it cannot be written (a full
    disk), a warning says so and the training goes on.  The name is that of Keras and Lightning.

    Args:
        path: the file; one that exists is replaced.
        resume: continue the training that is in the file, if it exists.

    Attributes:
        error: why the last epoch is not in the file; "" if it is.

    Raises:
        TypeError: if ``resume`` is neither True nor False.
    """

    comes_last = True

    def __init__(self, path: str | PathLike[str], *, resume: bool = False) -> None:
        self.path, self.resume = Path(path), yes_or_no("resume", resume)
        self.error = ""
        self._saved = False

    def resume_from(self) -> Any:
        if not (self.resume and self.path.exists()):
            return None
        return Checkpoint.read(self.path).training

    def on_train_begin(self, training: Training) -> None:
        check_place(self.path)

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        training.write()
        before, self.error = self.error, ""
        try:
            self._write(training)
        except OSError as error:
            self.error = in_one_line(error)
            if not before:
                said = f"{self.error}; the training goes on after epoch {epoch.number}"
                warnings.warn(said, RuntimeWarning, stacklevel=2)

    def _write(self, training: Training) -> None:
        if self._saved:
            write_whole(self.path, packed(training.model, training=training.state()))
        else:  # which also warns of what no file keeps; once is enough
            save(training.model, self.path, training=training.state())
            self._saved = True
