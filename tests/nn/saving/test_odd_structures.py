"""Networks of odd structure in files: shared, nested in themselves, of one name."""

import json
import random
from io import BytesIO

import pytest

from autograd import Parameter
from autograd.files.tensorfile import read_header
from nn import (
    MLP,
    CheckpointError,
    Conv1d,
    Dropout,
    Layer,
    Module,
    load,
    load_into,
    save,
)
from nn.saving.checkpoint import from_bytes, packed
from nn.saving.parameters import groups_of
from tests.nn.saving.test_own_classes import Plain, run


class Selfish(Module):
    def __init__(self, n):
        self.ws = [Parameter(random.random()) for _ in range(n)]
        self.me = self
        self.layer = Layer(2, 2)
        self.layer.parent = self


def test_a_module_that_contains_itself_is_kept_once(tmp_path):
    model = Selfish(2)
    save(model, tmp_path / "m")
    again = load(tmp_path / "m", classes=[Selfish])
    assert again.state_dict() == model.state_dict()
    assert again.me is again


def test_a_module_that_is_an_argument_of_itself_is_refused():
    class Odd(Module):
        def __init__(self, inside):
            self.w = Parameter(1.0)

        def built_with(self):
            return {"inside": self}

    with pytest.raises(CheckpointError, match="its architecture is not known here"):
        from_bytes(packed(Odd(1))).model([Odd])


def test_parameters_in_a_set_without_labels_are_refused(tmp_path):
    model = Module()
    model.ws = {Parameter(1.0), Parameter(2.0)}
    with pytest.raises(ValueError, match="a set has no order"):
        save(model, tmp_path / "m")
    with pytest.raises(ValueError, match="a set has no order"):
        model.state_dict()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "held",
    [
        {"a.b": Parameter(1.0), "a": {"b": Parameter(2.0)}},
        {"a.b": Layer(1, 1), "a": {"b": Layer(1, 1)}},
        {"a": {1: Parameter(1.0), "1": Parameter(2.0)}},
    ],
    ids=["parameters", "Modules", "keys"],
)
def test_two_things_of_one_name_are_refused(tmp_path, held):
    model = Module()
    model.held = held
    with pytest.raises(ValueError, match=r"two things in the network are called held\.a\."):
        save(model, tmp_path / "m")
    assert not list(tmp_path.iterdir())


def test_two_modules_of_one_name_without_parameters_are_refused(tmp_path):
    model = Module()
    model.w, model.held = Parameter(1.0), {"a.b": Dropout(0.1), "a": {"b": Dropout(0.9)}}
    with pytest.raises(ValueError, match=r"called held\.a\.b"):
        save(model, tmp_path / "m")


def test_an_attribute_that_takes_the_name_of_a_matrix_is_refused(tmp_path):
    convolution = Conv1d(1, 1, 1)
    convolution.weight = Parameter(1.0)
    with pytest.raises(ValueError, match="called weight"):
        save(convolution, tmp_path / "m")


def test_a_dropout_that_was_changed_comes_back_as_it_is(tmp_path):
    model = MLP(2, [3, 1], dropout=0.5)
    model.dropout.p = 0.125
    model([1.0, 2.0])
    save(model, tmp_path / "m")
    again = load(tmp_path / "m")
    assert again.dropout.p == 0.125
    assert run(again) == run(model)


def test_the_architecture_is_json_that_a_person_can_read():
    data = packed(Plain(3))
    texts = read_header(BytesIO(data), len(data)).texts
    assert json.loads(texts["architecture"])["modules"][""] == [
        "Plain", {"width": 3, "squash": "tanh", "bias": True, "seed": None},
    ]  # fmt: skip


class Keyed(Module):
    def __init__(self):
        self.by = {2: Layer(1, 1), "1": Layer(1, 1)}
        self.scales = {0: Parameter(random.random()), -1: Parameter(random.random())}


def test_tensors_within_a_dictionary_are_called_as_pytorch_calls_them(tmp_path):
    model = Keyed()
    save(model, tmp_path / "m")
    names = groups_of(model)
    assert [*names] == ["by.2.weight", "by.2.bias", "by.1.weight", "by.1.bias", "scales.0", "scales.-1"]
    assert load(tmp_path / "m", classes=[Keyed]).state_dict() == model.state_dict()
    other = Keyed()
    load_into(other, tmp_path / "m")
    assert other.state_dict() == model.state_dict()
