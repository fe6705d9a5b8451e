"""The graphs that an engine is examined on: one op alone, then in company, then many ops at random."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import isfinite

from autograd import ops
from autograd.core.primitive import Op
from autograd.testing.recipe import Recipe

USUAL = (2.0, 0.5, 3.0, -1.5, 1.25, -0.5, -3.0, 0.75, -0.25, 1.0, 0.0, -2.0, -1.0)
"""The numbers that an op of one input is tried on; few binary digits, so that any float holds them."""
PAIRS = (2.0, 3.0, 0.5, -1.5, -0.5, 1.0, -1.0, 0.0)
TRIPLES = (2.0, 0.5, -1.5, 1.0, 0.0)
"""The numbers that ops of two and of three inputs are tried on, in all combinations."""
LISTS = ((2.0, 3.0), (0.5, -1.5, 2.0), (2.0,), (1.25, -0.5, 3.0, 0.75), (2.0, -1.0, 0.5, 1.5, -0.25))
"""The inputs that ops of any number of inputs are tried on."""
PLAIN = (3, 0.5, 2, -1)
"""The plain numbers that stand beside a leaf."""
UPSTREAM = 3.0
CALM, STEEP, OFF_KINKS = 20.0, 50.0, 2.0**-8
"""The largest number and the largest partial in random graphs, and the least distance from a kink."""
MOST_LEAVES, MOST_STEPS, MOST_INPUTS = 4, 12, 4


def inputs_of(op: Op, smooth: bool = False) -> list[tuple[float, ...]]:
    """Return the inputs that an op is tried on, inside its domain; with ``smooth``, off all its kinks."""
    rows: list[tuple[float, ...]] = list(LISTS)
    if op.arity is not None:
        rows = list(product((USUAL, PAIRS, TRIPLES)[op.arity - 1], repeat=op.arity))
    inside = [row for row in rows if all(x in op.domain_of(i) for i, x in enumerate(row))]
    inside.sort(key=lambda row: len(set(row)) < len(row))  # stable: equal inputs last, they hide mistakes
    return [row for row in inside if not (smooth and any(kink.gap(*row) == 0 for kink in op.kinks))]


def alone(op: Op, takes: Sequence[bool]) -> Iterator[Recipe]:
    """Yield the op alone, on different leaves; on plain numbers where it takes no leaves."""
    for row in inputs_of(op):
        yield _applied(op, row, takes)


def below_another(op: Op, takes: Sequence[bool]) -> Iterator[Recipe]:
    """Yield the op with a factor behind it, so that its upstream is not 1."""
    for row in inputs_of(op, smooth=True)[:8]:
        recipe = _applied(op, row, takes)
        n = len(recipe.numbers)
        moved = tuple([i if i < n else i + 1 for i in recipe.steps[0][1]])
        result = n + 1 + len(recipe.constants)
        steps = ((op, moved), (ops.mul, (result, n)))
        yield Recipe((*recipe.numbers, UPSTREAM), steps, recipe.constants)


def beside_another(op: Op, takes: Sequence[bool]) -> Iterator[Recipe]:
    """Yield the op with a leaf that is used elsewhere too: first there, first here, and twice in the op."""
    for row in inputs_of(op, smooth=True)[:4]:
        recipe = _applied(op, row, takes)
        result = len(recipe.numbers) + len(recipe.constants)
        for i in range(len(recipe.numbers)):
            for both in ((result, i), (i, result)):
                yield Recipe(recipe.numbers, (*recipe.steps, (ops.add, both)), recipe.constants)


def of_one_leaf(op: Op, takes: Sequence[bool]) -> Iterator[Recipe]:
    """Yield the op with one leaf as all of its inputs: ``a * a``."""
    n = op.arity or 2
    if n > 1 and all(takes):
        for row in inputs_of(op, smooth=True):
            if row[0] in op.domain_of(1) and not any(k.gap(*[row[0]] * n) == 0 for k in op.kinks):
                yield Recipe((row[0],), ((op, (0,) * n),))


def with_plain(op: Op, left: bool) -> Iterator[Recipe]:
    """Yield the op of a leaf and a plain number, which stands to the left or to the right."""
    for x, number in product((2.0, 0.5, 3.0, -1.5), PLAIN):
        inputs = (number, x) if left else (x, number)
        if all(v in op.domain_of(i) for i, v in enumerate(inputs)):
            yield Recipe((x,), ((op, (1, 0) if left else (0, 1)),), (number,))
        elif op is ops.pow_ and not left and isinstance(number, int):  # a negative base has whole powers
            yield Recipe((x,), ((op, (0, 1)),), (number,))


def of_negative_bases(takes: Sequence[bool]) -> Iterator[Recipe]:
    """Yield whole powers of negative numbers, where a partial may have the wrong sign."""
    for row in product((-2.0, -1.5, -0.5), (2.0, 3.0, -1.0)):
        yield _applied(ops.pow_, row, takes)


def of_whole_numbers(op: Op, takes: Sequence[bool]) -> Iterator[Recipe]:
    """Yield the op alone, on leaves that were made of ints."""
    for row in inputs_of(op):
        if all(x.is_integer() for x in row):
            recipe = _applied(op, row, takes)
            yield Recipe(tuple(map(int, recipe.numbers)), recipe.steps, tuple(map(int, recipe.constants)))


def shared(times: Op, plus: Op) -> Iterator[Recipe]:
    """Yield graphs of two leaves in which a result is used again, sooner or later, in both orders.

    A reverse pass in the wrong order is right on some of them, by luck, but not on all.
    """
    h = (times, (0, 1))
    for late, side in product((1, 2, 3), (0, 1)):
        steps = [h]
        for _ in range(late):
            steps.append((plus, (1 + len(steps), 1)))
        ends = (2, 1 + len(steps))
        yield Recipe((2.0, 3.0), (*steps, (times, ends if side else ends[::-1])))
    p, q = (plus, (2, 0)), (plus, (2, 1))
    yield Recipe((2.0, 3.0), (h, p, q, (times, (3, 4)), (times, (5, 2))))
    yield Recipe((2.0, 3.0), (h, p, q, (times, (4, 3)), (times, (2, 5))))


def two_steps(times: Op) -> Recipe:
    """Return (a × b) × b: the least graph with something between a leaf and the output."""
    return Recipe((2.0, 3.0), ((times, (0, 1)), (times, (2, 1))))


def alike(times: Op) -> Recipe:
    """Return a graph with two results of equal numbers, which must not be taken for one."""
    return Recipe((2.0, 2.0, 3.0), ((times, (0, 2)), (times, (1, 2)), (times, (3, 4))))


def doubled(plus: Op, times: int) -> Recipe:
    """Return a graph in which each result is used twice: 2ⁿ routes through n nodes."""
    return Recipe((1.0,), tuple([(plus, (k, k)) for k in range(times)]))


def chain(plus: Op, depth: int) -> Recipe:
    """Return a + a + … + a, one node behind the other."""
    return Recipe((1.0,), tuple([(plus, (k, 0)) for k in range(depth)]))


def _applied(op: Op, row: Sequence[float], takes: Sequence[bool]) -> Recipe:
    """Return an op of these numbers: leaves where it takes leaves, plain numbers elsewhere."""
    own = [takes[min(i, len(takes) - 1)] for i in range(len(row))]
    leaves = [x for x, is_leaf in zip(row, own, strict=True) if is_leaf]
    constants = [x for x, is_leaf in zip(row, own, strict=True) if not is_leaf]
    order = sorted(range(len(row)), key=lambda i: not own[i])  # stable: leaves first
    return Recipe(tuple(leaves), ((op, tuple([order.index(i) for i in range(len(row))])),), tuple(constants))


# ------------------------------------------------------------------------------------- at random


def random_graph(
    chance: random.Random, takes: Mapping[Op, Sequence[bool]], plain: Mapping[Op, Sequence[int]]
) -> Recipe:
    """Return a graph of these ops that shares nodes, repeats inputs and has plain numbers in it.

    No number and no partial in it is large, and it is off every kink; the last result needs every other.

    Args:
        chance: where the graph comes from.
        takes: the ops, and which of their inputs can be leaves.
        plain: by operator, the positions where a plain number may stand in place of a leaf.
    """
    leaves = [chance.randrange(-48, 49) / 16 for _ in range(chance.randint(1, MOST_LEAVES))]
    constants = [chance.choice((-2, -1, 1, 2, 3, 0.5, 1.5, -0.25)) for _ in range(2)]
    numbers = [*leaves, *constants]
    first = len(leaves)
    steps: list[tuple[Op, tuple[int, ...]]] = []
    usable = list(takes)
    for _ in range(chance.randint(1, MOST_STEPS) * 2):  # about every second op does not fit
        op = chance.choice(usable)
        own = list(takes[op]) if op.arity else [True] * chance.randint(1, MOST_INPUTS)
        if op in plain and chance.random() < 0.3:
            own[chance.choice(plain[op])] = False
        there = [*range(first), *range(first + 2, len(numbers))]
        places = [chance.choice(there[-3:] if i == 0 else there) for i in range(len(own))]
        places = [p if is_own else first + chance.randrange(2) for p, is_own in zip(places, own, strict=True)]
        if _is_calm(op, [numbers[i] for i in places]):
            numbers.append(op.evaluate([numbers[i] for i in places])[0])
            steps.append((op, tuple(places)))
    return trimmed(tuple(leaves), steps, tuple(constants))


def _is_calm(op: Op, inputs: Sequence[float]) -> bool:
    if not all(x in op.domain_of(i) for i, x in enumerate(inputs)):
        return False
    if any(abs(kink.gap(*inputs)) < OFF_KINKS for kink in op.kinks):
        return False
    y, partials = op.evaluate(inputs)
    return abs(y) <= CALM and all(isfinite(d) and abs(d) <= STEEP for d in partials)


def trimmed(
    leaves: Sequence[float], steps: Sequence[tuple[Op, tuple[int, ...]]], constants: Sequence[float]
) -> Recipe:
    """Return the last step of a graph with everything that it needs, and nothing else."""
    first = len(leaves) + len(constants)
    needed = {first + len(steps) - 1} if steps else {0}
    for k in reversed(range(len(steps))):
        if first + k in needed:
            needed.update(steps[k][1])
    order = {old: new for new, old in enumerate(sorted(needed))}
    return Recipe(
        tuple([x for i, x in enumerate(leaves) if i in needed]),
        tuple(
            [(op, tuple([order[i] for i in at])) for k, (op, at) in enumerate(steps) if first + k in needed]
        ),
        tuple([c for i, c in enumerate(constants, len(leaves)) if i in needed]),
    )


def smaller(recipe: Recipe) -> Iterator[Recipe]:
    """Yield graphs with one step less: the last one left out, or one replaced by one of its inputs."""
    first = len(recipe.numbers) + len(recipe.constants)
    if len(recipe.steps) > 1:
        yield trimmed(recipe.numbers, recipe.steps[:-1], recipe.constants)
    for k, (_, inputs) in enumerate(recipe.steps):
        for kept in dict.fromkeys(inputs):
            if len(recipe.numbers) <= kept < first:
                continue  # a plain number is not a result
            order = [
                i if i < first + k else kept if i == first + k else i - 1
                for i in range(first + len(recipe.steps))
            ]
            steps = [(op, tuple([order[i] for i in places])) for op, places in recipe.steps]
            found = trimmed(recipe.numbers, [*steps[:k], *steps[k + 1 :]], recipe.constants)
            if found.steps:
                yield found
