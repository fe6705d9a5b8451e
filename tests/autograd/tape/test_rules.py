"""A rule for one number runs over vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import sqrt as root
from typing import Any

import numpy as np
import pytest

from autograd.tape import vectorised

pytestmark = pytest.mark.usefixtures("executor")


def test_a_rule_for_numbers_runs_over_vectors() -> None:
    def rule(p, g, h, m):
        m = h[1] * m + g
        return p - h[0] * m, m

    p, g, m = np.array([1.0, 2.0]), np.array([0.5, -0.5]), np.array([0.0, 1.0])
    vectorised(rule, 1)(p, g, (0.1, 0.9), m)
    assert m == pytest.approx([0.5, 0.4])
    assert p == pytest.approx([0.95, 1.96])


def test_a_rule_without_state_runs_over_vectors() -> None:
    p, g = np.array([1.0, 2.0]), np.array([0.5, -0.5])
    vectorised(lambda p, g, h: (p - h[0] * g,), 0)(p, g, (0.1,))
    assert p == pytest.approx([0.95, 2.05])


def of_math(p, g, h, m):
    return p - math.sqrt(g), m + root(g)


def of_branches(p, g, h, m):
    return p - (math.sqrt(g) if g < 1.0 else g**0.5), m + math.sqrt(g)


def swapped(p, g, h, m):
    return m - (m - p) - g**0.5, m + g**0.5


@pytest.mark.parametrize("rule", [of_math, of_branches, swapped])
def test_a_rule_may_call_functions_of_math_and_ask_if(rule: Callable[..., Any]) -> None:
    p, g, m = np.array([1.0, 2.0]), np.array([0.25, 4.0]), np.array([0.0, 1.0])
    vectorised(rule, 1)(p, g, (0.1,), m)
    assert p.tolist() == [0.5, 0.0]
    assert m.tolist() == [0.5, 3.0]


def test_a_rule_may_give_back_what_it_was_given() -> None:
    p, g, m = np.array([1.0, 2.0]), np.array([0.25, 4.0]), np.array([5.0, 6.0])
    vectorised(lambda p, g, h, m: (m, p), 1)(p, g, (), m)
    assert (p.tolist(), m.tolist()) == ([5.0, 6.0], [1.0, 2.0])


def test_a_rule_without_numbers_changes_nothing() -> None:
    nothing = np.empty(0)
    vectorised(of_branches, 1)(nothing, nothing, (0.1,), nothing)
    assert nothing.size == 0
