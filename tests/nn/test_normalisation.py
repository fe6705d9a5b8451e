"""Norms: their formulas, and PyTorch's modules."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn import LayerNorm, RMSNorm
from tests.nn.compared import check_equal, numbers, pytorch

rows = st.lists(st.floats(-100, 100), min_size=1, max_size=6)


@given(rows)
def test_rms_norm_is_its_formula(x):
    n = len(x)
    norm = RMSNorm(n, 1e-3)
    for k, gain in enumerate(norm.weight):
        gain.data = k - 1.5
    scale = math.sqrt(sum(v * v for v in x) / n + 1e-3)
    assert [v.data for v in norm(x)] == pytest.approx([(k - 1.5) * v / scale for k, v in enumerate(x)])
    assert [v.data for v in RMSNorm(n, 1e-3, gain=False)(x)] == pytest.approx([v / scale for v in x])


@given(rows)
def test_layer_norm_is_its_formula(x):
    n = len(x)
    norm = LayerNorm(n, 1e-3)
    for k, (gain, bias) in enumerate(zip(norm.weight, norm.bias, strict=True)):
        gain.data, bias.data = k - 1.5, 0.25 * k
    middle = math.fsum(x) / n
    scale = math.sqrt(math.fsum((v - middle) ** 2 for v in x) / n + 1e-3)
    wanted = [(k - 1.5) * (v - middle) / scale + 0.25 * k for k, v in enumerate(x)]
    assert [v.data for v in norm(x)] == pytest.approx(wanted, abs=1e-9)


def test_zeros_stay_zeros():
    assert [v.data for v in LayerNorm(3)([0.0] * 3) + RMSNorm(3)([0.0] * 3)] == [0.0] * 6


@pytest.mark.parametrize("bias", [True, False])
def test_layer_norm_equals_pytorch(bias):
    theirs = pytorch().nn.LayerNorm(5, eps=1e-3, bias=bias).double()
    check_equal(LayerNorm(5, 1e-3, bias=bias), theirs, numbers((5,)))


def test_norms_that_learn_nothing_equal_pytorch():
    torch = pytorch()
    plain = torch.nn.LayerNorm(5, elementwise_affine=False)
    check_equal(LayerNorm(5, gain=False, bias=False), plain, numbers((5,)))
    check_equal(
        RMSNorm(5, gain=False), torch.nn.RMSNorm(5, eps=1e-5, elementwise_affine=False), numbers((5,))
    )


def test_rms_norm_equals_pytorch():
    check_equal(RMSNorm(5, 1e-3), pytorch().nn.RMSNorm(5, eps=1e-3).double(), numbers((5,)))


def test_gains_are_weights_in_the_middle_of_the_network_and_biases_are_not():
    assert [p.label for p in LayerNorm(2).weights()] == ["γ1", "γ2"]


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="the norm takes 3 inputs per sample; got 2"):
        RMSNorm(3)([1.0, 2.0])
    with pytest.raises(ValueError, match="eps is a finite number from 0 up"):
        LayerNorm(3, -1.0)
    with pytest.raises(TypeError, match="gain is True or False"):
        RMSNorm(3, gain="yes")
