"""The report: what its page says, the files beside it, and that it is there whole or not at all."""

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from safetensors.numpy import load_file
from sklearn.metrics import confusion_matrix

from autograd import Value, walk
from autograd.seeing.pages.frame import ICON
from autograd.seeing.style import THEMES
from nn import seeing
from nn.callbacks import Epoch
from nn.command.job import prepare
from nn.command.report import check_folder, linked_pages, page, pictures, words, write_report
from nn.command.report.film import film_of
from nn.command.report.folder import staged
from nn.command.run import run
from nn.command.settings import default_settings
from nn.data import Dataset, moons, xor

MARKUP = "<script>alert('&')</script> $x$"


def trained(data, **settings):
    settings = {"epochs": 5, "engine": "eager", "layers": (1,), **settings}
    return run(prepare(data, replace(default_settings(data), **settings)))


def rows(classes, features=3, samples=24):
    X = [[np.sin(i * (j + 1.3)) for j in range(features)] for i in range(samples)]
    names = tuple(f"{MARKUP} {j}" for j in range(features))
    if classes is None:
        return Dataset(MARKUP, X, [100 * sum(x) for x in X], names, MARKUP)
    labels = tuple(f"_<b>{k}</b>" for k in range(classes))
    return Dataset(MARKUP, X, [i % classes for i in range(samples)], names, MARKUP, labels)


class Page(HTMLParser):
    """The elements of a page, their attributes, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data

    def values(self, name):
        return [value for attribute, value in self.attributes if attribute == name]


@pytest.fixture(scope="module")
def rendered():
    """Results, their pages and the pages' files; drawing these takes most of the time."""
    data = {"plane": rows(3, features=2), "classes": rows(2), "number": rows(None)}
    return {name: (made := trained(own), *page.render(made, [])) for name, own in data.items()}


@pytest.fixture(scope="module")
def xor_report(tmp_path_factory):
    result = trained(xor(), layers=(2,))
    index = write_report(result, tmp_path_factory.mktemp("reports") / "xor")
    return result, index


# ------------------------------------------------------------------------------------ the page


def test_the_page_names_the_data_the_scores_and_the_settings(xor_report):
    result, index = xor_report
    text = Page(index.read_text(encoding="utf-8")).text
    for phrase in ("learned from xor", "2 → 2 → 1", "binary_cross_entropy", "eager engine", "4 samples"):
        assert phrase in text
    assert words.percent(result.scores(result.job.train).accuracy) in text


def test_the_page_needs_no_network_and_no_script(xor_report):
    html = Page(xor_report[1].read_text(encoding="utf-8"))
    assert "script" not in html.tags
    linked = [url for name in ("href", "src", "xlink:href") for url in html.values(name) if url != ICON]
    assert [url for url in linked if "://" in url or url.startswith("//")] == []


def test_every_link_of_the_page_leads_somewhere(xor_report):
    _, index = xor_report
    html = Page(index.read_text(encoding="utf-8"))
    ids = html.values("id")
    assert len(ids) == len(set(ids))
    for url in {*html.values("href"), *html.values("src")} - {ICON}:
        assert url[1:] in ids if url.startswith("#") else (index.parent / url).exists(), url


@pytest.mark.parametrize("name", ["number", "classes", "plane"])
def test_markup_in_names_is_shown_literally(rendered, name):
    result, html, _ = rendered[name]
    read = Page(html)
    assert "script" not in read.tags
    assert MARKUP in read.text
    if result.job.data.classes:
        assert "_<b>0</b>" in read.text


def test_a_page_has_the_plot_that_suits_its_data(rendered):
    text = {name: Page(html).text for name, (_, html, _) in rendered.items()}
    assert "Decision boundary" in text["plane"]
    assert "Confusion matrix" in text["classes"]
    assert "Predicted against true" in text["number"]
    assert "RMSE" in text["number"]


def test_an_interrupted_training_is_said_to_be_one(undrawn):
    result = trained(xor())
    result.history.interrupted = True
    told = words.notice(result.history, 5)
    assert told == "Interrupted after 5 of 5 epochs; this is what was learned so far."
    assert "Interrupted" in page.render(result, [])[0]


def test_a_training_without_a_whole_epoch_is_reported(tmp_path):
    result = trained(xor())
    result.history.epochs.clear()
    assert write_report(result, tmp_path / "report").exists()


def test_the_sample_drawn_is_the_costliest():
    result = trained(moons(24))
    sample = page.costliest(result)
    data = result.job.train
    assert result.loss(sample.x, sample.y).data == pytest.approx(max(result.losses(data)))
    assert data.X[sample.number - 1] == sample.x


def test_the_confusion_matrix_is_scikit_learns():
    result = trained(rows(3))
    found = page.confusion(result)
    data = result.job.held_out
    expected = confusion_matrix(data.y, result.predict(data.X), labels=[0, 1, 2])
    assert found["counts"] == expected.tolist()
    assert found["part"] == "held-out"


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100 %"), (0.9999, "99.9 %"), (0.0, "0.0 %"), (0.5, "50.0 %")]
)
def test_only_the_whole_is_a_hundred_percent(share, text):
    assert words.percent(share) == text


# ------------------------------------------------------------------------- the pages beside it


@pytest.mark.parametrize("name", ["walk.html", "gallery.html"])
def test_a_page_beside_the_report_asks_for_no_other_file(xor_report, name):
    _, index = xor_report
    html = Page((index.parent / name).read_text(encoding="utf-8"))
    linked = [*html.values("href"), *html.values("src"), *html.values("xlink:href"), *html.values("action")]
    assert [url for url in linked if not url.startswith(("#", "data:"))] == []
    assert [tag for tag in html.tags if tag in ("link", "iframe", "object", "embed")] == ["link"]  # its icon


def test_the_report_links_its_pages_and_says_what_is_in_them(xor_report):
    result, index = xor_report
    html = Page(index.read_text(encoding="utf-8"))
    assert {"walk.html", "gallery.html"} <= set(html.values("href"))
    sample = page.costliest(result)
    steps = walk(result.loss(sample.x, sample.y))
    assert f"{len(steps)} steps" in html.text
    assert "9 cards on one page" in html.text


def test_the_step_shown_adds_to_a_gradient_that_was_there_before(xor_report):
    _, index = xor_report
    assert "math" in Page(index.read_text(encoding="utf-8")).tags
    a = Value(2.0, "a")
    shown = linked_pages.player_of(a * a * a)
    assert shown["sentence"] in [step.sentence for step in walk(a * a * a) if step.before is not None]


def test_a_network_too_large_to_step_through_by_value_is_stepped_through_by_layer(undrawn, monkeypatch):
    told = trained(xor(), layers=(16, 16))
    said = re.compile(r"(\d+) steps, (\d+) forward and (\d+) in reverse")
    small = int(said.search(page.render(told, [])[0])[1])
    monkeypatch.setattr("autograd.seeing.pages.player.sketch.MOST_NODES", 10)
    steps, forward, reverse = map(int, said.search(page.render(told, [])[0]).groups())
    assert steps == forward + reverse < small


@pytest.mark.parametrize("drawn", ["walk", "Walk.html", "gallery"])
def test_a_page_that_cannot_be_made_costs_nothing_else(undrawn, tmp_path, monkeypatch, drawn):
    def fails(*_):
        raise RuntimeError(f"no {MARKUP} left")

    monkeypatch.setattr(f"nn.command.report.linked_pages.{drawn}", fails)
    index = write_report(trained(xor()), tmp_path / "report")
    html = Page(index.read_text(encoding="utf-8"))
    name, other = ("gallery.html", "walk.html") if drawn == "gallery" else ("walk.html", "gallery.html")
    assert f"could not be made: no {MARKUP} left." in html.text
    assert not (index.parent / name).exists()
    assert (index.parent / other).exists()
    assert (index.parent / "weights.safetensors").exists()


def test_the_pages_of_a_network_that_ran_away_are_made():
    result = trained(rows(None))
    for parameter in result.job.model.parameters():
        parameter.data = float("inf")
    html, files = page.render(result, [])
    assert {"walk.html", "gallery.html"} <= set(files)
    assert "could not be made" not in html


def test_names_of_the_data_bring_no_element_into_the_pages(rendered, undrawn):
    _, _, files = rendered["classes"]
    _, plain = page.render(trained(replace(rows(2), name="n", features=("a", "b", "c"), target="t")), [])
    for name in ("walk.html", "gallery.html"):
        assert Page(files[name]).tags == Page(plain[name]).tags


def test_the_longest_bar_is_that_of_the_largest_gradients():
    bars = linked_pages.gallery_of(xor_loss((3, 2)))["bars"]
    assert [bar.name for bar in bars] == ["layer 3", "layer 2", "layer 1"]
    assert [bar.weights for bar in bars] == ["3 weights", "8 weights", "9 weights"]
    assert max(bar.percent for bar in bars) == 100
    by_length = sorted(bars, key=lambda bar: bar.percent)
    assert by_length == sorted(bars, key=lambda bar: float(bar.size.replace("−", "-")))


def test_one_layer_has_no_bars_to_compare():
    assert linked_pages.gallery_of(xor_loss(()))["bars"] == ()


def xor_loss(layers):
    return trained(xor(), layers=layers).loss([0.0, 1.0], 1)


# ---------------------------------------------------------------------------------- the files


def test_the_weights_come_back_to_the_last_bit(xor_report):
    result, index = xor_report
    tensors = load_file(index.parent / "weights.safetensors")
    assert set(tensors) == {"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"}
    for number, layer in enumerate(result.job.model.layers):
        assert tensors[f"layers.{number}.weight"].tolist() == layer.W
        assert tensors[f"layers.{number}.bias"].tolist() == layer.b


def test_the_history_has_one_line_an_epoch(xor_report):
    result, index = xor_report
    with (index.parent / "history.csv").open(encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [float(line["loss"]) for line in lines] == result.history["loss"]


def test_every_weight_of_a_small_network_has_a_drawing_of_its_path(xor_report):
    result, index = xor_report
    files = {path.name for path in (index.parent / "paths").iterdir()}
    assert files == {p.label.replace("^", "_") + ".svg" for p in result.job.model.parameters()}
    assert len(files) == 9


def test_a_path_drawing_is_well_formed_and_says_what_its_routes_sum_to(xor_report):
    _, index = xor_report
    for path in (index.parent / "paths").iterdir():
        text = "".join(ElementTree.fromstring(path.read_text(encoding="utf-8")).itertext())
        assert "route" in text
        assert "∂L/∂" in text


def test_of_a_large_network_the_largest_gradients_are_drawn():
    result = trained(moons(24), layers=(8, 4), epochs=2)
    sample = page.costliest(result)
    loss = result.loss(sample.x, sample.y)
    chosen, why = pictures.chosen_weights(loss, result.job.model, [])
    assert why == "the 10 of 52 weights and 13 biases with the largest gradients"
    result.job.model.zero_grad()
    loss.backward()
    largest = sorted((abs(p.grad) for p in result.job.model.parameters()), reverse=True)
    assert [abs(p.grad) for p in chosen] == largest[:10]


def test_the_weights_asked_for_are_drawn_and_no_others():
    result = trained(moons(24), layers=(8, 4), epochs=2)
    asked_for = [result.job.model.parameter(name) for name in ("w11^1", "b2^2")]
    _, files = page.render(result, asked_for)
    assert [name for name in files if name.endswith(".svg")] == ["paths/w11_1.svg", "paths/b2_2.svg"]


def test_a_report_leaves_the_gradients_of_no_sample_behind(xor_report):
    result, _ = xor_report
    assert {p.grad for p in result.job.model.parameters()} == {0.0}


# ---------------------------------------------------------------------------------- the plots


def test_a_plot_takes_its_colours_from_the_page():
    svg = seeing.loss_curve([1.0, 0.5], [1.1, 0.7], "mse").page_svg()
    assert "var(--class0, #00694e)" in svg
    assert re.findall(r"(?:fill|stroke): #[0-9a-f]{6}", svg) == []
    ElementTree.fromstring(svg)


@pytest.mark.parametrize(
    "losses", [[], [0.5], [1.0, 1e-9], [float("nan"), 1.0], [float("inf")], [0.0, 0.0], [-1.0, 5.0]]
)
def test_any_losses_can_be_plotted(losses):
    assert seeing.loss_curve(losses, [], "mse").page_svg().startswith("<svg")


def test_a_drawing_is_light_on_light_and_dark_on_dark_pages():
    result = trained(xor())
    svg, _ = pictures.network_drawing(result.loss([0.0, 1.0], 1), result.job.model)[1]()
    light, dark = THEMES["light"].paper, THEMES["dark"].paper
    assert re.search(rf'fill="{light}"[^>]* data-fill="{dark[1:]}"', svg, re.IGNORECASE)
    assert f'[data-fill="{dark[1:]}"]{{fill:#{dark[1:]}}}'.lower() in svg.lower()


def test_a_network_is_drawn_in_less_detail_the_larger_it_is():
    words = []
    for layers in ((2,), (6,), (16, 16)):
        result = trained(moons(24), layers=layers, epochs=1)
        sample = result.loss(result.job.train.X[0], result.job.train.y[0])
        words.append(pictures.network_drawing(sample, result.job.model)[1]()[1])
    assert words == ["every number of the computation", "one node per neuron", "one node per layer"]


@pytest.mark.parametrize(("classes", "boxed"), [(6, False), (7, True), (40, True)])
def test_the_loss_of_many_classes_is_drawn_as_one_box_and_fits_the_page(classes, boxed):
    result = trained(rows(classes, samples=2 * classes), layers=(16, 16), epochs=1, held_out=0.0)
    html, _ = page.render(result, result.job.model.parameters()[:1])
    assert (">Cost<" in html) == boxed
    assert max(float(width) for width in re.findall(r'<svg[^>]* width="([0-9.]+)pt"', html)) < 600
    opened, height = re.search(r'<details class="path"( open)?>.*?height="(\d+)"', html, re.DOTALL).groups()
    assert bool(opened) == (int(height) <= 900)


# --------------------------------------------------------------------------------- the folder


def files_of(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_an_earlier_report_is_replaced(undrawn, tmp_path):
    folder = tmp_path / "report"
    write_report(trained(xor(), layers=(2,)), folder)
    before = files_of(folder)
    write_report(trained(xor()), folder)
    assert set(files_of(folder)) < set(before)
    assert files_of(tmp_path)[0] == "b1_1.svg"  # nothing hidden was left beside it


def test_a_failing_report_leaves_everything_as_it_was(undrawn, tmp_path):
    folder = tmp_path / "report"
    write_report(trained(xor()), folder)
    before = files_of(tmp_path)

    def fail():
        with staged(folder) as fresh:
            (fresh / "index.html").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert files_of(tmp_path) == before


def test_a_report_may_go_to_an_empty_folder_and_to_one_whose_parents_are_missing(undrawn, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        check_folder(folder)
        assert not (tmp_path / "a" / "b").exists() or folder.name == "c"
        assert write_report(trained(xor()), folder).exists()


@pytest.mark.parametrize("name", ["notes.txt", "index.html", "paths"])
def test_a_folder_with_anything_else_in_it_is_refused_and_left_alone(tmp_path, name):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("mine")
    with pytest.raises(FileExistsError, match="holds files that are not a report's"):
        check_folder(tmp_path / "mine")
    assert (tmp_path / "mine" / name).read_text() == "mine"


def test_a_foreign_file_added_to_a_report_is_not_lost(undrawn, tmp_path):
    write_report(trained(xor()), tmp_path / "report")
    (tmp_path / "report" / "paths" / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=re.escape("(paths/notes.txt)")):
        check_folder(tmp_path / "report")


def test_a_file_in_the_place_of_the_folder_or_of_its_parent_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="is a file; the report needs a folder"):
        check_folder(tmp_path / "file")
    with pytest.raises(OSError, match="no report can be written to"):
        check_folder(tmp_path / "file" / "report")


def test_the_folder_one_is_in_is_refused(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(OSError, match="is in use"):
        check_folder(tmp_path / "here")


def test_a_history_is_read_as_it_is_written(undrawn, tmp_path):
    result = trained(moons(24), epochs=2)
    assert isinstance(result.history[0], Epoch)
    index = write_report(result, tmp_path / "report")
    header = (index.parent / "history.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "number,loss,accuracy,val_loss,val_accuracy"


# ----------------------------------------------------------------------------------- the film


def test_a_plane_of_two_inputs_is_filmed_and_nothing_else_is(tmp_path):
    result = trained(moons(24), epochs=3)
    before = result.predict(result.job.train.X)
    index = write_report(result, tmp_path / "report")
    film = (index.parent / "training.html").read_text(encoding="utf-8")
    assert '"epoch":3,"loss"' in film
    assert 'href="training.html"' in index.read_text(encoding="utf-8")
    assert result.predict(result.job.train.X) == before  # it has its last weights again
    assert trained(rows(3)).snapshots == []


def test_the_film_ends_with_the_network_that_is_reported():
    result = trained(moons(24), epochs=3)
    film = film_of(result)
    assert [frame.epoch for frame in film.frames] == [0, 1, 2, 3]
    train = result.job.train
    assert list(film.frames[-1].right) == [
        p == y for p, y in zip(result.predict(train.X), train.y, strict=True)
    ]
    place = film.plane.places()[0].tolist()
    assert film.frames[-1].support[:, 0, 0] == pytest.approx(result.support([place])[0], rel=1e-6)
