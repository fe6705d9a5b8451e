"""The arguments of a function, as far as it tells them."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter as Argument
from inspect import signature
from typing import Any


def arguments_of(function: Callable[..., Any]) -> list[Argument]:
    """Return the arguments of a function; none for a builtin without a signature."""
    try:
        return list(signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def argument_names(
    function: Callable[..., Any], count: int, unnamed: Callable[[int], str] = "argument {}".format
) -> list[str]:
    """Return names for the first ``count`` arguments of a call.

    Args:
        function: the function that is called.
        count: how many arguments it is called with.
        unnamed: makes a name for an argument without one, from its place (from 0).

    >>> argument_names(lambda x, *more: x, 3)
    ['x', 'argument 1', 'argument 2']
    """
    named = [a.name for a in arguments_of(function) if a.kind is not Argument.VAR_POSITIONAL][:count]
    return [*named, *(unnamed(i) for i in range(len(named), count))]
