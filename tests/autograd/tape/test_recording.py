"""What a user of the tape meets: recording, replaying, training, reading, errors."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

import autograd
from autograd import BranchError, Constant, Parameter, Value, maximum, where
from autograd.tape import Tape


def test_branching_on_a_value_is_refused_and_the_line_named() -> None:
    def branching(x: Value) -> Value:
        if x > 0:  # the line
            return x
        return -x

    with pytest.raises(BranchError, match=r"test_recording\.py, line \d+.*where, maximum"):
        Tape.record(branching, 1.0)
    assert Value(1.0) > 0, "branching is allowed again afterwards"


@pytest.mark.parametrize("reduce", [max, min, sorted])
def test_branches_inside_pythons_own_functions_are_refused(reduce: object) -> None:
    with pytest.raises(BranchError):
        Tape.record(lambda x: reduce(x), [1.0, 2.0])  # type: ignore[operator]


CUTS = {
    "equality": lambda x: x * 10 if x == 0 else x,
    "membership": lambda x: x * 10 if x in (0, 1) else x,
    "truth": lambda x: x if x else -x,
    "detach": lambda x: x * x.detach(),
    "data": lambda x: x * x.data,
    "a leaf made from data": lambda x: x * Value(x.data),
    "a gradient in numbers": lambda x: x * autograd.gradients(x * x, x),
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


def test_a_dot_that_sends_no_gradient_turns_no_infinite_weight_into_nan() -> None:
    w, v = Parameter(2.0, "w"), Parameter(inf, "v")
    x1, x2 = Value(1.0, "x1"), Value(3.0, "x2")
    asked = autograd.dot([w, w], [x1, x2])
    beside = autograd.dot([v, v], [x1, x2])
    tape = Tape.of([asked, beside], [x1, x2])
    assert tape.input_gradients([1.0], [3.0]).tolist() == [[2.0, 2.0]]
    assert tape.gradients([1.0], [3.0])[1].tolist() == [4.0, 0.0]


def test_an_output_that_is_not_asked_for_sends_no_nan() -> None:
    w = Parameter(0.0)
    tape = Tape.record(lambda x: [w * x, w.sqrt()], 1.0)
    assert tape.gradients([1.0, 2.0])[1].tolist() == [1.5]


def test_a_wide_layer_beside_other_readers_of_its_inputs_replays_any_samples() -> None:
    rng = np.random.default_rng(0)
    W = [[Parameter(w) for w in row] for row in rng.normal(size=(40, 30))]
    X = rng.normal(size=(700, 30))

    def function(x: list[Value]) -> Value:
        return autograd.sum(autograd.dot(row, x).tanh() for row in W) + x[3] * x[4]

    tape = Tape.record(function, X[0])
    places = rng.permutation(700)[:600]
    with tape.training(X) as run:
        mean = run.step(places)
        gradient = run.gradient.copy()
    wanted, found = Tape.record(function, X[0]).gradients(X[places])
    assert mean == pytest.approx(wanted, rel=1e-12)
    assert np.allclose(gradient, found, rtol=1e-10, atol=1e-12)


def test_where_and_its_kin_follow_the_data_of_each_sample() -> None:
    tape = Tape.record(lambda x: where(x > 0, x, -2 * x) + maximum(x, 0.5) + x.clip(-1, 1), 3.0)
    assert tape.forward([3.0, -3.0, 0.0]).tolist() == [7.0, 5.5, 0.5]


def test_a_condition_sends_no_nan() -> None:
    w = Parameter(1.0)
    tape = Tape.record(lambda x: where((w * x).log() < 0, w * x, w * x * 2), 1.0)
    _, gradient = tape.gradients([0.0])
    assert gradient.tolist() == [0.0]


def test_several_outputs_come_as_columns_and_each_has_its_gradient() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: [w * x, w * w, x + 1], 2.0)
    assert tape.forward([2.0, 4.0]).tolist() == [[6.0, 9.0, 3.0], [12.0, 9.0, 5.0]]
    assert [tape.gradients([2.0, 4.0], output=j)[1].tolist() for j in range(3)] == [[3.0], [6.0], [0.0]]
    assert tape.input_gradients([2.0], output=2).tolist() == [[1.0]]


def test_a_graph_without_varying_leaves_is_replayed_as_it_stands() -> None:
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    tape = Tape.of((a * b).tanh() + a)
    value, gradient = tape.gradients()
    ((a * b).tanh() + a).backward()
    assert value == pytest.approx(2.0 + np.tanh(-6.0))
    assert dict(zip(tape.parameters, gradient, strict=True)) == pytest.approx({a: a.grad, b: b.grad})


def test_an_output_that_is_an_input_or_a_constant() -> None:
    tape = Tape.record(lambda x: [x, Constant(2.0)], 1.0)
    assert tape.forward([5.0]).tolist() == [[5.0, 2.0]]
    assert tape.input_gradients([5.0]).tolist() == [[1.0]]


def test_an_input_that_no_output_needs_still_has_its_column() -> None:
    tape = Tape.record(lambda x: x[1] * 2, [1.0, 2.0, 3.0])
    assert tape.forward([[9.0, 5.0, 9.0]]).tolist() == [10.0]
    assert tape.input_gradients([[9.0, 5.0, 9.0]]).tolist() == [[0.0, 2.0, 0.0]]


def test_replays_see_the_parameters_as_they_are() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: w * x, 1.0)
    w.data = 10.0
    assert tape.forward([2.0]).tolist() == [20.0]


def test_training_writes_the_vector_back_when_it_ends() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: (w * x) ** 2, 1.0)
    with tape.training([1.0, 2.0]) as run:
        for _ in range(5):
            run.step()
            run.vector -= 0.05 * run.gradient
        assert w.data == 3.0, "not before"
        run.write()
        asked = w.data
        run.step()
        run.vector -= 0.05 * run.gradient
    assert asked == pytest.approx(3.0 * 0.75**5)
    assert w.data == pytest.approx(3.0 * 0.75**6)
    assert w.grad == run.gradient[0]


def test_interrupted_training_leaves_whole_parameters() -> None:
    a, b = Parameter(1.0), Parameter(1.0)
    tape = Tape.record(lambda x: (a * x - b) ** 2, 1.0)
    vectors = []

    def interrupted() -> None:
        with tape.training([3.0]) as run:
            run.step()
            run.vector -= 0.01 * run.gradient
            vectors.append(run.vector)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (a.data, b.data) == tuple(vectors[0])
    assert a.data != 1.0


def test_replays_while_in_training_see_the_vector_and_do_not_undo_it() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x: w * x, 1.0)
    with tape.training([1.0]) as run:
        run.vector[:] = 7.0
        assert tape.forward([2.0]).tolist() == [14.0]
        assert tape.input_gradients([2.0]).tolist() == [[7.0]]
        assert run.vector.tolist() == [7.0]
        with pytest.raises(RuntimeError, match="in training already"):
            tape.training([1.0]).__enter__()
    assert w.data == 7.0


def test_training_on_some_of_the_samples() -> None:
    w = Parameter(1.0)
    tape = Tape.record(lambda x: w * x, 1.0)
    with tape.training([1.0, 10.0, 100.0]) as run:
        values = np.empty((2, 1))
        assert run.step(np.array([2, 0]), values) == 50.5
        assert values[:, 0].tolist() == [100.0, 1.0]
        assert run.gradient.tolist() == [50.5]


def test_the_tape_prints_in_the_words_of_the_drawings() -> None:
    w, b = Parameter(0.5, "w11^1"), Parameter(0.0, "b1^1")

    def neuron(x: list[Value]) -> Value:
        z = autograd.dot([w], x, b)
        z.label = "z1^1"
        a = z.tanh()
        a.label = "a1^1"
        return a

    text = str(Tape.record(neuron, [1.0]))
    assert "1 input, 2 parameters" in text
    assert "z1^1   (1 dot over the same inputs: a matrix product)" in text
    assert "tanh" in text


def test_explain_leads_from_an_instruction_to_its_values_and_back() -> None:
    w, v = Parameter(0.5, "w"), Parameter(2.0, "v")
    tape = Tape.record(lambda x: (w * x[0] + v * x[1]).tanh(), [1.0, 2.0])
    (out,) = tape.outputs
    (total,) = out.inputs
    dot = tape.explain(total)
    assert dot.op is autograd.ops.dot
    assert "2 products and their sum gathered into one dot" in dot.note
    assert tape.explain(total.inputs[0]) is dot, "a product that became part of it"
    assert tape.explain(dot.number) is dot
    assert tape.explain(out).values == (out,)
    with pytest.raises(ValueError, match="leaf, or not on this tape"):
        tape.explain(w)
    with pytest.raises(ValueError, match="instructions 0 to 1"):
        tape.explain(99)


def test_bad_input_is_refused_by_name() -> None:
    tape = Tape.record(lambda x, y: x[0] * x[1] + y, [1.0, 2.0], 3.0)
    with pytest.raises(ValueError, match="2 arguments; got 1"):
        tape.forward([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"array 1 has the shape \(1, 3\).*\(samples, 2\)"):
        tape.forward([[1.0, 2.0, 3.0]], [1.0])
    with pytest.raises(ValueError, match=r"array 2 has the shape"):
        tape.forward([[1.0, 2.0]], [[1.0]])
    with pytest.raises(ValueError, match="differ in their number of samples"):
        tape.forward([[1.0, 2.0]], [1.0, 2.0])
    with pytest.raises(ValueError, match="no samples"):
        tape.forward(np.empty((0, 2)), np.empty(0))
    with pytest.raises(ValueError, match="no output 1; the tape has 1"):
        tape.gradients([[1.0, 2.0]], [1.0], output=1)


@pytest.mark.parametrize("data", [[None], [1j], ["1"]])
def test_samples_that_are_no_real_numbers_are_refused(data: list[object]) -> None:
    with pytest.raises(TypeError, match=r"array 1 holds .* real numbers are wanted"):
        Tape.record(lambda x: x * 2, 1.0).forward(data)  # type: ignore[arg-type]


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
    with pytest.raises(ValueError, match="a number or a list of numbers"):
        Tape.record(lambda x: x, [[1.0]])
    x = Value(1.0)
    with pytest.raises(ValueError, match="inputs are leaves"):
        Tape.of(x * 2 + 1, [x * 2])
