"""Graphs drawn at random, and what a page makes of them when their numbers are changed."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograd import Constant, Value
from autograd.core.primitive import TABLE, Op
from autograd.seeing.pages.frame import asset
from autograd.seeing.pages.player import facts
from autograd.seeing.pages.player.touch import operations
from autograd.seeing.walk import Walk, walk
from autograd.value import apply

OPS = list(TABLE.values())
NUMBERS = (0.0, 1.0, -1.0, 2.0, 0.5, -3.0)
AWKWARD = (0.0, -0.0, math.inf, -math.inf, math.nan, 1e200, -1e200, 1e-200, 38.0, -800.0, 1.00042)

SCRIPTS = "\n".join(
    asset("autograd.seeing.pages.player", f"{name}.js")
    for name in ("numbers", "engine", "sentences", "routes")
)

ANSWER = """
let OPERATIONS;

function answerTo(given) {
  const [facts, operations, symbols, changes, leaves] = JSON.parse(given);
  OPERATIONS = new Function(`${operations}; return OPERATIONS;`)();
  const engine = engineOf(facts);
  const first = { values: engine.forward(engine.leaves), symbols: (i, k) => symbols[i + ":" + k] ?? "" };
  const numbers = changes.map(([i, x]) => [i, typeof x === "string" ? Number(x) : x]);
  const made = factsWith(facts, engine, first, new Map([...engine.leaves, ...numbers]));
  const { values, sizes, exact, moments, told } = made;

  const steps = {};
  for (const name of ["kind", "node", "target", "position"]) steps[name] = made.steps[name];
  for (const name of ["partial", "contribution", "after"]) {
    steps[name] = moments.map((_, n) => told[name](n));
  }
  const graph = { ...facts, constants: engine.constants };
  const accounts = leaves.map((leaf) => {
    const { count, routes, ...account } = accountOf(leaf, graph, exact);
    const written = ({ product, running, edges }) =>
      [product, running, ...edges.map(({ partial }) => partial ?? 0)].map(number);
    const sums = ["rest", "sum", "gradient"].map((name) => [name, number(account[name])]);
    return { count: String(count), routes: routes.map(written), ...Object.fromEntries(sums) };
  });
  const sentences = moments.map((_, number) => told.sentence({ number }));
  const formulas = moments.map((_, number) => told.formula({ number }));
  return JSON.stringify({ values, steps, sizes, accounts, sentences, formulas });
}
"""


@dataclass
class Case:
    """A walk with other numbers, and what the page is given to compute them."""

    expected: Walk
    leaves: list[int]
    given: str


def drawn(chance: random.Random, ops: list[Op] = OPS) -> tuple[Value, list[Value]]:
    """A graph of a few ops, and its leaves; some of their numbers are whole, so that corners are met."""
    leaves = [Value(_number(chance), f"x{i + 1}") for i in range(chance.randint(1, 4))]
    made: list[Value] = [*leaves, Constant(_number(chance))]
    for _ in range(chance.randint(1, 10)):
        op = chance.choice(ops)
        count = op.arity or chance.randint(2, 8)
        made.append(apply(op, tuple(chance.choice(made) for _ in range(count))))
    y = made[-1]
    for _ in range(3):
        y = y + chance.choice(made)
    return y, leaves


def _number(chance: random.Random) -> float:
    return (
        chance.choice(NUMBERS)
        if chance.random() < 0.3
        else round(chance.uniform(-3, 3), chance.randint(1, 6))
    )


def changes_of(chance: random.Random, steps: Walk, numbers: Sequence[float] = ()) -> dict[str, float]:
    """New numbers for the leaves of a walk, by id; some of them, or many where it is given, of those."""
    leaves = [node.id for node in steps.trace.nodes if node.op is None and node.role != "constant"]
    return {
        id: chance.choice(numbers) if numbers and chance.random() < 0.7 else _number(chance) for id in leaves
    }


def cases(seed: int, count: int, numbers: Sequence[float] = ()) -> Iterator[Case]:
    """So many graphs drawn at random, each with other numbers in its leaves: with these, where given."""
    chance = random.Random(seed)
    while count:
        y, _ = drawn(chance)
        if y.role == "constant":
            continue
        count -= 1
        yield case_of(walk(y), chance, numbers)


def case_of(steps: Walk, chance: random.Random, numbers: Sequence[float] = ()) -> Case:
    """A walk with other numbers in its leaves."""
    changes = changes_of(chance, steps, numbers)
    content = steps.content()
    symbols = {
        f"{int(step.target[1:])}:{step.position}": step.partial_symbols
        for step in steps
        if step.target is not None
    }
    leaves = [int(id[1:]) for id in changes]
    given = [
        facts(content),
        operations(content.trace),
        symbols,
        [*zip(leaves, map(_in_json, changes.values()), strict=True)],
        leaves if len(leaves) < 10 else leaves[:1],  # to account for
    ]
    expected = steps.what_if({steps._values[id]: x for id, x in changes.items()})
    return Case(expected, leaves, json.dumps(given))


def _in_json(x: float) -> float | str:
    """A number as JSON has it; what it has not as JavaScript reads it."""
    return x if math.isfinite(x) else "NaN" if math.isnan(x) else f"{x}inity".replace("inf", "Inf")
