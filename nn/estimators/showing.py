"""What the estimators show of themselves: the network, the path of a gradient, a walk, a monitor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from autograd import Value, draw, gradient_path, walk
from autograd.extend import set_data
from nn.estimators.network import Form, filled, in_order
from nn.health.causes import WATCHED
from nn.health.monitor import POINTS, Monitor
from nn.health.records import RUN
from nn.health.units import look_inside
from nn.layers import MLP
from nn.predictions import values_of

if TYPE_CHECKING:
    from autograd.seeing import Drawing, GradientPath, Walk

Array = NDArray[Any]


class Shown:
    """What an estimator shows of a trained network.  Its rows are single samples, as `predict` takes many."""

    coefs_: list[Array]
    intercepts_: list[Array]

    @property
    def form(self) -> Form:
        """The form of the network: its sizes and its activations."""
        raise NotImplementedError

    def _target(self, y: Any) -> Sequence[float]:
        """Return the target of a sample as the loss takes it."""
        raise NotImplementedError

    @property
    def model_(self) -> MLP:
        """A network of Values with the weights as they are; its outputs are those before their activation."""
        return filled(self.form, self.coefs_, self.intercepts_)

    def explain(self, row: Sequence[float], weight: str, y: Any = None) -> GradientPath:
        """Return every route by which a weight reaches the loss of a sample, or its output.

        Args:
            row: the inputs.
            weight: its label, such as ``w21^1``, or its path; see `nn.Module.parameter`.
            y: the target, for the loss.  Without it the output, before its activation, is looked at: that of
                the likeliest class if there are several classes.

        Raises:
            ValueError: if there is no such weight, or several outputs and no target.
        """
        model = self.model_
        return gradient_path(self._shown(model, row, y), model.parameter(weight))

    def walk(self, row: Sequence[float], y: Any = None) -> Walk:
        """Return the chain rule step by step, through the loss of a sample or its output; see `explain`."""
        has_shares = y is not None and self.form.out_activation == "softmax"
        return walk(
            self._shown(self.model_, row, y), classes=getattr(self, "classes_", ()) if has_shares else ()
        )

    def draw(self, row: Sequence[float] | None = None, y: Any = None, **options: Any) -> Drawing:
        """Draw the network, with one box per layer unless the options say otherwise.

        Args:
            row, y: the sample whose numbers are shown; see `explain`.  By default inputs of 0.
            options: those of `autograd.draw`, such as ``collapse="neuron"``.
        """
        model = self.model_
        row = [0.0] * model.nin if row is None else row
        return draw(self._shown(model, row, y), **({"collapse": "layer"} | options))

    def _shown(self, model: MLP, row: Sequence[float], y: Any) -> Value:
        names = getattr(self, "feature_names_in_", [f"x{i}" for i in range(1, model.nin + 1)])
        if len(row) != model.nin:
            raise ValueError(f"a row has {model.nin} numbers, one per input; got {len(row)}")
        inputs = [Value(float(x), str(name)) for x, name in zip(row, names, strict=True)]
        if y is not None:
            return self.form.loss(model, inputs, self._target(y))
        outputs = values_of(model(inputs))
        if len(outputs) == 1:
            return outputs[0]
        if self.form.out_activation != "softmax":
            raise ValueError(f"there are {len(outputs)} outputs: give the target, for the loss of them all")
        return max(outputs, key=lambda z: z.data)


class Watch:
    """Lets a monitor see the steps of a training.

    Args:
        monitor: watches the model.
        model: a network of Values, for what the monitor reads in its units.
        rows: the samples on which it reads them.
        places: where the model's parameters stand in the vector that moves.
        every: after the first steps, one step in this many is recorded.
    """

    def __init__(self, monitor: Monitor, model: MLP, rows: Any, places: Array, every: int) -> None:
        self._monitor, self._model, self._rows, self._places, self._every = (
            monitor,
            model,
            rows,
            places,
            every,
        )
        self._step = 0
        self._before: Array | None = None

    @classmethod
    def over(cls, estimator: Any, objective: Any, epochs: int, batch: int) -> tuple[Monitor, Watch]:
        """Return a new monitor of a training, and what tells it of the steps."""
        model, samples = estimator.model_, objective.samples
        count = min(samples.count, WATCHED)
        chosen = [i * samples.count // count for i in range(count)]
        rows = samples.rows(chosen)[:, : model.nin].tolist()
        monitor = Monitor()
        monitor.watch(model, rows)
        row = {p: i for i, p in enumerate(in_order(model))}
        places = objective.program.places[[row[p] for p in model.parameters()]]
        steps = epochs * -(-samples.count // batch)
        return monitor, cls(monitor, model, rows, places, max(1, steps // POINTS))

    def before(self, vector: Array) -> None:
        """Note the weights before a step, if it is to be recorded."""
        self._step += 1
        if self._step <= RUN or self._step % self._every == 0:
            self._before = vector[self._places].astype(float)

    def after(self, loss: float, samples: int, vector: Array, gradient: Array) -> None:
        """Tell the monitor of the step."""
        self._monitor.note(loss, samples)
        if self._before is not None:
            after, slopes = (numbers[self._places].astype(float) for numbers in (vector, gradient))
            self._monitor.take(self._before, after, slopes, lambda: self._inside(after))
            self._before = None

    def _inside(self, weights: Array) -> Any:
        set_data(self._model.parameters(), weights.tolist())
        return look_inside(self._model, self._rows)
