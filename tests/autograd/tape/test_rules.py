"""A rule for one number runs over vectors."""

from __future__ import annotations

import numpy as np
import pytest

from autograd.tape.rules import vectorised


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
