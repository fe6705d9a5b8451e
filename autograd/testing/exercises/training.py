"""Exercises on training: steps, costs, starts, sequences, sizes (lessons 6 to 12)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp, sin, sqrt, tanh

from autograd.testing.exercises.worked import Worked


def _sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


def _cube(x: float) -> float:
    return x**3


def _hits(outputs: Sequence[Sequence[float]], labels: Sequence[int]) -> int:
    return sum(p[t] == max(p) for p, t in zip(outputs, labels, strict=True))


def _linear(w: float, u: float, b: float, xs: Sequence[float]) -> float:
    h = 0.0
    for x in xs:
        h = w * x + u * h + b
    return h


# name, examples, slips with their hints, what is wanted
TRAINING = (
    # lesson 6
    Worked(
        "sgd_step",
        (
            (([1.0, -2.0], [0.5, 4.0], 0.1), [0.95, -2.4]),
            (([0.0], [-1.0], 0.5), [0.5]),
        ),
        (
            (
                "Downhill is against the gradient: minus.",
                lambda w, g, lr: [a + lr * d for a, d in zip(w, g, strict=True)],
            ),
            ("The learning rate is missing.", lambda w, g, lr: [a - d for a, d in zip(w, g, strict=True)]),
            ("That is the step alone: take it away from the weight.", lambda w, g, lr: [lr * d for d in g]),
        ),
        "w − lr·g, for each weight.",
    ),
    Worked(
        "momentum_step",
        (
            ((1.0, 0.5, 2.0, 0.1, 0.9), (0.77, 2.3)),
            ((-1.0, 2.0, 0.0, 0.5, 0.5), (-2.0, 2.0)),
            ((0.0, -1.0, 1.0, 0.25, 0.8), (0.05, -0.2)),
        ),
        (
            (
                "The weight moves by the new v, not by the old one.",
                lambda w, g, v, lr, m: (w - lr * v, m * v + g),
            ),
            (
                "The weight moves by v, not by g: that is what remembers.",
                lambda w, g, v, lr, m: (w - lr * g, m * v + g),
            ),
            (
                "g goes into v as it is; the rate comes afterwards.",
                lambda w, g, v, lr, m: (w - (m * v + lr * g), m * v + lr * g),
            ),
            (
                "Here g is added in full: v = momentum·v + g, as in PyTorch.",
                lambda w, g, v, lr, m: (w - lr * (m * v + (1 - m) * g), m * v + (1 - m) * g),
            ),
        ),
        "First v = momentum·v + g, then w − lr·v; both are returned.",
    ),
    # lesson 7
    Worked(
        "slope_of_cross_entropy",
        (
            ((0.0, 1), -0.5),
            ((2.0, 0), 0.880797078),
            ((-3.0, 1), -0.9525741268),
            ((0.5, 1), -0.3775406688),
        ),
        (
            ("The sign: too large an output has to come down.", lambda z, t: t - _sigmoid(z)),
            (
                "With this cost σ′ cancels: no factor σ·(1 − σ) is left.",
                lambda z, t: (_sigmoid(z) - t) * _sigmoid(z) * (1 - _sigmoid(z)),
            ),
            ("z is not what the neuron says: that is σ(z).", lambda z, t: z - t),
        ),
        "σ(z) − t: what is said minus what is true.",
    ),
    # lesson 8
    Worked(
        "he_std",
        (
            ((2,), 1.0),
            ((50,), 0.2),
            ((8,), 0.5),
        ),
        (
            (
                "That is Xavier's, for tanh. ReLU silences half, and a 2 makes up for it.",
                lambda n: 1 / sqrt(n),
            ),
            ("That is the variance: the spread is its square root.", lambda n: 2 / n),
            ("More inputs, smaller weights: the number of inputs is below the line.", lambda n: sqrt(2 * n)),
        ),
        "√(2 / inputs): half of the ReLUs are silent, and the 2 makes up for them.",
    ),
    Worked(
        "clipped",
        (
            (([3.0, 4.0], 1.0), [0.6, 0.8]),
            (([0.3, 0.4], 1.0), [0.3, 0.4]),
            (([0.0, 0.0], 2.0), [0.0, 0.0]),
            (([6.0, 0.0, -8.0], 5.0), [3.0, 0.0, -4.0]),
        ),
        (
            (
                "A gradient that is short enough stays as it is.",
                lambda g, most: [x * most / sqrt(sum(x * x for x in g)) if any(g) else x for x in g],
            ),
            (
                "Each alone changes the direction. Shorten all by one factor: most / norm.",
                lambda g, most: [max(-most, min(most, x)) for x in g],
            ),
            ("Nothing is shortened yet: compare the norm with most.", lambda g, most: g),
        ),
        "If the norm √(g₁² + g₂² + …) is above most, multiply all by most / norm.",
    ),
    # lesson 9
    Worked(
        "slope_by_difference",
        (
            ((_cube, 2.0, 0.5), 12.25),
            ((sin, 1.0, 0.001), 0.5403022158),
            ((_cube, -1.0, 0.25), 3.0625),
        ),
        (
            (
                "That is the one-sided difference; both sides cancel the next error.",
                lambda f, x, h: (f(x + h) - f(x)) / h,
            ),
            ("Between x − h and x + h lie 2h, not h.", lambda f, x, h: (f(x + h) - f(x - h)) / h),
            ("The difference has to be divided by the way: 2h.", lambda f, x, h: f(x + h) - f(x - h)),
            ("Mind the parentheses: / 2 * h multiplies by h.", lambda f, x, h: (f(x + h) - f(x - h)) / 2 * h),
        ),
        "(f(x + h) − f(x − h)) / 2h.",
    ),
    # lesson 10
    Worked(
        "softmax",
        (
            (([2.0, 2.0],), [0.5, 0.5]),
            (([1.0, 2.0, 3.0],), [0.0900305732, 0.2447284711, 0.6652409558]),
            (([-1.0, 0.5],), [0.1824255238, 0.8175744762]),
            (([1000.0, 999.0],), [0.7310585786, 0.2689414214]),
        ),
        (
            (
                "Take exp of each first: shares of z itself may be negative.",
                lambda z: [x / sum(z) for x in z],
            ),
            ("Divide by the sum of all, so that they add up to 1.", lambda z: [exp(x - max(z)) for x in z]),
        ),
        "exp(z) over the sum of all exp(z); take the largest z away first.",
    ),
    Worked(
        "slopes_of_softmax",
        (
            (([0.25, 0.75], 0), [-0.75, 0.75]),
            (([0.1, 0.2, 0.7], 2), [0.1, 0.2, -0.3]),
        ),
        (
            (
                "The sign: what is said minus what is true.",
                lambda p, label: [(k == label) - x for k, x in enumerate(p)],
            ),
            (
                "At the label 1 is taken away; the others are pushed down by p.",
                lambda p, label: [x - 1 for x in p],
            ),
            (
                "The other outputs have a slope as well: they share the exp sum.",
                lambda p, label: [(x - 1) * (k == label) for k, x in enumerate(p)],
            ),
        ),
        "p − 1 at the label, p elsewhere.",
    ),
    Worked(
        "share_right",
        (
            (([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], [1, 0, 0]), 0.6666666667),
            (([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]], [2, 1]), 0.0),
            (([[1.0, 0.0]], [0]), 1.0),
        ),
        (
            (
                "That is how many are right; the share is that over all.",
                lambda outputs, labels: _hits(outputs, labels),
            ),
            (
                "That is the share of the wrong ones.",
                lambda outputs, labels: 1 - _hits(outputs, labels) / len(labels),
            ),
            (
                "That is the mean probability of the label; here it only counts whether it is the largest.",
                lambda outputs, labels: sum(p[t] for p, t in zip(outputs, labels, strict=True)) / len(labels),
            ),
        ),
        "The share of samples whose largest output is at the label.",
    ),
    # lesson 11
    Worked(
        "last_state",
        (
            ((1.0, 0.5, 0.0, [1.0, -1.0, 0.5]), 0.2210060678),
            ((0.5, 2.0, 0.25, [1.0]), 0.6351489524),
            ((1.0, -1.0, 0.5, []), 0.0),
        ),
        (
            ("The old state is missing: u·h.", lambda w, u, b, xs: tanh(w * xs[-1] + b) if xs else 0.0),
            (
                "tanh belongs to every step, not only to the last.",
                lambda w, u, b, xs: tanh(_linear(w, u, b, xs)),
            ),
            ("tanh is missing.", lambda w, u, b, xs: _linear(w, u, b, xs)),
        ),
        "Begin with h = 0; for each x in turn h = tanh(w·x + u·h + b).",
    ),
    Worked(
        "next_cell",
        (
            ((2.0, 0.5, 0.25, -1.0), 0.75),
            ((1.0, 1.0, 0.0, 0.5), 1.0),
            ((-3.0, 0.1, 0.9, 1.0), 0.6),
        ),
        (
            (
                "The gates are exchanged: f goes with the old cell, i with the new content.",
                lambda c, f, i, g: i * c + f * g,
            ),
            ("The input gate decides how much of g is written: i·g.", lambda c, f, i, g: f * c + g),
            ("The old cell passes the forget gate: f·c.", lambda c, f, i, g: c + i * g),
        ),
        "f·c is kept, i·g is written: their sum.",
    ),
    # lesson 12
    Worked(
        "number_of_weights",
        (
            (([2, 3, 1],), 13),
            (([8, 8, 1],), 81),
            (([1, 7, 7, 1],), 78),
        ),
        (
            ("The biases are missing: one per neuron.", lambda sizes: sum(n * m for n, m in pairwise(sizes))),
            (
                "A bias belongs to a neuron, not to an input: m·(n + 1).",
                lambda sizes: sum((m + 1) * n for n, m in pairwise(sizes)),
            ),
        ),
        "A layer of m neurons with n inputs has m·(n + 1): a bias for each neuron.",
    ),
    Worked(
        "best_network",
        (
            (([0.91, 0.99, 1.0], [0.88, 0.93, 0.9]), 1),
            (([0.8, 0.7], [0.75, 0.72]), 0),
            (([1.0, 0.95, 0.9, 0.85], [0.7, 0.72, 0.8, 0.81]), 3),
        ),
        (
            (
                "In training the largest looks best: choose by what was held out.",
                lambda train, held_out: train.index(max(train)),
            ),
            ("The index is wanted, not the share.", lambda train, held_out: max(held_out)),
            (
                "It is the share that counts, not how little is lost from training.",
                lambda train, held_out: min(range(len(train)), key=lambda k: train[k] - held_out[k]),
            ),
        ),
        "The index of the largest share among the held-out ones.",
    ),
)
