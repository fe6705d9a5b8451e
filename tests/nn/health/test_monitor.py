"""Health: what a monitor records is what the network does, and the signs of trouble are named."""

import copy
import pickle
import random
import re
from math import hypot, inf, isnan, nan
from types import SimpleNamespace
from typing import Any

import pytest

from autograd import Value
from nn import MLP, SGD, Layer, Module, Monitor, Recurrent, RNNCell, fit, init, losses
from nn.callbacks import Callback
from nn.health.causes import Cause, cause_among
from nn.health.layers import Homes
from nn.health.records import RUN, Records
from nn.health.signs import SIGNS
from nn.health.units import Inside
from tests.nn.engines import ENGINES


def two_moons(n=40, seed=0):
    rng = random.Random(seed)
    X = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(n)]
    return X, [1 if a * a + b > 0.5 else -1 for a, b in X]


def watched(model, lr=0.1, epochs=30, loss="hinge", engine="eager", monitor=None, **settings):
    monitor = monitor or Monitor()
    settings = {"progress": False, "optimizer": SGD(model.parameters(), lr=lr)} | settings
    history = fit(
        model, *two_moons(), loss=loss, epochs=epochs, engine=engine, callbacks=[monitor], **settings
    )
    return monitor, history


def signs(monitor):
    return [(finding.sign, finding.layer) for finding in monitor.findings]


# -------------------------------------------------------------------------------- what is recorded


def by_hand(model, x, t, optimizer, steps):
    """The first step's numbers, layer by layer, without a monitor."""
    loss = losses.half_mse(model(x), t)
    optimizer.zero_grad()
    loss.backward()
    before = [[p.data for p in layer.parameters()] for layer in model.layers]
    gradients = [[p.grad for p in layer.parameters()] for layer in model.layers]
    optimizer.step()
    after = [[p.data for p in layer.parameters()] for layer in model.layers]
    return loss.data, before, gradients, after


def test_norms_and_updates_are_those_of_the_layer():
    model = MLP(2, [3, 1], "tanh", seed=0)
    optimizer = SGD(model.parameters(), lr=0.5)
    monitor = Monitor()
    monitor.watch(model)
    loss, before, gradients, after = by_hand(model, [0.5, -1.0], 1.0, optimizer, 1)
    monitor.record(loss)
    (record,) = monitor.records
    assert (record.step, record.loss) == (1, loss)
    for own, w, g, moved in zip(record.layers, before, gradients, after, strict=True):
        assert own.weights == pytest.approx(hypot(*w))
        assert own.gradient == pytest.approx(hypot(*g))
        step = hypot(*(b - a for a, b in zip(w, moved, strict=True)))
        assert own.update == pytest.approx(step / hypot(*w))


@pytest.mark.parametrize("engine", ENGINES)
def test_fit_records_what_a_loop_of_ones_own_does(engine):
    X, y = two_moons()
    model, other = (MLP(2, [4, 3, 1], ["relu", "sigmoid", "linear"], seed=0) for _ in range(2))
    own = Monitor()
    own.watch(other, X[:32])  # fit looks at 32 of them
    optimizer = SGD(other.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        loss = sum(losses.hinge(other(x), t) for x, t in zip(X[:32], y[:32], strict=True)) / 32
        loss.backward()
        optimizer.step()
        own.record(loss)
    monitor = Monitor()
    fit(
        model, X[:32], y[:32], loss="hinge", optimizer=SGD(model.parameters(), lr=0.1), epochs=5,
        engine=engine, progress=False, callbacks=[monitor],
    )  # fmt: skip
    assert monitor.layers == own.layers == ["layer 1", "layer 2", "layer 3"]
    for one, two in zip(monitor.records, own.records, strict=True):
        assert (one.step, one.loss) == (two.step, pytest.approx(two.loss, rel=1e-9))
        for a, b in zip(one.layers, two.layers, strict=True):
            assert (a.dead, a.saturated) == (b.dead, b.saturated)
            for name in ("gradient", "weights", "update"):
                assert getattr(a, name) == pytest.approx(getattr(b, name), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_monitor_changes_nothing(engine):
    settings = {"batch_size": 7, "epochs": 4, "engine": engine}
    model, plain = (MLP(2, [4, 1], "relu", seed=0, dropout=0.2) for _ in range(2))
    _, history = watched(model, **settings)
    again = fit(
        plain,
        *two_moons(),
        loss="hinge",
        optimizer=SGD(plain.parameters(), lr=0.1),
        progress=False,
        **settings,
    )
    assert model.state_dict() == plain.state_dict()
    assert list(history) == list(again)
    assert history.engine == engine


def test_dead_and_saturated_units_are_counted():
    model = MLP(1, [2, 2, 1], ["relu", "tanh", "sigmoid"], init="zeros")
    model.layers[0].W, model.layers[0].b = [[1.0], [-1.0]], [0.0, -9.0]  # the second never fires
    model.layers[1].W = [[9.0, 0.0], [0.1, 0.0]]
    monitor = Monitor()
    monitor.watch(model, [[0.0], [1.0], [2.0], [0.5]])
    monitor.record(0.0)
    relu, tanh, sigmoid = monitor.records[0].layers
    assert (relu.dead, relu.saturated) == (1, None)
    assert (tanh.dead, tanh.saturated) == (None, 3 / 8)  # tanh(9), tanh(18) and tanh(4.5) of eight
    assert sigmoid.saturated == 0.0


def test_other_activations_have_no_flat_ends_to_count():
    model = MLP(2, [3, 1], "elu", seed=0)
    monitor, _ = watched(model, epochs=1)
    assert monitor.records[0].layers[0].saturated is None
    assert monitor.records[0].layers[0].dead is None


def test_about_fifty_records_are_made_and_those_of_the_first_steps():
    monitor, _ = watched(MLP(2, [2, 1], seed=0), epochs=30, batch_size=1)
    steps = [record.step for record in monitor.records]
    assert steps[:11] == [*range(1, RUN + 1), 24]
    assert len(steps) == pytest.approx(50 + RUN, abs=3)


def test_the_loss_of_a_record_is_the_mean_since_the_last():
    monitor = Monitor()
    monitor.watch(MLP(1, [1], seed=0))
    monitor._every = 5
    for loss in (1.0, 2.0, 3.0):
        monitor.note(loss, 1)
    weights = [0.0, 0.0]
    monitor.take(weights, weights, weights, Inside)
    assert monitor.records[0].loss == 2.0


def test_a_recurrent_network_is_watched_by_its_parts():
    model = Recurrent(RNNCell(1, 3, seed=0), 1, seed=0)
    X, y = [[[0.1], [0.2]], [[0.3], [0.1]]] * 4, [0.3, 0.4] * 4
    monitor = Monitor()
    fit(model, X, y, loss="mse", epochs=2, progress=False, callbacks=[monitor])
    assert len(monitor.records) == 2
    assert len(monitor.layers) > 1


def test_a_few_records_are_too_few_to_call_a_training_healthy():
    monitor, _ = watched(MLP(2, [3, 1], "tanh", seed=1), 0.1, RUN - 1)
    assert str(monitor) == f"too early to say: {RUN - 1} records, and most signs must show in {RUN} in a row"


def test_towers_side_by_side_are_not_joined_in_the_plot():
    class Towers(Module):
        def __init__(self):
            self.towers = [MLP(2, [3, 3], "tanh", seed=0), MLP(2, [3, 3], "tanh", seed=1)]
            self.head = Layer(6, 1, "linear", seed=2)

        def forward(self, x):
            return self.head([v for tower in self.towers for v in tower(x)])

    monitor = Monitor()
    fit(Towers(), [[0.5, -1.0]], [1.0], loss="mse", epochs=1, progress=False, callbacks=[monitor])
    names = [name.replace("tower ", "") for name in monitor.layers]
    joined = {(names[a], names[b]) for a, b in monitor._log.joined}
    assert joined == {
        ("1 · layer 1", "1 · layer 2"), ("2 · layer 1", "2 · layer 2"),
        ("1 · layer 2", "head"), ("2 · layer 2", "head"),
    }  # fmt: skip


# --------------------------------------------------------------------------------------- the signs


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("batch_size", [None, 8])
def test_a_healthy_training_shows_none(engine, activation, batch_size):
    model = MLP(2, [8, 8, 1], activation, seed=1)
    monitor, _ = watched(model, 0.2, 20, engine=engine, batch_size=batch_size)
    assert signs(monitor) == []
    assert str(monitor).startswith("healthy: ")


@pytest.mark.parametrize("engine", ENGINES)
def test_fifty_sigmoid_layers_let_the_gradient_vanish(engine):
    epochs = 4 if engine == "eager" else 10
    model = MLP(2, [2] * 50 + [1], "sigmoid", seed=0)
    monitor, _ = watched(model, 0.1, epochs, "mse", engine=engine, batch_size=8)
    assert signs(monitor)[0] == ("vanishing gradient", "layer 1")
    assert "Take ReLU or its kin" in monitor.findings[0].cure


def test_large_weights_make_the_gradient_explode():
    model = MLP(2, [8] * 6 + [1], "linear", init=init.normal(std=3), seed=0)
    monitor, _ = watched(model, 1e-12, 12, "mse")
    assert signs(monitor)[0] == ("exploding gradient", "layer 1")
    assert monitor.findings[0].step == 1
    assert "Clip the gradients" in monitor.findings[0].cure


@pytest.mark.filterwarnings("ignore:the loss became")
@pytest.mark.parametrize("engine", ENGINES)
def test_a_rate_that_is_too_large_is_named_up_to_the_cost(engine):
    monitor, history = watched(MLP(2, [8, 1], "relu", seed=0), 10, 40, "mse", engine=engine)
    named = [sign for sign, _ in signs(monitor)]
    assert {"exploding gradient", "growing weights", "cost not finite"} <= set(named)
    assert len(named) == len(set(named))
    assert history.stopped
    assert monitor.findings[-1].step == monitor.records[-1].step


def test_weights_that_are_no_numbers_are_named_with_the_layer():
    model = MLP(2, [3, 1], "tanh", seed=0)
    monitor = Monitor()
    monitor.watch(model)
    model.layers[1].b = [0.5]
    model.layers[1].neurons[0].w[0].data = nan
    monitor.record(nan)
    assert ("weights not finite", "layer 2") in signs(monitor)
    assert ("cost not finite", "") in signs(monitor)
    assert isnan(monitor.records[0].layers[1].update)


def test_dying_units_are_named():
    model = MLP(2, [8, 1], "relu", seed=0)
    model.layers[0].b = [-50.0] * 8
    monitor, _ = watched(model, 0.1, 12)
    assert ("dying units", "layer 1") in signs(monitor)
    facts = [finding.fact for finding in monitor.findings]
    assert "8 of its 8 ReLUs give 0 on all samples looked at." in facts


def test_saturated_units_under_a_squared_error_are_named_and_cross_entropy_has_none():
    for loss, output, y, expected in (
        ("mse", "sigmoid", 1.0, True),
        ("binary_cross_entropy", "linear", 1, False),
    ):
        model = MLP(1, [1], output=output, init=init.constant(12.0))
        monitor = Monitor()
        fit(
            model, [[-1.0]], [y], loss=loss, optimizer=SGD(model.parameters(), lr=1.0), epochs=15,
            progress=False, callbacks=[monitor], engine="eager",
        )  # fmt: skip
        assert (("saturated units", "layer 1") in signs(monitor)) is expected


def told(losses_in_turn):
    """The signs that a course of the cost alone shows."""
    monitor = Monitor()
    model = MLP(1, [1], seed=0)
    monitor.watch(model)
    for loss in losses_in_turn:
        monitor.record(loss)
    return signs(monitor)


def test_a_cost_that_stands_or_climbs_is_named():
    assert told([1.0] * 30) == [("no progress", "")]
    assert told([1.0] * 29) == []
    assert told([1.0] * 10 + [0.5] * 10 + [2.0] * 10) == [("unstable cost", ""), ("no progress", "")]
    assert told([1 / k for k in range(1, 60)]) == []


def test_each_finding_is_told_when_it_is_made():
    heard = []
    monitor = Monitor(tell=heard.append)
    model = MLP(1, [1], seed=0)
    monitor.watch(model)
    monitor.record(inf)
    assert heard == monitor.findings
    first, *words = str(heard[0]).splitlines()
    assert first == "step 1: cost not finite"
    assert " ".join(" ".join(words).split()) == (
        "The cost is inf. Lower the learning rate or clip the gradients (Clip(norm=1)). "
        "autograd.detect_anomaly() names the first bad number."
    )
    monitor.record(inf)
    assert len(heard) == 1


def test_every_sign_has_a_cure():
    for sign in SIGNS.values():
        for cause in (None, Cause("√", "√(−1) is nan")):
            log = Records(Homes(MLP(1, [1])).layers, cause=cause)
            assert re.fullmatch(r"[A-Z].*\.", sign.cure(log, 0))


# --------------------------------------------------------------------------------------- showing


def test_the_plot_shows_every_layer_and_marks_the_findings():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    monitor, _ = watched(MLP(2, [8] * 6 + [1], "tanh", init=init.normal(std=3), seed=0), 0.1, 15, "mse")
    for theme in ("light", "dark"):
        profile, gradients, updates, units = monitor.plot().figure(theme).axes
        assert len(gradients.lines) >= 7
        names = [f"layer {k}" for k in range(1, 8)]
        assert [text.get_text() for text in profile.get_xticklabels()] == names
        assert [text.get_text() for text in profile.figure.legends[0].get_texts()] == names
        assert gradients.get_xlabel() == "step"
        assert gradients.get_yscale() == updates.get_yscale() == "log"
        assert units.get_title(loc="left") == "share of saturated activations"


def test_the_first_bad_route_is_drawn_with_the_weights_of_then():
    model = MLP(2, [4] * 5 + [1], "linear", init=init.normal(std=9), seed=0)
    monitor, _ = watched(model, 1e-15, 3, "mse")
    weights = model.state_dict()
    picture = str(monitor.draw())
    assert "w" in picture
    assert "strongest" in picture  # 4⁴ routes are too many
    assert "∂L/∂" in picture
    assert model.state_dict() == weights


def test_a_loop_of_ones_own_gives_the_loss_to_draw():
    model = MLP(1, [2, 1], "relu", init=init.constant(1e4))
    monitor = Monitor()
    monitor.watch(model)
    loss = losses.mse(model([1.0]), 0.0)
    loss.backward()
    monitor.record(loss)
    with pytest.raises(ValueError, match="give the loss of one sample"):
        monitor.draw()
    assert "route" in str(monitor.draw(loss))


# ------------------------------------------------------------------------------ copies and pickles


COPIES = [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]


class Copied(Callback):
    """Copies a monitor and the history while they are at work."""

    def __init__(self, monitor, way):
        self.monitor, self.way, self.copies = monitor, way, []

    def on_batch_end(self, training, loss, samples):
        self.copies.append((self.way(self.monitor), self.way(training.history)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("way", COPIES)
def test_a_monitor_is_copied_before_during_and_after_a_training(way, engine):
    monitor = way(Monitor(tell=lambda finding: None))
    copied = Copied(monitor, way)
    model = MLP(2, [4] * 5 + [1], "linear", init=init.normal(std=9), seed=0)
    history = fit(
        model, *two_moons(), loss="mse", optimizer=SGD(model.parameters(), lr=1e-15), epochs=3, engine=engine,
        callbacks=[monitor, copied], progress=False,
    )  # fmt: skip
    assert monitor.findings
    after, record = way(monitor), way(history)
    assert list(record) == list(history)
    for one in (after, copied.copies[-1][0]):
        assert (one.layers, one.records, one.findings) == (monitor.layers, monitor.records, monitor.findings)
        assert str(one) == str(monitor)
    with pytest.raises(ValueError, match="give the loss of one sample"):
        after.draw()
    assert str(monitor.draw())  # the data are still with the first one


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_continues_to_record_in_a_loop_of_ones_own(way):
    model, monitor = MLP(2, [3, 1], "tanh", seed=0), Monitor()
    monitor.watch(model, [[0.5, -1.0]])
    for _ in range(2):
        loss = losses.half_mse(model([0.5, -1.0]), 1.0)
        loss.backward()
        monitor.record(loss)
        monitor, model = way((monitor, model))
    assert len(monitor.records) == 2


# --------------------------------------------------------------------------------------- bad input


def test_bad_input_is_named():
    model = MLP(1, [1], seed=0)
    monitor = Monitor()
    with pytest.raises(RuntimeError, match="watch"):
        monitor.record(1.0)
    with pytest.raises(TypeError, match=r"watches an nn\.Module; got function"):
        monitor.watch(lambda x: x)
    with pytest.raises(TypeError, match="tell is a function"):
        Monitor(tell="print")
    with pytest.raises(
        TypeError, match=r"made without its model: .*callbacks=\[Monitor\(\)\].*watch\(model\)"
    ):
        Monitor(model)
    monitor.watch(model)
    with pytest.raises(TypeError, match="the loss is a Value or a number"):
        monitor.record("1.0")
    with pytest.raises(ValueError, match="nothing to plot"):
        monitor.plot()
    with pytest.raises(ValueError, match="no bad route"):
        monitor.draw()


def test_a_sample_that_the_model_refuses_does_not_keep_the_others_from_being_looked_at() -> None:
    model = MLP(1, [1], seed=0)

    def refused() -> Value:
        raise IndexError("no such row")

    training: Any = SimpleNamespace(
        model=model, homes=Homes(model), write=lambda: None,
        examples=lambda count: [refused, lambda: Value(-1.0, "x").log() * 1.0],
    )  # fmt: skip
    weights = [p.data for p in model.parameters()]
    cause = cause_among(training, weights)
    assert cause is not None
    assert "ln(−1)" in str(cause)
    assert [p.data for p in model.parameters()] == weights
