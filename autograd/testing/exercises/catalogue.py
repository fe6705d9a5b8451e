"""The exercises of the lessons, in their order.  What is right is told by numbers, never by a formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import ops
from autograd.testing.exercises.engines import BackwardExercise, OrderExercise, RuleExercise
from autograd.testing.exercises.grading import Exercise, Grade, graded
from autograd.testing.exercises.language import LANGUAGE
from autograd.testing.exercises.networks import NETWORKS
from autograd.testing.exercises.training import TRAINING

RULES = (
    RuleExercise("rule_of_product", ops.mul),
    RuleExercise("rule_of_sigmoid", ops.sigmoid),
    RuleExercise("rule_of_tanh", ops.tanh),
    RuleExercise("rule_of_relu", ops.relu),
    RuleExercise("rule_of_quotient", ops.div),
    RuleExercise("rule_of_softplus", ops.softplus),
)
EVERY: tuple[Exercise, ...] = (*RULES, OrderExercise(), BackwardExercise(), *NETWORKS, *TRAINING, *LANGUAGE)
EXERCISES: dict[str, Exercise] = {e.name: e for e in EVERY}
"""All exercises by the name of the function that the learner writes."""


def grade(answer: Callable[..., Any]) -> Grade:
    """Grade the answer to an exercise; the exercise is found by the function's name.

    Args:
        answer: the function that the learner wrote.

    Returns:
        A grade that prints itself and is true if the answer is right: ``right``, ``not yet`` with a hint,
        or ``not answered yet``.

    Raises:
        TypeError: if the answer is not a function.
        ValueError: if there is no exercise of that name.

    >>> def rule_of_tanh(x):
    ...     ...
    >>> grade(rule_of_tanh)
    rule_of_tanh: not answered yet. Put your answer in place of the … and run the cell again.
    >>> def sgd_step(w, g, lr):
    ...     return [wi + lr * gi for wi, gi in zip(w, g)]
    >>> grade(sgd_step)
    sgd_step: not yet. sgd_step([1, -2], [0.5, 4], 0.1) is [1.05, -1.6], and [0.95, -2.4] is right. \
Downhill is against the gradient: minus.
    """
    return graded(EXERCISES, answer)
