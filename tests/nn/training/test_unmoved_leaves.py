"""What a gradient reaches and no step moves is named when the training begins, in one warning."""

import warnings
from types import SimpleNamespace

import pytest

from autograd import Constant, Value, dot, where
from autograd import sum as sum_of
from nn import MLP, SGD, Layer, Module, Parameter, fit
from tests.nn.engines import ENGINES

X, Y = [[0.5], [-1.0], [2.0]], [1.0, -2.0, 3.0]


class Line(Module):
    """w·x + b, where b is what it is given."""

    def __init__(self, b):
        self.w, self.b = Parameter(1.0, "w"), b

    def forward(self, x):
        return self.w * x[0] + self.b


def warned(model, engine, optimizer=None):
    """The warning of a short training, "" if there was none."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(model, X, Y, loss="mse", optimizer=optimizer, epochs=2, engine=engine, progress=False)
    assert len(caught) <= 1
    assert all(warning.filename == __file__ for warning in caught)
    return str(caught[0].message) if caught else ""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_plain_value_is_named_by_its_path(engine):
    model = Line(Value(0.3))
    assert warned(model, engine) == (
        "a gradient reaches what no step moves: "
        "b is made of Value: use Parameter to train it, or Constant to hold it fixed"
    )
    assert model.b.data == 0.3
    nested = Line(Parameter(0.0))
    nested.b = Line(Value(1.0)).b
    nested.part = SimpleNamespace()  # nothing to do with it
    assert "b is made of Value" in warned(nested, engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("b", [Constant(0.3), 0.3, Parameter(0.3)], ids=["Constant", "number", "Parameter"])
def test_what_is_fixed_on_purpose_or_trained_is_not_named(b, engine):
    assert warned(Line(b), engine) == ""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_that_only_decides_is_not_named(engine):
    class Threshold(Line):
        def forward(self, x):
            return where(self.w * x[0] > self.b, self.w * x[0], 0.0)

    assert warned(Threshold(Value(0.1)), engine) == ""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_parameter_that_the_model_does_not_find_is_named(engine):
    outside = Parameter(0.5, "outside")

    class Hidden(Line):
        def forward(self, x):
            return super().forward(x) * self.w + self.held.offset * outside

    model = Hidden(0.0)
    model.held = SimpleNamespace(offset=Parameter(2.0, "offset"))
    said = warned(model, engine)
    for label in ("offset", "outside"):
        assert f"'{label}'" in said
    assert said.endswith(" are not found by the model: hold them in an attribute of a Module")
    everything = SGD([model.w, model.held.offset, outside], lr=0.01)
    assert warned(model, engine, everything) == ""


@pytest.mark.parametrize("engine", ENGINES)
def test_a_parameter_added_after_the_optimiser_was_made_is_named(engine):
    model = Line(0.0)
    optimizer = SGD(model.parameters(), lr=0.01)
    model.b = Parameter(0.0, "b")
    assert "b is not held by the optimizer: added after the optimizer was made" in warned(
        model, engine, optimizer
    )


def test_parameters_left_out_together_are_named_by_their_module():
    model = MLP(1, [3, 2, 1], "tanh", seed=0)
    said = warned(model, "eager", SGD(model.layers[2].parameters(), lr=0.01))
    layers = "layers.0 (Layer, 6 parameters), layers.1 (Layer, 8 parameters)"
    assert f"no step moves: {layers} are not held by the optimizer: added" in said
    neuron = model.layers[0].neurons[1]
    some = [p for p in model.parameters() if p is not neuron.w[0]]
    assert "layers.0.neurons.1.w.0 is not held by the optimizer: added" in warned(
        model, "eager", SGD(some, lr=0.01)
    )


def test_all_of_them_are_in_one_warning():
    outside = Parameter(0.5)

    class Several(Line):
        def forward(self, x):
            return sum(v for layer in self.layers for v in [layer(x)]) + self.b * outside

    model = Several(Value(1.0))
    model.layers = [Layer(1, 1, seed=0), Layer(1, 1, seed=1)]
    said = warned(model, "eager", SGD(model.layers[0].parameters(), lr=0.01))
    assert [part.split(" ")[0] for part in said.partition(": ")[2].split("; ")] == [
        "b",
        "Parameter(data=0.5)",
        "layers.1",
    ]


def test_many_values_are_named_in_one_sentence():
    class Sum(Line):
        def forward(self, x):
            return sum(self.terms.values() if isinstance(self.terms, dict) else self.terms, self.w)

    model = Sum(0.0)
    model.terms = [Value(0.1) for _ in range(20)]
    assert "reaches what no step moves: terms (20 numbers) are made of Value: use" in warned(model, "eager")
    model.terms = {f"t{k}": Value(0.1) for k in range(20)}
    assert "terms.t6, terms.t7 (and 12 more) are made of Value: use" in warned(model, "eager")


def test_a_cut_graph_is_named():
    class Cut(Line):
        def forward(self, x):
            return super().forward(x).detach()

    assert "no gradient reaches what is to be trained" in warned(Cut(0.0), "eager")


class Tied(Module):
    """An autoencoder that decodes with what it makes of its encoder's weights."""

    def __init__(self, decoding):
        self.encoder = Layer(1, 2, "tanh", seed=0)
        self.columns = decoding(self.encoder)

    def forward(self, x):
        return dot(self.columns, self.encoder(x))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "decoding",
    [
        lambda layer: [1.0 * w for (w,) in layer.W],
        lambda layer: [float(w) for (w,) in layer.W],
        lambda layer: [p.data for p in layer.weights()],
    ],
)
def test_numbers_copied_from_weights_are_named_where_the_model_computes_with_them(decoding, engine):
    told = warned(Tied(decoding), engine)
    assert told.startswith("encoder.neurons.0.w.0, encoder.neurons.1.w.0 are used as plain numbers too")


@pytest.mark.parametrize(
    "decoding",
    [
        lambda layer: [w for (w,) in layer.weight],
        lambda layer: [Constant(p.data) for p in layer.weights()],
        lambda layer: [0.5, -0.25],
    ],
)
def test_ties_and_constants_are_no_copies(decoding):
    assert warned(Tied(decoding), "eager") == ""


def test_a_penalty_on_the_distance_from_the_first_weights_is_no_copy():
    model = Tied(lambda layer: [0.5, -0.25])
    first = [(p, p.data) for p in model.parameters()]

    def loss(prediction, target):
        return (prediction - target) ** 2 + sum_of([(p - x) ** 2 for p, x in first])

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(model, X, Y, loss=loss, epochs=2, progress=False)
