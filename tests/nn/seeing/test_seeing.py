"""Seeing it learn: the plots say what the network says, and the film is a page that needs nothing else."""

import re
from base64 import b64decode
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from autograd import Value
from autograd.seeing.style import THEMES
from nn import MLP, SGD, Module, fit, losses, predict, seeing
from nn.seeing import plane, style

AND = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1, -1, -1, 1]


def ridge():
    """A neuron that says x₁ + x₂ − 1.5: AND, by hand."""
    model = MLP(2, [1])
    model.layers[0].W, model.layers[0].b = [[1.0, 1.0]], [-1.5]
    return model


NAMES = [
    "curves", "boundary", "neurons", "images", "matrices", "confusion",
    "functions", "strip", "lines", "fitted", "table",
]  # fmt: skip


@pytest.fixture(scope="module")
def plots():
    """One of every kind, as `NAMES` lists them."""
    model = MLP(2, [3, 1], activation="tanh", seed=0)
    film = seeing.Film(*AND)
    film.take(model, 0)
    made = {
        "curves": fit(model, *AND, loss="hinge", epochs=3, progress=False).plot(),
        "boundary": seeing.boundary(model, *AND),
        "neurons": seeing.neurons(model, *AND),
        "images": seeing.images(model.layers[0].W, (1, 2), titles="abc"),
        "matrices": seeing.matrices({"W": model.layers[0].W, "b": [[0.0]]}),
        "confusion": seeing.confusion([0, 1, 1], [0, 1, 0]),
        "functions": seeing.functions("relu", "tanh"),
        "strip": film.strip(),
        "lines": seeing.lines({"a": ([0, 1], [1, 2]), "b": ([0, 1], [2, 1])}),
        "fitted": seeing.fitted({"a": MLP(1, [1], seed=0)}, [[0.0], [1.0]], [0.5, 1.0]),
        "table": seeing.table({"a": [[0.5, 0.75]]}, ["one"], ["2", "3"]),
    }
    assert list(made) == NAMES
    return made


# -------------------------------------------------------------------------------------- every plot


@pytest.mark.parametrize("name", NAMES)
def test_a_plot_is_an_svg_in_the_colours_of_its_look(plots, name):
    for theme in ("light", "dark"):
        svg = plots[name].svg(theme)
        ElementTree.fromstring(svg)
        assert THEMES[theme].ink.lower() in svg
    assert THEMES["light"].ink.lower() not in svg  # of the dark one


@pytest.mark.parametrize("name", NAMES)
def test_a_plot_reaches_for_nothing(plots, name):
    links = re.findall(r'(?:href|src)="([^"]*)"', plots[name].svg())
    assert [link for link in links if not link.startswith(("#", "data:"))] == []


def test_the_same_plot_is_the_same_file(tmp_path):
    for name in ("a", "b"):
        seeing.boundary(ridge(), *AND).save(tmp_path / f"{name}.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_plot_is_saved_in_the_format_that_its_name_says(plots, tmp_path, ending, start):
    plots["curves"].save(tmp_path / f"plot.{ending}", theme="dark")
    assert (tmp_path / f"plot.{ending}").read_bytes().startswith(start)


def test_an_unknown_format_or_theme_is_refused(plots, tmp_path):
    with pytest.raises(ValueError, match="unknown format 'jpg'"):
        plots["curves"].save(tmp_path / "plot.jpg")
    with pytest.raises(ValueError, match="unknown theme 'drak'; did you mean 'dark'"):
        plots["curves"].svg("drak")


def test_a_plot_shows_itself_in_a_notebook(plots):
    shown = plots["boundary"]._repr_mimebundle_()
    assert shown["image/svg+xml"].startswith("<svg ")
    assert shown["text/plain"] == "<plot: the decision boundary>"


def test_things_side_by_side_differ_in_shape_as_well_as_in_colour():
    for look in style.LOOKS.values():
        marks = [look.mark(k) for k in range(10)]
        assert len({mark["color"] for mark in marks}) == len({mark["marker"] for mark in marks}) == 10


# ----------------------------------------------------------------------------------- the boundary


def test_the_line_is_where_the_network_is_undecided():
    axes = seeing.boundary(ridge(), *AND).figure().axes[0]
    lines = [path.vertices for found in axes.collections for path in found.get_paths()
             if np.array_equal(found.get_linewidths(), [1.2])]  # fmt: skip
    assert np.allclose(lines[0].sum(axis=1), 1.5)


def test_wrong_points_are_ringed_and_no_others():
    X, y = AND
    for targets, wrong in ((y, []), ([1, *y[1:]], [X[0]])):
        axes = seeing.boundary(ridge(), X, targets).figure().axes[0]
        rings = [found for found in axes.collections if found.get_label() == "wrong"]
        assert [list(map(float, place)) for found in rings for place in found.get_offsets()] == wrong


def test_a_sigmoid_is_judged_by_a_half_and_a_score_by_zero():
    plotted = plane.Plane.around(*AND)
    assert plotted.threshold_of(MLP(2, [1], "sigmoid", seed=0)) == 0.0  # its output is linear
    assert plotted.threshold_of(MLP(2, [1], output="sigmoid", seed=0)) == 0.5
    assert plane.Plane.around(*AND, 0.25).threshold_of(ridge()) == 0.25


def test_classes_are_read_from_every_kind_of_target():
    assert plane.classes_of([0, 1, 1]).names == ["0", "1"]
    assert plane.classes_of([2, 0]).names == ["0", "1", "2"]
    assert plane.classes_of([[0, 1], [1, 0]]).labels == [1, 0]
    for wrong in ([0.5, 0.7, 0.9], [-1, 0.5, 2.0]):
        with pytest.raises(ValueError, match="classes are whole numbers from 0"):
            plane.classes_of(wrong)


def test_several_classes_are_supported_as_much_as_softmax_says():
    outputs = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]])
    support = plane.support_of(outputs, 0.0)
    assert np.allclose(support.sum(axis=0), 1.0)
    assert np.allclose(support[:, 0], np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum())


def test_any_module_of_two_inputs_has_a_boundary():
    class Circle(Module):
        def __call__(self, x):
            return x[0] ** 2 + x[1] ** 2 - Value(1.0)

    axes = seeing.boundary(Circle(), [[0, 0], [2, 2]], [-1, 1]).figure().axes[0]
    assert [found for found in axes.collections if found.get_label() == "wrong"] == []


def test_samples_that_do_not_suit_a_boundary_are_refused():
    with pytest.raises(ValueError, match="X has 4 rows, but y has 3"):
        seeing.boundary(ridge(), AND[0], [0, 1, 1])
    with pytest.raises(ValueError, match="the network tells 2 classes apart, but y has 3"):
        seeing.boundary(ridge(), AND[0], [0, 1, 2, 1])
    with pytest.raises(ValueError, match="30 neurons; at most 24"):
        seeing.neurons(MLP(2, [29, 1], seed=0), *AND)


# -------------------------------------------------------------------------- images and confusion


def test_images_share_one_scale():
    images = [axes.images[0] for axes in seeing.images([[0, 2], [1, -4]], (1, 2)).figure().axes[:2]]
    assert {image.get_clim() for image in images} == {(-4.0, 4.0)}
    assert images[1].get_array().tolist() == [[1.0, -4.0]]


def test_pictures_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="a picture is 8 × 8 numbers; got an array of shape"):
        seeing.images([[1.0] * 63], (8, 8))
    with pytest.raises(ValueError, match="a title for each or none"):
        seeing.images([[[1.0]]], titles=["a", "b"])


def test_the_confusion_matrix_counts_as_scikit_learn_does():
    generator = np.random.default_rng(0)
    true, predicted = generator.integers(0, 4, (2, 100)).tolist()
    assert seeing.confusion_counts(true, predicted, 4) == confusion_matrix(true, predicted).tolist()
    texts = [text.get_text() for text in seeing.confusion(true, predicted).figure().axes[0].texts]
    assert sum(int(text) for text in texts if text != "·") == 100


def test_classes_out_of_range_are_refused():
    with pytest.raises(ValueError, match="the classes are 0 to 1; got 0 to 2"):
        seeing.confusion([0, 1], [2, 1], ["a", "b"])
    with pytest.raises(ValueError, match="one true and one predicted class"):
        seeing.confusion([0, 1], [0])


def test_the_slope_drawn_is_that_of_the_function_drawn():
    axes = seeing.functions("tanh").figure().axes[0]
    height, slope = axes.lines[2:4]
    assert np.allclose(slope.get_ydata(), 1 - np.square(height.get_ydata()))
    assert "largest slope 1" in [text.get_text() for text in axes.texts]


def test_the_line_fitted_is_what_the_network_says():
    model = MLP(1, [3, 1], activation="tanh", seed=0)
    axes = seeing.fitted({"a": model}, [[-1.0], [2.0]], [0.0, 1.0]).figure().axes[0]
    xs, ys = axes.lines[0].get_data()
    assert (xs[0], xs[-1]) == (-1.0, 2.0)
    assert np.allclose(ys, predict(model, [[x] for x in xs]))
    with pytest.raises(ValueError, match="X has 2 rows, but y has 1"):
        seeing.fitted({"a": model}, [[-1.0], [2.0]], [0.0])


def test_a_line_and_a_table_have_as_many_numbers_as_places():
    with pytest.raises(ValueError, match="the line 'a' has 2 xs and 1 ys"):
        seeing.lines({"a": ([0, 1], [1])})
    with pytest.raises(ValueError, match="a picture is 2 × 1 numbers"):
        seeing.table({"a": [[1.0, 2.0]]}, ["one", "two"], ["a column"])
    texts = [
        text.get_text() for text in seeing.table({"a": [[0.51234, -2]]}, "r", "cd").figure().axes[0].texts
    ]
    assert texts == ["0.512", "−2"]


# ---------------------------------------------------------------------------------------- the film


@pytest.fixture(scope="module")
def film():
    X = [[np.cos(t) * (1 + k), np.sin(t) * (1 + k)] for t in range(12) for k in (0, 1)]
    y = [k for _ in range(12) for k in (0, 1)]
    model = MLP(2, [4, 1], activation="tanh", seed=1)
    optimizer = SGD(model.parameters(), lr=0.3)
    made = seeing.Film(X, y, count=8)
    fit(model, X, y, loss="binary_cross_entropy", optimizer=optimizer, epochs=40, callbacks=[made])
    return model, X, y, made


def test_a_film_goes_from_before_the_first_epoch_to_after_the_last(film):
    _, _, _, made = film
    assert [frame.epoch for frame in made.frames] == [0, 5, 10, 15, 20, 25, 30, 35, 40]
    assert made.frames[0].loss is None
    assert made.frames[-1].loss < made.frames[1].loss


def test_a_strip_goes_from_the_first_frame_to_the_last(film):
    titles = [axes.get_title() for axes in film[3].strip(4).figure().axes if axes.get_title()]
    assert [int(title.split()[1].rstrip(",")) for title in titles] == [0, 5, 20, 40]


def test_filming_does_not_change_the_training(film):
    model, X, y, made = film
    alone = MLP(2, [4, 1], activation="tanh", seed=1)
    history = fit(alone, X, y, loss="binary_cross_entropy", optimizer=SGD(alone.parameters(), lr=0.3),
                  epochs=40, progress=False)  # fmt: skip
    assert [p.data for p in model.parameters()] == [p.data for p in alone.parameters()]
    assert made.frames[-1].loss == history["loss"][-1]


def test_a_frame_is_what_the_network_said(film):
    model, X, y, made = film
    said = np.array(predict(model, X)) > 0
    assert list(made.frames[-1].right) == (said == np.array(y)).tolist()
    corner = [float(made.plane.xs[0]), float(made.plane.ys[-1])]
    p = 1 / (1 + np.exp(-predict(model, [corner])[0]))
    assert made.frames[-1].support[1, -1, 0] == pytest.approx(p, rel=1e-5)


def test_the_pages_bytes_are_the_leads_of_the_frames(film):
    _, _, _, made = film
    facts = made._facts()
    kept = (
        np.frombuffer(b64decode(facts["leads"]), np.int8).reshape(9, 1, facts["grid"], facts["grid"]) / 127.0
    )
    leads = np.stack([frame.support[1:] - frame.support[:1] for frame in made.frames])
    assert np.abs(kept * np.abs(kept) - leads).max() < 0.01
    assert np.array_equal(np.sign(kept)[np.abs(leads) > 1e-4], np.sign(leads)[np.abs(leads) > 1e-4])


def test_a_film_by_hand_takes_a_value_for_its_loss():
    made, model = seeing.Film(*AND), ridge()
    loss = losses.hinge(model(AND[0][0]), -1)
    made.take(model, 3, loss)
    assert made.frames[0].caption() == "epoch 3, loss 0, 4 of 4 right"


def test_a_network_that_ran_away_can_be_looked_at():
    model = ridge()
    model.layers[0].neurons[0].w[0].data = float("nan")
    film = seeing.Film(*AND)
    film.take(model, 1, float("nan"))
    assert '"loss": null' in film.html()
    assert film.strip().svg().startswith("<svg ")
    assert seeing.boundary(model, *AND).svg().startswith("<svg ")
    assert seeing.images([[float("nan"), float("inf"), 2.0]], (1, 3)).svg().startswith("<svg ")
    assert seeing.matrices({"W": [[float("nan"), 2.0]]}).svg().startswith("<svg ")


def test_a_film_without_frames_says_how_to_get_one():
    with pytest.raises(ValueError, match=r"film\.take"):
        seeing.Film(*AND).html()
    assert repr(seeing.Film(*AND)) == "<film: 0 frames>"


def test_a_film_is_saved_as_a_page_or_a_gif(film, tmp_path):
    from PIL import Image

    made = film[3]
    made.save(tmp_path / "film.html")
    made.save(tmp_path / "film.gif", theme="dark")
    assert (tmp_path / "film.html").read_text(encoding="utf-8") == made.html()
    with Image.open(tmp_path / "film.gif") as picture:
        assert picture.n_frames == len(made.frames)
    with pytest.raises(ValueError, match="unknown format 'mp4'"):
        made.save(tmp_path / "film.mp4")


def test_the_film_in_a_notebook_may_run_scripts_and_nothing_else(film):
    frame = film[3]._repr_mimebundle_()["text/html"]
    assert 'sandbox="allow-scripts"' in frame


def test_names_of_classes_cannot_end_the_facts():
    made = seeing.Film(*AND)
    made.plane.classes.names[:] = ["</script><script>alert(1)", "b"]
    made.take(ridge(), 0)

    class Scripts(HTMLParser):
        found = 0

        def handle_starttag(self, tag, attributes):
            self.found += tag == "script"

    page = Scripts()
    page.feed(made.html())
    assert page.found == 2


def test_the_page_plays_and_reaches_for_nothing(film, browser, tmp_path):
    made = film[3]
    made.save(tmp_path / "film.html")
    sheet = browser.new_page(reduced_motion="reduce", viewport={"width": 900, "height": 640})
    asked, complaints = [], []
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.on("pageerror", lambda error: complaints.append(str(error)))
    sheet.on("console", lambda message: complaints.append(message.text))
    sheet.goto((tmp_path / "film.html").as_uri())
    assert sheet.inner_text("#epoch") == "0"
    sheet.focus("#scrubber")
    sheet.keyboard.press("ArrowRight")
    assert sheet.inner_text("#epoch") == "5"
    sheet.click("#play")
    sheet.locator("#epoch", has_text="40").wait_for()
    sheet.locator("#play[aria-label=Play]").wait_for()
    wrong = len(made.frames[-1].right) - sum(made.frames[-1].right)
    assert sheet.inner_text("#right") == f"{24 - wrong} of 24"
    sheet.close()
    assert asked == [(tmp_path / "film.html").as_uri()]
    assert complaints == []


def test_the_page_shows_the_class_that_leads(film, browser, tmp_path):
    made = film[3]
    made.save(tmp_path / "film.html")
    sheet = browser.new_page(reduced_motion="reduce", viewport={"width": 900, "height": 640})
    sheet.goto((tmp_path / "film.html").as_uri())
    last = len(made.frames) - 1
    leads = sheet.evaluate(f"Array.from(leads({last}, 0))")
    sheet.close()
    support = made.frames[last].support
    assert np.abs(np.array(leads) - (support[0] - support[1]).ravel()).max() < 0.01


def test_without_scripts_the_film_is_told_in_words(film):
    made = film[3]
    page = made.html()
    assert all(f"<li>{frame.caption()}</li>" in page for frame in made.frames)
