"""Is my gradient right?  Checks that name the op at fault, and what tests of gradients are made of.

`gradcheck` compares the gradient of a function of Values, or of a graph, with differences; `check_gradient`
does so for a gradient that was written by hand, for any function of numbers; `check_same` compares two
implementations of a function, `check_op` checks a primitive, and `check_engine` examines an engine that
somebody else wrote.

``autograd.testing.exercises`` grades the exercises of the lessons,
``autograd.testing.digits`` is the table of ops in 50-digit arithmetic,
``autograd.testing.broken`` has engines broken on purpose, for a checker to catch, and
``autograd.testing.strategies`` draws inputs and graphs for Hypothesis.

>>> from autograd.testing import gradcheck
>>> assert gradcheck(lambda x, y: (x * y).tanh(), (0.5, -1.0))
>>> assert check_gradient(lambda x: x**3, lambda x: 3 * x**2, 2.0)
"""

from autograd.testing.certificate import Certificate, GradientError, Verdict
from autograd.testing.engine import EngineReport, check_engine
from autograd.testing.gradient_check import gradcheck
from autograd.testing.op_check import check_op
from autograd.testing.plain.check import check_gradient
from autograd.testing.plain.same import check_same

__all__ = [
    "Certificate",
    "EngineReport",
    "GradientError",
    "Verdict",
    "check_engine",
    "check_gradient",
    "check_op",
    "check_same",
    "gradcheck",
]
