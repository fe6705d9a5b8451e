"""Optimisers: each rule against PyTorch, written once and right for a number and for a vector."""

from math import inf, nan

import pytest

from autograd import Parameter, Value
from autograd.value import NO_GRADIENT
from nn import SGD, Adagrad, Adam, AdamW, RMSprop, optim

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
        p, *state = kind.rule(p, p * step - 1, optimizer.hyper_parameters(), *state)
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
