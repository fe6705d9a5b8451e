"""The random numbers of NumPy's ``RandomState``, without NumPy: the points of scikit-learn's formulas.

Both Python and NumPy draw from the Mersenne Twister; they differ in how a seed fills its state, and in what
they make of its numbers.

>>> state = RandomState(0)
>>> state.normal(), state.shuffled(range(5))
(1.764052345967664, [0, 2, 1, 4, 3])
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from math import log, sqrt

from nn.checks import whole_number

WORDS = 624
"""The size of the Mersenne Twister's state."""
LARGEST_SEED = 2**32 - 1


class RandomState:
    """A source of random numbers; the same seed gives NumPy's numbers.

    Args:
        seed: a whole number from 0 to 2³² − 1.

    Raises:
        TypeError: if the seed is not a whole number.
        ValueError: if it is outside of these.
    """

    def __init__(self, seed: int) -> None:
        words = [whole_number("seed", seed, 0)]
        if seed > LARGEST_SEED:
            raise ValueError(f"seed is at most {LARGEST_SEED}; got {seed}")
        for i in range(1, WORDS):  # Matsumoto and Nishimura's init_genrand
            words.append((1812433253 * (words[-1] ^ words[-1] >> 30) + i) & 0xFFFFFFFF)
        self._twister = random.Random()
        self._twister.setstate((3, (*words, WORDS), None))
        self._kept: float | None = None

    def normal(self) -> float:
        """Return a number of the standard normal distribution, by Marsaglia's polar method: two at a time."""
        if self._kept is not None:
            drawn, self._kept = self._kept, None
            return drawn
        square = 0.0
        while not 0.0 < square < 1.0:
            x, y = (2.0 * self._twister.random() - 1.0 for _ in range(2))
            square = x * x + y * y
        scale = sqrt(-2.0 * log(square) / square)
        self._kept = scale * x
        return scale * y

    def shuffled(self, items: Iterable[int]) -> list[int]:
        """Return the items in random order."""
        order = list(items)
        for i in range(len(order) - 1, 0, -1):
            j = i + 1
            while j > i:
                j = self._twister.getrandbits(32) & ((1 << i.bit_length()) - 1)
            order[i], order[j] = order[j], order[i]
        return order
