"""The progress bar of a training, on a terminal and in a notebook, if tqdm is installed."""

from __future__ import annotations

from importlib import import_module
from time import perf_counter
from typing import Any

from nn.callbacks import Callback, Epoch, Training

PERIOD = 0.1
"""The bar is drawn at most once in this many seconds: more often, nobody could follow it."""


class ProgressBar(Callback):
    """Shows how far the training is, and the last epoch's loss and accuracy."""

    patient = True

    def __init__(self) -> None:
        self._bar: Any = None
        self._epoch: Epoch | None = None
        self._batches, self._done, self._due = 1, 0, 0.0

    def on_train_begin(self, training: Training) -> None:
        try:
            tqdm = import_module("tqdm.auto").tqdm
        except ImportError:
            self.idle = True
            return
        self._batches = training.batches
        self._done = len(training.history) * self._batches
        self._bar = tqdm(
            total=training.epochs * self._batches,
            initial=self._done,
            unit="epoch" if self._batches == 1 else "batch",
            disable=None,
        )
        self.idle = bool(self._bar.disable)

    def on_batch_end(self, training: Training, loss: float, samples: int) -> None:
        self._done += 1
        if perf_counter() >= self._due:
            self._show()

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        self._epoch, self._done = epoch, epoch.number * self._batches
        if perf_counter() >= self._due:
            self._show()

    def on_train_end(self, training: Training) -> None:
        if self._bar is not None:
            self._show()
            self._bar.close()

    def say(self, text: str) -> None:
        """Tell what is done just now."""
        if self._bar is not None and not self.idle:
            self._bar.set_postfix_str(text)

    def _show(self) -> None:
        self._bar.set_postfix_str("" if self._epoch is None else _summary(self._epoch), refresh=False)
        self._bar.update(self._done - self._bar.n)
        self._due = perf_counter() + PERIOD


def _summary(epoch: Epoch) -> str:
    """Return the numbers of an epoch in a few words."""
    parts = (("loss", epoch.loss), ("val", epoch.val_loss),
             ("accuracy", epoch.accuracy), ("val", epoch.val_accuracy))  # fmt: skip
    return ", ".join(f"{name} {x:.3g}" for name, x in parts if x is not None)
