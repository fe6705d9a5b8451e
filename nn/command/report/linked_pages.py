"""The pages beside the report: one sample's loss step by step, and the gradient of every weight.

Both are made by `autograd` and need no other file; the report says what is in them.  A page that
cannot be made is left out, and the report says why: nothing of the training is lost by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log
from typing import Any, TypeAlias

from autograd import Value, gallery, walk
from autograd.notation.labels import parse_label, shorten
from autograd.notation.numbers import count, counted, number, signed
from autograd.seeing import Gallery, Step, Walk

MOST_BYTES = 5_000_000
"""A page has at most this many bytes."""
LONGEST_REASON = 300
"""At most this many characters are shown of the reason why a page could not be made."""

Told: TypeAlias = dict[str, Any]
"""What the report says of a page, by name: the page as ``html``; or "" and, as ``why_not``, the reason."""


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


def player_of(loss: Value) -> Told:
    """Make the page on which one sample's loss is stepped through; tell its steps, and one as an example."""
    return attempted("the player", lambda: _player(walk(loss)))


def _player(steps: Walk) -> Told:
    if steps.is_by_layer:
        steps = steps.by("layer")
    forward = sum(step.phase == "forward" for step in steps)
    example = _telling(steps)
    return {
        "html": steps.html(),
        "steps": counted(len(steps), "step"),
        "forward": count(forward),
        "reverse": count(len(steps) - forward),
        "at": count(example.number + 1),
        "sentence": example.sentence,
        "mathematics": example.mathml(),
    }


def _telling(steps: Walk) -> Step:
    """Return the step to show: preferably one that adds to a gradient that a neuron already has.

    Of larger steps it is the first that passes gradients on.
    """
    neurons = steps.trace.places
    contributions = [step for step in steps if step.contribution is not None]
    added = [step for step in contributions if step.before is not None]
    inside = [step for step in added if step.node in neurons and step.target in neurons]
    reverse = [step for step in steps if step.phase == "reverse" and step.kind != "seed"]
    return (inside or added or contributions or reverse or steps)[0]


def gallery_of(loss: Value) -> Told:
    """Make the page with a card for the gradient of every weight on which one sample's loss depends.

    What is told: how many cards there are; how the gradient's size changes from the last layer to the first,
    in a sentence and as bars; and the weight with the largest gradient.
    """
    return attempted("the gallery", lambda: _gallery(gallery(loss)))


def _gallery(pictures: Gallery) -> Told:
    facts = pictures.facts
    first, cards = facts.cards[0], counted(len(facts.cards), "card")
    if len(facts.cards) < facts.weights:
        cards += f", for the largest gradients of {count(facts.weights)},"
    return {
        "html": pictures.html(),
        "cards": cards,
        "trend": facts.trend(),
        "bars": _bars(pictures),
        "largest": parse_label(first.name),
        "gradient": signed(first.gradient),
    }


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
        bars.append(Bar(spread.layer, counted(spread.weights, "weight"), number(size), round(100 * share)))
    return tuple(bars)


def attempted(what: str, make: Callable[[], Told]) -> Told:
    """Return what ``make`` gives; if it fails, that there is no page, and in a sentence why.

    >>> attempted("the quotient", lambda: {"html": 1 // 0})["why_not"]
    'The quotient could not be made: integer division or modulo by zero.'
    """
    try:
        told = make()
        size = len(str(told["html"]).encode())
        if size > MOST_BYTES:
            raise ValueError(f"it would have {size / 1e6:.0f} MB, more than a browser opens at once")
        return told
    except Exception as error:
        return {"html": "", "why_not": why_not(what, error)}


def why_not(what: str, error: Exception) -> str:
    """Say that something is not in the report, and why; the rest of the report is written all the same.

    >>> why_not("the drawing", ValueError("too large"))
    'The drawing could not be made: too large.'
    """
    reason = shorten(
        " ".join(str(getattr(error, "fact", error)).split()) or type(error).__name__, LONGEST_REASON
    )
    return f"{what[:1].upper()}{what[1:]} could not be made: {reason.rstrip('.')}."
