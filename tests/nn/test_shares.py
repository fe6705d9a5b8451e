"""Shares of attention found in any graph, and the routes through them."""

import math
import random

import pytest

from autograd import gradient_path, mean
from nn import Attention, Module, Sequential, Transformer, losses
from nn.attention import shares_in

NAMES = ("·", *"emma")


def a_model(**options):
    return Transformer(5, 8, heads=2, blocks=2, context=8, seed=0, **options)


def loss_of(model, document=(0, 1, 2, 2, 3), following=(1, 2, 2, 3, 0)):
    logits = model(document)
    return mean([losses.cross_entropy(row, t) for row, t in zip(logits, following, strict=True)])


def test_each_position_shares_out_1_among_those_it_sees():
    for causal in (True, False):
        rng = random.Random(1)
        rows = [[rng.gauss(0, 1) for _ in range(4)] for _ in range(3)]
        attention = Attention(4, 2, causal, seed=0)
        shares = shares_in(*(v for row in attention(rows) for v in row))
        expected = attention.shares(rows)
        for share in shares:
            there = expected[share.head - 1][share.position - 1][share.at - 1]
            assert share.value.data == there.data
        sums = {}
        for share in shares:
            sums[share.head, share.position] = sums.get((share.head, share.position), 0) + share.value.data
        assert len(sums) == 6
        assert all(math.isclose(total, 1) for total in sums.values())


def test_they_are_told_by_block_head_and_position_whatever_the_labels():
    model = a_model()
    L = loss_of(model)
    told = [(s.block, s.head, s.position, s.at) for s in shares_in(L)]
    blocks = ("block 1 · attention", "block 2 · attention")
    assert told == [
        (b, h, t, at) for b in blocks for h in (1, 2) for t in range(1, 6) for at in range(1, t + 1)
    ]
    for share in shares_in(L):
        share.value.label = "noise"
    assert told == [(s.block, s.head, s.position, s.at) for s in shares_in(L)]


def test_a_continued_document_counts_on_and_two_documents_are_two():
    model = a_model()
    cache = model.new_cache()
    model([0, 1], cache)
    (row,) = model([2], cache)
    assert {(s.position, s.at) for s in shares_in(*row) if s.block.startswith("block 2")} == {
        (3, 1),
        (3, 2),
        (3, 3),
    }
    both = shares_in(loss_of(model) + loss_of(model))
    assert [s.document for s in both] == [1] * 60 + [2] * 60


def test_attention_in_a_module_of_ones_own_and_in_none():
    class Two(Module):
        def __init__(self):
            self.asked = Attention(2, 1, seed=0)

        def forward(self, rows):
            return self.asked(rows)[-1]

    y = Two()([[1.0, 0.0], [0.0, 1.0]])[0]
    assert [s.block for s in shares_in(y)] == ["asked", "asked"]
    assert shares_in(y)[1].in_words("ab") == (
        "head 1 of asked, which looked from position 2 ('b') at position 2 ('b')"
    )
    assert shares_in(y)[0].in_words() == "head 1 of asked, which looked from position 2 at position 1"
    assert shares_in(Sequential(lambda x: x[0] * 2)([y])) == shares_in(y)
    assert shares_in(y * 0 + 1) == shares_in(y)


def test_every_route_of_a_query_weight_of_the_last_block_passes_one_share():
    model = a_model()
    L = loss_of(model)
    weight = model.blocks[-1].attention.queries.neurons[0].w[0]
    path = gradient_path(L, weight)
    stops = path.through(s.value for s in shares_in(L) if s.block.startswith("block 2"))
    assert sum(stop.count for stop in stops) == path.count
    assert sum(stop.total for stop in stops) == pytest.approx(path.total, rel=1e-12)
    assert [abs(s.total) for s in stops] == sorted((abs(s.total) for s in stops), reverse=True)


def test_what_no_route_passes_is_left_out():
    model = a_model()
    L = loss_of(model)
    first = [s for s in shares_in(L) if s.block.startswith("block 1")]
    weight = model.blocks[-1].attention.queries.neurons[0].w[0]
    assert gradient_path(L, weight).through(s.value for s in first) == []
    assert gradient_path(L, weight).through([]) == []
