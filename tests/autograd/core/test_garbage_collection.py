"""Python's collector is paused, comes back, and still finds what is garbage."""

from __future__ import annotations

import gc
import weakref

import pytest

from autograd.core.garbage_collection import collector_paused


class Ring:
    def __init__(self) -> None:
        self.itself = self


def test_cycles_made_meanwhile_are_found_afterwards() -> None:
    with collector_paused():
        ring = weakref.ref(Ring())
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.collect()
    assert ring() is None


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_it_comes_back_after_an_error() -> None:
    with pytest.raises(KeyError), collector_paused():
        raise KeyError
    assert gc.isenabled()


def test_what_somebody_else_has_set_apart_stays_so() -> None:
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        with collector_paused():
            pass
        assert gc.get_freeze_count() == before
    finally:
        gc.unfreeze()
