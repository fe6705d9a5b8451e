"""Formulas as MathML: the plain text of `formula` in, a ``<math>`` element out.

Gradients become fractions, small digits become indices, ``^`` a raised exponent, ``√`` a root.  Every
other character is shown as it is, escaped: whatever a label contains, it stays text.

>>> mathml("a^2")
'<math display="block"><msup><mi>a</mi><mn>2</mn></msup></math>'
"""

from __future__ import annotations

import re
from html import escape

from autograd.notation.labels import PATH, RAISED_BRACKETS, SUBSCRIPT_DIGITS, SUPERSCRIPT_DIGITS

FULL_SIZE = str.maketrans(SUBSCRIPT_DIGITS + SUPERSCRIPT_DIGITS, 2 * "0123456789")
NUMBER = r"\d+(?:\.\d+)?(?:e−?\d+)?(?![^\W\d])|∞"
NAME = (  # after the path of its Module, with its indices, and which use of that it is of
    rf"(?P<path>{PATH})?"
    r"[^\W\d₀-₉]\w*?(?:\.\d+)*(?:(?<=\d),\d+)?(?P<below>[₀-₉](?:,?[₀-₉])*)?"
    r"(?P<above>⁽[⁰¹²³⁴-⁹]+⁾|[⁰¹²³⁴-⁹]+)?(?P<use>\[\d+(?:,\d+)*\])?(?![\w⁰¹²³⁴-⁹⁽])"
)
TOKEN = re.compile(
    rf"(?P<number>{NUMBER})"
    rf"|(?P<word>{NAME})"
    r"|(?P<operator>\+=|[-+−×·/=≈<>≤≥≠∧∨¬(),|…→])"
    r"|(?P<sign>∂[₀-₉]*|[√^])"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
WORDS = ("if", "else")
SIGNED = ("−", "-", "+")


def mathml(text: str) -> str:
    """Return the formula as MathML."""
    token = TOKEN.match(text)
    is_name = token is not None and token["word"] == text and text not in WORDS  # as most are
    return f'<math display="block">{_word(token) if token and is_name else _Parser(text).formula()}</math>'


class _Parser:
    """Parses a formula from left to right; each method returns the MathML of what it has read."""

    def __init__(self, text: str) -> None:
        self._tokens = list(TOKEN.finditer(text))
        self._closings = _closings([token.group() for token in self._tokens])
        self._place = 0

    def formula(self) -> str:
        """Read the whole text."""
        return self._until(len(self._tokens))

    def _next(self) -> str:
        return self._tokens[self._place].group() if self._place < len(self._tokens) else ""

    def _operand_or_sign(self) -> str:
        """Read an operand with its exponent, or a single sign."""
        if self._tokens[self._place].lastgroup == "space":
            return self._space()
        atom = self._atom()
        if atom is None:
            return self._single()
        if self._next() == "^":
            start = self._place
            self._place += 1
            exponent = self._atom()
            if exponent is not None:
                return f"<msup>{atom}{exponent}</msup>"
            self._place = start
        return atom

    def _atom(self) -> str | None:
        """Read something that can be raised, rooted or derived; read nothing if there is no such thing."""
        if self._place == len(self._tokens):
            return None
        token = self._tokens[self._place]
        if token["number"]:
            self._place += 1
            return f"<mn>{token.group()}</mn>"
        if token["word"] and token.group() not in WORDS:
            self._place += 1
            arguments = self._group() if self._next() == "(" else None
            word = _word(token)
            return word if arguments is None else f"<mrow>{word}{arguments}</mrow>"
        if token.group() in ("(", "|"):
            return self._group()
        if token.group() == "∂":
            return self._gradient()
        return self._root() if token.group() == "√" else None

    def _group(self) -> str | None:
        """Read ``( … )`` or ``| … |``; read nothing if it is never closed."""
        end = self._closings.get(self._place)
        if end is None:
            return None
        opening = _operator(self._next())
        inside = self._inside(end)
        return f"<mrow>{opening}{inside}{_operator(self._tokens[end].group())}</mrow>"

    def _inside(self, end: int) -> str:
        """Read what stands between the bracket here and the one at ``end``, and pass both."""
        self._place += 1
        inside = self._until(end)
        self._place += 1
        return inside

    def _until(self, end: int) -> str:
        parts = []
        while self._place < end:
            parts.append(self._operand_or_sign())
        return "".join(parts)

    def _gradient(self) -> str | None:
        """Read ``∂L/∂a`` as a fraction."""
        start = self._place
        self._place += 1
        above = self._name()
        if above is not None and [token.group() for token in self._ahead(2)] == ["/", "∂"]:
            self._place += 2
            below = self._name()
            if below is not None:
                return f"<mfrac>{_differential(above)}{_differential(below)}</mfrac>"
        self._place = start
        return None

    def _name(self) -> str | None:
        if self._next() == "(":
            return self._group()
        token = self._tokens[self._place] if self._place < len(self._tokens) else None
        if token is None or not (token["word"] or token["number"]):
            return None
        self._place += 1
        return _word(token) if token["word"] else f"<mn>{token.group()}</mn>"

    def _root(self) -> str | None:
        start = self._place
        self._place += 1
        end = self._closings.get(self._place)
        if self._next() == "(" and end is not None:  # the bar of the root groups what is under it
            return f"<msqrt>{self._inside(end)}</msqrt>"
        under = self._atom()
        if under is None:
            self._place = start
            return None
        return f"<msqrt>{under}</msqrt>"

    def _ahead(self, how_many: int) -> list[re.Match[str]]:
        return self._tokens[self._place : self._place + how_many]

    def _space(self) -> str:
        """Keep a space between two words; around operators the renderer sets the space."""
        self._place += 1
        ahead = self._ahead(1)
        before = self._tokens[self._place - 2] if self._place > 1 else None
        words = before is not None and ahead and _is_text(before) and _is_text(ahead[0])
        return '<mspace width="0.3em"/>' if words else ""

    def _is_prefix(self) -> bool:
        """Return whether the sign just read belongs to one operand, rather than standing between two."""
        before = [k for k in range(self._place - 1) if not self._tokens[k]["space"]]
        if not before:
            return True
        last = self._tokens[before[-1]]
        if last.group() == "|":
            return before[-1] in self._closings  # which it opens
        return last.group() in WORDS or (bool(last["operator"]) and last.group() not in (")", "…"))

    def _single(self) -> str:
        token = self._tokens[self._place]
        self._place += 1
        if token.group() in WORDS:
            return f'<mspace width="0.3em"/><mtext>{token.group()}</mtext><mspace width="0.3em"/>'
        if token.group() in SIGNED and self._is_prefix():
            return f'<mo form="prefix">{token.group()}</mo>'
        if token["sign"]:
            sign, slot = token.group()[0], token.group()[1:]
            slot = slot.translate(FULL_SIZE)
            return f"<msub>{_operator(sign)}<mn>{slot}</mn></msub>" if slot else _operator(sign)
        if token["operator"]:
            return _operator(token.group())
        return f"<mtext>{escape(token.group())}</mtext>"


def _closings(tokens: list[str]) -> dict[int, int]:
    """Map the place of each opening bracket to that of its closing one.

    A bar closes the last bracket opened if that is a bar; brackets that are never closed are left out.
    """
    found: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(tokens):
        if token in (")", "|") and opened and tokens[opened[-1]] == ("(" if token == ")" else "|"):
            found[opened.pop()] = place
        elif token in ("(", "|"):
            opened.append(place)
    return found


def _is_text(token: re.Match[str]) -> bool:
    return bool(token["word"] or token["number"] or token["other"]) and token.group() not in WORDS


def _operator(sign: str) -> str:
    return f"<mo>{escape(sign)}</mo>"


def _differential(name: str) -> str:
    return f"<mrow><mo>∂</mo>{name}</mrow>"


def _word(token: re.Match[str]) -> str:
    path, below, above, use = (token[part] or "" for part in ("path", "below", "above", "use"))
    word = token.group().removeprefix(path)
    if path:
        return f"<mrow><mtext>{path}</mtext>{_indexed(word, below, above, use)}</mrow>"
    return _indexed(word, below, above, use)


def _indexed(word: str, below: str, above: str, use: str) -> str:
    if not below and not above:
        return f"<mi>{escape(word)}</mi>"
    base = f"<mi>{escape(word.removesuffix(below + above + use))}</mi>"
    lowered, raised = (
        f"<mn>{indices.strip(RAISED_BRACKETS).translate(FULL_SIZE)}</mn>" if indices else ""
        for indices in (below, above)
    )
    if above.startswith(RAISED_BRACKETS[0]):
        raised = f"<mo>(</mo>{raised}<mo>)</mo>"
    if use or raised.startswith("<mo>"):
        raised = f"<mrow>{raised}{f'<mo>[</mo><mn>{use[1:-1]}</mn><mo>]</mo>' if use else ''}</mrow>"
    if below and raised:
        return f"<msubsup>{base}{lowered}{raised}</msubsup>"
    return f"<msub>{base}{lowered}</msub>" if below else f"<msup>{base}{raised}</msup>"
