"""Tokenizers: texts as lists of token ids, and back; and the samples that a language model learns from.

A mark, the last token, stands before each document and after it: the model learns from it how documents
begin and end.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from autograd.notation.hints import described
from autograd.notation.numbers import counted
from nn.checks import listed, whole_number

Samples: TypeAlias = tuple[list[list[int]], list[list[int]]]
"""Documents without their last token, and without their first: what is read, and what comes next."""


class Tokenizer(ABC):
    """The base of tokenizers: ``len()`` is the number of tokens, the mark included."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def encode(self, text: str, name: str = "the text") -> list[int]:
        """Return the ids of a text, without marks.

        Raises:
            TypeError, ValueError: if it is not a text, or has what is not a token; the message calls it by
                ``name``.
        """

    @abstractmethod
    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of ids; marks are left out."""

    @property
    def mark(self) -> int:
        """The id of the mark between documents."""
        return len(self) - 1

    def check_model(self, vocabulary: int) -> None:
        """Refuse a model of another vocabulary.

        Raises:
            ValueError: saying the two sizes.
        """
        if len(self) != vocabulary:
            raise ValueError(f"the tokenizer has {len(self)} tokens, the model {vocabulary}")

    def token(self, i: int) -> str:
        """Return what is shown for one id: its text, or ``·`` for the mark.

        >>> letters = Characters("ab")
        >>> [letters.token(i) for i in range(3)]
        ['a', 'b', '·']
        """
        return "·" if i == self.mark else self.decode([i])

    def samples(self, documents: Iterable[str], context: int) -> Samples:
        """Return documents as samples for `nn.fit`: their tokens, and of each the one that comes next.

        Args:
            documents: the texts, each learned by itself.
            context: how many tokens a sample has at most; longer documents are cut.

        Raises:
            TypeError, ValueError: if there are no documents, or naming one that is empty or has what is not
                a token.

        Warns:
            UserWarning: telling how many documents were cut.

        >>> Characters(["ab", "b"]).samples(["ab", "b"], context=8)
        ([[2, 0, 1], [2, 1]], [[0, 1, 2], [1, 2]])
        """
        context = whole_number("context", context)
        X, y, cut = [], [], 0
        for i, text in enumerate(_texts(documents)):
            tokens = [self.mark, *self.encode(text, f"document {i}"), self.mark]
            cut += len(tokens) - 1 > context
            X.append(tokens[:-1][:context])
            y.append(tokens[1:][:context])
        if cut:
            warnings.warn(
                f"{cut:,} of {counted(len(X), 'document')} do not fit the context of "
                f"{counted(context, 'token')}, and were cut after it",
                stacklevel=2,
            )
        return X, y

    def windows(self, text: str, context: int) -> Samples:
        """Return a running text as samples: windows of ``context`` tokens, the last one perhaps shorter.

        Raises:
            TypeError, ValueError: if the text is empty or has what is not a token.

        >>> Characters("abab").windows("abab", context=3)
        ([[2, 0, 1], [0, 1]], [[0, 1, 0], [1, 2]])
        """
        context = whole_number("context", context)
        if not text:
            raise ValueError("the text is empty: there is nothing to learn from")
        tokens = [self.mark, *self.encode(text), self.mark]
        starts = range(0, len(tokens) - 1, context)
        return [tokens[:-1][k : k + context] for k in starts], [tokens[1:][k : k + context] for k in starts]


class Characters(Tokenizer):
    """The characters found in some texts, in the order of their code points, and the mark.

    Args:
        texts: the documents; a single text is as good.

    Attributes:
        letters: the characters; the place of each is its id.

    Raises:
        TypeError, ValueError: if there are no characters.

    >>> letters = Characters(["emma", "olivia"])
    >>> letters.letters, len(letters)
    ('aeilmov', 8)
    >>> letters.encode("emma"), letters.decode([1, 4, 4, 0, letters.mark])
    ([1, 4, 4, 0], 'emma')
    >>> letters.encode("amé")
    Traceback (most recent call last):
    ...
    ValueError: character 2 of the text (from 0) is 'é', which is not among the 7 known ones: 'aeilmov'
    """

    def __init__(self, texts: Iterable[str]) -> None:
        found = texts if isinstance(texts, str) else (letter for text in _texts(texts) for letter in text)
        self.letters = "".join(sorted(set(found)))
        if not self.letters:
            raise ValueError("the texts have no characters: there is nothing to learn from")
        self._ids = {letter: i for i, letter in enumerate(self.letters)}

    def __len__(self) -> int:
        return len(self.letters) + 1

    def encode(self, text: str, name: str = "the text") -> list[int]:
        try:
            return [self._ids[letter] for letter in _text(text, name)]
        except KeyError:
            at, letter = next((i, x) for i, x in enumerate(text) if x not in self._ids)
        known = self.letters if len(self.letters) < MOST_SHOWN else f"{self.letters[:MOST_SHOWN]}…"
        raise ValueError(
            f"character {at} of {name} (from 0) is {letter!r}, which is not among the "
            f"{len(self.letters)} known ones: {known!r}"
        )

    def decode(self, ids: Iterable[int]) -> str:
        return "".join(self.letters[i] for i in ids if i != self.mark)

    def __repr__(self) -> str:
        return f"Characters({self.letters!r})"


class Bytes(Tokenizer):
    """The 256 bytes of any text's UTF-8, and the mark: nothing is unknown.

    >>> Bytes().encode("é"), Bytes().decode([195, 169]), len(Bytes())
    ([195, 169], 'é', 257)
    """

    def __len__(self) -> int:
        return 257

    def encode(self, text: str, name: str = "the text") -> list[int]:
        return list(_text(text, name).encode("utf-8", "surrogateescape"))

    def decode(self, ids: Iterable[int]) -> str:
        return bytes(i for i in ids if i != self.mark).decode("utf-8", "replace")

    def __repr__(self) -> str:
        return "Bytes()"


MOST_SHOWN = 60
"""At most this many known characters are shown."""


def _texts(documents: Iterable[str]) -> Sequence[str]:
    """Return documents as a list of texts, none of which is empty."""
    given = listed("documents are a list of texts", documents)
    texts = [_text(text, f"document {i}") for i, text in enumerate(given)]
    if not texts:
        raise ValueError("there are no documents: there is nothing to learn from")
    for i, text in enumerate(texts):
        if not text:
            raise ValueError(f"document {i} (from 0) is empty; leave it out")
    return texts


def _text(text: str, name: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{name} is {described(text)}, not a text")
    return text
