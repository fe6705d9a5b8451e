"""The box of a folded graph: what is in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Literal

from autograd.seeing.facts.after_an_error import ERROR
from autograd.seeing.facts.places import Path
from autograd.seeing.facts.records import NodeFact

INPUTS = "inputs"
"""How the box of all inputs is called, and the column in which inputs stand."""

ITSELF = " itself"
"""Ends the title of what an opened Module computes beside the Modules within it."""


@dataclass
class Group:
    """The nodes of one box.

    Attributes:
        id: its name in a drawing.
        title: how it is called: ``layer 2``, ``encoder``, ``blocks × 12``.
        kind: "inputs" for all inputs, "input" for one, "unit" for a neuron, "module" for any other Module.
        of: the class of its Module; "" for inputs.
        brief: what that Module says of itself in a few words, or "".
        path: where its Module is held, the first one where there are several; empty for inputs.
        column: in which column it stands; that of the inputs is 0.
        count: how many equal Modules it stands for.
        units: how many neurons or inputs are in it.
        turns: which uses it stands for, ``use 4`` or ``uses 5–12``, where one use is opened; else "".
        uses: how many times each Module of it was used, each input taken.
        holds_units: whether the Module itself holds neurons.
        within: of a neuron, how the Module that holds it is called; else "".
        members: its nodes, in topological order.
        parts: what members, and what it shares, are in their Module, such as "weight", by id.
        leaving: the ids of members that are used outside, or are the output.
        shared: weights of its Module that are members of another box, one of other uses of it.
        tied: the ids of weights that another box computes with as well, by its title.
        lent: the ids of its weights that another box uses as well.
        unused: how many parameters its Module holds that it does not compute with, such as rows of a table.
        shares: what each share of a softmax in it is called, and the nodes that measure it.
        skips: whether inside of it a value goes past what it holds, to be added to what that gives.
    """

    id: str
    title: str
    kind: Literal["inputs", "input", "unit", "module"]
    of: str
    path: Path
    column: int
    count: int = 1
    units: int = 0
    turns: str = ""
    uses: int = 1
    holds_units: bool = False
    within: str = ""
    members: list[NodeFact] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)
    shared: list[NodeFact] = field(default_factory=list)
    tied: dict[str, list[str]] = field(default_factory=dict)
    lent: set[str] = field(default_factory=set)
    unused: int = 0
    shares: tuple[tuple[str, tuple[NodeFact, ...]], ...] = ()
    skips: bool = False
    brief: str = ""

    @property
    def takes_no_inputs(self) -> bool:
        """Whether it stands for inputs, which nothing leads to."""
        return self.kind in ("inputs", "input")

    @property
    def is_layer(self) -> bool:
        """Whether it is one Module of neurons, all its outputs being theirs."""
        own = {self.parts.get(node.id) for node in self.outputs()}
        return (
            self.count == 1
            and self.units > 0
            and self.holds_units
            and own <= {"pre-activation", "activation"}
        )

    def part(self, part: str) -> list[NodeFact]:
        """Return the members that are this part of their Module, such as "pre-activation"."""
        return [node for node in self.members if self.parts.get(node.id) == part]

    def raised(self) -> list[NodeFact]:
        """Return the member that was not computed, because an error was raised; empty if there is none."""
        return [node for node in self.members[-1:] if node.role == ERROR]

    @property
    def nodes(self) -> list[NodeFact]:
        """What it computes with: the weights that it shares, and its members, in topological order."""
        return [*self.shared, *self.members]

    def weights(self) -> list[NodeFact]:
        """Return what it is trained by: members, and what it shares with its other uses."""
        return [*(node for node in self.members if node.role == "weight"), *self.shared]

    def note_unused(self, held: int) -> None:
        """Note how many parameters are not used, of so many that its Module holds.

        Not where it computes with weights that it does not say to be its own: it may hold them, too.
        """
        own = {node.id for node in self.weights()}
        if own.issuperset(chain.from_iterable(self.tied.values())):
            self.unused = held - len(own)

    def as_part_of(self, outer: Group) -> Group:
        """Return it as what it is in the whole graph, given the box that it was found in.

        What leaves that box, and what other boxes use of its weights or compute with as well, does so here.
        """
        weights = {node.id for node in self.weights()}
        tied = {other: [id for id in ids if id in weights] for other, ids in outer.tied.items()}
        return replace(
            self,
            leaving=self.leaving | outer.leaving & {node.id for node in self.members},
            lent=self.lent | outer.lent & weights,
            tied={**{other: ids for other, ids in tied.items() if ids}, **self.tied},
        )

    def outputs(self) -> list[NodeFact]:
        """Return what it gives: a neuron its activation, all others what is used outside."""
        if self.kind == "unit" and self.part("pre-activation"):
            return self.part("activation") or self.part("pre-activation")
        return [node for node in self.members if node.op is not None and node.id in self.leaving]
