"""``python -m nn search DATA`` tries many settings, and trains the best."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd.notation.numbers import counted, number
from nn.activations import activation
from nn.checks import check_packages, one_of
from nn.command.course import given_of
from nn.command.job import Job, prepare
from nn.command.settings import OPTIMIZERS, SCHEDULES, SEARCHED, Settings, default_settings
from nn.data.dataset import Dataset

if TYPE_CHECKING:
    from nn.command.sweep import Found, Search

ABOUT = """\
Tries many settings of a network, each judged by cross-validation on the samples to train on, then trains
the best on all of these, judges it on those held out, and reports on it as `train` does.  Every option of
the network and the training that is given several values is searched; without any, hidden layers,
activations, rates and penalties that often suit.

Ctrl-C ends a search; the same command goes on from there, as no training is repeated.  FOLDER gets
  results.csv, results.svg    every setting with its scores, the best first, and a picture of them
  best.safetensors, report    the best network, for `python -m nn predict`, and the report on it
  fits                        what goes on from an earlier search; may be deleted

examples:
  python -m nn search digits
  python -m nn search flowers.csv --target species --layers 8 16 16,16 --lr 0.01 0.1 --l2 0 0.001
  python -m nn search mnist --data mnist-files --layers 64 128 --search random --tries 5
  python -m nn search digits --search halving --workers 4
  python -m nn search digits --dask tcp://10.0.0.5:8786
"""

WAYS = ("grid", "random", "halving")
"""The ways to search; see `nn.command.sweep.SEARCHES`."""

TRIES, FOLDS = 10, 3
"""The tries of a random search, and the folds, by default."""

SHOWN = 8
"""This many of the best settings are printed."""

PACKAGES = ("sklearn", "joblib")

RESULTS, PICTURE, BEST, REPORT, FITS = "results.csv", "results.svg", "best.safetensors", "report", "fits"


@dataclass(frozen=True)
class Chosen:
    """What the command line says of a search.

    Attributes:
        data: all samples.
        settings: those of the best network, once what was found is put in.
        search: the search itself.
        folder: where everything is written.
        dask, ray: see `nn.command.sweep.workers`.
    """

    data: Dataset
    settings: Settings
    search: Search
    folder: Path
    dask: str | None
    ray: str | None


def checked(arguments: argparse.Namespace, data: Dataset) -> Chosen:
    """Check everything that can be checked before the search.

    Raises:
        ValueError, OSError, ImportError: if something is wrong.
    """
    check_packages(PACKAGES, "a search")
    from nn.command.sweep import Search

    given = given_of(arguments, Settings)
    several = {name: list(dict.fromkeys(x)) for name, x in given.items() if name in SEARCHED}
    fixed = {name: x for name, x in given.items() if name not in several}
    fixed.setdefault("keep", "last")  # so that the samples held out are seen by none
    settings = replace(
        default_settings(data), **fixed, **{name: x[0] for name, x in several.items() if len(x) == 1}
    )
    grid = {name: x for name, x in several.items() if len(x) > 1}
    grid = grid or {name: x for name, x in usual(settings).items() if name not in given}
    _check_names(grid)
    way = one_of("search", arguments.search or WAYS[0], {name: name for name in WAYS})
    if way == "halving" and "epochs" in grid:
        raise ValueError("a search by halving decides the epochs itself: give --epochs one value, the most")
    job = prepare(data, replace(settings, **{name: x[0] for name, x in grid.items()}))
    for name in grid.get("loss", ()):
        prepare(data, replace(settings, loss=name))
    smallest = min(map(job.train.y.count, set(job.train.y))) if data.classes else len(job.train)
    folds = arguments.folds or FOLDS
    if not 2 <= folds <= smallest:
        raise ValueError(f"--folds is from 2 to {smallest}, the samples of the smallest class; got {folds}")
    folder = arguments.out or Path("search")
    _check_folder(folder)
    search = Search(
        job.train, settings, grid, way, min(arguments.tries or TRIES, prod(map(len, grid.values()))), folds,
        arguments.workers or os.cpu_count() or 1, folder,
    )  # fmt: skip
    return Chosen(data, settings, search, folder, arguments.dask, arguments.ray)


def usual(settings: Settings) -> dict[str, list[Any]]:
    """Return the values that are tried where none are given."""
    return {
        "layers": [(16,), (32,), (32, 16)],
        "activation": ["tanh", "relu"],
        "lr": [settings.lr / 3, settings.lr],
        "l2": [0.0, 1e-4],
    }


def _check_names(grid: Mapping[str, Sequence[Any]]) -> None:
    for name in grid.get("activation", ()):
        activation(name)
    for what, known in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
        for name in grid.get(what, ()):
            one_of(what, name, known)


def _check_folder(folder: Path) -> None:
    if folder.exists():
        others = {path.name for path in folder.iterdir()} - {RESULTS, PICTURE, BEST, REPORT, FITS}
        if others:
            raise FileExistsError(
                f"the folder {folder} holds other files ({min(others)}); name another: --out"
            )
    folder.mkdir(parents=True, exist_ok=True)


def search(chosen: Chosen) -> Job:
    """Search, print and write what is found; return the job of the best setting.

    Raises:
        KeyboardInterrupt: if it was interrupted; the results so far are written.
    """
    from nn.command.sweep import workers
    from nn.seeing import scores

    plan, known = chosen.search, chosen.search.grid
    count = plan.tries if plan.way == "random" else prod(map(len, known.values()))
    clusters = {"Dask": chosen.dask, "Ray": chosen.ray}
    where = next((name for name, at in clusters.items() if at is not None), counted(plan.workers, "worker"))
    print(f"search    {count} settings by {plan.way}, {plan.folds} folds each, {where}", flush=True)
    for name, values in known.items():
        print(f"  {name:<12}{'  '.join(map(_word, values))}")

    def told(found: Found) -> None:
        found.to_csv(chosen.folder / RESULTS)
        print(f"tried     {len(found.rows)}, the best {_line(found, 0)}", flush=True)

    with workers(plan.workers, chosen.dask, chosen.ray):
        found = plan.run(told)
    found.to_csv(chosen.folder / RESULTS)
    what = "accuracy" if chosen.data.classes else "R²"
    names = [_settings(found, k) for k in range(len(found.rows))]
    scores(names, [of_folds for _, _, of_folds in found.rows], what).save(chosen.folder / PICTURE)
    for k in range(min(SHOWN, len(found.rows))):
        print(f"{'best' if k == 0 else '':<10}{_line(found, k)}")
    print(f"results   {chosen.folder / RESULTS}", flush=True)
    return prepare(chosen.data, replace(chosen.settings, **found.best))


def _line(found: Found, k: int) -> str:
    return f"{number(found.rows[k][1])}  {_settings(found, k)}"


def _settings(found: Found, k: int) -> str:
    return ", ".join(f"{name} {_word(x)}" for name, x in zip(found.names, found.rows[k][0], strict=True))


def _word(x: Any) -> str:
    from nn.command.sweep import in_words

    return in_words(x)
