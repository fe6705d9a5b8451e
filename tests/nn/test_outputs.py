"""What outputs say: classes and probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, softmax
from nn.outputs import both_classes, is_right, largest, single_or_list, softmax_of

logits = st.floats(-700, 700)


@given(st.lists(logits, min_size=2, max_size=5))
def test_probabilities_are_the_softmax_of_the_engine(row):
    wanted = [p.data for p in softmax([Value(x) for x in row])]
    assert softmax_of([row])[0].tolist() == pytest.approx(wanted, rel=1e-12, abs=0)


@given(logits)
def test_a_single_logit_is_that_of_the_second_class(z):
    assert softmax_of([[z]])[0, 1] == pytest.approx(Value(z).sigmoid().data, rel=1e-12, abs=0)
    assert softmax_of([[z]])[0, 0] == pytest.approx(Value(-z).sigmoid().data, rel=1e-12, abs=0)


def test_probabilities_of_infinite_logits_are_known_or_nan_but_no_warning():
    assert softmax_of([[-np.inf, 0.0]]).tolist() == [[0.0, 1.0]]
    assert np.isnan(softmax_of([[np.inf, np.inf]])).all()


def test_both_classes_have_the_probability_of_the_second_and_the_rest():
    assert both_classes([[0.25], [1.5], [-1.0]]).tolist() == [[0.75, 0.25], [0.0, 1.0], [1.0, 0.0]]


def test_the_first_of_equals_is_the_largest():
    assert largest([1.0, 3.0, 3.0]) == 1
    assert is_right([0.2, 0.8], [0.0, 1.0], 0.0)
    assert not is_right([0.4], [1.0], 0.5)


def test_a_sequence_of_one_is_its_only_member():
    assert single_or_list((3,)) == 3
    assert single_or_list((3, 4)) == [3, 4]
