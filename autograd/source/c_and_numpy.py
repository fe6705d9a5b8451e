"""The languages besides JavaScript that a program can be written in: C, and Python with NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan

from autograd.source.language import Language

C_HELPERS = """#include <math.h>

static inline double modulo(double a, double b) { /* of the sign of b */
  const double r = fmod(a, b);
  return r != 0.0 ? ((r < 0.0) != (b < 0.0) ? r + b : r) : copysign(r, b);
}
static inline int nothing_sent(double gradient) { return gradient == 0.0 && signbit(gradient); }
"""

NUMPY_HELPERS = """import math

import numpy as np

erf, erfc = (np.vectorize(f, otypes=[float]) for f in (math.erf, math.erfc))


def nothing_sent(gradient):
    return (gradient == 0.0) & np.signbit(gradient)
"""


def _in_c(x: float) -> str:
    if isnan(x):
        return "NAN"
    return "INFINITY" if x == inf else "(-INFINITY)" if x == -inf else repr(x)


def _in_numpy(x: float) -> str:
    if isnan(x):
        return "np.nan"
    return "np.inf" if x == inf else "-np.inf" if x == -inf else repr(x)


TYPES = {"float": "double ", "int": "int ", "Numbers": "double *", "None": "void "}
"""C's types by those of `autograd.tape.native`."""


class _C(Language):
    """C: numbers are double, rows of them pointers."""

    def head(self, name: str, parameters: Sequence[str], types: Sequence[str], returns: str) -> str:
        """Return the first line of a function."""
        declared = [TYPES[t] + p for p, t in zip(parameters, types, strict=True)]
        return f"static {TYPES[returns]}{name}({', '.join(declared)}) {{"


C = _C(
    constant=_in_c,
    where="({0} ? {1} : {2})",
    truth="({0} != 0.0)",
    given="const double {0} = {1};",
    patterns={"abs": "fabs({0})", "%": "modulo({0}, {1})", "round": "rint({0})"},
    counter="int",
    variable="double {0} = {1};",
    room="double {0}[{1}];",
    gathered="double row[{1}] = {{{0}}};",
    loop="for (int k = 0; k < {0}; k++) ",
)

_RENAMED = {"abs": "np.abs", "round": "np.rint", "erf": "erf", "erfc": "erfc", "pow": "np.power"}
_ARC = {f"a{name}": f"np.arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")}
NUMPY = Language(
    constant=_in_numpy,
    where="np.where({0}, {1}, {2})",
    truth="({0} != 0.0)",
    patterns={
        **{name: f"{theirs}({{0}})" for name, theirs in _RENAMED.items() if name != "pow"},
        **{name: f"{theirs}({{0}})" for name, theirs in _ARC.items() if name != "atan2"},
        "pow": "np.power({0}, {1})",
        "atan2": "np.arctan2({0}, {1})",
        "%": "np.mod({0}, {1})",
    },
    called="np.",
    room="{0} = [0.0] * {1}",
    braces=False,
)
