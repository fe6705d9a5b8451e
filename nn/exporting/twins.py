"""Our Modules that ``torch.nn`` lacks, written in its terms.

Their tensors have the names that ours have in files, but for the layers that PyTorch has itself: a state dict
goes from one to the other by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from autograd.notation.hints import described
from nn.attention import Attention, has_plain_heads
from nn.construction import known
from nn.embedding import Sinusoids
from nn.exporting.onnx_files.nested import in_a_row
from nn.exporting.to_pytorch import (
    DOUBLE,
    LAYERS,
    RefusedError,
    activation_of,
    made_there,
    nonlinearity_of,
    refused,
    set_numbers,
    tensors_of,
    there,
)
from nn.layers import Layer
from nn.module import Module
from nn.recurrent import Recurrent
from nn.saving.architecture import architecture, build
from nn.saving.foreign import Mapped, as_kept_here, renamed
from nn.saving.parameters import groups_of
from nn.transformer import Block, FeedForward, Sum, Transformer


class Twin(nn.Module):
    """The base of the modules written here: it remembers of what Modules its original is made.

    Attributes:
        original: the architecture of the Module that it was made from, as JSON.
        names: those of its tensors.
    """

    original: str
    names: list[str]

    def ours(self) -> Module:
        """Return the Module that it was made from, with the numbers that it has now."""
        tensors = as_kept_here(tensors_of(self, self.names), self.names)
        return build(json.loads(self.original), tensors, known(()))


class ActiveLinear(nn.Linear):
    """A Linear and its activation, as a Layer has it."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.nin, layer.nout, bias=bool(layer.b), dtype=DOUBLE)
        self.activation = activation_of(layer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.activation(super().forward(x))


class TorchRecurrent(Twin):
    """`nn.Recurrent` for sequences of shape (samples, steps, inputs)."""

    def __init__(self, model: Recurrent) -> None:
        super().__init__()
        cell, options = model.cell, nonlinearity_of(model.cell)
        self.cell = LAYERS[type(cell)](cell.nin, cell.n, batch_first=True, dtype=DOUBLE, **options)
        self.readout, self.every_step = ActiveLinear(model.readout), model.every_step

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, _ = self.cell(x)
        return self.readout(states if self.every_step else states[:, -1])


class TorchAttention(Twin, nn.MultiheadAttention):
    """`nn.Attention` for rows of shape (samples, positions, width)."""

    def __init__(self, model: Attention) -> None:
        layers = model.queries, model.keys, model.values, model.output
        if not has_plain_heads(model) or any(
            type(activation_of(layer)) is not nn.Identity for layer in layers
        ):
            raise RefusedError(model, "its heads, or the activation of a Layer in it, were replaced")
        bias = bool(model.queries.b)
        super().__init__(model.width, len(model.heads), bias=bias, batch_first=True, dtype=DOUBLE)
        self.causal = model.causal

    def forward(self, x: torch.Tensor) -> torch.Tensor:
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
        sums_alone(model.attention_sum, model.feedforward_sum)
        self.attention_norm, self.attention = there(model.attention_norm), there(model.attention)
        self.feedforward_norm, self.feedforward = there(model.feedforward_norm), there(model.feedforward)

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
        angles = positions.double()[..., None] / 10000 ** ((k // 2 * 2).double() / self.width)
        return torch.where(k % 2 == 1, angles.cos(), angles.sin())


class TorchTransformer(Twin):
    """`nn.Transformer` for documents of shape (samples, positions)."""

    def __init__(self, model: Transformer) -> None:
        super().__init__()
        sums_alone(model.embedding)
        self.tokens, self.positions = there(model.tokens), there(model.positions)
        self.embedding_norm = None if model.embedding_norm is None else there(model.embedding_norm)
        self.blocks = nn.ModuleList([there(block) for block in model.blocks])
        self.final_norm = None if model.final_norm is None else there(model.final_norm)
        self.output = ActiveLinear(model.output)
        if model.tied:
            rows = model.output.weight, model.tokens.weight
            if len({tuple(map(id, in_a_row(weight))) for weight in rows}) > 1:
                raise RefusedError(model, "it is tied, but its output has other weights than its tokens")
            self.output.weight = self.tokens.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        rows = self.tokens(tokens)
        rows = rows + self.positions(torch.arange(tokens.shape[1], device=tokens.device)).to(rows.dtype)
        for step in (self.embedding_norm, *self.blocks, self.final_norm):
            rows = rows if step is None else step(rows)
        return self.output(rows)


def sums_alone(*parts: Module) -> None:
    """Refuse what stands in the place of a sum, and is not one."""
    for part in parts:
        if type(part) is not Sum:
            refused(part)


TWINS: dict[type[Module], Callable[[Any], Twin]] = {
    Recurrent: TorchRecurrent, Attention: TorchAttention, FeedForward: TorchFeedForward, Block: TorchBlock,
    Sinusoids: TorchSinusoids, Transformer: TorchTransformer,
}  # fmt: skip


def _twin(model: Module) -> nn.Module:
    made = TWINS[type(model)](model)
    groups = groups_of(model)
    set_numbers(made, {name: group.tensor() for name, group in groups.items()})
    made.original, made.names = json.dumps(architecture(model)), list(groups)
    return made


for kind in TWINS:
    made_there.register(kind)(_twin)


# ------------------------------------------------------------------------------------ what is called


def carried_there(model: Module) -> nn.Module:
    """Return a network as a module of PyTorch; see `nn.to_torch`."""
    try:
        return there(model).train(model.training)
    except RefusedError as error:
        raise error.placed(model) from None


def numbers_there(model: Module, into: Any, mapping: Mapped) -> None:
    """Set the parameters of a module of PyTorch from those of a network; see `nn.to_torch`."""
    if not isinstance(into, nn.Module):
        raise TypeError(f"into is a torch.nn.Module; got {described(into)}")
    set_numbers(into, renamed({name: group.tensor() for name, group in groups_of(model).items()}, mapping))
