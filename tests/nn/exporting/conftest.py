"""What runs JavaScript."""

from tests.autograd.source.conftest import javascript

__all__ = ["javascript"]
