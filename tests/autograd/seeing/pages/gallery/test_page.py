"""The gallery's page, read as text and in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograd import Parameter, gallery
from tests.networks import Net

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
