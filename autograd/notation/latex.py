r"""Formulas as LaTeX: what `mathml` makes of a text, written in another markup.

>>> print(latex("∂y/∂a += ∂y/∂z₁⁽²⁾ · ∂(a→z)"))
\frac{\partial y}{\partial a}\mathrel{+}= \frac{\partial y}{\partial z_{1}^{(2)}}\cdot \partial (a\to z)
>>> print(prose("z₁⁽²⁾ receives −2 · 3 = −6; that is 50 % of it."))
$z_{1}^{(2)}$ receives $-2\cdot 3=-6$; that is 50 \% of it.
"""

from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree

from autograd.notation.mathml import mathml

SIGNS = {
    "∂": r"\partial ", "·": r"\cdot ", "×": r"\times ", "→": r"\to ", "≈": r"\approx ", "≤": r"\le ",
    "<": r"\lt ", ">": r"\gt ", "≥": r"\ge ", "−": "-", "…": r"\dots ", "∞": r"\infty ",
    "+=": r"\mathrel{+}= ",
}  # fmt: skip
"""How signs are written; a letter of the Greek alphabet stands for itself."""
SPECIAL = re.compile(r"[\\{}$&#_%~^]")
"""Characters that mean something in LaTeX."""
GREEK = re.compile("GREEK (SMALL|CAPITAL) LETTER ([A-Z]+)")
OPERAND = r"[^\s;:,]*[^\s;:,.]"
FORMULA = re.compile(rf"{OPERAND}(?: [-+−·×/=≈≤<→] {OPERAND})+|[^\s;:,.]*[^\x00-\x7f][^\s;:,]*(?<!\.)")
"""What is a formula in a sentence: operands with signs between them, or a word that is not all ASCII."""


def latex(text: str) -> str:
    """Return a formula as LaTeX, for the inside of a display or of ``$…$``."""
    return _spaced(_all(ElementTree.fromstring(mathml(text))))


def prose(text: str) -> str:
    """Return a sentence as LaTeX; what in it is written with the signs of formulas becomes one."""
    pieces = []
    end = 0
    for found in FORMULA.finditer(text):
        pieces += [latex_text(text[end : found.start()]), f"${latex(found[0])}$"]
        end = found.end()
    return "".join([*pieces, latex_text(text[end:])])


def latex_text(text: str) -> str:
    """Return a text in which no character means anything but itself."""
    return SPECIAL.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    named = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return named.get(character, f"\\{character}")


def _all(element: ElementTree.Element) -> str:
    return "".join(map(_written, element))


def _written(element: ElementTree.Element) -> str:
    parts = [_written(part) for part in element]
    match element.tag:
        case "mfrac":
            return rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
        case "msqrt":
            return rf"\sqrt{{{''.join(parts)}}}"
        case "msub":
            return f"{parts[0]}_{{{parts[1]}}}"
        case "msup":
            return f"{{{parts[0]}}}^{{{parts[1]}}}"
        case "msubsup":
            return f"{parts[0]}_{{{parts[1]}}}^{{{parts[2]}}}"
        case "mspace":
            return r"\ "
        case "mi":
            name = element.text or ""
            if found := GREEK.fullmatch(unicodedata.name(name, "") if len(name) == 1 else ""):
                letter = found[2].replace("LAMDA", "LAMBDA")  # Unicode's spelling
                return rf"\{letter.lower() if found[1] == 'SMALL' else letter.title()} "
            return name if len(name) == 1 and name.isalpha() else rf"\mathrm{{{latex_text(name)}}}"
        case "mtext":
            return rf"\text{{{latex_text(element.text or '')}}}"
        case "mn":
            digits, _, power = (element.text or "").partition("e")
            digits = SIGNS.get(digits, digits).strip()
            return rf"{digits} \cdot 10^{{{power.replace('−', '-')}}}" if power else digits
        case "mo":
            sign = element.text or ""
            return SIGNS.get(sign, sign) if sign in SIGNS else latex_text(sign)
    return "".join(parts)


def _spaced(text: str) -> str:
    return re.sub(" +", " ", text).strip()
