"""Is my gradient right?  Checks that name the op at fault, and what tests of gradients are made of.

`gradcheck` compares the gradient of a function or a graph with differences; `check_op` does the same for
a primitive.  ``autograd.testing.digits`` is the table of ops in 50-digit arithmetic,
``autograd.testing.broken`` has engines broken on purpose, for a checker to catch, and
``autograd.testing.strategies`` draws inputs and graphs for Hypothesis.

>>> from autograd.testing import gradcheck
>>> assert gradcheck(lambda x, y: (x * y).tanh(), (0.5, -1.0))
"""

from autograd.testing.certificate import Certificate, GradientError, Verdict
from autograd.testing.gradient_check import gradcheck
from autograd.testing.op_check import check_op

__all__ = ["Certificate", "GradientError", "Verdict", "check_op", "gradcheck"]
