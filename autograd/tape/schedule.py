"""The layout of a lowered listing: which row each node gets, and which rows are computed together.

Nodes are put in order of their level and, within a level, of their op: neighbours then do the same
thing to data that is ready, and become one step.  Dots of uniform weights over the same inputs become
one step together, a matrix product, and one for all positions of a sequence where they can; lookups in
one uniform table pick its numbers where they lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograd.core.primitive import Op
from autograd.tape.listing import COMPUTED, CONSTANT, PARAMETER, VARYING, Indices, Listing
from autograd.tape.lowering import (
    Mask,
    behind_branches,
    gradient_paths,
    levels,
    uniform_levels,
    varying_nodes,
)
from autograd.tape.program import AFFINE, BROADCAST, GATHER, Program, pack
from autograd.tape.sending import first_sent
from autograd.tape.shared import (
    Product,
    Shared,
    Table,
    blocks_of,
    by_tiles,
    matrix_products,
    side_by_side,
    tables,
)
from autograd.value import Value

Kernels = list[tuple[Op, bool]]

MOST_INPUTS = 3
"""An op takes at most this many inputs, unless it is variadic: the columns of a program's ``args``."""

WIDE = 1024
"""A matrix product of this many weights or more reads the samples in place, not from rows."""


@dataclass
class Schedule:
    """A listing laid out for replay.

    Attributes:
        uniform, varying: the two programs, packed.
        uniform_rows, varying_rows: the rows that they compute, and how.
        parameters: the nodes of the parameters, in the order of their rows, the first ones of U.
        constants: the nodes of the constants, in the order of their rows, which come next.
        outputs: the row of V of each output, or -1 for a uniform one.
        uniform_outputs: the row of U of each output, or -1 for a varying one.
        loaded: the columns of the samples that the first rows of V hold.
        kernels: for each number of a kernel in the programs' steps its op, and whether it is the one for
            rows behind branches.
        reached: for each parameter, whether a gradient reaches it.
    """

    uniform: Indices
    varying: Indices
    uniform_rows: Rows
    varying_rows: Rows
    parameters: Indices
    constants: Indices
    outputs: Indices
    uniform_outputs: Indices
    loaded: Indices
    kernels: Kernels
    reached: Mask


def schedule(listing: Listing, inputs: Sequence[Value], output: int, inputs_gradient: bool) -> Schedule:
    """Lay out a lowered listing.

    Args:
        listing: the graph.
        inputs: the varying leaves in the order in which a sample's numbers come.
        output: the output that the reverse pass starts from.
        inputs_gradient: whether the gradients of the inputs are wanted too.
    """
    varying = varying_nodes(listing)
    active = gradient_paths(listing, inputs_gradient, output)
    guarded = active & behind_branches(listing, output)
    masks, level, found = (active, guarded), levels(listing), tables(listing, varying)
    products = matrix_products(listing, varying, active, guarded)
    products, place = side_by_side(products, found, listing, level, masks)
    place = by_tiles(listing, varying, products, place)
    shared: list[Shared] = [*products, *found]
    kernels: Kernels = []
    uniform_part = _Uniform(listing, varying, masks, shared, kernels)
    order = level, place
    varying_part = _Varying(
        listing, varying, masks, shared, inputs, uniform_part, kernels, inputs_gradient, order
    )
    outputs = listing.outputs
    return Schedule(
        uniform=uniform_part.rows.program(),
        varying=varying_part.rows.program(
            varying_part.rows.row_of[outputs[varying[outputs]]],
            len(varying_part.loaded) if inputs_gradient else 0,
        ),
        uniform_rows=uniform_part.rows,
        varying_rows=varying_part.rows,
        parameters=uniform_part.parameters,
        constants=uniform_part.constants,
        outputs=np.where(varying[outputs], varying_part.rows.row_of[outputs], -1),
        uniform_outputs=np.where(varying[outputs], -1, uniform_part.rows.row_of[outputs]),
        loaded=varying_part.loaded,
        kernels=kernels,
        reached=active[uniform_part.parameters],
    )


class Rows:
    """The rows of U or V: which node each holds, and the steps that compute them.

    Attributes:
        row_of: the row of each node; -1 for one that has none.
        column_of: the column of the samples that holds a node which matrix products read there; -1
            for all other nodes.
        node_of: the node of each row; -1 for none.
        ops: for each step its op; None where uniform numbers are copied.
        products: the matrix products, in the order of their numbers in the steps.
    """

    def __init__(self, listing: Listing, masks: tuple[Mask, Mask], kernels: Kernels) -> None:
        self.listing, self._kernels = listing, kernels
        self.active, self.guarded = masks
        self.row_of = np.full(len(listing), -1, np.int64)
        self.column_of = np.full(len(listing), -1, np.int64)
        self.ops: list[Op | None] = []
        self._nodes: list[Indices] = []
        self._steps: list[NDArray[np.int64]] = []
        self._args: list[tuple[Indices, NDArray[np.int64], NDArray[np.int64]]] = []
        self._variadic: list[Indices] = []
        self._affine: list[list[int]] = []
        self._segments: list[list[int]] = []
        self.products: list[Product] = []
        self.count = 0

    @property
    def node_of(self) -> Indices:
        """The node of each row."""
        return np.concatenate([np.empty(0, np.int64), *self._nodes])

    @property
    def steps(self) -> NDArray[np.int64]:
        """The steps as `Program` has them."""
        return np.concatenate([np.empty((0, 6), np.int64), *self._steps])

    def take(self, nodes: Indices) -> int:
        """Give the nodes the next rows; return the first row."""
        first = self.count
        self.row_of[nodes] = np.arange(first, first + len(nodes))
        self._nodes.append(nodes)
        self.count += len(nodes)
        return first

    def skip(self) -> None:
        """Leave a row empty: that of an input that no output needs."""
        self._nodes.append(np.array([-1], np.int64))
        self.count += 1

    def copy(self, nodes: Indices, sources: Indices) -> int:
        """Add a step that copies the nodes from rows of U into new rows; return the first row."""
        first = self.count
        self._nodes.append(nodes)
        self.count += len(nodes)
        args = np.zeros((len(nodes), 3), np.int64)
        args[:, 0] = sources
        need = self.active[nodes].astype(np.int64)
        self._args.append((np.arange(first, self.count), args, need))
        self._steps.append(np.array([[BROADCAST, first, self.count, 0, 0, int(need.any())]], np.int64))
        self.ops.append(None)
        return first

    def compute(
        self, nodes: Indices, keys: tuple[Indices, Indices], code: Indices, found: Sequence[Op | None],
        shared: Sequence[tuple[Shared, int, int]] = (),
    ) -> None:  # fmt: skip
        """Add steps that compute the nodes in order of level, then code, those that send a gradient first.

        Args:
            nodes: the nodes.
            keys: each node's distance from the leaves, and its place in its step.
            code: each node's place in ``found``, or beyond it in ``shared``.
            found: the ops.
            shared: matrix products and tables, each with the first row of U of its block and of its biases.
        """
        if not len(nodes):
            return
        level, place = keys
        guarded = self.guarded[nodes]
        order = nodes[np.lexsort((place[nodes], ~self.active[nodes], guarded, code[nodes], level[nodes]))]
        codes, guarded = code[order], self.guarded[order]
        new = (np.diff(level[order]) != 0) | (np.diff(codes) != 0) | (np.diff(guarded) != 0)
        starts = np.concatenate(([0], np.flatnonzero(new) + 1))
        ends = np.concatenate((starts[1:], [len(order)]))
        first = self.take(order)
        kernels = {
            (c, g): self._add_inputs(order[(codes == c) & (guarded == g)], found[c], g)
            for c, g in set(zip(codes.tolist(), guarded.tolist(), strict=True))
            if c < len(found)
        }
        sent = np.bitwise_or.reduceat(self.active[order], starts)
        steps = np.zeros((len(starts), 6), np.int64)
        steps[:, 1], steps[:, 2], steps[:, 5] = first + starts, first + ends, sent
        which = codes[starts]
        for (c, g), kernel in kernels.items():
            steps[(which == c) & (guarded[starts] == g), 3] = kernel
        for k in np.flatnonzero(which >= len(found)).tolist():
            block, row, bias_row = shared[which[k] - len(found)]
            if isinstance(block, Product):
                steps[k, 0], steps[k, 3] = AFFINE, len(self._affine)
                self._add_product(int(steps[k, 1]), bool(steps[k, 5]), block, row, bias_row)
            else:
                steps[k, 0], steps[k, 3:5] = GATHER, block.entries.shape
                self._add_lookups(order[starts[k] : ends[k]], block, row)
        self.ops.extend(map(self.listing.op, order[starts].tolist()))
        self._steps.append(steps)

    def _add_inputs(self, nodes: Indices, op: Op | None, guarded: bool) -> int:
        """Enter the inputs of all nodes of one op; return the number of its kernel."""
        assert op is not None
        if (op.arity or 0) > MOST_INPUTS:
            raise NotImplementedError(
                f"the op {op.name!r} takes {op.arity} inputs; the tape has room for {MOST_INPUTS}, "
                "or for any number if the op is variadic"
            )
        if (op, guarded) not in self._kernels:
            self._kernels.append((op, guarded))
        args = np.zeros((len(nodes), 3), np.int64)
        if op.variadic:
            self._variadic.append(nodes)
            need = self.active[nodes].astype(np.int64)
        else:
            places = np.arange(op.arity or 0)
            inputs = self.listing.args[self.listing.ptr[nodes][:, None] + places]
            args[:, places] = self.row_of[inputs]
            need = ((self.active[inputs] & self.active[nodes][:, None]) << places).sum(axis=1)
        self._args.append((self.row_of[nodes], args, need))
        return self._kernels.index((op, guarded))

    def _add_lookups(self, nodes: Indices, table: Table, table_row: int) -> None:
        args = np.zeros((len(nodes), 3), np.int64)
        args[:, 0] = self.row_of[self.listing.args[self.listing.ptr[nodes]]]
        args[:, 1] = table_row + table.columns[np.searchsorted(table.nodes, nodes)]
        args[:, 2] = self.guarded[nodes]
        self._args.append((self.row_of[nodes], args, self.active[nodes].astype(np.int64)))

    def _add_product(self, first: int, sent: bool, product: Product, weight_row: int, bias_row: int) -> None:
        need_w = sent and bool(self.active[product.weights].any())
        if product.bias is not None:
            need_w |= sent and bool(self.active[product.bias].any())
        start, positions = len(self._segments), product.x.shape[1]
        if positions == 1:
            x = product.x[:, 0]
            self._segments.extend(_segments(self.row_of[x], self.column_of[x], self.active[x]))
        else:
            x = product.x[0, 0]
            self._segments.append([int(self.row_of[x]), 0, len(product.x), int(self.active[x]), 0])
        sending = int(np.count_nonzero(self.active[product.nodes[:, 0]]))
        guarded = int(self.guarded[product.nodes[0, 0]])
        end, shape = len(self._segments), product.weights.shape
        self.products.append(product)
        self._affine.append(
            [first, *shape, weight_row, bias_row, start, end, int(need_w), sending, guarded, positions]
        )

    def program(self, outputs: Indices | None = None, inputs: int = 0) -> Indices:
        """Return the steps and all they need, packed for the kernels.

        Args:
            outputs: the rows of outputs; without them, every gradient adds to what was sent before.
            inputs: how many of the first rows are inputs whose gradients are wanted.
        """
        args = np.zeros((self.count, 3), np.int64)
        need = np.zeros(self.count, np.int64)
        for rows, some_args, some_need in self._args:
            args[rows], need[rows] = some_args, some_need
        counts = np.zeros(self.count, np.int64)
        variadic = np.concatenate([np.empty(0, np.int64), *self._variadic])
        variadic = variadic[np.argsort(self.row_of[variadic])]
        counts[self.row_of[variadic]] = self.listing.ptr[variadic + 1] - self.listing.ptr[variadic]
        listed = np.concatenate([np.empty(0, np.int64), *[self.listing.inputs(i) for i in variadic.tolist()]])
        program = Program(
            steps=self.steps,
            args=args,
            ptr=np.concatenate(([0], np.cumsum(counts))),
            lists=self.row_of[listed],
            need=need,
            need_list=self.active[listed].astype(np.int64),
            affine=np.array(self._affine, np.int64).reshape(-1, 11),
            segments=np.array(self._segments, np.int64).reshape(-1, 5),
            unsent=np.empty((0, 2), np.int64),
        )
        if outputs is not None:
            nodes = self.node_of
            read = (nodes >= 0) & self.active[nodes]
            read[:inputs] = True
            program = first_sent(program, self._kernels, outputs, read)
        return pack(program)


def _segments(rows: Indices, columns: Indices, need: Mask) -> list[list[int]]:
    """Return the segments of `Program` for inputs that lie in these rows or columns."""
    place = np.where(columns >= 0, columns, rows)
    kind = 2 * (columns >= 0) + need
    cuts = np.flatnonzero((np.diff(place) != 1) | (np.diff(kind) != 0)) + 1
    starts = np.concatenate(([0], cuts))
    ends = np.concatenate((cuts, [len(rows)]))
    return [
        [int(place[start]), int(start), int(end - start), int(need[start]), int(columns[start] >= 0)]
        for start, end in zip(starts, ends, strict=True)
    ]


class _Uniform:
    """The rows of U: parameters (weights and tables row by row), constants, computed nodes."""

    def __init__(
        self, listing: Listing, varying: Mask, masks: tuple[Mask, Mask], shared: list[Shared],
        kernels: Kernels,
    ) -> None:  # fmt: skip
        self.listing = listing
        self.rows = Rows(listing, masks, kernels)
        self._blocks: dict[bytes, int] = {}
        self._last_place = np.empty(len(listing), np.int64)
        wanted = [block for s in shared for block in blocks_of(s) if block is not None]
        for block in wanted:
            self._place(block)
        leaf = ~varying & (listing.kinds != COMPUTED)
        for kind in (PARAMETER, CONSTANT):
            self.rows.take(np.flatnonzero(leaf & (listing.kinds == kind) & (self.rows.row_of < 0)))
        placed = self.rows.node_of
        self.parameters = placed[listing.kinds[placed] == PARAMETER]
        self.constants = placed[listing.kinds[placed] == CONSTANT]
        found, code = listing.found, listing.codes
        computed = np.flatnonzero(~varying & (listing.kinds == COMPUTED))
        self.rows.compute(computed, (uniform_levels(listing), np.arange(len(listing))), code, found)
        for block in wanted:  # a block that could not be placed is copied there before each replay
            if block.tobytes() not in self._blocks:
                self._blocks[block.tobytes()] = self.rows.copy(block, self.rows.row_of[block])

    def _place(self, block: Indices) -> None:
        free = (self.listing.kinds[block] == PARAMETER) & (self.rows.row_of[block] < 0)
        places = np.arange(len(block))
        self._last_place[block] = places
        if free.all() and (self._last_place[block] == places).all():  # no weight comes twice
            self._blocks[block.tobytes()] = self.rows.take(block)

    def row_of_block(self, block: Indices | None) -> int:
        """Return the first of the block's consecutive rows; -1 for no block."""
        return -1 if block is None else self._blocks[block.tobytes()]


class _Varying:
    """The rows of V: inputs, uniform numbers that ops need in every lane, computed nodes."""

    def __init__(
        self, listing: Listing, varying: Mask, masks: tuple[Mask, Mask], shared: list[Shared],
        inputs: Sequence[Value], uniform: _Uniform, kernels: Kernels, inputs_gradient: bool,
        order: tuple[Indices, Indices],
    ) -> None:  # fmt: skip
        self.rows = Rows(listing, masks, kernels)
        place = {listing.nodes[i]: i for i in np.flatnonzero(listing.kinds == VARYING).tolist()}
        leaves = np.array([place.get(v, -1) for v in inputs], np.int64)
        columns = np.arange(len(leaves))
        if not inputs_gradient:
            products = [s for s in shared if isinstance(s, Product)]
            wide = [p for p in products if p.weights.size >= WIDE and not masks[1][p.nodes[0, 0]]]
            in_rows = _read_in_rows(listing, varying, wide)
            direct = (leaves >= 0) & ~in_rows[leaves]
            self.rows.column_of[leaves[direct]] = columns[direct]
            columns = columns[(leaves >= 0) & in_rows[leaves]]
        self.loaded = columns
        for leaf in leaves[columns]:
            if leaf >= 0:
                self.rows.take(np.array([leaf], np.int64))
            else:
                self.rows.skip()
        found, code = listing.found, listing.codes.copy()
        for k, block in enumerate(shared):
            code[block.nodes] = len(found) + k
        computed = np.flatnonzero(varying & (listing.kinds == COMPUTED))
        self._spread(listing, varying, computed[code[computed] < len(found)], uniform)
        placed = []
        for s in shared:
            first, bias = map(uniform.row_of_block, blocks_of(s))
            placed.append((s, first, bias))
        self.rows.compute(computed, order, code, found, placed)

    def _spread(self, listing: Listing, varying: Mask, nodes: Indices, uniform: _Uniform) -> None:
        """Copy the uniform inputs of these nodes into rows of their own."""
        by_these = np.zeros(len(listing), bool)
        by_these[nodes] = True
        used = np.zeros(len(listing), bool)
        used[listing.args[np.repeat(by_these, np.diff(listing.ptr))]] = True
        spread = np.flatnonzero(used & ~varying)
        if len(spread):
            first = self.rows.copy(spread, uniform.rows.row_of[spread])
            self.rows.row_of[spread] = np.arange(first, self.rows.count)


def _read_in_rows(listing: Listing, varying: Mask, wide: list[Product]) -> Mask:
    """Return which varying nodes are outputs or are read by something other than a wide matrix product."""
    by_others = varying & (listing.kinds == COMPUTED)
    for product in wide:
        by_others[product.nodes] = False
    read = np.zeros(len(listing), bool)
    read[listing.args[np.repeat(by_others, np.diff(listing.ptr))]] = True
    read[listing.outputs] = True
    return read
