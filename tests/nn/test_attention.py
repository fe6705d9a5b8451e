"""Attention: its formula in plain numbers, PyTorch's MultiheadAttention, and a cache that changes nothing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, gradients
from autograd import sum as total
from autograd.seeing.facts.places import structure_of
from nn import Attention
from nn.attention import Cache
from tests.nn.compared import check_equal, numbers, pytorch


def by_hand(attention, x):
    """The outputs and shares of the formula, of plain numbers."""

    def linear(layer, row):
        b = layer.b or [0.0] * layer.nout
        return [sum(w * v for w, v in zip(W, row, strict=True)) + c for W, c in zip(layer.W, b, strict=True)]

    layers = (attention.queries, attention.keys, attention.values)
    q, k, v = ([linear(layer, row) for row in x] for layer in layers)
    n = attention.width // len(attention.heads)
    outputs, shares = [], [[] for _ in attention.heads]
    for t in range(len(x)):
        mixed = []
        for h in range(len(attention.heads)):
            part = range(h * n, h * n + n)
            seen = range(t + 1 if attention.causal else len(x))
            scores = [sum(q[t][j] * k[s][j] for j in part) / math.sqrt(n) for s in seen]
            powers = [math.exp(a - max(scores)) for a in scores]
            shares[h].append([p / sum(powers) for p in powers])
            mixed += [sum(a * v[s][j] for a, s in zip(shares[h][-1], seen, strict=True)) for j in part]
        outputs.append(linear(attention.output, mixed))
    return outputs, shares


def data_of(rows):
    return [data_of(row) for row in rows] if isinstance(rows, list) else rows.data


@pytest.mark.parametrize("causal", [True, False])
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4), st.booleans(), st.integers(0, 999))
def test_attention_is_its_formula(causal, heads, size, positions, bias, seed):
    attention = Attention(heads * size, heads, causal, bias=bias, seed=seed)
    for k, p in enumerate(attention.parameters()):
        p.data += 0.01 * k
    x = numbers((positions, heads * size), seed)
    outputs, shares = by_hand(attention, x)
    for ours, wanted in zip(attention(x), outputs, strict=True):
        assert data_of(ours) == pytest.approx(wanted, abs=1e-12)
    for of_head, wanted_of_head in zip(attention.shares(x), shares, strict=True):
        for ours, wanted in zip(of_head, wanted_of_head, strict=True):
            assert data_of(ours) == pytest.approx(wanted, abs=1e-12)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=3), st.integers(0, 999))
def test_a_cache_changes_no_bit(parts, seed):
    attention = Attention(4, 2, seed=seed)
    x = numbers((sum(parts), 4), seed)
    cache, found, first = Cache(), [], 0
    for n in parts:
        found += attention(x[first : first + n], cache)
        first += n
        assert len(cache) == first
    assert data_of(found) == data_of(attention(x))


def test_a_call_that_raises_leaves_the_cache_as_it_was():
    attention, cache = Attention(4, 2, seed=0), Cache()
    attention(numbers((2, 4)), cache)
    before = (data_of(cache.keys), data_of(cache.values))
    with pytest.raises(ValueError, match="the attention takes 4 inputs per sample; got 3"):
        attention([*numbers((1, 4)), [1.0, 2.0, 3.0]], cache)
    assert (data_of(cache.keys), data_of(cache.values)) == before
    with pytest.raises(ValueError, match="only causal attention continues from a cache"):
        Attention(4, 2, causal=False)(numbers((2, 4)), Cache())


def test_no_position_of_causal_attention_hears_of_a_later_one():
    x = [[Value(v) for v in row] for row in numbers((3, 4))]
    rows = Attention(4, 2, seed=0)(x)
    assert gradients(total(rows[1]), x[2]) == [0.0] * 4
    assert all(gradients(total(rows[1]), x[0]))


def test_the_shares_have_names_and_a_place():
    attention = Attention(4, 2, seed=0)
    rows = attention(numbers((3, 4)))
    structure = structure_of([v for row in rows for v in row])
    labels = {v.label: place for v, place in structure.places.items() if place.part == "share"}
    seen = [(t, s) for t in (1, 2, 3) for s in range(1, t + 1)]
    assert set(labels) == {f"a{t},{s}^{h}" for t, s in seen for h in (1, 2)}
    assert labels["a3,1^2"].module == ("heads.1",)
    assert structure.uses[labels["a3,1^2"].use].turn == 2  # the third position that this head looks from
    parts = [place.part for place in structure.places.values() if place.module[-1:] == ("heads.0",)]
    assert (parts.count("score"), parts.count("share"), parts.count("mix")) == (6, 6, 6)


def test_labels_tell_the_layer_and_the_position():
    attention = Attention(4, 2, seed=0, number=3)
    assert [p.label for p in attention.queries.parameters()][:4] == [
        "wq11^3",
        "wq21^3",
        "wq31^3",
        "wq41^3",
    ]
    cache = Cache()
    attention(numbers((2, 4)), cache)
    assert [v.label for v in cache.keys[1]] == ["k1^2", "k2^2", "k3^2", "k4^2"]


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_equals_pytorch(causal, bias):
    torch = pytorch()
    mask = torch.triu(torch.full((5, 5), -math.inf, dtype=torch.float64), 1) if causal else None
    theirs = torch.nn.MultiheadAttention(6, 3, bias=bias, batch_first=True).double()

    def call(module, x):
        return module(x[None], x[None], x[None], attn_mask=mask, need_weights=False)[0][0]

    check_equal(Attention(6, 3, causal, bias=bias), theirs, numbers((5, 6)), call=call)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((6, 4), "width is a multiple of heads, .* got width 6 and 4 heads"),
        ((6, 0), "heads is at least 1"),
        ((6, 2, "no"), "causal is True or False"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        Attention(*arguments)


@given(st.integers(1, 3), st.data())
def test_heads_that_do_not_give_what_the_output_takes_are_refused(heads, data):
    attention = Attention(2 * heads, heads, seed=0)
    attention.heads.pop(data.draw(st.integers(0, heads - 1)))
    with pytest.raises(
        ValueError, match=f"give {2 * heads - 2} numbers side by side; its output takes {2 * heads}"
    ):
        attention([[0.5] * (2 * heads)])
