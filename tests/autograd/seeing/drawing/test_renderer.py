"""How a drawing becomes a picture: formats, files, and whichever renderer there is."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from graphviz.backend import dot_command

from autograd import Value, draw, gradient_path, walk
from autograd.seeing.drawing import renderer
from autograd.seeing.gallery import gallery
from autograd.seeing.style import fitting, narrowest
from tests.autograd.seeing.drawing.pictures import SVG, Picture, example


def test_it_is_a_digraph_that_shows_itself_in_a_notebook() -> None:
    drawing = draw(example())
    bundle = drawing._repr_mimebundle_()
    assert list(bundle) == ["text/html", "image/svg+xml"]
    assert bundle["text/html"] == fitting(bundle["image/svg+xml"])
    assert ElementTree.fromstring(bundle["image/svg+xml"]).tag == f"{SVG}svg"


def test_a_picture_too_wide_for_a_page_leads_downwards() -> None:
    x = y = Value(0.5, "x")
    for _ in range(30):
        y = y.sin()
    wide, shown = draw(y).pipe(encoding="utf-8"), draw(y).svg()
    assert narrowest(wide) > renderer.WIDEST > narrowest(shown)
    assert draw(example()).svg() in draw(example()).pipe(encoding="utf-8")
    assert list(draw(y)._repr_mimebundle_(include=["image/png"])) == ["image/png"]
    assert list(gradient_path(y, x)._repr_mimebundle_()) == ["text/plain", "text/html", "image/svg+xml"]


def test_every_text_says_how_wide_it_is(tmp_path: Path) -> None:
    file = Path(draw(example()).render(outfile=tmp_path / "picture.svg", cleanup=True))
    for svg in (draw(example()).svg(), file.read_text(encoding="utf-8")):
        texts = re.findall(r"<text [^>]*>", svg)
        assert texts
        assert all("textLength=" in text for text in texts)


def test_its_repr_says_in_short_what_it_is() -> None:
    picture = draw(example())
    drawn = Picture(picture)
    nodes, edges = drawn.of("node"), drawn.of("edge")
    assert repr(picture) == f"<drawing: {len(nodes)} nodes, {len(edges)} edges>"
    assert repr(draw(Value(1.0, "a -> b [c]"))) == "<drawing: 1 node, 0 edges>"


def test_it_renders_to_files(tmp_path: Path) -> None:
    drawing = draw(example())
    svg = Path(drawing.render(outfile=tmp_path / "picture.svg", cleanup=True))
    png = Path(drawing.render(outfile=tmp_path / "picture.png", cleanup=True))
    assert svg.read_text(encoding="utf-8").startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["picture.png", "picture.svg"]
    assert drawing.pipe("png").startswith(b"\x89PNG")
    assert Path(drawing.render("other", tmp_path)).name == "other.svg"
    assert Path(drawing.save("source.gv", directory=tmp_path)).read_text(encoding="utf-8") == drawing.source
    assert "L" in drawing.copy().pipe(encoding="utf-8")


@pytest.mark.parametrize(("ending", "begins"), [("svg", b"<?xml"), ("PNG", b"\x89PNG"), ("gv", b"digraph")])
def test_a_file_is_what_its_ending_says(ending: str, begins: bytes, tmp_path: Path) -> None:
    y = example()
    for shown in (draw(y), gradient_path(y, y.inputs[0])):
        shown.save(tmp_path / f"picture.{ending}")
        assert (tmp_path / f"picture.{ending}").read_bytes().startswith(begins)


def test_an_ending_that_is_no_format_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    y = example()
    with pytest.raises(ValueError, match="a drawing is written as svg, png"):
        draw(y).save(tmp_path / "g.svgx")
    with pytest.raises(ValueError, match=r'a walk is written as a page, such as "g.html"; got \'g.svg\''):
        walk(y).save(tmp_path / "g.svg")
    with pytest.raises(ValueError, match="a gallery is written as a page"):
        gallery(y).save(tmp_path / "g.png")
    assert not list(tmp_path.iterdir())


def test_rendering_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    draw(example()).pipe()
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def without_system_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("without_system_dot")
def test_without_a_system_dot_the_one_of_the_environment_renders() -> None:
    before = dot_command.DOT_BINARY
    assert draw(example()).pipe(encoding="utf-8").startswith("<?xml")
    assert before == dot_command.DOT_BINARY


@pytest.mark.usefixtures("without_system_dot")
@pytest.mark.parametrize(
    "ask", [lambda d, p: d.pipe("pdf"), lambda d, p: d.render(outfile=p / "picture.pdf")]
)
def test_a_format_that_it_does_not_write_is_named(ask: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="svg, png and jpg but not 'pdf'"):
        ask(draw(example()), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_pdf_is_printed_by_a_browser_where_there_is_no_graphviz(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, browser: object
) -> None:
    monkeypatch.setattr(renderer, "has_dot", lambda: False)
    L = example()
    for shown in (draw(L), gradient_path(L, L.inputs[0])):
        shown.save(tmp_path / "picture.pdf")
        pdf = (tmp_path / "picture.pdf").read_bytes()
        assert pdf.startswith(b"%PDF")
        assert pdf.count(b"/Type /Page\n") == 1


@pytest.mark.usefixtures("without_system_dot")
def test_without_any_renderer_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renderer, "find_pure", lambda: None)
    with pytest.raises(RuntimeError, match="pip install graphviz-pure"):
        draw(example()).pipe()


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_system_dot_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand_in = tmp_path / "dot"
    stand_in.write_text('#!/bin/sh\ncat > /dev/null\necho "system dot $*"\n')  # reads all, or the pipe breaks
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert draw(example()).pipe("pdf", encoding="utf-8") == "system dot -Kdot -Tpdf\n"


def test_a_renderer_of_ones_own_makes_pictures_and_files(tmp_path: Path) -> None:
    renderer.draw_with(lambda source, wanted: {"svg": b"<svg />"}[wanted])
    try:
        drawing = draw(example())
        assert drawing._repr_mimebundle_()["image/svg+xml"].startswith("<svg")
        assert Path(drawing.render("picture", tmp_path)).read_bytes() == b"<svg />"
        assert Path(drawing.save(tmp_path / "saved.svg")).read_bytes() == b"<svg />"
        with pytest.raises(KeyError):
            drawing.pipe("png")
    finally:
        renderer.draw_with(None)
    assert draw(example()).pipe(encoding="utf-8").startswith("<?xml")


def test_importing_the_engine_loads_no_drawing() -> None:
    code = "import sys, autograd; print({'graphviz', 'autograd.seeing.drawing'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "set()\n"
