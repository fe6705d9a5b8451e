"""A GPT of scalars that knows nothing of this project: any class of numbers with gradients computes it.

One block of width 16 with 4 heads of 4 and a context of 16, after the published descriptions: tokens and
positions are embedded and added; RMSNorm without a gain (Zhang and Sennrich, 2019) follows, and stands before
each part; attention is causal (Vaswani et al., 2017); the perceptron has one hidden layer of 4 × 16 with
ReLU; nothing has a bias, and the head has a table of its own: 4,192 parameters.  Each position is computed
after those before it, whose keys and values are kept.

The class needs ``+ - * / **``, ``exp``, ``log``, ``relu`` and ``.data``, and is called with a number.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BOUNDARY = len(LETTERS)  # the token before the first letter and after the last one
VOCABULARY = len(LETTERS) + 1
WIDTH, HEADS, CONTEXT = 16, 4, 16
HEAD_WIDTH = WIDTH // HEADS
HIDDEN = 4 * WIDTH
EPSILON = 1e-5

Vector = list[Any]
Matrix = list[Vector]

SHAPES = {
    "token": (VOCABULARY, WIDTH),
    "position": (CONTEXT, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "attended": (WIDTH, WIDTH),
    "up": (HIDDEN, WIDTH),
    "down": (WIDTH, HIDDEN),
    "head": (VOCABULARY, WIDTH),
}
"""The tables of parameters by name: rows × columns."""


class GPT:
    """The model, its parameters drawn from a normal distribution.

    Args:
        number: the class of numbers, or a function that makes one of a float.
        seed: where the parameters come from.
        deviation: their standard deviation.

    Attributes:
        tables: the matrices by name; see `SHAPES`.
    """

    def __init__(self, number: Callable[[float], Any], seed: int = 0, deviation: float = 0.08) -> None:
        chance = random.Random(seed)
        self.tables: dict[str, Matrix] = {
            name: [[number(chance.gauss(0.0, deviation)) for _ in range(columns)] for _ in range(rows)]
            for name, (rows, columns) in SHAPES.items()
        }

    def parameters(self) -> Vector:
        """Return all parameters, table by table and row by row."""
        return [p for table in self.tables.values() for row in table for p in row]

    def logits(self, token: int, position: int, keys: Matrix, values: Matrix) -> Vector:
        """Return a score for each token that may come next; the position's key and value are kept."""
        table = self.tables
        x = normalised(plus(table["token"][token], table["position"][position]))
        h = normalised(x)
        query = times(table["query"], h)
        keys.append(times(table["key"], h))
        values.append(times(table["value"], h))
        heads = [slice(first, first + HEAD_WIDTH) for first in range(0, WIDTH, HEAD_WIDTH)]
        attended = [x for part in heads for x in attention(query, keys, values, part)]
        x = plus(x, times(table["attended"], attended))
        hidden = [z.relu() for z in times(table["up"], normalised(x))]
        x = plus(x, times(table["down"], hidden))
        return times(table["head"], x)

    def loss(self, tokens: Sequence[int]) -> Any:
        """Return the mean of −ln p(next token), over the positions of the context."""
        keys: Matrix = []
        values: Matrix = []
        losses = [
            -softmax(self.logits(token, position, keys, values))[following].log()
            for position, (token, following) in enumerate(pairwise(tokens[: CONTEXT + 1]))
        ]
        return sum(losses) * (1.0 / len(losses))


def tokens_of(name: str) -> list[int]:
    """Return the letters of a name as tokens between two boundaries.

    >>> tokens_of("abe")
    [26, 0, 1, 4, 26]
    """
    return [BOUNDARY, *map(LETTERS.index, name), BOUNDARY]


def plus(a: Vector, b: Vector) -> Vector:
    """Return a + b, element by element."""
    return [x + y for x, y in zip(a, b, strict=True)]


def product(a: Vector, b: Vector) -> Any:
    """Return a1·b1 + … + an·bn."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def times(W: Matrix, x: Vector) -> Vector:
    """Return the product of a matrix and a vector."""
    return [product(row, x) for row in W]


def normalised(x: Vector) -> Vector:
    """Return x divided by the root of the mean of its squares: RMSNorm."""
    scale = (product(x, x) / len(x) + EPSILON) ** -0.5
    return [v * scale for v in x]


def softmax(z: Vector) -> Vector:
    """Return exp(zi) / (exp(z1) + … + exp(zn)) for each i; the largest is taken off first."""
    largest = max(v.data for v in z)
    powers = [(v - largest).exp() for v in z]
    total = sum(powers)
    return [e / total for e in powers]


def attention(query: Vector, keys: Matrix, values: Matrix, part: slice) -> Vector:
    """Return what one head takes from the positions so far: their values, each by its share."""
    scores = [product(query[part], key[part]) * HEAD_WIDTH**-0.5 for key in keys]
    shares = softmax(scores)
    return [product(shares, column) for column in zip(*[value[part] for value in values], strict=True)]
