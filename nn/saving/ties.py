"""Ties: Parameters that a network holds in several places, and that are one again when it is loaded.

A place is the attribute of a Module that holds Parameters, or where not all of it is shared with another
attribute one position in it.

>>> from nn import Layer, Sequential
>>> model = Sequential(Layer(1, 1), Layer(1, 1))
>>> model[1].weight = model[0].weight
>>> ties_of(model)
{'steps.1.neurons.0.w': 'steps.0.neurons.0.w'}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, TypeAlias

from autograd import Parameter
from autograd.files.tensorfile import CheckpointError
from autograd.notation.labels import shorten
from nn.module import Module
from nn.saving.parameters import Index, listed, parted

Trail: TypeAlias = tuple[Any, ...]
Held: TypeAlias = dict[str, dict[Index, tuple[Trail, Parameter]]]
"""The Parameters that each attribute holds, by their positions in it, with what leads to them."""


def _held(model: Module) -> Held:
    found: Held = {}
    for trail, x in model.within(shared=True):
        if isinstance(x, Parameter):
            attribute, index = parted(trail)
            found.setdefault(attribute, {})[index] = trail, x
    return found


def ties_of(model: Module) -> dict[str, str]:
    """Return each place whose Parameters have been met before, and the place where they were.

    Of an attribute that is shared with several others, ``{0}`` stands for the position in it: a row that is
    the last column of a Layer is ``layer.neurons.{0}.w.2``.
    """
    every = [id(x) for _, x in model.within(shared=True) if isinstance(x, Parameter)]
    if len(set(every)) == len(every):
        return {}
    held, first, ties = _held(model), dict[int, Trail](), dict[str, str]()
    for attribute, cells in held.items():
        origins = {i: first.setdefault(id(p), trail) for i, (trail, p) in cells.items()}
        new = [i for i, (trail, _) in cells.items() if origins[i] != trail]
        other = parted(next(iter(origins.values())))[0]
        if len(new) == len(cells) and _is_whole(origins, held[other]):
            ties[attribute] = other
        elif len(new) == len(cells) and (pattern := _pattern(origins)):
            ties[attribute] = pattern
        else:
            ties |= {_path(attribute, i): ".".join(map(str, origins[i])) for i in new}
    return ties


def _is_whole(origins: Mapping[Index, Trail], other: Mapping[Index, tuple[Trail, Parameter]]) -> bool:
    """Return whether the Parameters of an attribute are those of another one, position by position."""
    return len(origins) == len(other) and origins == {i: trail for i, (trail, _) in other.items()}


def _pattern(origins: Mapping[Index, Trail]) -> str:
    """Return what leads to the Parameters of an attribute elsewhere, by their positions; "" if none does."""
    if len({(len(i), len(trail)) for i, trail in origins.items()}) > 1:
        return ""
    steps, positions = [*zip(*origins.values(), strict=True)], [*zip(*origins, strict=True)]
    found = []
    for step in steps:
        same = [f"{{{k}}}" for k, position in enumerate(positions) if position == step]
        found += [str(step[0])] if len(set(step)) == 1 else same[:1]
    return ".".join(found) if len(found) == len(steps) else ""


def tie(model: Module, told: Any) -> None:
    """Tie Parameters of a network that was built from a file as the file says, which is not trusted.

    Args:
        model: the network, as its constructors made it.
        told: its `ties_of` when it was saved; None in files that do not say it.

    Raises:
        CheckpointError: if its Parameters cannot be tied so.
    """
    if told is None or checked(told) == (own := ties_of(model)):
        return
    held = _held(model)
    alone = {_path(attribute, i): cell for attribute, cells in held.items() for i, cell in cells.items()}
    try:
        changed: dict[Trail, Any] = {}
        for place, other in told.items():
            if own.get(place) != other:
                cells = held[place] if place in held else {(): alone[place]}
                changed |= {trail: alone[_at(other, i, held)][1] for i, (trail, _) in cells.items()}
        _put(model, changed)
        tied = ties_of(model) == told
    except (LookupError, TypeError, ValueError, AttributeError):
        tied = False
    if not tied:
        odd = [place for place in {**told, **own} if told.get(place) != own.get(place)]
        raise CheckpointError(
            f"it shares parameters otherwise than a network that is built anew: {_some(odd)}; build the "
            "network yourself, tie them, and load its parameters into it: load_into(model, path)"
        )


def checked(told: Any) -> dict[str, str]:
    """Return the ties that a file tells.

    Raises:
        CheckpointError: if they are not ties.
    """
    if not isinstance(told, dict) or not all(isinstance(other, str) for other in told.values()):
        raise CheckpointError("it was forged: what it says to be shared is not known here")
    return told


def check_tied(model: Module, told: Any) -> None:
    """Refuse a network in which other Parameters are shared than in a file.

    Raises:
        CheckpointError: naming what is to be tied.
    """
    own = ties_of(model)
    apart = {a: b for a, b in checked(told).items() if own.get(a) != b and own.get(b) != a}
    if apart:
        pairs = [f"{shorten(a, 80)} is {shorten(b, 80)}" for a, b in apart.items()]
        raise CheckpointError(
            f"it shares parameters that this network does not, and nothing was loaded: {listed(pairs, 2)}; "
            "tie them first, as when it was saved (b.weight = a.weight for two Layers), and load again"
        )


def _path(attribute: str, index: Index) -> str:
    return ".".join([attribute, *map(str, index)])


def _at(place: str, index: Index, held: Held) -> str:
    """Return the path of the position in a place, which is an attribute, or says where positions stand."""
    if index in held.get(place, ()):
        return _path(place, index)
    for k, i in enumerate(index):
        place = place.replace(f"{{{k}}}", str(i))
    return place


def _put(model: Module, changed: dict[Trail, Any]) -> None:
    """Put objects where these trails lead; a tuple is made anew."""
    while changed:
        longest = max(map(len, changed))
        of_holders: dict[Trail, dict[Any, Any]] = {}
        for trail in [trail for trail in changed if len(trail) == longest]:
            of_holders.setdefault(trail[:-1], {})[trail[-1]] = changed.pop(trail)
        for trail, parts in of_holders.items():
            holder: Any = model
            for name in trail:
                holder = getattr(holder, name) if _has_attributes(holder) else holder[name]
            if isinstance(holder, tuple):
                made = [parts.get(i, x) for i, x in enumerate(holder)]
                changed[trail] = type(holder)(*made) if hasattr(holder, "_fields") else tuple(made)
                continue
            for name, x in parts.items():
                if _has_attributes(holder):
                    object.__setattr__(holder, name, x)  # of a frozen dataclass too
                else:
                    holder[name] = x


def _has_attributes(holder: Any) -> bool:
    return isinstance(holder, Module) or is_dataclass(holder)


def _some(places: Sequence[str]) -> str:
    return listed([shorten(place, 80) for place in places], 3)
