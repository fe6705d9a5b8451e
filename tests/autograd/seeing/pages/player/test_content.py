"""What a page is given of a walk: filled in again, it is what the trace says."""

import math
import re
from itertools import accumulate, chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, dot, sum
from autograd.mistakes import overwrites
from autograd.notation.numbers import number
from autograd.seeing.facts.arrow import edge_key
from autograd.seeing.pages.player.content import facts
from autograd.seeing.pages.player.packing.patterns import (
    as_factor,
    first_input,
    is_number_reference,
    shown_of,
)
from autograd.seeing.pages.player.packing.pictures import plain_views
from autograd.seeing.pages.player.questions import predictions
from autograd.seeing.pages.player.views.choice import views
from autograd.seeing.walk import walk
from nn import MLP, GRUCell, Recurrent, losses
from tests.networks import Residual
from tests.strategies import recipes

TEXT, MARKUP = 3, 4
ODD_LABELS = [
    "a",
    "if",
    "x 1",
    "1.5.5",
    "ab∞",
    "5",
    "w2,1^3",
    "uz18,18",
    "50 %s",
    "∂",
    "e−5",
    "<b>",
    "ꔀ",
    "꘠꘡꘢",
    "n3",
    "(",
    "x^2",
    "nan",
    "₀",
    "₁a",
]

WORDLIKE = ["a", "so", "it", "y", "w1", "5", "1.234", "w2,1^3", "x 1", "−b", "a + b", "twice"]
"""Labels that occur in sentences as words or numbers, and such as are put in parentheses."""


class Page:
    """Reads the facts as the page does."""

    def __init__(self, steps):
        self.said = facts(steps.content())
        self.columns = self.said["steps"]
        self.gradients = {}
        self.partials = dict(
            zip(
                zip(*(self.columns[key] for key in ("target", "position")), strict=True),
                self.columns["partial"],
                strict=True,
            )
        )

    def shown(self, i):
        """Upstream, partial, contribution, before and after, each left out where it follows."""
        node, target = self.columns["node"][i], self.columns["target"][i]
        phase, _ = self.said["kinds"][self.columns["kind"][i]]
        before = self.gradients.get(node, "–") if phase == "reverse" else "–"
        after = self.columns["after"][i]
        partial, contribution = (self.columns[name][i] or "–" for name in ("partial", "contribution"))
        shown = [self.gradients.get(target, "–"), partial, contribution, before, after]
        if phase == "reverse":
            self.gradients[node] = after
        return shown

    def filled(self, pattern, i, shown, form):
        return "".join(p if isinstance(p, str) else self.written(p, i, shown, form) for p in pattern)

    def written(self, piece, i, shown, form):
        reference = as_factor(piece) if piece < 0 else piece
        text = self.referred(reference, i, shown, form)
        if not is_number_reference(reference):
            return text
        sign, digits = text[: text.startswith("−")], text.removeprefix("−")
        if form == MARKUP:
            sign, digits = sign and '<mo form="prefix">−</mo>', f"<mn>{digits}</mn>"
        left, right = ("<mrow><mo>(</mo>", "<mo>)</mo></mrow>") if form == MARKUP else "()"
        return f"{left}{sign}{digits}{right}" if sign and piece < 0 else sign + digits

    def referred(self, reference, i, shown, form):
        nodes = [self.said["output"], self.columns["node"][i], self.columns["target"][i]]
        if reference < 3:
            return self.said["names"][nodes[reference]][form]
        if reference < 10:
            return self.said["values"][nodes[reference - 2]] if reference < 5 else shown[reference - 5]
        k, what = divmod(reference - 10, 4)
        if what == 3:
            return self.columns["extras"][i][k]
        subject = nodes[1] if nodes[2] < 0 else nodes[2]
        is_read = self.said["kinds"][self.columns["kind"][i]] == ("forward", "leaf")
        inputs = self.said["read"] if is_read else self.said["inputs"][subject]
        position = self.columns["position"][i]
        position = (first_input(None if position < 0 else position, len(inputs)) + k) % len(inputs)
        if what == 2:
            return self.partials[subject, position]
        source = inputs[position]
        return self.said["values"][source] if what else self.said["names"][source][form]


def check(steps):
    page = Page(steps)
    for i, step in enumerate(steps):
        shown = page.shown(i)
        assert shown == shown_of(step)
        for place, (name, form, told) in enumerate(
            (
                ("sentence", TEXT, step.sentence),
                ("formula", MARKUP, step.mathml()),
                ("slope", TEXT, step.partial_symbols or ""),
            )
        ):
            patterns = page.said["formulas" if name == "formula" else "sentences"]
            number = page.said["words"][page.columns["words"][i]][place]
            assert page.filled(patterns[number], i, shown, form) == told


def network(hidden=6):
    model = MLP(12, [hidden, 3], activation="tanh", seed=0)
    return losses.cross_entropy(model([0.1 * i for i in range(12)]), 1)


@given(recipes())
def test_filled_in_patterns_are_what_the_trace_says(recipe):
    check(walk(recipe.compute([Value(x) for x in recipe.numbers])))


@pytest.mark.parametrize("label", [*ODD_LABELS, "x" * 10_000], ids=range(len(ODD_LABELS) + 1))
def test_whatever_a_label_holds(label):
    a, b = Value(-1.5, label), Value(math.inf, "b")
    check(walk(a * a + (b - 2.5) * a))


@given(st.text(max_size=12), st.text(max_size=12), st.floats())
def test_any_labels_and_numbers(first, second, x):
    a, b = Value(x, first), Value(2.0, second)
    check(walk((a * b).tanh() + a * 1.5e-7))


def test_of_a_network_and_in_forward_mode():
    check(walk(network()))
    x = Value(0.5, "x")
    check(walk((x * x).exp() * 3, tangent=x))


def test_of_a_recurrent_network_and_with_names_of_two_indices():
    model = Recurrent(GRUCell(1, 3, seed=0), 1, seed=1)
    steps = walk(losses.mse(model([0.1, 0.2, 0.3, 0.4]), 0.0))
    check(steps)
    assert not facts(steps.content())["steps"]["extras"]


@pytest.mark.parametrize("make", [network, lambda: Residual(3)([0.5, -1.0])])
def test_many_steps_share_few_patterns(make):
    said = facts(walk(make()).content())
    assert len(said["steps"]["node"]) > 200  # all leaves are one
    assert len(said["sentences"]) < 100
    assert len(said["formulas"]) < 40


@given(st.integers(1, 4), st.sampled_from(["tanh", "relu", "linear"]), st.floats(-2, 2), st.booleans())
def test_steps_of_one_shape_are_told_as_if_each_were_told_alone(samples, activation, x, named):
    model = MLP(3, [4, 4, 1], activation, seed=0)
    if named:
        for i, p in enumerate(model.parameters()):
            p.label = WORDLIKE[i % len(WORDLIKE)]
    check(walk(losses.mse([model([x, i, 0.5]) for i in range(samples)], [1.0] * samples)))


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 1.0, -1.0, 12.0, 0.5, -0.3333, 2.7183, math.nan, math.inf]),
            st.sampled_from(["w1", "w2", "w3^2", "x1²", "x2²", "5", "7", "x", ""]),
        ),
        min_size=5,
        max_size=9,
    )
)
def test_steps_of_nearly_one_shape_are_told_as_if_each_were_told_alone(leaves):
    x = [Value(number, name) for number, name in leaves]
    made = [y for a, b in pairwise(x) for y in (a * b, a - b, (a + b).tanh(), b * 0.5)]
    made += [y for a in x for y in (a.exp(), a.relu(), a.sigmoid(), -a)]
    made += [dot(x[k:], x[: len(x) - k], k) for k in range(len(x))]
    check(walk(sum([*made, sum([*x, 2.0, 3.0])])))


def test_few_steps_through_a_large_network_are_put_into_words():
    steps = walk(network(30))
    facts(steps.content())
    assert len(steps._steps._told) < 0.2 * len(steps)


# ------------------------------------------------------------------------------------- questions


def mistakes(said, step):
    """The wrong answers to the questions about a step as the page reads them."""
    questions = said["questions"]
    (row,) = [row for row in questions["rows"] if row[0] == step.number]
    own = iter(row[2:])
    shown = [text.removeprefix("−") for text in shown_of(step)]
    return {
        question: [
            (made, minus + (next(own) if place < 0 else shown[place - 5]), next(own) if has_other else "")
            for made, minus, place, has_other in those
        ]
        for question, those in questions["shapes"][row[1]]
    }


def test_every_wrong_answer_is_there_with_its_mistakes():
    steps = walk(network())
    said = facts(steps.content())
    for place, questions in predictions(steps.trace).items():
        found = mistakes(said, steps[place])
        for question, (_, *wrong) in questions.items():
            assert found.get(question, found["contribution"]) == [
                (answer.mistakes, number(answer.number), answer.other) for answer in wrong
            ]


# --------------------------------------------------------------------------------- beside, pictures


def test_another_engine_is_told_of():
    a = Value(3.0, "a")
    steps = walk(a * a, beside=overwrites)
    beside = facts(steps.content())["beside"]
    assert (beside["engine"], beside["parts_at"]) == ("overwrites", steps.beside.parts_at)
    assert beside["gradients"] == [[1, "1", "1", False], [0, "6", "3", True]]
    assert facts(walk(a * a).content())["beside"] is None


def test_pictures_that_are_alike_share_a_mould_and_lose_nothing():
    output = network(hidden=16)
    trace = walk(output).trace
    pictures = views(trace)
    plain = plain_views(pictures, trace)
    moulded = 0
    for view, written in zip(pictures[1:], plain["views"][1:], strict=True):
        svg = written["svg"]
        if isinstance(svg, list):
            moulded += 1
            svg = "".join(filled(piece, view.name, svg[1:], plain) for piece in plain["moulds"][svg[0]])
        assert _with_whole_slots(svg, view.name) == view.svg
    assert moulded >= 16


def filled(piece, name, nodes, plain):
    """A piece of a mould, as the page's script fills it."""
    if isinstance(piece, str):
        return piece
    if piece < 0:
        return name
    node, kind = nodes[piece // 4], piece % 4
    face, name, said = plain["looks"][node]
    parts = zip(plain["faces"][face], plain["names"][name], strict=True)
    chip, box = (text.replace("\0", f"n{node}").replace("\1", its) for text, its in parts)
    return (f"n{node}", said + chip, said, box)[kind]


def _with_whole_slots(svg, view):
    """With what a slot belongs to where that is left away: what the element that it is in is called after."""
    ids = ""

    def whole(found):
        nonlocal ids
        if found[1]:
            ids = found[1].removeprefix(f"{view}-").split("-")
        elif ":" not in found[2]:
            key = ids[0] if len(ids) == 1 else f"{ids[0]}&gt;{ids[1]}:{ids[2]}"
            return f'data-slot="{found[2]}:{key}"'
        return found[0]

    return re.sub(r'\bid="([^"]*)"|data-slot="([^"]*)"', whole, svg)


def test_a_view_tells_its_nodes_and_edges_by_their_numbers():
    trace = walk(network(hidden=16)).trace
    numbers = {node.id: i for i, node in enumerate(trace.nodes)}
    numbers |= {edge_key(edge): i for i, edge in enumerate(trace.edges)}
    pictures = views(trace)
    for view, written in zip(pictures, plain_views(pictures, trace)["views"], strict=True):
        for kind, shown in (("nodes", view.nodes), ("edges", view.edges)):
            told = chain.from_iterable(map(accumulate, written[kind].values()))
            assert sorted(told) == sorted(numbers[thing] for thing in shown)
