"""What the check of an engine found: what is wrong first, each with a line of code that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from autograd.notation.numbers import counted, number
from autograd.testing.certificate import CORRECT, LIMITED, WRONG

BOUNDED = "limited"
"""The verdict on what works up to a size, or is refused with an error: no number is wrong."""
NOT_THERE = "not there"
"""The verdict on an operator that the engine lacks: no number is wrong."""
ORDER = WRONG, BOUNDED, LIMITED, NOT_THERE, CORRECT
WIDTH = 100


@dataclass(frozen=True)
class Finding:
    """What was found in one respect.

    Attributes:
        what: what was examined: an op as it is written, or a property of the engine.
        verdict: ``correct``, ``limited``, ``limited by rounding``, ``not there`` or ``wrong``.
        graph: a line of Python that shows it: the smallest of the graphs that do; "" if all is well.
        expected: what is right, as text; "" if nothing is to be said.
        got: what the engine has instead.
        likely: the likely mistake, or a remark; "" if there is none.
    """

    what: str
    verdict: str
    graph: str = ""
    expected: str = ""
    got: str = ""
    likely: str = ""

    def __str__(self) -> str:
        """Return the finding in two or three lines; a correct one in one."""
        told = [f"{self.verdict}: {self.what}"]
        if self.got:
            told[0] += f": {self.got}" + (f" where {self.expected} is right" if self.expected else "")
        if self.likely:
            told.append(f"    {'likely ' if self.verdict == WRONG else ''}{self.likely}")
        return "\n".join([*told, *([f"    {self.graph}"] if self.graph else [])])

    __repr__ = __str__


@dataclass(frozen=True)
class EngineReport:
    """The findings of one examination: it prints itself, and is true if nothing is wrong.

    Attributes:
        engine: the name of the engine's class.
        findings: one for each thing that was examined.
    """

    engine: str
    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return not self.wrong

    def __getitem__(self, what: str) -> Finding:
        """Return the finding on an op as it is written, ``a * b``, or on a property: ``depth``."""
        for finding in self.findings:
            if finding.what == what:
                return finding
        raise KeyError(f"{what!r} was not examined; there are {', '.join(f.what for f in self.findings)}")

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The findings that accuse."""
        return tuple(f for f in self.findings if f.verdict == WRONG)

    def _telling(self) -> Iterator[str]:
        """Yield what is not correct, the gravest first; of findings with one cause only one in full."""
        for kind in (WRONG, BOUNDED, LIMITED):
            alike: dict[str, list[Finding]] = {}
            for found in self.findings:
                if found.verdict == kind:
                    alike.setdefault(found.likely or found.what, []).append(found)
            for first, *others in alike.values():
                yield str(first)
                if others:
                    yield f"    so are: {', '.join(f.what for f in others)}"

    def __str__(self) -> str:
        counts = [(kind, [f for f in self.findings if f.verdict == kind]) for kind in ORDER]
        summary = ", ".join(f"{len(found)} {kind}" for kind, found in counts if found)
        examined = sum(f.verdict != NOT_THERE for f in self.findings)
        lines = [f"{self.engine}: {counted(examined, 'thing')} examined, {summary}", *self._telling()]
        for kind, found in counts[-2:]:
            listed = ", ".join(f.what + (f" ({f.likely})" if f.likely else "") for f in found)
            lines += wrap(f"{kind}: {listed}", WIDTH, subsequent_indent="    ") if found else []
        return "\n".join(lines)

    __repr__ = __str__


def written(x: float | None, beside: float | None = None) -> str:
    """Write a number; in full where four digits do not tell it from the one beside it."""
    if x is None:
        return "None"
    return repr(x) if beside is not None and x != beside and number(x) == number(beside) else number(x)
