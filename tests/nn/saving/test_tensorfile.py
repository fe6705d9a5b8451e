"""Bad files: damaged, forged, foreign, of whatever size they declare."""

import json
import pickle
import random
import tracemalloc
from array import array
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from safetensors.numpy import save as save_numpy

from autograd import Constant, Parameter
from autograd.files.tensorfile import Tensor, pack
from nn import (
    MLP,
    CheckpointError,
    Dropout,
    GRUCell,
    Layer,
    LSTMCell,
    Module,
    Neuron,
    PReLU,
    Recurrent,
    Sequential,
    load,
)
from nn.saving.checkpoint import from_bytes, packed

MUTATIONS = 50 * settings.default.max_examples


@pytest.fixture(scope="module")
def good():
    """A file, its network's state, and a training's state in it."""
    model = MLP(2, [3, 1], activation=["prelu", "tanh"], dropout=0.25, seed=0)
    state = {"epoch": 3, "moments": array("d", [0.5] * 40), "losses": [0.25] * 40, "rng": (3, (1, 2), None)}
    return packed(model, training=state, notes={"classes": ["a", "b"]}), repr((model.state_dict(), state))


class Net(Module):
    """A class of one's own, with arguments of all kinds."""

    def __init__(self, first, *rest, scale=1.0, sizes=((2, 1), "wide"), options=None, **more):
        self.first, self.rest, self.scale = first, rest, scale
        self.half, self.offset = Constant(0.5), Parameter(scale)


def others():
    """The same of other networks."""
    yield packed(Recurrent(LSTMCell(1, 2, seed=0), 1, seed=0), training={"epoch": 3})
    yield packed(Sequential(Layer(2, 2, "prelu", seed=0), Dropout(0.5, seed=0), Recurrent(GRUCell(1, 1), 1)))
    tied = Sequential(Layer(2, 2, seed=0), Layer(2, 2, seed=1))
    tied[1].weight = tied[0].weight
    yield packed(tied)
    yield packed(Net(Layer(1, 2, seed=0), PReLU(), scale=0.5, options={"a": [1, None]}, more=Neuron(2)))


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


ODD = [
    None, True, 0, -1, 1, 2**70, 0.5, "", "tanh", "I16", "os.system", "\x1b[31m\n" * 999, [], {}, [[]],
    {"": ["list", "W"]}, "\ud800",
]  # fmt: skip


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
    """JSON with one thing in it changed, left out, put in, or called by another name."""
    if not isinstance(x, (list, dict)) or not x or rng.random() < 0.15:
        return rng.choice(ODD)
    key = rng.choice(list(x)) if isinstance(x, dict) else rng.randrange(len(x))
    changed = x.copy()
    chance = rng.random()
    if chance < 0.2:
        del changed[key]
    elif chance < 0.3 and isinstance(changed, dict):
        changed["\x1b[31m\n" * 999] = changed.pop(key)
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


def test_a_forged_file_is_refused_or_a_network_of_finite_numbers(good):
    rng = random.Random(1)
    read, refused = 0, []
    files = [good[0], *others()]
    for k in range(MUTATIONS):
        try:
            model = from_bytes(forged(rng, files[k % len(files)])).model([Net])
        except CheckpointError as error:
            refused.append(str(error))
            continue
        read += 1
        assert all(abs(x) < float("inf") for x in model.state_dict().values())
    assert 0 < read < MUTATIONS  # the checksum is not what keeps all of them out
    assert max(map(len, refused)) < 1500
    assert [told for told in refused if not told.isprintable()] == []


def test_the_files_that_are_forged_are_good_ones(good):
    for data in (good[0], *others()):
        from_bytes(data).model([Net])


def test_a_forged_file_of_another_program_is_refused_or_loaded():
    rng = random.Random(2)
    model = Recurrent(GRUCell(1, 2, seed=0), 1, seed=0)
    numbers = {"weight_ih_l0": (6, 1), "weight_hh_l0": (6, 2), "bias_ih_l0": (6,), "bias_hh_l0": (6,)}
    data = save_numpy({name: np.ones(shape, "f2") for name, shape in numbers.items()})
    for k in range(MUTATIONS // 4):
        length = int.from_bytes(data[:8], "little")
        header = odd(rng, json.loads(data[8 : 8 + length]))
        other = with_header(header, data[8 + length :]) if k % 2 else mutated(rng, data)
        try:
            checkpoint = from_bytes(other, foreign=True)
            report = checkpoint.load_into(model.cell, strict=k % 3 == 0)
        except CheckpointError:
            continue
        assert set(report.loaded) <= {"weight_ih", "weight_hh", "bias", "bias_hn"}
        assert all(abs(x) < float("inf") for x in model.state_dict().values())


def with_header(header, numbers=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def entry(shape=(1,), offsets=(0, 8), dtype="F64"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


BAD = {
    "empty": (b"", "it has 0 bytes"),
    "short": (b"\x01\x02", "it has 2 bytes"),
    "text": (b"a,b,c\n1,2,3\n" * 9, "not a safetensors file"),
    "pickle": (pickle.dumps([1.0] * 99), "not a safetensors file"),
    "header beyond the file": ((2**63).to_bytes(8, "little") + b"{}", "cut off, or not a safetensors"),
    "not UTF-8": (with_header(b"\xff\xfe{}"), "its header is not JSON"),
    "not JSON": (with_header(b"{'a': 1}"), "its header is not JSON"),
    "nested": (with_header(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "its header is not JSON"),
    "long number": (with_header(b'{"a":' + b"9" * 10_000 + b"}"), "its header is not JSON"),
    "a list": (with_header([1]), "its header is not a JSON object"),
    "a name twice": (with_header(b'{"a":1,"a":2}'), "its header gives a name twice"),
    "numbers as metadata": (with_header({"__metadata__": {"a": 1}}), "not texts by name"),
    "no entry": (with_header({"W": 1}), "the entry of 'W'"),
    "whole numbers": (with_header({"W": entry(dtype="I32", offsets=(0, 4))}, bytes(4)), "'W' holds 'I32'"),
    "odd format": (with_header({"W": entry(dtype=["F64"])}, bytes(8)), r"'W' holds \['F64'\]"),
    "half of a number": (with_header({"W": entry(dtype="F16", offsets=(0, 1))}, bytes(1)), "do not agree"),
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
    "newer": (with_header({"__metadata__": {"chainrule": "3"}}), "a checkpoint of version '3'"),
    "older": (with_header({"__metadata__": {"chainrule": "1"}}), "a checkpoint of version '1'"),
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
    with pytest.raises(CheckpointError, match="not a regular file"):
        load(path)


def test_what_is_not_there_or_a_folder_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere")
    with pytest.raises(OSError, match="directory"):
        load(tmp_path)


def architecture(modules):
    return json.dumps({"modules": modules, "constants": {}, "generators": {}})


def bombs():
    """Files that would grow if they were believed."""
    row = np.zeros(50_000).tobytes()
    header = {"__metadata__": {"chainrule": "2", "model": "", "architecture": "{}", "notes": "{}"}}
    header["/training"] = entry(shape=[50_000], offsets=(0, len(row)))
    references = [{"": ["list", "/training"]}] * 1000
    header["__metadata__"]["training"] = json.dumps(references)
    yield "a row a thousand times", sealed(header, row)
    huge = json.loads(json.dumps(header))
    del huge["/training"]
    huge["__metadata__"]["training"] = "null"
    built = {
        "layers of a million": ["nn.MLP", {"nin": 10**6, "nouts": [10**6, 10**6]}],
        "thousands of millions": ["nn.MLP", {"nin": 1000, "nouts": [1000]}],
        "a cell of a million": ["nn.GRUCell", {"nin": 9, "n": 10**6}],
        "a neuron of a million": ["nn.Neuron", {"nin": 10**6}],
        "itself": ["nn.Sequential", {"steps": [{"": ["module", ""]}]}],
        "nothing": None,
    }
    for name, told in built.items():
        huge["__metadata__"]["architecture"] = architecture({"": told})
        yield name, sealed(huge, b"")
    layers = {f"/{k}": ["nn.Layer", {"nin": 30, "nout": 30}] for k in range(2000)}
    steps = {"": ["tuple", [{"": ["module", path]} for path in layers]]}
    huge["__metadata__"]["architecture"] = architecture({"": ["nn.Sequential", {"steps": steps}], **layers})
    yield "thousands of layers", sealed(huge, b"")
    deep = {f"/{k}": ["nn.Sequential", {"steps": [{"": ["module", f"/{k + 1}"]}]}] for k in range(2000)}
    root = ["nn.Sequential", {"steps": [{"": ["module", "/0"]}]}]
    huge["__metadata__"]["architecture"] = architecture({"": root, **deep})
    yield "nested", sealed(huge, b"")
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
