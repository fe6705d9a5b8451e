"""A drawing names its parts for those who cannot see it."""

import re

import pytest

from autograd import Value, draw, gradient_path
from nn import MLP, losses

ID = re.compile(r"(?:n\d+|layer\d+_\d+)(?:_op)?|.*-&gt;.*|.*&#45;.*")


def loss():
    model = MLP(2, [2, 1], seed=0)
    loss = losses.half_mse(model([0.5, -0.3]), 1.0)
    loss.label = "L"
    loss.backward()
    return loss, model


@pytest.mark.parametrize(
    "drawn",
    [
        lambda loss, model: draw(loss),
        lambda loss, model: draw(loss, collapse="neuron"),
        lambda loss, model: draw(loss, collapse="layer"),
        lambda loss, model: gradient_path(loss, model.parameters()[0]).draw(),
    ],
)
def test_no_part_is_called_by_its_id(drawn):
    svg = drawn(*loss()).svg()
    titles = re.findall("<title>([^<]*)</title>", svg)
    assert titles
    assert not any(map(ID.fullmatch, titles))
    assert 'role="group" aria-label="' in svg


def test_a_node_says_how_it_was_computed_and_an_arrow_between_what_it_leads():
    a, b = Value(2.0, "a"), Value(-3.0, "<b>")
    y = a * b
    y.label = "y"
    svg = draw(y).svg()
    assert "<title>y = a × &lt;b&gt; = −6; gradient –</title>" in svg
    assert "<title>from &lt;b&gt; to y</title>" in svg
    assert 'aria-label="The graph of y"' in svg
