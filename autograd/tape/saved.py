"""Tapes in files: the graph with its numbers and labels, and no machine code.

A file is in the safetensors format.  It names the ops of the graph, and nothing in it is ever executed or
imported.  A checksum tells a damaged file.  Of every op the file also holds what its rule gives at a few
points, the value and the partials: an op that has another derivative here is refused by name.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import compress, pairwise, repeat
from math import prod
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from autograd.core.primitive import TABLE, Op
from autograd.files.reading import sealed, unsealed
from autograd.files.tensorfile import CheckpointError, Tensor, read_header, read_tensors
from autograd.functional.containers import Array as ArrayForm
from autograd.functional.containers import Form, Keyed, One, Several
from autograd.node import data_of, number_of
from autograd.notation.hints import described, did_you_mean, short_repr
from autograd.tape.listing import COMPUTED, CONSTANT, PARAMETER, VARYING, Listing, coded, computed, ops_of
from autograd.tape.lowering import drop_unneeded
from autograd.tape.recording import Recorded
from autograd.tape.structure import Columns
from autograd.value import Constant, Parameter, Value

VERSION = "1"
"""The version of what a file holds."""
ORIGIN = "chainrule tape"
"""The name of the text that holds the version."""
MOST_THREADS = 1024
"""A file may ask for at most this many threads: each has memory of its own."""
READ = {"F64": 8, "I64": 8}
FORGED = "it was forged, or a newer program wrote it: it is not a graph"

LEAVES = {
    -1: (VARYING, Value), -2: (PARAMETER, Value), -3: (PARAMETER, Parameter), -4: (CONSTANT, Constant),
    -5: (VARYING, Constant),
}  # fmt: skip
"""The leaves in a file: what they are on the tape, and the class that is made of them."""
CODES = {
    (VARYING, "constant"): -5, (VARYING, "input"): -1, (VARYING, "weight"): -1,
    (PARAMETER, "weight"): -3, (PARAMETER, "input"): -2,
}  # fmt: skip
"""The same by what a leaf is on the tape, and its role."""

Indices = NDArray[np.int64]


def packed(recorded: Recorded, settings: Mapping[str, Any]) -> bytes:
    """Return the content of a file with a tape.

    Raises:
        TypeError: if an argument is a dictionary with keys that are neither texts nor numbers.
        ValueError: if the labels are too long for a file.
    """
    listing = recorded.listing
    known = set(listing.nodes)
    unused = [v for v in recorded.inputs if v not in known]  # they have columns, but no output needs them
    place = {v: i for i, v in enumerate([*unused, *listing.nodes])}
    ops = [op for op in listing.found if op is not None]
    codes = [_code(listing, ops, i) for i in range(len(listing))]
    leaves = data_of(unused)
    leaves += [
        float(x) if kind == CONSTANT else number_of(v)
        for v, kind, x in zip(listing.nodes, listing.kinds, listing.data, strict=True)
        if kind != COMPUTED
    ]
    counts = np.concatenate((np.zeros(len(unused), np.int64), np.diff(listing.ptr)))
    still = [i for i, v in enumerate(listing.nodes, len(unused)) if v.op and v.role == "constant"]
    whole: dict[str, Any] = {
        "codes": [CODES[VARYING, v.role] for v in unused] + codes,
        "counts": counts, "args": listing.args + len(unused),
        "outputs": listing.outputs + len(unused), "inputs": [place[v] for v in recorded.inputs],
        "still": still,
    }  # fmt: skip
    rules = np.concatenate([np.empty(0), *[tried(op).ravel() for op in ops]])
    tensors = {name: _tensor("q", numbers) for name, numbers in whole.items()}
    tensors |= {"leaves": _tensor("d", leaves), "rules": _tensor("d", rules)}
    told = {
        "ops": [op.name for op in ops],
        "labels": {str(i): v.label for v, i in place.items() if v.label},
        "notes": {str(i + len(unused)): note for i, note in listing.notes.items()},
        **{name: _columns_as_json(getattr(recorded, name)) for name in ("results", "arguments", "slopes")},
        **settings,
    }
    return sealed(tensors, {ORIGIN: VERSION, "tape": json.dumps(told)})


def _code(listing: Listing, ops: Sequence[Op], i: int) -> int:
    op = listing.op(i)
    return ops.index(op) if op is not None else CODES.get((listing.kinds[i], listing.nodes[i].role), -4)


def _tensor(typecode: str, numbers: Any) -> Tensor:
    content = np.ascontiguousarray(numbers, typecode)
    return Tensor((len(content),), array(typecode, content.tobytes()))


# --------------------------------------------------------------------------------------- reading


def unpacked(file: BinaryIO, size: int) -> tuple[Recorded, dict[str, Any]]:
    """Return what a file of this many bytes holds, of which nothing is trusted: a graph, and the settings.

    Raises:
        CheckpointError: if it is not the file of a tape, is damaged, or cannot be replayed here.
    """
    header = read_header(file, size, READ)
    version = header.texts.get(ORIGIN)
    if version is None:
        holds = "a network, which nn.load reads" if "chainrule" in header.texts else "other tensors"
        raise CheckpointError(f"it is not the file of a tape: it holds {holds}")
    if version != VERSION:
        raise CheckpointError(f"it is a tape of version {short_repr(version)}; this program reads {VERSION}")
    tensors = read_tensors(file, header)
    texts = unsealed(tensors, header.texts)
    try:
        told = json.loads(texts["tape"])
        return _graph(told, {name: np.frombuffer(t.numbers) if t.format == "F64" else
                             np.frombuffer(t.numbers, np.int64) for name, t in tensors.items()})  # fmt: skip
    except CheckpointError:
        raise
    except Exception:  # of whatever kind: something is there that `packed` does not write
        raise CheckpointError(FORGED) from None


def from_bytes(content: bytes) -> tuple[Recorded, dict[str, Any]]:
    """Return what the content of a file holds; see `unpacked`."""
    return unpacked(BytesIO(content), len(content))


def _graph(told: dict[str, Any], t: Mapping[str, Any]) -> tuple[Recorded, dict[str, Any]]:
    """Build the graph anew.  An error of any kind means that it was forged."""
    ops = [_known(name) for name in told.pop("ops")]
    _check_rules(ops, t["rules"])
    codes, counts, labels = t["codes"].tolist(), t["counts"], told.pop("labels")
    if len(counts) != len(codes) or (counts < 0).any() or (counts > len(t["args"])).any():
        raise CheckpointError(FORGED)
    ptr = np.concatenate(([0], np.cumsum(counts)))
    arities = np.array([-1 if op.arity is None else op.arity for op in ops] + [0] * len(LEAVES))
    wanted = arities[t["codes"]]
    if ptr[-1] != len(t["args"]) or (wanted[wanted >= 0] != counts[wanted >= 0]).any():
        raise CheckpointError(FORGED)
    if (t["args"] < 0).any() or (t["args"] >= np.repeat(np.arange(len(codes)), counts)).any():
        raise CheckpointError(FORGED)  # an input comes before what is computed from it
    leaves = iter(t["leaves"].tolist())
    args, bounds = t["args"].tolist(), ptr.tolist()
    kinds = np.array([COMPUTED if code >= 0 else LEAVES[code][0] for code in codes], np.uint8)
    nodes = computed(
        [ops[code] if code >= 0 else None for code in codes],
        (args[start:end] for start, end in pairwise(bounds)),
        lambda i: LEAVES[codes[i]][1](next(leaves)),
        set(t["still"].tolist()),
    )
    for i, label in labels.items():
        nodes[int(i)].label = label if isinstance(label, str) else ""
    if min([0, *t["inputs"].tolist(), *t["outputs"].tolist()]) < 0 or next(leaves, None) is not None:
        raise CheckpointError(FORGED)
    inputs = [nodes[i] for i in t["inputs"].tolist()]
    if set(inputs) != set(compress(nodes, (kinds == VARYING).tolist())) or len(set(inputs)) != len(inputs):
        raise CheckpointError(FORGED)
    found, codes_of_ops = coded(ops_of(nodes))
    listing = Listing(
        nodes=nodes,
        found=found,
        codes=codes_of_ops,
        kinds=kinds,
        constant=np.fromiter(map(isinstance, nodes, repeat(Constant)), bool, len(nodes)),
        ptr=ptr,
        args=t["args"],
        data=np.array(data_of(nodes), np.float64),
        outputs=t["outputs"],
        notes={int(i): str(note) for i, note in told.pop("notes").items()},
    )
    results, arguments, slopes = (_columns(told.pop(name)) for name in ("results", "arguments", "slopes"))
    if results.width != len(listing.outputs) or {arguments.width, slopes.width} != {len(inputs)}:
        raise CheckpointError(FORGED)
    outputs = tuple(nodes[i] for i in listing.outputs.tolist())
    recorded = Recorded(drop_unneeded(listing), outputs, tuple(inputs), results, arguments, slopes)
    dtype, threads = told["dtype"], told["threads"]
    if dtype not in ("float64", "float32") or type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise CheckpointError(FORGED)
    return recorded, {"dtype": dtype, "threads": threads}


# ------------------------------------------------------------------------------- ops and their rules

TRIED = (-2.5, -1.0, -0.3, 0.0, 0.2, 0.7, 1.0, 1.7, 3.0, 12.0, 40.0)
"""The numbers at which rules are compared."""
ROWS = 33
"""Rules are compared at this many points, so that every number is tried as every input."""


def _points(op: Op) -> list[list[float]]:
    """Return the points at which an op's rule is compared."""
    n = len(TRIED)
    widths = [op.arity] if op.arity is not None else [2, 3, 5]
    return [
        [TRIED[(i * (k + 1) + k * (1 + 3 * (i // n))) % n] for k in range(width)]
        for width in widths
        for i in range(ROWS)
    ]


def tried(op: Op) -> NDArray[np.float64]:
    """Return the value of an op and its partials, one after the other, at all points."""
    return np.array([x for point in _points(op) for x in _at(op, point)])


def _at(op: Op, point: Sequence[float]) -> list[float]:
    """Return the value of an op and its partials at a point, nan where its rule raises."""
    try:
        y, partials = op.evaluate(point)
    except (ArithmeticError, ValueError):  # as math.sqrt does, which the tape replaces by its own
        return [math.nan] * (1 + (op.arity or len(point)))
    return [float(y), *map(float, partials)]


def _known(name: Any) -> Op:
    if not isinstance(name, str):
        raise CheckpointError(FORGED)
    if name not in TABLE:
        raise CheckpointError(
            f"it applies the op {short_repr(name)}, which is not in the table here{did_you_mean(name, TABLE)}"
            ": enter it first, by autograd.extend.op, as the program did that saved the tape"
        )
    return TABLE[name]


def _check_rules(ops: Sequence[Op], rules: NDArray[np.float64]) -> None:
    """Refuse an op whose rule gives something else here; last digits may differ from machine to machine."""
    numbers = iter(rules.tolist())
    for op in ops:
        for point in _points(op):
            for k, here in enumerate(_at(op, point)):
                there = next(numbers)
                if here == there or math.isclose(here, there, rel_tol=1e-9, abs_tol=1e-12):
                    continue
                if here != here and there != there:  # nan
                    continue
                what = f"its derivative by input {k}" if k else "its value"
                at = ", ".join(f"{x:g}" for x in point)
                raise CheckpointError(
                    f"its op {op.name!r} is another one here: at ({at}) {what} is {there:.6g} in the file "
                    f"and {here:.6g} here"
                )
    if next(numbers, None) is not None:
        raise CheckpointError(FORGED)


# ----------------------------------------------------------------------------------- structures


def _columns_as_json(columns: Columns) -> Any:
    return [list(map(_as_json, columns.forms)), list(columns.names), columns.keywords]


def _columns(told: Any) -> Columns:
    forms, names, keywords = told
    if not all(isinstance(name, str) for name in names) or not 0 <= keywords <= len(forms):
        raise CheckpointError(FORGED)
    return Columns([_form(form) for form in forms], names, keywords)


def _as_json(form: Form) -> Any:
    match form:
        case ArrayForm(shape):
            return {"array": list(shape)}
        case Several(kind, parts):  # a named tuple is a tuple in a file
            return {"list" if kind is list else "tuple": list(map(_as_json, parts))}
        case Keyed(keys, parts):
            for key in keys:
                if not isinstance(key, str | int | float | None):
                    raise TypeError(f"a file keeps dictionaries by text or number; a key is {described(key)}")
            return {"keys": list(keys), "parts": list(map(_as_json, parts))}
    return "number"


def _form(told: Any) -> Form:
    match told:
        case "number":
            return One()
        case {"array": list(shape)} if all(type(n) is int and n >= 0 for n in shape) and prod(shape) < 2**48:
            return ArrayForm(tuple(shape))
        case {"list": list(parts)}:
            return Several(list, tuple(map(_form, parts)))
        case {"tuple": list(parts)}:
            return Several(tuple, tuple(map(_form, parts)))
        case {"keys": list(keys), "parts": list(parts)} if len(keys) == len(parts):
            return Keyed(tuple(keys), tuple(map(_form, parts)))
    raise CheckpointError(FORGED)
