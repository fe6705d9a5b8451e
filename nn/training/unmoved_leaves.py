"""Unmoved: leaves that a gradient reaches and that no optimiser moves, named before the training begins.

So are weights whose numbers a model computes with beside them: copies, which stay as they are.
"""

from __future__ import annotations

from autograd import Parameter, Value, topological_order
from autograd.extend import upstreams
from autograd.notation.hints import short_repr
from autograd.notation.numbers import counted
from nn.complaints import made_of_value, said_of
from nn.module import Module
from nn.optim import Optimizer

MOST_DIGITS = 6
"""A number with more decimals than these that is a weight and a constant of a graph was copied."""


def unmoved(model: Module, optimizer: Optimizer, loss: Value) -> str:
    """Name each leaf that a gradient of the loss reaches, and that no step moves, and say why; "" for none.

    Args:
        model: the model that is to be trained.
        optimizer: what moves its parameters.
        loss: that of one sample, with its graph.
    """
    reached = set() if loss.role == "constant" else {v for v in upstreams(loss) if v.op is None}
    moved = reached & set(optimizer.parameters)
    reached -= moved
    copied = _copied(model, loss)
    if moved and not reached and not copied:
        return ""
    held = ((trail, v) for trail, v in model.within(among=reached) if isinstance(v, Value) and v in reached)
    found = {v: ".".join(map(str, trail)) for trail, v in held}
    plain = [path for v, path in found.items() if not isinstance(v, Parameter)]
    strays = [v for v in reached if isinstance(v, Parameter) and v not in found]
    named = sorted(repr(v.label) if v.label else short_repr(v) for v in strays)
    left_out = _together(model, {path for v, path in found.items() if isinstance(v, Parameter)})
    whys = {
        "not found by the model: hold {} in an attribute of a Module": named,
        "not held by the optimizer: added after the optimizer was made, or left out": left_out,
    }
    said = [made_of_value(plain, "use Parameter to train {}, or Constant to hold {} fixed")] if plain else []
    said += [said_of(names, why, len(names)) for why, names in whys.items() if names]
    told = [f"a gradient reaches what no step moves: {'; '.join(said)}"] if said else []
    if not said and not moved:
        told = ["no gradient reaches what is to be trained; does .data or detach cut the graph?"]
    if copied:
        why = "used as plain numbers too, copies that nothing trains: unless holding {} fixed is meant, "
        why += "as by detach(), take the Parameters, as layer.weight has"
        told.append(said_of(_together(model, copied), why, len(copied)))
    return "; ".join(told)


def _copied(model: Module, loss: Value) -> set[str]:
    """Return the paths of the parameters whose numbers, of many digits, a Module computes with as well."""
    used = topological_order(loss)
    constants = {v.data for v in used if v.role == "constant" and v.op is None and v.place is not None}
    copied = {p for p in model.parameters() if p.data in constants and p.data != round(p.data, MOST_DIGITS)}
    return {path for path, p in model.named_parameters() if p in copied} if len(copied) > 1 else set()


def _together(model: Module, paths: set[str]) -> list[str]:
    """Return these paths of parameters; a Module's path instead, if all its parameters are among them."""
    if not paths:
        return []
    names, left = [], dict(model.named_parameters())
    for path, module in model.named_modules():
        within = [name for name in left if name.startswith(f"{path}.")]
        if len(within) > 1 and paths.issuperset(within):
            names.append(f"{path} ({type(module).__name__}, {counted(len(within), 'parameter')})")
            left = {name: p for name, p in left.items() if name not in within}
    return [*names, *(name for name in left if name in paths)]
