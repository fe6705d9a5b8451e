"""ONNX files as networks: what a file says is checked as a whole, and then one network is built of it."""

from __future__ import annotations

import os
import warnings
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import external_data_helper, inliner, numpy_helper

from autograd.extend import set_data
from autograd.files.reading import naming_file, opened
from nn.exporting.onnx_files.bodies import DOMAIN
from nn.exporting.onnx_files.nested import in_a_row
from nn.exporting.onnx_files.network import OnnxNetwork
from nn.exporting.onnx_files.values import BOOL, OPERATORS, WHOLE
from nn.weights import MOST_WEIGHTS

STANDARD = ("", "ai.onnx")
"""What the domain of ONNX's own operators is called."""
OURS = {"Attention", "Embedding", "Positions", "Silu"}
"""What is read as a function of our own files only; ONNX's Attention has more to it."""
OLDEST = 7
"""The first version of the operators in which arrays are broadcast as they are now."""
MOST_BYTES = 1 << 30
"""A file, with what it keeps outside, has at most this many bytes."""
MOST_NAMED = 8
"""At most this many nodes that cannot be read are named."""
FORWARD: dict[str, Any] = {"direction": "forward", "layout": 0, "clip": None}
ONLY: dict[str, dict[str, Any]] = {
    "RNN": FORWARD, "LSTM": FORWARD | {"input_forget": 0, "activations": None},
    "GRU": FORWARD | {"linear_before_reset": 1, "activations": None},
    "MaxPool": {"ceil_mode": 0, "storage_order": 0}, "AveragePool": {"ceil_mode": 0},
    "Gelu": {"approximate": "none"}, "Pad": {"mode": "constant"},
    "BatchNormalization": {"training_mode": 0}, "Mod": {"fmod": 0},
}  # fmt: skip
"""The attributes of which only one value is read; what else they may be."""
TAKEN = {"RNN": (4,), "GRU": (4,), "LSTM": (4, 7)}
"""The inputs that are not read: lengths of sequences, and peepholes."""
GIVEN = {"MaxPool": 1, "BatchNormalization": 1, "LayerNormalization": 1, "Dropout": 1}
"""How many of its outputs an operator gives here, where it may have more."""
LEFT_OUT = {("GRU", "linear_before_reset"): 0}
"""What an attribute is where it is left out, if that is not what is read."""
NUMBERS = (1, 10, 11, 16, BOOL, *WHOLE)
"""The numbers by which ONNX calls the types of numbers."""
NOT_LEARNED = {"BatchNormalization": (3, 4), "Pow": (1,), "Clip": (1, 2), "Pad": (2,), "Where": (0,)}
"""The inputs of an operator that are numbers, not weights, such as a running mean."""


def read(path: Any) -> OnnxNetwork:
    """Return the network in an ONNX file; see `nn.from_onnx`."""
    with naming_file(path):
        return _File(_whole(path)).network()


# ------------------------------------------------------------------------------------------- the file


def parsed(path: Any) -> Any:
    """Return the model in a file as it stands there, without what it keeps in other files.

    Raises:
        OSError: if the file is not there or cannot be read.
        ValueError: if it is too large, or not a file of ONNX.
    """
    with opened(path) as (file, size):
        if size > MOST_BYTES:
            raise ValueError(f"it has {size:,} bytes; at most {MOST_BYTES:,} are read")
        content = file.read()
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's
        raise ValueError(f"it is not an ONNX file: {error}") from None
    nodes = model.graph.node
    if not nodes and not model.graph.output:
        raise ValueError("it is not an ONNX file, or holds no graph")
    names = [name for n in nodes for name in (n.name, n.op_type, n.domain, *n.input, *n.output)]
    if not all(isinstance(name, str) for name in [*names, *(t.name for t in model.graph.initializer)]):
        raise ValueError("it is not a valid ONNX file: it holds a name that is not text")
    return model


def _whole(path: Any) -> Any:
    """Return the model in a file, with what it keeps outside, checked by ONNX's own checker."""
    model = parsed(path)
    weights = sum(prod(t.dims) for t in model.graph.initializer)
    if weights > MOST_WEIGHTS:
        raise ValueError(
            f"it has {weights:,} weights, each of which would be an object of its own; at most "
            f"{MOST_WEIGHTS:,} are made.  from nn import seeing; seeing.outline(path) draws its operators"
        )
    for tensor in filter(external_data_helper.uses_external_data, model.graph.initializer):
        bring_in(tensor, Path(path).parent)
    try:
        onnx.checker.check_model(model)
        return inlined(model)
    except Exception as error:  # of several kinds
        raise ValueError(f"it is not a valid ONNX file: {str(error).strip()}") from None


def inlined(model: Any) -> Any:
    """Return a model with the functions of other programs in their operators."""
    ours = [(f.domain, f.name) for f in model.functions if _is_ours(f.domain, f.name)]
    return inliner.inline_selected_functions(model, ours, exclude=True) if model.functions else model


def _is_ours(domain: str, operator: str) -> bool:
    name = operator.partition("_")[0]
    return domain == DOMAIN and (name in OURS or name in OPERATORS)


def bring_in(tensor: Any, folder: Path) -> None:
    """Read an array that a model keeps in another file of its folder.

    Raises:
        ValueError: if that is not such a file, or it cannot be read.
    """
    whole = folder.resolve()
    location = {entry.key: entry.value for entry in tensor.external_data}.get("location", "")
    place = (whole / location).resolve()
    if os.path.isabs(location) or not place.is_relative_to(whole) or not place.is_file():
        raise ValueError(
            f"{tensor.name} is kept in {location!r}, which is not a file in the folder of this one"
        )
    if place.stat().st_size > MOST_BYTES:
        raise ValueError(f"{place.name} has more than {MOST_BYTES:,} bytes")
    try:
        external_data_helper.load_external_data_for_tensor(tensor, str(whole))
    except Exception as error:
        raise ValueError(f"{tensor.name} cannot be read from {place.name}: {error}") from None
    tensor.data_location = onnx.TensorProto.DEFAULT
    del tensor.external_data[:]


# -------------------------------------------------------------------------------------- what it says


class _File:
    """What a file says, as the arguments that a network is built with."""

    def __init__(self, model: Any) -> None:
        graph = self._graph = model.graph
        if graph.sparse_initializer:
            raise ValueError(f"it keeps {graph.sparse_initializer[0].values.name} as a sparse array")
        self._version = max((o.version for o in model.opset_import if o.domain in STANDARD), default=OLDEST)
        if self._version < OLDEST:
            raise ValueError(
                f"its operators are those of version {self._version}; from version {OLDEST} on they are read"
            )
        _refuse_unknown(graph)
        arrays = {t.name: _numbers(t.name, t) for t in graph.initializer}
        fixed = self._not_learned()
        for name in arrays.keys() - fixed:
            _check_finite(name, arrays[name])
        self._weights = {name: x for name, x in arrays.items() if name not in fixed and _is_learned(x)}
        self._constants = {name: x for name, x in arrays.items() if name not in self._weights}
        self._names = {*dir(OnnxNetwork), "described", "steps"}

    def _not_learned(self) -> set[str]:
        """Return the names of what is used as numbers, or comes out as it is."""
        return {x.name for x in self._graph.output} | {
            node.input[k] for node in self._graph.node for k in NOT_LEARNED.get(node.op_type, ())
            if k < len(node.input)
        }  # fmt: skip

    def network(self) -> OnnxNetwork:
        """Return the network that it describes."""
        nodes = [self._node(node) for node in self._graph.node if not self._is_constant(node)]
        kept = {*self._weights, *self._constants}
        inputs = [_input(x) for x in self._graph.input if x.name not in kept]
        batched = any(spec["batched"] for spec in inputs)
        outputs = [{"name": x.name, "batched": batched and _may_be_one(x)} for x in self._graph.output]
        used = {name for node in nodes for name in node["inputs"]} | {spec["name"] for spec in outputs}
        shapes = {name: [*x.shape] for name, x in self._weights.items() if name in used}
        constants = {
            name: {"shape": [*x.shape], "numbers": x.ravel().tolist()}
            for name, x in self._constants.items() if name in used
        }  # fmt: skip
        made = OnnxNetwork(nodes, inputs, outputs, shapes, constants)
        for name, rows in made.arrays().items():
            set_data(in_a_row(rows), self._weights[name].ravel().tolist())
        return made

    def _is_constant(self, node: Any) -> bool:
        """Return whether a node is numbers, and keep them."""
        if node.op_type != "Constant":
            return False
        (attribute,) = node.attribute
        x = onnx.helper.get_attribute_value(attribute)
        name = node.output[0]
        self._constants[name] = _numbers(name, x) if attribute.name == "value" else np.array(x)
        return True

    def _node(self, node: Any) -> dict[str, Any]:
        """Return a node as `OnnxNetwork` takes it."""
        operator = operator_of(node)
        name = wanted = node.name.lstrip("/") or operator  # in files of ours "/" begins a state
        count = 1
        while name in self._names:
            count += 1
            name = f"{wanted}_{count}"
        self._names.add(name)
        return {
            "name": name, "operator": operator, "version": self._version,
            "attributes": {a.name: attribute_of(a) for a in node.attribute},
            "inputs": [*node.input], "outputs": [*node.output],
        }  # fmt: skip


def operator_of(node: Any) -> str:
    """Return the operator of a node; functions of our files that differ have a number as well."""
    return str(node.op_type.partition("_")[0] if node.domain == DOMAIN else node.op_type)


def attribute_of(attribute: Any) -> Any:
    """Return what an attribute of a node is: a number, text, or a list of these."""
    x = onnx.helper.get_attribute_value(attribute)
    if isinstance(x, onnx.TensorProto):
        return _numbers(attribute.name, x).tolist()
    if isinstance(x, bytes):
        return x.decode(errors="replace")
    if isinstance(x, int | float | str):
        return x
    return [v.decode(errors="replace") if isinstance(v, bytes) else v for v in x]


def _numbers(name: str, tensor: Any) -> Any:
    """Return an array of a file in double precision, or as whole numbers."""
    if external_data_helper.uses_external_data(tensor):
        raise ValueError(f"{name or 'a constant'} is kept in another file, which only weights can be")
    try:
        found = numpy_helper.to_array(tensor)
    except Exception as error:  # what NumPy says of a shape or a type
        raise ValueError(f"{name or 'a constant'} is not an array of numbers: {error}") from None
    if found.dtype.kind in "cOSU":
        raise ValueError(f"{name or 'a constant'} is not an array of real numbers, but of {found.dtype}")
    return found.astype(bool if tensor.data_type == BOOL else int if tensor.data_type in WHOLE else float)


def _is_learned(x: Any) -> bool:
    """Return whether an array of a file is weights: a single number, or a mask with infinities, is not."""
    return x.dtype.kind == "f" and x.ndim > 0 and x.size > 0 and bool(np.isfinite(x).all())


def _check_finite(name: str, x: Any) -> None:
    """Warn of weights that are not learned since one of them is nan or infinite; a mask is 0 and −∞."""
    if x.dtype.kind == "f" and x.ndim > 0 and not np.isin(x, [0, -np.inf]).all() and not np.isfinite(x).all():
        wrong = x[~np.isfinite(x)][0]
        warnings.warn(
            f"{name} stays as it is and is not learned, since it holds {wrong}: put finite numbers into the "
            "file to train it",
            stacklevel=5,
        )


def _input(x: Any) -> dict[str, Any]:
    """Return an input as `OnnxNetwork` takes it."""
    kind = x.type.tensor_type
    if not kind.HasField("shape") or kind.elem_type not in NUMBERS:
        raise ValueError(f"its input {x.name} is not an array of numbers of a known number of axes")
    shape = [d.dim_value or None for d in kind.shape.dim]
    batched = _may_be_one(x)
    whole = kind.elem_type in (BOOL, *WHOLE)
    return {
        "name": x.name, "shape": shape[1:] if batched else shape, "batched": batched, "whole": whole,
        "condition": kind.elem_type == BOOL,
    }  # fmt: skip


def _may_be_one(x: Any) -> bool:
    """Return whether the first axis of an input or output can be that of a single sample."""
    kind = x.type.tensor_type
    first = kind.shape.dim[0].dim_value if kind.shape.dim else 2
    return not kind.HasField("shape") or first in (0, 1)


def _refuse_unknown(graph: Any) -> None:
    """Refuse a file with nodes that are not read, naming these."""
    wrong = [text for node in graph.node if (text := _trouble(node))]
    if wrong:
        more = f"; and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
        known = ", ".join(sorted(OPERATORS.keys() - OURS))
        raise ValueError(f"{'; '.join(wrong[:MOST_NAMED])}{more}. What is read: {known}{_without(graph)}")


def _without(graph: Any) -> str:
    """Return what to do about nodes that are not read, if something is computed without them."""
    kept = {t.name for t in graph.initializer}
    given = [x.name for x in graph.input if x.name not in kept]
    known, ends = {"", *kept, *given}, list[str]()
    for node in graph.node:
        if not known.issuperset(node.input):
            continue
        if _trouble(node) is None:
            known.update(node.output)
        else:
            ends += [name for name in node.input if name not in {"", *kept, *given, *ends}]
    found = [x.name for x in graph.output if x.name in known] or ends[-1:]
    cut = f'onnx.utils.extract_model(path, "cut.onnx", {given}, {found})'
    return f". {cut} writes a file of what is computed without" if found else ""


def _trouble(node: Any) -> str | None:
    """Return what of a node is not read."""
    operator, where = operator_of(node), f"node {node.name or node.output[0]!r}"
    of = "" if node.domain in STANDARD else f" of {node.domain}"
    known = operator in OPERATORS if node.domain == DOMAIN else not of and operator in OPERATORS.keys() - OURS
    if not known and (of or operator != "Constant"):
        return f"{where} is a {operator}{of}, which is not read"
    attributes = {a.name: attribute_of(a) for a in node.attribute if a.name in ONLY.get(operator, ())}
    for name, only in ONLY.get(operator, {}).items():
        x = attributes.get(name, LEFT_OUT.get((operator, name), only))
        if x != only:
            return f"{where} is a {operator} whose {name} is {x}; {only} is read"
    given = [k for k in TAKEN.get(operator, ()) if k < len(node.input) and node.input[k]]
    if given:
        return f"{where} is a {operator} with an input {given[0] + 1}, which is not read"
    if any(node.output[GIVEN.get(operator, len(node.output)) :]):
        return f"{where} is a {operator} with several outputs; the first is read"
    return None
