"""The page in which a file of a network is looked through, operator by operator."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from nn import to_onnx
from nn.exporting.outline.repeats import Step, repeats
from nn.seeing import outline
from tests.nn.exporting.modules import MODULES
from tests.shown import MEASURE, SCREENS, SMALLEST
from tests.test_axe import THEMES, TOLD, takes_the_focus

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")

from onnx import helper, numpy_helper  # noqa: E402

from nn.exporting.onnx_files.values import OPERATORS  # noqa: E402
from nn.exporting.outline.formulas import FORMULAS  # noqa: E402
from nn.exporting.outline.seen import Seen  # noqa: E402
from nn.exporting.outline.statistics import BINS, SIDE, statistics  # noqa: E402

BLOCK = ["Gemm", "Relu", "Gemm", "Tanh", "Gemm", "Add"]


def written(path, nodes, weights, ends=("x", "y"), opset=17):
    infos = [helper.make_tensor_value_info(name, 1, ["n", 8]) for name in ends]
    kept = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "g", infos[:1], infos[1:], kept)
    made = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", opset)])
    path.write_bytes(made.SerializeToString())
    return path


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """A file of seven blocks that are alike, with weights of their own, and names that tell nothing."""
    rng, nodes, weights, before = np.random.default_rng(0), [], {}, "x"
    for k in range(7):
        x = before
        for i, operator in enumerate(BLOCK):
            inputs, y = [before], f"a{k}.{i}"
            if operator == "Gemm":
                weights |= {f"W{k}.{i}": rng.normal(size=(8, 8)).astype(np.float32)}
                inputs.append(f"W{k}.{i}")
            inputs += [x] * (operator == "Add")
            nodes.append(helper.make_node(operator, inputs, [y], name=f"<b>{'ab'[k % 2] * (k + i + 1)}"))
            before = y
    nodes.append(helper.make_node("Softmax", [before], ["y"], axis=-1))
    return written(tmp_path_factory.mktemp("deep") / "deep.onnx", nodes, weights)


@pytest.fixture(scope="module")
def page(deep, tmp_path_factory):
    place = tmp_path_factory.mktemp("page") / "m.html"
    assert outline(deep).save(place) == str(place)
    return place


def facts_of(page):
    found = re.search(r'<script type="application/json" id="facts">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[1])


# ------------------------------------------------------------------ what is told


def test_every_operator_that_is_read_has_a_formula():
    assert FORMULAS.keys() == OPERATORS.keys()


def test_blocks_are_found_by_what_they_compute_and_by_no_name(deep):
    views = Seen(deep).views
    assert [view.title for view in views] == ["the whole graph", *(f"block {k} of 7" for k in range(1, 8))]
    assert [len(view.parts) for view in views[1:]] == [1 + len(BLOCK)] * 7
    assert [view.holds["n0"] for view in views[1:]] == [("operator", 6 * k) for k in range(7)]
    assert len({str(view.parts[1:]) + str(view.links) for view in views[1:]}) == 1  # drawn once


@pytest.mark.parametrize(("length", "count", "before"), [(6, 4, 0), (7, 5, 3), (11, 3, 20), (6, 2, 40)])
def test_repeated_blocks_are_found_wherever_they_begin(length, count, before):
    kinds = [*range(1000, 1000 + before), *([*range(length)] * count), "end"]
    (run,) = repeats([Step(kind, (k - 1,)) for k, kind in enumerate(kinds)])
    assert run == (before, length, count)


def test_stretches_that_are_linked_otherwise_are_not_one_block():
    chain = [Step(k % 6, (k - 1,)) for k in range(30)]
    chain[20] = Step(chain[20].kind, (18,))
    assert all(run.start + run.length * run.blocks <= 20 or run.start > 18 for run in repeats(chain))


def test_each_operator_is_one_box_and_each_link_leads_from_what_gives_to_what_takes(deep):
    seen = Seen(deep)
    boxes = [what for view in seen.views for kind, what in view.holds.values() if kind == "operator"]
    assert sorted(boxes) == [*range(len(seen.nodes))]
    for view in (seen.whole, *seen.views):
        ids = [part.id for part in view.parts]
        assert len({*ids}) == len(ids) == len(view.holds)
        assert all(tail in ids and head in ids for tail, head, _ in view.links)
        assert {tail for tail, _, _ in view.links} >= {part.id for part in view.parts if part.role == "input"}


def test_the_page_tells_of_each_operator_what_onnx_knows(page):
    facts = facts_of(page.read_text("utf-8"))
    gemm = facts["nodes"][0]
    assert (gemm["kind"], gemm["name"], gemm["formula"]) == ("Gemm", "<b>a", "alpha · A·B + beta · C")
    assert gemm["inputs"] == [["A", "x"], ["B", "W0.0"]]
    assert facts["arrays"]["W0.0"] == ["float32", "8 × 8"]
    assert facts["arrays"]["a3.2"] == ["float32", "n × 8"]
    assert [*facts["numbers"]] == [f"W{k}.{i}" for k in range(7) for i in (0, 2, 4)]


def test_sizes_are_told_by_their_names_and_what_is_not_known_by_a_sign(tmp_path):
    make, X = MODULES["Transformer"]
    to_onnx(make(), tmp_path / "m.onnx", X[0])
    seen = Seen(tmp_path / "m.onnx")
    shapes = {x: seen.shape(x) for node in seen.nodes for x in node.output}
    assert all(shapes.values()), shapes
    assert not [shape for shape in shapes.values() if "unk" in shape]
    links = [words for _, _, words in seen.whole.links]
    assert any(words.startswith("samples × length ×") for words in links), links


@pytest.mark.parametrize("name", ["MLP", "LeNet", "Transformer"])
def test_parameters_are_counted_as_the_model_counts_them(name, tmp_path):
    make, X = MODULES[name]
    model = make()
    to_onnx(model, tmp_path / "m.onnx", X[0], dtype="float32")
    seen = Seen(tmp_path / "m.onnx")
    assert sum(seen.parameters) == len({*model.parameters()}), seen.summary()


def test_a_function_of_the_file_tells_what_it_is_made_of(tmp_path):
    make, X = MODULES["LeNet"]
    to_onnx(make(), tmp_path / "m.onnx", X[0])
    model, facts = onnx.load(tmp_path / "m.onnx"), facts_of(outline(tmp_path / "m.onnx").html())
    told = {node["name"]: node["body"] for node in facts["nodes"]}
    for node in (node for node in model.graph.node if node.op_type != "Constant"):
        (function, *_) = [f for f in model.functions if f.name == node.op_type and node.domain] or [None]
        assert bool(told[node.name]) == bool(function)
        assert all(n.op_type in told[node.name] for n in (function.node if function else ()) if n.input)


# ------------------------------------------------------------------ numbers


@pytest.mark.parametrize("shape", [(3,), (40,), (5, 7), (64, 64), (65, 130), (300, 2), (6, 3, 5, 5), (1, 90)])
def test_statistics_are_those_of_numpy(shape):
    x = np.random.default_rng(1).normal(size=shape) * 3 - 1
    x.flat[0] = 0
    told = statistics(x)
    rows = {word: float(said.replace("−", "-").rstrip(" %")) for word, said in told["rows"]}
    wanted = [x.min(), x.max(), x.mean(), x.std(), 100 / x.size]
    assert [*rows.values()] == pytest.approx(wanted, rel=1e-3)
    if x.size > 16:
        assert sum(told["histogram"]["counts"]) == x.size
        assert len(told["histogram"]["counts"]) == BINS
    matrix = x.reshape(shape[0], -1)
    if min(matrix.shape) > 1 and x.ndim > 1:
        assert told["picture"]["size"] == [min(n, SIDE) for n in matrix.shape]
        assert ("means of" in told["picture"]["told"]) == (max(matrix.shape) > SIDE)


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "int64", "uint8", "bool"])
def test_the_share_of_zeros_is_of_all_numbers_whatever_else_there_is(dtype):
    for nans in range(1, 40) if np.dtype(dtype).kind == "f" else [0]:
        x = np.ones(40, dtype)
        x[:nans] = np.nan if nans else 1
        assert dict(statistics(x)["rows"])["zeros"] == "0 %"
        x[-1] = 0
        assert dict(statistics(x)["rows"])["zeros"] == "2.5 %"


@pytest.mark.parametrize("dtype", ["float16", "float64", "int8", "int64", "uint8", "bool"])
def test_numbers_of_every_type_are_seen(dtype):
    assert statistics(np.ones((9, 9), dtype))["rows"][0] == ["smallest", "1"]


def test_what_is_no_number_is_counted_and_spoils_nothing():
    x = np.arange(100.0).reshape(10, 10)
    x[0] = np.nan
    x[1, :3] = -np.inf
    told = statistics(x)
    assert told["rows"][-2:] == [["nan", "10 numbers"], ["infinite", "3 numbers"]]
    assert told["rows"][0] == ["smallest", "13"]
    assert sum(told["histogram"]["counts"]) == 87
    assert statistics(np.full((20, 20), np.nan))["rows"] == [["nan", "400 numbers"]]
    json.dumps(told, allow_nan=False)


def test_weights_that_lie_beside_the_file_are_seen_and_those_that_are_not_there_are_told(deep, tmp_path):
    model = onnx.load(deep)
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    seen = facts_of(outline(tmp_path / "m.onnx").html())["numbers"]
    assert seen == facts_of(outline(deep).html())["numbers"]
    (tmp_path / "w.bin").unlink()
    told = facts_of(outline(tmp_path / "m.onnx").html())["numbers"]["W0.0"]["unseen"]
    assert "W0.0 is kept in 'w.bin', which is not a file in the folder of this one" in told


# ------------------------------------------------------------------ in a browser


@pytest.fixture
def sheet(opened, page):
    return opened(page, motion="reduce", bypass_csp=True)


def focused(sheet):
    return sheet.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    )


def test_all_of_it_is_reached_by_keys(sheet):
    sheet.focus("#graph")
    sheet.keyboard.press("Tab")
    assert focused(sheet) == "x, an input, n × 8"
    sheet.keyboard.press("ArrowDown")
    assert focused(sheet) == "block 1 of 7, opens"
    sheet.keyboard.press("ArrowDown")
    sheet.keyboard.press("Enter")
    assert sheet.inner_text("#crumbs") == "the whole graph › block 2 of 7"
    assert focused(sheet) == "Gemm, <b>bb"
    sheet.keyboard.press("Enter")
    assert focused(sheet) == "Gemm"
    assert "alpha · A·B + beta · C" in sheet.inner_text("#panel")
    assert sheet.locator("#panel canvas").count() == sheet.locator("#panel .histogram").count() == 1
    sheet.keyboard.press("Escape")
    assert focused(sheet) == "Gemm, <b>bb"
    sheet.keyboard.press("Escape")
    assert focused(sheet) == "block 2 of 7, opens"


def test_an_operator_is_found_by_name_kind_and_shape(sheet):
    for words, count in (("gemm", 21), ("8x8", 21), ("<b>bb", 18), ("W6.4", 1), ("nothing of this", 0)):
        sheet.fill("#find", words)
        told = sheet.inner_text("#hits")
        assert told == (f"{count} found" if count else "nothing found")
    sheet.fill("#find", "W6.4")
    sheet.keyboard.press("Enter")
    assert focused(sheet) == "Gemm"
    assert sheet.inner_text("#crumbs") == "the whole graph › block 7 of 7"
    assert sheet.locator(".chosen").get_attribute("id") == "n4"


def test_links_in_the_panel_lead_on(sheet):
    sheet.fill("#find", "softmax")
    sheet.keyboard.press("Enter")
    sheet.click("#panel .link")
    assert sheet.inner_text("#panel h2") == "Add"
    assert sheet.inner_text("#crumbs") == "the whole graph › block 7 of 7"


def test_it_is_scrolled_dragged_and_zoomed(sheet):
    sheet.set_viewport_size({"width": 900, "height": 400})
    wide = "document.querySelector('#graph svg').getBoundingClientRect().width"
    before = sheet.evaluate(wide)
    sheet.focus("#graph")
    sheet.keyboard.press("+")
    assert sheet.evaluate(wide) == pytest.approx(1.25 * before, rel=1e-3)
    sheet.keyboard.press("0")
    assert sheet.evaluate("document.querySelector('#graph svg').getBoundingClientRect().height") <= 400
    for _ in range(8):
        sheet.click("#larger")
    sheet.mouse.move(200, 300)
    sheet.mouse.down()
    sheet.mouse.move(200, 220)
    sheet.mouse.up()
    assert sheet.evaluate("document.getElementById('graph').scrollTop") > 0


def test_a_name_is_text_and_nothing_else(sheet):
    sheet.fill("#find", "<b>bb")
    sheet.keyboard.press("Enter")
    assert sheet.locator("b:not(.array b)").count() == 0


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_and_nothing_is_silent(sheet, theme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-core is not installed"
    ).Axe()
    sheet.emulate_media(color_scheme=theme)
    for step in ("", "W0.0", "gemm"):
        sheet.fill("#find", step)
        if step == "W0.0":
            sheet.keyboard.press("Enter")
        found = axe.run(sheet, options=TOLD).response["violations"]
        assert [f"{v['id']}: {node['html'][:150]}" for v in found for node in v["nodes"]] == []
    tree = sheet.context.new_cdp_session(sheet).send("Accessibility.getFullAXTree")["nodes"]
    names = [node["name"]["value"] for node in tree if not node["ignored"] and takes_the_focus(node)]
    assert len(names) > 20
    assert all(name.strip() for name in names)


def test_it_fits_every_screen(sheet):
    for width in SCREENS:
        sheet.set_viewport_size({"width": width, "height": 620})
        sheet.reload()
        sheet.wait_for_selector("html[data-ready]", state="attached")
        assert sheet.evaluate(MEASURE, SMALLEST) == []
        for k in range(3):
            sheet.evaluate("(k) => reveal(k)", k)
            assert sheet.evaluate(MEASURE, SMALLEST) == []


def test_the_picture_follows_the_theme_and_fits_on_paper(sheet):
    ink = "getComputedStyle(document.querySelector('#graph text')).fill"
    colours = set()
    for theme in THEMES:
        sheet.emulate_media(color_scheme=theme)
        colours.add(sheet.evaluate(ink))
    assert len(colours) == 2
    sheet.click("#whole")
    sheet.emulate_media(media="print")
    wide = sheet.evaluate("document.querySelector('#graph svg').getBoundingClientRect().width")
    assert wide == pytest.approx(min(sheet.evaluate("sizes()[0]"), sheet.evaluate("graph.clientWidth - 16")))


def test_a_notebook_shows_the_page_and_keeps_the_picture(deep):
    bundle = outline(deep)._repr_mimebundle_()
    assert bundle["text/html"].startswith("<iframe")
    assert "allow-forms" in bundle["text/html"]  # else the Enter key finds nothing
    assert bundle["image/svg+xml"].startswith("<svg")
