"""A network that was read from an ONNX file, as an ONNX file again: its operators, and its weights now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from autograd import no_grad
from nn.exporting.onnx_files.bodies import SINGLE, YOUNGER
from nn.exporting.onnx_files.graph import SAMPLES, Graph
from nn.exporting.onnx_files.network import USUAL, OnnxNetwork

OF_FUNCTIONS = {
    "Conv": {"kernel_shape", "strides", "pads", "dilations", "group"},
    "AveragePool": {"kernel_shape", "strides", "pads", "count_include_pad"},
    "LayerNormalization": {"axis", "epsilon"}, "RMSNormalization": {"axis", "epsilon"},
    "RNN": {"hidden_size", "activations"}, "LSTM": {"hidden_size"},
    "GRU": {"hidden_size", "linear_before_reset"},
    "Attention": {"q_num_heads", "kv_num_heads", "is_causal"}, "LeakyRelu": {"alpha"}, "Elu": {"alpha"},
    "HardSigmoid": {"alpha", "beta"},
}  # fmt: skip
"""The attributes that functions of `nn.exporting.onnx_files.bodies` know; others have none."""


OLDEST = 15
"""The first version of the operators that the functions are written in."""


def written_again(model: OnnxNetwork, dtype: Any, *sample: Any) -> Any:
    """Return the network as an ONNX model; None if it has an operator that not every runtime has.

    Raises:
        TypeError, ValueError: if the network does not take the sample, or one is wanted.
    """
    inputs, outputs, nodes, weights = (
        model.described[name] for name in ("inputs", "outputs", "nodes", "weights")
    )
    sample = sample or model.zeros()
    with no_grad():
        arrays = model.computed(*sample)
    graph = Graph(model, dtype, *(spec["name"] for spec in (*inputs, *outputs)))
    graph.operators = max((node["version"] for node in nodes), default=graph.operators)
    graph.version = helper.find_min_ir_version_for([helper.make_opsetid("", graph.operators)])
    names = {"": ""} | {spec["name"]: spec["name"] for spec in inputs}
    for name, x in model.described["constants"].items():
        numbers = np.reshape(x["numbers"], x["shape"])
        names[name] = graph.number(numbers, None if numbers.dtype.kind == "f" else numbers.dtype)
    for node in nodes:
        module, first = getattr(model, node["name"]), arrays.get(next(iter(node["inputs"]), ""))
        shape = () if first is None else first.shape[1:]
        second = [*node["inputs"], ""][1]
        kernel = weights.get(second) or np.shape(arrays.get(second, 0))
        attributes = _attributes(node, kernel[2:], graph)
        if not _is_everywhere(node, attributes, graph):
            return None
        with graph.at(module):
            taken = [
                graph.weight(getattr(module, role), role) if role else names[name]
                for role, name in zip(module.held, node["inputs"], strict=True)
            ]
            given = graph.outputs_of(
                node["operator"], len(node["outputs"]), *taken, shape=shape, **attributes
            )
        names |= dict(zip(node["outputs"], given, strict=True))
    # a function of windows is one of windows on a plane of this size
    is_bound = graph.dtype == np.float64 and any(
        node["operator"] in ("Conv", "AveragePool") for node in nodes
    )
    free = not is_bound and any(None in spec["shape"] for spec in inputs)
    taken, given = (
        [_info(spec, arrays[spec["name"]], free, graph) for spec in specs] for specs in (inputs, outputs)
    )
    return graph.finished(taken, given, {names[spec["name"]]: spec["name"] for spec in outputs})


def _attributes(node: Mapping[str, Any], kernel: Sequence[int], graph: Graph) -> dict[str, Any]:
    """Return the attributes of a node in the precision of the graph, but for those that are as usual."""
    found = {name: x for name, x in node["attributes"].items() if USUAL.get(name) != x}
    if node["operator"] == "AveragePool" and not any(found.get("pads", ())):
        found = {name: x for name, x in found.items() if name not in ("pads", "count_include_pad")}
    if node["operator"] == "Conv":
        found.setdefault("kernel_shape", [*kernel])
    if node["operator"] == "ConstantOfShape":
        value = np.array(found.get("value", [0.0]))
        dtype = graph.dtype if value.dtype.kind == "f" else value.dtype
        found["value"] = numpy_helper.from_array(value.astype(dtype))
    if node["operator"] == "Cast" and found["to"] in (1, 10, 11, 16):
        found["to"] = graph.kind
    return found


def _is_everywhere(node: Mapping[str, Any], attributes: Mapping[str, Any], graph: Graph) -> bool:
    """Return whether every runtime has a node in this precision, or it can be a function of the file."""
    operator = node["operator"]
    if operator not in YOUNGER and (operator not in SINGLE or graph.dtype == np.float32):
        return True
    is_known = attributes.keys() <= OF_FUNCTIONS.get(operator, set())
    counts = operator != "AveragePool" or "pads" not in attributes or attributes.get("count_include_pad")
    return graph.operators >= OLDEST and is_known and bool(counts)


def _info(spec: Mapping[str, Any], array: Any, free: bool, graph: Graph) -> Any:
    """Return what the graph says of an input or output; ``free`` is what has axes of any length."""
    shape = [None] * array.ndim if free else [*array.shape]
    if free and "shape" in spec:
        shape = [*[1] * spec["batched"], *spec["shape"]]
    if spec["batched"] and array.ndim:
        shape = [SAMPLES, *shape[1:]]
    types = graph.onnx.TensorProto
    kind = graph.kind if array.dtype.kind in "Of" and not spec.get("whole") else types.INT64
    kind = types.BOOL if array.dtype.kind == "b" else kind
    return helper.make_tensor_value_info(spec["name"], kind, shape)
