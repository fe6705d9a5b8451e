"""A tape called from several threads: each gets its own numbers, and BLAS keeps its threads."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_all_start_methods, get_context
from threading import Event
from threading import enumerate as enumerate_threads
from typing import Any

import numpy as np
import pytest
import scipy.linalg.cython_blas  # noqa: F401 (the BLAS of the replays, loaded before its threads are counted)
from threadpoolctl import ThreadpoolController, threadpool_limits

import autograd
from autograd import Parameter, Value
from autograd.tape import Tape, compiler
from autograd.tape.blas import blas_limited_to

CALLS = 10_000
THREADS = 4


def blas_threads() -> list[int]:
    return [
        library["num_threads"] for library in ThreadpoolController().info() if library["user_api"] == "blas"
    ]


@pytest.fixture(autouse=True)
def often_switched() -> Iterator[None]:
    """Python's threads take turns often, and BLAS has more than one thread, as on most machines."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with threadpool_limits(2, user_api="blas"):
            threads = blas_threads()
            yield
            assert blas_threads() == threads
    finally:
        sys.setswitchinterval(before)


def layer(width: int, outputs: int, threads: int = 1) -> Tape:
    rng = np.random.default_rng(0)
    W = [[Parameter(w) for w in row] for row in rng.normal(size=(outputs, width))]
    v = [Parameter(w) for w in rng.normal(size=width)]

    def function(x: list[Value], scale: Value) -> list[Value]:
        hidden = [autograd.dot(row, x).tanh() for row in W]
        return [scale * autograd.sum(hidden), autograd.dot(v, x) * hidden[0]]

    return Tape.record(function, [0.5] * width, 1.0, threads=threads)


def asked(tape: Tape, X: Any, kind: int, output: int) -> list[Any]:
    """The numbers of one call, whatever its kind."""
    if kind == 0:
        return [tape.forward(X, 2.0)]
    if kind == 1:
        return list(tape.gradients(X, 2.0, output=output))
    if kind == 2:
        return list(tape.input_gradients(X, 2.0, output=output))
    values, (slopes, gradient) = tape.value_and_gradients(X, 2.0, wrt="both", output=output)
    return [values, *slopes, gradient]


def same(found: list[Any], wanted: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_each_of_many_threads_gets_its_own_numbers() -> None:
    tape, rng = layer(3, 4), np.random.default_rng(1)
    questions = [
        (rng.normal(size=(count, 3)), kind, output)
        for count in (1, 2, 7, 700)
        for kind in range(4)
        for output in range(2)
    ]
    answers = [asked(tape, *question) for question in questions]

    def calls(seed: int) -> int:
        order = random.Random(seed).choices(range(len(questions)), k=CALLS // THREADS)
        return sum(not same(asked(tape, *questions[k]), answers[k]) for k in order)

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(calls, range(THREADS))) == 0


def test_wide_products_give_the_same_bits_on_several_threads_and_blas_keeps_its_threads() -> None:
    tape, X = layer(200, 100), np.random.default_rng(1).normal(size=(300, 200))
    answers = [asked(tape, X, kind, 0) for kind in range(4)]

    def calls(seed: int) -> bool:
        order = random.Random(seed).choices(range(4), k=25)
        return all(same(asked(tape, X, kind, 0), answers[kind]) for kind in order)

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(pool.map(calls, range(THREADS)))


def trained(tape: Tape, X: Any) -> Any:
    before = tape.vector
    with tape.training(X, 2.0) as run:
        for _ in range(300):
            run.step()
            run.vector -= 0.01 * run.gradient
        found = run.vector.copy(), run.gradient.copy()
    tape.vector = before
    return found


def test_a_training_and_calls_on_other_threads_do_not_disturb_each_other() -> None:
    tape, X = layer(3, 4), np.random.default_rng(1).normal(size=(20, 3))
    wanted, done = trained(tape, X), Event()
    start = tape.vector

    def calls() -> bool:
        right = True
        while not done.is_set():
            at = start + 0.1
            mean, _ = tape.gradients(X, 2.0)
            other, gradient = tape.gradients(X, 2.0, at=at)
            right &= np.isfinite(mean) and same([other, gradient], list(alone))
            tape.forward(X, 2.0)
            tape.input_gradients(X, 2.0)
        return right

    alone = tape.gradients(X, 2.0, at=start + 0.1)
    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(calls) for _ in range(2)]
        try:
            for _ in range(5):
                assert same(list(trained(tape, X)), list(wanted))
        finally:
            done.set()
        assert all(other.result() for other in others)


def test_trainings_that_overlap_leave_blas_as_it_was() -> None:
    X = np.random.default_rng(1).normal(size=(300, 200))
    with ExitStack() as first, ExitStack() as second:
        one = first.enter_context(layer(200, 100).training(X, 1.0))
        one.step()
        two = second.enter_context(layer(200, 100).training(X, 1.0))
        two.step()
        first.close()
        two.step()


def test_whoever_leaves_last_puts_the_threads_of_blas_back() -> None:
    before = blas_threads()
    first, second = blas_limited_to(1), blas_limited_to(1)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert set(blas_threads()) == {1}
    second.__exit__(None, None, None)
    assert blas_threads() == before


def test_the_lowest_number_of_threads_that_is_asked_for_counts() -> None:
    before = blas_threads()
    with blas_limited_to(3):
        assert set(blas_threads()) == {3}
        with blas_limited_to(2), blas_limited_to(3):
            assert set(blas_threads()) == {2}
        assert set(blas_threads()) == {3}
    assert blas_threads() == before


def test_few_samples_of_a_large_layer_share_its_product_and_many_are_shared_out() -> None:
    X = np.random.default_rng(1).normal(size=(700, 784))
    tape, replayer = layer(784, 64, threads=2), layer(784, 64, threads=2).replayer()
    if not compiler.missing():
        assert [replayer.blas_threads(count) for count in (64, 700)] == [2, 1]
    for count in (64, 700):
        one, two = layer(784, 64).gradients(X[:count], 1.0), tape.gradients(X[:count], 1.0)
        assert two[0] == pytest.approx(one[0], rel=1e-12)
        assert two[1] == pytest.approx(one[1], rel=1e-11, abs=1e-12)


def test_what_was_set_meanwhile_stays() -> None:
    with blas_limited_to(1):
        meanwhile = threadpool_limits(3, user_api="blas")
    assert set(blas_threads()) == {3}
    meanwhile.restore_original_limits()
    threadpool_limits(2, user_api="blas")


def test_on_every_thread_of_python_blas_keeps_to_one() -> None:
    def inside() -> list[int]:
        with blas_limited_to(1):
            return blas_threads()

    with ThreadPoolExecutor(1) as pool:
        assert set(pool.submit(inside).result()) == {1}


def _on_two_threads() -> float:
    w = Parameter(2.0)
    return Tape.record(lambda x: w * x, 1.0, threads=2).gradients(np.arange(1000.0))[0]


def _threads_of_tapes() -> list[str]:
    return sorted(thread.name for thread in enumerate_threads() if thread.name.startswith("tape on 2"))


def test_replays_on_as_many_threads_share_them_and_a_fork_makes_its_own() -> None:
    assert [_on_two_threads() for _ in range(20)] == [999.0] * 20
    assert 1 <= len(_threads_of_tapes()) <= 2
    if "fork" in get_all_start_methods():
        with ProcessPoolExecutor(1, get_context("fork")) as pool:
            assert pool.submit(_on_two_threads).result(timeout=60) == 999.0
