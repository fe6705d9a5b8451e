"""Checks of arguments, saved states, files and installed packages: one of each, for all of `nn`.

Every check returns what it was given in the form that the caller continues with, and every message
names the argument, says what is wanted and repeats what came.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable, Mapping
from importlib import import_module
from importlib.util import find_spec
from math import inf, isfinite
from numbers import Real
from operator import index
from typing import Any, TypeAlias, TypeVar

from autograd.notation.hints import described, did_you_mean

T = TypeVar("T")

Seed: TypeAlias = Any
"""The source of random numbers: a seed, a generator (of Python or NumPy), or None for others in every run."""


def whole_number(name: str, n: Any, at_least: int | None = 1) -> int:
    """Return a whole number as an int, NumPy's integers included.

    Raises:
        TypeError: if it is not a whole number.
        ValueError: if it is below ``at_least``.

    >>> whole_number("epochs", 0)
    Traceback (most recent call last):
    ...
    ValueError: epochs is at least 1; got 0
    """
    try:
        number = index(n)
    except TypeError:
        number = None
    if number is None or isinstance(n, bool):
        raise TypeError(f"{name} is a whole number; got {described(n)}")
    if at_least is not None and number < at_least:
        raise ValueError(f"{name} is at least {at_least}; got {number}")
    return number


def finite_number(
    name: str,
    x: Any,
    *,
    at_least: float = -inf,
    above: float = -inf,
    below: float = inf,
    at_most: float = inf,
) -> float:
    """Return a finite number within a range as a float, NumPy's numbers included.

    Raises:
        TypeError: if it is not a number.
        ValueError: if it is infinite, nan or out of range.

    >>> finite_number("momentum", 1, at_least=0, below=1)
    Traceback (most recent call last):
    ...
    ValueError: momentum is a finite number from 0 up and below 1; got 1
    """
    if not isinstance(x, Real) or isinstance(x, bool):
        raise TypeError(f"{name} is a number; got {described(x)}")
    number = float(x)
    if not (isfinite(number) and at_least <= number <= at_most and above < number < below):
        bounds = {
            f"from {at_least:g} up": at_least,
            f"above {above:g}": above,
            f"below {below:g}": below,
            f"at most {at_most:g}": at_most,
        }
        wanted = " and ".join(words for words, bound in bounds.items() if isfinite(bound))
        raise ValueError(f"{name} is a finite number{' ' if wanted else ''}{wanted}; got {x!r}")
    return number


def layer_sizes(nouts: Any) -> list[int]:
    """Return the numbers of neurons of the layers of a network, one or more.

    Raises:
        TypeError, ValueError: if they are not whole numbers from 1 up, or if there are none.
    """
    if isinstance(nouts, (str, Real)) or not isinstance(nouts, Iterable):
        raise TypeError(
            f"nouts lists the neurons of each layer, as in MLP(2, [16, 16, 1]); got {described(nouts)}"
        )
    sizes = [whole_number(f"nouts[{i}]", n) for i, n in enumerate(nouts)]
    if not sizes:
        raise ValueError("nouts lists the neurons of each layer, at least one; got none")
    return sizes


def yes_or_no(name: str, x: Any) -> bool:
    """Return True or False as a bool, NumPy's and the numbers 1 and 0 included.

    Raises:
        TypeError: if it is anything else.
    """
    if x not in (True, False):
        raise TypeError(f"{name} is True or False; got {described(x)}")
    return bool(x)


def one_of(what: str, name: Any, choices: Mapping[str, T]) -> T:
    """Return the choice of this name.

    Args:
        what: what is being chosen, for the message.
        name: a name among the choices.
        choices: what there is to choose from, by name.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if there is no choice of this name; the message names the closest one.

    >>> one_of("colour", "bleu", {"blue": 1, "red": 2})
    Traceback (most recent call last):
    ...
    ValueError: unknown colour 'bleu'; did you mean 'blue'? Known are: blue, red
    """
    if not isinstance(name, str):
        raise TypeError(f"the {what} is chosen by name; got {described(name)}")
    if name not in choices:
        hint = did_you_mean(name, choices, otherwise=".")
        raise ValueError(f"unknown {what} {name!r}{hint} Known are: {', '.join(choices)}")
    return choices[name]


def generator(seed: Seed) -> random.Random:
    """Return the generator itself, or a new one with this seed; without a seed its numbers differ every run.

    NumPy's ``Generator`` and ``RandomState`` draw a seed.

    Raises:
        TypeError: if the seed is neither a whole number nor a generator.
    """
    if isinstance(seed, random.Random):
        return seed
    draw = getattr(seed, "integers", None) or getattr(seed, "randint", None)
    if draw is not None:  # NumPy's Generator or RandomState
        return random.Random(int(draw(2**31)))
    return random.Random(None if seed is None else whole_number("seed", seed, at_least=None))


def check_keys(whose: str, state: Any, wanted: Iterable[str]) -> None:
    """Refuse a state that is not a mapping with just these keys.

    Raises:
        TypeError: if it is not a mapping.
        ValueError: naming what is missing or not expected.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"{whose} is a mapping, as state_dict() gives it; got {type(state).__name__}")
    wanted = list(wanted)
    missing = [name for name in wanted if name not in state]
    unexpected = [name for name in state if name not in wanted]
    for complaint, names in (("lacks", missing), ("has an unknown", unexpected)):
        if names:
            raise ValueError(f"{whose} {complaint} {', '.join(map(repr, names))}; nothing was loaded")


def listed(wanted: str, x: Any) -> list[Any]:
    """Return several things as a list; ``wanted`` says in the message what is wanted.

    Raises:
        TypeError: if it is a text, or cannot be gone through.
    """
    if isinstance(x, (str, bytes)) or not isinstance(x, Iterable):
        raise TypeError(f"{wanted}; got {described(x)}")
    return list(x)


def check_column(name: str, numbers: Any, length: int, of: str = "parameter") -> array[float]:
    """Return finite numbers, one for each of ``length`` things, as an array.

    Raises:
        TypeError: if they are not numbers.
        ValueError: if there are more or fewer of them, or one is not finite.
    """
    try:
        column = array("d", numbers)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} holds one number for each {of}") from None
    if len(column) != length:
        raise ValueError(f"{name} holds {len(column)} numbers, one for each {of}; {length} are wanted")
    for i, x in enumerate(column):
        if not isfinite(x):
            raise ValueError(f"{name} holds finite numbers; number {i} is {x!r}")
    return column


def check_lengths(rows: Any, wanted: Any, name_X: str = "X", name_y: str = "y") -> None:
    """Refuse features and targets that are not equally many.

    Raises:
        ValueError: if they are not.
    """
    if len(rows) != len(wanted):
        raise ValueError(f"{name_X} has {len(rows)} rows, but {name_y} has {len(wanted)}: one per sample")


def check_not_empty(name: str, samples: Any) -> None:
    """Refuse data without samples.

    Raises:
        ValueError: if there are none.
    """
    if not len(samples):
        raise ValueError(f"{name} is empty: there is nothing to learn from")


PACKAGES = {"sklearn": "scikit-learn"}
"""The names under which packages are installed, where they are imported under another one."""


def check_packages(names: Iterable[str], user: str) -> None:
    """Check that packages of the extra ``train`` are installed, without loading them.

    Raises:
        ImportError: naming those that are missing, who needs them, and how to install them.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise ImportError(f'{user} needs {", ".join(missing)}: pip install "chainrule[train]"')


def import_extra(module: str, user: str, extra: str = "train") -> Any:
    """Return a module of a package that only an extra installs.

    Args:
        module: what to import.
        user: what needs it, for the message.
        extra: which extra installs it.

    Raises:
        ImportError: if the package is not installed; the message says how to install it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError:
        package = module.partition(".")[0]
        name = PACKAGES.get(package, package)
        raise ImportError(f'{user} needs {name}: pip install "chainrule[{extra}]"') from None
