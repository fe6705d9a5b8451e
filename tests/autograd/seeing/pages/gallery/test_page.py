"""The gallery's page, read as text and in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograd import Parameter, Value, gallery
from autograd.notation.labels import parse_label
from autograd.notation.numbers import signed
from tests.networks import Net
from tests.shown import MEASURE, SMALLEST

HOSTILE = '"><img src=x onerror=alert(1)>'


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


def test_the_page_says_it_all_without_scripts() -> None:
    net = Net(4, 4, 3, 3, 1)
    shown = gallery(net.loss)
    page = Text(shown.html())
    cards = [attributes for tag, attributes in page.elements if tag == "li" and "data-name" in attributes]
    assert len(cards) == len(net.weights)
    assert "w(1)11" in page.text  # w, then (1) above and 11 below
    assert "9 routes" in page.text
    assert shown.facts.trend() in page.text


def test_the_page_needs_nothing_from_anywhere() -> None:
    page = Text(gallery(Net(2, 2, 1).loss).html())
    assert {tag for tag, _ in page.elements}.isdisjoint({"img", "iframe", "object"})
    icons = [dict(attributes)["href"] for tag, attributes in page.elements if tag == "link"]
    assert [icon.partition(":")[0] for icon in icons] == ["data"]
    sources = [v for _, attributes in page.elements for k, v in attributes.items() if k in ("src", "href")]
    assert {*sources} - {*icons} <= {"#net"}
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
    assert '"><img src=x…r=alert(1)>' in page.text
    assert len(gallery(y).html()) < 30_000


def test_it_is_saved_and_shows_itself(tmp_path: Path) -> None:
    shown = gallery(Net(2, 2, 1).loss)
    assert shown.save(tmp_path / "gallery.html").read_text(encoding="utf-8") == shown.html()
    bundle = shown._repr_mimebundle_()
    frame = Text(bundle["text/html"]).elements
    assert [tag for tag, _ in frame] == ["style", "iframe"]
    assert frame[1][1]["srcdoc"] == shown.html()
    assert bundle["text/plain"].startswith("6 weights and 3 biases of L = ")
    assert repr(shown) == "<gallery: 6 weights and 3 biases of L>"


# ---------------------------------------------------------------------------------- in a browser


@pytest.fixture
def show(opened: Any) -> Iterator[Callable[..., Any]]:
    """A function that opens a page; if anything goes wrong on it, or it asks for anything, the test fails."""
    sheets = []

    def show(html: str, **options: Any) -> Any:
        sheets.append(opened(html, ready=False, **options))
        return sheets[-1]

    yield show
    for sheet in sheets:
        assert [*sheet.errors, *sheet.dialogs, *sheet.requests] == [sheet.url]


@pytest.fixture(scope="module")
def html() -> str:
    return gallery(Net(4, 4, 3, 3, 1).loss).html()


@pytest.fixture
def page(show: Any, html: str) -> Any:
    return show(html)


def places(page: Any, order: str) -> list[int]:
    """Where the cards that are seen stand in an order."""
    cards = "#cards > li:not([hidden])"
    return [
        int(x) for x in page.eval_on_selector_all(cards, f"all => all.map(card => card.dataset['{order}'])")
    ]


@pytest.mark.parametrize("order", ["gradient", "layer", "routes", "name"])
def test_the_cards_are_sorted(page: Any, order: str) -> None:
    page.select_option("#sort", order)
    seen = places(page, order)
    assert seen == sorted(seen)
    assert len(seen) == 51
    if order != "name":
        page.select_option("#sort", f"-{order}")
        assert places(page, order) == sorted(seen, reverse=True)


def test_the_cards_are_filtered_by_layer(page: Any) -> None:
    page.select_option("#layer", label="layer 4")
    assert len(places(page, "layer")) == 4
    assert page.inner_text("#shown") == "4 of 51 cards"
    page.select_option("#layer", label="all layers")
    assert len(places(page, "layer")) == 51
    assert page.inner_text("#shown") == "51 cards"


def test_the_keyboard_reaches_and_works_every_control(page: Any) -> None:
    reached = []
    for _ in range(2):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached == ["sort", "layer"]  # what is not scrolled is no stop
    page.keyboard.press("ArrowDown")
    assert set(places(page, "layer")) == {-4}
    page.keyboard.press("Shift+Tab")
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    assert page.input_value("#sort") == "name"
    assert places(page, "name") == sorted(places(page, "name"))


def test_the_accessibility_tree_names_the_controls_and_the_picture(page: Any) -> None:
    assert page.get_by_label("Sort by").count() == 1
    assert page.get_by_label("Show").count() == 1
    assert page.get_by_role("img", name="The size of the gradient").count() == 1
    assert page.get_by_role("listitem").count() >= 51


def test_on_a_small_screen_the_picture_of_the_layers_is_all_there(show: Any, html: str) -> None:
    for width, shown in ((390, "narrow"), (920, "medium"), (1200, "wide")):
        page = show(html, width=width, height=844)
        box = page.locator(f".layers svg.{shown}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert page.locator(".layers svg:visible").count() == 1


def test_names_full_of_markup_do_nothing_in_a_browser(show: Any) -> None:
    w = Parameter(2.0, HOSTILE)
    y = w * Parameter(3.0, "</script><script>alert(2)</script>")
    y.label = HOSTILE
    page = show(gallery(y).html())
    assert page.locator("img").count() == 0
    assert page.inner_text("h3 >> nth=0").startswith('"><img')


def test_without_scripts_everything_can_be_read(show: Any) -> None:
    page = show(gallery(Net(2, 2, 1).loss).html(), java_script_enabled=False)
    assert page.locator("#cards > li").count() == 9
    assert not page.locator("#controls").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_on_a_narrow_screen(show: Any, scheme: str) -> None:
    page = show(gallery(Net(4, 4, 3, 1).loss).html(), width=360, height=640, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("width", [360, 591, 593, 800, 975, 977, 1400])
def test_all_its_words_can_be_read_at_every_width(opened: Any, width: int) -> None:
    sheet = opened(gallery(Net(4, *[4] * 5, 1).loss).html(), ready=False, width=width, bypass_csp=True)
    assert sheet.evaluate(MEASURE, SMALLEST) == []


def test_no_number_on_a_card_is_broken(show: Any) -> None:
    small = Value(1.234e-5, "scale") * Net(4, 4, 3, 1).loss + Net(2, 1).loss * -1.111
    page = show(gallery(small).html(), width=330, height=640)
    numbers = page.locator("#cards ol b")
    assert max(len(text) for text in numbers.all_text_contents()) >= len("+1.234e−6")
    lines = """all => all.map((b) => {
        const range = document.createRange();
        range.selectNodeContents(b);
        return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size;
    })"""
    assert set(numbers.evaluate_all(lines)) == {1}


def test_it_runs_in_a_notebooks_sandboxed_frame(show: Any) -> None:
    frame = gallery(Net(2, 2, 1).loss)._repr_mimebundle_()["text/html"]
    page = show(f"<!doctype html><meta charset=utf-8>{frame}")
    inside = page.frame_locator("iframe")
    inside.locator("#sort").select_option("name")
    assert inside.locator("#cards > li").count() == 9


@pytest.mark.parametrize(
    "sizes", [(2, 2, 1), (4, 4, 3, 3, 1), (8, 12, 10, 1), (4, *[4] * 10, 1), (4, *[3] * 40, 1)]
)
@pytest.mark.parametrize("wide", [600, 718, 1000])
def test_on_paper_a_notebook_s_frame_is_full_of_whole_cards(
    opened: Any, sizes: tuple[int, ...], wide: int
) -> None:
    frame = gallery(Net(*sizes, squash=Value.tanh).loss)._repr_mimebundle_()["text/html"]
    sheet = opened(f"<!doctype html><body>{frame}</body>", ready=False, width=wide)
    page = sheet.frame_locator("iframe")
    page.locator("html.framed").wait_for()
    sheet.emulate_media(media="print")
    assert sheet.locator("iframe").bounding_box()["height"] == 962
    seen, all_whole, room = page.locator("#cards").evaluate("""(list) => {
      const [frame, ...cards] = [list, ...list.children].map((part) => part.getBoundingClientRect());
      const seen = cards.filter(({ left, top }) => left < frame.right && top < frame.bottom);
      const isWhole = ({ right, bottom }) => right <= frame.right + 1 && bottom <= frame.bottom;
      const last = Math.max(...seen.map(({ bottom }) => bottom));
      const next = cards[seen.length]?.height ?? Infinity; // where all are seen there may be any room
      return [seen.length, seen.every(isWhole), (frame.bottom - last) / next];
    }""")
    assert all_whole
    assert seen >= (4 if len(sizes) < 10 else 2)
    assert room < 1  # there is none for one more
    around = page.locator("body").bounding_box()
    told = [
        ".key",
        "#shown",
        *(f".layers svg.medium text:text('{head}')" for head in ("changes by", "parameters")),
    ]
    for words in map(page.locator, told):
        box = words.bounding_box()
        assert around["x"] <= box["x"]
        assert box["x"] + box["width"] <= around["x"] + around["width"] + 1
    order = page.locator("#sort").evaluate("(sort) => sort.selectedOptions[0].text")
    assert order == "size of the gradient, largest first"
    assert page.locator("#sort").is_visible()
    note = page.locator("#shown").evaluate("(e) => getComputedStyle(e, '::after').content")
    sheet.emulate_media(media="screen")
    assert "as many as have room" in note


def test_a_name_is_read_out_in_one_line(opened: Any) -> None:
    shown = gallery(Net(4, 4, 3, 3, 1).loss)
    sheet = opened(shown.html(), ready=False, bypass_csp=True)
    sheet.add_style_tag(content="#cards > li { content-visibility: visible !important }")
    tree = sheet.context.new_cdp_session(sheet).send("Accessibility.getFullAXTree")["nodes"]
    read = [
        node["name"]["value"] for node in tree if not node["ignored"] and node["role"]["value"] == "heading"
    ]
    names = [f"{parse_label(card.name).text} {signed(card.gradient)}" for card in shown.cards]
    assert read[-len(names) :] == names
