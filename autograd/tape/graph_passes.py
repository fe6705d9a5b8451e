"""Passes over a graph, node by node, in the language that `autograd.tape.native` compiles."""

from __future__ import annotations

from autograd.tape.native.words import Mask, Rows


def levels_of(ptr: Rows, args: Rows, level: Rows, unused: Rows, count: int) -> None:
    """Fill in each node's level: one more than the highest of its inputs; -1 stays for uniform ones.

    ``level`` comes with 0 for varying leaves and -1 elsewhere; nodes are in topological order.
    """
    for i in range(count):
        for j in range(ptr[i], ptr[i + 1]):
            if level[args[j]] >= 0:
                level[i] = max(level[i], level[args[j]] + 1)


def reach_forward(ptr: Rows, args: Rows, stops: Mask, reached: Mask, count: int) -> None:
    """Mark every node that has a marked input, but none of ``stops``; nodes are in topological order."""
    for i in range(count):
        if not stops[i]:
            for j in range(ptr[i], ptr[i + 1]):
                reached[i] = reached[i] or reached[args[j]]


def reach_back(ptr: Rows, args: Rows, stops: Mask, reached: Mask, count: int) -> None:
    """Mark every input of a marked node, but pass through no node of ``stops``."""
    for i in range(count - 1, -1, -1):
        if reached[i] and not stops[i]:
            for j in range(ptr[i], ptr[i + 1]):
                reached[args[j]] = True
