"""Tape: a graph recorded once and replayed over many samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from operator import is_
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import ThreadpoolController

from autograd.formula import formula
from autograd.graph import topological_order
from autograd.ops import Op
from autograd.tape.kernels import AFFINE
from autograd.tape.listing import COMPUTED, Listing, collector_paused, flatten
from autograd.tape.lowering import lower
from autograd.tape.replayer import Replayer
from autograd.tape.schedule import schedule
from autograd.value import NO_GRADIENT, BranchError, Value, mode, number_of
from autograd.wording import counted, number

Array = NDArray[Any]
Precision = Literal["float64", "float32"]


RUN_TWICE = 100_000
"""Ops up to which a function is run again to compare: beyond, that would double a wait of seconds."""


@dataclass(frozen=True)
class Instruction:
    """One step of a tape, in the words of the drawings.

    Attributes:
        number: its place on the tape.
        op: the op it applies; None where uniform numbers are copied to the lanes.
        values: the Values it computes.
        uniform: whether it is computed once a replay, for all samples together.
        note: what was fused into it and why, or "".
    """

    number: int
    op: Op | None
    values: tuple[Value, ...]
    uniform: bool
    note: str

    def __str__(self) -> str:
        symbol = self.op.symbol if self.op else "copy"
        if "matrix product" in self.note:
            symbol = "W·x + b"
        rows = counted(len(self.values), "row")
        note = f"   ({self.note})" if self.note else ""
        return f"{self.number:>4}  {symbol:<10} {rows:>10}  {_named(self.values)}{note}"


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
        if not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads is a whole number from 1 up, not {threads!r}")
        self.outputs, self.inputs = tuple(outputs), tuple(inputs)
        self.dtype, self.threads = dtype, threads
        self._widths = tuple(widths)
        self._run: Training | None = None
        with collector_paused():
            self._listing = lower(listing)
            self._replayers: dict[tuple[int, bool], Replayer] = {}
            self._replayer = self.replayer()
            self._plan = self._replayer.plan
        self.parameters = tuple(self._listing.nodes[i] for i in self._plan.parameters.tolist())
        self.reached = tuple(self._plan.reached.tolist())

    @classmethod
    def record(
        cls, function: Callable[..., Any], *sample: Any, dtype: Precision = "float64", threads: int = 1
    ) -> Tape:  # fmt: skip
        """Record what ``function`` computes from a sample.

        Whatever would keep this sample's number for all data is refused: a Python branch on a
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
        names = _argument_names(function, len(sample))
        arguments = [_as_inputs(x, name) for x, name in zip(sample, names, strict=True)]
        inputs = [v for x in arguments for v in (x if isinstance(x, list) else [x])]
        widths = [len(x) if isinstance(x, list) else 0 for x in arguments]
        with collector_paused(), _recording():
            outputs = _only_values(function(*arguments))
            listing = flatten(outputs, inputs)
            if np.count_nonzero(listing.kinds == COMPUTED) <= RUN_TWICE:
                moved = [_moved(x) for x in arguments]
                _compare(listing, _only_values(function(*moved)), moved)
        return cls(listing, outputs, inputs, widths, dtype, threads)

    @classmethod
    def of(
        cls, outputs: Value | Sequence[Value], inputs: Sequence[Value] = (), *, dtype: Precision = "float64",
        threads: int = 1,
    ) -> Tape:  # fmt: skip
        """Record Values that were computed already.

        Args:
            outputs: one Value, or a sequence of them.
            inputs: the leaves that differ from sample to sample; every other leaf is a parameter.
            dtype: "float64" or "float32".
            threads: how many threads share the samples of a replay.

        Raises:
            TypeError: if outputs or inputs are not Values.
            ValueError: if an input is not a leaf.
        """
        outputs = [outputs] if isinstance(outputs, Value) else outputs
        if len(set(inputs)) < len(inputs):
            raise ValueError("an input comes twice; each is one column of the samples")
        for v in inputs:
            if not isinstance(v, Value):
                raise TypeError(f"inputs are Values; got {v!r} ({type(v).__name__})")
            if v.inputs:
                raise ValueError(f"inputs are leaves; {v} was computed from other Values")
        listed = _only_values(outputs)
        return cls(flatten(listed, inputs), listed, inputs, [0] * len(inputs), dtype, threads)

    # ------------------------------------------------------------------------------ replaying

    def forward(self, *data: ArrayLike) -> Array:
        """The outputs for every sample.

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
        """The mean of an output over the samples, and its gradient.

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
        """∂output/∂input of each sample, shape (samples, inputs).

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

        The vector starts from the Values and flows back into them when the block ends, however it
        ends, and whenever `Training.write` is called.

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
            self._run = run = Training(self, self._replayer, X)
            try:
                yield run
            finally:
                self._run = None
                run.write()

    def samples(self, *data: ArrayLike) -> Array:
        """The data as one array of shape (samples, inputs), of the tape's dtype."""
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
        """The arrays of replays whose reverse pass starts from this output.

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
            plan = schedule(self._listing, self.inputs, self.dtype, output, inputs_gradient)
            self._replayers[key] = Replayer(plan, self._listing, self.dtype, self.threads)
        return self._replayers[key]

    def _read(self, replayer: Replayer) -> None:
        """Take the parameters from the Values; while in training, put them there first."""
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
        listing = self._listing
        result: list[Instruction] = []
        for rows, uniform in ((self._plan.uniform_rows, True), (self._plan.varying_rows, False)):
            node_of = rows.node_of
            for op, (kind, start, end, *_) in zip(rows.ops, rows.steps.tolist(), strict=True):
                nodes = node_of[start:end].tolist()
                notes = sorted({listing.notes[i] for i in nodes if i in listing.notes})
                if kind == AFFINE:
                    notes.insert(0, f"{counted(len(nodes), 'dot')} over the same inputs: a matrix product")
                values = tuple(listing.nodes[i] for i in nodes)
                result.append(Instruction(len(result), op, values, uniform, "; ".join(notes)))
        return tuple(result)

    def explain(self, what: int | Value) -> Instruction:
        """The instruction of that number, or the one that computes that Value.

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
            f"{self.dtype}>"
        )

    def __str__(self) -> str:
        once = [str(i) for i in self.instructions if i.uniform]
        lanes = [str(i) for i in self.instructions if not i.uniform]
        parts = [repr(self)[1:-1]]
        if once:
            parts += ["once a replay:", *once]
        if lanes:
            parts += ["for every sample:", *lanes]
        return "\n".join(parts)


class Training:
    """The parameters of a tape as one vector, while a network trains; see `Tape.training`.

    Attributes:
        vector: the parameters, in the order of ``tape.parameters``.  Change it in place.
        gradient: the gradient that the last `step` left, in the same order.
    """

    def __init__(self, tape: Tape, replayer: Replayer, X: Array) -> None:
        self._tape, self._replayer, self._X = tape, replayer, X
        self.vector, self.gradient = replayer.vector, replayer.gradient
        self._seeds = np.zeros(len(tape.outputs), tape.dtype)
        self._stepped = False

    def step(self, samples: NDArray[np.int64] | None = None, values: Array | None = None) -> float:
        """Replay forward and reverse; returns the mean of the first output over the samples.

        Args:
            samples: the places of the samples to take; all of them by default.
            values: filled with the outputs of each of them, shape (samples, outputs).
        """
        count = len(self._X) if samples is None else len(samples)
        if samples is not None and (not count or samples.min() < 0 or samples.max() >= len(self._X)):
            raise ValueError(f"samples are places from 0 to {len(self._X) - 1}, at least one; got {samples}")
        if values is not None and values.shape != (count, len(self._tape.outputs)):
            raise ValueError(
                f"values has the shape {values.shape}; ({count}, {len(self._tape.outputs)}) is wanted"
            )
        self._seeds[0] = 1.0 / count
        self._stepped = True
        return float(self._replayer.run(self._X, samples, seeds=self._seeds, values=values)[0]) / count

    def forward(self, X: Array) -> Array:
        """The outputs for other samples, as the parameters now stand; shape (samples, outputs).

        Args:
            X: as `Tape.samples` gives it.
        """
        X = np.ascontiguousarray(X, self._tape.dtype)
        if X.ndim != 2 or X.shape[1] != len(self._tape.inputs):
            raise ValueError(f"X has the shape {X.shape}; (samples, {len(self._tape.inputs)}) is wanted")
        values = np.empty((len(X), len(self._tape.outputs)), self._tape.dtype)
        self._replayer.run(X, values=values)
        return values

    def write(self) -> None:
        """Put the vector into the ``.data`` of the parameters, and the last gradient into their ``.grad``."""
        for v, x in zip(self._tape.parameters, self.vector.tolist(), strict=True):
            v.data = x
        if self._stepped:
            for v, x, reached in zip(
                self._tape.parameters, self.gradient.tolist(), self._tape.reached, strict=True
            ):
                v.grad = x if reached else NO_GRADIENT


# ------------------------------------------------------------------------------------- helpers


@contextmanager
def _recording() -> Iterator[None]:
    before = mode.branching, mode.recording
    mode.switch("branching", False)
    mode.switch("recording", True)
    try:
        yield
    finally:
        mode.switch("branching", before[0])
        mode.switch("recording", before[1])


_controller: ThreadpoolController | None = None


def _one_blas_thread() -> Any:
    """Keep the matrix products on the thread that asks for them, so that results do not vary."""
    global _controller
    if _controller is None:
        _controller = ThreadpoolController()
    return _controller.limit(limits=1, user_api="blas")


def _argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of the function's arguments, which become the labels of its inputs."""
    try:
        names = list(signature(function).parameters)[:count]
    except ValueError:  # a builtin that does not say
        names = []
    return [*names, *(f"x{i + 1}" for i in range(len(names), count))]


def _as_inputs(x: Any, name: str) -> Value | list[Value]:
    if isinstance(x, Value) or np.ndim(x) == 0:
        return Value(x.data if isinstance(x, Value) else x, name)
    if np.ndim(x) != 1:
        raise ValueError(
            f"argument {name!r} of a sample is a number or a list of numbers; got {np.ndim(x)} dimensions"
        )
    if not len(x):
        raise ValueError(f"argument {name!r} of a sample is an empty list")
    return [Value(x_j, f"{name}{j + 1}") for j, x_j in enumerate(np.asarray(x).tolist())]


def _moved(x: Value | list[Value]) -> Any:
    """The same inputs with slightly other numbers."""
    if isinstance(x, list):
        return [_moved(v) for v in x]
    x0 = number_of(x)
    return Value(x0 + 1e-6 * max(abs(x0), 1.0), x.label)


def _compare(listing: Listing, outputs: list[Value], arguments: list[Any]) -> None:
    """Refuse a function that gives other outputs another graph."""
    if not _same_graph(listing, outputs, arguments):
        raise BranchError(
            "the function gives another graph for another sample: it keeps state or draws random "
            "numbers, and the tape would keep what it found for all data"
        )


def _same_graph(listing: Listing, outputs: list[Value], arguments: list[Any]) -> bool:
    """Whether other outputs have the same graph, and leaves with the same numbers, the inputs aside.

    Each node is held against its twin in the other graph, from the outputs back.
    """
    nodes = listing.nodes
    if len(outputs) != len(listing.outputs):
        return False
    twin = dict(zip((nodes[i] for i in listing.outputs.tolist()), outputs, strict=True))
    computed = list(map(nodes.__getitem__, np.flatnonzero(listing.kinds == COMPUTED).tolist()))
    for v in reversed(computed):
        other = twin[v]
        if other.op is not v.op or len(other.inputs) != len(v.inputs):
            return False
        twin.update(zip(v.inputs, other.inputs, strict=True))
    # one twin for every use of a node, and the same numbers in the leaves that are not shared
    uses = zip(computed, map(twin.__getitem__, computed), strict=True)
    if not all(all(map(is_, map(twin.__getitem__, v.inputs), other.inputs)) for v, other in uses):
        return False
    inputs = {v for x in arguments for v in (x if isinstance(x, list) else [x])}
    leaves = map(nodes.__getitem__, np.flatnonzero(listing.kinds != COMPUTED).tolist())
    return all(
        twin[v] is v or twin[v] in inputs or repr(number_of(twin[v])) == repr(number_of(v)) for v in leaves
    )


def _only_values(values: Any) -> list[Value]:
    listed = list(values) if isinstance(values, Iterable) else [values]
    if not listed:
        raise ValueError("there is no output to record")
    for v in listed:
        if not isinstance(v, Value):
            raise TypeError(f"a tape records Values; got {v!r} ({type(v).__name__}): its graph was cut")
    return listed


def _as_columns(x: ArrayLike, width: int, i: int, dtype: str) -> Array:
    array = np.asarray(x, dtype)
    wanted = "(samples,)" if width == 0 else f"(samples, {width})"
    if array.ndim != (1 if width == 0 else 2) or (width and array.shape[1] != width):
        raise ValueError(f"array {i + 1} has the shape {array.shape}; the tape was recorded with {wanted}")
    return array.reshape(len(array), width or 1)


def _named(values: Sequence[Value]) -> str:
    first, last = _name(values[0]), _name(values[-1])
    return first if len(values) == 1 else f"{first} … {last}"


def _name(v: Value) -> str:
    """The Value's label, else its op applied to what its inputs are called, else its number."""
    if v.label or v.op is None or len(v.inputs) > 3:
        return v.label or number(v.data)
    return formula(v.op, [a.label or number(a.data) for a in v.inputs])
