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
        "HardSwish", "Ceil",
    )},
    "HardSigmoid": [([X], {}), ([X], {"alpha": 0.5, "beta": 0.25})],
    "Tile": [([X, whole(2, 1)], {}), ([drawn(2, 1, 3), whole(1, 3, 2)], {})],
    "Trilu": [
        ([drawn(4, 5)], {}), ([drawn(2, 3, 3), np.array(1)], {"upper": 0}), ([drawn(3, 4), np.array(-1)], {}),
        ([drawn(3, 3), np.array(1)], {}), ([drawn(3, 3)], {"upper": 0}),
    ],
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
       ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceLogSumExp", "ReduceL1", "ReduceSumSquare",
        "ReduceProd")},
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


LOOSE = {"Erf", "Gelu", "HardSwish", "Selu", "LeakyRelu"}
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


AUTO = [
    (name, arrays, {"auto_pad": how, "strides": [stride, stride], **more})
    for how in ("SAME_UPPER", "SAME_LOWER", "VALID") for stride in (1, 2)
    for name, arrays, more in (
        ("Conv", [PICTURE, drawn(3, 4, 2, 3)], {}), ("MaxPool", [PICTURE], {"kernel_shape": [2, 3]}),
        ("AveragePool", [PICTURE], {"kernel_shape": [2, 3]}),
    )
]  # fmt: skip
USUAL = [
    *AUTO, *[(name, arrays, a) for name in ("Selu", "Elu", "Gemm", "Flatten") for arrays, a in CASES[name]],
    ("Selu", [X], {"alpha": 1.5, "gamma": 2.0}), ("Selu", [X], {"gamma": 2.0}),
]  # fmt: skip


@pytest.mark.parametrize("opset", [7, 9, 11, 13, 15, 18, 21])
def test_usual_operators_are_those_of_onnxruntime_in_every_version(opset, tmp_path):
    for name, arrays, attributes in USUAL:
        single = [x.astype(np.float32) for x in arrays]
        names = [f"i{k}" for k in range(len(single))]
        if opset < 11 and (attributes.get("axis") == -1 or (name == "Gemm" and len(single) < 3)):
            continue  # which these versions do not have
        node, kept = helper.make_node(name, names, ["y"], **attributes), [*zip(names, single, strict=True)]
        path = saved(tmp_path / "m.onnx", [node], dict(kept[:1]), kept[1:], opset, kind=1)
        wanted, found = both(path, dict(kept[:1]), in_onnxruntime)
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5, err_msg=f"{name} {attributes}")


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


@pytest.mark.parametrize("name", [name for name in CASES if name not in OURS])
def test_an_operator_of_numbers_alone_gives_the_same(name, tmp_path):
    for arrays, attributes in CASES[name]:
        names = [f"i{k}" for k in range(len(arrays))]
        outputs = ["y", "z"][: 2 if name == "Split" else 1]
        nodes = [
            helper.make_node("Constant", [], [n], value=numpy_helper.from_array(x))
            for n, x in zip(names, arrays, strict=True)
        ]
        nodes.append(helper.make_node(name, names, outputs, name="it", **attributes))
        path = saved(tmp_path / "m.onnx", nodes, {}, (), YOUNG.get(name, 17), outputs)
        wanted, found = both(path, {}, in_the_reference)
        close = 1e-7 if name in LOOSE else 1e-12
        np.testing.assert_allclose(found, wanted, rtol=close, atol=close)


@pytest.mark.parametrize("name", [name for name, ((arrays, _), *_) in CASES.items() if len(arrays) == 1])
def test_an_operator_of_values_among_zeros_gives_the_same(name, tmp_path):
    if name in OURS or not name.isidentifier() or name in ("Log", "Reciprocal", "Acosh", "GlobalMaxPool"):
        return  # which zero is no number of
    ((x,), attributes), *_ = CASES[name]
    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["around"]),
        helper.make_node(name, ["around"], ["y", "z"][: 2 if name == "Split" else 1], **attributes),
    ]
    pads = whole(*[0, 0] * (x.ndim - 1), 0, 2)
    outputs = ["y", "z"][: 2 if name == "Split" else 1]
    path = saved(tmp_path / "m.onnx", nodes, {"x": x}, [("pads", pads)], YOUNG.get(name, 17), outputs)
    wanted, found = both(path, {"x": x}, in_the_reference)
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(("name", "inputs", "opset"), [
    ("Slice", [X, whole(0, 0), whole(2, 3), None, whole(1, 2)], 17), ("Clip", [X, None, np.array(0.25)], 17),
    ("Pad", [X, whole(1, 0), None, whole(1)], 18), ("ReduceSum", [X, None], 17),
    ("Gemm", [X, drawn(3, 2), None], 17),
    ("Dropout", [X, None, None], 17), ("Conv", [SIGNAL, drawn(3, 2, 3), None], 17),
])  # fmt: skip
def test_an_input_that_is_left_out(name, inputs, opset, tmp_path):
    names = ["" if x is None else f"i{k}" for k, x in enumerate(inputs)]
    node = helper.make_node(name, names, ["y"])
    kept = [pair for pair in zip(names[1:], inputs[1:], strict=True) if pair[0]]
    path = saved(tmp_path / "m.onnx", [node], {"i0": inputs[0]}, kept, opset)
    wanted, found = both(path, {"i0": inputs[0]}, in_the_reference)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


REAL = st.floats(-9, 9).filter(lambda x: abs(x - round(x)) > 1e-6 or x == round(x))


@given(
    st.lists(REAL, min_size=4, max_size=4),
    st.lists(st.sampled_from(["float", "int64", "int32", "bool", "double"]), min_size=1, max_size=4),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_numbers_cast_to_any_types(tmp_path_factory, numbers, kinds, is_constant, compared):
    x = np.array(numbers).reshape(2, 2)
    x = x.astype("float32").astype("float64")
    nodes = [helper.make_node("Constant", [], ["x"], value=numpy_helper.from_array(x))] if is_constant else []
    nodes += [helper.make_node("Less" if compared else "Identity", ["x", "half"][: 1 + compared], ["c0"])]
    for k, kind in enumerate([*kinds, "double"]):
        to = {"float": 1, "int32": 6, "int64": 7, "bool": 9, "double": 11}[kind]
        nodes.append(helper.make_node("Cast", [f"c{k}"], [f"c{k + 1}"], to=to))
    nodes.append(helper.make_node("Div", [f"c{len(kinds) + 1}", "four"], ["y"]))
    kept = [("half", np.array(0.5)), ("four", np.array(4.0))]
    inputs = {} if is_constant else {"x": x}
    path = saved(tmp_path_factory.mktemp("onnx") / "m.onnx", nodes, inputs, kept)
    wanted, found = both(path, inputs, in_the_reference)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


WHOLES = st.lists(st.integers(-9, 9).filter(bool), min_size=3, max_size=3)


@given(st.sampled_from(["Add", "Sub", "Mul", "Div"]), WHOLES, WHOLES, st.booleans())
def test_whole_numbers_stay_whole(tmp_path_factory, name, a, b, is_input):
    nodes = [helper.make_node("Cast", ["a"], ["n"], to=7), helper.make_node(name, ["n", "b"], ["y"])]
    varied, fixed = {"a": np.array(a, float) + 0.25 * np.sign(a)}, {"b": whole(*b)}
    inputs, kept = (varied, fixed) if is_input else ({}, varied | fixed)
    path = saved(tmp_path_factory.mktemp("onnx") / "m.onnx", nodes, inputs, kept.items(), kind=7)
    wanted, found = both(path, inputs, in_onnxruntime)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(("name", "a", "b"), [
    ("Div", 1.0, 0.0), ("Div", 0.0, 0.0), ("Div", -1.0, 0.0), ("Mod", 1.0, 0.0), ("Pow", -2.0, 0.5),
    ("Pow", 0.0, -1.0), ("Mul", 1e300, 1e300), ("Pow", 1e300, 2.0), ("Div", 1, 0), ("Mod", 1, 0),
])  # fmt: skip
@pytest.mark.parametrize("learned", [True, False])
def test_what_is_no_number_is_as_ieee_has_it_or_an_error_that_names_the_node(name, a, b, learned, tmp_path):
    given, is_whole = {"x": np.array([a, a])} if learned and isinstance(a, float) else {}, isinstance(a, int)
    kept = [("x", np.array([a, a]))] * (not given) + [("b", np.array([b]))]
    path = file_of([helper.make_node(name, ["x", "b"], ["y"], name="it")], given, kept, tmp_path, is_whole, 1)
    if is_whole:
        with pytest.raises(ValueError, match=f"^it, a {name}, computes nothing: "):
            from_onnx(path)(*[[a, a]] * len(given))
        return
    with np.errstate(all="ignore"):
        wanted = {"Div": np.divide, "Mod": np.mod, "Pow": np.power, "Mul": np.multiply}[name](a, b)
    np.testing.assert_array_equal(numbers_of(from_onnx(path)(*[[a, a]] * len(given))), [wanted] * 2)


def file_of(nodes, inputs, kept, folder, is_whole=False, rank=2):
    """Write a file that need not compute anything."""
    infos = [helper.make_tensor_value_info(n, 11, x.shape) for n, x in inputs.items()]
    output = helper.make_tensor_value_info("y", 7 if is_whole else 11, ["n"] * rank)
    arrays = [numpy_helper.from_array(x, n) for n, x in kept]
    graph, imports = helper.make_graph(nodes, "test", infos, [output], arrays), [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, ir_version=8, opset_imports=imports), folder / "m.onnx")
    return folder / "m.onnx"


@pytest.mark.parametrize("node", [
    helper.make_node("ReduceSum", ["x", "five"], ["y"], name="it"),
    helper.make_node("Gather", ["x", "five"], ["y"], name="it"),
    helper.make_node("Softmax", ["x"], ["y"], name="it", axis=5),
    helper.make_node("LayerNormalization", ["x", "w"], ["y"], name="it", axis=5),
    helper.make_node("Concat", ["x", "x"], ["y"], name="it", axis=5),
    helper.make_node("Squeeze", ["x", "five"], ["y"], name="it"),
    helper.make_node("Flatten", ["x"], ["y"], name="it", axis=5),
    helper.make_node("Split", ["x"], ["y"], name="it", axis=5),
])  # fmt: skip
def test_an_axis_or_an_id_that_there_is_not_is_named(node, tmp_path):
    kept = [("five", whole(5)), ("w", np.ones(2))]
    with pytest.raises(ValueError, match=r"^it, a |m\.onnx: "):
        from_onnx(file_of([node], {"x": drawn(2, 2)}, kept, tmp_path))([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("x", [np.array([1j, 2.0]), np.array(["1.5", "2"], object)])
def test_an_array_of_something_else_is_refused(x, tmp_path):
    path = file_of([helper.make_node("Identity", ["w"], ["y"])], {}, [("w", x)], tmp_path, rank=1)
    with pytest.raises(ValueError, match=r"m\.onnx: w is not an array of real numbers, but of"):
        from_onnx(path)


@pytest.mark.parametrize("x", [None, "ab", 3.0])
def test_an_input_that_is_not_an_array_is_named(x, tmp_path):
    model = from_onnx(file_of([helper.make_node("Relu", ["x"], ["y"])], {"x": drawn(2, 2)}, [], tmp_path))
    with pytest.raises(ValueError, match=f"input x of this network takes 2 × 2; got .*{x}"):
        model(x)


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
