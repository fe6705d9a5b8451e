"""What is held in several places, however that came about, is held there again when it is loaded."""

import random
import re

import pytest

from autograd import Parameter
from nn import MLP, CheckpointError, Layer, Module, Sequential, load, load_into, save
from nn.saving.checkpoint import from_bytes, packed
from nn.saving.ties import tie, ties_of


class Parts(Module):
    """Parts of like kinds, each with Parameters and Modules of its own in every kind of container."""

    def __init__(self, n):
        self.layers = [Layer(2, 2, seed=k) for k in range(n)]
        self.table = [[Parameter(float(i + j)) for j in range(2)] for i in range(n)]
        self.scales = {"a": Parameter(1.0), "b": Parameter(2.0)}
        self.inner = Sequential(Layer(2, 2, seed=5), Layer(2, 2, seed=6))
        self.scale = Parameter(3.0)

    def forward(self, x):
        for layer in [*self.layers, self.inner]:
            x = layer(x)
        return [v * w for v, w in zip(x, self.table[-1], strict=True)]


def inner_layers(model):
    return [module for module in model.inner.modules() if isinstance(module, Layer)]


def share_biases(model, chance):
    a, b = chance.sample(model.layers, 2)
    b.neurons[1].b = a.neurons[0].b


def share_weights(model, chance):
    a, b = chance.sample(model.layers, 2)
    for mine, its in zip(b.neurons, a.neurons, strict=True):
        mine.w = its.w


def share_transposed(model, chance):
    a, b = chance.sample(model.layers, 2)
    b.neurons[0].w[1] = a.neurons[1].w[0]


def share_a_module(model, chance):
    i, j = chance.sample(range(len(model.layers)), 2)
    model.layers[j] = model.layers[i]


def share_a_row(model, chance):
    i, j = chance.sample(range(len(model.table)), 2)
    model.table[j] = model.table[i]


def share_a_number(model, chance):
    model.scale = model.scales[chance.choice("ab")]


def share_across_kinds(model, chance):
    inner_layers(model)[1].neurons[0].b = chance.choice(model.table)[0]


WAYS = [
    share_biases, share_weights, share_transposed, share_a_module, share_a_row, share_a_number,
    share_across_kinds,
]  # fmt: skip


def tied(seed):
    chance, model = random.Random(seed), Parts(4)
    for way in chance.sample(WAYS, chance.randint(1, 4)):
        way(model, chance)
    return model


def structure(model):
    """Return which slots hold one and the same Parameter, by the order of the slots."""
    rows = [*model.table, [*model.scales.values(), model.scale]]
    rows += [[*n.w, n.b] for layer in [*model.layers, *inner_layers(model)] for n in layer.neurons]
    order = {}
    return [order.setdefault(id(p), len(order)) for row in rows for p in row]


@pytest.mark.parametrize("seed", range(40))
def test_what_was_tied_after_a_network_was_built_is_tied_again(seed, tmp_path):
    model = tied(seed)
    save(model, tmp_path / "m")
    again = load(tmp_path / "m", classes=[Parts])
    assert structure(again) == structure(model)
    assert ties_of(again) == ties_of(model) != {}
    assert again.state_dict() == model.state_dict()
    assert repr(again([0.5, -0.25])) == repr(model([0.5, -0.25]))
    assert packed(again) == packed(model)
    other = tied(seed)
    for p in other.parameters():
        p.data = 0.0
    load_into(other, tmp_path / "m")
    assert other.state_dict() == model.state_dict()


def test_a_network_without_the_ties_is_told_of_them(tmp_path):
    model = Parts(2)
    share_weights(model, random.Random(0))
    save(model, tmp_path / "m")
    (path, source), *_ = ties_of(model).items()
    layer = re.escape(path.partition(".neurons")[0])
    wanted = rf"{layer}\.weight is not in the file.*{path}.*{source}.*: tie them in this"
    with pytest.raises(CheckpointError, match=wanted):
        load_into(Parts(2), tmp_path / "m")


def test_a_network_whose_constructor_ties_more_than_the_file_is_refused(tmp_path):
    model = MLP(2, [2, 1], seed=0)
    save(model, tmp_path / "m")
    model.layers[0].neurons[1].b = model.layers[0].neurons[0].b
    with pytest.raises(CheckpointError, match=r"layers\.0\.bias"):
        load_into(model, tmp_path / "m")


def forged(ties):
    checkpoint = from_bytes(packed(Parts(2)))
    checkpoint.architecture["ties"] = ties
    return checkpoint


@pytest.mark.parametrize(
    ("ties", "message"),
    [
        ([], "its architecture is not known here"),
        ({"nowhere": "scale"}, "nothing is held at 'nowhere'"),
        ({"scale": 3}, "nothing is held at 3"),
        ({"": "layers.0"}, "are not of one kind"),
        ({"scale": "layers.0"}, "are not of one kind"),
        ({"table": "layers"}, "are not of one kind"),
        ({"inner": ""}, "are not of one kind"),
        ({"layers.0": "layers.1"}, "was changed after"),  # the first holder comes second
        ({"scale": "scale"}, "was changed after"),
        ({"scale": "scales.a", "scales.b": "scale"}, "was changed after"),
    ],
)
def test_ties_that_a_file_makes_up_are_refused(ties, message):
    with pytest.raises(CheckpointError, match=message):
        forged(ties).model([Parts])


class Nested(Module):
    def __init__(self):
        self.a, self.b = Sequential(Layer(1, 1)), Sequential(Layer(1, 1))


def test_modules_are_not_tied_into_a_circle():
    checkpoint = from_bytes(packed(Nested()))
    inside = next(path for path, module in Nested().named_modules() if isinstance(module, Layer))
    checkpoint.architecture["ties"] = {inside: "b"}
    with pytest.raises(CheckpointError):
        checkpoint.model([Nested])


def test_what_cannot_be_changed_is_not_tied():
    class Pair(Module):
        def __init__(self):
            self.pair = (Parameter(1.0), Parameter(2.0))

    with pytest.raises(ValueError, match="a tuple cannot be changed"):
        tie(Pair(), {"pair.1": "pair.0"})
