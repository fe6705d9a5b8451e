"""The film: a training frame by frame, on a page that needs nothing else."""

from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pytest

from nn import MLP, SGD, fit, losses, predict, seeing

AND = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1, -1, -1, 1]


def ridge():
    """A neuron that says x₁ + x₂ − 1.5: AND, by hand."""
    model = MLP(2, [1])
    model.layers[0].W, model.layers[0].b = [[1.0, 1.0]], [-1.5]
    return model


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
    assert '"loss":null' in film.html()
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
    assert 'sandbox="allow-scripts allow-downloads"' in frame


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


def test_the_page_plays_and_reaches_for_nothing(film, opened, tmp_path):
    made = film[3]
    made.save(tmp_path / "film.html")
    sheet = opened(tmp_path / "film.html", ready=False, motion="reduce", width=900, height=640)
    assert sheet.inner_text("#epoch") == "0"
    sheet.focus("#scrubber")
    sheet.keyboard.press("ArrowRight")
    assert sheet.inner_text("#epoch") == "5"
    sheet.click("#play")
    sheet.locator("#epoch", has_text="40").wait_for()
    sheet.locator("#play[aria-label=Play]").wait_for()
    wrong = len(made.frames[-1].right) - sum(made.frames[-1].right)
    assert sheet.inner_text("#right") == f"{24 - wrong} of 24"
    assert sheet.requests == [(tmp_path / "film.html").as_uri()]
    assert sheet.errors == []


def test_the_page_shows_the_class_that_leads(film, opened):
    made = film[3]
    sheet = opened(made.html(), ready=False, motion="reduce", width=900, height=640)
    last = len(made.frames) - 1
    leads = sheet.evaluate(f"Array.from(leads({last}, 0))")
    support = made.frames[last].support
    assert np.abs(np.array(leads) - (support[0] - support[1]).ravel()).max() < 0.01


def test_without_scripts_the_film_is_told_in_words(film):
    made = film[3]
    page = made.html()
    assert all(f"<li>{frame.caption()}</li>" in page for frame in made.frames)


def test_maps_are_what_the_hidden_units_give(film):
    model, _, _, made = film
    units = made.frames[-1].units
    assert units.layers == [["a₁⁽¹⁾", "a₂⁽¹⁾", "a₃⁽¹⁾", "a₄⁽¹⁾"]]
    seen = model.activations([[made.plane.xs[0], made.plane.ys[-1]]])
    assert units.maps[:, -1, 0] == pytest.approx(seen.A[1][:, 0], rel=1e-5)


def test_the_page_shows_each_unit_small_and_the_chosen_one_large(film, opened):
    made = film[3]
    sheet = opened(made.html(), ready=False, motion="reduce", width=978, height=660)
    sheet.get_by_role("button", name="a₂⁽¹⁾, of hidden layer 1").press("Enter")
    sheet.focus("#scrubber")
    sheet.keyboard.press("End")
    last = len(made.frames) - 1
    maps = np.stack([frame.units.maps[1] for frame in made.frames])
    given = np.array(sheet.evaluate(f"Array.from(given({last}, 1))"))
    assert np.abs(given - maps[-1].ravel() / np.abs(maps).max()).max() < 0.01
    assert sheet.get_attribute("#plane", "aria-label").startswith("What a₂⁽¹⁾ gives over the plane")
    large = sheet.evaluate("Array.from(brush.getImageData(0, 0, 300, 300).data)")
    corner = [large[2], large[-2]]  # how blue it is at the upper left and the lower right
    assert (corner[0] > corner[1]) == (maps[-1][-1, 0] > maps[-1][0, -1])
    sheet.click("#units button:first-of-type")
    assert sheet.locator("#units [aria-pressed=true]").inner_text().strip() == "output"
    assert sheet.errors == []


def test_of_a_wide_layer_some_units_are_shown_and_the_page_says_so(opened):
    made = seeing.Film(*AND)
    made.take(MLP(2, [40, 3, 1], seed=0), 0)
    assert [len(names) for names in made.frames[0].units.layers] == [12, 3]
    sheet = opened(made.html(), ready=False, motion="reduce")
    assert sheet.locator("#units h2").first.inner_text() == "hidden layer 1: 12 of 40"


def test_a_network_that_cannot_be_recorded_is_filmed_without_maps(opened):
    class Branching(MLP):
        def __call__(self, x):
            return super().__call__(x) if x[0] > 0.5 else -super().__call__(x)

    made = seeing.Film(*AND)
    made.take(Branching(2, [2, 1], seed=0), 0)
    assert not len(made.frames[0].units.maps)
    sheet = opened(made.html(), ready=False, motion="reduce")
    assert "is not shown: the model cannot be recorded: " in sheet.locator("#units").inner_text()
    assert sheet.errors == []


def test_networks_without_hidden_units_or_with_too_many_layers_of_them(opened):
    perceptron, deep = seeing.Film(*AND), seeing.Film(*AND)
    perceptron.take(MLP(2, [1], seed=0), 0)
    deep.take(MLP(2, [1] * 26, "tanh", seed=0), 0)
    assert opened(perceptron.html(), ready=False, motion="reduce").locator("#units").is_hidden()
    said = opened(deep.html(), ready=False, motion="reduce").locator("#units").inner_text()
    assert said == "What hidden units give is not shown: there is room for those of 24 layers."
