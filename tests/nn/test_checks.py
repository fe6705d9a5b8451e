"""The checks of arguments: one of each kind, which names the argument, what is wanted and what came."""

from __future__ import annotations

import random
from functools import partial
from math import inf, nan

import numpy as np
import pytest

from nn import MLP, Dropout, fit, losses
from nn.checks import finite_number, generator, import_extra, one_of, whole_number, yes_or_no
from nn.data import split, xor


@pytest.mark.parametrize("n", [3, np.int64(3), np.uint8(3)])
def test_a_whole_number_comes_back_as_an_int(n):
    assert type(whole_number("n", n)) is int
    assert whole_number("n", n) == 3


@pytest.mark.parametrize("n", [1.0, "1", None, True, np.float64(1.0)])
def test_other_things_are_not_whole_numbers(n):
    with pytest.raises(TypeError, match=rf"epochs is a whole number; got .*\({type(n).__name__}\)"):
        whole_number("epochs", n)


def test_a_whole_number_may_have_another_bound_or_none():
    assert whole_number("n", 0, at_least=0) == 0
    assert whole_number("n", -7, at_least=None) == -7
    with pytest.raises(ValueError, match="n is at least 4; got 3"):
        whole_number("n", 3, at_least=4)


@pytest.mark.parametrize("x", [0.5, np.float32(0.5), np.float64(0.5)])
def test_a_number_comes_back_as_a_float(x):
    assert type(finite_number("x", x)) is float
    assert finite_number("x", x) == 0.5


@pytest.mark.parametrize("x", ["1", None, True, [1.0], 1j])
def test_other_things_are_not_numbers(x):
    with pytest.raises(TypeError, match=rf"x is a number; got .*\({type(x).__name__}\)"):
        finite_number("x", x)


@pytest.mark.parametrize(
    ("check", "outside", "wanted"),
    [
        (finite_number, [inf, -inf, nan], "a finite number;"),
        (partial(finite_number, at_least=0), [-0.5, inf, nan], "a finite number from 0 up;"),
        (partial(finite_number, above=0), [0.0, -1], "a finite number above 0;"),
        (partial(finite_number, at_least=0, below=1), [-0.5, 1], "a finite number from 0 up and below 1;"),
        (partial(finite_number, above=0, at_most=1), [0, 1.5], "a finite number above 0 and at most 1;"),
    ],
)
def test_a_number_out_of_range_is_refused_with_the_range(check, outside, wanted):
    for x in outside:
        with pytest.raises(ValueError, match=f"x is {wanted} got {x!r}"):
            check("x", x)


def test_the_ends_of_a_range_belong_to_it_or_not():
    assert finite_number("x", 0, at_least=0, at_most=1) == 0.0
    assert finite_number("x", 1, at_least=0, at_most=1) == 1.0


@pytest.mark.parametrize("x", [True, False, 1, 0, np.True_])
def test_yes_or_no_is_a_bool(x):
    assert yes_or_no("progress", x) is bool(x)


def test_a_choice_is_made_by_name():
    assert one_of("colour", "red", {"red": 2}) == 2
    with pytest.raises(TypeError, match=r"the colour is chosen by name; got 3 \(int\)"):
        one_of("colour", 3, {"red": 2})
    with pytest.raises(ValueError, match=r"unknown colour 'xxx'\. Known are: red"):
        one_of("colour", "xxx", {"red": 2})


def test_a_generator_is_itself_and_a_seed_makes_one():
    rng = random.Random(5)
    assert generator(rng) is rng
    assert generator(np.int64(5)).random() == random.Random(5).random()
    assert generator(None).random() != generator(None).random()
    with pytest.raises(TypeError, match=r"seed is a whole number; got 'a' \(str\)"):
        generator("a")


def test_numpys_numbers_are_taken_wherever_ours_are():
    seed = np.int64(3)
    assert MLP(np.int64(2), np.array([3, 1]), seed=seed).state_dict() == MLP(2, [3, 1], seed=3).state_dict()
    assert Dropout(np.float64(0.5), seed=seed).draw(9) == Dropout(0.5, seed=3).draw(9)
    assert split(xor(), np.float64(0.5), seed=seed) == split(xor(), 0.5, seed=3)
    settings = {"epochs": np.int32(1), "seed": seed, "progress": np.False_}
    loss = losses.Penalised("mse", l2=np.float32(0.5))
    assert len(fit(MLP(2, [1]), [[0, 1]], [1], loss=loss, **settings)) == 1


def test_a_package_that_is_not_installed_is_named_with_the_command_that_installs_it(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("nn.checks.import_module", missing)
    with pytest.raises(ImportError, match=r'moons needs scikit-learn: pip install "chainrule\[train\]"'):
        import_extra("sklearn.datasets", "moons")


def test_a_seed_may_come_from_numpy() -> None:
    np = pytest.importorskip("numpy")
    for make in (np.random.default_rng, np.random.RandomState):
        one, same, other = (generator(make(seed)).random() for seed in (1, 1, 2))
        assert one == same != other
    assert generator(np.int64(3)).random() == generator(3).random()


@pytest.mark.parametrize("seed", ["1", 1.5, [1], True])
def test_what_is_not_a_seed_is_refused(seed: object) -> None:
    with pytest.raises(TypeError, match="seed is a whole number"):
        generator(seed)
