"""What many nodes are computed from together: the weights of a matrix product, a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd import ops
from autograd.tape.listing import Indices, Listing
from autograd.tape.lowering import Mask


@dataclass(frozen=True)
class Product:
    """Dots over the same inputs: rows of a matrix product.

    Attributes:
        nodes: the dots, n of them.
        weights: their uniform factors, shape (n, number of inputs).
        x: the varying inputs that they share.
        bias: their biases, or None.
    """

    nodes: Indices
    weights: Indices
    x: Indices
    bias: Indices | None


@dataclass(frozen=True)
class Table:
    """Lookups of varying indices in one uniform table.

    Attributes:
        nodes: the lookups, in the order of the graph.
        columns: the column of the table that each picks from.
        entries: the numbers of the table, shape (rows, columns).
    """

    nodes: Indices
    columns: Indices
    entries: Indices


Shared = Product | Table
"""What many nodes are computed from together."""


def blocks_of(shared: Shared) -> tuple[Indices, Indices | None]:
    """Return what is to lie in consecutive rows of U: weights or a table, row by row; biases."""
    if isinstance(shared, Product):
        return shared.weights.ravel(), shared.bias
    return shared.entries.ravel(), None


def matrix_products(listing: Listing, varying: Mask, active: Mask, guarded: Mask) -> list[Product]:
    """Gather the dots of uniform weights and varying inputs by their inputs, those behind branches apart.

    The dots that send a gradient come first, so that the reverse pass can leave out the others: a
    gradient of 0 times a weight of infinity would be nan, where the eager engine sends nothing.
    """
    groups: dict[tuple[bytes, bool, bool], list[tuple[int, Indices, Indices, Indices]]] = {}
    dots_in_order = np.flatnonzero(listing.applies(ops.dot) & varying)
    for i in dots_in_order[np.argsort(~active[dots_in_order], kind="stable")].tolist():
        inputs = listing.inputs(i)
        n, odd = divmod(len(inputs), 2)
        first, second, bias = inputs[:n], inputs[n : 2 * n], inputs[2 * n :]
        if n == 0 or varying[bias].any() or not (varying[first] != varying[second]).all():
            continue
        weights = np.where(varying[first], second, first)
        x = np.where(varying[first], first, second)
        groups.setdefault((x.tobytes(), bool(odd), bool(guarded[i])), []).append((i, weights, x, bias))
    return [
        Product(
            nodes=np.array([i for i, _, _, _ in dots], np.int64),
            weights=np.stack([weights for _, weights, _, _ in dots]),
            x=dots[0][2],
            bias=np.concatenate([bias for _, _, _, bias in dots]) if odd else None,
        )
        for (_, odd, _), dots in groups.items()
    ]


def tables(listing: Listing, varying: Mask) -> list[Table]:
    """Gather the lookups in uniform tables: those with the same index are columns of one table."""
    by_index: dict[tuple[int, int], list[int]] = {}
    for i in np.flatnonzero(listing.applies(ops.lookup) & varying).tolist():
        index, *entries = listing.inputs(i).tolist()
        if entries and not varying[entries].any():
            by_index.setdefault((index, len(entries)), []).append(i)
    found: dict[tuple[bytes, int], tuple[list[int], list[int], Indices]] = {}
    for (_, length), nodes in by_index.items():
        entries = np.stack([listing.inputs(i)[1:] for i in nodes], axis=1)
        alike = found.setdefault((entries.tobytes(), length), ([], [], entries))
        alike[0].extend(nodes)
        alike[1].extend(range(len(nodes)))
    made = []
    for nodes, columns, entries in found.values():
        order = np.argsort(nodes)
        made.append(Table(np.array(nodes)[order], np.array(columns)[order], entries))
    return made
