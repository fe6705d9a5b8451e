"""Rows: a list of lists in every respect but its memory, and an array without a copy."""

import pickle
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data.rows import Rows
from nn.data.samples import features

TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(st.floats(allow_nan=False), min_size=width, max_size=width), min_size=1)
)


@given(TABLES)
def test_rows_are_what_they_were_made_of(table):
    rows = Rows.of(table)
    assert rows == table
    assert rows.shape == (len(table), len(table[0]))
    assert list(rows) == rows.tolist() == table
    assert (rows[0], rows[-1], rows[1:]) == (table[0], table[-1], table[1:])
    assert Rows.beside(list(rows.by_column())) == table
    assert rows + rows == table + table
    assert pickle.loads(pickle.dumps(rows)) == rows
    assert repr(rows) == repr(table)


def test_rows_are_taken_in_any_order_and_put_in_place():
    rows = Rows.of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert rows.take([2, 0, 2]) == [[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]]
    rows.put(1, 1, [9.0])
    assert rows == [[1.0, 2.0], [3.0, 9.0], [5.0, 6.0]]
    with pytest.raises(IndexError):
        rows[3]


def test_whole_columns_come_out_as_whole_numbers():
    rows = Rows(array("d", [1.0, 2.0, 3.0, 4.0]), 2, whole=[1])
    assert [type(x) for x in rows[0]] == [float, int]
    assert [type(x) for x in rows.take([1])[0]] == [float, int]


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="row 1 has 1 numbers where row 0 has 2"):
        Rows.of([[1.0, 2.0], [3.0]])


def test_numpy_reads_the_buffer_itself():
    numpy = pytest.importorskip("numpy")
    rows = Rows.of([[1.0, 2.0], [3.0, 4.0]])
    table = numpy.asarray(rows)
    rows.put(0, 0, [7.0])
    assert table.tolist() == [[7.0, 2.0], [3.0, 4.0]]
    assert numpy.asarray(rows, "f4").dtype == "f4"


def test_masked_numbers_are_refused_and_masks_that_hide_nothing_are_not():
    whole = np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=False)
    masked = np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])
    assert np.array_equal(features(whole), whole)
    with pytest.raises(ValueError, match="X has masked numbers: fill them in, or leave those samples out"):
        features(masked)
