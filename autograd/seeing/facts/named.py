"""Which node is meant by a name: a label, as it is typed or printed, or a path in its network."""

from __future__ import annotations

from collections.abc import Mapping

from autograd.notation.hints import did_you_mean, short_repr
from autograd.notation.labels import is_cut, pieces
from autograd.seeing.facts.names import ids_by_label
from autograd.seeing.facts.records import Trace

MOST_PATHS = 4
"""A message names at most this many of the paths that a label can stand for."""
LONGEST_HINT = 100
"""A message suggests no label that is longer than this."""


def held_again(facts: Trace) -> list[tuple[list[str], list[str]]]:
    """Return each further path at which a Module is held, with the first, both as `pieces`."""
    return [
        (pieces(".".join(module.path)), pieces(".".join(module.first)))
        for module in facts.modules.values()
        if module.first != module.path
    ]


class Named:
    """The nodes of a trace by all that they are called.

    Args:
        facts: the trace.
        own: the label that each Value has itself, by the id of its node.
        paths: where in a network what it holds is held, by id.
    """

    def __init__(self, facts: Trace, own: Mapping[str, str], paths: Mapping[str, str]) -> None:
        self._labels, self._own, self._paths = ids_by_label(facts), own, paths
        self._shared = held_again(facts)
        self._places = {id: pieces(".".join(place.module)) for id, place in facts.places.items()}

    def id_of(self, name: str) -> str:
        """Return the id of the node that is meant.

        What several hold goes by the path of each of them, ``item.text.w11^1`` for ``user.text.w11^1`` too.

        Raises:
            ValueError: if no node is called so, or several are.
        """
        names = pieces(name)
        spelled = {name: None, **dict.fromkeys([".".join(names), *self._where_held_first(names)])}
        cut = {id: label for label, ids in self._labels.items() for id in ids if is_cut(name, label)}
        found = (
            next((ids for other in spelled if (ids := self._labels.get(other))), None)
            or [id for id, label in self._own.items() if label in spelled]
            or self._within(names)
            or [*cut]
            or [id for id, path in self._paths.items() if names[-len(own := pieces(path)) :] == own]
        )
        if len(found) == 1:
            return found[0]
        if found:
            known = {**self._paths, **cut}
            listed = ", ".join(repr(known[id]) for id in found[:MOST_PATHS] if id in known)
            by_path = f" or its path: {listed}" if listed else ""
            raise ValueError(
                f"{len(found)} nodes have the label {short_repr(name)}; give the Value itself{by_path}"
            )
        hint = did_you_mean(".".join(names), (label for label in self._labels if len(label) < LONGEST_HINT))
        raise ValueError(f"no node has the label {short_repr(name)}{hint}")

    def _within(self, names: list[str]) -> list[str]:
        """Return the ids of what has a label of its own, given after the path of a Module around it."""
        *path, own = names
        labelled = [id for id, label in self._own.items() if label == own and id in self._places]
        return [id for id in labelled if path and self._places[id][: len(path)] == path]

    def _where_held_first(self, names: list[str]) -> list[str]:
        """Return a path in a Module that several hold, as it leads through the first of these."""
        return [
            ".".join([*first, *names[len(path) :]])
            for path, first in self._shared
            if names[: len(path)] == path
        ]
