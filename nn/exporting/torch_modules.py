"""Our Modules and PyTorch's, side by side: how each becomes the other.

What ``torch.nn`` has is used as it is.  What it has not is written here in its terms, with tensors of the names
that ours have in files, so that a state dict goes from one to the other by name.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import singledispatch
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from autograd import Value
from autograd.files.tensorfile import Tensor
from autograd.notation.hints import described
from nn import activations as ours_by_name
from nn.activations import Elementwise, PReLU
from nn.attention import Attention
from nn.construction import known
from nn.containers import Sequential
from nn.convolution import AvgPool1d, AvgPool2d, Conv1d, Conv2d, Flatten, MaxPool1d, MaxPool2d, Reshape
from nn.dropout import Dropout
from nn.embedding import Embedding, Sinusoids
from nn.layers import MLP, Layer
from nn.module import Module
from nn.normalisation import LayerNorm, Norm, RMSNorm
from nn.recurrent import Cell, GRUCell, LSTMCell, Recurrent, RNNCell
from nn.saving.architecture import architecture, build
from nn.saving.foreign import Mapped, as_kept_here, as_pytorch_keeps, renamed
from nn.saving.parameters import compared, fill, groups_of
from nn.transformer import Block, FeedForward, Transformer

DOUBLE = torch.float64


class Sin(nn.Module):
    """The sine as an activation."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sin(x)


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "prelu": lambda: nn.PReLU(dtype=DOUBLE),
    "elu": nn.ELU,
    "selu": nn.SELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": lambda: nn.Softplus(threshold=40),  # from where on x and softplus are one double
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "sin": Sin,
}
"""The activations of `nn.activations.ACTIVATIONS` in PyTorch."""
CELLS = {RNNCell: nn.RNNCell, LSTMCell: nn.LSTMCell, GRUCell: nn.GRUCell}
LAYERS: dict[type[Cell], type[nn.RNNBase]] = {RNNCell: nn.RNN, LSTMCell: nn.LSTM, GRUCell: nn.GRU}
CONVOLUTIONS = {Conv1d: nn.Conv1d, Conv2d: nn.Conv2d}
POOLS = {MaxPool1d: nn.MaxPool1d, MaxPool2d: nn.MaxPool2d, AvgPool1d: nn.AvgPool1d, AvgPool2d: nn.AvgPool2d}


class _Refused(TypeError):
    """Says what a Module or module has no counterpart for."""

    def __init__(self, of: Any, why: str) -> None:
        super().__init__(why)
        self.of = of


# ----------------------------------------------------------------------------------- what is called


def carried_there(model: Module) -> nn.Module:
    """Return a network as a module of PyTorch; see `nn.to_torch`."""
    try:
        return there(model).train(model.training)
    except _Refused as error:
        raise TypeError(_placed(error, model.named_modules(), type(model).__name__)) from None


def carried_here(module: nn.Module) -> Module:
    """Return a module of PyTorch as a network; see `nn.from_torch`."""
    try:
        return here(module).train(module.training)
    except _Refused as error:
        raise TypeError(_placed(error, module.named_modules(), type(module).__name__)) from None


def _placed(error: _Refused, named: Any, outermost: str) -> str:
    path = next((path for path, part in named if part is error.of), "")
    name = type(error.of).__name__
    return f"{path} ({name}) of {outermost}: {error}" if path else f"{name}: {error}"


def numbers_there(model: Module, into: Any, mapping: Mapped) -> None:
    """Set the parameters of a module of PyTorch from those of a network; see `nn.to_torch`."""
    if not isinstance(into, nn.Module):
        raise TypeError(f"into is a torch.nn.Module; got {described(into)}")
    tensors = renamed({name: group.tensor() for name, group in groups_of(model).items()}, mapping)
    _set(into, as_pytorch_keeps(tensors, dict(into.named_parameters())))


def numbers_here(module: nn.Module, into: Any, mapping: Mapped) -> None:
    """Set the parameters of a network from those of a module of PyTorch; see `nn.from_torch`."""
    if not isinstance(into, Module):
        raise TypeError(f"into is an nn.Module; got {described(into)}")
    groups = groups_of(into)
    fill(groups, as_kept_here(renamed(_tensors(module), mapping), groups))


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    """Return the parameters of a module by name, those that are shared once."""
    return {
        name: Tensor(tuple(p.shape), array("d", p.detach().double().flatten().tolist()))
        for name, p in module.named_parameters()
    }


def _set(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Set all parameters of a module.

    Raises:
        CheckpointError: naming every tensor that does not fit; nothing was set.
    """
    named = dict(module.named_parameters())
    compared({name: tuple(p.shape) for name, p in named.items()}, tensors)
    with torch.no_grad():
        for name, p in named.items():
            p.copy_(torch.tensor(tensors[name].numbers, dtype=DOUBLE).reshape(p.shape))


# --------------------------------------------------------------------------------- from here to there


@singledispatch
def there(model: Any) -> nn.Module:
    """Return the module of PyTorch that computes what a Module does, of many samples at once."""
    raise _Refused(
        model,
        "what it computes is stated in Values, and PyTorch cannot run that.  Write it in PyTorch, and carry the "
        "numbers: to_torch(model, into=module, mapping=…); or export what it computes: to_onnx(model, path, x)",
    )


def _filled(module: nn.Module, model: Module) -> Any:
    """Return PyTorch's module with the numbers of ours."""
    kept = model.arrays_to_keep() or {name: getattr(model, name, None) for name in ("weight", "bias")}
    arrays = {name: _tensor(rows) for name, rows in kept.items() if rows}
    _set(module, as_pytorch_keeps(arrays, dict(module.named_parameters())))
    return module


def _tensor(rows: Any) -> Tensor:
    shape, flat = [], list(rows)
    while True:
        shape.append(len(rows))
        rows = rows[0]
        if isinstance(rows, Value):
            return Tensor(tuple(shape), array("d", [v.data for v in flat]))
        flat = [x for row in flat for x in row]


def _activation(model: Any) -> nn.Module:
    """Return the activation of a Layer."""
    phi = model.activation
    if isinstance(phi, PReLU):
        made = ACTIVATIONS["prelu"]()
        _set(made, {"weight": Tensor((1,), array("d", [phi.slope.data]))})
        return made
    name = ours_by_name.choice(model.activation_name, phi)
    if not isinstance(name, str):
        raise _Refused(model, f"its activation {model.activation_name} is a function of yours")
    return ACTIVATIONS[name]()


def _followed(module: nn.Module, layer: Layer) -> nn.Module:
    """Return a module, and the activation of a Layer if it has one."""
    phi = _activation(layer)
    return module if isinstance(phi, nn.Identity) else nn.Sequential(module, phi)


def _in_a_row(steps: Sequence[nn.Module]) -> nn.Module:
    return nn.Sequential(
        *[part for step in steps for part in (step if type(step) is nn.Sequential else [step])]
    )


@there.register
def _(model: Layer) -> nn.Module:
    linear = nn.Linear(model.nin, model.nout, bias=bool(model.b), dtype=DOUBLE)
    weights = {"weight": _tensor([neuron.w for neuron in model.neurons])}
    biases = [neuron.b for neuron in model.neurons if neuron.b is not None]
    _set(linear, weights | ({"bias": _tensor(biases)} if biases else {}))
    return _followed(linear, model)


@there.register
def _(model: MLP) -> nn.Module:
    steps = [there(layer) for layer in model.layers]
    if model.dropout is not None:
        steps = [part for step in steps for part in (step, nn.Dropout(model.dropout.p))][:-1]
    return _in_a_row(steps)


@there.register
def _(model: Sequential) -> nn.Module:
    return _in_a_row([there(step) for step in model])


@there.register
def _(model: Elementwise) -> nn.Module:
    return _activation(model)


@there.register
def _(model: Embedding) -> nn.Module:
    return _filled(nn.Embedding(model.vocabulary, model.width, dtype=DOUBLE), model)


@there.register
def _(model: Norm) -> nn.Module:
    gain = model.weight is not None
    if isinstance(model, LayerNorm):
        if model.bias is not None and not gain:
            raise _Refused(model, "PyTorch's LayerNorm has no bias without a gain")
        bias = model.bias is not None
        made = nn.LayerNorm(model.width, model.eps, elementwise_affine=gain, bias=bias, dtype=DOUBLE)
        return _filled(made, model)
    return _filled(nn.RMSNorm(model.width, model.eps, elementwise_affine=gain, dtype=DOUBLE), model)


@there.register
def _(model: Conv2d) -> nn.Module:
    kind = CONVOLUTIONS[type(model)]
    made = kind(
        model.nin, model.kernels.nout, model.size, model.stride, model.padding, bias=bool(model.kernels.b),
        dtype=DOUBLE,
    )  # fmt: skip
    return _followed(_filled(made, model), model.kernels)


@there.register(MaxPool2d)
@there.register(AvgPool2d)
def _(model: Any) -> nn.Module:
    return POOLS[type(model)](model.size, model.stride)


@there.register
def _(model: Dropout) -> nn.Module:
    return nn.Dropout(model.p)


@there.register
def _(model: Flatten) -> nn.Module:
    return nn.Flatten()


@there.register
def _(model: Reshape) -> nn.Module:
    return nn.Unflatten(-1, model.shape)


@there.register
def _(model: Cell) -> nn.Module:
    return _filled(CELLS[type(model)](model.nin, model.n, dtype=DOUBLE, **_squash(model)), model)


def _squash(model: Cell) -> dict[str, str]:
    """Return the nonlinearity of a simple cell, as PyTorch's takes it."""
    if not isinstance(model, RNNCell):
        return {}
    name = model.hidden.activation_name
    if name not in ("tanh", "relu"):
        raise _Refused(model, f"its activation is {name}; PyTorch's has tanh or relu")
    return {"nonlinearity": name}


# ------------------------------------------------------------------------------ what PyTorch has not


class Twin(nn.Module):
    """The base of the modules written here: it remembers of what Modules its original is made.

    Attributes:
        original: the architecture of the Module that it was made from, as JSON.
        names: those of its tensors.
    """

    original: str
    names: list[str]


class ActiveLinear(nn.Linear):
    """A Linear and its activation, as a Layer has it."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.nin, layer.nout, bias=bool(layer.b), dtype=DOUBLE)
        self.activation = _activation(layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activation(super().forward(x))


class TorchRecurrent(Twin):
    """`nn.Recurrent` for sequences of shape (samples, steps, inputs)."""

    def __init__(self, model: Recurrent) -> None:
        super().__init__()
        kind, cell = LAYERS[type(model.cell)], model.cell
        self.cell = kind(cell.nin, cell.n, batch_first=True, dtype=DOUBLE, **_squash(cell))
        self.readout, self.every_step = ActiveLinear(model.readout), model.every_step

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.cell(x)
        return self.readout(states if self.every_step else states[:, -1])


class TorchAttention(nn.MultiheadAttention, Twin):
    """`nn.Attention` for rows of shape (samples, positions, width)."""

    def __init__(self, model: Attention) -> None:
        bias = bool(model.queries.b)
        super().__init__(model.width, len(model.heads), bias=bias, batch_first=True, dtype=DOUBLE)
        self.causal = model.causal

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        positions = x.shape[1]
        hidden = (
            torch.ones(positions, positions, dtype=torch.bool).triu(1).to(x.device) if self.causal else None
        )
        return super().forward(x, x, x, attn_mask=hidden, need_weights=False)[0]


class TorchFeedForward(Twin):
    """`nn.FeedForward`."""

    def __init__(self, model: FeedForward) -> None:
        super().__init__()
        self.gate = None if model.gate is None else ActiveLinear(model.gate)
        self.up, self.down = ActiveLinear(model.up), ActiveLinear(model.down)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.up(x) if self.gate is None else self.gate(x) * self.up(x)
        return self.down(hidden)


class TorchBlock(Twin):
    """`nn.Block` for rows of shape (samples, positions, width)."""

    def __init__(self, model: Block) -> None:
        super().__init__()
        self.attention_norm, self.attention = there(model.attention_norm), TorchAttention(model.attention)
        self.feedforward_norm = there(model.feedforward_norm)
        self.feedforward = TorchFeedForward(model.feedforward)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        between = x + self.attention(self.attention_norm(x))
        return between + self.feedforward(self.feedforward_norm(between))


class TorchSinusoids(Twin):
    """`nn.embedding.Sinusoids`."""

    def __init__(self, model: Sinusoids) -> None:
        super().__init__()
        self.width = model.width

    def forward(self, positions: torch.Tensor) -> torch.Tensor:
        k = torch.arange(self.width, device=positions.device)
        angles = positions.double()[..., None] / 10000 ** (k // 2 * 2 / self.width).double()
        return torch.where(k % 2 == 1, angles.cos(), angles.sin())


class TorchTransformer(Twin):
    """`nn.Transformer` for documents of shape (samples, positions)."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        self.tokens, self.positions = there(model.tokens), there(model.positions)
        self.embedding_norm = None if model.embedding_norm is None else there(model.embedding_norm)
        self.blocks = nn.ModuleList([TorchBlock(block) for block in model.blocks])
        self.final_norm = None if model.final_norm is None else there(model.final_norm)
        self.output = ActiveLinear(model.output)
        if model.tied:
            self.output.weight = self.tokens.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        rows = self.tokens(tokens)
        rows = rows + self.positions(torch.arange(tokens.shape[1], device=tokens.device)).to(rows.dtype)
        for step in (self.embedding_norm, *self.blocks, self.final_norm):
            rows = rows if step is None else step(rows)
        return self.output(rows)


TWINS: dict[type[Module], Callable[[Any], Twin]] = {
    Recurrent: TorchRecurrent, Attention: TorchAttention, FeedForward: TorchFeedForward, Block: TorchBlock,
    Sinusoids: TorchSinusoids, Transformer: TorchTransformer,
}  # fmt: skip


def _twin(model: Module) -> nn.Module:
    try:
        made = TWINS[type(model)](model)
    except KeyError:  # a subclass may compute something else
        there.dispatch(object)(model)
    groups = groups_of(model)
    tensors = {name: group.tensor() for name, group in groups.items()}
    _set(made, as_pytorch_keeps(tensors, dict(made.named_parameters())))
    made.original, made.names = json.dumps(architecture(model)), list(groups)
    return made


for kind in TWINS:
    there.register(kind)(_twin)


# --------------------------------------------------------------------------------- from there to here


@singledispatch
def here(module: Any) -> Module:
    """Return the Module that computes what a module of PyTorch does, of one sample."""
    for name, make in ACTIVATIONS.items():
        if type(module) is type(make()):
            return Elementwise(_same_slope(module, name))
    raise _Refused(
        module,
        "it is not known here.  Build a network of ours that computes the same, and carry the numbers: "
        "from_torch(module, into=model, mapping=…)",
    )


IGNORED = {"inplace", "batch_first", "mode"}
"""What does not change the numbers that a module computes."""


def _checked(module: nn.Module, made: Module) -> Any:
    """Return what was made of a module, if that goes back to one with the same settings."""
    again = there(made)
    for name in set(module.__constants__) - IGNORED:
        was, now = getattr(module, name), getattr(again, name)
        if not _alike(was, now):
            raise _Refused(module, f"its {name} is {was}; {type(made).__name__} has only {now}")
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
            raise _Refused(module, f"its {setting} is {was}; ours has {now}")
    return PReLU(module.weight.item()) if isinstance(module, nn.PReLU) else name


def _with_numbers(module: nn.Module, model: Module) -> Any:
    """Return a Module with the numbers of PyTorch's."""
    groups = groups_of(model)
    fill(groups, as_kept_here(_tensors(module), groups))
    return model


@here.register
def _(module: nn.Sequential) -> Module:
    steps: list[Module] = []
    for part in module:
        made = here(part)
        layer = getattr(steps[-1], "kernels", steps[-1]) if steps else None
        if isinstance(made, Elementwise) and isinstance(layer, Layer) and layer.activation_name == "linear":
            _give(layer, made)
        else:
            steps += made if type(made) is Sequential else [made]
    return _as_mlp(steps) or Sequential(*steps)


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
    regular = [Layer, *[Dropout, Layer] * len(between)] if between else [Layer] * len(layers)
    fits = all(a.nout == b.nin for a, b in pairwise(layers)) and all(layer.b for layer in layers)
    if not layers or [*map(type, steps)] != regular or len(ps) > 1 or not fits:
        return None
    made = MLP(
        layers[0].nin, [layer.nout for layer in layers], init="zeros", dropout=ps.pop() if ps else 0.0,
        activation=[ours_by_name.choice(layer.activation_name, layer.activation) for layer in layers],
    )  # fmt: skip
    for layer, source in zip(made.layers, layers, strict=True):
        layer.W, layer.b = source.W, source.b
    return made


@here.register
def _(module: nn.Linear) -> Module:
    made = Layer(
        module.in_features, module.out_features, "linear", bias=module.bias is not None, init="zeros"
    )
    return _with_numbers(module, made)


@here.register(nn.RNNCell)
@here.register(nn.RNN)
def _(module: Any) -> Module:
    return _cell(module, RNNCell(module.input_size, module.hidden_size, module.nonlinearity, init="zeros"))


@here.register(nn.LSTMCell)
@here.register(nn.LSTM)
def _(module: Any) -> Module:
    return _cell(module, LSTMCell(module.input_size, module.hidden_size, init="zeros"))


@here.register(nn.GRUCell)
@here.register(nn.GRU)
def _(module: Any) -> Module:
    return _cell(module, GRUCell(module.input_size, module.hidden_size, init="zeros"))


def _cell(module: Any, made: Cell) -> Module:
    for name, only in (("num_layers", 1), ("bidirectional", False), ("proj_size", 0), ("bias", True)):
        if (found := getattr(module, name, only)) != only:
            raise _Refused(module, f"its {name} is {found}; {type(made).__name__} has only {only}")
    return _with_numbers(module, made)


@here.register
def _(module: nn.Embedding) -> Module:
    made = Embedding(module.num_embeddings, module.embedding_dim, init="zeros")
    return _with_numbers(module, _checked(module, made))


@here.register(nn.LayerNorm)
@here.register(nn.RMSNorm)
def _(module: Any) -> Module:
    if len(module.normalized_shape) > 1:
        raise _Refused(module, f"it norms the shape {tuple(module.normalized_shape)}; ours norm rows")
    (width,), gain = module.normalized_shape, module.elementwise_affine
    if isinstance(module, nn.RMSNorm):
        eps = torch.finfo(torch.get_default_dtype()).eps if module.eps is None else module.eps
        return _with_numbers(module, RMSNorm(width, eps, gain=gain))
    return _with_numbers(module, LayerNorm(width, module.eps, gain=gain, bias=module.bias is not None))


@here.register(nn.Conv1d)
@here.register(nn.Conv2d)
def _(module: Any) -> Module:
    kind = Conv1d if isinstance(module, nn.Conv1d) else Conv2d
    if isinstance(module.padding, str):
        raise _Refused(module, f"its padding is {module.padding!r}; ours is a number")
    made = kind(
        module.in_channels, module.out_channels, module.kernel_size, stride=module.stride,
        padding=module.padding, bias=module.bias is not None, init="zeros",
    )  # fmt: skip
    return _with_numbers(module, _checked(module, made))


def _pool(module: Any) -> Module:
    kind = next(ours for ours, theirs in POOLS.items() if type(module) is theirs)
    return _checked(module, kind(module.kernel_size, module.stride))


for pool in POOLS.values():
    here.register(pool)(_pool)


@here.register
def _(module: nn.Dropout) -> Module:
    return Dropout(module.p)


@here.register
def _(module: nn.Flatten) -> Module:
    return _checked(module, Flatten())


@here.register
def _(module: nn.Unflatten) -> Module:
    if module.dim not in (1, -1):
        raise _Refused(module, f"its dim is {module.dim}; Reshape takes samples that are rows: 1")
    return Reshape(*module.unflattened_size)


@here.register
def _(module: nn.MultiheadAttention) -> Module:
    extra = {
        "add_zero_attn": module.add_zero_attn, "add_bias_kv": module.bias_k is not None,
        "dropout": module.dropout, "kdim": module.kdim != module.embed_dim, "vdim": module.vdim != module.embed_dim,
    }  # fmt: skip
    if asked := [name for name, x in extra.items() if x]:
        raise _Refused(module, f"its {', '.join(asked)} is not what Attention has")
    bias = module.in_proj_bias is not None
    return _with_numbers(
        module, Attention(module.embed_dim, module.num_heads, False, bias=bias, init="zeros")
    )


def _original(module: Twin) -> Module:
    """Return the network that a module was made from, with the numbers that the module has now."""
    return build(json.loads(module.original), as_kept_here(_tensors(module), module.names), known(()))


for twin in (TorchRecurrent, TorchAttention, TorchFeedForward, TorchBlock, TorchSinusoids, TorchTransformer):
    here.register(twin)(_original)
