"""The ledger of a gradient: its account adds up, its table says so."""

from __future__ import annotations

import math
from math import inf
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Parameter, Value, gradient_path
from autograd import sum as sum_of
from tests.networks import Net
from tests.routes import MOST_LISTED, graph_of, listed, small_graphs
from tests.strategies import Recipe, recipes


def named(output: Value) -> Value:
    output.label = "L"
    return output


@given(recipes(), st.integers(0, 3), st.integers(0, 6))
def test_a_ledger_adds_up_to_the_gradient(recipe: Recipe, which: int, k: int) -> None:
    y, w = graph_of(recipe, which)
    path = gradient_path(y, w)
    assume(path.count <= MOST_LISTED)
    products = sorted((math.prod(partials) for _, partials in listed(y, w)), key=abs, reverse=True)
    size = sum(map(abs, products))
    ledger = path.ledger(k)
    assert ledger.sum == pytest.approx(path.total, rel=1e-9, abs=1e-12 * size)
    assert ledger.rest == pytest.approx(math.fsum(products[k:]), rel=1e-9, abs=1e-9 * size)
    assert (ledger.count, ledger.remaining) == (path.count, max(0, path.count - k))
    y.backward()
    assert ledger.gradient == w.grad


def test_a_value_without_a_name_stands_in_a_ledger_as_its_formula_bracketed_once() -> None:
    a, w = Value(0.3, "a"), Value(0.5, "w")
    y = (a * w + w).tanh() + w
    names = [[factor.name for factor in entry.factors] for entry in gradient_path(y, w).ledger().entries]
    assert ["∂(w→(a × w + w))", "∂((a × w + w)→tanh(a × w + w))", "∂(tanh(a × w + w)→y)"] in names


@given(small_graphs(), st.integers(0, 4))
def test_any_numbers_at_all_make_a_ledger(ends: tuple[Value, Value], k: int) -> None:
    ledger = gradient_path(*ends).ledger(k)
    assert [entry.rank for entry in ledger.entries] == list(range(1, len(ledger.entries) + 1))
    assert str(ledger)


def test_each_entry_has_its_factors_by_name_and_the_sum_so_far() -> None:
    w, x = Parameter(3.0, "w11^1"), Value(2.0, "x1")
    z = w * x
    z.label = "z1^1"
    ledger = gradient_path(named(z * 5 + w), w).ledger()
    first, second = ledger.entries
    assert [str(factor) for factor in first.factors] == [
        "∂(w₁₁⁽¹⁾→z₁⁽¹⁾) = 2",
        "∂(z₁⁽¹⁾→(z₁⁽¹⁾ × 5)) = 5",
        "∂((z₁⁽¹⁾ × 5)→L) = 1",
    ]
    assert [(first.product, first.running), (second.product, second.running)] == [(10.0, 10.0), (1.0, 11.0)]
    assert (ledger.rest, ledger.remaining, ledger.sum, ledger.gradient) == (0.0, 0, 11.0, 11.0)


def test_what_the_others_add_is_not_lost_beside_a_large_route() -> None:
    w = Value(1.0, "w")
    path = gradient_path(w * 1e16 + w * 3.0 - w * 1e16, w)
    ledger = path.ledger(2)
    assert (ledger.rest, ledger.sum) == (3.0, 3.0)  # the reverse pass itself has 4 or 2 here
    assert path.total != 3.0


def test_an_infinite_route_leaves_the_others_their_sum() -> None:
    w = Value(1.0, "w")
    ledger = gradient_path(w * inf + w * 3.0 + w * 2.0, w).ledger(1)
    assert (ledger.entries[0].product, ledger.rest, ledger.sum, ledger.gradient) == (inf, 5.0, inf, inf)


def test_infinite_routes_of_both_signs_sum_to_nan() -> None:
    w = Value(1.0, "w")
    ledger = gradient_path(w * inf - w * inf, w).ledger()
    assert math.isnan(ledger.sum)
    assert "nan" in str(ledger)


def test_a_ledger_of_more_routes_than_atoms_is_exact() -> None:
    w = v = Value(1.0, "w")
    for _ in range(100):
        v = v + v
    ledger = gradient_path(v, w).ledger(3)
    assert ledger.remaining == 2**100 - 3
    assert ledger.rest == ledger.sum == 2.0**100  # 3 is beyond the digits of a float this large
    assert "1,267,650,600,228,229,401,496,703,205,376 routes" in str(ledger)


def test_a_ledger_of_no_routes_says_so() -> None:
    ledger = gradient_path(named(Value(1.0, "x") * 2), Parameter(1.0, "w")).ledger()
    assert (ledger.entries, ledger.count, ledger.rest, ledger.sum) == ((), 0, 0.0, 0.0)
    assert str(ledger) == "no route leads from w to L: ∂L/∂w = 0"
    assert "no route leads" in ledger._repr_mimebundle_()["text/html"]


def test_a_ledger_without_entries_still_has_the_sum() -> None:
    w = Value(3.0, "w")
    ledger = gradient_path(named(w * w), w).ledger(0)
    assert (ledger.entries, ledger.rest, ledger.sum) == ((), 6.0, 6.0)
    assert "all routes" in str(ledger)


def test_a_ledger_of_a_value_itself() -> None:
    x = Value(2.0, "x")
    ledger = gradient_path(x, x).ledger()
    assert (ledger.sum, ledger.count) == (1.0, 1)
    assert "the value itself" in str(ledger)


def test_a_ledger_takes_names_from_the_callers_variables() -> None:
    weight = Value(2.0)
    loss = weight * weight
    assert "2 routes from weight to loss: ∂loss/∂weight = 4" in str(
        gradient_path(loss, weight).ledger(names=locals())
    )


def test_a_ledger_is_a_table_of_text_with_its_columns_one_below_the_other() -> None:
    w, x = Value(3.0, "w"), Value(-2.0, "x")
    y = w * x
    y.label = "y"
    assert str(gradient_path(named(y * y), w).ledger()).splitlines() == [
        "2 routes from w to L: ∂L/∂w = 24",
        "",
        "route  product  running sum   factors",
        "    1      +12          +12   ∂(w→y)  ∂₁(y→L)",
        "                              −2      −6",
        "    2      +12          +24   ∂(w→y)  ∂₂(y→L)",
        "                              −2      −6",
        "  sum      +24                = ∂L/∂w",
    ]


def test_a_long_ledger_stays_within_the_page() -> None:
    w = v = Value(1.0, "w")
    for _ in range(5000):
        v = v * 1.001
    lines = str(gradient_path(v, w).ledger()).splitlines()
    assert len(lines) < 15
    assert max(map(len, lines)) <= 110


def test_labels_in_a_ledger_are_text_with_real_indices() -> None:
    w = Parameter(3.0, '<img src=x onerror="alert(1)">' * 300)
    z = w * 2
    z.label = "z1^2"
    html = gradient_path(named(z * 3), w).ledger()._repr_mimebundle_()["text/html"]
    assert "<img" not in html
    assert "&lt;img" in html
    assert len(html) < 5000
    assert "z<sub>1</sub><sup>(2)</sup>" in html


def test_a_weight_used_a_thousand_times_has_a_thousand_routes() -> None:
    w = Parameter(1.0, "w")
    path = gradient_path(named(sum_of([w * factor for factor in range(1, 1001)])), w)
    ledger = path.ledger(3)
    assert [entry.product for entry in ledger.entries] == [1000.0, 999.0, 998.0]
    assert (ledger.count, ledger.rest, ledger.sum) == (1000, 497_503.0, 500_500.0)


def test_the_two_routes_through_a_square_are_told_apart() -> None:
    w, e = Parameter(3.0, "w"), Value(1.0)
    first, second = gradient_path(w * w, w).ledger().entries
    assert [str(entry.factors[0]) for entry in (first, second)] == [
        "∂₁(w→y) = 3",
        "∂₂(w→y) = 3",
    ]
    (only,) = gradient_path(w * e, w).ledger().entries
    assert only.factors[0].position is None


def test_in_a_notebook_a_long_row_of_factors_ends_its_lines_between_factors() -> None:
    w = Parameter(0.5, "w")
    y = w * 2
    for _ in range(11):
        y = y.tanh()
    page = gradient_path(y, w).ledger()._repr_mimebundle_()["text/html"]
    assert page.count('class="term"') == 12
    assert "</span> ·</span> <span" in page


LONG = "a_weight_with_a_long_name_of_its_own"

SEEN = """(ledger) => {
  const all = ledger.getBoundingClientRect();
  const rows = [...ledger.querySelectorAll("tr")];
  const blank = rows.filter((row) => ![...row.cells].some((cell) => cell.textContent.trim()));
  const texts = [...ledger.querySelectorAll("caption, th, td, .factor")];
  const isSeen = (e) => e.getBoundingClientRect().right <= all.right + 1;
  return [ledger.scrollWidth - ledger.clientWidth, blank.length, texts.every(isSeen)];
}"""


@pytest.mark.parametrize("width", [328, 640, 1400])
def test_all_of_a_ledger_is_seen_however_wide_the_page_is(opened: Any, width: int) -> None:
    net, w, x = Net(2, *[3] * 30, 1), Parameter(0.5, LONG), Value(1.5)
    y = (w * x).tanh() * 1e-250 + w * w * -1e-250
    y.label = LONG[::-1]
    for ledger in (gradient_path(net.loss, net.weights[0]).ledger(5), gradient_path(y, w).ledger(1)):
        html = ledger._repr_mimebundle_()["text/html"]
        page = f"<!doctype html><body style='margin:0;font:16px sans-serif'>{html}</body>"
        sheet = opened(page, ready=False, width=width)
        assert sheet.locator(".chainrule-ledger").evaluate(SEEN) == [0, 0, True]


def test_on_paper_the_sum_of_a_ledger_stands_with_the_last_route(opened: Any) -> None:
    net = Net(4, 4, 3, 3, 1)
    html = gradient_path(net.loss, net.weights[0]).ledger(9)._repr_mimebundle_()["text/html"]
    style = "columns: 600px; column-fill: auto; height: 500px; width: 600px"  # broken as over sheets
    sheet = opened(f"<!doctype html><body><div style='{style}'><p></p>{html}</div></body>", ready=False)
    sheet.emulate_media(media="print")
    columns = sheet.evaluate("""() => {
      const above = document.querySelector("p");
      const columnOf = (row) => Math.floor(row.getBoundingClientRect().x / 600);
      return Array.from({ length: 50 }, (_, k) => {
        above.style.height = `${10 * k}px`;
        return [...document.querySelectorAll("tr")].slice(-3).map(columnOf);
      });
    }""")
    assert len({last for *_, last in columns}) > 1
    assert all(len(set(rows)) == 1 for rows in columns)
