"""Many settings tried on held-out data: scikit-learn's searches over what `python -m nn train` takes.

Each setting is judged by cross-validation, so that the samples to judge the best one by are seen by none.
joblib spreads the trainings over processes, or over the workers of a cluster of Dask or Ray; none of their
numbers depends on where they ran.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from logging import ERROR
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from joblib import Memory, parallel_config
from sklearn.base import BaseEstimator
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  it is asked for by importing this
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
)

from autograd.extend import set_data
from nn.checks import import_extra, one_of
from nn.command.job import Job, prepare
from nn.command.run import run
from nn.command.settings import SEARCHED, Settings
from nn.data.dataset import Dataset

PARTS = 4
"""This many settings per worker are tried between two lines of progress."""

PATIENCE = 60
"""A cluster has this many seconds to start its workers, or to start them again."""

FITS = "fits"
"""The folder of the trainings that are done, within that of a search."""

Told = Callable[[Mapping[str, Any]], None]


class Trial(BaseEstimator):
    """A training as an estimator, whose settings a search can set.

    Args:
        like: the data without their samples.
        defaults: the settings that are not searched.
        fits: the folder of the trainings that are done already: none is repeated.
        searched: any of `SEARCHED`; the others, and those that are None, are taken from the defaults.
    """

    def __init__(self, like: Any = None, defaults: Any = None, fits: Any = None, **searched: Any) -> None:
        self.like, self.defaults, self.fits = like, defaults, fits
        for name, x in (dict.fromkeys(SEARCHED) | searched).items():
            setattr(self, name, x)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments, as scikit-learn reads and copies them."""
        return {name: getattr(self, name) for name in ("like", "defaults", "fits", *SEARCHED)}

    @property
    def settings(self) -> Settings:
        """The settings of this training, which holds no samples out itself."""
        told = {name: x for name in SEARCHED if (x := getattr(self, name)) is not None}
        settings: Settings = replace(self.defaults, held_out=0.0, **told)
        return settings

    def fit(self, X: Any, y: Any) -> Self:
        """Train on these rows, unless that was done before."""
        weights = Memory(self.fits, verbose=0).cache(trained)(self.like, self.settings, X, y)
        self.job_ = _job(self.like, self.settings, X, y)
        set_data(self.job_.model.parameters(), weights.tolist())
        return self

    def score(self, X: Any, y: Any) -> float:
        """Return the accuracy; of a regression R², the share of the squared errors that is gone."""
        found = np.asarray(self.job_.predictor.predict(X), float)
        if self.like.classes is not None:
            return float((found == y).mean())
        return float(1 - ((found - y) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def trained(like: Dataset, settings: Settings, X: Any, y: Any) -> Any:
    """Return the weights of a network after its training on these samples."""
    job = _job(like, settings, X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a setting may fail: its score says so
        run(job)
    return np.array([p.data for p in job.model.parameters()])


def _job(like: Dataset, settings: Settings, X: Any, y: Any) -> Job:
    return prepare(replace(like, X=X, y=y.tolist()), settings)


# ------------------------------------------------------------------------------------ the searches


class InParts:
    """Lets a search of scikit-learn try its candidates some at a time, and tell what it knows after each.

    Attributes:
        size: how many are tried at a time.
        told: called with the results so far, as ``cv_results_`` has them.
    """

    size: int = 1
    told: Told

    def _run_search(self, evaluate: Callable[..., Any], callback_ctx: Any = None) -> None:
        def in_parts(candidates: Any, cv: Any = None, more_results: Any = None, **_: Any) -> Any:
            listed, results = list(candidates), None
            for start in range(0, len(listed), self.size):
                part = slice(start, start + self.size)
                more = more_results and {name: column[part] for name, column in more_results.items()}
                results = evaluate(listed[part], cv, more)
                self.told(results)
            return results

        context = {} if callback_ctx is None else {"callback_ctx": callback_ctx}  # from version 1.9 on
        super()._run_search(in_parts, **context)  # type: ignore[misc]


class Grid(InParts, GridSearchCV):
    """Every combination."""


class Random(InParts, RandomizedSearchCV):
    """Some of the combinations."""


class Halving(InParts, HalvingGridSearchCV):
    """Every combination for a few epochs, the better ones for more, and so on."""


SEARCHES: dict[str, Callable[..., Any]] = {
    "grid": lambda trial, grid, tries, seed, **options: Grid(trial, grid, **options),
    "random": lambda trial, grid, tries, seed, **options: Random(
        trial, grid, n_iter=tries, random_state=seed, **options
    ),
    "halving": lambda trial, grid, tries, seed, **options: Halving(
        trial, grid, resource="epochs", max_resources=trial.defaults.epochs, random_state=seed, **options
    ),
}
"""The ways to search, by name."""


@dataclass(frozen=True)
class Found:
    """What a search has found so far.

    Attributes:
        names: the settings that were searched.
        rows: one per candidate, the best first: its values, its mean score, and that of each fold.
    """

    names: Sequence[str]
    rows: Sequence[tuple[tuple[Any, ...], float, tuple[float, ...]]]

    @property
    def best(self) -> dict[str, Any]:
        """The settings of the best candidate."""
        return dict(zip(self.names, self.rows[0][0], strict=True))

    def to_csv(self, path: Path) -> None:
        """Write a table of all candidates."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            folds = range(1, len(self.rows[0][2]) + 1)
            writer.writerow(["rank", *self.names, "score", *(f"fold {k}" for k in folds)])
            for rank, (values, score, of_folds) in enumerate(self.rows, 1):
                writer.writerow([rank, *map(in_words, values), score, *of_folds])


def in_words(x: Any) -> str:
    """Return the value of a setting as the command line takes it."""
    if isinstance(x, tuple):
        return ",".join(map(str, x)) or "none"
    return f"{x:g}" if isinstance(x, float) else str(x)


def found_in(results: Mapping[str, Any], names: Sequence[str], folds: int) -> Found:
    """Return the candidates of ``cv_results_``; by halving, those of the last round come first."""
    scores = np.column_stack([results[f"split{k}_test_score"] for k in range(folds)])
    rounds = results.get("iter", np.zeros(len(scores)))
    means = np.where(np.isfinite(scores).all(axis=1), scores.mean(axis=1), -np.inf)
    order = np.lexsort((np.arange(len(means)), -means, -np.asarray(rounds)))
    rows = [
        (tuple(results["params"][i][name] for name in names), float(means[i]), tuple(scores[i].tolist()))
        for i in order.tolist()
    ]
    return Found(names, rows)


@dataclass(frozen=True)
class Search:
    """A search that is ready to start.

    Args:
        data: what to learn from, without the samples that the best setting is judged by in the end.
        defaults: the settings that are not searched.
        grid: the values to try, by setting.
        way: one of `SEARCHES`.
        tries: how many combinations a random search tries.
        folds: over how many parts of the data each setting is judged.
        workers: how many trainings run at once.
        folder: where trainings that are done are kept.
    """

    data: Dataset
    defaults: Settings
    grid: Mapping[str, Sequence[Any]]
    way: str
    tries: int
    folds: int
    workers: int
    folder: Path

    kinds: ClassVar[dict[bool, Any]] = {True: StratifiedKFold, False: KFold}

    def run(self, told: Callable[[Found], None]) -> Found:
        """Return what was found; trainings that were done before are not repeated.

        Args:
            told: called now and then with what was found so far.
        """
        like = replace(self.data, X=[], y=[], test=None)
        folds = self.kinds[self.data.classes is not None](
            self.folds, shuffle=True, random_state=self.defaults.seed
        )
        make = one_of("search", self.way, SEARCHES)
        search = make(
            Trial(like, self.defaults, str(self.folder / FITS)), dict(self.grid), self.tries,
            self.defaults.seed, cv=folds, refit=False, error_score="raise",
        )  # fmt: skip
        names = [*self.grid, *(["epochs"] if self.way == "halving" else [])]
        read = partial(found_in, names=names, folds=self.folds)
        search.size, search.told = PARTS * self.workers, lambda results: told(read(results))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "One or more of the test scores are non-finite")
            X, y = np.asarray(self.data.X, float), np.asarray(self.data.y, float)
            warnings.filterwarnings("ignore", "Sending large graph")  # once per cluster, see `Recomputed`
            search.fit(X, y)
        return read(search.cv_results_)


@contextmanager
def workers(count: int, dask: str | None = None, ray: str | None = None) -> Iterator[None]:
    """Have trainings run in that many processes of this machine, or by the workers of a cluster.

    Args:
        count: how many processes.
        dask: the address of the scheduler of a Dask cluster; "" for a cluster on this machine, which has so
            many workers; None for no such cluster.
        ray: likewise, of a Ray cluster.

    Raises:
        ImportError: if what the cluster needs is not installed.
    """
    if dask is not None:
        with _on_dask(count, dask):
            yield
    elif ray is not None:
        with _on_ray(count, ray):
            yield
    else:
        with parallel_config("loky" if count > 1 else "sequential", n_jobs=count):
            yield


@contextmanager
def _on_dask(count: int, address: str) -> Iterator[None]:
    distributed = import_extra("distributed", "--dask", "distributed")
    own = {"n_workers": count, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": ERROR}
    with (
        distributed.Client(**({"address": address} if address else own)) as client,
        parallel_config("dask", client=Recomputed(client), wait_for_workers_timeout=PATIENCE),
    ):
        yield


@contextmanager
def _on_ray(count: int, address: str) -> Iterator[None]:
    try:
        ray, for_joblib = import_module("ray"), import_module("ray.util.joblib")
    except ModuleNotFoundError:
        raise ImportError("--ray needs ray: pip install ray") from None
    own = {"num_cpus": count, "include_dashboard": False, "log_to_driver": False}
    ray.init(**({"address": address} if address else own))
    try:
        for_joblib.register_ray()
        with parallel_config("ray", n_jobs=-1 if address else count):
            yield
    finally:
        ray.shutdown()


class Recomputed:
    """A client of a Dask cluster whose data outlive the workers that hold them.

    joblib scatters data to a worker: when that dies they are gone, and whoever waits for them waits forever.
    As the result of a task they are computed again, by whichever worker is there.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    async def scatter(self, data: Any, **_: Any) -> Any:
        """Return a future of the data."""
        return self._client.submit(itself, data, pure=False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def itself(data: Any) -> Any:
    """Return what is given."""
    return data
