"""The exercises: right is right, a typical mistake gets the hint that fits, no answer is no failure."""

from __future__ import annotations

import math
import signal
from typing import Any

import pytest

from autograd.testing.exercises import EXERCISES, grade, grading
from autograd.testing.exercises.worked import Worked
from tests.autograd.testing.exercises import answers

SLIPS = [
    (name, hint, slip) for name, e in EXERCISES.items() if isinstance(e, Worked) for hint, slip in e.slips
]
every_exercise = pytest.mark.parametrize("name", EXERCISES)


def named(name: str, function: Any) -> Any:
    """The function as if the learner had written it."""

    def answer(*arguments: Any) -> Any:
        return function(*arguments)

    answer.__name__ = name
    return answer


def hint_of(name: str, function: Any) -> str:
    found = grade(named(name, function))
    assert found.verdict == "not yet"
    assert not found
    return found.hint


def test_there_are_enough() -> None:
    assert len(EXERCISES) >= 24


@every_exercise
def test_a_right_answer_is_right(name: str) -> None:
    found = grade(getattr(answers, name))
    assert found, found
    assert str(found) == f"{name}: right."


@every_exercise
def test_no_answer_yet_is_told_without_failing(name: str) -> None:
    def not_implemented(*_: Any) -> None:
        raise NotImplementedError

    for empty in (lambda *_: None, lambda *_: ..., not_implemented):
        assert grade(named(name, empty)).verdict == "not answered yet"


@every_exercise
def test_an_answer_that_raises_is_told_what_it_raised(name: str) -> None:
    assert "ZeroDivisionError" in hint_of(name, lambda *_: 1 / 0)


@pytest.mark.parametrize(("name", "hint", "slip"), SLIPS, ids=[f"{n}: {h}" for n, h, _ in SLIPS])
def test_each_slip_gets_its_own_hint(name: str, hint: str, slip: Any) -> None:
    assert hint_of(name, slip).endswith(hint)


@pytest.mark.parametrize("name", [n for n, e in EXERCISES.items() if isinstance(e, Worked)])
def test_a_wrong_answer_of_no_known_kind_is_told_the_numbers_and_what_is_wanted(name: str) -> None:
    exercise = EXERCISES[name]
    assert isinstance(exercise, Worked)

    def worse(x: Any) -> Any:
        return type(x)(map(worse, x)) if isinstance(x, list | tuple) else x + 0.123

    right = getattr(answers, name)
    told = hint_of(name, lambda *arguments: worse(right(*arguments)))
    assert "is right" in told
    assert told.endswith(exercise.wanted)


RULES = {
    "rule_of_product": [
        (lambda a, b: (a * b, a, b), "exchanged"),
        (lambda a, b: (a + b, b, a), "value"),
        (lambda a, b: a * b, "3 numbers"),
    ],
    "rule_of_quotient": [
        (lambda a, b: (a / b, 1 / b, a / b**2), "the sign of the divisor's partial"),
        (lambda a, b: (a / b, 1 / b, -1 / b**2), "the dividend is missing"),
        (lambda a, b: (a // b, 1 / b, -a / b**2), "// for /"),
        (lambda a, b: (b / a, 1 / b, -a / b**2), "reverse order"),
    ],
    "rule_of_sigmoid": [
        (lambda x: (1 / (1 + math.exp(-x)), x * (1 - x)), "x is where the result belongs"),
        (lambda x: (1 / (1 + math.exp(x)), 1.0), "its value is"),
    ],
    "rule_of_tanh": [
        (lambda x: (math.tanh(x), 1 - x**2), "1 − x² for 1 − tanh²(x)"),
        (lambda x: (math.tanh(x), 1 - math.tanh(x)), "the square is missing"),
        (lambda x: (math.tanh(x), math.tanh(x) ** 2 - 1), "the sign is flipped"),
    ],
    "rule_of_relu": [
        (lambda x: (max(0.0, x), 1.0), "the condition x > 0 is missing"),
        (lambda x: (max(0.0, x), 0.0), "nothing is sent"),
    ],
    "rule_of_softplus": [(lambda x: (math.log(1 + math.exp(x)), math.tanh(x)), "is right")],
}


@pytest.mark.parametrize(
    ("name", "rule", "hint"), [(n, rule, hint) for n, rules in RULES.items() for rule, hint in rules]
)
def test_a_wrong_rule_is_told_the_likely_mistake(name: str, rule: Any, hint: str) -> None:
    assert hint in hint_of(name, rule)


def children_first(output: Any) -> list[Any]:
    """Each node before its inputs, deeper at once."""
    return [output, *(v for u in output.inputs for v in children_first(u))]


def once(nodes: list[Any]) -> list[Any]:
    return list(dict.fromkeys(nodes))


@pytest.mark.parametrize(
    ("order", "hint"),
    [
        (lambda y: answers.order_of(y)[::-1], "backwards"),
        (lambda y: children_first(y)[::-1], "more than once"),
        (lambda y: once(children_first(y)), "backwards"),
        (lambda y: once(children_first(y))[::-1], "before one of its inputs"),
        (lambda y: answers.order_of(y)[:-1], "is missing"),
        (lambda y: [v for v in answers.order_of(y) if v.inputs], "is missing"),
    ],
)
def test_a_wrong_order_is_told_what_is_wrong_with_it(order: Any, hint: str) -> None:
    assert hint in hint_of("order_of", order)


def passes(
    order: Any, backwards: bool = True, add: bool = True, upstream: bool = True, seed: float = 1.0
) -> None:
    """A reverse pass with mistakes as wanted."""
    order[-1].grad = seed
    for node in reversed(order) if backwards else order:
        for v, partial in zip(node.inputs, node.partials, strict=True):
            sent = partial * (node.grad if upstream else 1.0)
            v.grad = v.grad + sent if add else sent


@pytest.mark.parametrize(
    ("mistake", "hint"),
    [
        ({"add": False}, "= where += belongs"),
        ({"upstream": False}, "without its upstream"),
        ({"seed": 2.0}, "its gradient is 1, and yours is 2"),
        ({"backwards": False}, "is right"),
    ],
)
def test_a_wrong_reverse_pass_is_told_the_likely_mistake(mistake: dict[str, Any], hint: str) -> None:
    assert hint in hint_of("backward", lambda order: passes(order, **mistake))


def test_an_answer_that_changes_its_arguments_is_told_so() -> None:
    def sgd_step(w: list[float], g: list[float], lr: float) -> list[float]:
        for k in range(len(w)):
            w[k] -= lr * g[k]
        return w

    assert "changes what it is given" in grade(sgd_step).hint


def test_an_answer_of_another_shape_is_told_what_is_wanted() -> None:
    assert "something like [0.95, -2.4] is wanted" in hint_of("sgd_step", lambda w, g, lr: 0.95)


def test_logits_of_any_size_are_asked_for() -> None:
    def softmax(z: list[float]) -> list[float]:
        return [math.exp(x) / sum(map(math.exp, z)) for x in z]

    assert "softmax([1000, 999]) raises OverflowError" in grade(softmax).hint
    assert grade(softmax).hint.endswith("take the largest z away first.")


def test_an_array_is_as_good_as_a_list() -> None:
    numpy = pytest.importorskip("numpy")
    assert grade(named("layer_sums", lambda W, x, b: numpy.array(W) @ x + b))


def test_a_function_of_another_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'sgd_step'"):
        grade(named("sgd_stepp", print))
    with pytest.raises(TypeError, match="the function that you wrote"):
        grade(0.95)  # type: ignore[arg-type]


def test_a_rule_may_return_an_array() -> None:
    numpy = pytest.importorskip("numpy")
    assert grade(named("rule_of_product", lambda a, b: numpy.array([a * b, b, a])))


def test_a_reverse_pass_without_a_seed_is_an_answer() -> None:
    def backward(order: Any) -> None:
        for node in reversed(order):
            for v, partial in zip(node.inputs, node.partials, strict=True):
                v.grad += node.grad * partial

    assert "its gradient is 1" in hint_of("backward", backward)


def test_an_upstream_that_is_added_is_named() -> None:
    def backward(order: Any) -> None:
        order[-1].grad = 1.0
        for node in reversed(order):
            for v, partial in zip(node.inputs, node.partials, strict=True):
                v.grad += node.grad + partial

    assert "added, not multiplied" in hint_of("backward", backward)
    assert "factor 2" not in hint_of("backward", backward)


def test_a_loop_without_an_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(signal, "setitimer"):
        pytest.skip("this system has no timer that interrupts")
    monkeypatch.setattr(grading, "SECONDS", 0.01)
    before = signal.getsignal(signal.SIGALRM)

    def endless(*_: Any) -> None:
        while True:
            pass

    assert "does not end" in hint_of("rule_of_tanh", endless)
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
