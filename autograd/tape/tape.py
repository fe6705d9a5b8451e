"""Tape: a graph recorded once and replayed over many samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from os import PathLike
from threading import Lock
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd.core.garbage_collection import collector_paused
from autograd.files.atomic_write import write_whole
from autograd.files.reading import naming_file, opened
from autograd.files.tensorfile import CheckpointError
from autograd.functional.containers import One, Several
from autograd.leaves import set_data
from autograd.node import data_of
from autograd.notation.hints import described
from autograd.notation.numbers import counted
from autograd.tape.compiler import replay_note
from autograd.tape.executor import Replayer, replayer_class
from autograd.tape.instructions import Instruction, instruction_of, instructions, written
from autograd.tape.listing import flatten
from autograd.tape.lowering import lower
from autograd.tape.objective import Objective
from autograd.tape.recording import Recorded, only_values, record
from autograd.tape.saved import packed, unpacked
from autograd.tape.schedule import Schedule, schedule
from autograd.tape.structure import Columns
from autograd.tape.training import Training
from autograd.tape.workspace import Workspace
from autograd.value import Value

Array = NDArray[Any]
Precision = Literal["float64", "float32"]
Wrt = Literal["inputs", "parameters", "both"]


class Tape:
    """A graph of Values, recorded for replay over any number of samples at once.

    Make one with `Tape.record`, from a function, or with `Tape.of`, from Values computed already.  Several
    threads may call one tape at the same time: each gets its own numbers, and none waits for another.

    Attributes:
        outputs: the Values it computes.
        inputs: the leaves that differ from sample to sample, in the order of a sample's numbers.
        parameters: the other leaves, less the constants: uniform over the samples.  Gradients and
            vectors come in this order.
        reached: for each of them, whether a gradient reaches it from the first output.
        recorded: the graph, as it is replayed.
        dtype: the precision of storage and arithmetic, "float64" or "float32".
        threads: how many threads share the samples.

    >>> w = Value(3.0, "w")
    >>> tape = Tape.record(lambda x, y: (w * x - y) ** 2, 1.0, 2.0)
    >>> tape.forward([1.0, 2.0], 0.0)
    array([ 9., 36.])
    >>> loss, gradient = tape.gradients([1.0, 2.0], 0.0)
    >>> float(loss), gradient
    (22.5, array([15.]))
    """

    def __init__(self, recorded: Recorded, dtype: Precision, threads: int) -> None:
        if dtype not in ("float64", "float32"):
            raise ValueError(f'dtype is "float64" or "float32", not {dtype!r}')
        if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
            raise ValueError(f"threads is a whole number from 1 up, not {threads!r}")
        self.recorded, self.dtype, self.threads = recorded, dtype, threads
        self._prepare()

    def _prepare(self) -> None:
        """Make what a replay needs beside the graph."""
        self.outputs, self.inputs = self.recorded.outputs, self.recorded.inputs
        self._run: Training | None = None
        self._lock = Lock()
        self._schedules: dict[tuple[int, bool], Schedule] = {}
        self._idle: dict[tuple[int, bool], list[Workspace]] = {}
        plan = self._schedule(0, False)
        nodes = self.recorded.listing.nodes
        self.parameters = tuple([nodes[i] for i in plan.parameters.tolist()])
        self.reached = tuple(plan.reached.tolist())
        self._place = np.zeros(len(self.recorded.listing), np.int64)  # of each parameter among the parameters
        self._place[plan.parameters] = np.arange(len(plan.parameters))
        self._idle[0, False] = [self._new_workspace(0, False)]

    def __getstate__(self) -> dict[str, Any]:
        """Return the graph, for a copy or a pickle; the outputs first, so that inputs lead to no detour.

        While the tape is in training, the parameters of the copy are what its vector holds.
        """
        if self._run is not None:
            self._run.write()
        return {name: getattr(self, name) for name in ("outputs", "recorded", "dtype", "threads")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._prepare()

    @classmethod
    def record(
        cls, function: Callable[..., Any], /, *sample: Any, dtype: Precision = "float64", threads: int = 1,
        again: bool = True, **named: Any,
    ) -> Tape:  # fmt: skip
        """Record what ``function`` computes from a sample.

        Everything that would keep this sample's number for all data is refused: a Python branch on a
        Value, reading ``.data``, gradients as numbers, `no_grad`, `detach`.  A function of up to
        RUN_TWICE ops is also run a second time, with slightly other numbers, to find state and
        random numbers that it keeps; the tape's Values are those of the first run.

        Args:
            function: takes Values in the structure of the sample; returns Values in any structure.  Leaves
                it brings along, such as the weights of a network, become parameters.
            sample: one sample: for each argument a number, a NumPy array, or a list, tuple or dictionary
                of these, to any depth.  Its numbers matter only as an example; they must lie where the
                function is defined.
            dtype: "float64" or "float32".
            threads: how many threads share the samples of a replay.
            again: whether it is run a second time; without, compare a replay with the function yourself.
            named: arguments that are given by name, likewise.

        Raises:
            BranchError: if the function does one of these; the message names the line where it can.
            TypeError: if the function returns something that is not a Value.

        >>> tape = Tape.record(lambda p, scale: scale * np.sum(p["x"] ** 2), {"x": np.zeros(3)}, scale=1.0)
        >>> tape.forward({"x": np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.0]])}, scale=10.0)
        array([140.,  10.])
        """
        with collector_paused():
            return cls(record(function, sample, named, again), dtype, threads)

    @classmethod
    def of(
        cls, outputs: Value | Sequence[Value], inputs: Value | Sequence[Value] = (), *,
        dtype: Precision = "float64", threads: int = 1,
    ) -> Tape:  # fmt: skip
        """Record Values that were computed already.

        Args:
            outputs: one Value, or a structure of them.
            inputs: the leaves that differ from sample to sample, or the only one; every other leaf
                is a parameter.  The data are one array for each of them.
            dtype: "float64" or "float32".
            threads: how many threads share the samples of a replay.

        Raises:
            TypeError: if outputs or inputs are not Values.
            ValueError: if an input is not a leaf.
        """
        leaves = [inputs] if isinstance(inputs, Value) else list(inputs)
        for v in leaves:
            if not isinstance(v, Value):
                raise TypeError(f"inputs are Values; got {described(v)}")
            if v.inputs:
                raise ValueError(f"inputs are leaves; {v} was computed from other Values")
        if len(set(leaves)) < len(leaves):
            raise ValueError("an input is given twice; each is one column of the samples")
        result = only_values(outputs)
        names = [v.label or f"input {i + 1}" for i, v in enumerate(leaves)]
        each = (One(),) * len(leaves)
        with collector_paused():
            recorded = Recorded(
                listing=lower(flatten(result.leaves, leaves)),
                outputs=tuple(result.leaves),
                inputs=tuple(leaves),
                results=Columns([result.form], ["the result"]),
                arguments=Columns(each, names),
                slopes=Columns([One() if isinstance(inputs, Value) else Several(list, each)], ["the inputs"]),
            )
            return cls(recorded, dtype, threads)

    # ------------------------------------------------------------------------------ replaying

    def forward(self, *data: Any, at: ArrayLike | None = None, **named: Any) -> Any:
        """Return the outputs for every sample.

        Args:
            data: for each argument of the recorded function what it was given there, with the samples
                along a new first axis: for a number an array of shape (samples,), or one number for all
                samples; for a list or an array one array, (samples, length); for a tuple or a dictionary
                one of such arrays.  Nothing for a tape without inputs.
            at: numbers for the `parameters`, in place of those that they have.
            named: the arguments that were given by name.

        Returns:
            What the function returned, with the samples along a new first axis: an array of shape
            (samples,) for one Value, (samples, length) for a list or an array of them.

        Raises:
            TypeError, ValueError: if the data do not have this structure; the message names the argument.
        """
        work = self._borrow(0, False, data, named, at)
        work.forward()
        values = work.result(work.values)
        self._idle[0, False].append(work)
        return self.recorded.results.structured(values)

    def gradients(
        self, *data: Any, output: int = 0, at: ArrayLike | None = None, **named: Any
    ) -> tuple[float, Array]:
        """Return the mean of an output over the samples, and its gradient.

        Args:
            data, at, named: as for `forward`.
            output: which output.

        Returns:
            The mean, and ∂mean/∂p for each of `parameters`.
        """
        work = self._borrow(output, False, data, named, at)
        count = len(work.X)
        mean = work.reverse(output, 1.0 / count, values=False, slopes=False) / count
        gradient = work.gradient()
        self._idle[output, False].append(work)
        return mean, gradient

    def input_gradients(self, *data: Any, output: int = 0, at: ArrayLike | None = None, **named: Any) -> Any:
        """Return ∂output/∂input of each sample.

        Args:
            data, at, named: as for `forward`.
            output: which output.

        Returns:
            Arrays in the structure of the data: that of the only argument, or a tuple with one for each,
            those given by name in a dictionary at its end.  Shape (samples, inputs) for a tape `of` a list.
        """
        work = self._borrow(output, True, data, named, at)
        work.reverse(output, 1.0, values=False)
        slopes = work.result(work.slopes)
        self._idle[output, True].append(work)
        return self.recorded.slopes.structured(slopes)

    def value_and_gradients(
        self, *data: Any, wrt: Wrt = "parameters", output: int = 0, at: ArrayLike | None = None, **named: Any
    ) -> tuple[Array, Any]:
        """Return an output for every sample, and its gradients, in one replay.

        Args:
            data, at, named: as for `forward`.
            wrt: "parameters" for the gradient of the mean over the samples, as `gradients` gives it;
                "inputs" for those of each sample, as `input_gradients` gives them; "both" for a pair of
                them, the inputs first.
            output: which output.

        Returns:
            The output, shape (samples,), and the gradients.

        >>> w = Value(3.0, "w")
        >>> Tape.record(lambda x: w * x**2, 1.0).value_and_gradients([1.0, 2.0], wrt="both")
        (array([ 3., 12.]), (array([ 6., 12.]), array([2.5])))
        """
        if wrt not in ("inputs", "parameters", "both"):
            raise ValueError(f'wrt is "inputs", "parameters" or "both"; got {wrt!r}')
        inputs = wrt != "parameters"
        work = self._borrow(output, inputs, data, named, at)
        count = len(work.X)
        work.reverse(output, 1.0 if inputs else 1.0 / count, slopes=inputs)
        gradient: Any = None if wrt == "inputs" else work.gradient()
        found = self.recorded.slopes.structured(work.result(work.slopes)) if inputs else gradient
        values = work.values[:, output].copy()
        self._idle[output, inputs].append(work)
        return values, (found, gradient / count) if wrt == "both" else found

    def objective(self, *data: Any, wrt: Wrt = "parameters", output: int = 0, **named: Any) -> Objective:
        """Return an output as a function of one vector, for optimisers; see `Objective`.

        Args:
            data, named: as for `forward`; nothing if ``wrt`` is "inputs".
            wrt: "parameters" for the mean of the output over the samples as a function of the `parameters`,
                or "inputs" for the output as a function of the numbers of one sample.
            output: which output.
        """
        self._schedule(output, wrt == "inputs")
        if wrt == "parameters":
            self.recorded.arguments.arrays(data, named)
        return Objective(self, data, named, wrt, output)

    @property
    def vector(self) -> NDArray[np.float64]:
        """The numbers of the `parameters`, a new array; set it to set them all.

        While in training, it is a copy of the training's vector, which is the one to change.
        """
        run = self._run
        if run is not None:
            return run.vector.astype(np.float64)
        return np.array(data_of(self.parameters), np.float64)

    @vector.setter
    def vector(self, numbers: ArrayLike) -> None:
        if self._run is not None:
            raise RuntimeError("this tape is in training: change the vector of the training instead")
        set_data(self.parameters, self._checked(numbers).tolist())

    @contextmanager
    def training(self, *data: Any, **named: Any) -> Iterator[Training]:
        """Hold the parameters in one vector while training on these samples.

        The vector starts from the Values.  It is written back into them when the block ends, even by an
        exception, and whenever `Training.write` is called.  What the tape is asked for in the meantime, on
        this thread or another, it computes with the vector as it then is.

        Args:
            data, named: as for `forward`.

        Raises:
            RuntimeError: if the tape is in training already: it has one vector.
        """
        run = Training(self, self.replayer(), self.samples(*data, **named))
        with self._lock:
            if self._run is not None:
                raise RuntimeError("this tape is in training already; record another one to train beside it")
            self._run = run
        try:
            yield run
        finally:
            try:
                run.write()
            finally:
                self._run = None

    def samples(self, *data: Any, **named: Any) -> Array:
        """Return the data as a new array of shape (samples, inputs), of the tape's dtype."""
        arrays, count = self.recorded.arguments.arrays(data, named)
        X = np.empty((count, len(self.inputs)), self.dtype)
        self.recorded.arguments.fill(X, arrays)
        return X

    def replayer(self, output: int = 0, inputs_gradient: bool = False) -> Replayer:
        """Return new arrays for replays whose reverse pass starts from this output.

        Args:
            output: which output.
            inputs_gradient: whether it gives the gradients of the inputs too.
        """
        plan = self._schedule(output, inputs_gradient)
        return replayer_class()(plan, self.recorded.listing, self.dtype, self.threads)

    def _borrow(
        self, output: int, inputs_gradient: bool, data: Sequence[Any], named: Mapping[str, Any],
        at: ArrayLike | None,
    ) -> Workspace:  # fmt: skip
        """Take a workspace away, or make one, and put the samples and the parameters in it.

        The caller puts it back among the idle ones.  (A list's pop and append are each one step for all.)
        """
        vector = self._checked(at) if at is not None else None
        try:
            work = self._idle[output, inputs_gradient].pop()
        except (KeyError, IndexError):
            work = self._new_workspace(output, inputs_gradient)
        if named or not work.takes_again(data):
            work.take_samples(self.recorded.arguments, *self.recorded.arguments.arrays(data, named))
        run = self._run
        work.take_parameters(vector if vector is not None or run is None else run.vector)
        return work

    def _new_workspace(self, output: int, inputs_gradient: bool) -> Workspace:
        replayer = self.replayer(output, inputs_gradient)
        self._idle.setdefault((output, inputs_gradient), [])
        places = self._place[replayer.plan.parameters]
        return Workspace(replayer, self.parameters, places, len(self.inputs))

    def _schedule(self, output: int, inputs_gradient: bool) -> Schedule:
        if not isinstance(output, int | np.integer) or output not in range(len(self.outputs)):
            raise ValueError(
                f"there is no output {output!r}; the tape has {len(self.outputs)}, counted from 0"
            )
        with self._lock:
            if (output, inputs_gradient) not in self._schedules:
                plan = schedule(self.recorded.listing, self.inputs, output, inputs_gradient)
                self._schedules[output, inputs_gradient] = plan
            return self._schedules[output, inputs_gradient]

    def _checked(self, numbers: ArrayLike) -> Array:
        """Return a vector with a number for each of the parameters."""
        vector = np.asarray(numbers)
        if vector.dtype.kind not in "fiub" or vector.shape != (len(self.parameters),):
            raise ValueError(
                f"got {vector.dtype} numbers of the shape {vector.shape}; the tape has "
                f"{counted(len(self.parameters), 'parameter')}: one real number for each is wanted"
            )
        return vector

    # ---------------------------------------------------------------------------------- files

    def save(self, path: str | PathLike[str]) -> None:
        """Write the tape to a file: its graph as it is replayed, the numbers and the labels, no machine code.

        The file appears whole or not at all.  A named tuple among the arguments or outputs becomes a tuple.

        Raises:
            TypeError: if a dictionary in the arguments or outputs has keys that no file can hold.
            OSError: if the file cannot be written; one that was there is still there.
        """
        if self._run is not None:
            self._run.write()
        write_whole(path, packed(self.recorded, {"dtype": self.dtype, "threads": self.threads}))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Tape:
        """Return the tape in a file that `save` wrote, with new Values; nothing in the file is executed.

        Raises:
            OSError: if the file is not there or cannot be read.
            CheckpointError: a ValueError: if it is not the file of a tape, is damaged or of another version,
                or applies an op that is not known here, or has another value or derivative here.
        """
        with naming_file(path, CheckpointError), opened(path) as (file, size):
            recorded, settings = unpacked(file, size)
        return cls(recorded, **settings)

    # -------------------------------------------------------------------------------- reading

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """The steps in the order of a forward replay, the uniform ones first."""
        return tuple(instructions(self.recorded.listing, self._schedule(0, False)))

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
        return instruction_of(what, self.instructions, self.outputs)

    def __repr__(self) -> str:
        parts = {
            "input": self.inputs, "parameter": self.parameters, "node": self.recorded.listing.nodes,
            "instruction": self.instructions,
        }  # fmt: skip
        told = [*(counted(len(x), name) for name, x in parts.items()), self.dtype, replay_note()]
        return f"<Tape: {', '.join(filter(None, told))}>"

    def __str__(self) -> str:
        return "\n".join([repr(self)[1:-1], *written(self.instructions)])
