"""The transformer: blocks of attention, between a table of embeddings and a score for each next token.

Labels: those of `nn.attention`, `nn.embedding`, `nn.normalisation` and `nn.layers`, with the number of the
block above: ``wq21^3`` is the weight from number 2 of a row to number 1 of its query in block 3.  The letters
of a block's layers are q, k, v and o, then u (up), g (gate) and d (down); those of its norms a and f.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from autograd import Value
from autograd.extend import collector_paused
from autograd.notation.hints import short_repr
from autograd.notation.numbers import counted
from nn.activations import choice
from nn.attention import Attention, Cache, Row, layer
from nn.checks import Seed, generator, listed, one_of, whole_number, yes_or_no
from nn.construction import loadable
from nn.documents import DocumentFeeding
from nn.embedding import Embedding, Sinusoids
from nn.init import Initialiser, lecun_normal, normal
from nn.inputs import as_inputs
from nn.layers import ActivationChoice, Layer
from nn.module import Module
from nn.normalisation import LayerNorm, Norm, RMSNorm

SWIGLU = "swiglu"
"""The one choice of a feed-forward layer's activation that is not a function of one Value."""
NORMS: dict[str, type[Norm]] = {"layer": LayerNorm, "rms": RMSNorm}


@loadable
class FeedForward(Module):
    """W_d·φ(W_u·x + b_u) + b_d for one position; with ``swiglu`` W_d·(silu(W_g·x) × W_u·x).

    Vaswani et al., Attention is all you need (2017), §3.3; Shazeer, GLU variants improve transformer (2020),
    eq. 6.  W_u and W_g have the shape (hidden, width), W_d (width, hidden).

    Args:
        width: the length of a row.
        hidden: the number of hidden units: four times as many by default, or 8/3 times with ``swiglu``, whose
            third matrix then makes up for it.
        activation: a name or a function, as a `Layer` has it, or ``swiglu``.
        bias, init, seed, number: see `nn.Attention`.

    Attributes:
        up, gate, down: the Layers; ``gate`` is None without ``swiglu``.

    >>> len(FeedForward(4, seed=0)([1.0, 0.0, 2.0, -1.0]))
    4
    """

    def __init__(
        self,
        width: int,
        hidden: int | None = None,
        activation: ActivationChoice = "gelu",
        *,
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
        number: int = 1,
    ) -> None:
        self.width, self.number, gated = whole_number("width", width), number, activation == SWIGLU
        usual = 8 * self.width // 3 if gated else 4 * self.width
        self.hidden = usual if hidden is None else whole_number("hidden", hidden)
        options: dict[str, Any] = {"bias": bias, "init": init, "seed": generator(seed), "number": number}
        first = "linear" if gated else activation
        self.gate = layer(self.width, self.hidden, "silu", "g", **options) if gated else None
        self.up = layer(self.width, self.hidden, first, "u", **options)
        self.down = layer(self.hidden, self.width, "linear", "d", **options)

    @property
    def activation(self) -> ActivationChoice:
        """Its activation, as the constructor takes it."""
        return choice(self.up.activation_name, self.up.activation) if self.gate is None else SWIGLU

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {
            "width": self.width, "hidden": self.hidden, "activation": self.activation,
            "bias": self.up.neurons[0].b is not None, "number": self.number,
        }  # fmt: skip

    def __call__(self, x: Iterable[Value | float]) -> list[Value]:
        """Return as many numbers as it takes.

        Raises:
            ValueError: if there are more or fewer than ``width``.
        """
        row = as_inputs(x, self.width, "feed-forward layer")
        hidden = self.up.fire(row)
        if self.gate is not None:
            hidden = [g * h for g, h in zip(self.gate.fire(row), hidden, strict=True)]
        return self.down.fire(tuple(hidden))

    def parts_of(self, made: Sequence[Value]) -> Mapping[Value, str]:
        """Tell what the gate lets through; see `Module.parts_of`."""
        return dict.fromkeys(made, "gated")


@loadable
class Sum(Module):
    """The sum of two rows: of what comes out of a part of the network, and of what goes around it.

    He et al., Deep residual learning for image recognition (2016).
    """

    def __call__(self, row: Iterable[Value], more: Iterable[Value]) -> list[Value]:
        """Return the sum."""
        return [a + b for a, b in zip(row, more, strict=True)]

    def parts_of(self, made: Sequence[Value]) -> Mapping[Value, str]:
        """Tell the sums; see `Module.parts_of`."""
        return dict.fromkeys(made, "sum")

    def __repr__(self) -> str:
        return "Sum()"


@loadable
class Block(Module):
    """Attention and a feed-forward layer, each behind a norm and beside a way around it.

    h = x + attention(norm(x)) and y = h + feedforward(norm(h)): the norms stand before, as Xiong et al., On
    layer normalization in the transformer architecture (2020), advise.

    Args:
        width: the length of a row.
        heads: how many heads the attention has; ``width`` is a multiple.
        activation: of the feed-forward layer; see `FeedForward`.
        norm: "layer" or "rms"; see `nn.LayerNorm` and `nn.RMSNorm`.
        gain: whether the norms learn gains, and biases if they have them.
        causal, bias, init, seed, number: see `nn.Attention`.

    Attributes:
        attention_norm, attention, attention_sum, feedforward_norm, feedforward, feedforward_sum: its parts,
            in the order of their use.

    >>> block = Block(4, 2, seed=0)
    >>> [len(row) for row in block([[1.0, 0.0, 2.0, -1.0], [0.0, 1.0, 0.5, 0.5]])]
    [4, 4]
    """

    def __init__(
        self,
        width: int,
        heads: int,
        activation: ActivationChoice = "gelu",
        *,
        norm: str = "layer",
        gain: bool = True,
        causal: bool = True,
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
        number: int = 1,
    ) -> None:
        options: dict[str, Any] = {"bias": bias, "init": init, "seed": generator(seed), "number": number}
        self.norm, self.number = norm, number
        self.attention_norm = made_norm(norm, width, gain=gain, bias=bias)
        self.attention, self.attention_sum = Attention(width, heads, causal, **options), Sum()
        self.feedforward_norm = made_norm(norm, width, gain=gain, bias=bias)
        self.feedforward, self.feedforward_sum = FeedForward(width, activation=activation, **options), Sum()
        self.attention_norm.place("a", number)
        self.feedforward_norm.place("f", number)

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        attention = self.attention.built_with()
        return {
            **{name: attention[name] for name in ("width", "heads", "causal", "bias", "number")},
            "activation": self.feedforward.activation, "norm": self.norm,
            "gain": self.attention_norm.weight is not None,
        }  # fmt: skip

    def __call__(self, x: Iterable[Iterable[Value | float]], cache: Cache | None = None) -> list[list[Value]]:
        """Return a row for each position; see `nn.Attention`."""
        rows = [as_inputs(row, self.attention.width, "block") for row in x]
        seen = self.attention(map(self.attention_norm, rows), cache)
        between = [self.attention_sum(row, more) for row, more in zip(rows, seen, strict=True)]
        return [self.feedforward_sum(row, self.feedforward(self.feedforward_norm(row))) for row in between]


@loadable
class Transformer(Module):
    """A language model: for each position of a document, a score for each token that may come next.

    Tokens and positions get rows of ``width`` numbers, which are added; blocks let each position look at
    those before it; the last layer compares the row of a position with each token of the vocabulary.  What
    comes after a position does not change its scores.  Radford et al., Language models are unsupervised
    multitask learners (2019), §2.3, with the names of Vaswani et al., Attention is all you need (2017).

    Args:
        vocabulary: the number of tokens; their ids go from 0 to this less 1.
        width: the length of a row.
        heads: how many heads each attention has; ``width`` is a multiple.
        blocks: how many blocks.
        context: the greatest length of a document.
        positions: "learned" (a table) or "sinusoidal" (see `nn.embedding.Sinusoids`).
        activation: of the feed-forward layers: a name or a function, or "swiglu".
        norm: "layer" or "rms".
        gain: whether norms learn gains.
        bias: whether layers and norms have biases; the last layer has none.
        embedding_norm: whether a norm follows the embeddings.
        final_norm: whether a norm precedes the last layer.
        tied: whether the last layer's weights are the tokens' rows (Press and Wolf, Using the output
            embedding to improve language models, 2017).
        init: an initialiser or the name of one, for all matrices; by default each layer has the one that
            suits its activation, and the rows of the tables the length 1, more or less.
        seed: where the random weights come from, a number or a `random.Random`.

    Attributes:
        tokens, positions: the `Embedding` s; with sinusoidal positions the second is not learned.
        embedding: the `Sum` of their rows.
        embedding_norm, final_norm: the norms, or None.
        blocks: the list of its `Block` s.
        output: the `Layer` of the scores, the logits.

    ``parameters()`` gives the tables, the blocks one after the other, and the last layer; of a block the
    queries, keys, values and output of its attention, then up (after the gate) and down; each matrix row by
    row, a bias after the row of its unit; a norm's gains and biases where it stands.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind, unknown, or does not fit another.

    >>> model = Transformer(5, 4, heads=2, blocks=1, context=8, seed=0)
    >>> logits = model([3, 1, 4])
    >>> len(logits), len(logits[0])
    (3, 5)

    A cache keeps the keys and values, so that a document can be continued token by token:

    >>> cache = model.new_cache()
    >>> (first, second), (third,) = model([3, 1], cache), model([4], cache)
    >>> third == logits[2]
    True
    """

    def __init__(
        self,
        vocabulary: int,
        width: int,
        heads: int,
        blocks: int,
        context: int,
        *,
        positions: str = "learned",
        activation: ActivationChoice = "gelu",
        norm: str = "layer",
        gain: bool = True,
        bias: bool = True,
        embedding_norm: bool = False,
        final_norm: bool = True,
        tied: bool = False,
        init: str | Initialiser | None = None,
        seed: Seed = None,
    ) -> None:
        rng, self.context = generator(seed), whole_number("context", context)
        rows: dict[str, Any] = {"init": lecun_normal if init is None else init, "seed": rng}
        self.tokens = Embedding(vocabulary, width, **rows)
        self.positions: Embedding | Sinusoids
        if one_of("kind of positions", positions, {"learned": True, "sinusoidal": False}):
            self.positions = Embedding(self.context, width, **rows)
            self.positions.place("p")
        else:
            self.positions = Sinusoids(width)
        self.embedding = Sum()
        count, self.tied = whole_number("blocks", blocks), yes_or_no("tied", tied)
        start = "zeros" if self.tied else init
        output = Layer(width, vocabulary, "linear", bias=False, init=start, seed=rng, number=count + 1)
        norms: dict[str, Any] = {"norm": norm, "gain": gain, "bias": bias}
        self.embedding_norm = made_norm(width=width, **norms) if embedding_norm else None
        self.blocks = [
            Block(width, heads, activation, **norms, init=init, seed=rng, number=number)
            for number in range(1, count + 1)
        ]
        self.final_norm = made_norm(width=width, **norms) if final_norm else None
        self.output = output
        if self.tied:
            for neuron, row in zip(output.neurons, self.tokens.weight, strict=True):
                neuron.w = row

    @classmethod
    def microgpt(cls, vocabulary: int, *, seed: Seed = None) -> Self:
        """Return the network of Karpathy's microgpt (2026): 4,192 parameters for 26 letters and a mark.

        A ``random.Random`` as its seed gives the numbers that microgpt draws from it: for the tables, the
        last layer and then the block.

        >>> len(Transformer.microgpt(27).parameters())
        4192
        """
        return cls(
            vocabulary, 16, heads=4, blocks=1, context=16, activation="relu", norm="rms", gain=False,
            bias=False, embedding_norm=True, final_norm=False, init=normal(std=0.08), seed=seed,
        )  # fmt: skip

    @property
    def feeding(self) -> DocumentFeeding:
        """How `nn.fit` puts documents to it."""
        return DocumentFeeding(self)

    @property
    def vocabulary(self) -> int:
        """The number of tokens."""
        return self.tokens.vocabulary

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        block = self.blocks[0].built_with()
        return {
            "vocabulary": self.vocabulary, "blocks": len(self.blocks), "context": self.context,
            **{name: block[name] for name in ("width", "heads", "activation", "norm", "gain", "bias")},
            "positions": "learned" if isinstance(self.positions, Embedding) else "sinusoidal",
            "embedding_norm": self.embedding_norm is not None, "final_norm": self.final_norm is not None,
            "tied": self.tied,
        }  # fmt: skip

    def new_cache(self) -> list[Cache]:
        """Return a cache of no positions, for a document that is continued: of each block its own."""
        return [Cache() for _ in self.blocks]

    def __call__(self, tokens: Iterable[Any], cache: Sequence[Cache] | None = None) -> list[list[Value]]:
        """Return the logits after each token: a list of ``vocabulary`` Values for each.

        Args:
            tokens: the document, or its continuation: ids, whole numbers or Values.
            cache: the keys and values of the tokens before, from `new_cache`, to which theirs are added.

        Raises:
            TypeError, IndexError: if a token is not an id.  The message says which.
            ValueError: if there are no tokens, or more than the context holds.
        """
        document = listed("a document is a list of token ids", tokens)
        caches = self.new_cache() if cache is None else self._checked(cache)
        first = len(caches[0])
        if not document:
            raise ValueError("a document has at least one token; got none")
        if first + len(document) > self.context:
            before = f" after {first} in the cache" if first else ""
            raise ValueError(
                f"the context holds {counted(self.context, 'token')}; got {len(document)}{before}. "
                "Cut the document, or build the model with a longer context"
            )
        with collector_paused():
            of_tokens = self.tokens(document)
            of_positions = self.positions(range(first, first + len(document)))
            rows: list[Row] = [*map(self.embedding, of_tokens, of_positions)]
            if self.embedding_norm is not None:
                rows = [self.embedding_norm(row) for row in rows]
            longer = [Cache(seen.keys, seen.values) for seen in caches]
            for block, seen in zip(self.blocks, longer, strict=True):
                rows = [*block(rows, seen)]
            if self.final_norm is not None:
                rows = [self.final_norm(row) for row in rows]
            logits = [self.output.fire(tuple(row)) for row in rows]
        for seen, now in zip(caches, longer, strict=True):
            seen.keys, seen.values = now.keys, now.values
        return logits

    def _checked(self, cache: Any) -> Sequence[Cache]:
        """Return a cache with one part for each block."""
        parts = list(cache) if isinstance(cache, Sequence) else []
        if len(parts) != len(self.blocks) or not all(isinstance(part, Cache) for part in parts):
            raise TypeError(
                f"a cache is what new_cache() gave, with a Cache for each of the "
                f"{counted(len(self.blocks), 'block')}; got {short_repr(cache)}"
            )
        return parts

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        heads = counted(len(self.blocks[0].attention.heads), "head")
        blocks = f"{counted(len(self.blocks), 'block')} of {heads}"
        return f"{self.vocabulary} tokens, {blocks}, width {self.tokens.width}, context {self.context}"

    def __repr__(self) -> str:
        return f"Transformer of {self.in_brief()}, {len(self.parameters()):,} parameters"


def made_norm(norm: str, width: int, *, gain: bool, bias: bool) -> Norm:
    """Return a norm of a name, with a gain and a bias if it has such.

    Raises:
        ValueError: if there is no norm of that name.
    """
    kind = one_of("norm", norm, NORMS)
    return LayerNorm(width, gain=gain, bias=bias and gain) if kind is LayerNorm else RMSNorm(width, gain=gain)
