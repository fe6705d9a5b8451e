"""The report's page: facts gathered from a result, and set by the template.

What the page says is decided here, how it looks in ``templates/``.  Everything that comes from the
data (names of columns, classes, files) is escaped by the template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isnan, sqrt
from typing import Any

from autograd import Parameter, Value, __version__
from autograd.notation.labels import shorten
from autograd.notation.numbers import number
from autograd.seeing import asset, document
from autograd.seeing.style import fitting
from nn import seeing
from nn.checks import import_extra
from nn.command.job import Job
from nn.command.report import linked_pages, pictures
from nn.command.report.film import film_of, sampled
from nn.command.report.folder import FILM, GALLERY, PATHS, PLAYER
from nn.command.report.verdict import verdict
from nn.command.report.words import (
    MOST_SHOWN,
    data_table,
    file_table,
    headline,
    notice,
    score_table,
    settings_table,
    tiles,
)
from nn.command.result import Result
from nn.data.dataset import Dataset
from nn.data.samples import as_list
from nn.training.history import History

MOST_IN_A_MATRIX = 40
"""At most this many classes are shown as a matrix; of more, the pairs that were confused most often."""


@dataclass(frozen=True)
class Sample:
    """The sample for which the network and the gradient paths are drawn.

    Attributes:
        number: its place in that part, from 1.
        inputs: (name, value) of the first features, as texts.
        more: how many further features there are.
        target: what was right, as text.
        predicted: what the network says, as text.
        x, y: the sample.
        loss: its loss, as text.
        picture: the pixels' shades, row by row, 0 … 1; None if it is not a picture.
    """

    number: int
    inputs: list[tuple[str, str]]
    more: int
    target: str
    predicted: str
    x: list[float]
    y: float
    loss: str
    picture: list[list[float]] | None


def render(result: Result, asked_for: Sequence[Parameter]) -> tuple[str, dict[str, str]]:
    """Return the page as HTML, and the text of the files that it links to, by their names in the folder.

    Args:
        result: the trained network.
        asked_for: the weights whose paths are wanted; none for the report's own choice.

    Raises:
        ImportError: if matplotlib, NumPy or Jinja is not installed.
    """
    sample = costliest(result)
    loss = result.loss(sample.x, sample.y)
    result.job.model.zero_grad()  # what training left behind
    loss.backward()
    lost: list[str] = []
    weights, why = pictures.chosen_weights(loss, result.job.model, list(asked_for))
    paths = _paths(lost, loss, weights)
    looked_at = loss
    if result.job.head.outputs > pictures.MOST_OUTPUTS:
        looked_at = result.loss(sample.x, sample.y, in_a_box=True)
        result.job.model.zero_grad()
        looked_at.backward()
    network, shown = next(_drawn(lost, *pictures.network_drawing(looked_at, result.job.model)), ("", ""))
    player, gallery = linked_pages.player_of(loss), linked_pages.gallery_of(loss)
    result.job.model.zero_grad()
    film = next(_drawn(lost, "the film", lambda: film_of(result)), None)
    strip = next(_drawn(lost, "the strip of pictures", lambda: film and film.strip().page_svg()), None)
    files: dict[str, str] = {f"{PATHS}/{path['file']}": path["svg"] for path in paths}
    files |= {name: told["html"] for name, told in ((PLAYER, player), (GALLERY, gallery)) if told["html"]}
    if film is not None:
        files[FILM] = film.html()
    history, settings = result.history, result.job.settings
    facts = {
        "version": __version__,
        "result": result,
        "job": result.job,
        "data": result.job.data,
        "title": f"What a network learned from {shorten(result.job.data.name, 60)}",
        "headline": headline(result),
        "notice": notice(history, settings.epochs),
        "verdict": verdict(result),
        "scores": score_table(result),
        "tiles": tiles(result),
        "loss_curve": next(_drawn(lost, "the loss curve", lambda: loss_curve(history, settings.loss)), ""),
        "plot": next(_drawn(lost, "the plot", lambda: _plot(result)), None),
        "strip": strip and inline(strip, "strip"),
        "frames": 0 if film is None else len(film.frames),
        "confusion": confusion(result),
        "mistakes": mistakes(result),
        "lost": lost,
        "network": inline(network, "network"),
        "shown": shown,
        "sample": sample,
        "paths": paths,
        "target": shorten(result.job.data.target, 40),
        "why": why,
        "settings": settings_table(result),
        "description": data_table(result),
        "player": player,
        "mathematics": safe(player.get("mathematics", "")),
        "gallery": gallery,
        "places": {"player": PLAYER, "gallery": GALLERY, "film": FILM},
        "files": file_table(files),
        "folder": PATHS,
    }
    return page(f"{result.job.data.name}: what a network learned", "report.html", facts), files


def page(title: str, template: str, facts: dict[str, Any]) -> str:
    """Return a page of the report: its template filled in with facts."""
    return document(
        title,
        asset("nn.command.report", "templates", "report.css"),
        _template(template).render(facts),
        colours=seeing.class_colours(),
        pictures=True,
    )


def _drawn(lost: list[str], what: str, draw: Callable[[], Any]) -> Iterator[Any]:
    """Yield a drawing; or none, and note why it could not be made."""
    try:
        yield draw()
    except Exception as error:
        lost.append(linked_pages.why_not(what, error))


def _paths(lost: list[str], loss: Value, weights: Sequence[Parameter]) -> list[dict[str, Any]]:
    """Return the drawings of gradient paths, as many as a report of a few megabytes has room for."""
    paths: list[dict[str, Any]] = []
    for weight in weights:
        drawn = list(_drawn(lost, *pictures.path_picture(loss, weight)))
        if paths and sum(len(path["svg"]) for path in paths + drawn) > pictures.MOST_BYTES:
            lost.append(
                f"Of these {len(weights)} gradient paths {len(paths)} are drawn: more would make the report "
                "too large. The gallery has the gradient of every weight."
            )
            break
        paths += drawn
    return paths


# ------------------------------------------------------------------------------------ of samples


def costliest(result: Result) -> Sample:
    """Return the training sample with the largest loss: its gradients teach most."""
    data = result.job.train
    costs = result.losses(data)
    worst = max(range(len(costs)), key=lambda i: (not isnan(costs[i]), costs[i]))
    x, y = as_list(data.X[worst]), data.y[worst]
    shown = list(zip(data.features, x, strict=True))[: 0 if data.image else MOST_SHOWN]
    (predicted,) = result.predict([x])
    return Sample(
        number=worst + 1,
        inputs=[(shorten(name, 40), number(value)) for name, value in shown],
        more=len(x) - len(shown),
        target=_target_words(data, y),
        predicted=_target_words(data, predicted),
        x=x,
        y=y,
        loss=number(costs[worst]),
        picture=_picture(data, x),
    )


def _target_words(data: Dataset, y: float) -> str:
    return number(y) if data.classes is None else shorten(data.classes[int(y)], 40)


def _picture(data: Dataset, x: Sequence[float]) -> list[list[float]] | None:
    if data.image is None:
        return None
    height, width = data.image
    darkest = max(x) or 1.0
    return [[x[row * width + column] / darkest for column in range(width)] for row in range(height)]


def confusion(result: Result) -> dict[str, Any] | None:
    """Return the confusion matrix of the held-out samples, or of all if there are none.

    Returns:
        The ``names`` of the classes; the ``counts``, one row per true class, one column per predicted one;
        how deep each cell is coloured, its ``shades``, in percent: the root of its share of the row, so that
        the few mistakes of a good network are seen; which ``part`` of the samples was counted; and which
        classes were most ``confused``, which stands for a matrix that is too large.  None for a
        regression, and for two inputs, whose decision boundary shows more.
    """
    part = "held-out" if len(result.job.held_out) else "training"
    data = result.job.held_out if part == "held-out" else result.job.train
    if data.classes is None or len(data.features) == 2:
        return None
    counts = seeing.confusion_counts(data.y, result.predictions(data), len(data.classes))
    confused = _most_confused(data.classes, counts)
    if len(counts) > MOST_IN_A_MATRIX:
        return {"names": [], "counts": [], "shades": [], "part": part, "confused": confused}
    shades = [[round(100 * sqrt(n / max(1, sum(row)))) for n in row] for row in counts]
    names = [shorten(name, 24) for name in data.classes]
    return {"names": names, "counts": counts, "shades": shades, "part": part, "confused": confused}


def _most_confused(
    classes: Sequence[str], counts: Sequence[Sequence[int]]
) -> list[tuple[str, str, int, int]]:
    """Return which classes were most often taken for which: both names, how often, and of how many."""
    wrong = [(n, i, j) for i, row in enumerate(counts) for j, n in enumerate(row) if n and i != j]
    largest = sorted(wrong, key=lambda entry: -entry[0])[:MOST_SHOWN]
    return [(shorten(classes[i], 24), shorten(classes[j], 24), n, sum(counts[i])) for n, i, j in largest]


def mistakes(result: Result) -> list[tuple[list[list[float]], str, str]]:
    """Return the first held-out pictures that are read wrongly, each with its class and that given."""
    data = result.job.held_out
    found = []
    for x, y, predicted in zip(data.X, data.y, result.predictions(data), strict=True):
        picture = _picture(data, as_list(x)) if predicted != y else None
        if picture is not None:
            found.append((picture, _target_words(data, y), _target_words(data, predicted)))
        if len(found) == MOST_SHOWN:
            break
    return found


# ------------------------------------------------------------------------------------- in plots


def loss_curve(history: History, loss: str) -> Any:
    """Return the losses of a training, epoch by epoch, as an ``<svg>``; the loss by its name."""
    held_out = [loss for loss in history["val_loss"] if loss is not None]
    cost = loss.replace("_", " ")
    return inline(seeing.loss_curve(history["loss"], held_out, cost, history.best_epoch).page_svg(), "loss")


def _plot(result: Result) -> tuple[str, str, str] | None:
    """Return the plot that suits the data: its title, its caption and its SVG."""
    job, data = result.job, result.job.data
    if data.classes is None:
        drawn = sampled(job.train), sampled(job.held_out)
        parts = [(part.y, result.predict(part.X) if len(part) else []) for part in drawn]
        plot = seeing.predicted_against_true(parts[0], parts[1], shorten(data.target, 40))
        return (
            "Predicted against true",
            f"On the dotted diagonal the network is right; in the target's own units.{_how_many(job)}",
            inline(plot.page_svg(), "plot"),
        )
    if len(data.features) != 2:
        return None
    return (
        "Decision boundary",
        "The class that the network gives to every point: the deeper the shade, the surer; on the line it is "
        f"undecided. Axes in the data's own units.{_how_many(job)}",
        inline(_boundary(result), "plot"),
    )


def _how_many(job: Job) -> str:
    """Say how many of the samples are drawn; "" if all are."""
    shown = len(sampled(job.train)) + len(sampled(job.held_out))
    return f" Of the {len(job):,} samples {shown:,} are drawn." if shown < len(job) else ""


def _boundary(result: Result) -> str:
    import numpy as np

    job = result.job
    xs, ys = (seeing.around([row[i] for row in job.data.X]) for i in (0, 1))
    support = result.support([[x, y] for y in ys.tolist() for x in xs.tolist()])
    grid = np.array(support).T.reshape(-1, len(ys), len(xs))
    train, held_out = (_points(result, sampled(part)) for part in (job.train, job.held_out))
    names = [shorten(name, 24) for name in job.data.classes or ()]
    axis_names = (shorten(job.data.features[0], 40), shorten(job.data.features[1], 40))
    return seeing.decision_boundary(xs, ys, grid, names, axis_names, train, held_out).page_svg()


def _points(result: Result, data: Dataset) -> seeing.Points:
    predicted = result.predict(data.X) if len(data) else []
    right = [p == y for p, y in zip(predicted, data.y, strict=True)]
    return seeing.Points([x[0] for x in data.X], [x[1] for x in data.X], [int(y) for y in data.y], right)


# ----------------------------------------------------------------------------------- the template


def inline(svg: str, prefix: str) -> Any:
    """Return an ``<svg>`` for use inside the page, where it fits: ids of its own, and marked as safe."""
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    return safe(fitting(re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\1{prefix}-", svg)))


def safe(html: str) -> Any:
    """Mark HTML that the template is not to escape."""
    return import_extra("markupsafe", "a report").Markup(html)


def _template(name: str) -> Any:
    jinja2 = import_extra("jinja2", "a report")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("nn.command.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
