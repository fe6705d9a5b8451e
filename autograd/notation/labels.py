"""Labels of the textbook's form (``w21^3``) taken apart, so that renderers can set their indices.

>>> parse_label("w21^3")
Label(base='w', subscript='21', superscript='(3)')
>>> parse_label("w21^3").text
'w₂₁⁽³⁾'
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import ceil

TEXTBOOK = re.compile(
    r"(?P<base>(?:[^\W\d][\w \[\]-]*\.(?:[\w \[\]-]+\.)*)?[^\W\d_]{1,2})"
    r"(?P<subscript>[0-9]+(?:,[0-9]+)*)?(?:\^(?P<superscript>[0-9]+))?(?P<use>\[[0-9]+(?:,[0-9]+)*\])?"
)
CUT = r"[^\W\d][\w.\[\]-]*(?: \d+[\w.\[\]-]*)* ?…[\w.\[\]-]*(?: \d+[\w.\[\]-]*)*\."
PATH = rf"(?:{CUT}|(?:[^\W\d][\w]*(?: \d+)?(?:\[-?\d+\])*\.(?:\d+\.)*)+)"
"""What stands in a name before its own letters: the Module that it is of, as in ``block 1.fc[2].w₁₁``, or in
``blo…fc[2].w₁₁``, with its middle cut out."""
SUBSCRIPT_DIGITS, SUPERSCRIPT_DIGITS = "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"
RAISED_BRACKETS = "⁽⁾"
"""What stands around the index of a layer: without them z³ would read as a power."""
LOWERED = str.maketrans("0123456789", SUBSCRIPT_DIGITS)
RAISED = str.maketrans("0123456789()", SUPERSCRIPT_DIGITS + RAISED_BRACKETS)
TYPED = str.maketrans(SUBSCRIPT_DIGITS + SUPERSCRIPT_DIGITS, 2 * "0123456789", RAISED_BRACKETS[1])
MOST_KEPT = 20_000
"""At most this many labels that were taken apart are kept: pages ask for the same ones again and again."""
LONGEST_PATH = 200
"""A label of more characters is not taken apart."""
BIAS = re.compile(r"(.*_)?(b|bias|biases)(_.*|[0-9]*)")
"""A name that holds biases, such as ``b``, ``b1``, ``bias_out`` or ``decoder_biases``; see `is_bias`."""
LINE_ENDS = "\n\u2028\u2029"


@dataclass(frozen=True)
class Label:
    """A label taken apart: a base, and the indices below and above it.

    Attributes:
        base: the letter or two, after the Module's path if that is told; or the whole label if it is not a
            textbook label.
        subscript: digits and commas, or "".
        superscript: digits in parentheses: the layer, which is not a power; digits in square brackets: which
            use of the Module; both; or "".
    """

    base: str
    subscript: str = ""
    superscript: str = ""

    @cached_property
    def text(self) -> str:
        """The label in one line of plain text, with Unicode's small digits."""
        layer, bracket, use = self.superscript.partition("[")
        return self.base + self.subscript.translate(LOWERED) + layer.translate(RAISED) + bracket + use

    @property
    def of_all_uses(self) -> Label:
        """The label without what tells a use from others."""
        return replace(self, superscript=self.superscript.partition("[")[0])


@lru_cache(maxsize=MOST_KEPT)
def parse_label(text: str, limit: int = 24) -> Label:
    """Take a textbook label apart; return any other label as a base without indices.

    A textbook label is a letter (Latin or Greek), or two where a second one tells the matrix, as in ``wf21``,
    after a Module's path if that is told, as in ``encoder.w21^1``; optionally followed by the digits of its
    subscript, with a comma between indices from 10 up, and by ``^`` with the digits of its superscript; what
    has an index can end in a use of its Module, as in ``z1^2[3]``.

    Args:
        text: any label.
        limit: at most this many characters are kept: indices, and the two ends of the rest.

    >>> parse_label("δ1^2"), parse_label("a^b")
    (Label(base='δ', subscript='1', superscript='(2)'), Label(base='a^b', subscript='', superscript=''))
    >>> parse_label("encoder.w21^1").text, parse_label("encoder.w21^1", 10).text
    ('encoder.w₂₁⁽¹⁾', 'e…r.w₂₁⁽¹⁾')
    """
    found = TEXTBOOK.fullmatch(text) if len(text) <= LONGEST_PATH else None
    if found is None:
        return Label(visible(_cut(text, limit)))
    layer, use = f"({found['superscript']})" if found["superscript"] else "", found["use"] or ""
    if not found["subscript"] and not layer:
        return Label(text)
    base, below, above = found["base"], found["subscript"] or "", layer + use
    path, dot, letters = base.rpartition(".")
    room = limit - len(letters + below + above) - 1
    return Label(_cut(path, room) + dot + letters, below, above)


def family(label: str) -> tuple[str, ...]:
    """Return what a label has in common with those of the same Module, by which two Modules go apart.

    >>> family("w21^1") == family("w3^1"), family("w21^1") == family("w21^2"), family("conv1")
    (True, False, ('conv1',))
    """
    found = TEXTBOOK.fullmatch(label) if len(label) <= LONGEST_PATH else None
    return (label,) if found is None else (found["base"], found["superscript"] or "")


def _cut(text: str, limit: int) -> str:
    """Cut the middle out of a text of more than ``limit`` characters."""
    half = max(limit - 1, 0) / 2
    return text if len(text) <= max(limit, 1) else f"{text[: ceil(half)]}…{text[len(text) - int(half) :]}"


def is_cut(name: str, label: str) -> bool:
    """Return whether a name is this label as it is printed, with its middle cut out.

    >>> is_cut("e…r.w₂₁⁽¹⁾", "encoder.w21^1"), is_cut("encoder.w₂₁⁽¹⁾", "encoder.w21^1")
    (True, False)
    """
    begin, cut, end = typed(name).partition("…")
    whole = typed(visible(label))
    return cut != "" and len(whole) > len(typed(name)) and whole.startswith(begin) and whole.endswith(end)


def typed(text: str) -> str:
    """Return a label as it is typed, of one with Unicode's small digits, as printed: ``w21^3`` of w₂₁⁽³⁾.

    >>> typed("block 1.w₂₁⁽³⁾[2]"), typed("w21^3")
    ('block 1.w21^3[2]', 'w21^3')
    """
    return text.replace(RAISED_BRACKETS[0], "^").translate(TYPED)


def called(name: str) -> str:
    """Return how something that a Module holds is called there: an item of a list by its place, from 1.

    >>> called("experts.0"), called("experts.[1]")  # of a list the first, of a dictionary what it holds as 1
    ('expert 1', 'experts[1]')
    >>> called("steps.0")
    'stage 1'
    """
    held, _, index = name.rpartition(".")
    if not held or not is_position(index):
        return name
    if not index.isdigit():
        return called(held) + index
    return f"{name_of_list(called(held)).removesuffix('s')} {int(index) + 1}"


def name_of_list(name: str) -> str:
    """Return how a list is called: ``steps`` are stages, since a step is one of a walk or a training."""
    return re.sub(r"\bsteps$", "stages", name)


def is_position(name: str) -> bool:
    """Return whether a name in a path only says which of several: of a list's items, or a dictionary's."""
    return name.isdigit() or name.startswith("[")


def pieces(name: str) -> list[str]:
    """Return the names along a path as pictures call them, whether it is given so or as Python holds it.

    >>> pieces("blocks.0.fc1.w11^1") == pieces("block 1 · fc1.w₁₁⁽¹⁾") == ["block 1", "fc1", "w11^1"]
    True
    """
    found: list[str] = []
    for own in re.split(r"\.| · ", typed(name)):
        if is_position(own) and found:
            found[-1] = called(f"{found[-1]}.{own}")
        else:
            found.append(name_of_list(own))
    return found


@lru_cache(maxsize=MOST_KEPT)
def is_bias(path: str) -> bool:
    """Return whether the parameter at this dotted path is a bias: by the last name that is no position.

    >>> [is_bias(path) for path in ("neurons.2.b", "output_bias.3", "b1", "b.w.0", "base")]
    [True, True, True, False, False]
    """
    names = [name for name in path.split(".") if not is_position(name)]
    return names != [] and BIAS.fullmatch(names[-1]) is not None


def shorten(text: str, limit: int) -> str:
    """Cut a text to at most ``limit`` characters, all of them visible; an ellipsis marks the cut.

    >>> shorten("two\\nlines", 20), shorten("a very long label", 8)
    ('two¶lines', 'a very …')
    """
    kept = text if len(text) <= limit else text[: limit - 1] + "…"
    return visible(kept)


def visible(text: str) -> str:
    """Return a text whose characters are all visible: none moves a terminal's cursor or changes its colours.

    >>> visible("a\x1b[2Jb")
    'a‹1b›[2Jb'
    """
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character in LINE_ENDS:
        return "¶"
    category = unicodedata.category(character)
    if category in ("Cs", "Cn"):  # half of a surrogate pair; not a character
        return "�"
    return f"‹{ord(character):x}›" if category in ("Cc", "Cf") else character  # invisible
