"""Is my gradient right?  Checks that name the op at fault, and what tests of gradients are made of.

`gradcheck` holds the gradient of a function or a graph against differences; `check_op` holds a
primitive against them.  ``autograd.testing.digits`` is the table of ops in 50-digit arithmetic,
``autograd.mistakes`` has engines broken on purpose, for a checker to catch, and
``autograd.testing.strategies`` draws inputs and graphs for Hypothesis.

>>> from autograd.testing import gradcheck
>>> assert gradcheck(lambda x, y: (x * y).tanh(), (0.5, -1.0))
"""

from autograd.testing.certificate import Certificate, GradientError, Verdict
from autograd.testing.gradient_check import gradcheck  # at once: later the module would take its name
from autograd.testing.op_check import check_op

__all__ = ["Certificate", "GradientError", "Verdict", "check_op", "gradcheck"]
