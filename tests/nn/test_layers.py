"""Neurons, layers and networks: their formulas, their names, their shapes."""

import pickle
import random
from math import tanh

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Constant, Parameter, Value, no_grad, topological_order
from autograd.seeing.facts.places import structure_of
from nn import MLP, Layer, Module, Neuron, fit, losses
from nn.activations import ACTIVATIONS, PReLU, activation

numbers = st.floats(-3, 3, allow_nan=False)


def labels(output):
    return [v.label for v in topological_order(output)]


# ------------------------------------------------------------------------------------ the formulas


@given(st.lists(numbers, min_size=3, max_size=3), numbers, st.lists(numbers, min_size=3, max_size=3))
def test_a_neuron_is_its_activation_of_wx_plus_b(w, b, x):
    neuron = Neuron(3, "tanh")
    for parameter, number in zip(neuron.w, w, strict=True):
        parameter.data = number
    neuron.b.data = b
    z = w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + b
    assert neuron(x).data == pytest.approx(tanh(z), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("bias", [True, False])
def test_the_neuron_of_a_layer_is_one_that_stands_alone(bias):
    in_layer, alone = Layer(3, 1, "tanh", bias=bias, seed=1).neurons[0], Neuron(3, "tanh", bias=bias, seed=1)
    assert list(vars(in_layer)) == list(vars(alone))
    assert in_layer.built_with() == alone.built_with()
    assert [(p.label, p.data) for p in in_layer.parameters()] == [
        (p.label, p.data) for p in alone.parameters()
    ]


@pytest.mark.parametrize("fused", [True, False])
def test_a_network_equals_the_matrix_formulas(fused):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    model = MLP(3, [4, 4, 3, 1], ["tanh", "sigmoid", "softplus", "linear"], seed=1, fused=fused)
    functions = [np.tanh, lambda z: 1 / (1 + np.exp(-z)), lambda z: np.log1p(np.exp(z)), lambda z: z]
    x = np.random.default_rng(0).normal(size=3)
    a = x
    for layer, g in zip(model.layers, functions, strict=True):
        W, b = np.array(layer.W), np.array(layer.b)
        assert W.shape == (layer.nout, layer.nin)
        assert b.shape == (layer.nout,)
        a = g(W @ a + b)
    assert model(x).data == pytest.approx(a[0], rel=1e-13)


@pytest.mark.parametrize("fused", [True, False])
def test_gradients_equal_the_matrix_formulas(fused):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    model = MLP(2, [5, 3], "tanh", seed=2, fused=fused)
    hidden, last = model.layers
    x = np.array([0.4, -1.1])
    a = np.tanh(np.array(hidden.W) @ x + hidden.b)
    o = np.array(last.W) @ a + last.b
    outputs = model(x)
    sum(v * v for v in outputs).backward()
    delta_last = 2 * o
    delta_hidden = (np.array(last.W).T @ delta_last) * (1 - a * a)
    for layer, delta, seen in ((last, delta_last, a), (hidden, delta_hidden, x)):
        slopes = [[w.grad for w in neuron.w] for neuron in layer.neurons]
        np.testing.assert_allclose(slopes, np.outer(delta, seen), rtol=1e-12)
        np.testing.assert_allclose([neuron.b.grad for neuron in layer.neurons], delta, rtol=1e-12)


def test_fused_and_unfused_agree_and_differ_only_in_their_nodes():
    fused, little = (MLP(2, [3, 1], seed=4, fused=f) for f in (True, False))
    one, other = fused([1.0, 2.0]), little([1.0, 2.0])
    assert one.data == pytest.approx(other.data, rel=1e-14)
    ops = [{v.op.name for v in topological_order(y) if v.op} for y in (one, other)]
    assert ops == [{"dot", "relu"}, {"mul", "add", "relu"}]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_of_the_table_can_be_used_by_name(name):
    neuron = Neuron(1, name, init="zeros")
    neuron.b.data = 0.7
    assert neuron([1.0]).data == activation(name)[1](Value(0.7)).data


def test_an_activation_may_be_any_function_of_a_value():
    model = MLP(1, [1, 1], lambda z: z**2, output=Value.exp, init="zeros")
    model.layers[0].b, model.layers[1].W = [3.0], [[1.0]]
    assert model([0.0]).data == pytest.approx(8103.083927575384)


def test_an_activation_with_parameters_of_its_own_is_trained_with_the_rest():
    class Prelu(Module):
        def __init__(self):
            self.slope = Parameter(0.25, "slope")

        def __call__(self, z):
            return z.prelu(self.slope)

    prelu = Prelu()
    model = MLP(1, [2, 1], prelu)
    assert [p is prelu.slope for p in model.parameters()].count(True) == 1


def test_one_output_is_a_value_and_several_are_a_list():
    assert isinstance(MLP(2, [3, 1])([1, 2]), Value)
    assert len(MLP(2, [3, 2])([1, 2])) == 2
    assert isinstance(Layer(2, 1)([1, 2]), Value)


def test_layers_can_be_chained_by_hand():
    model = MLP(2, [1, 3, 1], seed=0)
    x = [0.5, -0.5]
    for layer in model.layers:
        x = layer(x)
    assert x.data == model([0.5, -0.5]).data


def test_under_no_grad_the_numbers_are_the_same():
    model = MLP(2, [3, 1], seed=0)
    with no_grad():
        plain = model([1.0, 2.0])
    assert isinstance(plain, Constant)
    assert plain.data == model([1.0, 2.0]).data


# ------------------------------------------------------------------------------------------- names


def test_weights_are_named_from_source_to_target_and_layer():
    model = MLP(2, [3, 2])
    assert [p.label for p in model.layers[0].neurons[1].parameters()] == ["w12^1", "w22^1", "b2^1"]
    assert [p.label for p in model.layers[1].neurons[0].parameters()] == ["w11^2", "w21^2", "w31^2", "b1^2"]


@pytest.mark.parametrize(("nin", "nout"), [(10, 1), (1, 10)])
def test_from_ten_up_all_weights_of_a_layer_have_a_comma(nin, nout):
    layer = Layer(nin, nout, number=3)
    assert layer.neurons[0].w[0].label == "w1,1^3"
    assert layer.neurons[-1].w[-1].label == f"w{nin},{nout}^3"
    assert layer.neurons[-1].b.label == f"b{nout}^3"


def test_no_two_parameters_of_a_network_share_a_name():
    names = [p.label for p in MLP(12, [11, 10, 9, 2]).parameters()]
    assert len(set(names)) == len(names)


def test_a_forward_pass_names_inputs_pre_activations_and_activations():
    model = MLP(2, [1, 1], "tanh")
    last, first = ["w11^2"], ["w11^1", "w21^1", "x1", "x2", "b1^1", "z1^1", "a1^1"]
    assert labels(model([0.5, 1.5])) == [*last, *first, "b1^2", "z1^2"]


def test_an_unfused_forward_pass_has_the_same_names():
    found = labels(MLP(2, [2, 1], "relu", output="sigmoid", fused=False)([0.5, 1.5]))
    assert {"x1", "x2", "z1^1", "z2^1", "a1^1", "a2^1", "z1^2", "a1^2"} <= set(found)


def test_inputs_that_are_values_keep_their_names():
    a = Value(1.0, "height")
    found = labels(MLP(2, [1])([a, 2.0]))
    assert "height" in found
    assert "x1" not in found
    assert "x2" in found


def test_inputs_get_gradients():
    x = Value(1.0)
    MLP(1, [1], init="zeros")([x]).backward()
    assert x.grad == 0.0


def test_neurons_may_share_a_bias_or_hold_it_fixed():
    layer = Layer(2, 2)
    shared = Value(0.35, "b1")
    for neuron in layer.neurons:
        neuron.b = shared
    assert layer.b == [0.35, 0.35]
    assert len(layer.parameters()) == 4
    layer([1.0, 2.0])[0].backward()
    assert shared.grad in (0.0, 1.0)


# ------------------------------------------------------------------------------- seeds and starts


def test_the_same_seed_gives_the_same_network():
    assert MLP(2, [3, 1], seed=7).state_dict() == MLP(2, [3, 1], seed=7).state_dict()
    assert MLP(2, [3, 1], seed=7).state_dict() != MLP(2, [3, 1], seed=8).state_dict()


def test_without_a_seed_networks_differ():
    assert MLP(2, [3, 1]).state_dict() != MLP(2, [3, 1]).state_dict()


def test_a_generator_may_be_handed_in_and_moves_on():
    generator = random.Random(0)
    assert Neuron(3, seed=generator).state_dict() != Neuron(3, seed=generator).state_dict()


def test_the_global_generator_is_left_alone():
    random.seed(1)
    before = random.getstate()
    MLP(2, [3, 1])
    MLP(2, [3, 1], seed=3)
    assert random.getstate() == before


def test_biases_start_at_zero():
    assert all(layer.b == [0.0] * layer.nout for layer in MLP(2, [3, 3, 1], seed=0).layers)


def test_a_layer_starts_from_what_suits_its_activation_or_from_what_is_asked():
    def biggest(layer):
        return max(abs(w) for row in layer.W for w in row)

    assert biggest(Layer(100, 100, "tanh", seed=0)) <= (6 / 200) ** 0.5 < biggest(Layer(100, 100, seed=0))
    assert biggest(Layer(3, 3, init="zeros")) == 0.0
    assert MLP(1, [1], init=lambda nout, nin, rng: [[2.5]]).layers[0].W == [[2.5]]


# ---------------------------------------------------------------------------------------------- repr


def test_repr_shows_the_structure():
    assert repr(MLP(4, [12, 3], "tanh", output="sigmoid")) == (
        "MLP 4 → 12 → 3, 99 parameters\n"
        "  layer 1: 4 → 12, tanh, 60 parameters\n"
        "  layer 2: 12 → 3, sigmoid, 39 parameters"
    )
    assert repr(Layer(2, 1)) == "Layer(2 → 1, relu, 3 parameters)"
    assert repr(Neuron(2, "linear")) == "Neuron(2 → linear, 3 parameters)"


# ----------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("x", [[1.0], [1.0, 2.0, 3.0], []])
def test_a_sample_of_another_size_is_refused(x):
    with pytest.raises(ValueError, match=f"the network takes 2 inputs per sample; got {len(x)}"):
        MLP(2, [1])(x)


def test_a_whole_table_is_not_a_sample():
    with pytest.raises(TypeError, match="one real number"):
        MLP(2, [1])([[1.0, 2.0], [3.0, 4.0]])


def test_text_is_not_a_sample():
    with pytest.raises(TypeError, match="float"):
        MLP(2, [1])(["1", "2"])


@pytest.mark.parametrize("nouts", [[], [0], [3, -1]])
def test_sizes_out_of_range_are_refused(nouts):
    with pytest.raises(ValueError, match="at least"):
        MLP(2, nouts)


@pytest.mark.parametrize("nouts", [16, "16", [1.5], None])
def test_sizes_that_are_no_whole_numbers_are_refused(nouts):
    with pytest.raises(TypeError, match="nouts"):
        MLP(2, nouts)


def test_an_unknown_activation_is_answered_with_the_closest():
    with pytest.raises(ValueError, match="unknown activation 'rleu'; did you mean 'relu'"):
        MLP(2, [1], "tanh", output="rleu")


def test_an_unknown_initialiser_is_answered_with_the_closest():
    with pytest.raises(ValueError, match="unknown initialiser 'he'; did you mean 'he_uniform'"):
        MLP(2, [1], init="he")


def test_a_list_of_activations_has_one_for_each_layer():
    with pytest.raises(ValueError, match="one for each of the 2 layers; got 1"):
        MLP(2, [3, 1], ["tanh"])
    with pytest.raises(ValueError, match="leave out output="):
        MLP(2, [3, 1], ["tanh", "tanh"], output="linear")
    with pytest.raises(TypeError, match="activation is a name"):
        MLP(2, [3, 1], 5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MLP(2, [10**9, 1]),
        lambda: MLP(10_000, [10_000, 10_000]),
        lambda: Layer(10**6, 10**6),
        lambda: Neuron(10**12),
    ],
)
def test_more_weights_than_a_machine_can_hold_are_refused_at_once(make):
    with pytest.raises(ValueError, match="at most 20,000,000 are made"):
        make()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_network_comes_back_from_a_pickle(name):
    model = MLP(2, [3, 1], activation=name, seed=0)
    twin = pickle.loads(pickle.dumps(model))
    assert twin([0.5, -1.0]).data == model([0.5, -1.0]).data
    assert [p.label for p in twin.parameters()] == [p.label for p in model.parameters()]
    assert len({*twin.parameters()} & {*model.parameters()}) == 0


# ------------------------------------------------------------------------------- parametric ReLU


def test_the_neurons_of_a_layer_share_a_learned_slope():
    model = MLP(2, [3, 3, 1], activation="prelu", seed=0)
    slopes = [p for p in model.parameters() if p.label.startswith("α")]
    assert [p.label for p in slopes] == ["α^1", "α^2"]
    assert [p.data for p in slopes] == [0.25, 0.25]
    assert model.parameter("layers.1.activation.slope") is model.parameter("α^2")
    assert not set(slopes) & set(model.weights())
    assert len(model.parameters()) == len(MLP(2, [3, 3, 1]).parameters()) + 2


def test_a_learned_slope_gets_the_gradient_of_its_definition():
    neuron = Neuron(1, PReLU(0.5))
    neuron.w[0].data = 2.0
    y = neuron([-3.0])
    y.backward()
    assert y.data == -3.0
    assert neuron.activation.slope.grad == -6.0
    assert neuron.w[0].grad == -1.5


def test_one_slope_may_serve_a_whole_network():
    phi = PReLU(0.1)
    model = MLP(2, [3, 3, 1], activation=phi)
    assert sum(p is phi.slope for p in model.parameters()) == 1
    assert model.layers[0].activation_name == "prelu"


def test_a_slope_is_learned_alike_by_both_engines():
    pytest.importorskip("llvmlite", reason="the tape is not installed")
    X, y = [[-2.0], [-1.0], [1.0], [2.0]], [1.0, 0.5, 1.0, 2.0]  # −0.5 x below zero
    found = []
    for engine in ("eager", "tape"):
        model = MLP(1, [1, 1], activation="prelu", seed=3)
        history = fit(model, X, y, loss=losses.Penalised("mse", l2=1e-3), epochs=50, engine=engine)
        assert history[-1].loss < history[0].loss
        found.append([*history["loss"], model.layers[0].activation.slope.data])
    assert found[1] == pytest.approx(found[0], rel=1e-9)
    assert found[0][-1] != 0.25


def test_a_slope_starts_from_a_finite_number():
    with pytest.raises(TypeError, match="start of a slope is a number; got 'a'"):
        PReLU("a")
    with pytest.raises(ValueError, match="finite number; got inf"):
        PReLU(float("inf"))


# ---------------------------------------------------------------------------------- without biases


@pytest.mark.parametrize("fused", [True, False])
def test_a_layer_without_biases_is_w_times_x(fused):
    layer = Layer(2, 2, "linear", fused=fused, bias=False)
    layer.W = [[1.0, 2.0], [-3.0, 0.5]]
    y = layer([4.0, -1.0])
    assert [v.data for v in y] == [2.0, -12.5]
    assert [p.label for p in layer.parameters()] == ["w11^1", "w21^1", "w12^1", "w22^1"]
    assert {place.part for place in structure_of(y).places.values()} >= {"weight", "pre-activation"}
    assert structure_of(y).places[y[0]].part == "pre-activation"


def test_what_has_no_biases_says_so():
    layer = Layer(2, 3, bias=False)
    assert layer.b == []
    assert layer.arrays_to_keep().keys() == {"weight"}
    assert layer.built_with()["bias"] is False
    assert "bias" not in Layer(2, 3).built_with()  # as in files from before there was the choice
    with pytest.raises(ValueError, match="b of layer 1 has 0 numbers: it has no biases; got 3"):
        layer.b = [1.0, 2.0, 3.0]
    with pytest.raises(TypeError, match="bias is True or False"):
        Layer(2, 3, bias="no")


def test_the_layers_of_one_number_are_told_apart_by_a_letter():
    layer = Layer(2, 1, "prelu", number=3)
    layer.place("q")
    assert {p.label for p in layer.parameters()} == {"wq11^3", "wq21^3", "bq1^3", "αq^3"}
    assert layer([1.0, 2.0]).label == "aq1^3"


TAKEN_FOR_A_LIST = [
    lambda v: v[0],
    lambda v: [*v],
    lambda v: sum(v),
    len,
    lambda v: [x for x, _ in [v]],
    lambda v: (lambda x, y: x)(*v),
]


@pytest.mark.parametrize("take", TAKEN_FOR_A_LIST)
def test_the_output_of_one_neuron_is_no_list_and_a_module_says_so(take):
    class Own(Module):
        def __init__(self):
            self.layer = Layer(4, 1)

        def forward(self, x):
            return take(self.layer(x))

    layer = Layer(4, 1)
    assert isinstance(layer([1.0] * 4), Value)
    for call in (
        lambda: Own()([1.0] * 4),
        lambda: fit(layer, [[1.0] * 4], [1.0], loss=lambda p, t: take(p), progress=False),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        said = [note for note in caught.value.__notes__ if "write layer(x), not layer(x)[0]" in note]
        assert len(said) == 1


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("width", [1, 2, 4, 5])
def test_a_layer_put_where_it_does_not_fit_says_so_and_computes_nothing(width, fused, bias):
    model = MLP(2, [3, 1], seed=0)
    model.layers[1] = Layer(width, 1, number=2, fused=fused, bias=bias, seed=0)
    with pytest.raises(ValueError, match=f"the layer 2 takes {width} input(s)? per sample; got 3"):
        model([1.0, 2.0])
