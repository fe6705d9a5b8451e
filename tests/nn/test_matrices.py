"""The scalar network as matrices, held to the textbook's formulas written in NumPy."""

import pytest

from autograd import Constant, Value
from nn import MLP, losses

np = pytest.importorskip("numpy", reason="NumPy is not installed")


def logistic(z):
    return 1 / (1 + np.exp(-z))


FUNCTIONS = {
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (logistic, lambda z: logistic(z) * (1 - logistic(z))),
    "softplus": (lambda z: np.log1p(np.exp(z)), logistic),
    "linear": (lambda z: z, np.ones_like),
}
NAMES = ["tanh", "sigmoid", "softplus", "linear"]
CLOSE = {"rtol": 1e-13, "atol": 1e-15}


def network(fused=True):
    """3-4-4-3-1, each layer with an activation of its own, biases other than 0."""
    model = MLP(3, [4, 4, 3, 1], NAMES, seed=1, fused=fused)
    for layer in model.layers:
        layer.b = np.random.default_rng(layer.number).normal(size=layer.nout)
    return model


def samples(m=5):
    generator = np.random.default_rng(0)
    return generator.normal(size=(m, 3)), generator.normal(size=m)


def forward(model, X):
    """z[k] and A[k] by the formulas."""
    z, A = {}, {0: X.T}
    for k, layer in enumerate(model.layers, 1):
        z[k] = np.array(layer.W) @ A[k - 1] + np.array(layer.b).reshape(-1, 1)
        A[k] = FUNCTIONS[layer.activation_name][0](z[k])
    return z, A


@pytest.mark.parametrize("fused", [True, False])
def test_the_scalar_network_gives_the_matrices_of_the_formulas(fused):
    model, (X, _) = network(fused), samples()
    seen = model.activations(X)
    z, A = forward(model, X)
    assert list(seen.A) == [0, 1, 2, 3, 4]
    assert list(seen.z) == list(seen.W) == list(seen.b) == [1, 2, 3, 4]
    np.testing.assert_array_equal(seen.A[0], X.T)
    for k in (1, 2, 3, 4):
        np.testing.assert_allclose(seen.z[k], z[k], **CLOSE)
        np.testing.assert_allclose(seen.A[k], A[k], **CLOSE)


def test_the_matrices_have_the_textbooks_shapes():
    back = network().residuals(*samples(m=7), "half_mse")
    n = [3, 4, 4, 3, 1]
    for k in (1, 2, 3, 4):
        assert back.W[k].shape == back.dW[k].shape == (n[k], n[k - 1])
        assert back.b[k].shape == back.db[k].shape == (n[k], 1)
        assert back.z[k].shape == back.A[k].shape == back.delta[k].shape == (n[k], 7)


def test_the_residuals_in_the_graph_are_those_of_the_formulas():
    model, (X, y) = network(), samples()
    back = model.residuals(X, y, losses.half_mse)
    z, A = forward(model, X)
    slopes = {k: FUNCTIONS[name][1](z[k]) for k, name in enumerate(NAMES, 1)}
    delta = {4: -(y - A[4]) * slopes[4]}
    for k in (3, 2, 1):
        delta[k] = (np.array(model.layers[k].W).T @ delta[k + 1]) * slopes[k]
    for k in (1, 2, 3, 4):
        np.testing.assert_allclose(back.delta[k], delta[k], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(back.dW[k], delta[k] @ A[k - 1].T / len(X), rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(back.db[k], delta[k].mean(axis=1, keepdims=True), rtol=1e-12, atol=1e-15)
    cost = float(np.mean((y - A[4]) ** 2)) / 2
    assert abs(back.J - cost) <= 1e-13 * cost


def test_the_gradients_are_those_that_backward_leaves_in_the_weights():
    model, (X, y) = network(), samples()
    back = model.residuals(X, y, "mse")
    assert {p.grad for p in model.parameters()} == {0.0}  # untouched
    for x, t in zip(X, y, strict=True):
        losses.mse(model(x.tolist()), t).backward()
    for k, layer in enumerate(model.layers, 1):
        grads = [[w.grad for w in neuron.w] for neuron in layer.neurons]
        np.testing.assert_allclose(back.dW[k], np.array(grads) / len(X), rtol=1e-12, atol=1e-15)


def test_classes_are_targets_as_fit_takes_them():
    model = MLP(2, [3], seed=0)
    X, y = [[0.0, 1.0], [2.0, -1.0]], [2, 0]
    back = model.residuals(X, y, "cross_entropy")
    z = forward(model, np.array(X))[0][1]
    shares = np.exp(z) / np.exp(z).sum(axis=0)
    np.testing.assert_allclose(back.delta[1], shares - np.eye(3)[y].T, rtol=1e-12, atol=1e-15)


def test_a_neurons_z_is_found_behind_an_activation_of_several_ops():
    def swish(z):
        return z * z.sigmoid() + 0.0

    model = MLP(2, [2, 1], activation=swish, seed=0)
    seen = model.activations([[1.0, -2.0]])
    np.testing.assert_allclose(seen.z[1], np.array(model.layers[0].W) @ [[1.0], [-2.0]], **CLOSE)


def test_a_bias_held_fixed_is_part_of_the_matrices():
    model = MLP(2, [2], seed=0)
    for neuron in model.layers[0].neurons:
        neuron.b = Value(0.35, "b")
    assert model.activations([[0.0, 0.0]]).z[1].tolist() == [[0.35], [0.35]]


def test_an_activation_without_a_graph_is_refused_by_name():
    model = MLP(2, [2, 1], activation=lambda z: Constant(1.0), seed=0)
    with pytest.raises(ValueError, match=r"z1\^1 is not in the graph of a1\^1"):
        model.activations([[1.0, 2.0]])


def test_samples_that_do_not_suit_are_refused():
    model = network()
    with pytest.raises(ValueError, match="the network takes 3 inputs"):
        model.activations([[1.0]])
    with pytest.raises(ValueError, match="X has 5 rows, but y has 2"):
        model.residuals(samples()[0], [1.0, 2.0], "mse")
