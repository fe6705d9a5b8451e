"""The weights of a layer as numbers, and as Parameters: set, read and shared, as a matrix and one by one."""

import json
import pickle

import pytest

from autograd import Parameter, Value, dot, no_grad
from nn import Layer, Module, Sequential, losses

np = pytest.importorskip("numpy", reason="NumPy is not installed")


def test_matrices_can_be_set_from_lists_and_from_arrays():
    layer = Layer(3, 2)
    layer.W, layer.b = np.arange(6).reshape(2, 3), (1, 2)
    assert layer.W == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert layer.b == [1.0, 2.0]
    assert all(type(w.data) is float for w in layer.parameters())


@pytest.mark.parametrize(
    ("W", "came"),
    [
        ([[1, 2, 3]], "1 rows of 3"),
        ([[1, 2], [3, 4]], "2 rows of 2"),
        ([[1, 2, 3], [4, 5]], "2 or 3"),
        ([], "0 rows of no"),
    ],
)
def test_a_matrix_of_another_shape_is_refused_and_nothing_changed(W, came):
    layer = Layer(3, 2, init="zeros")
    with pytest.raises(ValueError, match=rf"W of layer 1 has 2 rows \(one per neuron\) of 3 .*{came}"):
        layer.W = W
    assert layer.W == [[0.0] * 3] * 2


def test_a_matrix_with_a_number_that_is_not_finite_is_refused_and_nothing_changed():
    layer = Layer(2, 1, init="zeros")
    with pytest.raises(ValueError, match="row 1 of W holds finite numbers; got nan"):
        layer.W = [[1.0, float("nan")]]
    assert layer.W == [[0.0, 0.0]]


def test_a_matrix_of_text_is_refused():
    with pytest.raises(TypeError, match="row 1 of W holds numbers; got 'a'"):
        Layer(2, 1).W = [["a", "b"]]


def test_biases_of_another_number_are_refused():
    with pytest.raises(ValueError, match="b of layer 1 has 2 numbers, one per neuron; got 3"):
        Layer(3, 2).b = [1, 2, 3]


def test_a_number_set_in_a_matrix_is_set_in_the_layer():
    layer = Layer(3, 2, "linear", init="zeros")
    layer.W[1][2] = 5
    layer.W[0] = [1, 2, 3]
    layer.b[-1] = 0.5
    assert layer.W == [[1.0, 2.0, 3.0], [0.0, 0.0, 5.0]]
    assert layer.neurons[1].w[2].data == 5.0
    assert layer.b == [0.0, 0.5]
    layer.W[0][:2] = [7, 8]
    assert [w.data for w in layer.neurons[0].w] == [7.0, 8.0, 3.0]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda layer: layer.W[0].__setitem__(0, "a"), TypeError, "row 1 of W holds numbers; got 'a'"),
        (lambda layer: layer.W[0].__setitem__(0, float("nan")), ValueError, "finite numbers; got nan"),
        (lambda layer: layer.W.__setitem__(0, [1, 2]), ValueError, "row 1 of W has 3 numbers"),
        (lambda layer: layer.W.__setitem__(slice(0, 1), [[1, 2, 3]]), TypeError, "one by one"),
        (lambda layer: layer.b.__setitem__(5, 1.0), IndexError, "out of range"),
    ],
)
def test_what_is_no_number_of_a_matrix_is_refused_and_sets_nothing(change, error, words):
    layer = Layer(3, 2, seed=0)
    before = layer.state_dict()
    with pytest.raises(error, match=words):
        change(layer)
    assert layer.state_dict() == before


# ------------------------------------------------------------------------------------- tied weights


class Tied(Module):
    """An autoencoder whose decoder is the transposed encoder, in one of the ways that come to mind."""

    def __init__(self, columns, decoder=lambda encoder: None):
        self.encoder, self.columns = Layer(3, 2, "tanh", seed=0), columns
        self.decoder = decoder(self.encoder)

    def forward(self, x):
        h = self.encoder(x)
        return [sum(w * v for w, v in zip(column, h, strict=True)) for column in self.columns(self)]


class ByLayer(Tied):
    def forward(self, x):
        return self.decoder(self.encoder(x))


def transposed(rows):
    return [list(column) for column in zip(*rows, strict=True)]


def layer_with(set_weights):
    def decoder(encoder):
        layer = Layer(2, 3, "linear", seed=1)
        set_weights(layer, encoder)
        return layer

    return decoder


def by_weight(layer, encoder):
    layer.weight = zip(*encoder.weight, strict=True)


def neuron_by_neuron(layer, encoder):
    for i, neuron in enumerate(layer.neurons):
        neuron.w = [other.w[i] for other in encoder.neurons]


def by_method(layer, encoder):
    layer.weights = encoder.weights


def by_numbers_held(layer, encoder):
    layer.weight = transposed(encoder.W)


TIED = {
    "weight of the layer": lambda: Tied(lambda model: transposed(model.encoder.weight)),
    "neurons of the layer": lambda: Tied(lambda model: transposed([n.w for n in model.encoder.neurons])),
    "set weight": lambda: ByLayer(None, layer_with(by_weight)),
    "set neurons": lambda: ByLayer(None, layer_with(neuron_by_neuron)),
}


@pytest.mark.parametrize("tying", TIED.values(), ids=TIED)
def test_parameters_that_are_shared_are_tied(tying):
    model, x, step = tying(), [0.5, -1.0, 2.0], 1e-6
    loss = losses.mse(model(x), x)
    loss.backward()
    w = model.encoder.neurons[1].w[2]
    start, found, around = w.data, w.grad, []
    for w.data in (start - step, start + step):
        around.append(losses.mse(model(x), x).data)
    assert found == pytest.approx((around[1] - around[0]) / (2 * step), rel=1e-6)
    assert len(model.parameters()) == 6 + 2 + 3 * isinstance(model, ByLayer)


UNTIED = {
    "W in the call": lambda: Tied(lambda model: transposed(model.encoder.W)),
    "W of numpy in the call": lambda: Tied(lambda model: np.array(model.encoder.W).T),
    "W held": lambda: Tied(lambda model: transposed(model.decoder), lambda encoder: encoder.W),
    "W held, transposed": lambda: Tied(lambda model: model.decoder, lambda encoder: transposed(encoder.W)),
    "set weights": lambda: ByLayer(None, layer_with(by_method)),
    "set numbers": lambda: ByLayer(None, layer_with(by_numbers_held)),
}


@pytest.mark.parametrize("tying", UNTIED.values(), ids=UNTIED)
def test_numbers_in_place_of_parameters_are_refused_with_what_to_write(tying):
    with pytest.raises((TypeError, AttributeError), match=r"Parameters|set the weight of its Layers"):
        tying()([0.5, -1.0, 2.0])


def test_numbers_read_from_a_matrix_are_numbers_but_no_constants_of_a_graph():
    layer = Layer(2, 1, "linear", seed=0)
    (first, second), bias = layer.W[0], layer.b[0]
    assert first + second + bias == sum(layer.W[0]) + 0.0
    assert np.array(layer.W).dtype == np.float64
    assert pickle.loads(pickle.dumps(first)) == json.loads(json.dumps(first)) == first
    for compute in (
        lambda x: x * first,
        lambda x: first * x,
        lambda x: dot([first], [x]),
        lambda x: x + bias,
    ):
        with pytest.raises(TypeError, match=r"layer\.weight has rows of them"):
            compute(Value(1.0))
    assert (Value(2.0) * float(first)).data == 2 * first
    assert layer([first, second]).data == pytest.approx(first * first + second * second)  # as inputs they are


def test_weights_that_are_set_are_shared_and_fit():
    a, b = Layer(2, 2, seed=0), Layer(2, 2, seed=1)
    b.weight, b.bias = a.weight, a.bias
    assert b.parameters() == a.parameters()
    assert len(Sequential(a, b).parameters()) == 6
    a.W[0][1], a.b[1] = 5.0, 7.0
    assert (b.W[0][1], b.b) == (5.0, [0.0, 7.0])
    with pytest.raises(ValueError, match="weight of layer 1 has 2 rows"):
        b.weight = [a.weight[0]]
    with pytest.raises(ValueError, match="bias of layer 1 has 2 numbers, one per neuron; got 1"):
        b.bias = a.bias[:1]
    with pytest.raises(TypeError, match=r"numbers are set by W and b; got 1\.0"):
        b.bias = [1.0, 2.0]
    with pytest.raises(TypeError, match="weight is given as rows of Parameters; got Parameter"):
        b.weight = Parameter(1.0)
    with pytest.raises(TypeError, match="a row of weight is given as Parameters in a row; got Parameter"):
        b.weight = a.bias
    assert b.parameters() == a.parameters()


def test_matrices_may_be_read_in_a_call_where_no_graph_is_made():
    class Watching(Module):
        def __init__(self):
            self.layer = Layer(1, 1, "linear", seed=0)

        def forward(self, x):
            with no_grad():
                self.seen = self.layer.W[0][0]
            return self.layer(x)

    model = Watching()
    assert model([1.0]).data == model.seen
