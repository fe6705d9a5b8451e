"""Tied weights and shared Modules: no layer is compared with itself, and what a finding says of one holds."""

import re
from math import hypot, inf, isfinite, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Parameter
from nn import MLP, SGD, Layer, Module, Monitor, fit
from nn.health.causes import Cause
from nn.health.layers import Homes
from nn.health.records import RUN, LayerRecord, Record, Records
from nn.health.signs import SIGNS
from tests.nn.engines import ENGINES
from tests.nn.health.models import points

X, _ = points(20)
often = settings(max_examples=max(200, settings.default.max_examples))  # most courses show few signs


class Tied(Module):
    """Layers of which some hold parameters of others, or nothing else."""

    def __init__(self, ties, biases):
        self.layers = []
        for k, tie in enumerate(ties):
            self.layers.append(layer := Module())
            layer.w = [Parameter(float(k)) for _ in range(4)] if tie is None else self.layers[tie].w
            if biases[k]:
                layer.b = [Parameter(0.0)]


class Mirrored(Module):
    """A deep autoencoder, of which the last layer has the first one's weights: the same ones, or copies."""

    def __init__(self, tied, activation, deep):
        self.encode = Layer(2, 2, activation, seed=0)
        self.middle = MLP(2, [2] * deep, activation, seed=1)
        self.decode = Layer(2, 2, "linear", seed=2)
        if tied:
            self.decode.weight = zip(*self.encode.weight, strict=True)
        else:
            self.decode.W = [list(row) for row in zip(*self.encode.W, strict=True)]

    def forward(self, x):
        return self.decode(self.middle(self.encode(x)))


@st.composite
def tied_layers(draw):
    ties = [None, *(draw(st.sampled_from([None, *range(k)])) for k in range(1, draw(st.integers(1, 4))))]
    biases = [draw(st.sampled_from([False, False, True])) for _ in ties]
    return [*Homes(Tied(ties, biases)).layers]


sizes = st.sampled_from([0.0, 1e-9, 2.0, 200.0, 1e9])
just = st.just


def broken(number):
    return st.sampled_from([number, nan, inf])


@st.composite
def courses(draw):
    """What is known of layers, some tied, after some records; in the last one any number may have broken."""
    layers, steps = draw(tied_layers()), draw(st.sampled_from([1, RUN, RUN, 3 * RUN]))
    log = Records(layers, cause=draw(st.sampled_from([None, None, Cause("√", "√(−1) is nan")])))
    of_same = {tuple(layer.own): (draw(sizes), draw(st.sampled_from([1.0, 1.5]))) for layer in layers}
    courses = [of_same[tuple(layer.own)] for layer in layers]
    for step in range(steps):
        rows = (LayerRecord(x * growth**step, 1.0, 0.1, 1.0, None, x * growth**step) for x, growth in courses)
        log.records.append(Record(step + 1, 1.0, tuple(rows)))
    numbers, losses = draw(st.sampled_from([(just, just), (broken, just), (broken, broken)]))
    now = log.records.pop()
    rows = (
        LayerRecord(
            draw(numbers(own.gradient)), draw(numbers(draw(sizes))), draw(numbers(0.1)), 1.0, None, own.own
        ) for own in now.layers
    )  # fmt: skip
    log.records.append(Record(steps, draw(losses(1.0)), tuple(rows)))
    return log


def parameters_of(log, k):
    """The places of the parameters that are looked at in a layer."""
    return {*log.known_layers[k].own}


@often
@given(courses())
def test_no_layer_is_compared_with_itself_or_with_one_of_the_same_parameters(log):
    names = {layer.name: k for k, layer in enumerate(log.known_layers)}
    for sign in SIGNS.values():
        for k, fact in sign.told(log):
            for other in re.findall(r"(?:where that of|, one of) (layer \d+)", fact):
                assert parameters_of(log, k).isdisjoint(parameters_of(log, names[other])), fact


@often
@given(courses())
def test_of_numbers_that_are_not_finite_nothing_is_said_but_that(log):
    now = log.records[-1]
    told = {name: [k for k, _ in sign.told(log)] for name, sign in SIGNS.items()}
    assert bool(told.pop("cost not finite")) is not isfinite(now.loss)
    broken = told.pop("weights not finite")
    assert broken == [k for k, own in enumerate(now.layers) if not own.is_finite]
    for name, layers in told.items():
        assert not {*broken} & {*layers}, name
        assert isfinite(now.loss) or not layers, name


@often
@given(courses())
def test_no_gradient_explodes_and_vanishes_at_once(log):
    told = ({k for k, _ in SIGNS[name].told(log)} for name in ("exploding gradient", "vanishing gradient"))
    assert not set.intersection(*told)


@often
@given(courses())
def test_nothing_is_advised_that_there_is_not(log):
    for sign in SIGNS.values():
        for k, _ in sign.told(log):
            cure = sign.cure(log, k)
            assert "last good" not in cure  # a monitor keeps no weights, and a loop need not
            assert len(log.known_layers) > 1 or "fewer layers" not in cure


@often
@given(courses())
def test_a_finding_says_with_whom_weights_are_shared(log):
    for name in ("exploding gradient", "vanishing gradient"):
        for k, fact in SIGNS[name].told(log):
            partners = [x.name for x in log.known_layers if x.path in log.known_layers[k].partners]
            assert not partners or log.cause or partners[0] in fact.split("; ")[-1]
            assert partners or "share" not in fact


@given(tied_layers())
def test_what_a_layer_shares_is_what_others_hold_too(layers):
    for layer in layers:
        others = {place for other in layers if other is not layer for place in other.places}
        assert [*layer.own] == ([p for p in layer.places if p not in others] or [*layer.places])
        partners = {other.path for other in layers if {*other.places} & {*layer.places}} - {layer.path}
        assert {*layer.partners} == partners
        assert not layer.is_apart(layer)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("activation", "deep"), [("sigmoid", 8), ("sigmoid", 1), ("tanh", 2)])
def test_a_vanishing_gradient_does_not_hide_behind_another_use_of_the_weights(engine, activation, deep):
    found = []
    for tied in (True, False):
        monitor, model = Monitor(), Mirrored(tied, activation, deep)
        fit(
            model, X, X, loss="mse", optimizer=SGD(model.parameters(), lr=1e-9), epochs=RUN, engine=engine,
            callbacks=[monitor], progress=False,
        )  # fmt: skip
        found.append([(finding.sign, finding.layer) for finding in monitor.findings])
    assert found[0] == found[1]
    assert (("vanishing gradient", "encode") in found[0]) is (deep > 2)


def test_a_shared_weight_is_judged_by_what_flows_back_to_its_layer_alone():
    model = Mirrored(True, "tanh", 1)
    monitor = Monitor()
    monitor.watch(model)
    loss = sum((y - 1.0) ** 2 for y in model(X[0]))
    loss.backward()
    monitor.record(loss)
    for layer, own in zip((model.encode, model.decode), monitor.records[0].layers[::2], strict=True):
        assert own.own == pytest.approx(hypot(*(neuron.b.grad for neuron in layer.neurons)))
        assert own.gradient == pytest.approx(hypot(*(p.grad for p in layer.parameters())))
