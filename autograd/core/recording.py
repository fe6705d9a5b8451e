"""The modes in which operations are recorded, and what has to be refused while a tape records them.

`autograd.value.apply` asks the thread's `mode` what to do with each node that it makes.
"""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from itertools import count
from types import coroutine
from typing import Any, ClassVar, Protocol, TypeAlias, TypeVar, cast


class BranchError(TypeError):
    """Python code tried to branch on a Value while a tape was being recorded."""


class Watch(Protocol):
    """What looks at every number while anomalies are being detected; see `autograd.anomaly`."""

    def new_node(self, op: Any, inputs: Sequence[Any], data: float) -> Any: ...
    def check_values(self, order: Sequence[Any]) -> None: ...
    def check_gradient(self, node: Any, upstream: Any, order: Sequence[Any]) -> None: ...


Use: TypeAlias = tuple[Any, "Use | None", int, int]
"""One use of a Module, the call in which a node was made: the Module, the use that called it, how many times
the clock had ticked when it began, and how many uses had begun.  Outside of all Modules there is no Module.

Structure is read from uses, never from labels.  Each call makes a tuple of its own: two uses of one
Module are told apart by identity.
"""
OUTSIDE: Use = (None, None, 0, 0)


@dataclass(frozen=True)
class Argument:
    """Owns, in place of a Module, the inputs that a call made of one of its arguments: it tells which."""

    name: str
    is_unit: ClassVar[bool] = False


class UseOfValues(tuple[Any, "Use | None", int, int]):
    """A use that tells which of its arguments the Values given to it came by, and over what picture it goes.

    Attributes:
        names: returns the name and the argument of each part of the arguments, by id.
        over: rows and columns of a window, of the picture that windows go over, from one window to the next,
            and of the zeros around the picture; empty where it goes over none.
    """

    names: Callable[[], Mapping[int, tuple[str, str]]] = dict
    over: tuple[int, ...] = ()


class CallNote(str):
    """A note on an error that says in which call of a Module it was raised.

    A copy, and a pickle, is the text alone.

    Attributes:
        use: that use of the Module.
        given: the arguments of the call.
    """

    use: Use
    given: tuple[Any, ...]

    def __new__(cls, text: str, use: Use, given: Sequence[Any]) -> CallNote:
        """Write the note."""
        note = super().__new__(cls, text)
        note.use, note.given = use, tuple(given)
        return note

    def __reduce__(self) -> Any:
        return str, (str(self),)


class _Clock:
    """What tells old from new: it ticks when data of a leaf is assigned, and when a derivative is taken."""

    now = 0


clock = _Clock()
_begun = count(1)


def new_use(owner: Any, outer: Use) -> Use:
    """Return a use of a Module that begins now, inside another one or outside of all."""
    return owner, outer if outer[0] is not None else None, clock.now, next(_begun)


class _Now:
    """What a new node asks for, in one look-up.

    Attributes:
        plain: whether operations are recorded, and nobody watches.
        made: the list to which new nodes are appended while a tape is being recorded, else None.
        use: the use of a Module that is going on; outside of all, its time is that of the latest data.
        call: what the outermost Module is given, and what was made of that; kept by those who call Modules.
    """

    __slots__ = ("call", "made", "plain", "use")

    def __init__(self) -> None:
        self.plain: bool = True
        self.made: list[Any] | None = None
        self.use: Use = OUTSIDE
        self.call: Any = None

    def begin(self, owner: Any) -> Use:
        """Begin a use of a Module, and return the one that was going on, to `end` with."""
        before, self.use = self.use, new_use(owner, self.use)
        unusual.add(self)
        return before

    def end(self, before: Use) -> None:
        """Go back to the use that was going on."""
        self.use = before
        self.settle()

    def settle(self) -> None:
        """Enter this thread among the unusual ones, or take it out."""
        if self.plain and self.made is None and self.use[0] is None:
            unusual.discard(self)
        else:
            unusual.add(self)


usual = _Now()
"""The mode of every thread as long as no thread needs one of its own, which takes long to look up."""
unusual: set[_Now] = set()
"""The threads in which a mode is on or a Module is in use; read ``mode.now if unusual else usual``."""


class _Mode(threading.local):
    """How this thread's `apply` behaves.

    Attributes:
        recording: whether a node remembers its op and inputs; False inside `no_grad`.
        watch: checks every number inside `detect_anomaly`, else None.
        branching: whether Python may branch on a Value; False while a tape is being recorded.
        live: the leaves with respect to which functions are being differentiated.
        made: the list to which new nodes are appended while a tape is being recorded, else None.
        now: what of this `apply` asks for, and the use of a Module that is going on.
    """

    recording = True
    watch: Watch | None = None
    branching = True
    live: frozenset[Any] = frozenset()
    made: list[Any] | None = None

    def __init__(self) -> None:  # once per thread
        self.now = _Now()

    @contextmanager
    def switched(self, **settings: Any) -> Iterator[None]:
        """Change attributes inside a block, and restore them after it."""
        before = {name: getattr(self, name) for name in settings}
        self._set(settings)
        try:
            yield
        finally:
            self._set(before)

    @contextmanager
    def within(self, owner: Any) -> Iterator[None]:
        """Let what the block computes belong to a use of the owner: a new one, unless one is going on."""
        now = self.now
        before = now.use if now.use[0] is owner else now.begin(owner)
        try:
            yield
        finally:
            now.end(before)

    def tick(self) -> int:
        """Advance the clock and read it; return what it says."""
        clock.now += 1
        return self.read_clock()[2]

    def read_clock(self) -> Use:
        """Mark what this thread makes from now on, outside of Modules, as newer than what there is."""
        outside = usual.use = (None, None, clock.now, 0)
        if self.now.use[0] is None:
            self.now.use = outside
        return outside

    def _set(self, settings: dict[str, Any]) -> None:
        for name, setting in settings.items():
            setattr(self, name, setting)
        self.now.plain, self.now.made = self.recording and self.watch is None, self.made
        self.now.settle()


mode = _Mode()


F = TypeVar("F", bound=Callable[..., Any])


class Setting(threading.local):
    """A mode for a block, ``with setting:``, or for all that a function computes, ``@setting``.

    It may be entered again, inside itself too, and by several threads.  Of a decorated generator or
    coroutine the mode covers every stretch that it runs, and nothing that runs while it waits.
    """

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._entered: list[Any] = []

    def __enter__(self) -> None:
        self._entered.append(block := mode.switched(**self._settings))
        block.__enter__()

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    def __call__(self, function: F) -> F:
        """Return the function, computing in this mode.

        Raises:
            TypeError: if it is not a function, or an asynchronous generator.
        """
        if not callable(function) or isasyncgenfunction(function):
            raise TypeError(
                f"a mode decorates a function, a generator or a coroutine, not {function!r}; "
                "inside an asynchronous generator write with …: around what computes"
            )

        def called(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        def iterated(*args: Any, **kwargs: Any) -> Any:
            return self._stretches(function(*args, **kwargs))

        async def awaited(*args: Any, **kwargs: Any) -> Any:
            return await coroutine(self._stretches)(function(*args, **kwargs))

        if iscoroutinefunction(function):
            return cast(F, wraps(function)(awaited))
        return cast(F, wraps(function)(iterated if isgeneratorfunction(function) else called))

    def _stretches(self, running: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Run a generator or coroutine from one stop to the next, each stretch in this mode."""
        resume: Callable[[], Any] = partial(running.send, None)
        while True:
            try:
                with self:
                    stop = resume()
            except StopIteration as end:
                return end.value
            try:
                resume = partial(running.send, (yield stop))
            except GeneratorExit:
                with self:
                    running.close()
                raise
            except BaseException as error:
                resume = partial(running.throw, error)


def no_grad() -> Setting:
    """Compute without recording: inside it every result is a constant.

    A context manager, and a decorator as ``@no_grad()``; see `Setting`.

    >>> from autograd import Value
    >>> w = Value(1.5)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.inputs
    ()
    """
    return Setting(recording=False)


def refuse_cut(by: str) -> None:
    """Raise `BranchError` if a tape is being recorded: it would keep this sample's number for all data."""
    if not mode.branching:
        raise BranchError(
            f"{users_line()}: {by} cuts the graph while a tape is being recorded; "
            "the tape would keep this sample's number for all data. Compute with the Value itself"
        )


def refuse_branch(condition: str) -> None:
    """Raise `BranchError` if a tape is being recorded: it would keep this one branch for all data."""
    if not mode.branching:
        raise BranchError(
            f"{users_line()}: Python branches on {condition} while a tape is being recorded; the tape would "
            "keep this one branch for all data. Use autograd.where, maximum, minimum, clip or relu of each "
            "Value, and combine conditions with &, | and ~"
        )


NOT_THE_USERS = frozenset({"autograd", "nn", "numpy", *sys.stdlib_module_names}) - {"__main__"}
"""The packages that are skipped when the user's line is looked for: these two, NumPy, and Python's own."""


def users_line(source: bool = False) -> str:
    """Return the line of the user that is being run, as ``file, line n``, and its text."""
    frame = sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in NOT_THE_USERS:
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(file, number, frame.f_globals).strip() if source else ""
    return f"{file}, line {number}{': ' if text else ''}{text}"
