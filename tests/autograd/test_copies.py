"""Copies and pickles of graphs: of any depth, shared as before, and never a silent cut."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest

import autograd
from autograd import Constant, Parameter, Value, detect_anomaly, grad, hvp, jvp, topological_order
from autograd.core.recording import BranchError
from autograd.graph import leaves
from autograd.node import NO_GRADIENT
from tests.thorough import DEEP

PICKLES = {
    f"pickle {n}": lambda x, n=n: pickle.loads(pickle.dumps(x, n)) for n in (2, pickle.HIGHEST_PROTOCOL)
}
COPIES: dict[str, Callable[[Any], Any]] = {"deepcopy": copy.deepcopy, **PICKLES}

each_copy = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)


def chain(steps: int) -> tuple[Value, Value]:
    x = y = Parameter(0.5, "x")
    for i in range(steps):
        y = y.sin() if i % 2 else y + x
    return x, y


@each_copy
def test_a_copied_graph_computes_on(copied: Callable[[Any], Any]) -> None:
    w, x, one = Parameter(3.0, "w"), Value(2.0, "x"), Constant(1.0)
    y = (w * x + one).tanh()
    other = copied(y)
    assert (other.data, other.op) == (y.data, y.op)
    assert other.grad is NO_GRADIENT
    other.backward()
    y.backward()
    assert [(v.grad, v.label, type(v)) for v in leaves(other)] == [
        (v.grad, v.label, type(v)) for v in leaves(y)
    ]
    assert copied(y).grad == 1.0


@each_copy
def test_depth_costs_no_recursion(copied: Callable[[Any], Any]) -> None:
    x, y = chain(DEEP)
    other = copied(y)
    other.backward()
    y.backward()
    (leaf,) = leaves(other)
    assert leaf is not x
    assert leaf.grad == x.grad


@each_copy
def test_what_was_shared_is_shared_in_the_copy(copied: Callable[[Any], Any]) -> None:
    depth = sys.getrecursionlimit()
    x, y = chain(depth)
    z = y * x
    for places in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        others = copied([(x, y, z)[place] for place in places])
        a, b, c = (others[places.index(k)] for k in range(3))
        assert c.inputs[0] is b
        assert c.inputs[1] is a
        assert leaves(b)[0] is a


@each_copy
def test_every_node_of_a_graph_can_be_copied_in_one_list(copied: Callable[[Any], Any]) -> None:
    _, y = chain(400)
    for nodes in (topological_order(y), topological_order(y)[::-1]):
        others = copied(nodes)
        place = {v: i for i, v in enumerate(nodes)}
        for v, other in zip(nodes, others, strict=True):
            assert all(a is others[place[b]] for a, b in zip(other.inputs, v.inputs, strict=True))


class Tagged(Value):
    """A Value of one's own, with attributes: slots and others."""

    __slots__ = ("__dict__", "tag")

    def __init__(self, data: float, tag: Any) -> None:
        super().__init__(data)
        self.tag, self.others = tag, [self]


@each_copy
def test_attributes_of_ones_own_are_copied(copied: Callable[[Any], Any]) -> None:
    v = Tagged(2.0, ["tag"])
    w = copied(v * 3).inputs[0]
    assert (w.tag, w.data) == (["tag"], 2.0)
    assert w.tag is not v.tag
    assert w.others[0] is w


@each_copy
def test_a_copy_of_what_was_watched_still_names_its_line(copied: Callable[[Any], Any]) -> None:
    x = Value(0.0, "x")
    with detect_anomaly():
        y = copied(x.sqrt())
        with pytest.raises(autograd.AnomalyError, match=r"computed at .*test_copies"):
            y.backward()


@pytest.mark.parametrize("copied", [*COPIES.values(), copy.copy], ids=[*COPIES, "copy"])
class TestCopiesOfLiveNodes:
    """A gradient that is being taken passes through no copy: an error rather than a silent 0."""

    def test_in_a_differentiated_function(self, copied: Callable[[Any], Any]) -> None:
        functions = (lambda x: copied(x) ** 2, lambda x: copied(x * 2) * x)
        for function in functions:
            for differentiate in (
                lambda f: grad(f)(3.0),
                lambda f: grad(grad(f))(3.0),
                lambda f: jvp(f, (3.0,), (1.0,)),
                lambda f: hvp(f, (3.0,), (1.0,)),
                lambda f: grad(lambda y: grad(lambda x: x * f(y))(2.0))(3.0),
            ):
                with pytest.raises(RuntimeError, match=r"test_copies\.py, line \d+: a copy of .*detach"):
                    differentiate(function)

    def test_other_values_are_copied_there_as_anywhere(self, copied: Callable[[Any], Any]) -> None:
        w = Parameter(2.0)
        assert grad(lambda x: copied(w) * x)(3.0) == 2.0
        assert grad(lambda x: copied(w * w) * x)(3.0) == 4.0
        assert copied(w).data == 2.0

    def test_while_a_tape_is_recorded(self, copied: Callable[[Any], Any]) -> None:
        tape = pytest.importorskip("autograd.tape")
        w = Parameter(2.0)
        for function in (lambda x: copied(x) * x, lambda x: copied(w) * x):
            with pytest.raises(
                BranchError, match=r"test_copies\.py, line \d+: copying a Value cuts the graph"
            ):
                tape.Tape.record(function, 3.0)
