"""The playground: what its page computes is what the library computes, and what it says is true."""

import re

import pytest

from autograd import Value, gradient_path
from autograd.notation.numbers import number
from nn import MLP, losses, seeing
from nn.data.planar import PLANAR
from nn.seeing.playground_page import ACTING, COSTS, FEATURES, OPTIMIZERS, PENALTIES, SETTINGS
from tests.shown import MEASURE, OPEN, SCREENS, SMALLEST

EPOCHS = """([settings, epochs]) => {
  training = new Training(settings);
  const started = Array.from(training.numbers);
  for (let k = 0; k < epochs; k++) epochOf();
  return { started, ended: Array.from(training.numbers), history: training.history };
}"""

WAYS = [
    {},
    {"data": "circles", "activation": "relu", "cost": "hinge", "layers": [5, 3], "seed": 4294967295},
    {"data": "hills", "cost": "huber", "features": ["x1", "x2", "x1*x2", "sin(x1)"], "optimizer": "Adam",
     "activation": "gelu", "rate": 0.01, "init": "uniform"},
    {"data": "spirals", "penalty": "l2", "optimizer": "momentum", "activation": "sigmoid", "batch": 7,
     "held_out": 33, "data_seed": 5, "init": "normal"},
    {"data": "clusters", "penalty": "l1", "layers": [], "optimizer": "RMSprop", "cost": "half_mse"},
    {"data": "ramp", "activation": "elu", "batch": 200, "noise": 0.5, "layers": [8, 8]},
    {"data": "quadrants", "activation": "softplus", "features": ["x1*x1", "x2*x2", "sin(x2)"]},
    *({"activation": name, "layers": [2]} for name in ("linear", "leaky_relu", "selu", "silu", "sin")),
]  # fmt: skip


@pytest.fixture(scope="module")
def page():
    return seeing.playground().html()


@pytest.fixture
def sheet(opened, page):
    return opened(page, ready=False, width=1200, height=900)


def wait_until(sheet, condition):
    """Wait frame by frame: the page's policy forbids what playwright's own waiting does."""
    sheet.evaluate(f"async () => {{ while (!({condition})) await new Promise(requestAnimationFrame); }}")


def in_python(sheet, **given):
    """What the page says that its training is in Python, carried out."""
    sheet.evaluate("part('python').open = true")
    text = sheet.evaluate("inPython()").replace("..., ...", "given")
    scope = dict(given)
    exec(text.replace("    model, X, y,", "    model, X, y, progress=False, engine='eager',"), scope)
    return scope


def test_the_ways_go_through_every_choice():
    used = {name: {way.get(name, setting.start) for way in WAYS} for name, setting in SETTINGS.items()}
    assert used["activation"] == {*ACTING}
    assert used["cost"] == {*COSTS}
    assert used["optimizer"] == {*OPTIMIZERS}
    assert used["penalty"] == {*PENALTIES}
    assert used["data"] | {"moons"} == {*PLANAR}
    assert {name for way in WAYS for name in way.get("features", ("x1", "x2"))} == {*FEATURES}


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_page_trains_as_fit_does(sheet, way):
    settings = seeing.playground(**way).settings
    sheet.evaluate("(wanted) => { settings = wanted; begin(); }", settings)
    found = sheet.evaluate(EPOCHS, [settings, 3])
    told = in_python(sheet)
    history, model = told["history"], told["model"]
    assert [p.data for p in model.parameters()] == pytest.approx(found["ended"], rel=1e-12, abs=1e-12)
    assert history["loss"] == pytest.approx([x["cost"] for x in found["history"][1:]], rel=1e-12)
    assert history["val_loss"] == pytest.approx([x["held"] for x in found["history"][1:]], rel=1e-12)
    if PLANAR[settings["data"]].classes:
        assert history["val_accuracy"] == [x["right"] for x in found["history"][1:]]
    else:
        assert {x["right"] for x in found["history"]} == {None}
    assert sheet.errors == []


@pytest.mark.parametrize("name", SETTINGS["init"].choices[1:])
def test_weights_start_as_an_initialiser_draws_them(sheet, name):
    settings = seeing.playground(init=name, layers=[3, 8], seed=7).settings
    started = sheet.evaluate(EPOCHS, [settings, 0])["started"]
    model = MLP(2, [3, 8, 1], "tanh", init=name, seed=7)
    assert started == pytest.approx([p.data for p in model.parameters()], rel=1e-15)


def test_routes_are_those_of_the_gradient_path(sheet):
    sheet.evaluate("select({ kind: 'weight', at: 0 }); chooseSample(3);")
    x, t = sheet.evaluate("[training.points[3].slice(0, 2), training.points[3][2]]")
    model = MLP(2, [4, 2, 1], "tanh", seed=0)
    output = model(x)
    loss = losses.binary_cross_entropy(output, Value(float(t)))
    loss.backward()
    assert sheet.evaluate("Array.from(training.gradients)") == pytest.approx(
        [p.grad for p in model.parameters()]
    )
    routes = gradient_path(output, model.layers[0].neurons[0].w[0]).routes(2)
    expected = [route.product * output.grad for route in routes]
    found = sheet.evaluate("chain.routes(training.parameters[0].node)")
    assert found["count"] == 2
    assert [route["product"] for route in found["best"]] == pytest.approx(expected)
    shown = sheet.inner_text("#account")
    assert "∂(w₁₁⁽¹⁾→z₁⁽¹⁾)" in shown
    assert "= x₁" in shown
    lit = sheet.evaluate(
        "picture.paths.filter(({ hit }) => hit.matches('.chosen')).map(({ parameter }) => parameter.name)"
    )
    assert "w₁₁⁽¹⁾" in lit
    assert len(lit) == 3
    steps = in_python(sheet)["steps"]
    assert steps[-1].phase == "reverse"


def test_a_nudge_comes_to_the_gradient_and_the_step_is_taken(sheet):
    sheet.evaluate("select({ kind: 'weight', at: 4 })")
    quotients = sheet.locator("[aria-label='A nudge'] tbody td:last-child").all_inner_texts()
    *_, last, gradient = [float(text.replace("−", "-")) for text in quotients]
    assert last == pytest.approx(gradient, rel=1e-2)
    assert gradient == pytest.approx(sheet.evaluate("training.gradients[4]"), rel=1e-3)
    wanted = sheet.evaluate("training.moved()[0][4]")
    sheet.click("#step")
    assert sheet.evaluate("training.numbers[4]") == wanted
    assert sheet.inner_text("#told").startswith("Epoch 0, step 1:")


def test_what_is_said_of_the_step_depends_on_the_sample_and_the_optimiser(sheet):
    assert "The next step: w₁₁⁽¹⁾ ← w₁₁⁽¹⁾ − α" in sheet.inner_text("#account")
    trained, held_out = sheet.evaluate("[training.train[0], training.test[0]]")
    sheet.evaluate(f"chooseSample({trained})")
    assert "By this sample alone" in sheet.inner_text("#account")
    sheet.evaluate(f"chooseSample({held_out})")
    assert "no step learns from it" in sheet.inner_text("#account")
    sheet.evaluate("take({ optimizer: 'Adam' }); chooseSample(undefined)")
    assert "Adam moves it from" in sheet.inner_text("#account")
    assert "the step makes" not in sheet.inner_text("#account")
    sheet.evaluate(f"take({{ optimizer: 'SGD', penalty: 'l2', strength: 1 }}); chooseSample({trained})")
    shown = sheet.inner_text("#account")
    assert "∂(L + penalty)/∂w₁₁⁽¹⁾ = " in shown
    weight, gradient = sheet.evaluate("[training.numbers[0], training.gradients[0]]")
    routes = sheet.evaluate("training.lanes.gradients[training.parameters[0].node][0]")
    assert gradient == pytest.approx(routes + 2 * weight)
    assert f"and the penalty adds {number(2 * weight)}" in shown


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_it_runs_pauses_and_begins_again_with_the_same_numbers(page, opened, motion):
    sheet = opened(page, ready=False, motion=motion)
    sheet.click("#run")
    wait_until(sheet, "training.epoch > 3")
    sheet.click("#run")
    assert sheet.inner_text("#run") == "Run"
    epoch, weights = sheet.evaluate("[training.epoch, Array.from(training.numbers)]")
    assert sheet.inner_text("#told").startswith(f"Epoch {epoch},")
    sheet.click("#restart")
    sheet.evaluate(f"for (let k = 0; k < {epoch}; k++) epochOf()")
    assert sheet.evaluate("Array.from(training.numbers)") == weights
    assert sheet.errors == []


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


@pytest.mark.parametrize("name", STRUCTURE)
def test_another_structure_begins_again(sheet, name):
    sheet.evaluate("training.step(); run()")
    sheet.evaluate("([name, x]) => take({ [name]: x })", [name, STRUCTURE[name]])
    assert sheet.evaluate("[training.steps, running]") == [0, 0]


def test_before_the_first_step_a_setting_is_as_if_it_had_been_there(sheet):
    sheet.evaluate("(changes) => { for (const name in changes) take({ [name]: changes[name] }); }", ON_THE_WAY)
    sheet.evaluate("epochOf(); epochOf(); tell()")
    found = sheet.evaluate("[Array.from(training.numbers), training.history]")
    fresh = sheet.evaluate(EPOCHS, [sheet.evaluate("settings"), 2])
    assert found == [fresh["ended"], fresh["history"]]
    assert "on the way" not in sheet.inner_text("#told")


def test_what_is_taken_on_the_way_is_what_the_next_steps_do(sheet):
    sheet.evaluate("epochOf(); training.step(); take({ rate: 0.03 }); take({ batch: 30 }); chooseSample(undefined)")
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
NUMBER = "part('number').checkVisibility() && [part('number').innerText.trim(), part('number').querySelector('input').value]"


def test_a_line_and_a_bias_tell_their_number_and_are_set_where_they_are(sheet):
    sheet.mouse.move(*sheet.evaluate(ON_A_LINE))
    name, x = sheet.evaluate("[picture.paths[5].parameter.name, training.numbers[7]]")
    assert sheet.evaluate(NUMBER) == [f"{name} =", number(x)]
    sheet.evaluate("part('epoch').click()")
    assert sheet.evaluate(NUMBER)[1] == number(sheet.evaluate("training.numbers[7]"))
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
    given, x1, x2 = sheet.evaluate("""(name) => [training.inputOverPlane(name),
      ...[training.x1, training.x2].map((i) => training.grid.values[i])].map((xs) => xs[77])""", name)
    assert given == pytest.approx(function(Value(x1), Value(x2)).data, rel=1e-15)
    sheet.mouse.click(*centre(sheet.locator(f"[data-key='{name}']")))
    sheet.mouse.move(1, 1)
    assert sheet.inner_text("#seen-title") == "The output z₁⁽³⁾"
    assert sheet.errors == []


def centre(thing):
    box = thing.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


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
    sheet.select_option("[name=data]", "spirals")
    sheet.fill("[name=rate]", "0.3")
    sheet.press("[name=rate]", "Enter")
    sheet.fill("[name=noise]", "7")
    sheet.press("[name=noise]", "Tab")
    assert sheet.inner_text("#complaint") == "Noise is a number from 0 to 1; got “7”."
    assert sheet.input_value("[name=noise]") == "0.1"
    assert sheet.evaluate("[training.data, training.rate, training.noise]") == ["spirals", 0.3, 0.1]
    sheet.select_option("[name=data]", "hills")
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


def test_a_link_restores_all_settings_and_says_what_it_cannot(sheet, opened):
    sheet.select_option("[name=data]", "circles")
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


def test_a_training_that_runs_away_says_so_and_stops(sheet):
    sheet.evaluate("take({ data: 'hills', cost: 'half_mse', activation: 'linear', rate: 100 })")
    sheet.click("#run")
    wait_until(sheet, "training.trouble && !running")
    assert "the steps were too long" in sheet.inner_text("#told")
    account = sheet.inner_text("#account")
    assert "there is no next step" in account
    assert "so the step" not in account
    assert "It is the mean" not in account
    assert "ΔJ" not in account
    assert sheet.inner_text("#run") == "Run"
    assert sheet.errors == []


def test_vanishing_gradients_are_told(sheet):
    sheet.evaluate("take({ activation: 'sigmoid', layers: [4, 4, 4, 4, 4] })")
    assert sheet.inner_text("#vanishing").startswith("The gradient vanishes: in layer 1")


def test_a_corner_is_told_as_one(sheet):
    assert "corner" not in sheet.inner_text("#account")
    sheet.evaluate("take({ activation: 'relu', init: 'zeros' })")
    assert "the slope is a choice" in sheet.inner_text("#account")
    assert sheet.inner_text("#vanishing") == "No gradient reaches the first layer."


def test_a_penalty_has_its_corner_at_0(sheet):
    sheet.evaluate("take({ penalty: 'l1' }); chooseSample(3)")
    assert "corner" not in sheet.inner_text("#account")
    sheet.evaluate("training.numbers[0] = 0; update()")
    assert "the slope is a choice" in sheet.inner_text("#account")


def test_a_dead_unit_is_told_as_one(sheet):
    sheet.evaluate("take({ activation: 'relu' }); select({ kind: 'neuron', layer: 1, neuron: 0 })")
    assert "no gradient passes it" not in sheet.inner_text("#account")
    sheet.evaluate("training.numbers[2] = -100; update()")  # its bias
    assert "For every sample of this batch it gives 0" in sheet.inner_text("#account")
    assert sheet.evaluate("Array.from(training.gradients.slice(0, 3))") == [0, 0, 0]


def test_the_line_is_where_the_weighted_sum_is_0(sheet):
    sheet.evaluate("take({ activation: 'relu' }); select({ kind: 'neuron', layer: 1, neuron: 1 })")
    assert "the line: z₂⁽¹⁾ = 0" in sheet.inner_text("#legend")


def test_the_legend_names_the_signs_that_are_seen(sheet):
    signs = re.compile(r"(above|below) 0, to (\S+)")
    sheet.evaluate("take({ activation: 'sigmoid' }); select({ kind: 'neuron', layer: 1, neuron: 0 })")
    assert [word for word, _ in signs.findall(sheet.inner_text("#legend"))] == ["above"]
    sheet.evaluate("take({ activation: 'tanh' }); select({ kind: 'neuron', layer: 1, neuron: 0 })")
    (_, high), (_, low) = signs.findall(sheet.inner_text("#legend"))
    assert low.startswith("−")
    assert not high.startswith("−")


def test_the_largest_seed_is_followed_by_0(sheet):
    sheet.evaluate("take({ seed: 4294967295 })")
    sheet.click("#reseed")
    assert sheet.evaluate("settings.seed") == 0


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


def test_a_sample_is_chosen_in_the_plane(sheet):
    place = sheet.evaluate("picture.at(training.points[12]).map((x) => x / picture.pen.canvas.width)")
    box = sheet.locator("#plane").bounding_box()
    sheet.mouse.click(box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"])
    assert sheet.input_value("#sample") == "12"


def test_the_page_is_small_and_fetches_nothing(page, opened, tmp_path):
    seeing.playground().save(tmp_path / "playground.html")
    assert len((tmp_path / "playground.html").read_bytes()) <= 250_000
    sheet = opened(tmp_path / "playground.html", ready=False)
    assert sheet.requests == [(tmp_path / "playground.html").as_uri()]
    assert sheet.errors == []
    with pytest.raises(ValueError, match="unknown format 'png'"):
        seeing.playground().save(tmp_path / "playground.png")


@pytest.mark.parametrize("width", SCREENS)
def test_it_fits_the_screen(page, opened, width):
    sheet = opened(page, ready=False, width=width)
    for what in ("{ kind: 'weight', at: 1 }", "{ kind: 'neuron', layer: 2, neuron: 1 }", "{ kind: 'cost' }"):
        sheet.evaluate(f"select({what})")
        sheet.evaluate(OPEN)
        assert sheet.evaluate(MEASURE, SMALLEST) == []
        sheet.evaluate("chooseSample(sample === undefined ? 5 : undefined)")
    sheet.evaluate("take({ layers: Array(6).fill(8) })")
    assert sheet.evaluate("part('net').scrollWidth - part('net').clientWidth") == 0
    assert sheet.evaluate(MEASURE, SMALLEST) == []


def test_samples_of_ones_own_are_trained_on(opened):
    X = [[x1 / 4, x2 / 4] for x1 in range(5) for x2 in range(5)]
    made = seeing.playground(X, ["ab".index(c) for c in "abbab" * 5], features=["x1", "x2", "x1*x2"])
    sheet = opened(made.html(), ready=False)
    sheet.click("#epoch")
    assert sheet.evaluate("training.points.map((p) => p.slice(0, 2))") == X
    told = in_python(sheet, given=(X, [0, 1, 1, 0, 1] * 5))
    assert [p.data for p in told["model"].parameters()] == pytest.approx(
        sheet.evaluate("Array.from(training.numbers)"), rel=1e-12
    )
    assert "yours" in repr(made)
    sheet = opened(seeing.playground(X[:4], [0, 1, 1, 0]).html(), ready=False)
    sheet.evaluate(OPEN)
    sheet.fill("[name=held_out]", "10")
    sheet.press("[name=held_out]", "Tab")
    assert sheet.inner_text("#complaint").startswith("10 % of 4 samples are 0")


def test_in_a_notebook_it_may_run_scripts(opened):
    frame = seeing.playground()._repr_mimebundle_()["text/html"]
    assert 'sandbox="allow-scripts' in frame
    sheet = opened(frame, ready=False)
    inside = sheet.frames[1]
    inside.wait_for_selector("#playground:not([hidden])")
    inside.click("#epoch")
    assert inside.inner_text("#told").startswith("Epoch 1,")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"noise": 2.0}, "noise is at most 1; got 2"),
        ({"activation": "tahn"}, "did you mean 'tanh'"),
        ({"rates": 1}, "no setting 'rates'; did you mean 'rate'"),
        ({"layers": [9]}, r"at most 6 layers of at most 8 neurons; got \[9\]"),
        ({"features": []}, "at least one feature"),
        ({"data": "ramp", "cost": "hinge"}, "ramp has numbers to learn: the cost is half_mse or huber"),
        ({"X": [[1, 2], [3, 4]], "y": [0, 1]}, "4 to 1,000 samples; got 2"),
        ({"X": [[1, 2, 3]], "y": [0]}, "2"),
        ({"X": [[1, 2]] * 4, "y": [0, 1] * 2, "held_out": 10}, "10 % of 4 samples leaves none"),
    ],
)
def test_settings_that_are_none_are_refused(wrong, message):
    with pytest.raises((TypeError, ValueError), match=message):
        seeing.playground(**wrong)
