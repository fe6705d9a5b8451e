"""What a training leaves behind is copied, pickled, and sent to other processes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from nn import MLP, SGD, Monitor, fit, losses


@pytest.fixture(scope="module")
def trained() -> tuple[Any, ...]:
    """A model, its history and the monitor that watched it."""
    X = [[float(i % 7), float(i % 3)] for i in range(20)]
    y = [1.0 if a > 3 else -1.0 for a, _ in X]
    model, monitor = MLP(2, [4, 1], activation="tanh", seed=0), Monitor()
    optimizer = SGD(model.parameters(), lr=0.01)
    history = fit(model, X, y, loss=losses.mse, optimizer=optimizer, epochs=3, callbacks=[monitor])
    return model, history, monitor


def seen(things: tuple[Any, ...]) -> tuple[str, ...]:
    """Everything that they say of themselves."""
    model, history, monitor = things
    return repr(model.state_dict()), str(vars(history).keys()), str(history), str(monitor), repr(monitor)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=range(3)
)
def test_copies_say_the_same(copied: Callable[[Any], Any], trained: tuple[Any, ...]) -> None:
    assert seen(tuple(map(copied, trained))) == seen(trained)


def test_another_process_sees_the_same(trained: tuple[Any, ...]) -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert pool.submit(seen, trained).result() == seen(trained)
