"""The playground by hand: settings on the way, links, the pointer and the keyboard."""

import pytest

from autograd import Value
from autograd.notation.numbers import number
from nn.seeing.playground_page import FEATURES, GROUPS, SETTINGS, SLIDERS
from tests.nn.seeing.playgrounds import EPOCHS, centre, wait_until

STRUCTURE = {"data": "circles", "activation": "relu", "init": "normal", "cost": "hinge", "seed": 3,
             "layers": [3], "features": ["x1"]}  # fmt: skip


ON_THE_WAY = {"noise": 0.4, "held_out": 30, "data_seed": 3, "penalty": "l2", "strength": 0.1,
              "optimizer": "Adam", "rate": 0.02, "batch": 7}  # fmt: skip


def test_settings_are_of_the_structure_or_taken_on_the_way():
    assert {*SETTINGS, "layers", "features"} == {*STRUCTURE, *ON_THE_WAY}


@pytest.mark.parametrize("name", ON_THE_WAY)
def test_a_setting_is_taken_on_the_way(sheet, name):
    begun, ended = sheet.evaluate(
        """([name, x]) => {
          take({ penalty: "l1" });
          training.step();
          part("run").click();
          const { numbers, steps, epoch } = training;
          const begun = [Array.from(numbers), steps, epoch, true];
          take({ [name]: x });
          return [begun, [Array.from(training.numbers), training.steps, training.epoch, running > 0]];
        }""",
        [name, ON_THE_WAY[name]],
    )
    assert begun == ended
    assert sheet.evaluate(f"[settings.{name}, training.{name}]") == [ON_THE_WAY[name]] * 2
    sheet.click("#run")
    wait_until(sheet, "!running")
    sheet.evaluate("part('python').open = true; tell()")
    assert "Settings were changed on the way" in sheet.inner_text("#told")
    before = {**{n: s.start for n, s in SETTINGS.items()}, "penalty": "l1"}[name]
    told = f"until step 1: {SETTINGS[name].label} = {before}"
    assert told in sheet.evaluate("inPython()")
    assert sheet.evaluate("training.history.every((x) => Number.isFinite(x.cost))")
    sheet.click("#restart")
    assert "on the way" not in sheet.inner_text("#told")
    assert "#" not in sheet.evaluate("inPython()")
    assert sheet.errors == []


def test_it_keeps_running_while_data_are_drawn_anew_and_a_number_is_slid(sheet):
    sheet.click("#run")
    for act in (lambda: sheet.click("#redraw"), lambda: sheet.locator("[data-of=batch]").press("ArrowRight")):
        wait_until(sheet, "training.steps > 20")
        steps = sheet.evaluate("training.steps")
        act()
        wait_until(sheet, f"running && training.steps > {steps + 20}")
    assert sheet.evaluate("[training.data_seed, training.batch]") == [1, 11]
    assert sheet.errors == []


@pytest.mark.parametrize("name", STRUCTURE)
def test_another_structure_begins_again(sheet, name):
    sheet.evaluate("training.step(); run()")
    sheet.evaluate("([name, x]) => take({ [name]: x })", [name, STRUCTURE[name]])
    assert sheet.evaluate("[training.steps, running]") == [0, 0]


def test_before_the_first_step_a_setting_is_as_if_it_had_been_there(sheet):
    sheet.evaluate(
        "(changes) => { for (const name in changes) take({ [name]: changes[name] }); }", ON_THE_WAY
    )
    sheet.evaluate("epochOf(); epochOf(); tell()")
    found = sheet.evaluate("[Array.from(training.numbers), training.history]")
    fresh = sheet.evaluate(EPOCHS, [sheet.evaluate("settings"), 2])
    assert found == [fresh["ended"], fresh["history"]]
    assert "on the way" not in sheet.inner_text("#told")


def test_what_is_taken_on_the_way_is_what_the_next_steps_do(sheet):
    sheet.evaluate(
        "epochOf(); training.step(); take({ rate: 0.03 }); take({ batch: 30 }); chooseSample(undefined)"
    )
    assert sheet.evaluate("training.batches.map((places) => places.length)") == [30, 30, 30]
    before, gradients = sheet.evaluate("[Array.from(training.numbers), Array.from(training.gradients)]")
    sheet.evaluate("training.step()")
    wanted = [w - 0.03 * g for w, g in zip(before, gradients, strict=True)]
    assert sheet.evaluate("Array.from(training.numbers)") == pytest.approx(wanted, rel=1e-12)
    sheet.evaluate("take({ optimizer: 'Adam' })")
    before = sheet.evaluate("Array.from(training.numbers)")
    sheet.evaluate("training.step()")  # the first of Adam moves each weight by the rate
    moved = [abs(a - b) for a, b in zip(before, sheet.evaluate("Array.from(training.numbers)"), strict=True)]
    assert moved == pytest.approx([0.03] * len(moved), rel=1e-3)
    sheet.evaluate("take({ data_seed: 5 })")
    assert sheet.evaluate("training.points") == sheet.evaluate("new Training(settings).points")
    assert sheet.evaluate("training.test") == sheet.evaluate("new Training(settings).test")
    assert sheet.evaluate("epochOf()")
    assert sheet.errors == []


ON_A_LINE = """() => {
  const { hit } = picture.paths[5];
  const point = hit.getPointAtLength(0.7 * hit.getTotalLength());
  const { x, y } = new DOMPoint(point.x, point.y).matrixTransform(hit.getScreenCTM());
  return [x, y];
}"""
NUMBER = """() => {
  const said = part("number");
  return said.checkVisibility() && [said.firstChild.data.trim(), said.querySelector("input").value];
}"""


def test_a_line_and_a_bias_tell_their_number_and_are_set_where_they_are(sheet):
    sheet.mouse.move(*sheet.evaluate(ON_A_LINE))
    name, x = sheet.evaluate("[picture.paths[5].parameter.name, training.numbers[7]]")
    assert sheet.evaluate(NUMBER) == [f"{name} =", number(x)]
    sheet.evaluate("part('epoch').click()")
    assert sheet.evaluate(NUMBER)[1] == number(sheet.evaluate("training.numbers[7]"))
    before = sheet.evaluate("training.numbers[7]")
    sheet.evaluate("part('step').click()")
    moved = sheet.evaluate("training.numbers[7]") - before
    gradient = sheet.evaluate("training.gradients[7]")
    assert sheet.inner_text("#number small") == f"gradient {number(gradient)}, last change {number(moved)}"
    sheet.mouse.move(1, 1)
    assert sheet.evaluate(NUMBER) is False
    sheet.mouse.click(*sheet.evaluate(ON_A_LINE))
    sheet.keyboard.type("0.25")
    sheet.keyboard.press("Enter")
    assert sheet.evaluate("training.numbers[7]") == 0.25
    assert sheet.inner_text("#chain-title") == f"The chain rule of {name}"
    sheet.keyboard.press("Escape")
    assert sheet.evaluate(NUMBER) is False
    mark = sheet.get_by_role("button", name="Bias b₂⁽¹⁾")
    mark.click()
    for text, sign in (("−0.5", "negative"), ("much", "negative"), ("2", "positive"), ("0", "")):
        sheet.get_by_label("b₂⁽¹⁾ here").fill(text)
        sheet.keyboard.press("Enter")
        assert mark.locator("i").get_attribute("class") == sign
    assert sheet.evaluate("training.numbers[5]") == 0
    assert sheet.inner_text("#chain-title") == "The chain rule of b₂⁽¹⁾"
    sheet.keyboard.press("Escape")
    mark.press("Enter")
    assert mark.get_attribute("aria-current") == "true"
    assert sheet.errors == []


@pytest.mark.parametrize("name", FEATURES)
def test_every_input_is_shown_large_under_the_pointer(sheet, name):
    shown, function = FEATURES[name]
    sheet.get_by_role("button", name=f"Input {shown}", exact=True).hover()
    off = "" if name in ("x1", "x2") else ", switched off"
    assert sheet.inner_text("#seen-title") == f"The input {shown}{off}"
    assert f"the line: {shown} = 0" in sheet.inner_text("#legend")
    given, x1, x2 = sheet.evaluate(
        """(name) => [training.inputOverPlane(name),
      ...[training.x1, training.x2].map((i) => training.grid.values[i])].map((xs) => xs[77])""",
        name,
    )
    assert given == pytest.approx(function(Value(x1), Value(x2)).data, rel=1e-15)
    sheet.mouse.click(*centre(sheet.locator(f"[data-key='{name}']")))
    sheet.mouse.move(1, 1)
    assert sheet.inner_text("#seen-title") == "The output z₁⁽³⁾"
    assert sheet.errors == []


def test_the_numbers_of_a_neuron_are_set_in_its_table(sheet):
    sheet.evaluate("select({ kind: 'neuron', layer: 2, neuron: 1 })")
    own = sheet.evaluate("training.parameters.filter((p) => p.layer === 2 && p.neuron === 1)")
    wanted = [-1.5, -2e-7, 0.5, 1.25, 1e9]
    for parameter, x in zip(own, wanted, strict=True):
        field = sheet.get_by_label(f"{parameter['name']} by hand")
        field.fill(str(x))
        field.press("Enter")
        assert field.evaluate("(e) => e === document.activeElement && numberIn(e.value)") == x
    assert sheet.evaluate("(own) => own.map(({ at }) => training.numbers[at])", own) == wanted
    assert "Infinity" not in sheet.inner_text("#account")


def test_a_line_is_chosen_and_a_neuron_shown_large_by_the_pointer(sheet):
    sheet.mouse.click(*sheet.evaluate(ON_A_LINE))
    name = sheet.evaluate("picture.paths[5].parameter.name")
    assert sheet.inner_text("#chain-title") == f"The chain rule of {name}"
    sheet.get_by_role("button", name="Neuron a₃⁽¹⁾, layer 1").hover()
    assert sheet.inner_text("#seen-title") == "What a₃⁽¹⁾ gives"
    sheet.mouse.move(1, 1)
    assert sheet.inner_text("#seen-title") == "The output z₁⁽³⁾"


def test_settings_are_changed_in_the_page_and_refused_with_a_sentence(sheet):
    sheet.check("[name=data][value=spirals]")
    sheet.fill("[name=rate]", "0.3")
    sheet.press("[name=rate]", "Enter")
    sheet.fill("[name=noise]", "7")
    sheet.press("[name=noise]", "Tab")
    assert sheet.inner_text("#complaint") == "Noise is a number from 0 to 1; got “7”."
    assert sheet.input_value("[name=noise]") == "0.1"
    assert sheet.evaluate("[training.data, training.rate, training.noise]") == ["spirals", 0.3, 0.1]
    sheet.check("[name=data][value=hills]")
    assert sheet.inner_text("#complaint") == "hills has numbers as targets: the cost is half_mse now."
    sheet.select_option("[name=cost]", "hinge")
    assert "hinge is for two classes" in sheet.inner_text("#complaint")
    assert sheet.input_value("[name=cost]") == "half_mse"
    sheet.click("[aria-label='One neuron more in layer 2']")
    sheet.click("#deeper")
    sheet.click("[aria-label='Input x₁x₂']")
    assert sheet.evaluate("[training.layers, training.features]") == [[4, 3, 3], ["x1", "x2", "x1*x2"]]
    sheet.click("[aria-label='Input x₁x₂']")
    sheet.click("[aria-label='Input x₂']")
    sheet.click("[aria-label='Input x₁']")
    assert sheet.inner_text("#complaint") == "A network is given at least one input."


def test_every_setting_is_in_one_group_of_the_page():
    assert sorted(name for names in GROUPS.values() for name in names) == sorted(SETTINGS)


@pytest.mark.parametrize("name", SLIDERS)
def test_a_slider_and_its_number_are_one(sheet, name):
    slider, field = sheet.locator(f"[data-of={name}]"), sheet.locator(f"[name={name}]")
    assert slider.input_value() == field.input_value() == str(SETTINGS[name].start)
    slider.press("ArrowRight")
    moved = pytest.approx(SETTINGS[name].start + SLIDERS[name])
    assert sheet.evaluate(f"[settings.{name}, training.{name}]") == [moved] * 2
    assert float(slider.input_value()) == float(field.input_value()) == moved
    field.fill("20" if SETTINGS[name].whole else "0.2")
    field.press("Enter")
    assert float(slider.input_value()) == sheet.evaluate(f"settings.{name}") == float(field.input_value())
    slider.evaluate("(e) => { e.value = e.max; e.dispatchEvent(new Event('input', { bubbles: true })); }")
    assert float(field.input_value()) == SETTINGS[name].high
    assert sheet.errors == []


def test_data_are_chosen_by_pictures_of_them(sheet):
    for radio in sheet.locator("[name=data]").all():
        inked = "(e) => e.nextElementSibling.getContext('2d').getImageData(0, 0, 72, 72).data.some(Boolean)"
        assert radio.evaluate(inked)
    sheet.locator("[name=data]:checked").press("ArrowRight")
    names = list(SETTINGS["data"].choices)
    assert sheet.evaluate("[settings.data, training.data]") == [names[1]] * 2
    assert sheet.get_by_role("radio", name=names[1]).is_checked()


def test_a_link_restores_all_settings_and_says_what_it_cannot(sheet, opened):
    sheet.check("[name=data][value=circles]")
    sheet.select_option("[name=activation]", "relu")
    sheet.click("#shallower")
    sheet.click("[aria-label='Input sin x₂']")
    sheet.click("#reseed")
    link, settings = sheet.url, sheet.evaluate("settings")
    assert link.endswith("#data=circles&activation=relu&seed=1&features=x1,x2,sin(x2)&layers=4")
    sheet.goto("about:blank")
    sheet.goto(link)
    assert sheet.evaluate("settings") == settings
    assert sheet.evaluate("training.layers") == [4]
    sheet.goto("about:blank")
    sheet.goto(link.split("#")[0] + "#layers=9&rate=x&nothing=1&toString=1&features=valueOf&data=ramp")
    told = sheet.inner_text("#complaint")
    assert "got “9”" in told
    assert "got “x”" in told
    assert "no setting “nothing”" in told
    assert "no setting “toString”" in told
    assert "got “valueOf”" in told
    assert sheet.evaluate("[settings.layers, settings.data, settings.cost]") == [[4, 2], "ramp", "half_mse"]
    assert sheet.errors == []


def test_a_link_restores_what_is_seen(sheet):
    sheet.select_option("#lines", "gradients")
    sheet.click("#held")
    sheet.click("#sharp")
    sheet.fill("[name=rate]", "0.3")
    sheet.press("[name=rate]", "Enter")
    link, steps = sheet.url, sheet.evaluate("training.steps")
    assert link.endswith("#rate=0.3&lines=gradients&held=off&sharp=on")
    sheet.goto("about:blank")
    sheet.goto(link)
    assert sheet.evaluate("VIEWS.map(viewOf)") == ["gradients", "off", "on"]
    assert sheet.url == link
    sheet.goto(link.split("#")[0] + "#held=no&lines=routes")
    wait_until(sheet, "part('complaint').textContent")
    assert "“held” is on or off; got “no”" in sheet.inner_text("#complaint")
    assert "“lines” is weights or gradients; got “routes”" in sheet.inner_text("#complaint")
    assert sheet.evaluate("VIEWS.map(viewOf)") == ["weights", "on", "off"]
    assert steps == 0
    assert sheet.errors == []


def test_a_link_hides_controls(sheet):
    names = sheet.evaluate("HIDEABLE")
    assert sheet.evaluate("part('hideable').textContent.split(', ')") == names
    assert sheet.evaluate("HIDEABLE.every((name) => controlsOf(name).every((c) => c.checkVisibility()))")
    address = sheet.url.split("#")[0]
    for name in names:
        sheet.evaluate("(hash) => (location.hash = hash)", f"hide={name}&layers=2")
        wait_until(sheet, f"hide.join() === '{name}'")
        away = sheet.evaluate(
            "HIDEABLE.filter((name) => !controlsOf(name).some((control) => control.checkVisibility()))"
        )
        assert away == ([*SETTINGS, "setting"] if name == "setting" else [name])
        assert sheet.url == f"{address}#layers=2&hide={name}"
    sheet.evaluate("(hash) => (location.hash = hash)", "hide=everything")
    wait_until(sheet, "!hide.length")
    assert sheet.inner_text("#complaint") == "The link: There is no control “everything” to hide."
    assert sheet.errors == []


def test_everything_is_reached_by_keyboard(sheet):
    sheet.get_by_role("button", name="Neuron a₂⁽¹⁾, layer 1").press("Enter")
    assert sheet.inner_text("#chain-title") == "The neuron a₂⁽¹⁾"
    assert sheet.get_by_role("button", name="Neuron a₂⁽¹⁾, layer 1").get_attribute("aria-current") == "true"
    assert sheet.inner_text("#seen-title") == "What a₂⁽¹⁾ gives"
    sheet.get_by_role("button", name="w₂₂⁽¹⁾").press("Enter")
    assert sheet.inner_text("#chain-title") == "The chain rule of w₂₂⁽¹⁾"
    assert sheet.evaluate("document.activeElement.id") == "chain-title"
    sheet.get_by_role("button", name="Sample").first.press("Enter")
    route = sheet.get_by_label("Route", exact=True)
    route.press("ArrowDown")
    assert route.input_value() == "1"
    assert route.evaluate("(e) => e === document.activeElement")
    assert sheet.is_checked("[name=scope][value=sample]")
    field = sheet.get_by_label("w₂₂⁽¹⁾ by hand")
    field.fill("−0,5")
    field.press("Enter")
    assert sheet.evaluate("training.numbers[4]") == -0.5
    assert "set by hand" in sheet.inner_text("#told")
    sheet.get_by_role("button", name="The cost J").press("Enter")
    assert "softplus" in sheet.inner_text("#account")
    sheet.get_by_role("button", name="One epoch").press("Enter")
    assert sheet.inner_text("#told").startswith("Epoch 1,")
    assert sheet.errors == []
