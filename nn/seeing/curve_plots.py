"""Curves: what a training did epoch by epoch, and the predictions of a regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, nan
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from autograd.notation.numbers import number
from nn.checks import check_lengths
from nn.data.samples import features
from nn.predictions import outputs_of
from nn.seeing.style import Look, Plot, legend_above, plot

Numbers = Sequence[float]

DASHES: tuple[Any, ...] = ("-", (0, (4, 1.6)), (0, (1, 1.4)), (0, (7, 2, 1, 2)), (0, (2, 1)))
FINE = 300
"""The line of a network is drawn in this many pieces."""

MOST = 1e200
"""A cost beyond this has run away: it is not drawn, since a scale that reached it would overflow."""


def curves(columns: Mapping[str, Numbers], best_epoch: int | None = None) -> Plot:
    """Plot the loss of each epoch, and below it the accuracy if there is one.

    Args:
        columns: what was recorded of each epoch: ``loss``, and as far as they are there ``accuracy``,
            ``val_loss`` and ``val_accuracy``.
        best_epoch: the number of an epoch to mark.

    >>> curves({"loss": [0.9, 0.4]})
    <plot: the training, epoch by epoch>
    """
    quantities = [name for name in ("loss", "accuracy") if name in columns] or ["loss"]

    def draw(figure: Figure, look: Look) -> None:
        for name, (axes,) in zip(quantities, figure.subplots(len(quantities), squeeze=False), strict=True):
            in_training, held_out = columns.get(name, ()), columns.get(f"val_{name}", ())
            _draw_course(axes, look, in_training, held_out, name, "validation")
            _mark(axes, look, best_epoch)

    return Plot("the training, epoch by epoch", (6.4, 3.4 * len(quantities)), draw)


@plot("the loss, epoch by epoch", 6.4, 5.2)
def loss_curve(
    figure: Figure, look: Look, train: Numbers, held_out: Numbers, cost: str, best_epoch: int | None = None
) -> None:
    """Plot the cost of each epoch.

    Args:
        train: one cost per epoch.
        held_out: the same of the held-out data; it may be empty.
        cost: the name of the cost, for the axis.
        best_epoch: the number of an epoch to mark.
    """
    axes = figure.subplots()
    _draw_course(axes, look, train, held_out, cost, "held out")
    _mark(axes, look, best_epoch)


def _mark(axes: Axes, look: Look, best_epoch: int | None) -> None:
    if best_epoch is not None:
        axes.axvline(best_epoch, color=look.muted, linestyle=":", linewidth=1.2)
        place = (best_epoch, 0.02)
        axes.annotate(" best", place, xycoords=axes.get_xaxis_transform(), color=look.muted)


def _draw_course(
    axes: Axes, look: Look, train: Numbers, held_out: Numbers, quantity: str, held_out_name: str
) -> None:
    """Draw a quantity by epoch, on a log scale where it falls through more than a decade and a half."""
    dashed: Any = (0, (4, 1.6))
    for numbers, name, colour, dash in (
        (train, "training", look.series[0], "-"),
        (held_out, held_out_name, look.series[1], dashed),
    ):
        if numbers:
            numbers = [x if abs(x) < MOST else nan for x in numbers]
            epochs, marker = range(1, len(numbers) + 1), "o" if len(numbers) < 3 else None
            axes.plot(epochs, numbers, color=colour, linestyle=dash, linewidth=1.8, marker=marker, label=name)
    finite = [x for x in (*train, *held_out) if abs(x) < MOST]
    if quantity != "accuracy" and finite and 0 < 30 * min(finite) < max(finite):
        logarithmic(axes, finite)
    axes.grid(axis="y")
    axes.set_xlabel("epoch")
    axes.set_ylabel(quantity)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.01)
    if train or held_out:
        legend_above(axes)
    else:
        axes.text(0.5, 0.5, "no epoch was completed", transform=axes.transAxes, ha="center", color=look.muted)


def logarithmic(axes: Axes, numbers: Numbers, wide: float = 300, most: int | None = None) -> None:
    """Set a log scale for these numbers (above 0), written as numbers rather than as powers.

    Between the powers 2 and 5 are written too unless the numbers are ``wide`` apart.
    """
    axes.set_yscale("log")
    between = (1.0, 2.0, 5.0) if max(numbers) < wide * min(numbers) else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(subs=between, numticks=most))
    axes.yaxis.set_major_formatter(lambda y, position: number(y))
    axes.yaxis.set_minor_formatter(lambda y, position: "")


def lines(named: Mapping[str, tuple[Numbers, Numbers]], x: str = "x", y: str = "y") -> Plot:
    """Plot lines in one picture, told apart by colour and by dash.

    Args:
        named: by each line's name its xs and its ys.
        x, y: the names of the axes.

    Raises:
        ValueError: if a line has more xs than ys, or fewer.

    >>> lines({"a line": ([0, 1], [1, 2])})
    <plot: lines>
    """
    for name, (xs, ys) in named.items():
        if len(xs) != len(ys):
            raise ValueError(f"the line {name!r} has {len(xs)} xs and {len(ys)} ys")

    def draw(figure: Figure, look: Look) -> None:
        axes = figure.subplots()
        for k, (name, (xs, ys)) in enumerate(named.items()):
            colour = look.series[k % len(look.series)]
            axes.plot(xs, ys, color=colour, linestyle=DASHES[k % len(DASHES)], linewidth=2, label=name)
        axes.grid(axis="y")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        if len(named) > 1:
            legend_above(axes)

    ends = [
        f"{name} from {number(float(ys[0]))} to {number(float(ys[-1]))}"
        for name, (_, ys) in named.items()
        if len(ys)
    ]
    return Plot("lines", (6.4, 3.6), draw, f"{y} over {x}: {'; '.join(ends) or 'no line'}")


def fitted(models: Mapping[str, Any], X: Any, y: Any) -> Plot:
    """Plot what networks of one input and one output have made of the samples: one picture each.

    Args:
        models: the networks, by the titles of their pictures.
        X: one number per sample, as a row of one.
        y: one number per sample.

    Raises:
        TypeError, ValueError: if the samples are not such samples, or do not suit a network.

    >>> from nn import MLP
    >>> fitted({"a network": MLP(1, [1], seed=0)}, [[0.0], [1.0]], [0.5, 1.0])
    <plot: what was fitted>
    """
    xs = [float(row[0]) for row in features(X, columns=1)]
    check_lengths(xs, y)
    low, high = min(xs), max(xs)
    between = [low + (high - low) * k / FINE for k in range(FINE + 1)]
    courses = {
        name: [float(row[0]) for row in outputs_of(model, [[x] for x in between])]
        for name, model in models.items()
    }
    columns = min(3, len(courses))
    rows = ceil(len(courses) / columns)

    def draw(figure: Figure, look: Look) -> None:
        places = [*figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat]
        for axes, (name, course) in zip(places, courses.items(), strict=False):
            axes.scatter(xs, y, s=9, color=look.muted, alpha=0.55, linewidths=0)
            axes.plot(between, course, color=look.series[0], linewidth=2)
            axes.grid(axis="y")
            axes.set_title(name)
        for axes in places[len(courses) :]:
            axes.set_axis_off()

    return Plot("what was fitted", (max(4.0, 3.1 * columns), 2.2 * rows + 0.2), draw)


@plot("predictions against the truth", 6.4, 5.2)
def predicted_against_true(
    figure: Figure, look: Look, train: tuple[Numbers, Numbers], held_out: tuple[Numbers, Numbers], target: str
) -> None:
    """Plot each prediction over what was true; on the diagonal the two agree.

    Args:
        train, held_out: (true, predicted) in the target's own units; the second may be empty.
        target: its name.
    """
    axes = figure.subplots()
    every = [*train[0], *held_out[0]]
    low, high = min(every), max(every)
    axes.plot([low, high], [low, high], color=look.muted, linewidth=1, linestyle=(0, (1, 2)))
    blue, orange = look.series[:2]
    axes.scatter(*train, s=16, color=blue, alpha=0.5, linewidths=0, label="training")
    if held_out[0]:
        axes.scatter(
            *held_out, s=30, marker="s", facecolor=orange, edgecolor=look.ink, linewidths=0.8,
            label="held out",
        )  # fmt: skip
    axes.grid()
    axes.set_xlabel(f"true {target}")
    axes.set_ylabel(f"predicted {target}")
    legend_above(axes)


MOST_RANKED = 40
"""At most this many rows of scores are drawn, the first ones."""


def scores(names: Sequence[str], rows: Sequence[Numbers], what: str) -> Plot:
    """Plot rows of scores below each other, each with its mean.

    Args:
        names: what each row is of.
        rows: the scores.
        what: what they measure.

    >>> scores(["16 neurons", "8 neurons"], [[0.9, 0.95], [0.8, 0.85]], "accuracy")
    <plot: accuracy of 2 settings>
    """
    drawn = range(min(len(rows), MOST_RANKED))

    def draw(figure: Figure, look: Look) -> None:
        axes = figure.subplots()
        for k in drawn:
            mean = sum(rows[k]) / len(rows[k])
            axes.plot(rows[k], [k] * len(rows[k]), "o", color=look.muted, markersize=4, fillstyle="none")
            axes.plot([mean], [k], "D", color=look.ink, markersize=5)
        axes.set_yticks(drawn, [names[k] for k in drawn])
        axes.set_ylim(len(drawn) - 0.5, -0.5)
        axes.grid(axis="x")
        axes.set_xlabel(f"{what}: each fold, and their mean")

    return Plot(f"{what} of {len(rows)} settings", (8.4, 1.2 + 0.24 * len(drawn)), draw)
