"""The page of a walk, driven in a real browser: what it shows is what the trace says."""

import re
from html import unescape

import pytest

from autograd import Value
from autograd.mistakes import overwrites
from autograd.notation.labels import parse_label
from autograd.notation.numbers import as_written, number
from autograd.seeing.facts.box import box_of_group
from autograd.seeing.facts.folding.folded import fold
from autograd.seeing.walk import walk
from nn import MLP, GRUCell, Recurrent, losses

MARKUP = '"><img src=x onerror=alert(1)>'


def expression(first="a"):
    """L = (a·b + c)·f + a: a is used twice, so that its gradient is added up."""
    a, b, c, f = (Value(x, label) for x, label in ((2.0, first), (-3.0, "b"), (10.0, "c"), (-2.0, "f")))
    d = a * b
    d.label = "d"
    e = d + c
    e.label = "e"
    L = e * f + a
    L.label = "L"
    return L


def chain(steps):
    """A graph of more nodes than one picture shows, and no network."""
    y = x = Value(0.5, "x")
    for i in range(steps):
        y = (y * Value(0.3 + i / 100, f"c{i}") + x).tanh()
    return y


@pytest.fixture(scope="module")
def steps():
    return walk(expression())


@pytest.fixture(scope="module")
def html(steps):
    return steps.html()


@pytest.fixture
def sheet(opened, html):
    sheet = opened(html)
    yield sheet
    assert sheet.errors == []


def place(sheet):
    return int(sheet.input_value("#place"))


def go(sheet, to):
    sheet.evaluate(
        "to => { const s = document.getElementById('place'); s.value = to;"
        " s.dispatchEvent(new Event('input')); }",
        to,
    )


def slot(sheet, name):
    return sheet.text_content(f'[data-slot="{name}"]')


def edge_step(steps, node, which=-1):
    ids = {n.label: n.id for n in steps.trace.nodes}
    return [s for s in steps if s.kind == "edge" and s.node == ids[node]][which]


# -------------------------------------------------------------------------------------- stepping


def test_nothing_is_computed_before_the_first_step(sheet):
    assert place(sheet) == 0
    numbers = sheet.eval_on_selector_all(
        "[data-slot^=value],[data-slot^=gradient]", "all => all.map(slot => slot.textContent)"
    )
    assert set(numbers) == {"–"}


def test_every_step_shows_its_sentence_its_formula_and_its_numbers(sheet, steps):
    values = {node.id: node.value for node in steps.trace.nodes}
    for step in steps:
        sheet.click("#next")
        assert place(sheet) == step.number + 1
        assert sheet.text_content("#sentence") == step.sentence
        set_in_mathematics = "".join(sheet.locator("#math math").all_text_contents())
        assert set_in_mathematics == unescape(re.sub("<[^>]*>", "", step.mathml()))
        kind = "value" if step.phase == "forward" else "gradient"
        for node in step.nodes:
            after = values[node] if step.kind == "leaf" else step.after
            assert slot(sheet, f"{kind}:{node}") == number(after)
        assert sheet.locator("#numbers").is_visible() == (step.kind == "edge")
    assert sheet.is_disabled("#next")


def test_at_the_end_every_number_is_the_trace_s(sheet, steps):
    sheet.click("#last")
    for node in steps.trace.nodes:
        assert slot(sheet, f"value:{node.id}") == number(node.value)
        assert slot(sheet, f"gradient:{node.id}") == number(node.gradient)


def test_a_gradient_grows_with_each_contribution_and_shrinks_on_the_way_back(sheet, steps):
    first, second = (edge_step(steps, "a", i) for i in (0, 1))
    name = f"gradient:{first.node}"
    seen = []
    for to in (first.number, first.number + 1, second.number + 1, first.number + 1, first.number):
        go(sheet, to)
        seen.append(slot(sheet, name))
    assert seen == ["–", number(first.after), number(second.after), number(first.after), "–"]


def test_first_previous_next_last(sheet, steps):
    sheet.click("#last")
    assert place(sheet) == len(steps)
    sheet.click("#previous")
    assert place(sheet) == len(steps) - 1
    sheet.click("#first")
    assert place(sheet) == 0
    assert sheet.is_disabled("#previous")


def test_the_keyboard_steps(sheet, steps):
    places = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"):
        sheet.keyboard.press(key)
        places.append(place(sheet))
    assert places == [1, 2, 1, len(steps), 0]


def test_the_space_bar_plays_to_the_end_and_pauses(sheet, steps):
    sheet.select_option("#speed", "0")
    sheet.keyboard.press("Escape")
    sheet.evaluate("document.activeElement.blur()")
    sheet.keyboard.press(" ")
    sheet.wait_for_function(
        "() => document.getElementById('place').value === document.getElementById('place').max"
    )
    sheet.wait_for_selector("#play[aria-pressed=false]")
    sheet.select_option("#speed", "2400")
    sheet.click("#play")
    assert sheet.get_attribute("#play", "aria-label") == "Pause"
    assert place(sheet) == 0  # from the start again
    sheet.click("#play")
    assert sheet.get_attribute("#play", "aria-label") == "Play"


def test_at_the_fastest_no_step_is_passed_over(opened):
    steps = walk(chain(20))
    sheet = opened(steps.html())
    sheet.evaluate(
        "() => { const [place, count] = ['place', 'count'].map((id) => document.getElementById(id));"
        "window.told = [];"
        "new MutationObserver(() => told.push(place.value)).observe(count, { childList: true }); }"
    )
    sheet.select_option("#speed", "0")
    sheet.click("#play")
    sheet.wait_for_selector("#play[aria-pressed=false]", timeout=60_000)
    assert [int(x) for x in sheet.evaluate("told")] == list(range(1, len(steps) + 1))


def test_forward_mode_is_one_pass(opened):
    w, x = Value(0.5, "w"), Value(2.0, "x")
    html = walk((w * x).tanh() * w, tangent=w).html()
    sheet = opened(html)
    assert sheet.locator(".passes span").all_text_contents() == ["forward mode"]
    for _ in range(int(sheet.get_attribute("#place", "max"))):
        sheet.keyboard.press("ArrowRight")
        assert sheet.text_content("#phase") == "forward mode"
    assert html.split("<noscript>")[1].split("</noscript>")[0].count("<ol") == 1


def test_on_a_small_screen_what_a_wrong_prediction_is_told_can_be_read_at_once(opened, html):
    sheet = opened(html, width=390, height=800)
    sheet.check("#predict")
    while not sheet.is_visible("#prediction"):
        sheet.click("#next")
    sheet.fill("#answer", "12345")
    sheet.keyboard.press("Enter")
    sheet.wait_for_selector("#verdict:not(:empty)")
    verdict, buttons = (sheet.locator(which).bounding_box() for which in ("#verdict", "#transport"))
    assert verdict["y"] + verdict["height"] <= buttons["y"]


def test_however_fast_next_is_clicked_the_graph_stays_where_it_is(opened, html):
    sheet = opened(html, width=1400, height=750)
    before = matrix(sheet)
    for done in range(2, 9, 2):
        sheet.dblclick("#next")
        assert (place(sheet), matrix(sheet)) == (done, before)
    box = sheet.locator("#next").bounding_box()
    sheet.mouse.move(box["x"] + 5, box["y"] + 5)
    sheet.mouse.down()
    sheet.mouse.move(500, 200, steps=5)
    sheet.mouse.up()
    assert matrix(sheet) == before
    assert sheet.evaluate("getSelection().toString()") == ""


def test_the_scrubber_jumps(sheet, steps):
    sheet.focus("#place")
    sheet.keyboard.press("End")
    assert sheet.text_content("#sentence") == steps[-1].sentence
    sheet.keyboard.press("ArrowLeft")
    assert sheet.text_content("#sentence") == steps[-2].sentence


def test_a_click_on_a_node_goes_to_its_steps_one_after_the_other(sheet, steps):
    node = edge_step(steps, "a").node
    numbers = [s.number + 1 for s in steps if node in s.nodes]
    seen = []
    for _ in [*numbers, 0]:
        sheet.click(f'[data-slot="value:{node}"]')
        seen.append(place(sheet))
    assert seen == [*numbers, numbers[0]]


def test_the_current_edge_is_marked_by_a_line_and_an_arrow_not_by_hue_alone(sheet, steps):
    go(sheet, edge_step(steps, "b").number + 1)
    for mark in (".halo:not(.from)", ".halo.from", ".flow", ".flow-head"):
        assert sheet.locator(mark).count() == 1
    assert sheet.evaluate("getComputedStyle(document.querySelector('.halo.from')).strokeDasharray") != "none"


def test_the_list_of_steps_tells_and_goes(sheet, steps):
    sheet.click("#list summary")
    sheet.wait_for_selector("#list li")
    told = sheet.locator("#list li button span:last-child").all_text_contents()
    assert told == [s.sentence for s in steps]
    sheet.locator("#list li button").nth(4).click()
    assert place(sheet) == 5
    assert sheet.locator("#list [aria-current=step]").text_content() == f"5{steps[4].sentence}"


# ------------------------------------------------------------------------------------ zoom and pan


def matrix(sheet):
    return sheet.evaluate(
        "(() => { const m = new DOMMatrix(document.querySelector('svg.graph').style.transform);"
        " return [m.a, m.e, m.f]; })()"
    )


def test_shift_and_an_arrow_key_move_the_graph_and_what_has_the_focus_is_seen(sheet):
    sheet.emulate_media(reduced_motion="reduce")  # it glides there, and is measured at once
    x, y = matrix(sheet)[1:]
    sheet.focus("#canvas")
    sheet.keyboard.press("Shift+ArrowRight")
    sheet.keyboard.press("Shift+ArrowDown")
    assert matrix(sheet)[1:] == pytest.approx([x - 60, y - 60])
    assert place(sheet) == 0
    for _ in range(8):
        sheet.keyboard.press("Tab")
        node, canvas = (sheet.locator(s).bounding_box() for s in (":focus", "#canvas"))
        assert canvas["x"] - 1 <= node["x"] <= node["x"] + node["width"] <= canvas["x"] + canvas["width"] + 1


def test_a_node_says_how_it_was_computed(sheet, steps):
    go(sheet, len(steps))
    ids = {node.label: node.id for node in steps.trace.nodes}
    said = sheet.get_attribute(f"#graph-{ids['d']}", "aria-label")
    assert re.match(r"d = a.*b.*: value −6, gradient −2", said)


def test_what_travels_along_an_arrow_is_its_number_and_rests_where_motion_is_unwelcome(opened, html, steps):
    edge = edge_step(steps, "a")
    for motion, shown in (("no-preference", True), ("reduce", False)):
        sheet = opened(html, motion=motion)
        go(sheet, edge.number + 1)
        travelling = sheet.locator(".traveller")
        assert travelling.text_content() == slot(
            sheet, f"contribution:{edge.node}>{edge.target}:{edge.position}"
        )
        assert travelling.is_visible() is shown


def test_zoom_by_button_wheel_and_key_and_back_to_the_whole(sheet):
    sheet.click("#fit")
    whole = matrix(sheet)
    for zoom in (
        lambda: sheet.click("#zoom-in"),
        lambda: (sheet.mouse.move(400, 200), sheet.mouse.wheel(0, -200)),
        lambda: sheet.keyboard.press("+"),
    ):
        before = matrix(sheet)[0]
        zoom()
        sheet.wait_for_function(
            "before => new DOMMatrix(document.querySelector('svg.graph').style.transform).a > before",
            arg=before,
        )
    sheet.click("#zoom-out")
    sheet.click("#fit")
    assert matrix(sheet) == pytest.approx(whole)


def test_dragging_moves_the_graph_and_clicks_nothing(sheet):
    x, y = matrix(sheet)[1:]
    sheet.mouse.move(600, 120)
    sheet.mouse.down()
    sheet.mouse.move(640, 150, steps=4)
    sheet.mouse.up()
    assert matrix(sheet)[1:] == pytest.approx([x + 40, y + 30], abs=12)
    assert place(sheet) == 0


# ---------------------------------------------------------------------------- predict, then reveal


def predict(sheet, steps, node, which=-1):
    go(sheet, edge_step(steps, node, which).number)
    sheet.check("#predict")
    sheet.click("#next")
    assert sheet.is_visible("#prediction")


def answer(sheet, text, asked=None):
    if asked:
        sheet.check(f"input[name=asked][value={asked}]")
    sheet.fill("#answer", str(text))
    sheet.evaluate("document.getElementById('verdict').replaceChildren()")
    sheet.keyboard.press("Enter")
    sheet.wait_for_selector("#verdict:not(:empty)", state="attached")
    return sheet.text_content("#verdict")


def test_a_step_is_not_shown_before_it_is_predicted(sheet, steps):
    step = edge_step(steps, "b")
    predict(sheet, steps, "b")
    assert place(sheet) == step.number
    assert slot(sheet, f"gradient:{step.node}") == "–"
    partial = sheet.locator(f'[data-slot="partial:{step.node}>{step.target}:{step.position}"]')
    assert not partial.is_visible()
    assert sheet.evaluate("document.activeElement.id") == "answer"


def test_a_right_prediction_reveals_the_step(sheet, steps):
    step = edge_step(steps, "b")
    predict(sheet, steps, "b")
    assert "Right" in answer(sheet, step.contribution, "contribution")
    assert place(sheet) == step.number + 1
    assert sheet.text_content("#score") == "1 of 1 at the first try"
    assert sheet.evaluate("document.activeElement.id") == "place"  # there is no next step


def test_what_is_computed_from_the_digits_shown_is_right(opened):
    x = Value(1 / 3, "x")
    steps = walk((x * 2 / 7).tanh() * x + x**3)
    sheet = opened(steps.html())
    told = [step for step in steps if step.kind == "edge"]
    go(sheet, told[0].number)
    sheet.check("#predict")
    for step in told:
        sheet.click("#next")
        by_hand = as_written(step.upstream) * as_written(step.partial)
        assert "Not yet" in answer(sheet, 1.003 * by_hand, "contribution")
        assert "Right" in answer(sheet, by_hand)


@pytest.mark.parametrize(
    "text",
    [
        "−4",
        "-4.0",
        " -4,0 ",
        "-8/2",
        "-4.0004",
        "–4",
        "‐4",
        "(-4)",
        "−(4)",
        "-2·2",
        "2×(−2)",
        "−4×10^0",
        "-4·10⁰",
        "-0.4e1",
        "-3½ - ½",
        "1 - 5",
        "-2**2",
    ],
)
def test_numbers_are_read_as_people_write_them(sheet, steps, text):
    assert edge_step(steps, "b").contribution == -4.0
    predict(sheet, steps, "b")
    assert "Right" in answer(sheet, text, "contribution")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (6.0, "overwrote instead of adding: a already has 1"),
        (-2 + 1, "missing: that is the upstream gradient alone"),
        (-3 + 1, "missing: that is the local derivative ∂(a→d) alone"),
        (-4 + 1, "multiplied by the value of a"),
        (-6 + 1, "the sign is not"),
        (100, "Multiply the upstream gradient, −2, by how d changes with a."),
    ],
)
def test_a_wrong_gradient_is_diagnosed(sheet, steps, text, says):
    step = edge_step(steps, "a")
    assert (step.upstream, step.partial, step.before, step.after) == (-2.0, -3.0, 1.0, 7.0)
    predict(sheet, steps, "a")
    verdict = answer(sheet, text, "gradient")
    assert "Not yet" in verdict
    assert says in verdict
    assert place(sheet) == step.number
    assert "Right. At the second try" in answer(sheet, 7)
    assert sheet.text_content("#score") == "0 of 1 at the first try"


def test_what_is_no_number_is_no_try(sheet, steps):
    predict(sheet, steps, "b")
    assert "A number is wanted" in answer(sheet, "b times c")
    assert "Right" in answer(sheet, -4, "contribution")
    assert sheet.text_content("#score") == "1 of 1 at the first try"


def test_a_step_can_be_revealed_and_the_next_one_is_asked_about(sheet, steps):
    predict(sheet, steps, "a", 0)
    step = edge_step(steps, "a", 0)
    sheet.click("#reveal")
    assert place(sheet) == step.number + 1
    assert "Revealed" in sheet.text_content("#verdict")
    assert sheet.evaluate("document.activeElement.id") == "next"
    sheet.keyboard.press("ArrowRight")
    assert sheet.is_visible("#answer")
    assert place(sheet) == step.number + 1


def test_playing_stops_at_a_question(sheet, steps):
    sheet.check("#predict")
    sheet.select_option("#speed", "0")
    sheet.click("#play")
    sheet.wait_for_selector("#answer:visible")
    assert place(sheet) == next(s.number for s in steps if s.kind == "edge")
    assert sheet.get_attribute("#play", "aria-pressed") == "false"


@pytest.mark.parametrize("way", ["#last", "scrubber", "End", "node"])
def test_no_way_leads_past_a_step_that_is_to_be_predicted(sheet, steps, way):
    first = next(s.number for s in steps if s.kind == "edge")
    go(sheet, first - 1)
    sheet.click("#fit")
    sheet.check("#predict")
    if way == "#last":
        sheet.click(way)
    elif way == "scrubber":
        go(sheet, len(steps))
    elif way == "End":
        sheet.evaluate("document.activeElement.blur()")
        sheet.keyboard.press(way)
    else:
        sheet.click(f'[data-slot="gradient:{edge_step(steps, "b").node}"]')
    assert place(sheet) == first
    assert sheet.is_visible("#answer")


def test_a_step_that_was_answered_is_in_no_one_s_way(sheet, steps):
    sheet.check("#predict")
    sheet.click("#last")
    edges = [s for s in steps if s.kind == "edge"]
    for _ in edges:
        sheet.click("#reveal")
        sheet.click("#last") if place(sheet) < len(steps) else None
    sheet.click("#first")
    sheet.click("#last")
    assert place(sheet) == len(steps)


def test_the_list_does_not_tell_what_is_to_be_predicted(sheet, steps):
    sheet.click("#list summary")
    first = next(s.number for s in steps if s.kind == "edge")
    sentence = sheet.locator("#list li button span:last-child").nth(first)
    sentence.wait_for()  # the list is filled once it is open
    sheet.check("#predict")
    assert not sentence.is_visible()
    sheet.click("#last")
    sheet.click("#reveal")
    assert sentence.is_visible()


def test_a_quiz_asks_every_step_and_its_score_is_saved(opened, steps):
    sheet = opened(steps.html(quiz=True))
    assert sheet.is_checked("#predict")
    assert sheet.is_disabled("#predict")
    sheet.click("#last")
    edges = [s for s in steps if s.kind == "edge"]
    answer(sheet, 1000)
    for step in edges[:-1]:
        answer(sheet, step.after, "gradient")
        sheet.click("#last")
    sheet.click("#reveal")
    with sheet.expect_download() as download:
        sheet.click("#save-score")
    rows = download.value.path().read_text().splitlines()
    assert download.value.suggested_filename == "score.csv"
    first, last = edges[0].number + 1, edges[-1].number + 1
    assert rows[1] == f'"{first}","L","v₁","gradient","1000 / {edges[0].after}","no"'
    assert rows[-2].startswith(f'"{last}","d","b",')
    assert rows[-1] == f'"score","{len(edges) - 2}","of {len(edges)}"'
    assert sheet.errors == []


def test_a_classical_slip_is_told_by_the_op(opened):
    x = Value(3.0, "x")
    steps = walk(x.tanh())
    sheet = opened(steps.html())
    sheet.check("#predict")
    sheet.click("#last")
    assert "the square of y, not of x" in answer(sheet, -8)


def test_that_the_question_is_another_one_is_said(sheet, steps):
    sheet.check("#predict")
    said = []
    while place(sheet) < len(steps):
        sheet.click("#last")
        said.append("another one now" in sheet.text_content("#question"))
        sheet.click("#reveal")
    assert said.count(True) >= 1
    assert not said[0]


# ------------------------------------------------------------------------- larger steps, ways to a step


def test_steps_are_of_three_sizes(opened):
    model = MLP(2, [2, 1], seed=0)
    steps = walk((model([1.0, -2.0]) - 1) ** 2)
    sheet = opened(steps.html())
    for size in ("layer", "neuron", "edge"):
        sheet.select_option("#size", size)
        for step in steps.by(size):
            sheet.evaluate("document.getElementById('next').click()")
            assert sheet.text_content("#count") == f"step {step.number + 1} of {len(steps.by(size))}"
            assert sheet.text_content("#sentence") == step.sentence
            if step.kind == size != "edge":
                shown = sheet.locator("#numbers tbody tr").count()
                pieces = step.symbols.split(", ")
                assert shown > len(pieces) if "…" in pieces else shown == len(pieces)
        assert sheet.is_disabled("#next")
        for _ in steps.by(size):
            sheet.evaluate("document.getElementById('previous').click()")
        assert place(sheet) == 0
    assert sheet.errors == []


def test_a_node_is_found_by_its_name_and_a_step_by_its_address(opened):
    model = MLP(2, [2, 1], seed=0)
    steps = walk(model([1.0, -2.0]), by="layer")
    sheet = opened(steps.html())
    sheet.fill("#find", "a2^1")
    sheet.keyboard.press("Enter")
    assert sheet.text_content("#sentence") == steps[1].sentence
    assert sheet.url.endswith("#step=2&by=layer")
    sheet.evaluate("location.hash = '#step=3&by=neuron'")
    sheet.wait_for_function("document.getElementById('size').value === 'neuron'")
    assert sheet.text_content("#sentence") == steps.by("neuron")[2].sentence
    sheet.fill("#find", "nobody")
    sheet.keyboard.press("Enter")
    assert sheet.get_attribute("#find", "aria-invalid") is not None
    assert sheet.errors == []


# ---------------------------------------------------------------------------- beside another engine


def test_where_another_engine_parts_is_marked_and_told(opened):
    steps = walk(expression(), beside=overwrites)
    at = steps.beside.parts_at
    assert (
        f"<p>overwrites parts from the right engine at step {at + 1}. {steps.beside.diagnosis}</p>"
        in steps.html()
    )
    sheet = opened(steps.html())
    assert "agrees with the right engine so far" in sheet.text_content("#other-heading")
    assert sheet.locator(".parting").is_visible()
    sheet.click("#other-go")
    assert place(sheet) == at + 1
    assert f"overwrites parts from the right engine at step {at + 1}." in sheet.text_content("#other-heading")
    assert sheet.text_content("#other-words") == steps.beside.diagnosis
    sheet.click("#last")
    rows = sheet.eval_on_selector_all(
        "#other-table tbody tr", "rows => rows.map(row => [...row.children].map(cell => cell.textContent))"
    )
    names = {node.id: node.label for node in steps.trace.nodes}
    assert rows == [
        [names[node], number(right), number(found), "" if right == found else "≠"]
        for node, (right, found) in steps.beside.gradients.items()
    ]
    sheet.click("#list summary")
    assert sheet.locator("#list li").nth(at).text_content().startswith("≠")
    assert sheet.errors == []


def test_without_another_engine_nothing_is_said_of_one(sheet):
    sheet.click("#last")
    assert not sheet.locator("#other").is_visible()
    assert not sheet.locator(".parting").is_visible()


# -------------------------------------------------------------------------------------- large graphs


def test_in_an_overview_the_frame_is_around_the_dot_of_the_step(opened):
    steps = walk(chain(60))
    sheet = opened(steps.html())
    dots = sheet.locator(".dot")
    for node in ("n2", "n80", steps.trace.output):
        place = int(node[1:]) + 1
        go(sheet, next(s.number for s in steps if s.node == node and s.kind == "apply") + 1)
        dot, halo = dots.nth(place - 1).bounding_box(), sheet.locator(".halo").bounding_box()
        for start, size in (("x", "width"), ("y", "height")):
            assert halo[start] < dot[start]
            assert halo[start] + halo[size] > dot[start] + dot[size]
        assert sheet.evaluate(  # later in the document, so on top of the box that the dot is in
            "i => !!(document.querySelectorAll('.dot')[i].compareDocumentPosition("
            "document.querySelector('.halo')) & Node.DOCUMENT_POSITION_FOLLOWING)",
            place - 1,
        )
        title = dots.nth(place - 1).locator("title").text_content()
        assert title == parse_label(steps.trace.nodes[place - 1].label).text


EVERY_STEP = """slots => slots.map((slot) => {
    document.getElementById("next").click();
    const count = (selector) => document.querySelectorAll(selector).length;
    return [
        document.getElementById("sentence").textContent, count(".halo"), count(".halo:not(.from)"),
        document.querySelector(`[data-slot="${slot}"]`)?.textContent,
    ];
})"""
"""Takes every step at once; gives the sentence, what is marked, and the text of a slot at each of them."""


def test_every_step_of_a_graph_in_parts_is_told_and_shown(opened):
    steps = walk(chain(60))
    sheet = opened(steps.html())
    assert "too many for one picture" in sheet.text_content("#note")
    sheet.evaluate(
        "document.querySelector('[data-opens]').dispatchEvent(new MouseEvent('click', { bubbles: true }))"
    )
    assert not sheet.locator("#note").is_visible()
    slots = [f"{'value' if step.phase == 'forward' else 'gradient'}:{step.node}" for step in steps]
    for step, seen in zip(steps, sheet.evaluate(EVERY_STEP, slots), strict=True):
        sentence, halos, current, shown = seen
        assert sentence == step.sentence
        if step.kind == "leaf":
            assert 1 < halos < len(step.nodes)  # those that this part shows
        else:
            assert (shown, current) == (number(step.after), 1)


# ------------------------------------------------------------------------------- a page among others


def test_a_label_of_markup_stays_text(opened):
    L = expression(MARKUP)
    next(iter(walk(L)))
    sheet = opened(walk(L).html())
    for _ in range(len(walk(L))):
        sheet.click("#next")
    sheet.click("#list summary")
    sheet.click("#what-if summary")
    sheet.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sheet.locator("img").count() == 0
    assert "onerror" in sheet.text_content("#list")
    assert sheet.dialogs == []
    assert sheet.errors == []
    assert [url for url in sheet.requests if not url.startswith("file:")] == []


def test_a_label_cannot_end_the_script_that_holds_it(opened):
    sheet = opened(walk(expression("</script><script>alert(1)</script>")).html())
    sheet.click("#last")
    assert sheet.dialogs == []
    assert sheet.errors == []


def test_a_label_of_ten_thousand_characters_is_shortened(opened):
    html = walk(expression("x" * 10_000)).html()
    sheet = opened(html)
    sheet.click("#last")
    assert "x" * 200 not in sheet.inner_text("body")
    assert sheet.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_no_request_leaves_the_page(sheet):
    sheet.click("#last")
    assert [url for url in sheet.requests if not url.startswith("file:")] == []
    blocked = sheet.evaluate("fetch('https://example.org/').then(() => 'went out', () => 'blocked')")
    assert blocked == "blocked"
    sheet.errors.clear()  # the browser says that it was blocked


def test_numbers_that_are_not_finite_are_shown_as_such(opened):
    x, y = Value(0.0, "x"), Value(2.0, "y")
    steps = walk(x.log() * y)
    sheet = opened(steps.html())
    sheet.click("#last")
    names = {n.label: n.id for n in steps.trace.nodes}
    assert slot(sheet, f"gradient:{names['y']}") == "−∞"
    assert slot(sheet, f"gradient:{names['x']}") == "∞"
    assert sheet.errors == []


def test_a_single_value_is_a_walk_of_two_steps(opened):
    sheet = opened(walk(Value(3.0, "x")).html())
    sheet.click("#last")
    assert place(sheet) == 2
    assert sheet.errors == []


def test_a_folded_box_tells_nothing_before_it_is_computed(opened):
    model = Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)
    steps = walk(losses.mse(model([0.1] * 12), 0.0))
    sheet = opened(steps.html())
    (cell,) = [group for group in fold(steps.trace).groups if group.title == "cell"]
    facts = box_of_group(cell, False).facts
    rows = sheet.locator("[data-opens=l1] [data-slot^=box]")
    first = rows.all_text_contents()
    assert [text for text, fact in zip(first, facts, strict=True) if fact.word == "output"] == ["–"]
    assert [text for text, fact in zip(first, facts, strict=True) if fact.word == "used"] == ["× 12"]
    sheet.click("#last")
    assert rows.all_text_contents() == [fact.number for fact in facts]


def test_a_larger_step_lists_what_it_gives_and_not_what_it_needs_for_that(opened):
    steps = walk(MLP(2, [3, 1], seed=0)([1.0, -2.0]), by="layer")
    sheet = opened(steps.html())
    for step in steps:
        sheet.click("#next")
        if step.kind == "layer":
            rows = sheet.locator("#numbers tbody td:last-child").all_text_contents()
            assert rows[:3] == [piece.rpartition(" ")[2] for piece in step.symbols.split(", ")][:3]


def test_another_engine_is_told_in_steps_of_the_size_they_have(opened):
    steps = walk(expression(), beside=overwrites, by="layer")
    sheet = opened(steps.html())
    sheet.click("#other-go")
    told = f"parts from the right engine at step {steps._parting() + 1}."
    assert told in sheet.text_content("#other-heading")
    assert not sheet.is_visible("#other-go")


HEADS_ON_NUMBERS = """() => {
    const head = document.querySelector(".flow-head")?.getBoundingClientRect();
    return head ? [...document.querySelectorAll("svg.graph .number")].filter((number) => {
        const box = number.getBoundingClientRect();
        return number.textContent && head.left < box.right - 1 && head.right > box.left + 1
            && head.top < box.bottom - 2 && head.bottom > box.top + 2;
    }).length : 0;
}"""


def test_the_head_on_the_arrow_of_a_step_covers_no_number(opened):
    y = x = Value(0.7, "x")
    for _ in range(6):
        y = (y * x + 0.37).tanh()
    steps = walk(y)
    sheet = opened(steps.html(), motion="reduce")
    for _ in steps:
        sheet.evaluate("document.getElementById('next').click()")
        assert sheet.evaluate(HEADS_ON_NUMBERS) == 0


def test_the_title_can_be_read_on_a_phone(opened, html):
    sheet = opened(html, width=360, height=740)
    assert sheet.eval_on_selector("h1", "({ scrollWidth, clientWidth }) => clientWidth - scrollWidth") >= 0


def test_a_time_step_is_opened_by_a_click_and_by_a_key(opened):
    model = Recurrent(GRUCell(1, 2, seed=0), 1, seed=1)
    sheet = opened(walk(losses.mse(model([0.1] * 12), 0.0)).html())
    sheet.focus("[data-opens=l1][tabindex]")
    sheet.keyboard.press("Enter")
    sheet.click("#fit")
    sheet.locator("[data-opens=l1l3] .title").click()
    sheet.wait_for_selector("#crumbs [aria-current]:text-is('step 4')")
    assert "from outside" in sheet.text_content("svg.graph")
    assert sheet.errors == []


SIZES_SHOWN = """[...document.querySelectorAll("svg.graph text")].map((text) => {
    const { a, b } = text.getScreenCTM();
    return parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b);
})"""


@pytest.fixture(scope="module", params=["deep", "recurrent"])
def network(request):
    deep, recurrent = MLP(4, [8] * 7 + [1], "tanh", seed=0), Recurrent(GRUCell(1, 4, seed=0), 1, seed=1)
    model = deep if request.param == "deep" else recurrent
    return walk(losses.mse(model([0.1] * 4), 0.0)).html()


@pytest.mark.parametrize("width", [360, 978, 1400])
def test_no_words_on_the_boxes_of_a_network_are_smaller_than_ten_pixels(opened, network, width):
    assert min(opened(network, width=width, height=900).evaluate(SIZES_SHOWN)) > 9.99


# --------------------------------------------------------------------------- for everyone to read


def test_without_scripts_the_picture_and_every_step_can_be_read(opened, html, steps):
    sheet = opened(html, ready=False, java_script_enabled=False)
    assert sheet.locator("svg.graph").is_visible()
    text = sheet.inner_text("noscript")
    assert all(step.sentence in text for step in steps)
    assert not sheet.locator("#transport").is_visible()
    assert slot(sheet, f"gradient:{edge_step(steps, 'a').node}") == number(edge_step(steps, "a").after)


def test_every_control_has_a_name(sheet):
    sheet.check("#predict")
    for summary in ("#list", "#what-if"):
        sheet.click(f"{summary} summary")
    tree = sheet.locator("body").aria_snapshot()
    for name in (
        'button "First"', 'button "Previous step"', 'button "Play"', 'button "Next step"', 'button "Last"',
        'slider "Step"', 'combobox "Speed"', 'checkbox "Predict, then reveal"', 'button "Zoom in"',
        'button "Zoom out"', 'button "See it whole"', 'button "Light or dark"', 'textbox "Value of a"',
    ):  # fmt: skip
        assert name in tree
    assert not re.search(r"- (button|slider|textbox|combobox|checkbox)(:|$)", tree, re.MULTILINE)


def test_nodes_say_what_they_hold(sheet):
    sheet.click("#last")
    assert sheet.get_by_role("button", name="a: value 2, gradient 7").count() == 1


def test_each_step_is_announced(sheet):
    assert sheet.get_attribute("#sentence", "aria-live") == "polite"
    sheet.click("#next")
    assert sheet.get_attribute("#place", "aria-valuetext").startswith("step 1 of ")


def test_light_and_dark_follow_the_system_and_the_button(opened, html):
    def background(sheet):
        return sheet.evaluate("getComputedStyle(document.body).backgroundColor")

    light, dark = (opened(html, scheme=scheme) for scheme in ("light", "dark"))
    assert background(light) != background(dark)
    light.click("#theme")
    assert background(light) == background(dark)
    light.click("#theme")
    assert background(light) != background(dark)


def test_nothing_glides_where_motion_is_not_wanted(opened, html):
    sheet = opened(html, motion="reduce")
    sheet.click("#zoom-in")
    assert sheet.evaluate("getComputedStyle(document.querySelector('svg.graph')).transitionDuration") == "0s"


@pytest.mark.parametrize("width", [400, 800, 1600])
def test_nothing_is_cut_off_at_any_width(opened, html, width):
    sheet = opened(html, width=width, height=700)
    sheet.click("#last")
    assert sheet.evaluate("document.documentElement.scrollWidth") <= width
    for control in ("#first", "#previous", "#play", "#next", "#last", "#place", "#speed", "#fit"):
        box = sheet.locator(control).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
