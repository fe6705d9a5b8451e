"""The pages beside the report: one sample's loss step by step, and the gradient of every weight.

Both are made by `autograd` and need no other file; the report says what is in them.  A page that
cannot be made is left out, and the report says why: nothing of the training is lost by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log
from typing import Any, TypeVar

from autograd import Value, gallery, topological_order, walk
from autograd.notation.labels import parse_label, shorten
from autograd.notation.numbers import count, counted, number, signed
from autograd.seeing import Gallery, Step, Walk

MOST_NODES = 4_000
"""A graph of at most this many nodes gets a player: a larger one would take more than a few seconds."""
LONGEST_REASON = 300
"""At most this many characters are shown of the reason why a page could not be made."""

Made = TypeVar("Made")


@dataclass(frozen=True)
class Player:
    """The page on which one sample's loss is stepped through.

    Attributes:
        html: the page; "" if there is none.
        why_not: why there is none, in a sentence.
        steps, forward, reverse: how many steps there are, in all and in each pass, as texts.
        at: the number of the step that is shown as an example, from 1, as text.
        sentence: what that step says.
        mathematics: the same as a formula, in MathML.
    """

    html: str = ""
    why_not: str = ""
    steps: str = ""
    forward: str = ""
    reverse: str = ""
    at: str = ""
    sentence: str = ""
    mathematics: Any = ""


@dataclass(frozen=True)
class Bar:
    """How large the gradients of one layer's weights are.

    Attributes:
        name: the layer.
        weights: how many weights it has, in words.
        size: the root of the mean square of their gradients, as text.
        percent: the length of its bar: 100 for the largest, on a scale of powers of ten.
    """

    name: str
    weights: str
    size: str
    percent: int


@dataclass(frozen=True)
class Cards:
    """The page with a card for the gradient of every weight.

    Attributes:
        html: the page; "" if there is none.
        why_not: why there is none, in a sentence.
        cards: how many cards there are, in words.
        trend: in a sentence, how the gradient's size changes from the last layer to the first.
        bars: the same as a picture, the last layer first.
        largest: the weight with the largest gradient, its label taken apart; None without a card.
        gradient: that gradient, as text.
    """

    html: str = ""
    why_not: str = ""
    cards: str = ""
    trend: str = ""
    bars: tuple[Bar, ...] = ()
    largest: Any = None
    gradient: str = ""


def player_of(loss: Value) -> Player:
    """Make the player of one sample's loss."""
    nodes = len(topological_order(loss))
    if nodes > MOST_NODES:
        return Player(
            why_not=f"This loss is computed in {count(nodes)} values, too many to step through in a report "
            f"(at most {count(MOST_NODES)}). Each weight's gradient can be followed on its own: the "
            "strongest routes in the gallery, and some whole paths in the drawings below."
        )
    made, why_not = attempted("the player", lambda: _player(walk(loss)))
    return made or Player(why_not=why_not)


def _player(steps: Walk) -> Player:
    forward = sum(step.phase == "forward" for step in steps)
    example = _telling(steps)
    return Player(
        html=steps.html(),
        steps=counted(len(steps), "step"),
        forward=count(forward),
        reverse=count(len(steps) - forward),
        at=count(example.number + 1),
        sentence=example.sentence,
        mathematics=example.mathml(),
    )


def _telling(steps: Walk) -> Step:
    """Return the step to show: preferably one that adds to a gradient that a neuron already has."""
    neurons = steps.trace.places
    contributions = [step for step in steps if step.contribution is not None]
    added = [step for step in contributions if step.before is not None]
    inside = [step for step in added if step.node in neurons and step.target in neurons]
    return (inside or added or contributions or steps)[0]


def gallery_of(loss: Value) -> Cards:
    """Make the gallery of the weights on which one sample's loss depends."""
    made, why_not = attempted("the gallery", lambda: _cards(gallery(loss)))
    return made or Cards(why_not=why_not)


def _cards(pictures: Gallery) -> Cards:
    facts = pictures.facts
    cards = counted(len(facts.cards), "card")
    first = facts.cards[0]
    return Cards(
        html=pictures.html(),
        cards=cards
        if len(facts.cards) == facts.weights
        else f"{cards}, for the largest gradients of {count(facts.weights)},",
        trend=facts.trend(),
        bars=_bars(pictures),
        largest=parse_label(first.name),
        gradient=signed(first.gradient),
    )


def _bars(pictures: Gallery) -> tuple[Bar, ...]:
    layers = [spread for spread in pictures.facts.layers if spread.layer]
    sizes = [spread.typical for spread in layers if 0.0 < spread.typical < inf]
    if len(layers) < 2 or not sizes:
        return ()
    decades = max(2.0, log(max(sizes) / min(sizes), 10) + 1.0)
    bars = []
    for spread in layers:
        size = spread.typical
        share = 1.0 - log(max(sizes) / size, 10) / decades if 0.0 < size < inf else 0.0
        weights = len(spread.sizes) + spread.zeros + spread.others
        bars.append(Bar(spread.layer, counted(weights, "weight"), number(size), round(100 * share)))
    return tuple(bars)


def attempted(what: str, make: Callable[[], Made]) -> tuple[Made | None, str]:
    """Return what ``make`` gives, and ""; or None, and in a sentence why it failed.

    >>> attempted("the sum", lambda: 1 + 1)
    (2, '')
    >>> attempted("the quotient", lambda: 1 // 0)
    (None, 'The quotient could not be made: integer division or modulo by zero.')
    """
    try:
        return make(), ""
    except Exception as error:  # whatever it is: the training that is reported took longer than this page
        reason = shorten(" ".join(str(error).split()) or type(error).__name__, LONGEST_REASON)
        return None, f"{what[:1].upper()}{what[1:]} could not be made: {reason.rstrip('.')}."
