"""What a box says: its name, its kind, its numbers and its whole in one line, the same in every picture.

Pictures place these words and colour them; they choose none of their own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from autograd.notation.labels import Label, called, parse_label, shorten
from autograd.notation.numbers import count, counted, number
from autograd.seeing.facts.after_an_error import ERROR
from autograd.seeing.facts.folding.group import INPUTS, Group
from autograd.seeing.facts.places import title_of
from autograd.seeing.facts.records import NodeFact

TEXTBOOK_LIST = "layers."
"""Begins the name of a layer, counted as in textbooks; of others a box tells Python's count: ``blocks.0``."""
LONGEST_HINT = 400
"""A hint has at most this many characters; longer ones are cut."""


@dataclass(frozen=True)
class Fact:
    """A row of a box: a word, and the number as it is written.

    Attributes:
        word, number: these.
        pattern: of a row that measures several nodes, how: text with the names of `MEASURES` in braces.
        nodes: what it measures.
    """

    word: str
    number: str
    pattern: str = field(default="", compare=False, repr=False)
    nodes: tuple[NodeFact, ...] = field(default=(), compare=False, repr=False)

    @property
    def early(self) -> str:
        """What it says while there are no gradients yet."""
        pattern = OF_GRADIENTS.sub(number(None), self.pattern)
        return self.number if pattern == self.pattern else _filled(pattern, self.nodes)


def what_was_raised(node: NodeFact) -> Fact:
    """Return the row that says what error was raised instead of computing a node."""
    return Fact("raised here", shorten(node.formula or "", LONGEST_ERROR))


LONGEST_ERROR = 180
"""At most this many characters of an error stand in a box."""
SKIP = Fact("skip", "x + f(x)")
"""The row of a box inside of which a value goes past what it holds, and is added to what that gives."""


@dataclass(frozen=True)
class Box:
    """What the box of a node, a neuron or a layer says.

    Attributes:
        id: that of the node or group.
        role: "input", "weight", "constant", "operation", "output" or "error"; it decides the frame.
        name: its label; None where it has none.
        kind: what it is, in small words beside the name; "" where that needs no words.
        facts: a word and a number for each row below.
        title: its full name or formula: what it is, without numbers.
        hint: what it says when pointed at, numbers included.
        module: the class of its Module and what that says of itself; None if it says nothing.
    """

    id: str
    role: str
    name: Label | None
    kind: str
    facts: tuple[Fact, ...]
    title: str
    hint: str
    module: Fact | None = None

    @property
    def has_heading(self) -> bool:
        """Whether name or kind are written above the numbers."""
        return self.name is not None or bool(self.kind)

    @property
    def is_bare(self) -> bool:
        """Whether it is a plain number inside an expression: its value is shown and nothing else."""
        return self.role == "constant" and self.name is None


def words_of(boxes: Iterable[Box]) -> list[str]:
    """Return what the signs in boxes mean, for a legend: a line for each that there is."""
    written = {f"{fact.word} {fact.number}" for box in boxes for fact in box.facts}
    return [meaning for sign, meaning in MEANINGS.items() if any(sign in text for text in written)]


OF_ALL_USES = " of all uses"
"""Whose the gradient of a weight is that several boxes use: not what one of them adds to it."""

UNUSED, TIED = "not used here", "tied with"
"""What a row of a box tells: parameters that are held and not used, and those that another has too."""

MEANINGS = {
    "|gradient": "|w|, |b|, |gradient|: the size of all of them together, √(w₁² + w₂² + …)",
    OF_ALL_USES: f"gradient{OF_ALL_USES}: what the uses of these weights add to it, those of other boxes too",
    SKIP.number: f"skip, {SKIP.number}: what goes in is added to what is made of it",
    UNUSED: f"{UNUSED}: parameters that it holds, and that nothing in this graph was computed with",
    TIED: f"{TIED} another box: parameters that both compute with",
    "used ×": "used × 2: it was called so many times",
    "given ×": "given × 2: there were so many of each, such as one for each sample",
}
"""What signs mean, by what tells that there are such."""


# ------------------------------------------------------------------------------------------ nodes


@lru_cache(maxsize=10_000)
def box_of_node(node: NodeFact, operation: str = "") -> Box:
    """Return what the box of a node says.

    Args:
        node: the node.
        operation: what is written of its operation, where that has no circle of its own.

    >>> from autograd import Value
    >>> from autograd.seeing.facts.trace import trace
    >>> box = box_of_node(trace(Value(2.0, "x") * 3).nodes[0])
    >>> box.name.text, box.kind, [(fact.word, fact.number) for fact in box.facts]
    ('x', 'input', [('value', '2'), ('gradient', '–')])
    """
    if node.role == ERROR:
        fact = what_was_raised(node)
        return Box(node.id, ERROR, None, "", (fact,), fact.word, f"{fact.word}: {node.formula}")
    name = parse_label(node.label) if node.label else None
    full_name = parse_label(node.label, limit=LONGEST_HINT).text if node.label else ""
    facts = [Fact("value", number(node.value))]
    if node.role != "constant":
        facts.append(Fact("gradient", number(node.gradient)))
    value, *others = facts
    said = [full_name, node.formula, value.number]
    return Box(
        id=node.id,
        role=node.role,
        name=name,
        kind=_kind_of_node(node, operation),
        facts=tuple(facts),
        title=" = ".join(filter(None, said[:2])) or node.role,
        hint="; ".join([" = ".join(filter(None, said)), *(f"{fact.word} {fact.number}" for fact in others)]),
    )


def _kind_of_node(node: NodeFact, operation: str) -> str:
    if node.role == "constant" and not node.label:
        return ""
    role = {"operation": "", "weight": "parameter"}.get(node.role, node.role)  # which may be a bias
    return " · ".join(filter(None, [operation, role]))


# ---------------------------------------------------------------------------- neurons and Modules


def box_of_group(group: Group, is_output: bool) -> Box:
    """Return what the box of a neuron, a layer, any other Module, an input or all inputs says.

    Args:
        group: the Values that it stands for.
        is_output: whether the output is in it; it is framed as such.
    """
    module = Fact(group.of, group.brief) if group.brief else None
    facts, ends = _facts_of_group(group), ERROR if group.raised() else "output"
    return Box(
        id=group.id,
        role="input" if group.takes_no_inputs else ends if is_output else "operation",
        name=name_of_group(group),
        kind=_kind_of_group(group),
        facts=facts,
        title=group.title,
        hint=f"{group.title}: "
        + ", ".join(f"{x.word} {x.number}" for x in [*filter(None, [module]), *facts]),
        module=module,
    )


def name_of_group(group: Group) -> Label:
    """Return the name of a box: that of the one Value, the same in all uses, which it takes or gives."""
    given = group.members if group.kind == "input" else group.outputs() if group.kind == "unit" else []
    told = {*".".join(map(called, group.path)).split(".")}  # by the layer around a neuron

    def own(label: str) -> str:
        module, _, name = label.rpartition(".")
        return name if group.kind == "unit" and told.issuperset(module.split(".")) else label

    names = {parse_label(own(node.label)) for node in given if node.label}
    names = names if len(names) == 1 else {name.of_all_uses for name in names}
    if len(names) == 1 and all(node.label for node in given):
        return names.pop()
    return Label(title_of(group.path[-1:], {}) if group.kind == "unit" else group.title)


def _kind_of_group(group: Group) -> str:
    if group.kind == "inputs":
        return counted(group.units, "input") if group.title != INPUTS else f"{group.units}"
    if group.kind == "input":
        return "input"
    if group.kind == "unit":
        return "neuron"
    own = group.of if group.path not in ((), (group.of,)) and not group.brief else ""
    kind = counted(group.units, "neuron") if group.is_layer else own
    name = group.path[-1] if group.path and group.count == 1 else ""
    is_told = not name[-1:].isdigit() or name.startswith(TEXTBOOK_LIST)
    return kind if is_told else " · ".join(filter(None, [kind, name]))


def _facts_of_group(group: Group) -> tuple[Fact, ...]:
    before, weights, raised = group.part("pre-activation"), group.weights(), group.raised()
    given = [node for node in group.outputs() if node not in raised]
    if group.kind == "inputs":
        said = [_measured("x" if group.title == INPUTS else "values", "{values}", group.members)]
    elif group.kind == "input":
        said = [
            _measured("value", "{values}", group.members),
            _measured("gradient", "{gradients}", group.members),
        ]
    elif group.kind == "unit" and before:
        said = [
            _measured("b", "{values}", group.part("bias")),
            _measured("z", "{values}", before),
            _measured("a", "{values}", group.part("activation")),
            _measured("gradient of z", "{gradients}", before),
        ]
    else:
        said = [*map(what_was_raised, raised)]
        said.append(_measured("a" if group.is_layer else "output", "{values}", given))
        said += [share_of(name, nodes) for name, nodes in group.shares]
        said += facts_of_parameters(
            weights,
            {node.id for node in weights if group.parts.get(node.id) == "bias"},
            group.lent,
        )
        if group.unused > 0 and not raised:
            said.append(Fact(UNUSED, counted(group.unused, "parameter")))
    if group.skips:
        said.append(SKIP)
    if group.kind != "unit":
        for other, ids in group.tied.items():
            has_bias = any(group.parts.get(id) == "bias" for id in ids)
            said.append(Fact(f"{TIED} {other}", counted(len(ids), "parameter" if has_bias else "weight")))
    if group.uses > 1:
        said.append(Fact("given" if group.takes_no_inputs else "used", f"× {group.uses}"))
    return tuple(fact for fact in said if fact.number)


def facts_of_parameters(
    parameters: Sequence[NodeFact], biases: Collection[str], shared: Collection[str] = ()
) -> list[Fact]:
    """Return a row for the weights and one for the biases: how many, their size and that of their gradients.

    The size of several numbers is their Euclidean norm.

    Args:
        parameters: the nodes.
        biases: the ids of those that are biases.
        shared: the ids of those whose gradients are of more uses than those of this box.

    >>> from autograd import Parameter
    >>> from autograd.seeing.facts.trace import trace
    >>> w, v, b = Parameter(3.0), Parameter(4.0), Parameter(-1.0)
    >>> output = w * 0.5 + v * 0.5 + b
    >>> output.backward()
    >>> parameters = [node for node in trace(output).nodes if node.role == "weight"]
    >>> for fact in facts_of_parameters(parameters, [parameters[-1].id]):
    ...     print(fact.word, fact.number)
    2 weights |w| 5, |gradient| 0.7071
    1 bias |b| 1, |gradient| 1
    """
    rows = []
    for letter, one, several in (("w", "weight", "weights"), ("b", "bias", "biases")):
        nodes = [node for node in parameters if (node.id in biases) == (letter == "b")]
        if nodes:
            word = f"{count(len(nodes))} {one if len(nodes) == 1 else several}"
            whose = OF_ALL_USES if any(node.id in shared for node in nodes) else ""
            rows.append(_measured(word, f"|{letter}| {{size}}, |gradient{whose}| {{steepness}}", nodes))
    return rows


def _extent(numbers: Iterable[float]) -> str:
    """Return one number, or the least and the largest of several; "" for none."""
    listed = list(numbers)
    if not listed:
        return ""
    if any(x != x for x in listed):  # of whole numbers beyond floats, too
        return "nan"
    low, high = number(min(listed)), number(max(listed))
    return low if low == high else f"{low} … {high}"


MEASURES: dict[str, Callable[[Sequence[NodeFact]], str]] = {
    "values": lambda nodes: _extent(node.value for node in nodes),
    "gradients": lambda nodes: _extent(_gradients(nodes)) or number(None),
    "size": lambda nodes: number(math.hypot(*(node.value for node in nodes))),
    "steepness": lambda nodes: number(norm_of_gradients(nodes)),
    "share": lambda nodes: number(_share(*[node.value for node in nodes])),
}
"""What a row may say of several nodes: the extent of their values or gradients, the norm of either, or what
share the power of the first is of the powers of the others."""


OF_GRADIENTS = re.compile(r"\{gradients\}|\{steepness\}")


def share_of(word: str, nodes: Sequence[NodeFact]) -> Fact:
    """Return the row of a share: of the node that it is, or of an exponent before all that it is one of."""
    return _measured(word, "{share}" if len(nodes) > 1 else "{values}", nodes)


def _share(exponent: float, *exponents: float) -> float:
    largest = max(exponents)
    return math.exp(exponent - largest) / sum(math.exp(x - largest) for x in exponents)


def _measured(word: str, pattern: str, nodes: Sequence[NodeFact]) -> Fact:
    return Fact(word, _filled(pattern, nodes), pattern, tuple(nodes))


def _filled(pattern: str, nodes: Sequence[NodeFact]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: MEASURES[found[1]](nodes), pattern)


def norm_of_gradients(nodes: Sequence[NodeFact]) -> float | None:
    """Return the Euclidean norm of the gradients of these nodes; None before there are any."""
    gradients = _gradients(nodes)
    return math.hypot(*gradients) if gradients else None


def _gradients(nodes: Sequence[NodeFact]) -> list[float]:
    return [node.gradient for node in nodes if node.gradient is not None]
