"""What a model believes comes next."""

import math

import pytest

from autograd import mean
from nn import Transformer, losses
from nn.texts import Bytes, Characters, beliefs

LETTERS = Characters(["emma", "olivia"])
MODEL = Transformer(len(LETTERS), 4, heads=1, blocks=1, context=6, seed=0)


def test_surprises_are_the_losses_of_the_positions():
    told = beliefs(MODEL, LETTERS, "emma")
    (X,), (y,) = LETTERS.samples(["emma"], 6)
    costs = [losses.cross_entropy(row, t) for row, t in zip(MODEL(X), y, strict=True)]
    assert told.surprises == pytest.approx([c.data for c in costs], rel=1e-12)
    assert told.perplexity == pytest.approx(math.exp(mean(costs).data))
    assert told.tokens == ("·", *"emma")
    assert told.following == (*"emma", "·")
    assert all(math.isclose(sum(row), 1) for row in told.probabilities)


def test_the_likeliest_come_first_and_no_more_than_there_are():
    for row in beliefs(MODEL, LETTERS, "emma").likeliest(100):
        assert len(row) == len(LETTERS)
        assert [p for _, p in row] == sorted((p for _, p in row), reverse=True)


def test_it_prints_a_line_for_each_position():
    lines = str(beliefs(MODEL, LETTERS, "em")).splitlines()
    assert [line.split(" → ")[0].strip() for line in lines] == ["·", "·e", "·em"]
    assert lines[-1].endswith("in truth ·")


def test_what_does_not_fit_is_cut_and_what_is_unknown_refused():
    assert len(beliefs(MODEL, LETTERS, "emmaolivia").tokens) == 6
    with pytest.raises(ValueError, match="'x'"):
        beliefs(MODEL, LETTERS, "ex")
    with pytest.raises(ValueError, match="the tokenizer has 257 tokens, the model 8"):
        beliefs(MODEL, Bytes(), "e")
