"""Seeing it learn: the plots say what the network says, and the film is a page that needs nothing else."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from sklearn.metrics import confusion_matrix

from autograd import Value
from autograd.seeing.style import THEMES
from nn import MLP, Module, fit, predict, seeing
from nn.outputs import support_of
from nn.seeing import plane, style
from nn.seeing.health_plots import health

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


@pytest.mark.parametrize("name", NAMES)
def test_nothing_leaves_a_plot(plots, name):
    figure = plots[name].figure()
    figure.draw_without_rendering()
    box, hair = figure.get_tightbbox(), 0.02
    assert min(box.x0, box.y0) >= -hair
    width, height = figure.get_size_inches()
    assert box.x1 <= width + hair
    assert box.y1 <= height + hair


@given(
    st.lists(st.text("abcdefgh ", min_size=1, max_size=60), min_size=1, max_size=14, unique=True),
    st.lists(st.integers(1, 400), max_size=5),
)
def test_the_names_of_layers_stay_in_the_plot_of_their_health_and_no_number_covers_another(names, findings):
    rows = {name: [0.1, 0.2, 0.3] for name in names}
    figure = health([1, 200, 400], rows, rows, "norm", rows, findings).figure()
    names_below = figure.legends[0]
    assert names_below.get_window_extent().width <= figure.bbox.width
    for axes in figure.axes[1:]:
        said = [text for text in axes.texts if text.get_text() != "usual"]
        numbers = sorted(",".join(text.get_text() for text in said).replace(" ", "").split(","))
        assert numbers == ([""] if not findings else [str(k + 1) for k in range(len(findings))])
        boxes = sorted((text.get_window_extent() for text in said), key=lambda box: box.x0)
        assert all(before.x1 <= after.x0 for before, after in pairwise(boxes))


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
    assert 'role="img" aria-label="the decision boundary"' in shown["image/svg+xml"]
    assert shown["text/plain"] == "<plot: the decision boundary>"


def test_who_hears_a_plot_of_many_things_hears_which_they_are():
    digits = seeing.images([[0.0, 1.0]] * 2, (1, 2), titles=["3", "5\nread as 6"])
    assert digits.said == "2 pictures of 1 × 2: 3; 5 read as 6"
    assert seeing.images([[-0.5, 2.0]], (1, 2)).said == "1 picture of 1 × 2 numbers, from −0.5 to 2"
    assert seeing.images([[[float("nan")]]]).said == "1 picture of 1 × 1 numbers, none of them finite"
    matrices = seeing.matrices({"W": [[1.0, 2.0]], "b": [[3.0]]})
    assert matrices.said == "2 tables of numbers: W of 1 × 2, b of 1 × 1"
    table = seeing.table({"accuracy": [[0.5, 0.75]]}, ["1 layer"], ["4 wide", "8 wide"])
    assert table.said == "accuracy, from 0.5 to 0.75, for 1 layer, each with 4 wide; 8 wide"
    lines = seeing.lines({"a": ([0, 1], [1, 2.5]), "b": ([], [])}, x="epoch", y="loss")
    assert lines.said == "loss over epoch: a from 1 to 2.5"
    for plot in (digits, matrices, table, lines):
        assert f'role="img" aria-label="{plot.said}"' in plot._repr_mimebundle_()["image/svg+xml"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_shaded_by_size_alone_has_no_hue_and_its_numbers_can_be_read(theme):
    said = [[0] * k + [1] * (40 - k) for k in range(0, 41, 2)]  # shares of all sizes
    shaded = [
        seeing.table({"a": [[-1.0, 0.2, 3.0]]}, "r", "cde"),
        *(seeing.confusion([0] * 40, row) for row in said),
    ]
    for plot in shaded:
        for axes in plot.figure(theme).axes:
            shades = axes.images[0].to_rgba(axes.images[0].get_array())[..., :3]
            assert np.ptp(shades, axis=-1).max() < 0.05
            for text in axes.texts:
                column, row = text.get_position()
                one, other = map(_light, (shades[row, column], to_rgb(text.get_color())))
                assert (max(one, other) + 0.05) / (min(one, other) + 0.05) >= 4.5 or text.get_text() == "·"


def _light(colour):
    """How light a colour is to the eye, as WCAG computes it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


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
    support = support_of(outputs, 0.0).T
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
