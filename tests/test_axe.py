"""axe-core finds nothing to object to in any page, light or dark."""

from __future__ import annotations

import pytest

from autograd import walk
from autograd.seeing.gallery import gallery
from nn import MLP, losses, seeing
from nn.command.main import main
from tests.shown import OPEN

THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def axe():
    found = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    return found.Axe()


def loss_of(*sizes):
    model = MLP(2, [*sizes, 1], seed=0)
    loss = losses.half_mse(model([0.5, -0.3]), 1.0)
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
    walk(loss_of(6, 6)).save(folder / "folded.html")
    gallery(loss_of(3, 2)).save(folder / "gallery.html")
    film().save(folder / "film.html")
    seeing.playground().save(folder / "playground.html")
    main(["train", "moons", "--layers", "3", "--epochs", "3", "--report", str(folder / "report")])
    return {
        **{name: folder / f"{name}.html" for name in ("player", "folded", "gallery", "film", "playground")},
        "report": folder / "report" / "index.html",
    }


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["player", "folded", "gallery", "film", "playground", "report"])
def test_axe_finds_nothing(axe, opened, pages, name, theme):
    player = name in ("player", "folded")
    sheet = opened(pages[name], ready=player, scheme=theme, motion="reduce", bypass_csp=True)
    if player:
        sheet.click("#next")
        sheet.fill("#find", "w")
    sheet.evaluate(OPEN)
    found = axe.run(sheet).response["violations"]
    assert [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]] == []
