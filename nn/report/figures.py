"""The report's plots, by matplotlib, as SVG that takes its colours from the page.

Each figure is drawn in the colours of the light page; in the SVG every one of them becomes a CSS
variable with that colour to fall back on, so that the same file is right on a dark page as well.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from io import StringIO
from math import isfinite
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from autograd.wording import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Given = ParamSpec("Given")

INK, MUTED, RULE, PAPER = "#1b1b1b", "#5f6368", "#dcdee1", "#fefefe"
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#f0e442",
)
SERIES = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, SKY, YELLOW, MUTED)
"""Okabe and Ito's palette: told apart with any colour vision, and never without a shape beside it."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    RULE: "--rule",
    PAPER: "--card",
    BLUE: "--blue",
    ORANGE: "--orange",
    GREEN: "--green",
    VERMILION: "--vermilion",
    PURPLE: "--purple",
    SKY: "--sky",
    YELLOW: "--yellow",
}
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it is selectable and takes the page's font
    "svg.hashsalt": "chainrule",  # the same plot gives the same file
    "font.size": 10,
    "text.parse_math": False,  # a column may be called "$"
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "legend.frameon": False,
    "legend.fontsize": 9,
}


@dataclass(frozen=True)
class Points:
    """Points of the plane, each of a class and rightly classified or not."""

    xs: Sequence[float]
    ys: Sequence[float]
    labels: Sequence[int]
    right: Sequence[bool]


def _plot(
    width: float, height: float
) -> Callable[[Callable[Concatenate[Axes, Given], None]], Callable[Given, str]]:
    """Turn a function that draws on axes into one that gives the SVG (sizes in inches)."""

    def decorate(draw: Callable[Concatenate[Axes, Given], None]) -> Callable[Given, str]:
        @wraps(draw)
        def plot(*args: Given.args, **kwargs: Given.kwargs) -> str:
            import matplotlib
            from matplotlib.figure import Figure

            with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Glyph")  # the browser has other fonts
                figure = Figure(figsize=(width, height), layout="constrained")
                draw(figure.subplots(), *args, **kwargs)
                text = StringIO()
                figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
            return _themed(text.getvalue())

        return plot

    return decorate


def _themed(svg: str) -> str:
    """The ``<svg>`` element alone, its colours replaced by the page's variables."""
    svg = svg[svg.index("<svg ") :]
    return re.sub("|".join(VARIABLES), lambda colour: f"var({VARIABLES[colour[0]]}, {colour[0]})", svg)


@_plot(6.4, 5.2)
def loss_curve(axes: Axes, train: Sequence[float], held_out: Sequence[float], cost: str) -> None:
    """The cost after each epoch, on a log scale where it falls through more than a decade and a half.

    Args:
        train: one cost an epoch.
        held_out: the same of the held-out data; may be empty.
        cost: the name of the cost, for the axis.
    """
    from matplotlib.ticker import LogLocator, MaxNLocator

    for costs, name, colour, dash in (
        (train, "training", BLUE, "-"),
        (held_out, "held out", ORANGE, (0, (4, 1.6))),
    ):
        if costs:
            marker = "o" if len(costs) < 3 else None
            axes.plot(
                range(1, len(costs) + 1),
                costs,
                color=colour,
                linestyle=dash,
                linewidth=1.8,
                marker=marker,
                label=name,
            )
    finite = [cost for cost in (*train, *held_out) if isfinite(cost)]
    if finite and 0 < 30 * min(finite) < max(finite):
        axes.set_yscale("log")
        between = (1.0, 2.0, 5.0) if max(finite) < 300 * min(finite) else (1.0,)
        axes.yaxis.set_major_locator(LogLocator(subs=between))
        axes.yaxis.set_major_formatter(lambda y, position: number(y))
        axes.yaxis.set_minor_formatter(lambda y, position: "")
    axes.grid(axis="y")
    axes.set_xlabel("epoch")
    axes.set_ylabel(cost)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(x=0.01)
    if train or held_out:
        axes.legend(loc="upper right")
    else:
        axes.text(0.5, 0.5, "no epoch was completed", transform=axes.transAxes, ha="center", color=MUTED)


@_plot(6.4, 5.2)
def decision_boundary(
    axes: Axes,
    xs: Sequence[float],
    ys: Sequence[float],
    support: Any,
    names: Sequence[str],
    axis_names: tuple[str, str],
    train: Points,
    held_out: Points,
) -> None:
    """Which class the network gives to every point of the plane, and the data.

    Args:
        xs, ys: the coordinates of a grid.
        support: an array (classes, ys, xs): how far the network supports each class, 0 … 1.
        names: the classes.
        axis_names: the two features.
        train, held_out: the data; held-out points are ringed.
    """
    import numpy as np

    for k in range(len(names)):
        lead = support[k] - np.max(np.delete(support, k, axis=0), axis=0)
        colour = SERIES[k % len(SERIES)]
        for level in (0.0, 0.5, 0.9):
            if np.any(lead > level):
                axes.contourf(xs, ys, lead, levels=[level, 2.0], colors=[colour], alpha=0.13)
        if lead.min() < 0 < lead.max():
            axes.contour(xs, ys, lead, levels=[0.0], colors=[INK], linewidths=1.2)
    size = min(90.0, max(14.0, 5000 / (len(train.xs) + len(held_out.xs))))
    for k, name in enumerate(names):
        _scatter(axes, train, k, name, size, ringed=False)
        _scatter(axes, held_out, k, name, size, ringed=True)
    _mark_wrong(axes, train, held_out)
    axes.set_xlabel(axis_names[0])
    axes.set_ylabel(axis_names[1])
    axes.set_xlim(min(xs), max(xs))
    axes.set_ylim(min(ys), max(ys))
    columns = min(4, len(axes.get_legend_handles_labels()[0]))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, handletextpad=0.2)


@_plot(6.4, 5.2)
def predicted_against_true(
    axes: Axes,
    train: tuple[Sequence[float], Sequence[float]],
    held_out: tuple[Sequence[float], Sequence[float]],
    target: str,
) -> None:
    """Each prediction over what was true; on the diagonal the two agree.

    Args:
        train, held_out: (true, predicted) in the target's own units; the latter may be empty.
        target: its name.
    """
    every = [*train[0], *held_out[0]]
    low, high = min(every), max(every)
    axes.plot([low, high], [low, high], color=MUTED, linewidth=1, linestyle=(0, (1, 2)))
    axes.scatter(*train, s=16, color=BLUE, alpha=0.5, linewidths=0, label="training")
    if held_out[0]:
        axes.scatter(
            *held_out, s=30, facecolor=ORANGE, edgecolor=INK, linewidths=0.8, marker="s", label="held out"
        )
    axes.grid()
    axes.set_xlabel(f"true {target}")
    axes.set_ylabel(f"predicted {target}")
    axes.legend(loc="upper left")


# ------------------------------------------------------------------------------------- workings


def _scatter(axes: Axes, points: Points, k: int, name: str, size: float, ringed: bool) -> None:
    chosen = [i for i, label in enumerate(points.labels) if label == k]
    if chosen:
        axes.scatter(
            [points.xs[i] for i in chosen],
            [points.ys[i] for i in chosen],
            s=1.4 * size if ringed else size,
            marker=MARKERS[k % len(MARKERS)],
            facecolor=SERIES[k % len(SERIES)],
            edgecolor=INK if ringed else PAPER,
            linewidths=1.1 if ringed else 0.5,
            zorder=3,
            label=_legend_name(f"{name}, held out" if ringed else name),
        )


def _legend_name(name: str) -> str:
    """The name, also where matplotlib would take a leading underscore for "not in the legend"."""
    return f"\u200b{name}" if name.startswith("_") else name


def _mark_wrong(axes: Axes, *parts: Points) -> None:
    wrong = [
        (x, y)
        for part in parts
        for x, y, right in zip(part.xs, part.ys, part.right, strict=True)
        if not right
    ]
    if wrong:
        xs, ys = zip(*wrong, strict=True)
        axes.scatter(
            xs, ys, s=110, marker="o", facecolor="none", edgecolor=VERMILION, linewidths=1.6, label="wrong"
        )
