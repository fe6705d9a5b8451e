"""The scalar network as matrices: z[l], A[l] and the residuals δ[l], shaped as in the textbook.

Nothing is computed with matrices here: every number is read from the samples' graphs, one column
per sample.  The textbook's formulas, with which the tests compare them, are for m samples ::

    z[l] = W[l] A[l−1] + b[l]              A[l] = g[l](z[l])
    δ[L] = ∂J/∂A[L] · g[L]′(z[L])          δ[l] = (W[l+1]ᵀ δ[l+1]) · g[l]′(z[l])
    ∂J/∂W[l] = δ[l] A[l−1]ᵀ / m            ∂J/∂b[l] = Σ δ[l] / m, over the samples

(Goodfellow, Bengio and Courville, Deep Learning, 2016, algorithms 6.3 and 6.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from autograd import Value, gradients
from autograd.extend import data_of
from nn import losses
from nn.checks import check_lengths, import_extra
from nn.data.samples import Samples, features, targets
from nn.inputs import as_inputs
from nn.losses import Loss
from nn.outputs import single_or_list

ByLayer: TypeAlias = dict[int, Any]
"""A NumPy array for each layer l, counted as in the textbook: the first layer after the inputs is 1."""


class Network(Protocol):
    """A network of layers of neurons, each layer fed by the one before, such as `nn.MLP`."""

    nin: int
    nout: int

    @property
    def layers(self) -> Sequence[Any]: ...


@dataclass(frozen=True)
class Activations:
    """A forward pass of m samples as matrices; n[l] is the number of neurons of layer l, n[0] of inputs.

    It is the pass of a prediction: nothing is dropped out.

    Attributes:
        W: for each layer l from 1 on its weights, shape (n[l], n[l−1]).
        b: its biases, shape (n[l], 1).
        z: its pre-activations, shape (n[l], m).
        A: its activations, shape (n[l], m); ``A[0]`` holds the inputs.
    """

    W: ByLayer
    b: ByLayer
    z: ByLayer
    A: ByLayer


@dataclass(frozen=True)
class Residuals(Activations):
    """A forward and a reverse pass of m samples as matrices.

    Attributes:
        J: the cost: the mean loss of the samples.
        delta: for each layer l from 1 on its residuals, shape (n[l], m): the gradients of each
            sample's own loss with respect to its z[l].
        dW: the gradients of J with respect to W[l], shape (n[l], n[l−1]).
        db: the same for b[l], shape (n[l], 1).
    """

    J: float
    delta: ByLayer
    dW: ByLayer
    db: ByLayer


def activations(model: Network, X: Any) -> Activations:
    """Return the forward pass of many samples; see `nn.MLP.activations`."""
    samples = Samples(features(X, columns=model.nin), ())
    passes = [_forward(model, samples.row(i)) for i in range(len(samples))]
    return Activations(*_parameters(model), *_seen(passes))


def residuals(model: Network, X: Any, y: Any, loss: str | Loss) -> Residuals:
    """Return the forward and the reverse pass of many samples; see `nn.MLP.residuals`."""
    cost = losses.by_name(loss) if isinstance(loss, str) else loss
    rows, (wanted, _) = features(X, columns=model.nin), targets(y, model.nout, cost)
    check_lengths(rows, wanted)
    samples = Samples(rows, wanted)
    passes, slopes, total = [], [], 0.0
    for i in range(len(samples)):
        seen = _forward(model, samples.row(i))
        outputs = seen.a[-1]
        J = cost(single_or_list(outputs), samples.target(i))
        total += J.data
        slopes.append(_slopes(model, J, seen))
        passes.append(seen)
    m = len(samples)
    delta, dW, db = ([of_sample[k] for of_sample in slopes] for k in range(3))
    return Residuals(*_parameters(model), *_seen(passes), total / m, _columns(delta), _means(dW), _means(db))


# ------------------------------------------------------------------------------------- a sample


@dataclass(frozen=True)
class _Pass:
    """One sample on its way: its inputs, and the z and a of each layer's neurons."""

    x: list[Value]
    z: list[list[Value]]
    a: list[list[Value]]


def _forward(model: Network, row: list[float]) -> _Pass:
    values = as_inputs(row, model.nin, "network")
    seen = _Pass(list(values), [], [])
    for layer in model.layers:
        outputs = layer.fire(values)
        seen.z.append([_pre_activation(n, a) for n, a in zip(layer.neurons, outputs, strict=True)])
        seen.a.append(outputs)
        values = tuple(outputs)
    return seen


def _pre_activation(neuron: Any, a: Value) -> Value:
    """Return the neuron's z: the nearest Value of that label before its output."""
    nearest = [a]
    for v in nearest:
        if v.label == neuron.z_label:
            return v
        nearest.extend(v.inputs)
    raise ValueError(
        f"{neuron.z_label} is not in the graph of {neuron.a_label}: the activation "
        f"{neuron.activation_name} gives a number of its own, without a gradient"
    )


def _slopes(model: Network, J: Value, seen: _Pass) -> tuple[list[Any], list[Any], list[Any]]:
    """Return ∂J/∂z, ∂J/∂W and ∂J/∂b of each layer, by one reverse pass."""
    held = [[[*neuron.w, neuron.b] for neuron in layer.neurons] for layer in model.layers]
    wrt = [v for z, rows in zip(seen.z, held, strict=True) for v in (*z, *(w for row in rows for w in row))]
    slopes = iter(gradients(J, wrt))
    delta, dW, db = [], [], []
    for layer in model.layers:
        delta.append([next(slopes) for _ in layer.neurons])
        rows = [[next(slopes) for _ in range(layer.nin + 1)] for _ in layer.neurons]
        dW.append([row[:-1] for row in rows])
        db.append([row[-1:] for row in rows])
    return delta, dW, db


# ----------------------------------------------------------------------------------- as matrices


def _parameters(model: Network) -> tuple[ByLayer, ByLayer]:
    np = _numpy()
    W = {layer.number: np.array(layer.W) for layer in model.layers}
    return W, {layer.number: np.array(layer.b).reshape(-1, 1) for layer in model.layers}


def _seen(passes: list[_Pass]) -> tuple[ByLayer, ByLayer]:
    """Return z and A, one column per sample."""
    z = _columns([[data_of(values) for values in seen.z] for seen in passes])
    A = [[data_of(values) for values in (seen.x, *seen.a)] for seen in passes]
    return z, _columns(A, first=0)


def _columns(of_samples: list[list[Any]], first: int = 1) -> ByLayer:
    """Return for each layer the samples' numbers as columns."""
    layers = zip(*of_samples, strict=True)
    return {number: _numpy().array(columns).T for number, columns in enumerate(layers, first)}


def _means(of_samples: list[list[Any]]) -> ByLayer:
    """Return for each layer the mean of the samples' matrices."""
    layers = zip(*of_samples, strict=True)
    return {number: _numpy().mean(matrices, axis=0) for number, matrices in enumerate(layers, 1)}


def _numpy() -> Any:
    return import_extra("numpy", "the network as matrices")
