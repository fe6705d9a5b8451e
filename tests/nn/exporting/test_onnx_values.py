"""ONNX's operators on Values: each against ONNX's own reference, as a file of a single node."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.testing import gradcheck
from nn import from_onnx
from nn.exporting.onnx_files.nested import nested
from nn.predictions import numbers_of, values_of

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
ort = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
reference = pytest.importorskip("onnx.reference")

from onnx import helper, numpy_helper  # noqa: E402

from nn.exporting.onnx_files.reading import OURS  # noqa: E402
from nn.exporting.onnx_files.values import OPERATORS  # noqa: E402

RNG = np.random.default_rng(0)


def drawn(*shape):
    return RNG.normal(size=shape)


def whole(*numbers):
    return np.array(numbers, np.int64)


X, PICTURE, SIGNAL = drawn(2, 3), drawn(2, 4, 5, 6), drawn(2, 2, 7)
POSITIVE, UNIT = np.abs(X) + 0.1, np.tanh(X)
STEPS = drawn(3, 2, 4)


def gates(n):
    return drawn(1, n * 3, 4), drawn(1, n * 3, 3), drawn(1, 2 * n * 3)


CASES = {
    **{name: [([X], {})] for name in (
        "Relu", "Selu", "Silu", "Softplus", "Sigmoid", "Tanh", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Asinh",
        "Atan", "Erf", "Exp", "Neg", "Abs", "Reciprocal", "Floor", "Round", "Identity", "Dropout", "Gelu",
    )},
    "LeakyRelu": [([X], {}), ([X], {"alpha": 0.25})],
    "Elu": [([X], {}), ([X], {"alpha": 0.5})],
    "PRelu": [([X, drawn(3)], {}), ([PICTURE, drawn(4, 1, 1)], {})],
    "Sqrt": [([POSITIVE], {})], "Log": [([POSITIVE], {})], "Acosh": [([POSITIVE + 1], {})],
    "Asin": [([UNIT], {})], "Acos": [([UNIT], {})], "Atanh": [([UNIT], {})],
    "Pow": [([POSITIVE, drawn(3)], {}), ([X, np.array(2.0)], {})],
    **{name: [([X, drawn(3)], {}), ([X, drawn(2, 1)], {}), ([X, np.array(0.5)], {})] for name in
       ("Add", "Sub", "Mul", "Div")},
    **{name: [([X, drawn(2, 3), drawn(3)], {}), ([X], {})] for name in ("Min", "Max", "Sum")},
    "Clip": [([X, np.array(-0.5), np.array(0.5)], {}), ([X, np.array(0.0)], {}), ([X], {})],
    "MatMul": [
        ([X, drawn(3, 4)], {}), ([drawn(4, 2), X], {}), ([drawn(2, 3, 4), drawn(2, 4, 2)], {}),
        ([drawn(2, 3, 4), drawn(4)], {}), ([drawn(2, 2, 3, 4), drawn(4, 5)], {}),
        ([drawn(3), drawn(3, 2)], {}),
    ],
    "Gemm": [
        ([X, drawn(3, 4)], {}), ([X, drawn(4, 3), drawn(4)], {"transB": 1}),
        ([X, drawn(2, 4), drawn(1, 4)], {"transA": 1, "alpha": 0.5, "beta": 2.0}),
        ([X, drawn(3, 2), drawn(2, 1)], {}), ([X, drawn(3, 2), np.array(0.5)], {"alpha": 2.0}),
    ],
    "Conv": [
        ([PICTURE, drawn(3, 4, 2, 3)], {}),
        ([PICTURE, drawn(3, 4, 2, 3), drawn(3)], {"strides": [2, 1], "pads": [1, 0, 0, 2]}),
        ([PICTURE, drawn(6, 2, 2, 2), drawn(6)], {"group": 2, "dilations": [2, 1]}),
        ([PICTURE, drawn(4, 1, 3, 3)], {"group": 4, "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ([PICTURE, drawn(2, 4, 2, 2)], {"auto_pad": "SAME_LOWER"}),
        ([PICTURE, drawn(2, 4, 2, 2)], {"auto_pad": "VALID"}),
        ([SIGNAL, drawn(3, 2, 3), drawn(3)], {"strides": [2], "pads": [1, 1]}),
        ([drawn(2, 1, 3, 3, 3), drawn(2, 1, 2, 2, 2)], {}),
    ],
    "MaxPool": [
        ([PICTURE], {"kernel_shape": [2, 3]}),
        ([PICTURE], {"kernel_shape": [2, 2], "strides": [2, 1], "pads": [1, 0, 0, 1]}),
        ([PICTURE], {"kernel_shape": [2, 2], "dilations": [2, 2]}),
        ([SIGNAL], {"kernel_shape": [3], "strides": [2], "auto_pad": "SAME_UPPER"}),
    ],
    "AveragePool": [
        ([PICTURE], {"kernel_shape": [2, 3], "strides": [2, 2]}),
        ([PICTURE], {"kernel_shape": [2, 2], "pads": [1, 1, 1, 1]}),
        ([PICTURE], {"kernel_shape": [2, 2], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
    ],
    "GlobalAveragePool": [([PICTURE], {}), ([SIGNAL], {})], "GlobalMaxPool": [([PICTURE], {})],
    "BatchNormalization": [
        ([PICTURE, drawn(4), drawn(4), drawn(4), np.abs(drawn(4))], {}),
        ([X, drawn(3), drawn(3), drawn(3), np.abs(drawn(3))], {"epsilon": 0.25}),
    ],
    "LayerNormalization": [
        ([X, drawn(3)], {}), ([PICTURE, drawn(6), drawn(6)], {"epsilon": 0.25}),
        ([PICTURE, drawn(5, 6), drawn(5, 6)], {"axis": -2}),
    ],
    "RMSNormalization": [([X, drawn(3)], {"epsilon": 0.25})],
    **{name: [([X], {}), ([PICTURE], {"axis": 1})] for name in ("Softmax", "LogSoftmax")},
    "RNN": [([STEPS, drawn(1, 3, 4), drawn(1, 3, 3)], {"hidden_size": 3}),
            ([STEPS, drawn(1, 3, 4), drawn(1, 3, 3), drawn(1, 6)], {"hidden_size": 3})],
    "LSTM": [([STEPS, *gates(4)], {"hidden_size": 3}), ([STEPS, *gates(4)[:2]], {"hidden_size": 3})],
    "GRU": [([STEPS, *gates(3)], {"hidden_size": 3, "linear_before_reset": 1})],
    "Flatten": [([PICTURE], {}), ([PICTURE], {"axis": 2}), ([PICTURE], {"axis": -1}), ([X], {"axis": 0})],
    "Reshape": [([PICTURE, whole(0, -1, 2)], {}), ([X, whole(3, 2)], {})],
    "Transpose": [([PICTURE], {"perm": [0, 2, 3, 1]}), ([X], {})],
    "Concat": [([X, drawn(2, 2)], {"axis": 1}), ([X, X], {"axis": -2})],
    "Split": [([PICTURE, whole(1, 3)], {"axis": 1}), ([PICTURE], {"axis": 3})],
    "Slice": [
        ([PICTURE, whole(1, 0), whole(3, 9), whole(1, 3), whole(1, 2)], {}),
        ([PICTURE, whole(-1), whole(-9), whole(2), whole(-2)], {}), ([X, whole(1), whole(2)], {}),
    ],
    "Gather": [
        ([X, whole(1, 0, 1)], {}), ([PICTURE, whole(2, -1)], {"axis": 2}), ([X, np.array(1)], {"axis": 1}),
    ],
    "Pad": [([X, whole(0, 1, 2, 0)], {}), ([X, whole(1, 0, 0, 0), np.array(0.5)], {})],
    "Squeeze": [([drawn(2, 1, 3, 1), whole(1)], {}), ([drawn(2, 1, 3, 1)], {})],
    "Unsqueeze": [([X, whole(1, -1)], {})],
    "Expand": [([drawn(2, 1), whole(2, 3)], {})],
    **{name: [([PICTURE], {}), ([X], {"keepdims": 0})] for name in
       ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceLogSumExp")},
}  # fmt: skip
WITH_AXES = [
    ("ReduceSum", [PICTURE, whole(1, -1)], {"keepdims": 0}, 17),
    ("ReduceMean", [PICTURE], {"axes": [2, 3]}, 17),
    ("ReduceMax", [PICTURE], {"axes": [-1], "keepdims": 0}, 17), ("ReduceSum", [PICTURE], {"axes": [1]}, 11),
    ("ReduceSum", [X, whole()], {"noop_with_empty_axes": 1}, 17), ("Softmax", [PICTURE], {}, 11),
    ("Softmax", [PICTURE], {"axis": 2}, 11), ("Squeeze", [drawn(2, 1, 3)], {"axes": [1]}, 11),
    ("Unsqueeze", [X], {"axes": [0, 3]}, 11), ("Clip", [X], {"min": -0.5, "max": 0.25}, 7),
    ("Slice", [PICTURE], {"starts": [1], "ends": [3], "axes": [2]}, 7),
    ("Pad", [X], {"pads": [0, 1, 2, 0]}, 7),
    ("Split", [PICTURE], {"axis": 1, "split": [1, 3]}, 11),
]  # fmt: skip
"""What stands in attributes in some versions, and in inputs in others."""
OF_NUMBERS = {
    "Shape", "Range", "ConstantOfShape", "Cast", "Where", "Equal", "Mod", "Less", "LessOrEqual", "Greater",
    "GreaterOrEqual", "Not", "And", "Or",
}  # fmt: skip
"""What computes shapes and conditions: below, in graphs of several nodes."""


def saved(path, nodes, inputs, kept=(), opset=17, outputs=("y",), kind=11):
    """Write a file with these nodes, inputs and arrays."""
    given = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape)
        for name, x in inputs.items()
    ]
    arrays = [numpy_helper.from_array(x, name) for name, x in kept]
    options = {"ir_version": 8 if opset < 20 else 10, "opset_imports": [helper.make_opsetid("", opset)]}

    def model(shapes):
        infos = [helper.make_tensor_value_info(n, kind, s) for n, s in zip(outputs, shapes, strict=True)]
        return helper.make_model(helper.make_graph(nodes, "test", given, infos, arrays), **options)

    found = reference.ReferenceEvaluator(model([None] * len(outputs))).run(None, dict(inputs))
    onnx.save(model([np.shape(y) for y in found]), path)
    return path


def sample(x):
    """What a network is given for an array: it has no axis of the samples."""
    return (x[0] if x.shape[:1] == (1,) else x).tolist()


def both(path, inputs, run):
    """The numbers that a program computes of a file, and those of its network."""
    wanted, found = run(str(path), dict(inputs)), from_onnx(path)(*map(sample, inputs.values()))
    return np.concatenate([np.ravel(w) for w in wanted]), numbers_of(found)


def in_the_reference(path, inputs):
    return reference.ReferenceEvaluator(path).run(None, inputs)


def in_onnxruntime(path, inputs):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(path, options).run(None, inputs)


LOOSE = {"Erf", "Gelu", "Selu", "LeakyRelu"}
"""Of these the reference computes the function, or what an attribute is by default, in single precision."""


def check(path, operator, arrays, attributes, opset, learned, run=in_the_reference):
    names = [f"i{k}" for k in range(len(arrays))]
    count = 2 if operator == "Split" else 1
    outputs = ["y", "z"][:count]
    node = helper.make_node(operator, names, outputs, name="it", **attributes)
    first, *rest = zip(names, arrays, strict=True)
    fixed = [(name, x) for name, x in rest if learned or x.dtype == np.int64 or x.ndim == 0]
    inputs = dict([first, *[pair for pair in rest if pair[0] not in dict(fixed)]])
    if operator == "BatchNormalization":
        inputs, fixed = dict([first]), rest
    wanted, found = both(saved(path, [node], inputs, fixed, opset, outputs), inputs, run)
    close = 1e-7 if operator in LOOSE else 1e-12
    np.testing.assert_allclose(found, wanted, rtol=close, atol=close)


YOUNG = {"Gelu": 20, "RMSNormalization": 23}


@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("name", [name for name in CASES if name not in OURS])
def test_an_operator_is_the_reference_s(name, learned, tmp_path):
    for arrays, attributes in CASES[name]:
        check(tmp_path / "m.onnx", name, arrays, attributes, YOUNG.get(name, 17), learned)


@pytest.mark.parametrize(("name", "arrays", "attributes", "opset"), WITH_AXES)
def test_an_older_version(name, arrays, attributes, opset, tmp_path):
    # the reference takes an old Softmax, or Pad, for the new one; onnxruntime has no old Clip of doubles
    run = in_the_reference if name == "Clip" else in_onnxruntime
    check(tmp_path / "m.onnx", name, arrays, attributes, opset, True, run)


def test_every_operator_has_a_case():
    assert {*OPERATORS} == {*CASES} | OF_NUMBERS | OURS


def test_shapes_and_conditions(tmp_path):
    node = helper.make_node
    nodes = [
        node("Shape", ["x"], ["shape"]), node("Gather", ["shape", "one"], ["width"]),
        node("Concat", ["minus", "width"], ["wanted"], axis=0), node("Reshape", ["x", "wanted"], ["flat"]),
        node("Mod", ["width", "five"], ["rest"]), node("Squeeze", ["rest"], ["n"]),
        node("Range", ["zero", "n", "step"], ["places"]),
        node("Cast", ["places"], ["counted"], to=11), node("Add", ["flat", "counted"], ["moved"]),
        node("ConstantOfShape", ["wanted_ones"], ["ones"], value=numpy_helper.from_array(np.array([1.5]))),
        node("Mul", ["moved", "ones"], ["more"]),
        node("Less", ["more", "two"], ["small"]), node("Greater", ["more", "zero_f"], ["large"]),
        node("And", ["small", "large"], ["inside"]), node("Not", ["inside"], ["outside"]),
        node("GreaterOrEqual", ["more", "two"], ["up"]), node("LessOrEqual", ["more", "zero_f"], ["down"]),
        node("Or", ["up", "down"], ["out"]), node("Where", ["inside", "more", "flat"], ["a"]),
        node("Where", ["outside", "more", "two"], ["b"]), node("Where", ["out", "a", "b"], ["c"]),
        node("Equal", ["places", "one"], ["second"]), node("Where", ["second", "a", "c"], ["y"]),
    ]  # fmt: skip
    kept = {
        "one": whole(1), "minus": whole(-1), "five": whole(5), "zero": np.array(0), "step": np.array(1),
        "wanted_ones": whole(2, 3), "two": np.array(2.0), "zero_f": np.array(0.0),
    }  # fmt: skip
    inputs = {"x": drawn(2, 3)}
    wanted, found = both(saved(tmp_path / "m.onnx", nodes, inputs, kept.items()), inputs, in_the_reference)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@given(st.data())
def test_windows_of_any_kind(tmp_path_factory, data):
    small = st.integers(1, 3)
    several = st.tuples(small, small).map(list)
    kernel, groups = data.draw(several), data.draw(small)
    more = data.draw(st.fixed_dictionaries({}, optional={
        "strides": several, "dilations": several, "pads": st.lists(st.integers(0, 2), min_size=4, max_size=4),
    }))  # fmt: skip
    x = np.random.default_rng(data.draw(st.integers(0, 9))).normal(size=(2, groups * data.draw(small), 7, 8))
    W = drawn(groups * data.draw(small), x.shape[1] // groups, *kernel)
    path = tmp_path_factory.mktemp("onnx") / "m.onnx"
    check(path, "Conv", [x, W, drawn(len(W))], {"group": groups, **more}, 17, True)


@pytest.mark.parametrize("name", ["Conv", "Gemm", "LayerNormalization", "GRU", "LSTM", "BatchNormalization"])
def test_gradients_are_those_of_differences(name, tmp_path):
    (arrays, attributes), *_ = CASES[name]
    names = [f"i{k}" for k in range(len(arrays))]
    node = helper.make_node(name, names, ["y"], **attributes)
    path = saved(tmp_path / "m.onnx", [node], {names[0]: arrays[0]}, zip(names[1:], arrays[1:], strict=True))
    model = from_onnx(path)

    def weighed(numbers):
        outputs = values_of(model(nested(list(numbers), arrays[0].shape)))
        return sum(v * (0.3 + 0.1 * (k % 7)) for k, v in enumerate(outputs))

    gradcheck(weighed, arrays[0].ravel().tolist())
    gradcheck(lambda: weighed(arrays[0].ravel().tolist()), wrt=model)
