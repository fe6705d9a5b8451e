"""What a node is called in words and formulas, and the names that a caller's variables give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from autograd.notation.hints import described
from autograd.notation.labels import family, parse_label
from autograd.notation.numbers import number
from autograd.notation.signs import gradient_sign
from autograd.seeing.facts.folding.opening import Turns, titled
from autograd.seeing.facts.places import Path, Structure, apart, layer_of, structure_of
from autograd.seeing.facts.records import NodeFact, Trace
from autograd.value import Value


def name_of(node: NodeFact) -> str:
    """Return what a node is called in formulas and sentences: its label, or its number if it has none."""
    return parse_label(node.label).text if node.label else number(node.value)


def label_of(v: Value, labels: Mapping[Value, str]) -> str:
    """Return the label by which a Value is shown: the one that `labels_of` gives it, else its own."""
    return labels.get(v) or v.label


OF_NO_WEIGHTS = "a·b"
"""The symbol of a dot product without weights, such as that of two towers' outputs."""


def symbol_of(v: Value) -> str | None:
    """Return the symbol of the op that computed a Value; a dot product has w only where there are weights."""
    if v.op is not None and v.op.name == "dot" and not any(x.role == "weight" for x in v.inputs):
        return OF_NO_WEIGHTS
    return None if v.op is None else v.op.symbol


def name_of_value(v: Value, labels: Mapping[Value, str], limit: int = 24) -> str:
    """Return the name of a Value as text: its label, or that of the caller's variable; "" if it has none.

    Args:
        v: the Value.
        labels: names for Values, as `labels_of` gives them.
        limit: at most this many characters of a name are kept that is not a textbook label.
    """
    label = label_of(v, labels)
    return parse_label(label, limit).text if label else ""


def gradient_of(output: NodeFact, node: NodeFact) -> str:
    """Return ``∂L/∂a``, the sign of a node's gradient."""
    return gradient_sign(name_of(output), name_of(node))


def check_value(what: str, output: object) -> None:
    """Refuse what is not a Value.

    Raises:
        TypeError: saying what was taken of it, and what it is.
    """
    if not isinstance(output, Value):
        raise TypeError(
            f"{what} is taken of one Value, such as a loss or a network's output; got {described(output)}"
        )


def where(node: str, trace: Trace) -> str:
    """Return in which Module a node is, and in which use where it has several: ``item · layer 1 · use 2``."""
    place = trace.places.get(node)
    if place is None:
        return ""
    turns: dict[Path, Turns] = {}
    several, use = {use.module for use in trace.uses if use.turn}, place.use
    while use is not None:
        path, turn = trace.uses[use].module, trace.uses[use].turn
        if path in several:
            turns.setdefault(path, Turns(path, turn, turn, True))
        use = trace.uses[use].within
    layer = layer_of(place.module, trace.modules)
    if layer == ():
        return " · ".join(map(str, turns.values()))
    return titled(layer, turns.values(), trace.modules)


def labels_of(names: Mapping[str, Any] | None, *outputs: Value) -> dict[Value, str]:
    """Return names for Values without a label: those of the variables that hold them, the first of several.

    Names that begin with an underscore do not count: a notebook keeps its last results there.

    Args:
        names: variables by name.
        outputs: what Modules hold of their graphs is called by its path, where no variable holds it; and
            labels that several Modules give are told apart, as ``encoder.w11^1``.

    Raises:
        TypeError: if ``names`` is not a mapping from strings.
    """
    if outputs:
        return names_in(structure_of(outputs)) | labels_of(names)
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise TypeError(
            f"names is a mapping from names to Values, such as locals(); got {type(names).__name__}"
        )
    labels: dict[Value, str] = {}
    for name, x in names.items():
        if not isinstance(name, str):
            raise TypeError(
                "names is a mapping from names to Values, such as locals(): its keys are strings; "
                f"got {described(name)}"
            )
        if isinstance(x, Value) and not x.label and not name.startswith("_"):
            labels.setdefault(x, name)
    return labels


def names_in(structure: Structure) -> dict[Value, str]:
    """Return the names that Modules give: a path for what has no label, and for labels that two share.

    What has one name in several uses of a Module gets the number of the use: ``z1^2[3]``.
    """
    nameless = [v for v in structure.paths if not v.label and v in structure.places]
    names = {v: structure.names[v] for v in nameless}
    labelled = {
        v: layer_of(place.module, structure.modules) for v, place in structure.places.items() if v.label
    }
    homes: dict[tuple[str, ...], set[Path]] = {}
    for alike, path in {(family(v.label), path) for v, path in labelled.items()}:
        homes.setdefault(alike, set()).add(path)
    rivals: dict[Path, set[Path]] = {}
    for paths in homes.values():
        for path in paths if len(paths) > 1 else ():
            rivals.setdefault(path, set()).update(paths)
    called = {path: apart(path, others) for path, others in rivals.items()}
    told = {v: f"{called[path]}.{v.label}" if called.get(path) else v.label for v, path in labelled.items()}
    count_of = Counter(told.values())
    namesakes: dict[str, list[Any]] = {}
    for v, name in told.items():
        if count_of[name] > 1:
            namesakes.setdefault(name, []).append(v)
    for name, several in namesakes.items():
        turns = _turns_apart([structure.turns(structure.places[v].use) for v in several])
        told |= {v: name + own for v, own in zip(several, turns, strict=True)}
    names |= {v: name for v, name in told.items() if name != v.label}
    return names | _made_apart(structure, names)


def _made_apart(structure: Structure, names: Mapping[Any, str]) -> dict[Any, str]:
    """Return names for inputs that still share one, by the uses in which they were made of plain numbers."""
    alike: dict[str, dict[Path, list[Any]]] = {}
    for v, use in structure.made.items():
        path = layer_of(structure.uses[use].module, structure.modules)
        alike.setdefault(label_of(v, names), {}).setdefault(path, []).append(v)
    found: dict[Any, str] = {}
    for name, homes in alike.items():
        for path, several in homes.items():
            turns = _turns_apart([structure.turns(structure.made[v]) for v in several])
            whole = f"{apart(path, homes)}.{name}" if len(homes) > 1 else name
            found |= {v: whole + turn for v, turn in zip(several, turns, strict=True) if whole + turn != name}
    return found


def _turns_apart(turns: Sequence[Mapping[Path, int]]) -> list[str]:
    """Return what tells uses from others, ``[3]``: what all of them have in common is left out.

    Args:
        turns: of each, the turns of the Modules around it by path; see `Structure.turns`.

    >>> _turns_apart([{(): 0, ("cell",): 0}, {(): 0, ("cell",): 1}, {("cell",): 2}]), _turns_apart([{(): 0}])
    (['[1]', '[2]', '[3]'], [''])
    """
    paths = [path for path in turns[0] if all(path in own for own in turns)]
    columns = [[own[path] for own in turns] for path in paths]
    told = [*zip(*[column for column in columns if len({*column}) > 1], strict=True)]
    whole = [tuple(own.values()) for own in turns]
    if len({*told}) < len({tuple(own.items()) for own in turns}) > 1:  # Modules that call each other
        told = whole
    numbers = [",".join(str(turn + 1) for turn in own) for own in told] or [""] * len(turns)
    return [f"[{own}]" if own else "" for own in numbers]


def name_of_output(order: Sequence[Value], labels: Mapping[Value, str]) -> str:
    """Return what the last Value of an order is called: its name, or else y, or "output" if y is taken.

    Args:
        order: a graph, the output last.
        labels: names for Values without a label.
    """
    output = order[-1]
    name = label_of(output, labels)
    if name:
        return name
    return "output" if any(label_of(v, labels) == "y" for v in order) else "y"


def ids_by_label(facts: Trace) -> dict[str, list[str]]:
    """Return the ids of the nodes that have each label."""
    labels: dict[str, list[str]] = {}
    for node in facts.nodes:
        if node.label:
            labels.setdefault(node.label, []).append(node.id)
    return labels


def all_names(order: Sequence[Value], labels: Mapping[Value, str]) -> dict[str, Value]:
    """Return a name for every Value without a label: the caller's, else y for the output, else v1, v2, …

    The caller's names are those that `labels_of` found.
    """
    named = {labels[v]: v for v in order if not v.label and v in labels}
    nameless = [v for v in order if not v.label and v not in labels and (v.op or v.role != "constant")]
    if nameless and nameless[-1] is order[-1]:
        named[name_of_output(order, labels)] = nameless.pop()
    taken = {*named, *(v.label for v in order)}
    free = (name for i in count(1) if (name := f"v{i}") not in taken)
    return named | dict(zip(free, nameless, strict=False))
