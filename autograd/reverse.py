"""The reverse pass: the chain rule, applied from the output back to the leaves.

A node's gradient, ∂output/∂node, is its *upstream*.  The node passes it on to each of its inputs,
multiplied by the partial that it recorded for that input.  An input adds up what it is sent, because
its routes to the output add up.  So a node may pass on only what is complete: the nodes are visited
in reverse topological order, in which everybody who depends on a node comes before it.
"""

from __future__ import annotations

from autograd.core.recording import mode, refuse_cut
from autograd.marked_order import marked_order
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
    nothing = float(0)  # the zero of this pass: a node that holds it has been sent nothing yet
    order = marked_order(output, nothing)
    # The output moves with itself one to one.  Everything else follows from this 1.
    output._grad += 1.0
    for node in reversed(order):
        # All that depends on this node has been visited: its gradient is complete.
        upstream = node._grad
        if upstream is nothing:  # only a condition, or a branch not taken, needs it
            node._grad = NO_GRADIENT
            continue
        # The chain rule: each input gets upstream × partial, added to what it has from other routes.
        # (Towards a branch that is not taken the partial is NOT_REACHED, which leaves the sum as it is.)
        a, b = node._a, node._b
        if a is not None:  # one input or two: nearly every op
            d_a = node._d_a
            if d_a == 1.0 and b is not None and node._d_b == 1.0:
                # × 1: a sum, as nearly half of all nodes are, passes on what it gets.  It does so without
                # adding it to a zero, which saves a tenth of the pass; no upstream is the −0 that would tell.
                if a._grad is nothing:
                    a._grad = upstream
                else:
                    a._grad += upstream
                if b._grad is nothing:
                    b._grad = upstream
                else:
                    b._grad += upstream
                continue
            a._grad += upstream * d_a
            if b is not None:
                b._grad += upstream * node._d_b
            continue
        partials = iter(node._d_b)  # a strict zip would take as long as the rest of the loop
        for v in b:
            v._grad += upstream * next(partials)


# `backward` writes into the nodes, for speed.  `autograd.pure_reverse` has the same rule as a pure function:
# it touches no node, and its contributions may be graphs themselves.  One pass that did both would take
# `backward` twice the time (measured), so there are two.
