"""A network that was read from an ONNX file: each of its nodes is a Module, of the class of its operator.

What an operator computes stands in `nn.exporting.onnx_files.values`, which needs NumPy and is loaded on first
use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from math import prod
from typing import Any

from autograd import Constant, Parameter, Value
from autograd.notation.hints import described
from autograd.notation.numbers import counted
from nn.checks import import_extra
from nn.construction import loadable
from nn.exporting.onnx_files.nested import in_a_row, nested, shape_of
from nn.inputs import NAME, once_as_values
from nn.module import Module
from nn.outputs import single_or_list
from nn.weights import check_weights, use_up

ROLES = {
    "Conv": ("", "weight", "bias"), "Gemm": ("weight", "weight", "bias"), "MatMul": ("weight", "weight"),
    "Add": ("bias", "bias"), "Sub": ("bias", "bias"), "Sum": ("bias", "bias"), "PRelu": ("", "slope"),
    "BatchNormalization": ("", "weight", "bias"), "LayerNormalization": ("", "weight", "bias"),
    "RNN": ("", "weight_ih", "weight_hh", "bias"), "LSTM": ("", "weight_ih", "weight_hh", "bias"),
    "GRU": ("", "weight_ih", "weight_hh", "bias"),
}  # fmt: skip
"""What the inputs of an operator are where they are weights: the attributes that hold them."""
USUAL: dict[str, Any] = {
    "group": 1, "auto_pad": "NOTSET", "ceil_mode": 0, "count_include_pad": 0, "storage_order": 0,
    "direction": "forward", "layout": 0, "training_mode": 0, "allowzero": 0, "approximate": "none",
}  # fmt: skip
"""What attributes are where they are left out."""
EXPECTED = {"axis": -1, "alpha": 1.0, "beta": 1.0, "keepdims": 1, "is_causal": 0, "pads": 0} | USUAL
"""What goes without saying."""
UNSAID = {"kernel_shape", "transA", "transB", "kv_num_heads", "linear_before_reset", "to", "momentum"}
"""What is told otherwise, or changes nothing here."""
WORDS = {"strides": "stride", "pads": "padding", "dilations": "dilation", "q_num_heads": "heads"}


class Operator(Module):
    """The base of the nodes: an ONNX operator, whose name is that of the class.

    Attributes:
        attributes: those of the node.
        version: the version of the operators that the file was written for.
        outputs: how many arrays it gives.
        held: for each input the attribute that holds it, if it is a weight; else "".
    """

    def __init__(self, node: Mapping[str, Any], held: Sequence[str]) -> None:
        self.attributes, self.version = dict(node["attributes"]), node["version"]
        self.outputs, self.held = len(node["outputs"]), [*held]

    def __call__(self, *inputs: Any) -> list[Any]:
        """Return the arrays that it gives.

        Args:
            inputs: the arrays that are not weights of its own; None for one that is left out.
        """
        given = iter(inputs)
        arrays = [_array(getattr(self, name)) if name else next(given) for name in self.held]
        while arrays and arrays[-1] is None:
            arrays.pop()
        operators = import_module("nn.exporting.onnx_files.values").OPERATORS
        made = operators[type(self).__name__](self, *arrays)
        return made if isinstance(made, list) else [made]

    def in_windows(self) -> tuple[int, ...]:
        """Return the size of its windows; see `Module.in_windows`."""
        shape = shape_of(getattr(self, "weight", ())) or ()
        return tuple(self.attributes.get("kernel_shape", shape[2:] if type(self).__name__ == "Conv" else ()))

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        shape = shape_of(getattr(self, "weight", ())) or ()
        return brief(type(self).__name__, self.attributes, shape, self.held[:1] == ["weight"])


def brief(operator: str, attributes: Mapping[str, Any], shape: Sequence[int], first: bool = False) -> str:
    """Return what a node is in a few words.

    Args:
        operator: its operator.
        attributes: those of it.
        shape: that of its weights, if it has some.
        first: whether these are its first input.

    >>> brief("Conv", {"strides": [2, 2], "pads": [1, 1, 1, 1]}, (6, 1, 5, 5))
    '1 → 6, 5×5, stride 2, padding 1'
    """
    return ", ".join([*_sizes_told(operator, attributes, shape, first), *_settings(attributes)])


def _sizes_told(
    operator: str, attributes: Mapping[str, Any], shape: Sequence[int], first: bool
) -> Iterator[str]:
    """Yield the numbers of inputs and outputs that weights tell, and the size of a window."""
    kernel = attributes.get("kernel_shape", shape[2:] if operator == "Conv" else ())
    if operator == "Conv" and shape:
        yield f"{shape[1] * attributes.get('group', 1)} → {shape[0]}"
    elif operator in ("Gemm", "MatMul") and len(shape) == 2:
        yield " → ".join(map(str, shape[::-1] if attributes.get("transB") or first else shape))
    elif operator == "Embedding" and shape:
        yield " × ".join(map(str, shape))
    if kernel:
        yield "×".join(map(str, kernel))


def _settings(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attributes that are not what they usually are."""
    usual = EXPECTED | dict.fromkeys(("strides", "dilations"), 1)
    for name, x in attributes.items():
        several = x if isinstance(x, list) else [x]
        if name == "pads" and several[: len(several) // 2] * 2 == several:  # as many after as before
            several = several[: len(several) // 2]
        if name == "is_causal" and x:
            yield "causal"
        elif name not in UNSAID and {*several} != {usual.get(name)}:
            alike = len({*several}) == 1
            yield f"{WORDS.get(name, name)} {'×'.join(map(_short, several[:1] if alike else several))}"


def _array(rows: Any) -> Any:
    """Return nested lists as an array."""
    return import_module("nn.exporting.onnx_files.arrays").array(in_a_row(rows), shape_of(rows))


def _short(x: Any) -> str:
    return f"{x:.3g}" if isinstance(x, float) else str(x)


@cache
def kind(operator: str) -> type[Operator]:
    """Return the class of the nodes of an operator."""
    return type(operator, (Operator,), {"__module__": __name__, "__doc__": f"The ONNX operator {operator}."})


def __getattr__(name: str) -> Any:
    """Return the class of an operator: what is pickled is looked for here."""
    if not name.isidentifier() or not name[:1].isupper():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return kind(name)


@loadable
class OnnxNetwork(Module):
    """A network whose nodes are those of an ONNX file: `nn.from_onnx` reads it.

    It takes one sample for each input of the file, without the axis of the samples, and gives what comes out
    of it: a Value, or lists of Values; of several outputs a dictionary by their names.

    Args:
        nodes: for each its ``name``, ``operator``, ``attributes``, ``version``, ``inputs`` and ``outputs``.
        inputs: for each its ``name`` and ``shape``, of which None is any number; whether it is
            ``batched``, and whether its numbers are ``whole``, or each a ``condition``.
        outputs: for each its ``name``, and whether it is ``batched``.
        weights: the shape of each array of Parameters, by name.
        constants: the ``shape`` and the ``numbers`` of each array that is not learned, by name.

    Attributes:
        described: all of that; the ``name`` of a node is the attribute that holds it.
        steps: the name of each node, of its inputs that are not weights, and of what it gives.
    """

    def __init__(
        self, nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], weights: Mapping[str, Any],
        constants: Mapping[str, Any],
    ) -> None:  # fmt: skip
        count = sum(map(prod, weights.values()))
        check_weights((count, 1))
        self.described: dict[str, Any] = {
            "nodes": nodes, "inputs": inputs, "outputs": outputs, "weights": weights, "constants": constants,
        }  # fmt: skip
        rows = {
            name: nested([Parameter(0.0) for _ in range(prod(shape))], shape)
            for name, shape in weights.items()
        }
        use_up(count)
        self.steps: list[tuple[str, list[str], list[str]]] = []
        layer = 0
        for node in nodes:
            layer += any(name in rows for name in node["inputs"])
            self._add(node, rows, layer)

    def _add(self, node: Mapping[str, Any], rows: Mapping[str, Any], layer: int) -> None:
        """Hold a node as a Module, and its weights in it, those of this layer."""
        operator, taken = node["operator"], node["inputs"]
        roles: list[str] = []
        for k, name in enumerate(taken):
            role = dict(enumerate(ROLES.get(operator, ()))).get(k) or "weight"
            roles.append((role if role not in roles else f"{role}_{k}") if name in rows else "")
        made = kind(operator)(node, roles)
        for k, (role, name) in enumerate(zip(roles, taken, strict=True)):
            if role:
                setattr(made, role, rows[name])
                is_turned = operator == "Gemm" and not node["attributes"].get("transB")
                _label(role, rows[name], layer, is_turned or (operator == "MatMul" and k > 0))
        setattr(self, node["name"], made)
        passing = [name for name in taken if name not in rows]
        self.steps.append((node["name"], passing, node["outputs"]))

    def arrays(self) -> dict[str, Any]:
        """Return the Parameters by the names that their arrays have in the file, in nested lists."""
        found: dict[str, Any] = {}
        for node in self.described["nodes"]:
            module = getattr(self, node["name"])
            held = zip(module.held, node["inputs"], strict=True)
            found |= {name: getattr(module, role) for role, name in held if role}
        return found

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return self.described

    def forward(self, *inputs: Any) -> Any:
        """Return what comes out of one sample for each input.

        Raises:
            TypeError, ValueError: if there are more or fewer inputs, or one has another shape.
        """
        arrays, outputs = self.computed(*inputs), self.described["outputs"]
        found = {spec["name"]: _given(arrays[spec["name"]], spec["batched"]) for spec in outputs}
        return found if len(found) > 1 else next(iter(found.values()))

    def zeros(self) -> tuple[Any, ...]:
        """Return zeros for each input; nothing, where one of them has axes of any length."""
        shapes = [spec["shape"] for spec in self.described["inputs"]]
        free = any(None in shape for shape in shapes)
        return () if free else tuple(nested([0.0] * prod(shape), shape) for shape in shapes)

    def computed(self, *inputs: Any) -> dict[str, Any]:
        """Return every array of the file but the weights, for one sample for each input."""
        values = import_extra("nn.exporting.onnx_files.arrays", "a network of an ONNX file")
        specs = self.described["inputs"]
        if len(inputs) != len(specs):
            names = ", ".join(spec["name"] for spec in specs)
            raise TypeError(f"this network takes {counted(len(specs), 'input')}: {names}; got {len(inputs)}")
        arrays: dict[str, Any] = {"": None}
        for name, x in self.described["constants"].items():
            arrays[name] = values.array(x["numbers"], x["shape"])
        for spec, x in zip(specs, inputs, strict=True):
            arrays[spec["name"]] = _taken(spec, x, NAME if len(specs) == 1 else spec["name"], values)
        for name, taken, given in self.steps:
            module = getattr(self, name)
            try:
                made = module(*[arrays[x] for x in taken])
            except (ArithmeticError, LookupError) as error:  # what the checker of files does not see
                raise ValueError(f"{name}, a {type(module).__name__}, computes nothing: {error}") from error
            arrays |= {x: y for x, y in zip(given, made, strict=False) if x}
        return arrays


def _label(role: str, rows: Any, layer: int, comes_first: bool) -> None:
    """Label Parameters as a layer does: a weight after what it leads from and to, others after their place.

    Args:
        role: what they are; its first letter is the name.
        rows: the Parameters.
        layer: the how many-th node with weights it is.
        comes_first: whether the first axis is that of what they lead from, else of what they lead to.
    """
    shape, flat = shape_of(rows) or (), in_a_row(rows)
    size = prod(shape[1:])
    comma = "," if max(len(flat) // size, size) >= 10 else ""
    for k, p in enumerate(flat):
        first, rest = (n + 1 for n in divmod(k, size))
        source, target = (first, rest) if comes_first else (rest, first)
        place = f"{source}{comma}{target}" if len(shape) > 1 else str(k + 1) if shape else ""
        p.label = f"{role[0]}{place}^{layer}"


def _taken(spec: Mapping[str, Any], x: Any, name: str, values: Any) -> Any:
    """Return the sample of an input as an array; its numbers become Values after this name."""
    shape, wanted = shape_of(x), spec["shape"]
    if shape is None or not _fits(shape, wanted):
        came = "lists of different lengths" if shape is None else _sizes(shape) if shape else described(x)
        raise ValueError(f"the input {spec['name']} of this network takes {_sizes(wanted)}; got {came}")
    flat = in_a_row(x)
    if spec["whole"] and all(map(_is_whole, flat)):
        numbers: Sequence[Any] = [bool(v) if spec.get("condition") else int(v) for v in flat]
    else:
        numbers = once_as_values(
            x if len(shape) == 1 else flat, tuple(flat), lambda _, *at: _named(name, *at)
        )
    return values.array(numbers, [*[1] * spec["batched"], *shape])


def _named(name: str, before: int, count: int) -> list[str]:
    """Return names of this many inputs, of which there are some already."""
    apart = "," * name[-1:].isdigit()
    return [f"{name}{apart}{k}" for k in range(before + 1, before + count + 1)]


def _fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    return len(shape) == len(wanted) and all(
        n > 0 and m in (None, n) for n, m in zip(shape, wanted, strict=True)
    )


def _is_whole(x: Any) -> bool:
    return not isinstance(x, Value) and float(x).is_integer()


def _sizes(shape: Sequence[int | None]) -> str:
    return " × ".join("any" if n is None else str(n) for n in shape) or "one number"


def _given(array: Any, batched: bool) -> Any:
    """Return an array as lists of Values, without the axis of the samples; a single one alone."""
    rows = array[0] if batched and array.ndim and len(array) == 1 else array
    shape = shape_of(rows) or ()
    values = [v if isinstance(v, Value) else Constant(float(v)) for v in in_a_row(rows)]
    return single_or_list(values) if len(shape) == 1 else nested(values, shape)
