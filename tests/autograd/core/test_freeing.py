"""Graphs are freed one node after the other where their nodes hand over their inputs."""

from __future__ import annotations

import pytest

from autograd.core.freeing import free_in_turn


class Link:
    """A node as a browser has it; it counts how many are being freed within each other."""

    depth = deepest = freed = 0

    def __init__(self, *inputs: Link) -> None:
        self.inputs = inputs

    def __del__(self) -> None:
        Link.depth += 1
        Link.deepest = max(Link.deepest, Link.depth)
        free_in_turn(self)
        Link.freed += 1
        Link.depth -= 1


@pytest.fixture(autouse=True)
def _nothing_freed_yet() -> None:
    Link.depth = Link.deepest = Link.freed = 0


def test_a_long_chain_is_freed_without_recursion() -> None:
    chain = Link()
    for _ in range(10_000):
        chain = Link(chain, chain)
    del chain
    assert (Link.freed, Link.deepest) == (10_001, 2)


def test_what_is_still_referred_to_stays() -> None:
    kept = Link(Link())
    Link(kept, Link())
    assert Link.freed == 2
    assert len(kept.inputs) == 1
    del kept
    assert Link.freed == 4
