"""Exercises on attention, language models and convolution (lessons 13 to 16)."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log, prod, sqrt

from autograd.testing.exercises.worked import Worked


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=False))


def _shares(scores: Sequence[float]) -> list[float]:
    powers = [exp(s - max(scores)) for s in scores]
    return [p / sum(powers) for p in powers]


def _mixed(shares: Sequence[float], values: Sequence[Sequence[float]]) -> list[float]:
    return [_dot(shares, column) for column in zip(*values, strict=True)]


def _slid(xs: Sequence[float], kernel: Sequence[float]) -> list[float]:
    places = range(len(xs) - len(kernel) + 1)
    return [_dot(kernel, xs[i : i + len(kernel)]) for i in places]


# name, examples, slips with their hints, what is wanted
LANGUAGE = (
    # lesson 13
    Worked(
        "shares_of",
        (
            (([1.0, 2.0, 0.0],), [0.2447284711, 0.6652409558, 0.0900305732]),
            (([1.0, 1.0],), [0.5, 0.5]),
            (([1000.0, 1001.0],), [0.2689414214, 0.7310585786]),
        ),
        (
            (
                "Divide each by the sum of all: together they are 1.",
                lambda scores: [exp(s - max(scores)) for s in scores],
            ),
            (
                "e to the power of each score comes first, so that every share is positive.",
                lambda scores: [s / sum(scores) for s in scores],
            ),
        ),
        "e to the power of each score less the largest score, divided by the sum of these.",
    ),
    Worked(
        "look",
        (
            (([2.0, 0.0], [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 4.0]]), [0.8044296825, 0.78228127]),
            (
                (
                    [1.0, 1.0, 0.0, 2.0],
                    [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.5, 0.0, 0.0, 0.0]],
                    [[1.0, 2.0], [3.0, 4.0], [-1.0, 0.5]],
                ),
                [1.426824612, 2.5223538433],
            ),
        ),
        (
            (
                "The scores are divided by the root of the query's length.",
                lambda q, keys, values: _mixed(_shares([_dot(q, k) for k in keys]), values),
            ),
            (
                "The division is by the root of the length, not by the length.",
                lambda q, keys, values: _mixed(_shares([_dot(q, k) / len(q) for k in keys]), values),
            ),
            (
                "The scores must be shared out (softmax) before the values are mixed.",
                lambda q, keys, values: _mixed([_dot(q, k) / sqrt(len(q)) for k in keys], values),
            ),
            (
                "What is mixed are the values, not the keys.",
                lambda q, keys, values: _mixed(_shares([_dot(q, k) / sqrt(len(q)) for k in keys]), keys),
            ),
        ),
        "Scores q·k / √length, shared out by softmax; then the sum of the values, each times its share.",
    ),
    # lesson 14
    Worked(
        "pair_probabilities",
        (
            (([3, 1, 0],), [0.5714285714, 0.2857142857, 0.1428571429]),
            (([0, 2],), [0.25, 0.75]),
        ),
        (
            (
                "Add 1 to each count first: what was never seen is not impossible.",
                lambda row: [n / sum(row) for n in row],
            ),
            (
                "Divide by the sum of the new counts, each of them 1 more.",
                lambda row: [(n + 1) / sum(row) for n in row],
            ),
        ),
        "(count + 1) divided by the sum of all counts, each with its 1 added.",
    ),
    Worked(
        "perplexity",
        (
            (([0.5, 0.25],), 2.8284271247),
            (([0.1, 0.9, 0.5],), 2.8114422177),
            (([0.25, 0.25, 0.25],), 4.0),
        ),
        (
            (
                "That is the mean surprise, the loss; e to its power is wanted.",
                lambda ps: -sum(map(log, ps)) / len(ps),
            ),
            ("The mean of the surprises is wanted, not their sum.", lambda ps: 1 / prod(ps)),
            (
                "Not one over the mean probability: the mean is of the logarithms.",
                lambda ps: len(ps) / sum(ps),
            ),
        ),
        "e to the power of the mean of −ln p.",
    ),
    # lesson 15
    Worked(
        "slopes_of_share",
        (
            (([0.5, 0.3, 0.2], 0), [0.25, -0.15, -0.1]),
            (([0.9, 0.1], 1), [-0.09, 0.09]),
        ),
        (
            (
                "Its own slope is a·(1 − a): a larger score raises its own share.",
                lambda shares, i: [-shares[i] * a for a in shares],
            ),
            (
                "The other scores matter too: what one share gains, the others lose.",
                lambda shares, i: [a * (1 - a) if j == i else 0.0 for j, a in enumerate(shares)],
            ),
            (
                "The sign: a larger score elsewhere takes from this share.",
                lambda shares, i: [a * (1 - a) if j == i else shares[i] * a for j, a in enumerate(shares)],
            ),
        ),
        "a_i·(1 − a_i) for its own score, −a_i·a_j for each other one.",
    ),
    Worked(
        "added_by",
        (
            (([(1, [2.0, 0.5]), (2, [3.0]), (1, [-1.0, 4.0])], 1), -3.0),
            (([(3, [0.5, 0.5]), (1, [2.0]), (3, [1.0, -2.0, 0.25])], 3), -0.25),
            (([(1, [2.0])], 2), 0.0),
        ),
        (
            (
                "Only the routes through this look count.",
                lambda routes, look: sum(prod(partials) for _, partials in routes),
            ),
            (
                "Along a route partials are multiplied.",
                lambda routes, look: sum(sum(partials) for at, partials in routes if at == look),
            ),
        ),
        "Of the routes through this look, the products of the partials, added up.",
    ),
    # lesson 16
    Worked(
        "slide",
        (
            (([1.0, 2.0, 0.0, -1.0], [1.0, -1.0]), [-1.0, 2.0, 1.0]),
            (([0.5, 1.0, 2.0], [1.0, 0.0, 2.0]), [4.5]),
        ),
        (
            (
                "A network does not turn its kernel around: kernel[0] meets the first of the window.",
                lambda xs, kernel: _slid(xs, kernel[::-1]),
            ),
            (
                "Only where the kernel fits whole: n − k + 1 places.",
                lambda xs, kernel: _slid([*xs, *[0.0] * (len(kernel) - 1)], kernel),
            ),
        ),
        "For each place where the kernel fits, the sum of kernel × window.",
    ),
    Worked(
        "gradient_of_kernel",
        (
            (([1.0, 2.0, 0.0, -1.0], [1.0, 0.5, -2.0], 2), [2.0, 4.0]),
            (([0.5, 1.0, 2.0], [3.0], 3), [1.5, 3.0, 6.0]),
        ),
        (
            (
                "The same weight serves at every place: add its contributions up.",
                lambda xs, deltas, size: [deltas[0] * xs[j] for j in range(size)],
            ),
            (
                "Each place has a δ of its own: multiply before you add.",
                lambda xs, deltas, size: [sum(deltas) * sum(xs[j : j + len(deltas)]) for j in range(size)],
            ),
        ),
        "For weight j, add up over the places i: δ[i] times x[i + j].",
    ),
)
