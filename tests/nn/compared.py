"""Our Modules beside PyTorch's of the same weights: the outputs, and the gradient of every number."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autograd import Value, dot, gradients
from nn import Module
from nn.saving.checkpoint import from_bytes
from nn.saving.foreign import as_kept_here, renamed
from nn.saving.parameters import groups_of

CLOSE = 1e-12


def pytorch() -> Any:
    """PyTorch; the test is skipped where it is not installed."""
    return pytest.importorskip("torch", reason="PyTorch is compared with where it is installed")


def flat(x: Any) -> Iterator[Any]:
    """The numbers or Values of nested lists, in their order."""
    if isinstance(x, list | tuple):
        for part in x:
            yield from flat(part)
    else:
        yield x


def numbers(shape: tuple[int, ...], seed: int = 0) -> Any:
    """Nested lists of normal numbers."""
    chance = random.Random(seed)

    def made(sizes: tuple[int, ...]) -> Any:
        return [made(sizes[1:]) for _ in range(sizes[0])] if sizes else chance.gauss(0, 1)

    return made(shape)


def as_inputs(x: Any) -> Any:
    return [as_inputs(part) for part in x] if isinstance(x, list) else Value(x)


def check_equal(
    ours: Module,
    theirs: Any,
    x: Any,
    *,
    call: Callable[[Any, Any], Any] = lambda module, x: module(x),
    mapping: Any = None,
    seed: int = 0,
) -> None:
    """Give ours the weights of PyTorch's module, moved off where they start, and compare for one input.

    Args:
        ours: our Module.
        theirs: PyTorch's, in doubles.
        x: nested lists of numbers, or whole numbers.
        call: what PyTorch's module makes of a tensor.
        mapping: from PyTorch's names to ours.
        seed: where the weights come from.
    """
    torch = pytorch()
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    torch.manual_seed(seed)
    with torch.no_grad():
        for p in theirs.parameters():
            p.copy_(torch.randn_like(p))
    if list(theirs.parameters()):
        file = from_bytes(safetensors.save(theirs.state_dict()), foreign=True)
        assert file.load_into(ours, mapping=mapping).complaints() == []
    whole = all(isinstance(v, int) for v in flat(x))
    tensor = torch.tensor(x, dtype=torch.int64 if whole else torch.float64, requires_grad=not whole)
    wanted = call(theirs, tensor)
    weights = torch.randn_like(wanted)
    (wanted * weights).sum().backward()

    inputs = x if whole else as_inputs(x)
    outputs = list(flat(ours(inputs)))
    assert [v.data for v in outputs] == close(wanted.reshape(-1).tolist())
    loss = dot(weights.reshape(-1).tolist(), outputs)
    if not whole:
        assert gradients(loss, list(flat(inputs))) == close(tensor.grad.reshape(-1).tolist())
    slopes = {name: p.grad for name, p in theirs.named_parameters()}
    if slopes:
        groups = groups_of(ours)
        tensors = from_bytes(safetensors.save(slopes), foreign=True).tensors
        kept = as_kept_here(renamed(tensors, mapping), groups)
        for name, group in groups.items():
            assert gradients(loss, group.parameters) == close(kept[name].numbers.tolist()), name


def close(wanted: list[float]) -> Any:
    size = max(1.0, *map(abs, wanted))
    return pytest.approx(wanted, rel=0, abs=CLOSE * size)
