"""Routes in the picture of a path: a strand along each arrow they pass, a row each in the table below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autograd.notation.numbers import count
from autograd.notation.written_partials import known_name, known_number, written_partials
from autograd.seeing.drawing.arrows import Arrow, arrow_attributes, arrow_label, gradient_markup, rows_of_text
from autograd.seeing.drawing.html_labels import LEFT, RIGHT, cell, empty_cells, row, table, text, wrapped
from autograd.seeing.drawing.legend import SILENT, note, words_on
from autograd.seeing.drawing.renderer import Drawing
from autograd.seeing.drawing.uses import arrows_of_uses
from autograd.seeing.facts.account import sum_of_others
from autograd.seeing.facts.arrow import hint_of, text_of_use
from autograd.seeing.facts.cut_apart import ways_in_words
from autograd.seeing.facts.names import name_of_value, where
from autograd.seeing.facts.records import Trace
from autograd.seeing.facts.routes import Route, Routes, equality, factors_in_words, stop_name, stops_of
from autograd.seeing.style import SMALL_SIZE, THINNEST, Theme, mixed, width
from autograd.value import Value

MOST_STOPS = 12
"""The way of a route with more Values than this names some of them; see `cut_apart`."""
LONGEST_NAME = 12
"""A name of more characters is cut in the way of a route and in a local derivative."""
MOST_FAINT_LABELS = 3
"""At most this many arrows that no numbered route passes carry words: more would make the picture wide."""
LONGEST_PARTIAL = 16
"""A local derivative of at most this many characters is written in symbols too."""
HALF = 32
"""A line of a column of the table of routes has about this many characters."""
NAMELESS = "\0"
"""Stands in a formula for a result that has no name."""
THIN_STRAND, THICK_STRAND = 1.8, 2.6
"""The least width of a strand, and the greatest where several lie side by side."""

Use = tuple[str, int]
"""A use in a trace: the id of the node computed, and which of its inputs."""


@dataclass(frozen=True)
class Strand:
    """One of the strongest routes, where it passes along a use.

    Attributes:
        rank: its place among the routes, from 1.
        product: what it adds to the gradient.
    """

    rank: int
    product: float


@dataclass(frozen=True)
class DrawnPath:
    """What is drawn of a path.

    Attributes:
        path: all of it.
        routes: the strongest ones, which are told apart.
        trace: the nodes and edges drawn.
        ids: the Values drawn, each with its id in the trace.
        labels: names for Values without a label.
    """

    path: Routes
    routes: list[Route]
    trace: Trace
    ids: dict[Value, str]
    labels: Mapping[Value, str]

    def strands(self) -> dict[Use, list[Strand]]:
        """Return which of the routes pass along each use, the strongest first."""
        strands: dict[Use, list[Strand]] = {}
        for rank, route in enumerate(self.routes, 1):
            for target, position in zip(route.nodes[1:], route.positions, strict=True):
                strands.setdefault((self.ids[target], position), []).append(Strand(rank, route.product))
        return strands

    def partials_in_symbols(self) -> dict[Use, str]:
        """Return the local derivatives in symbols, where they are short and say more than the number."""
        symbols: dict[Use, str] = {}
        for v, id in self.ids.items():
            if v.op is None or not all(x.role == "constant" or self.name(x) for x in v.inputs):
                continue
            known = [
                known_name(name, x.data) if (name := self.name(x)) else known_number(x.data) for x in v.inputs
            ]
            found = written_partials(v.op, known, known_name(self.name(v) or NAMELESS, v.data))
            for position, formula in enumerate(partial.text for partial in found):
                readable = len(formula) <= LONGEST_PARTIAL and NAMELESS not in formula
                if readable and any(map(str.isalpha, formula)):
                    symbols[id, position] = formula
        return symbols

    def name(self, v: Value) -> str:
        """Return the name of a Value, as short as it still tells it from others; "" if it has none."""
        short = name_of_value(v, self.labels, LONGEST_NAME)
        return short if self._times[short] < 2 else name_of_value(v, self.labels)

    @cached_property
    def _times(self) -> Counter[str]:
        """How many Values go by each short name."""
        drawn = dict.fromkeys(x for v in self.ids for x in (v, *v.inputs))
        return Counter(name_of_value(v, self.labels, LONGEST_NAME) for v in drawn)


# --------------------------------------------------------------------------------------- strands


def add_routes(drawing: Drawing, drawn: DrawnPath, theme: Theme) -> list[Arrow]:
    """Draw one arrow per use, with a strand for each route in the hue of its sign; return the arrows."""
    arrows: list[Arrow] = []
    strands, symbols = drawn.strands(), drawn.partials_in_symbols()
    silent = len(drawn.trace.edges) - len(strands) > MOST_FAINT_LABELS
    for edge, arrow in arrows_of_uses(drawing, drawn.trace, theme).items():
        use = edge.target, edge.position
        passing = strands.get(use, [])
        said = text_of_use(edge, symbols.get(use, ""))
        arrow = replace(arrow, text=said, silent=silent and not passing, hint=hint_of(said))
        attributes = arrow_attributes(arrow, theme) | _look(passing, theme)
        if passing:
            rows = [_badges(passing, theme), *rows_of_text(arrow.text, theme)]
            attributes["label"] = arrow_label(rows, margin=3 + len(passing))
        drawing.edge(arrow.tail, arrow.head, **attributes)
        arrows.append(arrow)
    return arrows


def _look(passing: Sequence[Strand], theme: Theme) -> dict[str, str]:
    """Return the look of strands side by side; thin and faint where none of the routes passes."""
    if not passing:
        return {"color": theme.line, "penwidth": str(THINNEST), "arrowsize": "0.5"}
    thickness = max(THIN_STRAND, width(passing[0].product))
    if len(passing) > 1:
        thickness = min(thickness, THICK_STRAND)  # or they would cover each other
    hues = [theme.strand(strand.rank, strand.product) for strand in passing]
    return {"color": ":".join(hues), "penwidth": str(thickness)}


def _badges(passing: Sequence[Strand], theme: Theme) -> str:
    badges = [cell(_badge(strand, theme)) for strand in passing]
    return table([row(*empty_cells(), *badges, *empty_cells())], 1)


def _badge(strand: Strand, theme: Theme) -> str:
    """Return the number of a route in a badge of its hue."""
    hue = theme.strand(strand.rank, strand.product)
    fill = mixed(hue, theme.paper, 0.2)
    frame = f'BORDER="1" CELLBORDER="0" CELLSPACING="0" COLOR="{hue}" BGCOLOR="{fill}"'
    return table([row(cell(text(str(strand.rank), SMALL_SIZE, theme.ink, bold=True)))], 1, frame)


# --------------------------------------------------------------------------------------- caption


def table_of_routes(drawn: DrawnPath, theme: Theme) -> str:
    """Return a row for each route, with its number, product, factors and way; and one for the rest."""

    def half(words: str, colour: str) -> str:
        return cell(wrapped(words, SMALL_SIZE, colour, limit=HALF), LEFT)

    ways = _ways(drawn)
    rows = [
        row(
            cell(_badge(Strand(rank, route.product), theme)),
            cell(gradient_markup(route.product, theme), RIGHT),
            half(f"{equality(route)} {factors_in_words(route)}", theme.ink),
            half(ways[rank - 1], theme.faint),
            *empty_cells(),
        )
        for rank, route in enumerate(drawn.routes, 1)
    ]
    hidden = drawn.path.count - len(drawn.routes)
    if hidden:
        words = note(f"{count(hidden)} more, none of them larger, together", theme)
        rest = gradient_markup(sum_of_others(drawn.path, drawn.routes), theme)
        rows.append(row(cell(""), cell(rest, RIGHT), cell(words, f'{LEFT} COLSPAN="2"')))
    return table(rows, 3)


def _ways(drawn: DrawnPath) -> list[str]:
    """Return ``w → z → L`` for each route: every Value that it passes, by its name or its formula.

    A formula is told with its place.
    """
    output = next(node.label for node in drawn.trace.nodes if node.id == drawn.trace.output)
    labels = {**drawn.labels, drawn.path.output: output}

    def placed(v: Value, name: str) -> str:
        place = "" if name_of_value(v, labels) else where(drawn.ids[v], drawn.trace)
        return f"{name} ({place})" if place else name

    def stops(route: Route) -> list[str]:
        names = [stop_name(route.nodes[0], labels), *stops_of(route, labels, with_output=True)]
        return [*map(placed, route.nodes, names)]

    return ways_in_words([*map(stops, drawn.routes)], MOST_STOPS)


def legend_of_routes(arrows: Collection[Arrow], theme: Theme) -> list[str]:
    """Return how to read the strands, and what else is on these arrows."""
    passing = "on an arrow: the routes that pass along it, by their numbers; thicker for a stronger one"
    silent = [SILENT.format("no numbered route passes; ")] if any(arrow.silent for arrow in arrows) else []
    return [note(words, theme) for words in (passing, *words_on(arrows), *silent)]
