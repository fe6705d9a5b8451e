"""The ledger of a gradient: its account as a table of text, and the same table for a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import zip_longest
from typing import Any

from autograd.notation.labels import parse_label
from autograd.notation.numbers import count, number, signed
from autograd.notation.signs import GRADIENT, LOCAL, gradient_sign, in_a_product, slot_sign
from autograd.seeing.facts.account import Account, Entry, Factor, others_in_words
from autograd.seeing.facts.cut_apart import cut_apart

MOST_FACTORS = 14
"""Of a route with more factors than this, some are shown; see `cut_apart`."""
MOST_DIGITS = 40
"""A number of routes is written out up to this many digits; longer ones are abbreviated."""
PAGE_WIDTH = 108
"""The width of the table of text, in characters."""
GAP = "  "
"""What stands between two columns."""


class Ledger(Account):
    """Where a gradient comes from, route by route, as a table; made by `GradientPath.ledger`."""

    __slots__ = ()

    def text(self, width: int = PAGE_WIDTH) -> str:
        """Return the ledger as a table, no wider than that many characters."""
        return "\n".join(_text(self, width))

    def __str__(self) -> str:
        return self.text()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": _html(self)}


# ------------------------------------------------------------------------------------- as text


def _text(ledger: Account, width: int) -> list[str]:
    """Return the table: the sums at the left, the factors with their names above them at the right."""
    title = _title(ledger)
    if not ledger.count:
        return [title]
    rows = [
        (str(entry.rank), signed(entry.product), signed(entry.running), _columns(factors))
        for entry, factors in _shown(ledger.entries)
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


def _title(ledger: Account) -> str:
    weight, output = parse_label(ledger.weight).text, parse_label(ledger.output).text
    if not ledger.count:
        return f"no route leads from {weight} to {output}: {_gradient(ledger)} = 0"
    routes = _routes(ledger.count)
    return f"{routes} from {weight} to {output}: {_gradient(ledger)} = {number(ledger.gradient)}"


def _gradient(ledger: Account) -> str:
    return gradient_sign(parse_label(ledger.output).text, parse_label(ledger.weight).text)


def _routes(n: int) -> str:
    return f"{_written(n)} route{'' if n == 1 else 's'}"


def _written(n: int) -> str:
    """Return the exact number, as long as a person would read it."""
    return f"{n:,}" if n < 10**MOST_DIGITS else count(n)


def _others(ledger: Account) -> str:
    return others_in_words(ledger.remaining, _written) if ledger.entries else "all routes"


def _columns(factors: Sequence[Factor | None]) -> list[tuple[str, str]]:
    """Return a name and a number for each factor; a route of no factors is the number 1."""
    columns: list[tuple[str, str]] = [("…", "…") if f is None else (f.name, number(f.value)) for f in factors]
    return columns or [("the value itself", "1")]


def _shown(entries: Sequence[Entry]) -> list[tuple[Entry, list[Factor | None]]]:
    """Return each entry with the factors to show; those of a long route with None between them."""
    cut = cut_apart([[factor.name for factor in entry.factors] for entry in entries], MOST_FACTORS)
    return [
        (entry, [None if i is None else entry.factors[i] for i in places])
        for entry, places in zip(entries, cut, strict=True)
    ]


def _factor_widths(rows: Iterable[list[tuple[str, str]]]) -> list[int]:
    """Return how wide each column of factors is, so that those of all routes stand one below the other."""
    nothing = ("", "")
    return [
        max(len(part) for pair in column for part in pair) for column in zip_longest(*rows, fillvalue=nothing)
    ]


def _wrapped(
    columns: Sequence[tuple[str, str]], widths: Sequence[int], room: int
) -> Iterable[tuple[str, str]]:
    """Yield pairs of lines, the names and the numbers below them, no wider than there is room."""
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
.chainrule-ledger { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.chainrule-ledger table { border-collapse: collapse; font-size: inherit; }
.chainrule-ledger col:last-child { width: 100%; }
.chainrule-ledger caption { text-align: left; font-weight: 600; padding: .2em 0 .5em; }
.chainrule-ledger tr { background: none; }
.chainrule-ledger :is(thead, tbody, .sum) tr:first-child { border-top: 1px solid rgb(128 128 128 / .35); }
.chainrule-ledger :is(th, td) { padding: .35em .5em .1em; text-align: right; white-space: nowrap; border: 0; }
.chainrule-ledger th { font-weight: 400; opacity: .75; }
.chainrule-ledger td[colspan] { text-align: left; white-space: normal; }
.chainrule-ledger td.factors { padding-top: 0; }
.chainrule-ledger .product { font-weight: 600; }
.chainrule-ledger tr.sum { border-top: 2px solid currentcolor; }
.chainrule-ledger .factor { display: inline-flex; flex-direction: column; align-items: center;
  vertical-align: middle; line-height: 1.3; }
.chainrule-ledger .term { display: inline-block; padding: .15em 0; }
.chainrule-ledger .factor > span:first-child { font-size: .85em; opacity: .8; }
.chainrule-ledger sub, .chainrule-ledger sup { font-size: max(.7em, 10px); line-height: 0; }
@media print { .chainrule-ledger tbody { break-inside: avoid; } }
"""


def _html(ledger: Account) -> str:
    if not ledger.count:
        return f"<p>{escape(_title(ledger))}</p>"
    routes = [
        _html_rows(str(entry.rank), entry.product, entry.running, _html_factors(factors))
        for entry, factors in _shown(ledger.entries)
    ]
    if ledger.remaining:
        routes.append(_html_rows("rest", ledger.rest, ledger.sum, _others(ledger)))
    last = (
        f'<tr class="sum"><th scope="row">sum</th><td class="product">{signed(ledger.sum)}</td>'
        f'<td colspan="2">= {_html_gradient(ledger)}</td></tr>'
    )
    bodies = "</tbody><tbody>".join(routes)  # on paper none is broken, and the sum stands with the last
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("route", "product", "running sum"))
    return (
        f'<div class="chainrule-ledger"><style>{STYLE}</style><table><caption>'
        f"{_routes(ledger.count)} from {html_label(ledger.weight)} to "
        f"{html_label(ledger.output)}: {_html_gradient(ledger)} = "
        f"{number(ledger.gradient)}</caption><col><col><col><col>"
        f"<thead><tr>{heads}</tr></thead><tbody>{bodies}{last}</tbody></table></div>"
    )


def _html_rows(name: str, product: float, running: float, factors: str) -> str:
    """Return a row of numbers, and below it one of factors, which is as wide as the page allows."""
    return (
        f'<tr><th scope="row">{name}</th><td class="product">{signed(product)}</td><td>{signed(running)}</td>'
        f'</tr><tr><td class="factors" colspan="4">{factors}</td></tr>'
    )


def _html_factors(factors: Sequence[Factor | None]) -> str:
    written = [
        "…"
        if f is None
        else f'<span class="factor"><span>{_html_local(f)}</span><span>{number(f.value)}</span></span>'
        for f in factors
    ]
    if not written:
        return "the value itself, 1"
    terms = [*(f"{factor} ·" for factor in written[:-1]), written[-1]]
    return " ".join(f'<span class="term">{term}</span>' for term in terms)  # lines end between factors


def _html_gradient(ledger: Account) -> str:
    return GRADIENT.format(of=html_label(ledger.output), by=html_label(ledger.weight))


def _html_local(factor: Factor) -> str:
    """Return the sign of a local derivative as HTML."""
    source, target = (
        html_label(name) if in_a_product(text := parse_label(name).text) == text else f"({html_label(name)})"
        for name in (factor.before, factor.after)
    )
    return LOCAL.format(slot=slot_sign(factor.position), source=source, target=target)


def html_label(text: str) -> str:
    """Return a label as HTML: its characters mean themselves, its indices are set below and above.

    >>> html_label("w21^3"), html_label("<b>")
    ('w<sub>21</sub><sup>(3)</sup>', '&lt;b&gt;')
    """
    label = parse_label(text)
    below = f"<sub>{escape(label.subscript)}</sub>" if label.subscript else ""
    above = f"<sup>{escape(label.superscript)}</sup>" if label.superscript else ""
    return escape(label.base) + below + above
