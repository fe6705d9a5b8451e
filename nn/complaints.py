"""Words about the parameters of a Module: which is meant, what does not fit, and what cannot be trained."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import isfinite
from numbers import Real
from typing import Any

from autograd import Value
from autograd.extend import CallNote
from autograd.notation.hints import did_you_mean
from autograd.notation.labels import is_position, pieces, typed
from autograd.notation.numbers import counted

MOST_SHOWN = 8
"""At most this many things are named one by one."""

PYTHONS_INDEX = re.compile(r"\[(\d+)\]")
"""An item of a list as Python spells it, from 0."""

UNORDERED = "in a set: "
"""Begins the name of what has no name of its own, and no place in an order either."""


def at_most(count: int, names: list[str]) -> list[str]:
    """Return at most ``count`` of the names, the last with the number of the rest.

    >>> at_most(2, ["a", "b", "c"])
    ['a', 'b (and 1 more)']
    """
    rest = len(names) - count
    return names if rest <= 0 else [*names[: count - 1], f"{names[count - 1]} (and {rest} more)"]


def path_by_label(name: str, labels: Mapping[str, str]) -> str:
    """Return the path of the parameter of this label, which can follow the path of a Module around it.

    Args:
        name: as it was given, or printed.
        labels: by path.

    Raises:
        ValueError: if there is none, or if the label belongs to several.

    >>> path_by_label("block 1.w₁₁⁽¹⁾", {"blocks.0.w.0": "w11^1", "blocks.1.w.0": "w11^1"})
    'blocks.0.w.0'
    >>> path_by_label("blocks[1].w11^1", {"blocks.0.w.0": "w11^1", "blocks.1.w.0": "w11^1"})
    'blocks.1.w.0'
    """
    names = [re.escape(piece).replace("…", ".*") for piece in pieces(name)]
    whole = {path: ".".join(pieces(path)) for path in labels}
    labelled = {path: f"{whole[path]}.{labels[path]}" for path in labels if labels[path]}
    found = (
        [path for path in labels if labels[path] == name]
        or [path for path in labelled if _leads_through(labelled[path], names)]
        or [path for path in whole if _leads_through(whole[path], names)]
    )
    if not found and (as_in_python := PYTHONS_INDEX.sub(r".\1", name)) != name:
        try:
            return path_by_label(as_in_python, labels)
        except ValueError:
            pass  # what is said is of the name that was given
    if not found:
        *around, own = pieces(name)
        near = [path for path in labelled if _leads_through(labelled[path], [*names[:-1], ".*"])]
        known = [".".join([*around, labels[path]]) for path in near]
        if around and not known:  # there is no such Module, but maybe another with such a label
            held = {path: [*pieces(path)] for path in labelled if labels[path] == own}
            known = [".".join([*held[path][: len(around)], own]) for path in held]
        hint = did_you_mean(typed(name), known or [*known, *labels], otherwise=".")
        raise ValueError(
            f"there is no parameter {name!r}{hint} "
            "Parameters go by label (w21^3) or by path (layers.2.neurons.0.w.1)"
        )
    if len(found) > 1:
        raise ValueError(
            f"{len(found)} parameters are called {name!r}; ask by path: "
            + ", ".join(at_most(MOST_SHOWN, found))
        )
    return found[0]


def _leads_through(path: str, names: Sequence[str]) -> bool:
    """Return whether patterns of names match some along a path, in this order, the last one its end."""
    return re.fullmatch(r"(?:.*\.)?" + r"\.(?:.*\.)?".join(names), path) is not None


def given_in_words(inputs: Sequence[Any]) -> str:
    """Say what a call was given that raised: how many numbers, and where to see what was computed until then.

    >>> given_in_words([[0.5, 1.0], [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    ', given 2 numbers and 2 × 3 numbers'
    """
    told, computed = [], False
    for x in inputs:
        sizes = []
        while isinstance(x, (list, tuple)) and x:
            sizes.append(len(x))
            x = x[0]
        if hasattr(x, "shape"):
            sizes, x = [*sizes, *x.shape], 0.0
        computed = computed or getattr(x, "op", None) is not None
        kind = "Value" if isinstance(x, Value) else "number" if isinstance(x, Real) else type(x).__name__
        *outer, last = sizes or [1]
        told.append(" × ".join(map(str, [*outer, counted(last, kind)])))
    given = f", given {' and '.join(told)}" if told else ""
    see = '; what was computed until then: autograd.draw(error, collapse="module")'
    return given + (see if computed else "")


RAISED = "raised in the call of "
"""Begins the note on an error that a Module's call raised."""


def say_where(error: Exception, use: Any, inputs: Sequence[Any]) -> None:
    """Note on an error in which Module it was raised: in the innermost, by its path from the outermost."""
    if any(note.startswith(RAISED) for note in getattr(error, "__notes__", ())):
        return
    module, outer, *_ = use
    while outer is not None:
        module, outer, *_ = outer
    paths = (path for path, part in module.named_modules() if part is use[0])
    name, path = type(use[0]).__name__, next(paths, "")
    called = f"{path} ({name}) of {type(module).__name__}" if path else name
    error.add_note(CallNote(RAISED + called + given_in_words(inputs), use, inputs))
    say_single(error)


TAKEN_FOR_A_LIST = r"(?=.*\bValue\b).*(subscriptable|iterable|has no len\(\))"
"""What Python says where a Value is taken for a list.  (One with ``[]`` would be a sequence to NumPy.)"""


def say_single(error: Exception) -> None:
    """Note on an error in which a Value was taken for a list what gives a Value rather than a list."""
    if isinstance(error, TypeError) and re.match(TAKEN_FOR_A_LIST, str(error)):
        error.add_note(
            "a Value is one number: a Layer of one neuron, and a model of one output, gives it as it is and "
            "not in a list of one; write layer(x), not layer(x)[0]"
        )


def made_of_value(paths: Collection[str], remedy: str) -> str:
    """Say once that the Values with these paths are not Parameters, each list of them by its own path.

    Args:
        paths: at least one.
        remedy: what to do, with ``{}`` for "it" or "them".

    >>> made_of_value(["W.0.0", "W.0.1"], "use Parameter to train {}")
    'W (2 numbers) are made of Value: use Parameter to train them'
    """
    lists = Counter(re.sub(r"(\.\d+)+$", "", path) for path in paths)
    names = [path if n == 1 else f"{path} ({counted(n, 'number')})" for path, n in lists.items()]
    return said_of(names, f"made of Value: {remedy}", len(paths))


def said_of(names: list[str], what: str, count: int) -> str:
    """Return a sentence about ``count`` things with these names; ``{}`` in it is the pronoun.

    >>> said_of(["b"], "not trained: hold {} in a list", 1)
    'b is not trained: hold it in a list'
    """
    are, them = ("is", "it") if count == 1 else ("are", "them")
    return f"{', '.join(at_most(MOST_SHOWN, names))} {are} {what.replace('{}', them)}"


def misfits(named: Collection[str], state: Mapping[str, object], layers: Sequence[str]) -> list[str]:
    """Return what does not fit in a state: what is missing, what is not expected, and what is not a number.

    Args:
        named: the paths of the parameters.
        state: what is to be their numbers, by path.
        layers: the paths of the layers, each of which is named once where many parameters do not fit.
    """
    missing = [path for path in named if path not in state]
    unexpected = [path for path in state if path not in named]
    bad = [path for path in state if path in named and not _is_finite(state[path])]
    hints = [f"{path!r}{did_you_mean(str(path), missing)}" for path in unexpected[:MOST_SHOWN]]
    found = {
        "missing": (missing, missing),
        "not expected": (unexpected, hints),
        "not finite numbers": (bad, [f"{path} = {state[path]!r}" for path in bad]),
    }
    return [f"{what} {_by_layer(*paths, layers)}" for what, paths in found.items() if paths[0]]


def _by_layer(paths: Sequence[Any], told: list[str], layers: Sequence[str]) -> str:
    """Name parameters as they are ``told``, or if there are too many of them the layers that they are of."""
    if len(paths) <= MOST_SHOWN:
        return ", ".join(told)
    counts = Counter(_layer_of(str(path), layers) for path in paths)
    return ", ".join([f"{layer} ({count})" for layer, count in counts.items()])


def _layer_of(path: str, layers: Sequence[str]) -> str:
    """Return the layer of a path; if the network has none there, the path down to its first number."""
    own = max((layer for layer in layers if path.startswith(f"{layer}.")), key=len, default=None)
    parts = path.split(".")
    first = next((k for k, part in enumerate(parts, 1) if is_position(part)), 1)
    return ".".join(parts[:first]) if own is None else own


def _is_finite(x: Any) -> bool:
    return isinstance(x, Real) and isfinite(x)


def check_names(paths: Iterable[str]) -> None:
    """Refuse paths that do not tell apart what they name.

    Raises:
        ValueError: naming one that belongs to two things, or to something that a set holds unlabelled.
    """
    for path, count in Counter(paths).items():
        if UNORDERED in path:
            raise ValueError(
                f"a set has no order: its parameters ({path}) cannot be told apart in a state; "
                "give each a label of its own, or hold them in a list"
            )
        if count > 1:
            raise ValueError(
                f"two things in the network are called {path}, and a state would keep only one of them; "
                "rename an attribute, or a key of a dictionary"
            )
