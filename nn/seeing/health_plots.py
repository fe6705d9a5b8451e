"""Health: plots of the gradients, the steps and the units of every layer while a network trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite, nan
from typing import Any, TypeAlias

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from autograd.seeing.style import mixed
from nn.seeing.curve_plots import logarithmic
from nn.seeing.style import Look, Plot

ByLayer: TypeAlias = Mapping[str, Sequence[float | None]]
"""For each layer by its name one number per recorded step; None where there is none."""

USUAL_UPDATE = 1e-3
"""The update-to-weight ratio that is often found to go well."""
NAMED, PER_ROW = 12, 6
"""At most this many layers are named each, in the legend and on the axis; so many entries in a row."""
LONGEST_LINE = 36
"""Names on an axis of more characters together are slanted."""
DIGIT = 1 / 45
"""A digit or a comma takes this share of the width of a panel."""
GRADIENTS = "norm of the gradient"
UPDATES = "step, as a share of the weights"


def health(
    steps: Sequence[int], gradients: ByLayer, updates: ByLayer, words: str, third: ByLayer,
    findings: Sequence[int] = (), joined: Sequence[tuple[int, int]] | None = None,
) -> Plot:  # fmt: skip
    """Plot the gradient by layer, and by step the gradients, the updates and one more quantity.

    `nn.Monitor.plot` calls it with what was recorded.

    Args:
        steps: the numbers of the steps that were recorded.
        gradients: the norm of the gradient.
        updates: the norm of the step, as a share of the weights.
        words, third: another quantity in words and in numbers, of the layers or of other parts, which are
            then named beside it; a share goes from 0 to 1.
        findings: at which step each sign of trouble was seen.
        joined: pairs of layers, counted from 0, the first of which feeds the second: those between which a
            line is drawn; by default each is joined to the next.

    >>> health([1, 2], {"layer 1": [0.5, 0.4]}, {"layer 1": [0.01, 0.01]}, "norm", {"layer 1": [1, 2]})
    <plot: the health of each layer>
    """
    order = _in_lines(len(gradients), [*pairwise(range(len(gradients)))] if joined is None else joined)
    quantities = ((GRADIENTS, gradients), (UPDATES, updates), (words, third))

    def draw(figure: Figure, look: Look) -> None:
        panels = figure.subplots(2, 2).flat
        _draw_profile(next(panels), look, steps, gradients, order)
        for (title, numbers), axes in zip(quantities, panels, strict=True):
            _draw_by_step(axes, look, steps, numbers)
            axes.set_title(title, loc="left", color=look.ink)
            if title.startswith("share"):
                axes.set_ylim(-0.03, 1.03)
            else:
                _logarithmic(axes, [x for row in numbers.values() for x in row])
            _mark_findings(axes, look, findings)
            if [*numbers] != [*gradients] and len(numbers) <= PER_ROW:
                axes.legend()
            if title == UPDATES:
                axes.axhline(USUAL_UPDATE, color=look.muted, linewidth=1, linestyle=(0, (1, 2)))
                axes.annotate(
                    "usual", (1.0, USUAL_UPDATE), xycoords=axes.get_yaxis_transform(), xytext=(-2, 2),
                    textcoords="offset points", ha="right", fontsize=10, color=look.muted,
                    bbox={"facecolor": look.paper, "edgecolor": "none", "pad": 0.5},
                )  # fmt: skip
        _name_layers(figure, look, [*gradients])

    return Plot("the health of each layer", (9.6, 6.6), draw)


def _colour(look: Look, k: int, layers: int) -> str:
    """Return a colour between that of the first class, for the first layer, and that of the second."""
    return mixed(look.series[1], look.series[0], k / max(1, layers - 1))


def _in_lines(layers: int, joined: Sequence[tuple[int, int]]) -> list[int | None]:
    """Return the layers in the order in which lines lead through them, with None where a line ends.

    >>> _in_lines(5, [(0, 2), (1, 3)])
    [0, 2, None, 1, 3, None, 4]
    """
    lines: list[list[int]] = []
    for start, end in joined:
        own = next((line for line in lines if line[-1] == start), None)
        if own is None:
            lines.append([start, end])
        else:
            own.append(end)
    drawn = {k for line in lines for k in line}
    lines += [[k] for k in range(layers) if k not in drawn]
    return [k for line in lines for k in (*line, None)][:-1]


def _draw_profile(
    axes: Axes, look: Look, steps: Sequence[int], gradients: ByLayer, order: Sequence[int | None]
) -> None:
    """Draw the gradient of every layer, at the first record and at the last finite one."""
    records = list(zip(steps, zip(*gradients.values(), strict=True), strict=True))
    finite = [(step, sizes) for step, sizes in records if all(map(isfinite, sizes))] or records
    layers = [nan if k is None else k + 1 for k in order]
    every: list[Any] = []
    for (step, sizes), dash, marker in ((finite[0], "-", "o"), (finite[-1], (0, (4, 1.6)), "s")):
        every += sizes
        shown = [nan if k is None else sizes[k] for k in order]
        axes.plot(
            layers, shown, color=look.ink if marker == "o" else look.muted, linestyle=dash, linewidth=1.4,
            marker=marker, markersize=4 if len(sizes) < 15 else 2.5, label=f"step {step}",
        )  # fmt: skip
        if finite[0] is finite[-1]:
            break
    axes.set_title(f"{GRADIENTS}, by layer", loc="left", color=look.ink)
    axes.set_xlabel("layer")
    axes.set_xlim(0.5, len(gradients) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if len(gradients) <= NAMED:
        slanted: dict[str, Any] = (
            {"rotation": 30, "ha": "right"} if len("".join(gradients)) > LONGEST_LINE else {}
        )
        axes.set_xticks(range(1, len(gradients) + 1), [*gradients], **slanted)
        axes.set_xlabel("")
    axes.grid(axis="y")
    _logarithmic(axes, every)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _draw_by_step(axes: Axes, look: Look, steps: Sequence[int], numbers: ByLayer) -> None:
    """Draw a line for each layer."""
    for k, (name, row) in enumerate(numbers.items()):
        if any(x is not None for x in row):
            shown = [x if x is not None and isfinite(x) else nan for x in row]
            marker = "o" if len(steps) < 3 else None
            axes.plot(
                steps, shown, color=_colour(look, k, len(numbers)), linewidth=1.3, marker=marker, label=name
            )
    axes.set_xlabel("step")
    axes.grid(axis="y")
    axes.margins(x=0.01)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _logarithmic(axes: Axes, numbers: Sequence[Any]) -> None:
    """Set a log scale, if there is anything above 0, written as numbers rather than as powers."""
    above = [x for x in numbers if x is not None and isfinite(x) and x > 0]
    if above:
        logarithmic(axes, above, wide=30, most=7)


def _mark_findings(axes: Axes, look: Look, findings: Sequence[int]) -> None:
    """Draw a dotted line where a sign was seen, with its number in the list of findings."""
    low, high = axes.get_xlim()
    words: dict[int, str] = {}  # by the step at which they begin; of several that are near, at the first
    for number, step in sorted(enumerate(findings, 1), key=lambda found: found[1]):
        axes.axvline(step, color=look.ink, linewidth=1, linestyle=(0, (1, 2)))
        last = max(words, default=step)
        is_near = last in words and step - last <= (high - low) * len(words[last]) * DIGIT
        place = last if is_near else step
        words[place] = f"{words[place]}, {number}" if is_near else f"{number}"
    for step, numbers in words.items():
        axes.annotate(
            numbers, (step, 1.0), xycoords=axes.get_xaxis_transform(), xytext=(2, -2),
            textcoords="offset points", va="top", fontsize=10, color=look.ink,
        )  # fmt: skip


def _name_layers(figure: Figure, look: Look, layers: Sequence[str]) -> None:
    """Name the colours of the layers below the panels: of all, or of the first, the middle and the last."""
    shown = list(range(len(layers)))
    if len(layers) > NAMED:
        shown = [0, len(layers) // 2, len(layers) - 1]
    lines = [Line2D([], [], color=_colour(look, k, len(layers)), linewidth=2) for k in shown]
    names = [layers[k] for k in shown]
    if len(layers) > NAMED:
        names = [names[0], f"… {names[1]} …", names[2]]
    for columns in range(min(PER_ROW, len(shown)), 0, -1):  # as many as the words leave room for
        legend = figure.legend(lines, names, loc="outside lower center", ncols=columns)
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            break
        legend.remove()
