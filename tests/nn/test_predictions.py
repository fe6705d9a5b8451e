"""Answers to many rows: the same by the tape as row by row, whatever the model."""

import numpy as np
import pytest

from autograd import Parameter
from nn import MLP, Module, Recurrent, RNNCell, accuracy, classify, fit, predict, probabilities
from nn.predictions import FEW, outputs_of

X = np.random.default_rng(0).normal(size=(300, 8))


def row_by_row(model, rows):
    return [
        [v.data for v in (out if isinstance(out, list) else [out])]
        for out in (model(row) for row in rows.tolist())
    ]


@pytest.mark.parametrize("sizes", [[16, 3], [16, 1]])
def test_the_tape_outputs_of_as_the_model_does_row_by_row(sizes):
    model = MLP(8, sizes, activation="tanh", seed=0)
    assert len(X) * len(model.parameters()) > FEW
    found = outputs_of(model, X)
    assert isinstance(found, np.ndarray)
    assert found == pytest.approx(np.array(row_by_row(model, X)), rel=1e-12)
    assert np.reshape(predict(model, X), found.shape).tolist() == found.tolist()


def test_dropout_is_off_meanwhile_and_on_again_after():
    model = MLP(8, [16, 3], dropout=0.5, seed=0)
    found = outputs_of(model, X)
    assert model.training
    assert found == pytest.approx(np.array(row_by_row(model.eval(), X)), rel=1e-12)


class Branching(Module):
    """Takes another way for some rows, which cannot be recorded."""

    def __init__(self):
        self.w = [Parameter(float(i)) for i in range(100)]

    def __call__(self, x):
        return self.w[1] * 2 if x[0] > 0 else self.w[2] * x[1]


class Counting(Module):
    """Keeps state: of every row it says how many came before."""

    def __init__(self):
        self.w = [Parameter(0.0) for _ in range(100)]
        self.count = 0

    def __call__(self, x):
        self.count += 1
        return self.w[0] + self.count


@pytest.mark.parametrize("make", [Branching, Counting])
def test_what_cannot_be_recorded_is_asked_row_by_row(make):
    found = outputs_of(make(), X)
    assert isinstance(found, list)
    if make is Branching:
        assert found == row_by_row(make(), X)
    else:
        assert np.diff(found, axis=0).tolist() == [[1.0]] * (len(X) - 1)


def test_a_row_that_does_not_suit_is_named_as_ever():
    with pytest.raises(ValueError, match="the network takes 8 inputs"):
        outputs_of(MLP(8, [16, 3]), X[:, :7])


def test_a_large_test_set_is_judged_as_it_is_row_by_row():
    y = (X[:, 0] > 0).astype(int)
    model = MLP(8, [16, 1], seed=0)
    fit(model, X, y, loss="binary_cross_entropy", epochs=5, progress=False)
    shares = [accuracy(model, X[i : i + 1], y[i : i + 1]) for i in range(len(X))]
    assert accuracy(model, X, y) == pytest.approx(sum(shares) / len(X))


def test_classes_are_what_the_outputs_name():
    several, single = MLP(8, [3], seed=1), MLP(8, [1], seed=1)
    assert classify(several, X) == np.argmax(predict(several, X), axis=1).tolist()
    assert classify(single, X) == [int(p > 0) for p in predict(single, X)]
    assert classify(single, X, threshold=0.5) == [int(p > 0.5) for p in predict(single, X)]
    assert accuracy(several, X, classify(several, X)) == 1.0


@pytest.mark.parametrize("fused", [True, False])
def test_a_sigmoid_s_output_is_a_probability_already(fused):
    model = MLP(8, [1], output="sigmoid", fused=fused, seed=1)
    found = probabilities(model, X)
    assert found[:, 1].tolist() == predict(model, X)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert classify(model, X) == (found[:, 1] > 0.5).astype(int).tolist()


def test_outputs_become_probabilities_by_softmax_or_the_logistic_function():
    several, single = MLP(8, [3], seed=1), MLP(8, [1], seed=1)
    powers = np.exp(predict(several, X))
    assert probabilities(several, X) == pytest.approx(powers / powers.sum(axis=1, keepdims=True))
    assert probabilities(single, X)[:, 1] == pytest.approx(1 / (1 + np.exp(-np.array(predict(single, X)))))


def test_a_model_with_outputs_at_every_step_names_a_class_at_each():
    sequences = X[:6, :, None]
    model = Recurrent(RNNCell(1, 2, seed=0), 3, every_step=True, seed=0)
    classes, shares = classify(model, sequences), probabilities(model, sequences)
    assert shares.shape == (6, 8, 3)
    assert shares.argmax(axis=2).tolist() == classes
    assert accuracy(model, sequences, classes) == 1.0
