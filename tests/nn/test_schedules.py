"""Schedules: PyTorch's rates, in a loop of one's own and in fit."""

import json
from math import nan

import pytest

from autograd import Parameter
from nn import MLP, SGD, fit, schedules
from nn.schedules import (
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    ReduceLROnPlateau,
    Schedule,
    SequentialLR,
    StepLR,
)

LOSSES = [5, 4, 3, 3, 3, 3, 2.9999, 2.5, nan, 2.6, 2.6, 2.6, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4, 1, 1, 1, 1, 1]


def warm_cosine(optimizer, kinds):
    parts = [kinds.LinearLR(optimizer, 0.25, total_iters=4), kinds.CosineAnnealingLR(optimizer, 10, 0.01)]
    return kinds.SequentialLR(optimizer, parts, [4])


MAKE = {
    "step": lambda o, kinds: kinds.StepLR(o, 3, gamma=0.5),
    "exponential": lambda o, kinds: kinds.ExponentialLR(o, 0.9),
    "cosine": lambda o, kinds: kinds.CosineAnnealingLR(o, 8, eta_min=0.01),
    "warm-up": lambda o, kinds: kinds.LinearLR(o, total_iters=6),
    "warm-up, then cosine": warm_cosine,
    "plateau": lambda o, kinds: kinds.ReduceLROnPlateau(o, factor=0.5, patience=2, min_lr=0.03),
}
STORED = {  # of a rate of 0.4 after 0 … 8 steps, by PyTorch 2.13
    "step": [0.4, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1],
    "exponential": [0.4, 0.36, 0.324, 0.2916, 0.26244, 0.236196, 0.2125764, 0.19131876, 0.172186884],
    "cosine": [
        0.4, 0.38515650883970093, 0.34288582233137677, 0.2796232693111925, 0.205,
        0.13037673068880748, 0.06711417766862324, 0.024843491160299085, 0.01,
    ],
    "warm-up": [
        0.13333333333333333, 0.17777777777777778, 0.2222222222222222, 0.26666666666666666,
        0.3111111111111111, 0.35555555555555557, 0.4, 0.4, 0.4,
    ],
    "warm-up, then cosine": [
        0.1, 0.175, 0.25, 0.325, 0.4,
        0.39045602067755497, 0.36275831390311475, 0.3196181241970323, 0.2652583139031148,
    ],
    "plateau": [0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.2],
}  # fmt: skip


def optimizer(lr=0.4):
    return SGD([{"params": [Parameter(1.0)]}, {"params": [Parameter(2.0)], "lr": lr / 4}], lr=lr)


def rates(schedule, steps):
    """The rates of all groups after 0, 1, 2 … steps."""
    found = []
    for k in range(steps + 1):
        found.append([group["lr"] for group in schedule.optimizer.param_groups])
        by_loss = type(schedule).__name__ == "ReduceLROnPlateau"
        schedule.step(*([LOSSES[k % len(LOSSES)]] if by_loss else []))
    return found


@pytest.mark.parametrize("name", MAKE)
def test_rates_equal_the_stored_ones(name):
    found = rates(MAKE[name](optimizer(), schedules), 8)
    assert [first for first, _ in found] == pytest.approx(STORED[name], rel=1e-12)
    if name not in ("plateau", "cosine", "warm-up, then cosine"):  # those have a lowest rate for all groups
        assert [second for _, second in found] == pytest.approx([x / 4 for x in STORED[name]], rel=1e-12)


@pytest.mark.filterwarnings("ignore")  # PyTorch would have the optimiser step first
@pytest.mark.parametrize("name", MAKE)
def test_rates_equal_pytorch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    tensors = [torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    groups = [{"params": tensors[:1]}, {"params": tensors[1:], "lr": 0.1}]
    theirs = MAKE[name](torch.optim.SGD(groups, lr=0.4), torch.optim.lr_scheduler)
    ours = MAKE[name](optimizer(), schedules)
    for mine, other in zip(rates(ours, 20), rates(theirs, 20), strict=True):
        assert mine == pytest.approx(other, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", MAKE)
def test_a_restored_schedule_goes_on_as_if_never_stopped(name):
    through = MAKE[name](optimizer(), schedules)
    wanted = rates(through, 12)
    half = MAKE[name](optimizer(), schedules)
    rates(half, 4)  # five steps
    kept = json.loads(json.dumps([half.state_dict(), half.optimizer.state_dict()["param_groups"]]))
    other = MAKE[name](optimizer(), schedules)
    other.load_state_dict(kept[0])
    for group, settings in zip(other.optimizer.param_groups, kept[1], strict=True):
        group["lr"] = settings["lr"]
    for loss, now in zip(LOSSES[5:13], wanted[5:], strict=True):
        assert [group["lr"] for group in other.optimizer.param_groups] == now
        other.step(loss)
    assert other.state_dict() == through.state_dict()


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda s: None, TypeError, "mapping"),
        (
            lambda s: {**s, "schedule": "StepLR"},
            ValueError,
            "of 'StepLR', this schedule is Reduce",
        ),
        (lambda s: {**s, "t": -1}, ValueError, "t is at least 0; got -1"),
        (lambda s: {**s, "initial": [0.1]}, ValueError, "one for each group; 2 are wanted"),
        (lambda s: {**s, "initial": [0.1, nan]}, ValueError, "finite"),
        (lambda s: {**s, "best": "low"}, TypeError, "best is a loss"),
        (lambda s: {**s, "bad_epochs": 0.5}, TypeError, "bad_epochs is a whole number"),
        (lambda s: {k: x for k, x in s.items() if k != "best"}, ValueError, "lacks 'best'"),
    ],
)
def test_a_refused_state_changes_nothing(spoil, error, message):
    schedule = ReduceLROnPlateau(optimizer())
    schedule.step(1.0)
    before = schedule.state_dict()
    with pytest.raises(error, match=message):
        schedule.load_state_dict(spoil(ReduceLROnPlateau(optimizer()).state_dict()))
    assert schedule.state_dict() == before


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: StepLR(0.1, 3), TypeError, "rates of an optimiser"),
        (lambda o: StepLR(o, 0), ValueError, "step_size is at least 1"),
        (lambda o: StepLR(o, 1.5), TypeError, "step_size is a whole number"),
        (lambda o: ExponentialLR(o, 0), ValueError, "gamma is a finite number above 0"),
        (lambda o: ExponentialLR(o, "a"), TypeError, "gamma is a number"),
        (lambda o: CosineAnnealingLR(o, 5, -1), ValueError, "eta_min is a finite number from 0 up"),
        (lambda o: LinearLR(o, 2.0), ValueError, "start_factor .* at most 1"),
        (lambda o: ReduceLROnPlateau(o, factor=1.0), ValueError, "factor .* below 1"),
        (lambda o: ReduceLROnPlateau(o, patience=-1), ValueError, "patience is at least 0"),
        (lambda o: ReduceLROnPlateau(o).step(), TypeError, "goes by the epoch's loss"),
        (lambda o: SequentialLR(o, [ReduceLROnPlateau(o)], []), TypeError, "with a formula"),
        (lambda o: SequentialLR(o, [StepLR(optimizer(), 1)], []), ValueError, "another optimiser"),
        (lambda o: SequentialLR(o, [StepLR(o, 1)], [3]), ValueError, "0 rising numbers"),
        (lambda o: SequentialLR(o, [StepLR(o, 1)] * 3, [3, 2]), ValueError, "2 rising numbers"),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make(optimizer())


def test_a_schedule_of_ones_own_is_its_formula():
    class Halving(Schedule):
        def rate(self, initial, t):
            return initial / 2**t

    assert [first for first, _ in rates(Halving(optimizer()), 2)] == [0.4, 0.2, 0.1]


def test_repr_tells_the_settings():
    assert repr(StepLR(optimizer(), 3)) == "StepLR(step_size=3, gamma=0.1, t=0)"


# ---------------------------------------------------------------------------------------------- in fit

X, Y = [[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9], [-1.2, -0.4], [0.1, 1.1]], [1, -1, -1, 1, -1]


def test_fit_steps_after_each_epoch_and_records_the_rate():
    model = MLP(2, [3, 1], "tanh", seed=0)
    own = SGD(model.parameters(), lr=0.4)
    settings = {"loss": "hinge", "epochs": 5, "progress": False, "engine": "eager"}
    history = fit(model, X, Y, callbacks=[StepLR(own, 2, 0.5)], **settings)
    assert history["lr"] == [0.4, 0.4, 0.2, 0.2, 0.1]
    by_hand = MLP(2, [3, 1], "tanh", seed=0)
    own = SGD(by_hand.parameters(), lr=0.4)
    schedule = StepLR(own, 2, 0.5)
    for _ in range(5):
        fit(by_hand, X, Y, optimizer=own, **{**settings, "epochs": 1})
        schedule.step()
    assert model.state_dict() == by_hand.state_dict()


def test_fit_tells_a_plateau_the_validation_loss():
    model = MLP(2, [3, 1], "tanh", seed=0)
    own = SGD(model.parameters(), lr=1e-12)  # nothing moves: every epoch after the first is a bad one
    schedule = ReduceLROnPlateau(own, patience=1, factor=0.5)
    own.lr = 1e-4
    own.param_groups[0]["weight_decay"] = 0.0
    history = fit(
        model, X, Y, loss=lambda p, t: p * 0.0 + 1.0, callbacks=[schedule], epochs=6, progress=False,
        validation=([[0.0, 0.0]], [1]),
    )  # fmt: skip
    assert history["lr"] == [1e-4, 1e-4, 1e-4, 5e-5, 5e-5, 2.5e-5]


def test_a_schedule_brings_its_optimizer_along_and_no_other():
    model = MLP(2, [3, 1], "tanh", seed=0)
    schedule = ExponentialLR(SGD(model.parameters(), lr=0.1), 0.5)
    with pytest.raises(ValueError, match="rates of another optimizer"):
        fit(model, X, Y, loss="hinge", optimizer=SGD(model.parameters(), lr=0.1), callbacks=[schedule])
    with pytest.raises(TypeError, match=r"no argument 'schedule': a schedule is a callback"):
        fit(model, X, Y, loss="hinge", schedule=0.1)
