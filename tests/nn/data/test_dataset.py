"""Data sets split in two, and what is odd about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.data import Dataset, diabetes, digits, moons, remarks, split, xor


def test_what_is_odd_and_no_error_is_remarked():
    X = [[float(i), 7.0] for i in range(9)]
    data = Dataset("small", X, [0, 0, 0, 0, 1, 1, 1, 1, 2], ("x1", "x2"), "y", ("a", "b", "c"))
    assert remarks(data) == [
        "x2 is 7 in every row: nothing can be learned from it.",
        "the class c has one sample: it is learned, but never judged.",
    ]
    assert remarks(xor()) == []
    train, held_out = split(data, 0.3)
    assert (train.y.count(2), held_out.y.count(2)) == (1, 0)


def test_a_data_set_is_shown_in_one_line():
    assert repr(digits()) == "Dataset digits: 1,797 rows of 64 numbers (8 × 8 pictures), 10 classes"
    assert repr(diabetes()) == f"Dataset diabetes: 442 rows of 10 numbers, {diabetes().target}"
    assert "\n" not in repr(moons())


@given(st.integers(4, 200), st.floats(0.0, 0.45), st.integers(0, 5))
def test_a_split_loses_and_doubles_no_row(samples, held_out, seed):
    data = moons(samples, noise=0.0)
    train, out = split(data, held_out, seed)
    assert sorted(zip(train.X + out.X, train.y + out.y, strict=True)) == sorted(
        zip(data.X, data.y, strict=True)
    )
    assert len(out) == (max(1, round(held_out * samples)) if held_out else 0)


@given(st.sampled_from([0.1, 0.2, 0.5]), st.integers(0, 5))
def test_a_split_keeps_the_share_of_every_class_to_a_row(held_out, seed):
    data = moons(97)
    _, out = split(data, held_out, seed)
    for label in (0, 1):
        assert abs(out.y.count(label) - held_out * data.y.count(label)) <= 1


def test_a_split_is_decided_by_the_seed():
    data = moons(40)
    assert split(data, 0.5, seed=3) == split(data, 0.5, seed=3)
    assert split(data, 0.5, seed=3) != split(data, 0.5, seed=4)


@pytest.mark.parametrize("held_out", [-0.1, 1.0, float("nan"), 0.9])
def test_a_share_that_leaves_nothing_to_train_on_is_refused(held_out):
    with pytest.raises(ValueError, match=r"held_out|held out"):
        split(xor(), held_out)


def test_what_is_said_of_long_names_stays_short():
    data = Dataset("d", [[1.0], [1.0], [1.0]], [0, 0, 1], ("x" * 999,), "y", ("a" * 999, "b" * 999))
    assert all(len(remark) < 100 for remark in remarks(data))
