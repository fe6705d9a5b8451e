"""The page of a walk, driven in a real browser: what it shows is what the trace says."""

import re
from html import unescape

import pytest

from autograd import Value
from autograd.notation.numbers import number
from autograd.seeing.walk import walk
from nn import MLP
from tests.autograd.seeing.pages.player.driven import chain, edge_step, go, place, slot, tells

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
    assert sheet.get_attribute("#play", "aria-pressed") == "true"
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


def test_on_a_phone_the_buttons_do_not_scroll_the_graph_away(opened, html):
    sheet = opened(html, width=360, height=740)
    for _ in range(3):
        sheet.keyboard.press("Tab")
        sheet.focus("#next")
        sheet.click("#next")
    assert sheet.evaluate("scrollY") == 0


def test_at_either_end_the_keyboard_keeps_the_focus(sheet, steps):
    for button in ("next", "previous"):
        sheet.focus(f"#{button}")
        for _ in range(len(steps) + 1):
            sheet.keyboard.press("Enter")
        assert sheet.evaluate("document.activeElement.id") == "place"


def test_the_keyboard_goes_through_the_graph_from_left_to_right(sheet):
    lefts = [node.bounding_box()["x"] for node in sheet.locator("#canvas g.node[tabindex]").all()]
    assert lefts == sorted(lefts)


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
    tells(sheet, [s.sentence for s in steps])
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
    assert matrix(sheet)[1:] == pytest.approx([x - 60, y - 60], abs=1e-3)  # it is written with six digits
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
        go(sheet, edge.number)
        sheet.click("#next")
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
    assert sheet.get_attribute("#find", "aria-invalid") == "true"
    assert sheet.errors == []


def test_all_that_is_found_is_listed_with_what_it_is_and_where(opened):
    model = MLP(2, [16, 2, 1], activation="tanh", seed=0)
    sheet = opened(walk(model([1.0, -2.0])).html())
    sheet.locator("#find").press_sequentially("2^2")
    options = sheet.locator("#found [role=option]")
    assert sheet.inner_text("#hits") == "19 found"
    told = {line.split("\n")[0]: line.split("\n")[-1] for line in options.all_inner_texts()}
    assert {name: kind for name, kind in told.items() if name[0] in "abz"} == {
        "b2(2)": "bias · layer 2 · neuron 2",
        "z2(2)": "computed · layer 2 · neuron 2",
        "a2(2)": "computed · layer 2 · neuron 2",
    }
    sheet.fill("#find", "a2^2")
    sheet.keyboard.press("ArrowDown")
    chosen = sheet.get_attribute("#find", "aria-activedescendant")
    assert sheet.get_attribute(f"#{chosen}", "aria-selected") == "true"
    sheet.keyboard.press("Enter")
    assert sheet.text_content("#sentence").startswith("a₂⁽²⁾ is computed")
    assert sheet.locator("#found").is_hidden()
    sheet.fill("#find", "x")
    options.nth(1).click()
    assert sheet.input_value("#find") == "x2"
    sheet.fill("#find", "nobody")
    assert sheet.inner_text("#hits") == "0 found"
    sheet.fill("#find", "x")
    sheet.keyboard.press("Escape")
    assert sheet.get_attribute("#find", "aria-expanded") == "false"
    assert sheet.errors == []


@pytest.mark.parametrize(("motion", "glides"), [("no-preference", True), ("reduce", False)])
def test_a_box_that_opens_or_closes_glides_unless_motion_is_not_wanted(opened, motion, glides):
    sheet = opened(walk(MLP(2, [16, 2, 1], seed=0)([1.0, -2.0])).html(), motion=motion)
    scale = """(selector) => {
      document.querySelector(selector).dispatchEvent(new MouseEvent("click", { bubbles: true }));
      const glides = document.getElementById("canvas").getAnimations({ subtree: true });
      const sizes = glides.map((glide) => glide.effect.getKeyframes().map((frame) => Number(frame.scale)));
      glides.forEach((glide) => glide.finish());
      return [document.querySelector("#crumbs [aria-current]").textContent, sizes];
    }"""
    inwards, outwards = ([[0.4, 1], [1, 2.5]], [[1.6, 1], [1, 0.625]]) if glides else ([], [])
    assert sheet.evaluate(scale, "[aria-label='Open layer 1']") == ["layer 1", inwards]
    assert sheet.evaluate(scale, "#crumbs button") == ["network", outwards]
    assert sheet.errors == []


def test_who_opens_a_box_by_keyboard_is_told_what_is_shown_and_stays_there(opened):
    sheet = opened(walk(MLP(2, [16, 2, 1], seed=0)([1.0, -2.0])).html())
    focused = "document.activeElement.getAttribute('aria-label')"
    sheet.focus("[aria-label='Open layer 1'][tabindex]")
    sheet.keyboard.press("Enter")
    assert sheet.evaluate(focused) == "layer 1"
    sheet.keyboard.press("Tab")
    assert sheet.evaluate("!!document.activeElement.closest('svg.graph:not(.ahead)')")
    sheet.focus("#crumbs button")
    sheet.keyboard.press("Enter")
    assert sheet.evaluate(focused) == "network"
    assert sheet.errors == []


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
    sheet.locator("#leaves input").first.wait_for()
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
    assert sheet.get_attribute("#told", "aria-live") == "polite"
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
