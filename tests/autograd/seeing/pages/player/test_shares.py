"""A softmax is a box of its own, found by its ops; its bars are the shares, whatever the numbers are."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, log_softmax, logsumexp, mean, softmax, walk
from autograd import sum as total
from autograd.notation.numbers import number
from autograd.seeing.facts.box_content import share_of
from autograd.seeing.facts.shares import Shares, Softmaxes
from autograd.seeing.facts.trace import trace
from autograd.seeing.pages.frame import asset
from autograd.seeing.pages.player.svg.elements import Point
from autograd.seeing.pages.player.svg.layout import arrange
from autograd.seeing.pages.player.views.bars import RIGHT, bars
from autograd.seeing.pages.player.views.choice import boxes_of, views
from autograd.seeing.pages.player.views.parts import Whole
from nn import MLP, Attention, Layer, Module, Sequential, losses

PLAYER = "autograd.seeing.pages.player"
NUMBERS = st.lists(st.floats(-900, 900), min_size=2, max_size=6)


def plainly(logits: Sequence[Value]) -> list[Value]:
    powers = [z.exp() for z in logits]
    whole = total(powers)
    return [power / whole for power in powers]


def shifted(logits: Sequence[Value]) -> list[Value]:
    shift = max(logits, key=lambda z: z.data)
    return plainly([z - shift for z in logits])


FORMS: dict[str, Any] = {
    "softmax": lambda z: -softmax(z)[0].log(),
    "all of softmax": lambda z: total([p**2 for p in softmax(z)]),
    "one's own": lambda z: total([p**2 for p in shifted(z)]),
    "cross_entropy": lambda z: losses.cross_entropy(z, len(z) - 1),
    "smoothed": lambda z: losses.cross_entropy(z, 0, label_smoothing=0.1),
    "logsumexp": logsumexp,
    "log_softmax": lambda z: total(log_softmax(z)),
}


def found(y: Value) -> list[Shares]:
    facts = trace(y)
    return Softmaxes(facts).among(facts.nodes)


def in_plain_numbers(exponents: Sequence[float]) -> list[str]:
    powers = [math.exp(x - max(exponents)) for x in exponents]
    return [number(power / sum(powers)) for power in powers]


@pytest.mark.parametrize("form", FORMS)
@given(NUMBERS)
@settings(max_examples=30, deadline=None)
def test_each_form_of_a_softmax_tells_its_shares(form: str, numbers: list[float]) -> None:
    logits = [Value(x, f"z{k}") for k, x in enumerate(numbers)]
    (shares,) = found(FORMS[form](logits))
    assert [class_.logit.label for class_ in shares.classes] == [z.label for z in logits]
    told = [float(fact.number.replace("−", "-")) for fact in shares.facts]
    right = [float(x.replace("−", "-")) for x in in_plain_numbers(numbers)]
    assert told == pytest.approx(right, rel=2e-3, abs=1e-12)
    assert (shares.title, shares.target) == {
        "cross_entropy": ("cross-entropy", len(numbers) - 1),
        "smoothed": ("log-sum-exp", None),
        "logsumexp": ("log-sum-exp", None),
        "log_softmax": ("log-sum-exp", None),
    }.get(form, ("softmax", None))


@pytest.mark.parametrize(
    "make",
    [
        lambda a, b: a.exp() / total([a.exp(), b.exp()]),  # another power of a
        lambda a, b: a.exp() / total([a.exp(), b]),
        lambda a, b: total([a, b]) / total([a.exp(), b.exp()]),
        lambda a, b: total([a.exp(), b.exp()]) / a.exp(),
        lambda a, b: total([a.exp(), b.exp()]).log(),
    ],
)
def test_what_is_no_share_of_its_own_sum_is_no_softmax(make: Any) -> None:
    assert found(make(Value(0.5, "softmax"), Value(-1.0, "share"))) == []


def net(classes: int = 3) -> tuple[MLP, list[Value]]:
    model = MLP(4, [6, classes], "tanh", seed=0)
    return model, model([0.1, -0.7, 0.4, 0.2])


class Head(Module):
    def __init__(self) -> None:
        self.body = MLP(4, [6, 3], "tanh", seed=0)

    def forward(self, x: Any) -> Any:
        return softmax(self.body(x))


def test_the_boxes_hold_all_and_no_label_decides() -> None:
    _, logits = net()
    loss = losses.cross_entropy(logits, 1)
    before = [(box.title, [node.id for node in box.nodes]) for box in boxes_of(trace(loss))]
    assert before[-1][0] == "cross-entropy"
    chance = random.Random(0)
    for v in (loss, *logits):
        v.label = chance.choice(["softmax", "after the model", "z1^2", "x"])
    facts = trace(loss)
    assert [(box.title, [node.id for node in box.nodes]) for box in boxes_of(facts)] == before
    assert {id for view in views(facts) for id in view.nodes} == {node.id for node in facts.nodes}


def test_a_softmax_of_a_module_s_own_and_what_follows_it() -> None:
    shares = Head()([0.1, -0.7, 0.4, 0.2])
    titles = [box.title for box in boxes_of(trace(-shares[2].log()))]
    assert titles[-2:] == ["softmax", "after the model"]


class Softmax(Module):
    def forward(self, x: Any) -> Any:
        return softmax(x)


def test_the_box_of_a_module_that_is_a_softmax_shows_its_shares_and_what_it_gives() -> None:
    model = Sequential(Layer(4, 8, "tanh", seed=0), Layer(8, 3, seed=0), Softmax())
    shares = model([0.1, -0.7, 0.4, 0.2])
    facts = trace(total([-p.log() for p in shares]))
    *_, box, _ = boxes_of(facts)
    assert (box.title, box.kind, len(box.shares)) == ("stage 3", "3 shares, Σ = 1", 3)
    assert [fact.number for fact in box.facts[:3]] == [number(p.data) for p in shares]
    assert box.facts[3].word == "output"


def test_a_head_of_attention_shows_where_it_looks() -> None:
    rows = [[Value(math.sin(3 * i + j), f"x{i}{j}") for j in range(4)] for i in range(3)]
    facts = trace(total([v for row in Attention(4, 2, seed=0)(rows) for v in row]))
    boxes = boxes_of(facts)
    for box in boxes:
        boxes += box.inner
    told = [box for box in boxes if box.shares]
    assert [len(box.shares) for box in told] == 2 * [2, 3]  # the first position sees itself alone
    ids = {node.id for box in told for node in box.nodes}
    assert sum(node.op == "div" and node.id in ids for node in facts.nodes) == 2 * (2 + 3)
    for box in told:
        assert [fact.number for fact in box.shares] == [number(unit.members[-1].value) for unit in box.units]
    assert {id for view in views(facts) for id in view.nodes} == {node.id for node in facts.nodes}


def test_several_are_numbered_and_very_many_stay_values() -> None:
    model, _ = net()
    batch = [losses.cross_entropy(model([0.1 * k, 0.2, 0.3, 0.4]), k % 3) for k in range(8)]
    few, many = [[box.title for box in boxes_of(trace(mean(batch[:n])))] for n in (2, 8)]
    assert few[-3:] == ["cross-entropy 1", "cross-entropy 2", "after the model"]
    assert many[-1] == "after the model"
    assert not any("entropy" in title for title in many)


@pytest.mark.parametrize("form", ["softmax", "cross_entropy", "smoothed"])
def test_bars_are_as_long_as_shares_and_follow_a_number_that_is_touched(opened: Any, form: str) -> None:
    model, _ = net()
    inputs = [0.1, -0.7, 0.4, 0.2]

    def walked(x: float) -> Any:
        return walk(FORMS[form](model([x, *inputs[1:]])))

    sheet = opened(walked(inputs[0]).html())
    told = """() => [...document.querySelectorAll(".share")].map((bar) => {
      const [whole, part] = [...bar.querySelectorAll("rect")].map((rect) => rect.width.baseVal.value);
      return [bar.nextElementSibling.textContent, part / whole];
    })"""
    assert sheet.evaluate(told) == [["–", 0]] * 3  # nothing is told before it is computed
    sheet.click("#last")
    for x in (inputs[0], 4.0):
        if x != inputs[0]:
            sheet.click("#what-if summary")
            field = sheet.get_by_role("textbox", name="Value of x₁", exact=True)
            field.fill(repr(x))
            field.press("Enter")
        facts = walked(x).trace
        (shares,) = Softmaxes(facts).among(facts.nodes)
        rows = sheet.evaluate(told)
        assert [row[0] for row in rows] == [fact.number for fact in shares.facts]
        assert [row[1] for row in rows] == pytest.approx(
            [float(fact.number) for fact in shares.facts], abs=1e-3
        )
    assert sheet.errors == []
    sheet.press(".layer:has(.share) .frame", "Enter")
    assert sheet.locator("#crumbs [aria-current]").text_content() in (
        "softmax",
        "cross-entropy",
        "log-sum-exp",
    )


@pytest.mark.parametrize("classes", [2, 3, 7, 10])
def test_the_right_class_is_marked_and_all_stand_in_the_order_of_the_inputs(classes: int) -> None:
    _, logits = net(classes)
    for target in range(0, classes, 3):
        facts = trace(losses.cross_entropy(logits, target))
        box = boxes_of(facts)[-1]
        assert box.target == target
        rows = "".join(bars(box, "b", Point(0.0, 0.0), 400.0)).split('id="b-')
        assert [RIGHT in row for row in rows].index(True) == target
        assert sum(row.count('class="right"') for row in rows) == 1
        assert 'class="right"' in rows[target + 1]
        (shares,) = Softmaxes(facts).among(facts.nodes)
        opened, _ = Whole(facts).part(node.id for node in box.nodes)
        corners = arrange(opened).corners
        heights = [corners[class_.logit.id].y for class_ in shares.classes]
        assert heights == sorted(heights)


SHARE = """([scripts, numbers]) => {
  const measures = new Function(`${scripts}; return MEASURES;`)();
  const exact = numbers.map(Number);
  return exact.map((x) => measures.share({ values: [x, ...exact] }));
}"""


def test_a_page_measures_shares_as_facts_do(opened: Any) -> None:
    sheet = opened("<!doctype html><title>a</title>", ready=False)
    scripts = asset(PLAYER, "numbers.js") + asset(PLAYER, "engine.js")
    chance = random.Random(0)
    sizes = [size for size in (1, 30, 900) for _ in range(40)]
    drawn = [[chance.uniform(-size, size) for _ in range(chance.randint(2, 6))] for size in sizes]
    odd = [[math.inf, 0.0], [-math.inf, 0.0], [math.nan, 1.0], [1.0, math.nan], [-math.inf] * 2]
    for numbers in [*drawn, *odd]:
        nodes = [trace(Value(x)).nodes[0] for x in numbers]
        told = [share_of("", [node, *nodes]).number for node in nodes]
        wanted = [str(x).replace("inf", "Infinity").replace("nan", "NaN") for x in numbers]
        assert sheet.evaluate(SHARE, [scripts, wanted]) == told
