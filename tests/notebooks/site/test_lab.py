"""The lab in a real browser, from a local server: the engine on Pyodide, pictures by viz.js, no network."""

import functools
import http.server
import threading
from importlib.util import find_spec

import pytest

from notebooks.site.lab import installed, write_lab
from notebooks.site.lessons import lessons

pytestmark = pytest.mark.skipif(
    find_spec("nbconvert") is None, reason="the packages of chainrule[site] are not installed"
)

LARGEST = 16_000_000
"""Bytes that the lab may have, Python and Graphviz included."""
PATIENCE = 120_000
"""Milliseconds, on a machine that does other things as well."""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The lab, built."""
    out = tmp_path_factory.mktemp("site")
    try:
        with installed(None) as modules:
            write_lab(out / "lab", [x for lesson in lessons()[:1] for x in lesson.exercises()], modules)
    except RuntimeError as error:
        pytest.skip(str(error))
    return out


@pytest.fixture(scope="module")
def lab(browser, folder):
    """The page, once it is ready."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/"
    page = browser.new_page(viewport={"width": 978, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(f"{base}lab/index.html")
    page.wait_for_selector("html[data-ready]", state="attached")
    page.wait_for_selector("#numbers input")
    yield page
    assert page.errors == []
    assert [url for url in page.asked if not url.startswith((base, "data:", "about:"))] == []
    page.close()
    server.shutdown()
    server.server_close()


def ready(page):
    page.wait_for_selector("#told:text-is('Ready.')")


def run(page, program):
    """Run a program; return what stands below it."""
    page.fill("#code", program)
    page.click("#program .main")
    ready(page)
    return page.inner_text("#printed")


def test_it_is_small_enough(folder):
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < LARGEST


def test_a_formula_is_drawn_walked_and_told_route_by_route(lab):
    lab.fill("#text", "(a*b + c) * a")
    lab.wait_for_selector("#numbers input >> nth=2")
    for view, seen in (("draw", "svg"), ("path", "svg"), ("ledger", "table"), ("walk", "iframe")):
        lab.click(f"button[value={view}]")
        lab.wait_for_selector(f"#seen {seen}")
        ready(lab)
    page = lab.query_selector("#seen iframe").content_frame()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.click("#last")
    page.click("#what-if summary")
    page.fill("#leaves input >> nth=0", "5")
    page.press("#leaves input >> nth=0", "Enter")
    page.wait_for_selector("svg.graph :text('−25')")  # (5 · (−3) + 10) · 5, computed by the engine


def test_a_formula_that_is_none_is_met_with_its_column(lab):
    lab.fill("#text", "a * sn(b)")
    lab.wait_for_selector("#complaint:text('column 5')")
    assert "did you mean 'sin'" in lab.inner_text("#complaint")


def test_programs_run_and_a_network_learns_step_by_step(lab):
    lab.select_option("#begin", "xor")
    lab.click("#program .main")
    lab.wait_for_selector("#printed table")
    ready(lab)
    assert "accuracy 1.00" in lab.inner_text("#printed")
    assert lab.locator("#printed svg").count() > 0


def test_an_exercise_is_graded(lab):
    lab.select_option("#begin", "rule_of_product")
    assert "Write it" in lab.inner_text("#task")
    code = lab.input_value("#code")
    assert "not answered yet" in run(lab, code)
    assert "rule_of_product: right" in run(lab, code.replace("...", "return a * b, b, a"))


def test_a_deep_graph_is_freed_and_python_lives_on(lab):
    deep = "from autograd import Value\nx = Value(1.0)\nfor _ in range(100_000): x = x.sin()\nx.backward()"
    assert run(lab, f"{deep}\ndel x\n6 * 7") == "42"


def test_an_endless_program_is_stopped_and_another_runs(lab):
    lab.fill("#code", "while True: pass")
    lab.click("#program .main")
    lab.click("#stop")
    lab.wait_for_selector("html[data-ready]", state="attached")
    assert run(lab, "1 + 1") == "2"
