"""Documents as samples: lists of token ids of any length, each checked before a training begins."""

from __future__ import annotations

from typing import Any, Protocol

from nn.data.feeding import Feeding
from nn.data.samples import Table, as_list
from nn.data.structures import by_sample


class Reading(Protocol):
    """A model that takes documents, such as `nn.Transformer`."""

    context: int

    @property
    def vocabulary(self) -> int: ...


class DocumentFeeding(Feeding):
    """How a language model takes its samples: a document each, a list of ids."""

    model: Reading

    def features(self, X: Any, name: str = "X") -> Table:
        """Return ``X`` as one row per document, checked.

        Raises:
            TypeError, ValueError: naming the document that is empty, too long, or has what is not an id.
        """
        ids = frozenset(range(self.model.vocabulary))
        for i, document in enumerate(by_sample(X, name)):
            tokens = as_list(document)
            if not isinstance(tokens, list | tuple):
                continue
            place = f"document {i} of {name}"
            if not tokens:
                raise ValueError(f"{place} is empty: it has at least one token")
            if len(tokens) > self.model.context:
                raise ValueError(
                    f"{place} has {len(tokens)} tokens; the context holds {self.model.context}: cut it, or "
                    "build the model with a longer context"
                )
            for t, token in enumerate(tokens):
                if isinstance(token, int | float) and token not in ids:
                    raise ValueError(
                        f"token {t} of {place} is {token!r}; the ids go from 0 to {len(ids) - 1}"
                    )
        return super().features(X, name)
