"""Tapes in files, in pickles and in other processes: the same bits, and nothing stale or foreign."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
from collections import namedtuple
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Constant, Parameter, Value, ops, where
from autograd.core.primitive import TABLE, Op
from autograd.files.reading import sealed
from autograd.files.tensorfile import CheckpointError, read_header, read_tensors
from autograd.tape import Tape
from autograd.tape.saved import from_bytes, packed
from autograd.value import apply
from tests.strategies import Recipe, recipes

Point = namedtuple("Point", "x y")


def network(**settings: Any) -> Tape:
    w = [Parameter(0.5 * i - 1, f"w{i}") for i in range(4)]
    scale = Value(0.1 + 0.2, "scale")

    def function(p: dict[str, Any], unused: Value, k: Value) -> dict[str, Any]:
        hidden = [sum(a * b for a, b in zip(w[i : i + 2], p["x"], strict=True)).tanh() for i in (0, 2)]
        share = autograd.softmax(hidden)[0]
        return {"loss": scale * where(p["x"][0] > 0, share, hidden[1] * 3), "all": [hidden, share]}

    return Tape.record(function, {"x": [1.0, 2.0]}, 5.0, k=2.0, **settings)


def data(count: int = 50) -> tuple[tuple[Any, Any], dict[str, Any]]:
    rng = np.random.default_rng(0)
    return ({"x": rng.normal(size=(count, 2))}, rng.normal(size=count)), {"k": 1.5}


def numbers(tape: Tape) -> str:
    """Everything that a tape gives, to the last bit, structure included."""
    args, named = data()
    some = [tape.forward(*args, **named)]
    for j in range(len(tape.outputs)):
        some += [tape.gradients(*args, output=j, **named), tape.input_gradients(*args, output=j, **named)]
    return repr(pickle.dumps(some))


def saved_and_loaded(tape: Tape) -> Tape:
    return Tape(*[*from_bytes(packed(tape.recorded, {"dtype": tape.dtype, "threads": tape.threads}))][:1],
                tape.dtype, tape.threads)  # fmt: skip


COPIES: dict[str, Callable[[Tape], Tape]] = {
    "file": saved_and_loaded,
    "pickle": lambda tape: pickle.loads(pickle.dumps(tape)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("settings", [{}, {"dtype": "float32"}, {"threads": 2}], ids=str)
def test_a_copy_gives_the_same_bits_and_reads_the_same(
    copied: Callable[[Tape], Tape], settings: dict[str, Any]
) -> None:
    tape = network(**settings)
    tape.vector = tape.vector + 0.125  # not as recorded
    other = copied(tape)
    assert numbers(other) == numbers(tape)
    assert repr(other) == repr(tape)
    assert [p.label for p in other.parameters] == [p.label for p in tape.parameters]
    assert [type(p) for p in other.parameters] == [type(p) for p in tape.parameters]
    assert [v.label for v in other.inputs] == [v.label for v in tape.inputs]
    assert [i.note for i in other.instructions] == [i.note for i in tape.instructions]
    assert other.reached == tape.reached
    assert numbers(copied(other)) == numbers(tape)


def test_a_loaded_tape_has_values_of_its_own(tmp_path: Path) -> None:
    tape = network()
    tape.save(tmp_path / "net.tape")
    other = Tape.load(tmp_path / "net.tape")
    assert not {*other.parameters, *other.outputs, *other.inputs} & {*tape.parameters, *tape.inputs}
    other.outputs[0].backward()
    before = numbers(tape)
    other.vector = other.vector * 2
    assert numbers(tape) == before != numbers(other)
    assert other.explain(other.outputs[0]).op is ops.mul


@settings(max_examples=20)
@given(recipes(most_steps=14), st.data())
def test_any_graph_comes_back_with_the_same_bits(recipe: Recipe, draw: st.DataObject) -> None:
    varying = draw.draw(st.lists(st.booleans(), min_size=len(recipe.numbers), max_size=len(recipe.numbers)))
    leaves = [Value(x) if v else Parameter(x) for x, v in zip(recipe.numbers, varying, strict=True)]
    inputs = [v for v in leaves if not isinstance(v, Parameter)]
    tape = Tape.of(recipe.compute(leaves), inputs)
    other = saved_and_loaded(tape)
    samples = [[v.data, v.data + 0.5] for v in inputs]
    for found, wanted in (
        (other.forward(*samples), tape.forward(*samples)),
        (other.gradients(*samples), tape.gradients(*samples)),
        (other.input_gradients(*samples), tape.input_gradients(*samples)),
    ):
        assert pickle.dumps(found) == pickle.dumps(wanted)


def test_a_constant_input_stays_without_a_gradient() -> None:
    x, c = Value(2.0), Constant(3.0)
    tape = Tape.of(x * c, [x, c])
    assert tape.input_gradients([2.0], [3.0]).tolist() == [[3.0, 0.0]]
    assert saved_and_loaded(tape).input_gradients([2.0], [3.0]).tolist() == [[3.0, 0.0]]


def test_a_named_tuple_stays_one_in_a_pickle_and_is_a_tuple_in_a_file() -> None:
    tape = Tape.record(lambda p: Point(p.x, p.x * p.y), Point(1.0, 2.0))
    given_, wanted = Point([1.0], [3.0]), [[1.0], [3.0]]
    for other, kind in ((pickle.loads(pickle.dumps(tape)), Point), (saved_and_loaded(tape), tuple)):
        found = other.forward(given_)
        assert type(found) is kind
        assert [part.tolist() for part in found] == wanted


# --------------------------------------------------------------------------- other processes


def in_another_process(tape: Tape) -> str:
    return numbers(tape)


def trained(run: Any) -> tuple[list[float], list[float]]:
    for _ in range(5):
        run.step()
        run.vector -= 0.05 * run.gradient
    run.write()
    return run.vector.tolist(), run.gradient.tolist()


def test_tapes_and_trainings_go_to_a_pool_of_processes() -> None:
    tape = network()
    w, v = Parameter(3.0), Parameter(1.0)
    flat = Tape.record(lambda x: (w * x + v) ** 2, 1.0)
    with flat.training([1.0, 2.0]) as run, ProcessPoolExecutor(1, get_context("spawn")) as pool:
        run.step()
        run_there = pool.submit(trained, run)
        assert pool.submit(in_another_process, tape).result() == numbers(tape)
        run_here = trained(run)
        assert run_there.result() == run_here


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))], ids=range(3)
)
def test_a_copied_training_goes_on_by_itself(copied: Callable[[Any], Any]) -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: (w * x) ** 2, 1.0)
    with tape.training([1.0, 2.0]) as run:
        run.step()
        other = copied(run)
        before = run.vector.tolist(), run.gradient.tolist(), run.X.tolist()
        assert before == (other.vector.tolist(), other.gradient.tolist(), other.X.tolist())
        other.step()
        other.vector -= 1.0
        other.X[:] = 5.0
        assert before == (run.vector.tolist(), run.gradient.tolist(), run.X.tolist())


# ------------------------------------------------------------------------------------- bad files


def content(tape: Tape | None = None) -> bytes:
    return packed((tape or network()).recorded, {"dtype": "float64", "threads": 1})


def test_damaged_files_are_refused() -> None:
    good, rng = content(), random.Random(0)
    for _ in range(300):
        bad = bytearray(good)
        place = rng.randrange(len(bad))
        bad[place] ^= 1 << rng.randrange(8)
        with pytest.raises(CheckpointError):
            from_bytes(bytes(bad))
    for length in rng.sample(range(len(good)), 50):
        with pytest.raises(CheckpointError):
            from_bytes(good[:length])


def test_foreign_files_are_refused_by_what_they_are(tmp_path: Path) -> None:
    nn = pytest.importorskip("nn")
    nn.save(nn.MLP(2, [1], seed=0), tmp_path / "net")
    with pytest.raises(CheckpointError, match=r"net: it is not the file of a tape.* a network, which nn"):
        Tape.load(tmp_path / "net")
    (tmp_path / "text").write_text("a tape, honestly")
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        Tape.load(tmp_path / "text")
    (tmp_path / "pickle").write_bytes(pickle.dumps(network()))
    with pytest.raises(CheckpointError, match="not a safetensors file"):
        Tape.load(tmp_path / "pickle")
    network().save(tmp_path / "tape")
    with pytest.raises(nn.CheckpointError, match="tape: 'args' holds 'I64'"):
        nn.load(tmp_path / "tape")
    with pytest.raises(FileNotFoundError):
        Tape.load(tmp_path / "none")
    with pytest.raises(CheckpointError, match="version '2'; this program reads 1"):
        from_bytes(forged(lambda texts, tensors: texts.update({"chainrule tape": "2"})))


def forged(change: Callable[[dict[str, str], dict[str, Any]], object]) -> bytes:
    """A file with something else in it, and the right checksum."""
    from io import BytesIO

    good = content()
    file = BytesIO(good)
    header = read_header(file, len(good), {"F64": 8, "I64": 8})
    texts, tensors = dict(header.texts), read_tensors(file, header)
    del texts["checksum"]
    change(texts, tensors)
    return sealed(tensors, texts)


def with_told(**told: Any) -> Callable[[dict[str, str], dict[str, Any]], object]:
    return lambda texts, tensors: texts.update(tape=json.dumps(json.loads(texts["tape"]) | told))


def with_number(name: str, place: int, number: int) -> Callable[[dict[str, str], dict[str, Any]], object]:
    return lambda texts, tensors: tensors[name].numbers.__setitem__(place, number)


FORGERIES = {
    "no graph": lambda texts, tensors: texts.pop("tape"),
    "no JSON": lambda texts, tensors: texts.update(tape="{"),
    "no numbers": lambda texts, tensors: tensors.pop("args"),
    "an op that is no name": with_told(ops=[3]),
    "a form that is none": with_told(arguments=[["what"], ["x"], 0]),
    "a deep form": lambda texts, tensors: texts.update(
        tape=texts["tape"].replace('"number"', '{"list": [' * 5000 + '"number"' + "]}" * 5000)
    ),
    "a huge form": with_told(arguments=[[{"array": [2**40]}], ["x"], 0]),
    "another width": with_told(results=[["number"], ["x"], 0]),
    "labels of nothing": with_told(labels={"100000": "x"}),
    "an input that comes later": with_number("args", 0, 10**6),
    "a negative input": with_number("args", 0, -1),
    "an op beyond the table": with_number("codes", -1, 99),
    "a leaf of no kind": with_number("codes", 0, -9),
    "an op without inputs": with_number("counts", -1, 0),
    "more inputs than there are": with_number("counts", -1, 10**9),
    "an output beyond the end": with_number("outputs", 0, 10**6),
    "a negative output": with_number("outputs", 0, -1),
    "an input twice": with_number("inputs", 0, 1),
    "fewer leaves": lambda texts, tensors: tensors.update(leaves=tensors["still"]),
}


@pytest.mark.parametrize("change", FORGERIES.values(), ids=FORGERIES)
def test_forged_files_are_refused(change: Callable[[dict[str, str], dict[str, Any]], object]) -> None:
    assert from_bytes(forged(lambda texts, tensors: None))
    with pytest.raises(CheckpointError):
        from_bytes(forged(change))


def test_an_op_whose_derivative_is_another_one_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    good = content(Tape.record(lambda x: x.gelu() + x.tanh(), 1.0))
    assert from_bytes(good)
    monkeypatch.setattr("autograd.ops.PEAK_OF_NORMAL", 0.4)
    with pytest.raises(CheckpointError, match=r"op 'gelu' is another one here: at \(-2\.5\) its derivative"):
        from_bytes(good)


def test_an_op_that_is_not_known_is_refused_by_name() -> None:
    rule = lambda m: (lambda a: a * a * a, lambda a, y: 3 * a * a)  # noqa: E731
    cube = autograd.extend.as_function(ops.op("cube_of_mine", "cube", rule))
    try:
        good = content(Tape.record(lambda x: cube(x), 2.0))
        assert from_bytes(good)[0].listing.found[-1] is TABLE["cube_of_mine"]
    finally:
        del TABLE["cube_of_mine"]
    with pytest.raises(CheckpointError, match=r"'cube_of_mine', which is not in the table.*enter it first"):
        from_bytes(good)


def test_every_op_has_a_fingerprint_of_its_own() -> None:
    from autograd.tape.saved import tried

    assert len({repr((op.arity, tried(op).tolist())) for op in TABLE.values()}) == len(TABLE)


def test_keys_that_no_file_can_hold_are_refused_by_name(tmp_path: Path) -> None:
    tape = Tape.record(lambda p: p[1, 2] * 2, {(1, 2): 3.0})
    assert tape.forward({(1, 2): [1.0]}).tolist() == [2.0]
    with pytest.raises(TypeError, match=r"by text or number; a key is \(1, 2\)"):
        tape.save(tmp_path / "tape")
    assert not list(tmp_path.iterdir())


def test_saving_while_in_training_keeps_what_the_vector_holds(tmp_path: Path) -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: w * x, 1.0)
    with tape.training([1.0]) as run:
        run.vector[:] = 7.0
        tape.save(tmp_path / "tape")
    assert Tape.load(tmp_path / "tape").forward([2.0]).tolist() == [14.0]


@pytest.mark.parametrize(
    "settings",
    [{"threads": 200_000}, {"threads": "a"}, {"threads": 0}, {"threads": True}, {"dtype": "float16"}],
)
def test_forged_settings_are_refused_by_the_files_name(tmp_path: Path, settings: dict[str, Any]) -> None:
    path = tmp_path / "forged.tape"
    path.write_bytes(packed(network().recorded, {"dtype": "float64", "threads": 1} | settings))
    with pytest.raises(CheckpointError, match=r"forged\.tape"):
        Tape.load(path)


def test_a_tape_of_an_op_whose_rule_raises_outside_its_domain_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = lambda m: (lambda a: math.sqrt(a), lambda a, y: 0.5 / y)  # noqa: E731
    monkeypatch.setitem(TABLE, "own_root", Op("own_root", "√", rule))
    tape = Tape.record(lambda x: apply(TABLE["own_root"], (x,)), 1.0)
    tape.save(tmp_path / "root.tape")
    assert Tape.load(tmp_path / "root.tape").forward([4.0]).tolist() == [2.0]
