"""The tape: a graph recorded once and replayed over many samples as machine code.

Reads in this order: `recording` (what a user calls) → `listing` (the graph as a flat list) →
`lowering` (equal, simpler lists) → `schedule` (rows and steps) → `kernels` (the machine) →
`compiled` (the op table in Numba).
"""

try:
    import numba as _numba
    import numpy as _numpy
    import scipy as _scipy
except ImportError as error:
    raise ImportError(
        f'the tape needs NumPy, Numba and SciPy ({error}): pip install "chainrule[train]"'
    ) from error
del _numba, _numpy, _scipy

from autograd.tape.recording import Instruction, Tape, Training

__all__ = ["Instruction", "Tape", "Training"]
