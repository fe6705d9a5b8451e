"""Feeding: how samples are put to a model, and how its outputs are read; one row of numbers by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import Value
from nn.data.samples import Samples, Table, features, targets
from nn.losses import Loss
from nn.module import mode
from nn.outputs import single_or_list


class Feeding:
    """How a model takes samples of one row of numbers each.

    A Module that takes its samples in another shape has an attribute ``feeding``: an object of a
    subclass of this.  Whatever the shape, features and targets become tables of one row per sample,
    and the model takes such a row.

    Args:
        model: the model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model

    def features(self, X: Any, name: str = "X") -> Table:
        """Return ``X`` as one row per sample, checked.

        Raises:
            TypeError, ValueError: if it does not suit the model; messages call it by ``name``.
        """
        nin = getattr(self.model, "nin", None)
        return features(X, name, nin if isinstance(nin, int) else None)

    def targets(self, y: Any, loss: Loss, rows: Table, name: str = "y") -> tuple[Table, float | None]:
        """Return ``y`` as one row per sample, checked, and the threshold of `nn.data.samples.Samples`.

        Args:
            y: the targets of these rows of features.
            loss: what they are to be compared by.
            rows: what `features` returned.
            name: what messages call it.

        Raises:
            TypeError, ValueError: if they do not suit the model, its outputs or the loss.
        """
        return targets(y, self._outputs(Samples(rows, ()).row(0)), loss, name)

    def _outputs(self, row: list[float]) -> int:
        """Return how many outputs the model has: what it says, or what it gives for a row."""
        nout = getattr(self.model, "nout", None)
        if isinstance(nout, int):
            return nout
        with mode(self.model, training=False):
            prediction = self.model(row)
        if isinstance(prediction, Value):
            return 1
        if isinstance(prediction, Sequence) and all(isinstance(v, Value) for v in prediction):
            return len(prediction)
        raise TypeError(f"a model gives a Value, or a list of them; this one gave {prediction!r}")

    def loss(self, loss: Loss, prediction: Any, target: Any) -> Value:
        """Return the loss of one sample, given what the model predicts for it and its target."""
        return loss(prediction, target)

    def answers(self, row: Sequence[float]) -> list[Sequence[float]]:
        """Return the parts of a row of outputs, or of targets, that are each right or wrong."""
        return [row]

    def shaped(self, row: Sequence[float]) -> Any:
        """Return a row of outputs in the shape in which the model gives them."""
        return single_or_list(row)

    def windows(self, rows: Table) -> Any:
        """Return how samples are cut into windows that are trained on in turn; None if they are not."""
        return None


def feeding_of(model: Any) -> Feeding:
    """Return how this model takes its samples."""
    feeding = getattr(model, "feeding", None)
    return feeding if isinstance(feeding, Feeding) else Feeding(model)
