"""History: what a training did, epoch by epoch."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from math import exp
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

from autograd.files.atomic_write import write_whole
from autograd.notation.numbers import counted
from nn.callbacks import Callback, Epoch, Training

if TYPE_CHECKING:
    from nn.seeing.style import Plot


@dataclass
class History(Callback, Sequence[Epoch]):
    """What `fit` returns: a sequence of `Epoch`s, with columns by name and a plot.

    It is the first callback of every training.

    Attributes:
        epochs: one record per epoch.
        engine: what computed it: ``tape`` or ``eager``.
        engine_note: why ``engine="auto"`` did not take the tape, or why NumPy replayed it; "" for machine
            code.
        interrupted: whether it was stopped by Ctrl-C; the last, unfinished epoch has no record.
        stopped: why it ended before the last epoch; "" if it did not.
        best_epoch: the number of the epoch whose weights were restored; None without `EarlyStopping`.
        state: what it takes to continue after the last epoch, for `Resume`; None if the loss was no
            longer finite.

    >>> history = History([Epoch(1, 0.9), Epoch(2, 0.4)])
    >>> history["loss"], history[-1].number
    ([0.9, 0.4], 2)
    >>> history
    History: 2 epochs, loss 0.9 → 0.4, on the eager engine
    """

    epochs: list[Epoch] = field(default_factory=list)
    engine: str = "eager"
    engine_note: str = ""
    interrupted: bool = False
    stopped: str = ""
    best_epoch: int | None = None
    state: dict[str, Any] | None = field(default=None, compare=False)
    patient = True

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        self.epochs.append(epoch)

    def __len__(self) -> int:
        return len(self.epochs)

    def __iter__(self) -> Iterator[Epoch]:
        return iter(self.epochs)

    @overload
    def __getitem__(self, key: str) -> list[Any]: ...
    @overload
    def __getitem__(self, key: int) -> Epoch: ...
    @overload
    def __getitem__(self, key: slice) -> list[Epoch]: ...
    def __getitem__(self, key: Any) -> Any:
        """Return an epoch's record by its position from 0, or a column by its name: ``history["loss"]``.

        ``perplexity`` and ``val_perplexity`` are e to the power of the loss: where that is the mean of
        −ln p over what was to be predicted, among as many equally likely things the model wavers.

        Raises:
            KeyError: if there is no such column.
        """
        if not isinstance(key, str):
            return self.epochs[key]
        if key in PERPLEXITIES:
            return [None if x is None else exp(min(x, LARGEST)) for x in self[PERPLEXITIES[key]]]
        if key not in COLUMNS:
            raise KeyError(f"no column {key!r}; known are {', '.join([*COLUMNS, *PERPLEXITIES])}")
        return [getattr(epoch, key) for epoch in self.epochs]

    @property
    def columns(self) -> list[str]:
        """The names of the columns that hold anything."""
        return [name for name in COLUMNS if any(x is not None for x in self[name])]

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write one line per epoch under a line of column names."""
        text = StringIO()
        writer = csv.DictWriter(text, self.columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(epoch._asdict() for epoch in self.epochs)
        write_whole(path, text.getvalue())

    def plot(self) -> Plot:
        """Plot the loss of each epoch, and below it the accuracy if there is one: `nn.seeing.curve_plots`.

        Raises:
            ImportError: if matplotlib is not installed.
        """
        from nn.seeing import curves

        return curves({name: self[name] for name in self.columns}, self.best_epoch)

    def __repr__(self) -> str:
        parts = [counted(len(self), "epoch")]
        for name in self.columns[1:]:
            first, last = self[name][0], self[name][-1]
            parts.append(f"{name} {first:.4g} → {last:.4g}")
        on = "on the eager engine" if self.engine == "eager" else "on the tape"
        parts.append(f"{on} ({self.engine_note})" if self.engine_note else on)
        if self.interrupted:
            parts.append("interrupted")
        if self.stopped:
            parts.append(f"stopped: {self.stopped}")
        return f"History: {', '.join(parts)}"


PERPLEXITIES = {"perplexity": "loss", "val_perplexity": "val_loss"}
"""The measures that are computed from a column, and from which."""

LARGEST = 700.0
"""A greater loss than this has no perplexity of its own: the double ends."""

COLUMNS = Epoch._fields
"""The names of the columns of a history."""
