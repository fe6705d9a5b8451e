"""The passes over a graph's nodes that lowering asks for: compiled, or run as the Python that they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from numpy.typing import NDArray

from autograd.tape import compiler, graph_passes, kernels


def graph_pass(name: str) -> Callable[..., None]:
    """Return `levels_of`, `reach_forward` or `reach_back` of `autograd.tape.graph_passes`, for arrays."""
    if compiler.missing():
        return partial(_on_lists, getattr(graph_passes, name))
    return kernels.graph_pass(name)


def _on_lists(function: Callable[..., None], *arrays: NDArray[Any]) -> None:
    """Call it with lists, of which Python reads a number faster than of arrays; it changes the last one."""
    lists = [array.tolist() for array in arrays]
    function(*lists, *[None] * (4 - len(lists)), len(arrays[-1]))
    arrays[-1][:] = lists[-1]
