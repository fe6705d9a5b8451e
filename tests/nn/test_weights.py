"""The weights of a layer as numbers: set and read, as a matrix and one by one."""

import pytest

from nn import Layer


def test_matrices_can_be_set_from_lists_and_from_arrays():
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
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
