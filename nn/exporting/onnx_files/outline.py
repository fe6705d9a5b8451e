"""What an ONNX file is made of, as a picture: its operators, without a number of its weights."""

from __future__ import annotations

from math import prod
from typing import Any

import onnx

from autograd.files.reading import naming_file
from autograd.notation.numbers import counted
from autograd.seeing import Drawing, Part, draw_outline
from nn.exporting.onnx_files.network import brief
from nn.exporting.onnx_files.reading import attribute_of, inlined, operator_of, parsed

LARGE = 1024
"""An array of more bytes than this is not a shape, and its numbers are not looked at."""
TOLD = {
    onnx.AttributeProto.INT,
    onnx.AttributeProto.INTS,
    onnx.AttributeProto.FLOAT,
    onnx.AttributeProto.STRING,
}
"""The types of the attributes that stand in a box; a graph or an array cannot be told in a few words."""
Shapes = dict[str, tuple[int, ...]]


def outline_of(path: Any, limit: int, theme: str) -> Drawing:
    """Draw the operators of a file; see `nn.seeing.outline`."""
    with naming_file(path):
        model = parsed(path)
        try:
            parts, links = _parts(_with_shapes(model).graph)
        except (LookupError, TypeError, ValueError) as error:  # nothing has checked it
            raise ValueError(f"it is damaged: {error}") from error
    return draw_outline(parts, links, limit=limit, theme=theme)


def _parts(graph: Any) -> tuple[list[Part], list[tuple[str, str, str]]]:
    """Return the boxes of a graph, and the arrows between them."""
    shapes = {x.name: _in_words(x) for x in (*graph.input, *graph.value_info, *graph.output)}
    weights = {t.name: tuple(t.dims) for t in graph.initializer}
    inputs = [x.name for x in graph.input if x.name not in weights]
    parts = [Part(f"x{k}", name, "input", shapes[name], role="input") for k, name in enumerate(inputs)]
    given = {
        name: part.id for name, part in zip(inputs, parts, strict=True)
    }  # by array: the box that gives it
    last, links = {x.name for x in graph.output}, []
    for k, node in enumerate(node for node in graph.node if node.op_type != "Constant"):
        part = _part(f"n{k}", node, weights, "output" if last & {*node.output} else "operation")
        taken = [name for name in dict.fromkeys(node.input) if name in given]
        links += [(given[name], part.id, shapes.get(name, "")) for name in taken]
        given |= dict.fromkeys(filter(None, node.output), part.id)
        parts.append(part)
    return parts, links


def _with_shapes(model: Any) -> Any:
    """Return a model that says of its arrays what shape they have, as far as that can be told."""
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > LARGE:
            tensor.raw_data = b""
    try:
        return onnx.shape_inference.infer_shapes(inlined(model))
    except Exception:  # of several kinds; what it says itself stands
        return model


def _part(name: str, node: Any, weights: Shapes, role: str) -> Part:
    """Return the box of a node."""
    operator, held = operator_of(node), [weights[x] for x in node.input if weights.get(x)]
    attributes = {a.name: attribute_of(a) for a in node.attribute if a.type in TOLD}
    is_first = bool(node.input) and node.input[0] in weights
    said = brief(operator, attributes, held[0] if held else (), is_first)
    sizes = " + ".join("×".join(map(str, shape)) for shape in held)
    holds = f"{counted(sum(map(prod, held)), 'parameter')}: {sizes}" if held else ""
    return Part(name, node.name or operator, operator, said, holds, role)


def _in_words(x: Any) -> str:
    """Return the shape of an array."""
    named = ["" if d.dim_param.startswith("unk__") else d.dim_param for d in x.type.tensor_type.shape.dim]
    sizes = [d.dim_value or name for d, name in zip(x.type.tensor_type.shape.dim, named, strict=True)]
    return " × ".join(str(size or "any") for size in sizes)
