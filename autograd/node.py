"""What is remembered of one operation."""

from __future__ import annotations

from operator import attrgetter

NO_GRADIENT = float(0)
"""The ``.grad`` of a Value that no reverse pass has reached: zero, but this very zero.

``v.grad is NO_GRADIENT`` tells "not computed yet" from a gradient that came out as 0.
"""


number_of = attrgetter("_data")
"""The number of a Value, for code that computes with it on the way into `apply`."""
