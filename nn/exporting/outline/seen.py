"""What an ONNX file is made of: its operators and how they are linked, for a picture and for a page.

The numbers of weights are looked at last, and only for a page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from onnx import external_data_helper, numpy_helper

from autograd.files.reading import naming_file
from autograd.notation.numbers import counted, number
from autograd.seeing import Part
from nn.exporting.onnx_files.bodies import DOMAIN
from nn.exporting.onnx_files.network import brief
from nn.exporting.onnx_files.reading import STANDARD, attribute_of, bring_in, inlined, operator_of, parsed
from nn.exporting.outline.formulas import FORMULAS
from nn.exporting.outline.repeats import Step, repeats
from nn.exporting.outline.statistics import statistics

LARGE = 1024
"""An array of more bytes than this is not a shape, and its numbers are not looked at."""
MOST_TOLD = 12
"""At most this many numbers of an attribute are told."""
MOST_LETTERS = 80
"""At most this many letters of a word are told."""
TOLD = {
    onnx.AttributeProto.INT,
    onnx.AttributeProto.INTS,
    onnx.AttributeProto.FLOAT,
    onnx.AttributeProto.STRING,
}
"""The types of the attributes that stand in a box; a graph or an array cannot be told in a few words."""
COUNTS = (onnx.TensorProto.INT64, onnx.TensorProto.BOOL, onnx.TensorProto.STRING)
"""Arrays of these types are shapes, indices or words, and not parameters."""
USUAL_NAMES = {"float": "float32", "double": "float64"}
OPEN = "?"
"""What stands for a size that a file does not tell."""
Link = tuple[str, str, str]


class Box(NamedTuple):
    """What is drawn as one: an operator, or a block of some under this title.

    Attributes:
        title: what a block is called; "" for a single operator.
        operators: their numbers.
    """

    title: str
    operators: range


class View(NamedTuple):
    """A part of the graph that is seen at once.

    Attributes:
        title: what it is called.
        parent: the number of the view in which it is a box; −1 for the whole graph.
        parts, links: as `draw_outline` takes them.
        holds: for each box the number of its operator, or of the view that opens, as ``("operator", 3)``.
    """

    title: str
    parent: int
    parts: list[Part]
    links: list[Link]
    holds: dict[str, tuple[str, int | str]]


class Seen:
    """What is seen of a file.

    Args:
        path: the file.

    Attributes:
        path: the file.
        nodes: the operators, in order, without what is an array of numbers only.
        weights: the shape of each array of numbers.
        parameters: how many there are in each array of them.
        inputs, outputs: the names of what the graph takes and gives.
        whole: the whole graph, with every operator under its name.

    Raises:
        OSError: if the file is not there or cannot be read.
        ValueError: if it is not an ONNX file, or damaged.
    """

    def __init__(self, path: Any) -> None:
        self.path = Path(path)
        with naming_file(path):
            self._model = parsed(path)
            with _undamaged():
                self._read(_with_shapes(self._model))
                self.whole = self._whole()
                "".join(text for row in (*self.whole.parts, *self.whole.links) for text in row)  # is text

    def _read(self, model: Any) -> None:
        graph = model.graph
        self._infos = {x.name: x for x in (*graph.input, *graph.value_info, *graph.output)}
        self._tensors = {t.name: t for t in self._model.graph.initializer}
        self.weights = {name: tuple(t.dims) for name, t in self._tensors.items()}
        self.parameters = [prod(shape) for x, shape in self.weights.items() if self._is_parameters(x)]
        self.inputs = [x.name for x in graph.input if x.name not in self.weights]
        self.outputs = [x.name for x in graph.output]
        self.nodes: list[Any] = []
        same: dict[str, str] = {}  # arrays that are a weight under another name
        for node in graph.node:
            taken = [same.get(name, name) for name in node.input]
            if node.op_type == "Constant":
                self._constant(node)
            elif (
                node.op_type == "Identity" and taken[0] in self.weights and node.output[0] not in self.outputs
            ):
                same[node.output[0]] = taken[0]
            else:
                node.input[:] = taken
                self.nodes.append(node)
        self._given = {name: k for k, node in enumerate(self.nodes) for name in node.output if name}
        self._takers: dict[str, list[int]] = {}
        for k, node in enumerate(self.nodes):
            for name in node.input:
                self._takers.setdefault(name, []).append(k)
        self._functions = {(f.domain, f.name): f for f in model.functions}
        self._versions = {o.domain: o.version for o in model.opset_import}

    def _constant(self, node: Any) -> None:
        """Keep the numbers of a constant as those of a weight that is not a parameter."""
        value = onnx.helper.get_attribute_value(node.attribute[0])
        if not isinstance(value, onnx.TensorProto):
            value = numpy_helper.from_array(np.array(value))
        self._tensors[node.output[0]] = value

    # ----------------------------------------------------------------------------------- the picture

    def _whole(self) -> View:
        """Return the whole graph, with every operator under its name."""
        boxes = [Box("", range(k, k + 1)) for k in range(len(self.nodes))]
        return self._view(Box("", range(len(self.nodes))), boxes, {}, named=True)

    @cached_property
    def views(self) -> list[View]:
        """The whole graph, blocks that repeat each other folded, and each of these blocks, opened."""
        made: list[View] = []
        waiting = [(-1, Box("the whole graph", range(len(self.nodes))))]
        while waiting:
            parent, around = waiting.pop(0)
            boxes = self._folded(around.operators)
            blocks = [box for box in boxes if box.title]
            opened = {box: len(made) + len(waiting) + k for k, box in enumerate(blocks, 1)}
            waiting += [(len(made), box) for box in blocks]
            made.append(self._view(around, boxes, opened, parent))
        return made

    def _folded(self, operators: range) -> list[Box]:
        """Return the boxes of a view."""
        first, boxes, done = operators.start, list[Box](), operators.start
        steps = [
            Step(self._alike(k), tuple([self._given.get(x, -1) - first for x in self.nodes[k].input]))
            for k in operators
        ]
        for run in repeats(steps):
            starts = range(first + run.start, first + run.start + run.length * run.blocks, run.length)
            boxes += [Box("", range(k, k + 1)) for k in range(done, starts.start)]
            boxes += [
                Box(f"block {k} of {run.blocks}", range(start, start + run.length))
                for k, start in enumerate(starts, 1)
            ]
            done = starts.stop
        return boxes + [Box("", range(k, k + 1)) for k in range(done, operators.stop)]

    def _alike(self, k: int) -> Any:
        """Return what operators that are alike have in common."""
        node = self.nodes[k]
        kept = [self.weights.get(x, ()) if x in self._tensors else bool(x) for x in node.input]
        return operator_of(node), self._said(node), str(kept), len(node.output)

    def _view(
        self, around: Box, boxes: Sequence[Box], opened: Mapping[Box, int], parent: int = -1,
        named: bool = False,
    ) -> View:  # fmt: skip
        ids = {k: f"n{i}" for i, box in enumerate(boxes) for k in box.operators}
        made = View(around.title, parent, [], [], {})
        ends: dict[str, str] = {}  # by array: the box of what comes from outside

        def come_in(x: str, called: str, kind: str) -> None:
            ends[x] = f"x{len(ends)}"
            made.parts.append(Part(ends[x], called, kind, self.shape(x), role="input"))
            made.holds[ends[x]] = "array", x

        for x in self.inputs if parent < 0 else ():
            come_in(x, x, "input")
        for box in boxes:
            here = ids[box.operators.start]
            made.parts.append(self._part(here, box, around.operators, named))
            made.holds[here] = ("view", opened[box]) if box.title else ("operator", box.operators.start)
            for x in dict.fromkeys(x for k in box.operators for x in self.nodes[k].input):
                source = self._given.get(x)
                if source in box.operators or (source is None and x not in self.inputs):
                    continue
                if source not in ids and x not in ends:
                    come_in(x, "from outside", "")
                tail = ends[x] if source is None else ids.get(source) or ends[x]
                if (tail, here, self.shape(x)) not in made.links:
                    made.links.append((tail, here, self.shape(x)))
        return made

    def _part(self, name: str, box: Box, around: range, named: bool) -> Part:
        """Return the box of an operator, or of a block, among the operators around it."""
        nodes = [self.nodes[k] for k in box.operators]
        given = {x for node in nodes for x in node.output}
        is_last = any(
            x in self.outputs or any(k not in around for k in self._takers.get(x, ())) for x in given
        )
        role = "output" if is_last else "operation"
        held = {x: self.weights[x] for node in nodes for x in node.input if self._is_parameters(x)}
        holds = counted(sum(map(prod, held.values())), "parameter") if held else ""
        if box.title:
            return Part(name, box.title, "", counted(len(nodes), "operator"), holds, role)
        (node,), sizes = nodes, " + ".join("×".join(map(str, shape)) for shape in held.values())
        holds = f"{holds}: {sizes}" if held else ""
        called, kind = (
            (node.name or operator_of(node), operator_of(node)) if named else (operator_of(node), "")
        )
        return Part(name, called, kind, self._said(node), holds, role)

    def _said(self, node: Any) -> str:
        """Return what an operator says of itself in a few words."""
        attributes = {a.name: attribute_of(a) for a in node.attribute if a.type in TOLD}
        short = {key: x for key, x in attributes.items() if not isinstance(x, list) or len(x) <= MOST_TOLD}
        held = next((self.weights[x] for x in node.input if self._is_parameters(x)), ())
        return brief(operator_of(node), short, held, bool(node.input) and node.input[0] in self.weights)

    def _is_parameters(self, name: str) -> bool:
        """Return whether an array is parameters: not a shape, an index or a single number."""
        return bool(self.weights.get(name)) and self._tensors[name].data_type not in COUNTS

    # -------------------------------------------------------------------------------------- in words

    def shape(self, name: str) -> str:
        """Return the shape of an array in words; "" where nothing is known of it."""
        if name in self._tensors:
            return " × ".join(map(str, self._tensors[name].dims)) or "a number"
        info = self._infos.get(name)
        if info is None or not info.type.tensor_type.HasField("shape"):
            return ""
        sizes = [d.dim_value or _named(d.dim_param) for d in info.type.tensor_type.shape.dim]
        return " × ".join(map(str, sizes)) or "a number"

    def type(self, name: str) -> str:
        """Return the type of an array's numbers; "" where nothing is known of it."""
        if name in self._tensors:
            return _type(self._tensors[name].data_type)
        info = self._infos.get(name)
        if info is None:
            return ""
        kind = info.type.WhichOneof("value") or ""
        return (
            _type(info.type.tensor_type.elem_type)
            if kind == "tensor_type"
            else str(kind).removesuffix("_type")
        )

    # -------------------------------------------------------------------------------------- for a page

    def facts(self) -> dict[str, Any]:
        """Return what a page tells: the file, its operators, its arrays and what the numbers in these are."""
        with naming_file(self.path), _undamaged():
            made = self._facts()
            json.dumps(made)  # raises for a name that is not text
            return made

    def _facts(self) -> dict[str, Any]:
        nodes = [self._told(k) for k in range(len(self.nodes))]
        names = dict.fromkeys(
            [*self.inputs, *(x for n in nodes for _, x in (*n["inputs"], *n["outputs"])), *self.outputs]
        )
        numbers = dict(self._numbers(name for name in names if name in self._tensors))
        return {
            "file": self._file(), "nodes": nodes, "inputs": self.inputs, "outputs": self.outputs,
            "arrays": {name: [self.type(name), self.shape(name)] for name in names}, "numbers": numbers,
            "views": [{"title": v.title, "parent": v.parent, "holds": v.holds} for v in self.views],
        }  # fmt: skip

    def summary(self) -> str:
        """Return in a line how large it is."""
        numbers = counted(sum(self.parameters), "parameter")
        return (
            f"{counted(len(self.nodes), 'operator')}, {numbers} in {counted(len(self.parameters), 'array')}"
        )

    def _file(self) -> list[tuple[str, str]]:
        model, size = self._model, self.path.stat().st_size
        versions = ", ".join(f"{domain or 'ai.onnx'} {v}" for domain, v in self._versions.items())
        told = [
            ("size", f"{size / 1e6:,.1f} MB" if size >= 1e6 else counted(size, "byte")),
            ("parameters", f"{sum(self.parameters):,}"), ("operators", f"{len(self.nodes):,}"),
            ("made by", f"{model.producer_name} {model.producer_version}".strip()),
            ("format", f"ONNX {model.ir_version}" if model.ir_version else ""), ("operators of", versions),
            ("about", model.doc_string[:400]),
        ]  # fmt: skip
        return [(word, said) for word, said in told if said]

    def _told(self, k: int) -> dict[str, Any]:
        """Return what a page tells of an operator."""
        node, kind = self.nodes[k], operator_of(self.nodes[k])
        is_known = node.domain in STANDARD or node.domain == DOMAIN
        schema = _schema(kind, self._versions.get(node.domain, 1), node.domain)
        return {
            "kind": kind, "name": node.name, "domain": "" if node.domain in STANDARD else node.domain,
            "formula": FORMULAS.get(kind, "") if is_known else "", "body": self._body(node),
            "attributes": [(a.name, _words(a)) for a in node.attribute],
            "inputs": _roles(schema and schema.inputs, node.input),
            "outputs": _roles(schema and schema.outputs, node.output),
        }  # fmt: skip

    def _body(self, node: Any) -> str:
        """Return what a function of the file is made of, in its order; "" of what is an operator itself."""
        function = self._functions.get((node.domain, node.op_type))
        kinds = (
            dict.fromkeys(operator_of(n) for n in function.node if n.op_type != "Constant")
            if function
            else {}
        )
        return f"a function of this file, of {', '.join(kinds)}" if kinds else ""

    def _numbers(self, names: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what the numbers in arrays are; why they are not seen, where they are not."""
        kept = {t.name: t for t in parsed(self.path).graph.initializer}
        for name in names:
            tensor = kept.get(name, self._tensors[name])
            try:
                if external_data_helper.uses_external_data(tensor):
                    bring_in(tensor, self.path.parent)
                yield name, statistics(numpy_helper.to_array(tensor))
            except Exception as error:  # what NumPy or a file says
                yield name, {"unseen": f"Its numbers are not seen: {error}."}
            kept.pop(name, None)


@contextmanager
def _undamaged() -> Iterator[None]:
    """Say of what nothing has checked before that it is damaged, if that is so."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, NotImplementedError) as error:
        raise ValueError(f"it is damaged: {error}") from error


def _with_shapes(model: Any) -> Any:
    """Return a model that says of its arrays what shape they have, as far as that can be told."""
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > LARGE:
            tensor.raw_data = b""
    try:
        return onnx.shape_inference.infer_shapes(inlined(model), data_prop=True)
    except Exception:  # of several kinds; what it says itself stands
        return model


def _named(size: str) -> str:
    """Return the name of a size that is any number; those that shape inference makes up tell nothing."""
    return OPEN if not size or size.startswith("unk__") else size


def _type(code: int) -> str:
    try:
        name = str(onnx.TensorProto.DataType.Name(code)).lower()
    except ValueError:
        return ""
    return USUAL_NAMES.get(name, name)


def _schema(operator: str, version: int, domain: str) -> Any:
    """Return what ONNX says of an operator; None if it does not know it."""
    try:
        return onnx.defs.get_schema(operator, version, "" if domain in STANDARD else domain)
    except Exception:  # of a kind of its own
        return None


def _roles(formal: Any, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the arrays that an operator takes or gives, each with what that is for it."""
    last = len(formal or ()) - 1
    return [(formal[min(k, last)].name if formal else "", x) for k, x in enumerate(names) if x]


def _words(attribute: Any) -> str:
    """Return an attribute in words."""
    x = onnx.helper.get_attribute_value(attribute)
    if isinstance(x, onnx.TensorProto):
        return f"an array of {' × '.join(map(str, x.dims)) or 'one number'}"
    if isinstance(x, onnx.GraphProto):
        return f"a graph of {counted(len(x.node), 'operator')}"
    if isinstance(x, list):
        more = f", … ({len(x):,} in all)" if len(x) > MOST_TOLD else ""
        return ", ".join(map(_text, x[:MOST_TOLD])) + more
    return _text(x)


def _text(x: Any) -> str:
    text = (
        x.decode(errors="replace") if isinstance(x, bytes) else number(x) if isinstance(x, float) else str(x)
    )
    text = text if isinstance(x, bytes) else text.replace("-", "−")
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"
