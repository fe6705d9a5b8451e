"""The costs, compared with PyTorch's."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import gradients
from nn import losses
from tests.nn.test_losses import W3, one_hot, values

X3, T3 = [0.3, -1.0, 2.0], [0.2, 0.5, 0.3]

CASES = {
    "mse": lambda x: losses.mse(x, T3),
    "half_mse": lambda x: losses.half_mse(x, T3),
    "mae": lambda x: losses.mae(x, T3),
    "huber": lambda x: losses.huber(x, T3),
    "huber, delta": lambda x: losses.huber(x, T3, delta=0.2),
    "bce": lambda x: losses.binary_cross_entropy(x, T3),
    "bce, weighted": lambda x: losses.binary_cross_entropy(x, T3, pos_weight=3.0),
    "bce, smoothed": lambda x: losses.binary_cross_entropy(x, T3, label_smoothing=0.1),
    "ce class": lambda x: losses.cross_entropy(x, 1),
    "ce probs": lambda x: losses.cross_entropy(x, T3),
    "ce class w": lambda x: losses.cross_entropy(x, 1, weight=W3),
    "ce probs w": lambda x: losses.cross_entropy(x, T3, weight=W3),
    "ce class s": lambda x: losses.cross_entropy(x, 1, label_smoothing=0.1),
    "ce probs s": lambda x: losses.cross_entropy(x, T3, label_smoothing=0.1),
    "ce class ws": lambda x: losses.cross_entropy(x, 1, weight=W3, label_smoothing=0.1),
    "ce probs ws": lambda x: losses.cross_entropy(x, T3, weight=W3, label_smoothing=0.1),
    "kl": lambda x: losses.kl_divergence(x, T3),
}

# The loss at X3 and its gradient, as PyTorch 2 gives them in float64.
PYTORCH = {
    "mse": [1.7166666666666666, 0.06666666666666665, -1.0, 1.1333333333333333],
    "half_mse": [2.5749999999999997, 0.09999999999999998, -1.5, 1.7],
    "mae": [1.0999999999999999, 0.3333333333333333, -0.3333333333333333, 0.3333333333333333],
    "huber": [0.735, 0.033333333333333326, -0.3333333333333333, 0.3333333333333333],
    "huber, delta": [0.20166666666666666, 0.033333333333333326, -0.06666666666666667, 0.06666666666666667],
    "bce": [1.0448483143432408, 0.12481417227055301, -0.07701952621000163, 0.19359902599262746],
    "bce, weighted": [1.5819018449870466, 0.06807317451210755, -0.32070571908666995, 0.16975844158820386],
    "bce, smoothed": [1.0285149810099075, 0.114814172270553, -0.07701952621000163, 0.18693235932596078],
    "ce class": [3.20902076654506, 0.14822546288422211, -0.9596038488268664, 0.8113783859426444],
    "ce probs": [2.04902076654506, -0.0517745371157779, -0.45960384882686645, 0.5113783859426444],
    "ce class w": [6.41804153309012, 0.29645092576844423, -1.919207697653733, 1.6227567718852889],
    "ce probs w": [3.493982188144843, 0.12974946747054428, -0.937385965681643, 0.807636498211099],
    "ce class s": [3.0656874332117265, 0.11489212955088879, -0.8929371821601998, 0.7780450526093111],
    "ce probs s": [2.021687433211727, -0.06510787044911123, -0.4429371821601998, 0.5080450526093111],
    "ce class ws": [6.032440148653783, 0.26990256157616277, -1.7885674410652752, 1.5186648794891127],
    "ce probs ws": [3.400786738203034, 0.11987124910805279, -0.9049278822903942, 0.7850566331823415],
    "kl": [1.0193677524804867, -0.0517745371157779, -0.45960384882686645, 0.5113783859426444],
}


@pytest.mark.parametrize("case", CASES)
def test_losses_equal_the_numbers_kept_from_pytorch(case):
    x = values(X3)
    loss = CASES[case](x)
    assert [loss.data, *gradients(loss, x)] == pytest.approx(PYTORCH[case], rel=1e-13, abs=1e-15)


@given(st.lists(st.floats(-15, 15), min_size=3, max_size=3), st.integers(0, 2), st.floats(0, 0.9))
def test_losses_equal_pytorch(x, t, smoothing):
    assume(1.0 not in map(abs, x))  # the hinge's corner, where any slope between 0 and 1 will do
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    from torch.nn import functional as f

    theirs = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(one_hot(t, 3), dtype=torch.float64)
    w = torch.tensor(W3, dtype=torch.float64)
    pairs = {
        "cross-entropy": (
            lambda x: losses.cross_entropy(x, t, weight=W3, label_smoothing=smoothing),
            f.cross_entropy(theirs, torch.tensor(t), weight=w, label_smoothing=smoothing, reduction="sum"),
        ),
        "mse": (lambda x: losses.mse(x, one_hot(t, 3)), f.mse_loss(theirs, y)),
        "mae": (lambda x: losses.mae(x, one_hot(t, 3)), f.l1_loss(theirs, y)),
        "huber": (
            lambda x: losses.huber(x, one_hot(t, 3), delta=2.0),
            f.huber_loss(theirs, y, delta=2.0),
        ),
        "binary": (
            lambda x: losses.binary_cross_entropy(x, one_hot(t, 3), pos_weight=2.5),
            f.binary_cross_entropy_with_logits(theirs, y, pos_weight=torch.tensor(2.5, dtype=torch.float64)),
        ),
        "hinge": (  # theirs is of a difference of two scores
            lambda x: losses.hinge(x, [1, -1, 1]),
            f.margin_ranking_loss(
                theirs, torch.zeros_like(theirs), torch.tensor([1.0, -1.0, 1.0]), margin=1.0
            ),
        ),
        "kl": (
            lambda x: losses.kl_divergence(x, T3),
            f.kl_div(f.log_softmax(theirs, 0), torch.tensor(T3, dtype=torch.float64), reduction="sum"),
        ),
    }
    for ours, wanted in pairs.values():
        logits = values(x)
        loss = ours(logits)
        (slopes,) = torch.autograd.grad(wanted, theirs)
        assert loss.data == pytest.approx(wanted.item(), rel=1e-10, abs=1e-13)
        assert gradients(loss, logits) == pytest.approx(slopes.tolist(), rel=1e-9, abs=1e-12)
