"""What arrows say: they count alike whether what they lead between is folded or open."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from autograd import draw
from autograd import sum as sum_of
from autograd.seeing.facts.arrow import IN_BRACKETS, text_of_link, weights_of_link
from autograd.seeing.facts.folding.folded import FOLDINGS, fold
from autograd.seeing.facts.trace import trace
from autograd.seeing.pages.player.views.choice import views
from nn import MLP, GRUCell, Recurrent
from tests.networks import Residual, Tied, TiedByHand, Twins

OUTPUTS: list[Any] = [
    lambda: sum_of(Tied()([0.1, 0.2, 0.3])),
    lambda: sum_of([y for k in range(3) for y in Tied()([0.1 * k, 0.2, 0.3])]),
    lambda: sum_of(TiedByHand(2, 3)([0.1, 0.2, 0.3])),
    lambda: Twins()([0.5, 1.0], [1.0, 2.0]),
    lambda: Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)([[0.5], [1.0], [1.5]]),
    lambda: Residual(2)([0.5, -1.0]),
    lambda: MLP(2, [2, 1], seed=0)([1.0, -2.0]),
]


@pytest.mark.parametrize("by", FOLDINGS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_an_arrow_counts_the_arrows_of_its_weights_in_the_open_graph(output: Any, by: Any) -> None:
    facts = trace(output())
    drawn = Counter(edge.source for edge in facts.edges)  # one arrow per use where all is open
    for link in fold(facts, by).links:
        if not link.weights and not link.is_only_tied:
            continue
        weights = {node.id for node in link.weights or link.tied}
        said = weights_of_link(link)
        told = re.fullmatch(
            r"(\d+) (?:tied )?weights?(?: \((\d+)(?: of (\d+))? uses?\))?(?: \+ \d+ uses?)?", said
        )
        assert told, said
        count, uses, of_all = (int(n) if n else None for n in told.groups())
        assert count == len(weights)
        used = {edge.source for edge in link.taken}
        assert (uses or count) == len(link.taken)
        assert (of_all or uses or count) == sum(drawn[id] for id in used)
        assert str(uses) in text_of_link(link).words or uses is None


@pytest.mark.parametrize("by", FOLDINGS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_legend_calls_the_gradient_of_all_uses_as_boxes_do(output: Any, by: Any) -> None:
    y = output()
    y.backward()
    source = re.sub(r"<[^<>]*>|&#160;", " ", draw(y, collapse=by).source)
    words = " ".join(source.split())
    in_boxes = "|gradient of all uses|" in words
    assert ("gradient of all uses: what the uses of these weights add" in words) is in_boxes
    has_others = any(link.others for link in fold(trace(y), by).links)
    assert ("what these uses add to its gradient of all uses" in words) is has_others


@pytest.mark.parametrize("by", FOLDINGS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_share_of_uses_is_explained_wherever_an_arrow_tells_one(output: Any, by: Any) -> None:
    words = draw(output(), collapse=by).source.replace("&#160;", " ")
    if re.search(r">[^<>]* uses\)<", words):
        assert "in brackets: which share" in " ".join(re.sub(r"<[^<>]*>", " ", words).split())
    for view in views(trace(output())):
        if re.search(r">[^<>]* uses\)<", view.svg):
            assert view.note == IN_BRACKETS
