"""The examination of engines: what is right passes, what is wrong is named on its smallest graph."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from autograd import Value
from autograd.core.primitive import TABLE
from autograd.mistakes import CAUSES, ENGINES, gradients_of
from autograd.testing import EngineReport, check_engine
from autograd.testing.engine import graphs
from autograd.testing.engine.expected import deviation, expected
from autograd.testing.engine.foreign import BACKWARD, DATA, GRAD, Foreign
from tests.autograd.testing.engine import engines
from tests.autograd.testing.engine.engines import SECOND, WRITTEN, Micro
from tests.mutants import all_mutants, is_found_by_check_engine
from tests.thorough import ALL

TWICE = "a result that is used twice"


def scalars() -> EngineReport:
    """An engine in minitorch's form, by an adapter."""
    return check_engine(
        engines.Scalar,
        data=lambda v: v.value,
        grad=lambda v: v.derivative,
        backward=lambda y: y.backprop(),
    )


def arrays(kind: str) -> Callable[[], EngineReport]:
    """An engine that computes with NumPy's numbers of one type."""

    def examined() -> EngineReport:
        numpy = pytest.importorskip("numpy")
        return check_engine(lambda x: engines.Zeroing(getattr(numpy, kind)(x)))

    return examined


def torch() -> EngineReport:
    """PyTorch, by an adapter of ten lines."""
    torch = pytest.importorskip("torch")
    names = ("log1p", "tanh", "sigmoid", "exp", "sin", "maximum", "erf")
    return check_engine(
        lambda x: torch.tensor(float(x), dtype=torch.float64, requires_grad=True),
        data=lambda v: v.item(),
        functions={name: getattr(torch, name) for name in names}
        | {
            "softplus": torch.nn.functional.softplus,
            "logsumexp": lambda a: torch.logsumexp(torch.stack(a), 0),
        },
    )


# ------------------------------------------------------------------------------ what is right passes

RIGHT: dict[str, Callable[[], EngineReport]] = {
    "ours": lambda: check_engine(Value),
    "starts from zero": lambda: check_engine(engines.Zeroing),
    "by all routes": lambda: check_engine(engines.Recursive),
    "minitorch's form": scalars,
    "NumPy's doubles": arrays("float64"),
    "NumPy's float32": arrays("float32"),
    "PyTorch": torch,
}


@cache
def report_on(name: str) -> EngineReport:
    return RIGHT[name]()


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_engine_is_not_accused(name: str) -> None:
    assert report_on(name), report_on(name)


def test_our_own_engine_is_examined_with_all_its_ops_and_nothing_is_limited() -> None:
    report = report_on("ours")
    assert {f.verdict for f in report.findings} == {"correct"}
    examined = {f.what for f in report.findings}
    methods = {op.name for op in TABLE.values() if op.arity and hasattr(Value, op.name)}
    assert examined >= {WRITTEN.get(name, name) for name in methods}
    assert report[SECOND].likely == "the gradients of leaves add up"
    assert report["depth"].likely == "10,000 nodes in a row"


def test_rounding_to_float32_is_named_and_forgiven() -> None:
    report = report_on("NumPy's float32")
    assert report["precision"].verdict == "limited by rounding"


def engines_of(kind: str) -> Foreign:
    if kind == "minitorch's form":
        return Foreign(engines.Scalar, lambda v: v.value, lambda v: v.derivative, lambda y: y.backprop(), {})
    if kind == "from the table":
        made = engines.from_table()
        return Foreign(made.Number, DATA, GRAD, BACKWARD, made.functions)
    leaves: dict[str, Callable[[Any], Any]] = {
        "ours": Value,
        "micrograd's form": Micro,
        "zeroing": engines.Zeroing,
    }
    if kind in leaves:
        return Foreign(leaves[kind], DATA, GRAD, BACKWARD, {})
    numpy = pytest.importorskip("numpy")
    return Foreign(lambda x: engines.Zeroing(getattr(numpy, kind)(x)), DATA, GRAD, BACKWARD, {})


KINDS = (
    "ours", "micrograd's form", "from the table", "minitorch's form", "zeroing", "float64", "float32",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_is_accused_falsely_on_graphs_at_random(kind: str) -> None:
    engine = engines_of(kind)
    takes = engine.takes
    plain = {op: [1, 0] if engine.reflects(op) else [1] for op in takes if op.name in ("add", "mul", "div")}
    chance = random.Random(kind)
    steady = 0
    for _ in range(15_000 if ALL else 150):
        recipe = graphs.random_graph(chance, takes, plain)
        want = expected(recipe, engine.epsilon)
        if want.is_steady:
            steady += 1
            off = deviation(recipe, want, engine.run(recipe))
            assert off is None, f"{engine.code(recipe, 'a')}\n{off}\n{want}"
    assert steady > 100  # most of them tell


# --------------------------------------------------------------------------- what is wrong is named


@pytest.mark.parametrize(
    ("engine", "what", "cause", "graph"),
    [
        (engines.Overwriting, "a + b", "overwrites", "y = a + a"),
        (engines.Overwriting, "a * b", "overwrites", "y = a * a"),
        (engines.Dropping, "a * b", "drops_factor", "y = (a * b) * c"),
        (engines.DepthFirst, TWICE, "depth_first", "h = a * b; y = h * (h + b)"),
        (engines.BreadthFirst, TWICE, "depth_first", "h = a * b; y = h * (h + b)"),
        (Micro, SECOND, "keeps_intermediates", "y = (a * b) * b; y.backward(); y.backward()"),
    ],
)
def test_each_classical_mistake_is_named_on_its_smallest_graph(
    engine: Any, what: str, cause: str, graph: str
) -> None:
    found = check_engine(engine)[what]
    assert found.verdict == "wrong"
    assert found.likely.partition(";")[0] == CAUSES[cause]
    assert graph in found.graph


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "right"])
def test_each_broken_engine_of_ours_is_found_and_its_mistake_named(name: str) -> None:
    def backward(y: Value) -> None:
        for v, gradient in gradients_of(ENGINES[name], y).items():
            v.grad = gradient

    def right(y: Value) -> None:
        for v, gradient in gradients_of(ENGINES["right"], y).items():
            v.grad = gradient

    assert check_engine(Value, backward=right)
    assert CAUSES[name] in {f.likely for f in check_engine(Value, backward=backward).wrong}


def test_an_engine_that_takes_no_whole_numbers_is_limited_not_wrong() -> None:
    def leaf(x: float) -> Value:
        if not isinstance(x, float):
            raise TypeError("a float, please")
        return Value(x)

    report = check_engine(leaf)
    assert report
    assert report["a leaf of a whole number"].verdict == "limited"


@pytest.mark.parametrize("engine", [engines.Overwriting, engines.Dropping, engines.DepthFirst, Micro])
def test_the_line_of_code_can_be_pasted_and_gives_the_number_reported(engine: Any) -> None:
    for found in check_engine(engine).wrong:
        *statements, last = found.graph.split("; ")
        names: dict[str, Any] = {engine.__name__: engine}
        exec("; ".join(statements), names)
        got = found.got.removeprefix("∂y/∂a is ").removeprefix("∂y/∂b is ").replace("−", "-")
        assert eval(last, names) == pytest.approx(float(got), rel=1e-3)


def test_micrograd_s_form_is_right_but_for_its_second_backward_and_its_depth() -> None:
    report = check_engine(Micro)
    assert [f.what for f in report.wrong] == [SECOND]
    assert not report
    assert report["depth"].verdict == "limited"
    assert "RecursionError at 1,000 nodes" in report["depth"].got
    assert report["3 / a"].verdict == report["a ** 3"].verdict == "correct"


def test_micrograd_itself_is_right_but_for_its_second_backward_and_its_depth() -> None:
    engine = pytest.importorskip("micrograd.engine", reason="micrograd is examined where it is installed")
    report = check_engine(engine.Value)
    assert [f.what for f in report.wrong] == [SECOND]
    assert [f.what for f in report.findings if f.verdict == "limited"] == ["depth"]


def test_work_that_grows_with_the_routes_is_named() -> None:
    found = check_engine(engines.Recursive)["each node visited once"]
    assert found.verdict == "limited"
    assert "once for each route" in found.likely


def test_results_told_apart_by_their_numbers_are_named() -> None:
    assert "==" in check_engine(engines.EqualByData)["results of equal numbers"].likely


def with_method(name: str, method: Callable[..., Any]) -> Any:
    return type("Student", (Micro,), {name: method})


@pytest.mark.parametrize(
    ("name", "method", "what", "likely"),
    [
        ("__rsub__", lambda a, b: a - b, "3 - a", "the inputs are taken in reverse order"),
        ("__rtruediv__", lambda a, b: a / b, "3 / a", "the inputs are taken in reverse order"),
        ("tanh", lambda a: a.node(math.tanh(a.data), (a, 1 - a.data**2)), "tanh", "1 − x² for 1 − tanh²(x)"),
        ("exp", lambda a: a.node(math.exp(a.data), (a, a.data)), "exp", "the input is sent"),
        ("relu", lambda a: a.node(max(0, a.data), (a, 1.0)), "relu", "the condition x > 0 is missing"),
        ("log", lambda a: a.node(math.log(a.data), (a, a.data)), "log", "the input is sent"),
        ("log", lambda a: a.node(math.log(a.data)), "log", "nothing is sent to this input"),
        ("sqrt", lambda a: a.node(a.data**0.5, (a, a.data**-0.5)), "sqrt", "the 2 is missing"),
        ("sin", lambda a: a.node(math.sin(a.data), (a, -math.cos(a.data))), "sin", "the sign is flipped"),
        ("cos", lambda a: a.node(math.sin(a.data), (a, math.cos(a.data))), "cos", "sin for cos"),
        (
            "__pow__",
            lambda a, n: a.node(a.data**n, (a, a.data ** (n - 1))),
            "a ** b",
            "the factor b is missing",
        ),
        ("__sub__", lambda a, b: a + b, "a - b", ""),
        (
            "__truediv__",
            lambda a, b: a.node(a.data / b.data, (a, 1 / b.data), (b, a.data / b.data**2)),
            "a / b",
            "the sign of the divisor's partial",
        ),
        ("__truediv__", lambda a, b: a.node(a.data // b.data, (a, 1.0), (b, 1.0)), "a / b", "// for /"),
        ("sigmoid", lambda a: a.oops(), "sigmoid", ""),
    ],
)
def test_a_student_s_mistake_is_named(name: str, method: Any, what: str, likely: str) -> None:
    found = check_engine(with_method(name, method))[what]
    assert found.verdict == "wrong"
    assert likely in found.likely


def test_an_error_inside_an_op_is_told() -> None:
    found = check_engine(with_method("sigmoid", lambda a: a.oops()))["sigmoid"]
    assert "raises AttributeError" in found.got


def test_changed_data_are_seen() -> None:
    def doubled(a: Any) -> Any:
        out = a.node(math.exp(a.data), (a, math.exp(a.data)))
        a.data = 2 * a.data
        return out

    assert "data of a leaf was changed" in check_engine(with_method("exp", doubled))["exp"].got


def test_a_mistake_of_one_op_beside_others_is_seen_in_company_only() -> None:
    def overwriting(a: Any) -> Any:
        out = a.node(math.exp(a.data))
        out.prev = (a,)
        out.pull = lambda: setattr(a, "grad", out.data * out.grad)
        return out

    found = check_engine(with_method("exp", overwriting))
    assert [f.what for f in found.wrong if f.what != SECOND] == ["exp"]
    assert found["exp"].likely == CAUSES["overwrites"]


def test_leaves_that_do_not_agree_whether_they_add_up_are_seen() -> None:
    def backward(y: engines.Zeroing) -> None:
        kept = {v: v.grad for v in y.order() if v.data == 2.0 and not v.prev}
        y.backward()
        for v, before in kept.items():
            v.grad += before

    found = check_engine(engines.Zeroing, backward=backward)[SECOND]
    assert found.verdict == "wrong"
    assert found.graph.endswith("backward(y); backward(y); b.grad")


def test_a_mistake_is_told_before_what_may_be_rounding() -> None:
    def exp(a: Micro) -> Micro:
        slope = math.exp(a.data) * (1 + 1e-8 if a.data > 0 else -1)
        return a.node(math.exp(a.data), (a, slope))

    found = check_engine(with_method("exp", exp))["exp"]
    assert found.verdict == "wrong"
    assert "(-" in found.graph


def test_an_approximation_is_limited_by_rounding_not_wrong() -> None:
    def exp(a: Micro) -> Micro:
        return a.node(math.exp(a.data), (a, (math.exp(a.data + 1e-4) - math.exp(a.data - 1e-4)) / 2e-4))

    found = check_engine(with_method("exp", exp))["exp"]
    assert found.verdict == "limited by rounding"
    assert found.graph


def test_a_reverse_pass_that_always_fails_is_told() -> None:
    def backward(y: Micro) -> None:
        raise NotImplementedError("later")

    report = check_engine(Micro, backward=backward)
    assert not report
    assert "raises NotImplementedError: later" in report["a + b"].got


def test_what_is_wrong_only_on_some_graphs_is_found_at_random_and_made_small() -> None:
    class Ninth(engines.Zeroing):
        """Leaves out every ninth node."""

        def order(self) -> list[Any]:
            return [v for k, v in enumerate(super().order()) if k != 8]

    found = check_engine(Ninth)["graphs at random"]
    assert found.verdict == "wrong"
    assert len(found.graph) < 200


def test_no_mistake_in_a_partial_survives_and_its_op_alone_is_accused() -> None:
    mutants = [m for m in all_mutants()[0] if not m.allowed][:: 1 if ALL else 48]
    assert [str(mutant) for mutant in mutants if not is_found_by_check_engine(mutant)] == []
