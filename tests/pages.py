"""One page of each kind that the project writes, and how a reader comes to see more of it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from autograd import mean, walk
from autograd.seeing.gallery import gallery
from autograd.seeing.pages.player import sketch
from nn import MLP, Conv2d, Flatten, MaxPool2d, Reshape, Sequential, losses, seeing
from nn.command.main import main
from notebooks.site import digits
from tests.autograd.seeing.pages.player.driven import chain

PLAYERS = ("player", "folded", "parts", "windows", "sketch", "quiz", "samples")
NAMES = (*PLAYERS, "gallery", "film", "playground", "digits", "report")
FRAMED = re.compile(r'<iframe[^>]* srcdoc="([^"]*)"')


def loss_of(*sizes, inputs=(0.5, -0.3)):
    model = MLP(len(inputs), [*sizes, 1], seed=0)
    loss = losses.half_mse(model([*inputs]), 1.0)
    loss.label = "L"
    loss.backward()
    return loss


def convolved():
    """Numbers under a convolution, a pooling and a kernel that goes over two planes."""
    first, second = Conv2d(1, 2, 3, padding=1, seed=0), Conv2d(2, 1, 2, seed=1)
    model = Sequential(Reshape(1, 6, 6), first, MaxPool2d(2), second, Flatten())
    return mean(model([0.1 * (i % 7) for i in range(36)]))


def film():
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, 1, 1, -1]
    film = seeing.Film(X, y)
    for epoch in range(3):
        film.take(MLP(2, [2, 1], seed=epoch), epoch, 1.0 / (1 + epoch))
    return film


def saved(folder):
    """Write the pages into a folder and return their files by their names."""
    walk(loss_of(2)).save(folder / "player.html")
    walk(loss_of(6, 6, inputs=[0.5, -0.3] * 18)).save(folder / "folded.html")
    walk(chain(60)).save(folder / "parts.html")
    walk(convolved()).save(folder / "windows.html")
    walk(loss_of(2)).save(folder / "quiz.html", quiz=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sketch, "MOST_NODES", 20)
        walk(loss_of(6, 6, inputs=[0.5, -0.3] * 18)).save(folder / "sketch.html")
        patch.setattr(digits, "EPOCHS", 2)
        page = digits.digits_page()
    (folder / "digits.html").write_text(page, encoding="utf-8")
    (folder / "samples.html").write_text(unescape(FRAMED.search(page)[1]), encoding="utf-8")
    gallery(loss_of(3, 2)).save(folder / "gallery.html")
    film().save(folder / "film.html")
    seeing.playground().save(folder / "playground.html")
    main(["train", "moons", "--layers", "3", "--epochs", "3", "--report", str(folder / "report")])
    own = {name: folder / f"{name}.html" for name in NAMES if name != "report"}
    return {**own, "report": folder / "report" / "index.html"}


def go_in(sheet, name):
    """Open the convolution; answer the first question of the quiz wrongly."""
    if name == "windows":
        sheet.fill("#find", "stage 4")
        sheet.keyboard.press("Enter")
        assert sheet.locator(".kernel .plane").count() == 2
    if name == "quiz":
        while not sheet.is_visible("#prediction"):
            sheet.click("#next")
        sheet.fill("#answer", "12345")
        sheet.keyboard.press("Enter")
        sheet.wait_for_selector("#verdict:not(:empty)")
