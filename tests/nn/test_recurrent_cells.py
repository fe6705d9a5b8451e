"""The equations of recurrent cells, written out by hand."""

from math import exp, tanh

import pytest

from nn import LSTMCell, RNNCell
from tests.nn.test_recurrent import CELLS, gates, run


def sigmoid(z):
    return 1 / (1 + exp(-z))


def test_a_simple_cell_of_one_unit_is_its_equation():
    cell = RNNCell(1, 1)
    cell.hidden.W, cell.hidden.b = [[0.5, -2.0]], [0.25]
    assert cell([3.0], [0.1])[0].data == pytest.approx(tanh(0.5 * 3.0 - 2.0 * 0.1 + 0.25))


def test_an_lstm_of_one_unit_is_its_equations():
    cell = LSTMCell(1, 1)
    for k, layer in enumerate(gates(cell)):
        layer.W, layer.b = [[0.1 * (k + 1), -0.3]], [0.05 * k]
    z = [0.1 * (k + 1) * 2.0 - 0.3 * 0.5 + 0.05 * k for k in range(4)]
    c = sigmoid(z[1]) * 0.7 + sigmoid(z[0]) * tanh(z[2])
    (h_new,), (c_new,) = cell([2.0], ([0.5], [0.7]))
    assert c_new.data == pytest.approx(c)
    assert h_new.data == pytest.approx(sigmoid(z[3]) * tanh(c))


def test_a_new_lstm_remembers():
    cell = LSTMCell(2, 3, seed=0)
    assert cell.forget.b == [1.0, 1.0, 1.0]
    assert cell.input.b == cell.candidate.b == cell.output.b == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("kind", CELLS)
def test_the_state_before_the_first_step_is_zero(kind):
    cell = kind(2, 3, seed=0)
    zeros = ([0.0] * 3, [0.0] * 3) if kind is LSTMCell else [0.0] * 3
    first = [run(cell, [[1.0, 2.0]])[0], cell([1.0, 2.0], zeros)]
    other = first[1][0] if kind is LSTMCell else first[1]
    assert [v.data for v in first[0]] == [v.data for v in other]


@pytest.mark.parametrize("kind", CELLS)
def test_the_same_seed_gives_the_same_cell(kind):
    assert kind(2, 3, seed=5).state_dict() == kind(2, 3, seed=5).state_dict()
    assert kind(2, 3, seed=5).state_dict() != kind(2, 3, seed=6).state_dict()


@pytest.mark.parametrize("kind", CELLS)
def test_every_parameter_has_a_label_of_its_own_and_biases_are_no_weights(kind):
    cell = kind(2, 3, seed=0)
    labels = [p.label for p in cell.parameters()]
    assert len(set(labels)) == len(labels)
    assert [p.label for p in cell.weights()] == [label for label in labels if not label.startswith("b")]
