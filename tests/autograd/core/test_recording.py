"""Modes: as a block and as a decorator, entered again, and over all that a generator or coroutine runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Generator
from typing import Any

import pytest

from autograd import AnomalyError, Value, detect_anomaly, no_grad


def records() -> bool:
    return bool((Value(2.0) * 3).inputs)


def test_one_object_is_entered_again_and_again_inside_itself_too() -> None:
    off = no_grad()
    for _ in range(2):
        with off:
            with off:
                assert not records()
            assert not records()
        assert records()


def test_a_block_ends_with_its_exception() -> None:
    off = no_grad()
    with pytest.raises(ZeroDivisionError), off:
        _ = 1 / 0
    assert records()


def test_one_object_serves_threads_that_overlap() -> None:
    off, inside, done = no_grad(), threading.Event(), threading.Event()
    found: list[bool] = []

    def other() -> None:
        with off:
            inside.set()
            done.wait(10)
            found.append(records())
        found.append(records())

    thread = threading.Thread(target=other)
    thread.start()
    inside.wait(10)
    assert records()
    with off:
        assert not records()
    assert records()
    done.set()
    thread.join()
    assert found == [False, True]


def test_a_decorated_function_computes_in_the_mode() -> None:
    @no_grad()
    def function(n: int) -> bool:
        """Say so."""
        return records() or (n > 0 and function(n - 1))

    assert not function(2)
    assert records()
    assert (function.__name__, function.__doc__) == ("function", "Say so.")


def test_a_decorated_generator_iterates_in_the_mode_and_leaves_others_alone() -> None:
    ended: list[bool] = []

    @no_grad()
    def generator() -> Generator[bool, Any, str]:
        try:
            while True:
                try:
                    received = yield records()
                except KeyError:
                    received = records()
                if received is not None:
                    return f"received {received}, {records()}"
        finally:
            ended.append(records())

    running = generator()
    for _ in range(2):
        assert next(running) is False
        assert records(), "between two steps the mode is as it was"
    with pytest.raises(StopIteration, match="received x, False"):
        running.send("x")
    running = generator()
    next(running)
    with pytest.raises(StopIteration, match="received False, False"):
        running.throw(KeyError())
    running = generator()
    next(running)
    running.close()
    assert ended == [False] * 3
    assert records()


def test_a_generators_own_error_comes_out() -> None:
    @no_grad()
    def generator() -> Generator[int, None, None]:
        yield 1
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        list(generator())
    assert records()


def test_a_decorated_coroutine_computes_in_the_mode_and_others_do_not() -> None:
    @no_grad()
    async def still() -> list[bool]:
        found = []
        for _ in range(3):
            found.append(records())
            await asyncio.sleep(0)
        return found

    async def moving() -> list[bool]:
        found = []
        for _ in range(3):
            found.append(records())
            await asyncio.sleep(0)
        return found

    async def both() -> Any:
        return await asyncio.gather(still(), moving())

    assert asyncio.run(both()) == [[False] * 3, [True] * 3]


def test_what_cannot_be_covered_is_refused_by_name() -> None:
    async def stream() -> AsyncIterator[int]:
        yield 1

    for wrong in (stream, 5):
        with pytest.raises(TypeError, match="a mode decorates a function, a generator or a coroutine"):
            no_grad()(wrong)  # type: ignore[type-var]


def test_anomalies_are_detected_over_an_iteration_too() -> None:
    @detect_anomaly()
    def generator() -> Generator[Value, None, None]:
        yield Value(1.0).log()
        yield Value(-1.0).log()

    running = generator()
    next(running)
    with pytest.raises(AnomalyError):
        next(running)
