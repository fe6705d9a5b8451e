"""Is anyone's engine right?  The examination of a scalar engine, op by op and as a whole."""

from autograd.testing.engine.check import check_engine
from autograd.testing.engine.report import EngineReport, Finding

__all__ = ["EngineReport", "Finding", "check_engine"]
