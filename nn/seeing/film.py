"""A training as a film: what a network says of the plane, frame by frame, on a page of its own.

Beside it stands what each of its hidden units gives over the plane.  The page needs no internet, no kernel
and no other file; it has a scrubber, and every frame was computed by the network as it was then.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from math import ceil, isfinite
from os import PathLike
from pathlib import Path
from string import Template
from typing import Any
from zlib import compress

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from autograd.files.atomic_write import write_whole
from autograd.notation.hints import first_line
from autograd.notation.labels import parse_label
from autograd.notation.numbers import counted, number
from autograd.seeing import asset, document, notebook_frame
from autograd.tape import Tape
from nn.callbacks import Callback, Epoch, Training, evenly_spaced
from nn.checks import one_of
from nn.module import mode
from nn.predictions import values_of
from nn.seeing.plane import Plane, draw_areas, draw_points, leads_of
from nn.seeing.style import LOOKS, Look, Plot, class_colours, settings
from nn.units import hidden_units

Array = NDArray[Any]

GRID = 48
UNIT_GRID = 25
"""The maps of units have this many columns and rows."""
MOST_UNITS = 24
"""At most this many units are shown, of every layer the same number."""
FINEST = 127
"""On the page, the lead of a class is a whole number up to this one, in finer steps around 0."""
GIF_PIXELS, GIF_MILLISECONDS, GIF_LAST = 420, 100, 1500
HEIGHT = 660
"""The height of the page in a notebook, in pixels."""


@dataclass(frozen=True)
class Units:
    """What the hidden units of a network give over the plane.

    Attributes:
        layers: by layer, the names of those that are shown.
        sizes: by layer, how many units it has.
        maps: the numbers that they give, shape (units, ys, xs).
        unseen: why none are shown; "" if they are, or if there are none.
    """

    layers: list[list[str]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    maps: Array = field(default_factory=lambda: np.empty((0, UNIT_GRID, UNIT_GRID), np.float32))
    unseen: str = ""


@dataclass(frozen=True)
class Frame:
    """A network at one moment of its training.

    Attributes:
        epoch: after how many epochs.
        loss: the loss that goes with it; None if it was not given.
        support: how far it supports each class over the plane, 0 … 1, shape (classes, ys, xs).
        right: for each sample whether it is classified right.
        units: what its hidden units give.
    """

    epoch: int
    loss: float | None
    support: Array
    right: tuple[bool, ...]
    units: Units = field(default_factory=Units)

    def caption(self) -> str:
        """Return the frame in words."""
        loss = "" if self.loss is None else f", loss {number(self.loss)}"
        return f"epoch {self.epoch:,}{loss}, {sum(self.right):,} of {len(self.right):,} right"


class Film(Callback):
    """A training of a network of two inputs, frame by frame: a callback of `nn.fit`, or made by hand.

    It shows itself in a notebook as a page with a scrubber, and is saved as such or as a GIF.

    Args:
        X, y, threshold: the samples, as `boundary` takes them.
        axis_names: what the inputs are called.
        names: the classes' names; what ``y`` calls them by default.
        count: how many frames `nn.fit` adds after the first, evenly spaced; at most one per epoch.

    Attributes:
        plane: the `nn.seeing.plane.Plane` that it shows.
        frames: the list of its `Frame`s.

    Raises:
        TypeError, ValueError: if they are not such samples.

    >>> from nn import MLP, SGD, losses
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [-1, -1, -1, 1]
    >>> model = MLP(2, [1], seed=0)
    >>> optimizer = SGD(model.parameters(), lr=0.5)
    >>> film = Film(X, y)
    >>> for epoch in range(3):
    ...     loss = sum(losses.hinge(model(x), t) for x, t in zip(X, y))
    ...     film.take(model, epoch, loss)
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    >>> film
    <film: 3 frames, epoch 0, loss 4.704, 2 of 4 right → epoch 2, loss 2, 4 of 4 right>
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        threshold: float | None = None,
        axis_names: tuple[str, str] = ("x₁", "x₂"),
        names: Sequence[str] = (),
        count: int = 60,
    ) -> None:
        self.plane = Plane.around(X, y, threshold, GRID, names)
        self.axis_names = axis_names
        self.count = count
        self.frames: list[Frame] = []

    def on_train_begin(self, training: Training) -> None:
        training.write()
        self.take(training.model, len(training.history))

    def on_epoch_end(self, training: Training, epoch: Epoch) -> None:
        if epoch.number in evenly_spaced(training.epochs, self.count):
            training.write()
            self.take(training.model, epoch.number, epoch.loss)

    def take(self, model: Any, epoch: int, loss: Any = None) -> None:
        """Add a frame: the model as it is now.

        Args:
            model: as `boundary` takes it.
            epoch: after how many epochs this is.
            loss: a number or a Value; may be left out.

        Raises:
            ValueError: if the model does not suit the samples.
        """
        support = self.plane.support(model).astype(np.float32)
        value = None if loss is None else float(getattr(loss, "data", loss))
        right = tuple(self.plane.points(model).right)
        self.frames.append(Frame(int(epoch), value, support, right, units_of(model, self.places_of_units())))

    def places_of_units(self) -> Array:
        """Return the points of the plane at which units are looked at, one per row."""
        return self.plane.places(UNIT_GRID)

    def strip(self, count: int = 6) -> Plot:
        """Plot some frames side by side, from the first to the last, closer in the beginning than later.

        Raises:
            ValueError: if it has no frames.
        """
        self._check()
        shares = np.linspace(0, 1, count) ** 1.7  # most happens early
        places = np.unique(np.round(shares * (len(self.frames) - 1)).astype(int)).tolist()
        chosen = [self.frames[k] for k in places]
        columns = min(3, len(chosen))
        rows = ceil(len(chosen) / columns)

        def draw(figure: Figure, look: Look) -> None:
            grid = [*figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat]
            for axes, frame in zip(grid, chosen, strict=False):
                self._draw(axes, look, frame)
                axes.set_title(frame.caption(), fontsize=10)
            for axes in grid[len(chosen) :]:
                axes.set_axis_off()

        return Plot("the boundary as it forms", (3.1 * columns, 2.75 * rows), draw)

    def html(self) -> str:
        """Return it as one HTML document that needs no network and no other file.

        Raises:
            ValueError: if it has no frames.
        """
        self._check()
        body = Template(asset("nn.seeing", "page", "film.html")).substitute(
            last=len(self.frames) - 1,
            plain="".join(f"<li>{escape(frame.caption())}</li>" for frame in self._told()),
        )
        return document(
            "A training, frame by frame",
            asset("nn.seeing", "page", "film.css"),
            body,
            asset("autograd.seeing.pages", "elements.js")
            + asset("nn.seeing", "page", "plane.js")
            + asset("nn.seeing", "page", "film.js"),
            data={"facts": self._facts()},
            colours=class_colours(),
        )

    def save(self, path: str | PathLike[str], theme: str = "light") -> None:
        """Write it to a file whose ending says the format: ``.html`` or ``.gif``.

        Args:
            path: the file.
            theme: of a GIF, "light" or "dark"; a page follows its reader's system.

        Raises:
            ValueError: for another ending or theme, or if it has no frames.
            OSError: if the file cannot be written.
        """
        ending = one_of("format", Path(path).suffix[1:].lower(), {"html": "html", "gif": "gif"})
        look = one_of("theme", theme, LOOKS)
        content = self.html().encode() if ending == "html" else self._gif(look)
        write_whole(path, content)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        if not self.frames:
            return {"text/plain": repr(self)}
        frame = notebook_frame(self.html(), "Training", HEIGHT)
        return {"text/html": frame, "text/plain": repr(self)}

    def __repr__(self) -> str:
        ends = " → ".join(frame.caption() for frame in self.frames[:1] + self.frames[1:][-1:])
        return f"<film: {counted(len(self.frames), 'frame')}{', ' if ends else ''}{ends}>"

    def _check(self) -> None:
        if not self.frames:
            raise ValueError("the film has no frames yet: film.take(model, epoch) adds one")

    def _told(self) -> Sequence[Frame]:
        return self.frames[:: max(1, len(self.frames) // 10)]

    def _facts(self) -> dict[str, Any]:
        """Return what the page shows; the classes' leads are bytes in base 64."""
        leads = [_bytes(leads_of(frame.support)) for frame in self.frames]
        if len(self.plane.classes.names) == 2:  # then the second class says it all
            leads = [of_both[1:] for of_both in leads]
        points = zip(*self.plane.X.T.tolist(), self.plane.classes.labels, strict=True)
        return {
            "x": [float(self.plane.xs[0]), float(self.plane.xs[-1])],
            "y": [float(self.plane.ys[0]), float(self.plane.ys[-1])],
            "grid": GRID,
            "classes": self.plane.classes.names,
            "axes": self.axis_names,
            "points": [[round(x, 4), round(y, 4), k] for x, y, k in points],
            "frames": [
                {
                    "epoch": frame.epoch,
                    "loss": frame.loss if frame.loss is not None and isfinite(frame.loss) else None,
                    "caption": frame.caption(),
                    "wrong": [i for i, right in enumerate(frame.right) if not right],
                }
                for frame in self.frames
            ],
            "leads": b64encode(np.concatenate(leads).tobytes()).decode(),
            "units": self._facts_of_units(),
        }

    def _facts_of_units(self) -> dict[str, Any]:
        """Return the maps of the units, each on one scale in all frames; why there are none, if so.

        They are bytes, less those of the frame before, and deflated: from frame to frame little changes.
        """
        first, *others = [frame.units for frame in self.frames]
        if any(units.layers != first.layers for units in others):
            return {"unseen": "from frame to frame they are others"}
        if not len(first.maps):
            return {"unseen": first.unseen}
        maps = np.nan_to_num(np.stack([frame.units.maps for frame in self.frames]), posinf=0.0, neginf=0.0)
        largest = np.abs(maps).max(axis=(0, 2, 3))
        shares = maps / np.where(largest > 0, largest, 1)[:, None, None]
        return {
            "grid": UNIT_GRID,
            "layers": first.layers,
            "sizes": first.sizes,
            "read": [_read(unit) for unit in np.moveaxis(maps, 1, 0)],
            "changes": b64encode(
                compress(np.diff(_bytes(shares), axis=0, prepend=np.int8(0)).tobytes())
            ).decode(),
        }

    def _draw(self, axes: Any, look: Look, frame: Frame) -> None:
        draw_areas(axes, look, self.plane.xs, self.plane.ys, frame.support)
        points = self.plane.marked(list(frame.right))
        draw_points(axes, look, points, min(70.0, max(8.0, 2500 / len(points.xs))))

    def _gif(self, look: Look) -> bytes:
        from PIL import Image  # matplotlib brings it along

        self._check()
        pictures = [Image.fromarray(self._pixels(look, frame)) for frame in self.frames]
        palette = pictures[len(pictures) // 2].quantize(128)
        flat = [picture.quantize(128, palette=palette, dither=Image.Dither.NONE) for picture in pictures]
        pauses = [GIF_MILLISECONDS] * (len(flat) - 1) + [GIF_LAST]
        file = BytesIO()
        flat[0].save(file, "GIF", save_all=True, append_images=flat[1:], duration=pauses, loop=0)
        return file.getvalue()

    def _pixels(self, look: Look, frame: Frame) -> Array:
        with settings(look):
            figure = Figure(
                figsize=(4.2, 4.2), dpi=GIF_PIXELS / 4.2, facecolor=look.paper, layout="constrained"
            )
            canvas: Any = FigureCanvasAgg(figure)
            axes = figure.subplots()
            self._draw(axes, look, frame)
            axes.set_title(frame.caption())
            canvas.draw()
        return np.asarray(canvas.buffer_rgba())[:, :, :3]


def units_of(model: Any, rows: Array) -> Units:
    """Return what the hidden units of a model give for the rows of a grid; why they are not seen, if so.

    >>> from nn import MLP
    >>> seen = units_of(MLP(2, [3, 1], "tanh", seed=0), np.zeros((UNIT_GRID**2, 2)))
    >>> seen.layers, seen.maps.shape
    ([['a₁⁽¹⁾', 'a₂⁽¹⁾', 'a₃⁽¹⁾']], (3, 25, 25))
    """
    found: list[list[Any]] = []

    def inside(row: Any) -> list[Any]:
        outputs = values_of(model(row))
        layers = hidden_units(outputs)
        found[:] = [layer[: MOST_UNITS // len(layers)] for layer in layers]
        sizes[:] = map(len, layers)
        return [v for layer in found for v in layer] or outputs

    sizes: list[int] = []
    try:
        with mode(model, training=False):
            maps = Tape.record(inside, rows[0].tolist()).forward(rows)
    except Exception as error:  # whatever keeps it from being recorded, the film shows its outputs
        return Units(unseen=f"the model cannot be recorded: {first_line(error)}")
    if not any(found):
        return Units(unseen=f"there is room for those of {MOST_UNITS} layers" if sizes else "")
    names = [
        [parse_label(v.label).text if v.label else f"unit {k}" for k, v in enumerate(layer, 1)]
        for layer in found
    ]
    return Units(names, sizes, maps.T.reshape(-1, UNIT_GRID, UNIT_GRID).astype(np.float32))


def _read(unit: Array) -> str:
    """Return what the hues of a unit's maps say, of those that are there, and which number is the deepest.

    >>> _read(np.array([0.0, 2.0])), _read(np.array([0.0, 2.0, -3.0])), _read(np.zeros(2))
    ('blue above 0, deepest at 2', 'blue above 0, vermilion below 0, deepest at 3', '0 everywhere')
    """
    hues = {"blue above 0": unit.max() > 0, "vermilion below 0": unit.min() < 0}
    seen = [said for said, is_seen in hues.items() if is_seen]
    return ", ".join([*seen, f"deepest at {number(float(np.abs(unit).max()))}"]) if seen else "0 everywhere"


def _bytes(leads: Array) -> Array:
    """Return −1 … 1 as the bytes of −127 … 127, by the root of the size: small leads are told apart as well.

    Where a network that ran away says nan, no class leads.
    """
    leads = np.nan_to_num(leads)
    return np.round(FINEST * np.sign(leads) * np.sqrt(np.abs(leads))).astype(np.int8)
