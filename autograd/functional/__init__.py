"""Derivatives of plain functions: `grad`, `jacobian`, `hessian`, `jvp`, `vjp`, `hvp`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograd.functional.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]


def __getattr__(name: str) -> Any:
    """Load `autograd.functional.transforms` on first use; the engine needs this folder's gradients only."""
    if name not in __all__:
        raise AttributeError(f"module 'autograd.functional' has no attribute {name!r}")
    from autograd.functional import transforms

    return getattr(transforms, name)
