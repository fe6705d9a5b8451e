"""How precisely, on how many threads and from what tables a training computes."""

import sys
from importlib.util import find_spec

import pytest

from nn import MLP, Adam, EarlyStopping, GRUCell, Recurrent, Weighted, fit

tape = pytest.mark.skipif(find_spec("numpy") is None, reason="the tape needs NumPy")


def rows(count=60, width=3):
    return [[((7 * i + 3 * j) % 11) / 11 - 0.5 for j in range(width)] for i in range(count)]


def trained(X, y, *, outputs=1, loss="hinge", epochs=6, **settings):
    model = MLP(len(X[0]), [8, outputs], "tanh", seed=0, dropout=settings.pop("dropout", 0.0))
    optimizer = Adam(model.parameters(), lr=0.02)
    history = fit(model, X, y, loss=loss, optimizer=optimizer, epochs=epochs, progress=False,
                  **{"engine": "tape", "batch_size": 16} | settings)  # fmt: skip
    return list(history), model.state_dict(), history


SIGNS = [1 if x > y else -1 for x, y, _ in rows()]
CLASSES = [i % 3 for i in range(60)]


@tape
@pytest.mark.parametrize("threads", [1, 2])
def test_single_precision_comes_close_to_double(threads):
    X = rows()
    double, _, _ = trained(X, SIGNS, validation=0.2)
    single, weights, history = trained(X, SIGNS, validation=0.2, dtype="float32", threads=threads)
    assert history.engine == "tape"
    assert [e.loss for e in single] == pytest.approx([e.loss for e in double], rel=1e-3)
    assert [e.val_loss for e in single] == pytest.approx([e.val_loss for e in double], rel=1e-3)
    assert [e.loss for e in single] != [e.loss for e in double]
    numpy = pytest.importorskip("numpy")
    assert all(float(numpy.float32(x)) == x for x in weights.values())


@tape
def test_a_training_in_single_precision_is_resumed_bit_for_bit():
    from nn import Resume

    through, half = (trained(rows(), SIGNS, dtype="float32", epochs=n) for n in (6, 3))
    again = trained(rows(), SIGNS, dtype="float32", callbacks=[Resume(half[2].state)])
    assert again[:2] == through[:2]


@tape
def test_threads_share_the_samples():
    one, two = (trained(rows(), CLASSES, outputs=3, loss="cross_entropy", threads=n) for n in (1, 2))
    assert [e.loss for e in two[0]] == pytest.approx([e.loss for e in one[0]], rel=1e-9)
    assert [e.accuracy for e in two[0]] == [e.accuracy for e in one[0]]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dtype": "float16"}, "unknown dtype 'float16'"),
        ({"threads": 0}, "threads is at least 1; got 0"),
        ({"dtype": "float32", "engine": "eager"}, "the eager engine computes in float64"),
    ],
)
def test_what_no_engine_can_do_is_refused(settings, message):
    model = MLP(1, [1], seed=0)
    before = model.state_dict()
    with pytest.raises(ValueError, match=message):
        fit(model, [[0.0], [1.0]], [1, -1], loss="hinge", epochs=1, progress=False, **settings)
    assert model.state_dict() == before


def test_single_precision_without_the_tape_is_an_error_not_a_fallback(monkeypatch):
    monkeypatch.setitem(sys.modules, "autograd.tape", None)
    with pytest.raises(ImportError):
        fit(MLP(1, [1], seed=0), [[0.0], [1.0]], [1, -1], loss="hinge", dtype="float32", progress=False)


def test_the_eager_engine_takes_one_thread():
    X, y = rows(8), SIGNS[:8]
    assert trained(X, y, engine="eager", threads=2)[:2] == trained(X, y, engine="eager")[:2]


# ------------------------------------------------------------------------------------------ tables

CASES = {
    "plain": {},
    "validated": {"validation": 0.3},
    "classes": {"outputs": 3, "loss": "cross_entropy", "validation": 0.3},
    "dropout": {"dropout": 0.3},
    "early": {"callbacks": [EarlyStopping(2)], "epochs": 12},
}


@tape
@pytest.mark.parametrize("settings", CASES.values(), ids=CASES)
def test_samples_brought_batch_by_batch_train_as_those_held_whole(settings, monkeypatch):
    from nn.training import on_tape

    y = CLASSES if "outputs" in settings else SIGNS
    whole = trained(rows(), y, **settings)
    monkeypatch.setattr(on_tape, "HELD", 0)
    monkeypatch.setattr(on_tape, "PART", 200)
    assert trained(rows(), y, **settings)[:2] == whole[:2]


@tape
def test_weighted_samples_and_sequences_are_brought_batch_by_batch_too(monkeypatch):
    from nn.training import on_tape

    def outcomes():
        yield trained(rows(), Weighted(SIGNS, [1.0 + i % 3 for i in range(60)]))[:2]
        model = Recurrent(GRUCell(1, 3, seed=0), nout=1, truncate=2, seed=0)
        X = [[[x] for x in row] for row in rows(20, 5)]
        history = fit(model, X, [row[0][0] for row in X], loss="mse", epochs=3, batch_size=6, engine="tape",
                      progress=False, validation=0.2)  # fmt: skip
        yield list(history), model.state_dict()

    whole = [*outcomes()]
    monkeypatch.setattr(on_tape, "HELD", 0)
    assert [*outcomes()] == whole


@pytest.mark.parametrize("engine", ["eager", pytest.param("tape", marks=tape)])
@pytest.mark.parametrize("kind", ["u1", "i8", "f4", "f8", "?"])
def test_an_array_of_any_kind_trains_as_the_list_of_its_numbers(engine, kind):
    numpy = pytest.importorskip("numpy")
    X = (numpy.array(rows()) * 20).astype(kind)
    from_array = trained(X, numpy.array(CLASSES, "u1"), outputs=3, loss="cross_entropy", engine=engine)
    from_lists = trained(X.astype(float).tolist(), CLASSES, outputs=3, loss="cross_entropy", engine=engine)
    assert from_array[:2] == from_lists[:2]


@tape
def test_an_array_is_left_as_it_was():
    numpy = pytest.importorskip("numpy")
    X, y = numpy.array(rows(), "f4"), numpy.array(SIGNS)
    before = X.copy(), y.copy()
    trained(X, y, validation=0.2, dropout=0.2)
    assert (before[0] == X).all()
    assert (y == before[1]).all()


@pytest.mark.parametrize(("X", "y"), [([[0, 0], [0, 1]], [1e30] * 2), ([[1e39, 0], [0, 1]], [1.0, 0.0])])
def test_what_overflows_single_precision_is_called_so(X, y):
    with pytest.raises(ValueError, match="on sample 0 the numbers of the model overflow float32: scale"):
        fit(MLP(2, [1], seed=1), X, y, loss="mse", dtype="float32", progress=False)
