"""The plane of two inputs: which class a network gives to every point, and where that changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from autograd.notation.labels import parse_label
from autograd.notation.numbers import number
from nn.activations import linear
from nn.checks import check_lengths
from nn.data.samples import as_list, features
from nn.layers import MLP, Neuron
from nn.outputs import support_of
from nn.predictions import outputs_of, threshold_of
from nn.seeing.style import Look, Plot, legend_above, plot

Array = NDArray[Any]

GRID = 72
"""The plane is divided into this many columns and rows."""
SHADES = (0.0, 0.4, 0.8)
"""The colour of a class gets a shade deeper where its lead over the others passes one of these."""
MOST_NEURONS = 24
"""At most this many neurons are drawn, one picture each."""


@dataclass(frozen=True)
class Points:
    """Points of the plane, each of a class and rightly classified or not."""

    xs: Sequence[float]
    ys: Sequence[float]
    labels: Sequence[int]
    right: Sequence[bool]


@dataclass(frozen=True)
class Classes:
    """What the targets say: the class of each sample, and the classes' names."""

    labels: list[int]
    names: list[str]


@dataclass(frozen=True)
class Plane:
    """Samples of two inputs and a grid around them.

    Attributes:
        X: the samples, shape (samples, 2).
        classes: the classes of the samples.
        xs, ys: the grid's coordinates.
        threshold: what a single output is compared with; with None, the output's activation decides.
    """

    X: Array
    classes: Classes
    xs: Array
    ys: Array
    threshold: float | None = None

    @classmethod
    def around(
        cls, X: Any, y: Any, threshold: float | None = None, grid: int = GRID, names: Sequence[str] = ()
    ) -> Plane:
        """Return the plane around some samples.

        Args:
            X: two numbers per sample.
            y: the classes: two numbers such as −1 and 1, whole numbers from 0, or one row per sample
                that is largest at its class.
            threshold: see `boundary`.
            grid: how many columns and rows the grid has.
            names: the classes' names; what ``y`` calls them by default.

        Raises:
            TypeError, ValueError: if they are not such samples.
        """
        rows = np.array(as_list(features(X, columns=2)))
        found = classes_of(y)
        check_lengths(rows, found.labels)
        if names:
            found = Classes(found.labels, list(names))
        return cls(rows, found, around(rows[:, 0], grid), around(rows[:, 1], grid), threshold)

    def places(self, grid: int | None = None) -> Array:
        """Return the points of the grid, one per row, row by row of the picture.

        Args:
            grid: of how many columns and rows, if not of the plane's own.
        """
        xs, ys = (a if grid is None else np.linspace(a[0], a[-1], grid) for a in (self.xs, self.ys))
        return np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)

    def support(self, model: Any) -> Array:
        """Return how far the model supports each class at each point of the grid: (classes, ys, xs)."""
        return self._support(model, self.places()).reshape(-1, len(self.ys), len(self.xs))

    def points(self, model: Any) -> Points:
        """Return the samples, and which of them the model classifies right."""
        said = self._support(model, self.X).argmax(axis=0)
        return self.marked((said == self.classes.labels).tolist())

    def marked(self, right: list[bool]) -> Points:
        """Return the samples, and which of them count as right."""
        xs, ys = self.X.T.tolist()
        return Points(xs, ys, self.classes.labels, right)

    def _support(self, model: Any, rows: Array) -> Array:
        support: Array = support_of(outputs_of(model, rows), self.threshold_of(model)).T
        if len(support) != len(self.classes.names):
            raise ValueError(
                f"the network tells {len(support)} classes apart, but y has {len(self.classes.names)}"
            )
        return support

    def threshold_of(self, model: Any) -> float:
        """Return what its single output is compared with: 0.5 for a sigmoid's, else 0."""
        if self.threshold is not None:
            return self.threshold
        return threshold_of(model, self.X[0].tolist())


def classes_of(y: Any) -> Classes:
    """Return the classes that targets name.

    >>> classes_of([-1, 1, 1])
    Classes(labels=[0, 1, 1], names=['−1', '1'])
    """
    table = np.array(as_list(y), float)
    if table.ndim == 2 and table.shape[1] > 1:
        return Classes(table.argmax(axis=1).tolist(), [str(k) for k in range(table.shape[1])])
    column = table.reshape(-1)
    found = sorted(set(column.tolist()))
    from_0 = len(found) < 2 or found[-1] > 1 or found == [0.0, 1.0]
    if any(t != int(t) or t < 0 for t in found) if from_0 else len(found) > 2:
        raise ValueError(
            f"classes are whole numbers from 0, or two numbers such as −1 and 1; got {found[:5]}"
        )
    if from_0:
        return Classes(column.astype(int).tolist(), [str(k) for k in range(max(2, int(found[-1]) + 1))])
    return Classes((column == found[1]).astype(int).tolist(), [number(t) for t in found])


def around(values: Sequence[float] | Array, grid: int = GRID) -> Array:
    """Return evenly spaced coordinates over the values and a margin."""
    low, high = float(min(values)), float(max(values))
    margin = 0.15 * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, grid)


def boundary(
    model: Any,
    X: Any,
    y: Any,
    *,
    threshold: float | None = None,
    axis_names: tuple[str, str] = ("x₁", "x₂"),
) -> Plot:
    """Plot which class a network of two inputs gives to every point of the plane, and the samples.

    Args:
        model: an MLP, or any Module that takes a row of two numbers.
        X: two numbers per sample.
        y: the classes: two numbers such as −1 and 1, whole numbers from 0, or one row per sample
            that is largest at its class.
        threshold: what a single output is compared with; by default 0.5 for a sigmoid's output,
            else 0.
        axis_names: what the inputs are called.

    Raises:
        TypeError, ValueError: if ``X`` and ``y`` do not suit each other or the model.

    >>> from nn import MLP
    >>> boundary(MLP(2, [1], seed=0), [[0, 0], [1, 1]], [0, 1])
    <plot: the decision boundary>
    """
    plane = Plane.around(X, y, threshold)
    nobody = Points([], [], [], [])
    return decision_boundary(
        plane.xs, plane.ys, plane.support(model), plane.classes.names, axis_names, plane.points(model), nobody
    )


@plot("the decision boundary", 6.4, 5.2)
def decision_boundary(
    figure: Figure,
    look: Look,
    xs: Sequence[float] | Array,
    ys: Sequence[float] | Array,
    support: Array,
    names: Sequence[str],
    axis_names: tuple[str, str],
    train: Points,
    held_out: Points,
) -> None:
    """Draw which class a network gives to every point of the plane, and the data.

    Args:
        xs, ys: the coordinates of a grid.
        support: an array (classes, ys, xs): how far the network supports each class, 0 … 1.
        names: the classes.
        axis_names: the two features.
        train, held_out: the data; held-out points are ringed.
    """
    axes = figure.subplots()
    draw_areas(axes, look, xs, ys, support)
    size = min(90.0, max(14.0, 5000 / (len(train.xs) + len(held_out.xs))))
    for k, name in enumerate(names):
        _scatter(axes, look, train, k, name, size, ringed=False)
        _scatter(axes, look, held_out, k, name, size, ringed=True)
    _mark_wrong(axes, look, train, held_out, ring=2 * size + 60)
    axes.set_xlabel(axis_names[0])
    axes.set_ylabel(axis_names[1])
    legend_above(axes)


def leads_of(support: Array) -> Array:
    """Return by how much each class is supported more than the best other one, −1 … 1."""
    return np.stack([of_one - np.delete(support, k, axis=0).max(axis=0) for k, of_one in enumerate(support)])


def draw_areas(axes: Axes, look: Look, xs: Any, ys: Any, support: Array) -> None:
    """Draw each class's area in its colour, the deeper the surer, and lines where two classes are even."""
    for k, lead in enumerate(leads_of(support)):
        colour = look.series[k % len(look.series)]
        for level in SHADES:
            if np.any(lead > level):
                axes.contourf(xs, ys, lead, levels=[level, 2.0], colors=[colour], alpha=0.13)
        if lead.min() < 0 < lead.max():
            axes.contour(xs, ys, lead, levels=[0.0], colors=[look.ink], linewidths=1.2)
    axes.set_xlim(min(xs), max(xs))
    axes.set_ylim(min(ys), max(ys))


def draw_points(axes: Axes, look: Look, points: Points, size: float) -> None:
    """Draw the points by class, the wrong ones ringed, without a legend."""
    for k in sorted(set(points.labels)):
        _scatter(axes, look, points, k, "", size, ringed=False)
    _mark_wrong(axes, look, points, ring=2 * size + 60)


def _scatter(axes: Axes, look: Look, points: Points, k: int, name: str, size: float, ringed: bool) -> None:
    chosen = [i for i, label in enumerate(points.labels) if label == k]
    if chosen:
        mark = look.mark(k)
        axes.scatter(
            [points.xs[i] for i in chosen],
            [points.ys[i] for i in chosen],
            s=1.4 * size if ringed else size,
            marker=mark["marker"],
            facecolor=mark["color"],
            edgecolor=look.ink if ringed else look.paper,
            linewidths=1.1 if ringed else 0.5,
            zorder=3,
            label=_legend_name(f"{name}, held out" if ringed else name),
        )


def _legend_name(name: str) -> str:
    """Return the name, so marked that a leading underscore does not keep it out of the legend."""
    return f"\u200b{name}" if name.startswith("_") else name


def _mark_wrong(axes: Axes, look: Look, *parts: Points, ring: float) -> None:
    wrong = [
        (x, y)
        for part in parts
        for x, y, right in zip(part.xs, part.ys, part.right, strict=True)
        if not right
    ]
    if wrong:
        xs, ys = zip(*wrong, strict=True)
        axes.scatter(
            xs, ys, s=ring, marker="o", facecolor="none", edgecolor=look.ink, linewidths=1.6,
            zorder=4, label="wrong",
        )  # fmt: skip


# ------------------------------------------------------------------------------------ by neuron


def neurons(model: MLP, X: Any, y: Any) -> Plot:
    """Plot the output of every neuron of a network of two inputs over the plane, one picture each.

    Blue is above 0 and vermilion below; the line is where the neuron's z is 0, which for a neuron
    of the first layer is straight.

    Args:
        model: an MLP of two inputs and at most 24 neurons.
        X, y: the samples, drawn as in `boundary`.

    Raises:
        TypeError, ValueError: if the model is another one, or the samples do not suit it.
    """
    if not isinstance(model, MLP):
        raise TypeError(f"neurons are drawn of an MLP; got {type(model).__name__}")
    plane = Plane.around(X, y, grid=48)
    count = sum(layer.nout for layer in model.layers)
    if count > MOST_NEURONS:
        raise ValueError(f"the network has {count} neurons; at most {MOST_NEURONS} are drawn")
    seen = model.activations(plane.places())
    shape = (len(plane.ys), len(plane.xs))
    pictures = [
        (_output_label(neuron), seen.z[k][i].reshape(shape), seen.A[k][i].reshape(shape))
        for k, layer in enumerate(model.layers, 1)
        for i, neuron in enumerate(layer.neurons)
    ]
    points = plane.marked([True] * len(plane.X))
    columns = min(4, len(pictures))
    rows = ceil(len(pictures) / columns)

    def draw(figure: Figure, look: Look) -> None:
        places = [*figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat]
        for axes, (name, z, a) in zip(places, pictures, strict=False):
            _draw_neuron(axes, look, plane, z, a)
            draw_points(axes, look, points, min(60.0, max(8.0, 1500 / len(points.xs))))
            axes.set_title(parse_label(name).text)
        for axes in places[len(pictures) :]:
            axes.set_axis_off()

    return Plot("what each neuron says of the plane", (2.4 * columns, 2.3 * rows), draw)


def _output_label(neuron: Neuron) -> str:
    """Return the label of the neuron's output; that of a linear one is its z."""
    return neuron.z_label if neuron.activation is linear else neuron.a_label


def _draw_neuron(axes: Axes, look: Look, plane: Plane, z: Array, a: Array) -> None:
    largest = float(np.abs(a).max()) or 1.0
    for level in (0.05, 0.25, 0.5, 0.75):
        for sign, colour in ((1.0, look.positive), (-1.0, look.negative)):
            share = sign * a / largest
            if np.any(share > level):
                axes.contourf(plane.xs, plane.ys, share, levels=[level, 2.0], colors=[colour], alpha=0.14)
    if z.min() < 0 < z.max():
        axes.contour(plane.xs, plane.ys, z, levels=[0.0], colors=[look.ink], linewidths=1.2)
