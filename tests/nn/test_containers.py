"""Sequential and Lambda."""

from __future__ import annotations

import pytest

from nn import Layer, Module
from nn.containers import Lambda, Sequential


def test_steps_follow_each_other() -> None:
    first, last = Layer(2, 3, "tanh", seed=0), Layer(3, 1, "linear", seed=1)
    assert Sequential(first, last)([0.5, -1.0]).data == last(first([0.5, -1.0])).data


def test_parameters_of_all_steps_are_found() -> None:
    model = Sequential(Layer(2, 3), lambda x: x, Layer(3, 1))
    assert len(model.parameters()) == 9 + 4
    assert [type(step) for step in model] == [Layer, Lambda, Layer]
    assert model[1].parameters() == []
    assert isinstance(model, Module)


@pytest.mark.parametrize("steps", [(), (1.0,), ("relu",)])
def test_what_is_not_a_step_is_refused(steps: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, ValueError), match="Module"):
        Sequential(*steps)
