"""Engines broken on purpose, for a checker to catch; written in `autograd.mistakes`."""

from autograd.mistakes import *  # noqa: F403
