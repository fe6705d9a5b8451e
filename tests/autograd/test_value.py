"""Value: what it holds, what it records, what it refuses."""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from math import inf, nan
from typing import Any
from unittest import mock

import pytest

from autograd import Constant, Parameter, Value, where
from autograd.core.recording import mode
from autograd.functions import logical_and, logical_not, logical_or
from autograd.node import NO_GRADIENT
from autograd.value import Comparison

# ------------------------------------------------------------------------------ what it holds


@pytest.mark.parametrize("number", [3, 3.0, True, Fraction(3, 4), -0.0, inf])
def test_any_real_number_is_held_as_a_float(number: Any) -> None:
    v = Value(number)
    assert type(v.data) is float
    assert v.data == number


def test_nan_is_a_number_too() -> None:
    assert math.isnan(Value(nan).data)


def test_a_fresh_value_is_a_leaf_without_a_gradient() -> None:
    v = Value(1.5, "x")
    assert (v.op, v.inputs, v.partials, v.label, v.role) == (None, (), (), "x", "input")
    assert v.grad == 0.0
    assert v.grad is NO_GRADIENT


def test_leaves_differ_by_role() -> None:
    assert (Value(1).role, Parameter(1).role, Constant(1).role) == ("input", "weight", "constant")


def test_a_node_records_op_inputs_and_partials() -> None:
    a, b = Value(2.0), Value(-3.0)
    c = a * b
    assert c.op is not None
    assert c.op.name == "mul"
    assert c.inputs == (a, b)
    assert c.partials == (-3.0, 2.0)


def test_a_repeated_input_is_kept_twice() -> None:
    a = Value(2.0)
    assert (a * a).inputs == (a, a)


def test_a_plain_number_in_an_expression_is_a_constant() -> None:
    _, two = (Value(3.0) * 2).inputs
    assert isinstance(two, Constant)
    assert two.data == 2.0


def test_a_value_has_room_for_nothing_else() -> None:
    with pytest.raises(AttributeError):
        Value(1.0).extra = 1


@pytest.mark.parametrize(
    ("make", "fragments"),
    [
        (lambda: Value("3"), ["'3'", "str", "float(...)"]),
        (lambda: Value(None), ["None", "NoneType"]),
        (lambda: Value([1.0]), ["[1.0]", "list", "one by one"]),
        (lambda: Value(1 + 2j), ["(1+2j)", "complex"]),
        (lambda: Value(Value(1.0)), ["Value", "already"]),
        (lambda: Value(list(range(1000))), ["list", "…"]),
        (lambda: Value(1.0, 5), ["label", "5", "int"]),
        (lambda: Constant("x"), ["'x'", "str"]),
        (lambda: Parameter(None), ["None"]),
    ],
)
def test_anything_else_is_refused_by_name(make: Any, fragments: list[str]) -> None:
    with pytest.raises(TypeError) as caught:
        make()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 200
    for fragment in fragments:
        assert fragment in message


def test_repr_shows_the_gradient_once_there_is_one() -> None:
    x = Value(2.0, "x")
    y = x * 3
    assert repr(x) == "Value(data=2.0, label='x')"
    y.backward()
    assert repr(x) == "Value(data=2.0, grad=3.0, label='x')"
    assert repr(Constant(1)) == "Constant(data=1.0)"


def test_format_is_that_of_the_number() -> None:
    assert f"{Value(2 / 3):.3f}" == "0.667"
    assert f"{Value(1.0)}" == "Value(data=1.0)"


# ---------------------------------------------------------------------------------- operators

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


@pytest.mark.parametrize("apply", OPERATORS)
def test_operators_work_both_ways_round(apply: Any) -> None:
    a, b = 2.5, 1.5
    for left, right in ((Value(a), Value(b)), (Value(a), b), (a, Value(b)), (Value(3), 2), (3, Value(2))):
        want = apply(getattr(left, "data", left), getattr(right, "data", right))
        assert apply(left, right).data == want


@pytest.mark.parametrize("apply", OPERATORS)
def test_the_reflected_operator_keeps_the_order_of_its_inputs(apply: Any) -> None:
    v = Value(3.0)
    left, right = apply(2.0, v).inputs
    assert (left.data, right) == (2.0, v)


def test_augmented_assignment_makes_a_new_node() -> None:
    a = b = Value(1.0)
    a += 2
    assert (a.data, b.data) == (3.0, 1.0)


def test_negation_and_absolute_value() -> None:
    assert (-Value(2.0)).data == -2.0
    assert abs(Value(-2.0)).data == 2.0


@pytest.mark.parametrize("apply", OPERATORS)
@pytest.mark.parametrize("other", ["x", None, [1.0], 1j, {}])
def test_an_operator_refuses_what_is_no_number(apply: Any, other: Any) -> None:
    with pytest.raises(TypeError, match=r"unsupported operand|can't multiply|concatenate"):
        apply(Value(1.0), other)
    with pytest.raises(TypeError, match=r"unsupported operand|can't multiply|concatenate"):
        apply(other, Value(1.0))


def test_a_refused_operator_changes_nothing() -> None:
    a = Value(1.0, "a")
    with pytest.raises(TypeError):
        a + "x"
    assert (a.data, a.inputs, a.label) == (1.0, (), "a")
    assert a.grad is NO_GRADIENT


# ----------------------------------------------------------------------- ordering and identity


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (2.0, 1.0), (1.0, 1.0), (nan, 1.0), (-0.0, 0.0)])
def test_ordering_compares_data(compare: Any, a: float, b: float) -> None:
    want = compare(a, b)
    for outcome in (compare(Value(a), Value(b)), compare(Value(a), b), compare(a, Value(b))):
        assert bool(outcome) is want


def test_sorted_max_and_min_go_by_data() -> None:
    values = [Value(x) for x in (3.0, 1.0, 2.0)]
    assert [v.data for v in sorted(values)] == [1.0, 2.0, 3.0]
    assert max(values) is values[0]
    assert min(values) is values[1]


@pytest.mark.parametrize("compare", [operator.eq, operator.ne])
@pytest.mark.parametrize(("a", "b"), [(1.0, 2.0), (1.0, 1.0), (nan, nan), (-0.0, 0.0), (inf, inf)])
def test_equality_compares_data(compare: Any, a: float, b: float) -> None:
    want = compare(a, b)
    for outcome in (compare(Value(a), Value(b)), compare(Value(a), b), compare(a, Value(b))):
        assert bool(outcome) is want
        assert outcome.value().data == want


def test_equality_is_a_condition_of_where() -> None:
    assert where(Value(2.0) == 2.0, 10.0, 20.0).data == 10.0
    assert where(Value(2.0) != 2.0, 10.0, 20.0).data == 20.0


def test_the_hash_is_that_of_the_object() -> None:
    a, b = Value(1.0), Value(1.0)
    assert len({a, b, a}) == 2
    assert {a: "a", b: "b"}[b] == "b"
    assert a not in {b}


def test_a_list_is_searched_by_number() -> None:
    a, b = Value(1.0), Value(1.0)
    assert b in [a]
    assert [a, b].index(b) == 0
    assert [a, b, 1.0].count(1.0) == 3


def test_sets_and_dictionaries_ask_for_no_number_while_a_tape_is_recorded() -> None:
    def function(x: Value) -> Value:
        seen = {x: 1, Value(3.0): 2}
        assert x in seen
        assert x in [x, 5.0], "the object itself is found before any number is compared"
        return x * seen[x]

    with mode.switched(branching=False):
        assert function(Value(3.0)).inputs[1]._data == 1.0


def test_a_comparison_makes_no_node() -> None:
    made: list[Any] = []
    with mode.switched(made=made):
        assert Value(1.0) == Value(1.0)
        assert Value(1.0) in [2.0, Value(1.0)]
    assert not made


@pytest.mark.parametrize("other", ["x", None, [1.0], object()])
def test_a_value_differs_from_what_is_no_number(other: Any) -> None:
    assert (Value(1.0) == other) is False
    assert (Value(1.0) != other) is True


def test_what_knows_how_to_compare_itself_gets_its_turn() -> None:
    assert Value(1.0) == mock.ANY
    assert Value(2.0) == pytest.approx(2.0)
    assert Value(2.0 + 1e-9) == pytest.approx(2.0)
    assert pytest.approx(2.0) == Value(2.0 + 1e-9)
    assert Value(2.1) != pytest.approx(2.0)


@pytest.mark.parametrize("x", [0.0, -0.0, 1.0, -2.5, nan, inf])
def test_a_value_is_true_as_its_number_is_and_as_where_has_it(x: float) -> None:
    assert bool(Value(x)) is bool(x)
    assert where(Value(x), 1.0, 0.0).data == bool(x)
    assert bool(~logical_not(Value(x))) is bool(x)


TRUTHS = [(a, b) for a in (False, True) for b in (False, True)]


@pytest.mark.parametrize(("a", "b"), TRUTHS)
def test_conditions_combine(a: bool, b: bool) -> None:
    one = Value(1.0)
    p, q = one == float(a), one == float(b)
    for both, either, neither in (
        (p & q, p | q, ~p),
        (p & b, p | b, ~p),
        (a & q, a | q, ~(one == float(a))),
        (logical_and(p, q), logical_or(p, q), logical_not(p)),
        (logical_and(Value(a), b), logical_or(a, Value(b)), logical_not(a)),
    ):
        assert (bool(both), bool(either), bool(neither)) == (a and b, a or b, not a)
        assert where(both, 1.0, 0.0).data == float(a and b)


def test_conditions_without_parentheses_are_no_silent_mistake() -> None:
    x = Value(1.0)
    with pytest.raises(TypeError):
        x > 0 & x < 3  # noqa: B015
    with pytest.raises(TypeError):
        (x > 0) & x < 3  # type: ignore[operator]  # noqa: B015


@pytest.mark.parametrize("other", ["a", None, [True]])
def test_a_condition_combines_with_conditions_only(other: Any) -> None:
    with pytest.raises(TypeError, match="a condition is a comparison"):
        (Value(1.0) > 0) & other


def test_a_comparison_behaves_as_a_truth_value() -> None:
    outcome = Value(1.0) < 2
    assert isinstance(outcome, Comparison)
    assert [outcome] == [True]
    assert [outcome] != [False]
    assert hash(outcome) == hash(True)
    assert repr(outcome) == "True"


@pytest.mark.parametrize("other", ["x", None, [1.0]])
def test_ordering_refuses_what_is_no_number(other: Any) -> None:
    with pytest.raises(TypeError, match="not supported between"):
        operator.lt(Value(1.0), other)


def test_a_comparison_as_a_value_follows_its_data_and_takes_no_gradient() -> None:
    x = Value(2.0)
    condition = (x > 1).value()
    assert condition.data == 1.0
    assert condition.role == "constant"
    assert condition.op is not None
    assert condition.inputs[1] is x


# -------------------------------------------------------------------------- a Value is no float


@pytest.mark.parametrize("convert", [float, int, math.exp, math.sqrt, math.isnan])
def test_turning_a_value_into_a_number_names_the_ways_that_keep_the_gradient(convert: Any) -> None:
    with pytest.raises(TypeError, match=r"v\.exp\(\).*v\.data"):
        convert(Value(1.0))


@pytest.mark.parametrize("convert", [complex, operator.index, math.trunc, lambda v: round(v, 2)])
def test_no_other_conversion_slips_through(convert: Any) -> None:
    with pytest.raises(TypeError):
        convert(Value(1.0))


# -------------------------------------------------------------------------------- IEEE results


@pytest.mark.parametrize(
    ("compute", "want"),
    [
        (lambda: Value(1000.0).exp(), inf),
        (lambda: Value(0.0).log(), -inf),
        (lambda: Value(-1.0).log(), nan),
        (lambda: Value(-1.0).log1p(), -inf),
        (lambda: Value(0.0) * inf, nan),
        (lambda: Value(1.0) / 0.0, inf),
        (lambda: -1.0 / Value(0.0), -inf),
        (lambda: 1.0 / Value(-0.0), -inf),
        (lambda: Value(0.0) / 0.0, nan),
        (lambda: Value(-8.0) ** (1 / 3), nan),
        (lambda: Value(0.0) ** -1, inf),
        (lambda: Value(0.0) ** 0, 1.0),
        (lambda: Value(-2.0) ** 3, -8.0),
        (lambda: Value(1e200) ** 2, inf),
        (lambda: Value(-1e200) ** 3, -inf),
        (lambda: Value(inf).sin(), nan),
        (lambda: Value(-1.0).sqrt(), nan),
        (lambda: Value(2.0).asin(), nan),
        (lambda: Value(1000.0).sinh(), inf),
        (lambda: Value(-1000.0).sinh(), -inf),
        (lambda: Value(-1000.0).cosh(), inf),
        (lambda: Value(1e308) * 10, inf),
        (lambda: Value(inf) - inf, nan),
    ],
)
def test_results_beyond_the_reals_are_those_of_ieee(compute: Any, want: float) -> None:
    got = compute().data
    assert type(got) is float
    assert got == want or (math.isnan(got) and math.isnan(want))


def test_detach_gives_the_number_without_the_history() -> None:
    x = Value(2.0, "x")
    y = x * x
    y.label = "y"
    still = y.detach()
    assert isinstance(still, Constant)
    assert (still.data, still.label, still.inputs) == (4.0, "y", ())


@pytest.mark.parametrize("data", ["1", None, [1.0], 1j])
def test_data_that_is_no_real_number_is_refused_and_nothing_is_changed(data: object) -> None:
    x = Value(1.0)
    with pytest.raises(TypeError, match="the data of a Value is one real number"):
        x.data = data  # type: ignore[assignment]
    assert x.data == 1.0
