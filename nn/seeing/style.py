"""The look of every plot: the drawings' colours, light and dark, and a `Plot` that can take either.

A plot is kept as the function that draws it, so that it can be drawn again in another look: light,
dark, or in the colours of the page that shows it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from html import escape
from io import BytesIO, StringIO
from os import PathLike
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autograd.files.atomic_write import write_whole
from autograd.seeing.style import mixed, theme_named
from nn.checks import one_of

Given = ParamSpec("Given")

CELL = 838
"""The width of a notebook's cell in pixels: a plot is no wider there, and is scrolled in a narrower one."""
SIZE = re.compile(r'width="([0-9.]+)pt" height="([0-9.]+)pt"')
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "h")
DOTS_PER_INCH = 160
FORMATS = ("svg", "png", "pdf")
PATH, DIGITS = re.compile(r' d="[^"]*"'), re.compile(r"(\.\d\d)\d+")
"""The points of an SVG's lines, and their digits beyond a hundredth of a point, which cannot be seen."""


@dataclass(frozen=True)
class Look:
    """The colours of one look, as ``#rrggbb``.

    Attributes:
        paper, ink, muted, rule: the colours of the background, text, less important text, thin lines.
        positive, negative: those of a number's sign, and of nothing else.
        series: those of classes and of other things side by side, the same in every plot: none is the
            colour of a sign, and none is ever without a shape or a dash beside the colour.
    """

    paper: str
    ink: str
    muted: str
    rule: str
    positive: str
    negative: str
    series: tuple[str, ...]

    def mark(self, k: int) -> dict[str, Any]:
        """Return the colour and the shape of the k-th of things side by side."""
        return {"color": self.series[k % len(self.series)], "marker": MARKERS[k % len(MARKERS)]}


SERIES = {
    "light": ("#00694e", "#c065a0", "#a67c00", "#6b4fa0", "#3f8f8a", "#8a5a2b", "#7d8f29", "#93466c",
              "#5f6368", "#1b1b1b"),
    "dark": ("#3fc39a", "#d98ac0", "#d9b13b", "#a990e0", "#7fd0ca", "#c99d6f", "#b9cc5a", "#cf8fae",
             "#a7adb3", "#ecedee"),
}  # fmt: skip
"""The colours of classes, dark and light in turn, so that the first two differ to every eye."""


def _look(name: str) -> Look:
    theme = theme_named(name)
    return Look(
        paper=theme.paper.lower(),
        ink=theme.ink.lower(),
        muted=theme.faint.lower(),
        rule=mixed(theme.faint, theme.paper, 0.25).lower(),
        positive=theme.positive.lower(),
        negative=theme.negative.lower(),
        series=SERIES[name],
    )


LOOKS = {name: _look(name) for name in ("light", "dark")}
VARIABLES = dict(
    zip(
        (LOOKS["light"].paper, LOOKS["light"].ink, LOOKS["light"].muted, LOOKS["light"].rule,
         LOOKS["light"].positive, LOOKS["light"].negative, *LOOKS["light"].series[:8]),
        ("--paper", "--ink", "--faint", "--rule", "--positive", "--negative",
         *(f"--class{k}" for k in range(8))),
        strict=True,
    )
)  # fmt: skip
"""The light look's colours, and the CSS variables that stand for them within a page."""


def class_colours() -> dict[str, tuple[str, str]]:
    """Return the light and the dark colour of each class, by its name as a variable of a page."""
    pairs = zip(SERIES["light"], SERIES["dark"], strict=True)
    return {f"class{k}": pair for k, pair in enumerate(pairs)}


class Plot:
    """A plot: it shows itself in a notebook, and is saved as SVG, PNG or PDF.

    Attributes:
        title: what it shows, in a few words.
        said: what it shows to those who hear it.
    """

    def __init__(
        self, title: str, size: tuple[float, float], draw: Callable[[Figure, Look], None], said: str = ""
    ) -> None:
        self.title, self.said, self._size, self._draw = title, said or title, size, draw

    def figure(self, theme: str = "light") -> Figure:
        """Return a new matplotlib figure of the plot, which may be added to.

        Args:
            theme: "light" or "dark".

        Raises:
            ValueError: if there is no such theme.
        """
        look: Look = one_of("theme", theme, LOOKS)
        with settings(look):
            figure = Figure(figsize=self._size, layout="constrained", facecolor=look.paper)
            self._draw(figure, look)
        return figure

    def save(self, path: str | PathLike[str], theme: str = "light") -> None:
        """Write the plot to a file whose ending says the format: ``.svg``, ``.png`` or ``.pdf``.

        Raises:
            ValueError: for another ending or theme.
            OSError: if the file cannot be written.
        """
        kind = one_of("format", Path(path).suffix[1:].lower(), {name: name for name in FORMATS})
        figure, content = self.figure(theme), BytesIO()
        with settings(LOOKS[theme]):
            undated = {"Date": None} if kind == "svg" else None
            figure.savefig(content, format=kind, dpi=DOTS_PER_INCH, metadata=undated)
        write_whole(path, content.getvalue())

    def svg(self, theme: str = "light") -> str:
        """Return the plot as an ``<svg>`` element."""
        return self._svg(theme, transparent=False)

    def page_svg(self) -> str:
        """Return the plot as an ``<svg>`` in the colours of its page, which sets the variables ``--ink`` …"""
        svg = self._svg("light", transparent=True)
        return re.sub("|".join(VARIABLES), lambda found: f"var({VARIABLES[found[0]]}, {found[0]})", svg)

    def _svg(self, theme: str, transparent: bool) -> str:
        figure, text = self.figure(theme), StringIO()
        with settings(LOOKS[theme]):
            figure.savefig(text, format="svg", transparent=transparent, metadata={"Date": None})
        svg = text.getvalue()
        return PATH.sub(lambda found: DIGITS.sub(r"\1", found[0]), svg[svg.index("<svg ") :])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"image/svg+xml": _for_cell(self.svg(), self.said), "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<plot: {self.title}>"


def legend_above(axes: Axes) -> None:
    """Draw the legend above the axes, where it hides nothing."""
    columns = min(4, len(axes.get_legend_handles_labels()[0]))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns, handletextpad=0.4)


def plot(
    title: str, width: float, height: float
) -> Callable[[Callable[Concatenate[Figure, Look, Given], None]], Callable[Given, Plot]]:
    """Turn a function that draws into one that gives the `Plot` (sizes in inches)."""

    def decorate(draw: Callable[Concatenate[Figure, Look, Given], None]) -> Callable[Given, Plot]:
        @wraps(draw)
        def plotted(*args: Given.args, **kwargs: Given.kwargs) -> Plot:
            return Plot(title, (width, height), lambda figure, look: draw(figure, look, *args, **kwargs))

        return plotted

    return decorate


def _for_cell(svg: str, said: str) -> str:
    """Return the ``<svg>``, named by what it shows: as it is or wide as a cell, no word under 10 pixels."""

    def sized(found: re.Match[str]) -> str:
        width, height = float(found[1]), float(found[2])
        scale = max(1.0, min(4 / 3, CELL / width))
        size = f'width="{width * scale:.0f}" height="{height * scale:.0f}"'
        return f'{size} role="img" aria-label="{escape(said)}"'

    return SIZE.sub(sized, svg, count=1)


@contextmanager
def settings(look: Look) -> Iterator[None]:
    """Have matplotlib draw and save in this look within the block."""
    with matplotlib.rc_context(_settings(look)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the browser has other fonts
        yield


def _settings(look: Look) -> dict[Any, Any]:
    return {
        "svg.fonttype": "none",  # text stays text: it is selectable and takes the page's font
        "svg.hashsalt": "chainrule",  # the same plot gives the same file
        "font.size": 10,
        "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],  # by width
        "text.parse_math": False,  # a column may be called "$"
        "text.color": look.ink,
        "axes.facecolor": look.paper,
        "axes.labelcolor": look.muted,
        "axes.edgecolor": look.rule,
        "axes.titlecolor": look.ink,
        "axes.titlesize": 10,
        "axes.linewidth": 1,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "axes.axisbelow": True,
        "grid.color": look.rule,
        "grid.linewidth": 0.6,
        "xtick.color": look.rule,
        "ytick.color": look.rule,
        "xtick.labelcolor": look.muted,
        "ytick.labelcolor": look.muted,
        "legend.frameon": False,
        "legend.fontsize": 10,
    }
