"""Pages for everyone: axe-core finds nothing in light or dark, nothing is silent, all steps are announced."""

from __future__ import annotations

from itertools import pairwise

import pytest

from autograd import mean, walk
from autograd.seeing.gallery import gallery
from autograd.seeing.pages.player import sketch
from nn import MLP, Conv2d, Flatten, Reshape, Sequential, losses, seeing
from nn.command.main import main
from tests.autograd.seeing.pages.player.driven import chain
from tests.shown import OPEN

THEMES = ("light", "dark")
PLAYERS = ("player", "folded", "parts", "windows", "sketch")
NAMES = (*PLAYERS, "gallery", "film", "playground", "report")
TOLD = {"resultTypes": ["violations"], "selectors": False}
"""What axe-core tells: to describe each element that is as it should be takes time, and no test reads it."""


@pytest.fixture(scope="module")
def axe():
    found = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    return found.Axe()


def loss_of(*sizes, inputs=(0.5, -0.3)):
    model = MLP(len(inputs), [*sizes, 1], seed=0)
    loss = losses.half_mse(model([*inputs]), 1.0)
    loss.label = "L"
    loss.backward()
    return loss


def film():
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    film = seeing.Film(X, y)
    for epoch in range(3):
        film.take(MLP(2, [2, 1], seed=epoch), epoch, 1.0 / (1 + epoch))
    return film


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages by their names."""
    folder = tmp_path_factory.mktemp("pages")
    walk(loss_of(2)).save(folder / "player.html")
    walk(loss_of(6, 6, inputs=[0.5, -0.3] * 18)).save(folder / "folded.html")
    walk(chain(60)).save(folder / "parts.html")
    model = Sequential(Reshape(1, 3, 3), Conv2d(1, 2, 2, seed=0), Conv2d(2, 1, 1, seed=1), Flatten())
    walk(mean(model([0.1 * i for i in range(9)]))).save(folder / "windows.html")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketch, "MOST_NODES", 20)
        walk(loss_of(6, 6, inputs=[0.5, -0.3] * 18)).save(folder / "sketch.html")
    gallery(loss_of(3, 2)).save(folder / "gallery.html")
    film().save(folder / "film.html")
    seeing.playground().save(folder / "playground.html")
    main(["train", "moons", "--layers", "3", "--epochs", "3", "--report", str(folder / "report")])
    return {
        **{name: folder / f"{name}.html" for name in NAMES if name != "report"},
        "report": folder / "report" / "index.html",
    }


def go_in(sheet, name):
    if name == "windows":
        sheet.fill("#find", "stage 3")
        sheet.keyboard.press("Enter")
        assert sheet.locator(".kernel .plane").count() == 2


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing(axe, opened, pages, name):
    player = name in PLAYERS
    sheet = opened(pages[name], ready=player, motion="reduce", bypass_csp=True)
    if player:
        go_in(sheet, name)
        sheet.click("#next")
        for knob in sheet.locator(".fold").all()[:2]:
            knob.press("Enter")
        sheet.fill("#find", "w")
    sheet.evaluate(OPEN)
    for theme in THEMES:
        sheet.emulate_media(color_scheme=theme)
        found = axe.run(sheet, options=TOLD).response["violations"]
        assert [f"{theme}, {v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]] == []


@pytest.mark.parametrize("name", NAMES)
def test_whatever_takes_the_focus_says_what_it_is_and_no_word_twice(opened, pages, name):
    """In Chromium's accessibility tree, which is what a screen reader reads."""
    player = name in PLAYERS
    sheet = opened(pages[name], ready=player, motion="reduce", bypass_csp=True)
    if player:
        go_in(sheet, name)
        sheet.click("#last")
    sheet.evaluate(OPEN)
    tree = sheet.context.new_cdp_session(sheet).send("Accessibility.getFullAXTree")["nodes"]
    seen = [node for node in tree if not node["ignored"] and takes_the_focus(node)]
    said = [
        [node[key].get("value", "") if key in node else "" for key in ("role", "name", "description")]
        for node in seen
    ]
    assert len(said) > 5
    assert [role for role, name, _ in said if not name.strip()] == []
    assert [name for _, name, description in said if name.strip() == description.strip()] == []


def takes_the_focus(node):
    return any(p["name"] == "focusable" and p["value"]["value"] for p in node.get("properties", ()))


@pytest.mark.parametrize("name", PLAYERS)
def test_every_step_is_announced(opened, pages, name):
    sheet = opened(pages[name], motion="reduce")
    told = sheet.evaluate("""() => {
      const [next, sentence] = ["next", "sentence"].map((id) => document.getElementById(id));
      const told = [];
      while (!next.disabled) {
        next.click();
        told.push([sentence.getAttribute("aria-live"), sentence.textContent]);
      }
      return told;
    }""")
    assert {live for live, _ in told} == {"polite"}
    assert all(after and before != after for (_, before), (_, after) in pairwise(told))
