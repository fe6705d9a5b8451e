"""The lab's Python: what the page asks for is computed here, by the engine itself, in the browser.

Everything that is shown is handed over as a kind and its text, as it comes about.

>>> desk = Desk(lambda kind, text: print(kind, text))
>>> desk.run("6 * 7")
text 42
>>> desk.variables("h = a*b; h * h + a")
['a', 'b']
"""

from __future__ import annotations

import ast
import io
import linecache
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import replace
from traceback import TracebackException
from typing import Any

from autograd import Value, Walk, draw, find, gradient_path, walk
from autograd.command.expression import parse
from autograd.seeing import draw_with
from autograd.seeing.pages.player import bundle
from autograd.seeing.pages.player.live import answer

Emit = Callable[[str, str], None]
"""Is given each thing to be shown: ``text``, ``html``, ``error``, or ``walk N`` with the page of a walk."""

PROGRAM = "your program"
FORMATS = ("svg", "json")
"""What viz.js writes and the lab asks for."""


class Desk:
    """What the page asks, one question at a time.

    Args:
        emit: where things to be shown go.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._walks: list[Walk] = []

    def variables(self, formula: str) -> list[str]:
        """Return the names in a formula that need a number.

        Raises:
            ExpressionError: if it is not a formula.
        """
        return list(parse(formula).variables)

    def formula(self, view: str, text: str, numbers: Mapping[str, float], variable: str) -> None:
        """Show one view of a formula: ``draw``, ``walk``, ``path`` or ``ledger``.

        Args:
            view: which one.
            text: the formula.
            numbers: a number for each of its names.
            variable: whose gradient path it is, for a path and a ledger.
        """
        self._told(lambda: self._view(view, parse(text).evaluate(numbers), variable))

    def _view(self, view: str, output: Value, variable: str) -> Any:
        if view == "walk":
            return walk(output)
        output.backward()
        if view == "draw":
            return draw(output)
        path = gradient_path(output, find(output, variable))
        return path.ledger() if view == "ledger" else path

    def run(self, program: str) -> None:
        """Run a program, with what it prints and what its last line is shown."""
        linecache.cache[PROGRAM] = (len(program), None, program.splitlines(keepends=True), PROGRAM)
        self._told(lambda: self._run(program))

    def _run(self, program: str) -> Any:
        tree = ast.parse(program, PROGRAM)
        last = None
        if tree.body and isinstance(end := tree.body[-1], ast.Expr):
            last = end.value
            del tree.body[-1]
        scope: dict[str, Any] = {"__name__": "__main__", "display": self._show}
        exec(compile(tree, PROGRAM, "exec"), scope)
        return eval(compile(ast.Expression(last), PROGRAM, "eval"), scope) if last else None

    def change(self, number: int, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return the reply to the page of a walk, which asks what if its leaves had other numbers."""
        steps = self._walks[number]
        return answer(steps.content(), steps.content_with, message)

    def _told(self, work: Callable[[], Any]) -> None:
        try:
            with redirect_stdout(_Printed(self._emit)):
                result = work()
            if result is not None:
                self._show(result)
        except BaseException as error:  # the learner's own: SystemExit must not end the lab either
            self._emit("error", traced(error))

    def _show(self, thing: Any) -> None:
        """Show something as a notebook does: as HTML, else as a picture, else as text."""
        if isinstance(thing, Walk):  # its page has one script whatever the graph, which the policy lets run
            self._walks.append(thing)
            page = bundle(replace(thing.content(), answered=True))["text/html"]
            self._emit(f"walk {len(self._walks) - 1}", page)
            return
        told = thing._repr_mimebundle_() if hasattr(thing, "_repr_mimebundle_") else {}
        if shown := told.get("text/html") or told.get("image/svg+xml"):
            self._emit("html", shown)
        else:
            self._emit("text", repr(thing))


class _Printed(io.TextIOBase):
    """Hands over what is printed, at once."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    def write(self, text: str) -> int:
        self._emit("text", text)
        return len(text)


def traced(error: BaseException) -> str:
    """Return the traceback of an error, from the learner's first line on, or only the error's message.

    >>> traced(ValueError("too small"))
    'ValueError: too small'
    """
    found = TracebackException.from_exception(error)
    while found.stack and found.stack[0].filename != PROGRAM:
        del found.stack[0]
    return "".join(found.format() if found.stack else found.format_exception_only()).strip()


def viz_js(render: Callable[[str, str], str]) -> None:
    """Let viz.js draw; ``render`` takes the DOT source and the format."""

    def picture(source: str, wanted: str) -> bytes:
        if wanted not in FORMATS:
            raise ValueError(f"in a browser a picture is written as svg; got {wanted!r}")
        return render(source, wanted).encode()

    draw_with(picture)
