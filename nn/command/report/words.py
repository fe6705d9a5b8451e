"""What a report says in words and tables: scores, settings, the data, the files beside it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from math import isnan

from autograd.notation.labels import shorten
from autograd.notation.numbers import counted, number
from nn.command.report.folder import FILM, GALLERY, HISTORY, PATHS, PLAYER, WEIGHTS
from nn.command.result import Result, Scores
from nn.training.history import History

MOST_SHOWN = 12
"""At most this many features or classes are named, and at most this many wrongly read pictures shown."""


def headline(result: Result) -> str:
    """Say in one sentence what was learned, and how well."""
    job = result.job
    part, name = (job.held_out, "held-out") if len(job.held_out) else (job.train, "training")
    scores = result.scores(part)
    target = shorten(job.data.target, 40)
    if scores.accuracy is not None:
        right = round(scores.accuracy * len(part))
        all_or = "all" if right == len(part) else f"{right:,} of"
        return (
            f"It tells {_listed(job.data.classes or ())} apart: {all_or} {len(part):,} {name} samples right."
        )
    return (
        f"It predicts {target} to ± {number(scores.rmse)} (root mean square) on {len(part):,} {name} "
        f"samples: R²\u00a0=\u00a0{_decimal(scores.r2)}."
    )


def notice(history: History, epochs: int) -> str:
    """Say why the training ended early, and which weights were put back; "" if neither."""
    said = history.stopped[:1].upper() + history.stopped[1:] + ("." if history.stopped else "")
    if history.interrupted:
        done = f"{len(history)} of {counted(epochs, 'epoch')}"
        said = f"Interrupted after {done}; this is what was learned so far."
    if history.best_epoch not in (None, len(history)):
        said += (
            f" Kept are the weights of epoch {history.best_epoch} of {len(history)}, which had the lowest "
            "held-out loss: the held-out score is a little better for this choice."
        )
    return said.strip()


def score_table(result: Result) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return for each part of the data its name with its size, and its scores by name."""
    parts = [("training", result.job.train), ("held out", result.job.held_out)]
    return [
        (f"{name}, {counted(len(part), 'sample')}", score_words(result.scores(part)))
        for name, part in parts
        if len(part)
    ]


def tiles(result: Result) -> list[tuple[str, str, str]]:
    """Return the figures at the top, the main scores first: each with what it counts, and a detail."""
    job, history = result.job, result.history
    sizes = " → ".join(map(str, [job.model.nin, *(layer.nout for layer in job.model.layers)]))
    weights = len(job.model.parameters())
    return [
        *((scores[0][1], scores[0][0], part) for part, scores in reversed(score_table(result))),
        (f"{weights:,}", "weights and biases", sizes),
        (f"{len(history):,}", "epoch" if len(history) == 1 else "epochs", job.settings.optimizer),
        (seconds(result.seconds), "training time", f"{history.engine} engine"),
    ]


def score_words(scores: Scores) -> list[tuple[str, str]]:
    """Return the scores that there are, each with its name, the most important one first."""
    if scores.accuracy is not None:
        return [("accuracy", percent(scores.accuracy)), ("loss", number(scores.loss))]
    return [
        ("R²", _decimal(scores.r2)),
        ("RMSE", number(scores.rmse)),
        ("loss", number(scores.loss)),
    ]


def percent(share: float) -> str:
    """Write a share as a percentage, 100 only if it is the whole.

    >>> percent(0.97532), percent(0.99999), percent(1.0)
    ('97.5 %', '99.9 %', '100 %')
    """
    text = "100" if share == 1 else f"{min(share * 100, 99.9):.1f}"
    return f"{text} %"


def _decimal(x: float | None) -> str:
    if x is None or isnan(x):
        return "–"
    return f"{x:.3f}".replace("-", "−") if abs(x) < 1000 else number(x)


def _listed(names: Sequence[str]) -> str:
    if len(names) > MOST_SHOWN:
        return f"{len(names)} classes"
    names = [shorten(name, 24) for name in names]
    return ", ".join(names[:-1]) + " and " + names[-1]


def settings_table(result: Result) -> list[tuple[str, str]]:
    """Return everything that was chosen, by name."""
    settings = result.job.settings
    words = {
        "layers": ", ".join(map(str, settings.layers)) or "none",
        "held_out": percent(settings.held_out) if settings.held_out else "none",
        "engine": result.history.engine,
        "lr": number(settings.lr),
        "l2": number(settings.l2),
        "dropout": percent(settings.dropout) if settings.dropout else "none",
    }
    names = {"lr": "learning rate", "layers": "hidden layers", "held_out": "held out", "l2": "L2 penalty"}
    table = [
        (names.get(f.name, f.name), words.get(f.name, str(getattr(settings, f.name))))
        for f in fields(settings)
    ]
    return [*table, ("time", seconds(result.seconds))]


def data_table(result: Result) -> list[tuple[str, str]]:
    """Return what the data are, by name."""
    job, data = result.job, result.job.data
    features = [shorten(name, 40) for name in data.features[:MOST_SHOWN]]
    more = len(data.features) - len(features)
    scaled = "all inputs by one mean and deviation" if data.image else "each input to mean 0 and deviation 1"
    table = [
        ("samples", f"{len(job):,}: {len(job.train):,} to train on, {len(job.held_out):,} held out"),
        ("task", data.task),
        ("target", shorten(data.target, 40)),
        ("inputs", f"{len(data.features)}: {', '.join(features)}{f' and {more} more' if more else ''}"),
        ("scaling", f"{scaled}{'' if data.classes else '; the target as well'}"),
    ]
    if data.classes:
        counts = [job.train.y.count(k) + job.held_out.y.count(k) for k in range(len(data.classes))]
        names = [f"{shorten(name, 24)} ({n:,})" for name, n in zip(data.classes, counts, strict=True)]
        rest = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
        table.insert(3, ("classes", ", ".join(names[:MOST_SHOWN]) + rest))
    if data.plan:
        table += [("columns", line) for line in data.plan.lines()]
        table += [("note", line) for line in data.plan.notes]
    return table


def file_table(files: Collection[str]) -> list[tuple[str, str]]:
    """Return the files beside the page, and what is in them.

    Args:
        files: the names of those that are pages and drawings.
    """
    paths = sum(name.startswith(f"{PATHS}/") for name in files)
    pages = [
        (PLAYER, "the loss of one sample and its gradients, step by step"),
        (GALLERY, "the gradient of every weight, one card each"),
        (FILM, "the training, frame by frame"),
    ]
    return [
        *((name, text) for name, text in pages if name in files),
        (f"{PATHS}/", f"{counted(paths, 'gradient-path drawing')} as SVG"),
        (WEIGHTS, "the weights W and biases b of every layer"),
        (HISTORY, "loss and accuracy of every epoch"),
    ]


def seconds(t: float) -> str:
    """Write a duration as a person says it.

    >>> seconds(0.0512), seconds(7.25), seconds(125)
    ('51 ms', '7.2 s', '2 min 5 s')
    """
    if t < 1:
        return f"{1000 * t:.0f} ms"
    return f"{t:.1f} s" if t < 60 else f"{t // 60:.0f} min {t % 60:.0f} s"
