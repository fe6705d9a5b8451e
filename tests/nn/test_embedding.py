"""Embeddings: a plain id picks the weights, a Value looks them up; bad ids are named."""

import math

import pytest

from autograd import Value, gradients
from nn import Embedding
from nn.embedding import Sinusoids
from tests.nn.compared import check_equal, pytorch


def test_a_plain_id_gives_the_weights_themselves():
    table = Embedding(4, 3, seed=0)
    for row, wanted in zip(table([2, 0, 2.0]), (2, 0, 2), strict=True):
        assert all(v is w for v, w in zip(row, table.weight[wanted], strict=True))


def test_a_value_looks_the_same_numbers_up_and_sends_the_gradient_to_its_row():
    table = Embedding(4, 3, seed=0)
    (row,) = table([Value(2.0)])
    assert [v.data for v in row] == [w.data for w in table.weight[2]]
    assert [gradients(row[1], weights) for weights in table.weight] == [[0, 0, 0]] * 2 + [
        [0, 1, 0],
        [0, 0, 0],
    ]


@pytest.mark.parametrize("impossible", [-1.0, 4.0, 1.5, math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_id_gives_nan(impossible):
    assert all(math.isnan(v.data) for v in Embedding(4, 3)(Value(impossible)))


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([0, 9], IndexError, r"ids\[1\] of 2: an index is a whole number from 0 to 3, .* got 9"),
        ([0, -1], IndexError, r"ids\[1\] of 2: .* got -1"),
        ([1.5], IndexError, r"ids\[0\] of 1: an index is a whole number"),
        ([math.nan], IndexError, r"ids\[0\] of 1: an index is a whole number"),
        (["a"], TypeError, r"ids\[0\] of 1: an index is one real number, not 'a'"),
        (4, IndexError, "got 4"),
    ],
)
def test_a_bad_id_is_named_with_its_place(ids, error, message):
    with pytest.raises(error, match=message):
        Embedding(4, 3)(ids)


@pytest.mark.parametrize("arguments", [(0, 3), (3, 0), (2.5, 3), ("3", 3)])
def test_bad_sizes_are_refused(arguments):
    with pytest.raises((TypeError, ValueError), match=r"is a whole number|at least 1"):
        Embedding(*arguments)


def test_equals_pytorch():
    check_equal(Embedding(7, 3), pytorch().nn.Embedding(7, 3).double(), [3, 0, 6, 6, 1])


def test_sinusoids_are_their_formula():
    for t, row in enumerate(Sinusoids(6)(range(20))):
        angles = [t / 10000 ** (2 * i / 6) for i in range(3)]
        assert [v.data for v in row] == [f(a) for a in angles for f in (math.sin, math.cos)]
        assert {v.role for v in row} == {"constant"}
