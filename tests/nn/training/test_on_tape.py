"""Training on the tape: the same histories as the eager engine, and a fall back with a reason."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import pytest

from autograd import Constant, Value, gradients, where
from autograd.value import as_value
from nn import (
    MLP,
    SGD,
    Adam,
    Callback,
    Clip,
    EarlyStopping,
    Embedding,
    GRUCell,
    History,
    Layer,
    Module,
    Parameter,
    Recurrent,
    fit,
    losses,
)
from nn.health.causes import cause_among
from nn.losses import Penalised
from nn.optim import Optimizer
from nn.schedules import CosineAnnealingLR
from tests.nn.engines import TAPE

PRECISION = 1e-9


def rows(n: int, width: int, seed: int = 0) -> list[list[float]]:
    rng = random.Random(seed)
    return [[rng.gauss(0, 1) for _ in range(width)] for _ in range(n)]


def two_classes(row: list[float]) -> float:
    return 1 if row[0] + row[1] > 0 else -1


def three_classes(row: list[float]) -> float:
    return int(row[0] > 0) + int(row[1] > 0)


def trained(
    engine: str, optimizer: Callable[[list[Parameter]], Optimizer], *, outputs: int = 1, fused: bool = True,
    target: Callable[[list[float]], float] = two_classes, **options: Any,
) -> tuple[MLP, History]:  # fmt: skip
    X = rows(40, 3)
    y = [target(row) for row in X]
    model = MLP(3, [5, 4, outputs], activation="tanh", fused=fused, seed=1)
    own = optimizer(model.parameters())
    callbacks = options.pop("callbacks", lambda own: [])(own)
    history = fit(
        model, X, y, optimizer=own, epochs=8, progress=False, engine=engine, callbacks=callbacks, **options
    )
    return model, history


OPTIMIZERS = {
    "sgd": lambda p: SGD(p, lr=0.1),
    "nesterov": lambda p: SGD(p, lr=0.02, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda p: Adam(p, lr=0.01),
    "groups": lambda p: Adam([{"params": p[5:]}, {"params": p[:5], "lr": 0.1, "weight_decay": 0.1}], lr=0.01),
}
CASES: dict[str, dict[str, Any]] = {
    "full batch": {"loss": "hinge"},
    "mini-batches with penalties": {"loss": Penalised("hinge", l1=1e-3, l2=1e-3), "batch_size": 7},
    "stochastic": {"loss": "mse", "batch_size": 1},
    "unfused": {"loss": "hinge", "fused": False, "batch_size": 16},
    "validation and patience": {
        "loss": "half_mse",
        "validation": 0.25,
        "callbacks": lambda own: [EarlyStopping(3)],
    },
    "classes": {"loss": "cross_entropy", "outputs": 3, "batch_size": 8, "target": three_classes},
    "clipped by norm": {
        "loss": Penalised("hinge", l2=1e-2),
        "batch_size": 16,
        "callbacks": lambda own: [Clip(norm=0.2)],
    },
    "clipped by value": {"loss": "mse", "batch_size": 9, "callbacks": lambda own: [Clip(value=0.01)]},
    "scheduled": {
        "loss": "mse",
        "batch_size": 16,
        "callbacks": lambda own: [CosineAnnealingLR(own, 6, 1e-3)],
    },
    "scheduled by batch": {
        "loss": "mse",
        "batch_size": 16,
        "callbacks": lambda own: [CosineAnnealingLR(own, 20, 1e-3, every="batch")],
    },
    "probabilities": {"loss": "binary_cross_entropy", "target": lambda row: int(row[2] > 0)},
}


@TAPE
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_both_engines_give_the_same_history_and_weights(make: Any, case: dict[str, Any]) -> None:
    (a, one), (b, other) = trained("eager", make, **case), trained("tape", make, **case)
    assert (one.engine, other.engine) == ("eager", "tape")
    for column in ("loss", "accuracy", "val_loss", "val_accuracy"):
        for x, y in zip(one[column], other[column], strict=True):
            assert x == y or abs(x - y) <= PRECISION * max(1, abs(x)), column
    assert a.state_dict() == pytest.approx(b.state_dict(), rel=1e-7, abs=1e-9)


@TAPE
def test_the_optimiser_goes_on_where_the_tape_left_off() -> None:
    models = []
    for engines in (("eager", "eager"), ("tape", "eager"), ("tape", "tape")):
        model = MLP(2, [3, 1], activation="tanh", seed=0)
        optimizer = Adam(model.parameters(), lr=0.05)
        for engine in engines:
            X, y = rows(10, 2), [1, -1] * 5
            fit(model, X, y, loss="mse", optimizer=optimizer, epochs=5, progress=False, engine=engine)
        models.append(model.state_dict())
    assert models[0] == pytest.approx(models[1], rel=1e-9)
    assert models[0] == pytest.approx(models[2], rel=1e-9)


@TAPE
def test_an_optimiser_of_some_of_the_parameters_moves_only_those() -> None:
    model = MLP(2, [3, 1], activation="tanh", seed=0)
    before = model.state_dict()
    last = model.layers[1].parameters()
    X, y = rows(10, 2), [1, -1] * 5
    with pytest.warns(UserWarning, match=r"layers\.0 \(Layer, 9 parameters\) is not held by the optimizer"):
        fit(model, X, y, loss="mse", optimizer=SGD(last, lr=0.1), epochs=2, progress=False, engine="tape")
    moved = {name for name, x in model.state_dict().items() if x != before[name]}
    assert moved == {name for name, p in model.named_parameters() if p in set(last)}


class Branching(Module):
    """A model that looks at its data in Python."""

    def __init__(self) -> None:
        self.w = Parameter(1.0, "w")

    def __call__(self, x: Any) -> Value:
        v = x[0] * self.w
        return v if v > 0 else -v


class Cut(Branching):
    """A model that leaves the graph, and so gives the recorded sample's number for all."""

    def __call__(self, x: Any) -> Value:
        number = x[0].data if isinstance(x[0], Value) else x[0]
        return self.w * number


@TAPE
@pytest.mark.parametrize(
    ("model", "reason"), [(Branching, "branches on"), (Cut, "reading .data cuts the graph")]
)
def test_what_the_tape_cannot_hold_falls_back_with_a_reason(model: type[Branching], reason: str) -> None:
    X, y = [[1.0], [-2.0], [3.0]], [1.0, 2.0, 3.0]
    with pytest.warns(
        UserWarning, match="the tape cannot record this; training on the eager engine"
    ) as caught:
        history = fit(model(), X, y, loss="mse", epochs=1, progress=False)
    assert [warning.filename for warning in caught] == [__file__]
    assert history.engine == "eager"
    assert reason in history.engine_note
    first = model.__call__.__wrapped__.__code__.co_firstlineno
    assert re.match(rf"{__file__}, line ({first + 1}|{first + 2}): ", history.engine_note)
    assert str(caught[0].message).endswith(history.engine_note)
    assert f"on the eager engine ({history.engine_note})" in repr(history)
    assert "\n" not in history.engine_note
    with pytest.raises((TypeError, ValueError), match=reason):
        fit(model(), X, y, loss="mse", epochs=1, progress=False, engine="tape")


@TAPE
def test_a_loss_that_looks_at_its_target_falls_back() -> None:
    X, y = [[i / 100, 1 - i / 100] for i in range(100)], [0.0] * 100
    y[30:40] = [1.0] * 10

    def loss(p: Value, t: Any) -> Value:
        return (-p).softplus() if t == 1 else p.softplus()

    with pytest.warns(UserWarning, match=r"line \d+: Python branches on y1 = 1"):
        history = fit(MLP(2, [1], seed=0), X, y, loss=loss, epochs=1, progress=False)
    assert history.engine == "eager"


class Indexing(Branching):
    """A model that fails with an error of its own where it is given Values."""

    def __call__(self, x: Any) -> Value:
        return self.w * [0.5, 1.0, 2.0][int(x[0]) if not isinstance(x[0], Value) else "a Value"]


@TAPE
def test_the_line_of_the_users_code_is_named() -> None:
    line = Indexing.__call__.__wrapped__.__code__.co_firstlineno + 1  # type: ignore[attr-defined]
    with pytest.warns(UserWarning, match=rf"test_on_tape\.py, line {line}: list indices must be integers"):
        fit(Indexing(), [[1.0], [2.0]], [0.0, 1.0], loss="mse", epochs=1, progress=False)


class Wrapping(Module):
    """A model that makes Values of the numbers of its sample, as one does where they are numbers."""

    def __init__(self, kind: type[Value]) -> None:
        self.layer, self.kind = Layer(2, 1, "tanh", seed=0), kind

    def forward(self, row: Any) -> Value:
        x = [self.kind(number) for number in row]
        (slope,) = gradients(self.layer(x), [x[0]], create_graph=True) if self.kind is Value else (0.0,)
        return self.layer(x) + slope


@TAPE
@pytest.mark.parametrize("kind", [Value, Constant])
def test_a_model_that_wraps_its_inputs_is_trained_on_the_tape(kind: type[Value]) -> None:
    X, y = [[0.1 * k, 1 - 0.3 * k] for k in range(12)], [0.2 * k for k in range(12)]
    found = []
    for engine in ("eager", "tape"):
        model = Wrapping(kind)
        fit(model, X, y, loss="mse", epochs=5, progress=False, engine=engine, batch_size=5)
        found.append(list(model.state_dict().values()))
    assert found[0] == pytest.approx(found[1], rel=1e-12)


@TAPE
def test_only_what_the_eager_engine_takes_is_wrapped_on_a_tape() -> None:
    from autograd.tape import Tape

    w = Parameter(2.0)
    for function in (lambda x: Value(x * w), lambda x: Value(w) * x, lambda x: Parameter(x) * w):
        with pytest.raises(TypeError, match="it is a Value already"):
            Tape.record(function, 1.5)


@TAPE
def test_an_optimiser_with_a_step_of_its_own_falls_back() -> None:
    class Clipped(SGD):
        def step(self) -> None:
            super().step()

    model = MLP(2, [1], seed=0)
    optimizer = Clipped(model.parameters(), lr=0.1)
    with pytest.warns(UserWarning, match="Clipped has a step of its own"):
        history = fit(
            model, rows(4, 2), [1, -1] * 2, loss="mse", optimizer=optimizer, epochs=1, progress=False
        )
    assert (history.engine, history.engine_note) == ("eager", "Clipped has a step of its own")


class Threshold(Module):
    """A model with a parameter that no gradient reaches."""

    def __init__(self) -> None:
        self.w, self.t = Parameter(1.0, "w"), Parameter(0.5, "t")

    def __call__(self, x: Any) -> Value:
        return where(as_value(x[0]) > self.t, x[0] * self.w, 2 * x[0] * self.w)


@TAPE
def test_a_parameter_that_no_gradient_reaches_stays_where_it_is() -> None:
    for engine in ("eager", "tape"):
        model = Threshold()
        optimizer = SGD(model.parameters(), lr=0.1, weight_decay=0.5)
        X, y = [[0.1], [0.9]], [1.0, 0.0]
        fit(model, X, y, loss="mse", optimizer=optimizer, epochs=3, progress=False, engine=engine)
        assert model.t.data == 0.5, engine
        assert model.w.data != 1.0, engine


@TAPE
def test_an_interrupt_keeps_what_was_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    from nn.training.on_tape import TapeEngine

    step, steps = TapeEngine.step, []

    def interrupted(self: Any, batch: Any, on_gradients: Any) -> Any:
        steps.append(self.weights())
        if len(steps) == 4:
            raise KeyboardInterrupt
        return step(self, batch)

    monkeypatch.setattr(TapeEngine, "step", interrupted)
    model = MLP(2, [3, 1], seed=0)
    optimizer = SGD(model.parameters(), lr=0.1)
    history = fit(
        model, rows(9, 2), [1, -1, 1] * 3, loss="mse", optimizer=optimizer, epochs=10, progress=False
    )
    assert history.interrupted
    assert len(history) == 3
    assert sorted(p.data for p in model.parameters()) == sorted(steps[-1].tolist())


def test_an_unknown_engine_is_refused_with_a_hint() -> None:
    with pytest.raises(ValueError, match="did you mean 'tape'"):
        fit(MLP(1, [1]), [[1.0]], [1.0], loss=losses.mse, engine="tap")


def test_without_its_packages_training_is_eager_and_the_tape_names_the_extra() -> None:
    script = """
import sys
for name in ("numpy", "llvmlite", "scipy", "tqdm"):
    sys.modules[name] = None
from nn import MLP, fit
from autograd import draw
history = fit(MLP(2, [2, 1], seed=0), [[0.0, 1.0], [1.0, 0.0]], [1, -1], loss="hinge", epochs=2)
print(history.engine, history.engine_note, "|", history)
try:
    from autograd.tape import Tape
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("eager the tape needs numpy")
    assert "on the eager engine (the tape needs numpy" in first.partition("|")[2]
    assert not done.stderr  # a warning would be there
    assert 'pip install "chainrule[train]"' in second


def changing(training: Any, epoch: Any) -> None:
    for p in training.model.parameters()[:2]:
        p.data = 1.5 * epoch.number


class Changing(Callback):
    """Sets a weight after each kind of moment, without asking for the others."""

    def on_train_begin(self, training: Any) -> None:
        training.model.parameters()[0].data = 0.75

    def on_gradients(self, training: Any) -> None:
        training.model.parameters()[1].data = -0.75

    def on_batch_end(self, training: Any, loss: float, count: int) -> None:
        training.model.parameters()[-1].data = 0.25


class Looking(Callback):
    """Lets the model compute with other weights for a moment."""

    def on_batch_end(self, training: Any, loss: float, count: int) -> None:
        assert cause_among(training, [0.5 for _ in training.weights()]) is None


@TAPE
@pytest.mark.parametrize("callback", [lambda: changing, Changing, Looking])
def test_weights_that_a_callback_sets_are_trained_on_by_both_engines(callback: Any) -> None:
    found = []
    for engine in ("eager", "tape"):
        model = MLP(2, [3, 1], seed=1)
        history = fit(
            model, rows(9, 2), [1.0, -1.0, 1.0] * 3, loss="hinge", epochs=4, batch_size=4,
            engine=engine, callbacks=[callback()], progress=False,
        )  # fmt: skip
        found.append([*history["loss"], *(p.data for p in model.parameters())])
    assert found[1] == pytest.approx(found[0], rel=1e-12)


@TAPE
def test_single_precision_leaves_the_weights_that_are_not_trained_as_they_were() -> None:
    model = MLP(2, [4, 1], seed=1)
    before = [p.data for p in model.layers[0].parameters()]
    optimizer = SGD(model.layers[-1].parameters(), lr=0.1)
    with pytest.warns(UserWarning, match="layers.0 .* is not held by the optimizer"):
        fit(
            model, [[0, 0], [0, 1]], [-1, 1], loss="hinge", optimizer=optimizer, epochs=2, dtype="float32",
            progress=False,
        )  # fmt: skip
    assert [p.data for p in model.layers[0].parameters()] == before


@TAPE
def test_what_the_tape_keeps_of_samples_does_not_grow_with_the_epochs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from nn.training import on_tape

    alive: WeakSet[Any] = WeakSet()

    class Counted(on_tape._Tables):
        def __init__(self, samples: Any, masks: int) -> None:
            super().__init__(samples, masks)
            alive.add(self)

    monkeypatch.setattr(on_tape, "_Tables", Counted)
    counts: list[int] = []
    sequences = [[[0.1 * i + 0.2 * t] for t in range(6)] for i in range(4)]
    fit(
        Recurrent(GRUCell(1, 2, seed=0), nout=1, truncate=2, seed=0), sequences, [0.0, 1.0] * 2, loss="mse",
        epochs=6, validation=(sequences[:2], [0.0, 1.0]), progress=False,
        callbacks=[lambda training, epoch: counts.append(len(alive))],
    )  # fmt: skip
    assert counts == counts[:1] * 6


class Looked(Module):
    def __init__(self) -> None:
        self.table = Embedding(5, 2, seed=0)
        self.layer = Layer(2, 1, "linear", seed=0)

    def __call__(self, x: Any) -> Any:
        return self.layer(self.table(x[0]))


@TAPE
@pytest.mark.parametrize("engine", ["auto", "tape"])
@pytest.mark.parametrize(
    ("place", "held_out", "named"),
    [(77, 2, "row 77 of X"), (199, 2, "row 199 of X"), (None, 7, "row 1 of the validation X")],
)
def test_an_id_that_no_table_has_is_named_before_anything_is_trained(
    engine: str, place: int | None, held_out: int, named: str
) -> None:
    model = Looked()
    before = model.state_dict()
    ids = [[7 if i == place else i % 5] for i in range(200)]
    with pytest.raises(IndexError, match=f"{named}: an index is a whole number from 0 to 4.*got 7"):
        fit(
            model, ids, [float(i % 2) for i in range(200)], loss="mse", epochs=2, engine=engine,
            validation=([[1], [held_out]], [0.0, 1.0]), progress=False,
        )  # fmt: skip
    assert model.state_dict() == before
