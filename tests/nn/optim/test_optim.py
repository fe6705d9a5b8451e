"""Optimisers: each rule against PyTorch, written once and right for a number and for a vector."""

import json
from math import inf, nan

import pytest

from autograd import Parameter, Value
from autograd.node import NO_GRADIENT
from nn import MLP, SGD, Adagrad, Adam, AdamW, RMSprop, optim

SETTINGS = [
    (SGD, {"lr": 0.05}),
    (SGD, {"lr": 0.05, "momentum": 0.9}),
    (SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
    (SGD, {"lr": 0.05, "momentum": 0.5, "nesterov": True, "weight_decay": 0.1}),
    (SGD, {"lr": 0.05, "weight_decay": 0.1}),
    (Adagrad, {"lr": 0.1}),
    (Adagrad, {"lr": 0.1, "weight_decay": 0.1}),
    (RMSprop, {"lr": 0.01}),
    (RMSprop, {"lr": 0.01, "alpha": 0.9, "momentum": 0.9, "weight_decay": 0.1}),
    (Adam, {"lr": 0.02}),
    (Adam, {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.1}),
    (AdamW, {"lr": 0.02}),
    (AdamW, {"lr": 0.02, "weight_decay": 0.3}),
]
START = [0.7, -1.3, 2.5]


def named(settings):
    kind, arguments = settings
    return f"{kind.__name__}-{'-'.join(arguments)}"


def cost(a, b, c):
    """A valley with a bend; works on Values and on tensors."""
    return (a * b - 1) * (a * b - 1) + 0.3 * c * c * a * a + 0.1 * (c - b) * (c - b)


@pytest.mark.parametrize("settings", SETTINGS, ids=named)
def test_a_hundred_steps_equal_pytorch(settings):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    kind, arguments = settings
    ours = [Parameter(x) for x in START]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    optimizer = kind(ours, **arguments)
    reference = getattr(torch.optim, kind.__name__)(theirs, **arguments)
    for _ in range(100):
        for group, loss in ((optimizer, cost(*ours)), (reference, cost(*theirs))):
            group.zero_grad()
            loss.backward()
            group.step()
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.data == pytest.approx(other.item(), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("settings", SETTINGS, ids=named)
def test_the_rule_moves_a_vector_as_it_moves_each_number(settings):
    np = pytest.importorskip("numpy", reason="NumPy is not installed")
    kind, arguments = settings
    optimizer = kind([Parameter(x) for x in START], **arguments)
    p = np.array(START)
    state = [np.zeros(3) for _ in optimizer.state]
    for step in range(1, 6):
        for parameter, gradient in zip(optimizer.parameters, p * step - 1, strict=True):
            parameter.grad = float(gradient)
        optimizer.step()
        p, *state = kind.rule(p, p * step - 1, optimizer.hyper_parameters(optimizer.param_groups[0]), *state)
    assert [parameter.data for parameter in optimizer.parameters] == pytest.approx(list(p), rel=1e-14)
    for own, vector in zip(optimizer.state.values(), state, strict=True):
        assert list(own) == pytest.approx(list(vector), rel=1e-14)


@pytest.mark.parametrize("kind", optim.OPTIMIZERS.values(), ids=optim.OPTIMIZERS)
def test_every_optimiser_goes_down_a_valley(kind):
    w = Parameter(1.0)
    optimizer = kind([w], lr=0.05)
    for _ in range(50):
        optimizer.zero_grad()
        (w * w).backward()
        optimizer.step()
    assert abs(w.data) < 0.7


def test_sgd_moves_against_the_slope():
    w = Parameter(3.0)
    (w * w).backward()
    SGD([w], lr=0.1).step()
    assert w.data == 3.0 - 0.1 * 6.0


def test_the_rate_may_be_changed_between_steps():
    w = Parameter(1.0)
    optimizer = SGD([w], lr=0.5)
    w.grad = 1.0
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert w.data == 0.25


def test_a_parameter_without_a_gradient_stays_with_its_state():
    moved, still = Parameter(1.0), Parameter(1.0)
    optimizer = SGD([moved, still], lr=0.5, momentum=0.9, weight_decay=0.1)
    (moved * 2).backward()
    optimizer.step()
    assert still.data == 1.0
    assert optimizer.state["velocity"][1] == 0.0
    assert moved.data != 1.0


def test_a_gradient_that_is_zero_is_a_gradient():
    w = Parameter(1.0)
    w.grad = 0.0
    SGD([w], lr=0.5, weight_decay=0.5).step()
    assert w.data == 0.75


def test_a_rule_that_returns_too_little_moves_nothing():
    class Forgetful(SGD):
        @staticmethod
        def rule(p, g, h, *state):
            return (p - g,)

    w = Parameter(1.0)
    w.grad = 1.0
    with pytest.raises(ValueError, match="the rule of Forgetful returns p and 1 number of state"):
        Forgetful([w], lr=0.1).step()
    assert w.data == 1.0


def test_zero_grad_forgets_gradients():
    w = Parameter(1.0)
    (w * 2).backward()
    SGD([w], lr=0.1).zero_grad()
    assert w.grad is NO_GRADIENT


def test_state_is_flat_arrays_in_the_order_of_the_parameters():
    a, b = Parameter(1.0), Parameter(2.0)
    optimizer = Adam([a, b])
    (a * 3 + b * 5).backward()
    optimizer.step()
    assert list(optimizer.state["mean"]) == pytest.approx([0.3, 0.5])
    assert optimizer.state["mean"].typecode == "d"


# ------------------------------------------------------------------------------- groups of parameters

SLOW_AND_FAST = {"lr": 0.01, "momentum": 0.5}, {"lr": 0.1, "momentum": 0.9}


def test_groups_with_settings_of_their_own_equal_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ours = [Parameter(x) for x in START]
    theirs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]

    def grouped(kind, parameters, **settings):
        first, *others = parameters
        return kind([{"params": others, "lr": 0.2}, {"params": [first], "weight_decay": 0.3}], **settings)

    for kind, settings in ((SGD, {"lr": 0.05, "momentum": 0.5}), (AdamW, {"lr": 0.02})):
        optimizer = grouped(kind, ours, **settings)
        reference = grouped(getattr(torch.optim, kind.__name__), theirs, **settings)
        for _ in range(30):
            for one, loss in ((optimizer, cost(*ours)), (reference, cost(*theirs))):
                one.zero_grad()
                loss.backward()
                one.step()
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.data == pytest.approx(other.item(), rel=1e-12, abs=1e-12)


def test_a_group_takes_what_it_does_not_state_from_the_optimiser():
    a, b = Parameter(1.0), Parameter(2.0)
    optimizer = SGD([{"params": [a], "lr": 0.5}, {"params": [b]}], lr=0.1, momentum=0.9)
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.1]
    assert [group["momentum"] for group in optimizer.param_groups] == [0.9, 0.9]
    assert optimizer.parameters == [a, b]


def test_setting_the_rate_sets_that_of_every_group():
    optimizer = SGD([{"params": [Parameter(1.0)], "lr": 0.5}, {"params": [Parameter(2.0)]}], lr=0.1)
    with pytest.raises(ValueError, match="rates of their own"):
        _ = optimizer.lr
    optimizer.lr = 0.3
    assert optimizer.lr == 0.3
    with pytest.raises(ValueError, match="lr is a finite number above 0"):
        optimizer.lr = -1
    assert optimizer.lr == 0.3


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ([{"params": [Parameter(1.0)], "lrr": 0.1}], ValueError, "did you mean 'lr'"),
        ([{"params": []}], ValueError, "no parameters"),
        ([{"lr": 0.1}], TypeError, "a group is a dict"),
        ([{"params": [Parameter(1.0)]}, Parameter(1.0)], TypeError, "a group is a dict"),
        ([{"params": [Parameter(1.0)], "lr": 0}], ValueError, "lr is a finite number above 0"),
        ([{"params": [Parameter(1.0)], "nesterov": True}], ValueError, "momentum above 0"),
        ({"params": [Parameter(1.0)]}, TypeError, "takes a list of Parameters"),
    ],
)
def test_a_group_that_is_none_is_refused(groups, error, message):
    with pytest.raises(error, match=message):
        SGD(groups, lr=0.1)


# --------------------------------------------------------------------------------- saved and restored


def stepped(kind, arguments, steps):
    parameters = [Parameter(x) for x in START]
    optimizer = kind(parameters, **arguments)
    go(optimizer, steps)
    return optimizer


def go(optimizer, steps):
    for _ in range(steps):
        optimizer.zero_grad()
        cost(*optimizer.parameters).backward()
        optimizer.step()


@pytest.mark.parametrize("settings", SETTINGS, ids=named)
def test_a_restored_optimiser_goes_on_bit_for_bit(settings):
    kind, arguments = settings
    through = stepped(kind, arguments, 12)
    half = stepped(kind, arguments, 5)
    other = kind([Parameter(p.data) for p in half.parameters], lr=0.5)
    kept = half.state_dict()
    kept["state"] = {name: list(numbers) for name, numbers in kept["state"].items()}
    other.load_state_dict(json.loads(json.dumps(kept)))
    go(other, 7)
    assert [p.data for p in other.parameters] == [p.data for p in through.parameters]
    assert other.state_dict() == through.state_dict()


def test_a_state_is_a_copy():
    optimizer = stepped(SGD, {"lr": 0.05, "momentum": 0.9}, 2)
    kept = optimizer.state_dict()
    before = list(kept["state"]["velocity"])
    go(optimizer, 1)
    optimizer.lr = 0.5
    assert list(kept["state"]["velocity"]) == before
    assert (kept["steps"], kept["param_groups"][0]["lr"]) == (2, 0.05)


BAD_STATES = [
    (lambda s: None, TypeError, "mapping"),
    (lambda s: {**s, "optimizer": "SGD"}, ValueError, "the state is of 'SGD', this optimiser is Adam"),
    (lambda s: {k: x for k, x in s.items() if k != "steps"}, ValueError, "lacks 'steps'"),
    (lambda s: {**s, "extra": 1}, ValueError, "unknown 'extra'"),
    (lambda s: {**s, "steps": -1}, ValueError, "steps is at least 0; got -1"),
    (lambda s: {**s, "steps": 1.5}, TypeError, "steps is a whole number; got 1.5"),
    (lambda s: {**s, "param_groups": []}, ValueError, "1 groups"),
    (lambda s: {**s, "param_groups": None}, ValueError, "1 groups"),
    (lambda s: group_with(s, params=2), ValueError, "2 parameters; this optimiser's has 3"),
    (lambda s: group_with(s, lr=nan), ValueError, "lr is a finite number"),
    (lambda s: group_with(s, lr="0.1"), TypeError, "lr is a number"),
    (lambda s: group_with(s, betas=[0.9]), TypeError, "pair"),
    (lambda s: group_with(s, momentum=0.9), ValueError, "unknown 'momentum'"),
    (lambda s: {**s, "state": {"mean": [0.0] * 3}}, ValueError, "lacks 'mean_of_squares'"),
    (lambda s: numbers_with(s, mean=[0.0] * 2), ValueError, "mean holds 2 numbers.*3 are wanted"),
    (lambda s: numbers_with(s, mean=[0.0, inf, 0.0]), ValueError, "number 1 is inf"),
    (lambda s: numbers_with(s, mean=[0.0, "x", 0.0]), TypeError, "one number for each parameter"),
    (lambda s: numbers_with(s, mean=None), TypeError, "one number for each parameter"),
    (lambda s: numbers_with(s, mean_of_squares=[0.0, -1.0, 0.0]), ValueError, "squares.* is -1.0"),
]


def group_with(state, **settings):
    return {**state, "param_groups": [{**state["param_groups"][0], **settings}]}


def numbers_with(state, **columns):
    return {**state, "state": {**state["state"], **columns}}


@pytest.mark.parametrize(("spoil", "error", "message"), BAD_STATES, ids=[m for *_, m in BAD_STATES])
def test_a_refused_state_changes_nothing(spoil, error, message):
    optimizer = stepped(Adam, {"lr": 0.02}, 3)
    before = optimizer.state_dict()
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(spoil(stepped(Adam, {"lr": 0.04}, 5).state_dict()))
    assert optimizer.state_dict() == before


def test_a_rate_that_a_schedule_brought_to_0_is_restored():
    optimizer = stepped(Adam, {"lr": 0.02}, 1)
    optimizer.load_state_dict(group_with(optimizer.state_dict(), lr=0.0))
    assert optimizer.lr == 0.0


# ------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("thing", [MLP(1, [1]), MLP(1, [1]).parameters, 3, "w", Parameter(1.0)])
def test_a_list_of_parameters_is_wanted(thing):
    with pytest.raises(TypeError, match=r"SGD takes a list of Parameters, such as model\.parameters\(\)"):
        SGD(thing, lr=0.1)


def test_nothing_to_train_is_refused():
    with pytest.raises(ValueError, match="no parameters"):
        SGD([], lr=0.1)


@pytest.mark.parametrize("thing", [Value(1.0), 1.0, "w"])
def test_only_parameters_are_trained(thing):
    with pytest.raises(TypeError, match="Parameters"):
        SGD([thing], lr=0.1)


def test_a_parameter_given_twice_is_refused():
    w = Parameter(1.0)
    with pytest.raises(ValueError, match="twice"):
        SGD([w, w], lr=0.1)


@pytest.mark.parametrize("lr", [0.0, -1.0, inf, nan])
def test_a_rate_out_of_range_is_refused(lr):
    with pytest.raises(ValueError, match="lr is a finite number above 0"):
        SGD([Parameter(1.0)], lr=lr)


def test_a_rate_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match="lr is a number"):
        SGD([Parameter(1.0)], lr="0.1")


@pytest.mark.parametrize(
    ("kind", "arguments", "name"),
    [
        (SGD, {"lr": 0.1, "momentum": -0.1}, "momentum"),
        (SGD, {"lr": 0.1, "momentum": 2}, "momentum is a finite number from 0 up and below 1; got 2"),
        (RMSprop, {"momentum": 1.0}, "momentum"),
        (SGD, {"lr": 0.1, "weight_decay": -0.1}, "weight_decay"),
        (SGD, {"lr": 0.1, "nesterov": True}, "nesterov"),
        (Adagrad, {"eps": 0.0}, "eps"),
        (RMSprop, {"alpha": 1.0}, "alpha"),
        (RMSprop, {"alpha": -0.5}, "alpha"),
        (Adam, {"betas": (1.0, 0.9)}, "betas"),
        (AdamW, {"weight_decay": nan}, "weight_decay"),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(kind, arguments, name):
    with pytest.raises(ValueError, match=name):
        kind([Parameter(1.0)], **arguments)


def test_betas_come_as_a_pair():
    with pytest.raises(TypeError, match="pair"):
        Adam([Parameter(1.0)], betas=0.9)


def test_an_unknown_name_is_answered_with_the_closest():
    with pytest.raises(ValueError, match="did you mean 'rmsprop'"):
        optim.by_name("rmsprob")


def test_repr_tells_the_settings():
    assert repr(SGD([Parameter(1.0)], lr=0.1)) == (
        "SGD(1 parameter, lr=0.1, momentum=0.0, nesterov=False, weight_decay=0.0)"
    )
