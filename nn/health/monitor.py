"""Health: what happens inside a network while it trains, and the signs that it goes wrong.

>>> from nn import MLP, SGD, losses
>>> model = MLP(2, [4, 1], "tanh", seed=0)
>>> optimizer = SGD(model.parameters(), lr=0.1)
>>> monitor = Monitor()
>>> monitor.watch(model)
>>> for _ in range(20):
...     loss = losses.half_mse(model([0.5, -1.0]), 1.0)
...     optimizer.zero_grad()
...     loss.backward()
...     optimizer.step()
...     monitor.record(loss)
>>> print(monitor)
healthy: 20 records, and none of the signs
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from math import inf, isfinite, nan
from numbers import Real
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from autograd import Value, gradients
from autograd.extend import NO_GRADIENT
from autograd.notation.hints import described
from autograd.notation.numbers import counted
from nn.callbacks import Callback, Numbers, Training
from nn.clipping import norm
from nn.health.causes import WATCHED, Cause, as_then, cause_among, cause_in
from nn.health.layers import Homes, Layer, shape_of
from nn.health.records import RUN, LayerRecord, Record, Records
from nn.health.signs import SIGNS, Finding
from nn.health.units import Inside, UnitFacts, look_inside
from nn.module import Module, mode
from nn.predictions import values_of

if TYPE_CHECKING:
    from autograd.seeing import Drawing, GradientPath
    from nn.seeing.style import Plot

POINTS = 50
"""`nn.fit` makes about this many records, besides those of the first steps."""
READ_EVERY = 8
"""The activations are read on `WATCHED` samples, and again when this many times as many were trained on."""
SMALL_PICTURE = 20
"""A picture with more nodes than this shows only the strongest routes of a bad weight."""


class Monitor(Callback):
    """Records a training's health: as a callback of `nn.fit`, and in loops of your own.

    It watches any Module.  A layer is a Module that holds parameters, itself or through units such as
    neurons; it is called by where the model holds it.  A copy and a pickle have the model, the records and
    the findings; neither ``tell`` nor the data go along.

    Args:
        tell: called with each `Finding` when it is made, ``print`` for example.

    Attributes:
        layers: the names of the layers: each after those whose outputs it takes when it is first used, and
            first of all those that are not used; as the model holds them until a graph of it was seen.
        records: one per step that was recorded.
        findings: the signs seen so far, each named once.

    Raises:
        TypeError: if ``tell`` is not a function, or is a Module.
    """

    watched = WATCHED

    def __init__(self, tell: Callable[[Finding], object] | None = None) -> None:
        if isinstance(tell, Module):
            raise TypeError(
                "a monitor is made without its model: give it to fit, callbacks=[Monitor()], or in a loop of "
                "your own let it watch the model, monitor.watch(model)"
            )
        if tell is not None and not callable(tell):
            raise TypeError(f"tell is a function of a finding, such as print; got {tell!r}")
        self.findings: list[Finding] = []
        self._tell = tell
        self._model: Module | None = None
        self._log = Records()
        self._every = 1
        self._step = 0
        self._losses: list[float] = []
        self._before: Numbers = None
        self._good: Numbers = None
        self._searched = False
        self._bad: _Bad | None = None
        self._unread = 0
        self._rows: list[Sequence[float]] = []
        self._examples: list[Callable[[], Value]] = []

    @property
    def layers(self) -> list[str]:
        return self._log.layers

    @property
    def records(self) -> list[Record]:
        return self._log.records

    # ------------------------------------------------------------------------------ a loop of one's own

    def watch(self, model: Module, X: Iterable[Sequence[float]] = ()) -> None:
        """Watch this model from now on; what was recorded before is forgotten.

        Args:
            model: a Module; its weights are read at each `record`.
            X: a few dozen rows of numbers, on which the activations are read to find saturated and
                dead units.

        Raises:
            TypeError: if the model is not a Module.
        """
        self._rows = [[float(x) for x in row] for row in X]
        if not isinstance(model, Module):
            raise TypeError(f"a monitor watches an nn.Module; got {type(model).__name__}")
        self._begin(model, Homes(model), 1, [], [partial(model, row) for row in self._rows[:1]])
        self._before = [p.data for p in model.parameters()]

    def record(self, loss: Value | float) -> None:
        """Note a step that was just taken: call it after ``optimizer.step()``.

        Args:
            loss: the loss that the step went by.

        Raises:
            RuntimeError: if no model is watched.
            TypeError: if the loss is not a number.
        """
        if self._model is None:
            raise RuntimeError("there is nothing to record yet: monitor.watch(model) before the loop")
        cost = loss.data if isinstance(loss, Value) else loss
        if not isinstance(cost, Real):
            raise TypeError(f"the loss is a Value or a number; got {described(loss)}")
        if self._log.shape is None and isinstance(loss, Value):
            self._log.seen(shape_of([loss], Homes(self._model)))
        parameters = self._model.parameters()
        slopes = [0.0 if p.grad is NO_GRADIENT else p.grad for p in parameters]
        after = [p.data for p in parameters]
        self.note(float(cost), READ_EVERY * WATCHED)
        inside = partial(look_inside, self._model, self._rows)
        self.take(self._before, after, slopes, inside, partial(_cause_in_graph, self._model, loss))
        self._before = after

    # --------------------------------------------------------------------------------- as a callback

    def on_train_begin(self, training: Training) -> None:
        steps = (training.epochs - len(training.history)) * training.batches
        examples = training.examples(WATCHED)
        every = max(1, steps // POINTS)
        self._begin(training.model, training.homes, every, examples, examples[:1])
        self._before = None

    def on_gradients(self, training: Training) -> None:
        wanted = self._step < RUN or (self._step + 1) % self._every == 0
        if wanted and self._before is None:  # a batch may take several steps: the first one's weights count
            self._before = training.weights()

    def on_batch_end(self, training: Training, loss: float, samples: int) -> None:
        self.note(loss, samples)
        if self._before is not None or not isfinite(loss):
            after = training.weights()
            before = after if self._before is None else self._before
            cause = partial(cause_among, training)
            self.take(before, after, training.gradients(), training.inside, cause)
            self._before = None

    # ------------------------------------------------------------------------------------- recording

    def _begin(
        self, model: Module, homes: Homes, every: int, examples: Iterable[Callable[[], Value]],
        first: Iterable[Callable[[], Any]],
    ) -> None:  # fmt: skip
        """Forget what was recorded, and look at how the layers are used, in a graph of each of ``first``."""
        self._log, self.findings = Records([*homes.layers]), []
        with mode(model, training=False):
            for outputs in first:
                self._log.seen(shape_of(values_of(outputs()), homes))
        self._model, self._every, self._good, self._bad = model, every, None, None
        self._step, self._losses, self._examples = 0, [], list(examples)
        self._unread, self._searched = READ_EVERY * WATCHED, False

    def note(self, loss: float, samples: int) -> None:
        """Count a step on this many samples."""
        self._step += 1
        self._unread += samples
        self._losses.append(loss)

    def take(
        self, before: Numbers, after: Numbers, gradients: Numbers, inside: Callable[[], Inside],
        cause: Callable[[Numbers], Cause | None] = lambda weights: None,
    ) -> None:  # fmt: skip
        """Record the step last noted.

        Args:
            before, after, gradients: the parameters before and after it, and the gradients that it went by.
            inside: returns what the units and heads show; called now and then, as it takes time.
            cause: returns what made the first number that is not finite, given the last finite weights;
                called once, when there is such a number.
        """
        if self._unread >= READ_EVERY * WATCHED:
            self._log.inside, self._unread = inside(), 0
        layers = tuple(
            self._layer_record(layer, before, after, gradients) for layer in self._log.known_layers
        )
        bad = [loss for loss in self._losses if not isfinite(loss)]
        loss = bad[-1] if bad else sum(self._losses) / len(self._losses)
        self._losses = []
        self._log.records.append(Record(self._step, loss, layers, self._log.inside.heads))
        if isfinite(loss) and all(isfinite(own.gradient) and isfinite(own.update) for own in layers):
            self._good = after
        elif not self._searched:
            self._searched = True
            weights = before if all(map(isfinite, before)) else self._good
            self._log.cause = None if weights is None else cause(weights)
        for finding in self._signs():
            if self._bad is None and finding.layer:
                self._bad = _Bad(finding, [*map(float, before)], [*map(float, gradients)])
            self.findings.append(finding)
            if self._tell is not None:
                self._tell(finding)

    def _layer_record(self, layer: Layer, before: Any, after: Any, gradients: Any) -> LayerRecord:
        facts = self._log.inside.units.get(layer.path, UnitFacts())
        w, moved = layer.of(before), layer.of(after)
        weights, share = norm(w), nan
        if isfinite(weights):
            update = norm(moved - w if hasattr(w, "dot") else [b - a for a, b in zip(w, moved, strict=True)])
            if isfinite(update):
                share = update / weights if weights else (inf if update else 0.0)
        return LayerRecord(
            norm(layer.of(gradients)), weights, share, facts.saturated, facts.dead,
            norm(layer.own_of(gradients)),
        )  # fmt: skip

    def _signs(self) -> Iterator[Finding]:
        """Yield the signs of the last record that were not named before."""
        named = {finding.sign for finding in self.findings}
        for name, sign in SIGNS.items():
            if name in named:
                continue
            for k, fact in islice(sign.told(self._log), 1):
                layer = Layer("", "") if k is None else self._log.known_layers[k]
                yield Finding(name, self._step, layer.name, fact, sign.cure(self._log, k), layer.path)

    # ------------------------------------------------------------------------------------------ showing

    def plot(self) -> Plot:
        """Plot gradients, updates and units of every layer, and where the signs were seen; see `nn.seeing`.

        Raises:
            ValueError: if nothing was recorded yet.
            ImportError: if matplotlib is not installed.
        """
        if not self.records:
            raise ValueError("there is nothing to plot: no step was recorded yet")
        from nn.seeing import health

        log = self._log
        return health(
            [record.step for record in self.records],
            log.by_layer("own"),
            log.by_layer("update"),
            *self._third_panel(),
            [finding.step for finding in self.findings],
            log.joined,
        )

    def _third_panel(self) -> tuple[str, dict[str, list[float | None]]]:
        """Return what to show beside gradients and updates, in words and by layer or by head."""
        if self._log.inside.heads:
            return "share of the greatest entropy of attention", self._log.by_head()
        saturated, dead = self._log.by_layer("saturated"), self._log.by_layer("dead")
        if any(x is not None for row in saturated.values() for x in row):
            return "share of saturated activations", saturated
        if any(x is not None for row in dead.values() for x in row):
            shares = {
                layer: [None if x is None else x / count for x in row]
                for (layer, row), count in zip(dead.items(), self._log.relus, strict=True)
            }
            return "share of dead ReLUs", shares
        return "norm of the weights", self._log.by_layer("weights")

    def draw(self, loss: Value | None = None) -> Drawing:
        """Draw the gradient path of a weight of the first layer that went wrong.

        The weight is the one with the largest gradient, among dying units the one with the smallest.
        If there are many routes, the strongest are drawn.

        Args:
            loss: the loss of one sample, computed by the watched model.  After `nn.fit` it may be
                left out: of the samples looked at, the one that moves the weight most is taken, with
                all weights as they were at the time.

        Raises:
            ValueError: if no layer has gone wrong, or there is no loss to draw.
        """
        if self._bad is None or self._model is None:
            raise ValueError("there is no bad route to draw: no layer has shown any of the signs")
        from autograd import gradient_path

        parameters = self._model.parameters()
        weight = parameters[self._bad_place()]
        if loss is not None:
            return _small_picture(gradient_path(loss, weight))
        if not self._examples:
            raise ValueError("give the loss of one sample: monitor.draw(losses.mse(model(x), y))")
        with as_then(self._model, self._bad.weights):
            losses = [example() for example in self._examples]
            most = max(losses, key=lambda loss: abs(gradients(loss, weight)))
            most.label = "L"
            return _small_picture(gradient_path(most, weight))

    def _bad_place(self) -> int:
        """Return the place of the parameter of the first bad layer to look at: a weight if there are any."""
        assert self._bad is not None
        assert self._model is not None
        layer = next(layer for layer in self._log.known_layers if layer.name == self._bad.finding.layer)
        parameters, weights = self._model.parameters(), set(self._model.weights())
        places = [i for i in layer.places if parameters[i] in weights] or list(layer.places)
        sizes = [abs(self._bad.gradients[i]) for i in places]
        choose = min if self._bad.finding.sign == "dying units" else max
        return places[sizes.index(choose(sizes))]

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what belongs to this process: the function that is told, and the data."""
        return vars(self) | {"_tell": None, "_examples": []}

    def __repr__(self) -> str:
        return f"<Monitor: {counted(len(self.records), 'record')}, {counted(len(self.findings), 'finding')}>"

    def __str__(self) -> str:
        records = counted(len(self.records), "record")
        if not self.findings and len(self.records) < RUN:
            return f"too early to say: {records}, and most signs must show in {RUN} in a row"
        return "\n".join(map(str, self.findings)) or f"healthy: {records}, and none of the signs"


@dataclass(frozen=True)
class _Bad:
    """The first finding in a layer, with the weights and gradients of that step."""

    finding: Finding
    weights: list[float] = field(repr=False)
    gradients: list[float] = field(repr=False)


def _small_picture(path: GradientPath) -> Drawing:
    """Draw the path, or as many of its strongest routes as a small picture holds: at least one."""
    longest = max((len(route.nodes) for route in path.routes(1)), default=0)
    return path.draw(limit=max(SMALL_PICTURE, longest))


def _cause_in_graph(model: Module, loss: Value | float, weights: Numbers) -> Cause | None:
    """Return what made the numbers of a step bad, where its loss has a graph that was gone back through."""
    return cause_in(loss, Homes(model), attrgetter("grad")) if isinstance(loss, Value) else None
