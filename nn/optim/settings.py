"""The settings of optimisers: groups of parameters that have their own, and the range of each setting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from autograd import Parameter, Value
from autograd.notation.hints import described, did_you_mean
from nn.checks import finite_number, yes_or_no

Parameters: TypeAlias = Iterable[Parameter] | Iterable[Mapping[str, Any]]
"""What an optimiser moves: Parameters, or groups of them with settings of their own."""


def groups_of(whose: str, parameters: Any, defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters as groups with all their settings.

    Args:
        whose: the optimiser's name, for messages.
        parameters: Parameters, or groups of them.
        defaults: every setting, for groups that do not have their own.

    Raises:
        TypeError, ValueError: if they are not such groups, or a setting is unknown or out of range.
    """
    listed = _listed(whose, parameters)
    if not any(isinstance(x, Mapping) for x in listed):
        listed = [{"params": listed}]
    return [_group(whose, group, defaults) for group in listed]


def _group(whose: str, group: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(group, Mapping) or "params" not in group:
        raise TypeError(f'a group is a dict with its parameters as "params"; got {described(group)}')
    own = {name: x for name, x in group.items() if name != "params"}
    for name in own:
        if name not in defaults:
            raise ValueError(
                f"{whose} has no setting {name!r}{did_you_mean(str(name), defaults, otherwise='.')} "
                f"A group has params and any of {', '.join(defaults)}"
            )
    params = _listed(whose, group["params"])
    for p in params:
        if not isinstance(p, Parameter):
            raise TypeError(
                f"an optimiser trains Parameters, as model.parameters() gives them; got {described(p)}"
            )
    return {"params": params, **defaults, **checked(own)}


def _listed(whose: str, parameters: Any) -> list[Any]:
    if isinstance(parameters, (Value, str, Mapping)) or not isinstance(parameters, Iterable):
        raise TypeError(
            f"{whose} takes a list of Parameters, such as model.parameters(); got {described(parameters)}"
        )
    listed = list(parameters)
    if not listed:
        raise ValueError("there are no parameters to train")
    return listed


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings, each checked to be in its range.

    Raises:
        TypeError, ValueError: naming the one that is not.
    """
    return {name: RANGES.get(name, FROM_0_UP)(name, x) for name, x in settings.items()}


def _betas(name: str, betas: Any) -> tuple[float, float]:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"{name} is a pair of numbers; got {described(betas)}")
    return BELOW_1(f"{name}[0]", betas[0]), BELOW_1(f"{name}[1]", betas[1])


FROM_0_UP = partial(finite_number, at_least=0.0)
BELOW_1 = partial(finite_number, at_least=0.0, below=1.0)
ABOVE_0 = partial(finite_number, above=0.0)

RANGES: dict[str, Callable[[str, Any], Any]] = {
    "lr": ABOVE_0,
    "initial_lr": ABOVE_0,
    "momentum": BELOW_1,
    "nesterov": yes_or_no,
    "alpha": BELOW_1,
    "betas": _betas,
    "eps": ABOVE_0,
}
"""What each setting may be; one that is not named here is a finite number from 0 up."""
