"""The inputs of a network: as many as it takes, as Values with names."""

from __future__ import annotations

import pytest

from autograd import Value
from nn.inputs import as_inputs


def test_numbers_become_named_values_and_values_stay_themselves():
    v = Value(2.0, "mine")
    first, second = as_inputs([1, v], 2, "network")
    assert (first.label, first.data) == ("x1", 1.0)
    assert second is v


def test_a_single_number_is_a_sample_of_one_input():
    assert [v.label for v in as_inputs(0.5, 1, "neuron")] == ["x1"]


def test_another_number_of_inputs_is_refused():
    with pytest.raises(ValueError, match="the layer 2 takes 2 inputs per sample; got 1"):
        as_inputs([1.0], 2, "layer 2")
