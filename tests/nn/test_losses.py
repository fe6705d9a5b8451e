"""Losses: their formulas, their slopes, their digits, and the targets that they refuse."""

from functools import partial
from math import exp, inf, isfinite, isnan, log, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Parameter, Value, gradient_path, gradients, topological_order
from nn import MLP, fit, losses
from tests.nn.engines import TAPE

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
    with pytest.raises(ValueError, match="one target per output; got 1 for 2"):
        loss(values([1, 2]), [1])
    with pytest.raises(ValueError, match="one target per output"):
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


@pytest.mark.parametrize("of", [list, values], ids=["numbers", "Values"])
def test_a_class_of_probability_zero_costs_nothing_even_at_a_logit_of_minus_infinity(of):
    x = values([0.0, 1.0, -inf])
    loss = losses.cross_entropy(x, of([0.5, 0.5, 0.0]))
    loss.backward()
    assert loss.data == 0.8132616875182228
    assert [v.grad for v in x] == pytest.approx([-0.2310585786300049, 0.2310585786300049, 0.0], rel=1e-15)
    kl = losses.kl_divergence(values([0.0, 1.0, -inf]), of([0.5, 0.5, 0.0]))
    assert kl.data == pytest.approx(0.8132616875182228 - log(2))


def test_a_target_of_values_has_its_slopes_where_it_is_zero():
    t = values([1.0, 0.0])
    losses.cross_entropy(values([0.0, 2.0]), t).backward()
    total = log(1 + exp(2))
    assert [v.grad for v in t] == pytest.approx([total, total - 2], rel=1e-14)


def test_cross_entropy_takes_soft_targets():
    x, t = [0.3, -1.0, 2.0], [0.2, 0.5, 0.3]
    total = log(sum(map(exp, x)))
    wanted = sum(p * (total - a) for p, a in zip(t, x, strict=True))
    assert losses.cross_entropy(values(x), t).data == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 3.0]])
def test_the_slope_of_cross_entropy_in_a_probability_is_minus_the_log(weight):
    x, t = [1.0, 3.0, -2.0], values([0.2, 0.5, 0.3])
    logs = [v - log(sum(map(exp, x))) for v in x]
    wanted = [-w * p for w, p in zip(weight or [1.0] * 3, logs, strict=True)]
    assert gradients(losses.cross_entropy(values(x), t, weight=weight), t) == pytest.approx(wanted, rel=1e-13)


def test_the_slope_of_kl_divergence_in_a_probability_is_that_of_the_formula():
    x, t = [1.0, 3.0, -2.0], values([0.2, 0.5, 0.3])
    logs = [v - log(sum(map(exp, x))) for v in x]
    wanted = [log(p.data) + 1 - q for p, q in zip(t, logs, strict=True)]
    assert gradients(losses.kl_divergence(values(x), t), t) == pytest.approx(wanted, rel=1e-13)


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


# ------------------------------------------------------- the plainer kin: absolute errors, Huber, KL


@given(rows)
def test_mae_is_the_mean_distance(row):
    o, t = row
    wanted = sum(abs(a - b) for a, b in zip(t, o, strict=True)) / len(o)
    assert losses.mae(values(o), t).data == pytest.approx(wanted)


@given(numbers, numbers, st.floats(0.1, 10))
def test_huber_is_a_square_within_delta_and_a_line_beyond(o, t, delta):
    output = Value(o)
    loss = losses.huber(output, t, delta)
    e = abs(t - o)
    assert loss.data == pytest.approx(0.5 * e * e if e <= delta else delta * (e - 0.5 * delta), abs=1e-13)
    assert gradients(loss, output) == pytest.approx(max(-delta, min(delta, o - t)))


@pytest.mark.parametrize("delta", [0.0, -1.0, nan, float("inf")])
def test_huber_refuses_a_delta_that_is_no_width(delta):
    with pytest.raises(ValueError, match="delta is a finite number above 0"):
        losses.huber(Value(1.0), 0.0, delta)


distributions = st.lists(st.floats(0.0, 1.0), min_size=2, max_size=5).filter(lambda t: sum(t) > 0.1)


@given(distributions, st.data())
def test_kl_divergence_is_cross_entropy_less_the_entropy(t, data):
    t = [p / sum(t) for p in t]
    x = data.draw(st.lists(numbers, min_size=len(t), max_size=len(t)))
    entropy = -sum(p * log(p) for p in t if p)
    wanted = losses.cross_entropy(values(x), t).data - entropy
    assert losses.kl_divergence(values(x), t).data == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    assert losses.kl_divergence(values(x), values(t)).data == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@given(distributions)
def test_kl_divergence_is_nothing_where_the_probabilities_agree(t):
    t = [max(p, 1e-6) / sum(max(q, 1e-6) for q in t) for p in t]
    logits = values([log(p) for p in t])
    loss = losses.kl_divergence(logits, t)
    assert loss.data == pytest.approx(0.0, abs=1e-14)
    assert gradients(loss, logits) == pytest.approx([0.0] * len(t), abs=1e-14)


# ----------------------------------------------------------------------------- options of the entropies


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), st.integers(0, 2), st.floats(0, 0.9))
def test_weighted_and_smoothed_cross_entropy_never_overflows(x, t, smoothing):
    logits = values(x)
    loss = losses.cross_entropy(logits, t, weight=[0.1, 1.0, 10.0], label_smoothing=smoothing)
    assert isfinite(loss.data)
    assert all(isfinite(g) for g in gradients(loss, logits))


def test_a_weighted_sure_prediction_keeps_its_digits():
    x, row = [60.0, 10.0, 0.0], [1.0, 0.0, 0.0]
    wanted = 3 * (exp(-50) + exp(-60))
    for target in (0, row, values(row)):
        loss = losses.cross_entropy(values(x), target, weight=[3.0, 1.0, 1.0])
        assert loss.data == pytest.approx(wanted, rel=1e-13)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"weight": [1.0, 2.0]}, "weight has one number per class; got 2 for 3"),
        ({"weight": [1.0, 2.0, 0.0]}, r"weight\[2\] is a finite number above 0; got 0.0"),
        ({"label_smoothing": 1.0}, "label_smoothing is a finite number from 0 up and below 1; got 1.0"),
        ({"label_smoothing": -0.1}, "label_smoothing is a finite number"),
    ],
)
def test_options_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        losses.cross_entropy(values([1, 2, 3]), 0, **options)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: losses.huber(x[0], 0.0, delta="a"),
        lambda x: losses.cross_entropy(x, 0, weight=5),
        lambda x: losses.cross_entropy(x, 0, weight=["a", 1]),
        lambda x: losses.cross_entropy(x, 0, label_smoothing="a"),
        lambda x: losses.binary_cross_entropy(x[0], 0, pos_weight=None),
    ],
)
def test_options_are_numbers(call):
    with pytest.raises(TypeError, match=r"(a|one) number.*; got"):
        call(values([1, 2]))


def test_what_class_1_counts_is_above_nothing():
    with pytest.raises(ValueError, match="pos_weight is a finite number above 0; got -1"):
        losses.binary_cross_entropy(Value(1.0), 1, pos_weight=-1)


# ------------------------------------------------------------------------- the routes through a square


@pytest.mark.parametrize("loss", [losses.mse, losses.half_mse])
@pytest.mark.parametrize("outputs", [1, 3])
def test_an_output_reaches_its_squared_error_by_one_route(loss, outputs):
    o = values([0.5] * outputs)
    assert gradient_path(loss(o, [1.0] * outputs), o[0]).count == 1


# --------------------------------------------------------------------------------------------- in fit

W3 = [0.5, 2.0, 1.5]
CLASSES, NUMBERS, SHARES = [0, 1, 2, 1], [0.5, -1.0, 3.0, 0.0], [[0.2, 0.5, 0.3], [1, 0, 0], [0, 0.5, 0.5]]


@pytest.mark.parametrize(
    ("loss", "outputs", "y"),
    [
        ("mae", 1, NUMBERS),
        ("huber", 1, NUMBERS),
        ("kl_divergence", 3, CLASSES),
        ("kl_divergence", 3, [*SHARES, SHARES[0]]),
        (partial(losses.cross_entropy, weight=W3, label_smoothing=0.1), 3, CLASSES),
        (partial(losses.binary_cross_entropy, pos_weight=3.0, label_smoothing=0.2), 1, [0, 1, 1, 0]),
    ],
)
def test_both_engines_train_alike_by_every_loss(loss, outputs, y):
    pytest.importorskip("llvmlite", reason="the tape is not installed")
    X = [[0.0, 1.0], [1.0, -1.0], [0.5, 0.5], [2.0, 0.3]]
    eager, tape = (
        fit(MLP(2, [3, outputs], "tanh", seed=1), X, y, loss=loss, epochs=5, engine=engine)
        for engine in ("eager", "tape")
    )
    assert tape["loss"] == pytest.approx(eager["loss"], rel=1e-9)
    assert tape["accuracy"] == eager["accuracy"]


def test_a_loss_with_options_names_the_row_of_a_target_that_it_refuses():
    loss = partial(losses.binary_cross_entropy, pos_weight=2.0)
    with pytest.raises(ValueError, match="row 1 of y: binary cross-entropy has targets from 0 to 1"):
        fit(MLP(1, [1]), [[0.0], [1.0]], [0, 2], loss=loss)


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


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"l1": -1.0}, ValueError, "l1 is a finite number from 0 up"),
        ({"l2": nan}, ValueError, "l2 is a finite number from 0 up"),
        ({"l2": "0.1"}, TypeError, "l2 is a number"),
        ({"loss": "hing"}, ValueError, "did you mean 'hinge'"),
    ],
)
def test_a_penalty_takes_a_loss_and_factors_from_0_up(settings, error, message):
    with pytest.raises(error, match=message):
        losses.Penalised(**{"loss": "mse"} | settings)


def test_a_penalty_is_the_sum_of_both_and_none_without_factors():
    weights = [Value(3.0), Value(-4.0)]
    assert losses.Penalised("mse", l1=0.5, l2=0.1).penalty(weights).data == pytest.approx(3.5 + 2.5)
    assert losses.Penalised("mse").penalty(weights) is None
    assert losses.Penalised("mse", l1=1.0).penalty([]) is None


@TAPE
@pytest.mark.parametrize("loss", [losses.cross_entropy, losses.kl_divergence])
def test_on_a_tape_the_class_may_differ_from_sample_to_sample(loss):
    from autograd.tape import Tape

    logits = [0.5, -1.0, 2.0]
    tape = Tape.record(lambda x, t: loss(x, t), logits, 1.0)
    *found, none = tape.forward([logits] * 4, [0.0, 1.0, 2.0, 1.5])
    wanted = [loss([Value(z) for z in logits], k).data for k in range(3)]
    assert found == pytest.approx(wanted, rel=1e-12)
    assert isnan(none)


@pytest.mark.parametrize("loss", losses.LOSSES.values())
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], r"of one sample.*entry 0 of it is \[1.0, 0.0\].*take the mean"),
        ("cat", "a number or a Value, or a row of them; got 'cat'"),
        (None, "a number or a Value, or a row of them; got None"),
    ],
)
def test_what_is_not_one_sample_is_refused(loss, bad, message):
    outputs = [Value(0.5), Value(1.0)]
    with pytest.raises(TypeError, match=f"a target is {message}"):
        loss(outputs, bad)
    with pytest.raises(TypeError, match=f"a prediction is {message}"):
        loss(bad, [1.0, 0.0])


@pytest.mark.parametrize("told", ["README.md", "nn/README.md", fit.__doc__])
def test_the_names_that_fit_takes_are_told(told):
    text = told if "\n" in told else (Path(__file__).parents[2] / told).read_text(encoding="utf-8")
    assert [name for name in losses.LOSSES if name not in text] == []
