"""Networks of which a part was replaced: what is carried away computes what they do, or they are refused."""

import re

import numpy as np
import pytest

from autograd import Value
from nn import Layer, Module, to_onnx, to_torch
from nn.layers import Neuron
from tests.nn.exporting.modules import MODULES, outputs_of


def twice(y):
    """Outputs, in whatever lists, times two."""
    return 2 * y if isinstance(y, Value) else [twice(v) for v in y] if isinstance(y, list | tuple) else y


def doubled(kind):
    """A class that inherits from one of ours, and computes something else."""

    def of(name):
        return lambda self, *given, **options: twice(getattr(kind, name)(self, *given, **options))

    ways = {name: of(name) for name in ("__call__", "fire", "step") if hasattr(kind, name)}
    return type(f"Doubled{kind.__name__}", (kind,), ways | {"__module__": __name__})


OTHERS = re.compile(r"neurons\.[1-9]")
"""The neurons of a layer after the first."""


def changes(model):
    """What may be done to a network: to each of its Modules, to each list of them and each activation."""
    modules = [(path, m) for path, m in model.named_modules() if not OTHERS.search(path)]
    for path, module in modules[1:]:
        yield f"class of {path}", lambda module=module: setattr(module, "__class__", doubled(type(module)))
        yield f"extra in {path}", lambda module=module: setattr(module, "extra", Layer(1, 1, seed=0))
    for path, module in modules:
        for name, held in vars(module).items():
            where = f"{name} of {path}"
            if name == "activation":
                yield where, lambda module=module: setattr(module, "activation", Value.sin)
            if isinstance(held, list) and held and isinstance(held[0], Module):
                yield f"last {where}", held.pop
                yield f"order of {where}", held.reverse
                if isinstance(held[0], Neuron):
                    yield f"a bias of {where}", lambda held=held: setattr(held[-1], "b", None)


WAYS = {}


def way(function):
    WAYS[function.__name__] = function
    return function


@way
def torch(model, X, path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    from tests.nn.exporting.test_pytorch import run

    return run(to_torch(model), X)


@way
def onnx(model, X, path):
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    from tests.nn.exporting import test_onnx_operators as there

    to_onnx(model, path, X[0])
    return there.in_onnxruntime(there.onnx.load(path), np.array(X, "float64"))[0].reshape(len(X), -1)


NAMES = [
    name for name in MODULES if name not in ("Transformer", "microgpt", "blocks")
]  # of which there is one


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("to", WAYS)
def test_what_was_replaced_is_carried_along_or_refused(name, to, tmp_path):
    make, X = MODULES[name]
    X = ([X] if isinstance(X[0], int) else X)[:2]
    wrong = []
    for k, (what, _) in enumerate(changes(make())):
        model = make().eval()
        [*changes(model)][k][1]()
        try:
            wanted = outputs_of(model, X)
        except Exception:  # it computes nothing
            continue
        try:
            found = WAYS[to](model, X, tmp_path / "m.onnx")
        except Exception as error:  # it is refused
            wrong += [what] if isinstance(error, AttributeError | LookupError) else []
            continue
        if found.shape != wanted.shape or not np.allclose(found, wanted, rtol=1e-9, atol=1e-9):
            wrong.append(what)
    assert not wrong
