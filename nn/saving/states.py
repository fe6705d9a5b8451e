"""Any state as JSON, with its long rows of doubles put among the tensors of a file.

A tuple and a row of doubles are what JSON does not have: each becomes an object with the one name "".
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Any

from autograd.files.tensorfile import CheckpointError, Tensor
from autograd.notation.hints import described

LONG = 32
"""A list of at least this many floats is kept as a tensor, a shorter one within the JSON."""


def to_json(x: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    """Return something as JSON can hold it; its long rows of doubles are put among the tensors.

    Args:
        x: None, numbers, texts, and lists, tuples and dictionaries of them.
        name: where it stands, for the names of its tensors.
        tensors: where its rows are put.

    Raises:
        TypeError: naming what cannot be kept.
    """
    if x is None or isinstance(x, (bool, int, float, str)):
        return x
    if isinstance(x, array) and x.typecode == "d":
        return _row(x, "array", name, tensors)
    if isinstance(x, (list, tuple)):
        if len(x) >= LONG and all(type(n) is float for n in x):
            return _row(array("d", x), type(x).__name__, name, tensors)
        inside = [to_json(y, f"{name}/{i}", tensors) for i, y in enumerate(x)]
        return inside if isinstance(x, list) else {"": ["tuple", inside]}
    if isinstance(x, Mapping) and all(isinstance(key, str) and key for key in x):
        return {key: to_json(y, f"{name}/{key}", tensors) for key, y in x.items()}
    raise TypeError(
        f"a checkpoint keeps numbers, texts, lists and dictionaries by text; {name[1:]} is {described(x)}"
    )


def _row(numbers: array[float], kind: str, name: str, tensors: dict[str, Tensor]) -> dict[str, Any]:
    tensors[name] = Tensor((len(numbers),), numbers)
    return {"": [kind, name]}


ROWS: dict[str, Callable[[array[float]], Any]] = {"array": lambda x: x, "list": list, "tuple": tuple}


def from_json(x: Any, rows: dict[str, Tensor]) -> Any:
    """Return what `to_json` turned into JSON.  Each row is used up: forged texts cannot multiply it.

    Args:
        x: the JSON, read.
        rows: the tensors that it refers to, by name.

    Raises:
        CheckpointError: if it holds something that `to_json` does not write.
    """
    if isinstance(x, list):
        return [from_json(y, rows) for y in x]
    if not isinstance(x, dict):
        return x
    if "" not in x:
        return {key: from_json(y, rows) for key, y in x.items()}
    match x[""]:
        case ["tuple", list(inside)]:
            return tuple(from_json(y, rows) for y in inside)
        case [("array" | "list" | "tuple") as kind, str(name)] if name in rows:
            return ROWS[kind](rows.pop(name).numbers)
    raise CheckpointError("it was forged: its metadata hold what nothing writes there")
