"""Functions of whatever holds numbers, and the ways to get their gradients checked."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, dot
from autograd.testing import GradientError, check_gradient, gradcheck
from tests.autograd.testing.plain.test_check_gradient import cube, message, np, slope_of_cube, verdicts

# ------------------------------------------------------------------------------ what holds the numbers


def test_numbers_come_in_lists_arrays_and_dictionaries() -> None:
    in_another_order = check_gradient(
        lambda p: p["w"][0] * p["b"], lambda p: {"b": p["w"][0], "w": [p["b"]]}, {"w": [2.0], "b": 3.0}
    )
    assert in_another_order["p['b']"].gradient == 2.0
    assert verdicts(lambda x: x[0] * x[1], lambda x: x[::-1], [2.0, 3.0]) == ["correct"] * 2
    assert verdicts(lambda x, y: x * y, lambda x, y: (y, x), [2.0, 3.0]) == ["correct"] * 2
    assert verdicts(lambda W: (W**2).sum(), lambda W: 2 * W, np.ones((2, 2))) == ["correct"] * 4
    assert verdicts(cube, slope_of_cube, 2) == ["correct"]
    assert verdicts(lambda x: (x**2).sum(), lambda x: 2 * x, np.arange(3)) == ["correct"] * 3


def test_a_function_of_an_array_that_works_on_each_number_alone_has_one_slope_for_each() -> None:
    assert verdicts(np.sin, np.cos, np.linspace(0, 1, 3)) == ["correct"] * 9
    assert "∂f[1]/∂x[0]" in message(lambda x: np.sin(x) + x[0], np.cos, np.linspace(0, 1, 3))


def test_tensors_of_pytorch_are_numbers() -> None:
    torch = pytest.importorskip("torch")
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert verdicts(lambda x: torch.sin(x).sum(), torch.cos, x) == ["correct"] * 2
    assert verdicts(lambda x: torch.sin(x).sum(), torch.cos, x.float()) == ["correct"] * 2
    assert "sign" in message(lambda x: torch.sin(x).sum(), lambda x: -torch.cos(x), x.float())


def test_a_function_of_values_is_one_of_numbers_as_well() -> None:
    assert verdicts(lambda x: dot(x, x), lambda x: [2 * v for v in x], [1.0, 2.0]) == ["correct"] * 2
    assert verdicts(lambda x: Value(x).tanh(), lambda x: 1 - math.tanh(x) ** 2, 0.5) == ["correct"]


def test_nothing_of_the_users_is_changed() -> None:
    x = np.array([1.0, 2.0])

    def doubles(x: Any) -> Any:
        x *= 2
        return (x**2).sum()

    assert verdicts(doubles, lambda x: 8 * x, x) == ["correct"] * 2
    assert x.tolist() == [1.0, 2.0]


def test_no_warning_of_a_call_beside_the_point_is_shown() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert verdicts(np.log, lambda x: 1 / x, np.float64(1e-3)) == ["correct"]


# ------------------------------------------------------------------------------------ ways to get there


@pytest.mark.parametrize(
    "call",
    [
        lambda f, df: check_gradient(f, df, 2.0),
        lambda f, df: check_gradient(f, 2.0, df),
        lambda f, df: gradcheck(f, 2.0, df),
        lambda f, df: gradcheck(f, df, 2.0),
        lambda f, df: gradcheck(f, 2.0, gradient=df),
        lambda f, df: gradcheck(f, 2.0, reverse=df),
        lambda f, df: gradcheck(f, 2.0, jac=df),
    ],
)
def test_every_order_that_people_type_leads_there(call: Any) -> None:
    assert call(cube, slope_of_cube)["x"].gradient == 12.0
    with pytest.raises(GradientError, match="the sign is flipped"):
        call(cube, lambda x: -slope_of_cube(x))


def test_a_gradient_of_two_arguments_is_no_reverse_pass() -> None:
    assert gradcheck(lambda x, y: x * y, (2.0, 3.0), reverse=lambda x, y: (y, x))["y"].gradient == 2.0


def test_an_argument_that_gradcheck_does_not_have_is_named() -> None:
    with pytest.raises(TypeError, match="no argument 'jak'; did you mean 'jac'"):
        gradcheck(cube, 2.0, jak=slope_of_cube)


@settings(deadline=200)
@given(st.floats(-3, 3))
def test_it_runs_under_given_with_the_usual_deadline(x: float) -> None:
    assert check_gradient(cube, slope_of_cube, x)


FAILING = """
from autograd.testing import check_gradient

def test_it():
    assert check_gradient(lambda x: x**3, lambda x: 2 * x**2, 2.0)
"""


def test_in_an_assertion_of_pytest_the_table_is_shown(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    shown = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, cwd=Path.cwd()).stdout
    assert re.search(r"E\s+.*the gradient is wrong: x", shown)
    assert re.search(r"E\s+x +2 +8 +12 +wrong +off by 33.33 %", shown)
