"""The verdict is the same whatever the loss's scale, and is never given without what could show it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.command.job import prepare
from nn.command.report.verdict import curve_verdict, verdict
from nn.command.result import Result
from nn.command.settings import default_settings
from nn.data import load
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
