"""A graph as a flat list: what every step of lowering takes and returns.

>>> from autograd import Value
>>> x, w = Value(2.0, "x"), Value(3.0, "w")
>>> listing = flatten([(x * w).tanh()], varying=[x])
>>> print(listing)
0  x    varying
1  w    parameter
2  mul  0 1
3  tanh 2
outputs: 3
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, compress, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.core.garbage_collection import collector_paused
from autograd.core.primitive import Op
from autograd.core.recording import mode
from autograd.graph import topological_order
from autograd.node import data_of, number_of
from autograd.value import Constant, Parameter, Value, apply

COMPUTED, VARYING, PARAMETER, CONSTANT = range(4)
"""What a node is: the result of an op, or one of the three kinds of leaf."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Listing:
    """A graph in topological order; a node is its place in it.

    Attributes:
        nodes: the Value of each node.
        found: the distinct ops in the order of their first nodes, None for leaves among them.
        codes: the place of each node's op in ``found``.
        kinds: COMPUTED, VARYING, PARAMETER or CONSTANT.
        constant: which nodes are constants: leaves, or results that send no gradient.
        ptr, args: node i's inputs are ``args[ptr[i]:ptr[i + 1]]``.
        data: the numbers at recording.
        outputs: the nodes asked for.
        notes: for a node that lowering made or changed, what was done and why.
    """

    nodes: list[Value]
    found: list[Op | None]
    codes: Indices
    kinds: NDArray[np.uint8]
    constant: NDArray[np.bool_]
    ptr: Indices
    args: Indices
    data: NDArray[np.float64]
    outputs: Indices
    notes: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def ops(self) -> list[Op | None]:
        """The op of each node; None for a leaf."""
        return list(map(self.found.__getitem__, self.codes.tolist()))

    def applies(self, *some: Op) -> NDArray[np.bool_]:
        """Return which nodes apply one of these ops."""
        return np.array([op in some for op in self.found], bool)[self.codes]

    def op(self, i: int) -> Op | None:
        """Return the op of node i; None for a leaf."""
        return self.found[int(self.codes[i])]

    def inputs(self, i: int) -> Indices:
        """Return the nodes that node i is computed from."""
        return self.args[self.ptr[i] : self.ptr[i + 1]]

    def __str__(self) -> str:
        kinds = ("", "varying", "parameter", "constant")
        lines = []
        for i, (node, op) in enumerate(zip(self.nodes, self.ops, strict=True)):
            what = op.name if op else node.label or f"{node.data:.4g}"
            inputs = " ".join(map(str, self.inputs(i))) if op else kinds[self.kinds[i]]
            lines.append(f"{i:<2} {what:<4} {inputs}")
        return "\n".join([*lines, "outputs: " + " ".join(map(str, self.outputs))])


def flatten(
    outputs: Sequence[Value], varying: Sequence[Value] = (), made: Sequence[Value] | None = None
) -> Listing:
    """Return the graph of the outputs as a list.

    Args:
        outputs: the Values asked for.
        varying: the leaves that differ from sample to sample.  Every other leaf is a parameter, or
            a constant if it is one.
        made: the nodes in the order in which they were made, if that is known: it saves the search for
            an order.  It may contain more nodes than the outputs need.
    """
    made = topological_order(*outputs) if made is None else made
    ptr, used = _edges(made)
    used, ids = np.concatenate((used, _ids(outputs))), _ids(made)
    args = _places(used, ids)
    # what comes from outside goes before what was made: at the places -1, -2, … until all are shifted
    outside = np.flatnonzero(args < 0)
    first = outside[np.sort(np.unique(used[outside], return_index=True)[1])]
    before, ids_before = _used_at(first, made, ptr, outputs), used[first]
    earlier = topological_order(*[v for v in before if v.op is not None])
    if earlier:
        before = list(dict.fromkeys([*earlier, *before]))
        ids_before = _ids(before)
    args[outside] = _places(used[outside], ids_before) - len(before)
    ptr_earlier, used_earlier = _edges(earlier)
    ptr_before = np.pad(ptr_earlier, (0, len(before) - len(earlier)), "edge")
    args = np.concatenate((_places(used_earlier, ids_before), args + len(before)))

    nodes, end = [*before, *made], len(args) - len(outputs)
    leaves_before = repeat(None, len(before) - len(earlier))
    found, codes = coded(chain(ops_of(earlier), leaves_before, ops_of(made)))
    leaf = np.array([op is None for op in found], bool)[codes]
    constant = np.fromiter([isinstance(v, Constant) for v in nodes], bool, len(nodes))
    kinds = np.where(leaf, np.where(constant, CONSTANT, PARAMETER), COMPUTED).astype(np.uint8)
    given = _places(_ids(varying), np.concatenate((ids_before, ids)))
    kinds[given[given >= 0]] = VARYING
    return Listing(
        nodes=nodes,
        found=found,
        codes=codes,
        kinds=kinds,
        constant=constant,
        ptr=np.concatenate((ptr_before, ptr[1:] + ptr_before[-1])),
        args=args[:end],
        data=np.array(data_of(nodes), np.float64),
        outputs=args[end:],
    )


def coded(ops: Iterable[Op | None]) -> tuple[list[Op | None], Indices]:
    """Return the distinct ops, and the place of each op among them."""
    place: dict[Op | None, int] = defaultdict(lambda: len(place))
    codes = np.fromiter(map(place.__getitem__, ops), np.int64)
    return list(place), codes


def _edges(nodes: Sequence[Value]) -> tuple[Indices, Indices]:
    """Return where each node's inputs begin in the list of all, and the id of each of these.

    They are read slot by slot, in a third of the time that tuples of them take; see `autograd.node`.
    """
    slots = np.stack([_ids([v._a for v in nodes]), _ids([v._b for v in nodes])], axis=1)
    there = slots != id(None)
    listed = ~there[:, 0]
    there[listed] = False
    lists = [v._b for v in compress(nodes, listed.tolist())]
    counts = np.count_nonzero(there, axis=1)
    counts[listed] = list(map(len, lists))
    of_lists = np.repeat(listed, counts)
    ids = np.empty(len(of_lists), np.int64)
    ids[~of_lists], ids[of_lists] = slots[there], _ids(chain.from_iterable(lists))
    return np.concatenate(([0], np.cumsum(counts))), ids


def _used_at(places: Indices, nodes: Sequence[Value], ptr: Indices, outputs: Sequence[Value]) -> list[Value]:
    """Return the Values at these places in the list of all inputs, at whose end stand the outputs."""
    users, which = np.unique(np.searchsorted(ptr, places, "right") - 1, return_inverse=True)
    lists = [nodes[i].inputs if i < len(nodes) else outputs for i in users.tolist()]  # each is made once
    return [lists[k][j] for k, j in zip(which.tolist(), (places - ptr[users[which]]).tolist(), strict=True)]


def places_of(values: Sequence[Value], among: Sequence[Value]) -> Indices:
    """Return the place of each Value among others, by identity; -1 for one that is not there."""
    return _places(_ids(values), _ids(among))


def _ids(values: Iterable[Any]) -> Indices:
    """Return the ids: addresses, as an array of objects holds them, read in a fifth of the time of `id`."""
    held = np.fromiter(values, object)
    return np.ndarray(len(held), np.intp, held).astype(np.int64)


def _places(wanted: Indices, ids: Indices) -> Indices:
    """Return the place of each id among others, in a third of the time that a large dictionary takes."""
    if not len(ids):
        return np.full(len(wanted), -1)
    order = np.argsort(ids, kind="stable")
    found = order[np.searchsorted(ids[order], wanted).clip(max=len(ids) - 1)]
    return np.where(ids[found] == wanted, found, -1)


def ops_of(nodes: Iterable[Value]) -> list[Op | None]:
    """Return the op of each node; None for a leaf."""
    return [v.op for v in nodes]


def computed(
    ops: Sequence[Op | None], inputs: Iterable[Sequence[int]], leaf: Callable[[int], Value], still: set[int]
) -> list[Value]:
    """Return new Values, computed one after the other.

    Args:
        ops: the op of each; None for a leaf.
        inputs: the places of what each is computed from, which come before it.
        leaf: makes the leaf of a place.
        still: the places of results that are constants.
    """
    made: list[Value] = []
    with mode.switched(recording=True, watch=None, made=None), collector_paused():
        for i, (op, places) in enumerate(zip(ops, inputs, strict=True)):
            if op is None:
                made.append(leaf(i))
            else:
                made.append(apply(op, tuple([made[j] for j in places]), Constant if i in still else None))
    return made


def computed_again(listing: Listing) -> list[Value]:
    """Return new Values that are computed as the nodes are, from leaves with the same numbers."""

    def leaf(i: int) -> Value:
        node = listing.nodes[i]
        if listing.kinds[i] == CONSTANT:
            return Constant(listing.data[i])
        kind = {"weight": Parameter, "input": Value}.get(node.role, Constant)
        return kind(number_of(node), node.label)

    inputs = map(np.ndarray.tolist, map(listing.inputs, range(len(listing))))
    return computed(listing.ops, inputs, leaf, set(np.flatnonzero(listing.constant).tolist()))


def keep(listing: Listing, wanted: NDArray[np.bool_]) -> Listing:
    """Return the listing with only the wanted nodes, which must include all their inputs."""
    if wanted.all():
        return listing
    new_place = np.cumsum(wanted) - 1
    counts = np.diff(listing.ptr)
    found, codes = _in_order(listing.found, listing.codes[wanted])
    return replace(
        listing,
        nodes=list(compress(listing.nodes, wanted.tolist())),
        found=found,
        codes=codes,
        kinds=listing.kinds[wanted],
        constant=listing.constant[wanted],
        ptr=np.concatenate(([0], np.cumsum(counts[wanted]))),
        args=new_place[listing.args[np.repeat(wanted, counts)]],
        data=listing.data[wanted],
        outputs=new_place[listing.outputs],
        notes={int(new_place[i]): note for i, note in listing.notes.items() if wanted[i]},
    )


def _in_order(found: Sequence[Op | None], codes: Indices) -> tuple[list[Op | None], Indices]:
    """Return the ops that nodes have, in the order of their first nodes, and the codes that fit them."""
    first = np.full(len(found), len(codes))
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # the last one that is written to a place stays there
    order = np.argsort(first)
    place = np.argsort(order)
    return [found[i] for i in order.tolist() if first[i] < len(codes)], place[codes]


def rewire(listing: Listing, changed: Mapping[int, tuple[Op | None, Sequence[int]]]) -> Listing:
    """Return the listing with other ops and inputs at some nodes; an op of None makes the node a constant."""
    if not changed:
        return listing
    counts = np.diff(listing.ptr)
    codes, kinds, same = listing.codes.copy(), listing.kinds.copy(), np.ones(len(listing), bool)
    found, place = coded([*listing.found, *(op for op, _ in changed.values())])
    codes[list(changed)] = place[len(listing.found) :]
    found, codes = _in_order(found, codes)
    for i, (op, inputs) in changed.items():
        counts[i], same[i] = len(inputs), False
        if op is None:
            kinds[i] = CONSTANT
    ptr = np.concatenate(([0], np.cumsum(counts)))
    args = np.empty(ptr[-1], np.int64)
    args[np.repeat(same, counts)] = listing.args[np.repeat(same, np.diff(listing.ptr))]
    for i, (_, inputs) in changed.items():
        args[ptr[i] : ptr[i + 1]] = inputs
    return replace(listing, found=found, codes=codes, kinds=kinds, ptr=ptr, args=args)
