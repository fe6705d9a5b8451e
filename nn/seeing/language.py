"""Language models: which position looked where, and what comes next in the model's belief."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from autograd import Value, gradients
from autograd.notation.numbers import number
from nn.attention import Share, shares_in
from nn.seeing.image_plots import colours, framed, scaled
from nn.seeing.style import CELL, Look, Plot
from nn.texts import Beliefs

SIDE = 2.3
"""The least width of the picture of a head, in inches."""
SCALE = 0.6
"""The width of the scale beside it."""


def attention(output: Value | Iterable[Value], tokens: Sequence[str] = (), document: int = 1) -> Plot:
    """Plot for each head of attention which position looked where, and the gradient on that.

    Each row is a position that looks, each column one that is looked at; the shares of a row are 1 together.
    Positions whose looks do not matter for the output are left out.
    Of one output, such as a loss, a second picture of each head has ∂loss/∂share: where it is positive,
    looking there more would raise the loss.

    Args:
        output: a Value that was computed with attention, such as the loss of one letter; or several, such as
            the logits of a position, for the shares alone.
        tokens: what stands at the positions; by default their numbers.
        document: which of the documents in the graph.

    Raises:
        ValueError: if nothing was computed with attention.

    >>> from nn import Attention
    >>> attention(Attention(2, 1, seed=0)([[1.0, 0.0], [0.0, 1.0]])[1])
    <plot: which position looked where>
    """
    outputs = [output] if isinstance(output, Value) else list(output)
    shares = [share for share in shares_in(*outputs) if share.document == document]
    if not shares:
        raise ValueError("no head of attention looked anywhere in what this was computed from")
    slopes = gradients(output, [s.value for s in shares]) if isinstance(output, Value) else None
    size = max(share.at for share in shares)
    heads = list(dict.fromkeys((share.block, share.head) for share in shares))
    blocks = list(dict.fromkeys(block for block, _ in heads))
    looking = {b: sorted({share.position for share in shares if share.block == b}) for b in blocks}
    columns = max(sum(block == b for b, _ in heads) for block in blocks)
    kinds = 1 if slopes is None else 2
    longest = max(size, *(share.position for share in shares))
    named = [*tokens[:longest], *map(str, range(len(tokens) + 1, longest + 1))]

    def draw(figure: Figure, look: Look) -> None:
        grid = figure.subplots(kinds * len(blocks), columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for row, (block, rows) in enumerate(looking.items()):
            for column, head in enumerate(h for b, h in heads if b == block):
                own = [k for k, s in enumerate(shares) if (s.block, s.head) == (block, head)]
                looks = _matrix(rows, size, [(shares[k], shares[k].value.data) for k in own])
                panels = [(f"{block}, head {head}" if len(blocks) > 1 else f"head {head}", looks, 1.0)]
                if slopes is not None:
                    sent = _matrix(rows, size, [(shares[k], slopes[k]) for k in own])
                    largest = _largest(sent)
                    panels.append((f"its gradient, up to {number(largest)}", sent, largest or 1.0))
                for below, (title, numbers, most) in enumerate(panels):
                    axes = grid[kinds * row + below][column]
                    picture = _shade(axes, look, numbers, most, [named[r - 1] for r in rows], named[:size])
                    scaled(figure, picture, [axes])
                    axes.set_title(title)
                    axes.set_xlabel("looked at")
                    axes.set_ylabel("from")

    side = SCALE + max(SIDE, 0.5 + size * (0.1 * max(map(len, named)) + 0.1))
    tall = max(map(len, looking.values())) / size
    width, height = side * columns + 0.3, ((side - SCALE - 0.5) * tall + 0.8) * kinds * len(blocks)
    return Plot("which position looked where", (width, height), draw)


def _matrix(rows: Sequence[int], size: int, looks: Iterable[tuple[Share, float]]) -> NDArray[Any]:
    """Return numbers by position that looks and position that is looked at; nan where none looks."""
    matrix = np.full((len(rows), size), np.nan)
    for share, x in looks:
        matrix[rows.index(share.position), share.at - 1] = x
    return matrix


def _largest(numbers: NDArray[Any]) -> float:
    return float(np.abs(numbers[np.isfinite(numbers)]).max(initial=0.0))


def _shade(
    axes: Axes, look: Look, numbers: NDArray[Any], largest: float, rows: Sequence[str], columns: Sequence[str]
) -> AxesImage:
    """Return numbers drawn as shades: of both signs if any is below 0, else the larger the darker."""
    signed = bool((numbers < 0).any())
    lowest = -largest if signed else 0.0
    shades = colours(look, signed)
    picture = axes.imshow(numbers, cmap=shades, vmin=lowest, vmax=largest, interpolation="nearest")
    framed(axes, look, numbers)
    axes.set_axis_on()
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return picture


def beliefs(now: Beliefs, before: Beliefs | None = None) -> Plot:
    """Plot what a model believes comes next after each position, and how that has changed.

    Each row is a position, each column a token; the darker, the more probable.  What came next in truth has
    a frame.  With ``before`` a second picture shows in which direction each probability moved.

    Args:
        now: from `nn.texts.next_token`.
        before: the same of an earlier model, on the same text.

    Raises:
        ValueError: if the two are not of one text.

    >>> from nn import Transformer
    >>> from nn.texts import Characters
    >>> from nn.texts import beliefs as beliefs_of
    >>> beliefs(beliefs_of(Transformer(3, 4, 1, 1, 4, seed=0), Characters(["ab"]), "ab"))
    <plot: what comes next>
    """
    if before is not None and (before.tokens, before.vocabulary) != (now.tokens, now.vocabulary):
        raise ValueError("what is compared are two beliefs about one text; these are of two")
    rows = np.array(now.probabilities)
    used = np.flatnonzero((rows > 0.005).any(axis=0) | np.isin(np.arange(rows.shape[1]), now.places))
    parts = [("probability of what comes next, in %", rows)]
    if before is not None:
        parts.append(("its change, in points of percent", rows - np.array(before.probabilities)))
    columns = [now.vocabulary[k] for k in used]

    def draw(figure: Figure, look: Look) -> None:
        panels = figure.subplots(len(parts), squeeze=False)[:, 0]
        for axes, (title, numbers) in zip(panels, parts, strict=True):
            shown = numbers[:, used]
            largest = _largest(shown) or 1.0
            _shade(axes, look, shown, largest, now.tokens, columns)
            axes.set_aspect("auto")
            axes.set_ylabel("after")
            axes.set_title(title, loc="left")
            for i, place in enumerate(now.places):
                j = int(np.searchsorted(used, place))
                x = float(shown[i, j])
                frame = Rectangle((j - 0.5, i - 0.5), 1, 1, fill=False, edgecolor=look.ink, linewidth=1.8)
                axes.add_patch(frame)
                ink = look.paper if abs(x) > 0.6 * largest else look.ink
                axes.text(
                    j, i, number(float(f"{100 * x:.2g}")), ha="center", va="center", fontsize=10, color=ink
                )

    width = max(4.0, 0.3 * len(used) + 0.8, min(0.44 * len(used) + 0.8, CELL / 72))
    size = (width, (0.3 * len(rows) + 0.7) * len(parts))
    return Plot("what comes next", size, draw)
