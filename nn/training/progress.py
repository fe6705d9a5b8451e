"""The progress bar of a training, on a terminal and in a notebook, if tqdm is installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nn.callbacks import Callback, Epoch, Training


class ProgressBar(Callback):
    """Shows how far the training is, and the last epoch's loss and accuracy."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_train_begin(self, training: Training) -> None:
        try:
            tqdm = import_module("tqdm.auto").tqdm
        except ImportError:
            return
        batches = training.batches
        self._bar = tqdm(
            total=training.epochs * batches,
            initial=len(training.history) * batches,
            unit="epoch" if batches == 1 else "batch",
            disable=None,
        )

    def on_batch_end(self, training: Training, loss: float, samples: int) -> None:
        if self._bar is not None:
            self._bar.update()

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(_summary(epoch), refresh=False)

    def on_train_end(self, training: Training) -> None:
        if self._bar is not None:
            self._bar.close()


def _summary(epoch: Epoch) -> str:
    """Return the numbers of an epoch in a few words."""
    parts = (("loss", epoch.loss), ("val", epoch.val_loss),
             ("accuracy", epoch.accuracy), ("val", epoch.val_accuracy))  # fmt: skip
    return ", ".join(f"{name} {x:.3g}" for name, x in parts if x is not None)
