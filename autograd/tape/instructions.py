"""The instructions of a tape, step by step, in the words of the drawings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograd.core.primitive import Op
from autograd.graph import topological_order
from autograd.notation.formula import formula
from autograd.notation.numbers import counted, number
from autograd.tape.listing import Listing
from autograd.tape.program import AFFINE
from autograd.tape.schedule import Schedule
from autograd.value import Value


@dataclass(frozen=True)
class Instruction:
    """One step of a tape, in the words of the drawings.

    Attributes:
        number: its place on the tape.
        op: the op it applies; None where uniform numbers are copied to the lanes.
        values: the Values it computes.
        uniform: whether it is computed once per replay, for all samples together.
        note: what was fused into it and why, or "".
    """

    number: int
    op: Op | None
    values: tuple[Value, ...]
    uniform: bool
    note: str

    def __str__(self) -> str:
        symbol = self.op.symbol if self.op else "copy"
        if "matrix product" in self.note:
            symbol = "W·x + b"
        rows = counted(len(self.values), "row")
        note = f"   ({self.note})" if self.note else ""
        return f"{self.number:>4}  {symbol:<10} {rows:>10}  {_named(self.values)}{note}"


def instructions(listing: Listing, plan: Schedule) -> Iterator[Instruction]:
    """Yield the steps in the order of a forward replay, the uniform ones first."""
    place = 0
    for rows, uniform in ((plan.uniform_rows, True), (plan.varying_rows, False)):
        node_of = rows.node_of
        for op, (kind, start, end, which, *_) in zip(rows.ops, rows.steps.tolist(), strict=True):
            nodes = node_of[start:end].tolist()
            notes = sorted({listing.notes[i] for i in nodes if i in listing.notes})
            if kind == AFFINE:
                positions = rows.products[which].x.shape[1]
                over = "the same inputs" if positions == 1 else f"{positions} positions"
                notes.insert(0, f"{counted(len(nodes), 'dot')} over {over}: a matrix product")
            values = tuple(listing.nodes[i] for i in nodes)
            yield Instruction(place, op, values, uniform, "; ".join(notes))
            place += 1


def instruction_of(v: Value, found: Sequence[Instruction], outputs: Sequence[Value]) -> Instruction:
    """Return the instruction that computes a Value, or that it became part of.

    Raises:
        ValueError: if the Value is a leaf, or not on the tape.
    """
    by_value = {node: instruction for instruction in found for node in instruction.values if node.inputs}
    for node in reversed(topological_order(*outputs)):
        for x in node.inputs:
            if x.inputs and node in by_value:
                by_value.setdefault(x, by_value[node])
    if v not in by_value:
        raise ValueError(f"{v} is a leaf, or not on this tape: no instruction computes it")
    return by_value[v]


def written(found: Sequence[Instruction]) -> Iterator[str]:
    """Yield the instructions as lines of text, under a heading for each of the two programs."""
    for heading, uniform in (("once per replay:", True), ("for every sample:", False)):
        lines = [str(instruction) for instruction in found if instruction.uniform == uniform]
        if lines:
            yield heading
            yield from lines


def _named(values: Sequence[Value]) -> str:
    first, last = _name(values[0]), _name(values[-1])
    return first if len(values) == 1 else f"{first} … {last}"


def _name(v: Value) -> str:
    """Return the Value's label, else its op applied to the names of its inputs, else its number."""
    if v.label or v.op is None or len(v.inputs) > 3:
        return v.label or number(v.data)
    return formula(v.op, [a.label or number(a.data) for a in v.inputs])
