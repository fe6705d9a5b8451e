"""Functions of NumPy and SciPy with their derivatives as textbooks give them, for `check_gradient`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from scipy import optimize, special

from autograd.testing import GradientError, check_gradient

Function = Callable[[Any], Any]


@dataclass
class Example:
    """A function, its derivative, and a point."""

    name: str
    f: Function
    df: Function
    x: Any


ELEMENTARY: dict[str, tuple[Function, Function, float, float]] = {
    # function, derivative, and between which numbers
    "sin": (math.sin, math.cos, -50, 50),
    "cos": (math.cos, lambda x: -math.sin(x), -50, 50),
    "tan": (math.tan, lambda x: 1 + math.tan(x) ** 2, -4, 4),
    "exp": (math.exp, math.exp, -700, 700),
    "expm1": (math.expm1, math.exp, -700, 700),
    "log": (math.log, lambda x: 1 / x, 1e-300, 1e3),
    "log1p": (math.log1p, lambda x: 1 / (1 + x), -1, 50),
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x), 1e-300, 1e3),
    "asin": (math.asin, lambda x: 1 / math.sqrt((1 - x) * (1 + x)), -1, 1),
    "acos": (math.acos, lambda x: -1 / math.sqrt((1 - x) * (1 + x)), -1, 1),
    "atan": (math.atan, lambda x: 1 / (1 + x * x), -1e3, 1e3),
    "sinh": (math.sinh, math.cosh, -700, 700),
    "tanh": (math.tanh, lambda x: 1 / math.cosh(x) ** 2, -300, 300),
    "acosh": (math.acosh, lambda x: 1 / math.sqrt((x - 1) * (x + 1)), 1, 1e3),
    "atanh": (math.atanh, lambda x: 1 / ((1 - x) * (1 + x)), -1, 1),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2, -10, 10),
    "cube": (lambda x: x**3, lambda x: 3 * x**2, -1e5, 1e5),
    "power": (lambda x: x**2.7, lambda x: 2.7 * x**1.7, 1e-9, 1e3),
    "x to the x": (lambda x: x**x, lambda x: x**x * (math.log(x) + 1), 1e-9, 20),
    "relu": (lambda x: max(x, 0.0), lambda x: float(x > 0), -3, 3),
    "abs": (abs, lambda x: math.copysign(1.0, x), -3, 3),
    "huber": (
        lambda x: 0.5 * x * x if abs(x) < 1 else abs(x) - 0.5,
        lambda x: x if abs(x) < 1 else math.copysign(1.0, x),
        -3,
        3,
    ),
    "logaddexp": (lambda x: float(np.logaddexp(0, x)), special.expit, -800, 800),
    "bump": (lambda x: math.exp(-x * x), lambda x: -2 * x * math.exp(-x * x), -30, 30),
    "sinc": (
        lambda x: math.sin(x) / x if x else 1.0,
        lambda x: (x * math.cos(x) - math.sin(x)) / x**2 if abs(x) > 1e-3 else -x / 3,
        -20,
        20,
    ),
    "erf": (special.erf, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x), -30, 30),
    "erfc": (special.erfc, lambda x: -2 / math.sqrt(math.pi) * np.exp(-x * x), -30, 30),
    "erfcx": (special.erfcx, lambda x: 2 * x * special.erfcx(x) - 2 / math.sqrt(math.pi), -5, 30),
    "erfinv": (special.erfinv, lambda x: math.sqrt(math.pi) / 2 * np.exp(special.erfinv(x) ** 2), -1, 1),
    "expit": (special.expit, lambda x: special.expit(x) * special.expit(-x), -800, 800),
    "logit": (special.logit, lambda x: 1 / (x * (1 - x)), 0, 1),
    "log_expit": (special.log_expit, lambda x: special.expit(-x), -800, 800),
    "ndtr": (special.ndtr, lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi), -40, 40),
    "log_ndtr": (
        special.log_ndtr,
        lambda x: np.exp(-x * x / 2 - special.log_ndtr(x)) / math.sqrt(2 * math.pi),
        -20,
        20,
    ),
    "gammaln": (special.gammaln, special.digamma, 1e-6, 1e6),
    "gamma": (special.gamma, lambda x: special.gamma(x) * special.digamma(x), 0.01, 100),
    "digamma": (special.digamma, lambda x: special.polygamma(1, x), 1e-6, 1e6),
    "rgamma": (special.rgamma, lambda x: -special.rgamma(x) * special.digamma(x), 0.01, 100),
    "j0": (special.j0, lambda x: -special.j1(x), -100, 100),
    "j1": (special.j1, lambda x: special.jvp(1, x), -100, 100),
    "y0": (special.y0, lambda x: -special.y1(x), 0.01, 100),
    "jv": (lambda x: special.jv(2.5, x), lambda x: special.jvp(2.5, x), 0.01, 100),
    "i0": (special.i0, special.i1, -100, 100),
    "i0e": (special.i0e, lambda x: special.i1e(x) - math.copysign(1, x) * special.i0e(x), -100, 100),
    "k0": (special.k0, lambda x: -special.k1(x), 0.01, 100),
    "kv": (lambda x: special.kv(1.5, x), lambda x: special.kvp(1.5, x), 0.01, 100),
    "airy": (lambda x: special.airy(x)[0], lambda x: special.airy(x)[1], -20, 20),
    "biry": (lambda x: special.airy(x)[2], lambda x: special.airy(x)[3], -20, 20),
    "dawsn": (special.dawsn, lambda x: 1 - 2 * x * special.dawsn(x), -30, 30),
    "spence": (special.spence, lambda x: np.log(x) / (1 - x), 0.001, 100),
    "expi": (special.expi, lambda x: np.exp(x) / x, -50, 50),
    "exp1": (special.exp1, lambda x: -np.exp(-x) / x, 0.001, 50),
    "sici": (lambda x: special.sici(x)[0], lambda x: np.sin(x) / x, -100, 100),
    "cici": (lambda x: special.sici(x)[1], lambda x: np.cos(x) / x, 0.001, 100),
    "fresnel": (lambda x: special.fresnel(x)[0], lambda x: np.sin(np.pi * x * x / 2), -5, 5),
    "ellipk": (special.ellipk, lambda m: special.elliprd(0, 1, 1 - m) / 6, -5, 1),
    "ellipe": (special.ellipe, lambda m: -special.elliprd(0, 1 - m, 1) / 6, -5, 1),
    "lambertw": (
        lambda x: special.lambertw(x).real,
        lambda x: special.lambertw(x).real / (x * (1 + special.lambertw(x).real)),
        -0.36,
        1e3,
    ),
    "gammainc": (
        lambda x: special.gammainc(2.5, x),
        lambda x: np.exp(1.5 * np.log(x) - x - special.gammaln(2.5)),
        1e-9,
        50,
    ),
    "betainc": (
        lambda x: special.betainc(2, 3, x),
        lambda x: x * (1 - x) ** 2 / special.beta(2, 3),
        0,
        1,
    ),
    "legendre": (lambda x: special.eval_legendre(5, x), lambda x: (315 * x**4 - 210 * x**2 + 15) / 8, -1, 1),
    "chebyshev": (
        lambda x: special.eval_chebyt(6, x),
        lambda x: 6 * special.eval_chebyu(5, x),
        -1,
        1,
    ),
    "entr": (special.entr, lambda x: -np.log(x) - 1, 1e-9, 100),
    "huber of scipy": (lambda x: special.huber(1.5, x), lambda x: np.clip(x, -1.5, 1.5), -5, 5),
    "pseudo_huber": (
        lambda x: special.pseudo_huber(1.5, x),
        lambda x: x / np.sqrt(1 + (x / 1.5) ** 2),
        -100,
        100,
    ),
    "boxcox": (lambda x: special.boxcox(x, 0.3), lambda x: x ** (0.3 - 1), 1e-6, 1e3),
    "exprel": (
        special.exprel,
        lambda x: (
            (np.exp(x) - special.exprel(x)) / x if abs(x) > 1e-3 else 0.5 + x / 3 + x * x / 8 + x**3 / 30
        ),
        -30,
        30,
    ),
    "cosm1": (special.cosm1, lambda x: -np.sin(x), -50, 50),
    "cbrt": (special.cbrt, lambda x: 1 / (3 * special.cbrt(x) ** 2), -100, 100),
    "exp2": (special.exp2, lambda x: math.log(2) * 2.0**x, -1000, 1000),
    "exp10": (special.exp10, lambda x: math.log(10) * 10.0**x, -300, 300),
    "sindg": (special.sindg, lambda x: math.pi / 180 * special.cosdg(x), -360, 360),
    "kl_div": (lambda x: special.kl_div(x, 2.0), lambda x: np.log(x / 2.0), 1e-6, 100),
    "owens_t": (
        lambda h: special.owens_t(h, 0.7),
        lambda h: -np.exp(-h * h / 2) / math.sqrt(8 * math.pi) * special.erf(0.7 * h / math.sqrt(2)),
        -10,
        10,
    ),
}


def _number(chance: Random, low: float, high: float) -> float:
    """Anywhere between, close to an end, or close to 0."""
    kind = chance.randrange(5)
    if kind == 0 and low < 0 < high:
        return chance.choice((-1, 1)) * 10 ** chance.uniform(-12, math.log10(min(-low, high)))
    if kind == 1:
        return low + (high - low) * 10 ** chance.uniform(-9, 0)
    if kind == 2:
        return high - (high - low) * 10 ** chance.uniform(-9, 0)
    if kind == 3:
        return float(round(chance.uniform(max(low, -10), min(high, 10)), 1))
    return chance.uniform(low, high)


def of_one_number(chance: Random) -> Example:
    name = chance.choice([*ELEMENTARY])
    f, df, low, high = ELEMENTARY[name]
    return Example(name, f, df, _number(chance, low, high))


def scaled(chance: Random) -> Example:
    """a·f(b·x + c) + d, in sizes far apart."""
    inner = of_one_number(chance)
    a, b = (chance.choice((-1, 1)) * 10 ** chance.uniform(-12, 12) for _ in range(2))
    c = chance.choice((0.0, chance.uniform(-2, 2)))
    d = chance.choice((0.0, 10 ** chance.uniform(-3, 12)))
    return Example(
        f"{a:.3g}·{inner.name}({b:.3g}·x + {c:.3g}) + {d:.3g}",
        lambda x: a * inner.f(b * x + c) + d,
        lambda x: a * b * inner.df(b * x + c),
        (inner.x - c) / b,
    )


def composed(chance: Random) -> Example:
    outer, inner = chance.choice([*ELEMENTARY]), of_one_number(chance)
    f, df, low, high = ELEMENTARY[outer]
    if not low < inner.f(inner.x) < high:
        raise ValueError(f"outside the domain of {outer}")
    return Example(
        f"{outer}({inner.name})",
        lambda x: f(inner.f(x)),
        lambda x: df(inner.f(x)) * inner.df(x),
        inner.x,
    )


def in_float32(chance: Random) -> Example:
    inner = of_one_number(chance)
    return Example(
        f"{inner.name} in float32",
        lambda x: np.float32(inner.f(float(x))),
        lambda x: np.float32(inner.df(float(x))),
        np.float32(inner.x),
    )


def with_noise(chance: Random) -> Example:
    """As an iterative method with a tolerance gives it: repeatable, but rough."""
    inner = of_one_number(chance)
    rough = 10 ** chance.uniform(-14, -3)

    def f(x: float) -> float:
        y = float(inner.f(x))
        return y * (1 + rough * Random(x).uniform(-1, 1))

    return Example(f"{inner.name} with noise of {rough:.1g}", f, inner.df, inner.x)


def polynomial(chance: Random) -> Example:
    coefficients = [
        chance.uniform(-1, 1) * 10 ** chance.uniform(-6, 6) for _ in range(chance.randrange(1, 12))
    ]
    p = np.polynomial.Polynomial(coefficients)
    x = chance.choice((0.0, 1.0, chance.uniform(-1, 1), chance.uniform(-1, 1) * 10 ** chance.uniform(-6, 6)))
    return Example(f"polynomial {coefficients}", p, p.deriv(), x)


def _points(chance: Random, n: int) -> Any:
    kind = chance.randrange(4)
    if kind == 0:
        return np.array([chance.choice((0.0, 1.0, -1.0)) for _ in range(n)])
    scale = 10 ** chance.uniform(-6, 6) if kind == 1 else 1.0
    return np.array([chance.gauss(0, 1) * scale for _ in range(n)])


def of_arrays(chance: Random) -> Example:
    n = chance.randrange(2, 6)
    x = _points(chance, n)
    noise = np.random.default_rng(chance.randrange(10**9))
    A = noise.normal(size=(n, n)) * 10 ** noise.uniform(-3, 3, size=(n, 1))
    b = noise.normal(size=n)
    kind = chance.randrange(8)
    if kind == 0:
        return Example("rosen", optimize.rosen, optimize.rosen_der, x)
    if kind == 1:
        solution = np.linalg.lstsq(A, b, rcond=None)[0] if chance.random() < 0.5 else x
        return Example(
            "least squares", lambda x: np.sum((A @ x - b) ** 2), lambda x: 2 * A.T @ (A @ x - b), solution
        )
    if kind == 2:
        return Example("logsumexp", special.logsumexp, special.softmax, x)
    if kind == 3:
        return Example(
            "softmax", special.softmax, lambda x: np.diag(s := special.softmax(x)) - np.outer(s, s), x
        )
    if kind == 4:
        return Example("linear", lambda x: A @ x + b, lambda x: A, x)
    if kind == 5:
        return Example("elementwise", np.tanh, lambda x: 1 / np.cosh(x) ** 2, x)
    if kind == 6:
        y = noise.choice([-1, 1], size=n)
        return Example(
            "logistic regression",
            lambda w: np.mean(np.logaddexp(0, -y * (A @ w))),
            lambda w: -A.T @ (y * special.expit(-y * (A @ w))) / n,
            x,
        )
    return Example("norm", np.linalg.norm, lambda x: x / np.linalg.norm(x), x if x.any() else x + 1)


KINDS = [of_one_number, scaled, composed, in_float32, with_noise, polynomial, of_arrays]


def examples(seed: int, count: int) -> Iterator[Example]:
    """Right gradients at points where function and gradient are finite and numbers of usual size."""
    chance = Random(seed)
    made = 0
    while made < count:
        with np.errstate(all="ignore"):
            try:
                example = chance.choice(KINDS)(chance)
                values = [np.asarray(example.f(example.x)), np.asarray(example.df(example.x))]
            except (ArithmeticError, ValueError):
                continue
        if all(np.isfinite(v).all() for v in values):
            made += 1
            yield example


MUTANTS: dict[str, Callable[[Any, Random], Any]] = {
    "sign": lambda g, chance: -g,
    "factor 2": lambda g, chance: 2 * g,
    "one half": lambda g, chance: g / 2,
    "missing": lambda g, chance: 0 * g,
    "1 % off": lambda g, chance: g * 1.01,
    "1e-4 off": lambda g, chance: g * 1.0001,
    "one entry": lambda g, chance: _at_one(g, chance, lambda x, size: x + 0.1 * size),
    "one sign": lambda g, chance: _at_one(g, chance, lambda x, size: -x if x else size),
    "rolled": lambda g, chance: np.roll(g, 1),
}
"""Mistakes in a gradient."""


def _at_one(g: Any, chance: Random, change: Callable[[float, float], float]) -> Any:
    g = np.array(g, dtype=float)
    k = chance.randrange(g.size)
    g.flat[k] = change(g.flat[k], np.abs(g).max() or 1.0)
    return g


def is_accused(example: Example, stated: object) -> bool:
    """Whether the check rejects a gradient stated at the example's point."""
    try:
        with np.errstate(all="ignore"):
            check_gradient(example.f, lambda x: stated, example.x)
    except GradientError:
        return True
    return False
