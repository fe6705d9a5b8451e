"""What ``collapse=``, ``depth=`` and ``opened=`` ask of a picture: one meaning in all of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from autograd.notation.hints import described, did_you_mean, short_repr
from autograd.seeing.facts.after_an_error import ERROR
from autograd.seeing.facts.folding.after import with_box_after
from autograd.seeing.facts.folding.folded import FOLDINGS, By, Folded, fold
from autograd.seeing.facts.folding.opening import list_of
from autograd.seeing.facts.places import layer_of
from autograd.seeing.facts.records import Trace


@dataclass(frozen=True)
class Folding:
    """How a graph is folded; see `autograd.seeing.facts.folding.folded.fold`."""

    by: By
    depth: int = 1
    opened: tuple[str, ...] = ()

    @classmethod
    def asked(cls, collapse: By | None, depth: int | None, opened: str | Collection[str]) -> Self | None:
        """Return what is asked for; None if nothing is to be folded.

        Raises:
            TypeError: if ``opened`` is neither a path nor several.
            ValueError: for an unknown ``collapse``, a ``depth`` that is not a whole number from 0, or both
                together where they exclude each other.
        """
        if collapse is not None and collapse not in FOLDINGS:
            hint = did_you_mean(str(collapse), FOLDINGS)
            raise ValueError(
                f'collapse is "neuron", "layer", "module" or None; got {short_repr(collapse)}{hint}'
            )
        paths = (opened,) if isinstance(opened, str) else opened
        if not isinstance(paths, Collection) or not all(isinstance(path, str) for path in paths):
            raise TypeError(
                'opened is the path of a Module, such as "blocks.3" or "cell[4]", or a list of such; '
                f"got {described(opened)}"
            )
        if depth is None and not paths:
            return None if collapse is None else cls(collapse)
        if collapse not in (None, "module"):
            raise ValueError(
                f'depth and opened say which Modules open in collapse="module"; collapse="{collapse}" opens '
                f"all of them, down to each {collapse}. Leave collapse away, or the others"
            )
        if depth is not None and (not isinstance(depth, int) or depth < 0):
            raise ValueError(
                f"depth is how far inside the model boxes lie, a whole number from 0; got {depth!r}"
            )
        return cls("module", 1 if depth is None else depth, tuple(paths))

    def of(self, trace: Trace) -> Folded:
        """Return a trace folded so.

        Raises:
            ValueError: if there is nothing to fold, or for an unknown path in ``opened``.
        """
        opened, apart = self.opened, ""
        place = trace.places.get(trace.output)
        if place and self.by == "module" and trace.nodes[-1].role == ERROR:  # its Module has a box of its own
            path = layer_of(place.module, trace.modules)
            used = {layer_of(use.module, trace.modules) for use in trace.uses} - {path}
            shown = path if any(other[: len(path)] == path for other in used) else path[:-1]
            if shown and shown in trace.modules:
                opened = (*opened, ".".join(shown))
            apart = list_of(path)
        folded = fold(trace, self.by, self.depth, opened, [apart] if apart else ())
        return folded if self.by == "neuron" else with_box_after(folded, trace)
