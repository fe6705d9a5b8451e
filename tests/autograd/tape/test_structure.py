"""A tape takes what `grad` takes, and gives the same structure back."""

from __future__ import annotations

import pickle
from array import array
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import BranchError, Parameter, Value, grad, gradients
from autograd.tape import Tape
from autograd.tape.saved import from_bytes, packed

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 2))
Pair = namedtuple("Pair", "x y")

FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "a sum of squares": (lambda x: np.sum(x**2), (np.zeros(3),)),
    "a mean and a norm": (lambda x: np.mean(x) + np.linalg.norm(x), (np.ones(3),)),
    "where": (lambda x: np.sum(np.where(x > 0, x * x, -3 * x)), (np.ones(3),)),
    "where, combined": (lambda x: np.sum(np.where((x > 0) & ~(x > 0.5), x, 2 * x)), (np.ones(3),)),
    "maximum": (lambda x: np.sum(np.maximum(x, 0.3) + np.minimum(0.1, x) ** 2), (np.ones((2, 2)),)),
    "clip": (lambda x: np.sum(np.clip(x, -0.5, 0.5) * x + np.clip(x, None, 1.0)), (np.ones(3),)),
    "the largest": (lambda x: np.max(x) * np.min(x, axis=0)[1], (np.ones((2, 2)),)),
    "a product": (lambda x: np.sum((A @ x) ** 2) + np.sum(np.dot(x, B)), (np.ones((2, 2)),)),
    "two arrays": (lambda x, y: np.sum(x @ y) + np.sum(np.tanh(y)), (np.ones((2, 3)), np.ones((3, 2)))),
    "a dot": (lambda x, y: np.dot(x, y) * y[0], (np.ones(3), np.ones(3))),
    "an outer product": (lambda x: np.sum(np.outer(x, x) * np.exp(x)), (np.ones(3),)),
    "a variance": (lambda x: np.var(x) + np.std(x), (np.ones(3),)),
    "einsum": (lambda x: np.sum(np.einsum("ij,jk->ik", A, x)), (np.ones((2, 2)),)),
    "parts": (lambda x: np.concatenate([x[:2], x[1:] * 2]).sum() + x.T[0], (np.ones(3),)),
    "signs": (lambda x: np.sum(np.abs(x) + np.sign(x) * x * x), (np.ones(3),)),
    "a dictionary": (lambda p: p["w"][0] * p["x"] + p["w"][1], ({"w": [1.0, 2.0], "x": 3.0},)),
    "a tuple": (lambda p: p[0] * p[1] ** 2, ((1.0, 2.0),)),
    "a named tuple": (lambda p: p.x * p.y[1] ** 2, (Pair(1.0, [2.0, 3.0]),)),
    "a list of lists": (lambda m: m[0][0] * m[1][1] - m[0][1] * m[1][0], ([[1.0, 2.0], [3.0, 4.0]],)),
    "a ragged list": (lambda m: m[0][0] * m[1][1] - m[0][1], ([[1.0, 2.0, 3.0], [3.0, 4.0]],)),
    "a list of arrays": (lambda m: np.sum(m[0] @ m[1]), ([np.ones((2, 2)), np.ones((2, 2))],)),
    "deep": (
        lambda p, s: np.sum(p["layers"][0]["w"] * s) * p["layers"][1]["b"],
        ({"layers": [{"w": np.ones(2)}, {"b": 0.5}]}, 2.0),
    ),
}


def drawn_like(sample: Any, rng: np.random.Generator) -> Any:
    """The same structure with other numbers."""
    if isinstance(sample, dict):
        return {key: drawn_like(x, rng) for key, x in sample.items()}
    if isinstance(sample, list | tuple):
        parts = [drawn_like(x, rng) for x in sample]
        return type(sample)(*parts) if hasattr(sample, "_fields") else type(sample)(parts)
    return rng.normal(size=np.shape(sample)) if np.shape(sample) else float(rng.normal())


def stacked(samples: list[Any]) -> Any:
    """The samples along a new first axis: what a tape takes."""
    first = samples[0]
    if isinstance(first, dict):
        return {key: stacked([s[key] for s in samples]) for key in first}
    if isinstance(first, tuple) or (isinstance(first, list) and not is_matrix(first)):
        parts = [stacked([s[i] for s in samples]) for i in range(len(first))]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    return np.array(samples)


def is_matrix(x: list[Any]) -> bool:
    """Whether it is a list of numbers, or of such lists of one length."""
    if all(isinstance(y, float) for y in x):
        return True
    return all(isinstance(y, list) and is_matrix(y) and len(y) == len(x[0]) for y in x)


def close(a: Any, b: Any) -> None:
    """Compare structures: the same form, and nearly the same numbers."""
    assert type(a) is type(b), (a, b)
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        a, b = list(a.values()), list(b.values())
    if isinstance(a, list | tuple):
        for x, y in zip(a, b, strict=True):
            close(x, y)
    else:
        assert a.shape == b.shape
        assert np.allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("function", "sample"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_tape_takes_what_grad_takes_and_gives_the_same(
    function: Callable[..., Any], sample: tuple[Any, ...]
) -> None:
    tape, rng = Tape.record(function, *sample), np.random.default_rng(1)
    samples = [tuple(drawn_like(x, rng) for x in sample) for _ in range(5)]
    data = [stacked([s[k] for s in samples]) for k in range(len(sample))]
    values = np.array([function(*s) for s in samples], float)
    slopes = [grad(function, tuple(range(len(sample))))(*s) for s in samples]
    wanted = tuple(stacked([s[k] for s in slopes]) for k in range(len(sample)))
    wanted = wanted[0] if len(sample) == 1 else wanted
    assert tape.forward(*data) == pytest.approx(values, rel=1e-12)
    close(tape.input_gradients(*data), wanted)
    found, gradient = tape.value_and_gradients(*data, wrt="inputs")
    assert found.tolist() == tape.forward(*data).tolist()
    close(gradient, wanted)


NUMBERS = st.floats(-9, 9)
ROWS = st.integers(1, 3).flatmap(lambda n: st.lists(NUMBERS, min_size=n, max_size=n))
ARRAYS = st.sampled_from([(1,), (3,), (2, 2), (1, 2, 3)]).map(np.ones)
STRUCTURES = st.recursive(
    NUMBERS | ROWS | ARRAYS,
    lambda part: (
        st.lists(part, min_size=1, max_size=3)
        | st.lists(part, min_size=1, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("abc"), part, min_size=1)
        | st.tuples(part, part).map(lambda pair: Pair(*pair))
    ),
    max_leaves=6,
)


@given(STRUCTURES, st.integers(1, 3))
def test_any_structure_goes_in_and_comes_out(structure: Any, count: int) -> None:
    tape, rng = Tape.record(lambda p: p, structure), np.random.default_rng(0)
    samples = stacked([drawn_like(structure, rng) for _ in range(count)])
    close(tape.forward(samples), samples)
    slopes = tape.input_gradients(samples)
    close(slopes, tape.forward(slopes))
    again = from_bytes(packed(pickle.loads(pickle.dumps(tape)).recorded, {"dtype": "float64", "threads": 1}))
    assert again[0].arguments.parts == tape.recorded.arguments.parts


@pytest.mark.parametrize("row", [range(1, 4), array("d", [1.0, 2.0, 3.0]), (1.0, 2.0, 3.0), np.arange(3)])
def test_rows_of_any_kind_are_samples(row: Any) -> None:
    tape = Tape.record(lambda x: x[0] * x[1] + x[2], row)
    data = tuple(np.array([[1.0], [2.0], [3.0]])) if isinstance(row, tuple) else [[1.0, 2.0, 3.0]]
    assert tape.forward(data).tolist() == [5.0]


OUTPUTS: dict[str, Callable[[Any], Any]] = {
    "one": lambda x: x[0] * 2,
    "a list": lambda x: [x[0], x[1] * 2],
    "a tuple": lambda x: (x[0], x[1] * 2),
    "a named tuple": lambda x: Pair(x[0], [x[1], x[0]]),
    "a dictionary": lambda x: {"sum": x[0] + x[1], "both": [x[0], x[1]]},
    "an array": lambda x: np.outer(np.array(x), np.array(x)),
    "nested": lambda x: {"a": (x[0], [x[1], [x[0]]]), "b": np.array([x[0] * x[1]])},
}


@pytest.mark.parametrize("function", OUTPUTS.values(), ids=OUTPUTS)
def test_outputs_keep_their_structure(function: Callable[[Any], Any]) -> None:
    X = np.array([[1.0, 2.0], [3.0, 5.0], [-1.0, 0.5]])
    close(Tape.record(function, [1.0, 2.0]).forward(X), stacked([function(row.tolist()) for row in X]))


def test_arguments_are_given_by_name_as_they_were_recorded() -> None:
    w = Parameter(3.0)
    tape = Tape.record(lambda x, *, scale, p: w * x * scale + p["a"], 1.0, scale=2.0, p={"a": 1.0})
    args, named = ([1.0, 2.0],), {"p": {"a": [1.0, 0.0]}, "scale": 10.0}
    assert tape.forward(*args, **named).tolist() == [31.0, 60.0]
    assert tape.gradients(*args, **named) == (45.5, [15.0])
    x, rest = tape.input_gradients(*args, **named)
    assert x.tolist() == [30.0, 30.0]
    assert rest["scale"].tolist() == [3.0, 6.0]
    assert rest["p"]["a"].tolist() == [1.0, 1.0]
    with tape.training(*args, **named) as run:
        assert run.step() == 45.5
    with pytest.raises(ValueError, match=r"3 arguments \(x, scale=, p=\); got 1 and scale="):
        tape.forward([1.0], scale=2.0)


def test_one_number_serves_all_samples_and_alone_is_a_sample() -> None:
    tape = Tape.record(lambda x, y, z: x[0] * y + z, [1.0, 2.0], 1.0, 1.0)
    X = [[1.0, 2.0], [3.0, 4.0]]
    assert tape.forward(X, 2.0, [0.0, 1.0]).tolist() == tape.forward(X, [2.0, 2.0], [0.0, 1.0]).tolist()
    assert tape.forward(X, 2.0, np.float32(1)).tolist() == [3.0, 7.0]
    assert tape.forward(X, np.array(2), True).tolist() == [3.0, 7.0]
    assert Tape.record(lambda x: x * x, 1.0).forward(3.0).tolist() == [9.0]
    with pytest.raises(ValueError, match=r"got an array of the shape \(\); x was recorded as 2 numbers"):
        tape.forward(1.0, 2.0, 1.0)


def test_calls_of_other_sizes_and_kinds_follow_one_another() -> None:
    tape = Tape.record(lambda x, y: x[0] * y - x[1], [1.0, 2.0], 1.0)
    rng = np.random.default_rng(2)
    for count in (1, 3, 3, 2, 9000, 3, 9000, 1):
        for kind in (float, np.float32, int, list):
            X, y = rng.integers(-9, 9, size=(count, 2)), rng.integers(-9, 9, size=count)
            wanted = X[:, 0] * y - X[:, 1]
            given = (X.tolist(), y.tolist()) if kind is list else (X.astype(kind), y.astype(kind))
            before = repr(given)
            assert tape.forward(*given).tolist() == wanted.tolist()
            assert repr(given) == before, "what was given stays as it is"


def test_results_are_not_changed_by_later_calls() -> None:
    tape = Tape.record(lambda x: [x * x, x], 1.0)
    for count in (2, 9000):
        x = np.arange(float(count))
        found = tape.forward(x), tape.input_gradients(x), tape.value_and_gradients(x, wrt="inputs")
        before = repr(found)
        tape.forward(x + 1), tape.input_gradients(x + 1), tape.value_and_gradients(x + 1, wrt="inputs")
        assert repr(found) == before


def test_large_data_of_one_argument_are_read_in_place_and_never_written() -> None:
    tape = Tape.record(lambda x: np.sum(x), np.zeros(4))
    X = np.ones((5000, 4))
    X.flags.writeable = False
    assert tape.forward(X).sum() == 20_000
    tape.forward(np.zeros((5000, 4)))
    assert X.sum() == 20_000


@pytest.mark.parametrize("count", [3, 5000])
def test_arrays_of_any_layout_and_kind_of_number_are_read(count: int) -> None:
    tape = Tape.record(lambda x: x[0] - 2 * x[1], [0.0, 0.0])
    X = np.random.default_rng(3).normal(size=(count, 2))
    table = np.zeros(count, dtype=[("flag", "u1"), ("x", "f8", 2)])  # whose numbers lie at odd addresses
    table["x"] = X
    for given_ in (np.asfortranarray(X), X[::-1][::-1], X.astype(">f8"), table["x"], X.tolist()):
        assert tape.forward(given_).tolist() == (X[:, 0] - 2 * X[:, 1]).tolist()


# ----------------------------------------------------------------------- values, vectors, outputs


def two_outputs() -> tuple[Tape, Any]:
    """The matrix products of the outputs are laid out in another order for each of them."""
    w, v = [Parameter(1.0), Parameter(2.0)], [Parameter(3.0), Parameter(4.0)]
    tape = Tape.record(
        lambda x, y: [autograd.dot(w, x).tanh(), autograd.dot(v, y) * w[0]], [1.0, 2.0], [3.0, 4.0]
    )
    return tape, (np.array([[0.1, 0.2], [0.3, -0.4]]), np.array([[5.0, 6.0], [7.0, 8.0]]))


@pytest.mark.parametrize("output", [0, 1])
@pytest.mark.parametrize("wrt", ["parameters", "inputs", "both"])
def test_values_and_gradients_come_from_one_replay(output: int, wrt: Any) -> None:
    tape, data = two_outputs()
    values, found = tape.value_and_gradients(*data, wrt=wrt, output=output)
    assert values.tolist() == tape.forward(*data)[:, output].tolist()
    mean, gradient = tape.gradients(*data, output=output)
    assert mean == pytest.approx(values.mean(), rel=1e-12)
    slopes = tape.input_gradients(*data, output=output)
    if wrt != "inputs":
        assert (found if wrt == "parameters" else found[1]) == pytest.approx(gradient, rel=1e-12)
    if wrt != "parameters":
        close(found if wrt == "inputs" else found[0], slopes)


@pytest.mark.parametrize("output", [0, 1])
def test_the_gradient_of_every_output_is_in_the_order_of_the_parameters(output: int) -> None:
    tape, data = two_outputs()
    _, gradient = tape.gradients(*data, output=output)
    wanted = np.zeros(4)
    for x, y in zip(*data, strict=True):
        w, v = tape.parameters[:2], tape.parameters[2:]
        outputs = [autograd.dot(w, x).tanh(), autograd.dot(v, y) * w[0]]
        wanted += np.array(gradients(outputs[output], list(tape.parameters))) / 2
    assert gradient == pytest.approx(wanted, rel=1e-12)


def test_parameters_are_given_and_taken_as_a_vector() -> None:
    tape, data = two_outputs()
    start = tape.vector
    assert start.tolist() == [p.data for p in tape.parameters]
    elsewhere = start + np.array([1.0, -1.0, 0.5, 2.0])
    found = [
        tape.forward(*data, at=elsewhere),
        tape.gradients(*data, at=elsewhere, output=1),
        tape.input_gradients(*data, at=elsewhere, output=1),
        tape.value_and_gradients(*data, at=elsewhere, output=1, wrt="both"),
    ]
    assert tape.vector.tolist() == start.tolist(), "the Values keep their numbers"
    tape.vector = elsewhere
    assert [p.data for p in tape.parameters] == elsewhere.tolist()
    again = [
        tape.forward(*data),
        tape.gradients(*data, output=1),
        tape.input_gradients(*data, output=1),
        tape.value_and_gradients(*data, output=1, wrt="both"),
    ]
    assert repr(found) == repr(again)


def test_a_vector_of_another_shape_is_refused_and_changes_nothing() -> None:
    tape, data = two_outputs()
    start = tape.vector.tolist()
    for bad in ([1.0], [[1.0] * 4], ["a"] * 4, 1.0):
        with pytest.raises(ValueError, match="the tape has 4 parameters"):
            tape.vector = bad  # type: ignore[assignment]
        with pytest.raises(ValueError, match="the tape has 4 parameters"):
            tape.forward(*data, at=bad)  # type: ignore[arg-type]
    assert tape.vector.tolist() == start
    with tape.training(*data) as run:
        run.vector += 1.0
        assert tape.vector.tolist() == run.vector.tolist()
        with pytest.raises(RuntimeError, match="in training"):
            tape.vector = start  # type: ignore[assignment]


def test_wrt_and_outputs_that_are_none_are_refused() -> None:
    tape, data = two_outputs()
    with pytest.raises(ValueError, match=r'wrt is "inputs", "parameters" or "both"; got \'all\''):
        tape.value_and_gradients(*data, wrt="all")  # type: ignore[arg-type]
    for output in (2, -1, "0", None, 0.5):
        with pytest.raises(ValueError, match=r"there is no output .*the tape has 2"):
            tape.gradients(*data, output=output)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------- refusals


def test_data_in_another_structure_are_refused_by_name() -> None:
    tape = Tape.record(lambda p, t: p["w"][0] * p["b"] + t[0], {"w": [1.0, 2.0], "b": 1.0}, (1.0, [2.0]))
    good = {"w": [[1.0, 2.0]], "b": [1.0]}
    with pytest.raises(
        TypeError, match=r"p was recorded .* dictionary with the keys \['w', 'b'\].*keys \['w'\]"
    ):
        tape.forward({"w": [[1.0, 2.0]]}, ([1.0], [[2.0]]))
    with pytest.raises(TypeError, match=r"p was recorded as a dictionary.*got \[1\.0\] \(list\)"):
        tape.forward([1.0], ([1.0], [[2.0]]))
    with pytest.raises(TypeError, match="t was recorded as a tuple of 2: a tuple of 2 arrays is wanted"):
        tape.forward(good, [[1.0, 2.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match=r"\(1, 3\); p\['w'\] was recorded as 2 numbers: \(samples, 2\)"):
        tape.forward({"w": [[1.0, 2.0, 3.0]], "b": [1.0]}, ([1.0], [[2.0]]))
    with pytest.raises(ValueError, match=r"rows of different lengths; p\['w'\] was recorded as 2 numbers"):
        tape.forward({"w": [[1.0, 2.0], [3.0]], "b": [1.0]}, ([1.0], [[2.0]]))
    with pytest.raises(ValueError, match=r"\{\"p\['w'\]\": 1, \"p\['b'\]\": 2, 't\[0\]': 1, 't\[1\]': 1\}"):
        tape.forward({"w": [[1.0, 2.0]], "b": [1.0, 2.0]}, ([1.0], [[2.0]]))


def test_an_index_that_is_computed_is_a_branch() -> None:
    with pytest.raises(BranchError, match=r"test_structure\.py, line \d+: Python branches on an index"):
        Tape.record(lambda x: np.sum(x[x > 0]), np.ones(3))


def test_another_structure_for_another_sample_is_refused() -> None:
    calls: list[int] = []

    def function(x: Value) -> Any:
        calls.append(1)
        return [x, x * 2] if len(calls) == 1 else (x, x * 2)

    with pytest.raises(BranchError, match="another graph"):
        Tape.record(function, 2.0)


def test_masked_numbers_are_refused_not_taken() -> None:
    tape = Tape.record(lambda x: 2.0 * x, 1.0)
    with pytest.raises(ValueError, match="x has masked numbers"):
        tape.forward(np.ma.array([1.0, 2.0], mask=[0, 1]))
    assert tape.forward(np.ma.array([1.0, 2.0], mask=[0, 0])).tolist() == [2.0, 4.0]
