"""Checkpointing: a training that writes itself to a file after each epoch, and continues from there."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from nn.callbacks import Callback, Epoch, Training
from nn.checks import yes_or_no
from nn.saving.atomic_write import write_whole
from nn.saving.checkpoint import Checkpoint, packed, save


class ModelCheckpoint(Callback):
    """Writes the model and the state of its training to a file after each epoch.

    The file is a `nn.Checkpoint`, which appears whole or not at all.  The name is that of Keras and
    Lightning.

    Args:
        path: the file; one that exists is replaced.
        resume: continue the training that is in the file, if it exists.

    Raises:
        TypeError: if ``resume`` is neither True nor False.
    """

    comes_last = True

    def __init__(self, path: str | PathLike[str], *, resume: bool = False) -> None:
        self.path, self.resume = Path(path), yes_or_no("resume", resume)
        self._saved = False

    def resume_from(self) -> Any:
        if not (self.resume and self.path.exists()):
            return None
        return Checkpoint.read(self.path).training

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        training.write()
        if self._saved:
            write_whole(self.path, packed(training.model, training=training.state()))
        else:  # which also warns of what no file keeps; once is enough
            save(training.model, self.path, training=training.state())
            self._saved = True
