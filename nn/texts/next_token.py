"""What a model believes comes next, after each token of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from autograd import no_grad
from nn.module import mode
from nn.outputs import softmax_of
from nn.texts.tokenizers import Tokenizer
from nn.transformer import Transformer


@dataclass(frozen=True)
class Beliefs:
    """The probabilities that a model gives, after each token of a text, to each token that may come next.

    Attributes:
        tokens: what was read, as it is shown; the mark first.
        following: what came next, in truth.
        vocabulary: all tokens, as they are shown.
        probabilities: a row for each position, a number for each token of the vocabulary.
        places: of what came next in the vocabulary.
    """

    tokens: tuple[str, ...]
    following: tuple[str, ...]
    vocabulary: tuple[str, ...]
    probabilities: tuple[tuple[float, ...], ...]
    places: tuple[int, ...]

    @property
    def surprises(self) -> tuple[float, ...]:
        """The loss of each position: −log of the probability of what came next."""
        given = (row[i] for row, i in zip(self.probabilities, self.places, strict=True))
        return tuple(-log(p) if p else float("inf") for p in given)

    @property
    def perplexity(self) -> float:
        """Among about how many tokens the model wavered: e to the mean of the surprises."""
        return exp(min(700.0, sum(self.surprises) / len(self.surprises)))

    def likeliest(self, k: int = 3) -> list[list[tuple[str, float]]]:
        """Return the ``k`` likeliest tokens of each position with their probabilities."""
        return [
            [(self.vocabulary[i], row[i]) for i in sorted(range(len(row)), key=row.__getitem__)[::-1][:k]]
            for row in self.probabilities
        ]

    def __str__(self) -> str:
        read, lines = "", []
        for token, truth, likely in zip(self.tokens, self.following, self.likeliest(), strict=True):
            read += token
            told = ", ".join(f"{t} {p:.0%}" for t, p in likely)
            lines.append(f"{read:>{len(self.tokens)}} → {told}; in truth {truth}")
        return "\n".join(lines)


def beliefs(model: Transformer, tokenizer: Tokenizer, text: str) -> Beliefs:
    """Return what a model believes comes next, after each token of a text.

    Args:
        model: the model.
        tokenizer: that of its training.
        text: a document.  What does not fit the context is left out.

    Raises:
        TypeError, ValueError: if the text has what is not a token, or the tokenizer is of another
            vocabulary than the model.

    >>> from nn.texts import Characters
    >>> letters = Characters(["ab"])
    >>> print(beliefs(Transformer(3, 4, heads=1, blocks=1, context=4, seed=0), letters, "ab"))
      · → · 70%, b 23%, a 7%; in truth a
     ·a → · 66%, a 18%, b 16%; in truth b
    ·ab → · 63%, b 31%, a 6%; in truth ·
    """
    tokenizer.check_model(model.vocabulary)
    tokens = [tokenizer.mark, *tokenizer.encode(text), tokenizer.mark]
    return beliefs_of(model, tokenizer, tokens[:-1][: model.context], tokens[1:][: model.context])


def beliefs_of(
    model: Transformer, tokenizer: Tokenizer, read: Sequence[int], after: Sequence[int]
) -> Beliefs:
    """Return the same of a sample: ids that are read, and those that come next."""
    with no_grad(), mode(model, training=False):
        rows = softmax_of([[v.data for v in logits] for logits in model(read)]).tolist()
    return Beliefs(
        tuple(map(tokenizer.token, read)),
        tuple(map(tokenizer.token, after)),
        tuple(map(tokenizer.token, range(len(tokenizer)))),
        tuple(map(tuple, rows)),
        tuple(after),
    )
