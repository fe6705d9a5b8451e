"""Recurrent cells, and the network that takes a sequence step by step.

A cell is made of layers that see the step's inputs x and the last state h side by side, so that a
gate's w·x + u·h + b is one node per unit.  The equations and the order of the gates are PyTorch's;
where that adds two biases that always move together, there is one.

Labels: ``wf21`` is the weight from input 2 to unit 1 of the gate f, ``uf21`` the one from unit 2 of
the last state, ``bf1`` the bias; those of the simple cell have no letter of a gate: ``w21``,
``u21``, ``b1``.  The state after step t is ``h1^t``, ``h2^t``, … and, in an LSTM, ``c1^t``, ….
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd import Constant, Value
from autograd.extend import collector_paused
from autograd.notation.hints import described
from nn.activations import choice
from nn.checks import Seed, generator, listed, whole_number
from nn.construction import loadable
from nn.init import Initialiser
from nn.inputs import as_inputs
from nn.layers import ActivationChoice, Layer, is_plain
from nn.module import Module
from nn.sequences import SequenceFeeding, State, as_steps


class Cell(Module):
    """The base of the cells: a state goes in with a step's inputs, and the next state comes out.

    A subclass says how: `fire`.  A call takes and gives states in the shape that PyTorch's cells
    have; to a cell's own code a state is one flat tuple, the h first.

    Attributes:
        nin: the number of inputs per step.
        n: the number of units: the length of h.
        parts: the names of the parts of a state: h, and c in an LSTM.
    """

    parts: tuple[str, ...] = ("h",)
    nin: int
    n: int

    def fire(self, x: State, state: State) -> State:
        """Return the next state, given the Values of a step's inputs and those of the last state."""
        raise NotImplementedError("a cell states its equations")

    def step(self, x: State, state: State) -> State:
        """Return the next state, as `fire` computes it, in a use of the cell."""
        with self.in_use():
            return self.fire(x, state)

    @property
    def state_size(self) -> int:
        """How many numbers a state has."""
        return len(self.parts) * self.n

    def __call__(self, x: Iterable[Value | float], state: Any = None) -> Any:
        """Take one step.

        Args:
            x: the inputs: ``nin`` numbers or Values.
            state: the last state: a sequence of ``n`` of them, for an LSTM a pair (h, c) of such;
                zeros by default.

        Returns:
            The next state: a list of Values, for an LSTM a pair of lists.

        Raises:
            ValueError: if the inputs or the state are not as many as the cell takes.
        """
        before = self.zeros() if state is None else self._flat(state)
        return self._shaped(self.step(as_inputs(x, self.nin, type(self).__name__), before))

    def zeros(self) -> State:
        """Return the state before the first step."""
        return (Constant(0.0),) * self.state_size

    def _flat(self, state: Any) -> State:
        if len(self.parts) == 1:
            state = (state,)
        elif not isinstance(state, (tuple, list)) or len(state) != len(self.parts):
            raise ValueError(
                f"the state of an {type(self).__name__} is a pair ({', '.join(self.parts)}); got {state!r}"
            )
        flat: list[Value] = []
        for part, values in zip(self.parts, state, strict=True):
            given = listed(f"{part} is a sequence of numbers or Values, one per unit", values)
            if len(given) != self.n:
                whose = f"{part} of this {type(self).__name__}"
                raise ValueError(f"{whose} has {self.n} numbers, one per unit; got {len(given)}")
            flat += [v if isinstance(v, Value) else Constant(v) for v in given]
        return tuple(flat)

    def _shaped(self, state: State) -> Any:
        parts = tuple(list(state[k : k + self.n]) for k in range(0, len(state), self.n))
        return parts[0] if len(parts) == 1 else parts

    def _stacked(self, gates: Sequence[Layer]) -> dict[str, list[Any]]:
        """Return the matrices that see x and h, and the biases, of these gates one below the other."""
        neurons = [neuron for gate in gates for neuron in gate.neurons]
        return {
            "weight_ih": [neuron.w[: self.nin] for neuron in neurons],
            "weight_hh": [neuron.w[self.nin :] for neuron in neurons],
            "bias": [neuron.b for neuron in neurons],
        }

    def _gate(
        self,
        letter: str,
        activation: ActivationChoice,
        init: str | Initialiser | None,
        rng: random.Random,
    ) -> Layer:
        """Return a layer that sees the inputs and h, with labels after its letter."""
        layer = Layer(self.nin + self.n, self.n, activation, init=init, seed=rng)
        _label(layer, letter, self.nin)
        return layer

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return f"{self.nin} → {self.n}"


@loadable
class RNNCell(Cell):
    """The simple recurrent cell: h′ = tanh(W·x + U·h + b).

    Elman, Finding structure in time (1990).

    Args:
        nin: the number of inputs per step.
        n: the number of units.
        activation: tanh by default; see `nn.Neuron`.
        init: an initialiser or the name of one; by default the one that suits the activation.
        seed: where the random weights come from, a number or a `random.Random`.

    Attributes:
        hidden: the Layer that it is, over x and h side by side.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or unknown.

    >>> cell = RNNCell(1, 2, seed=0)
    >>> h = cell([0.5])
    >>> h = cell([-1.0], h)
    >>> [p.label for p in cell.parameters()]
    ['w11', 'u11', 'u21', 'b1', 'w12', 'u12', 'u22', 'b2']
    """

    def __init__(
        self,
        nin: int,
        n: int,
        activation: ActivationChoice = "tanh",
        *,
        init: str | Initialiser | None = None,
        seed: Seed = None,
    ) -> None:
        self.nin, self.n = whole_number("nin", nin), whole_number("n", n)
        self.hidden = self._gate("", activation, init, generator(seed))

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        chosen = choice(self.hidden.activation_name, self.hidden.activation)
        return {"nin": self.nin, "n": self.n, "activation": chosen}

    def arrays_to_keep(self) -> Mapping[str, Any]:
        """Return the matrices that PyTorch has, and one bias; see `Module.arrays_to_keep`."""
        return self._stacked([self.hidden])

    def fire(self, x: State, state: State) -> State:
        return tuple(self.hidden.fire((*x, *state)))


@loadable
class LSTMCell(Cell):
    """Long short-term memory: gates i, f and o decide what a cell c takes in, keeps and shows.

    i = σ(…), f = σ(…), g = tanh(…), o = σ(…), each of W·x + U·h + b with weights of its own;
    c′ = f·c + i·g and h′ = o·tanh(c′).  Hochreiter and Schmidhuber, Long short-term memory (1997),
    with the forget gate of Gers, Schmidhuber and Cummins, Learning to forget (2000); its bias
    starts at 1, so that a new cell remembers (Jozefowicz, Zaremba and Sutskever, An empirical
    exploration of recurrent network architectures, 2015).

    Args:
        nin, n, init, seed: see `RNNCell`.

    Attributes:
        input, forget, candidate, output: the Layers of i, f, g and o.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or unknown.

    >>> cell = LSTMCell(2, 3, seed=0)
    >>> h, c = cell([0.5, -1.0])
    >>> h, c = cell([1.0, 0.0], (h, c))
    >>> len(h), len(c), cell
    (3, 3, LSTMCell(2 → 3, 72 parameters))
    """

    parts = ("h", "c")

    def __init__(self, nin: int, n: int, *, init: str | Initialiser | None = None, seed: Seed = None) -> None:
        self.nin, self.n = whole_number("nin", nin), whole_number("n", n)
        rng = generator(seed)
        self.input = self._gate("i", "sigmoid", init, rng)
        self.forget = self._gate("f", "sigmoid", init, rng)
        self.candidate = self._gate("g", "tanh", init, rng)
        self.output = self._gate("o", "sigmoid", init, rng)
        self.forget.b = [1.0] * self.n

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {"nin": self.nin, "n": self.n}

    def arrays_to_keep(self) -> Mapping[str, Any]:
        """Return the matrices that PyTorch has, i, f, g and o one below the other, and one bias."""
        return self._stacked([self.input, self.forget, self.candidate, self.output])

    def fire(self, x: State, state: State) -> State:
        h, c = state[: self.n], state[self.n :]
        seen = (*x, *h)
        gates = (self.input, self.forget, self.candidate, self.output)
        units = zip(*(gate.fire(seen) for gate in gates), c, strict=True)
        kept = [(o, f * c_k + i * g) for i, f, g, o, c_k in units]
        return (*(o * c_k.tanh() for o, c_k in kept), *(c_k for _, c_k in kept))


@loadable
class GRUCell(Cell):
    """The gated recurrent unit: one gate forgets, one decides between the old state and a new one.

    r = σ(…), z = σ(…), each of W·x + U·h + b; n = tanh(W·x + b + r·(U·h + b′)) and
    h′ = (1 − z)·n + z·h.  Cho et al., Learning phrase representations using RNN encoder–decoder
    (2014), with r applied after the product, as PyTorch has it.

    Args:
        nin, n, init, seed: see `RNNCell`.

    Attributes:
        reset, update: the Layers of r and z.
        candidate_x, candidate_h: the two halves of n before the tanh, from x and from h.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or unknown.

    >>> cell = GRUCell(2, 3, seed=0)
    >>> h = cell([0.5, -1.0])
    >>> len(cell([1.0, 0.0], h)), cell
    (3, GRUCell(2 → 3, 57 parameters))
    """

    def __init__(self, nin: int, n: int, *, init: str | Initialiser | None = None, seed: Seed = None) -> None:
        self.nin, self.n = whole_number("nin", nin), whole_number("n", n)
        rng = generator(seed)
        self.reset = self._gate("r", "sigmoid", init, rng)
        self.update = self._gate("z", "sigmoid", init, rng)
        self.candidate_x = Layer(self.nin, self.n, "linear", init=init, seed=rng)
        self.candidate_h = Layer(self.n, self.n, "linear", init=init, seed=rng)
        _label(self.candidate_x, "n", self.nin)
        _label(self.candidate_h, "m", 0)

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {"nin": self.nin, "n": self.n}

    def arrays_to_keep(self) -> Mapping[str, Any]:
        """Return the matrices that PyTorch has, r, z and n one below the other.

        Only n has a second bias, ``bias_hn``: PyTorch's others just add to the first.
        """
        gates = self._stacked([self.reset, self.update])
        x, h = self.candidate_x.neurons, self.candidate_h.neurons
        return {
            "weight_ih": [*gates["weight_ih"], *(neuron.w for neuron in x)],
            "weight_hh": [*gates["weight_hh"], *(neuron.w for neuron in h)],
            "bias": [*gates["bias"], *(neuron.b for neuron in x)],
            "bias_hn": [neuron.b for neuron in h],
        }

    def fire(self, x: State, state: State) -> State:
        seen = (*x, *state)
        units = zip(
            self.reset.fire(seen),
            self.update.fire(seen),
            self.candidate_x.fire(x),
            self.candidate_h.fire(state),
            state,
            strict=True,
        )
        return tuple((1 - z) * (from_x + r * from_h).tanh() + z * h for r, z, from_x, from_h, h in units)


GATES: dict[type[Cell], dict[str, tuple[str, ...]]] = {
    RNNCell: {"hidden": ("tanh", "relu")},
    LSTMCell: {"input": ("sigmoid",), "forget": ("sigmoid",), "candidate": ("tanh",), "output": ("sigmoid",)},
    GRUCell: {
        "reset": ("sigmoid",), "update": ("sigmoid",), "candidate_x": ("linear",), "candidate_h": ("linear",),
    },
}  # fmt: skip
"""The Layers of each cell, by attribute, and the activations that they have in other programs too."""


def unlike_others(cell: Cell) -> str | None:
    """Return what other programs do not have of a cell: a part may be replaced; None if it is as theirs."""
    if type(cell) not in GATES:
        return "it is a cell of yours"
    for name, wanted in GATES[type(cell)].items():
        gate = getattr(cell, name)
        if not is_plain(gate):
            return f"its {name} is not a Layer of neurons that are alike"
        if choice(gate.activation_name, gate.activation) not in wanted:
            known = " or ".join(wanted)
            return f"the activation of its {name} is {gate.activation_name}; PyTorch's has {known}"
    return None


@loadable
class Recurrent(Module):
    """A cell that goes through a sequence step by step, and a layer that reads its state.

    Args:
        cell: an `RNNCell`, `LSTMCell` or `GRUCell`.
        nout: the number of outputs.
        output: the activation of the outputs; linear by default.
        every_step: give the outputs after every step, rather than only after the last.
        truncate: `nn.fit` then takes a step of the optimiser after this many steps of the sequences,
            and lets gradients flow back no further; by default they flow back to the beginning.
        seed: where the random weights of the outputs come from, a number or a `random.Random`.

    Attributes:
        cell: the cell.
        readout: the Layer of the outputs.
        nin, nout: the numbers of inputs per step and of outputs.
        every_step, truncate: see above.
        feeding: how its samples are put to it; see `nn.data.feeding`.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or unknown.

    >>> model = Recurrent(LSTMCell(2, 3, seed=0), 1, seed=1)
    >>> model([[0.5, -1.0], [0.0, 2.0]]).label
    'z1^2'
    >>> model
    Recurrent: LSTMCell(2 → 3, 72 parameters), read by a layer 3 → 1, linear, after the last step
    """

    def __init__(
        self,
        cell: Cell,
        nout: int,
        output: ActivationChoice = "linear",
        *,
        every_step: bool = False,
        truncate: int | None = None,
        seed: Seed = None,
    ) -> None:
        if not isinstance(cell, Cell):
            raise TypeError(f"cell is an RNNCell, LSTMCell or GRUCell; got {described(cell)}")
        self.cell, self.every_step = cell, bool(every_step)
        self.truncate = None if truncate is None else whole_number("truncate", truncate)
        self.readout = Layer(cell.n, nout, output, seed=seed, number=2)
        self.nin, self.nout = cell.nin, self.readout.nout

    @property
    def feeding(self) -> SequenceFeeding:
        return SequenceFeeding(self)

    @property
    def state_size(self) -> int:
        """How many numbers the state of its cell has."""
        return self.cell.state_size

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        output = choice(self.readout.activation_name, self.readout.activation)
        told = {"cell": self.cell, "nout": self.nout, "output": output}
        return told | {"every_step": self.every_step, "truncate": self.truncate}

    def __call__(self, x: Iterable[Any]) -> Any:
        """Return the outputs for one sequence.

        Args:
            x: one row of ``nin`` numbers or Values per step; or all of them one after the other.

        Returns:
            A Value if there is one output, else a list of them; with ``every_step`` a list with one
            of these per step.

        Raises:
            ValueError: if a step has another number of inputs, or if there is no step.
        """
        outputs, _ = self.unroll(as_steps(x, self.nin), None if self.every_step else [-1])
        shaped = [o[0] if self.nout == 1 else o for o in outputs]
        return shaped if self.every_step else shaped[0]

    def unroll(
        self, steps: Sequence[State], read: Iterable[int] | None = None, state: State | None = None
    ) -> tuple[list[list[Value]], State]:
        """Return the outputs after some steps, and the state after the last.

        Args:
            steps: the inputs of each step, as Values.
            read: after which steps, counted from 0 or back from −1; after all of them by default.
            state: the state before the first; zeros by default.
        """
        states: list[State] = []
        state = self.cell.zeros() if state is None else state
        with collector_paused(), self.in_use():
            for t, x in enumerate(steps, 1):
                state = self.cell.step(x, state)
                _label_state(state, self.cell, t)
                states.append(state)
            wanted = range(len(steps)) if read is None else read
            outputs = [self.readout.fire(states[t][: self.cell.n]) for t in wanted]
        return outputs, state

    def __repr__(self) -> str:
        when = "every" if self.every_step else "the last"
        name = self.readout.activation_name
        return (
            f"Recurrent: {self.cell}, read by a layer {self.cell.n} → {self.nout}, {name}, after {when} step"
        )


def _label_state(state: State, cell: Cell, t: int) -> None:
    labels = (f"{part}{k}^{t}" for part in cell.parts for k in range(1, cell.n + 1))
    for v, label in zip(state, labels, strict=True):
        v.label = label


def _label(layer: Layer, letter: str, nin: int) -> None:
    """Label what a gate is made of after its letter; its first ``nin`` weights are those of the inputs."""
    comma = "," if layer.nin >= 10 or layer.nout >= 10 else ""
    for unit, neuron in enumerate(layer.neurons, 1):
        for k, w in enumerate(neuron.w, 1):
            matrix, source = ("w", k) if k <= nin else ("u", k - nin)
            w.label = f"{matrix}{letter}{source}{comma}{unit}"
        if neuron.b is not None:
            neuron.b.label = f"b{letter}{unit}"
        neuron.z_label, neuron.a_label = f"z{letter}{unit}", f"{letter}{unit}"
