"""Parameters that were tied after a network was built are one again when it is loaded."""

import json
from collections import deque, namedtuple
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Parameter
from autograd.files.reading import sealed
from autograd.files.tensorfile import read_header, read_tensors
from nn import MLP, CheckpointError, Embedding, Layer, LSTMCell, Module, Sequential, load, load_into, save
from nn.saving.checkpoint import from_bytes, packed
from nn.saving.ties import ties_of

Two = namedtuple("Two", "first second")


@dataclass
class Box:
    ws: list


MAKERS = {
    "alone": lambda: Parameter(1.0),
    "list": lambda: [Parameter(1.0), Parameter(2.0)],
    "matrix": lambda: [[Parameter(1.0), Parameter(2.0)], [Parameter(3.0), Parameter(4.0)]],
    "tuple": lambda: (Parameter(1.0), Parameter(2.0)),
    "named tuple": lambda: Two(Parameter(1.0), [Parameter(2.0)]),
    "keys": lambda: {"u": Parameter(1.0), "v": [Parameter(2.0)]},
    "deque": lambda: deque([Parameter(1.0)]),
    "dataclass": lambda: Box([Parameter(1.0)]),
    "array": lambda: np.array([Parameter(1.0), Parameter(2.0)], object),
    "layer": lambda: Layer(2, 2, seed=0),
    "table": lambda: Embedding(2, 2, seed=0),
    "cell": lambda: LSTMCell(1, 2, seed=0),
}


class Parts(Module):
    """Parts of the given kinds, each with Parameters of its own."""

    def __init__(self, kinds):
        for k, kind in enumerate(kinds):
            setattr(self, f"part{k}", MAKERS[kind]())

    def part(self, k):
        return vars(self)[f"part{k}"]


def places(model):
    """Every place of a Parameter, with the Parameter: of each path the last."""
    return {
        ".".join(map(str, trail)): x for trail, x in model.within(shared=True) if isinstance(x, Parameter)
    }


def partition(model):
    """Which places hold one Parameter."""
    groups = {}
    for path, p in places(model).items():
        groups.setdefault(id(p), []).append(path)
    return sorted(groups.values())


def number(model):
    for k, p in enumerate(model.parameters()):
        p.data = k + 0.5
    return model


def put_one(model, p, k):
    """Put a Parameter into a list of Parameters as well."""
    lists = [x for module in model.modules() for x in vars(module).values() if isinstance(x, list)]
    rows = [x for y in lists for x in [y, *y] if isinstance(x, list) and isinstance(x[0], Parameter)]
    if rows:
        row = rows[k % len(rows)]
        row[k % len(row)] = p


@st.composite
def tied(draw):
    """A network of parts, of which some were made one after it was built."""
    kinds = draw(st.lists(st.sampled_from(list(MAKERS)), min_size=2, max_size=4))
    kinds.append(draw(st.sampled_from(kinds)))
    model = Parts(kinds)
    for _ in range(draw(st.integers(1, 3))):
        a, b = (draw(st.integers(0, len(kinds) - 1)) for _ in range(2))
        one, other = model.part(a), model.part(b)
        if draw(st.booleans()):
            put_one(model, draw(st.sampled_from(model.parameters())), draw(st.integers(0, 9)))
            continue
        if kinds[a] != kinds[b]:
            continue
        if kinds[a] == "layer":
            if draw(st.booleans()):
                other.weight = draw(st.sampled_from([one.weight, [*zip(*one.weight, strict=True)]]))
            other.bias = one.bias
        elif kinds[a] == "table":
            other.weight = one.weight
        elif kinds[a] == "matrix" and draw(st.booleans()):
            other[1][0] = one[0][1]
        elif kinds[a] != "cell":
            setattr(model, f"part{b}", one)
    return number(model)


@given(tied())
def test_whatever_was_tied_comes_back_tied(model):
    data = packed(model)
    again = from_bytes(data).model([Parts])
    assert again.state_dict() == model.state_dict()
    assert partition(again) == partition(model)
    assert packed(again) == data
    other = Parts(arguments(model))
    if ties_of(model):
        before = other.state_dict()
        with pytest.raises(CheckpointError, match=r"it shares parameters that this network does not"):
            from_bytes(data).load_into(other)
        assert other.state_dict() == before
    twin = number(from_bytes(data).model([Parts]))
    from_bytes(data).load_into(twin)
    assert twin.state_dict() == model.state_dict()


def arguments(model):
    return json.loads(texts_of(packed(model))["architecture"])["modules"][""][1]["kinds"]


def texts_of(data):
    return read_header(BytesIO(data), len(data)).texts


def resealed(data, change):
    """The file with its architecture changed, and a checksum that fits."""
    file = BytesIO(data)
    header = read_header(file, len(data))
    tensors, texts = read_tensors(file, header), dict(header.texts)
    texts.pop("checksum")
    told = json.loads(texts["architecture"])
    change(told)
    texts["architecture"] = json.dumps(told)
    return sealed(tensors, texts)


def pair():
    model = Sequential(Layer(2, 2, seed=0), Layer(2, 2, seed=1))
    model[1].weight = model[0].weight
    return model


def test_tied_layers_are_loaded_as_one(tmp_path):
    model = pair()
    save(model, tmp_path / "m")
    again = load(tmp_path / "m")
    assert again[1].neurons[1].w[0] is again[0].neurons[1].w[0]
    assert again([0.5, -1.0])[0].data == model([0.5, -1.0])[0].data
    told = json.loads(texts_of((tmp_path / "m").read_bytes())["architecture"])["shared"]
    assert told["steps.1.neurons.0.w"] == "steps.0.neurons.0.w"


def test_a_transposed_matrix_is_told_by_where_its_rows_are(tmp_path):
    model = Sequential(Layer(3, 2, seed=0), Layer(2, 3, seed=1))
    model[1].weight = zip(*model[0].weight, strict=True)
    assert ties_of(model)["steps.1.neurons.2.w"] == "steps.0.neurons.{0}.w.2"
    save(model, tmp_path / "m")
    again = load(tmp_path / "m")
    assert again[1].neurons[2].w[1] is again[0].neurons[1].w[2]


@pytest.mark.parametrize(
    "place", ["{0}", "steps.0.neurons.{0}.{1}", "steps.0.neurons.{0.__class__}.w.0", "{", "{9}"]
)
def test_no_text_of_a_file_is_formatted(place):
    data = resealed(packed(pair()), lambda told: told.update(shared={W1: place}))
    with pytest.raises(CheckpointError, match="shares parameters otherwise"):
        from_bytes(data).model()


def test_parts_of_ragged_rows_are_told_one_by_one():
    model = number(Parts(["matrix", "matrix", "matrix"]))
    p, (_, (q, _)) = model.part0[0][0], model.part1
    model.part2[:] = [p, [q]]
    assert ties_of(model) == {"part2.0": "part0.0.0", "part2.1.0": "part1.1.0"}
    with pytest.raises(CheckpointError, match="shares parameters otherwise"):
        from_bytes(packed(model)).model([Parts])  # the places themselves are others than it is built with


def test_a_single_parameter_that_two_neurons_share_stays_one(tmp_path):
    model = MLP(2, [2, 1], seed=0)
    model.layers[0].neurons[1].b = model.layers[0].neurons[0].b
    save(model, tmp_path / "m")
    first, second = load(tmp_path / "m").layers[0].neurons
    assert first.b is second.b
    again = MLP(2, [2, 1], seed=1)
    again.layers[0].neurons[1].b = again.layers[0].neurons[0].b
    load_into(again, tmp_path / "m")
    assert again.state_dict() == model.state_dict()


def test_a_network_without_the_ties_says_which_and_what_to_do(tmp_path):
    save(pair(), tmp_path / "m")
    apart = Sequential(Layer(2, 2, seed=2), Layer(2, 2, seed=3))
    before = apart.state_dict()
    message = (
        r"steps\.1\.neurons\.0\.w is steps\.0\.neurons\.0\.w; .* tie them first, .*b\.weight = a\.weight"
    )
    with pytest.raises(CheckpointError, match=message):
        load_into(apart, tmp_path / "m")
    assert apart.state_dict() == before
    apart[1].weight = apart[0].weight
    load_into(apart, tmp_path / "m")
    assert apart.state_dict() == pair().state_dict()


def test_ties_of_other_places_are_not_taken_for_those_of_the_file(tmp_path):
    def three(*tied):
        model = Sequential(*(Layer(1, 1, bias=False, seed=k) for k in range(3)))
        model[tied[0]].weight = model[tied[1]].weight
        return model

    save(three(2, 0), tmp_path / "m")
    with pytest.raises(CheckpointError, match=r"steps\.2\.neurons\.0\.w is steps\.0\.neurons\.0\.w"):
        load_into(three(2, 1), tmp_path / "m")


def test_a_file_that_does_not_tell_its_ties_is_read_as_before():
    untied = packed(Sequential(Layer(2, 2, seed=0), Layer(2, 2, seed=1)))
    old = resealed(untied, lambda told: told.pop("shared"))
    assert from_bytes(old).model().state_dict() == from_bytes(untied).model().state_dict()
    with pytest.raises(CheckpointError, match=r"steps\.1\.weight is not in the file"):
        from_bytes(resealed(packed(pair()), lambda told: told.pop("shared"))).model()


W0, W1 = "steps.0.neurons.0.w", "steps.1.neurons.0.w"
FORGED = {
    "not ties": [W0],
    "no place": {W0: 1},
    "a place that is not there": {W0: "steps.7.w"},
    "nothing that is there": {"nothing": W0},
    "itself": {W0: W0},
    "in a circle": {W0: W1, W1: W0},
    "the wrong way round": {W0: W1},
    "of another size": {"steps.1.neurons.0.b": W0},
    "a Module": {"steps.1": "steps.0"},
    "too few": {W1: W0},
    "none": {},
}


@pytest.mark.parametrize("shared", FORGED.values(), ids=FORGED)
def test_forged_ties_are_refused(shared):
    data = resealed(packed(pair()), lambda told: told.update(shared=shared))
    with pytest.raises(CheckpointError, match=r"forged|shares parameters otherwise|not in the file"):
        from_bytes(data).model()
