"""Is an engine right?  The examination of anyone's scalar engine, from one op to whole graphs."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from autograd import ops
from autograd.core.primitive import Op
from autograd.notation.numbers import count
from autograd.testing.certificate import CORRECT, LIMITED, WRONG
from autograd.testing.engine import causes, graphs
from autograd.testing.engine.expected import Deviation, deviation, expected
from autograd.testing.engine.foreign import BACKWARD, DATA, GRAD, LEAVES, OPERATORS, PRECISIONS, Foreign
from autograd.testing.engine.report import BOUNDED, NOT_THERE, EngineReport, Finding, written
from autograd.testing.recipe import INFIX, Recipe

DEPTHS = (100, 1000, 10_000)
"""The depths that are tried, one after the other."""
DOUBLINGS = (5, 10)
"""The numbers of results, each used twice, over which the work of a backward pass is compared."""
STEEPER = 4
"""Work that grows by more than this, relative to the graph, grows faster than the graph."""
MOST_EXPLAINED = 40
"""A slip is looked for on at most this many graphs."""
NO_OPS = (
    "they are functions, which must be handed over: check_engine(…, functions={'add': add, 'tanh': tanh}); "
    "operators such as __add__, and methods with the names of ops, are found without"
)
"""What is said of an engine in which no op is found."""


def check_engine(
    leaf: Callable[[Any], Any],
    data: Callable[[Any], Any] = DATA,
    grad: Callable[[Any], Any] = GRAD,
    backward: Callable[[Any], Any] = BACKWARD,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    graphs: int = 100,
) -> EngineReport:
    """Examine a scalar engine: a student's, a peer's, one's own.

    A class in micrograd's form is all that is needed: its objects are leaves and have ``.data``,
    ``.grad`` and ``.backward()``.  Of any other engine the arguments say how the same is done.

    The ops are found by what the leaves have: operators, and methods with the names of the table.
    Each is examined alone, with another op behind it and beside it, with plain numbers to both sides;
    then the engine as a whole: shared results, a second backward pass, the work it does, its depth.

    Args:
        leaf: makes a leaf of a number; a class, or a function.
        data: reads the number of a leaf or a result.
        grad: reads the gradient of a leaf.
        backward: runs the reverse pass from a result.
        functions: functions that stand for ops, by the op's name: ``{"tanh": tanh}``.  Those of many inputs
            take a list, ``sum([a, b])``; ``dot`` takes two.
        graphs: how many graphs are drawn at random, once all else is right.

    Returns:
        A report that prints itself and is true if no number is wrong, so that ``assert
        check_engine(Value)`` is a test.

    Raises:
        TypeError: if ``leaf`` is not callable, its number cannot be read, or a leaf has no ``.backward()``.
        ValueError: if ``functions`` names something that is not an op.

    >>> class Leaf:
    ...     def __init__(self, data, back=()):
    ...         self.data, self.grad, self.back = data, 0.0, back
    ...     def __mul__(self, other):
    ...         return Leaf(self.data * other.data, [(self, self.data), (other, other.data)])
    ...     def backward(self, upstream=1.0):
    ...         self.grad += upstream
    ...         for v, partial in self.back:
    ...             v.backward(upstream * partial)
    >>> check_engine(Leaf)
    Leaf: 1 thing examined, 1 wrong, 6 not there
    wrong: a * b: ∂y/∂a is 2 where 3 is right
        likely the partials of the two inputs are exchanged
        a, b = Leaf(2.0), Leaf(3.0); y = a * b; y.backward(); a.grad
    not there: a + b, a - b, a / b, a ** b, -a, abs(a)
    """
    engine = Foreign(leaf, data, grad, backward, {} if functions is None else functions)
    found = list(_Examination(engine).findings(graphs))
    if any(f.likely == causes.FORWARD for f in found):  # then ops that are made of others send nothing, too
        found = [
            replace(f, likely=causes.FORWARD) if f.likely.startswith(causes.NOTHING) else f for f in found
        ]
    return EngineReport(engine.name, tuple(found))


def _optional(op: Op) -> bool:
    """Return whether a method of this name may well take other inputs: ``leaky_relu()`` without a slope."""
    return op.arity != 1 and op not in INFIX


class _Examination:
    """An engine, and what was found to be right so far."""

    def __init__(self, engine: Foreign) -> None:
        self.engine = engine
        self.right: dict[Op, tuple[bool, ...]] = {}
        self.plain: dict[Op, list[int]] = {}  # by operator, on which sides a plain number may stand

    def findings(self, how_many: int) -> Iterator[Finding]:
        if self.engine.epsilon > PRECISIONS[0]:
            digits = f"its numbers are rounded to {self.engine.epsilon:.1g} of themselves"
            yield Finding("precision", LIMITED, got=digits)
        if error := self.engine.run(Recipe((2,), ())).error:
            yield Finding("a leaf of a whole number", BOUNDED, got=f"raises {error}")
        takes = self.engine.takes
        alone = {op: self._of_op_alone(op) for op in self.engine.calls if op in takes or not _optional(op)}
        self.right = {op: takes[op] for op, found in alone.items() if found.verdict != WRONG}
        if not alone:
            yield Finding("ops", WRONG, got="none is found, so nothing was examined", likely=NO_OPS)
            return
        at_fault = []
        for op, found in alone.items():
            wrong = self._in_company(op) if op in self.right else None
            yield wrong or found
            if op in self.right and op in INFIX and not wrong:
                yield self._beside_plain(op, f"a {INFIX[op]} 3", 1)
                if self.engine.reflects(op):
                    yield self._beside_plain(op, f"3 {INFIX[op]} a", 0)
                elif op in OPERATORS and op.name not in self.engine.functions:
                    yield Finding(f"3 {INFIX[op]} a", NOT_THERE)
            if wrong:
                at_fault.append(op)
        for op in at_fault:  # until here it served beside the others
            del self.right[op]
        for op in OPERATORS:
            if op not in alone:
                yield Finding(self._written(op), NOT_THERE)
        yield from self._of_graphs(how_many)

    # ------------------------------------------------------------------------------- one op

    def _of_op_alone(self, op: Op) -> Finding:
        takes = self.engine.takes.get(op, (True, True))
        found = self._alone(self._written(op), graphs.alone(op, takes))
        if found.verdict == WRONG:
            return found
        others = [self._or_refused(f"{found.what} of whole numbers", graphs.of_whole_numbers(op, takes))]
        if op is ops.pow_:
            others.append(self._or_refused(found.what, graphs.of_negative_bases(takes)))
        return next((other for other in others if other.verdict == WRONG), found)

    def _written(self, op: Op) -> str:
        if op in INFIX:
            return f"a {INFIX[op]} b"
        return {ops.neg: "-a", ops.abs_: "abs(a)"}.get(op, op.name)

    def _alone(self, what: str, recipes: Iterable[Recipe]) -> Finding:
        """Examine graphs of one op; the likely slip explains all of them."""
        tried = list(recipes)
        trials = [causes.Trial(recipe, self.engine.run(recipe)) for recipe in tried]
        offs = [deviation(t.recipe, expected(t.recipe, self.engine.epsilon), t.got) for t in trials]
        found = [(recipe, off) for recipe, off in zip(tried, offs, strict=True) if off]
        for recipe, off in sorted(found, key=lambda pair: not pair[1].is_mistake)[:1]:  # stable
            alike = [t for t in trials if not t.got.error and t.recipe.steps == recipe.steps]
            likely = "" if off.words else causes.cause_of_op(alike[:MOST_EXPLAINED], off.leaf)
            return self._found(what, recipe, off, likely)
        return Finding(what, CORRECT)

    def _beside_plain(self, op: Op, what: str, side: int) -> Finding:
        """Examine an operator with a plain number to one side."""
        found = self._or_refused(what, graphs.with_plain(op, left=side == 0))
        if found.verdict in (CORRECT, LIMITED):
            self.plain.setdefault(op, []).append(side)
        return found

    def _or_refused(self, what: str, recipes: Iterable[Recipe]) -> Finding:
        """Examine graphs of one op that an engine may refuse, all of them, with an error."""
        tried = list(recipes)
        errors = [self.engine.run(recipe).error for recipe in tried]
        if tried and all(errors):
            return Finding(what, BOUNDED, self.engine.code(tried[0]), got=f"raises {errors[0]}")
        return self._alone(what, tried)

    def _in_company(self, op: Op) -> Finding | None:
        """Examine an op that is right alone with one behind it, and beside another use of its inputs."""
        takes = self.right[op]
        companies = [graphs.of_one_leaf(op, takes)]
        if ops.mul in self.right:
            companies.append(graphs.below_another(op, takes))
        if ops.add in self.right:
            companies.append(graphs.beside_another(op, takes))
        for recipe in (recipe for company in companies for recipe in company):
            off = self._off(recipe)
            if off:
                got = self.engine.run(recipe)
                likely = "" if off.leaf is None else causes.cause_of_use(recipe, got, off.leaf)
                return self._found(self._written(op), recipe, off, likely)
        return None

    # ------------------------------------------------------------------------- the whole engine

    def _of_graphs(self, how_many: int) -> Iterator[Finding]:
        infix = [op for op in (ops.mul, ops.add, ops.sub, ops.div) if op in self.right]
        if infix:
            times, plus = infix[0], infix[1 % len(infix)]
            order = self._first("a result that is used twice", graphs.shared(times, plus))
            alike = self._first("results of equal numbers", [graphs.alike(times)])
            if alike.verdict == WRONG and order.verdict == CORRECT:
                alike = replace(alike, likely="results are told apart by ==, or by a hash of their numbers")
            yield from (order, alike)
            yield self._repeated("a second backward", graphs.two_steps(times), anew=False)
            yield self._repeated("the same graph again", graphs.two_steps(times), anew=True)
            work = self._work(plus)
            yield work
            yield self._depth(plus)
            if order.verdict == alike.verdict == work.verdict == CORRECT and how_many:
                yield self._at_random(how_many)

    def _first(self, what: str, recipes: Iterable[Recipe]) -> Finding:
        """Examine graphs, the smallest first."""
        for recipe in recipes:
            off = self._off(recipe)
            if off:
                return self._found(what, recipe, off, causes.cause_of_graph(recipe, self.engine.run(recipe)))
        return Finding(what, CORRECT)

    def _repeated(self, what: str, recipe: Recipe, anew: bool) -> Finding:
        """Examine two passes: the gradients of leaves add up, or start from 0 at each pass."""
        once, twice = self.engine.run(recipe), self.engine.run(recipe, passes=2, anew=anew)
        code = self.engine.code(recipe, LEAVES[0], passes=2, anew=anew)
        if twice.error:
            return Finding(what, BOUNDED, code, got=f"raises {twice.error}")
        one = [x or 0.0 for x in once.gradients]
        two = [x or 0.0 for x in twice.gradients]
        added = [causes.same(x, 2 * y) for x, y in zip(two, one, strict=True)]
        anew_each = [causes.same(x, y) for x, y in zip(two, one, strict=True)]
        if all(added):
            return Finding(what, CORRECT, likely="the gradients of leaves add up")
        if all(anew_each):
            return Finding(what, CORRECT, likely="gradients start from 0")
        neither = [not (a or b) for a, b in zip(added, anew_each, strict=True)]
        off = (neither if any(neither) else anew_each).index(True)
        told, right = f"∂y/∂{LEAVES[off]} is {written(two[off])}", f"{written(2 * one[off])} (added up)"
        if any(neither):
            right += f" or {written(one[off])} (started from 0)"
        else:
            told = f"∂y/∂{LEAVES[added.index(True)]} is added up, but {told}"
        likely = causes.cause_of_passes(recipe, twice)
        code = self.engine.code(recipe, LEAVES[off], passes=2, anew=anew)
        return Finding(what, WRONG, code, right, told, likely)

    def _work(self, plus: Op) -> Finding:
        """Examine whether a node is visited once, or once for each route that leads to it."""
        what = "each node visited once"
        few, many = (self.engine.work(graphs.doubled(plus, n)) for n in DOUBLINGS)
        if many <= STEEPER * DOUBLINGS[1] / DOUBLINGS[0] * few:
            return Finding(what, CORRECT)
        recipe = graphs.doubled(plus, DOUBLINGS[1])
        told = f"{count(many)} calls for {len(recipe.steps)} nodes"
        likely = (
            "a node is visited once for each route to it, and there can be 2ⁿ: pass on when all has arrived"
        )
        return Finding(what, BOUNDED, self.engine.code(recipe, LEAVES[0]), got=told, likely=likely)

    def _depth(self, plus: Op) -> Finding:
        before = 0
        for depth in DEPTHS:
            recipe = graphs.chain(plus, depth)
            code = self.engine.chain_code(plus, depth)
            got = self.engine.run(recipe)
            if got.error:
                told = f"raises {got.error} at {count(depth)} nodes in a row"
                likely = "the reverse pass calls itself; a loop with a list of its own goes to any depth"
                return Finding("depth", BOUNDED, code, got=told, likely=likely * ("Recursion" in got.error))
            off = deviation(recipe, expected(recipe, self.engine.epsilon), got)
            if off:
                return replace(self._found("depth", recipe, off), graph=code)
            work = self.engine.work(recipe) if depth < DEPTHS[-1] else 0
            if before and work > STEEPER * depth / DEPTHS[0] * before:
                told = f"{count(work)} calls for {count(depth)} nodes"
                return Finding(
                    "depth", BOUNDED, code, got=told, likely="the work grows faster than the graph"
                )
            before = work
        return Finding("depth", CORRECT, likely=f"{count(DEPTHS[-1])} nodes in a row")

    def _at_random(self, how_many: int) -> Finding:
        """Examine graphs drawn at random; a wrong one is made as small as it goes."""
        chance = random.Random(0)
        for _ in range(how_many):
            recipe = graphs.random_graph(chance, self.right, self.plain)
            off = self._off(recipe)
            if off:
                recipe, off = self._smallest(recipe, off)
                likely = causes.cause_of_graph(recipe, self.engine.run(recipe))
                return self._found("graphs at random", recipe, off, likely)
        return Finding("graphs at random", CORRECT, likely=count(how_many))

    def _smallest(self, recipe: Recipe, off: Deviation) -> tuple[Recipe, Deviation]:
        found = next(((r, o) for r in graphs.smaller(recipe) if (o := self._off(r))), None)
        return (recipe, off) if found is None else self._smallest(*found)

    # ------------------------------------------------------------------------------------ one graph

    def _off(self, recipe: Recipe) -> Deviation | None:
        """Return in what the engine is off on a graph; None too if rounding could hide anything there."""
        want = expected(recipe, self.engine.epsilon)
        return deviation(recipe, want, self.engine.run(recipe)) if want.is_steady else None

    def _found(self, what: str, recipe: Recipe, off: Deviation | None, likely: str = "") -> Finding:
        if off is None:
            return Finding(what, CORRECT)
        read = "" if off.leaf is None else LEAVES[off.leaf]
        code = self.engine.code(recipe, read)
        if off.words and off.got is None:
            return Finding(what, WRONG, code, got=off.words)
        verdict = WRONG if off.is_mistake else LIMITED
        subject = f"∂y/∂{read}" if read else "its value"
        want, got = written(off.want, off.got), written(off.got, off.want)
        told = f"{off.words or subject} is {got}"
        # where a number is nearly right, the formula that is right fits as well as a wrong one
        return Finding(what, verdict, code, want, told, likely if off.is_mistake else "")
