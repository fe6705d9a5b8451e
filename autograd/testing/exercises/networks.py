"""Exercises on networks by hand: neurons, residuals, layers, routes (lessons 2 to 5)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, tanh

from autograd.testing.exercises.worked import Worked


def _dot(w: Sequence[float], x: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(w, x, strict=False))


def _added(w: Sequence[float], x: Sequence[float], t: float) -> list[float]:
    return [a + t * b for a, b in zip(w, x, strict=True)]


# name, examples, slips with their hints, what is wanted
NETWORKS = (
    # lesson 2
    Worked(
        "neuron_output",
        (
            (([0.5, -1.0], [2.0, 0.25], 0.5), 0.84828364),
            (([1.0], [-0.5], 0.0), -0.4621171573),
            (([0.25, 0.5, -2.0], [1.0, -1.0, 0.5], 1.0), -0.2449186624),
        ),
        (
            ("The bias is missing.", lambda w, x, b: tanh(_dot(w, x))),
            ("The sum goes through tanh at the end.", lambda w, x, b: _dot(w, x) + b),
            ("The bias belongs inside tanh: it is added to the sum.", lambda w, x, b: tanh(_dot(w, x)) + b),
        ),
        "y = tanh(w₁x₁ + w₂x₂ + … + b).",
    ),
    Worked(
        "perceptron_step",
        (
            (([1.0, -2.0], 0.5, [1.0, 1.0], 1), ([2.0, -1.0], 1.5)),
            (([1.0, -2.0], 0.5, [2.0, 0.5], 1), ([1.0, -2.0], 0.5)),
            (([0.5, 0.5], 0.0, [1.0, -0.25], -1), ([-0.5, 0.75], -1.0)),
            (([0.5, 0.5], 0.0, [-1.0, -2.0], -1), ([0.5, 0.5], 0.0)),
        ),
        (
            (
                "Where the answer is right already (t·z > 0), nothing changes.",
                lambda w, b, x, t: (_added(w, x, t), b + t),
            ),
            (
                "The sign: t·x is added where the answer is wrong.",
                lambda w, b, x, t: (w, b) if t * (_dot(w, x) + b) > 0 else (_added(w, x, -t), b - t),
            ),
            (
                "The bias moves too: it is the weight of an input that is always 1.",
                lambda w, b, x, t: (w, b) if t * (_dot(w, x) + b) > 0 else (_added(w, x, t), b),
            ),
        ),
        "Right already, t·z > 0: nothing changes. Else w + t·x and b + t.",
    ),
    # lesson 3
    Worked(
        "delta_of_output",
        (
            ((0.75, 0.0), 0.140625),
            ((0.5, 1.0), -0.125),
            ((0.9, 0.4), 0.045),
        ),
        (
            (
                "The sign: E = ½(a − t)² grows with a where a is too large.",
                lambda a, t: (t - a) * a * (1 - a),
            ),
            ("The second factor is missing: the slope of the sigmoid, a·(1 − a).", lambda a, t: a - t),
            (
                "1 − a² is the slope of tanh; that of the sigmoid is a·(1 − a).",
                lambda a, t: (a - t) * (1 - a * a),
            ),
        ),
        "Two factors: ∂E/∂a = a − t, and the slope of the sigmoid, a·(1 − a).",
    ),
    Worked(
        "delta_of_hidden",
        (
            ((0.5, [1.0, -2.0], [0.25, 0.125]), 0.0),
            ((0.75, [3.0], [-0.5]), -0.28125),
            ((0.25, [0.5, 1.0, 2.0], [0.1, 0.2, 0.3]), 0.159375),
        ),
        (
            ("The slope of the neuron itself is missing: a·(1 − a).", lambda a, w, deltas: _dot(w, deltas)),
            (
                "Each δ comes back through its weight: multiply before you add up.",
                lambda a, w, deltas: sum(deltas) * a * (1 - a),
            ),
            (
                "The neuron reaches the cost through all of its arrows: add them all up.",
                lambda a, w, deltas: w[0] * deltas[0] * a * (1 - a),
            ),
        ),
        "Add up weight × δ over all that the neuron sends to, then multiply by a·(1 − a).",
    ),
    # lesson 4
    Worked(
        "layer_sums",
        (
            (([[1.0, 2.0], [3.0, 4.0]], [1.0, -1.0], [0.0, -1.0]), [-1.0, -2.0]),
            (([[0.5, 1.0, -1.0], [2.0, 0.0, 1.0]], [2.0, 1.0, 3.0], [1.0, 0.5]), [0.0, 7.5]),
        ),
        (
            ("The biases are missing.", lambda W, x, b: [_dot(row, x) for row in W]),
            (
                "That is Wᵀ x: a row of W belongs to a neuron, a column to an input.",
                lambda W, x, b: [
                    _dot(column, x) + v for column, v in zip(zip(*W, strict=True), b, strict=False)
                ],
            ),
        ),
        "z = W x + b: one sum per row of W.",
    ),
    Worked(
        "back_through",
        (
            (([[1.0, 2.0], [3.0, 4.0]], [1.0, -1.0]), [-2.0, -2.0]),
            (([[0.5, 1.0, -1.0], [2.0, 0.0, 1.0]], [2.0, 1.0]), [3.0, 2.0, -1.0]),
        ),
        (
            (
                "That is W δ. Backward the same arrows are read from the other end: Wᵀ δ.",
                lambda W, delta: [_dot(row, delta) for row in W],
            ),
        ),
        "Wᵀ δ: one sum per column of W.",
    ),
    Worked(
        "gradient_of_weights",
        (
            (([1.0, -2.0], [3.0, 0.5]), [[3.0, 0.5], [-6.0, -1.0]]),
            (([0.5, 1.0], [1.0, 2.0, -4.0]), [[0.5, 1.0, -2.0], [1.0, 2.0, -4.0]]),
        ),
        (
            (
                "Transposed: a row of W belongs to a neuron, so row j is δ_j times every input.",
                lambda delta, x: [[d * v for d in delta] for v in x],
            ),
            (
                "Add nothing up: each weight has a gradient of its own.",
                lambda delta, x: [d * v for d, v in zip(delta, x, strict=False)],
            ),
        ),
        "∂E/∂W has the shape of W: row j is δ_j times every input.",
    ),
    # lesson 5
    Worked(
        "number_of_routes",
        (
            (([5, 6, 4, 3, 2],), 24),
            (([3, 4, 4, 1],), 4),
            (([2, 3],), 1),
            (([4, 2, 3],), 3),
        ),
        (
            (
                "A weight leads to one neuron only: the first hidden layer offers no choice.",
                lambda widths: prod(widths[1:]),
            ),
            ("Choices multiply; they do not add up.", lambda widths: sum(widths[2:])),
            (
                "Inputs and first hidden layer offer no choice: the weight is one arrow between them.",
                lambda widths: prod(widths),
            ),
        ),
        "The weight leads to one neuron. From there a route chooses one neuron in each later layer.",
    ),
    Worked(
        "gradient_by_routes",
        (
            (([[2.0, 3.0], [0.5, -1.0, 4.0]],), 4.0),
            (([[0.5]],), 0.5),
            (([[1.0, 0.25], [2.0], [-1.0, 3.0]],), -0.75),
        ),
        (
            ("Along a route partials are multiplied.", lambda routes: sum(map(sum, routes))),
            ("Over the routes the products are added.", lambda routes: prod(map(prod, routes))),
        ),
        "Multiply along each route, then add up the routes.",
    ),
)
