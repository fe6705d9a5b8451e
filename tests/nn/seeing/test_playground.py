"""The playground: what its page computes is what the library computes, and what it says is true."""

import re

import pytest

from autograd import Value, gradient_path
from autograd.notation.numbers import number
from nn import MLP, losses, seeing
from nn.data.planar import PLANAR
from nn.seeing.playground_page import ACTING, COSTS, FEATURES, OPTIMIZERS, PENALTIES, SETTINGS
from tests.nn.seeing.playgrounds import EPOCHS, centre, in_python, wait_until
from tests.shown import MEASURE, OPEN, SCREENS, SMALLEST

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


@pytest.mark.parametrize(("low", "high"), [(-1.4, 2.3), (0.001, 0.0042), (-3e4, 9e5), (7.0, 7.5)])
def test_the_ticks_of_an_axis_are_few_and_round(sheet, low, high):
    ticks = sheet.evaluate("([low, high]) => ticksOf(low, high)", [low, high])
    assert 2 <= len(ticks) <= 6
    assert all(low <= x <= high and len(f"{x:.6g}".strip("-0.").replace(".", "")) <= 3 for x in ticks)


def test_long_numbers_along_an_axis_stay_beside_the_plane(opened):
    X = [[1.0 * k, 123456.0 + k * k] for k in range(12)]
    sheet = opened(seeing.playground(X, [0, 1] * 6).html(), ready=False, width=360)
    sheet.evaluate(OPEN)
    left = sheet.locator("#plane").bounding_box()["x"]
    for tick in sheet.locator("#axes .up").all():
        assert tick.evaluate("(e) => e.scrollWidth <= e.clientWidth")
        assert tick.bounding_box()["x"] + tick.bounding_box()["width"] <= left
    assert sheet.evaluate(MEASURE, SMALLEST) == []


def test_the_axes_tell_where_the_samples_are(sheet):
    for axis, word in enumerate(("across", "up")):
        ticks = sheet.locator(f"#axes .{word}")
        *numbers, name = ticks.all_inner_texts()
        assert name == ("x₁", "x₂")[axis]
        plane = sheet.locator("#plane").bounding_box()
        for k, text in enumerate(numbers):
            point = [0, 0]
            point[axis] = float(text.replace("−", "-"))
            share = sheet.evaluate("(p) => picture.at(p).map((x) => x / 480)", point)[axis]
            wanted = plane["xy"[axis]] + share * plane["width"]
            assert centre(ticks.nth(k))[axis] == pytest.approx(wanted, abs=2)


def test_the_range_of_the_colours_is_told(sheet):
    assert sheet.inner_text("#ramp").split("\n") == ["chance of lower: 0", "1"]
    sheet.evaluate("take({ cost: 'hinge' })")
    assert sheet.inner_text("#ramp").split("\n") == ["−1 or less", "1 or more"]
    sheet.evaluate("select({ kind: 'neuron', layer: 1, neuron: 0 })")
    ends = sheet.evaluate(
        "[Math.min, Math.max].map((f) => f(...training.overPlane()[training.columns[1][0]]))"
    )
    assert sheet.inner_text("#ramp").split("\n") == [number(x) for x in ends]
    assert sheet.errors == []


def test_the_largest_seed_is_followed_by_0(sheet):
    sheet.evaluate("take({ seed: 4294967295 })")
    sheet.click("#reseed")
    assert sheet.evaluate("settings.seed") == 0


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


def in_view(sheet, *ids):
    """Whether all of these elements are seen without scrolling."""
    box = "(id) => { const { bottom, right } = part(id).getBoundingClientRect(); return [right, bottom]; }"
    ends = [sheet.evaluate(box, id) for id in ids]
    return all(x <= sheet.viewport_size["width"] and y <= sheet.viewport_size["height"] for x, y in ends)


def test_the_network_the_plane_and_the_curve_are_seen_together(opened):
    """On a small screen the plane comes before the settings."""
    sheet = opened(seeing.playground(layers=[8, 8]).html(), ready=False, width=1400, height=800)
    assert in_view(sheet, "run", "settings", "plane", "curves", "told")
    ends = "[...document.querySelectorAll('#net .node')].map((x) => x.getBoundingClientRect().bottom)"
    assert max(sheet.evaluate(ends)) < 800
    sheet.evaluate("take({ layers: [4, 2] })")
    assert in_view(sheet, "vanishing")
    sheet.set_viewport_size({"width": 360, "height": 740})
    assert in_view(sheet, "run", "plane")
    assert sheet.errors == []


@pytest.mark.parametrize("width", [1000, 1120, 1239, 1240, 1400])
def test_the_settings_take_few_lines_and_none_of_their_names_runs_into_another(opened, width):
    sheet = opened(seeing.playground().html(), ready=False, width=width)
    assert sheet.locator("#setting").bounding_box()["height"] < 190
    names = "[...document.querySelectorAll('#settings .field:not(.away) label')].map((x) => x.firstChild)"
    ends = f"""{names}.filter((text) => text.nodeType === Node.TEXT_NODE).map((text) => {{
      const range = new Range();
      range.selectNodeContents(text);
      return range.getBoundingClientRect().toJSON();
    }})"""
    boxes = [box for box in sheet.evaluate(ends) if box["width"]]
    for one in boxes:
        for other in boxes:
            apart = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert one is other or apart or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]


@pytest.mark.parametrize("layers", [[4, 2], [8] * 6])
def test_a_finger_hits_what_is_small_on_the_screen(opened, layers):
    page = seeing.playground(layers=layers).html()
    sheet = opened(page, ready=False, width=1400, height=1000, has_touch=True, is_mobile=True)
    hits = """[...document.querySelectorAll(".bias")].map((mark) => {
      const { x, y } = mark.getBoundingClientRect();
      const [left, top, width, height] = ["left", "top", "width", "height"]
        .map((name) => parseFloat(getComputedStyle(mark, "::after")[name]));
      const isHit = [0.1, 0.5, 0.9].every((a) => [0.1, 0.5, 0.9].every((b) =>
        document.elementFromPoint(x + left + a * width, y + top + b * height)?.closest(".bias") === mark));
      return [width, height, isHit];
    })"""
    found = sheet.evaluate(hits)
    assert len(found) == sum(layers) + 1
    assert all(width >= 24 and height >= 24 and is_hit for width, height, is_hit in found)
