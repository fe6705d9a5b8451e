"""``python -m nn search``: what is tried, that it is repeated nowhere, and the same wherever it runs."""

import csv
import sys
from contextlib import redirect_stdout
from io import StringIO
from math import prod
from pathlib import Path

import pytest

from nn import Checkpoint
from nn.command import searching, sweep
from nn.command.main import main
from nn.command.settings import default_settings
from nn.data import load

QUICK = ["iris", "--layers", "2", "4", "--lr", "0.02", "0.1", "--epochs", "3", "--workers", "1"]


@pytest.fixture(autouse=True)
def unreported(searched, monkeypatch):
    """Only `searched` has a report on the best: it takes most of the time."""
    monkeypatch.setattr("nn.command.report.write_report", lambda result, folder, weights=(): folder)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """The folder of a search in this process, and what it printed."""
    folder, told = tmp_path_factory.mktemp("searched"), StringIO()
    with redirect_stdout(told):
        assert main(["search", *QUICK, "--out", str(folder / "search")]) == 0
    return folder / "search", told.getvalue()


def table(folder="search"):
    with (Path(folder) / "results.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_combination_is_tried_and_the_best_one_trained(searched):
    folder, told = searched
    rows = table(folder)
    assert {(row["layers"], row["lr"]) for row in rows} == {(n, lr) for n in "24" for lr in ("0.02", "0.1")}
    scores = [float(row["score"]) for row in rows]
    assert scores == sorted(scores, reverse=True)
    folds = [[float(row[f"fold {k}"]) for k in (1, 2, 3)] for row in rows]
    assert scores == pytest.approx([sum(own) / 3 for own in folds])
    assert f"layers {rows[0]['layers']}, lr {rows[0]['lr']}" in told
    assert "held out" in told
    notes = Checkpoint.read(folder / "best.safetensors").notes["settings"]
    assert (notes["layers"], notes["lr"]) == ((int(rows[0]["layers"]),), float(rows[0]["lr"]))
    assert "<svg" in (folder / "results.svg").read_text(encoding="utf-8")
    assert (folder / "report" / "index.html").exists()


def test_an_interrupted_search_goes_on_where_it_stopped(in_tmp, monkeypatch, capsys):
    done, train = [], sweep.run

    def interrupted(job):
        if len(done) == 7:
            raise KeyboardInterrupt
        done.append(job.settings)
        return train(job)

    monkeypatch.setattr(sweep, "PARTS", 1)
    monkeypatch.setattr(sweep, "run", interrupted)
    assert main(["search", *QUICK]) == 130
    assert "goes on from here" in capsys.readouterr().err
    assert len(table()) == 2

    def the_rest(job):
        done.append(job.settings)
        return train(job)

    monkeypatch.setattr(sweep, "run", the_rest)
    assert main(["search", *QUICK]) == 0
    assert len(done) == 12
    assert len(table()) == 4


def test_a_random_search_tries_some_and_halving_gives_the_better_ones_more_epochs(in_tmp):
    assert main(["search", *QUICK, "--search", "random", "--tries", "2", "--out", "some"]) == 0
    assert len(table("some")) == 2
    assert main(["search", *QUICK, "--search", "halving", "--epochs", "4", "--out", "halves"]) == 0
    rows = table("halves")
    assert rows[0]["epochs"] > rows[-1]["epochs"]
    assert len(rows) > 4


def test_processes_give_the_scores_of_one(in_tmp, searched):
    assert main(["search", *QUICK[:-1], "2", "--out", "other"]) == 0
    assert table(searched[0]) == table("other")


def test_dask_gives_the_scores_of_one_process(in_tmp, searched):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    )
    with cluster:
        assert main(["search", *QUICK, "--dask", cluster.scheduler_address, "--out", "other"]) == 0
    assert table(searched[0]) == table("other")


RAY = """
import joblib, pathlib
from joblib._parallel_backends import ThreadingBackend

def init(**options):
    pathlib.Path("ray.txt").write_text(repr(options))

def register_ray():
    joblib.register_parallel_backend("ray", ThreadingBackend)

def shutdown():
    pathlib.Path("ended.txt").touch()
"""


@pytest.mark.parametrize(
    ("address", "started"),
    [
        ([], "{'num_cpus': 1, 'include_dashboard': False, 'log_to_driver': False}"),
        (["10.0.0.5:6379"], "{'address': '10.0.0.5:6379'}"),
    ],
)
def test_ray_gives_the_scores_of_one_process(in_tmp, searched, monkeypatch, address, started):
    """A module in the place of Ray: it names a backend to joblib, as Ray does."""
    for path in ("ray/__init__.py", "ray/util/__init__.py", "ray/util/joblib.py"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(RAY, encoding="utf-8")
    monkeypatch.syspath_prepend(in_tmp)
    try:
        assert main(["search", *QUICK, "--ray", *address, "--out", "other"]) == 0
    finally:
        for name in ("ray.util.joblib", "ray.util", "ray"):
            del sys.modules[name]
    assert table(searched[0]) == table("other")
    assert Path("ray.txt").read_text(encoding="utf-8") == started
    assert Path("ended.txt").exists()


def test_a_search_without_ray_says_what_to_install(in_tmp, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["search", *QUICK, "--ray"]) == 2
    assert "--ray needs ray: pip install ray" in capsys.readouterr().err


def test_data_on_a_cluster_outlive_the_worker_that_holds_them():
    distributed = pytest.importorskip("distributed")
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(n_workers=2, **options) as cluster, distributed.Client(cluster) as client:
        data = client.sync(sweep.Recomputed(client).scatter, [1.0, 2.0])
        distributed.wait(data)
        (holder,) = client.who_has(data)[data.key]
        cluster.sync(next(w for w in cluster.workers.values() if w.address == holder).close)
        assert data.result(timeout=300) == [1.0, 2.0]


def test_a_regression_is_judged_by_its_squared_errors(in_tmp, capsys):
    assert main(["search", "diabetes", "--l2", "0", "0.1", "--layers", "4", "--epochs", "3"]) == 0
    assert all(float(row["score"]) < 1 for row in table())
    assert "R²" in Path("search/results.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--activation", "tanh", "rely"], "unknown activation 'rely'; did you mean 'relu'"),
        (["--optimizer", "adam", "adan"], "unknown optimizer 'adan'"),
        (["--loss", "hinge", "mse"], "hinge tells two classes apart"),
        (["--search", "gird"], "unknown search 'gird'; did you mean 'grid'"),
        (["--search", "halving", "--epochs", "2", "3"], "halving decides the epochs itself"),
        (["--folds", "100"], "--folds is from 2 to 40"),
        (["--out", "mine"], "the folder mine holds other files"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_runs(in_tmp, capsys, arguments, message):
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("dear", encoding="utf-8")
    assert main(["search", "iris", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not Path("search").exists()


def test_without_several_values_24_usual_settings_are_tried():
    values = searching.usual(default_settings(load("iris"))).values()
    assert prod(map(len, values)) == 24
