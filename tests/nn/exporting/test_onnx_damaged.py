"""ONNX files that are wrong, damaged, too large or of other operators: what is said of them."""

import random
import warnings
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import from_onnx, to_onnx
from nn.predictions import numbers_of
from nn.seeing import outline
from tests.nn.exporting.modules import MODULES

onnx = pytest.importorskip("onnx", reason="the package onnx is not installed")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

from onnx import helper, numpy_helper  # noqa: E402

from tests.nn.exporting.test_from_onnx import file_of  # noqa: E402


@pytest.mark.parametrize(("node", "said"), [
    (helper.make_node("Det", ["x"], ["y"], name="what"),
     r"node 'what' is a Det, which is not read\. What is read: Abs, "),
    (helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml"),
     "node 'y' is a Scaler of ai.onnx.ml, which"),
    (helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2], ceil_mode=1),
     "MaxPool whose ceil_mode is 1; 0"),
    (helper.make_node("MaxPool", ["x"], ["y", "z"], kernel_shape=[2]), "MaxPool with several outputs"),
    (helper.make_node("LSTM", ["x", "x", "x", "", "x"], ["y"], hidden_size=2), "LSTM with an input 5, which"),
    (helper.make_node("GRU", ["x", "x", "x"], ["y"], hidden_size=2), "linear_before_reset is 0; 1 is read"),
])  # fmt: skip
def test_what_is_not_read_is_named(node, said, tmp_path):
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    path = file_of([node], tmp_path / "m.onnx", imports=imports)
    with pytest.raises(ValueError, match=rf"m\.onnx: .*{said}"):
        from_onnx(path)


def test_what_can_be_read_without_it_is_said_and_can_be_cut_off(tmp_path):
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["p"]), helper.make_node("ArgMax", ["p"], ["y"], name="label"),
    ]  # fmt: skip
    path = file_of(nodes, tmp_path / "m.onnx", outputs=["y", "p"])
    with pytest.raises(ValueError, match="'label' is a ArgMax, which is not read") as caught:
        from_onnx(path)
    assert """extract_model(path, "cut.onnx", ['x'], ['p']) writes a file of""" in str(caught.value)
    onnx.utils.extract_model(path, tmp_path / "cut.onnx", ["x"], ["p"])
    assert numbers_of(from_onnx(tmp_path / "cut.onnx")([0.0, 0.0])) == [0.5, 0.5]
    path = file_of(nodes, tmp_path / "m.onnx")
    with pytest.raises(ValueError, match="not read") as caught:
        from_onnx(path)
    assert "['x'], ['p']) writes" in str(caught.value)


def test_an_array_that_no_memory_holds_is_refused(tmp_path):
    kept = [numpy_helper.from_array(np.array([10**6, 10**6]), "shape")]
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["ones"]),
        helper.make_node("Mul", ["x", "ones"], ["y"]),
    ]  # fmt: skip
    model = from_onnx(file_of(nodes, tmp_path / "m.onnx", kept=kept))
    with pytest.raises(ValueError, match="an array of 1000000 × 1000000 numbers is too large"):
        model([1.0, 2.0])


@given(st.lists(st.sampled_from([0.0, 0.5, -np.inf, np.inf, np.nan]), min_size=2, max_size=2))
def test_weights_that_are_not_learned_are_named(tmp_path_factory, numbers):
    folder = tmp_path_factory.mktemp("onnx")
    kept = [numpy_helper.from_array(np.array(numbers, "float32"), "w")]
    path = file_of([helper.make_node("Add", ["x", "w"], ["y"])], folder / "m.onnx", kept=kept)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = from_onnx(path)
    is_mask, is_finite = {*numbers} <= {0.0, -np.inf}, bool(np.isfinite(numbers).all())
    assert len(model.parameters()) == 2 * is_finite
    assert [str(w.message).partition(" ")[0] for w in said] == ["w"] * (not is_mask and not is_finite)
    assert all(w.filename == __file__ for w in said)


def test_an_old_version_is_refused(tmp_path):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    path = file_of(nodes, tmp_path / "m.onnx", imports=[helper.make_opsetid("", 6)])
    with pytest.raises(ValueError, match="its operators are those of version 6; from version 7 on"):
        from_onnx(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        from_onnx(tmp_path / "none.onnx")


@pytest.mark.parametrize("content", [b"", b"no", b"\x00" * 100, b"\x08\x08" * 50, b"PK\x03\x04"])
def test_what_is_no_file_of_onnx(content, tmp_path):
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(ValueError, match=r"m\.onnx: it is not? (an|valid)"):
        from_onnx(tmp_path / "m.onnx")


def outside(location):
    """An array that a file keeps elsewhere."""
    tensor = numpy_helper.from_array(np.ones(2, "float32"), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


@pytest.mark.parametrize("location", ["../w.bin", "/etc/hostname", "none.bin", "", "link.bin"])
def test_arrays_outside_of_the_folder_are_refused(location, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "w.bin").write_bytes(np.ones(2, "float32").tobytes())
    (folder / "link.bin").symlink_to(tmp_path / "w.bin")
    path = file_of([helper.make_node("Add", ["x", "w"], ["y"])], folder / "m.onnx", kept=[outside(location)])
    with pytest.raises(ValueError, match=r"w is kept in .*, which is not a file in the folder of this one"):
        from_onnx(path)


def test_arrays_in_the_folder_are_read(tmp_path):
    (tmp_path / "w.bin").write_bytes(np.array([1.5, 2.5], "float32").tobytes())
    nodes = [helper.make_node("Add", ["x", "w"], ["y"])]
    model = from_onnx(file_of(nodes, tmp_path / "m.onnx", kept=[outside("w.bin")]))
    assert numbers_of(model([1.0, 2.0])) == [2.5, 4.5]
    (tmp_path / "w.bin").write_bytes(b"1")
    with pytest.raises(ValueError, match=r"raw_data size .1 bytes. is too small"):
        from_onnx(tmp_path / "m.onnx")


def test_more_weights_than_there_can_be_objects(tmp_path):
    huge = onnx.TensorProto(dims=[10**6, 10**6], data_type=1, name="w", raw_data=b"1234")
    path = file_of([helper.make_node("Add", ["x", "w"], ["y"])], tmp_path / "m.onnx", kept=[huge])
    with pytest.raises(ValueError, match=r"m\.onnx: "):
        from_onnx(path)


def test_a_function_that_calls_itself(tmp_path):
    loop = helper.make_function(
        "own", "Loop", ["x"], ["y"], [helper.make_node("Loop", ["x"], ["y"], domain="own")],
        [helper.make_opsetid("own", 1)],
    )  # fmt: skip
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    nodes = [helper.make_node("Loop", ["x"], ["y"], domain="own")]
    path = file_of(nodes, tmp_path / "m.onnx", functions=[loop], imports=imports)
    with pytest.raises(ValueError, match=r"m\.onnx: "):
        from_onnx(path)


def test_a_function_of_another_program_is_read_in_its_operators(tmp_path):
    twice = helper.make_function(
        "own", "Twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 17)],
    )  # fmt: skip
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    nodes = [helper.make_node("Twice", ["x"], ["y"], domain="own")]
    model = from_onnx(file_of(nodes, tmp_path / "m.onnx", functions=[twice], imports=imports))
    assert numbers_of(model([1.0, 2.0])) == [2.0, 4.0]


@pytest.mark.parametrize("name", ["LeNet", "Recurrent LSTM", "Transformer"])
def test_a_damaged_file_is_read_or_refused_by_name(name, tmp_path):
    make, X = MODULES[name]
    to_onnx(make(), tmp_path / "m.onnx", X[0])
    content, chance = (tmp_path / "m.onnx").read_bytes(), random.Random(0)
    for _ in range(60):
        bad = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        (tmp_path / "bad.onnx").write_bytes(bad[: chance.choice([len(bad), chance.randrange(len(bad))])])
        for read in (from_onnx, lambda path: outline(path).html()):
            with suppress(ValueError), warnings.catch_warnings(), naming(tmp_path / "bad.onnx"):
                warnings.simplefilter("ignore")  # of weights that are not finite any more
                read(tmp_path / "bad.onnx")


@contextmanager
def naming(path):
    """Have every ValueError of the block name a file first."""
    try:
        yield
    except ValueError as error:
        if not str(error).startswith(f"{path}: "):
            pytest.fail(f"{error} does not name the file")
        raise
