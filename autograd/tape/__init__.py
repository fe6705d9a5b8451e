"""The tape: a graph recorded once and replayed over many samples as machine code.

It reads in this order: `tape` (what a user calls) → `recording` and `listing` (a function's graph as a
flat list) → `lowering` (equal, simpler lists) → `shared` (matrix products and tables) → `schedule` (rows and
steps) → `program` (both as numbers) → `executor` (who replays): `replayer` (the numbers) → `kernels` (the
machine) → `templates` (the ops' kernels) → `native` (the compiler of both), or `numpy_replayer` →
`numpy_steps` → `numpy_ops` (the op table in NumPy) where there is no compiler.

Around these stand `structure` (arguments and outputs of any form), `workspace` and `blas` (one call among
others on other threads), `saved` (tapes in files), `objective` (a tape for an optimiser) and `onnx_graph`,
with `onnx_nodes` and `onnx_functions` (a tape for other programs).
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from autograd.core.untimed import untimed

if TYPE_CHECKING:
    from autograd.tape.compiler import replay_note
    from autograd.tape.executor import vectorised
    from autograd.tape.instructions import Instruction
    from autograd.tape.listing import places_of
    from autograd.tape.onnx_graph import onnx_model
    from autograd.tape.onnx_nodes import OnnxNodes
    from autograd.tape.tape import Tape
    from autograd.tape.training import Held, Training

if find_spec("numpy") is None:
    raise ImportError('the tape needs numpy: pip install "chainrule[train]"')

_HOMES = {
    "Held": "training",
    "Instruction": "instructions",
    "OnnxNodes": "onnx_nodes",
    "Tape": "tape",
    "Training": "training",
    "onnx_model": "onnx_graph",
    "places_of": "listing",
    "replay_note": "compiler",
    "vectorised": "executor",
}

__all__ = [
    "Held", "Instruction", "OnnxNodes", "Tape", "Training", "onnx_model", "places_of", "replay_note",
    "vectorised",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load the tape itself, and with it NumPy and what compiles, on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module 'autograd.tape' has no attribute {name!r}")
    from importlib import import_module

    with untimed:
        import_module("autograd.tape.executor").replayer_class()
        return getattr(import_module(f"autograd.tape.{_HOMES[name]}"), name)
