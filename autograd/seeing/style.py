"""The one look: colours and sizes shared by every picture, plot and page.

Hue means sign, and only sign: blue and vermilion, which every kind of colour vision can tell apart (Okabe
and Ito, Color Universal Design, 2008), and the sign is written as well.  Roles are told by their frames, and
the classes of data have colours of their own (`nn.seeing.style`).
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from zlib import crc32

from autograd.notation.hints import did_you_mean, short_repr

FONT = "Helvetica"
SMALL_SIZE, TEXT_SIZE, SYMBOL_SIZE, NAME_SIZE = 10, 12, 14, 15
INDEX_SIZE = SMALL_SIZE


@dataclass(frozen=True)
class Theme:
    """The colours of one look.

    Attributes:
        paper: behind everything in a picture, and behind the cards of a page.
        page: behind the cards.
        rule: thin lines that part one thing from another.
        ink: text.
        faint: less important text.
        line: arrows that carry no gradient.
        surface: inside operations.
        frame: the outline of inputs, weights and outputs.
        thin: that of operations and constants.
        positive, negative: the sign of a number.
    """

    paper: str
    page: str
    rule: str
    ink: str
    faint: str
    line: str
    surface: str
    frame: str
    thin: str
    positive: str
    negative: str

    def role(self, role: str) -> str:
        """Return the colour of a role's outline."""
        return self.frame if role in ("input", "weight", "output", "error") else self.thin

    def fill(self, role: str) -> str:
        """Return the colour inside a box of this role: a light tint of its outline."""
        return mixed(self.role(role), self.paper, 0.08) if role != "operation" else self.surface

    def strand(self, rank: int, product: float) -> str:
        """Return the colour of a route: the hue of its sign, the stronger, the nearer to ink.

        Args:
            rank: its place among the routes, from 1.
            product: the product of its local derivatives.
        """
        return mixed(self.sign(product), self.ink, min(0.55 + 0.09 * rank, 1.0))

    def variables(self) -> str:
        """Return the colours as CSS variables, named as the attributes: ``--paper:#FFFFFF;…``.

        Text in the hue of a sign takes ``--positive-text`` or ``--negative-text``.
        """
        colours = asdict(self) | {"positive-text": self.sign_text(1.0), "negative-text": self.sign_text(-1.0)}
        return "".join(f"--{name}:{colour};" for name, colour in colours.items())

    def sign(self, gradient: float | None) -> str:
        """Return the colour of a gradient's sign; that of a plain line where it has none."""
        if gradient is None or gradient == 0.0 or math.isnan(gradient):
            return self.line
        return self.positive if gradient > 0.0 else self.negative

    def sign_text(self, gradient: float | None) -> str:
        """Return the same for text, which needs more contrast than a line."""
        hue = self.sign(gradient)
        return self.faint if hue == self.line else mixed(hue, self.ink, 0.75)


THEMES = {
    "light": Theme(
        paper="#FFFFFF", page="#F6F5F1", rule="#DCDEE1",
        ink="#1B1B1B", faint="#5A5E63", line="#7A7F85", surface="#FFFFFF",
        frame="#3C4043", thin="#6E7378", positive="#0072B2", negative="#D55E00",
    ),
    "dark": Theme(
        paper="#15181C", page="#0E1013", rule="#30353B",
        ink="#ECEDEE", faint="#A7ADB3", line="#8A9096", surface="#22262B",
        frame="#C4C8CC", thin="#9AA0A6", positive="#56B4E9", negative="#E8752A",
    ),
}  # fmt: skip
"""The themes by name."""


def theme_named(name: str) -> Theme:
    """Return the theme of that name.

    Raises:
        ValueError: if there is none.
    """
    if name not in THEMES:
        hint = did_you_mean(str(name), THEMES)
        raise ValueError(f"a theme is one of {', '.join(map(repr, THEMES))}; got {short_repr(name)}{hint}")
    return THEMES[name]


THINNEST, THICKEST = 0.9, 5.5
"""In points, the width of a line lies between these."""
SMALLEST, LARGEST = 1e-4, 1e2
"""Gradients of magnitudes outside of these are drawn as if they were the nearer one."""


def width(gradient: float | None) -> float:
    """Return the width of a line, in points, by the magnitude of a gradient: the same in every picture.

    From `THINNEST` at 0.0001 to `THICKEST` at 100, evenly over the six powers of ten between.

    >>> width(1e-9), width(0.1), width(1e9)
    (0.9, 3.2, 5.5)
    """
    if gradient is None or math.isnan(gradient) or abs(gradient) <= SMALLEST:
        return THINNEST
    if abs(gradient) >= LARGEST:
        return THICKEST
    share = math.log(abs(gradient) / SMALLEST) / math.log(LARGEST / SMALLEST)
    return round(THINNEST + share * (THICKEST - THINNEST), 3)


def mixed(colour: str, other: str, share: float) -> str:
    """Return a mixture, ``share`` of the one colour and the rest of the other, as ``#RRGGBB``."""
    parts = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02X}" for a, b in parts)


VIEW_BOX = re.compile(r' viewBox="\S+ \S+ (\S+) ([^"\s]+)"')
FIRST_NODE = re.compile(
    r'class="node.*?<(?:polygon|path|ellipse|polyline)[^>]* (?:points="|d="M|cx=")(-?[\d.]+)', re.DOTALL
)
FONT_SIZE = re.compile(r'font-size(?:="|: )([\d.]+)')
SMALLEST_WORDS = 10.0
"""No word of a picture is shown smaller than this, in pixels."""
SMALLEST_PRINTED = 8.0
"""On paper, where 6 points can be read."""
SHEET = 656, 880
"""How wide and how high a picture may be on a sheet of A4 or Letter, in pixels."""
CARD = 120
"""By so much the parts of a picture overlap on paper, in its own units: as a node is wide."""
PART = "display:block;max-width:100%;margin-bottom:1em;break-inside:avoid"
"""How a part looks."""
SCROLLS = "Wider than its place: scroll sideways for the rest."
"""Stands below a picture where it is scrolled."""
NOTE = "margin:.3em 0 0;font:italic 13px/1.4 sans-serif;opacity:.8"
"""How that line looks."""
STOP = "position:sticky;left:0;width:1px;height:1px;margin-bottom:-1px;outline:none"
"""Stays where it is while a picture is scrolled, and takes the focus there."""


def narrowest(svg: str) -> float:
    """Return how narrow a picture may be shown, in pixels: no word becomes smaller than `SMALLEST_WORDS`.

    >>> narrowest('<svg viewBox="0.00 0.00 1200.00 80.00"><text font-size="12.00">a</text></svg>')
    1000.0
    """
    width = VIEW_BOX.search(svg)
    sizes = [float(size) for size in FONT_SIZE.findall(svg)]
    return float(width[1]) * SMALLEST_WORDS / min(sizes) if width and sizes else 0.0


def fitting(svg: str) -> str:
    """Return an ``<svg>`` element as HTML that fits where it is shown.

    It shrinks with its place as far as its words can be read; in a narrower one it is scrolled in its frame,
    by the arrow keys too, and a line below says so.  On paper, what could not be read on one sheet stands in
    parts below each other.
    """
    least, parts = math.ceil(narrowest(svg)), in_parts(svg)
    if parts:
        start, end = svg.index(">", svg.index("<svg")) + 1, svg.rindex("</svg>")
        svg = f'{svg[:start]}<g id="{_id(svg)}">{svg[start:end]}</g>{svg[end:]}'
    style = f"max-width:100%;min-width:{least}px;height:auto"
    picture = svg.replace("<svg ", f'<svg style="{style}" ', 1)
    named = f'class="wider-than-{least}" role="group" aria-label="A drawing, scrolled by the arrow keys"'
    inside = f'<div {named} tabindex="0" style="{STOP}"></div>{_opening(svg, least)}{picture}'
    scrolled = f'<div style="overflow-x:auto;position:relative">{inside}</div>'
    ring = f":has(>.wider-than-{least}:focus-visible){{outline:3px solid currentcolor;outline-offset:-3px}}"
    hidden = f".wider-than-{least}{{display:none}}"
    whole = f":has(+.wider-than-{least})>svg{{min-width:0!important;max-height:95vh}}"  # on paper: one sheet
    where_all_is_seen = f"@container (min-width:{least}px){{{hidden}}}@media print{{{hidden}{whole}}}"
    note = (
        f'<p class="wider-than-{least}" style="{NOTE}">{SCROLLS}</p><style>{ring}{where_all_is_seen}</style>'
    )
    width = VIEW_BOX.search(svg)
    own = f"contain-intrinsic-inline-size:{math.ceil(float(width[1]) * 4 / 3)}px" if width else ""
    return f'<div style="container-type:inline-size;{own}">{scrolled}{note}{parts}</div>'


def in_parts(svg: str) -> str:
    """Return a picture's parts, which only paper shows; empty where one sheet shows all of it.

    They show the element around what is drawn, which `fitting` makes.

    >>> wide = '<svg viewBox="0 0 1200 80"><text font-size="10">a</text></svg>'
    >>> in_parts(wide).count("<svg"), in_parts(wide.replace("1200", "800"))
    (2, '')
    """
    box, sizes = VIEW_BOX.search(svg), [float(size) for size in FONT_SIZE.findall(svg)]
    if not box or not sizes:
        return ""
    scale = SMALLEST_PRINTED / min(sizes)
    (columns, width, further), (rows, height, lower) = (
        _cut(float(whole), most / scale) for whole, most in zip(box.groups(), SHEET, strict=True)
    )
    if columns * rows == 1:
        return ""
    parts = "".join(
        f'<svg viewBox="{further * k:g} {lower * row:g} {width:g} {height:g}" width="{width * scale:.0f}" '
        f'style="{PART}"><use href="#{_id(svg)}"/></svg>'
        for row in range(rows) for k in range(columns)
    )  # fmt: skip
    hidden = "@media screen{.drawing-in-parts{display:none}}"
    return (
        f"<style>{hidden}@media print{{:has(~.drawing-in-parts){{display:none!important}}}}</style>"
        f'<div class="drawing-in-parts" aria-hidden="true">{parts}</div>'
    )


def _cut(whole: float, most: float) -> tuple[int, float, float]:
    """Return in how many parts a length is cut, how long each is, and how far it is to the next."""
    if whole <= most:
        return 1, whole, 0.0
    count = math.ceil((whole - CARD) / (most - CARD))
    further = (whole - CARD) / count
    return count, further + CARD, further


def _id(svg: str) -> str:
    """Return an id for what is drawn in a picture, the same for the same picture."""
    return f"drawn-{crc32(svg.encode()):08x}"


def _opening(svg: str, width: float) -> str:
    """Return an empty element at which a scrolled picture opens: with its first node in the middle."""
    first, whole = FIRST_NODE.search(svg), VIEW_BOX.search(svg)
    if not first or not whole:
        return ""
    middle = round(width * float(first[1]) / float(whole[1]))
    place = f"position:absolute;left:calc({middle}px - 50%);top:0;width:1px;height:1px"
    return f'<span style="{place};scroll-initial-target:nearest"></span>'
