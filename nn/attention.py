"""Attention: each position of a sequence asks, and looks at the positions whose keys answer.

Labels: ``q2^5``, ``k2^5`` and ``v2^5`` are number 2 of the query, key and value of position 5, all positions
counted from 1; ``s5,3^1`` is the score, and ``a5,3^1`` the share, with which head 1 looks from position 5 at
position 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from autograd import Value, dot, softmax, topological_order
from autograd.extend import collector_paused
from autograd.notation.numbers import counted
from autograd.seeing import modules_within, title_of
from nn.checks import Seed, generator, listed, whole_number, yes_or_no
from nn.construction import loadable
from nn.init import Initialiser
from nn.inputs import as_inputs
from nn.layers import Layer
from nn.module import Module

Row: TypeAlias = Sequence[Value]
"""The numbers of one position."""


@dataclass
class Cache:
    """The keys and values of the positions so far, so that none is computed twice.

    Attributes:
        keys, values: one row for each position.
    """

    keys: list[Row] = field(default_factory=list)
    values: list[Row] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.keys)


@loadable
class Head(Module):
    """One head: it compares a query with the keys, and mixes the values by how well they answer.

    The score of a key is q·k / √size, the shares are the softmax of the scores, and what comes out is the sum
    of the values, each times its share.  Vaswani et al. (2017), eq. 1.

    Attributes:
        number: which of the heads it is, from 1.
        size: the length of a query, of a key and of a value.
    """

    def __init__(self, number: int, size: int) -> None:
        self.number, self.size = number, size

    def __call__(self, query: Row, keys: Sequence[Row], values: Sequence[Row], position: int) -> list[Value]:
        """Return what a position, counted from 1, takes from those that it sees."""
        shares = self.shares(query, keys, position)
        return [dot(shares, column) for column in zip(*values, strict=True)]

    def shares(self, query: Row, keys: Sequence[Row], position: int) -> list[Value]:
        """Return the share of each key; together they are 1."""
        with self.in_use():
            scores = [dot(query, key) * self.size**-0.5 for key in keys]
            shares = softmax(scores)
        at = f"{position},{{}}^{self.number}"
        for other, (score, share) in enumerate(zip(scores, shares, strict=True), 1):
            score.label, share.label = "s" + at.format(other), "a" + at.format(other)
        return shares

    def parts_of(self, made: Sequence[Value]) -> Mapping[Value, str]:
        """Tell the scores, the shares and what is taken; see `Module.parts_of`."""
        named = {"mul": "score", "div": "share"}
        parts = {v: named[v.op.name] for v in made if v.op is not None and v.op.name in named}
        return parts | {v: "mix" for v in made if v.op is not None and parts.get(v.inputs[0]) == "share"}

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return f"of {self.size}"

    def __repr__(self) -> str:
        return f"Head({self.number}, {self.in_brief()})"


@loadable
class Attention(Module):
    """Several heads side by side, each with its own part of the queries, keys and values.

    Of a position's row x, in the textbook's names, q = W_q·x, k = W_k·x and v = W_v·x; head h takes the
    h-th part of each.  What the heads give, side by side, goes through W_o.  All four matrices have the
    shape (width, width).  Vaswani et al., Attention is all you need (2017), §3.2.

    Args:
        width: the length of a row, a multiple of ``heads``.
        heads: how many heads.
        causal: whether a position sees only those up to itself.
        bias: whether the four layers have biases.
        init: an initialiser or the name of one, for the four matrices.
        seed: where the random weights come from, a number or a `random.Random`.
        number: which block of a network it is in, from 1; for the labels.

    Attributes:
        queries, keys, values, output: the Layers.
        heads: the list of its `Head` s.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or does not fit another.

    >>> attention = Attention(4, 2, seed=0)
    >>> rows = attention([[1.0, 0.0, 2.0, -1.0], [0.0, 1.0, 0.5, 0.5]])
    >>> len(rows), len(rows[0])
    (2, 4)
    >>> [share.label for share in attention.shares([[1.0, 0.0, 2.0, -1.0], [0.0, 1.0, 0.5, 0.5]])[0][1]]
    ['a2,1^1', 'a2,2^1']
    """

    def __init__(
        self,
        width: int,
        heads: int,
        causal: bool = True,
        *,
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
        number: int = 1,
    ) -> None:
        self.width, self.number = whole_number("width", width), number
        count = whole_number("heads", heads)
        if self.width % count:
            raise ValueError(
                f"width is a multiple of heads, so that each head gets as many numbers; "
                f"got width {self.width} and {count} heads"
            )
        self.causal, rng = yes_or_no("causal", causal), generator(seed)
        self.queries, self.keys, self.values, self.output = (
            layer(self.width, self.width, "linear", letter, bias=bias, init=init, seed=rng, number=number)
            for letter in "qkvo"
        )
        self.heads = [Head(h, self.width // count) for h in range(1, count + 1)]

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {
            "width": self.width, "heads": len(self.heads), "causal": self.causal,
            "bias": self.queries.neurons[0].b is not None, "number": self.number,
        }  # fmt: skip

    def __call__(self, x: Iterable[Iterable[Value | float]], cache: Cache | None = None) -> list[list[Value]]:
        """Return a row for each position.

        Args:
            x: a row of ``width`` numbers or Values for each position.
            cache: the keys and values of the positions before them, to which theirs are added.

        Raises:
            ValueError: if a row has another length, or if a cache is given to attention that is not causal.
        """
        with collector_paused():
            queries, seen = self._asked(x, cache)
            first = len(seen) - len(queries)
            rows = []
            for t, query in enumerate(queries, first + 1):
                mixed: list[Value] = []
                for head, part, keys, values in self._each_head(seen, t):
                    mixed += head(query[part], keys, values, t)
                rows.append(self.output.fire(tuple(mixed)))
        if cache is not None:
            cache.keys, cache.values = seen.keys, seen.values
        return rows

    def shares(self, x: Iterable[Iterable[Value | float]]) -> list[list[list[Value]]]:
        """Return how much each head looks where: by head, then by position, a share for each that it sees."""
        with self.in_use():
            queries, seen = self._asked(x, None)
            by_position = [
                [head.shares(query[part], keys, t) for head, part, keys, _ in self._each_head(seen, t)]
                for t, query in enumerate(queries, 1)
            ]
        return [list(of_a_head) for of_a_head in zip(*by_position, strict=True)]

    def _asked(self, x: Iterable[Any], cache: Cache | None) -> tuple[list[Row], Cache]:
        """Return the queries of these positions, and the keys and values of all positions so far."""
        if cache is not None and not self.causal:
            raise ValueError(
                "only causal attention continues from a cache; in this one a position sees those after it"
            )
        given = listed("attention takes a row for each position", x)
        rows = [as_inputs(row, self.width, "attention") for row in given]
        if (taken := sum(head.size for head in self.heads)) != self.width:
            raise ValueError(f"its heads give {taken} numbers side by side; its output takes {self.width}")
        before = Cache() if cache is None else cache
        queries: list[Row] = []
        keys, values = [*before.keys], [*before.values]
        for t, row in enumerate(rows, len(before) + 1):
            for projection, letter, found in (
                (self.queries, "q", queries),
                (self.keys, "k", keys),
                (self.values, "v", values),
            ):
                made = projection.fire(row)
                for v, label in zip(made, _labels(letter, self.width, t), strict=True):
                    v.label = label
                found.append(made)
        return queries, Cache(keys, values)

    def _each_head(self, seen: Cache, position: int) -> Iterator[tuple[Head, slice, list[Row], list[Row]]]:
        """Yield each head, its part of a row, and that part of the keys and values that a position sees."""
        stop = position if self.causal else len(seen)
        for head in self.heads:
            part = slice((head.number - 1) * head.size, head.number * head.size)
            yield head, part, [k[part] for k in seen.keys[:stop]], [v[part] for v in seen.values[:stop]]

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return f"{self.width}, {counted(len(self.heads), 'head')}{', causal' * self.causal}"


def has_plain_heads(model: Attention) -> bool:
    """Return whether its heads are those that it was built with: they may be replaced, or put in order."""
    n = len(model.heads)
    parts = [(type(head), head.number, n * head.size) for head in model.heads]
    return bool(parts) and parts == [(Head, k, model.width) for k in range(1, n + 1)]


@dataclass(frozen=True)
class Share:
    """How much a head looks from one position at another.

    Attributes:
        block: what the attention is called in the outermost Module, such as "block 1 · attention".
        head, position, at: which head looks, from where, and where to; counted from 1.
        document: which of the outermost uses it is part of, from 1, where a graph has several documents.
        value: the share itself, a Value of the graph.
    """

    block: str
    head: int
    position: int
    at: int
    document: int
    value: Value

    @property
    def look(self) -> tuple[str, int, int, int]:
        """Whose look it is part of: block, document, position, head."""
        return self.block, self.document, self.position, self.head

    def in_words(self, tokens: Sequence[str] = ()) -> str:
        """Return ``head 2 of block 1 · attention, which looked from position 4 at position 2``.

        Args:
            tokens: what stands at the positions, to be quoted.
        """
        of = f" of {self.block}" if self.block else ""
        there, here = (
            f"position {k}" + (f" ({tokens[k - 1]!r})" if k <= len(tokens) else "")
            for k in (self.position, self.at)
        )
        return f"head {self.head}{of}, which looked from {there} at {here}"


def shares_in(*outputs: Value) -> list[Share]:
    """Return every share of attention that some Values, such as a loss, were computed from.

    They are found by their places, in whatever network the attention is.

    Returns:
        The shares of each document and block by head, by position and by where that looks.  A position of
        attention that is not causal is told by the order in which the graph was computed.

    >>> attention = Attention(2, 1, seed=0)
    >>> (_, (y, _)) = attention([[1.0, 0.0], [0.0, 1.0]])
    >>> [(share.position, share.at) for share in shares_in(y)]
    [(2, 1), (2, 2)]
    >>> shares_in(y)[0].in_words("ab")
    "head 1, which looked from position 2 ('b') at position 1 ('a')"
    """
    return shares_among(topological_order(*outputs))


def shares_among(order: Iterable[Value]) -> list[Share]:
    """Return the shares among some Values in topological order; see `shares_in`."""
    made: dict[int, tuple[Any, list[Value]]] = {}  # by use of a head
    for v in order:
        if v.place is not None and isinstance(v.place[0], Head):
            made.setdefault(id(v.place), (v.place, []))[1].append(v)
    titles: dict[int, dict[int, str]] = {}  # of each outermost Module: by attention, in their order
    documents: dict[int, int] = {}
    found: dict[tuple[int, ...], Share] = {}
    turns: Counter[tuple[int, int]] = Counter()
    for use, values in made.values():
        head, attention, root = use[0], use[1] or use, use
        while root[1] is not None:
            root = root[1]
        if id(root[0]) not in titles:
            held = modules_within(root[0])
            titles[id(root[0])] = {id(m): title_of(trail, {}) if trail else "" for trail, m in held}
        own = titles[id(root[0])]
        document = documents.setdefault(id(root), len(documents) + 1)
        parts = head.parts_of(values)
        shares = [v for v in values if parts.get(v) == "share"]
        turns[id(attention), head.number] += 1
        causal = getattr(attention[0], "causal", False)
        position = len(shares) if causal else turns[id(attention), head.number]
        block = own.setdefault(id(attention[0]), "")  # nobody may hold it
        place = [*own].index(id(attention[0]))
        for at, v in enumerate(shares, 1):
            key = document, place, head.number, position, at
            found[key] = Share(block, head.number, position, at, document, v)
    return [found[key] for key in sorted(found)]


def layer(nin: int, nout: int, activation: Any, letter: str, **options: Any) -> Layer:
    """Return a `Layer` whose labels have a letter: those of one block share its number."""
    made = Layer(nin, nout, activation, **options)
    made.place(letter)
    return made


@lru_cache(maxsize=4096)
def _labels(letter: str, width: int, position: int) -> tuple[str, ...]:
    return tuple(f"{letter}{k}^{position}" for k in range(1, width + 1))
