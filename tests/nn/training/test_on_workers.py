"""Data-parallel training: the same bits however many workers there are, and whichever of them die."""

import os
import random
import signal

import pytest

from nn import (
    MLP,
    Adam,
    Callback,
    Dropout,
    EarlyStopping,
    GRUCell,
    Layer,
    Module,
    Monitor,
    Recurrent,
    Resume,
    Weighted,
    fit,
)
from nn.losses import Penalised
from tests.nn.engines import TAPE

distributed = pytest.importorskip("distributed")
pytestmark = TAPE

RNG = random.Random(0)
ROWS = [[RNG.gauss(0, 1) for _ in range(3)] for _ in range(50)]
SIGNS = [1 if row[0] > row[1] else -1 for row in ROWS]
SEQUENCES = [[[RNG.gauss(0, 1)] for _ in range(4 + i % 2)] for i in range(20)]


@pytest.fixture(scope="module")
def processes():
    """A client of two processes, and of as many again if they die."""
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def threads():
    """A client of one thread of this process and one of three."""
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(n_workers=1, **options) as one,
        distributed.Client(one, set_as_default=False) as first,
        distributed.LocalCluster(n_workers=3, **options) as three,
        distributed.Client(three, set_as_default=False) as second,
    ):
        yield first, second


class Thinned(Module):
    """A network with dropout."""

    def __init__(self):
        self.hidden, self.dropout, self.out = (
            Layer(3, 5, "tanh", seed=0),
            Dropout(0.4, seed=1),
            Layer(5, 1, seed=2),
        )

    def __call__(self, x):
        return self.out(self.dropout(self.hidden(x)))


def mlp(outputs=1):
    return MLP(3, [4, outputs], "tanh", seed=0)


CASES = {
    "full batch": (mlp, ROWS, SIGNS, {"loss": "hinge"}),
    "mini-batches with penalties, judged": (
        mlp, ROWS, SIGNS, {"loss": Penalised("mse", l1=1e-3, l2=1e-3), "batch_size": 11, "validation": 0.2},
    ),
    "watched and stopped": (
        mlp, ROWS, SIGNS,
        {"loss": "hinge", "validation": 0.2, "callbacks": lambda: [Monitor(), EarlyStopping(1)]},
    ),
    "classes": (
        lambda: mlp(3), ROWS, [i % 3 for i in range(50)],
        {"loss": "cross_entropy", "batch_size": 7, "seed": None},
    ),
    "float32": (mlp, ROWS, SIGNS, {"loss": "mse", "dtype": "float32", "batch_size": 20}),
    "weighted": (mlp, ROWS, Weighted(SIGNS, [1 + i % 3 for i in range(50)]), {"loss": "mse"}),
    "fewer samples than shares": (mlp, ROWS[:5], SIGNS[:5], {"loss": "mse"}),
    "dropout": (Thinned, ROWS, SIGNS, {"loss": "mse", "batch_size": 20}),
    "windows": (
        lambda: Recurrent(GRUCell(1, 2, seed=0), 1, truncate=2, seed=1), SEQUENCES[::2], SIGNS[:10],
        {"loss": "mse", "batch_size": 4},
    ),
    "several shapes": (
        lambda: Recurrent(GRUCell(1, 2, seed=0), 1, seed=1), SEQUENCES, SIGNS[:20],
        {"loss": "mse", "batch_size": 6},
    ),
}  # fmt: skip


def trained(workers, case="full batch", *callbacks, epochs=4):
    make, X, y, options = CASES[case]
    model, options = make(), dict(options)
    callbacks = [*options.pop("callbacks", list)(), *callbacks]
    history = fit(
        model, X, y, optimizer=Adam(model.parameters(), lr=0.02), epochs=epochs, progress=False,
        engine="tape", workers=workers, callbacks=callbacks, **options,
    )  # fmt: skip
    return history, [p.data for p in model.parameters()]


@pytest.mark.parametrize("case", CASES)
def test_the_bits_do_not_depend_on_the_workers(case, processes, threads):
    one, alone = trained(processes, case), trained(None, case)
    for client in threads:
        assert trained(client, case) == one
    assert one[1] == pytest.approx(alone[1], rel=1e-3 if case == "float32" else 1e-9)
    assert one[0]["loss"] == pytest.approx(alone[0]["loss"], rel=1e-5 if case == "float32" else 1e-9)
    assert one[0]["accuracy"] == alone[0]["accuracy"]


def test_a_training_on_workers_is_resumed_to_the_last_bit(processes):
    case = "mini-batches with penalties, judged"
    whole, half = trained(processes, case, epochs=6), trained(processes, case, epochs=3)
    assert trained(processes, case, Resume(half[0].state), epochs=6) == whole


class Killing(Callback):
    """Kills a worker after some batches."""

    def __init__(self, client, after):
        self.client, self.left = client, after

    def on_batch_end(self, training, loss, samples):
        if self.left == 0:
            os.kill(min(self.client.run(os.getpid).values()), signal.SIGKILL)
        self.left -= 1


def test_a_worker_that_dies_is_replaced_and_its_share_redone(processes):
    case = "mini-batches with penalties, judged"
    whole = trained(processes, case)
    killing = Killing(processes, 5)
    assert trained(processes, case, killing) == whole
    assert killing.left < 0
    processes.wait_for_workers(2, timeout=300)


class Closing(Callback):
    """Closes all workers."""

    def __init__(self, cluster):
        self.cluster = cluster

    def on_batch_end(self, training, loss, samples):
        for worker in self.cluster.workers.values():
            self.cluster.sync(worker.close)


def test_what_was_learned_is_kept_when_no_worker_is_left(monkeypatch):
    on_workers = pytest.importorskip("nn.training.on_workers")
    monkeypatch.setattr(on_workers, "PATIENCE", 0.1)
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}
    with distributed.LocalCluster(n_workers=1, **options) as cluster, distributed.Client(cluster) as client:
        model = mlp()
        before = [p.data for p in model.parameters()]
        with pytest.raises(TimeoutError, match="workers"):
            fit(model, ROWS, SIGNS, loss="mse", workers=client, callbacks=[Closing(cluster)], progress=False)
        assert [p.data for p in model.parameters()] != before
        with pytest.raises(ValueError, match=r"has no workers; wait: client.wait_for_workers"):
            fit(model, ROWS, SIGNS, loss="mse", workers=client)


def test_sums_are_the_same_whoever_takes_them():
    summed = pytest.importorskip("nn.training.on_workers").summed
    rng = random.Random(1)
    for _ in range(200):
        shares = {8 + k: rng.gauss(0, 10.0 ** rng.randint(-9, 9)) for k in range(8)}
        workers = [rng.randrange(5) for _ in range(8)]
        parts = [summed({n: x for n, x in shares.items() if workers[n - 8] == w}) for w in range(5)]
        assert summed({n: x for part in parts for n, x in part.items()}) == summed(shares)
        assert list(summed(shares)) == [1]


class Branching(Module):
    """A network whose graph depends on its numbers."""

    def __init__(self):
        self.layer = Layer(3, 1, seed=0)

    def __call__(self, x):
        z = self.layer(x)
        return z if z > 0 else -z


def test_a_model_that_cannot_be_recorded_is_refused_with_the_reason(processes):
    with pytest.raises(TypeError, match="branch") as caught:
        fit(Branching(), ROWS, SIGNS, loss="mse", workers=processes)
    assert "workers replay the tape" in caught.value.__notes__[-1]


def test_what_is_no_client_that_can_train_is_refused(processes):
    with pytest.raises(TypeError, match=r"workers is a distributed\.Client, of a Dask cluster; got 2"):
        fit(mlp(), ROWS, SIGNS, loss="mse", workers=2)
    with pytest.raises(ValueError, match="leave out engine="):
        fit(mlp(), ROWS, SIGNS, loss="mse", workers=processes, engine="eager")
    with distributed.Client(processes.cluster, set_as_default=False) as closed:
        pass
    with pytest.raises(ValueError, match="a client that runs is wanted"):
        fit(mlp(), ROWS, SIGNS, loss="mse", workers=closed)
