"""The record of an op, and the table."""

from __future__ import annotations

import pytest

from autograd.ops import POSITIVE, REAL, TABLE, op


def test_an_op_that_is_in_the_table_already_is_refused() -> None:
    before = TABLE["tanh"]
    with pytest.raises(ValueError, match="the table has an op 'tanh' already; give this one another name"):
        op("tanh", "t", lambda m: (lambda a: a, lambda a, y: 1.0))
    assert TABLE["tanh"] is before


def test_the_last_domain_serves_all_further_inputs() -> None:
    assert [TABLE["pow"].domain_of(i) for i in range(2)] == [POSITIVE, REAL]
    assert [TABLE["maximum"].domain_of(i) for i in range(2)] == [REAL, REAL]
