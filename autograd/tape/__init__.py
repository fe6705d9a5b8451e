"""The tape: a graph recorded once and replayed over many samples as machine code.

It reads in this order: `tape` (what a user calls) → `recording` and `listing` (a function's graph as a
flat list) → `lowering` (equal, simpler lists) → `schedule` (rows and steps) → `replayer` (the numbers)
→ `kernels` (the machine) → `templates` (the ops' kernels) → `native` (the compiler of both).
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from autograd.core.untimed import untimed

if TYPE_CHECKING:
    from autograd.tape.instructions import Instruction
    from autograd.tape.rules import vectorised
    from autograd.tape.tape import Tape
    from autograd.tape.training import Training

_missing = [name for name in ("numpy", "llvmlite", "scipy", "threadpoolctl") if find_spec(name) is None]
if _missing:
    raise ImportError(f'the tape needs {", ".join(_missing)}: pip install "chainrule[train]"')

_HOMES = {"Instruction": "instructions", "Tape": "tape", "Training": "training", "vectorised": "rules"}

__all__ = ["Instruction", "Tape", "Training", "vectorised"]


def __getattr__(name: str) -> Any:
    """Load the tape itself, and with it NumPy and LLVM, on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'autograd.tape' has no attribute {name!r}")
    from importlib import import_module

    with untimed:
        return getattr(import_module(f"autograd.tape.{_HOMES[name]}"), name)
