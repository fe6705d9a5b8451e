"""Formulas set as mathematics: plain text in, a ``<math>`` element out."""

from __future__ import annotations

from html import escape


def mathml(text: str) -> str:
    """The formula as MathML, every character of it shown as it stands."""
    return f'<math display="block"><mtext>{escape(text)}</mtext></math>'
