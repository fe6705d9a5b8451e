"""Texts: tokenizers that make documents of them, and what a trained model writes.

What it takes to learn names, and to make some up:

>>> from nn import Adam, Transformer, fit
>>> from nn.texts import Characters, generate
>>> names = ["anna", "hanna", "nana", "ann", "hannah"]
>>> letters = Characters(names)
>>> model = Transformer(len(letters), 8, heads=2, blocks=1, context=8, seed=0)
>>> history = fit(
...     model, *letters.samples(names, model.context), loss="cross_entropy",
...     optimizer=Adam(model.parameters(), lr=0.02), batch_size=2, epochs=20, progress=False,
... )
>>> round(history["perplexity"][0]), history["perplexity"][-1] < 2  # about how many letters it wavers between
(5, True)
>>> generate(model, letters, "h", temperature=0.1, seed=0)
'hanna'
"""

from nn.texts.generation import generate
from nn.texts.next_token import Beliefs, beliefs
from nn.texts.tokenizers import Bytes, Characters, Tokenizer

__all__ = ["Beliefs", "Bytes", "Characters", "Tokenizer", "beliefs", "generate"]
