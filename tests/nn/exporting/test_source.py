"""Modules as programs in other languages, and that no Module is left out of what is carried away."""

import pytest

from nn import Lambda, Module
from nn.construction import known
from tests.autograd.source.corners import WITHIN
from tests.autograd.source.running import errors
from tests.nn.exporting.modules import MODULES, ONLY_TORCH, graph_of

IN_PARTS = {Lambda}
"""What is made of a function of one's own, and goes nowhere else."""


@pytest.mark.parametrize("name", MODULES)
def test_every_module_in_every_language(name, tmp_path, javascript):
    (found,) = errors([graph_of(name)], tmp_path, javascript, "-O0")  # -O2 takes a minute for all of them
    assert max(found.values()) <= WITHIN, found


def test_no_module_is_left_out():
    made = [make() for make, _ in (MODULES | ONLY_TORCH).values()]
    held = {type(module) for model in made for module in model.modules()}
    library = {
        kind for kind in known(()).values() if issubclass(kind, Module) and kind.__module__.startswith("nn.")
    }
    assert library - held == IN_PARTS
