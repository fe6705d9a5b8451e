"""Dropout: in training, every number is left out with a given probability.

Each number is multiplied by a mask: 0 where it is left out, else 1/(1 − p), so that the mean stays
as it is without dropout (Srivastava et al., Dropout: a simple way to prevent neural networks from
overfitting, 2014; scaled in training rather than after it, as PyTorch does).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any

from autograd import Constant, Value
from nn.checks import Seed, finite_number, generator
from nn.construction import loadable
from nn.module import Module

BITS = 32
"""Random bits per mask: as many as the generator makes at a time, so that masks drawn one by one and
masks drawn a thousand at a time are the same."""


@loadable
class Dropout(Module):
    """Leaves every number out with probability ``p`` while in training; does nothing elsewhere.

    `Module.train` and `Module.eval` put it in training and out of it.

    Args:
        p: the probability of being left out, from 0 up and below 1.
        seed: where the masks come from, a number or a `random.Random`; by default they differ from
            run to run.

    Attributes:
        p: see above; it may be changed.
        rng: the generator of the masks.

    Raises:
        TypeError, ValueError: if ``p`` is not a number from 0 up and below 1.

    >>> dropout = Dropout(0.5, seed=0)
    >>> [v.data for v in dropout([Value(1.0), Value(2.0), Value(3.0), Value(4.0)])]
    [2.0, 0.0, 6.0, 8.0]
    >>> [v.data for v in dropout.eval()([Value(1.0), Value(2.0)])]
    [1.0, 2.0]
    """

    def __init__(self, p: float = 0.5, *, seed: Seed = None) -> None:
        self.p = finite_number("p (the probability of being left out)", p, at_least=0.0, below=1.0)
        self.rng = generator(seed)
        self._given: Iterator[Value] | None = None

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {"p": self.p}

    def __call__(self, x: Iterable[Value]) -> list[Value]:
        """Return the Values, each times its mask while in training."""
        values = list(x)
        if not self.training or self.p == 0:
            return values
        return [v * mask for v, mask in zip(values, self._masks(len(values)), strict=True)]

    def _masks(self, count: int) -> list[Value]:
        if self._given is not None:
            return [next(self._given) for _ in range(count)]
        return [Constant(mask) for mask in self.draw(count)]

    def draw(self, count: int) -> list[float]:
        """Draw the next masks of the generator: 0, or 1/(1 − p)."""
        least, kept = self.p * 2**BITS, 1 / (1 - self.p)
        return [kept if self.rng.getrandbits(BITS) >= least else 0.0 for _ in range(count)]

    @contextmanager
    def given(self, masks: Iterator[Value]) -> Iterator[None]:
        """Multiply by these masks, one after the other, rather than by drawn ones."""
        self._given = masks
        try:
            yield
        finally:
            self._given = None

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return f"{self.p:g}"


class Masks:
    """The masks of all dropouts of a model, as further numbers of each sample: for the tape.

    Args:
        model: a model in training.
        sample: one sample, which shows how many masks it takes.

    Attributes:
        count: how many masks a sample takes.

    Raises:
        NotImplementedError: if two dropouts draw from one generator, in turns that the tape cannot keep.
    """

    def __init__(self, model: Module, sample: Any) -> None:
        self._dropouts = [m for m in model.modules() if isinstance(m, Dropout) and m.p > 0]
        if len({id(dropout.rng) for dropout in self._dropouts}) < len(self._dropouts):
            raise NotImplementedError("two dropouts draw their masks in turns from one generator")
        self._counts = [0] * len(self._dropouts)
        if self._dropouts:
            self._count(model, sample)
        self.count = sum(self._counts)

    def _count(self, model: Any, sample: Any) -> None:
        def ones(k: int) -> Iterator[Value]:
            while True:
                self._counts[k] += 1
                yield Constant(1.0)

        with ExitStack() as stack:
            for k, dropout in enumerate(self._dropouts):
                stack.enter_context(dropout.given(ones(k)))
            model(sample)

    @contextmanager
    def given(self, masks: Iterable[Value]) -> Iterator[None]:
        """Have the dropouts multiply by these masks, which are those of one sample."""
        left = iter(masks)
        with ExitStack() as stack:
            for dropout, count in zip(self._dropouts, self._counts, strict=True):
                stack.enter_context(dropout.given(islice(left, count)))
            yield

    def draw(self, samples: int) -> Any:
        """Draw masks for this many samples, one row each: those that the dropouts would draw one by one."""
        import numpy as np  # only the tape asks for this

        drawn = []
        for dropout, count in zip(self._dropouts, self._counts, strict=True):
            bits = np.frombuffer(dropout.rng.randbytes(BITS // 8 * samples * count), "<u4")
            kept = bits >= dropout.p * 2**BITS
            drawn.append((kept / (1 - dropout.p)).reshape(samples, count))
        return np.concatenate(drawn, axis=1)
