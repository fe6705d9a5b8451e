"""What many nodes are computed from together: the weights of a matrix product, a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograd import ops
from autograd.tape.listing import Indices, Listing
from autograd.tape.lowering import Mask


@dataclass(frozen=True)
class Product:
    """Dots over the same inputs, rows of a matrix product; or several such products of the same weights.

    Each of them is one position, such as that of a letter in a word.

    Attributes:
        nodes: the dots, shape (n, positions).
        weights: their uniform factors, shape (n, number of inputs).
        x: the varying inputs that the dots of a position share, shape (number of inputs, positions).
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
    dots = np.flatnonzero(listing.applies(ops.dot) & varying)
    dots = dots[np.argsort(~active[dots], kind="stable")]
    counts = listing.ptr[dots + 1] - listing.ptr[dots]
    products = []
    for count in np.unique(counts[counts > 1]).tolist():
        nodes, n = dots[counts == count], count // 2
        inputs = listing.args[listing.ptr[nodes][:, None] + np.arange(count)]
        first, second, bias = inputs[:, :n], inputs[:, n : 2 * n], inputs[:, 2 * n :]
        in_first = varying[first]
        alike = (in_first != varying[second]).all(axis=1) & ~varying[bias].any(axis=1)
        weights, x = np.where(in_first, second, first), np.where(in_first, first, second)
        groups: dict[tuple[bytes, bool], list[int]] = {}
        for k, behind in zip(np.flatnonzero(alike).tolist(), guarded[nodes[alike]].tolist(), strict=True):
            groups.setdefault((x[k].tobytes(), behind), []).append(k)
        for places in groups.values():
            b = bias[places, 0] if count % 2 else None
            products.append(Product(nodes[places, None], weights[places], x[places[:1]].T, b))
    return products


def side_by_side(
    products: Sequence[Product],
    found: Sequence[Table],
    listing: Listing,
    level: Indices,
    masks: tuple[Mask, Mask],
) -> tuple[list[Product], Indices]:
    """Make one product of those that have the same weights, where what they take can lie in one matrix.

    What comes in is a matrix if it is computed in one step and its rows, number by number and position by
    position, follow one another; so do the rows of what comes out.

    Args:
        products: the products, each of one position.
        found: the tables.
        level: each node's distance from the inputs.
        masks: which nodes send a gradient, and which lie behind branches.

    Returns:
        The products, and for each node its place among those that are computed in the same step.
    """
    active, guarded = masks
    place, laid = np.arange(len(listing)), len(listing)
    code = listing.codes.copy()
    everything: list[Shared] = [*products, *found]
    for k, shared in enumerate(everything):
        code[shared.nodes] = len(listing.found) + k
    step = np.stack((level, code, guarded, active))
    alike: dict[tuple[bytes, ...], list[Product]] = {}
    for p in sorted(products, key=lambda p: int(level[p.nodes[0, 0]])):
        own = level[p.nodes[:1]], guarded[p.nodes[:1]], active[p.nodes], p.weights, p.bias
        alike.setdefault(tuple([b"" if a is None else a.tobytes() for a in own]), []).append(p)
    made = []
    for several in alike.values():
        x, nodes = (
            np.concatenate(parts, axis=1) for parts in zip(*[(p.x, p.nodes) for p in several], strict=True)
        )
        flat = x.ravel()
        fits = len(several) > 1 and level[flat[0]] > 0 and bool((step[:, flat] == step[:, flat[:1]]).all())
        fits &= len(np.unique(flat)) == len(flat)
        laid_before = place[flat] >= len(listing)
        if fits and not laid_before.any():
            place[flat] = np.arange(laid, laid + len(flat))
            laid += len(flat)
        elif not (fits and laid_before.all() and (np.diff(place[flat]) == 1).all()):
            made.extend(several)
            continue
        place[nodes.ravel()] = np.arange(laid, laid + nodes.size)
        step[1, nodes] = step[1, nodes[0, 0]]
        laid += nodes.size
        made.append(replace(several[0], x=x, nodes=nodes))
    return made, place


TILE = 4
"""This many rows of queries stay in the cache while the keys pass by."""


def by_tiles(listing: Listing, varying: Mask, products: Sequence[Product], place: Indices) -> Indices:
    """Return places in which dots of varying numbers come near those that share theirs.

    Each number of a sequence's queries meets each of its keys: a few queries together, key by key, are read
    from memory once.  Dots that a matrix product takes stay where they are.
    """
    free = listing.applies(ops.dot) & varying & (place < len(listing))
    for product in products:
        free[product.x.ravel()] = False
    nodes = np.flatnonzero(free)
    nodes = nodes[listing.ptr[nodes + 1] - listing.ptr[nodes] > 1]
    halves = (listing.ptr[nodes + 1] - listing.ptr[nodes]) // 2
    query, key = listing.args[listing.ptr[nodes]], listing.args[listing.ptr[nodes] + halves]
    inside = varying[query] & varying[key]
    nodes, query, key = nodes[inside], query[inside], key[inside]
    queries, which = np.unique(query, return_inverse=True)
    nearest = np.full(len(queries), len(listing))
    np.minimum.at(nearest, which, key)
    rank = np.empty(len(queries), np.int64)
    rank[np.lexsort((queries, nearest))] = np.arange(len(queries))
    placed = place.copy()
    placed[nodes[np.lexsort((rank[which], key, rank[which] // TILE))]] = np.sort(place[nodes])
    return placed


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
