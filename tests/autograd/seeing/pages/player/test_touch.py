"""A page whose numbers are touched: it computes and says what a walk with these numbers does."""

import json
import math
import random
import re
import struct
from itertools import pairwise

import pytest

from autograd import Parameter, Value, gradient_path, where
from autograd.notation.labels import parse_label
from autograd.notation.numbers import equals, number, signed
from autograd.seeing.pages.frame import asset
from autograd.seeing.pages.player import facts
from autograd.seeing.walk import walk
from nn import MLP, Conv2d, Flatten, GRUCell, Layer, MaxPool2d, Module, Recurrent, Reshape, Sequential
from nn.losses import half_mse
from tests.autograd.seeing.pages.player.driven import go, tells
from tests.autograd.seeing.pages.player.touched import ANSWER, AWKWARD, SCRIPTS, case_of, cases
from tests.thorough import ALL


@pytest.fixture(scope="module")
def bare(browser):
    sheet = browser.new_page()
    yield sheet
    sheet.close()


def test_numbers_are_written_as_everywhere_else(bare):
    chance = random.Random(0)
    xs = [chance.uniform(-10, 10) for _ in range(3000)]
    xs += [struct.unpack("d", chance.randbytes(8))[0] for _ in range(3000)]
    xs += [k / 16 for k in range(-3000, 3000)] + [10.0 * k + 5 for k in range(3000)]  # halves of a last digit
    xs += [round(chance.uniform(-1, 1), 5) * 10.0 ** chance.randint(-8, 8) for _ in range(3000)]
    finite = [x for x in xs if x - x == 0.0]
    script = asset("autograd.seeing.pages.player", "numbers.js")
    found = bare.evaluate(
        "([script, xs]) => xs.map(new Function(script + 'return number')())", [script, finite]
    )
    assert found == [number(x) for x in finite]


def test_a_calculation_is_called_exact_or_rounded_as_everywhere_else(bare):
    xs = [0.0, -0.0, 1.0, -1.0, 1.00042, 1 / 3, 2.5, 1234.4, 1e308, 5e-324, math.inf, -math.inf, math.nan]
    pairs = [[x, y] for x in xs for y in xs]
    script = asset("autograd.seeing.pages.player", "numbers.js")
    found = bare.evaluate(
        "([script, pairs]) => pairs.map(([x, y]) => new Function(script + 'return equals')()(x, y))",
        [script, pairs],
    )
    assert found == [equals(x, y) for x, y in pairs]


@pytest.fixture(scope="module")
def answer_of(bare):
    """A function that tells what the page's scripts make of a case."""
    bare.add_script_tag(content=SCRIPTS + ANSWER)
    return lambda case: json.loads(bare.evaluate("given => answerTo(given)", case.given))


def test_a_touched_page_says_what_a_walk_with_these_numbers_says(answer_of):
    """To the shown digit in every number and formula of every step; sentences, but for what it leaves out.

    So are the routes of every leaf: their number, the strongest with their factors and running sums, the
    others, and the account's sum.
    """
    told = same = same_formulas = 0
    for case in cases(seed=5, count=10_000 if ALL else 100):
        found, expected = answer_of(case), case.expected
        wanted = json.loads(json.dumps(facts(expected.content())))
        assert found["values"] == wanted["values"]
        assert found["sizes"] == wanted["sizes"]
        for name, column in found["steps"].items():
            assert column == wanted["steps"][name], name
        for step, sentence, formula in zip(expected, found["sentences"], found["formulas"], strict=True):
            told += 1
            same += step.sentence == sentence
            same_formulas += step.mathml().endswith(formula.partition(">")[2])
            assert set(_numbers(sentence)) <= set(_numbers(step.sentence)), (step.sentence, sentence)
        for leaf, account in zip(case.leaves, found["accounts"], strict=True):
            check_account(account, gradient_path(expected.output, expected._values[f"n{leaf}"]))
    assert same_formulas == told
    assert same > 0.98 * told


def test_awkward_numbers_are_told_as_the_walk_tells_them(answer_of):
    told = same = 0
    for case in cases(seed=6, count=5_000 if ALL else 200, numbers=AWKWARD):
        found, expected = answer_of(case), case.expected
        wanted = json.loads(json.dumps(facts(expected.content())))
        assert found["values"] == wanted["values"]
        for step, sentence, formula in zip(expected, found["sentences"], found["formulas"], strict=True):
            told += 1
            same += step.sentence == sentence
            assert step.mathml().endswith(formula.partition(">")[2])
            assert set(_numbers(sentence)) <= set(_numbers(step.sentence)), (step.sentence, sentence)
    assert same > 0.9 * told


def scored():
    towers = {"item": MLP(2, [2, 1], "tanh", seed=0), "user": MLP(2, [1], seed=1)}

    class Towers(Module):
        def __init__(self):
            self.towers = towers

        def forward(self, a, b):
            return self.towers["item"](a) * self.towers["item"](b) * self.towers["user"](a)

    return Towers()([0.1, Value(0.2, "q")], [0.3, 0.4])


NETWORKS = {
    "layers": lambda: half_mse(MLP(2, [3, 2, 1], "relu", seed=1)([0.5, -0.3]), 1.0),
    "time": lambda: half_mse(Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)([0.1, 0.2, 0.3]), 1.0),
    "towers": scored,
    "pictures": lambda: Sequential(
        Reshape(1, 4, 4), Conv2d(1, 2, 3, seed=0), MaxPool2d(2), Flatten(), Layer(2, 1, seed=1)
    )([math.sin(i) for i in range(16)]),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_touched_network_says_in_steps_of_every_size_what_a_walk_with_these_numbers_says(answer_of, name):
    chance = random.Random(3)
    for _ in range(3):
        case = case_of(walk(NETWORKS[name]()), chance)
        found, expected = answer_of(case), case.expected
        wanted = json.loads(json.dumps(facts(expected.content())))
        assert (found["values"], found["sizes"]) == (wanted["values"], wanted["sizes"])
        assert found["steps"] == {name: wanted["steps"][name] for name in found["steps"]}
        assert found["sentences"] == [step.sentence for step in expected]
        formulas = [re.sub("<math[^>]*>|</?mrow>", "", formula) for formula in found["formulas"]]
        assert formulas == [re.sub("<math[^>]*>|</?mrow>", "", step.mathml()) for step in expected]


def check_account(account, path):
    ledger = path.ledger(5)
    assert (account["count"], account["gradient"]) == (str(path.count), number(path.total))
    sizes = [number(abs(entry.product)) for entry in ledger.entries]
    assert [route[0].lstrip("−") for route in account["routes"]] == sizes
    if not _is_tied(path):
        assert account["routes"] == [
            [number(x) for x in (entry.product, entry.running, *(f.value for f in entry.factors))]
            for entry in ledger.entries
        ]
        assert (account["rest"], account["sum"]) == (number(ledger.rest), number(ledger.sum))


def _is_tied(path):
    """Whether two routes are equally strong: which one comes first hangs on a logarithm's last digit."""
    sizes = [abs(route.product) for route in path.routes(6)]
    return any(b >= 0.999999 * a or a != a or b != b for a, b in pairwise(sizes))


def _numbers(text):
    words = text.replace("(", " ").replace(")", " ").replace(",", " ").replace(";", " ").split()
    numbers = [word.rstrip(".") for word in words if word.lstrip("−")[:1].isdigit()]
    return ["0" if text == "−0" else text for text in numbers]


# ------------------------------------------------------------------------------------- in the page


def loss():
    w, x = Parameter(2.0, "w"), Value(-3.0, "x")
    L = (w * x).relu() + w * w
    L.label = "L"
    return L


@pytest.fixture
def sheet(opened):
    sheet = opened(walk(loss()).html())
    sheet.click("#what-if summary")
    yield sheet
    assert sheet.errors == []
    assert all(url.startswith("file:") for url in sheet.requests)


def change(sheet, name, text):
    box = sheet.get_by_role("textbox", name=f"Value of {name}")
    box.fill(text)
    box.press("Enter")


def shows(sheet, expected):
    if sheet.is_enabled("#last"):
        sheet.click("#last")
    for node in expected.trace.nodes:
        assert sheet.text_content(f'[data-slot="value:{node.id}"]') == number(node.value)
        assert sheet.text_content(f'[data-slot="gradient:{node.id}"]') == number(node.gradient)
    tells(sheet, [step.sentence for step in expected])


def test_a_field_changes_both_passes_and_a_branch_may_flip(sheet):
    assert sheet.get_by_role("textbox", name="Value of x").input_value() == "−3"
    change(sheet, "x", "1/2")
    shows(sheet, walk(loss()).what_if(x=0.5))


def test_a_slider_does_the_same(sheet):
    slider = sheet.get_by_role("slider", name="Slide w")
    slider.focus()
    slider.press("ArrowRight")
    value = float(sheet.get_by_role("textbox", name="Value of w").input_value())
    assert value > 2.0
    sheet.get_by_text("With these numbers").wait_for()
    shows(sheet, walk(loss()).what_if(w=value))


@pytest.mark.parametrize("step", [0, 1, 7, 99])
def test_the_step_stays_where_it_is_when_a_number_is_changed(sheet, step):
    sheet.click("#last")
    step = min(step, int(sheet.input_value("#place")))
    go(sheet, step)
    told = str(step), sheet.text_content("#count")
    change(sheet, "w", "3")
    sheet.get_by_text("With these numbers").wait_for()
    slider = sheet.get_by_role("slider", name="Slide w")
    slider.press("ArrowRight")
    sheet.get_by_text("With these numbers").wait_for()
    assert (sheet.input_value("#place"), sheet.text_content("#count")) == told


def test_names_of_layers_are_written_as_the_walk_writes_them(opened):
    model = MLP(2, [2, 1], "tanh", seed=0)
    before, after = (walk(half_mse(model([x, -0.3]), 1.0)) for x in (0.5, 1.5))
    sheet = opened(before.html())
    sheet.click("#what-if summary")
    change(sheet, "x₁", "1/2 + 1")
    anything = re.compile(".")
    tells(sheet, [step.sentence if step.phase == "reverse" else anything for step in after])


def test_weights_come_first_in_the_order_in_which_they_are_read(opened):
    model = MLP(2, [2, 1], "tanh", seed=0)
    sheet = opened(walk(half_mse(model([0.5, -0.3]), 1.0)).html())
    sheet.click("#what-if summary")
    sheet.locator("#leaves label").first.wait_for()
    names = sheet.locator("#leaves label").evaluate_all("all => all.map(({ title }) => title)")
    assert names == [*(parse_label(p.label).text for p in model.parameters()), "x₁", "x₂"]


def test_at_a_corner_the_page_says_so(sheet):
    change(sheet, "x", "0")
    shows(sheet, walk(loss()).what_if(x=0.0))


def test_a_nudge_comes_to_the_gradient(sheet):
    sheet.get_by_role("button", name="∂L/∂w").click()
    sheet.get_by_role("button", name="a smaller ε").click()
    rows = [row.split("\t") for row in sheet.inner_text("#nudge tbody").splitlines()]
    assert [row[0] for row in rows[:4]] == ["0.1", "0.01", "0.001", "0.0001"]
    assert [row[2] for row in rows[:4]] == ["4.1", "4.01", "4.001", "4.000"]
    assert rows[-1][-1] == "4"


@pytest.mark.parametrize("x", [3.0, 12345.678, 1e5, 1e17])
def test_each_quotient_of_a_nudge_is_that_of_the_numbers_beside_it(opened, x):
    """Also where rounding has spoiled it: what is moved by less than its last digit does not move."""
    steps = walk(Value(x, "x") ** 2 * 1.5)
    sheet = opened(steps.html())
    sheet.click("#what-if summary")
    sheet.locator("#leaves .gradient").first.click()
    for _ in range(9):
        sheet.get_by_role("button", name="a smaller ε").click()
    rows = [row.split("\t") for row in sheet.inner_text("#nudge tbody").splitlines()]
    for k in range(12):
        h = float(f"1e-{k + 1}")
        moved = 1.5 * (x + h) ** 2 - 1.5 * x**2
        assert rows[k] == [number(h), number(moved), number(moved / h)]
    more = sheet.get_by_role("button", name="the first ε again")
    assert more.evaluate("button => button === document.activeElement")
    more.click()
    assert sheet.locator("#nudge tbody tr").count() == 3 + 1
    assert sheet.get_attribute("#nudge", "aria-live") == "polite"
    change(sheet, "x", "2")
    assert sheet.get_attribute("#nudge", "aria-live") == "off"  # it speaks when it is asked


def test_a_slider_reaches_as_far_as_its_number_wants(sheet):
    slider = sheet.get_by_role("slider", name="Slide w")
    reach = "s => [s.min, s.max, s.step].map(Number)"
    before = slider.evaluate(reach)
    change(sheet, "w", "1e6")
    assert slider.evaluate(reach) == [-1e6, 3e6, 1e4]
    change(sheet, "w", "2")
    assert slider.evaluate(reach) == before
    for text, said in (("inf", "∞"), ("nan", "nan")):
        change(sheet, "w", text)
        assert slider.is_disabled()
        assert slider.get_attribute("aria-valuetext") == said
    change(sheet, "w", "9")
    assert slider.is_enabled()
    sheet.get_by_role("button", name="Back to the start").click()
    assert slider.evaluate(reach) == before


def test_a_step_moves_the_weights_against_their_gradients(sheet):
    sheet.get_by_role("button", name="Take a step").click()
    assert sheet.text_content("#descent output") == "Step 1: L before: 4, after: 2.56 (less)"
    shows(sheet, walk(loss()).what_if(w=1.6))
    sheet.get_by_role("button", name="Back to the start").click()
    shows(sheet, walk(loss()))


def test_a_run_takes_step_after_step(sheet):
    """As many steps as it says lead to the numbers that they lead to in Python."""
    sheet.get_by_role("button", name="Run").click()
    sheet.locator("#descent output", has_text=re.compile(r"Step \d\d+:")).wait_for()
    sheet.get_by_role("button", name="Stop").click()
    told = sheet.text_content("#descent output")
    count = int(told.removeprefix("Step ").partition(":")[0])
    w = 2.0
    for _ in range(count):
        steps = walk(loss()).what_if(w=w)
        w -= 0.1 * steps.trace.nodes[0].gradient
    shows(sheet, walk(loss()).what_if(w=w))
    course = sheet.get_by_role("img", name=f"L over {count} steps: from 4 to ")
    assert len(course.locator("polyline").get_attribute("points").split()) == count + 1
    sheet.get_by_role("button", name="Back to the start").click()
    assert sheet.locator("#descent > svg").is_hidden()


def test_what_is_to_be_predicted_is_not_told_beside_it(sheet):
    sheet.click("#routes summary")
    sheet.check("#predict")
    assert sheet.locator("#routes summary").is_hidden()
    assert sheet.get_by_role("button", name="∂L/∂w").count() == 0


def test_a_prediction_is_about_the_numbers_that_are_shown(sheet):
    change(sheet, "w", "3")
    sheet.check("#predict")
    for _ in range(8):
        sheet.click("#next")
    sheet.fill("#answer", "1")
    sheet.press("#answer", "Enter")
    assert sheet.text_content("#verdict b") == "✓ Right."


def test_boxes_measure_the_new_numbers(opened):
    net = MLP(2, [16, 16, 1], seed=0)
    sheet = opened(walk(net([Value(0.5, "x1"), Value(-1.0, "x2")])).html())
    rows = sheet.locator('#canvas [data-slot^="box"]')
    sheet.click("#last")
    before = rows.all_text_contents()
    sheet.click("#what-if summary")
    change(sheet, "x₁", "1")
    boxes = facts(walk(net([Value(1.0, "x1"), Value(-1.0, "x2")])).content())["boxes"]
    slots = rows.evaluate_all("slots => slots.map((slot) => slot.dataset.slot.split(':'))")
    assert rows.all_text_contents() == [boxes[key][2][int(row)][2] for _, key, row in slots]
    assert rows.all_text_contents() != before
    sheet.get_by_role("button", name="Back to the start").click()
    assert rows.all_text_contents() == before
    assert sheet.errors == []


# ------------------------------------------------------------------------------------------ routes


ROWS = """wanted => {
    const rows = document.querySelector("#routes tbody").innerText.split("\\n");
    return String(rows.filter((row) => row.includes("\\t"))) === String(wanted);
}"""


def test_an_account_follows_when_a_number_is_touched(sheet):
    sheet.click("#routes summary")
    for changed, x in (("1/2", 0.5), ("−2", -2.0)):
        change(sheet, "x", changed)
        steps = walk(loss()).what_if(x=x)
        ledger = gradient_path(steps.output, steps._values["n0"]).ledger()
        assert sheet.input_value("#routes select") == "0"
        assert sheet.text_content("#routes p").startswith("3 routes from w to L: their products add up to ")
        wanted = [[str(e.rank), signed(e.product), signed(e.running)] for e in ledger.entries]
        wanted.append(["sum", signed(ledger.sum), "= ∂L/∂w"])
        sheet.wait_for_function(ROWS, arg=["\t".join(row) for row in wanted])  # once the hand rests
        for told, entry in zip(sheet.locator("#routes .factors").all(), ledger.entries, strict=True):
            factors = [
                factor.split(" = ")[1].strip(" ·") for factor in told.locator("td > span").all_text_contents()
            ]
            assert factors == [number(factor.value) for factor in entry.factors]


def test_a_route_is_seen_in_the_graph(sheet):
    sheet.click("#routes summary")
    sheet.get_by_role("button", name="Route 3: see it in the graph").click()
    assert sheet.locator(".halo").count() == 4
    assert sheet.locator(".traveller").all_text_contents() == ["−3", "0", "1"]


ROUTES = """async () => {
  const chosen = document.querySelector("#routes select"), alike = [];
  for (const { value } of [...chosen.options]) {
    chosen.value = value;
    chosen.dispatchEvent(new Event("change"));
    await new Promise(requestAnimationFrame);
    const told = [...document.querySelectorAll("#routes .factors")].map((row) => row.textContent);
    if (new Set(told).size < told.length) alike.push(told);
  }
  return [chosen.options.length, alike];
}"""


def test_no_two_routes_are_told_in_the_same_words(opened):
    """Of long ones, which are cut, those factors are kept in which they part from each other."""
    sheet = opened(walk(half_mse(MLP(2, [3] * 9 + [1], "tanh", seed=0)([0.5, -1.0]), 1.0)).html())
    sheet.click("#routes summary")
    count, alike = sheet.evaluate(ROUTES)
    assert count > 100
    assert alike == []


def test_a_leaf_from_which_no_route_leads_says_so(opened):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    sheet = opened(walk(where(b > 2.0, a, a * a)).html())
    sheet.click("#routes summary")
    sheet.select_option("#routes select", label="b")
    assert sheet.text_content("#routes p") == "No route leads from b to y: ∂y/∂b = 0."
    assert sheet.locator("#routes table").is_hidden()


def test_a_screen_reader_hears_what_came_of_a_touch_and_then_the_steps_again(sheet):
    change(sheet, "w", "3")
    sheet.get_by_role("status").get_by_text("With these numbers, L = 9.").wait_for()
    assert sheet.get_attribute("#told", "aria-live") == "off"
    sheet.click("#next")
    assert sheet.get_attribute("#told", "aria-live") == "polite"
