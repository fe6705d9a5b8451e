"""Which classes of one's own a file may name, and who allows them."""

import subprocess
import sys

import pytest

from autograd import Parameter
from nn import (
    CheckpointError,
    Module,
    Sequential,
    load,
    loadable,
    save,
)
from nn.construction import LOADABLE
from tests.nn.saving.test_own_classes import Plain, Tied


def test_a_class_that_nobody_allowed_is_refused_by_name(tmp_path):
    save(Sequential(Plain(2)), tmp_path / "m")
    with pytest.raises(
        CheckpointError, match=r"holds a Plain, .*load\(path, classes=\[Plain\]\).*@loadable.*load_into"
    ):
        load(tmp_path / "m")
    with pytest.raises(CheckpointError, match="holds a Plain"):
        load(tmp_path / "m", classes=[Tied])


@pytest.mark.usefixtures("registered")
def test_a_registered_class_is_built_unasked(tmp_path):
    assert loadable(Plain) is Plain
    save(Plain(2), tmp_path / "m")
    assert isinstance(load(tmp_path / "m"), Plain)


@pytest.mark.usefixtures("registered")
def test_a_class_that_is_defined_again_takes_the_place_of_the_old_one():
    def run_the_cell():
        @loadable
        class Net(Module):
            pass

        return Net

    run_the_cell()
    latest = run_the_cell()
    assert LOADABLE["Net"] is latest


def another(name="Plain"):
    return type(name, (Module,), {"__init__": lambda self: setattr(self, "w", Parameter(1.0))})


@pytest.mark.usefixtures("registered")
def test_two_classes_of_one_name_are_refused(tmp_path):
    loadable(Plain)
    other = another()
    other.__module__ = "elsewhere"
    with pytest.raises(ValueError, match=r"two classes are called Plain.*elsewhere\.Plain.*rename"):
        loadable(other)
    save(Plain(2), tmp_path / "m")
    with pytest.raises(ValueError, match="two classes are called Plain"):
        load(tmp_path / "m", classes=[Plain, other])
    save(other(), tmp_path / "m")
    assert type(load(tmp_path / "m", classes=[other])) is other  # what is passed comes first
    save(Sequential(Plain(2), other()), tmp_path / "m")
    with pytest.raises(CheckpointError, match=r"two classes of the network are called Plain.*load_into"):
        load(tmp_path / "m", classes=[Plain])


@pytest.mark.parametrize("classes", [[int], ["Plain"], [Plain(1)], [None]])
def test_what_is_not_a_class_of_modules_is_refused(tmp_path, classes):
    save(Plain(2), tmp_path / "m")
    with pytest.raises(TypeError, match="a class of Modules; got"):
        load(tmp_path / "m", classes=classes)


def test_nothing_is_imported_or_executed(tmp_path):
    """A file from another program's class is refused in a process that does not have it."""
    save(Plain(2), tmp_path / "m")
    code = f"import nn\ntry: nn.load({str(tmp_path / 'm')!r})\nexcept nn.CheckpointError as e: print(e)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "holds a Plain" in told
