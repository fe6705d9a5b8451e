"""The second public door: for those who build on the engine, such as `nn`, or an op of one's own.

An op is entered in the table once, by its rule: from any arithmetic ``m`` to the value and the partials.
The pinball loss of quantile regression, with its corner at 0:

>>> from autograd import Value, gradients, walk
>>> rule = lambda m: (
...     lambda a, q: m.where(a > 0, q * a, (q - 1) * a),  # the value
...     lambda a, q, y: m.where(a > 0, q, q - 1),  # its partials; y is the value
...     lambda a, q, y: a,
... )
>>> corner = Kink("a = 0", gap=lambda a, q: a, slopes=lambda a, q: ((q - 1, q), (0, 0)))
>>> entry = op("pinball", "pinball", rule, REAL, Interval(0, 1), kinks=(corner,))
>>> pinball = as_function(entry)
>>> error = Value(-2.0, "error")
>>> loss = pinball(error, 0.75)
>>> loss.data, gradients(loss, error)
(0.5, -0.25)

``Value.pinball = pinball`` makes it a method too.  From that one entry follow the node in a drawing, the
text of its formulas, the steps of a walk, higher derivatives and the kernel on the tape:

>>> print(walk(loss)[1].numbers, "|", walk(loss)[1].symbols)
pinball(−2, 0.75) = 0.5 | y = pinball(error, 0.75)

`check_op` compares the value in doubles with 50 digits, and every partial with differences, all over the
domain, close to its borders and on both sides of the kinks.  It names a wrong partial:

>>> from autograd.testing import check_op
>>> print(check_op(entry))
op       points  checked
pinball  311     value, ∂/∂input 1, ∂/∂input 2, kink at a = 0
>>> check_op(Op("cube", "cube", lambda m: (lambda a: a * a * a, lambda a, y: 2 * a * a)))
Traceback (most recent call last):
...
autograd.testing.certificate.GradientError: ∂cube/∂input 1 is wrong at cube(−1.057): the rule states \
2.234512421735607, differences of the value give 3.3517686326034104
>>> del TABLE["pinball"]

A rule is a formula.  A tape reads it when it is made, and keeps the numbers that the rule closes over then; a
rule that draws random numbers or keeps state is not one.

An op that is entered in `autograd/ops.py` itself comes with its tests and with its mutants: they walk
the table.
"""

from autograd.core.garbage_collection import collector_paused
from autograd.core.primitive import NONZERO, POSITIVE, REAL, TABLE, UNIT, Interval, Kink, Op, op
from autograd.core.recording import Argument, CallNote, UseOfValues
from autograd.core.recording import mode as recording
from autograd.functional.containers import Container
from autograd.functions import as_function
from autograd.leaves import forget_gradients, set_data
from autograd.node import NO_GRADIENT, Node, data_of, gradient_of, number_of
from autograd.protocols import CUTS, NumberRead
from autograd.pure_reverse import upstreams
from autograd.value import VALUE_TYPES, Operand, apply, as_value, as_values

__all__ = [
    "CUTS", "NONZERO", "NO_GRADIENT", "POSITIVE", "REAL", "TABLE", "UNIT", "VALUE_TYPES", "Argument",
    "CallNote", "Container", "Interval", "Kink", "Node", "NumberRead", "Op", "Operand", "UseOfValues",
    "apply", "as_function", "as_value", "as_values", "collector_paused", "data_of", "forget_gradients",
    "gradient_of", "number_of", "op", "recording", "set_data", "upstreams",
]  # fmt: skip
