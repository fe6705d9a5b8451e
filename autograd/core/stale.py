"""Numbers that no longer follow from their inputs: whoever takes a derivative of them is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.core.recording import clock, mode


def refuse_stale(computed: Sequence[Any]) -> None:
    """Raise if a number no longer follows from its inputs: the data of one was changed afterwards.

    Every node knows when it was made, and a leaf when its data was last assigned.  What is older than an
    input is computed again and compared, so that data that was changed and put back is not an error.

    Args:
        computed: a graph in topological order, without its leaves.

    Raises:
        RuntimeError: if there is such a number; it names the leaf and the op.
    """
    if not clock.now or min([v._made[2] for v in computed], default=clock.now) == clock.now:
        return  # no data was assigned since the first of them was computed, the usual case
    latest = max([x._made[2] for v in computed for x in v.inputs if x.op is None])
    older = [v for v in computed if v._made[2] < latest]
    for node in older:
        changed = [x for x in node.inputs if x._made[2] > node._made[2]]
        if changed and node.op is not None:
            now, _ = node.op.evaluate([x._data for x in node.inputs])
            if now != node._data and (now == now or node._data == node._data):
                raise RuntimeError(
                    f"the data of {changed[0].label or changed[0]} was changed after {node.op.name} was "
                    f"computed from it: that was {node._data!r}, and would be {now!r} now. Compute it again"
                )
    if older:
        mode.read_clock()
