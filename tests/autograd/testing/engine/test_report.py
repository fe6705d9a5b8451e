"""What the examination of an engine reports, how it is adapted to one, and that nothing passes in silence."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from autograd.core.primitive import TABLE, Op
from autograd.testing import check_engine
from tests.autograd.testing.engine import engines
from tests.autograd.testing.engine.engines import SECOND, WRITTEN, Micro
from tests.autograd.testing.engine.test_check_engine import with_method

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
