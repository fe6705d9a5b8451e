"""JavaScript, run in a browser."""

import math

import pytest

RUN = """([script, rows]) => {
  const exact = (x) => (typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x);
  const word = (x) => String(x).replace("Infinity", "inf").toLowerCase();
  const said = (x) => (x === null || Number.isFinite(x) ? x : word(x));
  const run = new Function(script)();
  return rows.map((row) => run(row.map(exact)).map(said));
}"""


@pytest.fixture(scope="module")
def javascript(browser):
    """A function that runs a script, which returns a function of numbers, on rows of numbers."""
    sheet = browser.new_page()

    def run(script, rows):
        sent = [[x if math.isfinite(x) else str(x) for x in row] for row in rows]
        return [[x if x is None else float(x) for x in row] for row in sheet.evaluate(RUN, [script, sent])]

    yield run
    sheet.close()
