"""The reverse pass: the chain rule, applied from the output back to the leaves.

A node's gradient, ∂output/∂node, is its *upstream*.  The node passes it on to each of its inputs,
multiplied by the partial that it recorded for that input.  An input adds up what it is sent, because
its routes to the output add up.  So a node may pass on only what is complete: the nodes are visited
in reverse topological order, in which everybody who depends on a node comes before it.
"""

from __future__ import annotations

from autograd.core.recording import mode, refuse_cut
from autograd.core.stale import refuse_stale
from autograd.graph import topological_order
from autograd.node import NO_GRADIENT, Node
from autograd.pure_reverse import check_output, upstreams


def backward(output: Node) -> None:
    """Compute ∂output/∂v for every Value v that ``output`` was computed from.

    The gradient is *added* to the ``.grad`` of leaves, so that the gradients of several outputs
    add up until they are zeroed, and *set* as the ``.grad`` of all other nodes.  Constants get
    none.  Nothing is changed if the call raises.

    Raises:
        TypeError: if ``output`` is not a Value.
        ValueError: if ``output`` is a constant.
        AnomalyError: inside `detect_anomaly`, at the first number that is infinite or nan.

    >>> from autograd import Value
    >>> x = Value(3.0, "x")
    >>> backward(x * x)
    >>> x.grad
    6.0
    """
    refuse_cut("backward()")
    check_output(output)
    if mode.watch:
        upstreams(output)  # a rehearsal: it raises before anything is changed
    computed = [v for v in topological_order(output) if v.inputs]  # a leaf keeps what it is sent
    refuse_stale(computed)
    # What an earlier pass left at the nodes between belongs to that pass; a leaf keeps adding up.
    for node in computed:
        node._grad = NO_GRADIENT
    # The output moves with itself one to one.  Everything else follows from this 1.
    output._grad += 1.0
    for node in reversed(computed):
        # All that depends on this node has been visited: its gradient is complete.
        upstream = node._grad
        if upstream is NO_GRADIENT:  # nothing was sent: only a condition, or a branch not taken, needs it
            continue
        # The chain rule: each input gets upstream × partial, added to what it has from other routes.
        # (Towards a branch that is not taken the partial is NOT_REACHED, which leaves v.grad as it is.)
        inputs = node.inputs
        if len(inputs) == 2:  # the same as below, without its loop: nearly every op has two inputs
            a, b = inputs
            d_a, d_b = node.partials
            a._grad += upstream * d_a
            b._grad += upstream * d_b
            continue
        partials = iter(node.partials)  # a strict zip would take as long as the rest of the loop
        for v in inputs:
            v._grad += upstream * next(partials)


# `backward` writes into the nodes, for speed.  `autograd.pure_reverse` has the same rule as a pure function:
# it touches no node, and its contributions may be graphs themselves.  One pass that did both would take
# `backward` twice the time (measured), so there are two.
