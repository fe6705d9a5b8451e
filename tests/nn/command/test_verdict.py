"""The verdict is true of drawn curves and of well-known tables, whatever the loss's scale."""

from __future__ import annotations

import random
from dataclasses import replace
from math import exp
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.command.job import prepare
from nn.command.report.verdict import curve_verdict, verdict
from nn.command.result import Result
from nn.command.run import run
from nn.command.settings import default_settings
from nn.data import load
from nn.data.dataset import Dataset
from nn.training.history import Epoch, History

CURVE = st.lists(st.floats(0.125, 8), min_size=2, max_size=12)


@given(CURVE, CURVE, st.integers(-8, 8))
def test_the_scale_of_the_loss_does_not_matter(train: list[float], held_out: list[float], k: int) -> None:
    size = min(len(train), len(held_out))
    word = curve_verdict(train[:size], held_out[:size]).partition(":")[0]
    scaled = [[x * 2.0**k for x in curve[:size]] for curve in (train, held_out)]
    assert curve_verdict(*scaled).partition(":")[0] == word


@given(CURVE)
def test_without_held_out_losses_it_neither_overfits_nor_has_learned(losses: list[float]) -> None:
    assert curve_verdict(losses, []).partition(":")[0] in ("", "unstable")


def test_an_untrained_network_and_one_that_ran_away() -> None:
    data = load("xor")
    job = prepare(data, default_settings(data))
    assert verdict(Result(job, History([]), 0.0, [])) == ""
    ran_away = History([Epoch(1, 0.5), Epoch(2, float("inf"))])
    assert verdict(Result(job, ran_away, 0.0, [])) == "unstable: the training loss is no longer finite"


@pytest.mark.parametrize("losses", [[1.0, 2.0], [1.0, float("nan")]])
def test_a_training_loss_that_ends_higher_is_unstable(losses: list[float]) -> None:
    assert curve_verdict(losses, [3.0, 2.0]).startswith("unstable")


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[float], list[float], int, float]:
    """A training loss that falls, and a held-out one that falls and then loses a share of its fall again.

    Both with a little noise; and the epoch of the lowest held-out loss, and the share.
    """
    rng, epochs = random.Random(draw(st.integers(0, 1000))), draw(st.integers(12, 200))
    start, share = draw(st.floats(0.2, 50)), draw(st.sampled_from([0.0, 0.03, 0.3, 1.0, 4.0]))
    floor, low = start * draw(st.floats(0, 0.3)), start * draw(st.floats(0.1, 0.6))
    turn = draw(st.integers(epochs // 4, epochs // 2))

    def noisy(x: float) -> float:
        return x + rng.uniform(-0.01, 0.01) * (start - low)

    train = [noisy(floor + (start - floor) * exp(-4 * i / epochs)) for i in range(epochs)]
    sunk = [start - (start - low) * min(1.0, i / turn) for i in range(epochs)]
    risen = [share * (start - low) * max(0, i - turn) / (epochs - 1 - turn) for i in range(epochs)]
    return train, [noisy(x + more) for x, more in zip(sunk, risen, strict=True)], turn, share


@given(courses())
def test_a_held_out_loss_overfits_just_if_it_rises_again(course: tuple[Any, ...]) -> None:
    train, held_out, turn, share = course
    word, _, why = curve_verdict(train, held_out).partition(":")
    assert word == ("overfits" if share > 0.1 else "learned")
    if share > 0.1:
        since = int(why.split()[2])
        assert abs(since - 1 - turn) <= max(3, 0.1 * len(train)), "where the loss turned"


@given(courses(), st.floats(0.3, 5))
def test_a_training_loss_that_rises_is_unstable(course: tuple[Any, ...], share: float) -> None:
    train, held_out, *_ = course
    assert curve_verdict([*train, train[0] * (1 + share)], [*held_out, 1.0]).startswith("unstable")


@pytest.mark.parametrize("name", ["iris", "wine", "cancer", "moons", "diabetes", "digits"])
def test_the_defaults_learn_what_is_well_known_without_overfitting(name: str) -> None:
    data = load(name)
    result = run(prepare(data, default_settings(data)))
    assert verdict(result).startswith("learned: ")


def test_weights_of_the_last_epoch_overfit_where_the_best_do_not() -> None:
    data = load("iris")
    result = run(prepare(data, replace(default_settings(data), keep="last")))
    assert verdict(result).startswith("overfits: since epoch 4")


@pytest.mark.parametrize(("epochs", "word"), [(2, "too short"), (40, "learned")])
def test_a_training_that_was_cut_short_is_told_from_one_that_was_not(epochs: int, word: str) -> None:
    data = load("moons")
    result = run(
        prepare(data, replace(default_settings(data), epochs=epochs, lr=0.002 if epochs == 2 else 0.05))
    )
    assert verdict(result).startswith(word)


@given(st.integers(0, 20))
@settings(max_examples=4)
def test_noise_is_never_learned(seed: int) -> None:
    rng = random.Random(seed)
    X = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(60)]
    data = Dataset("noise", X, [rng.gauss(0, 1) for _ in X], ("a", "b", "c"), "y")
    for keep in ("best", "last"):
        chosen = replace(default_settings(data), keep=keep, seed=seed, epochs=60)
        assert not verdict(run(prepare(data, chosen))).startswith("learned")
