"""A scalar autograd engine that can be seen through.

>>> from autograd import Value
>>> a, b, c, f = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c"), Value(-2.0, "f")
>>> L = (a * b + c) * f
>>> L.backward()
>>> a.grad
6.0
"""

import signal
import sys
from typing import TYPE_CHECKING, Any

if (
    sys.argv[:1] == ["-m"]
    and sys.orig_argv[-len(sys.argv)] in ("autograd", "nn")
    and signal.getsignal(signal.SIGINT) is signal.default_int_handler
):  # a command line is being loaded: until it can say more, Ctrl-C ends it without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from autograd.anomaly import AnomalyError, detect_anomaly
from autograd.by_label import find
from autograd.core.recording import BranchError, no_grad
from autograd.functional.gradients import gradients
from autograd.functions import (
    dot,
    equal,
    log_softmax,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    logsumexp,
    lookup,
    mean,
    not_equal,
    sinc,
    softmax,
    where,
)
from autograd.functions import sum as sum
from autograd.graph import topological_order
from autograd.notation.other_engines import OF_THE_PACKAGE, in_an_import, written_here
from autograd.reverse import backward
from autograd.value import Constant, Parameter, Value

abs, round = Value.abs, Value.round
exp, expm1, log, log1p, sqrt = Value.exp, Value.expm1, Value.log, Value.log1p, Value.sqrt
exp2, log2, log10, cbrt = Value.exp2, Value.log2, Value.log10, Value.cbrt
sin, cos, tan, asin, acos, atan = Value.sin, Value.cos, Value.tan, Value.asin, Value.acos, Value.atan
sinh, cosh, tanh, sech = Value.sinh, Value.cosh, Value.tanh, Value.sech
asinh, acosh, atanh, atan2, hypot = Value.asinh, Value.acosh, Value.atanh, Value.atan2, Value.hypot
floor, ceil, sign, xlogy = Value.floor, Value.ceil, Value.sign, Value.xlogy
erf, erfc, sigmoid, softplus = Value.erf, Value.erfc, Value.sigmoid, Value.softplus
relu, leaky_relu, prelu, elu = Value.relu, Value.leaky_relu, Value.prelu, Value.elu
selu, silu, gelu = Value.selu, Value.silu, Value.gelu
maximum, minimum, clip = Value.maximum, Value.minimum, Value.clip

__version__ = "0.1.0"

# `sum`, `abs` and `round` are left out, so that `from autograd import *` does not hide Python's own.
__all__ = [
    "AnomalyError", "BranchError", "Constant", "Parameter", "Step", "Value", "Walk", "__version__", "acos",
    "acosh", "asin", "asinh", "atan", "atan2", "atanh", "backward", "cbrt", "ceil", "clip", "cos", "cosh",
    "detect_anomaly", "dot", "draw", "elu", "equal", "erf", "erfc", "exp", "exp2", "expm1", "find", "floor",
    "gallery", "gelu", "grad", "gradient_path", "gradients", "hessian", "hvp", "hypot", "jacobian", "jvp",
    "leaky_relu", "log", "log1p", "log2", "log10", "log_softmax", "logaddexp", "logical_and", "logical_not",
    "logical_or", "logsumexp", "lookup", "maximum", "mean", "minimum", "no_grad", "not_equal", "prelu",
    "relu", "sech", "selu", "sigmoid", "sign", "silu", "sin", "sinc", "sinh", "softmax", "softplus", "sqrt",
    "tan", "tanh", "topological_order", "value_and_grad", "vjp", "walk", "where", "xlogy",
]  # fmt: skip

if TYPE_CHECKING:
    from autograd.functional import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
    from autograd.seeing.drawing import draw
    from autograd.seeing.facts.records import Step
    from autograd.seeing.gallery import gallery
    from autograd.seeing.paths import gradient_path
    from autograd.seeing.walk import Walk, walk

_FUNCTIONAL = ("grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp")
_LAZY = {
    "Step": "autograd.seeing.facts.records",
    "Walk": "autograd.seeing.walk",
    "draw": "autograd.seeing.drawing",
    "gallery": "autograd.seeing.gallery",
    "gradient_path": "autograd.seeing.paths",
    "walk": "autograd.seeing.walk",
    **dict.fromkeys(_FUNCTIONAL, "autograd.functional"),
}


def __getattr__(name: str) -> Any:
    """Load on first use what the engine itself does without: pictures, paths, derivatives of functions."""
    if name not in _LAZY:
        message = f"module 'autograd' has no attribute {name!r}{written_here(name, OF_THE_PACKAGE)}"
        raise (ImportError(message, name=name) if in_an_import() else AttributeError(message, name=name))
    from importlib import import_module

    return getattr(import_module(_LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY} - {"OF_THE_PACKAGE", "in_an_import", "written_here"})
