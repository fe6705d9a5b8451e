"""The table of ops as expressions, and whole graphs written in other languages."""

from __future__ import annotations

from typing import Any

__all__ = ["source"]


def source(what: Any, language: str) -> str:
    """Return a graph as the text of a program that computes its value and the gradient of every leaf.

    The text is written from the rules of the table, and needs nothing of this library.

    * ``"c"``: ``double value_and_gradient(const double *x, double *gradient)``; with the mathematics library.
    * ``"javascript"``: ``valueAndGradient(x)`` returns both in a list.
    * ``"numpy"``: ``value_and_gradient(x)`` returns both; the columns of ``x``, if it has any, are samples.
    * ``"latex"``: the value and the partial derivatives as formulas.

    Args:
        what: a Value, such as a loss, or a tape of one output.  ``x`` are the numbers of its leaves: a
            tape's inputs, then all others as they occur.
        language: one of these.

    Raises:
        NotImplementedError: if an op of one's own cannot be written; the message names it.
        TypeError: if it is neither a Value nor a tape.
        ValueError: if there is no such language, or not one output.

    >>> from autograd import Value
    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> print(source(a * b + a, "numpy").partition("def value_and_gradient")[2])
    (x):
        # x: a, b
        v, g = np.zeros((4, *np.shape(x)[1:])), np.full((4, *np.shape(x)[1:]), 0.0)
        v[:2] = x
        with np.errstate(all="ignore"):
            v[2] = (v[0] * v[1])
            v[3] = (v[2] + v[0])
            g[3] = 1.0
            g[2] += g[3]
            g[0] += g[3]
            g[0] += g[2] * v[1]
            g[1] += g[2] * v[0]
        return v[3], g[:2] + 0.0
    <BLANKLINE>
    """
    from autograd.source.written import written  # what is recorded stands above the table

    return written(what, language)
