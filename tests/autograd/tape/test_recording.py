"""Recording refuses whatever would be wrong for other samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import BranchError, Value
from autograd.tape import Tape

pytestmark = pytest.mark.usefixtures("executor")


def test_branching_on_a_value_is_refused_and_the_line_named() -> None:
    def branching(x: Value) -> Value:
        if x > 0:  # the line
            return x
        return -x

    with pytest.raises(BranchError, match=r"test_recording\.py, line \d+.*autograd\.where, maximum"):
        Tape.record(branching, 1.0)
    assert Value(1.0) > 0, "branching is allowed again afterwards"


@pytest.mark.parametrize("reduce", [max, min, sorted])
def test_branches_inside_pythons_own_functions_are_refused(reduce: object) -> None:
    with pytest.raises(BranchError):
        Tape.record(lambda x: reduce(x), [1.0, 2.0])  # type: ignore[operator]


THROUGH_NUMPY = {
    "where": lambda x: np.where(x > 1, x, -x),
    "where, combined": lambda x: np.where(np.logical_and(x > 1, np.not_equal(x, 3)), x, -x),
    "equal": lambda x: np.where(np.equal(x, 3.0), 5 * x, x),
    "or": lambda x: np.where((x > 4) | (x == 3.0) | ~(x >= 0), 5 * x, x),
    "less": lambda x: np.where(np.less(x, 1.0), x * x, x),
    "maximum": lambda x: np.maximum(x, 1.0),
    "minimum": lambda x: np.minimum(1.0, x),
    "clip": lambda x: np.clip(x, -0.5, 1.5),
    "clip from above": lambda x: np.clip(x, None, 1.5),
    "maximum in an array": lambda x: np.sum(np.maximum(np.array([0.5, 2.5]), x)),
    "where in an array": lambda x: np.sum(np.where(np.array([True, False]), x, 3 * x)),
    "a sum": lambda x: np.sum([x, x * x]),
    "sign": lambda x: np.sign(x) * x,
    "logaddexp": lambda x: np.where(x > 0, np.logaddexp(x, 0.0) * 0, x),
}


@pytest.mark.parametrize("function", THROUGH_NUMPY.values(), ids=THROUGH_NUMPY)
def test_a_branch_through_numpy_follows_its_data(function: Callable[[Any], Any]) -> None:
    numbers = [-1.0, 0.0, 1.25, 2.0, 3.0]
    tape = Tape.record(function, 2.0)
    wanted = [float(function(np.float64(x))) for x in numbers]
    assert tape.forward(numbers).tolist() == wanted
    assert [function(Value(x)).data for x in numbers] == wanted


@pytest.mark.parametrize(
    "branch",
    [np.max, np.sort, np.argmax, lambda x: np.clip(x, 0, 1), lambda x: np.where(np.array(x) > 0, x, 0)],
)
def test_a_branch_inside_numpy_names_the_users_line(branch: Callable[[Any], Any]) -> None:
    with pytest.raises(
        BranchError, match=r"test_recording\.py, line \d+: Python branches on .*autograd\.where"
    ):
        Tape.record(lambda x: branch(x), [1.0, 2.0])


CUTS = {
    "equality": lambda x: x * 10 if x == 0 else x,
    "membership": lambda x: x * 10 if x in (0, 1) else x,
    "truth": lambda x: x if x else -x,
    "detach": lambda x: x * x.detach(),
    "data": lambda x: x * x.data,
    "a leaf made from data": lambda x: x * Value(x.data),
    "a gradient in numbers": lambda x: x * autograd.gradients(x * x, x),
    "text": lambda x: x * float(f"{x:.3f}"),
    "a number in text": lambda x: x * float("%.3f" % x),  # noqa: UP031
    "float": lambda x: x * float(x),
    "int": lambda x: x * int(x),
    "a function of floats": lambda x: x * math.floor(math.sqrt(x)),
    "a generator": lambda x: (v if v > 0 else -v for v in [x]),
}


@pytest.mark.parametrize("function", CUTS.values(), ids=CUTS)
def test_what_would_keep_one_samples_number_for_all_is_refused(function: object) -> None:
    with pytest.raises(BranchError):
        Tape.record(function, 2.0)


def test_the_line_that_reads_data_is_named() -> None:
    with pytest.raises(BranchError, match=r"test_recording\.py, line \d+: reading \.data cuts the graph"):
        Tape.record(lambda x: x if x.data > 0 else x * 2, 2.0)


def test_setting_data_is_refused_while_recording() -> None:
    average = Value(0.0)

    def function(x: Value) -> Value:
        average.data = 1.0
        return x - average

    with pytest.raises(BranchError, match=r"setting \.data"):
        Tape.record(function, 2.0)
    assert average.data == 0.0


def test_data_can_be_read_again_after_a_recording_that_failed() -> None:
    x = Value(1.5)
    with pytest.raises(BranchError):
        Tape.record(lambda v: v * v.data, 2.0)
    assert x.data == 1.5


def test_a_weight_used_through_two_different_copies_is_another_graph() -> None:
    calls: list[int] = []

    def function(x: Value) -> Value:
        calls.append(1)
        y = x.sin()
        return y * (y if len(calls) == 1 else x.sin())

    with pytest.raises(BranchError, match="another graph"):
        Tape.record(function, 2.0)


def test_computing_without_a_graph_is_refused_while_recording() -> None:
    def function(x: Value) -> Value:
        with autograd.no_grad():
            s = x * 2
        return x * s

    with pytest.raises(BranchError, match="no_grad cuts the graph"):
        Tape.record(function, 2.0)


def test_bad_recordings_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="recorded from a function"):
        Tape.record(5, 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads"):
        Tape.record(lambda x: x, 1.0, threads=True)
    with pytest.raises(TypeError, match="its graph was cut"):
        Tape.record(lambda x: 2.0, 1.0)
    with pytest.raises(ValueError, match="float64"):
        Tape.record(lambda x: x, 1.0, dtype="float16")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="threads"):
        Tape.record(lambda x: x, 1.0, threads=0)
    with pytest.raises(TypeError, match="x is 'one'"):
        Tape.record(lambda x: x, "one")
    with pytest.raises(ValueError, match="'x' of a sample is empty"):
        Tape.record(lambda x: x, [])
    with pytest.raises(ValueError, match="arguments called at, output themselves"):
        Tape.record(lambda x, output, at: x, 1.0, output=1.0, at=2.0)
    x = Value(1.0)
    with pytest.raises(ValueError, match="inputs are leaves"):
        Tape.of(x * 2 + 1, [x * 2])


def _next_place() -> Callable[[Any], Any]:
    calls: list[None] = []

    def function(x: Any) -> Any:
        calls.append(None)
        return x[len(calls) % 3] ** 2

    return function


def _turned(as_result: bool) -> Callable[[Any], Any]:
    calls: list[None] = []

    def function(x: Any) -> Any:
        calls.append(None)
        k = len(calls) % 3
        turned = [*x[k:], *x[:k]]
        return turned if as_result else autograd.dot(turned, [1.0, 2.0, 3.0])

    return function


@pytest.mark.parametrize(
    "function", [_next_place(), _turned(as_result=True), _turned(as_result=False)],
    ids=["one by one", "turned, returned", "turned, in a product"],
)  # fmt: skip
@pytest.mark.parametrize("sample", [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])
def test_other_inputs_in_the_second_run_are_another_graph(
    function: Callable[[Any], Any], sample: list[float]
) -> None:
    with pytest.raises(BranchError, match="another graph"):
        Tape.record(function, sample)


def test_an_input_in_place_of_a_parameter_of_the_same_number_is_another_graph() -> None:
    w, calls = Value(2.0), []

    def function(x: Value) -> Value:
        calls.append(1)
        return (w if len(calls) == 1 else x) * 3.0

    with pytest.raises(BranchError, match="another graph"):
        Tape.record(function, 2.0 - 2e-6)


def test_inputs_that_no_output_needs_and_that_are_outputs_are_recorded() -> None:
    tape = Tape.record(lambda x, y: [y[1], y[1] * x[0], y[0] * 0.0], [1.0, 2.0], [3.0, 4.0])
    assert tape.forward([[1.0, 2.0]], [[3.0, 4.0]]).tolist() == [[4.0, 4.0, 0.0]]
