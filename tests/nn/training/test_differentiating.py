"""A model that differentiates what it computes: accepted, recorded and trained in both engines."""

from math import exp

import pytest

from autograd import Value, gradients
from nn import MLP, Adam, Dropout, Module, fit, predict
from tests.nn.engines import TAPE

X = [[i / 19] for i in range(20)]
ZEROS = [0.0] * len(X)


class Growth(Module):
    """u' = u and u(0) = 1, for u(x) = 1 + x·net(x); it gives the residual u' − u."""

    def __init__(self, dropout=0.0):
        self.net = MLP(1, [6, 1], "tanh", seed=0, dropout=dropout)

    def solution(self, x):
        return 1.0 + x * self.net([x])

    def forward(self, row):
        x = row[0] if isinstance(row[0], Value) else Value(row[0], "x")
        u = self.solution(x)
        return gradients(u, x, create_graph=True) - u


class Wave(Growth):
    """u'' = −u, u(0) = 1 and u'(0) = 0, for u(x) = 1 + x²·net(x)."""

    def solution(self, x):
        return 1.0 + x**2 * self.net([x])

    def forward(self, row):
        x = row[0] if isinstance(row[0], Value) else Value(row[0], "x")
        u = self.solution(x)
        slope = gradients(u, x, create_graph=True)
        return gradients(slope, x, create_graph=True) + u


def trained(kind, engine, epochs, **settings):
    model = kind()
    history = fit(
        model, X, ZEROS, loss="mse", optimizer=Adam(model.parameters(), lr=0.05), epochs=epochs,
        engine=engine, validation=(X[::3], ZEROS[::3]), progress=False, **settings,
    )  # fmt: skip
    return model, history


@TAPE
@pytest.mark.parametrize("kind", [Growth, Wave])
def test_both_engines_train_it_alike(kind):
    (a, one), (b, other) = (trained(kind, engine, 5, batch_size=8) for engine in ("eager", "auto"))
    assert (one.engine, other.engine) == ("eager", "tape")
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-9)
    assert one["val_loss"] == pytest.approx(other["val_loss"], rel=1e-9)
    assert a.state_dict() == pytest.approx(b.state_dict(), rel=1e-7, abs=1e-9)


@TAPE
def test_it_learns_the_solution():
    model, history = trained(Growth, "tape", 300)
    assert history["val_loss"][-1] < 1e-3
    assert model.solution(Value(1.0)).data == pytest.approx(exp(1), abs=0.05)


def test_its_outputs_are_predicted_and_its_losses_are_judged():
    model, history = trained(Growth, "eager", 1)
    residuals = predict(model, X[::3])
    assert residuals == [model(x).data for x in X[::3]]
    assert history["val_loss"] == [pytest.approx(sum(r * r for r in residuals) / len(residuals))]


@TAPE
def test_with_dropout_inside_it_is_recorded_as_well():
    class Dropping(Growth):
        def __init__(self):
            super().__init__(dropout=0.3)
            for k, module in enumerate(m for m in self.modules() if isinstance(m, Dropout)):
                module.rng.seed(k)

    one, other = (trained(Dropping, engine, 3)[1] for engine in ("eager", "tape"))
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-9)
