"""Cures fit the network: nothing is advised that it has already, and no rate against a wrong domain."""

import random
import re
from math import isfinite

import pytest

from autograd import Parameter, gradients, where
from nn import (
    MLP,
    SGD,
    Embedding,
    GRUCell,
    Layer,
    Module,
    Monitor,
    Recurrent,
    RNNCell,
    Sequential,
    fit,
    init,
    losses,
)  # fmt: skip
from nn.health.causes import cause_in
from nn.health.layers import Homes, shape_of
from nn.health.records import Records
from nn.health.signs import SIGNS
from nn.predictions import values_of
from tests.networks import Experts
from tests.nn.engines import ENGINES
from tests.nn.health.models import Plain, points

X, Y = points()


def cure(sign, model, x=(0.5, -1.0), k=0):
    """What is advised against a sign in layer ``k`` of a model."""
    homes = Homes(model)
    log = Records(homes.layers)
    log.seen(shape_of(values_of(model(x)), homes))
    return SIGNS[sign].cure(log, k)


def test_no_relu_is_advised_to_a_network_of_relus():
    for activation in ("relu", "leaky_relu", "prelu", "gelu", "elu", "linear"):
        assert "ReLU" not in cure("vanishing gradient", MLP(2, [8, 8, 1], activation))
    for activation in ("sigmoid", "tanh", ["relu", "tanh", "linear"]):
        assert "Take ReLU or its kin" in cure("vanishing gradient", MLP(2, [8, 8, 1], activation))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("sign", ["vanishing gradient", "dying units"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "selu", "prelu"])
def test_no_initialiser_is_advised_to_a_network_that_started_from_it(activation, sign, seed):
    rng = random.Random(seed)
    sizes = [rng.randint(1, 16) for _ in range(rng.randint(1, 3))]
    assert "start with" not in cure(sign, MLP(2, [*sizes, 1], activation, seed=seed))


def test_the_initialiser_that_fits_is_named_to_others():
    small = MLP(2, [16, 16, 1], "relu", init=init.normal(std=0.01), seed=0)
    assert "start with he_normal" in cure("dying units", small)
    assert "start with he_normal" in cure("dying units", MLP(2, [16, 16, 1], "relu", init="zeros"))
    assert "start with lecun_normal" in cure("dying units", MLP(2, [9, 9, 9, 1], "selu", init="zeros"))
    glorot = MLP(8, [16, 16, 16, 1], "relu", init="xavier_uniform", seed=0)
    assert "start with he_normal" in cure("dying units", glorot, [1.0] * 8)


def test_what_is_not_known_of_a_network_is_advised():
    assert "an initialiser that fits" in SIGNS["vanishing gradient"].cure(
        Records(Homes(MLP(2, [3, 1])).layers), 0
    )
    assert "start with he_normal" in cure("dying units", Plain(2, 3, "relu"))


def test_smaller_weights_are_advised_where_they_started_large():
    large = MLP(2, [8, 8, 1], "tanh", init=init.normal(std=3), seed=0)
    for sign in ("exploding gradient", "saturated units"):
        assert "start from smaller weights" in cure(sign, large).lower()
        fitting = cure(sign, MLP(2, [8, 8, 1], "tanh", seed=0)).lower()
        assert "smaller weights" not in fitting
        assert "lower the learning rate" in fitting


def test_cross_entropy_is_advised_for_the_output_alone():
    model = MLP(2, [3, 1], ["sigmoid", "sigmoid"])
    assert "cross-entropy" not in cure("saturated units", model, k=0)
    assert "cross-entropy" in cure("saturated units", model, k=1)
    assert "scale the inputs" in cure("saturated units", model, k=0)
    assert "inputs" not in cure("saturated units", model, k=1)


def test_gates_are_advised_to_recurrent_networks_without():
    x = [[0.5], [1.0]]
    simple, gated = Recurrent(RNNCell(1, 3), 1), Recurrent(GRUCell(1, 3), 1)
    for sign in ("vanishing gradient", "exploding gradient"):
        assert "gated cells" in cure(sign, simple, x)
        assert "gated cells" not in cure(sign, gated, x)
        assert "truncate" in cure(sign, gated, x)
        assert "ReLU" not in cure(sign, gated, x)
        assert "gated cells" not in cure(sign, MLP(2, [3, 1]))
        assert "truncate" not in cure(sign, MLP(2, [3, 1]))


def test_a_layer_that_is_not_used_is_told_so():
    class Net(Module):
        def __init__(self):
            self.used, self.spare = Layer(2, 1), Layer(2, 1)

        def forward(self, x):
            return self.used(x)

    monitor = Monitor()
    model = Net()
    fit(model, X, Y, loss="mse", epochs=10, engine="eager", callbacks=[monitor], progress=False)
    assert monitor.layers == ["spare", "used"]
    (finding,) = [f for f in monitor.findings if f.sign == "vanishing gradient"]
    assert (finding.layer, finding.cure) == (
        "spare",
        "Nothing that it computes reaches the loss: use it in the model, or leave it out.",
    )


def test_a_table_that_is_read_is_not_told_to_be_unused_where_its_gradient_is_0():
    class Net(Module):
        def __init__(self):
            self.table, self.out = Embedding(3, 2), Layer(2, 1)

        def forward(self, x):
            return self.out([a - a + v for a, v in zip(self.table(1), x, strict=True)])

    monitor = Monitor()
    fit(Net(), X, Y, loss="mse", epochs=10, engine="eager", callbacks=[monitor], progress=False)
    (finding,) = [f for f in monitor.findings if f.sign == "vanishing gradient"]
    assert finding.layer == "table"
    assert finding.cure.startswith("None at all flows back to it")


@pytest.mark.parametrize("bias", [1.0, -1.0])
def test_a_layer_that_no_gradient_flows_back_to_is_told_so_wherever_it_stands(bias):
    model = Experts(2)
    model.gate.W, model.gate.b = [[0.0, 0.0]], [bias]
    monitor = Monitor()
    fit(model, X, Y, loss="mse", epochs=10, engine="eager", callbacks=[monitor], progress=False)
    (finding,) = [f for f in monitor.findings if f.sign == "vanishing gradient"]
    idle, taken = (1, 2) if bias < 0 else (2, 1)
    assert finding.layer == f"expert {idle} · layer 1"
    assert f"one of expert {taken} · layer 2" in finding.fact
    assert finding.cure.startswith("None at all flows back to it: see that where,")


# ------------------------------------------------------------------------- the first bad operation


class Head(Module):
    """A layer, and a function of its output."""

    def __init__(self, function, bias=0.0):
        self.l1, self.function = Layer(2, 1, "linear", seed=0), function
        self.l1.b = [bias]

    def forward(self, x):
        return self.function(self.l1(x))


def trained(model, engine, loss="mse", lr=0.01, **settings):
    monitor = Monitor()
    fit(
        model, X, Y, loss=loss, optimizer=SGD(model.parameters(), lr=lr), epochs=20, engine=engine,
        callbacks=[monitor], progress=False, **settings,
    )  # fmt: skip
    return {finding.sign: finding for finding in monitor.findings}


@pytest.mark.filterwarnings("ignore:the loss became")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("function", "sign"),
    [
        (lambda z: z.sqrt(), "√"),
        (lambda z: z.log(), "ln"),
        (lambda z: where(z < 9.0, z.log(), z), "ln"),
        (lambda z: (z * z) ** 0.5 + z**0.5, "^"),
    ],
)
def test_a_nan_by_an_op_outside_of_its_domain_is_named_and_no_rate_is_advised(function, sign, engine):
    found = trained(Head(function), engine)
    assert f"{sign}" in found["cost not finite"].fact
    assert "in Head is nan" in found["cost not finite"].fact
    for finding in found.values():
        assert f"Keep what goes into {sign} inside its domain" in finding.cure
        assert "lower the learning rate" not in finding.cure.lower()
        assert "clip the gradients" not in finding.cure.lower()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda z: z.log(), r", as ln\(−.*\) in stage 1 \(steps\.0\) is nan, .*goes into ln inside"),
        (
            lambda z: z.relu().sqrt(),
            r", as the slope of √0 in stage 1 \(steps\.0\) is inf, .* goes into √ inside",
        ),
        (lambda z: z**3 * 1e9, r"\d, and the last good weights were put back\. Lower the learning rate"),
    ],
)
def test_fit_tells_what_made_the_loss_nan(function, said, engine, batch_size):
    model = Sequential(Head(function), lambda z: z)
    with pytest.warns(RuntimeWarning, match="the loss became (nan|inf) in epoch"):
        history = fit(
            model, X, Y, loss="mse", epochs=20, engine=engine, batch_size=batch_size, progress=False
        )  # fmt: skip
    assert re.search(said, history.stopped)
    assert all(map(isfinite, model.state_dict().values()))


@pytest.mark.filterwarnings("ignore:the loss became")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [None, 1])
def test_an_infinite_slope_is_named(engine, batch_size):
    found = trained(Head(lambda z: z.relu().sqrt()), engine, batch_size=batch_size)
    assert "the slope of √0 in Head is inf" in found["weights not finite"].fact
    assert "Keep what goes into √" in found["weights not finite"].cure


@pytest.mark.filterwarnings("ignore:the loss became")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_nan_in_the_loss_is_not_laid_to_the_model(engine):
    found = trained(Head(lambda z: z), engine, lambda y, t: (y - t).log())
    assert "in the loss is nan" in found["cost not finite"].fact


@pytest.mark.filterwarnings("ignore:the loss became")
@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_that_overflow_are_laid_to_the_rate(engine):
    for model in (MLP(2, [8, 1], "relu", seed=0), Head(lambda z: z**3), Head(lambda z: z.exp())):
        found = trained(model, engine, lr=10.0)
        assert "Lower the learning rate" in found["cost not finite"].cure


def test_a_branch_that_is_not_taken_is_a_cause_only_if_its_slope_spoils_the_gradient():
    model = Head(lambda z: where(z > 0, z.sqrt(), z))
    for x in X:
        loss = losses.mse(model(x), 1.0)
        assert isfinite(loss.data)
        is_good = all(map(isfinite, gradients(loss, model.parameters())))
        assert (cause_in(loss, Homes(model)) is None) is is_good


def test_a_loop_of_ones_own_is_told_the_cause_from_the_graph_of_its_loss():
    for function, fact in ((lambda z: z.log(), "ln"), (lambda z: z.relu().sqrt(), "the slope of √0 in Head")):
        model = Head(function, bias=-50.0)
        optimizer, monitor = SGD(model.parameters(), lr=0.1), Monitor()
        monitor.watch(model)
        loss = losses.mse(model(X[0]), 1.0)
        loss.backward()
        optimizer.step()
        monitor.record(loss)
        assert all(fact in finding.fact for finding in monitor.findings)
        assert "weights not finite" in {finding.sign for finding in monitor.findings}


def test_looking_for_the_cause_changes_nothing():
    model = Head(lambda z: z.sqrt())
    before = model.state_dict()
    with pytest.warns(RuntimeWarning, match="the loss became nan"):
        trained(model, "eager")
    assert model.state_dict() == before
    assert model.training
    assert isinstance(model.l1.neurons[0].b, Parameter)
