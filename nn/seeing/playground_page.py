"""A playground: a network on a data set of the plane, trained live on a page of its own.

Every setting can be changed in the page, and every weight asked for its chain rule.  The page computes by
itself: what neurons, activations, costs, penalties and optimisers do is recorded here as lists of ops, the
ops come from the table as JavaScript, and its random numbers are Python's.  So it gives `nn.fit`'s numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from os import PathLike
from pathlib import Path
from string import Template
from typing import Any, TypeAlias

import numpy as np

from autograd import Parameter, Value
from autograd.files.atomic_write import write_whole
from autograd.notation.hints import did_you_mean
from autograd.seeing import Listings, asset, document, notebook_frame
from autograd.seeing.style import LARGEST, SMALLEST, THICKEST, THINNEST
from nn import losses
from nn.activations import ACTIVATIONS
from nn.checks import check_lengths, finite_number, layer_sizes, one_of, whole_number
from nn.data.columns import FEWEST_ROWS
from nn.data.planar import PLANAR
from nn.data.random_state import LARGEST_SEED
from nn.data.samples import as_list
from nn.data.samples import features as features_of
from nn.init import FITTING, INITIALISERS
from nn.layers import Neuron
from nn.optim import SGD, Adam, Optimizer, RMSprop
from nn.seeing.plane import classes_of
from nn.seeing.style import class_colours

SAMPLES = 200
MOST_LAYERS, MOST_NEURONS = 6, 8
HEIGHT = 900
"""The height of the page in a notebook, in pixels."""

FEATURES: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "x1": ("x₁", lambda x1, x2: x1),
    "x2": ("x₂", lambda x1, x2: x2),
    "x1*x1": ("x₁²", lambda x1, x2: x1 * x1),
    "x2*x2": ("x₂²", lambda x1, x2: x2 * x2),
    "x1*x2": ("x₁x₂", lambda x1, x2: x1 * x2),
    "sin(x1)": ("sin x₁", lambda x1, x2: x1.sin()),
    "sin(x2)": ("sin x₂", lambda x1, x2: x2.sin()),
}
"""What a network may be given of a point: as Python writes it, how it is shown, and the function."""

COSTS = {"binary_cross_entropy": (0, 1), "hinge": (-1, 1), "half_mse": (-1, 1), "huber": (-1, 1)}
"""The costs, and the targets of the two classes."""
OF_NUMBERS = ("half_mse", "huber")
"""Those whose targets may be any numbers."""

OPTIMIZERS: dict[str, Callable[[list[Parameter]], Optimizer]] = {
    "SGD": lambda parameters: SGD(parameters, 0.1),
    "momentum": lambda parameters: SGD(parameters, 0.1, momentum=0.9),
    "RMSprop": lambda parameters: RMSprop(parameters, 0.1),
    "Adam": lambda parameters: Adam(parameters, 0.1),
}
PENALTIES = {"none": None, "l1": losses.l1, "l2": losses.l2}


@dataclass(frozen=True)
class Setting:
    """What can be set, in Python and in the page.

    Attributes:
        label: what it is called.
        start: what it is by default.
        choices: what it can be; of numbers without choices, the lowest and the highest.
        low, high: see ``choices``.
        whole: whether they are whole numbers.
    """

    label: str
    start: Any
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    whole: bool = False

    def checked(self, name: str, x: Any) -> Any:
        """Return the setting.

        Raises:
            TypeError, ValueError: if it is none.
        """
        if self.choices:
            return one_of(name, x, {choice: choice for choice in self.choices})
        x = whole_number(name, x, int(self.low)) if self.whole else finite_number(name, x, at_least=self.low)
        if x > self.high:
            raise ValueError(f"{name} is at most {self.high:g}; got {x!r}")
        return x

    def field(self, name: str) -> str:
        """Return the field of the page's form."""
        if name == "data":
            named = f'class="field pictures" role="radiogroup" aria-label="{self.label}"'
            return f"<div {named}>{self._pictures(name)}</div>"
        if self.choices:
            options = "".join(f"<option>{escape(choice)}</option>" for choice in self.choices)
            return f'<label class="field">{self.label} <select name="{name}">{options}</select></label>'
        field = f'<label>{self.label} <input name="{name}" inputmode="decimal" size="6"></label>'
        return f'<div class="field">{field}{self._slider(name) if name in SLIDERS else ""}</div>'

    def _pictures(self, name: str) -> str:
        """Return the choices as pictures, which the page draws."""
        return "".join(
            f'<label><input type="radio" name="{name}" value="{choice}">'
            f'<canvas width="72" height="72"></canvas>{choice}</label>'
            for choice in map(escape, self.choices)
        )

    def _slider(self, name: str) -> str:
        """Return what is drawn to the number instead of typing it."""
        ends = f'min="{self.low:g}" max="{self.high:g}" step="{SLIDERS[name]}"'
        return f'<input type="range" data-of="{name}" aria-label="{self.label}, slider" {ends}>'


ACTING = tuple(name for name in ACTIVATIONS if name != "prelu")  # whose slope is one more parameter
SETTINGS = {
    "data": Setting("Data", "moons", tuple(PLANAR)),
    "noise": Setting("Noise", 0.1, high=1.0),
    "held_out": Setting("Held out, %", 50, low=10, high=90, whole=True),
    "data_seed": Setting("Seed of the data", 0, high=LARGEST_SEED, whole=True),
    "activation": Setting("Activation", "tanh", ACTING),
    "init": Setting(
        "Initial weights", "fitting", ("fitting", *(x for x in INITIALISERS if x != "orthogonal"))
    ),
    "cost": Setting("Cost", "binary_cross_entropy", tuple(COSTS)),
    "penalty": Setting("Penalty", "none", tuple(PENALTIES)),
    "strength": Setting("Its factor λ", 0.001, high=10.0),
    "optimizer": Setting("Optimiser", "SGD", tuple(OPTIMIZERS)),
    "rate": Setting("Learning rate α", 0.1, low=1e-6, high=100.0),
    "batch": Setting("Batch size", 10, low=1, high=SAMPLES, whole=True),
    "seed": Setting("Seed of the weights", 0, high=LARGEST_SEED, whole=True),
}
"""All settings but features and layers, by name."""
SLIDERS = {"noise": 0.01, "held_out": 1, "batch": 1}
"""The settings that have a slider beside their number, and its steps."""
GROUPS = {
    "Samples": ("data", "noise", "held_out", "data_seed"),
    "Neurons": ("activation", "init", "seed"),
    "What is minimised": ("cost", "penalty", "strength"),
    "How it learns": ("optimizer", "rate", "batch"),
}
"""The settings as the page shows them together."""


OWN = "yours"
"""The name of the data that a user brings."""
MOST_SAMPLES = 1000

Samples: TypeAlias = tuple[list[Any], Sequence[str] | None]
"""Points, each with its target, and the classes' names; None if the target is a number."""


class Playground:
    """What `playground` returns: it shows itself in a notebook, and is saved as a page.

    Attributes:
        settings: what the page begins with, by name.
    """

    def __init__(self, settings: dict[str, Any], own: Samples | None) -> None:
        self.settings, self._own = settings, own

    def html(self) -> str:
        """Return it as one HTML document that needs no network and no other file."""
        listings = Listings()
        fields = settings_with(self._own)
        facts = _facts(listings) | {
            "start": self.settings,
            "settings": {name: asdict(setting) for name, setting in fields.items()},
            "data": _samples(self._own),
        }
        body = Template(asset("nn.seeing", "page", "playground.html")).substitute(
            fields="".join(
                _group(title, [fields[name].field(name) for name in names]) for title, names in GROUPS.items()
            )
        )
        parts = ("random", "tape", "training", "picture", "chain", "page")
        script = (
            listings.script()
            + asset("autograd.seeing.pages", "elements.js")
            + "".join(asset("autograd.seeing.pages", "player", name) for name in ("numbers.js", "routes.js"))
            + asset("nn.seeing", "page", "plane.js")
            + "".join(asset("nn.seeing", "page", "playground", f"{part}.js") for part in parts)
        )
        style = asset("nn.seeing", "page", "playground.css")
        return document(
            "A network learns", style, body, script, data={"facts": facts}, colours=class_colours()
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file, ``.html``.

        Raises:
            ValueError: for another ending.
            OSError: if the file cannot be written.
        """
        one_of("format", Path(path).suffix[1:].lower(), {"html": "html"})
        write_whole(path, self.html().encode())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        frame = notebook_frame(self.html(), "Playground", HEIGHT, forms=True)
        return {"text/html": frame, "text/plain": repr(self)}

    def __repr__(self) -> str:
        sizes = " → ".join(map(str, [len(self.settings["features"]), *self.settings["layers"], 1]))
        return f"<playground: {self.settings['data']}, {sizes}, {self.settings['activation']}>"


def playground(
    X: Any = None,
    y: Any = None,
    *,
    layers: Sequence[int] = (4, 2),
    features: Sequence[str] = ("x1", "x2"),
    **settings: Any,
) -> Playground:
    """Return a page on which a network learns, live, and on which every setting can be changed.

    The page's address keeps, after ``#``, the settings and what is shown: ``lines=gradients``, ``held=off``,
    ``sharp=on``.  ``hide=init,seed`` there hides controls by name, for a class; the page lists the names.

    Args:
        X, y: samples of yours, two numbers each, of two classes or with a number to learn; scale them first.
            By default the page has sets of `nn.data` alone.
        layers: the numbers of neurons of the hidden layers, at most 6 layers of at most 8.
        features: what the network is given of a point, names of `FEATURES`.
        settings: the others by the names of `SETTINGS`, such as ``data="spirals", rate=0.03``.

    Raises:
        TypeError, ValueError: if a setting is unknown, of the wrong kind or out of range, or if the samples
            are not such.

    >>> playground(data="circles", layers=[3])
    <playground: circles, 2 → 3 → 1, tanh>
    >>> playground([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], held_out=25)
    <playground: yours, 2 → 4 → 2 → 1, tanh>
    """
    sizes = layer_sizes(layers) if len(layers) else []
    if len(sizes) > MOST_LAYERS or max(sizes, default=0) > MOST_NEURONS:
        raise ValueError(f"at most {MOST_LAYERS} layers of at most {MOST_NEURONS} neurons; got {sizes}")
    given = [one_of("feature", name, {name: name for name in FEATURES}) for name in dict.fromkeys(features)]
    if not given:
        raise ValueError(f"a network is given at least one feature: {', '.join(FEATURES)}")
    own = None if X is None and y is None else _own(X, y)
    known = settings_with(own)
    for name in settings:
        if name not in known:
            raise TypeError(f"playground has no setting {name!r}{did_you_mean(name, known)}")
    chosen = {
        name: setting.checked(name, settings.get(name, setting.start)) for name, setting in known.items()
    }
    learned = _samples(own)[chosen["data"]]
    count = len(learned["points"])
    if not 0 < round(chosen["held_out"] / 100 * count) < count:
        raise ValueError(f"held_out={chosen['held_out']} % of {count} samples leaves none on one side")
    if learned["classes"] is None and chosen["cost"] not in OF_NUMBERS:
        if "cost" in settings:
            raise ValueError(f"{chosen['data']} has numbers to learn: the cost is {' or '.join(OF_NUMBERS)}")
        chosen["cost"] = OF_NUMBERS[0]
    return Playground({**chosen, "features": given, "layers": sizes}, own)


def _group(title: str, fields: list[str]) -> str:
    """Return some fields together, under a title."""
    return f'<fieldset class="group"><legend>{title}</legend>{"".join(fields)}</fieldset>'


def _own(X: Any, y: Any) -> Samples:
    """Return a user's samples, as classes if there are two targets.

    Raises:
        TypeError, ValueError: if they are not samples of two numbers.
    """
    rows, targets = as_list(features_of(X, columns=2)), np.array(as_list(y), float).reshape(-1).tolist()
    check_lengths(rows, targets)
    if not FEWEST_ROWS <= len(rows) <= MOST_SAMPLES:
        raise ValueError(
            f"a playground trains on {FEWEST_ROWS} to {MOST_SAMPLES:,} samples; got {len(rows):,}"
        )
    for target in targets:
        finite_number("a target", target)
    found = classes_of(targets) if len(set(targets)) == 2 else None
    labels = targets if found is None else found.labels
    points = [[*row, label] for row, label in zip(rows, labels, strict=True)]
    return points, None if found is None else found.names


def settings_with(own: Samples | None) -> dict[str, Setting]:
    """Return the settings of a page, which begins with a user's samples if there are any."""
    if own is None:
        return SETTINGS
    data = replace(SETTINGS["data"], start=OWN, choices=(OWN, *PLANAR))
    return SETTINGS | {"data": data, "batch": replace(SETTINGS["batch"], high=MOST_SAMPLES)}


def _samples(own: Samples | None) -> dict[str, Any]:
    """Return the sets of a page, without noise and in order."""
    sets = {name: {"points": set.points(SAMPLES), "classes": set.classes} for name, set in PLANAR.items()}
    return sets if own is None else {OWN: dict(zip(("points", "classes"), own, strict=True)), **sets}


# ------------------------------------------------------------------------------ what the page computes with


def _facts(listings: Listings) -> dict[str, Any]:
    """Return what the page reads besides its settings and data."""
    return {
        "own": OWN,
        "most": [MOST_LAYERS, MOST_NEURONS],
        "features": {name: [shown, listings.of(f, 2)] for name, (shown, f) in FEATURES.items()},
        "neurons": {nin: listings.of(_neuron, 2 * nin + 1) for nin in range(1, MOST_NEURONS + 1)},
        "activations": {name: listings.of(ACTIVATIONS[name], 1) for name in ACTING},
        "costs": {
            name: {
                "targets": targets,
                "numbers": name in OF_NUMBERS,
                "of": listings.of(losses.by_name(name), 2),
            }
            for name, targets in COSTS.items()
        },
        "penalties": {
            name: listings.of(lambda w, factor, of=penalty: factor * of([w]), 2)
            for name, penalty in PENALTIES.items()
            if penalty is not None
        },
        "optimizers": {name: _moving(listings, make([Parameter(0.0)])) for name, make in OPTIMIZERS.items()},
        "init": {name: _drawn(INITIALISERS[name]) for name in SETTINGS["init"].choices[1:]},
        "fitting": FITTING,
        "symbols": listings.symbols,
        "width": [SMALLEST, LARGEST, THINNEST, THICKEST],
    }


def _neuron(*numbers: Value) -> Value:
    """Return what a linear neuron gives, its weights, its inputs and its bias as Values."""
    nin = len(numbers) // 2
    neuron: Any = Neuron(nin, "linear")
    neuron.w, neuron.b = [*numbers[:nin]], numbers[-1]
    given: Value = neuron(numbers[nin:-1])
    return given


def _moving(listings: Listings, optimizer: Any) -> dict[str, Any]:
    """Return the rule by which a weight moves, and how many numbers the optimiser keeps of it."""

    def rule(p: Value, g: Value, rate: Value, steps: Value, *state: Value) -> Any:
        optimizer.steps = steps
        h = optimizer.hyper_parameters({**optimizer.param_groups[0], "lr": rate})
        return optimizer.rule(p, g, h, *state)

    kept = len(optimizer.state_names)
    return {"kept": kept, "of": listings.of(rule, 4 + kept)}


class _Noting:
    """A generator that draws nothing, and notes what it is asked for."""

    def __getattr__(self, name: str) -> Callable[[float, float], float]:
        def note(a: float, b: float) -> float:
            self.asked = [name, a, b]
            return 0.0

        return note


def _drawn(initialiser: Any) -> list[list[Any]]:
    """Return how the weights of a layer are drawn, by its outputs and inputs; a constant as its number."""

    def of(nout: int, nin: int) -> Any:
        noting = _Noting()
        matrix = initialiser(nout, nin, noting)
        return vars(noting).get("asked", matrix[0][0])

    return [[of(nout, nin) for nin in range(1, MOST_NEURONS + 1)] for nout in range(1, MOST_NEURONS + 1)]
