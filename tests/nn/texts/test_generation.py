"""Generation: the kept keys and values change nothing, and what is drawn follows the probabilities."""

import random
from collections import Counter
from math import exp

import pytest

from nn import Adam, fit
from nn.texts import Characters, generate
from nn.transformer import Transformer

NAMES = ["anna", "hanna", "nana", "ann", "hannah"]
LETTERS = Characters(NAMES)


def model(context=8):
    return Transformer(len(LETTERS), 4, heads=2, blocks=1, context=context, seed=0)


def test_the_likeliest_tokens_are_those_of_the_whole_document():
    network = model()
    tokens = [LETTERS.mark, *LETTERS.encode("h")]
    while len(tokens) <= network.context:
        scores = [v.data for v in network(tokens)[-1]]
        tokens.append(scores.index(max(scores)))
        if tokens[-1] == LETTERS.mark:
            break
    assert generate(network, LETTERS, "h", temperature=0) == LETTERS.decode(tokens)
    assert generate(network, LETTERS, "h", top_k=1, seed=3) == LETTERS.decode(tokens)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_what_is_drawn_follows_the_probabilities(temperature, monkeypatch):
    network, rng = model(context=1), random.Random(0)
    logits = network([LETTERS.mark])
    monkeypatch.setattr(Transformer, "__call__", lambda *_: logits)  # computed once, not for every draw
    scores = [exp(v.data / temperature) for v in logits[0]]
    count = 2000
    drawn = Counter(generate(network, LETTERS, temperature=temperature, seed=rng) for _ in range(count))
    for i, score in enumerate(scores):
        p = score / sum(scores)
        assert abs(drawn[LETTERS.decode([i])] / count - p) < 5 * (p * (1 - p) / count) ** 0.5


def test_a_seed_decides_and_a_text_ends_where_the_context_does():
    network = model()
    texts = [generate(network, LETTERS, seed=seed) for seed in range(20)]
    assert texts == [generate(network, LETTERS, seed=seed) for seed in range(20)]
    assert len(set(texts)) > 5
    assert max(map(len, texts)) <= network.context
    assert all(generate(network, LETTERS, "nan", seed=seed).startswith("nan") for seed in range(5))


def test_a_model_that_has_learned_one_name_writes_it():
    network = model()
    history = fit(
        network, *LETTERS.samples(["hanna"], 8), loss="cross_entropy", progress=False, epochs=60,
        optimizer=Adam(network.parameters(), lr=0.05), engine="eager",
    )  # fmt: skip
    assert history["perplexity"] == pytest.approx([exp(x) for x in history["loss"]])
    assert history["val_perplexity"] == [None] * 60
    assert generate(network, LETTERS, temperature=0) == "hanna"


BAD = [
    ({"prompt": "annx"}, ValueError, r"character 3 of the prompt .* is 'x'"),
    ({"prompt": "a" * 8}, ValueError, "the prompt does not fit: .* 9 tokens, and the context holds 8 tokens"),
    ({"prompt": 3}, TypeError, "the prompt is .*3.*, not a text"),
    ({"temperature": -1.0}, ValueError, "temperature"),
    ({"top_k": 0}, ValueError, "top_k is at least 1"),
    ({"tokenizer": Characters("ab")}, ValueError, "the tokenizer has 3 tokens, the model 4"),
]


@pytest.mark.parametrize(("given", "error", "message"), BAD)
def test_what_does_not_suit_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        generate(model(), **{"tokenizer": LETTERS, **given})
