"""What usually helps against each sign of trouble, in a network such as the one that was watched.

Nothing is advised that the network has already: ReLUs for a network of ReLUs, or the initialiser that its
weights started from.  Where something is not known of it, the advice is given.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from random import Random

from nn.health.records import Records
from nn.init import FITTING, fitting

SQUASHING = frozenset({"sigmoid", "tanh"})
"""The activations that let gradients vanish: they are flat on both sides."""
ENOUGH = 1000
"""What an initialiser gives is judged by at least this many numbers."""


def _any_of(*advice: str) -> str:
    """Return the advice that is not empty as one sentence."""
    given = [a for a in advice if a]
    text = ", or ".join([", ".join(given[:-1]), given[-1]]) if len(given) > 2 else " or ".join(given)
    return f"{text[0].upper()}{text[1:]}."


# ------------------------------------------------------------------------- what is known of the network


def _activations(log: Records, k: int | None = None) -> frozenset[str] | None:
    """Return the names of the activations of layer ``k``, or of all layers; None if they are not known."""
    if log.shape is None:
        return None
    layers = log.known_layers if k is None else [log.known_layers[k]]
    return frozenset().union(*(log.shape.activations.get(layer.path, ()) for layer in layers))


def _start(log: Records) -> int | None:
    """Return how the weights started, compared with the initialiser that fits the activations.

    Returns:
        −1 if they were too small, 0 if they may well have come from it, 1 if they were too large; None if
        it cannot be told, as where layers are not made of units.
    """
    weights, ratio = 0, 0.0
    for k, layer in enumerate(log.known_layers):
        activations = _activations(log, k)
        if not activations or not layer.units or layer.weights % layer.units:
            continue
        drawn: list[float] = []
        rng = Random(0)
        while len(drawn) < ENOUGH:
            rows = fitting(min(activations))(layer.units, layer.weights // layer.units, rng)
            drawn += [w for row in rows for w in row]
        weights += layer.weights
        ratio += layer.squares / (sum(w * w for w in drawn) / len(drawn))
    if not weights:
        return None
    chance = 0.1 + 3 * sqrt(2 / weights)  # the variance of n normal numbers is off by √(2/n) or so
    return (ratio / weights > 1 + chance) - (ratio / weights < 1 - chance)


def _initialiser(log: Records) -> str:
    """Return the advice to start from other weights, or "" if they started well."""
    if _start(log) == 0:
        return ""
    names = {FITTING.get(name, "xavier_uniform") for name in _activations(log) or ()}
    return f"start with {' or '.join(sorted(names))}" if names else "start with an initialiser that fits"


def _recurrent(log: Records) -> tuple[bool, bool]:
    """Return whether the network is recurrent, and whether it has gates."""
    if log.shape is None or not log.shape.recurrent:
        return False, False
    inner = [log.shape.activations[path] for path in log.shape.recurrent]
    return True, any("sigmoid" in names for names in inner)


# ---------------------------------------------------------------------------------------- the cures


def _into_the_domain(sign: str) -> str:
    return (
        f"Keep what goes into {sign} inside its domain, by a small constant, clip or where, or take a "
        "stable function. No rate helps against this."
    )


def _nan_cost(log: Records, k: int | None) -> str:
    if log.cause is not None:
        return _into_the_domain(log.cause.sign)
    advice = _any_of("lower the learning rate", "clip the gradients (Clip(norm=1))")
    return f"{advice} autograd.detect_anomaly() names the first bad number."


def _nan_weights(log: Records, k: int | None) -> str:
    if log.cause is not None:
        return f"Go back to the last good weights. {_into_the_domain(log.cause.sign)}"
    return "Go back to the last good weights, lower the learning rate, and clip the gradients."


def _exploding(log: Records, k: int | None) -> str:
    if log.cause is not None:
        return _into_the_domain(log.cause.sign)
    start = _start(log)
    recurrent, gated = _recurrent(log)
    return _any_of(
        "clip the gradients (Clip(norm=1))",
        "start from smaller weights" if start in (None, 1) else "",
        "lower the learning rate" if start is not None and start < 1 else "",
        "" if recurrent else "take fewer layers",
        "take gated cells (LSTMCell, GRUCell)" if recurrent and not gated else "",
        "truncate the way back (truncate=…)" if recurrent else "",
    )


def _growing(log: Records, k: int | None) -> str:
    return _any_of(
        "lower the learning rate", "keep the weights small with a penalty (Penalised(loss, l2=0.001))"
    )


def _vanishing(log: Records, k: int | None) -> str:
    if k is not None and log.shape is not None and log.known_layers[k].path not in log.shape.depths:
        return "Nothing that it computes reaches the loss: use it in the model, or leave it out."
    activations = _activations(log)
    recurrent, gated = _recurrent(log)
    squashed = activations is None or bool(activations & SQUASHING)
    return _any_of(
        "take ReLU or its kin" if squashed and not recurrent else "",
        "take gated cells (LSTMCell, GRUCell)" if recurrent and not gated else "",
        _initialiser(log),
        "take shorter sequences (truncate=…)" if recurrent else "take fewer layers",
        "" if recurrent else "give the gradient a way around them (x + layer(x))",
    )


def _dying(log: Records, k: int | None) -> str:
    return _any_of("lower the learning rate", "take leaky_relu", _initialiser(log))


def _saturated(log: Records, k: int | None) -> str:
    is_last = k == len(log.known_layers) - 1
    squashed_output = is_last and "sigmoid" in (_activations(log, k) or {"sigmoid"})
    return _any_of(
        "start from smaller weights" if _start(log) in (None, 1) else "lower the learning rate",
        "scale the inputs" if k == 0 else "",
        "after a sigmoid take cross-entropy rather than a squared error" if squashed_output else "",
        "" if squashed_output else "keep the weights small with a penalty (Penalised(loss, l2=0.001))",
    )


def _unstable(log: Records, k: int | None) -> str:
    return _any_of("lower the learning rate", "take larger batches")


def _no_progress(log: Records, k: int | None) -> str:
    return (
        "Change the learning rate, up or down, by factors of 3, and look whether the gradient reaches the "
        "first layer."
    )


CURES: dict[str, Callable[[Records, int | None], str]] = {
    "NaN cost": _nan_cost,
    "NaN weights": _nan_weights,
    "exploding gradient": _exploding,
    "growing weights": _growing,
    "vanishing gradient": _vanishing,
    "dying units": _dying,
    "saturated units": _saturated,
    "unstable cost": _unstable,
    "no progress": _no_progress,
}
"""For each sign by its name the function that says what helps: of the records so far, and of the layer in
which the sign is seen, counted from 0, or None for the network."""
