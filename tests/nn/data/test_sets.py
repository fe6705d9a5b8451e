"""The sets that are always at hand, and names that are none."""

import subprocess
import sys

import numpy as np
import pytest

from nn.data import NAMED, circles, digits, load, moons, xor
from nn.data.planar import PLANAR


def test_xor_is_its_truth_table():
    assert [(int(a), int(b), y) for (a, b), y in zip(xor().X, xor().y, strict=True)] == [
        (a, b, a ^ b) for a in (0, 1) for b in (0, 1)
    ]


def test_moons_are_the_same_for_the_same_seed_alone():
    assert moons(20, seed=1).X == moons(20, seed=1).X
    assert moons(20, seed=1).X != moons(20, seed=2).X


@pytest.mark.parametrize(("samples", "noise", "seed"), [(200, 0.1, 0), (97, 0.3, 1), (4, 0.0, 2**32 - 1)])
def test_moons_are_scikit_learn_s(samples, noise, seed):
    X, y = pytest.importorskip("sklearn.datasets").make_moons(samples, noise=noise, random_state=seed)
    data = moons(samples, noise, seed)
    assert data.y == y.tolist()
    np.testing.assert_allclose(data.X, X, rtol=0, atol=4e-16)


def test_circles_are_scikit_learn_s():
    make = pytest.importorskip("sklearn.datasets").make_circles
    X, y = make(97, noise=0.2, random_state=3, factor=0.5)
    data = circles(97, 0.2, 3)
    assert data.y == y.tolist()
    np.testing.assert_allclose(data.X, X, rtol=0, atol=4e-16)


@pytest.mark.parametrize("name", PLANAR)
def test_a_set_of_the_plane_is_drawn_alike_by_the_same_seed(name):
    drawn, exact = NAMED[name], PLANAR[name].points(61)
    data = drawn(61, noise=0.0, seed=4)
    assert sorted([*x, y] for x, y in zip(data.X, data.y, strict=True)) == sorted(map(list, exact))
    assert drawn(61, seed=4).X == drawn(61, seed=4).X != drawn(61, seed=5).X
    if data.classes:
        assert abs(2 * sum(data.y) - 61) <= 2
    assert load(name).name == drawn.__name__ == name
    with pytest.raises(ValueError, match="samples"):
        drawn(3)


def test_a_formula_needs_no_package():
    code = "import sys; from nn.data import moons; moons(); print({'numpy', 'sklearn'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ValueError, match=f"seed is at .*; got {seed}"):
        moons(seed=seed)


def test_digits_are_1797_pictures_of_64_pixels_in_10_classes():
    data = digits()
    assert (len(data), len(data.features), data.image) == (1797, 64, (8, 8))
    assert data.classes == tuple("0123456789")
    assert all(0 <= pixel <= 16 for row in data.X for pixel in row)


@pytest.mark.parametrize("name", ["iris", "wine", "cancer", "diabetes"])
def test_scikit_learn_s_tables_are_at_hand_by_name(name):
    data = load(name)
    assert len(data) == len(data.y) > 100
    assert all(len(row) == len(data.features) for row in data.X)
    assert (data.classes is None) == (name == "diabetes")
    if data.classes:
        assert set(data.y) == set(range(len(data.classes)))
    assert NAMED[name].__doc__.split()[1] == str(len(data))


def test_an_unknown_name_is_met_with_the_nearest():
    with pytest.raises(FileNotFoundError, match=r"unknown data 'mons'; did you mean 'moons'\?"):
        load("mons")


def test_a_path_to_nothing_is_named():
    with pytest.raises(FileNotFoundError, match=r"there is no file nowhere\.csv"):
        load("nowhere.csv", "y")


def test_a_folder_is_not_a_csv_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        load(tmp_path, "y")


def test_a_named_set_takes_no_target():
    with pytest.raises(ValueError, match="xor has its own target"):
        load("xor", "y")
