"""Engines broken on purpose, for a checker to catch; defined in `autograd.mistakes`."""

from autograd.mistakes import (
    ENGINES,
    Engine,
    Update,
    depth_first,
    drops_factor,
    gradients_of,
    keeps_intermediates,
    overwrites,
    right,
)

__all__ = [
    "ENGINES", "Engine", "Update", "depth_first", "drops_factor", "gradients_of", "keeps_intermediates",
    "overwrites", "right",
]  # fmt: skip
