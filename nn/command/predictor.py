"""Predictions in the user's units, and ``python -m nn predict``, which makes them from a file."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from os import PathLike
from typing import Any

from autograd.files.reading import naming_file
from autograd.files.tensorfile import CheckpointError
from autograd.notation.command_line import say
from autograd.notation.numbers import counted
from nn.checks import import_extra
from nn.command.output_heads import Head, head
from nn.data.dataset import Dataset
from nn.data.plan import Plan
from nn.data.scaling import Scaler
from nn.data.table_files import read_table
from nn.module import Module
from nn.outputs import largest
from nn.predictions import outputs_of
from nn.saving.checkpoint import Checkpoint


@dataclass(frozen=True)
class Predictor:
    """A network with what its inputs and outputs mean.

    Attributes:
        model: the network.
        scaler: brings the inputs to the size that the network sees.
        head: what the last layer means.
        classes: their names; None for a regression.
    """

    model: Module
    scaler: Scaler
    head: Head
    classes: Sequence[str] | None

    def support(self, X: Any) -> list[list[float]]:
        """Return for each row, in the data's own units, how far each class is supported, or [prediction]."""
        supports: list[list[float]] = self.head.support(self._outputs(X)).tolist()
        return supports

    def predict(self, X: Any) -> list[float]:
        """Return for each row the index of its class, or for a regression the prediction in its own units."""
        return self.read(self._outputs(X))

    def read(self, outputs: Any) -> list[float]:
        """Return what an array of the network's outputs, one row per sample, predicts."""
        if self.head.outputs > 1:  # the largest output has the largest support
            largest_of_each: list[float] = outputs.argmax(axis=1).tolist()
            return largest_of_each
        supports = self.head.support(outputs).tolist()
        if self.classes is None:
            return [prediction for (prediction,) in supports]
        return [largest(support) for support in supports]

    def _outputs(self, X: Any) -> Any:
        outputs = outputs_of(self.model, self.scaler.transform(X))
        return import_extra("numpy", "a prediction").reshape(outputs, (len(X), self.head.outputs))


def read_predictor(path: str | PathLike[str]) -> tuple[Predictor, Plan, str]:
    """Return the network in a file that a training saved, the plan of its table, and its target's name.

    Raises:
        OSError: if the file cannot be read.
        CheckpointError: if it is not such a file, or is damaged.
    """
    checkpoint = Checkpoint.read(path)
    with naming_file(path, CheckpointError):
        model, told = checkpoint.model(), checkpoint.notes
        try:
            plan, target = Plan.from_json(told["plan"]), str(told["target"])
            classes = None if told["classes"] is None else tuple(map(str, told["classes"]))
            data = Dataset("data", [], [], plan.features, target, classes)
            mean, std = map(float, told["units"])
            scaler = Scaler(tuple(map(float, told["mean"])), tuple(map(float, told["std"])))
            if len(plan.features) == len(scaler.mean) == len(scaler.std):
                last = head(data, told["settings"]["loss"], (mean, std))
                return Predictor(model, scaler, last, classes), plan, target
        except (KeyError, TypeError, ValueError):
            pass
        raise CheckpointError(
            "it does not say how a table is read; python -m nn train TABLE --save FILE writes one that does"
        )


def predict_table(model: str | PathLike[str], table: str | PathLike[str]) -> None:
    """Print as CSV what the network in a file predicts for each row of a table.

    The columns are the target and, of classes, how far the one predicted is supported (0 … 1).  A row that
    is left out has empty cells.

    Raises:
        OSError: if a file cannot be read.
        ImportError: if pandas or NumPy is not installed.
        ValueError: if the file holds no such network, or the table does not have its columns.
    """
    predictor, plan, target = read_predictor(model)
    with naming_file(table):
        frame, said = read_table(table)
        frame, more = plan.fitting(frame, target)
        X, left_out = plan.rows(frame)
    said += more
    if left_out.any():
        said.append(f"{counted(int(left_out.sum()), 'row')} with missing cells: no prediction")
    if said:
        say(*(f"note      {note}" for note in said), to=sys.stderr)
    found = zip(predictor.predict(X), predictor.support(X), strict=True) if len(X) else iter(())
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    classes = predictor.classes
    writer.writerow([target] if classes is None else [target, "support"])
    for gone in left_out:
        y, support = (None, []) if gone else next(found)
        if classes is None:
            writer.writerow([y])
        else:
            writer.writerow(["", ""] if y is None else [classes[int(y)], f"{max(support):.6g}"])
    if sys.stdout.isatty():  # of a class's name, nothing is an order to the terminal
        say(*text.getvalue().splitlines())
    else:
        sys.stdout.write(text.getvalue())
