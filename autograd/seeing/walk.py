"""The chain rule one step at a time.

>>> from autograd import Value
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> steps = walk(a * b)
>>> steps
a walk of 5 steps through y = a × b
forward
    [0]  a = 2, b = −3
    [1]  y = a × b = 2 × (−3) = −6
reverse
    [2]  ∂y/∂y = 1
    [3]  ∂y/∂a += ∂y/∂y · ∂(a→y) = 1 · (−3) = −3
    [4]  ∂y/∂b += ∂y/∂y · ∂(b→y) = 1 · 2 = 2
>>> print(steps[3].sentence)
a feeds into y: with the other input held still, a small change of a changes y −3 times as much \
(∂(a→y) = b = −3); so a receives 1 · (−3) = −3. a receives nothing else, so this is its whole gradient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from autograd.core.garbage_collection import collector_paused
from autograd.files.atomic_write import write_whole
from autograd.graph import topological_order
from autograd.notation.hints import described, short_repr
from autograd.notation.labels import shorten
from autograd.notation.numbers import counted
from autograd.pure_reverse import upstreams
from autograd.seeing.facts.comparison import Beside, compare
from autograd.seeing.facts.events import both_passes, forward_mode
from autograd.seeing.facts.named import Named
from autograd.seeing.facts.names import (
    all_names,
    check_value,
    label_of,
    labels_of,
    name_of,
    names_in,
)
from autograd.seeing.facts.places import Structure, structure_of
from autograd.seeing.facts.records import Step, Trace
from autograd.seeing.facts.replay import recomputed
from autograd.seeing.facts.shares import checked_classes
from autograd.seeing.facts.sizes import Size, Strides, checked_size
from autograd.seeing.facts.steps import Steps
from autograd.seeing.facts.trace import trace
from autograd.seeing.walk_as_text import LONGEST_TITLE, document, markdown, nested_formula, plain, title_of
from autograd.value import Value

if TYPE_CHECKING:
    from os import PathLike

    from autograd.mistakes import Engine
    from autograd.seeing.pages.player import Content

__all__ = ["Step", "Walk", "walk"]


class Walk(Sequence[Step]):
    """The steps of the passes through a graph, and a place among them; made by `walk`.

    As in any sequence of Python the first step is ``[0]``, and that is how a walk prints them; a page
    and a terminal count as people do, from step 1.

    A walk keeps its own numbers: neither stepping nor `what_if` changes anything of the Values.

    Attributes:
        output: the Value at the end of the forward pass.
        size: how large a step is: "edge", "neuron" or "layer".
        trace: the facts of the graph, steps included; every node but a plain number has a label.
        beside: how another engine compares with the right one; None if none was given.
    """

    @collector_paused()
    def __init__(
        self,
        output: Value,
        names: Mapping[str, Any] | None,
        tangent: Value | str | None,
        beside: Engine | None,
        by: Size,
        structure: Structure | None = None,
    ) -> None:
        order = topological_order(output)
        self.output = output
        self._structure = structure = structure or structure_of([output])
        self._given = names_in(structure) | labels_of(names)
        self._names = all_names(order, self._given)
        facts = trace(output, self._names, upstreams(output), structure=structure)
        self.trace: Trace = facts
        self._values = {node.id: v for v, node in zip(order, facts.nodes, strict=True)}
        self._ids = {v: name for name, v in self._values.items()}
        self._nested = nested_formula(output, self._given, facts)
        self._wrt = None if tangent is None else self._moving(tangent)
        self._engine = beside
        self._place = -1
        self._classes: tuple[str, ...] = ()
        events = both_passes(facts) if self._wrt is None else list(forward_mode(facts, self._wrt))
        self._small = Steps(facts, events)
        self.beside: Beside | None = None
        if beside is not None:
            self.beside = compare(facts, self._ids, beside, output)
        self._take(by, facts)

    def _take(self, size: Size, facts: Trace) -> None:
        """Make the steps those of this size."""
        self.size = size
        self._steps = self._small if size == "edge" else Strides(facts, self._small, size)
        self.trace = replace(facts, steps=self._steps)

    def __len__(self) -> int:
        return len(self.trace.steps)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        return self.trace.steps[index]

    # ----------------------------------------------------------------------------------- stepping

    @property
    def here(self) -> Step | None:
        """The current step; None before the first."""
        return None if self._place < 0 else self[self._place]

    def step(self) -> Step | None:
        """Move to the next step and return it; after the last, stay there and return None."""
        if self._place + 1 == len(self):
            return None
        self._place += 1
        return self.here

    def back(self) -> Step | None:
        """Move to the step before and return it; None before the first."""
        self._place = max(self._place - 1, -1)
        return self.here

    def rewind(self) -> None:
        """Move to the place before the first step."""
        self._place = -1

    def goto(self, where: int | Value | str) -> Step:
        """Move to a step and return it.

        Args:
            where: a step's number, from 0 as in ``walk[0]``, counted from the end if negative; or a
                node, as a Value or by its label.  For a node this is the next step that computes
                something of it: its value, then each contribution to its gradient, and then its
                value again.  Pages, links and the program count from 1: their step 4 is ``walk[3]``.

        Raises:
            TypeError: if ``where`` is none of these.
            ValueError: if there is no such step or node, or several nodes have the label.

        >>> x = Value(3.0, "x")
        >>> steps = walk(x * x)
        >>> [steps.goto("x").line for _ in range(2)]
        ['x = 3', '∂y/∂x += ∂y/∂y · ∂₁(x→y) = 1 · 3 = 3']
        """
        if isinstance(where, int):
            if not -len(self) <= where < len(self):
                raise ValueError(
                    f"the {counted(len(self), 'step')} of this walk are numbered from 0 to {len(self) - 1}, "
                    f"as in walk[0]; got {where}"
                )
            self._place = where % len(self)
        else:
            self._place = self._next_step_of(self._id(where))
        return self[self._place]

    def _next_step_of(self, node: str) -> int:
        places = self._steps.places(node)
        return next((place for place in places if place > self._place), places[0])

    def by(self, size: Size) -> Walk:
        """Return the same walk in steps of another size, at the same place.

        Args:
            size: "edge" for one step per edge; "neuron" for one per neuron, or per use of another Module
                that holds none; "layer" for one per layer: what a network is made of, such as its layers,
                blocks or steps in time.  Where no Module computed anything, a "neuron" is a node, and a
                "layer" all nodes that stand in one column.  All leaves are one step in each.

        Raises:
            ValueError: for another size.

        >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
        >>> steps = walk((a + b) * (a - b))
        >>> [len(steps.by(size)) for size in ("edge", "neuron", "layer")]
        [11, 8, 6]
        """
        again = copy(self)
        again._take(checked_size(size), replace(self.trace, steps=()))
        done = self._done(self._place)
        again._place = next((k for k in range(len(again)) if again._done(k) >= done), -1) if done else -1
        return again

    def _done(self, place: int) -> int:
        """Return how many steps along edges are done at a place."""
        return self._steps.ends[place] if isinstance(self._steps, Strides) and place >= 0 else place + 1

    # ------------------------------------------------------------------------------------ what if

    def what_if(self, changes: Mapping[Any, float] | None = None, /, **by_label: float) -> Walk:
        """Return the walk as it would be if leaves had other numbers: at the same step, on a copy.

        The engine computes the copy anew, op by op, as the graph was recorded; a branch that
        Python's own ``if`` has taken is not taken anew.

        Args:
            changes: new numbers by Value, by label, or by the path of a parameter in its network.
            by_label: new numbers by label, where that is a name in Python.

        Raises:
            TypeError: if a number is not a real number, or a key neither a Value nor a label.
            ValueError: if a node is not in the graph, or is computed from others.

        >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
        >>> walk(a * b).what_if(a=5.0)[1].line, a.data
        ('y = a × b = 5 × (−3) = −15', 2.0)
        """
        numbers = {self._id(which): x for which, x in {**(changes or {}), **by_label}.items()}
        for node in numbers:
            if self._values[node].inputs:
                raise ValueError(self._is_computed(node))
        own = {node.id: node.value for node in self.trace.nodes}
        copies = recomputed(self._ids, {self._values[node]: x for node, x in (own | numbers).items()})
        for v, other in copies.items():
            other.label = label_of(v, self._given) if v.label else ""
        again = Walk(
            copies[self.output],
            {name: copies[v] for name, v in self._names.items()},
            None if self._wrt is None else copies[self._values[self._wrt]],
            self._engine,
            self.size,
            self._structure.of_copies(copies),
        )
        again._ids |= {v: node for v, node in self._ids.items() if v not in again._ids}
        again._given = {copies[v]: name for v, name in self._given.items() if v in copies}
        again._nested = nested_formula(again.output, again._given, again.trace)
        again._place, again._classes = self._place, self._classes
        return again

    def _is_computed(self, node: str) -> str:
        facts = self.trace.nodes[int(node[1:])]
        return (
            f"{shorten(facts.label, 24)} is computed ({facts.formula}), so it has the value that it has; "
            "change the leaves that it is computed from"
        )

    # ------------------------------------------------------------------------------ which is meant

    def _id(self, which: Value | str) -> str:
        """Return the id of the node that is meant."""
        if isinstance(which, Value):
            if which not in self._ids:
                raise ValueError(f"{short_repr(which)} is not part of this graph")
            return self._ids[which]
        if not isinstance(which, str):
            raise TypeError(
                f"a node is meant by the Value or its label, a step by its number; got {described(which)}"
            )
        return self._named.id_of(which)

    @cached_property
    def _named(self) -> Named:
        paths = self._given | self._structure.names
        own = {id: v.label for id, v in self._values.items()}
        return Named(self.trace, own, {self._ids[v]: path for v, path in paths.items() if v in self._ids})

    def _moving(self, which: Value | str) -> str:
        """Return the id of the node that a tangent is taken with respect to."""
        node = self._id(which)
        if self._values[node].role == "constant":
            raise ValueError(
                f"{short_repr(which)} is a constant; a tangent is taken with respect to a variable"
            )
        return node

    # ------------------------------------------------------------------------------------- showing

    @property
    def title(self) -> str:
        """What is stepped through: a network and its output, or else an expression; see `title_of`.

        >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
        >>> walk((a * b + a) * b).title
        'y = (a × b + a) × b'
        """
        named = {node for node, v in self._values.items() if label_of(v, self._given)}
        return title_of(self.trace, named, self._nested)

    def __repr__(self) -> str:
        title = f"a walk of {counted(len(self), 'step')} through {shorten(self.title, LONGEST_TITLE)}"
        if self._wrt is not None:
            title += f", in forward mode, with respect to {name_of(self.trace.nodes[int(self._wrt[1:])])}"
        return plain(title, self, self._place, self._parting())

    def _parting(self) -> int:
        """Return the step at which the other engine goes wrong; -1 if it never does."""
        at = None if self.beside is None else self.beside.parts_at
        return -1 if at is None else next(k for k in range(len(self)) if self._done(k) > at)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        """Return the page for a notebook, with a picture and text for where it cannot be shown."""
        from autograd.seeing.pages.player import bundle  # pages are loaded only when they are wanted

        return {**bundle(self.content()), "text/plain": repr(self)}

    def content(self, quiz: bool = False) -> Content:
        """Return what a page shows of the walk, or asks of it."""
        from autograd.seeing.pages.player import Content

        return Content(
            shorten(self.title, LONGEST_TITLE),
            self.output,
            replace(self.trace, steps=self._small),
            self._small,
            self.beside,
            self.size,
            quiz,
            classes=self._classes,
        )

    def content_with(self, numbers: Mapping[str, float]) -> Content:
        """Return the `content` of `what_if`, for a page, which names the leaves by their ids in the trace."""
        return self.what_if({self._values[node]: x for node, x in numbers.items()}).content()

    @property
    def is_by_layer(self) -> bool:
        """Whether its page shows Modules, with steps by layer: there are too many Values to step through."""
        from autograd.seeing.pages.player.sketch import is_sketched

        return is_sketched(self.content())

    def html(self, *, quiz: bool = False) -> str:
        """Return the walk as one HTML page, which needs no network, no Python and no other file.

        Of a network of more than 12,000 Values it shows the Modules, with steps by layer.

        Args:
            quiz: whether each reverse step is to be predicted before it is shown; the score can be saved.
        """
        from autograd.seeing.pages.player.page import page

        return page(self.content(quiz))

    def save(self, path: str | PathLike[str], *, quiz: bool = False) -> None:
        """Write the walk to a file, as its ending says: ``.html`` the page, ``.md`` or ``.tex`` the text.

        Raises:
            ValueError: for another ending.
            OSError: if the file cannot be written.
        """
        from autograd.seeing.pages.frame import path_of_page

        texts = {".md": self.to_markdown, ".tex": self.to_latex}
        ending = Path(path).suffix.lower()
        others = 'draw(output).save("graph.svg"). For a text: "walk.md" or "walk.tex"'
        place = Path(path) if ending in texts else path_of_page(path, "a walk", others)
        text = texts[ending]() if ending in texts else self.html(quiz=quiz)
        write_whole(place, text)

    def to_markdown(self) -> str:
        """Return all steps as Markdown, their formulas as ``$$…$$``."""
        return markdown(self.title, self)

    def to_latex(self) -> str:
        """Return all steps as LaTeX, for a document that uses the package amsmath."""
        return document(self.title, self)

    def live(self) -> Any:
        """Return the page as a notebook widget, in which leaves can be changed.

        Raises:
            ImportError: if the packages of ``chainrule[notebook]`` are not installed.
        """
        from autograd.seeing.pages.player.live import live

        return live(self.content(), self.content_with)


def walk(
    output: Value,
    names: Mapping[str, Any] | None = None,
    *,
    tangent: Value | str | None = None,
    beside: Engine | None = None,
    by: Size = "edge",
    classes: Sequence[object] = (),
) -> Walk:
    """Return the chain rule one step at a time, through everything that ``output`` was computed from.

    A `Walk` is a sequence of `Step`, each explained, with a current place; in a notebook it shows
    itself as a page to step through.  First comes the forward pass: one step for all that is given, then one
    per node, layer by layer; then the reverse pass, one step per edge that carries a gradient.

    Args:
        output: the Value at the end, such as a loss.
        names: variables by name, as `locals` gives them, for Values without a label.  Parameters
            go by their path in the network, such as W.2.1; what has no name then is called
            v1, v2, … and the output y (or output, where y is taken).
        tangent: a Value, or its label: walk in forward mode instead, with the change of this one
            carried along with the values.
        beside: an engine to run beside the right one: a function from the output to the updates
            that it makes, such as those of `autograd.mistakes`.
        by: how large a step is: "edge", "neuron" or "layer"; see `Walk.by`.
        classes: what the classes of a softmax are called, in the order of its scores, for the page.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if ``by`` is not a size, if ``output`` is a constant, if ``tangent`` is one or is not in
            its graph, if both ``tangent`` and ``beside`` are given, or if no softmax has so many classes.

    >>> x = Value(3.0, "x")
    >>> steps = walk(x * x)
    >>> len(steps), steps[-1].after
    (5, 6.0)
    >>> [step.line for step in walk(x * x, tangent=x) if step.phase == "tangent"]
    ['∂x/∂x = 1', '∂y/∂x = x · ∂x/∂x + x · ∂x/∂x = 3 · 1 + 3 · 1 = 6']
    """
    check_value("a walk", output)
    if beside is not None and not callable(beside):
        raise TypeError(
            "beside is an engine: a function that is given the output and yields its updates; "
            f"got {described(beside)}"
        )
    if beside is not None and tangent is not None:
        raise ValueError(
            "beside is about the reverse pass, and a walk with a tangent has none; give only one"
        )
    steps = Walk(output, names, tangent, beside, checked_size(by))
    steps._classes = checked_classes(steps.trace, classes)
    return steps
