"""Health: the gradients, the steps and the units of every layer while a network trains."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from autograd.notation.numbers import number
from autograd.seeing.style import mixed
from nn.seeing.style import Look, Plot

if TYPE_CHECKING:
    from nn.health.monitor import Monitor
    from nn.health.records import Record

USUAL_UPDATE = 1e-3
"""The update-to-weight ratio that is often found to go well."""
NAMED = 6
"""Up to so many layers each has an entry in the legend."""


def health(monitor: Monitor) -> Plot:
    """What a monitor recorded: the gradient by layer, and by step the gradients, updates and units.

    Args:
        monitor: with at least one record; see `nn.health.monitor`.
    """
    records = list(monitor.records)
    quantities = _quantities(monitor)

    def draw(figure: Figure, look: Look) -> None:
        panels = figure.subplots(2, 2).flat
        _draw_profile(next(panels), look, records)
        for (words, numbers, logarithmic), axes in zip(quantities, panels, strict=True):
            _draw_by_step(axes, look, records, numbers)
            axes.set_title(words, loc="left", color=look.ink)
            if logarithmic:
                _logarithmic(axes, [x for row in numbers for x in row])
            else:
                axes.set_ylim(-0.03, 1.03)
            _mark_findings(axes, look, monitor)
            if words == UPDATES:
                axes.axhline(USUAL_UPDATE, color=look.muted, linewidth=1, linestyle=(0, (1, 2)))
                axes.annotate(
                    "usual", (1.0, USUAL_UPDATE), xycoords=axes.get_yaxis_transform(), xytext=(-2, 2),
                    textcoords="offset points", ha="right", fontsize=9, color=look.muted,
                )  # fmt: skip
        _name_layers(figure, look, monitor.layers)

    return Plot("the health of each layer", (9.6, 6.6), draw)


GRADIENTS = "norm of the gradient"
UPDATES = "step, as a share of the weights"


def _quantities(monitor: Monitor) -> list[tuple[str, list[list[Any]], bool]]:
    """Three quantities by step: their words, for each layer a row of numbers, and whether on a log scale."""

    def by_layer(name: str) -> list[list[Any]]:
        return [[getattr(r.layers[k], name) for r in monitor.records] for k in range(len(monitor.layers))]

    saturated, dead = by_layer("saturated"), by_layer("dead")
    if any(x is not None for row in saturated for x in row):
        third = ("share of saturated activations", saturated, False)
    elif any(x is not None for row in dead for x in row):
        shares = [[None if x is None else x / monitor.units_in(k) for x in row] for k, row in enumerate(dead)]
        third = ("share of dead ReLUs", shares, False)
    else:
        third = ("norm of the weights", by_layer("weights"), True)
    return [(GRADIENTS, by_layer("gradient"), True), (UPDATES, by_layer("update"), True), third]


def _colour(look: Look, k: int, layers: int) -> str:
    """From blue at the first layer to vermilion at the last."""
    return mixed(look.negative, look.positive, k / max(1, layers - 1))


def _draw_profile(axes: Axes, look: Look, records: Sequence[Record]) -> None:
    """The gradient of every layer, at the first record and at the last finite one."""
    finite = [r for r in records if all(isfinite(layer.gradient) for layer in r.layers)] or records
    layers = range(1, len(records[0].layers) + 1)
    every = []
    for record, dash, marker in ((finite[0], "-", "o"), (finite[-1], (0, (4, 1.6)), "s")):
        sizes = [layer.gradient for layer in record.layers]
        every += sizes
        axes.plot(
            layers, sizes, color=look.ink if marker == "o" else look.muted, linestyle=dash, linewidth=1.4,
            marker=marker, markersize=4 if len(layers) < 15 else 2.5, label=f"step {record.step}",
        )  # fmt: skip
        if finite[0] is finite[-1]:
            break
    axes.set_title(f"{GRADIENTS}, by layer", loc="left", color=look.ink)
    axes.set_xlabel("layer")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y")
    _logarithmic(axes, every)
    axes.legend()


def _draw_by_step(
    axes: Axes, look: Look, records: Sequence[Record], numbers: Sequence[Sequence[Any]]
) -> None:
    steps = [record.step for record in records]
    for k, row in enumerate(numbers):
        if any(x is not None for x in row):
            shown = [x if x is not None and isfinite(x) else float("nan") for x in row]
            marker = "o" if len(steps) < 3 else None
            axes.plot(steps, shown, color=_colour(look, k, len(numbers)), linewidth=1.3, marker=marker)
    axes.set_xlabel("step")
    axes.grid(axis="y")
    axes.margins(x=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _logarithmic(axes: Axes, numbers: Sequence[Any]) -> None:
    """A log scale, if there is anything above 0, written as numbers rather than as powers."""
    above = [x for x in numbers if x is not None and isfinite(x) and x > 0]
    if above:
        axes.set_yscale("log")
        between = (1.0, 2.0, 5.0) if max(above) < 30 * min(above) else (1.0,)
        axes.yaxis.set_major_locator(LogLocator(subs=between, numticks=7))
        axes.yaxis.set_major_formatter(lambda y, position: number(y))
        axes.yaxis.set_minor_formatter(lambda y, position: "")


def _mark_findings(axes: Axes, look: Look, monitor: Monitor) -> None:
    """A dotted line where a sign was seen, with its number in the list of findings."""
    for step in dict.fromkeys(finding.step for finding in monitor.findings):
        which = [str(i) for i, finding in enumerate(monitor.findings, 1) if finding.step == step]
        axes.axvline(step, color=look.negative, linewidth=1, linestyle=(0, (1, 2)))
        axes.annotate(
            ", ".join(which), (step, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(2, -2),
            textcoords="offset points", va="top", fontsize=9, color=look.negative,
        )  # fmt: skip


def _name_layers(figure: Figure, look: Look, layers: Sequence[str]) -> None:
    """The layers' colours below the panels: all of them, or of many the first, the middle and the last."""
    from matplotlib.lines import Line2D

    shown = list(range(len(layers)))
    if len(layers) > NAMED:
        shown = [0, len(layers) // 2, len(layers) - 1]
    lines = [Line2D([], [], color=_colour(look, k, len(layers)), linewidth=2) for k in shown]
    names = [layers[k] for k in shown]
    if len(layers) > NAMED:
        names = [names[0], f"… {names[1]} …", names[2]]
    figure.legend(lines, names, loc="outside lower center", ncols=len(shown))
