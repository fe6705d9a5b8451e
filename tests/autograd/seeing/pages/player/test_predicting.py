"""A reader predicts a step of a walk before it is shown: by a number, or in a quiz."""

import autograd
from autograd import Value
from autograd.notation.numbers import as_written, signed
from autograd.seeing.walk import walk
from tests.autograd.seeing.pages.player.driven import edge_step, go, place, slot


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
    assert sheet.locator(".traveller").count() == 0  # the number that will go along the arrow
    assert sheet.evaluate("document.activeElement.id") == "answer"
    sheet.click("#reveal")
    assert sheet.text_content(".traveller") == signed(step.contribution)


def test_a_right_prediction_reveals_the_step(sheet, steps):
    step = edge_step(steps, "b")
    predict(sheet, steps, "b")
    assert "Right" in answer(sheet, step.contribution, "contribution")
    assert place(sheet) == step.number + 1
    assert sheet.text_content("#score") == "1 of 1 at the first try"
    assert sheet.evaluate("document.activeElement.id") == "place"  # there is no next step


def test_the_verdict_covers_no_number_of_the_step(sheet, steps):
    sheet.set_viewport_size({"width": 978, "height": 620})
    predict(sheet, steps, "b")
    answer(sheet, edge_step(steps, "b").contribution, "contribution")
    verdict, numbers = (sheet.locator(name).bounding_box() for name in ("#prediction", "#numbers"))
    assert verdict["y"] + verdict["height"] <= numbers["y"]


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
        assert "Right. At the 2nd try" in answer(sheet, by_hand)


WRITTEN = [
    "−4", "-4.0", " -4,0 ", "-8/2", "-4.0000000001", "–4", "‐4", "(-4)", "−(4)", "-2·2", "2×(−2)", "−4×10^0",
    "-4·10⁰", "-0.4e1", "-3½ - ½", "1 - 5", "-2**2", "= -4", "-2(2)", "(-2)(2)", "-8:2", "－４", "-√16",
    "-2√4", "-sqrt(16)", "-4cos(0)", "-4e^0", "−4·ln(e)", "-exp(0)·2²", "-4 cos 0", "4cos(π)",
]  # fmt: skip
NO_NUMBERS = [
    "", " ", ".", "-", "()", "4)", "(4", "-4!", "2 6", "3x", "x", "cos", "√", "cos()", "1..2", "4 4", "e x",
    "-1.000,0", "-4,000", "1,000", "12,345.5", "constructor", "__proto__", "-4;", "y = -4", "-4 %",
]  # fmt: skip


def test_numbers_are_read_as_people_write_them(opened):
    steps = walk(autograd.sum([Value(1.0, f"x{k}") * -4.0 for k, _ in enumerate(WRITTEN)]))
    sheet, texts = opened(steps.html(), motion="reduce"), iter(WRITTEN)
    told = [step for step in steps if step.kind == "edge"]
    go(sheet, told[0].number)
    sheet.check("#predict")
    for step in told:
        sheet.click("#next")
        text = next(texts) if step.contribution == -4.0 else step.contribution
        assert "Right" in answer(sheet, text, "contribution"), text
    assert list(texts) == []


def test_what_is_no_number_is_told_so_and_counts_as_no_try(sheet, steps):
    predict(sheet, steps, "b")
    for text in NO_NUMBERS:
        assert "A number is wanted" in answer(sheet, text), text
    for text in ("nan", "inf", "-∞", "1e999", "1/0"):
        assert "A finite number is wanted" in answer(sheet, text), text
    assert "Right" in answer(sheet, -4, "contribution")
    assert sheet.text_content("#score") == "1 of 1 at the first try"


def test_what_is_rounded_to_fewer_digits_is_right_so_far_and_counts_as_no_try(opened):
    a, b = Value(0.8235, "a"), Value(1.2345, "b")
    L = (a * b).tanh()
    L.label = "L"
    steps = walk(L)
    sheet = opened(steps.html())
    predict(sheet, steps, "a")
    right = edge_step(steps, "a").contribution
    for digits in (1, 2, 3):
        told = answer(sheet, f"{right:.{digits}g}", "contribution")
        assert "Right as far as it goes: up to 4 digits" in told
    assert "Not yet" in answer(sheet, f"{1.1 * right:.3g}", "contribution")
    assert "Right" in answer(sheet, f"{right:.4g}", "contribution")


def test_a_wrong_gradient_is_diagnosed(sheet, steps):
    step = edge_step(steps, "a")
    assert (step.upstream, step.partial, step.before, step.after) == (-2.0, -3.0, 1.0, 7.0)
    predict(sheet, steps, "a")
    for text, says in (
        (
            100,
            "Multiply the upstream gradient, −2, by how d changes with a; then add the 1 that a has already.",
        ),
        (6.0, "overwrote instead of adding: a already has 1"),
        (1, "That is what a had before"),
        (-6, "No usual slip leads there"),
        (54, "No usual slip leads there"),
        (-2 + 1, "missing: that is the upstream gradient alone"),
        (-3 + 1, "missing: that is the local derivative ∂(a→d) alone"),
        (-4 + 1, "multiplied by the value of a"),
        (-6 + 1, "has the wrong sign"),
        (-7, "the sign is not"),
    ):
        verdict = answer(sheet, text, "gradient")
        assert "Not yet" in verdict
        assert says in verdict
        assert place(sheet) == step.number
    assert "Right. At the 11th try" in answer(sheet, 7)
    assert sheet.text_content("#score") == "0 of 1 at the first try"


def test_what_is_exact_is_right_only_exactly(opened):
    a, b = Value(3.0, "a"), Value(15.0, "b")
    sheet = opened(walk(a * b).html())
    predict(sheet, walk(a * b), "a")
    for wrong in ("15.01", "14.99", "15.001", "14.9999", "15.000001"):
        assert "Not yet" in answer(sheet, wrong, "contribution"), wrong
    assert "Right" in answer(sheet, "15.000", "contribution")
    infinite = Value(0.0, "x") ** -1.0
    sheet = opened(walk(infinite).html())
    predict(sheet, walk(infinite), "x")
    assert "Not yet" in answer(sheet, "1e300", "contribution")
    assert "Right" in answer(sheet, "-inf", "contribution")


def test_the_answers_to_a_step_are_counted_wherever_one_went_meanwhile(sheet, steps):
    step = next(s for s in steps if s.kind == "edge")
    sheet.check("#predict")
    sheet.click("#last")
    assert "Not yet" in answer(sheet, 1000, "contribution")
    sheet.click("#previous")
    sheet.click("#next")
    sheet.click("#next")
    assert place(sheet) == step.number
    assert "At the 2nd try" in answer(sheet, step.contribution, "contribution")
    assert sheet.text_content("#score") == "0 of 1 at the first try"
    sheet.click("#previous")
    sheet.click("#next")  # it was answered
    assert place(sheet) == step.number + 1
    assert sheet.text_content("#score") == "0 of 1 at the first try"
    sheet.uncheck("#predict")
    sheet.click("#previous")
    sheet.check("#predict")
    sheet.click("#next")  # from the beginning, and so is the score
    answer(sheet, step.contribution, "contribution")
    assert sheet.text_content("#score") == "1 of 1 at the first try"


def test_tries_are_counted_as_people_count(opened):
    x = Value(2.0, "x")
    sheet = opened(walk(x * x).html())
    predict(sheet, walk(x * x), "x")
    for _ in range(22):
        assert "Not yet" in answer(sheet, 1000, "contribution")
    assert "At the 23rd try" in answer(sheet, 2, "contribution")


def test_another_size_of_the_steps_reveals_no_answer(sheet, steps):
    step = edge_step(steps, "a", 0)
    for size in ("neuron", "layer", "edge"):
        predict(sheet, steps, "a", 0)
        sheet.select_option("#size", size)
        assert place(sheet) == step.number
        assert sheet.is_visible("#answer")
        assert slot(sheet, f"gradient:{step.node}") == "–"
        sheet.select_option("#size", "edge")


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


def test_no_way_leads_past_a_step_that_is_to_be_predicted(sheet, steps):
    first = next(s.number for s in steps if s.kind == "edge")
    sheet.check("#predict")
    ways = {
        "#last": lambda: sheet.click("#last"),
        "scrubber": lambda: go(sheet, len(steps)),
        "End": lambda: (sheet.evaluate("document.activeElement.blur()"), sheet.keyboard.press("End")),
        "node": lambda: sheet.click(f'[data-slot="gradient:{edge_step(steps, "b").node}"]'),
    }
    for way, take in ways.items():
        go(sheet, first - 1)
        sheet.click("#fit")
        assert not sheet.is_visible("#answer"), way
        take()
        assert place(sheet) == first, way
        assert sheet.is_visible("#answer"), way


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
    assert not sheet.is_visible("#what-if")  # with other numbers it would be another quiz
    sheet.click("#last")
    edges = [s for s in steps if s.kind == "edge"]
    answer(sheet, 1000)
    for step in edges[:-1]:
        answer(sheet, step.after, "gradient")
        sheet.click("#last")
    assert not sheet.is_visible("#what-if")
    sheet.click("#reveal")
    assert sheet.is_visible("#what-if")
    sheet.click("#what-if summary")
    assert sheet.is_visible("#leaves .gradient")
    assert sheet.is_visible("#routes summary")
    assert sheet.is_enabled("#predict")
    with sheet.expect_download() as download:
        sheet.click("#save-score")
    rows = download.value.path().read_text("utf-8-sig").splitlines()
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
