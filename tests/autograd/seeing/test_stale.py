"""Numbers that no longer follow from their inputs: every view refuses them; what was made keeps its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograd import Value, draw, gallery, gradient_path, walk
from autograd.seeing.facts.trace import trace
from nn import MLP, SGD, losses

VIEWS: dict[str, Callable[[Value, Any], Any]] = {
    "draw": lambda loss, model: draw(loss),
    "draw, folded": lambda loss, model: draw(loss, collapse="layer"),
    "walk": lambda loss, model: walk(loss),
    "gradient_path": lambda loss, model: gradient_path(loss, model.parameters()[0]),
    "gallery": lambda loss, model: gallery(loss, model.parameters()),
    "trace": lambda loss, model: trace(loss),
}


def trained() -> tuple[Any, Value]:
    model = MLP(2, [2, 1], "tanh", seed=0)
    loss = losses.mse(model([1.0, 2.0]), 1.0)
    loss.backward()
    return model, loss


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_no_view_mixes_new_weights_with_old_outputs(view: Callable[[Value, Any], Any]) -> None:
    model, loss = trained()
    view(loss, model)
    SGD(model.parameters(), lr=0.1).step()
    with pytest.raises(RuntimeError, match=r"the data of w11\^1 was changed after dot was computed from it"):
        view(loss, model)


def test_a_path_made_before_shows_no_ledger_or_drawing_of_other_numbers() -> None:
    model, loss = trained()
    path = gradient_path(loss, model.parameters()[0])
    SGD(model.parameters(), lr=0.1).step()
    for show in (path.draw, path.ledger):
        with pytest.raises(RuntimeError, match="was changed after"):
            show()


def test_a_walk_made_before_keeps_its_numbers() -> None:
    model, loss = trained()
    steps = walk(loss)
    before = repr(steps), steps.html(), steps.what_if(x1=5.0)[-1].line
    SGD(model.parameters(), lr=0.1).step()
    assert (repr(steps), steps.html(), steps.what_if(x1=5.0)[-1].line) == before
