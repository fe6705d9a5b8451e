"""Columns brought to mean 0 and deviation 1, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import Scaler, moons
from nn.data.scaling import Scaled


def test_an_array_is_scaled_as_the_lists_of_it_are():
    rng = np.random.default_rng(0)
    X = rng.normal(5, 3, (20, 4)) * [1, 1e-3, 1e3, 0] + [0, 0, 0, 0.1]
    for together in (False, True):
        of_lists, of_array = Scaler.fit(X.tolist(), together), Scaler.fit(X, together)
        assert of_array.mean == pytest.approx(of_lists.mean, rel=1e-12)
        assert of_array.std == pytest.approx(of_lists.std, rel=1e-12)
        assert of_array.transform(X) == pytest.approx(
            np.array(of_lists.transform(X.tolist())), rel=1e-9, abs=1e-9
        )
        assert of_array.inverse(of_array.transform(X)) == pytest.approx(X)
    assert Scaler.fit(X).transform(X)[:, 3].tolist() == [0.0] * 20
    with pytest.raises(ValueError, match="too large to scale"):
        Scaler.fit(X * 1e304)


COLUMNS = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.floats(-1e6, 1e6), min_size=width, max_size=width), min_size=1, max_size=20
    )
)


@given(COLUMNS, st.booleans())
def test_scaling_is_undone_to_rounding(rows, together):
    scaler = Scaler.fit(rows, together=together)
    for row, back in zip(rows, scaler.inverse(scaler.transform(rows)), strict=True):
        assert back == pytest.approx(row, rel=1e-9, abs=1e-7)


def test_scaled_columns_have_mean_0_and_deviation_1_as_numpy_computes_them():
    import numpy as np

    scaled = np.array(Scaler.fit(moons(50).X).transform(moons(50).X))
    assert scaled.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-12)
    assert scaled.std(axis=0) == pytest.approx([1.0, 1.0])


def test_a_column_that_never_changes_is_only_moved():
    rows = [[0.1, 1.0], [0.1, 2.0]]
    assert [row[0] for row in Scaler.fit(rows).transform(rows)] == [0.0, 0.0]


def test_columns_scaled_together_share_one_mean_and_deviation():
    scaler = Scaler.fit([[0.0, 16.0], [0.0, 16.0]], together=True)
    assert (scaler.mean, scaler.std) == ((8.0, 8.0), (8.0, 8.0))


def test_numbers_too_large_to_add_up_are_refused():
    with pytest.raises(ValueError, match="column 2 holds numbers too large to scale"):
        Scaler.fit([[1.0, 1e200], [2.0, -1e200]])


def test_bytes_are_scaled_as_doubles_are_to_the_last_bit():
    small = np.random.default_rng(0).integers(0, 256, (700, 784), dtype=np.uint8)
    scaler = Scaler.fit(small, together=True)
    assert scaler.std[0] == small.std(dtype=float)  # more numbers than are squared at once
    wanted = (small - np.array(scaler.mean)) / np.array(scaler.std)
    assert (scaler.transform(small) == wanted).all()
    scaled = Scaled(small, scaler)
    assert scaled.shape == small.shape
    assert (np.asarray(scaled) == wanted).all()
    assert (scaled[np.array([5, 3])] == wanted[[5, 3]]).all()
    assert (scaled.take([5, 3])[1] == wanted[3]).all()
