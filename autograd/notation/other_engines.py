"""What other engines call things, and how the same is written here: parts of error messages.

The names are those of micrograd, PyTorch, JAX and HIPS autograd.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping


def _all(names: Iterable[str], here: str) -> dict[str, str]:
    return dict.fromkeys(names, here)


OF_A_VALUE: Mapping[str, str] = {
    **_all(("_prev", "_children", "prev", "children", "parents"), "inputs"),
    **_all(("_op", "grad_fn"), "op, which is None for a leaf; its sign is op.symbol"),
    "_backward": "partials, one per input; v.backward() runs the whole reverse pass",
    "is_leaf": "not v.inputs",
    **_all(("item", "numpy", "tolist", "value"), "data"),
    **_all(
        ("requires_grad", "requires_grad_"),
        "a matter of class: a Constant, such as v.detach(), takes no gradient, every other Value does",
    ),
    "detach_": "detach(), which returns a Constant",
    **_all(("retain_grad", "retains_grad"), "not needed: every Value keeps its grad"),
    "zero_grad": "v.grad = None, or zero_grad() of a model or an optimizer",
    "name": "label",
    "square": "v ** 2",
    "pow": "v ** n",
    "ln": "log()",
    "clamp": "clip(low, high)",
    **_all(("shape", "dtype", "device", "T"), "a list or a NumPy array of Values: each is one number"),
}
"""Attributes of a Value."""

OF_THE_PACKAGE: Mapping[str, str] = {
    **_all(("draw_dot", "make_dot", "trace"), "draw(loss)"),
    **_all(("Tensor", "tensor", "Variable", "Scalar"), "Value"),
    "vmap": "[f(x) for x in xs], or autograd.tape.Tape.record(f, x).forward(xs) for many",
    "jit": "autograd.tape.Tape.record(f, x)",
    "Tape": "from autograd.tape import Tape",
    **_all(("jacfwd", "jacrev"), "jacobian(f)"),
    "elementwise_grad": "[grad(f)(x) for x in xs]",
    "stop_gradient": "v.detach()",
    "inference_mode": "no_grad()",
    **_all(("enable_grad", "set_grad_enabled"), "no_grad(), around what needs no gradient"),
    **_all(("gradcheck", "check_grads"), "from autograd.testing import gradcheck"),
    "numpy": "NumPy itself: its functions take Values, as np.sin(v)",
    "clamp": "clip(v, low, high)",
    **_all(
        ("nn", "optim", "MLP", "Module", "Layer", "Neuron", "Linear", "SGD", "Adam"),
        "the package nn: from nn import MLP, Module, SGD, losses",
    ),
}
"""Names in the package."""

OF_NN: Mapping[str, str] = {
    "Linear": 'Layer(n_in, n_out, "linear")',
    **_all(("ModuleList", "ParameterList"), "a list in an attribute: what it holds is found"),
    **_all(("ModuleDict", "ParameterDict"), "a dictionary in an attribute: what it holds is found"),
    **_all(("ReLU", "Tanh", "Sigmoid", "GELU", "SiLU", "LeakyReLU", "ELU", "Softplus"), "Elementwise(name)"),
    **_all(("Identity",), "Lambda(lambda x: x)"),
    **_all(("RNN", "LSTM", "GRU"), "Recurrent(cell, n_out), of an RNNCell, LSTMCell or GRUCell"),
    "MultiheadAttention": "Attention(…)",
    **_all(
        ("MSELoss", "CrossEntropyLoss", "BCEWithLogitsLoss", "L1Loss", "HuberLoss"),
        "in losses: losses.mse, …",
    ),
    **_all(("functional", "F"), "the package autograd: from autograd import relu, tanh, softmax"),
    **_all(("BatchNorm1d", "BatchNorm2d"), "not there, since it mixes samples: LayerNorm or RMSNorm"),
}
"""Names in the package nn."""


def written_here(name: str, elsewhere: Mapping[str, str]) -> str:
    """Return ``; here it is …`` for a name that is another engine's, else nothing.

    >>> written_here("_prev", OF_A_VALUE)
    '; here it is inputs'
    """
    return f"; here it is {elsewhere[name]}" if name in elsewhere else ""


def in_an_import() -> bool:
    """Return whether a module is asked for an attribute by ``from … import …``.

    Python then replaces an AttributeError, and the advice in it, by a message of its own.
    """
    from opcode import opmap

    frame = sys._getframe(2)
    return frame.f_code.co_code[frame.f_lasti] == opmap["IMPORT_FROM"]
