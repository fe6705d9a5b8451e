"""Networks of one's own classes: built again from the arguments that built them, by whoever allows it."""

import copy
import pickle
import random
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from autograd import Constant, Parameter
from autograd.files.tensorfile import pack, read_header, read_tensors
from nn import (
    MLP,
    CheckpointError,
    GRUCell,
    Layer,
    LSTMCell,
    Module,
    PReLU,
    Recurrent,
    RNNCell,
    Sequential,
    load,
    load_into,
    loadable,
    save,
)
from nn.activations import ACTIVATIONS
from nn.saving.checkpoint import from_bytes, packed

# ------------------------------------------------------------------------------ classes of all kinds


class Plain(Module):
    def __init__(self, width, squash="tanh", *, bias=True, seed=None):
        self.hidden = Layer(2, width, squash, seed=seed)
        self.last = Layer(width, 1, "linear", seed=seed)
        self.bias = Parameter(0.25) if bias else 0.0

    def forward(self, x):
        return self.last(self.hidden(x)) + self.bias


class Residual(Module):
    def __init__(self, *blocks, scale=1.0, **options):
        self.blocks, self.scale, self.options = list(blocks), scale, options

    def forward(self, x):
        for block in self.blocks:
            x = [v + self.scale * y for v, y in zip(x, block(x), strict=True)]
        return x


class Tied(Module):
    """An autoencoder whose decoder has the encoder's weights."""

    def __init__(self, nin, n):
        self.encoder, self.decoder = Layer(nin, n, "tanh"), Layer(n, nin, "linear")
        for j, neuron in enumerate(self.decoder.neurons):
            neuron.w = [self.encoder.neurons[i].w[j] for i in range(n)]

    def forward(self, x):
        return sum(self.decoder(self.encoder(x)))


class Towers(Module):
    """One Module, used for two inputs and held twice."""

    def __init__(self, left, right):
        self.left, self.right = left, right

    def forward(self, x):
        return sum(self.left(x)) - sum(self.right(x[::-1]))


class Copies(Module):
    """A template that is not held itself."""

    def __init__(self, template, n):
        self.blocks = [copy.deepcopy(template) for _ in range(n)]
        for p in self.parameters():
            p.data += random.random()

    def forward(self, x):
        return sum(sum(block(x)) for block in self.blocks)


class Holders(Module):
    """Parameters in every kind of holder."""

    def __init__(self, n=2, shapes=((2, 3), "name", None, {"deep": [1, 2.5]})):
        self.table = [[Parameter(random.random()) for _ in range(3)] for _ in range(n)]
        self.array = np.array(
            [[Parameter(random.random()) for _ in range(2)] for _ in range(n)], dtype=object
        )
        self.ragged = [[Parameter(1.0)], [Parameter(2.0), Parameter(3.0)]]
        self.gaps = [Parameter(random.random()), None, Parameter(random.random())]
        self.queue = deque([Parameter(random.random()) for _ in range(n)])
        self.named = {"a": Parameter(random.random()), "b": (Parameter(random.random()),)}
        self.chosen = {Parameter(random.random(), "one"), Parameter(random.random(), "two")}
        self.shapes = shapes

    def forward(self, x):
        return sum(p * x[0] for p in self.parameters())


@dataclass(eq=False)
class Data(Module):
    n: int = 2
    ws: list = field(default_factory=list)

    def __post_init__(self):
        self.rows = [Parameter(random.random()) for _ in range(self.n)]

    def forward(self, x):
        return sum(self.rows) * x[0]


class Own(MLP):
    """A constructor of its own, over one that says itself what it is built with."""

    def __init__(self, n):
        super().__init__(2, [n, 1], activation="elu")


class Saying(Module):
    """Says itself what it is built with."""

    def __init__(self, read):
        self.ws = [Parameter(x) for x in read()]

    def built_with(self):
        return {"read": len(self.ws)}

    @classmethod
    def of(cls, n):
        return cls(lambda: [0.5] * n)

    def forward(self, x):
        return sum(self.ws) * x[0]


class Wired(Module):
    """Random wiring that is fixed: constants, and a generator that is drawn from later."""

    def __init__(self, n, seed):
        self.rng = seed if isinstance(seed, random.Random) else random.Random(seed)
        self.wiring = [Constant(self.rng.choice([0.0, 1.0])) for _ in range(n)]
        self.ws = [Parameter(self.rng.random()) for _ in range(n)]

    def forward(self, x):
        noise = self.rng.random()
        return sum(w * c for w, c in zip(self.ws, self.wiring, strict=True)) * x[0] + noise


OWN = [Plain, Residual, Tied, Towers, Copies, Holders, Data, Own, Wired]
TOWER = Layer(2, 2, "tanh", seed=3)

MODELS = {
    "plain": lambda: Plain(3, bias=False, seed=1),
    "defaults": lambda: Plain(2),
    "NumPy's numbers": lambda: Plain(np.int64(3), seed=np.int32(4)),
    "residual": lambda: Residual(Layer(2, 2), MLP(2, [3, 2]), scale=0.5, note="x", more=[1, (2, 3)]),
    "nested": lambda: Sequential(Residual(Layer(2, 2, "prelu"), Sequential(Layer(2, 2), Layer(2, 2)))),
    "tied": lambda: Tied(2, 3),
    "siamese": lambda: Towers(TOWER, TOWER),
    "two towers": lambda: Towers(Layer(2, 2), Layer(2, 2)),
    "one slope": lambda: MLP(2, [2, 2, 1], activation=PReLU(0.5)),
    "copies": lambda: Copies(Layer(2, 2, "tanh"), 3),
    "holders": Holders,
    "dataclass": lambda: Data(3),
    "own constructor": lambda: Own(3),
    "wired": lambda: Wired(5, 7),
}  # fmt: skip


def run(model):
    return repr([model([0.5, -0.25]) for _ in range(3)])


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_network_of_one_s_own_comes_back_to_the_last_bit(tmp_path, make):
    model = make()
    save(model, tmp_path / "m")
    again = load(tmp_path / "m", classes=OWN)
    assert type(again) is type(model)
    assert again is not model
    assert again.state_dict() == model.state_dict()
    assert [p.label for p in again.parameters()] == [p.label for p in model.parameters()]
    assert [path for path, _ in again.named_modules()] == [path for path, _ in model.named_modules()]
    assert run(again) == run(model)
    assert packed(again) == packed(model)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["copy", "pickle"]
)
def test_a_copy_is_saved_like_the_original(make, copied):
    model = make()
    assert packed(copied(model)) == packed(model)
    assert from_bytes(packed(copied(model))).model(OWN).state_dict() == model.state_dict()


def test_a_shallow_copy_keeps_what_built_it():
    assert copy.copy(Plain(3)).built_with() == Plain(3).built_with()


@st.composite
def networks(draw, depth=2):
    """A random network of two inputs and two outputs, of our classes and one's own."""
    kinds = ["layer", "mlp", "recurrent", *(["sequential", "residual"] if depth else [])]
    kind = draw(st.sampled_from(kinds))
    squash, seed = draw(st.sampled_from(sorted(ACTIVATIONS))), draw(st.integers(0, 99))
    if kind == "layer":
        return Layer(2, 2, squash, fused=draw(st.booleans()), seed=seed)
    if kind == "mlp":
        hidden = draw(st.lists(st.integers(1, 3), max_size=2))
        return MLP(2, [*hidden, 2], squash, dropout=draw(st.sampled_from([0.0, 0.5])), seed=seed)
    if kind == "recurrent":
        cell = draw(st.sampled_from([RNNCell, LSTMCell, GRUCell]))
        return Recurrent(cell(1, draw(st.integers(1, 3)), seed=seed), 2, squash, seed=seed)
    inside = draw(st.lists(networks(depth - 1), min_size=1, max_size=3))
    if draw(st.booleans()):
        inside.append(inside[0])  # shared
    if kind == "sequential":
        return Sequential(*inside)
    return Residual(*inside, scale=draw(st.floats(-1, 1)))


@given(networks())
def test_any_network_comes_back(model):
    state = model.state_dict()
    data = packed(model)
    again = from_bytes(data).model([Residual])
    assert again.state_dict() == state
    assert packed(again) == data
    assert repr(again([0.5, -0.25])) == repr(model([0.5, -0.25]))
    tensors = from_bytes(data).tensors
    assert sum(len(tensor.numbers) for tensor in tensors.values()) == len(model.parameters())  # each once


def test_parameters_are_arrays_by_the_attribute_that_holds_them(tmp_path):
    save(Holders(), tmp_path / "m")
    assert {name: tensor.shape for name, tensor in load_file(tmp_path / "m").items()} == {
        "table": (2, 3), "array": (2, 2), "ragged.0": (1,), "ragged.1": (2,), "gaps.0": (), "gaps.2": (),
        "queue": (2,), "named.a": (), "named.b": (1,), "chosen.one": (), "chosen.two": (),
    }  # fmt: skip


def test_recurrent_cells_are_the_matrices_that_pytorch_has(tmp_path):
    for cell, gates in ((RNNCell(2, 3), 1), (LSTMCell(2, 3), 4), (GRUCell(2, 3), 3)):
        save(Recurrent(cell, 1), tmp_path / "m")
        shapes = {name: tensor.shape for name, tensor in load_file(tmp_path / "m").items()}
        second = {"cell.bias_hn": (3,)} if gates == 3 else {}
        assert shapes == second | {
            "cell.weight_ih": (3 * gates, 2), "cell.weight_hh": (3 * gates, 3), "cell.bias": (3 * gates,),
            "readout.weight": (1, 3), "readout.bias": (1,),
        }  # fmt: skip


def test_tied_parameters_are_kept_once(tmp_path):
    save(Tied(2, 3), tmp_path / "m")
    assert set(load_file(tmp_path / "m")) == {"encoder.weight", "encoder.bias", "decoder.bias"}
    again = load(tmp_path / "m", classes=[Tied])
    assert again.decoder.neurons[1].w[2] is again.encoder.neurons[2].w[1]
    save(Towers(TOWER, TOWER), tmp_path / "m")
    again = load(tmp_path / "m", classes=[Towers])
    assert again.left is again.right


# ---------------------------------------------------------------------------- what cannot be built again


def square(z):
    return z * z


def test_an_argument_that_no_file_holds_is_named(tmp_path):
    save(Plain(2, square), tmp_path / "m")
    with pytest.raises(
        CheckpointError,
        match=r"the argument squash of Plain was square \(function\).*load_into\(model, path\)",
    ):
        load(tmp_path / "m", classes=[Plain])
    other = Plain(2, square)
    load_into(other, tmp_path / "m")


def test_a_constructor_that_raises_is_named_with_its_reason(tmp_path):
    save(Saying.of(3), tmp_path / "m")
    with pytest.raises(
        CheckpointError, match=r"Saying cannot be built .*TypeError: 'int' object is not callable"
    ):
        load(tmp_path / "m", classes=[Saying])


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("no\ngpu"), "RuntimeError: no gpu"),
        (KeyError("width"), "KeyError: 'width'"),
        (CheckpointError("of its own"), "CheckpointError: of its own"),
        (StopIteration(), "StopIteration"),
        (RecursionError("maximum depth"), "RecursionError: maximum depth"),
        (MemoryError(), "MemoryError"),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, Exception) else "",
)
def test_a_registered_class_whose_constructor_raises_is_named_whatever_it_raises(tmp_path, error, told):
    @loadable
    class Fragile(Module):
        fails = False

        def __init__(self, layer):
            self.layer = layer
            if self.fails:
                raise error

    model = Sequential(Fragile(Layer(1, 1)))
    save(model, tmp_path / "m")
    Fragile.fails = True
    with pytest.raises(CheckpointError, match=rf"m: Fragile cannot be built with .*: {told}"):
        load(tmp_path / "m")
    load_into(model, tmp_path / "m")  # which builds nothing


def rewritten(model, old, new):
    """The file of a network with something in its architecture replaced, and the checksum made to fit."""
    data = packed(model)
    file = BytesIO(data)
    header = read_header(file, len(data))
    tensors, texts = read_tensors(file, header), dict(header.texts)
    assert old in texts["architecture"]
    texts["architecture"] = texts["architecture"].replace(old, new)
    del texts["checksum"]
    texts["checksum"] = sha256(pack(tensors, texts)).hexdigest()
    return pack(tensors, texts)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"width": 3', '"width": -3', "Plain cannot be built .*ValueError: nout is at least 1"),
        ('"width": 3', '"width": 1000000000', "Plain cannot be built .*ValueError: .*at most"),
        ('"width": 3', '"size": 3', "Plain cannot be built .*its constructor does not take size"),
        ('"width": 3, ', "", "Plain cannot be built .*missing 1 required .*'width'"),
        ('"width": 3', '"width": 4', "was changed after it was built"),
        ('"squash": "tanh"', '"squash": "relu"', "was changed after it was built"),
        ('"Plain"', '"os.system"', "it was forged"),
    ],
)
def test_other_arguments_than_those_of_the_file_s_network(old, new, message):
    with pytest.raises(CheckpointError, match=message):
        from_bytes(rewritten(Plain(3, seed=0), old, new)).model([Plain])


def test_arguments_that_give_two_things_one_name_are_refused():
    class Keyed(Module):
        def __init__(self, keys):
            self.held = {key: Parameter(1.0) for key in keys} | {"a": {"b": Parameter(2.0)}}

    with pytest.raises(CheckpointError, match=r"two things in the network are called held\.a\.b"):
        from_bytes(rewritten(Keyed(["a-b"]), '"a-b"', '"a.b"')).model([Keyed])


def test_a_class_that_has_changed_is_not_taken_for_what_it_was(tmp_path):
    def version(squash):
        class Net(Module):
            def __init__(self):
                self.layer = Layer(2, 1, squash)

        return Net

    save(version("tanh")(), tmp_path / "m")
    with pytest.raises(
        CheckpointError,
        match=r"layer is nn\.Layer\(.*'tanh'.*in the file and nn\.Layer\(.*'relu'.*as it is built",
    ):
        load(tmp_path / "m", classes=[version("relu")])


def test_a_network_whose_parts_were_replaced_is_for_load_into(tmp_path):
    model = Plain(2)
    model.last = Layer(2, 1, "sigmoid")
    save(model, tmp_path / "m")
    with pytest.raises(
        CheckpointError, match=r"last is nn\.Layer.*'sigmoid'.*in the file.*'linear'.*load_into"
    ):
        load(tmp_path / "m", classes=[Plain])


def test_constants_that_come_out_otherwise_are_named(tmp_path):
    model = Wired(40, random.Random(1))  # a generator is not kept as an argument
    save(model, tmp_path / "m")
    with pytest.raises(
        CheckpointError, match=r"wiring\.\d+ is [01]\.0 in the file and [01]\.0 as it is built"
    ):
        load(tmp_path / "m", classes=[Wired])


def test_arguments_are_kept_as_they_were_given(tmp_path):
    widths = [2, 3]

    class Net(Module):
        def __init__(self, widths):
            self.layers = [Layer(2, n) for n in widths]

    model = Net(widths)
    widths.append(4)
    save(model, tmp_path / "m")
    assert len(load(tmp_path / "m", classes=[Net]).layers) == 2


def test_a_generator_given_is_a_new_one_when_the_network_is_built_again(tmp_path):
    class Drawn(Module):
        def __init__(self, rng, *, others=()):
            self.w = [Parameter(source.random()) for source in (rng, *others)]

    model = Drawn(random.Random(1), others=(random.Random(2), random.Random(3)))
    save(model, tmp_path / "m")
    assert load(tmp_path / "m", classes=[Drawn]).state_dict() == model.state_dict()
    assert isinstance(model.built_with()["rng"], random.Random)


def test_a_class_without_a_constructor_takes_no_arguments():
    class Empty(Module):
        pass

    with pytest.raises(TypeError, match=r"Empty\(\) takes no arguments"):
        Empty(3)
