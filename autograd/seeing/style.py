"""The one look: colours and sizes shared by every picture, plot and page.

The hues are those of Okabe and Ito (Color Universal Design, 2008), which every kind of colour vision
can tell apart.  No meaning depends on a hue alone: roles are also written and have shapes of their
own, and every gradient carries its sign.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from autograd.notation.hints import did_you_mean, short_repr

FONT = "Helvetica"
SMALL_SIZE, TEXT_SIZE, SYMBOL_SIZE, NAME_SIZE = 10, 12, 14, 15
INDEX_SIZE = SMALL_SIZE

BLUE, SKY, ORANGE, GREEN, VERMILLION, GREY = "#0072B2", "#56B4E9", "#E69F00", "#009E73", "#D55E00", "#999999"
PURPLE, YELLOW = "#CC79A7", "#F0E442"
"""The hues of Okabe and Ito, and a grey."""


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
        input, weight, constant, operation, output: the outline of each role.
        positive, negative: the sign of a gradient.
        routes: the strongest routes of a gradient path by rank; none is the hue of a sign.
    """

    paper: str
    page: str
    rule: str
    ink: str
    faint: str
    line: str
    surface: str
    input: str
    weight: str
    constant: str
    operation: str
    output: str
    positive: str
    negative: str
    routes: tuple[str, ...]

    def role(self, role: str) -> str:
        """Return the colour of a role by its name."""
        return {
            "input": self.input,
            "weight": self.weight,
            "constant": self.constant,
            "output": self.output,
        }.get(role, self.operation)

    def fill(self, role: str) -> str:
        """Return the colour inside a box of this role: a light tint of its outline."""
        return mixed(self.role(role), self.paper, 0.14) if role != "operation" else self.surface

    def variables(self) -> str:
        """Return the colours as CSS variables, named as the attributes: ``--paper:#FFFFFF;…``.

        The routes are ``--route1``, ``--route2``, … by rank; text in the hue of a sign takes
        ``--positive-text`` or ``--negative-text``.
        """
        colours = {name: colour for name, colour in asdict(self).items() if name != "routes"}
        colours |= {f"route{rank}": hue for rank, hue in enumerate(self.routes, 1)}
        colours |= {"positive-text": self.sign_text(1.0), "negative-text": self.sign_text(-1.0)}
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
        ink="#1B1B1B", faint="#5F6368", line="#8A8F94", surface="#FFFFFF",
        input=BLUE, weight=ORANGE, constant=GREY, operation="#6E7378", output=GREEN,
        positive=BLUE, negative=VERMILLION,
        routes=(GREEN, PURPLE, ORANGE, SKY, "#8A6D3B"),
    ),
    "dark": Theme(
        paper="#15181C", page="#0E1013", rule="#30353B",
        ink="#ECEDEE", faint="#A7ADB3", line="#7D848B", surface="#22262B",
        input=SKY, weight=ORANGE, constant=GREY, operation="#9AA0A6", output=GREEN,
        positive=SKY, negative="#E8752A",
        routes=(GREEN, PURPLE, ORANGE, YELLOW, "#C9B48A"),
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
