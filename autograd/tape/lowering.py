"""From the graph as recorded to the graph as replayed: each step returns an equal, simpler listing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autograd import ops
from autograd.tape.listing import COMPUTED, PARAMETER, VARYING, Listing, keep, rewire
from autograd.tape.passes import graph_pass

Mask = NDArray[np.bool_]


def lower(listing: Listing) -> Listing:
    """Take all steps in order: fold constants, gather dots, drop what no output needs."""
    return drop_unneeded(gather_dots(drop_unneeded(fold_constants(listing))))


def fold_constants(listing: Listing) -> Listing:
    """Replace what depends on constants alone by a constant: its number is known."""
    open_ended = (listing.kinds == VARYING) | (listing.kinds == PARAMETER)
    graph_pass("reach_forward")(listing.ptr, listing.args, _none(listing), open_ended)
    folded = np.flatnonzero(~open_ended & (listing.kinds == COMPUTED))
    return rewire(listing, dict.fromkeys(folded.tolist(), (None, ())))


def drop_unneeded(listing: Listing) -> Listing:
    """Keep only what the outputs are computed from."""
    needed = np.zeros(len(listing), bool)
    needed[listing.outputs] = True
    graph_pass("reach_back")(listing.ptr, listing.args, _none(listing), needed)
    return keep(listing, needed)


def varying_nodes(listing: Listing) -> Mask:
    """Return which nodes differ from sample to sample; the others are uniform, computed once per replay."""
    varying: Mask = listing.kinds == VARYING
    graph_pass("reach_forward")(listing.ptr, listing.args, _none(listing), varying)
    return varying


def levels(listing: Listing) -> NDArray[np.int64]:
    """Return each varying node's distance from the inputs; -1 for uniform nodes."""
    level = np.where(listing.kinds == VARYING, 0, -1)
    graph_pass("levels_of")(listing.ptr, listing.args, level)
    return level


def uniform_levels(listing: Listing) -> NDArray[np.int64]:
    """Return each node's distance from the leaves, of whatever kind they are."""
    level = np.where(listing.kinds == COMPUTED, -1, 0)
    graph_pass("levels_of")(listing.ptr, listing.args, level)
    return level


def gradient_paths(listing: Listing, inputs: bool, output: int = 0) -> Mask:
    """Return which nodes lie between the output and a leaf whose gradient is wanted.

    Args:
        listing: the graph.
        inputs: whether the gradients of the varying leaves are wanted, beside the parameters'.
        output: which of the outputs.

    No gradient passes a condition or a constant, as in the eager reverse pass.
    """
    still = _still(listing)
    wanted = (listing.kinds == PARAMETER) | (inputs & (listing.kinds == VARYING))
    graph_pass("reach_forward")(listing.ptr, listing.args, still, wanted)
    active: Mask = _reached(listing, still, output) & wanted & ~still
    return active


def behind_branches(listing: Listing, output: int = 0) -> Mask:
    """Return which nodes a gradient reaches only through branches, in those lanes where one is taken."""
    always = _reached(listing, _still(listing) | listing.applies(*ops.BRANCHES), output)
    return ~always


def _reached(listing: Listing, stops: Mask, output: int) -> Mask:
    """Return which nodes lie between the output and ``stops``."""
    reached = np.zeros(len(listing), bool)
    reached[listing.outputs[output]] = True
    graph_pass("reach_back")(listing.ptr, listing.args, stops, reached)
    return reached


def _still(listing: Listing) -> Mask:
    """Return which nodes pass no gradient on: conditions, and results that are constants."""
    still: Mask = listing.applies(*ops.CONDITIONS) | listing.constant
    return still


def _none(listing: Listing) -> Mask:
    return np.zeros(len(listing), bool)


def gather_dots(listing: Listing) -> Listing:
    """Gather chains of multiply and add into one `dot`: unfused neurons, sums of weighted inputs.

    A sum is gathered where two or more of its terms are products with a uniform factor and at most
    one other term, a uniform one, is left.  Products and partial sums that are used elsewhere stay.
    A dot starts from 0: a sum of nothing but −0 becomes +0.
    """
    varying = varying_nodes(listing)
    uses = np.bincount(listing.args, minlength=len(listing))
    uses[listing.outputs] += 1
    is_sum = listing.applies(ops.add, ops.sum_)
    is_product = listing.applies(ops.mul)
    counts = np.diff(listing.ptr)
    term_of_sum = listing.args[np.repeat(is_sum, counts)]
    inner = np.zeros(len(listing), bool)  # sums that are a term of another sum, and of nothing else
    inner[term_of_sum[is_sum[term_of_sum] & (uses[term_of_sum] == 1)]] = True
    worth = (is_product * 1 + inner * 2)[listing.args] * (uses[listing.args] == 1)
    worth = np.diff(np.concatenate(([0], np.cumsum(worth)))[listing.ptr])  # enough for two products?
    changed: dict[int, tuple[ops.Op | None, list[int]]] = {}
    notes = dict(listing.notes)
    for i in np.flatnonzero(is_sum & ~inner & (worth >= 2)).tolist():
        pairs, rest = _terms(listing, i, inner, uses, varying)
        if len(pairs) < 2 or len(rest) > 1 or varying[rest].any():
            continue
        changed[i] = (ops.dot, [*(w for w, _ in pairs), *(x for _, x in pairs), *rest])
        notes[i] = f"{len(pairs)} products and their sum gathered into one dot"
    return replace(rewire(listing, changed), notes=notes)


def _terms(
    listing: Listing, root: int, inner: Mask, uses: NDArray[np.int64], varying: Mask
) -> tuple[list[tuple[int, int]], list[int]]:
    """Split a sum into (uniform, varying) pairs that are multiplied, and all its other terms."""
    pairs: list[tuple[int, int]] = []
    rest: list[int] = []
    stack = [root]
    while stack:
        i = stack.pop()
        if i == root or inner[i]:
            stack.extend(listing.inputs(i)[::-1].tolist())
        elif listing.op(i) is ops.mul and uses[i] == 1 and (not varying[root] or varying[i]):
            a, b = listing.inputs(i).tolist()
            if varying[a] and varying[b]:
                rest.append(i)
            else:
                pairs.append((b, a) if varying[a] else (a, b))
        else:
            rest.append(i)
    return pairs, rest
