"""Generation: a model continues a text, token by token."""

from __future__ import annotations

from math import exp
from typing import Any

from autograd import no_grad
from autograd.notation.numbers import counted
from nn.checks import Seed, finite_number, generator, whole_number
from nn.module import mode
from nn.outputs import largest
from nn.texts.tokenizers import Tokenizer
from nn.transformer import Transformer


def generate(
    model: Transformer,
    tokenizer: Tokenizer,
    prompt: str = "",
    *,
    temperature: float = 1.0,
    top_k: int | None = None,
    seed: Seed = None,
) -> str:
    """Return a text that begins with the prompt and ends where the model ends it, or its context does.

    Each next token is drawn by its probability, the softmax of the logits over the temperature.  The keys
    and values of the tokens before are kept: only the last one is computed.

    Args:
        model: the trained model.
        tokenizer: that of its training.
        prompt: how the text begins.
        temperature: from 0 up: below 1 the likely tokens become likelier; 0 takes the likeliest.
        top_k: draw among this many of the likeliest tokens alone.
        seed: decides what is drawn.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or out of range, the tokenizer is of
            another vocabulary than the model, or the prompt does not fit the context or has what is not a
            token.
    """
    temperature = finite_number("temperature", temperature, at_least=0.0)
    most = len(tokenizer) if top_k is None else whole_number("top_k", top_k)
    rng = generator(seed)
    tokenizer.check_model(model.vocabulary)
    tokens = [tokenizer.mark, *tokenizer.encode(prompt, "the prompt")]
    if len(tokens) > model.context:
        raise ValueError(
            f"the prompt does not fit: with the mark before it, it has {len(tokens)} tokens, and the context "
            f"holds {counted(model.context, 'token')}"
        )
    cache, news = model.new_cache(), tokens
    with no_grad(), mode(model, training=False):
        while True:
            logits = [v.data for v in model(news, cache)[-1]]
            news = [_drawn(logits, temperature, most, rng)]
            if news[0] == tokenizer.mark:
                break
            tokens += news
            if len(tokens) > model.context:
                break
    return tokenizer.decode(tokens)


def _drawn(logits: list[float], temperature: float, most: int, rng: Any) -> int:
    """Return a token by the logits of all of them."""
    if not temperature:
        return largest(logits)
    among = sorted(range(len(logits)), key=logits.__getitem__, reverse=True)[:most]
    best = logits[among[0]]
    weights = [exp((logits[i] - best) / temperature) for i in among]
    drawn: int = rng.choices(among, weights)[0]
    return drawn
