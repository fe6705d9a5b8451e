"""The transformer: microgpt in plain numbers, PyTorch's layers, caches, tied tables, bad documents."""

import math
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import gradient_path, gradients, logsumexp, lookup, mean
from autograd.extend import NO_GRADIENT
from autograd.seeing.facts.folding.folded import fold
from autograd.seeing.facts.trace import trace
from autograd.tape import Tape
from nn import Block, FeedForward, Lambda, Transformer, losses
from nn.attention import Cache
from nn.saving.checkpoint import from_bytes, packed
from tests.nn.compared import check_equal, numbers, pytorch


def data_of(rows):
    return [data_of(row) for row in rows] if isinstance(rows, list) else rows.data


def surprise(model, document):
    """The mean over the positions of what the next token costs."""
    logits = model(document[:-1])
    return mean([losses.cross_entropy(row, t) for row, t in zip(logits, document[1:], strict=True)])


def surprise_on_tape(model, document):
    """The same for tokens that are Values."""
    logits = model(document[:-1])
    return mean([logsumexp(row) - lookup(t, row) for row, t in zip(logits, document[1:], strict=True)])


def small(**options):
    return Transformer(5, 4, heads=2, blocks=2, context=8, seed=0, **options)


# ------------------------------------------------------------------------------------- microgpt


def as_published(model, document):
    """The loss of the published network, in plain numbers, position by position with a cache."""

    def linear(layer, x):
        return [sum(w * v for w, v in zip(row, x, strict=True)) for row in layer.W]

    def norm(x):
        scale = (sum(v * v for v in x) / len(x) + 1e-5) ** -0.5
        return [v * scale for v in x]

    def softmax(x):
        powers = [math.exp(v - max(x)) for v in x]
        return [p / sum(powers) for p in powers]

    (block,), keys, values, losses_ = model.blocks, [], [], []
    attention = block.attention
    for t, token in enumerate(document[:-1]):
        rows = (model.tokens.weight[token], model.positions.weight[t])
        x = norm([a.data + b.data for a, b in zip(*rows, strict=True)])
        h = norm(x)
        q = linear(attention.queries, h)
        keys.append(linear(attention.keys, h))
        values.append(linear(attention.values, h))
        mixed = []
        for head in range(0, 16, 4):
            scores = [sum(q[head + j] * k[head + j] for j in range(4)) / 4**0.5 for k in keys]
            shares = softmax(scores)
            mixed += [sum(a * v[head + j] for a, v in zip(shares, values, strict=True)) for j in range(4)]
        x = [a + b for a, b in zip(linear(attention.output, mixed), x, strict=True)]
        h = [max(0.0, v) for v in linear(block.feedforward.up, norm(x))]
        x = [a + b for a, b in zip(linear(block.feedforward.down, h), x, strict=True)]
        losses_.append(-math.log(softmax(linear(model.output, x))[document[t + 1]]))
    return sum(losses_) / len(losses_)


@given(st.lists(st.integers(0, 26), min_size=2, max_size=17), st.integers(0, 999))
def test_microgpt_is_the_published_network(document, seed):
    model = Transformer.microgpt(27, seed=seed)
    assert surprise(model, document).data == pytest.approx(as_published(model, document), abs=1e-12)


def test_microgpt_draws_its_numbers_in_the_published_order():
    model, chance = Transformer.microgpt(27, seed=random.Random(42)), random.Random(42)
    block = model.blocks[0]
    attention, feedforward = block.attention, block.feedforward
    layers = (attention.queries, attention.keys, attention.values, attention.output)
    tables = [data_of(model.tokens.weight), data_of(model.positions.weight), model.output.W]
    for matrix in (*tables, *(layer.W for layer in (*layers, feedforward.up, feedforward.down))):
        assert matrix == [[chance.gauss(0, 0.08) for _ in row] for row in matrix]


def test_parameters_come_in_the_order_that_the_docstring_states():
    model = small(activation="swiglu")
    paths = (path for path, _ in model.named_parameters())
    found = dict.fromkeys(re.split(r"\.(?:neurons|weight|bias)\.", path)[0] for path in paths)
    in_a_block = [
        "attention_norm", "attention.queries", "attention.keys", "attention.values", "attention.output",
        "feedforward_norm", "feedforward.gate", "feedforward.up", "feedforward.down",
    ]  # fmt: skip
    blocks = [f"blocks.{k}.{name}" for k in (0, 1) for name in in_a_block]
    assert list(found) == ["tokens", "positions", *blocks, "final_norm", "output"]


# --------------------------------------------------------------------------------------- PyTorch


@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("bias", [True, False])
def test_a_block_equals_pytorch(activation, bias):
    torch = pytorch()
    theirs = torch.nn.TransformerEncoderLayer(
        6, 3, 24, dropout=0.0, activation=activation, norm_first=True, batch_first=True, bias=bias
    ).double()
    mask = torch.triu(torch.full((5, 5), -math.inf, dtype=torch.float64), 1)
    mapping = {
        "self_attn": "attention", "norm1": "attention_norm", "norm2": "feedforward_norm",
        "linear1": "feedforward.up", "linear2": "feedforward.down",
    }  # fmt: skip
    ours = Block(6, 3, activation, bias=bias)
    check_equal(
        ours, theirs, numbers((5, 6)), call=lambda m, x: m(x[None], src_mask=mask)[0], mapping=mapping
    )


def test_swiglu_equals_its_formula_in_pytorch():
    torch = pytorch()

    class SwiGLU(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gate, self.up = (torch.nn.Linear(4, 10, bias=False) for _ in range(2))
            self.down = torch.nn.Linear(10, 4, bias=False)

        def forward(self, x):
            return self.down(torch.nn.functional.silu(self.gate(x)) * self.up(x))

    check_equal(FeedForward(4, activation="swiglu", bias=False), SwiGLU().double(), numbers((4,)))


# ------------------------------------------------------------------------------------ all settings

SETTINGS = [
    {}, {"positions": "sinusoidal"}, {"tied": True}, {"activation": "relu"}, {"activation": "swiglu"},
    {"bias": False}, {"norm": "rms", "embedding_norm": True, "final_norm": False},
    {"norm": "rms", "gain": False, "tied": True},
]  # fmt: skip
every_setting = pytest.mark.parametrize("options", SETTINGS, ids=str)


@every_setting
def test_a_cache_changes_no_bit(options):
    model = small(**options)
    whole, cache = data_of(model([3, 1, 4, 1, 0])), model.new_cache()
    assert data_of(model([3], cache)) + data_of(model([1, 4], cache)) + data_of(model([1, 0], cache)) == whole


@every_setting
def test_later_tokens_change_no_earlier_logits(options):
    model = small(**options)
    assert data_of(model([3, 1, 4, 1]))[:2] == data_of(model([3, 1, 0, 2]))[:2]


@every_setting
def test_it_comes_back_from_a_file_to_the_bit(options):
    model = small(**options)
    again = from_bytes(packed(model)).model()
    assert repr(again) == repr(model)
    assert data_of(again([3, 1, 4])) == data_of(model([3, 1, 4]))


@every_setting
def test_a_tape_of_tokens_gives_the_eager_losses_and_gradients(options):
    model = small(**options)
    documents = [[3, 1, 4, 1], [0, 0, 2, 4], [1, 3, 3, 0]]
    tape = Tape.record(lambda tokens: surprise_on_tape(model, tokens), documents[0])
    eager = [surprise(model, document) for document in documents]
    assert tape.forward(documents) == pytest.approx(data_of(eager), abs=1e-12)
    value, slopes = tape.gradients(documents)
    assert value == pytest.approx(mean(eager).data, abs=1e-12)
    assert slopes == pytest.approx(gradients(mean(eager), tape.parameters), abs=1e-12)
    model.zero_grad()
    mean(eager).backward()
    apart = set(model.parameters()) - set(tape.parameters)
    assert all(p.grad == 0.0 for p in apart)  # positions that no document here has


def test_an_impossible_token_on_a_tape_gives_nan():
    model = small()
    tape = Tape.record(lambda tokens: surprise_on_tape(model, tokens), [0, 1])
    losses_ = tape.forward([[0, 1], [5, 1], [0.5, 1], [0, -1], [4, 4]])
    assert np.isnan(losses_).tolist() == [False, True, True, True, False]


@every_setting
def test_every_parameter_that_is_used_gets_a_gradient(options):
    model = small(**options)
    surprise(model, [3, 1, 4, 2, 0]).backward()
    without = {path for path, p in model.named_parameters() if p.grad is NO_GRADIENT}
    tied = options.get("tied", False)
    learned = options.get("positions") != "sinusoidal"
    assert without == {f"positions.weight.{t}.{k}" for t in range(4, 8) for k in range(4) if learned} | {
        f"tokens.weight.0.{k}" for k in range(4) if not tied
    }


def test_tied_weights_are_the_rows_of_the_tokens():
    model = small(tied=True)
    assert all(n.w is row for n, row in zip(model.output.neurons, model.tokens.weight, strict=True))
    assert len(model.parameters()) == len(small().parameters()) - 5 * 4
    again = from_bytes(packed(model)).model()
    assert again.output.neurons[3].w[1] is again.tokens.weight[3][1]


# ---------------------------------------------------------------------------------------- seen


def of_four_letters():
    """A model, and the mean of what each of four letters costs it: "emma", from the mark on."""
    model, cost = Transformer.microgpt(27, seed=0), Lambda(losses.cross_entropy, "surprise")
    document = [26, 4, 12, 12, 0]
    logits = model(document[:-1])
    loss = mean([cost(row, t) for row, t in zip(logits, document[1:], strict=True)])
    loss.label = "L"
    return model, loss


def test_folded_it_is_the_drawing_of_the_textbook():
    _, loss = of_four_letters()
    folded = fold(trace(loss), depth=3)
    titles = [group.title.removeprefix("Transformer · ") for group in folded.groups]
    attention = [
        f"block 1 · attention · {name}" for name in ("queries", "keys", "values", "heads × 4", "output")
    ]
    feedforward = [f"block 1 · feedforward · {name}" for name in ("up", "down")]
    assert titles == [
        "tokens", "positions", "embedding", "embedding_norm", "block 1 · attention_norm", *attention,
        "block 1 · attention_sum",
        "block 1 · feedforward_norm", *feedforward, "block 1 · feedforward_sum", "output", "Lambda",
    ]  # fmt: skip
    assert len(folded.groups) + len(folded.nodes) <= 20
    assert folded.feedback() == set()
    opened = fold(trace(loss), opened=["Transformer.blocks.0.attention.heads"])
    assert [g.title for g in opened.groups if g.of == "Head"] == [
        f"Transformer · block 1 · attention · head {h}" for h in (1, 2, 3, 4)
    ]


def test_the_routes_of_a_weight_of_a_query_add_up_to_its_gradient():
    model, loss = of_four_letters()
    w = model.parameter("wq4,6^1")
    path = gradient_path(loss, w)
    loss.backward()
    assert path.count > 10**8
    assert path.total == pytest.approx(w.grad, rel=1e-12, abs=0)
    drawn = path.draw(depth=3).source
    assert all(title in drawn for title in ("queries", "heads × 4", "feedforward_sum", "output"))
    assert "keys" not in drawn


# ---------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("tokens", "error", "message"),
    [
        ([], ValueError, "a document has at least one token; got none"),
        ([0] * 9, ValueError, "the context holds 8 tokens; got 9. Cut the document"),
        ([0, 1, 5], IndexError, r"ids\[2\] of 3: an index is a whole number from 0 to 4, .* got 5"),
        ([0, "b"], TypeError, r"ids\[1\] of 2: an index is one real number, not 'b'"),
    ],
)
def test_bad_documents_are_refused(tokens, error, message):
    with pytest.raises(error, match=message):
        small()(tokens)


def test_an_unknown_token_is_told_with_the_module_that_met_it():
    with pytest.raises(IndexError) as caught:
        small()([7])
    assert caught.value.__notes__ == [
        "raised in the call of tokens (Embedding) of Transformer, given 1 number"
    ]


def test_a_document_that_does_not_fit_leaves_the_cache_as_it_was():
    model = small()
    cache = model.new_cache()
    model([0] * 6, cache)
    with pytest.raises(ValueError, match="the context holds 8 tokens; got 3 after 6 in the cache"):
        model([0] * 3, cache)
    with pytest.raises(IndexError):
        model([0, 5], cache)
    assert [len(of_block) for of_block in cache] == [6, 6]
    model([0] * 2, cache)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heads": 3}, "width is a multiple of heads"),
        ({"blocks": 0}, "blocks is at least 1"),
        ({"context": 0}, "context is at least 1"),
        ({"positions": "rotary"}, "unknown kind of positions 'rotary'"),
        ({"norm": "batch"}, "unknown norm 'batch'"),
        ({"activation": "geglu"}, "unknown activation 'geglu'; did you mean 'gelu'"),
        ({"tied": "yes"}, "tied is True or False"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    arguments = {"vocabulary": 5, "width": 4, "heads": 2, "blocks": 1, "context": 8} | change
    with pytest.raises((TypeError, ValueError), match=message):
        Transformer(**arguments)


def test_what_is_no_document_or_no_cache_is_named():
    model = Transformer(5, 4, heads=2, blocks=1, context=8, seed=0)
    with pytest.raises(TypeError, match=r"a document is a list of token ids; got 3 \(int\)"):
        model(3)
    for odd in ([], Cache(), [Cache()] * 3, [None]):
        with pytest.raises(TypeError, match=r"a cache is what new_cache\(\) gave, with a Cache for each"):
            model([1], odd)
    with pytest.raises(TypeError, match="attention takes a row for each position; got None"):
        model.blocks[0].attention(None)
