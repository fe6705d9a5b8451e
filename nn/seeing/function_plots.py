"""Activation functions and their slopes, both computed by the engine."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from autograd import Value, gradients
from autograd.notation.numbers import number
from nn.activations import ACTIVATIONS, Activation, activation
from nn.seeing.style import Look, Plot

Array = NDArray[Any]

REACH = 5.0
"""Functions are drawn from −5 to 5."""
POINTS = 401
"""A function is computed at this many points."""
JUMP = 0.1
"""A slope jumps if it changes by more than this from one point to the next; no line is drawn there."""


def functions(*choices: str | Activation) -> Plot:
    """Plot activation functions, each with its slope, from −5 to 5.

    Args:
        choices: names of `nn.activations.ACTIVATIONS`, or functions from a Value to a Value; all
            of the table by default.

    Raises:
        ValueError: if there is no activation of this name.

    >>> functions("sigmoid", "tanh")
    <plot: activations and their slopes>
    """
    courses = [(name, *_course(phi)) for name, phi in map(activation, choices or ACTIVATIONS)]
    columns = min(4, len(courses))
    rows = ceil(len(courses) / columns)

    def draw(figure: Figure, look: Look) -> None:
        places = [*figure.subplots(rows, columns, squeeze=False, sharex=True).flat]
        for axes, (name, heights, slopes) in zip(places, courses, strict=False):
            _draw(axes, look, heights, slopes)
            axes.set_title(name.replace("_", " "), pad=18)
            most = f"largest slope {number(round(float(slopes.max()), 3))}"
            axes.text(0.5, 1.03, most, transform=axes.transAxes, ha="center", fontsize=10, color=look.muted)
        for axes in places[len(courses) :]:
            axes.set_axis_off()
        handles, labels = places[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)

    return Plot("activations and their slopes", (max(3.4, 2.5 * columns), 2.3 * rows + 0.4), draw)


def _course(phi: Activation) -> tuple[Array, Array]:
    """Return the function and its slope at every point."""
    found = []
    for x in np.linspace(-REACH, REACH, POINTS):
        z = Value(float(x))
        a = phi(z)
        found.append((a.data, gradients(a, z)))
    heights, slopes = np.array(found).T
    return heights, slopes


def _draw(axes: Axes, look: Look, heights: Array, slopes: Array) -> None:
    xs = np.linspace(-REACH, REACH, POINTS)
    jumps = np.flatnonzero(np.abs(np.diff(slopes)) > JUMP) + 1
    axes.axhline(0, color=look.rule, linewidth=0.8)
    axes.axvline(0, color=look.rule, linewidth=0.8)
    axes.plot(xs, heights, color=look.series[0], linewidth=2, label="a = g(z)")
    dashed: Any = (0, (4, 1.6))
    slope_xs, slope_ys = (np.insert(numbers, jumps, np.nan) for numbers in (xs, slopes))
    axes.plot(slope_xs, slope_ys, color=look.series[1], linewidth=2, linestyle=dashed, label="slope g′(z)")
    low, high = max(-2.2, min(heights.min(), slopes.min())), min(3.2, max(heights.max(), slopes.max()))
    axes.set_ylim(low - 0.15 * (high - low), high + 0.15 * (high - low))
