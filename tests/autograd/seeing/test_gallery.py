"""The gallery: its numbers against gradient paths one by one, its page in a real browser."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd import Constant, Parameter, Value, gallery, gradient_path, topological_order
from autograd import sum as sum_of
from autograd.seeing.pages.gallery import facts as gathering
from autograd.seeing.pages.gallery.facts import Spread
from autograd.seeing.pages.gallery.spread import NARROW, WIDE, Scale, layers_svg
from tests.strategies import Recipe, recipes

HOSTILE = '"><img src=x onerror=alert(1)>'


class Net:
    """A network with textbook labels, made by hand: autograd's tests do without nn."""

    def __init__(self, *sizes: int, seed: int = 0, squash: Any = Value.tanh) -> None:
        chance = random.Random(seed)
        self.weights: list[Parameter] = []
        values = [Value(chance.gauss(0, 1), f"x{i}") for i in range(1, sizes[0] + 1)]
        for layer, n in enumerate(sizes[1:], 1):
            values = [self._neuron(values, j, layer, chance, squash) for j in range(1, n + 1)]
        self.loss: Value = sum_of([(a - 1.0) ** 2 for a in values])
        self.loss.label = "L"

    def _neuron(self, values: list[Value], j: int, layer: int, chance: random.Random, squash: Any) -> Value:
        w = [Parameter(chance.gauss(0, 1), f"w{i}{j}^{layer}") for i in range(1, len(values) + 1)]
        b = Parameter(0.1, f"b{j}^{layer}")
        self.weights += [*w, b]
        z = sum_of([*(p * v for p, v in zip(w, values, strict=True)), b])
        z.label = f"z{j}^{layer}"
        a: Value = squash(z)
        a.label = f"a{j}^{layer}"
        return a


class Text(HTMLParser):
    """The elements of a page and the text on it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


# ---------------------------------------------------------------------------------------- the facts


@given(recipes(), st.booleans())
def test_every_card_says_what_the_weights_own_path_says(recipe: Recipe, inner: bool) -> None:
    leaves = [Value(x, f"x{i}") for i, x in enumerate(recipe.numbers)]
    y = recipe.compute(leaves)
    assume(y.role != "constant")
    weights = topological_order(y) if inner else leaves
    weights = [v for v in weights if v.role != "constant"]
    for w in weights:
        w.label = f"v{id(w)}"
    by_name = {card.name: card for card in gallery(y, weights).cards}
    for w in weights:
        path, card = gradient_path(y, w), by_name[w.label]
        assert (card.value, card.count) == (w.data, path.count)
        assert card.gradient == path.total
        products = [route.product for route in path.routes(3)]
        assert [abs(way.product) for way in card.ways] == pytest.approx([abs(p) for p in products], rel=1e-12)


def test_the_largest_gradient_comes_first_and_nan_before_all() -> None:
    a, b, c, d = (Parameter(1.0, name) for name in "abcd")
    y = a * 2 + b * -5 + c * 3 + d.log() * nan
    assert [card.name for card in gallery(y).cards] == ["d", "b", "c", "a"]


def test_weights_are_all_parameters_unless_they_are_named() -> None:
    net = Net(2, 2, 1)
    assert {card.name for card in gallery(net.loss).cards} == {w.label for w in net.weights}
    assert [card.name for card in gallery(net.loss, [net.weights[0], net.weights[0]]).cards] == ["w11^1"]


def test_a_weight_that_does_not_matter_has_a_card_that_says_so() -> None:
    net = Net(2, 2, 1)
    (card,) = gallery(net.loss, [Parameter(1.0, "v")]).cards
    assert (card.gradient, card.count, card.ways) == (0.0, 0, ())
    assert "no route leads to the output" in gallery(net.loss, [Parameter(1.0, "v")]).html()


def test_a_constant_is_on_no_route() -> None:
    w, fixed = Parameter(2.0, "w"), Constant(3.0, "c")
    (card,) = gallery(w * fixed, [fixed]).cards
    assert (card.gradient, card.count) == (0.0, 0)


def test_the_output_itself_may_be_asked_for() -> None:
    x = Value(2.0, "x")
    (card,) = gallery(x, [x]).cards
    assert (card.gradient, card.count, len(card.ways)) == (1.0, 1, 1)


def test_the_way_of_a_route_names_each_neuron_once() -> None:
    net = Net(2, 2, 2, 1)
    card = next(card for card in gallery(net.loss).cards if card.name == "w11^1")
    assert card.layer == 1
    assert card.count == 2
    for way in card.ways:
        assert way.stops[0] == "a1^1"
        assert way.stops[-1] == "a1^3"
        assert [place[0] for place in way.places] == [0, 1, 2, 3]


def test_names_are_taken_from_the_callers_variables() -> None:
    weight = Parameter(2.0)
    loss = weight * 3
    shown = gallery(loss, names=locals())
    assert (shown.facts.output, shown.cards[0].name) == ("loss", "weight")
    assert gallery(loss).cards[0].name == "weight 1"


def test_no_gradient_is_touched() -> None:
    net = Net(2, 2, 1)
    gallery(net.loss).html()
    assert all(repr(v.grad) == "0.0" for v in topological_order(net.loss))


def test_of_too_many_weights_those_with_the_largest_gradients_have_a_card(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = Net(3, 4, 1)
    every = gallery(net.loss)
    monkeypatch.setattr(gathering, "MOST_CARDS", 5)
    shown = gallery(net.loss)
    assert shown.cards == every.cards[:5]
    assert shown.facts.layers == every.facts.layers  # the picture still counts them all
    assert "the 5 of 21 weights with the largest gradients" in Text(shown.html()).text


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((1.0,), TypeError, "a gallery is taken of one Value"),
        ((Value(1.0, "x") * 2,), ValueError, "depends on no Parameter"),
        ((Value(1.0, "x") * 2, []), ValueError, "empty list"),
        ((Value(1.0, "x") * 2, [1.0]), TypeError, "the weights of a gallery are Values; got 1.0"),
        ((Value(1.0, "x") * 2, Value(1.0)), TypeError, "for one, write"),
        ((Constant(1.0), [Value(1.0)]), ValueError, "depends on nothing"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        gallery(*arguments)


# --------------------------------------------------------------------------------- layer by layer


def test_the_size_of_a_layer_is_the_root_mean_square_of_its_gradients() -> None:
    net = Net(3, 4, 2, 1)
    shown = gallery(net.loss)
    net.loss.backward()
    assert [spread.layer for spread in shown.facts.layers] == [3, 2, 1]
    for spread in shown.facts.layers:
        grads = [w.grad for w in net.weights if w.label.endswith(f"^{spread.layer}")]
        assert spread.typical == pytest.approx(math.sqrt(math.fsum(g * g for g in grads) / len(grads)))
        assert list(spread.sizes) == sorted(abs(g) for g in grads if g)
        assert spread.zeros == grads.count(0.0)


def test_a_deep_sigmoid_network_is_said_to_vanish_and_a_wild_one_to_explode() -> None:
    deep = Net(2, *[3] * 9, 1, squash=Value.sigmoid)
    assert "vanishes" in gallery(deep.loss).facts.trend()
    w = [Parameter(40.0, f"w1^{layer}") for layer in range(1, 6)]
    y: Value = Value(0.1, "x1")
    for p in w:
        y = p * y
    flat, wild = gallery(y).facts.trend(), Net(2, *[3] * 6, 1, squash=lambda z: (z * 40.0).sin())
    assert "keeps its size" in flat
    assert "explodes" in gallery(wild.loss).facts.trend()


@given(st.lists(st.floats(0, 1e308) | st.sampled_from([0.0, inf, nan, 5e-324]), min_size=1, max_size=6))
def test_any_sizes_at_all_can_be_drawn(gradients: list[float]) -> None:
    ws = [Parameter(1.0, f"w1^{i}") for i in range(1, len(gradients) + 1)]
    spreads = gallery(sum_of([w * g for w, g in zip(ws, gradients, strict=True)])).facts.layers
    for columns in (WIDE, NARROW):
        svg = layers_svg(spreads, columns)
        places = [float(x) for x in re.findall(r' c?x[12]?="([^"]+)"', svg)]
        assert all(0 <= x <= columns.width for x in places)


def test_with_two_layers_the_trend_is_said_once() -> None:
    trend = gallery(Net(3, 3, 1).loss).facts.trend()
    assert "a layer" not in trend
    assert trend.endswith(" its size.")
    assert "a layer." in gallery(Net(3, 3, 3, 1).loss).facts.trend()


def test_the_scale_holds_all_sizes_between_whole_powers_of_ten() -> None:
    scale = Scale.around([3e-9, 0.2])
    assert (scale.low, scale.high) == (-9, 0)
    assert scale.x(1e-9) < scale.x(3e-9) < scale.x(0.2) < scale.x(1.0)


def test_smaller_gradients_stand_further_to_the_left() -> None:
    spreads = [Spread(layer, (10.0**-power,), 0, 0) for power, layer in enumerate((3, 2, 1))]
    dots = [float(x) for x in re.findall(r'class="typical" cx="([^"]+)"', layers_svg(spreads))]
    assert dots == sorted(dots, reverse=True)
    assert "÷ 10" in layers_svg(spreads)


# ----------------------------------------------------------------------------------------- the page


def test_the_page_says_it_all_without_scripts() -> None:
    net = Net(4, 4, 3, 3, 1)
    shown = gallery(net.loss)
    page = Text(shown.html())
    cards = [attributes for tag, attributes in page.elements if tag == "li" and "data-name" in attributes]
    assert len(cards) == len(net.weights)
    assert "w111" in page.text  # w, then 1 above and 11 below
    assert "9 routes" in page.text
    assert shown.facts.trend() in page.text


def test_the_page_needs_nothing_from_anywhere() -> None:
    page = Text(gallery(Net(2, 2, 1).loss).html())
    assert {tag for tag, _ in page.elements}.isdisjoint({"link", "img", "iframe", "object"})
    sources = [v for _, attributes in page.elements for k, v in attributes.items() if k in ("src", "href")]
    assert set(sources) <= {"#net"}
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_names_full_of_markup_stay_text() -> None:
    w = Parameter(2.0, HOSTILE * 400)
    y = w * Parameter(3.0, "$title</script><script>")
    y.label = HOSTILE
    page = Text(gallery(y).html())
    tags = [tag for tag, _ in page.elements]
    assert "img" not in tags
    assert tags.count("script") == 1
    assert '"><img src=x onerror=al' in page.text
    assert len(gallery(y).html()) < 30_000


def test_it_is_saved_and_shows_itself(tmp_path: Path) -> None:
    shown = gallery(Net(2, 2, 1).loss)
    assert shown.save(tmp_path / "gallery.html").read_text(encoding="utf-8") == shown.html()
    bundle = shown._repr_mimebundle_()
    frame = Text(bundle["text/html"]).elements
    assert [tag for tag, _ in frame] == ["iframe"]
    assert frame[0][1]["srcdoc"] == shown.html()
    assert bundle["text/plain"].startswith("9 weights of L = ")
    assert repr(shown) == "<gallery: 9 weights of L>"


# ---------------------------------------------------------------------------------- in a browser


class Page:
    """The gallery in a browser; anything that goes wrong on the page fails the test."""

    def __init__(self, browser: Any, html: str, tmp_path: Path, **options: Any) -> None:
        file = tmp_path / "gallery.html"
        file.write_text(html, encoding="utf-8")
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("console", lambda message: self.troubles.append(message.text))
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.troubles.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.troubles.append(request.url))
        self.page.goto(file.as_uri())
        self.troubles.remove(file.as_uri())

    def names(self) -> list[str]:
        return [
            "".join(name.split())
            for name in self.page.locator("#cards > li:visible h3 span:first-child").all_inner_texts()
        ]

    def places(self, order: str) -> list[int]:
        return [
            int(place)
            for place in self.page.eval_on_selector_all(
                "#cards > li:not([hidden])", f"cards => cards.map(card => card.dataset['{order}'])"
            )
        ]

    def close(self) -> None:
        self.context.close()
        assert self.troubles == []


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Page]:
    page = Page(browser, gallery(Net(4, 4, 3, 3, 1).loss).html(), tmp_path)
    yield page
    page.close()


@pytest.mark.parametrize("order", ["gradient", "layer", "routes", "name"])
def test_the_cards_are_sorted(opened: Page, order: str) -> None:
    opened.page.select_option("#sort", order)
    places = opened.places(order)
    assert places == sorted(places)
    assert len(places) == 51
    if order != "name":
        opened.page.select_option("#sort", f"-{order}")
        assert opened.places(order) == sorted(places, reverse=True)


def test_the_cards_are_filtered_by_layer(opened: Page) -> None:
    opened.page.select_option("#layer", label="layer 4")
    assert len(opened.places("layer")) == 4
    assert opened.page.inner_text("#shown") == "4 of 51 cards"
    opened.page.select_option("#layer", label="all layers")
    assert len(opened.places("layer")) == 51
    assert opened.page.inner_text("#shown") == "51 cards"


def test_the_keyboard_reaches_and_works_every_control(opened: Page) -> None:
    reached = []
    for _ in range(3):
        opened.page.keyboard.press("Tab")
        reached.append(opened.page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached == ["scroll", "sort", "layer"]
    opened.page.keyboard.press("ArrowDown")
    assert set(opened.places("layer")) == {-4}
    opened.page.keyboard.press("Shift+Tab")
    for _ in range(6):
        opened.page.keyboard.press("ArrowDown")
    assert opened.page.input_value("#sort") == "name"
    assert opened.places("name") == sorted(opened.places("name"))


def test_the_accessibility_tree_names_the_controls_and_the_picture(opened: Page) -> None:
    assert opened.page.get_by_label("Sort by").count() == 1
    assert opened.page.get_by_label("Show").count() == 1
    assert opened.page.get_by_role("img", name="The size of the gradient").count() == 1
    assert opened.page.get_by_role("listitem").count() >= 51


def test_on_a_small_screen_the_picture_of_the_layers_is_all_there(browser: Any, tmp_path: Path) -> None:
    for width, shown, hidden in ((390, "narrow", "wide"), (1200, "wide", "narrow")):
        page = Page(
            browser,
            gallery(Net(4, 4, 3, 3, 1).loss).html(),
            tmp_path,
            viewport={"width": width, "height": 844},
        )
        box = page.page.locator(f".layers svg.{shown}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert not page.page.locator(f".layers svg.{hidden}").is_visible()
        page.close()


def test_names_full_of_markup_do_nothing_in_a_browser(browser: Any, tmp_path: Path) -> None:
    w = Parameter(2.0, HOSTILE)
    y = w * Parameter(3.0, "</script><script>alert(2)</script>")
    y.label = HOSTILE
    page = Page(browser, gallery(y).html(), tmp_path)
    assert page.page.locator("img").count() == 0
    assert page.page.inner_text("h3 >> nth=0").startswith('"><img')
    page.close()


def test_without_scripts_everything_can_be_read(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, gallery(Net(2, 2, 1).loss).html(), tmp_path, java_script_enabled=False)
    assert page.page.locator("#cards > li").count() == 9
    assert not page.page.locator("#controls").is_visible()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_narrow_screen(browser: Any, tmp_path: Path, scheme: str) -> None:
    page = Page(
        browser,
        gallery(Net(4, 4, 3, 1).loss).html(),
        tmp_path,
        viewport={"width": 360, "height": 640},
        color_scheme=scheme,
    )
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_it_runs_in_a_notebooks_sandboxed_frame(browser: Any, tmp_path: Path) -> None:
    frame = gallery(Net(2, 2, 1).loss)._repr_mimebundle_()["text/html"]
    page = Page(browser, f"<!doctype html><meta charset=utf-8>{frame}", tmp_path)
    inside = page.page.frame_locator("iframe")
    inside.locator("#sort").select_option("name")
    assert inside.locator("#cards > li").count() == 9
    page.troubles = [url for url in page.troubles if url != "about:srcdoc"]
    page.close()
