"""A ledger of routes: what each of the largest adds to a weight's gradient, and what the rest adds.

Facts first, then two ways to show them: a table of text, and the same table for a notebook.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise, zip_longest
from typing import TYPE_CHECKING, Any

from autograd.graph import topological_order
from autograd.notation.labels import parse_label
from autograd.notation.numbers import count, number, signed
from autograd.seeing.facts.names import labels_of, name_of_output
from autograd.seeing.facts.trace import trace
from autograd.value import Value

if TYPE_CHECKING:
    pass
from autograd.seeing.facts.routes import Route, Routes, target_of

MOST_FACTORS = 14
"""Of a route with more factors than this, the first and the last are shown."""
MOST_DIGITS = 40
"""Of how many digits a number of routes may be and still be written out."""
PAGE_WIDTH = 108
GAP = "  "


@dataclass(frozen=True, slots=True)
class Factor:
    """One local derivative of a route, ∂after/∂before.

    Attributes:
        before, after: the labels of the Values at the two ends, or what stands for a label.
        value: the number.
        position: by which input, from 0, where the one is several inputs of the other; else None.
            Each of them is a route of its own: ``e * e`` has two, both with the slope e.
    """

    before: str
    after: str
    value: float
    position: int | None = None

    @property
    def name(self) -> str:
        """``∂a₁¹/∂z₁¹``, as plain text."""
        return f"∂{parse_label(self.after).text}/∂{parse_label(self.before).text}"

    @property
    def written(self) -> str:
        """The number, and by which input where that is needed to tell routes apart."""
        return number(self.value) + ("" if self.position is None else f" (input {self.position + 1})")

    def __str__(self) -> str:
        return f"{self.name} = {self.written}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One route of a ledger.

    Attributes:
        rank: its place among all routes by the size of its product, from 1.
        factors: the local derivatives along it, from the weight to the output.
        product: of the factors: what this route adds to the gradient.
        running: the sum of the products up to and including this one.
    """

    rank: int
    factors: tuple[Factor, ...]
    product: float
    running: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where a gradient comes from, route by route; made by `GradientPath.ledger`.

    Attributes:
        weight, output: the labels of the two ends, or what stands for a label.
        entries: the largest routes, the largest first.
        count: how many routes there are in all, exactly.
        rest: the sum of the products of all routes that have no entry.  It is computed from these
            routes, not as what is missing from the gradient, so that `sum` is a check.
        gradient: ∂output/∂weight, as the reverse pass computes it.
    """

    weight: str
    output: str
    entries: tuple[Entry, ...]
    count: int
    rest: float
    gradient: float

    @property
    def remaining(self) -> int:
        """How many routes have no entry of their own."""
        return self.count - len(self.entries)

    @property
    def sum(self) -> float:
        """The products of all routes added up; the gradient, but for rounding."""
        return total([*[entry.product for entry in self.entries], self.rest])

    def text(self, width: int = PAGE_WIDTH) -> str:
        """The ledger as a table, its routes wrapped to as many columns of text."""
        return "\n".join(_text(self, width))

    def __str__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": _html(self)}


def total(numbers: Iterable[float]) -> float:
    """The sum, rounded once; what floats make of it where it overflows or holds ∞ − ∞.

    >>> total([1e16, 1.0, -1e16]), total([math.inf, 1.0, -math.inf])
    (1.0, nan)
    """
    summands = list(numbers)
    try:
        return math.fsum(summands)
    except (OverflowError, ValueError):
        return sum(summands)


# ------------------------------------------------------------------------------------- as text


def _text(ledger: Ledger, width: int) -> list[str]:
    """The table: the sums at the left, the factors with their names above them at the right."""
    title = _title(ledger)
    if not ledger.count:
        return [title]
    rows = [
        (str(entry.rank), signed(entry.product), signed(entry.running), _columns(entry.factors))
        for entry in ledger.entries
    ]
    if ledger.remaining:
        rows.append(("rest", signed(ledger.rest), signed(ledger.sum), [(_others(ledger), "")]))
    rows.append(("sum", signed(ledger.sum), "", [(f"= {_gradient(ledger)}", "")]))
    heads = ("route", "product", "running sum")
    widths = [max(len(head), *(len(str(row[i])) for row in rows)) for i, head in enumerate(heads)]
    lines = [title, "", GAP.join(h.rjust(w) for h, w in zip(heads, widths, strict=True)) + GAP + " factors"]
    factor_widths = _factor_widths([row[3] for row in rows[: len(ledger.entries)]])
    for *sums, columns in rows:
        start = GAP.join(str(x).rjust(w) for x, w in zip(sums, widths, strict=True)) + GAP + " "
        for names, values in _wrapped(columns, factor_widths, width - len(start)):
            lines.append((start + names).rstrip())
            start = " " * len(start)
            if values.strip():
                lines.append((start + values).rstrip())
    return lines


def _title(ledger: Ledger) -> str:
    weight, output = parse_label(ledger.weight).text, parse_label(ledger.output).text
    if not ledger.count:
        return f"no route leads from {weight} to {output}: {_gradient(ledger)} = 0"
    routes = _routes(ledger.count)
    return f"{routes} from {weight} to {output}: {_gradient(ledger)} = {number(ledger.gradient)}"


def _gradient(ledger: Ledger) -> str:
    return f"∂{parse_label(ledger.output).text}/∂{parse_label(ledger.weight).text}"


def _routes(n: int) -> str:
    """``n routes``, exactly as far as a person would read it."""
    return f"{n:,} routes" if 1 < n < 10**MOST_DIGITS else f"{count(n)} route{'' if n == 1 else 's'}"


def _others(ledger: Ledger) -> str:
    if not ledger.entries:
        return "all routes"
    return "the one other route" if ledger.remaining == 1 else f"the other {_routes(ledger.remaining)}"


def _columns(factors: Sequence[Factor]) -> list[tuple[str, str]]:
    """A name and a number for each factor; a route of no factors is the number 1."""
    columns: list[tuple[str, str]] = [
        ("…", "…") if f is None else (f.name, f.written) for f in shown(factors)
    ]
    return columns or [("the value itself", "1")]


def shown(factors: Sequence[Factor]) -> list[Factor | None]:
    """The factors to show; of a long route the first and the last, with None between."""
    if len(factors) <= MOST_FACTORS:
        return list(factors)
    half = MOST_FACTORS // 2
    return [*factors[:half], None, *factors[-half:]]


def _factor_widths(rows: Iterable[list[tuple[str, str]]]) -> list[int]:
    """How wide each column of factors is, so that those of all routes stand one below the other."""
    nothing = ("", "")
    return [
        max(len(part) for pair in column for part in pair) for column in zip_longest(*rows, fillvalue=nothing)
    ]


def _wrapped(
    columns: Sequence[tuple[str, str]], widths: Sequence[int], room: int
) -> Iterable[tuple[str, str]]:
    """Pairs of lines, the names and the numbers below them, no wider than there is room."""
    names = values = ""
    for (name, value), width in zip(columns, [*widths, 0], strict=False):
        if names and len(names) + width > room:
            yield names, values
            names = values = ""
        names += name.ljust(width) + GAP
        values += value.ljust(width) + GAP
    yield names, values


# -------------------------------------------------------------------------------- for a notebook

STYLE = """
.chainrule-ledger { font-variant-numeric: tabular-nums; overflow-x: auto; }
.chainrule-ledger table { border-collapse: collapse; font-size: inherit; }
.chainrule-ledger caption { text-align: left; font-weight: 600; padding: .2em 0 .5em; white-space: nowrap; }
.chainrule-ledger th, .chainrule-ledger td { padding: .35em .8em; text-align: right; vertical-align: middle;
  white-space: nowrap; border-top: 1px solid rgb(128 128 128 / .35); background: none; }
.chainrule-ledger th { font-weight: 400; opacity: .75; }
.chainrule-ledger table td.factors, .chainrule-ledger table th.factors { text-align: left;
  white-space: normal; min-width: 20em; }
.chainrule-ledger .product { font-weight: 600; }
.chainrule-ledger .sum td, .chainrule-ledger .sum th { border-top: 2px solid currentcolor; opacity: 1; }
.chainrule-ledger .factor { display: inline-flex; flex-direction: column; align-items: center;
  vertical-align: middle; line-height: 1.3; }
.chainrule-ledger .term { display: inline-block; white-space: nowrap; padding: .15em 0; }
.chainrule-ledger .factor > span:first-child { font-size: .85em; opacity: .8; }
.chainrule-ledger sub, .chainrule-ledger sup { font-size: .7em; line-height: 0; }
"""


def _html(ledger: Ledger) -> str:
    if not ledger.count:
        return f"<p>{escape(_title(ledger))}</p>"
    rows = [_html_row(str(e.rank), e.product, e.running, _html_factors(e.factors)) for e in ledger.entries]
    if ledger.remaining:
        rows.append(_html_row("rest", ledger.rest, ledger.sum, _others(ledger)))
    rows.append(
        f'<tr class="sum"><th scope="row">sum</th><td class="product">{signed(ledger.sum)}</td><td></td>'
        f'<td class="factors">= {html_derivative(ledger.output, ledger.weight)}</td></tr>'
    )
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("route", "product", "running sum"))
    return (
        f'<div class="chainrule-ledger"><style>{STYLE}</style><table><caption>'
        f"{_routes(ledger.count)} from {html_label(ledger.weight)} to "
        f"{html_label(ledger.output)}: {html_derivative(ledger.output, ledger.weight)} = "
        f"{number(ledger.gradient)}</caption>"
        f'<thead><tr>{heads}<th scope="col" class="factors">factors</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _html_row(name: str, product: float, running: float, factors: str) -> str:
    return (
        f'<tr><th scope="row">{name}</th><td class="product">{signed(product)}</td>'
        f'<td>{signed(running)}</td><td class="factors">{factors}</td></tr>'
    )


def _html_factors(factors: Sequence[Factor]) -> str:
    written = [
        "…"
        if f is None
        else f'<span class="factor"><span>{html_derivative(f.after, f.before)}</span>'
        f"<span>{f.written}</span></span>"
        for f in shown(factors)
    ]
    if not written:
        return "the value itself, 1"
    terms = [*(f"{factor} ·" for factor in written[:-1]), written[-1]]
    return " ".join(f'<span class="term">{term}</span>' for term in terms)  # lines end between factors


def html_derivative(after: str, before: str) -> str:
    """∂after/∂before as HTML."""
    return f"∂{html_label(after)}/∂{html_label(before)}"


def html_label(text: str) -> str:
    """A label as HTML: its characters mean themselves, its indices are set below and above.

    >>> html_label("w21^3"), html_label("<b>")
    ('w<sub>21</sub><sup>3</sup>', '&lt;b&gt;')
    """
    label = parse_label(text)
    below = f"<sub>{escape(label.subscript)}</sub>" if label.subscript else ""
    above = f"<sup>{escape(label.superscript)}</sup>" if label.superscript else ""
    return escape(label.base) + below + above


LONGEST_FORMULA = 20


CALL = re.compile(r"\w+\(.*\)", re.DOTALL)


def ledger_of(path: Routes, routes: list[Route], names: Mapping[str, Any] | None) -> Ledger:
    """Return the account of a gradient: these routes, what the others add, and the sum."""
    called = _names_on(path, routes, names)
    entries, products = [], []
    for rank, route in enumerate(routes, 1):
        products.append(route.product)
        factors = tuple(
            Factor(called[before], called[after], partial, position if _is_repeated(before, after) else None)
            for (before, after), partial, position in zip(
                pairwise(route.nodes), route.partials, route.positions, strict=True
            )
        )
        entries.append(Entry(rank, factors, route.product, total(products)))
    return Ledger(
        weight=called[path.weight],
        output=called[path.output],
        entries=tuple(entries),
        count=path.count,
        rest=sum_of_others(path, routes),
        gradient=path.total,
    )


def _is_repeated(before: Value, after: Value) -> bool:
    """Whether the one is more than one input of the other."""
    return sum(v is before for v in after.inputs) > 1


def sum_of_others(path: Routes, routes: list[Route]) -> float:
    """The sum of the products of all routes but these.

    Every other route parts from these at some node on the way back from the output, by an edge that
    none of them takes from there.  Up to the source of that edge, ∂source/∂weight sums all the ways.
    """
    if len(routes) == path.count:
        return 0.0
    slope = {path.weight: 1.0}
    for use in path.uses:
        slope[use.target] = slope.get(use.target, 0.0) + use.partial * slope[use.source]
    if not routes:
        return slope[path.output]
    into = {target: list(group) for target, group in groupby(path.uses, key=target_of)}
    others: list[float] = []
    ahead = [(path.output, 1.0, routes, 1)]
    while ahead:
        target, product, taking, depth = ahead.pop()
        for use in into.get(target, ()):
            upstream = product * use.partial
            along = [r for r in taking if len(r.positions) >= depth and r.positions[-depth] == use.position]
            if along:
                ahead.append((use.source, upstream, along, depth + 1))
            else:
                others.append(upstream * slope[use.source])
    return total(others)


def _names_on(path: Routes, routes: list[Route], names: Mapping[str, Any] | None) -> dict[Value, str]:
    """What each Value on the routes is called: its label, else its formula, else its number."""
    labels = labels_of(names)
    called = {path.weight: "weight", path.output: name_of_output(topological_order(path.output), labels)}
    if routes:
        facts = trace(path.output, names, {}, path.upstream).nodes
        readable: set[Value] = set()
        for i, (v, node) in enumerate(zip(path.nodes, facts, strict=True)):
            known = all(x.label or x.role == "constant" or x in readable for x in v.inputs)
            name = node.label or (_short(node.formula) if known else "")
            if name:
                readable.add(v)
            called[v] = name if node.label else called.get(v) or name or f"v{i}"
    name = path.weight.label or labels.get(path.weight, "")
    return called | ({path.weight: name} if name else {})


def _short(formula: str | None) -> str:
    """A formula in place of a name; "" if it is too long for one."""
    if formula is None or len(formula) > LONGEST_FORMULA:
        return ""
    return f"({formula})" if " " in formula and not _is_call(formula) else formula


def _is_call(formula: str) -> bool:
    """Whether all of a formula is one function's: ``tanh(a + b)``, but not ``tanh(a) + tanh(b)``."""
    if not CALL.fullmatch(formula):
        return False
    depth = 0
    for i, character in enumerate(formula):
        depth += (character == "(") - (character == ")")
        if character == ")" and depth == 0:
            return i == len(formula) - 1
    return False
