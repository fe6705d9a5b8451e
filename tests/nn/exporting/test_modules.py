"""That no Module of the library is left out of what is carried away."""

from nn import Lambda, Module
from nn.construction import known
from nn.exporting.onnx_files.network import OnnxNetwork
from tests.nn.exporting.modules import MODULES, ONLY_TORCH

OF_ONE_S_OWN = {Lambda, OnnxNetwork}
"""What is made of a function of one's own, or was read from another program's file."""


def test_no_module_is_left_out():
    made = [make() for make, _ in (MODULES | ONLY_TORCH).values()]
    held = {type(module) for model in made for module in model.modules()}
    library = {c for c in known(()).values() if issubclass(c, Module) and c.__module__.startswith("nn.")}
    assert library - held == OF_ONE_S_OWN
