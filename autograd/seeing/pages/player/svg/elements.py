"""The elements that SVG is written with: tags, text, slots for numbers, names with their indices.

Elements carry classes and no colours, so that one drawing serves the light and the dark look; the
classes are coloured in ``graph.css`` by the style sheet's variables.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from autograd.notation.labels import Label, shorten
from autograd.seeing.drawing.letters import width_of
from autograd.seeing.facts.box_content import LONGEST_HINT
from autograd.seeing.style import INDEX_SIZE, NAME_SIZE

HARMLESS = re.compile(r"[\w .,:()+-]*")
"""A text that means itself in an attribute."""


class Point(NamedTuple):
    """A place in a picture, in its units, from the top left."""

    x: float
    y: float


@lru_cache(maxsize=10_000)
def coordinate(x: float) -> str:
    """Return a coordinate as text: one decimal at most.

    >>> coordinate(1.0), coordinate(2.345678)
    ('1', '2.3')
    """
    text = f"{x:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def pair(p: Point) -> str:
    """Return a point as a path has it: ``1 2.3``."""
    return f"{coordinate(p.x)} {coordinate(p.y)}"


def tag(name: str, content: str = "", **attributes: object) -> str:
    """Return an element.

    An underscore at the end of an attribute's name is dropped; others become hyphens.

    >>> tag("text", "&lt;", class_="name", data_slot='"')
    '<text class="name" data-slot=\\'"\\'>&lt;</text>'
    """
    written = "".join([_attribute(*attribute) for attribute in attributes.items()])
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


@lru_cache(maxsize=20_000, typed=True)
def _attribute(name: str, value: object) -> str:
    text = f'"{coordinate(value)}"' if isinstance(value, float) else _quoted(str(value))
    return f" {name.rstrip('_').replace('_', '-')}={text}"


def _quoted(text: str) -> str:
    return f'"{text}"' if HARMLESS.fullmatch(text) else quoteattr(text)


def words(text: str, x: float, y: float, class_: str, **more: object) -> str:
    """Return a text element, each character meaning itself."""
    return tag("text", escape(text), x=x, y=y, class_=class_, **more)


def slot(name: str, content: str, x: float, y: float, class_: str) -> str:
    """Return a place for a number, written from its right end."""
    return words(content, x, y, f"number {class_}", data_slot=name)


def hint(text: str) -> str:
    """Return what an element says when pointed at."""
    return tag("title", escape(shorten(text, LONGEST_HINT)))


def moved(parts: str, corner: Point) -> str:
    """Return parts that are drawn around (0, 0), moved to the corner.

    Equal parts are then equal texts, which take less room when packed.
    """
    place = f"translate({round(corner.x)} {round(corner.y)})"
    return tag("g", parts, transform=place)


@lru_cache(maxsize=10_000)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return a safe guess at the width of text in any sans-serif font, in units of the picture."""
    wide = 0.7 if bold else 0.62
    return sum(size * (1.0 if unicodedata.east_asian_width(c) in "WF" else wide) for c in text)


@lru_cache(maxsize=10_000)
def name_markup(name: Label) -> str:
    """Return the inside of a text element: a name with its indices one above the other."""
    markup = escape(name.base)
    if name.subscript:
        width = width_of(name.subscript, INDEX_SIZE)
        fitted = {"textLength": width, "lengthAdjust": "spacingAndGlyphs"} if name.superscript else {}
        markup += tag("tspan", escape(name.subscript), class_="index", dy=4.0, **fitted)
    if name.superscript:
        back = {"dx": -width_of(name.subscript, INDEX_SIZE)} if name.subscript else {}
        up = -11.0 if name.subscript else -7.0
        markup += tag("tspan", escape(name.superscript), class_="index", **back, dy=up)
    return markup


def name_width(name: Label) -> float:
    """Return how wide `name_markup` comes out."""
    index = max(name.subscript, name.superscript, key=len)
    return text_width(name.base, NAME_SIZE) + text_width(index, INDEX_SIZE)
