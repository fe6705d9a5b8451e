"""Initialisers: shapes, spreads and right angles."""

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import init
from nn.activations import ACTIVATIONS

SPREAD = {
    "uniform": lambda nin, nout: 1 / sqrt(3),
    "normal": lambda nin, nout: 1.0,
    "xavier_uniform": lambda nin, nout: sqrt(2 / (nin + nout)),
    "xavier_normal": lambda nin, nout: sqrt(2 / (nin + nout)),
    "he_uniform": lambda nin, nout: sqrt(2 / nin),
    "he_normal": lambda nin, nout: sqrt(2 / nin),
    "lecun_uniform": lambda nin, nout: sqrt(1 / nin),
    "lecun_normal": lambda nin, nout: sqrt(1 / nin),
}


def drawn(name, nout, nin, seed=0):
    return init.by_name(name)(nout, nin, random.Random(seed))


@given(st.sampled_from(list(init.INITIALISERS)), st.integers(1, 8), st.integers(1, 8))
def test_every_initialiser_gives_a_matrix_of_the_shape_asked(name, nout, nin):
    W = drawn(name, nout, nin)
    assert len(W) == nout
    assert {len(row) for row in W} == {nin}
    assert all(type(x) is float for row in W for x in row)


@pytest.mark.parametrize("name", init.INITIALISERS)
def test_the_same_generator_gives_the_same_matrix(name):
    assert drawn(name, 3, 4) == drawn(name, 3, 4)


@pytest.mark.parametrize("name", SPREAD)
def test_the_spread_is_that_of_the_paper(name):
    nin, nout = 300, 100
    numbers = [x for row in drawn(name, nout, nin) for x in row]
    mean = sum(numbers) / len(numbers)
    std = sqrt(sum((x - mean) ** 2 for x in numbers) / len(numbers))
    wanted = SPREAD[name](nin, nout)
    assert std == pytest.approx(wanted, rel=0.02)  # five standard errors of 30,000 draws
    assert abs(mean) < 5 * wanted / sqrt(len(numbers))


@pytest.mark.parametrize("name", [name for name in SPREAD if name.endswith("uniform")])
def test_uniform_draws_stay_within_the_bound(name):
    nin, nout = 300, 100
    largest = max(abs(x) for row in drawn(name, nout, nin) for x in row)
    bound = sqrt(3) * SPREAD[name](nin, nout)
    assert 0.99 * bound < largest <= bound


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 100))
def test_orthogonal_rows_or_columns_are_at_right_angles_and_of_length_one(nout, nin, seed):
    W = drawn("orthogonal", nout, nin, seed)
    vectors = W if nout <= nin else [list(column) for column in zip(*W, strict=True)]
    for i, u in enumerate(vectors):
        for j, v in enumerate(vectors):
            inner = sum(a * b for a, b in zip(u, v, strict=True))
            assert inner == pytest.approx(float(i == j), abs=1e-13)


@given(st.integers(13, 40), st.integers(13, 40))
def test_orthogonal_keeps_every_length_and_angle_in_wider_layers_too(nout, nin):
    W = drawn("orthogonal", nout, nin)
    vectors = W if nout <= nin else [list(column) for column in zip(*W, strict=True)]
    worst = max(
        abs(sum(a * b for a, b in zip(u, v, strict=True)) - float(i == j))
        for i, u in enumerate(vectors)
        for j, v in enumerate(vectors)
    )
    assert worst < 1e-12


@pytest.mark.parametrize("spread", ["uniform", "normal"])
def test_authors_go_by_either_name(spread):
    for alias, name in (("glorot", "xavier"), ("kaiming", "he")):
        assert init.by_name(f"{alias}_{spread}") is init.by_name(f"{name}_{spread}")
        assert getattr(init, f"{alias}_{spread}") is getattr(init, f"{name}_{spread}")


def test_constant_gives_every_weight_the_same():
    assert init.constant(0.5)(2, 3, random.Random(0)) == [[0.5] * 3] * 2
    assert drawn("zeros", 1, 2) == [[0.0, 0.0]]
    assert drawn("ones", 1, 2) == [[1.0, 1.0]]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_has_a_fitting_initialiser(name):
    wanted = {
        "selu": init.lecun_normal,
        **dict.fromkeys(("linear", "sigmoid", "tanh", "sin"), init.xavier_uniform),
    }
    assert init.fitting(name) is wanted.get(name, init.he_normal)


def test_a_function_of_ones_own_starts_from_xavier():
    assert init.fitting("<lambda>") is init.xavier_uniform
