"""Every picture of every notebook and report fits where it is shown, seen in a real browser.

By default a sample of them is looked at; with ``--hypothesis-profile=thorough``, all.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from html import unescape
from pathlib import Path

import pytest

from autograd import gradient_path
from autograd.seeing.style import SCROLLS, SMALLEST_PRINTED, fitting
from nn import MLP
from nn.command.main import main
from nn.losses import half_mse
from notebooks.site.lessons import Lesson
from tests.shown import HIDDEN, MEASURE, OPEN, OUT_OF_FRAME, SCREENS, SCROLLED, SMALLEST
from tests.thorough import ALL

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) if ALL else ["01_a_number_with_a_history"]
REPORTS = {
    "xor": "xor --layers 2",
    "moons": "moons --layers 8,8",
    "flowers": "iris --layers 6",
    "regression": "diabetes --layers 8,4",
    "pictures": "digits --layers 12",
    "table": "houses.csv --target district --layers 8",
}
HOUSES = "living_area_in_square_metres,year_of_the_last_renovation,has_a_garden,district\n" + "".join(
    f"{20 + 7 * i % 180},{1950 + 3 * i % 74},{('yes', 'no')[i % 2]},{district}\n"
    for i, district in enumerate(["Old town", "Northern suburbs", "Harbour quarter"] * 40)
)
FRAMED = re.compile(r'<iframe[^>]* srcdoc="([^"]*)"')
PAPER = 703
"""The width of a sheet of A4 within margins of 12 mm, in pixels."""
CELL = '<!doctype html><meta charset="utf-8"><body style="margin:16px">'


def pictures_of(lesson):
    """What a notebook shows, as pages: its pictures in one, as cells are, and each page that it frames."""
    notebook = json.loads((NOTEBOOKS / f"{lesson}.ipynb").read_text(encoding="utf-8"))
    cells, pages = [], []
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            shown = "".join(data.get("text/html") or data.get("image/svg+xml") or ())
            if framed := FRAMED.search(shown):
                pages.append(unescape(framed[1]))
            elif shown:
                cells.append(f'<div style="overflow:auto">{shown}</div>')  # as a notebook does
    return [CELL + "\n".join(cells), *pages]


PARTS = """() => [...document.querySelectorAll("svg")].filter((svg) => svg.checkVisibility())
  .map(({ viewBox: { baseVal: { x, y, width, height } } }) => [x, y, width, height])"""


@pytest.fixture
def faults_of(opened, tmp_path):
    """A function that tells what is wrong with a page, at every width of `SCREENS`."""
    sheet = opened(CELL, ready=False, motion="reduce")

    def look(page):
        if not isinstance(page, Path):
            (tmp_path / "page.html").write_text(page, encoding="utf-8")
            page = tmp_path / "page.html"
        faults = {}
        for width in SCREENS:
            sheet.set_viewport_size({"width": width, "height": 620})
            sheet.goto(page.as_uri())
            sheet.evaluate("document.fonts.ready")
            if sheet.query_selector("#canvas"):
                sheet.wait_for_selector("html[data-ready]", state="attached")
            found = sheet.evaluate(MEASURE, SMALLEST)
            sheet.evaluate(OPEN)  # what is folded away has to fit too
            if found := [*found, *sheet.evaluate(MEASURE, SMALLEST)]:
                faults[width] = found
        return faults

    return look


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_pictures_of_a_lesson_fit(lesson, faults_of):
    assert [faults for page in pictures_of(lesson) if (faults := faults_of(page))] == []


@pytest.mark.parametrize("lesson", LESSONS if ALL else ["05_the_gradient_path_of_a_weight"])
def test_no_picture_of_a_lesson_is_scrolled_but_on_a_phone(lesson, opened, tmp_path):
    pytest.importorskip("nbconvert")
    sheet, page, found = opened(CELL, ready=False, motion="reduce"), tmp_path / "page.html", []
    for shown in [*pictures_of(lesson), Lesson(NOTEBOOKS / f"{lesson}.ipynb").html(None, None)]:
        page.write_text(shown, encoding="utf-8")
        for width in SCREENS[1:]:
            sheet.set_viewport_size({"width": width, "height": 620})
            sheet.goto(page.as_uri())
            found += sheet.evaluate(SCROLLED)
    assert found == []
    sheet.set_content(CELL + '<div style="overflow:auto"><svg width="2000"></svg></div>')
    assert len(sheet.evaluate(SCROLLED)) == 1


@pytest.mark.parametrize("lesson", LESSONS if ALL else ["03_backpropagation_worked", "15_seeing_a_gpt"])
def test_the_page_of_a_lesson_fits(lesson, faults_of):
    pytest.importorskip("nbconvert")
    assert faults_of(Lesson(NOTEBOOKS / f"{lesson}.ipynb").html(None, None)) == {}


@pytest.mark.parametrize("lesson", LESSONS if ALL else ["03_backpropagation_worked"])
def test_nothing_of_a_lesson_is_cut_on_paper_and_no_formula_is_scrolled_up_and_down(lesson, opened, tmp_path):
    pytest.importorskip("nbconvert")
    sheet, page = opened(CELL, ready=False, motion="reduce"), tmp_path / "page.html"
    page.write_text(Lesson(NOTEBOOKS / f"{lesson}.ipynb").html(None, None), encoding="utf-8")
    for width in SCREENS:
        sheet.set_viewport_size({"width": width, "height": 620})
        sheet.goto(page.as_uri())
        assert [fault for fault in sheet.evaluate(HIDDEN) if "too high" in fault] == []
    sheet.emulate_media(media="print")
    sheet.set_viewport_size({"width": PAPER, "height": 1000})
    found = [*sheet.evaluate(HIDDEN), *sheet.evaluate(MEASURE, 7.5)]
    sheet.emulate_media(media="screen")
    assert found == []
    sheet.set_content(CELL + '<div style="overflow-x:auto;height:9px"><p style="width:2000px">a</p></div>')
    assert [fault.split(":")[0][-8:] for fault in sheet.evaluate(HIDDEN)] == ["too wide", "too high"]


@pytest.mark.parametrize("name", REPORTS if ALL else ["xor"])
def test_the_pictures_of_a_report_fit(name, faults_of, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "houses.csv").write_text(HOUSES, encoding="utf-8")
    folder = tmp_path / name
    main(["train", *REPORTS[name].split(), "--epochs", "3", "--report", str(folder)])
    pages = sorted(folder.rglob("*.html"))
    assert pages
    assert {page.name: faults for page in pages if (faults := faults_of(page))} == {}


def test_a_picture_that_is_cut_and_words_that_are_too_small_are_found(faults_of):
    picture = '<svg viewBox="0 0 2000 20" width="{}"><text y="15" font-size="10">a</text></svg>'
    wide = f'<div style="overflow:hidden">{picture.format(2000)}</div>'
    found = faults_of(CELL + wide)
    assert [*found] == [*SCREENS]
    assert "cut: svg" in found[360][0]
    assert "1.6 px" in faults_of(CELL + picture.format(328))[360][0]
    assert "wider than the screen" in faults_of(CELL + picture.format(500))[360][0]
    assert faults_of(CELL + f'<div style="overflow-x:auto">{picture.format(2000)}</div>') == {}


def test_words_that_are_too_small_are_found_within_an_image(faults_of):
    text = '<text style="font: 10px a">a</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 20">{text}</svg>'
    source = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
    found = faults_of(CELL + f'<img alt="letters" src="{source}" style="width:100%">')
    assert found == {360: 2 * ["4.1 px: letters: a"]}


def test_a_picture_that_is_scrolled_opens_at_its_first_node(opened):
    model = MLP(2, [4, 4, 1], "tanh", seed=0)
    path = gradient_path(half_mse(model([0.5, -0.3]), 1.0), model.parameter("w11^1"))
    sheet = opened(CELL + path.draw()._repr_mimebundle_()["text/html"], ready=False)
    for width in SCREENS:
        sheet.set_viewport_size({"width": width, "height": 620})
        sheet.reload()
        frame, first = (sheet.locator(name).first.bounding_box() for name in ("div", "g.node"))
        assert frame["x"] <= first["x"]
        assert first["x"] + first["width"] <= frame["x"] + frame["width"]


@pytest.mark.parametrize("font", ["Liberation Sans", "DejaVu Sans", "DejaVu Sans Mono"])
def test_no_text_runs_over_its_frame_in_any_font(opened, font):
    sheet = opened(CELL, ready=False, bypass_csp=True)
    for page in pictures_of("01_a_number_with_a_history"):
        sheet.set_content(page)
        sheet.add_style_tag(content=f"text, tspan {{ font-family: '{font}' !important }}")
        assert sheet.evaluate(OUT_OF_FRAME) == []


@pytest.mark.parametrize(("width", "height"), [(3000, 90), (90, 3000), (3000, 3000), (600, 600)])
def test_a_picture_is_read_whole_on_paper_in_as_many_parts_as_it_takes(opened, width, height):
    words = "".join(
        f'<text x="{x}" y="{y}" font-size="10">{x},{y}</text>'
        for x in range(20, width - 40, 100) for y in range(20, height, 100)
    )  # fmt: skip
    picture = fitting(f'<svg viewBox="0 0 {width} {height}" width="{width}pt">{words}</svg>')
    sheet = opened(CELL + picture, ready=False, width=PAPER)
    assert not sheet.locator("use:visible").count()
    sheet.emulate_media(media="print")
    faults, parts = sheet.evaluate(MEASURE, SMALLEST_PRINTED - 0.05), sheet.evaluate(PARTS)
    sheet.emulate_media(media="screen")
    assert faults == []
    for x in range(20, width - 40, 100):
        for y in range(20, height, 100):
            assert any(a <= x < x + 60 <= a + w and b < y <= b + h for a, b, w, h in parts)


def test_a_line_says_that_a_picture_is_scrolled_where_it_is_and_nowhere_else(opened):
    picture = fitting('<svg viewBox="0 0 600 20" width="450pt"><text y="15" font-size="10">a</text></svg>')
    sheet = opened(CELL + f'<div style="overflow:auto">{picture}</div>', ready=False)
    for width in (360, 560, 700, 1400):
        sheet.set_viewport_size({"width": width, "height": 620})
        frame = sheet.locator("div:has(> svg)")
        is_scrolled = frame.evaluate("(frame) => frame.scrollWidth > frame.clientWidth")
        assert is_scrolled == (width < 632)  # with the margins of the cell
        assert sheet.get_by_text(SCROLLS).is_visible() == is_scrolled


def test_a_picture_is_a_stop_of_the_tab_key_where_it_is_scrolled_and_nowhere_else(opened):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-core is not installed"
    ).Axe()
    model = MLP(2, [4, 4, 1], "tanh", seed=0)
    path = gradient_path(half_mse(model([0.5, -0.3]), 1.0), model.parameter("w11^1"))
    state = "(frame) => [frame.scrollWidth > frame.clientWidth, frame.scrollLeft]"
    for width in SCREENS:
        picture = path.draw()._repr_mimebundle_()["text/html"]
        sheet = opened(CELL + picture, ready=False, width=width, bypass_csp=True)
        frame = sheet.locator("div:has(> svg)").first
        is_scrolled, before = frame.evaluate(state)
        sheet.keyboard.press("Tab")
        has_focus = frame.evaluate("(frame) => frame.contains(document.activeElement)")
        assert has_focus == is_scrolled == (width == 360)
        assert frame.evaluate(state)[1] == before
        if is_scrolled:
            sheet.keyboard.press("ArrowLeft")
            sheet.wait_for_function(
                "([frame, x]) => frame.scrollLeft < x", arg=[frame.element_handle(), before]
            )
        found = axe.run(sheet, options={"runOnly": ["scrollable-region-focusable"]})
        assert found.response["violations"] == []
