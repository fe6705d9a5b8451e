"""What the strategies draw: in domains, on kinks and off them, of the ops asked for, short when shrunk."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from autograd import Constant, Parameter, Value, gradients, topological_order, where
from autograd.core.primitive import TABLE, Interval, Kink, Op, op
from autograd.testing import gradcheck
from autograd.testing.broken import gradients_of, overwrites
from autograd.testing.strategies import (
    OFF_KINKS,
    Recipe,
    inputs_of,
    networks,
    on_a_kink,
    recipes,
)
from tests.thorough import ALL

EVERY_OP = pytest.mark.parametrize("op", TABLE.values(), ids=TABLE.keys())
WITH_KINKS = [op for op in TABLE.values() if op.kinks]
MANY = settings(max_examples=200, suppress_health_check=[])  # and nothing to complain of
FIRST = settings(max_examples=2000, phases=[Phase.generate], deadline=None, database=None)
STRICT = settings(max_examples=settings.default.max_examples if ALL else 15, suppress_health_check=[])


def kinks_met(recipe: Recipe) -> list[Op]:
    """The ops of a recipe that are exactly on one of their kinks."""
    return [
        node.op
        for node in topological_order(recipe.graph())
        if node.op and on_a_kink(node.op, [v.data for v in node.inputs])
    ]


# ------------------------------------------------------------------------------------------ points


@EVERY_OP
@STRICT
@given(data=st.data())
def test_points_are_in_the_domain(op: Op, data: st.DataObject) -> None:
    for i, x in enumerate(data.draw(inputs_of(op))):
        assert x in op.domain_of(i)


@pytest.mark.parametrize("op", WITH_KINKS, ids=lambda op: op.name)
@STRICT
@given(data=st.data())
def test_points_are_off_all_kinks_or_exactly_on_one_and_in_the_domain(op: Op, data: st.DataObject) -> None:
    assert not on_a_kink(op, data.draw(inputs_of(op, kinks=False)))
    inputs = data.draw(inputs_of(op, kinks=True))
    assert on_a_kink(op, inputs)
    assert all(x in op.domain_of(i) for i, x in enumerate(inputs))


def test_every_kink_of_an_op_is_found() -> None:
    for clip_kink in TABLE["clip"].kinks:
        find(inputs_of(TABLE["clip"], kinks=True), lambda x, kink=clip_kink: kink.gap(*x) == 0)


def test_an_op_without_kinks_cannot_be_on_one() -> None:
    with pytest.raises(ValueError, match=r"sin states no kinks .* TABLE\['relu'\]"):
        inputs_of(TABLE["sin"], kinks=True)


# ------------------------------------------------------------------------------------- expressions


@MANY
@given(recipes())
def test_expressions_keep_off_kinks_and_inside_domains(recipe: Recipe) -> None:
    for node in topological_order(recipe.graph()):
        if node.op:
            inputs = [v.data for v in node.inputs]
            assert all(x in node.op.domain_of(i) for i, x in enumerate(inputs))
            assert not on_a_kink(node.op, inputs, OFF_KINKS)


def test_expressions_share_nodes_repeat_inputs_and_contain_constants_and_every_op() -> None:
    seen: Counter[str] = Counter()

    @settings(MANY, max_examples=500)
    @given(recipes())
    def look(recipe: Recipe) -> None:
        first = len(recipe.numbers) + len(recipe.constants)
        uses = Counter(i for _, places in recipe.steps for i in places)
        seen.update({op.name for op, _ in recipe.steps})
        seen["a shared node"] += any(uses[i] > 1 for i in range(first, first + len(recipe.steps)))
        seen["a repeated input"] += any(len(set(places)) < len(places) for _, places in recipe.steps)
        seen["a constant"] += bool(recipe.constants)

    look()
    for rare in set(TABLE) - set(seen):  # what is drawn depends on the modules that are loaded
        find(recipes(), lambda recipe, rare=rare: rare in {op.name for op, _ in recipe.steps}, settings=FIRST)
    assert min(seen["a shared node"], seen["a repeated input"], seen["a constant"]) > 60


@MANY
@given(recipes())
def test_every_step_is_needed_for_the_output(recipe: Recipe) -> None:
    first = len(recipe.numbers) + len(recipe.constants)
    used = {i for _, places in recipe.steps for i in places}
    assert used == set(range(first + len(recipe.steps) - 1))


@pytest.mark.parametrize("names", [["log"], ["acos", "tanh"], ["add", "mul"], ["pow"], ["relu", "maximum"]])
def test_only_the_ops_asked_for_are_used(names: list[str]) -> None:
    wanted = [TABLE[name] for name in names]

    @settings(MANY, max_examples=60)
    @given(recipes(ops=wanted), recipes(ops=wanted, kinks=True))
    def look(off: Recipe, on: Recipe) -> None:
        assert {op for recipe in (off, on) for op, _ in recipe.steps} <= set(wanted)

    look()


def test_about_every_second_expression_is_on_a_kink_where_kinks_are_sought() -> None:
    met: Counter[Op] = Counter()
    count = 0

    @MANY
    @given(recipes(kinks=True))
    def look(recipe: Recipe) -> None:
        nonlocal count
        count += bool(kinks_met(recipe))
        met.update(kinks_met(recipe))

    look()
    assert count > 60
    assert len(met) > len(WITH_KINKS) / 2


@given(recipes(kinks=True, most_steps=5))
def test_no_kink_is_taken_for_a_mistake(recipe: Recipe) -> None:
    assert not gradcheck(recipe, recipe.numbers).wrong


def test_a_jump_that_leads_to_a_pole_is_an_edge() -> None:
    certificate = gradcheck(lambda x: 1 / where(x - 0.5, 0.0, x), 0.5)
    assert [v.verdict for v in certificate.verdicts] == ["not differentiable here"]


SIZES, SEEDS = (1, 5, 10, 100), 5
FEW = [(op, SIZES[k % 3], k) for k, op in enumerate([*TABLE.values()][::9])]  # those of 100 steps take long
EACH = [(op, n, seed) for op in TABLE.values() for n in SIZES for seed in range(SEEDS)]


def is_off(recipe: Recipe, wrong: Op, off: float) -> bool:
    """Whether a gradient is another if each partial of one op is too large by so much."""

    def slopes(off: float) -> list[float]:
        numbers = [*recipe.numbers, *recipe.constants]
        partials = []
        for used, places in recipe.steps:
            y, found = used.evaluate([numbers[i] for i in places])
            numbers.append(y)
            partials.append([d + off * (used is wrong) for d in found])
        sent = [0.0] * (len(numbers) - 1) + [1.0]
        for k in range(-1, -len(recipe.steps) - 1, -1):
            for i, d in zip(recipe.steps[k][1], partials[k], strict=True):
                sent[i] += sent[len(numbers) + k] * d
        return sent[: len(recipe.numbers)]

    return slopes(off) != pytest.approx(slopes(0.0), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("op", "most_steps", "seed"), EACH if ALL else FEW)
def test_what_an_op_breaks_shrinks_to_that_op_alone_on_simple_numbers(
    op: Op, most_steps: int, seed: int
) -> None:
    shortest = find(
        recipes(most_steps=most_steps),
        lambda recipe: is_off(recipe, op, 0.5),
        settings=settings(max_examples=5000, database=None, suppress_health_check=list(HealthCheck)),
        random=Random(seed),
    )
    assert [used for used, _ in shortest.steps] == [op]
    assert all(x == round(x, 2) for x in (*shortest.numbers, *shortest.constants))


@pytest.mark.parametrize("seed", range(40 if ALL else 3))
def test_what_the_whole_table_breaks_shrinks_to_one_op_of_one_number_twice(seed: int) -> None:
    def is_wrong(recipe: Recipe) -> bool:
        found = gradients_of(overwrites, output := recipe.graph())
        leaves = [v for v in found if not v.inputs]
        return [found[v] for v in leaves] != gradients(output, leaves)

    shortest = find(
        recipes(most_steps=5),
        is_wrong,
        settings=settings(max_examples=5000, database=None, suppress_health_check=list(HealthCheck)),
        random=Random(seed),
    )
    assert (shortest.numbers, [places for _, places in shortest.steps]) == ((0.0,), [(0, 0)])


# ----------------------------------------------------------------------------------- ops of one's own


@pytest.fixture
def own_op() -> Iterator[Op]:
    """An op that nobody else has, in the table for the time of one test."""
    far = op(
        "own_op",
        "own",
        lambda m: (
            lambda a, b: m.log(a - 10) * b,
            lambda a, b, y: b / (a - 10),
            lambda a, b, y: m.log(a - 10),
        ),
        Interval(low=10.0),
        Interval(excluding=(1.0,)),
        kinks=(Kink("b = 2", gap=lambda a, b: b - 2, slopes=lambda a, b: ((0, 0), (-a, a))),),
    )
    yield far
    del TABLE[far.name]


def test_an_op_of_ones_own_is_drawn_in_its_domain_and_on_its_kinks(own_op: Op) -> None:
    drawn = find(recipes(most_steps=3), lambda recipe: recipe.steps[-1][0] is own_op, settings=FIRST)
    assert any(x > 10 for x in (*drawn.numbers, *drawn.constants))
    on = find(inputs_of(own_op, kinks=True), lambda inputs: True)
    assert (on[0] > 10, on[1]) == (True, 2.0)
    assert find(recipes(ops=[own_op], kinks=True), lambda recipe: bool(kinks_met(recipe)), settings=FIRST)


# ------------------------------------------------------------------------------------------ networks


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_the_gradient_of_a_network_is_right_and_all_weights_have_names(network: Recipe) -> None:
    cost = network.graph()
    weights = [v for v in topological_order(cost) if isinstance(v, Parameter)]
    assert len(weights) == len(network.numbers) == len({w.label for w in weights})
    assert not gradcheck(cost).wrong


@STRICT
@given(networks(activations=[TABLE["relu"]]))
def test_a_network_keeps_off_kinks_and_uses_the_activation_asked_for(network: Recipe) -> None:
    names = {op.name for op, _ in network.steps}
    assert names <= {"dot", "relu", "sub", "mul", "sum", "softplus"}
    assert "relu" in names
    assert not kinks_met(network)


@given(networks())
def test_a_network_of_the_nn_package_with_these_weights_gives_the_same_cost(network: Recipe) -> None:
    nn: Any = pytest.importorskip("nn")
    weights = dict(zip(network.labels, network.numbers, strict=True))
    layers = sorted({int(label.split("^")[1]) for label in weights})
    outputs = [sum(label.startswith("b") and label.endswith(f"^{n}") for label in weights) for n in layers]
    inputs = sum(label.endswith("^1") for label in weights) // outputs[0] - 1
    activation = next(op for op, _ in network.steps if op is not TABLE["dot"])
    model = nn.MLP(inputs, outputs, activation=activation.name, seed=0)
    for label, x in weights.items():
        model.parameter(label).data = x
    dots = [(op, places) for op, places in network.steps if op is TABLE["dot"]]
    first = dots[0][1]
    sample = [([*network.numbers, *network.constants])[i] for i in first[inputs : 2 * inputs]]
    z = model(sample)
    outs = z if isinstance(z, list) else [z]
    results: list[Value] = []
    network.compute([Value(x) for x in network.numbers], lambda op, v: _kept(results, op, v))
    computed = [v for v, (op, _) in zip(results, network.steps, strict=True) if op is TABLE["dot"]]
    samples = len(dots) // sum(outputs)
    last = computed[-outputs[-1] * samples :: samples]
    assert [v.data for v in outs] == pytest.approx([v.data for v in last], rel=1e-12, abs=1e-15)


def _kept(results: list[Value], op: Op, inputs: tuple[Any, ...]) -> Value:
    from autograd.value import apply, as_values

    results.append(apply(op, as_values(inputs)))
    return results[-1]


def test_a_shrunk_network_is_one_neuron_of_each_layer() -> None:
    smallest = find(networks(), lambda network: True)
    assert smallest.labels == ("w11^1", "b1^1", "w11^2", "b1^2")
    assert set(gradients(smallest.graph(), topological_order(smallest.graph())[0:1])) == {0.0}


# ------------------------------------------------------------- of any size, of any ops, for any engine


@pytest.mark.parametrize("op", [*TABLE.values()][:: 1 if ALL else 9], ids=lambda op: op.name)
def test_the_least_recipe_of_an_op_is_that_op_alone_on_simple_numbers(op: Op) -> None:
    least = find(recipes(ops=[op]), lambda recipe: True)
    assert [op for op, _ in least.steps] == [op]
    assert all(x == round(x, 2) for x in (*least.numbers, *least.constants))


@pytest.mark.parametrize("options", [{}, {"kinks": True}, {"most_steps": 100 if ALL else 20}])
def test_the_least_recipe_of_all_is_one_op_of_zero(options: dict[str, Any]) -> None:
    assert repr(find(recipes(**options), lambda recipe: True)).splitlines()[1:] == [
        'x1 = Value(0.0, "x1")',
        "v1 = -x1",
    ]


def test_recipes_get_as_large_as_they_may() -> None:
    sizes: list[int] = []

    @settings(FIRST, max_examples=80, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(recipes(most_steps=100))
    def look(recipe: Recipe) -> None:
        sizes.append(len(recipe.steps))

    look()
    assert max(sizes) > 70
    assert sum(size > 20 for size in sizes) > 10


def test_ops_can_be_given_by_name() -> None:
    drawn = find(recipes(ops=["sin", TABLE["mul"]]), lambda recipe: len(recipe.steps) == 2)
    assert {op.name for op, _ in drawn.steps} <= {"sin", "mul"}
    with pytest.raises(ValueError, match="no op 'sine'; did you mean 'sin'"):
        recipes(ops=["sine"])


@pytest.mark.parametrize("most_steps", [0, -1])
def test_a_recipe_has_a_step(most_steps: int) -> None:
    with pytest.raises(ValueError, match="at least one step; got most_steps="):
        recipes(most_steps=most_steps)


@pytest.mark.parametrize("kind", [Value, Parameter, Constant])
def test_hypothesis_finds_a_strategy_for_every_kind_of_value(kind: type[Value]) -> None:
    least = find(st.from_type(kind), lambda v: True)
    assert (type(least), least.data, least.inputs) == (kind, 0.0, ())


def test_values_of_any_type_are_leaves_and_results() -> None:
    assert find(st.from_type(Value), lambda v: bool(v.inputs)).op is not None

    @given(...)
    def look(v: Value) -> None:
        assert isinstance(v, Value)

    look()


class Theirs:
    """The engine of somebody else: a closure for each op, in the manner of micrograd."""

    def __init__(self, data: float, inputs: tuple[Theirs, ...] = ()) -> None:
        self.data, self.grad, self.inputs = data, 0.0, inputs
        self.pass_on = lambda: None

    def __add__(self, other: Any) -> Theirs:
        other = other if isinstance(other, Theirs) else Theirs(other)
        out = Theirs(self.data + other.data, (self, other))

        def pass_on() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out.pass_on = pass_on
        return out

    def __mul__(self, other: Any) -> Theirs:
        other = other if isinstance(other, Theirs) else Theirs(other)
        out = Theirs(self.data * other.data, (self, other))

        def pass_on() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.pass_on = pass_on
        return out

    def tanh(self) -> Theirs:
        out = Theirs(math.tanh(self.data), (self,))

        def pass_on() -> None:
            self.grad += (1 - out.data**2) * out.grad

        out.pass_on = pass_on
        return out

    def backward(self) -> None:
        order: list[Theirs] = []

        def visit(v: Theirs) -> None:
            if v not in order:
                for w in v.inputs:
                    visit(w)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            v.pass_on()


CALLS: dict[str, Any] = {"add": lambda a, b: a + b, "mul": lambda a, b: a * b, "tanh": lambda a: a.tanh()}


@given(recipes(ops=CALLS))
def test_a_recipe_runs_on_the_engine_of_somebody_else(recipe: Recipe) -> None:
    theirs = [Theirs(x) for x in recipe.numbers]
    output = recipe.compute(theirs, lambda op, inputs: CALLS[op.name](*inputs))
    output.backward()
    leaves = [Value(x) for x in recipe.numbers]
    ours = recipe(*leaves)
    assert output.data == ours.data
    assert [v.grad for v in theirs] == pytest.approx(gradients(ours, leaves), rel=1e-9, abs=1e-12)


def test_a_mistake_in_the_engine_of_somebody_else_shrinks_to_the_least_graph_that_shows_it() -> None:
    class Overwrites(Theirs):
        def __mul__(self, other: Any) -> Theirs:
            other = other if isinstance(other, Theirs) else Overwrites(other)
            out = Overwrites(self.data * other.data, (self, other))

            def pass_on() -> None:
                self.grad = other.data * out.grad
                other.grad = self.data * out.grad

            out.pass_on = pass_on
            return out

    def is_wrong(recipe: Recipe) -> bool:
        theirs = [Overwrites(x) for x in recipe.numbers]
        recipe.compute(theirs, lambda op, inputs: inputs[0] * inputs[1]).backward()
        leaves = [Value(x) for x in recipe.numbers]
        return [v.grad for v in theirs] != pytest.approx(gradients(recipe(*leaves), leaves))

    assert repr(find(recipes(ops=["mul"]), is_wrong)).splitlines()[1:] == [
        'x1 = Value(1.0, "x1")',
        "v1 = x1 * x1",
    ]
