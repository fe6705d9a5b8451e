"""How the two derivatives are written: a gradient, and the local derivative of one arrow of the graph.

In ``y = x*x + x`` a change of x reaches y by several ways.  The gradient ∂y/∂x takes all of them.  The local
derivative ∂(x→y) is that of the one arrow from x to y: how y moves with this input while the other inputs
of y are held still.

>>> gradient_sign("y", "x"), local_sign("x", "y")
('∂y/∂x', '∂(x→y)')
"""

from __future__ import annotations

import re
from functools import lru_cache

from autograd.notation.labels import LOWERED, PATH
from autograd.notation.numbers import MOST_KEPT

GRADIENT = "∂{of}/∂{by}"
"""The gradient of ``by``: how ``of`` moves with it by all ways."""
LOCAL = "∂{slot}({source}→{target})"
"""The local derivative of an arrow; ``slot`` tells the inputs apart where one Value is several of them."""
SINGLE = rf"(?:{PATH})?[\w,.∞⁽⁾\[\]]+|[\w ]*\([^()]*\)"
"""One name, number or call, which needs no parentheses in a product."""


def gradient_sign(of: str, by: str) -> str:
    """Return ``∂L/∂a``; a name of more than one word is put in parentheses."""
    return GRADIENT.format(of=in_a_product(of), by=in_a_product(by))


def local_sign(source: str, target: str, slot: int | None = None) -> str:
    """Return the sign of the local derivative of the arrow from ``source`` to ``target``: ``∂(a→d)``.

    Args:
        source, target: the names of the two ends.
        slot: which input the source is, from 0, where it is several inputs of the target; else None.

    >>> local_sign("x", "x × x", 1)
    '∂₂(x→(x × x))'
    """
    return LOCAL.format(slot=slot_sign(slot), source=in_a_product(source), target=in_a_product(target))


def local_in_words(source: str, target: str) -> str:
    """Return what a local derivative is, for a legend."""
    return f"how {target} changes with {source} through this one arrow, its other inputs held still"


def slot_sign(slot: int | None) -> str:
    """Return the small digits that tell the inputs of one op apart, from 1; "" for None."""
    return "" if slot is None else str(slot + 1).translate(LOWERED)


@lru_cache(maxsize=MOST_KEPT)
def in_a_product(text: str) -> str:
    """Return the text as a factor: in parentheses, unless it is one name, number or call.

    >>> in_a_product("a + b"), in_a_product("tanh(a + b)")
    ('(a + b)', 'tanh(a + b)')
    """
    return text if re.fullmatch(SINGLE, text) else f"({text})"
