"""Embeddings: tables with a row of numbers for each id, and rows that say where in a sequence one stands.

Labels: ``e7,2`` is the second number of the row of id 7; ids are counted from 0, as in every table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, sin
from numbers import Real
from typing import Any

from autograd import Constant, Parameter, Value, lookup
from nn.checks import Seed, generator, whole_number
from nn.construction import loadable
from nn.init import Initialiser, chosen, normal
from nn.module import Module
from nn.weights import check_weights, use_up


@loadable
class Embedding(Module):
    """A row of numbers for each id: what a word, a letter or a position means to the network.

    Bengio, Ducharme, Vincent and Jauvin, A neural probabilistic language model (2003), §2, where the table
    is the matrix C of as many rows as the vocabulary has words, and the row of a word its feature vector.

    Args:
        vocabulary: the number of ids, which go from 0 to this less 1.
        width: the length of a row.
        init: an initialiser or the name of one; by default normal numbers of deviation 1, as in PyTorch.
        seed: where the random weights come from, a number or a `random.Random`.

    Attributes:
        weight: the table, ``vocabulary`` rows of ``width`` Parameters.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or unknown.

    >>> letters = Embedding(27, 3, seed=0)
    >>> [v.label for v in letters(2)]
    ['e2,1', 'e2,2', 'e2,3']
    >>> letters([2, 0])[1] == letters.weight[0]
    True
    """

    def __init__(
        self, vocabulary: int, width: int, *, init: str | Initialiser | None = None, seed: Seed = None
    ) -> None:
        self.vocabulary, self.width = whole_number("vocabulary", vocabulary), whole_number("width", width)
        check_weights((self.width, self.vocabulary))
        rows = chosen(init, normal())(self.vocabulary, self.width, generator(seed))
        self.weight = [[Parameter(x) for x in row] for row in rows]
        use_up(self.vocabulary * self.width)
        self.place("e")

    def place(self, letter: str) -> None:
        """Label every number of the table after a letter, its id and its place in the row."""
        for i, row in enumerate(self.weight):
            for k, w in enumerate(row, 1):
                w.label = f"{letter}{i},{k}"

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {"vocabulary": self.vocabulary, "width": self.width}

    def __call__(self, ids: Any) -> Any:
        """Return the row of an id, or the rows of several.

        A plain id gives the very weights; a Value, such as an input that a tape varies, a node for each, and
        nan if it is not an id.

        Args:
            ids: one id, or a sequence of them: whole numbers or Values.

        Raises:
            TypeError, IndexError: if one is not the number of a row.  The message says which.
        """
        if isinstance(ids, Value | Real):
            return lookup(ids, self.weight)
        listed = list(ids)
        return [self._row(place, listed) for place in range(len(listed))]

    def _row(self, place: int, ids: Sequence[Any]) -> list[Value]:
        try:
            row: list[Value] = lookup(ids[place], self.weight)
        except (TypeError, IndexError) as error:
            raise type(error)(f"ids[{place}] of {len(ids)}: {error}") from None
        return row

    def parts_of(self, made: Sequence[Value]) -> Mapping[Value, str]:
        """Tell what was looked up; see `Module.parts_of`."""
        return {v: "embedding" for v in made if v.op is not None and v.op.name == "lookup"}

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return f"{self.vocabulary} × {self.width}"


@loadable
class Sinusoids(Module):
    """Rows that are not learned: a position as the hands of clocks that turn ever more slowly.

    Number 2i of the row of position t, both from 0, is sin(t / 10000^(2i/width)), and number 2i + 1 the
    cosine of the same angle.  Vaswani et al., Attention is all you need (2017), §3.5.

    Args:
        width: the length of a row.

    >>> [round(v.data, 4) for v in Sinusoids(4)(2)]
    [0.9093, -0.4161, 0.02, 0.9998]
    """

    def __init__(self, width: int) -> None:
        self.width = whole_number("width", width)

    def __call__(self, positions: Any) -> Any:
        """Return the row of a position, or the rows of several: Constants."""
        if not isinstance(positions, Real):
            return [self(t) for t in positions]
        t = whole_number("a position", positions, at_least=0)
        angles = (t / 10000 ** (k // 2 * 2 / self.width) for k in range(self.width))
        return [Constant(cos(a) if k % 2 else sin(a), f"p{t},{k + 1}") for k, a in enumerate(angles)]

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return str(self.width)
