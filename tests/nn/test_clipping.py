"""Clipping: PyTorch's numbers, and never a longer gradient than before."""

from math import hypot, inf, isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Parameter
from autograd.node import NO_GRADIENT
from nn import MLP, clip_grad_norm_, clip_grad_value_
from nn.clipping import norm

numbers = st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=8)
limits = st.floats(0, 1e6)


def with_gradients(gradients):
    parameters = [Parameter(1.0) for _ in gradients]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g
    return parameters


def gradients(parameters):
    return [p.grad for p in parameters]


@given(numbers, limits)
def test_clipping_by_norm_never_lengthens(before, limit):
    parameters = with_gradients(before)
    length = clip_grad_norm_(parameters, limit)
    after = hypot(*gradients(parameters))
    assert length == pytest.approx(hypot(*before), rel=1e-12)
    assert after <= length
    assert after <= limit * (1 + 1e-12)


@given(numbers, limits)
def test_clipping_by_value_never_enlarges(before, limit):
    parameters = with_gradients(before)
    clip_grad_value_(parameters, limit)
    assert all(
        abs(after) <= min(abs(g), limit) for after, g in zip(gradients(parameters), before, strict=True)
    )


@given(numbers)
def test_clipping_by_norm_keeps_the_direction(before):
    parameters = with_gradients(before)
    length = clip_grad_norm_(parameters, 1.0)
    factor = min(1.0, 1.0 / (length + 1e-6))
    assert gradients(parameters) == pytest.approx([g * factor for g in before], rel=1e-12)


@pytest.mark.parametrize("before", [[3.0, 4.0], [0.3, 0.4], [1e-9, 0.0], [0.0, 0.0], [-7.0, 1e5]])
@pytest.mark.parametrize("limit", [0.5, 1.0, 10.0])
def test_it_equals_pytorch(before, limit):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    for ours, theirs in (
        (clip_grad_norm_, torch.nn.utils.clip_grad_norm_),
        (clip_grad_value_, torch.nn.utils.clip_grad_value_),
    ):
        parameters = with_gradients(before)
        tensor = torch.zeros(len(before), dtype=torch.float64, requires_grad=True)
        tensor.grad = torch.tensor(before, dtype=torch.float64)
        given, wanted = ours(parameters, limit), theirs([tensor], limit)
        assert gradients(parameters) == pytest.approx(tensor.grad.tolist(), rel=1e-12, abs=1e-300)
        assert (given is None) == (wanted is None)
        assert given is None or given == pytest.approx(wanted.item(), rel=1e-12)


def test_it_equals_the_stored_numbers():
    parameters = with_gradients([3.0, 4.0])
    assert clip_grad_norm_(parameters, 1.0) == 5.0
    assert gradients(parameters) == pytest.approx([0.59999988, 0.79999984], rel=1e-8)  # 1/(5 + 10⁻⁶)


@pytest.mark.parametrize(("before", "length"), [([inf, 1.0], inf), ([nan, 1.0], nan), ([nan, inf], nan)])
def test_what_is_not_finite_is_refused_if_asked_for(before, length):
    parameters = with_gradients(before)
    with pytest.raises(RuntimeError, match=f"norm of the gradients is {length}"):
        clip_grad_norm_(parameters, 1.0, error_if_nonfinite=True)
    assert str(gradients(parameters)) == str(before)


def test_an_infinite_norm_turns_what_is_finite_to_0_as_in_pytorch():
    parameters = with_gradients([inf, 1.0])
    assert clip_grad_norm_(parameters, 1.0) == inf
    assert isnan(parameters[0].grad)
    assert parameters[1].grad == 0.0
    parameters = with_gradients([nan, 1.0])
    assert isnan(clip_grad_norm_(parameters, 1.0))
    assert all(isnan(g) for g in gradients(parameters))


def test_by_value_nan_stays_nan_and_infinity_is_cut():
    parameters = with_gradients([nan, inf, -inf])
    clip_grad_value_(parameters, 2.0)
    assert isnan(parameters[0].grad)
    assert gradients(parameters)[1:] == [2.0, -2.0]


def test_a_parameter_without_a_gradient_is_left_out():
    a, b = with_gradients([3.0, 4.0])
    b.grad = NO_GRADIENT
    assert clip_grad_norm_([a, b], 1.0) == 3.0
    assert b.grad is NO_GRADIENT
    assert clip_grad_norm_([b], 1.0) == 0.0


def test_one_parameter_will_do():
    (p,) = with_gradients([3.0])
    assert clip_grad_norm_(p, 1.0) == 3.0


@pytest.mark.parametrize("clip", [clip_grad_norm_, clip_grad_value_])
@pytest.mark.parametrize(
    ("parameters", "limit", "error", "message"),
    [
        (MLP(1, [1]), 1.0, TypeError, r"such as model\.parameters\(\)"),
        ([1.0], 1.0, TypeError, "takes Parameters; got 1.0"),
        ([Parameter(1.0)], -1.0, ValueError, "from 0 up"),
        ([Parameter(1.0)], nan, ValueError, "finite number"),
        ([Parameter(1.0)], "1", TypeError, "is a number"),
    ],
)
def test_bad_input_is_named(clip, parameters, limit, error, message):
    with pytest.raises(error, match=message):
        clip(parameters, limit)


@given(st.lists(st.one_of(st.floats(-1e300, 1e300), st.sampled_from([inf, nan, 1e-320])), max_size=8))
def test_the_norm_of_an_array_is_that_of_the_list(xs):
    numpy = pytest.importorskip("numpy", reason="NumPy is not installed")
    assert norm(numpy.array(xs)) == pytest.approx(norm(xs), rel=1e-12, abs=1e-300, nan_ok=True)
