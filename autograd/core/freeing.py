"""Graphs freed node by node, where the machine's stack is too small to free them by recursion.

When a node's last reference goes, Python frees its inputs within the freeing of the node, and theirs within
that.  CPython limits this to some depth by its own means; in a browser those come too late, and a graph of
10,000 nodes in a row ends the whole interpreter.  There each node hands over its inputs instead.
"""

from __future__ import annotations

from typing import Any

_waiting: list[Any] = []


def free_in_turn(node: Any) -> None:
    """Take over the inputs of a node that is being freed, for its ``__del__``.

    The first node to be freed then frees what waits here, one after the other; the others only hand over.
    """
    _waiting.append(getattr(node, "inputs", ()))  # without any, where making the node has failed
    node.inputs = ()
    if len(_waiting) > 1:
        return  # within the freeing of another node's inputs, below
    done = 0
    while done < len(_waiting):
        _waiting[done] = None  # frees these inputs, and appends theirs
        done += 1
    _waiting.clear()
