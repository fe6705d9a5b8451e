"""The picture of what an ONNX file is made of."""

import pytest

from nn import MLP, to_onnx
from nn.seeing import outline
from tests.nn.exporting.modules import MODULES

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")

from onnx import helper  # noqa: E402


def plain(drawing):
    """The text of a drawing."""
    return drawing.source.replace("&#160;", " ")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_operator_is_a_box(theme, tmp_path):
    make, X = MODULES["LeNet"]
    to_onnx(make(), tmp_path / "m.onnx", X[0], dtype="float32")
    drawing = outline(tmp_path / "m.onnx", theme=theme)
    said = plain(drawing)
    for name in (
        "steps.1",
        "Conv",
        "1 → 2, 3×3, padding 1×0",
        "18 parameters: 2×1×3×3",
        "samples × 2 × 8 × 6",
    ):
        assert name in said
    nodes = [node for node in onnx.load(tmp_path / "m.onnx").graph.node if node.op_type != "Constant"]
    assert drawing.source.count("class=layer") == 1 + len(nodes)
    assert drawing.pipe(encoding="utf-8").startswith("<?xml")


@pytest.fixture
def large(tmp_path):
    """A file of 10¹⁰ weights that are not there, in an operator that is not read."""
    tensor = onnx.TensorProto(dims=[10**5, 10**5], data_type=1, name="w")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="nowhere.bin")
    ends = [helper.make_tensor_value_info(name, 1, ["n", 10**5]) for name in "xy"]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["z"], name="wide"),
        helper.make_node("Det", ["z"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "large", ends[:1], ends[1:], [tensor])
    made = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    return tmp_path / "m.onnx"


def test_a_file_of_any_size(large):
    said = plain(outline(large))
    assert "wide" in said
    assert "10,000,000,000 parameters: 100000×100000" in said


def test_too_many_boxes_are_refused(large):
    with pytest.raises(ValueError, match="the network has 3 parts, too many to read in a picture"):
        outline(large, limit=2)


def test_what_is_no_file_of_onnx(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"m\.onnx: it is not an ONNX file"):
        outline(tmp_path / "m.onnx")


def test_what_is_refused_for_its_size_says_what_draws_it(tmp_path):
    from nn import from_onnx
    from nn.weights import MOST_WEIGHTS

    to_onnx(MLP(2, [2]), tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    model.graph.initializer[0].dims[:] = [MOST_WEIGHTS, 2]
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(
        ValueError, match=r"has 40,000,004 weights.*from nn import seeing; seeing\.outline\(path\) draws its"
    ):
        from_onnx(tmp_path / "m.onnx")
