"""How a Module was built: the arguments that a file can keep, and the classes that a file may name.

>>> from nn import Layer, Module
>>> class Net(Module):
...     def __init__(self, width, *, squash="tanh"):
...         self.hidden = Layer(2, width, squash)
>>> Net(3).built_with()
{'width': 3, 'squash': 'tanh'}
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from inspect import BoundArguments, Signature, signature
from numbers import Integral, Real
from typing import Any, Self, TypeVar

from autograd.notation.hints import described

GIVEN = "built with"
"""The name in a Module's ``__dict__`` under which its arguments stand; no attribute can have it."""
DEEPEST = 20
"""Arguments nested more deeply than this are not kept."""


@dataclass(frozen=True)
class Lost:
    """An argument that no file can keep.

    Attributes:
        what: what it was, in words.
    """

    what: str


class Constructed:
    """The base of `Module`: remembers the arguments with which an instance was built.

    Numbers, texts, lists, tuples, dictionaries and Modules are remembered as they were given; a
    `random.Random` as a new one, for what it drew is among the parameters; anything else as `Lost`.
    """

    def __new__(cls, *arguments: Any, **options: Any) -> Self:
        """Make an instance, and remember the arguments that its constructor is about to get."""
        if cls.__init__ is object.__init__ and (arguments or options):
            raise TypeError(f"{cls.__name__}() takes no arguments")
        self = super().__new__(cls)
        if not _says_itself(cls):
            given = (tuple(map(kept, arguments)), {name: kept(x) for name, x in options.items()})
            self.__dict__[GIVEN] = given
        return self

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with, by name: by default those that it was built with.

        A class whose attributes may be changed later overrides this, and returns what they are now.

        Raises:
            TypeError: if the arguments are not known.
        """
        arguments, options = self.__dict__.get(GIVEN, ((), {}))
        build = signature(self.__init__)  # type: ignore[misc]
        given = build.bind(*arguments, **options).arguments
        found = {}
        for name, parameter in build.parameters.items():
            default = kept(parameter.default)
            if name in given:
                found[name] = given[name]
            elif parameter.default is not parameter.empty and not isinstance(default, Lost):
                found[name] = default  # what a file says does not change when the default does
        return found


C = TypeVar("C", bound=type[Constructed])


def _says_itself(cls: type[Constructed]) -> bool:
    """Return whether ``built_with`` was written for the constructor of this very class."""
    for base in cls.__mro__:
        if "built_with" in vars(base):
            return base is not Constructed
        if "__init__" in vars(base):
            return False
    return False


def arguments_of(built: Constructed) -> Mapping[str, Any] | str:
    """Return the arguments to build something again with, or the reason why they are not known."""
    try:
        found = Constructed.built_with(built) if not _says_itself(type(built)) else None
    except TypeError:
        return f"{type(built).__name__} does not say what it is built with: define built_with in it"
    found = built.built_with() if found is None else found
    return {name: kept(x) for name, x in found.items()}


def kept(x: Any, depth: int = 0) -> Any:
    """Return a copy of an argument as a file can keep it, Modules in it as they are.

    >>> kept([1, (2.5, "relu"), {"bias": True}, print])
    [1, (2.5, 'relu'), {'bias': True}, Lost(what='print (builtin_function_or_method)')]
    """
    if x is None or isinstance(x, (bool, int, float, str, Constructed, Lost)):
        return x
    if isinstance(x, random.Random):
        return random.Random(0)  # what it drew for the parameters comes back with them
    if depth < DEEPEST:
        if type(x) in (list, tuple):
            return type(x)(kept(y, depth + 1) for y in x)
        if type(x) is dict and all(isinstance(key, str) and key for key in x):
            return {key: kept(y, depth + 1) for key, y in x.items()}
    if isinstance(x, Integral):
        return int(x)
    if isinstance(x, Real) and float(x) == x:
        return float(x)
    kind = type(x).__name__
    return Lost(f"{x.__qualname__} ({kind})" if hasattr(x, "__qualname__") else f"an object ({kind})")


def built_again(cls: type[Constructed], arguments: Mapping[str, Any]) -> Any:
    """Call a class with arguments by name, each put where the constructor wants it.

    Raises:
        TypeError: if the constructor does not take one of the names.
        Exception: whatever the constructor raises.
    """
    _, *wanted = signature(cls.__init__).parameters.values()  # all but self
    build = Signature(wanted)
    unknown = [name for name in arguments if name not in build.parameters]
    if unknown:
        raise TypeError(f"its constructor does not take {', '.join(unknown)}")
    bound = BoundArguments(build, dict(arguments))
    return cls(*bound.args, **bound.kwargs)


# ------------------------------------------------------------------------------ the classes by name

LOADABLE: dict[str, type[Constructed]] = {}
"""The classes of which `nn.load` builds instances unasked, by the name that a file gives them."""


def name_of(cls: type[Any]) -> str:
    """Return what a file calls a class: ``nn.Layer``, or just ``Net`` for one of yours."""
    return f"nn.{cls.__name__}" if cls.__module__.startswith("nn.") else cls.__name__


def loadable(cls: C) -> C:
    """Allow `nn.load` to build instances of a class that a file names: write ``@loadable`` above it.

    The constructor is then called with the arguments that the file holds, whoever wrote it.

    Raises:
        TypeError: if it is not a class of Modules.
        ValueError: if another class of this name is registered already.
    """
    add(LOADABLE, cls)
    return cls


def known(classes: Iterable[Any]) -> dict[str, type[Constructed]]:
    """Return the registered classes by name, and these ones beside or instead of them.

    Raises:
        TypeError: if one is not a class of Modules.
        ValueError: if two of them have one name.
    """
    passed: dict[str, type[Constructed]] = {}
    for cls in [classes] if isinstance(classes, type) else classes:
        add(passed, cls)
    return LOADABLE | passed


def add(table: dict[str, type[Constructed]], cls: Any) -> None:
    """Put a class into a table by name; a class that was defined anew takes the old one's place.

    Raises:
        TypeError: if it is not a class of Modules.
        ValueError: if another class of this name is in it already.
    """
    if not (isinstance(cls, type) and issubclass(cls, Constructed)):
        raise TypeError(f"what is loaded is a class of Modules; got {described(cls)}")
    name = name_of(cls)
    places = [f"{c.__module__}.{c.__qualname__}" for c in (table.get(name, cls), cls)]
    if places[0] != places[1]:
        raise ValueError(
            f"two classes are called {name}, {places[0]} and {places[1]}: "
            "a file tells classes apart by name; rename one"
        )
    table[name] = cls
