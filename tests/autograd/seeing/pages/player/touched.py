"""Graphs drawn at random, and what a page makes of them when their numbers are changed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from autograd import Constant, Value
from autograd.core.primitive import TABLE, Op
from autograd.seeing.pages.frame import asset
from autograd.seeing.pages.player import facts
from autograd.seeing.pages.player.touch import operations
from autograd.seeing.walk import Walk, walk
from autograd.value import apply

OPS = list(TABLE.values())
NUMBERS = (0.0, 1.0, -1.0, 2.0, 0.5, -3.0)

IN_THE_PAGE = """([facts, scripts, symbols, changes]) => {
  const run = new Function("facts", "symbols", "numbers", scripts + `
    const engine = engineOf(facts);
    const first = { values: engine.forward(engine.leaves), symbols: (i, k) => symbols[i + ":" + k] ?? "" };
    const made = factsWith(facts, engine, first, new Map([...engine.leaves, ...numbers]));
    return { values: made.values, steps: made.steps, sizes: made.sizes,
             gradients: made.exact.gradients.map((x) => number(x)),
             sentences: made.moments.map((_, number) => made.told.sentence({ number })),
             formulas: made.moments.map((_, number) => made.told.formula({ number })) };`);
  return run(facts, symbols, changes.map(([i, x]) => [i, exactNumber(x)]));
  function exactNumber(x) { return typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x; }
}"""

ACCOUNTS_IN_THE_PAGE = """([facts, scripts, symbols, changes, leaves]) => {
  const run = new Function("facts", "numbers", "leaves", scripts + `
    const engine = engineOf(facts);
    const passes = engine.reverse(engine.forward(new Map([...engine.leaves, ...numbers])));
    const graph = { ...facts, constants: engine.constants };
    return leaves.map((leaf) => {
      const { count, routes, rest, sum, gradient } = accountOf(leaf, graph, passes);
      const factors = ({ edges }) => edges.map(({ partial }) => partial ?? 0);
      return { count: String(count), rest: number(rest), sum: number(sum), gradient: number(gradient),
               routes: routes.map((route) => [route.product, route.running, ...factors(route)].map(number)) };
    });`);
  const exactNumber = (x) => (typeof x === "string" ? Number(x.replace("inf", "Infinity")) : x);
  return run(facts, changes.map(([i, x]) => [i, exactNumber(x)]), leaves);
}"""


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


def changes_of(chance: random.Random, steps: Walk) -> dict[str, float]:
    """New numbers for the leaves of a walk, by id."""
    return {
        node.id: _number(chance) for node in steps.trace.nodes if node.op is None and node.role != "constant"
    }


def cases(seed: int, count: int) -> Iterator[tuple[Walk, Walk, list[Any]]]:
    """Walks, the same with other numbers, and what the page is given to compute these."""
    chance = random.Random(seed)
    while count:
        y, _ = drawn(chance)
        if y.role == "constant":
            continue
        count -= 1
        steps = walk(y)
        changes = changes_of(chance, steps)
        content = steps.content()
        scripts = operations(content.trace)
        scripts += "".join(
            asset("autograd.seeing.pages.player", f"{name}.js") for name in ("engine", "sentences", "routes")
        )
        symbols = {
            f"{int(step.target[1:])}:{step.position}": step.partial_symbols
            for step in steps
            if step.target is not None
        }
        listed = [[int(id[1:]), x] for id, x in changes.items()]
        said = json.loads(json.dumps(facts(content)))
        expected = steps.what_if({steps._values[id]: x for id, x in changes.items()})
        yield steps, expected, [said, scripts, symbols, listed]
