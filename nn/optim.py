"""Optimisers: how a parameter moves against its gradient.

Each update rule is written once, for one number and with plain arithmetic only: the same function
moves a single Parameter here, a whole vector of them, or is compiled for the tape.  The state that
a rule carries from step to step is kept in flat arrays, in the order of the parameters.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeAlias

from autograd import Parameter, Value
from autograd.extend import NO_GRADIENT
from nn.checks import _number, check_column, check_count, check_keys, did_you_mean
from nn.checks import by_name as _by_name

Parameters: TypeAlias = Iterable[Parameter] | Iterable[Mapping[str, Any]]
"""What an optimiser moves: Parameters, or groups of them with settings of their own."""


class Optimizer:
    """The base of all optimisers.

    A subclass states its `rule` and the `hyper_parameters` that the rule is given, and names the
    numbers of `state` that it keeps for each parameter, all of which start at 0.

    Args:
        parameters: what to train, such as ``model.parameters()``; or a list of groups of them, each a
            dict with its ``params`` and with whatever settings it is to have of its own.
        lr: the learning rate, above 0.
        settings: the subclass's other settings, by name.

    Attributes:
        param_groups: one dict a group, with its ``params`` and every setting.  What stands there is
            what the next step uses, so that settings may be changed between steps.
        parameters: the parameters of all groups, in order.
        steps: how many steps were taken.
        state: by name, one number for each of ``parameters``, as flat arrays of doubles.

    Raises:
        TypeError: if something in ``parameters`` is not a Parameter, or a setting not a number.
        ValueError: if there are no parameters, one comes twice, or a setting is unknown or out of range.

    >>> v, w = Parameter(1.0), Parameter(1.0)
    >>> optimizer = SGD([{"params": [v]}, {"params": [w], "lr": 0.5}], lr=0.1)
    >>> (v + w).backward()
    >>> optimizer.step()
    >>> v.data, w.data
    (0.9, 0.5)
    """

    state_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, parameters: Parameters, lr: float, **settings: Any) -> None:
        defaults = _checked({"lr": lr, **settings})
        self.param_groups = _groups(type(self).__name__, parameters, defaults)
        for group in self.param_groups:
            self.check(group)
        self.parameters: list[Parameter] = [p for group in self.param_groups for p in group["params"]]
        if len(set(self.parameters)) < len(self.parameters):
            raise ValueError("a parameter comes twice; each is to be moved once a step")
        self.steps = 0
        self.state = {name: array("d", bytes(8 * len(self.parameters))) for name in self.state_names}

    @property
    def lr(self) -> float:
        """The learning rate of all groups; to set it sets that of each.

        Raises:
            ValueError: if they have different ones, which are in ``param_groups``.
        """
        rates: set[float] = {group["lr"] for group in self.param_groups}
        if len(rates) > 1:
            raise ValueError("the groups have rates of their own: param_groups[0]['lr'] and so on")
        return rates.pop()

    @lr.setter
    def lr(self, rate: float) -> None:
        rate = _checked({"lr": rate})["lr"]
        for group in self.param_groups:
            group["lr"] = rate

    @staticmethod
    def check(group: Mapping[str, Any]) -> None:
        """Refuse settings that do not go together; each for itself is in its range.

        Raises:
            ValueError: if there are such.
        """

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        """The parameter and its state after a step.

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
        """The numbers that `rule` is given as ``h`` for a group, in the step that ``steps`` now counts."""
        raise NotImplementedError("an optimiser states the numbers that its rule needs")

    def grouped(self) -> Iterator[tuple[dict[str, Any], range]]:
        """Each group, with the places of its parameters among all of them."""
        stop = 0
        for group in self.param_groups:
            start, stop = stop, stop + len(group["params"])
            yield group, range(start, stop)

    def step(self) -> None:
        """Move every parameter that has a gradient; one that no reverse pass has reached stays."""
        self.steps += 1
        rule, states = self.rule, list(self.state.values())
        for group, places in self.grouped():
            h = self.hyper_parameters(group)
            for i, p in zip(places, group["params"], strict=True):
                if p.grad is NO_GRADIENT:
                    continue
                p.data, *after = rule(p.data, p.grad, h, *[numbers[i] for numbers in states])
                for numbers, x in zip(states, after, strict=True):
                    numbers[i] = x

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters: they count as not computed yet."""
        for p in self.parameters:
            p.grad = NO_GRADIENT

    def state_dict(self) -> dict[str, Any]:
        """All that decides the next steps, apart from the parameters themselves.

        Returns:
            ``optimizer``, the name of the class; ``steps``; ``param_groups``, the settings of each
            group, where ``params`` says how many parameters it has; and ``state``, by name an array
            with one number for each parameter.

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
        """Go on from a `state_dict`; nothing is changed if anything is wrong with it.

        Args:
            state: of an optimiser of the same class, over as many parameters in the same groups.

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
        """The steps, the groups' settings and the numbers of a state, checked."""
        own = self.state_dict()
        check_keys("the state of an optimiser", state, own)
        if state["optimizer"] != own["optimizer"]:
            raise ValueError(f"the state is of {state['optimizer']!r}, this optimiser is {own['optimizer']}")
        steps = check_count("steps", state["steps"])
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
        rate = _number("lr", settings.pop("lr"))  # where a schedule has ended, it may be 0
        settings = {**_checked(settings), "lr": rate}
        self.check(settings)
        return settings

    def __repr__(self) -> str:
        groups = [f"{_count(group['params'])}, {_settings(group)}" for group in self.param_groups]
        return f"{type(self).__name__}({'; '.join(groups)})"


class SGD(Optimizer):
    """Gradient descent, w ← w − lr·∂J/∂w, with momentum if wanted.

    Args:
        parameters, lr: see `Optimizer`.
        momentum: how much of the last step's velocity is kept, 0 ≤ momentum < 1.
        nesterov: look ahead along the velocity, as Sutskever et al. (2013) write Nesterov's method.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if ``momentum`` or ``weight_decay`` is out of
            range, or ``nesterov`` is asked for without momentum.

    >>> w = Parameter(1.0, "w")
    >>> (w * w).backward()
    >>> SGD([w], lr=0.25).step()
    >>> w.data
    0.5
    """

    state_names = ("velocity",)

    def __init__(
        self,
        parameters: Parameters,
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay)

    @staticmethod
    def check(group: Mapping[str, Any]) -> None:
        if group["nesterov"] and group["momentum"] == 0:
            raise ValueError("nesterov looks ahead along the velocity: it needs a momentum above 0")

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, momentum, nesterov, weight_decay = h
        (velocity,) = state
        g = g + weight_decay * p
        velocity = momentum * velocity + g if momentum else g
        if nesterov:
            return p - lr * (g + momentum * velocity), velocity
        return p - lr * velocity, velocity

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return group["lr"], group["momentum"], float(group["nesterov"]), group["weight_decay"]


class Adagrad(Optimizer):
    """Steps divided by the root of all squared gradients so far: rarely moved weights move further.

    Duchi, Hazan and Singer, Adaptive subgradient methods (2011); with PyTorch's defaults.

    Args:
        parameters, lr: see `Optimizer`.
        eps: keeps the divisor from 0, above 0.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if another argument is out of range.
    """

    state_names = ("sum_of_squares",)

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        eps: float = 1e-10,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, eps=eps, weight_decay=weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, eps, weight_decay = h
        (squares,) = state
        g = g + weight_decay * p
        squares = squares + g * g
        return p - lr * g / (squares**0.5 + eps), squares

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return group["lr"], group["eps"], group["weight_decay"]


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of the squared gradients.

    Tieleman and Hinton, Lecture 6.5 of Neural networks for machine learning (2012); with PyTorch's
    defaults.

    Args:
        parameters, lr: see `Optimizer`.
        alpha: how much of the running mean is kept, 0 ≤ alpha < 1.
        eps: keeps the divisor from 0, above 0.
        momentum: how much of the last step's velocity is kept, 0 ≤ momentum < 1.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if another argument is out of range.
    """

    state_names = ("mean_of_squares", "velocity")

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, alpha=alpha, eps=eps, momentum=momentum, weight_decay=weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, alpha, eps, momentum, weight_decay = h
        squares, velocity = state
        g = g + weight_decay * p
        squares = alpha * squares + (1 - alpha) * g * g
        step = g / (squares**0.5 + eps)
        velocity = momentum * velocity + step if momentum else step
        return p - lr * velocity, squares, velocity

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return tuple(group[name] for name in ("lr", "alpha", "eps", "momentum", "weight_decay"))


class Adam(Optimizer):
    """Momentum, divided by the root of a running mean of the squared gradients.

    Kingma and Ba, Adam: a method for stochastic optimization (2015), algorithm 1; with PyTorch's
    defaults.  The number of steps that corrects the young means is that of the optimiser.

    Args:
        parameters, lr: see `Optimizer`.
        betas: how much is kept of the running means of gradient and squared gradient, 0 ≤ β < 1.
        eps: keeps the divisor from 0, above 0.
        weight_decay: adds ``weight_decay``·w to the gradient.

    Raises:
        TypeError, ValueError: see `Optimizer`; and if another argument is out of range.
    """

    state_names = ("mean", "mean_of_squares")

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)

    @staticmethod
    def rule(p: Any, g: Any, h: tuple[float, ...], *state: Any) -> tuple[Any, ...]:
        lr, beta1, beta2, correction1, correction2, eps, weight_decay, shrink = h
        mean, squares = state
        g = g + weight_decay * p
        mean = beta1 * mean + (1 - beta1) * g
        squares = beta2 * squares + (1 - beta2) * g * g
        return shrink * p - lr * (mean / correction1) / ((squares / correction2) ** 0.5 + eps), mean, squares

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return self._numbers(group, group["weight_decay"], 1.0)

    def _numbers(self, group: Mapping[str, Any], weight_decay: float, shrink: float) -> tuple[float, ...]:
        beta1, beta2 = group["betas"]
        corrections = 1 - beta1**self.steps, 1 - beta2**self.steps
        return group["lr"], beta1, beta2, *corrections, group["eps"], weight_decay, shrink


class AdamW(Adam):
    """`Adam` with the weights themselves shrunk by the factor 1 − lr·weight_decay at each step.

    Loshchilov and Hutter, Decoupled weight decay regularization (2019); with PyTorch's defaults.

    Args:
        parameters, lr, betas, eps: see `Adam`.
        weight_decay: how fast the weights shrink, apart from their gradients.

    Raises:
        TypeError, ValueError: see `Adam`.
    """

    def __init__(
        self,
        parameters: Parameters,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)

    def hyper_parameters(self, group: Mapping[str, Any]) -> tuple[float, ...]:
        return self._numbers(group, 0.0, 1 - group["lr"] * group["weight_decay"])


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


def by_name(name: str) -> type[Optimizer]:
    """The optimiser class of this name.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if there is no such optimiser.

    >>> by_name("sgd")
    <class 'nn.optim.SGD'>
    """
    return _by_name("optimiser", name, OPTIMIZERS)


# ------------------------------------------------------------------------------ checking arguments


def _groups(whose: str, parameters: Any, defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters as groups with all their settings."""
    listed = _listed(whose, parameters)
    if not any(isinstance(x, Mapping) for x in listed):
        listed = [{"params": listed}]
    return [_group(whose, group, defaults) for group in listed]


def _group(whose: str, group: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(group, Mapping) or "params" not in group:
        raise TypeError(f'a group is a dict with its parameters as "params"; got {group!r}')
    own = {name: x for name, x in group.items() if name != "params"}
    for name in own:
        if name not in defaults:
            raise ValueError(
                f"{whose} has no setting {name!r}{did_you_mean(str(name), defaults)} "
                f"A group has params and any of {', '.join(defaults)}"
            )
    params = _listed(whose, group["params"])
    for p in params:
        if not isinstance(p, Parameter):
            raise TypeError(
                f"an optimiser trains Parameters, as model.parameters() gives them; "
                f"got {p!r} ({type(p).__name__})"
            )
    return {"params": params, **defaults, **_checked(own)}


def _listed(whose: str, parameters: Any) -> list[Any]:
    if isinstance(parameters, (Value, str, Mapping)) or not isinstance(parameters, Iterable):
        raise TypeError(
            f"{whose} takes a list of Parameters, such as model.parameters(); "
            f"got {parameters!r} ({type(parameters).__name__})"
        )
    listed = list(parameters)
    if not listed:
        raise ValueError("there are no parameters to train")
    return listed


def _checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, each in its range."""
    return {name: RANGES.get(name, partial(_number, name))(x) for name, x in settings.items()}


def _betas(betas: Any) -> tuple[float, float]:
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"betas is a pair of numbers; got {betas!r}")
    return _number("betas[0]", betas[0], below=1.0), _number("betas[1]", betas[1], below=1.0)


def _yes_or_no(name: str, x: Any) -> bool:
    if x not in (True, False):
        raise TypeError(f"{name} is True or False; got {x!r} ({type(x).__name__})")
    return bool(x)


RANGES: dict[str, Callable[[Any], Any]] = {
    "lr": partial(_number, "lr", above=0.0),
    "initial_lr": partial(_number, "initial_lr", above=0.0),
    "momentum": partial(_number, "momentum", below=1.0),
    "nesterov": partial(_yes_or_no, "nesterov"),
    "alpha": partial(_number, "alpha", below=1.0),
    "betas": _betas,
    "eps": partial(_number, "eps", above=0.0),
}
"""What each setting may be; one that is not named here is a finite number from 0 up."""

SQUARES = frozenset({"sum_of_squares", "mean_of_squares"})
"""The numbers of a state that no step makes negative."""


# ---------------------------------------------------------------------------------- checking states


def _count(params: Sequence[Parameter]) -> str:
    return f"{len(params):,} parameter{'' if len(params) == 1 else 's'}"


def _settings(group: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={x!r}" for name, x in group.items() if name not in ("params", "initial_lr"))
