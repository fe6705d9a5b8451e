"""History: what a training did, epoch by epoch."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from nn.seeing.style import Plot


@dataclass(frozen=True)
class Epoch:
    """One pass over the training samples.

    Attributes:
        number: counted from 1.
        loss: the mean over the samples of what was minimised, penalties included, each measured
            just before the step that it led to.
        accuracy: the share of samples classified right, likewise; None where targets are not classes.
        val_loss, val_accuracy: the same of the validation data, after the epoch; None without them.
        lr: the learning rate of its steps, of the first group if there are several; None without a
            schedule.
    """

    number: int
    loss: float
    accuracy: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    lr: float | None = None


@dataclass
class History:
    """What `fit` gives back: a sequence of `Epoch`s, with columns by name and a plot.

    Attributes:
        epochs: one record an epoch.
        engine: what computed it: ``tape`` or ``eager``.
        engine_note: why ``engine="auto"`` did not take the tape; "" if it did.
        interrupted: whether it was stopped by Ctrl-C; the last, unfinished epoch has no record.
        stopped: why it ended before the last epoch; "" if it did not.
        best_epoch: the number of the epoch whose weights were restored; None without ``patience``.
        state: what it takes to go on after the last epoch, for `fit`'s ``resume``; None if the loss
            was no longer finite.

    >>> history = History([Epoch(1, 0.9), Epoch(2, 0.4)])
    >>> history["loss"], history[-1].number
    ([0.9, 0.4], 2)
    >>> history
    History: 2 epochs, loss 0.9 → 0.4
    """

    epochs: list[Epoch] = field(default_factory=list)
    engine: str = "eager"
    engine_note: str = ""
    interrupted: bool = False
    stopped: str = ""
    best_epoch: int | None = None
    state: dict[str, Any] | None = field(default=None, compare=False)

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
        """An epoch's record by position from 0, or a column by name: ``history["loss"]``.

        Raises:
            KeyError: if there is no such column.
        """
        if not isinstance(key, str):
            return self.epochs[key]
        if key not in COLUMNS:
            raise KeyError(f"no column {key!r}; known are {', '.join(COLUMNS)}")
        return [getattr(epoch, key) for epoch in self.epochs]

    @property
    def columns(self) -> list[str]:
        """The names of the columns that hold anything."""
        return [name for name in COLUMNS if any(x is not None for x in self[name])]

    def to_csv(self, path: str | PathLike[str]) -> None:
        """Write one line an epoch under a line of column names."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(epoch) for epoch in self.epochs)

    def plot(self) -> Plot:
        """The loss of each epoch, and below it the accuracy if there is one; see `nn.seeing.curves`.

        Raises:
            ImportError: if matplotlib is not installed.
        """
        from nn.seeing import curves

        return curves(self)

    def __repr__(self) -> str:
        parts = [f"{len(self)} epoch{'' if len(self) == 1 else 's'}"]
        for name in self.columns[1:]:
            first, last = self[name][0], self[name][-1]
            parts.append(f"{name} {first:.4g} → {last:.4g}")
        if self.interrupted:
            parts.append("interrupted")
        if self.stopped:
            parts.append(f"stopped: {self.stopped}")
        return f"History: {', '.join(parts)}"


COLUMNS = tuple(f.name for f in fields(Epoch))


def evenly_spaced(epochs: int, count: int) -> set[int]:
    """So many of the epochs, counted from 1, the last one among them; all if there are no more.

    >>> sorted(evenly_spaced(100, 4))
    [25, 50, 75, 100]
    """
    count = min(epochs, count)
    return {round(k * epochs / count) for k in range(1, count + 1)}
