"""Early stopping: a training ends when its loss falls no more, with the best weights put back."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import Any

from nn.callbacks import Callback, Epoch, Numbers, Training
from nn.checks import check_column, check_keys, whole_number


@dataclass(frozen=True)
class Best:
    """The lowest loss so far, its epoch, and the weights that had it."""

    loss: float
    epoch: int
    weights: Numbers


class EarlyStopping(Callback):
    """Stops a training some epochs after its best one, whose weights are put back.

    The loss is that of the validation data.  Without them the training samples are gone through once
    more after each epoch: the loss that the epoch recorded was measured while the weights still moved.

    Args:
        patience: stop after this many epochs without a lower loss, at least 1.

    Raises:
        TypeError, ValueError: if the patience is not a whole number from 1 up.
    """

    def __init__(self, patience: int) -> None:
        self.patience = whole_number("patience", patience)
        self.best: Best | None = None

    def on_train_begin(self, training: Training) -> None:
        if not training.history:
            self.best = None
        self._stop_if_long_past(training)

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        loss = training.evaluate() if epoch.val_loss is None else epoch.val_loss
        if isfinite(loss) and (self.best is None or loss < self.best.loss):
            now = training.weights()
            numbers = array("d", now.tobytes() if hasattr(now, "tobytes") else now)  # bytes are read faster
            self.best = Best(loss, epoch.number, numbers)
        self._stop_if_long_past(training)

    def on_train_end(self, training: Training) -> None:
        if self.best is not None:
            training.restore(self.best.weights, self.best.epoch)

    def on_save(self, training: Training) -> dict[str, Any]:
        return {"best": None if self.best is None else dict(vars(self.best))}

    def on_resume(self, training: Training, state: Any) -> None:
        check_keys("the state of early stopping", state, ("best",))
        self.best = _best(state["best"], len(training.model.parameters()))

    def _stop_if_long_past(self, training: Training) -> None:
        best = 0 if self.best is None else self.best.epoch
        if len(training.history) - best >= self.patience:
            training.stop(f"no lower loss in {self.patience} epochs")

    def __repr__(self) -> str:
        return f"EarlyStopping({self.patience})"


def _best(best: Any, parameters: int) -> Best | None:
    if best is None:
        return None
    check_keys("the best of a state", best, ("loss", "epoch", "weights"))
    if not isinstance(best["loss"], Real) or not isfinite(best["loss"]):
        raise ValueError(f"the loss of the best epoch is a finite number; got {best['loss']!r}")
    weights = check_column("the best weights", best["weights"], parameters)
    return Best(float(best["loss"]), whole_number("the best epoch", best["epoch"], at_least=0), weights)
