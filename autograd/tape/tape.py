"""Tape: a graph recorded once and replayed over many samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, cached_property
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.core.garbage_collection import collector_paused
from autograd.graph import topological_order
from autograd.node import number_of
from autograd.notation.hints import described
from autograd.notation.numbers import counted
from autograd.tape.compiler import replay_note
from autograd.tape.executor import Replayer, replayer_class
from autograd.tape.instructions import Instruction, instructions
from autograd.tape.listing import Listing, flatten
from autograd.tape.lowering import lower
from autograd.tape.recording import only_values, record
from autograd.tape.schedule import schedule
from autograd.tape.training import Training
from autograd.value import Value

Array = NDArray[Any]
Precision = Literal["float64", "float32"]


class Tape:
    """A graph of Values, recorded for replay over any number of samples at once.

    Make one with `Tape.record`, from a function, or with `Tape.of`, from Values computed already.

    Attributes:
        outputs: the Values it computes.
        inputs: the leaves that differ from sample to sample, in the order of a sample's numbers.
        parameters: the other leaves, less the constants: uniform over the samples.  Gradients and
            the vectors of `training` come in this order.
        reached: for each of them, whether a gradient reaches it from the first output.
        dtype: the precision of storage and arithmetic, "float64" or "float32".
        threads: how many threads share the samples.

    >>> w = Value(3.0, "w")
    >>> tape = Tape.record(lambda x, y: (w * x - y) ** 2, 1.0, 2.0)
    >>> tape.forward([1.0, 2.0], [0.0, 0.0])
    array([ 9., 36.])
    >>> loss, gradient = tape.gradients([1.0, 2.0], [0.0, 0.0])
    >>> float(loss), gradient
    (22.5, array([15.]))
    """

    def __init__(
        self,
        listing: Listing,
        outputs: Sequence[Value],
        inputs: Sequence[Value],
        widths: Sequence[int],
        dtype: Precision,
        threads: int,
    ) -> None:
        if dtype not in ("float64", "float32"):
            raise ValueError(f'dtype is "float64" or "float32", not {dtype!r}')
        if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
            raise ValueError(f"threads is a whole number from 1 up, not {threads!r}")
        self.outputs, self.inputs = tuple(outputs), tuple(inputs)
        self.dtype, self.threads = dtype, threads
        self._widths = tuple(widths)
        self._run: Training | None = None
        self._listing = lower(listing)
        self._prepare()

    def _prepare(self) -> None:
        """Make what a replay needs beside the graph."""
        self._replayers: dict[tuple[int, bool], Replayer] = {}
        self._replayer = self.replayer()
        self._plan = self._replayer.plan
        self.parameters = tuple(self._listing.nodes[i] for i in self._plan.parameters.tolist())
        self.reached = tuple(self._plan.reached.tolist())

    def __getstate__(self) -> dict[str, Any]:
        """Return the graph, for a copy or a file; the outputs first, so that inputs lead to no detour.

        Raises:
            RuntimeError: if the tape is in training: the weights are in its vector.
        """
        if self._run is not None:
            raise RuntimeError("this tape is in training; copy or save it after the training block")
        kept = ("outputs", "inputs", "dtype", "threads", "_widths", "_run", "_listing")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._prepare()

    @classmethod
    def record(
        cls, function: Callable[..., Any], *sample: Any, dtype: Precision = "float64", threads: int = 1
    ) -> Tape:  # fmt: skip
        """Record what ``function`` computes from a sample.

        Everything that would keep this sample's number for all data is refused: a Python branch on a
        Value, reading ``.data``, gradients as numbers, `no_grad`, `detach`.  A function of up to
        RUN_TWICE ops is also run a second time, with slightly other numbers, to find state and
        random numbers that it keeps; the tape's Values are those of the first run.

        Args:
            function: takes Values, and lists of Values, as ``sample`` takes numbers and lists of
                numbers; returns a Value or a sequence of Values.  Leaves it brings along, such as
                the weights of a network, become parameters.
            sample: one sample: for each argument a number or a sequence of numbers.  Its numbers
                matter only as an example; they must lie where the function is defined.
            dtype: "float64" or "float32".
            threads: how many threads share the samples of a replay.

        Raises:
            BranchError: if the function does one of these; the message names the line where it can.
            TypeError: if the function returns something that is not a Value.
        """
        with collector_paused():
            return cls(*record(function, sample), dtype, threads)

    @classmethod
    def of(
        cls, outputs: Value | Sequence[Value], inputs: Value | Sequence[Value] = (), *,
        dtype: Precision = "float64", threads: int = 1,
    ) -> Tape:  # fmt: skip
        """Record Values that were computed already.

        Args:
            outputs: one Value, or a sequence of them.
            inputs: the leaves that differ from sample to sample, or the only one; every other leaf
                is a parameter.
            dtype: "float64" or "float32".
            threads: how many threads share the samples of a replay.

        Raises:
            TypeError: if outputs or inputs are not Values.
            ValueError: if an input is not a leaf.
        """
        inputs = [inputs] if isinstance(inputs, Value) else list(inputs)
        for v in inputs:
            if not isinstance(v, Value):
                raise TypeError(f"inputs are Values; got {described(v)}")
            if v.inputs:
                raise ValueError(f"inputs are leaves; {v} was computed from other Values")
        if len(set(inputs)) < len(inputs):
            raise ValueError("an input is given twice; each is one column of the samples")
        listed = only_values(outputs)
        with collector_paused():
            return cls(flatten(listed, inputs), listed, inputs, [0] * len(inputs), dtype, threads)

    # ------------------------------------------------------------------------------ replaying

    def forward(self, *data: ArrayLike) -> Array:
        """Return the outputs for every sample.

        Args:
            data: for each argument of the recorded function an array of shape (samples,) or, where
                it took a list, (samples, length).  No arrays for a tape without inputs.

        Returns:
            Shape (samples,) for one output, (samples, outputs) for several.

        Raises:
            ValueError: if the arrays do not have these shapes.
        """
        X = self.samples(*data)
        values = np.empty((len(X), len(self.outputs)), self.dtype)
        with _one_blas_thread():
            self._read(self._replayer)
            self._replayer.run(X, values=values)
        return values[:, 0] if len(self.outputs) == 1 else values

    def gradients(self, *data: ArrayLike, output: int = 0) -> tuple[float, Array]:
        """Return the mean of an output over the samples, and its gradient.

        Args:
            data: as for `forward`.
            output: which output.

        Returns:
            The mean, and ∂mean/∂p for each of `parameters`.
        """
        X = self.samples(*data)
        with _one_blas_thread():
            replayer = self.replayer(output)
            self._read(replayer)
            totals = replayer.run(X, seeds=self._seeds(output, 1.0 / len(X)))
        return float(totals[output]) / len(X), replayer.gradient.copy()

    def input_gradients(self, *data: ArrayLike, output: int = 0) -> Array:
        """Return ∂output/∂input of each sample, shape (samples, inputs).

        Args:
            data: as for `forward`.
            output: which output.
        """
        X = self.samples(*data)
        gradients = np.zeros_like(X)
        with _one_blas_thread():
            replayer = self.replayer(output, inputs_gradient=True)
            self._read(replayer)
            replayer.run(X, seeds=self._seeds(output, 1.0), inputs_gradient=gradients)
        return gradients

    @contextmanager
    def training(self, *data: ArrayLike) -> Iterator[Training]:
        """Hold the parameters in one vector while training on these samples.

        The vector starts from the Values.  It is written back into them when the block ends, even by an
        exception, and whenever `Training.write` is called.

        Args:
            data: as for `forward`.

        Raises:
            RuntimeError: if the tape is in training already: it has one vector.
        """
        if self._run is not None:
            raise RuntimeError("this tape is in training already; record another one to train beside it")
        X = self.samples(*data)
        with _one_blas_thread():
            self._read(self._replayer)
            self._run = run = Training(self._replayer, self.parameters, X)
            try:
                yield run
            finally:
                self._run = None
                run.write()

    def samples(self, *data: ArrayLike) -> Array:
        """Return the data as one array of shape (samples, inputs), of the tape's dtype."""
        if len(data) != len(self._widths):
            raise ValueError(
                f"the tape was recorded with {len(self._widths)} arguments; got {len(data)} arrays"
            )
        if not data:
            return np.empty((1, 0), self.dtype)
        columns = [
            _as_columns(x, width, i, self.dtype)
            for i, (x, width) in enumerate(zip(data, self._widths, strict=True))
        ]
        if len({len(c) for c in columns}) > 1:
            raise ValueError(f"the arrays differ in their number of samples: {[len(c) for c in columns]}")
        if not len(columns[0]):
            raise ValueError("no samples to replay the tape over")
        return np.ascontiguousarray(np.concatenate(columns, axis=1))

    def replayer(self, output: int = 0, inputs_gradient: bool = False) -> Replayer:
        """Return the arrays for replays whose reverse pass starts from this output.

        Args:
            output: which output.
            inputs_gradient: whether it gives the gradients of the inputs too.
        """
        if not isinstance(output, int) or not 0 <= output < len(self.outputs):
            raise ValueError(
                f"there is no output {output!r}; the tape has {len(self.outputs)}, counted from 0"
            )
        key = output, inputs_gradient
        if key not in self._replayers:
            plan = schedule(self._listing, self.inputs, output, inputs_gradient)
            self._replayers[key] = replayer_class()(plan, self._listing, self.dtype, self.threads)
        return self._replayers[key]

    def _read(self, replayer: Replayer) -> None:
        """Read the parameters from the Values; while in training, write them there first."""
        if self._run is not None:
            self._run.write()
        nodes = map(self._listing.nodes.__getitem__, replayer.plan.parameters.tolist())
        replayer.vector[:] = np.fromiter(map(number_of, nodes), np.float64, len(replayer.vector))

    def _seeds(self, output: int, seed: float) -> Array:
        seeds = np.zeros(len(self.outputs), self.dtype)
        seeds[output] = seed
        return seeds

    # -------------------------------------------------------------------------------- reading

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """The steps in the order of a forward replay, the uniform ones first."""
        return tuple(instructions(self._listing, self._plan))

    def explain(self, what: int | Value) -> Instruction:
        """Return the instruction with that number, or the one that computes that Value.

        A Value that was fused into another leads to the instruction that it became part of.

        Raises:
            ValueError: if there is no such instruction, or the Value is a leaf or not on the tape.
        """
        if isinstance(what, int):
            if not 0 <= what < len(self.instructions):
                raise ValueError(f"the tape has instructions 0 to {len(self.instructions) - 1}; got {what}")
            return self.instructions[what]
        by_value = {
            v: instruction for instruction in self.instructions for v in instruction.values if v.inputs
        }
        for node in reversed(topological_order(*self.outputs)):
            for v in node.inputs:
                if v.inputs and node in by_value:
                    by_value.setdefault(v, by_value[node])
        if what not in by_value:
            raise ValueError(f"{what} is a leaf, or not on this tape: no instruction computes it")
        return by_value[what]

    def __repr__(self) -> str:
        return (
            f"<Tape: {counted(len(self.inputs), 'input')}, {counted(len(self.parameters), 'parameter')}, "
            f"{counted(len(self._listing), 'node')}, {counted(len(self.instructions), 'instruction')}, "
            f"{', '.join(filter(None, (self.dtype, replay_note())))}>"
        )

    def __str__(self) -> str:
        once = [str(i) for i in self.instructions if i.uniform]
        lanes = [str(i) for i in self.instructions if not i.uniform]
        parts = [repr(self)[1:-1]]
        if once:
            parts += ["once per replay:", *once]
        if lanes:
            parts += ["for every sample:", *lanes]
        return "\n".join(parts)


@cache
def _controller() -> Any:
    try:
        return import_module("threadpoolctl").ThreadpoolController()
    except ImportError:
        return None


def _one_blas_thread() -> Any:
    """Keep the matrix products on the thread that asks for them, so that results do not vary."""
    controller = _controller()
    return nullcontext() if controller is None else controller.limit(limits=1, user_api="blas")


def _as_columns(x: ArrayLike, width: int, i: int, dtype: str) -> Array:
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"array {i + 1} holds {array.dtype} values; real numbers are wanted")
    array = array.astype(dtype, copy=False)
    wanted = "(samples,)" if width == 0 else f"(samples, {width})"
    if array.ndim != (1 if width == 0 else 2) or (width and array.shape[1] != width):
        raise ValueError(f"array {i + 1} has the shape {array.shape}; the tape was recorded with {wanted}")
    return array.reshape(len(array), width or 1)
