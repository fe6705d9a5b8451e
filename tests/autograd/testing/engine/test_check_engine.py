"""The examination of engines: what is right passes, what is wrong is named on its smallest graph."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from autograd import Value
from autograd.core.primitive import TABLE, Op
from autograd.mistakes import CAUSES, ENGINES, gradients_of
from autograd.testing import EngineReport, check_engine
from autograd.testing.engine import graphs
from autograd.testing.engine.expected import deviation, expected
from autograd.testing.engine.foreign import BACKWARD, DATA, GRAD, Foreign
from tests.autograd.testing.engine import engines
from tests.autograd.testing.engine.engines import SECOND, WRITTEN, Micro
from tests.mutants import Mutant, all_mutants, is_found_by_check_engine
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


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_engine_is_not_accused(name: str) -> None:
    report = RIGHT[name]()
    assert report, report


def test_our_own_engine_is_examined_with_all_its_ops_and_nothing_is_limited() -> None:
    report = check_engine(Value)
    assert {f.verdict for f in report.findings} == {"correct"}
    examined = {f.what for f in report.findings}
    methods = {op.name for op in TABLE.values() if op.arity and hasattr(Value, op.name)}
    assert examined >= {WRITTEN.get(name, name) for name in methods}
    assert report[SECOND].likely == "the gradients of leaves add up"
    assert report["depth"].likely == "10,000 nodes in a row"


def test_rounding_to_float32_is_named_and_forgiven() -> None:
    report = arrays("float32")()
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


@pytest.mark.parametrize(
    "mutant",
    [m for m in all_mutants()[0] if not m.allowed][:: 1 if ALL else 32],
    ids=str,
)
def test_no_mistake_in_a_partial_survives_and_its_op_alone_is_accused(mutant: Mutant) -> None:
    assert is_found_by_check_engine(mutant)


# -------------------------------------------------------------------------- the report and the adapter


def test_a_report_says_what_is_wrong_first_and_groups_what_has_one_cause() -> None:
    lines = str(check_engine(engines.Overwriting)).splitlines()
    assert lines[0].startswith("Overwriting: 9 things examined, 9 wrong")
    assert lines[1] == "wrong: a + b: ∂y/∂a is 1 where 2 is right"
    assert "    so are: a - b, a * b," in "\n".join(lines)


def test_functions_with_names_of_their_own_are_examined_and_written_as_such() -> None:
    def tanh(a: Micro) -> Micro:
        return a.node(math.tanh(a.data), (a, 1.0))

    report = check_engine(Micro, functions={"tanh": tanh, "sum": sum})
    assert "y = tanh(a)" in report["tanh"].graph
    assert report["sum"].verdict == "correct"


def test_a_function_by_the_name_of_no_op_is_refused() -> None:
    with pytest.raises(ValueError, match="did you mean 'tanh'"):
        check_engine(Micro, functions={"tanhh": math.tanh})


def test_what_is_no_engine_is_refused() -> None:
    with pytest.raises(TypeError, match="takes the class"):
        check_engine(3.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"\(object\) has no \.data and no \.grad and no \.backward; say how"):
        check_engine(lambda x: object())
    with pytest.raises(TypeError, match=r"has no \.backward; .*: backward=lambda v: v\.…\(\)"):
        check_engine(lambda x: SimpleNamespace(data=x, grad=0.0))
    with pytest.raises(TypeError, match="the number in a leaf cannot be read"):
        check_engine(Micro, data=lambda v: "a number")


def test_an_engine_without_plain_numbers_is_limited_not_wrong() -> None:
    class Strict(engines.Zeroing):
        @classmethod
        def wrapped(cls, x: Any) -> Micro:
            if not isinstance(x, Micro):
                raise TypeError("only my own")
            return x

        __neg__ = None  # type: ignore[assignment]
        __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __pow__ = None  # type: ignore[assignment]

    report = check_engine(Strict)
    assert report["a + 3"].verdict == "limited"


def test_a_finding_that_is_not_there_is_named() -> None:
    with pytest.raises(KeyError, match="was not examined"):
        check_engine(Micro)["softmax"]


def test_every_op_of_the_table_can_be_examined() -> None:
    made = engines.from_table()
    report = check_engine(made.Number, functions=made.functions)
    assert {f.what for f in report.findings} >= {WRITTEN.get(name, name) for name in TABLE}
    assert [f.what for f in report.wrong] == [SECOND]


def test_an_op_of_one_s_own_is_examined_as_soon_as_it_is_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cube = Op("cube", "cube", lambda m: (lambda a: a * a * a, lambda a, y: 3 * a * a))
    monkeypatch.setitem(TABLE, "cube", cube)
    wrong = with_method("cube", lambda a: a.node(a.data**3, (a, 3 * a.data)))
    assert check_engine(wrong)["cube"].verdict == "wrong"


# ------------------------------------------------------------------- nothing is passed in silence


def test_a_power_of_a_negative_base_is_examined() -> None:
    def power(a: Micro, k: Any) -> Micro:
        return a.node(a.data**k, (a, k * abs(a.data) ** (k - 1)))

    found = check_engine(with_method("__pow__", power), graphs=0)["a ** b"]
    assert found.verdict == "wrong"
    assert "Student(-2.0)" in found.graph


def test_operators_that_are_not_there_are_listed() -> None:
    class Least(engines.Zeroing):
        """Has no reflected addition, and no difference at all."""

        __radd__ = __sub__ = __rsub__ = None

    report = check_engine(Least, graphs=0)
    assert report
    assert {f.what for f in report.findings if f.verdict == "not there"} >= {"3 + a", "a - b"}
    assert "not there: " in str(report)


def test_an_engine_without_ops_does_not_pass_and_is_told_how_to_hand_them_over() -> None:
    class Empty:
        def __init__(self, data: float) -> None:
            self.data, self.grad = data, 0.0

        def backward(self) -> None:
            self.grad = 1.0

    report = check_engine(Empty)
    assert not report
    assert "functions={'add': add" in str(report)


def leaky_by_default(a: Micro, slope: float = 0.01) -> Micro:
    return a.node(a.data if a.data > 0 else slope * a.data, (a, 1.0 if a.data > 0 else slope))


def leaky(a: Micro, slope: float) -> Micro:
    return leaky_by_default(a, slope)


@pytest.mark.parametrize("method", [leaky_by_default, leaky])
def test_a_setting_of_a_method_is_not_taken_for_a_leaf(method: Any) -> None:
    report = check_engine(with_method("leaky_relu", method), graphs=0)
    assert report["leaky_relu"].verdict == "correct"


class ResettingLeaves(Micro):
    """Sets the gradients of the leaves to 0 at each pass, and those of no other node."""

    def backward(self) -> None:
        for v in self.order():
            v.grad = v.grad if v.prev else 0.0
        super().backward()


class AddingSeed(Micro):
    """Adds 1 to the gradient of the output at each pass."""

    def backward(self) -> None:
        self.grad += 1.0
        for v in reversed(self.order()):
            v.pull()


@pytest.mark.parametrize("engine", [Micro, ResettingLeaves, AddingSeed])
def test_gradients_kept_between_leaves_and_output_are_named_with_the_remedy(engine: Any) -> None:
    found = check_engine(engine, graphs=0)[SECOND]
    assert found.got.rpartition(" ")[2] not in found.expected.replace("(", " ").split()
    assert "not only those of the leaves" in found.likely
    assert ("+=" in found.likely) == (engine is AddingSeed)


def test_partials_are_called_exchanged_only_if_both_are() -> None:
    def product(a: Micro, b: Any) -> Micro:
        b = a.wrapped(b)
        return a.node(a.data * b.data, (a, a.data), (b, a.data))

    found = check_engine(with_method("__mul__", product), graphs=0)["a * b"]
    assert found.verdict == "wrong"
    assert found.likely == "the input is sent where the partial belongs"


def test_a_forgotten_reversal_is_told_once() -> None:
    class Forward(Micro):
        def backward(self) -> None:
            self.grad = 1.0
            for v in self.order():
                v.pull()

    report = check_engine(Forward, graphs=0)
    assert len({f.likely for f in report.wrong}) == 1
    assert str(report).count("reversed() is missing") == 1


@pytest.mark.parametrize("functions", [[math.tanh], [], {"tanh": 1}])
def test_functions_that_are_not_given_by_name_are_refused_with_what_is_wanted(functions: Any) -> None:
    with pytest.raises(TypeError, match="by the names of the ops"):
        check_engine(Micro, functions=functions)


@pytest.mark.parametrize("slope", [1.0001, 1 + 1e-8])
def test_no_cause_is_named_that_does_not_fit(slope: float) -> None:
    def plus(a: Micro, b: Any) -> Micro:
        b = a.wrapped(b)
        return a.node(a.data + b.data, (a, slope), (b, slope))

    found = check_engine(with_method("__add__", plus), graphs=0)["a + b"]
    assert found.verdict == ("wrong" if slope > 1.00001 else "limited by rounding")
    assert not found.likely


@pytest.mark.parametrize("power", [2, -2])
def test_an_op_whose_gradient_is_constant_is_not_called_exchanged(power: int) -> None:
    def scaled(a: Micro, b: Any) -> Micro:
        b = a.wrapped(b)
        return a.node(a.data + b.data, (a, float(power)), (b, 1.0))

    likely = check_engine(with_method("__add__", scaled), graphs=0)["a + b"].likely
    assert "exchanged" not in likely
    assert "reverse" not in likely
