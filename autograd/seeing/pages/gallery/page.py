"""The gallery as one self-contained page, readable without scripts.

What the page says was gathered before (facts.py); here it is set.  Names are text wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from string import Template
from typing import Any

from autograd.notation.labels import parse_label
from autograd.notation.numbers import counted, number, sign_word, signed
from autograd.seeing.facts.account import others_in_words
from autograd.seeing.facts.cut_apart import ways_in_words
from autograd.seeing.pages.frame import asset, document
from autograd.seeing.pages.gallery.facts import Card, Facts, Way
from autograd.seeing.pages.gallery.layers import Spot
from autograd.seeing.pages.gallery.spread import WIDTHS, called, layers_svg
from autograd.seeing.style import width

PICTURE_WIDTH, PICTURE_HEIGHT, MARGIN = 240, 56, 8
"""The size of the small pictures and the room at their edges, in pixels."""
ASIDE = 2.2
"""The distance between the lines of two routes along the same way."""
LINE_SCALE = 0.8
"""The lines of the small pictures are thinner than those of a drawing by this factor."""
MOST_DOTS = 12
"""A layer of more neurons than this is a line in the small pictures, without a dot for each."""
MOST_STOPS = 6
"""Of a route with more stops than this, some are named; see `cut_apart`."""
TIED = "A weight that several layers compute with is in each of them, with what its uses there add."


def page(facts: Facts) -> str:
    """Return the page as HTML."""
    body = Template(asset(__package__, "gallery.html")).substitute(
        heading=f"Where the gradients of {label(facts.output)} come from",
        lead=_lead(facts),
        network=_network(facts.neurons),
        layers=_layers(facts),
        options="".join(
            f'<option value="{place}">{called(layer)}</option>'
            for layer, place in _places(facts).items()
            if any(card.layer == layer for card in facts.cards)
        ),
        shown=_shown(facts),
        key=_key(facts),
        cards="".join(_cards(facts)),
    )
    return document(
        f"Gradients of {parse_label(facts.output).text}, weight by weight",
        asset(__package__, "gallery.css"),
        body,
        asset("autograd.seeing.pages", "elements.js") + asset(__package__, "gallery.js"),
    )


def label(text: str) -> str:
    """Return a name as HTML, its indices one above the other, and read out in one line."""
    name = parse_label(text)
    if not name.subscript and not name.superscript:
        return escape(name.base)
    above, below = escape(name.superscript), escape(name.subscript)
    seen = f'{escape(name.base)}<span class="scripts"><sup>{above}</sup><sub>{below}</sub></span>'
    return f'<span aria-hidden="true">{seen}</span><span class="hidden">{escape(name.text)}</span>'


def _lead(facts: Facts) -> str:
    return (
        f"{label(facts.output)} = {number(facts.value)}. Shown are its gradients with respect to "
        f"{facts.counted}: each is a sum over routes, and along each route the product of "
        "the local derivatives."
    )


def _shown(facts: Facts) -> str:
    if len(facts.cards) == facts.weights:
        return counted(facts.weights, "card")
    return f"the {len(facts.cards):,} of {facts.counted} with the largest gradients"


def _key(facts: Facts) -> str:
    text = "On each card: the gradient, and the strongest of its routes with what each adds to it."
    if not facts.neurons:
        return text
    return (
        f"{text} In the picture the layers stand side by side, the output at the right; a thicker line is a "
        "stronger route: 1 solid, 2 dashed, 3 dotted. Blue adds to the gradient, orange takes from it."
    )


def _layers(facts: Facts) -> str:
    trend = facts.trend()
    if len(facts.layers) < 2 and not trend:
        return ""
    pictures = "".join(layers_svg(facts.layers, columns) for columns in WIDTHS)  # one is shown
    is_tied = sum(spread.weights for spread in facts.layers) > facts.weights
    said = " ".join(filter(None, [trend, TIED if is_tied else ""]))
    return (
        '<section class="layers" aria-labelledby="layers-heading">'
        '<h2 id="layers-heading">Layer by layer on the way back</h2>'
        f'<p class="trend">{escape(said)}</p><div>{pictures}</div></section>'
    )


# ---------------------------------------------------------------------------------------- the cards


def _cards(facts: Facts) -> list[str]:
    orders = {
        "gradient": _ranks(facts.cards, lambda card: (card.gradient == card.gradient, -abs(card.gradient))),
        "routes": _ranks(facts.cards, lambda card: -card.count),
        "name": _ranks(facts.cards, lambda card: _natural(card.name)),
    }
    drawn, layers = Picture(facts.neurons), _places(facts)
    return [
        _card(card, drawn, layers[card.layer], {name: ranks[i] for name, ranks in orders.items()})
        for i, card in enumerate(facts.cards)
    ]


def _ranks(cards: Sequence[Card], key: Callable[[Card], Any]) -> list[int]:
    """Return the place of each card in an order; equals share theirs."""
    keys = [key(card) for card in cards]
    place: dict[Any, int] = {}
    for k in sorted(keys):
        place.setdefault(k, len(place))
    return [place[k] for k in keys]


def _natural(name: str) -> tuple[tuple[str, int, str], ...]:
    """Return a key that sorts names with the numbers in them by size."""
    return tuple((word, len(digits), digits) for word, digits in re.findall(r"([^0-9]*)([0-9]*)", name))


def _places(facts: Facts) -> dict[str, int]:
    """Return the place of each layer with cards, from the last to the first; none comes at the end."""
    in_order = [spread.layer for spread in facts.layers]
    last = len(in_order)
    found = {card.layer for card in facts.cards} - {""}
    titles = sorted(found, key=lambda title: in_order.index(title) if title in in_order else last)
    return {title: k - len(titles) for k, title in enumerate(titles)} | {"": 1}


def _card(card: Card, drawn: Picture, layer: int, places: Mapping[str, int]) -> str:
    data = "".join(f' data-{name}="{place}"' for name, place in places.items())
    where = f"{called(card.layer)} · " if card.layer else ""
    return (
        f'<li data-layer="{layer}"{data}><h3><span>{label(card.name)}</span>'
        f'<b class="{sign_word(card.gradient)}">{signed(card.gradient)}</b></h3>{drawn.of(card.ways)}'
        f"<p>{where}{_routes(card.count)} · value {number(card.value)}</p>{_ways(card)}</li>\n"
    )


def _routes(n: int) -> str:
    return counted(n, "route") if n else "no route leads to the output"


def _ways(card: Card) -> str:
    """Return a line for each of the routes, and one for the others: together they make the gradient."""
    if not card.ways:
        return ""
    words = ways_in_words([way.stops for way in card.ways], MOST_STOPS)
    items = [
        _entry(f'<i class="{sign_word(way.product)}">{rank}</i>', way.product, stops or "directly")
        for rank, (way, stops) in enumerate(zip(card.ways, words, strict=True), 1)
    ]
    if card.remaining:
        items.append(_entry("<span>+</span>", card.rest, others_in_words(card.remaining)))
    return f"<ol>{''.join(items)}</ol>"


def _entry(mark: str, product: float, words: str) -> str:
    return f'<li>{mark}<b class="{sign_word(product)}">{signed(product)}</b><span>{escape(words)}</span></li>'


# ------------------------------------------------------------------------------ the small pictures


class Picture:
    """Routes through the layers, as lines from neuron to neuron."""

    def __init__(self, neurons: Mapping[int, int]) -> None:
        self.neurons = neurons
        self.columns = {layer: i for i, layer in enumerate(sorted(neurons))}

    def of(self, ways: Sequence[Way]) -> str:
        """Return the picture of these routes; "" where none of them passes a neuron."""
        lines = [self._line(way, rank) for rank, way in enumerate(ways, 1) if way.spots]
        if not lines:
            return ""
        return (
            f'<svg viewBox="0 0 {PICTURE_WIDTH} {PICTURE_HEIGHT}" aria-hidden="true">'
            f'<use href="#net"/>{"".join(reversed(lines))}</svg>'
        )

    def point(self, spot: Spot) -> tuple[float, float]:
        """Return where a neuron is."""
        step = (PICTURE_WIDTH - 2 * MARGIN) / max(1, len(self.columns))
        n = self.neurons[spot[0]]
        share = 0.5 if n == 1 else (spot[1] - 1) / (n - 1)
        return MARGIN + step * self.columns[spot[0]], MARGIN + share * (PICTURE_HEIGHT - 2 * MARGIN)

    def _line(self, way: Way, rank: int) -> str:
        aside = (rank - 1) * ASIDE
        points = [*(self.point(spot) for spot in way.spots), (PICTURE_WIDTH - MARGIN, PICTURE_HEIGHT / 2)]
        steps = "L".join(f"{x:.4g} {y + aside:.4g}" for x, y in points)
        thick = f"{width(way.product) * LINE_SCALE:.2g}"
        return f'<path class="r{rank} {sign_word(way.product)}" stroke-width="{thick}" d="M{steps}"/>'


def _network(neurons: Mapping[int, int]) -> str:
    """Return what all small pictures stand on: a line for each layer, a dot for each neuron, the output."""
    if not neurons:
        return ""
    drawn = Picture(neurons)
    marks = []
    for layer, n in sorted(neurons.items()):
        (x, top), (_, bottom) = drawn.point((layer, 1)), drawn.point((layer, n))
        marks.append(f'<line x1="{x:.4g}" x2="{x:.4g}" y1="{top:.4g}" y2="{bottom:.4g}"/>')
        if n <= MOST_DOTS:
            points = (drawn.point((layer, j)) for j in range(1, n + 1))
            marks += [f'<circle cx="{x:.4g}" cy="{y:.4g}" r="2.4"/>' for x, y in points]
    marks.append(f'<circle class="out" cx="{PICTURE_WIDTH - MARGIN}" cy="{PICTURE_HEIGHT / 2}" r="4"/>')
    return f'<g id="net">{"".join(marks)}</g>'
