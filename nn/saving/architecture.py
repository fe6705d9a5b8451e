"""The architecture of a network: of what classes and arguments it is made, and the network built again.

It is told as JSON, the Modules by their paths; where one was an argument of another, its path stands for
it.  A Module that was an argument but is not held any more has a path of its own that begins with "/".

Nothing but the network itself is built from a file, by classes that the caller knows.  What was built is
then described again, and refused if that is not what the file says: so a network that was changed after it
was built, or whose class was, never comes back as another one.

>>> from nn import Dropout
>>> architecture(Dropout(0.25))["modules"]
{'': ['nn.Dropout', {'p': 0.25}]}
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from autograd import Constant
from autograd.files.tensorfile import CheckpointError, Tensor
from autograd.notation.hints import short_repr
from autograd.notation.labels import shorten
from nn.complaints import check_names
from nn.construction import Constructed, Lost, arguments_of, built_again, name_of
from nn.module import Module
from nn.saving.parameters import fill, groups_of, listed
from nn.saving.ties import tie
from nn.weights import allowing

LOAD_INTO = "build the network yourself, and load its parameters into it: load_into(model, path)"
"""What to do with a network that cannot be built from a file."""
FORGED = "it was forged, or a newer program wrote it: its architecture is not known here"
MARK = ""
"""The only name in a JSON object that stands for a tuple, a Module, or something that was not kept."""


def architecture(model: Module) -> dict[str, Any]:
    """Return what `build` can build a network from again, as JSON can hold it.

    Which Parameters it shares is told by `nn.saving.ties.ties_of`.

    Returns:
        The classes and arguments of all Modules; the numbers of all Constants, and the states of all
        generators that Modules hold: each by its path.

    Raises:
        ValueError: if two Modules, or two other things, have one path.
    """
    within = ((".".join(map(str, trail)), x) for trail, x in model.within())
    constants = [(path, x.data) for path, x in within if isinstance(x, Constant)]
    check_names(path for path, _ in constants)
    return {
        "modules": _Description(model).modules,
        "constants": dict(constants),
        "generators": {path: rng.getstate() for path, rng in _generators(model).items()},
    }


class _Description:
    """What all Modules of a network are built with, by path."""

    def __init__(self, model: Module) -> None:
        self.modules: dict[str, list[Any]] = {}
        named = list(model.named_modules())
        check_names(path for path, _ in named)
        self._paths = {id(module): path for path, module in named}
        self._told: list[Constructed] = [module for _, module in named]
        classes: dict[str, type[Any]] = {}
        for module in self._told:  # which grows, by arguments that are not held any more
            name, arguments = name_of(type(module)), arguments_of(module)
            if classes.setdefault(name, type(module)) is not type(module):
                arguments = f"two classes of the network are called {name}"
            told = arguments if isinstance(arguments, str) else self._written(dict(arguments))
            self.modules[self._paths[id(module)]] = [name, told]

    def _written(self, x: Any) -> Any:
        """Return an argument as JSON can hold it."""
        if isinstance(x, Constructed):
            if id(x) not in self._paths:
                self._paths[id(x)] = f"/{len(self._told)}"
                self._told.append(x)
            return {MARK: ["module", self._paths[id(x)]]}
        if isinstance(x, random.Random):
            return {MARK: ["generator"]}
        if isinstance(x, Lost):
            return {MARK: ["lost", x.what]}
        if isinstance(x, tuple):
            return {MARK: ["tuple", [self._written(y) for y in x]]}
        if isinstance(x, list):
            return [self._written(y) for y in x]
        return {key: self._written(y) for key, y in x.items()} if isinstance(x, dict) else x


def _generators(model: Module) -> dict[str, random.Random]:
    """Return the generators that Modules hold as attributes, each under the first of its paths."""
    found: dict[int, tuple[str, random.Random]] = {}
    for path, module in model.named_modules():
        for name, x in vars(module).items():
            if isinstance(x, random.Random):
                found.setdefault(id(x), (f"{path}.{name}" if path else name, x))
    return dict(found.values())


# ---------------------------------------------------------------------------------- building it again


def build(
    told: Mapping[str, Any], tensors: Mapping[str, Tensor], known: Mapping[str, type[Constructed]]
) -> Module:
    """Return the network of an `architecture` with these tensors, neither of which is trusted.

    Args:
        told: the architecture.
        tensors: its parameters, by name.
        known: the classes that may be built, by name.

    Raises:
        CheckpointError: if it is not an architecture, names a class that is not known, cannot be built,
            or was something else when it was saved than what its constructor builds.
    """
    modules, constants = told.get("modules"), told.get("constants")
    if not isinstance(modules, dict) or not isinstance(constants, dict):
        raise CheckpointError(FORGED)
    numbers = sum(len(tensor.numbers) for tensor in tensors.values())
    try:
        with allowing(4 * numbers + 1000):  # with some room for what a constructor makes and leaves again
            model: Module = _Building(modules, known).module("")
        _check_same(model, modules, constants)
        tie(model, told.get("shared"))
        groups = groups_of(model)
    except RecursionError:
        raise CheckpointError("it was forged: its architecture is nested too deeply") from None
    except CheckpointError:
        raise
    except ValueError as error:  # of a network in which two things have one name
        raise CheckpointError(_cut(str(error))) from None
    try:
        fill(groups, tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{error}. It was changed after it was built; {LOAD_INTO}") from None
    _draw_on(_generators(model), told.get("generators"))
    return model


class _Building:
    """The Modules that are being built from what a file says."""

    def __init__(self, modules: Mapping[str, Any], known: Mapping[str, type[Constructed]]) -> None:
        self._modules, self._known = modules, known
        self._built: dict[str, Any] = {}

    def module(self, path: Any) -> Any:
        """Build the Module of a path, after those that are its arguments."""
        if not isinstance(path, str):
            raise CheckpointError(FORGED)
        if self._built.get(path) is not None:
            return self._built[path]
        match self._modules.get(path):
            case [str(name), dict(arguments) | str(arguments)] if path not in self._built:
                pass
            case _:  # or it is being built, and would be an argument of itself
                raise CheckpointError(FORGED)
        cls = self._known.get(name)
        if cls is None:
            raise CheckpointError(_unknown(name))
        if isinstance(arguments, str):
            raise CheckpointError(
                f"it holds a {name} that cannot be built again: {_cut(arguments)}; {LOAD_INTO}"
            )
        self._built[path] = None
        given = {
            key: self._argument(x, f"the argument {_cut(key)} of {name}") for key, x in arguments.items()
        }
        try:
            made = built_again(cls, given)
        except Exception as error:
            reason = f"{type(error).__name__}: {_cut(str(error))}"
            raise CheckpointError(f"{name} cannot be built with what the file says: {reason}") from None
        self._built[path] = made
        return made

    def _argument(self, x: Any, what: str) -> Any:
        """Return an argument that was written as JSON."""
        if isinstance(x, list):
            return [self._argument(y, what) for y in x]
        if not isinstance(x, dict):
            return x
        match x.get(MARK):
            case None if MARK not in x:
                return {key: self._argument(y, what) for key, y in x.items()}
            case ["module", path]:
                return self.module(path)
            case ["generator"]:
                return random.Random(0)
            case ["tuple", list(inside)]:
                return tuple(self._argument(y, what) for y in inside)
            case ["lost", str(lost)]:
                raise CheckpointError(f"{what} was {_cut(lost)}, which no file can hold; {LOAD_INTO}")
        raise CheckpointError(FORGED)


def _unknown(name: str) -> str:
    if not name.isidentifier():
        return FORGED
    return (
        f"it holds a {_cut(name)}, a class that is not known here: load(path, classes=[{_cut(name)}]), "
        f"or write @loadable above the class; or {LOAD_INTO}"
    )


def _check_same(model: Module, modules: Mapping[str, Any], constants: Mapping[str, Any]) -> None:
    """Refuse what was built if it is described in other words than what was saved."""
    now = architecture(model)
    found = [
        f"{_cut(path) or 'the network'} is {_in_words(was)} in the file and {_in_words(made)} as it is built"
        for before, after in ((modules, now["modules"]), (constants, now["constants"]))
        for path in dict.fromkeys([*before, *after])
        if _text(was := before.get(path)) != _text(made := after.get(path))
    ]
    if found:
        raise CheckpointError(
            f"the network, or its class, was changed after it was built: {listed(found, 2)}; {LOAD_INTO}"
        )


def _text(told: Any) -> str:
    return json.dumps(told, sort_keys=True)  # in which nan is equal to nan


def _in_words(told: Any) -> str:
    if told is None:
        return "not there"
    if not isinstance(told, list) or len(told) != 2 or not isinstance(told[1], dict):
        return _cut(str(told))
    return _cut(f"{told[0]}({', '.join(f'{name}={_word(x)}' for name, x in told[1].items())})")


def _word(x: Any) -> str:
    match x:
        case {"": [*_, told]}:  # what has a mark
            return str(told)
    return repr(x)


def _cut(text: str) -> str:
    return shorten(" ".join(text.split()), 120)


def _draw_on(generators: Mapping[str, random.Random], states: Any) -> None:
    """Put the generators into the states in which they were."""
    if not isinstance(states, dict):
        raise CheckpointError(FORGED)
    for path, rng in generators.items():
        try:
            version, words, spare = states.get(path, rng.getstate())
            if not (spare is None or isinstance(spare, float)):
                raise TypeError("the number that gauss keeps for its next call")
            rng.setstate((version, tuple(words), spare))
        except (TypeError, ValueError, OverflowError):
            raise CheckpointError(f"it was forged: the state of {short_repr(path)} is not one") from None
