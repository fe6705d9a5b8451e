"""PyTorch's modules as ours: those of ``torch.nn`` that we have, and the twins of our own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import singledispatch
from itertools import pairwise
from typing import Any, TypeVar

import torch
from torch import nn

from autograd.notation.hints import described
from nn.activations import Elementwise, PReLU, choice
from nn.attention import Attention
from nn.containers import Sequential
from nn.convolution import Conv1d, Conv2d, Flatten, Reshape
from nn.dropout import Dropout
from nn.embedding import Embedding
from nn.exporting.to_pytorch import ACTIVATIONS, POOLS, RefusedError, tensors_of, there
from nn.exporting.twins import Twin
from nn.layers import MLP, Layer
from nn.module import Module
from nn.normalisation import LayerNorm, RMSNorm
from nn.recurrent import Cell, GRUCell, LSTMCell, RNNCell
from nn.saving.foreign import Mapped, as_kept_here, renamed
from nn.saving.parameters import fill, groups_of

M = TypeVar("M", bound=Module)


def carried_here(module: nn.Module) -> Module:
    """Return a module of PyTorch as a network; see `nn.from_torch`."""
    try:
        return here(module).train(module.training)
    except RefusedError as error:
        raise error.placed(module) from None


def numbers_here(module: nn.Module, into: Any, mapping: Mapped) -> None:
    """Set the parameters of a network from those of a module of PyTorch; see `nn.from_torch`."""
    if not isinstance(into, Module):
        raise TypeError(f"into is an nn.Module; got {described(into)}")
    groups = groups_of(into)
    tensors = renamed(tensors_of(module, groups), mapping)
    fill(groups, as_kept_here(tensors, groups), places=("the module", "this network"))


def here(module: nn.Module) -> Module:
    """Return the Module that computes what a module of PyTorch does, of one sample.

    Raises:
        RefusedError: if there is none.
    """
    make = made_here.dispatch(type(module))
    kind: Any = next(kind for kind in type(module).__mro__ if made_here.registry.get(kind) is make)
    if kind not in (object, Twin) and type(module).forward is not kind.forward:
        refused(module)  # a class of yours that computes something else than the one that it inherits from
    return make(module)


def refused(module: nn.Module) -> Module:
    """Refuse a module that is not known."""
    raise RefusedError(
        module,
        "it is not known here.  Read what PyTorch writes of it, for a batch x of one sample: "
        'torch.onnx.export(module, x, "m.onnx", dynamo=False), and nn.from_onnx("m.onnx").  '
        "Or build a network of ours that computes the same, and carry the numbers: "
        "from_torch(module, into=model, mapping=…)",
    )


@singledispatch
def made_here(module: Any) -> Module:
    """Make the Module for a module of PyTorch; each kind is registered below."""
    """Return the Module that computes what a module of PyTorch does, of one sample."""
    for name, make in ACTIVATIONS.items():
        if type(module) is type(make()):
            return Elementwise(_same_slope(module, name))
    return refused(module)


IGNORED = {"inplace", "batch_first", "mode"}
"""What does not change the numbers that a module computes."""


def _checked(module: nn.Module, made: M) -> M:
    """Return what was made of a module, if that goes back to one with the same settings."""
    again = there(made)
    for name in set(module.__constants__) - IGNORED:
        was, now = getattr(module, name), getattr(again, name)
        if not _alike(was, now):
            raise RefusedError(module, f"its {name} is {was}; {type(made).__name__} has only {now}")
    return made


def _alike(was: Any, now: Any) -> bool:
    """Return whether settings are equal; one number stands for several."""
    if isinstance(now, tuple) and not isinstance(was, tuple):
        return all(n == was for n in now)
    return bool(was == now)


def _same_slope(module: nn.Module, name: str) -> str | PReLU:
    """Return the activation of a module, if it has the slopes that ours of this name has."""
    made = ACTIVATIONS[name]()
    for setting in set(getattr(module, "__constants__", ())) - IGNORED:
        was, now = getattr(module, setting), getattr(made, setting)
        if was != now and not (setting == "threshold" and was >= 20):  # where it errs by less than 3e-9
            raise RefusedError(module, f"its {setting} is {was}; ours has {now}")
    return PReLU(module.weight.item()) if isinstance(module, nn.PReLU) else name


def _with_numbers(module: nn.Module, model: M) -> M:
    """Return a Module with the numbers of PyTorch's."""
    groups = groups_of(model)
    fill(groups, as_kept_here(tensors_of(module, groups), groups))
    return model


@made_here.register
def _(module: nn.Sequential) -> Module:
    steps: list[Module] = []
    uses, made, previous = Counter(module), dict[nn.Module, Module](), None
    for part in module:
        if part not in made:
            made[part] = here(part)
        step, layer = made[part], _linear_layer(steps[-1]) if uses[previous] == 1 else None
        if isinstance(step, Elementwise) and layer is not None:
            _give(layer, step)
        else:
            steps += step if type(step) is Sequential else [step]
        previous = part
    return _as_mlp(steps) or Sequential(*steps)


def _linear_layer(step: Module) -> Layer | None:
    """Return the Layer of a step that has no activation yet; None for any other step."""
    layer = getattr(step, "kernels", step)
    return layer if isinstance(layer, Layer) and layer.activation_name == "linear" else None


def _give(layer: Layer, made: Elementwise) -> None:
    """Give a linear layer an activation."""
    for part in (layer, *layer.neurons):
        part.activation_name, part.activation = made.activation_name, made.activation
    layer.place()


def _as_mlp(steps: Sequence[Module]) -> MLP | None:
    """Return layers as one network, with one dropout between them if they have it; None for other steps."""
    layers = [step for step in steps if isinstance(step, Layer)]
    between = [step for step in steps if isinstance(step, Dropout)]
    ps = {dropout.p for dropout in between}
    regular = [Layer, *[*[Dropout] * bool(between), Layer] * (len(layers) - 1)]
    fits = all(a.nout == b.nin for a, b in pairwise(layers)) and all(layer.b for layer in layers)
    if [*map(type, steps)] != regular or len(ps) > 1 or not fits or len({*layers}) < len(layers):
        return None
    made = MLP(
        layers[0].nin, [layer.nout for layer in layers], init="zeros", dropout=ps.pop() if ps else 0.0,
        activation=[choice(layer.activation_name, layer.activation) for layer in layers],
    )  # fmt: skip
    for layer, source in zip(made.layers, layers, strict=True):
        layer.W, layer.b = source.W, source.b
    return made


@made_here.register
def _(module: nn.Linear) -> Module:
    made = Layer(
        module.in_features, module.out_features, "linear", bias=module.bias is not None, init="zeros"
    )
    return _with_numbers(module, made)


@made_here.register(nn.RNNCell)
@made_here.register(nn.RNN)
def _(module: Any) -> Module:
    return _cell(module, RNNCell(module.input_size, module.hidden_size, module.nonlinearity, init="zeros"))


@made_here.register(nn.LSTMCell)
@made_here.register(nn.LSTM)
def _(module: Any) -> Module:
    return _cell(module, LSTMCell(module.input_size, module.hidden_size, init="zeros"))


@made_here.register(nn.GRUCell)
@made_here.register(nn.GRU)
def _(module: Any) -> Module:
    return _cell(module, GRUCell(module.input_size, module.hidden_size, init="zeros"))


def _cell(module: Any, made: Cell) -> Module:
    for name, only in (("num_layers", 1), ("bidirectional", False), ("proj_size", 0), ("bias", True)):
        if (found := getattr(module, name, only)) != only:
            raise RefusedError(module, f"its {name} is {found}; {type(made).__name__} has only {only}")
    return _with_numbers(module, made)


@made_here.register
def _(module: nn.Embedding) -> Module:
    made = Embedding(module.num_embeddings, module.embedding_dim, init="zeros")
    return _with_numbers(module, _checked(module, made))


@made_here.register(nn.LayerNorm)
@made_here.register(nn.RMSNorm)
def _(module: Any) -> Module:
    if len(module.normalized_shape) > 1:
        raise RefusedError(module, f"it norms the shape {tuple(module.normalized_shape)}; ours norm rows")
    (width,), gain = module.normalized_shape, module.elementwise_affine
    if isinstance(module, nn.RMSNorm):
        eps = module.eps or torch.finfo(next((p.dtype for p in module.parameters()), torch.float32)).eps
        return _with_numbers(module, RMSNorm(width, eps, gain=gain))
    return _with_numbers(module, LayerNorm(width, module.eps, gain=gain, bias=module.bias is not None))


@made_here.register(nn.Conv1d)
@made_here.register(nn.Conv2d)
def _(module: Any) -> Module:
    kind = Conv1d if isinstance(module, nn.Conv1d) else Conv2d
    if isinstance(module.padding, str):
        raise RefusedError(module, f"its padding is {module.padding!r}; ours is a number")
    made = kind(
        module.in_channels, module.out_channels, module.kernel_size, stride=module.stride,
        padding=module.padding, bias=module.bias is not None, init="zeros",
    )  # fmt: skip
    return _with_numbers(module, _checked(module, made))


def _pool(module: Any) -> Module:
    kind = next(ours for ours, theirs in POOLS.items() if type(module) is theirs)
    return _checked(module, kind(module.kernel_size, module.stride))


for pool in POOLS.values():
    made_here.register(pool, _pool)


@made_here.register
def _(module: nn.Dropout) -> Module:
    return Dropout(module.p)


@made_here.register
def _(module: nn.Flatten) -> Module:
    return _checked(module, Flatten())


@made_here.register
def _(module: nn.Unflatten) -> Module:
    if module.dim not in (1, -1):
        raise RefusedError(module, f"its dim is {module.dim}; Reshape takes samples that are rows: 1")
    return Reshape(*module.unflattened_size)


@made_here.register
def _(module: nn.MultiheadAttention) -> Module:
    extra = {
        "add_zero_attn": module.add_zero_attn, "add_bias_kv": module.bias_k is not None,
        "dropout": module.dropout,
        "kdim": module.kdim != module.embed_dim, "vdim": module.vdim != module.embed_dim,
    }  # fmt: skip
    if asked := [name for name, x in extra.items() if x]:
        raise RefusedError(module, f"its {', '.join(asked)} is not what Attention has")
    bias = module.in_proj_bias is not None
    return _with_numbers(
        module, Attention(module.embed_dim, module.num_heads, False, bias=bias, init="zeros")
    )


@made_here.register
def _(module: Twin) -> Module:
    return module.ours()
