"""Tensors under other names, and in PyTorch's layouts, as the network at hand keeps them.

PyTorch's Linear, Embedding, LayerNorm, RMSNorm and Conv keep what ours keep; an Embedding also what a list of
lists of Parameters does.  Its RNN, LSTM and GRU have the same matrices as our cells, under names that end in
the number of the layer, and a second bias, which only adds to the first except in a GRU's n.  Its
MultiheadAttention has the matrices of queries, keys and values one below the other.  The slope of a PReLU is
its weight.

>>> list(renamed({"fc.weight": Tensor((1,), array("d", [2.0]))}, {"fc": "readout"}))
['readout.weight']
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from operator import add
from typing import TypeAlias

from autograd.files.tensorfile import CheckpointError, Tensor
from autograd.notation.hints import described, short_repr

Mapped: TypeAlias = Mapping[str, str | None] | Callable[[str], str | None] | None
"""Gives the name in the network, or None to leave the tensor out: a dictionary by the name in the file or by
its beginning up to a dot, or a function of the whole name."""


def renamed(tensors: Mapping[str, Tensor], mapping: Mapped) -> dict[str, Tensor]:
    """Return the tensors under the names to which the mapping leads.

    Raises:
        TypeError: if the mapping is neither a dictionary nor a function.
        CheckpointError: if the dictionary names what is not in the file, or two tensors get one name.
    """
    if mapping is None:
        return dict(tensors)
    if isinstance(mapping, Mapping):
        for beginning in mapping:
            if not any(_begins(name, beginning) for name in tensors):
                raise CheckpointError(f"the mapping names {short_repr(beginning)}, which is not in the file")
    elif not callable(mapping):
        raise TypeError(f"a mapping is a dictionary of names, or a function of one; got {described(mapping)}")
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        new = _looked_up(name, mapping) if isinstance(mapping, Mapping) else mapping(name)
        if new in found:
            raise CheckpointError(f"the mapping gives two tensors the name {short_repr(new)}")
        if new is not None:
            found[new] = tensor
    return found


def _looked_up(name: str, mapping: Mapping[str, str | None]) -> str | None:
    beginning = max((b for b in mapping if _begins(name, b)), key=len, default=None)
    if beginning is None:
        return name
    new = mapping[beginning]
    return None if new is None else new + name[len(beginning) :]


def _begins(name: str, beginning: str) -> bool:
    return name == beginning or name.startswith(f"{beginning}.")


def as_kept_here(tensors: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """Return the tensors with those of PyTorch's recurrent layers and attention as ours are kept.

    Args:
        tensors: what is in the file, by name.
        names: the names of the tensors of the network.
    """
    found, wanted = dict(tensors), set(names)
    for path in (name.removesuffix(QUERIES) for name in wanted if name.endswith(QUERIES)):
        for part in ("weight", "bias"):
            if f"{path}out_proj.{part}" in found:
                found[f"{path}output.{part}"] = found.pop(f"{path}out_proj.{part}")
            if thirds := _thirds(found.get(f"{path}in_proj_{part}")):
                del found[f"{path}in_proj_{part}"]
                found |= {f"{path}{kind}.{part}": third for kind, third in thirds.items()}
    for slope in (name for name in wanted if name.endswith(ACTIVATION + SLOPE)):
        if (learned := f"{slope.removesuffix(SLOPE)}weight") in found:
            found[slope] = found.pop(learned)
    for matrix in wanted:
        if matrix.rpartition(".")[2] != "weight_hh":
            continue
        cell = matrix.removesuffix("weight_hh")
        for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            if f"{cell}{part}_l0" in found:
                found[f"{cell}{part}"] = found.pop(f"{cell}{part}_l0")
        x, h = found.get(f"{cell}bias_ih"), found.get(f"{cell}bias_hh")
        if x and h and x.shape == h.shape == (len(x.numbers),) == (len(h.numbers),):
            del found[f"{cell}bias_ih"], found[f"{cell}bias_hh"]
            biases = _one_bias(x, h, apart=f"{cell}bias_hn" in wanted)
            found.update({f"{cell}{part}": bias for part, bias in biases.items()})
    return found


def as_pytorch_keeps(tensors: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """Return the tensors of a network as PyTorch's layers of these names keep them: back from `as_kept_here`.

    Args:
        tensors: those of the network, by name.
        names: the names of PyTorch's tensors.
    """
    found, wanted = dict(tensors), set(names)
    for name in wanted:
        path, _, part = name.rpartition(".")
        path += "." if path else ""
        if part.startswith("in_proj_"):
            part = part.removeprefix("in_proj_")
            thirds = [found.pop(f"{path}{kind}.{part}") for kind in KINDS if f"{path}{kind}.{part}" in found]
            if thirds:
                numbers = array("d", chain.from_iterable(third.numbers for third in thirds))
                found[name] = Tensor((len(thirds) * thirds[0].shape[0], *thirds[0].shape[1:]), numbers)
        elif path.endswith("out_proj.") and name not in found:
            ours = f"{path.removesuffix('out_proj.')}output.{part}"
            found |= {name: found.pop(ours)} if ours in found else {}
        elif path.endswith(ACTIVATION) and f"{path}{SLOPE}" in found:
            found[name] = found.pop(f"{path}{SLOPE}")
        elif part in ("weight_ih_l0", "weight_hh_l0") and f"{path}{part.removesuffix('_l0')}" in found:
            found[name] = found.pop(f"{path}{part.removesuffix('_l0')}")
        elif part in ("bias_ih", "bias_ih_l0") and f"{path}bias" in found:
            both, own = found.pop(f"{path}bias"), found.pop(f"{path}bias_hn", None)
            last = own.numbers if own else array("d")
            zeros = array("d", bytes(8 * (len(both.numbers) - len(last))))
            found[name] = both
            found[f"{path}{part.replace('ih', 'hh')}"] = Tensor(both.shape, zeros + last)
    return found


QUERIES, KINDS = "queries.weight", ("queries", "keys", "values")
ACTIVATION, SLOPE = "activation.", "slope"


def _thirds(tensor: Tensor | None) -> dict[str, Tensor]:
    """Return the parts of a tensor for queries, keys and values; none if it does not have these three."""
    if tensor is None or not tensor.shape or tensor.shape[0] % 3:
        return {}
    shape, n = (tensor.shape[0] // 3, *tensor.shape[1:]), len(tensor.numbers) // 3
    return {
        kind: Tensor(shape, tensor.numbers[k * n : (k + 1) * n], tensor.format)
        for k, kind in enumerate(KINDS)
    }


def _one_bias(x: Tensor, h: Tensor, *, apart: bool) -> dict[str, Tensor]:
    """Return the sum of two biases; the last of three gates keeps its own if they stay ``apart``."""
    n = len(h.numbers) // 3 if apart else 0
    added = len(x.numbers) - n
    total = array("d", map(add, x.numbers[:added], h.numbers[:added])) + x.numbers[added:]
    return {"bias": Tensor((len(total),), total)} | (
        {"bias_hn": Tensor((n,), h.numbers[added:])} if apart else {}
    )
