"""What follows a model is one box where it is more than a few Values, and no use is lost by that."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import draw, gradient_path, walk
from autograd import sum as sum_of
from autograd.seeing.drawing.renderer import WIDEST
from autograd.seeing.facts.box_content import box_of_group
from autograd.seeing.facts.folding.folded import MOST_LOOSE, fold
from autograd.seeing.facts.folding.options import Folding
from autograd.seeing.facts.places import AFTER
from autograd.seeing.facts.shares import MOST_CLASSES, Softmaxes
from autograd.seeing.facts.trace import trace
from autograd.seeing.style import narrowest
from nn import MLP, losses


def loss(classes, penalised=False, seed=0):
    """A cross-entropy that no Module computes, with a penalty on every weight or without."""
    chance = random.Random(seed)
    model = MLP(3, [4, classes], "tanh", seed=seed)
    output = losses.cross_entropy(model([chance.gauss(0, 1) for _ in range(3)]), 1)
    output = output + sum_of([w * w for w in model.parameters()]) * 0.01 if penalised else output
    output.backward()
    return model, output


@given(st.integers(2, 20), st.booleans(), st.integers(0, 9), st.sampled_from(["layer", "module"]))
def test_every_use_between_two_boxes_is_in_one_link_and_a_box_holds_what_only_the_output_needs(
    classes, penalised, seed, by
):
    facts = trace(loss(classes, penalised, seed)[1])
    folded = Folding(by).of(facts)
    linked = [(edge.source, edge.target, edge.position) for link in folded.links for edge in link.edges]
    assert len(linked) == len({*linked})
    before = fold(facts, by)
    apart = {(e.source, e.target, e.position) for link in before.links for e in link.edges}
    assert {*linked} == {use for use in apart if folded.where[use[0]] != folded.where[use[1]]}
    assert all({link.source, link.target} <= {*folded.where.values()} for link in folded.links)
    uses = Counter(edge.source for edge in facts.edges)
    for link in folded.links:
        assert len(link.taken) + link.others == sum(uses[id] for id in {edge.source for edge in link.taken})
    loose = sum(node.op is not None for node in before.nodes)
    after = [group for group in folded.groups if group.title == AFTER]
    assert len(after) == (loose > MOST_LOOSE)
    if after:
        assert folded.output == after[0].id
        assert [node.id for node in after[0].outputs()] == [facts.output]
        assert not any(link.source == after[0].id for link in folded.links)


@pytest.mark.parametrize("penalised", [False, True])
def test_a_network_with_its_loss_fits_into_a_page(penalised):
    model, output = loss(27, penalised)
    for picture in (
        draw(output, collapse="module"),
        gradient_path(output, model.parameters()[0]).draw(collapse="module"),
    ):
        svg = picture.svg()
        assert narrowest(svg) <= WIDEST
        assert AFTER in svg


@pytest.mark.parametrize("classes", [2, 5, 27, MOST_CLASSES, MOST_CLASSES + 1])
def test_the_box_of_a_loss_tells_the_shares_as_a_page_does(classes, tmp_path):
    _, output = loss(classes)
    folded = Folding("module").of(trace(output))
    assert folded.groups[-1].title == (AFTER if classes > MOST_LOOSE else "cross-entropy")
    box = box_of_group(folded.groups[-1], True)
    (found,) = Softmaxes(trace(output)).among(folded.groups[-1].members)
    told = [fact for fact in box.facts if fact in found.facts]
    assert told == ([*found.facts] if classes <= MOST_CLASSES else [])
    svg = draw(output, collapse="module").svg().replace("\u00a0", " ").replace("&#160;", " ")
    walk(output).save(tmp_path / "walk.html")
    for picture in (svg, (tmp_path / "walk.html").read_text("utf-8")):
        assert (f"of class 1 · {classes} shares, Σ = 1" in picture) == (classes <= MOST_CLASSES)
