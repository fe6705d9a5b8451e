"""The base of all optimisers: the loop over the parameters, groups of them, and the state they keep."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, compress, repeat
from typing import Any, ClassVar

from autograd import Parameter
from autograd.extend import NO_GRADIENT, data_of, forget_gradients, gradient_of, set_data
from autograd.notation.numbers import counted
from nn.checks import check_column, check_keys, finite_number, whole_number
from nn.optim.settings import Parameters, checked, groups_of

SQUARES = frozenset({"sum_of_squares", "mean_of_squares"})
"""The numbers of a state that no step makes negative."""


class Optimizer:
    """The base of all optimisers.

    A subclass states its `rule` and the `hyper_parameters` that the rule is given, and names the
    numbers of `state` that it keeps for each parameter, all of which start at 0.

    Args:
        parameters: what to train, such as ``model.parameters()``; or a list of groups of them, each a
            dict with its ``params`` and with those settings that differ from the others'.
        lr: the learning rate, above 0.
        settings: the subclass's other settings, by name.

    Attributes:
        param_groups: one dict per group, with its ``params`` and every setting.  The next step uses
            what stands there, so settings may be changed between steps.
        parameters: the parameters of all groups, in order.
        steps: how many steps were taken.
        state: by name, one number for each of ``parameters``, as flat arrays of doubles.

    Raises:
        TypeError: if something in ``parameters`` is not a Parameter, or a setting not a number.
        ValueError: if there are no parameters, one comes twice, or a setting is unknown or out of range.

    >>> from nn.optim import SGD
    >>> v, w = Parameter(1.0), Parameter(1.0)
    >>> optimizer = SGD([{"params": [v]}, {"params": [w], "lr": 0.5}], lr=0.1)
    >>> (v + w).backward()
    >>> optimizer.step()
    >>> v.data, w.data
    (0.9, 0.5)
    """

    state_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameters: Parameters, lr: float, **settings: Any) -> None:
        defaults = checked({"lr": lr, **settings})
        self.param_groups = groups_of(type(self).__name__, parameters, defaults)
        for group in self.param_groups:
            self.check(group)
        self.parameters: list[Parameter] = [p for group in self.param_groups for p in group["params"]]
        if len(set(self.parameters)) < len(self.parameters):
            raise ValueError("a parameter comes twice; each is moved once per step")
        self.steps = 0
        self.state = {name: array("d", bytes(8 * len(self.parameters))) for name in self.state_names}

    @property
    def lr(self) -> float:
        """The learning rate of all groups; setting it sets that of each.

        Raises:
            ValueError: if the groups have different ones; those are in ``param_groups``.
        """
        rates: set[float] = {group["lr"] for group in self.param_groups}
        if len(rates) > 1:
            raise ValueError("the groups have rates of their own: param_groups[0]['lr'] and so on")
        return rates.pop()

    @lr.setter
    def lr(self, rate: float) -> None:
        rate = checked({"lr": rate})["lr"]
        for group in self.param_groups:
            group["lr"] = rate

    @staticmethod
    def check(group: Mapping[str, Any]) -> None:
        """Refuse settings that do not suit each other; each of them is in its range.

        Raises:
            ValueError: if there are such.
        """

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        """Return the parameter and its state after a step.

        Args:
            p: the parameter.
            g: its gradient.
            h: the `hyper_parameters`.
            state: one number for each of `state_names`.

        Returns:
            ``(p, *state)`` after the step.
        """
        raise NotImplementedError("an optimiser states its rule")

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        """Return the numbers that `rule` takes as ``h`` for a group, in step number ``steps``."""
        raise NotImplementedError("an optimiser states the numbers that its rule needs")

    def grouped(self) -> Iterator[tuple[dict[str, Any], range]]:
        """Yield each group with the places of its parameters among all parameters."""
        stop = 0
        for group in self.param_groups:
            start, stop = stop, stop + len(group["params"])
            yield group, range(start, stop)

    def step(self) -> None:
        """Move every parameter that has a gradient; one that no reverse pass has reached stays as it is."""
        self.steps += 1
        states = list(self.state.values())
        width = 1 + len(states)
        for group, places in self.grouped():
            part = slice(places.start, places.stop)
            columns: list[Any] = [group["params"], places, list(map(gradient_of, group["params"]))]
            columns += [numbers[part] for numbers in states]
            reached = [g is not NO_GRADIENT for g in columns[2]]
            if not all(reached):
                columns = [list(compress(column, reached)) for column in columns]
            moved, at, gradients, *before = columns
            if not moved:
                continue
            h = repeat(self.hyper_parameters(group))
            # Rows that were there all at once would be visited by the collector.
            flat = list(chain.from_iterable(map(self.rule, data_of(moved), gradients, h, *before)))
            if len(flat) != width * len(moved):
                raise ValueError(
                    f"the rule of {type(self).__name__} returns p and {counted(width - 1, 'number')} of state"
                )
            after = [array("d", flat[k::width]) for k in range(1, width)]
            set_data(moved, flat[::width])
            for numbers, column in zip(states, after, strict=True):
                if at is places:  # the usual case, written out for speed
                    numbers[part] = column
                    continue
                for i, x in zip(at, column, strict=True):
                    numbers[i] = x

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: they count as not computed yet."""
        forget_gradients(self.parameters)

    def state_dict(self) -> dict[str, Any]:
        """Return all that decides the next steps, apart from the parameters themselves.

        Returns:
            ``optimizer``, the name of the class; ``steps``; ``param_groups``, the settings of each
            group, where ``params`` says how many parameters it has; and ``state``, by name an array
            with one number for each parameter.

        >>> from nn.optim import SGD
        >>> optimizer = SGD([Parameter(1.0)], lr=0.1, momentum=0.9)
        >>> optimizer.state_dict()["state"]
        {'velocity': array('d', [0.0])}
        """
        return {
            "optimizer": type(self).__name__,
            "steps": self.steps,
            "param_groups": [{**group, "params": len(group["params"])} for group in self.param_groups],
            "state": {name: array("d", numbers) for name, numbers in self.state.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state_dict`; nothing is changed if anything is wrong with it.

        Args:
            state: that of an optimiser of the same class, with as many parameters in the same groups.

        Raises:
            TypeError, ValueError: naming what does not fit.
        """
        steps, groups, numbers = self._read(state)
        self.steps = steps
        for own, group in zip(self.param_groups, groups, strict=True):
            own.update(group)
        for name, column in numbers.items():
            self.state[name][:] = column

    def _read(self, state: Any) -> tuple[int, list[dict[str, Any]], dict[str, array[float]]]:
        """Return the steps, the groups' settings and the numbers of a state, checked."""
        own = self.state_dict()
        check_keys("the state of an optimiser", state, own)
        if state["optimizer"] != own["optimizer"]:
            raise ValueError(f"the state is of {state['optimizer']!r}, this optimiser is {own['optimizer']}")
        steps = whole_number("steps", state["steps"], at_least=0)
        groups = state["param_groups"]
        if not isinstance(groups, Sequence) or len(groups) != len(own["param_groups"]):
            raise ValueError(f"the state does not have this optimiser's {len(own['param_groups'])} groups")
        settings = [self._read_group(*pair) for pair in zip(groups, own["param_groups"], strict=True)]
        check_keys("the state's numbers", state["state"], own["state"])
        columns = {name: check_column(name, x, len(self.parameters)) for name, x in state["state"].items()}
        for name in columns.keys() & SQUARES:
            if min(columns[name]) < 0:
                raise ValueError(f"{name} holds sums of squares; one of them is {min(columns[name])!r}")
        return steps, settings, columns

    def _read_group(self, group: Any, own: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {name for name in own if name != "initial_lr"}
        check_keys("a group", group, wanted | {"initial_lr"} if "initial_lr" in group else wanted)
        if group["params"] != own["params"]:
            raise ValueError(
                f"the state's group has {group['params']!r} parameters; this optimiser's has {own['params']}"
            )
        settings = {name: x for name, x in group.items() if name != "params"}
        rate = finite_number(
            "lr", settings.pop("lr"), at_least=0.0
        )  # where a schedule has ended, it may be 0
        settings = {**checked(settings), "lr": rate}
        self.check(settings)
        return settings

    def __repr__(self) -> str:
        groups = [
            f"{counted(len(group['params']), 'parameter')}, {_in_words(group)}" for group in self.param_groups
        ]
        return f"{type(self).__name__}({'; '.join(groups)})"


def _in_words(group: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={x!r}" for name, x in group.items() if name not in ("params", "initial_lr"))
