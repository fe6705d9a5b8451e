"""Losses: their formulas, their slopes, their digits, and the targets that they refuse."""

from math import exp, isfinite, log, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Parameter, Value, gradients, topological_order
from nn import losses

numbers = st.floats(-20, 20)
wide = st.floats(-1e6, 1e6)
rows = st.integers(1, 4).flatmap(lambda n: st.tuples(*[st.lists(numbers, min_size=n, max_size=n)] * 2))


def values(xs):
    return [Value(x) for x in xs]


# ------------------------------------------------------------------------------------ squared errors


@given(rows)
def test_half_mse_is_half_the_squares_and_slopes_by_the_error(row):
    o, t = row
    outputs = values(o)
    loss = losses.half_mse(outputs, t)
    assert loss.data == pytest.approx(0.5 * sum((a - b) ** 2 for a, b in zip(t, o, strict=True)))
    assert gradients(loss, outputs) == pytest.approx([b - a for a, b in zip(t, o, strict=True)])


@given(rows)
def test_mse_is_the_mean_of_the_squares(row):
    o, t = row
    loss = losses.mse(values(o), t)
    assert loss.data == pytest.approx(sum((a - b) ** 2 for a, b in zip(t, o, strict=True)) / len(o))


def test_a_single_output_takes_a_number():
    assert losses.half_mse(Value(3.0), 1).data == 2.0
    assert losses.mse([Value(3.0)], 1).data == 4.0
    assert losses.mse(Value(3.0), [1]).data == 4.0


@pytest.mark.parametrize("loss", [losses.mse, losses.half_mse, losses.hinge, losses.binary_cross_entropy])
def test_there_is_a_target_for_every_output(loss):
    with pytest.raises(ValueError, match="one target an output; got 1 for 2"):
        loss(values([1, 2]), [1])
    with pytest.raises(ValueError, match="one target an output"):
        loss([], [])


# --------------------------------------------------------------------------------------------- hinge


@given(numbers, st.sampled_from([-1, 1, -1.0, 1.0]))
def test_hinge_is_what_is_missing_to_a_margin_of_one(s, y):
    score = Value(s)
    loss = losses.hinge(score, y)
    assert loss.data == max(0.0, 1 - y * s)
    assert gradients(loss, score) == (-y if 1 - y * s > 0 else 0)


@pytest.mark.parametrize("y", [0, 2, 0.5, nan])
def test_hinge_refuses_another_class(y):
    with pytest.raises(ValueError, match="classes −1 and \\+1"):
        losses.hinge(Value(1.0), y)


# -------------------------------------------------------------------------------- binary cross-entropy


@given(st.floats(-30, 30), st.floats(0, 1))
def test_binary_cross_entropy_is_the_formula(z, y):
    logit = Value(z)
    loss = losses.binary_cross_entropy(logit, y)
    p, q = 1 / (1 + exp(-z)), 1 / (1 + exp(z))
    assert loss.data == pytest.approx(-y * log(p) - (1 - y) * log(q), rel=1e-12)
    assert gradients(loss, logit) == pytest.approx(p - y, rel=1e-9, abs=1e-12)


@given(st.floats(-1e300, 1e300), st.sampled_from([0, 1]))
def test_binary_cross_entropy_never_overflows(z, y):
    logit = Value(z)
    loss = losses.binary_cross_entropy(logit, y)
    assert isfinite(loss.data)
    assert isfinite(gradients(loss, logit))


def test_binary_cross_entropy_keeps_the_digits_of_a_sure_prediction():
    mpmath = pytest.importorskip("mpmath", reason="mpmath is not installed")
    for z in (-700.0, -40.0, 40.0, 700.0):
        logit = Value(z)
        loss = losses.binary_cross_entropy(logit, float(z > 0))
        with mpmath.workdps(400):
            wanted = mpmath.log1p(mpmath.exp(-abs(mpmath.mpf(z))))
            slope = -mpmath.sign(z) / (1 + mpmath.exp(abs(mpmath.mpf(z))))
        assert loss.data == pytest.approx(float(wanted), rel=1e-15)
        assert gradients(loss, logit) == pytest.approx(float(slope), rel=1e-15)


@given(st.floats(-30, 30), st.floats(0, 1))
def test_targets_may_be_values(z, y):
    plain = losses.binary_cross_entropy(Value(z), y).data
    assert losses.binary_cross_entropy(Value(z), Value(y)).data == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("y", [-1, 1.5, nan])
def test_binary_cross_entropy_refuses_what_is_no_probability(y):
    with pytest.raises(ValueError, match="from 0 to 1"):
        losses.binary_cross_entropy(Value(1.0), y)


# ------------------------------------------------------------------------------- softmax cross-entropy


def one_hot(t, classes):
    return [float(k == t) for k in range(classes)]


logit_rows = st.lists(wide, min_size=2, max_size=5)


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=5), st.data())
def test_cross_entropy_is_the_formula_and_slopes_by_p_minus_t(x, data):
    t = data.draw(st.integers(0, len(x) - 1))
    logits = values(x)
    loss = losses.cross_entropy(logits, t)
    p = [exp(a) / sum(map(exp, x)) for a in x]
    assert loss.data == pytest.approx(-log(p[t]), rel=1e-9, abs=1e-14)
    wanted = [b - float(k == t) for k, b in enumerate(p)]
    assert gradients(loss, logits) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@given(logit_rows, st.data())
def test_a_class_a_row_of_numbers_and_a_row_of_values_are_the_same_target(x, data):
    t = data.draw(st.integers(0, len(x) - 1))
    row = one_hot(t, len(x))
    found = []
    for target in (t, row, values(row)):
        logits = values(x)
        loss = losses.cross_entropy(logits, target)
        found.append([loss.data, *gradients(loss, logits)])
    assert found[1] == found[0]
    assert found[2] == pytest.approx(found[0], rel=1e-12, abs=1e-12)


@given(logit_rows, st.data())
def test_cross_entropy_never_overflows(x, data):
    logits = values(x)
    loss = losses.cross_entropy(logits, data.draw(st.integers(0, len(x) - 1)))
    assert isfinite(loss.data)
    assert all(isfinite(g) for g in gradients(loss, logits))
    assert sum(gradients(loss, logits)) == pytest.approx(0.0, abs=1e-12)


def test_cross_entropy_keeps_the_digits_of_a_sure_prediction():
    logits = values([60.0, 10.0, 0.0])
    loss = losses.cross_entropy(logits, 0)
    assert loss.data == pytest.approx(exp(-50) + exp(-60), rel=1e-13)
    assert gradients(loss, logits[0]) == pytest.approx(-exp(-50) - exp(-60), rel=1e-13)


def test_cross_entropy_takes_soft_targets():
    x, t = [0.3, -1.0, 2.0], [0.2, 0.5, 0.3]
    total = log(sum(map(exp, x)))
    wanted = sum(p * (total - a) for p, a in zip(t, x, strict=True))
    assert losses.cross_entropy(values(x), t).data == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize("target", [3, -1, [0.5, 0.6, 0.1], [1.5, -0.5, 0.0], [1.0, 0.0]])
def test_cross_entropy_refuses_what_is_no_class_and_no_distribution(target):
    with pytest.raises(ValueError, match=r"class|probabilit"):
        losses.cross_entropy(values([1, 2, 3]), target)


@pytest.mark.parametrize("target", [1.0, 0.5, Value(1.0)])
def test_a_class_is_a_plain_whole_number(target):
    with pytest.raises(TypeError, match="the class is a"):
        losses.cross_entropy(values([1, 2, 3]), target)


def test_cross_entropy_needs_two_logits():
    with pytest.raises(ValueError, match="two or more; got 1"):
        losses.cross_entropy(Value(1.0), 0)


# ------------------------------------------------------------------------------------ against PyTorch


@given(st.lists(st.floats(-15, 15), min_size=3, max_size=3), st.integers(0, 2))
def test_losses_equal_pytorch(x, t):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from torch.nn import functional as f

    theirs = torch.tensor([x], dtype=torch.float64)
    y = torch.tensor([one_hot(t, 3)], dtype=torch.float64)
    pairs = [
        (losses.cross_entropy(values(x), t), f.cross_entropy(theirs, torch.tensor([t]))),
        (losses.mse(values(x), one_hot(t, 3)), f.mse_loss(theirs, y)),
        (
            losses.binary_cross_entropy(values(x), one_hot(t, 3)),
            f.binary_cross_entropy_with_logits(theirs, y),
        ),
    ]
    for ours, wanted in pairs:
        assert ours.data == pytest.approx(wanted.item(), rel=1e-10, abs=1e-13)


# ----------------------------------------------------------------------------------------- penalties


@given(st.lists(numbers, min_size=1, max_size=5))
def test_penalties_and_their_slopes(w):
    weights = [Parameter(x) for x in w]
    l1, l2 = losses.l1(weights), losses.l2(weights)
    assert l1.data == pytest.approx(sum(map(abs, w)))
    assert l2.data == pytest.approx(sum(x * x for x in w))
    assert gradients(l1, weights) == [float((x > 0) - (x < 0)) for x in w]
    assert gradients(l2, weights) == [2 * x for x in w]


def test_l2_is_one_node_however_many_weights():
    weights = [Parameter(float(i)) for i in range(9)]
    assert len(topological_order(losses.l2(weights))) == 10


def test_losses_go_by_name():
    assert losses.by_name("cross_entropy") is losses.cross_entropy
    with pytest.raises(ValueError, match="unknown loss 'hing'; did you mean 'hinge'"):
        losses.by_name("hing")
