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

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, compress, repeat
from operator import attrgetter, eq, is_

import numpy as np
from numpy.typing import NDArray

from autograd.core.garbage_collection import collector_paused
from autograd.core.primitive import Op
from autograd.core.recording import mode
from autograd.graph import topological_order
from autograd.node import inputs_of_each, number_of
from autograd.value import Constant, Parameter, Value, apply

COMPUTED, VARYING, PARAMETER, CONSTANT = range(4)
"""What a node is: the result of an op, or one of the three kinds of leaf."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Listing:
    """A graph in topological order; a node is its place in it.

    Attributes:
        nodes: the Value of each node.
        ops: its op; None for a leaf.
        kinds: COMPUTED, VARYING, PARAMETER or CONSTANT.
        ptr, args: node i's inputs are ``args[ptr[i]:ptr[i + 1]]``.
        data: the numbers at recording.
        outputs: the nodes asked for.
        notes: for a node that lowering made or changed, what was done and why.
    """

    nodes: list[Value]
    ops: list[Op | None]
    kinds: NDArray[np.uint8]
    ptr: Indices
    args: Indices
    data: NDArray[np.float64]
    outputs: Indices
    notes: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def found(self) -> list[Op | None]:
        """The distinct ops of the graph, None for leaves among them."""
        return list(dict.fromkeys(self.ops))

    @cached_property
    def codes(self) -> Indices:
        """The place of each node's op in `found`."""
        place = {op: i for i, op in enumerate(self.found)}
        return np.fromiter(map(place.__getitem__, self.ops), np.int64, len(self.ops))

    @cached_property
    def constant(self) -> NDArray[np.bool_]:
        """Which nodes are constants: leaves, or results that send no gradient."""
        roles = map(attrgetter("role"), self.nodes)
        return np.fromiter(map(eq, roles, repeat("constant")), bool, len(self))

    def applies(self, *some: Op) -> NDArray[np.bool_]:
        """Return which nodes apply one of these ops."""
        return np.isin(self.codes, [i for i, op in enumerate(self.found) if op in some])

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
    inputs = inputs_of_each(made)
    used = [*chain.from_iterable(inputs), *outputs]
    places = places_of(used, made)
    # nodes from outside go before those that were made: at the places -1, -2, … until all are shifted
    outside = places < 0
    strangers = list(compress(used, outside.tolist()))
    before = _with_inputs_first(dict.fromkeys(strangers))
    places[outside] = places_of(strangers, before) - len(before)
    inputs_before = inputs_of_each(before)
    args_before = places_of(list(chain.from_iterable(inputs_before)), before)

    order = [*before, *made]
    ops = list(map(op_of, order))
    counts = np.fromiter(map(len, chain(inputs_before, inputs)), np.int64, len(order))
    args = np.concatenate((args_before, places + len(before)))
    end = len(args) - len(outputs)
    leaves = places_of(varying, order)
    return Listing(
        nodes=order,
        ops=ops,
        kinds=_kinds(order, ops, leaves[leaves >= 0]),
        ptr=np.concatenate(([0], np.cumsum(counts))),
        args=args[:end],
        data=np.fromiter(map(number_of, order), np.float64, len(order)),
        outputs=args[end:],
    )


def places_of(values: Sequence[Value], among: Sequence[Value]) -> Indices:
    """Return the place of each Value among others, by identity; -1 for one that is not there.

    (In sorted arrays of ids they are found in a third of the time that a dictionary of a million takes.)
    """
    wanted, ids = (np.fromiter(map(id, x), np.int64, len(x)) for x in (values, among))
    if not len(ids) or not len(wanted):
        return np.full(len(wanted), -1)
    order = np.argsort(ids, kind="stable")
    found = order[np.searchsorted(ids[order], wanted).clip(max=len(ids) - 1)]
    return np.where(ids[found] == wanted, found, -1)


def _kinds(nodes: Sequence[Value], ops: Sequence[Op | None], varying: Indices) -> NDArray[np.uint8]:
    """Return what each node is, given the places of the varying leaves."""
    kinds = np.full(len(nodes), COMPUTED, np.uint8)
    leaf = np.fromiter(map(is_, ops, repeat(None)), bool, len(ops))
    constant = map(isinstance, compress(nodes, leaf.tolist()), repeat(Constant))
    kinds[leaf] = [CONSTANT if c else PARAMETER for c in constant]
    kinds[varying] = VARYING
    return kinds


def _with_inputs_first(values: Collection[Value]) -> list[Value]:
    """Return these Values and all that they are computed from, each once and after its inputs."""
    earlier = topological_order(*compress(values, map(op_of, values)))
    return list(dict.fromkeys(chain(earlier, values)))


op_of = attrgetter("op")


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
    chosen = wanted.tolist()
    counts = np.diff(listing.ptr)
    return replace(
        listing,
        nodes=list(compress(listing.nodes, chosen)),
        ops=list(compress(listing.ops, chosen)),
        kinds=listing.kinds[wanted],
        ptr=np.concatenate(([0], np.cumsum(counts[wanted]))),
        args=new_place[listing.args[np.repeat(wanted, counts)]],
        data=listing.data[wanted],
        outputs=new_place[listing.outputs],
        notes={int(new_place[i]): note for i, note in listing.notes.items() if wanted[i]},
    )


def rewire(listing: Listing, changed: Mapping[int, tuple[Op | None, Sequence[int]]]) -> Listing:
    """Return the listing with other ops and inputs at some nodes; an op of None makes the node a constant."""
    if not changed:
        return listing
    counts = np.diff(listing.ptr)
    ops, kinds = list(listing.ops), listing.kinds.copy()
    for i, (op, inputs) in changed.items():
        ops[i], counts[i] = op, len(inputs)
        if op is None:
            kinds[i] = CONSTANT
    ptr = np.concatenate(([0], np.cumsum(counts)))
    args = np.empty(ptr[-1], np.int64)
    same = np.ones(len(listing), bool)
    same[list(changed)] = False
    args[np.repeat(same, counts)] = listing.args[np.repeat(same, np.diff(listing.ptr))]
    for i, (_, inputs) in changed.items():
        args[ptr[i] : ptr[i + 1]] = inputs
    return replace(listing, ops=ops, kinds=kinds, ptr=ptr, args=args)
