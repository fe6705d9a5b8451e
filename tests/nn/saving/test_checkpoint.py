"""Checkpoints: what is saved comes back to the last bit, and no file whatever does harm."""

import errno
import json
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import tracemalloc
from array import array
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import safetensors
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from autograd import Parameter, Value
from nn import (
    MLP,
    Checkpoint,
    CheckpointError,
    GRUCell,
    Layer,
    LSTMCell,
    Module,
    Neuron,
    Recurrent,
    RNNCell,
    load,
    load_into,
    save,
)
from nn.activations import ACTIVATIONS
from nn.saving.checkpoint import from_bytes, packed
from nn.saving.tensorfile import Tensor, pack

ROOT = Path(__file__).parents[3]
MUTATIONS = 50 * settings.default.max_examples
"""2,000 by default, 10⁵ by the thorough profile."""


class Line(Module):
    """A network of the user's own: a Parameter alone, a list of them, a Module."""

    def __init__(self, seed=0):
        rng = random.Random(seed)
        self.offset = Parameter(rng.random())
        self.slopes = [Parameter(rng.random()) for _ in range(3)]
        self.last = Neuron(2, seed=rng)


def same(model, other):
    return repr(model) == repr(other) and model.state_dict() == other.state_dict()


# ---------------------------------------------------------------------------- what comes back


@given(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from(sorted(ACTIVATIONS))), min_size=1, max_size=4),
    st.integers(1, 4),
    st.booleans(),
    st.data(),
)
def test_saving_and_loading_is_the_identity(layers, nin, fused, data):
    nouts, activations = zip(*layers, strict=True)
    dropout = data.draw(st.floats(0, 0.9))
    model = MLP(nin, nouts, activation=list(activations), fused=fused, dropout=dropout)
    finite = st.floats(allow_nan=False, allow_infinity=False)
    size = len(model.parameters())
    for p, x in zip(
        model.parameters(), data.draw(st.lists(finite, min_size=size, max_size=size)), strict=True
    ):
        p.data = x
    again = from_bytes(packed(model)).model()
    assert same(again, model)
    x = [0.5, -1.0, 0.25, 2.0][:nin]
    assert repr(again(x)) == repr(model(x))  # of which dropout leaves out the same


def test_a_loaded_network_has_the_labels_and_predictions_of_the_saved_one(tmp_path):
    model = MLP(3, [4, 4, 3, 1], activation=["relu", "tanh", "gelu", "sigmoid"], seed=1)
    save(model, tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    assert [p.label for p in again.parameters()] == [p.label for p in model.parameters()]
    assert again([1, 2, 3]).data == model([1, 2, 3]).data


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize(
    "cell",
    [RNNCell(2, 3, seed=0), RNNCell(1, 2, "prelu", seed=0), LSTMCell(2, 3, seed=0), GRUCell(1, 4, seed=0)],
    ids=repr,
)
def test_a_recurrent_network_comes_back_as_well(cell, every_step):
    model = Recurrent(cell, 2, "sigmoid", every_step=every_step, truncate=3, seed=1)
    again = from_bytes(packed(model)).model()
    assert same(again, model)
    assert (again.every_step, again.truncate) == (every_step, 3)
    steps = [[0.5, -1.0, 2.0][: cell.nin]] * 4
    assert repr(again(steps)) == repr(model(steps))
    assert [p.label for p in again.parameters()] == [p.label for p in model.parameters()]


def test_another_reader_of_the_format_finds_the_matrices(tmp_path):
    model = MLP(3, [4, 2], seed=0)
    save(model, tmp_path / "model.safetensors", training={"rate": array("d", [1.0, 2.0])})
    found = load_file(tmp_path / "model.safetensors")
    for number, layer in enumerate(model.layers, 1):
        assert found[f"layer{number}.W"].tolist() == layer.W
        assert found[f"layer{number}.b"].tolist() == layer.b
    with safetensors.safe_open(tmp_path / "model.safetensors", "np") as file:
        assert "MLP 3 → 4 → 2" in file.metadata()["model"]


def test_another_writer_of_the_format_is_read_as_well(tmp_path):
    model = MLP(3, [4, 2], seed=0)
    save(model, tmp_path / "model.safetensors")
    with safetensors.safe_open(tmp_path / "model.safetensors", "np") as file:
        texts = file.metadata()
    save_file(load_file(tmp_path / "model.safetensors"), tmp_path / "again.safetensors", metadata=texts)
    assert same(Checkpoint.read(tmp_path / "again.safetensors").model(), model)


STATES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.lists(st.floats(allow_nan=False)).map(lambda xs: array("d", xs)),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.lists(inside, max_size=4).map(tuple)
        | st.dictionaries(st.text(min_size=1), inside, max_size=4)
        | st.lists(st.floats(allow_nan=False), min_size=30, max_size=40)
    ),
    max_leaves=12,
)


@given(STATES, st.dictionaries(st.text(min_size=1), STATES, max_size=3))
def test_a_training_s_state_and_notes_come_back_as_they_were(training, notes):
    checkpoint = from_bytes(packed(MLP(1, [1], seed=0), training=training, notes=notes))
    assert repr(checkpoint.training) == repr(training)
    assert repr(checkpoint.notes) == repr(notes)


def test_a_generator_goes_on_from_where_it_was(tmp_path):
    rng = random.Random(3)
    rng.gauss(0, 1)
    save(MLP(1, [1]), tmp_path / "m", training={"rng": rng.getstate()})
    again = random.Random()
    again.setstate(Checkpoint.read(tmp_path / "m").training["rng"])
    assert [again.gauss(0, 1) for _ in range(5)] == [rng.gauss(0, 1) for _ in range(5)]


# ----------------------------------------------------------------- networks of the user's own


def test_a_module_of_one_s_own_is_loaded_into_another_of_its_kind(tmp_path):
    save(Line(seed=1), tmp_path / "line")
    other = Line(seed=2)
    load_into(other, tmp_path / "line")
    assert other.state_dict() == Line(seed=1).state_dict()


def test_its_lists_of_parameters_are_tensors_by_their_path(tmp_path):
    save(Line(), tmp_path / "line")
    shapes = {name: tensor.shape for name, tensor in load_file(tmp_path / "line").items()}
    assert shapes == {"offset": (), "slopes": (3,), "last.w": (2,), "last.b": ()}


def own_activation(z):
    return z * z


def shared_bias():
    model = MLP(2, [2, 1], seed=0)
    model.layers[0].neurons[1].b = model.layers[0].neurons[0].b
    return model


def fixed_bias():
    model = MLP(2, [2, 1], seed=0)
    model.layers[0].neurons[1].b = Value(0.5)
    return model


def own_neuron():
    model = MLP(2, [2, 1], seed=0)
    model.layers[1].neurons[0].activation = own_activation
    return model


@pytest.mark.parametrize(
    "make",
    [Line, shared_bias, fixed_bias, own_neuron, lambda: MLP(2, [2, 1], activation=own_activation, seed=0)],
    ids=["Module", "shared bias", "fixed bias", "own neuron", "own activation"],
)
def test_what_a_file_cannot_tell_is_for_load_into(tmp_path, make):
    model, again = make(), make()
    state = model.state_dict()
    save(model, tmp_path / "own")
    with pytest.raises(CheckpointError, match=r"build it yourself.*load_into"):
        load(tmp_path / "own")
    for p in again.parameters():
        p.data = 0.0
    load_into(again, tmp_path / "own")
    assert again.state_dict() == state


def test_layers_that_do_not_fit_are_named_one_by_one_and_nothing_is_set(tmp_path):
    save(MLP(3, [4, 2, 1], seed=0), tmp_path / "m")
    model = MLP(3, [4, 5, 1], seed=1)
    before = model.state_dict()
    with pytest.raises(CheckpointError) as raised:
        load_into(model, tmp_path / "m")
    for said in (
        "layer2.W is 2 × 4 in the file and 5 × 4 in this network",
        "layer2.b is 2 in the file and 5 in this network",
        "layer3.W is 1 × 2 in the file and 1 × 5 in this network",
        "MLP 3 → 4 → 2 → 1",
    ):
        assert said in str(raised.value)
    assert "layer1" not in str(raised.value)
    assert model.state_dict() == before


def test_layers_that_are_missing_on_either_side_are_named(tmp_path):
    save(MLP(3, [4, 1], seed=0), tmp_path / "m")
    with pytest.raises(CheckpointError, match=r"layer3\.W is not in the file"):
        load_into(MLP(3, [4, 1, 1]), tmp_path / "m")
    with pytest.raises(CheckpointError, match=r"layer2\.W is in the file alone"):
        load_into(MLP(3, [4]), tmp_path / "m")


# ------------------------------------------------------------------------ what cannot be saved


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda path: save("model", path), TypeError, "save keeps an nn.Module; got str"),
        (lambda path: save(Module(), path), ValueError, "no parameters to keep"),
        (lambda path: save(Layer(1, 1), path, training={1: 2}), TypeError, "training is {1: 2}"),
        (lambda path: save(Layer(1, 1), path, training=[object()]), TypeError, "training/0 is <object"),
        (lambda path: save(Layer(1, 1), path, notes={"a": {1.0}}), TypeError, r"notes/a is {1\.0} \(set\)"),
    ],
)
def test_what_cannot_be_saved_is_refused_and_nothing_written(tmp_path, call, error, message):
    with pytest.raises(error, match=message):
        call(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_ran_away_is_not_saved(tmp_path):
    model = MLP(1, [1])
    model.parameters()[0].data = float("nan")
    with pytest.raises(ValueError, match=r"layer1\.W holds nan"):
        save(model, tmp_path / "m")


# ------------------------------------------------------------------------- whole or not at all


def test_a_file_is_replaced_with_the_rights_of_a_new_one_and_nothing_left_beside(tmp_path):
    path = tmp_path / "m"
    save(MLP(1, [1], seed=0), path)
    save(MLP(1, [1], seed=1), path)
    assert same(load(path), MLP(1, [1], seed=1))
    (tmp_path / "new").touch()
    assert path.stat().st_mode == (tmp_path / "new").stat().st_mode
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["m", "new"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "m")
    save(MLP(1, [1], seed=0), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert same(load(tmp_path / "there" / "m"), MLP(1, [1], seed=0))


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path):
    path = tmp_path / "m"
    save(MLP(1, [1], seed=0), path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, limits[1]))  # writing fails in the midst of the file
    try:
        with pytest.raises(
            OSError, match="nothing was saved; the file that was there is as it was"
        ) as raised:
            save(MLP(100, [100], seed=0), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.filename == str(path)
    assert same(load(path), MLP(1, [1], seed=0))
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_so_does_an_error_while_the_file_is_settled_or_moved(tmp_path, monkeypatch, function):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "m"
    save(MLP(1, [1], seed=0), path)
    with monkeypatch.context() as patched:
        patched.setattr(os, function, full)
        with pytest.raises(OSError, match="No space left on device: nothing was saved; the file"):
            save(MLP(1, [1], seed=1), path)
    assert same(load(path), MLP(1, [1], seed=0))
    assert [entry.name for entry in tmp_path.iterdir()] == ["m"]


@pytest.mark.parametrize("path", ["nowhere/m", ""])
def test_a_place_that_is_none_is_an_os_error(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="nothing was saved"):
        save(MLP(1, [1]), path)


SAVER = """
from nn import MLP, save
models = [MLP(30, [30], seed=seed) for seed in (0, 1)]
while True:
    for model in models:
        print("saving", flush=True)
        save(model, "m")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    rng = random.Random(0)
    either = [MLP(30, [30], seed=seed).state_dict() for seed in (0, 1)]
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", SAVER],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        ) as process:
            for _ in range(rng.randint(2, 40)):
                process.stdout.readline()
            for _ in range(rng.randint(0, 20_000)):  # to somewhere within the saving
                pass
            process.send_signal(signal.SIGKILL)
        assert load(tmp_path / "m").state_dict() in either


# ---------------------------------------------------------------------------- files that are bad


@pytest.fixture(scope="module")
def good():
    """A file, its network's state, and a training's state in it."""
    model = MLP(2, [3, 1], activation=["prelu", "tanh"], dropout=0.25, seed=0)
    state = {"epoch": 3, "moments": array("d", [0.5] * 40), "losses": [0.25] * 40, "rng": (3, (1, 2), None)}
    return packed(model, training=state, notes={"classes": ["a", "b"]}), repr((model.state_dict(), state))


@pytest.fixture(scope="module")
def good_recurrent():
    """The same of a recurrent network."""
    return packed(Recurrent(LSTMCell(1, 2, seed=0), 1, seed=0), training={"epoch": 3})


def content(data):
    """What is in the content of a file, to be compared."""
    checkpoint = from_bytes(data)
    return repr((checkpoint.model().state_dict(), checkpoint.training))


def mutated(rng, data):
    """The data with something about it changed."""
    kind = rng.randrange(6)
    at, n = rng.randrange(len(data)), rng.randint(1, 12)
    if kind == 0:  # a bit
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    if kind == 1:  # some bytes
        return data[:at] + rng.randbytes(n) + data[at + n :]
    if kind == 2:  # something left out
        return data[:at] + data[at + n :]
    if kind == 3:  # something put in
        return data[:at] + rng.randbytes(n) + data[at:]
    if kind == 4:  # cut off
        return data[:at]
    other = rng.randrange(len(data))  # a piece repeated elsewhere
    return data[:at] + data[other : other + 20 * n] + data[at + 20 * n :]


def test_a_mutated_file_is_refused_or_holds_what_it_held(good):
    data, held = good
    rng = random.Random(0)
    refused = []
    for _ in range(MUTATIONS):
        try:
            found = content(mutated(rng, data))
        except CheckpointError as error:
            refused.append(len(str(error)))
        else:
            assert found == held
    assert len(refused) > 0.9 * MUTATIONS
    assert 20 < min(refused) <= max(refused) < 400


ODD = [None, True, 0, -1, 1, 2**70, 0.5, "", "tanh", "os.system", [], {}, [[]], {"": ["list", "W"]}, "\ud800"]


def forged(rng, data):
    """The data with one thing in its JSON changed, and the checksum made to fit."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    texts = header["__metadata__"]
    name = rng.choice(sorted(texts))
    if name in ("training", "notes", "architecture"):
        texts[name] = json.dumps(odd(rng, json.loads(texts[name])))
    else:
        header = odd(rng, header)
    return sealed(header, data[8 + length :])


def odd(rng, x):
    """JSON with one thing in it changed, left out or put in."""
    if not isinstance(x, (list, dict)) or not x or rng.random() < 0.15:
        return rng.choice(ODD)
    key = rng.choice(list(x)) if isinstance(x, dict) else rng.randrange(len(x))
    changed = x.copy()
    if rng.random() < 0.2:
        del changed[key]
    else:
        changed[key] = odd(rng, x[key])
    return changed


def sealed(header, numbers):
    """A file of this header and these bytes, with the checksum that a forger would give it."""
    texts = header.get("__metadata__") if isinstance(header, dict) else None
    if isinstance(texts, dict):
        texts.pop("checksum", None)
        try:
            entries = sorted(
                (entry["data_offsets"], name, entry) for name, entry in header.items() if name[0] != "_"
            )
            tensors = {
                name: Tensor(tuple(entry["shape"]), array("d", numbers[start:end]))
                for (start, end), name, entry in entries
            }
            texts["checksum"] = sha256(pack(tensors, texts)).hexdigest()
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            pass  # an entry is too odd to be read at all
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def test_a_forged_file_is_refused_or_a_network_of_finite_numbers(good, good_recurrent):
    rng = random.Random(1)
    read = 0
    for k in range(MUTATIONS):
        data = good_recurrent if k % 4 == 0 else good[0]
        try:
            model = from_bytes(forged(rng, data)).model()
        except CheckpointError:
            continue
        read += 1
        assert all(abs(x) < float("inf") for x in model.state_dict().values())
    assert 0 < read < MUTATIONS  # the checksum is not what keeps all of them out


def with_header(header, numbers=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def entry(shape=(1,), offsets=(0, 8), dtype="F64"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


BAD = {
    "empty": (b"", "it has 0 bytes"),
    "short": (b"\x01\x02", "it has 2 bytes"),
    "text": (b"a,b,c\n1,2,3\n" * 9, "no safetensors file"),
    "pickle": (pickle.dumps([1.0] * 99), "no safetensors file"),
    "header beyond the file": ((2**63).to_bytes(8, "little") + b"{}", "cut off, or no safetensors"),
    "not UTF-8": (with_header(b"\xff\xfe{}"), "its header is not JSON"),
    "not JSON": (with_header(b"{'a': 1}"), "its header is not JSON"),
    "nested": (with_header(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "its header is not JSON"),
    "long number": (with_header(b'{"a":' + b"9" * 10_000 + b"}"), "its header is not JSON"),
    "a list": (with_header([1]), "its header is no JSON object"),
    "a name twice": (with_header(b'{"a":1,"a":2}'), "its header gives a name twice"),
    "numbers as metadata": (with_header({"__metadata__": {"a": 1}}), "not texts by name"),
    "no entry": (with_header({"W": 1}), "the entry of 'W'"),
    "single precision": (with_header({"W": entry(dtype="F32", offsets=(0, 4))}, bytes(4)), "'W' holds 'F32'"),
    "offsets beyond": (with_header({"W": entry(offsets=(0, 2**40))}, bytes(8)), "do not fit into the file"),
    "shape beyond": (with_header({"W": entry(shape=[2**40])}, bytes(8)), "do not fit into the file"),
    "shape and offsets": (with_header({"W": entry(shape=[2])}, bytes(8)), "do not agree"),
    "below zero": (with_header({"W": entry(shape=[-1])}, bytes(8)), "do not fit into the file"),
    "dimensions": (with_header({"W": entry(shape=[1] * 99)}, bytes(8)), "99 dimensions"),
    "a gap": (
        with_header({"W": entry(offsets=(8, 16))}, bytes(16)),
        "begins at byte 8 of the numbers, not at 0",
    ),
    "overlap": (
        with_header({"V": entry(), "W": entry()}, bytes(8)),
        "begins at byte 0 of the numbers, not at 8",
    ),
    "too long": (with_header({"W": entry()}, bytes(9)), "its tensors take 8 bytes, and 9 are there"),
    "foreign": (with_header({"conv.weight": entry()}, bytes(8)), "not one that nn.save wrote .*conv.weight"),
    "newer": (with_header({"__metadata__": {"chainrule": "2"}}), "a checkpoint of version '2'"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_a_bad_file_is_named_with_what_is_wrong_with_it(tmp_path, data, message):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=rf"bad\.safetensors: .*{message}"):
        load(path)


def test_a_file_cut_off_anywhere_is_refused(good):
    data, _ = good
    for length in range(len(data)):
        with pytest.raises(CheckpointError):
            from_bytes(data[:length])


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="has no such devices")
def test_a_device_is_no_file(path):
    with pytest.raises(CheckpointError, match="no regular file"):
        load(path)


def test_what_is_not_there_or_a_folder_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere")
    with pytest.raises(OSError, match="directory"):
        load(tmp_path)


def bombs():
    """Files that would grow if they were believed."""
    row = np.zeros(50_000).tobytes()
    header = {"__metadata__": {"chainrule": "1", "model": "", "architecture": "null", "notes": "{}"}}
    header["/training"] = entry(shape=[50_000], offsets=(0, len(row)))
    references = [{"": ["list", "/training"]}] * 1000
    header["__metadata__"]["training"] = json.dumps(references)
    yield "a row a thousand times", sealed(header, row)
    huge = json.loads(json.dumps(header))
    del huge["/training"]
    huge["__metadata__"] |= {"training": "null", "architecture": json.dumps(
        {"class": "MLP", "nin": 10**6, "nouts": [10**6, 10**6], "activation": ["tanh"] * 2, "fused": True}
    )}  # fmt: skip
    yield "layers of a million", sealed(huge, b"")
    told = {"class": "Recurrent", "cell": "GRUCell", "nin": 9, "n": 10**6, "nout": 1, "output": "linear"}
    told |= {"activation": None, "every_step": False, "truncate": None}
    huge["__metadata__"]["architecture"] = json.dumps(told)
    yield "a cell of a million", sealed(huge, b"")
    empty = {f"t{i}": entry(shape=[0], offsets=(0, 0)) for i in range(5000)}
    yield "thousands of nothings", with_header(empty)


@pytest.mark.parametrize(("name", "data"), list(bombs()), ids=lambda x: x if isinstance(x, str) else "")
def test_no_file_takes_more_memory_than_a_few_times_its_size(name, data):
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError):
            from_bytes(data).model()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(data) + 1_000_000
