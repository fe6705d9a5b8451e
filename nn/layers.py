"""Neurons, layers and networks, with the names that textbooks give their parts.

Layer l of a network (the first one after the inputs is layer 1) is made of neurons counted from 1:

* ``w21^3`` is the weight from neuron 2 of layer 2 to neuron 1 of layer 3, ``b1^3`` its bias;
* ``z1^3`` is the pre-activation w·x + b of neuron 1 of layer 3, ``a1^3`` its activation;
* a linear neuron has no activation of its own: its output is ``z1^3``;
* inputs given as plain numbers are ``x1``, ``x2``, …;
* with 10 or more neurons on either side, all weights of a layer have a comma: ``w12,3^1``.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from autograd import Parameter, Value
from autograd.extend import TABLE, apply, collector_paused, data_of, number_of, recording
from autograd.notation.hints import described
from autograd.notation.numbers import counted
from nn import activations, matrices
from nn import init as initialisers
from nn.activations import Activation, PReLU
from nn.checks import Seed, generator, layer_sizes, whole_number, yes_or_no
from nn.construction import loadable
from nn.dropout import Dropout
from nn.init import Initialiser
from nn.inputs import as_inputs
from nn.losses import Loss
from nn.module import Module
from nn.outputs import single_or_list
from nn.weights import Matrices, check_weights, finite_rows, use_up

ADD, MUL, DOT = TABLE["add"], TABLE["mul"], TABLE["dot"]
ActivationChoice: TypeAlias = str | Activation
"""A name of `nn.activations.ACTIVATIONS`, or a function from a Value to a Value."""


@loadable
class Neuron(Module):
    """w1·x1 + … + wn·xn + b, and an activation of it.

    Args:
        nin: the number of inputs.
        activation: a name of `nn.activations.ACTIVATIONS`, or a function from a Value to a Value.
        fused: compute w·x + b as one node of the graph rather than step by step.
        bias: whether it has one.
        init: an initialiser, or the name of one; by default the one that suits the activation.
        seed: where the random weights come from, a number or a `random.Random`; by default they
            differ from run to run.

    Attributes:
        w: the weights, a list of Parameters.
        b: the bias, a Parameter that starts at 0; None if it has none.  Both may be replaced, for example
            by the parameters of another neuron (shared) or by Values (held fixed).

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or unknown.

    >>> neuron = Neuron(2, "tanh", seed=0)
    >>> [p.label for p in neuron.parameters()]
    ['w11^1', 'w21^1', 'b1^1']
    >>> neuron.w[0].data, neuron.w[1].data = 3.0, 4.0
    >>> y = neuron([0.5, -0.25])
    >>> y.label, round(y.data, 4)
    ('a1^1', 0.4621)
    """

    is_unit = True

    def __init__(
        self,
        nin: int,
        activation: ActivationChoice = "relu",
        *,
        fused: bool = True,
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
    ) -> None:
        self.nin = whole_number("nin", nin)
        check_weights((self.nin, 1))
        name, phi = activations.activation(activation)
        start = initialisers.chosen(init, initialisers.fitting(name))
        self._begin(start(1, self.nin, generator(seed))[0], name, phi, fused, yes_or_no("bias", bias))
        self.place(1, 1)

    @classmethod
    def _of(cls, numbers: list[float], *settings: Any) -> Neuron:
        """Return a neuron that its layer will place, of numbers and settings that were checked."""
        neuron = cls.__new__(cls)
        neuron.nin = len(numbers)
        neuron._begin(numbers, *settings)
        return neuron

    def _begin(self, numbers: list[float], name: str, phi: Activation, fused: bool, bias: bool) -> None:
        self.activation_name, self.activation, self.fused = name, phi, fused
        self.w: list[Value] = [Parameter(x) for x in numbers]
        use_up(self.nin)
        self.b: Value | None = Parameter(0.0) if bias else None

    def place(self, number: int, layer: int, comma: bool | None = None, letter: str = "") -> None:
        """Label all as neuron ``number`` of layer ``layer`` (both from 1), with the layer's letter."""
        comma = self.nin >= 10 if comma is None else comma
        begin, end = f"w{letter}", f"{',' * comma}{number}^{layer}"
        for source, w in enumerate(self.w, 1):
            w.label = f"{begin}{source}{end}"
        if self.b is not None:
            self.b.label = f"b{letter}{number}^{layer}"
        if isinstance(self.activation, PReLU):
            self.activation.slope.label = f"α{letter}^{layer}"
        self.z_label, self.a_label = f"z{letter}{number}^{layer}", f"a{letter}{number}^{layer}"

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        choice = activations.choice(self.activation_name, self.activation)
        return {"nin": self.nin, "activation": choice, "fused": self.fused, **_without(self.b)}

    def __call__(self, x: Iterable[Value | float]) -> Value:
        """Return the output for one sample of ``nin`` numbers or Values."""
        inputs = as_inputs(x, self.nin, "neuron")
        return self.fire(inputs, data_of(inputs))

    def fire(self, x: tuple[Value, ...], numbers: list[float]) -> Value:
        """Return the output for as many Values as the neuron has inputs, whose data are the numbers.

        Whoever calls this has the neuron in use: `__call__`, or its `Layer`.
        """
        if self.fused:
            w, b = self.w, self.b
            if b is None:
                z = apply(DOT, (*w, *x), None, [*data_of(w), *numbers])
            else:
                z = apply(DOT, (*w, *x, b), None, [*data_of(w), *numbers, number_of(b)])
        else:
            z = self._step_by_step(x)
        z.label = self.z_label
        a = self.activation(z)
        if a is not z:
            a.label = self.a_label
        return a

    def parts_of(self, made: Sequence[Value]) -> Mapping[Value, str]:
        """Tell the pre-activation and the activation; see `Module.parts_of`."""
        # else a product and a sum for each input, but no sum for the first without a bias
        z = 0 if self.fused else 2 * self.nin - 1 - (self.b is None)
        named = dict.fromkeys(made[z : z + 1], "pre-activation")
        return named | dict.fromkeys(made[z + 1 :][-1:], "activation")

    def _step_by_step(self, x: tuple[Value, ...]) -> Any:
        z: Any = self.b
        for w, v in zip(self.w, x, strict=True):
            product = apply(MUL, (w, v))
            z = product if z is None else apply(ADD, (z, product))
        return z

    def __repr__(self) -> str:
        return f"Neuron({self.nin} → {self.activation_name}, {_parameters(self)})"


@loadable
class Layer(Matrices, Module):
    """Neurons side by side that all see the same inputs.

    It gives a list of Values, and with one neuron that neuron's Value itself: not ``layer(x)[0]``, but
    ``layer(x)``.

    Args:
        nin: the number of inputs.
        nout: the number of neurons.
        activation, fused, bias, init, seed: see `Neuron`.
        number: which layer of a network it is, from 1; for the labels.

    Attributes:
        neurons: the list of its Neurons.
        W, b: the numbers in its weights and biases; see `nn.weights.Matrices`.
        weight, bias: the Parameters themselves, for what is to be trained together with the layer.
        activation: the function that all of them have; with ``prelu`` they share its slope, which is
            ``α^2`` in layer 2.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind or unknown.

    >>> layer = Layer(3, 2, "linear")
    >>> layer.W = [[1, 2, 3], [4, 5, 6]]
    >>> layer.b = [0.5, -0.5]
    >>> [v.data for v in layer([1, 0, -1])]
    [-1.5, -2.5]
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: ActivationChoice = "relu",
        *,
        fused: bool = True,
        bias: bool = True,
        init: str | Initialiser | None = None,
        seed: Seed = None,
        number: int = 1,
    ) -> None:
        self.nin, self.nout, self.number = whole_number("nin", nin), whole_number("nout", nout), number
        check_weights((self.nin, self.nout))
        self.activation_name, self.activation = activations.activation(activation)
        alike = self.activation_name, self.activation, fused, yes_or_no("bias", bias)
        start = initialisers.chosen(init, initialisers.fitting(self.activation_name))
        rows = self.rows("W", finite_rows(start(self.nout, self.nin, generator(seed))))
        with collector_paused():
            self.neurons = [Neuron._of(row, *alike) for row in rows]
        self.place()

    def place(self, letter: str = "") -> None:
        """Label everything after the number of the layer, and a letter where layers share a number."""
        comma = self.nin >= 10 or self.nout >= 10
        for i, neuron in enumerate(self.neurons, 1):
            neuron.place(i, self.number, comma, letter)

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        choice = activations.choice(self.activation_name, self.activation)
        fused = self.neurons[0].fused
        return {
            "nin": self.nin, "nout": self.nout, "activation": choice, "fused": fused,
            **_without(self.neurons[0].b), "number": self.number,
        }  # fmt: skip

    def arrays_to_keep(self) -> Mapping[str, Any]:
        """Return ``weight`` and ``bias``, as PyTorch's Linear has them; see `Module.arrays_to_keep`."""
        return {"weight": self.weight} | ({"bias": self.bias} if self.bias else {})

    def __call__(self, x: Iterable[Value | float]) -> Any:
        """Return the outputs for one sample: a list of Values, or the Value itself of a single neuron."""
        return single_or_list(self.fire(x))

    def fire(self, x: Any) -> list[Value]:
        """Return the outputs for one sample, always as a list.

        Raises:
            ValueError: if there are not as many inputs as the layer has.
        """
        inputs = as_inputs(x, self.nin, f"layer {self.number}")
        numbers = data_of(inputs)  # looked up once for all neurons
        now = recording.now
        before = now.use if now.use[0] is self else now.begin(self)
        use = now.use
        outputs = []
        try:
            for neuron in self.neurons:  # the same as `with neuron.in_use()`, but faster
                now.use = (neuron, use, use[2], use[3])
                outputs.append(neuron.fire(inputs, numbers))
        finally:
            now.end(before)
        return outputs

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return f"{self.nin} → {self.nout}, {self.activation_name}"


def is_plain(layer: Any) -> bool:
    """Return whether it is a Layer all of whose neurons are as the layer says: a part may be replaced."""
    if type(layer) is not Layer:
        return False
    has_bias = {neuron.b is not None for neuron in layer.neurons}
    return {*map(type, layer.neurons)} == {Neuron} and len(has_bias) == 1 and all(
        neuron.activation == layer.activation for neuron in layer.neurons
    )  # fmt: skip


@loadable
class MLP(Module):
    """A multi-layer perceptron: layers, each fed by the one before.

    Args:
        nin: the number of inputs.
        nouts: the number of neurons of each layer, the last being the outputs.
        activation: that of all hidden layers, a name or a function from a Value to a Value; or a list
            with one for each layer, the output layer included.
        output: the activation of the last layer; linear by default.
        init: an initialiser or the name of one; by default the one that suits each layer's activation.
        fused: compute each neuron's w·x + b as one node of the graph rather than step by step.
        dropout: the probability at which, in training, an output of a hidden layer is left out; see
            `nn.Dropout`.
        seed: where the random weights and the dropout's masks come from, a number or a
            `random.Random`; by default they differ from run to run.

    Attributes:
        layers: the list of its Layers.
        dropout: the `Dropout` between them, or None.

    Raises:
        TypeError, ValueError: if an argument is of the wrong kind, unknown, or does not fit another.

    >>> model = MLP(2, [3, 1], activation="tanh", seed=0)
    >>> model
    MLP 2 → 3 → 1, 13 parameters
      layer 1: 2 → 3, tanh, 9 parameters
      layer 2: 3 → 1, linear, 4 parameters
    >>> model([0.5, -1.0]).label
    'z1^2'
    >>> model.parameter("w21^2") is model.layers[1].neurons[0].w[1]
    True
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: ActivationChoice | Sequence[ActivationChoice] = "relu",
        output: ActivationChoice | None = None,
        *,
        init: str | Initialiser | None = None,
        fused: bool = True,
        dropout: float = 0.0,
        seed: Seed = None,
    ) -> None:
        sizes = [whole_number("nin", nin), *layer_sizes(nouts)]
        check_weights(sizes)
        chosen = _one_per_layer(activation, output, len(sizes) - 1)
        rng = generator(seed)
        Dropout(dropout)  # which checks it
        self.nin, self.nout = sizes[0], sizes[-1]
        self.layers = [
            Layer(n, m, phi, fused=fused, init=init, seed=rng, number=number)
            for number, (n, m, phi) in enumerate(zip(sizes[:-1], sizes[1:], chosen, strict=True), 1)
        ]
        self.dropout = Dropout(dropout, seed=rng.getrandbits(64)) if dropout else None

    def built_with(self) -> Mapping[str, Any]:
        """Return the arguments to build it again with; see `Module.built_with`."""
        return {
            "nin": self.nin,
            "nouts": [layer.nout for layer in self.layers],
            "activation": [activations.choice(a.activation_name, a.activation) for a in self.layers],
            "fused": self.layers[0].neurons[0].fused,
            "dropout": 0.0 if self.dropout is None else self.dropout.p,
        }

    def __call__(self, x: Iterable[Value | float]) -> Any:
        """Return the outputs for one sample of ``nin`` numbers or Values.

        Returns:
            A Value if the network has one output, else a list of them.

        Raises:
            ValueError: if the sample has another number of inputs.
        """
        values: Sequence[Value] = as_inputs(x, self.nin, "network")
        collecting = gc.isenabled()
        gc.disable()  # as collector_paused does, which would take a fifth of a small network's time
        try:
            for layer in self.layers:
                if self.dropout is not None and layer is not self.layers[0]:
                    values = self.dropout(values)
                values = layer.fire(tuple(values))
        finally:
            if collecting:
                gc.enable()
        return single_or_list(values)

    def activations(self, X: Any) -> matrices.Activations:
        """Return the forward pass of many samples as the textbook's matrices, read from their graphs.

        Args:
            X: one row of numbers per sample: lists, a NumPy array, a pandas frame.

        Returns:
            W[l], b[l], z[l] and A[l] as NumPy arrays, by layer; see `nn.matrices.Activations`.

        Raises:
            TypeError, ValueError: if ``X`` is not such a table, or does not suit the network.
            ImportError: if NumPy is not installed.

        >>> seen = MLP(2, [3, 1], activation="tanh", seed=0).activations([[0.5, -1.0], [0.0, 2.0]])
        >>> [seen.A[k].shape for k in (0, 1, 2)], seen.W[1].shape
        ([(2, 2), (3, 2), (1, 2)], (3, 2))
        """
        return matrices.activations(self, X)

    def residuals(self, X: Any, y: Any, loss: str | Loss) -> matrices.Residuals:
        """Return the forward and the reverse pass of many samples as the textbook's matrices.

        Args:
            X: one row of numbers per sample.
            y: the targets, as `nn.fit` takes them.
            loss: a function of `nn.losses` or its name, or any function of a prediction and a target.

        Returns:
            What `activations` gives, and δ[l] and the gradients of W[l] and b[l]; see
            `nn.matrices.Residuals`.  No ``.grad`` is touched.

        Raises:
            TypeError, ValueError: if the data do not suit each other, the network or the loss.
            ImportError: if NumPy is not installed.

        >>> back = MLP(2, [3, 1], activation="tanh", seed=0).residuals([[0.5, -1.0]], [1.0], "half_mse")
        >>> back.delta[2] - (back.A[2] - 1.0)  # a linear output: δ = −(y − a)
        array([[0.]])
        """
        return matrices.residuals(self, X, y, loss)

    def in_brief(self) -> str:
        """Return what it is in a few words; see `Module.in_brief`."""
        return " → ".join(map(str, [self.nin, *(layer.nout for layer in self.layers)]))

    def __repr__(self) -> str:
        layers = [f"\n  layer {x.number}: {x.in_brief()}, {_parameters(x)}" for x in self.layers]
        dropout = f", dropout {self.dropout.p:g}" if self.dropout is not None else ""
        return f"MLP {self.in_brief()}, {_parameters(self)}{dropout}{''.join(layers)}"


# ------------------------------------------------------------------------------ checking arguments


def _one_per_layer(activation: Any, output: Any, layers: int) -> list[ActivationChoice]:
    if isinstance(activation, str) or callable(activation):
        return [activation] * (layers - 1) + ["linear" if output is None else output]
    if not isinstance(activation, Sequence):
        raise TypeError(
            f"activation is a name, a function or a list with one per layer; got {described(activation)}"
        )
    if len(activation) != layers:
        raise ValueError(f"activation lists one for each of the {layers} layers; got {len(activation)}")
    if output is not None:
        raise ValueError("the list of activations already has the output's: leave out output=")
    return list(activation)


def _without(bias: Value | None) -> dict[str, bool]:
    """Return what a neuron without a bias is built with; what has one says nothing of it."""
    return {"bias": False} if bias is None else {}


def _parameters(module: Module) -> str:
    return counted(len(module.parameters()), "parameter")
