"""What a node is called in words and formulas."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from autograd.notation.labels import parse_label
from autograd.notation.numbers import number
from autograd.seeing.facts.records import NodeFact
from autograd.value import Value


def name(node: NodeFact) -> str:
    """What a node is called in formulas and sentences: its label; a plain number as it is."""
    return parse_label(node.label).text if node.label else number(node.value)


def derivative(of: NodeFact, by: NodeFact) -> str:
    """``∂L/∂a``; a name of more than one word is put in parentheses."""
    return f"∂{_in_a_product(name(of))}/∂{_in_a_product(name(by))}"


def _in_a_product(text: str) -> str:
    return text if re.fullmatch(r"[\w,.∞]+|[\w ]*\([^()]*\)", text) else f"({text})"


def check_value(what: str, output: object) -> None:
    """Refuse what is not a Value with a sentence that says so."""
    if not isinstance(output, Value):
        raise TypeError(
            f"{what} is taken of one Value, such as a loss or a network's output; "
            f"got {shorten_repr(output)} ({type(output).__name__})"
        )


def shorten_repr(x: object) -> str:
    """The repr of anything, short enough for a message."""
    text = repr(x)
    return text if len(text) <= 40 else text[:39] + "…"


def labels_of(names: Mapping[str, Any] | None) -> dict[Value, str]:
    """The variables that hold a Value: its name by Value, the first one where there are several.

    Names that begin with an underscore do not count: a notebook keeps its last results there.

    Raises:
        TypeError: if ``names`` is not a mapping from strings.
    """
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
                f"got {shorten_repr(name)} ({type(name).__name__})"
            )
        if isinstance(x, Value) and not name.startswith("_"):
            labels.setdefault(x, name)
    return labels


def name_of_output(order: Sequence[Value], labels: Mapping[Value, str]) -> str:
    """What the last Value of an order is called: its name, else y, or "output" where y is another one.

    Args:
        order: a graph, the output last.
        labels: names for Values without a label.
    """
    output = order[-1]
    name = output.label or labels.get(output, "")
    if name:
        return name
    return "output" if any((v.label or labels.get(v, "")) == "y" for v in order) else "y"
