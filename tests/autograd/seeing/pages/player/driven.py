"""Graphs to walk through, and what a reader does with their pages."""

from autograd import Value


def expression(first="a"):
    """L = (a·b + c)·f + a: a is used twice, so that its gradient is added up."""
    a, b, c, f = (Value(x, label) for x, label in ((2.0, first), (-3.0, "b"), (10.0, "c"), (-2.0, "f")))
    d = a * b
    d.label = "d"
    e = d + c
    e.label = "e"
    L = e * f + a
    L.label = "L"
    return L


def chain(steps):
    """A graph of more nodes than one picture shows, and no network."""
    y = x = Value(0.5, "x")
    for i in range(steps):
        y = (y * Value(0.3 + i / 100, f"c{i}") + x).tanh()
    return y


def place(sheet):
    return int(sheet.input_value("#place"))


def go(sheet, to):
    sheet.evaluate(
        "to => { const s = document.getElementById('place'); s.value = to;"
        " s.dispatchEvent(new Event('input')); }",
        to,
    )


def slot(sheet, name):
    return sheet.text_content(f'[data-slot="{name}"]')


def edge_step(steps, node, which=-1):
    ids = {n.label: n.id for n in steps.trace.nodes}
    return [s for s in steps if s.kind == "edge" and s.node == ids[node]][which]


def tells(sheet, sentences):
    """The list of all steps says this, as soon as all is told: what is out of view is told at rest."""
    from playwright.sync_api import expect

    sheet.locator("#list").evaluate("list => { list.open = true; }")
    expect(sheet.locator("#list li button span:last-child")).to_have_text(sentences, timeout=30_000)
