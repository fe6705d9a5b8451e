"""The programs of `autograd.source.source`, language by language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.notation.hints import did_you_mean
from autograd.source.c_and_numpy import C_HELPERS, NUMPY, NUMPY_HELPERS, C
from autograd.source.javascript import HELPERS, JAVASCRIPT
from autograd.source.language import Language
from autograd.source.latex import in_latex
from autograd.source.program import Graph, Writer

C_PROGRAM = """{helpers}
{functions}

/* x, gradient: {names} */
double value_and_gradient(const double *x, double *gradient) {{
  static _Thread_local double v[{size}], g[{size}];
  for (int k = 0; k < {size}; k++) g[k] = {nothing};
  for (int k = 0; k < {leaves}; k++) v[k] = x[k];
{forward}
  g[{output}] = 1.0;
{reverse}
  for (int k = 0; k < {leaves}; k++) gradient[k] = g[k] + 0.0;
  return v[{output}];
}}
"""

JAVASCRIPT_PROGRAM = """"use strict";
{helpers}
{functions}

// x, gradient: {names}
function valueAndGradient(x) {{
  const v = new Float64Array({size});
  const g = new Float64Array({size}).fill({nothing});
  v.set(x);
{forward}
  g[{output}] = 1.0;
{reverse}
  return [v[{output}], Array.from(g.subarray(0, {leaves}), (d) => d + 0)];
}}
"""

NUMPY_PROGRAM = """{helpers}

{functions}


def value_and_gradient(x):
    # x: {names}
    v, g = np.zeros(({size}, *np.shape(x)[1:])), np.full(({size}, *np.shape(x)[1:]), {nothing})
    v[:{leaves}] = x
    with np.errstate(all="ignore"):
{forward}
        g[{output}] = 1.0
{reverse}
    return v[{output}], g[:{leaves}] + 0.0
"""


def _program(template: str, language: Language, helpers: str, indent: str) -> Callable[[Graph], str]:
    def program(graph: Graph) -> str:
        writer = Writer(graph, language)
        forward, reverse = list(writer.forward()), list(writer.reverse())
        between = "\n\n" if language.braces else "\n\n\n"
        return template.format(
            helpers=helpers,
            functions=between.join(writer.functions.values()),
            names=", ".join(graph.names),
            size=len(graph.nodes),
            leaves=len(graph.leaves),
            output=graph.place[graph.output],
            nothing="-0.0" if writer.guarded else "0.0",
            forward="\n".join(indent + line for line in forward),
            reverse="\n".join(indent + line for line in reverse),
        )

    return program


LANGUAGES: dict[str, Callable[[Graph], str]] = {
    "c": _program(C_PROGRAM, C, C_HELPERS, "  "),
    "numpy": _program(NUMPY_PROGRAM, NUMPY, NUMPY_HELPERS, "        "),
    "javascript": _program(JAVASCRIPT_PROGRAM, JAVASCRIPT, HELPERS, "  "),
    "latex": in_latex,
}


def written(what: Any, language: str) -> str:
    """Return a graph in a language; see `autograd.source.source`."""
    if language not in LANGUAGES:
        known = ", ".join(map(repr, LANGUAGES))
        raise ValueError(
            f"a language is one of {known}; got {language!r}{did_you_mean(str(language), LANGUAGES)}"
        )
    return LANGUAGES[language](Graph.of(what))
