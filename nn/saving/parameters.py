"""The parameters of a network as tensors: which ones share a tensor, and how they are filled from it.

A `Layer` is a matrix ``weight`` of shape (n_out, n_in) and a ``bias`` of shape (n_out,), a recurrent cell
the matrices that PyTorch has; see `Module.arrays_to_keep`.  Any other list of Parameters is a vector, a
list of such lists a matrix, and so on; a Parameter on its own is a scalar.

>>> from nn import MLP
>>> {name: group.shape for name, group in groups_of(MLP(2, [3], "prelu", output="prelu")).items()}
{'layers.0.weight': (3, 2), 'layers.0.bias': (3,), 'layers.0.activation.slope': ()}
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, prod
from typing import Any, TypeAlias

from autograd import Parameter, Value
from autograd.files.tensorfile import MOST_DIMENSIONS, READABLE, SIZES, CheckpointError, Shape, Tensor
from autograd.notation.labels import shorten
from nn.complaints import check_names
from nn.module import Module

MOST_COMPLAINTS = 8
"""At most this many tensors that do not fit are named."""
PLACES = ("the file", "this network")
"""What tensors usually come from, and what they are for."""
Index: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Parameters that are kept as one tensor, in its order."""

    shape: Shape
    parameters: list[Parameter]

    def tensor(self) -> Tensor:
        """Return the tensor of their numbers."""
        return Tensor(self.shape, array("d", [p.data for p in self.parameters]))


A_KEY = re.compile(r"\.\[(-?\d+)\]")
"""A key of a dictionary in a path: in a file it stands as PyTorch writes it, ``experts.1``."""


def groups_of(model: Module) -> dict[str, Group]:
    """Return the parameters by the names of the tensors that keep them, each parameter once.

    Raises:
        ValueError: if parameters cannot be told apart by name.
    """
    check_names(path for path, _ in model.named_parameters())
    groups: list[tuple[str, Group]] = []
    taken: set[int] = set()
    for path, module in model.named_modules():
        for name, rows in module.arrays_to_keep().items():
            group = _group_of(rows)
            own = {id(p) for p in group.parameters} if group else set()
            if group and len(own) == len(group.parameters) and not own & taken:
                groups.append((f"{path}.{name}" if path else name, group))
                taken |= own
    alone: dict[str, dict[Index, Parameter]] = {}
    for trail, x in model.within():
        if isinstance(x, Parameter) and id(x) not in taken:
            holder, index = _parted(trail)
            alone.setdefault(holder, {})[index] = x
    for name, cells in alone.items():
        groups += _arrays(name, cells)
    groups = [(A_KEY.sub(r".\1", name), group) for name, group in groups]
    check_names(name for name, _ in groups)
    return dict(groups)


def _group_of(rows: Any) -> Group | None:
    """Return the Parameters of nested lists; None if they are not an array of Parameters."""
    if isinstance(rows, Value):
        return Group((), [rows]) if isinstance(rows, Parameter) else None
    parts = [_group_of(row) for row in rows]
    shapes = {part.shape if part else None for part in parts}
    if len(shapes) != 1 or None in shapes:
        return None
    ps = [p for part in parts if part for p in part.parameters]
    return Group((len(parts), *(parts[0].shape if parts[0] else ())), ps)


def _parted(trail: tuple[Any, ...]) -> tuple[str, Index]:
    """Return the dotted path of the attribute that holds a parameter, and the positions within it."""
    end = len(trail)
    while end > 1 and type(trail[end - 1]) is int and trail[end - 1] >= 0:
        end -= 1
    return ".".join(map(str, trail[:end])), trail[end:]


def _arrays(name: str, cells: Mapping[Index, Parameter]) -> Iterator[tuple[str, Group]]:
    """Yield what an attribute holds as one array, or, where it has gaps or ragged rows, part by part."""
    shape = tuple(max(places) + 1 for places in zip(*cells, strict=False))
    regular = len({len(index) for index in cells}) == 1 and len(shape) <= MOST_DIMENSIONS
    if regular and prod(shape) == len(cells):
        yield name, Group(shape, [cells[index] for index in sorted(cells)])
        return
    parts: dict[int, dict[Index, Parameter]] = {}
    for (first, *rest), p in cells.items():
        parts.setdefault(first, {})[tuple(rest)] = p
    for first, part in parts.items():
        yield from _arrays(f"{name}.{first}", part)


# --------------------------------------------------------------------------- from tensors to parameters


@dataclass(frozen=True)
class LoadReport:
    """What was loaded into a network, and what was not, each by the name of its tensor.

    Attributes:
        loaded: what was set.
        missing: what the network has and the file lacks.
        unexpected: what the file has and the network lacks.
        wrong_shape: what both have, by name: the shape in the file and that in the network.
        wrong_format: what both have, but not as floating-point numbers: the format in the file.
    """

    loaded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    wrong_shape: dict[str, tuple[Shape, Shape]] = field(default_factory=dict)
    wrong_format: dict[str, str] = field(default_factory=dict)

    def complaints(self, places: tuple[str, str] = PLACES) -> list[str]:
        """Return what was not loaded and why, one sentence for each tensor.

        Args:
            places: what the tensors come from, and what they are for.
        """
        source, target = places
        found = [f"{name} is not in {source}" for name in self.missing]
        found += [f"{name} is only in {source}" for name in (shorten(name, 80) for name in self.unexpected)]
        found += [
            f"{name} is {_sizes(was)} in {source} and {_sizes(wanted)} in {target}"
            for name, (was, wanted) in self.wrong_shape.items()
        ]
        found += [f"{name} holds {format_}; {READABLE}" for name, format_ in self.wrong_format.items()]
        return found

    def __str__(self) -> str:
        return "\n".join([f"{len(self.loaded)} loaded: {', '.join(self.loaded)}", *self.complaints()])


def fill(
    groups: Mapping[str, Group], tensors: Mapping[str, Tensor], described: str = "", *, strict: bool = True,
    places: tuple[str, str] = PLACES,
) -> LoadReport:  # fmt: skip
    """Set the parameters from the tensors: all of them or none, or if not ``strict`` those that fit.

    Args:
        groups: the parameters, by the names of their tensors.
        tensors: the tensors in a file.
        described: the network in the file, for the message.
        strict: whether everything has to fit.
        places: what the tensors come from, and what they are for, for the message.

    Raises:
        CheckpointError: naming every tensor that does not fit, or holds a number that is not finite.
    """
    wanted = {name: group.shape for name, group in groups.items()}
    report = compared(wanted, tensors, described, strict=strict, places=places)
    for name in report.loaded:
        check_finite(name, tensors[name], CheckpointError)
    for name in report.loaded:
        for p, x in zip(groups[name].parameters, tensors[name].numbers, strict=True):
            p.data = x
    return report


def compared(
    wanted: Mapping[str, Shape], tensors: Mapping[str, Tensor], described: str = "", *, strict: bool = True,
    places: tuple[str, str] = PLACES,
) -> LoadReport:  # fmt: skip
    """Return which tensors fit the shapes that are wanted under their names; see `fill`.

    Raises:
        CheckpointError: if ``strict``, naming every tensor that does not fit.
    """
    both = [name for name in wanted if name in tensors]
    wrong = {
        name: (tensors[name].shape, wanted[name])
        for name in both
        if not _fits(tensors[name].shape, wanted[name])
    }
    whole = {name: tensors[name].format for name in both if tensors[name].format not in SIZES}
    report = LoadReport(
        [name for name in both if name not in wrong and name not in whole],
        [name for name in wanted if name not in tensors],
        [name for name in tensors if name not in wanted],
        wrong,
        whole,
    )
    if strict and (complaints := report.complaints(places)):
        target, of = places[1].replace("this", "the"), f" ({described.splitlines()[0]})" if described else ""
        raise CheckpointError(f"it does not fit {target}, and nothing was loaded{of}: {listed(complaints)}")
    return report


def _fits(shape: Shape, wanted: Shape) -> bool:
    """Return whether a tensor has the shape that is wanted; one number may stand in any brackets."""
    return shape == wanted or prod(shape) == prod(wanted) == 1


def check_finite(name: str, tensor: Tensor, error: type[ValueError]) -> None:
    """Refuse a tensor with numbers that are infinite or nan, by an error of this kind."""
    for x in tensor.numbers:
        if not isfinite(x):
            raise error(f"{shorten(name, 80)} holds {x}; a network's numbers are finite")


def listed(complaints: Sequence[str], most: int = MOST_COMPLAINTS) -> str:
    """Write complaints one after the other, at most ``most`` of them."""
    more = f"; and {len(complaints) - most} more" if len(complaints) > most else ""
    return "; ".join(complaints[:most]) + more


def _sizes(shape: Shape) -> str:
    return " × ".join(map(str, shape)) or "one number"
