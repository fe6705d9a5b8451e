"""Numbers as pictures: weights, activations and digits as images, matrices with their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from autograd.notation.numbers import counted, number
from nn.seeing.style import Look, Plot

Array = NDArray[Any]

MOST_CELLS = 400
"""A matrix of at most this many cells is shown with its numbers."""


def images(
    pictures: Any,
    shape: tuple[int, int] | None = None,
    titles: Sequence[str] = (),
    columns: int = 8,
) -> Plot:
    """Plot pictures side by side, all on one scale: digits, the weights of neurons, activations.

    Numbers of both signs, such as weights, are blue above 0 and vermilion below; numbers of one
    sign are grey, the larger the darker.  Infinity and nan are left empty.

    Args:
        pictures: for each picture its rows of numbers, or with ``shape`` all of them in a row, as
            in ``images(layer.W, (8, 8))``.
        shape: height and width of each picture.
        titles: the title above each; none by default.
        columns: how many pictures stand side by side.

    Raises:
        ValueError: if the numbers are not such pictures, or there are not as many titles.

    >>> images([[0.5, -1.0, 0.0, 1.0]], shape=(2, 2))
    <plot: 1 picture>
    """
    shown = [_picture(picture, shape) for picture in pictures]
    if not shown or (titles and len(titles) != len(shown)):
        raise ValueError(
            f"images takes at least one picture, and a title for each or none; "
            f"got {len(shown)} and {len(titles)}"
        )
    columns = min(columns, len(shown))
    rows = ceil(len(shown) / columns)
    every = np.concatenate([picture[np.isfinite(picture)] for picture in shown])
    largest = float(np.abs(every).max(initial=0.0)) or 1.0
    lowest = float(every.min(initial=0.0))

    def draw(figure: Figure, look: Look) -> None:
        shades, scale = colours(look, lowest < 0), Normalize(-largest if lowest < 0 else 0.0, largest)
        grid = figure.subplots(rows, columns, squeeze=False)
        for k, axes in enumerate(grid.flat):
            axes.set_axis_off()
            if k < len(shown):
                finite = np.where(np.isfinite(shown[k]), shown[k], np.nan)
                picture = axes.imshow(finite, cmap=shades, norm=scale, interpolation="nearest")
                framed(axes, look, shown[k])
            if k < len(titles):
                axes.set_title(titles[k])
        scaled(figure, picture, [*grid.flat], shrink=min(1.0, 2.5 / rows))

    height, width = max(picture.shape for picture in shown)
    tall = min(2.0, max(0.4, height / width))
    size = (1.15 * columns + 0.9, (1.15 * tall + (0.28 if titles else 0.05)) * rows + 0.1)
    return Plot(counted(len(shown), "picture"), size, draw, _said(shown, titles))


def _said(pictures: Sequence[Array], titles: Sequence[str]) -> str:
    """Return what is seen in pictures: how many numbers each has, and their titles, else the range."""
    sizes = " or ".join(dict.fromkeys(f"{height} × {width}" for height, width in (x.shape for x in pictures)))
    every = np.concatenate([picture[np.isfinite(picture)] for picture in pictures])
    span = f"from {number(every.min())} to {number(every.max())}" if every.size else "none of them finite"
    named = (
        ": " + "; ".join(" ".join(str(title).split()) for title in titles) if titles else f" numbers, {span}"
    )
    return f"{counted(len(pictures), 'picture')} of {sizes}{named}"


def scaled(figure: Figure, picture: ScalarMappable, beside: Sequence[Axes], shrink: float = 1.0) -> None:
    """Draw the scale of a picture's shades beside some axes."""
    bar = figure.colorbar(picture, ax=beside, shrink=shrink, aspect=14, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(lambda x, position: number(x))


def matrices(named: Mapping[str, Any]) -> Plot:
    """Plot matrices side by side, each with its numbers and its shape.

    Args:
        named: each matrix (rows of numbers) under its name.

    Raises:
        ValueError: if there is none, or one is not a matrix.

    >>> matrices({"W": [[1.0, -2.0]], "b": [[0.5]]})
    <plot: 2 matrices>
    """
    shown = {name: _picture(matrix, None) for name, matrix in named.items()}
    if not shown:
        raise ValueError("matrices takes at least one matrix; got none")
    widths = [max(1.3, 0.52 * matrix.shape[1]) for matrix in shown.values()]
    height = max(matrix.shape[0] for matrix in shown.values())

    def draw(figure: Figure, look: Look) -> None:
        row = figure.subplots(1, len(shown), squeeze=False, width_ratios=widths)[0]
        for axes, (name, matrix) in zip(row, shown.items(), strict=True):
            _draw_matrix(axes, look, matrix)
            axes.set_title(f"{name}\n{matrix.shape[0]} × {matrix.shape[1]}", color=look.muted)

    said = ", ".join(f"{name} of {matrix.shape[0]} × {matrix.shape[1]}" for name, matrix in shown.items())
    size = (sum(widths) + 0.3, 0.34 * height + 0.7)
    return Plot(f"{len(shown)} matrices", size, draw, f"{counted(len(shown), 'table')} of numbers: {said}")


def table(named: Mapping[str, Any], rows: Sequence[str], columns: Sequence[str]) -> Plot:
    """Plot tables of results side by side, with names of rows and columns; shaded by size.

    Args:
        named: each table (rows of numbers) under its title; all are shaded on one scale.
        rows, columns: the names of the rows and columns, the same for all.

    Raises:
        ValueError: if a table has other numbers of rows or columns.

    >>> table({"accuracy": [[0.5, 0.75]]}, ["1 layer"], ["4 wide", "8 wide"])
    <plot: 1 table>
    """
    shown = {name: _picture(numbers, (len(rows), len(columns))) for name, numbers in named.items()}
    every = np.concatenate([numbers.ravel() for numbers in shown.values()])
    low, high = float(every.min()), float(every.max())

    def draw(figure: Figure, look: Look) -> None:
        places = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
        for axes, (name, numbers) in zip(places, shown.items(), strict=True):
            shares = (numbers - low) / (high - low or 1.0)
            axes.imshow(0.35 * shares, cmap=colours(look, signed=False), vmin=0, vmax=1, aspect="auto")
            for (i, j), x in np.ndenumerate(numbers):
                axes.text(j, i, number(_rounded(x)), ha="center", va="center", fontsize=10, color=look.ink)
            axes.set_xticks(range(len(columns)), columns)
            axes.set_yticks(range(len(rows)), rows)
            axes.set_title(name)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)

    size = (len(shown) * (0.72 * len(columns) + 0.2) + 0.9, 0.45 * len(rows) + 0.7)
    said = f"{'; '.join(shown)}, from {number(low)} to {number(high)}, for {'; '.join(rows)}"
    return Plot(counted(len(shown), "table"), size, draw, f"{said}, each with {'; '.join(columns)}")


def confusion_counts(true: Sequence[float], predicted: Sequence[float], classes: int) -> list[list[int]]:
    """Count how often each class was taken for which: one row per true class, one column per predicted one.

    >>> confusion_counts([0, 0, 1], [0, 1, 1], 2)
    [[1, 1], [0, 1]]
    """
    counts = [[0] * classes for _ in range(classes)]
    for t, p in zip(true, predicted, strict=True):
        counts[int(t)][int(p)] += 1
    return counts


def confusion(true: Sequence[float], predicted: Sequence[float], names: Sequence[str] = ()) -> Plot:
    """Plot how often each class was taken for which.

    Args:
        true: the class of each sample, counted from 0.
        predicted: the class that the network gave it.
        names: the classes' names; their numbers by default.

    Raises:
        ValueError: if the two are not of one length, or a class is out of range.

    >>> confusion([0, 0, 1], [0, 1, 1])
    <plot: confusion matrix>
    """
    t, p = np.asarray(true), np.asarray(predicted)
    if t.shape != p.shape or t.ndim != 1 or not len(t):
        raise ValueError(f"each sample has one true and one predicted class; got {t.shape} and {p.shape}")
    lowest, highest = int(min(t.min(), p.min())), int(max(t.max(), p.max()))
    classes = len(names) or highest + 1
    if lowest < 0 or highest >= classes:
        raise ValueError(f"the classes are 0 to {classes - 1}; got {lowest} to {highest}")
    counts = np.array(confusion_counts(t.tolist(), p.tolist(), classes))
    labels = list(names) or [str(k) for k in range(classes)]

    def draw(figure: Figure, look: Look) -> None:
        axes = figure.subplots()
        _draw_counts(axes, look, counts)
        axes.set_xticks(range(classes), labels)
        axes.set_yticks(range(classes), labels)
        axes.set_xlabel("predicted")
        axes.set_ylabel("true")

    side = max(2.6, 0.46 * classes + 0.9)
    return Plot("confusion matrix", (side, side), draw)


def _picture(numbers: Any, shape: tuple[int, int] | None) -> Array:
    picture = np.asarray(numbers, float)
    if shape is not None and picture.shape == (shape[0] * shape[1],):
        picture = picture.reshape(shape)
    if picture.ndim != 2 or not picture.size or (shape is not None and picture.shape != tuple(shape)):
        wanted = "rows of numbers" if shape is None else f"{shape[0]} × {shape[1]} numbers"
        raise ValueError(f"a picture is {wanted}; got an array of shape {picture.shape}")
    return picture


def colours(look: Look, signed: bool) -> LinearSegmentedColormap:
    """Return the colours of numbers of both signs, or of one: the larger the darker."""
    ends = [look.negative, look.paper, look.positive] if signed else [look.paper, look.ink]
    return LinearSegmentedColormap.from_list("signed" if signed else "grey", ends)


def framed(axes: Axes, look: Look, picture: Array) -> None:
    """Draw a thin line around a picture."""
    height, width = picture.shape
    xs, ys = [-0.5, width - 0.5, width - 0.5, -0.5, -0.5], [-0.5, -0.5, height - 0.5, height - 0.5, -0.5]
    axes.plot(xs, ys, color=look.rule, linewidth=0.8, clip_on=False)


def _draw_matrix(axes: Axes, look: Look, matrix: Array) -> None:
    largest = float(np.abs(matrix[np.isfinite(matrix)]).max(initial=0.0)) or 1.0
    axes.imshow(
        np.where(np.isfinite(matrix), matrix, np.nan) / largest / 1.8,
        cmap=colours(look, signed=True),
        vmin=-1,
        vmax=1,
        aspect="auto",
    )
    framed(axes, look, matrix)
    axes.set_axis_off()
    if matrix.size <= MOST_CELLS:
        for (i, j), x in np.ndenumerate(matrix):
            axes.text(j, i, _short(x), ha="center", va="center", fontsize=10, color=look.ink)


def _rounded(x: float) -> float:
    """Round to three digits."""
    return float(f"{x:.3g}")


def _short(x: float) -> str:
    text = f"{x:.2f}" if abs(x) < 100 else f"{x:.3g}"
    return text.replace("-", "−")


def _draw_counts(axes: Axes, look: Look, counts: Array) -> None:
    """Draw the counts, the larger the darker, so that the few mistakes of a good network are seen."""
    shares = np.sqrt(counts / np.maximum(1, counts.sum(axis=1, keepdims=True)))
    is_deep = shares > 0.72  # on a grey between, neither colour of text could be read
    axes.imshow(0.5 * shares + 0.29 * is_deep, cmap=colours(look, signed=False), vmin=0, vmax=1)
    for (i, j), n in np.ndenumerate(counts):
        colour = look.paper if is_deep[i, j] else look.ink if n else look.muted
        axes.text(j, i, f"{n:,}" if n else "·", ha="center", va="center", fontsize=10, color=colour)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
